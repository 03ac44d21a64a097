/* test_sink.c - what is received is decoded, measured and recorded, with losses and with lies. */
#include "media_help.h"

#include <math.h>

#include "media/media_ivf.h"
#include "media/media_opus.h"
#include "media/media_wav.h"
#include "taut/stats.h"

#define START 555000000

struct call {
	struct place place;
	taut_source *src;
	taut_sink *sink;
	taut_time now;
	uint32_t frames[3]; /* by kind */
};

static void call_make(struct call *c, int wav)
{
	const struct taut_source_config in = { .size = sizeof in,
					       .name = "test",
					       .width = 320,
					       .height = 240,
					       .video_bitrate = 200000 };
	*c = (struct call){ .now = START };
	place_make(&c->place);
	const struct taut_sink_config out = { .size = sizeof out,
					      .dir = c->place.dir,
					      .wav = wav != 0 };
	assert_int_equal(taut_source_open(&c->src, &in, NULL), 0);
	assert_int_equal(taut_sink_new(&c->sink, &out, NULL), 0);
	taut_source_start(c->src, START);
}

static void call_drop(struct call *c)
{
	struct taut_media_error error = { 0 };

	assert_int_equal(taut_sink_close(c->sink, &error), 0);
	taut_source_free(c->src);
	place_drop(&c->place);
}

/* The next frame, as TAUT_EV_FRAME would bring it `delay` later. */
static int call_next(struct call *c, struct taut_frame *frame)
{
	c->now = taut_source_deadline(c->src);
	int kind = taut_source_poll(c->src, c->now, frame);

	assert_true(kind > 0);
	c->frames[kind]++;
	return kind;
}

static void call_run(struct call *c, taut_time until)
{
	struct taut_frame frame;

	while (taut_source_deadline(c->src) < START + until) {
		int kind = call_next(c, &frame);
		assert_int_equal(taut_sink_frame(c->sink, c->now + 50000, (uint32_t)kind, &frame),
				 0);
		assert_int_equal(taut_sink_wants_key_frame(c->sink, c->now), 0);
	}
}

static struct taut_codec_stats decoded(const struct call *c, uint32_t kind)
{
	struct taut_codec_stats did = { .size = sizeof did };

	assert_int_equal(taut_sink_decoder_stats(c->sink, c->now + 50000, kind, &did), 0);
	return did;
}

static struct taut_codec_stats encoded(const struct call *c, uint32_t kind)
{
	struct taut_codec_stats did = { .size = sizeof did };

	assert_int_equal(taut_source_encoder_stats(c->src, c->now, kind, &did), 0);
	return did;
}

