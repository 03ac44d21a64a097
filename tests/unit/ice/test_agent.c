/* Two agents find each other: RFC 8445, 8838, 8863, 7675, in virtual time. */
#include "ice/ice_agent.h"

#include "world.h"

static void simple(struct world *w, uint64_t seed, const struct sim_link *link)
{
	world_init(w, seed, link, NULL, 0);
	world_iface(&w->h[0], "10.0.0.1");
	world_iface(&w->h[1], "10.0.0.2");
}

static void two_hosts_connect_in_two_round_trips(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 1, NULL);
	world_begin(&w);
	world_run_until(&w, w.start + 5 * SEC, world_both_selected);
	assert_true(world_both_selected(&w));
	assert_paths_meet(&w);
	assert_true(w.h[0].connected_at - w.start <= 25 * MS); /* one round trip is 20 ms */
	assert_true(w.h[0].selected_at - w.start <= 45 * MS);
	assert_int_equal(tt_ice_rtt(w.h[0].ice), 20 * MS);
	world_run(&w, SEC);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	assert_int_equal(w.h[1].state, TT_ICE_COMPLETED);
	assert_true(w.h[0].first_check && w.h[1].first_check);
	world_free(&w);
}

static void bad_links_only_delay(void **state)
{
	static const struct sim_link links[] = {
		{ .delay = 30 * MS, .loss = 200 },
		{ .delay = 30 * MS, .duplicate = 500 },
		{ .delay = 30 * MS, .reorder = 300, .jitter = 20 * MS },
		{ .delay = 100 * MS, .loss = 200, .duplicate = 100, .reorder = 200, .jitter = 50 * MS,
		  .corrupt = 20 },
		{ .delay = 0 },
		{ .delay = 1 * SEC },
	};

	(void)state;
	for (size_t l = 0; l < TT_COUNT(links); l++)
		for (uint64_t seed = 1; seed <= 20; seed++) {
			struct world w;
			simple(&w, seed, &links[l]);
			world_iface(&w.h[0], "2001:db8::1");
			world_iface(&w.h[1], "2001:db8::2");
			world_begin(&w);
			world_run_until(&w, w.start + 30 * SEC, world_both_selected);
			if (!world_both_selected(&w))
				fail_msg("link %zu seed %llu", l, (unsigned long long)seed);
			world_run(&w, 10 * SEC);
			assert_paths_meet(&w);
			world_free(&w);
		}
}

static uint64_t hash_of_run(uint64_t seed)
{
	static const struct sim_link link = { .delay = 20 * MS, .loss = 100, .jitter = 9 * MS };
	struct world w;

	simple(&w, seed, &link);
	world_begin(&w);
	world_run(&w, 40 * SEC);
	uint64_t hash = w.sim.hash;
	world_free(&w);
	return hash;
}

static bool stop_when_a_check_of_agent_1_left(struct world *w, int from, struct tt_ice_out *out)
{
	w->tap_state |= from == 1 && out->len > 2 && out->buf[0] == 0 && out->buf[1] == 1;
	return true;
}

static bool tap_is_set(struct world *w)
{
	return w->tap_state != 0;
}

/* A check of the peer starts one of ours; where they come often and the round trip is long, ours
 * must still live until it can be answered. Behind a NAT all checks of a peer look like this. */
static void many_checks_do_not_outrun_a_long_round_trip(void **state)
{
	const struct sim_link link = { .delay = 1500 * MS };
	struct world w;
	uint8_t check[2048];

	(void)state;
	simple(&w, 1, &link);
	w.tap = stop_when_a_check_of_agent_1_left;
	world_begin(&w);
	world_run_until(&w, w.start + SEC, tap_is_set);
	const size_t len = w.last_len[1];
	const struct tt_ice_out out = w.last_out[1];
	memcpy(check, w.last[1], len);
	for (int i = 0; i < 300 && w.h[0].state < TT_ICE_CONNECTED; i++) {
		assert_int_equal(tt_ice_recv(w.h[0].ice, w.sim.now, w.h[0].flow[0], &out.remote,
		                             &out.local, check, len),
		                 0);
		world_run(&w, 60 * MS);
	}
	assert_true(w.h[0].state == TT_ICE_CONNECTED || w.h[0].state == TT_ICE_COMPLETED);
	world_free(&w);
}

static bool lose_all_and_mark_who_was_asked(struct world *w, int from, struct tt_ice_out *out)
{
	if (from == 0 && out->remote.ip[3] >= 11)
		w->tap_state |= 1 << (out->remote.ip[3] - 11);
	return false;
}

/* 6.1.4.2: candidates of one foundation follow one another at the pace of checks, not at that of
 * the repetitions of the first, which nobody answers. */
static void pairs_of_one_foundation_wait_for_their_turn_alone(void **state)
{
	struct world w;
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "1" };

	(void)state;
	simple(&w, 1, NULL);
	w.trickle = false;
	w.tap = lose_all_and_mark_who_was_asked;
	world_begin(&w);
	for (uint32_t i = 0; i < 4; i++) {
		c.priority = 1000 - i;
		c.addr = ip("10.0.0.11", 5000);
		c.addr.ip[3] = tt_u8(11 + i);
		assert_int_equal(tt_ice_add_remote(w.h[0].ice, w.sim.now, &c), TAUT_OK);
	}
	world_run(&w, 250 * MS);
	assert_int_equal(w.tap_state, 0xf);
	world_free(&w);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	(void)state;
	assert_true(hash_of_run(7) == hash_of_run(7));
	assert_true(hash_of_run(7) != hash_of_run(8));
}

