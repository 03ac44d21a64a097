/* Channels in odd moments: before the roles are known, with few streams, with stale numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "datachannel/datachannel.h"
#include "datachannel/dcs_internal.h"
#include "sctp/sctp_assoc.h"
#include "support/sim.h"

enum { SECOND = 1000000, KINDS = 16 };

static struct {
	struct sim sim;
	struct tt_dcs *d[2];
	size_t events[2][KINDS];
	uint32_t reason[2];   /* of the latest CLOSE */
	taut_channel made[2]; /* the latest that the peer opened */
} world;

/* Each end has its own limits. */
static void begin(const struct tt_dcs_config *a, const struct tt_dcs_config *b)
{
	static const struct tt_dcs_config plain;
	static const struct sim_link link = { .delay = 10000 };

	memset(&world, 0, sizeof world);
	sim_init(&world.sim, 1, &link);
	assert_int_equal(tt_dcs_new(&world.d[0], &world.sim.env[0], a ? a : &plain, 0), TAUT_OK);
	assert_int_equal(tt_dcs_new(&world.d[1], &world.sim.env[1], b ? b : &plain, 0), TAUT_OK);
}

static void end(void)
{
	for (int i = 0; i < 2; i++) {
		tt_dcs_free(world.d[i]);
		assert_int_equal(world.sim.env[i].memory, 0);
	}
	tt_dcs_free(NULL);
	sim_free(&world.sim);
}

static void settle(int i)
{
	const struct tt_dcs_event *e;
	uint8_t buf[2048];
	size_t len;

	while ((e = tt_dcs_poll_event(world.d[i], world.sim.now)) != NULL) {
		assert_true((size_t)e->type < KINDS);
		world.events[i][e->type]++;
		if (e->type == TT_DCS_CLOSE)
			world.reason[i] = e->reason;
		if (e->type == TT_DCS_CHANNEL)
			world.made[i] = e->channel;
	}
	while ((len = tt_dcs_poll_send(world.d[i], world.sim.now, buf, sizeof buf)) > 0)
		sim_send(&world.sim, 1 - i, buf, len, NULL, NULL);
}

static void run(taut_time how_long)
{
	const taut_time until = world.sim.now + how_long;

	for (;;) {
		settle(0);
		settle(1);
		taut_time next = sim_next(&world.sim);
		for (int i = 0; i < 2; i++)
			next = tt_min64(next, tt_dcs_deadline(world.d[i], NULL));
		if (next > until)
			break;
		world.sim.now = tt_max64(next, world.sim.now);
		for (struct sim_packet *k; (k = sim_take(&world.sim)) != NULL; free(k)) {
			tt_dcs_recv(world.d[k->to], world.sim.now, k->data, k->len);
			settle(k->to);
		}
		tt_dcs_tick(world.d[0], world.sim.now);
		tt_dcs_tick(world.d[1], world.sim.now);
	}
	world.sim.now = until;
}

static void connect_both(void)
{
	for (int i = 0; i < 2; i++) {
		tt_dcs_set_role(world.d[i], world.sim.now, i == 0);
		tt_dcs_set_role(world.d[i], world.sim.now, i != 0); /* once is for good */
		assert_int_equal(tt_dcs_connect(world.d[i], world.sim.now), TAUT_OK);
	}
	run(SECOND);
}

static int create(int i, bool negotiated, uint16_t id, taut_channel *out)
{
	const struct tt_dcs_init init = { .negotiated = negotiated, .id = id };

	return tt_dcs_create(world.d[i], world.sim.now, &init, out);
}

static void channels_wait_for_the_role_and_those_without_a_stream_close(void **state)
{
	const struct tt_dcs_config few = { .sctp = { .max_streams = 4 } };
	taut_channel ch[3], agreed;
	(void)state;

	begin(&few, &few);
	assert_int_equal(tt_dcs_connect(world.d[0], 0), TAUT_E_STATE);
	assert_int_equal(create(0, true, 2, &agreed), TAUT_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(create(0, false, 0, &ch[i]), TAUT_OK);
		assert_int_equal(tt_dcs_info(world.d[0], ch[i])->id, -1);
		assert_int_equal(tt_dcs_buffered_amount(world.d[0], ch[i]), 0);
		assert_int_equal(tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[i], 100),
				 TAUT_OK);
		assert_int_equal(tt_dcs_send(world.d[0], 0, ch[i], true, "x", 1), TAUT_E_STATE);
	}
	connect_both();
	/* the client has streams 0 and 2, and 2 was taken: one of three opens */
	assert_int_equal(tt_dcs_info(world.d[0], ch[0])->id, 0);
	assert_int_equal(world.events[0][TT_DCS_CLOSE], 2);
	assert_int_equal(world.reason[0], TAUT_REASON_TRANSPORT_GONE);
	assert_int_equal(world.events[1][TT_DCS_CHANNEL], 1);
	taut_channel more;
	assert_int_equal(create(0, false, 0, &more), TAUT_E_LIMIT);
	assert_int_equal(create(0, true, 4, &more), TAUT_E_INVAL);
	assert_int_equal(create(0, true, 2, &more), TAUT_E_INVAL);
	end();
}

