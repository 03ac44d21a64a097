/* Faults, invalid packets and what is out of the blue: RFC 9260 sections 3.3.5 to 3.3.10, 8.3 to 8.5, 9.1 and 12.4;
 * docs/RFC9260.md says which sentence. */
#include "unit/sctp/sctp_solo.h"

static const uint8_t beat[] = { 0, 1, 0, 13, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0 };

/* 8.3: all of it goes back, from COOKIE-ECHOED or ESTABLISHED until SHUTDOWN-SENT or SHUTDOWN-ACK-SENT. */
static void a_heartbeat_is_answered_by_itself(void **state)
{
	struct sent p;

	(void)state;
	for (int s = SCTP_COOKIE_ECHOED; s <= SCTP_SHUTDOWN_RECEIVED; s++) {
		if (s == SCTP_SHUTDOWN_SENT)
			continue;
		solo_begin(1, (enum sctp_state)s);
		assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_HEARTBEAT, 0, beat, 13), 0);
		assert_true(next_sent(&p));
		assert_int_equal(p.tag, PEER_TAG);
		const struct sctp_tlv *c = &p.chunks[p.count - 1];
		assert_int_equal(c->type, SCTP_HEARTBEAT_ACK);
		assert_int_equal(c->whole.len, 4 + 13);
		assert_memory_equal(c->whole.p + 4, beat, 13);
		/* 5.1 C: until the COOKIE ACK nothing leaves but the cookie, and what goes with it */
		assert_int_equal(p.count, s == SCTP_COOKIE_ECHOED ? 2 : 1);
		assert_int_equal(p.chunks[0].type,
				 s == SCTP_COOKIE_ECHOED ? SCTP_COOKIE_ECHO : SCTP_HEARTBEAT_ACK);
		assert_silent();
		pair_free(&pair);
	}
}

/* 3.3.5: 64 bits nobody can guess. */
static void each_heartbeat_has_a_new_nonce(void **state)
{
	uint8_t last[8] = { 0 };
	struct sent p;

	(void)state;
	solo_begin(2, SCTP_ESTABLISHED);
	for (int n = 0; n < 4; n++) {
		solo_expire(SCTP_T_HEARTBEAT);
		assert_sends_alone(&p, PEER_TAG, SCTP_HEARTBEAT, 0);
		assert_int_equal(u32_of(p.bytes + 16), 1 << 16 | 12);
		assert_memory_not_equal(p.bytes + 20, last, 4);
		assert_memory_not_equal(p.bytes + 24, last + 4, 4);
		memcpy(last, p.bytes + 20, 8);
		assert_int_equal(
			give_chunk(VICTIM->my_tag, SCTP_HEARTBEAT_ACK, 0, p.bytes + 16, 12), 0);
	}
	pair_free(&pair);
}

/* 3.3.7, 9.1, 8.5.1 B: an ABORT of ours, with DATA waiting. */
static void an_abort_leaves_alone_and_with_the_peers_tag(void **state)
{
	struct sent p;

	(void)state;
	for (int s = SCTP_COOKIE_ECHOED; s < SCTP_DEAD; s++) {
		solo_begin(3, (enum sctp_state)s);
		(void)pair_number(&pair, 1, 1, 1, 100, NULL);
		assert_int_equal(tt_sctp_abort(VICTIM, pair.sim.now), TAUT_OK);
		assert_sends_alone(&p, PEER_TAG, SCTP_ABORT, 0);
		assert_int_equal(u32_of(p.bytes + 16), SCTP_C_USER_ABORT << 16 | 4);
		assert_silent();
		assert_int_equal(VICTIM->state, SCTP_DEAD);
		pair_free(&pair);
	}
}

