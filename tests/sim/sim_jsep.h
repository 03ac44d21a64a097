/* sim_jsep.h - what two peer connections do by the book: a model of offer and answer.
 *
 * Written from webrtc-pc (section 4.4.1.5 for descriptions, 4.7.3 for the flag, 5.4 for stop) and
 * RFC 9429 (sections 5.2 to 5.11), for audio alone and one bundle. It names m-lines by their mids and
 * ICE credentials by a number; which ones a call makes up it is told, and says what they may be.
 * Where taut differs from the book on purpose (docs/ARCHITECTURE.md), a comment here says "taut:". */
#ifndef TAUT_TEST_SIM_JSEP_H
#define TAUT_TEST_SIM_JSEP_H

#include <stdbool.h>
#include <stdint.h>

/* The alphabet: each letter is one of these calls on one of the peers. */
enum jsep_call {
	JSEP_CREATE_OFFER,
	JSEP_CREATE_ANSWER,
	JSEP_LOCAL_OFFER, /* set_local_description with what create_ returned, if that was just called */
	JSEP_LOCAL_PRANSWER,
	JSEP_LOCAL_ANSWER,
	JSEP_REMOTE_OFFER, /* set_remote_description with what the other set last, however old */
	JSEP_REMOTE_PRANSWER,
	JSEP_REMOTE_ANSWER,
	JSEP_ROLLBACK,
	JSEP_ADD_TRANSCEIVER, /* audio, sendrecv */
	JSEP_STOP,            /* of the first transceiver that is not stopped */
	JSEP_RESTART_ICE,
	JSEP_CALLS
};
const char *jsep_call_name(enum jsep_call c);

enum jsep_verdict { JSEP_FINE, JSEP_INVALID_STATE, JSEP_INVALID_ACCESS };

enum { JSEP_LINES = 16, JSEP_NONE = -1, JSEP_NEW = -2 };

struct jsep_line {
	int16_t mid; /* JSEP_NEW in what is expected: one that neither description in force has */
	uint8_t lives, direction;
};

struct jsep_desc {
	uint8_t type; /* TAUT_SDP_, 0: none */
	uint8_t count;
	uint8_t active; /* of an answer: a=setup:active; 0 also where no line lives */
	int16_t ufrag;  /* JSEP_NONE: no line lives; JSEP_NEW in what is expected: see jsep_fits */
	struct jsep_line line[JSEP_LINES];
};

struct jsep_transceiver {
	int16_t line, mid, stable_line, stable_mid; /* JSEP_NONE: not associated */
	int16_t offered_mid; /* webrtc-pc [[JsepMid]]: by the offer created last */
	uint8_t direction, current;
	bool stopping, stopped, by_offer;
};

struct jsep_peer {
	uint8_t state; /* TAUT_SIGNALING_ */
	bool needed;   /* [[NegotiationNeeded]] */
	uint8_t fired; /* negotiationneeded events of this call */
	uint8_t role;  /* of DTLS: 0 unknown, 1 client, 2 server */
	uint8_t count;
	struct jsep_transceiver t[JSEP_LINES];
	struct jsep_desc local, remote, pending_local, pending_remote;
	struct jsep_desc made;          /* by create_ last; type 0: may not be passed any more */
	struct jsep_desc offer, answer; /* set last: what the other is told */
	int16_t to_replace[2];          /* [[LocalIceCredentialsToReplace]] */
	bool pending_restarts; /* the pending offer has other credentials than those in force */
};

struct jsep_world {
	struct jsep_peer p[2];
};

void jsep_init(struct jsep_world *w);
/* Whether there is something to call it with. */
bool jsep_applies(const struct jsep_world *w, int i, enum jsep_call c);
enum jsep_verdict jsep_check(const struct jsep_world *w, int i, enum jsep_call c);
/* Whether a call that is fine makes a description, and which. */
bool jsep_makes(const struct jsep_world *w, int i, enum jsep_call c);
void jsep_expect(const struct jsep_world *w, int i, enum jsep_call c, struct jsep_desc *out);
/* NULL, or what of it is not as expected. */
const char *jsep_fits(const struct jsep_world *w, int i, const struct jsep_desc *expected,
		      const struct jsep_desc *made);
/* made: by the call, where jsep_makes says so. */
void jsep_apply(struct jsep_world *w, int i, enum jsep_call c, const struct jsep_desc *made);
/* Of all that decides what follows; equal for states that differ in the names of credentials only. */
uint64_t jsep_hash(const struct jsep_world *w);

#endif
