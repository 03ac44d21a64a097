/* relay_turns.c - between two browsers one makes an offer at a time: the relay grants the turn.
 *
 * A turn is asked for ("turn_request"), granted ("turn"), and over when the relay has seen the
 * other's answer pass, when it is given back ("turn_done"), or after 10 seconds. The relay's
 * order is the order in which both see things, so an offer can never meet another one. */
#include "base/num.h"
#include "signal/relay_core.h"

static struct tt_relay_turn *find(const struct tt_relay_room *room, const struct tt_relay_client *a,
				  const struct tt_relay_client *b)
{
	for (size_t i = 0; i < room->turn_count; i++) {
		const struct tt_relay_turn *t = &room->turns[i];
		if ((t->holder == a && t->other == b) || (t->holder == b && t->other == a))
			return (struct tt_relay_turn *)t;
	}
	return NULL;
}

static void grant(struct tt_relay *r, struct tt_relay_room *room, struct tt_relay_client *to,
		  const struct tt_relay_client *with)
{
	tt_relay_send(
		r, to,
		json_pack("{ss ss ss}", "type", "turn", "room", room->name, "from", with->id));
}

static bool takes_turns(const struct tt_relay_client *a, const struct tt_relay_client *b)
{
	return a->agent == TT_RELAY_BROWSER && b->agent == TT_RELAY_BROWSER;
}

void tt_relay_turn_want(struct tt_relay *r, struct tt_relay_room *room, struct tt_relay_client *c,
			struct tt_relay_client *to, taut_time now)
{
	struct tt_relay_turn *t = find(room, c, to);

	if (!takes_turns(c, to) || (t && t->holder == c)) {
		grant(r, room, c, to);
		return;
	}
	if (t) {
		t->wanted = true;
		return;
	}
	/* There is room: one for each pair of members, and turns go when a member does. */
	room->turns[room->turn_count++] = (struct tt_relay_turn){
		.holder = c, .other = to, .until = now + TT_RELAY_TURN_TIME
	};
	grant(r, room, c, to);
}

bool tt_relay_turn_has(const struct tt_relay_room *room, const struct tt_relay_client *c,
		       const struct tt_relay_client *to)
{
	const struct tt_relay_turn *t = find(room, c, to);

	return !takes_turns(c, to) || (t && t->holder == c);
}

static void end(struct tt_relay *r, struct tt_relay_room *room, struct tt_relay_turn *t,
		taut_time now)
{
	if (!t->wanted) {
		*t = room->turns[--room->turn_count];
		return;
	}
	struct tt_relay_client *next = t->other;
	*t = (struct tt_relay_turn){ .holder = next,
				     .other = t->holder,
				     .until = now + TT_RELAY_TURN_TIME };
	grant(r, room, next, t->other);
}

void tt_relay_turn_end(struct tt_relay *r, struct tt_relay_room *room,
		       const struct tt_relay_client *holder, const struct tt_relay_client *other,
		       taut_time now)
{
	struct tt_relay_turn *t = find(room, holder, other);

	if (t && t->holder == holder)
		end(r, room, t, now);
}

void tt_relay_turn_forget(struct tt_relay_room *room, const struct tt_relay_client *c)
{
	for (size_t i = room->turn_count; i-- > 0;)
		if (room->turns[i].holder == c || room->turns[i].other == c)
			room->turns[i] = room->turns[--room->turn_count];
}

void tt_relay_turn_tick(struct tt_relay *r, struct tt_relay_room *room, taut_time now)
{
	for (size_t i = room->turn_count; i-- > 0;)
		if (now >= room->turns[i].until)
			end(r, room, &room->turns[i], now);
}
