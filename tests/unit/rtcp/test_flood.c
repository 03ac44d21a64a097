/* Ceilings of memory and of time, and a large frame that leaves without standing in anybody's way. */
#include <time.h>

#include "rtp/payload/payload_vp8.h"
#include "unit/rtcp/rtp_world.h"

enum { STREAMS = 64 };

static struct sim sim;
static struct tt_rtp_session *s;

static void begin(uint32_t streams)
{
	static const struct tt_rtp_payload video[] = {
		{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
	};

	sim_init(&sim, 1, NULL);
	assert_int_equal(tt_rtp_session_new(&s, &sim.env[0], NULL, sim.now), TAUT_OK);
	for (uint32_t i = 1; i <= streams; i++)
		assert_int_equal(tt_rtp_session_set_receiver(s, sim.now, &(struct tt_rtp_receiver_config){
			.stream = i, .kind = TAUT_VIDEO, .ssrc = i, .payloads = video, .payload_count = 1,
			.nack = true, .pli = true }), TAUT_OK);
}

static void finish(void)
{
	tt_rtp_session_free(s);
	assert_int_equal(sim.env[0].memory, 0);
	sim_free(&sim);
}

static void arrives(uint32_t ssrc, uint16_t seq, uint32_t ts, const uint8_t *frame, size_t len)
{
	const struct tt_rtp_packet h = { .pt = 96, .seq = seq, .ts = ts, .ssrc = ssrc };
	uint8_t buf[64];
	struct wr w = wr_make(buf, sizeof buf);

	tt_rtp_write_header(&w, &h, NULL, 0);
	tt_vp8_write(&w, true, 1);
	wr_bytes(&w, frame, len);
	tt_rtp_session_recv_rtp(s, sim.now, 0, 0, buf, wr_len(&w));
}

/* A packet of forty bytes takes a buffer of 1,536: a cheap flood into every stream at once. */
static void many_streams_hold_no_more_than_a_few_large_ones(void **state)
{
	static const uint8_t delta[10] = { 0x11, 2 };

	(void)state;
	begin(STREAMS);
	for (uint16_t seq = 0; seq < 2000; seq++) {
		for (uint32_t i = 1; i <= STREAMS; i++)
			if (seq != 1) /* all else waits for this one */
				arrives(i, seq, seq, delta, sizeof delta);
		sim.now += 100;
	}
	assert_true(s->held <= TT_RTP_MAX_HELD);
	assert_in_range(sim.env[0].memory, 10u << 20, 28u << 20);
	/* and it all comes back, though some is kept to be used again */
	sim.now += 3000000;
	tt_rtp_session_tick(s, sim.now);
	while (tt_rtp_session_poll_event(s))
		;
	assert_true(s->held <= TT_RTP_MAX_HELD / 4);
	for (uint16_t seq = 2000; seq < 2300; seq++) {
		arrives(1, seq, seq, (const uint8_t *)"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00", 10);
		while (tt_rtp_session_poll_event(s))
			;
	}
	assert_true(tt_rtp_session_counters(s)->video_frames_received > 250);
	finish();
}

/* Two thousand packets that each say "here a key frame begins", and none that ends one. */
static void beginnings_without_end_cost_no_time(void **state)
{
	const clock_t from = clock();

	(void)state;
	begin(1);
	for (uint16_t seq = 0; seq < 2000; seq++)
		if (seq != 1)
			arrives(1, seq, 0, (const uint8_t *)"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00", 10);
	for (const struct tt_rtp_event *e; (e = tt_rtp_session_poll_event(s));)
		assert_int_not_equal(e->type, TT_RTP_EV_FRAME);
	assert_true((double)(clock() - from) / CLOCKS_PER_SEC < 5); /* it was minutes */
	finish();
}

/* Kept from running for a second, we find a hole that is old already: it is asked for all the same. */
static void a_hole_found_late_is_still_asked_for(void **state)
{
	uint8_t frame[10], buf[TT_RTP_PACKET_ROOM];
	bool rtcp;

	(void)state;
	begin(1);
	for (uint16_t seq = 0; seq < 20; seq++) {
		const struct tt_rtp_packet h = { .marker = true, .pt = 96, .seq = seq, .ts = seq * 3000u, .ssrc = 1 };
		struct wr w = wr_make(buf, sizeof buf);

		tt_rtp_write_header(&w, &h, NULL, 0);
		tt_vp8_write(&w, true, seq);
		memcpy(frame, seq == 0 ? "\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" : "\x11\x02\0\0\0\0\0\0\0\0", 10);
		wr_bytes(&w, frame, sizeof frame);
		if (seq != 10)
			tt_rtp_session_recv_rtp(s, sim.now, sim.now - 1000000 + seq * 1000, 0, buf, wr_len(&w));
	}
	tt_rtp_session_tick(s, sim.now);
	while (tt_rtp_session_poll_event(s))
		;
	while (tt_rtp_session_poll_send(s, sim.now, buf, sizeof buf, &rtcp) > 0)
		;
	assert_int_equal(tt_rtp_session_counters(s)->video_frames_received, 10);
	assert_int_equal(tt_rtp_session_counters(s)->nacks_sent, 1);
	assert_int_equal(tt_rtp_session_counters(s)->plis_sent, 0);
	sim.now += 600000; /* but not for ever */
	tt_rtp_session_tick(s, sim.now);
	while (tt_rtp_session_poll_event(s))
		;
	while (tt_rtp_session_poll_send(s, sim.now, buf, sizeof buf, &rtcp) > 0)
		;
	assert_int_equal(tt_rtp_session_counters(s)->plis_sent, 1);
	finish();
}

/* 200 KB, as a key frame at 640x480 may be: gone in a tenth of a second, and sound goes between. */
static void a_large_key_frame_leaves_in_time_and_sound_goes_first(void **state)
{
	static struct world w;
	static uint8_t data[200 << 10];
	const struct sim_link link = { .delay = 10000 };
	uint8_t opus[40] = { 0x78 }, buf[TT_RTP_PACKET_ROOM];
	unsigned sounds = 0, in_burst = 0, worst_burst = 0;
	taut_time now, began;
	bool rtcp;

	(void)state;
	world_init(&w, 1, &link, NULL, false);
	began = now = w.sim.now + 1000;
	world_video(data, 1, true, sizeof data);
	const struct taut_frame video = { .size = sizeof video, .data = data, .len = sizeof data, .flags = TAUT_FRAME_KEY };

	assert_int_equal(tt_rtp_session_send_frame(w.end[0].s, now, VIDEO, &video), TAUT_OK);
	struct tt_rtp_sender *tx = tt_rtp_session_sender(w.end[0].s, VIDEO);

	while (tt_rtp_history_waiting(&tx->history) > 0) {
		struct tt_rtp_packet p;
		const struct taut_frame audio = { .size = sizeof audio, .data = opus, .len = sizeof opus,
			                          .rtp_timestamp = sounds * 960 };
		size_t len;
		bool first = true;

		assert_int_equal(tt_rtp_session_send_frame(w.end[0].s, now, AUDIO, &audio), TAUT_OK);
		sounds++;
		for (in_burst = 0; (len = tt_rtp_session_poll_send(w.end[0].s, now, buf, sizeof buf, &rtcp)) > 0;) {
			if (rtcp)
				continue;
			assert_true(tt_rtp_read(&p, buf, len));
			assert_int_equal(p.pt, first ? 111 : 96);
			first = false;
			in_burst += p.pt == 96;
		}
		worst_burst = in_burst > worst_burst ? in_burst : worst_burst;
		taut_time next = tt_rtp_session_deadline(w.end[0].s, NULL);

		assert_true(next > now);
		if (tt_rtp_history_waiting(&tx->history) > 0)
			assert_true(next <= now + 5000);
		now = next;
	}
	assert_true(now - began < 120000);
	assert_true(worst_burst <= 10 && sounds >= 15);
	world_free(&w);
}

/* ---- who leaves first ---- */

static void add_sender(uint32_t stream, uint32_t kind)
{
	const bool video = kind == TAUT_VIDEO;
	const struct tt_rtp_sender_config cfg = {
		.stream = stream,
		.kind = kind,
		.codec = video ? TT_RTP_CODEC_VP8 : TT_RTP_CODEC_OPUS,
		.clock_rate = video ? 90000 : 48000,
		.ssrc = stream,
		.rtx_ssrc = video ? 100 + stream : 0,
		.payload_type = video ? 96 : 111,
		.rtx_payload_type = video ? 97 : 0,
		.nack = video,
	};

	assert_int_equal(tt_rtp_session_set_sender(s, sim.now, &cfg), TAUT_OK);
}

static void say(uint32_t stream, const uint8_t *data, size_t len)
{
	const struct taut_frame f = { .size = sizeof f, .data = data, .len = len };

	assert_int_equal(tt_rtp_session_send_frame(s, sim.now, stream, &f), TAUT_OK);
}

/* The source of the next packet; 0: none. */
static uint32_t leaves(struct tt_rtp_packet *p)
{
	static uint8_t buf[TT_RTP_PACKET_ROOM];
	bool rtcp;
	size_t len;

	while ((len = tt_rtp_session_poll_send(s, sim.now, buf, sizeof buf, &rtcp)) > 0 && rtcp)
		;
	return len > 0 && tt_rtp_read(p, buf, len) ? p->ssrc : 0;
}

static void sound_goes_first_then_what_is_missing_then_pictures_in_turn(void **state)
{
	static const uint32_t expected[] = { 1, 102, 3, 2, 3, 2, 3, 2, 0 };
	static const uint8_t sound[] = { 0x78, 1, 2, 3 };
	static uint8_t picture[3000];
	struct tt_rtp_packet p;
	uint8_t buf[64];
	struct wr w = wr_make(buf, sizeof buf);

	(void)state;
	begin(0);
	add_sender(1, TAUT_AUDIO);
	add_sender(2, TAUT_VIDEO);
	add_sender(3, TAUT_VIDEO);
	say(2, picture, 100);
	assert_int_equal(leaves(&p), 2);
	const uint16_t lost = p.seq;
	sim.now += 50000;
	tt_rtcp_write_rr(&w, 9, NULL, 0);
	tt_rtcp_write_nack(&w, 9, 2, &lost, 1);
	tt_rtp_session_recv_rtcp(s, sim.now, 0, buf, wr_len(&w));
	say(3, picture, sizeof picture); /* three packets each */
	say(2, picture, sizeof picture);
	say(1, sound, sizeof sound);
	for (size_t i = 0; i < TT_COUNT(expected); i++)
		assert_int_equal(leaves(&p), expected[i]);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_goes_first_then_what_is_missing_then_pictures_in_turn),
		cmocka_unit_test(many_streams_hold_no_more_than_a_few_large_ones),
		cmocka_unit_test(beginnings_without_end_cost_no_time),
		cmocka_unit_test(a_hole_found_late_is_still_asked_for),
		cmocka_unit_test(a_large_key_frame_leaves_in_time_and_sound_goes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
