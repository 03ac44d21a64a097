/* bench_setup.c - from nothing to an open data channel, over loopback.
 *
 * The limit is the DTLS handshake alone. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_pair.h"
#include "bench_tls.h"

enum { MOST = 65536, MEDIA = 1, ONE_SOCKET = 2 };

/* ---- taut ---- */

struct setup {
	taut_loop *loops[2];
	bool media;
	struct bench_pair *there; /* one that is up already and keeps the shared socket open */
	double took[MOST];
};

static struct bench_pair_config config_of(const struct setup *s)
{
	return (struct bench_pair_config){ .data = true,
					   .media = s->media,
					   .loops = { s->loops[0], s->loops[1] } };
}

static void setup_close(void *me)
{
	struct setup *s = me;

	if (s->there)
		bench_pair_free(s->there);
	for (int i = 0; i < 2; i++)
		taut_loop_free(s->loops[i]);
	free(s);
}

static void *setup_open(const struct bench_case *c, const char **why)
{
	struct taut_loop_config cfg = { .size = sizeof cfg, .flags = TAUT_LOOP_NO_IPV6 };
	struct setup *s = calloc(1, sizeof *s);

	*why = "no loop could be made";
	if (!s)
		return NULL;
	s->media = c->arg & MEDIA;
	bool ok = taut_loop_new(&s->loops[0], &cfg) == TAUT_OK;
	if (c->arg & ONE_SOCKET)
		cfg.flags |= TAUT_LOOP_ONE_SOCKET; /* of the answering side */
	ok = ok && taut_loop_new(&s->loops[1], &cfg) == TAUT_OK;
	if (ok && c->arg & ONE_SOCKET) {
		const struct bench_pair_config pair = config_of(s);
		s->there = bench_pair_new(&pair, why);
		ok = s->there != NULL;
	}
	if (ok)
		return s;
	setup_close(s);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void setup_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct setup *s = me;
	const struct bench_pair_config cfg = config_of(s);
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t done = 0, n = packets < MOST ? packets : MOST;

	for (uint64_t i = 0; i < n; i++) {
		const char *why = NULL;
		const double start = bench_wall_us();
		struct bench_pair *p = bench_pair_new(&cfg, &why);
		if (!p)
			continue;
		s->took[done++] = bench_wall_us() - start;
		bench_pair_free(p);
	}
	*out = (struct bench_sample){ .packets = done,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs,
				      .lost = (double)(n - done) / (double)n };
	qsort(s->took, done, sizeof *s->took, by_value);
	if (done > 0) {
		out->more[0] = (struct bench_more){ "p50_ms", s->took[done / 2] / 1e3 };
		out->more[1] = (struct bench_more){ "p99_ms", s->took[done * 99 / 100] / 1e3 };
	}
}

/* ---- the limit ---- */

static void *handshake_open(const struct bench_case *c, const char **why)
{
	(void)c, (void)why;
	return bench_tls_new();
}

static void handshake_close(void *me)
{
	bench_tls_free(me);
}

static void handshake_run(void *me, uint64_t packets, struct bench_sample *out)
{
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t done = 0;

	for (uint64_t i = 0; i < packets; i++) {
		SSL *ssl[2];
		done += bench_tls_shake(me, ssl);
		SSL_free(ssl[0]);
		SSL_free(ssl[1]);
	}
	*out = (struct bench_sample){ .packets = done,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs,
				      .lost = (double)(packets - done) / (double)packets };
}

static const struct bench_case cases[] = {
	{ "limit", "setup", "to an open data channel", 0, "all but DTLS", handshake_open,
	  handshake_run, handshake_close, 0 },
	{ "taut", "setup", "to an open data channel", 0, NULL, setup_open, setup_run, setup_close,
	  0 },
	{ "taut", "setup", "the same, with sound and video", 0, NULL, setup_open, setup_run,
	  setup_close, MEDIA },
	{ "taut", "setup", "the same, one side on one socket", 0, NULL, setup_open, setup_run,
	  setup_close, ONE_SOCKET },
};

const struct bench bench_setup = {
	.name = "setup",
	.summary = "two connections come up over loopback",
	.unit = "a pair of connections",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
