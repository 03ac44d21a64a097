/* test_source.c - frames come when they are due, and in the order and with the numbers they should. */
#include "media_help.h"

#include "media/media_ivf.h"
#include "media/media_wav.h"
#include "media/media_y4m.h"

#define START 777000000

static taut_source *open_source(struct taut_source_config cfg)
{
	struct taut_media_error error = { 0 };
	taut_source *src;

	cfg.size = sizeof cfg;
	if (taut_source_open(&src, &cfg, &error) != TAUT_OK)
		fail_msg("%s", error.text);
	return src;
}

static const struct taut_source_config small = {
	.name = "test", .width = 160, .height = 120, .fps = 30
};

static void the_card_gives_both_kinds_aligned_and_on_time(void **state)
{
	taut_source *src = open_source(small);
	struct taut_frame frame;
	uint32_t audio = 0, video = 0;
	(void)state;
	assert_int_equal(taut_source_kinds(src), TAUT_AUDIO | TAUT_VIDEO);
	assert_true(taut_source_deadline(src) == INT64_MAX);
	assert_int_equal(taut_source_poll(src, START, &frame), 0);
	taut_source_start(src, START);
	assert_true(taut_source_deadline(src) == START);
	while (taut_source_deadline(src) <= START + 2000000) {
		taut_time at = taut_source_deadline(src);
		assert_int_equal(taut_source_poll(src, at - 1, &frame), 0);
		int kind = taut_source_poll(src, at, &frame);
		assert_true(frame.captured == at);
		assert_true(frame.len > 0);
		if (kind == TAUT_AUDIO) {
			assert_int_equal(frame.rtp_timestamp, audio * 960);
			assert_true(at == START + audio * 20000);
			assert_true(frame.flags & TAUT_FRAME_AUDIO_LEVEL);
			audio++;
		} else {
			assert_int_equal(kind, TAUT_VIDEO);
			assert_int_equal(frame.rtp_timestamp, video * 3000);
			assert_true(at == START + (taut_time)video * 1000000 / 30);
			assert_int_equal(!(frame.flags & TAUT_FRAME_KEY), video != 0);
			video++;
		}
	}
	assert_int_equal(audio, 101);
	assert_int_equal(video, 61);
	taut_source_free(src);
}

static void kinds_can_be_chosen(void **state)
{
	struct taut_source_config cfg = small;
	struct taut_frame frame;
	(void)state;
	cfg.kinds = TAUT_AUDIO;
	taut_source *src = open_source(cfg);
	assert_int_equal(taut_source_kinds(src), TAUT_AUDIO);
	taut_source_start(src, 0);
	assert_int_equal(taut_source_poll(src, 0, &frame), TAUT_AUDIO);
	assert_int_equal(taut_source_poll(src, 0, &frame), 0);
	assert_int_equal(taut_source_set_bitrate(src, TAUT_AUDIO, 20000), 0);
	assert_int_equal(taut_source_set_bitrate(src, TAUT_VIDEO, 20000), TAUT_E_INVAL);
	taut_source_free(src);
	cfg.size = sizeof cfg;
	cfg.kinds = 4;
	assert_int_equal(taut_source_open(&src, &cfg, NULL), TAUT_E_INVAL);
	cfg.kinds = 0;
	cfg.width = 100;
	assert_int_equal(taut_source_open(&src, &cfg, NULL), TAUT_E_INVAL);
}

/* Somebody who was away for a minute gets no minute of frames at once. */
static void a_long_pause_moves_the_rest(void **state)
{
	taut_source *src = open_source(small);
	struct taut_frame frame;
	int n = 0;
	(void)state;
	taut_source_start(src, START);
	while (taut_source_poll(src, START + 100000, &frame) != 0)
		n++;
	assert_in_range(n, 9, 10);
	taut_time late = START + 60000000;
	n = 0;
	while (taut_source_poll(src, late, &frame) != 0) {
		assert_true(frame.captured > late - 100000 && frame.captured <= late);
		n++;
	}
	assert_in_range(n, 1, 3);
	assert_true(taut_source_deadline(src) > late);
	/* RTP time went on with the clock */
	int kind = taut_source_poll(src, late + 100000, &frame);
	taut_time since = frame.captured - START;
	assert_in_range(frame.rtp_timestamp,
			(uint32_t)(since * (kind == TAUT_AUDIO ? 48 : 90) / 1000 - 1),
			(uint32_t)(since * (kind == TAUT_AUDIO ? 48 : 90) / 1000 + 1));
	if (kind == TAUT_AUDIO)
		assert_int_equal(frame.rtp_timestamp % 960, 0);
	taut_source_free(src);
}

static void key_frames_come_when_asked_but_not_all_the_time(void **state)
{
	struct taut_source_config cfg = small;
	struct taut_frame frame;
	uint32_t keys = 0;
	(void)state;
	cfg.kinds = TAUT_VIDEO;
	taut_source *src = open_source(cfg);
	taut_source_start(src, 0);
	for (taut_time at; (at = taut_source_deadline(src)) < 3000000;) {
		assert_int_equal(taut_source_poll(src, at, &frame), TAUT_VIDEO);
		keys += (frame.flags & TAUT_FRAME_KEY) != 0;
		if (at < 2000000)
			taut_source_request_key_frame(src);
	}
	assert_in_range(keys, 7, 8);
	taut_source_free(src);
}

