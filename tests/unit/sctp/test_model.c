/* What congestion control by a model takes from single acknowledgements; whole paths: tests/sim/test_sctp_path.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/num.h"
#include "sctp/tx/sctp_cc.h"

enum { PMDCS = 1148, RTT = 100000, BW = 10000000, HOLDS = BW / 10 };

static struct sctp_cc cc;
static struct sctp_model *const model = &cc.model;
static struct sctp_cc_ack next; /* what the next acknowledgement says */

/* Of a connection that knows its path and cruises. */
static void begin_known(void)
{
	tt_sctp_cc_init(&cc, &tt_sctp_cc_model, PMDCS);
	cc.cwnd = 2 * HOLDS;
	*model = (struct sctp_model){ .phase = SCTP_CRUISE,
				      .bw = { BW, BW },
				      .least = RTT,
				      .least_at = 1000000,
				      .round_least = INT64_MAX,
				      .round_end = 1000,
				      .ceiling = SIZE_MAX,
				      .full_reached = true,
				      .told = true };
	next = (struct sctp_cc_ack){ .now = 1000000,
				     .bytes = 1,
				     .flight = HOLDS,
				     .filled = true,
				     .advanced = true,
				     .rtt = RTT,
				     .srtt = RTT,
				     .rate = { .any = true } };
}

static void give(void)
{
	next.delivered += next.bytes;
	cc.kind->acked(&cc, &next);
}

/* The round ends, in which of a million so many were lost. */
static void end_round(uint64_t lost, taut_time rtt)
{
	next.rate.prior = model->round_end;
	next.delivered = model->round_delivered + 1000000 - lost - next.bytes;
	next.lost = lost;
	next.rtt = rtt;
	give();
	next.lost = 0;
}

static void a_cycle_in_which_nothing_could_be_told_changes_nothing(void **state)
{
	(void)state;
	begin_known();
	model->phase = SCTP_UP;
	model->rounds = 3;
	model->bw[0] = 0;
	give();
	assert_int_equal(model->phase, SCTP_DOWN);
	assert_int_equal(model->bw[1], BW);
}

static void what_is_lost_without_a_queue_is_the_paths_own(void **state)
{
	(void)state;
	begin_known();
	end_round(16000, RTT);
	assert_in_range(model->loss, 1999, 2000);
	end_round(16000, 2 * RTT); /* a queue was there: it may have been full */
	assert_in_range(model->loss, 1999, 2000);
	model->phase = SCTP_UP;
	end_round(16000, RTT);
	assert_in_range(model->loss, 1999, 2000);
}

/* Others are there: what is delivered counts. */
static void what_is_lost_beyond_that_makes_way(void **state)
{
	(void)state;
	begin_known();
	end_round(60000, RTT);
	assert_int_equal(model->bw[0], BW / 20 * 17);
	assert_int_equal(model->bw[1], BW / 20 * 17);
	begin_known();
	model->loss = 45000;
	end_round(60000, RTT);
	assert_int_equal(model->bw[0], BW);
}

/* A few small messages do not fill the path: the window leaves in a round trip, whatever they measured. */
static void small_messages_say_nothing_of_the_path(void **state)
{
	(void)state;
	begin_known();
	tt_sctp_cc_init(&cc, &tt_sctp_cc_model, PMDCS);
	next.rate = (struct sctp_rate_sample){
		.any = true, .bytes = 100, .interval = RTT, .limited = true
	};
	next.filled = false;
	give();
	assert_true(cc.pace >= (uint64_t)cc.cwnd * 1000000 / RTT);
	assert_false(model->told);
}

/* The shortest round trip is too old: half of what the path holds stays in flight until it is known anew. What is more goes
 * as acknowledgements come, a byte of two. */
