/* What a peer with valid keys can do wrong: floods, lies, and packets of no sense (HOSTILE.md C01-C30). */
#include "rtp/payload/payload_vp8.h"
#include "unit/rtcp/rtp_world.h"

static struct world w;
static const struct sim_link link = { .delay = 10000 };

static void begin(const struct world_opts *o)
{
	world_init(&w, 1, &link, o, true);
	world_run(&w, 1000000);
}

static void in(int end, const uint8_t *pkt, size_t len, bool rtcp)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (len > 0)
		memcpy(copy, pkt, len);
	if (rtcp)
		tt_rtp_session_recv_rtcp(w.end[end].s, w.sim.now, 0, copy, len);
	else
		tt_rtp_session_recv_rtp(w.end[end].s, w.sim.now, 0, 0, copy, len);
	free(copy);
}

static size_t media(uint8_t *buf, uint8_t pt, uint16_t seq, uint32_t ts, uint32_t ssrc, const void *data,
                    size_t len)
{
	const struct tt_rtp_packet h = { .marker = true, .pt = pt, .seq = seq, .ts = ts, .ssrc = ssrc };
	struct wr wr = wr_make(buf, 1500);

	tt_rtp_write_header(&wr, &h, NULL, 0);
	wr_bytes(&wr, data, len);
	return wr_len(&wr);
}

static const struct tt_rtp_counters *counters(int end)
{
	return tt_rtp_session_counters(w.end[end].s);
}

static void goes_on(void)
{
	unsigned video = w.end[1].video_frames, audio = w.end[1].audio_frames;

	world_run(&w, 2000000);
	assert_true(w.end[1].video_frames > video + 40);
	assert_true(w.end[1].audio_frames > audio + 80);
	world_free(&w);
}

/* C01 */
static void packets_of_every_length_and_byte_change_nothing(void **state)
{
	(void)state;
	begin(NULL);
	uint64_t refused = counters(1)->packets_refused + counters(1)->rtcp_refused;

	for (size_t len = 0; len <= 64; len++) {
		for (unsigned b = 0; b < 256; b += 5) {
			uint8_t p[64];

			memset(p, (int)b, sizeof p);
			p[0] = 0x80;
			in(1, p, len, false);
			in(1, p, len, true);
		}
	}
	assert_true(counters(1)->packets_refused + counters(1)->rtcp_refused > refused + 3000);
	assert_int_equal(tt_rtp_session_poll_event(w.end[1].s), NULL);
	goes_on();
}

/* C06 */
static void a_flood_of_ssrcs_is_capped(void **state)
{
	uint8_t buf[1500];

	(void)state;
	begin(NULL);
	size_t memory = w.sim.env[1].memory;

	for (uint32_t ssrc = 100000; ssrc < 165536; ssrc++) {
		in(1, buf, media(buf, 97, 1, 1, ssrc, "\0\0", 2), false);
		in(1, buf, media(buf, 111, 1, 1, ssrc + 1000000, "\x78zzzz", 5), false);
	}
	assert_true(w.end[1].s->binding_count <= TT_RTP_MAX_PROBES + 4);
	assert_true(w.sim.env[1].memory < memory + 100000);
	goes_on();
}

/* C17, C26 */
static void probes_of_padding_and_bad_retransmissions_do_no_harm(void **state)
{
	uint8_t buf[1500];

	(void)state;
	begin(NULL);
	for (uint16_t i = 0; i < 50; i++) {
		size_t len = media(buf, 97, i, 1, 1003, "\0\0\0\0\0\0\0\x08", 8);

		buf[0] |= 0x20; /* padding alone */
		in(1, buf, len, false);
		in(1, buf, media(buf, 97, i, 1, 1003, "", 0), false);
		in(1, buf, media(buf, 97, i, 1, 1003, "\x12", 1), false);
		in(1, buf, media(buf, 97, i, 1, 1003, "\x77\x77\x10zzz", 6), false); /* far away */
		in(1, buf, media(buf, 97, i, 1, 1002, "\x00\x01\x10zzz", 6), false); /* on the media ssrc */
		in(1, buf, media(buf, 96, i, 1, 1003, "\x10zzz", 4), false);         /* media on the rtx ssrc */
		in(1, buf, media(buf, 13, i, 1, 1002, "\x10zzz", 4), false);         /* of no payload type we know */
	}
	goes_on();
}

