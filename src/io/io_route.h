/* io_route.h - whose datagram is it, on a socket that many connections share?
 *
 * Knows neither sockets nor connections: an end is what one connection has on one socket.
 *
 *     a check       by its USERNAME, which begins with our fragment (RFC 8445 section 7.2.2)
 *     an answer     by its transaction, where the end did not have that address yet
 *     all the rest  by the address it comes from
 *
 * An address belongs to the end whose peer showed that it is there. It shows so in two ways:
 *
 *     said       a check that is authenticated came from there. Who has the password can send one
 *                under any address, so this gives an address only if nobody is proven to be there.
 *     proven     a check of ours was answered from there, authenticated: who answers reads what is
 *                sent there. This takes the address from anyone.
 *
 * To send to an address gives nothing: a peer may name anybody's address as its candidate. The
 * caller knows what is authenticated, and says so (tt_route_shown). Two connections whose peers
 * are at the same address at the same time cannot be told apart: the one that was shown last has it. */
#ifndef TAUT_IO_ROUTE_H
#define TAUT_IO_ROUTE_H

#include <stdbool.h>

#include "base/env.h"
#include "taut/taut.h"

/* Of one end. Past a ceiling the oldest goes, addresses that were only said first. */
enum { TT_ROUTE_ADDRS = 64, TT_ROUTE_ASKED = 128, TT_ROUTE_NAMES = 2 };
#define TT_ROUTE_PATIENCE (40 * INT64_C(1000000)) /* RFC 8489 section 6.2.1: 39.5 s for an answer */

struct tt_route_node {
	struct tt_route_node *next; /* of its bucket */
	uint64_t hash;
};

/* bucket_count is 0 or a power of two. */
struct tt_route_table {
	struct tt_route_node **buckets;
	size_t bucket_count, count;
};

struct tt_route_name;
struct tt_route_addr;
struct tt_route_asked;

struct tt_route {
	struct tt_env *env;
	uint64_t seed; /* of the hashes: nobody chooses addresses that share a bucket */
	struct tt_route_table names, addrs, asked;
};

/* Zero: it has nothing. The lists are in the order of age, the oldest first. */
struct tt_route_end {
	struct tt_route_name *name[TT_ROUTE_NAMES]; /* the present one, and that before a restart */
	struct tt_route_addr *addrs;
	struct tt_route_asked *asked;
	uint32_t addr_count, asked_count;
};

/* What the datagram could show, if it is authenticated. */
enum tt_route_proof { TT_ROUTE_NOTHING, TT_ROUTE_SAID, TT_ROUTE_PROVEN };

struct tt_route_found {
	struct tt_route_end *end; /* NULL: nobody's */
	enum tt_route_proof proof;
	uint32_t why; /* TAUT_DROP_, when it is nobody's */
};

void tt_route_init(struct tt_route *r, struct tt_env *env, uint64_t seed);
void tt_route_free(struct tt_route *r); /* its ends have left */

/* Its local fragment is this now; the one before still leads to it. False: no memory. */
bool tt_route_name(struct tt_route *r, struct tt_route_end *end, const char *ufrag);
/* It gets nothing any more, and all it had is free. */
void tt_route_leave(struct tt_route *r, struct tt_route_end *end);
/* It sends this packet. A check, or a question to a STUN server, is remembered for its answer. */
void tt_route_sent(struct tt_route *r, taut_time now, struct tt_route_end *end,
		   const struct taut_addr *to, const uint8_t *buf, size_t len);
struct tt_route_found tt_route_find(const struct tt_route *r, const struct taut_addr *from,
				    const uint8_t *buf, size_t len);
/* What was found was authenticated. */
void tt_route_shown(struct tt_route *r, taut_time now, const struct tt_route_found *found,
		    const struct taut_addr *from);

#endif
