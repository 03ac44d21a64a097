/* relay_rooms.c - rooms of the relay: who is in them, in which order, and who hears of it. */
#include <stdio.h>
#include <string.h>

#include "signal/relay_core.h"

struct tt_relay_room *tt_relay_room_of(const struct tt_relay_client *c, const char *name)
{
	for (size_t i = 0; i < c->room_count; i++)
		if (strcmp(c->rooms[i]->name, name) == 0)
			return c->rooms[i];
	return NULL;
}

struct tt_relay_client *tt_relay_member(const struct tt_relay_room *room, const char *id)
{
	for (size_t i = 0; i < room->member_count; i++)
		if (strcmp(room->members[i]->id, id) == 0)
			return room->members[i];
	return NULL;
}

static bool was_first(const struct tt_relay_room *room, const struct tt_relay_client *a,
		      const struct tt_relay_client *b)
{
	for (size_t i = 0; i < room->member_count; i++)
		if (room->members[i] == a || room->members[i] == b)
			return room->members[i] == a;
	return false;
}

/* Chromium fails to make a new offer after an implicit rollback, so it is never the polite one:
 * toward a native peer it is impolite, and two of them take turns. */
const char *tt_relay_role(const struct tt_relay_room *room, const struct tt_relay_client *a,
			  const struct tt_relay_client *b)
{
	if (a->agent != b->agent)
		return a->agent == TT_RELAY_NATIVE ? "polite" : "impolite";
	if (a->agent == TT_RELAY_BROWSER)
		return "turns";
	return was_first(room, a, b) ? "impolite" : "polite";
}

static const char *agent_word(const struct tt_relay_client *c)
{
	return c->agent == TT_RELAY_NATIVE ? "native" : "browser";
}

static struct tt_relay_room *find(struct tt_relay *r, const char *name)
{
	for (struct tt_relay_room *room = r->room_list; room; room = room->next)
		if (strcmp(room->name, name) == 0)
			return room;
	return NULL;
}

static struct tt_relay_room *open_room(struct tt_relay *r, const char *name)
{
	struct tt_relay_room *room = tt_alloc(r->env, sizeof *room);

	if (!room)
		return NULL;
	snprintf(room->name, sizeof room->name, "%s", name);
	room->next = r->room_list;
	if (room->next)
		room->next->prev = room;
	r->room_list = room;
	return room;
}

static void close_room(struct tt_relay *r, struct tt_relay_room *room)
{
	if (room->prev)
		room->prev->next = room->next;
	else
		r->room_list = room->next;
	if (room->next)
		room->next->prev = room->prev;
	tt_free(r->env, room);
}

/* The newcomer hears who is there, those who are there hear of the newcomer. */
static void tell_all(struct tt_relay *r, struct tt_relay_client *c, struct tt_relay_room *room)
{
	json_t *peers = json_array();

	for (size_t i = 0; i < room->member_count; i++) {
		struct tt_relay_client *m = room->members[i];
		if (m == c)
			continue;
		if (json_array_append_new(peers, json_pack("{ss ss ss ss}", "id", m->id, "name",
							   m->name, "agent", agent_word(m), "role",
							   tt_relay_role(room, c, m))) != 0) {
			json_decref(peers); /* no memory */
			peers = NULL;
		}
		tt_relay_send(r, m,
			      json_pack("{ss ss ss ss ss ss}", "type", "announce", "room",
					room->name, "from", c->id, "name", c->name, "agent",
					agent_word(c), "role", tt_relay_role(room, m, c)));
	}
	tt_relay_send(r, c,
		      json_pack("{ss ss ss so}", "type", "joined", "room", room->name, "id", c->id,
				"peers", peers));
}

void tt_relay_join(struct tt_relay *r, struct tt_relay_client *c, const char *name)
{
	if (tt_relay_room_of(c, name))
		return;
	if (c->room_count == TT_RELAY_ROOMS) {
		tt_relay_error(r, c, "too_many_rooms", "ready", "a client is in at most 4 rooms");
		return;
	}
	struct tt_relay_room *room = find(r, name);
	if (room && room->member_count == TT_RELAY_PEERS) {
		tt_relay_error(r, c, "room_full", "ready", "8 peers are in this room already");
		return;
	}
	if (!room)
		room = open_room(r, name);
	if (!room) {
		tt_relay_error(r, c, "relay_full", "ready", "the relay is out of memory");
		tt_relay_end(r, c, TT_CLOSE_LATER, "the relay is out of memory");
		return;
	}
	room->members[room->member_count++] = c;
	c->rooms[c->room_count++] = room;
	tt_relay_log(r, "%s (%s, %s) joins %s: %zu there", c->name, agent_word(c), c->address,
		     room->name, room->member_count);
	tell_all(r, c, room);
}

void tt_relay_part(struct tt_relay *r, struct tt_relay_client *c, struct tt_relay_room *room,
		   const char *reason, taut_time now)
{
	size_t i = 0;

	(void)now;
	while (room->members[i] != c)
		i++;
	room->member_count--;
	memmove(&room->members[i], &room->members[i + 1],
		(room->member_count - i) * sizeof room->members[0]); /* keeps the order of coming */
	for (i = 0; c->rooms[i] != room; i++)
		;
	c->rooms[i] = c->rooms[--c->room_count];
	tt_relay_turn_forget(room, c);
	tt_relay_log(r, "%s leaves %s (%s): %zu there", c->name, room->name, reason,
		     room->member_count);
	tt_relay_send_rest(r, room, NULL,
			   json_pack("{ss ss ss ss ss}", "type", "leave", "room", room->name,
				     "from", c->id, "name", c->name, "reason", reason));
	if (room->member_count == 0)
		close_room(r, room);
}
