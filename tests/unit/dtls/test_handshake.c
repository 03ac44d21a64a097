/* Two associations over a simulated link: handshakes under loss, early and late news, the end. */
#include "pair.h"

static void keys_match(struct pair *p)
{
	struct tt_srtp_keys k[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dtls_srtp_keys(p->d[i], &k[i]), TAUT_OK);
	assert_int_equal(k[0].profile, TT_SRTP_PROFILE_AEAD_AES_128_GCM);
	assert_int_equal(k[1].profile, k[0].profile);
	assert_memory_equal(&k[0].local, &k[1].remote, sizeof k[0].local);
	assert_memory_equal(&k[0].remote, &k[1].local, sizeof k[0].local);
	assert_memory_not_equal(&k[0].remote, &k[0].local, sizeof k[0].local);
}

static void both_ends_agree_on_keys_and_exchange_data(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	pair_connect(&p);
	keys_match(&p);
	assert_string_equal(tt_dtls_cipher_name(p.d[0]), "ECDHE-ECDSA-AES128-GCM-SHA256");
	assert_true(tt_dtls_is_client(p.d[0]) && !tt_dtls_is_client(p.d[1]));
	assert_int_equal(tt_dtls_counters(p.d[0])->retransmissions, 0);
	assert_true(p.connected_at[0] - 1000000 <= 41 * MS); /* two round trips of 20 ms */
	pair_say(&p, 0, "ahoy");
	pair_say(&p, 0, "there");
	pair_say(&p, 1, "hello");
	pair_run(&p, p.sim.now + 100 * MS);
	assert_string_equal(p.data[1], "ahoythere");
	assert_string_equal(p.data[0], "hello");
	pair_free(&p);
}

static void either_end_may_be_the_client(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 2, NULL);
	pair_teach_both(&p);
	tt_dtls_start(p.d[0], p.sim.now, false, RTT_TIMEOUT);
	tt_dtls_start(p.d[1], p.sim.now, true, RTT_TIMEOUT);
	pair_run(&p, p.sim.now + 1000 * MS);
	assert_true(p.connected[0] && p.connected[1]);
	keys_match(&p);
	pair_free(&p);
}

static void no_datagram_is_longer_than_the_mtu_and_a_little(void **state)
{
	struct pair p;
	uint8_t buf[2048];
	size_t n;

	(void)state;
	pair_init(&p, 3, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	while ((n = tt_dtls_poll_send(p.d[0], p.sim.now, buf, sizeof buf)) > 0) {
		assert_true(n <= TT_DTLS_MTU + 50);
		tt_dtls_recv(p.d[1], p.sim.now, buf, n);
		while ((n = tt_dtls_poll_send(p.d[1], p.sim.now, buf, sizeof buf)) > 0)
			assert_true(n <= TT_DTLS_MTU + 50);
	}
	pair_free(&p);
}

/* Each datagram of the handshake lost once, in either direction. */
static void any_single_datagram_may_be_lost(void **state)
{
	(void)state;
	for (unsigned to = 0; to < 2; to++)
		for (unsigned n = 0; n < 6; n++) {
			struct pair p;
			struct sim_packet *packet;
			unsigned seen = 0;

			pair_init(&p, 10 + n, NULL);
			pair_teach_both(&p);
			pair_start(&p);
			const taut_time end = p.sim.now + 5000 * MS;
			while (p.sim.now < end && !(p.connected[0] && p.connected[1])) {
				pair_flush(&p);
				p.sim.now += 1 * MS;
				while ((packet = sim_take(&p.sim)) != NULL) {
					if (packet->to != (int)to || seen++ != n)
						tt_dtls_recv(p.d[packet->to], p.sim.now,
							     packet->data, packet->len);
					free(packet);
				}
				tt_dtls_tick(p.d[0], p.sim.now);
				tt_dtls_tick(p.d[1], p.sim.now);
			}
			assert_true(p.connected[0] && p.connected[1]);
			assert_true(p.sim.now - 1000000 <
				    300 * MS); /* one more timeout of 50 ms, not 1 s */
			keys_match(&p);
			pair_free(&p);
		}
}

static void heavy_loss_duplicates_and_reordering_only_delay_it(void **state)
{
	static const struct sim_link bad = {
		.delay = 20 * MS, .jitter = 30 * MS, .loss = 300, .duplicate = 200, .reorder = 200
	};

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct pair p;

		print_message("seed %llu\n", (unsigned long long)seed);
		pair_init(&p, seed, &bad);
		pair_teach_both(&p);
		pair_start(&p);
		pair_run(&p, p.sim.now + 29000 * MS);
		assert_true(p.connected[0] && p.connected[1]);
		keys_match(&p);
		pair_free(&p);
	}
}

