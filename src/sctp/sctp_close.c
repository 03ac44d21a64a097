/* sctp_close.c - how an association ends: RFC 9260 section 9, and the errors of 3.3.10.
 *
 *     SHUTDOWN      ->            all of ours is acknowledged
 *                   <- SHUTDOWN ACK   and all of theirs
 *     SHUTDOWN COMPLETE ->
 *
 * or ABORT, at once. */
#include <stdio.h>
#include <string.h>

#include "base/never.h"
#include "base/num.h"
#include "sctp/sctp_assoc.h"

void tt_sctp_end_with(struct tt_sctp *s, taut_time now, uint32_t reason, const char *text)
{
	if (s->state == SCTP_DEAD)
		return;
	s->state = SCTP_DEAD;
	s->close_reason = reason;
	s->say_closed = true;
	s->say_restarted = false;
	if (text && text != s->close_text)
		snprintf(s->close_text, sizeof s->close_text, "%s", text);
	for (int t = 0; t < SCTP_TIMERS; t++)
		tt_sctp_stop(s, (enum sctp_timer)t);
	tt_sctp_flight_clear(&s->flight);
	tt_sctp_queue_clear(&s->queue);
	tt_sctp_reassembly_clear(&s->rx, false);
	tt_sctp_clear_control(s);
	tt_sctp_reconfig_forget(s);
	s->reconfig.reports = 0;
	tt_note(s->env, now, TAUT_LAYER_SCTP, "association ended", TT_INT("reason", reason),
	        TT_STR("text", s->close_text));
}

void tt_sctp_reply_abort(struct tt_sctp *s, uint32_t tag, bool reflected, uint16_t cause,
                         const void *info, size_t len)
{
	struct wr w = tt_sctp_reply_begin(s, tag);
	size_t at = tt_sctp_begin(&w, SCTP_ABORT, reflected ? SCTP_FLAG_T : 0);

	if (cause != 0)
		tt_sctp_write_cause(&w, cause, info, len);
	tt_sctp_end(&w, at);
	tt_sctp_reply_end(s, &w);
}

void tt_sctp_reply_shutdown_complete(struct tt_sctp *s, uint32_t tag, bool reflected)
{
	struct wr w = tt_sctp_reply_begin(s, tag);
	size_t at = tt_sctp_begin(&w, SCTP_SHUTDOWN_COMPLETE, reflected ? SCTP_FLAG_T : 0);

	tt_sctp_end(&w, at);
	tt_sctp_reply_end(s, &w);
}

static const char *cause_text(uint16_t cause)
{
	static const char *const texts[] = {
		[1] = "invalid stream identifier", [2] = "missing mandatory parameter",
		[3] = "stale cookie", [4] = "out of resource", [5] = "unresolvable address",
		[6] = "unrecognized chunk type", [7] = "invalid mandatory parameter",
		[8] = "unrecognized parameters", [9] = "no user data",
		[10] = "cookie received while shutting down",
		[11] = "restart with new addresses", [12] = "user-initiated abort",
		[13] = "protocol violation",
	};

	return cause < TT_COUNT(texts) && texts[cause] ? texts[cause] : "error";
}

void tt_sctp_end_by_us(struct tt_sctp *s, taut_time now, uint16_t cause, const char *text)
{
	char words[sizeof s->close_text];

	if (s->state == SCTP_DEAD)
		return;
	s->close_cause = cause;
	if (cause == SCTP_C_USER_ABORT) {
		tt_sctp_end_with(s, now, TAUT_REASON_CLOSED_HERE, text);
		return;
	}
	snprintf(words, sizeof words, "%s%s%s", cause ? cause_text(cause) : "", cause ? ": " : "", text);
	tt_sctp_end_with(s, now, TAUT_REASON_SCTP_ABORTED_HERE, words);
}

void tt_sctp_abort_about(struct tt_sctp *s, taut_time now, uint16_t cause, const void *info,
			 size_t len, const char *text)
{
	if (s->peer_tag != 0)
		tt_sctp_reply_abort(s, s->peer_tag, false, cause, info, len);
	tt_sctp_end_by_us(s, now, cause, text);
}

