/* The order in which the targets of SRV records are tried: RFC 2782. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "ice/ice_agent.h"

static uint32_t drawn[16];
static size_t draws;

static int scripted(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	assert_int_equal(len, sizeof drawn[0]);
	memcpy(buf, &drawn[draws++], len);
	return 0;
}

static int none(void *ctx, void *buf, size_t len)
{
	(void)ctx, (void)buf, (void)len;
	return -1;
}

static struct tt_env env;

static void set_up_random(int (*random)(void *, void *, size_t))
{
	const struct taut_env_config cfg = { .size = sizeof cfg, .random = random };

	tt_env_init(&env, &cfg);
	draws = 0;
}

struct row {
	struct taut_srv in[6];
	uint32_t drawn[6];
	const char *out; /* targets are of one letter */
};

static void compare(const struct row *row)
{
	struct taut_srv all[6];
	char out[7] = "";
	size_t n = 0;

	while (n < TT_COUNT(all) && row->in[n].target)
		n++;
	memcpy(all, row->in, sizeof all);
	memcpy(drawn, row->drawn, sizeof row->drawn);
	draws = 0;
	tt_ice_srv_order(&env, all, n);
	for (size_t i = 0; i < n; i++)
		out[i] = all[i].target[0];
	assert_string_equal(out, row->out);
}

static void lower_priorities_come_first_and_weights_decide_among_equals(void **state)
{
	static const struct row rows[] = {
		{ { { 0 } }, { 0 }, "" },
		{ { { 9, 0, 1, "a" } }, { 0 }, "a" },
		{ { { 3, 1, 1, "a" }, { 1, 1, 1, "b" }, { 2, 1, 1, "c" } }, { 0 }, "bca" },
		/* "0 to the sum, inclusive": the first whose running sum is not below it */
		{ { { 1, 1, 1, "a" }, { 1, 3, 1, "b" } }, { 0 }, "ab" },
		{ { { 1, 1, 1, "a" }, { 1, 3, 1, "b" } }, { 1 }, "ab" },
		{ { { 1, 1, 1, "a" }, { 1, 3, 1, "b" } }, { 2 }, "ba" },
		{ { { 1, 1, 1, "a" }, { 1, 3, 1, "b" } }, { 4 }, "ba" },
		{ { { 1, 1, 1, "a" }, { 1, 3, 1, "b" } }, { 5 }, "ab" }, /* 5 of 0 to 4 is 0 */
		/* those of weight 0 stand first: chosen by 0 alone */
		{ { { 1, 2, 1, "a" }, { 1, 0, 1, "b" } }, { 0 }, "ba" },
		{ { { 1, 2, 1, "a" }, { 1, 0, 1, "b" } }, { 1 }, "ab" },
		{ { { 1, 0, 1, "a" }, { 1, 0, 1, "b" }, { 1, 0, 1, "c" } }, { 0 }, "abc" },
		/* of what is left another draw each time, in each priority */
		{ { { 2, 1, 1, "a" }, { 1, 1, 1, "b" }, { 2, 5, 1, "c" }, { 1, 1, 1, "d" } },
		  { 2, 0, 6, 0 },
		  "dbca" },
		{ { { 7, 65535, 1, "a" }, { 7, 65535, 1, "b" }, { 7, 65535, 1, "c" } },
		  { 3 * 65535, 65536, 0 },
		  "cba" },
	};

	(void)state;
	set_up_random(scripted);
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		compare(&rows[i]);
}

static void without_randomness_there_is_an_order_all_the_same(void **state)
{
	static const struct row row = { { { 2, 9, 1, "a" }, { 1, 1, 1, "b" }, { 1, 9, 1, "c" } },
					{ 0 },
					"bca" };

	(void)state;
	set_up_random(none);
	compare(&row);
}

/* By the weights: one of 3 to 1 comes first three times as often, more or less. */
static uint64_t seed;

static int drawn_by_seed(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	memcpy(buf, (const uint8_t *)&seed + 4, len);
	return 0;
}

static void a_heavy_one_comes_first_more_often(void **state)
{
	unsigned first = 0;

	(void)state;
	set_up_random(drawn_by_seed);
	for (int i = 0; i < 10000; i++) {
		struct taut_srv all[] = { { 1, 100, 1, "a" }, { 1, 300, 1, "b" } };
		tt_ice_srv_order(&env, all, 2);
		first += all[0].target[0] == 'b';
	}
	assert_in_range(first, 7300, 7700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_priorities_come_first_and_weights_decide_among_equals),
		cmocka_unit_test(without_randomness_there_is_an_order_all_the_same),
		cmocka_unit_test(a_heavy_one_comes_first_more_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
