/* Requests and answers of stream resets, as a peer may make them: RFC 6525 sections 4 and 5.2. */
#include "unit/sctp/sctp_solo.h"

enum { STREAMS = 8 };
enum { NOTHING_TO_DO, PERFORMED, DENIED, WRONG_STREAM, BUSY, BAD_SEQUENCE, IN_PROGRESS, NO_ANSWER };

static void start(uint64_t seed)
{
	const struct tt_sctp_config cfg = { .max_streams = STREAMS };

	pair_init(&pair, seed, NULL, &cfg);
	pair_connect(&pair);
	discard_sent();
}

static uint64_t drops(uint32_t reason)
{
	return pair.sim.env[1].drops[reason];
}

/* ---- requests ---- */

static void add_param(struct wr *w, uint16_t tag, const void *value, size_t len)
{
	const size_t p = tt_sctp_begin_param(w, tag);

	wr_bytes(w, value, len);
	tt_sctp_end_param(w, p);
}

/* One parameter, of any value. */
static int give_param(uint16_t tag, const void *value, size_t len)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	const size_t at = tt_sctp_begin(&w, SCTP_RE_CONFIG, 0);

	add_param(&w, tag, value, len);
	tt_sctp_end(&w, at);
	return give(&w);
}

/* 4.1: what it is about, and the streams. */
static size_t write_out(uint8_t *to, size_t cap, uint32_t seq, uint32_t last, const uint16_t *list,
			size_t n)
{
	struct wr w = wr_make(to, cap);

	wr_u32(&w, seq);
	wr_u32(&w, 0);
	wr_u32(&w, last);
	for (size_t i = 0; i < n; i++)
		wr_u16(&w, list[i]);
	return wr_len(&w);
}

static int ask_out(uint32_t seq, uint32_t last, const uint16_t *list, size_t n)
{
	uint8_t value[100];

	return give_param(SCTP_P_RESET_OUT, value,
			  write_out(value, sizeof value, seq, last, list, n));
}

static int ask_out_one(uint32_t seq, uint32_t last, uint16_t stream)
{
	return ask_out(seq, last, &stream, 1);
}

/* 4.2, and whatever else has a number and words of two octets. */
static int ask(uint16_t tag, uint32_t seq, const uint16_t *list, size_t n)
{
	uint8_t value[100];
	struct wr w = wr_make(value, sizeof value);

	wr_u32(&w, seq);
	for (size_t i = 0; i < n; i++)
		wr_u16(&w, list[i]);
	return give_param(tag, value, wr_len(&w));
}

/* What all that leaves answers to this number, once; NO_ANSWER: nothing. */
static uint32_t answer_to(uint32_t seq)
{
	uint32_t result = NO_ANSWER;
	struct sent p;

	while (next_sent(&p))
		for (size_t i = 0; i < p.count; i++) {
			const uint8_t *value = p.chunks[i].whole.p + 4;
			if (p.chunks[i].type != SCTP_RE_CONFIG || value[1] != SCTP_P_RESPONSE)
				continue;
			assert_int_equal(p.chunks[i].whole.len, 16);
			assert_int_equal(u32_of(value + 4), seq);
			assert_int_equal(result, NO_ANSWER);
			result = u32_of(value + 8);
		}
	return result;
}

static uint32_t next_seq(void)
{
	return VICTIM->reconfig.peer_seq;
}

static void streams_that_there_are_not_are_not_reset(void **state)
{
	(void)state;
	start(1);
	for (uint16_t stream = 0; stream < STREAMS + 2; stream++) {
		const uint32_t seq = next_seq();
		const uint16_t out[] = { 1, stream };
		assert_int_equal(ask_out(seq, VICTIM->tracker.cum.v, out, 2), 0);
		assert_int_equal(answer_to(seq), stream < STREAMS ? PERFORMED : WRONG_STREAM);
		assert_int_equal(ask(SCTP_P_RESET_IN, seq + 1, out, 2), 0);
		assert_int_equal(answer_to(seq + 1), stream < STREAMS ? PERFORMED : WRONG_STREAM);
	}
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 2 * STREAMS);
	pair_free(&pair);
}

