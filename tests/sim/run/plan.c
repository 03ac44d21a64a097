/* plan.c - see plan.h. */
#include "run/plan.h"

#include <stdio.h>

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

bool plan_nats_connect(const struct world_nat_config *a, const struct world_nat_config *b)
{
	return reach[class_of(a)][class_of(b)];
}

static const struct world_nat_config open_nat; /* endpoint-independent in everything */

static const struct world_nat_config *deciding(const struct plan_peer *p)
{
	if (p->access == ACCESS_OPEN)
		return &open_nat;
	return p->access == ACCESS_DOUBLE && p->outer_decides ? &p->outer : &p->nat;
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
	return plan_nats_connect(deciding(a), deciding(b));
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
	p->outer_decides = world_one_in(r, 2);
	/* The other of the two is as RFC 4787 recommends, so that one of them decides alone. */
	struct world_nat_config *friendly = p->outer_decides ? &p->nat : &p->outer;
	friendly->mapping = friendly->filtering = WORLD_NAT_ENDPOINT_INDEPENDENT;
	if (p->access != ACCESS_DOUBLE)
		p->outer_decides = false;
	if (p->access == ACCESS_NAT || p->access == ACCESS_BLOCKED)
		p->nat = draw_nat(r);
	p->nat.blocked = p->access == ACCESS_BLOCKED;
	p->ipv6 = world_one_in(r, 3);
	p->two_interfaces = world_one_in(r, 5);
	p->hides_addresses = world_one_in(r, 3);
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
	struct world_random of_sctp = world_stream(seed, 14);

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
	draw_dns(seed, p);
	p->connects = plan_connects(p);
}

const char *plan_access_text(const struct plan_peer *p, char *out)
{
	static const char *const rules[] = { "ei", "ad", "apd" };
	static const char *const kinds[] = { "open", "nat", "nat+nat", "blocked" };
	const struct world_nat_config *n = deciding(p);

	if (p->access == ACCESS_OPEN || p->access == ACCESS_BLOCKED)
		snprintf(out, 64, "%s%s%s", kinds[p->access], p->ipv6 ? " ipv6" : "",
			 p->hides_addresses ? " .local" : "");
	else
		snprintf(out, 64, "%s %s/%s%s%s", kinds[p->access], rules[n->mapping],
			 rules[n->filtering], p->ipv6 ? " ipv6" : "",
			 p->hides_addresses ? " .local" : "");
	return out;
}
