/* sctp_rate.c - see sctp_rate.h. */
#include "sctp/tx/sctp_rate.h"

#include "base/num.h"

struct sctp_rate_stamp tt_sctp_rate_stamp(struct sctp_rate *r, taut_time now, bool idle)
{
	if (idle)
		r->first_sent = r->delivered_at = now;
	return (struct sctp_rate_stamp){ r->delivered, r->delivered_at, r->first_sent,
					 r->limited != 0 };
}

void tt_sctp_rate_acked(struct sctp_rate *r, const struct sctp_rate_stamp *stamp, taut_time sent,
			taut_time now, uint64_t bytes, struct sctp_rate_sample *sample)
{
	r->delivered += bytes;
	r->delivered_at = now;
	if (!sample || (sample->any && stamp->delivered < sample->prior))
		return; /* an earlier one than what is known */
	sample->any = true;
	sample->prior = stamp->delivered;
	sample->since = stamp->delivered_at;
	sample->sent_over = sent - stamp->first_sent;
	sample->limited = stamp->limited;
	r->first_sent = sent;
}

void tt_sctp_rate_finish(struct sctp_rate *r, struct sctp_rate_sample *sample, taut_time least_rtt)
{
	if (r->limited && r->delivered > r->limited)
		r->limited = 0;
	if (!sample->any)
		return;
	sample->bytes = r->delivered - sample->prior;
	sample->interval = tt_max64(sample->sent_over, r->delivered_at - sample->since);
	if (sample->interval < least_rtt || sample->prior < r->blind)
		sample->interval = 0;
}

void tt_sctp_rate_limited(struct sctp_rate *r, uint64_t flight)
{
	r->limited = r->delivered + flight > 0 ? r->delivered + flight : 1;
}
