/* test_xr.c - the round trip of who receives: RFC 3611 sections 4.4 and 4.5. */
#include "unit/rtcp/rtp_world.h"

enum { DELAY = 40000, RTT = 2 * DELAY };

static struct world w;
static const struct sim_link link = { .delay = DELAY };
static unsigned asked[2], answered[2]; /* blocks that an end has sent */

static void count(struct world *of, int from, bool rtcp, uint8_t *pkt, size_t *len)
{
	struct rd r = rd_make(pkt, *len);
	struct tt_rtcp_xr b;
	struct tt_rtcp p;

	(void)of;
	while (rtcp && tt_rtcp_next(&r, &p))
		for (size_t i = 0; p.type == TT_RTCP_XR && tt_rtcp_read_xr(&p, &i, &b);) {
			asked[from] += b.type == TT_XR_RRTR;
			answered[from] += b.type == TT_XR_DLRR;
		}
}

static void run(enum tt_rtp_rtt who, bool both)
{
	memset(asked, 0, sizeof asked);
	memset(answered, 0, sizeof answered);
	world_init(&w, 3, &link, NULL, both);
	w.on_packet = count;
	for (int i = 0; i < 2; i++)
		tt_rtp_session_set_receiver_rtt(w.end[i].s, who);
	world_run(&w, 10000000);
}

static struct tt_rtp_receiver_stats stats(int end, uint32_t stream)
{
	struct tt_rtp_receiver_stats s;

	assert_true(tt_rtp_session_receiver_stats(w.end[end].s, stream, &s));
	return s;
}

/* ---- packets ---- */

static void blocks_are_as_the_rfc_draws_them(void **state)
{
	static const struct tt_rtcp_dlrr dlrr[] = { { 0x11121314, 0x21222324, 0x31323334 },
						    { 0x41424344, 0x51525354, 0x61626364 } };
	uint8_t buf[64];
	struct wr w_ = wr_make(buf, sizeof buf);
	struct tt_rtcp_dlrr d;
	struct tt_rtcp_xr b;
	struct tt_rtcp p;
	size_t i = 0;

	(void)state;
	tt_rtcp_write_xr(&w_, 0xa1a2a3a4, 0x0102030405060708, dlrr, 2);
	assert_true(rtp_hex_is("80cf000b"
			       "a1a2a3a4"
			       "04000002"
			       "0102030405060708"
			       "05000006"
			       "111213142122232431323334"
			       "414243445152535461626364",
			       buf, wr_len(&w_)));
	assert_int_equal(tt_rtcp_check(buf, wr_len(&w_)), TT_TAKEN);
	struct rd r = rd_make(buf, wr_len(&w_));
	assert_true(tt_rtcp_next(&r, &p));
	assert_true(tt_rtcp_read_xr_sender(&p) == 0xa1a2a3a4);
	assert_true(tt_rtcp_read_xr(&p, &i, &b) && b.type == TT_XR_RRTR);
	assert_true(tt_rtcp_read_rrtr(&b) == 0x0102030405060708);
	assert_true(tt_rtcp_read_xr(&p, &i, &b) && b.type == TT_XR_DLRR);
	for (size_t k = 0; k < 2; k++)
		assert_true(tt_rtcp_read_dlrr(&b, k, &d) && memcmp(&d, &dlrr[k], sizeof d) == 0);
	assert_false(tt_rtcp_read_dlrr(&b, 2, &d));
	assert_false(tt_rtcp_read_xr(&p, &i, &b));

	w_ = wr_make(buf, sizeof buf);
	tt_rtcp_write_xr(&w_, 1, 0, NULL, 0);
	assert_int_equal(wr_len(&w_), 0);
	tt_rtcp_write_xr(&w_, 1, 0, dlrr, 1);
	assert_true(rtp_hex_is("80cf0005"
			       "00000001"
			       "05000003"
			       "111213142122232431323334",
			       buf, wr_len(&w_)));
}

/* ---- two ends ---- */

