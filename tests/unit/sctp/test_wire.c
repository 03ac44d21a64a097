/* test_wire.c - SCTP packets as bytes: vectors, truncations, lengths; RFC 9260 section 3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/crc32c.h"
#include "sctp/wire/sctp_wire.h"

static json_t *load(const char *name)
{
	char path[512];
	json_error_t err;

	snprintf(path, sizeof path, "%s/tests/vectors/%s", TAUT_SOURCE_DIR, name);
	json_t *all = json_load_file(path, 0, &err);
	assert_non_null(all);
	return all;
}

static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(hex) / 2;

	assert_true(n <= cap);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)((strchr(digits, hex[2 * i]) - digits) << 4 |
		                   (strchr(digits, hex[2 * i + 1]) - digits));
	return n;
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static uint32_t number(const json_t *o, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(o, key));
}

static void the_checksum_gives_the_published_values(void **state)
{
	json_t *all = load("crc32c.json"), *v;
	uint8_t bytes[8192];
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "vectors"), i, v) {
		size_t n = unhex(text(v, "bytes"), bytes, sizeof bytes);
		uint32_t want = (uint32_t)strtoul(text(json_object_get(v, "expected"), "crc32c"), NULL, 16);
		assert_int_equal(tt_crc32c(bytes, n), want);
	}
	json_decref(all);
}

static void check_data(const json_t *want, const struct sctp_tlv *chunk)
{
	struct sctp_data d;
	uint8_t out[2048];
	struct wr w = wr_make(out, sizeof out);

	assert_true(tt_sctp_read_data(&d, chunk));
	assert_int_equal(d.tsn.v, number(want, "tsn"));
	assert_int_equal(d.stream, number(want, "stream"));
	assert_int_equal(d.mid.v, number(want, "ssn"));
	assert_int_equal(d.ppid, number(want, "ppid"));
	assert_int_equal(d.len, number(want, "payload_len"));
	tt_sctp_write_data(&w, &d);
	assert_memory_equal(out, chunk->whole.p, chunk->whole.len);
}

static void every_captured_packet_reads_as_expected(void **state)
{
	json_t *all = load("sctp.json"), *v, *c;
	size_t i, n, packets = 0;
	uint8_t bytes[4096];

	(void)state;
	json_array_foreach(json_object_get(all, "vectors"), i, v) {
		const json_t *expected = json_object_get(v, "expected");
		const json_t *chunks = json_object_get(expected, "chunks");
		if (!json_is_array(chunks))
			continue;
		struct sctp_header h;
		struct rd r;
		struct sctp_tlv chunk;
		size_t len = unhex(text(v, "bytes"), bytes, sizeof bytes);
		uint32_t why = tt_sctp_read_packet(&h, &r, bytes, len, false);
		if (!json_is_true(json_object_get(expected, "checksum_ok"))) {
			assert_int_equal(why, TAUT_DROP_SCTP_CHECKSUM);
			continue;
		}
		if (why)
			continue; /* those that are malformed on purpose */
		packets++;
		assert_int_equal(h.from, number(expected, "src_port"));
		assert_int_equal(h.tag, strtoul(text(expected, "vtag"), NULL, 16));
		json_array_foreach(chunks, n, c) {
			assert_true(tt_sctp_next(&r, &chunk));
			assert_int_equal(chunk.type, number(c, "type"));
			assert_int_equal(chunk.whole.len, number(c, "length"));
			if (chunk.type == SCTP_DATA)
				check_data(c, &chunk);
		}
		assert_false(tt_sctp_next(&r, &chunk));
	}
	assert_true(packets > 20);
	json_decref(all);
}

