/* call_sources.c - what a call sends: each source is encoded once and goes to all its peers. */
#include "cli/call_peer.h"
#include "cli/call_report.h"
#include "taut/stats.h"

uint32_t call_kinds(const struct call *c)
{
	uint32_t kinds = c->cfg.echo ? TAUT_AUDIO | TAUT_VIDEO : 0;

	for (size_t i = 0; i < c->source_count; i++)
		kinds |= taut_source_kinds(c->sources[i]);
	return kinds;
}

static void send_to_all(struct call *c, uint32_t kind, uint32_t scale, struct taut_frame *frame)
{
	taut_time now = taut_loop_now(c->loop);

	for (size_t i = 0; i < c->peer_count; i++) {
		struct call_peer *p = c->peers[i];
		taut_transceiver t = kind == TAUT_AUDIO ? p->audio : p->video;
		frame->rid = NULL;
		if (c->cfg.simulcast && kind == TAUT_VIDEO && !call_takes(p, scale, &frame->rid))
			continue;
		/* Not connected yet, or nobody wants it: that is no mistake here. */
		if (p->connected && t && taut_pc_send_frame(p->pc, now, t, frame) == TAUT_E_LIMIT)
			call_key_frame(c);
	}
}

static const uint32_t kinds[] = { TAUT_AUDIO, TAUT_VIDEO };

void call_take_encoders(struct call_peer *p, taut_time now)
{
	for (size_t i = 0; i < 2 * p->call->source_count; i++) {
		p->encoded[i] = (struct taut_codec_stats){ .size = sizeof p->encoded[i] };
		(void)taut_source_encoder_stats(p->call->sources[i / 2], now, kinds[i % 2],
						&p->encoded[i]);
	}
}

/* A source goes to all peers, and began before some of them. */
static void take_away(struct taut_codec_stats *did, const struct taut_codec_stats *before)
{
	did->frames -= before->frames;
	did->key_frames -= before->key_frames;
	did->time -= before->time;
	did->qp_sum -= before->qp_sum;
	did->total_encoded_bytes_target -= before->total_encoded_bytes_target;
	did->huge_frames -= before->huge_frames;
}

void call_tell_encoders(struct call_peer *p, taut_time now)
{
	const struct call *c = p->call;

	for (size_t i = 0; i < 2 * c->source_count; i++) {
		const uint32_t kind = kinds[i % 2];
		const taut_transceiver t = kind == TAUT_AUDIO ? p->audio : p->video;
		struct taut_codec_stats did = { .size = sizeof did };
		if (!t || taut_source_encoder_stats(c->sources[i / 2], now, kind, &did) != TAUT_OK)
			continue;
		take_away(&did, &p->encoded[i]);
		if (!c->cfg.simulcast || kind == TAUT_AUDIO ||
		    call_takes(p, c->scales[i / 2], &did.rid))
			taut_pc_set_encoder_stats(p->pc, t, &did);
	}
}

static void pump_sources(void *arg);

static void schedule(struct call *c)
{
	taut_time next = INT64_MAX, now = taut_loop_now(c->loop);
	bool ended = c->source_count > 0;

	for (size_t i = 0; i < c->source_count; i++) {
		taut_time at = taut_source_deadline(c->sources[i]);
		next = at < next ? at : next;
		ended = ended && taut_source_ended(c->sources[i]);
	}
	c->timer = 0;
	if (next != INT64_MAX)
		c->timer = taut_loop_after(c->loop, next > now ? next - now : 0, pump_sources, c);
	else if (ended && c->cfg.ended)
		c->cfg.ended(c->cfg.user);
}

static void pump_sources(void *arg)
{
	struct call *c = arg;
	struct taut_frame frame = { .size = sizeof frame };
	int kind;

	for (size_t i = 0; i < c->source_count; i++) {
		while ((kind = taut_source_poll(c->sources[i], taut_loop_now(c->loop), &frame)) > 0)
			send_to_all(c, (uint32_t)kind, c->scales[i], &frame);
		if (kind < 0)
			call_report(c->cfg.out, c->cfg.json, c->cfg.name, -1, "source ended",
				    taut_source_error(c->sources[i])->text, NULL);
	}
	schedule(c);
}

/* The first pictures are encoded on the loop; what ends the handshakes leaves before that. */
enum { HEAD_START = 10000 };

void call_start_sources(struct call *c)
{
	if (c->started)
		return;
	c->started = true;
	for (size_t i = 0; i < c->source_count; i++)
		taut_source_start(c->sources[i], taut_loop_now(c->loop) + HEAD_START);
	schedule(c);
}

void call_key_frame(struct call *c)
{
	for (size_t i = 0; i < c->source_count; i++)
		taut_source_request_key_frame(c->sources[i]);
}

int call_open_sources(struct call *c)
{
	struct taut_media_error error = { 0 };
	int err = TAUT_OK;

	for (size_t i = 0; !err && i < c->cfg.send_count; i++) {
		const struct taut_source_config cfg = {
			.size = sizeof cfg,
			.name = c->cfg.send[i],
			.width = c->cfg.width,
			.height = c->cfg.height,
			.fps = c->cfg.fps,
			.video_bitrate = c->cfg.bitrate,
			.loop = c->cfg.loop_files,
		};
		err = taut_source_open(&c->sources[i], &cfg, &error);
		c->source_count += err == TAUT_OK;
		c->scales[i] = 1;
	}
	if (!err && c->cfg.simulcast && c->cfg.send_count > 0)
		err = call_open_layers(c, &error);
	if (!err)
		return TAUT_OK;
	fprintf(stderr, "taut: %s\n", error.text);
	return TAUT_E_IO;
}
