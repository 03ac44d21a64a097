/* dtls_shared.c - what the associations of an environment have in common: RFC 8827 section 6.5.
 *
 * DTLS 1.2 alone: 1.0 is forbidden (RFC 8996), and a newer one is not switched on by an upgrade of
 * OpenSSL before our tests have run it. Only AEAD ciphers with forward secrecy, AES-128-GCM first:
 * left alone, OpenSSL picks AES-256. Everything lives in an OSSL_LIB_CTX of its own, so that
 * two environments share nothing and the random numbers are the environment's. */
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "dtls/dtls_state.h"

static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
			      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
			      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

/* Our order counts when we are the server (RFC 5764 section 4.1.1). */
static const char srtp_profiles[] =
	"SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";

/* Instead of a chain to some authority: the fingerprint. One that is not known yet is checked
 * when it comes; that the peer owns the key, OpenSSL checks in either case (CertificateVerify). */
static int verify(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tt_dtls *d = SSL_get_app_data(ssl);

	(void)arg;
	if (d->print_count == 0 ||
	    tt_dtls_fingerprint_match(d->shared->lib, X509_STORE_CTX_get0_cert(store), d->prints,
				      d->print_count))
		return 1;
	d->mismatch = true;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* Alerts that came or went, encrypted ones included, for those who look on. */
static void on_info(const SSL *ssl, int where, int value)
{
	struct tt_dtls *d = SSL_get_app_data(ssl);

	d->heard_alert = d->heard_alert || (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT;
	if (where & SSL_CB_ALERT)
		tt_note(d->env, d->now, TAUT_LAYER_DTLS,
			where & SSL_CB_READ ? "alert received" : "alert sent",
			TT_STR("level", SSL_alert_type_string_long(value)),
			TT_STR("alert", SSL_alert_desc_string_long(value)));
}

static bool configure(struct tt_dtls_shared *s)
{
	SSL_CTX *c = s->ctx;

	if (!SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION) ||
	    !SSL_CTX_set_max_proto_version(c, DTLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(c, ciphers) ||
	    !SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") ||
	    SSL_CTX_set_tlsext_use_srtp(c, srtp_profiles) != 0 || /* here 0 is success */
	    SSL_CTX_use_certificate(c, s->cert) != 1 || SSL_CTX_use_PrivateKey(c, s->key) != 1)
		return false;
	/* No renegotiation and no resumption: keys are made once, from one certificate. */
	SSL_CTX_set_options(c, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
				       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_send_fragment(c, TT_DTLS_SEND_MAX);
	SSL_CTX_set_max_cert_list(c, TT_DTLS_CERTIFICATE_MAX);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(c, verify, NULL);
	SSL_CTX_set_info_callback(c, on_info);
	return true;
}

/* Two contexts where OpenSSL is one that dtls_algorithms.c knows: both draw from env. */
static bool load_algorithms(struct tt_dtls_shared *s)
{
	if (!tt_dtls_algorithms_fit()) {
		s->algorithms = OSSL_PROVIDER_load(s->lib, "default");
		return s->algorithms != NULL;
	}
	s->inner = OSSL_LIB_CTX_new();
	if (!s->inner)
		return false;
	s->inner_source = tt_dtls_random_install(s->inner, s->env);
	s->standard = s->inner_source ? OSSL_PROVIDER_load(s->inner, "default") : NULL;
	s->algorithms = s->standard ? tt_dtls_algorithms_install(s->lib, s->standard) : NULL;
	return s->algorithms != NULL;
}

static bool build(struct tt_dtls_shared *s, taut_time now)
{
	s->lib = OSSL_LIB_CTX_new();
	if (!s->lib)
		return false;
	s->source = tt_dtls_random_install(s->lib, s->env);
	s->bio = tt_dtls_bio_method();
	return s->source && s->bio && load_algorithms(s) &&
	       tt_dtls_cert_make(s, tt_wall_clock(s->env, now)) &&
	       (s->ctx = SSL_CTX_new_ex(s->lib, NULL, DTLS_method())) != NULL && configure(s);
}

void tt_dtls_leave_thread(struct tt_dtls_shared *s)
{
	OPENSSL_thread_stop_ex(s->lib);
	if (s->inner)
		OPENSSL_thread_stop_ex(s->inner);
}

int tt_dtls_shared_new(struct tt_dtls_shared **out, struct tt_env *env, taut_time now)
{
	struct tt_dtls_shared *s = tt_alloc(env, sizeof *s);

	*out = NULL;
	if (!s)
		return TAUT_E_NOMEM;
	s->env = env;
	ERR_clear_error();
	if (!build(s, now)) {
		tt_dtls_shared_free(s);
		ERR_clear_error();
		return TAUT_E_CRYPTO;
	}
	tt_dtls_leave_thread(s);
	*out = s;
	return TAUT_OK;
}

static void unload(OSSL_PROVIDER *p)
{
	if (p)
		OSSL_PROVIDER_unload(p);
}

void tt_dtls_shared_free(struct tt_dtls_shared *s)
{
	if (!s)
		return;
	SSL_CTX_free(s->ctx);
	X509_free(s->cert);
	EVP_PKEY_free(s->key);
	BIO_meth_free(s->bio);
	unload(s->algorithms);
	unload(s->source);
	OSSL_LIB_CTX_free(s->lib); /* before the one it takes its algorithms from */
	unload(s->standard);
	unload(s->inner_source);
	if (s->inner)
		OSSL_LIB_CTX_free(s->inner);
	tt_free(s->env, s);
}
