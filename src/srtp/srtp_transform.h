/* srtp_transform.h - how one kind of packet of one direction is sealed and opened.
 *
 * Two transforms: AES in counter mode with HMAC-SHA1 (RFC 3711 section 4) and AES-GCM (RFC 7714).
 * They know keys, nonces and where things lie in a packet; which index a packet has, and whether
 * it was there before, is not theirs.
 *
 *     CM   SRTP    header | ciphertext | tag               the tag covers all of it and the ROC
 *          SRTCP   header | ciphertext | E, index | tag    the tag covers all before it
 *     GCM  SRTP    header | ciphertext | tag               authenticated data: the header
 *          SRTCP   header | ciphertext | tag | E, index    ...: the header, then E and index */
#ifndef TAUT_SRTP_SRTP_TRANSFORM_H
#define TAUT_SRTP_SRTP_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cipher.h"
#include "base/hmac_sha1.h"
#include "srtp/srtp_kdf.h"

enum { TT_SRTP_GCM_TAG = 16, TT_SRTP_TAG_MAX = 20 };

/* index: 48 bits of RTP, 31 of RTCP. len: without tag and RTCP's index. */
struct tt_srtp_sealed {
	uint8_t *buf;
	size_t len, header;
	uint32_t ssrc;
	uint64_t index;
};

struct tt_srtp_transform;
/* False: OpenSSL refused, or for open: the tag is wrong; then the content of buf is undefined. */
typedef bool tt_srtp_seal(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p);

/* Secret. */
struct tt_srtp_transform {
	struct tt_cipher cipher;
	struct tt_hmac_sha1 hmac;
	uint8_t salt[TT_SRTP_SALT_MAX];
	size_t tag;
	tt_srtp_seal *seal_rtp, *open_rtp, *seal_rtcp, *open_rtcp;
};

/* seal: this end protects. False: OpenSSL refused, t is as freed. */
bool tt_srtp_transform_set(struct tt_srtp_transform *t, uint16_t profile,
			   const struct tt_srtp_session_keys *keys, bool rtcp, bool seal);
/* The same, with keys derived from the master key. */
bool tt_srtp_transform_init(struct tt_srtp_transform *t, uint16_t profile,
			    const struct tt_srtp_key *master, bool rtcp, bool seal);
void tt_srtp_transform_free(struct tt_srtp_transform *t);

/* The functions of each, and their ciphers. */
void tt_srtp_use_cm(struct tt_srtp_transform *t);
void tt_srtp_use_gcm(struct tt_srtp_transform *t);

#endif
