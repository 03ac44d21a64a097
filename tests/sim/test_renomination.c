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
			duo_talk(&d, 4 * SECOND); /* one side hears of it by the other's checks */
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

/* The cheaper network carries nothing for six seconds; then there are twenty in which to move. */
static void meet_and_wait(struct duo *d, int mover)
{
	world_outage(d->world, d->side[mover].second, WORLD_OUT | WORLD_IN, d->world->now,
		     6 * SECOND);
	meet(d);
	assert_moved(d, mover, FIRST(mover));
	for (int i = 0; i < 20; i++)
		duo_talk(d, SECOND);
}

static void a_cheaper_pair_that_works_later_is_moved_to(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, NULL);
		meet_and_wait(&d, mover);
		assert_moved(&d, mover, DUO_SECOND);
		assert_int_equal(seen.highest, 2);
		duo_end(&d);
	}
}

/* The same address: a phone roams, or its driver comes to say what it is. */
static void a_network_that_comes_to_cost_more_is_left(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR_5G, NULL);
		meet(&d);
		world_iface_becomes(d.world, d.side[mover].iface, TAUT_NETWORK_CELLULAR_2G);
		for (int i = 0; i < 20; i++)
			duo_talk(&d, SECOND);
		assert_moved(&d, mover, DUO_SECOND);
		assert_null(strstr(d.side[mover].said, "network-cost 980"));
		duo_restart(&d, mover);
		duo_wait(&d, 5 * SECOND);
		assert_non_null(strstr(d.side[mover].said, "network-cost 980"));
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

/* Whenever that happens to the cheaper one: a peer that has followed a nomination whose answer is lost is told to come back. */
static void nobody_is_left_on_a_network_that_carries_one_way(void **state)
{
	struct duo d;

	(void)state;
	for (taut_time at = 0; at < SECOND / 2; at += SECOND / 100) {
		begin(&d, 1, TAUT_NETWORK_CELLULAR, TAUT_NETWORK_WIFI, NULL);
		world_iface_up(d.world, d.side[1].second, false);
		meet(&d);
		world_iface_up(d.world, d.side[1].second, true);
		world_outage(d.world, d.side[1].second, WORLD_OUT, d.world->now + at, 600 * SECOND);
		duo_wait(&d, 12 * SECOND);
		duo_talk(&d, SECOND);
		assert_moved(&d, 1, FIRST(1));
		duo_end(&d);
	}
}

static int add_wifi(struct duo *d, int side, int n)
{
	char ip[24];

	(void)snprintf(ip, sizeof ip, "192.0.2.%d", 70 + n);
	const struct taut_addr addr = world_addr(ip, 0);
	const int iface = world_add_iface(d->world, d->side[side].peer.host, WORLD_INTERNET, &addr,
					  NULL, NULL);
	world_iface_network(d->world, iface, TAUT_NETWORK_WIFI);
	return iface;
}

/* The cheapest pair that is left leads over the same dead network to another address of the peer. */
static void a_pair_as_dead_as_the_one_in_use_is_not_waited_for(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++)
		for (int more = 1; more < 5; more++) {
			begin(&d, mover, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR, NULL);
			for (int i = 0; i < more; i++)
				(void)add_wifi(&d, !mover, i);
			meet(&d);
			duo_wait(&d, 60 * SECOND);
			world_outage(d.world, d.side[mover].iface, WORLD_OUT | WORLD_IN,
				     d.world->now, 600 * SECOND);
			duo_wait(&d, 12 * SECOND);
			duo_talk(&d, SECOND);
			assert_moved(&d, mover, DUO_SECOND);
			duo_end(&d);
		}
}

/* The interface in use goes, and the best of the others has died unnoticed. */
static void a_nomination_that_is_not_answered_gives_way(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++) {
		begin(&d, mover, TAUT_NETWORK_ETHERNET, TAUT_NETWORK_CELLULAR, NULL);
		const int wifi = add_wifi(&d, mover, 0);
		meet(&d);
		duo_wait(&d, 20 * SECOND);
		world_outage(d.world, wifi, WORLD_OUT | WORLD_IN, d.world->now, 600 * SECOND);
		duo_wait(&d, SECOND / 10);
		world_iface_up(d.world, d.side[mover].iface, false);
		duo_wait(&d, 12 * SECOND);
		duo_talk(&d, SECOND);
		assert_moved(&d, mover, DUO_SECOND);
		assert_int_equal(seen.highest,
				 mover ? 2 : 3); /* one in vain, where nobody had asked */
		duo_end(&d);
	}
}

