/* test_world.c - the simulated world itself: NATs, wires, and that a seed is a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/addr.h"
#include "world/world.h"
#include "world/world_servers.h"

enum { SECOND = 1000000 };

/* ---- NATs ---- */

static struct taut_addr at(const char *ip, uint16_t port)
{
	return world_addr(ip, port);
}

static void make(struct world_nat *n, enum world_nat_rule mapping, enum world_nat_rule filtering,
		 bool preserve)
{
	const struct world_nat_config cfg = { .mapping = mapping,
					      .filtering = filtering,
					      .preserve_ports = preserve,
					      .timeout = 30 * SECOND };
	const struct taut_addr outside = at("198.51.100.1", 0);

	world_nat_init(n, &cfg, &outside, world_stream(1, 1));
}

/* The port that a packet from 10.0.0.1:5000 to there leaves with. */
static uint16_t port_to(struct world_nat *n, taut_time now, const char *ip, uint16_t port)
{
	struct taut_addr from = at("10.0.0.1", 5000), to = at(ip, port);

	assert_true(world_nat_outbound(n, now, &from, &to));
	assert_int_equal(from.ip[3], 1);
	return from.port;
}

static bool comes_in(struct world_nat *n, taut_time now, const char *ip, uint16_t port,
		     uint16_t to_port)
{
	struct taut_addr from = at(ip, port), to = at("198.51.100.1", to_port);
	const struct taut_addr inside = at("10.0.0.1", 5000);

	return world_nat_inbound(n, now, &from, &to) && tt_addr_eq(&to, &inside);
}

/* Of packets to one endpoint, another port of it, another address: which leave from one port? */
static void check_mapping(enum world_nat_rule rule, bool port_same, bool address_same)
{
	struct world_nat n;

	make(&n, rule, WORLD_NAT_ENDPOINT_INDEPENDENT, false);
	uint16_t first = port_to(&n, 0, "192.0.2.1", 1000);
	assert_int_equal(port_to(&n, 0, "192.0.2.1", 1000), first);
	assert_int_equal(port_to(&n, 0, "192.0.2.1", 1001) == first, port_same);
	assert_int_equal(port_to(&n, 0, "192.0.2.2", 1000) == first, address_same);
}

static void an_endpoint_independent_mapping_is_one_for_all_destinations(void **state)
{
	(void)state;
	check_mapping(WORLD_NAT_ENDPOINT_INDEPENDENT, true, true);
}

static void an_address_dependent_mapping_is_one_for_each_address(void **state)
{
	(void)state;
	check_mapping(WORLD_NAT_ADDRESS_DEPENDENT, true, false);
}

static void an_address_and_port_dependent_mapping_is_one_for_each_endpoint(void **state)
{
	(void)state;
	check_mapping(WORLD_NAT_ADDRESS_PORT_DEPENDENT, false, false);
}

/* After a packet to an endpoint: who is let in, its other port, another address? */
static void check_filter(enum world_nat_rule rule, bool port_in, bool address_in)
{
	struct world_nat n;

	make(&n, WORLD_NAT_ENDPOINT_INDEPENDENT, rule, false);
	uint16_t port = port_to(&n, 0, "192.0.2.1", 1000);
	assert_true(comes_in(&n, 0, "192.0.2.1", 1000, port));
	assert_int_equal(comes_in(&n, 0, "192.0.2.1", 1001, port), port_in);
	assert_int_equal(comes_in(&n, 0, "192.0.2.2", 1000, port), address_in);
	assert_false(comes_in(&n, 0, "192.0.2.1", 1000, (uint16_t)(port ^ 1)));
}

static void an_endpoint_independent_filter_lets_everybody_in(void **state)
{
	(void)state;
	check_filter(WORLD_NAT_ENDPOINT_INDEPENDENT, true, true);
}

static void an_address_dependent_filter_lets_in_the_addresses_that_were_sent_to(void **state)
{
	(void)state;
	check_filter(WORLD_NAT_ADDRESS_DEPENDENT, true, false);
}

static void
an_address_and_port_dependent_filter_lets_in_the_endpoints_that_were_sent_to(void **state)
{
	(void)state;
	check_filter(WORLD_NAT_ADDRESS_PORT_DEPENDENT, false, false);
}

