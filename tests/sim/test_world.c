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

static void mappings_depend_on_what_their_rule_says(void **state)
{
	(void)state;
	for (enum world_nat_rule rule = WORLD_NAT_ENDPOINT_INDEPENDENT;
	     rule <= WORLD_NAT_ADDRESS_PORT_DEPENDENT; rule++) {
		struct world_nat n;
		make(&n, rule, WORLD_NAT_ENDPOINT_INDEPENDENT, false);
		uint16_t first = port_to(&n, 0, "192.0.2.1", 1000);
		assert_int_equal(port_to(&n, 0, "192.0.2.1", 1000), first);
		assert_int_equal(port_to(&n, 0, "192.0.2.1", 1001) == first,
				 rule != WORLD_NAT_ADDRESS_PORT_DEPENDENT);
		assert_int_equal(port_to(&n, 0, "192.0.2.2", 1000) == first,
				 rule == WORLD_NAT_ENDPOINT_INDEPENDENT);
	}
}

static void filters_let_in_what_their_rule_says(void **state)
{
	(void)state;
	for (enum world_nat_rule rule = WORLD_NAT_ENDPOINT_INDEPENDENT;
	     rule <= WORLD_NAT_ADDRESS_PORT_DEPENDENT; rule++) {
		struct world_nat n;
		make(&n, WORLD_NAT_ENDPOINT_INDEPENDENT, rule, false);
		uint16_t port = port_to(&n, 0, "192.0.2.1", 1000);
		assert_true(comes_in(&n, 0, "192.0.2.1", 1000, port));
		assert_int_equal(comes_in(&n, 0, "192.0.2.1", 1001, port),
				 rule != WORLD_NAT_ADDRESS_PORT_DEPENDENT);
		assert_int_equal(comes_in(&n, 0, "192.0.2.2", 1000, port),
				 rule == WORLD_NAT_ENDPOINT_INDEPENDENT);
		assert_false(comes_in(&n, 0, "192.0.2.1", 1000, (uint16_t)(port ^ 1)));
	}
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

/* ---- wires ---- */

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

static void shares_are_kept(void **state)
{
	struct world_link l = { .cfg = { .loss = 100000, .duplicate = 200000 } };
	struct world_link burst = {
		.cfg = { .to_bad = 25000, .to_good = 50000, .loss_bad = 240000 }
	};
	struct world_random r = world_stream(1, 1);
	struct world_link_copy out[WORLD_LINK_COPIES];
	unsigned lost = 0, twice = 0, lost_in_bursts = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t n = world_link_offer(&l, &r, 0, 100, true, out);
		lost += n == 0;
		twice += n == 2;
		lost_in_bursts += world_link_offer(&burst, &r, 0, 100, true, out) == 0;
	}
	assert_in_range(lost, 9600, 10400);
	assert_in_range(twice, 17500, 18500);
	assert_in_range(lost_in_bursts, 7000, 9000);
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
		cmocka_unit_test(mappings_depend_on_what_their_rule_says),
		cmocka_unit_test(filters_let_in_what_their_rule_says),
		cmocka_unit_test(a_binding_lives_as_long_as_packets_leave),
		cmocka_unit_test(ports_are_preserved_but_never_shared),
		cmocka_unit_test(exactly_the_listed_packets_are_dropped),
		cmocka_unit_test(a_queue_delays_and_then_drops),
		cmocka_unit_test(shares_are_kept),
		cmocka_unit_test(damage_without_a_tag_is_loss),
		cmocka_unit_test(two_behind_one_nat_meet_by_hairpin_only_if_it_can),
		cmocka_unit_test(a_held_packet_lets_no_more_than_its_depth_pass),
		cmocka_unit_test(the_same_seed_gives_the_same_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
