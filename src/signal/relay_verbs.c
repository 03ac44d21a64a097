/* relay_verbs.c - what a client may say, and what the relay does about it.
 *
 * One table: the type of a message, what must be true before it is looked at, and its verb.
 * Forwarded messages are built anew from the members the protocol knows; "from" and "name"
 * are the relay's knowledge of the connection, whatever the message claims. */
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "signal/relay_core.h"

#define SECOND INT64_C(1000000)

/* One message on its way through: room and to are set when its verb says so. */
struct said {
	struct tt_relay *r;
	struct tt_relay_client *c;
	taut_time now;
	const json_t *o;
	const char *type;
	struct tt_relay_room *room;
	struct tt_relay_client *to; /* NULL: everyone else in the room */
};

static void bad_field(struct said *s, const char *text)
{
	tt_relay_strike(s->r, s->c, "bad_field", s->type, text);
}

/* Adds who says it and where, and sends it to the addressee or to the rest of the room. */
static void forward(struct said *s, json_t *o)
{
	if (json_object_set_new(o, "type", json_string(s->type)) != 0 ||
	    json_object_set_new(o, "room", json_string(s->room->name)) != 0 ||
	    json_object_set_new(o, "from", json_string(s->c->id)) != 0 ||
	    json_object_set_new(o, "name", json_string(s->c->name)) != 0) {
		json_decref(o); /* no memory */
		o = NULL;
	}
	if (s->to)
		tt_relay_send(s->r, s->to, o);
	else
		tt_relay_send_rest(s->r, s->room, s->c, o);
}

/* ---- ready ---- */