static void a_binding_lives_as_long_as_packets_leave(void **state)
{
	struct world_nat n;

	(void)state;
	make(&n, WORLD_NAT_ENDPOINT_INDEPENDENT, WORLD_NAT_ENDPOINT_INDEPENDENT, false);
	uint16_t port = port_to(&n, 0, "192.0.2.1", 1000);
	assert_int_equal(port_to(&n, 29 * SECOND, "192.0.2.1", 1000), port);
	assert_true(comes_in(&n, 58 * SECOND, "192.0.2.9", 9, port));
	assert_false(comes_in(&n, 59 * SECOND, "192.0.2.9", 9, port));
	world_nat_rebind(&n);
	assert_int_not_equal(port_to(&n, 59 * SECOND, "192.0.2.1", 1000), port);
}

static void ports_are_preserved_but_never_shared(void **state)
{
	struct world_nat n;
	struct taut_addr from = at("10.0.0.2", 5000), to = at("192.0.2.1", 1000);

	(void)state;
	make(&n, WORLD_NAT_ENDPOINT_INDEPENDENT, WORLD_NAT_ENDPOINT_INDEPENDENT, true);
	assert_int_equal(port_to(&n, 0, "192.0.2.1", 1000), 5000);
	assert_true(world_nat_outbound(&n, 0, &from, &to));
	assert_int_not_equal(from.port, 5000);
}

static void bindings_that_were_forgotten_let_nothing_in(void **state)
{
	struct world_nat n;

	(void)state;
	make(&n, WORLD_NAT_ENDPOINT_INDEPENDENT, WORLD_NAT_ENDPOINT_INDEPENDENT, true);
	uint16_t port = port_to(&n, 0, "192.0.2.1", 1000);
	assert_true(comes_in(&n, 0, "192.0.2.1", 1000, port));
	world_nat_rebind(&n);
	assert_false(comes_in(&n, 0, "192.0.2.1", 1000, port));
	assert_int_not_equal(port_to(&n, 0, "192.0.2.1", 1000), port);
}

static void a_nat_that_blocks_udp_lets_nothing_out_or_in(void **state)
{
	const struct world_nat_config cfg = { .blocked = true };
	struct taut_addr outside = at("198.51.100.1", 0), from = at("10.0.0.1", 5000);
	struct taut_addr to = at("192.0.2.1", 1000);
	struct world_nat n;

	(void)state;
	world_nat_init(&n, &cfg, &outside, world_stream(1, 1));
	assert_false(world_nat_outbound(&n, 0, &from, &to));
	assert_false(comes_in(&n, 0, "192.0.2.1", 1000, 5000));
	assert_int_equal(n.blocked, 1);
}

static void what_comes_in_does_not_keep_a_binding(void **state)
{
	struct world_nat n;

	(void)state; /* REQ-6: outbound refresh is what everybody has */
	make(&n, WORLD_NAT_ENDPOINT_INDEPENDENT, WORLD_NAT_ENDPOINT_INDEPENDENT, false);
	uint16_t port = port_to(&n, 0, "192.0.2.1", 1000);
	for (int s = 0; s < 30; s++)
		assert_true(comes_in(&n, s * SECOND, "192.0.2.1", 1000, port));
	assert_false(comes_in(&n, 30 * SECOND, "192.0.2.1", 1000, port));
}

static void a_firewall_lets_in_what_was_sent_out_and_changes_no_address(void **state)
{
	const struct world_nat_config cfg = { .firewall = true,
					      .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };
	struct taut_addr from = at("2001:db8::1", 5000), to = at("2001:db8:1::1", 1000);
	const struct taut_addr same = from;
	struct world_nat n;

	(void)state;
	world_nat_init(&n, &cfg, NULL, world_stream(1, 1));
	struct taut_addr back = from;
	assert_false(world_nat_inbound(&n, 0, &to, &back));
	assert_true(world_nat_outbound(&n, 0, &from, &to));
	assert_true(tt_addr_eq(&from, &same));
	assert_true(world_nat_inbound(&n, 0, &to, &back));
	assert_true(tt_addr_eq(&back, &same));
}

/* ---- wires ---- */

