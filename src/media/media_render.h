/* media_render.h - how evenly pictures are shown: webrtc-stats, freezeCount, pauseCount and what goes with them. */
#ifndef TAUT_MEDIA_MEDIA_RENDER_H
#define TAUT_MEDIA_MEDIA_RENDER_H

#include <stdbool.h>

#include "taut/media.h"
#include "taut/stats.h"

enum { TT_RATE_MOST = 256, TT_RENDER_AVERAGE = 30 };

/* The moments of the latest frames. */
struct tt_rate {
	taut_time at[TT_RATE_MOST];
	uint64_t count;
};

void tt_rate_add(struct tt_rate *r, taut_time at);
/* Frames in the second before now, TT_RATE_MOST at most. */
double tt_rate_of(const struct tt_rate *r, taut_time now);

struct tt_render {
	bool begun;
	taut_time last;
	taut_time durations[TT_RENDER_AVERAGE], sum; /* of the frames shown last */
	uint32_t count, next;
};

/* A picture is shown now; to's members of TAUT_TELLS_RENDERED grow. */
void tt_render_picture(struct tt_render *r, taut_time now, struct taut_codec_stats *to);

/* As RTCAudioSourceStats.totalAudioEnergy of webrtc-stats: a sample is as loud as its loudest channel, so that
 * channels in antiphase are not silence. level becomes the loudest of these samples, full scale 1; energy and
 * duration (seconds) grow. */
void tt_loudness_add(const struct taut_pcm *pcm, double *level, double *energy, double *duration);

/* Sound as it is made or played: level, energy and duration grow. */
void tt_render_sound(const struct taut_pcm *pcm, struct taut_codec_stats *to);

#endif
