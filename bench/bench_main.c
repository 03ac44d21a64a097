/* bench_main.c - the program taut-bench, which `taut bench` starts. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct bench *const benches[] = { &bench_srtp,  &bench_stun, &bench_crc,
					       &bench_sdp,   &bench_rtp,  &bench_datachannel,
					       &bench_setup, &bench_idle, &bench_relay };
enum { BENCHES = sizeof benches / sizeof benches[0] };

static void usage(FILE *to)
{
	(void)fprintf(to, "usage: taut bench [options] [all | NAME...]\n\n"
			  "Measures, in CPU time, beside the bare limit of the same work in the "
			  "same run.\n\n");
	for (size_t i = 0; i < BENCHES; i++)
		(void)fprintf(to, "  %-12s %s\n", benches[i]->name, benches[i]->summary);
	(void)fprintf(
		to,
		"\noptions:\n"
		"  -r, --rounds N     rounds of each case, interleaved; the median counts (7)\n"
		"  -s, --seconds S    of CPU time for each round of each case (0.2)\n"
		"  -n, --packets N    in each round instead, without looking for a length\n"
		"  -o, --only TEXT    the cases whose \"subject/profile/burst\" has TEXT in it\n"
		"  -p, --peers DIR    each program in DIR as well, in turns: ./dev bench --peers\n"
		"      --json         one object per line\n"
		"  -q, --quiet        no progress line\n"
		"  -h, --help         this text\n\n"
		"examples:\n"
		"  taut bench srtp\n"
		"  taut bench --only Opus rtp\n"
		"  taut bench --rounds 15 --json all > bench.json\n");
}

static bool take_number(const char *text, double min, double max, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (errno == 0 && end != text && !*end && *out >= min && *out <= max)
		return true;
	(void)fprintf(stderr, "taut bench: a number from %g to %g, not '%s'\n", min, max, text);
	return false;
}

static bool take_options(int argc, char **argv, struct bench_options *o, const char **peers)
{
	static const struct option longs[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "packets", required_argument, NULL, 'n' },
		{ "only", required_argument, NULL, 'o' },
		{ "peers", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	double number;

	for (int c; (c = getopt_long(argc, argv, "r:s:n:o:p:qh", longs, NULL)) >= 0;) {
		if (c == 'h') {
			usage(stdout);
			exit(0);
		}
		if (c == 'r' && take_number(optarg, 1, 99, &number))
			o->rounds = (int)number;
		else if (c == 's' && take_number(optarg, 0.001, 60, &number))
			o->seconds = number;
		else if (c == 'n' && take_number(optarg, 1, 1e12, &number))
			o->packets = (uint64_t)number;
		else if (c == 'o')
			o->only = optarg;
		else if (c == 'p')
			*peers = optarg;
		else if (c == 'j')
			o->json = true;
		else if (c == 'q')
			o->quiet = true;
		else
			return false;
	}
	return true;
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = optind; i < argc; i++)
		if (strcmp(argv[i], name) == 0 || strcmp(argv[i], "all") == 0)
			return true;
	return optind == argc;
}

static bool known(const char *name)
{
	for (size_t i = 0; i < BENCHES; i++)
		if (strcmp(name, benches[i]->name) == 0)
			return true;
	return strcmp(name, "all") == 0;
}

int main(int argc, char **argv)
{
	struct bench_options o = { .seconds = 0.2, .rounds = 7 };
	const char *peers = NULL;
	bool ok = true;

	if (!take_options(argc, argv, &o, &peers)) {
		usage(stderr);
		return 2;
	}
	for (int i = optind; i < argc; i++)
		if (!known(argv[i])) {
			(void)fprintf(stderr, "taut bench: there is no bench '%s'\n", argv[i]);
			return 2;
		}
	if (!bench_counts_libraries()) {
		(void)fprintf(stderr, "taut bench: what libraries allocate would not be counted\n");
		return 1;
	}
	if (!bench_own_network() && !o.json)
		(void)fprintf(
			stderr,
			"taut bench: no network namespace of its own; other traffic may disturb\n");
	if (peers)
		bench_peers_find(peers, &o);
	for (size_t i = 0; i < BENCHES; i++)
		if (wanted(benches[i]->name, argc, argv))
			ok = bench_run(bench_with_peers(benches[i]), &o) && ok;
	return ok ? 0 : 1;
}
