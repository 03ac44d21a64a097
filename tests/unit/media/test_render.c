/* test_render.c - freezes and pauses as webrtc-stats defines them, and how many frames a second has. */
#include "media_help.h"

#include "media/media_meter.h"
#include "media/media_render.h"

#define MS 1000

struct show {
	struct tt_render render;
	struct taut_codec_stats did;
	taut_time now;
};

static void show_after(struct show *s, taut_time by)
{
	s->now += by;
	tt_render_picture(&s->render, s->now, &s->did);
}

static struct show even(unsigned pictures)
{
	struct show s = { .now = 77 };

	for (unsigned i = 0; i < pictures; i++)
		show_after(&s, 40 * MS);
	return s;
}

static void even_pictures_neither_freeze_nor_pause(void **state)
{
	struct show s = even(101);

	(void)state;
	assert_int_equal(s.did.frames_rendered, 101);
	assert_near(s.did.total_inter_frame_delay, 4, 1e-9);
	assert_near(s.did.total_squared_inter_frame_delay, 100 * 0.04 * 0.04, 1e-9);
	assert_int_equal(s.did.freeze_count + s.did.pause_count, 0);
}

/* Max(3 * avg, avg + 150 ms): of 40 ms the second, of 80 ms the first. */
static void a_freeze_is_long_by_what_was_usual_before(void **state)
{
	struct show s = even(31);

	(void)state;
	show_after(&s, 190 * MS - 1);
	assert_int_equal(s.did.freeze_count, 0);
	s = even(31);
	show_after(&s, 190 * MS);
	assert_int_equal(s.did.freeze_count, 1);
	assert_near(s.did.total_freezes_duration, 0.19, 1e-9);
	show_after(&s, 40 * MS);
	assert_int_equal(s.did.freeze_count, 1);

	s = (struct show){ .now = 1 };
	for (int i = 0; i < 31; i++)
		show_after(&s, 80 * MS);
	show_after(&s, 240 * MS - 1);
	assert_int_equal(s.did.freeze_count, 0);
	for (int i = 0; i < 30; i++)
		show_after(&s, 80 * MS);
	show_after(&s, 240 * MS);
	assert_int_equal(s.did.freeze_count, 1);
}

/* "linear average of durations of last 30 rendered frames": what was before them does not count. */
static void the_average_is_of_the_last_thirty(void **state)
{
	struct show s = even(1);

	(void)state;
	for (int i = 0; i < 5; i++)
		show_after(&s, 100 * MS);
	for (int i = 0; i < 29; i++)
		show_after(&s, 10 * MS);
	/* (100 + 29 * 10) / 30 = 13 ms */
	show_after(&s, 163 * MS - 1);
	assert_int_equal(s.did.freeze_count, 0);
	for (int i = 0; i < 30; i++)
		show_after(&s, 10 * MS);
	show_after(&s, 160 * MS);
	assert_int_equal(s.did.freeze_count, 1);
}

static void a_pause_exceeds_five_seconds(void **state)
{
	struct show s = even(31);

	(void)state;
	show_after(&s, 5000 * MS);
	assert_int_equal(s.did.pause_count, 0);
	show_after(&s, 5000 * MS + 1);
	assert_int_equal(s.did.pause_count, 1);
	assert_near(s.did.total_pauses_duration, 5.000001, 1e-9);
	assert_int_equal(s.did.freeze_count, 2);
}

static void the_rate_is_of_the_last_second(void **state)
{
	struct tt_rate r = { 0 };

	(void)state;
	assert_near(tt_rate_of(&r, 5000 * MS), 0, 0);
	for (int i = 1; i <= 600; i++)
		tt_rate_add(&r, i * 20 * MS);
	assert_near(tt_rate_of(&r, 12000 * MS), 50, 0);
	assert_near(tt_rate_of(&r, 12500 * MS), 25, 0);
	assert_near(tt_rate_of(&r, 13000 * MS), 0, 0);
}

/* "the highest energy of any channel" */
static void sound_is_as_loud_as_its_loudest_channel(void **state)
{
	int16_t samples[2 * 480];
	const struct taut_pcm pcm = {
		.size = sizeof pcm, .rate = 48000, .channels = 2, .count = 480, .samples = samples
	};
	struct taut_codec_stats did = { 0 };

	(void)state;
	for (int i = 0; i < 480; i++) {
		samples[2 * i] = 16384;
		samples[2 * i + 1] = -3277;
	}
	tt_render_sound(&pcm, &did);
	/* webrtc-stats: 10 ms of 0.5 add 0.0025 */
	assert_near(did.total_audio_energy, 0.0025, 1e-9);
	assert_near(did.total_samples_duration, 0.01, 1e-9);
	assert_near(did.audio_level, 0.5, 1e-9);
}

/* A sink tells it as a codec does, though what it listens to for beeps is all channels together. */
static void channels_in_antiphase_are_not_silence(void **state)
{
	int16_t samples[2 * 960];
	const struct taut_pcm pcm = {
		.size = sizeof pcm, .rate = 48000, .channels = 2, .count = 960, .samples = samples
	};
	struct taut_codec_stats did = { 0 };
	struct taut_sink_stats heard = { 0 };
	struct tt_meter meter = { .stats = &heard };

	(void)state;
	for (int i = 0; i < 960; i++) {
		samples[2 * i] = 16384;
		samples[2 * i + 1] = -16384;
	}
	tt_render_sound(&pcm, &did);
	tt_meter_sound(&meter, &pcm, (struct tt_moment){ 0 });
	assert_near(did.total_audio_energy, 0.005, 1e-9); /* 20 ms of 0.5 */
	assert_near(heard.audio_energy, did.total_audio_energy, 1e-9);
	assert_near(heard.audio_duration, 0.02, 1e-9);
	assert_near(heard.audio_peak, 0.5, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(even_pictures_neither_freeze_nor_pause),
		cmocka_unit_test(a_freeze_is_long_by_what_was_usual_before),
		cmocka_unit_test(the_average_is_of_the_last_thirty),
		cmocka_unit_test(a_pause_exceeds_five_seconds),
		cmocka_unit_test(the_rate_is_of_the_last_second),
		cmocka_unit_test(sound_is_as_loud_as_its_loudest_channel),
		cmocka_unit_test(channels_in_antiphase_are_not_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
