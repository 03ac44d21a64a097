/* wraps: malloc calloc realloc strdup fseeko fstat fclose */
/* wraps: opus_encoder_create opus_encode opus_decoder_create vpx_codec_enc_config_default */
/* wraps: vpx_codec_enc_init_ver vpx_codec_dec_init_ver vpx_codec_encode vpx_codec_enc_config_set */
/* wraps: vpx_codec_decode vpx_codec_get_cx_data speex_resampler_init ope_comments_create ope_encoder_create_file */
/* wraps: ope_encoder_write ope_encoder_drain */
/* test_failures.c - sources, sinks and codecs when a call below them fails, the first of its kind, the
 * second, and so on: a defined error with its text, and nothing left behind. Wrong arguments, too. */
#include "media_help.h"

#include <opus.h>
#include <opusenc.h>
#include <speex/speex_resampler.h>
#include <sys/stat.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#include "media/media_ivf.h"
#include "media/media_wav.h"
#include "media/media_y4m.h"

/* ---- one call that fails ---- */

enum call {
	NONE,
	MEMORY,
	SEEK,
	STAT,
	CLOSE,
	OPUS_ENCODER,
	OPUS_ENCODE,
	OPUS_DECODER,
	VPX_DEFAULT,
	VPX_ENCODER,
	VPX_DECODER,
	VPX_DECODE,
	VPX_ENCODE,
	VPX_CONFIG,
	VPX_PACKET,
	RESAMPLER,
	OGG_COMMENTS,
	OGG_FILE,
	OGG_WRITE,
	OGG_DRAIN,
};

static struct {
	enum call call;
	int after; /* so many of its kind pass before */
} failing;

static void fail_at(enum call call, int after)
{
	failing.call = call;
	failing.after = after;
}

static bool fails(enum call call)
{
	if (failing.call != call || failing.after-- > 0)
		return false;
	failing.call = NONE;
	return true;
}

/* There were fewer calls than that, or: it has failed. */
static bool has_failed(void)
{
	const bool yes = failing.call == NONE;

	failing.call = NONE;
	return yes;
}

#define WRAP(type, name, call, bad, parameters, arguments)                                         \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails(call) ? (bad) : __real_##name arguments;                              \
	}

WRAP(void *, malloc, MEMORY, NULL, (size_t size), (size))
WRAP(void *, calloc, MEMORY, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, MEMORY, NULL, (void *p, size_t size), (p, size))
WRAP(char *, strdup, MEMORY, NULL, (const char *s), (s))
WRAP(int, fseeko, SEEK, -1, (FILE * f, off_t at, int whence), (f, at, whence))
WRAP(int, fstat, STAT, -1, (int fd, struct stat *st), (fd, st))
WRAP(OpusEncoder *, opus_encoder_create, OPUS_ENCODER, NULL,
     (opus_int32 rate, int channels, int application, int *error),
     (rate, channels, application, error))
WRAP(opus_int32, opus_encode, OPUS_ENCODE, OPUS_INTERNAL_ERROR,
     (OpusEncoder * enc, const opus_int16 *pcm, int n, unsigned char *out, opus_int32 cap),
     (enc, pcm, n, out, cap))
WRAP(OpusDecoder *, opus_decoder_create, OPUS_DECODER, NULL,
     (opus_int32 rate, int channels, int *error), (rate, channels, error))
WRAP(vpx_codec_err_t, vpx_codec_enc_config_default, VPX_DEFAULT, VPX_CODEC_ERROR,
     (vpx_codec_iface_t * iface, vpx_codec_enc_cfg_t *cfg, unsigned usage), (iface, cfg, usage))
WRAP(vpx_codec_err_t, vpx_codec_enc_init_ver, VPX_ENCODER, VPX_CODEC_MEM_ERROR,
     (vpx_codec_ctx_t * ctx, vpx_codec_iface_t *iface, const vpx_codec_enc_cfg_t *cfg,
      vpx_codec_flags_t flags, int ver),
     (ctx, iface, cfg, flags, ver))
WRAP(vpx_codec_err_t, vpx_codec_dec_init_ver, VPX_DECODER, VPX_CODEC_MEM_ERROR,
     (vpx_codec_ctx_t * ctx, vpx_codec_iface_t *iface, const vpx_codec_dec_cfg_t *cfg,
      vpx_codec_flags_t flags, int ver),
     (ctx, iface, cfg, flags, ver))
