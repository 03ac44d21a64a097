/* sctp_reconfig.c - streams are reset: RFC 6525.
 *
 * A closing data channel resets its outgoing stream, the peer then resets the
 * other direction. One request of ours is under way at a time, for as
 * many streams as are ready. Adding streams and resetting TSNs is refused. */
#include <string.h>

#include "base/num.h"
#include "sctp/sctp_assoc.h"

enum result { /* RFC 6525 section 4.4 */
	NOTHING_TO_DO = 0,
	PERFORMED = 1,
	DENIED = 2,
	WRONG_STREAM = 3,
	BUSY = 4, /* another request is under way there */
	BAD_SEQUENCE = 5,
	IN_PROGRESS = 6,
};

/* Section 5.1: streams whose queue has run empty, into one request. */
void tt_sctp_reconfig_prepare(struct tt_sctp *s)
{
	struct sctp_reconfig *rc = &s->reconfig;

	if (rc->pending || rc->wanted == 0 || s->state != SCTP_ESTABLISHED || !s->peer_reconfig)
		return;
	rc->count = 0;
	for (size_t i = 0; i < s->queue.count && rc->count < SCTP_MAX_RESET; i++) {
		struct sctp_tx_stream *t = &s->queue.streams[i];
		if (!t->resetting || t->sealed || t->head)
			continue;
		t->sealed = true;
		rc->wanted--;
		rc->streams[rc->count++] = tt_u16(i);
	}
	rc->pending = rc->due = rc->count > 0;
	rc->renew = false;
	rc->waits = 0;
	rc->last_tsn = s32_add(s->flight.next, UINT32_MAX);
}

void tt_sctp_reconfig_write(struct tt_sctp *s, struct wr *w)
{
	struct sctp_reconfig *rc = &s->reconfig;
	size_t at = tt_sctp_begin(w, SCTP_RE_CONFIG, 0);
	size_t p = tt_sctp_begin_param(w, SCTP_P_RESET_OUT); /* 4.1 */

	wr_u32(w, rc->my_seq);
	wr_u32(w, rc->peer_seq - 1);
	wr_u32(w, rc->last_tsn.v);
	for (size_t i = 0; i < rc->count; i++)
		wr_u16(w, rc->streams[i]);
	tt_sctp_end_param(w, p);
	tt_sctp_end(w, at);
	rc->due = false;
}

bool tt_sctp_reconfig_timeout(struct tt_sctp *s)
{
	struct sctp_reconfig *rc = &s->reconfig;
	bool silence = rc->pending && rc->waits == 0;

	if (rc->renew) {
		rc->my_seq++;
		rc->waits = 0;
	}
	rc->renew = false;
	rc->due = rc->pending;
	return silence;
}

/* Has arrived over there, or the reset would not have been done; only we may not know it yet. A
 * FORWARD-TSN that named its number would skip messages of the stream's new life. */
static void leave_behind(struct tt_sctp *s, uint16_t stream)
{
	struct sctp_flight *f = &s->flight;
	struct serial32 t = s32_add(f->cum, 1);

	for (; s32_before_eq(t, s->reconfig.last_tsn); t = s32_add(t, 1)) {
		struct sctp_message *m = tt_sctp_flight_at(f, t)->m;
		m->past_reset = m->past_reset || m->stream == stream;
	}
}

/* 4.4 */
static uint32_t on_response(struct tt_sctp *s, taut_time now, struct rd r)
{
	struct sctp_reconfig *rc = &s->reconfig;
	uint32_t seq = rd_u32(&r), result = rd_u32(&r);

	if (r.bad)
		return TAUT_DROP_SCTP_RESPONSE_MALFORMED;
	if (!rc->pending || seq != rc->my_seq)
		return TAUT_DROP_SCTP_RESPONSE_TO_NOTHING;
	s->errors = 0;
	if (result == IN_PROGRESS || result == BUSY) {
		/* The same request again, and its answer may come by itself. But there are peers
		 * that keep the first answer to a number for ever: the second time, a new one. */
		rc->waits++;
		rc->renew = result == BUSY || rc->waits > 1;
		rc->due = false;
		tt_sctp_start(s, SCTP_T_RECONFIG, now + s->rtt.rto);
		return TT_TAKEN;
	}
	bool done = result == PERFORMED || result == NOTHING_TO_DO;
	for (size_t i = 0; i < rc->count; i++) {
		struct sctp_tx_stream *t = &s->queue.streams[rc->streams[i]];
		if (done)
			leave_behind(s, rc->streams[i]);
		tt_sctp_queue_unseal(&s->queue, rc->streams[i], done);
		if (t->again && done) { /* who waited for this answer has gone */
			t->again = false;
			t->resetting = true;
			rc->wanted++;
			continue;
		}
		t->again = false;
		rc->reports += !t->reset_done;
		t->reset_done = true;
		t->reset_refused = !done;
	}
	rc->my_seq++;
	rc->pending = rc->due = rc->renew = false;
	tt_sctp_stop(s, SCTP_T_RECONFIG);
	return TT_TAKEN;
}

static void respond(struct tt_sctp *s, uint32_t seq, uint32_t result)
{
	uint8_t bytes[32];
	struct wr w = wr_make(bytes, sizeof bytes);
	size_t at = tt_sctp_begin(&w, SCTP_RE_CONFIG, 0);
	size_t p = tt_sctp_begin_param(&w, SCTP_P_RESPONSE);

	wr_u32(&w, seq);
	wr_u32(&w, result);
	tt_sctp_end_param(&w, p);
	tt_sctp_end(&w, at);
	tt_sctp_queue_control(s, bytes, wr_len(&w));
}

static bool all_known(struct rd streams, uint16_t limit)
{
	while (rd_left(&streams) > 0)
		if (rd_u16(&streams) >= limit)
			return false;
	return true;
}

