/* What lets DATA leave: RFC 9260 sections 6.1 and 6.3.3, RFC 8985 section 7, RFC 9937, and the pacer. */
#include "unit/sctp/sctp_losses.h"

/* 6.3.3 E3: one packet, though cwnd had room for more of what is small, and the pacer leave. */
static void after_t3_one_packet_leaves(void **state)
{
	(void)state;
	begin_measured(1);
	VICTIM->cc.pace = 100000000;
	for (uint32_t n = 0; n < 8; n++) {
		assert_int_equal(pair_number(&pair, 1, 1, n, 700, NULL), 0);
		(void)poll_all();
	}
	assert_int_equal(VICTIM->flight.listed, 7); /* until they are more than cwnd, 4,404 */
	pair.sim.now = VICTIM->timer[SCTP_T3];
	tt_sctp_tick(VICTIM, pair.sim.now);
	VICTIM->heartbeat_due = false;
	VICTIM->cc.pace = 100000000;
	assert_int_equal(VICTIM->counters.timeouts, 1);
	assert_int_equal(poll_all(), 1);
	assert_int_equal(VICTIM->flight.listed, 1);
	pair_free(&pair);
}

static void what_an_application_does_not_send_is_no_limit_of_the_path(void **state)
{
	(void)state;
	begin_measured(2);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 100, NULL), 0);
	VICTIM->flight.rate.limited = 0;
	assert_int_equal(poll_all(), 1);
	assert_true(VICTIM->flight.rate.limited > 0);
	/* but where the window is full, it is */
	const uint32_t first = send_five();
	assert_int_equal(give_sack(first + 4, NULL, 0), 0);
	VICTIM->flight.rate.limited = 0;
	VICTIM->cc.cwnd = 2000;
	VICTIM->cc.pace = 0;
	assert_int_equal(pair_number(&pair, 1, 1, 2, 20000, NULL), 0);
	assert_int_equal(poll_all(), 2);
	assert_int_equal(VICTIM->flight.rate.limited, 0);
	assert_true(VICTIM->filled);
	pair_free(&pair);
}

static void the_pacer_holds_back_and_says_so(void **state)
{
	(void)state;
	begin_measured(3);
	VICTIM->cc.cwnd = 1000000;
	VICTIM->cc.pace = 1000000;
	VICTIM->last_data_sent = pair.sim.now;
	VICTIM->flight.rate.limited = 0;
	assert_int_equal(pair_number(&pair, 1, 1, 1, 20000, NULL), 0);
	assert_int_equal(poll_all(), 2); /* the least that the bucket holds */
	assert_true(VICTIM->filled);
	assert_int_equal(VICTIM->flight.rate.limited, 0);
	assert_in_range(VICTIM->timer[SCTP_T_PACE], pair.sim.now + 1, pair.sim.now + 3000);
	pass(VICTIM->timer[SCTP_T_PACE] - pair.sim.now);
	assert_true(poll_all() >= 1);
	pair_free(&pair);
}

/* There is nothing to spread there, and what leaves so is no debt for later. */
static void within_a_millisecond_bursts_are_the_limit(void **state)
{
	(void)state;
	begin_measured(4);
	VICTIM->rtt.least = 500;
	VICTIM->cc.cwnd = 1000000;
	VICTIM->cc.pace = 1000000;
	VICTIM->last_data_sent = pair.sim.now;
	assert_int_equal(pair_number(&pair, 1, 1, 1, 20000, NULL), 0);
	const int64_t credit = VICTIM->pace.credit;
	assert_int_equal(poll_all(), SCTP_MAX_BURST);
	assert_int_equal(VICTIM->pace.credit, credit);
	assert_false(tt_sctp_runs(VICTIM, SCTP_T_PACE));
	pair_free(&pair);
}

/* Neither the pace nor the limit of a burst holds back what the window lets go. */
static unsigned poll_unhindered(void)
{
	VICTIM->cc.pace = 0;
	VICTIM->burst = 1000000;
	return poll_all();
}

/* Messages of a packet each. The first TSN of them. */
static uint32_t send_sixty(void)
{
	const uint32_t first = VICTIM->flight.next.v;

	VICTIM->last_data_sent = pair.sim.now;
	VICTIM->cc.cwnd = 1000000;
	for (uint32_t n = 0; n < 60; n++) {
		assert_int_equal(pair_number(&pair, 1, 1, n, 1120, NULL), 0);
		assert_int_equal(poll_unhindered(), 1);
	}
	pass(40000);
	return first;
}

/* The peer names every second of forty, and has room for no more gaps. */
static void give_twenty_gaps(uint32_t cum)
{
	uint16_t gaps[2 * 20];

	for (uint16_t n = 0; n < 20; n++)
		gaps[2 * n] = gaps[2 * n + 1] = (uint16_t)(2 + 2 * n);
	assert_int_equal(give_sack_window(cum, 100000, gaps, 40), 0);
}

/* Forty chunks are out, and every second one is told: the peer names no more than 20 gaps. */
static uint32_t lose_every_second(void)
{
	const uint32_t first = send_sixty();

	give_twenty_gaps(first - 1);
	assert_int_equal(VICTIM->flight.marked, 20);
	return first;
}

