/* test_sweep.c - each chunk at every length, with every octet and 16-bit field at its edges, while an association is
 * set up or shut down: RFC 9260 sections 5.2, 8.5.1 and 9.2.
 *
 * Straight into tt_sctp_recv, in heap buffers of exactly their size; through DTLS set-up and an ESTABLISHED association
 * are swept by tests/hostile/test_sweep_sctp.c. Tag, ports and checksum are right unless it is their turn. Each state
 * and chunk has an association of its own: what the chunk may make of the state is in a table, and if it
 * makes nothing of it, set-up or shutdown goes on as if nothing had been. */
#include "unit/sctp/sctp_solo.h"

enum { LONGEST = 1191, CEILING = 512 * 1024 };

#define IN(state)   (1u << (state))
#define SETTING_UP  (IN(SCTP_COOKIE_WAIT) | IN(SCTP_COOKIE_ECHOED))
#define CLOSING                                                                                    \
	(IN(SCTP_SHUTDOWN_PENDING) | IN(SCTP_SHUTDOWN_SENT) | IN(SCTP_SHUTDOWN_RECEIVED) |         \
	 IN(SCTP_SHUTDOWN_ACK_SENT))
#define RECEIVES    (IN(SCTP_SHUTDOWN_PENDING) | IN(SCTP_SHUTDOWN_SENT) | IN(SCTP_COOKIE_ECHOED))

/* Where a chunk means nothing: it is dropped, counted, and no octet of the association changes. */
static const struct {
	uint8_t type;
	uint32_t states;
} meaningless[] = {
	{ SCTP_DATA, ~RECEIVES },
	{ SCTP_I_DATA, ~RECEIVES },
	{ SCTP_FORWARD_TSN, ~RECEIVES },
	{ SCTP_I_FORWARD_TSN, ~RECEIVES },
	{ SCTP_INIT_ACK, ~IN(SCTP_COOKIE_WAIT) },                /* 5.2.3 */
	{ SCTP_COOKIE_ACK, ~(IN(SCTP_COOKIE_ECHOED) | IN(SCTP_ESTABLISHED)) },/* 5.2.5 */
	{ SCTP_SHUTDOWN_COMPLETE, ~IN(SCTP_SHUTDOWN_ACK_SENT) }, /* 8.5.1 C */
	{ SCTP_SACK, SETTING_UP },
	{ SCTP_SHUTDOWN, SETTING_UP },
	{ SCTP_HEARTBEAT, IN(SCTP_COOKIE_WAIT) },
	{ SCTP_HEARTBEAT_ACK, IN(SCTP_COOKIE_WAIT) },
	{ SCTP_RE_CONFIG, SETTING_UP | IN(SCTP_SHUTDOWN_ACK_SENT) },
};

/* What a chunk with the right tag may make of a state. */
static const struct {
	uint8_t type;
	uint32_t states, then;
} moves[] = {
	{ SCTP_ABORT, ~0u, IN(SCTP_DEAD) },
	{ SCTP_INIT_ACK, IN(SCTP_COOKIE_WAIT), IN(SCTP_DEAD) }, /* without a cookie: 3.3.3 */
	{ SCTP_COOKIE_ACK, IN(SCTP_COOKIE_ECHOED), IN(SCTP_ESTABLISHED) },
	/* all is acknowledged: 9.2; or more than was sent */
	{ SCTP_SACK, IN(SCTP_SHUTDOWN_PENDING), IN(SCTP_SHUTDOWN_SENT) | IN(SCTP_DEAD) },
	{ SCTP_SACK, IN(SCTP_SHUTDOWN_RECEIVED), IN(SCTP_SHUTDOWN_ACK_SENT) | IN(SCTP_DEAD) },
	{ SCTP_SACK, CLOSING, IN(SCTP_DEAD) },
	{ SCTP_SHUTDOWN, IN(SCTP_SHUTDOWN_PENDING),
	  IN(SCTP_SHUTDOWN_RECEIVED) | IN(SCTP_SHUTDOWN_ACK_SENT) | IN(SCTP_DEAD) },
	{ SCTP_SHUTDOWN, CLOSING, IN(SCTP_SHUTDOWN_ACK_SENT) | IN(SCTP_DEAD) },
	{ SCTP_SHUTDOWN_ACK, IN(SCTP_SHUTDOWN_SENT) | IN(SCTP_SHUTDOWN_ACK_SENT), IN(SCTP_DEAD) },
	{ SCTP_SHUTDOWN_COMPLETE, IN(SCTP_SHUTDOWN_ACK_SENT), IN(SCTP_DEAD) },
	{ SCTP_DATA, RECEIVES, IN(SCTP_DEAD) }, /* without user data: 6.2 */
	{ SCTP_I_DATA, RECEIVES, IN(SCTP_DEAD) }, /* not negotiated */
	{ SCTP_I_FORWARD_TSN, RECEIVES, IN(SCTP_DEAD) }, /* likewise */
};

