/* One agent against a scripted peer that misbehaves: HOSTILE.md A07 to A16, and the
 * aggressive nomination of libwebrtc. Names of attacks are ids of that list. */
#include "ice/ice.h"

#include "world.h"

#include "ice/ice_agent.h"

static const char peer_ufrag[] = "peer", peer_pwd[] = "a-password-of-the-peer-22";

struct script {
	struct world w;
	struct tt_stun_key ours, theirs; /* ours: what requests to the agent are signed with */
	struct taut_addr addr;
	uint32_t tids;
};

struct check { /* what a request holds; zero: a good one */
	const char *username;
	const struct tt_stun_key *key;
	bool no_integrity, no_fingerprint, no_priority, no_role, controlled, use_candidate;
	bool use_candidate_unsigned, unknown;
	uint64_t tiebreaker;
	uint32_t priority, network; /* network 0: the first one, which costs nothing */
	const char *nomination;     /* octets in hexadecimal digits, the attribute's value */
	bool nomination_unsigned;
};

static void put_nomination(struct wr *w, const char *digits)
{
	uint8_t value[16];
	size_t n = 0;

	for (const char *p = digits; *p; p += 2, n++) {
		const char octet[] = { p[0], p[1], 0 };
		value[n] = (uint8_t)strtoul(octet, NULL, 16);
	}
	tt_stun_put(w, TT_STUN_NOMINATION, value, n);
}

static size_t write_check(struct script *s, const struct check *c, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);
	uint8_t tid[TT_STUN_TID_LEN] = { 0 };
	char username[64];

	s->tids++;
	memcpy(tid, &s->tids, sizeof s->tids);
	snprintf(username, sizeof username, "%s:%s", tt_ice_local_ufrag(s->w.h[0].ice), peer_ufrag);
	const char *name = c->username ? c->username : username;
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put(&w, TT_STUN_USERNAME, name, strlen(name));
	tt_stun_put_u32(&w, TT_STUN_GOOG_NETWORK_INFO, c->network ? c->network : 0x00010000);
	if (!c->no_role)
		tt_stun_put_u64(&w, c->controlled ? TT_STUN_ICE_CONTROLLED : TT_STUN_ICE_CONTROLLING,
		                c->tiebreaker);
	if (c->use_candidate)
		tt_stun_put(&w, TT_STUN_USE_CANDIDATE, NULL, 0);
	if (c->nomination && !c->nomination_unsigned)
		put_nomination(&w, c->nomination);
	if (c->unknown)
		tt_stun_put(&w, 0x7fff, NULL, 0);
	if (!c->no_priority)
		tt_stun_put_u32(&w, TT_STUN_PRIORITY, c->priority ? c->priority : 1853824767);
	if (!c->no_integrity)
		tt_stun_put_integrity(&w, c->key ? c->key : &s->ours);
	if (c->use_candidate_unsigned)
		tt_stun_put(&w, TT_STUN_USE_CANDIDATE, NULL, 0);
	if (c->nomination_unsigned)
		put_nomination(&w, c->nomination);
	if (!c->no_fingerprint)
		tt_stun_put_fingerprint(&w);
	return tt_stun_finish(&w);
}

static int send_check_from(struct script *s, const struct check *c, const struct taut_addr *from)
{
	uint8_t buf[512];
	size_t len = write_check(s, c, buf, sizeof buf);

	return tt_ice_recv(s->w.h[0].ice, s->w.sim.now, s->w.h[0].flow[0], NULL, from, buf, len);
}

static int send_check(struct script *s, const struct check *c)
{
	return send_check_from(s, c, &s->addr);
}

/* The answer to the agent's newest request, as the peer would give it. */
static int answer_as(struct script *s, const struct tt_ice_out *out, uint16_t error,
                     const struct tt_stun_key *key, const struct taut_addr *from)
{
	struct tt_stun_msg m;
	uint8_t buf[512];
	struct wr w = wr_make(buf, sizeof buf);

	assert_int_equal(tt_stun_read(&m, out->buf, out->len), TT_STUN_OK);
	assert_int_equal(m.cls, TT_STUN_REQUEST);
	tt_stun_begin(&w, error ? TT_STUN_ERROR : TT_STUN_SUCCESS, TT_STUN_BINDING, m.tid);
	if (error)
		tt_stun_put_error(&w, error, "error");
	else
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &out->local);
	if (key)
		tt_stun_put_integrity(&w, key);
	tt_stun_put_fingerprint(&w);
	return tt_ice_recv(s->w.h[0].ice, s->w.sim.now, out->flow, NULL, from, buf,
	                   tt_stun_finish(&w));
}

/* What leaves by `until`; requests are answered if told to. Answers of the agent are counted. */
static int pump(struct script *s, taut_time us, bool answer, int *answers)
{
	struct tt_ice *ice = s->w.h[0].ice;
	taut_time end = s->w.sim.now + us;
	int requests = 0;

	for (;;) {
		uint8_t buf[2048];
		struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
		while (tt_ice_poll_send(ice, s->w.sim.now, &out)) {
			if (buf[0] == 1) {
				if (answers)
					(*answers)++;
				continue;
			}
			requests++;
			if (answer)
				answer_as(s, &out, 0, &s->theirs, &out.remote);
		}
		world_events(&s->w, 0);
		taut_time at = tt_ice_deadline(ice, NULL);
		if (at > end)
			break;
		s->w.sim.now = tt_max64(at, s->w.sim.now);
		tt_ice_tick(ice, s->w.sim.now);
	}
	s->w.sim.now = end;
	return requests;
}

