/* The TURN client against a server by hand: credentials, what it takes for an answer, and how each
 * request ends. RFC 8656 sections 7 and 8, RFC 8489 sections 9.2 and 10. */
#include "turn_bench.h"

static const uint8_t both_algorithms[] = { 0, 9, 0, 2, 1, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0 };
static const uint8_t only_md5[] = { 0, 1, 0, 0 };

/* ---- credentials ---- */

static void the_first_request_shows_nothing(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	assert_true(tt_turn_due(b.t) <= b.now);
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(b.m.has, TT_STUN_HAS_TRANSPORT | TT_STUN_HAS_MORE_FAMILY);
	assert_int_equal(b.m.transport, TT_TURN_UDP);
	assert_int_equal(b.m.more_family, TT_TURN_IPV6);
	assert_true(tt_turn_due(b.t) == b.now + TT_STUN_RTO);
	is_quiet(&b);
	end(&b);
}

static void families_are_asked_for_by_what_is_wanted(void **state)
{
	static const struct {
		bool ipv4, ipv6;
		uint32_t has;
	} rows[] = { { true, false, 0 }, { false, true, TT_STUN_HAS_FAMILY } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct tt_turn_config cfg = usual();
		struct bench b;
		prepare(&b);
		cfg.ipv4 = rows[i].ipv4;
		cfg.ipv6 = rows[i].ipv6;
		assert_int_equal(tt_turn_new(&b.t, &b.env, &cfg, b.now), TAUT_OK);
		asks(&b, TT_TURN_ALLOCATE);
		assert_int_equal(b.m.has, TT_STUN_HAS_TRANSPORT | rows[i].has);
		assert_true(!rows[i].has || b.m.family == TT_TURN_IPV6);
		assert_int_equal(challenged(&b, 401, "n1"), TT_TURN_TAKEN);
		asks(&b, TT_TURN_ALLOCATE);
		assert_int_equal(granted(&b, 600), TT_TURN_TAKEN);
		assert_int_equal(tt_turn_relayed(b.t, 4) != NULL, rows[i].ipv4);
		assert_int_equal(tt_turn_relayed(b.t, 6) != NULL, rows[i].ipv6);
		end(&b);
	}
}

static void what_cannot_begin_is_refused(void **state)
{
	struct tt_turn_config no_user = usual(), no_password = usual(), no_family = usual(),
			      good = usual();
	struct bench b;

	(void)state;
	prepare(&b);
	no_user.user = NULL;
	no_password.password = NULL;
	no_family.ipv4 = no_family.ipv6 = false;
	assert_int_equal(tt_turn_new(&b.t, &b.env, &no_user, b.now), TAUT_E_INVAL);
	assert_int_equal(tt_turn_new(&b.t, &b.env, &no_password, b.now), TAUT_E_INVAL);
	assert_int_equal(tt_turn_new(&b.t, &b.env, &no_family, b.now), TAUT_E_INVAL);
	b.allowed = 0;
	assert_int_equal(tt_turn_new(&b.t, &b.env, &good, b.now), TAUT_E_NOMEM);
	b.allowed = ALLOWED;
	b.no_random = true;
	assert_int_equal(tt_turn_new(&b.t, &b.env, &good, b.now), TAUT_E_CRYPTO);
	assert_null(b.t);
	end(&b);
}

static void asked_for_credentials_it_signs_with_md5_and_sha1(void **state)
{
	struct tt_stun_key k;
	struct bench b;

	(void)state;
	log_in(&b);
	assert_int_equal(b.m.has & ~(uint32_t)(TT_STUN_HAS_TRANSPORT | TT_STUN_HAS_MORE_FAMILY),
			 TT_STUN_HAS_USERNAME | TT_STUN_HAS_REALM | TT_STUN_HAS_NONCE |
				 TT_STUN_HAS_INTEGRITY);
	assert_true(span_eq(b.m.username, span_of("ada")));
	assert_true(span_eq(b.m.realm, span_of("example")));
	assert_true(span_eq(b.m.nonce, span_of("n1")));
	assert_true(tt_stun_key_long_term(&k, TT_STUN_MD5, span_of("ada"), span_of("example"),
					  span_of("lovelace")));
	assert_true(tt_stun_verify(&b.m, b.pkt, &k));
	tt_stun_key_free(&k);
	end(&b);
}

