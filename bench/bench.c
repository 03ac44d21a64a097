/* bench.c - rounds, medians, rows. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 99, CASES_MAX = 64, FIRST = 256 };

struct runner {
	const struct bench_case *c;
	void *me;
	bool apart;
	uint64_t packets;    /* in a round */
	const char *gave_up; /* NULL: it goes on */
	struct bench_sample samples[ROUNDS_MAX];
};

static void run(struct runner *r, uint64_t packets, struct bench_sample *out)
{
	(r->apart ? bench_apart_run : r->c->run)(r->me, packets, out);
	r->gave_up = out->gave_up;
}

/* As many packets as take about that long: doubled until a round takes a tenth of it. */
static void find_length(struct runner *r, double seconds)
{
	struct bench_sample s = { 0 };

	for (r->packets = FIRST;; r->packets *= 2) {
		memset(&s, 0, sizeof s);
		run(r, r->packets, &s);
		if (s.gave_up)
			return;
		if (s.whole) {
			r->packets = s.packets;
			return;
		}
		if (s.cpu_us > seconds * 1e5 || r->packets > UINT64_C(1) << 40)
			break;
	}
	const double each = s.cpu_us / (double)(s.packets ? s.packets : 1);
	const double want = seconds * 1e6 / (each > 0 ? each : 1);
	r->packets = want > FIRST ? (uint64_t)want : FIRST;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct bench_figure figure(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
	const double median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
	return (struct bench_figure){ median, values[n / 4], values[n - 1 - n / 4] };
}

/* Medians of what only this bench tells. */
static void more_of(const struct runner *r, size_t rounds, struct bench_row *row)
{
	double values[ROUNDS_MAX];

	for (size_t k = 0; k < BENCH_MORE && *r->samples[0].more[k].name; k++) {
		for (size_t i = 0; i < rounds; i++)
			values[i] = r->samples[i].more[k].value;
		row->more[k] = r->samples[0].more[k];
		row->more[k].value = figure(values, rounds).median;
	}
}

static struct bench_row row_of(const struct runner *r, size_t rounds)
{
	double cpu[ROUNDS_MAX], rate[ROUNDS_MAX], bytes = 0, packets = 0, allocations = 0, lost = 0;

	for (size_t i = 0; i < rounds; i++) {
		const struct bench_sample *s = &r->samples[i];
		const double n = (double)(s->packets ? s->packets : 1);
		cpu[i] = s->cpu_us / n;
		rate[i] = s->wall_us > 0 ? n * 1e6 / s->wall_us : 0;
		bytes += (double)s->bytes;
		packets += n;
		allocations += (double)s->allocations;
		lost += s->lost / (double)rounds;
	}
	struct bench_row row = { .of = r->c,
				 .cpu_us_per_packet = figure(cpu, rounds),
				 .packets_per_second = figure(rate, rounds),
				 .allocations_per_packet = allocations / packets,
				 .lost = lost,
				 .packets = (uint64_t)packets,
				 .peak_rss_kb = bench_peak_rss_kb() };
	if (r->samples[rounds - 1].rss_kb > 0)
		row.peak_rss_kb = r->samples[rounds - 1].rss_kb;
	if (r->samples[rounds - 1].uncounted)
		row.allocations_per_packet = -1;
	more_of(r, rounds, &row);
	const double each = bytes / packets;
	row.cpu_s_per_gb = each > 0 ? row.cpu_us_per_packet.median / each * 1e3 : 0;
	row.mb_per_second = row.packets_per_second.median * each / 1e6;
	return row;
}

static bool asked_for(const struct bench_case *c, const struct bench_options *o)
{
	char name[128];

	(void)snprintf(name, sizeof name, "%s/%s/%u", c->subject, c->profile, c->burst);
	return !o->only || strstr(name, o->only);
}

static size_t open_all(const struct bench *b, struct runner *r, const struct bench_options *o)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count && n < CASES_MAX; i++) {
		const char *why = "it could not be set up";
		if (!asked_for(&b->cases[i], o))
			continue;
		r[n] = (struct runner){ .c = &b->cases[i],
					.apart = b->apart && !o->packets &&
						 b->cases[i].open != bench_peer_open };
		r[n].me = (r[n].apart ? bench_apart_open : r[n].c->open)(r[n].c, &why);
		if (r[n].me)
			n++;
		else
			bench_tell_left_out(&b->cases[i], why, o);
	}
	for (size_t i = 0; i < n; i++) {
		r[i].packets = o->packets;
		if (!o->packets)
			find_length(&r[i], o->seconds);
	}
	return n;
}

static void one_round(struct runner *r, int round)
{
	if (r->gave_up)
		return;
	run(r, r->packets, &r->samples[round]);
}

/* How many rows there are in the end. */
static size_t close_all(struct runner *r, size_t n, struct bench_row *rows,
			const struct bench_options *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (r[i].gave_up)
			bench_tell_left_out(r[i].c, r[i].gave_up, o);
		else
			rows[kept++] = row_of(&r[i], (size_t)o->rounds);
		(r[i].apart ? bench_apart_close : r[i].c->close)(r[i].me);
	}
	return kept;
}

bool bench_run(const struct bench *b, const struct bench_options *o)
{
	struct runner *r = calloc(CASES_MAX, sizeof *r);
	struct bench_row *rows = calloc(CASES_MAX, sizeof *rows);
	size_t n = 0;

	if (r && rows) {
		bench_tell_header(b, o);
		n = open_all(b, r, o);
	}
	for (int round = 0; n > 0 && round < o->rounds; round++) {
		if (!o->quiet)
			(void)fprintf(stderr, "\rbench %s: round %d of %d ", b->name, round + 1,
				      o->rounds);
		for (size_t i = 0; i < n; i++)
			one_round(&r[i], round);
	}
	if (n > 0 && !o->quiet)
		(void)fprintf(stderr, "\r%40s\r", "");
	n = close_all(r, n, rows, o);
	if (n > 0)
		bench_tell(b, rows, n, o);
	free(rows);
	free(r);
	return n > 0;
}