/* 3.3.7 */
static void an_abort_with_broken_causes_is_silently_discarded(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
		bool good;
	} rows[] = {
		{ { 0, 12, 0, 4 }, 4, true },
		{ { 0, 12, 0, 3 }, 4, false },
		{ { 0, 12, 0, 9, 'x' }, 8, false },
		{ { 0, 12, 0 }, 3, false },
		{ { 0, 2, 0, 10, 0, 0, 0, 1, 0, 7 }, 10, true },
		{ { 0, 2, 0, 10, 0, 0, 0, 2, 0, 7 }, 10, false },
		{ { 0, 2, 0, 8, 0, 0, 0, 0 }, 8, true },
		{ { 0, 2, 0, 6, 0, 0 }, 6, false }, /* not even how many */
		{ { 0, 2, 0, 4 }, 4, false },
		{ { 0, 12, 0, 4, 0, 13, 0, 0 }, 8, false },
		{ { 0 }, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		solo_begin(4, SCTP_ESTABLISHED);
		assert_int_equal(
			give_chunk(VICTIM->my_tag, SCTP_ABORT, 0, rows[i].bytes, rows[i].len),
			!rows[i].good);
		assert_int_equal(VICTIM->state, rows[i].good ? SCTP_DEAD : SCTP_ESTABLISHED);
		assert_silent();
		pair_free(&pair);
	}
}

/* 9.1: behind or before what would be answered; 8.5.1 B: with either tag. If the tag is wrong the whole packet is nothing. */
static void a_packet_with_an_abort_is_never_answered(void **state)
{
	(void)state;
	for (int s = SCTP_CLOSED; s <= SCTP_DEAD; s++)
		for (int what = 0; what < 16; what++) {
			const bool mine = what & 1, reflected = what & 2, first = what & 4,
				   data = what & 8;
			uint8_t buf[200];
			solo_begin(5, (enum sctp_state)s);
			const bool knows = s > SCTP_COOKIE_WAIT;
			struct wr w =
				begin_packet(buf, sizeof buf, mine ? VICTIM->my_tag : PEER_TAG);
			if (first)
				add_chunk(&w, SCTP_ABORT, reflected ? SCTP_FLAG_T : 0, NULL, 0);
			if (data) /* without user data: would be aborted itself */
				add_chunk(&w, SCTP_DATA, 3, "\0\0\3\350\0\0\0\0\0\0\0\5", 12);
			else
				add_chunk(&w, SCTP_HEARTBEAT, 0, beat, 13);
			add_chunk(&w, 0xff, 0, NULL, 0); /* unknown, to be reported */
			if (!first)
				add_chunk(&w, SCTP_ABORT, reflected ? SCTP_FLAG_T : 0, NULL, 0);
			const bool there = s != SCTP_CLOSED && s != SCTP_DEAD;
			const bool good = there && mine != reflected && (mine || knows);
			const int refused = give(&w); /* of what stands before it some may be */
			assert_true(good || refused == 1);
			assert_silent();
			assert_int_equal(VICTIM->state, good ? SCTP_DEAD : s);
			pair_free(&pair);
		}
}

/* 6.10: a chunk that says so ends its packet, ABORT or not; and one that is malformed takes nothing along. */
static void an_abort_has_its_place_in_the_packet(void **state)
{
	uint8_t buf[200];

	(void)state;
	solo_begin(3, SCTP_ESTABLISHED);
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	add_chunk(&w, 0x3f, 0, "abcd", 4);
	add_chunk(&w, SCTP_ABORT, 0, NULL, 0);
	assert_int_equal(give(&w), 1);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	pair_free(&pair);
	solo_begin(3, SCTP_ESTABLISHED);
	w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	add_chunk(&w, SCTP_HEARTBEAT, 0, beat, 13);
	add_chunk(&w, SCTP_ABORT, 0, "\0\14\0\1", 4);
	assert_int_equal(give(&w), 1);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	assert_int_equal(count_sent(SCTP_HEARTBEAT_ACK), 1);
	pair_free(&pair);
}

