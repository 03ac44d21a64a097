/* test_dtmf.c - RTCDTMFSender on whole connections: webrtc-pc section 7, RFC 4733. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/pc.h"
#include "sim/sim_pair.h"

enum { MS = 1000, SECOND = 1000000, ROOM = 300 };

struct world {
	struct pair pair;
	taut_transceiver sound;
	char told[ROOM], heard[ROOM]; /* tones of peer 0 as they begin, '.' at the end; what 1 hears */
	taut_time told_at[ROOM];
	unsigned frames;
	const char *events; /* what the answer says of telephone events; NULL: as it does */
};

static const struct sim_link quick = { .delay = 10000 };

static void add(char *list, const char *what)
{
	const size_t n = strlen(list);

	assert_true(n + 1 < ROOM);
	list[n] = what[0];
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	if (ev->type == TAUT_EV_TONE_CHANGE) {
		assert_int_equal(i, 0);
		if (ev->transceiver != w->sound)
			return;
		w->told_at[strlen(w->told)] = p->sim.now;
		add(w->told, ev->text[0] ? ev->text : ".");
	}
	if (ev->type == TAUT_EV_TONE) {
		assert_int_equal(i, 1);
		add(w->heard, ev->text);
	}
	w->frames += i == 1 && ev->type == TAUT_EV_FRAME;
}

static taut_pc *pc(struct world *w)
{
	return w->pair.peers[0].pc;
}

/* The events parameter of an answer, or no telephone events at all. */
static char *describe(struct pair *p, int to, uint32_t type, const char *text)
{
	struct world *w = p->user;
	char *other = malloc(strlen(text) + 1), *at, *list;

	memcpy(other, text, strlen(text) + 1);
	at = strstr(other, "telephone-event");
	list = strstr(other, " 0-15\r\n");

	if (to == 0 && type == TAUT_SDP_ANSWER && w->events && at && list) {
		assert_true(strlen(w->events) <= 4);
		if (w->events[0])
			memcpy(list + 1, w->events, strlen(w->events));
		else
			memcpy(at, "telephone-xxxxx", 15);
	}
	return other;
}

static void begin(struct world *w, const char *events)
{
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_AUDIO };

	memset(w, 0, sizeof *w);
	pair_init(&w->pair, 7, &quick, on_event, w);
	w->events = events;
	w->pair.describe = describe;
	assert_int_equal(taut_pc_add_track(pc(w), 0, &init, &w->sound), TAUT_OK);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(w), w->sound), 0);
	assert_int_equal(taut_pc_insert_dtmf(pc(w), 0, w->sound, "1", 0, 0), TAUT_E_STATE);
	assert_true(pair_run(&w->pair, 10 * SECOND, pair_both_connected));
}

static int insert(struct world *w, const char *tones, taut_time duration, taut_time gap)
{
	return taut_pc_insert_dtmf(pc(w), w->pair.sim.now, w->sound, tones, duration, gap);
}

static void run(struct world *w, taut_time span)
{
	pair_run(&w->pair, span, NULL);
}

static void say(struct world *w)
{
	static const uint8_t data[] = { 0x78, 1, 2, 3, 4, 5 };
	const struct taut_frame f = { .size = sizeof f,
				      .data = data,
				      .len = sizeof data,
				      .rtp_timestamp = (uint32_t)(w->pair.sim.now / 20833) * 1000 };

	assert_int_equal(taut_pc_send_frame(pc(w), w->pair.sim.now, w->sound, &f), TAUT_OK);
}

static void tones_come_one_after_another_and_are_heard(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 1);
	assert_string_equal(taut_pc_dtmf_tone_buffer(pc(&w), w.sound), "");
	const taut_time now = w.pair.sim.now;
	assert_int_equal(insert(&w, "12,#aD", 0, 0), TAUT_OK);
	assert_string_equal(taut_pc_dtmf_tone_buffer(pc(&w), w.sound), "12,#AD");
	assert_string_equal(w.told, "");
	run(&w, 100 * MS);
	assert_string_equal(w.told, "1");
	assert_string_equal(taut_pc_dtmf_tone_buffer(pc(&w), w.sound), "2,#AD");
	run(&w, 10 * SECOND);
	assert_string_equal(w.told, "12,#AD.");
	assert_string_equal(w.heard, "12#AD");
	static const taut_time at[] = { 0, 170, 340, 2340, 2510, 2680, 2850 };
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
		assert_int_equal(w.told_at[i] - now, at[i] * MS);
	pair_free(&w.pair);
}

