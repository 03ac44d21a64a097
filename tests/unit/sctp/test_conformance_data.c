/* DATA and what acknowledges it, as RFC 9260 sections 2.6, 3.3.1, 3.3.4, 6 and 7.2 ask for; docs/RFC9260.md says which
 * sentence. */
#include "unit/sctp/sctp_solo.h"

static const struct tt_sctp_send_options unordered_too = { .unordered = true };

static struct sctp_data data_in(const struct sctp_tlv *chunk)
{
	struct sctp_data d;

	assert_int_equal(chunk->type, SCTP_DATA);
	assert_true(tt_sctp_read_data(&d, chunk));
	return d;
}

/* All DATA that it sends now. */
static size_t data_sent(struct sctp_data *all, size_t cap)
{
	struct sent p;
	size_t n = 0;

	while (next_sent(&p))
		for (size_t i = 0; i < p.count; i++)
			if (p.chunks[i].type == SCTP_DATA) {
				assert_true(n < cap);
				all[n++] = data_in(&p.chunks[i]);
			}
	return n;
}

static void open_windows(void)
{
	VICTIM->cc.cwnd = VICTIM->burst = 10000000;
	VICTIM->peer_window = 10000000;
	VICTIM->cc.pace = 0;
	VICTIM->last_data_sent = pair.sim.now;
}

/* 5, 6: DATA leaves in ESTABLISHED, SHUTDOWN-PENDING and SHUTDOWN-RECEIVED. */
static void data_leaves_in_its_states_only(void **state)
{
	(void)state;
	for (int s = SCTP_CLOSED; s < SCTP_DEAD; s++) {
		solo_init(1);
		if (s < SCTP_ESTABLISHED)
			assert_int_equal(pair_number(&pair, 1, 1, 1, 3000, NULL), TAUT_OK);
		solo_reach((enum sctp_state)s);
		if (tt_sctp_runs(VICTIM, SCTP_T3))
			solo_expire(SCTP_T3);
		if (s == SCTP_ESTABLISHED)
			assert_int_equal(pair_number(&pair, 1, 1, 1, 10, NULL), TAUT_OK);
		const bool may = s == SCTP_ESTABLISHED || s == SCTP_SHUTDOWN_PENDING ||
				 s == SCTP_SHUTDOWN_RECEIVED;
		assert_int_equal(count_sent(SCTP_DATA) > 0, may);
		pair_free(&pair);
	}
}

/* 6; in COOKIE-ECHOED as well: the COOKIE ACK before it is late, or lost. */
static void data_is_taken_in_its_states_only(void **state)
{
	(void)state;
	for (int s = SCTP_COOKIE_WAIT; s < SCTP_DEAD; s++) {
		solo_begin(2, (enum sctp_state)s);
		const bool may = s == SCTP_COOKIE_ECHOED || s == SCTP_ESTABLISHED ||
				 s == SCTP_SHUTDOWN_PENDING || s == SCTP_SHUTDOWN_SENT;
		assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "x"), !may);
		if (s > SCTP_COOKIE_WAIT)
			assert_int_equal(VICTIM->tracker.cum.v, may ? PEER_TSN : PEER_TSN - 1);
		pair_free(&pair);
	}
}

static void a_sack_counts_while_data_may_be_out(void **state)
{
	static const enum sctp_state states[] = { SCTP_ESTABLISHED, SCTP_SHUTDOWN_PENDING,
						  SCTP_SHUTDOWN_RECEIVED };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(states); i++) {
		solo_begin(3, states[i]);
		if (states[i] == SCTP_ESTABLISHED)
			assert_int_equal(pair_number(&pair, 1, 1, 1, 2000, NULL), TAUT_OK);
		discard_sent();
		const size_t held = tt_sctp_held(VICTIM);
		assert_true(held >= 2000);
		assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
		assert_int_equal(VICTIM->flight.flight, 0);
		assert_int_equal(tt_sctp_held(VICTIM), 0); /* 6.7: out of the queue */
		pair_free(&pair);
	}
}

/* 3, 3.2, 3.3.1: octet by octet. */
static void a_chunk_of_data_lies_as_the_rfc_draws_it(void **state)
{
	(void)state;
	for (uint8_t len = 1; len <= 5; len++) {
		const uint8_t want[] = {
			SCTP_DATA, 3, 0, (uint8_t)(16 + len), 1, 2, 3, 4, 0, 7, 0, 0, 0, 0, 0, 53
		};
		struct sent p;
		solo_init(4);
		VICTIM->my_tsn = s32(0x01020304);
		tt_sctp_begin_sending(VICTIM);
		solo_reach(SCTP_ESTABLISHED);
		assert_int_equal(tt_sctp_send(VICTIM, pair.sim.now, 7, 53, NULL, "12345", len),
				 TAUT_OK);
		assert_sends_alone(&p, PEER_TAG, SCTP_DATA, 3);
		assert_memory_equal(p.bytes + 12, want, sizeof want);
		assert_memory_equal(p.bytes + 28, "12345", len);
		assert_int_equal(p.len, 28 + ((len + 3) & ~3)); /* and zeros, as next_sent sees */
		pair_free(&pair);
	}
}

