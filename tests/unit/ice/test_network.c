/* What networks are worth: RFC 8445 section 5.1.2.1 for our own candidates, libwebrtc's costs for pairs. */
#include "ice/ice.h"

#include "world.h"

#include "ice/ice_agent.h"

static void put(struct host *h, const char *text, uint32_t index, uint32_t network)
{
	world_iface(h, text);
	h->iface[h->ifaces - 1].index = index;
	h->iface[h->ifaces - 1].network = network;
}

static void assert_order(const struct host *h, const char *const *texts, size_t n)
{
	assert_int_equal(h->candidates, n);
	for (size_t i = 0; i < n; i++) {
		const struct taut_addr want = ip(texts[i], 0);
		assert_true(tt_addr_eq_ip(&h->candidate[i].addr, &want));
		assert_int_equal(h->candidate[i].priority,
				 (126u << 24) + ((65535u - i) << 8) + 255);
	}
}

static void better_networks_come_first_and_families_take_turns_within_each(void **state)
{
	static const char *const order[] = { "2001:db8::1", "10.0.0.1", "2001:db8::11",
					     "10.0.0.2",    "10.0.0.4", "2001:db8::3",
					     "10.0.0.3",    "10.0.0.5" };
	struct world w;
	struct host *h = &w.h[0];

	(void)state;
	world_init(&w, 1, NULL, NULL, 0);
	put(h, "10.0.0.5", 5, TAUT_NETWORK_VPN);
	put(h, "10.0.0.3", 3, TAUT_NETWORK_CELLULAR);
	put(h, "2001:db8::3", 3, TAUT_NETWORK_CELLULAR);
	put(h, "10.0.0.4", 4, TAUT_NETWORK_UNKNOWN);
	put(h, "10.0.0.2", 2, TAUT_NETWORK_WIFI);
	put(h, "2001:db8::1", 1, TAUT_NETWORK_ETHERNET);
	put(h, "10.0.0.1", 1, TAUT_NETWORK_ETHERNET);
	put(h, "2001:db8::11", 1, TAUT_NETWORK_ETHERNET);
	world_gather(&w, 0);
	world_settle(&w);
	assert_order(h, order, TT_COUNT(order));
	world_free(&w);
}

static void each_interface_has_a_number_and_each_network_its_cost(void **state)
{
	static const struct {
		uint32_t network;
		uint16_t cost;
	} rows[] = { { TAUT_NETWORK_UNKNOWN, 50 },      { TAUT_NETWORK_ETHERNET, 0 },
		     { TAUT_NETWORK_WIFI, 10 },         { TAUT_NETWORK_CELLULAR, 900 },
		     { TAUT_NETWORK_VPN, 51 },          { TAUT_NETWORK_CELLULAR_2G, 980 },
		     { TAUT_NETWORK_CELLULAR_3G, 910 }, { TAUT_NETWORK_CELLULAR_4G, 500 },
		     { TAUT_NETWORK_CELLULAR_5G, 250 } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct world w;
		world_init(&w, 1, NULL, NULL, 0);
		put(&w.h[0], "10.0.0.1", 7, rows[i].network);
		put(&w.h[0], "2001:db8::1", 7, rows[i].network);
		put(&w.h[0], "10.0.0.2", 9, rows[i].network);
		world_gather(&w, 0);
		world_settle(&w);
		assert_int_equal(w.h[0].candidates, 3);
		for (size_t k = 0; k < 3; k++) {
			assert_int_equal(w.h[0].candidate[k].network_cost, rows[i].cost);
			/* IPv6 and IPv4 of the first interface, then the second. */
			assert_int_equal(w.h[0].candidate[k].network_id, k < 2 ? 1 : 2);
		}
		world_free(&w);
	}
}

