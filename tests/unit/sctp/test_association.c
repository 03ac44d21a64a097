/* test_association.c - two associations over a link: RFC 9260 as seen from outside. */
#include "unit/sctp/sctp_pair.h"

static struct pair pair;

static void both_ends_connect_at_once(void **state)
{
	(void)state;
	pair_init(&pair, 1, NULL, NULL);
	pair_connect(&pair);
	assert_int_equal(tt_sctp_out_streams(pair.s[0]), 1024);
	assert_int_equal(pair.closed[0] + pair.closed[1], 0);
	pair_free(&pair);
}

static void one_end_that_connects_is_enough(void **state)
{
	(void)state;
	pair_init(&pair, 2, NULL, NULL);
	tt_sctp_connect(pair.s[0], pair.sim.now);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.connected[0] + pair.connected[1], 2);
	pair_free(&pair);
}

static void the_set_up_survives_the_loss_of_any_single_packet(void **state)
{
	(void)state;
	for (int both = 0; both < 2; both++)
		for (unsigned lost = 0; lost < 6; lost++) {
			const unsigned list[] = { lost };
			const struct sim_link link = { .delay = 20000, .drop = list, .drop_count = 1 };
			pair_init(&pair, 3 + lost, &link, NULL);
			tt_sctp_connect(pair.s[0], pair.sim.now);
			if (both)
				tt_sctp_connect(pair.s[1], pair.sim.now);
			pair_number(&pair, 0, 1, 7, 100, NULL);
			pair_run(&pair, 10 * SECOND);
			assert_int_equal(pair.connected[0] + pair.connected[1], 2);
			assert_int_equal(pair.count[1], 1);
			pair_free(&pair);
		}
}

static void an_init_that_is_never_answered_ends_unreachable(void **state)
{
	(void)state;
	pair_init(&pair, 4, NULL, NULL);
	pair.dead[1] = true;
	tt_sctp_connect(pair.s[0], pair.sim.now);
	pair_run(&pair, 120 * SECOND);
	assert_int_equal(pair.closed[0], 1);
	assert_int_equal(pair.reason[0], TAUT_REASON_SCTP_UNREACHABLE);
	assert_int_equal(tt_sctp_count(pair.s[0]).packets_sent, 9); /* INIT and 8 more */
	pair_free(&pair);
}

static void messages_of_every_size_cross_both_ways(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 1159, 1160, 1161, 1191, 2320, 2321, 16384, 65536,
	                                262143, 262144 };

	(void)state;
	pair_init(&pair, 5, NULL, NULL);
	pair_connect(&pair);
	for (uint32_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++)
		for (int i = 0; i < 2; i++)
			assert_int_equal(pair_number(&pair, i, 3, n, sizes[n], NULL), 0);
	pair_run(&pair, 60 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pair.count[i], sizeof sizes / sizeof sizes[0]);
		for (uint32_t n = 0; n < pair.count[i]; n++)
			assert_int_equal(pair.log[i][n].len, sizes[n]);
	}
	assert_true(pair.hash[0] == pair.hash[1]);
	assert_int_equal(tt_sctp_held(pair.s[0]), 0);
	pair_free(&pair);
}

/* One MiB in messages of mixed sizes; answers the virtual seconds it took. */
static double transfer(const struct sim_link *link, uint64_t seed, uint64_t *hash)
{
	uint64_t sent[2] = { 0 };
	uint32_t number[2] = { 0 };

	pair_init(&pair, seed, link, NULL);
	pair_connect(&pair);
	taut_time start = pair.sim.now, end = start + 3000 * (taut_time)SECOND;
	for (size_t total = 0; total < 1048576;) {
		size_t len = 4 + sim_random(&pair.sim) % 20000;
		for (int i = 0; i < 2; i++) {
			uint8_t m[20004];
			for (size_t k = 0; k < len; k++)
				m[k] = (uint8_t)(k * 7 + total + (size_t)i);
			memcpy(m, &number[i], 4);
			number[i]++;
			sent[i] = pair_hash(sent[i], m, len);
			assert_int_equal(tt_sctp_send(pair.s[i], pair.sim.now, 5, 53, NULL, m, len), 0);
		}
		total += len;
	}
	while (pair.sim.now < end && (pair.count[0] < number[1] || pair.count[1] < number[0]) &&
	       pair.closed[0] + pair.closed[1] == 0)
		pair_run(&pair, SECOND / 10);
	double took = (double)(pair.sim.now - start) / SECOND;
	assert_int_equal(pair.count[0], number[1]);
	assert_true(pair.hash[0] == sent[1] && pair.hash[1] == sent[0]);
	pair_run(&pair, 60 * (taut_time)SECOND); /* the last acknowledgements */
	assert_int_equal(tt_sctp_count(pair.s[0]).flight, 0);
	assert_int_equal(tt_sctp_held(pair.s[0]), 0);
	*hash = pair.sim.hash;
	pair_free(&pair);
	return took;
}

