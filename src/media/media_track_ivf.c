/* media_track_ivf.c - the VP8 frames of an IVF file, unchanged as long as nobody missed one.
 *
 * A file has key frames where it has them. Someone who lost a frame cannot wait for the
 * next, so every frame is decoded on the way out, and when a key frame is asked for, the
 * picture is encoded anew from there up to the file's next key frame. */
#include <stdlib.h>

#include "base/num.h"
#include "media/media_ivf.h"
#include "media/media_track.h"
#include "media/media_vp8.h"

struct ivf {
	struct tt_track track;
	struct tt_ivf_reader reader;
	struct tt_ivf_frame next;
	int have;                       /* what the reader said of next */
	taut_time zero;                 /* the time of the first frame in the file */
	struct taut_media_error broken; /* why, if have is negative */
	taut_vp8_decoder *dec;
	taut_vp8_encoder *enc; /* NULL: frames pass unchanged */
	uint32_t enc_width, enc_height, bitrate;
};

static void read_ahead(struct ivf *v)
{
	taut_time last = v->track.due;

	v->have = tt_ivf_next(&v->reader, &v->next, &v->broken);
	if (v->have > 0) {
		v->track.due = v->next.at - v->zero;
	} else if (v->have == 0) {
		v->track.end = last + tt_max64(v->reader.interval, 1);
		v->track.due = TT_TRACK_END;
	} /* else the error is due where the frame would have been, at the latest with the last */
}

static int make_encoder(struct ivf *v, const struct taut_image *image)
{
	const uint64_t ticks = v->reader.scale;
	const struct taut_vp8_config cfg = {
		.size = sizeof cfg,
		.width = image->width,
		.height = image->height,
		.fps = (uint32_t)tt_clamp64((int64_t)(v->reader.rate / ticks), 1, 60),
		.bitrate = v->bitrate,
	};

	taut_vp8_encoder_free(v->enc);
	v->enc_width = image->width;
	v->enc_height = image->height;
	return taut_vp8_encoder_new(&v->enc, &cfg);
}

/* The picture of the frame at hand as a frame of our own. */
static int encode(struct ivf *v, bool key_frame, struct taut_image *image, struct taut_frame *out)
{
	int rc = TAUT_OK;

	if (!v->enc || v->enc_width != image->width || v->enc_height != image->height)
		rc = make_encoder(v, image);
	image->at = v->track.due;
	return rc == TAUT_OK ? taut_vp8_encode(v->enc, image, key_frame, out) : rc;
}

/* What to send for the frame at hand. */
static int choose(struct ivf *v, bool key_frame, struct taut_frame *out)
{
	struct tt_vp8_head head;
	struct taut_image image;
	bool key = tt_vp8_head(v->next.data, v->next.len, &head) && head.key;
	int shown = taut_vp8_decode(v->dec, v->next.data, v->next.len, &image);

	if (key) {
		v->track.did.width = head.width;
		v->track.did.height = head.height;
		taut_vp8_encoder_free(v->enc);
		v->enc = NULL;
	} else if (v->enc || (key_frame && shown == 1)) {
		/* ours refer to ours: one of the file's in between would be a stranger */
		return shown == 1 && encode(v, key_frame, &image, out) == TAUT_OK ? TAUT_OK
										  : TT_TRACK_NONE;
	}
	*out = (struct taut_frame){ .size = sizeof *out,
				    .flags = key ? TAUT_FRAME_KEY : 0,
				    .data = v->next.data,
				    .len = v->next.len };
	return TAUT_OK;
}

static int ivf_take(struct tt_track *t, bool key_frame, struct taut_frame *out,
		    struct taut_media_error *error)
{
	struct ivf *v = (struct ivf *)t;

	if (v->have < 0)
		return tt_media_fail(error, v->have, "%s", v->broken.text);
	int rc = choose(v, key_frame, out);
	read_ahead(v); /* into the reader's other buffer */
	return rc;
}

/* First of all frames: the file's zero, and whether there are any. */
static int begin(struct ivf *v, struct taut_media_error *error)
{
	v->zero = 0;
	v->track.due = 0;
	read_ahead(v);
	if (v->have < 0)
		return tt_media_fail(error, v->have, "%s", v->broken.text);
	if (v->have == 0)
		return tt_file_broken(&v->reader.file, error, "there is no frame in it");
	v->zero = v->next.at;
	v->track.due = 0;
	return TAUT_OK;
}

static int ivf_rewind(struct tt_track *t, struct taut_media_error *error)
{
	struct ivf *v = (struct ivf *)t;

	/* the encoder's times would run backwards; the file begins with a key frame anyway */
	taut_vp8_encoder_free(v->enc);
	v->enc = NULL;
	if (!tt_ivf_rewind(&v->reader))
		return tt_media_fail(error, TAUT_E_IO, "%s: cannot be read again",
				     v->reader.file.name);
	return begin(v, error);
}

static int ivf_set_bitrate(struct tt_track *t, uint32_t bitrate)
{
	struct ivf *v = (struct ivf *)t;

	v->bitrate = bitrate;
	return v->enc ? taut_vp8_encoder_set_bitrate(v->enc, bitrate) : TAUT_OK;
}

static void ivf_free(struct tt_track *t)
{
	struct ivf *v = (struct ivf *)t;

	tt_ivf_close(&v->reader);
	taut_vp8_decoder_free(v->dec);
	taut_vp8_encoder_free(v->enc);
	free(v);
}

int tt_track_ivf(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error)
{
	static const struct tt_track_ops ops = { ivf_take, ivf_rewind, ivf_set_bitrate, ivf_free };
	struct ivf *v = calloc(1, sizeof *v);

	if (!v)
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", cfg->name);
	v->track = (struct tt_track){ .ops = &ops, .kind = TAUT_VIDEO };
	v->bitrate = cfg->video_bitrate;
	int rc = tt_ivf_open(&v->reader, cfg->name, error);
	if (rc == TAUT_OK)
		rc = begin(v, error);
	if (rc == TAUT_OK && taut_vp8_decoder_new(&v->dec) != TAUT_OK)
		rc = tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", cfg->name);
	if (rc != TAUT_OK) {
		ivf_free(&v->track);
		return rc;
	}
	*out = &v->track;
	return TAUT_OK;
}
