/* plan.c - see plan.h. */
#include "run/plan.h"

#include <stdio.h>

#include "base/num.h"

enum { MS = 1000, SECOND = 1000 * MS };

/* ---- RFC 4787: who can reach whom ----
 *
 * E, A, P: mapping independent of the endpoint, dependent on its address, on address and port.
 * L, S: filtering that lets in whatever port an address sends from (loose: independent, or
 * address-dependent), and filtering by address and port (strict).
 *
 * A peer knows the other's reflexive address: the mapping towards the STUN server. With E that
 * is also the mapping towards the peer, so strict filters on both sides open. With A or P checks
 * come from a port that was not told: a strict filter refuses it, a loose one lets it pass, and
 * ICE learns the port (peer-reflexive). An answer has to come from the address that was asked
 * (RFC 8445 section 7.2.5.2.1); with P on both sides each new destination means a new port, so no
 * answer ever does. */
enum nat_class { EL, ES, AL, AS, PL, PS, NAT_CLASSES };

static const bool reach[NAT_CLASSES][NAT_CLASSES] = {
	/*          EL ES AL AS PL PS */
	[EL] = { 1, 1, 1, 1, 1, 1 }, [ES] = { 1, 1, 0, 0, 0, 0 }, [AL] = { 1, 0, 1, 0, 1, 0 },
	[AS] = { 1, 0, 0, 0, 0, 0 }, [PL] = { 1, 0, 1, 0, 0, 0 }, [PS] = { 1, 0, 0, 0, 0, 0 },
};

static enum nat_class class_of(const struct world_nat_config *c)
{
	bool strict = c->filtering == WORLD_NAT_ADDRESS_PORT_DEPENDENT;

	switch (c->mapping) {
	case WORLD_NAT_ENDPOINT_INDEPENDENT:
		return strict ? ES : EL;
	case WORLD_NAT_ADDRESS_DEPENDENT:
		return strict ? AS : AL;
	default:
		return strict ? PS : PL;
	}
}

/* One NAT, or two in a row, as they look from outside. */
struct nats {
	enum nat_class class;
	bool deaf; /* what the STUN server saw lets nothing in from elsewhere */
};

static enum world_nat_rule stricter(enum world_nat_rule a, enum world_nat_rule b)
{
	return a > b ? a : b;
}

/* Each of two looks at its own inside (section 5: "the internal endpoint X:x"). The mapping depends on
 * whatever either depends on, and what either refuses is refused. With an inner mapping that depends
 * on the destination the outer NAT's internal endpoint towards the STUN server has sent to nobody
 * else: unless it filters nothing, that port is deaf, and only those towards the peer hear. */
static struct nats in_a_row(const struct world_nat_config *inner, const struct world_nat_config *outer)
{
	const struct world_nat_config both = { .mapping = stricter(inner->mapping, outer->mapping),
					       .filtering = stricter(inner->filtering, outer->filtering) };
	const bool deaf = inner->mapping != WORLD_NAT_ENDPOINT_INDEPENDENT &&
			  outer->filtering != WORLD_NAT_ENDPOINT_INDEPENDENT;

	return (struct nats){ class_of(&both), deaf };
}

static struct nats nats_of(const struct plan *p, const struct plan_peer *a)
{
	if (a->access == ACCESS_OPEN)
		return (struct nats){ EL, false }; /* endpoint-independent in everything */
	if (p->carrier)
		return in_a_row(&a->nat, &p->carrier_nat);
	if (a->access == ACCESS_DOUBLE)
		return in_a_row(&a->nat, &a->outer);
	return (struct nats){ class_of(&a->nat), false };
}

/* Where neither mapping is endpoint-independent, a first check has to come in where its receiver was
 * told to be; from there on each learns the other's port. */
static bool nats_connect(struct nats a, struct nats b)
{
	return reach[a.class][b.class] && !(a.deaf && b.deaf);
}

bool plan_connects(const struct plan *p)
{
	const struct plan_peer *a = &p->peers[0], *b = &p->peers[1];

	if (p->same_net) /* host candidates, or their .local names */
		return true;
	if (a->ipv6 && b->ipv6) /* no translation: both firewalls open for what was sent out */
		return true;
	if (a->access == ACCESS_BLOCKED || b->access == ACCESS_BLOCKED)
		return false;
	bool no_name = p->dns && p->dns_fault != WORLD_DNS_FAIR && p->dns_fault != WORLD_DNS_FORGED;
	if (p->stun_silent || no_name) /* only a public address of one's own can be told */
		return a->access == ACCESS_OPEN || b->access == ACCESS_OPEN;
	/* RFC 4787 section 6: each sends to the carrier's own address, and only a NAT that hairpins
	 * turns that back; it filters it like what comes from outside. Private addresses of two homes
	 * lead nowhere, and nobody is told those that the carrier gives (RFC 6598). */
	if (p->carrier && !p->carrier_nat.hairpin)
		return false;
	return nats_connect(nats_of(p, a), nats_of(p, b));
}

