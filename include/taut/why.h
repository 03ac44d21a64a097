/* why.h - why there is a path to the peer, or none: what ICE knows of it, in codes and sentences. */
#ifndef TAUT_WHY_H
#define TAUT_WHY_H

#include "taut/taut.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* begin: bindings parse from here, as in taut.h. */

/* about */
#define TAUT_WHY_AGENT 1     /* the whole */
#define TAUT_WHY_SERVER 2    /* of STUN or TURN, which was of no help */
#define TAUT_WHY_CANDIDATE 3 /* of the peer, which could not be used */
#define TAUT_WHY_PAIR 4      /* local and remote */

/* code */
#define TAUT_WHY_CONNECTED 1       /* data goes there */
#define TAUT_WHY_VALID 2           /* a check was answered; another pair carries data */
#define TAUT_WHY_WAITING 3         /* it is not known yet */
#define TAUT_WHY_NO_DESCRIPTION 4  /* the peer has not said who it is */
#define TAUT_WHY_NO_ADDRESS 5      /* none of our own */
#define TAUT_WHY_NO_RELAY 6        /* nothing but a relay is allowed, and there is none */
#define TAUT_WHY_NO_CANDIDATE 7    /* of the peer */
#define TAUT_WHY_NAME 8            /* .local names of the peer that nobody here resolves */
#define TAUT_WHY_TCP 9             /* the peer offers TCP alone, or what nobody knows */
#define TAUT_WHY_FAMILY 10         /* only IPv4 here and only IPv6 there, or the other way round */
#define TAUT_WHY_LOOPBACK 11       /* addresses that nobody outside their host can reach */
#define TAUT_WHY_FORBIDDEN 12      /* no permission of the TURN server for any of the peer's addresses */
#define TAUT_WHY_PASSWORD 13       /* messages came that were signed with another password */
#define TAUT_WHY_REFUSED 14        /* the peer answers checks with an error */
#define TAUT_WHY_ONE_WAY 15        /* the peer's checks come, and ours are not answered */
#define TAUT_WHY_UNANSWERED 16     /* nothing came back */
#define TAUT_WHY_ASYMMETRIC 17     /* answered from another address, RFC 8445 section 7.2.5.2.1 */
#define TAUT_WHY_ROLES 18          /* the role conflict does not end */
#define TAUT_WHY_CONSENT 19        /* it was there, and consent has expired, RFC 7675 */
#define TAUT_WHY_GONE 20           /* it was there, and our interface or allocation has gone */
#define TAUT_WHY_SERVER_ERROR 21   /* of a server */
#define TAUT_WHY_SPARED 22         /* another pair was nominated, or all was given up, before it was tried out */
#define TAUT_WHY_LINK_LOCAL 23     /* IPv6 addresses that nobody beyond their link can reach */
#define TAUT_WHY_NO_MEMORY 24
#define TAUT_WHY_CLOSED 25

struct taut_why {
	uint32_t about, code;
	const char *text;               /* a sentence, with its addresses */
	const char *spec;               /* the rule that it is about, "RFC 8445 section 8.1.2"; NULL: none */
	struct taut_addr local, remote; /* of a pair; family 0: none */
};

/* What is known of the path to the peer. index 0 is the agent as a whole, the others are what it
 * knows of servers, candidates and pairs of this generation. NULL: no more. Lent until the next
 * call; the states that it speaks of are those of now. Of DTLS it says nothing. When ICE fails, the
 * sentence of index 0 at that moment is the text of the event. Without memory it is NULL as
 * well. */
const struct taut_why *taut_pc_why_at(taut_pc *pc, size_t index);

/* end */

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
