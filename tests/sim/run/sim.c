/* sim.c - runs whole sessions in virtual time, from seeds or scenarios, and judges them. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "run/sim_options.h"
#include "srtp/srtp.h"

enum { MOST_JOBS = 64 };

static const char usage_text[] =
	"usage: sim [--seeds N] [--first SEED] [--profile NAME] [--jobs N] [--json] [--quiet]\n"
	"           [--srtp NAME]\n"
	"       sim --replay SEED [--profile NAME] [--trace] [--pcap FILE]\n"
	"       sim --scenario FILE [--seed N | --seeds N] [--trace] [--pcap FILE]\n"
	"\n"
	"  --seeds N        so many sessions, default 120, over the profiles in turn\n"
	"  --first SEED     of them, default 1\n"
	"  --profile NAME   of one kind only\n"
	"  --jobs N         so many processes, default one for each processor\n"
	"  --json           one object a line: profile, failure, total (or scenario)\n"
	"  --quiet          no progress line\n"
	"  --replay SEED    one session, twice, with what happened\n"
	"  --scenario FILE  a session whose course stands in a file, twice; see docs/TESTING.md\n"
	"  --seed N         its seed, instead of the file's; with --seeds: the first of so many\n"
	"  --trace          with --replay or --scenario: every step of both peers\n"
	"  --pcap FILE      what both sent, in the clear, for tshark and Wireshark (as pcapng)\n"
	"  --srtp NAME      media protected by taut (default) or libsrtp2\n"
	"\n"
	"examples:\n"
	"  ./dev sim --seeds 6000 --jobs 2\n"
	"  ./dev sim --profile mobile --replay 14 --trace\n"
	"  ./dev sim --scenario tests/sim/scenarios/glare.txt --seeds 50\n"
	"  ./dev sim --replay 1 --pcap call.pcapng; tshark -r call.pcapng\n"
	"\n"
	"Status 1: something did not hold; 2: usage, or a scenario that cannot be read.\n"
	"\n"
	"profiles:";

static void usage(FILE *to)
{
	fputs(usage_text, to);
	for (int i = 0; i < PROFILES; i++)
		fprintf(to, " %s", profiles[i].name);
	fputc('\n', to);
}

static char running_text[256];

void sim_running(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(running_text, sizeof running_text, fmt, args);
	va_end(args);
}

static void say_what_ran(void)
{
	static const char mark[] = "\nsim: it ended while running this: ./dev sim ";

	if (running_text[0] == '\0')
		return;
	if (write(2, mark, sizeof mark - 1) < 0 ||
	    write(2, running_text, strlen(running_text)) < 0 || write(2, "\n", 1) < 0)
		_exit(2);
}

static void on_signal(int number)
{
	say_what_ran();
	signal(number, SIG_DFL);
	raise(number);
}

/* What a sanitizer finds ends the process in its own way, and a session that hangs by whoever waited for it. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void say_it_at_the_end(void)
{
	signal(SIGABRT, on_signal);
	signal(SIGTERM, on_signal);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(say_what_ran);
	else
		signal(SIGSEGV, on_signal);
}

static bool read_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	*out = v;
	return errno == 0 && *end == '\0' && end != text && text[0] != '-';
}

static bool take_jobs(struct sim_options *o, const char *value)
{
	uint64_t n;

	if (!read_number(value, &n) || n == 0 || n > MOST_JOBS)
		return false;
	o->jobs = (unsigned)n;
	return true;
}

static bool take_srtp(struct sim_options *o, const char *name)
{
	static const struct {
		const char *name, *option;
		uint32_t backend;
	} all[] = { { "taut", " --srtp taut", TAUT_SRTP_TAUT },
		    { "libsrtp2", " --srtp libsrtp2", TAUT_SRTP_LIBSRTP } };

	for (size_t i = 0; i < TT_COUNT(all); i++)
		if (strcmp(all[i].name, name) == 0 && tt_srtp_backend_name(all[i].backend)) {
			o->srtp = all[i].backend;
			o->srtp_option = all[i].option;
			return true;
		}
	fprintf(stderr, "sim: this build has no SRTP of that name\n");
	return false;
}

static bool take_option(struct sim_options *o, int option, const char *value)
{
	switch (option) {
	case 's':
		o->has_seeds = true;
		return read_number(value, &o->seeds);
	case 'f':
		o->has_first = true;
		return read_number(value, &o->first);
	case 'r':
		o->replaying = true;
		return read_number(value, &o->replay);
	case 'p':
		o->profile = profile_by_name(value);
		return o->profile >= 0;
	case 'c':
		o->scenario = value;
		return true;
	case 'n':
		return take_jobs(o, value);
	case 'w':
		o->pcap = value;
		return true;
	case 'm':
		return take_srtp(o, value);
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
static int read_options(struct sim_options *o, int argc, char **argv)
{
	static const struct option all[] = {
		{ "seeds", 1, NULL, 's' },  { "first", 1, NULL, 'f' },    { "seed", 1, NULL, 'f' },
		{ "replay", 1, NULL, 'r' }, { "profile", 1, NULL, 'p' },  { "jobs", 1, NULL, 'n' },
		{ "trace", 0, NULL, 't' },  { "json", 0, NULL, 'j' },     { "quiet", 0, NULL, 'q' },
		{ "help", 0, NULL, 'h' },   { "scenario", 1, NULL, 'c' }, { "srtp", 1, NULL, 'm' },
		{ "pcap", 1, NULL, 'w' },   { NULL, 0, NULL, 0 }
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

int sim_profile_of(const struct sim_options *o, uint64_t seed)
{
	return o->profile >= 0 ? o->profile : (int)(seed % PROFILES);
}

int main(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct sim_options o = { .seeds = 120, .first = 1, .profile = -1, .srtp_option = "" };

	o.jobs = processors < 1 ? 1 : processors > MOST_JOBS ? MOST_JOBS : (unsigned)processors;
	int end = read_options(&o, argc, argv);
	if (end)
		return end - 1;
	say_it_at_the_end();
	tt_srtp_ready(o.srtp); /* outside any measurement */
	if (o.scenario)
		return sim_scenario(&o);
	return o.replaying ? sim_replay(&o) : sim_many(&o);
}