/* 6.9, 3.3.1: B, neither, E; TSNs in a row, one SSN, U on all; and packets that fit. */
static void a_fragmented_message_is_numbered_and_marked(void **state)
{
	struct sctp_data all[64];

	(void)state;
	for (int unordered = 0; unordered < 2; unordered++)
		for (size_t len = 1; len < 12000; len += 611) {
			solo_begin(5, SCTP_ESTABLISHED);
			open_windows();
			const uint32_t first = VICTIM->flight.next.v;
			assert_int_equal(
				pair_number(&pair, 1, 3, 0, len, unordered ? &unordered_too : NULL),
				0);
			const size_t n = data_sent(all, TT_COUNT(all));
			size_t sum = 0;
			for (size_t i = 0; i < n; sum += all[i++].len) {
				assert_int_equal(all[i].tsn.v, first + i);
				assert_int_equal(all[i].begin, i == 0);
				assert_int_equal(all[i].end, i == n - 1);
				assert_int_equal(all[i].unordered, unordered);
				assert_int_equal(all[i].stream, 3);
				assert_int_equal(all[i].mid.v, all[0].mid.v);
				assert_int_equal(all[i].ppid, 53);
				assert_true(all[i].len > 0);
			}
			assert_int_equal(sum, len);
			assert_int_equal(n, (len + 1131) / 1132); /* 1,160 less 12 less 16 */
			pair_free(&pair);
		}
}

/* 6.5: from 0, by one, over 65,535 to 0; unordered messages have none of their own. */
static void stream_sequence_numbers_count_ordered_messages(void **state)
{
	struct sctp_data d;

	(void)state;
	solo_begin(6, SCTP_ESTABLISHED);
	for (uint32_t n = 0; n < 65540; n++) {
		open_windows();
		if (n % 1000 == 0) {
			assert_int_equal(pair_number(&pair, 1, 2, n, 4, &unordered_too), TAUT_OK);
			assert_int_equal(data_sent(&d, 1), 1);
		}
		assert_int_equal(pair_number(&pair, 1, 2, n, 4, NULL), TAUT_OK);
		assert_int_equal(data_sent(&d, 1), 1);
		assert_int_equal(d.mid.v, n % 65536);
		if (n % 500 == 0)
			assert_int_equal(
				give_sack_window(VICTIM->flight.next.v - 1, 10000000, NULL, 0), 0);
	}
	assert_int_equal(pair_number(&pair, 1, 4, 0, 4, NULL), TAUT_OK); /* each stream by itself */
	assert_int_equal(data_sent(&d, 1), 1);
	assert_int_equal(d.mid.v, 0);
	pair_free(&pair);
}

/* 6.9, 6.10: what a packet has room for beside the control chunks that stand before it. */
static void a_packet_with_a_sack_holds_less_data(void **state)
{
	struct sent p;

	(void)state;
	for (uint32_t gaps = 0; gaps < 280; gaps++) {
		solo_begin(31, SCTP_ESTABLISHED);
		for (uint32_t n = 0; n < gaps; n++)
			assert_int_equal(give_data(PEER_TSN + 1 + 2 * n, 0, (uint16_t)(1 + 2 * n),
						   "BE", "x"),
					 0);
		while (VICTIM->earlier_count > 0 && next_sent(&p)) /* but for the last SACK */
			;
		assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "x"), 0);
		while (VICTIM->earlier_count > 0 && next_sent(&p))
			;
		assert_int_equal(pair_number(&pair, 1, 1, 0, 100000, NULL), TAUT_OK);
		assert_true(next_sent(&p)); /* which sees that it is no longer than 1,160 */
		assert_int_equal(p.chunks[0].type, SCTP_SACK);
		const size_t left = p.len - 12 - ((p.chunks[0].whole.len + 3) & ~(size_t)3);
		assert_true(p.count == 2 ? data_in(&p.chunks[1]).len + 16 == left : left == 0);
		assert_int_equal(p.count, 1160 - 12 - p.chunks[0].whole.len >= 16 + 512 ? 2 : 1);
		assert_true(next_sent(&p));
		assert_int_equal(p.len, 1160); /* and the next one is full */
		pair_free(&pair);
	}
}

/* 2.6: behind 2^32 - 1 comes 0, both ways. */
static void tsns_wrap(void **state)
{
	struct sctp_init in = peer_init_ack();
	struct sctp_data all[8];
	struct sent p;

	(void)state;
	in.tsn = s32(0xfffffffe);
	solo_init(7);
	VICTIM->my_tsn = s32(0xfffffffd);
	tt_sctp_begin_sending(VICTIM);
	solo_reach(SCTP_COOKIE_WAIT);
	assert_int_equal(give_init_ack(&in), 0);
	discard_sent();
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_COOKIE_ACK, 0, NULL, 0), 0);
	open_windows();
	assert_int_equal(pair_number(&pair, 1, 1, 0, 6000, NULL), TAUT_OK);
	assert_int_equal(data_sent(all, 8), 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(all[i].tsn.v, 0xfffffffd + i);
	pair.sim.now += 40000;
	assert_int_equal(give_sack(0xfffffffe, (uint16_t[]){ 2, 2 }, 2), 0);
	assert_int_equal(VICTIM->flight.listed, 3);
	assert_int_equal(give_sack(2, NULL, 0), 0);
	assert_int_equal(tt_sctp_held(VICTIM), 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(give_data(0xfffffffe + i, 1, (uint16_t)i, "BE", "x"), 0);
	assert_true(next_sent(&p));
	while (next_sent(&p))
		;
	assert_int_equal(VICTIM->tracker.cum.v, 1);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 4);
	pair_free(&pair);
}

