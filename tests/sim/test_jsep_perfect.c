/* test_jsep_perfect.c - perfect negotiation (webrtc-pc section 10.7) ends in agreement, whatever
 * happens in which order.
 *
 * Two applications behave as the pattern says, b politely. What may come next at any moment is a
 * description that arrives, an event that is taken, or a change of mind on either side: a transceiver
 * more, one less, a restart. Every order of all that is walked, with so many changes; from each state
 * on the way, the two come to agree when nothing more is changed.
 *
 *     test_sim_jsep_perfect                what ./dev test runs
 *     test_sim_jsep_perfect --changes 4    with so many changes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/pc.h"
#include "sim/sim_arena.h"
#include "sim/sim_known.h"

enum { DELIVER, TAKE_EVENTS, ADD, STOP, RESTART, ACTIONS };
enum { LETTERS = 2 * ACTIONS, QUEUE = 8, MAX_STEPS = 64, ROUNDS = 40, ROOT = 0, HERE = 1 };

static const char *const action_names[] = { "takes what arrived", "takes its events",
					    "adds a transceiver", "stops one", "restarts ICE" };

static int changes = 2;

struct message {
	uint32_t type;
	char *text;
};

/* All of it lies in the arena. */
struct real {
	taut_env *env;
	taut_pc *pc[2];
	uint64_t seed;
	struct message queue[2][QUEUE]; /* to each of them */
	size_t queued[2];
	int changes_left;
};

static struct real *r;

struct path {
	uint8_t count, letter[MAX_STEPS];
};

static void check(int i, int err)
{
	if (err)
		fail_msg("%c: %d %s", 'a' + i, err, taut_pc_error(r->pc[i])->message);
}

/* ---- the pattern ---- */

static void describe(int i)
{
	check(i, taut_pc_set_local_description(r->pc[i], 1, 0, NULL, 0));
	assert_true(r->queued[1 - i] < QUEUE);
	struct message *m = &r->queue[1 - i][r->queued[1 - i]++];
	const char *text = taut_pc_local_description(r->pc[i], &m->type);
	const size_t n = strlen(text) + 1;
	m->text = memcpy(arena_realloc(NULL, NULL, n), text, n);
}

static void deliver(int i)
{
	const struct message m = r->queue[i][0];
	const bool offer = m.type == TAUT_SDP_OFFER;

	memmove(r->queue[i], r->queue[i] + 1, --r->queued[i] * sizeof m);
	if (!offer || i == 1 || taut_pc_signaling_state(r->pc[i]) == TAUT_SIGNALING_STABLE) {
		check(i,
		      taut_pc_set_remote_description(r->pc[i], 1, m.type, m.text, strlen(m.text)));
		if (offer)
			describe(i);
	}
	arena_realloc(NULL, m.text, 0);
}

static void take_events(int i)
{
	const struct taut_event *ev;
	bool needed = false;

	while ((ev = taut_pc_poll_event(r->pc[i])) != NULL)
		needed |= ev->type == TAUT_EV_NEGOTIATION_NEEDED;
	if (needed)
		describe(i);
}

static void stop_first(int i)
{
	const struct taut_transceiver_info *t;

	for (size_t k = 0; (t = taut_pc_transceiver_at(r->pc[i], k)) != NULL; k++)
		if (t->direction != TAUT_STOPPED) {
			check(i, taut_pc_stop_transceiver(r->pc[i], 1, t->id));
			return;
		}
}

/* False: there is nothing to do by this letter. */
static bool act(uint8_t letter)
{
	static const struct taut_transceiver_init init = { .size = sizeof init,
							   .kind = TAUT_AUDIO };
	const int i = letter / ACTIONS, what = letter % ACTIONS;
	taut_transceiver t;

	if (what >= ADD && r->changes_left-- == 0)
		return false;
	switch (what) {
	case DELIVER:
		if (r->queued[i] == 0)
			return false;
		deliver(i);
		break;
	case TAKE_EVENTS:
		take_events(i);
		break;
	case ADD:
		check(i, taut_pc_add_transceiver(r->pc[i], 1, &init, &t));
		break;
	case STOP:
		stop_first(i);
		break;
	default:
		check(i, taut_pc_restart_ice(r->pc[i], 1));
	}
	return true;
}

