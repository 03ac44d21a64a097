/* test_transports.c - what transports and channels say of themselves: webrtc-pc sections 5.6, 6.1, 6.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "dtls/dtls_state.h"
#include "peer/pc.h"
#include "sim/sim_pair.h"

#define UNIX_US INT64_C(1700000000000000) /* of both environments at the beginning */

enum { SECOND = 1000000 };

struct told {
	uint32_t type, number, reason;
	char text[80];
};

struct world {
	struct pair pair;
	struct told told[2][32]; /* states, OPEN, CLOSING and CLOSE */
	size_t told_count[2];
	uint32_t closing_state;
	taut_channel channel[2]; /* the same one, at either end */
	uint64_t states[2][8];   /* of ICE, in the order in which they were told */
	size_t state_count[2];
	size_t largest[2]; /* message that came */
	int victim;        /* who is shown a description that is not the peer's own ... */
	const char *size;  /* ... but has this line in place of a=max-message-size */
};

static const struct sim_link quick = { .delay = 10000 };

static taut_pc *pc(const struct world *w, int i)
{
	return w->pair.peers[i].pc;
}

static bool is_told(uint32_t type)
{
	return type == TAUT_EV_CONNECTION_STATE || type == TAUT_EV_ICE_CONNECTION_STATE ||
	       type == TAUT_EV_DTLS_STATE || type == TAUT_EV_SCTP_STATE || type == TAUT_EV_OPEN ||
	       type == TAUT_EV_CLOSING || type == TAUT_EV_CLOSE;
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	if (ev->type == TAUT_EV_DATA_CHANNEL || ev->type == TAUT_EV_OPEN)
		w->channel[i] = ev->channel;
	if (ev->type == TAUT_EV_CLOSING)
		w->closing_state = taut_pc_channel_info(p->peers[i].pc, ev->channel)->state;
	if (ev->type == TAUT_EV_MESSAGE && ev->len > w->largest[i])
		w->largest[i] = ev->len;
	if (is_told(ev->type)) {
		assert_true(w->told_count[i] < 32);
		struct told *t = &w->told[i][w->told_count[i]++];
		*t = (struct told){ ev->type, (uint32_t)ev->number, ev->reason, "" };
		snprintf(t->text, sizeof t->text, "%s", ev->text ? ev->text : "");
	}
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
	/* Until there is one pair with consent: of others the check that made them valid counts for 30 s. */
	pair_run(&w.pair, 31 * SECOND, NULL);
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

static void expect_told(struct world *w, int i, const struct told *want, size_t count)
{
	for (size_t k = 0; k < w->told_count[i] && k < count; k++) {
		const struct told *t = &w->told[i][k];

		if (t->type != want[k].type || t->number != want[k].number ||
		    t->reason != want[k].reason ||
		    strncmp(t->text, want[k].text, strlen(want[k].text)))
			fail_msg("%d of %d: event %u, number %u, reason %u, %s", (int)k, i, t->type,
				 t->number, t->reason, t->text);
	}
	assert_int_equal(w->told_count[i], count);
	w->told_count[i] = 0;
}

/* ---- max-message-size, RFC 8841 section 6 ---- */

static char *of_another_size(struct pair *p, int to, uint32_t type, const char *text)
{
	static const char name[] = "a=max-message-size:";
	const struct world *w = p->user;
	const char *at = strstr(text, name);
	const size_t room = strlen(text) + 32;
	char *other = malloc(room);

	(void)type;
	assert_non_null(other);
	assert_non_null(at);
	if (to == w->victim)
		(void)snprintf(other, room, "%.*s%s%s", (int)(at - text), text, w->size,
			       strchr(at, '\n') + 1);
	else
		(void)snprintf(other, room, "%s", text);
	return other;
}

static void begin_of_another_size(struct world *w, uint64_t seed, int victim, const char *size)
{
	begin(w, seed);
	w->victim = victim;
	w->size = size;
	w->pair.describe = of_another_size;
	create(w, NULL);
	assert_true(pair_run(&w->pair, 10 * SECOND, both_have_it));
	pair_run(&w->pair, SECOND, NULL);
	w->told_count[0] = w->told_count[1] = 0;
}

static int say(struct world *w, size_t len)
{
	static const uint8_t bytes[400000];

	assert_in_range(len, 1, sizeof bytes);
	return taut_pc_send_message(pc(w, w->victim), w->pair.sim.now, w->channel[w->victim], 1,
				    bytes, len);
}

/* In an offer (1 is shown it) and in an answer. */
static void who_says_no_size_is_sent_64_kib_at_most(void **state)
{
	struct world w;

	(void)state;
	for (int victim = 0; victim < 2; victim++) {
		begin_of_another_size(&w, 20, victim, "");
		assert_int_equal(taut_pc_max_message_size(pc(&w, victim)), 65536);
		assert_int_equal(taut_pc_max_message_size(pc(&w, 1 - victim)), 262144);
		assert_int_equal(say(&w, 65537), TAUT_E_LIMIT);
		assert_int_equal(say(&w, 65536), TAUT_OK);
		pair_run(&w.pair, 5 * SECOND, NULL);
		assert_int_equal(w.largest[1 - victim], 65536);
		assert_int_equal(w.told_count[0] + w.told_count[1], 0);
		pair_free(&w.pair);
	}
}

/* It takes 262,144 all the same: what is above that closes the channel there, and says why. */
static void who_says_size_0_is_sent_any(void **state)
{
	static const struct told too_large[] = {
		{ TAUT_EV_CLOSING, 0, TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE, "a message of the peer is larger" },
		{ TAUT_EV_CLOSE, 0, TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE, "a message of the peer is larger" },
	};
	static const struct told closed[] = {
		{ TAUT_EV_CLOSING, 0, TAUT_REASON_CHANNEL_CLOSED_BY_PEER, "the peer closed the channel" },
		{ TAUT_EV_CLOSE, 0, TAUT_REASON_CHANNEL_CLOSED_BY_PEER, "the peer closed the channel" },
	};
	struct world w;

	(void)state;
	for (int victim = 0; victim < 2; victim++) {
		begin_of_another_size(&w, 21, victim, "a=max-message-size:0\r\n");
		assert_int_equal(taut_pc_max_message_size(pc(&w, victim)), -1);
		assert_int_equal(say(&w, 262144), TAUT_OK);
		pair_run(&w.pair, 5 * SECOND, NULL);
		assert_int_equal(w.largest[1 - victim], 262144);
		assert_int_equal(say(&w, 400000), TAUT_OK);
		pair_run(&w.pair, 5 * SECOND, NULL);
		assert_int_equal(w.largest[1 - victim], 262144);
		expect_told(&w, victim, closed, 2);
		expect_told(&w, 1 - victim, too_large, 2);
		pair_free(&w.pair);
	}
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
	assert_ptr_equal(taut_env_certificate(w.pair.peers[0].env), c);
	assert_int_equal(c->expires, UNIX_US + INT64_C(30) * 86400 * SECOND);
	assert_int_equal(c->fingerprint_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(c->fingerprints[i].algorithm, names[i]);
		assert_int_equal(strlen(c->fingerprints[i].value), 3 * (32 + 16 * i) - 1);
	}
	create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	assert_int_equal(strspn(c->fingerprints[0].value, "0123456789abcdef:"), 95);
	int n = snprintf(line, sizeof line, "a=fingerprint:sha-256 ");
	for (const char *v = c->fingerprints[0].value; *v; v++)
		line[n++] = (char)(*v >= 'a' ? *v - 'a' + 'A' : *v);
	memcpy(line + n, "\r\n", 3);
	assert_non_null(strstr(taut_pc_local_description(pc(&w, 0), NULL), line));
	assert_non_null(strstr(taut_pc_remote_description(pc(&w, 1), NULL), line));
	pair_free(&w.pair);
}

static void without_memory_it_says_nothing_yet(void **state)
{
	struct pair_memory memory = { .fail_at = -1 };
	struct world w = { 0 };

	(void)state;
	assert_true(pair_init_with(&w.pair, 14, &quick, on_event, &w, &memory));
	memory.fail_at = memory.allocations;
	assert_null(taut_env_certificate(w.pair.peers[0].env));
	assert_non_null(taut_env_certificate(w.pair.peers[0].env));
	pair_free(&w.pair);
	assert_int_equal(memory.outstanding, 0);
}

/* What a fingerprint is made of. */
static void expect_hash(const uint8_t *der, int len, const struct taut_dtls_fingerprint *f)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	char text[200];
	unsigned n;

	assert_int_equal(EVP_Digest(der, (size_t)len, hash, &n, EVP_sha256(), NULL), 1);
	for (unsigned i = 0; i < n; i++)
		snprintf(text + 3 * i, 4, "%02x%s", hash[i], i + 1 < n ? ":" : "");
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
			assert_int_equal(taut_pc_remote_certificate(pc(&w, i), 1, der, sizeof der),
					 0);
		}
		assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
		pair_run(&w.pair, SECOND, NULL);
		assert_int_equal(taut_pc_dtls_state(pc(&w, 1)), TAUT_STATE_CLOSED);
	}
	pair_free(&w.pair);
}