/* What counts as in flight hides the window: what left since the last SACK counts instead. */
static void where_sacks_have_no_room_the_window_bounds_what_is_sent_again(void **state)
{
	(void)state;
	begin_measured(5);
	(void)lose_every_second();
	VICTIM->peer_window = 3 * 1136; /* with their heads */
	assert_int_equal(poll_unhindered(), 3);
	assert_int_equal(VICTIM->flight.marked, 17);
	pair_free(&pair);
}

/* RFC 9937 section 6: more is in flight than the window has, so no more leaves than is told to have come. */
static void in_a_recovery_what_arrives_lets_as_much_leave(void **state)
{
	(void)state;
	begin_measured(6);
	VICTIM->share = 1000000; /* of a recovery before: means nothing in this one */
	const uint32_t first = lose_every_second();
	VICTIM->cc.cwnd = 4 * VICTIM->cc.pmdcs;
	assert_true(VICTIM->flight.flight > VICTIM->cc.cwnd);
	assert_int_equal(poll_unhindered(), 1); /* 7.2.4: one, whatever cwnd says */
	/* the same again: a packet came, of which it had no room to tell */
	give_twenty_gaps(first - 1);
	/* 1,148 octets: a packet of 1,136, and one that begins in the rest */
	assert_int_equal(poll_unhindered(), 2);
	assert_int_equal(VICTIM->flight.marked, 17);
	pair_free(&pair);
}

/* As large a part of it as the window is of what was in flight when the loss was seen. */
static void in_a_recovery_a_part_of_what_arrives_leaves(void **state)
{
	(void)state;
	begin_measured(10);
	const uint32_t first = send_sixty();
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 16, 18 }, 2), 0);
	assert_int_equal(VICTIM->flight.marked, 15);
	VICTIM->cc.cwnd = 60 * 1136 / 2;
	/* at once; 43 are in flight, and the window has 30 */
	assert_int_equal(poll_unhindered(), 1);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 16, 26 }, 2), 0);
	assert_int_equal(poll_unhindered(), 4); /* for eight that came */
	pair_free(&pair);
}

/* 7.2: a recovery has its own ways, and its end is no tail. */
static void no_probe_is_sent_in_a_recovery(void **state)
{
	(void)state;
	begin_measured(7);
	const uint32_t first = send_five();
	pass(40000);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T_PROBE));
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 4 }, 2), 0);
	VICTIM->cc.pace = 0;
	assert_int_equal(poll_all(), 1);
	assert_true(VICTIM->flight.recovering && VICTIM->flight.marked == 0);
	assert_false(tt_sctp_runs(VICTIM, SCTP_T_PROBE));
	pair_free(&pair);
}

/* 7.3: something new serves as well, and its acknowledgement says nothing of a loss. T3 begins there. */
static void something_new_probes_as_well(void **state)
{
	(void)state;
	begin_measured(8);
	const uint32_t first = send_five();
	pass(1000);
	VICTIM->cc.cwnd = 2000; /* full */
	assert_int_equal(pair_number(&pair, 1, 1, 9, 1120, NULL), 0);
	assert_int_equal(poll_all(), 0);
	pass(VICTIM->timer[SCTP_T_PROBE] - pair.sim.now);
	assert_int_equal(poll_all(), 1);
	assert_int_equal(VICTIM->counters.tail_probes, 1);
	assert_int_equal(VICTIM->flight.next.v, first + 6);
	assert_int_equal(VICTIM->timer[SCTP_T3], pair.sim.now + VICTIM->rtt.rto);
	assert_false(tt_sctp_runs(VICTIM, SCTP_T_PROBE)); /* one at a time */
	pass(40000);
	assert_int_equal(give_sack(first + 5, NULL, 0), 0);
	const size_t cwnd = VICTIM->cc.cwnd = 100000;
	assert_int_equal(pair_number(&pair, 1, 1, 10, 100, NULL), 0);
	VICTIM->cc.pace = 0;
	assert_int_equal(poll_all(), 1);
	assert_int_equal(give_sack(first + 6, NULL, 0), 0);
	assert_true(VICTIM->cc.cwnd >= cwnd);
	pair_free(&pair);
}

/* 7.2: who may wait with his answer to a single packet gets the time for it. */
static void a_single_packet_is_given_the_time_of_a_delayed_answer(void **state)
{
	(void)state;
	begin_measured(9);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 100, NULL), 0);
	assert_int_equal(poll_all(), 1);
	assert_int_equal(VICTIM->timer[SCTP_T_PROBE], pair.sim.now + 2 * 40000 + SCTP_SACK_DELAY);
	(void)send_five();
	assert_int_equal(VICTIM->timer[SCTP_T_PROBE], pair.sim.now + 2 * 40000);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_t3_one_packet_leaves),
		cmocka_unit_test(what_an_application_does_not_send_is_no_limit_of_the_path),
		cmocka_unit_test(the_pacer_holds_back_and_says_so),
		cmocka_unit_test(within_a_millisecond_bursts_are_the_limit),
		cmocka_unit_test(where_sacks_have_no_room_the_window_bounds_what_is_sent_again),
		cmocka_unit_test(in_a_recovery_what_arrives_lets_as_much_leave),
		cmocka_unit_test(in_a_recovery_a_part_of_what_arrives_leaves),
		cmocka_unit_test(no_probe_is_sent_in_a_recovery),
		cmocka_unit_test(something_new_probes_as_well),
		cmocka_unit_test(a_single_packet_is_given_the_time_of_a_delayed_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