/* 6.1 A: nothing new, but for one chunk to look whether it has opened, if cwnd allows. */
static void a_closed_window_is_probed_and_not_filled(void **state)
{
	(void)state;
	solo_begin(8, SCTP_ESTABLISHED);
	open_windows();
	VICTIM->peer_window = 0;
	for (uint32_t n = 0; n < 5; n++)
		assert_int_equal(pair_number(&pair, 1, 1, n, 1000, NULL), TAUT_OK);
	assert_silent();
	solo_expire(SCTP_T3);
	assert_int_equal(count_sent(SCTP_DATA), 1);
	assert_int_equal(give_sack_window(VICTIM->flight.cum.v, 0, NULL, 0), 0);
	assert_int_equal(count_sent(SCTP_DATA), 0);
	/* taken, and closed again: after a while another one */
	assert_int_equal(give_sack_window(VICTIM->flight.next.v - 1, 0, NULL, 0), 0);
	assert_silent();
	VICTIM->cc.cwnd = 0; /* which cannot be: but a probe asks for it, too */
	solo_expire(SCTP_T3);
	assert_int_equal(count_sent(SCTP_DATA), 0);
	VICTIM->cc.cwnd = 5000;
	assert_int_equal(count_sent(SCTP_DATA), 1);
	assert_int_equal(give_sack_window(VICTIM->flight.next.v - 1, 100000, NULL, 0), 0);
	assert_int_equal(count_sent(SCTP_DATA), 3);
	pair_free(&pair);
}

/* 6.1: the sender's half of the silly window syndrome. */
static void a_small_window_is_not_filled_with_small_chunks(void **state)
{
	struct sctp_data all[8];

	(void)state;
	for (uint32_t window = 0; window <= 3000; window += 100) {
		solo_begin(9, SCTP_ESTABLISHED);
		open_windows();
		assert_int_equal(give_sack_window(VICTIM->flight.cum.v, window, NULL, 0), 0);
		assert_int_equal(pair_number(&pair, 1, 1, 0, 20000, NULL), TAUT_OK);
		const size_t n = data_sent(all, 8);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(all[i].len, 1132);
		assert_int_equal(n, window < 1132 ? 0 : window < 1148 + 1132 ? 1 : 2);
		pair_free(&pair);
	}
}

/* 6.1 B: beyond cwnd by less than a packet, and no more until something is acknowledged. */
static void no_more_is_out_than_cwnd_and_a_packet(void **state)
{
	(void)state;
	for (size_t cwnd = 1148; cwnd <= 8000; cwnd += 97) {
		solo_begin(10, SCTP_ESTABLISHED);
		open_windows();
		VICTIM->cc.cwnd = cwnd;
		for (uint32_t n = 0; n < 40; n++)
			assert_int_equal(pair_number(&pair, 1, 1, n, 100 + 60 * n, NULL), TAUT_OK);
		discard_sent();
		assert_in_range(VICTIM->flight.flight, cwnd, cwnd + VICTIM->cc.pmdcs - 1);
		const uint32_t next = VICTIM->flight.next.v;
		assert_silent();
		assert_int_equal(VICTIM->flight.next.v, next);
		pair_free(&pair);
	}
}

