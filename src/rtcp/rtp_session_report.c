/* rtp_session_report.c - the RTCP we send: reports, and feedback as soon as it is due.
 *
 * RFC 3550 section 6, RFC 4585 section 3: between two members, feedback need not
 * wait. Without RFC 5506 it travels behind an empty receiver report and a CNAME.
 * Reports come each second or so with video, a little slower without; section 6.2
 * would ask for more at these bandwidths, section 6.3.1 for a random half more or
 * less, so that two ends do not fall into step. */
#include "rtcp/rtp_session_int.h"

#include "base/num.h"

enum {
	EVERY_VIDEO = 1000000,
	EVERY_AUDIO = 2500000,
	BLOCKS = 20,      /* in one datagram, so that the rest fits too */
	REPORTERS = 8,    /* SRs in one datagram */
	NACKS = 128,      /* sequence numbers of one stream in one datagram */
	SILENT = 2000000, /* a stream this quiet gets no more PLIs */
};

static taut_time interval(struct tt_rtp_session *s)
{
	taut_time every = EVERY_AUDIO;
	uint32_t r;

	for (size_t i = 0; i < s->sender_count; i++)
		if (s->senders[i]->cfg.kind == TAUT_VIDEO)
			every = EVERY_VIDEO;
	for (size_t i = 0; i < s->receiver_count; i++)
		if (s->receivers[i]->cfg.kind == TAUT_VIDEO)
			every = EVERY_VIDEO;
	if (!tt_random_u32(s->env, &r))
		r = 0x80000000u;
	return every / 2 + (taut_time)((uint64_t)every * r >> 32);
}

static uint32_t reporter(const struct tt_rtp_session *s)
{
	return s->sender_count > 0 ? s->senders[0]->cfg.ssrc : s->own_ssrc;
}

static bool next_sender(struct tt_rtp_session *s, struct tt_rtp_sender **tx)
{
	while (s->next_sender < s->sender_count) {
		*tx = s->senders[s->next_sender];
		if ((*tx)->stats.packets > 0)
			return true;
		s->next_sender++;
	}
	return false;
}

static bool next_receiver(struct tt_rtp_session *s, struct tt_rtp_receiver **r)
{
	while (s->next_receiver < s->receiver_count) {
		*r = s->receivers[s->next_receiver];
		if ((*r)->source.started && !(*r)->ended)
			return true;
		s->next_receiver++;
	}
	return false;
}

/* 6.4.1 */
static struct tt_rtcp_block block_of(struct tt_rtp_receiver *r, taut_time now)
{
	struct tt_rtcp_block b = {
		.ssrc = r->ssrc,
		.lost = tt_rtp_receiver_lost(r),
		.fraction = tt_rtp_source_fraction(&r->source),
		.highest = (uint32_t)(r->source.newest - 0x10000),
		.jitter = r->source.jitter >> 4,
	};

	if (r->has_report) {
		/* in 1/65,536 s, which 32 bits hold for 18 hours; then it says nothing */
		uint64_t since = (uint64_t)tt_clamp64(now - r->report_at, 0, INT64_C(1) << 40) *
				 65536 / 1000000;

		b.lsr = since <= UINT32_MAX ? (uint32_t)(r->report_ntp >> 16) : 0;
		b.dlsr = since <= UINT32_MAX ? tt_u32(since) : 0;
	}
	return b;
}

static struct tt_rtcp_sender_info info_of(const struct tt_rtp_session *s,
					  const struct tt_rtp_sender *tx, taut_time now)
{
	return (struct tt_rtcp_sender_info){
		.ssrc = tx->cfg.ssrc,
		.ntp = tt_rtp_session_ntp(s, now),
		.rtp = tt_rtp_sender_timestamp(tx, now),
		.packets = (uint32_t)tx->stats.packets, /* they wrap, 6.4.1 */
		.octets = (uint32_t)tx->stats.octets,
	};
}

/* RFC 3611 section 5.1: all who receive ask for the round trip, or those alone that send as well. */
static bool asks(const struct tt_rtp_session *s, bool sends)
{
	bool receives = false;

	for (size_t i = 0; i < s->receiver_count; i++)
		receives |= s->receivers[i]->source.started && !s->receivers[i]->ended;
	return receives && (s->receiver_rtt == TT_RTP_RTT_ALL ||
			    (s->receiver_rtt == TT_RTP_RTT_SENDER && sends));
}

