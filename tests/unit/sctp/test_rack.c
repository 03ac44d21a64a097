/* What is lost, told by time: RFC 8985, seen from a whole association. */
#include "unit/sctp/sctp_losses.h"

/* A SACK that has no gaps, and says that this one came twice. */
static void give_sack_twice(uint32_t cum, uint32_t twice)
{
	uint8_t buf[64];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	const size_t at = tt_sctp_begin(&w, SCTP_SACK, 0);

	wr_u32(&w, cum);
	wr_u32(&w, 1000000);
	wr_u16(&w, 0);
	wr_u16(&w, 1);
	wr_u32(&w, twice);
	tt_sctp_end(&w, at);
	assert_int_equal(give(&w), 0);
}

/* So many chunks of a kibibyte leave at once; the first of them has this TSN. */
static uint32_t send_many(uint32_t count)
{
	const uint32_t first = VICTIM->flight.next.v;

	VICTIM->last_data_sent = pair.sim.now;
	VICTIM->cc.cwnd = VICTIM->burst = 1000000;
	for (uint32_t n = 0; n < count; n++) {
		assert_int_equal(pair_number(&pair, 1, 1, n, 1120, NULL), 0);
		VICTIM->cc.pace = 0;
		assert_int_equal(poll_all(), 1);
	}
	return first;
}

/* As many gaps as dcSCTP has room for: first of them [2, end], then every second TSN. */
static void give_full_sack(uint32_t cum, uint16_t end)
{
	uint16_t gaps[2 * 20] = { 2, end };

	for (uint16_t n = 1; n < 20; n++)
		gaps[2 * n] = gaps[2 * n + 1] = (uint16_t)(end + 2 * n);
	assert_int_equal(give_sack(cum, gaps, 40), 0);
}

/* 6.2 step 4: until three are told, a quarter of a round trip is waited for what may have been overtaken. */
static void one_that_was_overtaken_is_lost_after_a_quarter_of_a_round_trip(void **state)
{
	(void)state;
	begin_measured(1);
	const uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 2 }, 2), 0);
	assert_int_equal(state_of(first), SCTP_IN_FLIGHT);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T_PROBE));
	assert_int_equal(VICTIM->timer[SCTP_T_LOSS], pair.sim.now + 10000);
	pass(9999);
	assert_int_equal(state_of(first), SCTP_IN_FLIGHT);
	pass(1);
	assert_int_equal(state_of(first), SCTP_MARKED);
	assert_true(VICTIM->flight.recovering);
	assert_false(tt_sctp_runs(VICTIM, SCTP_T_PROBE));
	assert_int_equal(state_of(first + 2), SCTP_IN_FLIGHT); /* left later than what was told */
	pair_free(&pair);
}

static void one_that_three_have_overtaken_is_lost_at_once(void **state)
{
	(void)state;
	begin_measured(2);
	const uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 4 }, 2), 0);
	assert_int_equal(state_of(first), SCTP_MARKED);
	pair_free(&pair);
}

/* Where packets overtake each other, three mean nothing any more. */
static void reordering_that_was_seen_is_waited_for(void **state)
{
	(void)state;
	begin_measured(3);
	uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 3 }, 2), 0);
	assert_int_equal(give_sack(first + 2, NULL, 0), 0); /* the first came after all */
	assert_true(VICTIM->flight.rack.reordered);
	assert_int_equal(give_sack(first + 4, NULL, 0), 0);
	first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 5 }, 2), 0);
	assert_int_equal(state_of(first), SCTP_IN_FLIGHT);
	pass(10000);
	assert_int_equal(state_of(first), SCTP_MARKED);
	pair_free(&pair);
}

/* One that had to be sent again was not overtaken. */
static void what_was_sent_again_is_no_reordering(void **state)
{
	(void)state;
	begin_measured(16);
	const uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 5 }, 2), 0);
	assert_int_equal(poll_all(), 1);
	pass(40000);
	assert_int_equal(give_sack(first + 4, NULL, 0), 0);
	assert_false(VICTIM->flight.rack.reordered);
	pair_free(&pair);
}