static void challenge_with(struct bench *b, const char *nonce, const uint8_t *algorithms,
			   size_t len)
{
	reply(b, TT_STUN_ERROR);
	tt_stun_put_error(&w, 401, "");
	put_text(TT_STUN_REALM, "example");
	put_text(TT_STUN_NONCE, nonce);
	tt_stun_put(&w, TT_STUN_PASSWORD_ALGORITHMS, algorithms, len);
	assert_int_equal(sent(b), TT_TURN_TAKEN);
}

/* RFC 8489 section 9.2.5: the first that we know, the list as it came, and SHA-256 to sign. */
static void of_password_algorithms_it_takes_the_first_it_knows(void **state)
{
	static const struct {
		const uint8_t *list;
		size_t len;
		enum tt_stun_algorithm wanted;
	} rows[] = {
		{ both_algorithms, sizeof both_algorithms, TT_STUN_SHA256 },
		{ only_md5, sizeof only_md5, TT_STUN_MD5 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct span list = { rows[i].list, rows[i].len };
		struct tt_stun_key k;
		struct bench b;
		begin(&b);
		asks(&b, TT_TURN_ALLOCATE);
		challenge_with(&b, "obMatJos2gAAAx", list.p, list.len);
		asks(&b, TT_TURN_ALLOCATE);
		assert_true(span_eq(b.m.algorithms, list));
		assert_int_equal(b.m.algorithm, rows[i].wanted);
		assert_true(b.m.has & TT_STUN_HAS_USERNAME &&
			    b.m.has & TT_STUN_HAS_INTEGRITY_SHA256 &&
			    !(b.m.has & TT_STUN_HAS_INTEGRITY));
		assert_true(tt_stun_key_long_term(&k, rows[i].wanted, span_of("ada"),
						  span_of("example"), span_of("lovelace")));
		assert_true(tt_stun_verify(&b.m, b.pkt, &k));
		tt_stun_key_free(&k);
		/* An answer with less is none: 9.2.5, "SHA256 only". */
		b.algorithm = rows[i].wanted;
		assert_int_equal(granted(&b, 600), TT_TURN_DROPPED);
		b.strong = true;
		assert_int_equal(granted(&b, 600), TT_TURN_TAKEN);
		end(&b);
	}
}

static void a_server_that_wants_no_names_is_shown_a_hash(void **state)
{
	uint8_t hash[TT_STUN_USERHASH_LEN];
	struct bench b;

	(void)state;
	begin(&b);
	asks(&b, TT_TURN_ALLOCATE);
	challenge_with(&b, "obMatJos2wAAAx", both_algorithms, sizeof both_algorithms);
	asks(&b, TT_TURN_ALLOCATE);
	assert_true(b.m.has & TT_STUN_HAS_USERHASH && !(b.m.has & TT_STUN_HAS_USERNAME));
	assert_true(tt_stun_userhash(hash, span_of("ada"), span_of("example")));
	assert_memory_equal(b.m.userhash, hash, sizeof hash);
	end(&b);
}

/* 9.2.1, 9.2.5: each ends the attempt. */
static void challenges_that_cannot_be_met_end_it(void **state)
{
	static const uint8_t unknown[] = { 0, 9, 0, 0 }, cut[] = { 0, 2, 0, 9 },
			     with_parameters[] = { 0, 2, 0, 4, 1, 2, 3, 4 },
			     half[] = { 0, 9, 0, 0, 0, 2 };
	static const struct {
		const char *realm, *nonce;
		const uint8_t *list;
		size_t len;
		const char *why;
	} rows[] = {
		{ NULL, "n", NULL, 0, "without a realm" },
		{ "example", NULL, NULL, 0, "without a realm" },
		{ "", "n", NULL, 0, "without a realm" },
		{ "example", "", NULL, 0, "without a realm" },
		{ "example", "obMatJos2gAAA", NULL, 0, "promises password algorithms" },
		{ "example", "obMatJos2gAAA", unknown, sizeof unknown, "no password algorithm" },
		{ "example", "obMatJos2gAAA", cut, sizeof cut, "no password algorithm" },
		{ "example", "obMatJos2gAAA", half, sizeof half, "no password algorithm" },
		{ "example", "obMatJos2gAAA", with_parameters, sizeof with_parameters,
		  "no password algorithm" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct bench b;
		begin(&b);
		asks(&b, TT_TURN_ALLOCATE);
		reply(&b, TT_STUN_ERROR);
		tt_stun_put_error(&w, 401, "");
		if (rows[i].realm)
			put_text(TT_STUN_REALM, rows[i].realm);
		if (rows[i].nonce)
			put_text(TT_STUN_NONCE, rows[i].nonce);
		if (rows[i].list)
			tt_stun_put(&w, TT_STUN_PASSWORD_ALGORITHMS, rows[i].list, rows[i].len);
		assert_int_equal(sent(&b), TT_TURN_TAKEN);
		is_over(&b, 401, rows[i].why);
		end(&b);
	}
}

static void nonces_that_are_no_cookie_promise_nothing(void **state)
{
	static const char *const nonces[] = { "obMatJos2gAA", "obMatJos3gAAA", "obMatJos2-AAA",
					      "obMatJos2gA-A", "obMatJos2AAAA" };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(nonces); i++) {
		struct bench b;
		begin(&b);
		asks(&b, TT_TURN_ALLOCATE);
		assert_int_equal(challenged(&b, 401, nonces[i]), TT_TURN_TAKEN);
		asks(&b, TT_TURN_ALLOCATE);
		assert_true(b.m.has & TT_STUN_HAS_INTEGRITY && b.m.has & TT_STUN_HAS_USERNAME);
		end(&b);
	}
	for (size_t at = 0; at < 13; at++) { /* a NUL is no digit, nor the end of the cookie */
		static const uint8_t nonce[] = "obMatJos2gAAA";
		uint8_t spoilt[13];
		struct bench b;
		begin(&b);
		asks(&b, TT_TURN_ALLOCATE);
		reply(&b, TT_STUN_ERROR);
		tt_stun_put_error(&w, 401, "");
		put_text(TT_STUN_REALM, "example");
		memcpy(spoilt, nonce, sizeof spoilt);
		spoilt[at] = 0;
		tt_stun_put(&w, TT_STUN_NONCE, spoilt, sizeof spoilt);
		assert_int_equal(sent(&b), TT_TURN_TAKEN);
		asks(&b, TT_TURN_ALLOCATE);
		assert_true(b.m.has & TT_STUN_HAS_INTEGRITY && b.m.has & TT_STUN_HAS_USERNAME);
		end(&b);
	}
}

static void a_list_of_algorithms_has_a_ceiling(void **state)
{
	uint8_t list[TT_TURN_MAX_ALGORITHMS + 4] = { 0, 2 };
	struct bench b;

	(void)state;
	for (size_t more = 0; more <= 4; more += 4) {
		begin(&b);
		asks(&b, TT_TURN_ALLOCATE);
		challenge_with(&b, "obMatJos2gAAA", list, TT_TURN_MAX_ALGORITHMS + more);
		if (more)
			is_over(&b, 401, "no password algorithm");
		else
			asks(&b, TT_TURN_ALLOCATE);
		end(&b);
	}
}

static void a_wrong_password_is_asked_with_once(void **state)
{
	struct bench b;

	(void)state;
	log_in(&b);
	assert_int_equal(challenged(&b, 401, "n2"), TT_TURN_TAKEN);
	is_over(&b, 401, "username and password");
	end(&b);
}

static void a_stale_nonce_is_replaced_a_bounded_number_of_times(void **state)
{
	uint8_t first[TT_STUN_TID_LEN];
	struct bench b;

	(void)state;
	log_in(&b);
	memcpy(first, b.m.tid, sizeof first);
	assert_int_equal(challenged(&b, 438, "n2"), TT_TURN_TAKEN);
	asks(&b, TT_TURN_ALLOCATE);
	assert_true(span_eq(b.m.nonce, span_of("n2")));
	assert_memory_not_equal(b.m.tid, first, sizeof first);
	assert_int_equal(challenged(&b, 438, "n3"), TT_TURN_TAKEN);
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(challenged(&b, 438, "n4"), TT_TURN_TAKEN);
	is_over(&b, 438, "again and again");
	end(&b);
}

static void another_realm_with_each_answer_ends_as_well(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	for (char realm[] = "a"; realm[0] < 'd'; realm[0]++) {
		asks(&b, TT_TURN_ALLOCATE);
		reply(&b, TT_STUN_ERROR);
		tt_stun_put_error(&w, 401, "");
		put_text(TT_STUN_REALM, realm);
		put_text(TT_STUN_NONCE, "n");
		assert_int_equal(sent(&b), TT_TURN_TAKEN);
	}
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_TAKEN);
	is_over(&b, 401, "again and again");
	end(&b);
}