/* ---- files ---- */

/* A second of the card, key frame first only. */
static void make_card_ivf(const char *path, uint32_t frames)
{
	const struct taut_vp8_config vp8 = { .size = sizeof vp8, .width = 160, .height = 120 };
	taut_vp8_encoder *enc;
	struct taut_image card;
	struct tt_ivf_writer w;

	assert_int_equal(taut_vp8_encoder_new(&enc, &vp8), 0);
	assert_true(tt_image_make(&card, 160, 120));
	assert_true(tt_ivf_create(&w, path));
	for (uint32_t i = 0; i < frames; i++) {
		struct taut_frame frame;
		assert_int_equal(taut_test_card_draw(&card, i, (taut_time)i * 1000000 / 30), 0);
		assert_int_equal(taut_vp8_encode(enc, &card, 0, &frame), 0);
		assert_true(tt_ivf_write(&w, frame.data, frame.len, i * 3000, 160, 120));
	}
	assert_true(tt_ivf_finish(&w));
	tt_image_drop(&card);
	taut_vp8_encoder_free(enc);
}

static void ivf_frames_pass_unchanged_and_again_in_a_loop(void **state)
{
	struct place p;
	struct tt_ivf_reader r;
	struct tt_ivf_frame want;
	struct taut_frame frame;
	(void)state;
	place_make(&p);
	make_card_ivf(place_at(&p, "a.ivf"), 30);
	taut_source *src = open_source((struct taut_source_config){ .name = p.path, .loop = 1 });
	assert_int_equal(taut_source_kinds(src), TAUT_VIDEO);
	assert_int_equal(tt_ivf_open(&r, p.path, NULL), 0);
	taut_source_start(src, START);
	for (uint32_t i = 0; i < 75; i++) {
		if (i % 30 == 0)
			assert_true(tt_ivf_rewind(&r));
		assert_int_equal(tt_ivf_next(&r, &want, NULL), 1);
		assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &frame),
				 TAUT_VIDEO);
		assert_int_equal(frame.len, want.len);
		assert_memory_equal(frame.data, want.data, want.len);
		assert_int_equal(!(frame.flags & TAUT_FRAME_KEY), i % 30 != 0);
		if (i < 30)
			assert_int_equal(frame.rtp_timestamp, i * 3000);
	}
	taut_source_free(src);
	tt_ivf_close(&r);
	place_drop(&p);
}

static void an_ivf_file_gives_a_key_frame_where_it_has_none(void **state)
{
	struct place p;
	struct taut_frame frame;
	struct taut_image image;
	taut_vp8_decoder *dec;
	uint32_t number = 0;
	(void)state;
	place_make(&p);
	make_card_ivf(place_at(&p, "a.ivf"), 40);
	assert_int_equal(taut_vp8_decoder_new(&dec), 0);
	taut_source *src = open_source((struct taut_source_config){ .name = p.path });
	taut_source_start(src, 0);
	for (uint32_t i = 0; i < 40; i++) {
		if (i == 20)
			taut_source_request_key_frame(src);
		assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &frame),
				 TAUT_VIDEO);
		assert_int_equal(frame.rtp_timestamp, i * 3000);
		if (i < 20)
			continue; /* the receiver joins here */
		assert_int_equal(!(frame.flags & TAUT_FRAME_KEY), i != 20);
		assert_int_equal(taut_vp8_decode(dec, frame.data, frame.len, &image), 1);
		assert_int_equal(taut_test_card_read(&image, &number, NULL), 1);
		assert_int_equal(number, i);
	}
	assert_true(taut_source_ended(src));
	assert_true(taut_source_deadline(src) == INT64_MAX);
	assert_int_equal(taut_source_poll(src, INT64_MAX - 1, &frame), 0);
	taut_source_free(src);
	taut_vp8_decoder_free(dec);
	place_drop(&p);
}

static void a_file_that_breaks_off_ends_with_its_reason(void **state)
{
	struct place p;
	struct taut_frame frame;
	size_t len;
	(void)state;
	place_make(&p);
	make_card_ivf(place_at(&p, "a.ivf"), 5);
	uint8_t *data = read_whole(p.path, &len);
	write_file(p.path, data, len - 10);
	taut_source *src = open_source((struct taut_source_config){ .name = p.path, .loop = 1 });
	taut_source_start(src, 0);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &frame),
				 TAUT_VIDEO);
	assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &frame), TAUT_E_SYNTAX);
	assert_non_null(strstr(taut_source_error(src)->text, "a.ivf: at byte "));
	assert_true(taut_source_ended(src));
	assert_int_equal(taut_source_poll(src, 1000000000, &frame), 0);
	taut_source_free(src);
	free(data);
	place_drop(&p);
}

