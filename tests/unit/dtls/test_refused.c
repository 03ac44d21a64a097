/* wraps: OSSL_LIB_CTX_new OSSL_PROVIDER_add_builtin OSSL_PROVIDER_load RAND_set_DRBG_type RAND_get0_primary RAND_bytes EVP_RAND_CTX_set_params CRYPTO_zalloc BIO_meth_new BIO_meth_set_read BIO_meth_set_write BIO_meth_set_ctrl BIO_new EVP_PKEY_Q_keygen X509_new_ex X509_set_version BN_bin2bn BN_to_ASN1_INTEGER ASN1_TIME_set X509_NAME_add_entry_by_txt X509_set_issuer_name X509_set_pubkey X509_digest X509_sign_ctx EVP_MD_CTX_new EVP_MD_fetch EVP_DigestSignInit_ex SSL_CTX_new_ex SSL_CTX_ctrl SSL_ctrl SSL_CTX_set_cipher_list SSL_CTX_set_tlsext_use_srtp SSL_CTX_use_certificate SSL_CTX_use_PrivateKey SSL_new SSL_set_ex_data SSL_export_keying_material SSL_get1_peer_certificate SSL_do_handshake SSL_read_ex EVP_KDF_fetch EVP_KDF_CTX_new EVP_KDF_derive SSL_SESSION_get_master_key SSL_get_server_random SSL_get_client_random tt_cipher_init tt_cipher_get_tag */
/* OpenSSL refuses, call by call: no environment, no association, no key; never half of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/cipher.h"
#include "support/refuse.h"
#include "unit/dtls/pair.h"

typedef unsigned char octet;
typedef OSSL_LIB_CTX lib;

REFUSABLE(lib *, OSSL_LIB_CTX_new, (void), (), NULL)
REFUSABLE(int, OSSL_PROVIDER_add_builtin, (lib * l, const char *n, OSSL_provider_init_fn *f),
	  (l, n, f), 0)
REFUSABLE(OSSL_PROVIDER *, OSSL_PROVIDER_load, (lib * l, const char *n), (l, n), NULL)
REFUSABLE(int, RAND_set_DRBG_type,
	  (lib * l, const char *d, const char *q, const char *c, const char *h), (l, d, q, c, h), 0)
REFUSABLE(EVP_RAND_CTX *, RAND_get0_primary, (lib * l), (l), NULL)
REFUSABLE(int, RAND_bytes, (octet * out, int n), (out, n), 0)
REFUSABLE(int, EVP_RAND_CTX_set_params, (EVP_RAND_CTX * c, const OSSL_PARAM p[]), (c, p), 0)
REFUSABLE(BIO_METHOD *, BIO_meth_new, (int t, const char *n), (t, n), NULL)
REFUSABLE(int, BIO_meth_set_read, (BIO_METHOD * m, int (*f)(BIO *, char *, int)), (m, f), 0)
REFUSABLE(int, BIO_meth_set_write, (BIO_METHOD * m, int (*f)(BIO *, const char *, int)), (m, f), 0)
REFUSABLE(int, BIO_meth_set_ctrl, (BIO_METHOD * m, long (*f)(BIO *, int, long, void *)), (m, f), 0)
REFUSABLE(BIO *, BIO_new, (const BIO_METHOD *m), (m), NULL)
REFUSABLE(X509 *, X509_new_ex, (lib * l, const char *q), (l, q), NULL)
REFUSABLE(int, X509_set_version, (X509 * x, long v), (x, v), 0)
REFUSABLE(BIGNUM *, BN_bin2bn, (const octet *p, int n, BIGNUM *b), (p, n, b), NULL)
REFUSABLE(ASN1_INTEGER *, BN_to_ASN1_INTEGER, (const BIGNUM *b, ASN1_INTEGER *i), (b, i), NULL)
REFUSABLE(ASN1_TIME *, ASN1_TIME_set, (ASN1_TIME * a, time_t t), (a, t), NULL)
REFUSABLE(int, X509_NAME_add_entry_by_txt,
	  (X509_NAME * n, const char *f, int t, const octet *p, int len, int loc, int set),
	  (n, f, t, p, len, loc, set), 0)
REFUSABLE(int, X509_set_issuer_name, (X509 * x, const X509_NAME *n), (x, n), 0)
REFUSABLE(int, X509_set_pubkey, (X509 * x, EVP_PKEY *k), (x, k), 0)
REFUSABLE(int, X509_digest, (const X509 *x, const EVP_MD *m, octet *out, unsigned *n),
	  (x, m, out, n), 0)
REFUSABLE(int, X509_sign_ctx, (X509 * x, EVP_MD_CTX *c), (x, c), 0)
REFUSABLE(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
REFUSABLE(int, EVP_DigestSignInit_ex,
	  (EVP_MD_CTX * c, EVP_PKEY_CTX **p, const char *m, lib *l, const char *q, EVP_PKEY *k,
	   const OSSL_PARAM a[]),
	  (c, p, m, l, q, k, a), 0)
REFUSABLE(SSL_CTX *, SSL_CTX_new_ex, (lib * l, const char *q, const SSL_METHOD *m), (l, q, m), NULL)
REFUSABLE(int, SSL_CTX_set_cipher_list, (SSL_CTX * c, const char *s), (c, s), 0)
REFUSABLE(int, SSL_CTX_set_tlsext_use_srtp, (SSL_CTX * c, const char *s), (c, s), 1)
REFUSABLE(int, SSL_CTX_use_certificate, (SSL_CTX * c, X509 *x), (c, x), 0)
REFUSABLE(int, SSL_CTX_use_PrivateKey, (SSL_CTX * c, EVP_PKEY *k), (c, k), 0)
REFUSABLE(SSL *, SSL_new, (SSL_CTX * c), (c), NULL)
REFUSABLE(int, SSL_set_ex_data, (SSL * s, int index, void *p), (s, index, p), 0)
REFUSABLE(int, SSL_read_ex, (SSL * s, void *p, size_t n, size_t *done), (s, p, n, done), 0)
REFUSABLE(int, SSL_do_handshake, (SSL * s), (s), -1)
REFUSABLE(int, SSL_export_keying_material,
	  (SSL * s, octet *out, size_t n, const char *l, size_t ln, const octet *c, size_t cn,
	   int use),
	  (s, out, n, l, ln, c, cn, use), 0)
REFUSABLE(X509 *, SSL_get1_peer_certificate, (const SSL *s), (s), NULL)

REFUSABLE(EVP_MD *, EVP_MD_fetch, (lib * l, const char *n, const char *q), (l, n, q), NULL)
REFUSABLE(void *, CRYPTO_zalloc, (size_t n, const char *file, int line), (n, file, line), NULL)

/* Of these only the calls whose result is asked for. */
long __real_SSL_CTX_ctrl(SSL_CTX *c, int cmd, long n, void *p);
long __wrap_SSL_CTX_ctrl(SSL_CTX *c, int cmd, long n, void *p);
long __wrap_SSL_CTX_ctrl(SSL_CTX *c, int cmd, long n, void *p)
{
	const bool asked = cmd == SSL_CTRL_SET_MIN_PROTO_VERSION ||
			   cmd == SSL_CTRL_SET_MAX_PROTO_VERSION || cmd == SSL_CTRL_SET_GROUPS_LIST;

	return asked && refuse_now() ? 0 : __real_SSL_CTX_ctrl(c, cmd, n, p);
}

