/* rtcp_read.c - RTCP framing and packets, RFC 3550 section 6.4 and appendix A.2.
 *
 *   |V=2|P|  count  |      type     |  length in words, minus one   |
 *
 * Everything is checked before anything of a datagram takes effect. The cost is
 * linear in its bytes: counts are compared with lengths, never looped over alone. */
#include "rtcp/rtcp_packet.h"

#include "base/num.h"
#include "base/work.h"
#include "rtcp/rtcp_twcc.h"

bool tt_rtcp_next(struct rd *r, struct tt_rtcp *out)
{
	if (rd_left(r) == 0) /* also of a bad cursor */
		return false;
	const uint8_t *start = rd_at(r);
	uint8_t b = rd_u8(r);

	*out = (struct tt_rtcp){ .count = b & 31, .type = rd_u8(r) };
	out->body.len = (size_t)rd_u16(r) * 4;
	out->body.p = rd_take(r, out->body.len);
	if (r->bad || b >> 6 != 2) {
		r->bad = true;
		return false;
	}
	out->all = (struct span){ start, out->body.len + 4 };
	if (!(b & 0x20))
		return true;
	/* 6.4.1: only on the last packet, in multiples of four; but transport feedback as browsers
	 * send it pads by 1 to 3, because its deltas end anywhere */
	tt_work(1);
	uint8_t pad = out->all.p[out->all.len - 1]; /* of no body: its length, 0 */

	if (rd_left(r) > 0 || pad == 0 || pad > out->body.len ||
	    (pad % 4 != 0 && out->type != TT_RTCP_RTPFB)) {
		r->bad = true;
		return false;
	}
	out->body.len -= pad;
	return true;
}

static uint32_t check_sdes(const struct tt_rtcp *p)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	for (unsigned i = 0; i < p->count; i++) {
		uint8_t type;

		rd_u32(&r);
		while ((type = rd_u8(&r)) != 0) /* a bad cursor reads 0 */
			rd_take(&r, rd_u8(&r));
		rd_take(&r, -r.off & 3); /* 6.5: each chunk ends on a word */
		if (r.bad)
			return TAUT_DROP_RTCP_SDES;
	}
	return TT_TAKEN;
}

static uint32_t check_bye(const struct tt_rtcp *p)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	rd_take(&r, (size_t)p->count * 4);
	if (r.bad)
		return TAUT_DROP_RTCP_BYE_SOURCES;
	if (rd_left(&r) > 0 && !rd_take(&r, rd_u8(&r)))
		return TAUT_DROP_RTCP_BYE_REASON;
	return TT_TAKEN;
}

static uint32_t check_feedback(const struct tt_rtcp *p)
{
	if (p->body.len < 8)
		return TAUT_DROP_RTCP_FEEDBACK;
	size_t fci = p->body.len - 8;

	tt_work(tt_min(fci, 6));
	if (p->type == TT_RTCP_RTPFB) {
		if (p->count == TT_RTPFB_NACK && (fci == 0 || fci % 4 != 0))
			return TAUT_DROP_RTCP_NACK;
		if (p->count == TT_RTPFB_TRANSPORT_CC)
			return tt_twcc_check((struct span){ p->body.p + 8, fci });
		return TT_TAKEN;
	}
	if (p->count == TT_PSFB_FIR && (fci == 0 || fci % 8 != 0))
		return TAUT_DROP_RTCP_FIR;
	/* RFC 4585 section 6.3.3.2: PB counts padding bits, within the string */
	if (p->count == TT_PSFB_RPSI && (fci == 0 || p->body.p[8] > (fci - 2) * 8))
		return TAUT_DROP_RTCP_RPSI;
	if (p->count == TT_PSFB_AFB && fci >= 4) {
		const uint8_t *f = p->body.p + 8;
		bool remb = f[0] == 'R' && f[1] == 'E' && f[2] == 'M' && f[3] == 'B';

		if (remb && (fci < 8 || fci != 8 + 4u * f[4]))
			return TAUT_DROP_RTCP_REMB_SOURCES;
		if (remb && (f[5] >> 2) > 46) /* 18 bits of mantissa in 64 */
			return TAUT_DROP_RTCP_REMB_RATE;
	}
	return TT_TAKEN;
}

/* RFC 3611 section 3: blocks, each with its length in words. */
static uint32_t check_xr(const struct tt_rtcp *p)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	rd_u32(&r);
	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r);

		rd_u8(&r);
		size_t len = (size_t)rd_u16(&r) * 4;

		rd_take(&r, len);
		if ((type == TT_XR_RRTR && len != 8) ||
		    (type == TT_XR_DLRR && len % 12 != 0)) /* 4.4, 4.5 */
			return TAUT_DROP_RTCP_XR_LENGTH;
	}
	return r.bad ? TAUT_DROP_RTCP_XR : TT_TAKEN;
}

