/* cli_sdp_file.c - a description in a file, and the place where it stops making sense.
 *
 * Descriptions come from anywhere: what is not fit for a terminal is escaped, so that no file
 * can speak to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_sdp.h"
#include "cli/sdp_json.h"

enum { ROOM = TT_SDP_MAX_BYTES + 1, SHOWN = 100 };

bool cli_sdp_load(struct cli_sdp_file *f, const char *name)
{
	const bool from_stdin = strcmp(name, "-") == 0;
	FILE *in = from_stdin ? stdin : fopen(name, "rb");
	bool bad = !in;

	*f = (struct cli_sdp_file){ .name = from_stdin ? "stdin" : name, .text = malloc(ROOM) };
	bad = bad || !f->text;
	if (!bad) {
		f->len = fread(f->text, 1, ROOM, in);
		bad = ferror(in) != 0;
	}
	if (bad) {
		fprintf(stderr, "taut sdp: ");
		perror(name);
		free(f->text);
	}
	if (in && !from_stdin)
		fclose(in);
	return !bad;
}

/* One column for each byte, because that is what the caret counts. */
static char printable(char c)
{
	return (unsigned char)c < ' ' || (unsigned char)c >= 0x7f ? '?' : c;
}

void cli_sdp_place(FILE *out, const struct cli_sdp_file *f, const struct taut_error *e, int indent)
{
	const char *line = f->text, *end = f->text + f->len;

	for (uint32_t n = 1; n < e->line && line < end; n++) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		line = lf ? lf + 1 : end;
	}
	const char *lf = memchr(line, '\n', (size_t)(end - line));
	size_t n = (size_t)((lf ? lf : end) - line), at = e->column - 1;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	const size_t from = at > SHOWN / 2 && n > SHOWN ? at - SHOWN / 2 : 0;
	fprintf(out, "%*s", indent, "");
	for (size_t i = from; i < n && i < from + SHOWN; i++)
		fputc(printable(line[i]), out);
	fprintf(out, "\n%*s^\n", indent + (int)(at - from), "");
}

void cli_sdp_error(const struct cli_sdp_file *f, const struct taut_error *e, bool json)
{
	if (json) {
		sdp_json_error(f->name, e);
		return;
	}
	fprintf(stderr, "%s:%u:%u: %s: found %s, expected %s (%s)\n", f->name, e->line, e->column,
		e->message, e->found, e->expected, e->spec);
	cli_sdp_place(stderr, f, e, 4);
}

struct tt_sdp *cli_sdp_read(const struct cli_sdp_file *f, struct tt_env *env, bool json)
{
	struct tt_sdp_error e;
	struct tt_sdp *sdp;

	if (tt_sdp_read(&sdp, env, f->text, f->len, &e) != 0)
		cli_sdp_error(f, &e.err, json);
	return sdp;
}
