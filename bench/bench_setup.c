/* bench_setup.c - from nothing to an open data channel, over loopback.
 *
 * The limit is the DTLS handshake alone. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_pair.h"
#include "bench_tls.h"

enum { MOST = 65536 };

/* ---- taut ---- */

struct setup {
	taut_loop *loops[2];
	bool media;
	double took[MOST];
};

static void *setup_open(const struct bench_case *c, const char **why)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .flags = TAUT_LOOP_NO_IPV6 };
	struct setup *s = calloc(1, sizeof *s);

	*why = "no loop could be made";
	if (!s)
		return NULL;
	s->media = c->arg;
	if (taut_loop_new(&s->loops[0], &cfg) == TAUT_OK &&
	    taut_loop_new(&s->loops[1], &cfg) == TAUT_OK)
		return s;
	if (s->loops[0])
		taut_loop_free(s->loops[0]);
	free(s);
	return NULL;
}

static void setup_close(void *me)
{
	struct setup *s = me;

	taut_loop_free(s->loops[0]);
	taut_loop_free(s->loops[1]);
	free(s);
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void setup_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct setup *s = me;
	const struct bench_pair_config cfg = { .data = true,
					       .media = s->media,
					       .loops = { s->loops[0], s->loops[1] } };
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
	  setup_close, 1 },
};

const struct bench bench_setup = { "setup", "two connections come up over loopback",
				   "a pair of connections", cases, sizeof cases / sizeof cases[0] };
