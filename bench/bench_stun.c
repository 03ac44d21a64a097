/* bench_stun.c - what ICE does with each check: read it, verify it, answer it.
 *
 * The limit verifies only: one HMAC-SHA1 over the same octets with a kept key, and nothing is read. */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "bench.h"
#include "stun/stun.h"

enum { ROOM = BENCH_CHECK_ROOM, PASSWORD = 24 };

struct check {
	struct tt_stun_key key;
	EVP_MAC_CTX *mac;
	uint8_t msg[ROOM];
	size_t len, signed_len;
};

const char bench_check_password[] = "0123456789abcdefghijklmn";

/* A connectivity check as Chromium writes it. */
static void write_check(struct check *k)
{
	static const uint8_t tid[TT_STUN_TID_LEN] = "transaction";
	struct wr w = wr_make(k->msg, sizeof k->msg);

	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put(&w, TT_STUN_USERNAME, "abcd:wxyz", 9);
	tt_stun_put_u32(&w, TT_STUN_GOOG_NETWORK_INFO, 0x10000);
	tt_stun_put_u64(&w, TT_STUN_ICE_CONTROLLING, 0x1122334455667788);
	tt_stun_put(&w, TT_STUN_USE_CANDIDATE, NULL, 0);
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 0x6e7f1eff);
	k->signed_len = w.off;
	tt_stun_put_integrity(&w, &k->key);
	tt_stun_put_fingerprint(&w);
	k->len = tt_stun_finish(&w);
}

size_t bench_check(uint8_t out[BENCH_CHECK_ROOM])
{
	struct check k = { .len = 0 };

	if (!tt_stun_key_init(&k.key, bench_check_password, PASSWORD))
		abort();
	write_check(&k);
	memcpy(out, k.msg, k.len);
	tt_stun_key_free(&k.key);
	return k.len;
}

static void *check_open(const struct bench_case *c, const char **why)
{
	struct check *k = calloc(1, sizeof *k);
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	char digest[] = "SHA1";
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
								       digest, 0),
				      OSSL_PARAM_construct_end() };

	(void)c, (void)why;
	if (!k || !hmac || !tt_stun_key_init(&k->key, bench_check_password, PASSWORD))
		abort();
	k->mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	EVP_MAC_init(k->mac, (const uint8_t *)bench_check_password, PASSWORD, params);
	write_check(k);
	return k;
}

static void check_close(void *me)
{
	struct check *k = me;

	tt_stun_key_free(&k->key);
	EVP_MAC_CTX_free(k->mac);
	free(k);
}

static void read_and_verify(struct check *k)
{
	struct tt_stun_msg m;

	if (tt_stun_read(&m, k->msg, k->len) != TT_STUN_OK || !tt_stun_fingerprint_ok(&m, k->msg) ||
	    !tt_stun_verify(&m, k->msg, &k->key))
		abort();
}

static void answer(struct check *k)
{
	static const struct taut_addr from = { .family = 4, .port = 5000, .ip = { 192, 0, 2, 1 } };
	uint8_t out[ROOM];
	struct wr w = wr_make(out, sizeof out);

	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, k->msg + 8);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &from);
	tt_stun_put_integrity(&w, &k->key);
	tt_stun_put_fingerprint(&w);
	if (tt_stun_finish(&w) == 0)
		abort();
}

static void hmac_only(struct check *k)
{
	uint8_t tag[20];
	size_t n;

	EVP_MAC_init(k->mac, NULL, 0, NULL);
	EVP_MAC_update(k->mac, k->msg, k->signed_len);
	EVP_MAC_final(k->mac, tag, &n, sizeof tag);
	/* Seen by the compiler as used. */
	k->msg[ROOM - 1] ^= tag[0];
}

static void check_run_with(struct check *k, void (*work)(struct check *), uint64_t packets,
			   struct bench_sample *out)
{
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();

	for (uint64_t i = 0; i < packets; i++)
		work(k);
	*out = (struct bench_sample){ .packets = packets,
				      .bytes = packets * k->len,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs };
}

static void read_run(void *me, uint64_t packets, struct bench_sample *out)
{
	check_run_with(me, read_and_verify, packets, out);
}

static void answer_run(void *me, uint64_t packets, struct bench_sample *out)
{
	check_run_with(me, answer, packets, out);
}

static void hmac_run(void *me, uint64_t packets, struct bench_sample *out)
{
	check_run_with(me, hmac_only, packets, out);
}

static const struct bench_case cases[] = {
	{ "limit", "stun", "read and verify a check", 0, "all but the HMAC", check_open, hmac_run,
	  check_close, 0 },
	{ "taut", "stun", "read and verify a check", 0, NULL, check_open, read_run, check_close,
	  0 },
	{ "limit", "stun", "write and sign the answer", 0, "all but the HMAC", check_open, hmac_run,
	  check_close, 0 },
	{ "taut", "stun", "write and sign the answer", 0, NULL, check_open, answer_run, check_close,
	  0 },
};

const struct bench bench_stun = {
	.name = "stun",
	.summary = "a connectivity check, in and out",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
