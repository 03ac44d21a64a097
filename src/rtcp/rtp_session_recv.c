/* rtp_session_recv.c - packets in: RTP to its stream, RTCP to whom it concerns.
 *
 * RFC 3550 section 6.4, RFC 4585 section 6, RFC 5104 section 4.3.1. What is
 * refused changes nothing but a counter. */
#include "rtcp/rtp_session_int.h"

#include "base/num.h"

enum { FIRST_REPORT = 100000, TRANSPORT_CC_EVERY = 64000 };

static bool any_transport_cc(const struct tt_rtp_session *s)
{
	for (size_t i = 0; i < s->receiver_count; i++)
		if (s->receivers[i]->cfg.transport_cc)
			return true;
	return false;
}

/* It speaks of the path, so what is of no use to a stream has arrived all the same: a sender that is
 * told otherwise takes it for a loss and slows down. r: NULL when no stream wants it. */
static void note_arrival(struct tt_rtp_session *s, taut_time now, taut_time arrived, uint32_t ssrc,
			 const struct tt_rtp_ext_values *x, const struct tt_rtp_receiver *r)
{
	if (!x->has_transport_cc || !(r ? r->cfg.transport_cc : any_transport_cc(s)))
		return;
	if (!tt_twcc_pending(&s->arrivals))
		s->transport_cc_at = now + TRANSPORT_CC_EVERY;
	tt_twcc_arrived(&s->arrivals, x->transport_cc, ssrc, arrived);
}

static uint32_t take_rtp(struct tt_rtp_session *s, taut_time now, taut_time arrived,
			 const struct tt_rtp_packet *p)
{
	struct tt_rtp_ext_values x;
	uint32_t why = TT_TAKEN;

	tt_rtp_session_read_ext(s, p, &x);
	struct tt_rtp_binding *b = tt_rtp_session_demux(s, p, &x, &why);

	note_arrival(s, now, arrived, p->ssrc, &x, b ? b->receiver : NULL);
	if (!b)
		return why;
	struct tt_rtp_receiver *r = b->receiver;

	if (b->rtx) {
		why = tt_rtp_receiver_rtx(r, now, arrived, p, &x);
	} else {
		if (!tt_rtp_receiver_payload(r, p->pt))
			return TAUT_DROP_RTP_PAYLOAD_TYPE;
		if (!r->has_ssrc || r->ssrc != p->ssrc)
			tt_rtp_receiver_follow(r, p->ssrc);
		why = tt_rtp_receiver_media(r, now, arrived, p, &x);
	}
	tt_rtp_receiver_advance(r, now, tt_rtp_session_rtt(s));
	return why;
}

/* A stamp of the future would hold up what waits for missing packets. */
static taut_time arrival(taut_time now, taut_time arrived)
{
	return arrived == 0 || arrived > now ? now : arrived;
}

void tt_rtp_session_recv_rtp(struct tt_rtp_session *s, taut_time now, taut_time arrived,
			     uint8_t ecn, const uint8_t *pkt, size_t len)
{
	struct tt_rtp_packet p;

	tt_rtp_session_saw(s, now);
	tt_trace_packet(s->env, now, TAUT_LAYER_RTP, false, pkt, len, NULL, NULL);
	uint32_t why = TAUT_DROP_RTP_MALFORMED;

	if (len <= TT_RTP_PACKET_ROOM && tt_rtp_read(&p, pkt, len)) {
		p.ecn = ecn;
		why = take_rtp(s, now, arrival(now, arrived), &p);
	}

	if (why) {
		s->counters.packets_refused++;
		tt_drop(s->env, now, why, TT_INT("length", len));
		return;
	}
	s->counters.packets_received++;
	s->counters.bytes_received += len;
	tt_rtp_session_reports_by(s, s->report_at == INT64_MAX ? now + FIRST_REPORT : INT64_MAX);
}