/* 6.2 step 2: an answer within less than any round trip is to what left before. */
static void what_came_after_all_measures_no_retransmission(void **state)
{
	(void)state;
	begin_measured(17);
	const uint32_t first = send_five();
	const taut_time sent = pair.sim.now;
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 5 }, 2), 0);
	assert_int_equal(poll_all(), 1);
	pass(1000);
	assert_int_equal(give_sack(first + 4, NULL, 0), 0);
	assert_int_equal(VICTIM->flight.rack.sent, sent);
	assert_int_equal(VICTIM->flight.rack.rtt, 40000);
	pair_free(&pair);
}

/* What the peer got twice was not lost: longer is waited, a quarter more each round trip. */
static void what_came_twice_makes_patient(void **state)
{
	(void)state;
	begin(4);
	const uint32_t first = send_five();
	struct sctp_rack *r = &VICTIM->flight.rack;
	tt_sctp_rack_twice(r, s32(first - 1), s32(first + 5));
	tt_sctp_rack_twice(r, s32(first + 1), s32(first + 5)); /* of the same round trip */
	assert_int_equal(r->patience, 1);
	tt_sctp_rack_twice(r, s32(first + 5), s32(first + 9));
	assert_int_equal(r->patience, 2);
	for (int n = 0; n < 16; n++) {
		assert_int_equal(r->patience, 2);
		tt_sctp_rack_recovered(r);
	}
	assert_int_equal(r->patience, 0);
	give_sack_twice(first + 4, first);
	assert_int_equal(r->patience, 0); /* of the round trip that was counted */
	r->until = s32(first);
	give_sack_twice(first + 4, first);
	assert_int_equal(r->patience, 1);
	pair_free(&pair);
}

/* Sent again, and lost again: found by what left after it, without T3. */
static void a_retransmission_that_is_lost_is_found(void **state)
{
	uint8_t buf[1200];

	(void)state;
	begin_measured(5);
	const uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 4 }, 2), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	assert_int_equal(state_of(first), SCTP_IN_FLIGHT);
	pass(1000);
	VICTIM->burst = 10000;
	assert_int_equal(pair_number(&pair, 1, 1, 9, 1120, NULL), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 6 }, 2), 0);
	assert_int_equal(state_of(first), SCTP_MARKED);
	assert_int_equal(VICTIM->counters.timeouts, 0);
	pair_free(&pair);
}

/* A SACK has room for so many gaps: what lies behind them is neither lost nor taken back. */
static void what_a_sack_had_no_room_for_stays_as_it_was(void **state)
{
	(void)state;
	begin_measured(6);
	const uint32_t first = send_many(60);
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 2, 50, 60 }, 4), 0);
	assert_int_equal(state_of(first + 55), SCTP_ACKED);
	assert_int_equal(state_of(first + 30), SCTP_MARKED);
	give_full_sack(first - 1, 2);
	assert_int_equal(state_of(first + 55), SCTP_ACKED);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 2, 4, 4 }, 4),
			 0); /* of few it is a word */
	assert_int_equal(state_of(first + 55), SCTP_IN_FLIGHT);
	pair_free(&pair);
}

/* It left last, so those of which nothing was told stand in front of it. */
static void a_lost_retransmission_is_found_behind_what_was_not_told(void **state)
{
	uint8_t buf[1200];

	(void)state;
	begin_measured(14);
	const uint32_t first = send_many(60);
	pass(40000);
	give_full_sack(first - 1, 2);
	assert_int_equal(state_of(first), SCTP_MARKED);
	assert_int_equal(state_of(first + 2), SCTP_MARKED);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	pass(1000);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	assert_int_equal(state_of(first), SCTP_IN_FLIGHT);
	assert_int_equal(state_of(first + 2), SCTP_IN_FLIGHT);
	pass(40000);
	give_full_sack(first - 1, 4); /* the second of the two came */
	assert_int_equal(state_of(first + 50), SCTP_IN_FLIGHT);
	assert_int_equal(state_of(first), SCTP_MARKED);
	pair_free(&pair);
}

/* What is known of each stays known when there is need for more room. */
static void what_was_told_is_remembered_when_the_window_grows(void **state)
{
	(void)state;
	begin_measured(15);
	const uint32_t first = send_many(60);
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 60 }, 2), 0);
	assert_int_equal(VICTIM->flight.told, 59);
	assert_int_equal(poll_all(), 1); /* the first, once more */
	const uint32_t cap = VICTIM->flight.bits.cap;
	send_many(2 * cap);
	assert_true(VICTIM->flight.bits.cap > cap);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 60 }, 2), 0);
	assert_int_equal(VICTIM->flight.told, 59);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 59 }, 2), 0);
	assert_int_equal(state_of(first + 59), SCTP_IN_FLIGHT);
	pair_free(&pair);
}