/* The next part of the round: a report with blocks, more senders, and who they all are. */
static void write_reports(struct tt_rtp_session *s, taut_time now, struct wr *w)
{
	struct tt_rtcp_block blocks[BLOCKS];
	uint32_t ssrcs[REPORTERS];
	size_t n = 0, block_count = 0;
	struct tt_rtp_receiver *r;
	struct tt_rtp_sender *tx;

	for (; block_count < BLOCKS && next_receiver(s, &r); s->next_receiver++)
		blocks[block_count++] = block_of(r, now);
	for (; n < REPORTERS && next_sender(s, &tx); s->next_sender++) {
		const struct tt_rtcp_sender_info info = info_of(s, tx, now);

		ssrcs[n++] = info.ssrc;
		tt_rtcp_write_sr(w, &info, blocks, block_count);
		block_count = 0;
	}
	const bool sends = n > 0;
	if (!sends) {
		ssrcs[n++] = reporter(s);
		tt_rtcp_write_rr(w, ssrcs[0], blocks, block_count);
	}
	tt_rtcp_write_sdes(w, ssrcs, n, s->cname);
	tt_rtp_session_write_xr(s, now, w, ssrcs[0], asks(s, sends), sends);
	s->in_cycle = next_sender(s, &tx) || next_receiver(s, &r);
}

/* Whether the round that is due has anything to say; begins it. */
static bool begin_round(struct tt_rtp_session *s, taut_time now)
{
	struct tt_rtp_receiver *r;
	struct tt_rtp_sender *tx;

	if (s->in_cycle)
		return true;
	if (now < s->report_at)
		return false;
	for (size_t i = 0; i < s->sender_count; i++) /* those that fell silent */
		tt_rtp_sender_forget(s->senders[i], now, tt_rtp_session_rtt(s));
	s->next_sender = s->next_receiver = 0;
	if (!next_sender(s, &tx) && !next_receiver(s, &r)) {
		s->report_at = INT64_MAX;
		return false;
	}
	s->report_at = now + interval(s);
	return true;
}

/* When a PLI or FIR for this stream may go; INT64_MAX: none is wanted. */
static taut_time key_request_at(const struct tt_rtp_session *s, const struct tt_rtp_receiver *r)
{
	/* by itself only while no key frame is on its way into the buffer */
	bool own = r->want_key && r->need_key && r->reorder.keys == 0;

	if (r->cfg.kind != TAUT_VIDEO || !r->has_ssrc || r->ended || !(r->cfg.pli || r->cfg.fir))
		return INT64_MAX;
	if (!own && !r->ask_key)
		return INT64_MAX;
	taut_time at = r->key_asked_at ? r->key_asked_at + TT_RTP_KEY_EVERY : 0;

	if (!r->ask_key && r->key_asked_at) /* and no sooner than the answer could have come */
		at += tt_rtp_session_rtt(s);
	return r->ask_key || at - r->last_at < SILENT ? at : INT64_MAX;
}

static void write_key_request(struct tt_rtp_session *s, taut_time now, struct wr *w,
			      struct tt_rtp_receiver *r)
{
	if (key_request_at(s, r) > now || wr_left(w) < 20)
		return;
	if (r->cfg.pli)
		tt_rtcp_write_pli(w, reporter(s), r->ssrc);
	else
		tt_rtcp_write_fir(w, reporter(s), r->ssrc, r->fir_seq++);
	*(r->cfg.pli ? &r->stats.plis : &r->stats.firs) += 1;
	r->key_asked_at = now;
	r->ask_key = false;
	s->counters.plis_sent++;
	tt_note(s->env, now, TAUT_LAYER_RTCP, "key frame requested",
		TT_INT("stream", r->cfg.stream));
}

static void write_nacks(struct tt_rtp_session *s, taut_time now, struct wr *w,
			struct tt_rtp_receiver *r)
{
	int64_t missing[NACKS];
	uint16_t seqs[NACKS];

