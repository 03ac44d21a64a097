/* test_b_dtls.c - rows B of HOSTILE.md: DTLS and certificates against a whole connection. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "dtls/dtls_state.h"
#include "hostile/craft.h"

enum {
	elsewhere = TAUT_DROP_NOT_VALIDATED,
	in_clear = TAUT_DROP_DTLS_CLEAR_TEXT,
	forged_alert = TAUT_DROP_DTLS_ALERT_IN_CLEAR,
};

/* Connected, or failed in the DTLS handshake with a reason: nothing else, and no hang. */
static void assert_settled(struct hostile *h)
{
	hostile_run(h, 45 * SECOND);
	const uint32_t state = taut_pc_connection_state(h->pc);
	if (state != TAUT_STATE_CONNECTED)
		assert_in_range(state, TAUT_STATE_FAILED, TAUT_STATE_CLOSED);
	if (h->pc->dtls_state == TAUT_STATE_FAILED) {
		assert_null(h->pc->srtp);
		assert_false(h->pc->sctp_started);
		assert_true(h->pc->dtls->end_reason != TAUT_REASON_NONE);
	}
}

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

	(void)state;
	for (unsigned seed = 0; seed < 60; seed++) {
		struct hostile h;
		hostile_init(&h, 300 + seed, (int)(seed % 2), true);
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
		assert_settled(&h);
		hostile_end(&h);
	}
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
		hostile_init(&h, 203, good, true);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		hostile_mark(&h);
		const size_t memory = h.pc->env->memory;
		for (unsigned n = 0; n < SENT; n++)
			hostile_inject(&h, NULL, record,
				       craft_fragment(record, 11, LENGTH, (uint16_t)(n % 3000),
						      n % 15 * 1000 + 1, sizeof body, body,
						      sizeof body));
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_TOO_MANY_MESSAGES, SENT - OF_A_HANDSHAKE);
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_MESSAGES_TOO_LONG,
				       OF_A_HANDSHAKE - TAKEN);
		for (size_t i = 0; i < TT_DTLS_MESSAGES; i++)
			total += h.pc->dtls->message_len[i];
		assert_in_range(total, 1, TT_DTLS_REASSEMBLY_MAX);
		assert_int_equal(h.pc->env->memory, memory);
		assert_int_equal(h.replies, 0);
		assert_settled(&h);
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
		assert_settled(&h);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_CONNECTED);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

static void b05_a_client_without_a_certificate_fails_the_call(void **state)
{
	struct hostile h;

	(void)state;
	hostile_init(&h, 205, 0, false); /* the bad one answers and is the DTLS client */
	SSL_certs_clear(h.evil->dtls->ssl);
	assert_settled(&h);
	assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
	assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_DTLS_HANDSHAKE);
	assert_int_equal(h.seen[0].opens, 0);
	hostile_end(&h);
}

static void b06_another_certificate_fails_before_keys_and_data(void **state)
{
	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 206, good, false);
		struct pair_signal *s = hostile_catch(&h);
		char *at = strstr(s->text, "a=fingerprint:sha-256 ");
		assert_non_null(at);
		at[22] = at[22] == 'A' ? 'B' : 'A';
		for (at = strstr(at + 1, "a=fingerprint:sha-256 "); at;
		     at = strstr(at + 1, "a=fingerprint:sha-256 "))
			at[22] = at[22] == 'A' ? 'B' : 'A';
		hostile_until_dtls(&h, TAUT_STATE_FAILED);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
		assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_DTLS_FINGERPRINT);
		assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_FAILED);
		hostile_run(&h, 5 * SECOND);
		assert_null(h.pc->srtp);
		assert_false(h.pc->sctp_started);
		assert_int_equal(h.seen[good].opens + h.seen[good].messages, 0);
		hostile_end(&h);
	}
}

/* What stands where the offer's a=fingerprint lines stood: R the right one, r in small letters, W a
 * wrong one of the same hash, N the right one without colons, + and - one octet more or less. */
static const struct {
	const char *lines;
	int code;      /* of set_remote_description */
	bool connects; /* when it was taken */
} fingerprints[] = {
	{ "R", TAUT_OK, true },
	{ "r", TAUT_OK, true },
	{ "RW", TAUT_OK, true },
	{ "WR", TAUT_OK, true },
	{ "1R", TAUT_OK, true },  /* a sha-1 beside it */
	{ "MR", TAUT_OK, true },  /* an md5 beside it */
	{ "5R", TAUT_OK, false }, /* a wrong sha-512 beside it: the stronger counts */
	{ "W", TAUT_OK, false },
	{ "1", TAUT_E_INVAL, false },
	{ "M", TAUT_E_INVAL, false },
	{ "N", TAUT_E_SYNTAX, false },
	{ "+", TAUT_E_SYNTAX, false },
	{ "-", TAUT_E_SYNTAX, false },
	{ "", TAUT_E_INVAL, false },
};