static void a_request_that_does_not_fit_is_none(void **state)
{
	char nonce[764];
	struct bench b;

	(void)state;
	memset(nonce, 'x', sizeof nonce);
	nonce[763] = '\0';
	begin(&b);
	asks(&b, TT_TURN_ALLOCATE);
	reply(&b, TT_STUN_ERROR);
	tt_stun_put_error(&w, 401, "");
	put_text(TT_STUN_REALM, nonce + 763 - 600);
	put_text(TT_STUN_NONCE, nonce);
	assert_int_equal(sent(&b), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_poll_send(b.t, b.now, b.pkt, 1280), 0);
	is_over(&b, 0, "could not be written");
	end(&b);
}

/* ---- answers ---- */

static void an_allocation_says_from_where_and_who_we_are(void **state)
{
	const struct taut_addr relayed = addr("203.0.113.2", 50000),
			       mapped = addr("198.51.100.7", 4000);
	struct bench b;

	(void)state;
	log_in(&b);
	assert_null(tt_turn_relayed(b.t, 4));
	assert_null(tt_turn_mapped(b.t));
	assert_int_equal(granted(&b, 600), TT_TURN_TAKEN);
	assert_true(tt_addr_eq(tt_turn_relayed(b.t, 4), &relayed));
	assert_int_equal(tt_turn_relayed(b.t, 6)->port, 50001);
	assert_true(tt_addr_eq(tt_turn_mapped(b.t), &mapped));
	assert_true(tt_turn_deadline(b.t) == b.now + 540 * SECOND);
	is_quiet(&b);
	end(&b);
}

