/* cli_sdp.h - the parts of taut sdp: a file, its lines explained, two compared, one checked.
 *
 * Each part prints to stdout, in words or as JSON, one object a line, and returns the program's
 * end. Reasons why nothing could be done are printed to stderr. */
#ifndef TAUT_CLI_CLI_SDP_H
#define TAUT_CLI_CLI_SDP_H

#include <stdbool.h>
#include <stdio.h>

#include "sdp/sdp.h"

struct cli_sdp_file {
	const char *name; /* as it is shown */
	char *text;       /* free() */
	size_t len;
};

/* "-" is the standard input. False: it was said why; there is nothing to free. */
bool cli_sdp_load(struct cli_sdp_file *f, const char *name);
/* The error, with its line and a caret under the place, to stderr. */
void cli_sdp_error(const struct cli_sdp_file *f, const struct taut_error *e, bool json);
/* The line and the caret alone, to out, after `indent` spaces. */
void cli_sdp_place(FILE *out, const struct cli_sdp_file *f, const struct taut_error *e, int indent);
/* Reads it, or says why not. */
struct tt_sdp *cli_sdp_read(const struct cli_sdp_file *f, struct tt_env *env, bool json);

int cli_sdp_explain(const struct cli_sdp_file *f, bool json);
int cli_sdp_diff(const struct cli_sdp_file *offer, const struct cli_sdp_file *answer, bool json);
int cli_sdp_lint(const struct cli_sdp_file *f, bool json);

#endif