static void a_request_without_a_list_resets_what_was_ever_used(void **state)
{
	(void)state;
	start(2);
	assert_int_equal(give_data(next_tsn(), 2, 0, "BE", "hello"), 0);
	pair_events(&pair, 1);
	const size_t used = VICTIM->rx.stream_count;
	assert_in_range(used, 3, STREAMS - 1);
	const uint32_t seq = next_seq();
	assert_int_equal(ask_out(seq, VICTIM->tracker.cum.v, NULL, 0), 0);
	assert_int_equal(answer_to(seq), PERFORMED);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], used);
	assert_int_equal(VICTIM->rx.stream_count, used);
	/* 5.2.3: the other way round we would have to guess which */
	assert_int_equal(ask(SCTP_P_RESET_IN, seq + 1, NULL, 0), 0);
	assert_int_equal(answer_to(seq + 1), DENIED);
	assert_int_equal(VICTIM->reconfig.wanted, 0);
	pair_free(&pair);
}

static void only_what_is_named_is_reset(void **state)
{
	(void)state;
	start(3);
	assert_int_equal(give_data(next_tsn(), 5, 0, "BE", "hello"), 0);
	pair_events(&pair, 1);
	assert_int_equal(ask_out_one(next_seq(), VICTIM->tracker.cum.v, 5), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 1);
	pair_free(&pair);
}

static void without_memory_a_reset_is_denied(void **state)
{
	struct tt_env *env;
	(void)state;

	for (size_t n = 0; n < 2; n++) {
		start(4 + n);
		assert_int_equal(give_data(next_tsn(), 2, 0, "BE", "hello"), 0);
		pair_events(&pair, 1);
		discard_sent();
		env = &pair.sim.env[1];
		const uint32_t seq = next_seq(), last = VICTIM->tracker.cum.v;
		env->max_memory = env->memory;
		assert_int_equal(ask_out(seq, last, (uint16_t[]){ 2 }, n), 0);
		env->max_memory = 0;
		assert_int_equal(answer_to(seq), NO_ANSWER); /* it would take memory as well */
		assert_int_equal(ask_out(seq, last, (uint16_t[]){ 2 }, n), 0);
		assert_int_equal(answer_to(seq), DENIED);
		pair_events(&pair, 1);
		assert_int_equal(pair.resets_in[1], 0);
		pair_free(&pair);
	}
}

static void what_we_send_on_is_reset_when_the_peer_asks(void **state)
{
	static const uint16_t list[] = { 3, 4 };
	(void)state;

	start(6);
	const uint32_t seq = next_seq();
	assert_int_equal(ask(SCTP_P_RESET_IN, seq, list, 2), 0);
	assert_int_equal(answer_to(seq), PERFORMED);
	assert_true(VICTIM->reconfig.pending);
	assert_int_equal(VICTIM->reconfig.count, 2);
	assert_int_equal(VICTIM->reconfig.streams[0], 3);
	assert_int_equal(VICTIM->reconfig.streams[1], 4);
	pair_free(&pair);
	/* and not while it says goodbye */
	start(7);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 100, NULL), 0);
	discard_sent();
	assert_int_equal(tt_sctp_shutdown(VICTIM, pair.sim.now), TAUT_OK);
	const uint32_t again = next_seq();
	assert_int_equal(ask(SCTP_P_RESET_IN, again, list, 2), 0);
	assert_int_equal(VICTIM->reconfig.last_result, DENIED);
	pair_free(&pair);
}

static void tsns_are_not_reset_and_no_stream_is_added(void **state)
{
	static const uint16_t tags[] = { SCTP_P_RESET_TSN, SCTP_P_ADD_OUT, SCTP_P_ADD_IN };
	(void)state;

	start(8);
	for (size_t i = 0; i < TT_COUNT(tags); i++) {
		const uint32_t seq = next_seq();
		assert_int_equal(ask(tags[i], seq, (uint16_t[]){ 4, 0 }, 2), 0);
		assert_int_equal(answer_to(seq), DENIED);
	}
	assert_int_equal(VICTIM->reconfig.wanted, 0);
	pair_free(&pair);
}

