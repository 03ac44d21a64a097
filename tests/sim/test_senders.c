/* test_senders.c - what a sender's owner does to it while media flows: webrtc-pc sections 5.1, 5.2
 * and 5.4, on whole connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "sim/sim_pair.h"

enum { SECOND = 1000000, TICK = 20000 };

struct world {
	struct pair pair;
	taut_transceiver sound;
	uint32_t number;
	unsigned heard[2], tracks[2];
	unsigned ice_states; /* of peer 0, a bit each */
	bool sctp;
};

static const struct sim_link quick = { .delay = 10000 };

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	w->heard[i] += ev->type == TAUT_EV_FRAME;
	w->tracks[i] += ev->type == TAUT_EV_TRACK;
	w->ice_states |= 1u << taut_pc_ice_connection_state(p->peers[0].pc);
	w->sctp |= ev->type == TAUT_EV_MILESTONE && ev->number == TAUT_MS_SCTP;
}

static taut_pc *pc(struct world *w, int i)
{
	return w->pair.peers[i].pc;
}

static void begin(struct world *w, uint64_t seed)
{
	const struct taut_track_init init = { .size = sizeof init,
					      .kind = TAUT_AUDIO,
					      .track_id = "voice" };

	memset(w, 0, sizeof *w);
	pair_init(&w->pair, seed, &quick, on_event, w);
	assert_int_equal(taut_pc_add_track(pc(w, 0), 0, &init, &w->sound), TAUT_OK);
	assert_true(pair_run(&w->pair, 10 * SECOND, pair_both_connected));
}

static int say(struct world *w, int i, taut_transceiver t)
{
	static const uint8_t data[] = { 0x78, 1, 2, 3, 4, 5 };
	const struct taut_frame f = {
		.size = sizeof f, .data = data, .len = sizeof data, .rtp_timestamp = w->number * 960
	};

	w->number++;
	return taut_pc_send_frame(pc(w, i), w->pair.sim.now, t, &f);
}

/* How many of ten frames are taken, and how many of those the other side heard. */
static unsigned talk(struct world *w, int i, taut_transceiver t, unsigned *heard)
{
	const unsigned before = w->heard[1 - i];
	unsigned taken = 0;

	for (int n = 0; n < 10; n++) {
		taken += say(w, i, t) == TAUT_OK;
		pair_run(&w->pair, TICK, NULL);
	}
	pair_run(&w->pair, SECOND, NULL);
	*heard = w->heard[1 - i] - before;
	return taken;
}

static void assert_talks(struct world *w, unsigned frames)
{
	unsigned heard;

	assert_int_equal(talk(w, 0, w->sound, &heard), frames);
	assert_int_equal(heard, frames);
}

static void a_track_that_is_taken_away_is_silent_until_there_is_another(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1);
	assert_talks(&w, 10);
	assert_int_equal(taut_pc_replace_track(pc(&w, 0), w.pair.sim.now, w.sound, NULL), TAUT_OK);
	assert_talks(&w, 0);
	assert_int_equal(taut_pc_replace_track(pc(&w, 0), w.pair.sim.now, w.sound, "music"),
			 TAUT_OK);
	assert_talks(&w, 10);
	assert_int_equal(w.pair.peers[0].negotiations, 1);
	pair_free(&w.pair);
}

static void an_encoding_that_is_not_active_is_silent(void **state)
{
	struct taut_rtp_parameters p = { .size = sizeof p };
	struct taut_rtp_encoding e;
	struct world w;

	(void)state;
	begin(&w, 2);
	for (int active = 0; active < 2; active++) {
		assert_int_equal(taut_pc_get_sender_parameters(pc(&w, 0), w.sound, &p), TAUT_OK);
		e = p.encodings[0];
		e.active = (uint32_t)active;
		p.encodings = &e;
		assert_int_equal(
			taut_pc_set_sender_parameters(pc(&w, 0), w.pair.sim.now, w.sound, &p),
			TAUT_OK);
		assert_talks(&w, active ? 10 : 0);
	}
	pair_free(&w.pair);
}