/* An id that only the holder of the secret can have, and has again after the relay was away. */
static void id_of_secret(const char *secret, char *out)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char text[sizeof "taut room id:" + TT_SIGNAL_WORD_BYTES];

	snprintf(text, sizeof text, "taut room id:%s", secret);
	SHA256((const unsigned char *)text, strlen(text), hash);
	for (size_t i = 0; i < TT_SIGNAL_ID / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static bool id_random(struct tt_relay *r, char *out)
{
	uint8_t bytes[TT_SIGNAL_ID / 2];

	if (!tt_random(r->env, bytes, sizeof bytes))
		return false;
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

/* The same client again while its old connection has not died: the old one makes way. */
static void replace_older(struct said *s)
{
	for (struct tt_relay_client *c = s->r->clients; c; c = c->next) {
		if (c == s->c || c->dead || strcmp(c->id, s->c->id) != 0)
			continue;
		while (c->room_count > 0)
			tt_relay_part(s->r, c, c->rooms[c->room_count - 1], "gone", s->now);
		tt_relay_end(s->r, c, TT_CLOSE_REPLACED, "this client has connected anew");
	}
}

static bool introduce(struct said *s)
{
	const char *name = tt_signal_word(s->o, "name"), *agent = tt_signal_text(s->o, "agent", 16);
	const char *secret = tt_signal_word(s->o, "secret");

	if (!name) {
		bad_field(s, "name: 1 to 64 characters");
		return false;
	}
	if (json_object_get(s->o, "agent") &&
	    (!agent || (strcmp(agent, "browser") != 0 && strcmp(agent, "native") != 0))) {
		bad_field(s, "agent: \"browser\" or \"native\"");
		return false;
	}
	if (json_object_get(s->o, "secret") && (!secret || strlen(secret) < 16)) {
		bad_field(s, "secret: 16 to 64 characters");
		return false;
	}
	if (secret)
		id_of_secret(secret, s->c->id);
	else if (!id_random(s->r, s->c->id))
		return false;
	snprintf(s->c->name, sizeof s->c->name, "%s", name);
	s->c->agent = agent && strcmp(agent, "native") == 0 ? TT_RELAY_NATIVE : TT_RELAY_BROWSER;
	s->c->ready = true;
	replace_older(s);
	return true;
}

static void ready(struct said *s)
{
	const json_t *rooms = json_object_get(s->o, "rooms");
	size_t n = json_array_size(rooms);

	if (n < 1 || n > TT_RELAY_ROOMS) {
		bad_field(s, "rooms: an array of 1 to 4 names");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(rooms, i);
		if (tt_signal_is_word(json_string_value(one), json_string_length(one)))
			continue;
		bad_field(s, "rooms: names have 1 to 64 characters");
		return;
	}
	if (!s->c->ready && !introduce(s))
		return;
	for (size_t i = 0; i < n && !s->c->dead; i++)
		tt_relay_join(s->r, s->c, json_string_value(json_array_get(rooms, i)));
}

/* ---- what is passed on ---- */

/* It wakes those who were there before (members are in the order of their coming): of two who join
 * together only one is to start. Whoever wants more names the peer. */
static void user_here(struct said *s)
{
	for (size_t i = 0; i < s->room->member_count; i++) {
		struct tt_relay_client *m = s->room->members[i];
		if (m == s->c && !s->to)
			break;
		if (s->to && m != s->to)
			continue;
		tt_relay_send(s->r, m,
			      json_pack("{ss ss ss ss ss ss}", "type", "user_here", "room",
					s->room->name, "from", s->c->id, "name", s->c->name,
					"agent",
					s->c->agent == TT_RELAY_NATIVE ? "native" : "browser",
					"role", tt_relay_role(s->room, m, s->c)));
	}
}

/* An offer from a browser goes to a browser only in its turn. */
static bool offer_allowed(struct said *s)
{
	for (size_t i = 0; i < s->room->member_count; i++) {
		struct tt_relay_client *m = s->room->members[i];
		if (m == s->c || (s->to && m != s->to) || tt_relay_turn_has(s->room, s->c, m))
			continue;
		tt_relay_error(s->r, s->c, "no_turn", s->type,
			       "between two browsers, ask for the turn before you offer");
		return false;
	}
	return true;
}

static void description(struct said *s)
{
	const json_t *d = json_object_get(s->o, "description");
	const char *kind = tt_signal_text(d, "type", 16);
	const char *sdp = tt_signal_text(d, "sdp", TT_SIGNAL_MESSAGE);
	bool offer = kind && strcmp(kind, "offer") == 0,
	     answer = kind && strcmp(kind, "answer") == 0;

	if (!sdp || (!offer && !answer)) {
		bad_field(s, "description: {type: \"offer\" or \"answer\", sdp}");
		return;
	}
	if (offer && !offer_allowed(s))
		return;
	forward(s, json_pack("{s{ss ss} ss*}", "description", "type", kind, "sdp", sdp, "call",
			     tt_signal_word(s->o, "call")));
	for (size_t i = 0; answer && i < s->room->member_count; i++)
		if (!s->to || s->room->members[i] == s->to)
			tt_relay_turn_end(s->r, s->room, s->room->members[i], s->c, s->now);
}

static json_t *candidate_copy(const json_t *c)
{
	json_t *index = json_object_get(c, "sdpMLineIndex");

	if (json_typeof(c) == JSON_NULL)
		return json_null();
	return json_pack("{ss ss* ss* sO*}", "candidate",
			 tt_signal_text(c, "candidate", TT_SIGNAL_CANDIDATE), "sdpMid",
			 tt_signal_text(c, "sdpMid", TT_SIGNAL_WORD), "usernameFragment",
			 tt_signal_text(c, "usernameFragment", TT_SIGNAL_CANDIDATE / 4),
			 "sdpMLineIndex", json_is_integer(index) ? index : NULL);
}

static void candidate(struct said *s)
{
	const json_t *c = json_object_get(s->o, "candidate");

	if (!json_is_null(c) && !tt_signal_text(c, "candidate", TT_SIGNAL_CANDIDATE)) {
		bad_field(s, "candidate: {candidate, sdpMid, sdpMLineIndex}, or null at the end");
		return;
	}
	forward(s, json_pack("{so ss*}", "candidate", candidate_copy(c), "call",
			     tt_signal_word(s->o, "call")));
}

static void chat(struct said *s)
{
	const char *text = tt_signal_text(s->o, "text", TT_SIGNAL_CHAT);

	if (!text || !*text) {
		bad_field(s, "text: 1 to 8192 bytes");
		return;
	}
	forward(s, json_pack("{ss}", "text", text));
}

static void failure(struct said *s)
{
	const char *text = tt_signal_text(s->o, "text", TT_SIGNAL_FAILURE);

	if (!text || !*text) {
		bad_field(s, "text: 1 to 1024 bytes");
		return;
	}
	forward(s, json_pack("{ss ss*}", "text", text, "call", tt_signal_word(s->o, "call")));
}

static void turn_request(struct said *s)
{
	tt_relay_turn_want(s->r, s->room, s->c, s->to, s->now);
}

static void turn_done(struct said *s)
{
	tt_relay_turn_end(s->r, s->room, s->c, s->to, s->now);
}

static void leave(struct said *s)
{
	tt_relay_part(s->r, s->c, s->room, "left", s->now);
}

/* ---- the table ---- */

enum { ROOM = 1, TO = 2, MUST_TO = 4 };
static const struct verb {
	const char *type;
	unsigned needs;
	void (*run)(struct said *s);
} verbs[] = {
	{ "ready", 0, ready },
	{ "user_here", ROOM | TO, user_here },
	{ "description", ROOM | TO, description },
	{ "candidate", ROOM | TO, candidate },
	{ "chat", ROOM | TO, chat },
	{ "failure", ROOM | MUST_TO, failure },
	{ "turn_request", ROOM | MUST_TO, turn_request },
	{ "turn_done", ROOM | MUST_TO, turn_done },
	{ "leave", ROOM, leave },
};

static bool place(struct said *s, unsigned needs)
{
	const char *room = tt_signal_word(s->o, "room"), *to = tt_signal_word(s->o, "to");
	bool has_to = json_object_get(s->o, "to") != NULL;

	if (!room) {
		bad_field(s, "room: 1 to 64 characters");
		return false;
	}
	s->room = tt_relay_room_of(s->c, room);
	if (!s->room) {
		tt_relay_error(s->r, s->c, "not_in_room", s->type, "you are not in this room");
		return false;
	}
	if ((has_to && !to) || (!has_to && needs & MUST_TO)) {
		bad_field(s, "to: the id of a peer");
		return false;
	}
	if (to && needs & (TO | MUST_TO)) {
		s->to = tt_relay_member(s->room, to);
		if (!s->to || s->to == s->c) {
			tt_relay_error(s->r, s->c, "no_such_peer", s->type,
				       "no other peer of this room has this id");
			return false;
		}
	}
	return true;
}

static void obey(struct said *s)
{
	for (size_t i = 0; i < TT_COUNT(verbs); i++) {
		const struct verb *v = &verbs[i];
		if (strcmp(v->type, s->type) != 0)
			continue;
		if (v->needs && !s->c->ready) {
			tt_relay_strike(s->r, s->c, "not_ready", s->type, "say ready first");
			return;
		}
		if (!v->needs || place(s, v->needs))
			v->run(s);
		return;
	}
	tt_relay_strike(s->r, s->c, "unknown_type", s->type, "no message has this type");
}

void tt_relay_recv(struct tt_relay *r, struct tt_relay_client *c, taut_time now, const char *text,
		   size_t len)
{
	const char *why = NULL;

	if (c->dead)
		return;
	tt_relay_read_at(c, now); /* brings the tokens up to date */
	c->tokens -= SECOND;
	if (len > TT_SIGNAL_MESSAGE) {
		tt_relay_recv_large(r, c);
		return;
	}
	json_t *o = tt_signal_parse(text, len, &why);
	if (!o) {
		tt_relay_strike(r, c, why, NULL, "a message is one JSON object, at most 32 deep");
		return;
	}
	struct said s = { .r = r, .c = c, .now = now, .o = o, .type = tt_signal_word(o, "type") };
	if (s.type)
		obey(&s);
	else
		tt_relay_strike(r, c, "unknown_type", NULL, "a message has a type");
	json_decref(o);
}