static void hosts_with_several_addresses_use_the_best_pair(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 3, NULL);
	world_iface(&w.h[0], "192.168.1.1");
	world_iface(&w.h[0], "2001:db8::1");
	world_iface(&w.h[0], "fe80::1"); /* not used */
	world_iface(&w.h[0], "127.0.0.1"); /* not used */
	world_iface(&w.h[1], "192.168.1.2");
	world_iface(&w.h[1], "2001:db8::2");
	world_begin(&w);
	world_run(&w, 5 * SEC);
	assert_int_equal(w.h[0].candidates, 3);
	assert_paths_meet(&w);
	assert_int_equal(w.h[0].path.remote.family, 6);
	assert_int_equal(w.h[0].selected, 1);
	world_free(&w);
}

static void loopback_serves_when_there_is_nothing_else(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 4, NULL, NULL, 0);
	for (int i = 0; i < 2; i++)
		world_iface(&w.h[i], "127.0.0.1");
	world_begin(&w);
	world_run(&w, 5 * SEC);
	assert_int_equal(w.h[0].candidates, 1);
	assert_paths_meet(&w);
	world_free(&w);
}

static void both_think_they_control_and_one_yields(void **state)
{
	(void)state;
	for (int controlling = 0; controlling < 2; controlling++)
		for (uint64_t seed = 1; seed <= 8; seed++) {
			struct world w;
			simple(&w, seed, NULL);
			tt_ice_set_role(w.h[0].ice, w.sim.now, controlling);
			tt_ice_set_role(w.h[1].ice, w.sim.now, controlling);
			world_begin(&w);
			world_run(&w, 5 * SEC);
			assert_paths_meet(&w);
			assert_true(tt_ice_controlling(w.h[0].ice) != tt_ice_controlling(w.h[1].ice));
			assert_true(world_both_selected(&w));
			world_free(&w);
		}
}

static void candidates_may_trickle_in_late(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 5, NULL);
	w.trickle = false;
	world_begin(&w);
	world_run(&w, 20 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_CHECKING);
	for (int i = 0; i < 2; i++)
		world_signal(&w, i, &w.h[i].candidate[0]);
	world_run(&w, SEC);
	assert_int_equal(w.h[0].state, TT_ICE_CONNECTED); /* the end was not told */
	for (int i = 0; i < 2; i++)
		tt_ice_remote_end(w.h[i].ice, w.sim.now);
	world_run(&w, SEC);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	assert_paths_meet(&w);
	world_free(&w);
}

/* One side is told nothing: it learns the other from its checks. */
static void one_side_may_know_only_what_checks_reveal(void **state)
{
	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		struct world w;
		simple(&w, 6, NULL);
		w.trickle = false;
		world_begin(&w);
		world_run(&w, 10 * MS);
		world_signal(&w, silent, &w.h[silent].candidate[0]);
		world_run(&w, 5 * SEC);
		assert_paths_meet(&w);
		assert_int_equal(w.h[silent].remote_type, TT_ICE_PRFLX);
		/* Signaled after all, it becomes what it is. */
		world_signal(&w, 1 - silent, &w.h[1 - silent].candidate[0]);
		world_run(&w, 5 * SEC);
		assert_paths_meet(&w);
		world_free(&w);
	}
}

/* RFC 8445 7.3.1.4: checks come before the answer does. */
static void checks_that_overtake_the_description_are_answered(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 7, NULL);
	tt_ice_set_role(w.h[0].ice, w.sim.now, true);
	world_gather(&w, 0); /* the offerer, and its candidates are known */
	world_run(&w, MS);
	world_credentials(&w, 1);
	world_gather(&w, 1);
	world_run(&w, SEC);
	assert_int_equal(w.h[0].state, TT_ICE_NEW);
	assert_true(world_can_send(&w, 1)); /* its checks were answered */
	assert_false(world_can_send(&w, 0));
	assert_false(tt_ice_may_recv(w.h[0].ice, w.h[0].flow[0], &w.h[1].addr[0]));
	assert_true(tt_ice_may_hold(w.h[0].ice, w.h[0].flow[0], &w.h[1].addr[0]));
	world_credentials(&w, 0);
	world_run(&w, 100 * MS);
	assert_paths_meet(&w);
	assert_true(world_both_selected(&w));
	world_free(&w);
}

static void an_agent_behind_a_nat_learns_its_outside_from_server_and_peer(void **state)
{
	static const struct tt_ice_server server = { .host = "stun.example" };

	(void)state;
	for (int with_server = 0; with_server < 2; with_server++) {
		struct world w;
		world_init(&w, 8, NULL, with_server ? &server : NULL, (size_t)with_server);
		world_iface(&w.h[0], "10.0.0.1");
		world_iface(&w.h[1], "198.51.100.2");
		w.h[0].nat = true;
		world_begin(&w);
		world_run(&w, 5 * SEC);
		assert_int_equal(w.h[0].candidates, (size_t)(1 + with_server));
		assert_true(world_both_selected(&w));
		assert_true(tt_addr_eq_ip(&w.h[1].path.remote, &nat_outside));
		if (with_server) {
			const struct tt_ice_candidate *c = &w.h[0].candidate[1];
			assert_int_equal(c->type, TT_ICE_SRFLX);
			assert_true(tt_addr_eq_ip(&c->addr, &nat_outside));
			assert_true(tt_addr_eq(&c->related, &w.h[0].addr[0]));
			assert_true(c->priority < w.h[0].candidate[0].priority);
			assert_string_not_equal(c->foundation, w.h[0].candidate[0].foundation);
		}
		world_run(&w, 60 * SEC);
		assert_true(world_can_send(&w, 0) && world_can_send(&w, 1));
		world_free(&w);
	}
}