/* 8.4, after the end: nothing is known of whatever comes. */
static void what_comes_out_of_the_blue_gets_the_answer_of_the_rfc(void **state)
{
	static const struct {
		uint8_t type, answer;
	} rows[] = {
		{ SCTP_DATA, SCTP_ABORT },
		{ SCTP_HEARTBEAT, SCTP_ABORT },
		{ SCTP_SACK, SCTP_ABORT },
		{ SCTP_SHUTDOWN, SCTP_ABORT },
		{ SCTP_SHUTDOWN_ACK, SCTP_SHUTDOWN_COMPLETE },
		{ SCTP_ABORT, 0xff },
		{ SCTP_SHUTDOWN_COMPLETE, 0xff },
		{ SCTP_COOKIE_ACK, 0xff },
		{ SCTP_ERROR, 0xff },
	};
	const struct sctp_init in = peer_init();
	struct sent p;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		solo_begin(6, SCTP_DEAD);
		for (uint32_t tag = 0; tag <= 31337;
		     tag += 31337) { /* 8.5.1 A: only an INIT has 0 */
			static const uint8_t value[13] = { 0, 3, 0, 8 };
			assert_int_equal(give_chunk(tag, rows[i].type, 0, value, sizeof value), 1);
			if (tag > 0 && rows[i].answer != 0xff)
				assert_sends_alone(&p, tag, rows[i].answer, SCTP_FLAG_T);
			assert_silent();
		}
		assert_int_equal(VICTIM->state, SCTP_DEAD);
		assert_int_equal(give_init(&in), 1);
		assert_sends_alone(&p, PEER_TAG, SCTP_ABORT, 0);
		pair_free(&pair);
	}
}

/* 8.4 rule 4: a COOKIE ECHO of nobody that is known makes the association. */
static void a_cookie_out_of_the_blue_is_processed(void **state)
{
	const struct sctp_init in = peer_init();
	struct sctp_init out;
	uint8_t buf[1500];
	struct sent p;

	(void)state;
	solo_init(7);
	assert_int_equal(give_init(&in), 0);
	assert_sends_alone(&p, PEER_TAG, SCTP_INIT_ACK, 0);
	assert_true(tt_sctp_read_init(&out, &p.chunks[0]));
	struct wr w = begin_packet(buf, sizeof buf, out.tag);
	add_chunk(&w, SCTP_COOKIE_ECHO, 0, out.cookie.p, out.cookie.len);
	assert_int_equal(give(&w), 0);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	assert_sends_alone(&p, PEER_TAG, SCTP_COOKIE_ACK, 0);
	pair_free(&pair);
}

/* 12.4: however much there is to answer, but for acknowledgements. */
static void one_packet_is_answered_by_one(void **state)
{
	(void)state;
	for (size_t value = 0; value <= 300; value += 4)
		for (int what = 0; what < 3; what++) {
			uint8_t buf[1160], bytes[300] = { 0 };
			unsigned answers = 0;
			struct sent p;
			solo_begin(8, SCTP_ESTABLISHED);
			for (uint32_t n = 0; what == 2 && n < 100; n++) { /* a long SACK */
				give_data(PEER_TSN + 1 + 2 * n, 0, (uint16_t)(1 + n), "BE", "x");
				discard_sent();
			}
			struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
			if (what > 0)
				tt_sctp_write_data(&w,
						   &(struct sctp_data){ .tsn = { PEER_TSN + 2000 },
									.mid = { 900 },
									.begin = true,
									.end = true,
									.data = bytes,
									.len = 1 });
			while (wr_left(&w) >= 4 + value)
				add_chunk(&w, what == 0 && value % 8 ? 0xff : SCTP_HEARTBEAT, 0,
					  bytes, value);
			(void)give(&w);
			while (next_sent(&p))
				answers += has_chunk(&p, SCTP_ERROR) ||
					   has_chunk(&p, SCTP_HEARTBEAT_ACK);
			assert_int_equal(answers, 1);
			pair_free(&pair);
		}
}

/* 6.5, 3.3.10.1 */
static void a_stream_that_is_not_there_is_named(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(9, SCTP_ESTABLISHED);
	assert_int_equal(give_data(PEER_TSN, 10, 0, "BE", "x"), 1);
	assert_true(next_sent(&p));
	assert_int_equal(p.chunks[0].type, SCTP_SACK);
	assert_int_equal(u32_of(p.chunks[0].whole.p + 4), PEER_TSN);
	assert_int_equal(p.chunks[1].type, SCTP_ERROR);
	assert_memory_equal(p.chunks[1].whole.p + 4, "\0\1\0\10\0\12\0\0", 8);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 0);
	pair_free(&pair);
}

