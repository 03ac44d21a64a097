/* test_hostile.c - a peer that does everything right until told to misbehave (HOSTILE D01-D25).
 *
 * The victim is pair.s[1]; packets are made as its peer would make them, with the
 * right tags, ports and checksum. */
#include <jansson.h>

#include "base/num.h"
#include "unit/sctp/sctp_forge.h"

/* D06: only the cells of 8.5 act. */
static void a_wrong_tag_moves_nothing_whatever_the_chunk(void **state)
{
	static const uint8_t types[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 64, 128,
	                                 130, 192, 193, 255 };

	(void)state;
	begin(1);
	for (size_t i = 0; i < sizeof types; i++)
		for (int which = 0; which < 4; which++)
			for (uint8_t flags = 0; flags < 2; flags++) {
				const uint32_t tags[] = { 0, VICTIM->peer_tag, VICTIM->my_tag + 1, 1 };
				if (types[i] == SCTP_INIT && which == 0)
					continue;
				if (types[i] == SCTP_ABORT && which == 1 && flags == 1)
					continue; /* reflected: this one counts */
				uint8_t buf[128];
				struct wr w = begin_packet(buf, sizeof buf, tags[which]);
				size_t at = tt_sctp_begin(&w, types[i], flags);
				wr_zeros(&w, 16);
				tt_sctp_end(&w, at);
				assert_int_equal(give(&w), 1);
				assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
				assert_int_equal(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf), 0);
			}
	pair_free(&pair);
}

static void an_abort_counts_with_our_tag_or_with_the_peers_reflected(void **state)
{
	(void)state;
	for (int reflected = 0; reflected < 2; reflected++)
		for (int right = 0; right < 2; right++) {
			begin(2);
			uint8_t buf[64];
			uint32_t tag = (reflected == right) ? VICTIM->peer_tag : VICTIM->my_tag;
			struct wr w = begin_packet(buf, sizeof buf, tag);
			tt_sctp_end(&w, tt_sctp_begin(&w, SCTP_ABORT, reflected ? SCTP_FLAG_T : 0));
			assert_int_equal(give(&w), !right);
			pair_events(&pair, 1);
			assert_int_equal(pair.closed[1], right);
			pair_free(&pair);
		}
}

/* D07, D08 */
static void a_flood_of_inits_leaves_nothing_behind(void **state)
{
	(void)state;
	pair_init(&pair, 3, NULL, NULL);
	size_t before = pair.sim.env[1].memory;
	for (uint32_t n = 0; n < 20000; n++) {
		uint8_t buf[256];
		struct wr w = begin_packet(buf, sizeof buf, 0);
		struct sctp_init in = { .tag = n + 1, .window = 100000, .out_streams = 65535,
		                        .in_streams = 65535, .tsn = { n } };
		tt_sctp_write_init(&w, SCTP_INIT, &in);
		assert_int_equal(give(&w), 0);
		/* one answer waits to be sent, the latest */
		assert_int_equal(pair.sim.env[1].memory, before + SCTP_MAX_REPLY);
	}
	uint8_t answer[2000];
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, answer, sizeof answer) > 0);
	assert_int_equal(pair.sim.env[1].memory, before);
	assert_int_equal(VICTIM->state, SCTP_CLOSED);
	pair_free(&pair);
}

static void an_init_without_streams_or_window_is_aborted(void **state)
{
	static const struct sctp_init cases[] = {
		{ .tag = 5, .window = 100000, .out_streams = 0, .in_streams = 1 },
		{ .tag = 5, .window = 100000, .out_streams = 1, .in_streams = 0 },
		{ .tag = 5, .window = 1499, .out_streams = 1, .in_streams = 1 },
		{ .tag = 0, .window = 100000, .out_streams = 1, .in_streams = 1 }, /* this one: silence */
	};

	(void)state;
	begin(4);
	for (size_t i = 0; i < 4; i++) {
		uint8_t buf[1500];
		struct wr w = begin_packet(buf, sizeof buf, 0);
		tt_sctp_write_init(&w, SCTP_INIT, &cases[i]);
		assert_int_equal(give(&w), 1);
		size_t len = tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf);
		assert_int_equal(len > 0, cases[i].tag != 0);
		if (len > 0)
			assert_int_equal(buf[12], SCTP_ABORT);
		assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	}
	pair_free(&pair);
}