WRAP(vpx_codec_err_t, vpx_codec_decode, VPX_DECODE, VPX_CODEC_MEM_ERROR,
     (vpx_codec_ctx_t * ctx, const uint8_t *data, unsigned len, void *user, long deadline),
     (ctx, data, len, user, deadline))
WRAP(vpx_codec_err_t, vpx_codec_encode, VPX_ENCODE, VPX_CODEC_ERROR,
     (vpx_codec_ctx_t * ctx, const vpx_image_t *image, vpx_codec_pts_t pts, unsigned long duration,
      vpx_enc_frame_flags_t flags, unsigned long deadline),
     (ctx, image, pts, duration, flags, deadline))
WRAP(vpx_codec_err_t, vpx_codec_enc_config_set, VPX_CONFIG, VPX_CODEC_ERROR,
     (vpx_codec_ctx_t * ctx, const vpx_codec_enc_cfg_t *cfg), (ctx, cfg))
WRAP(const vpx_codec_cx_pkt_t *, vpx_codec_get_cx_data, VPX_PACKET, NULL,
     (vpx_codec_ctx_t * ctx, vpx_codec_iter_t *iter), (ctx, iter))
WRAP(SpeexResamplerState *, speex_resampler_init, RESAMPLER, NULL,
     (spx_uint32_t channels, spx_uint32_t in, spx_uint32_t out, int quality, int *error),
     (channels, in, out, quality, error))
WRAP(OggOpusComments *, ope_comments_create, OGG_COMMENTS, NULL, (void), ())
WRAP(OggOpusEnc *, ope_encoder_create_file, OGG_FILE, (*error = OPE_CANNOT_OPEN, NULL),
     (const char *path, OggOpusComments *comments, opus_int32 rate, int channels, int family,
      int *error),
     (path, comments, rate, channels, family, error))
WRAP(int, ope_encoder_write, OGG_WRITE, OPE_WRITE_FAIL,
     (OggOpusEnc * enc, const opus_int16 *pcm, int n), (enc, pcm, n))
WRAP(int, ope_encoder_drain, OGG_DRAIN, OPE_WRITE_FAIL, (OggOpusEnc * enc), (enc))

/* It closes all the same. */
int __real_fclose(FILE *f);
int __wrap_fclose(FILE *f);
int __wrap_fclose(FILE *f)
{
	const int e = __real_fclose(f);

	return fails(CLOSE) ? -1 : e;
}

/* ---- files ---- */

static struct place place;

static int set_up(void **state)
{
	(void)state;
	place_make(&place);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	failing.call = NONE;
	place_drop(&place);
	return 0;
}

static taut_source *card(uint32_t kinds)
{
	const struct taut_source_config cfg = {
		.size = sizeof cfg, .name = "test", .kinds = kinds, .width = 160, .height = 120
	};
	taut_source *src;

	assert_int_equal(taut_source_open(&src, &cfg, NULL), TAUT_OK);
	taut_source_start(src, 0);
	return src;
}

/* One of each kind, half a second long: a recording gives the IVF and the Ogg file. */
static void make_files(void)
{
	const struct taut_sink_config cfg = { .size = sizeof cfg, .dir = place.dir };
	taut_source *src = card(0);
	struct taut_frame frame;
	taut_sink *sink;
	struct tt_wav_writer wav;
	struct tt_y4m_writer y4m;
	struct taut_image image;
	static int16_t samples[2 * 22050];

	assert_int_equal(taut_sink_new(&sink, &cfg, NULL), TAUT_OK);
	while (taut_source_deadline(src) < 500000) {
		const taut_time now = taut_source_deadline(src);
		const int kind = taut_source_poll(src, now, &frame);
		assert_int_equal(taut_sink_frame(sink, now, (uint32_t)kind, &frame), TAUT_OK);
	}
	assert_int_equal(taut_sink_close(sink, NULL), TAUT_OK);
	taut_source_free(src);
	assert_true(tt_wav_create(&wav, place_at(&place, "a.wav"), 44100, 2));
	assert_true(tt_wav_write(&wav, samples, 22050));
	assert_true(tt_wav_finish(&wav));
	assert_true(tt_y4m_create(&y4m, place_at(&place, "a.y4m"), 160, 120, 30, 1));
	assert_true(tt_image_make(&image, 160, 120));
	for (int i = 0; i < 3; i++)
		assert_true(tt_y4m_write(&y4m, &image));
	assert_true(tt_y4m_finish(&y4m));
	tt_image_drop(&image);
}