static void addresses_that_nobody_has_are_none(void **state)
{
	const struct taut_addr bad[] = { addr("0.0.0.0", 5), addr("203.0.113.2", 0),
					 addr("::", 5) };
	struct bench b;

	(void)state;
	log_in(&b);
	reply(&b, TT_STUN_SUCCESS);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &bad[0]);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &bad[2]);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &bad[0]);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 600);
	assert_int_equal(answered(&b), TT_TURN_TAKEN);
	assert_null(tt_turn_relayed(b.t, 4));
	assert_null(tt_turn_relayed(b.t, 6));
	assert_null(tt_turn_mapped(b.t));
	asks(&b, TT_TURN_REFRESH); /* 7.3: the client deletes it */
	assert_int_equal(b.m.lifetime, 0);
	is_over(&b, 0, "relays from no address");
	end(&b);

	log_in(&b);
	reply(&b, TT_STUN_SUCCESS);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &bad[1]);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &bad[1]);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 600);
	assert_int_equal(answered(&b), TT_TURN_TAKEN);
	assert_null(tt_turn_mapped(b.t));
	asks(&b, TT_TURN_REFRESH);
	end(&b);
}

static void each_error_has_its_end(void **state)
{
	static const struct {
		uint16_t code;
		const char *why;
	} rows[] = {
		{ 403, "forbids" },
		{ 437, "no such allocation" },
		{ 440, "address family" },
		{ 441, "credentials" },
		{ 442, "UDP" },
		{ 443, "another address" },
		{ 486, "as many" },
		{ 508, "capacity" },
		{ 400, "understand" },
		{ 500, "an error" },
		{ 300, "no other server" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct bench b;
		log_in(&b);
		assert_int_equal(refused(&b, rows[i].code), TT_TURN_TAKEN);
		is_over(&b, rows[i].code, rows[i].why);
		end(&b);
	}
}

static void what_is_not_signed_changes_nothing(void **state)
{
	struct bench b;

	(void)state;
	log_in(&b);
	b.unsigned_answers = true;
	assert_int_equal(granted(&b, 600), TT_TURN_DROPPED);
	assert_int_equal(refused(&b, 486), TT_TURN_DROPPED);
	assert_int_equal(refused(&b, 400), TT_TURN_DROPPED);
	b.unsigned_answers = false;
	b.wrong_mac = true;
	assert_int_equal(granted(&b, 600), TT_TURN_DROPPED);
	assert_int_equal(b.env.drops[TAUT_DROP_TURN_INTEGRITY], 4);
	assert_int_equal(tt_turn_state(b.t), TT_TURN_ALLOCATING);
	/* 9.2.5: at the end it is said that this was why. */
	while (tt_turn_state(b.t) != TT_TURN_OVER) {
		const taut_time next = tt_min64(tt_turn_due(b.t), tt_turn_deadline(b.t));
		assert_true(next > b.now && next < INT64_MAX);
		b.now = next;
		tt_turn_tick(b.t, b.now);
		tt_turn_poll_send(b.t, b.now, b.pkt, sizeof b.pkt);
	}
	is_over(&b, 0, "not signed");
	end(&b);
}

/* Before it was asked for credentials nothing is signed: only errors can be believed. */
static void an_allocation_for_nobody_is_not_taken(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	asks(&b, TT_TURN_ALLOCATE);
	b.unsigned_answers = true;
	assert_int_equal(granted(&b, 600), TT_TURN_DROPPED);
	assert_int_equal(refused(&b, 400), TT_TURN_DROPPED); /* 9.2.5 */
	assert_int_equal(refused(&b, 508), TT_TURN_TAKEN);
	is_over(&b, 508, "capacity");
	end(&b);
}

static void a_nonce_in_any_answer_that_was_bid_down_is_noticed(void **state)
{
	struct bench b;

	(void)state;
	log_in(&b);
	reply(&b, TT_STUN_ERROR);
	tt_stun_put_error(&w, 486, "");
	put_text(TT_STUN_NONCE, "obMatJos2gAAA");
	assert_int_equal(answered(&b), TT_TURN_DROPPED);
	assert_int_equal(refused(&b, 486), TT_TURN_TAKEN);
	end(&b);
}

static void answers_to_nothing_are_dropped(void **state)
{
	static const uint8_t other[TT_STUN_TID_LEN] = "another one";
	const struct taut_addr stranger = addr("203.0.113.3", 3478);
	struct tt_turn_data data;
	struct bench b;

	(void)state;
	begin(&b);
	b.m = (struct tt_stun_msg){ .method = TT_TURN_ALLOCATE, .tid = other };
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_DROPPED); /* nothing was sent yet */
	asks(&b, TT_TURN_ALLOCATE);
	const uint8_t *tid = b.m.tid;
	b.m.tid = other;
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_DROPPED);
	b.m.tid = tid;
	b.m.method = TT_TURN_REFRESH;
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_DROPPED);
	b.m.method = TT_TURN_ALLOCATE;
	reply(&b, TT_STUN_REQUEST);
	assert_int_equal(sent(&b), TT_TURN_DROPPED);
	reply(&b, TT_STUN_INDICATION);
	assert_int_equal(sent(&b), TT_TURN_DROPPED);
	assert_int_equal(b.env.drops[TAUT_DROP_TURN_NOT_ASKED], 5);
	reply(&b, TT_STUN_ERROR); /* without a code */
	assert_int_equal(sent(&b), TT_TURN_DROPPED);
	answer[3] ^= 4;
	assert_int_equal(sent(&b), TT_TURN_DROPPED);
	assert_int_equal(b.env.drops[TAUT_DROP_TURN_MALFORMED], 2);
	/* Not the server's, or no TURN at all: others may want it. */
	b.from = stranger;
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_NOT_OURS);
	b.from = addr("203.0.113.2", 3478);
	b.m.method = TT_STUN_BINDING;
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_NOT_OURS);
	assert_int_equal(tt_turn_recv(b.t, b.now, &b.from, answer, 0, &data), TT_TURN_NOT_OURS);
	answer[0] = 0x80;
	assert_int_equal(tt_turn_recv(b.t, b.now, &b.from, answer, 20, &data), TT_TURN_NOT_OURS);
	is_quiet(&b);
	end(&b);
}

