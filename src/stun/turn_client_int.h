/* turn_client_int.h - the inside of the TURN client: turn_client.c its life and its requests,
 * turn_answer.c what the server says, turn_login.c credentials, turn_grant.c permissions and
 * channels, turn_data.c what is relayed. */
#ifndef TAUT_STUN_TURN_CLIENT_INT_H
#define TAUT_STUN_TURN_CLIENT_INT_H

#include "stun/stun_client.h"
#include "stun/turn_client.h"

enum {
	TURN_SECOND = 1000000,
	TURN_TI = 39500000, /* of a request over a stream, RFC 8489 section 6.2.2 */
	TURN_PERMISSION = 300 * TURN_SECOND, /* section 9: 5 minutes, asked for again after 4 */
	TURN_CHANNEL = 600 * TURN_SECOND,    /* section 12: 10 minutes, asked for again after 9 */
	TURN_EARLY = 60 * TURN_SECOND,       /* section 8 */
	TURN_SHORTEST = 5 * TURN_SECOND, /* between two Refreshes, whatever lifetime is granted */
};

/* A request that waits for its answer. */
struct turn_ask {
	bool live;
	bool authenticated; /* it carries our credentials */
	bool forged;        /* what came for an answer was not signed by the server */
	uint8_t challenges;
	uint8_t tid[TT_STUN_TID_LEN];
	struct tt_stun_retry retry;
};

/* A permission (number 0, and the port does not count) or a channel. */
struct turn_grant {
	struct taut_addr peer;
	uint16_t number;
	enum tt_turn_grant state;
	taut_time renew_at, until; /* while it is granted */
	struct turn_ask ask;
};

/* What the server has to be shown: RFC 8489 section 9.2. */
struct turn_login {
	bool known;     /* the server has asked */
	bool anonymous; /* ... for USERHASH */
	bool strong;    /* it named algorithms: MESSAGE-INTEGRITY-SHA256 only */
	enum tt_stun_algorithm algorithm;
	uint8_t *text; /* realm and nonce, one after the other */
	size_t realm_len, nonce_len;
	uint8_t algorithms[TT_TURN_MAX_ALGORITHMS]; /* as they were told */
	size_t algorithms_len;
	uint8_t userhash[TT_STUN_USERHASH_LEN];
	struct tt_stun_key key;
};

struct tt_turn {
	struct tt_env *env;
	const char *user, *password;
	bool stream, ipv4, ipv6;
	struct taut_addr server, tried[TT_TURN_MAX_REDIRECTS + 1];
	size_t tried_count;
	enum tt_turn_state state;
	const char *why;
	uint16_t error;
	struct taut_addr relayed[2], mapped; /* IPv4, IPv6; family 0: none */
	taut_time give_up, renew_at, until;
	bool releasing;
	struct turn_ask ask; /* Allocate, and Refresh once there is an allocation */
	struct turn_login login;
	struct turn_grant *grants;
	size_t grant_count, grant_room;
	size_t permissions, channels; /* so many of them, refused ones too */
};

/* turn_client.c */
bool tt_turn_ask(struct tt_turn *t, taut_time now, struct turn_ask *a, uint8_t challenges);
void tt_turn_over(struct tt_turn *t, taut_time now, uint16_t error, const char *why);
uint16_t tt_turn_method(const struct tt_turn *t, const struct turn_grant *g); /* g NULL: t->ask */

/* turn_answer.c */
enum tt_turn_came tt_turn_answer(struct tt_turn *t, taut_time now, const struct tt_stun_msg *m,
				 const uint8_t *pkt);

/* turn_login.c */
/* NULL: the request may be made again; else why not. */
const char *tt_turn_challenged(struct tt_turn *t, const struct turn_ask *a,
			       const struct tt_stun_msg *m);
bool tt_turn_bid_down(const struct tt_stun_msg *m);
void tt_turn_put_login(const struct tt_turn *t, struct wr *w);
bool tt_turn_verified(const struct tt_turn *t, const struct tt_stun_msg *m, const uint8_t *pkt);
void tt_turn_forget_login(struct tt_turn *t);

/* turn_grant.c */
void tt_turn_grant_tick(struct tt_turn *t, taut_time now);
void tt_turn_granted(struct tt_turn *t, taut_time now, struct turn_grant *g);
void tt_turn_refused(struct tt_turn *t, taut_time now, struct turn_grant *g, uint16_t error,
		     const char *why);
void tt_turn_put_peer(const struct turn_grant *g, struct wr *w);
struct turn_grant *tt_turn_channel_to(const struct tt_turn *t, const struct taut_addr *peer);
struct turn_grant *tt_turn_channel_of(const struct tt_turn *t, uint16_t number);

#endif
