/* test_mobility.c - an address goes and another comes during a call: data goes on, and nobody asks for it.
 *
 * Each side stands in the internet; one of them has a second interface, which is down at first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datachannel/dcs_internal.h"
#include "peer/pc.h"
#include "sctp/sctp_assoc.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)

/* Peer `mover` has two interfaces; the second is down. */
static void begin(struct duo *d, int mover)
{
	struct duo_config cfg = { .seed = 7 };

	cfg.side[mover].second = true;
	duo_begin(d, &cfg);
	world_iface_up(d->world, d->side[mover].second, false);
	assert_true(duo_meet_for_good(d));
	d->side[0].peer.watch.generations = d->side[1].peer.watch.generations = 4;
}

static void the_other_interface_takes_over_whoever_offered(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover);
		world_iface_up(d.world, d.side[mover].second, true);
		duo_wait(&d, SECOND);
		world_iface_up(d.world, d.side[mover].iface, false);
		duo_talk(&d,
			 4 * SECOND); /* who is controlling asks first whether the old way lives */
		assert_true(duo_goes_by(&d, mover, DUO_SECOND));
		duo_end(&d);
	}
}

/* There is nothing for three seconds, in which ICE fails; with loopback there may be something that helps nobody. */
static void one_that_comes_later_does_so_too(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover);
		world_iface_up(d.world, d.side[mover].iface, false);
		duo_wait(&d, 3 * SECOND);
		assert_int_equal(d.side[mover].state, TAUT_STATE_FAILED);
		world_iface_up(d.world, d.side[mover].second, true);
		duo_talk(&d, 2 * SECOND);
		assert_non_null(strstr(d.side[mover].path, DUO_SECOND));
		duo_end(&d);
	}
}

/* While data has a way, a new address waits for the next restart. */
static void one_that_comes_beside_a_path_changes_nothing(void **state)
{
	char before[160];
	struct duo d;

	(void)state;
	begin(&d, 0);
	snprintf(before, sizeof before, "%s", taut_pc_ice_ufrag(d.side[0].peer.pc));
	world_iface_up(d.world, d.side[0].second, true);
	duo_talk(&d, 2 * SECOND);
	assert_string_equal(taut_pc_ice_ufrag(d.side[0].peer.pc), before);
	duo_end(&d);
}

/* A TURN server that is silent keeps gathering open for eight seconds. */
static void one_that_comes_while_others_are_gathered_is_told_with_them(void **state)
{
	struct duo_config cfg = {
		.side = { { .second = true, .turn = true, .url = "turn:203.0.113.77" } }
	};
	char before[160];
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	world_iface_up(d.world, d.side[0].second, false);
	assert_true(duo_meet(&d, 5));
	snprintf(before, sizeof before, "%s", taut_pc_ice_ufrag(d.side[0].peer.pc));
	assert_null(strstr(d.side[0].said, DUO_SECOND));
	world_iface_up(d.world, d.side[0].second, true);
	duo_talk(&d, 2 * SECOND);
	assert_non_null(strstr(d.side[0].said, DUO_SECOND));
	assert_string_equal(taut_pc_ice_ufrag(d.side[0].peer.pc), before);
	duo_end(&d);
}

/* The application has restarted when there was no address at all; what comes then is told by that restart. */
static void a_restart_without_an_address_uses_the_one_that_comes(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover);
		world_iface_up(d.world, d.side[mover].iface, false);
		duo_wait(&d, SECOND);
		duo_restart(&d, mover);
		duo_wait(&d, 5 * SECOND);
		world_iface_up(d.world, d.side[mover].second, true);
		duo_talk(&d, 3 * SECOND);
		duo_end(&d);
	}
}

static size_t *window_of(struct duo *d, int side)
{
	return &d->side[side].peer.pc->channels->sctp->cc.cwnd;
}

/* RFC 9260 section 7.2.5: what the other way bears is not known. */
static void a_new_path_begins_with_the_first_window(void **state)
{
	const size_t grown = 100000000; /* half of it goes each RTO without data */
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover);
		*window_of(&d, 0) = *window_of(&d, 1) = grown;
		duo_restart(&d, mover);
		duo_talk(&d, 2 * SECOND);
		assert_true(*window_of(&d, 0) >= grown / 1000); /* the same way */
		*window_of(&d, 0) = *window_of(&d, 1) = grown;
		world_iface_up(d.world, d.side[mover].second, true);
		duo_wait(&d, SECOND);
		world_iface_up(d.world, d.side[mover].iface, false);
		duo_talk(&d, 4 * SECOND);
		assert_true(*window_of(&d, 0) < 20000);
		assert_true(*window_of(&d, 1) < 20000);
		duo_end(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_other_interface_takes_over_whoever_offered),
		cmocka_unit_test(one_that_comes_later_does_so_too),
		cmocka_unit_test(one_that_comes_beside_a_path_changes_nothing),
		cmocka_unit_test(one_that_comes_while_others_are_gathered_is_told_with_them),
		cmocka_unit_test(a_new_path_begins_with_the_first_window),
		cmocka_unit_test(a_restart_without_an_address_uses_the_one_that_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
