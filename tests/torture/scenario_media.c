/* scenario_media.c - codecs, sources, sinks and their files that live through any failure of memory
 * or of the system: strict (see run.c).
 *
 * Each call returns an error that its header names, with its text where it has one, and hands out
 * nothing then; a source that fails has ended; everything can be freed and all descriptors are given
 * back. What failed once works when it is tried again. Without the library in front nothing fails. */
#define _GNU_SOURCE
#include "torture/scenario.h"
#include "unit/media/media_help.h"

#include "media/media_wav.h"
#include "media/media_y4m.h"
#include "taut/stats.h"

enum { WIDTH = 160, HEIGHT = 120, LENGTH = 300000 };

static bool told(int rc, const struct taut_media_error *error, const int *named)
{
	if (worked(rc, named))
		return true;
	assert_int_equal(error->code, rc);
	assert_true(error->text[0] != '\0');
	return false;
}

static struct place place; /* of the files below */

static const char *in_place(char path[256], const char *file)
{
	assert_true(snprintf(path, 256, "%s/%s", place.dir, file) < 256);
	return path;
}

/* ---- codecs ---- */

static void fill(struct taut_pcm *pcm, int16_t *samples)
{
	*pcm = (struct taut_pcm){
		.size = sizeof *pcm, .rate = 48000, .channels = 1, .count = 960, .samples = samples
	};
	assert_int_equal(taut_test_card_sound(pcm, 0), TAUT_OK);
	assert_true(taut_tone_level(pcm, 1000) > 0.4);
	assert_near(taut_tone_frequency(pcm), 1000, 60);
	assert_true(taut_pcm_audio_level(pcm) < 20);
}

static bool sound_once(void)
{
	const struct taut_opus_config cfg = { .size = sizeof cfg };
	taut_opus_encoder *enc;
	taut_opus_decoder *dec;
	struct taut_frame frame;
	struct taut_pcm pcm, heard;
	int16_t samples[960];
	bool all = worked(taut_opus_encoder_new(&enc, &cfg), ONE_OF(TAUT_E_NOMEM));

	assert_true(all == (enc != NULL));
	if (!worked(taut_opus_decoder_new(&dec, 2), ONE_OF(TAUT_E_NOMEM))) {
		assert_null(dec);
		all = false;
	}
	fill(&pcm, samples);
	if (all) {
		assert_int_equal(taut_opus_encoder_set_bitrate(enc, 24000), TAUT_OK);
		assert_int_equal(taut_opus_encode(enc, &pcm, &frame), TAUT_OK);
		assert_int_equal(taut_opus_decode(dec, frame.data, frame.len, 1, &heard), TAUT_OK);
		assert_int_equal(heard.count, 1920);
		assert_int_equal(taut_opus_decode(dec, NULL, 0, 1, &heard), TAUT_OK);
	}
	taut_opus_encoder_free(enc);
	taut_opus_decoder_free(dec);
	return all;
}

static void sound_is_encoded_and_decoded_or_refused(void **state)
{
	int whole = 0;

	(void)state;
	for (int i = 0; i < TRIES; i++)
		whole += sound_once();
	enough(whole);
}

/* A picture that the decoder had no memory for is lost, and the next key frame is not. libvpx does not say
 * that it was memory (1.12: a frame that it takes for broken), so it is TAUT_E_SYNTAX. */
static bool show(taut_vp8_encoder *enc, taut_vp8_decoder *dec, struct taut_image *card, int n)
{
	struct taut_frame frame;
	struct taut_image shown;
	uint32_t number;

	assert_int_equal(taut_test_card_draw(card, (uint32_t)n, n * 40000), TAUT_OK);
	if (!worked(taut_vp8_encode(enc, card, 1, &frame), ONE_OF(TAUT_E_STATE)))
		return false;
	if (!worked(taut_vp8_decode(dec, frame.data, frame.len, &shown),
		    ONE_OF(TAUT_E_NOMEM, TAUT_E_SYNTAX)))
		return false;
	assert_true(taut_image_psnr(card, &shown) > 25);
	assert_int_equal(taut_test_card_read(&shown, &number, NULL), 1);
	assert_int_equal(number, n);
	return true;
}