static const char *const names[] = { "test", "video.ivf", "audio.ogg", "a.wav", "a.y4m" };
enum { NAMES = sizeof names / sizeof names[0] };

static const char *path_of(const char *name)
{
	return strcmp(name, "test") == 0 ? name : place_at(&place, name);
}

static int open_named(taut_source **src, const char *name, struct taut_media_error *error)
{
	const struct taut_source_config cfg = { .size = sizeof cfg,
						.name = path_of(name),
						.loop = 1 };

	*error = (struct taut_media_error){ 0 };
	return taut_source_open(src, &cfg, error);
}

/* ---- sources ---- */

/* What the caller gets: an error with a text, and no source. */
static void opens_with(const char *name, enum call call, int after, int rc, const char *text)
{
	struct taut_media_error error;
	taut_source *src;

	fail_at(call, after);
	assert_int_equal(open_named(&src, name, &error), rc);
	assert_true(has_failed());
	assert_null(src);
	assert_int_equal(error.code, rc);
	assert_non_null(strstr(error.text, text));
}

static void without_memory_no_source_opens_and_nothing_is_left(void **state)
{
	struct taut_media_error error;
	taut_source *src;
	(void)state;

	make_files();
	for (size_t i = 0; i < NAMES; i++) {
		int n = 0;
		for (;; n++) {
			fail_at(MEMORY, n);
			const int rc = open_named(&src, names[i], &error);
			if (!has_failed()) {
				assert_int_equal(rc, TAUT_OK);
				taut_source_free(src);
				break;
			}
			assert_int_equal(rc, TAUT_E_NOMEM);
			assert_null(src);
			assert_true(error.text[0] != '\0');
		}
		assert_true(n >= 3); /* the source, its track, its codec */
	}
}

static void without_its_codec_no_source_opens(void **state)
{
	(void)state;
	make_files();
	opens_with("test", OPUS_ENCODER, 0, TAUT_E_NOMEM, "no test card");
	opens_with("test", VPX_ENCODER, 0, TAUT_E_NOMEM, "no test card");
	opens_with("test", VPX_DEFAULT, 0, TAUT_E_UNSUPPORTED, "no test card");
	opens_with("video.ivf", VPX_DECODER, 0, TAUT_E_NOMEM, "video.ivf: out of memory");
	opens_with("audio.ogg", OPUS_DECODER, 0, TAUT_E_NOMEM, "audio.ogg: out of memory");
	opens_with("a.wav", OPUS_ENCODER, 0, TAUT_E_NOMEM, "a.wav: no encoder");
	opens_with("a.wav", RESAMPLER, 0, TAUT_E_NOMEM, "a.wav: no resampler");
	opens_with("a.y4m", VPX_ENCODER, 0, TAUT_E_NOMEM, "a.y4m: no encoder");
	opens_with("video.ivf", STAT, 0, TAUT_E_IO, "video.ivf: cannot be opened");
}

/* Polls until the source has ended: what it ended with. */
static int run(taut_source *src, int polls)
{
	struct taut_frame frame;
	int rc = 0;

	taut_source_start(src, 0);
	for (int i = 0; i < polls && rc >= 0; i++)
		rc = taut_source_poll(src, taut_source_deadline(src), &frame);
	return rc;
}

static void an_encoder_that_fails_ends_its_source_with_the_reason(void **state)
{
	static const struct {
		const char *name, *text;
		enum call call;
	} rows[] = { { "test", "libopus refused", OPUS_ENCODE },
		     { "test", "libvpx refused", VPX_ENCODE },
		     { "test", "libvpx refused", VPX_PACKET },
		     { "a.wav", "a.wav: libopus refused", OPUS_ENCODE },
		     { "a.y4m", "a.y4m: libvpx refused", VPX_ENCODE } };
	struct taut_media_error error;
	struct taut_frame frame;
	taut_source *src;
	(void)state;

	make_files();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(open_named(&src, rows[i].name, &error), TAUT_OK);
		fail_at(rows[i].call, 1);
		assert_int_equal(run(src, 20), TAUT_E_STATE);
		assert_true(has_failed());
		assert_true(taut_source_ended(src));
		assert_non_null(strstr(taut_source_error(src)->text, rows[i].text));
		assert_int_equal(taut_source_deadline(src), INT64_MAX);
		assert_int_equal(taut_source_poll(src, INT64_MAX - 1, &frame), 0);
		taut_source_free(src);
	}
}

