/* rtp_world.h - two RTP sessions and a link: an encoder at each end, checked at the other.
 *
 * Frames are made of their counter, so that the receiver knows each byte. Video
 * of agent a goes to agent 1 - a as stream 2, audio as stream 1. The encoder
 * makes a key frame first and whenever one is wanted. */
#ifndef TAUT_TEST_RTP_WORLD_H
#define TAUT_TEST_RTP_WORLD_H

#include "base/num.h"
#include "rtcp/rtp_session_int.h"
#include "support/sim.h"
#include "unit/rtp/rtp_support.h"

enum { AUDIO = 1, VIDEO = 2, VIDEO_EVERY = 33000, AUDIO_EVERY = 20000, MAX_FRAME = 110000 };

struct end {
	struct tt_rtp_session *s;
	bool sends_video, sends_audio, key_next;
	taut_time video_at, audio_at;
	uint32_t video_count, audio_count; /* made so far */
	uint32_t video_ts, audio_ts;       /* of the first frame */
	size_t video_size;                 /* of a delta frame; key frames are four times that */
	unsigned keys_made, keys_wanted;
	/* what came in */
	uint32_t last_video, last_audio;   /* counter + 1 */
	unsigned video_frames, video_keys, video_losses, audio_frames, audio_lost, started, byes;
	taut_time last_video_at, worst_delay;
	int64_t worst_capture; /* error of the capture time */
	unsigned levels;
};

struct world {
	struct sim sim;
	struct end end[2];
	taut_time stop_media;
	unsigned rtp_sent[2], rtcp_sent[2], nacks[2];
	void (*on_packet)(struct world *w, int from, bool rtcp, uint8_t *pkt, size_t *len);
};

/* VP8 enough for a payload: the key frame bit, the start code, then bytes made of the counter. */
static inline size_t world_video(uint8_t *out, uint32_t counter, bool key, size_t size)
{
	uint32_t x = counter * 2654435761u + 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		out[i] = (uint8_t)(x >> 24);
	}
	memcpy(out, key ? "\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" : "\x11\x02\x00\x00\x00\x00\x00\x00\x00\x00", 10);
	for (int i = 0; i < 4; i++)
		out[10 + i] = (uint8_t)(counter >> 8 * i);
	return size;
}