static bool pictures_once(void)
{
	const struct taut_vp8_config cfg = { .size = sizeof cfg, .width = WIDTH, .height = HEIGHT };
	taut_vp8_encoder *enc;
	taut_vp8_decoder *dec;
	struct taut_image card;
	int shown = 0;
	bool made = worked(taut_vp8_encoder_new(&enc, &cfg), ONE_OF(TAUT_E_NOMEM));

	assert_true(made == (enc != NULL));
	if (!worked(taut_vp8_decoder_new(&dec), ONE_OF(TAUT_E_NOMEM))) {
		assert_null(dec);
		made = false;
	}
	const bool drawn = tt_image_make(&card, WIDTH, HEIGHT);
	if (made && drawn) {
		assert_int_equal(taut_vp8_encoder_set_bitrate(enc, 400000), TAUT_OK);
		for (int n = 1; n <= 3; n++)
			shown += show(enc, dec, &card, n);
		assert_true(shown >= 3 - (int)anything_failed() || keeps_failing());
	}
	tt_image_drop(&card);
	taut_vp8_encoder_free(enc);
	taut_vp8_decoder_free(dec);
	return made && drawn && shown == 3;
}

static void pictures_are_encoded_and_decoded_or_refused(void **state)
{
	int whole = 0;

	(void)state;
	for (int i = 0; i < TRIES; i++)
		whole += pictures_once();
	enough(whole);
}

/* Whatever fails, the picture that was there before is whole, and there is no half of another. */
static void a_picture_is_written_whole_or_not_at_all(void **state)
{
	struct taut_media_error error;
	struct taut_image card;
	char path[256], part[256];
	int whole = 0;

	(void)state;
	in_place(path, "a.png");
	in_place(part, "a.png.part");
	if (tt_image_make(&card, WIDTH, HEIGHT)) {
		assert_int_equal(taut_test_card_draw(&card, 1, 0), TAUT_OK);
		for (int i = 0; i < TRIES; i++) {
			if (told(taut_image_write_png(&card, path, &error), &error,
				 ONE_OF(TAUT_E_IO, TAUT_E_NOMEM)))
				whole++;
			assert_int_not_equal(access(part, F_OK), 0);
			assert_true(access(path, F_OK) == 0 || whole == 0);
		}
		enough(whole);
	}
	tt_image_drop(&card);
	(void)remove(path);
}

/* ---- sources and sinks ---- */

static taut_time some_clock(void *ctx)
{
	return ++*(taut_time *)ctx;
}

/* Its error is said once, and kept. */
static void ended(taut_source *src, int rc)
{
	struct taut_frame frame;

	worked(rc, ONE_OF(TAUT_E_SYNTAX, TAUT_E_IO, TAUT_E_NOMEM, TAUT_E_STATE));
	assert_int_equal(taut_source_error(src)->code, rc);
	assert_true(taut_source_error(src)->text[0] != '\0');
	assert_true(taut_source_ended(src));
	assert_int_equal(taut_source_deadline(src), INT64_MAX);
	assert_int_equal(taut_source_poll(src, INT64_MAX / 2, &frame), 0);
}

/* How many frames came; the sink, which may be NULL, has them. *all: nothing went wrong. */
static int play(taut_source *src, taut_sink *sink, bool *all)
{
	struct taut_frame frame;
	taut_time now;
	int n = 0, kind = 0;

	taut_source_start(src, 0);
	while ((now = taut_source_deadline(src)) < LENGTH) {
		kind = taut_source_poll(src, now, &frame);
		if (kind < 0)
			break;
		n += kind > 0;
		if (kind == 0 || !sink)
			continue;
		if (!worked(taut_sink_frame(sink, now, (uint32_t)kind, &frame), ONE_OF(TAUT_E_IO)))
			*all = false;
		if (taut_sink_wants_key_frame(sink, now))
			taut_source_request_key_frame(src);
	}
	/* A frame in hand comes before the error. */
	if (kind >= 0 && taut_source_error(src)->code != 0)
		kind = taut_source_poll(src, LENGTH, &frame);
	if (kind < 0) {
		ended(src, kind);
		*all = false;
	}
	return n;
}

static bool open_source(taut_source **src, const char *name, uint8_t loop)
{
	const struct taut_source_config cfg = {
		.size = sizeof cfg, .name = name, .width = WIDTH, .height = HEIGHT, .loop = loop
	};
	struct taut_media_error error;
	const bool opened = told(taut_source_open(src, &cfg, &error), &error,
				 ONE_OF(TAUT_E_IO, TAUT_E_SYNTAX, TAUT_E_NOMEM));

	assert_true(opened == (*src != NULL));
	return opened;
}

