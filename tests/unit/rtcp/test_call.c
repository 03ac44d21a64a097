/* Sound and picture over links that lose, repeat and reorder: what arrives is whole and in order. */
#include "unit/rtcp/rtp_world.h"

static void a_call_without_loss_delivers_every_frame(void **state)
{
	static struct world w;
	const struct sim_link link = { .delay = 20000 };

	(void)state;
	world_init(&w, 1, &link, NULL, true);
	world_run(&w, 20000000);
	for (int i = 0; i < 2; i++) {
		const struct end *e = &w.end[i];
		const struct tt_rtp_counters *c = tt_rtp_session_counters(e->s);

		assert_true(e->video_frames + 3 >= w.end[1 - i].video_count && e->video_frames > 600);
		assert_true(e->audio_frames + 3 >= w.end[1 - i].audio_count && e->audio_frames > 990);
		assert_int_equal(e->video_losses + e->audio_lost, 0);
		assert_int_equal(e->levels, e->audio_frames);
		assert_int_equal(e->started, 2);
		assert_int_equal(c->nacks_sent + c->plis_sent + c->packets_lost + c->packets_refused, 0);
		assert_int_equal(c->rtcp_refused, 0);
		assert_in_range(c->round_trip_time, 39000, 41000);
		assert_true(c->twcc_sent > 200 && c->twcc_received > 200);
		assert_true(e->worst_capture < 1000);
		assert_in_range(c->packets_sent, w.rtp_sent[i], w.rtp_sent[i]);
	}
	world_free(&w);
}

struct outcome {
	unsigned made, got, losses, audio_made, audio_got, audio_lost;
	uint64_t hash;
	struct tt_rtp_counters sender, receiver;
	taut_time worst_delay;
};

static struct outcome run(uint64_t seed, const struct sim_link *link, const struct world_opts *o,
                          taut_time span)
{
	static struct world w;

	world_init(&w, seed, link, o, false);
	w.stop_media = w.sim.now + span;
	world_run(&w, span + 2000000);
	const struct end *e = &w.end[1];
	const struct outcome out = {
		w.end[0].video_count, e->video_frames, e->video_losses, w.end[0].audio_count,
		e->audio_frames, e->audio_lost, w.sim.hash, *tt_rtp_session_counters(w.end[0].s),
		*tt_rtp_session_counters(e->s), e->worst_delay,
	};

	/* the picture goes on to the end, within what a key frame request takes */
	assert_true(w.stop_media - e->last_video_at < 1500000);
	world_free(&w);
	return out;
}

static void with_five_percent_loss_nearly_all_frames_arrive(void **state)
{
	const struct sim_link link = { .delay = 20000, .loss = 50, .duplicate = 20, .reorder = 10 };

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		const struct outcome o = run(seed, &link, NULL, 20000000);

		if (o.got * 100 < o.made * 98 || o.worst_delay > 600000)
			fail_msg("seed %d: %u of %u frames, worst delay %d ms", (int)seed, o.got, o.made,
			         (int)(o.worst_delay / 1000));
		assert_true(o.receiver.nacks_sent > 20 && o.sender.packets_resent > 50);
		assert_true(o.receiver.packets_recovered > 50);
		assert_true(o.audio_got * 100 > o.audio_made * 92);
	}
}

static void with_twenty_percent_loss_frames_stay_whole(void **state)
{
	const struct sim_link link = { .delay = 20000, .loss = 200, .duplicate = 50, .reorder = 50, .jitter = 5000 };

	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		const struct outcome o = run(seed, &link, NULL, 20000000);

		if (o.got * 100 < o.made * 85)
			fail_msg("seed %d: %u of %u frames, %u losses", (int)seed, o.got, o.made, o.losses);
		assert_true(o.audio_got * 100 > o.audio_made * 75);
	}
}

/* By satellite what is asked for comes back after 1.2 s: it is waited for, though the one who asks sends
 * nothing that reports could measure. */
static void on_a_long_path_a_lost_packet_is_waited_for(void **state)
{
	const struct sim_link link = { .delay = 600000, .loss = 5 };
	static struct world w;

	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		world_init(&w, seed, &link, NULL, false);
		tt_rtp_session_set_path_rtt(w.end[1].s, 1200000);
		world_run(&w, 40000000);
		const struct tt_rtp_counters *c = tt_rtp_session_counters(w.end[1].s);
		assert_true(c->packets_recovered > 5);
		if (w.end[1].video_frames * 100 < w.end[0].video_count * 90)
			fail_msg("seed %d: %u of %u frames, %u losses", (int)seed, w.end[1].video_frames,
			         w.end[0].video_count, w.end[1].video_losses);
		world_free(&w);
	}
}

static void without_nack_a_loss_is_followed_by_a_key_frame(void **state)
{
	const struct sim_link link = { .delay = 20000, .loss = 10 };
	const struct world_opts opts = { .no_nack = true };

	(void)state;
	const struct outcome o = run(3, &link, &opts, 20000000);

	assert_int_equal(o.receiver.nacks_sent, 0);
	assert_true(o.losses > 3 && o.receiver.plis_sent >= o.losses);
	assert_true(o.got * 2 > o.made);
}

