/* world_rooms.c - see world_rooms.h. */
#include "world/world_rooms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signal/relay_core.h"

struct world_rooms {
	struct world *world;
	int host; /* for its timers */
	struct tt_env env;
	struct tt_relay relay;
	struct world_random random;
	struct world_member *members;
};

struct world_held {
	struct world_held *next;
	char text[];
};

/* ---- from the relay to its clients ---- */

static void woken(void *ctx, struct tt_relay_client *c)
{
	struct world_member *m = c->owner;

	(void)ctx;
	if (m)
		m->woken = true;
}

static void let_go(struct world_member *m)
{
	struct world_rooms *r = m->rooms;

	if (m->client)
		tt_relay_gone(&r->relay, m->client, r->world->now);
	m->client = NULL;
	for (struct world_held *h; (h = m->held) != NULL;) {
		m->held = h->next;
		free(h);
	}
	m->held_tail = &m->held;
}

static void hand_down(struct world_member *m)
{
	struct tt_relay *relay = &m->rooms->relay;
	struct tt_relay_text *t;

	while ((t = tt_relay_pop(relay, m->client)) != NULL) {
		world_signal_send(&m->down, &(struct world_note){ .text = t->text });
		tt_relay_text_free(relay, t);
	}
	if (!m->client->dead)
		return;
	let_go(m); /* the others hear of it */
	world_signal_send(&m->down, &(struct world_note){ 0 });
}

/* After any call of the relay. */
static void flush(struct world_rooms *r)
{
	for (bool again = true; again;) {
		again = false;
		for (struct world_member *m = r->members; m; m = m->next) {
			if (!m->woken)
				continue;
			m->woken = false;
			again = true;
			if (m->client)
				hand_down(m);
		}
	}
}

static taut_time deadline(void *user)
{
	struct world_rooms *r = user;

	return tt_relay_deadline(&r->relay);
}

static void tick(void *user)
{
	struct world_rooms *r = user;

	tt_relay_tick(&r->relay, r->world->now);
	flush(r);
}

/* ---- from a client to the relay ---- */

static void read_on(void *arg, uint64_t number)
{
	struct world_member *m = arg;
	struct world_rooms *r = m->rooms;
	struct world_held *h;

	(void)number;
	while (r && m->client && (h = m->held) != NULL) {
		taut_time at = tt_relay_read_at(m->client, r->world->now);
		if (at > r->world->now) {
			world_at(r->world, at, read_on, m, 0);
			return;
		}
		m->held = h->next;
		if (!m->held)
			m->held_tail = &m->held;
		tt_relay_recv(&r->relay, m->client, r->world->now, h->text, strlen(h->text));
		free(h);
		flush(r);
	}
}

static void relay_hears(void *user, const struct world_note *note)
{
	struct world_member *m = user;
	size_t len = strlen(note->text);
	struct world_held *h;

	if (!m->client)
		return;
	bool first = m->held == NULL;
	h = malloc(sizeof *h + len + 1);
	if (!h)
		abort();
	h->next = NULL;
	memcpy(h->text, note->text, len + 1);
	*m->held_tail = h;
	m->held_tail = &h->next;
	if (first)
		read_on(m, 0);
}

/* ---- what a client hears ---- */