static void a_queue_of_its_own_is_gone_while_it_looks(void **state)
{
	(void)state;
	begin_known();
	next.now += 10000001;
	next.rtt = RTT + 1;
	next.filled = false;
	give();
	assert_int_equal(model->phase, SCTP_CRUISE); /* there is no queue of ours */
	model->least_at = 1000000;
	next.filled = true;
	next.rtt = RTT + 2;
	next.before = HOLDS;
	give();
	assert_int_equal(model->phase, SCTP_LOOK);
	assert_int_equal(cc.cwnd, HOLDS);
	next.bytes = 2 * PMDCS;
	for (unsigned n = 1; n <= 100; n++) {
		give();
		assert_int_equal(cc.cwnd, HOLDS - n * PMDCS);
	}
	next.before = HOLDS / 4 * 3;
	give();
	assert_int_equal(cc.cwnd, HOLDS / 4 * 3 - PMDCS);
	next.bytes = 10 * HOLDS; /* one for much more than the window, which shrank meanwhile */
	next.flight = HOLDS / 2 + 100;
	give();
	assert_int_equal(model->phase, SCTP_LOOK);
	assert_in_range(cc.cwnd, HOLDS / 2, HOLDS / 2 + PMDCS);
	next.flight = HOLDS / 2;
	next.bytes = 1;
	give();
	next.now += 200000;
	next.rtt = RTT;
	give();
	assert_int_equal(model->phase, SCTP_CRUISE);
	assert_int_equal(model->least, RTT);
	assert_true(cc.cwnd > HOLDS);
}

/* As at any time: one packet, and one more for one that is acknowledged. */
static void a_timeout_while_it_looks_begins_anew(void **state)
{
	(void)state;
	begin_known();
	model->phase = SCTP_LOOK;
	cc.kind->timed_out(&cc);
	assert_int_equal(cc.cwnd, PMDCS);
	next.before = PMDCS;
	next.bytes = PMDCS;
	next.flight = 0;
	next.rtt = -1;
	give();
	assert_int_equal(cc.cwnd, 4 * PMDCS); /* the least of this controller */
	next.before = next.bytes = 4 * PMDCS;
	give();
	assert_int_equal(cc.cwnd, 8 * PMDCS);
}

/* The beginning ends with the third round that brings no more, or with one that brings loss instead. */
static void startup_ends_when_there_is_no_more(void **state)
{
	(void)state;
	for (uint64_t lost = 0; lost <= 60000; lost += 60000) {
		begin_known();
		model->phase = SCTP_STARTUP;
		model->full_reached = false;
		model->full = BW;
		next.flight = 2 * HOLDS;
		for (int n = lost ? 2 : 0; n < 2; n++) {
			end_round(0, RTT);
			assert_int_equal(model->phase, SCTP_STARTUP);
		}
		end_round(lost, RTT);
		assert_int_equal(model->phase, SCTP_DRAIN);
	}
}

/* What UP lost bounds what is in flight; without loss the bound rises. */
static void the_ceiling_is_where_it_lost(void **state)
{
	(void)state;
	begin_known();
	model->phase = SCTP_UP;
	next.before = 3 * HOLDS / 2;
	next.flight = 2 * HOLDS;
	end_round(60000, RTT);
	assert_int_equal(model->ceiling, 3 * HOLDS / 2);
	assert_int_equal(model->phase, SCTP_DOWN);
	assert_true(cc.cwnd <= 3 * HOLDS / 2 * 86 / 100);
	model->phase = SCTP_UP;
	next.filled = false;
	end_round(0, RTT);
	assert_int_equal(model->ceiling, 3 * HOLDS / 2);
	model->phase = SCTP_UP;
	next.filled = true;
	end_round(0, RTT);
	assert_int_equal(model->ceiling, 3 * HOLDS / 2 * 5 / 4);
}

/* Twice what the path holds, so that late acknowledgements stop nothing; lumps beside it; a ceiling with room for others. */
static void in_flight_is_what_the_path_holds_and_lumps(void **state)
{
	(void)state;
	begin_known();
	cc.cwnd = 10 * HOLDS;
	give();
	assert_int_equal(cc.cwnd, 2 * HOLDS + 4 * PMDCS);
	model->extra[1] = 50000;
	cc.cwnd = 10 * HOLDS;
	give();
	assert_int_equal(cc.cwnd, 2 * HOLDS + 50000 + 4 * PMDCS);
	model->ceiling = HOLDS;
	give();
	assert_int_equal(cc.cwnd, HOLDS / 100 * 85 + 50000);
	model->phase = SCTP_UP;
	give();
	assert_true(cc.cwnd <= HOLDS);
}

static void each_phase_has_its_pace(void **state)
{
	static const struct {
		enum sctp_model_phase phase;
		unsigned percent;
	} rows[] = { { SCTP_DRAIN, 50 },
		     { SCTP_CRUISE, 100 },
		     { SCTP_UP, 125 },
		     { SCTP_DOWN, 85 },
		     { SCTP_LOOK, 100 } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		begin_known();
		model->phase = rows[i].phase;
		next.flight = HOLDS / 10 * 11; /* it stays in that phase */
		give();
		assert_int_equal(model->phase, rows[i].phase);
		assert_int_equal(cc.pace, BW / 100 * rows[i].percent / 100 * 99);
	}
}

