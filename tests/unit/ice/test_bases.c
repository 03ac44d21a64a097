/* Sockets that come and go, and what a pair is asked beside: one agent's own affairs. */
#include "ice/ice_agent.h"

#include "world.h"

static void begin(struct world *w)
{
	world_init(w, 1, NULL, NULL, 0);
	world_iface(&w->h[0], "10.0.0.1");
	world_iface(&w->h[1], "10.0.0.2");
	world_begin(w);
	world_run_until(w, w->sim.now + SEC, world_both_selected);
	assert_paths_meet(w);
	for (int i = 0; i < 2; i++)
		tt_ice_set_renomination(w->h[i].ice, true);
}

static void set(struct world *w, size_t count)
{
	assert_int_equal(tt_ice_set_interfaces(w->h[0].ice, w->sim.now, w->h[0].iface, count),
			 TAUT_OK);
}

static const struct ice_base *base_of(const struct world *w, const char *text)
{
	const struct taut_addr a = ip(text, 0);

	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (w->h[0].ice->base[i].state == BASE_OPEN &&
		    tt_addr_eq_ip(&w->h[0].ice->base[i].addr, &a))
			return &w->h[0].ice->base[i];
	fail_msg("no socket on %s", text);
	return NULL;
}

/* What the restart would have told is untold again, and so is what came meanwhile. */
static void a_restart_that_is_rolled_back_tells_no_late_address(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	world_iface(&w.h[0], "10.0.0.3");
	set(&w, 2);
	world_io(&w, 0);
	assert_false(base_of(&w, "10.0.0.1")->late);
	assert_true(base_of(&w, "10.0.0.3")->late);
	assert_int_equal(tt_ice_restart(w.h[0].ice, w.sim.now), TAUT_OK);
	tt_ice_gather(w.h[0].ice, w.sim.now);
	world_iface(&w.h[0], "10.0.0.4");
	set(&w, 3);
	world_io(&w, 0);
	assert_false(base_of(&w, "10.0.0.3")->late);
	assert_false(base_of(&w, "10.0.0.4")->late);
	assert_int_equal(tt_ice_restart_undo(w.h[0].ice, w.sim.now), TAUT_OK);
	assert_false(base_of(&w, "10.0.0.1")->late);
	assert_true(base_of(&w, "10.0.0.3")->late);
	assert_true(base_of(&w, "10.0.0.4")->late);
	world_free(&w);
}

/* The place of the new one is before that of the old one; a shared socket would have been asked for twice. */
static void an_address_that_goes_and_comes_is_closed_before_it_is_opened(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	world_iface(&w.h[0], "10.0.0.3");
	set(&w, 2);
	world_iface(&w.h[0], "10.0.0.4");
	set(&w, 3);
	world_io(&w, 0);
	struct tt_ice *ice = w.h[0].ice;
	const struct ice_base *old = base_of(&w, "10.0.0.4");
	const taut_flow flow = old->flow;
	const struct taut_interface kept = w.h[0].iface[2];
	assert_true(base_of(&w, "10.0.0.3") < old);
	w.h[0].iface[1] = kept; /* .3 goes */
	set(&w, 2);
	world_io(&w, 0);
	set(&w, 1); /* .4 goes ... */
	set(&w, 2); /* ... and is there again */
	const struct taut_io *io = tt_ice_poll_io(ice);
	assert_non_null(io);
	assert_int_equal(io->kind, TAUT_IO_CLOSE);
	assert_int_equal(io->flow, flow);
	io = tt_ice_poll_io(ice);
	assert_non_null(io);
	assert_int_equal(io->kind, TAUT_IO_UDP);
	assert_true(tt_addr_eq_ip(&io->local, &kept.addr));
	assert_true(io->flow != flow);
	world_free(&w);
}

/* RFC 7675 section 5.1: what is consented to stays, whatever becomes of a check beside that. */
static void a_check_that_nobody_answers_ends_no_pair_with_consent(void **state)
{
	struct world w;

	(void)state;
	for (int fresh = 0; fresh < 2; fresh++) {
		begin(&w);
		struct tt_ice *ice = w.h[0].ice;
		struct ice_pair *p = tt_ice_pair_at(ice->cur, ice->path);
		assert_int_equal(p->state, TT_ICE_PAIR_SUCCEEDED);
		p->state = TT_ICE_PAIR_IN_PROGRESS;
		p->use_candidate = true;
		ice->cur->nominating = ice->path;
		p->retry.sent = p->retry.rc;
		p->retry.next = w.sim.now;
		if (!fresh)
			p->consent_until = w.sim.now;
		tt_ice_check_tick(ice, w.sim.now);
		assert_int_equal(p->state, fresh ? TT_ICE_PAIR_SUCCEEDED : TT_ICE_PAIR_FAILED);
		assert_int_equal(p->valid, fresh);
		assert_int_equal(ice->cur->nominating, -1); /* it is tried anew, or another is */
		assert_false(p->use_candidate);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_that_is_rolled_back_tells_no_late_address),
		cmocka_unit_test(an_address_that_goes_and_comes_is_closed_before_it_is_opened),
		cmocka_unit_test(a_check_that_nobody_answers_ends_no_pair_with_consent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
