/* session_inside.c - invariants that can only be seen from inside the connection, and counters that
 * start just below their wrap. */
#include "base/num.h"
#include "datachannel/dcs_internal.h"
#include "hostile/state.h"
#include "peer/pc.h"
#include "rtcp/rtp_session_int.h"
#include "run/session_int.h"
#include "sctp/sctp_assoc.h"
#include "taut/drop.h"

/* ---- counters just below their wrap ---- */

/* Of RTP: not within the first packets, or whoever lost those cannot know how often it wrapped
 * (RFC 3711 section 3.3.1). */
enum { SOON = 150, SOON_RTX = 20, SOON_PICTURE = 30, SOON_SSN = 20, SSN_STREAMS = 2 };

static void wind_up_rtp(struct tt_rtp_session *rtp)
{
	for (size_t i = 0; i < rtp->sender_count; i++) {
		struct tt_rtp_sender *s = rtp->senders[i];
		if (s->started)
			return;
		s->first_seq = UINT16_MAX - SOON;
		s->rtx_seq = UINT16_MAX - SOON_RTX;
		s->picture_id = 0x7fff - SOON_PICTURE;
		s->ts_offset = 0; /* the frames' own timestamps start below the wrap */
		rtp->transport_seq = UINT16_MAX - SOON;
	}
}

/* SSNs begin at 0 by RFC 9260 section 6.5; both ends are moved before anything is sent. */
static void wind_up_streams(struct world_peer *p, struct tt_sctp *sctp)
{
	const struct serial32 start = s32(UINT32_MAX - SOON_SSN);

	if (sctp->queue.count > 0 || sctp->rx.stream_count > 0 || sctp->state != SCTP_CLOSED)
		return;
	sctp->queue.first = sctp->rx.first = start;
	if (!tt_sctp_queue_stream(&sctp->queue, SSN_STREAMS - 1))
		world_fail(p->world, "%s: no streams to wind up", p->cfg.name);
}

const char *session_wrap_name(int i)
{
	static const char *const names[SESSION_WRAPS] = {
		"srtp_roc", "rtp_timestamp", "vp8_picture", "transport_cc_seq",  "sctp_tsn",
		"sctp_ssn", "ms_2^31",       "ms_2^32",     "transport_cc_time", "ntp_era",
	};
	return names[i];
}

static bool crossed(const struct world *w, taut_time at)
{
	return w->start < at && w->now >= at;
}

static bool new_era(const struct session *s)
{
	const int64_t era_end = INT64_C(2085978496) * SECOND;

	return s->plan.wall > 0 && s->plan.wall + (s->world->now - s->world->start) >= era_end;
}

static unsigned rtp_wraps(const struct world_peer *p, const struct tt_rtp_session *rtp)
{
	unsigned seen = 0;

	for (int i = 0; i < p->watch.stream_count; i++)
		seen |= p->watch.streams[i].highest >= 0x20000 ? 1u << WRAP_ROC : 0;
	for (size_t i = 0; i < rtp->sender_count; i++) {
		const struct tt_rtp_sender *s = rtp->senders[i];
		seen |= s->stats.packets > 0 && s->last_ts < 0x10000000 ? 1u << WRAP_TIMESTAMP : 0;
		seen |= s->stats.packets > 0 && s->cfg.kind == TAUT_VIDEO && s->picture_id < SOON_PICTURE
				? 1u << WRAP_PICTURE
				: 0;
	}
	return seen | (rtp->transport_seq < 0x8000 ? 1u << WRAP_TRANSPORT_SEQ : 0);
}

/* What has wrapped so far in the session: a wrap that nobody sees tests nothing. */
static void note_wraps(struct side *a)
{
	const struct taut_pc *pc = a->peer.pc;
	struct session *s = a->s;
	const struct tt_sctp *sctp = pc->channels ? pc->channels->sctp : NULL;

	if (!s->plan.near_wrap || !a->connected)
		return;
	if (pc->rtp)
		s->wraps |= rtp_wraps(&a->peer, pc->rtp);
	if (sctp && sctp->my_tsn.v > sctp->flight.next.v)
		s->wraps |= 1u << WRAP_TSN;
	if (sctp && sctp->queue.count >= SSN_STREAMS &&
	    (sctp->queue.streams[0].next_mid.v < 0x8000 ||
	     sctp->queue.streams[1].next_mid.v < 0x8000))
		s->wraps |= 1u << WRAP_SSN;
	s->wraps |= crossed(s->world, INT64_C(0x7fffffff) * MS) ? 1u << WRAP_MS31 : 0;
	s->wraps |= crossed(s->world, INT64_C(0xffffffff) * MS) ? 1u << WRAP_MS32 : 0;
	s->wraps |= pc->rtp && crossed(s->world, INT64_C(0x1000000) * 64 * MS)
			    ? 1u << WRAP_TRANSPORT_TIME
			    : 0;
	s->wraps |= new_era(s) ? 1u << WRAP_NTP : 0;
}

/* ---- what it is about to do ---- */

/* Whoever waits for something wakes up by itself: where no timer is armed, all is over or nothing has
 * begun. */
