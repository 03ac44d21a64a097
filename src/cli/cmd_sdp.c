/* cmd_sdp.c - taut sdp: what a session description says, or where it stops making sense.
 *
 * Descriptions come from anywhere: what is not fit for a terminal is escaped, so that no file
 * can speak to it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_text.h"
#include "cli/sdp_json.h"
#include "sdp/sdp.h"

enum { ROOM = TT_SDP_MAX_BYTES + 1, SHOWN = 100 };

static const struct cli_option options[] = {
	{ "json", 'j', NULL,
	  "one JSON object a line: the session, each section, warnings, or the error" },
	{ NULL, 0, NULL, NULL },
};

static void print_text(void *ctx, const char *text, size_t len)
{
	const char *end = text + len;

	(void)ctx;
	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		cli_put_text(stdout, text, (size_t)((lf ? lf : end) - text));
		if (lf)
			putchar('\n');
		text = lf ? lf + 1 : end;
	}
}

/* ---- the error, with the line and a caret under the place ---- */

/* One column for each byte, because that is what the caret counts. */
static char printable(char c)
{
	return (unsigned char)c < ' ' || (unsigned char)c >= 0x7f ? '?' : c;
}

static void print_place(const char *text, size_t len, const struct taut_error *e)
{
	const char *line = text, *end = text + len;

	for (uint32_t n = 1; n < e->line && line < end; n++) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		line = lf ? lf + 1 : end;
	}
	const char *lf = memchr(line, '\n', (size_t)(end - line));
	size_t n = (size_t)((lf ? lf : end) - line), at = e->column - 1;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	const size_t from = at > SHOWN / 2 && n > SHOWN ? at - SHOWN / 2 : 0;
	fputs("    ", stderr);
	for (size_t i = from; i < n && i < from + SHOWN; i++)
		fputc(printable(line[i]), stderr);
	fprintf(stderr, "\n%*s^\n", (int)(4 + at - from), "");
}

static void print_error(const char *name, const char *text, size_t len, const struct taut_error *e)
{
	fprintf(stderr, "%s:%u:%u: %s: found %s, expected %s (%s)\n", name, e->line, e->column,
		e->message, e->found, e->expected, e->spec);
	print_place(text, len, e);
}

/* ---- files ---- */

static int read_file(const char *name, char *text, size_t *len)
{
	const bool from_stdin = strcmp(name, "-") == 0;
	FILE *f = from_stdin ? stdin : fopen(name, "rb");

	if (!f) {
		fprintf(stderr, "taut sdp: ");
		perror(name);
		return CLI_FAILED;
	}
	*len = fread(text, 1, ROOM, f);
	const bool bad = ferror(f) != 0;
	if (bad) {
		fprintf(stderr, "taut sdp: ");
		perror(name);
	}
	if (!from_stdin)
		fclose(f);
	return bad ? CLI_FAILED : CLI_OK;
}

static int tell(const char *name, bool json, char *text)
{
	struct tt_env env;
	struct tt_sdp *sdp;
	struct tt_sdp_error e;
	size_t len;

	if (read_file(name, text, &len) != CLI_OK)
		return CLI_FAILED;
	tt_env_init(&env, NULL);
	if (tt_sdp_read(&sdp, &env, text, len, &e) != 0) {
		const char *shown = strcmp(name, "-") == 0 ? "stdin" : name;
		if (json)
			sdp_json_error(shown, &e.err);
		else
			print_error(shown, text, len, &e.err);
		return CLI_FAILED;
	}
	if (json)
		sdp_json_print(name, sdp);
	else
		tt_sdp_explain(sdp, print_text, NULL);
	tt_sdp_free(sdp);
	return CLI_OK;
}

static int run(int argc, char **argv)
{
	bool json = false;
	int key, end = CLI_OK;

	while ((key = cli_next(&cli_sdp, argc, argv)) != CLI_END) {
		if (key == CLI_HELP)
			return CLI_OK;
		if (key == CLI_BAD)
			return CLI_USAGE;
		json = true;
	}
	if (optind >= argc) {
		fprintf(stderr,
			"taut sdp: which file? - is the standard input; see 'taut sdp --help'\n");
		return CLI_USAGE;
	}
	char *text = malloc(ROOM);
	if (!text)
		return CLI_FAILED;
	for (int i = optind; i < argc; i++)
		if (tell(argv[i], json, text) != CLI_OK)
			end = CLI_FAILED;
	free(text);
	return end;
}

const struct cli_command cli_sdp = {
	.name = "sdp",
	.operands = "FILE...|-",
	.summary = "Say what a session description says, or where it is wrong.",
	.options = options,
	.examples = "  taut sdp offer.sdp\n"
		    "  taut sdp --json - < answer.sdp\n",
	.run = run,
};