static void an_attribute_that_must_be_understood_ends_it(void **state)
{
	struct bench b;

	(void)state;
	log_in(&b);
	reply(&b, TT_STUN_SUCCESS);
	tt_stun_put_u32(&w, 0x7777, 0);
	assert_int_equal(answered(&b), TT_TURN_TAKEN);
	is_over(&b, 0, "we do not know");
	end(&b);
}

/* ---- 300 ---- */

static enum tt_turn_came sent_to(struct bench *b, const char *ip, uint16_t port)
{
	const struct taut_addr to = addr(ip, port);

	reply(b, TT_STUN_ERROR);
	tt_stun_put_error(&w, 300, "");
	tt_stun_put_addr(&w, TT_STUN_ALTERNATE_SERVER, &to);
	return sent(b);
}

static void another_server_is_asked_as_a_stranger(void **state)
{
	const struct taut_addr other = addr("203.0.113.9", 3478);
	struct bench b;

	(void)state;
	begin(&b);
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(sent_to(&b, "203.0.113.9", 0), TT_TURN_TAKEN);
	assert_true(tt_addr_eq(tt_turn_server(b.t), &other));
	asks(&b, TT_TURN_ALLOCATE);
	assert_false(b.m.has & TT_STUN_HAS_USERNAME);
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_NOT_OURS); /* the old one says */
	b.from = other;
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_TAKEN);
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(granted(&b, 600), TT_TURN_TAKEN);
	end(&b);
}