static struct tt_rtp_receiver *receiver_of(struct tt_rtp_session *s, uint32_t ssrc)
{
	for (size_t i = 0; i < s->receiver_count; i++)
		if (s->receivers[i]->has_ssrc && s->receivers[i]->ssrc == ssrc)
			return s->receivers[i];
	return NULL;
}

/* Where the peer's wall clock lies on ours: the report that travelled fastest says it best, and
 * slow ones pull only a little, for clocks that drift. One clock for all streams of the
 * transport, so that sound and picture keep their distance. */
static void learn_clock(struct tt_rtp_session *s, uint64_t ntp, taut_time arrived)
{
	int64_t seen = arrived - tt_rtcp_ntp_us(ntp) - tt_rtp_session_rtt(s) / 2;
	int64_t off = seen - s->clock;

	if (!s->has_clock || off < 0 || off > 2000000)
		s->clock = seen;
	else
		s->clock += off / 64;
	s->has_clock = true;
}

static void take_sender_info(struct tt_rtp_session *s, const struct tt_rtcp *p, taut_time arrived)
{
	struct tt_rtcp_sender_info info;

	tt_rtcp_read_sender_info(p, &info);
	struct tt_rtp_receiver *r = receiver_of(s, info.ssrc);

	if (!r)
		return;
	r->report_ntp = info.ntp;
	r->report_ts = info.rtp;
	r->report_at = arrived;
	r->has_report = true;
	r->stats.reports++;
	r->reported = true;
	r->stats.remote_packets = info.packets;
	r->stats.remote_octets = info.octets;
	if (info.ntp != 0) /* 6.4.1: no wall clock over there */
		learn_clock(s, info.ntp, arrived);
	else
		r->has_report = false;
}

/* 6.4.1: round trip = A - LSR - DLSR, in the middle 32 bits of NTP time. */
static void take_block(struct tt_rtp_session *s, taut_time arrived, const struct tt_rtcp_block *b)
{
	struct tt_rtp_sender *tx = tt_rtp_session_sender_of(s, b->ssrc);

	if (!tx)
		return;
	tt_rtp_sender_reported(tx, b->highest);
	s->counters.remote_packets_lost +=
		(uint64_t)(tt_max64(b->lost, 0) - tt_max64(tx->stats.remote_lost, 0));
	tx->stats.reports++;
	tx->stats.reported_at = arrived;
	tx->stats.remote_lost = b->lost;
	tx->stats.remote_fraction = b->fraction;
	tx->stats.remote_highest = b->highest;
	tx->stats.remote_jitter = b->jitter;
	if (b->lsr == 0)
		return;
	const taut_time rtt = tt_rtp_session_span(s, arrived, b->lsr, b->dlsr);
	if (rtt < 0)
		return;
	tx->stats.rtt = rtt;
	s->counters.round_trip_time = tx->stats.rtt;
	tx->stats.rtt_sum += tx->stats.rtt;
	tx->stats.rtts++;
}

static void want_key_frame(struct tt_rtp_session *s, taut_time now, struct tt_rtp_sender *tx)
{
	if (tx->key_wanted || tx->cfg.kind != TAUT_VIDEO)
		return;
	tx->key_wanted = true;
	tx->key_wanted_at =
		tx->key_told_at ? tt_max64(now, tx->key_told_at + TT_RTP_KEY_EVERY) : now;
	tt_note(s->env, now, TAUT_LAYER_RTCP, "peer wants a key frame",
		TT_INT("stream", tx->cfg.stream));
}

static void take_nack(struct tt_rtp_session *s, taut_time now, const struct tt_rtcp_feedback *f)
{
	struct tt_rtp_sender *tx = tt_rtp_session_sender_of(s, f->media);
	uint16_t seq;

	s->counters.nacks_received++;
	if (tx)
		tx->stats.nacks++;
	for (size_t i = 0; tx && tt_rtcp_read_nack(f->fci, &i, &seq);)
		tt_rtp_sender_nack(tx, now, tt_rtp_session_rtt(s), seq);
}

