/* sctp_solo.h - one association whose peer is written by hand, chunk by chunk: pair.s[1] is the victim, and pair.s[0]
 * is not asked. Every packet that it sends is walked to its end. */
#ifndef TAUT_TEST_SCTP_SOLO_H
#define TAUT_TEST_SCTP_SOLO_H

#include "base/num.h"
#include "unit/sctp/sctp_forge.h"

enum { PEER_TAG = 0x11223344, PEER_TSN = 1000, OUR_STREAMS = 16 };

/* A packet of the victim. */
struct sent {
	uint8_t bytes[1200];
	size_t len, count;
	uint32_t tag;
	struct sctp_tlv chunks[300];
};

/* The next one; false: it has nothing to send. */
static inline bool next_sent(struct sent *p)
{
	struct sctp_header h;
	struct rd r;

	p->len = tt_sctp_poll_send(VICTIM, pair.sim.now, p->bytes, sizeof p->bytes);
	p->count = 0;
	if (p->len == 0)
		return false;
	assert_true(p->len <= VICTIM->cfg.max_packet);
	assert_int_equal(p->len % 4, 0);
	assert_int_equal(tt_sctp_read_packet(&h, &r, p->bytes, p->len, false), TT_TAKEN);
	assert_int_equal(h.from, 5000);
	assert_int_equal(h.to, 5000);
	p->tag = h.tag;
	while (p->count < TT_COUNT(p->chunks) && tt_sctp_next(&r, &p->chunks[p->count])) {
		const struct span *c = &p->chunks[p->count++].whole;
		for (size_t i = c->len; i < ((c->len + 3) & ~(size_t)3); i++)
			assert_int_equal(c->p[i], 0); /* 3.2: padding */
	}
	assert_false(r.bad);
	return true;
}

static inline void discard_sent(void)
{
	struct sent p;

	while (next_sent(&p))
		;
}

static inline bool has_chunk(const struct sent *p, uint8_t type)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->chunks[i].type == type)
			return true;
	return false;
}

/* Of all that it sends now. */
static inline unsigned count_sent(uint8_t type)
{
	struct sent p;
	unsigned n = 0;

	while (next_sent(&p))
		for (size_t i = 0; i < p.count; i++)
			n += p.chunks[i].type == type;
	return n;
}

/* One packet, with this chunk alone. */
static inline void assert_sends_alone(struct sent *p, uint32_t tag, uint8_t type, uint8_t flags)
{
	assert_true(next_sent(p));
	assert_int_equal(p->count, 1);
	assert_int_equal(p->chunks[0].type, type);
	assert_int_equal(p->chunks[0].flags, flags);
	assert_int_equal(p->tag, tag);
}

static inline void assert_silent(void)
{
	struct sent p;

	assert_false(next_sent(&p));
}

static inline uint32_t u32_of(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void add_chunk(struct wr *w, uint8_t type, uint8_t flags, const void *value,
			     size_t len)
{
	const size_t at = tt_sctp_begin(w, type, flags);

	wr_bytes(w, value, len);
	tt_sctp_end(w, at);
}

static inline int give_chunk(uint32_t tag, uint8_t type, uint8_t flags, const void *value,
			     size_t len)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, tag);

	add_chunk(&w, type, flags, value, len);
	return give(&w);
}

static inline struct sctp_init peer_init(void)
{
	return (struct sctp_init){ .tag = PEER_TAG,
				   .window = 100000,
				   .out_streams = 10,
				   .in_streams = 10,
				   .tsn = { PEER_TSN } };
}

static inline int give_init(const struct sctp_init *in)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, 0);

	tt_sctp_write_init(&w, SCTP_INIT, in);
	return give(&w);
}

static inline int give_init_ack(const struct sctp_init *in)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);

	tt_sctp_write_init(&w, SCTP_INIT_ACK, in);
	return give(&w);
}

static inline struct sctp_init peer_init_ack(void)
{
	struct sctp_init in = peer_init();

	in.cookie = (struct span){ (const uint8_t *)"a cookie", 8 };
	return in;
}

/* With checksums, and DATA. */
static inline void solo_init_with(uint64_t seed, struct tt_sctp_config cfg)
{
	cfg.no_zero_checksum = true;
	cfg.max_streams = OUR_STREAMS;
	pair_init(&pair, seed, NULL, &cfg);
}

static inline void solo_init(uint64_t seed)
{
	solo_init_with(seed, (struct tt_sctp_config){ 0 });
}

/* From CLOSED on, to that state, with nothing left to send. To SHUTDOWN-PENDING and SHUTDOWN-RECEIVED by two chunks that
 * are out: nothing acknowledges them. */
static inline void solo_reach(enum sctp_state wanted)
{
	const struct sctp_init in = peer_init_ack();

	if (wanted >= SCTP_COOKIE_WAIT)
		assert_int_equal(tt_sctp_connect(VICTIM, pair.sim.now), TAUT_OK);
	discard_sent();
	if (wanted >= SCTP_COOKIE_ECHOED)
		assert_int_equal(give_init_ack(&in), 0);
	discard_sent();
	if (wanted >= SCTP_ESTABLISHED)
		assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_COOKIE_ACK, 0, NULL, 0), 0);
	if (wanted == SCTP_SHUTDOWN_PENDING || wanted == SCTP_SHUTDOWN_RECEIVED)
		assert_int_equal(pair_number(&pair, 1, 1, 1, 2000, NULL), 0);
	discard_sent();
	if (wanted == SCTP_SHUTDOWN_PENDING || wanted == SCTP_SHUTDOWN_SENT)
		assert_int_equal(tt_sctp_shutdown(VICTIM, pair.sim.now), TAUT_OK);
	if (wanted == SCTP_SHUTDOWN_RECEIVED || wanted == SCTP_SHUTDOWN_ACK_SENT)
		assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0);
	if (wanted == SCTP_DEAD)
		assert_int_equal(tt_sctp_abort(VICTIM, pair.sim.now), TAUT_OK);
	discard_sent();
	pair_events(&pair, 1);
	assert_int_equal(VICTIM->state, wanted);
}

static inline void solo_begin(uint64_t seed, enum sctp_state wanted)
{
	solo_init(seed);
	solo_reach(wanted);
}

/* To the moment that this timer expires at. */
static inline void solo_expire(enum sctp_timer t)
{
	assert_true(tt_sctp_runs(VICTIM, t));
	pair.sim.now = VICTIM->timer[t];
	tt_sctp_tick(VICTIM, pair.sim.now);
}

#endif
