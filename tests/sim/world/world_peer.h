/* world_peer.h - a taut_pc on a host of the world, driven by its contract.
 *
 * Answers what the connection asks for: sockets on the host's interfaces, streams, names
 * (of a DNS server, or those told to world_peer_knows after a delay), multicast. Events go to the
 * handler, which may call the connection. After every step it checks that polls
 * end, that no timer spins, that memory stays under its ceiling, and through
 * world_watch.h what may leave; freeing checks that all memory came back. */
#ifndef TAUT_WORLD_PEER_H
#define TAUT_WORLD_PEER_H

#include "taut/taut.h"
#include "world/world.h"
#include "world/world_dns.h"
#include "world/world_tcp.h"
#include "world/world_watch.h"

enum { WORLD_PEER_FLOWS = 32, WORLD_PEER_NAMES = 4 };

struct world_peer;
struct world_share;
struct world_waiting;
typedef void (*world_peer_handler)(struct world_peer *p, const struct taut_event *ev);

struct world_peer_config {
	const char *name;
	const struct taut_config *pc;
	const struct taut_trace_sink *trace;
	world_peer_handler handler;
	void *user;
	void (*after_step)(struct world_peer *p); /* more invariants; or NULL */
	/* around each datagram that comes in, before anything is polled; or NULL */
	void (*before_packet)(struct world_peer *p, const uint8_t *data, size_t len);
	void (*after_packet)(struct world_peer *p);
	/* false: this datagram vanishes on its way out; NULL: none does */
	bool (*lets)(struct world_peer *p, const uint8_t *data, size_t len);
	size_t memory;  /* ceiling of what it may ever hold; 0: not checked */
	bool near_wrap; /* random numbers of four bytes (TSN, tags, SSRC) are just below 2^32 */
	taut_time dns_delay;
	struct world_share *share; /* its host, and one port there; NULL: a host of its own */
	unsigned sockets;          /* of UDP, so many it ever gets; 0: any number */
	bool no_multicast;         /* its host refuses such sockets */
	struct taut_addr dns; /* a DNS server to ask; family 0: world_peer_knows has the names */
};

/* What it has open. */
struct world_peer_flow {
	struct world_peer *peer; /* of a stream */
	taut_flow flow;          /* 0: free */
	struct taut_addr addr;
	bool multicast, is_stream, listens, accepted;
	bool framed,
		said; /* a length goes before each message; something was sent, so that it is known */
	bool told;    /* that it is over */
	struct world_stream *stream; /* NULL: it is over, or none */
	uint8_t *in;                 /* for the watch: a message that is not whole yet */
	size_t have;
};

struct world_peer {
	struct world *world;
	struct world_peer_config cfg;
	int host;
	taut_env *env;
	taut_pc *pc; /* NULL: freed */
	struct world_random random;
	struct world_peer_flow flows[WORLD_PEER_FLOWS];
	uint16_t next_port;
	struct {
		const char *name;
		struct taut_addr addrs[2];
		size_t count;
	} names[WORLD_PEER_NAMES];
	size_t name_count;
	struct world_resolver resolver;
	struct world_watch watch;
	size_t memory, memory_peak;
	unsigned whole; /* packets that must not be fragmented */
	bool pumping;
	uint32_t short_draws;
	taut_time asleep_until;
	struct world_waiting *waiting; /* packets that came meanwhile */
	unsigned sockets_asked;        /* of UDP, multicast included */
	uint64_t datagrams_out, bytes_out, datagrams_in;
	uint64_t yielded; /* by its polls, in all */
};

/* The host has no interface yet; it starts when world_peer_start is called. */
void world_peer_add(struct world *w, struct world_peer *p, const struct world_peer_config *cfg);
void world_peer_knows(struct world_peer *p, const char *name, const struct taut_addr *addrs,
		      size_t n);
void world_peer_start(struct world_peer *p);
/* Until then the process does nothing; what arrives waits in its sockets. */
void world_peer_sleep(struct world_peer *p, taut_time until);
/* After any call of taut_pc_ from outside the handler. */
void world_peer_pump(struct world_peer *p);
/* Frees the connection and its environment; what was not given back is a failure. */
void world_peer_free(struct world_peer *p);

#endif
