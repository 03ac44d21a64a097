/* rtp_session_xr.c - the round trip of who receives: RFC 3611 sections 4.4 and 4.5.
 *
 *     receiver                    sender
 *        | ---- RRTR, NTP ---------> |
 *        |                           |  delay
 *        | <--- SR, DLRR: the middle of NTP, and the delay
 *
 * Who sends answers the last question of each SSRC with each of his sender reports. Other blocks are
 * checked (rtcp_read.c) and say nothing that is used here. */
#include "rtcp/rtp_session_int.h"

#include "base/num.h"

enum { MAX_RTT = 10000000 };

taut_time tt_rtp_session_span(const struct tt_rtp_session *s, taut_time arrived, uint32_t last,
			      uint32_t delay)
{
	const uint32_t a = (uint32_t)(tt_rtp_session_ntp(s, arrived) >> 16);
	const uint32_t span = a - last - delay;
	const int64_t rtt = (int64_t)((uint64_t)span * 1000000 >> 16);

	if (span >= 0xffffff00u)
		return 1; /* the two clocks round differently: less than a tick */
	return span < 0x80000000u && rtt < MAX_RTT ? tt_max64(rtt, 1) : -1;
}

static struct tt_rtp_asked *place_of(struct tt_rtp_session *s, uint32_t ssrc)
{
	struct tt_rtp_asked *oldest = &s->asked[0];

	for (size_t i = 0; i < s->asked_count; i++) {
		if (s->asked[i].ssrc == ssrc)
			return &s->asked[i];
		if (s->asked[i].at < oldest->at)
			oldest = &s->asked[i];
	}
	return s->asked_count < TT_RTP_MAX_ASKED ? &s->asked[s->asked_count++] : oldest;
}

static bool is_ours(struct tt_rtp_session *s, uint32_t ssrc)
{
	return ssrc == s->own_ssrc || tt_rtp_session_sender_of(s, ssrc) != NULL;
}

/* 4.5. The round trip, or 0: there was no question of ours, or it says no time. */
static taut_time take_dlrr(struct tt_rtp_session *s, taut_time arrived, const struct tt_rtcp_xr *b)
{
	struct tt_rtcp_dlrr d;
	taut_time rtt = 0;

	for (size_t i = 0; tt_rtcp_read_dlrr(b, i, &d); i++)
		if (d.last != 0 && d.delay != 0 && is_ours(s, d.ssrc))
			rtt = tt_max64(rtt, tt_rtp_session_span(s, arrived, d.last, d.delay));
	return rtt;
}

taut_time tt_rtp_session_take_xr(struct tt_rtp_session *s, taut_time arrived,
				 const struct tt_rtcp *p)
{
	struct tt_rtcp_xr b;
	taut_time rtt = 0;

	for (size_t i = 0; tt_rtcp_read_xr(p, &i, &b);) {
		if (b.type == TT_XR_RRTR) {
			const uint32_t ssrc = tt_rtcp_read_xr_sender(p);
			const uint32_t last = (uint32_t)(tt_rtcp_read_rrtr(&b) >> 16);
			*place_of(s, ssrc) = (struct tt_rtp_asked){ ssrc, last, arrived };
		} else if (b.type == TT_XR_DLRR) {
			rtt = tt_max64(rtt, take_dlrr(s, arrived, &b));
		}
	}
	return rtt;
}

void tt_rtp_session_answered(struct tt_rtp_session *s, taut_time rtt)
{
	for (size_t i = 0; i < s->receiver_count; i++) {
		struct tt_rtp_receiver *r = s->receivers[i];

		if (!r->reported)
			continue;
		r->reported = false;
		r->stats.rtt = rtt;
		r->stats.rtt_sum += rtt;
		r->stats.rtts += rtt > 0;
	}
}

void tt_rtp_session_write_xr(struct tt_rtp_session *s, taut_time now, struct wr *w, uint32_t ssrc,
			     bool asks, bool answers)
{
	struct tt_rtcp_dlrr dlrr[TT_RTP_MAX_ASKED];
	size_t n = 0;

	for (size_t i = 0; answers && i < s->asked_count; i++) {
		const struct tt_rtp_asked *a = &s->asked[i];
		/* in 1/65,536 s, which 32 bits hold for 18 hours */
		const uint64_t since =
			(uint64_t)tt_clamp64(now - a->at, 0, INT64_C(1) << 40) * 65536 / 1000000;
		if (a->last != 0 && since <= UINT32_MAX)
			dlrr[n++] = (struct tt_rtcp_dlrr){ a->ssrc, a->last, tt_u32(since) };
	}
	tt_rtcp_write_xr(w, ssrc, asks ? tt_rtp_session_ntp(s, now) : 0, dlrr, n);
}