static void no_truncation_is_read_past_its_end(void **state)
{
	json_t *all = load("sctp.json"), *v;
	uint8_t bytes[4096];
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "vectors"), i, v) {
		size_t len = unhex(text(v, "bytes"), bytes, sizeof bytes);
		for (size_t cut = 0; cut <= len; cut++) {
			uint8_t *copy = malloc(cut ? cut : 1);
			struct sctp_tlv c;
			struct rd r = rd_make(copy, cut);
			memcpy(copy, bytes, cut);
			struct rd whole = r;
			while (tt_sctp_next(&whole, &c)) {
				struct sctp_init init;
				struct sctp_sack sack;
				struct sctp_data data;
				assert_true(c.whole.p >= copy && c.whole.p + c.whole.len <= copy + cut);
				tt_sctp_read_init(&init, &c);
				tt_sctp_read_sack(&sack, &c);
				tt_sctp_read_data(&data, &c);
			}
			struct sctp_header h;
			tt_sctp_read_packet(&h, &r, copy, cut, false);
			free(copy);
		}
	}
	json_decref(all);
}

static size_t packet_of(uint8_t *buf, size_t cap, const uint8_t *chunks, size_t len)
{
	struct wr w = wr_make(buf, cap);

	tt_sctp_write_header(&w, &(struct sctp_header){ 5000, 5000, 7 });
	wr_bytes(&w, chunks, len);
	return tt_sctp_seal(&w);
}

static void chunk_lengths_that_cannot_be_refuse_the_packet(void **state)
{
	(void)state;
	for (uint16_t length = 0; length < 64; length++) {
		uint8_t chunk[24] = { SCTP_DATA, 3, (uint8_t)(length >> 8), (uint8_t)length };
		uint8_t pkt[64];
		struct sctp_header h;
		struct rd r;
		size_t len = packet_of(pkt, sizeof pkt, chunk, sizeof chunk);
		uint32_t why = tt_sctp_read_packet(&h, &r, pkt, len, false);
		/* what follows the chunk is zeros: a chunk of length 0, unless it is padding */
		bool fits = length >= 21 && length <= 24;
		assert_true(fits == (why == TT_TAKEN));
	}
}

static void a_checksum_of_zero_is_wrong(void **state)
{
	const uint8_t chunk[4] = { SCTP_COOKIE_ACK, 0, 0, 4 };
	uint8_t pkt[64];
	struct sctp_header h;
	struct rd r;
	size_t len = packet_of(pkt, sizeof pkt, chunk, sizeof chunk);

	(void)state;
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len, false), TT_TAKEN);
	memset(pkt + 8, 0, 4);
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len, false), TAUT_DROP_SCTP_CHECKSUM);
}

/* RFC 9653 sections 5.2 and 5.3: where it was announced, but in no packet of the set-up. */
static void a_checksum_of_zero_is_right_where_it_was_announced(void **state)
{
	static const struct {
		uint8_t first, second;
		bool good;
	} rows[] = { { SCTP_COOKIE_ACK, SCTP_DATA, true },    { SCTP_INIT, SCTP_DATA, false },
		     { SCTP_DATA, SCTP_INIT, false },         { SCTP_COOKIE_ECHO, SCTP_DATA, false },
		     { SCTP_DATA, SCTP_COOKIE_ECHO, false },  { SCTP_INIT_ACK, SCTP_DATA, true } };
	struct sctp_header h;
	struct rd r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const uint8_t chunks[8] = { rows[i].first, 0, 0, 4, rows[i].second, 0, 0, 4 };
		uint8_t pkt[64];
		size_t len = packet_of(pkt, sizeof pkt, chunks, sizeof chunks);
		assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len, true), TT_TAKEN);
		memset(pkt + 8, 0, 4);
		assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len, true),
		                 rows[i].good ? TT_TAKEN : TAUT_DROP_SCTP_CHECKSUM);
		pkt[8] = 1; /* any other is as wrong as ever */
		assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len, true), TAUT_DROP_SCTP_CHECKSUM);
	}
}

static void padding_may_be_anything_and_may_be_missing_at_the_end(void **state)
{
	const uint8_t chunks[] = { SCTP_HEARTBEAT, 0, 0, 5, 1, 9, 9, 9, SCTP_HEARTBEAT, 0, 0, 5, 2 };
	uint8_t pkt[64];
	struct sctp_header h;
	struct rd r;
	struct sctp_tlv c;
	size_t len = packet_of(pkt, sizeof pkt, chunks, sizeof chunks);

	(void)state;
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len, false), TT_TAKEN);
	assert_true(tt_sctp_next(&r, &c) && rd_u8(&c.value) == 1);
	assert_true(tt_sctp_next(&r, &c) && rd_u8(&c.value) == 2 && rd_left(&c.value) == 0);
	assert_false(tt_sctp_next(&r, &c));
}

