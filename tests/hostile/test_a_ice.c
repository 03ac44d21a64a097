/* test_a_ice.c - rows A of HOSTILE.md: STUN and ICE against a whole connection. */
#include <stdio.h>

#include "hostile/craft.h"
#include "ice/ice_agent.h"

enum {
	malformed = TAUT_DROP_ICE_NOT_STUN,
	unsigned_ = TAUT_DROP_ICE_INTEGRITY,
	not_ours = TAUT_DROP_ICE_USERNAME,
	unmatched = TAUT_DROP_ICE_UNMATCHED,
};

static size_t remotes(const struct hostile *h)
{
	return h->pc->ice->cur->remote_count;
}

static size_t pairs(const struct hostile *h)
{
	size_t n = 0;

	for (int i = 0; i < h->pc->ice->cur->pairs; i++)
		n += tt_ice_pair_at(h->pc->ice->cur, i)->used;
	return n;
}

static void a01_an_error_code_of_less_than_four_octets_is_refused(void **state)
{
	uint8_t buf[PACKET], tid[TT_STUN_TID_LEN], value[4] = { 0, 0, 4, 0 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 101, 0);
	craft_open_transaction(&h, tid);
	hostile_mark(&h);
	for (size_t len = 0; len < 4; len++) {
		struct wr w = wr_make(buf, sizeof buf);
		tt_stun_begin(&w, TT_STUN_ERROR, TT_STUN_BINDING, tid);
		tt_stun_put(&w, TT_STUN_ERROR_CODE, value, len);
		craft_sign_answer(&h, &w);
		craft_inject(&h, NULL, &w);
	}
	hostile_assert_refused(&h, malformed, 4);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a02_attributes_without_end_are_refused(void **state)
{
	static const unsigned counts[] = { 65, 66, 100, 200, 300 };
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 102, 0);
	for (size_t i = 0; i < TT_COUNT(counts); i++) {
		struct wr w = craft_check(&h, buf, sizeof buf);
		for (unsigned k = 0; k < counts[i]; k++)
			tt_stun_put(&w, (uint16_t)(0xc100 + k), "", 0);
		craft_sign_request(&h, &w);
		craft_inject(&h, NULL, &w);
	}
	struct wr w = craft_check(&h, buf, sizeof buf);
	craft_sign_request(&h, &w);
	const size_t len = tt_stun_finish(&w);
	buf[22] = buf[23] = 0xff; /* USERNAME of 65,535 octets */
	hostile_inject(&h, NULL, buf, len);
	hostile_assert_refused(&h, malformed, TT_COUNT(counts) + 1);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a03_an_attribute_past_the_end_is_refused_wherever_it_stands(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	unsigned sent = 0;

	(void)state;
	hostile_begin(&h, 103, 0);
	struct wr w = craft_check(&h, buf, sizeof buf);
	craft_sign_request(&h, &w);
	const size_t len = tt_stun_finish(&w);
	for (size_t at = 20; at + 4 <= len;) {
		const size_t own = (size_t)(buf[at + 2] << 8 | buf[at + 3]);
		for (size_t past = 1; past <= 4; past++) {
			const size_t lie = len - at - 4 + past;
			buf[at + 2] = (uint8_t)(lie >> 8);
			buf[at + 3] = (uint8_t)lie;
			hostile_inject(&h, NULL, buf, len);
			sent++;
		}
		buf[at + 2] = (uint8_t)(own >> 8);
		buf[at + 3] = (uint8_t)own;
		at += 4 + (own + 3) / 4 * 4;
	}
	assert_true(sent >= 20);
	hostile_assert_refused(&h, malformed, sent);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a04_a_priority_that_is_not_four_octets_is_refused(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 5 };
	uint8_t buf[PACKET], value[8] = { 0x6e, 0, 1, 0xff };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 104, 0);
	for (size_t i = 0; i < TT_COUNT(lengths); i++) {
		struct wr w = craft_bare_check(&h, buf, sizeof buf);
		tt_stun_put(&w, TT_STUN_PRIORITY, value, lengths[i]);
		tt_stun_put_u64(&w, TT_STUN_ICE_CONTROLLED, 1);
		craft_sign_request(&h, &w);
		craft_inject(&h, NULL, &w);
	}
	hostile_assert_refused(&h, malformed, TT_COUNT(lengths));
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a05_a_mapped_address_of_the_wrong_length_or_family_is_refused(void **state)
{
	static const uint16_t attributes[] = { TT_STUN_XOR_MAPPED_ADDRESS, TT_STUN_MAPPED_ADDRESS };
	uint8_t buf[PACKET], tid[TT_STUN_TID_LEN], value[24] = { 0 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 105, 0);
	craft_open_transaction(&h, tid);
	hostile_mark(&h);
	for (size_t i = 0; i < TT_COUNT(attributes); i++)
		for (int family = 0; family <= 3; family++)
			for (size_t len = 0; len <= 20; len++) {
				if ((family == 1 && len == 8) || (family == 2 && len == 20))
					continue;
				struct wr w = wr_make(buf, sizeof buf);
				tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
				value[1] = (uint8_t)family;
				tt_stun_put(&w, attributes[i], value, len);
				craft_sign_answer(&h, &w);
				craft_inject(&h, NULL, &w);
				hostile_assert_refused(&h, malformed, 1);
			}
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a06_a_length_that_would_wrap_is_refused(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 106, 0);
	struct wr w = craft_check(&h, buf, sizeof buf);
	craft_sign_request(&h, &w);
	const size_t len = tt_stun_finish(&w);
	for (unsigned lie = 0xffec; lie <= 0xffff; lie++) {
		buf[2] = (uint8_t)(lie >> 8);
		buf[3] = (uint8_t)lie;
		hostile_inject(&h, NULL, buf, len);
	}
	hostile_assert_refused(&h, malformed, 0xffff - 0xffec + 1);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* A success, or with a number that error, to a consent check; key: NULL leaves it unsigned. */
static void forge_consent(struct hostile *h, const uint8_t *tid, uint16_t error,
			  const struct tt_stun_key *key)
{
	const struct tt_ice_path path = hostile_path(h);
	uint8_t buf[PACKET];
	struct wr w = wr_make(buf, sizeof buf);

	tt_stun_begin(&w, error ? TT_STUN_ERROR : TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
	if (error)
		tt_stun_put_error(&w, error, "no");
	else
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &path.local);
	if (key)
		tt_stun_put_integrity(&w, key);
	tt_stun_put_fingerprint(&w);
	craft_inject(h, NULL, &w);
}

/* Each second the newest check is answered by whoever has no password, and one that was never sent by
 * somebody who has it. */
static void a07_unsigned_and_unasked_answers_do_not_keep_consent(void **state)
{
	static const uint8_t unasked[TT_STUN_TID_LEN] = "never asked";
	uint8_t tid[TT_STUN_TID_LEN];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 107, 0);
	craft_open_transaction(&h, tid);
	h.pair.cut = true;
	const taut_time start = h.pair.sim.now;
	while (h.pc->ice->path_gen && h.pair.sim.now < start + 31 * SECOND) {
		craft_newest_transaction(&h, tid);
		hostile_mark(&h);
		forge_consent(&h, tid, 0, NULL);
		forge_consent(&h, tid, 0, &h.pc->ice->cur->local_key);
		/* nor does it end at once, RFC 7675 section 5.2 */
		forge_consent(&h, tid, 403, NULL);
		hostile_assert_dropped(&h, unsigned_, 3);
		forge_consent(&h, unasked, 0, &h.evil->ice->cur->local_key);
		hostile_assert_refused(&h, unmatched, 1);
		hostile_run(&h, SECOND);
	}
	/* 30 s after the last answer, which came at most two checks, of up to 6 s each, before */
	assert_in_range(h.pair.sim.now - start, 18 * SECOND, 30 * SECOND);
	hostile_run(&h, 2 * SECOND);
	assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_FAILED);
	assert_int_equal(h.pc->ice->reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	hostile_end(&h);
}

enum spoil {
	NO_INTEGRITY,
	WRONG_PASSWORD,
	WRONG_NAME,
	ONLY_OUR_HALF,
	LATE_INTEGRITY,
	NO_NAME,
	SPOILS
};

static struct wr spoiled(struct hostile *h, enum spoil how, uint8_t *buf, size_t cap)
{
	struct wr w = how == WRONG_NAME || how == ONLY_OUR_HALF || how == NO_NAME
			      ? wr_make(buf, cap)
			      : craft_bare_check(h, buf, cap);
	const struct ice_gen *g = h->pc->ice->cur;
	char name[64];

	if (w.off == 0) {
		tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING,
			      (const uint8_t *)"0123456789ab");
		snprintf(name, sizeof name, how == WRONG_NAME ? "x%s:y" : "%s:y", g->ufrag);
		if (how != NO_NAME)
			tt_stun_put(&w, TT_STUN_USERNAME, name, strlen(name));
	}
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 0x6e0001ff);
	tt_stun_put_u64(
		&w, h->pc->ice->controlling ? TT_STUN_ICE_CONTROLLED : TT_STUN_ICE_CONTROLLING, 7);
	tt_stun_put(&w, TT_STUN_USE_CANDIDATE, "", 0);
	if (how == WRONG_PASSWORD)
		tt_stun_put_integrity(&w, &h->evil->ice->cur->local_key);
	else if (how != NO_INTEGRITY && how != LATE_INTEGRITY)
		tt_stun_put_integrity(&w, &g->local_key);
	tt_stun_put_fingerprint(&w);
	if (how == LATE_INTEGRITY)
		tt_stun_put_integrity(&w, &g->local_key);
	return w;
}

