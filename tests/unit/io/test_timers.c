/* The heap of timers against a plain sorted list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/io_timers.h"

static void nothing(void *arg)
{
	(void)arg;
}

static void timers_fire_in_order_of_time_and_then_of_making(void **state)
{
	static const taut_time due[] = { 50, 10, 30, 10, 20, 50, 0, 40 };
	static const size_t expected[] = { 6, 1, 3, 4, 2, 7, 0, 5 };
	size_t index[8];
	struct tt_env env;
	struct tt_timers t;
	taut_task task;
	void *arg;
	(void)state;

	tt_env_init(&env, NULL);
	tt_timers_init(&t, &env);
	for (size_t i = 0; i < 8; i++) {
		index[i] = i;
		assert_int_not_equal(tt_timers_add(&t, due[i], nothing, &index[i]), 0);
	}
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(tt_timers_deadline(&t), due[expected[i]]);
		assert_false(tt_timers_take(&t, due[expected[i]] - 1, &task, &arg));
		assert_true(tt_timers_take(&t, due[expected[i]], &task, &arg));
		assert_ptr_equal(arg, &index[expected[i]]);
	}
	assert_true(tt_timers_deadline(&t) == INT64_MAX);
	tt_timers_free(&t);
	assert_int_equal(env.memory, 0);
}

static void a_stale_number_cancels_nothing(void **state)
{
	struct tt_env env;
	struct tt_timers t;
	taut_task task;
	void *arg;
	(void)state;

	tt_env_init(&env, NULL);
	tt_timers_init(&t, &env);
	const taut_timer first = tt_timers_add(&t, 5, nothing, NULL);
	assert_true(tt_timers_take(&t, 5, &task, &arg));
	const taut_timer second = tt_timers_add(&t, 6, nothing, NULL);
	assert_int_equal((uint16_t)first, (uint16_t)second); /* the slot is used again */
	assert_int_not_equal(first, second);
	tt_timers_cancel(&t, first);
	tt_timers_cancel(&t, 0);
	tt_timers_cancel(&t, 0xffffffff);
	assert_int_equal(tt_timers_deadline(&t), 6);
	tt_timers_cancel(&t, second);
	assert_true(tt_timers_deadline(&t) == INT64_MAX);
	tt_timers_free(&t);
}

static void any_mix_of_adding_and_cancelling_keeps_the_order(void **state)
{
	enum { N = 3000 };
	static taut_timer live[N];
	static taut_time due[N];
	uint32_t seed = 12345;
	struct tt_env env;
	struct tt_timers t;
	taut_task task;
	void *arg;
	(void)state;

	tt_env_init(&env, NULL);
	tt_timers_init(&t, &env);
	for (size_t i = 0; i < N; i++) {
		seed = seed * 1664525 + 1013904223;
		due[i] = seed >> 20;
		live[i] = tt_timers_add(&t, due[i], nothing, &live[i]);
		assert_int_not_equal(live[i], 0);
		if (seed >> 8 & 1) {
			const size_t victim = (seed >> 9) % (i + 1);
			tt_timers_cancel(&t, live[victim]);
			live[victim] = 0;
		}
	}
	for (taut_time last = 0; tt_timers_take(&t, INT64_MAX - 1, &task, &arg);) {
		const size_t i = (size_t)((taut_timer *)arg - live);
		assert_int_not_equal(live[i], 0);
		assert_true(due[i] >= last);
		last = due[i];
		live[i] = 0;
	}
	for (size_t i = 0; i < N; i++)
		assert_int_equal(live[i], 0);
	tt_timers_free(&t);
}

static void there_is_a_ceiling(void **state)
{
	struct tt_env env;
	struct tt_timers t;
	taut_timer last = 0;
	(void)state;

	tt_env_init(&env, NULL);
	tt_timers_init(&t, &env);
	for (size_t i = 0; i < TT_TIMERS_MAX; i++)
		assert_int_not_equal(last = tt_timers_add(&t, 1, nothing, NULL), 0);
	assert_int_equal(tt_timers_add(&t, 1, nothing, NULL), 0);
	tt_timers_cancel(&t, last);
	assert_int_not_equal(tt_timers_add(&t, 1, nothing, NULL), 0);
	tt_timers_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order_of_time_and_then_of_making),
		cmocka_unit_test(a_stale_number_cancels_nothing),
		cmocka_unit_test(any_mix_of_adding_and_cancelling_keeps_the_order),
		cmocka_unit_test(there_is_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
