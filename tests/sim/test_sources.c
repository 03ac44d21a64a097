/* test_sources.c - who is heard, how loud and when: getSynchronizationSources and getContributingSources,
 * webrtc-pc section 5.3. What only a mixer or a bad peer sends is put behind SRTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "peer/pc.h"
#include "sim/sim_pair.h"

enum { MS = 1000, SECOND = 1000 * MS, KEPT = 10 * SECOND, SSRCS = 8, CSRCS = 32 };

struct world {
	struct pair pair;
	struct pair_memory memory;
	taut_transceiver sound, picture; /* of both: peer 0 sends */
	uint32_t number;
	unsigned frames;
	struct taut_frame frame; /* the last one that peer 1 was given ... */
	taut_time at;            /* ... then */
};

static const struct sim_link quick = { .delay = 10 * MS };

static taut_pc *pc(struct world *w, int i)
{
	return w->pair.peers[i].pc;
}

static taut_time now(const struct world *w)
{
	return w->pair.sim.now;
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	if (i != 1 || ev->type != TAUT_EV_FRAME)
		return;
	w->frames++;
	w->frame = *ev->frame;
	w->at = ev->at;
}

static void begin(struct world *w, uint64_t seed)
{
	const struct taut_transceiver_init sound = { .size = sizeof sound,
						     .kind = TAUT_AUDIO,
						     .direction = TAUT_SENDONLY };
	const struct taut_transceiver_init picture = { .size = sizeof picture,
						       .kind = TAUT_VIDEO,
						       .direction = TAUT_SENDONLY };

	memset(w, 0, sizeof *w);
	w->memory.fail_at = -1;
	assert_true(pair_init_with(&w->pair, seed, &quick, on_event, w, &w->memory));
	assert_int_equal(taut_pc_add_transceiver(pc(w, 0), now(w), &sound, &w->sound), TAUT_OK);
	assert_int_equal(taut_pc_add_transceiver(pc(w, 0), now(w), &picture, &w->picture), TAUT_OK);
	assert_true(pair_run(&w->pair, 10 * SECOND, pair_both_connected));
	pair_run(&w->pair, SECOND, NULL);
	assert_int_equal(taut_pc_transceiver_at(pc(w, 1), 0)->id, w->sound);
	assert_int_equal(taut_pc_transceiver_at(pc(w, 1), 1)->id, w->picture);
}

static void say(struct world *w, uint32_t flags, uint8_t level)
{
	static const uint8_t data[] = { 0x78, 1, 2, 3, 4, 5 };
	const struct taut_frame f = { .size = sizeof f,
				      .data = data,
				      .len = sizeof data,
				      .rtp_timestamp = w->number++ * 960,
				      .flags = flags,
				      .audio_level = level };

	assert_int_equal(taut_pc_send_frame(pc(w, 0), now(w), w->sound, &f), TAUT_OK);
	pair_run(&w->pair, 20 * MS, NULL);
	assert_int_equal(w->frames, w->number);
}

static const struct taut_rtp_source *ssrc_at(struct world *w, taut_transceiver t, size_t index)
{
	return taut_pc_synchronization_source_at(pc(w, 1), now(w), t, index);
}

static const struct taut_rtp_source *csrc_at(struct world *w, taut_transceiver t, size_t index)
{
	return taut_pc_contributing_source_at(pc(w, 1), now(w), t, index);
}

/* ---- behind SRTP ---- */

struct packet {
	uint16_t seq;
	uint32_t ts, ssrc;
	bool marker;
	uint8_t level; /* not 0: there is one, of so many -dBov */
	uint8_t csrc_count;
	uint32_t csrcs[15];
	bool start; /* of a picture, a key frame */
};

