/* session_inside.c - counters that start just below their wrap, and what each step is held to
 * (../sim_inside.h). */
#include "base/num.h"
#include "datachannel/dcs_internal.h"
#include "peer/pc.h"
#include "rtcp/rtp_session_int.h"
#include "run/session_int.h"
#include "sctp/sctp_assoc.h"

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

/* What counts modulo such a time begins anew. */
static bool turned(const struct world *w, taut_time turn)
{
	return w->start / turn < w->now / turn;
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
	s->wraps |= pc->rtp && turned(s->world, INT64_C(0x1000000) * 64 * MS) ? 1u << WRAP_TRANSPORT_TIME : 0;
	s->wraps |= new_era(s) ? 1u << WRAP_NTP : 0;
}

/* ---- each step ---- */

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
	sim_inside_step(p, SESSION_SEND_BUFFER);
	note_wraps(a);
}

void session_before_packet(struct world_peer *p, const uint8_t *data, size_t len)
{
	struct side *a = p->cfg.user;

	sim_inside_before(&a->inside, p, data, len);
}

void session_after_packet(struct world_peer *p)
{
	struct side *a = p->cfg.user;

	sim_inside_after(&a->inside, p);
}