static void gathering_ends_though_servers_are_silent_or_unknown(void **state)
{
	static const struct tt_ice_server servers[] = { { .host = "192.0.2.1" },
		                                        { .host = "nowhere.example", .port = 9 } };
	struct world w;

	(void)state;
	world_init(&w, 9, NULL, servers, 2);
	world_iface(&w.h[0], "10.0.0.1");
	w.stun_server_down = true;
	world_gather(&w, 0);
	world_run(&w, 7 * SEC);
	assert_false(w.h[0].gathering_done);
	world_run(&w, 2 * SEC);
	assert_true(w.h[0].gathering_done);
	assert_int_equal(w.server_requests, 5);
	assert_int_equal(w.h[0].errors, 2);
	assert_int_equal(w.h[0].error, TT_ICE_UNREACHED);
	assert_true(tt_ice_deadline(w.h[0].ice, NULL) == INT64_MAX);
	world_free(&w);
}

/* What a machine that slept finds due: the end of one question, and the next, which keeps the mapping alive. */
static void a_server_is_asked_again_by_who_slept_over_its_silence(void **state)
{
	static const struct tt_ice_server server = { .host = "stun.example" };
	uint8_t buf[1500];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	struct world w;

	(void)state;
	world_init(&w, 9, NULL, &server, 1);
	world_iface(&w.h[0], "10.0.0.1");
	w.h[0].nat = true;
	world_gather(&w, 0);
	world_run(&w, 2 * SEC);
	assert_int_equal(w.h[0].candidates, 2);
	assert_int_equal(w.server_requests, 1);
	w.stun_server_down = true;
	world_run(&w, 15 * SEC);
	assert_true(w.server_requests > 1);
	const taut_time later = w.sim.now + 100 * SEC;
	tt_ice_tick(w.h[0].ice, later);
	assert_true(tt_ice_poll_send(w.h[0].ice, later, &out));
	assert_true(tt_addr_eq(&out.remote, &stun_server));
	assert_false(tt_ice_poll_send(w.h[0].ice, later, &out));
	assert_true(tt_ice_deadline(w.h[0].ice, NULL) > later);
	world_free(&w);
}

/* 6.1.4.2: as soon as there are pairs one is checked; gathering goes on meanwhile. */
static void a_silent_server_holds_up_no_check(void **state)
{
	static const struct tt_ice_server server = { .host = "192.0.2.1" };
	struct world w;

	(void)state;
	world_init(&w, 1, NULL, &server, 1);
	world_iface(&w.h[0], "10.0.0.1");
	world_iface(&w.h[1], "10.0.0.2");
	w.stun_server_down = true;
	world_begin(&w);
	world_run_until(&w, w.start + 5 * SEC, world_both_selected);
	assert_true(w.h[0].connected_at - w.start <= 30 * MS); /* as without it, and 5 ms */
	assert_true(w.h[0].selected_at - w.start <= 50 * MS);
	world_free(&w);
}

struct pace {
	taut_time last, until;
	unsigned checks, asked;
};
static struct pace pace;

static bool lose_all_and_look_at_the_pace(struct world *w, int from, struct tt_ice_out *out)
{
	if (from != 0 || w->sim.now >= pace.until)
		return false;
	if (pace.last > 0)
		assert_true(w->sim.now - pace.last >= 5 * MS);
	pace.last = w->sim.now;
	if (tt_addr_eq(&out->remote, &stun_server))
		pace.asked++;
	else
		pace.checks++;
	return false;
}

static void twelve_addresses_each(struct world *w)
{
	for (int i = 1; i <= 12; i++) {
		char text[24];
		snprintf(text, sizeof text, "10.0.0.%d", i);
		world_iface(&w->h[0], text);
		snprintf(text, sizeof text, "10.0.1.%d", i);
		world_iface(&w->h[1], text);
	}
}

/* 14.2: a Ta for each of the two, and 5 ms between whatever leaves. */
static void checks_and_requests_to_servers_have_a_pace_each(void **state)
{
	static const struct tt_ice_server server = { .host = "192.0.2.1" };
	struct world w;

	(void)state;
	world_init(&w, 1, NULL, &server, 1);
	w.tap = lose_all_and_look_at_the_pace;
	pace = (struct pace){ .until = w.start + SEC };
	twelve_addresses_each(&w);
	world_begin(&w);
	world_run(&w, 2 * SEC);
	assert_in_range(pace.checks, 19, 20);
	assert_in_range(pace.asked, 18, 20);
	world_free(&w);
}

/* How many checks leave in two seconds to addresses that are silent. */
static unsigned checks_for(taut_time proposed, bool proposes)
{
	struct world w;

	world_init(&w, 1, NULL, NULL, 0);
	w.tap = lose_all_and_look_at_the_pace;
	pace = (struct pace){ .until = w.start + 2 * SEC };
	twelve_addresses_each(&w);
	if (proposes)
		tt_ice_set_remote_ta(w.h[0].ice, proposed);
	world_begin(&w);
	tt_ice_set_remote_ta(w.h[0].ice, 5 * MS); /* too late */
	world_run(&w, 2 * SEC);
	world_free(&w);
	return pace.checks;
}

