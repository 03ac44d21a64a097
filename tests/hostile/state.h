/* state.h - everything the good connection knows, as a few numbers to be compared.
 *
 * Whole structs are hashed, layer by layer, without what only counts or what a poll lends out:
 * so that a packet that "changes nothing" cannot change a field that nobody thought of. What they
 * point to is hashed as well, but for what is never changed in place: bytes of messages and of packets that
 * were put in order, texts. What OpenSSL and libsrtp2 hold inside is seen by its results only (keys, counters,
 * liveness), and so is a TURN allocation (permissions, channels), and the inside of what is lent. */
#ifndef TAUT_TEST_HOSTILE_STATE_H
#define TAUT_TEST_HOSTILE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct taut_pc;

enum { STATE_ICE, STATE_DTLS, STATE_SRTP, STATE_RTP, STATE_SCTP, STATE_CHANNELS, STATE_PEER,
       STATE_SDP, STATE_MEMORY, STATE_PARTS };

struct state {
	uint64_t part[STATE_PARTS];
	uint64_t records; /* of DTLS: numbers, nonce and the replay window */
};

void state_take(struct state *s, const struct taut_pc *pc);
/* The name of a part that differs, or NULL. */
const char *state_differs(const struct state *a, const struct state *b);
/* Apart, for what SCTP refuses came in a record, and that counts. Of anything else it does not. */
bool state_records_differ(const struct state *a, const struct state *b);

#endif