static void a_file_that_cannot_be_rewound_ends_after_its_last_frame(void **state)
{
	struct taut_media_error error;
	taut_source *src;
	(void)state;

	make_files();
	for (size_t i = 1; i < NAMES; i++) {
		assert_int_equal(open_named(&src, names[i], &error), TAUT_OK);
		fail_at(SEEK, 0);
		assert_int_equal(run(src, 100), TAUT_E_IO);
		assert_true(has_failed());
		assert_int_equal(run(src, 1), 0); /* it is told once */
		assert_true(taut_source_ended(src));
		assert_int_equal(taut_source_error(src)->code, TAUT_E_IO);
		assert_non_null(strstr(taut_source_error(src)->text, "cannot be read again"));
		taut_source_free(src);
	}
}

static void bitrates_reach_the_encoder_or_are_refused(void **state)
{
	struct taut_media_error error;
	struct taut_frame frame;
	taut_source *src;
	(void)state;

	make_files();
	for (size_t i = 0; i < NAMES; i++) {
		const bool passes = i == 2; /* Opus from a file is passed on as it is */
		assert_int_equal(open_named(&src, names[i], &error), TAUT_OK);
		taut_source_start(src, 0);
		if (i == 1) { /* nor has an IVF file an encoder, before a key frame is asked for */
			assert_int_equal(taut_source_set_bitrate(src, TAUT_VIDEO, 1), TAUT_OK);
			assert_int_equal(taut_source_set_bitrate(src, TAUT_VIDEO, 200000), TAUT_OK);
			for (int k = 0; k < 12; k++) {
				assert_int_equal(
					taut_source_poll(src, taut_source_deadline(src), &frame),
					TAUT_VIDEO);
				taut_source_request_key_frame(src);
			}
		}
		for (uint32_t kind = TAUT_AUDIO; kind <= TAUT_VIDEO; kind++) {
			if (!(taut_source_kinds(src) & kind)) {
				assert_int_equal(taut_source_set_bitrate(src, kind, 64000),
						 TAUT_E_INVAL);
				continue;
			}
			assert_int_equal(taut_source_set_bitrate(src, kind, 64000), TAUT_OK);
			assert_int_equal(taut_source_set_bitrate(src, kind, 1),
					 passes ? TAUT_OK : TAUT_E_INVAL);
			assert_int_equal(taut_source_set_bitrate(src, kind, UINT32_MAX),
					 passes ? TAUT_OK : TAUT_E_INVAL);
		}
		taut_source_free(src);
	}
}

static void a_file_of_nothing_is_refused(void **state)
{
	struct tt_wav_writer wav;
	struct tt_y4m_writer y4m;
	struct taut_media_error error;
	taut_source *src;
	size_t len;
	(void)state;

	make_files();
	assert_true(tt_wav_create(&wav, place_at(&place, "a.wav"), 48000, 1));
	assert_true(tt_wav_finish(&wav));
	uint8_t *whole = read_whole(place_at(&place, "video.ivf"), &len);
	write_file(place_at(&place, "a.ivf"), whole, 32); /* its header */
	free(whole);
	assert_true(tt_y4m_create(&y4m, place_at(&place, "a.y4m"), 160, 120, 30, 1));
	assert_true(tt_y4m_finish(&y4m));
	assert_int_equal(open_named(&src, "a.wav", &error), TAUT_E_SYNTAX);
	assert_non_null(strstr(error.text, "there is no sample in it"));
	assert_int_equal(open_named(&src, "a.ivf", &error), TAUT_E_SYNTAX);
	assert_non_null(strstr(error.text, "there is no frame in it"));
	assert_int_equal(open_named(&src, "a.y4m", &error), TAUT_E_SYNTAX);
	assert_non_null(strstr(error.text, "there is no frame in it"));
}

/* ---- sinks ---- */

static void without_memory_no_sink_opens_and_nothing_is_left(void **state)
{
	const struct taut_sink_config cfg = { .size = sizeof cfg, .dir = place.dir };
	struct taut_media_error error;
	taut_sink *sink;
	int n = 0;
	(void)state;

	for (;; n++) {
		fail_at(MEMORY, n);
		const int rc = taut_sink_new(&sink, &cfg, &error);
		if (!has_failed())
			break;
		assert_int_equal(rc, TAUT_E_NOMEM);
		assert_null(sink);
	}
	assert_true(n >= 4);
	assert_int_equal(taut_sink_close(sink, NULL), TAUT_OK);
	assert_int_equal(taut_sink_new(&sink, NULL, &error), TAUT_E_INVAL);
	assert_int_equal(taut_sink_close(NULL, NULL), TAUT_OK);
}

