/* bench_sdp.c - a browser's offer of sound, video and data: text to struct, and back.
 *
 * The limit only looks at each octet of it once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_offer.h"
#include "sdp/sdp.h"

struct text {
	struct tt_env env;
	struct tt_sdp *sdp;
	volatile unsigned lines; /* so that counting them is not left out */
};

const char *bench_offer_text(void)
{
	return bench_offer;
}

static void *text_open(const struct bench_case *c, const char **why)
{
	struct text *t = calloc(1, sizeof *t);

	(void)c;
	if (!t)
		abort();
	tt_env_init(&t->env, NULL);
	if (tt_sdp_read(&t->sdp, &t->env, bench_offer, sizeof bench_offer - 1, NULL) == TAUT_OK)
		return t;
	*why = "the offer does not parse";
	free(t);
	return NULL;
}

static void text_close(void *me)
{
	struct text *t = me;

	tt_sdp_free(t->sdp);
	free(t);
}

static void read_one(struct text *t)
{
	struct tt_sdp *sdp;

	if (tt_sdp_read(&sdp, &t->env, bench_offer, sizeof bench_offer - 1, NULL) != TAUT_OK)
		abort();
	tt_sdp_free(sdp);
}

static void write_one(struct text *t)
{
	char *out = NULL;
	size_t len;

	if (tt_sdp_write(t->sdp, &t->env, &out, &len) != TAUT_OK)
		abort();
	tt_free(&t->env, out);
}

static void scan_one(struct text *t)
{
	for (const char *p = bench_offer; *p; p++)
		t->lines += *p == '\n';
}

static void run_with(struct text *t, void (*work)(struct text *), uint64_t packets,
		     struct bench_sample *out)
{
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();

	for (uint64_t i = 0; i < packets; i++)
		work(t);
	*out = (struct bench_sample){ .packets = packets,
				      .bytes = packets * (sizeof bench_offer - 1),
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs };
}

static void read_run(void *me, uint64_t packets, struct bench_sample *out)
{
	run_with(me, read_one, packets, out);
}

static void write_run(void *me, uint64_t packets, struct bench_sample *out)
{
	run_with(me, write_one, packets, out);
}

static void scan_run(void *me, uint64_t packets, struct bench_sample *out)
{
	run_with(me, scan_one, packets, out);
}

static const struct bench_case cases[] = {
	{ "limit", "sdp", "read Chromium's offer", 0, "all but a look at each octet", text_open,
	  scan_run, text_close, 0 },
	{ "taut", "sdp", "read Chromium's offer", 0, NULL, text_open, read_run, text_close, 0 },
	{ "taut", "sdp", "write it again", 0, NULL, text_open, write_run, text_close, 0 },
};

const struct bench bench_sdp = {
	.name = "sdp",
	.summary = "an offer of sound, video and data",
	.unit = "a description",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