static void times_are_kept_within_their_bounds(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL);
	taut_time now = w.pair.sim.now;
	assert_int_equal(insert(&w, "11", 1, 1), TAUT_OK);
	run(&w, SECOND);
	assert_int_equal(w.told_at[1] - now, 70 * MS);
	assert_int_equal(w.told_at[2] - now, 140 * MS);
	now = w.pair.sim.now;
	assert_int_equal(insert(&w, "22", 60 * SECOND, 60 * SECOND), TAUT_OK);
	run(&w, 30 * SECOND);
	assert_int_equal(w.told_at[4] - now, 12 * SECOND);
	assert_string_equal(w.told, "11.22.");
	assert_string_equal(w.heard, "1122");
	pair_free(&w.pair);
}

/* What was inserted takes the place of what waits; the tone that plays is played to its end. */
static void later_tones_take_the_place_of_those_that_wait(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL);
	assert_int_equal(insert(&w, "123456789", 0, 0), TAUT_OK);
	run(&w, 200 * MS);
	assert_int_equal(insert(&w, "ABC", 0, 0), TAUT_OK);
	run(&w, 100 * MS);
	assert_string_equal(w.told, "12");
	run(&w, 60 * MS);
	assert_string_equal(w.told, "12A");
	assert_int_equal(insert(&w, "", 0, 0), TAUT_OK);
	run(&w, SECOND);
	assert_string_equal(w.told, "12A.");
	assert_string_equal(w.heard, "12A");
	assert_int_equal(insert(&w, "", 0, 0), TAUT_OK); /* nothing was playing */
	run(&w, SECOND);
	assert_string_equal(w.told, "12A.");
	pair_free(&w.pair);
}

static void what_is_no_tone_changes_nothing(void **state)
{
	char many[257];
	struct world w;

	(void)state;
	begin(&w, NULL);
	memset(many, '1', sizeof many - 1);
	many[256] = '\0';
	assert_int_equal(insert(&w, "7", 0, 0), TAUT_OK);
	assert_int_equal(insert(&w, "1 2", 0, 0), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(pc(&w))->dom_name, "InvalidCharacterError");
	assert_int_equal(insert(&w, "E", 0, 0), TAUT_E_INVAL);
	assert_int_equal(insert(&w, NULL, 0, 0), TAUT_E_INVAL);
	assert_int_equal(insert(&w, many, 0, 0), TAUT_E_LIMIT);
	assert_int_equal(taut_pc_insert_dtmf(pc(&w), w.pair.sim.now, 99, "1", 0, 0), TAUT_E_GONE);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), 99), 0);
	assert_null(taut_pc_dtmf_tone_buffer(pc(&w), 99));
	assert_string_equal(taut_pc_dtmf_tone_buffer(pc(&w), w.sound), "7");
	run(&w, SECOND);
	many[255] = '\0';
	assert_int_equal(insert(&w, many, 0, 0), TAUT_OK);
	assert_string_equal(w.heard, "7");
	pair_free(&w.pair);
}

static void frames_wait_for_no_tone_and_go_on_after_it(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL);
	for (int i = 0; i < 10; i++) {
		say(&w);
		run(&w, 20 * MS);
	}
	assert_int_equal(insert(&w, "9", 200 * MS, 0), TAUT_OK);
	run(&w, 100 * MS);
	const unsigned before = w.frames;
	say(&w);
	run(&w, 50 * MS);
	assert_int_equal(w.frames, before);
	run(&w, SECOND);
	for (int i = 0; i < 10; i++) {
		say(&w);
		run(&w, 20 * MS);
	}
	run(&w, SECOND);
	assert_int_equal(w.frames, 20);
	assert_string_equal(w.heard, "9");
	pair_free(&w.pair);
}

/* RFC 4733 section 2.5.1.1: what its description does not list is not sent. */
static void a_peer_hears_only_the_keys_it_takes(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "3-05");
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 1);
	assert_int_equal(insert(&w, "123456", 0, 0), TAUT_OK);
	run(&w, 3 * SECOND);
	assert_string_equal(w.told, "123456.");
	assert_string_equal(w.heard, "345");
	pair_free(&w.pair);
	begin(&w, "");
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 0);
	assert_int_equal(insert(&w, "1", 0, 0), TAUT_E_STATE);
	say(&w);
	run(&w, SECOND);
	assert_int_equal(w.frames, 1);
	pair_free(&w.pair);
}