static uint8_t echo[512];
static size_t echo_len;

static void keep_cookie_echo(struct pair *p, int to, uint8_t *data, size_t *len)
{
	(void)p;
	if (to == 1 && data[12] == SCTP_COOKIE_ECHO) {
		echo_len = *len;
		memcpy(echo, data, *len);
		*len = 0;
	}
}

static void begin_with_cookie(uint64_t seed)
{
	pair_init(&pair, seed, NULL, NULL);
	pair.on_packet = keep_cookie_echo;
	echo_len = 0;
	tt_sctp_connect(pair.s[0], pair.sim.now);
	pair_run(&pair, SECOND / 10);
	assert_true(echo_len > 0);
	assert_int_equal(VICTIM->state, SCTP_CLOSED);
}

static int give_raw(const uint8_t *data, size_t len)
{
	uint8_t buf[SCTP_MAX_PACKET];
	struct wr w = wr_make(buf, sizeof buf);

	wr_bytes(&w, data, len);
	memset(buf + 8, 0, 4);
	return give(&w);
}

/* D03, D04 */
static void a_cookie_counts_unchanged_and_in_time_only(void **state)
{
	(void)state;
	begin_with_cookie(5);
	for (size_t i = 16; i < echo_len; i++)
		for (int bit = 0; bit < 8; bit++) {
			echo[i] ^= (uint8_t)(1 << bit);
			assert_int_equal(give_raw(echo, echo_len), 1);
			assert_int_equal(VICTIM->state, SCTP_CLOSED);
			echo[i] ^= (uint8_t)(1 << bit);
		}
	echo[4] ^= 1; /* another tag than the cookie's */
	assert_int_equal(give_raw(echo, echo_len), 1);
	echo[4] ^= 1;
	pair.sim.now += 61 * SECOND;
	assert_int_equal(give_raw(echo, echo_len), 1);
	assert_int_equal(VICTIM->state, SCTP_CLOSED);
	uint8_t buf[1500];
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(buf[12], SCTP_ERROR);
	assert_int_equal(buf[17], SCTP_C_STALE_COOKIE);
	pair.sim.now -= 20 * SECOND;
	assert_int_equal(give_raw(echo, echo_len), 0);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	pair_free(&pair);
}

static void a_cookie_of_another_association_is_refused(void **state)
{
	uint8_t other[512];
	size_t len;

	(void)state;
	begin_with_cookie(6);
	len = echo_len;
	memcpy(other, echo, len);
	pair_free(&pair);
	begin_with_cookie(7);
	assert_int_equal(give_raw(other, len), 1);
	assert_int_equal(VICTIM->state, SCTP_CLOSED);
	pair_free(&pair);
}

/* D09 */
static void tsns_far_ahead_are_refused_and_gaps_are_bounded(void **state)
{
	(void)state;
	begin(8);
	uint32_t tsn = next_tsn();
	assert_int_equal(give_data(tsn + SCTP_TSN_AHEAD, 0, 0, "BE", "x"), 1);
	assert_int_equal(give_data(tsn + 0x7fffffff, 0, 0, "BE", "x"), 1);
	for (uint32_t n = 1; n < 2 * SCTP_TSN_AHEAD; n += 2)
		give_data(tsn + n, 0, (uint16_t)n, "BE", "x");
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	assert_true(VICTIM->rx.held <= VICTIM->rx.limit);
	uint8_t buf[1500];
	size_t len, last = 0, packets = 0, sacks = 0;
	while ((len = tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf)) > 0) {
		assert_true(len <= 1160);
		for (size_t at = 12; at < len; at += last) {
			assert_int_equal(buf[at], SCTP_SACK);
			last = (size_t)(buf[at + 2] << 8 | buf[at + 3]);
			assert_true(last <= 16 + SCTP_KEPT_GAPS * 4 || len == 1160);
			sacks++;
		}
		packets++;
	}
	assert_int_equal(last, 1160 - 12); /* the last one has a packet to itself */
	assert_in_range(sacks, 2, SCTP_MAX_EARLIER + 1); /* those with more gaps than are kept are left out */
	assert_in_range(packets, 2, 1 + (SCTP_MAX_EARLIER * (16 + SCTP_KEPT_GAPS * 4) + 1147) / 1148 + 1);
	pair_free(&pair);
}

