/* rtp_history.h - packets of one sender: first the queue, then what can be sent again.
 *
 * A ring of payloads without their headers; headers are written when a packet
 * leaves, because extensions change. Numbers count packets from the sender's
 * first one and never wrap; the sequence number is derived from them.
 *
 *     oldest <= head <= next      sent: [oldest, head)   waiting: [head, next)
 *     next - oldest <= size       what is older is gone, and its buffers with it */
#ifndef TAUT_RTP_RTP_HISTORY_H
#define TAUT_RTP_RTP_HISTORY_H

#include "base/env.h"

struct tt_rtp_sent {
	uint64_t number;
	uint32_t ts;
	bool marker, voice, has_level, resend;
	uint8_t pt, level;
	uint16_t len;
	taut_time sent_at;   /* while it waits: when it came */
	taut_time resent_at; /* 0: not yet */
	uint8_t *data;
};

struct tt_rtp_history {
	struct tt_env *env;
	struct tt_rtp_sent *slots; /* NULL: nothing was sent yet */
	size_t size; /* a power of two */
	uint64_t oldest, head, next;
};

void tt_rtp_history_init(struct tt_rtp_history *h, struct tt_env *env, size_t size);
void tt_rtp_history_free(struct tt_rtp_history *h);
/* Makes sure that `count` packets of up to `len` bytes can be added. 0, TAUT_E_LIMIT, TAUT_E_NOMEM. */
int tt_rtp_history_reserve(struct tt_rtp_history *h, size_t count, size_t len);
/* After reserve: the next packet, to be filled; its number is set. */
struct tt_rtp_sent *tt_rtp_history_add(struct tt_rtp_history *h);
struct tt_rtp_sent *tt_rtp_history_head(struct tt_rtp_history *h); /* NULL: nothing waits */
/* Those that were sent before that moment are no longer kept. */
void tt_rtp_history_forget(struct tt_rtp_history *h, taut_time before);
/* NULL: not sent yet, or no longer kept. */
struct tt_rtp_sent *tt_rtp_history_find(struct tt_rtp_history *h, uint64_t number);

static inline size_t tt_rtp_history_waiting(const struct tt_rtp_history *h)
{
	return (size_t)(h->next - h->head);
}

#endif