static void setup(struct script *s, uint64_t seed, bool controlling)
{
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "1",
		                      .priority = 2130706431 };

	memset(s, 0, sizeof *s);
	world_init(&s->w, seed, NULL, NULL, 0);
	s->w.trickle = false;
	world_iface(&s->w.h[0], "10.0.0.1");
	tt_ice_set_role(s->w.h[0].ice, s->w.sim.now, controlling);
	const char *pwd = tt_ice_local_pwd(s->w.h[0].ice);
	assert_true(tt_stun_key_init(&s->ours, pwd, strlen(pwd)));
	assert_true(tt_stun_key_init(&s->theirs, peer_pwd, strlen(peer_pwd)));
	s->addr = ip("10.0.0.2", 7000);
	world_gather(&s->w, 0);
	world_io(&s->w, 0);
	tt_ice_set_remote(s->w.h[0].ice, s->w.sim.now, peer_ufrag, peer_pwd, false);
	c.addr = s->addr;
	tt_ice_add_remote(s->w.h[0].ice, s->w.sim.now, &c);
}

static void teardown(struct script *s)
{
	tt_stun_key_free(&s->ours);
	tt_stun_key_free(&s->theirs);
	world_free(&s->w);
}

static uint64_t dropped(const struct script *s)
{
	uint64_t n = 0;

	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		n += s->w.sim.env[0].drops[r];
	return n;
}

static void connect_it(struct script *s)
{
	pump(s, SEC, true, NULL);
	if (!tt_ice_controlling(s->w.h[0].ice)) {
		assert_int_equal(send_check(s, &(struct check){ .use_candidate = true }), 0);
		pump(s, SEC, true, NULL);
	}
	assert_true(world_can_send(&s->w, 0));
	assert_int_equal(s->w.h[0].selected, 1);
}

static void assert_says(const struct script *s, uint32_t code, const char *text)
{
	struct tt_ice_why w;

	assert_true(tt_ice_why(s->w.h[0].ice, 0, &w));
	assert_string_equal(w.text, text);
	assert_int_equal(w.code, code);
}

static void a08_an_unauthenticated_check_gets_no_reply_and_changes_nothing(void **state)
{
	struct script s;
	struct tt_stun_key wrong;
	char swapped[64], other[64];

	(void)state;
	setup(&s, 1, false);
	assert_true(tt_stun_key_init(&wrong, "another password entirely", 25));
	snprintf(swapped, sizeof swapped, "%s:%s", peer_ufrag, tt_ice_local_ufrag(s.w.h[0].ice));
	snprintf(other, sizeof other, "%s:wrong", tt_ice_local_ufrag(s.w.h[0].ice));
	const struct check bad[] = {
		{ .no_integrity = true, .use_candidate = true },
		{ .key = &wrong, .use_candidate = true },
		{ .no_fingerprint = true },
		{ .username = "" }, { .username = ":" }, { .username = "%s%n%x" },
		{ .username = swapped }, { .username = other },
		{ .username = tt_ice_local_ufrag(s.w.h[0].ice) },
		{ .no_priority = true }, { .no_role = true },
	};
	struct taut_addr from = ip("10.0.0.66", 6666);
	for (size_t i = 0; i < TT_COUNT(bad); i++) {
		int answers = 0;
		uint64_t before = dropped(&s);
		assert_int_equal(send_check_from(&s, &bad[i], &from), 1);
		pump(&s, MS, false, &answers);
		assert_int_equal(answers, 0);
		assert_int_equal(dropped(&s), before + 1);
		assert_false(tt_ice_may_hold(s.w.h[0].ice, s.w.h[0].flow[0], &from));
	}
	/* Of two sessions speaks what is signed with another password, or for another name. */
	assert_int_equal(s.w.h[0].ice->cur->hints.forged, 1);
	assert_int_equal(s.w.h[0].ice->cur->hints.strange, 6);
	/* Signed, but USE-CANDIDATE stands behind the signature. */
	pump(&s, SEC, true, NULL);
	assert_int_equal(send_check(&s, &(struct check){ .use_candidate_unsigned = true }), 0);
	pump(&s, SEC, true, NULL);
	assert_int_equal(s.w.h[0].selected, 0);
	tt_stun_key_free(&wrong);
	teardown(&s);
}

static void an_unknown_required_attribute_gets_420_if_signed(void **state)
{
	struct script s;
	uint8_t buf[2048];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	struct tt_stun_msg m;

	(void)state;
	setup(&s, 2, false);
	pump(&s, SEC, true, NULL);
	assert_int_equal(send_check(&s, &(struct check){ .unknown = true }), 0);
	assert_true(tt_ice_poll_send(s.w.h[0].ice, s.w.sim.now, &out));
	assert_int_equal(tt_stun_read(&m, out.buf, out.len), TT_STUN_OK);
	assert_int_equal(m.error_code, 420);
	assert_int_equal(m.refused[0], 0x7fff);
	assert_true(tt_stun_verify(&m, out.buf, &s.ours));
	teardown(&s);
}

