/* bench_tls.c - see bench_tls.h. */
#include <stdlib.h>

#include "bench_tls.h"
#include "dtls/dtls_state.h"

/* The same OpenSSL as ours: its algorithms, its random numbers, no ticket and no chain to verify. */
struct bench_tls {
	struct tt_env env;
	struct tt_dtls_shared *shared[2]; /* a certificate each */
	SSL_CTX *ctx[2];
};

static int any(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

struct bench_tls *bench_tls_new(void)
{
	const struct taut_env_config cfg = { .size = sizeof cfg, .random = tt_dtls_system_random };
	struct bench_tls *h = calloc(1, sizeof *h);

	if (!h)
		abort();
	tt_env_init(&h->env, &cfg);
	for (int i = 0; i < 2; i++) {
		if (tt_dtls_shared_new(&h->shared[i], &h->env, 0) != TAUT_OK)
			abort();
		h->ctx[i] = SSL_CTX_new_ex(h->shared[i]->lib, NULL, DTLS_method());
		if (!h->ctx[i] || SSL_CTX_use_certificate(h->ctx[i], h->shared[i]->cert) != 1 ||
		    SSL_CTX_use_PrivateKey(h->ctx[i], h->shared[i]->key) != 1)
			abort();
		SSL_CTX_set_verify(h->ctx[i], SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
		SSL_CTX_set_cert_verify_callback(h->ctx[i], any, NULL);
		SSL_CTX_set_cipher_list(h->ctx[i], "ECDHE-ECDSA-AES128-GCM-SHA256");
		SSL_CTX_set1_groups_list(h->ctx[i], "X25519:P-256");
		SSL_CTX_set_options(h->ctx[i], SSL_OP_NO_TICKET);
		SSL_CTX_set_session_cache_mode(h->ctx[i], SSL_SESS_CACHE_OFF);
	}
	return h;
}

void bench_tls_free(struct bench_tls *h)
{
	for (int i = 0; i < 2; i++) {
		SSL_CTX_free(h->ctx[i]);
		tt_dtls_leave_thread(h->shared[i]);
		tt_dtls_shared_free(h->shared[i]);
	}
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
