/* sctp_reassembly.h - from DATA chunks to messages in order: RFC 9260 section 6.5, 6.6, 6.9; from
 * I-DATA chunks: RFC 8260 section 2.
 *
 * Fragments of a message have TSNs in a row, so what has arrived of it is a few
 * runs of consecutive TSNs. Interleaved, the TSNs of messages mix, and the FSNs of each are
 * in a row: the runs are those of its FSNs. A fragment that follows a run is appended to it; the
 * runs of a message that is complete become one. Messages whose turn has not come
 * wait at their stream, the others go to the ready queue, which is also the event
 * queue of the association: resets stand in it between messages.
 *
 * All that is held counts against limit, the lent message included. Chunks that
 * do not fit are refused, with room kept back (reserve) for the one chunk that
 * everything else waits for.
 *
 * A message may lie in memory that the application lends, from its first fragment on: what came
 * before that is in blocks of ours, and is copied when the message is whole, as always. One that
 * is longer than that memory moves to a block of ours. Either way its octets count in held. */
#ifndef TAUT_SCTP_REASSEMBLY_H
#define TAUT_SCTP_REASSEMBLY_H

#include "base/env.h"
#include "sctp/rx/sctp_tracker.h"
#include "sctp/sctp.h"

enum sctp_ready_kind { SCTP_READY_MESSAGE, SCTP_READY_TOO_LARGE, SCTP_READY_RESET };

/* A run of fragments; once complete, a message. */
struct sctp_run {
	struct sctp_run *next; /* in the ready queue */
	struct serial32 first, last; /* TSNs; interleaved: FSNs, which do not wrap */
	enum sctp_ready_kind kind;
	uint16_t stream;
	struct serial32 mid; /* its SSN, counted on past 16 bits (unordered: 0); or its MID */
	uint32_t ppid;
	bool begin, end, unordered;
	bool discard;   /* too large: the TSNs count, the bytes are thrown away */
	bool abandoned; /* belongs to a message that FORWARD-TSN skipped: never delivered */
	size_t len, cap; /* cap counts in held; complete, the block is up to an eighth larger */
	uint8_t *data; /* own, or ... */
	size_t loan;   /* ... if not 0: so many octets of the lender's; it has begun and was not polled yet */
	uint8_t own[];
};

struct sctp_rx_stream {
	struct serial32 next;      /* the message whose turn it is */
	struct serial32 skipped;   /* unordered ones up to it are not waited for any more, ... */
	bool has_skipped;          /* ... if this is set; interleaved only */
	struct sctp_run **waiting; /* complete, by MID from next on, none twice */
	size_t count, cap;
};

struct sctp_reassembly {
	struct tt_env *env;
	struct tt_sctp_lender lender; /* lend NULL: nobody */
	size_t limit, reserve, max_message;
	size_t held;            /* of all runs, waiting, ready, lent: bytes with their overhead */
	size_t ready_bytes;     /* the part of held that is ready or lent */
	size_t last_len;        /* of the last message that came in fragments */
	bool interleaved;       /* I-DATA was agreed on */
	struct serial32 first;  /* message of a stream: 0 by RFC 9260 section 6.5, but in the simulator */
	/* incomplete messages, none overlapping: by first TSN; interleaved by stream, ordered before
	 * unordered, MID and first FSN, as numbers without wrap */
	struct sctp_run **runs;
	size_t count, cap;
	struct sctp_rx_stream *streams;
	size_t stream_count, max_streams;
	struct serial32 skipped; /* the last FORWARD-TSN, once has_skipped */
	bool has_skipped;
	struct sctp_run *ready, **ready_tail, *lent;
	size_t resets; /* RESET entries that are ready */
	bool restarted; /* and not polled since */
};

enum sctp_taken {
	SCTP_TAKEN,
	SCTP_NO_ROOM,   /* not taken: the window is full */
	SCTP_NO_MEMORY, /* not taken */
	SCTP_STUCK,     /* not taken: full of what can never be delivered */
	SCTP_VIOLATION, /* fragments that no sender makes */
};

void tt_sctp_reassembly_init(struct sctp_reassembly *r, struct tt_env *env, size_t limit,
                             size_t max_message, size_t max_streams);
/* Drops everything not ready; with all: what is ready and lent too. */
void tt_sctp_reassembly_clear(struct sctp_reassembly *r, bool all);
/* Drops everything but what is lent. */
void tt_sctp_reassembly_restart(struct sctp_reassembly *r);

/* d is new by the tracker t, and not added to it yet; its stream is below max_streams. */
enum sctp_taken tt_sctp_reassembly_add(struct sctp_reassembly *r, const struct sctp_tracker *t,
                                       const struct sctp_data *d);
/* RFC 3758 section 3.6, RFC 8260 section 2.3.1: first all TSNs up to cum, then what is listed. */
void tt_sctp_reassembly_skip(struct sctp_reassembly *r, struct serial32 cum);
void tt_sctp_reassembly_skip_stream(struct sctp_reassembly *r, const struct sctp_skipped *skip);
/* RFC 6525 section 5.2.2: the next message is number 0; says so in the ready queue. False: no
 * memory. */
bool tt_sctp_reassembly_reset(struct sctp_reassembly *r, uint16_t stream);

/* As tt_sctp_give_back. */
bool tt_sctp_reassembly_give_back(struct sctp_reassembly *r, uint16_t stream, bool surely);

/* What may still be advertised as a_rwnd. */
size_t tt_sctp_reassembly_room(const struct sctp_reassembly *r);
/* The next ready entry, lent until the next call; NULL: none. What lies in a loan is the lender's again. */
const struct sctp_run *tt_sctp_reassembly_poll(struct sctp_reassembly *r);

#endif
