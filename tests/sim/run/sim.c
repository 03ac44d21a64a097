/* sim.c - runs whole sessions in virtual time, from seeds, and judges them. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run/sim_table.h"
#include "srtp/srtp.h"

enum { REPEAT = 10 }; /* one in so many is run twice */

struct options {
	uint64_t seeds, first, replay;
	int profile; /* -1: all in turn */
	bool json, quiet, trace, replaying;
};

static const char usage_text[] =
	"usage: sim [--seeds N] [--first SEED] [--profile NAME] [--replay SEED] [--trace] "
	"[--json]\n"
	"\n"
	"  --seeds N       so many sessions, default 120, over the profiles in turn\n"
	"  --first SEED    of them, default 1\n"
	"  --profile NAME  of one kind only\n"
	"  --replay SEED   one session, twice, with what happened\n"
	"  --trace         with --replay: every step of both peers\n"
	"  --json          the table as JSON\n"
	"  --quiet         no progress line\n"
	"\n"
	"profiles:";

static void usage(FILE *to)
{
	fputs(usage_text, to);
	for (int i = 0; i < PROFILES; i++)
		fprintf(to, " %s", profiles[i].name);
	fputc('\n', to);
}

/* What stands here when an assertion or a sanitizer ends the process. */
static volatile sig_atomic_t running_profile;
static char running_text[96];

static void on_abort(int number)
{
	static const char mark[] = "\nsim: it ended while running this: ./dev sim ";

	if (write(2, mark, sizeof mark - 1) < 0 || write(2, running_text, strlen(running_text)) < 0)
		running_profile = -1;
	signal(number, SIG_DFL);
	raise(number);
}

static bool read_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	*out = v;
	return errno == 0 && *end == '\0' && end != text && text[0] != '-';
}

static bool take_option(struct options *o, int option, const char *value)
{
	switch (option) {
	case 's':
		return read_number(value, &o->seeds);
	case 'f':
		return read_number(value, &o->first);
	case 'r':
		o->replaying = true;
		return read_number(value, &o->replay);
	case 'p':
		o->profile = profile_by_name(value);
		return o->profile >= 0;
	case 't':
		return o->trace = true;
	case 'j':
		return o->json = true;
	case 'q':
		return o->quiet = true;
	default:
		return false;
	}
}

/* 0: go on; else the status to end with, less one. */
static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option all[] = {
		{ "seeds", 1, NULL, 's' },  { "first", 1, NULL, 'f' }, { "profile", 1, NULL, 'p' },
		{ "replay", 1, NULL, 'r' }, { "trace", 0, NULL, 't' }, { "json", 0, NULL, 'j' },
		{ "quiet", 0, NULL, 'q' },  { "help", 0, NULL, 'h' },  { NULL, 0, NULL, 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", all, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return 1;
		}
		if (!take_option(o, option, optarg)) {
			usage(stderr);
			return 3;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 3;
	}
	return 0;
}

static int profile_of(const struct options *o, uint64_t seed)
{
	return o->profile >= 0 ? o->profile : (int)(seed % PROFILES);
}

static void run(uint64_t seed, int profile, const struct session_options *how,
		struct session_result *out)
{
	running_profile = profile;
	snprintf(running_text, sizeof running_text, "--profile %s --replay %" PRIu64 "\n",
		 profiles[profile].name, seed);
	session_run(seed, &profiles[profile], how, out);
}

static void judge(struct sim_table *t, uint64_t seed, int profile)
{
	const struct session_options plain = { 0 };
	struct session_result r, again;
	char text[WORLD_FAILURE_TEXT + 64];

	run(seed, profile, &plain, &r);
	sim_table_add(t, profile, &r);
	if (seed / PROFILES % REPEAT == 0) {
		t->rows[profile].repeated++;
		run(seed, profile, &plain, &again);
		if (again.hash != r.hash && r.failures++ == 0)
			snprintf(r.failure, sizeof r.failure, "the same seed, another hash");
	}
	if (r.failures == 0)
		return;
	snprintf(text, sizeof text, "%s", r.failure);
	sim_table_fail(t, profile, seed, text);
}

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void progress(const struct options *o, const struct sim_table *t, uint64_t done)
{
	if (o->quiet || (!isatty(2) && done % 100 != 0))
		return;
	fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " sessions, %u failed%s", isatty(2) ? "\r" : "",
		done, o->seeds, t->failure_count, isatty(2) ? "" : "\n");
}

static int run_all(const struct options *o)
{
	struct sim_table *t = calloc(1, sizeof *t);
	double start = cpu_seconds();

	if (!t)
		return 2;
	for (uint64_t i = 0; i < o->seeds; i++) {
		judge(t, o->first + i, profile_of(o, o->first + i));
		progress(o, t, i + 1);
	}
	t->cpu_seconds = cpu_seconds() - start;
	if (!o->quiet && isatty(2))
		fputc('\n', stderr);
	if (o->json)
		sim_table_print_json(t);
	else
		sim_table_print(t);
	bool failed = t->failure_count > 0;
	sim_table_free(t);
	free(t);
	return failed;
}

static void write_line(void *ctx, const char *text, size_t len)
{
	fwrite(text, 1, len, ctx);
}

static int replay(const struct options *o)
{
	const struct session_options how = { .write_trace = o->trace ? write_line : NULL,
					     .ctx = stdout };
	const struct session_options plain = { 0 };
	struct session_result r, again;
	int profile = profile_of(o, o->replay);

	run(o->replay, profile, &how, &r);
	run(o->replay, profile, &plain, &again);
	printf("seed %" PRIu64 ", profile %s: %s <-> %s\n", o->replay, profiles[profile].name,
	       r.access[0], r.access[1]);
	printf("RFC 4787: %s; %s after %.3f s\n", r.expected ? "connects" : "cannot connect",
	       r.connected ? "connected" : "not connected", (double)r.connect_time / 1e6);
	printf("%.3f simulated seconds, %" PRIu64 " datagrams, %.1f kB/s of messages\n",
	       (double)r.virtual_time / 1e6, r.datagrams, r.goodput / 1000);
	printf("audio %u of %u, video %u of %u frames\n", r.audio_received, r.audio_sent,
	       r.video_received, r.video_sent);
	printf("hash %016" PRIx64 ", again %016" PRIx64 "\n", r.hash, again.hash);
	printf("%u failures%s%s\n", r.failures, r.failures ? ": " : "", r.failure);
	return r.failures > 0 || r.hash != again.hash;
}

int main(int argc, char **argv)
{
	struct options o = { .seeds = 120, .first = 1, .profile = -1 };
	int end = read_options(&o, argc, argv);

	if (end)
		return end - 1;
	signal(SIGABRT, on_abort);
	signal(SIGSEGV, on_abort);
	tt_srtp_library_ready(); /* outside any measurement */
	return o.replaying ? replay(&o) : run_all(&o);
}