/* A whole recording in which one call fails: what its end says. */
static int record(enum call call, int after, uint8_t wav, struct taut_media_error *error, int *told,
		  bool *reached)
{
	const struct taut_sink_config cfg = { .size = sizeof cfg, .dir = place.dir, .wav = wav };
	taut_source *src = card(0);
	struct taut_frame frame;
	taut_sink *sink;

	*told = 0;
	*error = (struct taut_media_error){ 0 };
	assert_int_equal(taut_sink_new(&sink, &cfg, NULL), TAUT_OK);
	while (taut_source_deadline(src) < 200000) {
		const taut_time now = taut_source_deadline(src);
		const int kind = taut_source_poll(src, now, &frame);
		if (now == 0 && kind == TAUT_AUDIO)
			fail_at(call, after);
		const int rc = taut_sink_frame(sink, now, (uint32_t)kind, &frame);
		assert_true(rc == TAUT_OK || rc == TAUT_E_IO);
		*told += rc == TAUT_E_IO;
	}
	assert_true(taut_sink_stats(sink)->audio_frames >= 9);
	/* the snapshot at the end is stb's, which asserts that there is memory */
	*reached = failing.call != MEMORY;
	if (!*reached)
		failing.call = NONE;
	const int rc = taut_sink_close(sink, error);
	taut_source_free(src);
	assert_int_equal(rc, error->code);
	return rc;
}

static void a_recording_that_cannot_be_written_is_told_and_the_rest_is_done(void **state)
{
	static const struct {
		enum call call;
		int after;
		uint8_t wav;
		const char *text;
		bool at_once;
	} rows[] = {
		{ NONE, 0, 0, "", false },
		{ OGG_COMMENTS, 0, 0, "audio.ogg: cannot be written: out of memory", true },
		{ OGG_FILE, 0, 0, "audio.ogg: cannot be written", true },
		{ OGG_WRITE, 2, 0, "audio.ogg: cannot be written", true },
		{ OGG_DRAIN, 0, 0, "audio.ogg: cannot be written", false },
	};
	struct taut_media_error error;
	bool reached;
	int told;
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const int rc =
			record(rows[i].call, rows[i].after, rows[i].wav, &error, &told, &reached);
		assert_true(has_failed());
		assert_int_equal(rc, rows[i].text[0] ? TAUT_E_IO : TAUT_OK);
		assert_non_null(strstr(error.text, rows[i].text));
		assert_int_equal(told > 0, rows[i].at_once);
	}
	/* files that are closed in this order: pictures, sound */
	assert_int_equal(record(CLOSE, 1, 1, &error, &told, &reached), TAUT_E_IO);
	assert_non_null(strstr(error.text, "video.ivf: cannot be written"));
	assert_int_equal(record(CLOSE, 2, 1, &error, &told, &reached), TAUT_E_IO);
	assert_non_null(strstr(error.text, "audio.wav: cannot be written"));
}

static void without_memory_a_recording_loses_what_it_was_for(void **state)
{
	struct taut_media_error error;
	bool reached;
	int told, failures = 0;
	(void)state;

	for (int n = 0; n < 200; n++) {
		const int rc = record(MEMORY, n, (uint8_t)(n & 1), &error, &told, &reached);
		if (!reached)
			break;
		failures += rc != TAUT_OK;
		assert_true(rc == TAUT_OK || rc == TAUT_E_IO || rc == TAUT_E_NOMEM);
		assert_true(rc == TAUT_OK || error.text[0] != '\0');
	}
	assert_true(failures >= 2); /* sound, pictures */
}

static void frames_of_another_kind_or_codec_are_refused(void **state)
{
	const struct taut_sink_config cfg = { .size = sizeof cfg };
	struct taut_codec codec = { .size = sizeof codec, .mime = "audio/PCMU" };
	struct taut_frame frame = { .size = sizeof frame, .codec = &codec };
	taut_sink *sink;
	(void)state;

	assert_int_equal(taut_sink_new(&sink, &cfg, NULL), TAUT_OK);
	assert_int_equal(taut_sink_frame(sink, 0, 4, &frame), TAUT_E_INVAL);
	assert_int_equal(taut_sink_frame(sink, 0, TAUT_AUDIO, &frame), TAUT_E_UNSUPPORTED);
	codec.mime = "AUDIO/Opus";
	assert_int_equal(taut_sink_frame(sink, 0, TAUT_AUDIO, &frame), TAUT_OK);
	codec.mime = NULL;
	assert_int_equal(taut_sink_frame(sink, 0, TAUT_VIDEO, &frame), TAUT_OK);
	assert_int_equal(taut_sink_stats(sink)->audio_errors, 1);
	assert_int_equal(taut_sink_stats(sink)->video_errors, 1);
	assert_int_equal(taut_sink_snapshot(sink, NULL), TAUT_E_STATE);
	assert_null(taut_sink_image(sink));
	assert_int_equal(taut_sink_close(sink, NULL), TAUT_OK);
}

