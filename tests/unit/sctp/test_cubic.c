/* CUBIC against RFC 9438's own formulas in floating point, and HyStart++ (RFC 9406). */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/num.h"
#include "sctp/tx/sctp_cc.h"

enum { PMDCS = 1148, RTT = 100000 };

static struct sctp_cc cc;
static taut_time now;
static uint64_t delivered, round_began;

static struct sctp_cc_ack ack(size_t bytes, taut_time rtt)
{
	delivered += bytes;
	return (struct sctp_cc_ack){ .now = now,
				     .bytes = bytes,
				     .before = cc.cwnd,
				     .flight = cc.cwnd - bytes,
				     .filled = true,
				     .advanced = true,
				     .rtt = rtt,
				     .srtt = rtt,
				     .delivered = delivered,
				     .rate = { .any = true, .prior = round_began } };
}

static void give(size_t bytes, taut_time rtt)
{
	const struct sctp_cc_ack a = ack(bytes, rtt);

	cc.kind->acked(&cc, &a);
}

static void lose(void)
{
	const struct sctp_cc_ack a = ack(0, RTT);

	cc.kind->lost(&cc, &a);
}

static void start(size_t cwnd)
{
	now = 1000000;
	delivered = round_began = 0;
	tt_sctp_cc_init(&cc, &tt_sctp_cc_cubic, PMDCS);
	cc.cwnd = cwnd;
}

/* A round trip: the whole window is acknowledged, two packets each time. */
static void round_trip(taut_time rtt)
{
	const size_t acks = cc.cwnd / (2 * PMDCS);

	round_began = delivered;
	for (size_t i = 0; i < acks; i++) {
		now += rtt / (taut_time)acks;
		give(2 * PMDCS, rtt);
	}
}

/* Section 4.2: W(t) = 0.4 (t - K)^3 + W_max, K = cbrt((W_max - cwnd) / 0.4), in packets and seconds. */
static void the_window_follows_the_cubic_after_a_loss(void **state)
{
	const double most = 1000;

	(void)state;
	start((size_t)most * PMDCS);
	cc.ssthresh = cc.cwnd;
	lose();
	assert_in_range(cc.cwnd, 699 * PMDCS, 700 * PMDCS); /* 4.6: beta 0.7 */
	const double k = cbrt((most - (double)cc.cwnd / PMDCS) / 0.4);
	const taut_time begun = now + RTT / 350;
	for (int n = 0; n < 160; n++) {
		round_trip(RTT);
		const double t = (double)(now - begun) / 1e6;
		const double at = 0.4 * (t - k) * (t - k) * (t - k) + most;
		assert_true(fabs((double)cc.cwnd / PMDCS - at) < 0.02 * at);
	}
	assert_true(cc.cwnd > (size_t)(1.1 * most) * PMDCS); /* beyond the plateau by then */
}

/* 4.2: never beyond half more in a round trip, however far the cubic is by then. */
static void a_round_trip_adds_no_more_than_a_half(void **state)
{
	(void)state;
	start(20 * PMDCS);
	cc.ssthresh = cc.cwnd;
	lose();
	for (int n = 0; n < 150; n++) { /* little comes, and the time counts */
		now += 2 * RTT;
		give(PMDCS / 8, RTT);
	}
	const size_t cwnd = cc.cwnd;
	now += RTT;
	give(cwnd, RTT);
	assert_in_range(cc.cwnd, cwnd + cwnd / 3, cwnd + cwnd / 2);
}

/* Twice the window in a round trip while it doubles, a quarter more later: bursts are spread, nothing is held up. */
static void packets_are_spread_over_the_round_trip(void **state)
{
	(void)state;
	start(10 * PMDCS);
	give(PMDCS, RTT);
	assert_int_equal(cc.pace, 2 * (uint64_t)cc.cwnd * 1000000 / RTT + 1);
	lose();
	assert_int_equal(cc.pace, (uint64_t)cc.cwnd * 1000000 / RTT * 5 / 4 + 1);
}

/* RFC 9260 section 7.2.1: or a peer that tells gaps one by one would have it grow. */
static void slow_start_grows_by_what_the_cumulative_tsn_passes(void **state)
{
	(void)state;
	start(10 * PMDCS);
	struct sctp_cc_ack a = ack(PMDCS, RTT);
	a.advanced = false;
	cc.kind->acked(&cc, &a);
	assert_int_equal(cc.cwnd, 10 * PMDCS);
	a.advanced = true;
	cc.kind->acked(&cc, &a);
	assert_int_equal(cc.cwnd, 11 * PMDCS);
}

/* 4.3: on a path so short that the cubic is slower, it grows as the RFC's own does: with alpha 0.53 first. */
static void on_short_paths_it_grows_as_reno_would(void **state)
{
	(void)state;
	start(20 * PMDCS);
	cc.ssthresh = cc.cwnd;
	lose();
	const double before = (double)cc.cwnd / PMDCS;
	for (int n = 0; n < 10; n++)
		round_trip(1000);
	assert_true(fabs((double)cc.cwnd / PMDCS - (before + 10 * 0.53)) < 0.6);
}

