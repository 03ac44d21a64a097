/* media_track_ogg.c - the Opus packets of an Ogg file, unchanged.
 *
 * They are decoded on the way out, for the audio level only (RFC 6464). */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "media/media_ogg.h"
#include "media/media_track.h"

/* 120 ms at 510 kbit/s have half of it. */
#define MAX_PACKET 16384

struct ogg {
	struct tt_track track;
	struct tt_ogg_reader reader;
	taut_opus_decoder *dec;
	int have; /* what the reader said of the packet kept in `next` */
	struct taut_media_error broken;
	uint64_t samples; /* at 48 kHz, before that packet and in it */
	uint32_t in_next;
	size_t len;
	uint8_t next[MAX_PACKET], lent[MAX_PACKET];
};

static taut_time time_of(uint64_t samples) /* 48 are a millisecond */
{
	return (taut_time)(samples / 48 * 1000 + samples % 48 * 1000 / 48);
}

static void read_ahead(struct ogg *o)
{
	struct tt_ogg_packet p;

	o->have = tt_ogg_next(&o->reader, &p, &o->broken);
	if (o->have > 0 && p.len > MAX_PACKET)
		o->have =
			tt_file_broken(&o->reader.file, &o->broken, "a packet of %zu bytes", p.len);
	if (o->have > 0) {
		memcpy(o->next, p.data, p.len);
		o->len = p.len;
		o->in_next = p.samples;
		o->track.due = time_of(o->samples);
	} else if (o->have == 0) {
		o->track.end = time_of(o->samples);
		o->track.due = TT_TRACK_END;
	}
}

static int ogg_take(struct tt_track *t, bool key_frame, struct taut_frame *out,
		    struct taut_media_error *error)
{
	struct ogg *o = (struct ogg *)t;
	struct taut_pcm pcm;

	(void)key_frame;
	if (o->have < 0)
		return tt_media_fail(error, o->have, "%s", o->broken.text);
	memcpy(o->lent, o->next, o->len);
	*out = (struct taut_frame){
		.size = sizeof *out, .flags = TAUT_FRAME_KEY, .data = o->lent, .len = o->len
	};
	if (taut_opus_decode(o->dec, o->lent, o->len, 0, &pcm) == TAUT_OK) {
		out->audio_level = taut_pcm_audio_level(&pcm);
		out->flags |=
			TAUT_FRAME_AUDIO_LEVEL | (out->audio_level < 60 ? TAUT_FRAME_VOICE : 0);
	}
	o->samples += o->in_next;
	read_ahead(o);
	return TAUT_OK;
}

static int begin(struct ogg *o, struct taut_media_error *error)
{
	o->samples = 0;
	read_ahead(o);
	if (o->have < 0)
		return tt_media_fail(error, o->have, "%s", o->broken.text);
	if (o->have == 0)
		return tt_file_broken(&o->reader.file, error, "there is no packet in it");
	return TAUT_OK;
}

static int ogg_rewind(struct tt_track *t, struct taut_media_error *error)
{
	struct ogg *o = (struct ogg *)t;

	if (!tt_ogg_rewind(&o->reader))
		return tt_media_fail(error, TAUT_E_IO, "%s: cannot be read again",
				     o->reader.file.name);
	return begin(o, error);
}

static void ogg_free(struct tt_track *t)
{
	struct ogg *o = (struct ogg *)t;

	tt_ogg_close(&o->reader);
	taut_opus_decoder_free(o->dec);
	free(o);
}

int tt_track_ogg(struct tt_track **out, const struct taut_source_config *cfg,
		 struct taut_media_error *error)
{
	static const struct tt_track_ops ops = { .take = ogg_take,
						 .rewind = ogg_rewind,
						 .free = ogg_free };
	struct ogg *o = calloc(1, sizeof *o);

	if (!o)
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", cfg->name);
	o->track = (struct tt_track){ .ops = &ops, .kind = TAUT_AUDIO };
	int rc = tt_ogg_open(&o->reader, cfg->name, error);
	if (rc == TAUT_OK && taut_opus_decoder_new(&o->dec, 2) != TAUT_OK)
		rc = tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", cfg->name);
	if (rc == TAUT_OK)
		rc = begin(o, error);
	if (rc != TAUT_OK) {
		ogg_free(&o->track);
		return rc;
	}
	*out = &o->track;
	return TAUT_OK;
}
