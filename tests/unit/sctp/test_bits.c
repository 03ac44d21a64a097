/* One bit for each TSN, against an array of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sctp/rx/sctp_tracker.h"
#include "sctp/sctp_bits.h"

enum { WINDOW = 1000 };

static struct tt_env env;
static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static uint32_t naive_find(const bool *is_set, uint32_t from, uint32_t end, bool wanted)
{
	while (from <= end && is_set[from] != wanted)
		from++;
	return from <= end ? from : end + 1;
}

/* The window lies across the wrap of TSNs, and of the ring. */
static void bits_are_found_as_one_would_by_looking_at_each(void **state)
{
	static bool is_set[WINDOW + 1];
	const struct serial32 first = s32(0xffffff00u);
	struct sctp_bits b = { 0 };

	(void)state;
	tt_env_init(&env, NULL);
	assert_true(tt_sctp_bits_grow(&b, &env, WINDOW, first, 0));
	for (int round = 0; round < 2000; round++) {
		const uint32_t at = draw(WINDOW), from = draw(WINDOW),
			       end = from + draw(WINDOW - from);
		const bool wanted = draw(2);
		is_set[at] = draw(4) < (round < 1000 ? 1u : 3u); /* few, and many */
		tt_sctp_set_bit(&b, s32_add(first, at), is_set[at]);
		const struct serial32 got =
			tt_sctp_find_bit(&b, s32_add(first, from), s32_add(first, end), wanted);
		assert_int_equal(got.v - first.v, naive_find(is_set, from, end, wanted));
	}
	tt_sctp_bits_free(&b, &env);
	assert_int_equal(env.memory, 0);
}

static void what_is_kept_stays_where_the_ring_grows(void **state)
{
	const struct serial32 first = s32(0xffffffe0u);
	struct sctp_bits b = { 0 };

	(void)state;
	tt_env_init(&env, NULL);
	assert_true(tt_sctp_bits_grow(&b, &env, 1, first, 0));
	assert_int_equal(b.cap, 64);
	for (uint32_t i = 0; i < 64; i++)
		tt_sctp_set_bit(&b, s32_add(first, i), i % 3 == 0);
	assert_true(tt_sctp_bits_grow(&b, &env, 65536, first, 64));
	assert_int_equal(b.cap, 65536);
	for (uint32_t i = 0; i < 65536; i++)
		assert_int_equal(tt_sctp_bit(&b, s32_add(first, i)), i < 64 && i % 3 == 0);
	tt_sctp_bits_clear(&b);
	assert_int_equal(tt_sctp_find_bit(&b, first, s32_add(first, 65535), true).v,
			 s32_add(first, 65536).v);
	tt_sctp_bits_free(&b, &env);
	assert_int_equal(env.memory, 0);
}

/* Most associations lose and reorder nothing. */
static void what_comes_in_order_takes_no_memory(void **state)
{
	struct sctp_tracker t = { 0 };

	(void)state;
	tt_env_init(&env, NULL);
	tt_sctp_tracker_init(&t, s32(0xfffffff0u));
	for (uint32_t n = 0; n < 100; n++) {
		const struct serial32 tsn = s32(0xfffffff0u + n);
		assert_true(tt_sctp_tracker_room(&t, &env, tsn));
		tt_sctp_tracker_add(&t, tsn);
		assert_int_equal(t.cum.v, tsn.v);
	}
	assert_int_equal(env.memory, 0);
	assert_true(tt_sctp_tracker_room(&t, &env, s32_add(t.cum, 2)));
	assert_true(env.memory > 0);
	tt_sctp_tracker_free(&t, &env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_are_found_as_one_would_by_looking_at_each),
		cmocka_unit_test(what_comes_in_order_takes_no_memory),
		cmocka_unit_test(what_is_kept_stays_where_the_ring_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