/* Section 7: the last packet of all is lost, and nothing comes behind it that could tell. */
static void a_lost_tail_is_found_before_t3(void **state)
{
	struct sim_link link = { .delay = 20000 };

	(void)state;
	pair_init(&pair, 7, &link, NULL);
	pair_connect(&pair);
	for (uint32_t n = 0; n < 8; n++) { /* two packets each: acknowledged at once */
		pair_number(&pair, 0, 1, n, 2200, NULL);
		pair_run(&pair, 500000);
	}
	assert_int_equal(pair.count[1], 8);
	pair.sim.link.drop = (unsigned[]){ pair.sim.sent[1] + 3 };
	pair.sim.link.drop_count = 1;
	const taut_time start = pair.sim.now;
	pair_number(&pair, 0, 1, 9, 4400, NULL);
	while (pair.count[1] < 9 && pair.sim.now < start + SECOND)
		pair_run(&pair, 1000);
	assert_int_equal(pair.count[1], 9);
	assert_int_equal(tt_sctp_count(pair.s[0]).timeouts, 0);
	assert_int_equal(tt_sctp_count(pair.s[0]).tail_probes, 1);
	/* 40 ms until the first are acknowledged, two round trips, and the way there; T3 is 400 ms at least */
	assert_true(pair.sim.now - start < 200000);
	pair_free(&pair);
}

/* 7.4.2: it was lost, so the window shrinks as for any loss. */
static void a_tail_that_had_to_be_sent_again_counts_as_lost(void **state)
{
	uint8_t buf[1200];

	(void)state;
	begin_measured(8);
	const uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first + 3, NULL, 0), 0);
	const size_t cwnd = VICTIM->cc.cwnd;
	pass(2 * 40000 + SCTP_SACK_DELAY);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	assert_int_equal(VICTIM->counters.tail_probes, 1);
	pass(40000);
	assert_int_equal(give_sack(first + 4, NULL, 0), 0); /* of the first, or of the second? */
	assert_int_equal(VICTIM->cc.cwnd, cwnd);
	VICTIM->burst = 10000;
	assert_int_equal(pair_number(&pair, 1, 1, 9, 1120, NULL), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	pass(40000);
	assert_int_equal(give_sack(first + 5, NULL, 0), 0); /* the second alone came */
	assert_true(VICTIM->cc.cwnd < cwnd * 3 / 4);
	pair_free(&pair);
}

/* And where the peer says that it got it twice, nothing was. */
static void a_tail_that_came_twice_was_not_lost(void **state)
{
	(void)state;
	begin_measured(13);
	const uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first + 3, NULL, 0), 0);
	const size_t cwnd = VICTIM->cc.cwnd;
	pass(2 * 40000 + SCTP_SACK_DELAY);
	assert_int_equal(poll_all(), 1);
	pass(40000);
	give_sack_twice(first + 4, first + 4);
	VICTIM->burst = 10000;
	assert_int_equal(pair_number(&pair, 1, 1, 9, 1120, NULL), 0);
	VICTIM->cc.pace = 0;
	assert_int_equal(poll_all(), 1);
	pass(40000);
	assert_int_equal(give_sack(first + 5, NULL, 0), 0);
	assert_true(VICTIM->cc.cwnd >= cwnd);
	pair_free(&pair);
}

/* A SACK that rides along leaves no room: it goes in the next packet, and is a probe all the same. */
static void a_tail_that_does_not_fit_is_sent_in_the_next_packet(void **state)
{
	uint8_t buf[1200];

	(void)state;
	begin_measured(10);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 1130, NULL), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1100);
	pair.sim.now += 2 * 40000 + SCTP_SACK_DELAY - 1;
	assert_int_equal(give_data(next_tsn(), 3, 0, "BE", "hello"), 0);
	pass(1);
	assert_int_equal(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf), 28);
	assert_int_equal(buf[12], SCTP_SACK);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1100);
	assert_int_equal(VICTIM->counters.tail_probes, 1);
	assert_true(VICTIM->tail_out);
	assert_false(tt_sctp_runs(VICTIM, SCTP_T_PROBE));
	pair_free(&pair);
}

