/* srtp_streams.h - the state of each SSRC of one direction, found by a hash.
 *
 * The order of use is kept in a list, so that at the ceiling the one silent for longest can go.
 * The hash is keyed: a peer cannot choose SSRCs that all meet in one chain. */
#ifndef TAUT_SRTP_SRTP_STREAMS_H
#define TAUT_SRTP_SRTP_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "srtp/srtp_backend.h"

struct tt_srtp_stream {
	uint32_t ssrc;
	uint32_t chain;        /* the next of the same hash; NONE ends it */
	uint32_t older, newer; /* in order of use */
	uint64_t top;          /* the highest RTP index: ROC and SEQ, 48 bits */
	uint64_t rtcp_top;     /* the highest SRTCP index received; when sending, the next one */
	uint64_t rtcp_bits[TT_SRTCP_WINDOW / 64];
	uint64_t bits[TT_SRTP_WINDOW / 64];
};

/* Invariant: count <= room <= max; the first count of list are in use, each in one chain and once
 * in the order of use. buckets has `room` heads. */
struct tt_srtp_streams {
	struct tt_env *env;
	struct tt_srtp_stream *list;
	uint32_t *buckets;
	uint32_t count, room, max;
	uint32_t newest, oldest;
	uint32_t key; /* of the hash, odd */
	uint64_t evicted;
};

bool tt_srtp_streams_init(struct tt_srtp_streams *s, struct tt_env *env, size_t max);
void tt_srtp_streams_free(struct tt_srtp_streams *s);
/* NULL: not there. Valid until the next put; the order of use stays as it is. */
struct tt_srtp_stream *tt_srtp_streams_find(const struct tt_srtp_streams *s, uint32_t ssrc);
/* It is now the newest. */
void tt_srtp_streams_use(struct tt_srtp_streams *s, const struct tt_srtp_stream *x);
/* A new one, zero but for its SSRC. At the ceiling: NULL, or in the place of the oldest if it may
 * be forgotten. NULL also without memory for the first one; later ones then push out the oldest. */
struct tt_srtp_stream *tt_srtp_streams_put(struct tt_srtp_streams *s, uint32_t ssrc, bool forget);

#endif
