/* sctp_cc.h - round-trip time and congestion window: RFC 9260 sections 6.3 and 7.2.
 *
 * For the one path there is. Knows bytes and times, no chunks. */
#ifndef TAUT_SCTP_CC_H
#define TAUT_SCTP_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "taut/taut.h"

#define SCTP_RTO_INITIAL 500000 /* 16: RTO.Initial is 1 s; DTLS and ICE have seen the path */
#define SCTP_RTO_MIN 400000
#define SCTP_RTO_MAX 10000000
#define SCTP_MAX_BURST 4

struct sctp_cc {
	size_t pmdcs; /* path maximum DATA chunk size, chunk header included */
	size_t cwnd, ssthresh, partial_bytes_acked;
	taut_time srtt, rttvar, rto; /* srtt 0: not measured */
	bool backed_off;             /* rto was doubled, and nothing measured since */
};

void tt_sctp_cc_init(struct sctp_cc *c, size_t pmdcs);
void tt_sctp_cc_round_trip(struct sctp_cc *c, taut_time rtt); /* 6.3.1 */
void tt_sctp_cc_back_off(struct sctp_cc *c);                  /* 6.3.3 E2 */
/* A SACK acknowledged so many new bytes; filled: cwnd was in use to its end before. */
void tt_sctp_cc_acked(struct sctp_cc *c, size_t bytes, bool filled, bool cum_advanced,
                      bool recovering);
void tt_sctp_cc_all_acked(struct sctp_cc *c);
void tt_sctp_cc_lost(struct sctp_cc *c);      /* by gap reports, 7.2.3 */
void tt_sctp_cc_timed_out(struct sctp_cc *c); /* by T3-rtx, 7.2.3 */
void tt_sctp_cc_idle(struct sctp_cc *c, taut_time idle); /* 7.2.1: nothing was sent for so long */

#endif
