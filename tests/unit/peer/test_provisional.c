/* test_provisional.c - provisional answers (RFC 9429 section 4.1.10.1) and transceivers that stop
 * (webrtc-pc section 5.4). */
#include "two.h"

#include <stdbool.h>
#include <stdio.h>

static const struct taut_codec codecs[] = {
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/opus",
	  .clock_rate = 48000,
	  .channels = 2 },
	{ .size = sizeof(struct taut_codec), .mime = "video/VP8", .clock_rate = 90000 },
};

static taut_pc *new_pc(taut_env *env)
{
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = codecs, .codec_count = 2 };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static taut_transceiver add(taut_pc *pc, uint32_t kind)
{
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = kind };
	taut_transceiver t;

	assert_int_equal(taut_pc_add_transceiver(pc, 1, &init, &t), TAUT_OK);
	return t;
}

static unsigned events(taut_pc *pc, uint32_t type)
{
	const struct taut_event *ev;
	unsigned n = 0;

	while ((ev = taut_pc_poll_event(pc)) != NULL)
		n += ev->type == type;
	return n;
}

static char *copied(const char *text)
{
	char *copy = malloc(strlen(text) + 1);

	return memcpy(copy, text, strlen(text) + 1);
}

static void assert_refused(taut_pc *pc, int err, int code, const char *dom_name)
{
	assert_int_equal(err, code);
	assert_string_equal(taut_pc_error(pc)->dom_name, dom_name);
}

static const char *provisional(taut_pc *pc)
{
	assert_int_equal(taut_pc_set_local_description(pc, 1, TAUT_SDP_PRANSWER, NULL, 0), TAUT_OK);
	uint32_t type;
	const char *text = taut_pc_local_description(pc, &type);
	assert_int_equal(type, TAUT_SDP_PRANSWER);
	return text;
}

static uint32_t current(taut_pc *pc, size_t i)
{
	return taut_pc_transceiver_at(pc, i)->current_direction;
}

static int roll_back(taut_pc *pc)
{
	return taut_pc_set_local_description(pc, 1, TAUT_SDP_ROLLBACK, NULL, 0);
}

/* ---- provisional answers ---- */

static void a_provisional_answer_starts_what_the_final_one_settles(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	take(t->a, TAUT_SDP_PRANSWER, provisional(t->b));
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_HAVE_REMOTE_PRANSWER);
	assert_int_equal(taut_pc_signaling_state(t->b), TAUT_SIGNALING_HAVE_LOCAL_PRANSWER);
	assert_int_equal(current(t->a, 0), TAUT_SENDONLY);
	assert_int_equal(current(t->b, 0), TAUT_RECVONLY);
	assert_non_null(taut_pc_transceiver_at(t->a, 0)->send_codec);
	/* the final one may say more */
	taut_pc_set_direction(t->b, 1, taut_pc_transceiver_at(t->b, 0)->id, TAUT_SENDRECV);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(current(t->a, 0), TAUT_SENDRECV);
	assert_int_equal(current(t->b, 0), TAUT_SENDRECV);
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_STABLE);
	assert_int_equal(taut_pc_signaling_state(t->b), TAUT_SIGNALING_STABLE);
}

static void a_provisional_answer_may_follow_another(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	take(t->a, TAUT_SDP_PRANSWER, provisional(t->b));
	taut_pc_set_direction(t->b, 1, taut_pc_transceiver_at(t->b, 0)->id, TAUT_INACTIVE);
	take(t->a, TAUT_SDP_PRANSWER, provisional(t->b));
	assert_int_equal(current(t->a, 0), TAUT_INACTIVE);
	assert_null(taut_pc_transceiver_at(t->a, 0)->send_codec);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(current(t->b, 0), TAUT_INACTIVE);
}

static void what_a_provisional_answer_forbids_is_an_invalid_state(void **state)
{
	struct two *t = *state;
	const char *sdp;

	add(t->a, TAUT_AUDIO);
	char *offer = copied(local(t->a));
	take(t->b, TAUT_SDP_OFFER, offer);
	take(t->a, TAUT_SDP_PRANSWER, provisional(t->b));
	taut_pc *all[] = { t->a, t->b };
	for (int i = 0; i < 2; i++) {
		const uint32_t before = taut_pc_signaling_state(all[i]);
		assert_refused(all[i], roll_back(all[i]), TAUT_E_STATE, "InvalidStateError");
		assert_refused(
			all[i],
			taut_pc_set_remote_description(all[i], 1, TAUT_SDP_ROLLBACK, NULL, 0),
			TAUT_E_STATE, "InvalidStateError");
		assert_refused(all[i], taut_pc_create_offer(all[i], 1, &sdp), TAUT_E_STATE,
			       "InvalidStateError");
		assert_refused(all[i], remote(all[i], TAUT_SDP_OFFER, offer), TAUT_E_STATE,
			       "InvalidStateError");
		assert_refused(all[i],
			       taut_pc_set_local_description(all[i], 1, TAUT_SDP_OFFER, NULL, 0),
			       TAUT_E_STATE, "InvalidStateError");
		assert_int_equal(taut_pc_signaling_state(all[i]), before);
	}
	assert_refused(t->a, taut_pc_set_local_description(t->a, 1, TAUT_SDP_PRANSWER, NULL, 0),
		       TAUT_E_STATE, "InvalidStateError");
	assert_refused(t->b, remote(t->b, TAUT_SDP_PRANSWER, offer), TAUT_E_STATE,
		       "InvalidStateError");
	free(offer);
}