/* 6.1 C, 6.10: what is sent again comes first, and in order. */
static void what_is_lost_leaves_before_what_is_new(void **state)
{
	struct sctp_data all[32];

	(void)state;
	solo_begin(11, SCTP_ESTABLISHED);
	open_windows();
	for (uint32_t n = 0; n < 6; n++)
		assert_int_equal(pair_number(&pair, 1, 1, n, 500, NULL), TAUT_OK);
	const uint32_t first = VICTIM->flight.next.v;
	assert_int_equal(data_sent(all, 32), 6);
	assert_int_equal(pair_number(&pair, 1, 1, 7, 100, NULL), TAUT_OK);
	VICTIM->cc.cwnd = 1;
	solo_expire(SCTP_T3);
	assert_int_equal(data_sent(all, 32), 2); /* 6.3.3 E3: one packet */
	assert_true(all[0].tsn.v == first && all[1].tsn.v == first + 1);
	open_windows();
	assert_int_equal(give_sack(first + 1, NULL, 0), 0);
	open_windows();
	assert_int_equal(data_sent(all, 32), 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(all[i].tsn.v, first + 2 + i);
	pair_free(&pair);
}

/* 6.1, 6.3.2 R1: started by the first, and again only by the earliest that is out. */
static void t3_is_started_and_restarted_by_the_earliest_only(void **state)
{
	(void)state;
	solo_begin(12, SCTP_ESTABLISHED);
	open_windows();
	assert_int_equal(pair_number(&pair, 1, 1, 1, 1100, NULL), TAUT_OK);
	assert_false(tt_sctp_runs(VICTIM, SCTP_T3));
	discard_sent();
	const taut_time t3 = VICTIM->timer[SCTP_T3];
	assert_int_equal(t3 - pair.sim.now, VICTIM->rtt.rto);
	const uint32_t first = VICTIM->flight.next.v - 1;
	for (uint32_t n = 0; n < 3; n++) { /* while it runs new ones do not move it */
		pair.sim.now += 1000;
		assert_int_equal(pair_number(&pair, 1, 1, 2 + n, 1100, NULL), TAUT_OK);
		discard_sent();
		assert_true(VICTIM->timer[SCTP_T3] == t3);
	}
	tt_sctp_flight_mark(&VICTIM->flight, s32(first + 2)); /* as if found lost */
	pair.sim.now += 1000;
	discard_sent();
	assert_int_equal(VICTIM->flight.marked, 0);
	assert_true(VICTIM->timer[SCTP_T3] == t3);
	tt_sctp_flight_mark(&VICTIM->flight, s32(first));
	pair.sim.now += 1000;
	discard_sent();
	assert_true(VICTIM->timer[SCTP_T3] == pair.sim.now + VICTIM->rtt.rto);
	pair_free(&pair);
}

/* 6.1: neither numbers of 2^31 nor 2^16 messages of a stream are under way at once; by far. */
static void so_many_chunks_are_out_and_no_more(void **state)
{
	(void)state;
	solo_begin(13, SCTP_ESTABLISHED);
	const uint32_t first = VICTIM->flight.next.v;
	for (uint32_t n = 0; n < 66000; n++) {
		assert_int_equal(pair_number(&pair, 1, 1, n, 4, NULL), TAUT_OK);
		if (n % 500 == 499 || n > 65900) {
			open_windows();
			discard_sent();
		}
	}
	assert_int_equal(VICTIM->flight.next.v - first, 65535);
	assert_int_equal(tt_sctp_flight_count(&VICTIM->flight), SCTP_MAX_OUTSTANDING);
	pair_free(&pair);
}

/* ---- what is received ---- */

static struct sctp_sack sack_in(const struct sent *p)
{
	struct sctp_sack s;

	for (size_t i = 0; i < p->count; i++)
		if (p->chunks[i].type == SCTP_SACK) {
			assert_true(tt_sctp_read_sack(&s, &p->chunks[i]));
			return s;
		}
	fail_msg("no SACK");
	return (struct sctp_sack){ 0 };
}

static struct sctp_sack next_sack(void)
{
	struct sent p;

	assert_true(next_sent(&p));
	return sack_in(&p);
}

/* 5.1, 6.2: the first packet at once, then every second, and a single one soon. */
static void an_acknowledgement_is_never_late(void **state)
{
	(void)state;
	solo_begin(20, SCTP_ESTABLISHED);
	assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "x"), 0);
	assert_int_equal(next_sack().cum.v, PEER_TSN);
	assert_int_equal(give_data(PEER_TSN + 1, 0, 1, "BE", "x"), 0);
	assert_silent();
	const taut_time start = pair.sim.now;
	solo_expire(SCTP_T_SACK);
	assert_in_range(pair.sim.now - start, 1, 500000);
	assert_int_equal(next_sack().cum.v, PEER_TSN + 1);
	for (uint32_t n = 2; n < 10; n += 2) {
		assert_int_equal(give_data(PEER_TSN + n, 0, (uint16_t)n, "BE", "x"), 0);
		assert_silent();
		assert_int_equal(give_data(PEER_TSN + n + 1, 0, (uint16_t)(n + 1), "BE", "x"), 0);
		const struct sctp_sack s = next_sack();
		assert_int_equal(s.cum.v, PEER_TSN + n + 1);
		assert_int_equal(s.gap_count + s.dup_count, 0);
		assert_silent();
	}
	pair_free(&pair);
}

/* 6.2, RFC 7053: the I bit. */
static void what_is_marked_so_is_acknowledged_at_once(void **state)
{
	(void)state;
	solo_begin(21, SCTP_ESTABLISHED);
	assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "x"), 0);
	assert_int_equal(next_sack().cum.v, PEER_TSN);
	for (uint32_t n = 1; n < 4; n++) {
		assert_int_equal(give_data(PEER_TSN + n, 0, (uint16_t)n, "BEI", "x"), 0);
		assert_int_equal(next_sack().cum.v, PEER_TSN + n);
		assert_silent();
	}
	assert_int_equal(give_data(PEER_TSN + 4, 0, 4, "BE", "x"), 0);
	assert_silent();
	pair_free(&pair);
}

/* 3.3.4: the four fields, then gaps, then duplicates. */
static void a_sack_lies_as_the_rfc_draws_it(void **state)
{
	static const uint8_t want[] = { SCTP_SACK, 0, 0, 28, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 2,
					0,         1, 0, 2,  0, 3, 0, 5,    0, 5, 0, 0, 3, 0xeb };
	struct sent p;

	(void)state;
	solo_begin(21, SCTP_ESTABLISHED);
	assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "x"), 0);
	assert_int_equal(give_data(PEER_TSN + 2, 0, 2, "BE", "x"), 0);
	assert_int_equal(give_data(PEER_TSN + 5, 0, 5, "BE", "x"), 0);
	assert_int_equal(give_data(PEER_TSN + 3, 0, 3, "BE", "x"), 0);
	discard_sent();
	assert_int_equal(give_data(PEER_TSN + 3, 0, 3, "BE", "x"), 1);
	assert_true(next_sent(&p));
	assert_int_equal(p.count, 1);
	const uint32_t window = u32_of(p.bytes + 20);
	assert_int_equal(window, tt_sctp_window(VICTIM));
	memset(p.bytes + 20, 0, 4);
	assert_memory_equal(p.bytes + 12, want, sizeof want);
	pair_free(&pair);
}