/* 14.2: the higher of the two; ours is 20 ms, where descriptions say so. A Ta that never ends an attempt is
 * not taken. */
static void the_higher_pace_counts(void **state)
{
	static const struct {
		taut_time proposed;
		unsigned checks;
	} rows[] = {
		{ 0, 100 },      { 5 * MS, 100 }, { 20 * MS, 100 },
		{ 21 * MS, 96 }, { 50 * MS, 40 }, { 199 * MS, 11 },
		{ 200 * MS, 10 }, { 201 * MS, 10 }, { 9999999999 * MS, 10 },
	};

	(void)state;
	assert_int_equal(checks_for(0, false), 40); /* no descriptions at all: the default */
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		assert_int_equal(checks_for(rows[i].proposed, true), rows[i].checks);
}

static bool lose_all(struct world *w, int from, struct tt_ice_out *out)
{
	(void)w, (void)from, (void)out;
	return false;
}

/* Nothing is answered: seconds from the first check until that has failed. */
static int fails_after(int addresses, taut_time ta)
{
	struct world w;

	world_init(&w, 1, NULL, NULL, 0);
	w.tap = lose_all;
	twelve_addresses_each(&w);
	w.h[0].ifaces = w.h[1].ifaces = (size_t)addresses;
	for (int i = 0; i < 2; i++)
		tt_ice_set_remote_ta(w.h[i].ice, ta);
	world_begin(&w);
	const taut_time start = w.sim.now;
	while (tt_ice_state(w.h[0].ice) != TT_ICE_FAILED && w.sim.now < start + 200 * SEC)
		world_run(&w, SEC);
	const int took = (int)((w.sim.now - start) / SEC);
	world_free(&w);
	return took;
}

/* RFC 8445 section 14.3 has RTO grow with the pairs and with Ta, and 79 of those would be an hour. */
static void what_never_answers_has_failed_within_a_minute_or_so(void **state)
{
	static const struct {
		int addresses;
		taut_time ta;
		int least, most;
	} rows[] = {
		{ 1, 20 * MS, 39, 40 },  { 4, 50 * MS, 40, 42 },   { 12, 20 * MS, 40, 43 },
		{ 12, 50 * MS, 44, 47 }, { 12, 200 * MS, 60, 67 }, { 12, 9999 * MS, 60, 67 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		assert_in_range(fails_after(rows[i].addresses, rows[i].ta), rows[i].least,
				rows[i].most);
}

static bool lose_ipv6(struct world *w, int from, struct tt_ice_out *out)
{
	(void)w, (void)from;
	return out->local.family == 4;
}

/* RFC 8421 section 4: the families take turns; and here the second does not wait for Ta. */
static void an_ipv6_that_leads_nowhere_costs_five_milliseconds(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 1, NULL);
	world_iface(&w.h[0], "2001:db8::1");
	world_iface(&w.h[1], "2001:db8::2");
	w.tap = lose_ipv6;
	world_begin(&w);
	world_run_until(&w, w.start + 5 * SEC, world_both_selected);
	assert_true(w.h[0].connected_at - w.start <= 30 * MS);
	assert_int_equal(w.h[0].path.local.family, 4);
	world_free(&w);
}

/* As a NAT loses what comes before it has sent there itself. */
static bool lose_the_first_of_agent_0(struct world *w, int from, struct tt_ice_out *out)
{
	(void)out;
	if (from != 0 || w->tap_state)
		return true;
	w->tap_state = 1;
	return false;
}

static void a_lost_check_is_made_up_for_when_the_peers_comes(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 1, NULL);
	w.tap = lose_the_first_of_agent_0;
	world_begin(&w);
	world_run_until(&w, w.start + 5 * SEC, world_both_selected);
	assert_true(w.h[0].connected_at - w.start <= 35 * MS);
	world_free(&w);
}

static void no_candidates_means_failed_but_not_before_39_5_seconds(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 10, NULL);
	w.h[1].bind_fails = true;
	world_begin(&w);
	world_run(&w, 39 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_CHECKING);
	world_run(&w, SEC);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w.h[i].state, TT_ICE_FAILED);
		assert_int_equal(w.h[i].reason, TAUT_REASON_ICE_NO_PAIR);
		assert_true(tt_ice_deadline(w.h[i].ice, NULL) == INT64_MAX);
	}
	world_free(&w);
}

/* RFC 8489 6.2.1 and 8445 14: never faster than Ta, and so often as 39.5 s have room for with an RTO of 18 Ta. */
static bool count_and_lose(struct world *w, int from, struct tt_ice_out *out)
{
	static taut_time latest; /* tests are single-threaded; reset by tap_state */

	(void)out;
	if (from != 0)
		return false;
	if (w->tap_state++ > 0)
		assert_true(w->sim.now - latest >= 50 * MS);
	latest = w->sim.now;
	return false;
}

static void unanswered_checks_are_paced_and_end(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 11, NULL);
	w.tap = count_and_lose;
	world_iface(&w.h[0], "192.168.1.1");
	for (int i = 2; i < 10; i++) {
		char text[24];
		snprintf(text, sizeof text, "192.168.1.%d", i);
		world_iface(&w.h[1], text);
	}
	world_begin(&w);
	world_run(&w, 200 * SEC);
	assert_int_equal(w.tap_state, 2 * 9 * 6); /* pairs times transmissions */
	assert_int_equal(w.h[0].state, TT_ICE_FAILED);
	assert_int_equal(w.h[0].reason, TAUT_REASON_ICE_NO_PAIR);
	world_free(&w);
}