/* ---- drawing ---- */

static struct world_nat_config draw_nat(struct world_random *r)
{
	/* Endpoint-independent mapping is what REQ-1 demands and most have. */
	struct world_nat_config c = { .mapping =
					      world_one_in(r, 2)
						      ? WORLD_NAT_ENDPOINT_INDEPENDENT
						      : (enum world_nat_rule)world_between(r, 0, 2),
				      .filtering = (enum world_nat_rule)world_between(r, 0, 2),
				      .hairpin = world_one_in(r, 2),
				      .preserve_ports = world_one_in(r, 2),
				      .timeout = world_between(r, 30, 300) * SECOND };

	return c;
}

static void draw_peer(struct world_random *r, struct plan_peer *p)
{
	int64_t kind = world_between(r, 0, 99);

	*p = (struct plan_peer){ .nat = draw_nat(r), .outer = draw_nat(r) };
	p->access = kind < 10   ? ACCESS_OPEN
		    : kind < 83 ? ACCESS_NAT
		    : kind < 96 ? ACCESS_DOUBLE
				: ACCESS_BLOCKED;
	/* One of two in a row is as RFC 4787 recommends, so that the other decides alone. */
	struct world_nat_config *friendly = world_one_in(r, 2) ? &p->nat : &p->outer;
	friendly->mapping = friendly->filtering = WORLD_NAT_ENDPOINT_INDEPENDENT;
	if (p->access == ACCESS_NAT || p->access == ACCESS_BLOCKED)
		p->nat = draw_nat(r);
	p->nat.blocked = p->access == ACCESS_BLOCKED;
	p->ipv6 = world_one_in(r, 3);
	p->two_interfaces = world_one_in(r, 5);
	p->hides_addresses = world_one_in(r, 3);
}

/* Of half of those behind two NATs neither need be friendly, ... */
static void draw_rows(uint64_t seed, struct plan *p)
{
	struct world_random r = world_stream(seed, 44);

	for (int i = 0; i < 2; i++) {
		struct plan_peer *a = &p->peers[i];
		if (!world_one_in(&r, 2) || a->access != ACCESS_DOUBLE)
			continue;
		a->nat = draw_nat(&r);
		a->outer = draw_nat(&r);
	}
}

/* ... nor of those that share the second one. */
static void draw_carrier(uint64_t seed, struct plan *p)
{
	/* of a number by which no seed that a test names is one of these */
	struct world_random r = world_stream(seed, 24);

	p->carrier = !p->same_net && world_one_in(&r, 8);
	if (!p->carrier)
		return;
	p->carrier_nat = draw_nat(&r);
	for (int i = 0; i < 2; i++) {
		p->peers[i].access = ACCESS_NAT;
		p->peers[i].nat.blocked = false;
	}
}

static taut_time longest_binding(const struct plan *p)
{
	taut_time longest = p->carrier ? p->carrier_nat.timeout : 0;

	for (int i = 0; i < 2; i++) {
		const struct plan_peer *a = &p->peers[i];
		longest = tt_max64(longest, tt_max64(a->nat.timeout, a->outer.timeout));
	}
	return longest;
}

/* Half of those where one would stall; not where a restart may be under way, which takes 39.5 s to fail. */
static void draw_nap(uint64_t seed, struct plan *p)
{
	struct world_random r = world_stream(seed, 16);

	if (p->fault != FAULT_STALL || p->outage > 0 || p->restarts || !world_one_in(&r, 2))
		return;
	p->fault = FAULT_NAP;
	p->heals = true;
	p->fault_time = longest_binding(p) + world_between(&r, 1, 10) * SECOND;
}

/* Clocks that wrap in the middle of the call: milliseconds in 31 and 32 bits, the 24 bits of 64 ms
 * of transport-wide feedback, the seconds of NTP's first era (RFC 5905 section 6). */
static void draw_clocks(struct world_random *r, struct plan *p)
{
	static const taut_time wraps[] = { INT64_C(0x7fffffff) * MS, INT64_C(0xffffffff) * MS,
					   INT64_C(0x1000000) * 64 * MS };
	const int64_t era_end = 2085978496 * (int64_t)SECOND;
	taut_time before = world_between(r, 2000, 8000) * MS;

	p->start = wraps[world_between(r, 0, 2)] - before;
	p->wall = world_one_in(r, 2) ? era_end - before : 0;
}