/* What both ends tell of the same frames agrees; libvpx's encoder and its decoder are asked. */
static void encoders_and_decoders_tell_what_they_did(void **state)
{
	const double target = 50000.0 / 8 / 30;
	struct taut_frame frame;
	uint64_t huge = 0;
	struct call c;
	(void)state;
	call_make(&c, 0);
	assert_int_equal(taut_source_set_bitrate(c.src, TAUT_VIDEO, 50000), 0);
	while (taut_source_deadline(c.src) < START + 3000000) {
		const int kind = call_next(&c, &frame);
		huge += kind == TAUT_VIDEO && (double)frame.len >= 2.5 * target;
		assert_int_equal(taut_sink_frame(c.sink, c.now + 50000, (uint32_t)kind, &frame), 0);
	}
	const struct taut_codec_stats out = encoded(&c, TAUT_VIDEO), in = decoded(&c, TAUT_VIDEO);
	assert_int_equal(out.frames, 90);
	assert_int_equal(out.key_frames, 1);
	assert_int_equal(out.width, 320);
	assert_near(out.frames_per_second, 30, 0);
	assert_true(out.tells == (TAUT_TELLS_QP | TAUT_TELLS_TARGET));
	assert_near(out.target_bitrate, 50000, 0);
	assert_near((double)out.total_encoded_bytes_target, 90 * target, 1);
	assert_true(huge >= 1 && huge < 45);
	assert_int_equal(out.huge_frames, huge);
	assert_true(out.qp_sum > 90 && out.qp_sum < 90 * 127);
	assert_true(in.tells == (TAUT_TELLS_QP | TAUT_TELLS_RENDERED)); /* there is no clock */
	assert_int_equal(in.frames, 90);
	assert_int_equal(in.key_frames, 1);
	assert_int_equal(in.qp_sum, out.qp_sum);
	assert_int_equal(in.frames_rendered, 90);
	assert_near(in.total_inter_frame_delay, 89 / 30.0, 0.001);
	assert_int_equal(in.freeze_count + in.pause_count, 0);
	assert_near(in.frames_per_second, 30, 0);
	assert_int_equal(in.height, 240);

	const struct taut_codec_stats say = encoded(&c, TAUT_AUDIO), hear = decoded(&c, TAUT_AUDIO);
	assert_true(say.tells == 0 && hear.tells == TAUT_TELLS_PLAYOUT);
	assert_near(say.total_samples_duration, 3, 1e-6);
	assert_near(hear.total_samples_duration, 3, 1e-6);
	/* 0.1 s of a second at half of full scale, the rest at a tenth */
	assert_near(say.total_audio_energy, 3 * (0.1 * 0.125 + 0.9 * 0.005), 0.001);
	assert_near(hear.total_audio_energy, say.total_audio_energy, 0.005);
	assert_int_equal(hear.concealed_samples + hear.concealment_events, 0);

	struct taut_codec_stats none = { 0 };
	assert_int_equal(taut_sink_decoder_stats(c.sink, 0, TAUT_VIDEO, &none), TAUT_E_INVAL);
	assert_int_equal(taut_sink_decoder_stats(c.sink, 0, 3, &none), TAUT_E_INVAL);
	assert_int_equal(taut_source_encoder_stats(c.src, 0, 3, &none), TAUT_E_INVAL);
	struct {
		struct taut_codec_stats did;
		uint64_t behind;
	} later = { .did.size = sizeof later, .behind = 7 }; /* of a version to come */
	assert_int_equal(taut_sink_decoder_stats(c.sink, 0, TAUT_VIDEO, &later.did), 0);
	assert_int_equal(later.behind, 0);
	assert_int_equal(later.did.size, sizeof later);
	call_drop(&c);
}

/* webrtc-stats: concealed samples are made up here, and those of FEC came from there. */
static void what_fec_brings_back_is_not_concealed(void **state)
{
	const struct taut_opus_config cfg = { .size = sizeof cfg,
					      .bitrate = 20000,
					      .loss_percent = 20 };
	struct taut_frame frame;
	taut_opus_encoder *enc;
	int16_t samples[960];
	struct call c;
	(void)state;
	call_make(&c, 0);
	assert_int_equal(taut_opus_encoder_new(&enc, &cfg), 0);
	for (uint32_t i = 0; i < 25; i++) { /* a tone is speech to Opus for so long */
		struct taut_pcm pcm = { .size = sizeof pcm,
					.rate = 48000,
					.channels = 1,
					.count = 960,
					.samples = samples };
		for (uint32_t k = 0; k < 960; k++)
			samples[k] = (int16_t)lround(8000 * sin((i * 960 + k) * 0.0393));
		assert_int_equal(taut_opus_encode(enc, &pcm, &frame), 0);
		c.now += 20000;
		if (i == 10 || i == 20 || i == 21)
			continue;
		if (i == 11 || i == 22)
			assert_true(tt_opus_has_fec(frame.data, frame.len));
		assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &frame), 0);
		const struct taut_codec_stats hear = decoded(&c, TAUT_AUDIO);
		assert_int_equal(hear.concealed_samples, i < 22 ? 0 : 960);
		assert_int_equal(hear.concealment_events, i < 22 ? 0 : 1);
		assert_int_equal(hear.silent_concealed_samples, 0);
	}
	taut_opus_encoder_free(enc);
	call_drop(&c);
}

