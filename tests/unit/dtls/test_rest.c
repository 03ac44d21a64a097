/* What an association takes of OpenSSL's memory, counted, and what it gives back when nobody says
 * anything. */
#include "pair.h"

#include <openssl/crypto.h>

#include "dtls/dtls_state.h"

#define SECOND (1000 * MS)

static size_t taken, allocations;

/* Room for the length in front, and what follows stays aligned. */
static void *resize(void *p, size_t size)
{
	size_t *old = p ? (size_t *)p - 2 : NULL;

	if (old)
		taken -= old[0];
	if (size == 0) {
		free(old);
		return NULL;
	}
	size_t *new = realloc(old, size + 2 * sizeof *new);
	assert_non_null(new);
	allocations++;
	taken += size;
	new[0] = size;
	return new + 2;
}

static void *count_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return resize(NULL, size);
}

static void *count_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return resize(p, size);
}

static void count_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	(void)resize(p, 0);
}

static void talk(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		p->data_len[i] = 0;
	pair_say(p, 0, "ping");
	pair_say(p, 1, "pong");
	pair_run(p, p->sim.now + 20 * MS);
	assert_memory_equal(p->data[1], "ping", 4);
	assert_memory_equal(p->data[0], "pong", 4);
}

/* 16 KiB to read into, 2 KiB to write from. */
static void assert_openssl_has_none(struct pair *p)
{
	const size_t without = taken;

	for (int i = 0; i < 2; i++)
		assert_int_equal(SSL_alloc_buffers(p->d[i]->ssl), 1);
	assert_true(taken > without + 2 * 18000);
	for (int i = 0; i < 2; i++)
		assert_int_equal(SSL_free_buffers(p->d[i]->ssl), 1);
	assert_int_equal(taken, without);
}

static void a_silent_association_gives_back_its_buffers_and_takes_them_again(void **state)
{
	static const uint8_t alert[39] = { 21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 26 };
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	pair_connect(&p);
	for (int round = 0; round < 3; round++) {
		talk(&p);
		assert_openssl_has_none(&p);
		for (int i = 0; i < 2; i++) { /* nobody can open it */
			assert_true(p.d[i]->in.room > 0);
			assert_int_equal(tt_dtls_recv(p.d[i], p.sim.now, alert, sizeof alert), 0);
		}
		assert_openssl_has_none(&p);
		pair_run(&p, p.sim.now + 2 * SECOND);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(tt_dtls_deadline(p.d[i], NULL), INT64_MAX);
			assert_int_equal(p.d[i]->in.room, 0);
		}
	}
	pair_free(&p);
}

/* All of them, by the time that the handshake is done. */
static void who_just_connected_has_none(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	for (int i = 0; i < 100 && (!p.connected[0] || !p.connected[1]); i++) {
		pair_flush(&p);
		pair_run(&p, sim_next(&p.sim));
	}
	assert_true(p.connected[0] && p.connected[1]);
	assert_openssl_has_none(&p);
	pair_free(&p);
}

static void a_silent_association_takes_no_more_than_its_share(void **state)
{
	struct pair p;
	size_t before, ours;

	(void)state;
	pair_init(&p, 1, NULL);
	/* What the environments share is made with the first two. */
	pair_connect(&p);
	pair_run(&p, p.sim.now + 2 * SECOND);
	before = taken;
	ours = p.sim.env[0].memory + p.sim.env[1].memory;
	struct tt_dtls *const first[2] = { p.d[0], p.d[1] };
	memset(p.connected, 0, sizeof p.connected);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dtls_new(&p.d[i], p.shared[i], &p.sim.env[i]), TAUT_OK);
	pair_connect(&p);
	pair_run(&p, p.sim.now + 2 * SECOND);
	assert_in_range((taken - before) / 2, 1, 41000);
	assert_in_range((p.sim.env[0].memory + p.sim.env[1].memory - ours) / 2, 1, 900);
	for (int i = 0; i < 2; i++)
		tt_dtls_free(first[i]);
	pair_free(&p);
}

static void records_more_often_than_that_allocate_nothing(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	pair_connect(&p);
	talk(&p);
	const size_t before = allocations;
	for (int i = 0; i < 20; i++) {
		talk(&p);
		pair_run(&p, p.sim.now + SECOND - 30 * MS);
	}
	assert_int_equal(allocations, before);
	pair_free(&p);
}

static void one_that_gave_them_back_says_goodbye_all_the_same(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	pair_connect(&p);
	pair_run(&p, p.sim.now + 2 * SECOND);
	tt_dtls_close(p.d[0], p.sim.now);
	pair_run(&p, p.sim.now + SECOND);
	assert_true(p.closed[1]);
	pair_free(&p);
}

static void a_fingerprint_that_comes_after_that_and_is_wrong_ends_it(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	assert_int_equal(pair_teach(&p, 0, tt_dtls_shared_fingerprint(p.shared[1])), TAUT_OK);
	pair_start(&p);
	pair_run(&p, p.sim.now + 5 * SECOND);
	assert_int_equal(tt_dtls_state(p.d[1]), TT_DTLS_UNPROVEN);
	assert_int_equal(pair_teach(&p, 1, tt_dtls_shared_fingerprint(p.shared[1])), TAUT_OK);
	pair_run(&p, p.sim.now + SECOND);
	assert_int_equal(p.reason[1], TAUT_REASON_DTLS_FINGERPRINT);
	assert_true(p.closed[0]);
	pair_free(&p);
}

/* RFC 6347 section 4.2.4: the last flight is lost again and again, and the server silent meanwhile. */
static void a_last_flight_is_sent_again_after_that(void **state)
{
	struct pair p;
	struct sim_packet *packet;
	uint8_t buf[2048];
	size_t n;

	(void)state;
	pair_init(&p, 1, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	while (tt_dtls_state(p.d[1]) != TT_DTLS_CONNECTED) {
		pair_flush(&p);
		p.sim.now = sim_next(&p.sim);
		assert_true(p.sim.now != INT64_MAX);
		while ((packet = sim_take(&p.sim)) != NULL) {
			tt_dtls_recv(p.d[packet->to], p.sim.now, packet->data, packet->len);
			free(packet);
		}
	}
	const taut_time rests = tt_dtls_deadline(p.d[1], NULL);
	while (tt_dtls_poll_send(p.d[1], p.sim.now, buf, sizeof buf) > 0)
		;
	while (p.sim.now < rests) { /* the client's copies are lost as well */
		const taut_time next = tt_dtls_deadline(p.d[0], NULL);
		assert_true(next > p.sim.now);
		p.sim.now = tt_min64(next, rests);
		for (int i = 0; i < 2; i++)
			tt_dtls_tick(p.d[i], p.sim.now);
		while ((n = tt_dtls_poll_send(p.d[0], p.sim.now, buf, sizeof buf)) > 0)
			;
	}
	assert_int_equal(tt_dtls_deadline(p.d[1], NULL), INT64_MAX);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_HANDSHAKE);
	pair_run(&p, p.sim.now + 5 * SECOND);
	assert_true(p.connected[0]);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_association_gives_back_its_buffers_and_takes_them_again),
		cmocka_unit_test(who_just_connected_has_none),
		cmocka_unit_test(a_silent_association_takes_no_more_than_its_share),
		cmocka_unit_test(records_more_often_than_that_allocate_nothing),
		cmocka_unit_test(one_that_gave_them_back_says_goodbye_all_the_same),
		cmocka_unit_test(a_fingerprint_that_comes_after_that_and_is_wrong_ends_it),
		cmocka_unit_test(a_last_flight_is_sent_again_after_that),
	};

	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
