/* rtcp_twcc.h - transport-wide feedback: which packets arrived, and when.
 *
 * draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. The format,
 * and the memory of arrivals from which feedback is made. */
#ifndef TAUT_RTCP_RTCP_TWCC_H
#define TAUT_RTCP_RTCP_TWCC_H

#include "base/env.h"
#include "base/rd.h"
#include "base/span.h"
#include "base/wr.h"

enum { TT_TWCC_TICK = 250 /* microseconds */, TT_TWCC_RING = 2048, TT_TWCC_MAX_STATUS = 1000 };

/* A feedback that passed tt_twcc_check, read status by status. */
struct tt_twcc_reader {
	uint16_t base, count; /* first sequence number, and how many */
	int32_t reference;    /* in 64 ms */
	uint8_t feedback;     /* its number */
	struct rd chunks, deltas;
	uint16_t at;          /* how many were read */
	uint16_t chunk;
	unsigned chunk_left;
};

struct tt_twcc_status {
	uint16_t seq;
	bool received;
	bool has_delta;
	int32_t delta_us;
};

/* NULL, or what is wrong with it. Linear in its bytes. */
uint32_t tt_twcc_check(struct span fci);
void tt_twcc_begin(struct tt_twcc_reader *r, struct span fci);
bool tt_twcc_next(struct tt_twcc_reader *r, struct tt_twcc_status *out);

/* Arrivals, remembered for feedback. A ring by unwrapped sequence number. */
struct tt_twcc_arrivals {
	struct tt_env *env;
	struct tt_twcc_arrival {
		int64_t seq; /* 0: empty; real ones begin at 65,536 */
		taut_time at;
	} *ring; /* made with the first packet */
	int64_t from, newest; /* [from, newest] is to be reported; from > newest: nothing */
	bool started;
	unsigned fresh; /* arrivals not reported yet */
	uint8_t feedback;
	uint32_t media_ssrc; /* of the newest packet */
};

void tt_twcc_arrived(struct tt_twcc_arrivals *a, uint16_t seq, uint32_t media_ssrc, taut_time at);
static inline bool tt_twcc_pending(const struct tt_twcc_arrivals *a)
{
	return a->started && a->from <= a->newest;
}
/* So many have come that some would soon fall out of the ring. A single one that jumps ahead is no
 * reason to hurry. */
static inline bool tt_twcc_full(const struct tt_twcc_arrivals *a)
{
	return tt_twcc_pending(a) && a->fresh >= TT_TWCC_RING / 32 &&
	       a->newest - a->from >= TT_TWCC_RING / 4;
}
/* One feedback packet from what is pending, as much as fits; what it covers is reported then.
 * False: nothing pending, or no room. */
bool tt_twcc_write(struct tt_twcc_arrivals *a, struct wr *w, uint32_t sender);
void tt_twcc_free(struct tt_twcc_arrivals *a);

#endif