static void a07_forged_answers_do_not_keep_consent(void **state)
{
	struct script s;

	(void)state;
	setup(&s, 3, true);
	connect_it(&s);
	taut_time quiet = s.w.sim.now;
	struct taut_addr other = ip("10.0.0.66", 7000);
	while (s.w.sim.now - quiet < 31 * SEC) {
		uint8_t buf[2048];
		struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
		s.w.sim.now += 100 * MS;
		tt_ice_tick(s.w.h[0].ice, s.w.sim.now);
		while (tt_ice_poll_send(s.w.h[0].ice, s.w.sim.now, &out)) {
			assert_int_equal(buf[0], 0);
			answer_as(&s, &out, 0, NULL, &s.addr);    /* unsigned */
			answer_as(&s, &out, 0, &s.ours, &s.addr); /* with another key */
			answer_as(&s, &out, 0, &s.theirs, &other); /* A13: from elsewhere */
			answer_as(&s, &out, 403, NULL, &s.addr);
			buf[12] ^= 1; /* another transaction */
			answer_as(&s, &out, 0, &s.theirs, &s.addr);
		}
		world_events(&s.w, 0);
	}
	assert_false(world_can_send(&s.w, 0));
	assert_int_equal(s.w.h[0].reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	teardown(&s);
}

static void a_signed_403_revokes_consent_at_once(void **state)
{
	struct script s;
	uint8_t buf[2048];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };

	(void)state;
	setup(&s, 4, true);
	connect_it(&s);
	for (int i = 0; !tt_ice_poll_send(s.w.h[0].ice, s.w.sim.now, &out); i++) {
		assert_true(i < 1000);
		s.w.sim.now += 10 * MS;
	}
	answer_as(&s, &out, 403, &s.theirs, &s.addr);
	assert_false(world_can_send(&s.w, 0));
	tt_ice_tick(s.w.h[0].ice, s.w.sim.now);
	world_events(&s.w, 0);
	assert_int_equal(s.w.h[0].state, TT_ICE_FAILED);
	assert_int_equal(s.w.h[0].reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	assert_says(&s, TAUT_WHY_REFUSED, "the peer refuses us on the pair that was in use");
	teardown(&s);
}

/* It carries data from the first answer on, and the check that nominates it fails. */
static void a_path_that_fails_while_it_is_nominated_says_how(void **state)
{
	const struct taut_addr other = ip("10.0.0.66", 7000);
	struct script s;
	uint8_t buf[2048];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };

	(void)state;
	setup(&s, 4, true);
	s.w.h[0].ice->cur->hints.lost = TAUT_WHY_ROLES; /* of a path of before */
	for (int k = 0; k < 2; k++) {
		for (int i = 0; !tt_ice_poll_send(s.w.h[0].ice, s.w.sim.now, &out); i++) {
			assert_true(i < 1000);
			s.w.sim.now += 10 * MS;
			tt_ice_tick(s.w.h[0].ice, s.w.sim.now);
		}
		answer_as(&s, &out, 0, &s.theirs, k == 0 ? &s.addr : &other);
		assert_int_equal(s.w.h[0].ice->cur->hints.lost, k == 0 ? 0 : TAUT_WHY_ASYMMETRIC);
		world_events(&s.w, 0);
	}
	pump(&s, 60 * SEC, false, NULL);
	assert_int_equal(s.w.h[0].state, TT_ICE_FAILED);
	assert_int_equal(s.w.h[0].reason, TAUT_REASON_ICE_NO_PAIR);
	assert_says(&s, TAUT_WHY_ASYMMETRIC,
		    "the pair that was in use has failed: the answer came from another address");
	teardown(&s);
}

static void an_error_is_told_with_its_code_if_it_is_signed(void **state)
{
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		struct script s;
		uint8_t buf[2048];
		struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };

		(void)state;
		setup(&s, 5, true);
		assert_true(tt_ice_poll_send(s.w.h[0].ice, s.w.sim.now, &out));
		answer_as(&s, &out, 401, is_signed ? &s.theirs : NULL, &s.addr);
		assert_int_equal(s.w.h[0].ice->cur->hints.forged, 0);
		assert_int_equal(s.w.h[0].ice->cur->hints.refused, is_signed ? 401 : 0);
		assert_int_equal(s.w.h[0].ice->cur->hints.hinted, is_signed ? 0 : 401);
		answer_as(&s, &out, 0, &s.ours, &s.addr); /* with another key */
		assert_int_equal(s.w.h[0].ice->cur->hints.forged, is_signed ? 0 : 1);
		teardown(&s);
	}
}

