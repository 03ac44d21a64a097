/* srtp_hmac.c - HMAC-SHA1 from two kept states of SHA-1.
 *
 * (m) EVP_MAC takes 0.85 us for 1,200 octets, of which 0.15 us is its own: it copies digest
 * contexts for every message, on the heap. SHA_CTX is a plain struct, so a copy is 96 octets.
 * OpenSSL calls these functions deprecated since 3.0, and still has them in each release. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "srtp/srtp_hmac.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

enum { BLOCK = 64, INNER_PAD = 0x36, OUTER_PAD = 0x5c }; /* RFC 2104 section 2 */

_Static_assert(sizeof(SHA_CTX) == TT_SRTP_SHA1_STATE, "the states hold a SHA_CTX");
_Static_assert(SHA_DIGEST_LENGTH == TT_SRTP_SHA1, "and SHA-1 is 20 octets");

static void absorb_key(uint8_t state[TT_SRTP_SHA1_STATE], const uint8_t *key, size_t len,
		       uint8_t pad)
{
	uint8_t block[BLOCK];
	SHA_CTX s;

	memset(block, pad, sizeof block);
	for (size_t i = 0; i < len; i++)
		block[i] ^= key[i];
	SHA1_Init(&s);
	SHA1_Update(&s, block, sizeof block);
	memcpy(state, &s, sizeof s);
	OPENSSL_cleanse(block, sizeof block);
	OPENSSL_cleanse(&s, sizeof s);
}

void tt_srtp_hmac_init(struct tt_srtp_hmac *h, const uint8_t *key, size_t key_len)
{
	absorb_key(h->inner, key, key_len, INNER_PAD);
	absorb_key(h->outer, key, key_len, OUTER_PAD);
}

void tt_srtp_hmac(const struct tt_srtp_hmac *h, const uint8_t *a, size_t a_len, const uint8_t *b,
		  size_t b_len, uint8_t out[TT_SRTP_SHA1])
{
	SHA_CTX s;

	memcpy(&s, h->inner, sizeof s);
	SHA1_Update(&s, a, a_len);
	SHA1_Update(&s, b, b_len);
	SHA1_Final(out, &s);
	memcpy(&s, h->outer, sizeof s);
	SHA1_Update(&s, out, TT_SRTP_SHA1);
	SHA1_Final(out, &s);
}
