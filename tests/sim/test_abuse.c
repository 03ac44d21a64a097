/* test_abuse.c - what must not happen to a call: strangers, wrong certificates, junk, and ends at
 * any moment. Rows A15, B01, B06, B16, C01, C03, E15 and E18 of the list of abuse cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_pair.h"

enum { SECOND = 1000000 };

struct world {
	struct pair pair;
	unsigned opens[2], messages[2], frames[2], events[2];
	taut_channel channel;
	uint32_t end_reason;
	int closer; /* closes or frees in its n-th event */
	unsigned at_event, steps, stop_at;
	size_t sum;
	bool frees, alter_once;
	uint32_t alter_type;
	const char *alter_from, *alter_to;
	struct taut_addr stranger;
	unsigned injected;
};

static const struct sim_link quick = { .delay = 10000 };

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	w->opens[i] += ev->type == TAUT_EV_OPEN;
	w->messages[i] += ev->type == TAUT_EV_MESSAGE;
	w->frames[i] += ev->type == TAUT_EV_FRAME;
	if (i == 1 && ev->type == TAUT_EV_MESSAGE)
		(void)!taut_pc_send_message(p->peers[1].pc, p->sim.now, ev->channel, 0, ev->data,
					    ev->len);
	if (++w->events[i] != w->at_event || i != w->closer)
		return;
	if (w->frees) {
		taut_pc_free(p->peers[i].pc);
		p->peers[i].pc = NULL;
	} else {
		taut_pc_close(p->peers[i].pc, p->sim.now);
		/* what was lent is still there: a sanitizer looks on */
		for (size_t k = 0; k < ev->len; k++)
			w->sum += ((const uint8_t *)ev->data)[k];
		w->sum += ev->text ? strlen(ev->text) : 0;
	}
}

static void begin(struct world *w, uint64_t seed)
{
	const struct taut_transceiver_init video = { .size = sizeof video, .kind = TAUT_VIDEO };
	taut_transceiver t;

	pair_init(&w->pair, seed, &quick, on_event, w);
	assert_int_equal(taut_pc_create_data_channel(w->pair.peers[0].pc, 0, NULL, &w->channel),
			 TAUT_OK);
	assert_int_equal(taut_pc_add_transceiver(w->pair.peers[0].pc, 0, &video, &t), TAUT_OK);
}

static bool both_open(struct pair *p)
{
	struct world *w = p->user;

	return w->opens[0] > 0 && w->opens[1] > 0;
}

static bool echoed(struct pair *p)
{
	return ((struct world *)p->user)->messages[0] > 0;
}

static int send_frame(struct world *w)
{
	uint8_t data[3000] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 240, 0 };
	const struct taut_frame f = {
		.size = sizeof f, .data = data, .len = sizeof data, .flags = TAUT_FRAME_KEY
	};
	taut_pc *pc = w->pair.peers[0].pc;

	return taut_pc_send_frame(pc, w->pair.sim.now, taut_pc_transceiver_at(pc, 0)->id, &f);
}

/* Text and picture pass: nothing is broken. */
static void check_alive(struct world *w)
{
	unsigned frames = w->frames[1];

	assert_int_equal(taut_pc_connection_state(w->pair.peers[0].pc), TAUT_STATE_CONNECTED);
	assert_int_equal(taut_pc_connection_state(w->pair.peers[1].pc), TAUT_STATE_CONNECTED);
	w->messages[0] = 0;
	assert_int_equal(taut_pc_send_message(w->pair.peers[0].pc, w->pair.sim.now, w->channel, 0,
					      "hello", 5),
			 TAUT_OK);
	assert_int_equal(send_frame(w), TAUT_OK);
	assert_true(pair_run(&w->pair, 3 * SECOND, echoed));
	pair_run(&w->pair, SECOND / 2, NULL);
	assert_int_equal(w->frames[1], frames + 1);
}

/* ---- B06 ---- */