static void a_pair_that_was_not_tried_out_is_spared(void **state)
{
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "2",
				      .priority = 1000 };
	struct script s;
	struct tt_ice_why w;

	(void)state;
	setup(&s, 6, true);
	connect_it(&s);
	c.addr = ip("10.0.0.3", 7000);
	tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c);
	pump(&s, SEC, false, NULL);
	assert_true(tt_ice_why(s.w.h[0].ice, 1, &w) && w.code == TAUT_WHY_CONNECTED);
	assert_true(tt_ice_why(s.w.h[0].ice, 2, &w));
	assert_int_equal(w.code, TAUT_WHY_SPARED);
	assert_non_null(strstr(w.text, ": another pair was nominated first, "));
	teardown(&s);
}

static void a09_role_conflicts_end(void **state)
{
	struct script s;
	uint8_t buf[2048];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };

	(void)state;
	setup(&s, 5, true);
	assert_true(tt_ice_poll_send(s.w.h[0].ice, s.w.sim.now, &out));
	answer_as(&s, &out, 487, NULL, &s.addr); /* nobody signed that */
	assert_true(tt_ice_controlling(s.w.h[0].ice));
	answer_as(&s, &out, 487, &s.theirs, &s.addr);
	assert_false(tt_ice_controlling(s.w.h[0].ice));
	int turned = 0;
	for (int i = 0; i < 1000; i++) {
		bool was = tt_ice_controlling(s.w.h[0].ice);
		struct check c = { .controlled = !was, .tiebreaker = was ? UINT64_MAX : 0 };
		send_check(&s, &c);
		turned += was != tt_ice_controlling(s.w.h[0].ice);
		pump(&s, 10 * MS, false, NULL);
	}
	assert_in_range(turned, 1, 16);
	teardown(&s);
}

static void a10_ten_thousand_requests_get_one_answer_each_and_no_check(void **state)
{
	struct script s;
	int answers = 0, requests = 0;

	(void)state;
	setup(&s, 6, false);
	connect_it(&s);
	for (int i = 0; i < 10000; i++) {
		send_check(&s, &(struct check){ .use_candidate = true });
		requests += pump(&s, MS, true, &answers);
	}
	assert_int_equal(answers, 10000);
	assert_in_range(requests, 1, 3); /* consent checks of those ten seconds */

	/* A burst beyond what is queued is dropped and counted. */
	answers = 0;
	uint64_t before = dropped(&s);
	for (int i = 0; i < 100; i++)
		send_check(&s, &(struct check){ .use_candidate = true });
	pump(&s, MS, true, &answers);
	assert_int_equal(answers, TT_ICE_MAX_RESPONSES);
	assert_int_equal(dropped(&s), before + 100 - TT_ICE_MAX_RESPONSES);
	teardown(&s);
}

static void a11_ten_thousand_candidates_are_capped_and_paced(void **state)
{
	struct script s;
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "9",
		                      .priority = 77 };
	int limited = 0;

	(void)state;
	setup(&s, 7, true);
	for (unsigned i = 0; i < 10000; i++) {
		c.addr = ip("192.0.2.99", (uint16_t)(1 + i));
		limited += tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c) == TAUT_E_LIMIT;
	}
	assert_int_equal(limited, 10000 - (TT_ICE_MAX_REMOTE - 1));
	int requests = pump(&s, 10 * SEC, false, NULL);
	assert_true(requests <= 201);
	requests += pump(&s, 500 * SEC, false, NULL);
	assert_true(requests <= TT_ICE_MAX_REMOTE * 7);
	assert_int_equal(s.w.h[0].state, TT_ICE_FAILED);
	teardown(&s);
}

static void a12_checks_from_ten_thousand_ports_reveal_sixteen_candidates(void **state)
{
	struct script s;
	int held = 0;

	(void)state;
	setup(&s, 8, false);
	for (unsigned i = 0; i < 10000; i++) {
		struct taut_addr from = ip("10.0.0.3", (uint16_t)(1 + i));
		send_check_from(&s, &(struct check){ 0 }, &from);
		pump(&s, 1, false, NULL);
		held += tt_ice_may_hold(s.w.h[0].ice, s.w.h[0].flow[0], &from);
	}
	assert_int_equal(held, TT_ICE_MAX_PRFLX);
	teardown(&s);
}

/* A check of the peer triggers one of ours 5 ms after the last; eight times, then it waits for Ta. */
static void a11_checks_of_the_peer_do_not_set_the_pace_of_ours(void **state)
{
	struct script s;

	(void)state;
	setup(&s, 8, false);
	pump(&s, MS, false, NULL);
	for (unsigned i = 0; i < TT_ICE_MAX_PRFLX; i++) {
		struct taut_addr from = ip("10.0.0.3", (uint16_t)(2000 + i));
		send_check_from(&s, &(struct check){ 0 }, &from);
	}
	assert_int_equal(pump(&s, 81 * MS, false, NULL), TT_ICE_HURRIED);
	assert_in_range(pump(&s, SEC, false, NULL), 10, 20);
	teardown(&s);
}

