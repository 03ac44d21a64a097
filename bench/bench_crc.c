/* bench_crc.c - the checksum of an SCTP packet.
 *
 * The limit is three streams of the processor's crc32 instruction over the same octets, whose results nobody
 * puts together. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "bench.h"

enum { OCTETS = 1200, THIRD = OCTETS / 3, TABLE = 1 };

struct crc {
	uint8_t packet[OCTETS];
	uint32_t sum; /* seen by the compiler as used */
};

static void *crc_open(const struct bench_case *c, const char **why)
{
	struct crc *k = calloc(1, sizeof *k);

	if (!k)
		abort();
	if (c->arg == TABLE)
		return k;
#if defined __x86_64__ && defined __GNUC__
	if (__builtin_cpu_supports("sse4.2"))
		return k;
#endif
	*why = "no crc32 instruction";
	free(k);
	return NULL;
}

static void hardware(struct crc *k)
{
	k->sum += tt_crc32c(k->packet, sizeof k->packet);
}

static void by_table(struct crc *k)
{
	k->sum += tt_crc32c_portable(k->packet, sizeof k->packet);
}

#if defined __x86_64__ && defined __GNUC__
__attribute__((target("sse4.2"))) static void instruction_alone(struct crc *k)
{
	const uint8_t *p = k->packet;
	uint64_t sum[3] = { 0 }, word[3];

	for (size_t i = 0; i < THIRD; i += 8) {
		memcpy(&word[0], p + i, 8);
		memcpy(&word[1], p + THIRD + i, 8);
		memcpy(&word[2], p + 2 * THIRD + i, 8);
		sum[0] = __builtin_ia32_crc32di(sum[0], word[0]);
		sum[1] = __builtin_ia32_crc32di(sum[1], word[1]);
		sum[2] = __builtin_ia32_crc32di(sum[2], word[2]);
	}
	k->sum += (uint32_t)(sum[0] ^ sum[1] ^ sum[2]);
}
#else
static void instruction_alone(struct crc *k)
{
	(void)k;
}
#endif

static void run_with(struct crc *k, void (*work)(struct crc *), uint64_t packets, struct bench_sample *out)
{
	const double from = bench_cpu_us(), wall = bench_wall_us();

	for (uint64_t i = 0; i < packets; i++) {
		k->packet[0] = (uint8_t)k->sum;
		work(k);
	}
	*out = (struct bench_sample){ .packets = packets,
				      .bytes = packets * OCTETS,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall };
}

static void limit_run(void *me, uint64_t packets, struct bench_sample *out)
{
	run_with(me, instruction_alone, packets, out);
}

static void hardware_run(void *me, uint64_t packets, struct bench_sample *out)
{
	run_with(me, hardware, packets, out);
}

static void table_run(void *me, uint64_t packets, struct bench_sample *out)
{
	run_with(me, by_table, packets, out);
}

static const struct bench_case cases[] = {
	{ "limit", "crc", "1,200 B", 0, "putting the streams together", crc_open, limit_run, free, 0 },
	{ "taut", "crc", "1,200 B", 0, NULL, crc_open, hardware_run, free, 0 },
	{ "taut", "crc", "1,200 B, by table", 0, NULL, crc_open, table_run, free, TABLE },
};

const struct bench bench_crc = {
	.name = "crc",
	.summary = "the CRC32c of an SCTP packet",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
