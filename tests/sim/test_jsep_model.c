/* test_jsep_model.c - offer and answer in lock-step with a model: sim_jsep.h.
 *
 * Every sequence of the calls of enum jsep_call, on either of two connections, to a depth. After each
 * call the error, the signaling state, the events, the transceivers and the four descriptions of the
 * connection are as the model says. Sequences that lead to the same state are followed once: they are
 * walked in breadth, and a state is known by the hash of the model, which names all that is compared.
 *
 *     test_sim_jsep_model               what ./dev test runs
 *     test_sim_jsep_model --depth 6     the depth from each beginning, all sequences of six calls */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_arena.h"
#include "sim/sim_jsep.h"
#include "sim/sim_known.h"
#include "taut/taut.h"

enum { LETTERS = 2 * JSEP_CALLS, MAX_DEPTH = 12, UFRAGS = 96, ROOT = 0, HERE = 1 };

static int depth_of_test = 4;

/* All of it lies in the arena. */
struct real {
	taut_env *env;
	taut_pc *pc[2];
	uint64_t seed;
	char *made[2], *offer[2], *answer[2]; /* texts, as in the model */
	char ufrag[UFRAGS][40];               /* the numbers of the model */
	struct jsep_world model;
};

static struct real *r;

struct path {
	uint8_t depth, letter[MAX_DEPTH];
};

/* ---- descriptions as text ---- */

static int16_t number_of_ufrag(const char *at)
{
	char text[40] = { 0 };
	int k = 0;

	memcpy(text, at, strcspn(at, "\r\n") < 39 ? strcspn(at, "\r\n") : 39);
	while (r->ufrag[k][0] && strcmp(r->ufrag[k], text) != 0)
		k++;
	assert_true(k < UFRAGS - 1);
	memcpy(r->ufrag[k], text, sizeof text);
	return (int16_t)k;
}

static void scan_line(struct jsep_desc *d, const char *at)
{
	static const char *const directions[] = { "", "a=sendrecv", "a=sendonly", "a=recvonly",
						  "a=inactive" };
	struct jsep_line *l = &d->line[d->count - 1];

	if (strncmp(at, "a=mid:", 6) == 0)
		l->mid = (int16_t)strtol(at + 6, NULL, 10);
	else if (strncmp(at, "a=bundle-only", 13) == 0)
		l->lives = 1;
	else if (strncmp(at, "a=ice-ufrag:", 12) == 0)
		d->ufrag = number_of_ufrag(at + 12);
	else if (strncmp(at, "a=setup:active", 14) == 0)
		d->active = 1;
	for (uint8_t k = 1; k <= 4; k++)
		if (strncmp(at, directions[k], strlen(directions[k])) == 0)
			l->direction = k;
}

static void scan(const char *text, uint32_t type, struct jsep_desc *d)
{
	memset(d, 0, sizeof *d);
	d->type = (uint8_t)type;
	d->ufrag = JSEP_NONE;
	for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
		if (at[0] == 'm') {
			assert_true(d->count < JSEP_LINES);
			d->line[d->count++] =
				(struct jsep_line){ JSEP_NONE, at[strlen("m=audio ")] != '0', 0 };
		} else if (d->count > 0) {
			scan_line(d, at);
		}
	}
}

static void keep(char **place, const char *text)
{
	const size_t n = strlen(text) + 1;

	*place = memcpy(arena_realloc(NULL, *place, n), text, n);
}

/* ---- one call ---- */

static void say(const struct path *p, const char *what, long is, long should)
{
	for (int k = 0; k < p->depth; k++)
		print_error("  %c.%s\n", 'a' + p->letter[k] / JSEP_CALLS,
			    jsep_call_name((enum jsep_call)(p->letter[k] % JSEP_CALLS)));
	fail_msg("%s: %ld, by the model %ld", what, is, should);
}

static int set_remote(int i, uint32_t type, const char *text)
{
	return taut_pc_set_remote_description(r->pc[i], 1, type, text, strlen(text));
}