/* Of silence there is nothing to go on with: what is made up is silent as well. */
static void silence_that_is_made_up_is_told_as_silent(void **state)
{
	const struct taut_opus_config cfg = { .size = sizeof cfg };
	struct taut_frame frame;
	taut_opus_encoder *enc;
	int16_t samples[960] = { 0 };
	const struct taut_pcm pcm = { .size = sizeof pcm,
				      .rate = 48000,
				      .channels = 1,
				      .count = 960,
				      .samples = samples };
	struct call c;
	(void)state;
	call_make(&c, 0);
	assert_int_equal(taut_opus_encoder_new(&enc, &cfg), 0);
	for (uint32_t i = 0; i < 30; i++, c.now += 20000) {
		assert_int_equal(taut_opus_encode(enc, &pcm, &frame), 0);
		assert_false(tt_opus_has_fec(frame.data, frame.len));
		if (i < 20 || i > 22)
			assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &frame), 0);
	}
	const struct taut_codec_stats hear = decoded(&c, TAUT_AUDIO);
	assert_int_equal(hear.concealed_samples, 3 * 960);
	assert_int_equal(hear.silent_concealed_samples, 3 * 960);
	assert_int_equal(hear.concealment_events, 1);
	taut_opus_encoder_free(enc);
	call_drop(&c);
}

static taut_time tick(void *ctx)
{
	taut_time *now = ctx;

	return *now += 2000;
}

/* webrtc-stats totalProcessingDelay: from the first packet until a frame is decoded, of sound for each sample. */
static void how_long_frames_take_is_told_by_the_callers_clock(void **state)
{
	taut_time now = START;
	const struct taut_sink_config cfg = { .size = sizeof cfg, .clock = tick, .ctx = &now };
	struct taut_frame frame;
	struct call c;
	(void)state;
	call_make(&c, 0);
	assert_int_equal(taut_sink_close(c.sink, NULL), 0);
	assert_int_equal(taut_sink_new(&c.sink, &cfg, NULL), 0);
	while (taut_source_deadline(c.src) < START + 1000000) {
		const int kind = call_next(&c, &frame);
		now = c.now + 50000;
		frame.first_received = c.now + 10000;
		assert_int_equal(taut_sink_frame(c.sink, now, (uint32_t)kind, &frame), 0);
	}
	const struct taut_codec_stats in = decoded(&c, TAUT_VIDEO), hear = decoded(&c, TAUT_AUDIO);
	assert_true(in.tells & hear.tells & TAUT_TELLS_PROCESSING);
	assert_near(in.time, 30 * 0.002, 1e-9);
	assert_near(in.total_processing_delay, 30 * 0.044, 1e-9);
	assert_near(hear.time, 50 * 0.002, 1e-9);
	assert_near(hear.total_processing_delay, 50 * 960 * 0.044, 1e-6);
	call_drop(&c);
}

static void a_whole_call_is_measured(void **state)
{
	struct call c;
	(void)state;
	call_make(&c, 0);
	call_run(&c, 3500000);
	const struct taut_sink_stats *s = taut_sink_stats(c.sink);
	assert_int_equal(s->audio_frames, 175);
	assert_int_equal(s->video_frames, 105);
	assert_int_equal(s->audio_errors + s->video_errors + s->audio_concealed + s->video_skipped,
			 0);
	assert_true(s->first_audio == START + 50000 && s->first_video == START + 50000);
	assert_int_equal(s->width, 320);
	assert_int_equal(s->card_frames, 105);
	assert_int_equal(s->card_in_order, 104);
	assert_int_equal(s->card_missing + s->card_backwards, 0);
	assert_int_equal(s->card_last, 104);
	assert_near(s->audio_frequency, 440, 1);
	assert_in_range(s->audio_level, 22, 24); /* -20 dB, and -3 of a sine */
	assert_int_equal(s->flashes, 3);
	assert_int_equal(s->beeps,
			 4); /* the first, too: the decoder begins with 6.5 ms of silence */
	assert_true(s->last_flash == START + 3050000);
	assert_int_equal(s->av_pairs, 3);
	assert_int_equal(s->av_captured_pairs, 3);
	print_message("beep after flash: %lld us, at worst %lld us\n", (long long)s->av_offset,
		      (long long)s->av_offset_worst);
	assert_true(llabs(s->av_offset_worst) < 20000);
	assert_true(llabs(s->av_captured_offset_worst) < 20000);
	call_drop(&c);
}

