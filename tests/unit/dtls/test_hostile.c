/* What strangers and bad peers can send: HOSTILE rows B02 to B18. */
#include "pair.h"

#include <openssl/ssl.h>

#include "dtls/dtls_state.h"

static void a_forged_alert_of_epoch_0_is_only_a_hint(void **state)
{
	static const uint8_t alert[15] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40 };
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	for (int i = 0; i < 80; i++) { /* at every moment of the handshake */
		tt_dtls_recv(p.d[0], p.sim.now, alert, sizeof alert);
		tt_dtls_recv(p.d[1], p.sim.now, alert, sizeof alert);
		pair_run(&p, p.sim.now + 1 * MS);
	}
	assert_true(p.connected[0] && p.connected[1]);
	assert_true(tt_dtls_counters(p.d[0])->alerts_ignored > 10);
	pair_free(&p);

	pair_init(&p, 1, NULL);
	tt_dtls_start(p.d[0], p.sim.now, true, 0);
	tt_dtls_recv(p.d[0], p.sim.now, alert, sizeof alert);
	tt_dtls_tick(p.d[0], p.sim.now + 30000 * MS);
	pair_events(&p, 0);
	assert_int_equal(p.reason[0], TAUT_REASON_DTLS_TIMEOUT);
	assert_non_null(strstr(p.text[0], "handshake failure"));
	pair_free(&p);
}

/* The datagrams of one undisturbed handshake, in the order of their arrival. */
struct tape {
	struct {
		int to;
		size_t len;
		uint8_t data[1500];
	} at[16];
	size_t count;
};

static void record(struct tape *t, uint64_t seed)
{
	struct pair p;
	uint8_t buf[1500];
	size_t n;

	t->count = 0;
	pair_init(&p, seed, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < 2; i++)
			while ((n = tt_dtls_poll_send(p.d[i], p.sim.now, buf, sizeof buf)) > 0) {
				assert_true(t->count < TT_COUNT(t->at));
				t->at[t->count].to = !i;
				t->at[t->count].len = n;
				memcpy(t->at[t->count++].data, buf, n);
				tt_dtls_recv(p.d[!i], p.sim.now, buf, n);
				more = true;
			}
	}
	pair_free(&p);
}

/* The same handshake, with a mangled copy of its datagram k delivered before the real one. */
static void disturbed(const struct tape *t, uint64_t seed, size_t k, const uint8_t *bad, size_t len)
{
	struct pair p;
	uint8_t buf[1500];
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, bad, len);
	pair_init(&p, seed, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	for (size_t i = 0; i < t->count; i++) {
		if (i == k)
			tt_dtls_recv(p.d[t->at[i].to], p.sim.now, exact, len);
		tt_dtls_recv(p.d[t->at[i].to], p.sim.now, t->at[i].data, t->at[i].len);
		while (tt_dtls_poll_send(p.d[t->at[i].to], p.sim.now, buf, sizeof buf) > 0)
			;
		pair_events(&p, 0);
		pair_events(&p, 1);
	}
	free(exact);
	pair_free(&p);
}

static void mangled_copies_of_every_datagram_are_survived(void **state)
{
	static struct tape t;
	static uint8_t bad[1500];

	(void)state;
	record(&t, 3);
	assert_true(t.count >= 4);
	for (size_t k = 0; k < t.count; k++) {
		const size_t len = t.at[k].len;
		for (size_t i = 0; i < len;
		     i += i < 40 ? 1 : 59) { /* a flip at every header octet */
			memcpy(bad, t.at[k].data, len);
			bad[i] ^= (uint8_t)(1u << i % 8);
			disturbed(&t, 3, k, bad, len);
		}
		for (size_t cut = 0; cut < len; cut += cut < 40 ? 1 : 97)
			disturbed(&t, 3, k, t.at[k].data, cut);
	}
}

static void flipped_application_data_is_dropped_and_the_association_stays(void **state)
{
	struct pair p;
	uint8_t buf[100], bad[100];

	(void)state;
	pair_init(&p, 4, NULL);
	pair_connect(&p);
	const size_t n = tt_dtls_protect(p.d[0], p.sim.now, "intact", 6, buf, sizeof buf);
	for (size_t i = 0; i < n; i++) {
		memcpy(bad, buf, n);
		bad[i] ^= 0x10;
		tt_dtls_recv(p.d[1], p.sim.now, bad, n);
		tt_dtls_recv(p.d[1], p.sim.now, buf, i);
	}
	pair_events(&p, 1);
	assert_int_equal(p.data_len[1], 0);
	for (int twice = 0; twice < 2; twice++) /* the second is a replay */
		tt_dtls_recv(p.d[1], p.sim.now, buf, n);
	pair_events(&p, 1);
	assert_string_equal(p.data[1], "intact");
	assert_int_equal(tt_dtls_state(p.d[1]), TT_DTLS_CONNECTED);
	pair_free(&p);
}

