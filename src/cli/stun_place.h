/* stun_place.h - a server as it is named on the command line, and its addresses. */
#ifndef TAUT_CLI_STUN_PLACE_H
#define TAUT_CLI_STUN_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/env.h"
#include "taut/taut.h"

enum { STUN_PLACE_HOST = 256, STUN_PLACE_ADDRESSES = 4 };

struct stun_place {
	char host[STUN_PLACE_HOST];
	uint16_t port;
	bool port_said;
	struct taut_addr found[STUN_PLACE_ADDRESSES]; /* with the port */
	size_t count;
};

/* "HOST", "HOST:PORT", "[IPv6]:PORT" or an IPv6 address alone; "stun:" before it is skipped. False: a
 * sentence went to stderr. */
bool stun_place_read(struct stun_place *p, const char *text);
/* Its addresses, by that moment of tt_io_now. NULL, or why there are none: a sentence. */
const char *stun_place_resolve(struct stun_place *p, taut_time until);
/* The same, where the name is a domain and no port was said: those of its SRV records' targets (RFC 8489 section 8), the
 * first of them first; without records those of the name. env: for chance among equals. */
const char *stun_place_resolve_srv(struct stun_place *p, struct tt_env *env, taut_time until);
/* For poll(): from now until then. */
int stun_wait_ms(taut_time until);

#endif
