/* rtp_hold.c - frames that were made evenly come unevenly, and leave evenly.
 *
 * Each is due a target after the moment at which it would have come on a path that is always as
 * fast as it was at best. What is slower than that by less than the target is in time. The clocks of
 * both sides drift: the moment follows slowly where all come later, and at once where one comes
 * earlier. A sender that stood still, with its clock, would be late for ever: after so many
 * frames that are later than the target it begins anew. */
#include "rtp/rtp_hold.h"

#include "base/num.h"

enum { DRIFT = 256, MAX_BEHIND = 16 };

static taut_time expected(const struct tt_rtp_hold *h, uint32_t ts, uint32_t clock_rate)
{
	return h->at + (int64_t)(int32_t)(ts - h->ts) * 1000000 / (int64_t)clock_rate;
}

void tt_rtp_hold_learn(struct tt_rtp_hold *h, uint32_t ts, uint32_t clock_rate, taut_time at,
		       taut_time target)
{
	const taut_time late = h->begun ? at - expected(h, ts, clock_rate) : 0;

	h->behind = late > target ? h->behind + 1 : 0;
	h->at = late < 0 || h->behind > MAX_BEHIND ? at : at - late + late / DRIFT;
	h->ts = ts;
	h->begun = true;
}

taut_time tt_rtp_hold_due(const struct tt_rtp_hold *h, uint32_t ts, uint32_t clock_rate,
			  taut_time at, taut_time target)
{
	return target + (h->begun ? tt_min64(at, expected(h, ts, clock_rate)) : at);
}
