/* room_call.c - perfect negotiation with one peer: webrtc-pc section 10.7, without its promises.
 *
 * Who was there first makes the first offer; a newcomer waits for it. Afterwards either side
 * may offer, whenever its connection says NEGOTIATION_NEEDED. When two offers meet, the polite
 * side gives way (set_remote_description rolls its own back), the impolite one ignores the
 * other's. The relay decides who is which. */
#include "signal/room_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_TIME 2000000 /* from a failed call to a new one */
#define DOUBT_TIME                                                                                 \
	4000000 /* from a silent peer to an ICE restart: it may have another address by now */

static bool is_alive(const struct room_peer *p)
{
	return taut_pc_connection_state(p->pc) == TAUT_STATE_CONNECTED &&
	       taut_pc_signaling_state(p->pc) == TAUT_SIGNALING_STABLE;
}

struct room_peer *room_peer_find(taut_room *room, const char *id)
{
	for (struct room_peer *p = room->peers; p; p = p->next)
		if (strcmp(p->id, id) == 0)
			return p;
	return NULL;
}

/* ---- out ---- */

static void tell_error(struct room_peer *p, const char *what)
{
	const struct taut_error *e = taut_pc_error(p->pc);
	char text[512];
	int n = snprintf(text, sizeof text, "%s with %s: %s", what, p->name,
			 e && e->message ? e->message : "no reason known");

	if (e && e->line > 0 && n > 0 && (size_t)n < sizeof text)
		snprintf(text + n, sizeof text - (size_t)n, " (line %u, column %u)", e->line,
			 e->column);
	room_error(p->room, "local", text);
}

static void send_description(struct room_peer *p)
{
	uint32_t type = 0;
	const char *sdp = taut_pc_local_description(p->pc, &type);

	if (sdp)
		room_send(p->room, p,
			  json_pack("{ss s{ss ss}}", "type", "description", "description", "type",
				    type == TAUT_SDP_ANSWER ? "answer" : "offer", "sdp", sdp));
}

static void negotiate(struct room_peer *p)
{
	if ((!p->face.starts && !p->heard) ||
	    taut_pc_signaling_state(p->pc) != TAUT_SIGNALING_STABLE)
		return; /* it is asked for again once the state is stable */
	if (!p->room->joined || p->gone) {
		p->wants = true;
		return;
	}
	p->wants = false;
	if (taut_pc_set_local_description(p->pc, taut_loop_now(p->room->loop), 0, NULL, 0) < 0)
		tell_error(p, "no offer could be made");
	else
		send_description(p);
}

void room_peer_back(struct room_peer *p)
{
	if (p->wants)
		negotiate(p);
	else if (taut_pc_signaling_state(p->pc) == TAUT_SIGNALING_HAVE_LOCAL_OFFER)
		send_description(p); /* it, or its answer, was lost with the line */
}

static void send_candidate(struct room_peer *p, const struct taut_event *e)
{
	json_t *c = e->text ? json_pack("{ss ss*}", "candidate", e->text, "sdpMid", e->label)
			    : json_null();

	room_send(p->room, p, json_pack("{ss so}", "type", "candidate", "candidate", c));
}

/* Before a restart makes the other side forget: it says in words what ours saw, and no address of ours. */
static void send_failure(struct room_peer *p, const struct taut_event *e)
{
	if (e->text && *e->text && p->room->joined && !p->gone)
		room_send(p->room, p, json_pack("{ss ss}", "type", "failure", "text", e->text));
}

/* ---- a connection's life ---- */

static void start_call(struct room_peer *p);

static void begin_anew(void *arg)
{
	struct room_peer *p = arg;
	taut_room *room = p->room;

	p->retry = 0;
	room_enter(room);
	if (room->joined && !p->gone && !is_alive(p))
		start_call(p);
	room_exit(room);
}

static bool is_of_ice(uint32_t reason)
{
	return reason == TAUT_REASON_ICE_NO_PAIR || reason == TAUT_REASON_ICE_SILENT ||
	       reason == TAUT_REASON_ICE_CONSENT_EXPIRED;
}

/* Whoever started the call mends it: by an ICE restart, or by a new call. The other waits. */
static void mend(struct room_peer *p, uint32_t reason)
{
	taut_room *room = p->room;

	if (p->gone) {
		room_peer_drop(p, taut_reason_text(reason));
		return;
	}
	if (!p->face.starts || p->retry || reason == TAUT_REASON_CLOSED_BY_PEER)
		return;
	if (is_of_ice(reason) && taut_pc_restart_ice(p->pc, taut_loop_now(room->loop)) == TAUT_OK)
		return;
	p->retry = taut_loop_after(room->loop, RETRY_TIME, begin_anew, p);
}

/* Consent lasts 30 s (RFC 7675 section 5.1), which is long for who listens to nothing. A restart leaves the
 * pair in use as it is, so that nothing is lost if the peer only was silent. */
