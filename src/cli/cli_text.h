/* cli_text.h - text of strangers, made fit for a terminal and for JSON.
 *
 * Names, chat, descriptions and reasons come from peers. A control character in them would
 * speak to the terminal, and bytes that are no UTF-8 have no place in JSON. */
#ifndef TAUT_CLI_CLI_TEXT_H
#define TAUT_CLI_CLI_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* Control characters, those that turn the direction of writing, and bytes that are no UTF-8
 * are written as \n, \x1b, \u202e; all else as it is. */
void cli_put_text(FILE *out, const char *text, size_t len);
/* Bytes that are no UTF-8 become U+FFFD. NULL gives null. */
json_t *cli_json_text(const char *text);
/* A line of JSON in ASCII, and o is given up; NULL prints nothing. */
void cli_put_json(FILE *out, json_t *o);
/* The longest part of text, at most max bytes, that ends between two characters. */
size_t cli_text_cut(const char *text, size_t len, size_t max);

#endif