static void inject(struct world *w, uint32_t kind, const struct packet *p)
{
	static const uint8_t sound[20] = { 0x78, 1, 2 };
	static const uint8_t picture[] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	const struct pc_transceiver *t = pc(w, 0)->transceivers[kind == TAUT_AUDIO ? 0 : 1];
	uint8_t buf[200];
	struct wr o = wr_make(buf, sizeof buf);

	wr_u8(&o, (uint8_t)(0x80 | (p->level ? 0x10 : 0) | p->csrc_count));
	wr_u8(&o, (uint8_t)(p->marker << 7 | t->send_codec->pt));
	wr_u16(&o, p->seq);
	wr_u32(&o, p->ts);
	wr_u32(&o, p->ssrc ? p->ssrc : t->encodings[0].ssrc);
	for (size_t i = 0; i < p->csrc_count; i++)
		wr_u32(&o, p->csrcs[i]);
	if (p->level) {
		wr_u32(&o, 0xbede0001);
		wr_u8(&o, (uint8_t)(pc(w, 1)->ext_ids[PC_EXT_AUDIO_LEVEL] << 4));
		wr_u8(&o, p->level);
		wr_u16(&o, 0);
	}
	if (kind == TAUT_AUDIO)
		wr_bytes(&o, sound, sizeof sound);
	else if (p->start)
		wr_bytes(&o, picture, sizeof picture);
	else
		wr_bytes(&o, "\0more", 5);
	tt_rtp_session_recv_rtp(pc(w, 1)->rtp, now(w), 0, 0, buf, o.off);
	taut_pc_tick(pc(w, 1), now(w));
}

static void take(struct world *w, uint32_t kind, const struct packet *p)
{
	const unsigned before = w->frames;

	inject(w, kind, p);
	while (pair_pump(&w->pair, 1))
		;
	assert_int_equal(w->frames, before + 1);
}

/* ---- */

static void who_speaks_is_told_with_how_loud(void **state)
{
	static const struct {
		uint32_t flags;
		uint8_t level;
		double linear;
	} said[] = {
		{ TAUT_FRAME_AUDIO_LEVEL, 0, 1 },
		{ TAUT_FRAME_AUDIO_LEVEL, 20, 0.1 },
		{ TAUT_FRAME_AUDIO_LEVEL | TAUT_FRAME_VOICE, 6, 0.501187 },
		{ TAUT_FRAME_AUDIO_LEVEL, 126, 5.011872e-7 },
		{ TAUT_FRAME_AUDIO_LEVEL, 127, 0 },
		{ 0, 20, -1 },
	};
	struct world w;

	(void)state;
	begin(&w, 1);
	assert_null(ssrc_at(&w, w.sound, 0));
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
		say(&w, said[i].flags, said[i].level);
		const struct taut_rtp_source *s = ssrc_at(&w, w.sound, 0);
		assert_non_null(s);
		assert_int_equal(s->source, pc(&w, 0)->transceivers[0]->encodings[0].ssrc);
		assert_int_equal(s->timestamp, w.at);
		assert_int_equal(s->rtp_timestamp, w.frame.rtp_timestamp);
		assert_true(fabs(s->audio_level - said[i].linear) <= 1e-6 * fabs(said[i].linear));
		assert_null(ssrc_at(&w, w.sound, 1));
	}
	assert_null(csrc_at(&w, w.sound, 0));
	assert_null(ssrc_at(&w, w.picture, 0));
	assert_null(ssrc_at(&w, 99, 0));
	assert_null(csrc_at(&w, 99, 0));
	assert_null(taut_pc_synchronization_source_at(pc(&w, 0), now(&w), w.sound, 0));
	pair_free(&w.pair);
}

static void they_are_told_for_ten_seconds_whatever_happens(void **state)
{
	struct packet p = { .seq = 100, .csrc_count = 1, .csrcs = { 7 } };
	struct world w;

	(void)state;
	begin(&w, 2);
	take(&w, TAUT_AUDIO, &p);
	assert_int_equal(taut_pc_close(pc(&w, 1), now(&w)), TAUT_OK);
	const taut_time last = w.at + KEPT;
	assert_non_null(taut_pc_synchronization_source_at(pc(&w, 1), last, w.sound, 0));
	assert_non_null(taut_pc_contributing_source_at(pc(&w, 1), last, w.sound, 0));
	assert_null(taut_pc_synchronization_source_at(pc(&w, 1), last + 1, w.sound, 0));
	assert_null(taut_pc_contributing_source_at(pc(&w, 1), last + 1, w.sound, 0));
	pair_free(&w.pair);
}

