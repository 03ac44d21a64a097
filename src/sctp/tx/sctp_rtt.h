/* sctp_rtt.h - round-trip time and retransmission timeout: RFC 9260 section 6.3.1. For the one path there is. */
#ifndef TAUT_SCTP_RTT_H
#define TAUT_SCTP_RTT_H

#include <stdbool.h>

#include "taut/taut.h"

#define SCTP_RTO_INITIAL 500000 /* 16: RTO.Initial is 1 s; DTLS and ICE have seen the path */
#define SCTP_RTO_MIN     400000
#define SCTP_RTO_MAX     10000000
#define SCTP_MIN_RTT_LIFE 10000000

struct sctp_rtt {
	taut_time srtt, rttvar, rto; /* srtt 0: not measured */
	bool backed_off;             /* rto was doubled, and nothing measured since */
	taut_time least, least_at;   /* of all packets that were sent once; 0: none */
};

void tt_sctp_rtt_init(struct sctp_rtt *r);
void tt_sctp_rtt_measured(struct sctp_rtt *r, taut_time rtt); /* 6.3.1: once in a round trip */
void tt_sctp_rtt_back_off(struct sctp_rtt *r);                /* 6.3.3 E2 */
/* Of any packet that was sent once: is it the least? One that is older than SCTP_MIN_RTT_LIFE is so no longer. */
void tt_sctp_rtt_seen(struct sctp_rtt *r, taut_time now, taut_time rtt);
/* Of any such packet: what took longer than was expected moves the RTO at once, to a quarter more. With
 * SCTP_RTO_MIN far below the 1 s of RFC 9260, a queue that slow start fills is measured too late. */
void tt_sctp_rtt_followed(struct sctp_rtt *r, taut_time rtt);

#endif