/* ---- changes of state ---- */

static void expect_goodbye(struct world *w, bool sctp)
{
	static const struct told goodbye[] = {
		{ TAUT_EV_DTLS_STATE, TAUT_STATE_CLOSED, TAUT_REASON_CLOSED_BY_PEER, "" },
		{ TAUT_EV_SCTP_STATE, TAUT_STATE_CLOSED, TAUT_REASON_CLOSED_BY_PEER, "" },
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_CLOSED, TAUT_REASON_CLOSED_BY_PEER, "" },
	};
	const struct told without[] = { goodbye[0], goodbye[2] };

	expect_told(w, 1, sctp ? goodbye : without, sctp ? 3 : 2);
}

static bool dtls_is_up(struct pair *p)
{
	return taut_pc_dtls_state(p->peers[1].pc) == TAUT_STATE_CONNECTED;
}

static void each_transport_tells_its_states_in_turn(void **state)
{
	static const struct told up[] = {
		{ TAUT_EV_ICE_CONNECTION_STATE, TAUT_ICE_STATE_CHECKING, 0, "" },
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_CONNECTING, 0, "" },
		{ TAUT_EV_ICE_CONNECTION_STATE, TAUT_ICE_STATE_CONNECTED, 0, "" },
		{ TAUT_EV_DTLS_STATE, TAUT_STATE_CONNECTING, 0, "" },
		{ TAUT_EV_ICE_CONNECTION_STATE, TAUT_ICE_STATE_COMPLETED, 0, "" },
		{ TAUT_EV_DTLS_STATE, TAUT_STATE_CONNECTED, 0, "" },
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_CONNECTED, 0, "" },
		{ TAUT_EV_SCTP_STATE, TAUT_STATE_CONNECTED, 0, "" },
		{ TAUT_EV_OPEN, 0, 0, "" },
	};
	static const struct told closed[] = {
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_CLOSED, TAUT_REASON_CLOSED_HERE, "" },
	};
	struct world w;

	(void)state;
	begin(&w, 7);
	create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	pair_run(&w.pair, 5 * SECOND, NULL);
	for (int i = 0; i < 2; i++)
		expect_told(&w, i, up, sizeof up / sizeof up[0]);
	assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	expect_told(&w, 0, closed, 1);
	expect_goodbye(&w, true);
	pair_free(&w.pair);
}

