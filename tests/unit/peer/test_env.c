/* test_env.c - who is ready and when the next one will be: against asking every connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "taut/taut.h"

enum { PCS = 24, STEPS = 1500, SECOND = 1000000 };

struct world {
	taut_env *env;
	taut_pc *pc[PCS];
	taut_time now;
	uint64_t seed;
};

static unsigned draw(struct world *w, unsigned below)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(w->seed >> 33) % below;
}

static void make(struct world *w, int i)
{
	static const struct taut_ice_server server = { .size = sizeof server,
						       .url = "stun:192.0.2.1:3478" };
	const struct taut_config cfg = { .size = sizeof cfg,
					 .ice_servers = &server,
					 .ice_server_count = 1 };

	assert_int_equal(taut_pc_new(&w->pc[i], w->env, &cfg, w->now), TAUT_OK);
}

/* Gathering from a server that never answers: deadlines that differ from one to the next. */
static void begin_gathering(struct world *w, taut_pc *pc)
{
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "x" };
	struct taut_interface lan = { .size = sizeof lan, .index = 2, .name = "lan" };
	taut_channel channel;

	if (taut_pc_signaling_state(pc) == TAUT_SIGNALING_CLOSED)
		return;
	lan.addr = (struct taut_addr){ .family = 4, .ip = { 10, 0, 0, 1 } };
	assert_int_equal(taut_pc_set_interfaces(pc, w->now, &lan, 1), TAUT_OK);
	if (taut_pc_buffered_amount(pc, 1) < 0)
		assert_int_equal(taut_pc_create_data_channel(pc, w->now, &init, &channel), TAUT_OK);
	assert_int_equal(taut_pc_set_local_description(pc, w->now, 0, NULL, 0), TAUT_OK);
}

static void serve(struct world *w, taut_pc *pc)
{
	uint8_t buf[2048];
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };
	const struct taut_io *io;

	taut_pc_tick(pc, w->now);
	while ((io = taut_pc_poll_io(pc)) != NULL) {
		struct taut_addr bound = io->local;
		bound.port = 1000;
		taut_pc_io_result(pc, w->now, io->flow, 0, &bound, 1);
	}
	while (taut_pc_poll_event(pc))
		;
	while (taut_pc_poll_send(pc, w->now, &d) == 1)
		;
}

static taut_time first_of_all(const struct world *w)
{
	taut_time first = INT64_MAX;

	for (int i = 0; i < PCS; i++)
		if (w->pc[i] && taut_pc_deadline(w->pc[i], NULL) < first)
			first = taut_pc_deadline(w->pc[i], NULL);
	return first;
}

/* Serves who is named; nobody is named in vain for ever, and nobody due is left out. */
static void serve_ready(struct world *w)
{
	taut_pc *pc;
	unsigned turns = 0;

	while ((pc = taut_env_ready(w->env, w->now)) != NULL) {
		serve(w, pc);
		assert_true(++turns < 20 * PCS);
	}
	assert_true(first_of_all(w) > w->now);
}

static void random_step(struct world *w)
{
	const int i = (int)draw(w, PCS);

	switch (draw(w, 6)) {
	case 0:
		taut_pc_free(w->pc[i]);
		w->pc[i] = NULL;
		make(w, i);
		break;
	case 1:
		begin_gathering(w, w->pc[i]);
		break;
	case 2:
		taut_pc_close(w->pc[i], w->now);
		break;
	case 3:
		w->now += (taut_time)draw(w, SECOND / 4);
		break;
	default:
		if (taut_env_deadline(w->env, NULL) != INT64_MAX)
			w->now = taut_env_deadline(w->env, NULL);
	}
}

static void readiness_and_deadline_are_those_of_all(void **state)
{
	struct world w = { .now = SECOND, .seed = 1 };
	const struct taut_env_config cfg = { .size = sizeof cfg };

	(void)state;
	assert_int_equal(taut_env_new(&w.env, &cfg), TAUT_OK);
	assert_null(taut_env_ready(w.env, w.now));
	assert_true(taut_env_deadline(w.env, NULL) == INT64_MAX);
	for (int i = 0; i < PCS; i++)
		make(&w, i);
	for (int step = 0; step < STEPS; step++) {
		const char *why = NULL;
		random_step(&w);
		assert_true(taut_env_deadline(w.env, NULL) == first_of_all(&w));
		serve_ready(&w);
		const taut_time first = taut_env_deadline(w.env, &why);
		assert_true(first == first_of_all(&w));
		if (first != INT64_MAX)
			assert_non_null(why);
	}
	for (int i = 0; i < PCS; i++)
		taut_pc_free(w.pc[i]);
	assert_int_equal(taut_env_free(w.env), TAUT_OK);
}

/* One that always has something to do is no reason for the others to wait. */
static void a_busy_connection_starves_no_other(void **state)
{
	struct world w = { .now = SECOND };
	const struct taut_env_config cfg = { .size = sizeof cfg };
	unsigned turns[3] = { 0 };

	(void)state;
	assert_int_equal(taut_env_new(&w.env, &cfg), TAUT_OK);
	for (int i = 0; i < 3; i++)
		make(&w, i);
	for (int round = 0; round < 30; round++) {
		taut_pc *pc = taut_env_ready(w.env, w.now);
		for (int i = 0; i < 3; i++)
			turns[i] += w.pc[i] == pc;
		taut_pc_tick(w.pc[0], w.now); /* and again, whoever it was */
		taut_pc_tick(w.pc[1], w.now);
		taut_pc_tick(w.pc[2], w.now);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(turns[i], 10);
	for (int i = 0; i < 3; i++)
		taut_pc_free(w.pc[i]);
	assert_int_equal(taut_env_free(w.env), TAUT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readiness_and_deadline_are_those_of_all),
		cmocka_unit_test(a_busy_connection_starves_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