static void look_at_timers(struct world_peer *p)
{
	const uint32_t state = taut_pc_connection_state(p->pc);

	if (state != TAUT_STATE_NEW && state < TAUT_STATE_FAILED &&
	    taut_pc_deadline(p->pc, NULL) == INT64_MAX)
		world_fail(p->world, "%s: waits, and no timer is armed", p->cfg.name);
}

/* Who has been asked for all and has said nothing more has nothing more to say, whether or not it is
 * asked as if something had happened; and it wants no turn before its time. */
static void look_at_silence(struct world_peer *p)
{
	struct taut_pc *pc = p->pc;
	const taut_time now = p->world->now;
	uint8_t buf[2048];
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };

	if (taut_pc_deadline(pc, NULL) <= now)
		return;
	if (taut_env_ready(p->env, now))
		world_fail(p->world, "%s: wants a turn, and has nothing to do", p->cfg.name);
	pc_touch(pc, now);
	const struct taut_io *io = taut_pc_poll_io(pc);
	const struct taut_event *ev = taut_pc_poll_event(pc);
	const bool sends = taut_pc_poll_send(pc, now, &d) != 0;
	if (io || ev || sends)
		world_fail(p->world, "%s: was silent, and had %s %u", p->cfg.name,
			   io   ? "a request of kind"
			   : ev ? "an event of type"
				: "a datagram, first octet",
			   io   ? io->kind
			   : ev ? ev->type
				: buf[0]);
}

/* One that speaks RFC 9260 alone, before it says what it knows; and what comes of it. */
static void look_at_extensions(struct side *a, struct tt_sctp *sctp)
{
	const struct plan *plan = &a->s->plan;

	if (plan->old_sctp && a == &a->s->sides[plan->victim] && sctp->state == SCTP_CLOSED)
		sctp->cfg.no_interleaving = sctp->cfg.no_zero_checksum = true;
	if (sctp->state == SCTP_ESTABLISHED &&
	    (sctp->rx.interleaved == plan->old_sctp || sctp->peer_zero_checksum == plan->old_sctp))
		world_fail(a->peer.world, "%s: not the extensions of SCTP that both know",
			   a->peer.cfg.name);
}

void session_look_inside(struct world_peer *p)
{
	struct side *a = p->cfg.user;

	if (!p->pc)
		return;
	if (p->cfg.near_wrap && p->pc->rtp && !a->connected)
		wind_up_rtp(p->pc->rtp);
	if (p->cfg.near_wrap && p->pc->channels && p->pc->channels->sctp)
		wind_up_streams(p, p->pc->channels->sctp);
	if (p->pc->channels && p->pc->channels->sctp)
		look_at_extensions(a, p->pc->channels->sctp);
	session_check_ceilings(p);
	look_at_timers(p);
	look_at_silence(p);
	note_wraps(a);
}

/* ---- refused input changes nothing ---- */

/* Packets refused as a whole, by ICE, demultiplexing or SRTP, and a DTLS record that is alone in its
 * datagram. (Others are refused one by one, as is all above DTLS, where a duplicate is answered: RFC
 * 9260 section 6.2. An answer from another address than was asked is refused and fails the pair: RFC
 * 8445 section 7.2.5.2.1.) */
static uint64_t refused(const struct side *a)
{
	uint64_t n = 0;

	for (uint32_t r = 1; r < TAUT_DROPS; r++) {
		const struct taut_drop_info *d = taut_drop_info(r);
		if (r != TAUT_DROP_ICE_ASYMMETRIC && d->what == TAUT_DROP_IN &&
		    (d->layer == TAUT_LAYER_ICE || d->layer == TAUT_LAYER_PEER ||
		     d->layer == TAUT_LAYER_SRTP || (d->layer == TAUT_LAYER_DTLS && a->one_record)))
			n += taut_pc_drop_count(a->peer.pc, r);
	}
	return n;
}

void session_before_packet(struct world_peer *p, const uint8_t *data, size_t len)
{
	struct side *a = p->cfg.user;

	if (!p->pc)
		return;
	/* After a jump of the clock, or due at this very moment: what time brings happens with the packet. */
	a->overdue = taut_pc_deadline(p->pc, NULL) <= p->world->now;
	a->one_record = len >= 13 && (size_t)(data[11] << 8 | data[12]) == len - 13;
	a->dropped_before = refused(a);
	a->held_before = p->pc->held_count;
	state_take(&a->before, p->pc);
}

void session_after_packet(struct world_peer *p)
{
	struct side *a = p->cfg.user;
	struct state after;

	if (!p->pc || a->overdue || refused(a) == a->dropped_before)
		return;
	if (p->pc->held_count < a->held_before)
		return; /* what was refused is media that had waited for the keys this packet brought */
	state_take(&after, p->pc);
	const char *part = state_records_differ(&a->before, &after) ? "the numbers of DTLS records"
								    : state_differs(&a->before, &after);
	a->s->refused++;
	if (part)
		world_fail(p->world, "%s: a packet was refused, and yet it changed %s", p->cfg.name,
			   part);
}