/* D10 */
static void fragments_without_an_end_stay_within_the_window(void **state)
{
	(void)state;
	for (int unordered = 0; unordered < 2; unordered++) {
		begin(9);
		uint32_t tsn = next_tsn();
		for (uint32_t n = 0; n < 40000 && VICTIM->state == SCTP_ESTABLISHED; n++) {
			/* every third one missing, so that nothing is ever whole */
			give_data(tsn + 1 + 3 * (n / 2) + n % 2, (uint16_t)(n / 2 % 1000), 0,
			          n % 2 ? (unordered ? "U" : "") : (unordered ? "BU" : "B"), "x");
			assert_true(VICTIM->rx.held <= VICTIM->rx.limit);
			assert_true(pair.sim.env[1].memory < VICTIM->rx.limit + 262144);
		}
		pair_free(&pair);
	}
}

static void one_message_without_an_end_is_thrown_away(void **state)
{
	char big[1101];

	(void)state;
	begin(10);
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	uint32_t tsn = next_tsn();
	for (uint32_t n = 0; n < 5000; n++) { /* 5.5 MB */
		assert_int_equal(give_data(tsn + n, 1, 0, n == 0 ? "B" : "", big), 0);
		assert_true(VICTIM->rx.held <= VICTIM->rx.limit);
	}
	assert_int_equal(give_data(tsn + 5000, 1, 0, "E", big), 0);
	assert_int_equal(give_data(tsn + 5001, 1, 1, "BE", "next"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.too_large[1], 1);
	assert_int_equal(pair.count[1], 1);
	pair_free(&pair);
}

/* D11 */
static void of_duplicates_that_differ_the_first_wins(void **state)
{
	(void)state;
	begin(11);
	uint32_t tsn = next_tsn();
	assert_int_equal(give_data(tsn + 1, 1, 1, "BE", "second"), 0);
	assert_int_equal(give_data(tsn + 1, 1, 1, "BEU", "forged"), 1);
	assert_int_equal(give_data(tsn + 1, 2, 0, "BE", "forged"), 1);
	assert_int_equal(give_data(tsn, 1, 0, "BE", "first!"), 0);
	assert_int_equal(give_data(tsn, 1, 0, "BEU", "forged"), 1);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 2);
	assert_memory_equal(&pair.log[1][0].first, "firs", 4);
	assert_memory_equal(&pair.log[1][1].first, "seco", 4);
	pair_free(&pair);
}

/* D12 */
static void fragments_that_no_sender_makes_abort(void **state)
{
	static const struct { uint32_t tsn[3]; uint16_t ssn[3]; const char *flags[3]; } cases[] = {
		{ { 0, 1 }, { 0, 0 }, { "B", "B" } },
		{ { 0, 1 }, { 0, 0 }, { "B", "BE" } },
		{ { 0 }, { 0 }, { "E" } },
		{ { 0 }, { 0 }, { "" } },
		{ { 0, 1 }, { 0, 0 }, { "BE", "E" } },
		{ { 2, 1 }, { 0, 0 }, { "BE", "B" } },
		{ { 2, 1 }, { 0, 0 }, { "E", "E" } },
		{ { 0, 1 }, { 0, 1 }, { "B", "E" } },
		{ { 0, 1 }, { 0, 0 }, { "B", "EU" } },
		{ { 2, 1 }, { 0, 0 }, { "BEU", "B" } },
		{ { 2, 1 }, { 0, 0 }, { "", "E" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(12);
		uint32_t tsn = next_tsn();
		for (int k = 0; k < 3 && cases[i].flags[k]; k++)
			give_data(tsn + cases[i].tsn[k], 1, cases[i].ssn[k], cases[i].flags[k], "x");
		assert_int_equal(VICTIM->state, SCTP_DEAD);
		pair_run(&pair, SECOND);
		assert_int_equal(pair.reason[1], TAUT_REASON_SCTP_ABORTED_HERE);
		assert_int_equal(pair.reason[0], TAUT_REASON_SCTP_ABORT);
		for (int k = 0; k < 2; k++) {
			assert_int_equal(pair.cause[k], SCTP_C_PROTOCOL_VIOLATION);
			assert_string_equal(pair.text[k], "protocol violation: fragments do not fit together");
		}
		pair_free(&pair);
	}
}

/* D13 */
static void data_without_user_data_aborts(void **state)
{
	(void)state;
	begin(13);
	give_data(next_tsn(), 1, 0, "BE", "");
	pair_run(&pair, SECOND);
	assert_int_equal(pair.closed[0] + pair.closed[1], 2);
	assert_string_equal(pair.text[0], "no user data");
	assert_string_equal(pair.text[1], "no user data: DATA without user data");
	for (int i = 0; i < 2; i++)
		assert_int_equal(pair.cause[i], SCTP_C_NO_USER_DATA);
	pair_free(&pair);
}

/* D15, D22 */
static uint32_t begin_with_four_chunks_out(uint64_t seed)
{
	begin(seed);
	pair_number(&pair, 1, 1, 1, 4000, NULL);
	pair_send(&pair, 1);
	assert_true(VICTIM->flight.flight > 4000);
	return VICTIM->flight.cum.v;
}

/* RFC 9260 section 12.4. */
static void who_acknowledges_what_was_not_sent_is_aborted(void **state)
{
	static const struct {
		uint32_t plus;
		uint16_t gap[2];
		size_t n;
	} rows[] = { { 5, { 0 }, 0 },
		     { 0x7fffffff, { 0 }, 0 },
		     { 0, { 2, 5 }, 2 },
		     { 0, { 1, 65535 }, 2 },
		     { 4, { 1, 1 }, 2 } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const uint32_t cum = begin_with_four_chunks_out(140 + i);
		assert_int_equal(give_sack(cum + rows[i].plus, rows[i].gap, rows[i].n), 1);
		assert_int_equal(VICTIM->state, SCTP_DEAD);
		assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_SACK_WRONG], 1);
		pair_run(&pair, SECOND);
		assert_string_equal(pair.text[0], "protocol violation: SACK of what was not sent");
		pair_free(&pair);
	}
}

