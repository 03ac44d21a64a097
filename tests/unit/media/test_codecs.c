/* test_codecs.c - Opus and VP8 both ways, with losses and with rubbish. */
#include "media_help.h"

#include <math.h>
#include <stdbool.h>

#include "media/media_opus.h"
#include "media/media_vp8.h"

static void tone(int16_t *out, uint32_t count, uint32_t channels, double hz, double level,
		 uint32_t from)
{
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t c = 0; c < channels; c++)
			out[i * channels + c] = (int16_t)lround(
				32767 * level *
				sin(2 * 3.14159265358979 * hz * (from + i) / 48000));
}

static void the_list_names_opus_and_vp8(void **state)
{
	size_t n = 0;
	const struct taut_codec *all = taut_media_codecs(&n);
	(void)state;
	assert_int_equal(n, 2);
	assert_string_equal(all[0].mime, "audio/opus");
	assert_string_equal(all[0].fmtp, "minptime=10;useinbandfec=1");
	assert_string_equal(all[1].mime, "video/VP8");
	assert_int_equal(all[1].clock_rate, 90000);
}

static void tone_levels_and_frequencies_are_measured(void **state)
{
	static const double hz[] = { 100, 250.5, 440, 997, 1000, 3990 };
	static const uint32_t counts[] = { 4800, 9600 };
	int16_t samples[9600];
	(void)state;
	for (size_t i = 0; i < sizeof hz / sizeof hz[0]; i++)
		for (size_t k = 0; k < 2; k++) {
			struct taut_pcm pcm = { .size = sizeof pcm,
						.rate = 48000,
						.channels = 1,
						.count = counts[k],
						.samples = samples };
			tone(samples, counts[k], 1, hz[i], 0.25, 77);
			assert_near(taut_tone_frequency(&pcm), hz[i], 1);
			assert_near(taut_tone_level(&pcm, hz[i]), 0.25, 0.01);
			assert_int_equal(taut_pcm_audio_level(&pcm),
					 15); /* -12 dB, and -3 of a sine */
		}
	struct taut_pcm silence = { .size = sizeof silence,
				    .rate = 48000,
				    .channels = 1,
				    .count = 4800,
				    .samples = memset(samples, 0, sizeof samples) };
	assert_near(taut_tone_frequency(&silence), 0, 0);
	assert_int_equal(taut_pcm_audio_level(&silence), 127);
	silence.count = 0;
	assert_near(taut_tone_frequency(&silence), 0, 0);
	assert_near(taut_tone_level(&silence, 440), 0, 0);
}

/* ---- Opus ---- */

struct opus {
	taut_opus_encoder *enc;
	taut_opus_decoder *dec;
	uint32_t channels, from;
};

static void opus_make(struct opus *o, uint32_t channels)
{
	const struct taut_opus_config cfg = { .size = sizeof cfg,
					      .channels = channels,
					      .loss_percent = 20 };
	*o = (struct opus){ .channels = channels };
	assert_int_equal(taut_opus_encoder_new(&o->enc, &cfg), 0);
	assert_int_equal(taut_opus_decoder_new(&o->dec, channels), 0);
}

static void opus_drop(struct opus *o)
{
	taut_opus_encoder_free(o->enc);
	taut_opus_decoder_free(o->dec);
}

static void opus_next(struct opus *o, double hz, struct taut_frame *frame)
{
	int16_t samples[2 * 960];
	const struct taut_pcm pcm = { .size = sizeof pcm,
				      .rate = 48000,
				      .channels = o->channels,
				      .count = 960,
				      .samples = samples,
				      .at = (taut_time)o->from * 1000 / 48 };
	tone(samples, 960, o->channels, hz, 0.25, o->from);
	o->from += 960;
	assert_int_equal(taut_opus_encode(o->enc, &pcm, frame), 0);
}

static void a_tone_survives_opus(void **state)
{
	(void)state;
	for (uint32_t channels = 1; channels <= 2; channels++) {
		struct opus o;
		struct taut_frame frame;
		struct taut_pcm pcm;
		opus_make(&o, channels);
		for (uint32_t i = 0; i < 25; i++) {
			opus_next(&o, 440, &frame);
			assert_int_equal(frame.rtp_timestamp, i * 960);
			assert_int_equal(frame.captured, i * 20000);
			assert_int_equal(frame.audio_level, 15);
			assert_true(frame.flags & TAUT_FRAME_AUDIO_LEVEL);
			assert_int_equal(taut_opus_decode(o.dec, frame.data, frame.len, 0, &pcm),
					 0);
			assert_int_equal(pcm.count, 960);
			assert_int_equal(pcm.channels, channels);
			if (i > 5)
				assert_near(taut_tone_level(&pcm, 440), 0.25, 0.03);
		}
		opus_drop(&o);
	}
}

