/* layers: signal base */
/* fuzz_relay.c - the relay's rooms: clients that come, talk, read slowly and go.
 *
 * The input writes what they say, field by field or as any bytes, and lets time pass. After each:
 * who is in a room is known to both the room and the client, turns belong to two members, no queue
 * is above its ceiling and each adds up, who has something to read or is to be closed was woken,
 * no message names another sender than the one it came from, and deadlines lie ahead. */
#include <string.h>

#include "base/num.h"
#include "fuzz_env.h"
#include "signal/relay_core.h"

enum { CLIENTS = 24, OPERATIONS = 96, BIG = 250000 };

struct person {
	struct tt_relay_client *c; /* NULL: not there */
	char id[TT_SIGNAL_ID + 1];
	bool woken;
};

struct world {
	struct fuzz_env env;
	struct tt_relay relay;
	struct person p[CLIENTS];
	taut_time now;
};

static const char *const rooms[] = { "a", "b", "c", "d", "e", "f" };

static void wake(void *ctx, struct tt_relay_client *c)
{
	struct world *w = ctx;

	for (int k = 0; k < CLIENTS; k++)
		if (w->p[k].c == c)
			w->p[k].woken = true;
}

static void ignore_log(void *ctx, const char *line)
{
	(void)ctx;
	FUZZ_CHECK(strlen(line) < 512, "a line of the log is short");
}

/* ---- what must hold ---- */

static size_t times_in(const struct tt_relay_room *room, const struct tt_relay_client *c)
{
	size_t n = 0;

	for (size_t i = 0; i < room->member_count; i++)
		n += room->members[i] == c;
	return n;
}

static void check_client(const struct world *w, const struct person *p)
{
	const struct tt_relay_client *c = p->c;
	size_t queued = 0;

	FUZZ_CHECK(c->room_count <= TT_RELAY_ROOMS, "in few rooms");
	for (size_t i = 0; i < c->room_count; i++)
		FUZZ_CHECK(times_in(c->rooms[i], c) == 1, "the room knows its member, once");
	for (const struct tt_relay_item *i = c->head; i; i = i->next)
		queued += i->text->len;
	FUZZ_CHECK(queued == c->queued && queued <= TT_RELAY_QUEUE, "the queue has its ceiling");
	FUZZ_CHECK(!c->overflowed || (c->dead && !c->head), "who reads too slowly is cut off");
	FUZZ_CHECK(p->woken || (!c->head && !c->close_code && !c->overflowed), "it was woken");
	FUZZ_CHECK(c->ready || c->room_count == 0, "who is in a room said ready");
	FUZZ_CHECK(c->strikes < TT_RELAY_STRIKES || c->dead, "five errors of form are the end");
	FUZZ_CHECK(c->dead || c->ready || c->ready_by > w->now, "who never says ready is sent off");
}

static void check_room(const struct world *w, const struct tt_relay_room *room)
{
	FUZZ_CHECK(room->member_count >= 1 && room->member_count <= TT_RELAY_PEERS, "1 to 8 peers");
	for (size_t i = 0; i < room->member_count; i++)
		FUZZ_CHECK(tt_relay_room_of(room->members[i], room->name) == room,
			   "a member knows its room");
	for (const struct tt_relay_room *o = room->next; o; o = o->next)
		FUZZ_CHECK(strcmp(o->name, room->name) != 0, "one room of a name");
	FUZZ_CHECK(room->turn_count <= TT_RELAY_PAIRS, "a turn for each pair at most");
	for (size_t i = 0; i < room->turn_count; i++) {
		const struct tt_relay_turn *t = &room->turns[i];
		FUZZ_CHECK(t->holder != t->other && times_in(room, t->holder) &&
				   times_in(room, t->other) && t->until > w->now,
			   "a turn is between two members, for a while");
	}
}