/* 6.2: a duplicate is acknowledged at once, and named. */
static void a_duplicate_is_acknowledged_at_once(void **state)
{
	(void)state;
	solo_begin(22, SCTP_ESTABLISHED);
	assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "x"), 0);
	discard_sent();
	for (int n = 0; n < 3; n++) {
		assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "x"), 1);
		const struct sctp_sack s = next_sack();
		assert_int_equal(s.cum.v, PEER_TSN);
		assert_int_equal(s.dup_count, 1);
		assert_silent();
	}
	pair_free(&pair);
}

/* 6.7: a gap at once; all of them in one SACK, from the lowest on, as far as a packet has room. */
static void gaps_are_reported_from_the_lowest_on_in_one_sack(void **state)
{
	struct sctp_sack s;
	struct sent p;

	(void)state;
	solo_begin(23, SCTP_ESTABLISHED);
	for (uint32_t n = 0; n < 400; n++) {
		assert_int_equal(
			give_data(PEER_TSN + 1 + 2 * n, 0, (uint16_t)(1 + 2 * n), "BE", "x"), 0);
		s = next_sack();
		assert_silent();
		assert_int_equal(s.cum.v, PEER_TSN - 1);
		assert_int_equal(s.gap_count, tt_min(n + 1, (1160 - 12 - 16) / 4));
		for (uint32_t k = 0; k < s.gap_count; k++) {
			const struct sctp_gap g = tt_sctp_next_gap(&s.gaps);
			assert_int_equal(g.start, 2 + 2 * k);
			assert_int_equal(g.end, 2 + 2 * k);
		}
	}
	assert_int_equal(give_data(PEER_TSN + 1, 0, 1, "BE", "x"), 1);
	assert_true(next_sent(&p));
	assert_int_equal(p.len, 1160);
	s = sack_in(&p);
	assert_int_equal(s.gap_count, (1160 - 12 - 16 - 4) / 4); /* and the duplicate */
	pair_free(&pair);
}

/* 6.2: what finds no room is not acknowledged, and the sender is told so at once. */
static void what_finds_no_room_is_not_acknowledged(void **state)
{
	static char big[1101];
	uint32_t tsn = PEER_TSN + 1;

	(void)state;
	solo_begin(24, SCTP_ESTABLISHED);
	memset(big, 'x', sizeof big - 1);
	while (give_data(tsn, 0, (uint16_t)(tsn - PEER_TSN), "BE", big) == 0)
		tsn++;
	assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_WINDOW_FULL], 1);
	struct sctp_sack s = { 0 };
	struct sent p;
	while (next_sent(&p))
		s = sack_in(&p);
	assert_int_equal(s.window, 0);
	assert_int_equal(s.gap_count, 1);
	assert_int_equal(tt_sctp_next_gap(&s.gaps).end, tsn - PEER_TSN); /* the one before it */
	for (int n = 0; n < 3; n++) {
		assert_int_equal(give_data(tsn + (uint32_t)n, 0, 0, "BE", big), 1);
		s = next_sack();
		assert_int_equal(tt_sctp_next_gap(&s.gaps).end, tsn - PEER_TSN);
		assert_silent();
	}
	pair_free(&pair);
}

/* 6.2: a window below a packet is none, and one that opens is told in a few large steps. */
static void the_window_is_told_in_large_steps(void **state)
{
	static char big[1101];
	uint32_t tsn = PEER_TSN;
	unsigned updates = 0;

	(void)state;
	solo_begin(25, SCTP_ESTABLISHED);
	memset(big, 'x', sizeof big - 1);
	for (uint32_t window = UINT32_MAX; window > 0; tsn++) {
		struct sent p;
		if (give_data(tsn, 0, (uint16_t)(tsn - PEER_TSN), "BE", big) != 0)
			break;
		while (next_sent(&p)) {
			window = (uint32_t)sack_in(&p).window;
			assert_true(window == 0 || window >= VICTIM->cc.pmdcs);
		}
	}
	const struct tt_sctp_event *e;
	unsigned messages = 0;
	while ((e = tt_sctp_poll_event(VICTIM)) != NULL) {
		messages++;
		updates += count_sent(SCTP_SACK);
	}
	assert_in_range(messages, 500, 2000);
	assert_in_range(updates, 1, 4);
	pair_free(&pair);
}

static unsigned with_data, sacks, bare_sacks;

static void count_packets(struct pair *p, int to, uint8_t *data, size_t *len)
{
	struct sctp_header h;
	struct rd r;
	struct sctp_tlv c;
	bool any = false;
	unsigned mine = 0;

	(void)p;
	assert_int_equal(tt_sctp_read_packet(&h, &r, data, *len, false), TT_TAKEN);
	while (tt_sctp_next(&r, &c)) {
		any = any || c.type == SCTP_DATA;
		mine += c.type == SCTP_SACK;
	}
	assert_true(mine <= 1);
	with_data += to == 1 && any;
	sacks += to == 0 ? mine : 0;
	bare_sacks += to == 0 && mine && *len == 28;
}