static void lost_frames_are_concealed(void **state)
{
	struct opus o;
	struct taut_frame frame;
	struct taut_pcm pcm;
	(void)state;
	opus_make(&o, 1);
	for (int i = 0; i < 20; i++) {
		opus_next(&o, 300, &frame);
		assert_int_equal(taut_opus_decode(o.dec, frame.data, frame.len, 0, &pcm), 0);
	}
	opus_next(&o, 300, &frame); /* these two never come */
	opus_next(&o, 300, &frame);
	opus_next(&o, 300, &frame);
	assert_int_equal(taut_opus_decode(o.dec, frame.data, frame.len, 2, &pcm), 0);
	assert_int_equal(pcm.count, 3 * 960);
	assert_true(taut_tone_level(&pcm, 300) > 0.12);
	/* without a packet; and never more than a second */
	assert_int_equal(taut_opus_decode(o.dec, NULL, 0, 1, &pcm), 0);
	assert_int_equal(pcm.count, 960);
	assert_int_equal(taut_opus_decode(o.dec, NULL, 0, 65535, &pcm), 0);
	assert_int_equal(pcm.count, 50 * 960);
	opus_drop(&o);
}

/* At a bitrate where it is SILK that speaks, the packet after the loss carries the lost one. */
static void fec_brings_back_what_was_lost(void **state)
{
	double with = 0, without = 0;
	(void)state;
	for (int fec = 0; fec < 2; fec++) {
		struct opus o;
		struct taut_frame frame;
		struct taut_pcm pcm;
		opus_make(&o, 1);
		assert_int_equal(taut_opus_encoder_set_bitrate(o.enc, 20000), 0);
		for (int i = 0; i < 30; i++) {
			opus_next(&o, 300, &frame);
			assert_int_equal(taut_opus_decode(o.dec, frame.data, frame.len, 0, &pcm),
					 0);
		}
		opus_next(&o, 700, &frame); /* lost, and like nothing before it */
		opus_next(&o, 700, &frame);
		assert_true(tt_opus_has_fec(frame.data, frame.len));
		if (fec)
			assert_int_equal(taut_opus_decode(o.dec, frame.data, frame.len, 1, &pcm),
					 0);
		else
			assert_int_equal(taut_opus_decode(o.dec, NULL, 0, 1, &pcm), 0);
		pcm.count = 960;
		*(fec ? &with : &without) = taut_tone_level(&pcm, 700);
		opus_drop(&o);
	}
	assert_true(with > 2 * without);
}