/* 4.7: fast convergence leaves room for those who come. */
static void a_second_loss_below_the_first_aims_lower(void **state)
{
	(void)state;
	start(1000 * PMDCS);
	lose();
	assert_int_equal(cc.cubic.most, 1000 * PMDCS);
	cc.cwnd = 800 * PMDCS;
	lose();
	assert_in_range(cc.cubic.most, 679 * PMDCS, 680 * PMDCS); /* 0.85 */
	cc.kind->timed_out(&cc);
	assert_int_equal(cc.cwnd, PMDCS);
	assert_true(cc.ssthresh >= 4 * PMDCS);
}

/* 4.2: the cubic does not run on while the application has nothing to send. */
static void time_in_which_the_window_was_not_used_does_not_count(void **state)
{
	(void)state;
	start(1000 * PMDCS);
	lose();
	round_trip(RTT);
	const size_t cwnd = cc.cwnd;
	for (int n = 0; n < 100; n++) {
		struct sctp_cc_ack a = ack(PMDCS, RTT);
		now += RTT;
		a.now = now;
		a.filled = false;
		cc.kind->acked(&cc, &a);
	}
	assert_int_equal(cc.cwnd, cwnd);
	round_trip(RTT);
	assert_true(cc.cwnd < cwnd + cwnd / 20);
}

/* Nor while it was idle, nor in the slow start that follows. */
static void a_pause_does_not_count(void **state)
{
	(void)state;
	start(200 * PMDCS);
	cc.ssthresh = cc.cwnd;
	lose();
	for (int n = 0; n < 20; n++)
		round_trip(RTT);
	const size_t cwnd = cc.cwnd;
	now += 60000000;
	tt_sctp_cc_idle(&cc, 60000000, 400000);
	assert_int_equal(cc.cwnd, 4 * PMDCS);
	for (int n = 0; n < 14; n++)
		round_trip(RTT);
	assert_true(cc.cwnd < cwnd + cwnd / 4);
}

/* Rounds of the controller begin where a window began: one may have both round trips in it. */
static void see_a_queue(void)
{
	for (int n = 0; n < 3 && !cc.cubic.css; n++)
		round_trip(RTT + 30000);
	assert_true(cc.cubic.css);
}

/* RFC 9406: a queue shows in the round trip before anything is lost. */
static void slow_start_ends_when_the_round_trip_grows(void **state)
{
	(void)state;
	start(10 * PMDCS);
	for (int n = 0; n < 5; n++)
		round_trip(RTT);
	assert_in_range(cc.cwnd, 200 * PMDCS,
			400 * PMDCS); /* doubled each time, but for odd packets */
	assert_false(cc.cubic.css);
	round_trip(RTT + 11000); /* less than an eighth */
	assert_false(cc.cubic.css);
	see_a_queue();
	const size_t cwnd = cc.cwnd;
	round_trip(RTT + 30000);
	assert_true(cc.cwnd < cwnd * 3 / 2); /* a quarter of the pace */
	for (int n = 0; n < 6; n++)
		round_trip(RTT + 30000);
	assert_true(cc.ssthresh <= cc.cwnd);
}

/* A later slow start has a threshold, and does not look. */
static void only_the_first_slow_start_looks_at_the_round_trip(void **state)
{
	(void)state;
	start(200 * PMDCS);
	cc.kind->timed_out(&cc);
	cc.cwnd = 4 * PMDCS;
	for (int n = 0; n < 3; n++)
		round_trip(RTT);
	for (int n = 0; n < 3; n++)
		round_trip(RTT + 30000);
	assert_false(cc.cubic.css);
	assert_true(cc.cwnd > 40 * PMDCS);
}

static void it_was_no_queue_if_the_round_trip_shrinks_again(void **state)
{
	(void)state;
	start(10 * PMDCS);
	for (int n = 0; n < 4; n++)
		round_trip(RTT);
	see_a_queue();
	round_trip(RTT);
	round_trip(RTT);
	assert_false(cc.cubic.css);
	assert_true(cc.ssthresh > cc.cwnd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_follows_the_cubic_after_a_loss),
		cmocka_unit_test(a_round_trip_adds_no_more_than_a_half),
		cmocka_unit_test(packets_are_spread_over_the_round_trip),
		cmocka_unit_test(slow_start_grows_by_what_the_cumulative_tsn_passes),
		cmocka_unit_test(on_short_paths_it_grows_as_reno_would),
		cmocka_unit_test(a_second_loss_below_the_first_aims_lower),
		cmocka_unit_test(time_in_which_the_window_was_not_used_does_not_count),
		cmocka_unit_test(a_pause_does_not_count),
		cmocka_unit_test(slow_start_ends_when_the_round_trip_grows),
		cmocka_unit_test(only_the_first_slow_start_looks_at_the_round_trip),
		cmocka_unit_test(it_was_no_queue_if_the_round_trip_shrinks_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
