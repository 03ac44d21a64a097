/* sctp_round.h - whose turn it is to send: RFC 8260 section 3.6, weighted fair queueing.
 *
 * Each stream has a tag, a moment of a clock that counts bytes by weight: a turn moves it on by what was sent, the
 * less the heavier the stream is. Who has the earliest tag is next; of those with the same one, who has just come, and then
 * who has waited longest. So
 * streams that always have something to send share by weight, equals take turns, and the lightest gets its part. Who
 * comes back begins where the round is, or where its last turn has left it if that is later: to have been silent earns
 * nothing (start-time fair queueing). One that was held back begins late, and makes up for that. The round does not go
 * back for it: who comes meanwhile has one turn before all others, as always, and pays for it.
 *
 * Those in the round stand in one of two heaps, so that a turn costs the logarithm of their number: ready ones, and
 * those held back, which the queue lets wait for another reason. */
#ifndef TAUT_SCTP_ROUND_H
#define TAUT_SCTP_ROUND_H

#include "base/env.h"

#define SCTP_WEIGHT_NORMAL 256 /* RFC 8831 section 6.4 */
#define SCTP_NO_STREAM     UINT32_MAX

enum sctp_standing { SCTP_OUT, SCTP_READY, SCTP_HELD_BACK };

struct sctp_turn {
	uint64_t tag;     /* compared as numbers that wrap */
	uint64_t lead;    /* so much further on it is from its first turn on, for it came in before where the round is */
	uint32_t since;   /* order among equal tags; wraps as well */
	uint16_t weight;  /* 0: SCTP_WEIGHT_NORMAL */
	uint16_t place;   /* in its heap */
	uint16_t heap[2]; /* the entry of this number of each heap: a stream */
	uint8_t standing;
	bool is_new; /* has had no turn since it came */
};

struct sctp_round {
	struct sctp_turn *turns; /* by stream */
	size_t count[2];         /* of SCTP_READY, SCTP_HELD_BACK, each less one */
	uint64_t last;           /* the tag that the last turn began at */
	uint64_t now, latest;    /* the latest that one began at; the latest there is; neither goes back */
	uint32_t came;
};

/* Room for so many streams; false: no memory, and nothing changed. had: for how many there was. */
bool tt_sctp_round_grow(struct sctp_round *r, struct tt_env *env, size_t had, size_t streams);
void tt_sctp_round_free(struct sctp_round *r, struct tt_env *env);
/* From outside, or from the other heap. */
void tt_sctp_round_join(struct sctp_round *r, uint16_t stream);
void tt_sctp_round_hold_back(struct sctp_round *r, uint16_t stream);
void tt_sctp_round_leave(struct sctp_round *r,
			 uint16_t stream); /* who is not in it may leave, too */
/* Who had the stream before owes nothing any more: it begins where the round is. Not of one that is in it. */
void tt_sctp_round_forget(struct sctp_round *r, uint16_t stream);
/* The earliest of a heap; SCTP_NO_STREAM: it is empty. */
uint32_t tt_sctp_round_first(const struct sctp_round *r, enum sctp_standing heap);
/* One that is ready sends so many bytes now. begins: a turn does, and not only goes on. */
void tt_sctp_round_charge(struct sctp_round *r, uint16_t stream, size_t bytes, bool begins);

#endif
