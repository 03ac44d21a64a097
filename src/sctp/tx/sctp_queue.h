/* sctp_queue.h - messages that wait to be sent, by stream: RFC 9260 sections 6.1, 6.9.
 *
 * A message is copied once, when it is queued, or lent; chunks point into it until the
 * last of them is acknowledged. Streams with something to send take turns by weight (sctp_round.h): one whole
 * message each, because fragments of two cannot mix; interleaved (RFC 8260), one chunk
 * each, so that a large message holds up no small one. */
#ifndef TAUT_SCTP_QUEUE_H
#define TAUT_SCTP_QUEUE_H

#include "base/env.h"
#include "base/serial.h"
#include "sctp/sctp.h"
#include "sctp/tx/sctp_round.h"

struct sctp_message {
	struct sctp_message *next; /* on its stream */
	uint32_t ppid;
	uint16_t stream;
	struct serial32 mid; /* once its first fragment was cut */
	uint32_t fsn;        /* of its next fragment */
	bool unordered, limit_retransmits, abandoned;
	bool past_reset; /* its stream was reset since, and its number means nothing any more */
	uint16_t max_retransmits;
	taut_time expires; /* INT64_MAX: never */
	size_t len, cut;   /* bytes made into chunks so far */
	size_t chunks;     /* of it, in flight: 0 and cut whole means free */
	struct serial32 first; /* TSN of its first chunk, once cut > 0 */
	const uint8_t
		*bytes; /* data, or what is lent: then data says whom to tell when it is free */
	uint8_t data[];
};

struct sctp_tx_stream {
	struct sctp_message *head, *tail;
	size_t buffered; /* bytes not cut yet */
	struct serial32 next_mid, next_unordered; /* the second only interleaved */
	bool resetting; /* a reset is wanted or under way */
	bool sealed;    /* the request is out: nothing is sent until it is answered ... */
	bool again;     /* ... and what waits meanwhile is to be reset as well */
	bool reset_done, reset_refused; /* to be reported */
};

struct sctp_queue {
	struct tt_env *env;
	struct sctp_tx_stream *streams;
	size_t count, max;
	struct sctp_round round;      /* streams with a head that are not sealed */
	struct sctp_message *current; /* partly cut: goes on first; NULL when interleaved */
	bool interleaved;
	struct serial32 first; /* message of a stream: 0 by RFC 9260 section 6.5, but in the simulator */
	/* Interleaved, the messages that are partly cut lie side by side at the receiver, and if all
	 * its window went to beginnings none could end: together they are no longer than share, but
	 * for a single one, and for small ones. Whose turn it is and who has no share is held back, and is the first
	 * to get one. */
	size_t begun, share;
	size_t unsent;                /* sum of buffered */
	size_t held, limit;           /* all messages that are not freed, with their overhead */
};

void tt_sctp_queue_init(struct sctp_queue *q, struct tt_env *env, size_t max_streams, size_t limit);
size_t tt_sctp_queue_cost(size_t len); /* of a message, as held counts it */
void tt_sctp_queue_clear(struct sctp_queue *q); /* all messages that no chunk points to */
/* The messages of that stream and those behind it: the peer does not take so many. Nothing of them was sent. How
 * many those were. */
size_t tt_sctp_queue_cut_streams(struct sctp_queue *q, size_t first);
/* The stream's record, made when it is not there; NULL: no memory. */
struct sctp_tx_stream *tt_sctp_queue_stream(struct sctp_queue *q, uint16_t stream);
int tt_sctp_queue_add(struct sctp_queue *q, uint16_t stream, uint32_t ppid,
		      const struct tt_sctp_send_options *opt, taut_time now,
		      const struct tt_sctp_body *body);
/* The message to cut from next; what has expired before its first fragment is thrown away, when
 * may_drop (the peer understands FORWARD-TSN), and counted. NULL: none. */
struct sctp_message *tt_sctp_queue_next(struct sctp_queue *q, taut_time now, bool may_drop,
                                        uint64_t *dropped);
/* The next len bytes of m became a chunk. */
void tt_sctp_queue_cut(struct sctp_queue *q, struct sctp_message *m, size_t len);
/* What is left of m is not sent any more. */
void tt_sctp_queue_give_up(struct sctp_queue *q, struct sctp_message *m);
/* Frees m when nothing points to it. */
void tt_sctp_queue_release(struct sctp_queue *q, struct sctp_message *m);
/* A stream is sent on again after its reset; restart: from message 0. */
void tt_sctp_queue_unseal(struct sctp_queue *q, uint16_t stream, bool restart);

#endif
