/* scenario_text.h - the words of one line of a scenario, taken one after another.
 *
 * The first mistake is kept, with its file and line; after it all answers are harmless. */
#ifndef TAUT_SIM_SCENARIO_TEXT_H
#define TAUT_SIM_SCENARIO_TEXT_H

#include "run/scenario.h"

enum { WORDS = 24 };

struct words {
	struct scenario *sc;
	const char *words[WORDS];
	size_t count, at;
	unsigned line;
	bool bad, has_end;
	char *error;
};

/* What a number may end in, and what it is worth then; ends with a NULL. */
struct words_unit {
	const char *name;
	double factor;
};

void words_bad(struct words *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *words_peek(const struct words *r);
const char *words_take(struct words *r, const char *what);
bool words_accept(struct words *r, const char *word);
int words_find(const char *const *list, const char *word);
unsigned words_one_of(struct words *r, const char *const *list, const char *what);
unsigned words_who(struct words *r);
double words_measure(struct words *r, const struct words_unit *units, const char *what);
taut_time words_duration(struct words *r, const char *what);
uint32_t words_share(struct words *r);
int64_t words_number(struct words *r, const char *what, int64_t low, int64_t high);
struct scenario_moment words_moment(struct words *r);

/* The statements, each from behind its first word: scenario_where.c ... */
void scenario_read_profile(struct words *r);
void scenario_read_peer(struct words *r);
void scenario_read_carrier(struct words *r);
void scenario_read_drop(struct words *r);
void scenario_read_signal(struct words *r);
void scenario_read_top_link(struct words *r);
void scenario_read_same_network(struct words *r);
void scenario_read_wraps(struct words *r);
void scenario_read_heals(struct words *r);
void scenario_read_stun_silent(struct words *r);
void scenario_read_dns(struct words *r);
struct world_link_config scenario_read_link(struct words *r);
/* ... and scenario_what.c */
void scenario_read_at(struct words *r);
void scenario_read_expect(struct words *r);
void scenario_read_never(struct words *r);

#endif