static bool means_nothing(uint8_t type, enum sctp_state in)
{
	if (in == SCTP_DEAD)
		return false; /* 8.4: some is answered */
	for (size_t i = 0; i < TT_COUNT(meaningless); i++)
		if (meaningless[i].type == type && meaningless[i].states & IN(in))
			return true;
	return false;
}

static bool may_move(uint8_t type, enum sctp_state in, enum sctp_state to)
{
	for (size_t i = 0; i < TT_COUNT(moves); i++)
		if (moves[i].type == type && moves[i].states & IN(in) && moves[i].then & IN(to))
			return true;
	return false;
}

/* ---- packets ---- */

/* With the numbers that its kind likes; zeros behind. */
static size_t sample(uint8_t type, uint8_t *buf)
{
	const bool data = type == SCTP_DATA || type == SCTP_I_DATA;
	const bool theirs = data || type == SCTP_FORWARD_TSN || type == SCTP_I_FORWARD_TSN;
	struct wr w;

	memset(buf, 0, LONGEST);
	w = begin_packet(buf, LONGEST, type == SCTP_INIT ? 0 : VICTIM->my_tag);
	const size_t at = tt_sctp_begin(&w, type, data ? 3 : 0);
	wr_u32(&w, theirs ? PEER_TSN : VICTIM->flight.cum.v);
	wr_u32(&w, data ? 0x00010000 : 100000);
	wr_u32(&w, type == SCTP_DATA ? 53 : type == SCTP_I_DATA ? 0 : 0x000a000a);
	wr_u32(&w, 0x00010008);
	wr_u32(&w, 12345);
	tt_sctp_end(&w, at);
	return w.off;
}

static void begin_in(enum sctp_state state)
{
	solo_begin(800 + state, state);
}

/* Nobody answers any more: it ends by itself, and says so once. */
static void ends(void)
{
	discard_sent();
	for (unsigned n = 0; VICTIM->state != SCTP_DEAD; n++) {
		assert_true(n < 1000);
		if (VICTIM->state == SCTP_ESTABLISHED)
			assert_int_equal(tt_sctp_shutdown(VICTIM, pair.sim.now), TAUT_OK);
		discard_sent();
		if (tt_sctp_deadline(VICTIM, NULL) == INT64_MAX)
			continue;
		pair.sim.now = tt_sctp_deadline(VICTIM, NULL);
		tt_sctp_tick(VICTIM, pair.sim.now);
	}
	pair_events(&pair, 1);
	assert_int_equal(pair.closed[1], 1);
}

static uint64_t all_drops(void)
{
	uint64_t n = 0;

	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		n += pair.sim.env[1].drops[r];
	return n;
}

/* One packet, and what must hold after it whatever it says. */
static void try_packet(uint8_t type, uint8_t *packet, size_t len)
{
	const enum sctp_state state = VICTIM->state;
	const uint64_t drops = all_drops();
	struct tt_sctp before = *VICTIM;
	struct wr w = wr_make(packet, len);

	w.off = len;
	const int refused = give(&w);
	assert_int_equal(VICTIM->counters.packets_received, before.counters.packets_received + 1);
	assert_int_equal(all_drops() > drops, refused == 1);
	assert_in_range(pair.sim.env[1].memory, 1, CEILING);
	if (VICTIM->state != state && !may_move(type, state, VICTIM->state))
		fail_msg("chunk %d of %zu octets: state %d became %d", type, len - 12, (int)state,
			 (int)VICTIM->state);
	if (VICTIM->state != state) { /* the rest of the sweep has another */
		ends();
		pair_free(&pair);
		begin_in(state);
		return;
	}
	if (!means_nothing(type, state))
		return;
	assert_int_equal(refused, 1);
	before.counters = VICTIM->counters;
	before.unheard = VICTIM->unheard; /* it was heard */
	if (memcmp(&before, VICTIM, sizeof before) != 0)
		fail_msg("chunk %d of %zu octets changed something in state %d", type, len - 12,
			 (int)state);
}

