/* test_c_rtcp.c - rows C11 to C16 and C27 to C29 of HOSTILE.md: RTCP that is protected with the right
 * keys, and wrong inside. */
#include <jansson.h>
#include <stdlib.h>

#include "hostile/media.h"

struct rtcp_case {
	const char *hex;
	uint32_t why; /* it is refused; 0: it says nothing that matters here */
};

/* What is refused changes nothing but the replay window; the rest of these neither. */
static void send_cases(struct hostile *h, const struct rtcp_case *all, size_t n)
{
	uint8_t buf[PACKET];

	hostile_mark(h);
	for (size_t i = 0; i < n; i++) {
		const uint64_t before = dropped_by(h);
		craft_send_rtcp(h, buf, unhex(all[i].hex, buf, sizeof buf));
		if (dropped_by(h) - before != (all[i].why != 0))
			fail_msg("%s: %s", all[i].why ? "taken" : "refused", all[i].hex);
		if (all[i].why)
			hostile_assert_dropped(h, all[i].why, 1);
	}
	hostile_assert_unchanged_but(h, STATE_SRTP);
}

static void rtcp_cases(unsigned seed, const struct rtcp_case *all, size_t n)
{
	struct hostile h;

	hostile_begin(&h, seed, 0);
	send_cases(&h, all, n);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c11_lengths_inside_bye_and_xr_are_checked(void **state)
{
	static const struct rtcp_case all[] = {
		{ "81cb00025eed0001ff000000", TAUT_DROP_RTCP_BYE_REASON }, /* reason of 255 */
		{ "9fcb00015eed0001", TAUT_DROP_RTCP_BYE_SOURCES }, /* 31 sources, one there */
		{ "80cf00025eed00010400ffff",
		  TAUT_DROP_RTCP_XR_LENGTH }, /* block of 65,535 words */
		{ "80cf00025eed00016300ffff", TAUT_DROP_RTCP_XR },
		{ "80cf00025eed000163000000", 0 }, /* block of nothing */
		{ "80cf00045eed0001630000006300000063000000", 0 },
		{ "80cf00035eed0001050000015eed0002",
		  TAUT_DROP_RTCP_XR_LENGTH }, /* DLRR of a third of a sub-block */
		{ "80cf00065eed0001050000045eed0002000100000001000000010000",
		  TAUT_DROP_RTCP_XR_LENGTH }, /* and of four thirds */
		{ "80cf00035eed00010400000100010000", TAUT_DROP_RTCP_XR_LENGTH },
		{ "80cf00055eed000104000003000100000001000000010000",
		  TAUT_DROP_RTCP_XR_LENGTH }, /* RRTR of three words */
		{ "80cf00065eed00010500fffc5eed000200010000000100000001000f",
		  TAUT_DROP_RTCP_XR }, /* DLRR of 21,844 that are not there */
		{ "80cf00055eed0001050000035eed00020001000000010000", 0 }, /* of somebody else */
		{ "80cf00025eed000105000000", 0 },                         /* of nobody */
		{ "80cf00015eed0001", 0 },
	};

	(void)state;
	rtcp_cases(431, all, TT_COUNT(all));
}

static void c12_rpsi_padding_beyond_its_string_is_refused(void **state)
{
	static const struct rtcp_case all[] = {
		{ "83ce00035eed00015eed0002ff600000", TAUT_DROP_RTCP_RPSI },
		{ "83ce00035eed00015eed000211600000", TAUT_DROP_RTCP_RPSI },
		{ "83ce00025eed00015eed0002", TAUT_DROP_RTCP_RPSI },
		{ "83ce00035eed00015eed000210600000", 0 },
	};

	(void)state;
	rtcp_cases(432, all, TT_COUNT(all));
}

static void c13_item_and_source_counts_are_checked(void **state)
{
	static const struct rtcp_case all[] = {
		{ "81ca00025eed000101ff6162", TAUT_DROP_RTCP_SDES }, /* item past the end */
		{ "9fca00025eed000101016100", TAUT_DROP_RTCP_SDES }, /* 31 chunks, one there */
		{ "8fce00055eed00010000000052454d42ff0000015eed0002",
		  TAUT_DROP_RTCP_REMB_SOURCES }, /* 255 sources */
		{ "8fce00045eed00010000000052454d4201000001",
		  TAUT_DROP_RTCP_REMB_SOURCES }, /* one, not there */
		{ "8fce00035eed00010000000052454d42", TAUT_DROP_RTCP_REMB_SOURCES },
		{ "9fc900015eed0001", TAUT_DROP_RTCP_RR }, /* 31 blocks, none there */
		{ "9fc800065eed0001000000000000000000000000000000000000000000", TAUT_DROP_RTCP_SR },
	};

	(void)state;
	rtcp_cases(433, all, TT_COUNT(all));
}

static void c14_transport_feedback_is_read_in_the_bytes_it_has(void **state)
{
	static const struct rtcp_case all[] = {
		{ "8fcd00055eed00015eed00020000ffff0000000020000000",
		  TAUT_DROP_RTCP_TWCC_CHUNKS }, /* 65,535 of nothing */
		{ "8fcd00055eed00015eed000200000000000000002001ffff",
		  TAUT_DROP_RTCP_TWCC_EMPTY }, /* about no packet */
		{ "8fcd00055eed00015eed000200000001000000006001ffff",
		  TAUT_DROP_RTCP_TWCC_SYMBOL }, /* symbol 3 */
		{ "8fcd00055eed00015eed00020000000800000000bfff0000",
		  TAUT_DROP_RTCP_TWCC_DELTAS }, /* deltas missing */
		{ "8fcd00045eed00015eed00020000000100000000", TAUT_DROP_RTCP_TWCC_CHUNKS },
		{ "8fcd00055eed00015eed000200000001ffffff0020010000",
		  0 }, /* time before the wrap */
	};

	(void)state;
	rtcp_cases(434, all, TT_COUNT(all));
}

static void c15_counts_of_rfc_8888_end(void **state)
{
	static const struct rtcp_case all[] = {
		{ "8bcd00045eed00015eed00020000ffff00000000", 0 },
		{ "8bcd00045eed00015eed0002ffffffff00000000", 0 },
		{ "8bcd00015eed0001", TAUT_DROP_RTCP_FEEDBACK },
	};

	(void)state;
	rtcp_cases(435, all, TT_COUNT(all));
}

static void c16_broken_framing_is_refused_whole(void **state)
{
	static const struct rtcp_case all[] = {
		{ "80c900005eed0001", TAUT_DROP_RTCP_RR },      /* length 0 */
		{ "80c9ffff5eed0001", TAUT_DROP_RTCP_FRAMING }, /* and far too long */
		{ "80c900015eed0001"
		  "00c900015eed0001",
		  TAUT_DROP_RTCP_FRAMING }, /* version 0 in the second */
		{ "a0c900025eed000100000004"
		  "80c900015eed0001",
		  TAUT_DROP_RTCP_FRAMING },                       /* padding not in the last */
		{ "80c900015eed000180", TAUT_DROP_RTCP_FRAMING }, /* an octet too many */
		{ "80c900015eed000180c9", TAUT_DROP_RTCP_FRAMING },
		{ "a0c900015eed0000", TAUT_DROP_RTCP_FRAMING }, /* padding of nothing */
		{ "a0c900015eed00ff", TAUT_DROP_RTCP_FRAMING }, /* of more than there is */
	};

	(void)state;
	rtcp_cases(436, all, TT_COUNT(all));
}

static void c16_every_known_rtcp_packet_is_taken_or_refused_as_it_should(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	unsigned refused = 0;
	size_t i;
	json_t *v, *root = json_load_file(TAUT_SOURCE_DIR "/tests/vectors/rtcp.json", 0, NULL);

	(void)state;
	assert_non_null(root);
	hostile_begin(&h, 437, 0);
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		const size_t len =
			unhex(json_string_value(json_object_get(v, "bytes")), buf, sizeof buf);
		if (len < 8 || buf[0] >> 6 != 2) /* SRTCP would not seal it */
			continue;
		const uint32_t why = tt_rtcp_check(buf, len);
		hostile_mark(&h);
		craft_send_rtcp(&h, buf, len);
		if (why != TT_TAKEN)
			hostile_assert_refused_but(&h, why, 1, STATE_SRTP);
		hostile_assert_none_dropped(&h);
		refused += why != TT_TAKEN;
	}
	assert_in_range(refused, 6, i - 1);
	json_decref(root);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c27_a_jump_asks_for_a_key_frame_and_not_for_thousands(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 447, 0);
	fall_silent(&h);
	const uint8_t vp8 = craft_stream(&h, TAUT_VIDEO)->cfg.payload_type;
	const uint64_t plis = rtp(&h)->plis_sent, nacks = rtp(&h)->nacks_sent;
	for (unsigned n = 0; n < 60; n++) {
		struct wr w = craft_rtp(buf, sizeof buf, vp8, (uint16_t)(n < 30 ? n : n + 2000),
					n * 3000, FRESH);
		buf[1] |= 0x80;
		wr_bytes(&w, "\x10\x11 picture", 10);
		craft_send_rtp(&h, buf, w.off);
		for (size_t i = 0; i < h.pc->rtp->receiver_count; i++)
			assert_in_range(h.pc->rtp->receivers[i]->nack.count, 0, TT_NACK_MAX);
		hostile_run(&h, 5000);
	}
	for (unsigned n = 0; n < 60; n++) { /* thirty thousand at once */
		struct wr w =
			craft_rtp(buf, sizeof buf, vp8, (uint16_t)(n + 33000), n * 3000, FRESH);
		wr_bytes(&w, "\x10\x11 picture", 10);
		craft_send_rtp(&h, buf, w.off);
		for (size_t i = 0; i < h.pc->rtp->receiver_count; i++)
			assert_in_range(h.pc->rtp->receivers[i]->nack.count, 0, TT_NACK_MAX);
	}
	hostile_run(&h, SECOND);
	assert_true(rtp(&h)->plis_sent > plis);
	assert_in_range(rtp(&h)->nacks_sent - nacks, 0, 200);
	fall_silent(&h);
	hostile_assert_dropped(&h, TAUT_DROP_RTP_JUMPED, 1); /* the next one in turn is believed */
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c27_a_flood_of_nacks_resends_each_packet_once_per_round_trip(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	uint16_t seqs[64];

	(void)state;
	hostile_begin(&h, 448, 0);
	const struct tt_rtp_sender *mine = NULL;
	for (size_t i = 0; i < h.pc->rtp->sender_count; i++)
		if (h.pc->rtp->senders[i]->cfg.kind == TAUT_VIDEO)
			mine = h.pc->rtp->senders[i];
	assert_non_null(mine);
	const uint64_t sent = mine->history.head, resent = rtp(&h)->packets_resent;
	for (size_t i = 0; i < 64; i++)
		seqs[i] = (uint16_t)(mine->first_seq + i);
	for (unsigned n = 0; n < 2000; n++) {
		struct wr w = wr_make(buf, sizeof buf);
		tt_rtcp_write_nack(&w, FRESH, mine->cfg.ssrc, seqs, 64);
		craft_send_rtcp(&h, buf, w.off);
		if (n % 100 == 0)
			hostile_run(&h, 1000);
	}
	hostile_run(&h, SECOND);
	/* 20 ms passed: a round trip, and a little */
	assert_in_range(rtp(&h)->packets_resent - resent, 1, 3 * sent);
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* Whoever wants all of it again and again gets a burst, and then half of what is sent. */
static void c27_what_is_sent_again_stays_within_its_budget(void **state)
{
	enum { BURST = 128 * 1024, ROUNDS = 100, ASKED = 64 };
	uint8_t buf[PACKET], video[3000];
	struct hostile h;
	uint16_t seqs[ASKED];

	(void)state;
	hostile_begin(&h, 453, 0);
	struct tt_rtp_sender *mine = NULL;
	for (size_t i = 0; i < h.pc->rtp->sender_count; i++)
		if (h.pc->rtp->senders[i]->cfg.kind == TAUT_VIDEO)
			mine = h.pc->rtp->senders[i];
	assert_non_null(mine);
	const struct tt_rtp_sender_stats before = mine->stats;
	for (uint32_t n = 0; n < ROUNDS; n++) {
		const struct taut_frame f = { .size = sizeof f,
					      .data = video,
					      .len = sizeof video,
					      .rtp_timestamp = 900000 + n * 1800,
					      .captured = h.pair.sim.now };
		hostile_fill_frame(video, sizeof video, n, false);
		assert_int_equal(taut_pc_send_frame(h.pc, h.pair.sim.now, h.video[0], &f), TAUT_OK);
		hostile_run(&h, 25000); /* more than a round trip: each may be asked for again */
		for (size_t i = 0; i < ASKED; i++)
			seqs[i] = (uint16_t)(mine->first_seq + mine->history.head - 1 - i);
		struct wr w = wr_make(buf, sizeof buf);
		tt_rtcp_write_nack(&w, FRESH, mine->cfg.ssrc, seqs, ASKED);
		craft_send_rtcp(&h, buf, w.off);
	}
	hostile_run(&h, SECOND);
	hostile_assert_none_dropped(&h);
	const uint64_t sent = mine->stats.octets - before.octets;
	const uint64_t again = mine->stats.resent_octets - before.resent_octets;
	assert_in_range(again, BURST, BURST + sent / 2);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c28_a_flood_of_plis_makes_a_key_frame_per_interval(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	uint32_t ssrc = 0;

	(void)state;
	hostile_begin(&h, 449, 0);
	for (size_t i = 0; i < h.pc->rtp->sender_count; i++)
		if (h.pc->rtp->senders[i]->cfg.kind == TAUT_VIDEO)
			ssrc = h.pc->rtp->senders[i]->cfg.ssrc;
	const unsigned before = h.seen[0].keys_wanted;
	for (unsigned n = 0; n < 10000; n++) { /* within a second */
		struct wr w = wr_make(buf, sizeof buf);
		if (n % 2)
			tt_rtcp_write_pli(&w, FRESH, ssrc);
		else
			tt_rtcp_write_fir(&w, FRESH, ssrc, (uint8_t)n);
		craft_send_rtcp(&h, buf, w.off);
		if (n % 10 == 0)
			hostile_run(&h, 1000);
	}
	assert_in_range(h.seen[0].keys_wanted - before, 1, SECOND / TT_RTP_KEY_EVERY + 2);
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c29_absurd_reports_are_survived(void **state)
{
	static const uint32_t numbers[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 450, 0);
	const uint32_t theirs = craft_stream(&h, TAUT_AUDIO)->cfg.ssrc;
	for (size_t i = 0; i < TT_COUNT(numbers); i++)
		for (size_t k = 0; k < TT_COUNT(numbers); k++) {
			const uint32_t a = numbers[i], b = numbers[k];
			struct wr w = wr_make(buf, sizeof buf);
			const struct tt_rtcp_sender_info info = { .ssrc = theirs,
								  .ntp = (uint64_t)a << 32 | b,
								  .rtp = b,
								  .packets = a,
								  .octets = b };
			struct tt_rtcp_block blocks[2] = {
				{ .ssrc = h.pc->rtp->senders[0]->cfg.ssrc,
				  .fraction = 255,
				  .lost = i % 2 ? -0x800000 : 0x7fffff,
				  .highest = a,
				  .jitter = b,
				  .lsr = a,
				  .dlsr = b },
				{ .ssrc = h.pc->rtp->senders[1]->cfg.ssrc,
				  .lost = k % 2 ? -0x800000 : 0x7fffff,
				  .highest = b,
				  .jitter = a,
				  .lsr = b,
				  .dlsr = a },
			};
			tt_rtcp_write_sr(&w, &info, blocks, 2);
			craft_send_rtcp(&h, buf, w.off);
			assert_in_range(rtp(&h)->round_trip_time, 0, 60 * SECOND);
			hostile_run(&h, 30000);
		}
	/* Of its own stack's reports some bear an index that these had before. */
	assert_int_equal(hostile_dropped_in_all(&h), hostile_dropped(&h, TAUT_DROP_SRTP_REPLAY));
	hostile_assert_alive(&h);
	hostile_end(&h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c11_lengths_inside_bye_and_xr_are_checked),
		cmocka_unit_test(c12_rpsi_padding_beyond_its_string_is_refused),
		cmocka_unit_test(c13_item_and_source_counts_are_checked),
		cmocka_unit_test(c14_transport_feedback_is_read_in_the_bytes_it_has),
		cmocka_unit_test(c15_counts_of_rfc_8888_end),
		cmocka_unit_test(c16_broken_framing_is_refused_whole),
		cmocka_unit_test(c16_every_known_rtcp_packet_is_taken_or_refused_as_it_should),
		cmocka_unit_test(c27_a_jump_asks_for_a_key_frame_and_not_for_thousands),
		cmocka_unit_test(c27_a_flood_of_nacks_resends_each_packet_once_per_round_trip),
		cmocka_unit_test(c27_what_is_sent_again_stays_within_its_budget),
		cmocka_unit_test(c28_a_flood_of_plis_makes_a_key_frame_per_interval),
		cmocka_unit_test(c29_absurd_reports_are_survived),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/c_rtcp", tests, NULL, NULL);
}