static void consent_is_kept_for_an_hour(void **state)
{
	static const struct sim_link link = { .delay = 20 * MS, .loss = 50 };
	struct world w;

	(void)state;
	simple(&w, 12, &link);
	world_begin(&w);
	world_run(&w, 3600LL * SEC);
	assert_paths_meet(&w);
	assert_int_equal(w.h[0].selected, 1);
	assert_in_range(tt_ice_counters(w.h[0].ice)->consent_sent, 3600 / 6, 3600 / 4);
	world_free(&w);
}

/* RFC 7675 section 5.1: 4 to 6 seconds, at random; here at whole fifths of a second of the clock. */
static void consent_checks_of_all_connections_share_their_moments(void **state)
{
	struct world w;
	taut_time before = 0, shortest = INT64_MAX, longest = 0;

	(void)state;
	simple(&w, 12, NULL);
	world_begin(&w);
	world_run(&w, 10 * SEC + 77777);
	for (int i = 0; i < 100; i++) {
		const uint64_t sent = tt_ice_counters(w.h[0].ice)->consent_sent;
		const taut_time at = tt_ice_deadline(w.h[0].ice, NULL);

		assert_int_equal(at % (200 * MS), 0);
		world_run(&w, at - w.sim.now + 100 * MS);
		assert_int_equal(tt_ice_counters(w.h[0].ice)->consent_sent, sent + 1);
		if (before > 0) {
			shortest = tt_min64(shortest, at - before);
			longest = tt_max64(longest, at - before);
		}
		before = at;
	}
	assert_in_range(shortest, 4 * SEC, 4 * SEC + 200 * MS);
	assert_in_range(longest, 6 * SEC - 200 * MS, 6 * SEC);
	world_free(&w);
}

static void silence_is_told_after_five_seconds_and_ends_after_thirty(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 13, NULL);
	world_begin(&w);
	world_run(&w, 10 * SEC);
	w.h[1].mute = true;
	world_run(&w, 12 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_DISCONNECTED);
	assert_int_equal(w.h[0].reason, TAUT_REASON_ICE_SILENT);
	assert_true(world_can_send(&w, 0)); /* consent still holds */
	w.h[1].mute = false;
	world_run(&w, 7 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	w.h[1].mute = true;
	world_run(&w, 37 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_FAILED);
	assert_int_equal(w.h[0].reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	assert_false(world_can_send(&w, 0));
	world_free(&w);
}

/* A07: what the peer sends keeps its own consent, not ours. */
static bool lose_answers_to_0(struct world *w, int from, struct tt_ice_out *out)
{
	return !(w->tap_state && from == 1 && out->buf[0] == 1);
}

static void consent_expires_though_the_peer_s_checks_arrive(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 14, NULL);
	w.tap = lose_answers_to_0;
	world_begin(&w);
	world_run(&w, 10 * SEC);
	w.tap_state = 1;
	world_run(&w, 37 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_FAILED);
	assert_int_equal(w.h[0].reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	world_free(&w);
}

static void a_restart_keeps_data_flowing_and_drops_the_old_generation(void **state)
{
	struct world w;
	uint8_t old[2048];

	(void)state;
	simple(&w, 15, NULL);
	world_begin(&w);
	world_run(&w, 6 * SEC); /* a consent check of the old generation is the newest packet */
	char ufrag[16];
	snprintf(ufrag, sizeof ufrag, "%s", tt_ice_local_ufrag(w.h[0].ice));
	size_t old_len = 0;
	for (int k = 0; k < 200 && old_len == 0; k++) {
		world_run(&w, 100 * MS);
		if (w.last_len[1] > 0 && w.last[1][0] == 0 && w.last[1][1] == 1) {
			old_len = w.last_len[1];
			memcpy(old, w.last[1], old_len);
		}
	}
	assert_true(old_len > 0);

	w.trickle = false;
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_ice_restart(w.h[i].ice, w.sim.now), TAUT_OK);
	assert_string_not_equal(ufrag, tt_ice_local_ufrag(w.h[0].ice));
	world_run(&w, 40 * SEC); /* the old pair carries on, with consent */
	assert_true(world_can_send(&w, 0) && world_can_send(&w, 1));
	assert_int_equal(w.h[0].selected, 1);

	w.trickle = true;
	world_begin(&w);
	world_run(&w, 2 * SEC);
	assert_int_equal(w.h[0].selected, 2);
	assert_int_equal(w.h[1].selected, 2);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	assert_paths_meet(&w);

	/* A14: valid once, refused now. */
	uint64_t drops = w.sim.env[0].drops[TAUT_DROP_ICE_USERNAME];
	assert_int_equal(tt_ice_recv(w.h[0].ice, w.sim.now, w.h[0].flow[0], NULL, &w.h[1].addr[0],
	                             old, old_len), 1);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_ICE_USERNAME], drops + 1);

	/* What was under way to the old pair has had its time. */
	const size_t memory = w.sim.env[0].memory;
	world_run(&w, 4 * SEC);
	assert_true(w.sim.env[0].memory < memory);
	assert_int_equal(tt_ice_restart_undo(w.h[0].ice, w.sim.now), TAUT_E_STATE);
	world_free(&w);
}

