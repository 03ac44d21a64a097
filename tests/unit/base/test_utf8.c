/* UTF-8 (RFC 3629 section 4): every character there is, and every sequence that is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>

#include "base/utf8.h"

/* Section 3, the table. */
static size_t encode(uint32_t c, uint8_t out[4])
{
	const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t head[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(head[n] | c);
	return n;
}

static void every_character_is_read_and_no_surrogate(void **state)
{
	uint8_t octets[4];
	uint32_t got = 0;

	(void)state;
	for (uint32_t c = 0; c < 0x120000; c++) {
		const bool is_one = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		const size_t n = encode(c, octets);
		assert_int_equal(tt_utf8_char(octets, n, &got), is_one ? n : 0);
		if (is_one)
			assert_int_equal(got, c);
		assert_int_equal(tt_utf8_char(octets, n, NULL), is_one ? n : 0);
		for (size_t left = 1; left < n; left++)
			assert_int_equal(tt_utf8_char(octets, left, &got), 0);
	}
}

/* The shortest form is the only one, and what goes on must say so: all sequences of three octets. */
static void other_sequences_are_none(void **state)
{
	uint8_t shortest[4];
	uint32_t c = 0;

	(void)state;
	for (uint32_t all = 0; all < 1u << 24; all++) {
		const uint8_t p[3] = { (uint8_t)(all >> 16), (uint8_t)(all >> 8), (uint8_t)all };
		const size_t n = tt_utf8_char(p, sizeof p, &c);
		if (n == 0)
			continue;
		assert_int_equal(encode(c, shortest), n);
		assert_memory_equal(p, shortest, n);
		all |= n == 1 ? 0xffff : n == 2 ? 0xff : 0; /* what is behind says nothing */
	}
	assert_int_equal(tt_utf8_char("\xf0\x8f\xbf\xbf", 4, &c), 0);
	assert_int_equal(tt_utf8_char("\xf8\x88\x80\x80\x80", 5, &c), 0);
}

static void what_is_none_has_no_number(void **state)
{
	(void)state;
	for (uint32_t first = 0x80; first < 0x100; first++) {
		const uint8_t p[] = { (uint8_t)first, 'a', 'b', 'c' };
		uint32_t c = 7;
		assert_int_equal(tt_utf8_char(p, sizeof p, &c), 0);
		assert_int_equal(c, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_is_read_and_no_surrogate),
		cmocka_unit_test(other_sequences_are_none),
		cmocka_unit_test(what_is_none_has_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
