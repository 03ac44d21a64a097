/* world_signal.h - the signaling path: what applications tell each other, in order, with a delay.
 *
 * Descriptions and candidates as text. The relay's rooms are world_rooms.h's. */
#ifndef TAUT_WORLD_SIGNAL_H
#define TAUT_WORLD_SIGNAL_H

#include "world/world.h"

struct world_note {
	uint32_t type;    /* TAUT_SDP_, or 0: a candidate */
	const char *text; /* NULL: the end of candidates */
	const char *mid;  /* or NULL */
};

/* One direction. */
struct world_signal {
	struct world *world;
	taut_time delay, jitter;
	struct world_random random;
	void (*arrives)(void *user, const struct world_note *note); /* lent */
	void *user;
	taut_time last_at;
	struct world_letter *letters; /* under way, in order */
};

void world_signal_init(struct world_signal *s, struct world *w, unsigned which, taut_time delay,
		       taut_time jitter, void (*arrives)(void *user, const struct world_note *note),
		       void *user);
void world_signal_send(struct world_signal *s, const struct world_note *note);
void world_signal_free(struct world_signal *s); /* what is under way is lost */

#endif
