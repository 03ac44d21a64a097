/* sim_table.c - see sim_table.h. */
#include "run/sim_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void add_failure(struct sim_table *t, uint64_t seed, int profile, const char *text)
{
	unsigned n = t->failure_count < SIM_FAILURES_SHOWN ? t->failure_count : SIM_FAILURES_SHOWN;
	unsigned at = n;

	t->rows[profile].failed++;
	t->failure_count++;
	while (at > 0 && t->failures[at - 1].seed > seed)
		at--;
	if (at == SIM_FAILURES_SHOWN)
		return;
	struct sim_failure *f = &t->failures[at];
	memmove(f + 1, f, (tt_min(n, SIM_FAILURES_SHOWN - 1) - at) * sizeof *f);
	*f = (struct sim_failure){ .seed = seed, .profile = profile };
	snprintf(f->text, sizeof f->text, "%s", text);
}

void sim_table_add(struct sim_table *t, uint64_t seed, int profile, const struct session_result *s)
{
	struct sim_row *r = &t->rows[profile];

	r->sessions++;
	r->expected += s->expected;
	r->connected += s->connected && s->expected;
	r->virtual_seconds += (double)s->virtual_time / 1e6;
	r->datagrams += s->datagrams;
	r->memory_peak = tt_max(r->memory_peak, s->memory_peak);
	if (s->undisturbed) {
		r->audio_sent += s->audio_sent;
		r->audio_received += s->audio_received;
		r->video_sent += s->video_sent;
		r->video_received += s->video_received;
	}
	t->hash += s->hash * (2 * seed + 1);
	for (int i = 0; i < SESSION_WRAPS; i++)
		t->wraps[i] += s->wraps >> i & 1;
	t->asked_dns += s->asked_dns;
	t->one_net += s->one_net;
	t->carriers[s->hairpin] += s->carrier;
	t->refused += s->refused;
	if (s->failures > 0)
		add_failure(t, seed, profile, s->failure);
	if (!s->connected)
		return;
	grow(r);
	r->times[r->count] = (double)s->connect_time / 1e6;
	r->goodputs[r->count++] = s->goodput;
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
	printf("%-12s %6u %6u %6.1f %% %7.2f %7.2f %8.1f %6.1f %6.1f %7.2f %6u %6u\n", name,
	       r->sessions, r->expected, percent(r->connected, r->expected),
	       quantile(r->times, r->count, 0.5), quantile(r->times, r->count, 0.99),
	       quantile(r->goodputs, r->count, 0.5) / 1000,
	       percent(r->audio_received, r->audio_sent), percent(r->video_received, r->video_sent),
	       (double)r->memory_peak / 1048576, r->repeated, r->failed);
}

struct sums {
	double seconds;
	unsigned sessions, expected, connected, repeated;
};

static struct sums sums_of(const struct sim_table *t)
{
	struct sums all = { 0 };

	for (int i = 0; i < PROFILES; i++) {
		all.seconds += t->rows[i].virtual_seconds;
		all.sessions += t->rows[i].sessions;
		all.expected += t->rows[i].expected;
		all.connected += t->rows[i].connected;
		all.repeated += t->rows[i].repeated;
	}
	return all;
}

static double per_cpu_second(const struct sim_table *t, double seconds)
{
	return t->cpu_seconds > 0 ? seconds / t->cpu_seconds : 0;
}

static void print_failures(const struct sim_table *t)
{
	for (unsigned i = 0; i < t->failure_count && i < SIM_FAILURES_SHOWN; i++)
		printf("seed %" PRIu64 " (%s): %s\n    ./dev sim --profile %s --replay %" PRIu64
		       "%s\n",
		       t->failures[i].seed, profiles[t->failures[i].profile].name,
		       t->failures[i].text, profiles[t->failures[i].profile].name,
		       t->failures[i].seed, t->option);
	if (t->failure_count > SIM_FAILURES_SHOWN)
		printf("... and %u more\n", t->failure_count - SIM_FAILURES_SHOWN);
}