/* It says BYE at once, and the m-line goes when both have agreed; a later track takes it over. */
static void a_transceiver_stops_in_the_middle_of_a_call(void **state)
{
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	struct world w;
	unsigned heard;

	(void)state;
	begin(&w, 3);
	assert_talks(&w, 10);
	assert_int_equal(taut_pc_stop_transceiver(pc(&w, 0), w.pair.sim.now, w.sound), TAUT_OK);
	assert_talks(&w, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(taut_pc_transceiver_at(pc(&w, i), 0)->current_direction,
				 TAUT_STOPPED);
	assert_int_equal(taut_pc_add_track(pc(&w, 0), w.pair.sim.now, &init, &w.sound), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	assert_talks(&w, 10);
	assert_int_equal(w.tracks[1], 2);
	/* the other way as well, on the same m-line */
	const struct taut_transceiver_info *t = taut_pc_transceiver_at(pc(&w, 1), 1);
	assert_string_equal(t->mid, "1");
	const taut_transceiver theirs = t->id;
	assert_int_equal(taut_pc_set_direction(pc(&w, 1), w.pair.sim.now, theirs, TAUT_SENDRECV),
			 TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(talk(&w, 1, theirs, &heard), 10);
	assert_int_equal(heard, 10);
	pair_free(&w.pair);
}

/* Media may flow from the provisional answer on. */
static void a_provisional_answer_lets_media_flow(void **state)
{
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	struct world w = { 0 };
	uint32_t type;

	(void)state;
	pair_init(&w.pair, 4, &quick, on_event, &w);
	assert_int_equal(taut_pc_add_track(pc(&w, 0), 0, &init, &w.sound), TAUT_OK);
	w.pair.hold_signals = true;
	pair_run(&w.pair, SECOND, NULL);
	const char *text = taut_pc_local_description(pc(&w, 0), NULL);
	assert_non_null(text);
	assert_int_equal(taut_pc_set_remote_description(pc(&w, 1), w.pair.sim.now, TAUT_SDP_OFFER,
							text, strlen(text)),
			 TAUT_OK);
	assert_int_equal(taut_pc_set_local_description(pc(&w, 1), w.pair.sim.now, TAUT_SDP_PRANSWER,
						       NULL, 0),
			 TAUT_OK);
	pair_run(&w.pair, SECOND, NULL); /* it gathers */
	text = taut_pc_local_description(pc(&w, 1), &type);
	assert_int_equal(type, TAUT_SDP_PRANSWER);
	assert_int_equal(
		taut_pc_set_remote_description(pc(&w, 0), w.pair.sim.now, type, text, strlen(text)),
		TAUT_OK);
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	assert_int_equal(taut_pc_signaling_state(pc(&w, 0)), TAUT_SIGNALING_HAVE_REMOTE_PRANSWER);
	assert_talks(&w, 10);
	assert_int_equal(taut_pc_set_local_description(pc(&w, 1), w.pair.sim.now, 0, NULL, 0),
			 TAUT_OK);
	text = taut_pc_local_description(pc(&w, 1), &type);
	assert_int_equal(
		taut_pc_set_remote_description(pc(&w, 0), w.pair.sim.now, type, text, strlen(text)),
		TAUT_OK);
	assert_talks(&w, 10);
	pair_free(&w.pair);
}

static bool has_failed(struct pair *p)
{
	return taut_pc_ice_connection_state(p->peers[0].pc) == TAUT_ICE_STATE_FAILED;
}

/* webrtc-pc 4.3.4, and that of the association comes after. */
static void ice_goes_through_its_states(void **state)
{
	const unsigned up = 1u << TAUT_ICE_STATE_CONNECTED | 1u << TAUT_ICE_STATE_COMPLETED;
	struct world w;
	taut_channel ch;

	(void)state;
	begin(&w, 5);
	assert_int_equal(taut_pc_create_data_channel(pc(&w, 0), w.pair.sim.now, NULL, &ch),
			 TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	assert_true(w.sctp);
	assert_true(w.ice_states & 1u << TAUT_ICE_STATE_NEW);
	assert_true(w.ice_states & 1u << TAUT_ICE_STATE_CHECKING);
	assert_true(1u << taut_pc_ice_connection_state(pc(&w, 0)) & up);
	assert_int_equal(taut_pc_ice_role(pc(&w, 0)), TAUT_ICE_ROLE_CONTROLLING);
	assert_int_equal(taut_pc_ice_role(pc(&w, 1)), TAUT_ICE_ROLE_CONTROLLED);
	assert_int_equal(taut_pc_dtls_state(pc(&w, 0)), TAUT_STATE_CONNECTED);
	w.pair.cut = true;
	assert_true(pair_run(&w.pair, 60 * SECOND, has_failed));
	assert_true(w.ice_states & 1u << TAUT_ICE_STATE_DISCONNECTED);
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_track_that_is_taken_away_is_silent_until_there_is_another),
		cmocka_unit_test(an_encoding_that_is_not_active_is_silent),
		cmocka_unit_test(a_transceiver_stops_in_the_middle_of_a_call),
		cmocka_unit_test(a_provisional_answer_lets_media_flow),
		cmocka_unit_test(ice_goes_through_its_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
