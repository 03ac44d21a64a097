/* world_watch.h - an eye on one connection's datagrams, from outside: what may never be sent.
 *
 *  - Nothing but STUN leaves for an address from which no answer to a request of
 *    ours came within 30 s (RFC 7675 section 5.1).
 *  - A transaction is sent 7 times at most, never sooner than 500 ms after the last time (RFC 8445
 *    section 14.3), always to one place (RFC 8489 section 6.2.1).
 *  - Checks to addresses that never answered leave a Ta or more apart, the one that the descriptions agree on,
 *    retransmissions included, and requests to servers that never answered 50 ms; both 5 ms from one another (RFC 8445
 *    section 14.2). A few wait for these 5 ms alone: those that taut has in a hurry, which are counted.
 *    They go to a bounded number of addresses.
 *  - Responses are never longer than what asked for them; and no indication goes to an address that
 *    never answered.
 *  - Two SRTP packets of one SSRC and index are the same bytes; SRTCP indices and
 *    DTLS record numbers only grow, and so do the nonces of AES-GCM, which is what
 *    the simulator's connections agree on: no (key, nonce) twice (RFC 3711 section 9.1,
 *    RFC 5288 section 3).
 *
 *  - What goes through a TURN server is looked at inside as well, as if a socket of its own had
 *    sent it; it goes only to peers that the server permits (RFC 8656 section 9), and in a channel only
 *    after that was bound (section 12).
 *
 * It believes an answer whose FINGERPRINT is right, and whatever a TURN server says: it knows no
 * passwords. */
#ifndef TAUT_WORLD_WATCH_H
#define TAUT_WORLD_WATCH_H

#include "taut/taut.h"
#include "world/world.h"

enum {
	WORLD_WATCH_PATHS = 512,
	WORLD_WATCH_REQUESTS = 1024,
	WORLD_WATCH_STREAMS = 16,
	WORLD_WATCH_WINDOW = 2048,
	WORLD_WATCH_GRANTS = 128,
};

struct world_watch_path {
	taut_flow flow;
	struct taut_addr remote;
	taut_time answered_at;            /* 0: never */
	bool serves;                      /* it granted a request that was no check */
	bool nominated;                   /* by a check of the peer's that came from there */
	uint64_t asked_us, answered_them; /* bytes of requests in, of responses out */
};

struct world_watch_request {
	uint8_t tid[12];
	int path;
	bool check;
	unsigned sent;
	taut_time at; /* the last time */
};

struct world_watch_stream {
	uint32_t ssrc;
	uint64_t highest; /* index: ROC and sequence number */
	uint64_t index[WORLD_WATCH_WINDOW];
	uint64_t hash[WORLD_WATCH_WINDOW];
	bool has_rtcp;
	uint32_t rtcp;
};

/* What a TURN server was asked for: a permission, or with a number a channel. */
struct world_watch_grant {
	taut_flow flow;
	struct taut_addr server, peer;
	uint16_t number;
	uint8_t tid[12];
	bool granted;
};

struct world_watch {
	struct world *world;
	const char *name;
	struct world_watch_path paths[WORLD_WATCH_PATHS];
	int path_count, unanswered;
	struct world_watch_request requests[WORLD_WATCH_REQUESTS]; /* a ring */
	unsigned request_at;
	taut_time ta; /* agreed; until that is told the least that may be */
	/* to addresses that have not answered: */
	taut_time last_check, last_asked; /* last_asked: of a server; 0: none yet, or it has spoken since */
	taut_time last_request;           /* of either */
	uint8_t last_family;              /* of checks */
	unsigned hurried, families;       /* checks that did not wait for Ta, see world_watch.c */
	bool lite; /* its answers are what shows consent, and it asks nobody */
	struct world_watch_stream streams[WORLD_WATCH_STREAMS];
	int stream_count;
	struct world_watch_grant grants[WORLD_WATCH_GRANTS];
	int grant_count;
	uint64_t record[2];   /* next DTLS record number at the least, by epoch */
	uint64_t nonce;       /* the last one that a record carried, which begins by chance */
	unsigned generations; /* of ICE, as whoever restarts it says; each has its own budget */
	uint64_t sent_stun, sent_dtls, sent_media, sent_relayed;
};

void world_watch_init(struct world_watch *w, struct world *world, const char *name);
/* A description that the peer is given: it may propose a Ta (a=ice-pacing, RFC 8839 section 5.5). */
void world_watch_described(struct world_watch *w, const char *remote_sdp);
/* gcm: the SRTP profile in use, which says where SRTCP keeps its index. */
void world_watch_out(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
		     const uint8_t *data, size_t len, bool gcm);
void world_watch_in(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
		    const uint8_t *data, size_t len);

/* world_watch_turn.c: what is relayed, as if it had come or gone by itself. */
struct world_watch_relayed {
	taut_flow flow;
	struct taut_addr peer;
	const uint8_t *data;
	size_t len;
};
bool world_watch_turn_out(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
			  const uint8_t *data, size_t len, struct world_watch_relayed *inside);
bool world_watch_turn_in(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
			 const uint8_t *data, size_t len, struct world_watch_relayed *inside);

#endif
