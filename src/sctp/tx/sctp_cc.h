/* sctp_cc.h - how much may be in flight, and how fast it leaves: RFC 9260 section 7.2, for the one path there is.
 *
 * Three controllers, chosen when an association begins. They know bytes and times, no chunks:
 *
 *   the RFC's     section 7.2: doubles, then adds a packet a round trip; halves at a loss
 *   CUBIC         RFC 9438, with HyStart++ (RFC 9406): comes back to where it lost fast, whatever the round trip
 *   by a model    of the path, in the manner of BBR: sends at the rate that the path delivers, and
 *                 so much as that makes of a round trip; what the path loses by itself means nothing
 */
#ifndef TAUT_SCTP_CC_H
#define TAUT_SCTP_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sctp/tx/sctp_rate.h"

#define SCTP_MAX_BURST   4
#define SCTP_NO_SSTHRESH (SIZE_MAX / 2) /* nothing was lost yet */

/* An acknowledgement, as controllers see it. */
struct sctp_cc_ack {
	taut_time now;
	size_t bytes, lost; /* newly acknowledged; newly found lost */
	size_t before, flight; /* in flight before and after */
	bool filled;        /* cwnd was in use to its end before, or the pacer held something back */
	bool advanced;      /* the cumulative TSN moved */
	bool recovering;    /* it came in a recovery, which may end with it */
	taut_time rtt;      /* -1: not measured */
	taut_time srtt;     /* 0: not known */
	uint64_t delivered; /* bytes, in all */
	struct sctp_rate_sample rate;
};

struct sctp_cubic {
	size_t most;          /* cwnd before the last loss, or less where others want room: W_max */
	size_t friendly, prior; /* W_est, and cwnd_prior */
	uint64_t carry, friendly_carry; /* what is too little for a byte yet */
	taut_time epoch, k;   /* congestion avoidance began; so long until most. epoch -1: not begun */
	taut_time seen;       /* the last acknowledgement */
	/* HyStart++ */
	uint64_t round_end;   /* delivered */
	taut_time round_least, last_least, css_least; /* INT64_MAX: none */
	unsigned samples, css_rounds;
	bool css;
};

enum sctp_model_phase { SCTP_STARTUP, SCTP_DRAIN, SCTP_CRUISE, SCTP_UP, SCTP_DOWN, SCTP_LOOK };

struct sctp_model {
	enum sctp_model_phase phase;
	uint64_t bw[2];       /* most that was delivered, bytes a second: in this cycle and the one before */
	uint64_t full;        /* bw when it last grew by a quarter */
	unsigned full_rounds;
	uint64_t round_end, round_delivered; /* delivered: when it ends; when it began */
	size_t round_lost;
	bool round_limited;   /* the application sent too little in it */
	taut_time round_least, last_least; /* its shortest round trip, and that of the one before; INT64_MAX: none */
	uint64_t round_bw;    /* its most */
	unsigned rounds;      /* in this phase */
	size_t up_from;       /* in flight when UP began */
	unsigned ups;         /* so many, that one counted */
	bool grew;            /* the last cycle that was told had an eighth more than the one before */
	taut_time least, least_at; /* round trip */
	taut_time look_until; /* 0: flight is not down yet */
	size_t ceiling;       /* what the path bore; SIZE_MAX: not met */
	uint32_t loss;        /* of the path itself, per million */
	size_t kept;          /* cwnd before it was cut */
	/* acknowledged since extra_at; the most beyond what bw makes of the time, in this cycle and the last */
	uint64_t extra_bytes;
	taut_time extra_at;
	size_t extra[2];
	bool full_reached, told; /* told: a sample was no fault of the application's */
};

struct sctp_cc;
struct sctp_cc_kind {
	const char *name;
	void (*begin)(struct sctp_cc *c);
	void (*acked)(struct sctp_cc *c, const struct sctp_cc_ack *a);
	void (*lost)(struct sctp_cc *c, const struct sctp_cc_ack *a);  /* a recovery begins, 7.2.3 */
	void (*timed_out)(struct sctp_cc *c); /* T3-rtx expired, 7.2.3 */
};
extern const struct sctp_cc_kind tt_sctp_cc_rfc, tt_sctp_cc_cubic, tt_sctp_cc_model;

struct sctp_cc {
	const struct sctp_cc_kind *kind;
	size_t pmdcs; /* path maximum DATA chunk size, chunk header included */
	size_t cwnd, ssthresh;
	uint64_t pace; /* bytes a second; 0: as fast as bursts of SCTP_MAX_BURST go */
	union {
		size_t partial_bytes_acked; /* of the RFC's */
		struct sctp_cubic cubic;
		struct sctp_model model;
	};
};

void tt_sctp_cc_init(struct sctp_cc *c, const struct sctp_cc_kind *kind, size_t pmdcs);
void tt_sctp_cc_idle(struct sctp_cc *c, taut_time idle, taut_time rto); /* 7.2.1: nothing was sent for so long */

#endif
