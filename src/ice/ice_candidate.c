/* ice_candidate.c - local and remote candidates: what they are worth, which are
 * the same, which are of no use. RFC 8445 sections 5.1.1.3, 5.1.2, 5.1.3, and
 * 7.3.1.3 for those that a check revealed. */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

/* 5.1.2.1, with the type preferences of 5.1.2.2; there is one component. */
uint32_t tt_ice_priority(enum tt_ice_type type, enum tt_ice_tcp tcp, uint16_t local_pref)
{
	static const uint8_t type_pref[] = {
		[TT_ICE_HOST] = 126, [TT_ICE_SRFLX] = 100, [TT_ICE_PRFLX] = 110, [TT_ICE_RELAY] = 0
	};
	/* RFC 6544 section 4.2: below those of UDP; and who connects before who is connected to. */
	static const uint8_t tcp_pref[] = {
		[TT_ICE_HOST] = 90, [TT_ICE_SRFLX] = 70, [TT_ICE_PRFLX] = 80, [TT_ICE_RELAY] = 0
	};
	static const uint32_t direction[] = { [TT_ICE_ACTIVE] = 6, [TT_ICE_PASSIVE] = 4 };

	if (tcp)
		return (uint32_t)tcp_pref[type] << 24 |
		       (direction[tcp] << 13 | (local_pref & 0x1fffu)) << 8 | (256 - 1);
	return (uint32_t)type_pref[type] << 24 | (uint32_t)local_pref << 8 | (256 - 1);
}

uint32_t tt_ice_base_priority(const struct ice_base *b, enum tt_ice_type type)
{
	return tt_ice_priority(type, b->tcp, b->local_pref);
}

struct tt_ice_candidate tt_ice_shown(const struct tt_ice_candidate *c)
{
	struct tt_ice_candidate shown = *c;

	if (c->name)
		shown.addr = (struct taut_addr){ .port = c->addr.port };
	return shown;
}

bool tt_ice_hides(const struct tt_ice *ice, const struct taut_addr *addr)
{
	return ice->addresses >= TT_ICE_ADDRESS_PUBLIC || tt_ice_own_hides(ice, addr);
}

struct taut_addr tt_ice_related(const struct tt_ice *ice, const struct taut_addr *base)
{
	return tt_ice_hides(ice, base) ? (struct taut_addr){ .family = base->family, .port = 9 }
				       : *base;
}

/* 5.1.1.3: the same for the same type, base address, server and transport. */
static uint16_t foundation_of(struct tt_ice *ice, enum tt_ice_type type, int base, int server,
			      enum tt_ice_tcp tcp)
{
	for (size_t i = 0; i < ice->local_count; i++) {
		const struct ice_local *l = &ice->local[i];
		if (l->c.type == type && l->server == server && l->c.tcptype == tcp &&
		    tt_addr_eq_ip(&ice->base[l->base].addr, &ice->base[base].addr)) {
			unsigned v = 0;
			for (const char *p = l->c.foundation; *p; p++)
				v = v * 10 + (unsigned)(*p - '0');
			return tt_u16(v);
		}
	}
	return ++ice->foundations;
}

/* The index of the candidate, also of one that was there; -1: no room. */
static bool room_for_local(struct tt_ice *ice)
{
	const size_t room = tt_min(ice->local_room ? 2 * ice->local_room : 4, TT_ICE_MAX_LOCAL);
	struct ice_local *all;

	if (ice->local_count < ice->local_room)
		return true;
	if (ice->local_count == TT_ICE_MAX_LOCAL)
		return false;
	all = tt_resize(ice->env, ice->local, room * sizeof *all);
	if (!all)
		return false;
	ice->local = all;
	ice->local_room = room;
	return true;
}

static int add_local(struct tt_ice *ice, taut_time now, enum tt_ice_type type, int base, int server,
		     enum tt_ice_tcp tcp, const struct taut_addr *addr)
{
	static const char *const names[] = { "host", "srflx", "prflx", "relay" };
	struct ice_base *b = &ice->base[base];