static void old_and_malformed_acknowledgements_are_refused(void **state)
{
	(void)state;
	const uint32_t cum = begin_with_four_chunks_out(14);
	size_t flight = VICTIM->flight.flight, cwnd = VICTIM->cc.cwnd;
	assert_int_equal(give_sack(cum - 1, NULL, 0), 1);
	assert_int_equal(give_sack(cum + 0x80000001u, NULL, 0), 1);
	assert_int_equal(give_sack(cum, (uint16_t[]){ 3, 2 }, 2), 1);
	assert_int_equal(give_sack(cum, (uint16_t[]){ 2, 3, 3, 4 }, 4), 1);
	assert_int_equal(VICTIM->flight.flight, flight);
	assert_int_equal(VICTIM->cc.cwnd, cwnd);
	assert_int_equal(give_sack(cum + 4, NULL, 0), 0);
	assert_int_equal(VICTIM->flight.flight, 0);
	assert_int_equal(VICTIM->cc.cwnd, cwnd + 2 * VICTIM->cc.pmdcs); /* not by all that was acked */
	pair_free(&pair);
}

static void what_a_peer_takes_back_counts_as_in_flight_again(void **state)
{
	(void)state;
	begin(15);
	pair_number(&pair, 1, 1, 1, 4000, NULL);
	pair_send(&pair, 1);
	uint32_t cum = VICTIM->flight.cum.v;
	size_t flight = VICTIM->flight.flight;
	pair.sim.now += 10000;
	assert_int_equal(give_sack(cum, (uint16_t[]){ 2, 3 }, 2), 0);
	assert_true(VICTIM->flight.flight < flight);
	assert_int_equal(give_sack(cum, NULL, 0), 0);
	assert_int_equal(VICTIM->flight.flight, flight);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T3));
	pair_free(&pair);
}

/* D16 */
static void a_heartbeat_answer_that_was_not_asked_for_measures_nothing(void **state)
{
	uint8_t buf[128];

	(void)state;
	begin(16);
	taut_time srtt = VICTIM->rtt.srtt;
	for (int n = 0; n < 3; n++) {
		struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		size_t at = tt_sctp_begin(&w, SCTP_HEARTBEAT_ACK, 0);
		size_t p = tt_sctp_begin_param(&w, SCTP_P_HEARTBEAT_INFO);
		wr_zeros(&w, n == 0 ? 0 : n == 1 ? 8 : 40);
		tt_sctp_end(&w, p);
		tt_sctp_end(&w, at);
		assert_int_equal(give(&w), 1);
	}
	assert_int_equal(VICTIM->rtt.srtt, srtt);
	VICTIM->heartbeat_due = true; /* now there is one to be answered, but not by guessing */
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) == 0);
	uint8_t beat[1500];
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, beat, sizeof beat) > 0);
	assert_int_equal(beat[12], SCTP_HEARTBEAT);
	for (int right = 0; right < 2; right++) {
		struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		size_t at = tt_sctp_begin(&w, SCTP_HEARTBEAT_ACK, 0);
		wr_bytes(&w, beat + 16, 12);
		tt_sctp_end(&w, at);
		buf[SCTP_COMMON_HEADER + 11] ^= (uint8_t)!right;
		pair.sim.now += 3000;
		assert_int_equal(give(&w), !right);
	}
	assert_int_equal(VICTIM->rtt.srtt, 6000);
	pair_free(&pair);
}

