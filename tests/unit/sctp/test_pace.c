/* How fast an association may be: RFC 9260 sections 6.1, 6.2 and 7.2, seen from outside. */
#include "base/num.h"
#include "sctp_pair.h"

#include "sctp/sctp_assoc.h"

static struct pair pair;

/* Virtual microseconds until a message of 256 KiB, sixteen times, has arrived. */
static taut_time transfer(bool batch, const struct sim_link *link)
{
	pair_init(&pair, 1, link, NULL);
	pair_connect(&pair);
	pair.batch = batch;
	taut_time start = pair.sim.now;
	for (uint32_t n = 0; n < 16; n++)
		assert_int_equal(pair_number(&pair, 0, 1, n, 262144, NULL), 0);
	while (pair.count[1] < 16 && pair.sim.now < start + 600 * (taut_time)SECOND)
		pair_run(&pair, 10000);
	taut_time took = pair.sim.now - start;
	assert_int_equal(pair.count[1], 16);
	pair_free(&pair);
	return took;
}

/* A link that is slower than the sender hands over what queued up in it, all at once. */
static void answering_in_batches_does_not_hold_back_the_window(void **state)
{
	const struct sim_link link = { .delay = 20000 };

	(void)state;
	taut_time single = transfer(false, &link), batch = transfer(true, &link);
	print_message("4 MiB, 40 ms round trip: %d ms, in batches %d ms\n", (int)(single / 1000),
	              (int)(batch / 1000));
	assert_true(batch < 2 * single);
}

/* 6.2: at least every second packet; here all of them come before anything can be sent. */
static void every_second_packet_of_a_batch_is_acknowledged(void **state)
{
	uint8_t packets[12][1200], sack[1200];
	size_t len[12];

	(void)state;
	pair_init(&pair, 2, NULL, NULL);
	pair_connect(&pair);
	pair_number(&pair, 0, 1, 0, 1, NULL);
	pair_run(&pair, SECOND); /* the first packet of all is acknowledged at once */
	pair.s[0]->cc.cwnd = 100000;
	pair.s[0]->burst = 100000;
	pair.s[0]->cc.pace = 0;
	pair_number(&pair, 0, 1, 1, 12000, NULL);
	for (int i = 0; i < 10; i++)
		len[i] = tt_sctp_poll_send(pair.s[0], pair.sim.now, packets[i], 1200);
	uint32_t first = pair.s[1]->tracker.cum.v;
	for (int i = 0; i < 10; i++)
		pair_recv(&pair, 1, packets[i], len[i]);
	/* ... by a SACK of its own, and all of them in one packet */
	assert_int_equal(tt_sctp_poll_send(pair.s[1], pair.sim.now, sack, sizeof sack), 12 + 5 * 16);
	for (uint32_t n = 0; n < 5; n++) {
		assert_int_equal(sack[12 + 16 * n], SCTP_SACK);
		struct rd r = rd_make(sack + 16 + 16 * n, 4);
		assert_int_equal(rd_u32(&r), first + 2 * (n + 1));
	}
	assert_int_equal(tt_sctp_poll_send(pair.s[1], pair.sim.now, sack, sizeof sack), 0);
	pair_free(&pair);
}

/* Three SACKs that report a chunk missing send it again; they may all come of one batch. */
static void a_loss_within_a_batch_is_repaired_without_a_timer(void **state)
{
	static const unsigned drop[] = { 60 };
	const struct sim_link link = { .delay = 20000, .drop = drop, .drop_count = 1 };

	(void)state;
	pair_init(&pair, 3, &link, NULL);
	pair_connect(&pair);
	pair.batch = true;
	for (uint32_t n = 0; n < 4; n++)
		pair_number(&pair, 0, 1, n, 65536, NULL);
	pair_run(&pair, 5 * SECOND);
	assert_int_equal(pair.count[1], 4);
	assert_true(tt_sctp_count(pair.s[0]).fast_retransmits > 0);
	assert_int_equal(tt_sctp_count(pair.s[0]).timeouts, 0);
	pair_free(&pair);
}

