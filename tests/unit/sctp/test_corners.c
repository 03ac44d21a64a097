/* What an honest peer may do at an unlucky moment: RFC 9260 sections 5.2, 6.1, 9.2; RFC 6525. */
#include "base/num.h"
#include "unit/sctp/sctp_forge.h"

/* 9.2: SHUTDOWN has a cumulative TSN only; that it names no gaps takes nothing back. */
static void a_shutdown_does_not_take_gap_reports_back(void **state)
{
	(void)state;
	begin(1);
	pair_number(&pair, 1, 1, 1, 4000, NULL);
	pair_send(&pair, 1);
	uint32_t cum = VICTIM->flight.cum.v;
	pair.sim.now += 10000;
	assert_int_equal(give_sack(cum, (uint16_t[]){ 2, 3 }, 2), 0);
	size_t flight = VICTIM->flight.flight;
	for (int n = 0; n < 4; n++)
		assert_int_equal(give_shutdown(cum), 0);
	assert_int_equal(VICTIM->flight.flight, flight);
	assert_int_equal(VICTIM->flight.marked, 0);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_RECEIVED);
	pair_free(&pair);
}

/* What waits behind a reset must be sent before the last word, so its answer counts until then. */
static void a_reset_is_answered_after_the_peer_said_shutdown(void **state)
{
	(void)state;
	begin(2);
	pair_number(&pair, 1, 3, 1, 100, NULL);
	pair_run(&pair, SECOND);
	tt_sctp_reset_stream(VICTIM, pair.sim.now, 3);
	uint8_t buf[1500];
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	pair_number(&pair, 1, 3, 2, 100, NULL);
	assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_RECEIVED);
	assert_int_equal(give_response(VICTIM->reconfig.my_seq, 1), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(buf[12], SCTP_DATA);
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, NULL, 0), 0);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_ACK_SENT);
	pair_free(&pair);
}

/* 6525: "in progress" and "already in progress" both mean: later. */
static void a_busy_peer_is_asked_again(void **state)
{
	uint8_t buf[1500];

	(void)state;
	begin(3);
	tt_sctp_reset_stream(VICTIM, pair.sim.now, 3);
	uint32_t seq = VICTIM->reconfig.my_seq;
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(give_response(seq, 4), 0);
	pair.sim.now += SECOND;
	tt_sctp_tick(VICTIM, pair.sim.now);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(give_response(seq + 1, 1), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_out[1], 1);
	assert_int_equal(pair.reset_reason[1], 0);
	pair_free(&pair);
}

/* The answer to a reset came, the SACK before it did not: what is skipped then has the numbers of
 * the stream's former life. */
static void a_forward_tsn_does_not_name_numbers_of_before_a_reset(void **state)
{
	const struct tt_sctp_send_options once = { .limit_retransmits = true };
	uint8_t buf[1500];

	(void)state;
	begin(4);
	for (uint32_t n = 0; n < 10; n++)
		pair_number(&pair, 1, 3, n, 100, NULL);
	pair_run(&pair, SECOND);
	pair_number(&pair, 1, 3, 10, 100, &once);
	pair_number(&pair, 1, 4, 10, 100, &once);
	tt_sctp_reset_stream(VICTIM, pair.sim.now, 3);
	for (int n = 0; n < 2; n++)
		assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(give_response(VICTIM->reconfig.my_seq, 1), 0);
	pair.sim.now += SECOND;
	tt_sctp_tick(VICTIM, pair.sim.now);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(buf[12], SCTP_FORWARD_TSN);
	assert_int_equal(buf[15], 8 + 4); /* stream 4 alone */
	assert_int_equal(buf[21], 4);
	pair_free(&pair);
}