/* D18 */
static void forward_tsn_skips_forwards_a_little_only(void **state)
{
	uint16_t list[600];

	(void)state;
	begin(17);
	uint32_t tsn = next_tsn();
	assert_int_equal(give_forward(tsn - 2, NULL, 0), 1);
	assert_int_equal(give_forward(tsn + 0x7ffffff0, NULL, 0), 1);
	assert_int_equal(next_tsn(), tsn);
	for (uint16_t i = 0; i < 600; i++)
		list[i] = (uint16_t)(i * 997);
	size_t before = pair.sim.env[1].memory;
	assert_int_equal(give_forward(tsn + 10, list, 600), 0);
	assert_int_equal(next_tsn(), tsn + 11);
	assert_true(pair.sim.env[1].memory - before < 131072);
	VICTIM->peer_forward_tsn = false;
	assert_int_equal(give_forward(tsn + 20, NULL, 0), 1);
	assert_int_equal(next_tsn(), tsn + 11);
	pair_free(&pair);
}

static void a_skipped_message_is_gone_and_the_next_one_is_delivered(void **state)
{
	(void)state;
	begin(18);
	uint32_t tsn = next_tsn();
	give_data(tsn, 1, 0, "B", "part of a message");
	give_data(tsn + 3, 1, 1, "BE", "waits");
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 0);
	assert_int_equal(give_forward(tsn + 2, (uint16_t[]){ 1, 0 }, 2), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 1);
	assert_int_equal(give_data(tsn + 4, 1, 2, "BE", "goes on"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 2);
	assert_int_equal(VICTIM->rx.count, 0);
	pair_free(&pair);
}

/* D19 */
static void a_flood_of_resets_is_bounded(void **state)
{
	(void)state;
	begin(19);
	pair_number(&pair, 0, 1000, 1, 10, NULL);
	pair_run(&pair, SECOND);
	pair.keep_events[1] = true;
	for (uint32_t n = 0; n < 20000; n++) {
		uint8_t buf[1500];
		struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		size_t at = tt_sctp_begin(&w, SCTP_RE_CONFIG, 0);
		size_t p = tt_sctp_begin_param(&w, SCTP_P_RESET_OUT);
		wr_u32(&w, VICTIM->reconfig.peer_seq + (n % 7 == 0 ? 5 : 0));
		wr_u32(&w, 0);
		wr_u32(&w, VICTIM->tracker.cum.v);
		wr_u16(&w, n % 3 == 0 ? 5000 : (uint16_t)(n % 1000));
		tt_sctp_end(&w, p);
		tt_sctp_end(&w, at);
		give(&w);
		if (n % 100 == 0)
			pair_send(&pair, 1);
	}
	assert_true(pair.sim.env[1].memory < 524288);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	pair.keep_events[1] = false;
	pair_events(&pair, 1);
	assert_in_range(pair.resets_in[1], 1, 1100);
	pair_free(&pair);
}

/* RFC 6525: the same request again; a peer that only repeats its answer gets a new number. */
static void a_reset_in_progress_is_asked_for_again(void **state)
{
	static const struct { uint32_t plus, result; } rounds[] = {
		{ 0, 6 }, { 0, 6 }, { 1, 6 }, { 1, 1 },
	};
	uint8_t buf[1500];

	(void)state;
	begin(23);
	tt_sctp_reset_stream(VICTIM, pair.sim.now, 3);
	uint32_t seq = VICTIM->reconfig.my_seq;
	for (size_t n = 0; n < TT_COUNT(rounds); n++) {
		assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
		assert_int_equal(buf[12], SCTP_RE_CONFIG);
		struct rd r = rd_make(buf + 20, 4);
		assert_int_equal(rd_u32(&r), seq + rounds[n].plus);
		assert_int_equal(give_response(seq + 7, 1), 1);
		assert_int_equal(give_response(seq + rounds[n].plus, rounds[n].result), 0);
		pair_events(&pair, 1);
		assert_int_equal(pair.resets_out[1], rounds[n].result == 1);
		pair.sim.now += SECOND;
		tt_sctp_tick(VICTIM, pair.sim.now);
	}
	assert_int_equal(VICTIM->errors, 0);
	assert_int_equal(give_response(seq + 1, 1), 1);
	pair_free(&pair);
}

