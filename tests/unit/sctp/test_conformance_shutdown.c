/* The end of an association as RFC 9260 sections 4, 8.4, 8.5.1 and 9.2 ask for; docs/RFC9260.md says which sentence. */
#include "unit/sctp/sctp_solo.h"

static uint32_t cum_in(const struct sctp_tlv *shutdown)
{
	assert_int_equal(shutdown->type, SCTP_SHUTDOWN);
	assert_int_equal(shutdown->whole.len, 8);
	return u32_of(shutdown->whole.p + 4);
}

/* 9.2, 6.3.3 E2: again with what has come since, after twice as long each time, and not for ever. */
static void a_shutdown_is_repeated_with_what_came_since(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(1, SCTP_ESTABLISHED);
	assert_int_equal(tt_sctp_shutdown(VICTIM, pair.sim.now), TAUT_OK);
	assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN, 0);
	assert_int_equal(cum_in(&p.chunks[0]), PEER_TSN - 1);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_SENT);
	assert_int_equal(VICTIM->timer[SCTP_T2] - pair.sim.now, VICTIM->rtt.rto);
	assert_int_equal(give_data(PEER_TSN, 0, 0, "BE", "late"), 0);
	discard_sent();
	taut_time wait = VICTIM->rtt.rto;
	for (int n = 0; n < 4; n++) {
		solo_expire(SCTP_T2);
		assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN, 0);
		assert_int_equal(cum_in(&p.chunks[0]), PEER_TSN);
		wait *= 2;
		assert_int_equal(VICTIM->timer[SCTP_T2] - pair.sim.now, wait);
	}
	pair_free(&pair);
}

static void a_shutdown_ack_is_repeated(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(2, SCTP_SHUTDOWN_ACK_SENT);
	taut_time wait = VICTIM->rtt.rto;
	for (int n = 0; n < 4; n++) {
		solo_expire(SCTP_T2);
		assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN_ACK, 0);
		wait *= 2;
		assert_int_equal(VICTIM->timer[SCTP_T2] - pair.sim.now, wait);
	}
	pair_free(&pair);
}

/* 9.2: SHUTDOWN ACK was lost. It goes out once more, whatever the peer now says of TSNs, and T2 runs on. */
static void a_shutdown_that_comes_again_is_answered_again(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(2, SCTP_SHUTDOWN_ACK_SENT);
	const taut_time t2 = VICTIM->timer[SCTP_T2];
	for (uint32_t n = 0; n < 3; n++) {
		pair.sim.now += 1000;
		assert_int_equal(give_shutdown(VICTIM->flight.cum.v + 1000 * n), 0);
		assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_ACK_SENT);
		assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN_ACK, 0);
		assert_silent();
		assert_true(VICTIM->timer[SCTP_T2] == t2);
	}
	pair_free(&pair);
}

/* 9.2: each packet with DATA is answered by SHUTDOWN, and T2 begins anew. What SHUTDOWN cannot say a SACK says beside it. */
static void data_after_shutdown_is_acknowledged_at_once(void **state)
{
	static const struct {
		uint32_t plus, cum;
		bool sack;
	} rows[] = {
		{ 0, 0, true }, { 1, 1, false }, { 3, 1, true }, { 2, 3, false }, { 2, 3, true }
	};
	struct sent p;

	(void)state;
	solo_begin(3, SCTP_SHUTDOWN_SENT);
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		pair.sim.now += 1000;
		const bool again = i == 4;
		assert_int_equal(
			give_data(PEER_TSN + rows[i].plus, 0, (uint16_t)rows[i].plus, "BE", "more"),
			again);
		assert_true(next_sent(&p));
		assert_int_equal(p.chunks[p.count - 1].type, SCTP_SHUTDOWN);
		assert_int_equal(cum_in(&p.chunks[p.count - 1]), PEER_TSN + rows[i].cum);
		if (rows[i].sack)
			assert_true(has_chunk(&p, SCTP_SACK));
		assert_int_equal(VICTIM->timer[SCTP_T2] - pair.sim.now, VICTIM->rtt.rto);
		assert_silent();
	}
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 4);
	pair_free(&pair);
}

/* 9.2, 4: it sends what it has, takes no more, and answers. */
static void who_received_shutdown_sends_what_is_left(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(4, SCTP_ESTABLISHED);
	VICTIM->cc.cwnd = VICTIM->burst = 2000;
	assert_int_equal(pair_number(&pair, 1, 1, 1, 8000, NULL), TAUT_OK);
	assert_int_equal(count_sent(SCTP_DATA), 2);
	assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_RECEIVED);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 10, NULL), TAUT_E_STATE);
	assert_int_equal(tt_sctp_shutdown(VICTIM, pair.sim.now),
			 TAUT_OK); /* which changes nothing */
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_RECEIVED);
	assert_silent();
	solo_expire(SCTP_T3); /* what was lost is sent again */
	assert_true(count_sent(SCTP_DATA) >= 1);
	for (int n = 0; n < 20 && VICTIM->state == SCTP_SHUTDOWN_RECEIVED; n++) {
		assert_int_equal(give_shutdown(VICTIM->flight.next.v - 1), 0);
		if (VICTIM->state == SCTP_SHUTDOWN_RECEIVED)
			assert_true(count_sent(SCTP_DATA) >= 1);
	}
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_ACK_SENT);
	assert_int_equal(VICTIM->counters.chunks_sent - VICTIM->counters.chunks_resent, 8);
	assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN_ACK, 0);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T2));
	assert_int_equal(pair_number(&pair, 1, 1, 1, 10, NULL), TAUT_E_STATE);
	assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0); /* its answer was lost */
	assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN_ACK, 0);
	pair_free(&pair);
}