static void who_does_not_send_any_more_plays_no_tone(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL);
	assert_int_equal(insert(&w, "1234", 0, 0), TAUT_OK);
	run(&w, 200 * MS);
	assert_int_equal(taut_pc_set_direction(pc(&w), w.pair.sim.now, w.sound, TAUT_RECVONLY),
			 TAUT_OK);
	run(&w, 2 * SECOND);
	assert_string_equal(w.told, "12");
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 0);
	pair_free(&w.pair);
}

static uint64_t packets(struct world *w)
{
	struct taut_counters c = { .size = sizeof c };

	assert_int_equal(taut_pc_get_counters(pc(w), &c), TAUT_OK);
	return c.rtp_packets_sent;
}

/* Nor what is left of one. */
static void a_tone_ends_where_its_direction_does(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL);
	assert_int_equal(insert(&w, "1", 6 * SECOND, 0), TAUT_OK);
	run(&w, 500 * MS);
	assert_true(packets(&w) > 20);
	assert_int_equal(taut_pc_set_direction(pc(&w), w.pair.sim.now, w.sound, TAUT_RECVONLY),
			 TAUT_OK);
	run(&w, 200 * MS); /* it is agreed on */
	const uint64_t before = packets(&w);
	run(&w, SECOND);
	assert_int_equal(packets(&w), before);
	pair_free(&w.pair);
}

static void who_is_stopped_or_silent_plays_no_tone(void **state)
{
	struct taut_rtp_parameters p = { .size = sizeof p };
	struct taut_rtp_encoding e;
	struct world w;

	(void)state;
	begin(&w, NULL);
	for (uint32_t active = 0; active < 2; active++) {
		assert_int_equal(taut_pc_get_sender_parameters(pc(&w), w.sound, &p), TAUT_OK);
		e = p.encodings[0];
		e.active = active;
		p.encodings = &e;
		assert_int_equal(
			taut_pc_set_sender_parameters(pc(&w), w.pair.sim.now, w.sound, &p),
			TAUT_OK);
		assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), active);
	}
	assert_int_equal(taut_pc_replace_track(pc(&w), w.pair.sim.now, w.sound, NULL), TAUT_OK);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 0);
	assert_int_equal(taut_pc_replace_track(pc(&w), w.pair.sim.now, w.sound, "again"), TAUT_OK);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 1);
	w.pair.cut = true;
	run(&w, 14 * SECOND);
	assert_int_equal(taut_pc_connection_state(pc(&w)), TAUT_STATE_DISCONNECTED);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 0);
	w.pair.cut = false;
	run(&w, 8 * SECOND);
	assert_int_equal(insert(&w, "123", 0, 0), TAUT_OK);
	run(&w, 100 * MS);
	assert_int_equal(taut_pc_stop_transceiver(pc(&w), w.pair.sim.now, w.sound), TAUT_OK);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 0);
	run(&w, SECOND);
	assert_string_equal(w.told, "1");
	pair_free(&w.pair);
}

/* Whichever was asked for last. */
static void two_tracks_have_their_own_tones(void **state)
{
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	static const char *const told[] = { "1", "11", "111", "1111", "11111", "11111." };
	struct world w;
	taut_transceiver other;

	(void)state;
	begin(&w, NULL);
	assert_int_equal(taut_pc_add_track(pc(&w), w.pair.sim.now, &init, &other), TAUT_OK);
	run(&w, SECOND);
	assert_int_equal(insert(&w, "11111", 40 * MS, 30 * MS), TAUT_OK);
	assert_int_equal(taut_pc_insert_dtmf(pc(&w), w.pair.sim.now, other, "222", 3 * SECOND, 0),
			 TAUT_OK);
	run(&w, 10 * MS);
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		assert_string_equal(w.told, told[i]);
		run(&w, 70 * MS);
	}
	/* and one that is asked for while the other waits for long */
	assert_int_equal(insert(&w, "1", 40 * MS, 30 * MS), TAUT_OK);
	run(&w, 20 * MS);
	assert_int_equal(
		taut_pc_insert_dtmf(pc(&w), w.pair.sim.now, other, "22", 3 * SECOND, 0), TAUT_OK);
	run(&w, 70 * MS);
	assert_string_equal(w.told, "11111.1.");
	pair_free(&w.pair);
}

