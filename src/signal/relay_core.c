/* relay_core.c - clients of the relay: their coming and going, queues, pace and errors. */
#include "signal/relay_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define SECOND INT64_C(1000000)

void tt_relay_init(struct tt_relay *r, struct tt_env *env, const struct tt_relay_hooks *hooks)
{
	*r = (struct tt_relay){ .env = env, .hooks = *hooks };
}

void tt_relay_log(struct tt_relay *r, const char *format, ...)
{
	char line[512];
	va_list args;

	if (!r->hooks.log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	r->hooks.log(r->hooks.ctx, line);
}

/* ---- queues ---- */

void tt_relay_text_free(struct tt_relay *r, struct tt_relay_text *t)
{
	if (!t || --t->refs > 0)
		return;
	free(t->text);
	tt_free(r->env, t);
}

struct tt_relay_text *tt_relay_pop(struct tt_relay *r, struct tt_relay_client *c)
{
	struct tt_relay_item *item = c->head;

	if (!item)
		return NULL;
	struct tt_relay_text *text = item->text;
	c->head = item->next;
	if (!c->head)
		c->tail = &c->head;
	c->queued -= text->len;
	tt_free(r->env, item);
	return text;
}

static void queue_clear(struct tt_relay *r, struct tt_relay_client *c)
{
	struct tt_relay_text *t;

	while ((t = tt_relay_pop(r, c)) != NULL)
		tt_relay_text_free(r, t);
}

static void overflow(struct tt_relay *r, struct tt_relay_client *c)
{
	tt_relay_log(r, "%s (%s) reads too slowly: disconnected", c->name, c->address);
	queue_clear(r, c);
	c->overflowed = c->dead = true;
	r->hooks.wake(r->hooks.ctx, c);
}

static void push(struct tt_relay *r, struct tt_relay_client *c, struct tt_relay_text *t)
{
	if (c->dead)
		return;
	struct tt_relay_item *item =
		t->len > TT_RELAY_QUEUE - c->queued ? NULL : tt_alloc(r->env, sizeof *item);
	if (!item) {
		overflow(r, c);
		return;
	}
	t->refs++;
	item->text = t;
	*c->tail = item;
	c->tail = &item->next;
	c->queued += t->len;
	r->hooks.wake(r->hooks.ctx, c);
}

static struct tt_relay_text *text_make(struct tt_relay *r, json_t *o)
{
	struct tt_relay_text *t = o ? tt_alloc(r->env, sizeof *t) : NULL;

	if (t) {
		t->refs = 1;
		t->text = json_dumps(o, JSON_COMPACT);
		t->len = t->text ? strlen(t->text) : 0;
	}
	json_decref(o);
	if (t && !t->text) {
		tt_relay_text_free(r, t);
		return NULL;
	}
	return t;
}

/* Who waits for what could not be said would wait for ever: who comes back is told anew. */
static void push_or_end(struct tt_relay *r, struct tt_relay_client *c, struct tt_relay_text *t)
{
	if (t)
		push(r, c, t);
	else
		tt_relay_end(r, c, TT_CLOSE_LATER, "the relay is out of memory");
}

void tt_relay_send(struct tt_relay *r, struct tt_relay_client *c, json_t *o)
{
	struct tt_relay_text *t = text_make(r, o);

	push_or_end(r, c, t);
	tt_relay_text_free(r, t);
}

void tt_relay_send_rest(struct tt_relay *r, const struct tt_relay_room *room,
			const struct tt_relay_client *but, json_t *o)
{
	struct tt_relay_text *t = text_make(r, o);

	for (size_t i = 0; i < room->member_count; i++)
		if (room->members[i] != but)
			push_or_end(r, room->members[i], t);
	tt_relay_text_free(r, t);
}

/* ---- errors ---- */

void tt_relay_error(struct tt_relay *r, struct tt_relay_client *c, const char *code,
		    const char *about, const char *text)
{
	tt_relay_send(r, c,
		      json_pack("{ss ss ss ss*}", "type", "error", "code", code, "text", text,
				"about", about));
}

void tt_relay_end(struct tt_relay *r, struct tt_relay_client *c, int code, const char *text)
{
	if (c->dead)
		return;
	tt_relay_log(r, "%s (%s) closed with %d: %s", c->name, c->address, code, text);
	c->dead = true;
	c->close_code = code;
	c->close_text = text;
	r->hooks.wake(r->hooks.ctx, c);
}

void tt_relay_strike(struct tt_relay *r, struct tt_relay_client *c, const char *code,
		     const char *about, const char *text)
{
	tt_relay_error(r, c, code, about, text);
	if (++c->strikes >= TT_RELAY_STRIKES)
		tt_relay_end(r, c, TT_CLOSE_POLICY, "too many malformed messages");
}

void tt_relay_recv_large(struct tt_relay *r, struct tt_relay_client *c)
{
	if (c->dead)
		return;
	tt_relay_strike(r, c, "too_large", NULL, "a message has at most 262144 bytes");
	if (++c->large >= 2)
		tt_relay_end(r, c, TT_CLOSE_LARGE, "messages too large");
}

void tt_relay_recv_binary(struct tt_relay *r, struct tt_relay_client *c)
{
	if (!c->dead)
		tt_relay_strike(r, c, "not_text", NULL, "messages are JSON in text frames");
}

/* ---- pace ---- */

static void refill(struct tt_relay_client *c, taut_time now)
{
	int64_t most = TT_RELAY_BURST * SECOND;
	int64_t elapsed = tt_clamp64(now - c->refilled, 0, most);

	c->tokens = tt_min64(c->tokens + elapsed * TT_RELAY_RATE, most);
	c->refilled = now;
}

taut_time tt_relay_read_at(struct tt_relay_client *c, taut_time now)
{
	refill(c, now);
	if (c->tokens >= SECOND)
		return now;
	return now + (SECOND - c->tokens) / TT_RELAY_RATE + 1;
}

/* ---- coming and going ---- */

static size_t from_address(const struct tt_relay *r, const char *address)
{
	size_t n = 0;

	for (const struct tt_relay_client *c = r->clients; c; c = c->next)
		n += strcmp(c->address, address) == 0;
	return n;
}

struct tt_relay_client *tt_relay_enter(struct tt_relay *r, taut_time now, const char *address,
				       bool loopback, void *owner)
{
	struct tt_relay_client *c = tt_alloc(r->env, sizeof *c);

	if (!c)
		return NULL;
	snprintf(c->address, sizeof c->address, "%s", address);
	snprintf(c->name, sizeof c->name, "somebody");
	c->owner = owner;
	c->loopback = loopback;
	c->tail = &c->head;
	c->tokens = TT_RELAY_BURST * SECOND;
	c->refilled = now;
	c->ready_by = now + TT_RELAY_READY_TIME;
	bool crowded = !loopback && from_address(r, address) >= TT_RELAY_PER_ADDRESS;
	bool full = r->client_count >= TT_RELAY_CONNECTIONS;
	c->next = r->clients;
	if (c->next)
		c->next->prev = c;
	r->clients = c;
	r->client_count++;
	if (full || crowded) {
		tt_relay_error(r, c, full ? "relay_full" : "address_full", NULL,
			       full ? "the relay has all the connections it takes"
				    : "too many connections from your address");
		tt_relay_end(r, c, TT_CLOSE_LATER, full ? "relay full" : "address full");
	}
	return c;
}

void tt_relay_gone(struct tt_relay *r, struct tt_relay_client *c, taut_time now)
{
	c->dead = true;
	while (c->room_count > 0)
		tt_relay_part(r, c, c->rooms[c->room_count - 1], "gone", now);
	queue_clear(r, c);
	if (c->prev)
		c->prev->next = c->next;
	else
		r->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	r->client_count--;
	tt_free(r->env, c);
}

void tt_relay_free(struct tt_relay *r)
{
	while (r->clients)
		tt_relay_gone(r, r->clients, 0);
}

/* ---- time ---- */

void tt_relay_tick(struct tt_relay *r, taut_time now)
{
	for (struct tt_relay_client *c = r->clients; c; c = c->next)
		if (!c->ready && !c->dead && now >= c->ready_by)
			tt_relay_end(r, c, TT_CLOSE_POLICY, "never said ready");
	for (struct tt_relay_room *room = r->room_list; room; room = room->next)
		tt_relay_turn_tick(r, room, now);
}

taut_time tt_relay_deadline(const struct tt_relay *r)
{
	taut_time at = INT64_MAX;

	for (const struct tt_relay_client *c = r->clients; c; c = c->next)
		if (!c->ready && !c->dead)
			at = tt_min64(at, c->ready_by);
	for (const struct tt_relay_room *room = r->room_list; room; room = room->next)
		for (size_t i = 0; i < room->turn_count; i++)
			at = tt_min64(at, room->turns[i].until);
	return at;
}
