/* media_source.c - tracks laid over the caller's clock.
 *
 * A frame is due at start + shift + base + its media time: base grows by the length of a file
 * that is repeated, shift by the time in which nobody asked. RTP timestamps count from
 * start, so a shift is a gap in them, as it is in time. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "media/media_render.h"
#include "media/media_track.h"

#define LATE         500000
#define GRID         20000 /* shifts keep audio on its grid */
#define KEY_INTERVAL 300000

struct lane {
	struct tt_track *track;
	taut_time base;
	uint64_t frames, key_frames;
	struct tt_rate rate;
};

struct taut_source {
	struct lane lanes[2];
	size_t count;
	bool started, ended, loop;
	bool told; /* the caller knows of error */
	taut_time start, shift;
	bool key_wanted;
	taut_time last_key; /* when a key frame was due; INT64_MIN: none was */
	struct taut_media_error error;
};

/* ---- opening ---- */

typedef int opener(struct tt_track **out, const struct taut_source_config *cfg,
		   struct taut_media_error *error);

static opener *find_opener(const char *name)
{
	static const struct {
		const char *ending;
		opener *open;
	} known[] = {
		{ ".ivf", tt_track_ivf }, { ".y4m", tt_track_y4m },  { ".wav", tt_track_wav },
		{ ".ogg", tt_track_ogg }, { ".opus", tt_track_ogg },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < TT_COUNT(known); i++)
		if (strcasecmp(dot, known[i].ending) == 0)
			return known[i].open;
	return NULL;
}

static void add(taut_source *src, struct tt_track *track)
{
	src->lanes[src->count++] = (struct lane){ .track = track };
}

static int open_card(taut_source *src, const struct taut_source_config *cfg,
		     struct taut_media_error *error)
{
	uint32_t kinds = cfg->kinds ? cfg->kinds : TAUT_AUDIO | TAUT_VIDEO;
	struct tt_track *track;
	int rc = kinds & ~(uint32_t)(TAUT_AUDIO | TAUT_VIDEO) ? TAUT_E_INVAL : TAUT_OK;

	if (rc == TAUT_OK && (kinds & TAUT_AUDIO)) {
		rc = tt_track_card_sound(&track, cfg);
		if (rc == TAUT_OK)
			add(src, track);
	}
	if (rc == TAUT_OK && (kinds & TAUT_VIDEO)) {
		rc = tt_track_card_picture(&track, cfg);
		if (rc == TAUT_OK)
			add(src, track);
	}
	return rc == TAUT_OK ? rc
			     : tt_media_fail(error, rc,
					     "test: %u x %u with %u frames per second, %u and %u "
					     "bit/s is no test card",
					     cfg->width, cfg->height, cfg->fps, cfg->video_bitrate,
					     cfg->audio_bitrate);
}

static int open_named(taut_source *src, const struct taut_source_config *cfg,
		      struct taut_media_error *error)
{
	if (strcmp(cfg->name, "test") == 0)
		return open_card(src, cfg, error);
	opener *open = find_opener(cfg->name);
	if (!open)
		return tt_media_fail(
			error, TAUT_E_UNSUPPORTED,
			"%s: neither \"test\" nor a file that ends in .ivf, .y4m, .ogg, "
			".opus or .wav",
			cfg->name);
	struct tt_track *track;
	int rc = open(&track, cfg, error);
	if (rc == TAUT_OK)
		add(src, track);
	return rc;
}

int taut_source_open(taut_source **out, const struct taut_source_config *cfg,
		     struct taut_media_error *error)
{
	struct taut_source_config c;
	int rc = tt_media_config(&c, sizeof c, cfg);

	*out = NULL;
	if (rc == TAUT_OK && !c.name)
		rc = TAUT_E_INVAL;
	if (rc != TAUT_OK)
		return tt_media_fail(error, rc, "no source is described");
	taut_source *src = calloc(1, sizeof *src);
	if (!src)
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", c.name);
	src->loop = c.loop != 0;
	src->last_key = INT64_MIN;
	rc = open_named(src, &c, error);
	if (rc != TAUT_OK) {
		taut_source_free(src);
		return rc;
	}
	*out = src;
	return TAUT_OK;
}

void taut_source_free(taut_source *src)
{
	if (!src)
		return;
	for (size_t i = 0; i < src->count; i++)
		src->lanes[i].track->ops->free(src->lanes[i].track);
	free(src);
}

/* ---- running ---- */

uint32_t taut_source_kinds(const taut_source *src)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < src->count; i++)
		kinds |= src->lanes[i].track->kind;
	return kinds;
}

void taut_source_start(taut_source *src, taut_time now)
{
	if (src->started)
		return;
	src->started = true;
	src->start = now;
}