static bool timeouts_fail;

long __real_SSL_ctrl(SSL *s, int cmd, long n, void *p);
long __wrap_SSL_ctrl(SSL *s, int cmd, long n, void *p);
long __wrap_SSL_ctrl(SSL *s, int cmd, long n, void *p)
{
	if (cmd == DTLS_CTRL_HANDLE_TIMEOUT && timeouts_fail)
		return -1;
	return cmd == DTLS_CTRL_SET_LINK_MTU && refuse_now() ? 0 : __real_SSL_ctrl(s, cmd, n, p);
}

/* The one kind of key that is made here has one argument more. */
EVP_PKEY *__real_EVP_PKEY_Q_keygen(lib *l, const char *q, const char *type, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(lib *l, const char *q, const char *type, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(lib *l, const char *q, const char *type, ...)
{
	va_list more;

	va_start(more, type);
	char *curve = va_arg(more, char *);
	va_end(more);
	return refuse_now() ? NULL : __real_EVP_PKEY_Q_keygen(l, q, type, curve);
}

REFUSABLE(EVP_KDF *, EVP_KDF_fetch, (lib * l, const char *n, const char *q), (l, n, q), NULL)
REFUSABLE(EVP_KDF_CTX *, EVP_KDF_CTX_new, (EVP_KDF * k), (k), NULL)
REFUSABLE(int, EVP_KDF_derive, (EVP_KDF_CTX * c, octet *out, size_t n, const OSSL_PARAM p[]),
	  (c, out, n, p), 0)
REFUSABLE(size_t, SSL_SESSION_get_master_key, (const SSL_SESSION *s, octet *out, size_t n),
	  (s, out, n), 0)
REFUSABLE(size_t, SSL_get_server_random, (const SSL *s, octet *out, size_t n), (s, out, n), 0)
REFUSABLE(size_t, SSL_get_client_random, (const SSL *s, octet *out, size_t n), (s, out, n), 0)
REFUSABLE(bool, tt_cipher_init,
	  (struct tt_cipher * c, lib *l, const char *n, const octet *key, size_t len, bool seal),
	  (c, l, n, key, len, seal), false)
REFUSABLE(bool, tt_cipher_get_tag, (struct tt_cipher * c, octet *tag, size_t n), (c, tag, n), false)

/* ---- memory that fails like the calls ---- */

static int some_random(void *unused, void *out, size_t len)
{
	static uint64_t state = 1;
	uint8_t *p = out;

	(void)unused;
	for (size_t i = 0; i < len; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(state >> 56);
	}
	return 0;
}

static void env_init(struct tt_env *env)
{
	static const struct taut_env_config cfg = { .size = sizeof cfg,
						    .realloc = refuse_memory,
						    .random = some_random };

	tt_env_init(env, &cfg);
}

static void an_environment_of_which_a_part_fails_is_none(void **state)
{
	struct tt_env env;
	struct tt_dtls_shared *shared;
	long rounds = 0;
	(void)state;

	env_init(&env);
	REFUSE_EACH
	{
		const int rc = tt_dtls_shared_new(&shared, &env, 0);
		assert_int_equal(rc != TAUT_OK, refuse_failed());
		rounds++;
		if (rc == TAUT_OK)
			continue;
		assert_int_equal(rc, rounds == 1 ? TAUT_E_NOMEM : TAUT_E_CRYPTO);
		assert_null(shared);
		assert_int_equal(env.memory, 0);
		assert_int_equal(ERR_peek_error(), 0);
	}
	assert_true(rounds > 30);
	tt_dtls_shared_free(shared);
	tt_dtls_shared_free(NULL);
	assert_int_equal(env.memory, 0);
}

static void an_association_of_which_a_part_fails_is_none(void **state)
{
	struct tt_env env;
	struct tt_dtls_shared *shared;
	struct tt_dtls *d;
	(void)state;

	env_init(&env);
	assert_int_equal(tt_dtls_shared_new(&shared, &env, 0), TAUT_OK);
	const size_t before = env.memory;
	REFUSE_EACH
	{
		const int rc = tt_dtls_new(&d, shared, &env);
		assert_int_equal(rc != TAUT_OK, refuse_failed());
		if (rc == TAUT_OK)
			continue;
		assert_true(rc == TAUT_E_NOMEM || rc == TAUT_E_CRYPTO);
		assert_null(d);
		assert_int_equal(env.memory, before);
	}
	tt_dtls_free(d);
	tt_dtls_free(NULL);
	tt_dtls_shared_free(shared);
}

/* The nth call fails from now on; -1: none. */
static void let_fail(long n)
{
	refuse.at = n;
	refuse.calls = 0;
}

static void what_cannot_be_protected_ends_the_association(void **state)
{
	struct pair p;
	uint8_t out[200];
	(void)state;

	pair_init(&p, 1, NULL);
	assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "x", 1, out, sizeof out), 0);
	assert_null(tt_dtls_cipher_name(p.d[0]));
	pair_connect(&p);
	assert_non_null(tt_dtls_cipher_name(p.d[0]));
	assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "x", 0, out, sizeof out), 0);
	assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "x", 1, out, TT_DTLS_OVERHEAD), 0);
	assert_int_equal(
		tt_dtls_protect(p.d[0], p.sim.now, out, TT_DTLS_DATAGRAM_MAX + 1, out, 99999), 0);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_CONNECTED);
	let_fail(0);
	assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "x", 1, out, sizeof out), 0);
	let_fail(-1);
	pair_events(&p, 0);
	assert_true(p.failed[0]);
	assert_int_equal(p.reason[0], TAUT_REASON_DTLS_HANDSHAKE);
	assert_string_equal(p.text[0], "association broken: OpenSSL gives no reason");
	assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "x", 1, out, sizeof out), 0);
	pair_free(&p);
}