/* RFC 6716: frame counts and lengths (3.1, 3.2), and where the flags lie (4.2.3). */
static void packets_say_whether_they_have_fec(void **state)
{
	static const struct {
		uint8_t bytes[4];
		size_t len;
		bool fec;
	} packets[] = {
		{ { 1 << 3, 0x40, 0 }, 3, true },  /* SILK, 20 ms: VAD, LBRR */
		{ { 1 << 3, 0x80, 0 }, 3, false }, /* VAD alone */
		{ { 0, 0x40, 0 }, 3, true },       /* 10 ms: one of VAD as well */
		{ { 0, 0x80, 0 }, 3, false },
		{ { 2 << 3, 0x20, 0 }, 3, true }, /* 40 ms: two */
		{ { 2 << 3, 0x40, 0 }, 3, false },
		{ { 3 << 3, 0x10, 0 }, 3, true },      /* 60 ms: three of VAD before it */
		{ { 3 << 3, 0x40, 0 }, 3, false },     /* which is VAD there */
		{ { 1 << 3 | 4, 0x10, 0 }, 3, true },  /* stereo: of the side */
		{ { 1 << 3, 0x10, 0 }, 3, false },     /* mono has no side */
		{ { 1 << 3 | 4, 0xa0, 0 }, 3, false }, /* stereo: VAD of both */
		{ { 13 << 3, 0x40, 0 }, 3, true },     /* hybrid, 20 ms */
		{ { 11 << 3, 0x10, 0 }, 3, true },     /* the last of SILK alone, 60 ms */
		{ { 15 << 3, 0x40, 0 }, 3, true },     /* the last hybrid one */
		{ { 16 << 3, 0x40, 0 }, 3, false },    /* CELT */
		{ { 19 << 3, 0x40, 0 }, 3, false },
		{ { 1 << 3 | 1, 0x40, 0, 0 }, 3, true },  /* two frames: the first counts */
		{ { 1 << 3 | 1, 0x40, 0, 0 }, 4, false }, /* of unequal length: no packet */
		{ { 1 << 3 }, 1, false },                 /* DTX: nothing in it */
		{ { 1 << 3 }, 0, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		uint8_t *exact = malloc(packets[i].len ? packets[i].len : 1);

		assert_non_null(exact);
		memcpy(exact, packets[i].bytes, packets[i].len);
		assert_int_equal(tt_opus_has_fec(exact, packets[i].len), packets[i].fec);
		free(exact);
	}
	assert_false(tt_opus_has_fec(NULL, 3));
	/* none of it is read, nor taken for less */
	assert_false(tt_opus_has_fec(packets[0].bytes, (size_t)INT32_MAX + 1));
	const uint64_t huge = (UINT64_C(1) << 32) + 3;
	if (huge <= SIZE_MAX)
		assert_false(tt_opus_has_fec(packets[0].bytes, (size_t)huge));
}

static void opus_rubbish_is_refused_and_changes_nothing(void **state)
{
	static const uint8_t bad[][4] = {
		{ 0xff }, { 0x03, 0x00 }, { 0xff, 0x3f, 0, 0 }, { 0x02, 0xff }
	};
	static const size_t lens[] = { 0, 2, 4, 2 };
	struct opus o;
	struct taut_frame frame;
	struct taut_pcm pcm = { .count = 7 };
	(void)state;
	opus_make(&o, 2);
	opus_next(&o, 440, &frame);
	for (size_t i = 0; i < 4; i++) {
		uint8_t *exact = malloc(lens[i] + !lens[i]);
		memcpy(exact, bad[i], lens[i]);
		assert_int_equal(taut_opus_decode(o.dec, exact, lens[i], 3, &pcm), TAUT_E_SYNTAX);
		assert_int_equal(pcm.count, 7);
		free(exact);
	}
	/* every truncation, every byte turned over: refused or decoded, never more */
	for (size_t n = 0; n < frame.len; n++) {
		uint8_t *exact = malloc(n + !n);
		memcpy(exact, frame.data, n);
		(void)taut_opus_decode(o.dec, exact, n, 1, &pcm);
		free(exact);
		exact = malloc(frame.len);
		memcpy(exact, frame.data, frame.len);
		exact[n] ^= 0xff;
		(void)taut_opus_decode(o.dec, exact, frame.len, 1, &pcm);
		free(exact);
	}
	opus_drop(&o);
}

static void wrong_arguments_are_refused(void **state)
{
	struct {
		struct taut_opus_config known;
		uint64_t more;
	} larger = { .known = { .size = sizeof larger } };
	taut_opus_encoder *enc;
	taut_opus_decoder *dec;
	taut_vp8_encoder *vp8;
	(void)state;
	assert_int_equal(taut_opus_encoder_new(&enc, &larger.known), 0);
	taut_opus_encoder_free(enc);
	larger.more = 1;
	assert_int_equal(taut_opus_encoder_new(&enc, &larger.known), TAUT_E_UNSUPPORTED);
	assert_int_equal(taut_opus_encoder_new(&enc, NULL), TAUT_E_INVAL);
	assert_int_equal(
		taut_opus_encoder_new(&enc, &(struct taut_opus_config){ .size = sizeof larger.known,
									.channels = 3 }),
		TAUT_E_INVAL);
	assert_int_equal(taut_opus_decoder_new(&dec, 0), TAUT_E_INVAL);
	struct taut_vp8_config c = { .size = sizeof c, .width = 0, .height = 100 };
	assert_int_equal(taut_vp8_encoder_new(&vp8, &c), TAUT_E_INVAL);
	c.width = 100000;
	assert_int_equal(taut_vp8_encoder_new(&vp8, &c), TAUT_E_INVAL);
}

/* ---- VP8 ---- */

struct vp8 {
	taut_vp8_encoder *enc;
	taut_vp8_decoder *dec;
	struct taut_image card;
	uint32_t frames;
};

static void vp8_make(struct vp8 *v, uint32_t width, uint32_t height, uint32_t bitrate)
{
	const struct taut_vp8_config cfg = {
		.size = sizeof cfg, .width = width, .height = height, .bitrate = bitrate
	};
	*v = (struct vp8){ 0 };
	assert_int_equal(taut_vp8_encoder_new(&v->enc, &cfg), 0);
	assert_int_equal(taut_vp8_decoder_new(&v->dec), 0);
	assert_true(tt_image_make(&v->card, width, height));
}

static void vp8_drop(struct vp8 *v)
{
	taut_vp8_encoder_free(v->enc);
	taut_vp8_decoder_free(v->dec);
	tt_image_drop(&v->card);
}

static void vp8_next(struct vp8 *v, int key, struct taut_frame *frame)
{
	assert_int_equal(
		taut_test_card_draw(&v->card, v->frames, (taut_time)v->frames * 1000000 / 30), 0);
	v->frames++;
	assert_int_equal(taut_vp8_encode(v->enc, &v->card, key, frame), 0);
}

static void pictures_survive_vp8(void **state)
{
	static const uint32_t sizes[][2] = { { 320, 240 }, { 163, 121 } };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct vp8 v;
		struct taut_frame frame;
		struct taut_image image;
		double worst = 99;
		vp8_make(&v, sizes[i][0], sizes[i][1], 1500000);
		for (uint32_t k = 0; k < 40; k++) {
			vp8_next(&v, 0, &frame);
			assert_int_equal(!(frame.flags & TAUT_FRAME_KEY), k != 0);
			assert_int_equal(frame.rtp_timestamp, k * 3000);
			assert_int_equal(taut_vp8_decode(v.dec, frame.data, frame.len, &image), 1);
			assert_int_equal(image.width, sizes[i][0]);
			double psnr = taut_image_psnr(&v.card, &image);
			if (k > 5 && psnr < worst)
				worst = psnr;
		}
		print_message("worst PSNR %.1f dB\n", worst);
		assert_true(worst > 45);
		vp8_drop(&v);
	}
}

