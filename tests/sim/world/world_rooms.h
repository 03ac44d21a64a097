/* world_rooms.h - the relay's rooms as a way from application to application.
 *
 * The rules are the relay's own (src/signal/relay_core.h, docs/SIGNALING.md): who is
 * told of whom, what is forwarded and what is refused, how many messages a second
 * it reads. The WebSocket is a pipe in each direction, in order, with a delay. Not
 * here: WebSocket frames, TLS, the page. */
#ifndef TAUT_WORLD_ROOMS_H
#define TAUT_WORLD_ROOMS_H

#include "world/world_signal.h"

struct world_rooms; /* the relay */
struct world_member;

/* Any of them may be NULL. Texts are lent. */
struct world_member_ops {
	/* Another one is in the room: it was there before us, or came. */
	void (*here)(struct world_member *m, const char *id, const char *name, bool polite);
	void (*gone)(struct world_member *m, const char *id, const char *reason);
	void (*note)(struct world_member *m, const char *from, const struct world_note *note);
	void (*refused)(struct world_member *m, const char *code, const char *text);
	void (*closed)(struct world_member *m); /* by the relay, or lost */
};

/* A client of the relay, in one room; the caller's memory. */
struct world_member {
	struct world_rooms *rooms;
	struct world_member *next;
	const struct world_member_ops *ops;
	void *user;
	char room[64], id[32]; /* id: once the relay has told it */
	struct world_signal up, down;
	struct tt_relay_client *client;       /* as the relay knows it; NULL: not there */
	struct world_held *held, **held_tail; /* what the relay reads later */
	bool woken, lost;
};

struct world_rooms *world_rooms_new(struct world *w);
void world_rooms_free(struct world_rooms *r); /* before world_free; members are let go */

/* Connects and says "ready"; which: as in world_signal_init, two numbers from it on are used. */
void world_rooms_join(struct world_rooms *r, struct world_member *m, unsigned which,
		      const char *room, const char *name, taut_time delay, taut_time jitter,
		      const struct world_member_ops *ops, void *user);
/* To one member, or NULL: to all others. */
void world_rooms_say(struct world_member *m, const char *to, const struct world_note *note);
void world_rooms_say_raw(struct world_member *m, const char *text); /* whatever it is */
void world_rooms_leave(struct world_member *m);
/* The connection is lost without a word: what is under way is lost, and the relay sees it now. */
void world_rooms_lose(struct world_member *m);

#endif