/* 6.2: not even where packets are lost, doubled and reordered. */
static void there_are_no_more_sacks_than_packets(void **state)
{
	const struct sim_link links[] = {
		{ .delay = 10000 },
		{ .delay = 10000, .loss = 50, .duplicate = 50, .reorder = 100, .jitter = 3000 }
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(links); i++) {
		const struct tt_sctp_config cfg = { .no_zero_checksum = true };
		pair_init(&pair, 26 + i, &links[i], &cfg);
		pair_connect(&pair);
		with_data = sacks = bare_sacks = 0;
		pair.on_packet = count_packets;
		for (uint32_t n = 0; n < 30; n++)
			assert_int_equal(pair_number(&pair, 0, 1, n, 20000, NULL), 0);
		pair_run(&pair, 60 * (taut_time)SECOND);
		assert_int_equal(pair.count[1], 30);
		assert_in_range(sacks, with_data / 3,
				i == 0 ? with_data * 3 / 4 : with_data * 11 / 10);
		pair.on_packet = NULL;
		pair_free(&pair);
	}
}

/* 6.6: by their numbers, or at once. 3.3.1: the number of an unordered one says nothing. */
static void ordered_messages_wait_for_their_turn_and_others_do_not(void **state)
{
	(void)state;
	solo_begin(28, SCTP_ESTABLISHED);
	assert_int_equal(give_data(PEER_TSN, 1, 2, "BE", "cccc"), 0);
	assert_int_equal(give_data(PEER_TSN + 1, 1, 1, "BE", "bbbb"), 0);
	assert_int_equal(give_data(PEER_TSN + 3, 1, 777, "UBE", "uuuu"), 0);
	assert_int_equal(give_data(PEER_TSN + 4, 1, 777, "UBE", "vvvv"), 0);
	assert_int_equal(give_data(PEER_TSN + 5, 2, 0, "BE", "next"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 3);
	assert_memory_equal(&pair.log[1][0].first, "uuuu", 4);
	assert_memory_equal(&pair.log[1][1].first, "vvvv", 4);
	assert_int_equal(give_data(PEER_TSN + 2, 1, 0, "BE", "aaaa"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 6);
	assert_memory_equal(&pair.log[1][3].first, "aaaa", 4);
	assert_memory_equal(&pair.log[1][4].first, "bbbb", 4);
	assert_memory_equal(&pair.log[1][5].first, "cccc", 4);
	pair_free(&pair);
}

/* 6.10: as they lie in the packet. */
static void chunks_are_processed_in_their_order(void **state)
{
	uint8_t buf[400];
	struct sent p;

	(void)state;
	solo_begin(29, SCTP_ESTABLISHED);
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	for (uint32_t n = 0; n < 3; n++) {
		const uint8_t beat[] = { 0, 1, 0, 8, 9, 9, 9, (uint8_t)n };
		const uint8_t text[] = { 'a', 'b', 'c', (uint8_t)('0' + n) };
		add_chunk(&w, SCTP_HEARTBEAT, 0, beat, sizeof beat);
		tt_sctp_write_data(&w, &(struct sctp_data){ .tsn = { PEER_TSN + n },
							    .unordered = true,
							    .begin = true,
							    .end = true,
							    .data = text,
							    .len = 4 });
	}
	assert_int_equal(give(&w), 0);
	assert_true(next_sent(&p));
	assert_int_equal(p.count, 4);
	assert_int_equal(p.chunks[0].type, SCTP_SACK);
	for (uint8_t n = 0; n < 3; n++)
		assert_int_equal(p.chunks[1 + n].whole.p[11], n);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 3);
	for (size_t n = 0; n < 3; n++)
		assert_int_equal(((const uint8_t *)&pair.log[1][n].first)[3], '0' + n);
	pair_free(&pair);
}

/* 6.3.1 C4, C5: one measurement each round trip, and none by what was sent twice. */
static void round_trips_are_measured_once_and_not_by_what_was_resent(void **state)
{
	(void)state;
	solo_begin(30, SCTP_ESTABLISHED);
	for (uint32_t round = 0; round < 5; round++) {
		open_windows();
		for (uint32_t n = 0; n < 4; n++)
			assert_int_equal(pair_number(&pair, 1, 1, n, 1100, NULL), TAUT_OK);
		discard_sent();
		assert_true(VICTIM->flight.timing);
		const taut_time before = VICTIM->rtt.srtt;
		pair.sim.now += 40000 + 8000 * round;
		assert_int_equal(give_sack_window(VICTIM->flight.next.v - 3, 1000000, NULL, 0), 0);
		const taut_time once = VICTIM->rtt.srtt;
		assert_true(once != before);
		pair.sim.now += 4000;
		assert_int_equal(give_sack_window(VICTIM->flight.next.v - 1, 1000000, NULL, 0), 0);
		assert_true(VICTIM->rtt.srtt == once);
	}
	open_windows();
	assert_int_equal(pair_number(&pair, 1, 1, 9, 1100, NULL), TAUT_OK);
	discard_sent();
	const taut_time srtt = VICTIM->rtt.srtt;
	solo_expire(SCTP_T3);
	discard_sent();
	pair.sim.now += 1000;
	assert_int_equal(give_sack_window(VICTIM->flight.next.v - 1, 1000000, NULL, 0), 0);
	assert_int_equal(VICTIM->flight.flight, 0);
	assert_true(VICTIM->rtt.srtt == srtt);
	pair_free(&pair);
}

/* ---- 7.2, with the RFC's controller ---- */

static void begin_by_the_rfc(uint64_t seed)
{
	solo_init_with(seed, (struct tt_sctp_config){ .congestion_control = TAUT_CC_RFC9260 });
	solo_reach(SCTP_ESTABLISHED);
	VICTIM->peer_window = 1000000;
}

static void fill_window(void)
{
	VICTIM->last_data_sent = pair.sim.now;
	VICTIM->burst = 1000000;
	for (uint32_t n = 0; n < 60 && tt_sctp_can_hold(VICTIM, 1132); n++)
		assert_int_equal(pair_number(&pair, 1, 1, n, 1132, NULL), TAUT_OK);
	VICTIM->burst = 1000000;
	VICTIM->cc.pace = 0;
	discard_sent();
}

/* 7.2.1 */
static void the_first_window_is_that_of_the_rfc(void **state)
{
	static const uint32_t kinds[] = { TAUT_CC_DEFAULT, TAUT_CC_RFC9260, TAUT_CC_CUBIC,
					  TAUT_CC_MODEL };
	static const uint16_t packets[] = { 576, 1160, 1200, 4000 };

	(void)state;
	for (size_t k = 0; k < TT_COUNT(kinds); k++)
		for (size_t i = 0; i < TT_COUNT(packets); i++) {
			const size_t pmdcs = packets[i] - 12;
			pair_init(&pair, 40, NULL,
				  &(struct tt_sctp_config){ .congestion_control = kinds[k],
							    .max_packet = packets[i] });
			assert_int_equal(VICTIM->cc.cwnd,
					 tt_min(4 * pmdcs, tt_max(2 * pmdcs, 4404)));
			pair_free(&pair);
		}
}

/* 7.2.5: what was learnt about the old one is forgotten, and nothing of what is under way. */
static void a_new_path_begins_with_the_first_window(void **state)
{
	static const uint32_t kinds[] = { TAUT_CC_RFC9260, TAUT_CC_CUBIC, TAUT_CC_MODEL };

	(void)state;
	for (size_t k = 0; k < TT_COUNT(kinds); k++) {
		struct sent p;
		solo_init_with(45, (struct tt_sctp_config){ .congestion_control = kinds[k] });
		solo_reach(SCTP_ESTABLISHED);
		const struct sctp_cc first = VICTIM->cc;
		for (int round = 0; round < 8; round++) {
			VICTIM->peer_window = 1000000;
			fill_window();
			pair.sim.now += 40000;
			assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
		}
		fill_window();
		assert_true(VICTIM->cc.cwnd > 2 * first.cwnd);
		const size_t flight = VICTIM->flight.flight;
		assert_true(flight > first.cwnd);
		tt_sctp_new_path(VICTIM);
		assert_memory_equal(&VICTIM->cc, &first, sizeof first);
		assert_int_equal(VICTIM->flight.flight, flight);
		assert_int_equal(VICTIM->rtt.least, 0);
		assert_sends_alone(&p, PEER_TAG, SCTP_HEARTBEAT, 0); /* how long is it? */
		assert_silent();
		pair.sim.now += 90000;
		const size_t held = tt_sctp_held(VICTIM);
		assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
		assert_true(tt_sctp_held(VICTIM) < held);
		assert_int_equal(VICTIM->rtt.least, 90000);
		if (kinds[k] != TAUT_CC_MODEL) /* which begins by all that arrives */
			assert_in_range(VICTIM->cc.cwnd, first.cwnd,
					first.cwnd + 2 * VICTIM->cc.pmdcs);
		pair_free(&pair);
	}
}

/* 7.2.1: by what was acknowledged, a packet at most; only where it was full, and not in Fast Recovery. */
static void slow_start_grows_where_the_window_was_full(void **state)
{
	(void)state;
	begin_by_the_rfc(41);
	const size_t pmdcs = VICTIM->cc.pmdcs;
	size_t cwnd = VICTIM->cc.cwnd;
	assert_int_equal(pair_number(&pair, 1, 1, 1, 1132, NULL), TAUT_OK);
	discard_sent();
	pair.sim.now += 40000;
	assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
	assert_int_equal(VICTIM->cc.cwnd, cwnd); /* it was not full */
	fill_window();
	pair.sim.now += 40000;
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, NULL, 0), 0);
	assert_int_equal(VICTIM->cc.cwnd, cwnd + pmdcs);
	fill_window();
	pair.sim.now += 40000;
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 3, NULL, 0), 0);
	assert_int_equal(VICTIM->cc.cwnd, cwnd + 2 * pmdcs); /* L is 1 */
	fill_window();
	cwnd = VICTIM->cc.cwnd;
	pair.sim.now += 40000;
	assert_int_equal(give_sack(VICTIM->flight.cum.v, (uint16_t[]){ 2, 2 }, 2), 0);
	assert_int_equal(VICTIM->cc.cwnd, cwnd); /* the cumulative TSN did not move */
	assert_int_equal(give_sack(VICTIM->flight.cum.v, (uint16_t[]){ 2, 5 }, 2), 0);
	assert_true(VICTIM->flight.recovering);
	discard_sent();
	cwnd = VICTIM->cc.cwnd;
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, NULL, 0), 0);
	assert_true(VICTIM->flight.recovering);
	assert_int_equal(VICTIM->cc.cwnd, cwnd);
	pair_free(&pair);
}

