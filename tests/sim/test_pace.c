/* test_pace.c - how fast checks follow one another, as descriptions agree on it (a=ice-pacing): RFC 8445 section
 * 14.2, RFC 8839 section 5.5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "ice/ice_agent.h"
#include "peer/pc.h"
#include "sim_duo.h"
#include "world/world_peer_int.h"

static const struct world_nat_config by_port = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

/* As a browser says it. */
static bool proposes_nothing(uint32_t type, char *text, size_t cap)
{
	char *at = strstr(text, "a=ice-pacing:20\r\n");

	(void)cap;
	assert_true(type == 0 || at);
	if (at)
		memmove(at, at + 17, strlen(at + 17) + 1);
	return true;
}

static bool proposes_80_ms(uint32_t type, char *text, size_t cap)
{
	char *at = strstr(text, "a=ice-pacing:20\r\n");

	(void)cap;
	assert_true(type == 0 || at);
	if (at)
		at[13] = '8';
	return true;
}

/* What both use, and when the later of them was connected. */
static taut_time meet(bool (*alter)(uint32_t, char *, size_t), taut_time ta)
{
	const struct duo_config cfg = { .side = { { .nat = &by_port, .alter = alter },
						  { .nat = &by_port, .alter = alter } } };
	struct duo d;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].peer.pc->ice->cur->ta, ta);
		assert_int_equal(d.side[i].peer.watch.ta, ta); /* by which it judges */
	}
	const taut_time took =
		tt_max64(d.side[0].connected_at, d.side[1].connected_at) - d.world->start;
	duo_end(&d);
	return took;
}

static void two_that_propose_a_pace_meet_sooner(void **state)
{
	const taut_time alone = meet(proposes_nothing, 50000), both = meet(NULL, 20000),
			slow = meet(proposes_80_ms, 80000);

	(void)state;
	assert_true(both + 25000 <= alone);
	assert_true(alone < slow);
}

/* One that hears nothing of it keeps its 50 ms, and the other keeps to that. */
static void the_slower_one_counts_on_both_sides(void **state)
{
	const struct duo_config cfg = { .side = { { .nat = &by_port },
						  { .nat = &by_port, .alter = proposes_80_ms } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(d.side[0].peer.pc->ice->cur->ta, 80000);
	assert_int_equal(d.side[1].peer.pc->ice->cur->ta, 20000);
	/* Each generation has what its descriptions say. */
	d.side[1].alter = proposes_nothing;
	duo_restart(&d, 0);
	duo_wait(&d, 3000000);
	assert_int_equal(d.side[0].peer.pc->ice->cur->ta, 50000);
	assert_int_equal(d.side[1].peer.pc->ice->cur->ta, 20000);
	duo_talk(&d, 1000000);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_propose_a_pace_meet_sooner),
		cmocka_unit_test(the_slower_one_counts_on_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