void tt_sctp_abort_with(struct tt_sctp *s, taut_time now, uint16_t cause, const char *text)
{
	tt_sctp_abort_about(s, now, cause, text, strlen(text), text);
}

int tt_sctp_abort(struct tt_sctp *s, taut_time now)
{
	if (s->state == SCTP_DEAD)
		return TAUT_E_STATE;
	tt_sctp_abort_with(s, now, SCTP_C_USER_ABORT, "");
	return TAUT_OK;
}

void tt_sctp_fail(struct tt_sctp *s, taut_time now, uint32_t reason, const char *text)
{
	tt_sctp_end_with(s, now, reason, text);
}

/* The first cause, 0: there is none. In words: its name, and what of its information is printable (12, 13). */
static uint16_t describe(char *out, size_t cap, struct rd r)
{
	struct sctp_tlv cause;

	out[0] = '\0';
	if (!tt_sctp_next(&r, &cause))
		return 0;
	const int n = snprintf(out, cap, "%s", cause_text(cause.tag));
	if (TT_NEVER(n < 0, "no format of ours fails"))
		return cause.tag;
	if (cause.tag != SCTP_C_USER_ABORT && cause.tag != SCTP_C_PROTOCOL_VIOLATION)
		return cause.tag;
	size_t at = (size_t)n;
	for (int i = 0; rd_left(&cause.value) > 0 && at + 3 < cap; i++) {
		uint8_t c = rd_u8(&cause.value);
		if (i == 0) {
			out[at++] = ':';
			out[at++] = ' ';
		}
		out[at++] = c >= ' ' && c < 127 ? (char)c : '?';
	}
	out[at] = '\0';
	return cause.tag;
}

/* 3.3.10: causes fill the chunk, and a list of missing parameters is as long as it says. */
static bool causes_fit(struct rd r)
{
	struct sctp_tlv cause;

	while (tt_sctp_next(&r, &cause)) {
		if (cause.tag != SCTP_C_MISSING_PARAM)
			continue;
		const uint64_t n = rd_u32(&cause.value);
		if (cause.value.bad || 2 * n != rd_left(&cause.value))
			return false;
	}
	return !r.bad;
}

uint32_t tt_sctp_on_abort(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			  struct sctp_packet *p)
{
	bool reflected = chunk->flags & SCTP_FLAG_T;

	if (p->header.tag != (reflected ? s->peer_tag : s->my_tag)) /* 8.5.1 B */
		return TAUT_DROP_SCTP_ABORT_TAG;
	if (!causes_fit(chunk->value)) /* 3.3.7 */
		return TAUT_DROP_SCTP_ERROR_MALFORMED;
	s->close_cause = describe(s->close_text, sizeof s->close_text, chunk->value);
	tt_sctp_end_with(s, now, TAUT_REASON_SCTP_ABORT, s->close_text);
	return TT_TAKEN;
}

/* 3.3.10: none of them ends an association but a stale cookie, 5.2.6: begin again. */
uint32_t tt_sctp_on_error(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			  struct sctp_packet *p)
{
	char text[128];
	struct rd r = chunk->value;
	struct sctp_tlv cause;

	(void)p;
	if (!causes_fit(r))
		return TAUT_DROP_SCTP_ERROR_MALFORMED;
	(void)describe(text, sizeof text, chunk->value);
	tt_note(s->env, now, TAUT_LAYER_SCTP, "peer reports an error", TT_STR("text", text));
	if (s->state == SCTP_COOKIE_ECHOED && tt_sctp_next(&r, &cause) &&
	    cause.tag == SCTP_C_STALE_COOKIE) {
		s->state = SCTP_COOKIE_WAIT;
		s->peer_tag = 0;
		s->cookie_echo_due = false;
		s->init_due = true;
		(void)tt_sctp_flight_timeout(&s->flight, now, s->peer_forward_tsn); /* 5.1.5 */
	}
	return TT_TAKEN;
}

