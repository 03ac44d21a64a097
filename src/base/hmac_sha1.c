/* hmac_sha1.c - HMAC-SHA1 from two kept states of SHA-1.
 *
 * (m) EVP_MAC takes 0.85 us for 1,200 octets, of which 0.15 us is its own: it copies digest
 * contexts for every message, on the heap. SHA_CTX is a plain struct, so a copy is 96 octets.
 * OpenSSL calls these functions deprecated since 3.0, and still has them in each release. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hmac_sha1.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

enum { BLOCK = 64, INNER_PAD = 0x36, OUTER_PAD = 0x5c }; /* RFC 2104 section 2 */

_Static_assert(sizeof(SHA_CTX) == TT_SHA1_STATE, "the states hold a SHA_CTX");
_Static_assert(SHA_DIGEST_LENGTH == TT_SHA1_LEN, "and SHA-1 is 20 octets");

static void absorb(uint8_t state[TT_SHA1_STATE], const uint8_t key[BLOCK], uint8_t pad)
{
	uint8_t block[BLOCK];
	SHA_CTX s;

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = key[i] ^ pad;
	SHA1_Init(&s);
	SHA1_Update(&s, block, sizeof block);
	memcpy(state, &s, sizeof s);
	OPENSSL_cleanse(block, sizeof block);
	OPENSSL_cleanse(&s, sizeof s);
}

/* A longer key counts as its hash. */
void tt_hmac_sha1_init(struct tt_hmac_sha1 *h, const void *key, size_t len)
{
	uint8_t block[BLOCK] = { 0 };

	if (len > sizeof block)
		SHA1(key, len, block);
	else if (len > 0)
		memcpy(block, key, len);
	absorb(h->inner, block, INNER_PAD);
	absorb(h->outer, block, OUTER_PAD);
	OPENSSL_cleanse(block, sizeof block);
}

void tt_hmac_sha1(const struct tt_hmac_sha1 *h, const uint8_t *a, size_t a_len, const uint8_t *b,
		  size_t b_len, uint8_t out[TT_SHA1_LEN])
{
	SHA_CTX s;

	memcpy(&s, h->inner, sizeof s);
	SHA1_Update(&s, a, a_len);
	SHA1_Update(&s, b, b_len);
	SHA1_Final(out, &s);
	memcpy(&s, h->outer, sizeof s);
	SHA1_Update(&s, out, TT_SHA1_LEN);
	SHA1_Final(out, &s);
}
