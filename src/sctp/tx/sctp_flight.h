/* sctp_flight.h - chunks that were sent and are not acknowledged: RFC 9260 section 6; RFC 3758; RFC 8985.
 *
 * One entry per TSN from cum + 1 to next - 1, in a ring. flight counts the bytes
 * of those that are on their way: neither acknowledged by a gap block, nor marked
 * for retransmission, nor given up. Those stand in a list as well, in the order in which they left. What the last
 * SACK named in gap blocks has a bit: so what a further one tells is found in 64 TSNs at a time. */
#ifndef TAUT_SCTP_FLIGHT_H
#define TAUT_SCTP_FLIGHT_H

#include "sctp/sctp_bits.h"
#include "sctp/tx/sctp_queue.h"
#include "sctp/tx/sctp_rack.h"
#include "sctp/tx/sctp_rate.h"
#include "sctp/wire/sctp_wire.h"

enum sctp_chunk_state {
	SCTP_IN_FLIGHT = 1,
	SCTP_ACKED,     /* by a gap block; the peer may yet go back on it */
	SCTP_MARKED,    /* for retransmission */
	SCTP_ABANDONED, /* RFC 3758 section 3.5 A1: to be skipped by FORWARD-TSN */
};

struct sctp_sent {
	struct sctp_message *m;
	size_t at;     /* of its bytes in the message */
	taut_time sent; /* last */
	struct sctp_rate_stamp stamp;
	uint32_t fsn;
	struct serial32 older, newer; /* in flight: its neighbours in the list */
	uint16_t len;
	uint16_t resent; /* how often */
	uint16_t packet; /* bytes of the one it was sent in last, if that is longer than always gets through; else 0 */
	uint8_t state;
	bool begin : 1, end : 1;
	bool full : 1;    /* that packet was as long as always gets through, or longer */
	bool reneged : 1; /* in flight again, because the peer took its word back: in front of the list */
};

#define SCTP_MAX_OUTSTANDING 65535u /* what gap blocks can name */

struct sctp_flight {
	struct tt_env *env;
	struct sctp_queue *queue; /* says whether chunks are DATA or I-DATA */
	struct sctp_sent *ring;
	uint32_t cap; /* a power of two */
	struct serial32 cum, next;
	struct serial32 advanced;    /* RFC 3758: Advanced.Peer.Ack.Point, cum or after it */
	struct sctp_bits bits;       /* named by the last SACK; as many as the ring has entries */
	uint32_t told;               /* bits that are set */
	bool told_all;               /* the last SACK had room for all gaps; else of what lies ... */
	struct serial32 told_up_to;  /* ... behind this one it says nothing */
	struct serial32 highest_gap; /* no bit is set behind it */
	struct serial32 oldest, newest; /* of the list, and ... */
	uint32_t listed;                /* ... its length */
	size_t flight;               /* bytes, DATA headers and padding included */
	size_t marked;               /* chunks */
	struct serial32 mark_hint;   /* none is marked before it */
	bool recovering;             /* fast recovery, 7.2.4 ... */
	struct serial32 exit;        /* ... until this is acknowledged */
	struct sctp_rack rack;
	struct sctp_rate rate;
	bool timing;                 /* a round trip is being measured, 6.3.1 C4 ... */
	struct serial32 timed;       /* ... by this TSN ... */
	taut_time timed_at;
	uint64_t abandoned;          /* messages */
};

void tt_sctp_flight_init(struct sctp_flight *f, struct tt_env *env, struct sctp_queue *q,
                         struct serial32 first);
void tt_sctp_flight_clear(struct sctp_flight *f);
uint32_t tt_sctp_flight_count(const struct sctp_flight *f); /* TSNs outstanding, in any state */
struct sctp_sent *tt_sctp_flight_at(const struct sctp_flight *f, struct serial32 tsn);
size_t tt_sctp_flight_header(const struct sctp_flight *f); /* of each chunk, in bytes */
size_t tt_sctp_sent_size(const struct sctp_flight *f, const struct sctp_sent *c); /* in flight */
bool tt_sctp_flight_room(struct sctp_flight *f);     /* for one more chunk; may allocate */

