/* test_hold.c - when a frame that is held leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/rtp_hold.h"

enum { MS = 1000, RATE = 48000, FRAME = 960, EVERY = 20 * MS, TARGET = 200 * MS };

static taut_time due(const struct tt_rtp_hold *h, uint32_t ts, taut_time at)
{
	return tt_rtp_hold_due(h, ts, RATE, at, TARGET);
}

static void nothing_known_is_held_from_its_arrival(void **state)
{
	const struct tt_rtp_hold h = { 0 };

	(void)state;
	assert_int_equal(due(&h, 77, 5 * MS), 205 * MS);
}

/* Over the wrap of the timestamps, with up to 90 ms of delay that differs. */
static void what_comes_unevenly_leaves_evenly(void **state)
{
	struct tt_rtp_hold h = { 0 };
	uint32_t ts = (uint32_t)-50 * FRAME;
	taut_time last = 0;

	(void)state;
	for (int n = 0; n < 500; n++, ts += FRAME) {
		const taut_time at = 1000 * MS + n * EVERY + (n % 10) * 10 * MS;

		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		const taut_time t = due(&h, ts, at);
		assert_in_range(t, 1000 * MS + n * EVERY + TARGET, 1000 * MS + n * EVERY + TARGET + 2 * MS);
		if (n > 0)
			assert_in_range(t - last, EVERY - 2 * MS, EVERY + MS);
		last = t;
	}
}

static void a_faster_path_counts_at_once_and_a_slower_one_by_and_by(void **state)
{
	struct tt_rtp_hold h = { 0 };
	taut_time at = 0, kept = 0;
	uint32_t ts = 0;

	(void)state;
	tt_rtp_hold_learn(&h, ts, RATE, 500 * MS, TARGET);
	ts += FRAME;
	at = 490 * MS; /* 30 ms earlier than the one before it let expect */
	tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
	assert_int_equal(due(&h, ts, at), at + TARGET);
	for (int n = 0; n < 1000; n++) {
		ts += FRAME;
		at = 490 * MS + (n + 1) * EVERY + 100 * MS;
		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		kept = due(&h, ts, at) - at;
		if (n == 0)
			assert_in_range(kept, TARGET - 100 * MS, TARGET - 99 * MS);
	}
	assert_in_range(kept, TARGET - 3 * MS, TARGET - MS);
}

static void a_clock_that_jumps_or_stands_still_begins_anew(void **state)
{
	struct tt_rtp_hold h = { 0 };
	taut_time at = 0;
	uint32_t ts = 0;

	(void)state;
	for (int n = 0; n < 40; n++) {
		ts += FRAME;
		at += EVERY + (n == 20 ? 1000 * MS : 0);
		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		if (n == 30) { /* one in time: the others are too late, not all */
			tt_rtp_hold_learn(&h, ts + FRAME, RATE, at - 1000 * MS + EVERY, TARGET);
			at -= 1000 * MS;
		}
		if (n < 20 || n > 30)
			assert_int_equal(due(&h, ts, at), at + TARGET);
		else if (n < 30)
			assert_in_range(due(&h, ts, at), at - 1000 * MS + TARGET, at - 900 * MS + TARGET);
	}
	at += 5000 * MS;
	for (int n = 0; n < 40; n++) {
		ts += FRAME;
		at += EVERY;
		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		if (n < 16)
			assert_true(due(&h, ts, at) < at);
		else
			assert_int_equal(due(&h, ts, at), at + TARGET);
	}
	tt_rtp_hold_learn(&h, ts + 0x7fffffffu, RATE, at, TARGET); /* of half a day later */
	assert_int_equal(due(&h, ts + 0x7fffffffu, at), at + TARGET);
	/* never longer than from when it came, whatever is expected */
	assert_int_equal(due(&h, ts + 0x7fffffffu + 100u * FRAME, at + MS), at + MS + TARGET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_known_is_held_from_its_arrival),
		cmocka_unit_test(what_comes_unevenly_leaves_evenly),
		cmocka_unit_test(a_faster_path_counts_at_once_and_a_slower_one_by_and_by),
		cmocka_unit_test(a_clock_that_jumps_or_stands_still_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