/* What the peer's candidate costs decides, however good its priority is. */
/* Both have gathered, and nothing has been told. */
static void begin_with_two_of_the_peer_s(struct world *w)
{
	world_init(w, 1, NULL, NULL, 0);
	w->trickle = false;
	put(&w->h[0], "10.0.0.1", 1, TAUT_NETWORK_ETHERNET);
	put(&w->h[1], "10.0.0.2", 1, TAUT_NETWORK_ETHERNET);
	put(&w->h[1], "10.0.0.3", 2, TAUT_NETWORK_WIFI);
	world_gather(w, 0);
	world_gather(w, 1);
	world_settle(w);
	world_credentials(w, 0);
}

static void the_peer_s_costs_count_as_ours_do(void **state)
{
	const uint16_t costs[] = { 0, 999,
				   1000 }; /* of the peer's better address; above 999: ignored */
	const bool keeps[] = { true, false, true };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct world w;
		begin_with_two_of_the_peer_s(&w);
		w.h[1].candidate[0].network_cost = costs[i];
		for (size_t k = 0; k < 2; k++)
			tt_ice_add_remote(w.h[0].ice, w.sim.now, &w.h[1].candidate[k]);
		assert_int_equal(w.sim.env[0].drops[TAUT_DROP_ICE_NETWORK_COST], costs[i] > 999);
		const struct tt_ice_candidate *c = tt_ice_remote_at(w.h[0].ice->cur, 0);
		assert_int_equal(c->network_cost, costs[i] > 999 ? 0 : costs[i]);
		struct tt_ice *ice = w.h[0].ice;
		assert_int_equal(ice->cur->pairs, 2);
		const struct ice_pair *a = tt_ice_pair_at(ice->cur, 0),
				      *b = tt_ice_pair_at(ice->cur, 1);
		assert_true(a->priority > b->priority);
		assert_int_equal(tt_ice_better(ice, ice->cur, a, b), keeps[i]);
		assert_int_equal(tt_ice_better(ice, ice->cur, b, a), !keeps[i]);
		world_free(&w);
	}
}

/* A relay is no saving over a tunnel or a network of which nothing is known, but over a cellular one. */
static void a_detour_costs_as_well(void **state)
{
	static const struct {
		uint16_t direct;
		bool relays;
	} rows[] = { { 51, false }, { 199, false }, { 250, true }, { 900, true } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct world w;
		begin_with_two_of_the_peer_s(&w);
		w.h[1].candidate[0].type = TT_ICE_RELAY;
		w.h[1].candidate[1].network_cost = rows[i].direct;
		for (size_t k = 0; k < 2; k++)
			tt_ice_add_remote(w.h[0].ice, w.sim.now, &w.h[1].candidate[k]);
		struct tt_ice *ice = w.h[0].ice;
		assert_int_equal(ice->cur->pairs, 2);
		assert_int_equal(tt_ice_better(ice, ice->cur, tt_ice_pair_at(ice->cur, 0),
					       tt_ice_pair_at(ice->cur, 1)),
				 rows[i].relays);
		world_free(&w);
	}
}

static void a_network_that_changes_changes_what_is_told_of_it(void **state)
{
	struct world w;
	struct host *h = &w.h[0];

	(void)state;
	world_init(&w, 1, NULL, NULL, 0);
	put(h, "10.0.0.1", 1, TAUT_NETWORK_UNKNOWN);
	put(h, "10.0.0.2", 2, TAUT_NETWORK_WIFI);
	world_gather(&w, 0);
	world_settle(&w);
	h->iface[0].network = TAUT_NETWORK_CELLULAR;
	assert_int_equal(tt_ice_set_interfaces(h->ice, w.sim.now, h->iface, h->ifaces), TAUT_OK);
	h->iface[1].index = 1; /* it moves to the other interface, and is of its network */
	h->iface[1].network = TAUT_NETWORK_CELLULAR;
	const struct ice_local *l = h->ice->local; /* Wi-Fi was the better one */
	assert_int_equal(l[0].c.network_cost, 10);
	assert_int_equal(l[1].c.network_cost, 900);
	assert_int_not_equal(l[0].c.network_id, l[1].c.network_id);
	assert_int_equal(tt_ice_set_interfaces(h->ice, w.sim.now, h->iface, h->ifaces), TAUT_OK);
	assert_int_equal(l[0].c.network_cost, 900);
	assert_int_equal(l[0].c.network_id, l[1].c.network_id);
	world_free(&w);
}