	if (wr_left(w) < 16)
		return;
	size_t n = tt_nack_collect(&r->nack, now, tt_rtp_session_rtt(s), missing,
				   tt_min(NACKS, (wr_left(w) - 12) / 4));

	for (size_t i = 0; i < n; i++)
		seqs[i] = (uint16_t)missing[i];
	if (n == 0 || tt_rtcp_write_nack(w, reporter(s), r->ssrc, seqs, n) == 0)
		return;
	s->counters.nacks_sent++;
	r->stats.nacks++;
}

static bool transport_cc_due(const struct tt_rtp_session *s, taut_time now)
{
	return tt_twcc_pending(&s->arrivals) &&
	       (now >= s->transport_cc_at || tt_twcc_full(&s->arrivals));
}

static bool feedback_due(const struct tt_rtp_session *s, taut_time now)
{
	if (transport_cc_due(s, now))
		return true;
	for (size_t i = 0; i < s->receiver_count; i++) {
		const struct tt_rtp_receiver *r = s->receivers[i];

		if (key_request_at(s, r) <= now ||
		    tt_nack_deadline(&r->nack, tt_rtp_session_rtt(s)) <= now)
			return true;
	}
	return false;
}

static void write_feedback(struct tt_rtp_session *s, taut_time now, struct wr *w)
{
	for (size_t i = 0; i < s->receiver_count; i++) {
		write_nacks(s, now, w, s->receivers[i]);
		write_key_request(s, now, w, s->receivers[i]);
	}
	/* last, because it may end in padding, RFC 3550 section 6.4.1 */
	if (s->bye_count == 0 && transport_cc_due(s, now) &&
	    tt_twcc_write(&s->arrivals, w, reporter(s)))
		s->counters.twcc_sent++;
}

static void write_byes(struct tt_rtp_session *s, struct wr *w)
{
	size_t n = tt_min(tt_min(s->bye_count, TT_RTCP_MAX_BLOCKS),
			  wr_left(w) < 8 ? 0 : (wr_left(w) - 4) / 4);

	if (n == 0)
		return;
	s->bye_count -= n;
	tt_rtcp_write_bye(w, s->byes + s->bye_count, n);
}

size_t tt_rtp_session_write_rtcp(struct tt_rtp_session *s, taut_time now, uint8_t *buf, size_t cap)
{
	bool report = begin_round(s, now), bye = s->bye_count > 0;

	if (!report && !bye && !feedback_due(s, now))
		return 0;
	struct wr w = wr_make(buf, tt_min(cap, s->max_packet));
	const uint32_t self = reporter(s);

	if (report) {
		write_reports(s, now, &w);
	} else if (bye || !s->reduced_size) { /* 6.1: a compound packet begins with a report */
		tt_rtcp_write_rr(&w, self, NULL, 0);
		tt_rtcp_write_sdes(&w, &self, 1, s->cname);
	}
	size_t prefix = wr_len(&w);

	write_feedback(s, now, &w);
	write_byes(s, &w);
	if (!report && wr_len(&w) == prefix)
		return 0; /* what was due turned out hopeless */
	s->counters.rtcp_sent += wr_len(&w) > 0;
	tt_trace_packet(s->env, now, TAUT_LAYER_RTCP, true, buf, wr_len(&w), NULL, NULL);
	return wr_len(&w);
}

static void sooner(taut_time *first, const char **why, taut_time at, const char *reason)
{
	if (at < *first) {
		*first = at;
		*why = reason;
	}
}

taut_time tt_rtp_session_rtcp_deadline(const struct tt_rtp_session *s, const char **why)
{
	taut_time first = INT64_MAX;

	sooner(&first, why, s->in_cycle || s->bye_count > 0 ? s->now : s->report_at, "RTCP report");
	if (tt_twcc_pending(&s->arrivals))
		sooner(&first, why, tt_twcc_full(&s->arrivals) ? s->now : s->transport_cc_at,
		       "transport-wide feedback");
	for (size_t i = 0; i < s->receiver_count; i++) {
		const struct tt_rtp_receiver *r = s->receivers[i];

		sooner(&first, why, key_request_at(s, r), "key frame request");
		sooner(&first, why, tt_nack_deadline(&r->nack, tt_rtp_session_rtt(s)), "NACK");
	}
	return first;
}
