/* rtp_reorder.h - received packets of one stream, put back into order.
 *
 * A ring by extended sequence number, with a ceiling in packets; a packet is at
 * most one datagram, so there is one in bytes too. The streams of a session share
 * another one, TT_RTP_MAX_HELD, so that many streams cost no more memory than a few
 * large ones. What a packet means is left
 * to the receiver: here it is a payload without its descriptor, or nothing at
 * all (padding), which fills its number and is passed over.
 *
 *     next <= run <= newest + 1      every number in [next, run) is there */
#ifndef TAUT_RTP_RTP_REORDER_H
#define TAUT_RTP_RTP_REORDER_H

#include "base/env.h"

enum {
	TT_RTP_BUFFER = 1536,   /* bytes of a packet that is held */
	TT_RTP_MAX_HELD = 8192, /* such buffers: 12 MiB */
};

struct tt_rtp_slot {
	int64_t seq;
	bool used, marker, start, key, has_level, voice;
	uint8_t pt, level;
	uint8_t csrcs; /* how many lie behind the len octets of data, as in the packet */
	uint16_t len;
	uint32_t ts;
	taut_time at, seen; /* when it arrived, and when we came to look at it */
	uint8_t *data;
};

struct tt_rtp_reorder {
	struct tt_env *env;
	struct tt_rtp_slot *slots;
	size_t size; /* a power of two */
	size_t keys; /* slots that start a key frame */
	int64_t next, run, newest;
	bool started;
	size_t *held; /* buffers of all streams, spare ones included; NULL: this one is alone */
	uint8_t **spare; /* buffers to be used again, all of one size */
	size_t spare_count, spare_cap;
};

enum tt_rtp_put { TT_RTP_PUT_OK, TT_RTP_PUT_DUPLICATE, TT_RTP_PUT_LATE, TT_RTP_PUT_NOMEM };

void tt_rtp_reorder_init(struct tt_rtp_reorder *r, struct tt_env *env, size_t size);
void tt_rtp_reorder_free(struct tt_rtp_reorder *r);
/* Empties it; the next packet put is the first one. */
void tt_rtp_reorder_reset(struct tt_rtp_reorder *r);
/* Only when empty: packets from seq on are expected. Without it the first one put is the first. */
void tt_rtp_reorder_start(struct tt_rtp_reorder *r, int64_t seq);
/* Whether seq lies so far ahead that the oldest packets must go first (tt_rtp_reorder_skip_to). */
static inline bool tt_rtp_reorder_overflows(const struct tt_rtp_reorder *r, int64_t seq)
{
	return r->started && seq >= r->next + (int64_t)r->size;
}
/* Copies data; meta says the rest (seq, marker, start, ...). seq must not overflow. NOMEM: no
 * memory, or the streams together hold all they may. */
enum tt_rtp_put tt_rtp_reorder_put(struct tt_rtp_reorder *r, const struct tt_rtp_slot *meta,
                                   const void *data, size_t len);
/* Where seq has its place in the ring. */
static inline struct tt_rtp_slot *tt_rtp_reorder_place(const struct tt_rtp_reorder *r, int64_t seq)
{
	return &r->slots[(uint64_t)seq & (r->size - 1)];
}
/* NULL: not there. */
static inline struct tt_rtp_slot *tt_rtp_reorder_at(const struct tt_rtp_reorder *r, int64_t seq)
{
	if (!r->started || seq < r->next || seq > r->newest)
		return NULL;
	struct tt_rtp_slot *s = tt_rtp_reorder_place(r, seq);

	return s->used && s->seq == seq ? s : NULL;
}
/* The first packet at or after seq, or NULL. */
struct tt_rtp_slot *tt_rtp_reorder_first(const struct tt_rtp_reorder *r, int64_t seq);
/* Gives up everything before seq. */
void tt_rtp_reorder_skip_to(struct tt_rtp_reorder *r, int64_t seq);

/* Nothing waits in it, at the head or behind a hole. */
static inline bool tt_rtp_reorder_empty(const struct tt_rtp_reorder *r)
{
	return !r->started || r->newest < r->next;
}

static inline bool tt_rtp_reorder_has_gap(const struct tt_rtp_reorder *r)
{
	return r->started && r->run <= r->newest;
}

#endif