static void y4m_is_encoded_and_loops(void **state)
{
	struct place p;
	struct tt_y4m_writer w;
	struct taut_image card, image;
	struct taut_frame frame;
	taut_vp8_decoder *dec;
	(void)state;
	place_make(&p);
	assert_true(tt_image_make(&card, 160, 120));
	assert_true(tt_y4m_create(&w, place_at(&p, "a.y4m"), 160, 120, 25, 1));
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(taut_test_card_draw(&card, i, i * 40000), 0);
		assert_true(tt_y4m_write(&w, &card));
	}
	assert_true(tt_y4m_finish(&w));
	assert_int_equal(taut_vp8_decoder_new(&dec), 0);
	taut_source *src = open_source((struct taut_source_config){ .name = p.path, .loop = 1 });
	taut_source_start(src, 0);
	for (uint32_t i = 0; i < 25; i++) {
		uint32_t number;
		assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &frame),
				 TAUT_VIDEO);
		assert_int_equal(frame.rtp_timestamp, i * 3600);
		assert_int_equal(taut_vp8_decode(dec, frame.data, frame.len, &image), 1);
		assert_int_equal(taut_test_card_read(&image, &number, NULL), 1);
		assert_int_equal(number, i % 10);
	}
	taut_source_free(src);
	taut_vp8_decoder_free(dec);
	tt_image_drop(&card);
	place_drop(&p);
}

/* Two seconds of a triangle of 500 Hz, 10 ms at once, the same on both channels. */
static void write_tone(struct tt_wav_writer *w, uint32_t rate)
{
	int16_t block[960 * 2];

	for (uint32_t i = 0; i < 2 * rate;) {
		size_t count = 0;
		for (; count < rate / 100; count++, i++) {
			const uint32_t at = i * 500 % rate;
			const int v =
				(int)(at < rate / 2 ? at : rate - at) * 16000 / (int)(rate / 2) -
				8000;
			for (uint32_t c = 0; c < w->channels; c++)
				block[count * w->channels + c] = (int16_t)v;
		}
		assert_true(tt_wav_write(w, block, count));
	}
}

/* A tone at the rates in which people keep their files. */
static void wav_is_resampled_and_encoded(void **state)
{
	static const struct {
		uint32_t rate, channels;
	} cases[] = { { 48000, 1 }, { 44100, 2 }, { 16000, 1 }, { 96000, 2 } };
	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct place p;
		struct tt_wav_writer w;
		struct taut_frame frame;
		struct taut_pcm pcm;
		taut_opus_decoder *dec;
		uint32_t rate = cases[k].rate, n = 0;
		place_make(&p);
		assert_true(tt_wav_create(&w, place_at(&p, "a.wav"), rate, cases[k].channels));
		write_tone(&w, rate);
		assert_true(tt_wav_finish(&w));
		assert_int_equal(taut_opus_decoder_new(&dec, 1), 0);
		taut_source *src = open_source((struct taut_source_config){ .name = p.path });
		taut_source_start(src, START);
		while (!taut_source_ended(src)) {
			assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &frame),
					 TAUT_AUDIO);
			assert_int_equal(frame.rtp_timestamp, n * 960);
			assert_int_equal(taut_opus_decode(dec, frame.data, frame.len, 0, &pcm), 0);
			if (n > 10 && n < 99)
				assert_near(taut_tone_level(&pcm, 500), 0.198, 0.03);
			n++;
		}
		assert_int_equal(n, 100);
		taut_source_free(src);
		taut_opus_decoder_free(dec);
		place_drop(&p);
	}
}

static void a_wav_file_loops_on_the_grid(void **state)
{
	struct place p;
	struct tt_wav_writer w;
	struct taut_frame frame;
	int16_t zeros[1000] = { 0 };
	(void)state;
	place_make(&p);
	assert_true(tt_wav_create(&w, place_at(&p, "a.wav"), 48000, 1));
	assert_true(tt_wav_write(&w, zeros, 1000)); /* a frame and 40 samples */
	assert_true(tt_wav_finish(&w));
	taut_source *src = open_source((struct taut_source_config){ .name = p.path, .loop = 1 });
	taut_source_start(src, 0);
	for (uint32_t i = 0; i < 9; i++) {
		assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &frame),
				 TAUT_AUDIO);
		assert_int_equal(frame.rtp_timestamp, i * 960);
		assert_int_equal(frame.audio_level, 127);
	}
	taut_source_free(src);
	place_drop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_card_gives_both_kinds_aligned_and_on_time),
		cmocka_unit_test(kinds_can_be_chosen),
		cmocka_unit_test(a_long_pause_moves_the_rest),
		cmocka_unit_test(key_frames_come_when_asked_but_not_all_the_time),
		cmocka_unit_test(ivf_frames_pass_unchanged_and_again_in_a_loop),
		cmocka_unit_test(an_ivf_file_gives_a_key_frame_where_it_has_none),
		cmocka_unit_test(a_file_that_breaks_off_ends_with_its_reason),
		cmocka_unit_test(y4m_is_encoded_and_loops),
		cmocka_unit_test(wav_is_resampled_and_encoded),
		cmocka_unit_test(a_wav_file_loops_on_the_grid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