/* It counts when it was given to the application, not when its packet came. */
static void what_waits_was_not_heard_yet(void **state)
{
	struct packet p = { .seq = 100, .ts = 1 };
	struct world w;

	(void)state;
	begin(&w, 3);
	take(&w, TAUT_AUDIO, &p);
	const taut_time first = w.at;
	pair_run(&w.pair, 20 * MS, NULL);
	p.seq = 102;
	p.ts = 3;
	inject(&w, TAUT_AUDIO, &p); /* 101 is missing */
	const taut_time came = now(&w);
	while (pair_pump(&w.pair, 1))
		;
	assert_int_equal(ssrc_at(&w, w.sound, 0)->timestamp, first);
	assert_int_equal(ssrc_at(&w, w.sound, 0)->rtp_timestamp, 1);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(w.frames, 2);
	assert_true(w.at >= came + 60 * MS);
	assert_int_equal(ssrc_at(&w, w.sound, 0)->timestamp, w.at);
	assert_int_equal(ssrc_at(&w, w.sound, 0)->rtp_timestamp, 3);
	pair_free(&w.pair);
}

static void of_many_ssrcs_the_last_ones_are_known(void **state)
{
	struct packet p = { .seq = 100 };
	struct world w;

	(void)state;
	begin(&w, 4);
	for (uint32_t i = 1; i <= 20; i++) {
		p.ssrc = 0x5eed0000 + i;
		p.level = (uint8_t)i;
		take(&w, TAUT_AUDIO, &p);
		pair_run(&w.pair, 300 * MS, NULL); /* so long that another may follow */
	}
	for (uint32_t i = 0; i < SSRCS; i++) {
		const struct taut_rtp_source *s = ssrc_at(&w, w.sound, i);

		assert_non_null(s);
		assert_int_equal(s->source, 0x5eed0000 + 20 - i);
		assert_true(s->audio_level > 0.09);
	}
	assert_null(ssrc_at(&w, w.sound, SSRCS));
	p.ssrc = 0x5eed0000 + 15; /* again: it is the first now, and none of the others is gone */
	p.seq++;
	take(&w, TAUT_AUDIO, &p);
	assert_int_equal(ssrc_at(&w, w.sound, 0)->source, p.ssrc);
	assert_int_equal(ssrc_at(&w, w.sound, 5)->source, 0x5eed0000 + 16);
	assert_int_equal(ssrc_at(&w, w.sound, 6)->source, 0x5eed0000 + 14);
	assert_int_equal(ssrc_at(&w, w.sound, 7)->source, 0x5eed0000 + 13);
	assert_null(ssrc_at(&w, w.sound, 8));
	/* those that fell silent go while others stay */
	pair_run(&w.pair, 10 * SECOND - 850 * MS, NULL);
	assert_int_equal(ssrc_at(&w, w.sound, 0)->source, p.ssrc);
	assert_int_equal(ssrc_at(&w, w.sound, 2)->source, 0x5eed0000 + 19);
	assert_null(ssrc_at(&w, w.sound, 3));
	pair_free(&w.pair);
}

/* RFC 3550 section 7.1: the SSRC is the mixer's then. */
static void whom_a_mixer_mixes_is_told_too(void **state)
{
	struct packet p = {
		.seq = 100, .ts = 960, .level = 20, .csrc_count = 3, .csrcs = { 5, 6, 5 }
	};
	struct world w;

	(void)state;
	begin(&w, 5);
	take(&w, TAUT_AUDIO, &p);
	for (size_t i = 0; i < 2; i++) {
		const struct taut_rtp_source *s = csrc_at(&w, w.sound, i);

		assert_non_null(s);
		assert_int_equal(s->source, 5 + i);
		assert_int_equal(s->timestamp, w.at);
		assert_int_equal(s->rtp_timestamp, 960);
		assert_true(s->audio_level == -1);
	}
	assert_null(csrc_at(&w, w.sound, 2));
	assert_true(ssrc_at(&w, w.sound, 0)->audio_level > 0.09);
	pair_run(&w.pair, 20 * MS, NULL);
	p = (struct packet){ .seq = 101, .ts = 1920, .csrc_count = 1, .csrcs = { 6 } };
	take(&w, TAUT_AUDIO, &p);
	assert_int_equal(csrc_at(&w, w.sound, 0)->source, 6);
	assert_int_equal(csrc_at(&w, w.sound, 0)->rtp_timestamp, 1920);
	assert_int_equal(csrc_at(&w, w.sound, 1)->source, 5);
	assert_int_equal(csrc_at(&w, w.sound, 1)->rtp_timestamp, 960);
	pair_run(&w.pair, 20 * MS, NULL);
	p = (struct packet){ .seq = 102, .ts = 2880 };
	take(&w, TAUT_AUDIO, &p); /* of nobody else */
	assert_int_equal(csrc_at(&w, w.sound, 0)->rtp_timestamp, 1920);
	pair_free(&w.pair);
}