static void a_key_frame_comes_when_it_is_forced(void **state)
{
	struct vp8 v;
	struct taut_frame frame;
	(void)state;
	vp8_make(&v, 320, 240, 500000);
	for (uint32_t i = 0; i < 12; i++) {
		vp8_next(&v, i == 7, &frame);
		assert_int_equal((frame.flags & TAUT_FRAME_KEY) != 0, i == 0 || i == 7);
	}
	vp8_drop(&v);
}

static void the_same_pictures_give_the_same_bytes(void **state)
{
	struct vp8 a, b;
	(void)state;
	vp8_make(&a, 320, 240, 300000);
	vp8_make(&b, 320, 240, 300000);
	for (int i = 0; i < 15; i++) {
		struct taut_frame f, g;
		vp8_next(&a, 0, &f);
		vp8_next(&b, 0, &g);
		assert_int_equal(f.len, g.len);
		assert_memory_equal(f.data, g.data, f.len);
	}
	vp8_drop(&a);
	vp8_drop(&b);
}

static void a_stream_cannot_begin_without_a_key_frame(void **state)
{
	struct vp8 v;
	struct taut_frame frame;
	struct taut_image image;
	(void)state;
	vp8_make(&v, 320, 240, 500000);
	vp8_next(&v, 0, &frame);
	vp8_next(&v, 0, &frame);
	assert_int_equal(taut_vp8_decode(v.dec, frame.data, frame.len, &image), TAUT_E_SYNTAX);
	vp8_next(&v, 1, &frame);
	assert_int_equal(taut_vp8_decode(v.dec, frame.data, frame.len, &image), 1);
	vp8_drop(&v);
}

/* Ten bytes must not be able to ask for hundreds of megabytes. */
static void a_huge_key_frame_is_refused_before_it_is_decoded(void **state)
{
	uint8_t huge[10] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f };
	taut_vp8_decoder *dec;
	struct taut_image image;
	(void)state;
	assert_int_equal(taut_vp8_decoder_new(&dec), 0);
	assert_int_equal(taut_vp8_decode(dec, huge, sizeof huge, &image), TAUT_E_LIMIT);
	huge[6] = huge[7] = 0;
	assert_int_equal(taut_vp8_decode(dec, huge, sizeof huge, &image), TAUT_E_SYNTAX);
	assert_int_equal(taut_vp8_decode(dec, NULL, 0, &image), TAUT_E_SYNTAX);
	taut_vp8_decoder_free(dec);
}