static void gap_blocks_must_ascend(void **state)
{
	static const struct { uint16_t block[4]; bool good; } cases[] = {
		{ { 2, 3, 5, 5 }, true }, { { 1, 1, 2, 2 }, true }, { { 0, 3, 5, 5 }, false },
		{ { 3, 2, 5, 5 }, false }, { { 2, 6, 5, 8 }, false }, { { 5, 6, 2, 3 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t buf[64];
		struct wr w = wr_make(buf, sizeof buf);
		size_t at = tt_sctp_begin(&w, SCTP_SACK, 0);
		wr_u32(&w, 100);
		wr_u32(&w, 1000);
		wr_u16(&w, 2);
		wr_u16(&w, 0);
		for (int k = 0; k < 4; k++)
			wr_u16(&w, cases[i].block[k]);
		tt_sctp_end(&w, at);
		struct rd r = rd_make(buf, wr_len(&w));
		struct sctp_tlv c;
		struct sctp_sack s;
		assert_true(tt_sctp_next(&r, &c));
		assert_int_equal(tt_sctp_read_sack(&s, &c), cases[i].good);
	}
}

static bool read_as(struct sctp_tlv *c, const uint8_t *bytes, size_t len)
{
	struct rd r = rd_make(bytes, len);

	return tt_sctp_next(&r, c);
}

static void an_init_reads_as_it_was_written(void **state)
{
	const uint8_t cookie[7] = "cookies";
	struct sctp_init in = { .tag = 0xdeadbeef, .window = 1500, .out_streams = 3, .in_streams = 4,
	                        .tsn = { 77 }, .cookie = { cookie, 7 } }, out;
	uint8_t buf[256];
	struct wr w = wr_make(buf, sizeof buf);
	struct sctp_tlv c;

	(void)state;
	tt_sctp_write_init(&w, SCTP_INIT_ACK, &in);
	struct rd r = rd_make(buf, wr_len(&w));
	assert_true(tt_sctp_next(&r, &c));
	assert_int_equal(rd_left(&r), 0);
	assert_true(tt_sctp_read_init(&out, &c));
	assert_int_equal(out.tag, in.tag);
	assert_int_equal(out.tsn.v, 77);
	assert_int_equal(out.out_streams, 3);
	assert_int_equal(out.in_streams, 4);
	assert_true(out.forward_tsn && out.reconfig);
	assert_true(span_eq(out.cookie, in.cookie));
	assert_int_equal(out.unknown_len, 0);
	/* a cookie stands there if there is one: of an INIT only the two extensions are left */
	for (size_t n = 0; n < 3; n++) {
		in.cookie.len = n;
		w = wr_make(buf, sizeof buf);
		tt_sctp_write_init(&w, SCTP_INIT, &in);
		assert_int_equal(wr_len(&w), n > 0 ? 40 : 32);
	}
	/* RFC 8260 sections 2.2.1 and 2.3.1: each of its chunks is named by itself */
	for (int n = 0; n < 8; n++) {
		in.interleaving = n & 1;
		in.i_forward_tsn = n & 2;
		in.zero_checksum = n & 4;
		w = wr_make(buf, sizeof buf);
		tt_sctp_write_init(&w, SCTP_INIT, &in);
		assert_true(read_as(&c, buf, wr_len(&w)) && tt_sctp_read_init(&out, &c));
		assert_int_equal(out.interleaving, n & 1);
		assert_int_equal(out.i_forward_tsn, n >> 1 & 1);
		assert_int_equal(out.zero_checksum, n >> 2);
	}
}

/* RFC 9260 section 3.2: that is the chunk's own. Between two parameters it counts. */
static void the_padding_of_the_last_parameter_is_no_part_of_its_chunk(void **state)
{
	uint8_t buf[64];

	(void)state;
	for (size_t last = 0; last < 4; last++) {
		struct wr w = wr_make(buf, sizeof buf);
		const size_t at = tt_sctp_begin(&w, SCTP_HEARTBEAT, 0);
		for (int i = 0; i < 2; i++) {
			const size_t p = tt_sctp_begin_param(&w, SCTP_P_HEARTBEAT_INFO);
			wr_bytes(&w, "123", i ? last : 1);
			tt_sctp_end_param(&w, p);
		}
		tt_sctp_end(&w, at);
		assert_int_equal(w.off, last ? 20 : 16);
		assert_int_equal(buf[3], 4 + 8 + 4 + last);
		assert_int_equal(buf[7], 5);
		assert_int_equal(buf[15], 4 + last);
	}
}

static void a_packet_has_a_header_and_a_chunk_and_at_most_9000_bytes(void **state)
{
	static uint8_t pkt[SCTP_MAX_PACKET + 4], chunk[SCTP_MAX_PACKET + 4];
	struct sctp_header h;
	struct rd r;

	(void)state;
	for (size_t len = 0; len <= 12; len++) {
		uint8_t *exact = malloc(len ? len : 1);
		memset(exact, 0, len ? len : 1);
		assert_int_equal(tt_sctp_read_packet(&h, &r, exact, len, false), TAUT_DROP_SCTP_TOO_SHORT);
		free(exact);
	}
	for (size_t len = SCTP_MAX_PACKET; len <= SCTP_MAX_PACKET + 4; len++) {
		const size_t n = len - SCTP_COMMON_HEADER;
		memcpy(chunk, ((uint8_t[]){ SCTP_DATA, 3, (uint8_t)(n >> 8), (uint8_t)n }), 4);
		assert_int_equal(packet_of(pkt, sizeof pkt, chunk, n), len);
		const uint32_t why = tt_sctp_read_packet(&h, &r, pkt, len, false);
		assert_int_equal(why == TT_TAKEN, len == SCTP_MAX_PACKET);
	}
	/* 4 bytes are the least that a chunk has */
	assert_int_equal(packet_of(pkt, sizeof pkt, (const uint8_t[]){ 11, 0, 0, 4 }, 4), 16);
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, 16, false), TT_TAKEN);
	assert_true(h.from == 5000 && h.to == 5000 && h.tag == 7);
	assert_int_equal(packet_of(pkt, sizeof pkt, (const uint8_t[]){ 11, 0, 0, 4 }, 3), 15);
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, 15, false), TAUT_DROP_SCTP_CHUNK_LENGTHS);
	assert_int_equal(packet_of(pkt, 15, (const uint8_t[]){ 11, 0, 0, 4 }, 4), 0);
	for (size_t i = 0; i < 16; i++) {
		assert_int_equal(packet_of(pkt, sizeof pkt, (const uint8_t[]){ 11, 0, 0, 4 }, 4), 16);
		pkt[i] ^= 0x40; /* a flip anywhere is seen by the checksum */
		assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, 16, false), TAUT_DROP_SCTP_CHECKSUM);
	}
	struct wr w = wr_make(pkt, 11);
	wr_zeros(&w, 11);
	assert_int_equal(tt_sctp_seal(&w), 0); /* no room for its own checksum */
	w = wr_make(pkt, 12);
	wr_zeros(&w, 12);
	assert_int_equal(tt_sctp_seal(&w), 12);
}

