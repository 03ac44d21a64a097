/* test_jitter_buffer.c - frames that are kept so that they leave evenly: jitterBufferTarget, webrtc-pc
 * section 5.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "rtcp/rtp_session_int.h"
#include "peer/pc.h"
#include "sim/sim_pair.h"

enum { MS = 1000, SECOND = 1000 * MS, EVERY = 20 * MS, MOST = 2000 };

struct world {
	struct pair pair;
	taut_transceiver sound, picture; /* of both: peer 0 sends */
	size_t sent, frames, lost;
	taut_time sent_at[MOST], out[MOST]; /* out: given to peer 1, by the number that was sent */
};

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
	uint16_t n;

	if (i != 1 || ev->type != TAUT_EV_FRAME)
		return;
	memcpy(&n, (const uint8_t *)ev->frame->data + ev->frame->len - 2, 2);
	assert_true(n < MOST && w->out[n] == 0);
	w->out[n] = ev->at;
	w->lost += ev->frame->frame_count_lost;
	w->frames++;
}

static void begin(struct world *w, uint64_t seed, const struct sim_link *link)
{
	const struct taut_transceiver_init sound = { .size = sizeof sound,
						     .kind = TAUT_AUDIO,
						     .direction = TAUT_SENDONLY };
	const struct taut_transceiver_init picture = { .size = sizeof picture,
						       .kind = TAUT_VIDEO,
						       .direction = TAUT_SENDONLY };

	memset(w, 0, sizeof *w);
	pair_init(&w->pair, seed, link, on_event, w);
	assert_int_equal(taut_pc_add_transceiver(pc(w, 0), now(w), &sound, &w->sound), TAUT_OK);
	assert_int_equal(taut_pc_add_transceiver(pc(w, 0), now(w), &picture, &w->picture), TAUT_OK);
	assert_true(pair_run(&w->pair, 30 * SECOND, pair_both_connected));
	pair_run(&w->pair, SECOND, NULL);
}

static void say(struct world *w)
{
	uint8_t data[] = { 0x78, 1, 2, 3, 0, 0 };
	const uint16_t n = (uint16_t)w->sent;
	const struct taut_frame f = { .size = sizeof f,
				      .data = data,
				      .len = sizeof data,
				      .rtp_timestamp = (uint32_t)(now(w) * 48 / 1000) };

	memcpy(data + 4, &n, 2);
	w->sent_at[n] = now(w);
	w->sent++;
	assert_int_equal(taut_pc_send_frame(pc(w, 0), now(w), w->sound, &f), TAUT_OK);
}

static void talk(struct world *w, int count)
{
	for (int n = 0; n < count; n++) {
		say(w);
		pair_run(&w->pair, EVERY, NULL);
	}
}

static void show(struct world *w, size_t len)
{
	static uint8_t data[100000];
	const uint16_t n = (uint16_t)w->sent;
	const struct taut_frame f = { .size = sizeof f,
				      .data = data,
				      .len = len,
				      .rtp_timestamp = (uint32_t)(now(w) * 90 / 1000),
				      .flags = n ? 0 : TAUT_FRAME_KEY };

	memcpy(data, n ? "\x11\x02\0\0\0\0\0\0\0\0" : "\x10\x02\0\x9d\x01\x2a\x40\x01\xf0", 10);
	memcpy(data + len - 2, &n, 2);
	w->sent_at[n] = now(w);
	w->sent++;
	assert_int_equal(taut_pc_send_frame(pc(w, 0), now(w), w->picture, &f), TAUT_OK);
}

static int set(struct world *w, taut_transceiver t, taut_time target)
{
	return taut_pc_set_jitter_buffer_target(pc(w, 1), now(w), t, target);
}

