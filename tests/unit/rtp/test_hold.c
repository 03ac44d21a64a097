/* test_hold.c - when a frame that is held leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rtp/rtp_hold.h"
#include "rtp/rtp_receiver.h"

enum { MS = 1000, RATE = 48000, FRAME = 960, EVERY = 20 * MS, TARGET = 200 * MS };

static taut_time due(const struct tt_rtp_hold *h, uint32_t ts, taut_time at)
{
	return tt_rtp_hold_due(h, ts, RATE, at, TARGET);
}

static void nothing_known_is_held_from_its_arrival(void **state)
{
	const struct tt_rtp_hold h = { 0 };

	(void)state;
	assert_int_equal(due(&h, 77, 5 * MS), 205 * MS);
}

/* Over the wrap of the timestamps, with up to 90 ms of delay that differs. */
static void what_comes_unevenly_leaves_evenly(void **state)
{
	struct tt_rtp_hold h = { 0 };
	uint32_t ts = (uint32_t)-50 * FRAME;
	taut_time last = 0;

	(void)state;
	for (int n = 0; n < 500; n++, ts += FRAME) {
		const taut_time at = 1000 * MS + n * EVERY + (n % 10) * 10 * MS;

		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		const taut_time t = due(&h, ts, at);
		assert_in_range(t, 1000 * MS + n * EVERY + TARGET,
				1000 * MS + n * EVERY + TARGET + 2 * MS);
		if (n > 0)
			assert_in_range(t - last, EVERY - 2 * MS, EVERY + MS);
		last = t;
	}
}

static void a_faster_path_counts_at_once_and_a_slower_one_by_and_by(void **state)
{
	struct tt_rtp_hold h = { 0 };
	taut_time at = 0, kept = 0;
	uint32_t ts = 0;

	(void)state;
	tt_rtp_hold_learn(&h, ts, RATE, 500 * MS, TARGET);
	ts += FRAME;
	at = 490 * MS; /* 30 ms earlier than the one before it let expect */
	tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
	assert_int_equal(due(&h, ts, at), at + TARGET);
	for (int n = 0; n < 1000; n++) {
		ts += FRAME;
		at = 490 * MS + (n + 1) * EVERY + 100 * MS;
		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		kept = due(&h, ts, at) - at;
		if (n == 0)
			assert_in_range(kept, TARGET - 100 * MS, TARGET - 99 * MS);
	}
	assert_in_range(kept, TARGET - 3 * MS, TARGET - MS);
}

static void a_clock_that_jumps_or_stands_still_begins_anew(void **state)
{
	struct tt_rtp_hold h = { 0 };
	taut_time at = 0;
	uint32_t ts = 0;

	(void)state;
	for (int n = 0; n < 40; n++) {
		ts += FRAME;
		at += EVERY + (n == 20 ? 1000 * MS : 0);
		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		if (n == 30) { /* one in time: the others are too late, not all */
			tt_rtp_hold_learn(&h, ts + FRAME, RATE, at - 1000 * MS + EVERY, TARGET);
			at -= 1000 * MS;
		}
		if (n < 20 || n > 30)
			assert_int_equal(due(&h, ts, at), at + TARGET);
		else if (n < 30)
			assert_in_range(due(&h, ts, at), at - 1000 * MS + TARGET,
					at - 900 * MS + TARGET);
	}
	at += 5000 * MS;
	for (int n = 0; n < 40; n++) {
		ts += FRAME;
		at += EVERY;
		tt_rtp_hold_learn(&h, ts, RATE, at, TARGET);
		if (n < 16)
			assert_true(due(&h, ts, at) < at);
		else
			assert_int_equal(due(&h, ts, at), at + TARGET);
	}
	tt_rtp_hold_learn(&h, ts + 0x7fffffffu, RATE, at, TARGET); /* of half a day later */
	assert_int_equal(due(&h, ts + 0x7fffffffu, at), at + TARGET);
	/* never longer than from when it came, whatever is expected */
	assert_int_equal(due(&h, ts + 0x7fffffffu + 100u * FRAME, at + MS), at + MS + TARGET);
}

