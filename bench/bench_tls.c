/* bench_tls.c - see bench_tls.h. */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "bench_tls.h"

struct bench_tls {
	SSL_CTX *ctx[2];
};

static int any(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static void give_certificate(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	if (!key || !cert)
		abort();
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	if (!X509_sign(cert, key, EVP_sha256()) || SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		abort();
	X509_free(cert);
	EVP_PKEY_free(key);
}

struct bench_tls *bench_tls_new(void)
{
	struct bench_tls *h = calloc(1, sizeof *h);

	if (!h)
		abort();
	for (int i = 0; i < 2; i++) {
		h->ctx[i] = SSL_CTX_new(DTLS_method());
		SSL_CTX_set_verify(h->ctx[i], SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   any);
		SSL_CTX_set_cipher_list(h->ctx[i], "ECDHE-ECDSA-AES128-GCM-SHA256");
		SSL_CTX_set1_groups_list(h->ctx[i], "X25519:P-256");
		SSL_CTX_set_session_cache_mode(h->ctx[i], SSL_SESS_CACHE_OFF);
		give_certificate(h->ctx[i]);
	}
	return h;
}

void bench_tls_free(struct bench_tls *h)
{
	SSL_CTX_free(h->ctx[0]);
	SSL_CTX_free(h->ctx[1]);
	free(h);
}

/* With the BIO pair's bytes as datagrams: whole flights, which OpenSSL reads as records. */
bool bench_tls_shake(struct bench_tls *h, SSL *ssl[2])
{
	BIO *in[2];

	for (int i = 0; i < 2; i++) {
		ssl[i] = SSL_new(h->ctx[i]);
		in[i] = BIO_new(BIO_s_mem());
		BIO_set_mem_eof_return(in[i], -1);
	}
	for (int i = 0; i < 2; i++) {
		BIO_up_ref(in[i]);
		BIO_up_ref(in[1 - i]);
		SSL_set_bio(ssl[i], in[i], in[1 - i]);
		SSL_set_options(ssl[i], SSL_OP_NO_QUERY_MTU);
		SSL_set_mtu(ssl[i], 16000);
	}
	SSL_set_connect_state(ssl[0]);
	SSL_set_accept_state(ssl[1]);
	for (int i = 0; i < 12 && !(SSL_is_init_finished(ssl[0]) && SSL_is_init_finished(ssl[1]));
	     i++)
		(void)SSL_do_handshake(ssl[i % 2]);
	for (int i = 0; i < 2; i++)
		BIO_free(in[i]); /* the ends hold them */
	return SSL_is_init_finished(ssl[0]) && SSL_is_init_finished(ssl[1]);
}
