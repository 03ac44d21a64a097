/* media_track_card.c - the test card as two tracks. They never end. */
#include <stdlib.h>

#include "base/num.h"
#include "media/media_image.h"
#include "media/media_render.h"
#include "media/media_track.h"
#include "media/media_vp8.h"

#define FRAME 960

struct sound {
	struct tt_track track;
	taut_opus_encoder *enc;
	uint64_t frames;
};

struct picture {
	struct tt_track track;
	taut_vp8_encoder *enc;
	struct taut_image image;
	uint32_t fps, frames;
	taut_time
		second; /* due is `frames since then` / fps later, so that nothing ever overflows */
	uint32_t in_second;
};

/* ---- sound ---- */

static int sound_take(struct tt_track *t, bool key_frame, struct taut_frame *out,
		      struct taut_media_error *error)
{
	struct sound *s = (struct sound *)t;
	int16_t samples[FRAME];
	struct taut_pcm pcm = { .size = sizeof pcm,
				.rate = 48000,
				.channels = 1,
				.count = FRAME,
				.samples = samples,
				.at = t->due };

	(void)key_frame;
	(void)taut_test_card_sound(&pcm, s->frames++ * FRAME);
	tt_render_sound(&pcm, &t->did);
	t->due += 20000;
	int rc = taut_opus_encode(s->enc, &pcm, out);
	return rc == TAUT_OK ? rc : tt_media_fail(error, rc, "test: libopus refused");
}

static int sound_rewind(struct tt_track *t, struct taut_media_error *error)
{
	(void)error;
	((struct sound *)t)->frames = 0;
	t->due = 0;
	return TAUT_OK;
}

static int sound_set_bitrate(struct tt_track *t, uint32_t bitrate)
{
	return taut_opus_encoder_set_bitrate(((struct sound *)t)->enc, bitrate);
}

static void sound_free(struct tt_track *t)
{
	taut_opus_encoder_free(((struct sound *)t)->enc);
	free(t);
}

int tt_track_card_sound(struct tt_track **out, const struct taut_source_config *cfg)
{
	static const struct tt_track_ops ops = { sound_take, sound_rewind, sound_set_bitrate,
						 sound_free };
	const struct taut_opus_config opus = { .size = sizeof opus,
					       .channels = 1,
					       .bitrate = cfg->audio_bitrate };
	struct sound *s = calloc(1, sizeof *s);

	if (!s)
		return TAUT_E_NOMEM;
	s->track = (struct tt_track){ .ops = &ops, .kind = TAUT_AUDIO };
	int rc = taut_opus_encoder_new(&s->enc, &opus);
	if (rc != TAUT_OK) {
		sound_free(&s->track);
		return rc;
	}
	*out = &s->track;
	return TAUT_OK;
}

/* ---- picture ---- */

static int picture_take(struct tt_track *t, bool key_frame, struct taut_frame *out,
			struct taut_media_error *error)
{
	struct picture *p = (struct picture *)t;
	int rc = taut_test_card_draw(&p->image, p->frames++, t->due);

	if (++p->in_second == p->fps) {
		p->in_second = 0;
		p->second += 1000000;
	}
	t->due = p->second + tt_track_time(p->in_second, p->fps, 1);
	if (rc == TAUT_OK)
		rc = taut_vp8_encode(p->enc, &p->image, key_frame, out);
	tt_vp8_encoder_tell(p->enc, &t->did);
	return rc == TAUT_OK ? rc : tt_media_fail(error, rc, "test: libvpx refused");
}

static int picture_set_bitrate(struct tt_track *t, uint32_t bitrate)
{
	return taut_vp8_encoder_set_bitrate(((struct picture *)t)->enc, bitrate);
}

static void picture_free(struct tt_track *t)
{
	struct picture *p = (struct picture *)t;

	taut_vp8_encoder_free(p->enc);
	tt_image_drop(&p->image);
	free(p);
}

int tt_track_card_picture(struct tt_track **out, const struct taut_source_config *cfg)
{
	static const struct tt_track_ops ops = { .take = picture_take,
						 .set_bitrate = picture_set_bitrate,
						 .free = picture_free };
	const struct taut_vp8_config vp8 = {
		.size = sizeof vp8,
		.width = cfg->width ? cfg->width : 640,
		.height = cfg->height ? cfg->height : 480,
		.fps = cfg->fps ? cfg->fps : 30,
		.bitrate = cfg->video_bitrate,
	};

	if (vp8.width < 160 || vp8.height < 120 || vp8.fps > 60)
		return TAUT_E_INVAL;
	struct picture *p = calloc(1, sizeof *p);
	if (!p)
		return TAUT_E_NOMEM;
	p->track = (struct tt_track){ .ops = &ops, .kind = TAUT_VIDEO };
	p->fps = vp8.fps;
	int rc = taut_vp8_encoder_new(&p->enc, &vp8);
	if (rc == TAUT_OK && !tt_image_make(&p->image, vp8.width, vp8.height))
		rc = TAUT_E_NOMEM;
	if (rc != TAUT_OK) {
		picture_free(&p->track);
		return rc;
	}
	*out = &p->track;
	return TAUT_OK;
}