/* ---- wrong arguments ---- */

static void codecs_refuse_what_they_cannot_be(void **state)
{
	static const struct taut_opus_config opus[] = {
		{ .size = 4 },
		{ .size = sizeof opus[0], .channels = 3 },
		{ .size = sizeof opus[0], .loss_percent = 101 },
		{ .size = sizeof opus[0], .bitrate = 5999 },
		{ .size = sizeof opus[0], .bitrate = 510001 },
	};
	static const struct taut_vp8_config vp8[] = {
		{ .size = 4 },
		{ .size = sizeof vp8[0], .width = 15, .height = 16 },
		{ .size = sizeof vp8[0], .width = 16, .height = 15 },
		{ .size = sizeof vp8[0], .width = 4097, .height = 16 },
		{ .size = sizeof vp8[0], .width = 16, .height = 4097 },
		{ .size = sizeof vp8[0], .width = 16, .height = 16, .fps = 241 },
		{ .size = sizeof vp8[0], .width = 16, .height = 16, .speed = 17 },
		{ .size = sizeof vp8[0], .width = 16, .height = 16, .bitrate = 100000001 },
	};
	taut_opus_encoder *o;
	taut_opus_decoder *d;
	taut_vp8_encoder *v;
	taut_vp8_decoder *w;
	(void)state;

	for (size_t i = 0; i < sizeof opus / sizeof opus[0]; i++) {
		assert_int_equal(taut_opus_encoder_new(&o, &opus[i]), TAUT_E_INVAL);
		assert_null(o);
	}
	for (size_t i = 0; i < sizeof vp8 / sizeof vp8[0]; i++) {
		assert_int_equal(taut_vp8_encoder_new(&v, &vp8[i]), TAUT_E_INVAL);
		assert_null(v);
	}
	assert_int_equal(taut_opus_decoder_new(&d, 0), TAUT_E_INVAL);
	assert_int_equal(taut_opus_decoder_new(&d, 3), TAUT_E_INVAL);
	fail_at(MEMORY, 0);
	assert_int_equal(taut_opus_decoder_new(&d, 1), TAUT_E_NOMEM);
	fail_at(MEMORY, 0);
	assert_int_equal(taut_vp8_decoder_new(&w), TAUT_E_NOMEM);
	assert_true(!d && !w);
}

static void an_encoder_takes_only_what_it_was_made_for(void **state)
{
	const struct taut_vp8_config cfg = {
		.size = sizeof cfg, .width = 32, .height = 16, .key_interval = 2, .speed = 16
	};
	const struct taut_opus_config sound = { .size = sizeof sound };
	int16_t samples[2 * 960] = { 0 };
	struct taut_pcm pcm = {
		.size = sizeof pcm, .rate = 48000, .channels = 1, .count = 960, .samples = samples
	};
	struct taut_frame frame;
	struct taut_image image, none = { 0 };
	taut_vp8_encoder *v;
	taut_opus_encoder *o;
	(void)state;

	assert_true(tt_image_make(&image, 32, 16));
	assert_int_equal(taut_vp8_encoder_new(&v, &cfg), TAUT_OK);
	assert_int_equal(taut_vp8_encode(v, NULL, 0, &frame), TAUT_E_INVAL);
	assert_int_equal(taut_vp8_encode(v, &none, 0, &frame), TAUT_E_INVAL);
	image.width = 31;
	assert_int_equal(taut_vp8_encode(v, &image, 0, &frame), TAUT_E_INVAL);
	image.width = 32;
	image.height = 15;
	assert_int_equal(taut_vp8_encode(v, &image, 0, &frame), TAUT_E_INVAL);
	image.height = 16;
	for (int i = 0; i < 6; i++) { /* at most one frame without a key frame */
		image.at = i * 33333;
		assert_int_equal(taut_vp8_encode(v, &image, 0, &frame), TAUT_OK);
		assert_int_equal((frame.flags & TAUT_FRAME_KEY) != 0, i % 2 == 0);
		assert_int_equal(taut_vp8_encode(v, &image, 0, &frame),
				 TAUT_E_INVAL); /* no later */
	}
	assert_int_equal(taut_vp8_encoder_set_bitrate(v, 999), TAUT_E_INVAL);
	assert_int_equal(taut_vp8_encoder_set_bitrate(v, 100000001), TAUT_E_INVAL);
	fail_at(VPX_CONFIG, 0);
	assert_int_equal(taut_vp8_encoder_set_bitrate(v, 100000), TAUT_E_INVAL);
	assert_int_equal(taut_vp8_encoder_set_bitrate(v, 100000), TAUT_OK);
	taut_vp8_encoder_free(v);
	tt_image_drop(&image);

	assert_int_equal(taut_opus_encoder_new(&o, &sound), TAUT_OK);
	assert_int_equal(taut_opus_encode(o, NULL, &frame), TAUT_E_INVAL);
	pcm.rate = 44100;
	assert_int_equal(taut_opus_encode(o, &pcm, &frame), TAUT_E_INVAL);
	pcm.rate = 48000;
	pcm.channels = 2;
	assert_int_equal(taut_opus_encode(o, &pcm, &frame), TAUT_E_INVAL);
	pcm.channels = 1;
	pcm.count = 480;
	assert_int_equal(taut_opus_encode(o, &pcm, &frame), TAUT_E_INVAL);
	pcm.count = 960;
	assert_int_equal(taut_opus_encode(o, &pcm, &frame), TAUT_OK);
	taut_opus_encoder_free(o);
}