static void a08_what_cannot_prove_itself_gets_no_word_and_no_candidate(void **state)
{
	static const uint32_t why[SPOILS] = {
		[NO_INTEGRITY] = unsigned_, [WRONG_PASSWORD] = unsigned_, [WRONG_NAME] = not_ours,
		[ONLY_OUR_HALF] = not_ours, [LATE_INTEGRITY] = malformed, [NO_NAME] = not_ours,
	};
	uint8_t buf[PACKET];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 108, good);
		for (int how = 0; how < SPOILS; how++) {
			hostile_mark(&h);
			for (unsigned n = 0; n < 20; n++) {
				const struct taut_addr from = hostile_stranger(n);
				struct wr w = spoiled(&h, (enum spoil)how, buf, sizeof buf);
				craft_inject(&h, n % 2 ? &from : NULL, &w);
			}
			hostile_assert_refused(&h, why[how], 20);
		}
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void a08_attributes_after_the_integrity_do_not_count(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 109, 1); /* good is controlled: USE-CANDIDATE would nominate */
	struct taut_addr from = hostile_path(&h).remote; /* of a family that makes a pair */
	from.port++;
	struct wr w = craft_check(&h, buf, sizeof buf);
	tt_stun_put_integrity(&w, &h.pc->ice->cur->local_key);
	tt_stun_put(&w, TT_STUN_USE_CANDIDATE, "", 0);
	tt_stun_put_fingerprint(&w);
	craft_inject(&h, &from, &w);
	int remote = tt_ice_find_remote(h.pc->ice->cur, false, &from);
	assert_true(remote >= 0); /* it was signed: an ordinary check */
	bool paired = false;
	for (int i = 0; i < h.pc->ice->cur->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(h.pc->ice->cur, i);
		if (!p->used || p->remote != remote)
			continue;
		paired = true;
		assert_int_equal(p->nominated_at, 0);
		assert_false(p->nominate || p->nominated);
	}
	assert_true(paired);
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a09_a_role_is_turned_by_signed_messages_only_and_not_for_ever(void **state)
{
	uint8_t buf[PACKET], tid[TT_STUN_TID_LEN];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 110, good);
		craft_open_transaction(&h, tid);
		hostile_mark(&h);
		for (int n = 0; n < 50; n++) { /* asked and unsigned, then signed and unasked */
			struct wr w = wr_make(buf, sizeof buf);
			uint8_t id[TT_STUN_TID_LEN];
			memcpy(id, tid, sizeof id);
			id[0] = (uint8_t)(id[0] ^ n % 2);
			tt_stun_begin(&w, TT_STUN_ERROR, TT_STUN_BINDING, id);
			tt_stun_put_error(&w, 487, "Role Conflict");
			if (n % 2)
				tt_stun_put_integrity(&w, &h.evil->ice->cur->local_key);
			tt_stun_put_fingerprint(&w);
			craft_inject(&h, NULL, &w);
		}
		hostile_assert_dropped(&h, unsigned_, 25);
		hostile_assert_refused(&h, unmatched, 25);
		/* Signed ones, each to be obeyed if it were the first. */
		int switches = 0;
		bool role = h.pc->ice->controlling;
		for (int n = 0; n < 1000; n++) {
			struct wr w = craft_bare_check(&h, buf, sizeof buf);
			tt_stun_put_u32(&w, TT_STUN_PRIORITY, 1);
			tt_stun_put_u64(&w, role ? TT_STUN_ICE_CONTROLLING : TT_STUN_ICE_CONTROLLED,
					role ? UINT64_MAX : 0);
			craft_sign_request(&h, &w);
			craft_inject(&h, NULL, &w);
			switches += h.pc->ice->controlling != role;
			role = h.pc->ice->controlling;
		}
		assert_in_range(switches, 1, TT_ICE_MAX_ROLE_SWITCHES);
		assert_in_range(h.replies, 0, 2000);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void a10_a_flood_of_checks_gets_one_answer_each_and_no_check(void **state)
{
	enum { FLOOD = 10000 };
	uint8_t buf[PACKET];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 111, good);
		const uint64_t sent = h.pc->ice->counters.checks_sent;
		const uint64_t consent = h.pc->ice->counters.consent_sent;
		const size_t had = remotes(&h);
		const uint64_t answered = h.pc->ice->counters.responses_sent;
		hostile_mark(&h);
		for (int n = 0; n < FLOOD; n++) {
			struct wr w = craft_check(&h, buf, sizeof buf);
			craft_sign_request(&h, &w);
			craft_inject(&h, NULL, &w);
		}
		assert_int_equal(h.pc->ice->counters.responses_sent - answered, FLOOD);
		assert_int_equal(h.replies, FLOOD);
		hostile_assert_none_dropped(&h);
		hostile_run(&h, SECOND);
		assert_int_equal(h.pc->ice->counters.checks_sent - sent,
				 h.pc->ice->counters.consent_sent - consent);
		assert_int_equal(remotes(&h), had);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