static void look_for_another_way(void *arg)
{
	struct room_peer *p = arg;
	taut_room *room = p->room;

	p->doubt = 0;
	room_enter(room);
	if (!p->gone)
		(void)taut_pc_restart_ice(p->pc, taut_loop_now(room->loop));
	room_exit(room);
}

static void stop_doubting(struct room_peer *p)
{
	if (p->doubt)
		taut_loop_cancel(p->room->loop, p->doubt);
	p->doubt = 0;
}

static void watch(struct room_peer *p, uint64_t state)
{
	stop_doubting(p);
	if (state == TAUT_STATE_DISCONNECTED && p->face.starts)
		p->doubt = taut_loop_after(p->room->loop, DOUBT_TIME, look_for_another_way, p);
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *e)
{
	struct room_peer *p = user;
	taut_room *room = p->room;

	room_enter(room);
	if (e->type == TAUT_EV_NEGOTIATION_NEEDED)
		negotiate(p);
	else if (e->type == TAUT_EV_ICE_CANDIDATE)
		send_candidate(p, e);
	else if (e->type == TAUT_EV_CONNECTION_STATE && p->pc == pc)
		watch(p, e->number);
	if (room->cfg.on_event && !room->left && p->pc == pc)
		room->cfg.on_event(room->cfg.user, room, &p->face, pc, e);
	if (e->type == TAUT_EV_CONNECTION_STATE && !room->left && p->pc == pc &&
	    (e->number == TAUT_STATE_FAILED || e->number == TAUT_STATE_CLOSED)) {
		if (e->number == TAUT_STATE_FAILED)
			send_failure(p, e);
		if (!room->left && p->pc == pc) /* on_signal may have left */
			mend(p, e->reason);
	}
	room_exit(room);
}

static void free_pc(struct room_peer *p)
{
	taut_pc *pc = p->pc;

	if (p->retry)
		taut_loop_cancel(p->room->loop, p->retry);
	p->retry = 0;
	stop_doubting(p);
	p->pc = NULL;
	if (!pc)
		return;
	taut_pc_close(pc, taut_loop_now(p->room->loop));
	taut_loop_free_pc(p->room->loop, pc);
}

static taut_pc *new_pc(struct room_peer *p)
{
	taut_room *room = p->room;
	taut_pc *pc = NULL;

	if (taut_pc_new(&pc, taut_loop_env(room->loop), &room->pc_cfg, taut_loop_now(room->loop)) <
	    0)
		return NULL;
	if (taut_loop_add(room->loop, pc, on_event, p) == TAUT_OK)
		return pc;
	taut_pc_free(pc);
	return NULL;
}

static void no_pc(taut_room *room)
{
	room_error(room, "local", "no connection could be made");
}

static void unlink_peer(struct room_peer *p)
{
	struct room_peer **at = &p->room->peers;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->room->peer_count--;
	p->next = p->room->dead;
	p->room->dead = p;
}

void room_peer_drop(struct room_peer *p, const char *why)
{
	taut_room *room = p->room;

	unlink_peer(p);
	if (room->cfg.on_peer_left && p->pc)
		room->cfg.on_peer_left(room->cfg.user, room, &p->face, p->pc, why);
	free_pc(p);
}

static void tell_peer(struct room_peer *p)
{
	taut_room *room = p->room;

	if (room->cfg.on_peer)
		room->cfg.on_peer(room->cfg.user, room, &p->face, p->pc);
}

struct room_peer *room_peer_add(taut_room *room, const char *id, const char *name, uint32_t agent,
				bool polite, bool starts)
{
	struct room_peer *p = room->peer_count < ROOM_PEERS ? calloc(1, sizeof *p) : NULL;

	if (!p) {
		if (room->peer_count < ROOM_PEERS)
			no_pc(room);
		return NULL;
	}
	p->room = room;
	p->polite = polite;
	snprintf(p->id, sizeof p->id, "%s", id);
	snprintf(p->name, sizeof p->name, "%s", name);
	p->face = (struct taut_room_peer){ p->id, p->name, agent, starts };
	if (starts)
		room_hex(p->call, ROOM_CALL);
	p->pc = new_pc(p);
	if (!p->pc) {
		free(p);
		no_pc(room);
		return NULL;
	}
	p->next = room->peers;
	room->peers = p;
	room->peer_count++;
	tell_peer(p);
	return room->left ? NULL : p;
}

/* Another connection with the same peer: the old one is over. False: there is none now. */
static bool replace_pc(struct room_peer *p)
{
	taut_room *room = p->room;
	taut_pc *pc = new_pc(p); /* before the old one is freed: on_peer_left shows that one */

	if (!pc) {
		no_pc(room);
		if (!room->left)
			room_peer_drop(p, "no new connection could be made");
		return false;
	}
	free_pc(p);
	p->pc = pc;
	p->heard = p->ignored_offer = p->wants = false;
	tell_peer(p);
	return !room->left && p->pc;
}

