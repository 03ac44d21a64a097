/* test_networks.c - a host has several networks: data takes the one that costs least (docs/ICE.md, Networks).
 *
 * One of the peers has two interfaces, of which the first is the faster one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim_duo.h"
#include "stun/stun.h"

#define SECOND      INT64_C(1000000)
#define FIRST(side) ((side) ? "192.0.2.2" : "192.0.2.1")

static const struct world_link_config slow = { .delay = 300000 };

static void begin(struct duo *d, int mover, uint32_t first, uint32_t second,
		  const struct world_link_config *wire)
{
	struct duo_config cfg = { .seed = 11 };

	cfg.side[mover].second = true;
	cfg.side[mover].network = first;
	cfg.side[mover].second_network = second;
	cfg.side[mover].second_wire = wire;
	duo_begin(d, &cfg);
}

static void wifi_carries_data_though_cellular_was_there_first(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, &slow);
		assert_true(duo_meet(&d, 20));
		assert_true(duo_goes_by(&d, mover, FIRST(mover)));
		duo_wait(&d, 3 * SECOND);
		assert_true(duo_goes_by(&d, mover, DUO_SECOND));
		duo_talk(&d, 2 * SECOND);
		duo_end(&d);
	}
}

/* By local preference the tunnel comes last. */
static void a_tunnel_is_taken_before_a_cellular_network(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_VPN, NULL);
		assert_true(duo_meet_for_good(&d));
		assert_true(duo_goes_by(&d, mover, DUO_SECOND));
		duo_end(&d);
	}
}

/* Of networks that cost nearly the same the one that was there in time is taken for good. */
static void wifi_does_not_wait_for_a_slow_ethernet(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, TAUT_NETWORK_WIFI, TAUT_NETWORK_ETHERNET, &slow);
	assert_true(duo_meet(&d, 20));
	assert_in_range(d.side[0].nominated_at - d.world->start, 1, 300000);
	assert_non_null(strstr(d.side[0].path, FIRST(0)));
	duo_end(&d);
}

static void a_wifi_that_leads_nowhere_costs_two_seconds(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, TAUT_NETWORK_CELLULAR_5G, TAUT_NETWORK_WIFI, NULL);
	world_outage(d.world, d.side[0].second, WORLD_OUT | WORLD_IN, d.world->now, 600 * SECOND);
	assert_true(duo_meet(&d, 1));
	duo_wait(&d, 3 * SECOND);
	assert_in_range(d.side[0].nominated_at - d.world->start, 2000000, 2300000);
	assert_true(duo_goes_by(&d, 0, FIRST(0)));
	duo_talk(&d, SECOND);
	duo_end(&d);
}

static void candidates_say_which_network_they_are_of(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 0, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, NULL);
	assert_true(duo_meet_for_good(&d));
	/* Wi-Fi is first by its local preference, RFC 8445 section 5.1.2.1; numbers are given in that order. */
	assert_non_null(strstr(d.side[0].said, " 2130706431 " DUO_SECOND " "));
	assert_non_null(strstr(d.side[0].said, " network-id 1 network-cost 10"));
	assert_non_null(strstr(d.side[0].said, " network-id 2 network-cost 900"));
	assert_non_null(strstr(d.side[1].said, " network-id 1 network-cost 50"));
	duo_end(&d);
}

static unsigned told_in_checks;

static bool count_network_info(struct world_peer *p, const uint8_t *data, size_t len)
{
	struct tt_stun_msg m;

	(void)p;
	if (tt_stun_is(data, len) && tt_stun_read(&m, data, len) == TT_STUN_OK)
		told_in_checks += (m.has & TT_STUN_HAS_NETWORK_INFO) != 0;
	return true;
}

static void a_host_that_hides_its_addresses_hides_its_networks(void **state)
{
	const struct duo_side_config ways[] = {
		{ .second = true, .network = TAUT_NETWORK_CELLULAR },
		{ .second = true, .network = TAUT_NETWORK_CELLULAR, .mdns = true },
		{ .network = TAUT_NETWORK_CELLULAR, .addresses = TAUT_ICE_ADDRESS_PUBLIC },
	};
	struct duo d;

	(void)state;
	for (int i = 0; i < 3; i++) {
		const struct duo_config cfg = { .side = { ways[i] } };
		told_in_checks = 0;
		duo_begin(&d, &cfg);
		d.side[0].peer.cfg.lets = count_network_info;
		assert_true(duo_meet_for_good(&d));
		assert_int_equal(strstr(d.side[0].said, "network-") != NULL, i == 0);
		assert_int_equal(told_in_checks > 0, i == 0);
		duo_end(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wifi_carries_data_though_cellular_was_there_first),
		cmocka_unit_test(a_tunnel_is_taken_before_a_cellular_network),
		cmocka_unit_test(wifi_does_not_wait_for_a_slow_ethernet),
		cmocka_unit_test(a_wifi_that_leads_nowhere_costs_two_seconds),
		cmocka_unit_test(candidates_say_which_network_they_are_of),
		cmocka_unit_test(a_host_that_hides_its_addresses_hides_its_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