static void a_redirection_has_to_make_sense(void **state)
{
	static const struct {
		const char *ip, *why;
	} rows[] = {
		{ "2001:db8::9", "no other server" },
		{ "127.0.0.1", "no server has" },
		{ "224.0.0.1", "no server has" },
		{ "203.0.113.2", "from one to another" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct bench b;
		begin(&b);
		asks(&b, TT_TURN_ALLOCATE);
		assert_int_equal(sent_to(&b, rows[i].ip, 3478), TT_TURN_TAKEN);
		is_over(&b, 300, rows[i].why);
		end(&b);
	}
}

static void a_server_on_this_machine_may_send_to_another_on_it(void **state)
{
	struct tt_turn_config cfg = usual();
	struct bench b;

	(void)state;
	prepare(&b);
	cfg.server = b.from = addr("127.0.0.1", 3478);
	assert_int_equal(tt_turn_new(&b.t, &b.env, &cfg, b.now), TAUT_OK);
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(sent_to(&b, "127.0.0.1", 3479), TT_TURN_TAKEN);
	asks(&b, TT_TURN_ALLOCATE);
	b.from.port = 3479;
	assert_int_equal(sent_to(&b, "169.254.1.1", 3479), TT_TURN_TAKEN);
	is_over(&b, 300, "no server has");
	end(&b);
}

static void redirections_end(void **state)
{
	static const char *const ips[] = { "203.0.113.10", "203.0.113.11", "203.0.113.12",
					   "203.0.113.13" };
	struct bench b;

	(void)state;
	begin(&b);
	for (size_t i = 0; i < TT_COUNT(ips); i++) {
		asks(&b, TT_TURN_ALLOCATE);
		b.from = *tt_turn_server(b.t);
		assert_int_equal(sent_to(&b, ips[i], 3478), TT_TURN_TAKEN);
	}
	is_over(&b, 300, "from one to another");
	end(&b);
}

/* 300 means nothing for what an allocation needs. */
static void only_an_allocate_is_sent_elsewhere(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000), other = addr("203.0.113.9", 3478);
	struct bench b;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	reply(&b, TT_STUN_ERROR);
	tt_stun_put_error(&w, 300, "");
	tt_stun_put_addr(&w, TT_STUN_ALTERNATE_SERVER, &other);
	assert_int_equal(answered(&b), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_permission(b.t, &peer), TT_TURN_REFUSED);
	assert_int_equal(tt_turn_state(b.t), TT_TURN_ALLOCATED);
	end(&b);
}

/* ---- time ---- */

