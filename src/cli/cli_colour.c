/* cli_colour.c - see cli_colour.h. */
#include "cli/cli_colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wanted(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && no[0]) && !(term && strcmp(term, "dumb") == 0) && isatty(fileno(out));
}

const char *cli_colour(FILE *out, enum cli_colour colour)
{
	static const char *const begins[] = { "\x1b[0m",  "\x1b[1m",  "\x1b[2m",
					      "\x1b[32m", "\x1b[33m", "\x1b[31m" };

	return wanted(out) ? begins[colour] : "";
}