static int set_local(int i, uint32_t type)
{
	const char *text = r->model.p[i].made.type == (type == TAUT_SDP_OFFER ? TAUT_SDP_OFFER
									      : TAUT_SDP_ANSWER)
				   ? r->made[i]
				   : NULL;

	return taut_pc_set_local_description(r->pc[i], 1, type, text, text ? strlen(text) : 0);
}

static int stop_first(taut_pc *pc)
{
	const struct taut_transceiver_info *t;

	for (size_t k = 0; (t = taut_pc_transceiver_at(pc, k)) != NULL; k++)
		if (t->direction != TAUT_STOPPED)
			return taut_pc_stop_transceiver(pc, 1, t->id);
	return TAUT_E_GONE;
}

static int really(int i, enum jsep_call c, const char **made)
{
	static const struct taut_transceiver_init init = { .size = sizeof init,
							   .kind = TAUT_AUDIO };
	taut_pc *pc = r->pc[i];
	taut_transceiver t;

	switch (c) {
	case JSEP_CREATE_OFFER:
		return taut_pc_create_offer(pc, 1, made);
	case JSEP_CREATE_ANSWER:
		return taut_pc_create_answer(pc, 1, made);
	case JSEP_LOCAL_OFFER:
		return set_local(i, TAUT_SDP_OFFER);
	case JSEP_LOCAL_PRANSWER:
		return set_local(i, TAUT_SDP_PRANSWER);
	case JSEP_LOCAL_ANSWER:
		return set_local(i, TAUT_SDP_ANSWER);
	case JSEP_REMOTE_OFFER:
		return set_remote(i, TAUT_SDP_OFFER, r->offer[1 - i]);
	case JSEP_REMOTE_PRANSWER:
		return set_remote(i, TAUT_SDP_PRANSWER, r->answer[1 - i]);
	case JSEP_REMOTE_ANSWER:
		return set_remote(i, TAUT_SDP_ANSWER, r->answer[1 - i]);
	case JSEP_ROLLBACK:
		return taut_pc_set_local_description(pc, 1, TAUT_SDP_ROLLBACK, NULL, 0);
	case JSEP_ADD_TRANSCEIVER:
		return taut_pc_add_transceiver(pc, 1, &init, &t);
	case JSEP_STOP:
		return stop_first(pc);
	default:
		return taut_pc_restart_ice(pc, 1);
	}
}

/* ---- what can be seen of a connection ---- */

static void compare_desc(const struct path *p, const char *what, const char *text, uint32_t type,
			 const struct jsep_desc *model)
{
	struct jsep_desc is;

	if (!text || model->type == 0) {
		if (text || model->type)
			say(p, what, text ? (long)type : 0, model->type);
		return;
	}
	scan(text, type, &is);
	if (is.type != model->type || is.count != model->count)
		say(p, what, is.type * 100 + is.count, model->type * 100 + model->count);
	for (int k = 0; k < is.count; k++)
		if (is.line[k].mid != model->line[k].mid ||
		    is.line[k].lives != model->line[k].lives ||
		    (is.line[k].lives && is.line[k].direction != model->line[k].direction))
			say(p, what, k, -1);
	if (is.ufrag != model->ufrag)
		say(p, what, is.ufrag, model->ufrag);
}

static void compare_descs(const struct path *p, int i)
{
	static const struct {
		const char *name;
		const char *(*get)(taut_pc *pc, uint32_t *type);
	} all[] = { { "the current local description", taut_pc_current_local_description },
		    { "the current remote description", taut_pc_current_remote_description },
		    { "the pending local description", taut_pc_pending_local_description },
		    { "the pending remote description", taut_pc_pending_remote_description } };
	const struct jsep_peer *m = &r->model.p[i];
	const struct jsep_desc *const should[] = { &m->local, &m->remote, &m->pending_local,
						   &m->pending_remote };

	for (int k = 0; k < 4; k++) {
		uint32_t type = 0;
		const char *text = all[k].get(r->pc[i], &type);
		compare_desc(p, all[k].name, text, type, should[k]);
	}
}