/* A sound that is a quarter of a second late is told from one that is early. */
static void a_late_sound_is_measured_as_late(void **state)
{
	static const taut_time delays[] = { 250000, -200000 };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct call c;
		struct taut_frame frame;
		call_make(&c, 0);
		while (taut_source_deadline(c.src) < START + 2500000) {
			int kind = call_next(&c, &frame);
			taut_time at = c.now + 300000 + (kind == TAUT_AUDIO ? delays[i] : 0);
			assert_int_equal(taut_sink_frame(c.sink, at, (uint32_t)kind, &frame), 0);
		}
		const struct taut_sink_stats *s = taut_sink_stats(c.sink);
		assert_int_equal(s->av_pairs, 2);
		assert_near(s->av_offset, delays[i], 20000);
		assert_near(s->av_captured_offset, 0, 20000);
		call_drop(&c);
	}
}

static void a_recording_holds_what_was_received(void **state)
{
	struct call c;
	struct tt_ivf_reader ivf;
	struct tt_ivf_frame frame;
	struct taut_frame again;
	struct taut_media_error error;
	size_t len, frames = 0, packets = 0;
	(void)state;
	call_make(&c, 0);
	assert_int_equal(taut_sink_snapshot(c.sink, &error), TAUT_E_STATE);
	call_run(&c, 1000000);
	assert_int_equal(taut_sink_snapshot(c.sink, &error), 0);
	assert_int_equal(taut_sink_close(c.sink, &error), 0);
	c.sink = NULL;
	free(read_whole(place_at(&c.place, "snapshot.png"), &len));
	assert_true(len > 500);
	assert_int_equal(tt_ivf_open(&ivf, place_at(&c.place, "video.ivf"), NULL), 0);
	assert_int_equal(ivf.width, 320);
	while (tt_ivf_next(&ivf, &frame, NULL) == 1)
		assert_in_range(frame.at - (taut_time)frames++ * 1000000 / 30, 0, 1);
	assert_int_equal(frames, 30);
	tt_ivf_close(&ivf);
	/* the sound, through our own Ogg reader */
	const struct taut_source_config cfg = { .size = sizeof cfg,
						.name = place_at(&c.place, "audio.ogg") };
	taut_source *src;
	taut_opus_decoder *dec;
	struct taut_pcm pcm;
	assert_int_equal(taut_source_open(&src, &cfg, &error), 0);
	assert_int_equal(taut_opus_decoder_new(&dec, 1), 0);
	taut_source_start(src, 0);
	while (!taut_source_ended(src)) {
		assert_int_equal(taut_source_poll(src, taut_source_deadline(src), &again),
				 TAUT_AUDIO);
		assert_int_equal(again.rtp_timestamp, packets * 960);
		assert_int_equal(taut_opus_decode(dec, again.data, again.len, 0, &pcm), 0);
		if (packets > 10 && packets < 48)
			assert_near(taut_tone_level(&pcm, 440), 0.1, 0.02);
		packets++;
	}
	assert_in_range(packets, 50, 53);
	taut_source_free(src);
	taut_opus_decoder_free(dec);
	call_drop(&c);
}

