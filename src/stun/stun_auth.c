/* stun_auth.c - who wrote a message: MESSAGE-INTEGRITY, its SHA-256 form, and
 * FINGERPRINT. RFC 8489 sections 14.5 to 14.7.
 *
 * A key holds the password hashed into the states of SHA-1. The context for SHA-256 is made when
 * it is wanted first, which with ICE it never is. */
#include "stun/stun_auth.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/crc32.h"
#include "base/num.h"
#include "base/unchecked.h"
#include "base/work.h"

struct tt_stun_strong {
	EVP_MAC_CTX *ctx; /* NULL: not wanted yet */
	size_t len;
	uint8_t secret[];
};

static EVP_MAC_CTX *keyed(const void *secret, size_t len)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	char name[] = "SHA256"; /* OSSL_PARAM takes no const */
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(mac); /* the context holds it */
	if (ctx && EVP_MAC_init(ctx, secret, len, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

bool tt_stun_key_init(struct tt_stun_key *k, const void *secret, size_t len)
{
	struct tt_stun_strong *s = OPENSSL_zalloc(sizeof *s + len);

	*k = (struct tt_stun_key){ .strong = s };
	if (!s)
		return false;
	tt_hmac_sha1_init(&k->sha1, secret, len);
	s->len = len;
	if (len > 0)
		memcpy(s->secret, secret, len);
	return true;
}

/* The parts with a colon between each two: 9.2.2, 14.4. False: OpenSSL refused. */
static bool digest_of(const EVP_MD *md, const struct span *parts, size_t n, uint8_t *out,
		      unsigned *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = (i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1) &&
		     EVP_DigestUpdate(ctx, parts[i].p, parts[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, out, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

bool tt_stun_key_long_term(struct tt_stun_key *k, enum tt_stun_algorithm algorithm,
			   struct span user, struct span realm, struct span password)
{
	const struct span parts[] = { user, realm, password };
	uint8_t secret[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	*k = (struct tt_stun_key){ 0 };
	bool ok = digest_of(algorithm == TT_STUN_SHA256 ? EVP_sha256() : EVP_md5(), parts, 3,
			    secret, &len) &&
		  tt_stun_key_init(k, secret, len);
	OPENSSL_cleanse(secret, sizeof secret);
	return ok;
}

bool tt_stun_userhash(uint8_t out[TT_STUN_USERHASH_LEN], struct span user, struct span realm)
{
	const struct span parts[] = { user, realm };
	unsigned len = 0;

	return digest_of(EVP_sha256(), parts, 2, out, &len);
}

void tt_stun_key_free(struct tt_stun_key *k)
{
	if (k->strong) {
		EVP_MAC_CTX_free(k->strong->ctx);
		OPENSSL_clear_free(k->strong, sizeof *k->strong + k->strong->len);
	}
	OPENSSL_cleanse(k, sizeof *k);
	*k = (struct tt_stun_key){ 0 };
}

static bool strong_hmac(struct tt_stun_strong *s, const uint8_t head[4], const uint8_t *rest,
			size_t len, uint8_t mac[TT_STUN_SHA256_LEN])
{
	size_t n = 0;

	if (!s->ctx && !(s->ctx = keyed(s->secret, s->len)))
		return false;
	return EVP_MAC_init(s->ctx, NULL, 0, NULL) == 1 && EVP_MAC_update(s->ctx, head, 4) == 1 &&
	       EVP_MAC_update(s->ctx, rest, len) == 1 &&
	       EVP_MAC_final(s->ctx, mac, &n, TT_STUN_SHA256_LEN) == 1 && n == TT_STUN_SHA256_LEN;
}

/* 14.5: the length field speaks of a message that ends with this attribute. */
bool tt_stun_hmac(const struct tt_stun_key *k, bool strong, const uint8_t *msg, size_t at,
		  size_t len, uint8_t mac[TT_STUN_SHA256_LEN])
{
	const size_t body = at + 4 + len - TT_STUN_HEADER_LEN;
	const uint8_t head[4] = { msg[0], msg[1], (uint8_t)(body >> 8), (uint8_t)body };

	if (!k->strong || body > UINT16_MAX)
		return false;
	if (strong)
		return strong_hmac(k->strong, head, msg + 4, at - 4, mac);
	tt_hmac_sha1(&k->sha1, head, sizeof head, msg + 4, at - 4, mac);
	return true;
}

bool tt_stun_verify(const struct tt_stun_msg *m, const uint8_t *pkt, const struct tt_stun_key *k)
{
	uint8_t mac[TT_STUN_SHA256_LEN];
	bool strong = m->has & TT_STUN_HAS_INTEGRITY_SHA256;
	size_t at = strong ? m->integrity_sha256_at : m->integrity_at;
	size_t len = strong ? m->integrity_sha256_len : TT_STUN_SHA1_LEN;

	if (!strong && !(m->has & TT_STUN_HAS_INTEGRITY))
		return false;
	if (TT_UNCHECKED)
		return true;
	tt_work(at + len);
	return tt_stun_hmac(k, strong, pkt, at, len, mac) &&
	       CRYPTO_memcmp(mac, pkt + at + 4, len) == 0;
}

/* 14.7: XORed, so that it differs from a CRC-32 that another protocol might put there. */
uint32_t tt_stun_crc(const uint8_t *msg, size_t at)
{
	return tt_crc32(msg, at) ^ 0x5354554Eu;
}

bool tt_stun_fingerprint_ok(const struct tt_stun_msg *m, const uint8_t *pkt)
{
	return (m->has & TT_STUN_HAS_FINGERPRINT) &&
	       (TT_UNCHECKED || tt_stun_crc(pkt, m->fingerprint_at) == m->fingerprint);
}