/* 6.1: what a full receiver threw away is not sent again but for the first of it. */
static void retransmissions_respect_a_closed_window(void **state)
{
	(void)state;
	begin(5);
	VICTIM->cc.cwnd = 100000;
	VICTIM->burst = 100000;
	pair_number(&pair, 1, 1, 1, 20000, NULL);
	uint8_t buf[1500];
	while (tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0)
		;
	uint32_t cum = VICTIM->flight.cum.v;
	assert_int_equal(give_sack_window(cum + 1, 0, NULL, 0), 0);
	pair.sim.now += 2 * SECOND;
	tt_sctp_tick(VICTIM, pair.sim.now);
	VICTIM->heartbeat_due = false;
	for (int n = 0; n < 5; n++) {
		size_t packets = 0;
		while (tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0)
			packets++;
		assert_int_equal(packets, n == 0);
		assert_int_equal(give_sack_window(cum + 1, 0, NULL, 0), 0);
	}
	assert_int_equal(give_sack_window(cum + 1, 100000, NULL, 0), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	pair_free(&pair);
}

/* DATA may come before the COOKIE ACK that was lost, and another set-up after it: numbers of the
 * first have no meaning in the second. */
static void data_of_a_set_up_that_came_to_nothing_is_forgotten(void **state)
{
	(void)state;
	pair_init(&pair, 6, NULL, NULL);
	tt_sctp_connect(VICTIM, pair.sim.now);
	uint8_t buf[1500];
	pair_send(&pair, 1);
	pair.sim.now += 10000;
	struct sim_packet *k = sim_take(&pair.sim); /* INIT */
	pair_recv(&pair, 0, k->data, k->len);
	free(k);
	size_t len = tt_sctp_poll_send(pair.s[0], pair.sim.now, buf, sizeof buf);
	pair_recv(&pair, 1, buf, len); /* INIT ACK */
	assert_int_equal(VICTIM->state, SCTP_COOKIE_ECHOED);
	uint32_t tsn = next_tsn();
	give_data(tsn, 1, 0, "B", "the beginning");
	give_data(tsn + 5, 1, 5, "BE", "whole");
	assert_true(VICTIM->rx.held > 0);

	/* the peer forgets its cookie: 5.2.6, stale */
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_ERROR, 0);
	tt_sctp_write_cause(&w, SCTP_C_STALE_COOKIE, "\0\0\0\1", 4);
	tt_sctp_end(&w, at);
	give(&w);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.connected[1], 1);
	assert_int_equal(VICTIM->rx.held, 0);
	pair_number(&pair, 0, 1, 1, 100, NULL);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.count[1], 1);
	assert_int_equal(pair.closed[1], 0);
	pair_free(&pair);
}

static void *(*usual)(void *ctx, void *p, size_t size);

static void *nothing_more(void *ctx, void *p, size_t size)
{
	return size > 0 ? NULL : usual(ctx, p, size);
}

/* A set-up that begins anew has a cookie already; one that there is no memory for does not replace it. */
static void a_second_cookie_without_memory_loses_nothing(void **state)
{
	uint8_t buf[1500];

	(void)state;
	pair_init(&pair, 7, NULL, NULL);
	usual = pair.sim.env[1].realloc;
	tt_sctp_connect(VICTIM, pair.sim.now);
	for (int round = 0; round < 2; round++) {
		size_t len = tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf);
		pair_recv(&pair, 0, buf, len); /* INIT */
		len = tt_sctp_poll_send(pair.s[0], pair.sim.now, buf, sizeof buf);
		if (round == 1)
			pair.sim.env[1].realloc = nothing_more;
		pair_recv(&pair, 1, buf, len); /* INIT ACK */
		if (round == 1)
			break;
		assert_int_equal(VICTIM->state, SCTP_COOKIE_ECHOED);
		struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		const size_t at = tt_sctp_begin(&w, SCTP_ERROR, 0);
		tt_sctp_write_cause(&w, SCTP_C_STALE_COOKIE, "\0\0\0\1", 4);
		tt_sctp_end(&w, at);
		give(&w);
	}
	assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_NO_MEMORY], 1);
	pair.sim.env[1].realloc = usual;
	pair_free(&pair); /* and all of it is given back */
}

