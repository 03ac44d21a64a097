/* bench_rtp.c - frames of video over loopback or veth, through two whole connections. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_bare.h"
#include "bench_many.h"
#include "bench_pair.h"

enum {
	PAYLOAD = 1120,
	PACKET = 1200,
	FRAME_MAX = 64,
	SMALL = 80,
	PACED_FRAME = 30,
	EVERY = 100,
	KEPT = 1200
};

/* ---- taut ---- */

enum { PACED = 1, NO_GSO = 2, AUDIO = 4, SHA1 = 8, LIBSRTP = 16, VETH = 32 };

struct stream {
	struct bench_pair *pair;
	struct bench_veth *veth; /* NULL: loopback */
	const struct bench_case *c;
	uint32_t timestamp;
	unsigned packets; /* of a frame */
	uint8_t frame[FRAME_MAX * PAYLOAD];
};

static void stream_close(void *me)
{
	struct stream *s = me;

	if (s->pair)
		bench_pair_free(s->pair);
	bench_veth_free(s->veth);
	free(s);
}

static void *stream_open(const struct bench_case *c, const char **why)
{
	struct bench_pair_config cfg = {
		.media = true,
		.burst = c->burst,
		.burst_every = c->arg & PACED ? EVERY : 0,
		.sha1 = c->arg & SHA1,
		.loop_flags = c->arg & NO_GSO ? TAUT_LOOP_NO_GSO : 0,
		.srtp_backend = c->arg & LIBSRTP ? TAUT_SRTP_LIBSRTP : TAUT_SRTP_TAUT,
	};
	static const uint8_t key_frame[] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0 };
	struct stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->c = c;
	s->packets = c->arg & PACED && c->burst < PACED_FRAME ? PACED_FRAME : c->burst;
	memcpy(s->frame, key_frame, sizeof key_frame);
	if (c->arg & AUDIO)
		s->frame[0] = 0x78; /* Opus: 20 ms, one frame */
	if (c->arg & VETH)
		cfg.veth = s->veth = bench_veth_new(why);
	if (s->veth || !(c->arg & VETH))
		s->pair = bench_pair_new(&cfg, why);
	if (s->pair)
		return s;
	stream_close(s);
	return NULL;
}

static void send_one(struct stream *s)
{
	const bool audio = s->c->arg & AUDIO;
	struct bench_end *e = &s->pair->end[0];
	const struct taut_frame f = { .size = sizeof f,
				      .data = s->frame,
				      .len = audio ? SMALL : s->packets * (size_t)PAYLOAD,
				      .flags = TAUT_FRAME_KEY,
				      .rtp_timestamp = s->timestamp };

	s->timestamp += audio ? 960 : 3000;
	(void)taut_pc_send_frame(e->pc, taut_loop_now(e->loop), audio ? e->audio : e->video, &f);
}

/* The loop of the sender waits for the pacer as it would in a program. */
static void send_rest(struct stream *s)
{
	const struct bench_end *e = &s->pair->end[0];

	while (taut_pc_deadline(e->pc, NULL) < taut_loop_now(e->loop) + 2 * EVERY) {
		(void)taut_loop_step(e->loop, 1000);
		(void)taut_loop_step(s->pair->end[1].loop, 0);
	}
}

/* In the pause since the round before, while others were measured, the packets kept for NACKs were let
 * go: as many are sent before anything counts, so that their buffers are not allocated in the round. */
static void warm_up(struct stream *s)
{
	for (unsigned sent = 0; sent < KEPT; sent += s->packets) {
		send_one(s);
		bench_pair_step(s->pair);
		if (s->c->arg & PACED)
			send_rest(s);
	}
}

static void stream_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct stream *s = me;

	warm_up(s);
	const struct taut_counters a = bench_pair_counters(s->pair, 0),
				   b = bench_pair_counters(s->pair, 1);
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	for (uint64_t sent = 0; sent < packets; sent += s->packets) {
		send_one(s);
		bench_pair_step(s->pair);
		if (s->c->arg & PACED)
			send_rest(s);
	}
	for (int i = 0; i < 8; i++)
		bench_pair_step(s->pair);
	const struct taut_counters end = bench_pair_counters(s->pair, 0);
	const struct taut_counters got = bench_pair_counters(s->pair, 1);
	const uint64_t out_packets = end.rtp_packets_sent - a.rtp_packets_sent;
	const uint64_t in_packets = got.rtp_packets_received - b.rtp_packets_received;

	*out = (struct bench_sample){
		.packets = in_packets,
		.bytes = in_packets * (s->c->arg & AUDIO ? SMALL : PAYLOAD),
		.cpu_us = bench_cpu_us() - from,
		.wall_us = bench_wall_us() - wall,
		.allocations = bench_allocations() - mallocs,
		.lost = out_packets > in_packets
				? (double)(out_packets - in_packets) / (double)out_packets
				: 0,
	};
}

/* ---- two of taut's, each with its loops on a thread of its own ---- */

struct two {
	struct stream *stream[2];
	uint64_t packets;
	struct bench_sample out[2];
};

static void two_close(void *me)
{
	struct two *t = me;

	for (int i = 0; i < 2; i++)
		if (t->stream[i])
			stream_close(t->stream[i]);
	free(t);
}