static void a_silent_server_is_given_up(void **state)
{
	struct tt_turn_config cfg = usual();
	struct bench b;

	(void)state;
	begin(&b);
	int sent_times = 0;
	for (taut_time stop = b.now + 60 * SECOND; b.now < stop; b.now += SECOND / 2) {
		tt_turn_tick(b.t, b.now);
		sent_times += tt_turn_poll_send(b.t, b.now, b.pkt, sizeof b.pkt) > 0;
	}
	assert_int_equal(sent_times, TT_STUN_RC);
	is_over(&b, 0, "does not answer");
	end(&b);

	/* Over a stream it is said once, and waited for as long: RFC 8489 section 6.2.2. */
	prepare(&b);
	cfg.stream = true;
	assert_int_equal(tt_turn_new(&b.t, &b.env, &cfg, b.now), TAUT_OK);
	asks(&b, TT_TURN_ALLOCATE);
	for (int i = 0; i < 79; i++, b.now += SECOND / 2) {
		tt_turn_tick(b.t, b.now);
		assert_int_equal(tt_turn_state(b.t), TT_TURN_ALLOCATING);
		is_quiet(&b);
	}
	tt_turn_tick(b.t, b.now); /* 39.5 s */
	is_over(&b, 0, "does not answer");
	end(&b);
	cfg.stream = false;

	prepare(&b);
	cfg.give_up_after = 2 * SECOND;
	assert_int_equal(tt_turn_new(&b.t, &b.env, &cfg, b.now), TAUT_OK);
	assert_true(tt_turn_deadline(b.t) == b.now + 2 * SECOND);
	tt_turn_tick(b.t, b.now + 2 * SECOND - 1);
	assert_int_equal(tt_turn_state(b.t), TT_TURN_ALLOCATING);
	tt_turn_tick(b.t, b.now + 2 * SECOND);
	is_over(&b, 0, "does not answer");
	end(&b);
}

static void an_allocation_is_refreshed_a_minute_before_its_end(void **state)
{
	struct bench b;

	(void)state;
	allocate(&b);
	b.now += 540 * SECOND;
	tt_turn_tick(b.t, b.now - 1);
	is_quiet(&b);
	tt_turn_tick(b.t, b.now);
	asks(&b, TT_TURN_REFRESH);
	assert_false(b.m.has & TT_STUN_HAS_LIFETIME);
	assert_int_equal(challenged(&b, 438, "n2"), TT_TURN_TAKEN);
	asks(&b, TT_TURN_REFRESH);
	reply(&b, TT_STUN_SUCCESS);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 100);
	assert_int_equal(answered(&b), TT_TURN_TAKEN);
	assert_true(tt_turn_deadline(b.t) == b.now + 50 * SECOND);
	end(&b);
}

static void however_short_a_lifetime_there_are_seconds_between(void **state)
{
	struct bench b;

	(void)state;
	log_in(&b);
	assert_int_equal(granted(&b, 1), TT_TURN_TAKEN);
	b.now = tt_turn_deadline(b.t);
	tt_turn_tick(b.t, b.now);
	is_over(&b, 0, "does not answer");
	end(&b);
	log_in(&b);
	assert_int_equal(granted(&b, 0), TT_TURN_TAKEN);
	is_over(&b, 0, "no lifetime");
	end(&b);
	log_in(&b);
	assert_int_equal(fine(&b), TT_TURN_TAKEN);
	is_over(&b, 0, "no lifetime");
	end(&b);
}

static void a_refresh_that_is_refused_or_not_answered_is_the_end(void **state)
{
	struct bench b;

	(void)state;
	allocate(&b);
	b.now += 540 * SECOND;
	tt_turn_tick(b.t, b.now);
	asks(&b, TT_TURN_REFRESH);
	assert_int_equal(refused(&b, 437), TT_TURN_TAKEN);
	is_over(&b, 437, "no such allocation");
	assert_null(tt_turn_relayed(b.t, 4));
	end(&b);

	allocate(&b);
	b.now += 540 * SECOND;
	b.no_random = true; /* no request: again in five seconds */
	tt_turn_tick(b.t, b.now);
	is_quiet(&b);
	assert_true(tt_turn_deadline(b.t) == b.now + 5 * SECOND);
	b.no_random = false;
	b.now += 5 * SECOND;
	tt_turn_tick(b.t, b.now);
	while (tt_turn_state(b.t) != TT_TURN_OVER) {
		if (tt_turn_poll_send(b.t, b.now, b.pkt, sizeof b.pkt) == 0)
			b.now = tt_min64(tt_turn_due(b.t), tt_turn_deadline(b.t));
		tt_turn_tick(b.t, b.now);
	}
	is_over(&b, 0, "does not answer");
	end(&b);
}

