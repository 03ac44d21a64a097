/* test_pool.c - candidates that are gathered before they are wanted: iceCandidatePoolSize, RFC 9429 section 4.1.1. */
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
#include "stun/turn.h"

#define SECOND INT64_C(1000000)

/* Servers are far away. */
static const struct world_link_config far = { .delay = 100000 };
static const struct world_nat_config nat = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

static void begin(struct duo *d, uint32_t pool, bool turn)
{
	const struct duo_side_config side = { .nat = &nat, .pool = pool, .turn = turn };
	const struct duo_config cfg = { .side = { side, side }, .wire = &far };

	duo_begin(d, &cfg);
}

/* From the offer on. */
static taut_time meeting_takes(struct duo *d)
{
	const taut_time start = d->world->now;

	assert_true(duo_meet(d, 20));
	return d->world->now - start;
}

static void with_a_pool_two_peers_meet_sooner(void **state)
{
	taut_time took[2];
	struct duo d;

	(void)state;
	for (uint32_t pool = 0; pool < 2; pool++) {
		begin(&d, pool, false);
		duo_wait(&d, 2 * SECOND);
		took[pool] = meeting_takes(&d);
		duo_end(&d);
	}
	print_message("%lld ms without, %lld ms with a pool\n", (long long)took[0] / 1000,
		      (long long)took[1] / 1000);
	/* What is spared is a round trip to the server, 200 ms, less what the pace of checks hides. */
	assert_true(took[1] + 150000 <= took[0]);
}

static void nothing_is_told_before_the_description(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1, true);
	duo_wait(&d, 20 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(d.side[i].said, "");
		assert_int_equal(d.side[i].gathered_at, 0);
		assert_int_equal(taut_pc_gathering_state(d.side[i].peer.pc), TAUT_GATHERING_NEW);
		assert_true(d.side[i].peer.datagrams_out > 0); /* but much was asked */
	}
	assert_true(duo_meet(&d, 20));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].candidates[0], 1);
		assert_int_equal(d.side[i].candidates[1], 1);
		assert_int_equal(d.side[i].candidates[3], 2);
	}
	duo_end(&d);
}

/* Forgets a mapping that nothing leaves through. */
static const struct world_nat_config forgetful = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						   .timeout = 30 * SECOND };

/* A pool that waits: the NAT would have forgotten the mapping after 30 s, and it has not. */
static void what_is_pooled_is_kept_alive(void **state)
{
	const struct duo_side_config side = { .nat = &forgetful, .pool = 1 };
	const struct duo_config cfg = { .side = { side, side } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	duo_wait(&d, 300 * SECOND);
	assert_true(duo_meet(&d, 3));
	assert_int_equal(d.side[0].candidates[1], 1);
	duo_end(&d);
}

/* RFC 8445 section 5.1.1.4: nor one that was told, while whoever is called thinks about it. Without that the port
 * that was told leads nowhere after 30 s, and what comes from another is not let in. */
static void what_was_told_is_kept_alive_until_the_answer(void **state)
{
	const struct duo_side_config side = { .nat = &forgetful };
	const struct duo_config cfg = { .side = { side, side }, .signal = 25 * SECOND };
	uint64_t asked;
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 60));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].candidates[1], 1);
		assert_int_equal(d.side[i].errors, 0);
	}
	asked = d.stun.answered;
	assert_true(asked >= 4);
	duo_wait(&d, 60 * SECOND); /* now there is a way, and that is what keeps it open */
	assert_int_equal(d.stun.answered, asked);
	duo_end(&d);
}

/* A server that does not answer is not asked without end, and that it does not is said once. */
static void who_showed_nothing_is_not_asked_again(void **state)
{
	const struct duo_side_config side = { .nat = &forgetful };
	const struct duo_config cfg = { .side = { side, side }, .signal = 600 * SECOND };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	d.stun.silent = true;
	duo_start(&d);
	duo_wait(&d, 60 * SECOND);
	const uint64_t asked = d.side[0].peer.datagrams_out;
	assert_true(asked > 0);
	duo_wait(&d, 60 * SECOND);
	assert_int_equal(d.side[0].peer.datagrams_out, asked);
	assert_int_equal(d.side[0].errors, 1);
	duo_end(&d);
}

