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
		s->came += d->len;
		return TT_TAKEN;
	case SCTP_VIOLATION:
		tt_sctp_abort_with(s, now, SCTP_C_PROTOCOL_VIOLATION,
				   tt_drop_text(TAUT_DROP_SCTP_FRAGMENTS));
		return TAUT_DROP_SCTP_FRAGMENTS;
	case SCTP_STUCK:
		tt_sctp_abort_about(s, now, SCTP_C_OUT_OF_RESOURCE, NULL, 0,
				    tt_drop_text(TAUT_DROP_SCTP_STUCK));
		return TAUT_DROP_SCTP_STUCK;
	case SCTP_NO_ROOM:
		return TAUT_DROP_SCTP_WINDOW_FULL;
	case SCTP_NO_MEMORY:
		break;
	}
	return TAUT_DROP_SCTP_NO_MEMORY;
}

/* 6.2; 3.3.10.9: which one it was. */
static uint32_t on_no_user_data(struct tt_sctp *s, taut_time now, const struct sctp_data *d)
{
	uint8_t tsn[4];
	struct wr w = wr_make(tsn, sizeof tsn);

	wr_u32(&w, d->tsn.v);
	tt_sctp_abort_about(s, now, SCTP_C_NO_USER_DATA, tsn, sizeof tsn,
			    tt_drop_text(TAUT_DROP_SCTP_DATA_EMPTY));
	return TAUT_DROP_SCTP_DATA_EMPTY;
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
	if (d.len == 0)
		return on_no_user_data(s, now, &d);
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
	if (!tt_sctp_tracker_room(&s->tracker, s->env, d.tsn))
		return TAUT_DROP_SCTP_NO_MEMORY;
	why = take_new(s, now, &d);
	p->has_data = true;
	p->immediate = p->immediate || d.immediate || why;
	return why;
}

/* 3.3.4 */
size_t tt_sctp_window(const struct tt_sctp *s)
{
	size_t room = tt_sctp_reassembly_room(&s->rx);

	return room < s->cc.pmdcs ? 0 : room; /* 6.2: no silly windows */
}

/* 6.2: at least every second packet is acknowledged. A sender opens its window, and counts what is
 * missing, by SACKs: one for a whole batch would hold it back. */
static void keep_report(struct tt_sctp *s)
{
	if (s->reported && s->unacked_packets < 2)
		return;
	if (s->reported && !s->earlier)
		s->earlier = tt_alloc(s->env, SCTP_MAX_EARLIER * sizeof *s->earlier);
	if (s->reported && s->earlier && s->earlier_count < SCTP_MAX_EARLIER &&
	    s->report.gap_count <= SCTP_KEPT_GAPS) {
		size_t at = (s->earlier_first + s->earlier_count++) % SCTP_MAX_EARLIER;
		s->earlier[at] = s->report;
	}
	s->report.cum = s->tracker.cum;
	s->report.window = tt_sctp_window(s);
	s->report.gap_count =
		tt_sctp_tracker_gaps(&s->tracker, s->report.gaps, TT_COUNT(s->report.gaps));
	s->reported = true;
	s->unacked_packets = 0;
}

/* More than half of the window in a round trip, and it was taken at once: the window is what holds the peer back. */
static void grow_window(struct tt_sctp *s, taut_time now)
{
	if (s->rtt.srtt == 0 || now - s->came_since < s->rtt.srtt)
		return;
	if (s->came > s->rx.limit / 2 && s->rx.held < s->rx.limit / 2)
		s->rx.limit = tt_max(s->rx.limit, tt_min(2 * s->rx.limit, s->cfg.recv_window_most));
	s->came = 0;
	s->came_since = now;
}

