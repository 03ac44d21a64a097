/* test_walk.c - random walks through negotiation: whatever the order of calls, the two sides agree.
 *
 * Two connections behave as perfect negotiation (webrtc-pc section 10.7) demands: b is polite. In
 * between their applications add, change, restart, make offers that they drop, and roll back. No
 * call may fail that the state allows, and after the walk both sides settle on the same session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "taut/taut.h"

enum { STEPS = 120, WALKS = 100, MAX_MESSAGES = 64 };

static const struct taut_codec codecs[] = {
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/opus",
	  .clock_rate = 48000,
	  .channels = 2 },
	{ .size = sizeof(struct taut_codec), .mime = "video/VP8", .clock_rate = 90000 },
};

struct message {
	int to;
	uint32_t type;
	char *text;
};

struct walk {
	taut_env *env;
	taut_pc *pc[2];
	struct message queue[MAX_MESSAGES];
	size_t count;
	uint64_t seed, name;
	unsigned added[2];
	bool needed[2];
	unsigned step;
};

static unsigned draw(struct walk *w, unsigned below)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(w->seed >> 33) % below;
}

static void check(const struct walk *w, int i, int err, const char *what)
{
	if (err)
		print_error("seed %llu, step %u, %c: %s: %d %s\n", (unsigned long long)w->name,
			    w->step, 'a' + i, what, err, taut_pc_error(w->pc[i])->message);
	assert_int_equal(err, TAUT_OK);
}

static bool stable(const struct walk *w, int i)
{
	return taut_pc_signaling_state(w->pc[i]) == TAUT_SIGNALING_STABLE;
}

static void send_local(struct walk *w, int i)
{
	uint32_t type = 0;
	const char *text = taut_pc_local_description(w->pc[i], &type);

	assert_non_null(text);
	assert_true(w->count < MAX_MESSAGES);
	char *copy = malloc(strlen(text) + 1);
	memcpy(copy, text, strlen(text) + 1);
	w->queue[w->count++] = (struct message){ 1 - i, type, copy };
}

static void drain(struct walk *w, int i)
{
	const struct taut_event *ev;

	while ((ev = taut_pc_poll_event(w->pc[i])) != NULL)
		w->needed[i] |= ev->type == TAUT_EV_NEGOTIATION_NEEDED;
}

static void offer(struct walk *w, int i)
{
	if (!stable(w, i))
		return;
	w->needed[i] = false;
	check(w, i, taut_pc_set_local_description(w->pc[i], 1, 0, NULL, 0), "offer");
	send_local(w, i);
}

static void deliver(struct walk *w)
{
	if (w->count == 0)
		return;
	const struct message m = w->queue[0];
	taut_pc *pc = w->pc[m.to];
	memmove(w->queue, w->queue + 1, --w->count * sizeof w->queue[0]);
	bool ignored = m.type == TAUT_SDP_OFFER && m.to == 0 && !stable(w, 0);
	if (!ignored) {
		check(w, m.to,
		      taut_pc_set_remote_description(pc, 1, m.type, m.text, strlen(m.text)),
		      m.type == TAUT_SDP_OFFER ? "their offer" : "their answer");
		if (m.type == TAUT_SDP_OFFER) {
			if (draw(w, 3) == 0)
				drain(w, m.to);
			if (draw(w, 3) == 0)
				taut_pc_restart_ice(pc, 1);
			check(w, m.to, taut_pc_set_local_description(pc, 1, 0, NULL, 0), "answer");
			send_local(w, m.to);
		}
	}
	free(m.text);
}

static void change_direction(struct walk *w, int i)
{
	const struct taut_transceiver_info *t = taut_pc_transceiver_at(w->pc[i], draw(w, 8));

	if (t && t->direction != TAUT_STOPPED)
		check(w, i, taut_pc_set_direction(w->pc[i], 1, t->id, 1 + draw(w, 4)), "direction");
}

static void add(struct walk *w, int i)
{
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = 1 + draw(w, 2),
						    .direction = draw(w, 5) };
	taut_transceiver t;

	if (w->added[i]++ < 6)
		check(w, i, taut_pc_add_transceiver(w->pc[i], 1, &init, &t), "add");
}

static void open_channel(struct walk *w, int i)
{
	taut_channel ch;

	if (w->added[i]++ < 6)
		check(w, i, taut_pc_create_data_channel(w->pc[i], 1, NULL, &ch), "channel");
}

/* An offer that is taken back before anyone saw it, or after the other side took it. */
static void take_back(struct walk *w, int i)
{
	if (!stable(w, 0) || !stable(w, 1) || w->count > 0)
		return;
	check(w, i, taut_pc_set_local_description(w->pc[i], 1, 0, NULL, 0), "offer to take back");
	const char *text = taut_pc_local_description(w->pc[i], NULL);
	if (draw(w, 2)) {
		check(w, 1 - i,
		      taut_pc_set_remote_description(w->pc[1 - i], 1, TAUT_SDP_OFFER, text,
						     strlen(text)),
		      "an offer that is taken back");
		check(w, 1 - i,
		      taut_pc_set_remote_description(w->pc[1 - i], 1, TAUT_SDP_ROLLBACK, NULL, 0),
		      "remote rollback");
	}
	check(w, i, taut_pc_set_local_description(w->pc[i], 1, TAUT_SDP_ROLLBACK, NULL, 0),
	      "rollback");
}