static void a_final_answer_that_is_refused_leaves_the_provisional_one(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	take(t->a, TAUT_SDP_PRANSWER, provisional(t->b));
	char *answer = copied(local(t->b));
	/* one letter of the fragment and one hexadecimal digit of the certificate */
	char *at = strstr(answer, "a=ice-ufrag:") + strlen("a=ice-ufrag:");
	const char was = *at;
	*at = was == 'x' ? 'y' : 'x';
	assert_refused(t->a, remote(t->a, TAUT_SDP_ANSWER, answer), TAUT_E_INVAL,
		       "InvalidAccessError");
	*at = was;
	char *print = strstr(answer, "a=fingerprint:sha-256 ") + strlen("a=fingerprint:sha-256 ");
	const char digit = *print;
	*print = digit == '0' ? '1' : '0';
	assert_refused(t->a, remote(t->a, TAUT_SDP_ANSWER, answer), TAUT_E_UNSUPPORTED,
		       "OperationError");
	*print = digit;
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_HAVE_REMOTE_PRANSWER);
	assert_int_equal(current(t->a, 0), TAUT_SENDONLY);
	take(t->a, TAUT_SDP_ANSWER, answer);
	free(answer);
}

static void data_may_be_refused_for_now(void **state)
{
	struct two *t = *state;

	add_channel(t->a);
	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	char *answer = copied(local(t->b));
	/* provisionally without data, and then with it */
	char *without = copied(answer), *line = strstr(without, "m=application 9");
	assert_non_null(line);
	line[strlen("m=application ")] = '0';
	char *group = strstr(without, "a=group:BUNDLE 0 1\r\n");
	assert_non_null(group);
	memmove(group + strlen("a=group:BUNDLE 0"), group + strlen("a=group:BUNDLE 0 1"),
		strlen(group + strlen("a=group:BUNDLE 0 1")) + 1);
	take(t->a, TAUT_SDP_PRANSWER, without);
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
	free(answer);
	free(without);
}

/* ---- stop ---- */

static void a_stopped_transceiver_ends_by_our_offer_and_its_line_is_used_again(void **state)
{
	struct two *t = *state;

	taut_transceiver audio = add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	negotiate(t->a, t->b);
	events(t->a, 0);
	assert_int_equal(taut_pc_stop_transceiver(t->a, 1, audio), TAUT_OK);
	assert_int_equal(taut_pc_stop_transceiver(t->a, 1, audio), TAUT_OK);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 1);
	assert_int_equal(taut_pc_transceiver_at(t->a, 0)->direction, TAUT_STOPPED);
	assert_int_equal(current(t->a, 0), TAUT_SENDONLY);
	assert_null(taut_pc_transceiver_at(t->a, 0)->send_codec);
	assert_refused(t->a, taut_pc_set_direction(t->a, 1, audio, TAUT_SENDRECV), TAUT_E_STATE,
		       "InvalidStateError");
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(current(t->b, 0), TAUT_STOPPED); /* at once, webrtc-pc 4.4.1.5 */
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(current(t->a, 0), TAUT_STOPPED);
	assert_null(taut_pc_transceiver_at(t->a, 0)->mid);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
	assert_int_equal(events(t->b, TAUT_EV_NEGOTIATION_NEEDED), 0);
	/* the other side may use the line for something else */
	add(t->b, TAUT_VIDEO);
	negotiate(t->b, t->a);
	const char *offer = taut_pc_local_description(t->b, NULL);
	assert_int_equal(count(offer, "\r\nm=video 9 "), 2);
	assert_int_equal(count(offer, "\r\nm="), 2);
}

static void one_that_stops_is_answered_as_inactive(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	assert_int_equal(taut_pc_stop_transceiver(t->b, 1, taut_pc_transceiver_at(t->b, 0)->id),
			 TAUT_OK);
	negotiate(t->a, t->b);
	assert_non_null(strstr(taut_pc_local_description(t->b, NULL), "a=inactive\r\n"));
	assert_int_equal(current(t->b, 0), TAUT_INACTIVE);
	assert_int_equal(events(t->b, TAUT_EV_NEGOTIATION_NEEDED), 1);
	negotiate(t->b, t->a);
	assert_int_equal(current(t->a, 0), TAUT_STOPPED);
	assert_int_equal(current(t->b, 0), TAUT_STOPPED);
}

static void one_that_was_never_offered_asks_for_nothing(void **state)
{
	struct two *t = *state;

	assert_int_equal(taut_pc_stop_transceiver(t->a, 1, add(t->a, TAUT_AUDIO)), TAUT_OK);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
	assert_refused(t->a, taut_pc_stop_transceiver(t->a, 1, 99), TAUT_E_GONE,
		       "InvalidStateError");
	add(t->a, TAUT_VIDEO);
	assert_int_equal(count(local(t->a), "\r\nm="), 1);
	taut_pc_close(t->a, 1);
	assert_refused(t->a, taut_pc_stop_transceiver(t->a, 1, 1), TAUT_E_STATE,
		       "InvalidStateError");
}