static void who_only_receives_learns_the_round_trip(void **state)
{
	(void)state;
	run(TT_RTP_RTT_ALL, false);
	for (uint32_t stream = AUDIO; stream <= VIDEO; stream++) {
		const struct tt_rtp_receiver_stats s = stats(1, stream);

		assert_in_range(s.rtt, RTT, RTT + 1000);
		assert_in_range(s.rtts, 5, s.reports);
		assert_in_range(s.rtt_sum, s.rtts * RTT, s.rtts * (RTT + 1000));
	}
	assert_true(asked[0] == 0 &&
		    answered[1] == 0); /* one hears nothing, the other sends nothing */
	assert_in_range(asked[1], 5, 20);
	assert_in_range(answered[0], 5, 20);
	world_free(&w);
}

/* 5.1: where only who sends may ask, who only receives does not. */
static void who_may_ask_is_as_agreed(void **state)
{
	(void)state;
	run(TT_RTP_RTT_SENDER, false);
	assert_true(asked[1] == 0 && answered[0] == 0 && stats(1, VIDEO).rtts == 0);
	world_free(&w);
	run(TT_RTP_RTT_SENDER, true);
	assert_true(asked[0] > 5 && asked[1] > 5);
	assert_in_range(stats(0, VIDEO).rtt, RTT, RTT + 1000);
	assert_in_range(stats(1, VIDEO).rtt, RTT, RTT + 1000);
	world_free(&w);
	run(TT_RTP_RTT_NONE, true);
	assert_int_equal(asked[0] + asked[1] + answered[0] + answered[1], 0);
	assert_int_equal(stats(1, VIDEO).rtts, 0);
	world_free(&w);
}

/* ---- a peer alone ---- */

static void tell(int end, const char *hex)
{
	size_t len;
	uint8_t *p = rtp_unhex(hex, &len);

	assert_int_equal(tt_rtcp_check(p, len), TT_TAKEN);
	tt_rtp_session_recv_rtcp(w.end[end].s, w.sim.now, 0, p, len);
	free(p);
}

/* A sender report of the other end's picture, and this about our question of a second ago. */
static void answer(uint32_t ssrc, uint32_t last, uint32_t delay)
{
	char hex[200];

	(void)snprintf(hex, sizeof hex,
		       "80c80006"
		       "000003ea"
		       "0000000100000000"
		       "00000001"
		       "00000001"
		       "00000001"
		       "80cf0005"
		       "000003ea"
		       "05000003"
		       "%08x%08x%08x",
		       ssrc, last, delay);
	tell(1, hex);
}

static uint32_t middle(taut_time ago)
{
	return (uint32_t)(tt_rtp_session_ntp(w.end[1].s, w.sim.now - ago) >> 16);
}

/* webrtc-stats: there is no round trip if the latest sender report has no DLRR, or one with a zero. */
static void what_says_no_time_is_no_measurement(void **state)
{
	(void)state;
	run(TT_RTP_RTT_ALL, false);
	uint64_t rtts = stats(1, VIDEO).rtts;
	answer(2001, middle(1000000), 58982); /* 0.9 s of it were theirs */
	assert_in_range(stats(1, VIDEO).rtt, 99900, 100100);
	assert_int_equal(stats(1, VIDEO).rtts, rtts + 1);
	assert_true(stats(1, AUDIO).rtt < 99000); /* whose report it was not */

	const struct {
		uint32_t ssrc, last, delay;
	} nothing[] = {
		{ 2001, 0, middle(100000) }, /* which would make a tenth of a second */
		{ 2001, middle(1000000), 0 },
		{ 2001, middle(-1000000), 1 },        /* a question that is not asked yet */
		{ 2001, middle(1000000), 2 * 65536 }, /* kept for longer than it is old */
		{ 2001, middle(11000000), 1 },        /* ten seconds are no round trip */
		{ 7777, middle(1000000), 58982 },     /* somebody else's question */
	};
	rtts = stats(1, VIDEO).rtts;
	for (size_t i = 0; i < TT_COUNT(nothing); i++) {
		answer(nothing[i].ssrc, nothing[i].last, nothing[i].delay);
		assert_int_equal(stats(1, VIDEO).rtt, 0);
		answer(2001, middle(1000000), 58982);
		assert_int_equal(stats(1, VIDEO).rtts, ++rtts);
	}
	answer(2001, middle(0), 1); /* clocks that round differently */
	assert_int_equal(stats(1, VIDEO).rtt, 1);
	world_free(&w);
}

