/* relay_core.h - the rooms of the relay as a state machine: no sockets, no clock, no thread.
 *
 * Whoever owns the connections tells it who came (tt_relay_enter), what they said
 * (tt_relay_recv), that they went (tt_relay_gone) and what time it is; it puts what they are
 * to be told on their queues and calls wake. docs/SIGNALING.md is the protocol. A client's
 * pointer is valid until tt_relay_gone for it, which the owner must call exactly once. */
#ifndef TAUT_SIGNAL_RELAY_CORE_H
#define TAUT_SIGNAL_RELAY_CORE_H

#include <stdarg.h>

#include "base/env.h"
#include "signal/signal_json.h"

/* docs/SIGNALING.md has these numbers too. */
enum {
	TT_RELAY_CONNECTIONS = 1024,
	TT_RELAY_PER_ADDRESS = 16, /* loopback is not counted */
	TT_RELAY_PEERS = 8,        /* in a room */
	TT_RELAY_ROOMS = 4,        /* of a client */
	TT_RELAY_RATE = 50,        /* messages per second, and ... */
	TT_RELAY_BURST = 100,      /* ... at once; more are read later */
	TT_RELAY_QUEUE = 1024 * 1024,
	TT_RELAY_STRIKES = 5, /* errors of form, then 1008 */
	TT_RELAY_PAIRS = TT_RELAY_PEERS * (TT_RELAY_PEERS - 1) / 2,
};
#define TT_RELAY_READY_TIME (30 * INT64_C(1000000)) /* from the upgrade to "ready" */
#define TT_RELAY_TURN_TIME  (10 * INT64_C(1000000)) /* to make an offer and see it answered */

enum tt_relay_agent { TT_RELAY_BROWSER, TT_RELAY_NATIVE };

/* RFC 6455 section 7.4.1, and 4000..4999 for private use (7.4.2). */
enum {
	TT_CLOSE_AWAY = 1001,
	TT_CLOSE_POLICY = 1008,
	TT_CLOSE_LARGE = 1009,
	TT_CLOSE_LATER = 1013,
	TT_CLOSE_REPLACED = 4001,
};

/* One message for perhaps many clients. */
struct tt_relay_text {
	size_t refs, len;
	char *text; /* jansson's */
};

struct tt_relay_item {
	struct tt_relay_item *next;
	struct tt_relay_text *text;
};

struct tt_relay_room;

/* rooms[0..room_count) have it among their members, and it appears there once. queued is the
 * sum of the lengths on the queue, at most TT_RELAY_QUEUE. */
struct tt_relay_client {
	struct tt_relay_client *prev, *next;
	void *owner; /* of the connection */
	char address[64];
	bool loopback, ready, dead; /* dead: reads and gets nothing any more */
	char id[TT_SIGNAL_ID + 1], name[TT_SIGNAL_WORD_BYTES];
	enum tt_relay_agent agent;
	struct tt_relay_room *rooms[TT_RELAY_ROOMS];
	size_t room_count;
	struct tt_relay_item *head, **tail;
	size_t queued;
	unsigned strikes, large;
	int64_t tokens; /* messages times 1,000,000 */
	taut_time refilled, ready_by;
	int close_code; /* 0: stays; else close with it once the queue is out */
	const char *close_text;
	bool overflowed; /* reads too slowly: end it without a word */
};

/* The right to make an offer between two browsers, while somebody has it. */
struct tt_relay_turn {
	struct tt_relay_client *holder, *other;
	bool wanted; /* by other, next */
	taut_time until;
};

/* members are in the order of their coming. */
struct tt_relay_room {
	struct tt_relay_room *prev, *next;
	char name[TT_SIGNAL_WORD_BYTES];
	struct tt_relay_client *members[TT_RELAY_PEERS];
	size_t member_count;
	struct tt_relay_turn turns[TT_RELAY_PAIRS];
	size_t turn_count;
};

