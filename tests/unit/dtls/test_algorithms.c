/* What of OpenSSL an environment can reach: what DTLS needs, and its random numbers alone. */
#include "pair.h"

#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "dtls/dtls_state.h"

static void count_key(EVP_KEYMGMT *k, void *count)
{
	(void)k;
	++*(int *)count;
}

static void count_decoder(OSSL_DECODER *d, void *count)
{
	(void)d;
	++*(int *)count;
}

/* Each of them would be looked at for each certificate. */
static void an_environment_has_few_kinds_of_keys_and_decoders(void **state)
{
	struct pair p;
	int keys = 0, decoders = 0;

	(void)state;
	if (!tt_dtls_algorithms_fit())
		skip();
	pair_init(&p, 1, NULL);
	EVP_KEYMGMT_do_all_provided(p.shared[0]->lib, count_key, &keys);
	OSSL_DECODER_do_all_provided(p.shared[0]->lib, count_decoder, &decoders);
	assert_int_equal(keys, 5);
	assert_int_equal(decoders, 5);
	pair_free(&p);
}

static X509 *certificate_of(EVP_PKEY *key, const EVP_MD *hash)
{
	X509 *cert = X509_new();

	assert_non_null(key);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, hash) > 0);
	return cert;
}

/* A handshake in which the server has a key of that kind. */
static bool server_with(EVP_PKEY *key, const EVP_MD *hash)
{
	struct pair p;
	X509 *cert = certificate_of(key, hash);
	char print[TT_DTLS_FINGERPRINT_TEXT];

	pair_init(&p, 1, NULL);
	assert_true(tt_dtls_fingerprint_text(p.shared[1]->lib, cert, 0, print));
	SSL_certs_clear(p.d[1]->ssl);
	if (SSL_use_certificate(p.d[1]->ssl, cert) == 1 &&
	    SSL_use_PrivateKey(p.d[1]->ssl, key) == 1) {
		assert_int_equal(pair_teach(&p, 0, print), TAUT_OK);
		assert_int_equal(pair_teach(&p, 1, tt_dtls_shared_fingerprint(p.shared[0])),
				 TAUT_OK);
		pair_start(&p);
		pair_run(&p, p.sim.now + 40000 * MS);
	}
	ERR_clear_error();
	const bool done = p.connected[0] && p.connected[1];
	pair_free(&p);
	X509_free(cert);
	EVP_PKEY_free(key);
	return done;
}

static void keys_of_these_kinds_prove_who_a_peer_is(void **state)
{
	(void)state;
	assert_true(server_with(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), EVP_sha256()));
	assert_true(server_with(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), EVP_sha384()));
	assert_true(server_with(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), EVP_sha256()));
	ERR_clear_error();
}

/* Whether the key of a certificate that has it can be read in that context. */
static bool reads(OSSL_LIB_CTX *lib, EVP_PKEY *key)
{
	X509 *made = certificate_of(key, NULL), *read = X509_new_ex(lib, NULL);
	uint8_t *der = NULL;

	const int len = i2d_X509(made, &der);
	const uint8_t *at = der;
	assert_true(len > 0 && d2i_X509(&read, &at, len));
	const bool has_key = X509_get0_pubkey(read) != NULL;
	ERR_clear_error();
	OPENSSL_free(der);
	X509_free(made);
	X509_free(read);
	EVP_PKEY_free(key);
	return has_key;
}

static void a_key_of_another_kind_is_not_read(void **state)
{
	struct pair p;

	(void)state;
	if (!tt_dtls_algorithms_fit())
		skip();
	pair_init(&p, 1, NULL);
	assert_true(reads(NULL, EVP_PKEY_Q_keygen(NULL, NULL, "ED448")));
	assert_false(reads(p.shared[0]->lib, EVP_PKEY_Q_keygen(NULL, NULL, "ED448")));
	assert_true(reads(p.shared[0]->lib, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")));
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_environment_has_few_kinds_of_keys_and_decoders),
		cmocka_unit_test(keys_of_these_kinds_prove_who_a_peer_is),
		cmocka_unit_test(a_key_of_another_kind_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
