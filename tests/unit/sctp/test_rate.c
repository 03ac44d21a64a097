/* How fast a path delivers, and how fast packets leave: delivery rate samples, and the pacer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sctp/tx/sctp_pace.h"
#include "sctp/tx/sctp_rate.h"
#include "sctp/tx/sctp_rtt.h"

enum { CHUNK = 1000, MS = 1000 };

/* Ten leave at once and come a millisecond apart, after 50: a million bytes a second, though all were sent at once. */
static void a_sample_is_of_the_slower_of_sending_and_arriving(void **state)
{
	struct sctp_rate r = { 0 };
	struct sctp_rate_stamp stamp[10];
	struct sctp_rate_sample s = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		stamp[i] = tt_sctp_rate_stamp(&r, 0, i == 0);
	for (int i = 0; i < 10; i++) {
		s = (struct sctp_rate_sample){ 0 };
		tt_sctp_rate_acked(&r, &stamp[i], 0, (50 + i) * MS, CHUNK, &s);
		tt_sctp_rate_finish(&r, &s, 50 * MS);
	}
	assert_int_equal(s.bytes, 10 * CHUNK);
	assert_int_equal(s.interval, 59 * MS);
	/* those that leave now are measured against what has come by now */
	struct sctp_rate_stamp next = tt_sctp_rate_stamp(&r, 59 * MS, false);
	s = (struct sctp_rate_sample){ 0 };
	tt_sctp_rate_acked(&r, &next, 59 * MS, 109 * MS, CHUNK, &s);
	tt_sctp_rate_finish(&r, &s, 50 * MS);
	assert_int_equal(s.bytes, CHUNK);
	assert_int_equal(s.interval, 59 * MS); /* sent 59 ms after the one before */
}

static void too_short_a_time_tells_nothing(void **state)
{
	struct sctp_rate r = { 0 };
	struct sctp_rate_sample s = { 0 };

	(void)state;
	const struct sctp_rate_stamp stamp = tt_sctp_rate_stamp(&r, 0, true);
	tt_sctp_rate_acked(&r, &stamp, 0, 49 * MS, CHUNK, &s);
	tt_sctp_rate_finish(&r, &s, 50 * MS);
	assert_true(s.any);
	assert_int_equal(s.interval, 0);
}

static void what_an_application_held_back_is_marked_until_it_is_delivered(void **state)
{
	struct sctp_rate r = { 0 };
	struct sctp_rate_sample s = { 0 };

	(void)state;
	const struct sctp_rate_stamp before = tt_sctp_rate_stamp(&r, 0, true);
	tt_sctp_rate_limited(&r, CHUNK); /* one is out, and there is no more */
	const struct sctp_rate_stamp behind = tt_sctp_rate_stamp(&r, 5 * MS, false);
	assert_false(before.limited);
	assert_true(behind.limited);
	tt_sctp_rate_acked(&r, &before, 0, 50 * MS, CHUNK, &s);
	tt_sctp_rate_finish(&r, &s, 1);
	assert_false(s.limited);
	s = (struct sctp_rate_sample){ 0 };
	tt_sctp_rate_acked(&r, &behind, 5 * MS, 55 * MS, CHUNK, &s);
	tt_sctp_rate_finish(&r, &s, 1);
	assert_true(s.limited);
	assert_false(tt_sctp_rate_stamp(&r, 55 * MS, true).limited);
}

static void what_was_told_in_lumps_measures_nothing(void **state)
{
	struct sctp_rate r = { 0 };
	struct sctp_rate_sample s = { 0 };

	(void)state;
	const struct sctp_rate_stamp stamp = tt_sctp_rate_stamp(&r, 0, true);
	r.blind = 1;
	tt_sctp_rate_acked(&r, &stamp, 0, 50 * MS, CHUNK, &s);
	tt_sctp_rate_finish(&r, &s, 1);
	assert_int_equal(s.interval, 0);
}

/* A megabyte a second: a thousand bytes a millisecond, two packets at least. */
static void packets_leave_at_the_rate_and_not_faster(void **state)
{
	struct sctp_pace p = { 0 };
	uint64_t sent = 0;
	taut_time now = 5000000;

	(void)state;
	for (const taut_time end = now + 1000000; now < end;) {
		while (tt_sctp_pace_ready(&p, now, 1000000, CHUNK)) {
			tt_sctp_pace_sent(&p, CHUNK);
			sent += CHUNK;
		}
		const taut_time next = tt_sctp_pace_next(&p, 1000000, CHUNK);
		assert_true(next > now);
		now = next;
	}
	assert_in_range(sent, 999000, 1003000);
}

static void what_was_not_used_is_kept_for_a_millisecond_only(void **state)
{
	struct sctp_pace p = { 0 };
	int at_once = 0;

	(void)state;
	assert_true(tt_sctp_pace_ready(&p, 60000000, 50000000, CHUNK));
	while (tt_sctp_pace_ready(&p, 60000000, 50000000, CHUNK)) {
		tt_sctp_pace_sent(&p, CHUNK);
		at_once++;
	}
	assert_int_equal(at_once, 50);
}