static void a15_an_unknown_source_is_neither_received_nor_held(void **state)
{
	struct script s;
	struct taut_addr other = ip("10.0.0.66", 7000);

	(void)state;
	setup(&s, 9, true);
	connect_it(&s);
	struct tt_ice *ice = s.w.h[0].ice;
	assert_true(tt_ice_may_recv(ice, s.w.h[0].flow[0], &s.addr));
	assert_false(tt_ice_may_recv(ice, s.w.h[0].flow[0] + 1, &s.addr));
	assert_false(tt_ice_may_recv(ice, s.w.h[0].flow[0], &other));
	assert_false(tt_ice_may_hold(ice, s.w.h[0].flow[0], &other));
	teardown(&s);
}

static void a16_a_thousand_names_are_capped(void **state)
{
	struct script s;
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "9",
		                      .priority = 77, .addr = { .port = 9000 } };
	char name[320];
	int limited = 0;

	(void)state;
	setup(&s, 10, true);
	c.name = name;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "n%d.local", i);
		limited += tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c) == TAUT_E_LIMIT;
	}
	assert_int_equal(limited, 1000 - TT_ICE_MAX_NAMES);
	memset(name, 'a', 300);
	memcpy(name + 300, ".local", 7);
	assert_int_equal(tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c), TAUT_OK);
	snprintf(name, sizeof name, "www.example.com");
	assert_int_equal(tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c), TAUT_OK);
	world_io(&s.w, 0);
	int queries = pump(&s, 60 * SEC, false, NULL);
	assert_true(queries <= TT_ICE_MAX_NAMES * 8 + 7);
	teardown(&s);
}

static void addresses_of_nobody_are_never_checked(void **state)
{
	static const char *const ips[] = { "0.0.0.0", "224.0.0.251", "255.255.255.255", "127.0.0.1",
		                           "ff02::1", "::", "fe80::1", "::1" };
	struct script s;
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "9",
		                      .priority = 77 };

	(void)state;
	setup(&s, 11, true);
	connect_it(&s);
	for (size_t i = 0; i < TT_COUNT(ips); i++) {
		c.addr = ip(ips[i], 9000);
		assert_int_equal(tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c), TAUT_OK);
	}
	c.addr = ip("10.0.0.3", 0);
	tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c);
	c.addr.port = 9;
	c.tcp = true;
	tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c);
	assert_int_equal(pump(&s, 3 * SEC, true, NULL), 0);
	teardown(&s);
}

/* BROWSERS.md: libwebrtc nominates with every check and may settle on another pair. */
static void an_aggressive_peer_is_followed(void **state)
{
	struct script s;
	struct taut_addr second = ip("10.0.0.3", 7001);
	struct tt_ice_path path;

	(void)state;
	setup(&s, 12, false);
	/* A pair of low priority is nominated first ... */
	send_check_from(&s, &(struct check){ .use_candidate = true, .priority = 1000 }, &second);
	pump(&s, 20 * MS, true, NULL);
	pump(&s, 100 * MS, true, NULL);
	assert_true(tt_ice_selected(s.w.h[0].ice, s.w.sim.now, &path));
	assert_true(tt_addr_eq(&path.remote, &second));
	assert_int_equal(s.w.h[0].selected, 1);
	/* ... then the better one too: it counts, ... */
	send_check(&s, &(struct check){ .use_candidate = true });
	pump(&s, 100 * MS, true, NULL);
	assert_true(tt_ice_selected(s.w.h[0].ice, s.w.sim.now, &path));
	assert_true(tt_addr_eq(&path.remote, &s.addr));
	assert_int_equal(s.w.h[0].selected, 2);
	/* ... also when the lower one is nominated again, ... */
	send_check_from(&s, &(struct check){ .use_candidate = true, .priority = 1000 }, &second);
	pump(&s, 100 * MS, true, NULL);
	assert_int_equal(s.w.h[0].selected, 2);
	/* ... until the peer nominates only the lower one. */
	for (int i = 0; i < 5; i++) {
		send_check_from(&s, &(struct check){ .use_candidate = true, .priority = 1000 }, &second);
		pump(&s, 2660 * MS, true, NULL);
	}
	assert_true(tt_ice_selected(s.w.h[0].ice, s.w.sim.now, &path));
	assert_true(tt_addr_eq(&path.remote, &second));
	assert_int_equal(s.w.h[0].selected, 3);
	teardown(&s);
}

/* A finding of fuzz_ice: the path changed with the next packet, which was refused, and not when its time
 * had come. */
static void a_nomination_grows_old_by_itself(void **state)
{
	struct script s;
	struct taut_addr second = ip("10.0.0.3", 7001);
	struct tt_ice_path path;
	const char *why = "";

	(void)state;
	setup(&s, 12, false);
	send_check_from(&s, &(struct check){ .use_candidate = true, .priority = 1000 }, &second);
	pump(&s, 120 * MS, true, NULL);
	send_check(&s, &(struct check){ .use_candidate = true });
	pump(&s, 100 * MS, true, NULL);
	send_check_from(&s, &(struct check){ .use_candidate = true, .priority = 1000 }, &second);
	pump(&s, 5500 * MS, true, NULL);
	assert_true(tt_ice_selected(s.w.h[0].ice, s.w.sim.now, &path));
	assert_true(tt_addr_eq(&path.remote, &s.addr));
	for (int n = 0; tt_addr_eq(&path.remote, &s.addr); n++) {
		uint8_t buf[1500];
		struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
		const taut_time at = tt_ice_deadline(s.w.h[0].ice, &why);
		assert_true(n < 100 && at > s.w.sim.now && at < s.w.sim.now + SEC);
		s.w.sim.now = at;
		tt_ice_tick(s.w.h[0].ice, at);
		assert_true(tt_ice_selected(s.w.h[0].ice, at, &path));
		while (tt_ice_poll_send(s.w.h[0].ice, at, &out))
			;
	}
	assert_string_equal(why, "the peer's last nomination counts");
	assert_true(tt_addr_eq(&path.remote, &second));
	teardown(&s);
}