static inline uint32_t world_counter(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void world_make_video(struct world *w, struct end *e)
{
	static uint8_t buf[MAX_FRAME];
	bool key = e->video_count == 0 || e->key_next;
	size_t size = tt_min(MAX_FRAME, (e->video_size + e->video_count % 7 * 100) * (key ? 4 : 1));
	const struct taut_frame f = {
		.size = sizeof f, .data = buf, .len = world_video(buf, e->video_count, key, size),
		.rtp_timestamp = e->video_ts + e->video_count * 2970, .captured = w->sim.now,
		.flags = key ? TAUT_FRAME_KEY : 0,
	};

	if (tt_rtp_session_send_frame(e->s, w->sim.now, VIDEO, &f) == TAUT_OK) {
		e->video_count++;
		e->keys_made += key;
		e->key_next = false;
	}
	e->video_at += VIDEO_EVERY;
}

static inline void world_make_audio(struct world *w, struct end *e)
{
	uint8_t buf[84] = { 0x78 };
	const struct taut_frame f = {
		.size = sizeof f, .data = buf, .len = 40 + e->audio_count % 40,
		.rtp_timestamp = e->audio_ts + e->audio_count * 960, .captured = w->sim.now,
		.flags = TAUT_FRAME_AUDIO_LEVEL | TAUT_FRAME_VOICE, .audio_level = (uint8_t)(e->audio_count % 128),
	};

	for (int i = 0; i < 4; i++)
		buf[1 + i] = (uint8_t)(e->audio_count >> 8 * i);
	assert_int_equal(tt_rtp_session_send_frame(e->s, w->sim.now, AUDIO, &f), TAUT_OK);
	e->audio_count++;
	e->audio_at += AUDIO_EVERY;
}

/* Every frame that is delivered is whole, newer than the last one, and decodable. */
static inline void world_take_video(struct world *w, struct end *e, const struct taut_frame *f)
{
	static uint8_t want[MAX_FRAME];

	assert_in_range(f->len, 14, MAX_FRAME);
	uint32_t n = world_counter((const uint8_t *)f->data + 10);
	bool key = f->flags & TAUT_FRAME_KEY;

	world_video(want, n, key, f->len);
	assert_memory_equal(want, f->data, f->len);
	assert_true(n + 1 > e->last_video || e->last_video == 0);
	if (n != e->last_video) {
		assert_true(key);
		e->video_losses++;
		assert_true((f->flags & TAUT_FRAME_AFTER_LOSS) || e->last_video == 0);
	}
	e->last_video = n + 1;
	e->video_frames++;
	e->video_keys += key;
	e->last_video_at = w->sim.now;
	const struct end *from = &w->end[e == &w->end[0]];
	taut_time made = from->video_at - (taut_time)(from->video_count - n) * VIDEO_EVERY;

	e->worst_delay = tt_max64(e->worst_delay, w->sim.now - made);
	if (f->captured && w->sim.now > 4000000)
		e->worst_capture = tt_max64(e->worst_capture, f->captured > made ? f->captured - made : made - f->captured);
}

static inline void world_take_audio(struct end *e, const struct taut_frame *f)
{
	uint32_t n = world_counter((const uint8_t *)f->data + 1);

	assert_int_equal(f->len, 40 + n % 40);
	assert_true(n >= e->last_audio);
	if (e->audio_frames > 0)
		assert_int_equal(f->frame_count_lost, n - e->last_audio);
	e->audio_lost += f->frame_count_lost;
	e->last_audio = n + 1;
	e->audio_frames++;
	if (f->flags & TAUT_FRAME_AUDIO_LEVEL) {
		assert_int_equal(f->audio_level, n % 128);
		assert_true(f->flags & TAUT_FRAME_VOICE);
		e->levels++;
	}
}

static inline void world_events(struct world *w, struct end *e)
{
	const struct tt_rtp_event *ev;

	while ((ev = tt_rtp_session_poll_event(e->s))) {
		if (ev->type == TT_RTP_EV_FRAME && ev->stream == VIDEO)
			world_take_video(w, e, ev->frame);
		else if (ev->type == TT_RTP_EV_FRAME)
			world_take_audio(e, ev->frame);
		else if (ev->type == TT_RTP_EV_KEY_FRAME_WANTED)
			e->key_next = ++e->keys_wanted > 0;
		else if (ev->type == TT_RTP_EV_TRACK_STARTED)
			e->started++;
		else if (ev->type == TT_RTP_EV_BYE)
			e->byes++;
	}
}

static inline void world_flush(struct world *w, int from)
{
	uint8_t buf[1 + TT_RTP_PACKET_ROOM];
	bool rtcp;
	size_t len;
	unsigned packets = 0;

	while ((len = tt_rtp_session_poll_send(w->end[from].s, w->sim.now, buf + 1, TT_RTP_PACKET_ROOM, &rtcp)) > 0) {
		assert_true(len <= 1168);
		assert_true(++packets < 1000); /* polls end */
		assert_int_equal(tt_rtp_is_rtcp(buf + 1, len), rtcp);
		if (rtcp)
			assert_int_equal(tt_rtcp_check(buf + 1, len), TT_TAKEN);
		(rtcp ? w->rtcp_sent : w->rtp_sent)[from]++;
		if (w->on_packet)
			w->on_packet(w, from, rtcp, buf + 1, &len);
		buf[0] = rtcp;
		if (len > 0)
			sim_send(&w->sim, 1 - from, buf, len + 1, NULL, NULL);
	}
}

static inline void world_step(struct world *w)
{
	struct sim_packet *p;

	while ((p = sim_take(&w->sim))) {
		/* exact size, so that the sanitizer sees one byte too many */
		uint8_t *copy = malloc(p->len);

		memcpy(copy, p->data + 1, p->len - 1);
		if (p->data[0])
			tt_rtp_session_recv_rtcp(w->end[p->to].s, w->sim.now, 0, copy, p->len - 1);
		else
			tt_rtp_session_recv_rtp(w->end[p->to].s, w->sim.now, 0, 0, copy,
						p->len - 1);
		free(copy);
		free(p);
	}
	for (int i = 0; i < 2; i++) {
		struct end *e = &w->end[i];

		tt_rtp_session_tick(e->s, w->sim.now);
		world_events(w, e);
		if (e->sends_video && w->sim.now >= e->video_at && w->sim.now < w->stop_media)
			world_make_video(w, e);
		if (e->sends_audio && w->sim.now >= e->audio_at && w->sim.now < w->stop_media)
			world_make_audio(w, e);
		world_flush(w, i);
		world_events(w, e);
		world_flush(w, i);
		/* no timer spins: all that was due is done */
		const char *why = NULL;
		taut_time at = tt_rtp_session_deadline(e->s, &why);

		if (at <= w->sim.now)
			fail_msg("deadline %lld at %lld for: %s", (long long)at, (long long)w->sim.now, why);
	}
}

static inline void world_run(struct world *w, taut_time span)
{
	taut_time end = w->sim.now + span;

	for (;;) {
		taut_time next = sim_next(&w->sim);

		for (int i = 0; i < 2; i++) {
			next = tt_min64(next, tt_rtp_session_deadline(w->end[i].s, NULL));
			if (w->end[i].sends_video && w->end[i].video_at < w->stop_media)
				next = tt_min64(next, w->end[i].video_at);
			if (w->end[i].sends_audio && w->end[i].audio_at < w->stop_media)
				next = tt_min64(next, w->end[i].audio_at);
		}
		if (next > end)
			break;
		w->sim.now = tt_max64(w->sim.now, next);
		world_step(w);
	}
	w->sim.now = end;
}

struct world_opts {
	bool no_nack, unsignalled, no_mid, rsize;
	uint32_t first_sequence;
	size_t video_size;
};

static inline void world_streams(struct world *w, int i, const struct world_opts *o)
{
	static const struct tt_rtp_payload audio[] = { { .pt = 111, .codec = TT_RTP_CODEC_OPUS, .clock_rate = 48000 } };
	static const struct tt_rtp_payload video[] = {
		{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
		{ .pt = 97, .apt = 96 },
	};
	const struct tt_rtp_ext_ids ext = { .mid = o->no_mid ? 0 : 4, .transport_cc = 3, .abs_send_time = 2,
		                            .audio_level = 1 };
	const uint32_t base = i == 0 ? 1000 : 2000, other = i == 0 ? 2000 : 1000;
	struct tt_rtp_session *s = w->end[i].s;
	taut_time now = w->sim.now;

	tt_rtp_session_set_reduced_size(s, o->rsize);
	assert_int_equal(tt_rtp_session_set_sender(s, now, &(struct tt_rtp_sender_config){
		.stream = AUDIO, .kind = TAUT_AUDIO, .codec = TT_RTP_CODEC_OPUS, .clock_rate = 48000,
		.mid = "0", .ssrc = base + 1, .payload_type = 111, .ext = ext }), TAUT_OK);
	assert_int_equal(tt_rtp_session_set_sender(s, now, &(struct tt_rtp_sender_config){
		.stream = VIDEO, .kind = TAUT_VIDEO, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000,
		.mid = "1", .ssrc = base + 2, .rtx_ssrc = o->no_nack ? 0 : base + 3, .payload_type = 96,
		.rtx_payload_type = o->no_nack ? 0 : 97, .nack = !o->no_nack, .ext = ext }), TAUT_OK);
	assert_int_equal(tt_rtp_session_set_receiver(s, now, &(struct tt_rtp_receiver_config){
		.stream = AUDIO, .kind = TAUT_AUDIO, .mid = "0", .ssrc = o->unsignalled ? 0 : other + 1,
		.payloads = audio, .payload_count = 1, .transport_cc = true, .ext = ext }), TAUT_OK);
	assert_int_equal(tt_rtp_session_set_receiver(s, now, &(struct tt_rtp_receiver_config){
		.stream = VIDEO, .kind = TAUT_VIDEO, .mid = "1", .ssrc = o->unsignalled ? 0 : other + 2,
		.rtx_ssrc = o->unsignalled ? 0 : other + 3, .payloads = video, .payload_count = 2,
		.nack = !o->no_nack, .pli = true, .transport_cc = true, .ext = ext }), TAUT_OK);
}

/* Agent 0 sends sound and picture; agent 1 does when `both`. */
static inline void world_init(struct world *w, uint64_t seed, const struct sim_link *link,
                              const struct world_opts *opts, bool both)
{
	static const struct world_opts none;
	const struct world_opts *o = opts ? opts : &none;

	memset(w, 0, sizeof *w);
	sim_init(&w->sim, seed, link);
	w->stop_media = INT64_MAX;
	w->sim.env[1].wall_unix_us += 3600000000; /* the other end's clock is an hour off */
	for (int i = 0; i < 2; i++) {
		struct end *e = &w->end[i];
		const struct tt_rtp_session_config cfg = { .first_sequence = o->first_sequence };

		assert_int_equal(tt_rtp_session_new(&e->s, &w->sim.env[i], &cfg, w->sim.now), TAUT_OK);
		world_streams(w, i, o);
		e->sends_video = e->sends_audio = both || i == 0;
		e->video_size = o->video_size ? o->video_size : 3000;
		e->video_at = w->sim.now + 1000;
		e->audio_at = w->sim.now + 500;
	}
}

static inline void world_free(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		tt_rtp_session_free(w->end[i].s);
		assert_int_equal(w->sim.env[i].memory, 0);
	}
	sim_free(&w->sim);
}

#endif
