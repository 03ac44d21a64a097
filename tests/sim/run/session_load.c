/* session_load.c - what a session carries: synthetic frames and messages, and how they are checked.
 *
 * Each frame and message is a number and a pattern made of it, so that whoever
 * receives it can tell whether it is whole, and which one it is. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "run/session_int.h"

enum {
	VIDEO_EVERY = 3,
	MESSAGES_EVERY = 10,
	RECOVERY = 10000000, /* of which media is sent behind a fault */
	SILENCE = 2000000,
	LARGEST = 65536,
	SOUND_BYTES = 40
};

/* ---- media ---- */

/* A VP8 frame begins with a tag whose lowest bit is 0 for a key frame (RFC 6386 section 9.1). */
static void fill_frame(uint8_t *f, size_t len, uint32_t number, bool key)
{
	for (size_t i = 0; i < len; i++)
		f[i] = (uint8_t)(number * 31 + i * 7 + (i >> 8));
	f[0] = key ? 0x10 : 0x11;
	if (key)
		memcpy(f + 3, (const uint8_t[]){ 0x9d, 0x01, 0x2a, 64, 1, 240, 0 }, 7);
	memcpy(f + 10, &number, 4);
}

/* What goes out before the other end has its keys is held there, up to a bound; it does not count. */
static bool heard(const struct side *a)
{
	return a->s->sides[1 - a->index].connected;
}

static void send_video(struct side *a, uint32_t timestamp)
{
	uint8_t data[8192];
	struct taut_frame f = { .size = sizeof f,
				.data = data,
				.len = a->s->plan.profile->video_bytes,
				.rtp_timestamp = timestamp,
				.captured = a->s->world->now,
				.flags = a->key_wanted ? TAUT_FRAME_KEY : 0 };

	fill_frame(data, f.len, a->video_number, a->key_wanted);
	if (taut_pc_send_frame(a->peer.pc, a->s->world->now, a->tracks[1], &f) != TAUT_OK)
		return;
	a->key_wanted = false;
	a->video_out_at = a->s->world->now;
	a->video_number++;
	a->video_sent += heard(a);
}

/* As Opus begins: a TOC octet of CELT, 20 ms. */
static void fill_sound(uint8_t f[SOUND_BYTES], uint32_t number)
{
	for (size_t i = 0; i < SOUND_BYTES; i++)
		f[i] = (uint8_t)(number * 29 + i * 5);
	f[0] = 0x78;
	memcpy(f + 1, &number, 4);
}

static void send_sound(struct side *a, uint32_t timestamp)
{
	uint8_t data[SOUND_BYTES];
	struct taut_frame f = { .size = sizeof f,
				.data = data,
				.len = sizeof data,
				.rtp_timestamp = timestamp,
				.captured = a->s->world->now };

	fill_sound(data, a->audio_number);
	if (taut_pc_send_frame(a->peer.pc, a->s->world->now, a->tracks[0], &f) != TAUT_OK)
		return;
	a->audio_out_at = a->s->world->now;
	a->audio_number++;
	a->audio_sent += heard(a);
}

static void media_tick(void *arg, uint64_t n)
{
	struct side *a = arg;
	const struct plan *plan = &a->s->plan;
	const uint32_t start = plan->near_wrap ? UINT32_MAX - 100000 : 0;

	if (!a->peer.pc || a->s->hung_up || a->ended)
		return;
	if (a->s->world->now < a->peer.asleep_until) { /* and so does its camera */
		world_at(a->s->world, a->peer.asleep_until, media_tick, a, n);
		return;
	}
	a->tick_at = a->s->world->now;
	send_sound(a, start + (uint32_t)n * 960);
	if (n % VIDEO_EVERY == 0)
		send_video(a, start + (uint32_t)n * 1800);
	a->ticks++;
	if (n % MESSAGES_EVERY == 0)
		session_send_messages(a);
	world_at(a->s->world, a->s->world->now + TICK, media_tick, a, n + 1);
	world_peer_pump(&a->peer);
}

void session_start_media(struct side *a)
{
	a->key_wanted = true;
	world_at(a->s->world, a->s->world->now + TICK, media_tick, a, 0);
}