/* Two networks die at once, and the third costs most. */
static void what_answers_is_taken_before_what_costs_less(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++)
		for (int seconds = 4; seconds < 20; seconds += 5) {
			begin(&d, mover, TAUT_NETWORK_ETHERNET, TAUT_NETWORK_CELLULAR, NULL);
			const int wifi = add_wifi(&d, mover, 0);
			meet(&d);
			duo_wait(&d, seconds * SECOND);
			world_outage(d.world, d.side[mover].iface, WORLD_OUT | WORLD_IN,
				     d.world->now, 600 * SECOND);
			world_outage(d.world, wifi, WORLD_OUT | WORLD_IN, d.world->now,
				     600 * SECOND);
			duo_wait(&d, 12 * SECOND);
			duo_talk(&d, SECOND);
			assert_moved(&d, mover, DUO_SECOND);
			assert_int_equal(seen.highest, 2);
			duo_end(&d);
		}
}

/* Which does not hear of it: no nomination of the peer is let through. */
static bool nominations_are_lost(struct world_peer *p, const uint8_t *data, size_t len)
{
	struct tt_stun_msg m;

	(void)see(p, data, len);
	return !(tt_stun_is(data, len) && tt_stun_read(&m, data, len) == TT_STUN_OK &&
		 (m.has & TT_STUN_HAS_NOMINATION));
}

static void who_is_controlled_does_not_hurry_for_ever(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR, NULL);
	meet(&d);
	d.side[0].peer.cfg.lets = nominations_are_lost;
	world_iface_up(d.world, d.side[1].iface, false);
	duo_wait(&d, 4 * SECOND);
	const uint64_t before = d.side[1].peer.datagrams_out;
	duo_wait(&d, 4 * SECOND);
	const uint64_t hurried = d.side[1].peer.datagrams_out - before;
	duo_wait(&d, 6 * SECOND);
	const uint64_t then = d.side[1].peer.datagrams_out;
	duo_wait(&d, 12 * SECOND);
	const uint64_t calm = d.side[1].peer.datagrams_out - then;
	print_message("%u in 4 s, and then %u in 12 s\n", (unsigned)hurried, (unsigned)calm);
	assert_true(hurried >= 8);
	assert_true(calm <= 12);
	duo_end(&d);
}

/* The peer has many networks, and ours that is to be the way out came last. */
static void a_spare_pair_of_each_network_is_kept(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++)
		for (int more = 0; more < 5; more++) {
			begin(&d, mover, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR, NULL);
			for (int i = 0; i < more; i++)
				(void)add_wifi(&d, !mover, i);
			world_iface_up(d.world, d.side[mover].second, false);
			meet(&d);
			world_iface_up(d.world, d.side[mover].second, true);
			duo_wait(&d, 120 * SECOND);
			world_iface_up(d.world, d.side[mover].iface, false);
			duo_talk(&d, 4 * SECOND);
			assert_moved(&d, mover, DUO_SECOND);
			duo_end(&d);
		}
}

/* A path that is silent for up to two seconds is alive, and what would take its place costs more. */
static void a_stall_moves_nothing_to_a_network_that_costs_more(void **state)
{
	struct duo d;

	(void)state;
	for (int mover = 0; mover < 2; mover++)
		for (taut_time stall = 600000; stall <= 2 * SECOND; stall += 700000) {
			begin(&d, mover, TAUT_NETWORK_WIFI, TAUT_NETWORK_CELLULAR, NULL);
			meet(&d);
			for (int i = 0; i < 150; i++) {
				world_outage(d.world, d.side[mover].iface, WORLD_OUT | WORLD_IN,
					     d.world->now, stall);
				duo_wait(&d, 4 * SECOND);
				assert_true(duo_goes_by(&d, mover, FIRST(mover)));
			}
			duo_talk(&d, SECOND);
			assert_moved(&d, mover, FIRST(mover));
			assert_int_equal(seen.highest, 1);
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
		meet_and_wait(&d, mover);
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
		cmocka_unit_test(nobody_is_left_on_a_network_that_carries_one_way),
		cmocka_unit_test(a_network_that_comes_to_cost_more_is_left),
		cmocka_unit_test(a_pair_as_dead_as_the_one_in_use_is_not_waited_for),
		cmocka_unit_test(a_nomination_that_is_not_answered_gives_way),
		cmocka_unit_test(what_answers_is_taken_before_what_costs_less),
		cmocka_unit_test(who_is_controlled_does_not_hurry_for_ever),
		cmocka_unit_test(a_spare_pair_of_each_network_is_kept),
		cmocka_unit_test(a_stall_moves_nothing_to_a_network_that_costs_more),
		cmocka_unit_test(without_the_option_a_nomination_stays),
		cmocka_unit_test(without_the_option_a_network_that_comes_later_waits_for_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