	/* 5.1.3: redundant when both address and base are the same. A name is no address: section 3.1.2.2
	 * of draft-ietf-mmusic-mdns-ice-candidates. */
	for (size_t i = 0; i < ice->local_count; i++)
		if (ice->local[i].base == base && ice->local[i].c.tcptype == tcp &&
		    tt_addr_eq(&ice->local[i].c.addr, addr) &&
		    !(ice->local[i].c.name && type != TT_ICE_HOST))
			return (int)i;
	if (!room_for_local(ice))
		return -1;
	const bool hidden = type == TT_ICE_HOST && tt_ice_own_hides(ice, addr);
	const char *name = hidden ? tt_ice_own_name(ice, now, addr) : NULL;
	if (hidden && !name)
		return -1;

	struct ice_local *l = &ice->local[ice->local_count];
	uint16_t foundation = foundation_of(ice, type, base, server, tcp);
	*l = (struct ice_local){ .base = tt_u8((uint64_t)base), .server = tt_u8((uint64_t)server) };
	l->c = (struct tt_ice_candidate){
		.type = type,
		.tcp = tcp != 0,
		.tcptype = (uint8_t)tcp,
		.component = 1,
		.addr = *addr,
		.name = name,
	};
	tt_ice_show_network(ice, l);
	l->c.priority = tt_ice_priority(type, tcp, b->local_pref);
	snprintf(l->c.foundation, sizeof l->c.foundation, "%u", (unsigned)foundation);
	if (!tcp && (type == TT_ICE_HOST || type == TT_ICE_RELAY))
		b->foundation = foundation; /* they are their own bases */
	else if (!tcp)
		l->c.related = tt_ice_related(ice, &b->addr);
	l->told = type == TT_ICE_PRFLX; /* 7.2.5.3.1: the peer knows it from our checks */
	tt_note(ice->env, now, TAUT_LAYER_ICE, "local candidate", TT_STR("type", names[type]),
		TT_ADDR("address", &l->c.addr), TT_INT("priority", l->c.priority));
	return (int)ice->local_count++;
}

int tt_ice_add_local(struct tt_ice *ice, taut_time now, enum tt_ice_type type, int base, int server,
		     const struct taut_addr *addr)
{
	return add_local(ice, now, type, base, server, TT_ICE_NO_TCP, addr);
}

int tt_ice_add_local_tcp(struct tt_ice *ice, taut_time now, int base, enum tt_ice_tcp tcp,
			 const struct taut_addr *addr)
{
	return add_local(ice, now, TT_ICE_HOST, base, 0, tcp, addr);
}

int tt_ice_find_remote(const struct ice_gen *g, bool tcp, const struct taut_addr *addr)
{
	for (size_t i = 0; i < g->remote_count; i++)
		if (tt_ice_remote_at(g, (int)i)->tcp == tcp &&
		    tt_addr_eq(&tt_ice_remote_at(g, (int)i)->addr, addr))
			return (int)i;
	return -1;
}

/* Nothing is ever sent to an address that no single peer can have. */
bool tt_ice_unicast(const struct taut_addr *a)
{
	if (tt_addr_is_any(a))
		return false;
	return a->family == 4 ? a->ip[0] != 0 && a->ip[0] < 224 : a->ip[0] != 0xff;
}

static const char *unusable(const struct tt_ice *ice, const struct tt_ice_candidate *c)
{
	const struct taut_addr *a = &c->addr;

	if (c->tcp && !tt_ice_tcp_usable(ice, c))
		return "TCP";
	if (c->component != 1)
		return "not component 1";
	if (a->port == 0)
		return "port 0";
	if (a->family != 4 && a->family != 6)
		return "no address";
	if (!tt_ice_unicast(a))
		return "not a unicast address";
	return NULL;
}