static void each_packet_of_a_frame_may_name_others(void **state)
{
	const struct packet packets[] = {
		{ .seq = 100, .start = true, .level = 20, .csrc_count = 2, .csrcs = { 1, 2 } },
		{ .seq = 101, .csrc_count = 2, .csrcs = { 2, 3 } },
		{ .seq = 102, .marker = true },
	};
	struct world w;

	(void)state;
	begin(&w, 6);
	inject(&w, TAUT_VIDEO, &packets[0]);
	inject(&w, TAUT_VIDEO, &packets[1]);
	while (pair_pump(&w.pair, 1))
		;
	assert_null(csrc_at(&w, w.picture, 0));
	take(&w, TAUT_VIDEO, &packets[2]);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(csrc_at(&w, w.picture, i)->source, 1 + i);
	assert_null(csrc_at(&w, w.picture, 3));
	/* a picture has no loudness, whatever it says */
	assert_true(w.frame.flags & TAUT_FRAME_AUDIO_LEVEL);
	assert_true(ssrc_at(&w, w.picture, 0)->audio_level == -1);
	pair_free(&w.pair);
}

static void nobody_makes_them_grow(void **state)
{
	struct packet p = { .seq = 1, .csrc_count = 15 };
	struct world w;
	uint32_t id = 0;
	size_t before = 0;

	(void)state;
	begin(&w, 7);
	for (int n = 0; n < 1000; n++) {
		for (int k = 0; k < 15; k++)
			p.csrcs[k] = ++id;
		p.seq++;
		take(&w, TAUT_AUDIO, &p);
		pair_run(&w.pair, MS, NULL);
		if (n == 100)
			before = pc(&w, 1)->base.memory;
	}
	assert_true(pc(&w, 1)->base.memory <= before + 4096);
	for (uint32_t i = 0; i < CSRCS; i++) {
		const struct taut_rtp_source *s = csrc_at(&w, w.sound, i);

		assert_non_null(s);
		assert_in_range(s->source, id - 44, id);
		if (i < 15)
			assert_in_range(s->source, id - 14, id);
	}
	assert_null(csrc_at(&w, w.sound, CSRCS));
	/* and within one frame */
	p = (struct packet){ .seq = 0, .start = true, .csrc_count = 15 };
	for (int n = 0; n < 5; n++) {
		for (int k = 0; k < 15; k++)
			p.csrcs[k] = ++id;
		p.marker = n == 4;
		if (n < 4)
			inject(&w, TAUT_VIDEO, &p);
		else
			take(&w, TAUT_VIDEO, &p);
		p.seq++;
		p.start = false;
	}
	for (uint32_t i = 0; i < CSRCS; i++)
		assert_int_equal(csrc_at(&w, w.picture, i)->source, id - 75 + 1 + i);
	assert_null(csrc_at(&w, w.picture, CSRCS));
	pair_free(&w.pair);
}

static void without_memory_a_frame_is_given_all_the_same(void **state)
{
	const struct packet sound = { .seq = 1 };
	struct packet picture = { .seq = 1, .start = true, .marker = true };
	struct world w;

	(void)state;
	begin(&w, 8);
	take(&w, TAUT_AUDIO, &sound); /* with room for frames of this size */
	const unsigned before = w.frames;
	inject(&w, TAUT_VIDEO, &picture);
	w.memory.fail_at = 0;
	w.memory.for_ever = true;
	while (pair_pump(&w.pair, 1))
		;
	w.memory.fail_at = -1;
	w.memory.for_ever = false;
	assert_int_equal(w.frames, before + 1);
	assert_null(ssrc_at(&w, w.picture, 0));
	picture.seq = 2;
	picture.ts = 3000;
	take(&w, TAUT_VIDEO, &picture);
	assert_int_equal(ssrc_at(&w, w.picture, 0)->rtp_timestamp, 3000);
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_speaks_is_told_with_how_loud),
		cmocka_unit_test(they_are_told_for_ten_seconds_whatever_happens),
		cmocka_unit_test(what_waits_was_not_heard_yet),
		cmocka_unit_test(of_many_ssrcs_the_last_ones_are_known),
		cmocka_unit_test(whom_a_mixer_mixes_is_told_too),
		cmocka_unit_test(each_packet_of_a_frame_may_name_others),
		cmocka_unit_test(nobody_makes_them_grow),
		cmocka_unit_test(without_memory_a_frame_is_given_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
