/* sctp_losses.h - a victim with chunks in flight, and what becomes of them. */
#ifndef TAUT_TEST_SCTP_LOSSES_H
#define TAUT_TEST_SCTP_LOSSES_H

#include "base/num.h"
#include "unit/sctp/sctp_forge.h"

/* It knows a round trip of 40 ms. */
static inline void begin_measured(uint64_t seed)
{
	begin(seed);
	VICTIM->rtt.least = VICTIM->rtt.srtt = 40000;
	VICTIM->rtt.least_at = pair.sim.now;
}

/* The victim sends five chunks of a kibibyte; the first of them has this TSN. */
static inline uint32_t send_five(void)
{
	VICTIM->last_data_sent = pair.sim.now; /* not idle: that shrinks cwnd */
	VICTIM->cc.cwnd = 100000;
	VICTIM->burst = 100000;
	VICTIM->cc.pace = 0;
	for (uint32_t n = 0; n < 5; n++)
		assert_int_equal(pair_number(&pair, 1, 1, n, 1120, NULL), 0);
	const uint32_t first = VICTIM->flight.next.v;
	uint8_t buf[1200];
	for (int n = 0; n < 5; n++)
		assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 1000);
	assert_int_equal(VICTIM->flight.next.v, first + 5);
	return first;
}

static inline enum sctp_chunk_state state_of(uint32_t tsn)
{
	return (enum sctp_chunk_state)tt_sctp_flight_at(&VICTIM->flight, s32(tsn))->state;
}

static inline void pass(taut_time how_long)
{
	pair.sim.now += how_long;
	tt_sctp_tick(VICTIM, pair.sim.now);
}

/* As many packets as may leave now. */
static inline unsigned poll_all(void)
{
	uint8_t buf[1200];
	unsigned n = 0;

	while (tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0)
		n++;
	return n;
}

#endif
