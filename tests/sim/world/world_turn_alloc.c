/* world_turn_alloc.c - allocations: RFC 8656 sections 6 to 8. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_turn_int.h"

#define SECOND      INT64_C(1000000)
#define RESERVATION (30 * SECOND) /* 7.2: at least */
enum { DEFAULT_LIFETIME = 600, ADDRESS_ERROR_CAP = 64 };

/* ---- what there is ---- */

struct world_turn_allocation *turn_allocation_of(struct world_turn *t, const struct turn_path *path)
{
	for (struct world_turn_allocation *a = t->allocations; a; a = a->next)
		if (turn_same_path(&a->path, path))
			return a;
	return NULL;
}

struct turn_relay *turn_relay_of(struct world_turn_allocation *a, uint8_t family)
{
	for (size_t i = 0; i < TT_COUNT(a->relays); i++)
		if (family != 0 && a->relays[i].addr.family == family)
			return &a->relays[i];
	return NULL;
}

/* One that relays from nowhere any more is gone. */
static void drop_empty(struct world_turn *t)
{
	for (struct world_turn_allocation **at = &t->allocations, *a; (a = *at) != NULL;) {
		if (a->relays[0].addr.family != 0 || a->relays[1].addr.family != 0) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		free(a);
	}
}

void turn_purge(struct world_turn *t)
{
	for (struct world_turn_allocation *a = t->allocations; a; a = a->next)
		for (size_t i = 0; i < TT_COUNT(a->relays); i++)
			if (a->relays[i].until <= t->world->now)
				a->relays[i] = (struct turn_relay){ 0 };
	drop_empty(t);
	for (size_t i = 0; i < TT_COUNT(t->reservations); i++)
		t->reservations[i].used &= t->reservations[i].until > t->world->now;
}

void turn_drop(struct world_turn *t, const struct world_stream *stream)
{
	for (struct world_turn_allocation *a = t->allocations; a; a = a->next)
		if (!stream || a->path.stream == stream)
			memset(a->relays, 0, sizeof a->relays);
	drop_empty(t);
}

/* ---- addresses to relay from ---- */

static const struct taut_addr *own_address(const struct world_turn *t, uint8_t family)
{
	for (int i = 0; i < t->world->iface_count; i++) {
		const struct world_iface *f = &t->world->ifaces[i];
		if (f->host == t->host && f->up && f->addr.family == family)
			return &f->addr;
	}
	return NULL;
}

static bool is_free(const struct world_turn *t, const struct taut_addr *addr)
{
	for (const struct world_turn_allocation *a = t->allocations; a; a = a->next)
		for (size_t i = 0; i < TT_COUNT(a->relays); i++)
			if (tt_addr_eq(&a->relays[i].addr, addr))
				return false;
	for (size_t i = 0; i < TT_COUNT(t->reservations); i++)
		if (t->reservations[i].used && tt_addr_eq(&t->reservations[i].addr, addr))
			return false;
	return true;
}

/* Any port that fits, from a random one on: RFC 6056 section 3.3.1. False: none. */
static bool find_port(struct world_turn *t, uint8_t family, bool even, bool and_next,
		      struct taut_addr *out)
{
	const struct taut_addr *own = own_address(t, family);
	uint32_t first = t->cfg.first_port, count = t->cfg.last_port - first + 1u;
	uint32_t start = (uint32_t)(world_draw(&t->random) % count);

	for (uint32_t i = 0; own && i < count; i++) {
		struct taut_addr a = *own, next = *own;
		a.port = tt_u16(first + (start + i) % count);
		next.port = (uint16_t)(a.port + 1);
		if ((even && a.port % 2 != 0) || !is_free(t, &a))
			continue;
		if (and_next && (next.port > t->cfg.last_port || !is_free(t, &next)))
			continue;
		*out = a;
		return true;
	}
	return false;
}

static struct world_turn_reservation *reservation_of(struct world_turn *t, const uint8_t *token)
{
	for (size_t i = 0; i < TT_COUNT(t->reservations); i++)
		if (t->reservations[i].used && memcmp(t->reservations[i].token, token, 8) == 0)
			return &t->reservations[i];
	return NULL;
}