static char *alter(struct pair *p, int to, uint32_t type, const char *text)
{
	struct world *w = p->user;
	char *copy = malloc(strlen(text) + 1), *at;

	(void)to;
	memcpy(copy, text, strlen(text) + 1);
	for (at = copy; type == w->alter_type && (at = strstr(at, w->alter_from)) != NULL;
	     at += strlen(w->alter_to))
		memcpy(at, w->alter_to, strlen(w->alter_to));
	return copy;
}

static bool one_failed(struct pair *p)
{
	return p->peers[0].ended || p->peers[1].ended;
}

static void another_certificate_fails_the_call(void **state)
{
	(void)state;
	for (uint32_t type = TAUT_SDP_OFFER; type <= TAUT_SDP_ANSWER; type++) {
		int victim = type == TAUT_SDP_OFFER ? 1 : 0;
		struct taut_counters c = { .size = sizeof c };
		struct world w = { .alter_type = type,
				   .alter_from = "a=fingerprint:sha-256 ",
				   .alter_to = "a=fingerprint:sha-256 00:00:00" };
		begin(&w, 30 + type);
		w.pair.describe = alter;
		assert_true(pair_run(&w.pair, 5 * SECOND, one_failed));
		pair_run(&w.pair, 5 * SECOND, NULL);
		taut_pc *pc = w.pair.peers[victim].pc;
		assert_int_equal(taut_pc_connection_state(pc), TAUT_STATE_FAILED);
		assert_int_equal(w.pair.peers[victim].end_reason, TAUT_REASON_DTLS_FINGERPRINT);
		assert_int_equal(taut_pc_get_counters(pc, &c), TAUT_OK);
		assert_null(c.srtp_profile);
		assert_int_equal(w.opens[0] + w.opens[1], 0);
		if (victim == 0)
			assert_int_equal(send_frame(&w), TAUT_E_STATE);
		pair_free(&w.pair);
	}
}

/* ---- A15, B01 ---- */

/* Everything but checks comes a second time, from someone else, at once. */
static void repeat_from_elsewhere(struct pair *p, const struct sim_packet *k)
{
	struct world *w = p->user;
	struct taut_addr from = k->remote;

	if (k->len == 0 || k->data[0] <= 3)
		return;
	from.port = 6666;
	w->injected += pair_inject(p, k->to, &k->local, &from, k->data, k->len);
	from.ip[from.family == 4 ? 3 : 15] = 66;
	w->injected += pair_inject(p, k->to, &k->local, &from, k->data, k->len);
}