/* What was missing has come, and the peer says so by itself. */
static void the_late_answer_to_a_reset_in_progress_counts(void **state)
{
	uint8_t buf[1500];

	(void)state;
	begin(24);
	tt_sctp_reset_stream(VICTIM, pair.sim.now, 3);
	uint32_t seq = VICTIM->reconfig.my_seq;
	assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) > 0);
	assert_int_equal(give_response(seq, 6), 0);
	assert_int_equal(give_response(seq, 1), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.resets_out[1], 1);
	pair_free(&pair);
}

/* The chunk that all others wait for finds room when they have filled the window. */
static void a_full_window_still_takes_the_chunk_that_is_missing(void **state)
{
	char big[1101];
	uint16_t n = 1;

	(void)state;
	begin(24);
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	uint32_t tsn = next_tsn();
	while (give_data(tsn + n, 1, n, "BE", big) == 0)
		n++;
	assert_int_equal(tt_sctp_reassembly_room(&VICTIM->rx) < 1500, 1);
	assert_int_equal(give_data(tsn, 1, 0, "BE", big), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], n);
	pair_free(&pair);
}

/* D21 */
static void shutdown_games_end_nothing(void **state)
{
	static const uint8_t types[] = { SCTP_SHUTDOWN_ACK, SCTP_SHUTDOWN_COMPLETE, SCTP_COOKIE_ACK };
	uint8_t buf[128];

	(void)state;
	begin(20);
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_SHUTDOWN, 0);
	wr_u32(&w, VICTIM->flight.next.v + 3);
	tt_sctp_end(&w, at);
	assert_int_equal(give(&w), 1);
	for (size_t i = 0; i < sizeof types; i++) {
		w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		tt_sctp_end(&w, tt_sctp_begin(&w, types[i], 0));
		/* A COOKIE-ACK more is no mistake, RFC 9260 section 5.2.5: INITs may have crossed. */
		assert_int_equal(give(&w), types[i] == SCTP_COOKIE_ACK ? 0 : 1);
	}
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	pair_free(&pair);
}

/* D24 */
static void set_up_chunks_in_the_wrong_place_are_refused(void **state)
{
	uint8_t buf[512];
	struct sctp_init in = { .tag = 9, .window = 100000, .out_streams = 1, .in_streams = 1 };

	(void)state;
	begin(21);
	for (int last = 0; last < 2; last++) {
		struct wr w = begin_packet(buf, sizeof buf, last ? VICTIM->my_tag : 0);
		if (last)
			tt_sctp_end(&w, tt_sctp_begin(&w, SCTP_COOKIE_ACK, 0));
		tt_sctp_write_init(&w, SCTP_INIT, &in);
		if (!last)
			tt_sctp_end(&w, tt_sctp_begin(&w, SCTP_COOKIE_ACK, 0));
		assert_int_equal(give(&w), 1);
		assert_int_equal(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf), 0);
	}
	pair_free(&pair);
	begin_with_cookie(25);
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	tt_sctp_end(&w, tt_sctp_begin(&w, SCTP_COOKIE_ACK, 0));
	wr_bytes(&w, echo + 12, echo_len - 12);
	assert_int_equal(give(&w), 1);
	assert_int_equal(VICTIM->state, SCTP_CLOSED);
	pair_free(&pair);
}

static void unknown_chunks_follow_their_highest_bits(void **state)
{
	static const uint8_t types[] = { 0x20, 0x60, 0xa0, 0xe0 };
	uint8_t buf[1500];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		begin(22);
		struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		tt_sctp_end(&w, tt_sctp_begin(&w, types[i], 0));
		size_t at = tt_sctp_begin(&w, SCTP_HEARTBEAT, 0);
		wr_u64(&w, 0x0001000800000000u);
		tt_sctp_end(&w, at);
		assert_int_equal(give(&w), 1);
		size_t len = tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf);
		bool report = types[i] & 0x40, go_on = types[i] & 0x80;
		assert_int_equal(len, (report || go_on ? 12 : 0) + (report ? 12 : 0) + (go_on ? 12 : 0));
		pair_free(&pair);
	}
}

