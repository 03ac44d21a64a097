/* rtp_hold.h - how long a frame that is whole is kept all the same: jitterBufferTarget, webrtc-pc 5.3. */
#ifndef TAUT_RTP_RTP_HOLD_H
#define TAUT_RTP_RTP_HOLD_H

#include <stdbool.h>

#include "taut/taut.h"

/* Of a stream: a moment of its clock, and when a frame of it can have come at the earliest. */
struct tt_rtp_hold {
	bool begun;
	uint32_t ts;
	taut_time at;
	unsigned behind; /* frames, one after another, that came later than they are due */
};

/* A frame begins at ts, of so many units a second, and came at. */
void tt_rtp_hold_learn(struct tt_rtp_hold *h, uint32_t ts, uint32_t clock_rate, taut_time at,
		       taut_time target);
/* When it is handed out: never later than target after it came. */
taut_time tt_rtp_hold_due(const struct tt_rtp_hold *h, uint32_t ts, uint32_t clock_rate,
			  taut_time at, taut_time target);

#endif
