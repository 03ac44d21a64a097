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
	TT_SRTP_PROFILE_AES128_CM_SHA1_32 = 0x0002,
	TT_SRTP_PROFILE_AEAD_AES_128_GCM = 0x0007,
	TT_SRTP_PROFILE_AEAD_AES_256_GCM = 0x0008,
};

enum { TT_SRTP_KEY_MAX = 32, TT_SRTP_SALT_MAX = 14 };

/* How much of a key and of a salt counts under a profile; 0: the profile is not known here. */
static inline uint8_t tt_srtp_key_len(uint16_t profile)
{
	return profile == TT_SRTP_PROFILE_AEAD_AES_256_GCM ? 32
	       : profile == TT_SRTP_PROFILE_AEAD_AES_128_GCM ||
			       profile == TT_SRTP_PROFILE_AES128_CM_SHA1_80 ||
			       profile == TT_SRTP_PROFILE_AES128_CM_SHA1_32
		       ? 16
		       : 0;
}

static inline uint8_t tt_srtp_salt_len(uint16_t profile)
{
	return profile == TT_SRTP_PROFILE_AEAD_AES_256_GCM ||
			       profile == TT_SRTP_PROFILE_AEAD_AES_128_GCM
		       ? 12
		       : 14;
}

/* One direction. */
struct tt_srtp_key {
	uint8_t key[TT_SRTP_KEY_MAX], salt[TT_SRTP_SALT_MAX];
};

/* Secret: whoever holds one wipes it (OPENSSL_cleanse or the like) when done. */
struct tt_srtp_keys {
	uint16_t profile;
	struct tt_srtp_key local;  /* what we send is protected with */
	struct tt_srtp_key remote; /* what the peer sends is protected with */
};

#endif
