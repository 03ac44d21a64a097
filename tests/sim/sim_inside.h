/* sim_inside.h - invariants that can only be seen from inside the connection of a simulated peer: looked
 * at after each of its steps, and around each packet that it is given. What does not hold is a failure of
 * its world. */
#ifndef TAUT_SIM_INSIDE_H
#define TAUT_SIM_INSIDE_H

#include "hostile/state.h"
#include "world/world_peer.h"

/* Of the packet at hand, and before it. */
struct sim_inside {
	bool one_record, overdue;
	uint64_t dropped_before;
	size_t held_before;
	struct state before;
	unsigned refused; /* packets whose refusal was looked at */
};

/* Who waits has a timer; who is asked for nothing has nothing to say; nobody holds more than its ceilings. The
 * buffer is the one that the peer was configured with. */
void sim_inside_step(struct world_peer *p, size_t send_buffer);
/* A packet that is refused changes nothing. */
void sim_inside_before(struct sim_inside *a, struct world_peer *p, const uint8_t *data, size_t len);
void sim_inside_after(struct sim_inside *a, struct world_peer *p);

/* sim_ceilings.c */
void sim_check_ceilings(struct world_peer *p, size_t send_buffer);

#endif