static void start_call(struct room_peer *p)
{
	room_hex(p->call, ROOM_CALL);
	p->face.starts = 1;
	replace_pc(p);
}

void room_peer_here(taut_room *room, struct room_peer *p, const char *id, const char *name,
		    uint32_t agent, bool polite)
{
	if (!p) {
		room_peer_add(room, id, name, agent, polite, true);
		return;
	}
	p->gone = false;
	p->polite = polite;
	if (is_alive(p))
		room_peer_back(p);
	else
		start_call(p);
}

/* ---- in ---- */

/* The message belongs to the call there is. A message without a call belongs to any. */
static bool same_call(const struct room_peer *p, const json_t *o)
{
	const char *call = tt_signal_word(o, "call");

	return !call || strcmp(call, p->call) == 0;
}

/* The other began a call: it is the first, or the connection there is makes way for it. */
static bool take_call(struct room_peer *p, const json_t *o)
{
	const char *call = tt_signal_word(o, "call");
	bool had = p->call[0] || p->heard;

	if (!call || same_call(p, o))
		return true;
	snprintf(p->call, sizeof p->call, "%s", call);
	p->face.starts = 0;
	return !had || replace_pc(p);
}

static void take_offer(struct room_peer *p, const char *sdp)
{
	taut_room *room = p->room;
	taut_pc *pc = p->pc;
	bool collides = taut_pc_signaling_state(pc) != TAUT_SIGNALING_STABLE;

	p->ignored_offer = collides && !p->polite;
	if (p->ignored_offer)
		return;
	if (taut_pc_set_remote_description(pc, taut_loop_now(room->loop), TAUT_SDP_OFFER, sdp,
					   strlen(sdp)) < 0) {
		tell_error(p, "an offer was refused");
		return;
	}
	p->heard = true;
	if (room->cfg.on_offer)
		room->cfg.on_offer(room->cfg.user, room, &p->face, pc);
	if (room->left || p->pc != pc)
		return;
	if (taut_pc_set_local_description(pc, taut_loop_now(room->loop), 0, NULL, 0) < 0)
		tell_error(p, "no answer could be made");
	else
		send_description(p);
}

static void take_answer(struct room_peer *p, const char *sdp)
{
	if (taut_pc_signaling_state(p->pc) != TAUT_SIGNALING_HAVE_LOCAL_OFFER)
		return; /* to an offer that was rolled back */
	if (taut_pc_set_remote_description(p->pc, taut_loop_now(p->room->loop), TAUT_SDP_ANSWER,
					   sdp, strlen(sdp)) < 0)
		tell_error(p, "an answer was refused");
}

void room_description(taut_room *room, const char *from, const json_t *o)
{
	const json_t *d = json_object_get(o, "description");
	const char *type = tt_signal_text(d, "type", 16), *name = tt_signal_word(o, "name");
	const char *sdp = tt_signal_text(d, "sdp", TT_SIGNAL_MESSAGE);
	struct room_peer *p = room_peer_find(room, from);

	if (!type || !sdp)
		return;
	if (strcmp(type, "answer") == 0) {
		if (p && same_call(p, o))
			take_answer(p, sdp);
		return;
	}
	if (strcmp(type, "offer") != 0)
		return;
	if (!p)
		p = room_peer_add(room, from, name ? name : "", TAUT_AGENT_BROWSER, true, false);
	if (p && take_call(p, o))
		take_offer(p, sdp);
}

void room_candidate(taut_room *room, const char *from, const json_t *o)
{
	const json_t *c = json_object_get(o, "candidate"),
		     *index = json_object_get(c, "sdpMLineIndex");
	const char *line = tt_signal_text(c, "candidate", TT_SIGNAL_CANDIDATE);
	struct room_peer *p = room_peer_find(room, from);

	if (!p || !same_call(p, o) || (!line && !json_is_null(c)))
		return;
	if (line && !*line)
		line = NULL; /* webrtc-pc 4.8.1.1: the empty string is the end of candidates, too */
	int i = json_is_integer(index) ? (int)json_integer_value(index) & 0xffff : -1;
	int e = taut_pc_add_ice_candidate(p->pc, taut_loop_now(room->loop), line,
					  line ? strlen(line) : 0,
					  tt_signal_text(c, "sdpMid", TT_SIGNAL_WORD), i);
	if (e == TAUT_E_SYNTAX && !p->ignored_offer)
		tell_error(p, "a candidate was refused");
}

void room_failure(taut_room *room, const char *from, const json_t *o)
{
	const char *text = tt_signal_text(o, "text", TT_SIGNAL_FAILURE);
	struct room_peer *p = room_peer_find(room, from);

	if (text && p && same_call(p, o) && room->cfg.on_failure)
		room->cfg.on_failure(room->cfg.user, room, &p->face, p->pc, text);
}