static void a_target_is_of_four_seconds_at_most(void **state)
{
	static const struct sim_link quick = { .delay = 10 * MS };
	static const taut_time bad[] = { -2, 4000001, INT64_MAX, INT64_MIN };
	struct world w;

	(void)state;
	begin(&w, 1, &quick);
	assert_int_equal(taut_pc_jitter_buffer_target(pc(&w, 1), w.sound), -1);
	assert_int_equal(set(&w, w.sound, 4000000), TAUT_OK);
	assert_int_equal(taut_pc_jitter_buffer_target(pc(&w, 1), w.sound), 4000000);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(set(&w, w.sound, bad[i]), TAUT_E_INVAL);
		assert_string_equal(taut_pc_error(pc(&w, 1))->dom_name, "RangeError");
		assert_int_equal(taut_pc_jitter_buffer_target(pc(&w, 1), w.sound), 4000000);
	}
	assert_int_equal(set(&w, w.sound, 0), TAUT_OK);
	assert_int_equal(taut_pc_jitter_buffer_target(pc(&w, 1), w.sound), 0);
	assert_int_equal(set(&w, w.sound, -1), TAUT_OK);
	assert_int_equal(taut_pc_jitter_buffer_target(pc(&w, 1), w.sound), -1);
	assert_int_equal(set(&w, 99, 0), TAUT_E_GONE);
	assert_int_equal(taut_pc_jitter_buffer_target(pc(&w, 1), 99), TAUT_E_GONE);
	assert_int_equal(taut_pc_close(pc(&w, 1), now(&w)), TAUT_OK);
	assert_int_equal(set(&w, w.sound, 0), TAUT_E_STATE);
	pair_free(&w.pair);
}

/* Each within the target of when it was sent; with none, as it comes. */
static void sound_that_comes_unevenly_leaves_evenly(void **state)
{
	static const struct sim_link uneven = { .delay = 10 * MS, .jitter = 80 * MS };
	struct world w;

	(void)state;
	begin(&w, 7, &uneven);
	talk(&w, 200);
	taut_time least = SECOND, most = 0;
	for (size_t i = 100; i < 195; i++) {
		least = w.out[i] - w.sent_at[i] < least ? w.out[i] - w.sent_at[i] : least;
		most = w.out[i] - w.sent_at[i] > most ? w.out[i] - w.sent_at[i] : most;
	}
	assert_true(least < 40 * MS && most > 70 * MS);
	assert_int_equal(set(&w, w.sound, 300 * MS), TAUT_OK);
	talk(&w, 400);
	for (size_t i = 400; i < 580; i++) {
		assert_in_range(w.out[i] - w.sent_at[i], 305 * MS, 345 * MS);
		assert_in_range(w.out[i] - w.out[i - 1], 10 * MS, 30 * MS);
	}
	assert_int_equal(set(&w, w.sound, 0), TAUT_OK); /* those that are held leave at once */
	pair_pump(&w.pair, 1);
	assert_true(w.out[590] == now(&w));
	pair_run(&w.pair, 200 * MS, NULL);
	assert_int_equal(w.frames, w.sent);
	talk(&w, 100);
	pair_run(&w.pair, 200 * MS, NULL);
	assert_int_equal(w.frames, w.sent);
	for (size_t i = 620; i < 700; i++)
		assert_true(w.out[i] - w.sent_at[i] < 300 * MS);
	pair_free(&w.pair);
}

/* What comes in disorder by more than is waited for otherwise. */
static void what_is_late_by_less_than_the_target_is_in_time(void **state)
{
	static const struct sim_link disorder = { .delay = 60 * MS, .reorder = 100 };
	struct world w;

	(void)state;
	for (int held = 0; held < 2; held++) {
		begin(&w, 3, &disorder); /* a tenth comes 240 ms late */
		if (held)
			assert_int_equal(set(&w, w.sound, 500 * MS), TAUT_OK);
		talk(&w, 300);
		pair_run(&w.pair, SECOND, NULL);
		if (held)
			assert_int_equal(w.frames, w.sent);
		else
			assert_true(w.frames < w.sent - 10);
		if (held)
			assert_int_equal(w.lost, 0);
		pair_free(&w.pair);
	}
}

static void what_is_lost_is_not_waited_for_longer_than_what_follows_is_held(void **state)
{
	static const struct sim_link lossy = { .delay = 10 * MS, .loss = 100 };
	struct world w;

	(void)state;
	begin(&w, 4, &lossy);
	assert_int_equal(set(&w, w.sound, 400 * MS), TAUT_OK);
	talk(&w, 300);
	pair_run(&w.pair, SECOND, NULL);
	assert_true(w.frames < w.sent - 10);
	for (size_t i = 0; i < w.sent; i++)
		if (w.out[i])
			assert_in_range(w.out[i] - w.sent_at[i], 400 * MS, 412 * MS);
	assert_int_equal(w.frames + w.lost + !w.out[299], w.sent);
	pair_free(&w.pair);
}

