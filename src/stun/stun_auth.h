/* stun_auth.h - the HMACs and the CRC over a message, for its reader and its writer. */
#ifndef TAUT_STUN_STUN_AUTH_H
#define TAUT_STUN_STUN_AUTH_H

#include "stun/stun.h"

enum { TT_STUN_SHA1_LEN = 20, TT_STUN_SHA256_LEN = 32 };

/* The HMAC of msg[0 .. at), taken as if the message ended with an attribute of len bytes
 * that begins at `at`: SHA-256 if strong, else SHA-1, of which 20 bytes are written. False: OpenSSL
 * refused, or the key is none. */
bool tt_stun_hmac(const struct tt_stun_key *k, bool strong, const uint8_t *msg, size_t at,
		  size_t len, uint8_t mac[TT_STUN_SHA256_LEN]);
uint32_t tt_stun_crc(const uint8_t *msg, size_t at);

#endif
