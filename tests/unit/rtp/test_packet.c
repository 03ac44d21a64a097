/* RTP headers and header extensions: vectors, truncations, flips, and back again. */
#include "unit/rtp/rtp_support.h"

#include "base/num.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_types.h"

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

static void what_does_not_fit_is_not_written(void **state)
{
	const struct tt_rtp_ext ext[] = { { 1, span_of("a") }, { 14, span_of("0123456789abcd") } };
	const struct tt_rtp_packet h = { .pt = 96 };
	const size_t need = TT_RTP_HEADER + tt_rtp_ext_room(ext, 2);

	(void)state;
	for (size_t cap = 0; cap <= need; cap++) {
		uint8_t *exact = malloc(cap ? cap : 1);
		struct wr w = wr_make(exact, cap);

		tt_rtp_write_header(&w, &h, ext, 2);
		assert_int_equal(wr_len(&w), cap == need ? need : 0);
		free(exact);
	}
}

static void the_form_is_of_one_byte_while_every_element_fits_it(void **state)
{
	static const char text[] = "0123456789abcdefg";
	static const struct {
		uint8_t id;
		size_t len, room; /* of the extension, its head included */
	} rows[] = {
		{ 1, 1, 8 }, { 14, 16, 24 }, { 15, 1, 8 }, { 14, 17, 24 }, { 14, 0, 8 }, { 1, 2, 8 },
		{ 1, 3, 8 }, { 1, 4, 12 },   { 15, 2, 8 }, { 15, 3, 12 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct tt_rtp_ext ext = { rows[i].id, { (const uint8_t *)text, rows[i].len } };
		uint8_t buf[64];
		struct wr w = wr_make(buf, sizeof buf);
		const struct tt_rtp_packet h = { .pt = 0 };

		assert_int_equal(tt_rtp_ext_room(&ext, 1), rows[i].room);
		tt_rtp_write_header(&w, &h, &ext, 1);
		const bool one = rows[i].id < 15 && rows[i].len >= 1 && rows[i].len <= 16;
		assert_memory_equal(buf + 12, one ? "\xbe\xde" : "\x10\0", 2);
		check_round_trip(&ext, 1);
	}
	assert_int_equal(tt_rtp_ext_room(NULL, 0), 0);
}

/* The elements of one extension as "id:length" and a mark for how it ended. */
static const char *elements(uint16_t profile, const char *body, size_t len)
{
	static char out[200];
	uint8_t *exact = malloc(len ? len : 1);
	struct tt_rtp_packet p = { .ext_profile = profile, .ext = { exact, len } };
	struct tt_rtp_ext_reader r = tt_rtp_ext_begin(&p);
	struct tt_rtp_ext e;
	size_t n = 0;

	memcpy(exact, body, len);
	out[0] = '\0';
	while (tt_rtp_ext_next(&r, &e)) {
		assert_true(e.value.p >= exact && e.value.p + e.value.len <= exact + len);
		n += (size_t)snprintf(out + n, sizeof out - n, "%d:%zu ", e.id, e.value.len);
	}
	snprintf(out + n, sizeof out - n, r.rd.bad ? "bad" : "end");
	assert_false(tt_rtp_ext_next(&r, &e));
	free(exact);
	return out;
}

static void elements_are_read_up_to_what_cannot_be_one(void **state)
{
	static const struct {
		uint16_t profile;
		const char *body;
		size_t len;
		const char *want;
	} rows[] = {
		{ 0xbede, "", 0, "end" },
		{ 0xbede, "\0\0\0\0", 4, "end" },
		{ 0xbede, "\x10\xaa\0\0", 4, "1:1 end" },
		{ 0xbede, "\0\x10\xaa\0\0\x21\1\2", 8, "1:1 2:2 end" },
		{ 0xbede, "\x12\1\2\3", 4, "1:3 end" },
		{ 0xbede, "\x13\1\2\3", 4, "bad" },	      /* a byte is missing */
		{ 0xbede, "\x10\xaa\xf0\x01", 4, "1:1 bad" }, /* 15 ends the reading */
		{ 0xbede, "\x10\xaa\x03\x01", 4, "1:1 bad" }, /* 0 with a length */
		{ 0xbede, "\xe0\1\xe0\2", 4, "14:1 14:1 end" },
		{ 0x1000, "\1\0\2\0", 4, "1:0 2:0 end" },
		{ 0x100f, "\1\2\3\4", 4, "1:2 end" },
		{ 0x1000, "\1\3\3\4", 4, "bad" },
		{ 0x1000, "\0\0\0\1", 4, "bad" }, /* without its length */
		{ 0x1000, "\xff\1\1\0", 4, "255:1 end" },
		{ 0x1010, "\1\0\2\0", 4, "bad" }, /* a profile nobody here knows */
		{ 0x0fff, "\1\0\2\0", 4, "bad" },
		{ 0xbedf, "\x10\xaa\0\0", 4, "bad" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		assert_string_equal(elements(rows[i].profile, rows[i].body, rows[i].len), rows[i].want);
}

static void every_truncation_of_a_header_is_refused(void **state)
{
	/* two CSRCs, an extension of one word, a byte of payload and two of padding */
	static const uint8_t whole[] = { 0xb2, 96, 0, 1,    0,	  0,	0, 2,	 0, 0, 0, 3,	0, 0, 0, 4,
					 0,    0,  0, 5,    0xbe, 0xde, 0, 1,	 0, 0, 0, 0,	7, 9, 2 };
	struct tt_rtp_packet p;

	(void)state;
	for (size_t n = 0; n <= sizeof whole; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, whole, n);
		if (n > 28)
			exact[n - 1] = 1; /* that the padding does not decide */
		assert_int_equal(tt_rtp_read(&p, exact, n), n > 28);
		if (n > 28)
			assert_true(p.header_len == 28 && p.payload.len == n - 29 && p.padding == 1);
		free(exact);
	}
	assert_true(tt_rtp_read(&p, whole, sizeof whole));
	assert_true(p.payload.len == 1 && p.padding == 2 && p.csrc_count == 2);
}

static void padding_is_at_least_its_own_byte_and_at_most_the_payload(void **state)
{
	struct tt_rtp_packet p;
	uint8_t pkt[12 + 4] = { 0xa0 };

	(void)state;
	for (unsigned pad = 0; pad < 256; pad++) {
		pkt[15] = (uint8_t)pad;
		assert_int_equal(tt_rtp_read(&p, pkt, sizeof pkt), pad >= 1 && pad <= 4);
	}
	for (unsigned version = 0; version < 4; version++) {
		pkt[0] = (uint8_t)(version << 6);
		assert_int_equal(tt_rtp_read(&p, pkt, sizeof pkt), version == 2);
	}
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

static void a_name_is_copied_whole_and_cut_where_it_is_too_long(void **state)
{
	static const char longer[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF";
	char from[sizeof longer], *to = malloc(TT_RTP_MAX_MID + 1);

	(void)state;
	for (size_t n = 0; n < sizeof longer; n++) {
		memcpy(from, longer, n);
		from[n] = '\0';
		const size_t kept = n < TT_RTP_MAX_MID ? n : TT_RTP_MAX_MID;
		memset(to, '?', TT_RTP_MAX_MID + 1);
		assert_ptr_equal(tt_rtp_copy_name(to, from), to);
		assert_int_equal(strlen(to), kept);
		assert_memory_equal(to, longer, kept);
	}
	assert_string_equal(tt_rtp_copy_name(to, NULL), "");
	free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_reads_as_expected),
		cmocka_unit_test(truncations_and_flips_never_read_past_the_end),
		cmocka_unit_test(what_is_written_reads_the_same_in_both_forms),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(the_form_is_of_one_byte_while_every_element_fits_it),
		cmocka_unit_test(elements_are_read_up_to_what_cannot_be_one),
		cmocka_unit_test(every_truncation_of_a_header_is_refused),
		cmocka_unit_test(padding_is_at_least_its_own_byte_and_at_most_the_payload),
		cmocka_unit_test(second_bytes_64_to_95_are_rtcp),
		cmocka_unit_test(a_name_is_copied_whole_and_cut_where_it_is_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