/* The path became slower while nobody looked. */
static void what_was_known_before_a_target_was_taken_away_is_forgotten(void **state)
{
	static const struct sim_link quick = { .delay = 10 * MS };
	struct world w;

	(void)state;
	begin(&w, 8, &quick);
	assert_int_equal(set(&w, w.sound, 200 * MS), TAUT_OK);
	talk(&w, 20);
	assert_int_equal(set(&w, w.sound, -1), TAUT_OK);
	w.pair.sim.link.delay = 110 * MS;
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(set(&w, w.sound, 200 * MS), TAUT_OK);
	talk(&w, 20);
	pair_run(&w.pair, SECOND, NULL);
	for (size_t i = 20; i < 40; i++)
		assert_in_range(w.out[i] - w.sent_at[i], 305 * MS, 315 * MS);
	pair_free(&w.pair);
}

/* A target that was set before there was anything to receive, and another negotiation. */
static void a_target_stays_whatever_is_negotiated(void **state)
{
	static const struct sim_link quick = { .delay = 10 * MS };
	const struct taut_transceiver_init more = { .size = sizeof more,
						    .kind = TAUT_AUDIO,
						    .direction = TAUT_RECVONLY };
	taut_transceiver t, other;
	struct world w;

	(void)state;
	memset(&w, 0, sizeof w);
	pair_init(&w.pair, 5, &quick, on_event, &w);
	assert_int_equal(taut_pc_add_transceiver(pc(&w, 1), 0, &more, &t), TAUT_OK);
	assert_int_equal(set(&w, t, 200 * MS), TAUT_OK);
	assert_true(pair_run(&w.pair, 30 * SECOND, pair_both_connected));
	w.sound = taut_pc_transceiver_at(pc(&w, 0), 0)->id;
	assert_int_equal(taut_pc_set_direction(pc(&w, 0), now(&w), w.sound, TAUT_SENDONLY),
			 TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	talk(&w, 20);
	assert_int_equal(taut_pc_add_transceiver(pc(&w, 1), now(&w), &more, &other), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	talk(&w, 20);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(w.frames, 40);
	for (size_t i = 0; i < 40; i++)
		assert_in_range(w.out[i] - w.sent_at[i], 205 * MS, 215 * MS);
	pair_free(&w.pair);
}

static void pictures_are_held_whole(void **state)
{
	static const struct sim_link lossy = { .delay = 10 * MS, .jitter = 20 * MS, .loss = 50 };
	struct world w;

	(void)state;
	begin(&w, 6, &lossy);
	assert_int_equal(set(&w, w.picture, 400 * MS), TAUT_OK);
	for (int n = 0; n < 200; n++) {
		show(&w, 4000);
		pair_run(&w.pair, 33333, NULL);
	}
	pair_run(&w.pair, 2 * SECOND, NULL);
	assert_int_equal(w.frames, w.sent); /* what was lost was sent again meanwhile */
	for (size_t i = 20; i < w.sent; i++)
		assert_in_range(w.out[i] - w.sent_at[i], 400 * MS, 450 * MS);
	pair_free(&w.pair);
}

/* 6 Mbit/s for four seconds are more packets than the buffer has places. */
static void what_does_not_fit_is_not_held(void **state)
{
	static const struct sim_link quick = { .delay = 10 * MS };
	struct world w;

	(void)state;
	begin(&w, 7, &quick);
	assert_int_equal(set(&w, w.picture, 4 * SECOND), TAUT_OK);
	for (int n = 0; n < 300; n++) {
		show(&w, 25000);
		pair_run(&w.pair, 33333, NULL);
	}
	const struct tt_rtp_receiver *r = pc(&w, 1)->rtp->receivers[1];
	assert_in_range(r->reorder.newest - r->reorder.next, 1700, 1800);
	pair_run(&w.pair, 5 * SECOND, NULL);
	assert_int_equal(w.frames, w.sent);
	assert_true(w.out[200] - w.sent_at[200] > 2 * SECOND);
	assert_true(w.out[200] - w.sent_at[200] < 3500 * MS);
	assert_in_range(w.out[299] - w.sent_at[299], 4 * SECOND, 4100 * MS);
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_is_of_four_seconds_at_most),
		cmocka_unit_test(sound_that_comes_unevenly_leaves_evenly),
		cmocka_unit_test(what_is_late_by_less_than_the_target_is_in_time),
		cmocka_unit_test(what_is_lost_is_not_waited_for_longer_than_what_follows_is_held),
		cmocka_unit_test(what_was_known_before_a_target_was_taken_away_is_forgotten),
		cmocka_unit_test(a_target_stays_whatever_is_negotiated),
		cmocka_unit_test(pictures_are_held_whole),
		cmocka_unit_test(what_does_not_fit_is_not_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