static void restart_peer(void)
{
	tt_sctp_free(pair.s[0]);
	assert_int_equal(tt_sctp_new(&pair.s[0], &pair.sim.env[0], &(struct tt_sctp_config){ 0 },
	                             pair.sim.now), 0);
	pair.connected[0] = 0;
	tt_sctp_connect(pair.s[0], pair.sim.now);
}

/* RESTARTED says that both directions are empty: nothing of before may follow it. */
static void what_was_not_polled_before_a_restart_is_gone(void **state)
{
	(void)state;
	begin(7);
	pair_number(&pair, 0, 1, 1, 100, NULL);
	pair_number(&pair, 0, 1, 2, 100, NULL);
	pair_send(&pair, 0);
	pair.sim.now += 10000;
	for (struct sim_packet *k; (k = sim_take(&pair.sim)) != NULL; free(k))
		pair_recv(&pair, 1, k->data, k->len);
	const struct tt_sctp_event *e = tt_sctp_poll_event(VICTIM);
	assert_int_equal(e->type, TT_SCTP_MESSAGE);
	pair.keep_events[1] = true;
	restart_peer();
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(pair.connected[0], 1);
	assert_int_equal(e->len, 100); /* the one that is lent stays until the next is asked for */
	assert_int_equal(e->data[4], (uint8_t)(4 * 31 + 1));
	assert_int_equal(tt_sctp_poll_event(VICTIM)->type, TT_SCTP_RESTARTED);
	assert_null(tt_sctp_poll_event(VICTIM));
	pair_free(&pair);
}

static void who_wanted_to_leave_leaves_after_a_restart(void **state)
{
	(void)state;
	begin(8);
	pair.dead[0] = true;
	tt_sctp_shutdown(VICTIM, pair.sim.now);
	pair_run(&pair, SECOND);
	pair.dead[0] = false;
	restart_peer();
	pair_run(&pair, 20 * (taut_time)SECOND);
	assert_int_equal(pair.closed[1], 1);
	assert_int_equal(pair.reason[1], TAUT_REASON_CLOSED_HERE);
	assert_int_equal(pair.closed[0], 1);
	pair_free(&pair);
}

/* The peer may be up when our COOKIE ACK is still missing: it is told. */
static void leaving_during_the_set_up_tells_the_peer(void **state)
{
	(void)state;
	pair_init(&pair, 9, NULL, NULL);
	tt_sctp_connect(VICTIM, pair.sim.now);
	for (int n = 0; VICTIM->state != SCTP_COOKIE_ECHOED; n++) {
		assert_true(n < 10000);
		pair_run(&pair, 1000);
	}
	tt_sctp_shutdown(VICTIM, pair.sim.now);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.closed[0], 1);
	assert_int_equal(pair.closed[1], 1);
	assert_int_equal(pair.reason[1], TAUT_REASON_CLOSED_HERE);
	pair_free(&pair);
}

/* Otherwise a million messages of a byte each would hold a hundred times what is allowed. */
static void the_send_buffer_counts_what_messages_cost(void **state)
{
	const struct tt_sctp_config cfg = { .send_buffer = 100000 };
	size_t n = 0;

	(void)state;
	pair_init(&pair, 10, NULL, &cfg);
	size_t before = pair.sim.env[1].memory;
	while (pair_number(&pair, 1, 1, 1, 1, NULL) == 0)
		n++;
	assert_in_range(n, 500, 5000);
	assert_true(pair.sim.env[1].memory - before < 120000);
	pair_free(&pair);
}

