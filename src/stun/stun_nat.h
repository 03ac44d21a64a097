/* stun_nat.h - how the NAT before us maps and filters: RFC 4787 sections 4.1 and 5, asked by RFC 5780.
 *
 *     1  primary                       our address there, and the server's other one
 *     2  primary, answer from other    comes: nothing is filtered                       4.4, test II
 *     3  primary, answer from its      comes: filtered by address                       4.4, test III
 *        other port
 *     4  other address, same port      the same address of ours: one mapping for all    4.3, test II
 *     5  other address and port        the same as in 4: one for each address           4.3, test III
 *
 * Filtering comes first, because to ask the other address opens the filter. A server with one address
 * tells the mapping only together with a second server, and nothing about filtering. */
#ifndef TAUT_STUN_STUN_NAT_H
#define TAUT_STUN_STUN_NAT_H

#include "stun/stun_client.h"

enum tt_stun_nat_step {
	TT_STUN_NAT_PRIMARY,
	TT_STUN_NAT_FROM_OTHER,
	TT_STUN_NAT_FROM_PORT,
	TT_STUN_NAT_TO_OTHER,
	TT_STUN_NAT_TO_BOTH,
	TT_STUN_NAT_DONE,
};

/* Of mapping: which destinations see the same address of ours. Of filtering: who may answer. */
enum tt_stun_nat_rule {
	TT_STUN_NAT_UNKNOWN,
	TT_STUN_NAT_NONE, /* of mapping: we are seen under our own address */
	TT_STUN_NAT_ENDPOINT_INDEPENDENT,
	TT_STUN_NAT_ADDRESS_DEPENDENT,
	TT_STUN_NAT_ADDRESS_PORT_DEPENDENT,
	TT_STUN_NAT_DEPENDENT, /* on the address, perhaps on the port: two servers cannot tell */
};

/* The caller owns it; it holds no memory of its own. All goes over one socket of the caller's. */
struct tt_stun_nat {
	struct tt_env *env;
	struct taut_addr local, server, second, other; /* family 0: there is none */
	enum tt_stun_nat_step step;
	struct tt_stun_client client; /* of this step */
	/* the result */
	struct taut_addr mapped, mapped_by_other; /* as the primary saw us, and its other address */
	enum tt_stun_nat_rule mapping, filtering;
	const char *why; /* a sentence: what could not be found out; NULL: nothing */
};

/* local: what the socket is bound to, with the address that packets to the server leave from. second:
 * another server, for a first that has one address; or NULL. */
void tt_stun_nat_init(struct tt_stun_nat *n, struct tt_env *env, taut_time now,
		      const struct taut_addr *local, const struct taut_addr *server,
		      const struct taut_addr *second);
/* The next request into buf, for n->client.server: its length, or 0: nothing now. */
size_t tt_stun_nat_poll_send(struct tt_stun_nat *n, taut_time now, void *buf, size_t cap);
/* False: the datagram is not the answer; dropped, nothing changed. */
bool tt_stun_nat_recv(struct tt_stun_nat *n, taut_time now, const struct taut_addr *from,
		      const void *buf, size_t len);
void tt_stun_nat_tick(struct tt_stun_nat *n, taut_time now);
taut_time tt_stun_nat_deadline(const struct tt_stun_nat *n); /* INT64_MAX: finished */
/* "endpoint-independent" and so on, as the RFC says it. */
const char *tt_stun_nat_rule_text(enum tt_stun_nat_rule rule);
/* A sentence: what these two mean for calls. */
const char *tt_stun_nat_meaning(const struct tt_stun_nat *n);

#endif