static void video_came(struct side *a, const struct taut_frame *f)
{
	uint8_t want[8192];
	uint32_t number = 0;
	bool key = f->flags & TAUT_FRAME_KEY;

	a->video_received++;
	if (f->len != a->s->plan.profile->video_bytes) {
		a->broken++;
		return;
	}
	memcpy(&number, (const uint8_t *)f->data + 10, 4);
	fill_frame(want, f->len, number, key);
	a->broken += memcmp(want, f->data, f->len) != 0;
	/* After a gap only a key frame may come. */
	if (a->video_received > 1 && number != a->last_video + 1 && !key)
		a->broken++;
	a->last_video = number;
	a->last_video_at = a->s->world->now;
}

/* Each comes whole, once, and in order. */
static void sound_came(struct side *a, const struct taut_frame *f)
{
	uint8_t want[SOUND_BYTES];
	uint32_t number = 0;

	a->audio_received++;
	a->last_audio_at = a->s->world->now;
	if (f->len != SOUND_BYTES) {
		a->broken_sounds++;
		return;
	}
	memcpy(&number, (const uint8_t *)f->data + 1, 4);
	fill_sound(want, number);
	a->broken_sounds += memcmp(want, f->data, f->len) != 0 ||
			    (a->audio_received > 1 && (int32_t)(number - a->last_sound) <= 0);
	a->last_sound = number;
}

void session_frame(struct side *a, const struct taut_frame *f)
{
	if (f->codec && strcmp(f->codec->mime, "video/VP8") == 0)
		video_came(a, f);
	else
		sound_came(a, f);
}

/* ---- messages ---- */

/* Long enough to see a call go on after whatever happens in its middle. */
static unsigned ticks(const struct plan *p)
{
	taut_time more = p->outage + (p->fault == FAULT_NONE ? 0 : RECOVERY);

	if (p->fault != FAULT_NONE && p->fault != FAULT_NAP) /* of which neither hears the clock */
		more += p->fault_time;
	return MEDIA_TICKS + (unsigned)(more / TICK);
}

static size_t message_size(const struct side *a, uint32_t number)
{
	if (a->s->scenario)
		return a->wanted_size;
	struct world_random r =
		world_stream(a->s->plan.seed, 10000 + number * 2 + (unsigned)a->index);
	size_t most = number == 3 ? LARGEST : number % 5 == 0 ? 16384 : 1400;
	size_t len = 8 + (size_t)world_draw(&r) % (most - 8);

	return tt_min(len, MESSAGE_BYTES - a->bytes_out);
}

static void fill_message(uint8_t *data, size_t len, uint32_t number, unsigned from)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(number * 37 + from * 101 + i * 11 + (i >> 8));
}

/* All at once to measure the path; over the whole call where something happens in the middle. */
static size_t due(const struct side *a)
{
	const struct plan *p = &a->s->plan;

	if (a->s->scenario)
		return a->messages_out < a->wanted ? SIZE_MAX : 0;
	size_t whole = ticks(p) - MESSAGES_EVERY;

	if (!p->restarts && p->outage == 0 && p->fault == FAULT_NONE)
		return MESSAGE_BYTES;
	return tt_min(MESSAGE_BYTES, (a->ticks + 1) * (size_t)MESSAGE_BYTES / whole);
}

void session_send_messages(struct side *a)
{
	static const int binary = 1;
	uint8_t data[LARGEST];

	while (a->channel && a->bytes_out < due(a)) {
		size_t len = message_size(a, a->messages_out);
		fill_message(data, len, a->messages_out, (unsigned)a->index);
		int err = taut_pc_send_message(a->peer.pc, a->s->world->now, a->channel, binary,
					       data, len);
		if (err != TAUT_OK) {
			if (err != TAUT_E_AGAIN)
				world_fail(a->s->world, "%s: send_message gives %d",
					   a->peer.cfg.name, err);
			return;
		}
		a->bytes_out += len;
		a->messages_out++;
	}
}

/* The channel is ordered and reliable: each one comes whole, in turn. */
void session_message(struct side *a, const struct taut_event *ev)
{
	uint8_t want[LARGEST];

	if (ev->len <= LARGEST)
		fill_message(want, ev->len, a->messages_in, 1 - (unsigned)a->index);
	if (ev->len > LARGEST || memcmp(want, ev->data, ev->len) != 0)
		world_fail(a->s->world, "%s: message %u of %zu bytes is not what was sent",
			   a->peer.cfg.name, a->messages_in, ev->len);
	a->messages_in++;
	a->bytes_in += ev->len;
	a->last_in = a->s->world->now;
}

/* ---- all of it ---- */

