/* turn_client.h - an allocation on a TURN server, as its client keeps it. RFC 8656.
 *
 *   new                        Allocate; again with the credentials, once the server has asked for them
 *   poll_send, recv, tick      requests to tt_turn_server and its answers
 *   permit, bind               a permission for a peer's address; a channel for a peer
 *   head, wrap; recv           data to a peer and from it, where it lies in the datagram
 *   release                    the server is told that the allocation is not needed any more
 *
 * One client is one socket, or one stream of TCP or TLS, and one server; which datagrams come from there is the caller's to say
 * by `from`. Each request ends: it is answered, or given up, or asked again a bounded number
 * of times; an allocation that ended says why. Texts are used as given, without OpaqueString
 * (RFC 8265). Over a stream it is given whole messages (tt_turn_frame). Not here: reservations, mobility, ICMP, another port after 437. */
#ifndef TAUT_STUN_TURN_CLIENT_H
#define TAUT_STUN_TURN_CLIENT_H

#include "base/env.h"
#include "stun/turn.h"

enum {
	TT_TURN_MAX_PERMISSIONS = 32,
	TT_TURN_MAX_CHANNELS = 8,
	TT_TURN_MAX_CHALLENGES = 3,  /* 401 and 438 that one request may meet */
	TT_TURN_MAX_REDIRECTS = 3,   /* 300 */
	TT_TURN_MAX_ALGORITHMS = 64, /* octets of PASSWORD-ALGORITHMS */
	TT_TURN_HEAD = 48,           /* before data in a Send indication, at the most ... */
	TT_TURN_TAIL = 3,            /* ... and behind it */
};

struct tt_turn; /* opaque */

enum tt_turn_state {
	TT_TURN_ALLOCATING,
	TT_TURN_ALLOCATED,
	TT_TURN_OVER, /* tt_turn_why; nothing is sent any more */
};

/* Texts stay the caller's, for as long as the client is there. */
struct tt_turn_config {
	struct taut_addr server;
	const char *user, *password;
	bool stream;             /* over TCP or TLS: nothing is sent twice, and ChannelData is padded */
	bool ipv4, ipv6;         /* families to relay from; at least one */
	taut_time give_up_after; /* of the allocation; 0: as long as RFC 8489 says */
};

int tt_turn_new(struct tt_turn **out, struct tt_env *env, const struct tt_turn_config *cfg,
		taut_time now);       /* TAUT_E_NOMEM, TAUT_E_CRYPTO, TAUT_E_INVAL */
void tt_turn_free(struct tt_turn *t); /* NULL is fine */

enum tt_turn_state tt_turn_state(const struct tt_turn *t);
/* Of one that is over: a sentence, and the error code of the server; 0: it sent none. */
const char *tt_turn_why(const struct tt_turn *t);
uint16_t tt_turn_error(const struct tt_turn *t);
const struct taut_addr *tt_turn_server(const struct tt_turn *t); /* another one after 300 */
/* Of an allocation that is there; NULL: none of this family (4 or 6), none. */
const struct taut_addr *tt_turn_relayed(const struct tt_turn *t, uint8_t family);
const struct taut_addr *tt_turn_mapped(const struct tt_turn *t);

/* ---- requests ---- */

/* The next request into buf: its length, or 0: none is due. */
size_t tt_turn_poll_send(struct tt_turn *t, taut_time now, uint8_t *buf, size_t cap);
taut_time tt_turn_due(const struct tt_turn *t); /* when there is one; INT64_MAX: none waits */
/* The stream to the server is over: so is the allocation. why stays the caller's. */
void tt_turn_cut(struct tt_turn *t, taut_time now, const char *why);
void tt_turn_tick(struct tt_turn *t, taut_time now);
taut_time tt_turn_deadline(const struct tt_turn *t); /* of tick; INT64_MAX */
/* Is it still there? A Refresh at once, unless something is being asked: after it came asking is
 * false again, and an allocation that the server has lost is over. */
void tt_turn_confirm(struct tt_turn *t, taut_time now);
bool tt_turn_asking(const struct tt_turn *t); /* Allocate or Refresh is under way */
/* The last word, after which nothing is answered: a Refresh of 0, when there may be an allocation. */
void tt_turn_release(struct tt_turn *t, taut_time now);

/* ---- what came ---- */

enum tt_turn_came {
	TT_TURN_NOT_OURS, /* not from the server, or no TURN: somebody else's */
	TT_TURN_TAKEN,
	TT_TURN_DROPPED, /* counted; nothing changed */
	TT_TURN_DATA_CAME,
};
struct tt_turn_data {
	struct taut_addr peer;
	size_t at, len; /* of the datagram */
};
enum tt_turn_came tt_turn_recv(struct tt_turn *t, taut_time now, const struct taut_addr *from,
			       const uint8_t *buf, size_t len, struct tt_turn_data *data);

/* ---- peers ---- */

/* Asks for a permission unless it was asked for, and says how it stands. REFUSED: by the server, for
 * want of room, or because no relay is to be led there (tt_turn_forbids). */
enum tt_turn_grant { TT_TURN_REFUSED, TT_TURN_ASKED, TT_TURN_GRANTED };
enum tt_turn_grant tt_turn_permit(struct tt_turn *t, taut_time now, const struct taut_addr *peer);
enum tt_turn_grant tt_turn_permission(const struct tt_turn *t, const struct taut_addr *peer);
/* What was refused may be asked for again. */
void tt_turn_forget_refusals(struct tt_turn *t);
/* Asks for a channel, if there is room for one more; until there is one, data goes without. */
void tt_turn_bind(struct tt_turn *t, taut_time now, const struct taut_addr *peer);

/* How many octets wrap writes before data to this peer. */
size_t tt_turn_head(const struct tt_turn *t, const struct taut_addr *peer);
/* How many octets lie before the data in a datagram that tt_turn_wrap made; 0: it is none of those. */
size_t tt_turn_wrapped_head(const struct taut_addr *peer, const uint8_t *buf, size_t len);
/* len octets lie at buf + head, where head is what tt_turn_head says. The length of the datagram that
 * begins at buf; 0: no permission, no random number, or it does not fit. */
size_t tt_turn_wrap(struct tt_turn *t, const struct taut_addr *peer, uint8_t *buf, size_t head,
		    size_t len, size_t cap);

/* May no peer lie there? Unspecified, loopback, link-local, multicast and reserved addresses, and
 * IPv6 addresses that carry such an IPv4 address (HOSTILE A18). */
bool tt_turn_forbids(const struct taut_addr *peer);

#endif