/* 6.2, 3.3.10.9 */
static void data_without_user_data_is_aborted_by_its_tsn(void **state)
{
	struct sent p;

	(void)state;
	solo_begin(10, SCTP_ESTABLISHED);
	assert_int_equal(give_data(PEER_TSN + 5, 1, 0, "BE", ""), 1);
	assert_sends_alone(&p, PEER_TAG, SCTP_ABORT, 0);
	assert_int_equal(u32_of(p.bytes + 16), SCTP_C_NO_USER_DATA << 16 | 8);
	assert_int_equal(u32_of(p.bytes + 20), PEER_TSN + 5);
	pair_free(&pair);
}

/* 12.3, 6.10: not the INIT, and nothing that came with it. */
static void an_init_in_company_is_nothing(void **state)
{
	const struct sctp_init in = peer_init();
	uint8_t buf[1500];

	(void)state;
	for (int s = SCTP_CLOSED; s <= SCTP_DEAD; s++)
		for (int what = 0; what < 4;
		     what++) { /* the last but one is a good one; the last has a tag */
			solo_begin(11, (enum sctp_state)s);
			const bool tagged = what == 0 || what == 3;
			struct wr w = begin_packet(buf, sizeof buf, tagged ? VICTIM->my_tag : 0);
			if (what == 0)
				add_chunk(&w, SCTP_HEARTBEAT, 0, beat, 13);
			tt_sctp_write_init(&w, SCTP_INIT, &in);
			if (what == 1)
				add_chunk(&w, SCTP_HEARTBEAT, 0, beat, 13);
			const bool good = what == 2;
			assert_int_equal(give(&w), !good || s == SCTP_DEAD);
			if (good)
				assert_true(count_sent(s == SCTP_DEAD ? SCTP_ABORT
						       : s == SCTP_SHUTDOWN_ACK_SENT
							       ? SCTP_SHUTDOWN_ACK
							       : SCTP_INIT_ACK) == 1);
			assert_silent();
			assert_int_equal(VICTIM->state, s);
			pair_free(&pair);
		}
}

/* 8.1: counted while nothing is acknowledged, and from anew once something is. */
static void what_is_acknowledged_clears_the_count_of_errors(void **state)
{
	(void)state;
	solo_begin(12, SCTP_ESTABLISHED);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 3000, NULL), TAUT_OK);
	discard_sent();
	for (unsigned n = 1; n <= 5; n++) {
		solo_expire(SCTP_T3);
		discard_sent();
		assert_int_equal(VICTIM->errors, n);
	}
	assert_int_equal(give_sack(VICTIM->flight.cum.v + 1, NULL, 0), 0);
	assert_int_equal(VICTIM->errors, 0);
	discard_sent();
	while (VICTIM->state ==
	       SCTP_ESTABLISHED) { /* heartbeats that are not answered count as well */
		const unsigned errors = VICTIM->errors;
		assert_true(errors <= SCTP_MAX_RETRANS);
		solo_expire(SCTP_T3);
		assert_in_range(VICTIM->errors, errors + 1, errors + 2);
		discard_sent();
	}
	assert_true(VICTIM->errors > SCTP_MAX_RETRANS);
	assert_silent();
	assert_int_equal(VICTIM->state, SCTP_DEAD);
	pair_free(&pair);
}

/* 3.3.10: the first cause by its name; what an application or a stack adds, as far as it can be printed. */
static void why_the_peer_aborted_is_told_in_words(void **state)
{
	static const struct {
		uint8_t cause, info[8];
		size_t len;
		const char *text;
	} rows[] = {
		{ 0, "", 0, "error" },
		{ 1, "\0\1\0\0", 4, "invalid stream identifier" },
		{ 11, "abcd", 4, "restart with new addresses" },
		{ 12, "", 0, "user-initiated abort" },
		{ 12, "bye", 3, "user-initiated abort: bye" },
		{ 13, "\x1f ~\x7f\n\xff", 6, "protocol violation: ? ~???" },
		{ 13, "\0", 1, "protocol violation: ?" },
		{ 14, "no", 2, "error" },
		{ 255, "", 0, "error" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		uint8_t causes[16] = { 0, rows[i].cause, 0, (uint8_t)(4 + rows[i].len) };

		solo_begin(4, SCTP_ESTABLISHED);
		memcpy(causes + 4, rows[i].info, rows[i].len);
		assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_ABORT, 0, causes, 4 + rows[i].len),
				 0);
		assert_string_equal(VICTIM->close_text, rows[i].text);
		assert_int_equal(VICTIM->close_cause, rows[i].cause);
		pair_free(&pair);
	}
	solo_begin(4, SCTP_ESTABLISHED); /* none at all, and no words of before */
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_ABORT, 0, NULL, 0), 0);
	assert_string_equal(VICTIM->close_text, "");
	pair_free(&pair);
}