/* Less than a byte between two looks: time adds up all the same. */
static void a_slow_rate_loses_nothing_to_rounding(void **state)
{
	struct sctp_pace p = { .at = 1000000 };
	int sent = 0;

	(void)state;
	for (taut_time now = 1000000; now <= 3000000; now += 7)
		if (tt_sctp_pace_ready(&p, now, 10000, CHUNK)) {
			tt_sctp_pace_sent(&p, CHUNK);
			sent++;
		}
	assert_in_range(sent, 20, 21);
}

/* A sample is of the latest that left among those which one acknowledgement tells, in whatever order it does. */
static void an_earlier_one_takes_nothing_from_a_later(void **state)
{
	struct sctp_rate r = { 0 };
	struct sctp_rate_sample s = { 0 };

	(void)state;
	const struct sctp_rate_stamp first = tt_sctp_rate_stamp(&r, 0, true),
				     second = tt_sctp_rate_stamp(&r, 0, false);
	tt_sctp_rate_acked(&r, &first, 0, 50 * MS, CHUNK, &s);
	const struct sctp_rate_stamp third = tt_sctp_rate_stamp(&r, 50 * MS, false);
	s = (struct sctp_rate_sample){ 0 };
	tt_sctp_rate_acked(&r, &third, 50 * MS, 100 * MS, CHUNK, &s);
	tt_sctp_rate_acked(&r, &second, 0, 100 * MS, CHUNK, &s);
	tt_sctp_rate_finish(&r, &s, 1);
	assert_int_equal(s.prior, CHUNK);
	assert_int_equal(s.bytes, 2 * CHUNK);
}

/* A path may have become longer: what was the least long ago is not believed for ever. */
static void the_least_round_trip_grows_old(void **state)
{
	struct sctp_rtt r;

	(void)state;
	tt_sctp_rtt_init(&r);
	tt_sctp_rtt_seen(&r, 0, 50 * MS);
	tt_sctp_rtt_seen(&r, 10000 * MS, 80 * MS);
	assert_int_equal(r.least, 50 * MS);
	tt_sctp_rtt_seen(&r, 10000 * MS + 1, 80 * MS);
	assert_int_equal(r.least, 80 * MS);
	tt_sctp_rtt_seen(&r, 10001 * MS, 70 * MS);
	assert_int_equal(r.least, 70 * MS);
}

/* What took longer than was expected moves the RTO at once, and what did not moves nothing. */
static void the_timeout_follows_a_round_trip_that_grows(void **state)
{
	struct sctp_rtt r;

	(void)state;
	tt_sctp_rtt_init(&r);
	for (int i = 0; i < 40; i++)
		tt_sctp_rtt_measured(&r, 300 * MS);
	assert_in_range(r.rto, SCTP_RTO_MIN, SCTP_RTO_MIN + MS);
	const struct sctp_rtt before = r;
	tt_sctp_rtt_followed(&r, 300 * MS);
	assert_memory_equal(&r, &before, sizeof r);
	tt_sctp_rtt_followed(&r, 600 * MS);
	assert_int_equal(r.rto, 750 * MS);
	tt_sctp_rtt_followed(&r, 500 * MS); /* the longest counts until it is measured again */
	assert_int_equal(r.rto, 750 * MS);
	assert_int_equal(r.srtt, before.srtt);
	assert_int_equal(r.rttvar, before.rttvar);
	tt_sctp_rtt_measured(&r, 300 * MS);
	assert_in_range(r.rto, SCTP_RTO_MIN, SCTP_RTO_MIN + MS);
	for (int i = 0; i < 80; i++) /* and what is measured is followed too, however steady it is */
		tt_sctp_rtt_measured(&r, 1000 * MS);
	assert_int_equal(r.rto, 1250 * MS);
	tt_sctp_rtt_followed(&r, 2 * (taut_time)SCTP_RTO_MAX);
	assert_int_equal(r.rto, SCTP_RTO_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_of_the_slower_of_sending_and_arriving),
		cmocka_unit_test(too_short_a_time_tells_nothing),
		cmocka_unit_test(what_an_application_held_back_is_marked_until_it_is_delivered),
		cmocka_unit_test(what_was_told_in_lumps_measures_nothing),
		cmocka_unit_test(packets_leave_at_the_rate_and_not_faster),
		cmocka_unit_test(what_was_not_used_is_kept_for_a_millisecond_only),
		cmocka_unit_test(a_slow_rate_loses_nothing_to_rounding),
		cmocka_unit_test(an_earlier_one_takes_nothing_from_a_later),
		cmocka_unit_test(the_least_round_trip_grows_old),
		cmocka_unit_test(the_timeout_follows_a_round_trip_that_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