static struct world_turn_reservation *free_reservation(struct world_turn *t)
{
	for (size_t i = 0; i < TT_COUNT(t->reservations); i++)
		if (!t->reservations[i].used)
			return &t->reservations[i];
	return NULL;
}

/* ---- Allocate ---- */

/* 7.2: the default at the least, what the server likes at the most. */
static uint32_t lifetime_for(const struct turn_call *c)
{
	uint32_t wanted = c->m.has & TT_STUN_HAS_LIFETIME ? c->m.lifetime : DEFAULT_LIFETIME;
	uint32_t most = c->t->cfg.longest;

	wanted = wanted < most ? wanted : most;
	return wanted > DEFAULT_LIFETIME ? wanted : DEFAULT_LIFETIME;
}

static uint8_t family_of(uint8_t wire)
{
	return wire == TT_TURN_IPV4 ? 4 : wire == TT_TURN_IPV6 ? 6 : 0;
}

/* Steps 3, 5, 6, 8 and 9 as far as they only look at the request; 0: fine. */
static uint16_t what_is_wrong(const struct tt_stun_msg *m)
{
	const uint32_t family = TT_STUN_HAS_FAMILY, more = TT_STUN_HAS_MORE_FAMILY;

	if (!(m->has & TT_STUN_HAS_TRANSPORT))
		return 400;
	if (m->transport != TT_TURN_UDP)
		return 442;
	if (m->has & TT_STUN_HAS_TOKEN && m->has & (TT_STUN_HAS_EVEN_PORT | family | more))
		return 400;
	if ((m->has & family && m->has & more) ||
	    (m->has & more && m->has & TT_STUN_HAS_EVEN_PORT && m->even_port_and_next))
		return 400;
	if (m->has & more && m->more_family != TT_TURN_IPV6)
		return 400;
	return 0;
}

/* The relayed address of one allocation; 0, or the code to refuse with. */
static uint16_t choose_first(struct turn_call *c, struct world_turn_allocation *a)
{
	struct world_turn_reservation *r;
	uint8_t family = c->m.has & TT_STUN_HAS_FAMILY ? family_of(c->m.family) : 4;

	if (c->m.has & TT_STUN_HAS_TOKEN) {
		r = reservation_of(c->t, c->m.token);
		if (!r)
			return 508;
		a->relays[0].addr = r->addr;
		r->used = false;
		return 0;
	}
	if (!own_address(c->t, family))
		return 440;
	bool even = c->m.has & TT_STUN_HAS_EVEN_PORT, next = even && c->m.even_port_and_next;
	r = next ? free_reservation(c->t) : NULL;
	if ((next && !r) || !find_port(c->t, family, even, next, &a->relays[0].addr))
		return 508;
	if (next) {
		*r = (struct world_turn_reservation){ .used = true,
						      .addr = a->relays[0].addr,
						      .until = c->t->world->now + RESERVATION };
		r->addr.port++;
		world_fill(&c->t->random, r->token, sizeof r->token);
		memcpy(a->token, r->token, sizeof a->token);
		a->reserved = true;
	}
	return 0;
}

/* Step 9: IPv4 and IPv6. One of them is enough, and the other's absence is explained. */
static uint16_t choose_both(struct turn_call *c, struct world_turn_allocation *a)
{
	bool even = c->m.has & TT_STUN_HAS_EVEN_PORT;
	uint16_t why[2];

	for (uint8_t i = 0; i < 2; i++) {
		uint8_t family = i == 0 ? 4 : 6;
		why[i] = !own_address(c->t, family)                                 ? 440
			 : find_port(c->t, family, even, false, &a->relays[i].addr) ? 0
										    : 508;
	}
	if (why[0] && why[1])
		return 508;
	a->missing = why[0] ? why[0] : why[1];
	return 0;
}

static bool over_quota(const struct turn_call *c)
{
	unsigned n = 0;

	for (const struct world_turn_allocation *a = c->t->allocations; a; a = a->next)
		n += a->user == c->user;
	return n >= c->t->cfg.quota;
}

