/* What a connection takes that has a data channel and says nothing, without OpenSSL's part, which
 * tests/unit/dtls/test_rest.c counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "peer/pc.h"
#include "sim/sim_pair.h"

enum { SECOND = 1000000, MOST = 24000 };

struct seen {
	taut_channel channel[2];
	unsigned messages;
};

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct seen *s = p->user;

	if (ev->type == TAUT_EV_DATA_CHANNEL || ev->type == TAUT_EV_OPEN)
		s->channel[i] = ev->channel;
	s->messages += ev->type == TAUT_EV_MESSAGE;
}

static bool both_open(struct pair *p)
{
	const struct seen *s = p->user;

	return s->channel[0] && s->channel[1];
}

static void assert_small(struct pair *p, size_t most, bool spares_too)
{
	(void)pair_run(p, 3 * SECOND, NULL);
	for (int i = 0; i < 2; i++) {
		const struct tt_env *env = &p->peers[i].env->base;
		const size_t waiting = tt_spares_waiting(env);
		assert_true(p->peers[i].connected);
		assert_in_range(env->memory - (spares_too ? 0 : waiting), 1, most);
	}
}

static void an_idle_connection_takes_no_more_than_its_share(void **state)
{
	static const struct sim_link calm = { .delay = 10000 };
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "x" };
	static uint8_t message[60000];
	struct seen seen = { 0 };
	struct pair p;

	(void)state;
	pair_init(&p, 7, &calm, on_event, &seen);
	taut_channel c;
	assert_int_equal(taut_pc_create_data_channel(p.peers[0].pc, p.sim.now, &init, &c), TAUT_OK);
	assert_true(pair_run(&p, 10 * SECOND, both_open));
	assert_small(&p, MOST, true);
	/* What a message takes on its way goes again, or waits for the next message of any connection. */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(taut_pc_send_message(p.peers[i].pc, p.sim.now, seen.channel[i],
						      true, message, sizeof message),
				 TAUT_OK);
	assert_small(&p, MOST, false);
	assert_int_equal(seen.messages, 2);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_connection_takes_no_more_than_its_share),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
