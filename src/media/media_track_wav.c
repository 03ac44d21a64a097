/* media_track_wav.c - the samples of a WAV file, at 48 kHz, encoded. */
#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "media/media_render.h"
#include "media/media_track.h"
#include "media/media_wav.h"

#define FRAME   960
#define QUALITY 5 /* of libspeexdsp, 0..10 */
#define CHUNK   1024

struct wav {
	struct tt_track track;
	struct tt_wav_reader reader;
	taut_opus_encoder *enc;
	SpeexResamplerState *resampler; /* NULL: it is 48 kHz already */
	int16_t in[2 * CHUNK];          /* read and not resampled yet */
	uint32_t in_count;
	uint64_t frames, total; /* of 20 ms */
};

static void move_on(struct wav *w)
{
	w->track.end = (taut_time)w->total * 20000;
	w->track.due = w->frames < w->total ? (taut_time)w->frames * 20000 : TT_TRACK_END;
}

/* As many as are left of count; the file's last frame is filled up with silence. */
static size_t resample(struct wav *w, int16_t *out, size_t count)
{
	size_t channels = w->reader.channels, done = 0;

	while (done < count) {
		size_t fresh = tt_wav_read(&w->reader, w->in + w->in_count * channels,
					   CHUNK - w->in_count);
		w->in_count += (uint32_t)fresh;
		spx_uint32_t used = w->in_count, made = (spx_uint32_t)(count - done);
		if (speex_resampler_process_interleaved_int(w->resampler, w->in, &used,
							    out + done * channels,
							    &made) != RESAMPLER_ERR_SUCCESS)
			break;
		memmove(w->in, w->in + used * channels,
			(w->in_count - used) * channels * sizeof w->in[0]);
		w->in_count -= used;
		done += made;
		if (fresh == 0 && used == 0 && made == 0)
			break;
	}
	return done;
}

static int wav_take(struct tt_track *t, bool key_frame, struct taut_frame *out,
		    struct taut_media_error *error)
{
	struct wav *w = (struct wav *)t;
	int16_t samples[2 * FRAME] = { 0 };
	const struct taut_pcm pcm = { .size = sizeof pcm,
				      .rate = 48000,
				      .channels = w->reader.channels,
				      .count = FRAME,
				      .samples = samples,
				      .at = t->due };

	(void)key_frame;
	if (w->resampler)
		(void)resample(w, samples, FRAME);
	else
		(void)tt_wav_read(&w->reader, samples, FRAME);
	tt_render_sound(&pcm, &t->did);
	w->frames++;
	move_on(w);
	int rc = taut_opus_encode(w->enc, &pcm, out);
	return rc == TAUT_OK ? rc
			     : tt_media_fail(error, rc, "%s: libopus refused", w->reader.file.name);
}

static int wav_rewind(struct tt_track *t, struct taut_media_error *error)
{
	struct wav *w = (struct wav *)t;

	if (!tt_wav_rewind(&w->reader))
		return tt_media_fail(error, TAUT_E_IO, "%s: cannot be read again",
				     w->reader.file.name);
	if (w->resampler)
		(void)speex_resampler_reset_mem(w->resampler);
	w->in_count = 0;
	w->frames = 0;
	move_on(w);
	return TAUT_OK;
}

static int wav_set_bitrate(struct tt_track *t, uint32_t bitrate)
{
	return taut_opus_encoder_set_bitrate(((struct wav *)t)->enc, bitrate);
}

static void wav_free(struct tt_track *t)
{
	struct wav *w = (struct wav *)t;

	tt_wav_close(&w->reader);
	taut_opus_encoder_free(w->enc);
	if (w->resampler)
		speex_resampler_destroy(w->resampler);
	free(w);
}

static int prepare(struct wav *w, uint32_t bitrate, struct taut_media_error *error)
{
	const struct tt_wav_reader *r = &w->reader;
	const struct taut_opus_config opus = { .size = sizeof opus,
					       .channels = r->channels,
					       .bitrate = bitrate };
	uint64_t samples = r->bytes / (2 * r->channels);
	int bad = 0;

	/* samples are below 2^32 / 2, so 48,000 times as many fit */
	w->total = (samples * 48000 / r->rate + FRAME - 1) / FRAME;
	if (w->total == 0)
		return tt_file_broken(&r->file, error, "there is no sample in it");
	move_on(w);
	if (r->rate != 48000) {
		w->resampler = speex_resampler_init(r->channels, r->rate, 48000, QUALITY, &bad);
		if (!w->resampler)
			return tt_media_fail(error, TAUT_E_NOMEM, "%s: no resampler", r->file.name);
		(void)speex_resampler_skip_zeros(w->resampler);
	}
	int rc = taut_opus_encoder_new(&w->enc, &opus);
	return rc == TAUT_OK ? rc : tt_media_fail(error, rc, "%s: no encoder", r->file.name);
}

int tt_track_wav(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error)
{
	static const struct tt_track_ops ops = { wav_take, wav_rewind, wav_set_bitrate, wav_free };
	struct wav *w = calloc(1, sizeof *w);

	if (!w)
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", cfg->name);
	w->track = (struct tt_track){ .ops = &ops, .kind = TAUT_AUDIO };
	int rc = tt_wav_open(&w->reader, cfg->name, error);
	if (rc == TAUT_OK)
		rc = prepare(w, cfg->audio_bitrate, error);
	if (rc != TAUT_OK) {
		wav_free(&w->track);
		return rc;
	}
	*out = &w->track;
	return TAUT_OK;
}
