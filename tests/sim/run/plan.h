/* plan.h - what a seed decides of one session: the networks of both peers, and their habits. */
#ifndef TAUT_SIM_PLAN_H
#define TAUT_SIM_PLAN_H

#include "run/profile.h"
#include "world/world_dns.h"
#include "world/world_nat.h"

/* How a peer is connected to the internet over IPv4. */
enum access {
	ACCESS_OPEN,   /* a public address, no NAT */
	ACCESS_NAT,    /* behind one */
	ACCESS_DOUBLE, /* behind two in a row: at home, and at the provider */
	ACCESS_BLOCKED /* behind a NAT that lets no UDP pass */
};

/* What goes wrong two seconds into the call, beside what the profile says. */
enum fault {
	FAULT_NONE,
	FAULT_REBIND,  /* a NAT forgets its bindings */
	FAULT_ROAM,    /* an interface vanishes, another one appears */
	FAULT_ONE_WAY, /* nothing arrives at one end for a while, or nothing leaves it */
	FAULT_STALL,   /* one process sleeps; its packets wait */
	FAULT_NAP      /* both sleep until every NAT has forgotten them, and consent is gone */
};

struct plan_peer {
	enum access access;
	struct world_nat_config nat;   /* at home */
	struct world_nat_config outer; /* with ACCESS_DOUBLE: the provider's */
	bool ipv6;                     /* beside IPv4, behind a firewall */
	bool two_interfaces;           /* another one on the same network */
	bool hides_addresses;          /* private ones are told as .local names, as browsers do */
};

struct plan {
	uint64_t seed;
	const struct profile *profile;
	struct world_link_config half[2]; /* of the path, by peer */
	taut_time outage;
	struct plan_peer peers[2];
	bool same_net; /* both behind peer 0's NAT */
	bool carrier;  /* each at home behind a NAT, and both behind one of the provider's: */
	struct world_nat_config carrier_nat;
	bool offerer;  /* which one */
	bool near_wrap, clock_jumps, restarts, stun_silent;
	bool glare;    /* both offer at once */
	bool old_sctp; /* the victim speaks RFC 9260 alone: DATA, and a checksum in each packet */
	bool heals;    /* an application that restarts ICE when it is told "disconnected" */
	bool vanishes; /* in the end one is gone without a word */
	enum fault fault;
	int victim;           /* of it */
	bool hole_out;        /* FAULT_ONE_WAY: nothing leaves */
	taut_time fault_time; /* how long it lasts */
	taut_time signal_delay, signal_jitter;
	bool dns; /* the STUN server's name is asked of a DNS server, with this fault ... */
	enum world_dns_fault dns_fault;
	taut_time
		dns_delay; /* ... which takes its time; else a resolver that cannot fail knows it */
	bool rooms;      /* signaling by the relay's rooms, not by a plain pipe */
	taut_time start; /* of the monotonic clock; 0: the world's own */
	int64_t wall;    /* of the wall clock, in microseconds since 1970; 0: the world's own */
	bool connects;   /* what RFC 4787 says; see plan_connects */
};

void plan_draw(struct plan *p, uint64_t seed, const struct profile *profile);

/* Can the two reach each other with one STUN server and no relay? From RFC 4787 and RFC 8445, by a
 * table; see docs/TESTING.md. */
bool plan_connects(const struct plan *p);

enum { PLAN_TEXT = 64 };
/* "nat ei/apd" and the like. */
const char *plan_access_text(const struct plan_peer *p, char out[PLAN_TEXT]);
/* What both share: ", behind one carrier's NAT ei/ad without hairpin", ", in one network", or nothing. */
const char *plan_shared_text(const struct plan *p, char out[PLAN_TEXT]);

#endif
