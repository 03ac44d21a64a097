/* ice_addresses.c - which of this host's addresses are used, and in which order.
 *
 * RFC 8828 section 5.2 (the mode), RFC 8445 section 5.1.2.1 (the better network first), RFC 8421 section 4 (the families
 * take turns). Link-local addresses are not used, loopback ones only when there is nothing else or it was asked for. */
#include <string.h>

#include "base/addr.h"
#include "ice/ice_agent.h"

static bool is_loopback(const struct taut_interface *f)
{
	return tt_addr_is_loopback(&f->addr) || (f->flags & TAUT_IF_LOOPBACK);
}

/* Whether others than this host could be reached from there, whatever the policy says. */
static bool reaches_out(const struct taut_interface *f)
{
	const struct taut_addr *a = &f->addr;

	return (a->family == 4 || a->family == 6) && !tt_addr_is_any(a) &&
	       !tt_addr_is_link_local(a) && !is_loopback(f);
}

/* By an address of the same interface that nobody can be followed by, RFC 8445 section 5.1.1.1, or that will last, RFC 6724
 * section 5 rule 3. One prefix is 64 bits long (RFC 4291 section 2.5.4). What is in use stays. */
static bool is_superseded(const struct tt_ice *ice, const struct taut_interface *all, size_t n,
			  const struct taut_interface *f)
{
	if (f->addr.family != 6 || !reaches_out(f) || tt_ice_base_on(ice, &f->addr) >= 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct taut_interface *g = &all[i];
		const bool lasts = g->index == f->index && g->addr.family == 6 && reaches_out(g) &&
				   !(g->flags & TAUT_IF_DEPRECATED);
		const bool hides = (g->flags & TAUT_IF_TEMPORARY) &&
				   !(f->flags & TAUT_IF_TEMPORARY) &&
				   memcmp(g->addr.ip, f->addr.ip, 8) == 0;
		if (lasts && (hides || (f->flags & TAUT_IF_DEPRECATED)))
			return true;
	}
	return false;
}

/* RFC 8828 section 5.2: all modes but the first follow the routing table. */
static bool usable(const struct tt_ice *ice, const struct taut_interface *f, bool loopback)
{
	if (is_loopback(f))
		return loopback && !tt_addr_is_any(&f->addr) && !tt_addr_is_link_local(&f->addr);
	return reaches_out(f) &&
	       (ice->addresses == TT_ICE_ADDRESS_ALL || (f->flags & TAUT_IF_DEFAULT_ROUTE));
}

struct offer {
	const struct taut_interface *all;
	size_t count;
	bool loopback;
};

static bool is_wanted(const struct ice_wanted *of, size_t count, const struct taut_addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (tt_addr_eq_ip(&of[i].addr, a))
			return true;
	return false;
}

/* Those of one family, on networks of that rank. */
static size_t pick(const struct tt_ice *ice, const struct offer *o, uint8_t family, unsigned rank,
		   struct ice_wanted *out)
{
	size_t count = 0;

	for (size_t i = 0; i < o->count && count < TT_ICE_MAX_BASES; i++) {
		const struct taut_interface *f = &o->all[i];
		if (f->addr.family != family || tt_ice_network_rank(f->network) != rank ||
		    is_wanted(out, count, &f->addr) || !usable(ice, f, o->loopback) ||
		    (ice->addresses == TT_ICE_ADDRESS_ALL &&
		     is_superseded(ice, o->all, o->count, f)))
			continue;
		out[count] = (struct ice_wanted){ .addr = f->addr,
						  .index = f->index,
						  .type = (uint8_t)f->network };
		out[count++].addr.port = 0;
	}
	return count;
}

struct choice {
	struct ice_wanted of[TT_ICE_MAX_BASES];
	size_t count;
};

static void want_one(struct choice *out, const struct ice_wanted *w)
{
	if (out->count < TT_ICE_MAX_BASES && !is_wanted(out->of, out->count, &w->addr))
		out->of[out->count++] = *w;
}

/* RFC 8445 section 5.1.2.1: the better network before the worse one. Within a rank RFC 8421 section 4, simply:
 * the families take turns, IPv6 first, so that a broken one costs every other check and not the
 * whole first half. */
static void want(const struct tt_ice *ice, const struct offer *o, struct choice *out)
{
	struct ice_wanted v4[TT_ICE_MAX_BASES], v6[TT_ICE_MAX_BASES];

	out->count = 0;
	for (unsigned rank = 0; rank < TT_ICE_RANKS; rank++) {
		const size_t n4 = pick(ice, o, 4, rank, v4), n6 = pick(ice, o, 6, rank, v6);
		for (size_t i = 0; i < n4 || i < n6; i++) {
			if (i < n6)
				want_one(out, &v6[i]);
			if (i < n4)
				want_one(out, &v4[i]);
		}
	}
}

/* A host that has nothing but loopback addresses uses those. One that has others, and no default route, has
 * nothing to use where it must follow that. */
static void want_some(const struct tt_ice *ice, taut_time now, const struct taut_interface *all,
		      size_t n, struct choice *out)
{
	struct offer o = { all, n, ice->use_loopback };
	bool outside = false;

	want(ice, &o, out);
	for (size_t i = 0; i < n; i++)
		outside |= reaches_out(&all[i]);
	if (out->count > 0)
		return;
	o.loopback = true;
	if (outside)
		tt_note(ice->env, now, TAUT_LAYER_ICE, "no address of the default route",
			TT_INT("addresses", n));
	else
		want(ice, &o, out);
}

static bool keep_wanted(struct tt_ice *ice, const struct choice *c)
{
	struct ice_wanted *all = c->count ? tt_alloc(ice->env, c->count * sizeof *all) : NULL;

	if (c->count > 0 && !all)
		return false;
	if (all)
		memcpy(all, c->of, c->count * sizeof *all);
	tt_free(ice->env, ice->wanted);
	ice->wanted = all;
	ice->wanted_count = c->count;
	return true;
}

bool tt_ice_choose_addresses(struct tt_ice *ice, taut_time now, const struct taut_interface *all,
			     size_t n)
{
	struct choice wanted;

	want_some(ice, now, all, n, &wanted);
	return keep_wanted(ice, &wanted);
}

bool tt_ice_is_wanted(const struct tt_ice *ice, const struct taut_addr *a)
{
	return is_wanted(ice->wanted, ice->wanted_count, a);
}