/* They are not what frames are sent as, nor what feedback is agreed on by. */
static void telephone_events_may_come_first(void **state)
{
	const struct taut_codec wanted[] = {
		{ .size = sizeof wanted[0],
		  .mime = "audio/telephone-event",
		  .clock_rate = 48000,
		  .fmtp = "0-15" },
		{ .size = sizeof wanted[0], .mime = "audio/opus", .clock_rate = 48000, .channels = 2 },
	};
	struct world w;
	char feedback[40];
	unsigned pt = 0;

	(void)state;
	begin(&w, NULL);
	assert_int_equal(
		taut_pc_set_codec_preferences(pc(&w), w.pair.sim.now, w.sound, wanted, 2),
		TAUT_OK);
	const char *offer;
	assert_int_equal(taut_pc_create_offer(pc(&w), w.pair.sim.now, &offer), TAUT_OK);
	const char *at = strstr(offer, " telephone-event/48000");
	assert_non_null(at);
	while (at[-1] != ':')
		at--;
	pt = (unsigned)strtoul(at, NULL, 10);
	snprintf(feedback, sizeof feedback, "a=rtcp-fb:%u ", pt);
	assert_null(strstr(offer, feedback));
	assert_int_equal(taut_pc_restart_ice(pc(&w), w.pair.sim.now), TAUT_OK); /* negotiates */
	run(&w, 2 * SECOND);
	assert_int_equal(w.pair.peers[0].negotiations, 2);
	const uint64_t before = tt_rtp_session_counters(w.pair.peers[1].pc->rtp)->twcc_sent;
	for (int i = 0; i < 10; i++) {
		say(&w);
		run(&w, 20 * MS);
	}
	assert_int_equal(insert(&w, "7", 0, 0), TAUT_OK);
	run(&w, SECOND);
	assert_int_equal(w.frames, 10);
	assert_string_equal(w.heard, "7");
	assert_true(tt_rtp_session_counters(w.pair.peers[1].pc->rtp)->twcc_sent > before);
	pair_free(&w.pair);
}

static void an_offer_of_telephone_events_alone_is_refused(void **state)
{
	const struct taut_codec all[] = {
		{ .size = sizeof all[0],
		  .mime = "audio/telephone-event",
		  .clock_rate = 48000,
		  .fmtp = "0-15" },
		{ .size = sizeof all[0], .mime = "audio/opus", .clock_rate = 48000, .channels = 2 },
	};
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	struct world w;
	taut_pc *two[2];
	taut_transceiver t;

	(void)state;
	begin(&w, NULL);
	for (size_t i = 0; i < 2; i++) {
		const struct taut_config cfg = { .size = sizeof cfg, .codecs = all, .codec_count = i + 1 };
		assert_int_equal(taut_pc_new(&two[i], w.pair.peers[0].env, &cfg, 1), TAUT_OK);
	}
	assert_int_equal(taut_pc_add_track(two[0], 1, &init, &t), TAUT_OK);
	const char *offer, *answer;
	assert_int_equal(taut_pc_create_offer(two[0], 1, &offer), TAUT_OK);
	assert_int_equal(
		taut_pc_set_remote_description(two[1], 1, TAUT_SDP_OFFER, offer, strlen(offer)),
		TAUT_OK);
	assert_int_equal(taut_pc_create_answer(two[1], 1, &answer), TAUT_OK);
	assert_non_null(strstr(answer, "m=audio 0 "));
	taut_pc_free(two[0]);
	taut_pc_free(two[1]);
	pair_free(&w.pair);
}

static void negotiate(taut_pc *from, taut_pc *to)
{
	const char *text;

	assert_int_equal(taut_pc_set_local_description(from, 1, TAUT_SDP_OFFER, NULL, 0), TAUT_OK);
	text = taut_pc_local_description(from, NULL);
	assert_int_equal(taut_pc_set_remote_description(to, 1, TAUT_SDP_OFFER, text, strlen(text)),
			 TAUT_OK);
	assert_int_equal(taut_pc_set_local_description(to, 1, TAUT_SDP_ANSWER, NULL, 0), TAUT_OK);
	text = taut_pc_local_description(to, NULL);
	assert_int_equal(
		taut_pc_set_remote_description(from, 1, TAUT_SDP_ANSWER, text, strlen(text)),
		TAUT_OK);
}

