/* mdns.h - the few DNS messages that a .local candidate needs. RFC 6762, RFC 1035 section 4.
 *
 * One question out, address records in. Names are compared without case. */
#ifndef TAUT_ICE_MDNS_H
#define TAUT_ICE_MDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "taut/taut.h"

enum { TT_MDNS_PORT = 5353, TT_MDNS_A = 1, TT_MDNS_AAAA = 28, TT_MDNS_NAME_CAP = 256 };

/* One address record of an answer. */
struct tt_mdns_record {
	char name[TT_MDNS_NAME_CAP]; /* lower case, labels joined by dots */
	struct taut_addr addr;       /* port 0 */
};

/* Walks the address records of one message. */
struct tt_mdns_reader {
	const uint8_t *pkt;
	size_t len, off;
	unsigned left; /* records not yet looked at */
};

/* A question for one record of name ("x.local"). 0: it does not fit or is no name. */
size_t tt_mdns_write_query(uint8_t *buf, size_t cap, const char *name, uint16_t type);
/* False: not a well-formed response (a query is none). */
bool tt_mdns_begin(struct tt_mdns_reader *r, const uint8_t *pkt, size_t len);
/* 1: an address record; 0: no more; -1: malformed from here on. */
int tt_mdns_next(struct tt_mdns_reader *r, struct tt_mdns_record *out);
/* Exactly one label of at most 63 bytes, then ".local", as the mDNS candidate draft demands. */
bool tt_mdns_is_local(const char *name);
bool tt_mdns_same_name(const char *a, const char *b);

#endif
