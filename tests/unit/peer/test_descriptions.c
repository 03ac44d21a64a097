/* test_descriptions.c - the six descriptions of webrtc-pc section 4.4.2, and what comes into them. */
#include "two.h"

#include <stdio.h>

static const struct taut_codec opus = {
	.size = sizeof opus, .mime = "audio/opus", .clock_rate = 48000, .channels = 2
};

static taut_pc *new_pc(taut_env *env)
{
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = &opus, .codec_count = 1 };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static void add(taut_pc *pc)
{
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	taut_transceiver t;

	assert_int_equal(taut_pc_add_transceiver(pc, 1, &init, &t), TAUT_OK);
}

static int candidate(taut_pc *pc, const char *text, const char *mid, int line)
{
	return taut_pc_add_ice_candidate(pc, 1, text, text ? strlen(text) : 0, mid, line);
}

static char *without(const char *sdp, const char *line)
{
	char *copy = calloc(1, strlen(sdp) + 1), *at;

	memcpy(copy, sdp, strlen(sdp));
	while ((at = strstr(copy, line)) != NULL)
		memmove(at, at + strlen(line), strlen(at + strlen(line)) + 1);
	return copy;
}

static void pending_ones_become_current(void **state)
{
	struct two *t = *state;
	uint32_t type = 0;

	assert_null(taut_pc_remote_description(t->a, &type));
	assert_null(taut_pc_current_local_description(t->a, &type));
	add(t->a);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_non_null(taut_pc_pending_local_description(t->a, &type));
	assert_int_equal(type, TAUT_SDP_OFFER);
	assert_null(taut_pc_current_local_description(t->a, NULL));
	assert_non_null(taut_pc_pending_remote_description(t->b, NULL));
	assert_null(taut_pc_current_remote_description(t->b, NULL));
	assert_non_null(taut_pc_remote_description(t->b, &type));
	assert_int_equal(type, TAUT_SDP_OFFER);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_null(taut_pc_pending_local_description(t->a, NULL));
	assert_null(taut_pc_pending_remote_description(t->b, NULL));
	assert_non_null(taut_pc_current_local_description(t->a, NULL));
	assert_non_null(taut_pc_current_remote_description(t->a, &type));
	assert_int_equal(type, TAUT_SDP_ANSWER);
}

/* Each has a text of its own, so that one does not take away another's. */
static void the_texts_live_beside_each_other(void **state)
{
	struct two *t = *state;

	add(t->a);
	negotiate(t->a, t->b);
	const char *ours = taut_pc_local_description(t->a, NULL);
	const char *again = taut_pc_current_local_description(t->a, NULL);
	const char *theirs = taut_pc_remote_description(t->a, NULL);
	assert_ptr_not_equal(ours, again);
	assert_string_equal(ours, again);
	assert_string_equal(theirs, taut_pc_current_remote_description(t->a, NULL));
	assert_string_not_equal(ours, theirs);
}

static void what_trickles_in_is_part_of_the_peers_description(void **state)
{
	static const char first[] = "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host";
	static const char of_old[] =
		"candidate:2 1 udp 2130706431 192.0.2.2 4000 typ host ufrag nobody";
	struct two *t = *state;

	add(t->a);
	char *offer = without(local(t->a), "a=end-of-candidates\r\n");
	take(t->b, TAUT_SDP_OFFER, offer);
	free(offer);
	assert_int_equal(candidate(t->b, first, "0", -1), TAUT_OK);
	assert_int_equal(candidate(t->b, of_old, "0", -1), TAUT_OK);
	assert_int_equal(candidate(t->b, first, NULL, -1), TAUT_OK); /* of no m-line: not shown */
	const char *text = taut_pc_remote_description(t->b, NULL);
	assert_int_equal(count(text, "a=candidate:"), 1);
	assert_non_null(strstr(text, "192.0.2.1 4000 typ host\r\n"));
	assert_null(strstr(text, "a=end-of-candidates"));
	local(t->b);
	assert_int_equal(candidate(t->b, NULL, NULL, 0), TAUT_OK);
	assert_non_null(
		strstr(taut_pc_current_remote_description(t->b, NULL), "a=end-of-candidates\r\n"));
	/* there is an end to what is kept */
	for (int i = 0; i < 100; i++)
		assert_int_equal(candidate(t->b, first, NULL, 0), TAUT_OK);
	assert_int_equal(count(taut_pc_remote_description(t->b, NULL), "a=candidate:"), 64);
}