static size_t offer(struct world_link *l, taut_time now, size_t len, struct world_link_copy *out)
{
	static struct world_random r = { 1 };
	struct world_link_copy copies[WORLD_LINK_COPIES];
	size_t n = world_link_offer(l, &r, now, len, true, copies);

	if (n > 0)
		*out = copies[0];
	return n;
}

static void a_packet_longer_than_the_mtu_vanishes(void **state)
{
	struct world_link l = { .cfg = { .mtu = 1200 } };
	struct world_link_copy k;

	(void)state;
	assert_int_equal(offer(&l, 0, 1200, &k), 1);
	assert_int_equal(offer(&l, 0, 1201, &k), 0);
}

static void jitter_delays_and_keeps_order(void **state)
{
	struct world_link l = { .cfg = { .delay = 10000, .jitter = 5000 } };
	struct world_link_copy k;
	taut_time last = 0, most = 0;

	(void)state;
	for (taut_time now = 0; now < 100000; now += 100) {
		assert_int_equal(offer(&l, now, 100, &k), 1);
		assert_true(k.at >= last);
		assert_in_range(k.at - now, 10000, 15000);
		most = k.at - now > most ? k.at - now : most;
		last = k.at;
	}
	assert_true(most > 14000);
}

/* Two states: with 2.5 % into the bad one and 5 % out of it a stay has 20 packets on average. */
static void gilbert_elliott_loses_in_bursts(void **state)
{
	struct world_link l = { .cfg = { .to_bad = 25000, .to_good = 50000, .loss_bad = 1000000 } };
	struct world_link_copy k;
	unsigned lost = 0, bursts = 0;
	bool before = false;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		bool gone = offer(&l, 0, 100, &k) == 0;
		lost += gone;
		bursts += gone && !before;
		before = gone;
	}
	assert_in_range(lost, 31000, 36000); /* a third of the time */
	assert_in_range(lost / bursts, 17, 23);
}

static void a_rate_is_that_of_packets_with_their_headers(void **state)
{
	struct world_link l = { .cfg = { .rate = 8000000, .delay = 1000 } };
	struct world_link_copy k;

	(void)state; /* a byte in a microsecond, and 28 of IP and UDP */
	assert_int_equal(offer(&l, 0, 972, &k), 1);
	assert_int_equal(k.at, 1000 + 1000);
	assert_int_equal(offer(&l, 0, 72, &k), 1);
	assert_int_equal(k.at, 1100 + 1000);
}

static void exactly_the_listed_packets_are_dropped(void **state)
{
	const unsigned drop[] = { 0, 3 };
	struct world_link l = { .cfg = { .delay = 5000, .drop = drop, .drop_count = 2 } };
	struct world_random r = world_stream(1, 1);
	struct world_link_copy out[WORLD_LINK_COPIES];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		size_t n = world_link_offer(&l, &r, 1000, 100, true, out);
		assert_int_equal(n, i == 0 || i == 3 ? 0 : 1);
		if (n)
			assert_int_equal(out[0].at, 6000);
	}
}

static void a_queue_delays_and_then_drops(void **state)
{
	/* 1,000 bytes with their headers at 1 Mbit/s: 8 ms each */
	struct world_link l = { .cfg = { .rate = 1000000, .queue = 80000 } };
	struct world_random r = world_stream(1, 1);
	struct world_link_copy out[WORLD_LINK_COPIES];
	unsigned passed = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		if (world_link_offer(&l, &r, 0, 972, true, out) == 1)
			assert_int_equal(out[0].at, ++passed * 8000);
	assert_int_equal(passed, 11);
	assert_int_equal(world_link_offer(&l, &r, SECOND, 972, true, out), 1);
}

/* How many of 100,000 packets come never, and how many twice. */
static void count(const struct world_link_config *cfg, unsigned *never, unsigned *twice)
{
	struct world_link l = { .cfg = *cfg };
	struct world_random r = world_stream(1, 1);
	struct world_link_copy out[WORLD_LINK_COPIES];

	*never = *twice = 0;
	for (int i = 0; i < 100000; i++) {
		size_t n = world_link_offer(&l, &r, 0, 100, true, out);
		*never += n == 0;
		*twice += n == 2;
	}
}

static void independent_loss_has_its_share(void **state)
{
	unsigned never, twice;

	(void)state;
	count(&(struct world_link_config){ .loss = 100000 }, &never, &twice);
	assert_in_range(never, 9600, 10400);
	assert_int_equal(twice, 0);
}