/* The box was switched off and on meanwhile: the mapping of before is not told. */
static void a_mapping_that_has_changed_is_told_as_it_is(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1, false);
	duo_wait(&d, 2 * SECOND);
	world_rebind(d.world, d.side[0].net);
	duo_wait(&d, 20 * SECOND);
	assert_true(duo_meet(&d, 3));
	assert_int_equal(d.side[0].candidates[1], 1);
	duo_end(&d);
}

static unsigned open_flows(const struct world_peer *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORLD_PEER_FLOWS; i++)
		n += p->flows[i].flow != 0;
	return n;
}

/* The server takes the first port for somebody else's, so that there is another, of which nothing stays. */
static void other_servers_throw_the_pool_away(void **state)
{
	struct taut_ice_server none = { .size = sizeof none, .url = "stun:203.0.113.77" };
	struct duo d;

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		const struct duo_side_config side = { .nat = &nat,
						      .pool = 1,
						      .turn = true,
						      .tcp = tcp ? 3 : 0,
						      .url = tcp ? "turn:" DUO_TURN "?transport=tcp"
								 : NULL };
		const struct duo_config cfg = { .side = { side, { .turn = true } } };
		duo_begin(&d, &cfg);
		d.turn.mismatches = 1;
		duo_wait(&d, 2 * SECOND);
		assert_int_equal(d.turn.mismatches, 0);
		struct taut_config c = d.side[0].pc;
		c.ice_servers = &none;
		c.ice_server_count = 1;
		assert_int_equal(taut_pc_set_configuration(d.side[0].peer.pc, d.world->now, &c),
				 TAUT_OK);
		world_peer_pump(&d.side[0].peer);
		duo_wait(&d, 2 * SECOND);
		assert_int_equal(open_flows(&d.side[0].peer), tcp ? 2 : 1); /* and what listens */
		assert_true(duo_meet(&d, 20));
		assert_int_equal(d.side[0].candidates[0], tcp ? 3 : 1);
		assert_int_equal(d.side[0].candidates[1], 0);
		assert_int_equal(d.side[0].candidates[3], 0);
		duo_wait(&d, 10 * SECOND);
		assert_int_equal(d.side[0].errors, 1); /* of the server that there is */
		assert_string_equal(d.side[0].error_url, none.url);
		duo_end(&d);
	}
}

static unsigned allocates; /* of side 0 */

static bool count_allocates(struct world_peer *p, const uint8_t *data, size_t len)
{
	struct tt_stun_msg m;

	(void)p;
	allocates += tt_stun_is(data, len) && tt_stun_read(&m, data, len) == TT_STUN_OK &&
		     m.method == TT_TURN_ALLOCATE && m.cls == TT_STUN_REQUEST;
	return true;
}

/* The allocation of before is the server's yet, and it refuses one from the same port. */
static void a_server_that_stays_relays_again(void **state)
{
	struct duo d;

	(void)state;
	for (uint32_t pool = 0; pool < 2; pool++)
		for (int close = 0; close < 2; close++) {
			begin(&d, pool, true);
			duo_wait(&d, 2 * SECOND);
			struct taut_config c = d.side[0].pc;
			allocates = 0;
			d.side[0].peer.cfg.lets = count_allocates;
			if (close) {
				c.ice_candidate_pool_size = 0;
			} else { /* that of STUN goes */
				c.ice_servers = &c.ice_servers[c.ice_server_count - 1];
				c.ice_server_count = 1;
			}
			assert_int_equal(
				taut_pc_set_configuration(d.side[0].peer.pc, d.world->now, &c),
				TAUT_OK);
			world_peer_pump(&d.side[0].peer);
			duo_wait(&d, pool * SECOND);
			assert_true(duo_meet(&d, 20));
			duo_wait(&d, 10 * SECOND);
			assert_int_equal(d.side[0].candidates[3], 2);
			assert_int_equal(d.side[0].errors, 0);
			assert_int_equal(allocates, 2); /* without and with credentials */
			duo_end(&d);
		}
}

