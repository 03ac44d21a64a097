/* srtp_keys.h - what a DTLS handshake leaves for SRTP: RFC 5764 section 4.2.
 *
 * The only type that both src/dtls and src/srtp know; neither includes the other. */
#ifndef TAUT_BASE_SRTP_KEYS_H
#define TAUT_BASE_SRTP_KEYS_H

#include <stdint.h>

/* Protection profiles by their IANA numbers: RFC 5764 section 4.1.2, RFC 7714 section 14.2. */
enum {
	TT_SRTP_PROFILE_NONE = 0, /* the peer agreed to none: there is no media */
	TT_SRTP_PROFILE_AES128_CM_SHA1_80 = 0x0001,
	TT_SRTP_PROFILE_AEAD_AES_128_GCM = 0x0007,
};

/* One direction. Of the salt, 14 octets count with AES-CM and 12 with AES-GCM. */
struct tt_srtp_key {
	uint8_t key[16], salt[14];
};

/* Secret: whoever holds one wipes it (OPENSSL_cleanse or the like) when done. */
struct tt_srtp_keys {
	uint16_t profile;
	struct tt_srtp_key local;  /* what we send is protected with */
	struct tt_srtp_key remote; /* what the peer sends is protected with */
};

#endif
