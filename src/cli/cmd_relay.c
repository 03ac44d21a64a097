/* cmd_relay.c - taut relay: the page and its rooms, until Ctrl-C. */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_text.h"
#include "taut/signal.h"

static const struct cli_option options[] = {
	{ "port", 'p', "N",
	  "first port to try, then the next ones to 8099 [8080]; 0: any free one" },
	{ "host", 'H', "ADDRESS", "address to listen on, 0.0.0.0 for all of IPv4 [127.0.0.1]" },
	{ "tls", 't', NULL, "https and wss with a self-made certificate" },
	{ "quiet", 'q', NULL, "print only the URL" },
	{ NULL, 0, NULL, NULL },
};

enum { FIRST_PORT = 8080, LAST_PORT = 8099 };

static void print_line(void *user, const char *line)
{
	(void)user;
	printf("relay: ");
	cli_put_text(stdout, line, strlen(line));
	putchar('\n');
	fflush(stdout);
}

static bool take_port(struct taut_relay_config *cfg, const char *text)
{
	long n;

	if (!cli_number("port", text, 0, 65535, &n))
		return false;
	cfg->port = (uint16_t)n;
	cfg->last_port = n >= FIRST_PORT && n <= LAST_PORT ? LAST_PORT : 0;
	return true;
}

int cli_no_relay(const char *command, int error, const struct taut_relay_config *cfg)
{
	const char *host = cfg->host ? cfg->host : "127.0.0.1";

	fprintf(stderr, "taut %s: ", command);
	if (error == TAUT_E_INVAL)
		fprintf(stderr, "--host takes an IP address, not '%s'\n", host);
	else if (error == TAUT_E_IO && cfg->last_port > cfg->port)
		fprintf(stderr, "no port from %u to %u is free on %s\n", cfg->port, cfg->last_port,
			host);
	else if (error == TAUT_E_IO)
		fprintf(stderr, "cannot listen on port %u of %s\n", cfg->port, host);
	else
		fprintf(stderr, "the relay cannot start (error %d)\n", error);
	return error == TAUT_E_INVAL ? CLI_USAGE : CLI_FAILED;
}

/* Blocked before the relay's thread starts, so that only sigwait sees them. */
static void block_ends(sigset_t *ends)
{
	sigemptyset(ends);
	sigaddset(ends, SIGINT);
	sigaddset(ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, ends, NULL);
}

static int serve(const struct taut_relay_config *cfg)
{
	taut_relay *relay;
	sigset_t ends;
	int got = 0;

	block_ends(&ends);
	int e = taut_relay_start(&relay, cfg);
	if (e != TAUT_OK)
		return cli_no_relay("relay", e, cfg);
	printf("open %s in a browser; Ctrl-C ends it\n", taut_relay_url(relay));
	fflush(stdout);
	sigwait(&ends, &got);
	taut_relay_stop(relay);
	return CLI_OK;
}

static int run(int argc, char **argv)
{
	struct taut_relay_config cfg = {
		.size = sizeof cfg, .port = FIRST_PORT, .last_port = LAST_PORT, .log = print_line
	};
	int key;

	while ((key = cli_next(&cli_relay, argc, argv)) != CLI_END) {
		switch (key) {
		case 'p':
			if (!take_port(&cfg, optarg))
				return CLI_USAGE;
			break;
		case 'H':
			cfg.host = optarg;
			break;
		case 't':
			cfg.flags |= TAUT_RELAY_TLS;
			break;
		case 'q':
			cfg.log = NULL;
			break;
		default:
			return key == CLI_HELP ? CLI_OK : CLI_USAGE;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "taut relay: takes no '%s'\n", argv[optind]);
		return CLI_USAGE;
	}
	return serve(&cfg);
}

const struct cli_command cli_relay = {
	.name = "relay",
	.operands = "",
	.summary = "Serve the page and its rooms until Ctrl-C.",
	.options = options,
	.examples =
		"  taut relay                        then open http://localhost:8080/#room=tea\n"
		"  taut relay --host 0.0.0.0 --tls   for a phone in the same network\n"
		"  taut relay --port 0 --quiet       for scripts: the first line names the URL\n",
	.run = run,
};
