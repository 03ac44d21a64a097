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

/* ---- the same for programs ---- */

static json_t *codecs_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->codec_count; i++) {
		const struct tt_sdp_codec *c = &m->codecs[i];
		json_t *feedback = json_array();
		for (size_t k = 0; k < c->rtcp_fb_count; k++)
			json_array_append_new(feedback, cli_json_text(c->rtcp_fb[k]));
		json_array_append_new(list,
				      json_pack("{s:i, s:o, s:I, s:i, s:o, s:o}", "payload_type",
						c->payload_type, "name", cli_json_text(c->name),
						"clock_rate", (json_int_t)c->clock_rate, "channels",
						c->channels, "fmtp", cli_json_text(c->fmtp),
						"rtcp_fb", feedback));
	}
	return list;
}

static json_t *candidates_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();
	char line[TT_SDP_CANDIDATE_TEXT];

	for (size_t i = 0; i < m->candidate_count; i++)
		if (tt_sdp_candidate_write(&m->candidates[i], line, sizeof line) > 0)
			json_array_append_new(list, cli_json_text(line));
	return list;
}

static json_t *extmaps_of(const struct tt_sdp_common *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->extmap_count; i++)
		json_array_append_new(list, json_pack("{s:i, s:o}", "id", c->extmaps[i].id, "uri",
						      cli_json_text(c->extmaps[i].uri)));
	return list;
}

static json_t *section_of(const struct tt_sdp *sdp, size_t index)
{
	const struct tt_sdp_media *m = sdp->media[index];
	json_t *o = json_pack("{s:I, s:o, s:o, s:i, s:o, s:s, s:o, s:s, s:b}", "section",
			      (json_int_t)index + 1, "kind", cli_json_text(m->kind_text), "mid",
			      cli_json_text(m->mid), "port", m->port, "proto",
			      cli_json_text(m->proto_text), "direction",
			      tt_sdp_direction_text(tt_sdp_direction(sdp, m)), "ice_ufrag",
			      cli_json_text(tt_sdp_ufrag(sdp, m)), "setup",
			      tt_sdp_setup_text(tt_sdp_setup(sdp, m)), "rtcp_mux", m->rtcp_mux);

	if (!o)
		return NULL;
	json_object_set_new(o, "codecs", codecs_of(m));
	json_object_set_new(o, "extmaps", extmaps_of(&m->common));
	json_object_set_new(o, "candidates", candidates_of(m));
	if (tt_sdp_is_sctp(m)) {
		json_object_set_new(o, "sctp_port", json_integer(tt_sdp_sctp_port(m)));
		json_object_set_new(o, "max_message_size",
				    json_integer((json_int_t)tt_sdp_max_message_size(m)));
	}
	return o;
}

static void print_json(const char *name, const struct tt_sdp *sdp)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < sdp->group_count; i++) {
		json_t *mids = json_array();
		for (size_t k = 0; k < sdp->groups[i].mid_count; k++)
			json_array_append_new(mids, cli_json_text(sdp->groups[i].mids[k]));
		json_array_append_new(groups, json_pack("{s:o, s:o}", "semantics",
							cli_json_text(sdp->groups[i].semantics),
							"mids", mids));
	}
	/* 64 bits do not fit a number of JavaScript */
	char id[24];
	snprintf(id, sizeof id, "%llu", (unsigned long long)sdp->sess_id);
	cli_put_json(stdout, json_pack("{s:o, s:o, s:s, s:I, s:b, s:o}", "file",
				       cli_json_text(name), "user", cli_json_text(sdp->username),
				       "session_id", id, "sections", (json_int_t)sdp->media_count,
				       "ice_lite", sdp->ice_lite, "groups", groups));
	for (size_t i = 0; i < sdp->media_count; i++)
		cli_put_json(stdout, section_of(sdp, i));
	for (size_t i = 0; i < sdp->warning_count; i++)
		cli_put_json(stdout, json_pack("{s:i, s:s}", "line", (int)sdp->warnings[i].line,
					       "warning", sdp->warnings[i].text));
}

static void print_json_error(const char *name, const struct taut_error *e)
{
	cli_put_json(stdout,
		     json_pack("{s:o, s:i, s:i, s:s, s:o, s:s, s:s}", "file", cli_json_text(name),
			       "line", (int)e->line, "column", (int)e->column, "error", e->message,
			       "found", cli_json_text(e->found), "expected", e->expected, "spec",
			       e->spec));
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
			print_json_error(shown, &e.err);
		else
			print_error(shown, text, len, &e.err);
		return CLI_FAILED;
	}
	if (json)
		print_json(name, sdp);
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