/* libvpx would write through NULL at the next key frame. */
static void a_decoder_that_got_no_memory_is_made_anew_before_it_decodes_again(void **state)
{
	const struct taut_vp8_config cfg = { .size = sizeof cfg, .width = 32, .height = 16 };
	struct taut_frame frame;
	struct taut_image image, shown;
	taut_vp8_encoder *enc;
	taut_vp8_decoder *dec;
	(void)state;

	assert_true(tt_image_make(&image, 32, 16));
	assert_int_equal(taut_vp8_encoder_new(&enc, &cfg), TAUT_OK);
	assert_int_equal(taut_vp8_decoder_new(&dec), TAUT_OK);
	assert_int_equal(taut_vp8_encode(enc, &image, 1, &frame), TAUT_OK);
	fail_at(VPX_DECODE, 0);
	assert_int_equal(taut_vp8_decode(dec, frame.data, frame.len, &shown), TAUT_E_SYNTAX);
	fail_at(VPX_DECODER, 0);
	assert_int_equal(taut_vp8_decode(dec, frame.data, frame.len, &shown), TAUT_E_NOMEM);
	assert_true(has_failed());
	assert_int_equal(taut_vp8_decode(dec, frame.data, frame.len, &shown), 1);
	taut_vp8_decoder_free(dec);
	taut_vp8_encoder_free(enc);
	tt_image_drop(&image);
}

static void a_card_needs_a_picture_and_room(void **state)
{
	int16_t samples[960];
	struct taut_pcm pcm = {
		.size = sizeof pcm, .rate = 48000, .channels = 1, .count = 960, .samples = samples
	};
	struct taut_image image, none = { .width = 160, .height = 120 };
	uint32_t number;
	int flash;
	(void)state;

	assert_true(tt_image_make(&image, 160, 120));
	assert_int_equal(taut_test_card_draw(NULL, 1, 0), TAUT_E_INVAL);
	assert_int_equal(taut_test_card_draw(&none, 1, 0), TAUT_E_INVAL);
	assert_int_equal(taut_test_card_draw(&image, 1, -1), TAUT_E_INVAL);
	image.width = 159;
	assert_int_equal(taut_test_card_draw(&image, 1, 0), TAUT_E_INVAL);
	image.width = 160;
	image.height = 119;
	assert_int_equal(taut_test_card_draw(&image, 1, 0), TAUT_E_INVAL);
	image.height = 120;
	assert_int_equal(taut_test_card_draw(&image, 7, 0), TAUT_OK);
	assert_int_equal(taut_test_card_read(&image, NULL, NULL), 1);
	assert_int_equal(taut_test_card_read(&image, &number, &flash), 1);
	assert_true(number == 7 && flash == 1);
	assert_int_equal(taut_test_card_read(NULL, &number, &flash), 0);
	assert_int_equal(taut_test_card_read(&none, &number, &flash), 0);
	image.height = 63; /* wider than five halves of it */
	assert_int_equal(taut_test_card_read(&image, &number, &flash), 0);
	image.height = 59;
	assert_int_equal(taut_test_card_read(&image, &number, &flash), 0);
	image.height = 120;
	image.width = 79;
	assert_int_equal(taut_test_card_read(&image, &number, &flash), 0);
	tt_image_drop(&image);

	assert_int_equal(taut_test_card_sound(NULL, 0), TAUT_E_INVAL);
	pcm.channels = 0;
	assert_int_equal(taut_test_card_sound(&pcm, 0), TAUT_E_INVAL);
	pcm.channels = 3;
	assert_int_equal(taut_test_card_sound(&pcm, 0), TAUT_E_INVAL);
	pcm.channels = 1;
	pcm.rate = 8000;
	assert_int_equal(taut_test_card_sound(&pcm, 0), TAUT_E_INVAL);
	pcm.rate = 48000;
	pcm.samples = NULL;
	assert_int_equal(taut_test_card_sound(&pcm, 0), TAUT_E_INVAL);
}