/* An offer that comes while another is in force has its own candidates. */
static void candidates_go_to_the_description_of_their_credentials(void **state)
{
	struct two *t = *state;
	char text[160], ufrag[9];

	add(t->a);
	negotiate(t->a, t->b);
	assert_int_equal(taut_pc_restart_ice(t->a, 1), TAUT_OK);
	const char *offer = local(t->a);
	memcpy(ufrag, strstr(offer, "a=ice-ufrag:") + strlen("a=ice-ufrag:"), 8);
	ufrag[8] = '\0';
	take(t->b, TAUT_SDP_OFFER, offer);
	(void)snprintf(text, sizeof text,
		       "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host ufrag %s", ufrag);
	assert_int_equal(candidate(t->b, text, "0", -1), TAUT_OK);
	assert_int_equal(count(taut_pc_pending_remote_description(t->b, NULL), "a=candidate:"), 1);
	assert_int_equal(count(taut_pc_current_remote_description(t->b, NULL), "a=candidate:"), 0);
}

/* RFC 9429 section 5.10. */
static void a_restart_is_answered_with_other_credentials(void **state)
{
	struct two *t = *state;

	add(t->a);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *answer = local(t->b);
	char *old = calloc(1, strlen(answer) + 1);
	memcpy(old, answer, strlen(answer));
	take(t->a, TAUT_SDP_ANSWER, old);
	assert_int_equal(taut_pc_restart_ice(t->a, 1), TAUT_OK);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(remote(t->a, TAUT_SDP_ANSWER, old), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "InvalidAccessError");
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_HAVE_LOCAL_OFFER);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	free(old);
}

static void who_trickles_says_so(void **state)
{
	static const char options[] = "a=ice-options:trickle ice2 renomination\r\n";
	struct two *t = *state;

	assert_int_equal(taut_pc_can_trickle_ice_candidates(t->b), -1);
	add(t->a);
	const char *offer = local(t->a);
	char *old = without(offer, options);
	take(t->b, TAUT_SDP_OFFER, old);
	assert_int_equal(taut_pc_can_trickle_ice_candidates(t->b), 0);
	take(t->b, TAUT_SDP_OFFER, offer);
	assert_int_equal(taut_pc_can_trickle_ice_candidates(t->b), 1);
	/* for the whole session */
	char *whole = calloc(1, strlen(old) + sizeof options), *m = strstr(old, "m=audio");
	memcpy(whole, old, (size_t)(m - old));
	memcpy(whole + (m - old), options, strlen(options));
	memcpy(whole + (m - old) + strlen(options), m, strlen(m));
	take(t->b, TAUT_SDP_OFFER, whole);
	assert_int_equal(taut_pc_can_trickle_ice_candidates(t->b), 1);
	assert_int_equal(remote(t->b, TAUT_SDP_ROLLBACK, ""), TAUT_OK);
	assert_int_equal(taut_pc_can_trickle_ice_candidates(t->b), -1);
	free(whole);
	free(old);
}

static void the_other_states_can_be_asked_for(void **state)
{
	static const uint32_t expected[] = { TAUT_SIGNALING_HAVE_LOCAL_OFFER,
					     TAUT_SIGNALING_STABLE };
	struct two *t = *state;
	const struct taut_event *ev;
	size_t seen = 0;
	uint64_t gathering = 0;

	assert_int_equal(taut_pc_gathering_state(t->a), TAUT_GATHERING_NEW);
	assert_int_equal(taut_pc_ice_connection_state(t->a), TAUT_ICE_STATE_NEW);
	assert_int_equal(taut_pc_ice_role(t->a), TAUT_ICE_ROLE_UNKNOWN);
	assert_int_equal(taut_pc_dtls_state(t->a), TAUT_STATE_NEW);
	add(t->a);
	negotiate(t->a, t->b);
	while ((ev = taut_pc_poll_event(t->a)) != NULL) {
		if (ev->type == TAUT_EV_SIGNALING_STATE)
			assert_int_equal(ev->number, expected[seen++]);
		if (ev->type == TAUT_EV_GATHERING_STATE)
			gathering = ev->number;
	}
	assert_int_equal(seen, 2);
	assert_int_equal(gathering, TAUT_GATHERING_COMPLETE); /* it has no interfaces */
	assert_int_equal(taut_pc_gathering_state(t->a), TAUT_GATHERING_COMPLETE);
	taut_pc_close(t->a, 1);
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_CLOSED);
	assert_int_equal(taut_pc_ice_connection_state(t->a), TAUT_ICE_STATE_CLOSED);
	assert_int_equal(taut_pc_dtls_state(t->a), TAUT_STATE_CLOSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(pending_ones_become_current),
		T(the_texts_live_beside_each_other),
		T(what_trickles_in_is_part_of_the_peers_description),
		T(candidates_go_to_the_description_of_their_credentials),
		T(a_restart_is_answered_with_other_credentials),
		T(who_trickles_says_so),
		T(the_other_states_can_be_asked_for),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
