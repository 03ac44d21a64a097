/* media_sink.c - received frames decoded, measured and recorded.
 *
 * It takes frames in the order in which they are to be seen and heard; putting
 * them into it is the jitter buffer's work, not done here. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "media/media_image.h"
#include "media/media_meter.h"
#include "media/media_opus.h"
#include "media/media_record.h"
#include "media/media_render.h"
#include "media/media_vp8.h"

#define FRAME        960
#define MAX_GAP      480000 /* 10 s; beyond it the sender has begun anew */
#define MAX_AHEAD    96000  /* a recording may be so much longer than the time it took */
#define CONCEAL      5      /* frames; after 100 ms a decoder has nothing left but silence */
#define KEY_INTERVAL 300000

struct taut_sink {
	struct tt_record record;
	struct taut_sink_stats stats;
	struct tt_meter meter;
	taut_opus_decoder *opus;
	taut_vp8_decoder *vp8;
	struct taut_image image;                /* the last one; width 0: none yet */
	struct taut_codec_stats sound, picture; /* what decoders did */
	struct tt_render render;
	struct tt_rate rate;
	taut_time (*clock)(void *ctx);
	void *ctx;

	bool audio_begun;
	uint32_t audio_next;  /* the timestamp that follows what was decoded */
	uint64_t audio_total; /* samples decoded and filled in */
	taut_time audio_start;

	bool video_begun, key_needed, key_asked;
	uint32_t video_last;  /* timestamp */
	uint64_t video_ticks; /* the same, unwrapped, from the first */
	taut_time key_asked_at;
};

int taut_sink_new(taut_sink **out, const struct taut_sink_config *cfg,
		  struct taut_media_error *error)
{
	struct taut_sink_config c;
	int rc = tt_media_config(&c, sizeof c, cfg);

	*out = NULL;
	if (rc != TAUT_OK)
		return tt_media_fail(error, rc, "no sink is described");
	taut_sink *sink = calloc(1, sizeof *sink);
	if (!sink)
		return tt_media_fail(error, TAUT_E_NOMEM, "out of memory");
	sink->stats.size = sizeof sink->stats;
	sink->stats.audio_level = 127;
	sink->meter.stats = &sink->stats;
	sink->clock = c.clock;
	sink->ctx = c.ctx;
	sink->picture.tells = TAUT_TELLS_QP | TAUT_TELLS_RENDERED;
	sink->sound.tells = TAUT_TELLS_PLAYOUT;
	if (c.dir)
		rc = tt_record_open(&sink->record, c.dir, c.wav != 0, error);
	if (rc == TAUT_OK && (taut_opus_decoder_new(&sink->opus, 2) != TAUT_OK ||
			      taut_vp8_decoder_new(&sink->vp8) != TAUT_OK))
		rc = tt_media_fail(error, TAUT_E_NOMEM, "out of memory");
	if (rc != TAUT_OK) {
		(void)taut_sink_close(sink, NULL);
		return rc;
	}
	*out = sink;
	return TAUT_OK;
}

/* ---- sound ---- */

/* Samples that are missing before this frame, and worth filling in. A peer may write any
 * timestamp; time itself is the ceiling of what that costs us. */
static uint32_t gap_before(const taut_sink *sink, taut_time now, uint32_t timestamp)
{
	uint32_t gap = timestamp - sink->audio_next;
	taut_time elapsed = tt_clamp64(now - sink->audio_start, 0, INT64_MAX / 48);

	if (!sink->audio_begun || gap > MAX_GAP ||
	    sink->audio_total + gap > (uint64_t)(elapsed * 48 / 1000) + MAX_AHEAD)
		return 0;
	return gap;
}

static bool is_silent(const struct taut_pcm *pcm, uint32_t frame)
{
	const int16_t *at = pcm->samples + (size_t)frame * FRAME * pcm->channels;

	for (uint32_t i = 0; i < FRAME * pcm->channels; i++)
		if (at[i] != 0)
			return false;
	return true;
}

/* Of a gap, in samples, the last so many frames were made up, and if the packet behind it had the last one as well
 * (FEC), that was not; what is before them is silence. */
static void count_concealed(taut_sink *sink, uint32_t gap, uint32_t frames, bool fec,
			    const struct taut_pcm *pcm)
{
	struct taut_codec_stats *s = &sink->sound;
	const uint32_t concealed = gap - (fec && frames > 0 ? FRAME : 0);

	s->concealed_samples += concealed;
	s->concealment_events += concealed > 0;
	s->silent_concealed_samples += gap - frames * FRAME;
	for (uint32_t i = 0; i + fec < frames; i++)
		if (is_silent(pcm, i))
			s->silent_concealed_samples += FRAME;
	s->total_samples_duration += (gap - frames * FRAME) / 48000.0;
}

