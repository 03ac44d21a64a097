/* signal.h - how two peers find each other: the relay, and a client for its rooms.
 *
 * The relay serves the page and WebSocket rooms from one port; docs/SIGNALING.md has its
 * protocol. The room client makes a peer connection for everyone it meets in a room and
 * negotiates it there, so that a call is: join, add transceivers in on_peer, read events. */
#ifndef TAUT_SIGNAL_H
#define TAUT_SIGNAL_H

#include "taut/loop.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* begin: bindings parse from here to the end mark */

/* ---- the relay ---- */

typedef struct taut_relay taut_relay;

#define TAUT_RELAY_TLS 1 /* https and wss with a self-made certificate, new at every start */
struct taut_relay_config {
	size_t size;
	const char *host;         /* address to bind; NULL: 127.0.0.1 */
	uint16_t port, last_port; /* the first free one of these; last_port 0: only port; both 0: any */
	uint32_t flags;           /* TAUT_RELAY_ */
	void *user;
	/* What happens, a line each (joins, refusals, disconnects); on the relay's thread. */
	void (*log)(void *user, const char *line);
};

/* Serves on a thread of its own until taut_relay_stop. TAUT_E_INVAL: not an address;
 * TAUT_E_IO: no port of the range is free, or the system refused; TAUT_E_CRYPTO: no certificate;
 * TAUT_E_NOMEM. */
int taut_relay_start(taut_relay **out, const struct taut_relay_config *cfg);
/* The port on which a relay serves. */
uint16_t taut_relay_port(const taut_relay *relay);
/* The address of its page and its rooms, "http://localhost:8080/"; lives as long as the relay. */
const char *taut_relay_url(const taut_relay *relay);
/* Closes every connection (1001, going away) and joins the thread. NULL is fine. */
void taut_relay_stop(taut_relay *relay);

/* ---- a room ---- */

typedef struct taut_room taut_room;

#define TAUT_AGENT_BROWSER 1
#define TAUT_AGENT_NATIVE 2
/* Somebody else in the room; lent for the length of the callback. */
struct taut_room_peer {
	const char *id;   /* of the relay's making; the same after the relay or the line came back */
	const char *name; /* as the other wrote it: text, not markup */
	uint32_t agent;   /* TAUT_AGENT_, as the other says */
	uint32_t starts;  /* 1: this side was there first and makes the first offer */
};

#define TAUT_ROOM_CONNECTING 1 /* also: lost, and tried again; the calls go on meanwhile */
#define TAUT_ROOM_JOINED 2

#define TAUT_ROOM_ANY_CERTIFICATE 1 /* https and wss: do not check the relay's certificate */
#define TAUT_ROOM_NO_RECONNECT 2    /* a lost or refused connection ends in on_error, once */

/* All text is copied; pc is copied but for what it points to, which must live as long as the
 * room. Every callback may be NULL, comes on the loop's thread, from the top of the loop, and
 * may call anything, taut_room_leave included. */
struct taut_room_config {
	size_t size;
	const char *url;  /* of the relay: http://host:port/, https, ws or wss */
	const char *room; /* at most 64 characters, not empty; so is name */
	const char *name; /* NULL: "taut" */
	uint32_t flags;   /* TAUT_ROOM_ */
	const struct taut_config *pc; /* for every connection the room makes; NULL: defaults */
	void *user;
	/* A connection for a peer exists. When peer->starts, add transceivers and channels here: the
	 * first offer carries them. Else the other's offer comes; see on_offer. Called again with
	 * the same id when a call with that peer begins anew: the earlier pc has been freed. */
	void (*on_peer)(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc);
	/* An offer of the peer is set and the answer not yet made: the place to give the
	 * transceivers it brought a direction (taut_pc_transceiver_at, taut_pc_set_direction). */
	void (*on_offer)(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc);
	/* Every event of every pc, after the room did its part of it. */
	void (*on_event)(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
	                 const struct taut_event *event);
	/* The peer's connection is freed when this returns. why: a sentence. */
	void (*on_peer_left)(void *user, taut_room *room, const struct taut_room_peer *peer,
	                     taut_pc *pc, const char *why);
	void (*on_chat)(void *user, taut_room *room, const struct taut_room_peer *peer,
	                const char *text);
	/* code: of docs/SIGNALING.md ("room_full"), or "unreachable", "local". */
	void (*on_error)(void *user, taut_room *room, const char *code, const char *text);
	void (*on_state)(void *user, taut_room *room, uint32_t state); /* TAUT_ROOM_ */
	/* Every signaling message as JSON, out (1) or in (0): for logs, so that the passwords of
	 * ICE and the secret of this client are asterisks. */
	void (*on_signal)(void *user, taut_room *room, int out, const char *json, size_t len);
	/* The peer's side of the connection has failed, and this is what it says of that: a sentence of a
	 * stranger, at most 1,024 octets. When ICE failed, a restart of its follows; pc is still as it was before,
	 * with its taut_pc_why_at. */
	void (*on_failure)(void *user, taut_room *room, const struct taut_room_peer *peer,
	                   taut_pc *pc, const char *text);
};

/* Connects, joins, and keeps at it (0.5 s to 5 s between tries). Must be called on the loop's
 * thread. TAUT_E_INVAL: url, room or name; TAUT_E_NOMEM; TAUT_E_IO: no thread. */
int taut_room_join(taut_room **out, taut_loop *loop, const struct taut_room_config *cfg);
/* Says something to everyone in the room, by the relay. TAUT_E_STATE: not joined now; TAUT_E_LIMIT:
 * over 8 KiB; TAUT_E_INVAL: not UTF-8. */
int taut_room_chat(taut_room *room, const char *text);
/* My id at the relay; NULL before the first join. */
const char *taut_room_id(const taut_room *room);
/* The index-th peer with a connection and, in *pc, that connection; NULL: no more. */
const struct taut_room_peer *taut_room_peer_at(taut_room *room, size_t index, taut_pc **pc);
/* Says goodbye, closes and frees all its connections (without on_peer_left), frees room. NULL is
 * fine. Before taut_loop_free. */
void taut_room_leave(taut_room *room);

/* end */

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