/* RFC 9429 section 5.5: the line goes to the transceiver that it was made for. */
static void one_that_stops_while_its_offer_is_made_keeps_its_line(void **state)
{
	struct two *t = *state;
	const char *made;

	taut_transceiver first = add(t->a, TAUT_AUDIO);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &made), TAUT_OK);
	assert_int_equal(taut_pc_stop_transceiver(t->a, 1, first), TAUT_OK);
	add(t->a, TAUT_AUDIO);
	assert_int_equal(taut_pc_set_local_description(t->a, 1, 0, made, strlen(made)), TAUT_OK);
	assert_string_equal(taut_pc_transceiver_at(t->a, 0)->mid, "0");
	assert_null(taut_pc_transceiver_at(t->a, 1)->mid);
	take(t->b, TAUT_SDP_OFFER, made);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_null(taut_pc_transceiver_at(t->a, 0)->send_codec);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 1);
}

static void what_the_peer_stops_stays_stopped_after_a_rollback(void **state)
{
	struct two *t = *state;

	taut_transceiver audio = add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	taut_pc_stop_transceiver(t->a, 1, audio);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	events(t->b, 0);
	assert_int_equal(roll_back(t->b), TAUT_OK); /* by either call, RFC 9429 section 5.7 */
	assert_int_equal(roll_back(t->a), TAUT_OK);
	assert_int_equal(current(t->b, 0), TAUT_STOPPED);
	assert_int_equal(events(t->b, TAUT_EV_NEGOTIATION_NEEDED), 1);
	assert_non_null(strstr(local(t->b), "m=audio 0 "));
	assert_int_equal(roll_back(t->b), TAUT_OK);
	/* the peer, who does not know, is refused the line */
	add(t->a, TAUT_VIDEO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_non_null(strstr(local(t->b), "m=audio 0 "));
}

/* ---- offers that come again ---- */

static void an_offer_that_comes_again_keeps_what_the_first_one_made(void **state)
{
	struct two *t = *state;

	taut_transceiver audio = add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	taut_transceiver theirs = taut_pc_transceiver_at(t->b, 0)->id;
	assert_int_equal(taut_pc_set_direction(t->b, 1, theirs, TAUT_SENDRECV), TAUT_OK);
	assert_int_equal(events(t->b, TAUT_EV_TRACK), 1);
	add(t->a, TAUT_VIDEO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(taut_pc_transceiver_at(t->b, 0)->id, theirs);
	assert_int_equal(taut_pc_transceiver_at(t->b, 0)->direction, TAUT_SENDRECV);
	assert_int_equal(events(t->b, TAUT_EV_TRACK), 1); /* of the video alone */
	/* what the next one leaves out is gone */
	taut_pc_stop_transceiver(t->a, 1, audio);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_not_equal(taut_pc_transceiver_at(t->b, 0)->id, theirs);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(current(t->a, 0), TAUT_STOPPED);
	assert_int_equal(current(t->a, 1), TAUT_SENDONLY);
}

/* webrtc-pc 4.4.2 restartIce: all credentials that were described are to be replaced. */
static void a_restart_that_is_wanted_during_a_restart_is_another_one(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	taut_pc_restart_ice(t->a, 1);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	taut_pc_restart_ice(t->a, 1);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 1);
	negotiate(t->a, t->b);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
}

/* Where every m-line is rejected there are no credentials to tell, and none to change unheard. */
static void a_restart_that_no_m_line_tells_of_is_none(void **state)
{
	struct two *t = *state;
	const char *made;

	taut_transceiver audio = add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	taut_pc_restart_ice(t->a, 1);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &made), TAUT_OK);
	taut_pc_stop_transceiver(t->a, 1, audio);
	negotiate(t->a, t->b);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
	add(t->b, TAUT_AUDIO);
	negotiate(t->b, t->a);
	assert_int_equal(current(t->b, 1), TAUT_SENDONLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_provisional_answer_starts_what_the_final_one_settles),
		T(a_provisional_answer_may_follow_another),
		T(what_a_provisional_answer_forbids_is_an_invalid_state),
		T(a_final_answer_that_is_refused_leaves_the_provisional_one),
		T(data_may_be_refused_for_now),
		T(a_stopped_transceiver_ends_by_our_offer_and_its_line_is_used_again),
		T(one_that_stops_is_answered_as_inactive),
		T(one_that_was_never_offered_asks_for_nothing),
		T(one_that_stops_while_its_offer_is_made_keeps_its_line),
		T(what_the_peer_stops_stays_stopped_after_a_rollback),
		T(an_offer_that_comes_again_keeps_what_the_first_one_made),
		T(a_restart_that_is_wanted_during_a_restart_is_another_one),
		T(a_restart_that_no_m_line_tells_of_is_none),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
