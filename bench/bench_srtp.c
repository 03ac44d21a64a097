/* bench_srtp.c - protect and unprotect one packet, against the same ciphers called bare.
 *
 * The limit does what any SRTP must: set a nonce, cipher the payload, make the tag, and all of it once
 * more at the other end, over EVP with kept contexts; of HMAC-SHA1, EVP_MAC with a kept key. It
 * has no indices, windows, streams or checks. */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/env.h"
#include "bench.h"
#include "srtp/srtp.h"

enum { LEN = 1200, HEADER = 12, ROOM = LEN + 64, MANY = 10000 };

/* ---- the stacks ---- */

struct stack {
	struct tt_env env;
	struct tt_srtp *s;
	uint64_t counter;
	uint32_t sources;
	uint32_t noise;
	uint8_t buf[ROOM];
};

static int some_random(void *ctx, void *out, size_t len)
{
	uint32_t *x = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)((*x = *x * 1664525u + 1013904223u) >> 24);
	return 0;
}

/* arg: backend, profile, and whether there are many sources. */
#define ARG(backend, profile, many) ((long)((backend) << 16 | (profile) << 1 | (many)))

static void *stack_open(const struct bench_case *c, const char **why)
{
	struct stack *k = calloc(1, sizeof *k);
	const struct tt_srtp_config cfg = { .backend = (uint32_t)(c->arg >> 16),
					    .received_max = 2 * MANY,
					    .sent_max = 2 * MANY };
	struct tt_srtp_keys keys = { .profile = (uint16_t)(c->arg >> 1 & 0x7fff) };

	if (!k || !tt_srtp_ready(cfg.backend)) {
		*why = "this build does not have it";
		free(k);
		return NULL;
	}
	k->noise = 1;
	k->sources = c->arg & 1 ? MANY : 1;
	tt_env_init(&k->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							.random = some_random,
							.ctx = &k->noise });
	memset(&keys.local, 7, sizeof keys.local);
	keys.remote = keys.local;
	if (tt_srtp_new(&k->s, &k->env, &keys, &cfg) == TAUT_OK)
		return k;
	free(k);
	return NULL;
}

static void stack_close(void *me)
{
	struct stack *k = me;

	tt_srtp_free(k->s);
	free(k);
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void stack_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct stack *k = me;
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();

	for (uint64_t i = 0; i < packets; i++, k->counter++) {
		const uint64_t round = k->counter / k->sources;
		put32(k->buf, 0x80600000u | (uint32_t)(round & 0xffff));
		put32(k->buf + 4, (uint32_t)round * 3000u);
		put32(k->buf + 8, 1 + (uint32_t)(k->counter % k->sources) * 2654435761u);
		const int n = tt_srtp_protect_rtp(k->s, 0, k->buf, LEN, ROOM);
		if (n < 0 || tt_srtp_unprotect_rtp(k->s, 0, k->buf, (size_t)n) != LEN)
			abort(); /* a figure of what does not work is worth nothing */
	}
	*out = (struct bench_sample){ .packets = packets,
				      .bytes = packets * (LEN - HEADER),
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs };
}

/* ---- the limit ---- */

struct bare {
	bool gcm;
	EVP_CIPHER_CTX *seal, *open;
	EVP_MAC_CTX *mac;
	uint8_t buf[ROOM];
};

static void *bare_open(const struct bench_case *c, const char **why)
{
	static const uint8_t key[32] = { 1 }, iv[16];
	struct bare *b = calloc(1, sizeof *b);
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	char digest[] = "SHA1";
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
								       digest, 0),
				      OSSL_PARAM_construct_end() };

	(void)why;
	if (!b || !hmac)
		abort();
	b->gcm = c->arg;
	const EVP_CIPHER *cipher = c->arg == 32 ? EVP_aes_256_gcm()
				   : c->arg     ? EVP_aes_128_gcm()
						: EVP_aes_128_ctr();
	b->seal = EVP_CIPHER_CTX_new();
	b->open = EVP_CIPHER_CTX_new();
	b->mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	EVP_EncryptInit_ex(b->seal, cipher, NULL, key, iv);
	EVP_DecryptInit_ex(b->open, cipher, NULL, key, iv);
	EVP_MAC_init(b->mac, key, 20, params);
	return b;
}

static void bare_close(void *me)
{
	struct bare *b = me;

	EVP_CIPHER_CTX_free(b->seal);
	EVP_CIPHER_CTX_free(b->open);
	EVP_MAC_CTX_free(b->mac);
	free(b);
}