/* Its name is asked for again, and what became of it is told. */
static void a_server_that_was_not_found_is_looked_for_again(void **state)
{
	const struct duo_side_config side = {
		.nat = &nat, .pool = 1, .turn = true, .url = "turn:unknown.example"
	};
	const struct duo_config cfg = { .side = { side, { .turn = true } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	duo_wait(&d, 2 * SECOND);
	struct taut_config c = d.side[0].pc;
	c.ice_candidate_pool_size = 0;
	assert_int_equal(taut_pc_set_configuration(d.side[0].peer.pc, d.world->now, &c), TAUT_OK);
	world_peer_pump(&d.side[0].peer);
	duo_wait(&d, 2 * SECOND);
	assert_int_equal(d.side[0].errors, 0);
	assert_true(duo_meet(&d, 20));
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.side[0].errors, 1);
	assert_non_null(strstr(d.side[0].error_text, "not found"));
	duo_end(&d);
}

/* The server has forgotten the allocation by the time it is refreshed, and the machine was asleep for all it knows. */
static void an_allocation_that_was_lost_is_asked_for_again(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, 1, true);
	duo_wait(&d, 2 * SECOND);
	world_turn_restart(&d.turn);
	duo_wait(&d, 700 * SECOND);
	assert_int_equal(world_turn_count(&d.turn), 0);
	assert_true(duo_meet(&d, 20));
	duo_wait(&d, 10 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].candidates[3], 2);
		assert_int_equal(d.side[i].errors, 0);
	}
	duo_end(&d);
}

/* The connection was made without a network, and the call begins with one. */
static void a_name_that_was_not_found_is_looked_for_again(void **state)
{
	const struct duo_config cfg = { .side = { { .nat = &nat,
						    .pool = 1,
						    .turn = true,
						    .no_stun = true,
						    .url = "turn:turn.example" },
						  { .no_stun = true } },
					.dns = true };
	const struct taut_addr addr = world_addr(DUO_TURN, 0);
	struct duo d;

	(void)state;
	for (int later = 0; later < 2; later++) {
		duo_begin(&d, &cfg);
		d.dns.fault = WORLD_DNS_SILENT;
		duo_wait(&d, 60 * SECOND);
		d.dns.fault = later ? WORLD_DNS_FAIR : WORLD_DNS_SILENT;
		world_dns_has(&d.dns, "turn.example", &addr);
		assert_true(duo_meet(&d, 20));
		duo_wait(&d, 30 * SECOND);
		assert_int_equal(d.side[0].candidates[3] > 0, later);
		assert_int_equal(d.side[0].errors, !later);
		duo_end(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_a_pool_two_peers_meet_sooner),
		cmocka_unit_test(nothing_is_told_before_the_description),
		cmocka_unit_test(what_is_pooled_is_kept_alive),
		cmocka_unit_test(what_was_told_is_kept_alive_until_the_answer),
		cmocka_unit_test(who_showed_nothing_is_not_asked_again),
		cmocka_unit_test(a_mapping_that_has_changed_is_told_as_it_is),
		cmocka_unit_test(other_servers_throw_the_pool_away),
		cmocka_unit_test(a_server_that_stays_relays_again),
		cmocka_unit_test(a_server_that_was_not_found_is_looked_for_again),
		cmocka_unit_test(an_allocation_that_was_lost_is_asked_for_again),
		cmocka_unit_test(a_name_that_was_not_found_is_looked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