static void keys_that_cannot_be_exported_are_none(void **state)
{
	struct pair p;
	struct tt_srtp_keys keys;
	(void)state;

	pair_init(&p, 2, NULL);
	assert_int_equal(tt_dtls_srtp_keys(p.d[0], &keys), TAUT_E_STATE);
	pair_connect(&p);
	let_fail(0);
	assert_int_equal(tt_dtls_srtp_keys(p.d[0], &keys), TAUT_E_CRYPTO);
	let_fail(-1);
	assert_int_equal(keys.profile, TT_SRTP_PROFILE_NONE);
	assert_int_equal(tt_dtls_srtp_keys(p.d[0], &keys), TAUT_OK);
	assert_int_not_equal(keys.profile, TT_SRTP_PROFILE_NONE);
	pair_free(&p);
}

static void a_handshake_that_openssl_breaks_off_fails(void **state)
{
	struct pair p;
	(void)state;

	pair_init(&p, 3, NULL);
	pair_teach_both(&p);
	let_fail(0);
	assert_int_equal(tt_dtls_start(p.d[0], p.sim.now, true, RTT_TIMEOUT), TAUT_OK);
	let_fail(-1);
	pair_events(&p, 0);
	assert_true(p.failed[0]);
	assert_int_equal(p.reason[0], TAUT_REASON_DTLS_HANDSHAKE);
	assert_int_equal(tt_dtls_start(p.d[0], p.sim.now, true, RTT_TIMEOUT), TAUT_E_STATE);
	pair_free(&p);
}

