/* bench_setup.c - from nothing to an open data channel, over loopback.
 *
 * The limit is the DTLS handshake alone, between two ends in memory that share contexts and
 * certificates as connections of one environment do. */
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "bench.h"
#include "bench_pair.h"

enum { MOST = 65536 };

/* ---- taut ---- */

struct setup {
	taut_loop *loops[2];
	bool media;
	double took[MOST];
};

static void *setup_open(const struct bench_case *c, const char **why)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .flags = TAUT_LOOP_NO_IPV6 };
	struct setup *s = calloc(1, sizeof *s);

	*why = "no loop could be made";
	if (!s)
		return NULL;
	s->media = c->arg;
	if (taut_loop_new(&s->loops[0], &cfg) == TAUT_OK &&
	    taut_loop_new(&s->loops[1], &cfg) == TAUT_OK)
		return s;
	if (s->loops[0])
		taut_loop_free(s->loops[0]);
	free(s);
	return NULL;
}

static void setup_close(void *me)
{
	struct setup *s = me;

	taut_loop_free(s->loops[0]);
	taut_loop_free(s->loops[1]);
	free(s);
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void setup_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct setup *s = me;
	const struct bench_pair_config cfg = { .data = true,
					       .media = s->media,
					       .loops = { s->loops[0], s->loops[1] } };
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t done = 0, n = packets < MOST ? packets : MOST;

	for (uint64_t i = 0; i < n; i++) {
		const char *why = NULL;
		const double start = bench_wall_us();
		struct bench_pair *p = bench_pair_new(&cfg, &why);
		if (!p)
			continue;
		s->took[done++] = bench_wall_us() - start;
		bench_pair_free(p);
	}
	*out = (struct bench_sample){ .packets = done,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs,
				      .lost = (double)(n - done) / (double)n };
	qsort(s->took, done, sizeof *s->took, by_value);
	if (done > 0) {
		out->more[0] = (struct bench_more){ "p50_ms", s->took[done / 2] / 1e3 };
		out->more[1] = (struct bench_more){ "p99_ms", s->took[done * 99 / 100] / 1e3 };
	}
}

/* ---- the limit ---- */

struct handshake {
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

static void *handshake_open(const struct bench_case *c, const char **why)
{
	struct handshake *h = calloc(1, sizeof *h);

	(void)c, (void)why;
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

static void handshake_close(void *me)
{
	struct handshake *h = me;

	SSL_CTX_free(h->ctx[0]);
	SSL_CTX_free(h->ctx[1]);
	free(h);
}

/* With the BIO pair's bytes as datagrams: whole flights, which OpenSSL reads as records. */
static bool shake(struct handshake *h)
{
	SSL *ssl[2];
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
	const bool done = SSL_is_init_finished(ssl[0]) && SSL_is_init_finished(ssl[1]);
	for (int i = 0; i < 2; i++) {
		SSL_free(ssl[i]);
		BIO_free(in[i]);
	}
	return done;
}

static void handshake_run(void *me, uint64_t packets, struct bench_sample *out)
{
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t done = 0;

	for (uint64_t i = 0; i < packets; i++)
		done += shake(me);
	*out = (struct bench_sample){ .packets = done,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs,
				      .lost = (double)(packets - done) / (double)packets };
}

static const struct bench_case cases[] = {
	{ "limit", "setup", "to an open data channel", 0, "all but DTLS", handshake_open,
	  handshake_run, handshake_close, 0 },
	{ "taut", "setup", "to an open data channel", 0, NULL, setup_open, setup_run, setup_close,
	  0 },
	{ "taut", "setup", "the same, with sound and video", 0, NULL, setup_open, setup_run,
	  setup_close, 1 },
};

const struct bench bench_setup = { "setup", "two connections come up over loopback",
				   "a pair of connections", cases, sizeof cases / sizeof cases[0] };
