/* sim.h - a small world in virtual time: a clock, links, and an event queue.
 *
 * Two agents and the link between them. The link delays, drops (a list of exact
 * packets, or a share of them drawn from the seed), duplicates and reorders.
 * Everything that crosses it goes into a running hash: the same seed gives the
 * same hash. Nothing here knows what the packets mean. */
#ifndef TAUT_TEST_SIM_H
#define TAUT_TEST_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"

struct sim_link {
	taut_time delay, jitter;           /* microseconds, one way */
	unsigned loss, duplicate, corrupt; /* per thousand */
	unsigned reorder;                  /* per thousand are held back by 4 x delay */
	const unsigned *drop; /* exact packets, counted from 0 in each direction, ... */
	size_t drop_count;    /* ... in ascending order */
};

struct sim_packet {
	struct sim_packet *next;
	taut_time at;
	uint64_t order; /* of sending: breaks ties, so that a run is exact */
	int to;
	struct taut_addr local, remote; /* as the receiver sees them */
	size_t len;
	uint8_t data[];
};

struct sim {
	uint64_t seed, hash, order;
	taut_time now;
	struct sim_link link;
	unsigned sent[2];         /* by direction: to agent 0, to agent 1 */
	struct sim_packet *queue; /* by time */
	struct tt_env env[2];     /* random from the seed; memory counted */
};

/* The seed decides the random numbers of both environments and of the link. */
void sim_init(struct sim *s, uint64_t seed, const struct sim_link *link);
void sim_free(struct sim *s);
uint64_t sim_random(struct sim *s);

/* From one agent to the other (to: 0 or 1); local and remote as the sender sees them, or NULL. */
void sim_send(struct sim *s, int to, const void *data, size_t len, const struct taut_addr *local,
	      const struct taut_addr *remote);
/* When the next packet arrives; INT64_MAX: none is under way. */
taut_time sim_next(const struct sim *s);
/* The next packet that has arrived by s->now, or NULL. Free it with free(). */
struct sim_packet *sim_take(struct sim *s);

#endif