enum { CANDIDATES = 10000 };

/* From the first to before the last of so many ports, or so often the same one. */
static void name_victim(struct hostile *h, bool one_port, int first, int last)
{
	char line[128];

	hostile_mark(h);
	for (int n = first; n < last; n++) {
		snprintf(line, sizeof line, "candidate:%d 1 udp %d 203.0.113.7 %d typ host", n,
			 2130706431 - n, 1024 + (one_port ? 0 : n));
		assert_int_equal(taut_pc_add_ice_candidate(h->pc, h->pair.sim.now, line,
							   strlen(line), NULL, 0),
				 TAUT_OK);
	}
}

static void flood_candidates(struct hostile *h)
{
	const size_t had = h->pc->ice->cur->signaled_count;

	name_victim(h, false, 0, CANDIDATES);
	hostile_assert_dropped(h, TAUT_DROP_ICE_TOO_MANY_REMOTE,
			       (unsigned)(CANDIDATES - (TT_ICE_MAX_REMOTE - had)));
	assert_in_range(remotes(h), 1, TT_ICE_MAX_REMOTE + TT_ICE_MAX_PRFLX);
	assert_in_range(pairs(h), 1, TT_ICE_MAX_PAIRS);
	name_victim(h, false, CANDIDATES, CANDIDATES + 100); /* there is no room for these */
	hostile_assert_refused(h, TAUT_DROP_ICE_TOO_MANY_REMOTE, 100);
}

