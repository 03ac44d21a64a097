/* test_addresses.c - which addresses of a host are used and told: the four modes of RFC 8828 section 5.2.
 *
 * Peer 0 has two interfaces: one in a home behind a NAT, by which its default route goes, and one that stands
 * in the internet and has no part in that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "sim_duo.h"
#include "taut/stats.h"

#define SECOND INT64_C(1000000)

#define HOME    "192.168.0.2"
#define OUTSIDE "198.51.100.1"

static const struct world_nat_config port_restricted = { .filtering =
								 WORLD_NAT_ADDRESS_PORT_DEPENDENT };

static bool begin(struct duo *d, uint32_t addresses, const struct duo_side_config *more)
{
	/* Peer 1 has no home, so that nothing of its own looks like peer 0's. */
	struct duo_config cfg = { .side = { *more, { .turn = true } } };

	cfg.side[0].nat = more->nat ? more->nat : &port_restricted;
	cfg.side[0].second = true;
	cfg.side[0].addresses = addresses;
	duo_begin(d, &cfg);
	return duo_meet(d, 20);
}

/* In what was told to the peer, or in what statistics show of our side. */
static bool is_said(const struct duo *d, const char *text)
{
	return strstr(d->side[0].said, text) != NULL;
}

static bool is_in_stats(const struct duo *d, const char *text)
{
	const struct taut_stats *all = NULL;
	size_t count = 0;
	bool found = false;

	assert_int_equal(taut_pc_get_stats(d->side[0].peer.pc, d->world->now, &all, &count), 0);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		found |= strstr(all[i].id, text) != NULL;
		for (size_t k = 0; k < all[i].member_count; k++)
			found |= all[i].members[k].text && strstr(all[i].members[k].text, text);
	}
	return found;
}

static bool is_shown(const struct duo *d, const char *text)
{
	return is_said(d, text) || is_in_stats(d, text);
}

static void all_addresses_are_told_unless_one_asks_for_less(void **state)
{
	struct duo d;

	(void)state;
	assert_true(begin(&d, TAUT_ICE_ADDRESS_ALL, &(struct duo_side_config){ 0 }));
	assert_true(is_said(&d, HOME) && is_said(&d, OUTSIDE) && is_said(&d, DUO_SECOND));
	assert_true(is_in_stats(&d, HOME) && is_in_stats(&d, DUO_SECOND));
	assert_int_equal(d.side[0].candidates[0], 2);
	duo_end(&d);
}

static void the_default_route_has_its_own_address_and_what_servers_see_of_it(void **state)
{
	struct duo d;

	(void)state;
	assert_true(begin(&d, TAUT_ICE_ADDRESS_DEFAULT, &(struct duo_side_config){ .turn = true }));
	assert_true(is_said(&d, HOME) && is_said(&d, OUTSIDE));
	assert_false(is_shown(&d, DUO_SECOND));
	assert_int_equal(d.side[0].candidates[0], 1);
	assert_int_equal(d.side[0].candidates[3], 2); /* IPv4, IPv6 */
	duo_end(&d);
}

static void only_what_servers_see_is_told_of_the_default_route(void **state)
{
	struct duo d;

	(void)state;
	assert_true(begin(&d, TAUT_ICE_ADDRESS_PUBLIC,
			  &(struct duo_side_config){ .turn = true, .tcp = 3 }));
	duo_wait(&d, 3 * SECOND);
	assert_int_equal(d.side[0].candidates[0], 0);
	assert_int_equal(d.side[0].candidates[1], 1);
	assert_true(is_said(&d, OUTSIDE));
	assert_non_null(strstr(d.side[0].candidate[1], " raddr 0.0.0.0 rport 9"));
	assert_non_null(strstr(d.side[0].candidate[3], " raddr 0.0.0.0 rport 9"));
	assert_false(is_shown(&d, HOME));
	assert_false(is_shown(&d, DUO_SECOND));
	assert_false(is_said(&d, " tcp "));
	/* It is a way like any other: no relay is needed. */
	assert_null(strstr(d.side[0].path, "relay"));
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	assert_false(is_shown(&d, HOME));
	duo_talk(&d, SECOND);
	duo_end(&d);
}