static uint32_t check_one(const struct tt_rtcp *p)
{
	switch (p->type) {
	case TT_RTCP_SR:
		return p->body.len < 24 + 24u * p->count ? TAUT_DROP_RTCP_SR : TT_TAKEN;
	case TT_RTCP_RR:
		return p->body.len < 4 + 24u * p->count ? TAUT_DROP_RTCP_RR : TT_TAKEN;
	case TT_RTCP_SDES:
		return check_sdes(p);
	case TT_RTCP_BYE:
		return check_bye(p);
	case TT_RTCP_APP:
		return p->body.len < 8 ? TAUT_DROP_RTCP_APP : TT_TAKEN;
	case TT_RTCP_RTPFB:
	case TT_RTCP_PSFB:
		return check_feedback(p);
	case TT_RTCP_XR:
		return check_xr(p);
	default:
		return p->type < 192 || p->type > 223 ? TAUT_DROP_RTCP_TYPE
						      : TT_TAKEN; /* RFC 5761 section 4 */
	}
}

uint32_t tt_rtcp_check(const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	struct tt_rtcp p;

	if (len < 4)
		return TAUT_DROP_RTCP_SHORT;
	while (tt_rtcp_next(&r, &p)) {
		uint32_t why = check_one(&p);

		if (why)
			return why;
	}
	return r.bad ? TAUT_DROP_RTCP_FRAMING : TT_TAKEN;
}

void tt_rtcp_read_sender_info(const struct tt_rtcp *p, struct tt_rtcp_sender_info *out)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	out->ssrc = rd_u32(&r);
	out->ntp = rd_u64(&r);
	out->rtp = rd_u32(&r);
	out->packets = rd_u32(&r);
	out->octets = rd_u32(&r);
}

void tt_rtcp_read_block(const struct tt_rtcp *p, size_t index, struct tt_rtcp_block *out)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	rd_take(&r, (p->type == TT_RTCP_SR ? 24 : 4) + index * 24);
	out->ssrc = rd_u32(&r);
	out->fraction = rd_u8(&r);
	uint32_t lost = (uint32_t)rd_be(&r, 3);

	out->lost = (int32_t)lost - (lost & 0x800000 ? 0x1000000 : 0);
	out->highest = rd_u32(&r);
	out->jitter = rd_u32(&r);
	out->lsr = rd_u32(&r);
	out->dlsr = rd_u32(&r);
}

uint32_t tt_rtcp_read_xr_sender(const struct tt_rtcp *p)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	return rd_u32(&r);
}

bool tt_rtcp_read_xr(const struct tt_rtcp *p, size_t *i, struct tt_rtcp_xr *out)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	rd_take(&r, *i == 0 ? 4 : *i); /* behind the SSRC */
	out->type = rd_u8(&r);
	rd_u8(&r);
	out->body.len = (size_t)rd_u16(&r) * 4;
	out->body.p = rd_take(&r, out->body.len);
	*i = r.off;
	return !r.bad;
}

uint64_t tt_rtcp_read_rrtr(const struct tt_rtcp_xr *b)
{
	struct rd r = rd_make(b->body.p, b->body.len);

	return rd_u64(&r);
}

bool tt_rtcp_read_dlrr(const struct tt_rtcp_xr *b, size_t index, struct tt_rtcp_dlrr *out)
{
	struct rd r = rd_make(b->body.p, b->body.len);

	rd_take(&r, index * 12);
	out->ssrc = rd_u32(&r);
	out->last = rd_u32(&r);
	out->delay = rd_u32(&r);
	return !r.bad;
}

uint32_t tt_rtcp_read_bye(const struct tt_rtcp *p, size_t index)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	rd_take(&r, index * 4);
	return rd_u32(&r);
}

void tt_rtcp_read_feedback(const struct tt_rtcp *p, struct tt_rtcp_feedback *out)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	out->sender = rd_u32(&r);
	out->media = rd_u32(&r);
	out->fci.len = rd_left(&r);
	out->fci.p = rd_take(&r, out->fci.len);
}

bool tt_rtcp_read_nack(struct span fci, size_t *i, uint16_t *seq)
{
	/* a pair is PID and a mask of the 16 that follow it: 17 places */
	for (; *i / 17 < fci.len / 4; ++*i) {
		const uint8_t *p = fci.p + *i / 17 * 4;
		unsigned place = (unsigned)(*i % 17), mask = (unsigned)p[2] << 8 | p[3];

		tt_work(4);
		if (place > 0 && !(mask >> (place - 1) & 1))
			continue;
		*seq = (uint16_t)(((unsigned)p[0] << 8 | p[1]) + place);
		++*i;
		return true;
	}
	return false;
}

bool tt_rtcp_read_fir(struct span fci, size_t i, uint32_t *ssrc, uint8_t *seq)
{
	struct rd r = rd_make(fci.p, fci.len);

	rd_take(&r, i * 8);
	*ssrc = rd_u32(&r);
	*seq = rd_u8(&r);
	rd_take(&r, 3);
	return !r.bad;
}

bool tt_rtcp_read_remb(struct span fci, uint64_t *bits_per_second)
{
	struct rd r = rd_make(fci.p, fci.len);

	if (rd_u32(&r) != 0x52454d42) /* "REMB" */
		return false;
	rd_u8(&r);
	uint32_t rate = (uint32_t)rd_be(&r, 3);

	*bits_per_second = (uint64_t)(rate & 0x3ffff) << (rate >> 18);
	return !r.bad && rate >> 18 <= 46;
}

uint64_t tt_rtcp_ntp(int64_t unix_us)
{
	uint64_t us = (uint64_t)tt_max64(unix_us, 0);

	/* 70 years, 17 of them with a leap day, from 1900 to 1970 */
	return ((us / 1000000 + 2208988800u) << 32) + ((us % 1000000 << 32) / 1000000);
}