/* Of an older frame that comes after a newer one. */
static void disorder_changes_nothing(void **state)
{
	struct tt_rtp_hold h = { 0 };

	(void)state;
	tt_rtp_hold_learn(&h, 3 * FRAME, RATE, 60 * MS, TARGET);
	tt_rtp_hold_learn(&h, 2 * FRAME, RATE, 60 * MS, TARGET);
	assert_in_range(due(&h, 2 * FRAME, 60 * MS), 40 * MS + TARGET, 41 * MS + TARGET);
	assert_in_range(due(&h, 4 * FRAME, 90 * MS), 80 * MS + TARGET, 81 * MS + TARGET);
}

/* ---- in a receiver ---- */

struct world {
	struct tt_env env;
	struct tt_rtp_counters counters;
	struct tt_rtp_receiver r;
	uint8_t *buf;
	size_t cap;
};

static void begin(struct world *w, uint32_t kind, taut_time target)
{
	static const struct tt_rtp_payload map[] = {
		{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
		{ .pt = 111, .codec = TT_RTP_CODEC_OPUS, .clock_rate = RATE },
	};

	memset(w, 0, sizeof *w);
	tt_env_init(&w->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config) });
	tt_rtp_receiver_init(&w->r, &w->env, &w->counters,
			     &(struct tt_rtp_receiver_config){ .stream = 1,
							       .kind = kind,
							       .payloads = map,
							       .payload_count = 2,
							       .target = target });
	assert_true(w->r.held_until == INT64_MAX);
	tt_rtp_receiver_follow(&w->r, 1);
}

static void end(struct world *w)
{
	tt_rtp_receiver_free(&w->r);
	tt_free(&w->env, w->buf);
	assert_int_equal(w->env.memory, 0);
}

static void give(struct world *w, taut_time at, uint16_t seq, uint32_t ts)
{
	static const uint8_t sound[] = { 0x78, 1, 2 }, more[] = { 0, 1 };
	static const uint8_t picture[] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	static const struct tt_rtp_ext_values none;
	const bool video = w->r.cfg.kind == TAUT_VIDEO;
	/* of a picture: even numbers begin one, and one of them alone is one when it ends at 0 */
	const bool begins = seq % 2 == 0;
	const struct tt_rtp_packet p = { .marker = video && (!begins || seq % 10 == 0),
					 .pt = video ? 96 : 111,
					 .seq = seq,
					 .ts = ts,
					 .ssrc = w->r.ssrc,
					 .payload =
						 !video   ? (struct span){ sound, sizeof sound }
						 : begins ? (struct span){ picture, sizeof picture }
							  : (struct span){ more, sizeof more } };

	assert_int_equal(tt_rtp_receiver_media(&w->r, at, at, &p, &none), TT_TAKEN);
}

/* As the session asks. */
static bool take(struct world *w, taut_time now)
{
	struct taut_frame f;

	tt_rtp_receiver_advance(&w->r, now, 0);
	return !tt_rtp_receiver_holds(&w->r, now) &&
	       tt_rtp_receiver_take(&w->r, &f, &w->buf, &w->cap);
}

/* Until what follows is to be heard, and no longer. */
static void a_hole_is_open_until_the_frame_behind_it_is_due(void **state)
{
	struct world w;

	(void)state;
	for (int late = 0; late < 2; late++) {
		begin(&w, TAUT_AUDIO, TARGET);
		give(&w, 0, 1, 0);
		give(&w, 40 * MS, 3, 2 * FRAME);
		assert_false(take(&w, TARGET - 1));
		assert_int_equal(w.r.held_until, TARGET);
		assert_true(take(&w, TARGET));
		assert_false(take(&w, TARGET + 20 * MS));
		assert_true(w.r.held_until == INT64_MAX);
		const taut_time until = tt_rtp_receiver_deadline(&w.r, 0);
		assert_in_range(until, TARGET + 40 * MS, TARGET + 41 * MS);
		if (late) {
			give(&w, until - MS, 2, FRAME);
			assert_true(take(&w, until - MS));
		}
		assert_false(take(&w, until - MS));
		assert_true(take(&w, until));
		assert_int_equal(w.counters.packets_late, 0);
		end(&w);
	}
}

/* With little to hold for, it is as open as without. */
static void a_hole_is_open_as_long_as_ever(void **state)
{
	struct world w;

	(void)state;
	begin(&w, TAUT_AUDIO, MS);
	give(&w, 0, 1, 0);
	assert_true(take(&w, MS));
	give(&w, 40 * MS, 3, 2 * FRAME);
	assert_in_range(tt_rtp_receiver_deadline(&w.r, 0), 100 * MS, 140 * MS);
	assert_false(take(&w, 99 * MS));
	assert_true(take(&w, 140 * MS));
	end(&w);
}