/* A spare pair that is nominated every 25 s keeps its consent, so that the peer may come to it. */
static void a_spare_pair_of_an_aggressive_peer_stays_usable(void **state)
{
	struct script s;
	struct taut_addr second = ip("10.0.0.3", 7001);

	(void)state;
	setup(&s, 13, false);
	for (int i = 0; i < 200; i++) {
		send_check(&s, &(struct check){ .use_candidate = true });
		if (i % 10 == 0)
			send_check_from(&s, &(struct check){ .use_candidate = true, .priority = 1000 },
			                &second);
		pump(&s, 2500 * MS, true, NULL);
	}
	assert_int_equal(s.w.h[0].selected, 1);
	for (int i = 0; i < 4; i++) {
		send_check_from(&s, &(struct check){ .use_candidate = true, .priority = 1000 }, &second);
		pump(&s, 2500 * MS, true, NULL);
	}
	assert_int_equal(s.w.h[0].selected, 2);
	teardown(&s);
}

static void an_ice_lite_peer_is_nominated_by_us(void **state)
{
	struct script s;

	(void)state;
	memset(&s, 0, sizeof s);
	setup(&s, 14, false);
	tt_ice_restart(s.w.h[0].ice, s.w.sim.now);
	tt_ice_gather(s.w.h[0].ice, s.w.sim.now);
	struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "1",
		                      .priority = 2130706431, .addr = s.addr };
	tt_ice_set_remote(s.w.h[0].ice, s.w.sim.now, peer_ufrag, peer_pwd, true);
	tt_ice_add_remote(s.w.h[0].ice, s.w.sim.now, &c);
	assert_true(tt_ice_controlling(s.w.h[0].ice));
	pump(&s, SEC, true, NULL);
	assert_int_equal(s.w.h[0].selected, 1);
	pump(&s, 60 * SEC, true, NULL);
	assert_true(world_can_send(&s.w, 0));
	teardown(&s);
}

static void early_checks_of_somebody_else_are_forgotten(void **state)
{
	struct script s;
	struct taut_addr mallory = ip("10.0.0.66", 6666);
	char name[64];

	(void)state;
	setup(&s, 15, false);
	tt_ice_restart(s.w.h[0].ice, s.w.sim.now); /* no remote credentials any more */
	tt_ice_gather(s.w.h[0].ice, s.w.sim.now);
	tt_stun_key_free(&s.ours);
	const char *pwd = tt_ice_local_pwd(s.w.h[0].ice);
	assert_true(tt_stun_key_init(&s.ours, pwd, strlen(pwd)));
	snprintf(name, sizeof name, "%s:else", tt_ice_local_ufrag(s.w.h[0].ice));
	assert_int_equal(send_check_from(&s, &(struct check){ .username = name }, &mallory), 0);
	assert_true(tt_ice_may_hold(s.w.h[0].ice, s.w.h[0].flow[0], &mallory));
	tt_ice_set_remote(s.w.h[0].ice, s.w.sim.now, peer_ufrag, peer_pwd, false);
	assert_false(tt_ice_may_hold(s.w.h[0].ice, s.w.h[0].flow[0], &mallory));
	assert_int_equal(pump(&s, SEC, false, NULL), 0);
	teardown(&s);
}

static void truncated_and_flipped_packets_are_survived(void **state)
{
	struct script s;
	uint8_t buf[512];

	(void)state;
	setup(&s, 16, false);
	pump(&s, SEC, true, NULL);
	size_t len = write_check(&s, &(struct check){ .use_candidate = true }, buf, sizeof buf);
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, buf, n);
		assert_int_equal(tt_ice_recv(s.w.h[0].ice, s.w.sim.now, s.w.h[0].flow[0], NULL, &s.addr,
		                             exact, n), 1);
		free(exact);
	}
	for (size_t at = 0; at < len; at++)
		for (int bit = 0; bit < 8; bit++) {
			buf[at] ^= (uint8_t)(1 << bit);
			assert_int_equal(tt_ice_recv(s.w.h[0].ice, s.w.sim.now, s.w.h[0].flow[0], NULL,
			                             &s.addr, buf, len), 1);
			buf[at] ^= (uint8_t)(1 << bit);
		}
	world_events(&s.w, 0);
	assert_int_equal(s.w.h[0].selected, 0);
	teardown(&s);
}

