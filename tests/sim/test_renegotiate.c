/* test_renegotiate.c - a call that changes while it goes on: RFC 9429 sections 5.2.2 and 5.3.2.
 *
 * Sound flows throughout; nothing of it may be lost by what is negotiated beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim_pair.h"
#include "taut/stats.h"

enum { SECOND = 1000000, TICK = 20000 };

struct world {
	struct pair pair;
	unsigned opens[2], tracks[2], audio[2], video[2];
	taut_transceiver last_track[2];
	taut_transceiver sound;
	uint32_t number;
};

static const struct sim_link quick = { .delay = 10000 };

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	w->opens[i] += ev->type == TAUT_EV_OPEN;
	if (ev->type == TAUT_EV_TRACK) {
		w->tracks[i]++;
		w->last_track[i] = ev->transceiver;
	} else if (ev->type == TAUT_EV_FRAME) {
		assert_non_null(ev->frame->codec);
		if (strcmp(ev->frame->codec->mime, "video/VP8") == 0)
			w->video[i]++;
		else
			w->audio[i]++;
	}
}

static taut_transceiver add(struct world *w, int i, uint32_t kind)
{
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = kind,
						    .stream_id = "s" };
	taut_transceiver t = 0;

	assert_int_equal(taut_pc_add_transceiver(w->pair.peers[i].pc, w->pair.sim.now, &init, &t),
			 TAUT_OK);
	return t;
}

static int send_sound(struct world *w, int i, taut_transceiver t)
{
	static const uint8_t data[] = { 0x78, 1, 2, 3, 4, 5 };
	const struct taut_frame f = {
		.size = sizeof f, .data = data, .len = sizeof data, .rtp_timestamp = w->number * 960
	};

	return taut_pc_send_frame(w->pair.peers[i].pc, w->pair.sim.now, t, &f);
}

static int send_picture(struct world *w, int i, taut_transceiver t)
{
	const uint8_t data[600] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 240, 0 };
	const struct taut_frame f = { .size = sizeof f,
				      .data = data,
				      .len = sizeof data,
				      .flags = TAUT_FRAME_KEY,
				      .rtp_timestamp = w->number * 1800 };

	return taut_pc_send_frame(w->pair.peers[i].pc, w->pair.sim.now, t, &f);
}

/* A second of sound from 0, and of pictures of the transceiver given (0: none). */
static unsigned go_on(struct world *w, int i, taut_transceiver video)
{
	unsigned sent = 0;

	for (int n = 0; n < 50; n++, w->number++) {
		assert_int_equal(send_sound(w, 0, w->sound), TAUT_OK);
		if (video)
			sent += send_picture(w, i, video) == TAUT_OK;
		pair_run(&w->pair, TICK, NULL);
	}
	return sent;
}

static void begin_call(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof *w);
	pair_init(&w->pair, seed, &quick, on_event, w);
	w->sound = add(w, 0, TAUT_AUDIO);
	assert_true(pair_run(&w->pair, 5 * SECOND, pair_both_connected));
	pair_run(&w->pair, SECOND / 2, NULL);
}

static void end_call(struct world *w)
{
	pair_run(&w->pair, SECOND, NULL);
	assert_int_equal(w->audio[1], w->number);
	for (int i = 0; i < 2; i++)
		assert_int_equal(taut_pc_signaling_state(w->pair.peers[i].pc),
				 TAUT_SIGNALING_STABLE);
	pair_free(&w->pair);
}

static void set_direction(struct world *w, int i, taut_transceiver t, uint32_t d)
{
	assert_int_equal(taut_pc_set_direction(w->pair.peers[i].pc, w->pair.sim.now, t, d),
			 TAUT_OK);
}