static void step(struct walk *w)
{
	const char *sdp;
	int i = (int)draw(w, 2);

	switch (draw(w, 12)) {
	case 0:
		add(w, i);
		break;
	case 1:
		change_direction(w, i);
		break;
	case 2:
		open_channel(w, i);
		break;
	case 3:
		check(w, i, taut_pc_restart_ice(w->pc[i], 1), "restart");
		break;
	case 4: /* made, and not set */
		check(w, i, taut_pc_create_offer(w->pc[i], 1, &sdp), "create_offer");
		break;
	case 5:
		take_back(w, i);
		break;
	case 6:
		offer(w, i);
		break;
	case 7:
		drain(w, i);
		break;
	default:
		deliver(w);
		break;
	}
}

static uint32_t mirrored(uint32_t d)
{
	return d == TAUT_SENDONLY ? TAUT_RECVONLY : d == TAUT_RECVONLY ? TAUT_SENDONLY : d;
}

static uint32_t current_of(taut_pc *pc, const char *mid)
{
	const struct taut_transceiver_info *t;

	for (size_t k = 0; (t = taut_pc_transceiver_at(pc, k)) != NULL; k++)
		if (t->mid && strcmp(t->mid, mid) == 0)
			return t->current_direction;
	return 0;
}

static void settle(struct walk *w)
{
	for (int round = 0; round < 20; round++) {
		while (w->count > 0)
			deliver(w);
		drain(w, 0);
		drain(w, 1);
		int i = w->needed[0] ? 0 : 1;
		if (w->needed[i])
			offer(w, i);
	}
	assert_true(stable(w, 0) && stable(w, 1));
	assert_false(w->needed[0] || w->needed[1]); /* negotiation ends */
}

static void compare(struct walk *w)
{
	const struct taut_transceiver_info *t;

	for (size_t k = 0; (t = taut_pc_transceiver_at(w->pc[0], k)) != NULL; k++) {
		if (t->current_direction == TAUT_STOPPED)
			continue;
		assert_non_null(t->mid);
		assert_int_equal(current_of(w->pc[1], t->mid), mirrored(t->current_direction));
	}
}

static void one_walk(uint64_t seed)
{
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = codecs, .codec_count = 2 };
	struct walk w = { .seed = seed * 7919, .name = seed };

	assert_int_equal(taut_env_new(&w.env, NULL), TAUT_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(taut_pc_new(&w.pc[i], w.env, &cfg, 1), TAUT_OK);
	for (w.step = 0; w.step < STEPS; w.step++)
		step(&w);
	settle(&w);
	compare(&w);
	for (int i = 0; i < 2; i++)
		taut_pc_free(w.pc[i]);
	assert_int_equal(taut_env_free(w.env), TAUT_OK);
}

static void both_sides_agree_in_the_end(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WALKS; seed++)
		one_walk(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(both_sides_agree_in_the_end) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
