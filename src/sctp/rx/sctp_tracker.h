/* sctp_tracker.h - which TSNs have arrived: RFC 9260 sections 3.3.4 and 6.2.
 *
 * Everything up to cum has; beyond it one bit per TSN, in a ring of
 * SCTP_TSN_AHEAD bits. A TSN further ahead than that is refused, so that a peer cannot make
 * the record grow. Says nothing about what the chunks carry. */
#ifndef TAUT_SCTP_TRACKER_H
#define TAUT_SCTP_TRACKER_H

#include "sctp/wire/sctp_wire.h"

#define SCTP_TSN_AHEAD 16384u

struct sctp_tracker {
	struct serial32 cum, highest; /* cum before or equal highest; no bit at or before cum */
	uint32_t dups[SCTP_MAX_GAPS];
	size_t dup_count; /* since the last SACK */
	uint64_t bits[SCTP_TSN_AHEAD / 64];
};

enum sctp_arrival { SCTP_NEW, SCTP_DUPLICATE, SCTP_TOO_FAR };

void tt_sctp_tracker_init(struct sctp_tracker *t, struct serial32 first);
enum sctp_arrival tt_sctp_tracker_look(const struct sctp_tracker *t, struct serial32 tsn);
void tt_sctp_tracker_add(struct sctp_tracker *t, struct serial32 tsn); /* a new one */
void tt_sctp_tracker_duplicate(struct sctp_tracker *t, struct serial32 tsn);
bool tt_sctp_tracker_has(const struct sctp_tracker *t, struct serial32 tsn);
/* RFC 3758 section 3.6: as if all up to cum had arrived. */
void tt_sctp_tracker_skip(struct sctp_tracker *t, struct serial32 cum);
bool tt_sctp_tracker_has_gap(const struct sctp_tracker *t);
/* Writes at most max blocks; answers how many. */
size_t tt_sctp_tracker_gaps(const struct sctp_tracker *t, struct sctp_gap *out, size_t max);

#endif