/* 7.2.2 */
static void congestion_avoidance_adds_a_packet_each_round_trip(void **state)
{
	(void)state;
	begin_by_the_rfc(42);
	VICTIM->cc.ssthresh = VICTIM->cc.cwnd - 1;
	for (int round = 0; round < 10; round++) {
		fill_window();
		const size_t cwnd = VICTIM->cc.cwnd;
		const uint32_t last = VICTIM->flight.next.v - 1;
		while (VICTIM->flight.cum.v != last)
			assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, NULL, 0), 0);
		assert_in_range(VICTIM->cc.cwnd, cwnd, cwnd + VICTIM->cc.pmdcs);
		pair.sim.now += 10000;
	}
	assert_true(VICTIM->cc.cwnd > 4404 + 5 * VICTIM->cc.pmdcs);
	pair_free(&pair);
}

/* 7.2.1, 7.2.3, 6.3.3: a packet, and one until it is acknowledged; with each controller. */
static void after_a_timeout_one_packet_is_out(void **state)
{
	static const uint32_t kinds[] = { TAUT_CC_RFC9260, TAUT_CC_CUBIC, TAUT_CC_MODEL };

	(void)state;
	for (size_t k = 0; k < TT_COUNT(kinds); k++) {
		solo_init_with(43, (struct tt_sctp_config){ .congestion_control = kinds[k] });
		solo_reach(SCTP_ESTABLISHED);
		open_windows();
		VICTIM->cc.cwnd = 20000;
		fill_window();
		solo_expire(SCTP_T3);
		if (kinds[k] != TAUT_CC_MODEL)
			assert_true(VICTIM->cc.cwnd <= VICTIM->cc.pmdcs);
		VICTIM->burst = 1000000;
		discard_sent();
		assert_true(VICTIM->flight.flight <= VICTIM->cc.pmdcs);
		assert_int_equal(VICTIM->flight.listed, 1);
		pair_free(&pair);
	}
}