static void a_restart_leads_out_of_failure(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 16, NULL);
	world_begin(&w);
	world_run(&w, 5 * SEC);
	w.h[0].mute = w.h[1].mute = true;
	world_run(&w, 40 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_FAILED);
	w.h[0].mute = w.h[1].mute = false;
	for (int i = 0; i < 2; i++)
		tt_ice_restart(w.h[i].ice, w.sim.now);
	world_begin(&w);
	world_run(&w, 2 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	assert_paths_meet(&w);
	world_free(&w);
}

/* RFC 8863 section 4 says how long there may be hope for a peer; webrtc-pc section 5.6.4 that nothing is
 * left when all pairs have lost consent. The answer may still come, after that. */
static void a_restart_that_nobody_answers_fails_and_a_late_answer_mends_it(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 23, NULL);
	world_begin(&w);
	world_run(&w, 5 * SEC);
	w.h[0].mute = w.h[1].mute = true;
	tt_ice_restart(w.h[0].ice, w.sim.now);
	world_run(&w, 31 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_DISCONNECTED);
	world_run(&w, 32 * SEC); /* 24 to 30 s of consent were left, and then 39.5 */
	assert_int_equal(w.h[0].state, TT_ICE_DISCONNECTED);
	world_run(&w, 8 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_FAILED);
	assert_int_equal(tt_ice_deadline(w.h[0].ice, NULL), INT64_MAX);
	w.h[0].mute = w.h[1].mute = false;
	tt_ice_restart(w.h[1].ice, w.sim.now);
	world_begin(&w);
	world_run(&w, 2 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	assert_paths_meet(&w);
	world_free(&w);
}

static void a_restart_that_is_rolled_back_leaves_all_as_it_was(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 17, NULL);
	world_begin(&w);
	world_run(&w, 5 * SEC);
	char ufrag[16];
	snprintf(ufrag, sizeof ufrag, "%s", tt_ice_local_ufrag(w.h[0].ice));
	assert_int_equal(tt_ice_restart_undo(w.h[0].ice, w.sim.now), TAUT_E_STATE);
	assert_int_equal(tt_ice_restart(w.h[0].ice, w.sim.now), TAUT_OK);
	world_run(&w, 10 * SEC);
	assert_int_equal(tt_ice_restart_undo(w.h[0].ice, w.sim.now), TAUT_OK);
	assert_string_equal(ufrag, tt_ice_local_ufrag(w.h[0].ice));
	world_run(&w, 60 * SEC);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	assert_int_equal(w.h[0].selected, 1);
	assert_paths_meet(&w);
	world_free(&w);
}

static void an_interface_that_vanishes_is_closed_and_another_pair_is_not_needed_to_fail(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 18, NULL);
	world_begin(&w);
	world_run(&w, 5 * SEC);
	tt_ice_set_interfaces(w.h[0].ice, w.sim.now, NULL, 0);
	world_run(&w, SEC);
	assert_false(world_can_send(&w, 0));
	assert_int_equal(w.h[0].state, TT_ICE_FAILED);
	assert_int_equal(w.h[0].addr[0].family, 0); /* the socket was closed */
	world_free(&w);
}

/* The address in use goes, a worse one stays: both ends end up there for good, though the pair of
 * before was nominated as well and had the higher priority. */
static void the_controlled_side_stays_with_the_pair_nominated_last(void **state)
{
	static const struct sim_link slow = { .delay = 60 * MS };
	struct world w;

	(void)state;
	simple(&w, 21, &slow); /* so that both pairs are known to work before one is nominated */
	world_iface(&w.h[0], "192.168.1.1");
	world_begin(&w);
	world_run(&w, 2 * SEC);
	const struct taut_addr gone = w.h[0].path.local;
	size_t left = 0;
	for (size_t i = 0; i < w.h[0].ifaces; i++)
		if (!tt_addr_eq_ip(&w.h[0].iface[i].addr, &gone))
			w.h[0].iface[left++] = w.h[0].iface[i];
	assert_int_equal(left, w.h[0].ifaces - 1);
	w.h[0].ifaces = left;
	tt_ice_set_interfaces(w.h[0].ice, w.sim.now, w.h[0].iface, left);
	world_run(&w, 10 * SEC);
	struct tt_ice_path a, b;
	assert_true(tt_ice_selected(w.h[0].ice, w.sim.now, &a));
	assert_true(tt_ice_selected(w.h[1].ice, w.sim.now, &b));
	assert_false(tt_addr_eq_ip(&a.local, &gone));
	assert_true(tt_addr_eq(&a.local, &b.remote));
	world_free(&w);
}

static void names_of_the_peer_are_resolved(void **state)
{
	struct world w;

	(void)state;
	simple(&w, 19, NULL);
	w.name = "4f0b9c1e-52a1-4f6e-9d0b-0a1b2c3d4e5f.local";
	/* Only agent 0 can begin: agent 1 hears nothing of it. */
	world_begin(&w);
	world_run(&w, 5 * SEC);
	assert_paths_meet(&w);
	assert_true(w.mdns_queries >= 1);
	world_free(&w);
}