static void a_long_reason_of_an_abort_is_cut(void **state)
{
	uint8_t causes[304] = { 0, SCTP_C_PROTOCOL_VIOLATION, 1, 0x30 };

	(void)state;
	memset(causes + 4, 'x', sizeof causes - 4);
	solo_begin(4, SCTP_ESTABLISHED);
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_ABORT, 0, causes, sizeof causes), 0);
	assert_int_equal(VICTIM->state, SCTP_DEAD);
	assert_int_equal(strlen(VICTIM->close_text), sizeof VICTIM->close_text - 3);
	assert_memory_equal(VICTIM->close_text, "protocol violation: xxx", 23);
	pair_free(&pair);
}

/* 3.3.6: what comes back is what we sent, under its own name and whole. Nonces are random, so that 0 is one as well. */
static void a_heartbeat_ack_gives_back_what_was_sent(void **state)
{
	static const struct {
		uint16_t tag, len;
		bool good;
	} rows[] = {
		{ 1, 12, true }, { 2, 12, false }, { 0, 12, false }, { 1, 11, false },
		{ 1, 4, false }, { 1, 3, false },  { 1, 16, true }, /* and more, which says nothing */
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		for (int probe = 0; probe < 2; probe++) {
			uint8_t value[16] = { (uint8_t)(rows[i].tag >> 8), (uint8_t)rows[i].tag,
					      (uint8_t)(rows[i].len >> 8), (uint8_t)rows[i].len };
			const uint16_t size = 1400;
			solo_begin(2, SCTP_ESTABLISHED);
			pair.sim.now += 1000;
			VICTIM->heartbeat_at = probe ? -1 : 0; /* at the first moment of time */
			VICTIM->heartbeat_nonce = 0;
			VICTIM->pmtu.probed = probe ? size : 0;
			VICTIM->pmtu.count = probe ? 1 : 0;
			VICTIM->pmtu.nonce = 0;
			VICTIM->errors = 1;
			const taut_time srtt = VICTIM->rtt.srtt;
			assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_HEARTBEAT_ACK, 0, value,
						    tt_max(rows[i].len, 4)),
					 !rows[i].good);
			assert_int_equal(VICTIM->errors, !rows[i].good);
			/* What leaves at the moment of waking measures already. */
			assert_int_equal(VICTIM->rtt.srtt, rows[i].good && !probe ? pair.sim.now : srtt);
			pair_free(&pair);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heartbeat_is_answered_by_itself),
		cmocka_unit_test(each_heartbeat_has_a_new_nonce),
		cmocka_unit_test(an_abort_leaves_alone_and_with_the_peers_tag),
		cmocka_unit_test(an_abort_with_broken_causes_is_silently_discarded),
		cmocka_unit_test(a_packet_with_an_abort_is_never_answered),
		cmocka_unit_test(an_abort_has_its_place_in_the_packet),
		cmocka_unit_test(what_comes_out_of_the_blue_gets_the_answer_of_the_rfc),
		cmocka_unit_test(a_cookie_out_of_the_blue_is_processed),
		cmocka_unit_test(one_packet_is_answered_by_one),
		cmocka_unit_test(a_stream_that_is_not_there_is_named),
		cmocka_unit_test(data_without_user_data_is_aborted_by_its_tsn),
		cmocka_unit_test(an_init_in_company_is_nothing),
		cmocka_unit_test(what_is_acknowledged_clears_the_count_of_errors),
		cmocka_unit_test(why_the_peer_aborted_is_told_in_words),
		cmocka_unit_test(a_long_reason_of_an_abort_is_cut),
		cmocka_unit_test(a_heartbeat_ack_gives_back_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