/* Encrypted, as it says, and too short for a tag: from anybody, at any moment. */
static void throw_short_records(struct pair *p, int at, size_t below)
{
	uint8_t record[13 + 24] = { 0, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 9 };

	for (uint8_t type = 20; type <= 23; type++)
		for (size_t len = 0; len < below; len++) {
			record[0] = type;
			record[12] = (uint8_t)len;
			tt_dtls_recv(p->d[at], p->sim.now, record, 13 + len);
		}
}

static void records_without_room_for_a_tag_are_dropped_at_any_moment(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 6, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	for (int i = 0; i < 80; i++) {
		throw_short_records(&p, 0, 24);
		throw_short_records(&p, 1, 24);
		pair_run(&p, p.sim.now + 1 * MS);
	}
	assert_true(p.connected[0] && p.connected[1]);
	for (int i = 0; i < 2; i++) {
		const uint64_t before = p.sim.env[i].drops[TAUT_DROP_DTLS_TOO_SHORT];
		assert_true(before > 0);
		throw_short_records(&p, i, 24);
		assert_int_equal(p.sim.env[i].drops[TAUT_DROP_DTLS_TOO_SHORT], before + 4 * 24);
	}
	pair_say(&p, 0, "still here");
	pair_run(&p, p.sim.now + 100 * MS);
	assert_string_equal(p.data[1], "still here");
	pair_free(&p);
}

/* Its nonce is the number of the record: a goodbye is 2 octets and a tag, RFC 7905. */
static void a_short_record_of_chacha20_is_a_whole_one(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 7, NULL);
	for (int i = 0; i < 2; i++)
		assert_int_equal(SSL_set_cipher_list(p.d[i]->ssl, "ECDHE-ECDSA-CHACHA20-POLY1305"),
				 1);
	assert_int_equal(tt_dtls_sealed_min(p.d[1]), 24); /* not agreed on yet: the longest */
	pair_teach_both(&p);
	pair_start(&p);
	pair_run(&p, p.sim.now + 15 * MS); /* the server has chosen */
	assert_false(p.connected[0] || p.connected[1]);
	assert_int_equal(tt_dtls_sealed_min(p.d[1]), 16);
	pair_run(&p, p.sim.now + 5000 * MS);
	assert_true(p.connected[0] && p.connected[1]);
	assert_non_null(strstr(tt_dtls_cipher_name(p.d[0]), "CHACHA20"));
	for (int i = 0; i < 2; i++) {
		const uint64_t before = p.sim.env[i].drops[TAUT_DROP_DTLS_TOO_SHORT];
		throw_short_records(&p, i, 17); /* 16 octets are a tag, if a wrong one */
		assert_int_equal(p.sim.env[i].drops[TAUT_DROP_DTLS_TOO_SHORT], before + 4 * 16);
	}
	pair_say(&p, 1, "x");
	pair_run(&p, p.sim.now + 100 * MS);
	assert_string_equal(p.data[0], "x");
	tt_dtls_close(p.d[0], p.sim.now);
	pair_run(&p, p.sim.now + 100 * MS);
	assert_int_equal(tt_dtls_state(p.d[1]), TT_DTLS_CLOSED);
	pair_free(&p);
}

