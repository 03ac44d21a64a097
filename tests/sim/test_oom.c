/* test_oom.c - memory ends at every point: no crash, no leak, a defined error, still destroyable.
 *
 * Allocation N of an environment fails once, or N and all after it; N grows by one until nothing
 * fails any more. OpenSSL's and libsrtp's own allocations are not touched: tests/torture does that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim_pair.h"

enum { SECOND = 1000000 };

static const struct taut_codec codecs[] = {
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/opus",
	  .clock_rate = 48000,
	  .channels = 2 },
	{ .size = sizeof(struct taut_codec), .mime = "video/VP8", .clock_rate = 90000 },
};

static int make_pc(taut_pc **pc, taut_env *env)
{
	const struct taut_ice_server server = { .size = sizeof server, .url = "stun:192.0.2.9" };
	const struct taut_config cfg = { .size = sizeof cfg,
					 .ice_servers = &server,
					 .ice_server_count = 1,
					 .codecs = codecs,
					 .codec_count = 2,
					 .ice_mdns = 1 };
	return taut_pc_new(pc, env, &cfg, 1);
}

static int make_env(taut_env **env, struct pair_memory *m)
{
	const struct taut_env_config cfg = { .size = sizeof cfg,
					     .realloc = pair_realloc,
					     .ctx = m };

	return taut_env_new(env, &cfg);
}

static void a_new_connection(struct pair_memory *m)
{
	taut_env *env = NULL;
	taut_pc *pc = NULL;
	int err = make_env(&env, m);

	if (!err)
		err = make_pc(&pc, env);
	assert_true(err == TAUT_OK || err == TAUT_E_NOMEM);
	assert_true((err == TAUT_OK) == (pc != NULL));
	taut_pc_free(pc);
	assert_int_equal(taut_env_free(env), TAUT_OK);
}

/* Calls until it works, as long as only memory keeps it from that; false: it never will. */
static bool works(struct pair_memory *m, const taut_pc *pc, int err)
{
	if (err == TAUT_OK)
		return true;
	assert_int_equal(err, TAUT_E_NOMEM);
	assert_int_equal(taut_pc_error(pc)->code, TAUT_E_NOMEM);
	assert_true(m->fail_at >= 0);
	return false;
}

static bool add(struct pair_memory *m, taut_pc *pc, uint32_t kind)
{
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = kind,
						    .stream_id = "s" };
	taut_transceiver t;

	return works(m, pc, taut_pc_add_transceiver(pc, 1, &init, &t)) ||
	       (!m->for_ever && works(m, pc, taut_pc_add_transceiver(pc, 1, &init, &t)));
}

static bool open_channel(struct pair_memory *m, taut_pc *pc)
{
	taut_channel ch;

	return works(m, pc, taut_pc_create_data_channel(pc, 1, NULL, &ch)) ||
	       (!m->for_ever && works(m, pc, taut_pc_create_data_channel(pc, 1, NULL, &ch)));
}

static const char *describe(struct pair_memory *m, taut_pc *pc)
{
	uint32_t before = taut_pc_signaling_state(pc);
	bool ok = works(m, pc, taut_pc_set_local_description(pc, 1, 0, NULL, 0));

	if (!ok) {
		assert_int_equal(taut_pc_signaling_state(pc), before);
		ok = !m->for_ever && works(m, pc, taut_pc_set_local_description(pc, 1, 0, NULL, 0));
	}
	const char *text = ok ? taut_pc_local_description(pc, NULL) : NULL;
	return text || !ok || m->for_ever ? text : taut_pc_local_description(pc, NULL);
}

static bool take(struct pair_memory *m, taut_pc *pc, uint32_t type, const char *sdp)
{
	uint32_t before = taut_pc_signaling_state(pc);

	if (works(m, pc, taut_pc_set_remote_description(pc, 1, type, sdp, strlen(sdp))))
		return true;
	assert_int_equal(taut_pc_signaling_state(pc), before);
	return !m->for_ever &&
	       works(m, pc, taut_pc_set_remote_description(pc, 1, type, sdp, strlen(sdp)));
}

static bool negotiate(struct pair_memory *m, taut_pc *from, taut_pc *to)
{
	const char *offer = describe(m, from);

	if (!offer || !take(m, to, TAUT_SDP_OFFER, offer))
		return false;
	const char *answer = describe(m, to);
	return answer && take(m, from, TAUT_SDP_ANSWER, answer);
}

static bool drain(taut_pc *pc)
{
	while (taut_pc_poll_event(pc))
		;
	while (taut_pc_poll_io(pc))
		;
	return true;
}

