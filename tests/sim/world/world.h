/* world.h - a world in virtual time: hosts on networks, wires, NATs, and one clock.
 *
 * The tool for testing whole sessions exactly. Network 0 is the internet; every
 * other one hangs below its parent, with a NAT for IPv4 and a firewall for IPv6
 * between, or neither. A host has interfaces, each with one address on one
 * network and a wire in each direction; interfaces appear and vanish. Private
 * addresses of different networks may coincide, as they do in life.
 *
 *     struct world *w = world_new(seed);
 *     int home = world_add_net(w, 0);
 *     world_set_nat(w, home, &world_nat_config, &public_address);
 *     int host = world_add_host(w, "alice", &ops, user);
 *     world_add_iface(w, host, home, &address, &wire, &wire);
 *     world_run(w, until, condition, user);
 *
 * One seed decides everything. All that arrives goes into a running hash: the
 * same seed, the same hash. What should never happen is told to world_fail by
 * whoever sees it, and does not stop the world. Nothing here knows WebRTC:
 * world_peer.h puts a peer connection on a host, world_tcp.h streams between
 * hosts; world_servers.h, world_dns.h and world_turn.h have servers. */
#ifndef TAUT_WORLD_H
#define TAUT_WORLD_H

#include "taut/taut.h"
#include "world/world_link.h"
#include "world/world_nat.h"

enum {
	WORLD_NETS = 32,
	WORLD_HOSTS = 64,
	WORLD_IFACES = 128,
	WORLD_INTERNET = 0,
	WORLD_FAILURE_TEXT = 400,
};

struct world;

struct world_packet {
	struct taut_addr from, to; /* as they stand in the header just now */
	unsigned refs;
	bool delivered;
	bool tcp;  /* a segment of world_tcp.h; else a datagram */
	int iface; /* the one it comes from or goes to */
	unsigned ttl;
	size_t len;
	uint8_t data[];
};

struct world_host_ops {
	/* A datagram for local; data may be overwritten. NULL: what comes is ignored. */
	void (*recv)(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		     uint8_t *data, size_t len);
	taut_time (*deadline)(void *user); /* NULL: never */
	void (*tick)(void *user);          /* when the deadline has come */
	void (*ifaces_changed)(void *user);
};

struct world_host {
	const char *name;
	const struct world_host_ops *ops;
	void *user;
	bool multicast; /* hears 224.0.0.251 on its networks */
};

struct world_iface {
	int host, net;
	bool up;
	uint32_t network;      /* TAUT_NETWORK_, as its host is told */
	struct taut_addr addr; /* port 0 */
	struct world_link out, in;
	struct world_packet *held[64]; /* by in and out, waiting for others to pass */
	unsigned held_for[64];
	bool held_out[64];
};

struct world_net {
	int parent;                               /* -1: the internet */
	struct world_nat *nat, *firewall;         /* towards the parent: IPv4, IPv6; NULL: open */
	struct world_nat *nat_tcp, *firewall_tcp; /* the same boxes' bindings for TCP */
};

typedef void (*world_action)(void *arg, uint64_t number);

struct world_event {
	taut_time at;
	uint64_t order;      /* breaks ties */
	world_action action; /* NULL: a packet */
	void *arg;
	uint64_t number;
	struct world_packet *packet;
	bool arrived; /* at its interface; else at the network of the one it left */
};

struct world {
	uint64_t seed, hash, order;
	taut_time now, start;
	struct world_random random; /* of the links */
	struct world_net nets[WORLD_NETS];
	struct world_host hosts[WORLD_HOSTS];
	struct world_iface ifaces[WORLD_IFACES];
	int net_count, host_count, iface_count;
	struct world_event *events; /* a heap */
	size_t event_count, event_cap;
	struct world_stream *streams;
	struct world_listener *listeners;
	uint64_t stream_count;
	uint64_t unroutable, delivered;
	unsigned failures;
	char failure[WORLD_FAILURE_TEXT]; /* the first one */
};

struct world *world_new(uint64_t seed);
void world_free(struct world *w);

/* ---- building; numbers come back, and stay ---- */
int world_add_net(struct world *w, int parent);
void world_set_nat(struct world *w, int net, const struct world_nat_config *cfg,
		   const struct taut_addr *outside);
void world_set_firewall(struct world *w, int net, const struct world_nat_config *cfg);
/* Power off and on at the network's edge: no binding is left, of UDP or TCP. */
void world_rebind(struct world *w, int net);
int world_add_host(struct world *w, const char *name, const struct world_host_ops *ops, void *user);
/* At any time: an interface that appears is one that is added, and its host is told. */
int world_add_iface(struct world *w, int host, int net, const struct taut_addr *addr,
		    const struct world_link_config *out, const struct world_link_config *in);
void world_iface_up(struct world *w, int iface, bool up); /* tells its host */
/* TAUT_NETWORK_: what it leads to, unknown at first; told when the host next hears of its interfaces. */
void world_iface_network(struct world *w, int iface, uint32_t network);
void world_iface_becomes(struct world *w, int iface, uint32_t network); /* and the host is told */
/* Nothing passes the interface's wires for a while, in one direction or both; the host is not told. */
#define WORLD_OUT 1u
#define WORLD_IN  2u
void world_outage(struct world *w, int iface, unsigned ways, taut_time at, taut_time duration);
/* An address from text, aborting on a mistake: for topologies written by hand. */
struct taut_addr world_addr(const char *ip, uint16_t port);

/* ---- running ---- */
/* From one of host's own addresses; from another it is not sent (-1). */
int world_send(struct world *w, int host, const struct taut_addr *from, const struct taut_addr *to,
	       const void *data, size_t len);
/* Calls action at that moment, or at once if it is over. */
void world_at(struct world *w, taut_time at, world_action action, void *arg, uint64_t number);
/* The clock goes back, for everybody: what was to come, and what links and NATs remember, comes as much sooner.
 * A clock that taut is given must not (taut_time); this is to see that nothing worse than a wait comes of it. */
void world_turn_back(struct world *w, taut_time by);
/* Lets time pass until the condition holds (true) or the moment has come (false). */
bool world_run(struct world *w, taut_time until, bool (*condition)(void *user), void *user);
void world_absorb(struct world *w, const void *data, size_t len); /* into the hash */
void world_fail(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