static void a_name_that_nobody_knows_costs_eight_queries_and_nothing_else(void **state)
{
	struct world w;
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "1",
		                      .priority = 1, .addr = { .port = 5000 },
		                      .name = "nobody.local" };

	(void)state;
	simple(&w, 20, NULL);
	world_begin(&w);
	tt_ice_add_remote(w.h[0].ice, w.sim.now, &c);
	world_run(&w, 20 * SEC);
	assert_int_equal(w.mdns_queries, 8);
	assert_int_equal(w.h[0].state, TT_ICE_COMPLETED);
	assert_false(tt_ice_is_multicast(w.h[0].ice, w.h[0].mdns)); /* closed again */
	world_free(&w);
}

/* An interface comes half a second after the last question: the new socket hears on it as well, and the
 * answer to that question may yet be on its way. */
static void a_new_multicast_socket_waits_for_the_last_answer_too(void **state)
{
	struct world w;
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "1",
		                      .priority = 1, .addr = { .port = 5000 },
		                      .name = "nobody.local" };

	(void)state;
	simple(&w, 20, NULL);
	world_begin(&w);
	tt_ice_add_remote(w.h[0].ice, w.sim.now, &c);
	world_run(&w, 7 * SEC + 500 * MS);
	assert_int_equal(w.mdns_queries, 8);
	const taut_flow before = w.h[0].mdns;
	world_iface(&w.h[0], "10.1.0.77");
	tt_ice_set_interfaces(w.h[0].ice, w.sim.now, w.h[0].iface, w.h[0].ifaces);
	world_run(&w, 900 * MS);
	assert_int_not_equal(w.h[0].mdns, before);
	assert_true(tt_ice_is_multicast(w.h[0].ice, w.h[0].mdns));
	world_run(&w, 200 * MS);
	assert_false(tt_ice_is_multicast(w.h[0].ice, w.h[0].mdns));
	assert_int_equal(w.mdns_queries, 8);
	world_free(&w);
}

static void without_multicast_other_candidates_still_work(void **state)
{
	struct world w;
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "1",
		                      .priority = 1, .addr = { .port = 5000 },
		                      .name = "nobody.local" };

	(void)state;
	simple(&w, 21, NULL);
	w.h[0].no_multicast = true;
	tt_ice_add_remote(w.h[0].ice, w.sim.now, &c);
	world_begin(&w);
	world_run(&w, 5 * SEC);
	assert_int_equal(w.mdns_queries, 0);
	assert_paths_meet(&w);
	world_free(&w);
}

static void credentials_of_wrong_length_are_refused(void **state)
{
	struct world w;
	char big[300];

	(void)state;
	simple(&w, 22, NULL);
	memset(big, 'a', sizeof big);
	big[257] = '\0';
	assert_int_equal(tt_ice_set_remote(w.h[0].ice, w.sim.now, "abc", big + 200, false), TAUT_E_INVAL);
	assert_int_equal(tt_ice_set_remote(w.h[0].ice, w.sim.now, "abcd", big + 236, false), TAUT_E_INVAL);
	assert_int_equal(tt_ice_set_remote(w.h[0].ice, w.sim.now, "abcd", big, false), TAUT_E_INVAL);
	assert_int_equal(tt_ice_set_remote(w.h[0].ice, w.sim.now, big, big + 1, false), TAUT_E_INVAL);
	assert_int_equal(tt_ice_set_remote(w.h[0].ice, w.sim.now, big + 1, big + 1, false), TAUT_OK);
	assert_int_equal(tt_ice_set_remote(w.h[0].ice, w.sim.now, big + 1, big + 1, false), TAUT_OK);
	assert_int_equal(tt_ice_set_remote(w.h[0].ice, w.sim.now, "other", big + 1, false), TAUT_E_STATE);
	assert_true(tt_ice_remote_changes(w.h[0].ice, "other", big + 1));
	world_free(&w);
}

static void every_allocation_may_fail(void **state)
{
	struct sim s;
	struct tt_ice *ice = NULL;
	taut_flow next = 1;
	const struct tt_ice_server server = { .host = "stun.example" };
	const struct tt_ice_config cfg = { .servers = &server, .server_count = 1, .next_flow = &next };
	size_t max = 0;

	(void)state;
	sim_init(&s, 23, NULL);
	for (int err = -1; err != 0; max += 64) {
		assert_true(max < 1u << 20);
		s.env[0].max_memory = max + 1;
		err = tt_ice_new(&ice, &s.env[0], &cfg, s.now);
		assert_true(err == 0 || err == TAUT_E_NOMEM);
		assert_true(err == 0 || s.env[0].memory == 0);
	}
	assert_int_equal(tt_ice_restart(ice, s.now), TAUT_E_NOMEM);
	tt_ice_free(ice);
	print_message("one agent: %zu bytes\n", max);
	sim_free(&s);
}

/* Who has an offer and lets it ring for a minute can be found only once it answers: RFC 8863 section 4. */
static void a_call_that_rings_has_not_failed(void **state)
{
	struct world w;

	(void)state;
	for (int comes = 0; comes < 2; comes++) {
		const enum tt_ice_state at_last = comes ? TT_ICE_COMPLETED : TT_ICE_FAILED;
		world_init(&w, 1, NULL, NULL, 0);
		world_iface(&w.h[0], "10.0.0.1");
		world_iface(&w.h[1], "10.0.0.2");
		w.h[0].mute = !comes;
		world_gather(&w, 0);
		world_credentials(&w, 1);
		world_run(&w, 60 * SEC);
		assert_int_equal(tt_ice_state(w.h[1].ice), TT_ICE_CHECKING);
		world_credentials(&w, 0);
		world_gather(&w, 1);
		world_run(&w, 38 * SEC);
		assert_int_equal(tt_ice_state(w.h[1].ice), comes ? at_last : TT_ICE_CHECKING);
		world_run(&w, 8 * SEC);
		assert_int_equal(tt_ice_state(w.h[1].ice), at_last);
		world_free(&w);
	}
}

