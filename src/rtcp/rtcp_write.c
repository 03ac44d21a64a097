/* rtcp_write.c - RTCP packets written: RFC 3550 section 6, RFC 4585 section 6, RFC 5104. */
#include "rtcp/rtcp_packet.h"

#include <string.h>

#include "base/num.h"

static size_t begin(struct wr *w, size_t count, unsigned type)
{
	size_t at = w->off;

	wr_u8(w, tt_u8(0x80u | count));
	wr_u8(w, tt_u8(type));
	wr_u16(w, 0);
	return at;
}

static void end(struct wr *w, size_t at)
{
	if (!w->bad)
		wr_patch_u16(w, at + 2, tt_u16((w->off - at) / 4 - 1));
}

static void write_blocks(struct wr *w, const struct tt_rtcp_block *blocks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct tt_rtcp_block *b = &blocks[i];

		wr_u32(w, b->ssrc);
		wr_u8(w, b->fraction);
		wr_u24(w, (uint32_t)b->lost & 0xffffff);
		wr_u32(w, b->highest);
		wr_u32(w, b->jitter);
		wr_u32(w, b->lsr);
		wr_u32(w, b->dlsr);
	}
}

void tt_rtcp_write_sr(struct wr *w, const struct tt_rtcp_sender_info *info,
		      const struct tt_rtcp_block *blocks, size_t n)
{
	size_t at = begin(w, n, TT_RTCP_SR);

	wr_u32(w, info->ssrc);
	wr_u64(w, info->ntp);
	wr_u32(w, info->rtp);
	wr_u32(w, info->packets);
	wr_u32(w, info->octets);
	write_blocks(w, blocks, n);
	end(w, at);
}

void tt_rtcp_write_rr(struct wr *w, uint32_t ssrc, const struct tt_rtcp_block *blocks, size_t n)
{
	size_t at = begin(w, n, TT_RTCP_RR);

	wr_u32(w, ssrc);
	write_blocks(w, blocks, n);
	end(w, at);
}

void tt_rtcp_write_sdes(struct wr *w, const uint32_t *ssrcs, size_t n, const char *cname)
{
	size_t at = begin(w, n, TT_RTCP_SDES), len = tt_min(strlen(cname), 255);

	for (size_t i = 0; i < n; i++) {
		wr_u32(w, ssrcs[i]);
		wr_u8(w, 1); /* CNAME, 6.5.1 */
		wr_u8(w, tt_u8(len));
		wr_bytes(w, cname, len);
		wr_zeros(w, 4 - (2 + len) % 4); /* at least one, to the end of the word */
	}
	end(w, at);
}

static void begin_xr(struct wr *w, uint8_t type, size_t words)
{
	wr_u8(w, type);
	wr_u8(w, 0);
	wr_u16(w, tt_u16(words));
}

void tt_rtcp_write_xr(struct wr *w, uint32_t ssrc, uint64_t ntp, const struct tt_rtcp_dlrr *dlrr,
		      size_t n)
{
	if (ntp == 0 && n == 0)
		return;
	const size_t at = begin(w, 0, TT_RTCP_XR);

	wr_u32(w, ssrc);
	if (ntp != 0) { /* RFC 3611 section 4.4 */
		begin_xr(w, TT_XR_RRTR, 2);
		wr_u64(w, ntp);
	}
	if (n > 0) /* section 4.5 */
		begin_xr(w, TT_XR_DLRR, 3 * n);
	for (size_t i = 0; i < n; i++) {
		wr_u32(w, dlrr[i].ssrc);
		wr_u32(w, dlrr[i].last);
		wr_u32(w, dlrr[i].delay);
	}
	end(w, at);
}

void tt_rtcp_write_bye(struct wr *w, const uint32_t *ssrcs, size_t n)
{
	size_t at = begin(w, n, TT_RTCP_BYE);

	for (size_t i = 0; i < n; i++)
		wr_u32(w, ssrcs[i]);
	end(w, at);
}

static size_t begin_feedback(struct wr *w, unsigned type, unsigned fmt, uint32_t sender,
			     uint32_t media)
{
	size_t at = begin(w, fmt, type);

	wr_u32(w, sender);
	wr_u32(w, media);
	return at;
}

size_t tt_rtcp_write_nack(struct wr *w, uint32_t sender, uint32_t media, const uint16_t *seqs,
			  size_t n)
{
	if (n == 0 || wr_left(w) < 16)
		return 0;
	size_t at = begin_feedback(w, TT_RTCP_RTPFB, TT_RTPFB_NACK, sender, media), i = 0;

	while (i < n && wr_left(w) >= 4) {
		uint16_t pid = seqs[i++], mask = 0;

		for (; i < n && (uint16_t)(seqs[i] - pid) <= 16; i++)
			if (seqs[i] != pid)
				mask = tt_u16(mask | 1u << ((uint16_t)(seqs[i] - pid) - 1));
		wr_u16(w, pid);
		wr_u16(w, mask);
	}
	end(w, at);
	return i;
}

void tt_rtcp_write_pli(struct wr *w, uint32_t sender, uint32_t media)
{
	end(w, begin_feedback(w, TT_RTCP_PSFB, TT_PSFB_PLI, sender, media));
}

void tt_rtcp_write_fir(struct wr *w, uint32_t sender, uint32_t media, uint8_t seq)
{
	/* RFC 5104 section 4.3.1.2: the common media ssrc is 0, the real one is in the entry */
	size_t at = begin_feedback(w, TT_RTCP_PSFB, TT_PSFB_FIR, sender, 0);

	wr_u32(w, media);
	wr_u32(w, (uint32_t)seq << 24);
	end(w, at);
}