static void compare_transceivers(const struct path *p, int i)
{
	const struct jsep_peer *m = &r->model.p[i];

	for (int k = 0; k <= m->count; k++) {
		const struct taut_transceiver_info *t = taut_pc_transceiver_at(r->pc[i], (size_t)k);
		const struct jsep_transceiver *s = &m->t[k];
		if (k == m->count || !t) {
			if (t || k < m->count)
				say(p, "the number of transceivers", k + (t != NULL), m->count);
			return;
		}
		if (t->direction != (s->stopping ? TAUT_STOPPED : s->direction))
			say(p, "a direction", t->direction, s->direction);
		if (t->current_direction != (s->stopped ? TAUT_STOPPED : s->current))
			say(p, "a current direction", t->current_direction, s->current);
		if ((t->mid ? (int)strtol(t->mid, NULL, 10) : JSEP_NONE) != s->mid)
			say(p, "a mid", t->mid ? (int)strtol(t->mid, NULL, 10) : JSEP_NONE, s->mid);
	}
}

static void compare(const struct path *p, int i, int fired)
{
	const struct jsep_peer *m = &r->model.p[i];
	const struct taut_event *ev;
	int needed = 0;

	if (taut_pc_signaling_state(r->pc[i]) != m->state)
		say(p, "the signaling state", taut_pc_signaling_state(r->pc[i]), m->state);
	while ((ev = taut_pc_poll_event(r->pc[i])) != NULL)
		needed += ev->type == TAUT_EV_NEGOTIATION_NEEDED;
	if (needed != fired)
		say(p, "events of negotiationneeded", needed, fired);
	compare_transceivers(p, i);
	compare_descs(p, i);
}

static void compare_error(const struct path *p, int i, int err, enum jsep_verdict should)
{
	static const char *const names[] = { "", "InvalidStateError", "InvalidAccessError" };
	const struct taut_error *e = taut_pc_error(r->pc[i]);

	if ((err != TAUT_OK) != (should != JSEP_FINE) ||
	    (err && strcmp(e->dom_name, names[should]) != 0)) {
		print_error("%s: %s\n", err ? e->dom_name : "done", err ? e->message : "");
		say(p, "what is returned", err, should);
	}
}

static void judge_made(const struct path *p, int i, enum jsep_call c, const char *text,
		       struct jsep_desc *made)
{
	struct jsep_desc expected;

	if (!text)
		text = taut_pc_local_description(r->pc[i], NULL);
	jsep_expect(&r->model, i, c, &expected);
	scan(text, expected.type, made);
	const char *why = jsep_fits(&r->model, i, &expected, made);
	if (why) {
		print_error("%s\n", text);
		say(p, why, -1, -1);
	}
	keep(&r->made[i], text);
}

/* False: nothing can be called with this letter. */
static bool call(struct path *p, uint8_t letter)
{
	const int i = letter / JSEP_CALLS;
	const enum jsep_call c = (enum jsep_call)(letter % JSEP_CALLS);
	struct jsep_desc made = { 0 };
	const char *text = NULL;

	if (!jsep_applies(&r->model, i, c))
		return false;
	p->letter[p->depth++] = letter;
	const enum jsep_verdict should = jsep_check(&r->model, i, c);
	compare_error(p, i, really(i, c, &text), should);
	if (should == JSEP_FINE) {
		if (jsep_makes(&r->model, i, c))
			judge_made(p, i, c, text, &made);
		jsep_apply(&r->model, i, c, &made);
		if (c == JSEP_LOCAL_OFFER)
			keep(&r->offer[i], taut_pc_local_description(r->pc[i], NULL));
		if (c == JSEP_LOCAL_PRANSWER || c == JSEP_LOCAL_ANSWER)
			keep(&r->answer[i], taut_pc_local_description(r->pc[i], NULL));
	}
	compare(p, i, should == JSEP_FINE ? r->model.p[i].fired : 0);
	return true;
}