static taut_time due(const taut_source *src, const struct lane *lane)
{
	if (lane->track->due == TT_TRACK_END)
		return INT64_MAX;
	return src->start + src->shift + lane->base + lane->track->due;
}

static const struct lane *first_due(const taut_source *src)
{
	const struct lane *first = &src->lanes[0];

	for (size_t i = 1; i < src->count; i++)
		if (due(src, &src->lanes[i]) < due(src, first))
			first = &src->lanes[i];
	return first;
}

taut_time taut_source_deadline(const taut_source *src)
{
	return src->started && !src->ended ? due(src, first_due(src)) : INT64_MAX;
}

int taut_source_ended(const taut_source *src)
{
	return src->ended;
}

const struct taut_media_error *taut_source_error(const taut_source *src)
{
	return &src->error;
}

static int again(taut_source *src, struct lane *lane)
{
	struct tt_track *t = lane->track;
	int rc = TAUT_OK;

	if (t->due != TT_TRACK_END || !src->loop || !t->ops->rewind)
		return TAUT_OK;
	lane->base += t->end;
	rc = t->ops->rewind(t, &src->error);
	if (rc != TAUT_OK)
		src->ended = true;
	return rc;
}

static void count(struct lane *lane, taut_time at, const struct taut_frame *out)
{
	lane->frames++;
	lane->key_frames += lane->track->kind == TAUT_VIDEO && (out->flags & TAUT_FRAME_KEY);
	tt_rate_add(&lane->rate, at);
}

static void stamp(taut_source *src, const struct lane *lane, taut_time at, struct taut_frame *out)
{
	taut_time since = at - src->start;

	out->captured = at;
	if (lane->track->kind == TAUT_AUDIO) {
		out->rtp_timestamp = (uint32_t)((since * 48 + 500) / 1000);
		return;
	}
	out->rtp_timestamp = (uint32_t)((since * 9 + 50) / 100);
	if (out->flags & TAUT_FRAME_KEY) {
		src->last_key = at;
		src->key_wanted = false;
	}
}

static bool key_due(const taut_source *src, const struct lane *lane, taut_time at)
{
	return lane->track->kind == TAUT_VIDEO && src->key_wanted &&
	       (src->last_key == INT64_MIN || at - src->last_key >= KEY_INTERVAL);
}

static int end(taut_source *src, int rc)
{
	src->ended = src->told = true;
	return rc;
}

int taut_source_poll(taut_source *src, taut_time now, struct taut_frame *out)
{
	for (;;) {
		taut_time at = taut_source_deadline(src);

		if (src->ended && !src->told)
			return end(src, src->error.code);
		if (at == INT64_MAX || at > now)
			return 0;
		if (now - at > LATE) {
			taut_time by = (now - at) / GRID * GRID;

			src->shift += by;
			at += by;
		}
		struct lane *lane = &src->lanes[first_due(src) - src->lanes];
		int rc = lane->track->ops->take(lane->track, key_due(src, lane, at), out,
						&src->error);
		if (rc < 0)
			return end(src, rc);
		if (rc == TAUT_OK) {
			stamp(src, lane, at, out);
			count(lane, at, out);
		}
		/* a frame in hand is given out; that its file cannot be rewound shows next time */
		int turned = again(src, lane);
		if (taut_source_deadline(src) == INT64_MAX)
			src->ended = true;
		if (rc == TAUT_OK)
			return (int)lane->track->kind;
		if (turned < 0)
			return end(src, turned);
	}
}

int taut_source_encoder_stats(const taut_source *src, taut_time now, uint32_t kind,
			      struct taut_codec_stats *out)
{
	for (size_t i = 0; i < src->count; i++) {
		const struct lane *lane = &src->lanes[i];
		struct taut_codec_stats did = lane->track->did;
		if (lane->track->kind != kind)
			continue;
		did.frames = lane->frames;
		did.key_frames = lane->key_frames;
		did.frames_per_second = tt_rate_of(&lane->rate, now);
		did.implementation = kind == TAUT_AUDIO ? "libopus" : "libvpx";
		return tt_media_give(out, &did, sizeof did);
	}
	return TAUT_E_INVAL;
}

void taut_source_request_key_frame(taut_source *src)
{
	src->key_wanted = true;
}

int taut_source_set_bitrate(taut_source *src, uint32_t kind, uint32_t bitrate)
{
	for (size_t i = 0; i < src->count; i++) {
		struct tt_track *t = src->lanes[i].track;

		if (t->kind == kind)
			return t->ops->set_bitrate ? t->ops->set_bitrate(t, bitrate) : TAUT_OK;
	}
	return TAUT_E_INVAL;
}