/* What libwebrtc says in each check; nothing costs more than 999. */
static void a_check_says_what_its_network_costs(void **state)
{
	static const struct {
		uint32_t said;
		uint16_t id, cost;
		unsigned drops;
	} rows[] = {
		{ 0x0003000a, 3, 10, 0 },     { 0x000403e7, 4, 999, 0 }, { 0x000503e8, 4, 999, 1 },
		{ 0xffffffff, 4, 999, 2 }, { 0x00010000, 1, 0, 2 },
	};
	struct script s;

	(void)state;
	setup(&s, 1, false);
	connect_it(&s);
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		assert_int_equal(send_check(&s, &(struct check){ .network = rows[i].said }), 0);
		const struct tt_ice_candidate *c = tt_ice_remote_at(s.w.h[0].ice->cur, 0);
		assert_int_equal(c->network_id, rows[i].id);
		assert_int_equal(c->network_cost, rows[i].cost);
		assert_int_equal(s.w.sim.env[0].drops[TAUT_DROP_ICE_NETWORK_COST], rows[i].drops);
	}
	/* One that proves nothing says nothing. */
	send_check(&s, &(struct check){ .network = 0x0009000a, .no_integrity = true });
	assert_int_equal(tt_ice_remote_at(s.w.h[0].ice->cur, 0)->network_id, 1);
	pump(&s, SEC, true, NULL);
	assert_true(world_can_send(&s.w, 0));
	teardown(&s);
}

/* Another address of the peer, with a pair that works. */
static struct taut_addr second_address(struct script *s)
{
	const struct tt_ice_candidate c = { .type = TT_ICE_HOST, .component = 1, .foundation = "2",
		                            .priority = 2130706175, .addr = ip("10.0.0.3", 7000) };

	assert_int_equal(tt_ice_add_remote(s->w.h[0].ice, s->w.sim.now, &c), 0);
	pump(s, SEC, true, NULL);
	return c.addr;
}

static bool uses(const struct script *s, const struct taut_addr *remote)
{
	struct tt_ice_path p;

	assert_true(tt_ice_selected(s->w.h[0].ice, s->w.sim.now, &p));
	return tt_addr_eq(&p.remote, remote);
}

/* draft-thatcher-ice-renomination-01 section 4: the largest value counts, and any before the lack of one. */
static void a_nomination_counts_only_above_those_before(void **state)
{
	static const struct {
		const char *value; /* NULL: USE-CANDIDATE alone */
		bool second, follows;
		unsigned drops;
	} rows[] = {
		{ "00000005", false, true, 0 },  { "00000004", true, false, 1 }, /* old */
		{ "00000005", true, false, 2 },                                  /* of another pair */
		{ "00000000", true, false, 3 },  { "00000000", false, true, 4 }, /* none */
		{ NULL, true, false, 4 },        { "00000006", true, true, 4 },
		{ "00000006", true, true, 4 },   { "00000005", false, false, 5 },
		{ "ff000007", false, true, 5 }, /* the first octet means nothing */
		{ "00ffffff", true, true, 5 },   { "00000001", false, false, 6 },
	};
	struct script s;

	(void)state;
	setup(&s, 1, false);
	const struct taut_addr second = second_address(&s);
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct taut_addr *from = rows[i].second ? &second : &s.addr;
		const struct check c = { .nomination = rows[i].value,
			                 .use_candidate = !rows[i].value };
		assert_int_equal(send_check_from(&s, &c, from), 0);
		pump(&s, 100 * MS, true, NULL);
		assert_int_equal(uses(&s, from), rows[i].follows);
		assert_int_equal(s.w.sim.env[0].drops[TAUT_DROP_ICE_NOMINATION], rows[i].drops);
	}
	teardown(&s);
}

static void a_nomination_of_another_length_or_that_nobody_signed_is_none(void **state)
{
	static const char *const lengths[] = { "", "01", "000009", "0000000009", "0000000000000009" };
	struct script s;

	(void)state;
	setup(&s, 1, false);
	const struct taut_addr second = second_address(&s);
	send_check(&s, &(struct check){ .nomination = "00000005" });
	pump(&s, 100 * MS, true, NULL);
	for (size_t i = 0; i < TT_COUNT(lengths); i++) {
		const uint64_t before = dropped(&s);
		const struct check c = { .nomination = lengths[i], .use_candidate = true };
		assert_int_equal(send_check_from(&s, &c, &second), 1);
		assert_int_equal(dropped(&s), before + 1);
		assert_int_equal(pump(&s, 100 * MS, true, NULL), 0);
		assert_true(uses(&s, &s.addr));
	}
	const struct check late = { .nomination = "00000009", .nomination_unsigned = true };
	assert_int_equal(send_check_from(&s, &late, &second), 0);
	pump(&s, 100 * MS, true, NULL);
	assert_true(uses(&s, &s.addr));
	teardown(&s);
}

