/* session_net.c - the networks of one session, as its plan says. */
#include <stdarg.h>
#include <stdio.h>

#include "run/session_int.h"

static const char *const stun_name = "stun.example";

__attribute__((format(printf, 1, 2))) static struct taut_addr address(const char *fmt, ...)
{
	char text[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return world_addr(text, 0);
}

static void add_mdns(struct session *s, int net, int peer)
{
	struct world_mdns *m = &s->mdns[peer];
	const struct taut_addr a = address("192.168.0.250");

	world_mdns_add(s->world, m);
	world_add_iface(s->world, m->host, net, &a, NULL, NULL);
}

/* The network that the peer's interfaces are on. */
static int home_of(struct session *s, int i)
{
	const struct plan_peer *p = &s->plan.peers[i];
	struct taut_addr outside = address("198.51.100.%d", 10 + i);
	const struct world_nat_config firewall = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };
	int parent = s->carrier; /* the internet, if there is none */

	if (p->access == ACCESS_OPEN)
		return WORLD_INTERNET;
	if (s->plan.carrier)
		outside = address("100.64.0.%d", 10 + i); /* RFC 6598 */
	if (p->access == ACCESS_DOUBLE) {
		parent = world_add_net(s->world, WORLD_INTERNET);
		world_set_nat(s->world, parent, &p->outer, &outside);
		outside = address("100.64.0.%d", 10 + i); /* RFC 6598 */
	}
	int home = world_add_net(s->world, parent);
	world_set_nat(s->world, home, &p->nat, &outside);
	world_set_firewall(s->world, home, &firewall);
	add_mdns(s, home, i);
	return home;
}

struct world_mdns *session_mdns(struct session *s, int peer)
{
	struct world_mdns *m = &s->mdns[s->plan.same_net ? 0 : peer];

	return m->world ? m : NULL;
}

/* Few private addresses, so that those of different homes are often the same. */
static void add_interfaces(struct session *s, int i, int net)
{
	const struct plan_peer *p = &s->plan.peers[i];
	const struct world_link_config *half = &s->plan.half[i];
	int host = s->sides[i].peer.host, count = p->two_interfaces ? 2 : 1;
	int subnet = s->plan.same_net ? 0 : (int)world_between(&s->random, 0, 1);

	for (int k = 0; k < count; k++) {
		struct taut_addr a = net == WORLD_INTERNET ? address("203.0.113.%d", 10 + i)
							   : address("192.168.%d.%d", subnet, 2);
		a.ip[3] = (uint8_t)(a.ip[3] + 20 * k + (s->plan.same_net ? i : 0));
		world_add_iface(s->world, host, net, &a, half, half);
	}
	if (p->ipv6) {
		struct taut_addr a = address("2001:db8:%d::1%d", s->plan.same_net ? 1 : 1 + i, i);
		world_add_iface(s->world, host, net, &a, half, half);
	}
}

static void add_stun(struct session *s)
{
	static const struct world_link_config wire = { .delay = MS };
	const struct taut_addr both[2] = { world_addr("203.0.113.1", 0),
					   world_addr("2001:db8:ffff::1", 0) };

	world_stun_add(s->world, &s->stun);
	s->stun.silent = s->plan.stun_silent;
	for (int i = 0; i < 2; i++) {
		world_add_iface(s->world, s->stun.host, WORLD_INTERNET, &both[i], &wire, &wire);
		world_peer_knows(&s->sides[i].peer, stun_name, both, 2);
	}
}

struct taut_addr session_dns(const struct session *s)
{
	return s->plan.dns ? address("203.0.113.53") : (struct taut_addr){ 0 };
}

static void add_dns(struct session *s)
{
	static const struct world_link_config wire = { .delay = MS };
	const struct taut_addr at = session_dns(s), v4 = address("203.0.113.1"),
			       v6 = address("2001:db8:ffff::1");

	world_dns_add(s->world, &s->dns);
	world_add_iface(s->world, s->dns.host, WORLD_INTERNET, &at, &wire, &wire);
	s->dns.fault = s->plan.dns_fault;
	s->dns.delay = s->plan.dns_delay;
	s->dns.lie[0] = address("203.0.113.99"); /* where nobody is */
	s->dns.lie[1] = address("2001:db8:ffff::99");
	world_dns_has(&s->dns, stun_name, &v4);
	world_dns_has(&s->dns, stun_name, &v6);
}

/* One network that both homes hang below. */
static void add_carrier(struct session *s)
{
	const struct taut_addr outside = address("198.51.100.9");

	s->carrier = world_add_net(s->world, WORLD_INTERNET);
	world_set_nat(s->world, s->carrier, &s->plan.carrier_nat, &outside);
}

void session_build(struct session *s)
{
	s->carrier = WORLD_INTERNET;
	if (s->plan.carrier)
		add_carrier(s);
	int first = home_of(s, 0);

	add_interfaces(s, 0, first);
	add_interfaces(s, 1, s->plan.same_net ? first : home_of(s, 1));
	add_stun(s);
	if (s->plan.dns)
		add_dns(s);
}