/* 18.12: like ERROR-CODE, but for the family in the first byte. */
static void put_address_error(struct turn_call *c, const struct world_turn_allocation *a)
{
	uint8_t b[ADDRESS_ERROR_CAP];
	struct wr w = wr_make(b, sizeof b);
	const char *reason = turn_reason(a->missing);

	wr_u8(&w, a->relays[0].addr.family == 0 ? TT_TURN_IPV4 : TT_TURN_IPV6);
	wr_u8(&w, 0);
	wr_u8(&w, (uint8_t)(a->missing / 100));
	wr_u8(&w, (uint8_t)(a->missing % 100));
	wr_bytes(&w, reason, strlen(reason));
	tt_stun_put(&c->w, TT_STUN_ADDRESS_ERROR_CODE, b, wr_len(&w));
}

static void granted(struct turn_call *c, const struct world_turn_allocation *a)
{
	taut_time until = tt_max64(a->relays[0].until, a->relays[1].until);

	turn_success(c);
	for (size_t i = 0; i < TT_COUNT(a->relays); i++)
		if (a->relays[i].addr.family != 0)
			tt_stun_put_addr(&c->w, TT_STUN_XOR_RELAYED_ADDRESS, &a->relays[i].addr);
	tt_stun_put_u32(&c->w, TT_STUN_LIFETIME, (uint32_t)((until - c->t->world->now) / SECOND));
	if (a->reserved)
		tt_stun_put(&c->w, TT_STUN_RESERVATION_TOKEN, a->token, sizeof a->token);
	if (a->missing)
		put_address_error(c, a);
	tt_stun_put_addr(&c->w, TT_STUN_XOR_MAPPED_ADDRESS, &c->path->remote);
}

void turn_allocate(struct turn_call *c)
{
	struct world_turn_allocation *a = turn_allocation_of(c->t, c->path);
	uint16_t code = 0;

	if (a && a->user == c->user && memcmp(a->tid, c->m.tid, sizeof a->tid) == 0) {
		granted(c, a); /* the same request once more */
		return;
	}
	const bool taken = !a && c->t->mismatches > 0;
	c->t->mismatches -= taken;
	code = a || taken ? 437 : what_is_wrong(&c->m);
	if (code == 0 && over_quota(c))
		code = 486;
	a = code == 0 ? calloc(1, sizeof *a) : NULL;
	if (code == 0 && !a)
		abort();
	if (code == 0)
		code = c->m.has & TT_STUN_HAS_MORE_FAMILY ? choose_both(c, a) : choose_first(c, a);
	if (code != 0) {
		free(a);
		turn_error(c, code);
		return;
	}
	a->path = *c->path;
	a->user = c->user;
	memcpy(a->tid, c->m.tid, sizeof a->tid);
	for (size_t i = 0; i < TT_COUNT(a->relays); i++)
		a->relays[i].until = c->t->world->now + lifetime_for(c) * SECOND;
	a->next = c->t->allocations;
	c->t->allocations = a;
	granted(c, a);
}

/* ---- Refresh, section 8.2 ---- */

void turn_refresh(struct turn_call *c, struct world_turn_allocation *a)
{
	bool one = c->m.has & TT_STUN_HAS_FAMILY;
	struct turn_relay *only = one ? turn_relay_of(a, family_of(c->m.family)) : NULL;
	bool remove = c->m.has & TT_STUN_HAS_LIFETIME && c->m.lifetime == 0;
	uint32_t lifetime = remove ? 0 : lifetime_for(c);

	if (one && !only) {
		turn_error(c, 443);
		return;
	}
	turn_success(c);
	tt_stun_put_u32(&c->w, TT_STUN_LIFETIME, lifetime);
	for (size_t i = 0; i < TT_COUNT(a->relays); i++)
		if (!one || only == &a->relays[i])
			a->relays[i].until = c->t->world->now + lifetime * SECOND;
	if (remove)
		turn_purge(c->t); /* a may be gone */
}
