/* test_early.c - a channel's OPEN goes with COOKIE ECHO, RFC 9260 section 5.1, and the application hears when all is up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "datachannel/datachannel.h"
#include "support/sim.h"

enum { DELAY = 10000 };

struct ends {
	struct sim sim;
	struct tt_dcs *d[2]; /* 0 is the DTLS client, and connects */
	unsigned up[2], channel[2], open[2], close[2];
	bool may_refuse;
	taut_channel last[2],
		heard[2]; /* the last channel of the peer, and the last with a message */
};

static void settle(struct ends *e, int i)
{
	const struct tt_dcs_event *ev;
	uint8_t buf[2048];
	size_t len;

	while ((ev = tt_dcs_poll_event(e->d[i], e->sim.now)) != NULL) {
		e->up[i] += ev->type == TT_DCS_ASSOCIATION_UP;
		e->channel[i] += ev->type == TT_DCS_CHANNEL;
		e->open[i] += ev->type == TT_DCS_OPEN;
		e->close[i] += ev->type == TT_DCS_CLOSE;
		if (ev->type == TT_DCS_CHANNEL)
			e->last[i] = ev->channel;
		if (ev->type == TT_DCS_MESSAGE)
			e->heard[i] = ev->channel;
	}
	while ((len = tt_dcs_poll_send(e->d[i], e->sim.now, buf, sizeof buf)) > 0)
		sim_send(&e->sim, 1 - i, buf, len, NULL, NULL);
}

/* So many ways of the link. */
static void run(struct ends *e, int ways)
{
	for (; ways > 0; ways--) {
		struct sim_packet *p;
		for (int i = 0; i < 2; i++)
			settle(e, i);
		e->sim.now += DELAY;
		while ((p = sim_take(&e->sim)) != NULL) {
			const int refused = tt_dcs_recv(e->d[p->to], e->sim.now, p->data, p->len);
			assert_true(refused == 0 || e->may_refuse);
			settle(e, p->to);
			free(p);
		}
		for (int i = 0; i < 2; i++)
			settle(e, i);
	}
}

static void begin(struct ends *e)
{
	const struct sim_link link = { .delay = DELAY };
	const struct tt_dcs_config cfg = { .sctp = { .max_streams = 16 } };

	*e = (struct ends){ 0 };
	sim_init(&e->sim, 1, &link);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tt_dcs_new(&e->d[i], &e->sim.env[i], &cfg, e->sim.now), 0);
		tt_dcs_set_role(e->d[i], e->sim.now, i == 0);
	}
}

static taut_channel create(struct ends *e, const char *label)
{
	const struct tt_dcs_init init = { .label = label };
	taut_channel c;

	assert_int_equal(tt_dcs_create(e->d[0], e->sim.now, &init, &c), 0);
	return c;
}

static void end(struct ends *e)
{
	for (int i = 0; i < 2; i++)
		tt_dcs_free(e->d[i]);
	sim_free(&e->sim);
}

static void each_open_goes_with_the_cookie_echo(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	for (int n = 0; n < 3; n++)
		create(&e, "x");
	assert_int_equal(tt_dcs_connect(e.d[0], e.sim.now), 0);
	run(&e, 3); /* INIT, INIT ACK, COOKIE ECHO */
	assert_int_equal(e.channel[1], 3);
	assert_int_equal(e.open[0], 0); /* it may not send yet */
	run(&e, 1);
	assert_int_equal(e.up[0], 1);
	assert_int_equal(e.open[0], 3);
	run(&e, 20);
	for (int reason = 0; reason < TAUT_DROPS; reason++)
		assert_int_equal(e.sim.env[1].drops[reason], 0); /* each was sent once */
	end(&e);
}

/* RFC 9260 section 5.2.1: INITs that cross. */
static void an_open_arrives_where_both_connect(void **state)
{
	struct ends e;

	(void)state;
	for (int late = 0; late < 2; late++) {
		begin(&e);
		create(&e, "x");
		assert_int_equal(tt_dcs_connect(e.d[late], e.sim.now), 0);
		run(&e, 0);
		assert_int_equal(tt_dcs_connect(e.d[1 - late], e.sim.now), 0);
		run(&e, 20);
		assert_int_equal(e.channel[1], 1);
		assert_int_equal(e.open[0], 1);
		for (int i = 0; i < 2; i++)
			assert_int_equal(e.up[i], 1);
		end(&e);
	}
}

