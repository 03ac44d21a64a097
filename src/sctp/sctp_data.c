/* sctp_data.c - DATA, SACK and FORWARD-TSN come in: RFC 9260 section 6, RFC 3758 section 3.6; and
 * what stands for them when messages are interleaved, RFC 8260. */
#include "base/num.h"
#include "sctp/sctp_assoc.h"

/* 6.5: the TSN counts as received; the sender is told. */
static uint32_t on_invalid_stream(struct tt_sctp *s, const struct sctp_data *d)
{
	uint8_t info[4];
	struct wr w = wr_make(info, sizeof info);

	wr_u16(&w, d->stream);
	wr_u16(&w, 0);
	tt_sctp_queue_error(s, SCTP_C_INVALID_STREAM, info, sizeof info);
	tt_sctp_tracker_add(&s->tracker, d->tsn);
	return TAUT_DROP_SCTP_NO_STREAM;
}

static uint32_t take_new(struct tt_sctp *s, taut_time now, const struct sctp_data *d)
{
	if (d->stream >= s->in_streams)
		return on_invalid_stream(s, d);
	switch (tt_sctp_reassembly_add(&s->rx, &s->tracker, d)) {
	case SCTP_TAKEN:
		tt_sctp_tracker_add(&s->tracker, d->tsn);
		return TT_TAKEN;
	case SCTP_VIOLATION:
		tt_sctp_abort_with(s, now, SCTP_C_PROTOCOL_VIOLATION,
				   tt_drop_text(TAUT_DROP_SCTP_FRAGMENTS));
		return TAUT_DROP_SCTP_FRAGMENTS;
	case SCTP_STUCK:
		tt_sctp_abort_with(s, now, SCTP_C_OUT_OF_RESOURCE,
				   tt_drop_text(TAUT_DROP_SCTP_STUCK));
		return TAUT_DROP_SCTP_STUCK;
	case SCTP_NO_ROOM:
		return TAUT_DROP_SCTP_WINDOW_FULL;
	case SCTP_NO_MEMORY:
		break;
	}
	return TAUT_DROP_SCTP_NO_MEMORY;
}

/* RFC 8260 sections 2.2.1 and 2.3.1: of each pair of chunks only the one that was agreed on. */
static uint32_t on_other_kind(struct tt_sctp *s, taut_time now)
{
	tt_sctp_abort_with(s, now, SCTP_C_PROTOCOL_VIOLATION,
			   tt_drop_text(TAUT_DROP_SCTP_INTERLEAVING));
	return TAUT_DROP_SCTP_INTERLEAVING;
}

uint32_t tt_sctp_on_data(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			 struct sctp_packet *p)
{
	struct sctp_data d;
	uint32_t why;

	if (!tt_sctp_read_data(&d, chunk))
		return TAUT_DROP_SCTP_DATA_MALFORMED;
	if (d.interleaved != s->rx.interleaved)
		return on_other_kind(s, now);
	if (d.len == 0) { /* 6.2 */
		tt_sctp_abort_with(s, now, SCTP_C_NO_USER_DATA,
				   tt_drop_text(TAUT_DROP_SCTP_DATA_EMPTY));
		return TAUT_DROP_SCTP_DATA_EMPTY;
	}
	switch (tt_sctp_tracker_look(&s->tracker, d.tsn)) {
	case SCTP_DUPLICATE:
		tt_sctp_tracker_duplicate(&s->tracker, d.tsn);
		p->has_data = p->immediate = true; /* 6.2: at once */
		return TAUT_DROP_SCTP_DUPLICATE;
	case SCTP_TOO_FAR:
		return TAUT_DROP_SCTP_TSN_TOO_FAR;
	case SCTP_NEW:
		break;
	}
	why = take_new(s, now, &d);
	p->has_data = true;
	p->immediate = p->immediate || d.immediate || why;
	return why;
}

/* 3.3.4 */
void tt_sctp_make_report(const struct tt_sctp *s, struct sctp_report *r)
{
	size_t room = tt_sctp_reassembly_room(&s->rx);

	r->cum = s->tracker.cum;
	r->window = room < s->cc.pmdcs ? 0 : room; /* 6.2: no silly windows */
	r->gap_count = tt_sctp_tracker_gaps(&s->tracker, r->gaps, SCTP_MAX_GAPS);
}

/* 6.2: at least every second packet is acknowledged. A sender opens its window, and counts what is
 * missing, by SACKs: one for a whole batch would hold it back. */
static void keep_report(struct tt_sctp *s)
{
	if (s->reported && s->unacked_packets < 2)
		return;
	if (s->reported && !s->earlier)
		s->earlier = tt_alloc(s->env, SCTP_MAX_EARLIER * sizeof *s->earlier);
	if (s->reported && s->earlier && s->earlier_count < SCTP_MAX_EARLIER) {
		size_t at = (s->earlier_first + s->earlier_count++) % SCTP_MAX_EARLIER;
		s->earlier[at] = s->report;
	}
	tt_sctp_make_report(s, &s->report);
	s->reported = true;
	s->unacked_packets = 0;
}