static void what_is_no_parameter_of_resets_is_dropped(void **state)
{
	static const uint16_t tags[] = { 12, 19, 0 };
	(void)state;

	start(9);
	for (size_t i = 0; i < TT_COUNT(tags); i++) {
		const uint32_t seq = next_seq();
		assert_int_equal(ask(tags[i], seq, (uint16_t[]){ 4, 0 }, 2), 1);
		assert_int_equal(drops(TAUT_DROP_SCTP_RECONFIG_UNKNOWN), i + 1);
		assert_int_equal(answer_to(seq), NO_ANSWER);
		assert_int_equal(next_seq(), seq);
	}
	pair_free(&pair);
}

static void a_request_that_ends_early_is_dropped(void **state)
{
	uint8_t value[100];
	(void)state;

	start(10);
	const uint32_t seq = next_seq();
	const size_t len =
		write_out(value, sizeof value, seq, VICTIM->tracker.cum.v, (uint16_t[]){ 1, 2 }, 2);
	uint64_t malformed = 0;
	for (size_t n = 0; n < len; n++) {
		if (n == 12 || n == 14)
			continue; /* with no stream, and with one */
		assert_int_equal(give_param(SCTP_P_RESET_OUT, value, n), 1);
		assert_int_equal(drops(TAUT_DROP_SCTP_REQUEST_MALFORMED), ++malformed);
		if (n % 2 == 0 && n >= 4)
			continue; /* a list of those numbers */
		assert_int_equal(give_param(SCTP_P_RESET_IN, value, n), 1);
		assert_int_equal(drops(TAUT_DROP_SCTP_REQUEST_MALFORMED), ++malformed);
	}
	assert_int_equal(answer_to(seq), NO_ANSWER);
	assert_int_equal(next_seq(), seq);
	pair_free(&pair);
}

/* 5.2.1 */
static void requests_come_in_order_and_the_last_one_may_come_again(void **state)
{
	(void)state;
	start(11);
	const uint32_t seq = next_seq(), last = VICTIM->tracker.cum.v;
	for (uint32_t off = 1; off < 4; off++) {
		assert_int_equal(ask_out_one(seq - off, last, 3), 1); /* nothing was answered yet */
		assert_int_equal(answer_to(seq - off), BAD_SEQUENCE);
		assert_int_equal(ask_out_one(seq + off, last, 3), 1);
		assert_int_equal(answer_to(seq + off), BAD_SEQUENCE);
	}
	assert_int_equal(drops(TAUT_DROP_SCTP_REQUEST_SEQUENCE), 6);
	for (int n = 0; n < 3; n++) {
		assert_int_equal(ask_out_one(seq, last, 3), 0);
		assert_int_equal(answer_to(seq), PERFORMED);
	}
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 1);
	/* the same under the next number is another */
	assert_int_equal(ask_out_one(seq + 1, last, 3), 0);
	assert_int_equal(answer_to(seq + 1), PERFORMED);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 2);
	assert_int_equal(ask_out_one(seq, last, 3), 1);
	assert_int_equal(answer_to(seq), BAD_SEQUENCE);
	pair_free(&pair);
}

/* D19: who does not poll is told 1,025 of them, and then what waits has to be taken. */
static void resets_that_nobody_takes_hold_up_the_next_one(void **state)
{
	(void)state;
	start(12);
	pair.keep_events[1] = true;
	const uint32_t last = VICTIM->tracker.cum.v;
	for (uint32_t n = 0; n < SCTP_MAX_RESETS_READY + 1; n++) {
		const uint32_t seq = next_seq();
		assert_int_equal(ask_out_one(seq, last, (uint16_t)(n % STREAMS)), 0);
		assert_int_equal(answer_to(seq), PERFORMED);
	}
	const uint32_t seq = next_seq();
	for (int n = 0; n < 2; n++) {
		assert_int_equal(ask_out_one(seq, last, 3), 0);
		assert_int_equal(answer_to(seq), IN_PROGRESS);
	}
	pair.keep_events[1] = false;
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], SCTP_MAX_RESETS_READY + 1);
	assert_int_equal(ask_out_one(seq, last, 3), 0);
	assert_int_equal(answer_to(seq), PERFORMED);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], SCTP_MAX_RESETS_READY + 2);
	pair_free(&pair);
}