static void what_was_not_there_does_not_close(void **state)
{
	const struct taut_track_init voice = { .size = sizeof voice, .kind = TAUT_AUDIO };
	taut_transceiver t;
	struct world w;

	(void)state;
	begin(&w, 8);
	assert_int_equal(taut_pc_add_track(pc(&w, 0), w.pair.sim.now, &voice, &t), TAUT_OK);
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	w.told_count[1] = 0;
	assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	expect_goodbye(&w, false);
	pair_free(&w.pair);
}

/* SCTP has begun, and gets no answer. */
static void what_was_only_beginning_closes_too(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 15);
	create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, dtls_is_up));
	assert_int_equal(taut_pc_sctp_state(pc(&w, 1)), TAUT_STATE_CONNECTING);
	w.told_count[1] = 0;
	assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 1)), TAUT_STATE_CLOSED);
	expect_goodbye(&w, true);
	pair_free(&w.pair);
}

static void an_association_that_ends_says_so_once(void **state)
{
	static const struct told ended[] = {
		{ TAUT_EV_CLOSE, 0, TAUT_REASON_CLOSED_BY_PEER, "the peer shut the association down" },
		{ TAUT_EV_SCTP_STATE, TAUT_STATE_CLOSED, TAUT_REASON_CLOSED_BY_PEER,
		  "the peer shut the association down" },
	};
	struct world w;

	(void)state;
	begin(&w, 9);
	create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	w.told_count[1] = 0;
	tt_dcs_shutdown(pc(&w, 0)->channels, w.pair.sim.now);
	taut_pc_tick(pc(&w, 0), w.pair.sim.now);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 1)), TAUT_STATE_CLOSED);
	assert_true(w.told[1][1].text[0] != 0);
	expect_told(&w, 1, ended, 2);
	assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	expect_goodbye(&w, false);
	pair_free(&w.pair);
}

