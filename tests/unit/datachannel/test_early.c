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
	unsigned up[2], channel[2], open[2];
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
			assert_int_equal(tt_dcs_recv(e->d[p->to], e->sim.now, p->data, p->len), 0);
			settle(e, p->to);
			free(p);
		}
		for (int i = 0; i < 2; i++)
			settle(e, i);
	}
}

static void an_open_goes_with_the_cookie_echo(void **state)
{
	const struct sim_link link = { .delay = DELAY };
	const struct tt_dcs_config cfg = { .sctp = { .max_streams = 16 } };
	struct ends e = { 0 };
	taut_channel c;

	(void)state;
	sim_init(&e.sim, 1, &link);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tt_dcs_new(&e.d[i], &e.sim.env[i], &cfg, e.sim.now), 0);
		tt_dcs_set_role(e.d[i], e.sim.now, i == 0);
	}
	const struct tt_dcs_init init = { .label = "x" };
	assert_int_equal(tt_dcs_create(e.d[0], e.sim.now, &init, &c), 0);
	assert_int_equal(tt_dcs_connect(e.d[0], e.sim.now), 0);
	run(&e, 3); /* INIT, INIT ACK, COOKIE ECHO */
	assert_int_equal(e.channel[1], 1);
	assert_int_equal(e.open[0], 0); /* it may not send yet */
	run(&e, 1);
	assert_int_equal(e.up[0], 1);
	assert_int_equal(e.open[0], 1);
	run(&e, 20);
	assert_int_equal(e.channel[1], 1); /* it was sent once */
	for (int i = 0; i < 2; i++)
		tt_dcs_free(e.d[i]);
	sim_free(&e.sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_goes_with_the_cookie_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