static void a_walk_ends_at_what_is_no_chunk(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		bool good;
		size_t value;
	} rows[] = {
		{ { 1, 2, 0, 4 }, 4, true, 0 },	      { { 1, 2, 0, 5, 9 }, 5, true, 1 },
		{ { 1, 2, 0, 8, 9 }, 8, true, 4 },    { { 1, 2, 0, 9 }, 8, false, 0 },
		{ { 1, 2, 0, 3, 9 }, 8, false, 0 },   { { 1, 2, 0, 0, 9 }, 8, false, 0 },
		{ { 1, 2, 0 }, 3, false, 0 },	      { { 0 }, 0, false, 0 },
		{ { 1, 2, 0xff, 0xff }, 8, false, 0 },
	};
	struct sctp_tlv c;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t *exact = malloc(rows[i].len ? rows[i].len : 1);
		memcpy(exact, rows[i].bytes, rows[i].len);
		struct rd r = rd_make(exact, rows[i].len);
		assert_int_equal(tt_sctp_next(&r, &c), rows[i].good);
		assert_int_equal(r.bad, !rows[i].good && rows[i].len > 0);
		if (rows[i].good)
			assert_true(rd_left(&c.value) == rows[i].value && c.tag == 0x0102 &&
				    c.type == 1 && c.flags == 2);
		/* what is bad stays bad, though bytes are left */
		assert_false(tt_sctp_next(&r, &c));
		free(exact);
	}
}

