/* test_auth.c - integrity and fingerprint of random messages against OpenSSL's one-shot HMAC()
 * and the polynomial of the CRC, over bytes that this file puts together itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "stun/stun.h"
#include "support/sim.h"

enum { MESSAGES = 400 };

struct message {
	uint8_t bytes[2048], key[300];
	size_t len, key_len, integrity_at, sha256_at, fingerprint_at;
};

static void fill(struct sim *s, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)sim_random(s);
}

static void write_message(struct sim *s, struct message *m)
{
	struct wr w = wr_make(m->bytes, sizeof m->bytes);
	struct tt_stun_key key;
	uint8_t value[500], id[TT_STUN_TID_LEN];

	m->key_len = 1 + sim_random(s) % sizeof m->key;
	fill(s, m->key, m->key_len);
	assert_true(tt_stun_key_init(&key, m->key, m->key_len));
	fill(s, id, sizeof id);
	tt_stun_begin(&w, (enum tt_stun_class)(sim_random(s) % 4), TT_STUN_BINDING, id);
	fill(s, value, sizeof value);
	tt_stun_put(&w, TT_STUN_USERNAME, value, sim_random(s) % sizeof value);
	tt_stun_put(&w, TT_STUN_SOFTWARE, value, sim_random(s) % sizeof value);
	m->integrity_at = w.off;
	tt_stun_put_integrity(&w, &key);
	m->sha256_at = w.off;
	tt_stun_put_integrity_sha256(&w, &key);
	m->fingerprint_at = w.off;
	tt_stun_put_fingerprint(&w);
	m->len = tt_stun_finish(&w);
	assert_int_equal(m->len, m->fingerprint_at + 8);
	tt_stun_key_free(&key);
}

/* 14.5: everything before the attribute, under a length that ends with it. */
static size_t covered(const struct message *m, size_t at, size_t value_len, uint8_t *out)
{
	const size_t length = at + 4 + value_len - TT_STUN_HEADER_LEN;

	memcpy(out, m->bytes, at);
	out[2] = (uint8_t)(length >> 8);
	out[3] = (uint8_t)length;
	return at;
}

static void assert_hmac(const struct message *m, size_t at, const EVP_MD *md, size_t value_len)
{
	uint8_t text[2048], want[EVP_MAX_MD_SIZE];
	unsigned want_len;
	const size_t len = covered(m, at, value_len, text);

	assert_non_null(HMAC(md, m->key, (int)m->key_len, text, len, want, &want_len));
	assert_int_equal(want_len, value_len);
	assert_memory_equal(m->bytes + at + 4, want, value_len);
}

static void assert_crc(const struct message *m)
{
	uint8_t text[2048];
	const size_t len = covered(m, m->fingerprint_at, 4, text);
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len * 8; i++) {
		const uint32_t bit = (crc ^ (uint32_t)text[i / 8] >> i % 8) & 1;
		crc = crc >> 1 ^ (bit ? 0xedb88320 : 0);
	}
	crc = ~crc ^ 0x5354554e; /* 14.7 */
	const uint8_t want[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
				  (uint8_t)crc };
	assert_memory_equal(m->bytes + m->fingerprint_at + 4, want, 4);
}

static void what_we_write_is_what_openssl_computes(void **state)
{
	struct sim s;
	struct message m;

	(void)state;
	sim_init(&s, 3, &(struct sim_link){ 0 });
	for (int n = 0; n < MESSAGES; n++) {
		write_message(&s, &m);
		assert_hmac(&m, m.integrity_at, EVP_sha1(), 20);
		assert_hmac(&m, m.sha256_at, EVP_sha256(), 32);
		assert_crc(&m);
	}
	sim_free(&s);
}

/* The reader's side: the message is verified, and is not with any bit of it or of the key changed. */
static void verified_until_a_bit_changes(void **state)
{
	struct sim s;
	struct message m;
	struct tt_stun_msg read;
	struct tt_stun_key key, other;

	(void)state;
	sim_init(&s, 4, &(struct sim_link){ 0 });
	for (int n = 0; n < 20; n++) {
		write_message(&s, &m);
		assert_true(tt_stun_key_init(&key, m.key, m.key_len));
		assert_int_equal(tt_stun_read(&read, m.bytes, m.len), TT_STUN_OK);
		assert_true(tt_stun_verify(&read, m.bytes, &key));
		assert_true(tt_stun_fingerprint_ok(&read, m.bytes));
		m.key[sim_random(&s) % m.key_len] ^= 1;
		assert_true(tt_stun_key_init(&other, m.key, m.key_len));
		assert_false(tt_stun_verify(&read, m.bytes, &other));
		tt_stun_key_free(&other);
		for (size_t bit = 0; bit < m.sha256_at * 8; bit++) {
			m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (tt_stun_read(&read, m.bytes, m.len) == TT_STUN_OK) {
				assert_false(tt_stun_verify(&read, m.bytes, &key));
				assert_false(tt_stun_fingerprint_ok(&read, m.bytes));
			}
			m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		tt_stun_key_free(&key);
	}
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_write_is_what_openssl_computes),
		cmocka_unit_test(verified_until_a_bit_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