static void data_in_the_clear_is_never_passed_on(void **state)
{
	static const uint8_t clear[] = { 23, 0xfe, 0xfd, 0, 0,   0,   0,   0,  0,
					 1,  0,    0,    4, 'e', 'v', 'i', 'l' };
	struct pair p;

	(void)state;
	pair_init(&p, 5, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	for (int i = 0; i < 100; i++) {
		tt_dtls_recv(p.d[0], p.sim.now, clear, sizeof clear);
		tt_dtls_recv(p.d[1], p.sim.now, clear, sizeof clear);
		pair_run(&p, p.sim.now + 1 * MS);
	}
	assert_true(p.connected[0] && p.connected[1]);
	assert_int_equal(p.data_len[0] + p.data_len[1], 0);
	pair_free(&p);
}

static void a_flood_of_encrypted_records_before_the_end_is_bounded(void **state)
{
	static uint8_t record_23[1200] = { 23, 0xfe, 0xfd, 0, 1 },
		       record_22[1200] = { 22, 0xfe, 0xfd, 0, 1 };
	struct pair p;

	(void)state;
	pair_init(&p, 6, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	record_22[11] = record_23[11] = (sizeof record_23 - 13) >> 8;
	record_22[12] = record_23[12] = (sizeof record_23 - 13) & 0xff;
	for (unsigned i = 0; i < 10000; i++) {
		record_22[9] = record_23[9] = (uint8_t)(i >> 8);
		record_22[10] = record_23[10] = (uint8_t)i;
		record_23[20] = (uint8_t)i;
		record_23[21] = (uint8_t)(i >> 8);
		tt_dtls_recv(p.d[0], p.sim.now, record_23, sizeof record_23);
		tt_dtls_recv(p.d[0], p.sim.now, record_22, sizeof record_22);
	}
	assert_int_equal(tt_dtls_counters(p.d[0])->records_dropped, 20000 - 8 - 2);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_HANDSHAKE);
	pair_free(&p);
}

/* A fragment of a message of the given length that never gets complete. */
static void fragment(struct pair *p, unsigned n, uint8_t type, uint32_t len, uint16_t seq,
		     uint8_t part)
{
	uint8_t b[25 + 255] = { 22, 0xfe, 0xfd };
	const size_t body = 12u + part;

	b[9] = (uint8_t)(n >> 8), b[10] = (uint8_t)n;
	b[11] = (uint8_t)(body >> 8), b[12] = (uint8_t)body;
	b[13] = type;
	b[14] = (uint8_t)(len >> 16), b[15] = (uint8_t)(len >> 8), b[16] = (uint8_t)len;
	b[17] = (uint8_t)(seq >> 8), b[18] = (uint8_t)seq;
	b[24] = part;
	tt_dtls_recv(p->d[0], p->sim.now, b, 13 + body);
}

static void fragments_that_never_complete_are_bounded(void **state)
{
	struct pair p;
	uint32_t total = 0;

	(void)state;
	pair_init(&p, 7, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	for (unsigned i = 0; i < 50000; i++)
		fragment(&p, i, 11, 16384, (uint16_t)(1 + i % 2000), 200);
	for (size_t i = 0; i < TT_DTLS_MESSAGES; i++)
		total += p.d[0]->message_len[i];
	assert_true(total <= TT_DTLS_REASSEMBLY_MAX);
	for (unsigned i = 0; i < 1000; i++) { /* no progress: CVE-2022-29190 looped for ever */
		fragment(&p, i, 2, 100, 0, 0);
		fragment(&p, i, 2, 0xffffff, 0, 10);
	}
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_HANDSHAKE);
	pair_free(&p);
}

static void a_client_without_a_certificate_is_refused(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 8, NULL);
	pair_teach_both(&p);
	SSL_certs_clear(p.d[0]->ssl);
	pair_start(&p);
	pair_run(&p, p.sim.now + 1000 * MS);
	assert_true(p.failed[1] && !p.connected[1] && !p.connected[0]);
	assert_int_equal(p.reason[1], TAUT_REASON_DTLS_HANDSHAKE);
	pair_free(&p);
}

static void without_a_common_profile_there_are_no_keys_but_data_goes_on(void **state)
{
	struct pair p;
	struct tt_srtp_keys keys;

	(void)state;
	pair_init(&p, 9, NULL);
	assert_int_equal(SSL_set_tlsext_use_srtp(p.d[0]->ssl, "SRTP_AES128_CM_SHA1_32"), 0);
	pair_connect(&p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tt_dtls_srtp_keys(p.d[i], &keys), TAUT_OK);
		assert_int_equal(keys.profile, TT_SRTP_PROFILE_NONE);
	}
	pair_say(&p, 0, "no media here");
	pair_run(&p, p.sim.now + 100 * MS);
	assert_string_equal(p.data[1], "no media here");
	pair_free(&p);
}

static void a_peer_that_knows_only_hmac_gets_its_salt_of_14_octets(void **state)
{
	struct pair p;
	struct tt_srtp_keys a, b;

	(void)state;
	pair_init(&p, 10, NULL);
	assert_int_equal(SSL_set_tlsext_use_srtp(p.d[1]->ssl, "SRTP_AES128_CM_SHA1_80"), 0);
	pair_connect(&p);
	assert_int_equal(tt_dtls_srtp_keys(p.d[0], &a), TAUT_OK);
	assert_int_equal(tt_dtls_srtp_keys(p.d[1], &b), TAUT_OK);
	assert_int_equal(a.profile, TT_SRTP_PROFILE_AES128_CM_SHA1_80);
	assert_memory_equal(&a.local, &b.remote, sizeof a.local);
	assert_memory_equal(&a.remote, &b.local, sizeof a.local);
	pair_free(&p);
}

