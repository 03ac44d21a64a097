/* wraps: EVP_MAC_fetch EVP_MAC_CTX_new EVP_MAC_init EVP_MAC_update EVP_MAC_final EVP_MD_CTX_new EVP_DigestInit_ex EVP_DigestUpdate EVP_DigestFinal_ex */
/* OpenSSL refuses: no key, no message without its integrity, and nothing passes as verified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "stun/stun.h"
#include "support/refuse.h"

REFUSABLE(EVP_MAC *, EVP_MAC_fetch, (OSSL_LIB_CTX * lib, const char *name, const char *query),
	  (lib, name, query), NULL)
REFUSABLE(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC * mac), (mac), NULL)
REFUSABLE(int, EVP_MAC_init,
	  (EVP_MAC_CTX * c, const unsigned char *key, size_t len, const OSSL_PARAM params[]),
	  (c, key, len, params), 0)
REFUSABLE(int, EVP_MAC_update, (EVP_MAC_CTX * c, const unsigned char *data, size_t len),
	  (c, data, len), 0)
REFUSABLE(int, EVP_MAC_final, (EVP_MAC_CTX * c, unsigned char *out, size_t *len, size_t cap),
	  (c, out, len, cap), 0)
REFUSABLE(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
REFUSABLE(int, EVP_DigestInit_ex, (EVP_MD_CTX * c, const EVP_MD *md, ENGINE *e), (c, md, e), 0)
REFUSABLE(int, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *data, size_t len), (c, data, len), 0)
REFUSABLE(int, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *out, unsigned *len),
	  (c, out, len), 0)

static struct span text(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

static void assert_no_key(const struct tt_stun_key *k)
{
	assert_null(k->strong);
}

/* Of SHA-1 OpenSSL is asked for nothing that it may refuse, and of SHA-256 only when that is wanted. */
static void a_key_asks_for_nothing(void **state)
{
	struct tt_stun_key k;
	long rounds = 0;
	(void)state;

	REFUSE_EACH
	{
		assert_true(tt_stun_key_init(&k, "secret", 6));
		tt_stun_key_free(&k);
		rounds++;
	}
	assert_int_equal(rounds, 1);
	assert_no_key(&k);
	assert_true(tt_stun_key_init(&k, NULL, 0)); /* an empty password is one */
	tt_stun_key_free(&k);
}

static void a_long_term_key_that_cannot_be_made_is_none(void **state)
{
	static const enum tt_stun_algorithm all[] = { TT_STUN_MD5, TT_STUN_SHA256 };
	struct tt_stun_key k;
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		long rounds = 0;
		REFUSE_EACH
		{
			const bool made =
				tt_stun_key_long_term(&k, all[i], text("u"), text("r"), text("p"));
			assert_int_equal(made, !refuse_failed());
			if (!made)
				assert_no_key(&k);
			rounds++;
		}
		assert_int_equal(rounds, 3 + 5 + 1);
		tt_stun_key_free(&k);
	}
}

static void a_userhash_that_cannot_be_made_is_told(void **state)
{
	uint8_t hash[TT_STUN_USERHASH_LEN];
	long rounds = 0;
	(void)state;

	REFUSE_EACH
	{
		const bool made = tt_stun_userhash(hash, text("user"), text("realm"));
		assert_int_equal(made, !refuse_failed());
		rounds++;
	}
	assert_int_equal(rounds, 3 + 3 + 1);
}

static size_t message(uint8_t *buf, size_t cap, const struct tt_stun_key *k, bool strong)
{
	static const uint8_t id[TT_STUN_TID_LEN] = { 1, 2, 3 };
	struct wr w = wr_make(buf, cap);

	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, id);
	if (strong)
		tt_stun_put_integrity_sha256(&w, k);
	else
		tt_stun_put_integrity(&w, k);
	tt_stun_put_fingerprint(&w);
	return tt_stun_finish(&w);
}

static void a_message_that_cannot_be_signed_is_not_written(void **state)
{
	uint8_t buf[200];
	struct tt_stun_key k;
	(void)state;

	assert_true(tt_stun_key_init(&k, "secret", 6));
	for (int strong = 0; strong < 2; strong++) {
		REFUSE_EACH
		{
			const size_t len = message(buf, sizeof buf, &k, strong);
			assert_int_equal(len == 0, refuse_failed());
		}
	}
	tt_stun_key_free(&k);
	assert_int_equal(message(buf, sizeof buf, &k, false), 0); /* and not without a key */
}

static void a_message_that_cannot_be_verified_is_not(void **state)
{
	uint8_t buf[200];
	struct tt_stun_key k;
	struct tt_stun_msg m;
	(void)state;

	assert_true(tt_stun_key_init(&k, "secret", 6));
	for (int strong = 0; strong < 2; strong++) {
		const size_t len = message(buf, sizeof buf, &k, strong);
		assert_int_equal(tt_stun_read(&m, buf, len), 0);
		REFUSE_EACH
		{
			const bool good = tt_stun_verify(&m, buf, &k);
			assert_int_equal(good, !refuse_failed());
		}
	}
	tt_stun_key_free(&k);
	assert_false(tt_stun_verify(&m, buf, &k));
	m.has = 0;
	assert_false(tt_stun_fingerprint_ok(&m, buf)); /* there is none */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_asks_for_nothing),
		cmocka_unit_test(a_long_term_key_that_cannot_be_made_is_none),
		cmocka_unit_test(a_userhash_that_cannot_be_made_is_told),
		cmocka_unit_test(a_message_that_cannot_be_signed_is_not_written),
		cmocka_unit_test(a_message_that_cannot_be_verified_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