/* Either side adds a picture in the middle of a call, takes it away, and brings it back. */
static void video_comes_and_goes_and_comes_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;
		begin_call(&w, 200 + (uint64_t)i);
		go_on(&w, i, 0);
		taut_transceiver v = add(&w, i, TAUT_VIDEO);
		unsigned sent = go_on(&w, i, v);
		assert_in_range(sent, 40, 50);
		assert_int_equal(w.tracks[1 - i], 1 + (i == 0));
		set_direction(&w, i, v, TAUT_INACTIVE);
		unsigned late = go_on(&w, i, v);
		assert_in_range(late, 1, 10); /* until the answer is there */
		assert_int_equal(send_picture(&w, i, v), TAUT_E_STATE);
		assert_in_range(w.video[1 - i], sent, sent + late);
		set_direction(&w, i, v, TAUT_SENDONLY);
		unsigned before = w.video[1 - i];
		sent = go_on(&w, i, v);
		pair_run(&w.pair, SECOND / 2, NULL);
		assert_in_range(sent, 40, 50);
		assert_in_range(w.video[1 - i], before + sent - 2, before + sent);
		assert_int_equal(w.tracks[1 - i], 2 + (i == 0)); /* announced anew */
		end_call(&w);
	}
}

static void the_other_side_may_mute_what_it_gets(void **state)
{
	struct world w;

	(void)state;
	begin_call(&w, 210);
	taut_transceiver v = add(&w, 0, TAUT_VIDEO);
	go_on(&w, 0, v);
	set_direction(&w, 1, w.last_track[1], TAUT_INACTIVE);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(send_picture(&w, 0, v), TAUT_E_STATE);
	set_direction(&w, 1, w.last_track[1], TAUT_RECVONLY);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(go_on(&w, 0, v), 50);
	end_call(&w);
}

static bool both_open(struct pair *p)
{
	struct world *w = p->user;

	return w->opens[0] > 0 && w->opens[1] > 0;
}

/* Data first and media by the other side; media first and data by the other side. */
static void data_and_media_come_in_either_order(void **state)
{
	taut_channel ch;
	struct world w;

	(void)state;
	memset(&w, 0, sizeof w);
	pair_init(&w.pair, 220, &quick, on_event, &w);
	assert_int_equal(taut_pc_create_data_channel(w.pair.peers[1].pc, 0, NULL, &ch), TAUT_OK);
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	w.sound = add(&w, 0, TAUT_AUDIO);
	pair_run(&w.pair, SECOND, NULL);
	go_on(&w, 0, 0);
	end_call(&w);

	begin_call(&w, 221);
	assert_int_equal(taut_pc_create_data_channel(w.pair.peers[1].pc, w.pair.sim.now, NULL, &ch),
			 TAUT_OK);
	taut_time before = w.pair.sim.now;
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	assert_true(w.pair.sim.now - before < SECOND / 2); /* nothing waited for a retransmission */
	go_on(&w, 0, 0);
	end_call(&w);
}

static void both_sides_may_restart_ice_at_once(void **state)
{
	(void)state;
	for (taut_time apart = 0; apart <= 80000; apart += 4000) {
		struct world w;
		begin_call(&w, 300 + (uint64_t)apart);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(taut_pc_restart_ice(w.pair.peers[i].pc, w.pair.sim.now),
					 TAUT_OK);
			pair_run(&w.pair, apart, NULL);
		}
		go_on(&w, 0, 0);
		pair_run(&w.pair, 3 * SECOND, NULL);
		go_on(&w, 0, 0);
		assert_true(pair_both_connected(&w.pair));
		end_call(&w);
	}
}

/* With a picture added, at the same moment, by both. */
static void both_sides_may_add_video_at_once(void **state)
{
	(void)state;
	for (taut_time apart = 0; apart <= 80000; apart += 4000) {
		taut_transceiver v[2];
		struct world w;
		begin_call(&w, 400 + (uint64_t)apart);
		for (int i = 0; i < 2; i++) {
			v[i] = add(&w, i, TAUT_VIDEO);
			pair_run(&w.pair, apart, NULL);
		}
		pair_run(&w.pair, SECOND, NULL);
		for (int i = 0; i < 2; i++)
			assert_int_equal(go_on(&w, i, v[i]), 50);
		pair_run(&w.pair, SECOND, NULL);
		assert_int_equal(w.video[0], 50);
		assert_int_equal(w.video[1], 50);
		end_call(&w);
	}
}

/* ---- early media ---- */

static void answer_with_sound(struct pair *p, int i)
{
	const struct taut_transceiver_info *info = taut_pc_transceiver_at(p->peers[i].pc, 0);

	assert_int_equal(taut_pc_set_direction(p->peers[i].pc, p->sim.now, info->id, TAUT_SENDRECV),
			 TAUT_OK);
}