static void packets_of_strangers_change_nothing(void **state)
{
	static const uint8_t hello[] = { 22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13,
					 1,  0,    0,    1, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	struct world w = { 0 };
	struct taut_counters before = { .size = sizeof before }, after = before;

	(void)state;
	begin(&w, 40);
	w.pair.delivered = repeat_from_elsewhere;
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	check_alive(&w);
	assert_true(w.injected > 40);
	taut_pc_get_counters(w.pair.peers[0].pc, &before);
	const struct taut_addr stranger = { .family = 4, .ip = { 203, 0, 113, 9 }, .port = 4444 };
	for (int n = 0; n < 200; n++)
		assert_true(pair_inject(&w.pair, 0, &before.local, &stranger, hello, sizeof hello));
	taut_pc_get_counters(w.pair.peers[0].pc, &after);
	assert_int_equal(after.packets_dropped, before.packets_dropped + 200);
	assert_memory_equal(&after.remote, &before.remote, sizeof after.remote);
	assert_int_equal(after.packets_sent, before.packets_sent);
	check_alive(&w);
	pair_free(&w.pair);
}

/* ---- C01, C03 ---- */

static void junk_from_the_peer_is_dropped(void **state)
{
	struct world w = { 0 };
	struct taut_counters c = { .size = sizeof c };
	uint8_t junk[2000];

	(void)state;
	begin(&w, 50);
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	taut_pc_get_counters(w.pair.peers[1].pc, &c);
	for (unsigned first = 0; first < 256; first++) {
		for (size_t len = 0; len <= 64; len++) {
			for (size_t i = 0; i < len; i++)
				junk[i] = (uint8_t)(first * 7 + i * 13 + len);
			if (len > 0)
				junk[0] = (uint8_t)first;
			if (len > 1)
				junk[1] = len % 2 ? 200 : 96;
			/* epoch 0 handshake records would be taken for the peer's own */
			if (first < 20 || first > 63)
				pair_inject(&w.pair, 1, &c.local, &c.remote, junk, len);
		}
	}
	memset(junk, 0x80, sizeof junk);
	for (size_t n = 0; n < 2000; n++)
		pair_inject(&w.pair, 1, &c.local, &c.remote, junk, n);
	check_alive(&w);
	pair_free(&w.pair);
}

/* ---- B16, E15, E18 ---- */

static bool enough_steps(struct pair *p)
{
	struct world *w = p->user;

	return ++w->steps >= w->stop_at;
}

static void a_connection_can_be_closed_at_every_step(void **state)
{
	(void)state;
	for (unsigned k = 1;; k += 2) {
		struct world w = { .stop_at = k };
		begin(&w, 60);
		bool there = pair_run(&w.pair, SECOND, enough_steps);
		int who = (int)(k / 2 % 2);
		bool told = w.pair.peers[0].connected && w.pair.peers[1].connected;
		assert_int_equal(taut_pc_close(w.pair.peers[who].pc, w.pair.sim.now), TAUT_OK);
		pair_run(&w.pair, SECOND / 10, NULL);
		assert_int_equal(taut_pc_connection_state(w.pair.peers[who].pc), TAUT_STATE_CLOSED);
		assert_true(taut_pc_deadline(w.pair.peers[who].pc, NULL) == INT64_MAX);
		assert_null(taut_env_ready(w.pair.peers[who].env, w.pair.sim.now));
		if (told)
			assert_int_equal(w.pair.peers[1 - who].end_reason,
					 TAUT_REASON_CLOSED_BY_PEER);
		pair_free(&w.pair);
		if (!there)
			break;
	}
}

static void a_handler_may_close_and_free(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 40; n++) {
		struct world w = { .closer = (int)(n % 2), .at_event = n / 2, .frees = n % 4 < 2 };
		begin(&w, 70);
		pair_run(&w.pair, 2 * SECOND, NULL);
		pair_free(&w.pair);
	}
}

/* Rows B18 and section 4: whatever was waiting is late by a year, all at once. */
static void time_may_jump_at_every_step(void **state)
{
	static const taut_time jumps[] = { SECOND, 3600LL * SECOND, 4294967296000,
					   365LL * 86400 * SECOND };

	(void)state;
	for (unsigned k = 1; k < 120; k += 3) {
		struct world w = { .stop_at = k };
		begin(&w, 65);
		pair_run(&w.pair, SECOND, enough_steps);
		w.pair.sim.now += jumps[k / 3 % 4];
		for (int i = 0; i < 2; i++)
			taut_pc_tick(w.pair.peers[i].pc, w.pair.sim.now);
		pair_run(&w.pair, 40 * SECOND, NULL);
		pair_free(&w.pair);
	}
}

/* ---- what the calls promise ---- */

static void a_connection_can_be_driven_by_readiness_alone(void **state)
{
	struct world w = { 0 };

	(void)state;
	begin(&w, 80);
	w.pair.by_ready = true;
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	check_alive(&w);
	assert_null(taut_env_ready(w.pair.peers[0].env, w.pair.sim.now));
	pair_free(&w.pair);
}

