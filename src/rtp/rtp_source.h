/* rtp_source.h - sequence numbers and arrival statistics of one SSRC we receive.
 *
 * RFC 3550 section 6.4.1 and appendix A.1, A.3, A.8. There is no probation: an
 * authenticated packet of a negotiated stream is believed at once. */
#ifndef TAUT_RTP_RTP_SOURCE_H
#define TAUT_RTP_RTP_SOURCE_H

#include "base/env.h"

struct tt_rtp_source {
	bool started;
	int64_t base, newest; /* extended sequence numbers */
	uint32_t bad_seq;     /* what would confirm a jump; above 0xffff: none */
	uint64_t received;
	uint64_t expected_prior, received_prior;
	int64_t transit;  /* in timestamp units */
	bool has_transit;
	uint32_t jitter;  /* scaled by 16, timestamp units */
	uint32_t last_ts;
};

enum tt_rtp_seq {
	TT_RTP_SEQ_OK,      /* *ext is its extended number */
	TT_RTP_SEQ_JUMPED,  /* too far away: drop it; a second one in sequence restarts */
	TT_RTP_SEQ_RESTART, /* the source starts anew here: *ext, and what was buffered is void */
};

enum tt_rtp_seq tt_rtp_source_seq(struct tt_rtp_source *s, uint16_t seq, int64_t *ext);
/* A packet that was not seen before: counts, and feeds the jitter. */
void tt_rtp_source_arrived(struct tt_rtp_source *s, uint32_t ts, taut_time at, uint32_t clock_rate);
/* The extended number nearest to what came last: for numbers from elsewhere (RTX, reports). */
int64_t tt_rtp_source_nearest(const struct tt_rtp_source *s, uint16_t seq);
/* 6.4.1; below 0 when duplicates outnumber losses. */
int64_t tt_rtp_source_lost(const struct tt_rtp_source *s);
/* A.3: of 256, since the last call. */
uint8_t tt_rtp_source_fraction(struct tt_rtp_source *s);
taut_time tt_rtp_source_jitter_us(const struct tt_rtp_source *s, uint32_t clock_rate);

#endif