void sim_table_print(struct sim_table *t)
{
	const struct sums all = sums_of(t);

	printf("\n%-12s %6s %6s %8s %7s %7s %8s %6s %6s %7s %6s %6s\n", "profile", "calls", "can",
	       "do", "p50 s", "p99 s", "kB/s", "audio%", "video%", "MiB", "twice", "failed");
	for (int i = 0; i < PROFILES; i++)
		if (t->rows[i].sessions > 0)
			print_row(profiles[i].name, &t->rows[i]);
	printf("\n%u sessions, %u of %u that can connect do, %u run twice, %u failed\n",
	       all.sessions, all.connected, all.expected, all.repeated, t->failure_count);
	printf("%" PRIu64 " packets were refused, and it was looked whether that changed anything\n", t->refused);
	printf("%u in one network, %u behind one carrier's NAT without hairpin, %u with\n", t->one_net,
	       t->carriers[0], t->carriers[1]);
	printf("%u asked a DNS server; wraps seen in sessions:", t->asked_dns);
	for (int i = 0; i < SESSION_WRAPS; i++)
		printf("%s %s %u", i ? "," : "", session_wrap_name(i), t->wraps[i]);
	printf("\n%.0f simulated seconds in %.1f CPU-seconds: %.0f per CPU-second (%.0f s by the "
	       "clock)\nhash of all %016" PRIx64 "\n",
	       all.seconds, t->cpu_seconds, per_cpu_second(t, all.seconds), t->wall_seconds,
	       t->hash);
	print_failures(t);
}

void sim_print_text(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar((unsigned char)*text < 0x20 ? ' ' : *text);
	putchar('"');
}

static void print_row_json(const char *name, struct sim_row *r)
{
	printf("{\"kind\":\"profile\",\"name\":\"%s\",\"sessions\":%u,\"can_connect\":%u,"
	       "\"connected\":%u,\"connect_p50_s\":%.3f,\"connect_p99_s\":%.3f,"
	       "\"goodput_Bps\":%.0f,\"audio_percent\":%.1f,\"video_percent\":%.1f,"
	       "\"memory_peak\":%zu,\"virtual_seconds\":%.1f,\"datagrams\":%" PRIu64
	       ",\"run_twice\":%u,\"failed\":%u}\n",
	       name, r->sessions, r->expected, r->connected, quantile(r->times, r->count, 0.5),
	       quantile(r->times, r->count, 0.99), quantile(r->goodputs, r->count, 0.5),
	       percent(r->audio_received, r->audio_sent), percent(r->video_received, r->video_sent),
	       r->memory_peak, r->virtual_seconds, r->datagrams, r->repeated, r->failed);
}

void sim_table_print_json(struct sim_table *t)
{
	const struct sums all = sums_of(t);

	for (int i = 0; i < PROFILES; i++)
		if (t->rows[i].sessions > 0)
			print_row_json(profiles[i].name, &t->rows[i]);
	for (unsigned i = 0; i < t->failure_count && i < SIM_FAILURES_SHOWN; i++) {
		printf("{\"kind\":\"failure\",\"seed\":%" PRIu64 ",\"profile\":\"%s\",\"text\":",
		       t->failures[i].seed, profiles[t->failures[i].profile].name);
		sim_print_text(t->failures[i].text);
		printf(",\"replay\":\"./dev sim --profile %s --replay %" PRIu64 "%s\"}\n",
		       profiles[t->failures[i].profile].name, t->failures[i].seed, t->option);
	}
	printf("{\"kind\":\"total\",\"sessions\":%u,\"can_connect\":%u,\"connected\":%u,"
	       "\"run_twice\":%u,\"failed\":%u,\"virtual_seconds\":%.0f,\"cpu_seconds\":%.1f,"
	       "\"virtual_per_cpu_second\":%.0f,\"hash\":\"%016" PRIx64 "\"",
	       all.sessions, all.expected, all.connected, all.repeated, t->failure_count,
	       all.seconds, t->cpu_seconds, per_cpu_second(t, all.seconds), t->hash);
	printf(",\"asked_dns\":%u,\"refused_packets\":%" PRIu64, t->asked_dns, t->refused);
	printf(",\"one_network\":%u,\"one_carrier\":%u,\"one_carrier_hairpin\":%u", t->one_net,
	       t->carriers[0], t->carriers[1]);
	for (int i = 0; i < SESSION_WRAPS; i++)
		printf(",\"wrap_%s\":%u", session_wrap_name(i), t->wraps[i]);
	printf("}\n");
}

void sim_table_free(struct sim_table *t)
{
	for (int i = 0; i < PROFILES; i++) {
		free(t->rows[i].times);
		free(t->rows[i].goodputs);
	}
}