/* Not where so much is lost that both tries of a resolver may be: then nobody can say who connects. */
static void draw_dns(uint64_t seed, struct plan *p)
{
	struct world_random r = world_stream(seed, 12);
	int64_t kind = world_between(&r, 0, 99);

	p->dns = !p->profile->drawn && p->half[0].to_bad == 0 && p->half[0].loss <= 10000 &&
		 p->half[0].corrupt == 0 && world_one_in(&r, 4);
	p->dns_delay = world_between(&r, 0, 500) * MS;
	p->dns_fault = kind < 60   ? WORLD_DNS_FAIR
		       : kind < 75 ? WORLD_DNS_FORGED
		       : kind < 85 ? WORLD_DNS_SILENT
		       : kind < 95 ? WORLD_DNS_BROKEN
				   : WORLD_DNS_LIES;
}

void plan_draw(struct plan *p, uint64_t seed, const struct profile *profile)
{
	struct world_random r = world_stream(seed, 7), of_rooms = world_stream(seed, 9);
	struct world_random of_sctp = world_stream(seed, 14), of_holes = world_stream(seed, 17);

	*p = (struct plan){ .seed = seed, .profile = profile, .outage = profile->outage };
	struct world_link_config path = profile->drawn ? profile_draw(&r) : profile->path;
	p->half[0] = p->half[1] = profile_half(&path);
	if (profile->drawn && world_one_in(&r, 4))
		p->outage = world_between(&r, 1, 12) * SECOND;
	for (int i = 0; i < 2; i++)
		draw_peer(&r, &p->peers[i]);
	p->same_net = world_one_in(&r, 8);
	p->offerer = world_one_in(&r, 2);
	p->near_wrap = world_one_in(&r, 4);
	(void)world_one_in(&r, 4); /* nothing any more; what is drawn after it stays what it was */
	p->clock_jumps = world_one_in(&r, 8);
	p->restarts = world_one_in(&r, 8);
	p->stun_silent = world_one_in(&r, 40);
	p->glare = world_one_in(&r, 6);
	p->fault = world_one_in(&r, profile->drawn ? 2 : 5) ? (enum fault)world_between(&r, 1, 4)
							    : FAULT_NONE;
	p->vanishes = world_one_in(&r, 8);
	p->victim = (int)world_between(&r, 0, 1);
	p->fault_time = world_between(&r, 100, 12000) * MS;
	p->heals = world_one_in(&r, 2) || p->fault == FAULT_REBIND || p->fault == FAULT_ROAM;
	p->signal_delay = world_between(&r, 5, 300) * MS;
	p->signal_jitter = world_between(&r, 0, 100) * MS;
	if (p->near_wrap)
		draw_clocks(&r, p);
	p->rooms = world_one_in(&of_rooms, 3);
	p->old_sctp = world_one_in(&of_sctp, 4);
	p->hole_out = world_one_in(&of_holes, 2);
	draw_dns(seed, p);
	draw_rows(seed, p);
	draw_carrier(seed, p);
	draw_nap(seed, p);
	p->connects = plan_connects(p);
}

static const char *const rules[] = { "ei", "ad", "apd" };

const char *plan_access_text(const struct plan_peer *p, char out[PLAN_TEXT])
{
	static const char *const kinds[] = { "open", "nat", "nat+nat", "blocked" };
	char nat[16] = "", outer[16] = "";

	if (p->access == ACCESS_NAT || p->access == ACCESS_DOUBLE)
		snprintf(nat, sizeof nat, " %s/%s", rules[p->nat.mapping], rules[p->nat.filtering]);
	if (p->access == ACCESS_DOUBLE)
		snprintf(outer, sizeof outer, "+%s/%s", rules[p->outer.mapping],
			 rules[p->outer.filtering]);
	snprintf(out, PLAN_TEXT, "%s%s%s%s%s", kinds[p->access], nat, outer, p->ipv6 ? " ipv6" : "",
		 p->hides_addresses ? " .local" : "");
	return out;
}

const char *plan_shared_text(const struct plan *p, char out[PLAN_TEXT])
{
	const struct world_nat_config *n = &p->carrier_nat;

	out[0] = '\0';
	if (p->same_net)
		snprintf(out, PLAN_TEXT, ", in one network");
	else if (p->carrier)
		snprintf(out, PLAN_TEXT, ", behind one carrier's NAT %s/%s %s hairpin",
			 rules[n->mapping], rules[n->filtering], n->hairpin ? "with" : "without");
	return out;
}