/* 6.3.1 C5, 8.3: chunks sent again measure nothing; a heartbeat does, and may be lost as well. */
static void a_doubled_rto_is_measured_again_with_the_first_answer(void **state)
{
	uint8_t buf[1500];

	(void)state;
	begin(11);
	pair_number(&pair, 1, 1, 1, 3000, NULL);
	for (int n = 0; n < 3; n++) {
		while (tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0)
			;
		pair.sim.now = tt_sctp_deadline(VICTIM, NULL);
		tt_sctp_tick(VICTIM, pair.sim.now);
	}
	while (tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0)
		;
	assert_true(tt_sctp_count(VICTIM).rto > 2 * SECOND);
	pair.sim.now += SECOND;
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, NULL, 0), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(buf[12], SCTP_HEARTBEAT);
	pair_free(&pair);
}

/* 3.2.1: each is reported, which makes it twice as long; the answer must hold the most of them. */
static void an_init_full_of_unknown_parameters_is_answered(void **state)
{
	uint8_t buf[1500];
	struct wr w = wr_make(buf, sizeof buf);

	(void)state;
	pair_init(&pair, 12, NULL, NULL);
	tt_sctp_write_header(&w, &(struct sctp_header){ 5000, 5000, 0 });
	size_t at = tt_sctp_begin(&w, SCTP_INIT, 0);
	wr_u32(&w, 7);
	wr_u32(&w, 100000);
	wr_u16(&w, 10);
	wr_u16(&w, 10);
	wr_u32(&w, 1);
	for (uint16_t n = 0; n < 100; n++) {
		wr_u16(&w, (uint16_t)(0xd000 + n));
		wr_u16(&w, 4);
	}
	tt_sctp_end(&w, at);
	assert_int_equal(give(&w), 0);
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 600);
	assert_int_equal(buf[12], SCTP_INIT_ACK);
	pair_free(&pair);
}

/* Both ends with data under way, until the victim is in that state. */
static void reach(enum sctp_state wanted)
{
	pair_init(&pair, 13, NULL, NULL);
	tt_sctp_connect(VICTIM, pair.sim.now);
	for (int n = 0; VICTIM->state < tt_min(wanted, SCTP_ESTABLISHED); n++) {
		assert_true(n < 10000);
		pair_run(&pair, 1000);
	}
	if (wanted < SCTP_ESTABLISHED)
		return;
	pair_run(&pair, SECOND);
	pair_number(&pair, 1, 1, 1, 300000, NULL);
	pair_number(&pair, 0, 1, 1, 30000, NULL);
	pair_run(&pair, 10000);
	if (wanted >= SCTP_SHUTDOWN_PENDING)
		tt_sctp_shutdown(pair.s[wanted <= SCTP_SHUTDOWN_SENT], pair.sim.now);
	for (int n = 0; n < 10000 && VICTIM->state != wanted; n++)
		pair_run(&pair, 1000);
	assert_int_equal(VICTIM->state, wanted);
}

static void an_abort_ends_every_state(void **state)
{
	(void)state;
	for (int s = SCTP_COOKIE_WAIT; s < SCTP_DEAD; s++)
		for (int ours = 0; ours < 2; ours++) {
			reach((enum sctp_state)s);
			if (ours) {
				assert_int_equal(tt_sctp_abort(VICTIM, pair.sim.now), 0);
			} else {
				uint8_t buf[64];
				struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
				tt_sctp_end(&w, tt_sctp_begin(&w, SCTP_ABORT, 0));
				assert_int_equal(give(&w), 0);
			}
			assert_int_equal(VICTIM->state, SCTP_DEAD);
			assert_int_equal(tt_sctp_held(VICTIM), 0);
			assert_true(tt_sctp_deadline(VICTIM, NULL) == INT64_MAX);
			pair_run(&pair, SECOND);
			assert_int_equal(pair.closed[1], 1);
			assert_true(pair.closed[0] == 1 || !ours || s == SCTP_COOKIE_WAIT);
			pair_free(&pair);
		}
}

/* 9.2: T2 and T5 see to it that leaving ends, whatever the peer does not do. */
static void leaving_a_silent_peer_ends(void **state)
{
	(void)state;
	for (int s = SCTP_ESTABLISHED; s < SCTP_DEAD; s++) {
		reach((enum sctp_state)s);
		pair.dead[0] = true;
		tt_sctp_shutdown(VICTIM, pair.sim.now);
		pair_run(&pair, 120 * (taut_time)SECOND);
		assert_int_equal(pair.closed[1], 1);
		pair_free(&pair);
	}
}

