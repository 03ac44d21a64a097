/* media_track.h - one medium of a source: encoded frames, each with the time it is due.
 *
 * A track knows media time only, which begins at 0 with its first frame; media_source.c
 * lays it over the caller's clock, repeats it and numbers it. */
#ifndef TAUT_MEDIA_TRACK_H
#define TAUT_MEDIA_TRACK_H

#include <stdbool.h>

#include "media/media_util.h"
#include "taut/stats.h"

#define TT_TRACK_END  INT64_MAX
#define TT_TRACK_NONE 1

struct tt_track;

struct tt_track_ops {
	/* The frame that is due; due moves on. TT_TRACK_NONE: nothing is to be sent for it;
	 * negative: it could not be had, for good. Lent until the next take. */
	int (*take)(struct tt_track *t, bool key_frame, struct taut_frame *out,
		    struct taut_media_error *error);
	/* Back to the first frame. */
	int (*rewind)(struct tt_track *t, struct taut_media_error *error);
	int (*set_bitrate)(struct tt_track *t, uint32_t bitrate);
	void (*free)(struct tt_track *t);
};

/* First member of every track. */
struct tt_track {
	const struct tt_track_ops *ops;
	uint32_t kind;
	taut_time due; /* of the next frame; TT_TRACK_END: there is none */
	taut_time end; /* when due is TT_TRACK_END: how long it was */
	/* What it knows of its encoder, and how loud it is; the source counts frames. */
	struct taut_codec_stats did;
};

int tt_track_card_sound(struct tt_track **out, const struct taut_source_config *cfg);
int tt_track_card_picture(struct tt_track **out, const struct taut_source_config *cfg);
int tt_track_ivf(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error);
int tt_track_y4m(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error);
int tt_track_wav(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error);
int tt_track_ogg(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error);

/* When the i-th thing is due if there are rate / scale of them per second. */
static inline taut_time tt_track_time(uint64_t i, uint32_t rate, uint32_t scale)
{
	uint64_t ticks =
		i * scale; /* whole seconds and the rest apart, so that nothing overflows */

	return (taut_time)(ticks / rate * 1000000 + ticks % rate * 1000000 / rate);
}

#endif