bool session_loaded(const struct session *s)
{
	for (int i = 0; i < 2; i++)
		if (s->sides[i].ticks < ticks(&s->plan) || s->sides[i].bytes_in < MESSAGE_BYTES)
			return false;
	return true;
}

/* How long media may stay away when an outage or a fault is over, beside the profile's own share and three round trips (an
 * offer, its answer, a check and its nomination): in 3,600 sessions at the most ... */
static const taut_time recovery[] = {
	[FAULT_NONE] = SECOND,        /* 0.2 s */
	[FAULT_REBIND] = 12 * SECOND, /* 11.3 s: it is noticed, ICE restarts, a key frame is asked for */
	[FAULT_ROAM] = 4 * SECOND,    /* 1.7 s */
	[FAULT_ONE_WAY] = 2 * SECOND, /* 0.7 s */
	[FAULT_STALL] = SECOND,       /* none: its packets wait */
	[FAULT_NAP] = 4 * SECOND,     /* 1.2 s: consent is over at once, ICE restarts */
};

/* For so long nothing need come: a rebinding takes no time, and who naps sends nothing. Of what is sent to one that stalls
 * pictures grow too old in its socket. */
static taut_time away(const struct plan *p)
{
	const taut_time fault = p->fault == FAULT_ONE_WAY || p->fault == FAULT_STALL ? p->fault_time
				: p->fault == FAULT_ROAM ? p->fault_time / 4 : 0;

	if (p->outage == 0 && p->fault == FAULT_NONE)
		return 0;
	return p->outage + fault + recovery[p->fault] + 12 * p->half[0].delay;
}

/* One is sent each so often. */
static void check_share(struct session *s, const struct side *to, const char *what, unsigned sent,
			unsigned came, unsigned least, taut_time each)
{
	const unsigned lost = (unsigned)(away(&s->plan) / each), rest = sent > lost ? sent - lost : 0;

	if (came * 100 < rest * least)
		world_fail(s->world, "%s: %u of %u %s frames came, %u %% of %u were expected",
			   to->peer.cfg.name, came, sent, what, least, rest);
}

/* Media come to the end. A loss is asked for again for a second, then a key frame is asked for: it, or
 * its request, may be lost once more. */
static void check_last(struct session *s, const struct side *to, const struct side *from, const char *what,
		       taut_time in, taut_time out)
{
	if (from->tick_at - out > SECOND)
		world_fail(s->world, "%s: could send no %s since %.3f s", from->peer.cfg.name, what,
			   (double)(out - s->world->start) / 1e6);
	if (out - in > SILENCE + 6 * s->plan.half[0].delay)
		world_fail(s->world, "%s: no %s since %.3f s, and the last left at %.3f s",
			   to->peer.cfg.name, what, (double)(in - s->world->start) / 1e6,
			   (double)(out - s->world->start) / 1e6);
}

static void check_media(struct session *s, const struct side *to, const struct side *from)
{
	const struct profile *p = s->plan.profile;

	if (from->ticks < MEDIA_TICKS || from->audio_sent < MEDIA_TICKS / 2 ||
	    from->video_sent < MEDIA_TICKS / VIDEO_EVERY / 2)
		world_fail(s->world, "%s: sent media for %u of %u ticks only: %u of sound, %u of picture",
			   from->peer.cfg.name, from->ticks, MEDIA_TICKS, from->audio_sent, from->video_sent);
	check_share(s, to, "audio", from->audio_sent, to->audio_received, p->least_audio, TICK);
	check_share(s, to, "video", from->video_sent, to->video_received, p->least_video,
		    VIDEO_EVERY * TICK);
	check_last(s, to, from, "sound", to->last_audio_at, from->audio_out_at);
	check_last(s, to, from, "picture", to->last_video_at, from->video_out_at);
	if (to->broken + to->broken_sounds > 0)
		world_fail(s->world, "%s: %u video and %u audio frames are broken", to->peer.cfg.name,
			   to->broken, to->broken_sounds);
}

void session_check_load(struct session *s)
{
	for (int i = 0; i < 2; i++) {
		const struct side *a = &s->sides[i], *from = &s->sides[1 - i];
		if (a->bytes_in != MESSAGE_BYTES || a->messages_in != from->messages_out)
			world_fail(s->world, "%s: %zu of %u bytes of messages came",
				   a->peer.cfg.name, a->bytes_in, MESSAGE_BYTES);
		check_media(s, a, from);
	}
}