static void begin_up(taut_time last_least, unsigned ups, bool grew)
{
	begin_known();
	model->phase = SCTP_UP;
	model->up_from = last_least > RTT * 5 / 4 ? 2 * HOLDS : HOLDS;
	model->last_least = last_least;
	model->ups = ups;
	model->grew = grew;
}

/* How fast with so much in flight, percent of the bandwidth without the margin. */
static unsigned up_pace(size_t flight)
{
	next.flight = flight;
	give();
	assert_int_equal(model->phase, SCTP_UP);
	return (unsigned)(cc.pace * 100 / (BW / 100 * 99));
}

static void a_queue_of_a_quarter_is_enough(void **state)
{
	(void)state;
	begin_up(RTT * 5 / 4, 1, false);
	assert_int_equal(up_pace(HOLDS / 4 * 5 - 1), 125);
	assert_int_equal(up_pace(HOLDS / 4 * 5), 100);
	model->up_from = HOLDS / 4 * 5; /* which was there before */
	assert_int_equal(up_pace(HOLDS / 4 * 6 - 1), 125);
	assert_int_equal(up_pace(HOLDS / 4 * 6), 100);
}

/* Twice is in flight, and round trips are as long: a quarter more only every third time, or where the last brought something. */
static void where_round_trips_vary_it_is_a_quarter_of_the_flight_now_and_then(void **state)
{
	(void)state;
	for (unsigned ups = 1; ups <= 6; ups++) {
		begin_up(RTT * 5 / 4 + 1, ups, false);
		assert_int_equal(up_pace(2 * HOLDS), ups % 3 ? 100 : 125);
		assert_int_equal(up_pace(HOLDS / 2 * 5 - 1), ups % 3 ? 100 : 125);
		assert_int_equal(up_pace(HOLDS / 2 * 5), 100);
	}
	begin_up(RTT * 5 / 4 + 1, 1, true);
	assert_int_equal(up_pace(HOLDS / 2 * 5 - 1), 125);
	begin_up(RTT * 5 / 4 + 1, 1, false);
	assert_int_equal(up_pace(HOLDS / 4 * 5 - 1), 125);
}

static void up_knows_what_was_before_it(void **state)
{
	(void)state;
	begin_known();
	model->rounds = 5;
	next.flight = HOLDS + 7;
	end_round(0, RTT + 9);
	assert_int_equal(model->phase, SCTP_UP);
	assert_int_equal(model->up_from, HOLDS + 7);
	assert_int_equal(model->ups, 1);
	assert_int_equal(model->last_least, RTT + 9);
	end_round(0, 3 * RTT);
	assert_int_equal(model->last_least, 3 * RTT);
}

static void a_cycle_that_brought_an_eighth_more_grew(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		begin_up(RTT, 1, !more);
		model->rounds = 3;
		model->bw[0] = BW / 8 * 9 + more;
		give();
		assert_int_equal(model->phase, SCTP_DOWN);
		assert_int_equal(model->grew, more);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cycle_in_which_nothing_could_be_told_changes_nothing),
		cmocka_unit_test(what_is_lost_without_a_queue_is_the_paths_own),
		cmocka_unit_test(what_is_lost_beyond_that_makes_way),
		cmocka_unit_test(small_messages_say_nothing_of_the_path),
		cmocka_unit_test(a_queue_of_its_own_is_gone_while_it_looks),
		cmocka_unit_test(a_timeout_while_it_looks_begins_anew),
		cmocka_unit_test(startup_ends_when_there_is_no_more),
		cmocka_unit_test(the_ceiling_is_where_it_lost),
		cmocka_unit_test(in_flight_is_what_the_path_holds_and_lumps),
		cmocka_unit_test(each_phase_has_its_pace),
		cmocka_unit_test(a_queue_of_a_quarter_is_enough),
		cmocka_unit_test(where_round_trips_vary_it_is_a_quarter_of_the_flight_now_and_then),
		cmocka_unit_test(up_knows_what_was_before_it),
		cmocka_unit_test(a_cycle_that_brought_an_eighth_more_grew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
