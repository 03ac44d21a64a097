/* How long packets become: RFC 8899, with the probes of RFC 4820. */
#include "unit/sctp/sctp_forge.h"

enum { BASE = 1160, CEILING = 1432 };

/* What the path swallows, and what it saw. */
static struct path {
	size_t takes;                   /* bytes of SCTP; 0: any */
	bool no_heartbeats;             /* the peer answers none */
	size_t probes[CEILING / 4 + 1]; /* by size */
	size_t probe_count, longest, longest_chunk, two_chunks;
} path;

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void note_data(const uint8_t *data, size_t len)
{
	size_t chunks = 0;

	for (size_t at = 12; at + 4 <= len; at += (get16(data + at + 2) + 3u) & ~3u) {
		if (data[at] != SCTP_DATA)
			continue;
		chunks++;
		if (get16(data + at + 2) > path.longest_chunk)
			path.longest_chunk = get16(data + at + 2);
	}
	if (chunks > 0 && len > path.longest)
		path.longest = len;
	path.two_chunks += chunks == 2;
}

static void through(struct pair *p, int to, uint8_t *data, size_t *len)
{
	(void)p, (void)to;
	if (*len > 28 && data[12] == SCTP_HEARTBEAT && data[28] == SCTP_PAD) {
		assert_int_equal(*len % 4, 0);
		path.probes[*len / 4]++;
		path.probe_count++;
	}
	note_data(data, *len);
	if ((path.takes && *len > path.takes) ||
	    (path.no_heartbeats && data[12] == SCTP_HEARTBEAT_ACK))
		*len = 0;
}

static void start(uint64_t seed, size_t takes)
{
	const struct tt_sctp_config cfg = { .max_probed = CEILING };

	path = (struct path){ .takes = takes };
	pair_init(&pair, seed, NULL, &cfg);
	pair.on_packet = through;
	pair.most = CEILING;
	pair_connect(&pair);
}

static uint32_t sent;

/* Messages of 64 KiB and odd lengths, and all of them arrive. */
static void send_bulk(unsigned count)
{
	const size_t before = pair.count[1];

	for (unsigned n = 0; n < count; n++)
		assert_int_equal(
			pair_number(&pair, 0, (uint16_t)(n % 3), sent++, 65536 - n * 7, NULL), 0);
	for (int i = 0; i < 240 && pair.count[1] < before + count; i++)
		pair_run(&pair, SECOND / 2);
	assert_int_equal(pair.count[1], before + count);
}

static size_t size_now(void)
{
	return tt_sctp_count(pair.s[0]).packet;
}

static void bulk_makes_packets_as_long_as_the_path_takes(void **state)
{
	(void)state;
	start(1, 0);
	send_bulk(20);
	assert_int_equal(size_now(), CEILING);
	assert_int_equal(path.longest, CEILING);
	assert_in_range(path.probe_count, 1,
			2); /* the base, if data did not tell before, and the ceiling */
	assert_int_equal(path.probes[CEILING / 4], 1);
	pair_free(&pair);
}

static void no_chunk_is_longer_than_the_base_has_room_for(void **state)
{
	(void)state;
	start(2, 0);
	send_bulk(20);
	assert_in_range(path.longest_chunk, 1000, BASE - 12);
	assert_true(path.two_chunks > 500);
	pair_free(&pair);
}

static void a_size_between_is_found_to_sixteen_bytes(void **state)
{
	(void)state;
	for (size_t takes = BASE; takes <= CEILING; takes += 52) {
		start(takes, takes);
		send_bulk(20);
		pair_run(&pair, 60 * SECOND);
		assert_in_range(size_now(), takes < BASE + 16 ? BASE : takes - 16, takes);
		assert_true(path.longest <= takes); /* only probes try */
		assert_int_equal(tt_sctp_count(pair.s[0]).timeouts, 0);
		pair_free(&pair);
	}
}

static void a_size_is_given_up_after_three_probes(void **state)
{
	(void)state;
	start(3, 1300);
	send_bulk(20);
	pair_run(&pair, 60 * SECOND);
	assert_int_equal(path.probes[CEILING / 4], 3);
	pair_free(&pair);
}

