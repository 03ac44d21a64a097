/* bench_datachannel.c - messages over one data channel, through two whole connections, both in one
 * process or in one each.
 *
 * A packet here is a datagram that reached the receiver. The limit is that of full packets with one
 * small one back for each burst, as an acknowledgement is; with CRC32c, which SCTP asks for, and
 * without, which two of taut agree on (RFC 9653). */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_bare.h"
#include "bench_pair.h"
#include "bench_two.h"

/* In the argument of a case, beside the size of its messages, which is a multiple of 16. */
enum { NO_GSO = 1, CRC32C = 2, TWO = 4, LENT = 8, FLAGS = NO_GSO | CRC32C | TWO | LENT };
enum { AHEAD = 1 << 20, PACKET = 1200, SACK = 60, MESSAGE_MAX = 65536 };

struct channel {
	struct bench_pair *pair;
	size_t size;
	bool lent;
	uint8_t message[MESSAGE_MAX];
};

static void *channel_open(const struct bench_case *c, const char **why)
{
	const struct bench_pair_config cfg = {
		.data = true,
		.loop_flags = c->arg & NO_GSO ? TAUT_LOOP_NO_GSO : 0,
	};
	struct channel *ch = calloc(1, sizeof *ch);

	if (!ch)
		return NULL;
	ch->size = (size_t)c->arg & ~(size_t)FLAGS;
	ch->lent = c->arg & LENT;
	ch->pair = bench_pair_new(&cfg, why);
	if (ch->pair)
		return ch;
	free(ch);
	return NULL;
}

static void channel_close(void *me)
{
	struct channel *ch = me;

	bench_pair_free(ch->pair);
	free(ch);
}

/* The message never changes. */
static void given_back(void *ctx)
{
	(void)ctx;
}

static int send_one(struct channel *ch)
{
	struct bench_end *e = &ch->pair->end[0];
	const taut_time now = taut_loop_now(e->loop);

	return ch->lent ? taut_pc_send_lent(e->pc, now, e->channel, 1, ch->message, ch->size,
					    given_back, NULL)
			: taut_pc_send_message(e->pc, now, e->channel, 1, ch->message, ch->size);
}

/* As long as the buffer has room; how many. */
static uint64_t send_some(struct channel *ch, uint64_t most)
{
	struct bench_end *e = &ch->pair->end[0];
	uint64_t n = 0;

	while (n < most && taut_pc_buffered_amount(e->pc, e->channel) < AHEAD &&
	       send_one(ch) == TAUT_OK)
		n++;
	return n;
}

static void channel_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct channel *ch = me;
	struct bench_end *to = &ch->pair->end[1];
	const uint64_t messages = packets * PACKET / ch->size + 1, first = to->messages;
	const struct taut_counters a = bench_pair_counters(ch->pair, 1);
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t sent = 0;

	while (to->messages - first < messages) {
		sent += send_some(ch, messages - sent);
		bench_pair_step(ch->pair);
	}
	const struct taut_counters b = bench_pair_counters(ch->pair, 1);
	*out = (struct bench_sample){ .packets = b.packets_received - a.packets_received,
				      .bytes = messages * ch->size,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs };
}

static void *bare_open(const struct bench_case *c, const char **why)
{
	(void)why;
	return bench_bare_new(&(struct bench_bare_config){
		.burst = c->burst,
		.payload = PACKET - 12 - 16,
		.reply = SACK,
		.crc32c = c->arg & CRC32C,
		.no_gso = c->arg & NO_GSO,
		.two = c->arg & TWO,
	});
}

static void *two_open(const struct bench_case *c, const char **why)
{
	return bench_two_new((size_t)c->arg & ~(size_t)FLAGS,
			     c->arg & NO_GSO ? TAUT_LOOP_NO_GSO : 0, why);
}

#define LIMIT_ONE        "1,200 B, GCM and CRC32c, a reply for 48"
#define LIMIT_NO_GSO     "1,200 B, GCM and CRC32c, no GSO"
#define LIMIT_TWO        "1,200 B, GCM and CRC32c, two processes"
#define LIMIT_TWO_NO_GSO "1,200 B, GCM and CRC32c, no GSO, two processes"

static const char *beside(const struct bench_case *c)
{
	if (strstr(c->profile, "no GSO"))
		return strstr(c->profile, "two processes") ? LIMIT_TWO_NO_GSO : LIMIT_NO_GSO;
	return strstr(c->profile, "two processes") ? LIMIT_TWO : LIMIT_ONE;
}

#define LIMIT(profile, arg)                                                                        \
	{                                                                                          \
		"limit", "datachannel", profile, 48, "the stack", bare_open, bench_bare_run,       \
			bench_bare_free, arg                                                       \
	}
#define TAUT(profile, arg)                                                                         \
	{                                                                                          \
		"taut", "datachannel", profile, 0, NULL, channel_open, channel_run, channel_close, \
			arg                                                                        \
	}
#define TAUT_TWO(profile, arg)                                                                     \
	{                                                                                          \
		"taut", "datachannel", profile, 0, NULL, two_open, bench_two_run, bench_two_free,  \
			arg                                                                        \
	}

static const struct bench_case cases[] = {
	LIMIT("1,200 B, GCM, a reply for 48", 0),
	LIMIT(LIMIT_ONE, CRC32C),
	LIMIT(LIMIT_NO_GSO, CRC32C | NO_GSO),
	LIMIT(LIMIT_TWO, CRC32C | TWO),
	LIMIT(LIMIT_TWO_NO_GSO, CRC32C | TWO | NO_GSO),
	TAUT("64 KiB messages", 65536),
	TAUT("16 KiB messages", 16384),
	TAUT("1 KiB messages", 1024),
	TAUT("64 KiB messages, lent", 65536 | LENT),
	TAUT("64 KiB messages, no GSO", 65536 | NO_GSO),
	TAUT_TWO("64 KiB messages, two processes", 65536),
	TAUT_TWO("16 KiB messages, two processes", 16384),
	TAUT_TWO("64 KiB messages, no GSO, two processes", 65536 | NO_GSO),
};

const struct bench bench_datachannel = {
	.name = "datachannel",
	.summary = "messages over loopback",
	.unit = "a datagram that arrived",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
	.apart = true,
	.beside = beside,
};