static void duplication_has_its_share(void **state)
{
	unsigned never, twice;

	(void)state;
	count(&(struct world_link_config){ .duplicate = 200000 }, &never, &twice);
	assert_int_equal(never, 0);
	assert_in_range(twice, 19500, 20500);
}

static void corrupted_packets_keep_their_length_and_truncated_ones_their_bits(void **state)
{
	struct world_link flips = { .cfg = { .corrupt = 500000 } };
	struct world_link cuts = { .cfg = { .truncate = 500000 } };
	struct world_random r = world_stream(1, 1);
	struct world_link_copy out[WORLD_LINK_COPIES];
	unsigned flipped = 0, cut = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(world_link_offer(&flips, &r, 0, 100, true, out), 1);
		assert_int_equal(out[0].len, 100);
		flipped += out[0].flip;
		assert_int_equal(world_link_offer(&cuts, &r, 0, 100, true, out), 1);
		assert_false(out[0].flip);
		assert_in_range(out[0].len, 1, 100);
		cut += out[0].len < 100;
	}
	assert_in_range(flipped, 4800, 5200);
	assert_in_range(cut, 4800, 5200);
}

static void damage_without_a_tag_is_loss(void **state)
{
	struct world_link l = { .cfg = { .corrupt = 500000, .truncate = 500000 } };
	struct world_random r = world_stream(1, 1);
	struct world_link_copy out[WORLD_LINK_COPIES];
	unsigned whole = 0, damaged = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		size_t n = world_link_offer(&l, &r, 0, 100, i % 2 == 0, out);
		if (n && (out[0].flip || out[0].len < 100)) {
			assert_true(i % 2 == 0);
			damaged++;
		} else {
			whole += n == 1;
		}
	}
	assert_in_range(damaged, 300, 450);
	assert_in_range(whole, 150, 350);
}

/* ---- a small world ---- */

struct listener {
	unsigned count;
	struct taut_addr remote;
	unsigned order[64];
};

static void hears(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		  uint8_t *data, size_t len)
{
	struct listener *l = user;

	(void)local;
	assert_true(len > 0);
	l->remote = *remote;
	if (l->count < 64)
		l->order[l->count] = data[0];
	l->count++;
}

static const struct world_host_ops ops = { .recv = hears };

static void two_behind_one_nat_meet_by_hairpin_only_if_it_can(void **state)
{
	(void)state;
	for (int can = 0; can < 2; can++) {
		struct world *w = world_new(1);
		struct listener a = { 0 }, b = { 0 };
		const struct world_nat_config cfg = { .hairpin = can, .preserve_ports = true };
		const struct taut_addr out = at("198.51.100.1", 0), ia = at("10.0.0.1", 0),
				       ib = at("10.0.0.2", 0);
		int home = world_add_net(w, WORLD_INTERNET);
		world_set_nat(w, home, &cfg, &out);
		int ha = world_add_host(w, "a", &ops, &a), hb = world_add_host(w, "b", &ops, &b);
		world_add_iface(w, ha, home, &ia, NULL, NULL);
		world_add_iface(w, hb, home, &ib, NULL, NULL);
		/* b opens 6000 */
		const struct taut_addr fb = at("10.0.0.2", 6000), far = at("192.0.2.1", 1);
		world_send(w, hb, &fb, &far, "x", 1);
		world_run(w, SECOND, NULL, NULL);
		const struct taut_addr fa = at("10.0.0.1", 5000), tb = at("198.51.100.1", 6000);
		world_send(w, ha, &fa, &tb, "y", 1);
		world_run(w, 2 * SECOND, NULL, NULL);
		assert_int_equal(b.count, can);
		if (can) { /* REQ-9: from the external address */
			const struct taut_addr seen = at("198.51.100.1", 5000);
			assert_true(tt_addr_eq(&b.remote, &seen));
		}
		world_free(w);
	}
}

static void listen_at(struct world *w, struct listener *l, int net, const char *ip, int *host,
		      int *iface)
{
	const struct taut_addr a = at(ip, 0);

	*host = world_add_host(w, ip, &ops, l);
	*iface = world_add_iface(w, *host, net, &a, NULL, NULL);
}