/* The last flight comes, and each call fails in turn: the keys of records are there, or nothing is. */
static void a_handshake_whose_keys_cannot_be_had_fails(void **state)
{
	struct pair p;
	uint8_t last[1500], buf[100];
	bool connected = false;
	size_t n;
	unsigned failures = 0;
	(void)state;

	for (long at = 0; !connected; at++) {
		pair_init(&p, 6, NULL);
		const size_t len = pair_connect_nearly(&p, last);
		let_fail(at);
		tt_dtls_recv(p.d[0], p.sim.now, last, len);
		connected = !refuse_failed();
		let_fail(-1);
		pair_events(&p, 0);
		/* OpenSSL, of the two records, as if nothing had come: it will come again */
		if (at < 2)
			assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_HANDSHAKE);
		else /* with keys, or without: it does not go on */
			assert_int_equal(p.failed[0], !connected);
		assert_true(p.connected[0] || !connected);
		if (p.failed[0])
			assert_true(p.reason[0] == TAUT_REASON_DTLS_HANDSHAKE ||
				    p.reason[0] == TAUT_REASON_DTLS_FINGERPRINT);
		if (!connected)
			assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "x", 1, buf, 99), 0);
		failures += p.failed[0];
		/* the peer, which is done, hears of it */
		if (p.failed[0] && !p.connected[0]) {
			while ((n = tt_dtls_poll_send(p.d[0], p.sim.now, last, sizeof last)) > 0)
				tt_dtls_recv(p.d[1], p.sim.now, last, n);
			pair_events(&p, 1);
			assert_true(p.closed[1]);
		}
		assert_true(at < 100);
		pair_free(&p);
	}
	assert_true(failures >= 8); /* each call of tt_dtls_take_over */
}

static void a_certificate_that_cannot_be_had_proves_nothing(void **state)
{
	struct pair p;
	(void)state;

	pair_init(&p, 4, NULL);
	assert_int_equal(pair_teach(&p, 1, tt_dtls_shared_fingerprint(p.shared[0])), TAUT_OK);
	pair_start(&p);
	pair_run(&p, p.sim.now + 5000 * MS);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_UNPROVEN);
	let_fail(0);
	assert_int_equal(pair_teach(&p, 0, tt_dtls_shared_fingerprint(p.shared[1])), TAUT_OK);
	let_fail(-1);
	pair_events(&p, 0);
	assert_false(p.connected[0]);
	assert_true(p.failed[0]);
	assert_int_equal(p.reason[0], TAUT_REASON_DTLS_FINGERPRINT);
	pair_free(&p);
}

static void a_flight_that_cannot_be_sent_again_ends_the_handshake(void **state)
{
	struct pair p;
	(void)state;

	pair_init(&p, 5, NULL);
	pair_teach_both(&p);
	assert_int_equal(tt_dtls_start(p.d[0], p.sim.now, true, RTT_TIMEOUT), TAUT_OK);
	pair_flush(&p);
	timeouts_fail = true;
	tt_dtls_tick(p.d[0], tt_dtls_deadline(p.d[0], NULL));
	timeouts_fail = false;
	pair_events(&p, 0);
	assert_true(p.failed[0]);
	assert_int_equal(p.reason[0], TAUT_REASON_DTLS_TIMEOUT);
	pair_free(&p);
}

static void a_system_without_random_numbers_says_so(void **state)
{
	uint8_t out[32];
	(void)state;

	REFUSE_EACH
	{
		const int rc = tt_dtls_system_random(NULL, out, sizeof out);
		assert_int_equal(rc == -1, refuse_failed());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_environment_of_which_a_part_fails_is_none),
		cmocka_unit_test(an_association_of_which_a_part_fails_is_none),
		cmocka_unit_test(what_cannot_be_protected_ends_the_association),
		cmocka_unit_test(keys_that_cannot_be_exported_are_none),
		cmocka_unit_test(a_handshake_that_openssl_breaks_off_fails),
		cmocka_unit_test(a_handshake_whose_keys_cannot_be_had_fails),
		cmocka_unit_test(a_certificate_that_cannot_be_had_proves_nothing),
		cmocka_unit_test(a_flight_that_cannot_be_sent_again_ends_the_handshake),
		cmocka_unit_test(a_system_without_random_numbers_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