static void data_has_a_header_of_twelve_bytes(void **state)
{
	static const uint8_t whole[] = { SCTP_DATA, 0, 0, 18, 0, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 51, 'h', 'i' };
	struct sctp_tlv c;
	struct sctp_data d;

	(void)state;
	for (unsigned n = 4; n <= sizeof whole; n++)
		for (unsigned flags = 0; flags < 16; flags++) {
			uint8_t *exact = malloc(n);
			memcpy(exact, whole, n);
			exact[1] = (uint8_t)flags;
			exact[3] = (uint8_t)n;
			assert_true(read_as(&c, exact, n));
			assert_int_equal(tt_sctp_read_data(&d, &c), n >= 16);
			if (n >= 16)
				assert_true(d.len == n - 16 && d.tsn.v == 1 && d.stream == 2 &&
					    d.mid.v == 3 && d.ppid == 51 && d.end == (flags & 1) &&
					    d.begin == (flags >> 1 & 1) &&
					    d.unordered == (flags >> 2 & 1) &&
					    d.immediate == (flags >> 3 & 1));
			free(exact);
		}
}

/* RFC 8260 section 2.1: the last field says the protocol of the first fragment, and the place of each
 * other one. What is reserved may be anything. */
static void i_data_has_a_header_of_sixteen_bytes(void **state)
{
	static const uint8_t whole[] = { SCTP_I_DATA, 0, 0, 22, 0, 0, 0, 1, 0,   2,   0xff,
		                         0xff,        1, 2, 3,  4, 0, 0, 0, 51, 'h', 'i' };
	struct sctp_tlv c;
	struct sctp_data d;

	(void)state;
	for (unsigned n = 4; n <= sizeof whole; n++)
		for (unsigned flags = 0; flags < 16; flags++) {
			const bool begin = flags >> 1 & 1;
			uint8_t *exact = malloc(n), again[32];
			memcpy(exact, whole, n);
			exact[1] = (uint8_t)flags;
			exact[3] = (uint8_t)n;
			assert_true(read_as(&c, exact, n));
			assert_int_equal(tt_sctp_read_data(&d, &c), n >= 20);
			if (n >= 20) {
				struct wr w = wr_make(again, sizeof again);
				assert_true(d.len == n - 20 && d.tsn.v == 1 && d.stream == 2 &&
				            d.mid.v == 0x01020304 && d.end == (flags & 1) &&
				            d.begin == begin && d.unordered == (flags >> 2 & 1) &&
				            d.immediate == (flags >> 3 & 1) && d.interleaved);
				assert_true(d.ppid == (begin ? 51 : 0) && d.fsn == (begin ? 0 : 51));
				tt_sctp_write_data(&w, &d);
				exact[10] = exact[11] = 0;
				assert_memory_equal(again, exact, n);
			}
			free(exact);
		}
}

