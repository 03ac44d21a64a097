/* hmac_sha1.h - HMAC-SHA1 with a kept key: RFC 2104. For STUN's MESSAGE-INTEGRITY and SRTP's tags. */
#ifndef TAUT_BASE_HMAC_SHA1_H
#define TAUT_BASE_HMAC_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { TT_SHA1_LEN = 20, TT_SHA1_STATE = 96 };

/* SHA-1 after the key's block, inner and outer. Secret. */
struct tt_hmac_sha1 {
	uint8_t inner[TT_SHA1_STATE];
	uint8_t outer[TT_SHA1_STATE];
};

void tt_hmac_sha1_init(struct tt_hmac_sha1 *h, const void *key, size_t len);
/* Of a, then b. */
void tt_hmac_sha1(const struct tt_hmac_sha1 *h, const uint8_t *a, size_t a_len, const uint8_t *b,
		  size_t b_len, uint8_t out[TT_SHA1_LEN]);

#endif