static void a_megabyte_arrives_whole_whatever_the_link_does(void **state)
{
	static const struct { const char *name; struct sim_link link; } links[] = {
		{ "clean, 20 ms round trip", { .delay = 10000 } },
		{ "5 % loss", { .delay = 10000, .loss = 50 } },
		{ "20 % loss", { .delay = 10000, .loss = 200 } },
		{ "duplicates", { .delay = 10000, .duplicate = 200 } },
		{ "reordering", { .delay = 10000, .jitter = 3000, .reorder = 100 } },
		{ "corruption", { .delay = 10000, .corrupt = 50 } },
		{ "all of it", { .delay = 10000, .jitter = 5000, .loss = 50, .duplicate = 50, .reorder = 50, .corrupt = 20 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		uint64_t hash, again;
		double took = transfer(&links[i].link, 100 + i, &hash);
		transfer(&links[i].link, 100 + i, &again);
		assert_true(hash == again); /* the same seed, the same bytes at the same time */
		print_message("1 MiB each way, %s: %.1f s of virtual time\n", links[i].name, took);
	}
}

static void unordered_messages_overtake_what_is_missing(void **state)
{
	const struct sim_link link = { .delay = 10000, .loss = 100 };
	const struct tt_sctp_send_options unordered = { .unordered = true };
	bool seen[300] = { false };
	int overtaken = 0;

	(void)state;
	pair_init(&pair, 6, &link, NULL);
	pair_connect(&pair);
	for (uint32_t n = 0; n < 300; n++)
		pair_number(&pair, 0, 2, n, 1000, &unordered);
	pair_run(&pair, 200 * (taut_time)SECOND);
	assert_int_equal(pair.count[1], 300);
	for (size_t n = 0; n < 300; n++) {
		assert_true(pair.log[1][n].unordered);
		assert_false(seen[pair.log[1][n].first]);
		seen[pair.log[1][n].first] = true;
		overtaken += n > 0 && pair.log[1][n].first < pair.log[1][n - 1].first;
	}
	assert_true(overtaken > 0);
	pair_free(&pair);
}

static void streams_do_not_wait_for_one_another(void **state)
{
	const unsigned list[] = { 4 };
	const struct sim_link link = { .delay = 10000, .drop = list, .drop_count = 1 };

	(void)state;
	pair_init(&pair, 7, &link, NULL);
	pair_connect(&pair);
	for (uint16_t stream = 0; stream < 8; stream++)
		pair_number(&pair, 0, stream, stream, 1100, NULL);
	unsigned before = pair.sim.sent[1];
	pair.link.drop_count = 0;
	const unsigned next[] = { before };
	pair.sim.link.drop = next;
	pair.sim.link.drop_count = 1;
	pair_run(&pair, 15000);
	assert_int_equal(pair.count[1], 3); /* a window of four, the first of them lost */
	pair_run(&pair, 5 * SECOND);
	assert_int_equal(pair.count[1], 8);
	pair_free(&pair);
}

static void lost_messages_that_may_be_lost_hold_up_nothing(void **state)
{
	const struct sim_link link = { .delay = 10000, .loss = 200 };
	const struct tt_sctp_send_options options[] = {
		{ .limit_retransmits = true, .max_retransmits = 0 },
		{ .limit_retransmits = true, .max_retransmits = 0, .unordered = true },
		{ .lifetime_ms = 50 },
	};

	(void)state;
	for (size_t o = 0; o < 3; o++)
		for (size_t len = 500; len <= 5000; len *= 10) {
			pair_init(&pair, 8 + o, &link, NULL);
			pair_connect(&pair);
			for (uint32_t n = 0; n < 200; n++) {
				pair_number(&pair, 0, 2, n, len, &options[o]);
				pair_run(&pair, 20000);
			}
			pair_number(&pair, 0, 2, 1000, len, NULL); /* this one must arrive, and last */
			pair_run(&pair, 100 * (taut_time)SECOND);
			assert_in_range(pair.count[1], 10, 199);
			assert_int_equal(pair.log[1][pair.count[1] - 1].first, 1000);
			for (size_t n = 1; !options[o].unordered && n < pair.count[1]; n++)
				assert_true(pair.log[1][n].first > pair.log[1][n - 1].first);
			assert_true(tt_sctp_count(pair.s[0]).abandoned > 0);
			assert_int_equal(tt_sctp_held(pair.s[0]), 0);
			assert_int_equal(tt_sctp_count(pair.s[0]).flight, 0);
			assert_int_equal(pair.closed[0] + pair.closed[1], 0);
			pair_free(&pair);
		}
}

static void heartbeats_keep_an_idle_association_and_find_a_dead_peer(void **state)
{
	(void)state;
	pair_init(&pair, 9, NULL, NULL);
	pair_connect(&pair);
	uint64_t before = tt_sctp_count(pair.s[0]).packets_sent;
	pair_run(&pair, 600 * (taut_time)SECOND);
	assert_int_equal(pair.closed[0], 0);
	assert_in_range(tt_sctp_count(pair.s[0]).packets_sent - before, 20, 60);
	assert_in_range(tt_sctp_count(pair.s[0]).srtt, 15000, 80000);
	pair.dead[1] = true;
	pair_run(&pair, 900 * (taut_time)SECOND);
	assert_int_equal(pair.closed[0], 1);
	assert_int_equal(pair.reason[0], TAUT_REASON_SCTP_UNREACHABLE);
	pair_free(&pair);
}

static void unanswered_data_ends_unreachable_sooner(void **state)
{
	(void)state;
	pair_init(&pair, 10, NULL, NULL);
	pair_connect(&pair);
	pair.dead[1] = true;
	pair_number(&pair, 0, 0, 1, 3000, NULL);
	taut_time start = pair.sim.now;
	while (pair.closed[0] == 0 && pair.sim.now < start + 200 * (taut_time)SECOND)
		pair_run(&pair, SECOND);
	assert_int_equal(pair.reason[0], TAUT_REASON_SCTP_UNREACHABLE);
	assert_in_range((uint64_t)(pair.sim.now - start) / SECOND, 30, 120);
	assert_int_equal(tt_sctp_send(pair.s[0], pair.sim.now, 0, 53, NULL, "x", 1), TAUT_E_STATE);
	pair_free(&pair);
}

static void shutdown_delivers_everything_first(void **state)
{
	(void)state;
	for (unsigned loss = 0; loss <= 200; loss += 100) {
		const struct sim_link link = { .delay = 10000, .loss = loss };
		pair_init(&pair, 11 + loss, &link, NULL);
		pair_connect(&pair);
		for (uint32_t n = 0; n < 50; n++) {
			pair_number(&pair, 0, 1, n, 3000, NULL);
			pair_number(&pair, 1, 1, n, 3000, NULL);
		}
		tt_sctp_shutdown(pair.s[0], pair.sim.now);
		assert_int_equal(pair_number(&pair, 0, 1, 99, 10, NULL), TAUT_E_STATE);
		pair_run(&pair, 300 * (taut_time)SECOND);
		assert_int_equal(pair.count[0], 50);
		assert_int_equal(pair.count[1], 50);
		assert_int_equal(pair.closed[0] + pair.closed[1], 2);
		assert_int_equal(pair.reason[0], TAUT_REASON_CLOSED_HERE);
		if (loss == 0)
			assert_int_equal(pair.reason[1], TAUT_REASON_CLOSED_BY_PEER);
		assert_int_equal(tt_sctp_deadline(pair.s[0], NULL), INT64_MAX);
		pair_free(&pair);
	}
}

static void two_shutdowns_at_once_end_both(void **state)
{
	(void)state;
	pair_init(&pair, 12, NULL, NULL);
	pair_connect(&pair);
	tt_sctp_shutdown(pair.s[0], pair.sim.now);
	tt_sctp_shutdown(pair.s[1], pair.sim.now);
	pair_run(&pair, 20 * SECOND);
	assert_int_equal(pair.closed[0] + pair.closed[1], 2);
	pair_free(&pair);
}

static void abort_ends_both_at_once(void **state)
{
	(void)state;
	pair_init(&pair, 13, NULL, NULL);
	pair_connect(&pair);
	pair_number(&pair, 0, 1, 1, 100000, NULL);
	pair_settle(&pair);
	tt_sctp_abort(pair.s[0], pair.sim.now);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.reason[0], TAUT_REASON_CLOSED_HERE);
	assert_int_equal(pair.reason[1], TAUT_REASON_SCTP_ABORT);
	assert_string_equal(pair.text[1], "user-initiated abort");
	for (int i = 0; i < 2; i++)
		assert_int_equal(pair.cause[i], 12);
	pair_free(&pair);
}

static void a_stream_is_reset_and_begins_anew(void **state)
{
	(void)state;
	for (unsigned loss = 0; loss <= 200; loss += 200) {
		const struct sim_link link = { .delay = 10000, .loss = loss };
		pair_init(&pair, 14 + loss, &link, NULL);
		pair_connect(&pair);
		for (uint32_t round = 0; round < 5; round++) {
			for (uint32_t n = 0; n < 10; n++)
				pair_number(&pair, 0, 6, round * 100 + n, 2000, NULL);
			assert_int_equal(tt_sctp_reset_stream(pair.s[0], pair.sim.now, 6), 0);
			pair_number(&pair, 0, 6, round * 100 + 50, 100, NULL); /* waits for the reset */
			pair_run(&pair, 60 * (taut_time)SECOND);
			assert_int_equal(pair.resets_out[0], (int)round + 1);
			assert_in_range(pair.resets_in[1], round + 1, 100);
			assert_int_equal(pair.reset_reason[0], 0);
			assert_int_equal(pair.count[1], 11 * (round + 1));
		}
		pair_free(&pair);
	}
}

static void many_streams_are_reset_together(void **state)
{
	(void)state;
	pair_init(&pair, 15, NULL, NULL);
	pair_connect(&pair);
	for (uint16_t i = 0; i < 1000; i++) {
		pair_number(&pair, 0, i, i, 10, NULL);
		assert_int_equal(tt_sctp_reset_stream(pair.s[0], pair.sim.now, i), 0);
	}
	pair_run(&pair, 60 * (taut_time)SECOND);
	assert_int_equal(pair.count[1], 1000);
	assert_int_equal(pair.resets_out[0], 1000);
	assert_int_equal(pair.resets_in[1], 1000);
	pair_free(&pair);
}

static void a_reader_that_does_not_read_closes_the_window(void **state)
{
	const struct tt_sctp_config cfg = { .recv_window = 1048576 };

	(void)state;
	pair_init(&pair, 16, NULL, &cfg);
	pair_connect(&pair);
	pair.keep_events[1] = true;
	for (uint32_t n = 0; n < 40; n++)
		assert_int_equal(pair_number(&pair, 0, 1, n, 60000, NULL), 0);
	pair_run(&pair, 100 * (taut_time)SECOND);
	assert_int_equal(pair.closed[0], 0);
	assert_true(pair.sim.env[1].memory <= 1048576 + 32768);
	assert_true(tt_sctp_count(pair.s[0]).chunks_sent < 700); /* probes are rare */
	assert_true(tt_sctp_held(pair.s[0]) > 1000000);
	assert_true(tt_sctp_count(pair.s[0]).peer_window < 2000);
	pair.keep_events[1] = false;
	uint64_t before = tt_sctp_count(pair.s[0]).chunks_sent;
	pair_run(&pair, SECOND / 20); /* that it is open again is told, not found out by a probe */
	assert_true(tt_sctp_count(pair.s[0]).chunks_sent >= before + 4);
	pair_run(&pair, 60 * (taut_time)SECOND);
	assert_int_equal(pair.count[1], 40);
	assert_int_equal(tt_sctp_held(pair.s[0]), 0);
	pair_free(&pair);
}

static void drop_to_0(struct pair *p, int to, uint8_t *data, size_t *len)
{
	(void)p, (void)data;
	*len = to == 0 ? 0 : *len;
}

static void a_window_that_opened_unheard_is_found_by_a_probe(void **state)
{
	(void)state;
	pair_init(&pair, 20, NULL, NULL);
	pair_connect(&pair);
	pair.keep_events[1] = true;
	for (uint32_t n = 0; n < 40; n++)
		assert_int_equal(pair_number(&pair, 0, 1, n, 60000, NULL), 0);
	/* full and all of it acknowledged: the reserve takes probes for a while */
	for (int n = 0; n < 1000 && tt_sctp_count(pair.s[0]).peer_window > 1176; n++)
		pair_run(&pair, 1000);
	for (int n = 0; tt_sctp_count(pair.s[0]).flight > 0; n++) {
		assert_true(n < 10000);
		pair_run(&pair, 1000);
	}
	pair.on_packet = drop_to_0;
	pair.keep_events[1] = false;
	pair_run(&pair, 1000);
	pair.on_packet = NULL;
	pair_run(&pair, 100 * (taut_time)SECOND);
	assert_int_equal(pair.closed[0], 0);
	assert_int_equal(pair.count[1], 40);
	pair_free(&pair);
}

static void a_full_send_buffer_says_so(void **state)
{
	const struct tt_sctp_config cfg = { .send_buffer = 100000 };

	(void)state;
	pair_init(&pair, 17, NULL, &cfg);
	assert_int_equal(pair_number(&pair, 0, 1, 0, 60000, NULL), 0);
	assert_int_equal(pair_number(&pair, 0, 1, 1, 60000, NULL), TAUT_E_AGAIN);
	assert_int_equal(pair_number(&pair, 0, 1, 1, 39000, NULL), 0);
	assert_int_equal(pair_number(&pair, 0, 1, 1, 1000, NULL), TAUT_E_AGAIN);
	pair_connect(&pair);
	assert_int_equal(pair.count[1], 2);
	assert_int_equal(pair_number(&pair, 0, 1, 1, 200000, NULL), 0); /* an empty one takes it */
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(pair.count[1], 3);
	pair_free(&pair);
}

static void a_message_too_large_is_thrown_away_and_named(void **state)
{
	const struct tt_sctp_config cfg = { .max_message_in = 10000 };

	(void)state;
	pair_init(&pair, 18, NULL, &cfg);
	pair_connect(&pair);
	pair_number(&pair, 0, 1, 1, 9999, NULL);
	pair_number(&pair, 0, 1, 2, 10001, NULL);
	pair_number(&pair, 0, 1, 3, 3000000, NULL);
	pair_number(&pair, 0, 1, 4, 10000, NULL);
	pair_run(&pair, 100 * (taut_time)SECOND);
	assert_int_equal(pair.too_large[1], 2);
	assert_int_equal(pair.count[1], 2);
	assert_int_equal(pair.log[1][1].first, 4);
	pair_free(&pair);
}

static void a_peer_that_begins_anew_restarts_the_association(void **state)
{
	(void)state;
	pair_init(&pair, 19, NULL, NULL);
	pair_connect(&pair);
	pair_number(&pair, 0, 1, 1, 50000, NULL);
	pair_settle(&pair);
	tt_sctp_free(pair.s[1]);
	assert_int_equal(tt_sctp_new(&pair.s[1], &pair.sim.env[1], &(struct tt_sctp_config){
	                                     .no_interleaving = !pair_interleaves },
	                             pair.sim.now), 0);
	pair.connected[1] = 0;
	tt_sctp_connect(pair.s[1], pair.sim.now);
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(pair.restarted[0], 1);
	assert_int_equal(pair.connected[1], 1);
	assert_int_equal(pair.closed[0] + pair.closed[1], 0);
	size_t before = pair.count[1];
	pair_number(&pair, 0, 1, 2, 5000, NULL);
	pair_number(&pair, 1, 1, 2, 5000, NULL);
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(pair.count[1], before + 1);
	assert_int_equal(pair.count[0], 1);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_connect_at_once),
		cmocka_unit_test(one_end_that_connects_is_enough),
		cmocka_unit_test(the_set_up_survives_the_loss_of_any_single_packet),
		cmocka_unit_test(an_init_that_is_never_answered_ends_unreachable),
		cmocka_unit_test(messages_of_every_size_cross_both_ways),
		cmocka_unit_test(a_megabyte_arrives_whole_whatever_the_link_does),
		cmocka_unit_test(unordered_messages_overtake_what_is_missing),
		cmocka_unit_test(streams_do_not_wait_for_one_another),
		cmocka_unit_test(lost_messages_that_may_be_lost_hold_up_nothing),
		cmocka_unit_test(heartbeats_keep_an_idle_association_and_find_a_dead_peer),
		cmocka_unit_test(unanswered_data_ends_unreachable_sooner),
		cmocka_unit_test(shutdown_delivers_everything_first),
		cmocka_unit_test(two_shutdowns_at_once_end_both),
		cmocka_unit_test(abort_ends_both_at_once),
		cmocka_unit_test(a_stream_is_reset_and_begins_anew),
		cmocka_unit_test(many_streams_are_reset_together),
		cmocka_unit_test(a_reader_that_does_not_read_closes_the_window),
		cmocka_unit_test(a_window_that_opened_unheard_is_found_by_a_probe),
		cmocka_unit_test(a_full_send_buffer_says_so),
		cmocka_unit_test(a_message_too_large_is_thrown_away_and_named),
		cmocka_unit_test(a_peer_that_begins_anew_restarts_the_association),
	};

	const int failed = cmocka_run_group_tests_name("DATA", tests, NULL, NULL);

	pair_interleaves = true;
	return failed + cmocka_run_group_tests_name("I-DATA", tests, NULL, NULL);
}