static void ask_reset(uint32_t last, uint16_t stream)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_RE_CONFIG, 0);
	size_t p = tt_sctp_begin_param(&w, SCTP_P_RESET_OUT);

	wr_u32(&w, VICTIM->reconfig.peer_seq);
	wr_u32(&w, 0);
	wr_u32(&w, last);
	wr_u16(&w, stream);
	tt_sctp_end(&w, p);
	tt_sctp_end(&w, at);
	assert_int_equal(give(&w), 0);
}

/* RFC 6525 section 5.2.2: what is in progress is done and answered as soon as it can be. */
static void a_reset_waits_for_what_was_sent_before_it(void **state)
{
	uint8_t buf[1500];

	(void)state;
	begin(14);
	uint32_t tsn = next_tsn();
	assert_int_equal(give_data(tsn + 1, 3, 1, "BE", "second"), 0);
	ask_reset(tsn + 1, 3);
	while (tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0)
		;
	assert_int_equal(VICTIM->reconfig.last_result, 6);
	assert_int_equal(give_data(tsn, 3, 0, "BE", "first"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 2);
	assert_int_equal(pair.resets_in[1], 1);
	assert_int_equal(VICTIM->reconfig.last_result, 1);
	assert_true(VICTIM->control_count == 1); /* the answer */
	assert_int_equal(give_data(tsn + 2, 3, 0, "BE", "anew"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 3);
	pair_free(&pair);
}

/* Who was told "in progress" too often asks under another number (tt_sctp_reconfig_timeout); the
 * answer to the old one may have been lost meanwhile. */
static void a_reset_that_was_done_late_is_not_done_again_for_its_new_number(void **state)
{
	(void)state;
	begin(15);
	uint32_t tsn = next_tsn();
	assert_int_equal(give_data(tsn + 1, 3, 1, "BE", "second"), 0);
	ask_reset(tsn + 1, 3);
	assert_int_equal(give_data(tsn, 3, 0, "BE", "first"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 1);
	for (int n = 0; n < 3; n++) {
		ask_reset(tsn + 1, 3);
		assert_int_equal(VICTIM->reconfig.last_result, 1);
	}
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 1);
	assert_int_equal(give_data(tsn + 2, 3, 0, "BE", "anew"), 0);
	ask_reset(tsn + 2, 3);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 2);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shutdown_does_not_take_gap_reports_back),
		cmocka_unit_test(a_reset_is_answered_after_the_peer_said_shutdown),
		cmocka_unit_test(a_busy_peer_is_asked_again),
		cmocka_unit_test(a_forward_tsn_does_not_name_numbers_of_before_a_reset),
		cmocka_unit_test(retransmissions_respect_a_closed_window),
		cmocka_unit_test(data_of_a_set_up_that_came_to_nothing_is_forgotten),
		cmocka_unit_test(a_second_cookie_without_memory_loses_nothing),
		cmocka_unit_test(what_was_not_polled_before_a_restart_is_gone),
		cmocka_unit_test(who_wanted_to_leave_leaves_after_a_restart),
		cmocka_unit_test(leaving_during_the_set_up_tells_the_peer),
		cmocka_unit_test(the_send_buffer_counts_what_messages_cost),
		cmocka_unit_test(a_doubled_rto_is_measured_again_with_the_first_answer),
		cmocka_unit_test(an_init_full_of_unknown_parameters_is_answered),
		cmocka_unit_test(an_abort_ends_every_state),
		cmocka_unit_test(leaving_a_silent_peer_ends),
		cmocka_unit_test(a_reset_waits_for_what_was_sent_before_it),
		cmocka_unit_test(a_reset_that_was_done_late_is_not_done_again_for_its_new_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