/* RFC 3758 section 3.2, RFC 8260 section 2.3.1. */
static void forward_tsns_have_whole_entries(void **state)
{
	static const uint8_t plain[] = { SCTP_FORWARD_TSN, 0, 0, 16, 0, 0, 0, 9, 0, 1, 0xff, 2, 0, 3, 0, 4 };
	static const uint8_t mids[] = { SCTP_I_FORWARD_TSN, 0, 0, 24, 0, 0, 0, 9, 0, 1, 0xff, 0xff,
		                        1, 2, 3, 4, 0, 3, 0xff, 0xfe, 0, 0, 0, 4 };
	struct sctp_forward f;
	struct sctp_skipped s;
	struct sctp_tlv c;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const uint8_t *all = i ? mids : plain;
		const unsigned entry = i ? 8 : 4;
		for (unsigned n = 4; n <= 8 + 2 * entry; n++) {
			uint8_t *exact = malloc(n);
			memcpy(exact, all, n);
			exact[3] = (uint8_t)n;
			assert_true(read_as(&c, exact, n));
			const bool good = n >= 8 && n % entry == 0;
			assert_int_equal(tt_sctp_read_forward(&f, &c), good);
			for (unsigned k = 8; good && k < n; k += entry)
				assert_true(tt_sctp_next_skipped(&f, &s) && s.stream == (k == 8 ? 1 : 3));
			if (good)
				assert_true(f.cum.v == 9 && !tt_sctp_next_skipped(&f, &s));
			free(exact);
		}
		assert_true(read_as(&c, all, 8 + 2 * entry) && tt_sctp_read_forward(&f, &c));
		for (int k = 0; k < 2; k++) {
			uint8_t again[8];
			struct wr w = wr_make(again, sizeof again);
			assert_true(tt_sctp_next_skipped(&f, &s));
			assert_int_equal(s.mid.v, k ? 4 : i ? 0x01020304 : 0xff02);
			assert_int_equal(s.unordered, i && k == 0);
			tt_sctp_write_skipped(&w, &s, f.interleaved);
			assert_int_equal(wr_len(&w), entry);
			assert_int_equal(again[1], k ? 3 : 1);
			assert_memory_equal(again + entry - 2, all + 8 + (unsigned)(k + 1) * entry - 2, 2);
		}
	}
}

/* An INIT with these parameters behind its sixteen bytes. */
static bool init_of(struct sctp_init *i, const uint8_t *params, size_t len)
{
	uint8_t buf[4096];
	struct wr w = wr_make(buf, sizeof buf);
	struct sctp_tlv c;

	size_t at = tt_sctp_begin(&w, SCTP_INIT, 0);
	wr_zeros(&w, 16);
	wr_bytes(&w, params, len);
	tt_sctp_end(&w, at);
	assert_true(read_as(&c, buf, wr_len(&w)));
	return tt_sctp_read_init(i, &c);
}

/* 3.2.1: the two highest bits of a type nobody knows say what to do; and what is known. */
static void parameters_are_taken_ignored_reported_or_end_the_reading(void **state)
{
	static const struct {
		uint16_t tag;
		bool ends, reported;
	} rows[] = {
		{ 0x0005, false, false }, { 0x0006, false, false }, { 0x0008, false, false },
		{ 0x0009, false, false }, { 0x000c, false, false }, { 0x0007, false, false },
		{ 0x0004, true, false },  { 0x000a, true, false },  { 0x000b, false, false },
		{ 0x000d, true, false },  { 0x4001, true, true },   { 0x8001, false, false },
		{ 0xc001, false, true },  { 0xc000, false, false }, { 0x8008, false, false },
		{ 0x7fff, true, true },   { 0xffff, false, true },
	};

	(void)state;
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		const uint8_t params[] = { (uint8_t)(rows[k].tag >> 8), (uint8_t)rows[k].tag, 0, 4,
					   0xc0, 0, 0, 4, 0, 7, 0, 5, 'c', 0, 0, 0 };
		struct sctp_init i;
		assert_true(init_of(&i, params, sizeof params));
		assert_int_equal(i.cookie.len, rows[k].ends ? 0 : 1);
		assert_int_equal(i.forward_tsn, !rows[k].ends || rows[k].tag == 0xc000);
		assert_int_equal(i.unknown_len, rows[k].reported ? 4 : 0);
		assert_int_equal(i.host_name.len, rows[k].tag == SCTP_P_HOST_NAME ? 4 : 0);
		assert_false(i.reconfig);
	}
}