/* The SACKs came in another order: what the later one told stands in front of what is lost. */
static void what_is_taken_back_hides_no_loss(void **state)
{
	(void)state;
	begin_measured(11);
	const uint32_t first = send_five();
	pass(40000);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 3 }, 2), 0);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 2, 2 }, 2), 0);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T_LOSS));
	pass(10000);
	assert_int_equal(state_of(first), SCTP_MARKED);
	pair_free(&pair);
}

/* A loss of what may be sent once is given up at once: nothing is left to be sent fast, and new data waits for nothing. */
static void what_was_given_up_holds_back_nothing(void **state)
{
	const struct tt_sctp_send_options once = { .limit_retransmits = true };
	uint8_t buf[1200];

	(void)state;
	begin_measured(12);
	assert_int_equal(pair_number(&pair, 1, 1, 0, 1120, NULL), 0);
	VICTIM->cc.cwnd = VICTIM->burst = 100000;
	VICTIM->cc.pace = 0;
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	const uint32_t first = VICTIM->flight.cum.v + 1;
	for (uint32_t n = 1; n < 5; n++) {
		assert_int_equal(pair_number(&pair, 1, 1, n, 1120, &once), 0);
		assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	}
	assert_int_equal(pair_number(&pair, 1, 1, 9, 1120, NULL), 0);
	pass(40000);
	/* the first left once more just now: it is not lost yet, and no FORWARD-TSN can go past it */
	tt_sctp_flight_mark(&VICTIM->flight, s32(first));
	tt_sctp_flight_resent(&VICTIM->flight, s32(first), pair.sim.now);
	assert_int_equal(give_sack(first - 1, (uint16_t[]){ 3, 5 }, 2), 0);
	VICTIM->cc.pace = 0;
	assert_int_equal(VICTIM->flight.marked, 0);
	assert_int_equal(state_of(first + 1), SCTP_ABANDONED);
	assert_false(VICTIM->sack_due || VICTIM->forward_tsn_due);
	unsigned sent = 0;
	for (size_t len; (len = tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf)) > 0;)
		sent += len > 1000;
	assert_int_equal(sent, 1);
	pair_free(&pair);
}

/* RFC 7496: what may be sent once is not sent twice to find out. */
static void a_tail_that_may_not_be_sent_again_is_not(void **state)
{
	const struct tt_sctp_send_options once = { .limit_retransmits = true };
	uint8_t buf[1200];

	(void)state;
	begin_measured(9);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 1000, &once), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T_PROBE));
	pass(2 * 40000 + SCTP_SACK_DELAY);
	assert_int_equal(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf), 0);
	assert_int_equal(VICTIM->counters.tail_probes, 0);
	assert_int_equal(VICTIM->counters.chunks_resent, 0);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_was_overtaken_is_lost_after_a_quarter_of_a_round_trip),
		cmocka_unit_test(one_that_three_have_overtaken_is_lost_at_once),
		cmocka_unit_test(reordering_that_was_seen_is_waited_for),
		cmocka_unit_test(what_was_sent_again_is_no_reordering),
		cmocka_unit_test(what_came_after_all_measures_no_retransmission),
		cmocka_unit_test(what_came_twice_makes_patient),
		cmocka_unit_test(a_retransmission_that_is_lost_is_found),
		cmocka_unit_test(what_a_sack_had_no_room_for_stays_as_it_was),
		cmocka_unit_test(a_lost_retransmission_is_found_behind_what_was_not_told),
		cmocka_unit_test(what_was_told_is_remembered_when_the_window_grows),
		cmocka_unit_test(a_lost_tail_is_found_before_t3),
		cmocka_unit_test(a_tail_that_had_to_be_sent_again_counts_as_lost),
		cmocka_unit_test(a_tail_that_came_twice_was_not_lost),
		cmocka_unit_test(a_tail_that_may_not_be_sent_again_is_not),
		cmocka_unit_test(a_tail_that_does_not_fit_is_sent_in_the_next_packet),
		cmocka_unit_test(what_is_taken_back_hides_no_loss),
		cmocka_unit_test(what_was_given_up_holds_back_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
