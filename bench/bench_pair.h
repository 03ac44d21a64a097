/* bench_pair.h - two connections with real sockets in one process, each on a loop of its own.
 *
 * One thread steps both loops in turn, so that the CPU of the process is that of both ends. */
#ifndef TAUT_BENCH_BENCH_PAIR_H
#define TAUT_BENCH_BENCH_PAIR_H

#include <stdbool.h>

#include "bench_veth.h"
#include "taut/loop.h"

struct bench_pair {
	struct bench_end {
		struct bench_pair *pair;
		taut_loop *loop;
		taut_pc *pc;
		taut_transceiver video, audio;
		taut_channel channel;
		bool connected, open, own_loop;
		uint64_t messages, message_bytes;
	} end[2]; /* 0 offers and sends */
};

struct bench_pair_config {
	bool media, data;
	bool sha1;             /* as DTLS server Chromium takes AES_CM_128_HMAC_SHA1_80 */
	unsigned burst;        /* video leaves in so many packets at once, a burst each ... */
	uint32_t burst_every;  /* ... so many microseconds; 0: without pacing */
	uint32_t loop_flags;   /* TAUT_LOOP_ */
	uint32_t srtp_backend; /* TAUT_SRTP_ */
	taut_loop *loops[2];   /* NULL: each its own */
	const struct bench_veth *veth; /* an end each, with loops of their own; NULL: loopback */
};

/* Connected, with its channel open; NULL: *why says what was awaited. */
struct bench_pair *bench_pair_new(const struct bench_pair_config *cfg, const char **why);
void bench_pair_free(struct bench_pair *p);
/* Both loops once, without waiting. */
void bench_pair_step(struct bench_pair *p);
struct taut_counters bench_pair_counters(const struct bench_pair *p, int end);

#endif
