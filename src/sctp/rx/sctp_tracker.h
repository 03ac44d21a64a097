/* sctp_tracker.h - which TSNs have arrived: RFC 9260 sections 3.3.4 and 6.2.
 *
 * Everything up to cum has; beyond it one bit per TSN, in a ring that grows as far ahead as one came, to
 * SCTP_TSN_AHEAD bits: what a gap block can name. A TSN further ahead is refused. Says nothing about what the
 * chunks carry. */
#ifndef TAUT_SCTP_TRACKER_H
#define TAUT_SCTP_TRACKER_H

#include "sctp/sctp_bits.h"
#include "sctp/wire/sctp_wire.h"

#define SCTP_TSN_AHEAD 65535u

struct sctp_tracker {
	struct serial32 cum, highest; /* cum before or equal highest; no bit at or before cum */
	uint32_t dups[SCTP_MAX_DUPS];
	size_t dup_count; /* since the last SACK */
	struct sctp_bits bits; /* none until something comes out of order */
};

enum sctp_arrival { SCTP_NEW, SCTP_DUPLICATE, SCTP_TOO_FAR };

/* Zeroed, or used before: it keeps its memory. */
void tt_sctp_tracker_init(struct sctp_tracker *t, struct serial32 first);
void tt_sctp_tracker_free(struct sctp_tracker *t, struct tt_env *env);
enum sctp_arrival tt_sctp_tracker_look(const struct sctp_tracker *t, struct serial32 tsn);
/* Room for a new one; false: no memory. */
bool tt_sctp_tracker_room(struct sctp_tracker *t, struct tt_env *env, struct serial32 tsn);
void tt_sctp_tracker_add(struct sctp_tracker *t, struct serial32 tsn); /* a new one, for which there is room */
void tt_sctp_tracker_duplicate(struct sctp_tracker *t, struct serial32 tsn);
bool tt_sctp_tracker_has(const struct sctp_tracker *t, struct serial32 tsn);
/* RFC 3758 section 3.6: as if all up to cum had arrived. */
void tt_sctp_tracker_skip(struct sctp_tracker *t, struct serial32 cum);
bool tt_sctp_tracker_has_gap(const struct sctp_tracker *t);
/* Writes at most max blocks; answers how many. */
size_t tt_sctp_tracker_gaps(const struct sctp_tracker *t, struct sctp_gap *out, size_t max);

#endif
