/* media_track_y4m.c - the pictures of a Y4M file, encoded. */
#include <stdlib.h>

#include "base/num.h"
#include "media/media_image.h"
#include "media/media_track.h"
#include "media/media_vp8.h"
#include "media/media_y4m.h"

struct y4m {
	struct tt_track track;
	struct tt_y4m_reader reader;
	taut_vp8_encoder *enc;
	struct taut_image image;
	uint64_t frames;
	taut_time encoded; /* what the encoder is told: it has no use for a second beginning */
};

static void move_on(struct y4m *y)
{
	taut_time next = tt_track_time(y->frames, y->reader.rate, y->reader.scale);

	y->track.due = tt_file_left(&y->reader.file) > 0 ? next : TT_TRACK_END;
	y->track.end = next;
}

static int y4m_take(struct tt_track *t, bool key_frame, struct taut_frame *out,
		    struct taut_media_error *error)
{
	struct y4m *y = (struct y4m *)t;
	taut_time before = y->track.due;
	int rc = tt_y4m_next(&y->reader, &y->image, error);

	if (rc == 0)
		return tt_file_broken(&y->reader.file, error, "the file has shrunk");
	if (rc < 0)
		return rc;
	y->frames++;
	move_on(y);
	y->image.at = y->encoded;
	y->encoded += y->track.end - before;
	rc = taut_vp8_encode(y->enc, &y->image, key_frame, out);
	tt_vp8_encoder_tell(y->enc, &t->did);
	return rc == TAUT_OK ? rc
			     : tt_media_fail(error, rc, "%s: libvpx refused", y->reader.file.name);
}

static int y4m_rewind(struct tt_track *t, struct taut_media_error *error)
{
	struct y4m *y = (struct y4m *)t;

	if (!tt_y4m_rewind(&y->reader))
		return tt_media_fail(error, TAUT_E_IO, "%s: cannot be read again",
				     y->reader.file.name);
	y->frames = 0;
	move_on(y);
	return TAUT_OK;
}

static int y4m_set_bitrate(struct tt_track *t, uint32_t bitrate)
{
	return taut_vp8_encoder_set_bitrate(((struct y4m *)t)->enc, bitrate);
}

static void y4m_free(struct tt_track *t)
{
	struct y4m *y = (struct y4m *)t;

	tt_y4m_close(&y->reader);
	taut_vp8_encoder_free(y->enc);
	tt_image_drop(&y->image);
	free(y);
}

static int prepare(struct y4m *y, uint32_t bitrate, struct taut_media_error *error)
{
	const struct tt_y4m_reader *r = &y->reader;
	const struct taut_vp8_config vp8 = {
		.size = sizeof vp8,
		.width = r->width,
		.height = r->height,
		.fps = (uint32_t)tt_clamp64(r->rate / r->scale, 1, 240),
		.bitrate = bitrate,
	};

	move_on(y);
	if (y->track.due == TT_TRACK_END)
		return tt_file_broken(&r->file, error, "there is no frame in it");
	int rc = taut_vp8_encoder_new(&y->enc, &vp8);
	if (rc == TAUT_OK && !tt_image_make(&y->image, r->width, r->height))
		rc = TAUT_E_NOMEM;
	return rc == TAUT_OK ? rc : tt_media_fail(error, rc, "%s: no encoder", r->file.name);
}

int tt_track_y4m(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error)
{
	static const struct tt_track_ops ops = { y4m_take, y4m_rewind, y4m_set_bitrate, y4m_free };
	struct y4m *y = calloc(1, sizeof *y);

	if (!y)
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", cfg->name);
	y->track = (struct tt_track){ .ops = &ops, .kind = TAUT_VIDEO };
	int rc = tt_y4m_open(&y->reader, cfg->name, error);
	if (rc == TAUT_OK)
		rc = prepare(y, cfg->video_bitrate, error);
	if (rc != TAUT_OK) {
		y4m_free(&y->track);
		return rc;
	}
	*out = &y->track;
	return TAUT_OK;
}