/* ---- all of them ---- */

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
	jsep_init(&r->model);
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

/* From the state at hand, which is saved as ROOT. */
static void explore(const char *from, int depth)
{
	struct path *paths = malloc(sizeof *paths);
	struct known known = { 0 };
	size_t count = 1, room = 1, calls = 0;

	arena_save(ROOT);
	paths[0] = (struct path){ 0 };
	known_add(&known, jsep_hash(&r->model));
	for (size_t n = 0; n < count; n++) {
		struct path walk = { 0 };
		arena_restore(ROOT);
		for (int k = 0; k < paths[n].depth; k++)
			call(&walk, paths[n].letter[k]);
		arena_save(HERE);
		for (uint8_t letter = 0; letter < LETTERS; letter++) {
			struct path next = paths[n];
			arena_restore(HERE);
			if (!call(&next, letter))
				continue;
			calls++;
			if (!known_add(&known, jsep_hash(&r->model)) || next.depth == depth)
				continue;
			if (count == room)
				paths = realloc(paths, (room *= 2) * sizeof *paths);
			paths[count++] = next;
		}
	}
	print_message("%s, depth %d: %zu states, %zu calls\n", from, depth, known.count, calls);
	free(paths);
	free(known.hash);
	arena_restore(ROOT);
}

static void walk(const uint8_t *letters, size_t n)
{
	struct path p = { 0 };

	for (size_t k = 0; k < n; k++)
		assert_true(call(&p, letters[k]));
}

#define A(c) (JSEP_##c)
#define B(c) (JSEP_CALLS + JSEP_##c)

static void from_the_beginning(void **state)
{
	(void)state;
	begin();
	explore("from the beginning", depth_of_test);
	end();
}

static void from_a_session_of_two_m_lines(void **state)
{
	static const uint8_t letters[] = { A(ADD_TRANSCEIVER), A(LOCAL_OFFER),   B(REMOTE_OFFER),
					   B(LOCAL_ANSWER),    A(REMOTE_ANSWER), B(ADD_TRANSCEIVER),
					   B(LOCAL_OFFER),     A(REMOTE_OFFER),  A(LOCAL_ANSWER),
					   B(REMOTE_ANSWER) };

	(void)state;
	begin();
	walk(letters, sizeof letters);
	explore("from a session of two m-lines", depth_of_test);
	end();
}

static void from_glare(void **state)
{
	static const uint8_t letters[] = { A(ADD_TRANSCEIVER), B(ADD_TRANSCEIVER), A(LOCAL_OFFER),
					   B(LOCAL_OFFER) };

	(void)state;
	begin();
	walk(letters, sizeof letters);
	explore("from glare", depth_of_test);
	end();
}

static void from_a_rejected_m_line(void **state)
{
	static const uint8_t letters[] = {
		A(ADD_TRANSCEIVER), A(ADD_TRANSCEIVER), A(LOCAL_OFFER),  B(REMOTE_OFFER),
		B(LOCAL_ANSWER),    A(REMOTE_ANSWER),   A(STOP),         A(LOCAL_OFFER),
		B(REMOTE_OFFER),    B(LOCAL_ANSWER),    A(REMOTE_ANSWER)
	};

	(void)state;
	begin();
	walk(letters, sizeof letters);
	explore("from a rejected m-line", depth_of_test);
	end();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_beginning),
		cmocka_unit_test(from_a_session_of_two_m_lines),
		cmocka_unit_test(from_glare),
		cmocka_unit_test(from_a_rejected_m_line),
	};

	arena_join_openssl();
	if (argc == 3 && strcmp(argv[1], "--depth") == 0)
		depth_of_test = (int)strtol(argv[2], NULL, 10);
	if ((argc != 1 && argc != 3) || depth_of_test < 1 || depth_of_test > MAX_DEPTH) {
		(void)fprintf(stderr, "usage: %s [--depth 1..%d]\n", argv[0], MAX_DEPTH);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
