/* world_dns.h - a DNS server as a simulated host, and the stub resolver that asks it.
 *
 * RFC 1035 over UDP: A, AAAA and SRV (RFC 2782) records, NXDOMAIN, names that have
 * no record of the type asked for. The server can be slow, silent, broken, or lie. The
 * resolver asks for A and AAAA at once, twice with five seconds for each, as Linux
 * does; it believes what comes from the server's address with the right number and the
 * right question. Not here: TCP, truncation, CNAME, EDNS, caching, DNSSEC. */
#ifndef TAUT_WORLD_DNS_H
#define TAUT_WORLD_DNS_H

#include "world/world.h"

enum {
	WORLD_DNS_PORT = 53,
	WORLD_DNS_RECORDS = 32,
	WORLD_DNS_QUESTIONS = 16, /* of a resolver at once, two for a name */
	WORLD_DNS_ANSWERS = 8,
};

enum world_dns_fault {
	WORLD_DNS_FAIR,
	WORLD_DNS_SILENT,
	WORLD_DNS_BROKEN, /* SERVFAIL */
	WORLD_DNS_LIES,   /* every name is at the two addresses in lie */
	WORLD_DNS_FORGED, /* a wrong number before the right answer, as who guesses would send */
};

struct world_srv {
	uint16_t priority, weight, port;
	char target[256];
};

struct world_dns {
	struct world *world;
	int host;
	enum world_dns_fault fault;
	taut_time delay; /* before it answers */
	struct taut_addr lie[2];
	struct world_dns_record {
		const char *name; /* the caller's */
		struct taut_addr addr;
		struct world_srv srv; /* if addr.family is 0 */
	} records[WORLD_DNS_RECORDS];
	size_t count;
	struct world_dns_letter *letters; /* waiting for delay */
	uint64_t asked, answered;
};
void world_dns_add(struct world *w, struct world_dns *d);
void world_dns_free(struct world_dns *d); /* before world_free */
void world_dns_has(struct world_dns *d, const char *name, const struct taut_addr *addr);
void world_dns_has_srv(struct world_dns *d, const char *name, const struct world_srv *srv);

enum world_resolved { WORLD_FOUND, WORLD_NO_NAME, WORLD_NO_ANSWER };

struct world_answer {
	enum world_resolved result;
	uint8_t rcode; /* of the server, RFC 1035 section 4.1.1; of two the larger one */
	struct taut_addr addrs[WORLD_DNS_ANSWERS]; /* port 0; AAAA first */
	size_t addr_count;
	struct world_srv srvs[WORLD_DNS_ANSWERS];
	size_t srv_count;
};

/* One host's. It lives as long as the world. */
struct world_resolver {
	struct world *world;
	int host;
	struct taut_addr server;
	struct world_random random;
	void (*done)(void *user, uint64_t number, const struct world_answer *answer);
	void *user;
	struct world_question {
		bool used;
		uint16_t id, type, port;
		unsigned tries;
		uint64_t number, serial;
		char name[256];
		struct world_question *partner; /* the other family's */
		bool settled;
		struct world_answer answer;
	} questions[WORLD_DNS_QUESTIONS];
	uint64_t serial;
};
void world_resolver_init(
	struct world_resolver *r, struct world *w, int host, const struct taut_addr *server,
	void (*done)(void *user, uint64_t number, const struct world_answer *answer), void *user);
/* False: too many at once. done hears number with the answer. */
bool world_resolve(struct world_resolver *r, const char *name, uint64_t number);
bool world_resolve_srv(struct world_resolver *r, const char *name, uint64_t number);
/* Of a datagram that came to the host: was it for the resolver? */
bool world_resolver_takes(struct world_resolver *r, const struct taut_addr *local,
			  const struct taut_addr *remote, const uint8_t *data, size_t len);
void world_resolver_stop(struct world_resolver *r); /* done is called no more */

#endif
