/* What data channels make of a path: the controllers of src/sctp/tx over a bottleneck in virtual time.
 *
 * The grid of docs/SCTP.md is made by ./dev sctp-path --grid; here are short runs of what must hold there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/path/path.h"

enum { MBIT = 125000, MS = 1000, SECOND = 1000000 };

static struct path_result result[PATH_FLOWS];

/* A path of 20 Mbit/s and 100 ms, with a queue for one round trip. */
static struct path_setting path(uint32_t control)
{
	return (struct path_setting){
		.seed = 1,
		.rate = 20 * MBIT,
		.queue = 20 * MBIT / 10,
		.rtt = 100 * MS,
		.lasts = 12 * SECOND,
		.from = 4 * SECOND,
		.window = 16 << 20,
		.flows = { { .control = control } },
		.flow_count = 1,
	};
}

static double share(const struct path_setting *s)
{
	assert_true(path_run(s, result));
	return result[0].goodput / (double)s->rate;
}

static void each_controller_fills_a_path_that_loses_nothing(void **state)
{
	(void)state;
	for (uint32_t control = TAUT_CC_RFC9260; control <= TAUT_CC_MODEL; control++) {
		struct path_setting s = path(control);
		assert_true(share(&s) > 0.85);
		assert_int_equal(result[0].counters.timeouts, 0);
	}
}

/* A loss-based controller cannot: RFC 9438 section 5 says what it reaches, and it is no toy value. The model meanwhile looks for
 * the shortest round trip. */
static void only_the_model_fills_a_path_that_loses_one_in_a_hundred(void **state)
{
	struct path_setting model = path(TAUT_CC_MODEL), cubic = path(TAUT_CC_CUBIC);

	(void)state;
	model.loss = cubic.loss = 10000;
	model.from = 9 * SECOND;
	model.lasts = 18 * SECOND;
	assert_true(share(&cubic) < 0.2);
	assert_true(share(&model) > 0.85);
}

static void the_model_keeps_the_queue_short(void **state)
{
	struct path_setting model = path(TAUT_CC_MODEL), cubic = path(TAUT_CC_CUBIC);

	(void)state;
	model.flows[0].pings = cubic.flows[0].pings = 100 * MS;
	assert_true(share(&cubic) > 0.85);
	const taut_time behind_cubic = result[0].ping_median;
	assert_true(share(&model) > 0.85);
	assert_true(result[0].ping_median < 115 * MS);
	assert_true(result[0].ping_median < behind_cubic);
}

/* With a queue of four round trips, and while it looks for the shortest, too: a round trip and the queue of a quarter that a
 * search for more makes. */
static void a_ping_beside_the_model_takes_less_than_a_round_trip_and_a_half(void **state)
{
	struct path_setting s = path(TAUT_CC_MODEL);

	(void)state;
	s.queue *= 4;
	s.lasts = 24 * SECOND;
	s.flows[0].pings = 100 * MS;
	assert_true(share(&s) > 0.85);
	assert_true(result[0].pings > 150);
	assert_in_range(result[0].ping_most, 110 * MS, 135 * MS);
}

/* Round trips of 50 ms have up to 160 more, or such of 10 up to 60: more is in flight than the shortest one needs, and that
 * is no queue of ours. */
