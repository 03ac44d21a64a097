/* test_b_dtls.c - the other rows B of HOSTILE.md, and B14 where it is about octets: records and
 * handshakes of DTLS against a whole connection. */

#include "dtls/dtls_state.h"
#include "hostile/craft.h"

enum {
	elsewhere = TAUT_DROP_NOT_VALIDATED,
	in_clear = TAUT_DROP_DTLS_CLEAR_TEXT,
	forged_alert = TAUT_DROP_DTLS_ALERT_IN_CLEAR,
};

static void b01_a_client_hello_from_elsewhere_is_refused_at_any_time(void **state)
{
	uint8_t hello[PACKET];
	const size_t len = craft_hello(hello);

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		unsigned sent = 0;
		hostile_init(&h, 201, good, false);
		while (h.pc->dtls_state < TAUT_STATE_CONNECTED) {
			const struct pair_peer *q = &h.pair.peers[good];
			const struct taut_addr from = hostile_stranger(sent);
			hostile_run(&h, 1000);
			if (q->flow_count == 0)
				continue;
			hostile_mark(&h);
			hostile_inject_on(&h, q->flows[0].flow, &q->flows[0].addr, &from, hello, len);
			hostile_assert_refused(&h, elsewhere, 1);
			sent++;
			assert_true(sent < 10000);
		}
		hostile_run(&h, SECOND);
		hostile_mark(&h);
		for (unsigned n = 0; n < 50; n++) {
			const struct taut_addr from = hostile_stranger(n);
			hostile_inject(&h, &from, hello, len);
		}
		hostile_assert_refused(&h, elsewhere, 50);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

static void b02_forged_alerts_during_the_handshake_end_nothing(void **state)
{
	uint8_t record[64];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		unsigned sent = 0;
		hostile_init(&h, 202, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		while (h.pc->dtls_state == TAUT_STATE_CONNECTING) {
			const uint8_t alert[] = { 2, (uint8_t)(sent % 120) };
			hostile_mark(&h);
			hostile_inject(&h, NULL, record,
				       craft_record(record, DTLS_ALERT, 0, sent, alert, 2));
			hostile_assert_refused(&h, forged_alert, 1);
			sent++;
			hostile_run(&h, 1000);
		}
		assert_true(sent > 5);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_CONNECTED);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

/* What stands in the clear and may be the peer's goes to OpenSSL: which of these records it drops
 * itself, and which end the handshake, is its affair. What may come of it is what the row names. */
static void b02_other_forged_records_may_fail_it_but_with_a_reason(void **state)
{
	uint8_t record[PACKET], body[200];
	unsigned up = 0;

	(void)state;
	for (unsigned seed = 0; seed < 60; seed++) {
		struct hostile h;
		hostile_init(&h, 300 + seed, (int)(seed % 2), false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		hostile_run(&h, 1000 * (seed / 2 % 30));
		for (unsigned n = 0; n < 8 && h.pc->dtls_state == TAUT_STATE_CONNECTING; n++) {
			for (size_t i = 0; i < sizeof body; i++)
				body[i] = (uint8_t)sim_random(&h.pair.sim);
			const uint8_t type = (uint8_t)(sim_random(&h.pair.sim) % 25);
			const uint32_t part = (uint32_t)(sim_random(&h.pair.sim) % sizeof body);
			size_t len = n % 4 == 3
					     ? craft_record(record, DTLS_CCS, 0, n, "\1", 1)
					     : craft_fragment(record, type, part + (n & 1) * 50,
							      (uint16_t)(n % 5), 0, part, body, part);
			hostile_inject(&h, NULL, record, len);
		}
		hostile_assert_settled(&h);
		up += taut_pc_connection_state(h.pc) == TAUT_STATE_CONNECTED;
		hostile_end(&h);
	}
	assert_true(up > 0); /* and those went on with sound and picture */
}

/* Ten megabytes in 10,000 fragments, of 3,000 messages in turn that claim 16 KiB each: there are 16
 * messages in a handshake at the most (n % 3000 < 16), and four of those have room. */
static void b03_fragments_that_never_complete_are_bounded(void **state)
{
	enum { SENT = 10000, OF_A_HANDSHAKE = 4 * TT_DTLS_MESSAGES, TAKEN = 4 * 4, LENGTH = 16384 };
	uint8_t record[PACKET], body[1000] = { 0 };

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		uint32_t total = 0;
		hostile_init(&h, 203, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		hostile_mark(&h);
		const size_t memory = h.pc->env->memory;
		for (unsigned k = 0; k < 2 * SENT; k++) { /* first those that have room */
			const unsigned n = k % SENT;
			if ((n % 3000 < TAKEN / 4) != (k < SENT))
				continue;
			if (k == SENT + TAKEN / 4) { /* the first of the others */
				hostile_assert_none_dropped(&h);
				hostile_mark(&h);
			}
			hostile_inject(&h, NULL, record,
				       craft_fragment(record, 11, LENGTH, (uint16_t)(n % 3000),
						      n % 15 * 1000 + 1, sizeof body, body,
						      sizeof body));
		}
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_TOO_MANY_MESSAGES, SENT - OF_A_HANDSHAKE);
		hostile_assert_refused(&h, TAUT_DROP_DTLS_MESSAGES_TOO_LONG,
				       OF_A_HANDSHAKE - TAKEN);
		for (size_t i = 0; i < TT_DTLS_MESSAGES; i++)
			total += h.pc->dtls->message_len[i];
		assert_in_range(total, 1, TT_DTLS_REASSEMBLY_MAX);
		assert_int_equal(h.pc->env->memory, memory);
		assert_int_equal(h.replies, 0);
		hostile_assert_settled(&h);
		hostile_end(&h);
	}
}

static void b04_fragments_of_nothing_are_refused(void **state)
{
	uint8_t record[PACKET];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 204, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		hostile_mark(&h);
		for (unsigned n = 0; n < 2000; n++)
			hostile_inject(&h, NULL, record,
				       craft_fragment(record, good ? 2 : 1, 100 + n, (uint16_t)(n % 9),
						      n % 50, 0, NULL, 0));
		hostile_assert_refused(&h, TAUT_DROP_DTLS_FRAGMENT_EMPTY, 2000);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

static void b09_application_data_in_the_clear_is_refused(void **state)
{
	uint8_t record[PACKET], packet[PACKET];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 211, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		hostile_mark(&h);
		for (unsigned n = 0; n < 20; n++)
			hostile_inject(&h, NULL, record,
				       craft_record(record, DTLS_DATA, 0, n, "\x13\x88\x13\x88", 4));
		hostile_assert_refused(&h, TAUT_DROP_DTLS_DATA_IN_CLEAR, 20);
		hostile_assert_call(&h);
		hostile_mark(&h);
		/* A right SCTP ABORT, only not protected. */
		struct wr w = craft_sctp(&h, packet, sizeof packet);
		tt_sctp_end(&w, tt_sctp_begin(&w, SCTP_ABORT, 0));
		const size_t len = tt_sctp_seal(&w);
		for (unsigned n = 0; n < 20; n++)
			hostile_inject(&h, NULL, record,
				       craft_record(record, DTLS_DATA, n % 2 ? 0 : 2, n, packet, len));
		hostile_assert_dropped(&h, in_clear, 10);
		hostile_assert_refused(&h, TAUT_DROP_DTLS_EPOCH, 10);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void b10_a_stranger_s_hello_makes_no_flight(void **state)
{
	uint8_t hello[PACKET];
	const size_t len = craft_hello(hello);
	struct hostile h;

	(void)state;
	hostile_init(&h, 212, 0, false);
	hostile_run(&h, 1000);
	const struct pair_flow *f = &h.pair.peers[0].flows[0];
	hostile_mark(&h);
	for (unsigned n = 0; n < 2000; n++) {
		const struct taut_addr from = hostile_stranger(n);
		hostile_inject_on(&h, f->flow, &f->addr, &from, hello, len);
	}
	hostile_assert_refused(&h, elsewhere, 2000);
	hostile_assert_call(&h);
	hostile_end(&h);
}

static void give_encrypted(struct hostile *h, unsigned first, unsigned last)
{
	uint8_t record[PACKET], body[64] = { 0 };

	for (unsigned n = first; n < last; n++) {
		body[0] = (uint8_t)n;
		body[1] = (uint8_t)(n >> 8);
		hostile_inject(h, NULL, record,
			       craft_record(record, n % 2 ? DTLS_DATA : DTLS_HANDSHAKE, 1, n, body,
					    sizeof body));
	}
}

/* A few are kept, or given to OpenSSL; the others change nothing. */
static void b11_encrypted_records_before_the_end_are_bounded(void **state)
{
	enum { FIRST = 100 };

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 213, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		const unsigned fed = h.pc->dtls->early_records;
		hostile_mark(&h);
		give_encrypted(&h, 0, FIRST);
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_TOO_EARLY, FIRST / 2 - TT_DTLS_EARLY_MAX);
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_ENCRYPTED_EARLY, FIRST / 2 - fed);
		hostile_assert_none_dropped(&h);
		assert_int_equal(h.replies, 0);
		hostile_mark(&h);
		give_encrypted(&h, FIRST, FIRST + 10000);
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_TOO_EARLY, 5000);
		hostile_assert_refused(&h, TAUT_DROP_DTLS_ENCRYPTED_EARLY, 5000);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

static void b12_an_explicit_nonce_is_used_once(void **state)
{
	static uint64_t nonces[4096];
	struct hostile h;
	size_t n = 0;
	uint64_t seen = 0;

	(void)state;
	hostile_init(&h, 214, 0, false);
	h.pair.sim.link.loss = 100;
	h.pair.sim.link.delay = 10000;
	for (int step = 0; step < 2000; step++) {
		if (step % 20 == 0 && h.seen[1].opens)
			(void)!taut_pc_send_message(h.pc, h.pair.sim.now, h.seen[0].channel, 1,
						    nonces, 3000);
		hostile_run(&h, 5000);
		uint64_t next = h.pair.sim.order;
		for (const struct sim_packet *k = h.pair.sim.queue; k; k = k->next) {
			if (k->to != h.bad || k->order < seen || k->len < 21 || k->data[4] != 1 ||
			    k->data[0] < 20 || k->data[0] > 63)
				continue;
			assert_true(n < TT_COUNT(nonces));
			memcpy(&nonces[n++], k->data + 13, 8);
		}
		seen = next;
	}
	assert_in_range(n, 200, TT_COUNT(nonces));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(nonces[i] != nonces[k]);
	h.pair.sim.link.loss = 0;
	hostile_run(&h, 5 * SECOND);
	hostile_assert_call(&h);
	hostile_end(&h);
}

/* Whatever it is of, it is no record, and nobody looks at what is there of it. */
static void b13_a_record_that_claims_more_than_came_is_none(void **state)
{
	static const uint8_t types[] = { DTLS_CCS, DTLS_ALERT, DTLS_HANDSHAKE, DTLS_DATA };
	static const uint32_t states[] = { TAUT_STATE_CONNECTING, TAUT_STATE_CONNECTED };
	const uint8_t body[2] = { 2, 40 };
	uint8_t record[PACKET];

	(void)state;
	for (unsigned i = 0; i < TT_COUNT(states) * TT_COUNT(types); i++) {
		struct hostile h;
		hostile_init(&h, 440 + i, (int)(i % 2), false);
		hostile_until_dtls(&h, states[i / TT_COUNT(types)]);
		hostile_mark(&h);
		const size_t len = craft_record(record, types[i % TT_COUNT(types)], 0, 7, body, 2);
		hostile_inject(&h, NULL, record, len - 1);
		hostile_assert_refused(&h, TAUT_DROP_DTLS_FRAMING, 1);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

/* Every datagram of the bad one's handshake arrives mangled first, and cut, and only then whole. A bit
 * may be flipped where only OpenSSL can tell, so nothing is said of how many are dropped. */
static void b13_mangled_handshakes_are_survived(void **state)
{
	uint8_t copy[PACKET];
	unsigned up = 0;

	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct hostile h;
		hostile_init(&h, 400 + seed, (int)(seed % 2), false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		for (int step = 0; step < 200 && h.pc->dtls_state == TAUT_STATE_CONNECTING; step++) {
			for (const struct sim_packet *k = h.pair.sim.queue; k; k = k->next) {
				if (k->to != h.good || k->data[0] < 20 || k->data[0] > 63)
					continue;
				const size_t len = k->len;
				memcpy(copy, k->data, len);
				const size_t at = sim_random(&h.pair.sim) % len;
				copy[at] ^= (uint8_t)(1u << seed % 8);
				hostile_inject(&h, NULL, copy, len);
				memcpy(copy, k->data, len);
				hostile_inject(&h, NULL, copy, 1 + sim_random(&h.pair.sim) % len);
				break; /* the queue may have changed */
			}
			hostile_run(&h, 2000);
		}
		hostile_assert_settled(&h);
		up += taut_pc_connection_state(h.pc) == TAUT_STATE_CONNECTED;
		hostile_end(&h);
	}
	assert_true(up > 0); /* and those went on with sound and picture */
}

/* The bad one's next datagram that begins in the clear, off the wire. */
static struct sim_packet *take_flight(struct hostile *h)
{
	for (struct sim_packet **at = &h->pair.sim.queue; *at; at = &(*at)->next) {
		struct sim_packet *k = *at;
		if (k->to != h->good || k->data[0] < DTLS_CCS || k->data[0] > DTLS_DATA ||
		    k->data[4])
			continue;
		*at = k->next;
		return k;
	}
	return NULL;
}

enum { PIECES = 160 };

struct piece {
	size_t len;
	uint8_t body[PACKET];
};

/* A handshake record's message, or part of one, in up to eight parts: RFC 6347 section 4.2.3. */
static size_t cut_up(struct hostile *h, struct piece *out, const uint8_t *body, size_t len)
{
	struct rd r = rd_make(body, len);
	const uint8_t type = rd_u8(&r);
	const uint32_t total = (uint32_t)rd_be(&r, 3);
	const uint16_t seq = rd_u16(&r);
	const uint32_t at = (uint32_t)rd_be(&r, 3), part = (uint32_t)rd_be(&r, 3);
	const uint8_t *p = rd_take(&r, part);
	size_t n = 0;

	assert_false(r.bad);
	for (uint32_t off = 0; off < part || n == 0; n++) {
		uint32_t some = part / 8 + 1 + (uint32_t)(sim_random(&h->pair.sim) % 40);
		some = some < part - off ? some : part - off;
		struct wr w = wr_make(out[n].body, sizeof out[n].body);
		wr_u8(&w, type);
		wr_u24(&w, total);
		wr_u16(&w, seq);
		wr_u24(&w, at + off);
		wr_u24(&w, some);
		wr_bytes(&w, p + off, some);
		out[n].len = w.off;
		off += some;
	}
	return n;
}

static void shuffle(struct hostile *h, struct piece *all, size_t n)
{
	for (size_t i = n; i-- > 1;) {
		const size_t other = sim_random(&h->pair.sim) % (i + 1);
		const struct piece held = all[i];
		all[i] = all[other];
		all[other] = held;
	}
}

/* All its messages in parts, twice, in an order of the seed; then what else is in the datagram. Every
 * record in the clear has a new number, above all before it: others would count as seen. */
static unsigned scatter(struct hostile *h, const struct sim_packet *k, uint64_t *number)
{
	static struct piece all[PIECES];
	uint8_t record[PACKET];
	size_t n = 0, at = 0;

	for (size_t len; at < k->len && k->data[at] == DTLS_HANDSHAKE && k->data[at + 4] == 0;
	     at += 13 + len) {
		len = (size_t)k->data[at + 11] << 8 | k->data[at + 12];
		assert_true(n + 9 < PIECES / 2);
		n += cut_up(h, all + n, k->data + at + 13, len);
	}
	memcpy(all + n, all, n * sizeof *all);
	shuffle(h, all, 2 * n);
	for (size_t i = 0; i < 2 * n; i++)
		hostile_inject(h, NULL, record,
			       craft_record(record, DTLS_HANDSHAKE, 0, (*number)++, all[i].body,
					    all[i].len));
	if (at < k->len) {
		memcpy(record, k->data + at, k->len - at);
		if (record[4] == 0) /* a ChangeCipherSpec, of one octet */
			craft_record(record, record[0], 0, (*number)++, k->data + at + 13, 1);
		hostile_inject(h, NULL, record, k->len - at);
	}
	return 2 * (unsigned)n;
}

static void b13_fragments_in_every_order_make_the_same_handshake(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 30; seed++) {
		uint64_t number = 1000; /* no record of the bad one's own has it */
		unsigned sent = 0;
		struct hostile h;
		hostile_init(&h, 450 + seed, (int)(seed % 2), false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		for (int step = 0; step < 500 && h.pc->dtls_state == TAUT_STATE_CONNECTING;
		     step++) {
			for (struct sim_packet *k; (k = take_flight(&h)) != NULL; free(k))
				sent += scatter(&h, k, &number);
			hostile_run(&h, 1000);
		}
		assert_true(sent >= 16);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_CONNECTED);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

/* The ServerHello of a flight, with a master key identifier of one octet that nobody offered: RFC 5764
 * section 4.1.3. 0: it has none. */
static size_t with_identifier(const struct sim_packet *k, uint8_t *out)
{
	/* the extension, its list of profiles without the profile, and no identifier */
	static const uint8_t use_srtp[] = { 0, 14, 0, 5, 0, 2 };
	enum { HEADS = 13 + 12, FIXED = 2 + 32 };
	const size_t len = 13 + ((size_t)k->data[11] << 8 | k->data[12]);

	if (k->data[0] != DTLS_HANDSHAKE || k->data[13] != 2)
		return 0;
	assert_true(len <= k->len);
	memcpy(out, k->data, len);
	for (size_t at = HEADS + FIXED; at + 9 <= len; at++) {
		if (memcmp(out + at, use_srtp, sizeof use_srtp) != 0)
			continue;
		assert_int_equal(out[at + 8], 0);
		memmove(out + at + 10, out + at + 9, len - at - 9);
		out[at + 8] = 1;
		out[at + 9] = 'x';
		out[at + 3]++;
		out[HEADS + FIXED + 1 + out[HEADS + FIXED] + 3 + 1]++; /* of all extensions */
		out[12]++;
		out[13 + 3]++;
		out[13 + 11]++;
		return len + 1;
	}
	fail_msg("a ServerHello without use_srtp");
	return 0;
}

static void b14_an_identifier_of_keys_that_nobody_offered_fails_the_handshake(void **state)
{
	uint8_t hello[PACKET];
	struct hostile h;
	unsigned sent = 0;

	(void)state;
	hostile_init(&h, 222, 1, false); /* the good one is the client */
	hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
	for (int step = 0; step < 500 && h.pc->dtls_state == TAUT_STATE_CONNECTING; step++) {
		for (struct sim_packet *k; (k = take_flight(&h)) != NULL; free(k)) {
			const size_t len = with_identifier(k, hello);
			if (len > 0)
				hostile_inject(&h, NULL, hello, len);
			sent += len > 0;
		}
		hostile_run(&h, 1000);
	}
	assert_int_equal(sent, 1);
	assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
	assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_DTLS_HANDSHAKE);
	assert_non_null(strstr(h.pc->dtls->end_text, "srtp")); /* for that, and not for a wrong digest */
	assert_null(h.pc->srtp);
	assert_false(h.pc->sctp_started);
	hostile_end(&h);
}

static void b15_a_second_handshake_is_refused_and_the_keys_stay(void **state)
{
	uint8_t hello[PACKET];
	const size_t len = craft_hello(hello);

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct tt_srtp_keys before, after;
		struct hostile h;
		hostile_begin(&h, 216, good);
		tt_dtls_srtp_keys(h.pc->dtls, &before);
		for (unsigned n = 0; n < 20; n++)
			hostile_inject(&h, NULL, hello, len);
		hostile_assert_refused(&h, in_clear, 20);
		hostile_assert_alive(&h);
		SSL *ssl = h.evil->dtls->ssl;
		SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
		assert_int_equal(SSL_renegotiate(ssl), 1);
		SSL_do_handshake(ssl);
		uint8_t flight[PACKET];
		size_t n;
		while ((n = tt_dtls_poll_send(h.evil->dtls, h.pair.sim.now, flight, PACKET)) > 0)
			hostile_inject(&h, NULL, flight, n);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_CONNECTED);
		assert_int_equal(tt_dtls_srtp_keys(h.pc->dtls, &after), TAUT_OK);
		assert_memory_equal(&before, &after, sizeof before);
		hostile_end(&h);
	}
}

/* Who begins a second handshake is told no, and OpenSSL ends the session with an alert: the good one
 * has failed then, in the middle of a call, and no timer of its media goes on. */
static void b15_a_session_that_ends_by_an_alert_leaves_no_timer(void **state)
{
	struct hostile h;

	(void)state;
	hostile_begin(&h, 221, 0);
	SSL *ssl = h.evil->dtls->ssl;
	SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
	assert_int_equal(SSL_renegotiate(ssl), 1);
	SSL_do_handshake(ssl);
	hostile_run(&h, 20 * SECOND); /* a timer that is due without end would be seen */
	assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_FAILED);
	assert_int_equal(taut_pc_connection_state(h.evil), TAUT_STATE_FAILED);
	hostile_end(&h);
}

struct closer {
	int at, seen;
	bool free_it;
};

static void close_at(struct hostile *h, int i, const struct taut_event *ev)
{
	struct closer *c = h->user;

	(void)ev;
	if (i != h->good || !h->pair.peers[i].pc || c->seen++ != c->at)
		return;
	if (c->free_it) {
		taut_pc_free(h->pc);
		h->pc = h->pair.peers[i].pc = NULL;
	} else {
		taut_pc_close(h->pc, h->pair.sim.now);
	}
}

static void b16_closing_or_freeing_at_every_event_is_safe(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct closer c = { .free_it = how / 2 };
		do {
			struct hostile h;
			c.seen = 0;
			hostile_init(&h, 217, how % 2, false);
			h.user = &c;
			h.on_event = close_at;
			hostile_run(&h, 3 * SECOND);
			if (h.pc && c.seen > c.at) {
				assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_CLOSED);
				assert_int_equal(taut_pc_close(h.pc, h.pair.sim.now), TAUT_OK);
			}
			hostile_end(&h);
			c.at++;
		} while (c.seen >= c.at);
		assert_in_range(c.at, 10, 100);
	}
}

