/* test_transports.c - what transports and channels say of themselves: webrtc-pc sections 5.6, 6.1, 6.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "sim/sim_pair.h"

#define UNIX_US INT64_C(1700000000000000) /* of both environments at the beginning */

enum { SECOND = 1000000 };

struct world {
	struct pair pair;
	taut_channel channel[2]; /* the same one, at either end */
	uint64_t states[2][8];   /* of ICE, in the order in which they were told */
	size_t state_count[2];
};

static const struct sim_link quick = { .delay = 10000 };

static taut_pc *pc(const struct world *w, int i)
{
	return w->pair.peers[i].pc;
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	if (ev->type == TAUT_EV_DATA_CHANNEL || ev->type == TAUT_EV_OPEN)
		w->channel[i] = ev->channel;
	if (ev->type != TAUT_EV_ICE_CONNECTION_STATE)
		return;
	assert_true(w->state_count[i] < 8);
	w->states[i][w->state_count[i]++] = ev->number;
}

static bool both_have_it(struct pair *p)
{
	const struct world *w = p->user;

	return w->channel[0] && w->channel[1] && pair_both_connected(p);
}

static taut_channel create(struct world *w, const struct taut_data_channel_init *init)
{
	taut_channel ch;

	assert_int_equal(taut_pc_create_data_channel(pc(w, 0), w->pair.sim.now, init, &ch),
			 TAUT_OK);
	return ch;
}

static void begin(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof *w);
	pair_init(&w->pair, seed, &quick, on_event, w);
}

static void each_state_of_ice_is_told_once(void **state)
{
	static const uint64_t expected[] = { TAUT_ICE_STATE_CHECKING, TAUT_ICE_STATE_CONNECTED,
					     TAUT_ICE_STATE_COMPLETED };
	struct world w;

	(void)state;
	begin(&w, 1);
	create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	pair_run(&w.pair, 5 * SECOND, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w.state_count[i], 3);
		assert_memory_equal(w.states[i], expected, sizeof expected);
		w.state_count[i] = 0;
	}
	w.pair.cut = true;
	pair_run(&w.pair, 60 * SECOND, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w.state_count[i], 2);
		assert_int_equal(w.states[i][0], TAUT_ICE_STATE_DISCONNECTED);
		assert_int_equal(w.states[i][1], TAUT_ICE_STATE_FAILED);
	}
	pair_free(&w.pair);
}

static void sctp_says_what_it_can_take(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 2);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 0)), 0);
	assert_int_equal(taut_pc_max_message_size(pc(&w, 0)), 0);
	create(&w, NULL);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 0)), 0); /* not negotiated */
	while (taut_pc_sctp_state(pc(&w, 0)) == 0 && w.pair.sim.now < 10 * (taut_time)SECOND)
		pair_run(&w.pair, 1000, NULL);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 0)), TAUT_STATE_CONNECTING);
	assert_int_equal(taut_pc_max_message_size(pc(&w, 0)), 262144);
	assert_int_equal(taut_pc_max_channels(pc(&w, 0)), 0);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(taut_pc_sctp_state(pc(&w, i)), TAUT_STATE_CONNECTED);
		assert_int_equal(taut_pc_max_message_size(pc(&w, i)), 262144);
		assert_in_range(taut_pc_max_channels(pc(&w, i)), 256, 65535);
	}
	assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 0)), TAUT_STATE_CLOSED);
	pair_free(&w.pair);
}

static void a_channel_says_how_it_was_made_at_both_ends(void **state)
{
	const struct taut_data_channel_init lossy = { .size = sizeof lossy,
						      .label = "lossy",
						      .protocol = "talk",
						      .unordered = 1,
						      .max_retransmits = 4 };
	const struct taut_channel_info *c;
	struct world w;

	(void)state;
	begin(&w, 3);
	const taut_channel ch = create(&w, &lossy);
	c = taut_pc_channel_info(pc(&w, 0), ch);
	assert_int_equal(c->state, TAUT_CHANNEL_CONNECTING);
	assert_int_equal(c->id, -1);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	assert_int_equal(taut_pc_set_buffered_amount_low_threshold(pc(&w, 0), ch, 77), TAUT_OK);
	const int32_t id = taut_pc_channel_info(pc(&w, 0), ch)->id;
	for (int i = 0; i < 2; i++) {
		c = taut_pc_channel_info(pc(&w, i), w.channel[i]);
		assert_non_null(c);
		assert_int_equal(c->state, TAUT_CHANNEL_OPEN);
		assert_string_equal(c->label, "lossy");
		assert_string_equal(c->protocol, "talk");
		assert_int_equal(c->id, id);
		assert_int_equal(c->unordered, 1);
		assert_int_equal(c->negotiated, 0);
		assert_int_equal(c->max_retransmits, 4);
		assert_int_equal(c->max_packet_life_time, 0);
		assert_int_equal(c->buffered_amount_low_threshold, i == 0 ? 77 : 0);
	}
	assert_int_equal(taut_pc_close_channel(pc(&w, 0), w.pair.sim.now, ch), TAUT_OK);
	assert_int_equal(taut_pc_channel_info(pc(&w, 0), ch)->state, TAUT_CHANNEL_CLOSING);
	pair_run(&w.pair, SECOND, NULL);
	assert_null(taut_pc_channel_info(pc(&w, 0), ch));
	assert_null(taut_pc_channel_info(pc(&w, 1), w.channel[1]));
	pair_free(&w.pair);
}

