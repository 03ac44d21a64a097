/* bench_tell.c - rows as a table for people, as JSON lines for programs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "bench.h"

enum { SUBJECT = 28 }; /* columns */

void bench_tell_header(const struct bench *b, const struct bench_options *o)
{
	if (!o->json)
		printf("\n%s: %s; a \"packet\" is %s\n", b->name, b->summary,
		       b->unit ? b->unit : "a packet");
}

static json_t *rounded(double x)
{
	const double scale = x != 0 ? pow(10, 4 - ceil(log10(fabs(x)))) : 1;

	return json_real(round(x * scale) / scale);
}

static json_t *json_of(const struct bench_case *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "subject", json_string(c->subject));
	json_object_set_new(o, "bench", json_string(c->bench));
	json_object_set_new(o, "profile", json_string(c->profile));
	json_object_set_new(o, "burst", json_integer(c->burst));
	return o;
}

static void print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(o);
}

void bench_tell_left_out(const struct bench_case *c, const char *why, const struct bench_options *o)
{
	if (o->json) {
		json_t *line = json_of(c);
		json_object_set_new(line, "left_out", json_string(why));
		print_json(line);
	} else
		printf("  %-*s %-40s left out: %s\n", SUBJECT, c->subject, c->profile, why);
}

static void tell_json(const struct bench_row *r)
{
	json_t *o = json_of(r->of);

	json_object_set_new(o, "cpu_us_per_packet", rounded(r->cpu_us_per_packet.median));
	json_object_set_new(o, "cpu_us_low", rounded(r->cpu_us_per_packet.low));
	json_object_set_new(o, "cpu_us_high", rounded(r->cpu_us_per_packet.high));
	json_object_set_new(o, "packets_per_second", rounded(r->packets_per_second.median));
	json_object_set_new(o, "cpu_s_per_gb", rounded(r->cpu_s_per_gb));
	json_object_set_new(o, "mb_per_second", rounded(r->mb_per_second));
	if (r->allocations_per_packet >= 0)
		json_object_set_new(o, "allocations_per_packet",
				    rounded(r->allocations_per_packet));
	json_object_set_new(o, "peak_rss_kb", json_integer(r->peak_rss_kb));
	json_object_set_new(o, "lost", rounded(r->lost));
	json_object_set_new(o, "packets", json_integer((json_int_t)r->packets));
	if (r->of->bypasses)
		json_object_set_new(o, "bypasses", json_string(r->of->bypasses));
	for (size_t i = 0; i < BENCH_MORE && *r->more[i].name; i++)
		json_object_set_new(o, r->more[i].name, rounded(r->more[i].value));
	print_json(o);
}

/* The limit among rows of the same profile and burst, or of the profile beside which it stands;
 * NULL: there is none. */
static const struct bench_row *limit_of(const struct bench *b, const struct bench_row *rows,
					size_t n, const struct bench_row *r)
{
	const char *profile = b->beside ? b->beside(r->of) : r->of->profile;

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].of->subject, "limit") == 0 &&
		    strcmp(rows[i].of->profile, profile) == 0 &&
		    (b->beside || rows[i].of->burst == r->of->burst))
			return &rows[i];
	return NULL;
}

/* Times the limit's CPU: for an octet where packets differ, else for a packet. 0: not known. */
static double beside_limit(const struct bench *b, const struct bench_row *rows, size_t n,
			   const struct bench_row *r)
{
	const struct bench_row *limit = limit_of(b, rows, n, r);

	if (!limit || limit == r || !(limit->cpu_us_per_packet.median > 0))
		return 0;
	return b->beside ? r->cpu_s_per_gb / limit->cpu_s_per_gb
			 : r->cpu_us_per_packet.median / limit->cpu_us_per_packet.median;
}

static void tell_row(const struct bench *b, const struct bench_row *rows, size_t n,
		     const struct bench_row *r)
{
	const double times = beside_limit(b, rows, n, r);
	char ratio[32] = "", burst[16] = "", mallocs[32] = "?";

	if (times > 0)
		(void)snprintf(ratio, sizeof ratio, "%.2f", times);
	if (r->of->burst)
		(void)snprintf(burst, sizeof burst, "%u", r->of->burst);
	if (r->allocations_per_packet >= 0)
		(void)snprintf(mallocs, sizeof mallocs, "%.2f", r->allocations_per_packet);
	printf("  %-*s %-40s %5s %10.3f %7.3f..%-7.3f %6s %10.0f %8.0f %8.2f %7.1f %8s%s%s",
	       SUBJECT, r->of->subject, r->of->profile, burst, r->cpu_us_per_packet.median,
	       r->cpu_us_per_packet.low, r->cpu_us_per_packet.high, ratio,
	       r->packets_per_second.median, r->mb_per_second, r->cpu_s_per_gb,
	       (double)r->peak_rss_kb / 1e3, mallocs, r->of->bypasses ? "  without " : "",
	       r->of->bypasses ? r->of->bypasses : "");
	for (size_t i = 0; i < BENCH_MORE && *r->more[i].name; i++)
		printf("  %s %.4g", r->more[i].name, r->more[i].value);
	putchar('\n');
}

void bench_tell(const struct bench *b, const struct bench_row *rows, size_t count,
		const struct bench_options *o)
{
	if (!o->json)
		printf("  %-*s %-40s %5s %10s %16s %6s %10s %8s %8s %7s %8s\n", SUBJECT, "subject",
		       "profile", "burst", "CPU us", "quartiles", "/limit", "per s", "MB/s", "s/GB",
		       "peak MB", "mallocs");
	for (size_t i = 0; i < count; i++) {
		if (o->json)
			tell_json(&rows[i]);
		else
			tell_row(b, rows, count, &rows[i]);
	}
	(void)fflush(stdout);
}