static void heavy_reordering_loses_nothing(void **state)
{
	const struct sim_link link = { .delay = 5000, .jitter = 12000, .duplicate = 100, .reorder = 100 };

	(void)state;
	const struct outcome o = run(7, &link, NULL, 10000000);

	assert_int_equal(o.got, o.made);
	assert_int_equal(o.audio_got, o.audio_made);
	assert_int_equal(o.receiver.packets_lost, 0);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	const struct sim_link link = { .delay = 20000, .loss = 50, .duplicate = 20, .reorder = 20 };

	(void)state;
	const struct outcome a = run(11, &link, NULL, 5000000), b = run(11, &link, NULL, 5000000);
	const struct outcome c = run(12, &link, NULL, 5000000);

	assert_true(a.hash == b.hash && a.hash != c.hash);
}

static void numbers_and_timestamps_wrap_in_the_middle_of_a_call(void **state)
{
	static struct world w;
	const struct sim_link link = { .delay = 20000, .loss = 30, .duplicate = 20, .reorder = 20 };
	const struct world_opts opts = { .first_sequence = 65436 };

	(void)state;
	world_init(&w, 5, &link, &opts, false);
	struct end *e = &w.end[0];

	e->video_ts = 0u - 90000 * 2 - tt_rtp_session_sender(e->s, VIDEO)->ts_offset;
	e->audio_ts = 0u - 48000 * 2 - tt_rtp_session_sender(e->s, AUDIO)->ts_offset;
	world_run(&w, 8000000);
	assert_true(w.end[1].video_frames * 100 > e->video_count * 97);
	assert_true(w.end[1].audio_frames * 100 > e->audio_count * 94);
	assert_true(w.end[1].worst_capture < 30000);
	world_free(&w);
}

static void large_frames_are_spread_and_arrive(void **state)
{
	const struct sim_link link = { .delay = 10000, .loss = 20 };
	const struct world_opts opts = { .video_size = 24000 };

	(void)state;
	const struct outcome o = run(9, &link, &opts, 5000000);

	assert_true(o.got * 100 > o.made * 90);
}

static void streams_nobody_signalled_are_found_by_mid_or_payload_type(void **state)
{
	static struct world w;
	const struct sim_link link = { .delay = 20000, .loss = 50 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		const struct world_opts opts = { .unsignalled = true, .no_mid = round == 1, .rsize = round == 1 };

		world_init(&w, 21, &link, &opts, true);
		world_run(&w, 5000000);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(w.end[i].started, 2);
			assert_true(w.end[i].video_frames > 130 && w.end[i].audio_frames > 200);
			assert_true(tt_rtp_session_counters(w.end[i].s)->packets_recovered > 5);
		}
		world_free(&w);
	}
}

static void a_removed_sender_says_goodbye(void **state)
{
	static struct world w;
	const struct sim_link link = { .delay = 20000 };

	(void)state;
	world_init(&w, 2, &link, NULL, false);
	world_run(&w, 1000000);
	w.end[0].sends_video = false;
	tt_rtp_session_remove_sender(w.end[0].s, w.sim.now, VIDEO);
	world_flush(&w, 0);
	world_run(&w, 100000);
	assert_int_equal(w.end[1].byes, 1);
	assert_true(w.end[1].audio_frames > 50);
	w.end[0].sends_audio = false;
	tt_rtp_session_close(w.end[0].s, w.sim.now);
	world_flush(&w, 0);
	world_run(&w, 3000000);
	assert_int_equal(w.end[1].byes, 2);
	world_free(&w);
}

static void a_key_frame_asked_for_comes_once_per_300_ms(void **state)
{
	static struct world w;
	const struct sim_link link = { .delay = 20000 };

	(void)state;
	world_init(&w, 2, &link, NULL, false);
	world_run(&w, 1000000);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(tt_rtp_session_request_key_frame(w.end[1].s, w.sim.now, VIDEO), TAUT_OK);
		world_run(&w, 10000);
	}
	assert_in_range(tt_rtp_session_counters(w.end[1].s)->plis_sent, 6, 8);
	assert_in_range(w.end[0].keys_wanted, 6, 8);
	assert_true(w.end[1].video_keys >= 6);
	assert_int_equal(tt_rtp_session_request_key_frame(w.end[1].s, w.sim.now, 77), TAUT_E_GONE);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_without_loss_delivers_every_frame),
		cmocka_unit_test(with_five_percent_loss_nearly_all_frames_arrive),
		cmocka_unit_test(with_twenty_percent_loss_frames_stay_whole),
		cmocka_unit_test(on_a_long_path_a_lost_packet_is_waited_for),
		cmocka_unit_test(without_nack_a_loss_is_followed_by_a_key_frame),
		cmocka_unit_test(heavy_reordering_loses_nothing),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(numbers_and_timestamps_wrap_in_the_middle_of_a_call),
		cmocka_unit_test(large_frames_are_spread_and_arrive),
		cmocka_unit_test(streams_nobody_signalled_are_found_by_mid_or_payload_type),
		cmocka_unit_test(a_removed_sender_says_goodbye),
		cmocka_unit_test(a_key_frame_asked_for_comes_once_per_300_ms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