static bool both_ways(struct pair_memory *m, taut_pc *a, taut_pc *b)
{
	return add(m, a, TAUT_AUDIO) && add(m, a, TAUT_VIDEO) && open_channel(m, a) &&
	       negotiate(m, a, b) && drain(a) && drain(b) && add(m, b, TAUT_VIDEO) &&
	       negotiate(m, b, a) && works(m, a, taut_pc_restart_ice(a, 1)) && negotiate(m, a, b);
}

static void a_negotiation(struct pair_memory *m)
{
	taut_env *env = NULL;
	taut_pc *a = NULL, *b = NULL;

	m->fail_at += 1000000; /* not while it is made: that is another test */
	assert_int_equal(make_env(&env, m), TAUT_OK);
	assert_int_equal(make_pc(&a, env), TAUT_OK);
	assert_int_equal(make_pc(&b, env), TAUT_OK);
	m->fail_at -= 1000000;
	m->allocations = 0;
	bool done = both_ways(m, a, b);
	if (!m->for_ever)
		assert_true(
			done); /* a call that failed for memory works when there is some again */
	drain(a);
	drain(b);
	taut_pc_free(a);
	taut_pc_free(b);
	assert_int_equal(taut_env_free(env), TAUT_OK);
}

/* ---- whole calls ---- */

struct call {
	unsigned opens, messages;
	taut_channel channel;
};

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	static const uint8_t data[3000];
	struct call *c = p->user;

	c->opens += ev->type == TAUT_EV_OPEN;
	c->messages += ev->type == TAUT_EV_MESSAGE;
	if (ev->type == TAUT_EV_OPEN)
		(void)!taut_pc_send_message(p->peers[i].pc, p->sim.now, ev->channel, 1, data,
					    sizeof data);
}

static bool both_heard(struct pair *p)
{
	return ((struct call *)p->user)->messages >= 2;
}

static void a_call(struct pair_memory *m)
{
	static const struct sim_link link = { .delay = 5000 };
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = TAUT_VIDEO };
	struct call c = { 0 };
	struct pair p;
	taut_transceiver t;
	uint8_t frame[2000] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 240, 0 };
	const struct taut_frame f = {
		.size = sizeof f, .data = frame, .len = sizeof frame, .flags = TAUT_FRAME_KEY
	};
	long fail_at = m->fail_at;

	m->fail_at = -1;
	assert_true(pair_init_with(&p, 7, &link, on_event, &c, m));
	m->fail_at = fail_at;
	m->allocations = 0;
	int err = taut_pc_create_data_channel(p.peers[0].pc, p.sim.now, NULL, &c.channel);
	assert_true(err == TAUT_OK || err == TAUT_E_NOMEM);
	err = taut_pc_add_transceiver(p.peers[0].pc, p.sim.now, &init, &t);
	assert_true(err == TAUT_OK || err == TAUT_E_NOMEM);
	pair_run(&p, 3 * SECOND, both_heard);
	if (err == TAUT_OK) {
		taut_pc_send_frame(p.peers[0].pc, p.sim.now, t, &f);
		pair_run(&p, SECOND / 10, NULL);
	}
	taut_pc_close(p.peers[0].pc, p.sim.now);
	pair_run(&p, SECOND / 10, NULL);
	m->fail_at = -1;
	assert_int_equal(taut_pc_connection_state(p.peers[0].pc), TAUT_STATE_CLOSED);
	pair_free(&p);
}

static long sweep(void (*run)(struct pair_memory *m), bool for_ever)
{
	for (long n = 0;; n++) {
		struct pair_memory m = { .fail_at = n, .for_ever = for_ever };
		run(&m);
		if (m.outstanding != 0)
			print_error("allocation %ld: %ld are left\n", n, m.outstanding);
		assert_int_equal(m.outstanding, 0);
		if (m.allocations <= n)
			return n;
	}
}

static void making_a_connection_may_fail_anywhere(void **state)
{
	(void)state;
	print_message("%ld allocations\n", sweep(a_new_connection, false));
	sweep(a_new_connection, true);
}

static void negotiating_may_fail_anywhere(void **state)
{
	(void)state;
	print_message("%ld allocations\n", sweep(a_negotiation, false));
	sweep(a_negotiation, true);
}

static void a_call_may_fail_anywhere(void **state)
{
	(void)state;
	print_message("%ld allocations\n", sweep(a_call, false));
	sweep(a_call, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(making_a_connection_may_fail_anywhere),
		cmocka_unit_test(negotiating_may_fail_anywhere),
		cmocka_unit_test(a_call_may_fail_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
