/* sctp_read.c - from bytes to chunks: RFC 9260 sections 3 and 6.8.
 *
 * Nothing is copied but parameters that must be sent back; spans point into the
 * packet. What is read here is well formed; whether it makes sense at this
 * moment is for the association to say. */
#include <string.h>

#include "base/crc32c.h"
#include "base/num.h"
#include "base/unchecked.h"
#include "base/work.h"
#include "sctp/wire/sctp_wire.h"

bool tt_sctp_next(struct rd *r, struct sctp_tlv *out)
{
	if (rd_left(r) == 0) /* also of a bad cursor */
		return false;
	const uint8_t *start = rd_at(r);
	uint16_t tag = rd_u16(r);
	uint16_t len = rd_u16(r);

	if (len < SCTP_TLV_HEADER) { /* a bad cursor reads 0 */
		r->bad = true;
		return false;
	}
	struct rd value = rd_sub(r, (size_t)len - SCTP_TLV_HEADER);
	if (r->bad)
		return false;
	/* 3.2: padding is ignored; an end of packet that lacks it does no harm */
	size_t pad = -(size_t)len & 3;
	rd_take(r, tt_min(pad, rd_left(r)));
	*out = (struct sctp_tlv){ .tag = tag, .type = (uint8_t)(tag >> 8), .flags = (uint8_t)tag,
	                          .value = value, .whole = { start, len } };
	return true;
}

/* 6.8: over the packet with zeros where the checksum stands. */
static uint32_t checksum(const uint8_t *pkt, size_t len)
{
	uint8_t copy[SCTP_MAX_PACKET];

	tt_work(2 * len);
	memcpy(copy, pkt, len);
	memset(copy + 8, 0, 4);
	return tt_crc32c(copy, len);
}

/* RFC 9653 section 5.2: who gets these may not know yet that we agreed on anything. */
static bool needs_checksum(struct rd chunks)
{
	struct sctp_tlv chunk = { 0 };

	while (tt_sctp_next(&chunks, &chunk))
		if (chunk.type == SCTP_INIT || chunk.type == SCTP_COOKIE_ECHO)
			return true;
	return false;
}

uint32_t tt_sctp_read_packet(struct sctp_header *h, struct rd *chunks, const uint8_t *pkt,
			     size_t len, bool zero_checksum)
{
	struct rd r = rd_make(pkt, len);

	*h = (struct sctp_header){ 0 };
	h->from = rd_u16(&r);
	h->to = rd_u16(&r);
	h->tag = rd_u32(&r);
	uint32_t a = rd_u8(&r), b = rd_u8(&r), c = rd_u8(&r), d = rd_u8(&r);
	if (rd_left(&r) == 0) /* also of a bad cursor */
		return TAUT_DROP_SCTP_TOO_SHORT;
	if (len > SCTP_MAX_PACKET)
		return TAUT_DROP_SCTP_TOO_LONG;
	const uint32_t sum = a | b << 8 | c << 16 | d << 24;
	const bool left_out = zero_checksum && sum == 0 && !needs_checksum(r);
	if (!TT_UNCHECKED && !left_out && sum != checksum(pkt, len))
		return TAUT_DROP_SCTP_CHECKSUM;
	*chunks = r;

	struct sctp_tlv chunk;
	while (tt_sctp_next(&r, &chunk))
		;
	return r.bad ? TAUT_DROP_SCTP_CHUNK_LENGTHS : TT_TAKEN;
}

/* 3.3.1; RFC 8260 section 2.1 */
bool tt_sctp_read_data(struct sctp_data *d, const struct sctp_tlv *chunk)
{
	struct rd r = chunk->value;

	*d = (struct sctp_data){ .tsn = s32(rd_u32(&r)) };
	d->interleaved = chunk->type == SCTP_I_DATA;
	d->begin = chunk->flags & SCTP_FLAG_BEGIN;
	d->end = chunk->flags & SCTP_FLAG_END;
	d->stream = rd_u16(&r);
	d->mid = s32(rd_u16(&r));
	if (d->interleaved)
		d->mid = s32(rd_u32(&r)); /* what was read before it is reserved */
	const uint32_t shared = rd_u32(&r);
	if (d->interleaved && !d->begin)
		d->fsn = shared;
	else
		d->ppid = shared;
	d->len = rd_left(&r);
	d->data = rd_take(&r, d->len);
	d->unordered = chunk->flags & SCTP_FLAG_UNORDERED;
	d->immediate = chunk->flags & SCTP_FLAG_IMMEDIATE;
	return !r.bad;
}

bool tt_sctp_read_forward(struct sctp_forward *f, const struct sctp_tlv *chunk)
{
	struct rd r = chunk->value;

	*f = (struct sctp_forward){ .cum = s32(rd_u32(&r)) };
	f->interleaved = chunk->type == SCTP_I_FORWARD_TSN;
	f->skipped = r;
	return !r.bad && rd_left(&r) % (f->interleaved ? 8 : 4) == 0;
}