static void the_model_finds_a_faster_path_where_round_trips_vary(void **state)
{
	static const struct {
		taut_time rtt, jitter;
		double least;
	} rows[] = { { 50 * MS, 0, 0.85 },
		     { 50 * MS, 40 * MS, 0.8 },
		     { 50 * MS, 80 * MS, 0.6 },
		     { 10 * MS, 30 * MS, 0.6 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct path_setting s = path(TAUT_CC_MODEL);
		s.rate = 5 * MBIT;
		s.later_rate = 20 * MBIT;
		s.queue = 2 * (size_t)(s.rate * (uint64_t)rows[i].rtt / SECOND);
		s.rtt = rows[i].rtt;
		s.jitter = rows[i].jitter;
		s.later = 10 * SECOND;
		s.from = s.rtt < 50 * MS ? 10 * SECOND : 20 * SECOND;
		s.lasts = s.from + 20 * SECOND;
		const double found = share(&s) * (double)s.rate / (double)s.later_rate;
		print_message("%d ms and up to %d: %.3f\n", (int)(s.rtt / MS), (int)(s.jitter / MS), found);
		assert_true(found > rows[i].least);
	}
}

/* Two of a kind share; the one that came later has its part too. */
static void two_of_a_kind_share_a_path(void **state)
{
	(void)state;
	for (uint32_t control = TAUT_CC_CUBIC; control <= TAUT_CC_MODEL; control++) {
		struct path_setting s = path(control);
		s.rtt = 40 * MS;
		s.lasts = 30 * SECOND;
		s.from = 10 * SECOND;
		s.flows[1] = (struct path_flow){ .control = control, .begins = 2 * SECOND };
		s.flow_count = 2;
		const double first = share(&s), second = result[1].goodput / (double)s.rate;
		assert_true(first + second > 0.85);
		assert_true(first > 0.15 && second > 0.15);
	}
}

/* As many as a SACK has room to name are gaps, and more: all of it is found without T3. */
static void a_burst_of_losses_is_repaired(void **state)
{
	struct path_setting s = path(TAUT_CC_RFC9260);

	(void)state;
	s.rate = 100 * MBIT;
	s.queue = 200000;
	s.lasts = 6 * SECOND;
	s.from = 5 * SECOND;
	s.short_packets = true;
	assert_true(share(&s) > 0.3);
	assert_true(result[0].dropped > 100);
	assert_int_equal(result[0].counters.timeouts, 0);
}

/* 200 ms, a window as it is without being asked for, and a small message now and then, by whose answer the receiver knows the
 * round trip. Measured over the last second. */
static struct path_setting long_path(unsigned mbit, taut_time lasts)
{
	struct path_setting s = path(TAUT_CC_CUBIC);

	s.rate = (uint64_t)mbit * MBIT;
	s.rtt = 200 * MS;
	s.queue = (size_t)mbit * MBIT / 5;
	s.lasts = lasts;
	s.from = lasts - SECOND;
	s.window = 0;
	s.flows[0].pings = 100 * MS;
	return s;
}

/* Slow start fills a queue within a round trip, and what it loses is asked for in time: with an RTO that is measured
 * once in a round trip, T3 would expire before the first of it can be there again. */
static void a_queue_that_fills_at_once_is_no_timeout(void **state)
{
	struct path_setting s = path(TAUT_CC_RFC9260);

	(void)state;
	s.rate = 100 * MBIT;
	s.rtt = 300 * MS;
	s.queue = s.rate * 3 / 10;
	s.window = 64 << 20;
	s.from = 8 * SECOND;
	s.lasts = 16 * SECOND;
	assert_true(share(&s) > 0.8);
	assert_true(result[0].dropped > 1000);
	assert_int_equal(result[0].counters.timeouts, 0);
}

/* 10 MB are under way at 400 Mbit/s, and the window begins with half of that. */
static void the_window_grows_with_the_path(void **state)
{
	struct path_setting s = long_path(400, 7 * SECOND);

	(void)state;
	assert_true(share(&s) > 0.65);
	assert_in_range(result[0].counters.peer_window, 8 << 20, 16 << 20);
	assert_int_equal(result[0].counters.packet, 1432); /* as long as connections have them by default */
}

/* The slow start ends with more gaps than SACKs have room for, on a path whose window is nearly full with what came out of
 * order: what counts as in flight is there long since. */
static void a_recovery_goes_on_where_sacks_have_no_room(void **state)
{
	struct path_setting s = long_path(200, 6 * SECOND);

	(void)state;
	s.short_packets = true;
	assert_true(share(&s) > 0.6);
	assert_true(result[0].dropped > 500);
}

/* What UP loses says that there is no more room: a fiftieth is lost, and without that an eleventh (unit/sctp/model). */
static void two_models_do_not_drown_a_short_queue(void **state)
{
	struct path_setting s = path(TAUT_CC_MODEL);

	(void)state;
	s.rtt = 50 * MS;
	s.queue = 20 * MBIT / 60;
	s.lasts = 30 * SECOND;
	s.flows[1] = (struct path_flow){ .control = TAUT_CC_MODEL, .begins = SECOND };
	s.flow_count = 2;
	assert_true(path_run(&s, result));
	const uint64_t all = result[0].counters.chunks_sent + result[1].counters.chunks_sent;
	assert_in_range(result[0].dropped, 1, all / 20);
	print_message("%.0f %% and %.0f %% of the link\n", 100 * result[0].goodput / (double)s.rate,
		      100 * result[1].goodput / (double)s.rate);
}

/* 20 Mbit/s and 50 ms, on which 20 messages of 256 KiB wait at any time, each of 105 ms, and a smaller one leaves each
 * 200 ms on another stream: how long it takes until its answer, of 4 bytes, is there. */
static void beside_large_ones(size_t len, bool whole_messages)
{
	struct path_setting s = path(TAUT_CC_MODEL);

	s.rtt = 50 * MS;
	s.queue = s.rate / 20;
	s.whole_messages = whole_messages;
	s.flows[0].pings = 200 * MS;
	s.flows[0].ping = len;
	s.flows[0].message = 256 << 10;
	s.flows[0].waiting = 20;
	assert_true(share(&s) > 0.85);
	assert_in_range(result[0].pings, 38, 40); /* in eight seconds */
	print_message("%zu bytes, %s: %.1f ms in the middle, %.1f at most\n", len,
		      whole_messages ? "DATA" : "I-DATA", (double)result[0].ping_median / MS,
		      (double)result[0].ping_most / MS);
}

/* Chunk by chunk: what it waits for is the path, whose queue has half a round trip at most behind this controller. */
static void interleaved_a_smaller_message_takes_two_round_trips(void **state)
{
	(void)state;
	for (size_t len = 2 << 10; len <= 16 << 10; len *= 8) {
		beside_large_ones(len, false);
		assert_in_range(result[0].ping_most, 50 * MS, 100 * MS);
	}
}

/* RFC 8260 section 1: a message that has begun is ended first. One, and no more of the twenty; by a rate that is now and then
 * three quarters of the link's. */
static void without_interleaving_it_waits_for_one_large_message(void **state)
{
	(void)state;
	for (size_t len = 2 << 10; len <= 16 << 10; len *= 8) {
		beside_large_ones(len, true);
		assert_in_range(result[0].ping_median, 75 * MS, 150 * MS);
		assert_in_range(result[0].ping_most, 100 * MS, (100 + 105 * 4 / 3) * MS);
	}
}

/* A change to the same rate is one, too. */
static void a_rate_changes_once(void **state)
{
	struct path_setting s = path(TAUT_CC_MODEL);
	struct path_result first;

	(void)state;
	s.lasts = 5 * SECOND;
	assert_true(path_run(&s, result));
	first = result[0];
	s.later_rate = s.rate;
	s.later = 3 * SECOND;
	assert_true(path_run(&s, result));
	assert_int_equal(first.bytes, result[0].bytes);
	s.later_rate = s.rate / 2;
	assert_true(path_run(&s, result));
	assert_true(result[0].bytes < first.bytes / 4 * 3);
}

static void the_same_seed_gives_the_same_run(void **state)
{
	struct path_setting s = path(TAUT_CC_MODEL);
	struct path_result first;

	(void)state;
	s.loss = 10000;
	s.lasts = 5 * SECOND;
	assert_true(path_run(&s, result));
	first = result[0];
	assert_true(path_run(&s, result));
	assert_int_equal(first.counters.chunks_sent, result[0].counters.chunks_sent);
	assert_int_equal(first.bytes, result[0].bytes);
	s.seed = 2;
	assert_true(path_run(&s, result));
	assert_true(first.counters.chunks_resent != result[0].counters.chunks_resent ||
		    first.counters.chunks_sent != result[0].counters.chunks_sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_controller_fills_a_path_that_loses_nothing),
		cmocka_unit_test(only_the_model_fills_a_path_that_loses_one_in_a_hundred),
		cmocka_unit_test(the_model_keeps_the_queue_short),
		cmocka_unit_test(a_ping_beside_the_model_takes_less_than_a_round_trip_and_a_half),
		cmocka_unit_test(the_model_finds_a_faster_path_where_round_trips_vary),
		cmocka_unit_test(two_of_a_kind_share_a_path),
		cmocka_unit_test(a_burst_of_losses_is_repaired),
		cmocka_unit_test(a_queue_that_fills_at_once_is_no_timeout),
		cmocka_unit_test(the_window_grows_with_the_path),
		cmocka_unit_test(a_recovery_goes_on_where_sacks_have_no_room),
		cmocka_unit_test(two_models_do_not_drown_a_short_queue),
		cmocka_unit_test(interleaved_a_smaller_message_takes_two_round_trips),
		cmocka_unit_test(without_interleaving_it_waits_for_one_large_message),
		cmocka_unit_test(a_rate_changes_once),
		cmocka_unit_test(the_same_seed_gives_the_same_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