static void what_crowds_the_buffer_is_not_waited_for(void **state)
{
	struct world w;
	size_t held = TT_RTP_MAX_HELD / 4 * 3;

	(void)state;
	begin(&w, TAUT_AUDIO, 4000 * MS);
	give(&w, 0, 1, 0);
	for (uint16_t seq = 3; seq <= 224; seq++)
		give(&w, MS, seq, seq * 48u);
	assert_false(take(&w, 10 * MS)); /* 224 places of 256 are taken, with the hole */
	give(&w, MS, 225, 225 * 48);
	assert_true(take(&w, 10 * MS));
	assert_false(take(&w, 10 * MS));
	give(&w, MS, 226, 226 * 48);
	assert_in_range(tt_rtp_receiver_deadline(&w.r, 0), 61 * MS, 101 * MS);
	end(&w);
	/* and when all streams together hold so much */
	begin(&w, TAUT_AUDIO, TARGET);
	give(&w, 0, 1, 0);
	w.r.reorder.held = &held;
	held--;
	assert_false(take(&w, 10 * MS));
	held++;
	assert_true(take(&w, 10 * MS));
	w.r.reorder.held = NULL;
	end(&w);
}

/* A time that was written on a frame is no reason to be called again and again. */
static void who_holds_a_frame_is_called_for_that_alone(void **state)
{
	struct world w;

	(void)state;
	begin(&w, TAUT_VIDEO, TARGET);
	give(&w, 0, 10, 3000000);
	assert_true(take(&w, TARGET));
	give(&w, TARGET, 20, 3018000); /* 200 ms later; 11 to 19 are missing */
	give(&w, TARGET, 30, 3000000);
	tt_rtp_reorder_skip_to(&w.r.reorder, 20);
	assert_false(take(&w, TARGET + MS));
	assert_int_equal(w.r.held_until, 2 * TARGET);
	assert_true(tt_rtp_receiver_deadline(&w.r, 0) == INT64_MAX);
	end(&w);
}

static void a_frame_is_as_late_as_its_first_packet(void **state)
{
	struct world w;

	(void)state;
	begin(&w, TAUT_VIDEO, TARGET);
	give(&w, 0, 2, 0);
	give(&w, 50 * MS, 3, 0);
	give(&w, 100 * MS, 2, 0); /* twice */
	give(&w, 100 * MS, 4, 1800);
	give(&w, 100 * MS, 5, 1800);
	assert_false(take(&w, TARGET - 1));
	assert_true(take(&w, TARGET));
	assert_false(take(&w, TARGET + MS));
	assert_in_range(w.r.held_until, TARGET + 20 * MS, TARGET + 20 * MS + 80 * MS / 256);
	end(&w);
}

static void another_source_has_another_clock(void **state)
{
	struct world w;

	(void)state;
	begin(&w, TAUT_AUDIO, TARGET);
	give(&w, 0, 1, 10 * FRAME);
	assert_false(take(&w, 10 * MS));
	tt_rtp_receiver_follow(&w.r, 2);
	assert_true(w.r.held_until == INT64_MAX);
	give(&w, 300 * MS, 1, 20 * FRAME);
	assert_false(take(&w, 300 * MS + TARGET - 1));
	assert_true(take(&w, 300 * MS + TARGET));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_known_is_held_from_its_arrival),
		cmocka_unit_test(what_comes_unevenly_leaves_evenly),
		cmocka_unit_test(a_faster_path_counts_at_once_and_a_slower_one_by_and_by),
		cmocka_unit_test(a_clock_that_jumps_or_stands_still_begins_anew),
		cmocka_unit_test(disorder_changes_nothing),
		cmocka_unit_test(a_hole_is_open_until_the_frame_behind_it_is_due),
		cmocka_unit_test(a_hole_is_open_as_long_as_ever),
		cmocka_unit_test(what_crowds_the_buffer_is_not_waited_for),
		cmocka_unit_test(who_holds_a_frame_is_called_for_that_alone),
		cmocka_unit_test(a_frame_is_as_late_as_its_first_packet),
		cmocka_unit_test(another_source_has_another_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