int tt_sctp_shutdown(struct tt_sctp *s, taut_time now)
{
	if (s->state == SCTP_DEAD)
		return TAUT_E_STATE;
	if (s->state < SCTP_ESTABLISHED) /* a peer that answered may be up already */
		return tt_sctp_abort(s, now);
	if (s->state != SCTP_ESTABLISHED)
		return TAUT_OK;
	s->state = SCTP_SHUTDOWN_PENDING;
	tt_sctp_shutdown_go_on(s, now);
	return TAUT_OK;
}

void tt_sctp_shutdown_go_on(struct tt_sctp *s, taut_time now)
{
	if (s->queue.unsent > 0 || tt_sctp_flight_count(&s->flight) > 0)
		return;
	if (s->state == SCTP_SHUTDOWN_PENDING) {
		s->state = SCTP_SHUTDOWN_SENT;
		s->shutdown_due = true;
		tt_sctp_start(s, SCTP_T5, now + 5 * (taut_time)SCTP_RTO_MAX);
	} else if (s->state == SCTP_SHUTDOWN_RECEIVED) {
		s->state = SCTP_SHUTDOWN_ACK_SENT;
		s->shutdown_ack_due = true;
	} else {
		return;
	}
	s->errors = 0;
	s->heartbeat_due = false;
	tt_sctp_stop(s, SCTP_T_HEARTBEAT); /* 8.3 */
	tt_sctp_stop(s, SCTP_T_RECONFIG);
	tt_sctp_start(s, SCTP_T2, now + s->rtt.rto);
}

uint32_t tt_sctp_on_shutdown(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			     struct sctp_packet *p)
{
	struct rd r = chunk->value;
	struct sctp_sack sack = { .cum = s32(rd_u32(&r)), .window = s->peer_window,
	                          .cum_only = true };

	(void)p;
	if (r.bad || rd_left(&r) != 0)
		return TAUT_DROP_SCTP_SHUTDOWN_MALFORMED;
	if (s->state == SCTP_SHUTDOWN_ACK_SENT) {
		s->shutdown_ack_due = true;
		return TT_TAKEN;
	}
	if (!s32_before(sack.cum, s->flight.next))
		return TAUT_DROP_SCTP_SHUTDOWN_WRONG;
	if (s->state == SCTP_SHUTDOWN_SENT) { /* 9.2: both at once */
		s->state = SCTP_SHUTDOWN_ACK_SENT;
		s->shutdown_due = false;
		s->shutdown_ack_due = true;
		tt_sctp_start(s, SCTP_T2, now + s->rtt.rto);
		return TT_TAKEN;
	}
	s->state = SCTP_SHUTDOWN_RECEIVED;
	tt_sctp_take_ack(s, now, &sack); /* an old one is no matter */
	tt_sctp_shutdown_go_on(s, now);
	return TT_TAKEN;
}

uint32_t tt_sctp_on_shutdown_ack(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
				 struct sctp_packet *p)
{
	(void)chunk;
	if (s->state < SCTP_ESTABLISHED) { /* 8.5.1 E */
		tt_sctp_reply_shutdown_complete(s, p->header.tag, true);
		return TAUT_DROP_SCTP_SHUTDOWN_ACK_BLUE;
	}
	if (s->state != SCTP_SHUTDOWN_SENT && s->state != SCTP_SHUTDOWN_ACK_SENT)
		return TAUT_DROP_SCTP_SHUTDOWN_ACK_ALONE;
	tt_sctp_reply_shutdown_complete(s, s->peer_tag, false);
	tt_sctp_end_with(s, now, TAUT_REASON_CLOSED_HERE, NULL);
	return TT_TAKEN;
}

uint32_t tt_sctp_on_shutdown_complete(struct tt_sctp *s, taut_time now,
				      const struct sctp_tlv *chunk, struct sctp_packet *p)
{
	bool reflected = chunk->flags & SCTP_FLAG_T;

	if (p->header.tag != (reflected ? s->peer_tag : s->my_tag)) /* 8.5.1 C */
		return TAUT_DROP_SCTP_COMPLETE_TAG;
	tt_sctp_end_with(s, now, TAUT_REASON_CLOSED_BY_PEER, "the peer shut the association down");
	return TT_TAKEN;
}