static void put_print(char *out, size_t cap, char kind, const char *right)
{
	char value[256];
	size_t n = strlen(right);

	snprintf(value, sizeof value, "%s", right);
	if (kind == 'W')
		value[0] = value[0] == 'A' ? 'B' : 'A';
	for (size_t i = 0; kind == 'r' && i < n; i++)
		value[i] = (char)tolower((unsigned char)value[i]);
	if (kind == '+')
		snprintf(value + n, sizeof value - n, ":00");
	if (kind == '-')
		value[n - 3] = '\0';
	if (kind == 'N') {
		n = 0;
		for (size_t i = 0; right[i]; i++)
			if (right[i] != ':')
				value[n++] = right[i];
		value[n] = '\0';
	}
	const size_t len = kind == '1' ? 20 : kind == 'M' ? 16 : kind == '5' ? 64 : 0;
	for (size_t i = 0; i < len; i++)
		snprintf(value + 3 * i, sizeof value - 3 * i, i + 1 < len ? "AB:" : "AB");
	snprintf(out, cap, "a=fingerprint:%s %s\r\n",
		 kind == '1'   ? "sha-1"
		 : kind == 'M' ? "md5"
		 : kind == '5' ? "sha-512"
			       : "sha-256",
		 value);
}

static void b07_every_form_of_fingerprint_has_its_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(fingerprints); i++) {
		struct hostile h;
		char lines[1024] = "", right[100];
		hostile_init(&h, 207, 1, true);
		struct pair_signal *s = hostile_catch(&h);
		const char *at = strstr(s->text, "a=fingerprint:sha-256 ");
		assert_non_null(at);
		snprintf(right, sizeof right, "%.95s", at + 22);
		for (const char *k = fingerprints[i].lines; *k; k++)
			put_print(lines + strlen(lines), sizeof lines - strlen(lines), *k, right);
		char *text = hostile_edit(s->text, "a=fingerprint:", lines);
		if (fingerprints[i].code != TAUT_OK) {
			hostile_assert_description_refused(&h, TAUT_SDP_OFFER, text,
							   fingerprints[i].code);
			free(text);
			hostile_end(&h);
			continue;
		}
		hostile_rewrite(s, text);
		hostile_run(&h, 3 * SECOND);
		if (h.pair.peers[1].connected != fingerprints[i].connects)
			fail_msg("fingerprints %s: connected %d", fingerprints[i].lines,
				 h.pair.peers[1].connected);
		if (!fingerprints[i].connects)
			assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_DTLS_FINGERPRINT);
		hostile_end(&h);
	}
}

static void b07_a_fingerprint_of_the_section_overrides_the_session_s(void **state)
{
	struct hostile h;
	char lines[256], right[100], wrong[200];

	(void)state;
	hostile_init(&h, 208, 1, true);
	struct pair_signal *s = hostile_catch(&h);
	snprintf(right, sizeof right, "%.95s", strstr(s->text, "a=fingerprint:sha-256 ") + 22);
	put_print(wrong, sizeof wrong, 'W', right);
	snprintf(lines, sizeof lines, "t=0 0\r\n%s", wrong);
	hostile_rewrite(s, hostile_edit(s->text, "t=0 0", lines));
	hostile_run(&h, 3 * SECOND);
	assert_true(h.pair.peers[1].connected);
	hostile_end(&h);
}

static void b08_a_setup_that_cannot_be_is_refused(void **state)
{
	static const char *const offers[] = { "a=setup:holdconn\r\n", "a=setup:both\r\n" };
	static const char *const answers[] = { "a=setup:holdconn\r\n", "a=setup:actpass\r\n",
					       "a=setup:\r\n" };

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 209, good, false);
		struct pair_signal *s = hostile_catch(&h);
		const char *const *all = good ? offers : answers;
		for (size_t i = 0; i < (good ? TT_COUNT(offers) : TT_COUNT(answers)); i++) {
			char *text = hostile_edit(s->text, "a=setup:", all[i]);
			hostile_mark(&h);
			assert_true(taut_pc_set_remote_description(h.pc, h.pair.sim.now, s->type,
								   text, strlen(text)) < 0);
			hostile_assert_unchanged(&h);
			free(text);
		}
		hostile_end(&h);
	}
}

