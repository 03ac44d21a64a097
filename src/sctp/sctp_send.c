/* sctp_send.c - packets go out: RFC 9260 sections 6.1 and 6.10.
 *
 * One packet per call, put together from what is due: first what stands alone
 * (answers with a tag of their own, INIT), then control chunks in the order that
 * 6.10 and 5.1 ask for, then DATA (sctp_transmit.c). */
#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "sctp/sctp_assoc.h"

#define MAX_SKIPPED_STREAMS 64

struct wr tt_sctp_reply_begin(struct tt_sctp *s, uint32_t tag)
{
	if (!s->reply)
		s->reply = tt_alloc(s->env, SCTP_MAX_REPLY); /* without it nothing is replied */
	struct wr w = wr_make(s->reply, SCTP_MAX_REPLY);
	struct sctp_header h = { s->cfg.local_port, s->cfg.remote_port, tag };

	tt_sctp_write_header(&w, &h);
	return w;
}

void tt_sctp_reply_end(struct tt_sctp *s, struct wr *w)
{
	s->reply_len = tt_sctp_seal(w);
}

void tt_sctp_queue_control(struct tt_sctp *s, const void *chunk, size_t len)
{
	struct sctp_control *c;

	/* 12.4: what answers one packet fits in one. Else as if it had been lost: the peer asks again, or does not
	 * care */
	if (s->control_count >= SCTP_MAX_CONTROL ||
	    len > tt_sctp_base(s) - SCTP_COMMON_HEADER - s->answered)
		return;
	c = tt_resize(s->env, NULL, sizeof *c + len);
	if (!c)
		return;
	*c = (struct sctp_control){ .len = len };
	memcpy(c->bytes, chunk, len);
	*s->control_tail = c;
	s->control_tail = &c->next;
	s->control_count++;
	s->control_bytes += len;
	s->answered += len;
}

void tt_sctp_queue_error(struct tt_sctp *s, uint16_t cause, const void *info, size_t len)
{
	uint8_t bytes[512];
	struct wr w = wr_make(bytes, sizeof bytes);
	size_t at = tt_sctp_begin(&w, SCTP_ERROR, 0);

	tt_sctp_write_cause(&w, cause, info, len);
	tt_sctp_end(&w, at);
	tt_sctp_queue_control(s, bytes, wr_len(&w));
}

static void drop_control(struct tt_sctp *s)
{
	struct sctp_control *c = s->control;

	s->control = c->next;
	if (!s->control)
		s->control_tail = &s->control;
	s->control_count--;
	s->control_bytes -= c->len;
	tt_free(s->env, c);
}

void tt_sctp_clear_control(struct tt_sctp *s)
{
	while (s->control)
		drop_control(s);
}

/* Behind something else all of it or, in the next packet, by itself. */
static void write_control(struct tt_sctp *s, struct wr *w)
{
	if (s->control_bytes > wr_left(w) && w->off > SCTP_COMMON_HEADER)
		return;
	while (s->control && s->control->len <= wr_left(w)) {
		wr_bytes(w, s->control->bytes, s->control->len);
		drop_control(s);
	}
}

/* 3.3.4 */
static void write_report(struct wr *w, const struct sctp_report *r, const struct sctp_gap *gaps,
                         const struct sctp_tracker *t, size_t dups)
{
	size_t at = tt_sctp_begin(w, SCTP_SACK, 0);

	wr_u32(w, r->cum.v);
	wr_u32(w, tt_u32(r->window));
	wr_u16(w, tt_u16(r->gap_count));
	wr_u16(w, tt_u16(dups));
	for (size_t i = 0; i < r->gap_count; i++) {
		wr_u16(w, gaps[i].start);
		wr_u16(w, gaps[i].end);
	}
	for (size_t i = 0; i < dups; i++)
		wr_u32(w, t->dups[i]);
	tt_sctp_end(w, at);
}

/* What a batch of packets left to say, in as few packets as hold it: a packet for each costs half of what it is about. */
static void write_earlier(struct tt_sctp *s, struct wr *w)
{
	while (s->earlier_count > 0) {
		const struct sctp_report *r = &s->earlier[s->earlier_first];
		if (wr_left(w) < SCTP_TLV_HEADER + 12 + 4 * r->gap_count)
			return;
		write_report(w, r, r->gaps, &s->tracker, 0);
		s->earlier_first = (s->earlier_first + 1) % SCTP_MAX_EARLIER;
		s->earlier_count--;
	}
}