static char *of_somebody_else(struct pair *p, int to, uint32_t type, const char *text)
{
	char *other = malloc(strlen(text) + 1);

	(void)p, (void)type;
	memcpy(other, text, strlen(text) + 1);
	char *print = strstr(other, "a=fingerprint:sha-256 ");
	if (to == 0 && print)
		print[22] = print[22] == '0' ? '1' : '0';
	return other;
}

static void a_handshake_that_fails_says_so_first(void **state)
{
	static const struct told failed[] = {
		{ TAUT_EV_DTLS_STATE, TAUT_STATE_FAILED, TAUT_REASON_DTLS_FINGERPRINT,
		  "the peer's certificate" },
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_FAILED, TAUT_REASON_DTLS_FINGERPRINT, "" },
		{ TAUT_EV_CLOSE, 0, TAUT_REASON_DTLS_FINGERPRINT, "" },
		{ TAUT_EV_SCTP_STATE, TAUT_STATE_CLOSED, TAUT_REASON_DTLS_FINGERPRINT,
		  "the peer's certificate" },
	};
	struct world w;

	(void)state;
	begin(&w, 10);
	w.pair.describe = of_somebody_else;
	create(&w, NULL);
	pair_run(&w.pair, 5 * SECOND, NULL);
	assert_true(w.told_count[0] > 4);
	memmove(w.told[0], w.told[0] + w.told_count[0] - 4, 4 * sizeof w.told[0][0]);
	w.told_count[0] = 4;
	expect_told(&w, 0, failed, 4);
	pair_free(&w.pair);
}

static void what_runs_over_dtls_ends_when_it_fails(void **state)
{
#define BROKEN "association broken: as a test wants it"
	static const struct told failed[] = {
		{ TAUT_EV_DTLS_STATE, TAUT_STATE_FAILED, TAUT_REASON_DTLS_HANDSHAKE, BROKEN },
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_FAILED, TAUT_REASON_DTLS_HANDSHAKE, BROKEN },
		{ TAUT_EV_CLOSE, 0, TAUT_REASON_DTLS_HANDSHAKE, BROKEN },
		{ TAUT_EV_SCTP_STATE, TAUT_STATE_CLOSED, TAUT_REASON_DTLS_HANDSHAKE, BROKEN },
	};
	struct world w;

	(void)state;
	begin(&w, 12);
	const taut_channel ch = create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	w.told_count[0] = 0;
	tt_dtls_end(pc(&w, 0)->dtls, TT_DTLS_FAILED, TAUT_REASON_DTLS_HANDSHAKE, BROKEN);
	taut_pc_tick(pc(&w, 0), w.pair.sim.now);
	pair_run(&w.pair, SECOND, NULL);
	expect_told(&w, 0, failed, 4);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 0)), TAUT_STATE_CLOSED);
	assert_int_equal(taut_pc_send_message(pc(&w, 0), w.pair.sim.now, ch, 0, "late", 4),
			 TAUT_E_GONE);
	pair_free(&w.pair);
}