/* 5.2.2 E2: up to and with the last TSN that it names. */
static void a_reset_waits_for_the_last_tsn_and_for_no_other(void **state)
{
	(void)state;
	start(13);
	const uint32_t seq = next_seq(), last = VICTIM->tracker.cum.v;
	assert_int_equal(ask_out_one(seq, last, 3), 0);
	assert_int_equal(answer_to(seq), PERFORMED);
	assert_int_equal(ask_out_one(seq + 1, last + 1, 3), 0);
	assert_int_equal(answer_to(seq + 1), IN_PROGRESS);
	assert_int_equal(give_data(last + 1, 3, 0, "BE", "the last"), 0);
	assert_int_equal(answer_to(seq + 1), PERFORMED);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_in[1], 2);
	pair_free(&pair);
}

/* A request that was put off and has come to nothing: another one stood in its place. */
static void what_was_put_off_and_replaced_is_not_taken_for_done(void **state)
{
	static const uint16_t list[] = { 1 };
	(void)state;

	for (int how = 0; how < 2; how++) {
		start(14 + (uint64_t)how);
		const uint32_t seq = next_seq(), last = VICTIM->tracker.cum.v;
		assert_int_equal(ask_out_one(seq, last + 1, 1), 0);
		assert_int_equal(answer_to(seq), IN_PROGRESS);
		const uint32_t then = how ? seq : seq + 1; /* under the same number, or the next */
		assert_int_equal(
			how ? ask(SCTP_P_RESET_IN, then, list, 1) : ask_out_one(then, last, 2), 0);
		assert_int_equal(answer_to(then), PERFORMED);
		assert_int_equal(ask_out_one(then + 1, last + 1, 1), 0);
		assert_int_equal(answer_to(then + 1), IN_PROGRESS);
		pair_free(&pair);
	}
}

/* Only a reset of what it sends on is put off, and only such a one was done already. */
static void another_request_of_the_same_octets_is_another(void **state)
{
	uint8_t value[100];
	(void)state;

	start(16);
	const uint32_t seq = next_seq(), last = VICTIM->tracker.cum.v;
	assert_int_equal(ask_out_one(seq, last + 1, 1), 0);
	assert_int_equal(answer_to(seq), IN_PROGRESS);
	assert_int_equal(give_data(last + 1, 1, 0, "BE", "the last"), 0);
	assert_int_equal(answer_to(seq), PERFORMED);
	const size_t len = write_out(value, sizeof value, seq + 1, last + 1, (uint16_t[]){ 1 }, 1);
	assert_int_equal(give_param(SCTP_P_ADD_OUT, value, len), 0);
	assert_int_equal(answer_to(seq + 1), DENIED);
	pair_free(&pair);
}

/* 3.1: one or two parameters. */
static void a_chunk_has_two_requests_at_most(void **state)
{
	uint8_t buf[1500];
	(void)state;

	for (uint32_t n = 1; n < 5; n++) {
		start(17 + n);
		struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		const size_t at = tt_sctp_begin(&w, SCTP_RE_CONFIG, 0);
		const uint32_t seq = next_seq();
		for (uint32_t i = 0; i < n; i++) {
			uint8_t value[100];
			const uint16_t stream = (uint16_t)i;
			add_param(&w, SCTP_P_RESET_OUT, value,
				  write_out(value, sizeof value, seq + i, VICTIM->tracker.cum.v,
					    &stream, 1));
		}
		tt_sctp_end(&w, at);
		assert_int_equal(give(&w), 0);
		assert_int_equal(next_seq(), seq + tt_min(n, 2));
		assert_int_equal(VICTIM->control_count, tt_min(n, 2));
		pair_events(&pair, 1);
		assert_int_equal(pair.resets_in[1], tt_min(n, 2));
		pair_free(&pair);
	}
}

static void a_parameter_that_runs_over_the_end_is_told(void **state)
{
	static const uint8_t broken[] = { 0, SCTP_P_RESET_IN, 0, 9, 0, 0, 0, 0 };
	(void)state;

	start(22);
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_RE_CONFIG, 0, broken, sizeof broken), 1);
	assert_int_equal(drops(TAUT_DROP_SCTP_RECONFIG_MALFORMED), 1);
	assert_int_equal(answer_to(0), NO_ANSWER);
	pair_free(&pair);
}