/* 6.1 D limits what leaves at one moment, not what leaves before an acknowledgement. */
static void small_messages_now_and_then_do_not_wait_for_each_other(void **state)
{
	const struct sim_link link = { .delay = 200000 };

	(void)state;
	pair_init(&pair, 4, &link, NULL);
	pair_connect(&pair);
	pair_number(&pair, 0, 1, 0, 100, NULL);
	pair_run(&pair, 2 * SECOND);
	taut_time start = pair.sim.now;
	for (uint32_t n = 1; n <= 12; n++) {
		pair_number(&pair, 0, 1, n, 100, NULL);
		pair_run(&pair, 10000);
	}
	pair_run_until(&pair, start + 330000); /* all of them, and no acknowledgement, have come */
	assert_int_equal(pair.count[1], 13);
	pair_free(&pair);
}

/* The same with packets that are not full: they count by their bytes. */
static void small_packets_open_the_window_as_fast(void **state)
{
	const struct sim_link link = { .delay = 20000 };

	(void)state;
	pair_init(&pair, 5, &link, NULL);
	pair_connect(&pair);
	pair.batch = true;
	taut_time start = pair.sim.now;
	for (uint32_t n = 0; n < 4000; n++)
		pair_number(&pair, 0, 1, n, 1000, NULL);
	while (pair.count[1] < 4000 && pair.sim.now < start + 60 * (taut_time)SECOND)
		pair_run(&pair, 10000);
	assert_int_equal(pair.count[1], 4000);
	assert_true(pair.sim.now - start < 1000000);
	pair_free(&pair);
}

/* A sender counts its bytes against our window; what we hold beside them makes it overrun. */
static void a_whole_message_holds_little_more_than_its_bytes(void **state)
{
	(void)state;
	pair_init(&pair, 6, NULL, NULL);
	pair_connect(&pair);
	pair.keep_events[1] = true;
	for (uint32_t n = 0; n < 4; n++)
		pair_number(&pair, 0, 1, n, 70000, NULL);
	pair_run(&pair, 5 * SECOND);
	assert_int_equal(tt_sctp_held(pair.s[0]), 0);
	assert_in_range(pair.s[1]->rx.held, 280000, 281000);
	pair_free(&pair);
}

/* Half of the window in a round trip: it doubles, but for an application that does not take what comes. */
static void the_window_grows_for_who_takes_what_comes(void **state)
{
	const struct sim_link link = { .delay = 50000 };

	(void)state;
	for (int takes = 0; takes < 2; takes++) {
		pair_init(&pair, 7, &link, NULL);
		pair_connect(&pair);
		pair_number(&pair, 1, 1, 0, 100, NULL); /* by its answer the receiver knows the round trip */
		pair_run(&pair, SECOND);
		const size_t limit = pair.s[1]->rx.limit;
		pair.keep_events[1] = !takes;
		pair.s[0]->cc.cwnd = 2000000;
		pair.s[0]->cc.pace = 0;
		pair.s[0]->last_data_sent = pair.sim.now;
		for (uint32_t n = 0; n < 64; n++)
			pair_number(&pair, 0, 1, n, 65536, NULL);
		pair_run(&pair, 10 * SECOND);
		assert_int_equal(pair.s[1]->rx.limit > limit, takes);
		pair_free(&pair);
	}
}

/* A sender may have this many chunks under way; the receiver must have a place for the last. */
static void as_many_chunks_may_be_sent_as_are_received_out_of_order(void **state)
{
	struct sctp_tracker t = { 0 };
	struct tt_env env;

	(void)state;
	tt_env_init(&env, NULL);
	assert_int_equal(SCTP_MAX_OUTSTANDING, SCTP_TSN_AHEAD);
	for (uint32_t first = 0xffffff00; first != 64; first++) {
		struct sctp_gap gap[2];
		tt_sctp_tracker_init(&t, s32(first));
		assert_int_equal(tt_sctp_tracker_look(&t, s32(first + SCTP_TSN_AHEAD)), SCTP_TOO_FAR);
		assert_int_equal(tt_sctp_tracker_look(&t, s32(first + SCTP_TSN_AHEAD - 1)), SCTP_NEW);
		assert_true(tt_sctp_tracker_room(&t, &env, s32(first + SCTP_TSN_AHEAD - 1)));
		for (uint32_t n = SCTP_TSN_AHEAD - 1; n > 0; n--)
			tt_sctp_tracker_add(&t, s32(first + n));
		assert_int_equal(tt_sctp_tracker_gaps(&t, gap, 2), 1);
		assert_int_equal(gap[0].start, 2);
		assert_int_equal(gap[0].end, SCTP_TSN_AHEAD);
		tt_sctp_tracker_add(&t, s32(first));
		assert_int_equal(t.cum.v, first + SCTP_TSN_AHEAD - 1);
		assert_false(tt_sctp_tracker_has_gap(&t));
	}
	tt_sctp_tracker_free(&t, &env);
	assert_int_equal(env.memory, 0);
}