static void an_allocation_is_given_back(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	tt_turn_release(b.t, b.now);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED); /* and never sent */
	asks(&b, TT_TURN_REFRESH);
	assert_true(b.m.has & TT_STUN_HAS_LIFETIME && b.m.lifetime == 0);
	is_over(&b, 0, "released");
	end(&b);

	begin(&b); /* nothing was granted, so nothing is given back */
	asks(&b, TT_TURN_ALLOCATE);
	tt_turn_release(b.t, b.now);
	is_over(&b, 0, "released");
	end(&b);

	log_in(&b); /* it may have been granted meanwhile */
	tt_turn_release(b.t, b.now);
	tt_turn_release(b.t, b.now);
	asks(&b, TT_TURN_REFRESH);
	is_over(&b, 0, "released");
	end(&b);

	allocate(&b);
	b.no_random = true;
	tt_turn_release(b.t, b.now);
	is_over(&b, 0, "released");
	end(&b);

	allocate(&b); /* nothing new for who has left */
	tt_turn_release(b.t, b.now);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED);
	end(&b);
}

/* ---- what fails ---- */

static void without_memory_or_random_numbers_it_ends_or_waits(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	asks(&b, TT_TURN_ALLOCATE);
	b.allowed = 0;
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_TAKEN);
	is_over(&b, 401, "out of memory");
	end(&b);

	begin(&b);
	asks(&b, TT_TURN_ALLOCATE);
	b.no_random = true;
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_TAKEN);
	is_over(&b, 401, "no transaction id");
	end(&b);

	begin(&b);
	asks(&b, TT_TURN_ALLOCATE);
	b.no_random = true;
	assert_int_equal(sent_to(&b, "203.0.113.9", 3478), TT_TURN_TAKEN);
	is_over(&b, 300, "no transaction id");
	end(&b);
	tt_turn_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_request_shows_nothing),
		cmocka_unit_test(families_are_asked_for_by_what_is_wanted),
		cmocka_unit_test(what_cannot_begin_is_refused),
		cmocka_unit_test(asked_for_credentials_it_signs_with_md5_and_sha1),
		cmocka_unit_test(of_password_algorithms_it_takes_the_first_it_knows),
		cmocka_unit_test(a_server_that_wants_no_names_is_shown_a_hash),
		cmocka_unit_test(challenges_that_cannot_be_met_end_it),
		cmocka_unit_test(nonces_that_are_no_cookie_promise_nothing),
		cmocka_unit_test(a_list_of_algorithms_has_a_ceiling),
		cmocka_unit_test(a_wrong_password_is_asked_with_once),
		cmocka_unit_test(a_stale_nonce_is_replaced_a_bounded_number_of_times),
		cmocka_unit_test(another_realm_with_each_answer_ends_as_well),
		cmocka_unit_test(a_request_that_does_not_fit_is_none),
		cmocka_unit_test(an_allocation_says_from_where_and_who_we_are),
		cmocka_unit_test(addresses_that_nobody_has_are_none),
		cmocka_unit_test(each_error_has_its_end),
		cmocka_unit_test(what_is_not_signed_changes_nothing),
		cmocka_unit_test(an_allocation_for_nobody_is_not_taken),
		cmocka_unit_test(a_nonce_in_any_answer_that_was_bid_down_is_noticed),
		cmocka_unit_test(answers_to_nothing_are_dropped),
		cmocka_unit_test(an_attribute_that_must_be_understood_ends_it),
		cmocka_unit_test(another_server_is_asked_as_a_stranger),
		cmocka_unit_test(a_redirection_has_to_make_sense),
		cmocka_unit_test(a_server_on_this_machine_may_send_to_another_on_it),
		cmocka_unit_test(redirections_end),
		cmocka_unit_test(only_an_allocate_is_sent_elsewhere),
		cmocka_unit_test(a_silent_server_is_given_up),
		cmocka_unit_test(an_allocation_is_refreshed_a_minute_before_its_end),
		cmocka_unit_test(however_short_a_lifetime_there_are_seconds_between),
		cmocka_unit_test(a_refresh_that_is_refused_or_not_answered_is_the_end),
		cmocka_unit_test(an_allocation_is_given_back),
		cmocka_unit_test(without_memory_or_random_numbers_it_ends_or_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