/* 6.2, 6.7: after the last chunk of a packet with DATA, when to acknowledge it. */
void tt_sctp_data_arrived(struct tt_sctp *s, taut_time now, const struct sctp_packet *p)
{
	s->unacked_packets++;
	grow_window(s, now);
	tt_sctp_reconfig_resume(s);
	if (s->state == SCTP_SHUTDOWN_SENT) { /* 9.2 */
		s->shutdown_due = true;
		tt_sctp_start(s, SCTP_T2, now + s->rtt.rto);
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
	if (tt_sctp_flight_count(&s->flight) == 0)
		tt_sctp_stop(s, SCTP_T3); /* 6.3.2 R2 */
	else if (r->advanced || (r->reneged && !tt_sctp_runs(s, SCTP_T3)))
		tt_sctp_start(s, SCTP_T3, now + s->rtt.rto); /* R3, R4 */
	s->forward_tsn_due = s32_before(s->flight.cum, s->flight.advanced);
	if (s->forward_tsn_due && !tt_sctp_runs(s, SCTP_T3))
		tt_sctp_start(s, SCTP_T3, now + s->rtt.rto); /* RFC 3758 section 3.5 C5 */
	tt_sctp_shutdown_go_on(s, now);
}

/* Chunks sent again measure nothing (6.3.1 C5), so where much is lost a doubled RTO would stay, and
 * double again. A heartbeat (8.3, on demand) measures as soon as something gets through. */
static void measure_again(struct tt_sctp *s, taut_time now)
{
	if (s->rtt.backed_off &&
	    (s->heartbeat_at < 0 || now - s->heartbeat_at > 2 * tt_max64(s->rtt.srtt, 10000)))
		s->heartbeat_due = true;
}

static struct sctp_ack_setting setting(const struct tt_sctp *s, taut_time now)
{
	return (struct sctp_ack_setting){ now, s->peer_forward_tsn, s->rtt.srtt, s->rtt.least,
					   tt_sctp_base(s) - SCTP_COMMON_HEADER, s->awake_since };
}

/* What is lost, by an acknowledgement or by time, and what the controller makes of it. */
static void control(struct tt_sctp *s, const struct sctp_ack_result *r, const struct sctp_cc_ack *a)
{
	const size_t cwnd = s->cc.cwnd;

	s->cc.kind->acked(&s->cc, a); /* 7.2.4: first */
	allow_burst(s, r->bytes + (s->cc.cwnd > cwnd ? s->cc.cwnd - cwnd : 0));
	if (r->enter_recovery) {
		s->cc.kind->lost(&s->cc, a);
		s->at_loss = tt_max(a->before, 1);
		s->share = 0;
	} else if (s->flight.recovering && s->flight.told_all) {
		s->share += (size_t)((uint64_t)r->bytes * s->cc.cwnd / s->at_loss);
	} else if (s->flight.recovering) {
		/* What counts as in flight may be there long since, and the peer has no room to say so: each
		 * SACK lets a packet more leave than it acknowledges, as RFC 9937's SafeACK does. */
		s->share += r->bytes + s->cc.pmdcs;
	}
	if (r->lost) {
		s->fast_due = s->fast_due || r->enter_recovery;
		s->counters.fast_retransmits++;
	}
}

static struct sctp_cc_ack seen(const struct tt_sctp *s, taut_time now, const struct sctp_ack_result *r,
                               size_t before, bool recovering)
{
	return (struct sctp_cc_ack){
		.now = now, .bytes = r->bytes, .lost = r->lost_bytes, .before = before,
		.flight = s->flight.flight, .advanced = r->advanced, .recovering = recovering,
		.filled = s->filled || before + s->cc.pmdcs > s->cc.cwnd, .rtt = r->shortest,
		.srtt = s->rtt.srtt,
		.delivered = s->flight.rate.delivered, .rate = r->rate,
	};
}

static void look_again(struct tt_sctp *s, taut_time at)
{
	s->timer[SCTP_T_LOSS] = at;
}

/* RFC 8985 section 7.4.2: the probe was one that had been sent. If something behind it is acknowledged and nobody got it
 * twice, it was lost before. An acknowledgement of itself decides nothing: that of the first may be late. */
static void judge_tail(struct tt_sctp *s, const struct sctp_sack *sack, const struct sctp_cc_ack *a)
{
	if (sack->dup_count > 0)
		s->tail_open = false;
	if (s->tail_open && s32_before(s->tail, sack->cum)) {
		s->tail_open = false;
		if (!s->flight.recovering && !a->recovering)
			s->cc.kind->lost(&s->cc, a);
	}
	if (s->tail_out && !s32_before(sack->cum, s->tail))
		s->tail_out = false;
}

uint32_t tt_sctp_take_ack(struct tt_sctp *s, taut_time now, const struct sctp_sack *sack)
{
	const struct sctp_ack_setting with = setting(s, now);
	const size_t before = s->flight.flight;
	const bool recovering = s->flight.recovering;
	struct sctp_ack_result r;
	taut_time again;

	if (!tt_sctp_flight_ack(&s->flight, sack, &with, &r, &again))
		return TAUT_DROP_SCTP_SACK_WRONG; /* 6.2.1 i: an old one */
	s->peer_window = sack->window;
	s->since_ack = 0;
	s->timed_out = false;
	if (r.shortest >= 0)
		tt_sctp_rtt_seen(&s->rtt, now, r.shortest);
	if (r.rtt >= 0)
		tt_sctp_rtt_measured(&s->rtt, r.rtt);
	if (r.shortest >= 0)
		tt_sctp_rtt_followed(&s->rtt, r.shortest);
	if (r.bytes > 0 || sack->window < s->cc.pmdcs)
		s->errors = 0; /* 8.1; and 6.1 A: a peer that answers may keep its window closed */
	const struct sctp_cc_ack a = seen(s, now, &r, before, recovering);
	control(s, &r, &a);
	judge_tail(s, sack, &a);
	tt_sctp_pmtu_judge(s, now, &r.signs);
	look_again(s, again);
	if (r.bytes > 0)
		measure_again(s, now);
	after_ack(s, now, &r);
	tt_sctp_arm_probe(s, now);
	return TT_TAKEN;
}

void tt_sctp_look_for_losses(struct tt_sctp *s, taut_time now)
{
	const struct sctp_ack_setting with = setting(s, now);
	const size_t before = s->flight.flight;
	const bool recovering = s->flight.recovering;
	struct sctp_ack_result r;

	look_again(s, tt_sctp_flight_look(&s->flight, &with, &r));
	const struct sctp_cc_ack a = seen(s, now, &r, before, recovering);
	control(s, &r, &a);
	tt_sctp_pmtu_judge(s, now, &r.signs);
	tt_sctp_arm_probe(s, now);
	s->forward_tsn_due = s32_before(s->flight.cum, s->flight.advanced);
}

uint32_t tt_sctp_on_sack(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			 struct sctp_packet *p)
{
	struct sctp_sack sack;

	(void)p;
	if (!tt_sctp_read_sack(&sack, chunk))
		return TAUT_DROP_SCTP_SACK_MALFORMED;
	if (!tt_sctp_flight_was_sent(&s->flight, &sack)) { /* 12.4 */
		tt_sctp_abort_with(s, now, SCTP_C_PROTOCOL_VIOLATION, "SACK of what was not sent");
		return TAUT_DROP_SCTP_SACK_WRONG;
	}
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
