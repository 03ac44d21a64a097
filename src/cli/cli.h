/* cli.h - the taut command: one table says what each subcommand takes, for getopt_long and for
 * --help. */
#ifndef TAUT_CLI_CLI_H
#define TAUT_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

struct cli_option {
	const char *name; /* "port" for --port */
	int key;          /* what cli_next returns; a letter is a short option too */
	const char *arg;  /* "N", or NULL: takes none */
	const char *help;
};

struct cli_command {
	const char *name, *operands, *summary;
	const struct cli_option *options; /* ended by a NULL name */
	const char *examples;             /* a line each */
	int (*run)(int argc, char **argv);
};

/* Ends of a program. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };
/* What cli_next returns beside the keys of the options. */
enum { CLI_END = -1, CLI_BAD = '?', CLI_HELP = 256 };

/* The next option's key, its argument in optarg. --help prints it all and gives CLI_HELP; a
 * mistake is said on stderr and gives CLI_BAD. */
int cli_next(const struct cli_command *c, int argc, char **argv);
/* A secret among the arguments: a copy, which lives as long as the process, and stars where it stood, because
 * others of this machine see our arguments. NULL: it is longer than the most, or one too many, and a sentence on
 * stderr. */
enum {
	CLI_SECRET = 508,
	CLI_SECRETS = 4
}; /* octets of a credential, taut.h; for each server one */
const char *cli_secret(const char *option, char *text);
/* A whole number from min to max, or false and a sentence on stderr. */
bool cli_number(const char *option, const char *text, long min, long max, long *out);
/* all, default, public or proxy: TAUT_ICE_ADDRESS_; or false and a sentence on stderr. */
bool cli_addresses(const char *command, const char *text, uint32_t *out);

struct taut_relay_config;
/* Says why there is no relay; the program's end. */
int cli_no_relay(const char *command, int error, const struct taut_relay_config *cfg);

extern const struct cli_command cli_bench, cli_call, cli_demo, cli_doctor, cli_ice, cli_relay,
	cli_sdp, cli_stun;

#endif