static const char *word(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static void hears_of(struct world_member *m, const json_t *peer, const char *id)
{
	if (m->ops->here)
		m->ops->here(m, word(peer, id), word(peer, "name"),
			     strcmp(word(peer, "role"), "polite") == 0);
}

static void hears_note(struct world_member *m, const json_t *o)
{
	const json_t *d = json_object_get(o, "description"), *c = json_object_get(o, "candidate");
	struct world_note note = { 0 };

	if (d) {
		note.type =
			strcmp(word(d, "type"), "offer") == 0 ? TAUT_SDP_OFFER : TAUT_SDP_ANSWER;
		note.text = word(d, "sdp");
	} else if (!json_is_null(c)) {
		note.text = word(c, "candidate");
		note.mid = json_string_value(json_object_get(c, "sdpMid"));
	}
	if (m->ops->note)
		m->ops->note(m, word(o, "from"), &note);
}

static void hears_joined(struct world_member *m, const json_t *o)
{
	size_t i;
	json_t *peer;

	snprintf(m->id, sizeof m->id, "%s", word(o, "id"));
	json_array_foreach(json_object_get(o, "peers"), i, peer) hears_of(m, peer, "id");
}

static void client_hears(void *user, const struct world_note *note)
{
	struct world_member *m = user;

	if (m->lost)
		return;
	if (!note->text) {
		m->lost = true;
		if (m->ops->closed)
			m->ops->closed(m);
		return;
	}
	json_t *o = json_loads(note->text, 0, NULL);
	const char *type = word(o, "type");
	if (strcmp(type, "joined") == 0)
		hears_joined(m, o);
	else if (strcmp(type, "announce") == 0)
		hears_of(m, o, "from");
	else if (strcmp(type, "leave") == 0 && m->ops->gone && strcmp(word(o, "from"), m->id) != 0)
		m->ops->gone(m, word(o, "from"), word(o, "reason"));
	else if (strcmp(type, "description") == 0 || strcmp(type, "candidate") == 0)
		hears_note(m, o);
	else if (strcmp(type, "error") == 0 && m->ops->refused)
		m->ops->refused(m, word(o, "code"), word(o, "text"));
	json_decref(o);
}

/* ---- what a client says ---- */

void world_rooms_say_raw(struct world_member *m, const char *text)
{
	if (!m->lost)
		world_signal_send(&m->up, &(struct world_note){ .text = text });
}

/* Takes over the reference. */
static void say(struct world_member *m, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (!text)
		abort();
	world_rooms_say_raw(m, text);
	free(text);
}

void world_rooms_say(struct world_member *m, const char *to, const struct world_note *note)
{
	if (note->type != 0)
		say(m, json_pack("{ss ss ss* s{ss ss}}", "type", "description", "room", m->room,
				 "to", to, "description", "type",
				 note->type == TAUT_SDP_OFFER ? "offer" : "answer", "sdp",
				 note->text));
	else
		say(m, json_pack("{ss ss ss* so}", "type", "candidate", "room", m->room, "to", to,
				 "candidate",
				 note->text ? json_pack("{ss ss*}", "candidate", note->text,
							"sdpMid", note->mid)
					    : json_null()));
}

void world_rooms_leave(struct world_member *m)
{
	say(m, json_pack("{ss ss}", "type", "leave", "room", m->room));
}

void world_rooms_lose(struct world_member *m)
{
	m->lost = true;
	let_go(m);
	flush(m->rooms);
}

/* ---- life ---- */

static int take_random(void *ctx, void *out, size_t len)
{
	struct world_rooms *r = ctx;

	world_fill(&r->random, out, len);
	return 0;
}

struct world_rooms *world_rooms_new(struct world *w)
{
	static const struct world_host_ops ops = { .deadline = deadline, .tick = tick };
	struct world_rooms *r = calloc(1, sizeof *r);
	const struct tt_relay_hooks hooks = { .wake = woken };

	if (!r)
		abort();
	const struct taut_env_config env = { .size = sizeof env, .random = take_random, .ctx = r };
	r->world = w;
	r->random = world_stream(w->seed, 600);
	tt_env_init(&r->env, &env);
	r->env.ctx = r;
	tt_relay_init(&r->relay, &r->env, &hooks);
	r->host = world_add_host(w, "relay", &ops, r);
	return r;
}

void world_rooms_join(struct world_rooms *r, struct world_member *m, unsigned which,
		      const char *room, const char *name, taut_time delay, taut_time jitter,
		      const struct world_member_ops *ops, void *user)
{
	*m = (struct world_member){ .rooms = r, .next = r->members, .ops = ops, .user = user };
	m->held_tail = &m->held;
	snprintf(m->room, sizeof m->room, "%s", room);
	world_signal_init(&m->up, r->world, which, delay, jitter, relay_hears, m);
	world_signal_init(&m->down, r->world, which + 1, delay, jitter, client_hears, m);
	r->members = m;
	m->client = tt_relay_enter(&r->relay, r->world->now, name, true, m);
	if (!m->client)
		abort();
	say(m, json_pack("{ss ss ss s[s]}", "type", "ready", "name", name, "agent", "native",
			 "rooms", room));
}

void world_rooms_free(struct world_rooms *r)
{
	for (struct world_member *m = r->members; m; m = m->next) {
		let_go(m);
		world_signal_free(&m->up);
		world_signal_free(&m->down);
		m->rooms = NULL;
		m->lost = true;
	}
	tt_relay_free(&r->relay);
	if (r->env.memory != 0)
		world_fail(r->world, "the relay holds %zu bytes in the end", r->env.memory);
	free(r);
}
