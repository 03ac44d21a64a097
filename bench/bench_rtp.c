/* bench_rtp.c - frames of video over loopback, through two whole connections.
 *
 * The limit does what cannot be left out: an RTP header, AES-128-GCM both ways, one system call for
 * the burst out and one in. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "bench.h"
#include "bench_pair.h"

enum { PAYLOAD = 1120, PACKET = 1200, HEADER = 12, TAG = 16, BURST_MAX = 48, SMALL = 80 };

/* ---- taut ---- */

enum { PACED = 1, NO_GSO = 2, AUDIO = 4 };

struct stream {
	struct bench_pair *pair;
	const struct bench_case *c;
	uint32_t timestamp;
	uint8_t frame[BURST_MAX * PAYLOAD];
};

static void *stream_open(const struct bench_case *c, const char **why)
{
	const struct bench_pair_config cfg = {
		.media = true,
		.paced = c->arg & PACED,
		.loop_flags = c->arg & NO_GSO ? TAUT_LOOP_NO_GSO : 0,
		.srtp_backend = TAUT_SRTP_TAUT,
	};
	static const uint8_t key_frame[] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0 };
	struct stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->c = c;
	memcpy(s->frame, key_frame, sizeof key_frame);
	if (c->arg & AUDIO)
		s->frame[0] = 0x78; /* Opus: 20 ms, one frame */
	s->pair = bench_pair_new(&cfg, why);
	if (s->pair)
		return s;
	free(s);
	return NULL;
}

static void stream_close(void *me)
{
	struct stream *s = me;

	bench_pair_free(s->pair);
	free(s);
}

static void send_one(struct stream *s)
{
	const bool audio = s->c->arg & AUDIO;
	struct bench_end *e = &s->pair->end[0];
	const struct taut_frame f = { .size = sizeof f,
				      .data = s->frame,
				      .len = audio ? SMALL : s->c->burst * (size_t)PAYLOAD,
				      .flags = TAUT_FRAME_KEY,
				      .rtp_timestamp = s->timestamp };

	s->timestamp += audio ? 960 : 3000;
	(void)taut_pc_send_frame(e->pc, taut_loop_now(e->loop), audio ? e->audio : e->video, &f);
}

/* By the pacer, for a moment. */
static bool held_back(const struct stream *s)
{
	const struct bench_end *e = &s->pair->end[0];

	return taut_pc_deadline(e->pc, NULL) < taut_loop_now(e->loop) + 5000;
}

static void stream_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct stream *s = me;
	const struct taut_counters a = bench_pair_counters(s->pair, 0),
				   b = bench_pair_counters(s->pair, 1);
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	for (uint64_t sent = 0; sent < packets; sent += s->c->burst) {
		send_one(s);
		bench_pair_step(s->pair);
		while (s->c->arg & PACED && held_back(s))
			bench_pair_step(s->pair);
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

/* ---- the limit ---- */

struct bare {
	int out, in;
	unsigned burst;
	size_t size; /* of a packet */
	EVP_CIPHER_CTX *seal, *open;
	uint8_t send[BURST_MAX * PACKET + 64], recv[65536];
	uint64_t counter;
};

static int socket_on(struct sockaddr_in *at)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof *at;

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof *at) < 0 ||
	    getsockname(fd, (struct sockaddr *)at, &len) < 0)
		abort();
	return fd;
}

static void *bare_open(const struct bench_case *c, const char **why)
{
	static const uint8_t key[16] = { 1 }, iv[12];
	struct bare *b = calloc(1, sizeof *b);
	struct sockaddr_in to, ignored;
	const int on = 1;

	(void)why;
	if (!b)
		abort();
	b->burst = c->burst;
	b->size = c->arg & AUDIO ? HEADER + SMALL + TAG : PACKET;
	b->in = socket_on(&to);
	b->out = socket_on(&ignored);
	const int segment = (int)b->size;
	if (connect(b->out, (const struct sockaddr *)&to, sizeof to) < 0 ||
	    setsockopt(b->out, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) < 0 ||
	    setsockopt(b->in, IPPROTO_UDP, UDP_GRO, &on, sizeof on) < 0)
		abort();
	b->seal = EVP_CIPHER_CTX_new();
	b->open = EVP_CIPHER_CTX_new();
	EVP_EncryptInit_ex(b->seal, EVP_aes_128_gcm(), NULL, key, iv);
	EVP_DecryptInit_ex(b->open, EVP_aes_128_gcm(), NULL, key, iv);
	return b;
}