/* Cuts the next at most max bytes from m into a chunk that is in flight; there must be room. */
struct serial32 tt_sctp_flight_cut(struct sctp_flight *f, struct sctp_message *m, size_t max,
                                   taut_time now);
/* The earliest marked chunk; false: none. */
bool tt_sctp_flight_marked(struct sctp_flight *f, struct serial32 *tsn);
/* Its message allows it to be sent once more, RFC 3758 and RFC 7496. */
bool tt_sctp_flight_may_resend(const struct sctp_flight *f, struct serial32 tsn, taut_time now);
/* That chunk is in flight again. */
void tt_sctp_flight_resent(struct sctp_flight *f, struct serial32 tsn, taut_time now);
/* One in flight is lost: to be sent again. */
void tt_sctp_flight_mark(struct sctp_flight *f, struct serial32 tsn);
/* Into the list, behind all others or in front of them, and out of it. Inside. */
void tt_sctp_list_append(struct sctp_flight *f, struct serial32 tsn);
void tt_sctp_list_prepend(struct sctp_flight *f, struct serial32 tsn);
void tt_sctp_list_remove(struct sctp_flight *f, struct serial32 tsn);
/* The chunk as it goes on the wire. */
struct sctp_data tt_sctp_flight_data(const struct sctp_flight *f, struct serial32 tsn);

/* What the fate of chunks says of how long packets may be. */
struct sctp_pmtu_signs {
	taut_time lost;       /* when the last of those left that were lost in long packets; -1: there is none */
	uint16_t lost_packet; /* the shortest of these packets; 0: there is none */
	uint16_t acked;       /* the longest long packet of which something is newly acknowledged; 0: there is none */
	bool full;            /* something is newly acknowledged of a packet that was as long as the base, or longer */
};
#define SCTP_NO_SIGNS ((struct sctp_pmtu_signs){ .lost = -1 })
void tt_sctp_signs_lost(struct sctp_pmtu_signs *signs, const struct sctp_sent *c);

struct sctp_ack_result {
	size_t bytes;       /* newly acknowledged */
	size_t lost_bytes;  /* newly lost */
	bool advanced;      /* the cumulative TSN moved */
	bool lost;          /* a chunk is found lost: retransmit fast, 7.2.4 */
	bool enter_recovery; /* and this is a new loss: reduce the window */
	bool reneged;
	taut_time rtt; /* measured, once in a round trip; -1: not */
	struct sctp_pmtu_signs signs;
	taut_time shortest; /* of all newly acknowledged that were sent once; -1: none */
	struct sctp_rate_sample rate;
};
/* What an acknowledgement is taken with. */
struct sctp_ack_setting {
	taut_time now;
	bool may_abandon;
	taut_time srtt, least_rtt;
	size_t packet; /* about as long the peer's longest are */
	taut_time awake_since; /* what left before is acknowledged, and nothing is measured by it */
};
/* Does it lie within what was sent? Of one that is older than what is known nothing is asked. */
bool tt_sctp_flight_was_sent(const struct sctp_flight *f, const struct sctp_sack *s);
/* False: it acknowledges what was never sent, or is older than what is known; nothing changed. */
bool tt_sctp_flight_ack(struct sctp_flight *f, const struct sctp_sack *s,
                        const struct sctp_ack_setting *with, struct sctp_ack_result *out,
                        taut_time *look_again);
/* What is lost by now: no acknowledgement came, but time passed. As tt_sctp_flight_ack. */
taut_time tt_sctp_flight_look(struct sctp_flight *f, const struct sctp_ack_setting *with,
                              struct sctp_ack_result *out);
/* T3-rtx expired: everything in flight is marked, 6.3.3 E3. */
struct sctp_pmtu_signs tt_sctp_flight_timeout(struct sctp_flight *f, taut_time now, bool may_abandon);
/* The invariant: flight and marked are what the chunks say. Linear, so for assert and tests. */
bool tt_sctp_flight_adds_up(const struct sctp_flight *f);
/* Gives up what may not be sent any more among the marked, and moves the advanced ack point. */
void tt_sctp_flight_expire(struct sctp_flight *f, taut_time now, bool may_abandon);

#endif