static void say(struct world *w, int host, const char *from, const char *to)
{
	const struct taut_addr f = at(from, 7), t = at(to, 7);

	world_send(w, host, &f, &t, "x", 1);
	world_run(w, w->now + SECOND / 10, NULL, NULL);
}

static void a_hole_swallows_one_direction_only(void **state)
{
	struct world *w = world_new(1);
	struct listener a = { 0 }, b = { 0 };
	int ha, hb, ia, ib;

	(void)state;
	listen_at(w, &a, WORLD_INTERNET, "192.0.2.1", &ha, &ia);
	listen_at(w, &b, WORLD_INTERNET, "192.0.2.2", &hb, &ib);
	w->ifaces[ia].out.hole = true;
	say(w, ha, "192.0.2.1", "192.0.2.2");
	say(w, hb, "192.0.2.2", "192.0.2.1");
	assert_int_equal(b.count, 0);
	assert_int_equal(a.count, 1);
	world_free(w);
}

static void an_outage_begins_and_ends_when_it_was_told(void **state)
{
	struct world *w = world_new(1);
	struct listener a = { 0 }, b = { 0 };
	int ha, hb, ia, ib;

	(void)state;
	listen_at(w, &a, WORLD_INTERNET, "192.0.2.1", &ha, &ia);
	listen_at(w, &b, WORLD_INTERNET, "192.0.2.2", &hb, &ib);
	world_outage(w, ib, WORLD_IN | WORLD_OUT, w->now + SECOND, 2 * SECOND);
	world_outage(w, ia, WORLD_IN, w->now + 5 * SECOND, SECOND);
	taut_time start = w->now;
	for (int i = 0; i < 70; i++) { /* a packet each way in a tenth of a second */
		const struct taut_addr fa = at("192.0.2.1", 7), fb = at("192.0.2.2", 7);
		world_send(w, ha, &fa, &fb, "x", 1);
		world_send(w, hb, &fb, &fa, "x", 1);
		world_run(w, w->now + SECOND / 10, NULL, NULL);
	}
	assert_true(w->now - start == 7 * SECOND);
	assert_int_equal(b.count, 50); /* of 70 tenths, 20 were dead */
	assert_int_equal(a.count, 40); /* and 10 more towards a */
	world_free(w);
}

static void a_vanished_interface_neither_sends_nor_hears(void **state)
{
	struct world *w = world_new(1);
	struct listener a = { 0 }, b = { 0 };
	const struct taut_addr two = at("198.51.100.2", 0);
	int ha, hb, ia, ib;

	(void)state;
	listen_at(w, &a, WORLD_INTERNET, "192.0.2.1", &ha, &ia);
	listen_at(w, &b, WORLD_INTERNET, "192.0.2.2", &hb, &ib);
	int second = world_add_iface(w, hb, WORLD_INTERNET, &two, NULL, NULL);
	world_iface_up(w, ib, false);
	say(w, ha, "192.0.2.1", "192.0.2.2");
	say(w, hb, "192.0.2.2", "192.0.2.1");
	assert_int_equal(a.count + b.count, 0);
	say(w, ha, "192.0.2.1", "198.51.100.2"); /* its other one does */
	assert_int_equal(b.count, 1);
	world_iface_up(w, second, false);
	world_iface_up(w, ib, true);
	say(w, hb, "192.0.2.2", "192.0.2.1");
	assert_int_equal(a.count, 1);
	world_free(w);
}

static void counts_changes(void *user)
{
	((struct listener *)user)->count++;
}

static void a_host_is_told_when_its_interfaces_come_and_go(void **state)
{
	static const struct world_host_ops told = { .ifaces_changed = counts_changes };
	struct world *w = world_new(1);
	struct listener a = { 0 };
	const struct taut_addr ip = at("192.0.2.1", 0);
	int host = world_add_host(w, "a", &told, &a);
	int iface = world_add_iface(w, host, WORLD_INTERNET, &ip, NULL, NULL);

	(void)state;
	assert_int_equal(a.count, 1); /* it appeared */
	world_iface_up(w, iface, false);
	world_iface_up(w, iface, false);
	world_iface_up(w, iface, true);
	assert_int_equal(a.count, 3);
	world_free(w);
}