static void b08_a_role_that_flips_later_changes_nothing(void **state)
{
	struct hostile h;

	(void)state;
	hostile_begin(&h, 210, 0);
	/* The bad one offers anew, and says that it is the server now. */
	struct taut_transceiver_init more = { .size = sizeof more, .kind = TAUT_AUDIO };
	taut_transceiver t;
	assert_int_equal(taut_pc_add_transceiver(h.evil, h.pair.sim.now, &more, &t), TAUT_OK);
	struct pair_signal *s = hostile_catch(&h);
	assert_int_equal(s->type, TAUT_SDP_OFFER);
	const uint32_t nominated = h.pc->dtls_state;
	char *text = hostile_edit(s->text, "a=setup:", "a=setup:passive\r\n");
	const int code = taut_pc_set_remote_description(h.pc, h.pair.sim.now, TAUT_SDP_OFFER, text,
							strlen(text));
	free(text);
	if (code == TAUT_OK)
		taut_pc_set_remote_description(h.pc, h.pair.sim.now, TAUT_SDP_ROLLBACK, NULL, 0);
	assert_false(h.pc->dtls->client);
	assert_int_equal(h.pc->dtls_state, nominated);
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
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
		hostile_until_dtls(&h, TAUT_STATE_CONNECTED);
		hostile_run(&h, SECOND);
		hostile_assert_ping(&h);
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
		hostile_assert_ping(&h);
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

static void b11_encrypted_records_before_the_end_are_bounded(void **state)
{
	uint8_t record[PACKET], body[64] = { 0 };

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 213, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		const unsigned fed = h.pc->dtls->early_records;
		hostile_mark(&h);
		for (unsigned n = 0; n < 10000; n++) {
			body[0] = (uint8_t)n;
			body[1] = (uint8_t)(n >> 8);
			hostile_inject(&h, NULL, record,
				       craft_record(record, n % 2 ? DTLS_DATA : DTLS_HANDSHAKE, 1, n,
						    body, sizeof body));
		}
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_TOO_EARLY, 5000 - TT_DTLS_EARLY_MAX);
		hostile_assert_dropped(&h, TAUT_DROP_DTLS_ENCRYPTED_EARLY,
				       5000 - fed);
		assert_int_equal(h.replies, 0);
		assert_settled(&h);
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
	hostile_init(&h, 214, 0, true);
	h.pair.sim.link.loss = 100;
	h.pair.sim.link.delay = 10000;
	for (int step = 0; step < 2000; step++) {
		if (step % 20 == 0 && h.seen[1].opens)
			taut_pc_send_message(h.pc, h.pair.sim.now, h.seen[0].channel, 1, nonces, 3000);
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
	hostile_end(&h);
}

/* Every datagram of the bad one's handshake arrives mangled first, and cut, and only then whole. A bit
 * may be flipped where only OpenSSL can tell, so nothing is said of how many are dropped. */
static void b13_mangled_handshakes_are_survived(void **state)
{
	uint8_t copy[PACKET];

	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct hostile h;
		hostile_init(&h, 400 + seed, (int)(seed % 2), true);
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
		assert_settled(&h);
		hostile_end(&h);
	}
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

static void b14_without_a_common_profile_media_fails_closed_and_data_goes_on(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_init(&h, 215, 0, false);
	assert_int_equal(SSL_set_tlsext_use_srtp(h.evil->dtls->ssl, "SRTP_AES128_CM_SHA1_32"), 0);
	hostile_until_dtls(&h, TAUT_STATE_CONNECTED);
	hostile_run(&h, 2 * SECOND);
	assert_null(h.pc->srtp);
	assert_true(h.pc->srtp_refused);
	hostile_assert_ping(&h);
	hostile_mark(&h);
	for (unsigned n = 0; n < 50; n++) {
		struct wr w = craft_rtp(buf, sizeof buf, 96, (uint16_t)n, n * 960, 77);
		wr_bytes(&w, "clear", 5);
		hostile_inject(&h, NULL, buf, w.off);
	}
	hostile_assert_refused(&h, TAUT_DROP_MEDIA_WITHOUT_KEYS, 50);
	hostile_assert_ping(&h);
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

/* A certificate of the bad one's own making, of about so many octets, with a NUL in its names. */
static void own_certificate(struct hostile *h, size_t bulk, char print[96])
{
	static const char text[] = "DNS:good.example";
	struct tt_dtls_shared *shared = h->evil->dtls->shared;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(shared->lib, NULL, "EC", "P-256");
	X509 *cert = X509_new_ex(shared->lib, NULL);
	uint8_t digest[32];

	assert_non_null(key);
	assert_non_null(cert);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400 * 30);
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING, (const uint8_t *)"a\0b", 3, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	ASN1_OCTET_STRING *octets = X509_EXTENSION_get_data(san);
	uint8_t spoiled[64];
	const int n = ASN1_STRING_length(octets);
	memcpy(spoiled, ASN1_STRING_get0_data(octets), (size_t)n);
	spoiled[n - 8] = '\0'; /* good\0example */
	ASN1_OCTET_STRING_set(octets, spoiled, n);
	X509_add_ext(cert, san, -1);
	X509_EXTENSION_free(san);
	for (size_t made = 0; made < bulk; made += 1000) {
		uint8_t filler[1000] = { 4, 0x82, 3, 0xe4 };
		ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
		ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
		ASN1_OCTET_STRING_set(value, filler, sizeof filler);
		X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
		X509_add_ext(cert, e, -1);
		X509_EXTENSION_free(e);
		ASN1_OCTET_STRING_free(value);
		ASN1_OBJECT_free(oid);
	}
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(X509_digest(cert, EVP_sha256(), digest, NULL), 1);
	for (size_t i = 0; i < 32; i++)
		snprintf(print + 3 * i, 96 - 3 * i, i < 31 ? "%02X:" : "%02X", digest[i]);
	assert_int_equal(SSL_use_certificate(h->evil->dtls->ssl, cert), 1);
	assert_int_equal(SSL_use_PrivateKey(h->evil->dtls->ssl, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void b17_odd_certificates_pass_by_fingerprint_or_fail(void **state)
{
	static const size_t bulks[] = { 0, 4000, 60000 };

	(void)state;
	for (int good = 0; good < 2; good++)
		for (size_t i = 0; i < TT_COUNT(bulks); i++) {
			struct hostile h;
			char print[96], line[160];
			hostile_init(&h, 218, good, true);
			own_certificate(&h, bulks[i], print);
			struct pair_signal *s = hostile_catch(&h);
			snprintf(line, sizeof line, "a=fingerprint:sha-256 %s\r\n", print);
			hostile_rewrite(s, hostile_edit(s->text, "a=fingerprint:", line));
			assert_settled(&h);
			if (bulks[i] == 0)
				hostile_assert_ping(
					&h); /* media would need an answer that names it, too */
			if (bulks[i] > 16384)
				assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
			hostile_end(&h);
		}
}

/* What claims to be longer than any certificate is not even begun. */
static void b17_a_certificate_of_a_mebibyte_is_refused_at_its_first_fragment(void **state)
{
	static const uint32_t lengths[] = { TT_DTLS_CERTIFICATE_MAX + 1, 100000, 1 << 20, 0xffffff };
	uint8_t record[PACKET], body[500] = { 0 };

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 220, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		hostile_mark(&h);
		for (unsigned n = 0; n < 20; n++)
			hostile_inject(&h, NULL, record,
				       craft_fragment(record, 11, lengths[n % TT_COUNT(lengths)], 2, 0,
						      sizeof body, body, sizeof body));
		hostile_assert_refused(&h, TAUT_DROP_DTLS_MESSAGE_TOO_LONG, 20);
		hostile_assert_call(&h);
		hostile_end(&h);
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
		cmocka_unit_test(b05_a_client_without_a_certificate_fails_the_call),
		cmocka_unit_test(b06_another_certificate_fails_before_keys_and_data),
		cmocka_unit_test(b07_every_form_of_fingerprint_has_its_outcome),
		cmocka_unit_test(b07_a_fingerprint_of_the_section_overrides_the_session_s),
		cmocka_unit_test(b08_a_setup_that_cannot_be_is_refused),
		cmocka_unit_test(b08_a_role_that_flips_later_changes_nothing),
		cmocka_unit_test(b09_application_data_in_the_clear_is_refused),
		cmocka_unit_test(b10_a_stranger_s_hello_makes_no_flight),
		cmocka_unit_test(b11_encrypted_records_before_the_end_are_bounded),
		cmocka_unit_test(b12_an_explicit_nonce_is_used_once),
		cmocka_unit_test(b13_mangled_handshakes_are_survived),
		cmocka_unit_test(b13_fragments_in_every_order_make_the_same_handshake),
		cmocka_unit_test(b14_without_a_common_profile_media_fails_closed_and_data_goes_on),
		cmocka_unit_test(b15_a_second_handshake_is_refused_and_the_keys_stay),
		cmocka_unit_test(b15_a_session_that_ends_by_an_alert_leaves_no_timer),
		cmocka_unit_test(b16_closing_or_freeing_at_every_event_is_safe),
		cmocka_unit_test(b17_odd_certificates_pass_by_fingerprint_or_fail),
		cmocka_unit_test(b17_a_certificate_of_a_mebibyte_is_refused_at_its_first_fragment),
		cmocka_unit_test(b18_a_step_over_every_timeout_returns),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/b_dtls", tests, NULL, NULL);
}