static void pictures_are_made_compared_and_copied_within_their_limits(void **state)
{
	struct taut_image a, b;
	(void)state;

	assert_false(tt_image_make(&a, 0, 16));
	assert_false(tt_image_make(&a, 16, 0));
	assert_false(tt_image_make(&a, TT_IMAGE_MAX_SIDE + 1, 16));
	assert_false(tt_image_make(&a, 16, TT_IMAGE_MAX_SIDE + 1));
	fail_at(MEMORY, 0);
	assert_false(tt_image_make(&a, 16, 16));
	assert_true(tt_image_make(&a, 16, 16) && tt_image_make(&b, 16, 18));
	assert_true(taut_image_psnr(&a, &b) == 0);
	fail_at(MEMORY, 0);
	assert_false(tt_image_copy(&b, &a)); /* and b is as it was */
	assert_int_equal(b.height, 18);
	memset(a.planes[0], 9, (size_t)16 * 16);
	assert_true(tt_image_copy(&b, &a));
	assert_int_equal(b.height, 16);
	assert_true(taut_image_psnr(&a, &b) >= 99);
	tt_image_drop(&a);
	tt_image_drop(&b);
}

static void what_has_no_length_has_no_tone(void **state)
{
	int16_t samples[2400];
	struct taut_pcm pcm = {
		.size = sizeof pcm, .rate = 48000, .channels = 1, .samples = samples
	};
	size_t count;
	(void)state;

	for (size_t i = 0; i < 2400; i++)
		samples[i] = i % 48 < 24 ? 8000 : -8000; /* 1,000 Hz */
	assert_true(taut_tone_level(&pcm, 1000) == 0 && taut_tone_frequency(&pcm) == 0);
	assert_int_equal(taut_pcm_audio_level(&pcm), 127);
	pcm.count = 2400;
	assert_true(taut_tone_level(&pcm, 1000) > 0.2);
	assert_near(taut_tone_frequency(&pcm), 1000, 30);
	pcm.channels = 0;
	assert_true(taut_tone_level(&pcm, 1000) == 0 && taut_tone_frequency(&pcm) == 0);
	pcm.channels = 1;
	pcm.rate = 0;
	assert_true(taut_tone_level(&pcm, 1000) == 0);
	assert_non_null(taut_media_codecs(&count));
	assert_int_equal(count, 2);
	assert_non_null(taut_media_codecs(NULL));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_memory_no_source_opens_and_nothing_is_left),
		T(without_its_codec_no_source_opens),
		T(an_encoder_that_fails_ends_its_source_with_the_reason),
		T(a_file_that_cannot_be_rewound_ends_after_its_last_frame),
		T(bitrates_reach_the_encoder_or_are_refused),
		T(a_file_of_nothing_is_refused),
		T(without_memory_no_sink_opens_and_nothing_is_left),
		T(a_recording_that_cannot_be_written_is_told_and_the_rest_is_done),
		T(without_memory_a_recording_loses_what_it_was_for),
		T(frames_of_another_kind_or_codec_are_refused),
		T(codecs_refuse_what_they_cannot_be),
		T(an_encoder_takes_only_what_it_was_made_for),
		T(a_decoder_that_got_no_memory_is_made_anew_before_it_decodes_again),
		T(a_card_needs_a_picture_and_room),
		T(pictures_are_made_compared_and_copied_within_their_limits),
		T(what_has_no_length_has_no_tone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