static uint64_t transcript(uint64_t seed)
{
	static const struct sim_link lossy = { .delay = 20 * MS, .jitter = 10 * MS, .loss = 200 };
	struct pair p;

	pair_init(&p, seed, &lossy);
	pair_connect(&p);
	pair_say(&p, 0, "same");
	pair_run(&p, p.sim.now + 100 * MS);
	const uint64_t hash = p.sim.hash;
	pair_free(&p);
	return hash;
}

static void the_same_seed_gives_the_same_octets(void **state)
{
	(void)state;
	const uint64_t first = transcript(79);

	assert_int_equal(transcript(79), first);
	assert_int_not_equal(transcript(80), first);
}

static void a_client_hello_before_start_is_kept_and_answered(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 5, NULL);
	pair_teach_both(&p);
	tt_dtls_start(p.d[0], p.sim.now, true, 3000 * MS);
	pair_run(&p, p.sim.now + 30 * MS);
	assert_int_equal(p.last_len[1] > 0, 1);
	assert_int_equal(tt_dtls_state(p.d[1]), TT_DTLS_NEW);
	tt_dtls_start(p.d[1], p.sim.now, false, 3000 * MS);
	const taut_time begun = p.sim.now;
	pair_run(&p, begun + 500 * MS);
	assert_true(p.connected[0] && p.connected[1]);
	assert_true(p.connected_at[1] - begun < 100 * MS); /* nobody waited for a retransmission */
	pair_free(&p);
}

static void what_is_kept_before_start_is_bounded(void **state)
{
	struct pair p;
	uint8_t hello[13 + 40] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 1 };

	(void)state;
	pair_init(&p, 6, NULL);
	for (unsigned i = 0; i < 10000; i++) {
		hello[50] = (uint8_t)i;
		hello[51] = (uint8_t)(i >> 8);
		tt_dtls_recv(p.d[1], p.sim.now, hello, sizeof hello);
	}
	assert_int_equal(tt_dtls_counters(p.d[1])->records_dropped, 9998);
	assert_int_equal(tt_dtls_deadline(p.d[1], NULL), INT64_MAX);
	pair_free(&p);
}

static void nothing_is_passed_on_before_the_fingerprint_is_known(void **state)
{
	struct pair p;
	struct tt_srtp_keys keys;

	(void)state;
	pair_init(&p, 7, NULL);
	assert_int_equal(pair_teach(&p, 1, tt_dtls_shared_fingerprint(p.shared[0])), TAUT_OK);
	pair_start(&p);
	pair_run(&p, p.sim.now + 500 * MS);
	assert_true(p.connected[1] && !p.connected[0]);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_UNPROVEN);
	assert_int_equal(tt_dtls_srtp_keys(p.d[0], &keys), TAUT_E_STATE);
	assert_int_equal(keys.profile, 0);
	uint8_t out[100];
	assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "x", 1, out, sizeof out), 0);
	pair_say(&p, 1, "early");
	pair_run(&p, p.sim.now + 100 * MS);
	assert_int_equal(p.data_len[0], 0);
	assert_int_equal(pair_teach(&p, 0, tt_dtls_shared_fingerprint(p.shared[1])), TAUT_OK);
	pair_run(&p, p.sim.now + 1 * MS);
	assert_true(p.connected[0]);
	assert_string_equal(p.data[0], "early");
	keys_match(&p);
	pair_free(&p);
}

static const char wrong[] = "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
			    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F";

static void a_wrong_certificate_fails_during_the_handshake(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct pair p;
		struct tt_srtp_keys keys;

		pair_init(&p, 8, NULL);
		pair_teach_both(&p);
		assert_int_equal(pair_teach(&p, who, wrong), TAUT_OK);
		pair_start(&p);
		pair_run(&p, p.sim.now + 31000 * MS);
		assert_true(p.failed[who] && !p.connected[who]);
		assert_int_equal(p.reason[who], TAUT_REASON_DTLS_FINGERPRINT);
		assert_int_equal(tt_dtls_srtp_keys(p.d[who], &keys), TAUT_E_STATE);
		assert_true(p.failed[!who] &&
			    !p.connected[!who]); /* by timeout: the alert is of epoch 0 */
		pair_free(&p);
	}
}

