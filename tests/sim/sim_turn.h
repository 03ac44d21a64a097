/* sim_turn.h - a TURN client by script, for tests of servers: it says what the test says, right or wrong.
 *
 *     turn_client_open(&c, w, "192.0.2.1", "203.0.113.1", TURN_UDP);
 *     turn_begin(&c, TT_TURN_ALLOCATE);
 *     tt_stun_put_u32(&c.w, TT_STUN_REQUESTED_TRANSPORT, 17u << 24);
 *     code = turn_ask(&c);
 *
 * No part of taut, whose own client is src/stun/turn_client.h. */
#ifndef TAUT_SIM_TURN_H
#define TAUT_SIM_TURN_H

#include "stun/turn.h"
#include "world/world_tcp.h"

enum turn_transport { TURN_UDP, TURN_TCP, TURN_TLS };
enum { TURN_SILENCE = -1, TURN_OK = 0 };

struct turn_client {
	struct world *world;
	int host;
	struct taut_addr local, server;
	struct world_stream *stream;
	bool opened, closed;
	enum world_stream_end why;
	uint8_t in[70000]; /* of the stream */
	size_t have;

	/* credentials, and which of the mechanism's words it uses */
	const char *user, *password;
	bool says_nothing;     /* no credentials */
	bool old;              /* MD5 and SHA-1, no PASSWORD-ALGORITHM(S) */
	bool hides_name;       /* USERHASH */
	uint16_t algorithm;    /* PASSWORD-ALGORITHM; 0: SHA-256 */
	bool omits_algorithms; /* ... and not PASSWORD-ALGORITHMS */
	uint32_t omits;        /* TT_STUN_HAS_ of what is left out */
	char realm[64], nonce[128];
	uint8_t algorithms[64];
	size_t algorithms_len;

	struct wr w;
	uint8_t out[2048], tid[TT_STUN_TID_LEN];
	unsigned turn;

	/* the last answer */
	struct tt_stun_msg m;
	uint8_t pkt[2048];
	size_t len;
	bool answered, verified; /* verified: signed with our key */
	unsigned answers;
	/* the last data */
	unsigned datas;
	uint16_t channel; /* 0: it came in a Data indication */
	struct taut_addr peer;
	uint8_t data[2048];
	size_t data_len;
};

/* Knows "ada" with "lovelace"; the transport's port of the server. */
void turn_client_open(struct turn_client *c, struct world *w, const char *ip, const char *server,
		      enum turn_transport transport);
void turn_begin(struct turn_client *c, uint16_t method);
/* Adds the credentials, sends, and waits: TURN_OK, the error code, or TURN_SILENCE after a second. */
int turn_ask(struct turn_client *c);
int turn_ask_again(struct turn_client *c); /* the same bytes */
/* Allocate, twice when the first one is told the nonce. */
int turn_allocate_udp(struct turn_client *c);
int turn_permit(struct turn_client *c, const struct taut_addr *peer);
int turn_bind(struct turn_client *c, uint16_t number, const struct taut_addr *peer);
int turn_refresh_for(struct turn_client *c, uint32_t seconds);
void turn_say(struct turn_client *c, const struct taut_addr *peer, const void *data, size_t len);
void turn_say_channel(struct turn_client *c, uint16_t number, const void *data, size_t len);
void turn_send_raw(struct turn_client *c, const uint8_t *data, size_t len);

#endif
