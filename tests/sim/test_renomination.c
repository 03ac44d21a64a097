/* test_renomination.c - data moves between networks, and nobody restarts ICE: draft-thatcher-ice-renomination-01.
 *
 * One of the peers has two interfaces. Each test has it be the one that offers, which is controlling, and the other. */
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

static struct {
	char ufrag[2][160];
	unsigned nominations, highest; /* requests that have a value */
} seen;

static bool see(struct world_peer *p, const uint8_t *data, size_t len)
{
	struct tt_stun_msg m;

	(void)p;
	if (tt_stun_is(data, len) && tt_stun_read(&m, data, len) == TT_STUN_OK &&
	    (m.has & TT_STUN_HAS_NOMINATION)) {
		seen.nominations++;
		seen.highest = m.nomination > seen.highest ? m.nomination : seen.highest;
	}
	return true;
}

static void begin(struct duo *d, int mover, uint32_t first, uint32_t second,
		  bool (*alter)(uint32_t type, char *text, size_t cap))
{
	struct duo_config cfg = { .seed = 5 };

	cfg.side[mover].second = true;
	cfg.side[mover].network = first;
	cfg.side[mover].second_network = second;
	cfg.side[mover].alter = alter;
	memset(&seen, 0, sizeof seen);
	duo_begin(d, &cfg);
	for (int i = 0; i < 2; i++)
		d->side[i].peer.cfg.lets = see;
}

static void meet(struct duo *d)
{
	assert_true(duo_meet_for_good(d));
	for (int i = 0; i < 2; i++)
		(void)snprintf(seen.ufrag[i], sizeof seen.ufrag[i], "%s",
			       taut_pc_ice_ufrag(d->side[i].peer.pc));
}

/* Data goes by that address, nobody has restarted, and all is well. */
static void assert_moved(struct duo *d, int mover, const char *ip)
{
	assert_true(duo_goes_by(d, mover, ip));
	for (int i = 0; i < 2; i++) {
		assert_string_equal(taut_pc_ice_ufrag(d->side[i].peer.pc), seen.ufrag[i]);
		assert_int_equal(d->side[i].state, TAUT_STATE_CONNECTED);
	}
}

static void the_interface_in_use_goes_and_the_other_takes_over(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++)
		for (int minutes = 0; minutes < 3; minutes += 2) { /* spare pairs are kept */
			begin(&d, mover, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR, NULL);
			meet(&d);
			assert_true(duo_goes_by(&d, mover, FIRST(mover)));
			duo_wait(&d, minutes * 60 * SECOND);
			world_iface_up(d.world, d.side[mover].iface, false);
			duo_talk(&d, 2 * SECOND);
			assert_moved(&d, mover, DUO_SECOND);
			assert_int_equal(seen.highest, 2);
			duo_wait(&d, 60 * SECOND);
			duo_talk(&d, SECOND);
			duo_end(&d);
		}
}

/* The network is dead, and nothing says so. */
static void a_pair_that_does_not_answer_is_left(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR, NULL);
		meet(&d);
		world_outage(d.world, d.side[mover].iface, WORLD_OUT | WORLD_IN, d.world->now,
			     600 * SECOND);
		duo_wait(&d, 12 * SECOND);
		duo_talk(&d, SECOND);
		assert_moved(&d, mover, DUO_SECOND);
		duo_wait(&d, 120 * SECOND);
		duo_talk(&d, SECOND);
		assert_moved(&d, mover, DUO_SECOND);
		assert_int_equal(seen.highest, 2); /* it did not go back there */
		duo_end(&d);
	}
}

/* When it answers again it is better than what took its place. */
static void a_pair_that_answers_again_is_gone_back_to(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR, NULL);
		meet(&d);
		world_outage(d.world, d.side[mover].iface, WORLD_OUT | WORLD_IN, d.world->now,
			     15 * SECOND);
		duo_wait(&d, 13 * SECOND);
		assert_moved(&d, mover, DUO_SECOND);
		duo_wait(&d, 60 * SECOND);
		duo_talk(&d, SECOND);
		assert_moved(&d, mover, FIRST(mover));
		assert_int_equal(seen.highest, 3);
		duo_end(&d);
	}
}

static void a_cheaper_pair_that_works_later_is_moved_to(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, NULL);
		world_outage(d.world, d.side[mover].second, WORLD_OUT | WORLD_IN, d.world->now,
			     6 * SECOND);
		meet(&d);
		assert_moved(&d, mover, FIRST(mover));
		for (int i = 0; i < 20; i++)
			duo_talk(&d, SECOND);
		assert_moved(&d, mover, DUO_SECOND);
		assert_int_equal(seen.highest, 2);
		duo_end(&d);
	}
}

/* It comes after the end of candidates: no candidate tells of it, its checks do. */
static void a_cheaper_network_that_comes_later_is_moved_to(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, NULL);
		world_iface_up(d.world, d.side[mover].second, false);
		meet(&d);
		world_iface_up(d.world, d.side[mover].second, true);
		duo_talk(&d, 2 * SECOND);
		assert_moved(&d, mover, DUO_SECOND);
		assert_null(strstr(d.side[mover].said, DUO_SECOND));
		/* A restart tells of it. */
		duo_restart(&d, mover);
		duo_wait(&d, 5 * SECOND);
		assert_non_null(strstr(d.side[mover].said, DUO_SECOND));
		duo_talk(&d, SECOND);
		assert_true(duo_goes_by(&d, mover, DUO_SECOND));
		duo_end(&d);
	}
}

/* Its description does not say that it can. */
static bool cannot(uint32_t type, char *text, size_t cap)
{
	char *at = strstr(text, " renomination");

	(void)type;
	(void)cap;
	if (at)
		memmove(at, at + strlen(" renomination"), strlen(at + strlen(" renomination")) + 1);
	return true;
}

static void without_the_option_a_nomination_stays(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, NULL);
		d.side[1].alter = cannot; /* peer 0, which is controlling, does not hear it */
		world_outage(d.world, d.side[mover].second, WORLD_OUT | WORLD_IN, d.world->now,
			     6 * SECOND);
		meet(&d);
		for (int i = 0; i < 20; i++)
			duo_talk(&d, SECOND);
		assert_moved(&d, mover, FIRST(mover));
		assert_int_equal(seen.nominations, 0);
		duo_end(&d);
	}
}

static void without_the_option_a_network_that_comes_later_waits_for_a_restart(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, NULL);
		d.side[0].alter = d.side[1].alter = cannot;
		world_iface_up(d.world, d.side[mover].second, false);
		meet(&d);
		const unsigned sockets = d.side[mover].peer.sockets_asked;
		world_iface_up(d.world, d.side[mover].second, true);
		duo_talk(&d, 5 * SECOND);
		assert_moved(&d, mover, FIRST(mover));
		assert_int_equal(d.side[mover].peer.sockets_asked, sockets);
		duo_restart(&d, mover);
		duo_wait(&d, 5 * SECOND);
		assert_true(duo_goes_by(&d, mover, DUO_SECOND));
		duo_end(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interface_in_use_goes_and_the_other_takes_over),
		cmocka_unit_test(a_pair_that_does_not_answer_is_left),
		cmocka_unit_test(a_pair_that_answers_again_is_gone_back_to),
		cmocka_unit_test(a_cheaper_pair_that_works_later_is_moved_to),
		cmocka_unit_test(a_cheaper_network_that_comes_later_is_moved_to),
		cmocka_unit_test(without_the_option_a_nomination_stays),
		cmocka_unit_test(without_the_option_a_network_that_comes_later_waits_for_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