static void *two_open(const struct bench_case *c, const char **why)
{
	struct two *t = calloc(1, sizeof *t);

	for (int i = 0; t && i < 2; i++) {
		t->stream[i] = stream_open(c, why);
		if (!t->stream[i]) {
			two_close(t);
			return NULL;
		}
	}
	return t;
}

static void *first_half(void *me)
{
	struct two *t = me;

	stream_run(t->stream[0], t->packets, &t->out[0]);
	return NULL;
}

static void two_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct two *t = me;
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	pthread_t other;

	t->packets = packets / 2;
	if (pthread_create(&other, NULL, first_half, t) != 0)
		abort();
	stream_run(t->stream[1], t->packets, &t->out[1]);
	pthread_join(other, NULL);
	*out = (struct bench_sample){
		.packets = t->out[0].packets + t->out[1].packets,
		.bytes = t->out[0].bytes + t->out[1].bytes,
		.cpu_us = bench_cpu_us() - from, /* of the process: both threads */
		.wall_us = bench_wall_us() - wall,
		.allocations = bench_allocations() - mallocs,
		.lost = (t->out[0].lost + t->out[1].lost) / 2,
	};
}

/* ---- the limit ---- */

static void *bare_open(const struct bench_case *c, const char **why)
{
	struct bench_veth *veth = c->arg & VETH ? bench_veth_new(why) : NULL;

	if (c->arg & VETH && !veth)
		return NULL;
	return bench_bare_new(&(struct bench_bare_config){
		.burst = c->burst,
		.payload = c->arg & AUDIO ? SMALL : PACKET - 12 - 16,
		.veth = veth,
	});
}

#define BARE(profile, burst, arg)                                                                  \
	{                                                                                          \
		"limit", "rtp", profile, burst, "the stack", bare_open, bench_bare_run,            \
			bench_bare_free, arg                                                       \
	}
#define TAUT(profile, burst, arg, bypasses)                                                        \
	{                                                                                          \
		"taut", "rtp", profile, burst, bypasses, stream_open, stream_run, stream_close,    \
			arg                                                                        \
	}
#define MANY(profile, burst, bypasses, flags)                                                      \
	{                                                                                          \
		"taut", "rtp", profile, burst, bypasses, bench_many_open, bench_many_run,          \
			bench_many_close, flags                                                    \
	}
#define PAIR(burst) BARE("1,200 B, GCM", burst, 0), TAUT("1,200 B, GCM", burst, 0, "pacing")
#define VETH_PAIR(burst)                                                                           \
	BARE("1,200 B, GCM, veth", burst, VETH), TAUT("1,200 B, GCM, veth", burst, VETH, "pacing")

static const struct bench_case cases[] = {
	PAIR(1),
	PAIR(4),
	PAIR(16),
	PAIR(48),
	TAUT("1,200 B, GCM", 64, 0, "pacing"),
	{ "taut", "rtp", "1,200 B, GCM, two threads", 48, "pacing", two_open, two_run, two_close,
	  0 },
	TAUT("1,200 B, AES_CM", 16, SHA1, "pacing"),
	TAUT("1,200 B, GCM, libsrtp2", 16, LIBSRTP, "pacing"),
	TAUT("1,200 B, GCM, paced", 1, PACED, NULL),
	TAUT("1,200 B, GCM, paced", 4, PACED, NULL),
	TAUT("1,200 B, GCM, paced", 16, PACED, NULL),
	TAUT("1,200 B, GCM, paced", 64, PACED, NULL),
	TAUT("Chrome's case: AES_CM, paced", 3, PACED | SHA1, NULL),
	TAUT("1,200 B, GCM, no GSO", 4, NO_GSO, "pacing"),
	TAUT("1,200 B, GCM, no GSO", 16, NO_GSO, "pacing"),
	TAUT("1,200 B, GCM, no GSO", 64, NO_GSO, "pacing"),
	TAUT("1,200 B, GCM, paced, no GSO", 16, NO_GSO | PACED, NULL),
	VETH_PAIR(1),
	VETH_PAIR(4),
	VETH_PAIR(16),
	VETH_PAIR(48),
	TAUT("1,200 B, GCM, veth", 64, VETH, "pacing"),
	TAUT("1,200 B, GCM, veth, no GSO", 4, VETH | NO_GSO, "pacing"),
	TAUT("1,200 B, GCM, veth, no GSO", 16, VETH | NO_GSO, "pacing"),
	TAUT("1,200 B, GCM, veth, no GSO", 64, VETH | NO_GSO, "pacing"),
	TAUT("1,200 B, GCM, veth, paced", 16, VETH | PACED, NULL),
	TAUT("Chrome's case: AES_CM, paced, veth", 3, VETH | PACED | SHA1, NULL),
	BARE("Opus, 80 B, GCM", 1, AUDIO),
	TAUT("Opus, 80 B, GCM", 1, AUDIO, NULL),
	MANY("50 calls, 80 B of Opus in each", 50, NULL, 0),
	MANY("50 calls, one side on one socket", 50, NULL, TAUT_LOOP_ONE_SOCKET),
	MANY("50 calls, a frame of 16 in each", 800, "pacing", 0),
};

const struct bench bench_rtp = {
	.name = "rtp",
	.summary = "media over loopback and veth, both ends in one process",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