static void sound_is_recorded_as_wav_too_and_gaps_keep_their_length(void **state)
{
	struct call c;
	struct taut_frame frame;
	struct tt_wav_reader wav;
	int16_t samples[2 * 960];
	size_t total = 0, n, fec = 0;
	(void)state;
	call_make(&c, 1);
	while (taut_source_deadline(c.src) < START + 2000000) {
		int kind = call_next(&c, &frame);
		uint32_t i = c.frames[TAUT_AUDIO];
		if (kind != TAUT_AUDIO || i == 20 || i == 21 || (i >= 40 && i < 60))
			continue;
		frame.frame_count_lost = i == 22 ? 2 : 0;
		fec += (i == 22 || i == 60) && tt_opus_has_fec(frame.data, frame.len);
		assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &frame), 0);
	}
	const struct taut_sink_stats *s = taut_sink_stats(c.sink);
	assert_int_equal(s->audio_frames, 78);
	assert_int_equal(s->audio_concealed, 2 + 5);
	const struct taut_codec_stats hear = decoded(&c, TAUT_AUDIO);
	assert_int_equal(hear.concealed_samples, (2 + 20 - fec) * 960);
	assert_int_equal(hear.silent_concealed_samples, 15 * 960);
	assert_int_equal(hear.concealment_events, 2);
	assert_near(hear.total_samples_duration, 2, 1e-6);
	assert_int_equal(taut_sink_close(c.sink, NULL), 0);
	c.sink = NULL;
	assert_int_equal(tt_wav_open(&wav, place_at(&c.place, "audio.wav"), NULL), 0);
	assert_int_equal(wav.channels, 2);
	while ((n = tt_wav_read(&wav, samples, 960)) > 0)
		total += n;
	assert_int_equal(total, 96000);
	tt_wav_close(&wav);
	call_drop(&c);
}

static void after_a_loss_nothing_is_shown_until_a_key_frame(void **state)
{
	struct call c;
	struct taut_frame frame;
	uint32_t asked = 0;
	(void)state;
	call_make(&c, 0);
	for (uint32_t i = 0; i < 60;) {
		if (call_next(&c, &frame) != TAUT_VIDEO)
			continue;
		i++;
		if (i == 20) /* lost */
			continue;
		if (i == 21)
			frame.flags |= TAUT_FRAME_AFTER_LOSS;
		if (i == 45)
			taut_source_request_key_frame(c.src);
		assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_VIDEO, &frame), 0);
		asked += (uint32_t)taut_sink_wants_key_frame(c.sink, c.now);
	}
	const struct taut_sink_stats *s = taut_sink_stats(c.sink);
	assert_int_equal(s->video_skipped, 25); /* 21 to 45 */
	assert_int_equal(s->video_frames, 34);
	assert_int_equal(s->card_missing, 26);
	assert_int_equal(asked, 3); /* in 830 ms, each 300 */
	call_drop(&c);
}

static void who_joins_late_asks_for_a_key_frame(void **state)
{
	struct call c;
	struct taut_frame frame;
	(void)state;
	call_make(&c, 0);
	assert_int_equal(taut_sink_wants_key_frame(c.sink, c.now), 0);
	for (int kind = 0; kind != TAUT_VIDEO;)
		kind = call_next(&c, &frame); /* the key frame, not seen */
	for (int kind = 0; kind != TAUT_VIDEO;)
		kind = call_next(&c, &frame);
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_VIDEO, &frame), 0);
	assert_int_equal(taut_sink_stats(c.sink)->video_errors, 1);
	assert_int_equal(taut_sink_wants_key_frame(c.sink, c.now), 1);
	assert_int_equal(taut_sink_wants_key_frame(c.sink, c.now), 0);
	assert_null(taut_sink_image(c.sink));
	call_drop(&c);
}

/* A peer that jumps ten seconds with every packet must not fill the disk. */
static void timestamps_that_run_away_cost_no_more_than_time(void **state)
{
	struct call c;
	struct taut_frame frame;
	struct tt_wav_reader wav;
	(void)state;
	call_make(&c, 1);
	for (uint32_t i = 0; i < 100;) {
		if (call_next(&c, &frame) != TAUT_AUDIO)
			continue;
		frame.rtp_timestamp = i++ * 470000;
		assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &frame), 0);
	}
	assert_int_equal(taut_sink_close(c.sink, NULL), 0);
	c.sink = NULL;
	assert_int_equal(tt_wav_open(&wav, place_at(&c.place, "audio.wav"), NULL), 0);
	assert_true(wav.bytes / 4 <= 96000 + 2 * 96000);
	tt_wav_close(&wav);
	call_drop(&c);
}