static void who_fills_no_packets_probes_nothing(void **state)
{
	(void)state;
	start(4, 0);
	for (uint32_t n = 0; n < 200; n++) {
		assert_int_equal(pair_number(&pair, 0, 0, n, 300, NULL), 0);
		pair_run(&pair, 50000);
	}
	assert_int_equal(path.probe_count, 0);
	assert_int_equal(size_now(), BASE);
	pair_free(&pair);
}

static void without_a_heartbeat_ack_packets_stay_as_they_are(void **state)
{
	(void)state;
	start(5, 0);
	path.no_heartbeats = true;
	send_bulk(20);
	pair_run(&pair, 20 * SECOND);
	send_bulk(2);
	assert_int_equal(size_now(), BASE);
	assert_int_equal(path.longest, BASE);
	assert_true(path.probes[CEILING / 4] == 3);
	pair_free(&pair);
}

static void where_long_packets_vanish_they_become_short_and_all_arrives(void **state)
{
	(void)state;
	start(6, 0);
	send_bulk(5);
	assert_int_equal(size_now(), CEILING);
	path.takes = 1200; /* another route */
	send_bulk(20);
	assert_int_equal(tt_sctp_count(pair.s[0]).path_black_holes, 1);
	assert_in_range(size_now(), BASE, 1200);
	pair_free(&pair);
}

/* The small messages are acknowledged all the while, so that T3 alone would not tell. */
static void small_messages_that_get_through_do_not_hide_a_black_hole(void **state)
{
	(void)state;
	start(7, 0);
	send_bulk(5);
	path.takes = 1200;
	const size_t before = pair.count[1];
	for (uint32_t n = 0; n < 200; n++) {
		if (n % 4 == 0)
			assert_int_equal(pair_number(&pair, 0, 1, n, 20000, NULL), 0);
		assert_int_equal(pair_number(&pair, 0, 2, n, 50, NULL), 0);
		pair_run(&pair, 20000);
	}
	pair_run(&pair, 20 * SECOND);
	assert_int_equal(pair.count[1], before + 250);
	assert_true(tt_sctp_count(pair.s[0]).path_black_holes >= 1);
	pair_free(&pair);
}

/* Each message makes a packet that vanishes and a shorter one, itself beyond the base, that does not. */
static void long_packets_that_get_through_do_not_hide_that_longer_ones_vanish(void **state)
{
	(void)state;
	start(18, 0);
	send_bulk(5);
	assert_int_equal(size_now(), CEILING);
	path.takes = 1300;
	const size_t before = pair.count[1];
	for (uint32_t n = 0; n < 20; n++) {
		assert_int_equal(pair_number(&pair, 0, 0, sent++, 2600, NULL), 0);
		pair_run(&pair, 3 * SECOND);
	}
	assert_int_equal(pair.count[1], before + 20);
	assert_int_equal(tt_sctp_count(pair.s[0]).path_black_holes, 1);
	assert_in_range(size_now(), BASE, 1300);
	pair_free(&pair);
}

static void losses_of_all_sizes_are_no_black_hole(void **state)
{
	const struct sim_link lossy = { .delay = 10000, .loss = 50 };

	(void)state;
	start(8, 0);
	send_bulk(5);
	pair.sim.link = lossy;
	send_bulk(60);
	assert_true(tt_sctp_count(pair.s[0]).chunks_resent > 100);
	assert_int_equal(tt_sctp_count(pair.s[0]).path_black_holes, 0);
	assert_int_equal(size_now(), CEILING);
	pair_free(&pair);
}

/* One packet each; every third of them gets through. */
static void two_lost_between_others_are_no_black_hole(void **state)
{
	(void)state;
	start(17, 0);
	send_bulk(5);
	const size_t before = pair.count[1];
	for (uint32_t n = 0; n < 12; n++) {
		path.takes = n % 3 < 2 ? 1200 : 0;
		assert_int_equal(pair_number(&pair, 0, 0, n, 1350, NULL), 0);
		pair_run(&pair, 3 * SECOND);
		assert_int_equal(pair.count[1], before + n + 1);
	}
	assert_int_equal(tt_sctp_count(pair.s[0]).path_black_holes, 0);
	path.takes = 1200;
	for (uint32_t n = 0; n < 3; n++) {
		assert_int_equal(pair_number(&pair, 0, 0, n, 1350, NULL), 0);
		pair_run(&pair, 3 * SECOND);
	}
	assert_int_equal(tt_sctp_count(pair.s[0]).path_black_holes, 1);
	pair_free(&pair);
}