static void ipv6_is_routed_as_it_stands_beside_a_nat_for_ipv4(void **state)
{
	const struct world_nat_config cfg = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };
	const struct taut_addr out = at("198.51.100.1", 0), six = at("2001:db8::1", 0);
	const struct taut_addr far6 = at("2001:db8:1::1", 0), inner6 = at("2001:db8::1", 7);
	struct world *w = world_new(1);
	struct listener a = { 0 }, b = { 0 };
	int home = world_add_net(w, WORLD_INTERNET), ha, hb, i;

	(void)state;
	world_set_nat(w, home, &cfg, &out);
	world_set_firewall(w, home, &cfg);
	listen_at(w, &a, home, "10.0.0.1", &ha, &i);
	world_add_iface(w, ha, home, &six, NULL, NULL);
	listen_at(w, &b, WORLD_INTERNET, "192.0.2.2", &hb, &i);
	world_add_iface(w, hb, WORLD_INTERNET, &far6, NULL, NULL);
	say(w, hb, "2001:db8:1::1", "2001:db8::1"); /* the firewall knows nothing of it */
	assert_int_equal(a.count, 0);
	say(w, ha, "2001:db8::1", "2001:db8:1::1");
	assert_true(tt_addr_eq(&b.remote, &inner6));
	say(w, hb, "2001:db8:1::1", "2001:db8::1");
	assert_int_equal(a.count, 1);
	say(w, ha, "10.0.0.1", "192.0.2.2");
	assert_true(tt_addr_eq_ip(&b.remote, &out));
	world_free(w);
}

static void behind_two_nats_a_packet_is_translated_twice_and_finds_its_way_back(void **state)
{
	const struct world_nat_config cfg = { .preserve_ports = true };
	const struct taut_addr middle = at("100.64.0.1", 0), out = at("198.51.100.1", 0);
	const struct taut_addr seen = at("198.51.100.1", 7);
	struct world *w = world_new(1);
	struct listener a = { 0 }, b = { 0 };
	int provider = world_add_net(w, WORLD_INTERNET), home = world_add_net(w, provider), ha, hb,
	    i;

	(void)state;
	world_set_nat(w, provider, &cfg, &out);
	world_set_nat(w, home, &cfg, &middle);
	listen_at(w, &a, home, "10.0.0.1", &ha, &i);
	listen_at(w, &b, WORLD_INTERNET, "192.0.2.2", &hb, &i);
	say(w, ha, "10.0.0.1", "192.0.2.2");
	assert_int_equal(b.count, 1);
	assert_true(tt_addr_eq(&b.remote, &seen));
	say(w, hb, "192.0.2.2", "198.51.100.1");
	assert_int_equal(a.count, 1);
	world_rebind(w, provider); /* one of the two forgets */
	say(w, hb, "192.0.2.2", "198.51.100.1");
	assert_int_equal(a.count, 1);
	world_free(w);
}

static void damaged_dns_is_lost_because_nothing_else_would_tell(void **state)
{
	const struct world_link_config wire = { .corrupt = 1000000 };
	struct world *w = world_new(1);
	struct listener a = { 0 }, b = { 0 };
	const struct taut_addr from = at("192.0.2.1", 9), to = at("192.0.2.2", 53);
	const struct taut_addr other = at("192.0.2.2", 54);
	int ha, hb, ia, ib;

	(void)state;
	listen_at(w, &a, WORLD_INTERNET, "192.0.2.1", &ha, &ia);
	listen_at(w, &b, WORLD_INTERNET, "192.0.2.2", &hb, &ib);
	w->ifaces[ia].out.cfg = wire;
	world_send(w, ha, &from, &to, "x", 1);
	world_run(w, w->now + SECOND, NULL, NULL);
	assert_int_equal(b.count, 0);
	world_send(w, ha, &from, &other, "x", 1);
	world_run(w, w->now + SECOND, NULL, NULL);
	assert_int_equal(b.count, 1);
	world_free(w);
}