bool tt_sctp_next_skipped(struct sctp_forward *f, struct sctp_skipped *s)
{
	if (rd_left(&f->skipped) == 0)
		return false;
	const uint16_t stream = rd_u16(&f->skipped), second = rd_u16(&f->skipped);
	*s = (struct sctp_skipped){ .stream = stream, .mid = s32(second) };
	if (f->interleaved) { /* 15 bits are reserved */
		s->unordered = second & 1;
		s->mid = s32(rd_u32(&f->skipped));
	}
	return true;
}

static void note_unknown(struct sctp_init *i, struct span whole)
{
	size_t padded = (whole.len + 3) & ~(size_t)3;

	if (padded > sizeof i->unknown - i->unknown_len)
		return; /* 3.2.1 asks for a report, not for an amplifier */
	tt_work(whole.len);
	memcpy(i->unknown + i->unknown_len, whole.p, whole.len);
	memset(i->unknown + i->unknown_len + whole.len, 0, padded - whole.len);
	i->unknown_len += padded;
}

/* RFC 5061 section 4.2.7: the chunk types of extensions that the sender knows. */
static void read_extensions(struct sctp_init *i, struct rd r)
{
	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r);
		i->forward_tsn = i->forward_tsn || type == SCTP_FORWARD_TSN;
		i->reconfig = i->reconfig || type == SCTP_RE_CONFIG;
		i->interleaving = i->interleaving || type == SCTP_I_DATA;
		i->i_forward_tsn = i->i_forward_tsn || type == SCTP_I_FORWARD_TSN;
	}
}

/* RFC 9653 section 4. Other methods than DTLS are not ours, and a parameter of another length is
 * as one that nobody knows: skipped. */
static void read_zero_checksum(struct sctp_init *i, struct rd r)
{
	if (rd_left(&r) == 4)
		i->zero_checksum = rd_u32(&r) == SCTP_DETECTION_DTLS;
}

/* Known and meaning nothing here: addresses (RFC 8261 has none), unrecognized
 * parameters that come back, cookie preservative, supported address types. */
static bool is_ignored(uint16_t tag)
{
	return tag == 5 || tag == 6 || tag == SCTP_P_UNRECOGNIZED || tag == 9 || tag == 12;
}

/* False: 3.2.1 says to read no further parameters. */
static bool read_param(struct sctp_init *i, const struct sctp_tlv *p)
{
	if (p->tag == SCTP_P_COOKIE) {
		i->cookie = (struct span){ rd_at(&p->value), rd_left(&p->value) };
	} else if (p->tag == SCTP_P_HOST_NAME) {
		i->host_name = p->whole;
	} else if (p->tag == SCTP_P_EXTENSIONS) {
		read_extensions(i, p->value);
	} else if (p->tag == SCTP_P_FORWARD_TSN) {
		i->forward_tsn = true;
	} else if (p->tag == SCTP_P_ZERO_CHECKSUM) {
		read_zero_checksum(i, p->value);
	} else if (!is_ignored(p->tag)) {
		if (p->tag & 0x4000)
			note_unknown(i, p->whole);
		return p->tag & 0x8000;
	}
	return true;
}

/* 3.3.2, 3.3.3 */
bool tt_sctp_read_init(struct sctp_init *i, const struct sctp_tlv *chunk)
{
	struct rd r = chunk->value;
	struct sctp_tlv param;
	bool more = true;

	*i = (struct sctp_init){ .tag = rd_u32(&r) };
	i->window = rd_u32(&r);
	i->out_streams = rd_u16(&r);
	i->in_streams = rd_u16(&r);
	i->tsn = s32(rd_u32(&r));
	while (tt_sctp_next(&r, &param))
		more = more && read_param(i, &param);
	return !r.bad;
}

struct sctp_gap tt_sctp_next_gap(struct rd *gaps)
{
	uint16_t start = rd_u16(gaps);

	return (struct sctp_gap){ start, rd_u16(gaps) };
}

/* 3.3.4. Blocks that overlap or go backwards would make the work per chunk grow with their
 * number, so such a SACK is refused. */
bool tt_sctp_read_sack(struct sctp_sack *s, const struct sctp_tlv *chunk)
{
	struct rd r = chunk->value;
	uint32_t last = 0;

	*s = (struct sctp_sack){ .cum = s32(rd_u32(&r)) };
	s->window = rd_u32(&r);
	s->gap_count = rd_u16(&r);
	s->dup_count = rd_u16(&r);
	s->gaps = rd_sub(&r, s->gap_count * 4);
	rd_take(&r, s->dup_count * 4);
	if (r.bad)
		return false;
	struct rd gaps = s->gaps;
	for (size_t n = 0; n < s->gap_count; n++) {
		struct sctp_gap g = tt_sctp_next_gap(&gaps);
		if (g.start <= last || g.end < g.start)
			return false;
		last = g.end;
	}
	return true;
}
