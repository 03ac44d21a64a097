/* sctp_rack.h - what is lost, told by time: RACK-TLP, RFC 8985, with TSNs in place of sequence numbers.
 *
 * A chunk is lost when one that left later was acknowledged, and a little longer than a round trip
 * has passed since it left. That takes the place of RFC 9260 section 7.2.4's three misses, sees what was sent again and
 * lost again, and bears packets that overtake each other. */
#ifndef TAUT_SCTP_RACK_H
#define TAUT_SCTP_RACK_H

#include "sctp/wire/sctp_wire.h"

struct sctp_flight;
struct sctp_sent;
struct sctp_ack_result;

struct sctp_rack {
	bool any;
	taut_time sent; /* when the chunk left that left last of all that are acknowledged ... */
	struct serial32 tsn;     /* ... and which that is */
	taut_time rtt;           /* of it */
	struct serial32 highest; /* of all that are acknowledged */
	bool reordered;          /* some have overtaken others */
	unsigned
		patience; /* quarters of a round trip to wait, beyond the first: RACK.reo_wnd_mult - 1 */
	unsigned kept;         /* so many recoveries more it stays */
	struct serial32 until; /* it grows once in a round trip: not before this is acknowledged */
};

void tt_sctp_rack_init(struct sctp_rack *r, struct serial32 cum);
/* Section 6.2 steps 1 to 3: c is newly acknowledged. */
void tt_sctp_rack_acked(struct sctp_rack *r, const struct sctp_sent *c, struct serial32 tsn,
			taut_time now, taut_time least_rtt);
/* Step 4: the peer got some twice (a DSACK of ours: RFC 9260 section 3.3.4's duplicates). */
void tt_sctp_rack_twice(struct sctp_rack *r, struct serial32 cum, struct serial32 next);
void tt_sctp_rack_recovered(struct sctp_rack *r);
/* Step 5: marks what is lost. Answers when to look again; INT64_MAX: not before the next acknowledgement. */
taut_time tt_sctp_rack_detect(struct sctp_flight *f, taut_time now, taut_time srtt,
			      taut_time least_rtt, struct sctp_ack_result *out);

#endif