static void look_at_source(const taut_source *src, uint32_t kinds)
{
	struct taut_codec_stats did = { .size = sizeof did };

	assert_int_equal(taut_source_kinds(src), kinds);
	if (kinds & TAUT_AUDIO)
		assert_int_equal(taut_source_encoder_stats(src, LENGTH, TAUT_AUDIO, &did), TAUT_OK);
	if (kinds & TAUT_VIDEO)
		assert_int_equal(taut_source_encoder_stats(src, LENGTH, TAUT_VIDEO, &did), TAUT_OK);
}

static bool source_once(const char *name, uint32_t kinds, int frames)
{
	taut_source *src;
	bool all = open_source(&src, name, 1);

	if (all) {
		const int rc = taut_source_set_bitrate(src, kinds & TAUT_VIDEO ? TAUT_VIDEO : kinds,
						       100000);
		all = worked(rc, ONE_OF(TAUT_E_INVAL));
		taut_source_request_key_frame(src);
		const int n = play(src, NULL, &all);
		look_at_source(src, kinds);
		assert_true(n == frames || !all);
	}
	taut_source_free(src);
	return all;
}

/* Each file holds less than LENGTH, so that it is rewound. */
static void files_are_played_again_and_again_or_end(void **state)
{
	static const struct {
		const char *file;
		uint32_t kinds;
		int frames;
	} rows[] = {
		{ "video.ivf", TAUT_VIDEO, 11 }, /* its last frame lasts a tick of its clock */
		{ "audio.ogg", TAUT_AUDIO, 15 },
		{ "a.wav", TAUT_AUDIO, 15 },
		{ "a.y4m", TAUT_VIDEO, 9 },
	};
	const int fds = count_fds();
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int whole = 0;
		in_place(path, rows[i].file);
		for (int t = 0; t < TRIES; t++)
			whole += source_once(path, rows[i].kinds, rows[i].frames);
		enough(whole);
	}
	assert_int_equal(count_fds(), fds);
}

static bool open_sink(taut_sink **sink, const char *dir, uint8_t wav, taut_time *clock)
{
	const struct taut_sink_config cfg = {
		.size = sizeof cfg, .dir = dir, .wav = wav, .clock = some_clock, .ctx = clock
	};
	struct taut_media_error error;
	const bool opened =
		told(taut_sink_new(sink, &cfg, &error), &error, ONE_OF(TAUT_E_IO, TAUT_E_NOMEM));

	assert_true(opened == (*sink != NULL));
	return opened;
}

/* True: all was decoded. */
static bool look_at_sink(taut_sink *sink, int frames)
{
	const struct taut_sink_stats *s = taut_sink_stats(sink);
	struct taut_codec_stats did = { .size = sizeof did };

	assert_int_equal(taut_sink_decoder_stats(sink, LENGTH, TAUT_AUDIO, &did), TAUT_OK);
	assert_int_equal(taut_sink_decoder_stats(sink, LENGTH, TAUT_VIDEO, &did), TAUT_OK);
	assert_int_equal(s->audio_frames + s->audio_errors + s->video_frames + s->video_errors +
				 s->video_skipped,
			 frames);
	const bool all = s->audio_errors + s->video_errors + s->video_skipped == 0 &&
			 s->card_frames == s->video_frames;
	assert_true(all || anything_failed());
	assert_true(taut_sink_image(sink) != NULL || !all);
	return all;
}

static bool call_once(void)
{
	struct taut_media_error error;
	taut_time clock = 0;
	taut_source *src;
	taut_sink *sink = NULL;
	bool all = open_source(&src, "test", 0);

	if (all && (all = open_sink(&sink, NULL, 0, &clock))) {
		const int n = play(src, sink, &all);
		look_at_source(src, TAUT_AUDIO | TAUT_VIDEO);
		all = look_at_sink(sink, n) && all;
		/* there is no folder for it */
		assert_int_equal(taut_sink_snapshot(sink, &error), TAUT_E_STATE);
	}
	assert_int_equal(taut_sink_close(sink, NULL), TAUT_OK);
	taut_source_free(src);
	return all;
}

static void the_card_is_played_seen_and_heard_or_told(void **state)
{
	int whole = 0;

	(void)state;
	for (int i = 0; i < TRIES; i++)
		whole += call_once();
	enough(whole);
}

