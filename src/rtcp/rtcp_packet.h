/* rtcp_packet.h - RTCP packets, read and written: RFC 3550 section 6, RFC 4585 section 6.
 *
 * A datagram is walked packet by packet (tt_rtcp_next); each kind has a reader
 * that takes the packet's body. Reading allocates nothing and points into the
 * datagram. Writers append one packet to a cursor. */
#ifndef TAUT_RTCP_RTCP_PACKET_H
#define TAUT_RTCP_RTCP_PACKET_H

#include "base/drop.h"
#include "base/rd.h"
#include "base/span.h"
#include "base/wr.h"

enum {
	TT_RTCP_SR = 200,
	TT_RTCP_RR = 201,
	TT_RTCP_SDES = 202,
	TT_RTCP_BYE = 203,
	TT_RTCP_APP = 204,
	TT_RTCP_RTPFB = 205, /* RFC 4585 section 6.2 */
	TT_RTCP_PSFB = 206,  /* RFC 4585 section 6.3 */
	TT_RTCP_XR = 207,    /* RFC 3611 */

	TT_RTPFB_NACK = 1,
	TT_RTPFB_TRANSPORT_CC = 15,
	TT_PSFB_PLI = 1,
	TT_PSFB_SLI = 2,
	TT_PSFB_RPSI = 3,
	TT_PSFB_FIR = 4, /* RFC 5104 section 4.3.1 */
	TT_PSFB_AFB = 15,

	TT_XR_RRTR = 4, /* RFC 3611 section 4.4 */
	TT_XR_DLRR = 5, /* section 4.5 */

	TT_RTCP_MAX_BLOCKS = 31, /* five bits */
};

struct tt_rtcp {
	uint8_t type, count; /* count: of blocks, or the FMT of feedback */
	struct span body;    /* after the first four bytes, without padding */
	struct span all;
};

/* True: *out is the next packet. False: the end, or r->bad: it is not RTCP from here on. */
bool tt_rtcp_next(struct rd *r, struct tt_rtcp *out);
/* NULL: every packet of the datagram is well formed, or what is wrong. Of unknown
 * types only the framing counts. */
uint32_t tt_rtcp_check(const uint8_t *pkt, size_t len);

struct tt_rtcp_sender_info {
	uint32_t ssrc;
	uint64_t ntp;
	uint32_t rtp, packets, octets;
};

struct tt_rtcp_block {
	uint32_t ssrc;
	uint8_t fraction;
	int32_t lost; /* 24 bits, signed */
	uint32_t highest, jitter, lsr, dlsr;
};

/* The readers take packets that passed tt_rtcp_check. */
void tt_rtcp_read_sender_info(const struct tt_rtcp *p, struct tt_rtcp_sender_info *out);
/* Of SR and RR; index below p->count. */
void tt_rtcp_read_block(const struct tt_rtcp *p, size_t index, struct tt_rtcp_block *out);
uint32_t tt_rtcp_read_bye(const struct tt_rtcp *p, size_t index);

/* The two SSRCs every feedback packet begins with; fci: what follows them. */
struct tt_rtcp_feedback {
	uint32_t sender, media;
	struct span fci;
};
void tt_rtcp_read_feedback(const struct tt_rtcp *p, struct tt_rtcp_feedback *out);
/* RFC 4585 section 6.2.1: one call per sequence number. i counts from 0. False: no more. */
bool tt_rtcp_read_nack(struct span fci, size_t *i, uint16_t *seq);
/* RFC 5104 section 4.3.1.1. False: no more. */
bool tt_rtcp_read_fir(struct span fci, size_t i, uint32_t *ssrc, uint8_t *seq);
/* draft-alvestrand-rmcat-remb-03. False: not a REMB. */
bool tt_rtcp_read_remb(struct span fci, uint64_t *bits_per_second);

/* RFC 3611 section 4.5, a sub-block of DLRR: of whom, the middle of its last NTP timestamp, and how long ago that
 * came in 1/65,536 s. */
struct tt_rtcp_dlrr {
	uint32_t ssrc, last, delay;
};
/* A report block of XR. i counts octets of p's body, from 0. False: no more. */
struct tt_rtcp_xr {
	uint8_t type; /* TT_XR_ */
	struct span body;
};
bool tt_rtcp_read_xr(const struct tt_rtcp *p, size_t *i, struct tt_rtcp_xr *out);
uint32_t tt_rtcp_read_xr_sender(const struct tt_rtcp *p);
uint64_t tt_rtcp_read_rrtr(const struct tt_rtcp_xr *b);
/* False: there is no index-th. */
bool tt_rtcp_read_dlrr(const struct tt_rtcp_xr *b, size_t index, struct tt_rtcp_dlrr *out);

void tt_rtcp_write_sr(struct wr *w, const struct tt_rtcp_sender_info *info,
                      const struct tt_rtcp_block *blocks, size_t n);
void tt_rtcp_write_rr(struct wr *w, uint32_t ssrc, const struct tt_rtcp_block *blocks, size_t n);
/* A chunk with the CNAME for each ssrc, RFC 3550 section 6.5. */
void tt_rtcp_write_sdes(struct wr *w, const uint32_t *ssrcs, size_t n, const char *cname);
/* One packet with what there is of both: a Receiver Reference Time (ntp 0: none), and DLRR for n. */
void tt_rtcp_write_xr(struct wr *w, uint32_t ssrc, uint64_t ntp, const struct tt_rtcp_dlrr *dlrr,
		      size_t n);
void tt_rtcp_write_bye(struct wr *w, const uint32_t *ssrcs, size_t n);
/* seqs ascending; what does not fit into w any more is left out. How many were written. */
size_t tt_rtcp_write_nack(struct wr *w, uint32_t sender, uint32_t media, const uint16_t *seqs,
                          size_t n);
void tt_rtcp_write_pli(struct wr *w, uint32_t sender, uint32_t media);
void tt_rtcp_write_fir(struct wr *w, uint32_t sender, uint32_t media, uint8_t seq);

/* NTP time (RFC 3550 section 4) of microseconds since 1970. */
uint64_t tt_rtcp_ntp(int64_t unix_us);
/* Microseconds as a span of NTP time. */
static inline int64_t tt_rtcp_ntp_span(int64_t us)
{
	return us / 1000000 * INT64_C(0x100000000) + us % 1000000 * INT64_C(0x100000000) / 1000000;
}
/* A span of NTP time in microseconds. */
static inline int64_t tt_rtcp_ntp_us(uint64_t span)
{
	return (int64_t)((span >> 32) * 1000000 + ((span & 0xffffffff) * 1000000 >> 32));
}

#endif
