/* state.h - everything the good connection knows, as a few numbers to be compared.
 *
 * Whole structs are hashed, layer by layer, without what only counts or what a poll lends out:
 * so that a packet that "changes nothing" cannot change a field that nobody thought of. What
 * OpenSSL and libsrtp2 hold inside is seen by its results only (keys, counters, liveness). */
#ifndef TAUT_TEST_HOSTILE_STATE_H
#define TAUT_TEST_HOSTILE_STATE_H

#include <stddef.h>
#include <stdint.h>

struct taut_pc;

enum { STATE_ICE, STATE_DTLS, STATE_SRTP, STATE_RTP, STATE_SCTP, STATE_CHANNELS, STATE_PEER,
       STATE_SDP, STATE_MEMORY, STATE_PARTS };

struct state {
	uint64_t part[STATE_PARTS];
};

void state_take(struct state *s, const struct taut_pc *pc);
/* The name of a part that differs, or NULL. */
const char *state_differs(const struct state *a, const struct state *b);

#endif
