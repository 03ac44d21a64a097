/* world_nat.c - see world_nat.h. */
#include "world/world_nat.h"

#include <string.h>

#include "base/addr.h"
#include "base/num.h"

#define TWO_MINUTES 120000000 /* REQ-5 */

void world_nat_init(struct world_nat *n, const struct world_nat_config *cfg,
		    const struct taut_addr *outside, struct world_random random)
{
	memset(n, 0, sizeof *n);
	n->cfg = *cfg;
	n->random = random;
	if (outside)
		n->outside = *outside;
	n->outside.port = 0;
	if (n->cfg.timeout == 0)
		n->cfg.timeout = TWO_MINUTES;
}

void world_nat_rebind(struct world_nat *n)
{
	memset(n->bindings, 0, sizeof n->bindings);
	memset(n->permits, 0, sizeof n->permits);
	n->cfg.preserve_ports = false;
}

static bool alive(const struct world_nat *n, taut_time used_at, taut_time now)
{
	return now - used_at < n->cfg.timeout;
}

static bool same(enum world_nat_rule rule, const struct taut_addr *a, const struct taut_addr *b)
{
	return rule == WORLD_NAT_ENDPOINT_INDEPENDENT ||
	       (rule == WORLD_NAT_ADDRESS_DEPENDENT ? tt_addr_eq_ip(a, b) : tt_addr_eq(a, b));
}

/* ---- filtering, section 5 ---- */

static void permit(struct world_nat *n, taut_time now, const struct taut_addr *inside,
		   const struct taut_addr *remote)
{
	struct world_nat_permit *room = &n->permits[0];

	for (size_t i = 0; i < WORLD_NAT_PERMITS; i++) {
		struct world_nat_permit *p = &n->permits[i];
		if (p->used && tt_addr_eq(&p->inside, inside) && tt_addr_eq(&p->remote, remote)) {
			p->used_at = now;
			return;
		}
		if (!p->used || (room->used && p->used_at < room->used_at))
			room = !p->used && !room->used ? room : p;
	}
	*room = (struct world_nat_permit){ true, *inside, *remote, now };
}

static bool permitted(const struct world_nat *n, taut_time now, const struct taut_addr *inside,
		      const struct taut_addr *remote)
{
	for (size_t i = 0; i < WORLD_NAT_PERMITS; i++) {
		const struct world_nat_permit *p = &n->permits[i];
		if (p->used && alive(n, p->used_at, now) && tt_addr_eq(&p->inside, inside) &&
		    same(n->cfg.filtering, &p->remote, remote))
			return true;
	}
	return false;
}

/* ---- mapping, section 4 ---- */

static bool port_taken(const struct world_nat *n, taut_time now, uint16_t port)
{
	for (size_t i = 0; i < WORLD_NAT_BINDINGS; i++)
		if (n->bindings[i].used && n->bindings[i].port == port &&
		    alive(n, n->bindings[i].used_at, now))
			return true;
	return false;
}

static uint16_t new_port(struct world_nat *n, taut_time now, uint16_t wanted)
{
	uint16_t port = wanted;

	if (!n->cfg.preserve_ports || port_taken(n, now, port)) {
		do
			port = tt_u16((uint64_t)world_between(&n->random, 1024, 65535));
		while (port == wanted || port_taken(n, now, port));
	}
	return port;
}

static struct world_nat_binding *bind(struct world_nat *n, taut_time now,
				      const struct taut_addr *inside,
				      const struct taut_addr *toward)
{
	struct world_nat_binding *room = &n->bindings[0];

	for (size_t i = 0; i < WORLD_NAT_BINDINGS; i++) {
		struct world_nat_binding *b = &n->bindings[i];
		bool live = b->used && alive(n, b->used_at, now);
		if (live && tt_addr_eq(&b->inside, inside) &&
		    same(n->cfg.mapping, &b->toward, toward))
			return b;
		if (!live)
			b->used = false;
		if ((!b->used && room->used) || (room->used && b->used_at < room->used_at))
			room = b;
	}
	*room = (struct world_nat_binding){ .inside = *inside, .toward = *toward };
	room->port = new_port(n, now, inside->port);
	room->used = true;
	return room;
}

bool world_nat_outbound(struct world_nat *n, taut_time now, struct taut_addr *from,
			const struct taut_addr *to)
{
	if (n->cfg.blocked) {
		n->blocked++;
		return false;
	}
	permit(n, now, from, to);
	if (n->cfg.firewall)
		return true;
	struct world_nat_binding *b = bind(n, now, from, to);
	b->used_at = now; /* REQ-6: what goes out keeps the mapping */
	*from = n->outside;
	from->port = b->port;
	return true;
}

static struct world_nat_binding *by_port(struct world_nat *n, taut_time now, uint16_t port)
{
	for (size_t i = 0; i < WORLD_NAT_BINDINGS; i++)
		if (n->bindings[i].used && n->bindings[i].port == port &&
		    alive(n, n->bindings[i].used_at, now))
			return &n->bindings[i];
	return NULL;
}

bool world_nat_inbound(struct world_nat *n, taut_time now, const struct taut_addr *from,
		       struct taut_addr *to)
{
	const struct world_nat_binding *b = n->cfg.firewall ? NULL : by_port(n, now, to->port);

	if (n->cfg.blocked || (!b && !n->cfg.firewall)) {
		n->unmapped++;
		return false;
	}
	const struct taut_addr *inside = b ? &b->inside : to;
	bool open = n->cfg.filtering == WORLD_NAT_ENDPOINT_INDEPENDENT && !n->cfg.firewall;
	if (!open && !permitted(n, now, inside, from)) {
		n->filtered++;
		return false;
	}
	*to = *inside;
	return true;
}