static void who_never_offered_resets_gets_none(void **state)
{
	static const uint8_t nothing[4];
	(void)state;

	start(23);
	VICTIM->peer_reconfig = false;
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_RE_CONFIG, 0, nothing, 0), 1);
	assert_int_equal(drops(TAUT_DROP_SCTP_RECONFIG_NOT_AGREED), 1);
	assert_int_equal(ask(SCTP_P_RESET_IN, 0, (uint16_t[]){ 1 }, 1), 1);
	assert_int_equal(drops(TAUT_DROP_SCTP_RECONFIG_NOT_AGREED), 2);
	assert_silent();
	pair_free(&pair);
}

/* ---- answers ---- */

/* Stream 3 is being reset: its request is out. The number. */
static uint32_t under_way(uint64_t seed)
{
	start(seed);
	assert_int_equal(tt_sctp_reset_stream(VICTIM, pair.sim.now, 3), TAUT_OK);
	discard_sent();
	assert_true(VICTIM->reconfig.pending);
	return VICTIM->reconfig.my_seq;
}

static void each_result_means_done_later_or_refused(void **state)
{
	(void)state;
	for (uint32_t result = 0; result < 9; result++) {
		const uint32_t seq = under_way(30 + result);
		const bool later = result == BUSY || result == IN_PROGRESS;
		assert_int_equal(give_response(seq, result), 0);
		pair_events(&pair, 1);
		assert_int_equal(VICTIM->reconfig.pending, later);
		assert_int_equal(VICTIM->reconfig.renew, result == BUSY);
		assert_int_equal(VICTIM->reconfig.my_seq, later ? seq : seq + 1);
		assert_int_equal(pair.resets_out[1], !later);
		if (!later)
			assert_int_equal(pair.reset_reason[1] != 0, result > PERFORMED);
		pair_free(&pair);
	}
}

static void only_the_answer_to_what_is_asked_counts(void **state)
{
	(void)state;
	start(40);
	const uint32_t before = VICTIM->reconfig.my_seq;
	assert_int_equal(give_response(before, PERFORMED), 1); /* nothing is */
	assert_int_equal(drops(TAUT_DROP_SCTP_RESPONSE_TO_NOTHING), 1);
	assert_int_equal(VICTIM->reconfig.my_seq, before);
	pair_free(&pair);
	const uint32_t seq = under_way(41);
	for (uint32_t off = 1; off < 3; off++) {
		assert_int_equal(give_response(seq - off, PERFORMED), 1);
		assert_int_equal(give_response(seq + off, PERFORMED), 1);
	}
	assert_int_equal(drops(TAUT_DROP_SCTP_RESPONSE_TO_NOTHING), 4);
	uint8_t value[8] = { (uint8_t)(seq >> 24), (uint8_t)(seq >> 16), (uint8_t)(seq >> 8),
			     (uint8_t)seq };
	for (size_t n = 0; n < sizeof value; n++)
		assert_int_equal(give_param(SCTP_P_RESPONSE, value, n), 1);
	assert_int_equal(drops(TAUT_DROP_SCTP_RESPONSE_MALFORMED), sizeof value);
	assert_true(VICTIM->reconfig.pending);
	assert_int_equal(give_param(SCTP_P_RESPONSE, value, sizeof value), 0);
	assert_false(VICTIM->reconfig.pending);
	pair_free(&pair);
}

static void only_the_streams_of_the_request_are_reported(void **state)
{
	(void)state;
	start(42);
	for (uint16_t stream = 0; stream < STREAMS; stream++)
		assert_int_equal(pair_number(&pair, 1, stream, 1, 10, NULL), 0);
	pair_run(&pair, SECOND);
	for (uint16_t stream = 5; stream < 7; stream++)
		assert_int_equal(tt_sctp_reset_stream(VICTIM, pair.sim.now, stream), TAUT_OK);
	discard_sent();
	assert_int_equal(give_response(VICTIM->reconfig.my_seq, PERFORMED), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_out[1], 2);
	assert_int_equal(tt_sctp_reset_stream(VICTIM, pair.sim.now, 6), TAUT_OK);
	discard_sent();
	assert_int_equal(give_response(VICTIM->reconfig.my_seq, PERFORMED), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_out[1], 3);
	pair_free(&pair);
}

