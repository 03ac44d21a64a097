/* srtp_hmac.h - HMAC-SHA1 with a kept key: RFC 2104, RFC 3711 section 4.2.1. */
#ifndef TAUT_SRTP_SRTP_HMAC_H
#define TAUT_SRTP_SRTP_HMAC_H

#include <stddef.h>
#include <stdint.h>

enum { TT_SRTP_SHA1 = 20, TT_SRTP_SHA1_STATE = 96 };

/* SHA-1 after the key's block, inner and outer. Secret. Aligned for a SHA_CTX. */
struct tt_srtp_hmac {
	_Alignas(8) uint8_t inner[TT_SRTP_SHA1_STATE];
	_Alignas(8) uint8_t outer[TT_SRTP_SHA1_STATE];
};

/* key_len is at most 64. */
void tt_srtp_hmac_init(struct tt_srtp_hmac *h, const uint8_t *key, size_t key_len);
/* Of a, then b. */
void tt_srtp_hmac(const struct tt_srtp_hmac *h, const uint8_t *a, size_t a_len, const uint8_t *b,
		  size_t b_len, uint8_t out[TT_SRTP_SHA1]);

#endif