static uint64_t scatter(uint64_t seed, struct listener *b)
{
	const struct world_link_config wire = {
		.delay = 10000, .jitter = 5000, .loss = 50000, .reorder = 300000, .reorder_depth = 8
	};
	struct world *w = world_new(seed);
	struct listener a = { 0 };
	const struct taut_addr ia = at("192.0.2.1", 7), ib = at("192.0.2.2", 7);
	int ha = world_add_host(w, "a", &ops, &a), hb = world_add_host(w, "b", &ops, b);

	*b = (struct listener){ 0 };
	world_add_iface(w, ha, WORLD_INTERNET, &ia, &wire, NULL);
	world_add_iface(w, hb, WORLD_INTERNET, &ib, NULL, NULL);
	for (uint8_t i = 1; i <= 40; i++) {
		world_send(w, ha, &ia, &ib, &i, 1);
		world_run(w, w->now + 1000, NULL, NULL);
	}
	world_run(w, w->now + SECOND, NULL, NULL);
	uint64_t hash = w->hash;
	world_free(w);
	return hash;
}

static void a_held_packet_lets_no_more_than_its_depth_pass(void **state)
{
	struct listener b;
	unsigned late = 0;

	(void)state;
	scatter(5, &b);
	assert_in_range(b.count, 30, 40);
	for (unsigned i = 0; i < b.count; i++) {
		unsigned passed = 0;
		for (unsigned k = 0; k < i; k++)
			passed += b.order[k] > b.order[i];
		/* depth 8, and what jitter holds back with it */
		assert_true(passed <= 8 + 6);
		late += passed > 0;
	}
	assert_in_range(late, 4, 30);
}

static void the_same_seed_gives_the_same_world(void **state)
{
	struct listener b;

	(void)state;
	assert_true(scatter(1, &b) == scatter(1, &b));
	assert_true(scatter(1, &b) != scatter(2, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_independent_mapping_is_one_for_all_destinations),
		cmocka_unit_test(an_address_dependent_mapping_is_one_for_each_address),
		cmocka_unit_test(an_address_and_port_dependent_mapping_is_one_for_each_endpoint),
		cmocka_unit_test(an_endpoint_independent_filter_lets_everybody_in),
		cmocka_unit_test(
			an_address_dependent_filter_lets_in_the_addresses_that_were_sent_to),
		cmocka_unit_test(
			an_address_and_port_dependent_filter_lets_in_the_endpoints_that_were_sent_to),
		cmocka_unit_test(a_binding_lives_as_long_as_packets_leave),
		cmocka_unit_test(ports_are_preserved_but_never_shared),
		cmocka_unit_test(a_firewall_lets_in_what_was_sent_out_and_changes_no_address),
		cmocka_unit_test(what_comes_in_does_not_keep_a_binding),
		cmocka_unit_test(a_nat_that_blocks_udp_lets_nothing_out_or_in),
		cmocka_unit_test(bindings_that_were_forgotten_let_nothing_in),
		cmocka_unit_test(exactly_the_listed_packets_are_dropped),
		cmocka_unit_test(a_queue_delays_and_then_drops),
		cmocka_unit_test(independent_loss_has_its_share),
		cmocka_unit_test(duplication_has_its_share),
		cmocka_unit_test(corrupted_packets_keep_their_length_and_truncated_ones_their_bits),
		cmocka_unit_test(a_rate_is_that_of_packets_with_their_headers),
		cmocka_unit_test(gilbert_elliott_loses_in_bursts),
		cmocka_unit_test(jitter_delays_and_keeps_order),
		cmocka_unit_test(a_packet_longer_than_the_mtu_vanishes),
		cmocka_unit_test(damage_without_a_tag_is_loss),
		cmocka_unit_test(two_behind_one_nat_meet_by_hairpin_only_if_it_can),
		cmocka_unit_test(
			behind_two_nats_a_packet_is_translated_twice_and_finds_its_way_back),
		cmocka_unit_test(ipv6_is_routed_as_it_stands_beside_a_nat_for_ipv4),
		cmocka_unit_test(a_host_is_told_when_its_interfaces_come_and_go),
		cmocka_unit_test(a_vanished_interface_neither_sends_nor_hears),
		cmocka_unit_test(an_outage_begins_and_ends_when_it_was_told),
		cmocka_unit_test(damaged_dns_is_lost_because_nothing_else_would_tell),
		cmocka_unit_test(a_hole_swallows_one_direction_only),
		cmocka_unit_test(a_held_packet_lets_no_more_than_its_depth_pass),
		cmocka_unit_test(the_same_seed_gives_the_same_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
