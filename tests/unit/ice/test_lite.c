/* A lite agent of our own: RFC 8445 sections 2.5, 6.1.1, 7.3.2, 8.2 and 12.1.1. Agent 1 is lite, agent 0 is not. */
#include "ice/ice_agent.h"

#include "taut/why.h"
#include "world.h"

static void says(const struct world *w, uint32_t code, const char *text)
{
	struct tt_ice_why why;

	assert_true(tt_ice_why(w->h[1].ice, 0, &why));
	assert_string_equal(why.text, text);
	assert_int_equal(why.code, code);
}

static void begin(struct world *w, bool lite_offers)
{
	world_init(w, 1, NULL, NULL, 0);
	tt_ice_free(w->h[1].ice);
	w->h[1].next_flow = 1;
	const struct tt_ice_config cfg = { .controlling = lite_offers,
					   .lite = true,
					   .next_flow = &w->h[1].next_flow };
	assert_int_equal(tt_ice_new(&w->h[1].ice, &w->sim.env[1], &cfg, w->sim.now), 0);
	world_iface(&w->h[0], "10.0.0.1");
	world_iface(&w->h[1], "10.0.0.2");
}

/* Agent 0 is told of the other, which is lite. */
static void hears_of_lite(struct world *w, const char *pwd)
{
	const struct tt_ice *lite = w->h[1].ice;

	assert_int_equal(
		tt_ice_set_remote(w->h[0].ice, w->sim.now, tt_ice_local_ufrag(lite), pwd, true),
		TAUT_OK);
}

/* What descriptions say, with a=ice-lite of agent 1. */
static void exchange(struct world *w)
{
	hears_of_lite(w, tt_ice_local_pwd(w->h[1].ice));
	world_credentials(w, 1);
}

static void begin_and_gather(struct world *w, bool lite_offers)
{
	begin(w, lite_offers);
	for (int i = 0; i < 2; i++)
		world_gather(w, i);
}

static void meet(struct world *w, bool lite_offers)
{
	begin_and_gather(w, lite_offers);
	exchange(w);
	world_run_until(w, w->sim.now + 5 * SEC, world_both_selected);
	assert_paths_meet(w);
}

static void a_lite_agent_is_found_and_asks_nothing(void **state)
{
	struct world w;

	(void)state;
	for (int offers = 0; offers < 2; offers++) {
		meet(&w, offers);
		assert_true(tt_ice_controlling(w.h[0].ice));
		assert_false(tt_ice_controlling(w.h[1].ice));
		world_run(&w, 120 * SEC);
		assert_paths_meet(&w);
		assert_int_equal(tt_ice_counters(w.h[1].ice)->checks_sent, 0);
		assert_true(tt_ice_counters(w.h[1].ice)->checks_received > 20); /* consent */
		assert_in_range(tt_ice_state(w.h[1].ice), TT_ICE_CONNECTED, TT_ICE_COMPLETED);
		world_free(&w);
	}
}

/* 12.1.1 and 12.2: what is checked is not yet nominated, and the peer may send there. */
static void nothing_is_valid_before_it_is_nominated(void **state)
{
	struct world w;

	(void)state;
	begin_and_gather(&w, false);
	w.h[0].ice->cur->nominate_at = INT64_MAX;
	exchange(&w);
	for (int n = 0; n < 1000 && tt_ice_counters(w.h[1].ice)->checks_received == 0; n++)
		world_run(&w, MS);
	assert_true(tt_ice_counters(w.h[1].ice)->checks_received > 0);
	assert_null(w.h[1].ice->path_gen);
	assert_int_equal(tt_ice_pair_at(w.h[1].ice->cur, 0)->state, TT_ICE_PAIR_SUCCEEDED);
	assert_false(tt_ice_pair_at(w.h[1].ice->cur, 0)->valid);
	assert_true(tt_ice_may_recv(w.h[1].ice, w.h[1].flow[0], &w.h[0].addr[0]));
	world_run_until(&w, w.sim.now + 5 * SEC, world_both_selected);
	assert_paths_meet(&w);
	world_free(&w);
}

/* 30 s without any, and told after 15: RFC 7675 has it for those that ask. */
static void the_peer_s_checks_are_its_consent(void **state)
{
	struct world w;

	(void)state;
	meet(&w, true);
	w.h[0].mute = true;
	const taut_time heard = tt_ice_pair_at(w.h[1].ice->cur, w.h[1].ice->path)->heard;
	world_run(&w, heard + 14 * SEC - w.sim.now);
	assert_in_range(tt_ice_state(w.h[1].ice), TT_ICE_CONNECTED, TT_ICE_COMPLETED);
	world_run(&w, 2 * SEC);
	assert_int_equal(tt_ice_state(w.h[1].ice), TT_ICE_DISCONNECTED);
	assert_non_null(w.h[1].ice->path_gen);
	says(&w, TAUT_WHY_CONNECTED,
	     "data goes over 10.0.0.2:5101 -> 10.0.0.1:5001, and the peer has not sent consent "
	     "checks for a while");
	assert_string_equal(w.h[1].ice->why, "the peer sends no consent checks");
	w.h[0].mute = false;
	world_run(&w, 7 * SEC);
	assert_in_range(tt_ice_state(w.h[1].ice), TT_ICE_CONNECTED, TT_ICE_COMPLETED);
	w.h[0].mute = true;
	world_run(&w, 31 * SEC);
	assert_int_equal(tt_ice_state(w.h[1].ice), TT_ICE_FAILED);
	assert_null(w.h[1].ice->path_gen);
	says(&w, TAUT_WHY_CONSENT, "the peer has sent no consent check for 30 s");
	world_free(&w);
}