/* 6.2: as many as the packet has room for, beside the SHUTDOWN or SHUTDOWN ACK that goes behind it. */
static size_t most_gaps(const struct tt_sctp *s, const struct wr *w)
{
	const size_t behind = s->shutdown_due || s->shutdown_ack_due ? SCTP_TLV_HEADER + 4 : 0;
	const size_t rest = SCTP_TLV_HEADER + 12 + 4 * s->tracker.dup_count + behind;

	return tt_min((wr_left(w) - rest) / 4, SCTP_MAX_GAPS);
}

/* Behind earlier ones; with gaps or duplicates it gets a packet's room for them. */
static bool has_room_for_last(const struct tt_sctp *s, const struct wr *w)
{
	return !tt_sctp_tracker_has_gap(&s->tracker) && s->tracker.dup_count == 0 &&
	       wr_left(w) >= 2 * SCTP_TLV_HEADER + 12 + 4;
}

static void write_sack(struct tt_sctp *s, struct wr *w)
{
	struct sctp_gap gaps[SCTP_MAX_GAPS];
	const struct sctp_report now = {
		.cum = s->tracker.cum,
		.window = tt_sctp_window(s),
		.gap_count = tt_sctp_tracker_gaps(&s->tracker, gaps, most_gaps(s, w)),
	};

	write_report(w, &now, gaps, &s->tracker, s->tracker.dup_count);
	s->told_window = now.window;
	s->tracker.dup_count = 0;
	s->sack_due = s->reported = false;
	s->acked_once = true;
	s->unacked_packets = 0;
	tt_sctp_stop(s, SCTP_T_SACK);
}

/* RFC 3758 section 3.5 C3: the highest number skipped of each stream; RFC 8260 section 2.3.1: of
 * its ordered messages, and of its unordered ones. A list that grows too long ends early, and the
 * rest is skipped by the next one. */
static void write_forward_tsn(struct tt_sctp *s, struct wr *w)
{
	struct sctp_skipped list[MAX_SKIPPED_STREAMS];
	const bool interleaved = s->queue.interleaved;
	struct serial32 cum = s->flight.cum;
	size_t n = 0;

	while (s32_before(cum, s->flight.advanced)) {
		const struct sctp_message *m = tt_sctp_flight_at(&s->flight, s32_add(cum, 1))->m;
		bool named = (interleaved || !m->unordered) && !m->past_reset;
		size_t i = 0;
		while (i < n && (list[i].stream != m->stream || list[i].unordered != m->unordered))
			i++;
		if (named && i == MAX_SKIPPED_STREAMS)
			break;
		if (named) {
			list[i] = (struct sctp_skipped){ m->stream, m->unordered, m->mid };
			n = tt_max(n, i + 1);
		}
		cum = s32_add(cum, 1);
	}
	size_t at = tt_sctp_begin(w, interleaved ? SCTP_I_FORWARD_TSN : SCTP_FORWARD_TSN, 0);
	wr_u32(w, cum.v);
	for (size_t i = 0; i < n; i++)
		tt_sctp_write_skipped(w, &list[i], interleaved);
	tt_sctp_end(w, at);
	s->forward_tsn_due = false;
}

/* ---- packets ---- */

static void write_setup(struct tt_sctp *s, taut_time now, struct wr *w)
{
	if (s->state == SCTP_COOKIE_WAIT && s->init_due) {
		struct sctp_init init = tt_sctp_our_init(s);
		tt_sctp_write_init(w, SCTP_INIT, &init);
		s->init_due = false;
	} else if (s->state == SCTP_COOKIE_ECHOED && s->cookie_echo_due) {
		size_t at = tt_sctp_begin(w, SCTP_COOKIE_ECHO, 0); /* 5.1 C: first in its packet */
		wr_bytes(w, s->cookie, s->cookie_len);
		tt_sctp_end(w, at);
		s->cookie_echo_due = false;
		write_control(s, w);
		if (!s->control)
			tt_sctp_write_early_data(s, now, w);
	}
}

