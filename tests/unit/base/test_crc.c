/* test_crc.c - both CRCs against the polynomial, one bit after the other, at every length and
 * alignment. OpenSSL has no CRC-32C; the vectors of others are in unit/sctp/wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32.h"
#include "base/crc32c.h"
#include "support/sim.h"

enum { LONGEST = 300, ALIGNMENTS = 16, LONG_ONES = 60, LONG = 70000 };

/* Reflected, as RFC 9260 appendix A and ITU V.42 have it: begun with ones, ended by complement. */
static uint32_t bit_by_bit(uint32_t polynomial, const uint8_t *p, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len * 8; i++) {
		const uint32_t bit = (crc ^ (uint32_t)p[i / 8] >> i % 8) & 1;
		crc = crc >> 1 ^ (bit ? polynomial : 0);
	}
	return ~crc;
}

static void assert_both(const uint8_t *p, size_t len)
{
	const uint32_t crc32c = bit_by_bit(0x82f63b78, p, len);

	assert_int_equal(tt_crc32c(p, len), crc32c);
	assert_int_equal(tt_crc32c_portable(p, len), crc32c);
	assert_int_equal(tt_crc32(p, len), bit_by_bit(0xedb88320, p, len));
}

static void every_short_length_at_every_alignment(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 1, &(struct sim_link){ 0 });
	for (size_t len = 0; len <= LONGEST; len++)
		for (size_t at = 0; at < ALIGNMENTS; at++) {
			uint8_t *p = malloc(at + len);
			for (size_t i = 0; p && i < at + len; i++)
				p[i] = (uint8_t)sim_random(&s);
			assert_true(p || at + len == 0);
			assert_both(p ? p + at : (const uint8_t *)"", len);
			free(p);
		}
	sim_free(&s);
}

/* All thirds that three streams may have, and what is left behind them. */
static void every_length_of_a_packet(void **state)
{
	static uint8_t p[1700];
	uint32_t crc = 0xffffffff;
	struct sim s;

	(void)state;
	sim_init(&s, 3, &(struct sim_link){ 0 });
	for (size_t len = 0; len < sizeof p; len++) {
		assert_int_equal(tt_crc32c(p, len), ~crc);
		p[len] = (uint8_t)sim_random(&s);
		crc ^= p[len];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	sim_free(&s);
}

static void long_ones_of_random_length(void **state)
{
	struct sim s;

	(void)state;
	sim_init(&s, 2, &(struct sim_link){ 0 });
	for (int n = 0; n < LONG_ONES; n++) {
		size_t len = 1 + sim_random(&s) % LONG;
		uint8_t *p = malloc(len);
		assert_non_null(p);
		for (size_t i = 0; i < len; i++)
			p[i] = (uint8_t)sim_random(&s);
		assert_both(p, len);
		free(p);
	}
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_length_at_every_alignment),
		cmocka_unit_test(every_length_of_a_packet),
		cmocka_unit_test(long_ones_of_random_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