/* A learned candidate is signaled: its real name, type and worth, 7.3.1.3. */
static void update_remote(struct tt_ice *ice, struct tt_ice_candidate *r,
			  const struct tt_ice_candidate *c)
{
	const uint16_t id = r->network_id, cost = r->network_cost;

	if (r->type != TT_ICE_PRFLX)
		return;
	*r = *c;
	r->ufrag = NULL;
	if (c->network_id == 0) { /* its checks have told */
		r->network_id = id;
		r->network_cost = cost;
	}
	ice->cur->prflx_count--;
	ice->cur->signaled_count++;
	tt_ice_reprioritize(ice);
}

static void no_memory(struct tt_ice *ice, taut_time now, const struct taut_addr *addr)
{
	tt_drop(ice->env, now, TAUT_DROP_ICE_CANDIDATE, TT_STR("why", "no memory"),
		TT_ADDR("address", addr));
}

/* NULL: no memory. */
static struct tt_ice_candidate *next_remote(struct tt_ice *ice)
{
	struct ice_gen *g = ice->cur;
	struct tt_ice_candidate **block = &g->remotes[g->remote_count / TT_ICE_BLOCK];

	if (!*block)
		*block = tt_alloc(ice->env, TT_ICE_BLOCK * sizeof **block);
	return *block ? tt_ice_remote_at(g, (int)g->remote_count) : NULL;
}

int tt_ice_put_remote(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c)
{
	struct ice_gen *g = ice->cur;
	const char *why = unusable(ice, c);
	int known = tt_ice_find_remote(g, c->tcp, &c->addr);

	if (c->tcptype == TT_ICE_ACTIVE && (ice->tcp & TT_ICE_TCP_LISTENS))
		return TAUT_OK; /* RFC 6544 section 6.2: it connects to us, and is seen then */
	if (why) {
		g->hints.useless = true;
		g->hints.tcp |= c->tcp;
		tt_drop(ice->env, now, TAUT_DROP_ICE_CANDIDATE, TT_STR("why", why),
			TT_ADDR("address", &c->addr));
		return TAUT_OK;
	}
	if (known < 0 && g->signaled_count == TT_ICE_MAX_REMOTE) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_TOO_MANY_REMOTE, TT_ADDR("address", &c->addr));
		return TAUT_E_LIMIT;
	}
	if (known >= 0) {
		update_remote(ice, tt_ice_remote_at(g, known), c);
		return TAUT_OK;
	}
	struct tt_ice_candidate *r = next_remote(ice);
	if (!r) {
		no_memory(ice, now, &c->addr);
		return TAUT_E_NOMEM;
	}
	*r = *c;
	r->ufrag = NULL;
	g->signaled_count++;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "remote candidate", TT_ADDR("address", &c->addr),
		TT_INT("priority", c->priority));
	tt_ice_pair_remote(ice, now, (int)g->remote_count++);
	return TAUT_OK;
}

/* -1: there are too many of them already, or there is no memory. */
int tt_ice_put_prflx(struct tt_ice *ice, taut_time now, bool tcp, const struct taut_addr *addr,
		     uint32_t priority)
{
	struct ice_gen *g = ice->cur;

	if (g->prflx_count == TT_ICE_MAX_PRFLX) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_TOO_MANY_PRFLX, TT_ADDR("address", addr));
		return -1;
	}
	struct tt_ice_candidate *r = next_remote(ice);
	if (!r) {
		no_memory(ice, now, addr);
		return -1;
	}
	*r = (struct tt_ice_candidate){
		.type = TT_ICE_PRFLX,
		.tcp = tcp,
		.tcptype = tcp ? TT_ICE_ACTIVE : TT_ICE_NO_TCP,
		.component = 1,
		.priority = priority,
		.addr = *addr,
	};
	/* 7.3.1.3: unlike any other; '+' and '/' cannot begin a number the peer would count by. */
	snprintf(r->foundation, sizeof r->foundation, "+/prflx%u", (unsigned)g->remote_count);
	g->prflx_count++;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "peer-reflexive candidate learned",
		TT_ADDR("address", addr), TT_INT("priority", priority));
	return (int)g->remote_count++;
}
