/* srtp.h - protect and unprotect RTP and RTCP: RFC 3711, RFC 7714.
 *
 * One face, two backends: our own transforms over OpenSSL, and libsrtp2, the oracle of the first.
 * Everything happens in place. Every SSRC is accepted once it authenticates; 256 are remembered,
 * then the one silent for longest is forgotten with its replay window. Never falls back to
 * clear text, never ends a call: refused packets are counted and traced. This layer traces
 * plain RTP and RTCP (TAUT_LAYER_RTP, TAUT_LAYER_RTCP), before protection and after. */
#ifndef TAUT_SRTP_SRTP_H
#define TAUT_SRTP_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "base/srtp_keys.h"

struct tt_srtp;

/* Most that protection adds at the end: an AEAD tag; for RTCP the index too. */
enum { TT_SRTP_RTP_TAIL = 16, TT_SRTP_RTCP_TAIL = 20 };
/* SSRCs remembered of those received, and most that can ever be sent from, unless told. */
enum { TT_SRTP_SSRC_MAX = 256, TT_SRTP_SENT_MAX = 4096 };

/* Results other than a length. */
enum {
	TT_SRTP_E_MALFORMED = -1, /* too short, not version 2, or its header runs over the end */
	TT_SRTP_E_AUTH = -2,      /* the tag is wrong: forged, damaged, or other keys */
	TT_SRTP_E_REPLAY = -3, /* seen before, or older than the window of 1,024 (RTCP: 128); when
	                           * protecting: this sequence number was used, or lies behind it */
	TT_SRTP_E_ROOM = -4,   /* cap is less than len and its tail */
	TT_SRTP_E_REFUSED =
		-5, /* anything else: the key is used up (RFC 3711 section 9.2), there are
	                           * too many sources, or no memory */
};

/* Zero is the default everywhere. */
struct tt_srtp_config {
	uint32_t backend; /* TAUT_SRTP_ */
	size_t received_max, sent_max;
};

/* NULL: there is no such backend in this build. */
const char *tt_srtp_backend_name(uint32_t backend);
/* libsrtp2 starts NSS once per process, which (m) takes 50 to 100 ms the first time: call this
 * before a call comes up, or tt_srtp_new does in the middle of it. False: it failed, or there is
 * no such backend. From any thread. */
bool tt_srtp_ready(uint32_t backend);

/* cfg NULL: all defaults. TAUT_E_INVAL: no such profile, or no such backend here; TAUT_E_NOMEM;
 * TAUT_E_CRYPTO. */
int tt_srtp_new(struct tt_srtp **out, struct tt_env *env, const struct tt_srtp_keys *keys,
		const struct tt_srtp_config *cfg);
void tt_srtp_free(struct tt_srtp *s);
/* "AEAD_AES_128_GCM" or the like, as getStats names them; NULL: unknown here. */
const char *tt_srtp_profile_name(uint16_t profile);
/* How much this profile adds to RTP. */
size_t tt_srtp_tail(const struct tt_srtp *s);

/* The new length, or an error and buf as it was. No sequence number is protected twice: what is
 * sent again travels by RTX (RFC 4588), under a number of its own. */
int tt_srtp_protect_rtp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len, size_t cap);
int tt_srtp_protect_rtcp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len, size_t cap);
/* The new length, or an error and the content of buf undefined. */
int tt_srtp_unprotect_rtp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len);
int tt_srtp_unprotect_rtcp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len);

struct tt_srtp_counters {
	uint64_t protected_packets, unprotected_packets;
	uint64_t malformed, auth_failed, replayed, refused;
	uint64_t ssrcs_evicted;
};
/* Zeroes keys in a way that no compiler takes away. */
void tt_srtp_wipe(void *p, size_t len);

const struct tt_srtp_counters *tt_srtp_counters(const struct tt_srtp *s);

#endif
