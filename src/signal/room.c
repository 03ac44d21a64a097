/* room.c - a peer connection for everyone in a room: joining, the line, who is there.
 *
 * What the relay says is read here and sorted; room_call.c negotiates. The line comes and
 * goes, the calls stay: a peer that is not in the room any more is dropped when its
 * connection ends, one that said leave at once. */
#include "signal/room_state.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/num.h"

/* ---- entering and leaving our own code ---- */

void room_enter(taut_room *room)
{
	room->depth++;
}

void room_exit(taut_room *room)
{
	if (--room->depth > 0)
		return;
	while (room->dead) {
		struct room_peer *p = room->dead;
		room->dead = p->next;
		free(p);
	}
	if (room->left)
		free(room);
}

void room_hex(char *out, size_t digits)
{
	unsigned char bytes[32];

	/* Without randomness a call is still told from an earlier one by its connection ending. */
	if (RAND_bytes(bytes, (int)sizeof bytes) != 1)
		memset(bytes, 0, sizeof bytes);
	for (size_t i = 0; i < digits / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void room_error(taut_room *room, const char *code, const char *text)
{
	if (room->cfg.on_error && !room->left)
		room->cfg.on_error(room->cfg.user, room, code, text);
}

static void set_state(taut_room *room, uint32_t state)
{
	if (room->state == state)
		return;
	room->state = state;
	if (room->cfg.on_state && !room->left)
		room->cfg.on_state(room->cfg.user, room, state);
}

/* ---- what logs see ---- */

/* Everything from after mark to the end of the line or of the string. */
static void hide_after(char *text, const char *mark)
{
	for (char *p = text; (p = strstr(p, mark)) != NULL;)
		for (p += strlen(mark); *p && *p != '"' && *p != '\\'; p++)
			*p = '*';
}

/* Who has the password of ICE can take over a call, who has the secret can take our id. */
static void tell_signal(taut_room *room, int out, const char *json, size_t len)
{
	char *text = room->cfg.on_signal ? malloc(len + 1) : NULL;

	if (!text)
		return;
	memcpy(text, json, len);
	text[len] = '\0';
	hide_after(text, "a=ice-pwd:");
	hide_after(text, "\"secret\":\"");
	room->cfg.on_signal(room->cfg.user, room, out, text, len);
	free(text);
}

/* ---- out ---- */

/* False: no memory. */
static bool address(const taut_room *room, const struct room_peer *p, json_t *o)
{
	return json_object_set_new(o, "room", json_string(room->room)) == 0 &&
	       (!p || (json_object_set_new(o, "to", json_string(p->id)) == 0 &&
		       json_object_set_new(o, "call", json_string(p->call)) == 0));
}

/* Who waits for what could not be said would wait for ever: with another line all is said anew. */
static void lose_line(taut_room *room)
{
	if (room->line)
		tt_link_cut(room->link, room->line);
}

void room_send(taut_room *room, const struct room_peer *p, json_t *o)
{
	const bool wanted = !room->left && (room->joined || !p);
	char *text = wanted && address(room, p, o) ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	if (wanted && !text)
		lose_line(room);
	if (!text)
		return;
	size_t len = strlen(text);
	tt_link_send(room->link, room->line, text, len);
	tell_signal(room, 1, text, len);
	free(text);
}

static void say_ready(taut_room *room)
{
	room_send(room, NULL,
		  json_pack("{ss ss ss ss s[s]}", "type", "ready", "name", room->name, "agent",
			    "native", "secret", room->secret, "rooms", room->room));
}

int taut_room_chat(taut_room *room, const char *text)
{
	if (!room->joined)
		return TAUT_E_STATE;
	if (strlen(text) > TT_SIGNAL_CHAT)
		return TAUT_E_LIMIT;
	if (!*text || !tt_signal_is_utf8(text, strlen(text)))
		return TAUT_E_INVAL;
	room_enter(room);
	room_send(room, NULL, json_pack("{ss ss}", "type", "chat", "text", text));
	room_exit(room);
	return TAUT_OK;
}

/* ---- in ---- */

static uint32_t agent_of(const json_t *o)
{
	const char *agent = tt_signal_text(o, "agent", 16);

	return agent && strcmp(agent, "native") == 0 ? TAUT_AGENT_NATIVE : TAUT_AGENT_BROWSER;
}

static bool polite_of(const json_t *o)
{
	const char *role = tt_signal_text(o, "role", 16);

	return !role || strcmp(role, "impolite") != 0;
}

/* One that is in the room already, when we come: it makes the offer. */
static void meet(taut_room *room, const json_t *o)
{
	const char *id = tt_signal_word(o, "id"), *name = tt_signal_word(o, "name");
	struct room_peer *p = id ? room_peer_find(room, id) : NULL;

	if (!id)
		return;
	if (!p) {
		room_peer_add(room, id, name ? name : "", agent_of(o), polite_of(o), false);
		return;
	}
	p->gone = false;
	p->polite = polite_of(o);
	room_peer_back(p);
}

static void drop_the_gone(taut_room *room)
{
	for (struct room_peer *p = room->peers, *next; p && !room->left; p = next) {
		next = p->next;
		if (p->gone && taut_pc_connection_state(p->pc) != TAUT_STATE_CONNECTED) {
			room_peer_drop(p, "the peer did not come back to the room");
			next = room->left
				       ? NULL
				       : room->peers; /* on_peer_left may have changed the list */
		}
	}
}

static void joined(taut_room *room, const json_t *o)
{
	const json_t *peers = json_object_get(o, "peers");
	const char *id = tt_signal_word(o, "id");

	if (!id)
		return;
	snprintf(room->id, sizeof room->id, "%s", id);
	room->joined = true;
	tt_link_settled(room->link, room->line);
	for (struct room_peer *p = room->peers; p; p = p->next)
		p->gone = true; /* until it is seen in the list */
	set_state(room, TAUT_ROOM_JOINED);
	for (size_t i = 0; i < json_array_size(peers) && !room->left; i++)
		meet(room, json_array_get(peers, i));
	drop_the_gone(room);
	if (!room->left)
		room_send(room, NULL, json_pack("{ss}", "type", "user_here"));
}

static void user_here(taut_room *room, const char *from, const json_t *o)
{
	const char *name = tt_signal_word(o, "name");

	room_peer_here(room, room_peer_find(room, from), from, name ? name : "", agent_of(o),
		       polite_of(o));
}

static void announce(taut_room *room, const char *from, const json_t *o)
{
	struct room_peer *p = room_peer_find(room, from);

	if (!p)
		return; /* it says user_here when it wants to be called */
	p->gone = false;
	p->polite = polite_of(o);
}

static void leave(taut_room *room, const char *from, const json_t *o)
{
	struct room_peer *p = room_peer_find(room, from);
	const char *reason = tt_signal_text(o, "reason", 16);

	if (!p)
		return;
	p->gone = true;
	if (reason && strcmp(reason, "left") == 0)
		room_peer_drop(p, "the peer left the room");
	else if (taut_pc_connection_state(p->pc) != TAUT_STATE_CONNECTED)
		room_peer_drop(p, "the peer's connection to the relay is gone");
}

static void chat(taut_room *room, const char *from, const json_t *o)
{
	const char *text = tt_signal_text(o, "text", TT_SIGNAL_CHAT),
		   *name = tt_signal_word(o, "name");
	struct room_peer *p = room_peer_find(room, from);
	struct taut_room_peer other = { from, name ? name : "", TAUT_AGENT_BROWSER, 0 };

	if (text && room->cfg.on_chat)
		room->cfg.on_chat(room->cfg.user, room, p ? &p->face : &other, text);
}

static void error(taut_room *room, const char *from, const json_t *o)
{
	const char *code = tt_signal_word(o, "code"), *text = tt_signal_text(o, "text", 256);

	(void)from;
	room_error(room, code ? code : "unknown", text ? text : "");
	/* What we say is JSON: the relay had no memory to read it. */
	if (code && strcmp(code, "bad_json") == 0 && !room->left)
		lose_line(room);
}

static const struct {
	const char *type;
	void (*run)(taut_room *room, const char *from, const json_t *o);
} heard[] = {
	{ "announce", announce },
	{ "user_here", user_here },
	{ "description", room_description },
	{ "candidate", room_candidate },
	{ "failure", room_failure },
	{ "chat", chat },
	{ "leave", leave },
	{ "error", error },
};

static void hear(taut_room *room, const char *text, size_t len)
{
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *type = tt_signal_word(o, "type"), *from = tt_signal_word(o, "from");
	const char *where = tt_signal_word(o, "room");

	tell_signal(room, 0, text, len);
	if (!o && !room->left) /* no memory: what a relay says is JSON */
		lose_line(room);
	if (room->left || !type || (where && strcmp(where, room->room) != 0)) {
		json_decref(o);
		return;
	}
	if (strcmp(type, "joined") == 0)
		joined(room, o);
	for (size_t i = 0; i < TT_COUNT(heard) && !room->left; i++)
		if (strcmp(heard[i].type, type) == 0 && (from || heard[i].run == error))
			heard[i].run(room, from, o);
	json_decref(o);
}

static void on_item(void *user, const struct tt_link_item *item)
{
	taut_room *room = user;

	room_enter(room);
	switch (item->kind) {
	case TT_LINK_UP:
		room->line = item->line;
		say_ready(room);
		break;
	case TT_LINK_DOWN:
		room->joined = false;
		room->line = 0;
		set_state(room, TAUT_ROOM_CONNECTING);
		room_error(room, "unreachable", item->text);
		break;
	case TT_LINK_TEXT:
		if (item->line == room->line)
			hear(room, item->text, item->len);
		break;
	}
	room_exit(room);
}

/* ---- join and leave ---- */

static int take_config(taut_room *room, const struct taut_room_config *cfg,
		       struct tt_link_config *link)
{
	int e = tt_config_take(&room->cfg, sizeof room->cfg, cfg);
	const char *name = room->cfg.name ? room->cfg.name : "taut";

	if (e != TAUT_OK)
		return e;
	if (!tt_link_parse_url(&link->url, room->cfg.url) || !room->cfg.room ||
	    !tt_signal_is_word(room->cfg.room, strlen(room->cfg.room)) ||
	    !tt_signal_is_word(name, strlen(name)))
		return TAUT_E_INVAL;
	snprintf(room->name, sizeof room->name, "%s", name);
	snprintf(room->room, sizeof room->room, "%s", room->cfg.room);
	room_hex(room->secret, 32);
	return tt_config_take(&room->pc_cfg, sizeof room->pc_cfg, room->cfg.pc);
}

int taut_room_join(taut_room **out, taut_loop *loop, const struct taut_room_config *cfg)
{
	struct tt_link_config link = { .loop = loop, .item = on_item };
	taut_room *room = calloc(1, sizeof *room);

	*out = NULL;
	if (!room)
		return TAUT_E_NOMEM;
	int e = take_config(room, cfg, &link);
	if (e == TAUT_OK) {
		room->loop = loop;
		room->state = TAUT_ROOM_CONNECTING;
		link.user = room;
		link.any_certificate = room->cfg.flags & TAUT_ROOM_ANY_CERTIFICATE;
		link.no_reconnect = room->cfg.flags & TAUT_ROOM_NO_RECONNECT;
		e = tt_link_open(&room->link, &link);
	}
	if (e != TAUT_OK) {
		free(room);
		return e;
	}
	*out = room;
	return TAUT_OK;
}

const char *taut_room_id(const taut_room *room)
{
	return room->id[0] ? room->id : NULL;
}

const struct taut_room_peer *taut_room_peer_at(taut_room *room, size_t index, taut_pc **pc)
{
	struct room_peer *p = room->peers;

	for (; p && index > 0; index--)
		p = p->next;
	if (!p)
		return NULL;
	if (pc)
		*pc = p->pc;
	return &p->face;
}

void taut_room_leave(taut_room *room)
{
	if (!room || room->left)
		return;
	room_enter(room);
	const bool joined = room->joined;
	room->joined = false; /* goodbye is said once, even if on_signal leaves when it sees it */
	if (joined)
		room_send(room, NULL, json_pack("{ss}", "type", "leave"));
	if (!room->left) {
		room->left = true;
		room->cfg.on_peer_left = NULL;
		while (room->peers)
			room_peer_drop(room->peers, "");
		tt_link_close(room->link);
	}
	room_exit(room);
}