/* C27: a jump is no reason to ask for 30,000 packets. */
static void a_jump_of_the_sequence_number_is_survived(void **state)
{
	static uint8_t frame[1000];
	uint8_t buf[1500], payload[1100];

	(void)state;
	begin(NULL);
	uint64_t nacks = counters(1)->nacks_sent;
	const struct tt_rtp_receiver *r = tt_rtp_session_receiver(w.end[1].s, VIDEO);

	w.end[0].sends_video = false;
	world_run(&w, 200000);
	uint16_t start = (uint16_t)(r->source.newest + 30000);

	for (uint16_t i = 0; i < 20; i++) {
		struct wr wr = wr_make(payload, sizeof payload);

		tt_vp8_write(&wr, true, i);
		wr_bytes(&wr, frame, world_video(frame, 100000u + i, i == 10, 500));
		in(1, buf, media(buf, 96, (uint16_t)(start + i), i * 3000u, 1002, payload, wr_len(&wr)), false);
		world_step(&w);
	}
	assert_int_equal(w.end[1].last_video, 100020); /* from the key frame on */
	assert_true(r->nack.cap <= TT_NACK_MAX);
	assert_int_equal(counters(1)->nacks_sent, nacks);
	world_free(&w);
}

static void a_loss_of_many_packets_asks_for_a_key_frame_instead(void **state)
{
	(void)state;
	world_init(&w, 1, &link, &(struct world_opts){ .video_size = 26000 }, false);
	world_run(&w, 1000000);
	uint64_t plis = counters(1)->plis_sent;

	w.sim.link.loss = 1000;
	world_run(&w, 1400000); /* more than 1,000 packets */
	w.sim.link.loss = 0;
	world_run(&w, 2000000);
	assert_true(counters(1)->plis_sent > plis);
	assert_true(w.end[1].video_losses >= 1);
	assert_true(w.sim.now - w.end[1].last_video_at < 100000);
	world_free(&w);
}

/* C27: amplification. */
static void a_flood_of_nacks_resends_each_packet_once_per_round_trip(void **state)
{
	uint8_t buf[1500];
	uint16_t seqs[300];

	(void)state;
	begin(NULL);
	const struct tt_rtp_sender *tx = tt_rtp_session_sender(w.end[0].s, VIDEO);
	uint64_t resent = counters(0)->packets_resent;

	for (int round = 0; round < 1000; round++) {
		uint16_t newest = (uint16_t)(tx->first_seq + tx->history.head - 1);
		struct wr wr = wr_make(buf, sizeof buf);

		for (uint16_t i = 0; i < 300; i++)
			seqs[i] = (uint16_t)(newest - 299 + i);
		tt_rtcp_write_nack(&wr, 5, 1002, seqs, 300);
		in(0, buf, wr_len(&wr), true);
		world_run(&w, 1000);
	}
	/* 128 KiB at first, then half of what is sent in a second */
	assert_true(counters(0)->packets_resent - resent < 200);
	goes_on();
}

/* C28 */
static void ten_thousand_plis_make_four_key_frames_a_second(void **state)
{
	uint8_t buf[64];

	(void)state;
	begin(NULL);
	unsigned wanted = w.end[0].keys_wanted;

	for (int i = 0; i < 10000; i++) {
		struct wr wr = wr_make(buf, sizeof buf);

		if (i % 2)
			tt_rtcp_write_pli(&wr, 5, 1002);
		else
			tt_rtcp_write_fir(&wr, 5, 1002, (uint8_t)i);
		in(0, buf, wr_len(&wr), true);
		world_run(&w, 100);
	}
	assert_in_range(w.end[0].keys_wanted - wanted, 3, 4);
	goes_on();
}

static void a_fir_repeated_is_one_request(void **state)
{
	uint8_t buf[64];

	(void)state;
	begin(NULL);
	for (int i = 0; i < 20; i++) {
		struct wr wr = wr_make(buf, sizeof buf);

		tt_rtcp_write_fir(&wr, 5, 1002, 9);
		in(0, buf, wr_len(&wr), true);
		world_run(&w, 100000);
	}
	assert_int_equal(w.end[0].keys_wanted, 1);
	goes_on();
}