/* 7.2.4: the SACK that reports a loss also grew the window, before it shrinks. */
static void a_sack_with_a_loss_counts_what_it_acknowledges_first(void **state)
{
	(void)state;
	begin_by_the_rfc(44);
	VICTIM->cc.cwnd = 20000;
	fill_window();
	pair.sim.now += 40000;
	const size_t cwnd = VICTIM->cc.cwnd;
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, (uint16_t[]){ 2, 9 }, 2), 0);
	assert_true(VICTIM->flight.recovering);
	assert_int_equal(VICTIM->cc.ssthresh, (cwnd + VICTIM->cc.pmdcs) / 2);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_leaves_in_its_states_only),
		cmocka_unit_test(data_is_taken_in_its_states_only),
		cmocka_unit_test(a_sack_counts_while_data_may_be_out),
		cmocka_unit_test(a_chunk_of_data_lies_as_the_rfc_draws_it),
		cmocka_unit_test(a_fragmented_message_is_numbered_and_marked),
		cmocka_unit_test(stream_sequence_numbers_count_ordered_messages),
		cmocka_unit_test(a_packet_with_a_sack_holds_less_data),
		cmocka_unit_test(tsns_wrap),
		cmocka_unit_test(a_closed_window_is_probed_and_not_filled),
		cmocka_unit_test(a_small_window_is_not_filled_with_small_chunks),
		cmocka_unit_test(no_more_is_out_than_cwnd_and_a_packet),
		cmocka_unit_test(what_is_lost_leaves_before_what_is_new),
		cmocka_unit_test(t3_is_started_and_restarted_by_the_earliest_only),
		cmocka_unit_test(so_many_chunks_are_out_and_no_more),
		cmocka_unit_test(an_acknowledgement_is_never_late),
		cmocka_unit_test(what_is_marked_so_is_acknowledged_at_once),
		cmocka_unit_test(a_sack_lies_as_the_rfc_draws_it),
		cmocka_unit_test(a_duplicate_is_acknowledged_at_once),
		cmocka_unit_test(gaps_are_reported_from_the_lowest_on_in_one_sack),
		cmocka_unit_test(what_finds_no_room_is_not_acknowledged),
		cmocka_unit_test(the_window_is_told_in_large_steps),
		cmocka_unit_test(there_are_no_more_sacks_than_packets),
		cmocka_unit_test(ordered_messages_wait_for_their_turn_and_others_do_not),
		cmocka_unit_test(chunks_are_processed_in_their_order),
		cmocka_unit_test(round_trips_are_measured_once_and_not_by_what_was_resent),
		cmocka_unit_test(the_first_window_is_that_of_the_rfc),
		cmocka_unit_test(a_new_path_begins_with_the_first_window),
		cmocka_unit_test(slow_start_grows_where_the_window_was_full),
		cmocka_unit_test(congestion_avoidance_adds_a_packet_each_round_trip),
		cmocka_unit_test(after_a_timeout_one_packet_is_out),
		cmocka_unit_test(a_sack_with_a_loss_counts_what_it_acknowledges_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