/* D01, D05, D17, D25: every captured packet, in every way a little wrong, into an association. */
static void captured_packets_cut_and_flipped_harm_nothing(void **state)
{
	char path[512];
	json_error_t err;
	json_t *v;
	size_t i;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/vectors/sctp.json", TAUT_SOURCE_DIR);
	json_t *all = json_load_file(path, 0, &err);
	assert_non_null(all);
	json_array_foreach(json_object_get(all, "vectors"), i, v) {
		const char *hex = json_string_value(json_object_get(v, "bytes"));
		uint8_t bytes[4096] = { 0 };
		size_t len = strlen(hex) / 2, at = json_object_get(v, "kind") ? 12 : 0;
		for (size_t k = 0; k < len && at + k < sizeof bytes; k++) {
			unsigned byte = 0;
			for (int d = 0; d < 2; d++) {
				char c = hex[2 * k + (size_t)d];
				byte = byte << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
			}
			bytes[at + k] = (uint8_t)byte;
		}
		len += at;
		begin(1000 + i);
		for (size_t n = 0; n < 2 * len; n++) {
			if (VICTIM->state == SCTP_DEAD) {
				pair_free(&pair);
				begin(2000 + i + n);
			}
			uint8_t copy[4096];
			memcpy(copy, bytes, len);
			struct wr w = begin_packet(copy, sizeof copy,
			                           bytes[12] == SCTP_INIT ? 0 : VICTIM->my_tag);
			size_t cut = n < len ? n : len;
			if (n >= len)
				copy[n - len] ^= (uint8_t)(1 + n * 37 % 255);
			if (cut < 16)
				continue;
			w.off = cut;
			memset(copy + 8, 0, 4);
			give(&w);
			pair_settle(&pair);
		}
		pair_run(&pair, 5 * SECOND);
		pair_free(&pair);
	}
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_tag_moves_nothing_whatever_the_chunk),
		cmocka_unit_test(an_abort_counts_with_our_tag_or_with_the_peers_reflected),
		cmocka_unit_test(a_flood_of_inits_leaves_nothing_behind),
		cmocka_unit_test(an_init_without_streams_or_window_is_aborted),
		cmocka_unit_test(a_cookie_counts_unchanged_and_in_time_only),
		cmocka_unit_test(a_cookie_of_another_association_is_refused),
		cmocka_unit_test(tsns_far_ahead_are_refused_and_gaps_are_bounded),
		cmocka_unit_test(fragments_without_an_end_stay_within_the_window),
		cmocka_unit_test(one_message_without_an_end_is_thrown_away),
		cmocka_unit_test(of_duplicates_that_differ_the_first_wins),
		cmocka_unit_test(fragments_that_no_sender_makes_abort),
		cmocka_unit_test(data_without_user_data_aborts),
		cmocka_unit_test(who_acknowledges_what_was_not_sent_is_aborted),
		cmocka_unit_test(old_and_malformed_acknowledgements_are_refused),
		cmocka_unit_test(what_a_peer_takes_back_counts_as_in_flight_again),
		cmocka_unit_test(a_heartbeat_answer_that_was_not_asked_for_measures_nothing),
		cmocka_unit_test(forward_tsn_skips_forwards_a_little_only),
		cmocka_unit_test(a_skipped_message_is_gone_and_the_next_one_is_delivered),
		cmocka_unit_test(a_flood_of_resets_is_bounded),
		cmocka_unit_test(a_reset_in_progress_is_asked_for_again),
		cmocka_unit_test(the_late_answer_to_a_reset_in_progress_counts),
		cmocka_unit_test(a_full_window_still_takes_the_chunk_that_is_missing),
		cmocka_unit_test(shutdown_games_end_nothing),
		cmocka_unit_test(set_up_chunks_in_the_wrong_place_are_refused),
		cmocka_unit_test(unknown_chunks_follow_their_highest_bits),
		cmocka_unit_test(captured_packets_cut_and_flipped_harm_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