/* Its OPEN is out: the peer has to hear that it is closed before the stream is another channel's. */
static void a_channel_that_is_closed_before_the_cookie_ack_is_closed_for_the_peer_too(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	const taut_channel old = create(&e, "old");
	assert_int_equal(tt_dcs_connect(e.d[0], e.sim.now), 0);
	run(&e, 2); /* INIT, INIT ACK; COOKIE ECHO leaves, with OPEN */
	assert_int_equal(tt_dcs_close(e.d[0], e.sim.now, old), 0);
	run(&e, 20);
	assert_int_equal(e.channel[1], 1);
	assert_int_equal(e.open[0], 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(e.close[i], 1);
	const taut_channel fresh = create(&e, "new");
	run(&e, 20);
	assert_int_equal(e.channel[1], 2);
	assert_int_equal(tt_dcs_send(e.d[0], e.sim.now, fresh, false, "to new", 6), 0);
	run(&e, 20);
	assert_int_equal(e.heard[1], e.last[1]);
	assert_int_equal(e.close[1], 1);
	end(&e);
}

/* The answerer took SNAP for agreed, and the offerer did not: what was made stays. */
static void channels_outlive_a_handshake_after_all(void **state)
{
	const struct tt_dcs_init negotiated = { .label = "n", .negotiated = true, .id = 3 };
	const struct tt_dcs_init asked = { .label = "a" };
	struct ends e;
	uint8_t init[512];
	taut_channel n[2], a;

	(void)state;
	begin(&e);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dcs_create(e.d[i], e.sim.now, &negotiated, &n[i]), 0);
	assert_int_equal(tt_dcs_create(e.d[1], e.sim.now, &asked, &a), 0);
	const size_t len = tt_dcs_snap_write(e.d[0], init, sizeof init);
	assert_int_equal(tt_dcs_snap(e.d[1], init, len, true), 0);
	tt_dcs_no_snap(e.d[0]);
	assert_int_equal(tt_dcs_connect(e.d[1], e.sim.now), 0);
	settle(&e, 1);
	assert_int_equal(tt_dcs_connect(e.d[0], e.sim.now), 0);
	e.may_refuse = true; /* the OPEN that is of no association yet */
	run(&e, 40);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e.up[i], 1);
		assert_int_equal(e.open[i], 2);
		assert_int_equal(e.close[i], 0);
		assert_int_equal(tt_dcs_send(e.d[i], e.sim.now, n[i], false, "x", 1), 0);
	}
	assert_int_equal(e.channel[0], 1);
	end(&e);
}

/* The peer means harm, or its description was another's: by it there are 16 streams, by its INIT 4. */
static void a_channel_beyond_what_the_peer_takes_after_all_holds_up_no_other(void **state)
{
	const struct tt_dcs_config few = { .sctp = { .max_streams = 4 } };
	const struct tt_dcs_init asked = { .label = "a" };
	struct ends e;
	uint8_t init[512];
	taut_channel c[3];

	(void)state;
	begin(&e);
	tt_dcs_free(e.d[0]);
	assert_int_equal(tt_dcs_new(&e.d[0], &e.sim.env[0], &few, e.sim.now), 0);
	tt_dcs_set_role(e.d[0], e.sim.now, true);
	for (int n = 0; n < 3; n++)
		assert_int_equal(tt_dcs_create(e.d[1], e.sim.now, &asked, &c[n]), 0);
	assert_int_equal(tt_dcs_info(e.d[1], c[2])->id, 5);
	const size_t len = tt_dcs_snap_write(e.d[0], init, sizeof init);
	init[15] = 16;
	assert_int_equal(tt_dcs_snap(e.d[1], init, len, true), 0);
	tt_dcs_no_snap(e.d[0]);
	assert_int_equal(tt_dcs_connect(e.d[1], e.sim.now), 0);
	settle(&e, 1);
	assert_int_equal(tt_dcs_connect(e.d[0], e.sim.now), 0);
	e.may_refuse = true;
	run(&e, 40);
	assert_int_equal(e.open[1], 3);
	for (int n = 2; n > 0; n--)
		assert_int_equal(tt_dcs_close(e.d[1], e.sim.now, c[n]), 0);
	run(&e, 40);
	assert_int_equal(e.close[1], 2);
	assert_int_equal(e.close[0], 1);
	end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_open_goes_with_the_cookie_echo),
		cmocka_unit_test(an_open_arrives_where_both_connect),
		cmocka_unit_test(
			a_channel_that_is_closed_before_the_cookie_ack_is_closed_for_the_peer_too),
		cmocka_unit_test(channels_outlive_a_handshake_after_all),
		cmocka_unit_test(a_channel_beyond_what_the_peer_takes_after_all_holds_up_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