/* Given to the stream while its reset was out, and to be reset behind that as well. */
static void a_reset_that_was_asked_for_again_follows_or_falls_with_the_first(void **state)
{
	(void)state;
	for (uint32_t result = PERFORMED; result <= DENIED; result++) {
		const uint32_t seq = under_way(43 + result);
		assert_int_equal(pair_number(&pair, 1, 3, 1, 100, NULL), 0);
		assert_int_equal(tt_sctp_reset_stream(VICTIM, pair.sim.now, 3), TAUT_OK);
		assert_int_equal(give_response(seq, result), 0);
		pair_events(&pair, 1);
		assert_int_equal(pair.resets_out[1], result == DENIED);
		assert_int_equal(VICTIM->reconfig.wanted, result == PERFORMED);
		discard_sent();
		assert_int_equal(VICTIM->reconfig.pending, result == PERFORMED);
		if (result == PERFORMED) {
			assert_int_equal(give_response(seq + 1, PERFORMED), 0);
			pair_events(&pair, 1);
		}
		assert_int_equal(pair.resets_out[1], 1);
		assert_int_equal(pair.reset_reason[1] != 0, result == DENIED);
		pair_free(&pair);
	}
}

/* The life of the stream goes on, and so do its numbers: RFC 3758 section 3.2 names them. */
static void after_a_refused_reset_a_forward_tsn_names_the_stream(void **state)
{
	const struct tt_sctp_send_options once = { .limit_retransmits = true };
	struct sent p;
	(void)state;

	start(46);
	assert_int_equal(pair_number(&pair, 1, 3, 1, 100, &once), 0);
	assert_int_equal(tt_sctp_reset_stream(VICTIM, pair.sim.now, 3), TAUT_OK);
	discard_sent();
	assert_int_equal(give_response(VICTIM->reconfig.my_seq, DENIED), 0);
	pair.sim.now += SECOND;
	tt_sctp_tick(VICTIM, pair.sim.now);
	assert_true(next_sent(&p));
	assert_int_equal(p.chunks[0].type, SCTP_FORWARD_TSN);
	assert_int_equal(p.chunks[0].whole.len, 12);
	assert_int_equal(p.chunks[0].whole.p[9], 3);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_that_there_are_not_are_not_reset),
		cmocka_unit_test(a_request_without_a_list_resets_what_was_ever_used),
		cmocka_unit_test(only_what_is_named_is_reset),
		cmocka_unit_test(without_memory_a_reset_is_denied),
		cmocka_unit_test(what_we_send_on_is_reset_when_the_peer_asks),
		cmocka_unit_test(tsns_are_not_reset_and_no_stream_is_added),
		cmocka_unit_test(what_is_no_parameter_of_resets_is_dropped),
		cmocka_unit_test(a_request_that_ends_early_is_dropped),
		cmocka_unit_test(requests_come_in_order_and_the_last_one_may_come_again),
		cmocka_unit_test(resets_that_nobody_takes_hold_up_the_next_one),
		cmocka_unit_test(a_reset_waits_for_the_last_tsn_and_for_no_other),
		cmocka_unit_test(what_was_put_off_and_replaced_is_not_taken_for_done),
		cmocka_unit_test(another_request_of_the_same_octets_is_another),
		cmocka_unit_test(a_chunk_has_two_requests_at_most),
		cmocka_unit_test(a_parameter_that_runs_over_the_end_is_told),
		cmocka_unit_test(who_never_offered_resets_gets_none),
		cmocka_unit_test(each_result_means_done_later_or_refused),
		cmocka_unit_test(only_the_answer_to_what_is_asked_counts),
		cmocka_unit_test(only_the_streams_of_the_request_are_reported),
		cmocka_unit_test(a_reset_that_was_asked_for_again_follows_or_falls_with_the_first),
		cmocka_unit_test(after_a_refused_reset_a_forward_tsn_names_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
