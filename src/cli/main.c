/* main.c - `taut COMMAND`: finds the command in the table and runs it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cli.h"
#include "taut/taut.h"

static const struct cli_command *const commands[] = {
	&cli_demo, &cli_call, &cli_relay, &cli_ice, &cli_stun, &cli_sdp, &cli_bench, &cli_doctor
};
enum { COMMANDS = sizeof commands / sizeof commands[0], MAX_OPTIONS = 64 };

static void print_command(const struct cli_command *c)
{
	printf("usage: taut %s [options]%s%s\n\n%s\n\noptions:\n", c->name,
	       c->operands[0] ? " " : "", c->operands, c->summary);
	for (const struct cli_option *o = c->options; o->name; o++) {
		char left[64];
		if (o->key > 0 && o->key < 128)
			snprintf(left, sizeof left, "-%c, --%s%s%s", o->key, o->name,
				 o->arg ? " " : "", o->arg ? o->arg : "");
		else
			snprintf(left, sizeof left, "    --%s%s%s", o->name, o->arg ? " " : "",
				 o->arg ? o->arg : "");
		printf("  %-26s %s\n", left, o->help);
	}
	printf("  %-26s %s\n\nexamples:\n%s", "-h, --help", "this text", c->examples);
}

int cli_next(const struct cli_command *c, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS + 2] = { { "help", no_argument, NULL, 'h' } };
	char shorts[2 * MAX_OPTIONS + 4] = "h";
	size_t n = 1, s = 1;

	for (const struct cli_option *o = c->options; o->name && n <= MAX_OPTIONS; o++, n++) {
		longs[n] = (struct option){ o->name, o->arg ? required_argument : no_argument, NULL,
					    o->key };
		if (o->key > 0 && o->key < 128) {
			shorts[s++] = (char)o->key;
			if (o->arg)
				shorts[s++] = ':';
		}
	}
	int key = getopt_long(argc, argv, shorts, longs, NULL);
	if (key == 'h') {
		print_command(c);
		return CLI_HELP;
	}
	if (key == '?')
		fprintf(stderr, "taut %s: see 'taut %s --help'\n", c->name, c->name);
	return key;
}

const char *cli_secret(const char *option, char *text)
{
	static char all[CLI_SECRETS][CLI_SECRET + 1];
	static size_t count;
	const size_t len = strlen(text);

	if (len > CLI_SECRET) {
		fprintf(stderr, "taut: --%s has more than %d octets\n", option, CLI_SECRET);
		return NULL;
	}
	if (count == CLI_SECRETS) {
		fprintf(stderr, "taut: --%s is there more than %d times\n", option, CLI_SECRETS);
		return NULL;
	}
	memcpy(all[count], text, len + 1);
	memset(text, '*', len);
	return all[count++];
}

bool cli_number(const char *option, const char *text, long min, long max, long *out)
{
	char *end;

	errno = 0;
	long v = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < min || v > max) {
		fprintf(stderr, "taut: --%s takes a number from %ld to %ld, not '%s'\n", option,
			min, max, text);
		return false;
	}
	*out = v;
	return true;
}

bool cli_addresses(const char *command, const char *text, uint32_t *out)
{
	static const char *const names[] = {
		[TAUT_ICE_ADDRESS_ALL] = "all",
		[TAUT_ICE_ADDRESS_DEFAULT] = "default",
		[TAUT_ICE_ADDRESS_PUBLIC] = "public",
		[TAUT_ICE_ADDRESS_PROXY] = "proxy",
	};

	for (uint32_t i = 0; i < TT_COUNT(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = i;
			return true;
		}
	fprintf(stderr, "taut %s: --addresses takes all, default, public or proxy, not '%s'\n",
		command, text);
	return false;
}

static void print_all(FILE *to)
{
	fprintf(to, "usage: taut COMMAND [options]\n\nA WebRTC stack: calls, its relay, and "
		    "tools.\n\n");
	for (int i = 0; i < COMMANDS; i++) {
		int len = (int)strcspn(commands[i]->summary, ".\n");
		fprintf(to, "  taut %-8s %.*s\n", commands[i]->name, len, commands[i]->summary);
	}
	fprintf(to, "\n'taut COMMAND --help' says more.\n");
}

static int run(int argc, char **argv)
{
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_all(stdout);
		return CLI_OK;
	}
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		puts("taut " TAUT_VERSION);
		return CLI_OK;
	}
	for (int i = 0; argc >= 2 && i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	if (argc >= 2)
		fprintf(stderr, "taut: no command '%s'\n\n", argv[1]);
	print_all(stderr);
	return CLI_USAGE;
}

/* A full disk must not look like an answer. */
int main(int argc, char **argv)
{
	const int end = run(argc, argv);

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return end;
	fprintf(stderr, "taut: the output cannot be written%s%s\n", errno ? ": " : "",
		errno ? strerror(errno) : "");
	return end == CLI_OK ? CLI_FAILED : end;
}