/* ---- agreement ---- */

static uint32_t mirrored(uint32_t d)
{
	return d == TAUT_SENDONLY ? TAUT_RECVONLY : d == TAUT_RECVONLY ? TAUT_SENDONLY : d;
}

static void assert_same(int i)
{
	const struct taut_transceiver_info *t;

	for (size_t k = 0; (t = taut_pc_transceiver_at(r->pc[i], k)) != NULL; k++) {
		if (t->direction == TAUT_STOPPED) {
			assert_null(t->mid); /* its line is rejected, or there never was one */
			continue;
		}
		assert_non_null(t->mid);
		const struct pc_transceiver *o = NULL;
		for (size_t n = 0; n < r->pc[1 - i]->transceiver_count; n++)
			if (strcmp(r->pc[1 - i]->transceivers[n]->bound.mid, t->mid) == 0)
				o = r->pc[1 - i]->transceivers[n];
		assert_non_null(o);
		assert_int_equal(o->current_direction, mirrored(t->current_direction));
	}
}

static void settle(void)
{
	bool moved = true;

	for (int round = 0; moved; round++) {
		assert_true(round < ROUNDS);
		moved = r->queued[0] > 0 || r->queued[1] > 0;
		for (int i = 0; i < 2; i++)
			if (r->queued[i] > 0)
				deliver(i);
		for (int i = 0; i < 2; i++) {
			const size_t before = r->queued[1 - i];
			take_events(i);
			moved |= r->queued[1 - i] != before;
		}
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(taut_pc_signaling_state(r->pc[i]), TAUT_SIGNALING_STABLE);
		assert_false(r->pc[i]->restart_wanted);
		assert_same(i);
	}
}

/* ---- all orders ---- */

struct hash {
	uint64_t h;
	char ufrag[32][40]; /* in the order in which they are met */
	int ufrags;
};

static void put(struct hash *h, uint64_t v)
{
	h->h = (h->h ^ v) * 0x9e3779b97f4a7c15u;
	h->h ^= h->h >> 29;
}

static void put_ufrag(struct hash *h, const char *at)
{
	char text[40] = { 0 };
	int k = 0;

	memcpy(text, at, strcspn(at, "\r") < 39 ? strcspn(at, "\r") : 39);
	while (k < h->ufrags && strcmp(h->ufrag[k], text) != 0)
		k++;
	if (k == h->ufrags && k < 32)
		memcpy(h->ufrag[h->ufrags++], text, sizeof text);
	put(h, (uint64_t)k);
}

/* But for what is drawn or counted. */
static void put_text(struct hash *h, const char *text)
{
	static const char *const skipped[] = { "o=", "a=ice-pwd", "a=msid", "a=ssrc", "a=finger" };

	for (const char *at = text; at && *at; at += strcspn(at, "\n") + 1) {
		bool skip = false;
		for (size_t k = 0; k < sizeof skipped / sizeof skipped[0]; k++)
			skip |= strncmp(at, skipped[k], strlen(skipped[k])) == 0;
		if (strncmp(at, "a=ice-ufrag:", 12) == 0)
			put_ufrag(h, at + 12);
		else
			for (const char *c = at; !skip && *c && *c != '\n'; c++)
				put(h, (uint8_t)*c);
	}
	put(h, 1);
}

static void put_peer(struct hash *h, int i)
{
	taut_pc *pc = r->pc[i];
	const struct taut_transceiver_info *t;

	put(h, pc->signaling_state);
	put(h, (uint64_t)pc->needed_queued << 4 | (uint64_t)pc->negotiation_needed << 3 |
		       (uint64_t)pc->restart_wanted << 2 | (uint64_t)pc->restarted_here << 1 |
		       pc->restarted_there);
	put(h, pc->candidates.generation - pc->replaced);
	for (size_t k = 0; (t = taut_pc_transceiver_at(pc, k)) != NULL; k++) {
		put(h, t->direction << 8 | t->current_direction);
		put(h, (uint64_t)(pc->transceivers[k]->bound.m_line + 1));
		put(h, (uint64_t)(pc->transceivers[k]->stable.m_line + 1));
	}
	put_text(h, taut_pc_current_local_description(pc, NULL));
	put_text(h, taut_pc_current_remote_description(pc, NULL));
	put_text(h, taut_pc_pending_local_description(pc, NULL));
	put_text(h, taut_pc_pending_remote_description(pc, NULL));
	for (size_t k = 0; k < r->queued[i]; k++) {
		put(h, r->queue[i][k].type);
		put_text(h, r->queue[i][k].text);
	}
}