static void a11_a_flood_of_candidates_is_capped_and_paced(void **state)
{
	struct hostile h;

	(void)state;
	hostile_init(&h, 112, 0, true);
	HOSTILE_RUN_UNTIL(&h, 1000, h.pc->remote.sdp);
	h.pair.cut = h.pair.hold_signals = true; /* nobody answers: the worst case */
	flood_candidates(&h);
	const uint64_t sent = h.pc->ice->counters.checks_sent;
	/* Ta is 20 ms, which this peer has taken: RFC 8445 section 14.2 */
	hostile_run(&h, SECOND);
	assert_in_range(h.pc->ice->counters.checks_sent - sent, 25, 50 + 1);
	hostile_run(&h, 9 * SECOND);
	assert_in_range(h.pc->ice->counters.checks_sent - sent, 100, 10 * 50 + 1);
	hostile_run(&h, 300 * SECOND);
	assert_in_range(h.pc->ice->counters.checks_sent - sent, 100, TT_ICE_MAX_PAIRS * 7);
	hostile_end(&h);

	hostile_begin(&h, 113, 0);
	const uint64_t before = h.pc->ice->counters.checks_sent;
	flood_candidates(&h);
	hostile_run(&h, 10 * SECOND);
	assert_in_range(h.pc->ice->counters.checks_sent - before, 0, 10 * 50 + 1 + 3);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* RFC 8445 section 6.1.2.4: a pair that is there already is redundant. */
static void a11_ten_thousand_candidates_of_one_address_are_checked_as_one(void **state)
{
	struct hostile h;

	(void)state;
	hostile_init(&h, 123, 0, true);
	HOSTILE_RUN_UNTIL(&h, 1000, h.pc->remote.sdp);
	h.pair.cut = h.pair.hold_signals = true;
	const size_t had = remotes(&h), paired = pairs(&h);
	const uint64_t sent = h.pc->ice->counters.checks_sent;
	name_victim(&h, true, 0, CANDIDATES);
	assert_int_equal(remotes(&h), had + 1);
	assert_in_range(pairs(&h) - paired, 1, 2);
	hostile_run(&h, 60 * SECOND);
	assert_in_range(h.pc->ice->counters.checks_sent - sent, 7, pairs(&h) * 7);
	hostile_end(&h);

	hostile_begin(&h, 124, 0); /* and beside a call that goes on */
	const size_t before = remotes(&h);
	name_victim(&h, true, 0, CANDIDATES);
	assert_int_equal(remotes(&h), before + 1);
	hostile_assert_dropped(&h, TAUT_DROP_ICE_TOO_MANY_REMOTE, 0); /* the same one again is none */
	name_victim(&h, true, 0, 1);
	hostile_assert_refused(&h, TAUT_DROP_ICE_TOO_MANY_REMOTE, 0);
	hostile_run(&h, 10 * SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* A right one. */
static void check_from(struct hostile *h, unsigned stranger)
{
	const struct taut_addr from = hostile_stranger(stranger);
	uint8_t buf[PACKET];
	struct wr w = craft_check(h, buf, sizeof buf);

	craft_sign_request(h, &w);
	craft_inject(h, &from, &w);
}

static void a12_checks_from_everywhere_reveal_sixteen_candidates(void **state)
{
	enum { FLOOD = 10000 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 113, 0);
	const size_t had = remotes(&h), prflx = h.pc->ice->cur->prflx_count;
	size_t memory = 0;
	for (unsigned n = 0; n < FLOOD; n++) {
		if (n == TT_ICE_MAX_PRFLX)
			memory = h.pc->env->memory; /* all that may be revealed is */
		check_from(&h, n);
	}
	assert_int_equal(remotes(&h), had + TT_ICE_MAX_PRFLX - prflx);
	hostile_assert_dropped(&h, TAUT_DROP_ICE_TOO_MANY_PRFLX,
			       (unsigned)(FLOOD - (TT_ICE_MAX_PRFLX - prflx)));
	assert_in_range(h.replies, 0, FLOOD);
	assert_true(h.reply_bytes <= FLOOD * 128);
	assert_int_equal(h.pc->env->memory, memory);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a13_a_forged_answer_needs_the_id_the_password_and_the_address(void **state)
{
	uint8_t buf[PACKET], tid[TT_STUN_TID_LEN], guess[TT_STUN_TID_LEN] = { 0 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 114, 0);
	craft_open_transaction(&h, tid);
	hostile_mark(&h);
	for (int n = 0; n < 256; n++) { /* a small counter would be guessed, or a part of it */
		if (n > 128)
			memcpy(guess, tid, sizeof guess);
		guess[n % 12] = (uint8_t)(guess[n % 12] + n % 128 + 1);
		struct wr w = craft_answer(&h, buf, sizeof buf, guess);
		craft_sign_answer(&h, &w);
		craft_inject(&h, NULL, &w);
	}
	hostile_assert_refused(&h, unmatched, 256);
	struct wr w = craft_answer(&h, buf, sizeof buf, tid);
	craft_sign_request(&h, &w); /* the wrong one of the two passwords */
	craft_inject(&h, NULL, &w);
	hostile_assert_refused(&h, unsigned_, 1);
	const struct taut_addr from = hostile_stranger(3);
	w = craft_answer(&h, buf, sizeof buf, tid);
	craft_sign_answer(&h, &w);
	craft_inject(&h, &from, &w);
	hostile_assert_refused(&h, TAUT_DROP_ICE_ASYMMETRIC, 1);
	/* Ids of open transactions have nothing in common. */
	const struct tt_ice *ice = h.pc->ice;
	for (int i = 0; i < TT_ICE_CONSENT_TX; i++)
		for (int k = 0; k < i; k++)
			if (ice->consent[i].live && ice->consent[k].live)
				assert_memory_not_equal(ice->consent[i].tid, ice->consent[k].tid,
							4);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* The transaction of a check that is on its way, and where it went. */
static struct tt_ice_path open_check(struct hostile *h, uint8_t tid[TT_STUN_TID_LEN])
{
	hostile_init(h, 122, 0, false);
	for (;;) {
		const struct ice_gen *g = h->pc->ice->cur;
		hostile_run(h, 1000);
		for (int i = 0; i < g->pairs; i++)
			for (int k = 0; tt_ice_pair_at(g, i)->used && k < TT_ICE_PAIR_TX; k++) {
				const struct ice_tx *tx = &tt_ice_pair_at(g, i)->tx[k];
				const struct ice_base *b =
					&h->pc->ice->base[tt_ice_pair_at(g, i)->base];
				if (!tx->live || tt_ice_pair_at(g, i)->state != TT_ICE_PAIR_IN_PROGRESS)
					continue;
				memcpy(tid, tx->tid, TT_STUN_TID_LEN);
				return (struct tt_ice_path){
					.flow = b->flow,
					.local = b->addr,
					.remote = tt_ice_remote_at(g, tt_ice_pair_at(g, i)->remote)
							  ->addr
				};
			}
	}
}

static void unsigned_answers(bool success)
{
	uint8_t buf[PACKET], tid[TT_STUN_TID_LEN];
	struct hostile h;

	const struct tt_ice_path path = open_check(&h, tid);
	hostile_mark(&h);
	for (int n = 0; n < 20; n++) { /* without integrity, then with the wrong password */
		struct wr w = wr_make(buf, sizeof buf);
		tt_stun_begin(&w, success ? TT_STUN_SUCCESS : TT_STUN_ERROR, TT_STUN_BINDING, tid);
		if (success)
			tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &path.local);
		else
			tt_stun_put_error(&w, 487, "Role Conflict");
		if (n % 2)
			tt_stun_put_integrity(&w, &h.pc->ice->cur->local_key);
		tt_stun_put_fingerprint(&w);
		hostile_inject_on(&h, path.flow, &path.local, &path.remote, buf,
				  tt_stun_finish(&w));
	}
	hostile_assert_refused(&h, unsigned_, 20);
	hostile_assert_call(&h);
	hostile_end(&h);
}

static void a09_an_unsigned_conflict_turns_no_check(void **state)
{
	(void)state;
	unsigned_answers(false);
}

static void a13_an_unsigned_answer_makes_no_pair(void **state)
{
	(void)state;
	unsigned_answers(true);
}

static void a14_checks_of_before_a_restart_are_refused(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 115, 0);
	struct wr w = craft_check(&h, buf, sizeof buf);
	tt_stun_put(&w, TT_STUN_USE_CANDIDATE, "", 0);
	craft_sign_request(&h, &w);
	const size_t len = tt_stun_finish(&w);
	assert_int_equal(taut_pc_restart_ice(h.pc, h.pair.sim.now), TAUT_OK);
	hostile_run(&h, 5 * SECOND);
	hostile_assert_alive(&h);
	hostile_mark(&h);
	const struct taut_addr from = hostile_stranger(4);
	for (unsigned n = 0; n < 20; n++)
		hostile_inject(&h, n % 2 ? &from : NULL, buf, len);
	hostile_assert_refused(&h, not_ours, 20);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a15_media_and_dtls_from_elsewhere_are_refused_and_latch_nothing(void **state)
{
	enum {
		why = TAUT_DROP_NOT_VALIDATED,
	};
	uint8_t buf[PACKET + 64], hello[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 116, 0);
	const struct tt_ice_path before = hostile_path(&h);
	const struct tt_rtp_sender *s = craft_stream(&h, TAUT_AUDIO);
	const size_t hello_len = craft_hello(hello);
	hostile_mark(&h);
	for (unsigned n = 0; n < 100; n++) {
		struct taut_addr from = hostile_stranger(n);
		if (n % 3 == 0) { /* the right host, another port */
			from = before.remote;
			from.port++;
		}
		struct wr w = craft_rtp(buf, sizeof buf, s->cfg.payload_type, (uint16_t)(9000 + n),
					n * 960, s->cfg.ssrc);
		wr_bytes(&w, "\x78zzz", 4);
		if (n % 2)
			hostile_inject(&h, &from, buf,
				       craft_protect_rtp(&h, buf, w.off, sizeof buf));
		else
			hostile_inject(&h, &from, hello, hello_len);
	}
	hostile_assert_refused(&h, why, 100);
	const struct tt_ice_path after = hostile_path(&h);
	assert_true(tt_addr_eq(&before.remote, &after.remote));
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void name_many(struct hostile *h, int first, int last)
{
	char line[160];

	for (int n = first; n < last; n++) {
		snprintf(line, sizeof line,
			 "candidate:1 1 udp 2113937151 %08x-0000-4000-8000-000000000000.local 5000 "
			 "typ host",
			 n);
		taut_pc_add_ice_candidate(h->pc, h->pair.sim.now, line, strlen(line), NULL, 0);
	}
}

static void a16_a_thousand_names_cost_sixteen_questions(void **state)
{
	struct hostile h;

	(void)state;
	hostile_begin(&h, 117, 0);
	const size_t memory = h.pc->env->memory;
	name_many(&h, 0, 1000);
	size_t names = 0;
	for (int i = 0; i < TT_ICE_MAX_NAMES; i++)
		names += h.pc->ice->cur->name[i].used;
	assert_in_range(names, 0, TT_ICE_MAX_NAMES);
	hostile_assert_dropped(&h, TAUT_DROP_ICE_TOO_MANY_NAMES, 1000 - TT_ICE_MAX_NAMES);
	/* The names, and as many lines as the remote description shows. */
	assert_true(h.pc->env->memory <= memory + 4096 + 128 * TT_SDP_MAX_CANDIDATES);
	hostile_mark(&h);
	name_many(&h, 1000, 1100);
	hostile_assert_refused(&h, TAUT_DROP_ICE_TOO_MANY_NAMES, 100);
	hostile_run(&h, 60 * SECOND); /* they are given up, all of them */
	for (int i = 0; i < TT_ICE_MAX_NAMES; i++)
		assert_true(!h.pc->ice->cur->name[i].used || h.pc->ice->cur->name[i].done);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a20_text_of_the_peer_is_never_a_format(void **state)
{
	static const char nasty[] = "%s%n%x%99999d%*s";
	uint8_t buf[PACKET];
	struct hostile h;
	taut_channel ch;
	const struct taut_data_channel_init init = { .size = sizeof init,
						     .label = nasty,
						     .protocol = nasty };

	(void)state;
	hostile_begin(&h, 120, 0);
	assert_int_equal(taut_pc_create_data_channel(h.evil, h.pair.sim.now, &init, &ch), TAUT_OK);
	hostile_run(&h, SECOND);
	assert_string_equal(h.seen[0].label, nasty);
	hostile_mark(&h);
	struct wr w = wr_make(buf, sizeof buf);
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, (const uint8_t *)"0123456789ab");
	tt_stun_put(&w, TT_STUN_USERNAME, nasty, strlen(nasty));
	tt_stun_put(&w, TT_STUN_SOFTWARE, nasty, strlen(nasty));
	tt_stun_put_fingerprint(&w);
	craft_inject(&h, NULL, &w);
	hostile_assert_refused(&h, not_ours, 1);
	taut_pc_set_remote_description(h.pc, h.pair.sim.now, TAUT_SDP_OFFER, nasty, strlen(nasty));
	assert_true(h.text_bytes > 1000); /* the trace was written all the time */
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a21_candidates_and_pairs_have_ceilings_in_every_mix(void **state)
{
	struct hostile h;
	char line[128];

	(void)state;
	hostile_begin(&h, 121, 1);
	const size_t prflx = h.pc->ice->cur->prflx_count;
	const size_t had = h.pc->ice->cur->signaled_count;
	for (unsigned n = 0; n < 300; n++) {
		check_from(&h, n);
		snprintf(line, sizeof line, "candidate:%u %u udp %u 203.0.113.%u %u typ %s", n,
			 n % 3, 4294967295u - n, n % 255, 1 + n, n % 2 ? "host" : "srflx");
		taut_pc_add_ice_candidate(h.pc, h.pair.sim.now, line, strlen(line), NULL, 0);
		snprintf(line, sizeof line, "candidate:%u 1 udp %u 2001:db8::%u %u typ host", n, n,
			 n, 1 + n);
		taut_pc_add_ice_candidate(h.pc, h.pair.sim.now, line, strlen(line), NULL, 0);
	}
	assert_in_range(remotes(&h), 1, TT_ICE_MAX_REMOTE + TT_ICE_MAX_PRFLX);
	assert_in_range(pairs(&h), 1, TT_ICE_MAX_PAIRS);
	hostile_assert_dropped(&h, TAUT_DROP_ICE_TOO_MANY_PRFLX,
			       300 - (unsigned)(TT_ICE_MAX_PRFLX - prflx));
	/* A third of the first kind is of component 1, one of component 2; the first of the other kind
	 * has no priority. */
	hostile_assert_dropped(&h, TAUT_DROP_ICE_TOO_MANY_REMOTE,
			       100 + 299 - (unsigned)(TT_ICE_MAX_REMOTE - had));
	hostile_assert_dropped(&h, TAUT_DROP_ICE_CANDIDATE, 100);
	hostile_assert_none_dropped(&h);
	name_victim(&h, false, 0, 100);
	hostile_assert_refused(&h, TAUT_DROP_ICE_TOO_MANY_REMOTE, 100);
	hostile_run(&h, 45 * SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a01_an_error_code_of_less_than_four_octets_is_refused),
		cmocka_unit_test(a02_attributes_without_end_are_refused),
		cmocka_unit_test(a03_an_attribute_past_the_end_is_refused_wherever_it_stands),
		cmocka_unit_test(a04_a_priority_that_is_not_four_octets_is_refused),
		cmocka_unit_test(a05_a_mapped_address_of_the_wrong_length_or_family_is_refused),
		cmocka_unit_test(a06_a_length_that_would_wrap_is_refused),
		cmocka_unit_test(a07_unsigned_and_unasked_answers_do_not_keep_consent),
		cmocka_unit_test(a08_what_cannot_prove_itself_gets_no_word_and_no_candidate),
		cmocka_unit_test(a08_attributes_after_the_integrity_do_not_count),
		cmocka_unit_test(a09_a_role_is_turned_by_signed_messages_only_and_not_for_ever),
		cmocka_unit_test(a10_a_flood_of_checks_gets_one_answer_each_and_no_check),
		cmocka_unit_test(a11_a_flood_of_candidates_is_capped_and_paced),
		cmocka_unit_test(a11_ten_thousand_candidates_of_one_address_are_checked_as_one),
		cmocka_unit_test(a12_checks_from_everywhere_reveal_sixteen_candidates),
		cmocka_unit_test(a13_a_forged_answer_needs_the_id_the_password_and_the_address),
		cmocka_unit_test(a09_an_unsigned_conflict_turns_no_check),
		cmocka_unit_test(a13_an_unsigned_answer_makes_no_pair),
		cmocka_unit_test(a14_checks_of_before_a_restart_are_refused),
		cmocka_unit_test(a15_media_and_dtls_from_elsewhere_are_refused_and_latch_nothing),
		cmocka_unit_test(a16_a_thousand_names_cost_sixteen_questions),
		cmocka_unit_test(a20_text_of_the_peer_is_never_a_format),
		cmocka_unit_test(a21_candidates_and_pairs_have_ceilings_in_every_mix),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/a_ice", tests, NULL, NULL);
}