static void check(const struct world *w)
{
	size_t n = 0;

	for (int k = 0; k < CLIENTS; k++)
		if (w->p[k].c) {
			check_client(w, &w->p[k]);
			n++;
		}
	FUZZ_CHECK(n == w->relay.client_count, "the relay counts its clients");
	for (const struct tt_relay_room *r = w->relay.room_list; r; r = r->next)
		check_room(w, r);
	FUZZ_CHECK(tt_relay_deadline(&w->relay) > w->now, "the deadline lies ahead");
	FUZZ_CHECK(w->env.env.memory < 1 << 20, "memory of our own has a ceiling");
}

/* ---- clients ---- */

static void enter(struct world *w, struct person *p, uint8_t how)
{
	char address[16];

	if (p->c)
		return;
	(void)snprintf(address, sizeof address, "10.0.0.%d", how & 1);
	/* it may be woken before its pointer is known: at the ceiling of its address */
	p->woken = true;
	p->c = tt_relay_enter(&w->relay, w->now, address, how & 2, p);
	FUZZ_CHECK(p->c, "there is memory");
}

static void leave(struct world *w, struct person *p)
{
	if (p->c)
		tt_relay_gone(&w->relay, p->c, w->now);
	p->c = NULL;
}

/* "from" is the relay's knowledge, whatever the message claimed. */
static void read_one(struct world *w, struct person *p)
{
	struct tt_relay_text *t = p->c ? tt_relay_pop(&w->relay, p->c) : NULL;

	if (!t)
		return;
	if (t->len < 4000) {
		const char *id = strstr(t->text, "\"id\":\"");
		FUZZ_CHECK(t->len == strlen(t->text), "a text without NUL inside");
		FUZZ_CHECK(!strstr(t->text, "\"from\":\"nobody\""),
			   "nobody speaks in the name of another");
		if (id && strstr(t->text, "\"type\":\"joined\""))
			memcpy(p->id, id + 6, TT_SIGNAL_ID);
	}
	tt_relay_text_free(&w->relay, t);
	if (!p->c->head && !p->c->close_code)
		p->woken = false;
}

/* Mostly one of four, so that they meet. */
static struct person *somebody(struct world *w, struct rd *in)
{
	const uint8_t how = rd_u8(in);

	return &w->p[how % (how < 192 ? 4 : CLIENTS)];
}

static const char *some_id(struct world *w, struct rd *in)
{
	const struct person *p = somebody(w, in);

	return p->id[0] ? p->id : "nobody";
}

static json_t *some_ready(struct rd *in)
{
	static const char *const agents[] = { "native", "browser", "browser", "robot" };
	static const char *const secrets[] = { NULL, NULL, "0123456789abcdef", "fedcba9876543210",
					       "x" };
	const uint8_t how = rd_u8(in);
	json_t *list = json_array();

	for (int n = how % 6; n > 0; n--)
		json_array_append_new(list, json_string(rooms[fuzz_pick(in, TT_COUNT(rooms))]));
	return json_pack("{ss ss ss so ss*}", "type", "ready", "name", how & 64 ? "n\xc3\xbc" : "n",
			 "agent", agents[how >> 4 & 3], "rooms", list, "secret",
			 secrets[fuzz_pick(in, TT_COUNT(secrets))]);
}

static json_t *some_message(struct world *w, struct rd *in)
{
	static const char *const types[] = { "user_here", "description",  "candidate", "chat",
					     "turn_done", "turn_request", "leave",     "nothing" };
	static const size_t sizes[] = { 1, 1, 100, 8000 };
	char text[8001];
	const uint8_t what = rd_u8(in), how = rd_u8(in);
	const size_t len = sizes[how & 3];
	json_t *o = json_pack("{ss ss ss}", "type", types[what % TT_COUNT(types)], "room",
			      rooms[what & 64 ? how >> 2 & 3 : 0], "from", "nobody");

	if (how & 16)
		json_object_set_new(o, "to", json_string(some_id(w, in)));
	if (how & 32)
		json_object_set_new(o, "call", json_string("c"));
	memset(text, 'x', len);
	text[len] = '\0';
	json_object_set_new(o, "text", json_string(text));
	if (how & 64)
		json_object_set_new(
			o, "candidate",
			how & 1 ? json_null()
				: json_pack("{ss si}", "candidate", text, "sdpMLineIndex", 1));
	if (how & 128)
		json_object_set_new(
			o, "description",
			json_pack("{ss ss}", "type", what & 128 ? "offer" : "answer", "sdp", text));
	return o;
}