/* 6.2, 6.7: after the last chunk of a packet with DATA, when to acknowledge it. */
void tt_sctp_data_arrived(struct tt_sctp *s, taut_time now, const struct sctp_packet *p)
{
	s->unacked_packets++;
	tt_sctp_reconfig_resume(s);
	if (s->state == SCTP_SHUTDOWN_SENT) { /* 9.2 */
		s->shutdown_due = true;
		tt_sctp_start(s, SCTP_T2, now + s->cc.rto);
	}
	if (p->immediate || !s->acked_once || s->unacked_packets >= 2 ||
	    tt_sctp_tracker_has_gap(&s->tracker)) {
		s->sack_due = true;
		keep_report(s);
	} else if (!tt_sctp_runs(s, SCTP_T_SACK)) {
		tt_sctp_start(s, SCTP_T_SACK, now + SCTP_SACK_DELAY);
	}
}

/* 6.1 D limits bursts: what left the network may be replaced, by as much more as cwnd grew, and a
 * few packets. Of several SACKs in a row each counts. */
static void allow_burst(struct tt_sctp *s, size_t bytes)
{
	if (!s->burst_open)
		s->burst = SCTP_MAX_BURST * s->cc.pmdcs;
	s->burst_open = true;
	s->burst += bytes;
}

static void after_ack(struct tt_sctp *s, taut_time now, const struct sctp_ack_result *r)
{
	if (tt_sctp_flight_count(&s->flight) == 0) {
		tt_sctp_stop(s, SCTP_T3); /* 6.3.2 R2 */
		tt_sctp_cc_all_acked(&s->cc);
	} else if (r->advanced || (r->reneged && !tt_sctp_runs(s, SCTP_T3))) {
		tt_sctp_start(s, SCTP_T3, now + s->cc.rto); /* R3, R4 */
	}
	s->forward_tsn_due = s32_before(s->flight.cum, s->flight.advanced);
	if (s->forward_tsn_due && !tt_sctp_runs(s, SCTP_T3))
		tt_sctp_start(s, SCTP_T3, now + s->cc.rto); /* RFC 3758 section 3.5 C5 */
	tt_sctp_shutdown_go_on(s, now);
}

/* Chunks sent again measure nothing (6.3.1 C5), so where much is lost a doubled RTO would stay, and
 * double again. A heartbeat (8.3, on demand) measures as soon as something gets through. */
static void measure_again(struct tt_sctp *s, taut_time now)
{
	if (s->cc.backed_off &&
	    (s->heartbeat_at < 0 || now - s->heartbeat_at > 2 * tt_max64(s->cc.srtt, 10000)))
		s->heartbeat_due = true;
}

uint32_t tt_sctp_take_ack(struct tt_sctp *s, taut_time now, const struct sctp_sack *sack)
{
	struct sctp_ack_result r;
	bool filled = s->filled || s->flight.flight + s->cc.pmdcs > s->cc.cwnd;
	size_t cwnd = s->cc.cwnd;
	bool recovering = s->flight.recovering;

	if (!tt_sctp_flight_ack(&s->flight, sack, now, s->peer_forward_tsn, &r))
		return TAUT_DROP_SCTP_SACK_WRONG;
	s->peer_window = sack->window;
	if (r.rtt >= 0)
		tt_sctp_cc_round_trip(&s->cc, r.rtt);
	if (r.bytes > 0 || sack->window < s->cc.pmdcs)
		s->errors = 0; /* 8.1; and 6.1 A: a peer that answers may keep its window closed */
	tt_sctp_cc_acked(&s->cc, r.bytes, filled, r.advanced, recovering); /* 7.2.4: first */
	size_t grown = s->cc.cwnd - cwnd;
	if (r.enter_recovery)
		tt_sctp_cc_lost(&s->cc);
	if (r.lost) {
		s->fast_due = s->fast_due || r.enter_recovery;
		s->counters.fast_retransmits++;
	}
	allow_burst(s, r.bytes + grown);
	if (r.bytes > 0)
		measure_again(s, now);
	after_ack(s, now, &r);
	return TT_TAKEN;
}

uint32_t tt_sctp_on_sack(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			 struct sctp_packet *p)
{
	struct sctp_sack sack;

	(void)p;
	if (!tt_sctp_read_sack(&sack, chunk))
		return TAUT_DROP_SCTP_SACK_MALFORMED;
	return tt_sctp_take_ack(s, now, &sack);
}

uint32_t tt_sctp_on_forward_tsn(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
				struct sctp_packet *p)
{
	struct sctp_forward f;
	struct sctp_skipped skipped;

	if (!tt_sctp_read_forward(&f, chunk))
		return TAUT_DROP_SCTP_FORWARD_MALFORMED;
	if (f.interleaved != s->rx.interleaved)
		return on_other_kind(s, now);
	if (!s->peer_forward_tsn)
		return TAUT_DROP_SCTP_FORWARD_NOT_AGREED;
	p->has_data = p->immediate = true; /* 3.6: acknowledged at once, old ones too */
	if (s32_before_eq(f.cum, s->tracker.cum))
		return TAUT_DROP_SCTP_FORWARD_OLD;
	if (s32_diff(s->tracker.cum, f.cum) > SCTP_MAX_SKIP)
		return TAUT_DROP_SCTP_FORWARD_TOO_FAR;
	tt_sctp_tracker_skip(&s->tracker, f.cum);
	tt_sctp_reassembly_skip(&s->rx, f.cum);
	while (tt_sctp_next_skipped(&f, &skipped))
		if (skipped.stream < s->in_streams)
			tt_sctp_reassembly_skip_stream(&s->rx, &skipped);
	return TT_TAKEN;
}