/* Sound was agreed on, DTLS fails, and data is agreed on only then. */
static void a_channel_agreed_on_after_that_ends_at_once(void **state)
{
	static const struct taut_transceiver_init sound = { .size = sizeof sound,
							    .kind = TAUT_AUDIO };
	taut_transceiver t;
	struct world w;

	(void)state;
	begin(&w, 15);
	assert_int_equal(taut_pc_add_transceiver(pc(&w, 0), w.pair.sim.now, &sound, &t), TAUT_OK);
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	create(&w, NULL); /* its data section is not even offered yet */
	tt_dtls_end(pc(&w, 0)->dtls, TT_DTLS_FAILED, TAUT_REASON_DTLS_HANDSHAKE, BROKEN);
	while (taut_pc_dtls_state(pc(&w, 0)) != TAUT_STATE_FAILED)
		taut_pc_tick(pc(&w, 0), ++w.pair.sim.now);
	assert_int_equal(taut_pc_sctp_state(pc(&w, 0)), 0);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(w.told[0][w.told_count[0] - 4].type, TAUT_EV_DTLS_STATE);
	memmove(w.told[0], &w.told[0][w.told_count[0] - 2], 2 * sizeof w.told[0][0]);
	w.told_count[0] = 2;
	assert_int_equal(taut_pc_sctp_state(pc(&w, 0)), TAUT_STATE_CLOSED);
	assert_int_equal(w.told_count[0], 2);
	assert_int_equal(w.told[0][0].type, TAUT_EV_CLOSE);
	assert_int_equal(w.told[0][1].type, TAUT_EV_SCTP_STATE);
	assert_int_equal(w.told[0][1].reason, TAUT_REASON_TRANSPORT_GONE);
	pair_free(&w.pair);
}

static void one_that_cannot_start_fails(void **state)
{
	static const struct told failed[] = {
		{ TAUT_EV_DTLS_STATE, TAUT_STATE_CONNECTING, 0, "" },
		{ TAUT_EV_DTLS_STATE, TAUT_STATE_FAILED, TAUT_REASON_DTLS_HANDSHAKE,
		  "DTLS could not be started" },
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_FAILED, TAUT_REASON_DTLS_HANDSHAKE,
		  "DTLS could not be started" },
	};
	struct world w;

	(void)state;
	begin(&w, 11);
	create(&w, NULL);
	tt_dtls_close(pc(&w, 0)->dtls, w.pair.sim.now);
	pair_run(&w.pair, 5 * SECOND, NULL);
	size_t at = 0;
	while (at < w.told_count[0] && w.told[0][at].type != TAUT_EV_DTLS_STATE)
		at++;
	w.told_count[0] = 3;
	memmove(w.told[0], w.told[0] + at, 3 * sizeof w.told[0][0]);
	expect_told(&w, 0, failed, 3);
	pair_free(&w.pair);
}

/* Everything goes to and fro, but peer 1 is not asked what happened. */
static void run_unasked(struct world *w, taut_time how_long)
{
	const taut_time end = w->pair.sim.now + how_long;
	const struct pair_peer *q = &w->pair.peers[1];
	uint8_t buf[65536];

	for (; w->pair.sim.now < end; w->pair.sim.now += 1000) {
		struct sim_packet *k;

		pair_pump(&w->pair, 0);
		while ((k = sim_take(&w->pair.sim)) != NULL) {
			struct taut_datagram d = { .size = sizeof d,
						   .local = k->local,
						   .remote = k->remote,
						   .buf = k->data,
						   .cap = k->len,
						   .len = k->len };
			for (size_t f = 0; f < q->flow_count; f++)
				if (q->flows[f].addr.family == k->local.family)
					d.flow = q->flows[f].flow;
			if (k->to == 1)
				assert_int_equal(taut_pc_recv(q->pc, w->pair.sim.now, &d), TAUT_OK);
			else
				pair_inject(&w->pair, 0, &k->local, &k->remote, k->data, k->len);
			free(k);
		}
		taut_pc_tick(q->pc, w->pair.sim.now);
		struct taut_datagram out = { .size = sizeof out, .buf = buf, .cap = sizeof buf };
		while (taut_pc_poll_send(q->pc, w->pair.sim.now, &out))
			for (size_t at = 0; at < out.len;
			     at += out.segment ? out.segment : out.len) {
				const size_t left = out.len - at;
				const size_t step =
					out.segment && out.segment < left ? out.segment : left;
				sim_send(&w->pair.sim, 0, buf + at, step, &out.local, &out.remote);
			}
	}
}

