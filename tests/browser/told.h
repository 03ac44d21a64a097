/* told.h - a connection of taut that is told what to do: one JSON object per line comes in by stdin, and answers
 * and events go out by stdout in the same manner.
 *
 *     {"id": 2, "do": "local"}                       ->   {"id": 2, "type": "offer", "sdp": "v=0..."}
 *
 * The words that every such program knows are here: local, described, remote, restart. */
#ifndef TAUT_BROWSER_TOLD_H
#define TAUT_BROWSER_TOLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "taut/loop.h"

/* Fills `out`, or answers with a code of taut.h. */
struct told_word {
	const char *name;
	int (*run)(const json_t *in, json_t *out);
};

extern struct told {
	taut_loop *loop;
	taut_pc *pc;
	bool gathered;
	const struct told_word *words;
	size_t word_count;
} told;

/* A loop, and a connection on it whose events go to handler. False: there are none. */
bool told_open(const struct taut_config *cfg, taut_event_handler handler);
/* Until stdin ends; what is left is freed. The status to end with. */
int told_run(void);
taut_time told_now(void);
/* Takes o over. */
void told_say(json_t *o);
const char *told_text(const json_t *o, const char *key);
int64_t told_number(const json_t *o, const char *key);
/* The place of a word among words[1..]; 0: it is none of them. */
uint32_t told_place(const char *const *words, size_t count, const char *word);
extern const char *const told_states[7]; /* by TAUT_STATE_ */

#endif
