/* sctp_rate.h - how fast the path delivers: draft-ietf-ccwg-bbr section 4.1, on bytes.
 *
 * Each chunk carries away what was delivered when it left. When it is acknowledged, what was delivered
 * since, and how long that took, is a sample: of the slower of sending and acknowledging. */
#ifndef TAUT_SCTP_RATE_H
#define TAUT_SCTP_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "taut/taut.h"

struct sctp_rate {
	uint64_t delivered;     /* bytes, in all ... */
	taut_time delivered_at; /* ... of which the last then */
	taut_time first_sent;   /* the chunk that was last acknowledged left then */
	uint64_t blind;         /* what was delivered up to here was told late, in lumps */
	uint64_t limited; /* not 0: until so much is delivered the application sent too little */
};

struct sctp_rate_stamp {
	uint64_t delivered;
	taut_time delivered_at, first_sent;
	bool limited;
};

struct sctp_rate_sample {
	bool any;
	uint64_t prior; /* delivered when the chunk left */
	uint64_t bytes;
	taut_time interval;         /* 0: too short to tell */
	taut_time since, sent_over; /* inside: how it came about */
	bool limited;
};

/* A chunk leaves; nothing else was in flight: idle. */
struct sctp_rate_stamp tt_sctp_rate_stamp(struct sctp_rate *r, taut_time now, bool idle);
/* One that left at sent is acknowledged. No sample: how long that took says nothing. */
void tt_sctp_rate_acked(struct sctp_rate *r, const struct sctp_rate_stamp *stamp, taut_time sent,
			taut_time now, uint64_t bytes, struct sctp_rate_sample *sample);
/* After the last of an acknowledgement. */
void tt_sctp_rate_finish(struct sctp_rate *r, struct sctp_rate_sample *sample, taut_time least_rtt);
/* There was nothing more to send, and room for it: flight bytes are on their way. */
void tt_sctp_rate_limited(struct sctp_rate *r, uint64_t flight);

#endif