static uint64_t hash_now(void)
{
	static struct hash h;

	h.h = 1;
	h.ufrags = 0;
	put_peer(&h, 0);
	put_peer(&h, 1);
	put(&h, (uint64_t)r->changes_left);
	return h.h;
}

static int draw(void *ctx, void *out, size_t len)
{
	uint8_t *b = out;

	(void)ctx;
	for (size_t k = 0; k < len; k++) {
		r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
		b[k] = (uint8_t)(r->seed >> 33);
	}
	return 0;
}

static void begin(void)
{
	static const struct taut_codec opus = {
		.size = sizeof opus, .mime = "audio/opus", .clock_rate = 48000, .channels = 2
	};
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = &opus, .codec_count = 1 };
	const struct taut_env_config env = { .size = sizeof env,
					     .realloc = arena_realloc,
					     .random = draw };

	r = arena_begin(sizeof *r);
	r->seed = 1;
	assert_int_equal(taut_env_new(&r->env, &env), TAUT_OK);
	arena_open(true);
	for (int i = 0; i < 2; i++)
		assert_int_equal(taut_pc_new(&r->pc[i], r->env, &cfg, 1), TAUT_OK);
}

static void end(void)
{
	for (int i = 0; i < 2; i++)
		taut_pc_free(r->pc[i]);
	arena_open(false);
	assert_int_equal(taut_env_free(r->env), TAUT_OK);
}

static void print_path(const struct path *p)
{
	for (int k = 0; k < p->count; k++)
		print_error("  %c %s\n", 'a' + p->letter[k] / ACTIONS,
			    action_names[p->letter[k] % ACTIONS]);
}

/* The way to the state at hand, for whoever reads of a failure. */
static struct path now;

static void explore(const char *from)
{
	struct path *paths = malloc(sizeof *paths);
	struct known known = { 0 };
	size_t count = 1, room = 1;

	arena_save(ROOT);
	paths[0] = (struct path){ 0 };
	known_add(&known, hash_now());
	for (size_t n = 0; n < count; n++) {
		now = paths[n];
		arena_restore(ROOT);
		for (int k = 0; k < paths[n].count; k++)
			act(paths[n].letter[k]);
		arena_save(HERE);
		settle();
		for (uint8_t letter = 0; letter < LETTERS; letter++) {
			arena_restore(HERE);
			now = paths[n];
			assert_true(now.count < MAX_STEPS);
			now.letter[now.count++] = letter;
			if (!act(letter) || !known_add(&known, hash_now()))
				continue;
			if (count == room)
				paths = realloc(paths, (room *= 2) * sizeof *paths);
			paths[count++] = now;
		}
	}
	print_message("%s, %d changes: %zu states\n", from, changes, known.count);
	free(paths);
	free(known.hash);
	arena_restore(ROOT);
	now.count = 0;
}

static int say_where(void **state)
{
	(void)state;
	print_path(&now);
	now.count = 0;
	return 0;
}

static void from_two_offers_at_once(void **state)
{
	(void)state;
	begin();
	r->changes_left = 2;
	act(ADD);
	act(ACTIONS + ADD);
	r->changes_left = changes;
	explore("from two offers at once");
	end();
}

static void from_a_session(void **state)
{
	(void)state;
	begin();
	r->changes_left = 2;
	act(ADD);
	act(ACTIONS + ADD);
	settle();
	r->changes_left = changes;
	explore("from a session");
	end();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(from_two_offers_at_once, say_where),
		cmocka_unit_test_teardown(from_a_session, say_where),
	};

	arena_join_openssl();
	if (argc == 3 && strcmp(argv[1], "--changes") == 0)
		changes = (int)strtol(argv[2], NULL, 10);
	if ((argc != 1 && argc != 3) || changes < 0 || changes > 8) {
		(void)fprintf(stderr, "usage: %s [--changes 0..8]\n", argv[0]);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
