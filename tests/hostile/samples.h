/* samples.h - a packet of each kind that may come, none with the keys of a session. */
#ifndef TAUT_TEST_HOSTILE_SAMPLES_H
#define TAUT_TEST_HOSTILE_SAMPLES_H

#include "hostile/peer.h"

enum { SAMPLE_MOST = 1500, SAMPLES_MOST = 48 };

struct sample {
	const char *name;
	uint8_t data[SAMPLE_MOST]; /* zeros behind len, for what is longer */
	size_t len;
	bool keeps_alive; /* a Binding indication: taken, and nothing comes of it, RFC 8445 section 11 */
	bool shakes; /* in the clear and of DTLS: while that shakes hands OpenSSL may be shown it */
};

extern struct sample samples[SAMPLES_MOST];
extern size_t sample_count;

/* Requests and answers of STUN are signed as in this call: to it and of it. */
void samples_make(struct hostile *h);

#endif