/* RFC 8445 section 5.1.1.1 and RFC 6724 section 5 rule 3, in one interface each. */
static void addresses_that_follow_nobody_and_last_are_used(void **state)
{
	static const struct {
		const char *addr[2];
		uint32_t index[2], flags[2];
		bool first_used;
	} rows[] = {
		{ { "2001:db8::1", "2001:db8::2" }, { 1, 1 }, { 0, 0 }, true },
		{ { "2001:db8::1", "2001:db8::2" }, { 1, 1 }, { 0, TAUT_IF_TEMPORARY }, false },
		{ { "2001:db8::1", "2001:db8::2" }, { 1, 2 }, { 0, TAUT_IF_TEMPORARY }, true },
		{ { "2001:db8::1", "2001:db8:0:1::2" }, { 1, 1 }, { 0, TAUT_IF_TEMPORARY }, true },
		{ { "2001:db8::1", "2001:db8::2" },
		  { 1, 1 },
		  { 0, TAUT_IF_TEMPORARY | TAUT_IF_DEPRECATED },
		  true },
		{ { "2001:db8::1", "2001:db8::2" },
		  { 1, 1 },
		  { TAUT_IF_TEMPORARY, TAUT_IF_TEMPORARY },
		  true },
		{ { "2001:db8::1", "2001:db8:0:1::2" },
		  { 1, 1 },
		  { TAUT_IF_DEPRECATED, 0 },
		  false },
		{ { "2001:db8::1", "10.0.0.1" }, { 1, 1 }, { TAUT_IF_DEPRECATED, 0 }, true },
		{ { "2001:db8::1", "2001:db8::2" }, { 1, 2 }, { TAUT_IF_DEPRECATED, 0 }, true },
		{ { "2001:db8::1", "fe80::2" }, { 1, 1 }, { TAUT_IF_DEPRECATED, 0 }, true },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct world w;
		world_init(&w, 1, NULL, NULL, 0);
		for (int k = 0; k < 2; k++) {
			put(&w.h[0], rows[i].addr[k], rows[i].index[k], TAUT_NETWORK_ETHERNET);
			w.h[0].iface[k].flags = rows[i].flags[k];
		}
		assert_int_equal(tt_ice_set_interfaces(w.h[0].ice, w.sim.now, w.h[0].iface, 2), 0);
		if (tt_ice_is_wanted(w.h[0].ice, &w.h[0].iface[0].addr) != rows[i].first_used)
			fail_msg("row %zu", i);
		world_free(&w);
	}
}

/* It is for what is under way: its socket stays, and no other one opens on it. */
static void an_address_in_use_stays_when_it_is_deprecated(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 1, NULL, NULL, 0);
	put(&w.h[0], "2001:db8::1", 1, TAUT_NETWORK_ETHERNET);
	world_gather(&w, 0);
	world_settle(&w);
	put(&w.h[0], "2001:db8::2", 1, TAUT_NETWORK_ETHERNET);
	w.h[0].iface[0].flags = TAUT_IF_DEPRECATED;
	assert_int_equal(tt_ice_set_interfaces(w.h[0].ice, w.sim.now, w.h[0].iface, 2), 0);
	for (int k = 0; k < 2; k++)
		assert_true(tt_ice_is_wanted(w.h[0].ice, &w.h[0].iface[k].addr));
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(better_networks_come_first_and_families_take_turns_within_each),
		cmocka_unit_test(each_interface_has_a_number_and_each_network_its_cost),
		cmocka_unit_test(the_peer_s_costs_count_as_ours_do),
		cmocka_unit_test(a_detour_costs_as_well),
		cmocka_unit_test(a_network_that_changes_changes_what_is_told_of_it),
		cmocka_unit_test(addresses_that_follow_nobody_and_last_are_used),
		cmocka_unit_test(an_address_in_use_stays_when_it_is_deprecated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