struct tt_relay_hooks {
	void *ctx;
	void (*wake)(void *ctx, struct tt_relay_client *c); /* has a queue, or is to be closed */
	void (*log)(void *ctx, const char *line);
};

struct tt_relay {
	struct tt_env *env;
	struct tt_relay_hooks hooks;
	struct tt_relay_client *clients;
	struct tt_relay_room *room_list;
	size_t client_count;
};

void tt_relay_init(struct tt_relay *r, struct tt_env *env, const struct tt_relay_hooks *hooks);
void tt_relay_free(struct tt_relay *r); /* after tt_relay_gone for every client */

/* A WebSocket is open. NULL: no memory. Past a limit it is told so and is to be closed. */
struct tt_relay_client *tt_relay_enter(struct tt_relay *r, taut_time now, const char *address,
				       bool loopback, void *owner);
void tt_relay_recv(struct tt_relay *r, struct tt_relay_client *c, taut_time now, const char *text,
		   size_t len);
void tt_relay_recv_large(struct tt_relay *r, struct tt_relay_client *c); /* more than fits */
void tt_relay_recv_binary(struct tt_relay *r, struct tt_relay_client *c);
/* When the next message may be read: now or before, or a later time. */
taut_time tt_relay_read_at(struct tt_relay_client *c, taut_time now);
/* The next text for it, to be freed by tt_relay_text_free; NULL: none. */
struct tt_relay_text *tt_relay_pop(struct tt_relay *r, struct tt_relay_client *c);
void tt_relay_text_free(struct tt_relay *r, struct tt_relay_text *t);
void tt_relay_gone(struct tt_relay *r, struct tt_relay_client *c, taut_time now);
void tt_relay_tick(struct tt_relay *r, taut_time now);
taut_time tt_relay_deadline(const struct tt_relay *r);

/* ---- between the files of the core ---- */

void tt_relay_log(struct tt_relay *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Takes over the reference to o. */
void tt_relay_send(struct tt_relay *r, struct tt_relay_client *c, json_t *o);
void tt_relay_send_rest(struct tt_relay *r, const struct tt_relay_room *room,
			const struct tt_relay_client *but, json_t *o);
void tt_relay_error(struct tt_relay *r, struct tt_relay_client *c, const char *code,
		    const char *about, const char *text);
void tt_relay_strike(struct tt_relay *r, struct tt_relay_client *c, const char *code,
		     const char *about, const char *text);
void tt_relay_end(struct tt_relay *r, struct tt_relay_client *c, int code, const char *text);

struct tt_relay_room *tt_relay_room_of(const struct tt_relay_client *c, const char *name);
struct tt_relay_client *tt_relay_member(const struct tt_relay_room *room, const char *id);
void tt_relay_join(struct tt_relay *r, struct tt_relay_client *c, const char *name);
void tt_relay_part(struct tt_relay *r, struct tt_relay_client *c, struct tt_relay_room *room,
		   const char *reason, taut_time now);
/* What a is toward b: "polite", "impolite" or "turns". */
const char *tt_relay_role(const struct tt_relay_room *room, const struct tt_relay_client *a,
			  const struct tt_relay_client *b);

void tt_relay_turn_want(struct tt_relay *r, struct tt_relay_room *room, struct tt_relay_client *c,
			struct tt_relay_client *to, taut_time now);
/* c may offer to to: a native peer is one of them, or it is c's turn. */
bool tt_relay_turn_has(const struct tt_relay_room *room, const struct tt_relay_client *c,
		       const struct tt_relay_client *to);
/* The holder is done with its turn: answered, given back, or out of time. */
void tt_relay_turn_end(struct tt_relay *r, struct tt_relay_room *room,
		       const struct tt_relay_client *holder, const struct tt_relay_client *other,
		       taut_time now);
void tt_relay_turn_forget(struct tt_relay_room *room, const struct tt_relay_client *c);
void tt_relay_turn_tick(struct tt_relay *r, struct tt_relay_room *room, taut_time now);

#endif