static void a_wrong_certificate_fails_when_the_answer_comes_late(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 9, NULL);
	assert_int_equal(pair_teach(&p, 1, tt_dtls_shared_fingerprint(p.shared[0])), TAUT_OK);
	pair_start(&p);
	pair_run(&p, p.sim.now + 500 * MS);
	pair_say(&p, 1, "never shown");
	pair_run(&p, p.sim.now + 500 * MS);
	assert_int_equal(pair_teach(&p, 0, wrong), TAUT_OK);
	pair_run(&p, p.sim.now + 500 * MS);
	assert_true(p.failed[0] && !p.connected[0] && p.data_len[0] == 0);
	assert_int_equal(p.reason[0], TAUT_REASON_DTLS_FINGERPRINT);
	assert_true(p.closed[1]);
	pair_free(&p);
}

static void a_handshake_without_an_answer_fails_after_thirty_seconds(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 11, NULL);
	tt_dtls_start(p.d[0], p.sim.now, true, 0);
	const taut_time begun = p.sim.now;
	taut_time before = begun;
	unsigned ticks = 0;
	uint8_t buf[2048];
	while (tt_dtls_state(p.d[0]) == TT_DTLS_HANDSHAKE) {
		while (tt_dtls_poll_send(p.d[0], p.sim.now, buf, sizeof buf) > 0)
			;
		const char *why;
		p.sim.now = tt_dtls_deadline(p.d[0], &why);
		assert_non_null(why);
		assert_true(p.sim.now > before && ++ticks < 20);
		before = p.sim.now;
		tt_dtls_tick(p.d[0], p.sim.now);
	}
	assert_int_equal(p.sim.now - begun, 30000 * MS);
	assert_int_equal(tt_dtls_counters(p.d[0])->retransmissions, 12);
	pair_events(&p, 0);
	assert_int_equal(p.reason[0], TAUT_REASON_DTLS_TIMEOUT);
	pair_free(&p);
}

static void a_jump_over_every_timeout_ends_in_one_step(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 12, NULL);
	pair_start(&p);
	tt_dtls_tick(p.d[0], p.sim.now + 3600000 * (taut_time)MS);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_FAILED);
	assert_int_equal(tt_dtls_deadline(p.d[0], NULL), INT64_MAX);
	pair_free(&p);
}

static void close_notify_ends_the_other_side_after_its_data(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 13, NULL);
	pair_connect(&p);
	pair_say(&p, 0, "last words");
	tt_dtls_close(p.d[0], p.sim.now);
	tt_dtls_close(p.d[0], p.sim.now);
	pair_run(&p, p.sim.now + 100 * MS);
	assert_string_equal(p.data[1], "last words");
	assert_true(p.closed[1] && !p.closed[0]);
	assert_int_equal(p.reason[1], TAUT_REASON_CLOSED_BY_PEER);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_CLOSED);
	assert_int_equal(tt_dtls_recv(p.d[0], p.sim.now, (const uint8_t *)"\x16", 1), TAUT_E_STATE);
	assert_int_equal(tt_dtls_start(p.d[0], p.sim.now, true, 0), TAUT_E_STATE);
	pair_free(&p);
}

static void an_event_stays_valid_whatever_else_is_called(void **state)
{
	struct pair p;
	struct tt_dtls_event e;
	uint8_t buf[200];

	(void)state;
	pair_init(&p, 14, NULL);
	pair_connect(&p);
	size_t n = tt_dtls_protect(p.d[0], p.sim.now, "one", 3, buf, sizeof buf);
	tt_dtls_recv(p.d[1], p.sim.now, buf, n);
	assert_true(tt_dtls_poll_event(p.d[1], &e));
	n = tt_dtls_protect(p.d[0], p.sim.now, "two", 3, buf, sizeof buf);
	tt_dtls_recv(p.d[1], p.sim.now, buf, n);
	n = tt_dtls_protect(p.d[1], p.sim.now, e.data, e.len, buf, sizeof buf); /* an echo */
	assert_memory_equal(e.data, "one", 3);
	assert_true(tt_dtls_poll_event(p.d[1], &e));
	assert_memory_equal(e.data, "two", 3);
	assert_false(tt_dtls_poll_event(p.d[1], &e));
	tt_dtls_recv(p.d[0], p.sim.now, buf, n);
	pair_events(&p, 0);
	assert_string_equal(p.data[0], "one");
	pair_free(&p);
}