/* 5.2.2: the peer resets what it sends on; only when all it sent before has arrived. */
static uint32_t reset_incoming(struct tt_sctp *s, struct rd r)
{
	rd_u32(&r); /* the answer that this may be to a request of ours: none is ever made */
	struct serial32 last = s32(rd_u32(&r));

	if (!all_known(r, s->in_streams))
		return WRONG_STREAM;
	if (s32_before(s->tracker.cum, last) || s->rx.resets > SCTP_MAX_RESETS_READY)
		return IN_PROGRESS;
	bool all = rd_left(&r) == 0; /* no list: every stream that was ever used */
	for (uint16_t i = 0; all && i < s->rx.stream_count; i++)
		if (!tt_sctp_reassembly_reset(&s->rx, i))
			return DENIED;
	while (rd_left(&r) > 0)
		if (!tt_sctp_reassembly_reset(&s->rx, rd_u16(&r)))
			return DENIED;
	return PERFORMED;
}

/* 4.2: the peer wants us to reset what we send on. */
static uint32_t reset_outgoing(struct tt_sctp *s, struct rd r)
{
	if (!all_known(r, s->out_streams))
		return WRONG_STREAM;
	if (rd_left(&r) == 0)
		return DENIED;
	while (rd_left(&r) > 0)
		if (tt_sctp_reset_stream(s, 0, rd_u16(&r)) != TAUT_OK)
			return DENIED;
	return PERFORMED;
}

void tt_sctp_reconfig_forget(struct tt_sctp *s)
{
	tt_free(s->env, s->reconfig.deferred);
	s->reconfig.deferred = NULL;
}

/* Without memory the peer must ask again, as it does anyway. */
static void defer(struct tt_sctp *s, struct rd request)
{
	struct sctp_reconfig *rc = &s->reconfig;

	const size_t len = rd_left(&request);
	uint8_t *copy = tt_resize(s->env, rc->deferred, len);

	if (!copy) {
		tt_sctp_reconfig_forget(s);
		return;
	}
	memcpy(copy, rd_at(&request), len);
	rc->deferred = copy;
	rc->deferred_len = len;
}

void tt_sctp_reconfig_resume(struct tt_sctp *s)
{
	struct sctp_reconfig *rc = &s->reconfig;

	if (!rc->deferred || rc->last_result != IN_PROGRESS)
		return;
	rc->last_result = reset_incoming(s, rd_make(rc->deferred, rc->deferred_len));
	if (rc->last_result == IN_PROGRESS)
		return;
	respond(s, rc->peer_seq - 1, rc->last_result);
}

/* Who was told "in progress" may ask anew under another number, and not know yet that it was
 * done. A second reset would end what has begun on the stream since. */
static bool was_deferred(const struct sctp_reconfig *rc, struct rd request)
{
	const size_t seq = 4; /* the number of an answer may have moved */

	return rc->deferred && rc->last_result == PERFORMED &&
	       rd_left(&request) == rc->deferred_len &&
	       memcmp(rd_at(&request) + seq, rc->deferred + seq, rc->deferred_len - seq) == 0;
}

/* 5.2.1: in order, one after the other; the last one again gets the same answer. */
static uint32_t on_request(struct tt_sctp *s, const struct sctp_tlv *param)
{
	struct sctp_reconfig *rc = &s->reconfig;
	struct rd r = param->value;
	uint32_t seq = rd_u32(&r);
	bool again = rc->answered && seq == rc->peer_seq - 1;
	size_t fixed = param->tag == SCTP_P_RESET_OUT ? 8 : 0;

	if (r.bad || rd_left(&r) < fixed || rd_left(&r) % 2 != 0)
		return TAUT_DROP_SCTP_REQUEST_MALFORMED;
	if (again && rc->last_result != IN_PROGRESS) {
		respond(s, seq, rc->last_result);
		return TT_TAKEN;
	}
	if (!again && seq != rc->peer_seq) {
		respond(s, seq, BAD_SEQUENCE);
		return TAUT_DROP_SCTP_REQUEST_SEQUENCE;
	}
	const bool out = param->tag == SCTP_P_RESET_OUT;
	if (out && !again && was_deferred(rc, r)) {
		rc->peer_seq = seq + 1;
		respond(s, seq, PERFORMED);
		return TT_TAKEN;
	}
	if (!out || !again)
		tt_sctp_reconfig_forget(s);
	rc->last_result = out                             ? reset_incoming(s, r)
	                  : param->tag == SCTP_P_RESET_IN ? reset_outgoing(s, r)
	                                                  : DENIED;
	if (rc->last_result == IN_PROGRESS)
		defer(s, r);
	rc->answered = true;
	rc->peer_seq = seq + 1;
	respond(s, seq, rc->last_result);
	return TT_TAKEN;
}

uint32_t tt_sctp_on_reconfig(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			     struct sctp_packet *p)
{
	struct rd r = chunk->value;
	struct sctp_tlv param;
	uint32_t why = TT_TAKEN;

	(void)p;
	if (!s->peer_reconfig)
		return TAUT_DROP_SCTP_RECONFIG_NOT_AGREED;
	for (int n = 0; n < 2 && tt_sctp_next(&r, &param); n++) { /* 3.1: one or two parameters */
		if (param.tag == SCTP_P_RESPONSE)
			why = on_response(s, now, param.value);
		else if (param.tag >= SCTP_P_RESET_OUT && param.tag <= SCTP_P_ADD_IN)
			why = on_request(s, &param);
		else
			why = TAUT_DROP_SCTP_RECONFIG_UNKNOWN;
	}
	return r.bad ? TAUT_DROP_SCTP_RECONFIG_MALFORMED : why;
}