static void extensions_are_found_in_any_order(void **state)
{
	static const struct {
		uint8_t params[12];
		size_t len;
		bool forward, reconfig, interleaving, i_forward;
	} rows[] = {
		{ { 0x80, 8, 0, 4 }, 4, false, false, false, false },
		{ { 0x80, 8, 0, 5, 192 }, 8, true, false, false, false },
		{ { 0x80, 8, 0, 5, 130 }, 8, false, true, false, false },
		{ { 0x80, 8, 0, 7, 192, 1, 130 }, 8, true, true, false, false },
		{ { 0x80, 8, 0, 7, 130, 1, 192 }, 8, true, true, false, false },
		{ { 0x80, 8, 0, 5, 193 }, 8, false, false, false, false },
		{ { 0x80, 8, 0, 5, 64 }, 8, false, false, true, false },
		{ { 0x80, 8, 0, 5, 194 }, 8, false, false, false, true },
		{ { 0x80, 8, 0, 8, 130, 192, 64, 194 }, 8, true, true, true, true },
		{ { 0x80, 8, 0, 7, 194, 64, 0 }, 8, false, false, true, true },
	};

	(void)state;
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		struct sctp_init i;
		assert_true(init_of(&i, rows[k].params, rows[k].len));
		assert_int_equal(i.forward_tsn, rows[k].forward);
		assert_int_equal(i.reconfig, rows[k].reconfig);
		assert_int_equal(i.interleaving, rows[k].interleaving);
		assert_int_equal(i.i_forward_tsn, rows[k].i_forward);
	}
}

/* RFC 9653 section 4: eight octets, and a method that is ours. */
static void zero_checksums_are_taken_for_dtls_only(void **state)
{
	static const struct {
		uint8_t params[12];
		size_t len;
		bool good;
	} rows[] = {
		{ { 0x80, 1, 0, 8, 0, 0, 0, 1 }, 8, true },
		{ { 0x80, 1, 0, 8, 0, 0, 0, 0 }, 8, false },
		{ { 0x80, 1, 0, 8, 0, 0, 0, 2 }, 8, false },
		{ { 0x80, 1, 0, 8, 1, 0, 0, 1 }, 8, false },
		{ { 0x80, 1, 0, 7, 0, 0, 0, 1 }, 8, false },
		{ { 0x80, 1, 0, 4 }, 4, false },
		{ { 0x80, 1, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1 }, 12, false },
	};

	(void)state;
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		struct sctp_init i;
		assert_true(init_of(&i, rows[k].params, rows[k].len));
		assert_int_equal(i.zero_checksum, rows[k].good);
		assert_int_equal(i.unknown_len, 0);
	}
}

static void an_init_cut_off_or_with_bad_parameters_is_refused(void **state)
{
	uint8_t buf[32] = { SCTP_INIT };
	struct sctp_tlv c;
	struct sctp_init i;

	(void)state;
	for (unsigned n = 4; n <= 20; n++) {
		buf[3] = (uint8_t)n;
		assert_true(read_as(&c, buf, n));
		assert_int_equal(tt_sctp_read_init(&i, &c), n == 20);
	}
	assert_false(init_of(&i, (const uint8_t[]){ 0x80, 8, 0, 3 }, 4));
	assert_false(init_of(&i, (const uint8_t[]){ 0x80, 8, 0, 5 }, 4));
	assert_false(init_of(&i, (const uint8_t[]){ 0x80, 8, 0 }, 3));
}

/* What is reported back must not grow what answers an INIT without end. */
static void unknown_parameters_come_back_while_there_is_room(void **state)
{
	struct sctp_init i;
	uint8_t params[4 * sizeof i.unknown], back[4096];
	struct wr w = wr_make(params, sizeof params);
	size_t whole = 0;

	(void)state;
	for (unsigned n = 0; n < 2 * sizeof i.unknown / 8; n++) {
		wr_u16(&w, 0xc001), wr_u16(&w, 5), wr_u8(&w, (uint8_t)n), wr_zeros(&w, 3);
		assert_true(init_of(&i, params, wr_len(&w)));
		whole = 8 * (n + 1u);
		assert_int_equal(i.unknown_len, whole <= sizeof i.unknown ? whole : sizeof i.unknown);
	}
	struct wr out = wr_make(back, sizeof back);
	tt_sctp_write_init(&out, SCTP_INIT_ACK, &i);
	assert_true(wr_len(&out) > sizeof i.unknown);
	struct sctp_tlv c, p;
	size_t reports = 0;
	assert_true(read_as(&c, back, wr_len(&out)));
	rd_take(&c.value, 16);
	while (tt_sctp_next(&c.value, &p))
		if (p.tag == SCTP_P_UNRECOGNIZED) {
			const uint8_t want[] = { 0xc0, 1, 0, 5, (uint8_t)reports++ };
			assert_int_equal(rd_left(&p.value), 5);
			assert_memory_equal(rd_take(&p.value, 5), want, 5);
		}
	assert_int_equal(reports, sizeof i.unknown / 8);
}