static void bare_tag(struct bare *b, const uint8_t *iv, uint8_t *tag)
{
	size_t n;

	EVP_MAC_init(b->mac, NULL, 0, NULL);
	EVP_MAC_update(b->mac, b->buf, LEN);
	EVP_MAC_update(b->mac, iv, 4);
	EVP_MAC_final(b->mac, tag, &n, 20);
}

static bool bare_hmac(struct bare *b, const uint8_t *iv)
{
	uint8_t tag[20], again[20];
	int n;

	EVP_EncryptInit_ex(b->seal, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(b->seal, b->buf + HEADER, &n, b->buf + HEADER, LEN - HEADER);
	bare_tag(b, iv, tag);
	bare_tag(b, iv, again);
	EVP_DecryptInit_ex(b->open, NULL, NULL, NULL, iv);
	EVP_DecryptUpdate(b->open, b->buf + HEADER, &n, b->buf + HEADER, LEN - HEADER);
	return CRYPTO_memcmp(tag, again, 10) == 0;
}

static bool bare_gcm(struct bare *b, const uint8_t *iv)
{
	uint8_t *text = b->buf + HEADER, *tag = b->buf + LEN;
	int n;

	EVP_EncryptInit_ex(b->seal, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(b->seal, NULL, &n, b->buf, HEADER);
	EVP_EncryptUpdate(b->seal, text, &n, text, LEN - HEADER);
	EVP_EncryptFinal_ex(b->seal, tag, &n);
	EVP_CIPHER_CTX_ctrl(b->seal, EVP_CTRL_AEAD_GET_TAG, 16, tag);
	EVP_DecryptInit_ex(b->open, NULL, NULL, NULL, iv);
	EVP_CIPHER_CTX_ctrl(b->open, EVP_CTRL_AEAD_SET_TAG, 16, tag);
	EVP_DecryptUpdate(b->open, NULL, &n, b->buf, HEADER);
	EVP_DecryptUpdate(b->open, text, &n, text, LEN - HEADER);
	return EVP_DecryptFinal_ex(b->open, tag, &n) == 1;
}

static void bare_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct bare *b = me;
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint8_t iv[16] = { 0 };

	for (uint64_t i = 0; i < packets; i++) {
		put32(iv, (uint32_t)i);
		if (!(b->gcm ? bare_gcm(b, iv) : bare_hmac(b, iv)))
			abort();
	}
	*out = (struct bench_sample){ .packets = packets,
				      .bytes = packets * (LEN - HEADER),
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs };
}

#define BARE(profile, arg)                                                                         \
	{                                                                                          \
		"limit", "srtp", profile, 0, "windows, streams, checks", bare_open, bare_run,      \
			bare_close, arg                                                            \
	}
#define STACK(subject, profile, arg)                                                               \
	{                                                                                          \
		subject, "srtp", profile, 0, NULL, stack_open, stack_run, stack_close, arg         \
	}
#define EACH(profile, number, bare)                                                                \
	BARE(profile ", 1,200 B", bare),                                                           \
		STACK("taut", profile ", 1,200 B", ARG(TAUT_SRTP_TAUT, number, 0)),                \
		STACK("libsrtp2", profile ", 1,200 B", ARG(TAUT_SRTP_LIBSRTP, number, 0))

static const struct bench_case cases[] = {
	EACH("AES_CM_128_HMAC_SHA1_80", TT_SRTP_PROFILE_AES128_CM_SHA1_80, 0),
	EACH("AEAD_AES_128_GCM", TT_SRTP_PROFILE_AEAD_AES_128_GCM, 16),
	EACH("AEAD_AES_256_GCM", TT_SRTP_PROFILE_AEAD_AES_256_GCM, 32),
	STACK("taut", "AEAD_AES_128_GCM, 10,000 SSRCs",
	      ARG(TAUT_SRTP_TAUT, TT_SRTP_PROFILE_AEAD_AES_128_GCM, 1)),
	STACK("libsrtp2", "AEAD_AES_128_GCM, 10,000 SSRCs",
	      ARG(TAUT_SRTP_LIBSRTP, TT_SRTP_PROFILE_AEAD_AES_128_GCM, 1)),
};

const struct bench bench_srtp = {
	.name = "srtp",
	.summary = "protect a packet and take the protection off again",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
