/* cli_colour.h - colours, on a terminal only. */
#ifndef TAUT_CLI_CLI_COLOUR_H
#define TAUT_CLI_CLI_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

enum cli_colour { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_GOOD, CLI_ODD, CLI_WRONG };

/* The sequence that begins it, and CLI_PLAIN what ends any; "" where out is no terminal, where
 * NO_COLOR is set and not empty (no-color.org), and where TERM is dumb. */
const char *cli_colour(FILE *out, enum cli_colour colour);

#endif
