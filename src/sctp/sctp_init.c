/* sctp_init.c - the four-way set-up: RFC 9260 sections 5.1 and 5.2.
 *
 *     INIT         ->
 *                  <- INIT ACK with a cookie; nothing is kept
 *     COOKIE ECHO  ->
 *                  <- COOKIE ACK
 *
 * Both ends of a WebRTC connection send INIT at once, so 5.2.1 is the usual way.
 * No addresses are exchanged (RFC 8261), so none can be new. */
#include <string.h>

#include "base/num.h"
#include "sctp/sctp_assoc.h"

#define MIN_WINDOW 1500 /* 3.3.2 */

/* What is wrong with an INIT or INIT ACK that has a tag. */
uint32_t tt_sctp_init_fault(const struct sctp_init *i)
{
	if (i->out_streams == 0 || i->in_streams == 0)
		return TAUT_DROP_SCTP_NO_STREAMS;
	if (i->window < MIN_WINDOW)
		return TAUT_DROP_SCTP_WINDOW_SMALL;
	return TT_TAKEN;
}

/* To whom sent an INIT or INIT ACK that no association can be made of: 3.3.2, 3.3.3, 5.1. Without a tag of his own he
 * knows the answer by the one that he sent. The cause; 0: none was told. */
static uint16_t refuse_peer(struct tt_sctp *s, uint32_t my_tag, const struct sctp_init *in)
{
	static const uint8_t cookie_missing[] = { 0, 0, 0, 1, 0, SCTP_P_COOKIE }; /* 3.3.10.2 */
	const bool reflected = in->tag == 0;
	struct span info = { NULL, 0 };
	uint16_t cause = SCTP_C_MISSING_PARAM;

	if (in->host_name.len > 0) { /* 3.3.10.5, while there is room for it */
		cause = in->host_name.len <= 256 ? SCTP_C_UNRESOLVABLE_ADDRESS : 0;
		info = in->host_name;
	} else if (tt_sctp_init_fault(in) || reflected) {
		cause = SCTP_C_INVALID_PARAM;
	} else {
		info = (struct span){ cookie_missing, sizeof cookie_missing };
	}
	tt_sctp_reply_abort(s, reflected ? my_tag : in->tag, reflected, cause, info.p, info.len);
	return cause;
}

/* The tags that the INIT ACK and its cookie hold, by the state: 5.1, 5.2.1, 5.2.2. An unheard peer was told ours. */
static bool choose_tags(struct tt_sctp *s, struct sctp_cookie *c)
{
	c->my_tag = s->my_tag;
	c->my_tsn = s->my_tsn;
	if (s->state <= SCTP_COOKIE_WAIT || s->unheard)
		return true;
	while (s->my_tie == 0 || s->peer_tie == 0)
		if (!tt_random_u32(s->env, &s->my_tie) || !tt_random_u32(s->env, &s->peer_tie))
			return false;
	c->my_tie = s->my_tie;
	c->peer_tie = s->peer_tie;
	if (s->state == SCTP_COOKIE_ECHOED)
		return true;
	uint32_t tsn;
	if (!tt_random_u32(s->env, &c->my_tag) || !tt_random_u32(s->env, &tsn))
		return false;
	c->my_tag += c->my_tag == 0;
	c->my_tsn = s32(tsn);
	return true;
}

uint32_t tt_sctp_on_init(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			 struct sctp_packet *p)
{
	struct sctp_init in;
	uint8_t bytes[SCTP_COOKIE_SIZE];

	(void)p;
	if (!tt_sctp_read_init(&in, chunk))
		return TAUT_DROP_SCTP_INIT_MALFORMED;
	if (in.tag == 0)
		return TAUT_DROP_SCTP_INIT_TAG_0; /* 3.3.2 */
	uint32_t fault = in.host_name.len > 0 ? TAUT_DROP_SCTP_INIT_MALFORMED : tt_sctp_init_fault(&in);
	if (fault) {
		refuse_peer(s, 0, &in);
		return fault;
	}
	if (s->state == SCTP_SHUTDOWN_ACK_SENT) { /* 9.2 */
		s->shutdown_ack_due = true;
		return TT_TAKEN;
	}
	struct sctp_cookie c = tt_sctp_read_peer(s, &in);
	c.created = now - s->born;
	if (!choose_tags(s, &c) || !tt_sctp_cookie_write(s, &c, bytes))
		return TAUT_DROP_SCTP_NO_RANDOM;
	struct sctp_init out = tt_sctp_our_init(s);
	out.tag = c.my_tag;
	out.tsn = c.my_tsn;
	out.out_streams = (uint16_t)tt_min(out.out_streams, in.in_streams); /* 3.3.3 */
	out.cookie = (struct span){ bytes, sizeof bytes };
	memcpy(out.unknown, in.unknown, in.unknown_len);
	out.unknown_len = in.unknown_len;
	struct wr w = tt_sctp_reply_begin(s, in.tag);
	tt_sctp_write_init(&w, SCTP_INIT_ACK, &out);
	tt_sctp_reply_end(s, &w);
	return TT_TAKEN;
}

