/* cmd_sdp.c - taut sdp: what a session description says, or where it stops making sense. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_sdp.h"
#include "cli/cli_text.h"
#include "cli/sdp_json.h"

static const struct cli_option options[] = {
	{ "json", 'j', NULL,
	  "one JSON object a line: the session, each section, warnings, or the error; "
	  "or each line, each difference, each problem" },
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

static int summarize(const struct cli_sdp_file *f, bool json)
{
	struct tt_env env;

	tt_env_init(&env, NULL);
	struct tt_sdp *sdp = cli_sdp_read(f, &env, json);
	if (!sdp)
		return CLI_FAILED;
	if (json)
		sdp_json_print(f->name, sdp);
	else
		tt_sdp_summary(sdp, print_text, NULL);
	tt_sdp_free(sdp);
	return CLI_OK;
}

/* Each file by itself; one that is bad does not hide the others. */
static int each(char **names, int count, bool json,
		int (*work)(const struct cli_sdp_file *f, bool json))
{
	int end = CLI_OK;

	for (int i = 0; i < count; i++) {
		struct cli_sdp_file f;
		if (!cli_sdp_load(&f, names[i])) {
			end = CLI_FAILED;
			continue;
		}
		if (work(&f, json) != CLI_OK)
			end = CLI_FAILED;
		free(f.text);
	}
	return end;
}

static int compare(char **names, bool json)
{
	struct cli_sdp_file offer, answer;
	int end = CLI_FAILED;

	if (!cli_sdp_load(&offer, names[0]))
		return CLI_FAILED;
	if (cli_sdp_load(&answer, names[1])) {
		end = cli_sdp_diff(&offer, &answer, json);
		free(answer.text);
	}
	free(offer.text);
	return end;
}

static int wants(const char *what)
{
	fprintf(stderr, "taut sdp: %s; see 'taut sdp --help'\n", what);
	return CLI_USAGE;
}

static int run(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int (*work)(const struct cli_sdp_file *f, bool json);
	} verbs[] = { { "explain", cli_sdp_explain }, { "lint", cli_sdp_lint } };
	int (*work)(const struct cli_sdp_file *f, bool json) = summarize;
	bool json = false;
	int key;

	while ((key = cli_next(&cli_sdp, argc, argv)) != CLI_END) {
		if (key == CLI_HELP)
			return CLI_OK;
		if (key == CLI_BAD)
			return CLI_USAGE;
		json = true;
	}
	const char *verb = optind < argc ? argv[optind] : "";
	if (strcmp(verb, "diff") == 0) {
		if (argc - optind != 3)
			return wants("diff takes two files, the offer and the answer");
		return compare(argv + optind + 1, json);
	}
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verb, verbs[i].verb) == 0)
			work = verbs[i].work;
	optind += work != summarize;
	if (optind >= argc)
		return wants("which file? - is the standard input");
	return each(argv + optind, argc - optind, json, work);
}

const struct cli_command cli_sdp = {
	.name = "sdp",
	.operands = "[explain|diff|lint] FILE...|-",
	.summary = "Say what a session description says, or where it is wrong.\n\n"
		   "  explain FILE...    each line: what it means, and where that is written\n"
		   "  diff OFFER ANSWER  what was agreed, narrowed and refused, and why\n"
		   "  lint FILE...       what Chromium or Firefox would refuse, and where",
	.options = options,
	.examples = "  taut sdp offer.sdp\n"
		    "  taut sdp --json - < answer.sdp\n"
		    "  taut sdp explain offer.sdp\n"
		    "  taut sdp diff offer.sdp answer.sdp\n"
		    "  taut sdp lint offer.sdp && echo 'both browsers take it'\n",
	.run = run,
};