static void renegotiation_is_refused_and_the_keys_stay(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct pair p;
		struct tt_srtp_keys before, after;

		pair_init(&p, 11, NULL);
		pair_connect(&p);
		tt_dtls_srtp_keys(p.d[!who], &before);
		SSL_clear_options(p.d[who]->ssl, SSL_OP_NO_RENEGOTIATION);
		assert_int_equal(SSL_renegotiate(p.d[who]->ssl), 1);
		SSL_do_handshake(p.d[who]->ssl);
		pair_flush(&p);
		struct sim_packet *packet;
		p.sim.now += 20 * MS;
		while ((packet = sim_take(&p.sim)) != NULL) {
			assert_int_equal(packet->to, !who);
			tt_dtls_recv(p.d[!who], p.sim.now, packet->data, packet->len);
			free(packet);
		}
		pair_events(&p, !who);
		assert_int_equal(tt_dtls_state(p.d[!who]), TT_DTLS_CONNECTED);
		tt_dtls_srtp_keys(p.d[!who], &after);
		assert_memory_equal(&before, &after, sizeof before);
		pair_free(&p);
	}
}

static void a_new_client_hello_inside_the_association_is_dropped(void **state)
{
	static struct tape t;
	struct pair p;

	(void)state;
	record(&t, 12);
	pair_init(&p, 13, NULL);
	pair_connect(&p);
	tt_dtls_recv(p.d[1], p.sim.now, t.at[0].data, t.at[0].len);
	assert_int_equal(tt_dtls_counters(p.d[1])->records_dropped, 1);
	pair_say(&p, 0, "still here");
	pair_run(&p, p.sim.now + 100 * MS);
	pair_run(&p, p.sim.now + 100 * MS);
	assert_string_equal(p.data[1], "still here");
	pair_free(&p);
}

static void explicit_nonces_never_repeat(void **state)
{
	struct pair p;
	uint8_t a[64], b[64];

	(void)state;
	pair_init(&p, 14, NULL);
	pair_connect(&p);
	tt_dtls_protect(p.d[0], p.sim.now, "a", 1, a, sizeof a);
	for (int i = 0; i < 100; i++) {
		tt_dtls_protect(p.d[0], p.sim.now, "a", 1, b, sizeof b);
		assert_memory_not_equal(a + 13, b + 13, 8);
		memcpy(a, b, sizeof a);
	}
	pair_free(&p);
}

static void data_that_overtakes_the_last_flight_is_kept(void **state)
{
	struct pair p;
	uint8_t last[1500], data[100];

	(void)state;
	pair_init(&p, 15, NULL);
	const size_t last_len = pair_connect_nearly(&p, last);
	const size_t n = tt_dtls_protect(p.d[1], p.sim.now, "INIT", 4, data, sizeof data);
	tt_dtls_recv(p.d[0], p.sim.now, data, n); /* before the Finished it came after */
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_HANDSHAKE);
	tt_dtls_recv(p.d[0], p.sim.now, last, last_len);
	pair_events(&p, 0);
	assert_true(p.connected[0]);
	assert_string_equal(p.data[0], "INIT");
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_forged_alert_of_epoch_0_is_only_a_hint),
		cmocka_unit_test(mangled_copies_of_every_datagram_are_survived),
		cmocka_unit_test(flipped_application_data_is_dropped_and_the_association_stays),
		cmocka_unit_test(records_without_room_for_a_tag_are_dropped_at_any_moment),
		cmocka_unit_test(a_short_record_of_chacha20_is_a_whole_one),
		cmocka_unit_test(data_in_the_clear_is_never_passed_on),
		cmocka_unit_test(a_flood_of_encrypted_records_before_the_end_is_bounded),
		cmocka_unit_test(fragments_that_never_complete_are_bounded),
		cmocka_unit_test(a_client_without_a_certificate_is_refused),
		cmocka_unit_test(without_a_common_profile_there_are_no_keys_but_data_goes_on),
		cmocka_unit_test(a_peer_that_knows_only_hmac_gets_its_salt_of_14_octets),
		cmocka_unit_test(renegotiation_is_refused_and_the_keys_stay),
		cmocka_unit_test(a_new_client_hello_inside_the_association_is_dropped),
		cmocka_unit_test(explicit_nonces_never_repeat),
		cmocka_unit_test(data_that_overtakes_the_last_flight_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