static void plaintext_that_nobody_takes_has_a_ceiling(void **state)
{
	struct pair p;
	uint8_t data[1200] = { 1 }, buf[1300];
	struct tt_dtls_event e;
	unsigned got = 0;

	(void)state;
	pair_init(&p, 15, NULL);
	pair_connect(&p);
	const size_t before = p.sim.env[1].memory;
	for (int i = 0; i < 100; i++) {
		const size_t n =
			tt_dtls_protect(p.d[0], p.sim.now, data, sizeof data, buf, sizeof buf);
		assert_int_equal(n, sizeof data + TT_DTLS_OVERHEAD);
		tt_dtls_recv(p.d[1], p.sim.now, buf, n);
	}
	assert_in_range(p.sim.env[1].memory, before + 10000, before + 2 * TT_DTLS_DATAGRAM_MAX);
	while (tt_dtls_poll_event(p.d[1], &e))
		got++;
	assert_true(got >= 10 && got < 100);
	assert_int_equal(tt_dtls_counters(p.d[1])->records_dropped, 100 - got);
	pair_say(&p, 0, "and on it goes");
	pair_run(&p, p.sim.now + 100 * MS);
	assert_string_equal(p.data[1], "and on it goes");
	pair_free(&p);
}

static int refusing_random(void *ctx, void *out, size_t len)
{
	(void)ctx, (void)out, (void)len;
	return -1;
}

static void a_random_source_that_fails_is_an_error_not_a_key(void **state)
{
	struct tt_env env;
	struct tt_dtls_shared *shared;

	(void)state;
	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						     .random = refusing_random });
	assert_int_equal(tt_dtls_shared_new(&shared, &env, 0), TAUT_E_CRYPTO);
	assert_int_equal(ERR_peek_error(), 0);
	assert_null(shared);
	assert_int_equal(env.memory, 0);
}

static void the_system_source_gives_different_octets(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	assert_int_equal(tt_dtls_system_random(NULL, a, sizeof a), 0);
	assert_int_equal(tt_dtls_system_random(NULL, b, sizeof b), 0);
	assert_memory_not_equal(a, b, sizeof a);
}

/* Three flights are under way before the first answer comes: each is answered once, and then all is still. */
static void a_path_slower_than_the_first_timeout_comes_to_rest(void **state)
{
	const struct sim_link slow = { .delay = 150 * MS };
	struct pair p;

	(void)state;
	pair_init(&p, 5, &slow);
	pair_connect(&p);
	pair_run(&p, p.sim.now + 1000 * MS);
	const uint64_t sent[] = { tt_dtls_counters(p.d[0])->datagrams_out,
				  tt_dtls_counters(p.d[1])->datagrams_out };
	assert_true(tt_dtls_counters(p.d[0])->retransmissions >= 3);
	assert_in_range(sent[0] + sent[1], 8, 40);
	pair_say(&p, 0, "still");
	pair_run(&p, p.sim.now + 10000 * MS);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dtls_counters(p.d[i])->datagrams_out, sent[i]);
	assert_string_equal(p.data[1], "still");
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_agree_on_keys_and_exchange_data),
		cmocka_unit_test(either_end_may_be_the_client),
		cmocka_unit_test(no_datagram_is_longer_than_the_mtu_and_a_little),
		cmocka_unit_test(any_single_datagram_may_be_lost),
		cmocka_unit_test(heavy_loss_duplicates_and_reordering_only_delay_it),
		cmocka_unit_test(the_same_seed_gives_the_same_octets),
		cmocka_unit_test(a_client_hello_before_start_is_kept_and_answered),
		cmocka_unit_test(what_is_kept_before_start_is_bounded),
		cmocka_unit_test(nothing_is_passed_on_before_the_fingerprint_is_known),
		cmocka_unit_test(a_wrong_certificate_fails_during_the_handshake),
		cmocka_unit_test(a_wrong_certificate_fails_when_the_answer_comes_late),
		cmocka_unit_test(a_handshake_without_an_answer_fails_after_thirty_seconds),
		cmocka_unit_test(a_jump_over_every_timeout_ends_in_one_step),
		cmocka_unit_test(close_notify_ends_the_other_side_after_its_data),
		cmocka_unit_test(an_event_stays_valid_whatever_else_is_called),
		cmocka_unit_test(plaintext_that_nobody_takes_has_a_ceiling),
		cmocka_unit_test(a_random_source_that_fails_is_an_error_not_a_key),
		cmocka_unit_test(a_path_slower_than_the_first_timeout_comes_to_rest),
		cmocka_unit_test(the_system_source_gives_different_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
