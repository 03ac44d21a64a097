/* world_dns_wire.h - names and questions of DNS messages, RFC 1035 section 4, for DNS and mDNS. */
#ifndef TAUT_WORLD_DNS_WIRE_H
#define TAUT_WORLD_DNS_WIRE_H

#include "base/rd.h"
#include "base/wr.h"

enum {
	DNS_A = 1,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_IN = 1,
	DNS_NAME = 256,
	DNS_RESPONSE = 0x8000,
	DNS_NXDOMAIN = 3,
	DNS_SERVFAIL = 2,
};

struct dns_head {
	uint16_t id, flags, questions, answers;
};
struct dns_head world_dns_head(struct rd *r);

/* A name without pointers, as text without the last dot. */
bool world_dns_read_name(struct rd *r, char out[DNS_NAME]);
/* Over a name as it stands in answers, pointers included. */
void world_dns_skip_name(struct rd *r);
void world_dns_write_name(struct wr *w, const char *name);
bool world_dns_same(const char *a, const char *b); /* RFC 4343: case does not count */

#endif