/* DATA chunks that leave now, and how many of them ask for a SACK at once. */
static unsigned data_sent(unsigned *immediate)
{
	struct sent p;
	unsigned n = 0;

	*immediate = 0;
	while (next_sent(&p))
		for (size_t i = 0; i < p.count; i++)
			if (p.chunks[i].type == SCTP_DATA) {
				n++;
				*immediate += (p.chunks[i].flags & SCTP_FLAG_IMMEDIATE) != 0;
			}
	return n;
}

/* 6.1, RFC 7053: the shutdown waits for the SACK of the last chunk, so that one alone is marked. */
static void the_last_chunk_before_a_shutdown_asks_for_its_sack(void **state)
{
	unsigned immediate, sent = 0;

	(void)state;
	solo_begin(5, SCTP_ESTABLISHED);
	VICTIM->cc.cwnd = VICTIM->burst = 2000;
	assert_int_equal(pair_number(&pair, 1, 1, 1, 5000, NULL), TAUT_OK);
	sent += data_sent(&immediate);
	assert_int_equal(immediate, 0);
	assert_int_equal(tt_sctp_shutdown(VICTIM, pair.sim.now), TAUT_OK);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_PENDING);
	while (VICTIM->queue.unsent > 0) {
		assert_int_equal(immediate, 0);
		assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
		VICTIM->cc.cwnd = VICTIM->burst = 2000;
		const unsigned n = data_sent(&immediate);
		assert_in_range(n, 1, 2);
		sent += n;
	}
	assert_int_equal(immediate, 1);
	assert_int_equal(sent, 5);
	pair_free(&pair);
}

/* However many gaps a SACK has to tell, the SHUTDOWN or SHUTDOWN ACK behind it leaves. */
static void gaps_leave_room_for_the_end(void **state)
{
	uint8_t cum[4];
	struct wr w;

	(void)state;
	for (int shuts = 0; shuts < 2; shuts++) {
		solo_begin(3, shuts ? SCTP_SHUTDOWN_SENT : SCTP_ESTABLISHED);
		for (uint32_t n = 0; n < 320; n++) {
			give_data(PEER_TSN + 1 + 2 * n, 0, (uint16_t)n, "BEU", "x");
			if (!shuts && n < 319)
				discard_sent();
		}
		w = wr_make(cum, sizeof cum);
		wr_u32(&w, VICTIM->flight.cum.v);
		if (!shuts)
			give_chunk(VICTIM->my_tag, SCTP_SHUTDOWN, 0, cum, sizeof cum);
		assert_int_equal(count_sent(shuts ? SCTP_SHUTDOWN : SCTP_SHUTDOWN_ACK), 1);
		pair_free(&pair);
	}
}

static void nothing_new_is_taken_once_the_end_has_begun(void **state)
{
	(void)state;
	for (int s = SCTP_SHUTDOWN_PENDING; s < SCTP_DEAD; s++) {
		solo_begin(5, (enum sctp_state)s);
		assert_int_equal(pair_number(&pair, 1, 1, 1, 10, NULL), TAUT_E_STATE);
		pair_free(&pair);
	}
}

/* 9.2, 8.5.1 C: with the tag of the peer, alone, and then there is nothing left of it. */
static void a_shutdown_ack_ends_it_and_is_answered(void **state)
{
	struct sent p;

	(void)state;
	for (int both = 0; both < 2; both++) { /* both said SHUTDOWN at once */
		solo_begin(6, both ? SCTP_SHUTDOWN_ACK_SENT : SCTP_SHUTDOWN_SENT);
		assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_SHUTDOWN_ACK, 0, NULL, 0), 0);
		assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN_COMPLETE, 0);
		assert_silent();
		assert_int_equal(VICTIM->state, SCTP_DEAD);
		assert_true(tt_sctp_deadline(VICTIM, NULL) == INT64_MAX);
		assert_int_equal(tt_sctp_held(VICTIM), 0);
		pair_free(&pair);
	}
}