static void broken_vp8_is_refused_or_decoded_and_recovers(void **state)
{
	struct vp8 v;
	struct taut_frame frame;
	struct taut_image image;
	(void)state;
	vp8_make(&v, 160, 120, 100000);
	vp8_next(&v, 0, &frame);
	uint8_t *key = malloc(frame.len);
	size_t len = frame.len;
	memcpy(key, frame.data, len);
	for (size_t n = 0; n < len; n += n < 64 ? 1 : 37) {
		uint8_t *exact = malloc(n + !n);
		memcpy(exact, key, n);
		(void)taut_vp8_decode(v.dec, exact, n, &image);
		free(exact);
		exact = malloc(len);
		memcpy(exact, key, len);
		exact[n] ^= 0x55;
		(void)taut_vp8_decode(v.dec, exact, len, &image);
		free(exact);
	}
	assert_int_equal(taut_vp8_decode(v.dec, key, len, &image), 1);
	assert_true(taut_image_psnr(&v.card, &image) > 20);
	free(key);
	vp8_drop(&v);
}

/* RFC 6386 section 9.1: a bit says whether it is a key frame, which has a start code and its size. */
static void the_head_of_a_frame_says_its_size_if_it_is_a_key_frame(void **state)
{
	static const struct {
		uint8_t bytes[10];
		size_t len;
		bool good;
		uint32_t width, height;
	} rows[] = {
		{ { 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 }, 10, true, 320, 240 },
		{ { 0x10, 2, 0, 0x9d, 1, 0x2a, 0xff, 0xff, 0xff, 0xff }, 10, true, 16383, 16383 },
		{ { 0x10, 2, 0, 0x9d, 1, 0x2a, 1, 0x40, 1, 0x80 }, 10, true, 1, 1 },
		{ { 0x10, 2, 0, 0x9d, 1, 0x2a, 0, 0xc0, 1, 0 },
		  10,
		  false,
		  0,
		  1 }, /* scaled, of none */
		{ { 0x10, 2, 0, 0x9d, 1, 0x2a, 1, 0, 0, 0xc0 }, 10, false, 1, 0 },
		{ { 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0 }, 9, false, 0, 0 },
		{ { 0x10, 2, 0, 0x9c, 1, 0x2a, 0x40, 1, 0xf0, 0 }, 10, false, 0, 0 },
		{ { 0x10, 2, 0, 0x9d, 0, 0x2a, 0x40, 1, 0xf0, 0 }, 10, false, 0, 0 },
		{ { 0x10, 2, 0, 0x9d, 1, 0x2b, 0x40, 1, 0xf0, 0 }, 10, false, 0, 0 },
		{ { 0x10, 2, 0 }, 3, false, 0, 0 },
		{ { 0x11, 2, 0 }, 3, true, 0, 0 },
		{ { 0x11, 2 }, 2, false, 0, 0 },
		{ { 0 }, 0, false, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t *exact = malloc(rows[i].len ? rows[i].len : 1);
		struct tt_vp8_head head = { true, 7, 7 };

		assert_non_null(exact);
		memcpy(exact, rows[i].bytes, rows[i].len);
		assert_int_equal(tt_vp8_head(exact, rows[i].len, &head), rows[i].good);
		assert_int_equal(head.width, rows[i].width);
		assert_int_equal(head.height, rows[i].height);
		if (rows[i].good)
			assert_int_equal(head.key, (rows[i].bytes[0] & 1) == 0);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_names_opus_and_vp8),
		cmocka_unit_test(tone_levels_and_frequencies_are_measured),
		cmocka_unit_test(a_tone_survives_opus),
		cmocka_unit_test(lost_frames_are_concealed),
		cmocka_unit_test(fec_brings_back_what_was_lost),
		cmocka_unit_test(packets_say_whether_they_have_fec),
		cmocka_unit_test(opus_rubbish_is_refused_and_changes_nothing),
		cmocka_unit_test(wrong_arguments_are_refused),
		cmocka_unit_test(pictures_survive_vp8),
		cmocka_unit_test(a_key_frame_comes_when_it_is_forced),
		cmocka_unit_test(the_head_of_a_frame_says_its_size_if_it_is_a_key_frame),
		cmocka_unit_test(the_same_pictures_give_the_same_bytes),
		cmocka_unit_test(a_stream_cannot_begin_without_a_key_frame),
		cmocka_unit_test(a_huge_key_frame_is_refused_before_it_is_decoded),
		cmocka_unit_test(broken_vp8_is_refused_or_decoded_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
