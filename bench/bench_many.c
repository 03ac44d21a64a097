/* bench_many.c - see bench_many.h. */
#include "bench_many.h"

#include <stdlib.h>
#include <string.h>

#include "bench_pair.h"

enum {
	CALLS = BENCH_MANY_CALLS,
	SMALL = 80,
	PAYLOAD = 1120,
	FILLED = 1100, /* packets of each call until every sender keeps all it ever will */
};

struct many {
	taut_loop *loops[2];
	struct bench_pair *pairs[CALLS];
	unsigned calls;
	bool video;
	uint32_t timestamp;
	long heap; /* KB that these connections took, while other cases stood still */
	uint8_t frame[BENCH_MANY_FRAME * PAYLOAD];
};

void bench_many_close(void *me)
{
	struct many *m = me;

	for (unsigned i = 0; i < m->calls; i++)
		if (m->pairs[i])
			bench_pair_free(m->pairs[i]);
	for (int i = 0; i < 2; i++)
		taut_loop_free(m->loops[i]);
	free(m);
}

static void say(struct many *m)
{
	const struct taut_frame f = { .size = sizeof f,
				      .data = m->frame,
				      .len = m->video ? sizeof m->frame : SMALL,
				      .flags = TAUT_FRAME_KEY,
				      .rtp_timestamp = m->timestamp };

	m->timestamp += m->video ? 3000 : 960;
	for (unsigned i = 0; i < m->calls; i++) {
		const struct bench_end *e = &m->pairs[i]->end[0];
		(void)taut_pc_send_frame(e->pc, taut_loop_now(e->loop),
					 m->video ? e->video : e->audio, &f);
	}
}

static void turn(struct many *m)
{
	say(m);
	for (int i = 0; i < 2; i++)
		bench_pair_step(m->pairs[0]);
}

void *bench_many_open(const struct bench_case *c, const char **why)
{
	struct taut_loop_config loop = { .size = sizeof loop, .flags = TAUT_LOOP_NO_IPV6 };
	static const uint8_t key_frame[] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0 };
	struct bench_pair_config cfg = { .media = true };
	struct many *m = calloc(1, sizeof *m);
	bool ok = m != NULL;

	*why = "the calls could not be made";
	for (int i = 0; ok && i < 2; i++) {
		ok = taut_loop_new(&m->loops[i], &loop) == TAUT_OK;
		cfg.loops[i] = m->loops[i];
		loop.flags |= (uint32_t)c->arg;
	}
	if (ok) {
		m->video = c->burst > CALLS;
		memcpy(m->frame, key_frame, sizeof key_frame);
		m->frame[0] = m->video ? key_frame[0] : 0x78; /* Opus: 20 ms, one frame */
		m->heap = -bench_heap_kb();
	}
	while (ok && m->calls < CALLS) {
		m->pairs[m->calls] = bench_pair_new(&cfg, why);
		ok = m->pairs[m->calls++] != NULL;
	}
	if (ok) {
		m->heap += bench_heap_kb();
		return m;
	}
	if (m)
		bench_many_close(m);
	return NULL;
}

static uint64_t heard(const struct many *m)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < m->calls; i++)
		n += bench_pair_counters(m->pairs[i], 1).rtp_packets_received;
	return n;
}

/* What a sender kept goes again after a second, in which the bench may be at other cases. */
static void fill(struct many *m)
{
	for (unsigned n = 0; m->video && n < FILLED; n += BENCH_MANY_FRAME)
		turn(m);
}

void bench_many_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct many *m = me;
	const long heap = bench_heap_kb();

	fill(m);
	const uint64_t before = heard(m);
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t sent = 0;

	const unsigned of_a_turn = m->calls * (m->video ? BENCH_MANY_FRAME : 1);

	for (; sent < packets; sent += of_a_turn)
		turn(m);
	for (int i = 0; i < 8; i++)
		bench_pair_step(m->pairs[0]);
	*out = (struct bench_sample){ .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs };
	out->packets = heard(m) - before;
	out->bytes = out->packets * (m->video ? PAYLOAD : SMALL);
	m->heap += bench_heap_kb() - heap;
	out->more[0] = (struct bench_more){ "kb_per_connection", (double)m->heap / (2.0 * CALLS) };
	if (sent > out->packets)
		out->lost = (double)(sent - out->packets) / (double)sent;
}
