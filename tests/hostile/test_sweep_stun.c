/* test_sweep_stun.c - with the right keys: checks of the peer, and its answers, at every length to 1,500 and with every
 * octet and 16-bit field before MESSAGE-INTEGRITY at its edges, signed anew each time: while connectivity is
 * checked, connected, disconnected, and after taut_pc_close.
 *
 * All through taut_pc_recv. A check is answered once or dropped and counted once; an answer is taken or dropped and
 * counted. The state of the connection is asserted, and nothing but ICE may change. Lengths in the header are
 * those of what follows, which signing writes. */
#include "hostile/edges.h"
#include "hostile/craft.h"
#include "ice/ice_agent.h"

enum { MOST = 1500, SIGNATURES = 24 + 8, PADDING = 0x8fff };

struct sweep {
	struct hostile h;
	uint32_t connection; /* what it is throughout: TAUT_STATE_ */
	struct tt_ice_path path;
	struct state before;
	unsigned answered, dropped;
};

static uint64_t drops(const struct hostile *h)
{
	uint64_t n = 0;

	for (uint32_t r = 1; taut_drop_info(r); r++)
		if (taut_drop_info(r)->what == TAUT_DROP_IN)
			n += taut_pc_drop_count(h->pc, r);
	return n;
}

/* From where the other one is, or will be. */
static void begin(struct sweep *s, uint64_t seed, int good, uint32_t connection)
{
	*s = (struct sweep){ .connection = connection };
	if (connection == TAUT_STATE_CONNECTING) {
		hostile_init(&s->h, seed, good, false);
		HOSTILE_RUN_UNTIL(&s->h, 1000, s->h.pc->remote.sdp && s->h.evil->remote.sdp);
		s->path = (struct tt_ice_path){ .flow = s->h.pair.peers[good].flows[0].flow,
						.local = s->h.pair.peers[good].flows[0].addr,
						.remote = s->h.pair.peers[1 - good].flows[0].addr };
		s->h.pair.cut = true;
	} else {
		hostile_begin(&s->h, seed, good);
	}
	if (connection ==
	    TAUT_STATE_DISCONNECTED) { /* so long that checks of the peer alone mend nothing */
		s->h.pair.cut = true;
		hostile_run(&s->h, 22 * SECOND);
	}
	if (connection != TAUT_STATE_CONNECTING)
		s->path = hostile_path(&s->h);
	assert_int_equal(taut_pc_connection_state(s->h.pc), connection);
	hostile_run(&s->h, 0); /* what looks at the time has seen this moment */
	state_take(&s->before, s->h.pc);
}

static void goes_on(struct sweep *s)
{
	struct state after;

	assert_int_equal(taut_pc_connection_state(s->h.pc), s->connection);
	state_take(&after, s->h.pc);
	after.part[STATE_ICE] = s->before.part[STATE_ICE];
	after.part[STATE_PEER] = s->before.part[STATE_PEER];
	assert_in_range(after.part[STATE_MEMORY], 1, s->before.part[STATE_MEMORY] + 65536);
	after.part[STATE_MEMORY] = s->before.part[STATE_MEMORY];
	const char *part = state_differs(&s->before, &after);
	if (part)
		fail_msg("while %u, the state of %s has changed", s->connection, part);
	assert_true(s->answered > 0);
	assert_true(s->dropped > 0);
	s->h.pair.cut = false;
	if (s->connection == TAUT_STATE_CONNECTING)
		hostile_assert_call(&s->h);
	else
		hostile_assert_alive(&s->h);
	hostile_end(&s->h);
}

/* ---- checks ---- */

static struct wr check(struct sweep *s, uint8_t *buf, bool nominates)
{
	struct wr w = craft_check(&s->h, buf, MOST);

	if (nominates)
		tt_stun_put(&w, TT_STUN_USE_CANDIDATE, "", 0);
	return w;
}

/* True: it was answered. */
static bool try_check(struct sweep *s, struct wr *w)
{
	const uint64_t answers = s->h.pc->ice->counters.responses_sent, dropped = drops(&s->h);

	craft_sign_request(&s->h, w);
	const size_t len = tt_stun_finish(w);
	assert_true(len > 0);
	hostile_inject_on(&s->h, s->path.flow, &s->path.local, &s->path.remote, w->base, len);
	const uint64_t answered = s->h.pc->ice->counters.responses_sent - answers;
	assert_int_equal(answered + (drops(&s->h) - dropped), 1);
	s->answered += (unsigned)answered;
	s->dropped += !answered;
	return answered;
}

