/* srtp_kdf.h - session keys from a master key: RFC 3711 section 4.3, RFC 6188 section 3. */
#ifndef TAUT_SRTP_SRTP_KDF_H
#define TAUT_SRTP_SRTP_KDF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/srtp_keys.h"

enum { TT_SRTP_AUTH_KEY = 20 };

/* Of RTP or of RTCP. Secret. */
struct tt_srtp_session_keys {
	uint8_t cipher[TT_SRTP_KEY_MAX];
	uint8_t auth[TT_SRTP_AUTH_KEY];
	uint8_t salt[TT_SRTP_SALT_MAX];
};

/* key_len 16 or 32, salt_len 12 or 14. False: OpenSSL refused. */
bool tt_srtp_derive(struct tt_srtp_session_keys *out, const struct tt_srtp_key *master,
		    size_t key_len, size_t salt_len, bool rtcp);

#endif