/* Whose answer to a restart takes its time is heard over the old path meanwhile. */
static void a_restart_that_waits_keeps_the_old_path(void **state)
{
	struct world w;

	(void)state;
	meet(&w, true);
	assert_int_equal(tt_ice_restart(w.h[1].ice, w.sim.now), TAUT_OK);
	world_run(&w, 40 * SEC);
	assert_non_null(w.h[1].ice->path_gen);
	assert_ptr_equal(w.h[1].ice->path_gen, w.h[1].ice->prev);
	w.h[0].mute = true;
	world_run(&w, 31 * SEC);
	assert_null(w.h[1].ice->path_gen);
	world_free(&w);
}

/* A check that came before the description, which no other check repeats, is remembered. */
static void a_nomination_before_the_description_counts(void **state)
{
	struct world w;

	(void)state;
	begin_and_gather(&w, true);
	struct tt_ice *lite = w.h[1].ice;
	hears_of_lite(&w, tt_ice_local_pwd(lite));
	world_run(&w, 3 * SEC);
	assert_null(lite->path_gen);
	assert_false(tt_ice_may_recv(lite, w.h[1].flow[0], &w.h[0].addr[0]));
	world_credentials(&w, 1);
	assert_non_null(lite->path_gen);
	world_free(&w);
}

/* 7.3.1.1: whoever takes us for the controlling one is told, however high our tie-breaker is. */
static void a_lite_agent_never_controls(void **state)
{
	struct world w;

	(void)state;
	begin_and_gather(&w, true);
	w.h[0].ice->controlling = false;
	w.h[0].ice->cur->first_check = true; /* only a conflict turns it from now on */
	w.h[1].ice->tiebreaker = UINT64_MAX;
	for (int i = 0; i < 2; i++)
		world_credentials(&w, i);
	tt_ice_set_role(w.h[1].ice, w.sim.now, true);
	world_run_until(&w, w.sim.now + 5 * SEC, world_both_selected);
	assert_paths_meet(&w);
	assert_true(tt_ice_controlling(w.h[0].ice));
	assert_false(tt_ice_controlling(w.h[1].ice));
	world_free(&w);
}

static void two_lite_agents_are_none(void **state)
{
	struct world w;

	(void)state;
	begin(&w, false);
	assert_int_equal(
		tt_ice_set_remote(w.h[1].ice, w.sim.now, "abcd", "abcdefghijklmnopqrstuv", true),
		TAUT_E_UNSUPPORTED);
	assert_false(w.h[1].ice->cur->has_remote);
	world_free(&w);
}

/* Whichever comes first, its sockets or what the peer says. */
static void nobody_comes(void **state)
{
	struct world w;

	(void)state;
	for (int answers = 0; answers < 2; answers++) {
		begin(&w, !answers);
		w.h[0].mute = true;
		if (answers) {
			world_gather(&w, 0);
			world_settle(&w);
			exchange(&w);
			world_gather(&w, 1);
		} else {
			world_gather(&w, 1);
			world_io(&w, 1);
			world_gather(&w, 0);
			exchange(&w);
		}
		world_run(&w, 10 * SEC);
		assert_int_equal(w.h[1].ice->cur->remote_count, 1);
		says(&w, TAUT_WHY_WAITING,
		     "we are a lite agent and wait for checks of the peer, and none came yet");
		assert_string_equal(w.h[1].ice->why, "the peer's checks are awaited");
		world_run(&w, 50 * SEC);
		assert_int_equal(tt_ice_state(w.h[1].ice), TT_ICE_FAILED);
		says(&w, TAUT_WHY_UNANSWERED,
		     "we are a lite agent and wait for checks of the peer, and none came");
		assert_int_equal(tt_ice_counters(w.h[1].ice)->checks_sent, 0);
		world_free(&w);
	}
}

static bool unless_it_nominates(struct world *w, int from, struct tt_ice_out *out)
{
	struct tt_stun_msg m;

	(void)w;
	return from == 1 || tt_stun_read(&m, out->buf, out->len) != TT_STUN_OK ||
	       !(m.has & TT_STUN_HAS_USE_CANDIDATE);
}

