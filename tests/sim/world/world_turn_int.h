/* world_turn_int.h - the inside of the TURN server: world_turn.c messages and streams, world_turn_auth.c
 * who may, world_turn_alloc.c allocations, world_turn_relay.c permissions, channels and data. */
#ifndef TAUT_WORLD_TURN_INT_H
#define TAUT_WORLD_TURN_INT_H

#include "stun/turn.h"
#include "world/world_turn.h"

/* The 5-tuple, RFC 8656 section 6, as far as one server has different ones. */
struct turn_path {
	struct world_stream *stream; /* NULL: UDP */
	struct taut_addr local, remote;
};

struct turn_permission {
	struct taut_addr ip; /* family 0: free */
	taut_time until;
};

struct turn_channel {
	uint16_t number; /* 0: free */
	struct taut_addr peer;
	taut_time until;
};

/* A relayed transport address. */
struct turn_relay {
	struct taut_addr addr; /* family 0: none */
	taut_time until;
	struct turn_permission permissions[WORLD_TURN_PERMISSIONS];
	struct turn_channel channels[WORLD_TURN_CHANNELS];
};

struct world_turn_allocation {
	struct world_turn_allocation *next;
	struct turn_path path;
	uint8_t tid[TT_STUN_TID_LEN]; /* of the request that made it */
	int user;
	struct turn_relay relays[2]; /* IPv4 and IPv6, one or both */
	bool reserved;               /* token tells of the port above */
	uint8_t token[TT_STUN_TOKEN_LEN];
	uint16_t
		missing; /* why there is no second one, for ADDRESS-ERROR-CODE; 0: it was not asked for */
};

struct world_turn_stream {
	struct world_turn_stream *next;
	struct world_turn *turn;
	struct world_stream *stream;
	size_t have;
	uint8_t buf[65536 + 64];
};

/* A request while it is looked at, and what is answered. */
struct turn_call {
	struct world_turn *t;
	const struct turn_path *path;
	const uint8_t *pkt;
	struct tt_stun_msg m;
	int user; /* -1: not authenticated */
	bool sign_sha256;
	struct tt_stun_key key;
	struct wr w;
	uint8_t out[1400];
};

/* world_turn.c */
void turn_send(struct world_turn *t, const struct turn_path *path, const uint8_t *data, size_t len);
void turn_success(struct turn_call *c); /* begins */
void turn_error(struct turn_call *c, uint16_t code);
void turn_answer(struct turn_call *c); /* signs and sends what was begun */
const char *turn_reason(uint16_t code);
bool turn_same_path(const struct turn_path *a, const struct turn_path *b);

/* world_turn_auth.c */
bool turn_authenticate(struct turn_call *c); /* false: answered */
/* Answers one that is not authenticated, as often as strangers are answered. Always false. */
bool turn_refuse(struct turn_call *c, uint16_t code);

/* world_turn_alloc.c */
struct world_turn_allocation *turn_allocation_of(struct world_turn *t,
						 const struct turn_path *path);
struct turn_relay *turn_relay_of(struct world_turn_allocation *a, uint8_t family);
void turn_purge(struct world_turn *t);                                   /* what has expired */
void turn_drop(struct world_turn *t, const struct world_stream *stream); /* NULL: all */
void turn_allocate(struct turn_call *c);
void turn_refresh(struct turn_call *c, struct world_turn_allocation *a);

/* world_turn_relay.c */
void turn_create_permission(struct turn_call *c, struct world_turn_allocation *a);
void turn_channel_bind(struct turn_call *c, struct world_turn_allocation *a);
void turn_from_client(struct world_turn *t, struct world_turn_allocation *a,
		      const struct tt_stun_msg *m);
void turn_from_channel(struct world_turn *t, struct world_turn_allocation *a,
		       const struct tt_turn_channel *ch);
void turn_from_peer(struct world_turn *t, const struct taut_addr *local,
		    const struct taut_addr *remote, const uint8_t *data, size_t len);

#endif