/* Section 2.5.1.2: on the clock of the sound that they stand beside. */
static void telephone_events_share_the_clock_of_sound(void **state)
{
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	struct world w;

	(void)state;
	begin(&w, NULL);
	for (uint32_t rate = 8000; rate <= 48000; rate += 40000) {
		const struct taut_codec all[] = {
			{ .size = sizeof all[0],
			  .mime = "audio/opus",
			  .clock_rate = 48000,
			  .channels = 2 },
			{ .size = sizeof all[0],
			  .mime = "audio/telephone-event",
			  .clock_rate = rate,
			  .fmtp = "0-15" },
		};
		const struct taut_config cfg = { .size = sizeof cfg, .codecs = all, .codec_count = 2 };
		taut_pc *two[2];
		taut_transceiver t;
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(taut_pc_new(&two[i], w.pair.peers[0].env, &cfg, 1),
					 TAUT_OK);
		assert_int_equal(taut_pc_add_track(two[0], 1, &init, &t), TAUT_OK);
		negotiate(two[0], two[1]);
		assert_int_equal(pc_find_transceiver(two[0], t)->tone_keys,
				 rate == 48000 ? 0xffff : 0);
		taut_pc_free(two[0]);
		taut_pc_free(two[1]);
	}
	pair_free(&w.pair);
}

static taut_transceiver answering;

static void answer_without_events(struct pair *p, int i)
{
	const struct taut_codec opus = {
		.size = sizeof opus, .mime = "audio/opus", .clock_rate = 48000, .channels = 2
	};
	taut_pc *q = p->peers[i].pc;

	answering = taut_pc_transceiver_at(q, 0)->id;
	assert_int_equal(taut_pc_set_codec_preferences(q, p->sim.now, answering, &opus, 1), TAUT_OK);
	assert_int_equal(taut_pc_set_direction(q, p->sim.now, answering, TAUT_SENDRECV), TAUT_OK);
	assert_int_equal(taut_pc_replace_track(q, p->sim.now, answering, "answer"), TAUT_OK);
}

/* What our own description does not have is not sent either. */
static void who_answers_without_telephone_events_sends_none(void **state)
{
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	struct world w = { 0 };

	(void)state;
	pair_init(&w.pair, 8, &quick, on_event, &w);
	w.pair.before_answer = answer_without_events;
	assert_int_equal(taut_pc_add_track(pc(&w), 0, &init, &w.sound), TAUT_OK);
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	assert_int_equal(taut_pc_can_insert_dtmf(w.pair.peers[1].pc, answering), 0);
	assert_int_equal(taut_pc_can_insert_dtmf(pc(&w), w.sound), 0);
	pair_free(&w.pair);
}

/* Beside sound, and never instead of it. */
static void telephone_events_alone_are_no_codec(void **state)
{
	const struct taut_codec event = { .size = sizeof event,
					  .mime = "audio/telephone-event",
					  .clock_rate = 48000,
					  .fmtp = "0-15" };
	const struct taut_config no_list = { .size = sizeof no_list,
					     .codecs = &(struct taut_codec){ .size = sizeof event,
									     .mime = event.mime,
									     .clock_rate = 48000 },
					     .codec_count = 1 };
	struct world w;
	taut_pc *none;

	(void)state;
	begin(&w, NULL);
	assert_int_equal(taut_pc_new(&none, w.pair.peers[0].env, &no_list, w.pair.sim.now),
			 TAUT_E_INVAL);
	assert_int_equal(
		taut_pc_set_codec_preferences(pc(&w), w.pair.sim.now, w.sound, &event, 1),
		TAUT_E_INVAL);
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tones_come_one_after_another_and_are_heard),
		cmocka_unit_test(times_are_kept_within_their_bounds),
		cmocka_unit_test(later_tones_take_the_place_of_those_that_wait),
		cmocka_unit_test(what_is_no_tone_changes_nothing),
		cmocka_unit_test(frames_wait_for_no_tone_and_go_on_after_it),
		cmocka_unit_test(a_peer_hears_only_the_keys_it_takes),
		cmocka_unit_test(who_does_not_send_any_more_plays_no_tone),
		cmocka_unit_test(a_tone_ends_where_its_direction_does),
		cmocka_unit_test(who_is_stopped_or_silent_plays_no_tone),
		cmocka_unit_test(two_tracks_have_their_own_tones),
		cmocka_unit_test(telephone_events_may_come_first),
		cmocka_unit_test(an_offer_of_telephone_events_alone_is_refused),
		cmocka_unit_test(telephone_events_share_the_clock_of_sound),
		cmocka_unit_test(who_answers_without_telephone_events_sends_none),
		cmocka_unit_test(telephone_events_alone_are_no_codec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