/* A peer takes long to choose, and then is gone: its checks are hope as long as they come, and for half a minute. */
static void who_checks_may_nominate_late(void **state)
{
	struct world w;
	struct tt_ice_why why;

	(void)state;
	for (int goes = 0; goes < 2; goes++) {
		begin_and_gather(&w, true);
		exchange(&w);
		w.tap = unless_it_nominates;
		world_run(&w, 50 * SEC);
		assert_int_equal(tt_ice_state(w.h[1].ice), TT_ICE_CHECKING);
		says(&w, TAUT_WHY_WAITING,
		     "checks of the peer came, and it has nominated no pair yet");
		assert_true(tt_ice_why(w.h[1].ice, 1, &why));
		assert_non_null(strstr(why.text, ": not nominated, 0 requests sent, "));
		w.h[0].mute = goes;
		w.tap = NULL;
		world_run(&w, 35 * SEC);
		assert_int_equal(tt_ice_state(w.h[1].ice), goes ? TT_ICE_FAILED : TT_ICE_COMPLETED);
		if (goes)
			says(&w, TAUT_WHY_SPARED,
			     "checks of the peer came, and it has nominated no pair");
		world_free(&w);
	}
}

static void what_keeps_the_peer_away_is_named(void **state)
{
	static const char pwd[] = "abcdefghijklmnopqrstuvwxyz";
	struct world w;

	(void)state;
	begin_and_gather(&w, true);
	world_credentials(&w, 1);
	hears_of_lite(&w, pwd);
	world_run(&w, 60 * SEC);
	assert_int_equal(tt_ice_state(w.h[1].ice), TT_ICE_FAILED);
	says(&w, TAUT_WHY_PASSWORD,
	     "7 messages came that were signed with another password: the descriptions may be of "
	     "two sessions");
	world_free(&w);

	begin(&w, true);
	w.h[0].ifaces = 0;
	world_iface(&w.h[0], "2001:db8::1");
	for (int i = 0; i < 2; i++)
		world_gather(&w, i);
	exchange(&w);
	world_run(&w, 60 * SEC);
	assert_int_equal(tt_ice_state(w.h[1].ice), TT_ICE_FAILED);
	says(&w, TAUT_WHY_FAMILY, "there is only IPv4 here, and the peer has only IPv6");
	world_free(&w);
}

/* What was nominated before the description, and then not spoken of for half a minute, is no hope. */
static void what_was_nominated_long_ago_does_not_count(void **state)
{
	struct world w;

	(void)state;
	begin_and_gather(&w, true);
	struct tt_ice *lite = w.h[1].ice;
	hears_of_lite(&w, tt_ice_local_pwd(lite));
	world_run(&w, 3 * SEC);
	w.h[0].mute = true;
	world_run(&w, 40 * SEC);
	world_credentials(&w, 1);
	assert_null(lite->path_gen);
	world_run(&w, 45 * SEC);
	assert_int_equal(tt_ice_state(lite), TT_ICE_FAILED);
	world_free(&w);
}

/* It may be the one that nominates, which is not said again: who is not answered repeats it. */
static void what_cannot_be_remembered_is_not_answered(void **state)
{
	struct world w;

	(void)state;
	for (int full = 0; full < 2; full++) {
		begin(&w, true);
		w.trickle = false;
		for (int i = 0; i < 2; i++)
			world_gather(&w, i);
		world_settle(&w);
		struct tt_ice *lite = w.h[1].ice;
		if (full) /* of candidates that were learned from checks */
			lite->cur->prflx_count = TT_ICE_MAX_PRFLX;
		else /* checks of somebody else came first */
			memcpy(lite->cur->remote_ufrag, "else", 5);
		hears_of_lite(&w, tt_ice_local_pwd(lite));
		world_signal(&w, 1, &w.h[1].candidate[0]);
		world_run(&w, 3 * SEC);
		assert_true(tt_ice_counters(lite)->checks_received > 0);
		assert_int_equal(tt_ice_counters(lite)->responses_sent, 0);
		lite->cur->prflx_count = 0;
		world_credentials(&w, 1);
		world_run_until(&w, w.sim.now + 10 * SEC, world_both_selected);
		assert_paths_meet(&w);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lite_agent_is_found_and_asks_nothing),
		cmocka_unit_test(nothing_is_valid_before_it_is_nominated),
		cmocka_unit_test(the_peer_s_checks_are_its_consent),
		cmocka_unit_test(a_restart_that_waits_keeps_the_old_path),
		cmocka_unit_test(a_nomination_before_the_description_counts),
		cmocka_unit_test(a_lite_agent_never_controls),
		cmocka_unit_test(two_lite_agents_are_none),
		cmocka_unit_test(nobody_comes),
		cmocka_unit_test(who_checks_may_nominate_late),
		cmocka_unit_test(what_keeps_the_peer_away_is_named),
		cmocka_unit_test(what_was_nominated_long_ago_does_not_count),
		cmocka_unit_test(what_cannot_be_remembered_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