/* ---- recordings ---- */

static void plays_back(const char *dir, const char *file, int frames)
{
	taut_source *src;
	char path[256];
	bool all = true;

	assert_true(snprintf(path, sizeof path, "%s/%s", dir, file) < (int)sizeof path);
	if (open_source(&src, path, 0)) {
		const int n = play(src, NULL, &all);
		assert_true(n == frames || !all);
	}
	taut_source_free(src);
}

static bool record_once(const char *dir, uint8_t wav)
{
	struct taut_media_error error = { 0 };
	taut_time clock = 0;
	taut_source *src;
	taut_sink *sink = NULL;
	bool all = open_source(&src, "test", 0);

	if (all && (all = open_sink(&sink, dir, wav, &clock))) {
		const int n = play(src, sink, &all);
		all = look_at_sink(sink, n) && all;
		if (taut_sink_image(sink))
			all = told(taut_sink_snapshot(sink, &error), &error,
				   ONE_OF(TAUT_E_IO, TAUT_E_NOMEM)) &&
			      all;
	}
	taut_source_free(src);
	if (!told(taut_sink_close(sink, &error), &error, ONE_OF(TAUT_E_IO, TAUT_E_NOMEM)))
		return false;
	/* What the file could not take was told by then. */
	if (all) {
		plays_back(dir, "video.ivf", 9);
		plays_back(dir, wav ? "audio.wav" : "audio.ogg", 15);
	}
	return all;
}

static void a_recording_is_whole_or_told(void **state)
{
	const int fds = count_fds();
	char dir[256];

	(void)state;
	in_place(dir, "recording");
	for (uint8_t wav = 0; wav < 2; wav++) {
		int whole = 0;
		for (int i = 0; i < TRIES; i++)
			whole += record_once(dir, wav);
		enough(whole);
	}
	assert_int_equal(count_fds(), fds);
}

/* ---- */

/* Once for all tests and children: what they read. Nothing fails yet. */
static int set_up(void **state)
{
	static int16_t samples[960 * 5];
	struct tt_wav_writer wav;
	struct tt_y4m_writer y4m;
	struct taut_image image;
	taut_time clock = 0;
	taut_source *src;
	taut_sink *sink;
	bool all = true;

	(void)state;
	place_make(&place);
	assert_true(open_source(&src, "test", 0) && open_sink(&sink, place.dir, 0, &clock));
	struct taut_frame frame;
	taut_source_start(src, 0);
	for (taut_time now; (now = taut_source_deadline(src)) < LENGTH / 2;) {
		const int kind = taut_source_poll(src, now, &frame);
		all = taut_sink_frame(sink, now, (uint32_t)kind, &frame) == TAUT_OK && all;
	}
	assert_true(all);
	assert_int_equal(taut_sink_close(sink, NULL), TAUT_OK);
	taut_source_free(src);
	assert_true(tt_wav_create(&wav, place_at(&place, "a.wav"), 44100, 1));
	assert_true(tt_wav_write(&wav, samples, 960 * 5));
	assert_true(tt_wav_finish(&wav));
	assert_true(tt_y4m_create(&y4m, place_at(&place, "a.y4m"), WIDTH, HEIGHT, 30, 1));
	assert_true(tt_image_make(&image, WIDTH, HEIGHT));
	for (int i = 0; i < 3; i++)
		assert_true(tt_y4m_write(&y4m, &image));
	assert_true(tt_y4m_finish(&y4m));
	tt_image_drop(&image);
	return 0;
}

/* Halves too, of a child that fell. */
static int tear_down(void **state)
{
	static const char *const files[] = {
		"recording/video.ivf",    "recording/audio.ogg",         "recording/audio.wav",
		"recording/snapshot.png", "recording/snapshot.png.part", "a.png.part",
	};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		(void)remove(in_place(path, files[i]));
	(void)rmdir(in_place(path, "recording"));
	place_drop(&place);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_is_encoded_and_decoded_or_refused),
		cmocka_unit_test(pictures_are_encoded_and_decoded_or_refused),
		cmocka_unit_test(a_picture_is_written_whole_or_not_at_all),
		cmocka_unit_test(files_are_played_again_and_again_or_end),
		cmocka_unit_test(the_card_is_played_seen_and_heard_or_told),
		cmocka_unit_test(a_recording_is_whole_or_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