/* C29 */
static void reports_with_absurd_numbers_are_survived(void **state)
{
	static const uint32_t odd[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	uint8_t buf[256];

	(void)state;
	begin(NULL);
	for (size_t a = 0; a < TT_COUNT(odd); a++) {
		for (size_t b = 0; b < TT_COUNT(odd); b++) {
			const struct tt_rtcp_sender_info info = { 2002, (uint64_t)odd[a] << 32 | odd[b], odd[b], odd[a], odd[b] };
			const struct tt_rtcp_block block = { 1002, 255, odd[a] & 1 ? -0x800000 : 0x7fffff, odd[b],
				                             odd[a], odd[a], odd[b] };
			struct wr wr = wr_make(buf, sizeof buf);

			tt_rtcp_write_sr(&wr, &info, &block, 1);
			in(0, buf, wr_len(&wr), true);
			assert_true(counters(0)->round_trip_time >= 0 && counters(0)->round_trip_time < 10000000);
			world_run(&w, 10000);
		}
	}
	goes_on();
}

/* C20 */
static void a_frame_of_two_payload_types_is_dropped(void **state)
{
	static const struct tt_rtp_payload two[] = {
		{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
		{ .pt = 98, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
	};
	static uint8_t frame[1000];
	uint8_t buf[1500], payload[1100];
	struct tt_env env;
	struct tt_rtp_session *s;

	(void)state;
	sim_init(&w.sim, 1, NULL);
	env = w.sim.env[0];
	assert_int_equal(tt_rtp_session_new(&s, &env, NULL, 1000), TAUT_OK);
	assert_int_equal(tt_rtp_session_set_receiver(s, 1000, &(struct tt_rtp_receiver_config){
		.stream = 1, .kind = TAUT_VIDEO, .ssrc = 9, .payloads = two, .payload_count = 2, .pli = true }), TAUT_OK);
	for (uint16_t i = 0; i < 2; i++) {
		struct wr wr = wr_make(payload, sizeof payload);

		tt_vp8_write(&wr, i == 0, 1);
		wr_bytes(&wr, frame, world_video(frame, 1, true, 200));
		size_t len = media(buf, i ? 98 : 96, (uint16_t)(7 + i), 3000, 9, payload, wr_len(&wr));

		if (i == 0)
			buf[1] &= 0x7f;
		tt_rtp_session_recv_rtp(s, 1000, 0, 0, buf, len);
	}
	const struct tt_rtp_event *e = tt_rtp_session_poll_event(s);

	assert_int_equal(e->type, TT_RTP_EV_TRACK_STARTED);
	assert_null(tt_rtp_session_poll_event(s));
	assert_int_equal(tt_rtp_session_counters(s)->frames_dropped, 1);
	tt_rtp_session_free(s);
}

/* C30, and the caller's mistakes: after an error nothing has changed. */
static void senseless_configurations_are_refused(void **state)
{
	static const uint32_t clocks[] = { 0, 1, 999, 192001, 4294967295u };
	struct tt_rtp_sender_config tx = { .stream = 9, .kind = TAUT_VIDEO, .codec = TT_RTP_CODEC_VP8,
		                           .clock_rate = 90000, .ssrc = 77, .payload_type = 96 };
	struct tt_rtp_payload map = { .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 };
	struct tt_rtp_receiver_config rx = { .stream = 9, .kind = TAUT_VIDEO, .payloads = &map, .payload_count = 1 };

	(void)state;
	begin(NULL);
	struct tt_rtp_session *s = w.end[0].s;
	taut_time now = w.sim.now;

	struct tt_rtp_session *no_session = NULL;

	/* a report of many streams has to fit into one */
	const struct tt_rtp_session_config tight = { .max_packet = 1000 };

	assert_int_equal(tt_rtp_session_new(&no_session, &w.sim.env[0], &tight, now), TAUT_E_INVAL);
	assert_null(no_session);
	for (size_t i = 0; i < TT_COUNT(clocks); i++) {
		tx.clock_rate = map.clock_rate = clocks[i];
		assert_int_equal(tt_rtp_session_set_sender(s, now, &tx), TAUT_E_INVAL);
		assert_int_equal(tt_rtp_session_set_receiver(s, now, &rx), TAUT_E_INVAL);
	}
	tx.clock_rate = map.clock_rate = 90000;
	tx.ssrc = 1001; /* in use */
	assert_int_equal(tt_rtp_session_set_sender(s, now, &tx), TAUT_E_INVAL);
	tx.ssrc = 77;
	tx.payload_type = 72; /* RTCP */
	assert_int_equal(tt_rtp_session_set_sender(s, now, &tx), TAUT_E_INVAL);
	tx.payload_type = 96;
	tx.codec = TT_RTP_CODEC_NONE;
	assert_int_equal(tt_rtp_session_set_sender(s, now, &tx), TAUT_E_UNSUPPORTED);
	map.codec = TT_RTP_CODEC_OPUS;
	assert_int_equal(tt_rtp_session_set_receiver(s, now, &rx), TAUT_E_UNSUPPORTED);
	rx.mid = "a mid that is longer than any that we would take";
	assert_int_equal(tt_rtp_session_set_receiver(s, now, &rx), TAUT_E_INVAL);
	const struct taut_frame none = { .size = sizeof none };

	assert_int_equal(tt_rtp_session_send_frame(s, now, VIDEO, &none), TAUT_E_INVAL);
	assert_int_equal(tt_rtp_session_send_frame(s, now, 9, &none), TAUT_E_GONE);
	static uint8_t huge[2 << 20];
	const struct taut_frame big = { .size = sizeof big, .data = huge, .len = sizeof huge };

	assert_int_equal(tt_rtp_session_send_frame(s, now, VIDEO, &big), TAUT_E_LIMIT);
	goes_on();
}

static void streams_past_the_limit_are_refused(void **state)
{
	struct tt_rtp_session *s;

	(void)state;
	sim_init(&w.sim, 1, NULL);
	assert_int_equal(tt_rtp_session_new(&s, &w.sim.env[0], NULL, 0), TAUT_OK);
	for (uint32_t i = 1; i <= 65; i++) {
		const struct tt_rtp_sender_config tx = { .stream = i, .kind = TAUT_AUDIO, .codec = TT_RTP_CODEC_OPUS,
			.clock_rate = 48000, .ssrc = i, .rtx_ssrc = i + 1000, .payload_type = 111 };
		const struct tt_rtp_receiver_config rx = { .stream = i, .kind = TAUT_AUDIO, .ssrc = i + 2000, .rtx_ssrc = i + 3000 };
		int want = i <= 64 ? TAUT_OK : TAUT_E_LIMIT;

		assert_int_equal(tt_rtp_session_set_sender(s, 0, &tx), want);
		assert_int_equal(tt_rtp_session_set_receiver(s, 0, &rx), want);
	}
	/* and reports of all of them fit, a datagram at a time */
	uint8_t frame[30] = { 0x78 }, buf[TT_RTP_PACKET_ROOM];
	const struct taut_frame f = { .size = sizeof f, .data = frame, .len = sizeof frame };
	unsigned reports = 0;
	bool rtcp;
	size_t len;

	for (uint32_t i = 1; i <= 64; i++)
		assert_int_equal(tt_rtp_session_send_frame(s, 1, i, &f), TAUT_OK);
	while (tt_rtp_session_poll_send(s, 1, buf, sizeof buf, &rtcp))
		;
	taut_time now = tt_rtp_session_deadline(s, NULL);

	while ((len = tt_rtp_session_poll_send(s, now, buf, sizeof buf, &rtcp)) > 0) {
		assert_true(rtcp && len <= 1168);
		assert_int_equal(tt_rtcp_check(buf, len), TT_TAKEN);
		reports++;
	}
	assert_int_equal(reports, 8);
	tt_rtp_session_close(s, now);
	for (reports = 0; (len = tt_rtp_session_poll_send(s, now, buf, sizeof buf, &rtcp)) > 0; reports++)
		assert_int_equal(tt_rtcp_check(buf, len), TT_TAKEN);
	assert_in_range(reports, 5, 6);
	assert_int_equal(tt_rtp_session_deadline(s, NULL) > now, 1);
	tt_rtp_session_free(s);
	assert_int_equal(w.sim.env[0].memory, 0);
}

static unsigned mangled;

/* One bit of one packet in twenty flips after decryption, as if the peer had meant it. */
static void mangle(struct world *world, int from, bool rtcp, uint8_t *pkt, size_t *len)
{
	(void)from;
	(void)rtcp;
	uint64_t x = sim_random(&world->sim);

	if (x % 20 != 0)
		return;
	mangled++;
	if (x >> 8 & 1)
		*len = (size_t)(x >> 16) % *len;
	else
		pkt[(x >> 16) % tt_min(*len, 40)] ^= (uint8_t)(1u << (x >> 40) % 8);
}

static void a_peer_that_mangles_headers_hurts_only_itself(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		world_init(&w, seed, &link, NULL, true);
		/* frames are no longer what they were: events are only drained */
		w.end[0].sends_audio = w.end[1].sends_audio = false;
		w.on_packet = mangle;
		for (int i = 0; i < 3000; i++) {
			w.sim.now += 1000;
			for (int e = 0; e < 2; e++) {
				struct sim_packet *p;

				if (i % 33 == 0)
					world_make_video(&w, &w.end[e]);
				while ((p = sim_take(&w.sim))) {
					in(p->to, p->data + 1, p->len - 1, p->data[0]);
					free(p);
				}
				tt_rtp_session_tick(w.end[e].s, w.sim.now);
				while (tt_rtp_session_poll_event(w.end[e].s))
					;
				world_flush(&w, e);
			}
			assert_true(w.sim.env[0].memory < 8u << 20 && w.sim.env[1].memory < 8u << 20);
		}
		world_free(&w);
	}
	assert_true(mangled > 200);
}

static void no_memory_at_any_call_is_survived(void **state)
{
	(void)state;
	for (size_t room = 0; room < 400000; room += 1777) {
		world_init(&w, 3, &link, NULL, true);
		for (int i = 0; i < 2; i++)
			w.sim.env[i].max_memory = w.sim.env[i].memory + room;
		for (int i = 0; i < 300; i++) {
			w.sim.now += 5000;
			for (int e = 0; e < 2; e++) {
				struct sim_packet *p;
				uint8_t opus[80] = { 0x78 };
				const struct taut_frame f = { .size = sizeof f, .data = opus, .len = 60,
					                      .rtp_timestamp = (uint32_t)i * 240 };

				if (i % 7 == 0)
					world_make_video(&w, &w.end[e]);
				(void)tt_rtp_session_send_frame(w.end[e].s, w.sim.now, AUDIO, &f);
				while ((p = sim_take(&w.sim))) {
					in(p->to, p->data + 1, p->len - 1, p->data[0]);
					free(p);
				}
				tt_rtp_session_tick(w.end[e].s, w.sim.now);
				while (tt_rtp_session_poll_event(w.end[e].s))
					;
				world_flush(&w, e);
			}
		}
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_every_length_and_byte_change_nothing),
		cmocka_unit_test(a_flood_of_ssrcs_is_capped),
		cmocka_unit_test(probes_of_padding_and_bad_retransmissions_do_no_harm),
		cmocka_unit_test(a_jump_of_the_sequence_number_is_survived),
		cmocka_unit_test(a_loss_of_many_packets_asks_for_a_key_frame_instead),
		cmocka_unit_test(a_flood_of_nacks_resends_each_packet_once_per_round_trip),
		cmocka_unit_test(ten_thousand_plis_make_four_key_frames_a_second),
		cmocka_unit_test(a_fir_repeated_is_one_request),
		cmocka_unit_test(reports_with_absurd_numbers_are_survived),
		cmocka_unit_test(a_frame_of_two_payload_types_is_dropped),
		cmocka_unit_test(senseless_configurations_are_refused),
		cmocka_unit_test(streams_past_the_limit_are_refused),
		cmocka_unit_test(a_peer_that_mangles_headers_hurts_only_itself),
		cmocka_unit_test(no_memory_at_any_call_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