static void bare_close(void *me)
{
	struct bare *b = me;

	close(b->in);
	close(b->out);
	EVP_CIPHER_CTX_free(b->seal);
	EVP_CIPHER_CTX_free(b->open);
	free(b);
}

static void seal(struct bare *b, uint8_t *packet)
{
	uint8_t iv[12] = { 0 };
	int n;

	memcpy(iv, &b->counter, sizeof b->counter);
	memcpy(packet, &b->counter, sizeof b->counter); /* in place of a header */
	b->counter++;
	EVP_EncryptInit_ex(b->seal, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(b->seal, NULL, &n, packet, HEADER);
	EVP_EncryptUpdate(b->seal, packet + HEADER, &n, packet + HEADER,
			  (int)b->size - HEADER - TAG);
	EVP_EncryptFinal_ex(b->seal, packet + b->size - TAG, &n);
	EVP_CIPHER_CTX_ctrl(b->seal, EVP_CTRL_AEAD_GET_TAG, TAG, packet + b->size - TAG);
}

static void unseal(struct bare *b, uint8_t *packet)
{
	uint8_t iv[12] = { 0 };
	int n;

	memcpy(iv, packet, sizeof b->counter);
	EVP_DecryptInit_ex(b->open, NULL, NULL, NULL, iv);
	EVP_CIPHER_CTX_ctrl(b->open, EVP_CTRL_AEAD_SET_TAG, TAG, packet + b->size - TAG);
	EVP_DecryptUpdate(b->open, NULL, &n, packet, HEADER);
	EVP_DecryptUpdate(b->open, packet + HEADER, &n, packet + HEADER,
			  (int)b->size - HEADER - TAG);
	if (EVP_DecryptFinal_ex(b->open, packet + b->size - TAG, &n) != 1)
		abort();
}

static uint64_t bare_turn(struct bare *b)
{
	uint64_t got = 0;

	for (unsigned i = 0; i < b->burst; i++)
		seal(b, b->send + i * b->size);
	if (send(b->out, b->send, b->burst * b->size, 0) < 0)
		abort();
	for (;;) {
		const ssize_t n = recv(b->in, b->recv, sizeof b->recv, MSG_DONTWAIT);
		if (n <= 0)
			return got;
		for (size_t at = 0; at + b->size <= (size_t)n; at += b->size, got++)
			unseal(b, b->recv + at);
	}
}

static void bare_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct bare *b = me;
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t sent = 0, got = 0;

	for (; sent < packets; sent += b->burst)
		got += bare_turn(b);
	*out = (struct bench_sample){ .packets = got,
				      .bytes = got * (b->size - HEADER - TAG),
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs,
				      .lost = (double)(sent - got) / (double)sent };
}

#define BARE(profile, burst, arg)                                                                  \
	{                                                                                          \
		"limit", "rtp", profile, burst, "the stack", bare_open, bare_run, bare_close, arg  \
	}
#define TAUT(profile, burst, arg, bypasses)                                                        \
	{                                                                                          \
		"taut", "rtp", profile, burst, bypasses, stream_open, stream_run, stream_close,    \
			arg                                                                        \
	}
#define PAIR(burst) BARE("1,200 B, GCM", burst, 0), TAUT("1,200 B, GCM", burst, 0, "pacing")

static const struct bench_case cases[] = {
	PAIR(1),
	PAIR(4),
	PAIR(16),
	PAIR(48),
	TAUT("1,200 B, GCM, no GSO", 16, NO_GSO, "pacing"),
	BARE("Opus, 80 B, GCM", 1, AUDIO),
	TAUT("Opus, 80 B, GCM", 1, AUDIO, NULL),
};

const struct bench bench_rtp = { "rtp", "media over loopback, both ends in one process", cases,
				 sizeof cases / sizeof cases[0] };