static void duplicates_and_rubbish_are_counted_only(void **state)
{
	static const struct taut_codec h264 = { .size = sizeof h264, .mime = "video/H264" };
	struct call c;
	struct taut_frame frame;
	(void)state;
	call_make(&c, 0);
	call_run(&c, 200000);
	const struct taut_sink_stats *s = taut_sink_stats(c.sink);
	uint64_t audio = s->audio_frames, video = s->video_frames;
	while (call_next(&c, &frame) != TAUT_AUDIO)
		;
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &frame), 0);
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &frame), 0);
	assert_int_equal(s->audio_frames, audio + 1);
	assert_int_equal(s->audio_errors, 1);
	struct taut_frame bad = { .size = sizeof bad,
				  .data = "\xff\xff\xff",
				  .len = 3,
				  .rtp_timestamp = frame.rtp_timestamp + 960 };
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &bad), 0);
	assert_int_equal(s->audio_errors, 2);
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_VIDEO, &bad), 0);
	bad.len = 0;
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_AUDIO, &bad), 0);
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_VIDEO, &bad), 0);
	assert_int_equal(s->video_frames, video);
	assert_int_equal(taut_sink_frame(c.sink, c.now, 3, &bad), TAUT_E_INVAL);
	bad.codec = &h264;
	assert_int_equal(taut_sink_frame(c.sink, c.now, TAUT_VIDEO, &bad), TAUT_E_UNSUPPORTED);
	call_drop(&c);
}

static void a_sink_without_a_directory_writes_nothing(void **state)
{
	const struct taut_sink_config cfg = { .size = sizeof cfg };
	struct taut_media_error error;
	struct call c;
	struct taut_frame frame;
	taut_sink *sink;
	(void)state;
	call_make(&c, 0);
	assert_int_equal(taut_sink_new(&sink, &cfg, NULL), 0);
	for (int i = 0; i < 20; i++) {
		int kind = call_next(&c, &frame);
		assert_int_equal(taut_sink_frame(sink, c.now, (uint32_t)kind, &frame), 0);
	}
	assert_non_null(taut_sink_image(sink));
	assert_int_equal(taut_sink_snapshot(sink, &error), TAUT_E_STATE);
	assert_int_equal(taut_sink_close(sink, &error), 0);
	assert_int_equal(taut_sink_close(NULL, NULL), 0);
	call_drop(&c);
}

static void a_directory_that_cannot_be_is_refused(void **state)
{
	struct taut_sink_config cfg = { .size = sizeof cfg, .dir = "/proc/nowhere/at/all" };
	struct taut_media_error error;
	taut_sink *sink;
	(void)state;
	assert_int_equal(taut_sink_new(&sink, &cfg, &error), TAUT_E_IO);
	assert_non_null(strstr(error.text, "/proc/nowhere/at/all: cannot be made: No such file"));
	cfg.dir = "/dev/null";
	assert_int_equal(taut_sink_new(&sink, &cfg, &error), TAUT_E_IO);
	assert_non_null(strstr(error.text, "/dev/null: is not a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_call_is_measured),
		cmocka_unit_test(encoders_and_decoders_tell_what_they_did),
		cmocka_unit_test(what_fec_brings_back_is_not_concealed),
		cmocka_unit_test(silence_that_is_made_up_is_told_as_silent),
		cmocka_unit_test(how_long_frames_take_is_told_by_the_callers_clock),
		cmocka_unit_test(a_late_sound_is_measured_as_late),
		cmocka_unit_test(a_recording_holds_what_was_received),
		cmocka_unit_test(sound_is_recorded_as_wav_too_and_gaps_keep_their_length),
		cmocka_unit_test(after_a_loss_nothing_is_shown_until_a_key_frame),
		cmocka_unit_test(who_joins_late_asks_for_a_key_frame),
		cmocka_unit_test(timestamps_that_run_away_cost_no_more_than_time),
		cmocka_unit_test(duplicates_and_rubbish_are_counted_only),
		cmocka_unit_test(a_sink_without_a_directory_writes_nothing),
		cmocka_unit_test(a_directory_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
