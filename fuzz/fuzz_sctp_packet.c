/* layers: sctp base; corpus: sctp */
/* fuzz_sctp_packet.c - a packet is walked to its end or refused; chunks that have a writer are
 * written again and read back as the same. */
#include <string.h>

#include "fuzz.h"
#include "sctp/wire/sctp_wire.h"

static struct sctp_tlv only_chunk(struct wr *w)
{
	struct rd r = rd_make(w->base, wr_len(w));
	struct sctp_tlv out;

	FUZZ_CHECK(tt_sctp_next(&r, &out) && rd_left(&r) == 0, "one chunk was written");
	return out;
}

static void again_data(const struct sctp_tlv *chunk, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);
	struct sctp_data a, b;

	if (!tt_sctp_read_data(&a, chunk))
		return;
	tt_sctp_write_data(&w, &a);
	const struct sctp_tlv c = only_chunk(&w);
	FUZZ_CHECK(tt_sctp_read_data(&b, &c), "DATA that was written");
	FUZZ_CHECK(a.tsn.v == b.tsn.v && a.stream == b.stream && a.mid.v == b.mid.v &&
			   a.interleaved == b.interleaved && a.fsn == b.fsn && a.ppid == b.ppid &&
			   a.begin == b.begin && a.end == b.end && a.unordered == b.unordered &&
			   a.immediate == b.immediate &&
			   span_eq((struct span){ a.data, a.len }, (struct span){ b.data, b.len }),
		   "the same DATA");
}

static void again_init(const struct sctp_tlv *chunk, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);
	struct sctp_init a, b;

	if (!tt_sctp_read_init(&a, chunk))
		return;
	FUZZ_CHECK(a.unknown_len <= sizeof a.unknown, "no more than there is room");
	tt_sctp_write_init(&w, chunk->type, &a);
	const struct sctp_tlv c = only_chunk(&w);
	FUZZ_CHECK(tt_sctp_read_init(&b, &c), "INIT that was written");
	FUZZ_CHECK(a.tag == b.tag && a.window == b.window && a.out_streams == b.out_streams &&
			   a.in_streams == b.in_streams && a.tsn.v == b.tsn.v &&
			   span_eq(a.cookie, b.cookie) && b.forward_tsn && b.reconfig &&
			   a.interleaving == b.interleaving && a.i_forward_tsn == b.i_forward_tsn &&
			   a.zero_checksum == b.zero_checksum,
		   "the same INIT");
}

/* A SACK is written by an association (fuzz_sctp_assoc.c); here as RFC 9260 section 3.3.4 draws it. */
static void write_sack(struct wr *w, const struct sctp_sack *s)
{
	const size_t at = tt_sctp_begin(w, SCTP_SACK, 0);
	struct rd gaps = s->gaps;

	wr_u32(w, s->cum.v);
	wr_u32(w, s->window);
	wr_u16(w, (uint16_t)s->gap_count);
	wr_u16(w, (uint16_t)s->dup_count);
	for (size_t i = 0; i < s->gap_count; i++) {
		const struct sctp_gap g = tt_sctp_next_gap(&gaps);
		wr_u16(w, g.start);
		wr_u16(w, g.end);
	}
	for (size_t i = 0; i < s->dup_count; i++) /* nobody reads which they are */
		wr_u32(w, 0);
	tt_sctp_end(w, at);
}

static void again_sack(const struct sctp_tlv *chunk, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);
	struct sctp_sack s, t;
	uint32_t last = 0;

	if (!tt_sctp_read_sack(&s, chunk))
		return;
	FUZZ_CHECK(chunk->whole.len >= 16 + 4 * (s.gap_count + s.dup_count),
		   "as many as there is room for");
	write_sack(&w, &s);
	FUZZ_CHECK(wr_len(&w) == 16 + 4 * (s.gap_count + s.dup_count) &&
			   memcmp(buf + 4, chunk->whole.p + 4, 12 + 4 * s.gap_count) == 0,
		   "octet by octet what was read");
	const struct sctp_tlv c = only_chunk(&w);
	FUZZ_CHECK(tt_sctp_read_sack(&t, &c) && t.cum.v == s.cum.v && t.window == s.window &&
			   t.gap_count == s.gap_count && t.dup_count == s.dup_count &&
			   t.cum_only == s.cum_only,
		   "the same SACK");
	for (size_t i = 0; i < s.gap_count; i++) {
		const struct sctp_gap g = tt_sctp_next_gap(&s.gaps), h = tt_sctp_next_gap(&t.gaps);
		FUZZ_CHECK(g.start > last && g.end >= g.start, "gaps ascend");
		FUZZ_CHECK(g.start == h.start && g.end == h.end, "the same gaps");
		last = g.end;
	}
	FUZZ_CHECK(!s.gaps.bad && rd_left(&s.gaps) == 0, "as many gaps as counted");
}

/* Of the writers there is that of an entry; what is around it is as RFC 3758 section 3.2 draws it. */
static void again_forward(const struct sctp_tlv *chunk, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);
	struct sctp_forward f, g;
	struct sctp_skipped s, t;
	size_t n = 0;

	if (!tt_sctp_read_forward(&f, chunk))
		return;
	const size_t at = tt_sctp_begin(&w, chunk->type, 0);
	wr_u32(&w, f.cum.v);
	for (struct sctp_forward all = f; tt_sctp_next_skipped(&all, &s); n++)
		tt_sctp_write_skipped(&w, &s, f.interleaved);
	tt_sctp_end(&w, at);
	FUZZ_CHECK(wr_len(&w) == 8 + n * (f.interleaved ? 8 : 4) && wr_len(&w) == chunk->whole.len,
		   "as many entries as there is room for");
	const struct sctp_tlv c = only_chunk(&w);
	FUZZ_CHECK(tt_sctp_read_forward(&g, &c) && g.cum.v == f.cum.v &&
			   g.interleaved == f.interleaved,
		   "the same FORWARD-TSN");
	while (tt_sctp_next_skipped(&f, &s))
		FUZZ_CHECK(tt_sctp_next_skipped(&g, &t) && s.stream == t.stream &&
				   s.mid.v == t.mid.v && s.unordered == t.unordered,
			   "the same entries");
	FUZZ_CHECK(!f.skipped.bad && !tt_sctp_next_skipped(&g, &t), "and no more");
}

static void walk_params(struct rd value)
{
	struct sctp_tlv p;

	while (tt_sctp_next(&value, &p))
		FUZZ_CHECK(p.whole.len == rd_left(&p.value) + SCTP_TLV_HEADER,
			   "a parameter adds up");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[SCTP_MAX_PACKET + 512];
	const uint64_t before = tt_work_total;
	struct sctp_header h;
	struct sctp_tlv chunk;
	struct rd chunks;
	size_t sum = SCTP_COMMON_HEADER;

	const uint32_t why = tt_sctp_read_packet(&h, &chunks, data, size, size & 1);
	fuzz_check_work(before, size, 4);
	if (why)
		return 0;
	while (tt_sctp_next(&chunks, &chunk)) {
		sum += (chunk.whole.len + 3) & ~(size_t)3;
		again_data(&chunk, buf, sizeof buf);
		again_init(&chunk, buf, sizeof buf);
		again_sack(&chunk, buf, sizeof buf);
		again_forward(&chunk, buf, sizeof buf);
		walk_params(chunk.value);
	}
	FUZZ_CHECK(!chunks.bad && sum >= size && sum < size + 4, "the chunks are the packet");
	fuzz_check_work(before, size, 64);
	return 0;
}
