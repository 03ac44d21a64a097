/* call_layers.c - simulcast in a call: the test card in three sizes, and what comes in several. */
#include <stdlib.h>
#include <string.h>

#include "cli/call_peer.h"
#include "taut/stats.h"

/* The largest first: whoever takes one of them gets that. */
static const struct {
	const char *rid;
	uint32_t scale;
} layers[CALL_LAYERS] = { { "f", 1 }, { "h", 2 }, { "q", 4 } };

size_t call_encodings(const struct call *c, struct taut_rtp_encoding all[CALL_LAYERS])
{
	for (size_t i = 0; i < CALL_LAYERS; i++)
		all[i] = (struct taut_rtp_encoding){ .size = sizeof all[0],
						     .rid = layers[i].rid,
						     .active = 1,
						     .scale_resolution_down_by = layers[i].scale };
	return c->cfg.simulcast && c->cfg.send_count > 0 ? CALL_LAYERS : 0;
}

/* The smallest first, as webrtc-pc section 4.4.1.5 sizes them. */
const char *const call_wanted[CALL_LAYERS] = { "lo", "mid", "hi" };

int call_open_layers(struct call *c, struct taut_media_error *error)
{
	for (size_t i = 1; i < CALL_LAYERS; i++) {
		const uint32_t scale = layers[i].scale;
		const struct taut_source_config cfg = {
			.size = sizeof cfg,
			.name = "test",
			.kinds = TAUT_VIDEO,
			.width = (c->cfg.width ? c->cfg.width : 640) / scale,
			.height = (c->cfg.height ? c->cfg.height : 480) / scale,
			.fps = c->cfg.fps,
			.video_bitrate = (c->cfg.bitrate ? c->cfg.bitrate : 500000) / scale,
		};
		const int err = taut_source_open(&c->sources[c->source_count], &cfg, error);
		if (err)
			return err;
		c->scales[c->source_count++] = scale;
	}
	return TAUT_OK;
}

bool call_takes(struct call_peer *p, uint32_t scale, const char **rid)
{
	struct taut_rtp_parameters s = { .size = sizeof s };

	if (!p->video || taut_pc_get_sender_parameters(p->pc, p->video, &s) != TAUT_OK)
		return false;
	for (size_t i = 0; i < s.encoding_count; i++)
		if (s.encodings[i].scale_resolution_down_by == scale) {
			*rid = s.encodings[i].rid;
			return true;
		}
	return false;
}

/* ---- what comes ---- */

static struct call_layer *layer_of(struct call_peer *p, const char *rid)
{
	struct taut_sink_config cfg = { .size = sizeof cfg, .clock = call_clock };
	char dir[700];

	for (size_t i = 0; i < p->layer_count; i++)
		if (strcmp(p->layers[i].rid, rid) == 0)
			return &p->layers[i];
	if (p->layer_count == CALL_MAX_LAYERS)
		return NULL;
	if (p->call->cfg.save) {
		snprintf(dir, sizeof dir, "%s/%s", p->call->save_dir, rid);
		cfg.dir = dir;
	}
	struct call_layer *l = &p->layers[p->layer_count];
	struct taut_media_error error = { 0 };
	if (taut_sink_new(&l->sink, &cfg, &error) != TAUT_OK) {
		call_say(p, "not saved", error.text);
		return NULL;
	}
	snprintf(l->rid, sizeof l->rid, "%s", rid);
	p->layer_count++;
	return l;
}

void call_layer_frame(struct call_peer *p, const struct taut_event *ev)
{
	const taut_time now = taut_loop_now(p->call->loop);
	struct call_layer *l = layer_of(p, ev->frame->rid);

	if (!l)
		return;
	taut_sink_frame(l->sink, now, TAUT_VIDEO, ev->frame);
	const struct taut_sink_stats *s = taut_sink_stats(l->sink);
	if (!l->seen && s->first_video) {
		char size[60];
		l->seen = true;
		snprintf(size, sizeof size, "%u x %u, encoding %s", (unsigned)s->width,
			 (unsigned)s->height, l->rid);
		call_first_frame(p, size);
	}
	if (taut_sink_wants_key_frame(l->sink, now))
		taut_pc_request_key_frame_of(p->pc, now, ev->transceiver, l->rid);
}

void call_layers_update(struct call_peer *p)
{
	p->last.encoding_count = p->layer_count;
	for (size_t i = 0; i < p->layer_count; i++) {
		const struct taut_sink_stats *s = taut_sink_stats(p->layers[i].sink);
		struct call_encoding *e = &p->last.encodings[i];
		snprintf(e->rid, sizeof e->rid, "%s", p->layers[i].rid);
		e->width = s->width;
		e->height = s->height;
		e->frames_decoded = s->video_frames;
		e->card_frames = s->card_frames;
		e->card_missing = s->card_missing;
		p->last.frames_decoded += s->video_frames;
		p->last.card_frames += s->card_frames;
		p->last.card_in_order += s->card_in_order;
		p->last.card_missing += s->card_missing;
	}
}

void call_layers_dump(struct call_peer *p)
{
	const taut_time now = taut_loop_now(p->call->loop);

	for (size_t i = 0; i < p->layer_count; i++) {
		struct taut_codec_stats did = { .size = sizeof did };
		if (taut_sink_decoder_stats(p->layers[i].sink, now, TAUT_VIDEO, &did) != TAUT_OK)
			continue;
		did.rid = p->layers[i].rid;
		taut_pc_set_decoder_stats(p->pc, p->video, &did);
	}
}

void call_layers_close(struct call_peer *p)
{
	struct taut_media_error error = { 0 };

	for (size_t i = 0; i < p->layer_count; i++)
		if (taut_sink_close(p->layers[i].sink, &error) != TAUT_OK)
			call_say(p, "not saved", error.text);
	p->layer_count = 0;
}