static taut_time clock_of(const taut_sink *sink)
{
	return sink->clock ? sink->clock(sink->ctx) : 0;
}

/* That frame was decoded from before on until now: so many frames, or samples. */
static void count_time(const taut_sink *sink, struct taut_codec_stats *s, taut_time before,
		       const struct taut_frame *frame, uint32_t samples)
{
	const taut_time after = clock_of(sink);

	if (!sink->clock)
		return;
	s->time += (double)(after - before) / 1e6;
	if (frame->size <
		    offsetof(struct taut_frame, first_received) + sizeof frame->first_received ||
	    !frame->first_received)
		return;
	s->tells |= TAUT_TELLS_PROCESSING;
	s->total_processing_delay +=
		(double)tt_max64(after - frame->first_received, 0) / 1e6 * samples;
}

static bool silence(taut_sink *sink, uint32_t count)
{
	int16_t zeros[2 * FRAME] = { 0 };
	bool ok = true;

	while (count > 0) {
		struct taut_pcm pcm = { .size = sizeof pcm,
					.rate = 48000,
					.channels = 2,
					.count = (uint32_t)tt_min(count, FRAME),
					.samples = zeros };

		ok = tt_record_audio(&sink->record, &pcm) && ok;
		count -= pcm.count;
	}
	return ok;
}

static struct tt_moment moment(taut_time now, const struct taut_frame *frame, taut_time before)
{
	return (struct tt_moment){ now - before, frame->captured ? frame->captured - before : 0 };
}

static int take_audio(taut_sink *sink, taut_time now, const struct taut_frame *frame)
{
	uint32_t gap = gap_before(sink, now, frame->rtp_timestamp);
	uint32_t concealed = (uint32_t)tt_min(gap / FRAME, CONCEAL);
	const taut_time before = clock_of(sink);
	struct taut_pcm pcm;

	/* the same again, or one that came after its place was filled */
	if (sink->audio_begun && sink->audio_next - frame->rtp_timestamp - 1 < MAX_GAP) {
		sink->stats.audio_errors++;
		return TAUT_OK;
	}
	if (taut_opus_decode(sink->opus, frame->data, frame->len, concealed, &pcm) != TAUT_OK ||
	    !frame->data) {
		sink->stats.audio_errors++;
		return TAUT_OK;
	}
	if (!sink->audio_begun) {
		sink->audio_start = sink->stats.first_audio = now;
		sink->audio_begun = true;
	}
	uint32_t made_up = concealed * FRAME;
	sink->stats.audio_frames++;
	sink->stats.audio_concealed += concealed;
	sink->sound.frames++;
	count_time(sink, &sink->sound, before, frame, pcm.count - made_up);
	count_concealed(sink, gap, concealed, tt_opus_has_fec(frame->data, frame->len), &pcm);
	tt_render_sound(&pcm, &sink->sound);
	sink->audio_total += gap - made_up + pcm.count;
	sink->audio_next = frame->rtp_timestamp + pcm.count - made_up;
	tt_meter_sound(&sink->meter, &pcm, moment(now, frame, (taut_time)concealed * 20000));
	bool ok = silence(sink, gap - made_up);
	ok = tt_record_audio(&sink->record, &pcm) && ok;
	return ok ? TAUT_OK : TAUT_E_IO;
}

/* ---- picture ---- */

/* A frame after a loss refers to what is not there; showing it would show rubbish. */
static bool follows(taut_sink *sink, const struct taut_frame *frame, const struct tt_vp8_head *head)
{
	if (head->key)
		return true;
	if (frame->flags & TAUT_FRAME_AFTER_LOSS)
		sink->key_needed = true;
	return !sink->key_needed;
}

static uint64_t unwrap(taut_sink *sink, uint32_t timestamp)
{
	int32_t step = (int32_t)(timestamp - sink->video_last);

	if (sink->video_begun && step > 0)
		sink->video_ticks += (uint32_t)step;
	sink->video_last = timestamp;
	return sink->video_ticks;
}