static void b18_a_step_over_every_timeout_returns(void **state)
{
	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 219, good, true);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		h.pair.cut = true;
		h.pair.sim.now += 3600ll * SECOND;
		taut_pc_tick(h.pc, h.pair.sim.now);
		while (pair_pump(&h.pair, good))
			;
		assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_FAILED);
		hostile_run(&h, 10 * SECOND);
		hostile_end(&h);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b01_a_client_hello_from_elsewhere_is_refused_at_any_time),
		cmocka_unit_test(b02_forged_alerts_during_the_handshake_end_nothing),
		cmocka_unit_test(b02_other_forged_records_may_fail_it_but_with_a_reason),
		cmocka_unit_test(b03_fragments_that_never_complete_are_bounded),
		cmocka_unit_test(b04_fragments_of_nothing_are_refused),
		cmocka_unit_test(b09_application_data_in_the_clear_is_refused),
		cmocka_unit_test(b10_a_stranger_s_hello_makes_no_flight),
		cmocka_unit_test(b11_encrypted_records_before_the_end_are_bounded),
		cmocka_unit_test(b12_an_explicit_nonce_is_used_once),
		cmocka_unit_test(b13_a_record_that_claims_more_than_came_is_none),
		cmocka_unit_test(b13_mangled_handshakes_are_survived),
		cmocka_unit_test(b13_fragments_in_every_order_make_the_same_handshake),
		cmocka_unit_test(b14_an_identifier_of_keys_that_nobody_offered_fails_the_handshake),
		cmocka_unit_test(b15_a_second_handshake_is_refused_and_the_keys_stay),
		cmocka_unit_test(b15_a_session_that_ends_by_an_alert_leaves_no_timer),
		cmocka_unit_test(b16_closing_or_freeing_at_every_event_is_safe),
		cmocka_unit_test(b18_a_step_over_every_timeout_returns),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/b_dtls", tests, NULL, NULL);
}