static void a_sack_has_room_for_what_it_counts(void **state)
{
	static const struct {
		uint16_t gaps, dups;
		size_t blocks;
		bool good;
	} rows[] = {
		{ 0, 0, 0, true },  { 1, 0, 1, true },	{ 0, 1, 1, true },  { 1, 1, 2, true },
		{ 1, 0, 0, false }, { 0, 1, 0, false }, { 1, 1, 1, false }, { 0xffff, 0xffff, 2, false },
		{ 1, 0, 2, true },
	};

	(void)state;
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		uint8_t buf[64];
		struct wr w = wr_make(buf, sizeof buf);
		struct sctp_tlv c;
		struct sctp_sack s;
		size_t at = tt_sctp_begin(&w, SCTP_SACK, 0);
		wr_u32(&w, 100), wr_u32(&w, 1000), wr_u16(&w, rows[k].gaps), wr_u16(&w, rows[k].dups);
		for (size_t n = 0; n < rows[k].blocks; n++)
			wr_u32(&w, 0x00020003);
		tt_sctp_end(&w, at);
		assert_true(read_as(&c, buf, wr_len(&w)));
		assert_int_equal(tt_sctp_read_sack(&s, &c), rows[k].good);
	}
}

static void a_writer_without_room_says_so(void **state)
{
	const struct sctp_init in = { .cookie = { (const uint8_t *)"cookie", 6 } };
	uint8_t buf[128];

	(void)state;
	for (size_t cap = 0; cap < 64; cap++) {
		struct wr w = wr_make(buf, cap);
		tt_sctp_write_init(&w, SCTP_INIT_ACK, &in);
		assert_int_equal(wr_len(&w), cap < 44 ? 0 : 44);
		w = wr_make(buf, cap);
		tt_sctp_write_cause(&w, SCTP_C_NO_USER_DATA, "abcd", 4);
		assert_int_equal(wr_len(&w), cap < 8 ? 0 : 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_gives_the_published_values),
		cmocka_unit_test(every_captured_packet_reads_as_expected),
		cmocka_unit_test(no_truncation_is_read_past_its_end),
		cmocka_unit_test(chunk_lengths_that_cannot_be_refuse_the_packet),
		cmocka_unit_test(a_checksum_of_zero_is_wrong),
		cmocka_unit_test(a_checksum_of_zero_is_right_where_it_was_announced),
		cmocka_unit_test(padding_may_be_anything_and_may_be_missing_at_the_end),
		cmocka_unit_test(gap_blocks_must_ascend),
		cmocka_unit_test(an_init_reads_as_it_was_written),
		cmocka_unit_test(the_padding_of_the_last_parameter_is_no_part_of_its_chunk),
		cmocka_unit_test(a_packet_has_a_header_and_a_chunk_and_at_most_9000_bytes),
		cmocka_unit_test(a_walk_ends_at_what_is_no_chunk),
		cmocka_unit_test(data_has_a_header_of_twelve_bytes),
		cmocka_unit_test(i_data_has_a_header_of_sixteen_bytes),
		cmocka_unit_test(forward_tsns_have_whole_entries),
		cmocka_unit_test(parameters_are_taken_ignored_reported_or_end_the_reading),
		cmocka_unit_test(extensions_are_found_in_any_order),
		cmocka_unit_test(zero_checksums_are_taken_for_dtls_only),
		cmocka_unit_test(an_init_cut_off_or_with_bad_parameters_is_refused),
		cmocka_unit_test(unknown_parameters_come_back_while_there_is_room),
		cmocka_unit_test(a_sack_has_room_for_what_it_counts),
		cmocka_unit_test(a_writer_without_room_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
