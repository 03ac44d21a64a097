/* RTP headers and header extensions: vectors, truncations, flips, and back again. */
#include "unit/rtp/rtp_support.h"

#include "base/num.h"
#include "rtp/rtp_packet.h"

static void check_ext(const struct tt_rtp_packet *p, const json_t *want)
{
	struct tt_rtp_ext_reader r = tt_rtp_ext_begin(p);
	struct tt_rtp_ext e;
	size_t n = 0;

	for (; tt_rtp_ext_next(&r, &e); n++) {
		const json_t *w = json_array_get(want, n);

		assert_non_null(w);
		assert_int_equal(e.id, rtp_int(w, "id"));
		assert_true(rtp_hex_is(rtp_text(w, "value"), e.value.p, e.value.len));
	}
	assert_int_equal(n, json_array_size(want));
}

static void check_vector(const json_t *v)
{
	const json_t *want = json_object_get(v, "expected");
	size_t len;
	uint8_t *pkt = rtp_unhex(rtp_text(v, "bytes"), &len);
	struct tt_rtp_packet p;
	bool refuse = strncmp(rtp_text(want, "parse"), "reject", 6) == 0;

	assert_int_equal(tt_rtp_read(&p, pkt, len), !refuse);
	if (!refuse)
		check_ext(&p, json_object_get(want, "ext"));
	if (!refuse && json_object_get(want, "ssrc")) {
		assert_int_equal(p.marker, json_is_true(json_object_get(want, "marker")));
		assert_int_equal(p.pt, rtp_int(want, "pt"));
		assert_int_equal(p.seq, rtp_int(want, "seq"));
		assert_int_equal(p.ts, rtp_int(want, "ts"));
		assert_int_equal(p.ssrc, rtp_int(want, "ssrc"));
		assert_int_equal(p.csrc_count, rtp_int(want, "cc"));
		assert_int_equal(p.padding, rtp_int(want, "padding_len"));
		assert_int_equal(p.header_len, rtp_int(want, "header_len"));
		assert_int_equal(p.payload.len, rtp_int(want, "payload_len"));
		assert_true(rtp_hex_is(rtp_text(want, "payload"), p.payload.p, /* its first bytes */
		                       tt_min(p.payload.len, strlen(rtp_text(want, "payload")) / 2)));
	}
	free(pkt);
}

static void every_vector_reads_as_expected(void **state)
{
	json_t *root = rtp_vectors("rtp"), *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v)
		check_vector(v);
	assert_true(i > 30);
	json_decref(root);
}

static void take(const uint8_t *pkt, size_t len)
{
	struct tt_rtp_packet p;
	struct tt_rtp_ext e;

	if (!tt_rtp_read(&p, pkt, len))
		return;
	assert_int_equal(p.header_len + p.payload.len + p.padding, len);
	struct tt_rtp_ext_reader r = tt_rtp_ext_begin(&p);
	unsigned sum = 0;

	while (tt_rtp_ext_next(&r, &e))
		for (size_t i = 0; i < e.value.len; i++)
			sum += e.value.p[i];
	for (size_t i = 0; i < p.payload.len; i++)
		sum += p.payload.p[i];
	assert_true(sum < 1u << 30);
}

static void truncations_and_flips_never_read_past_the_end(void **state)
{
	json_t *root = rtp_vectors("rtp"), *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		size_t len;
		uint8_t *pkt = rtp_unhex(rtp_text(v, "bytes"), &len);

		rtp_sweep(pkt, tt_min(len, 120), take);
		free(pkt);
	}
	json_decref(root);
}

static void check_round_trip(const struct tt_rtp_ext *ext, size_t n)
{
	const struct tt_rtp_packet h = { .marker = true, .pt = 96, .seq = 65535, .ts = 0xfffffffe,
		                         .ssrc = 0xdeadbeef };
	uint8_t buf[1500];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_rtp_packet p;
	struct tt_rtp_ext e;

	tt_rtp_write_header(&w, &h, ext, n);
	assert_int_equal(wr_len(&w), TT_RTP_HEADER + tt_rtp_ext_room(ext, n));
	wr_bytes(&w, "abc", 3);
	assert_true(tt_rtp_read(&p, buf, wr_len(&w)));
	assert_true(p.marker && p.pt == 96 && p.seq == 65535 && p.ts == h.ts && p.ssrc == h.ssrc);
	assert_true(span_eq(p.payload, span_of("abc")));
	struct tt_rtp_ext_reader r = tt_rtp_ext_begin(&p);

	for (size_t i = 0; i < n; i++) {
		assert_true(tt_rtp_ext_next(&r, &e));
		assert_int_equal(e.id, ext[i].id);
		assert_true(span_eq(e.value, ext[i].value));
	}
	assert_false(tt_rtp_ext_next(&r, &e));
}

static void what_is_written_reads_the_same_in_both_forms(void **state)
{
	const struct tt_rtp_ext one[] = { { 1, span_of("a") }, { 14, span_of("0123456789abcdef") } };
	const struct tt_rtp_ext two[] = { { 1, span_of("a") }, { 16, span_of("bcd") }, { 255, span_of("") } };
	const struct tt_rtp_ext longer[] = { { 3, span_of("0123456789abcdefg") } };

	(void)state;
	check_round_trip(NULL, 0);
	check_round_trip(one, 2);
	check_round_trip(two, 3);
	check_round_trip(longer, 1);
}

static void second_bytes_64_to_95_are_rtcp(void **state)
{
	(void)state;
	for (unsigned b = 0; b < 256; b++) {
		const uint8_t pkt[2] = { 0x80, (uint8_t)b };

		assert_int_equal(tt_rtp_is_rtcp(pkt, 2), (b & 0x7f) >= 64 && (b & 0x7f) <= 95);
	}
	assert_false(tt_rtp_is_rtcp((const uint8_t[]){ 0x80 }, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_reads_as_expected),
		cmocka_unit_test(truncations_and_flips_never_read_past_the_end),
		cmocka_unit_test(what_is_written_reads_the_same_in_both_forms),
		cmocka_unit_test(second_bytes_64_to_95_are_rtcp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