static int take_video(taut_sink *sink, taut_time now, const struct taut_frame *frame)
{
	struct tt_vp8_head head;
	struct taut_image image;
	bool known = tt_vp8_head(frame->data, frame->len, &head);

	if (known && !follows(sink, frame, &head)) {
		sink->stats.video_skipped++;
		return TAUT_OK;
	}
	const taut_time before = clock_of(sink);
	int shown =
		known ? taut_vp8_decode(sink->vp8, frame->data, frame->len, &image) : TAUT_E_SYNTAX;
	sink->key_needed = shown < 0;
	if (shown < 0) {
		sink->stats.video_errors++;
		return TAUT_OK;
	}
	uint64_t ticks = unwrap(sink, frame->rtp_timestamp);
	bool ok = tt_record_video(&sink->record, frame->data, frame->len, ticks, head.width,
				  head.height);
	sink->stats.video_frames++;
	sink->picture.frames++;
	sink->picture.key_frames += head.key;
	sink->picture.qp_sum += tt_vp8_decoder_qp(sink->vp8);
	count_time(sink, &sink->picture, before, frame, 1);
	tt_rate_add(&sink->rate, now);
	if (!sink->video_begun)
		sink->stats.first_video = now;
	sink->video_begun = true;
	if (shown == 1 && tt_image_copy(&sink->image, &image)) {
		sink->image.at = now;
		sink->stats.width = image.width;
		sink->stats.height = image.height;
		sink->picture.width = image.width;
		sink->picture.height = image.height;
		tt_render_picture(&sink->render, now, &sink->picture);
		tt_meter_picture(&sink->meter, &image, moment(now, frame, 0));
	}
	return ok ? TAUT_OK : TAUT_E_IO;
}

/* ---- the face ---- */

int taut_sink_frame(taut_sink *sink, taut_time now, uint32_t kind, const struct taut_frame *frame)
{
	const char *mime = kind == TAUT_AUDIO ? "audio/opus" : "video/VP8";

	if (kind != TAUT_AUDIO && kind != TAUT_VIDEO)
		return TAUT_E_INVAL;
	if (frame->codec && frame->codec->mime && strcasecmp(frame->codec->mime, mime) != 0)
		return TAUT_E_UNSUPPORTED;
	return kind == TAUT_AUDIO ? take_audio(sink, now, frame) : take_video(sink, now, frame);
}

int taut_sink_wants_key_frame(taut_sink *sink, taut_time now)
{
	if (!sink->key_needed || (sink->key_asked && now - sink->key_asked_at < KEY_INTERVAL))
		return 0;
	sink->key_asked = true;
	sink->key_asked_at = now;
	return 1;
}

const struct taut_sink_stats *taut_sink_stats(const taut_sink *sink)
{
	return &sink->stats;
}

int taut_sink_decoder_stats(const taut_sink *sink, taut_time now, uint32_t kind,
			    struct taut_codec_stats *out)
{
	struct taut_codec_stats did = kind == TAUT_AUDIO ? sink->sound : sink->picture;

	if (kind != TAUT_AUDIO && kind != TAUT_VIDEO)
		return TAUT_E_INVAL;
	did.implementation = kind == TAUT_AUDIO ? "libopus" : "libvpx";
	did.frames_per_second = kind == TAUT_VIDEO ? tt_rate_of(&sink->rate, now) : 0;
	return tt_media_give(out, &did, sizeof did);
}

const struct taut_image *taut_sink_image(const taut_sink *sink)
{
	return sink->image.width ? &sink->image : NULL;
}

int taut_sink_snapshot(taut_sink *sink, struct taut_media_error *error)
{
	if (!sink->image.width || !sink->record.dir)
		return tt_media_fail(error, TAUT_E_STATE,
				     "there is no picture, or no directory for it");
	char *path = tt_record_path(&sink->record, "snapshot.png");
	if (!path)
		return tt_media_fail(error, TAUT_E_NOMEM, "out of memory");
	int rc = taut_image_write_png(&sink->image, path, error);
	free(path);
	return rc;
}

int taut_sink_close(taut_sink *sink, struct taut_media_error *error)
{
	if (!sink)
		return TAUT_OK;
	struct taut_media_error last = { 0 };
	if (sink->image.width && sink->record.dir)
		(void)taut_sink_snapshot(sink, &last);
	tt_record_close(&sink->record);
	if (sink->record.error.code)
		last = sink->record.error;
	if (last.code && error)
		*error = last;
	taut_opus_decoder_free(sink->opus);
	taut_vp8_decoder_free(sink->vp8);
	tt_image_drop(&sink->image);
	free(sink);
	return last.code;
}