static uint32_t init_ack_fault(const struct sctp_init *in)
{
	if (in->tag == 0)
		return TAUT_DROP_SCTP_INIT_ACK_TAG_0;
	if (in->host_name.len > 0)
		return TAUT_DROP_SCTP_INIT_ACK_MALFORMED;
	return in->cookie.len == 0 ? TAUT_DROP_SCTP_INIT_ACK_NO_COOKIE : tt_sctp_init_fault(in);
}

uint32_t tt_sctp_on_init_ack(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			     struct sctp_packet *p)
{
	struct sctp_init in;

	if (!tt_sctp_read_init(&in, chunk))
		return TAUT_DROP_SCTP_INIT_ACK_MALFORMED;
	uint32_t fault = init_ack_fault(&in);
	if (fault) {
		const uint16_t cause = refuse_peer(s, p->header.tag, &in);
		/* 3.3.3: a small window alone changes no state */
		if (fault != TAUT_DROP_SCTP_WINDOW_SMALL)
			tt_sctp_end_by_us(s, now, cause, tt_drop_text(fault));
		return fault;
	}
	if (in.cookie.len > (size_t)s->cfg.max_packet - SCTP_COMMON_HEADER - SCTP_TLV_HEADER)
		return TAUT_DROP_SCTP_COOKIE_TOO_LARGE;
	uint8_t *cookie = tt_resize(s->env, s->cookie, in.cookie.len);
	if (!cookie)
		return TAUT_DROP_SCTP_NO_MEMORY;
	s->cookie = cookie;
	memcpy(s->cookie, in.cookie.p, in.cookie.len);
	s->cookie_len = in.cookie.len;
	struct sctp_cookie told = tt_sctp_read_peer(s, &in);
	tt_sctp_learn_peer(s, &told);
	if (in.unknown_len > 0)
		tt_sctp_queue_error(s, SCTP_C_UNRECOGNIZED_PARAM, in.unknown, in.unknown_len);
	s->state = SCTP_COOKIE_ECHOED;
	s->init_due = false;
	s->cookie_echo_due = true;
	s->errors = 0;
	s->cookie_again = false;
	tt_sctp_start(s, SCTP_T1, now + s->rtt.rto);
	return TT_TAKEN;
}

static void accept_cookie(struct tt_sctp *s, taut_time now)
{
	if (s->state < SCTP_ESTABLISHED)
		tt_sctp_establish(s, now);
	s->cookie_ack_due = true;
}

/* 5.2.4 A: the peer began anew. */
static uint32_t restart(struct tt_sctp *s, taut_time now, const struct sctp_cookie *c)
{
	if (s->state == SCTP_SHUTDOWN_ACK_SENT) {
		s->shutdown_ack_due = true;
		tt_sctp_queue_error(s, SCTP_C_COOKIE_WHILE_SHUTDOWN, NULL, 0);
		return TAUT_DROP_SCTP_RESTART_LATE;
	}
	bool leaving = s->state == SCTP_SHUTDOWN_PENDING || s->state == SCTP_SHUTDOWN_SENT;

	tt_sctp_flight_clear(&s->flight);
	tt_sctp_queue_clear(&s->queue);
	tt_sctp_clear_control(s);
	for (int t = 0; t < SCTP_TIMERS; t++)
		tt_sctp_stop(s, (enum sctp_timer)t);
	s->shutdown_due = s->forward_tsn_due = s->heartbeat_due = false;
	s->fast_due = s->probe_due = s->acked_once = false;
	s->burst_open = s->filled = s->tail_due = s->tail_out = s->tail_open = false;
	s->timed_out = false;
	s->my_tag = c->my_tag;
	s->my_tsn = c->my_tsn;
	s->my_tie = s->peer_tie = 0;
	tt_sctp_reconfig_forget(s);
	tt_sctp_begin_sending(s);
	tt_sctp_learn_peer(s, c);
	s->state = SCTP_COOKIE_ECHOED;
	accept_cookie(s, now);
	s->say_restarted = true;
	if (leaving)
		tt_sctp_shutdown(s, now);
	return TT_TAKEN;
}

