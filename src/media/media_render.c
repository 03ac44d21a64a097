/* media_render.c - how evenly pictures are shown, and how loud sound is. */
#include "media/media_render.h"

#include <math.h>

#include "base/num.h"

enum { SECOND = 1000000, PAUSE = 5 * SECOND, FREEZE_MORE = 150000 };

void tt_rate_add(struct tt_rate *r, taut_time at)
{
	r->at[r->count++ % TT_RATE_MOST] = at;
}

double tt_rate_of(const struct tt_rate *r, taut_time now)
{
	const uint64_t known = tt_min((size_t)r->count, TT_RATE_MOST);
	uint64_t found = 0;

	for (uint64_t i = 0; i < known; i++)
		found += r->at[i] > now - SECOND && r->at[i] <= now;
	return (double)found;
}

/* "equal or exceeds Max(3 * avg, avg + 150 ms)", of the last 30 that were shown before. */
static bool is_freeze(const struct tt_render *r, taut_time duration)
{
	if (r->count == 0)
		return false;
	const taut_time average = r->sum / r->count;

	return duration >= tt_max64(3 * average, average + FREEZE_MORE);
}

static void remember(struct tt_render *r, taut_time duration)
{
	r->sum += duration - r->durations[r->next]; /* 0 while there are fewer */
	r->durations[r->next] = duration;
	r->next = (r->next + 1) % TT_RENDER_AVERAGE;
	if (r->count < TT_RENDER_AVERAGE)
		r->count++;
}

void tt_render_picture(struct tt_render *r, taut_time now, struct taut_codec_stats *to)
{
	const taut_time duration = r->begun ? now - r->last : 0;
	const double seconds = (double)duration / SECOND;

	to->frames_rendered++;
	if (r->begun) {
		to->total_inter_frame_delay += seconds;
		to->total_squared_inter_frame_delay += seconds * seconds;
		if (duration > PAUSE) {
			to->pause_count++;
			to->total_pauses_duration += seconds;
		}
		if (is_freeze(r, duration)) {
			to->freeze_count++;
			to->total_freezes_duration += seconds;
		}
		remember(r, duration);
	}
	r->begun = true;
	r->last = now;
}

/* "the highest energy of any channel" */
static double loudest(const struct taut_pcm *pcm, uint32_t i)
{
	double most = 0;

	for (uint32_t c = 0; c < pcm->channels; c++)
		most = fmax(most, fabs(pcm->samples[(size_t)i * pcm->channels + c] / 32768.0));
	return most;
}

void tt_loudness_add(const struct taut_pcm *pcm, double *level, double *energy, double *duration)
{
	*level = 0;
	for (uint32_t i = 0; i < pcm->count; i++) {
		const double sample = loudest(pcm, i);
		*level = fmax(*level, sample);
		*energy += sample * sample / pcm->rate;
	}
	*duration += (double)pcm->count / pcm->rate;
}

void tt_render_sound(const struct taut_pcm *pcm, struct taut_codec_stats *to)
{
	tt_loudness_add(pcm, &to->audio_level, &to->total_audio_energy,
			&to->total_samples_duration);
}
