/* sctp_pace.h - packets leave at a rate, not all at once: a bucket of one millisecond, at least two packets.
 *
 * Within a millisecond there is nothing to spread: where round trips are that short, bursts of RFC 9260 section 6.1 D
 * are the limit. */
#ifndef TAUT_SCTP_PACE_H
#define TAUT_SCTP_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "taut/taut.h"

#define SCTP_PACE_BUCKET 1000 /* microseconds */

struct sctp_pace {
	int64_t credit; /* bytes; may be below 0 by one packet */
	taut_time at;   /* it was that then */
};

/* May something leave now? rate in bytes a second. */
bool tt_sctp_pace_ready(struct sctp_pace *p, taut_time now, uint64_t rate, size_t packet);
void tt_sctp_pace_sent(struct sctp_pace *p, size_t bytes);
/* When half of the bucket is full again. */
taut_time tt_sctp_pace_next(const struct sctp_pace *p, uint64_t rate, size_t packet);

#endif
