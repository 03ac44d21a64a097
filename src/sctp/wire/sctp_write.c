/* sctp_write.c - from chunks to bytes: RFC 9260 section 3. */
#include "base/crc32c.h"
#include "base/num.h"
#include "sctp/wire/sctp_wire.h"

size_t tt_sctp_begin(struct wr *w, uint8_t type, uint8_t flags)
{
	size_t at = w->off;

	wr_u8(w, type);
	wr_u8(w, flags);
	wr_u16(w, 0);
	return at;
}

size_t tt_sctp_begin_param(struct wr *w, uint16_t tag)
{
	wr_zeros(w, -w->off & 3); /* of the one before; chunks begin at a multiple of four */
	size_t at = w->off;

	wr_u16(w, tag);
	wr_u16(w, 0);
	return at;
}

/* 3.2: a chunk's length counts the padding of its parameters, but not of the last one. */
void tt_sctp_end_param(struct wr *w, size_t at)
{
	wr_patch_u16(w, at + 2, tt_u16(w->off - at));
}

void tt_sctp_end(struct wr *w, size_t at)
{
	size_t len = w->off - at;

	wr_patch_u16(w, at + 2, tt_u16(len));
	wr_zeros(w, -len & 3);
}

void tt_sctp_write_header(struct wr *w, const struct sctp_header *h)
{
	wr_u16(w, h->from);
	wr_u16(w, h->to);
	wr_u32(w, h->tag);
	wr_u32(w, 0);
}

size_t tt_sctp_seal(struct wr *w)
{
	size_t len = wr_len(w);

	if (len < SCTP_COMMON_HEADER)
		return 0;
	uint32_t crc = tt_crc32c(w->base, len);
	struct wr at = wr_make(w->base + 8, 4);
	for (int i = 0; i < 4; i++) /* appendix A: the least significant byte first */
		wr_u8(&at, (uint8_t)(crc >> 8 * i));
	return len;
}

void tt_sctp_write_data(struct wr *w, const struct sctp_data *d)
{
	size_t at = tt_sctp_begin(w, d->interleaved ? SCTP_I_DATA : SCTP_DATA,
	                          (uint8_t)((d->end ? SCTP_FLAG_END : 0) |
	                                    (d->begin ? SCTP_FLAG_BEGIN : 0) |
	                                    (d->unordered ? SCTP_FLAG_UNORDERED : 0) |
	                                    (d->immediate ? SCTP_FLAG_IMMEDIATE : 0)));

	wr_u32(w, d->tsn.v);
	wr_u16(w, d->stream);
	wr_u16(w, d->interleaved ? 0 : (uint16_t)d->mid.v);
	if (d->interleaved)
		wr_u32(w, d->mid.v);
	wr_u32(w, d->interleaved && !d->begin ? d->fsn : d->ppid);
	wr_bytes(w, d->data, d->len);
	tt_sctp_end(w, at);
}

void tt_sctp_write_skipped(struct wr *w, const struct sctp_skipped *s, bool interleaved)
{
	wr_u16(w, s->stream);
	wr_u16(w, interleaved ? s->unordered : (uint16_t)s->mid.v);
	if (interleaved)
		wr_u32(w, s->mid.v);
}

void tt_sctp_write_init(struct wr *w, uint8_t type, const struct sctp_init *i)
{
	size_t at = tt_sctp_begin(w, type, 0);
	size_t p;

	wr_u32(w, i->tag);
	wr_u32(w, i->window);
	wr_u16(w, i->out_streams);
	wr_u16(w, i->in_streams);
	wr_u32(w, i->tsn.v);
	if (i->cookie.len > 0) {
		p = tt_sctp_begin_param(w, SCTP_P_COOKIE);
		wr_bytes(w, i->cookie.p, i->cookie.len);
		tt_sctp_end_param(w, p);
	}
	p = tt_sctp_begin_param(w, SCTP_P_FORWARD_TSN); /* RFC 3758 section 3.1 */
	tt_sctp_end_param(w, p);
	p = tt_sctp_begin_param(w, SCTP_P_EXTENSIONS);
	wr_u8(w, SCTP_RE_CONFIG);
	wr_u8(w, SCTP_FORWARD_TSN);
	if (i->interleaving)
		wr_u8(w, SCTP_I_DATA);
	if (i->i_forward_tsn)
		wr_u8(w, SCTP_I_FORWARD_TSN);
	tt_sctp_end_param(w, p);
	if (i->zero_checksum) {
		p = tt_sctp_begin_param(w, SCTP_P_ZERO_CHECKSUM);
		wr_u32(w, SCTP_DETECTION_DTLS);
		tt_sctp_end_param(w, p);
	}
	struct rd r = rd_make(i->unknown, i->unknown_len);
	for (struct sctp_tlv unknown; tt_sctp_next(&r, &unknown);) {
		p = tt_sctp_begin_param(w, SCTP_P_UNRECOGNIZED);
		wr_bytes(w, unknown.whole.p, unknown.whole.len);
		tt_sctp_end_param(w, p);
	}
	tt_sctp_end(w, at);
}

void tt_sctp_write_cause(struct wr *w, uint16_t cause, const void *info, size_t len)
{
	size_t at = tt_sctp_begin_param(w, cause);

	wr_bytes(w, info, len);
	tt_sctp_end_param(w, at);
}
