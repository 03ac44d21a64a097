/* call_report.h - what happens in a call, as lines for people or JSON objects, one per line. */
#ifndef TAUT_CLI_CALL_REPORT_H
#define TAUT_CLI_CALL_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Adds "event" and "side" to fields (taken over) and prints it; in words: side, ms, event, text. */
void call_report(FILE *out, bool json, const char *side, double ms, const char *event,
		 const char *text, json_t *fields);

#endif