static void write_shutdown(struct tt_sctp *s, struct wr *w)
{
	if (s->shutdown_due && s->state == SCTP_SHUTDOWN_SENT) {
		size_t at = tt_sctp_begin(w, SCTP_SHUTDOWN, 0);
		wr_u32(w, s->tracker.cum.v);
		tt_sctp_end(w, at);
	}
	if (s->shutdown_ack_due && s->state == SCTP_SHUTDOWN_ACK_SENT)
		tt_sctp_end(w, tt_sctp_begin(w, SCTP_SHUTDOWN_ACK, 0));
	s->shutdown_due = s->shutdown_ack_due = false;
}

static void write_reconfig(struct tt_sctp *s, taut_time now, struct wr *w)
{
	tt_sctp_reconfig_prepare(s);
	if (!s->reconfig.due)
		return;
	tt_sctp_reconfig_write(s, w);
	tt_sctp_start(s, SCTP_T_RECONFIG, now + s->rtt.rto);
}

/* Control chunks within the base, and then DATA up to cap. */
static void write_established(struct tt_sctp *s, taut_time now, struct wr *w, size_t cap)
{
	if (s->cookie_ack_due) {
		tt_sctp_end(w, tt_sctp_begin(w, SCTP_COOKIE_ACK, 0)); /* 5.1 D: first */
		s->cookie_ack_due = false;
	}
	if (s->earlier_count > 0) {
		write_earlier(s, w);
		if (s->earlier_count > 0 || !has_room_for_last(s, w))
			return;
	}
	if (s->sack_due || (s->unacked_packets > 0 && tt_sctp_has_data(s, now)))
		write_sack(s, w);
	write_shutdown(s, w);
	write_control(s, w);
	if (s->control)
		return; /* they do not fit: the next packet goes on with them */
	size_t entry = s->queue.interleaved ? 8 : 4;
	if (s->forward_tsn_due && wr_left(w) >= 8 + entry * MAX_SKIPPED_STREAMS)
		write_forward_tsn(s, w);
	if (wr_left(w) >= 32 + 2 * SCTP_MAX_RESET)
		write_reconfig(s, now, w);
	if (s->heartbeat_due && tt_sctp_can_send_data(s) && wr_left(w) >= 32) {
		tt_sctp_heartbeat_write(s, now, w);
		s->heartbeat_due = false;
	}
	w->cap = tt_max(w->cap, tt_min(cap, s->pmtu.size));
	if (tt_sctp_can_send_data(s))
		tt_sctp_write_data_chunks(s, now, w);
}

static size_t build(struct tt_sctp *s, taut_time now, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, tt_sctp_base(s));
	struct sctp_header h = { s->cfg.local_port, s->cfg.remote_port,
	                         s->state == SCTP_COOKIE_WAIT ? 0 : s->peer_tag };

	tt_sctp_write_header(&w, &h);
	if (s->state < SCTP_ESTABLISHED)
		write_setup(s, now, &w);
	else
		write_established(s, now, &w, cap);
	assert(!w.bad);
	if (w.off <= SCTP_COMMON_HEADER)
		return 0;
	/* RFC 9653 section 5.2: INIT and COOKIE ECHO have one, and so have replies */
	if (s->peer_zero_checksum && s->state >= SCTP_ESTABLISHED)
		return wr_len(&w);
	return tt_sctp_seal(&w);
}

void tt_sctp_forget_reply(struct tt_sctp *s)
{
	s->reply_len = 0;
	tt_free(s->env, s->reply);
	s->reply = NULL;
}

size_t tt_sctp_poll_send(struct tt_sctp *s, taut_time now, uint8_t *buf, size_t cap)
{
	size_t len = 0;

	s->pmtu.sent = false;
	if (cap < s->cfg.max_packet)
		return 0;
	if (s->reply_len > 0) {
		len = s->reply_len;
		memcpy(buf, s->reply, len);
		tt_sctp_forget_reply(s);
	} else if (s->state != SCTP_DEAD && s->state != SCTP_CLOSED) {
		len = tt_sctp_pmtu_write(s, now, buf, cap);
		s->pmtu.sent = len > 0;
		len = len > 0 ? len : build(s, now, buf, cap);
	}
	if (len == 0) {
		if (tt_sctp_can_send_data(s))
			tt_sctp_pause(s, now);
		return 0;
	}
	s->counters.packets_sent++;
	tt_trace_packet(s->env, now, TAUT_LAYER_SCTP, true, buf, len, NULL, NULL);
	return len;
}
