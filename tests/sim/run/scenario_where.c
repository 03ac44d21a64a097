/* scenario_where.c - statements of a scenario that say where its peers are and what lies between them:
 * all that holds before it begins. */
#include <string.h>

#include "run/scenario_text.h"

void scenario_read_profile(struct words *r)
{
	const char *name = words_take(r, "profile");
	int i = profile_by_name(name);

	if (i < 0 || profiles[i].drawn) {
		words_bad(r, "\"%s\" is no profile for a scenario", name);
		return;
	}
	r->sc->plan.profile = &profiles[i];
	r->sc->plan.half[0] = r->sc->plan.half[1] = profile_half(&profiles[i].path);
}

/* "ei/apd": mapping and filtering, RFC 4787. */
static void read_rules(struct words *r, struct world_nat_config *nat)
{
	const char *word = words_take(r, "mapping/filtering"), *slash = strchr(word, '/');
	char first[16] = "";

	if (slash && (size_t)(slash - word) < sizeof first)
		memcpy(first, word, (size_t)(slash - word));
	int mapping = words_find(scenario_rules, first);
	int filtering = slash ? words_find(scenario_rules, slash + 1) : -1;
	if (mapping < 0 || filtering < 0) {
		words_bad(r, "\"%s\" is no mapping/filtering: each is ei, ad or apd", word);
		return;
	}
	nat->mapping = (enum world_nat_rule)mapping;
	nat->filtering = (enum world_nat_rule)filtering;
}

void scenario_read_peer(struct words *r)
{
	unsigned w = words_who(r);
	struct plan_peer p = { .access = (enum access)words_one_of(r, scenario_access, "access") };

	if (p.access == ACCESS_NAT || p.access == ACCESS_DOUBLE)
		read_rules(r, &p.nat);
	p.nat.blocked = p.access == ACCESS_BLOCKED;
	while (r->at < r->count && !r->bad) {
		if (words_accept(r, "hairpin"))
			p.nat.hairpin = true;
		else if (words_accept(r, "timeout"))
			p.nat.timeout = words_duration(r, "timeout");
		else if (p.access == ACCESS_DOUBLE && words_accept(r, "outer"))
			read_rules(r, &p.outer);
		else if (words_accept(r, "ipv6"))
			p.ipv6 = true;
		else if (words_accept(r, "two-interfaces"))
			p.two_interfaces = true;
		else if (words_accept(r, "hidden"))
			p.hides_addresses = true;
		else
			words_bad(r, "\"%s\" says nothing about a peer", words_peek(r));
	}
	for (int i = 0; i < 2; i++)
		if (w & 1u << i)
			r->sc->plan.peers[i] = p;
}

/* The second NAT of both, one box. */
void scenario_read_carrier(struct words *r)
{
	struct plan *p = &r->sc->plan;

	p->carrier = true;
	read_rules(r, &p->carrier_nat);
	while (r->at < r->count && !r->bad) {
		if (words_accept(r, "hairpin"))
			p->carrier_nat.hairpin = true;
		else if (words_accept(r, "timeout"))
			p->carrier_nat.timeout = words_duration(r, "timeout");
		else
			words_bad(r, "\"%s\" says nothing about a carrier", words_peek(r));
	}
}

/* So many are held back, until at most so many others have passed. */
static void read_reorder(struct words *r, struct world_link_config *c)
{
	c->reorder = words_share(r);
	c->reorder_depth = (unsigned)words_number(r, "depth", 1, 1000);
}

/* Gilbert and Elliott: the share of packets with which they begin, with which they end, and what is lost in them. */
static void read_bursts(struct words *r, struct world_link_config *c)
{
	c->to_bad = words_share(r);
	c->to_good = words_share(r);
	c->loss_bad = words_share(r);
}

/* One end's share of the path, in both directions; what is not named is perfect. */
struct world_link_config scenario_read_link(struct words *r)
{
	static const struct words_unit rates[] = { { "kbit", 1e3 }, { "Mbit", 1e6 }, { NULL, 0 } };
	struct world_link_config c = { 0 };

	while (r->at < r->count && !r->bad) {
		if (words_accept(r, "delay"))
			c.delay = words_duration(r, "delay");
		else if (words_accept(r, "jitter"))
			c.jitter = words_duration(r, "jitter");
		else if (words_accept(r, "loss"))
			c.loss = words_share(r);
		else if (words_accept(r, "duplicate"))
			c.duplicate = words_share(r);
		else if (words_accept(r, "corrupt"))
			c.corrupt = words_share(r);
		else if (words_accept(r, "truncate"))
			c.truncate = words_share(r);
		else if (words_accept(r, "reorder"))
			read_reorder(r, &c);
		else if (words_accept(r, "bursts"))
			read_bursts(r, &c);
		else if (words_accept(r, "rate"))
			c.rate = (uint64_t)words_measure(r, rates, "rate");
		else if (words_accept(r, "queue"))
			c.queue = words_duration(r, "queue");
		else if (words_accept(r, "mtu"))
			c.mtu = (uint32_t)words_number(r, "length", 500, 65507);
		else
			words_bad(r, "\"%s\" says nothing about a link", words_peek(r));
	}
	return c;
}

void scenario_read_drop(struct words *r)
{
	struct scenario *sc = r->sc;
	struct scenario_drop d = { .who = words_who(r) };

	d.kind = words_one_of(r, scenario_kinds, "kind of packet");
	do {
		char first[24];
		const char *word = words_take(r, "number"), *dash = strchr(word, '-');
		size_t n = dash ? (size_t)(dash - word) : strlen(word);
		if (r->bad || n >= sizeof first)
			return;
		memcpy(first, word, n);
		first[n] = '\0';
		r->words[--r->at] = first;
		d.from = d.to = (unsigned)words_number(r, "number", 0, 1000000);
		if (dash) {
			r->words[--r->at] = dash + 1;
			d.to = (unsigned)words_number(r, "number", d.from, 1000000);
		}
		if (sc->drop_count == SCENARIO_DROPS)
			words_bad(r, "more than %d drops", SCENARIO_DROPS);
		else
			sc->drops[sc->drop_count++] = d;
	} while (r->at < r->count && !r->bad);
}

void scenario_read_signal(struct words *r)
{
	r->sc->plan.signal_delay = words_duration(r, "delay");
	r->sc->plan.signal_jitter = r->at < r->count ? words_duration(r, "jitter") : 0;
}

void scenario_read_top_link(struct words *r)
{
	unsigned w = words_who(r);
	struct world_link_config c = scenario_read_link(r);

	for (int i = 0; i < 2; i++)
		if (w & 1u << i)
			r->sc->plan.half[i] = c;
}

void scenario_read_same_network(struct words *r)
{
	r->sc->plan.same_net = true;
}

void scenario_read_wraps(struct words *r)
{
	r->sc->plan.near_wrap = true;
}

void scenario_read_heals(struct words *r)
{
	r->sc->plan.heals = true;
}

void scenario_read_stun_silent(struct words *r)
{
	r->sc->plan.stun_silent = true;
}

void scenario_read_dns(struct words *r)
{
	r->sc->plan.dns = true;
	r->sc->plan.dns_fault =
		(enum world_dns_fault)words_one_of(r, scenario_dns, "kind of DNS server");
}