/* What SCTP had to say before an end is not told after it. */
static void nothing_connects_or_closes_after_the_end(void **state)
{
	static const struct told closed[] = {
		{ TAUT_EV_CONNECTION_STATE, TAUT_STATE_CLOSED, TAUT_REASON_CLOSED_HERE, "" },
	};
	struct world w;

	(void)state;
	for (int up = 0; up < 2; up++) {
		begin(&w, 12);
		create(&w, NULL);
		assert_true(pair_run(&w.pair, 10 * SECOND, up ? both_have_it : dtls_is_up));
		while (pair_pump(&w.pair, 1))
			;
		w.told_count[1] = 0;
		if (up)
			tt_dcs_shutdown(pc(&w, 0)->channels, w.pair.sim.now);
		run_unasked(&w, SECOND / 2);
		assert_int_equal(taut_pc_sctp_state(pc(&w, 0)),
				 up ? TAUT_STATE_CLOSED : TAUT_STATE_CONNECTED);
		assert_int_equal(w.told_count[1], 0);
		assert_int_equal(taut_pc_close(pc(&w, 1), w.pair.sim.now), TAUT_OK);
		while (pair_pump(&w.pair, 1))
			;
		for (size_t i = 0; i < w.told_count[1]; i++)
			assert_int_not_equal(w.told[1][i].type, TAUT_EV_SCTP_STATE);
		w.told_count[1] = 1;
		expect_told(&w, 1, closed, 1);
		pair_free(&w.pair);
	}
}

static void who_closes_a_channel_is_not_told_that_it_closes(void **state)
{
	static const struct told closed[] = { { TAUT_EV_CLOSE, 0, TAUT_REASON_CLOSED_HERE, "" } };
	static const struct told closing[] = {
		{ TAUT_EV_CLOSING, 0, TAUT_REASON_CHANNEL_CLOSED_BY_PEER, "" },
		{ TAUT_EV_CLOSE, 0, TAUT_REASON_CHANNEL_CLOSED_BY_PEER, "" },
	};
	struct world w;

	(void)state;
	begin(&w, 13);
	create(&w, NULL);
	assert_true(pair_run(&w.pair, 10 * SECOND, both_have_it));
	pair_run(&w.pair, 5 * SECOND, NULL);
	w.told_count[0] = w.told_count[1] = 0;
	assert_int_equal(taut_pc_close_channel(pc(&w, 0), w.pair.sim.now, w.channel[0]), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	expect_told(&w, 0, closed, 1);
	expect_told(&w, 1, closing, 2);
	assert_int_equal(w.closing_state, TAUT_CHANNEL_CLOSING);
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_of_ice_is_told_once),
		cmocka_unit_test(sctp_says_what_it_can_take),
		cmocka_unit_test(who_says_no_size_is_sent_64_kib_at_most),
		cmocka_unit_test(who_says_size_0_is_sent_any),
		cmocka_unit_test(a_channel_says_how_it_was_made_at_both_ends),
		cmocka_unit_test(a_lifetime_is_told_as_well),
		cmocka_unit_test(an_environment_says_which_certificate_it_has),
		cmocka_unit_test(without_memory_it_says_nothing_yet),
		cmocka_unit_test(who_the_peer_was_stays_known),
		cmocka_unit_test(each_transport_tells_its_states_in_turn),
		cmocka_unit_test(what_was_not_there_does_not_close),
		cmocka_unit_test(what_was_only_beginning_closes_too),
		cmocka_unit_test(an_association_that_ends_says_so_once),
		cmocka_unit_test(a_handshake_that_fails_says_so_first),
		cmocka_unit_test(what_runs_over_dtls_ends_when_it_fails),
		cmocka_unit_test(a_channel_agreed_on_after_that_ends_at_once),
		cmocka_unit_test(one_that_cannot_start_fails),
		cmocka_unit_test(nothing_connects_or_closes_after_the_end),
		cmocka_unit_test(who_closes_a_channel_is_not_told_that_it_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
