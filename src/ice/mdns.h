/* mdns.h - the few DNS messages that .local candidates need. RFC 6762, RFC 1035 section 4.
 *
 * For the peer's names: one question out, address records in. For our own: questions in, with what
 * their asker knows already, and an address record out. Names are compared without case. */
#ifndef TAUT_ICE_MDNS_H
#define TAUT_ICE_MDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "taut/taut.h"

enum {
	TT_MDNS_PORT = 5353,
	TT_MDNS_A = 1,
	TT_MDNS_AAAA = 28,
	TT_MDNS_ANY = 255,
	TT_MDNS_NAME_CAP = 256,
	TT_MDNS_TTL = 120,          /* RFC 6762 section 10: of records with a host's name */
	TT_MDNS_MAX_QUESTIONS = 64, /* in one message; each of 16 names is asked for two types */
};

/* One address record of an answer. */
struct tt_mdns_record {
	char name[TT_MDNS_NAME_CAP]; /* lower case, labels joined by dots */
	struct taut_addr addr;       /* port 0 */
	uint32_t ttl;                /* seconds; 0: it counts no more, section 10.1 */
};

/* One question of a query, for a record of the internet. */
struct tt_mdns_question {
	char name[TT_MDNS_NAME_CAP]; /* as above */
	uint16_t type;
	bool unicast; /* the answer may go to the asker alone, RFC 6762 section 5.4 */
};

/* Walks the questions and the address records of one message. */
struct tt_mdns_reader {
	const uint8_t *pkt;
	size_t len, off;
	unsigned left;      /* records not yet looked at */
	unsigned questions; /* the same */
	uint16_t id;
};

/* A question for one record of name ("x.local"). 0: it does not fit or is no name. */
size_t tt_mdns_write_query(uint8_t *buf, size_t cap, const char *name, uint16_t type);
/* Of name, which has this address. ttl 0: it has it no more (10.1); else the message says as well that there is
 * no other record of this name (NSEC, 6.1). id: of the query, where it goes to the asker alone; else 0. 0: it
 * does not fit or is no name. */
size_t tt_mdns_write_answer(uint8_t *buf, size_t cap, const char *name,
			    const struct taut_addr *addr, uint32_t ttl, uint16_t id);
/* False: not a well-formed response (a query is none). */
bool tt_mdns_begin(struct tt_mdns_reader *r, const uint8_t *pkt, size_t len);
/* False: no query, or one with more than TT_MDNS_MAX_QUESTIONS. Its questions come first, and the
 * records behind them are what the asker knows (7.1). */
bool tt_mdns_begin_query(struct tt_mdns_reader *r, const uint8_t *pkt, size_t len);
/* 1: a question; 0: no more; -1: malformed from here on. */
int tt_mdns_next_question(struct tt_mdns_reader *r, struct tt_mdns_question *out);
/* 1: an address record; 0: no more; -1: malformed from here on. */
int tt_mdns_next(struct tt_mdns_reader *r, struct tt_mdns_record *out);
/* Exactly one label of at most 63 bytes, then ".local", as the mDNS candidate draft demands. */
bool tt_mdns_is_local(const char *name);
bool tt_mdns_same_name(const char *a, const char *b);

#endif