static void no_timer_spins_while_there_is_no_path(void **state)
{
	struct world w = { 0 };

	(void)state;
	begin(&w, 90);
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	w.pair.cut = true;
	for (int n = 0; n < 60; n++) { /* pair_run finds a spinning timer */
		send_frame(&w);
		(void)!taut_pc_send_message(w.pair.peers[0].pc, w.pair.sim.now, w.channel, 0, "x",
					    1);
		pair_run(&w.pair, SECOND, NULL);
	}
	assert_int_equal(w.pair.peers[0].end_reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	w.pair.cut = false;
	assert_int_equal(taut_pc_restart_ice(w.pair.peers[0].pc, w.pair.sim.now), TAUT_OK);
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	pair_run(&w.pair, 2 * SECOND, NULL);
	unsigned frames = w.frames[1];
	assert_int_equal(send_frame(&w), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	assert_true(w.frames[1] > frames);
	pair_free(&w.pair);
}

static void calls_on_what_is_not_there_are_errors(void **state)
{
	struct world w = { 0 };
	const struct taut_frame f = { .size = sizeof f };

	(void)state;
	begin(&w, 95);
	taut_pc *pc = w.pair.peers[0].pc;
	assert_int_equal(taut_pc_send_message(pc, 1, 99, 0, "x", 1), TAUT_E_GONE);
	assert_int_equal(taut_pc_send_message(pc, 1, w.channel, 0, "x", 1), TAUT_E_STATE);
	assert_int_equal(taut_pc_close_channel(pc, 1, 99), TAUT_E_GONE);
	assert_int_equal(taut_pc_buffered_amount(pc, 99), TAUT_E_GONE);
	assert_int_equal(taut_pc_send_frame(pc, 1, 99, &f), TAUT_E_GONE);
	assert_int_equal(taut_pc_send_frame(pc, 1, 1, &f), TAUT_E_STATE);
	assert_int_equal(taut_pc_request_key_frame(pc, 1, 99), TAUT_E_GONE);
	assert_int_equal(taut_pc_set_direction(pc, 1, 99, TAUT_INACTIVE), TAUT_E_GONE);
	assert_int_equal(taut_pc_set_direction(pc, 1, 1, TAUT_STOPPED), TAUT_E_INVAL);
	assert_int_equal(taut_pc_set_local_description(pc, 1, 9, NULL, 0), TAUT_E_INVAL);
	assert_int_equal(taut_pc_set_remote_description(pc, 1, TAUT_SDP_OFFER, NULL, 0),
			 TAUT_E_INVAL);
	const struct taut_interface old = { .size = 4 };
	assert_int_equal(taut_pc_set_interfaces(pc, 1, &old, 1), TAUT_E_INVAL);
	assert_int_equal(taut_pc_set_interfaces(pc, 1, NULL, 1), TAUT_E_INVAL);
	assert_int_equal(taut_pc_io_result(pc, 1, 4711, 0, NULL, 0), TAUT_E_GONE);
	assert_int_equal(taut_pc_error(pc)->code, TAUT_E_GONE);
	assert_int_equal(taut_pc_close(pc, 1), TAUT_OK);
	assert_int_equal(taut_pc_close(pc, 1), TAUT_OK);
	assert_int_equal(taut_pc_send_message(pc, 1, w.channel, 0, "x", 1), TAUT_E_STATE);
	assert_int_equal(taut_pc_restart_ice(pc, 1), TAUT_E_STATE);
	assert_null(taut_pc_poll_io(pc)); /* nobody binds a socket for what is closed */
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_certificate_fails_the_call),
		cmocka_unit_test(packets_of_strangers_change_nothing),
		cmocka_unit_test(junk_from_the_peer_is_dropped),
		cmocka_unit_test(a_connection_can_be_closed_at_every_step),
		cmocka_unit_test(a_handler_may_close_and_free),
		cmocka_unit_test(time_may_jump_at_every_step),
		cmocka_unit_test(a_connection_can_be_driven_by_readiness_alone),
		cmocka_unit_test(no_timer_spins_while_there_is_no_path),
		cmocka_unit_test(calls_on_what_is_not_there_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
