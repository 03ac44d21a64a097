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
	assert_int_equal(d.ssn.v, number(want, "ssn"));
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
		uint32_t why = tt_sctp_read_packet(&h, &r, bytes, len);
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
			tt_sctp_read_packet(&h, &r, copy, cut);
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
		uint32_t why = tt_sctp_read_packet(&h, &r, pkt, len);
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
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len), TT_TAKEN);
	memset(pkt + 8, 0, 4);
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len), TAUT_DROP_SCTP_CHECKSUM);
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
	assert_int_equal(tt_sctp_read_packet(&h, &r, pkt, len), TT_TAKEN);
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_gives_the_published_values),
		cmocka_unit_test(every_captured_packet_reads_as_expected),
		cmocka_unit_test(no_truncation_is_read_past_its_end),
		cmocka_unit_test(chunk_lengths_that_cannot_be_refuse_the_packet),
		cmocka_unit_test(a_checksum_of_zero_is_wrong),
		cmocka_unit_test(padding_may_be_anything_and_may_be_missing_at_the_end),
		cmocka_unit_test(gap_blocks_must_ascend),
		cmocka_unit_test(an_init_reads_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
