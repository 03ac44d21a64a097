/* ice_why.h - what the sentences of ice_why.c and ice_why_agent.c are made with. */
#ifndef TAUT_ICE_ICE_WHY_H
#define TAUT_ICE_ICE_WHY_H

#include "ice/ice_agent.h"

/* Behind what is there already; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void tt_why_say(struct tt_ice_why *w, const char *fmt, ...);

/* spec NULL: no rule says so. */
static inline void tt_why_is(struct tt_ice_why *w, uint32_t code, const char *spec)
{
	w->code = code;
	w->spec = spec;
}

static inline const char *tt_why_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* The URL of a server; and what became of it. */
void tt_why_url(struct tt_ice_why *w, const struct ice_server *s);
void tt_why_server(struct tt_ice_why *w, const struct ice_server *s); /* one that failed */
void tt_why_pair(struct tt_ice_why *w);                               /* of w's addresses */

/* By TAUT_WHY_: how a pair ends, and which section says so. NULL: no pair does. */
extern const char *const tt_why_ends[TAUT_WHY_SPARED + 1], *const tt_why_specs[TAUT_WHY_SPARED + 1];

/* The whole: ice_why_agent.c. */
void tt_why_agent(const struct tt_ice *ice, struct tt_ice_why *w);

#endif
