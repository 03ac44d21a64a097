/* stun_auth.c - who wrote a message: MESSAGE-INTEGRITY, its SHA-256 form, and
 * FINGERPRINT. RFC 8489 sections 14.5 to 14.7.
 *
 * A key holds its two HMAC contexts with the password hashed in: restarting one
 * costs a fifth of keying a new one. That of SHA-256 is made when it is wanted first, which with
 * ICE it never is. */
#include "stun/stun_auth.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/crc32.h"
#include "base/num.h"
#include "base/unchecked.h"

struct tt_stun_strong {
	EVP_MAC_CTX *ctx; /* NULL: not wanted yet */
	size_t len;
	uint8_t secret[];
};

static EVP_MAC_CTX *keyed(const char *digest, const void *secret, size_t len)
{
	static const uint8_t nothing[1];
	char name[8] = { 0 };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac); /* the context holds it */
	for (size_t i = 0; i + 1 < sizeof name && digest[i]; i++)
		name[i] = digest[i]; /* OSSL_PARAM takes no const */
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	if (ctx && EVP_MAC_init(ctx, len > 0 ? secret : nothing, len, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

bool tt_stun_key_init(struct tt_stun_key *k, const void *secret, size_t len)
{
	*k = (struct tt_stun_key){ .sha1 = keyed("SHA1", secret, len) };
	struct tt_stun_strong *s = k->sha1 ? OPENSSL_zalloc(sizeof *s + len) : NULL;
	if (!s) {
		tt_stun_key_free(k);
		return false;
	}
	s->len = len;
	if (len > 0)
		memcpy(s->secret, secret, len);
	k->sha256 = s;
	return true;
}

void *tt_stun_key_sha256(const struct tt_stun_key *k)
{
	struct tt_stun_strong *s = k->sha256;

	if (s && !s->ctx)
		s->ctx = keyed("SHA256", s->secret, s->len);
	return s ? s->ctx : NULL;
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
	bool ok = digest_of(algorithm == TT_STUN_SHA256 ? EVP_sha256() : EVP_md5(), parts, 3, secret,
	                    &len) &&
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
	EVP_MAC_CTX_free(k->sha1);
	if (k->sha256) {
		EVP_MAC_CTX_free(k->sha256->ctx);
		OPENSSL_clear_free(k->sha256, sizeof *k->sha256 + k->sha256->len);
	}
	*k = (struct tt_stun_key){ 0 };
}

/* 14.5: the length field speaks of a message that ends with this attribute. */
bool tt_stun_hmac(void *ctx, const uint8_t *msg, size_t at, size_t len, uint8_t *out, size_t cap)
{
	size_t body = at + 4 + len - TT_STUN_HEADER_LEN, n = 0;
	const uint8_t head[4] = { msg[0], msg[1], (uint8_t)(body >> 8), (uint8_t)body };

	if (!ctx || body > UINT16_MAX)
		return false;
	return EVP_MAC_init(ctx, NULL, 0, NULL) == 1 &&
	       EVP_MAC_update(ctx, head, sizeof head) == 1 &&
	       EVP_MAC_update(ctx, msg + sizeof head, at - sizeof head) == 1 &&
	       EVP_MAC_final(ctx, out, &n, cap) == 1 && n >= len;
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
	if (!tt_stun_hmac(strong ? tt_stun_key_sha256(k) : k->sha1, pkt, at, len, mac, sizeof mac))
		return false;
	return CRYPTO_memcmp(mac, pkt + at + 4, len) == 0;
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