static uint8_t last_answer[300];
static size_t last_answer_len;

static void keep_answer(struct world *of, int from, bool rtcp, uint8_t *pkt, size_t *len)
{
	struct rd r = rd_make(pkt, *len);
	struct tt_rtcp_xr b;
	struct tt_rtcp p;

	(void)of;
	while (rtcp && from == 0 && tt_rtcp_next(&r, &p))
		for (size_t i = 0; p.type == TT_RTCP_XR && tt_rtcp_read_xr(&p, &i, &b);)
			if (b.type == TT_XR_DLRR) {
				assert_true(b.body.len <= sizeof last_answer);
				memcpy(last_answer, b.body.p, b.body.len);
				last_answer_len = b.body.len;
			}
}

/* Whoever asks is answered, though nothing was agreed on; of many the four latest, whatever they ask for. */
static void questions_without_end_cost_four_answers(void **state)
{
	char hex[100];

	(void)state;
	run(TT_RTP_RTT_NONE, false);
	w.on_packet = keep_answer;
	for (uint32_t i = 0; i < 3000; i++) {
		(void)snprintf(hex, sizeof hex,
			       "80cf0004"
			       "%08x"
			       "04000002"
			       "0000%08x0000",
			       0x5000 + i, i + 1);
		w.sim.now += 100;
		tell(0, hex);
	}
	for (int i = 0; i < 2; i++) /* the same one asks again */
		tell(0, "80cf0007"
			"00005bb7"
			"04000002"
			"0000aaaaaaaa0000"
			"04000002"
			"0000bbbbbbbb0000");
	world_run(&w, 3000000);
	assert_int_equal(last_answer_len, 4 * 12);
	unsigned found = 0;
	for (size_t i = 0; i < 4; i++) {
		struct rd r = rd_make(last_answer + 12 * i, 12);
		const uint32_t ssrc = rd_u32(&r), last = rd_u32(&r), delay = rd_u32(&r);
		assert_in_range(ssrc, 0x5000 + 2996, 0x5000 + 2999);
		found |= 1u << (ssrc - (0x5000 + 2996));
		assert_true(last == (ssrc == 0x5bb7 ? 0xbbbbbbbb : ssrc - 0x5000 + 1));
		assert_in_range(delay, 1, 3 * 65536 + 100);
	}
	assert_int_equal(found, 15);
	world_free(&w);
}

/* 32 bits hold 18 hours of 1/65,536 s: then it is no answer. */
static void a_question_is_answered_for_18_hours(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		run(TT_RTP_RTT_NONE, false);
		w.stop_media = w.sim.now;
		w.on_packet = keep_answer;
		tell(0, "80cf0004"
			"00005000"
			"04000002"
			"0000aaaaaaaa0000");
		w.sim.now += INT64_C(65535) * 1000000 + (late ? 2000000 : -5000000);
		last_answer_len = 0;
		world_step(&w);
		world_run(&w, 2000000);
		assert_int_equal(last_answer_len, late ? 0 : 12);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_as_the_rfc_draws_them),
		cmocka_unit_test(who_only_receives_learns_the_round_trip),
		cmocka_unit_test(who_may_ask_is_as_agreed),
		cmocka_unit_test(what_says_no_time_is_no_measurement),
		cmocka_unit_test(questions_without_end_cost_four_answers),
		cmocka_unit_test(a_question_is_answered_for_18_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