static void a_path_below_the_base_gets_smaller_packets_until_the_base_gets_through(void **state)
{
	(void)state;
	start(9, 700);
	for (uint32_t n = 0; n < 5; n++)
		assert_int_equal(pair_number(&pair, 0, 0, n, 65536, NULL), 0);
	for (uint32_t n = 0; n < 200; n++) { /* something that is acknowledged */
		assert_int_equal(pair_number(&pair, 0, 1, n, 50, NULL), 0);
		pair_run(&pair, 100000);
	}
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_ERROR);
	assert_int_equal(size_now(), 508);
	path.takes = 0;
	pair_run(&pair, 90 * SECOND);
	assert_int_equal(pair.count[1], 205);
	assert_int_equal(size_now(), CEILING);
	pair_free(&pair);
}

/* Each is a packet of 1,136, which the path takes: so it says nothing of 1,160. */
static void what_is_nearly_as_long_as_the_base_does_not_confirm_it(void **state)
{
	(void)state;
	start(26, 1140);
	for (uint32_t n = 0; n < 40; n++) {
		assert_int_equal(pair_number(&pair, 0, 1, n, 1108, NULL), 0);
		pair_run(&pair, SECOND / 5);
	}
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_ERROR);
	assert_int_equal(pair_number(&pair, 0, 0, 1, 5000, NULL), 0);
	pair_run(&pair, 5 * SECOND);
	assert_int_equal(pair.count[1], 41);
	pair_free(&pair);
}

static void silence_is_no_small_path(void **state)
{
	(void)state;
	start(10, 0);
	send_bulk(5);
	tt_sctp_too_long(pair.s[0], pair.sim.now, false); /* so that the base is probed */
	pair.dead[1] = true;
	assert_int_equal(pair_number(&pair, 0, 0, 1, 200000, NULL), 0);
	pair_run(&pair, 30 * SECOND);
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_BASE);
	assert_int_equal(size_now(), BASE);
	pair.dead[1] = false;
	pair_run(&pair, 30 * SECOND);
	assert_int_equal(pair.count[1], 6);
	pair_free(&pair);
}

static void another_path_begins_at_the_base(void **state)
{
	(void)state;
	start(11, 0);
	send_bulk(5);
	assert_int_equal(size_now(), CEILING);
	tt_sctp_set_max_probed(pair.s[0], 1300);
	tt_sctp_new_path(pair.s[0]);
	assert_int_equal(size_now(), BASE);
	send_bulk(5);
	assert_int_equal(size_now(), 1300);
	pair_free(&pair);
}

static void what_the_host_refuses_needs_no_three_probes(void **state)
{
	(void)state;
	start(12, 0);
	path.takes = 1300;
	send_bulk(1);
	assert_int_equal(pair.s[0]->pmtu.probed, CEILING);
	tt_sctp_too_long(pair.s[0], pair.sim.now, true);
	assert_in_range(pair.s[0]->pmtu.probed, BASE + 4, 1300);
	pair_free(&pair);
}

static void a_long_packet_that_the_host_refuses_makes_them_short_at_once(void **state)
{
	(void)state;
	start(13, 0);
	send_bulk(5);
	tt_sctp_too_long(pair.s[0], pair.sim.now, false);
	assert_int_equal(size_now(), BASE);
	tt_sctp_too_long(pair.s[0], pair.sim.now, false); /* the base is never given up for a hint */
	assert_int_equal(size_now(), BASE);
	send_bulk(5);
	pair_free(&pair);
}

/* While a longer one is tried. */
static void what_the_host_refuses_is_the_packet_that_it_refused(void **state)
{
	(void)state;
	start(21, 1300);
	send_bulk(20);
	pair_run(&pair, 60 * SECOND);
	assert_true(size_now() > BASE);
	pair_run(&pair, 610 * (taut_time)SECOND);
	send_bulk(1);
	assert_int_equal(pair.s[0]->pmtu.probed, CEILING);
	assert_int_equal(pair.s[0]->pmtu.count, 1);
	tt_sctp_too_long(pair.s[0], pair.sim.now, false);
	assert_int_equal(size_now(), BASE);
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_BASE);
	pair_free(&pair);
	start(22, 0);
	send_bulk(20);
	tt_sctp_too_long(pair.s[0], pair.sim.now, true); /* one that is forgotten */
	assert_int_equal(size_now(), CEILING);
	pair_free(&pair);
}