/* Five of these to one who does not read are more than its queue may hold. */
static json_t *some_flood(void)
{
	static char text[BIG + 1];

	memset(text, 'x', BIG);
	return json_pack("{ss ss s{ss ss}}", "type", "description", "room", rooms[0], "description",
			 "type", "answer", "sdp", text);
}

static void say(struct world *w, struct person *p, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (!text)
		return;
	const uint64_t before = tt_work_total;
	const bool heard = !p->c->dead;
	tt_relay_recv(&w->relay, p->c, w->now, text, strlen(text));
	fuzz_check_work_if(heard, before, strlen(text), 12);
	free(text);
}

static void say_bytes(struct world *w, struct person *p, struct rd *in)
{
	uint8_t bytes[1000];
	const size_t len = fuzz_bytes(in, fuzz_pick(in, sizeof bytes), bytes);
	char *exact = malloc(len + 1);

	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	const uint64_t before = tt_work_total;
	const bool heard = !p->c->dead && len > 0;
	tt_relay_recv(&w->relay, p->c, w->now, exact, len);
	fuzz_check_work_if(heard, before, len, 12);
	free(exact);
}

static void speak(struct world *w, struct person *p, struct rd *in)
{
	const uint8_t how = rd_u8(in);

	if (!p->c || tt_relay_read_at(p->c, w->now) > w->now) {
		FUZZ_CHECK(!p->c || tt_relay_read_at(p->c, w->now) <= w->now + FUZZ_SECOND,
			   "it is read again soon");
		return;
	}
	switch (how % 8) {
	case 0:
	case 1:
		say(w, p, some_ready(in));
		break;
	case 2:
		say_bytes(w, p, in);
		break;
	case 3:
		for (int n = how >= 240 ? 5 : 0; n > 0 && !p->c->dead; n--)
			say(w, p, some_flood());
		break;
	case 4:
		if (how & 128)
			tt_relay_recv_large(&w->relay, p->c);
		else
			tt_relay_recv_binary(&w->relay, p->c);
		break;
	default:
		say(w, p, some_message(w, in));
	}
}

static void operate(struct world *w, struct rd *in)
{
	static const taut_time spans[] = { FUZZ_MS, FUZZ_SECOND / 2, 11 * FUZZ_SECOND,
					   31 * (taut_time)FUZZ_SECOND };
	const uint8_t what = rd_u8(in);
	struct person *p = somebody(w, in);

	switch (what & 7) {
	case 0:
		enter(w, p, what >> 3);
		break;
	case 1:
		if (what & 128)
			leave(w, p);
		break;
	case 2:
		for (int n = what >> 3; n > 0; n--)
			read_one(w, p);
		break;
	case 3:
		w->now += spans[what >> 6];
		break;
	default:
		speak(w, p, in);
	}
	tt_relay_tick(&w->relay, w->now);
	/* what the server does with one that is to be closed */
	if (p->c && p->c->dead && what & 64)
		leave(w, p);
	check(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);
	const struct tt_relay_hooks hooks = { .ctx = &w, .wake = wake, .log = ignore_log };

	memset(&w, 0, sizeof w);
	w.now = FUZZ_SECOND;
	fuzz_env_begin(&w.env, 1);
	tt_relay_init(&w.relay, &w.env.env, &hooks);
	for (int k = 0; k < 3; k++) { /* three in a room, who know each other's ids */
		enter(&w, &w.p[k], 2);
		say(&w, &w.p[k],
		    json_pack("{ss ss ss s[s]}", "type", "ready", "name", "n", "agent",
			      k ? "browser" : "native", "rooms", rooms[0]));
		read_one(&w, &w.p[k]);
	}
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	for (int k = 0; k < CLIENTS; k++)
		leave(&w, &w.p[k]);
	tt_relay_free(&w.relay);
	fuzz_env_end(&w.env);
	return 0;
}