/* 5.2.4, the table of tags. */
static uint32_t with_association(struct tt_sctp *s, taut_time now, const struct sctp_cookie *c)
{
	bool mine = c->my_tag == s->my_tag;
	bool theirs = s->peer_tag != 0 && c->peer_tag == s->peer_tag;

	if (mine && s->unheard) { /* B or D: sctp_snap.c */
		const uint32_t why = tt_sctp_snap_by_cookie(s, now, c);
		if (!why)
			accept_cookie(s, now);
		return why;
	}
	if (mine && theirs) { /* D */
		accept_cookie(s, now);
		return TT_TAKEN;
	}
	if (mine) { /* B: their INIT crossed ours, and has another tag than we know, or the first */
		if (s->state >= SCTP_ESTABLISHED) {
			s->peer_tag = c->peer_tag;
		} else {
			tt_sctp_learn_peer(s, c);
			if (s->state == SCTP_COOKIE_ECHOED) /* what went with that had the other tag */
				(void)tt_sctp_flight_timeout(&s->flight, now, s->peer_forward_tsn);
		}
		accept_cookie(s, now);
		return TT_TAKEN;
	}
	if (!theirs && s->my_tie != 0 && c->my_tie == s->my_tie && c->peer_tie == s->peer_tie)
		return restart(s, now, c); /* A */
	return TAUT_DROP_SCTP_COOKIE_OTHER; /* C, and all other cases */
}

uint32_t tt_sctp_on_cookie_echo(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
				struct sctp_packet *p)
{
	struct sctp_cookie c;
	uint32_t why;

	if (!p->first)
		return TAUT_DROP_SCTP_COOKIE_NOT_FIRST;
	p->stop = true; /* 5.1.5: unless all is well, the whole packet is discarded */
	if (!tt_sctp_cookie_read(s, &c, (struct span){ rd_at(&chunk->value), rd_left(&chunk->value) }))
		return TAUT_DROP_SCTP_COOKIE_NOT_OURS;
	if (p->header.tag != c.my_tag)
		return TAUT_DROP_SCTP_COOKIE_TAG;
	bool known = s->state != SCTP_CLOSED && c.my_tag == s->my_tag && c.peer_tag == s->peer_tag;
	taut_time age = now - s->born - c.created;
	if (age > SCTP_COOKIE_LIFE && !known) {
		struct wr w = tt_sctp_reply_begin(s, c.peer_tag);
		size_t at = tt_sctp_begin(&w, SCTP_ERROR, 0);
		uint64_t over = (uint64_t)(age - SCTP_COOKIE_LIFE);
		uint8_t staleness[4]; /* 3.3.10.3: in microseconds */
		struct wr v = wr_make(staleness, sizeof staleness);
		wr_u32(&v, over < UINT32_MAX ? (uint32_t)over : UINT32_MAX);
		tt_sctp_write_cause(&w, SCTP_C_STALE_COOKIE, staleness, sizeof staleness);
		tt_sctp_end(&w, at);
		tt_sctp_reply_end(s, &w);
		return TAUT_DROP_SCTP_COOKIE_STALE;
	}
	if (s->state == SCTP_CLOSED) {
		tt_sctp_learn_peer(s, &c);
		accept_cookie(s, now);
		why = TT_TAKEN;
	} else {
		why = with_association(s, now, &c);
	}
	p->stop = why != TT_TAKEN;
	return why;
}

uint32_t tt_sctp_on_cookie_ack(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			       struct sctp_packet *p)
{
	(void)chunk, (void)p;
	/* 5.2.5: else silently discarded; after INITs that crossed, both sides get one too many. */
	if (s->state == SCTP_COOKIE_ECHOED)
		tt_sctp_establish(s, now);
	return TT_TAKEN;
}