static void take_fir(struct tt_rtp_session *s, taut_time now, const struct tt_rtcp_feedback *f)
{
	uint32_t ssrc;
	uint8_t seq;

	s->counters.firs_received++;
	for (size_t i = 0; tt_rtcp_read_fir(f->fci, i, &ssrc, &seq); i++) {
		struct tt_rtp_sender *tx = tt_rtp_session_sender_of(s, ssrc);

		if (tx)
			tx->stats.firs++;
		/* RFC 5104 section 4.3.1.2: the same number is the same request */
		if (!tx || (tx->fir_seen && tx->fir_seq == seq))
			continue;
		tx->fir_seen = true;
		tx->fir_seq = seq;
		want_key_frame(s, now, tx);
	}
}

static void take_feedback(struct tt_rtp_session *s, taut_time now, const struct tt_rtcp *p)
{
	struct tt_rtcp_feedback f;
	uint64_t rate;

	tt_rtcp_read_feedback(p, &f);
	if (p->type == TT_RTCP_RTPFB) {
		if (p->count == TT_RTPFB_NACK)
			take_nack(s, now, &f);
		else if (p->count == TT_RTPFB_TRANSPORT_CC)
			s->counters.twcc_received++;
		return;
	}
	if (p->count == TT_PSFB_PLI) {
		struct tt_rtp_sender *tx = tt_rtp_session_sender_of(s, f.media);

		s->counters.plis_received++;
		if (!tx)
			return;
		tx->stats.plis++;
		want_key_frame(s, now, tx);
	} else if (p->count == TT_PSFB_FIR) {
		take_fir(s, now, &f);
	} else if (p->count == TT_PSFB_AFB && tt_rtcp_read_remb(f.fci, &rate)) {
		s->counters.remb_received++;
	}
}

static void take_bye(struct tt_rtp_session *s, const struct tt_rtcp *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct tt_rtp_receiver *r = receiver_of(s, tt_rtcp_read_bye(p, i));

		if (!r || r->ended)
			continue;
		r->ended = r->tell_bye = true;
		r->ended_at = s->now;
		r->bye_ssrc = r->ssrc;
	}
}

/* The round trip that it answers, or 0. */
static taut_time take_one(struct tt_rtp_session *s, taut_time now, taut_time arrived,
			  const struct tt_rtcp *p)
{
	struct tt_rtcp_block block;

	switch (p->type) {
	case TT_RTCP_SR:
	case TT_RTCP_RR:
		if (p->type == TT_RTCP_SR)
			take_sender_info(s, p, arrived);
		for (size_t i = 0; i < p->count; i++) {
			tt_rtcp_read_block(p, i, &block);
			take_block(s, arrived, &block);
		}
		break;
	case TT_RTCP_BYE:
		take_bye(s, p);
		break;
	case TT_RTCP_RTPFB:
	case TT_RTCP_PSFB:
		take_feedback(s, now, p);
		break;
	case TT_RTCP_XR:
		return tt_rtp_session_take_xr(s, arrived, p);
	default:
		break; /* SDES and APP say nothing that is used here */
	}
	return 0;
}

void tt_rtp_session_recv_rtcp(struct tt_rtp_session *s, taut_time now, taut_time arrived,
			      const uint8_t *pkt, size_t len)
{
	uint32_t why = tt_rtcp_check(pkt, len);
	struct rd r = rd_make(pkt, len);
	struct tt_rtcp p;

	tt_rtp_session_saw(s, now);
	tt_trace_packet(s->env, now, TAUT_LAYER_RTCP, false, pkt, len, NULL, NULL);
	if (why) {
		s->counters.rtcp_refused++;
		tt_drop(s->env, now, why, TT_INT("length", len));
		return;
	}
	s->counters.rtcp_received++;
	taut_time rtt = 0;
	while (tt_rtcp_next(&r, &p))
		rtt = tt_max64(rtt, take_one(s, now, arrival(now, arrived), &p));
	tt_rtp_session_answered(s, rtt);
}
