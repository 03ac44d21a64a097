/* Candidates that are gathered before they are wanted: RFC 9429 sections 3.5.4 and 4.1.1. */
#include "ice/ice_agent.h"

#include "world.h"

static void begin(struct world *w)
{
	world_init(w, 1, NULL, NULL, 0);
	for (int i = 0; i < 2; i++) {
		world_iface(&w->h[i], i ? "10.0.0.2" : "10.0.0.1");
		tt_ice_set_interfaces(w->h[i].ice, w->sim.now, w->h[i].iface, w->h[i].ifaces);
		tt_ice_pool(w->h[i].ice, w->sim.now);
	}
	world_run(w, SEC);
}

static void assert_untold(const struct world *w)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w->h[i].sockets, 1);
		assert_int_equal(w->h[i].candidates, 0);
		assert_false(w->h[i].gathering_done);
	}
	assert_int_equal(w->checks, 0);
}

static void use(struct world *w)
{
	for (int i = 0; i < 2; i++)
		tt_ice_gather(w->h[i].ice, w->sim.now);
	world_run_until(w, w->sim.now + SEC, world_both_selected);
	assert_paths_meet(w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w->h[i].candidates, 1);
		assert_true(w->h[i].gathering_done);
	}
}

static void nobody_is_told_or_checked_before_the_pool_is_used(void **state)
{
	const struct tt_ice_candidate c = { .type = TT_ICE_HOST,
					    .component = 1,
					    .foundation = "1",
					    .priority = 2130706431,
					    .addr = ip("10.0.0.2", 5101) };
	struct world w;

	(void)state;
	begin(&w);
	assert_untold(&w);
	for (int i = 0; i < 2; i++)
		world_credentials(&w, i);
	assert_int_equal(tt_ice_add_remote(w.h[0].ice, w.sim.now, &c), 0);
	world_run(&w, 5 * SEC);
	assert_untold(&w);
	use(&w);
	world_free(&w);
}

/* An offer of the peer was taken back, and another came. */
static void a_restart_keeps_the_pool(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < 2; i++)
		world_credentials(&w, i);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_ice_restart(w.h[i].ice, w.sim.now), 0);
	for (int i = 0; i < 2; i++)
		world_credentials(&w, i);
	world_run(&w, SEC);
	assert_untold(&w);
	use(&w);
	world_free(&w);
}

static void after_the_first_gathering_there_is_no_pool(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < 2; i++)
		world_credentials(&w, i);
	assert_false(tt_ice_has_gathered(w.h[0].ice));
	use(&w);
	assert_true(tt_ice_has_gathered(w.h[0].ice));
	assert_int_equal(tt_ice_set_servers(w.h[0].ice, w.sim.now, NULL, 0), TAUT_E_STATE);
	tt_ice_pool(w.h[0].ice, w.sim.now);
	tt_ice_unpool(w.h[0].ice, w.sim.now);
	assert_paths_meet(&w);
	world_free(&w);
}

static const struct tt_ice_server server = { .host = "stun.example" };

/* Agent 0 alone, behind a NAT that a server tells of. */
static void pool_behind_a_nat(struct world *w, bool down)
{
	world_init(w, 1, NULL, &server, 1);
	world_iface(&w->h[0], "10.0.0.1");
	w->h[0].nat = true;
	w->stun_server_down = down;
	tt_ice_set_interfaces(w->h[0].ice, w->sim.now, w->h[0].iface, 1);
	tt_ice_pool(w->h[0].ice, w->sim.now);
}

/* In the seconds between its last request and the next there is no error to be told either. */
static void a_server_that_was_down_is_asked_when_the_pool_is_used(void **state)
{
	struct world w;

	(void)state;
	pool_behind_a_nat(&w, true);
	world_run(&w, 10 * SEC);
	w.stun_server_down = false;
	tt_ice_gather(w.h[0].ice, w.sim.now);
	world_run(&w, SEC);
	assert_true(w.h[0].gathering_done);
	assert_int_equal(w.h[0].candidates, 2);
	assert_null(w.h[0].ice->server[0].why);
	world_free(&w);
}

/* Nothing was kept alive while the machine slept: what the server showed before is not told, but what it shows now. */
static void what_a_server_showed_before_a_sleep_is_not_told(void **state)
{
	struct world w;

	(void)state;
	for (int slept = 0; slept < 2; slept++) {
		pool_behind_a_nat(&w, false);
		world_run(&w, SEC);
		struct tt_ice *ice = w.h[0].ice;
		assert_int_equal(ice->local_count, 2);
		w.sim.now += slept ? 100 * SEC : 0;
		tt_ice_gather(ice, w.sim.now);
		assert_int_equal(ice->local_count, slept ? 1 : 2);
		assert_int_equal(tt_ice_gathering_done(ice), !slept);
		world_run(&w, SEC);
		assert_int_equal(w.h[0].candidates, 2);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_told_or_checked_before_the_pool_is_used),
		cmocka_unit_test(a_restart_keeps_the_pool),
		cmocka_unit_test(after_the_first_gathering_there_is_no_pool),
		cmocka_unit_test(a_server_that_was_down_is_asked_when_the_pool_is_used),
		cmocka_unit_test(what_a_server_showed_before_a_sleep_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