/* A packet of 0's reaches the other one, whose answer waits in 0's socket while that one sleeps. */
static void answer_waits(struct pair *p, taut_time how_long, bool timers_first)
{
	uint8_t packet[1200], answer[1200];
	const size_t len = tt_sctp_poll_send(p->s[0], p->sim.now, packet, sizeof packet);

	assert_true(len > 0);
	pair_recv(p, 1, packet, len);
	tt_sctp_tick(p->s[1], p->sim.now + SECOND); /* a delayed SACK */
	const size_t answer_len = tt_sctp_poll_send(p->s[1], p->sim.now + SECOND, answer, sizeof answer);
	assert_true(answer_len > 0);
	p->sim.now += how_long;
	if (timers_first)
		tt_sctp_tick(p->s[0], p->sim.now);
	pair_recv(p, 0, answer, answer_len);
}

static void who_slept_takes_that_for_no_round_trip(void **state)
{
	const struct sim_link link = { .delay = 20000 };

	(void)state;
	for (int timers_first = 0; timers_first < 2; timers_first++) {
		pair_init(&pair, 11, &link, NULL);
		pair_connect(&pair);
		pair_number(&pair, 0, 1, 0, 5000, NULL);
		pair_run(&pair, SECOND);
		const taut_time srtt = pair.s[0]->rtt.srtt;
		const struct sctp_rack rack = pair.s[0]->flight.rack;
		assert_in_range(srtt, 40000, 60000);
		pair_number(&pair, 0, 1, 1, 100, NULL);
		answer_waits(&pair, 300 * (taut_time)SECOND, timers_first);
		assert_int_equal(pair.s[0]->flight.flight, 0);
		assert_int_equal(pair.s[0]->rtt.srtt, srtt);
		assert_int_equal(pair.s[0]->flight.rack.rtt, rack.rtt);
		assert_in_range(pair.s[0]->rtt.least, 1, 60000);
		pair.s[0]->heartbeat_due = true;
		answer_waits(&pair, 300 * (taut_time)SECOND, timers_first);
		assert_true(pair.s[0]->heartbeat_at < 0 || timers_first);
		assert_int_equal(pair.s[0]->rtt.srtt, srtt);
		/* Awake again it measures, if the clock is set back, too. */
		tt_sctp_wake(pair.s[0], pair.sim.now - SECOND);
		assert_int_equal(pair.s[0]->awake_since, pair.sim.now - SECOND);
		pair.s[0]->rtt.srtt = srtt + 8000;
		pair_number(&pair, 0, 1, 2, 5000, NULL);
		pair_run(&pair, 5 * SECOND);
		assert_int_equal(pair.count[1], 3);
		assert_in_range(pair.s[0]->rtt.srtt, 40000, srtt + 7999);
		pair_free(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_slept_takes_that_for_no_round_trip),
		cmocka_unit_test(answering_in_batches_does_not_hold_back_the_window),
		cmocka_unit_test(every_second_packet_of_a_batch_is_acknowledged),
		cmocka_unit_test(a_loss_within_a_batch_is_repaired_without_a_timer),
		cmocka_unit_test(small_messages_now_and_then_do_not_wait_for_each_other),
		cmocka_unit_test(small_packets_open_the_window_as_fast),
		cmocka_unit_test(a_whole_message_holds_little_more_than_its_bytes),
		cmocka_unit_test(the_window_grows_for_who_takes_what_comes),
		cmocka_unit_test(as_many_chunks_may_be_sent_as_are_received_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
