/* test_lite.c - a connection whose ICE is lite: RFC 8445 section 2.5, RFC 8839 section 5.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "ice/ice.h"
#include "peer/pc.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)

static const struct world_nat_config symmetric = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						   .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

static const struct world_nat_config no_udp = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						.blocked = true };

/* The lite one is where everybody reaches it, and the other one behind the worst of NATs, or one that lets only TCP out. */
static void begin(struct duo *d, int lite, bool tcp)
{
	struct duo_config cfg = { .side = { { .nat = &symmetric }, { .nat = &symmetric } } };

	cfg.side[lite] =
		(struct duo_side_config){ .lite = true, .tcp = tcp ? TAUT_ICE_TCP_LISTEN : 0 };
	if (tcp) {
		cfg.side[1 - lite].tcp = TAUT_ICE_TCP_CONNECT;
		cfg.side[1 - lite].nat = &no_udp;
	}
	duo_begin(d, &cfg);
}

static uint64_t checks_of(const struct duo *d, int side)
{
	return tt_ice_counters(d->side[side].peer.pc->ice)->checks_sent;
}

static void a_server_is_reached_from_behind_any_nat(void **state)
{
	struct duo d;

	(void)state;
	for (int lite = 0; lite < 2; lite++) {
		begin(&d, lite, false);
		assert_true(duo_meet_for_good(&d));
		assert_non_null(strstr(d.side[lite].said, "a=ice-lite\r\n"));
		assert_null(strstr(d.side[1 - lite].said, "a=ice-lite"));
		assert_null(strstr(d.side[lite].said, "renomination"));
		assert_int_equal(d.side[lite].candidates[TT_ICE_HOST], 1);
		duo_wait(&d, 100 * SECOND);
		duo_talk(&d, SECOND);
		assert_int_equal(checks_of(&d, lite), 0);
		assert_true(checks_of(&d, 1 - lite) > 10);
		duo_end(&d);
	}
}

static void either_side_restarts(void **state)
{
	struct duo d;

	(void)state;
	for (int who = 0; who < 4; who++) {
		begin(&d, who & 1, false);
		assert_true(duo_meet_for_good(&d));
		duo_restart(&d, who >> 1);
		duo_wait(&d, 10 * SECOND);
		duo_talk(&d, SECOND);
		assert_int_equal(checks_of(&d, who & 1), 0);
		duo_end(&d);
	}
}

/* The NAT forgets, and the peer has another address: its checks come from there, and are nominated after its restart. */
static void a_peer_that_moves_is_found_again(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1, false);
	assert_true(duo_meet_for_good(&d));
	world_rebind(d.world, d.side[0].net);
	duo_wait(&d, SECOND);
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	duo_talk(&d, SECOND);
	duo_end(&d);
}

static void who_goes_without_a_word_is_missed(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1, false);
	assert_true(duo_meet_for_good(&d));
	world_outage(d.world, d.side[0].iface, WORLD_OUT | WORLD_IN, d.world->now, 3600 * SECOND);
	duo_wait(&d, 40 * SECOND);
	assert_int_equal(d.side[1].state, TAUT_STATE_FAILED);
	assert_int_equal(d.side[1].reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	duo_end(&d);
}

static void where_udp_is_lost_the_peer_comes_by_tcp(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1, true);
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(checks_of(&d, 1), 0);
	duo_end(&d);
}

static void two_of_them_say_why_not(void **state)
{
	const struct duo_config cfg = { .side = { { .lite = true }, { .lite = true } } };
	struct duo d;

	(void)state;
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "x" };
	taut_channel ch;
	duo_begin(&d, &cfg);
	assert_int_equal(taut_pc_create_data_channel(d.side[0].peer.pc, d.world->now, &init, &ch),
			 TAUT_OK);
	assert_int_equal(taut_pc_set_local_description(d.side[0].peer.pc, d.world->now, 0, NULL, 0),
			 TAUT_OK);
	uint32_t type;
	const char *offer = taut_pc_local_description(d.side[0].peer.pc, &type);
	assert_int_equal(taut_pc_set_remote_description(d.side[1].peer.pc, d.world->now, type,
							offer, strlen(offer)),
			 TAUT_E_UNSUPPORTED);
	assert_non_null(strstr(taut_pc_error(d.side[1].peer.pc)->message, "lite"));
	duo_end(&d);
}

static void what_a_lite_agent_cannot_do_is_refused(void **state)
{
	struct taut_ice_server server = { .size = sizeof server, .url = "stun:192.0.2.1" };
	struct taut_config bad[] = {
		{ .size = sizeof bad[0], .ice_lite = 2 },
		{ .size = sizeof bad[0], .ice_servers = &server, .ice_server_count = 1 },
		{ .size = sizeof bad[0], .ice_transport_policy = TAUT_ICE_RELAY },
		{ .size = sizeof bad[0], .ice_address_policy = TAUT_ICE_ADDRESS_PUBLIC },
		{ .size = sizeof bad[0], .ice_address_policy = TAUT_ICE_ADDRESS_PROXY },
		{ .size = sizeof bad[0], .ice_tcp = TAUT_ICE_TCP_CONNECT },
	};
	struct duo d;
	taut_pc *pc;

	(void)state;
	begin(&d, 1, false);
	taut_env *env = d.side[0].peer.env;
	for (size_t i = 0; i < TT_COUNT(bad); i++) {
		if (bad[i].ice_lite == 0)
			bad[i].ice_lite = 1;
		assert_int_equal(taut_pc_new(&pc, env, &bad[i], d.world->now), TAUT_E_INVAL);
	}
	bad[1].ice_server_count = 0;
	assert_int_equal(taut_pc_new(&pc, env, &bad[1], d.world->now), TAUT_OK);
	bad[1].ice_server_count = 1;
	assert_int_equal(taut_pc_set_configuration(pc, d.world->now, &bad[1]), TAUT_E_INVAL);
	bad[1] = (struct taut_config){ .size = sizeof bad[1] };
	assert_int_equal(taut_pc_set_configuration(pc, d.world->now, &bad[1]), TAUT_E_INVAL);
	taut_pc_free(pc);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_reached_from_behind_any_nat),
		cmocka_unit_test(either_side_restarts),
		cmocka_unit_test(a_peer_that_moves_is_found_again),
		cmocka_unit_test(who_goes_without_a_word_is_missed),
		cmocka_unit_test(where_udp_is_lost_the_peer_comes_by_tcp),
		cmocka_unit_test(two_of_them_say_why_not),
		cmocka_unit_test(what_a_lite_agent_cannot_do_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