static void sweep(uint8_t type)
{
	static const uint8_t octets[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint8_t buf[LONGEST], copy[LONGEST];

	for (size_t len = 12; len <= LONGEST; len++) {
		sample(type, buf);
		if (len >= 16) {
			buf[14] = (uint8_t)((len - 12) >> 8);
			buf[15] = (uint8_t)(len - 12);
		}
		try_packet(type, buf, len);
	}
	const size_t n = sample(type, buf);
	const uint16_t words[] = { 0,      1,     (uint16_t)(n - 1), (uint16_t)n, (uint16_t)(n + 1),
				   0x7fff, 0x8000, 0xffff };
	for (size_t at = 0; at < n; at++) {
		for (size_t e = 0; e < TT_COUNT(octets) && at != 12; e++) {
			memcpy(copy, buf, n);
			copy[at] = octets[e];
			try_packet(type, copy, n);
		}
		for (size_t e = 0; e < TT_COUNT(words) && at != 11 && at != 12 && at + 2 <= n; e++) {
			memcpy(copy, buf, n);
			copy[at] = (uint8_t)(words[e] >> 8);
			copy[at + 1] = (uint8_t)words[e];
			try_packet(type, copy, n);
		}
	}
}

/* ---- afterwards ---- */

static void give_empty(uint8_t type)
{
	assert_int_equal(give_chunk(VICTIM->my_tag, type, 0, NULL, 0), 0);
}

static void set_up_goes_on(void)
{
	const struct sctp_init in = peer_init_ack();

	if (VICTIM->state == SCTP_COOKIE_WAIT)
		assert_int_equal(give_init_ack(&in), 0);
	if (VICTIM->state == SCTP_COOKIE_ECHOED)
		give_empty(SCTP_COOKIE_ACK);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	pair_events(&pair, 1);
	assert_int_equal(pair.connected[1], 1);
	const size_t before = pair.count[1];
	assert_int_equal(give_data(next_tsn(), 5, 0, "BEU", "alive"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], before + 1);
}

static void shutdown_goes_on(void)
{
	if (VICTIM->state == SCTP_SHUTDOWN_PENDING)
		assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
	if (VICTIM->state == SCTP_SHUTDOWN_SENT)
		give_empty(SCTP_SHUTDOWN_ACK);
	if (VICTIM->state == SCTP_SHUTDOWN_RECEIVED)
		assert_int_equal(give_shutdown(VICTIM->flight.next.v - 1), 0);
	if (VICTIM->state == SCTP_SHUTDOWN_ACK_SENT)
		give_empty(SCTP_SHUTDOWN_COMPLETE);
	assert_int_equal(VICTIM->state, SCTP_DEAD);
	pair_events(&pair, 1);
	assert_int_equal(pair.closed[1], 1);
	assert_in_range(pair.reason[1], TAUT_REASON_CLOSED_HERE, TAUT_REASON_CLOSED_BY_PEER);
}

static void each_chunk_is_survived_while_set_up_and_shut_down(void **state)
{
	static const uint8_t types[] = { 0,  1,  2,  3,  4,   5,   6,   7,   8,   9,  10,
					 11, 14, 63, 64, 128, 130, 132, 192, 193, 194, 255 };
	static const enum sctp_state states[] = { SCTP_COOKIE_WAIT,       SCTP_COOKIE_ECHOED,
						  SCTP_SHUTDOWN_PENDING,  SCTP_SHUTDOWN_SENT,
						  SCTP_SHUTDOWN_RECEIVED, SCTP_SHUTDOWN_ACK_SENT };

	(void)state;
	for (size_t k = 0; k < TT_COUNT(states); k++)
			for (size_t t = 0; t < TT_COUNT(types); t++) {
				begin_in(states[k]);
				sweep(types[t]);
				pair_events(&pair, 1);
				discard_sent();
				if (states[k] < SCTP_ESTABLISHED)
					set_up_goes_on();
				else
					shutdown_goes_on();
				pair_free(&pair);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_chunk_is_survived_while_set_up_and_shut_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
