/* sim_table.c - see sim_table.h. */
#include "run/sim_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"

static void grow(struct sim_row *r)
{
	size_t n = (r->count + 1u) * sizeof(double);

	if ((r->count & (r->count + 1)) != 0) /* only when a power of two is full */
		return;
	n = 2 * n + sizeof(double);
	r->times = realloc(r->times, n);
	r->goodputs = realloc(r->goodputs, n);
	if (!r->times || !r->goodputs)
		abort();
}

void sim_table_add(struct sim_table *t, int profile, const struct session_result *s)
{
	struct sim_row *r = &t->rows[profile];

	r->sessions++;
	r->expected += s->expected;
	r->connected += s->connected && s->expected;
	r->virtual_seconds += (double)s->virtual_time / 1e6;
	r->datagrams += s->datagrams;
	r->memory_peak = tt_max(r->memory_peak, s->memory_peak);
	r->audio_sent += s->audio_sent;
	r->audio_received += s->audio_received;
	r->video_sent += s->video_sent;
	r->video_received += s->video_received;
	if (!s->connected)
		return;
	grow(r);
	r->times[r->count] = (double)s->connect_time / 1e6;
	r->goodputs[r->count++] = s->goodput;
}

void sim_table_fail(struct sim_table *t, int profile, uint64_t seed, const char *text)
{
	t->rows[profile].failed++;
	if (t->failure_count < SIM_FAILURES_SHOWN) {
		struct sim_failure *f = &t->failures[t->failure_count];
		f->seed = seed;
		f->profile = profile;
		snprintf(f->text, sizeof f->text, "%s", text);
	}
	t->failure_count++;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *all, unsigned n, double q)
{
	if (n == 0)
		return 0;
	qsort(all, n, sizeof *all, by_size);
	return all[(unsigned)(q * (n - 1) + 0.5)];
}

static double percent(unsigned part, unsigned whole)
{
	return whole ? 100.0 * part / whole : 100.0;
}

static void print_row(const char *name, struct sim_row *r)
{
	printf("%-12s %6u %6u %6.1f %% %7.2f %7.2f %8.1f %6.1f %6.1f %7.2f %6u\n", name,
	       r->sessions, r->expected, percent(r->connected, r->expected),
	       quantile(r->times, r->count, 0.5), quantile(r->times, r->count, 0.99),
	       quantile(r->goodputs, r->count, 0.5) / 1000,
	       percent(r->audio_received, r->audio_sent), percent(r->video_received, r->video_sent),
	       (double)r->memory_peak / 1048576, r->failed);
}

void sim_table_print(struct sim_table *t)
{
	double seconds = 0;
	unsigned sessions = 0;

	printf("\n%-12s %6s %6s %8s %7s %7s %8s %6s %6s %7s %6s\n", "profile", "calls", "can", "do",
	       "p50 s", "p99 s", "kB/s", "audio%", "video%", "MiB", "failed");
	for (int i = 0; i < PROFILES; i++) {
		if (t->rows[i].sessions == 0)
			continue;
		print_row(profiles[i].name, &t->rows[i]);
		seconds += t->rows[i].virtual_seconds;
		sessions += t->rows[i].sessions;
	}
	printf("\n%u sessions, %.0f simulated seconds in %.1f CPU-seconds: %.0f per CPU-second\n",
	       sessions, seconds, t->cpu_seconds,
	       t->cpu_seconds > 0 ? seconds / t->cpu_seconds : 0);
	for (unsigned i = 0; i < t->failure_count && i < SIM_FAILURES_SHOWN; i++)
		printf("seed %" PRIu64 " (%s): %s\n    ./dev sim --profile %s --replay %" PRIu64
		       "\n",
		       t->failures[i].seed, profiles[t->failures[i].profile].name,
		       t->failures[i].text, profiles[t->failures[i].profile].name,
		       t->failures[i].seed);
	if (t->failure_count > SIM_FAILURES_SHOWN)
		printf("... and %u more\n", t->failure_count - SIM_FAILURES_SHOWN);
}

static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar((unsigned char)*text < 0x20 ? ' ' : *text);
	putchar('"');
}

void sim_table_print_json(struct sim_table *t)
{
	const char *comma = "";

	printf("{\"cpu_seconds\":%.3f,\"profiles\":[", t->cpu_seconds);
	for (int i = 0; i < PROFILES; i++) {
		struct sim_row *r = &t->rows[i];
		if (r->sessions == 0)
			continue;
		printf("%s\n{\"name\":\"%s\",\"sessions\":%u,\"can_connect\":%u,\"connected\":%u,"
		       "\"connect_p50_s\":%.3f,\"connect_p99_s\":%.3f,\"goodput_Bps\":%.0f,"
		       "\"virtual_seconds\":%.1f,\"datagrams\":%" PRIu64 ",\"failed\":%u}",
		       comma, profiles[i].name, r->sessions, r->expected, r->connected,
		       quantile(r->times, r->count, 0.5), quantile(r->times, r->count, 0.99),
		       quantile(r->goodputs, r->count, 0.5), r->virtual_seconds, r->datagrams,
		       r->failed);
		comma = ",";
	}
	printf("],\"failures\":[");
	comma = "";
	for (unsigned i = 0; i < t->failure_count && i < SIM_FAILURES_SHOWN; i++) {
		printf("%s\n{\"seed\":%" PRIu64 ",\"profile\":\"%s\",\"text\":", comma,
		       t->failures[i].seed, profiles[t->failures[i].profile].name);
		print_text(t->failures[i].text);
		putchar('}');
		comma = ",";
	}
	printf("]}\n");
}

void sim_table_free(struct sim_table *t)
{
	for (int i = 0; i < PROFILES; i++) {
		free(t->rows[i].times);
		free(t->rows[i].goodputs);
	}
}
