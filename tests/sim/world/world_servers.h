/* world_servers.h - simulated hosts that serve: STUN (RFC 8489), mDNS (RFC 6762). */
#ifndef TAUT_WORLD_SERVERS_H
#define TAUT_WORLD_SERVERS_H

#include "world/world.h"

enum { WORLD_STUN_PORT = 3478, WORLD_STUN_OTHER_PORT = 3479, WORLD_MDNS_PORT = 5353, WORLD_MDNS_NAMES = 64 };

/* Answers Binding requests to port 3478 of any of its interfaces with where they came from. With two
 * addresses it answers at port 3479 as well, and from where it is asked to: RFC 5780. */
struct world_stun {
	struct world *world;
	int host;
	bool silent; /* it is down */
	struct taut_addr both[2]; /* its two addresses; family 0: it has one */
	uint64_t answered;
};
void world_stun_add(struct world *w, struct world_stun *s);

/* Answers questions for .local names on the networks of its interfaces, as browsers do for
 * their own candidates: by multicast. */
struct world_mdns {
	struct world *world;
	int host;
	size_t count;
	struct {
		char name[70];
		struct taut_addr addr;
	} names[WORLD_MDNS_NAMES];
	uint64_t answered;
};
void world_mdns_add(struct world *w, struct world_mdns *m);
/* A new name for the address, or the one it has: "<uuid>.local". NULL: full. */
const char *world_mdns_name(struct world_mdns *m, const struct taut_addr *addr,
			    struct world_random *r);

#endif
