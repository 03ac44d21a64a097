/* rtp_ext.c - header extension elements, RFC 8285.
 *
 * One-byte form (section 4.2, profile 0xBEDE): id and length - 1 share a byte,
 * ids 1..14, 1..16 bytes. Two-byte form (section 4.3, profile 0x100x): a byte
 * each, ids 1..255, 0..255 bytes. Zero bytes between elements are padding. */
#include "rtp/rtp_packet.h"

#include "base/num.h"

enum { ONE_BYTE = 0xBEDE, TWO_BYTE = 0x1000 };

struct tt_rtp_ext_reader tt_rtp_ext_begin(const struct tt_rtp_packet *p)
{
	return (struct tt_rtp_ext_reader){ rd_make(p->ext.p, p->ext.len), p->ext_profile };
}

static bool next_one_byte(struct rd *r, struct tt_rtp_ext *out)
{
	uint8_t b = rd_u8(r);
	uint8_t id = b >> 4;

	/* 4.2: id 15 ends the reading; id 0 with a length is nothing we could skip safely */
	if (id == 15 || id == 0)
		return false;
	*out = (struct tt_rtp_ext){ id, { NULL, (b & 15u) + 1 } };
	out->value.p = rd_take(r, out->value.len);
	return !r->bad;
}

static bool next_two_byte(struct rd *r, struct tt_rtp_ext *out)
{
	*out = (struct tt_rtp_ext){ .id = rd_u8(r) };
	out->value.len = rd_u8(r);
	out->value.p = rd_take(r, out->value.len);
	return !r->bad;
}

bool tt_rtp_ext_next(struct tt_rtp_ext_reader *r, struct tt_rtp_ext *out)
{
	struct rd next = r->rd;

	while (rd_left(&next) > 0 && rd_u8(&next) == 0)
		r->rd = next;
	if (rd_left(&r->rd) == 0)
		return false;
	bool ok = false;

	if (r->profile == ONE_BYTE)
		ok = next_one_byte(&r->rd, out);
	else if ((r->profile & 0xfff0) == TWO_BYTE)
		ok = next_two_byte(&r->rd, out);
	if (!ok)
		r->rd.bad = true;
	return ok;
}

static bool fits_one_byte(const struct tt_rtp_ext *ext, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ext[i].id > 14 || ext[i].value.len < 1 || ext[i].value.len > 16)
			return false;
	return true;
}

size_t tt_rtp_ext_room(const struct tt_rtp_ext *ext, size_t n)
{
	size_t each = fits_one_byte(ext, n) ? 1 : 2, sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += each + ext[i].value.len;
	return n == 0 ? 0 : 4 + (sum + 3) / 4 * 4;
}

static void write_ext(struct wr *w, const struct tt_rtp_ext *ext, size_t n)
{
	bool one = fits_one_byte(ext, n);
	size_t body = tt_rtp_ext_room(ext, n) - 4;

	wr_u32(w, (uint32_t)(one ? ONE_BYTE : TWO_BYTE) << 16 | tt_u16(body / 4));
	size_t end = w->off + body;
	for (size_t i = 0; i < n; i++) {
		size_t len = ext[i].value.len;

		if (one)
			wr_u8(w, tt_u8((size_t)ext[i].id << 4 | (len - 1)));
		else
			wr_u16(w, tt_u16((size_t)ext[i].id << 8 | len));
		wr_bytes(w, ext[i].value.p, len);
	}
	wr_zeros(w, end - w->off);
}

void tt_rtp_write_header(struct wr *w, const struct tt_rtp_packet *p, const struct tt_rtp_ext *ext,
			 size_t ext_count)
{
	const unsigned first =
		0x8000u | (ext_count > 0 ? 0x1000u : 0) | (p->marker ? 0x80u : 0) | (p->pt & 0x7fu);

	wr_u64(w, (uint64_t)(first << 16 | p->seq) << 32 | p->ts);
	wr_u32(w, p->ssrc);
	if (ext_count > 0)
		write_ext(w, ext, ext_count);
}
