/* rtcp_twcc_read.c - transport-wide feedback, read: draft-holmer-rmcat-transport-wide-cc-extensions-01.
 *
 *   |      base sequence number     |      packet status count      |
 *   |                 reference time                | fb pkt. count |
 *   |          packet chunk         |         packet chunk          |
 *   |  chunks ...                   |  deltas ...
 *
 *   run length chunk       |0| S |       run length        |       3.1.3
 *   status vector chunk    |1|S|  14 one-bit or 7 two-bit  |       3.1.4
 *
 * Symbols: 0 not received, 1 small delta (a byte), 2 large delta (two, signed),
 * 3 reserved: refused, because what it would mean for the deltas is not known. */
#include "rtcp/rtcp_twcc.h"

#include "base/never.h"
#include "base/num.h"

static unsigned chunk_len(uint16_t chunk)
{
	return !(chunk & 0x8000) ? chunk & 0x1fff : chunk & 0x4000 ? 7 : 14;
}

/* The symbol of a chunk when `left` of its symbols are not read yet. */
static unsigned chunk_symbol(uint16_t chunk, unsigned left)
{
	if (!(chunk & 0x8000))
		return chunk >> 13 & 3;
	if (chunk & 0x4000)
		return chunk >> 2 * (left - 1) & 3;
	return chunk >> (left - 1) & 1;
}

void tt_twcc_begin(struct tt_twcc_reader *r, struct span fci)
{
	struct rd rd = rd_make(fci.p, fci.len);

	*r = (struct tt_twcc_reader){ .base = rd_u16(&rd), .count = rd_u16(&rd) };
	uint32_t time = (uint32_t)rd_be(&rd, 3);

	r->reference = (int32_t)time - (time & 0x800000 ? 0x1000000 : 0);
	r->feedback = rd_u8(&rd);
	r->chunks = rd;
	/* the deltas begin where the chunks have covered the count */
	for (uint32_t covered = 0; covered < r->count && !rd.bad;)
		covered += chunk_len(rd_u16(&rd));
	r->deltas = rd;
}

bool tt_twcc_next(struct tt_twcc_reader *r, struct tt_twcc_status *out)
{
	if (r->at == r->count || r->deltas.bad)
		return false;
	while (r->chunk_left == 0) {
		r->chunk = rd_u16(&r->chunks);
		if (TT_NEVER(r->chunks.bad, "deltas begin where the chunks have covered the count"))
			return false;
		r->chunk_left = chunk_len(r->chunk);
	}
	unsigned symbol = chunk_symbol(r->chunk, r->chunk_left--);

	*out = (struct tt_twcc_status){ .seq = (uint16_t)(r->base + r->at++) };
	if (symbol == 0)
		return true;
	out->received = out->has_delta = true;
	int32_t ticks = symbol == 1 ? rd_u8(&r->deltas) : (int32_t)rd_u16(&r->deltas);

	if (ticks > 0x7fff)
		ticks -= 0x10000;
	out->delta_us = ticks * TT_TWCC_TICK;
	return !r->deltas.bad;
}

/* Bytes of deltas that a chunk asks for, of its first n symbols. */
static bool chunk_deltas(uint16_t chunk, unsigned n, size_t *bytes)
{
	unsigned len = chunk_len(chunk);

	if (!(chunk & 0x8000)) {
		unsigned symbol = chunk >> 13 & 3;

		*bytes += (size_t)n * symbol;
		return symbol != 3;
	}
	for (unsigned i = 0; i < n; i++) {
		unsigned symbol = chunk_symbol(chunk, len - i);

		if (symbol == 3)
			return false;
		*bytes += symbol;
	}
	return true;
}

uint32_t tt_twcc_check(struct span fci)
{
	struct rd r = rd_make(fci.p, fci.len);
	size_t deltas = 0;

	rd_u16(&r);
	uint32_t left = rd_u16(&r);

	rd_u32(&r);
	if (r.bad)
		return TAUT_DROP_RTCP_TWCC;
	if (left == 0)
		return TAUT_DROP_RTCP_TWCC_EMPTY;
	while (left > 0) {
		uint16_t chunk = rd_u16(&r);
		unsigned n = (unsigned)tt_min(chunk_len(chunk), left);

		if (r.bad)
			return TAUT_DROP_RTCP_TWCC_CHUNKS;
		if (!chunk_deltas(chunk, n, &deltas))
			return TAUT_DROP_RTCP_TWCC_SYMBOL;
		left -= n;
	}
	return deltas > rd_left(&r) ? TAUT_DROP_RTCP_TWCC_DELTAS : TT_TAKEN;
}