/* 9.2: SHUTDOWN crosses SHUTDOWN. */
static void shutdowns_that_cross_are_both_acknowledged(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(7, SCTP_SHUTDOWN_SENT);
	assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_ACK_SENT);
	assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN_ACK, 0);
	assert_int_equal(VICTIM->timer[SCTP_T2] - pair.sim.now, VICTIM->rtt.rto);
	pair_free(&pair);
	solo_begin(7, SCTP_ESTABLISHED); /* before ours has left: then it need not */
	assert_int_equal(tt_sctp_shutdown(VICTIM, pair.sim.now), TAUT_OK);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_SENT);
	assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0);
	assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN_ACK, 0);
	assert_silent();
	pair_free(&pair);
	solo_begin(
		7,
		SCTP_SHUTDOWN_SENT); /* 8.1: it acknowledges nothing, so that the count of errors stays */
	solo_expire(SCTP_T2);
	discard_sent();
	assert_int_equal(VICTIM->errors, 1);
	assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0);
	assert_int_equal(VICTIM->errors, 1);
	pair_free(&pair);
}

/* 8.5.1 E, 9.2: one of before; its tag goes back, and T1 runs on. */
static void a_shutdown_ack_during_the_set_up_is_out_of_the_blue(void **state)
{
	struct sent p;

	(void)state;
	for (int s = SCTP_COOKIE_WAIT; s <= SCTP_COOKIE_ECHOED; s++) {
		solo_begin(8, (enum sctp_state)s);
		const taut_time t1 = VICTIM->timer[SCTP_T1];
		assert_int_equal(give_chunk(777, SCTP_SHUTDOWN_ACK, 0, NULL, 0), 1);
		assert_sends_alone(&p, 777, SCTP_SHUTDOWN_COMPLETE, SCTP_FLAG_T);
		assert_int_equal(VICTIM->state, s);
		assert_true(VICTIM->timer[SCTP_T1] == t1);
		pair_free(&pair);
	}
}

/* 8.5.1 C */
static void a_shutdown_complete_counts_in_its_state_and_with_its_tags_only(void **state)
{
	(void)state;
	for (int s = SCTP_CLOSED; s < SCTP_DEAD; s++)
		for (int reflected = 0; reflected < 2; reflected++)
			for (int mine = 0; mine < 2; mine++) {
				solo_begin(9, (enum sctp_state)s);
				const uint32_t tag = mine ? VICTIM->my_tag : PEER_TAG;
				const bool good = s == SCTP_SHUTDOWN_ACK_SENT && mine != reflected;
				assert_int_equal(give_chunk(tag, SCTP_SHUTDOWN_COMPLETE,
							    reflected ? SCTP_FLAG_T : 0, NULL, 0),
						 !good);
				assert_int_equal(VICTIM->state, good ? SCTP_DEAD : s);
				assert_silent();
				pair_free(&pair);
			}
}

/* 3.3.8, 4: while something of ours is out, SHUTDOWN waits. */
static void a_shutdown_waits_for_what_is_not_acknowledged(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(10, SCTP_SHUTDOWN_PENDING);
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, NULL, 0), 0);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_PENDING);
	assert_int_equal(count_sent(SCTP_SHUTDOWN), 0);
	assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
	assert_sends_alone(&p, PEER_TAG, SCTP_SHUTDOWN, 0);
	pair_free(&pair);
}

/* 3.3.8: a cumulative TSN and nothing else. */
static void a_shutdown_of_another_length_is_nothing(void **state)
{
	static const uint8_t value[12];

	(void)state;
	for (size_t n = 0; n <= sizeof value; n++) {
		uint8_t bytes[12] = { 0 };
		struct wr w = wr_make(bytes, sizeof bytes);

		if (n == 4)
			continue;
		solo_begin(8, SCTP_ESTABLISHED);
		wr_u32(&w, VICTIM->flight.cum.v);
		wr_bytes(&w, value, sizeof value - 4);
		const uint64_t before = VICTIM->env->drops[TAUT_DROP_SCTP_SHUTDOWN_MALFORMED];
		assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_SHUTDOWN, 0, bytes, n), 1);
		assert_int_equal(VICTIM->env->drops[TAUT_DROP_SCTP_SHUTDOWN_MALFORMED] - before, 1);
		assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
		pair_free(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shutdown_is_repeated_with_what_came_since),
		cmocka_unit_test(a_shutdown_ack_is_repeated),
		cmocka_unit_test(data_after_shutdown_is_acknowledged_at_once),
		cmocka_unit_test(who_received_shutdown_sends_what_is_left),
		cmocka_unit_test(the_last_chunk_before_a_shutdown_asks_for_its_sack),
		cmocka_unit_test(gaps_leave_room_for_the_end),
		cmocka_unit_test(nothing_new_is_taken_once_the_end_has_begun),
		cmocka_unit_test(a_shutdown_ack_ends_it_and_is_answered),
		cmocka_unit_test(shutdowns_that_cross_are_both_acknowledged),
		cmocka_unit_test(a_shutdown_ack_during_the_set_up_is_out_of_the_blue),
		cmocka_unit_test(a_shutdown_complete_counts_in_its_state_and_with_its_tags_only),
		cmocka_unit_test(a_shutdown_waits_for_what_is_not_acknowledged),
		cmocka_unit_test(a_shutdown_of_another_length_is_nothing),
		cmocka_unit_test(a_shutdown_that_comes_again_is_answered_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