/* Rolled back before the end of candidates, which are told to their end then; and after it, when nothing is told
 * any more: what comes of the questions that the restart has asked is not. */
static void a_restart_that_is_rolled_back_gathers_on_only_if_it_has_to(void **state)
{
	static const struct tt_ice_server server = { .host = "stun.example" };
	struct world w;

	(void)state;
	for (int ended = 0; ended < 2; ended++) {
		world_init(&w, 1, NULL, &server, 1);
		world_iface(&w.h[0], "10.0.0.1");
		world_iface(&w.h[1], "10.0.0.2");
		w.h[0].nat = true;
		w.stun_server_down = !ended;
		world_begin(&w);
		world_run(&w, 2 * SEC);
		assert_int_equal(w.h[0].gathering_done, ended);
		assert_int_equal(tt_ice_restart(w.h[0].ice, w.sim.now), TAUT_OK);
		tt_ice_gather(w.h[0].ice, w.sim.now);
		w.trickle = false;
		world_settle(&w); /* asked, and not answered yet */
		const size_t told = w.h[0].candidates;
		w.h[0].candidates = 0;
		w.trickle = true;
		assert_int_equal(tt_ice_restart_undo(w.h[0].ice, w.sim.now), TAUT_OK);
		assert_int_equal(tt_ice_state(w.h[0].ice),
				 ended ? TT_ICE_COMPLETED : TT_ICE_CONNECTED);
		w.stun_server_down = false;
		if (ended) /* as of an allocation that was under way */
			tt_ice_add_local(w.h[0].ice, w.sim.now, TT_ICE_RELAY, 0, 1, &nat_outside);
		world_run(&w, 12 * SEC);
		assert_true(told > 0);
		assert_int_equal(w.h[0].candidates, ended ? 0 : 2);
		assert_true(w.h[0].gathering_done);
		for (int i = 0; i < 2; i++)
			assert_int_equal(tt_ice_state(w.h[i].ice), TT_ICE_COMPLETED);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hosts_connect_in_two_round_trips),
		cmocka_unit_test(bad_links_only_delay),
		cmocka_unit_test(many_checks_do_not_outrun_a_long_round_trip),
		cmocka_unit_test(pairs_of_one_foundation_wait_for_their_turn_alone),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(hosts_with_several_addresses_use_the_best_pair),
		cmocka_unit_test(loopback_serves_when_there_is_nothing_else),
		cmocka_unit_test(both_think_they_control_and_one_yields),
		cmocka_unit_test(candidates_may_trickle_in_late),
		cmocka_unit_test(one_side_may_know_only_what_checks_reveal),
		cmocka_unit_test(checks_that_overtake_the_description_are_answered),
		cmocka_unit_test(an_agent_behind_a_nat_learns_its_outside_from_server_and_peer),
		cmocka_unit_test(gathering_ends_though_servers_are_silent_or_unknown),
		cmocka_unit_test(a_server_is_asked_again_by_who_slept_over_its_silence),
		cmocka_unit_test(a_silent_server_holds_up_no_check),
		cmocka_unit_test(checks_and_requests_to_servers_have_a_pace_each),
		cmocka_unit_test(the_higher_pace_counts),
		cmocka_unit_test(what_never_answers_has_failed_within_a_minute_or_so),
		cmocka_unit_test(an_ipv6_that_leads_nowhere_costs_five_milliseconds),
		cmocka_unit_test(a_lost_check_is_made_up_for_when_the_peers_comes),
		cmocka_unit_test(no_candidates_means_failed_but_not_before_39_5_seconds),
		cmocka_unit_test(unanswered_checks_are_paced_and_end),
		cmocka_unit_test(consent_is_kept_for_an_hour),
		cmocka_unit_test(consent_checks_of_all_connections_share_their_moments),
		cmocka_unit_test(silence_is_told_after_five_seconds_and_ends_after_thirty),
		cmocka_unit_test(consent_expires_though_the_peer_s_checks_arrive),
		cmocka_unit_test(a_restart_keeps_data_flowing_and_drops_the_old_generation),
		cmocka_unit_test(a_restart_leads_out_of_failure),
		cmocka_unit_test(a_restart_that_nobody_answers_fails_and_a_late_answer_mends_it),
		cmocka_unit_test(a_restart_that_is_rolled_back_leaves_all_as_it_was),
		cmocka_unit_test(
			an_interface_that_vanishes_is_closed_and_another_pair_is_not_needed_to_fail),
		cmocka_unit_test(the_controlled_side_stays_with_the_pair_nominated_last),
		cmocka_unit_test(names_of_the_peer_are_resolved),
		cmocka_unit_test(a_name_that_nobody_knows_costs_eight_queries_and_nothing_else),
		cmocka_unit_test(a_new_multicast_socket_waits_for_the_last_answer_too),
		cmocka_unit_test(without_multicast_other_candidates_still_work),
		cmocka_unit_test(credentials_of_wrong_length_are_refused),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(a_call_that_rings_has_not_failed),
		cmocka_unit_test(a_restart_that_is_rolled_back_gathers_on_only_if_it_has_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
