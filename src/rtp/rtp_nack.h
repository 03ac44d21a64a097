/* rtp_nack.h - which packets of a stream are missing, and when to ask for them again.
 *
 * RFC 4585 section 6.2.1. A list in ascending order with three ceilings: how
 * many, how old, how often (those of libwebrtc, HOSTILE.md). A packet is asked
 * for once five newer ones are there or 10 ms have passed: by then it is not
 * merely late. Numbers are extended sequence numbers. */
#ifndef TAUT_RTP_RTP_NACK_H
#define TAUT_RTP_RTP_NACK_H

#include "base/env.h"

enum { TT_NACK_MAX = 1000, TT_NACK_AGE = 10000, TT_NACK_TRIES = 10 };

struct tt_nack_entry {
	int64_t seq;
	taut_time found, sent; /* sent 0: not yet */
	unsigned tries;
};

struct tt_nack {
	struct tt_env *env;
	struct tt_nack_entry *list;
	size_t count, cap;
	int64_t newest;
	taut_time rtt; /* from asking to a retransmission; 0: not known */
};

void tt_nack_free(struct tt_nack *n);
void tt_nack_clear(struct tt_nack *n);
/* newest arrived, and [from, newest) did not. False: too many to ask for, the list is empty now. */
bool tt_nack_missing(struct tt_nack *n, taut_time now, int64_t from, int64_t newest);
void tt_nack_arrived(struct tt_nack *n, int64_t seq);
/* It came as a retransmission: how long that took says when to ask again, for those who only
 * receive and have no sender reports to measure by. */
void tt_nack_resent(struct tt_nack *n, taut_time now, int64_t seq);
/* Everything before seq is of no interest any more. */
void tt_nack_forget_before(struct tt_nack *n, int64_t seq);
/* Still to be expected: on the list. */
bool tt_nack_expects(const struct tt_nack *n, int64_t seq);
/* What was asked for often enough is not on the list any more. */
void tt_nack_give_up(struct tt_nack *n, taut_time now, taut_time rtt);
/* Up to max numbers to ask for now; they count as asked. */
size_t tt_nack_collect(struct tt_nack *n, taut_time now, taut_time rtt, int64_t *out, size_t max);
taut_time tt_nack_deadline(const struct tt_nack *n, taut_time rtt); /* INT64_MAX: never */

#endif