static void after_ten_minutes_data_looks_for_more_again(void **state)
{
	(void)state;
	start(14, 1300);
	send_bulk(20);
	pair_run(&pair, 60 * SECOND);
	assert_true(size_now() <= 1300);
	path.takes = 0;
	send_bulk(5);
	assert_true(size_now() <= 1300);
	const size_t probes = path.probe_count;
	pair_run(&pair, 700 * (taut_time)SECOND);
	assert_int_equal(path.probe_count, probes); /* nothing is sent, so nothing is looked for */
	send_bulk(5);
	assert_int_equal(size_now(), CEILING);
	pair_free(&pair);
}

/* An ICE restart nominates the same pair. */
static void what_is_used_is_kept_where_the_path_is_told_again(void **state)
{
	(void)state;
	start(25, 1300);
	send_bulk(20);
	pair_run(&pair, 60 * SECOND);
	const size_t size = size_now();
	assert_in_range(size, 1284, 1300);
	pair_run(&pair, 610 * (taut_time)SECOND);
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_DISABLED);
	tt_sctp_set_max_probed(pair.s[0], CEILING);
	assert_int_equal(size_now(), size);
	path.takes = 0;
	send_bulk(5);
	assert_int_equal(size_now(), CEILING);
	pair_free(&pair);
}

/* Its chunks are too short to be a packet of the base, but two of them are longer. */
static void what_is_used_is_kept_while_more_is_looked_for_in_vain(void **state)
{
	(void)state;
	start(19, 1300);
	send_bulk(20);
	pair_run(&pair, 60 * SECOND);
	const size_t size = size_now();
	assert_in_range(size, 1284, 1300);
	pair_run(&pair, 610 * (taut_time)SECOND);
	const size_t probes = path.probes[BASE / 4];
	path.no_heartbeats = true;
	for (int i = 0; i < 40; i++) {
		send_bulk(1);
		assert_int_equal(size_now(), size);
	}
	assert_int_equal(path.probes[BASE / 4], probes);
	pair_free(&pair);
}

static void long_packets_confirm_the_base(void **state)
{
	(void)state;
	start(20, 0);
	send_bulk(5);
	path.no_heartbeats = true;
	assert_int_equal(pair_number(&pair, 0, 0, sent++, 1350, NULL), 0); /* in one packet */
	pair_settle(&pair);
	tt_sctp_too_long(pair.s[0], pair.sim.now, false);
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_BASE);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_SEARCHING);
	pair_free(&pair);
}

static int refusing_random(void *ctx, void *out, size_t len)
{
	(void)ctx, (void)out, (void)len;
	return -1;
}

static void without_a_random_number_a_probe_is_sent_later(void **state)
{
	(void)state;
	start(23, 0);
	int (*const random)(void *, void *, size_t) = pair.sim.env[0].random;
	pair.sim.env[0].random = refusing_random;
	send_bulk(5);
	pair_run(&pair, 20 * SECOND); /* in which it fails once more */
	assert_int_equal(path.probe_count, 0);
	assert_int_equal(size_now(), BASE);
	pair.sim.env[0].random = random;
	pair_run(&pair, 20 * SECOND);
	assert_int_equal(size_now(), CEILING);
	pair_free(&pair);
}

static void who_sends_nothing_is_not_probed_for_ever(void **state)
{
	(void)state;
	start(24, 0);
	send_bulk(5);
	path.no_heartbeats = true;
	tt_sctp_too_long(pair.s[0], pair.sim.now, false);
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(pair.s[0]->pmtu.state, SCTP_PMTU_ERROR);
	const size_t probes = path.probe_count;
	path.no_heartbeats = false; /* those of 8.3 are answered */
	pair_run(&pair, 600 * (taut_time)SECOND);
	assert_int_equal(path.probe_count, probes);
	assert_int_equal(pair_number(&pair, 0, 0, sent++, 50, NULL), 0);
	pair_run(&pair, 20 * SECOND);
	assert_in_range(size_now(), CEILING - 20, CEILING);
	pair_free(&pair);
}

