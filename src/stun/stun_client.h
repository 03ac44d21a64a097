/* stun_client.h - one Binding transaction over UDP, and when to send again.
 *
 * RFC 8489 section 6.2.1: the request goes out at 0, RTO, 3 RTO, 7 RTO ... until
 * Rc were sent; Rm RTO after the last one the transaction has failed. However long RTO is, TT_STUN_TI
 * after the first one it has. */
#ifndef TAUT_STUN_STUN_CLIENT_H
#define TAUT_STUN_STUN_CLIENT_H

#include "base/env.h"
#include "stun/stun.h"

enum { TT_STUN_RTO = 500000, TT_STUN_RC = 7, TT_STUN_RM = 16 }; /* microseconds; 6.2.1 */
enum { TT_STUN_TI = 39500000 }; /* for an answer over TCP or TLS; 6.2.2 */

/* Of Rc transmissions, how many leave within TT_STUN_TI and have their RTO before its end. */
int tt_stun_retry_count(taut_time rto);
/* The clock of one transaction, for this client and for the checks of ICE. */
struct tt_stun_retry {
	taut_time next; /* when to send again, or, after the last one, when to give up */
	taut_time rto, interval;
	int sent, rc;
};
void tt_stun_retry_start(struct tt_stun_retry *r, taut_time now, taut_time rto, int rc);
void tt_stun_retry_sent(struct tt_stun_retry *r, taut_time now);
static inline bool tt_stun_retry_over(const struct tt_stun_retry *r, taut_time now)
{
	return r->sent >= r->rc && now >= r->next;
}
static inline bool tt_stun_retry_due(const struct tt_stun_retry *r, taut_time now)
{
	return r->sent < r->rc && now >= r->next;
}

enum tt_stun_client_state {
	TT_STUN_CLIENT_WAITING,
	TT_STUN_CLIENT_DONE,
	TT_STUN_CLIENT_NO_ANSWER, /* nothing came back, or nothing that counts */
	TT_STUN_CLIENT_REFUSED,   /* the server answered with an error code */
	TT_STUN_CLIENT_NO_ADDRESS, /* it answered without a mapped address */
	TT_STUN_CLIENT_NO_RANDOM, /* no transaction id could be drawn */
};

/* The caller owns it; it holds no memory of its own. */
struct tt_stun_client {
	struct tt_env *env;
	struct taut_addr server;
	/* RFC 5780 section 7.2; to be set before the first poll_send */
	uint32_t change;               /* TT_STUN_CHANGE_; 0: an ordinary request */
	struct taut_addr answers_from; /* the server, unless that is changed */
	uint8_t tid[TT_STUN_TID_LEN];
	struct tt_stun_retry retry;
	taut_time give_up, last_sent;
	enum tt_stun_client_state state;
	/* the result */
	struct taut_addr mapped;
	struct taut_addr other; /* the server's other address, RFC 5780 section 7.4; family 0: none */
	taut_time rtt; /* from the latest transmission to the answer */
	uint16_t error_code;
	const char *why; /* a sentence for people: what failed; NULL: nothing */
};

/* give_up_after: microseconds, 0: as long as the RFC says (39.5 s). */
void tt_stun_client_init(struct tt_stun_client *c, struct tt_env *env, taut_time now,
                         const struct taut_addr *server, taut_time give_up_after);
/* The request into buf, for c->server: its length, or 0: nothing now. */
size_t tt_stun_client_poll_send(struct tt_stun_client *c, taut_time now, void *buf, size_t cap);
/* False: the datagram is not the answer; dropped, nothing changed. */
bool tt_stun_client_recv(struct tt_stun_client *c, taut_time now, const struct taut_addr *from,
                         const void *buf, size_t len);
void tt_stun_client_tick(struct tt_stun_client *c, taut_time now);
taut_time tt_stun_client_deadline(const struct tt_stun_client *c); /* INT64_MAX: finished */

#endif