static double marked(const struct world *w)
{
	const struct taut_stats *all;
	size_t count;

	assert_int_equal(taut_pc_get_stats(w->pair.peers[0].pc, w->pair.sim.now, &all, &count),
			 TAUT_OK);
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].type, "inbound-rtp") == 0)
			return taut_stats_member(&all[i], "packetsReceivedWithEct1")->number;
	return -1;
}

/* The answerer speaks at once; its answer takes half a second. What was said is not lost, nor how it came. */
static void media_before_the_answer_is_held_and_replayed(void **state)
{
	taut_channel ch;
	struct world w;

	(void)state;
	memset(&w, 0, sizeof w);
	pair_init(&w.pair, 230, &quick, on_event, &w);
	assert_int_equal(taut_pc_create_data_channel(w.pair.peers[0].pc, 0, NULL, &ch), TAUT_OK);
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	add(&w, 0, TAUT_AUDIO);
	w.pair.before_answer = answer_with_sound;
	pair_run(&w.pair, SECOND / 40, NULL); /* the offer is there, and answered */
	w.pair.hold_signals = true;
	pair_run(&w.pair, SECOND / 20, NULL);
	w.pair.ecn = 1;
	for (; w.number < 20; w.number++) {
		const struct taut_transceiver_info *info =
			taut_pc_transceiver_at(w.pair.peers[1].pc, 0);
		assert_non_null(info);
		assert_int_equal(send_sound(&w, 1, info->id), TAUT_OK);
		pair_run(&w.pair, TICK, NULL);
	}
	assert_int_equal(w.audio[0], 0);
	w.pair.ecn = 0;
	w.pair.hold_signals = false;
	pair_run(&w.pair, 2 * SECOND, NULL);
	assert_int_equal(w.audio[0], 20);
	assert_true(marked(&w) == 20);
	pair_free(&w.pair);
}

/* ---- candidates that fit nothing ---- */

static void candidates_of_no_description_change_nothing(void **state)
{
	static const char text[] =
		"candidate:1 1 udp 2130706431 192.0.2.99 4000 typ host ufrag abcd";
	struct world w;
	taut_transceiver t;

	(void)state;
	memset(&w, 0, sizeof w);
	pair_init(&w.pair, 240, &quick, on_event, &w);
	taut_pc *pc = w.pair.peers[0].pc;
	assert_int_equal(taut_pc_add_ice_candidate(pc, 0, text, strlen(text), "0", -1),
			 TAUT_E_STATE);
	t = add(&w, 0, TAUT_AUDIO);
	/* of an offer that was ignored: our own is out, and nothing of the peer is known */
	assert_int_equal(taut_pc_set_local_description(pc, 0, 0, NULL, 0), TAUT_OK);
	assert_int_equal(taut_pc_add_ice_candidate(pc, 0, text, strlen(text), "0", -1),
			 TAUT_E_STATE);
	assert_int_equal(taut_pc_set_local_description(pc, 0, TAUT_SDP_ROLLBACK, NULL, 0), TAUT_OK);
	w.sound = t;
	assert_true(pair_run(&w.pair, 5 * SECOND, pair_both_connected));
	pair_run(&w.pair, SECOND / 2, NULL);
	/* and in the middle of a call: another generation's, and another's mid */
	assert_int_equal(taut_pc_add_ice_candidate(pc, w.pair.sim.now, text, strlen(text), NULL, 0),
			 TAUT_OK);
	assert_int_equal(taut_pc_add_ice_candidate(pc, w.pair.sim.now, text, strlen(text), NULL, 0),
			 TAUT_OK);
	assert_int_equal(
		taut_pc_add_ice_candidate(pc, w.pair.sim.now, text, strlen(text), "77", -1),
		TAUT_E_INVAL);
	go_on(&w, 0, 0);
	end_call(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(video_comes_and_goes_and_comes_again),
		cmocka_unit_test(the_other_side_may_mute_what_it_gets),
		cmocka_unit_test(data_and_media_come_in_either_order),
		cmocka_unit_test(both_sides_may_restart_ice_at_once),
		cmocka_unit_test(both_sides_may_add_video_at_once),
		cmocka_unit_test(media_before_the_answer_is_held_and_replayed),
		cmocka_unit_test(candidates_of_no_description_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
