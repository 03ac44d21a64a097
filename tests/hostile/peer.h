/* peer.h - a peer that does everything right until it is told to misbehave.
 *
 * Two whole connections (tests/sim/sim_pair.h): one is good and stays as it is; the
 * other is bad, which means that the test holds its keys and can say anything in its
 * name, or in nobody's. What the good one refuses is counted by its number (taut/drop.h),
 * and its whole state can be compared with what it was before (state.h). */
#ifndef TAUT_TEST_HOSTILE_PEER_H
#define TAUT_TEST_HOSTILE_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/num.h"
#include "base/wr.h"
#include "hostile/state.h"
#include "peer/pc.h"
#include "sim/sim_pair.h"
#include "taut/drop.h"

enum { SECOND = 1000000, PACKET = 1500 };

/* Why something ended, as its last event said. */
struct end {
	uint32_t reason, cause;
	char text[128];
};

struct seen {
	unsigned opens, closes, channels, tracks, messages, audio, video, keys_wanted, echoes;
	size_t bytes;
	char label[64];
	taut_channel channel; /* the latest */
	struct end closing, close, sctp;
};

struct hostile {
	struct pair pair;
	int good, bad;
	struct taut_pc *pc, *evil; /* the connections of good and bad */
	struct seen seen[2];
	taut_transceiver audio[2], video[2];
	struct tt_srtp *srtp; /* the bad one's keys, beside its own stack */
	struct tt_env srtp_env;
	struct taut_trace_sink *text;
	size_t text_bytes;
	const char *secrets[2]; /* that no line of the trace may hold ... */
	unsigned leaks;         /* ... and how many did */
	uint64_t drops[TAUT_DROPS]; /* before the mark, or judged since */
	unsigned replies; /* datagrams that injected packets were answered with at once ... */
	size_t reply_bytes;
	struct state before;
	unsigned records; /* of DTLS, rightly sealed, that were injected since the mark */
	void (*on_event)(struct hostile *h, int i, const struct taut_event *ev);
	void *user;
	uint32_t frames; /* sent by hostile_assert_alive */
	unsigned runs;   /* so far: what never comes is not waited for without end */
};

/* A data channel and, unless only_data, sound and picture both ways; good is 0 (it offers, is the
 * DTLS server and controls ICE) or 1. Nothing has happened yet. */
void hostile_init(struct hostile *h, uint64_t seed, int good, bool only_data);
/* The same, and both are connected, the channel is open, media may flow. */
void hostile_begin(struct hostile *h, uint64_t seed, int good);
/* The same with RFC 9260 alone: DATA, not I-DATA, and a checksum in each packet. */
void hostile_begin_plain(struct hostile *h, uint64_t seed, int good);
void hostile_begin_data(struct hostile *h, uint64_t seed, int good);
/* After hostile_init: until the good one's DTLS is in that state (TAUT_STATE_). */
void hostile_until_dtls(struct hostile *h, uint32_t state);
void hostile_end(struct hostile *h);
void hostile_renew_keys(struct hostile *h); /* h->srtp forgets what it protected */
void hostile_run(struct hostile *h, taut_time most);
/* In steps until the condition holds, which it may never do once memory has failed. */
#define HOSTILE_RUN_UNTIL(h, step, condition)                                                      \
	do {                                                                                       \
		const taut_time begun_ = (h)->pair.sim.now;                                        \
		while (!(condition)) {                                                             \
			assert_true((h)->pair.sim.now - begun_ < 60 * INT64_C(1000000));           \
			hostile_run((h), (step));                                                  \
		}                                                                                  \
	} while (0)
/* How many packets a flood has: the list's number with TAUT_LONG in the environment, as ./dev hostile
 * has it, else the usual one, which costs the tests less. */
unsigned hostile_flood(unsigned usual, unsigned listed);

/* The path as the good one sees it: remote is the bad one's address. */
struct tt_ice_path hostile_path(struct hostile *h);
struct taut_addr hostile_stranger(unsigned n); /* 198.51.100.x, some port */
/* Gives the datagram to the good one; from NULL: from the bad one's address. In an exact-size
 * heap buffer, so that a read past the end is seen. */
void hostile_inject(struct hostile *h, const struct taut_addr *from, const void *data, size_t len);
/* The same on a given flow, for states without a path. */
void hostile_inject_on(struct hostile *h, taut_flow flow, const struct taut_addr *local,
		       const struct taut_addr *from, const void *data, size_t len);

/* Forgets what was dropped and replied so far and remembers the state. */
void hostile_mark(struct hostile *h);
unsigned hostile_dropped(const struct hostile *h, uint32_t reason); /* TAUT_DROP_ */
unsigned hostile_dropped_in_all(const struct hostile *h); /* packets that came in, for any reason */
/* Since the mark: none but those that were judged. */
void hostile_assert_none_dropped(struct hostile *h);
/* Since the mark: exactly so many were dropped for that reason. Now they are judged: the next
 * judgement is about others. */
void hostile_assert_dropped(struct hostile *h, uint32_t reason, unsigned count);
/* Since the mark: nothing changed but counters, nothing was sent. The replay window of DTLS moved if a
 * right record came (craft_send_data), which counts whatever is inside, and else it did not. */
void hostile_assert_unchanged(struct hostile *h);
/* The same, but for one part (STATE_): what a right seal moves, as the replay window does. */
void hostile_assert_unchanged_but(struct hostile *h, int part);
/* Dropped and unchanged, and nothing else that came in was dropped. */
void hostile_assert_refused(struct hostile *h, uint32_t reason, unsigned count);
void hostile_assert_refused_but(struct hostile *h, uint32_t reason, unsigned count, int part);
/* A message goes over and comes back. */
void hostile_assert_ping(struct hostile *h);
/* A picture and a sound arrive at the good one, and a picture of its own arrives. */
void hostile_assert_frame(struct hostile *h);
void hostile_assert_alive(struct hostile *h); /* both, and still connected */
/* Lets time pass until the good one is connected, or has failed in the DTLS handshake with a reason:
 * nothing else, and no hang. If both ends are connected, all passes that was agreed on. */
void hostile_assert_settled(struct hostile *h);
/* After hostile_init with media: the call comes up in spite of it all, and both pass. */
void hostile_assert_call(struct hostile *h);

/* Lets time pass until a description for the good one is on its way: the signal. */
struct pair_signal *hostile_catch(struct hostile *h);
/* A copy in which every line that begins so is `with` instead (lines of its own, or nothing). */
char *hostile_edit(const char *text, const char *prefix, const char *with);
/* The caught description says this now; takes the copy over. */
void hostile_rewrite(struct pair_signal *s, char *text);
/* Sets a description at the good one that must be refused, with that code (0: any), and change
 * nothing. */
void hostile_assert_description_refused(struct hostile *h, uint32_t type, const char *sdp, int code);

void hostile_fill_frame(uint8_t *f, size_t len, uint32_t number, bool key);

#endif
