/* world_turn.h - a TURN server as a simulated host: RFC 8656 over RFC 8489, over UDP, TCP and TLS.
 *
 * Written from the RFCs, not from any client. Port 3478 of all addresses of its host
 * speaks UDP and TCP, port 5349 TLS when it has a certificate. The addresses of the
 * host's interfaces are those it relays from, one of each family at the most counts.
 * Permissions, channels, nonces and allocations expire in virtual time.
 *
 * Nothing is kept of a request that is not authenticated: the nonce carries what the
 * server has to know. DONT-FRAGMENT is accepted, because nothing in the world
 * fragments. A stream that ends takes its allocation with it. Not here: DTLS over UDP,
 * ICMP attributes, TCP allocations (RFC 6062), mobility (RFC 8016), OAuth. */
#ifndef TAUT_WORLD_TURN_H
#define TAUT_WORLD_TURN_H

#include "world/world_tcp.h"

enum {
	WORLD_TURN_PORT = 3478,
	WORLD_TURNS_PORT = 5349,
	WORLD_TURN_USERS = 4,
	WORLD_TURN_PERMISSIONS = 16, /* of each relayed address */
	WORLD_TURN_CHANNELS = 16,
	WORLD_TURN_RESERVATIONS = 8,
};

/* How it misbehaves, from the moment that it is set. */
enum world_turn_fault {
	WORLD_TURN_FAIR,
	WORLD_TURN_SILENT,     /* answers nothing and relays nothing */
	WORLD_TURN_ALWAYS_401, /* whatever the credentials */
	WORLD_TURN_ALWAYS_438, /* each nonce is stale when it comes back */
	WORLD_TURN_ALWAYS_300, /* sends everybody to cfg.alternate, without asking who it is */
	WORLD_TURN_WRONG_MAC,  /* signs with somebody else's key */
	WORLD_TURN_FORGETFUL,  /* 437 for whatever needs an allocation */
	WORLD_TURN_BLACK_HOLE, /* grants everything and relays nothing */
};

struct world_turn_user {
	const char *name, *password;
};

/* Zero is the default. Texts stay the caller's. */
struct world_turn_config {
	const char *realm; /* "example" */
	struct world_turn_user users[WORLD_TURN_USERS];
	bool old;                      /* as before RFC 8489: MD5 and SHA-1, no nonce cookie */
	bool anonymous;                /* wants USERHASH: the bit "username anonymity" */
	struct taut_addr alternate[2]; /* of RFC 8489 section 10, IPv4 and IPv6 */
	const char *alternate_domain;
	const struct world_certificate *tls; /* NULL: no TLS */
	unsigned quota;                      /* allocations of a user; 0: 10 */
	uint16_t first_port, last_port;      /* to relay from; 0: 49152 to 65535 */
	taut_time nonce_life;                /* 0: an hour */
	uint32_t longest;                    /* lifetime of an allocation in s; 0: 3,600 */
	unsigned
		strangers; /* answers a second to who shows no credentials, twice that at once; 0: 50 */
	bool forbids_private; /* as peers, RFC 1918 and RFC 4193 */
};

struct world_turn {
	struct world *world;
	int host;
	struct world_turn_config cfg;
	enum world_turn_fault fault;
	struct world_turn_allocation *allocations;
	struct world_turn_stream *streams;
	struct world_turn_reservation {
		bool used;
		struct taut_addr addr;
		uint8_t token[8];
		taut_time until;
	} reservations[WORLD_TURN_RESERVATIONS];
	unsigned mismatches; /* so many Allocates are answered 437, as if another had the port */
	uint64_t secret;     /* of nonces */
	struct world_random random;
	taut_time tokens_at; /* of answers to strangers */
	unsigned tokens;
	/* counted */
	uint64_t requests, strangers, unanswered; /* unanswered: strangers beyond the rate */
	uint64_t to_peers, to_clients, refused;   /* datagrams; refused: without permission */
};

void world_turn_add(struct world *w, struct world_turn *t, const struct world_turn_config *cfg);
/* Before world_free. */
void world_turn_free(struct world_turn *t);
/* Every nonce handed out so far is stale: 438. */
void world_turn_expire_nonces(struct world_turn *t);
/* Allocations that live now. */
unsigned world_turn_count(struct world_turn *t);
/* As after a crash: no allocation is left, streams are reset. */
void world_turn_restart(struct world_turn *t);

/* May no client of ours send there? Loopback, link-local, unspecified, multicast, and IPv6
 * addresses that carry such an IPv4 address. */
bool world_turn_forbids(const struct world_turn_config *cfg, const struct taut_addr *peer);

#endif
