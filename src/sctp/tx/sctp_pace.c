/* sctp_pace.c - see sctp_pace.h. */
#include "sctp/tx/sctp_pace.h"

#include "base/num.h"

#define SECOND 1000000

static int64_t bucket(uint64_t rate, size_t packet)
{
	return tt_max64((int64_t)(rate * SCTP_PACE_BUCKET / SECOND), 2 * (int64_t)packet);
}

bool tt_sctp_pace_ready(struct sctp_pace *p, taut_time now, uint64_t rate, size_t packet)
{
	const taut_time passed = tt_min64(now - p->at, SECOND);
	const int64_t more = (int64_t)(rate * (uint64_t)passed / SECOND);

	if (more > 0) { /* else time goes on until it is a byte */
		p->credit = tt_min64(p->credit + more, bucket(rate, packet));
		p->at = now;
	}
	return p->credit > 0;
}

void tt_sctp_pace_sent(struct sctp_pace *p, size_t bytes)
{
	p->credit -= (int64_t)bytes;
}

taut_time tt_sctp_pace_next(const struct sctp_pace *p, uint64_t rate, size_t packet)
{
	const int64_t lacks = bucket(rate, packet) / 2 - p->credit;

	return p->at + lacks * SECOND / (int64_t)rate + 1;
}
