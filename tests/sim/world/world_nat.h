/* world_nat.h - a NAT as RFC 4787 describes them, or a firewall that does not translate.
 *
 * Mapping (section 4.1) and filtering (section 5) are each endpoint-independent,
 * address-dependent, or address-and-port-dependent. Filtering looks, as the RFC's
 * words do, at what the internal endpoint has sent, by whichever mapping. One
 * external address, so pooling is "paired" (REQ-2). Ports are never overloaded
 * (REQ-3). Hairpinned packets carry the external source address (REQ-9). Not
 * here: TCP, fragments, ICMP, more than one external address. */
#ifndef TAUT_WORLD_NAT_H
#define TAUT_WORLD_NAT_H

#include "taut/taut.h"
#include "world/world_random.h"

enum { WORLD_NAT_BINDINGS = 256, WORLD_NAT_PERMITS = 512 };

enum world_nat_rule {
	WORLD_NAT_ENDPOINT_INDEPENDENT,
	WORLD_NAT_ADDRESS_DEPENDENT,
	WORLD_NAT_ADDRESS_PORT_DEPENDENT,
};

struct world_nat_config {
	enum world_nat_rule mapping, filtering;
	bool firewall;       /* does not translate: only filtering counts */
	bool blocked;        /* no UDP at all */
	bool hairpin;        /* section 6 */
	bool preserve_ports; /* section 4.2.1: tries to */
	taut_time timeout;   /* section 4.3; 0: two minutes */
};

/* An internal endpoint as seen by those destinations that its mapping rule lumps together. */
struct world_nat_binding {
	bool used;
	struct taut_addr inside, toward; /* toward: as far as the rule looks; family 0: everyone */
	uint16_t port;
	taut_time used_at;
};

struct world_nat_permit {
	bool used;
	struct taut_addr inside, remote;
	taut_time used_at;
};

struct world_nat {
	struct world_nat_config cfg;
	struct taut_addr outside; /* port 0 */
	struct world_random random;
	struct world_nat_binding bindings[WORLD_NAT_BINDINGS];
	struct world_nat_permit permits[WORLD_NAT_PERMITS];
	uint64_t filtered, unmapped, blocked;
};

void world_nat_init(struct world_nat *n, const struct world_nat_config *cfg,
		    const struct taut_addr *outside, struct world_random random);
/* From inside: *from becomes the external endpoint. False: dropped. */
bool world_nat_outbound(struct world_nat *n, taut_time now, struct taut_addr *from,
			const struct taut_addr *to);
/* From outside: *to becomes the internal endpoint. False: dropped. */
bool world_nat_inbound(struct world_nat *n, taut_time now, const struct taut_addr *from,
		       struct taut_addr *to);
/* Power off and on: every binding is forgotten, new ones get other ports. */
void world_nat_rebind(struct world_nat *n);

#endif
