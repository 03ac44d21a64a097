/* srtp_backend.h - what stands behind srtp.h: our own transforms, or libsrtp2.
 *
 * A backend gets packets whose lengths and headers srtp.c has checked, and answers with the new
 * length or a TT_SRTP_E_ code. It keeps the state of each SSRC and its ceilings. */
#ifndef TAUT_SRTP_SRTP_BACKEND_H
#define TAUT_SRTP_SRTP_BACKEND_H

#include "srtp/srtp.h"

/* One packet, as srtp.c has looked at it. */
struct tt_srtp_packet {
	uint8_t *buf;
	size_t len;    /* of all of it: when unprotecting, with its tag and index */
	size_t header; /* octets in the clear: RTP's with CSRCs and extension, RTCP's first eight */
	uint32_t ssrc;
};

typedef int tt_srtp_work(void *me, const struct tt_srtp_packet *p);

struct tt_srtp_backend {
	const char *name;
	/* NULL: ready at any time. */
	bool (*ready)(void);
	int (*make)(void **out, struct tt_env *env, const struct tt_srtp_keys *keys,
		    const struct tt_srtp_config *cfg);
	void (*free)(void *me);
	tt_srtp_work *protect_rtp, *protect_rtcp, *unprotect_rtp, *unprotect_rtcp;
	uint64_t (*evicted)(const void *me);
};

extern const struct tt_srtp_backend tt_srtp_taut, tt_srtp_libsrtp;

/* What this build has: cmake -DTAUT_LIBSRTP=OFF leaves libsrtp2 out, -DTAUT_SRTP_BACKEND=taut or
 * libsrtp2 chooses the default. */
#ifdef TAUT_WITH_LIBSRTP
#define TT_SRTP_LIBSRTP_BACKEND (&tt_srtp_libsrtp)
#else
#define TT_SRTP_LIBSRTP_BACKEND ((const struct tt_srtp_backend *)0)
#endif
#ifdef TAUT_DEFAULT_LIBSRTP
#define TT_SRTP_DEFAULT_BACKEND TT_SRTP_LIBSRTP_BACKEND
#else
#define TT_SRTP_DEFAULT_BACKEND (&tt_srtp_taut)
#endif

enum {
	TT_SRTP_RTP_HEADER = 12,
	TT_SRTP_RTCP_HEADER = 8,
	TT_SRTCP_INDEX_LEN = 4, /* E and the index, RFC 3711 section 3.4 */
	/* RFC 3711 section 3.3.2 wants 64 at least; a burst of resent video needs more. */
	TT_SRTP_WINDOW = 1024,
	TT_SRTCP_WINDOW = 128,
};

/* "This packet is encrypted", before the index: RFC 3711 section 3.4. */
#define TT_SRTCP_E UINT32_C(0x80000000)

/* Of RTP; RTCP's differs with AES128_CM_SHA1_32 only, RFC 5764 section 4.1.2. */
size_t tt_srtp_rtp_tag(uint16_t profile);
size_t tt_srtp_rtcp_tag(uint16_t profile);

#endif