/* Cut off there, and something is missing; or with an attribute behind it that nobody needs to know. */
static void sweep_lengths(struct sweep *s)
{
	static const uint8_t zeros[MOST];
	uint8_t buf[MOST];
	const size_t whole = check(s, buf, false).off;

	for (size_t len = TT_STUN_HEADER_LEN; len < whole; len++) {
		struct wr w = check(s, buf, false);
		w.off = len;
		assert_false(try_check(s, &w));
	}
	for (size_t more = 0; whole + 4 + more + 3 + SIGNATURES <= MOST; more++) {
		struct wr w = check(s, buf, false);
		tt_stun_put(&w, PADDING, zeros, more);
		assert_true(try_check(s, &w));
	}
}

static void sweep_fields(struct sweep *s, bool nominates)
{
	uint8_t buf[MOST];
	size_t len = TT_STUN_HEADER_LEN;

	for (size_t at = 0; at < len; at++)
		for (unsigned k = 0; k < EDGES; k++) {
			struct wr w = check(s, buf, nominates);
			len = w.off;
			/* another first octet is another protocol's, RFC 7983 */
			if (edge_set(buf, len, at, k) && buf[0] <= 3)
				try_check(s, &w);
		}
}

static void each_check_is_answered_or_dropped(void **state)
{
	static const uint32_t states[] = { TAUT_STATE_CONNECTING, TAUT_STATE_CONNECTED,
					   TAUT_STATE_DISCONNECTED };
	static struct sweep s;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(states); i++)
		for (int good = 0; good < 2; good++) {
			begin(&s, 730, good, states[i]);
			sweep_lengths(&s);
			sweep_fields(&s, good == 1); /* that is controlled */
			goes_on(&s);
		}
}

/* ---- answers ---- */

static const struct ice_tx *newest(const struct hostile *h)
{
	const struct tt_ice *ice = h->pc->ice;

	return &ice->consent[(ice->consent_at + TT_ICE_CONSENT_TX - 1) % TT_ICE_CONSENT_TX];
}

static bool has_asked(struct pair *p)
{
	return newest(p->user)->live;
}

/* To a consent check that has just left: the other one's own answer is on its way. */
static void try_answer(struct sweep *s, size_t at, unsigned k, size_t *len)
{
	uint8_t buf[MOST];

	assert_true(pair_run(&s->h.pair, 20 * SECOND, has_asked));
	const uint64_t taken = s->h.pc->ice->counters.responses_received, dropped = drops(&s->h);
	struct wr w = craft_answer(&s->h, buf, sizeof buf, newest(&s->h)->tid);
	*len = w.off;
	if (!edge_set(buf, *len, at, k) || buf[0] > 3)
		return;
	craft_sign_answer(&s->h, &w);
	craft_inject(&s->h, NULL, &w);
	const uint64_t more = s->h.pc->ice->counters.responses_received - taken;
	assert_int_equal(more + (drops(&s->h) - dropped), 1);
	assert_int_equal(!newest(&s->h)->live, more);
	s->answered += (unsigned)more;
	s->dropped += !more;
}

static void each_answer_is_taken_or_dropped(void **state)
{
	static struct sweep s;
	size_t len = TT_STUN_HEADER_LEN;

	(void)state;
	for (int good = 0; good < 2; good++) {
		begin(&s, 731, good, TAUT_STATE_CONNECTED);
		for (size_t at = 0; at < len; at++)
			for (unsigned k = 0; k < EDGES; k++)
				try_answer(&s, at, k, &len);
		state_take(&s.before, s.h.pc); /* time has passed */
		goes_on(&s);
	}
}

/* ---- after the end ---- */

static void checks_are_dropped_after_close(void **state)
{
	static struct sweep s;
	uint8_t buf[MOST];
	unsigned sent = 0;

	(void)state;
	begin(&s, 732, 0, TAUT_STATE_CONNECTED);
	taut_pc_close(s.h.pc, s.h.pair.sim.now);
	hostile_mark(&s.h);
	struct wr w = check(&s, buf, false);
	craft_sign_request(&s.h, &w);
	memset(buf + w.off, 0, sizeof buf - w.off);
	for (size_t len = 1; len <= MOST; len++, sent++)
		hostile_inject_on(&s.h, s.path.flow, &s.path.local, &s.path.remote, buf, len);
	hostile_assert_refused(&s.h, TAUT_DROP_CLOSED, sent);
	hostile_end(&s.h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_is_answered_or_dropped),
		cmocka_unit_test(each_answer_is_taken_or_dropped),
		cmocka_unit_test(checks_are_dropped_after_close),
	};
	if (argc > 1) /* only those: *close* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep_stun", tests, NULL, NULL);
}