static void an_answer_to_another_probe_raises_nothing(void **state)
{
	uint8_t buf[64];

	(void)state;
	start(15, BASE);
	send_bulk(1);
	assert_int_equal(pair.s[0]->pmtu.probed, CEILING);
	struct wr w = begin_packet(buf, sizeof buf, pair.s[0]->my_tag);
	const size_t at = tt_sctp_begin(&w, SCTP_HEARTBEAT_ACK, 0);
	const size_t info = tt_sctp_begin_param(&w, SCTP_P_HEARTBEAT_INFO);
	wr_u64(&w, pair.s[0]->pmtu.nonce + 1);
	tt_sctp_end_param(&w, info);
	tt_sctp_end(&w, at);
	assert_int_equal(pair_recv(&pair, 0, buf, tt_sctp_seal(&w)), 1);
	assert_int_equal(size_now(), BASE);
	pair_free(&pair);
}

/* RFC 4820 section 3: what is behind it counts. */
static void a_pad_chunk_is_nothing_and_what_follows_counts(void **state)
{
	uint8_t buf[200];

	(void)state;
	start(16, 0);
	const size_t dropped = tt_sctp_count(VICTIM).packets_dropped;
	const uint32_t tsn = next_tsn();
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	const size_t at = tt_sctp_begin(&w, SCTP_PAD, 0);
	wr_zeros(&w, 41);
	tt_sctp_end(&w, at);
	tt_sctp_write_data(&w, &(struct sctp_data){ .tsn = { tsn },
						    .ppid = 53,
						    .begin = true,
						    .end = true,
						    .data = (const uint8_t *)"hello",
						    .len = 5 });
	assert_int_equal(give(&w), 0);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.count[1], 1);
	assert_int_equal(tt_sctp_count(VICTIM).packets_dropped, dropped);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bulk_makes_packets_as_long_as_the_path_takes),
		cmocka_unit_test(no_chunk_is_longer_than_the_base_has_room_for),
		cmocka_unit_test(a_size_between_is_found_to_sixteen_bytes),
		cmocka_unit_test(a_size_is_given_up_after_three_probes),
		cmocka_unit_test(who_fills_no_packets_probes_nothing),
		cmocka_unit_test(without_a_heartbeat_ack_packets_stay_as_they_are),
		cmocka_unit_test(where_long_packets_vanish_they_become_short_and_all_arrives),
		cmocka_unit_test(small_messages_that_get_through_do_not_hide_a_black_hole),
		cmocka_unit_test(
			long_packets_that_get_through_do_not_hide_that_longer_ones_vanish),
		cmocka_unit_test(losses_of_all_sizes_are_no_black_hole),
		cmocka_unit_test(two_lost_between_others_are_no_black_hole),
		cmocka_unit_test(
			a_path_below_the_base_gets_smaller_packets_until_the_base_gets_through),
		cmocka_unit_test(what_is_nearly_as_long_as_the_base_does_not_confirm_it),
		cmocka_unit_test(silence_is_no_small_path),
		cmocka_unit_test(another_path_begins_at_the_base),
		cmocka_unit_test(what_the_host_refuses_needs_no_three_probes),
		cmocka_unit_test(a_long_packet_that_the_host_refuses_makes_them_short_at_once),
		cmocka_unit_test(what_the_host_refuses_is_the_packet_that_it_refused),
		cmocka_unit_test(after_ten_minutes_data_looks_for_more_again),
		cmocka_unit_test(what_is_used_is_kept_while_more_is_looked_for_in_vain),
		cmocka_unit_test(what_is_used_is_kept_where_the_path_is_told_again),
		cmocka_unit_test(long_packets_confirm_the_base),
		cmocka_unit_test(without_a_random_number_a_probe_is_sent_later),
		cmocka_unit_test(who_sends_nothing_is_not_probed_for_ever),
		cmocka_unit_test(an_answer_to_another_probe_raises_nothing),
		cmocka_unit_test(a_pad_chunk_is_nothing_and_what_follows_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