/* Of what costs the same a relay is left for a direct pair, and nothing for a mere priority. */
static void a_relay_is_left_for_what_works_without(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool relay = i & 1, can = i & 2;
		struct script s;
		setup(&s, 1, true);
		tt_ice_set_renomination(s.w.h[0].ice, can);
		struct tt_ice_candidate *first = tt_ice_remote_at(s.w.h[0].ice->cur, 0);
		first->type = relay ? TT_ICE_RELAY : TT_ICE_HOST;
		first->priority = 16777215;
		tt_ice_reprioritize(s.w.h[0].ice);
		connect_it(&s);
		assert_true(uses(&s, &s.addr));
		const struct taut_addr second = second_address(&s);
		assert_int_equal(uses(&s, &second), relay && can);
		teardown(&s);
	}
}

/* A peer whose networks cost now this, now that, has data move each ten seconds and no more often. */
static void a_peer_of_changing_costs_moves_data_each_ten_seconds(void **state)
{
	struct script s;

	(void)state;
	setup(&s, 1, true);
	tt_ice_set_renomination(s.w.h[0].ice, true);
	const struct taut_addr second = second_address(&s);
	const uint64_t before = tt_ice_counters(s.w.h[0].ice)->path_changes;
	for (int i = 0; i < 120; i++) {
		const uint32_t a = i % 2 ? 900 : 0, b = i % 2 ? 0 : 900;
		send_check(&s, &(struct check){ .controlled = true, .network = 0x10000 | a });
		send_check_from(&s, &(struct check){ .controlled = true, .network = 0x20000 | b },
		                &second);
		pump(&s, SEC / 2, true, NULL);
	}
	const uint64_t moves = tt_ice_counters(s.w.h[0].ice)->path_changes - before;
	assert_in_range(moves, 4, 7);
	assert_int_equal(s.w.h[0].ice->cur->said, moves + 1);
	teardown(&s);
}

/* Who was suspended has asked nobody: that there is no answer says nothing of the path. */
static void a_pair_that_was_not_asked_is_not_left(void **state)
{
	struct script s;

	(void)state;
	setup(&s, 1, true);
	struct tt_ice *ice = s.w.h[0].ice;
	tt_ice_set_renomination(ice, true);
	const struct taut_addr second = second_address(&s);
	const struct check first_net = { .controlled = true, .network = 0x10000 },
			   second_net = { .controlled = true, .network = 0x20000 | 900 };
	send_check(&s, &first_net);
	send_check_from(&s, &second_net, &second);
	pump(&s, 5 * SEC, true, NULL);
	const int used = ice->path;
	assert_int_equal(ice->doubt_until, 0);
	send_check_from(&s, &second_net, &second);
	tt_ice_update(ice, s.w.sim.now);
	assert_true(ice->doubt_until > s.w.sim.now);
	tt_ice_update(ice, s.w.sim.now + 10 * SEC);
	assert_true(ice->doubt_until > s.w.sim.now + 10 * SEC);
	assert_int_equal(ice->path, used);
	assert_int_equal(tt_ice_pair_at(ice->cur, used)->doubtful, 0);
	assert_int_equal(ice->cur->nominating, -1);
	teardown(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a08_an_unauthenticated_check_gets_no_reply_and_changes_nothing),
		cmocka_unit_test(an_unknown_required_attribute_gets_420_if_signed),
		cmocka_unit_test(a07_forged_answers_do_not_keep_consent),
		cmocka_unit_test(a_signed_403_revokes_consent_at_once),
		cmocka_unit_test(a_path_that_fails_while_it_is_nominated_says_how),
		cmocka_unit_test(an_error_is_told_with_its_code_if_it_is_signed),
		cmocka_unit_test(a_pair_that_was_not_tried_out_is_spared),
		cmocka_unit_test(a09_role_conflicts_end),
		cmocka_unit_test(a10_ten_thousand_requests_get_one_answer_each_and_no_check),
		cmocka_unit_test(a11_ten_thousand_candidates_are_capped_and_paced),
		cmocka_unit_test(a12_checks_from_ten_thousand_ports_reveal_sixteen_candidates),
		cmocka_unit_test(a11_checks_of_the_peer_do_not_set_the_pace_of_ours),
		cmocka_unit_test(a15_an_unknown_source_is_neither_received_nor_held),
		cmocka_unit_test(a16_a_thousand_names_are_capped),
		cmocka_unit_test(addresses_of_nobody_are_never_checked),
		cmocka_unit_test(an_aggressive_peer_is_followed),
		cmocka_unit_test(a_spare_pair_of_an_aggressive_peer_stays_usable),
		cmocka_unit_test(a_nomination_grows_old_by_itself),
		cmocka_unit_test(an_ice_lite_peer_is_nominated_by_us),
		cmocka_unit_test(early_checks_of_somebody_else_are_forgotten),
		cmocka_unit_test(truncated_and_flipped_packets_are_survived),
		cmocka_unit_test(a_check_says_what_its_network_costs),
		cmocka_unit_test(a_nomination_counts_only_above_those_before),
		cmocka_unit_test(a_nomination_of_another_length_or_that_nobody_signed_is_none),
		cmocka_unit_test(a_relay_is_left_for_what_works_without),
		cmocka_unit_test(a_peer_of_changing_costs_moves_data_each_ten_seconds),
		cmocka_unit_test(a_pair_that_was_not_asked_is_not_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
