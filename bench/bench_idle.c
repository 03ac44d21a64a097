/* bench_idle.c - what a connection costs that does nothing: memory, and time for its keepalives.
 *
 * CPU is that of one connection in one second of the clock, while its loops wait as they would in a
 * program. The limit is that of memory: ends of DTLS after their handshake, which do nothing else. */
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_pair.h"
#include "bench_tls.h"

enum {
	PAIRS = 100,
	STEP = 20000,
	REST = 1500000,    /* after a second without data a connection gives buffers back */
	LONGEST = 5000000, /* each asks for consent once in that time */
};
enum { MEDIA = 1, ONE_SOCKET = 2 };

struct idle {
	struct bench_pair_config cfg;
	taut_loop *loops[2];
	struct bench_pair *pairs[PAIRS];
	double kb_each, fds_each;
};

static double descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	double n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void free_pairs(struct idle *s)
{
	for (int i = 0; i < PAIRS; i++) {
		if (s->pairs[i])
			bench_pair_free(s->pairs[i]);
		s->pairs[i] = NULL;
	}
}

static void idle_close(void *me)
{
	struct idle *s = me;

	free_pairs(s);
	for (int i = 0; i < 2; i++)
		if (s->loops[i])
			taut_loop_free(s->loops[i]);
	free(s);
}

static void let_pass(struct idle *s, double us)
{
	const double end = bench_wall_us() + us;

	while (bench_wall_us() < end)
		for (int i = 0; i < 2; i++)
			(void)taut_loop_step(s->loops[i], STEP);
}

struct waiting {
	taut_loop *loop;
	double end;
};

static void *wait_on(void *arg)
{
	const struct waiting *w = arg;

	for (double left; (left = w->end - bench_wall_us()) > 0;)
		(void)taut_loop_step(w->loop, (taut_time)left + 1);
	return NULL;
}

/* Each loop sleeps in a thread of its own: one that took turns with the other would have to be woken for
 * that, and more often than connections that rest. */
static void sleep_through(struct idle *s, double us)
{
	struct waiting w[2];
	pthread_t other;

	for (int i = 0; i < 2; i++)
		w[i] = (struct waiting){ s->loops[i], bench_wall_us() + us };
	if (pthread_create(&other, NULL, wait_on, &w[1]) != 0)
		abort();
	wait_on(&w[0]);
	(void)pthread_join(other, NULL);
}

static bool all_connected(const struct idle *s)
{
	for (int i = 0; i < PAIRS; i++)
		for (int k = 0; k < 2; k++)
			if (taut_pc_connection_state(s->pairs[i]->end[k].pc) !=
			    TAUT_STATE_CONNECTED)
				return false;
	return true;
}

/* While others had their rounds nobody ran the loops: consent may be over, and what is over rests well. */
static bool come_back(struct idle *s)
{
	const char *why;

	let_pass(s, REST);
	if (all_connected(s))
		return true;
	free_pairs(s);
	for (int i = 0; i < PAIRS; i++)
		if (!(s->pairs[i] = bench_pair_new(&s->cfg, &why)))
			return false;
	let_pass(s, REST);
	return true;
}

static void *idle_open(const struct bench_case *c, const char **why)
{
	struct taut_loop_config loop = { .size = sizeof loop, .flags = TAUT_LOOP_NO_IPV6 };
	struct idle *s = calloc(1, sizeof *s);
	struct bench_pair_config cfg = { .data = true, .media = c->arg & MEDIA };

	*why = "the connections could not be made";
	if (!s)
		return NULL;
	for (int i = 0; i < 2; i++) {
		if (taut_loop_new(&s->loops[i], &loop) != TAUT_OK) {
			idle_close(s);
			return NULL;
		}
		cfg.loops[i] = s->loops[i];
		if (c->arg & ONE_SOCKET)
			loop.flags |= TAUT_LOOP_ONE_SOCKET; /* of the answering side */
	}
	s->cfg = cfg;
	const double fds = descriptors();
	long before = 0;
	for (int i = 0; i < PAIRS; i++) {
		s->pairs[i] = bench_pair_new(&cfg, why);
		if (!s->pairs[i]) {
			idle_close(s);
			return NULL;
		}
		if (i > 0)
			continue;
		let_pass(s, REST);
		before = bench_heap_kb(); /* the first one pays for what all share */
	}
	let_pass(s, REST);
	s->kb_each = (double)(bench_heap_kb() - before) / (2.0 * (PAIRS - 1));
	s->fds_each = (descriptors() - fds) / (2.0 * PAIRS);
	return s;
}

/* A second of one connection counts as one. */
static void idle_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct idle *s = me;
	const bool there = come_back(s);
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	const double asked = 1e6 * (double)packets / (2.0 * PAIRS);

	sleep_through(s, asked < LONGEST ? asked : LONGEST);
	const double took = bench_wall_us() - wall;
	*out = (struct bench_sample){ .packets = (uint64_t)(took / 1e6 * 2 * PAIRS),
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = took,
				      .allocations = bench_allocations() - mallocs,
				      .whole = asked >= LONGEST,
				      .gave_up = there && all_connected(s)
							 ? NULL
							 : "connections did not stay",
				      .more = { { "kb_per_connection", s->kb_each },
						{ "fds_per_connection", s->fds_each } } };
}

/* ---- the limit ---- */

struct ends {
	struct bench_tls *tls;
	SSL *ssl[PAIRS][2];
	double kb_each;
};

static void ends_close(void *me)
{
	struct ends *e = me;

	for (int i = 0; i < PAIRS; i++)
		for (int k = 0; k < 2; k++)
			SSL_free(e->ssl[i][k]);
	bench_tls_free(e->tls);
	free(e);
}

static void *ends_open(const struct bench_case *c, const char **why)
{
	struct ends *e = calloc(1, sizeof *e);
	long before = 0;

	(void)c;
	if (!e)
		abort();
	*why = "a handshake failed";
	e->tls = bench_tls_new();
	for (int i = 0; i < PAIRS; i++) {
		if (i == 1)
			before = bench_heap_kb();
		if (!bench_tls_shake(e->tls, e->ssl[i])) {
			ends_close(e);
			return NULL;
		}
	}
	e->kb_each = (double)(bench_heap_kb() - before) / (2.0 * (PAIRS - 1));
	return e;
}

/* They have no keepalives: what counts is that they are there. */
static void ends_run(void *me, uint64_t packets, struct bench_sample *out)
{
	const struct ends *e = me;

	*out = (struct bench_sample){ .packets = packets,
				      .whole = true,
				      .more = { { "kb_per_connection", e->kb_each } } };
}

static const struct bench_case cases[] = {
	{ "limit", "idle", "connected, with a data channel", 0, "all but OpenSSL's memory",
	  ends_open, ends_run, ends_close, 0 },
	{ "taut", "idle", "connected, with a data channel", 0, NULL, idle_open, idle_run,
	  idle_close, 0 },
	{ "taut", "idle", "the same, with sound and video", 0, NULL, idle_open, idle_run,
	  idle_close, MEDIA },
	{ "taut", "idle", "one side on one socket", 0, NULL, idle_open, idle_run, idle_close,
	  ONE_SOCKET },
};

const struct bench bench_idle = {
	.name = "idle",
	.summary = "100 pairs of connections that say nothing",
	.unit = "a second of a connection",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