static void a_stream_that_the_peer_does_not_take_closes(void **state)
{
	const struct tt_dcs_config few = { .sctp = { .max_streams = 2 } };
	taut_channel low, high;
	(void)state;

	begin(NULL, &few);
	assert_int_equal(create(0, true, 1, &low), TAUT_OK);
	assert_int_equal(create(0, true, 9, &high), TAUT_OK); /* nobody knows better yet */
	connect_both();
	assert_int_equal(tt_dcs_info(world.d[0], low)->state, TT_DCS_STATE_OPEN);
	assert_null(tt_dcs_info(world.d[0], high));
	assert_int_equal(world.events[0][TT_DCS_CLOSE], 1);
	assert_int_equal(create(0, true, 2, &high), TAUT_E_INVAL);
	end();
}

static void a_stale_number_is_gone_for_every_call(void **state)
{
	taut_channel ch;
	(void)state;

	begin(NULL, NULL);
	connect_both();
	assert_int_equal(create(0, false, 0, &ch), TAUT_OK);
	run(SECOND);
	assert_int_equal(tt_dcs_close(world.d[0], world.sim.now, ch), TAUT_OK);
	assert_int_equal(tt_dcs_close(world.d[0], world.sim.now, ch), TAUT_OK); /* twice is fine */
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch, true, "x", 1), TAUT_E_STATE);
	run(SECOND);
	assert_int_equal(world.events[0][TT_DCS_CLOSE], 1);
	assert_int_equal(tt_dcs_close(world.d[0], world.sim.now, ch), TAUT_E_GONE);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch, true, "x", 1), TAUT_E_GONE);
	assert_int_equal(tt_dcs_buffered_amount(world.d[0], ch), TAUT_E_GONE);
	assert_int_equal(tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch, 1), TAUT_E_GONE);
	assert_null(tt_dcs_info(world.d[0], ch));
	assert_null(tt_dcs_info(world.d[0], 0));
	end();
}

static void the_number_of_channels_has_a_ceiling(void **state)
{
	const struct tt_dcs_config two = { .max_channels = 2, .sctp = { .local_port = 6000 } };
	const struct tt_dcs_config many = { .max_channels = 1000000, .channel_buffer = 100 };
	taut_channel ch;
	(void)state;

	begin(&two, &many);
	assert_int_equal(tt_dcs_local_port(world.d[0]), 6000);
	assert_int_equal(tt_dcs_local_port(world.d[1]), 5000);
	assert_int_equal(world.d[1]->max_channels, UINT16_MAX); /* half of a channel's number */
	assert_int_equal(tt_dcs_set_remote(world.d[1], 6000, 0), TAUT_OK);
	assert_int_equal(tt_dcs_set_remote(world.d[1], 0, 0), TAUT_E_INVAL);
	connect_both();
	for (int i = 0; i < 2; i++)
		assert_int_equal(create(0, false, 0, &ch), TAUT_OK);
	assert_int_equal(create(0, false, 0, &ch), TAUT_E_LIMIT);
	run(SECOND);
	assert_int_equal(world.events[1][TT_DCS_CHANNEL], 2);
	/* one more from the other side is refused here, and closed there */
	assert_int_equal(create(1, false, 0, &ch), TAUT_OK);
	run(SECOND);
	assert_int_equal(world.sim.env[0].drops[TAUT_DROP_DATA_TOO_MANY], 1);
	assert_int_equal(world.events[1][TT_DCS_CLOSE], 1);
	end();
}

static void a_lifetime_of_nothing_is_the_shortest_there_is(void **state)
{
	const struct tt_dcs_init init = { .limit_lifetime = true };
	taut_channel ch;
	(void)state;

	begin(NULL, NULL);
	connect_both();
	assert_int_equal(tt_dcs_create(world.d[0], world.sim.now, &init, &ch), TAUT_OK);
	run(SECOND);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch, true, "x", 1), TAUT_OK);
	run(SECOND);
	assert_int_equal(world.events[1][TT_DCS_MESSAGE], 1);
	end();
}

/* What carries the association goes another way: its window begins anew. */
static void a_new_path_is_told_to_the_association(void **state)
{
	(void)state;
	begin(NULL, NULL);
	connect_both();
	const size_t first = world.d[0]->sctp->cc.cwnd;
	world.d[0]->sctp->cc.cwnd = 100 * first;
	tt_dcs_new_path(world.d[0]);
	assert_int_equal(world.d[0]->sctp->cc.cwnd, first);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channels_wait_for_the_role_and_those_without_a_stream_close),
		cmocka_unit_test(a_stream_that_the_peer_does_not_take_closes),
		cmocka_unit_test(a_stale_number_is_gone_for_every_call),
		cmocka_unit_test(the_number_of_channels_has_a_ceiling),
		cmocka_unit_test(a_lifetime_of_nothing_is_the_shortest_there_is),
		cmocka_unit_test(a_new_path_is_told_to_the_association),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
