/* room_state.h - what the two files of the room client share: room.c (the room and its line)
 * and room_call.c (negotiation with one peer). All of it lives on the loop's thread. */
#ifndef TAUT_SIGNAL_ROOM_STATE_H
#define TAUT_SIGNAL_ROOM_STATE_H

#include "signal/room_link.h"
#include "signal/signal_json.h"
#include "taut/signal.h"

enum { ROOM_PEERS = 64, ROOM_CALL = 16 }; /* ROOM_CALL: hex digits of a call's name */

/* Somebody a connection exists with. call names that connection: messages of an earlier one
 * are told from it by their call. */
struct room_peer {
	struct room_peer *next;
	taut_room *room;
	char id[TT_SIGNAL_WORD_BYTES], name[TT_SIGNAL_WORD_BYTES], call[TT_SIGNAL_WORD_BYTES];
	struct taut_room_peer face;
	taut_pc *pc;
	bool polite;
	bool heard;         /* an offer of theirs was set: now we may make one, too */
	bool gone;          /* not in the room any more; its call may go on */
	bool ignored_offer; /* by the impolite side; so are the candidates that belong to it */
	bool wants;         /* to negotiate, once the line is back */
	taut_timer retry;   /* of a call that failed */
	taut_timer doubt;   /* of one whose peer is silent */
};

/* depth > 0: a callback may be running, so nothing is freed but put on the dead list. */
struct taut_room {
	struct taut_room_config cfg;
	struct taut_config pc_cfg;
	char name[TT_SIGNAL_WORD_BYTES], room[TT_SIGNAL_WORD_BYTES];
	char secret[33], id[TT_SIGNAL_WORD_BYTES];
	taut_loop *loop;
	struct tt_link *link;
	unsigned line;
	bool joined, left;
	uint32_t state;
	struct room_peer *peers, *dead;
	size_t peer_count;
	int depth;
};

/* ---- room.c ---- */

/* Takes over the reference; adds room, and to and call of p unless p is NULL. */
void room_send(taut_room *room, const struct room_peer *p, json_t *o);
void room_error(taut_room *room, const char *code, const char *text);
void room_enter(taut_room *room);
void room_exit(taut_room *room); /* may free room */
void room_hex(char *out, size_t digits);

/* ---- room_call.c ---- */

struct room_peer *room_peer_find(taut_room *room, const char *id);
/* A new one with a connection; on_peer is called. NULL: left, or an error was told. */
struct room_peer *room_peer_add(taut_room *room, const char *id, const char *name, uint32_t agent,
				bool polite, bool starts);
/* Ends the connection; on_peer_left is called. */
void room_peer_drop(struct room_peer *p, const char *why);
/* The other said user_here: keep a call that works, else begin one. */
void room_peer_here(taut_room *room, struct room_peer *p, const char *id, const char *name,
		    uint32_t agent, bool polite);
/* The line is back and the peer is there: make up for what could not be said. */
void room_peer_back(struct room_peer *p);
void room_description(taut_room *room, const char *from, const json_t *o);
void room_candidate(taut_room *room, const char *from, const json_t *o);
void room_failure(taut_room *room, const char *from, const json_t *o);

#endif