/* A peer on our own link sees where our checks come from; no candidate and no statistics say it. */
static void what_a_neighbour_sees_is_not_shown(void **state)
{
	const struct duo_config cfg = { .same_home = true,
					.side = { { .nat = &port_restricted,
						    .addresses = TAUT_ICE_ADDRESS_PUBLIC },
						  { .nat = &port_restricted } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_false(is_shown(&d, HOME));
	duo_end(&d);
}

/* Where there is no NAT a server sees the very address of the interface: it is no secret then. */
static void an_address_that_a_server_sees_is_told(void **state)
{
	const struct duo_config cfg = { .side = { { .addresses = TAUT_ICE_ADDRESS_PUBLIC },
						  { .nat = &port_restricted } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 10));
	assert_int_equal(d.side[0].candidates[0], 0);
	assert_int_equal(d.side[0].candidates[1], 1);
	assert_non_null(strstr(d.side[0].candidate[1], " 192.0.2.1 "));
	assert_non_null(strstr(d.side[0].candidate[1], " typ srflx raddr 0.0.0.0 rport 9"));
	duo_end(&d);
}

static void errors_of_servers_show_no_address(void **state)
{
	struct duo d;

	(void)state;
	assert_true(begin(&d, TAUT_ICE_ADDRESS_PUBLIC,
			  &(struct duo_side_config){ .turn = true, .password = "byron" }));
	assert_true(d.side[0].errors > 0);
	assert_int_equal(d.side[0].errors_with_address, 0);
	duo_end(&d);
	assert_true(begin(&d, TAUT_ICE_ADDRESS_DEFAULT,
			  &(struct duo_side_config){ .turn = true, .password = "byron" }));
	assert_int_equal(d.side[0].errors_with_address, d.side[0].errors);
	duo_end(&d);
}

static void with_a_proxy_nothing_leaves_over_udp(void **state)
{
	struct duo d;

	(void)state;
	assert_true(begin(&d, TAUT_ICE_ADDRESS_PROXY,
			  &(struct duo_side_config){ .turn = true,
						     .url = "turn:" DUO_TURN "?transport=tcp",
						     .tcp = 3 }));
	duo_wait(&d, 3 * SECOND);
	assert_int_equal(d.side[0].peer.sockets_asked, 0);
	assert_int_equal(d.side[0].candidates[0] + d.side[0].candidates[1], 0);
	assert_int_equal(d.side[0].candidates[3], 2); /* IPv4, IPv6 */
	assert_false(is_shown(&d, HOME));
	assert_false(is_shown(&d, OUTSIDE));
	assert_false(is_shown(&d, DUO_SECOND));
	assert_non_null(strstr(d.side[0].path, "relay"));
	/* The STUN server was not asked, and that is told. */
	assert_int_equal(d.side[0].errors, 1);
	assert_int_equal(d.side[0].error_code, 701);
	assert_string_equal(d.side[0].error_url, "stun:" DUO_STUN);
	assert_non_null(strstr(d.side[0].error_text, "UDP"));
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	duo_talk(&d, SECOND);
	assert_int_equal(d.side[0].peer.sockets_asked, 0);
	duo_end(&d);
}

static void with_a_proxy_a_turn_server_over_udp_is_of_no_use(void **state)
{
	struct duo d;

	(void)state;
	assert_false(begin(&d, TAUT_ICE_ADDRESS_PROXY, &(struct duo_side_config){ .turn = true }));
	assert_int_equal(d.side[0].peer.sockets_asked, 0);
	assert_int_equal(d.side[0].errors, 2);
	assert_null(strstr(d.side[0].said, "candidate:"));
	duo_end(&d);
}

/* The interface of the default route goes, and the other one has it now. */
static void a_new_default_route_is_followed(void **state)
{
	struct duo d;

	(void)state;
	assert_true(begin(&d, TAUT_ICE_ADDRESS_DEFAULT, &(struct duo_side_config){ 0 }));
	assert_false(is_said(&d, DUO_SECOND));
	world_iface_up(d.world, d.side[0].iface, false);
	duo_wait(&d, SECOND);
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	assert_true(is_said(&d, DUO_SECOND));
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	duo_talk(&d, SECOND);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_addresses_are_told_unless_one_asks_for_less),
		cmocka_unit_test(the_default_route_has_its_own_address_and_what_servers_see_of_it),
		cmocka_unit_test(only_what_servers_see_is_told_of_the_default_route),
		cmocka_unit_test(what_a_neighbour_sees_is_not_shown),
		cmocka_unit_test(an_address_that_a_server_sees_is_told),
		cmocka_unit_test(errors_of_servers_show_no_address),
		cmocka_unit_test(with_a_proxy_nothing_leaves_over_udp),
		cmocka_unit_test(with_a_proxy_a_turn_server_over_udp_is_of_no_use),
		cmocka_unit_test(a_new_default_route_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