static void a_lifetime_is_told_as_well(void **state)
{
	const struct taut_data_channel_init brief = { .size = sizeof brief,
						      .label = "brief",
						      .negotiated = 1,
						      .id = 6,
						      .max_packet_life_time = 250 };
	const struct taut_channel_info *c;
	struct world w;

	(void)state;
	begin(&w, 4);
	assert_null(taut_pc_channel_info(pc(&w, 0), 1)); /* before there is any */
	c = taut_pc_channel_info(pc(&w, 0), create(&w, &brief));
	assert_int_equal(c->negotiated, 1);
	assert_int_equal(c->id, 6);
	assert_int_equal(c->max_packet_life_time, 250);
	assert_int_equal(c->max_retransmits, 0);
	pair_free(&w.pair);
}

static void an_environment_says_which_certificate_it_has(void **state)
{
	static const char *const names[] = { "sha-256", "sha-384", "sha-512" };
	char line[160];
	struct world w;

	(void)state;
	begin(&w, 5);
	const struct taut_certificate *c = taut_env_certificate(w.pair.peers[0].env);
	assert_int_equal(c->expires, UNIX_US + INT64_C(30) * 86400 * SECOND);
	assert_int_equal(c->fingerprint_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(c->fingerprints[i].algorithm, names[i]);
		assert_int_equal(strlen(c->fingerprints[i].value), 3 * (32 + 16 * i) - 1);
	}
	create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	snprintf(line, sizeof line, "a=fingerprint:sha-256 %s\r\n", c->fingerprints[0].value);
	assert_non_null(strstr(taut_pc_local_description(pc(&w, 0), NULL), line));
	assert_non_null(strstr(taut_pc_remote_description(pc(&w, 1), NULL), line));
	pair_free(&w.pair);
}

/* What a fingerprint is made of. */
static void expect_hash(const uint8_t *der, int len, const struct taut_dtls_fingerprint *f)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	char text[200];
	unsigned n;

	assert_int_equal(EVP_Digest(der, (size_t)len, hash, &n, EVP_sha256(), NULL), 1);
	for (unsigned i = 0; i < n; i++)
		snprintf(text + 3 * i, 4, "%02X%s", hash[i], i + 1 < n ? ":" : "");
	assert_string_equal(text, f->value);
}

static void who_the_peer_was_stays_known(void **state)
{
	uint8_t der[16384];
	struct world w;

	(void)state;
	begin(&w, 6);
	create(&w, NULL);
	while (taut_pc_dtls_state(pc(&w, 0)) != TAUT_STATE_CONNECTED &&
	       w.pair.sim.now < 10 * (taut_time)SECOND) {
		assert_int_equal(taut_pc_remote_certificate(pc(&w, 0), 0, der, sizeof der), 0);
		pair_run(&w.pair, 1000, NULL);
	}
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	for (int closed = 0; closed < 2; closed++) {
		for (int i = 0; i < 2; i++) {
			const int len = taut_pc_remote_certificate(pc(&w, i), 0, der, sizeof der);

			assert_true(len > 200);
			expect_hash(der, len,
				    taut_env_certificate(w.pair.peers[!i].env)->fingerprints);
			assert_int_equal(taut_pc_remote_certificate(pc(&w, i), 0, NULL, 0), len);
			assert_int_equal(taut_pc_remote_certificate(pc(&w, i), 1, der, sizeof der), 0);
		}
		assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
		pair_run(&w.pair, SECOND, NULL);
		assert_int_equal(taut_pc_dtls_state(pc(&w, 1)), TAUT_STATE_CLOSED);
	}
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_of_ice_is_told_once),
		cmocka_unit_test(sctp_says_what_it_can_take),
		cmocka_unit_test(a_channel_says_how_it_was_made_at_both_ends),
		cmocka_unit_test(a_lifetime_is_told_as_well),
		cmocka_unit_test(an_environment_says_which_certificate_it_has),
		cmocka_unit_test(who_the_peer_was_stays_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
