/* test_negotiation.c - offers and answers of a peer connection, without a network. */
#include "two.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>

static const struct taut_codec codecs[] = {
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/opus",
	  .clock_rate = 48000,
	  .channels = 2,
	  .payload_type = 111,
	  .fmtp = "minptime=10;useinbandfec=1" },
	{ .size = sizeof(struct taut_codec),
	  .mime = "video/VP8",
	  .clock_rate = 90000,
	  .payload_type = 96 },
};

static taut_pc *new_pc(taut_env *env)
{
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = codecs, .codec_count = 2 };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static taut_transceiver add(taut_pc *pc, uint32_t kind, uint32_t direction)
{
	const struct taut_transceiver_init init = {
		.size = sizeof init, .kind = kind, .direction = direction, .stream_id = "s"
	};
	taut_transceiver t;

	assert_int_equal(taut_pc_add_transceiver(pc, 1, &init, &t), TAUT_OK);
	return t;
}

static bool needs_negotiation(taut_pc *pc)
{
	const struct taut_event *ev;
	bool needs = false;

	while ((ev = taut_pc_poll_event(pc)) != NULL)
		needs |= ev->type == TAUT_EV_NEGOTIATION_NEEDED;
	return needs;
}

static size_t count_of(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		n++;
	return n;
}

/* An offer of a with this in place of what it says of extended reports; b's answer. */
static const char *answer_to(struct two *t, const char *reports)
{
	static const char line[] = "a=rtcp-xr:rcvr-rtt=all\r\n";
	static char text[16384];
	const char *at, *from = local(t->a);
	size_t len = 0;

	for (; (at = strstr(from, line)) != NULL; from = at + strlen(line))
		len += (size_t)snprintf(text + len, sizeof text - len, "%.*s%s", (int)(at - from),
					from, reports);
	(void)snprintf(text + len, sizeof text - len, "%s", from);
	take(t->b, TAUT_SDP_OFFER, text);
	return local(t->b);
}

/* RFC 3611 section 5.1: of sections of media, and as the peer says it. */
static void extended_reports_are_offered_and_answered_in_kind(void **state)
{
	static const struct {
		const char *offer, *answer;
	} rows[] = {
		{ "a=rtcp-xr:rcvr-rtt=all\r\n", "a=rtcp-xr:rcvr-rtt=all\r\n" },
		{ "a=rtcp-xr:rcvr-rtt=sender\r\n", "a=rtcp-xr:rcvr-rtt=sender\r\n" },
		{ "a=rtcp-xr:pkt-loss-rle rcvr-rtt=all:10000 voip-metrics\r\n",
		  "a=rtcp-xr:rcvr-rtt=all\r\n" },
		{ "a=rtcp-xr:rcvr-rtt=sender rcvr-rtt=all\r\n", "a=rtcp-xr:rcvr-rtt=all\r\n" },
		{ "a=rtcp-xr:rcvr-rtt=all rcvr-rtt=sender\r\n", "a=rtcp-xr:rcvr-rtt=all\r\n" },
		{ "a=rtcp-xr:voip-metrics\r\na=rtcp-xr:rcvr-rtt=all\r\n",
		  "a=rtcp-xr:rcvr-rtt=all\r\n" },
		{ "a=rtcp-xr:rcvr-rtt=everybody\r\n", NULL },
		{ "a=rtcp-xr:rcvr-rtt=allx xrcvr-rtt=all\r\n", NULL },
		{ "a=rtcp-xr:rcvr-rtt\r\na=rtcp-xr\r\n", NULL },
		{ "a=rtcp-xr: \r\n", NULL },
		{ "", NULL },
	};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct two *t;
		set_up((void **)&t);
		add(t->a, TAUT_AUDIO, 0);
		add(t->a, TAUT_VIDEO, 0);
		add_channel(t->a);
		assert_int_equal(count_of(local(t->a), "a=rtcp-xr:"), 2);
		const char *answer = answer_to(t, rows[i].offer);
		assert_int_equal(count_of(answer, "a=rtcp-xr"), rows[i].answer ? 2 : 0);
		if (rows[i].answer)
			assert_int_equal(count_of(answer, rows[i].answer), 2);
		tear_down((void **)&t);
	}
}

static void what_the_session_says_of_extended_reports_holds_for_all(void **state)
{
	struct two *t = *state;
	char *text, *at;

	add(t->a, TAUT_AUDIO, 0);
	add(t->a, TAUT_VIDEO, 0);
	const char *offer = local(t->a);
	text = malloc(strlen(offer) + 100);
	at = strstr(offer, "m=audio");
	(void)snprintf(text, strlen(offer) + 100, "%.*sa=rtcp-xr:rcvr-rtt=sender\r\n%s",
		       (int)(at - offer), offer, at);
	while ((at = strstr(text, "rcvr-rtt=all")) != NULL)
		memcpy(at, "xxxx-xxx=xxx", 12);
	take(t->b, TAUT_SDP_OFFER, text);
	assert_int_equal(count_of(local(t->b), "a=rtcp-xr:rcvr-rtt=sender\r\n"), 2);
	free(text);
}

static void an_offer_says_what_browsers_need(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	add(t->a, TAUT_VIDEO, 0);
	add_channel(t->a);
	const char *sdp = local(t->a);
	assert_non_null(strstr(sdp, "a=group:BUNDLE 0 1 2\r\n"));
	assert_non_null(strstr(sdp, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"));
	assert_non_null(strstr(sdp, "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\n"));
	assert_non_null(strstr(sdp, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
	assert_non_null(strstr(sdp, "a=fmtp:97 apt=96\r\n"));
	assert_int_equal(count(sdp, "a=bundle-only\r\n"), 2);
	assert_int_equal(count(sdp, "a=setup:actpass\r\n"), 3);
	assert_int_equal(count(sdp, "a=fingerprint:sha-256 "), 3);
	assert_int_equal(count(sdp, "a=rtcp-mux\r\n"), 2);
	assert_int_equal(count(sdp, "a=ssrc-group:FID "), 1);
	assert_string_equal(sdp + strlen(sdp) - 2, "\r\n");
}

static void an_answer_takes_up_every_line(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	add(t->a, TAUT_VIDEO, 0);
	add_channel(t->a);
	negotiate(t->a, t->b);
	const char *answer = taut_pc_local_description(t->b, NULL);
	assert_non_null(strstr(answer, "a=group:BUNDLE 0 1 2\r\n"));
	assert_int_equal(count(answer, "a=setup:active\r\n"), 3);
	assert_int_equal(count(answer, "a=recvonly\r\n"), 2);
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_STABLE);
	assert_int_equal(taut_pc_signaling_state(t->b), TAUT_SIGNALING_STABLE);
	assert_int_equal(taut_pc_transceiver_at(t->a, 0)->current_direction, TAUT_SENDONLY);
	assert_int_equal(taut_pc_transceiver_at(t->b, 1)->current_direction, TAUT_RECVONLY);
	assert_string_equal(taut_pc_transceiver_at(t->a, 1)->send_codec->mime, "video/VP8");
	assert_false(needs_negotiation(t->a));
	assert_false(needs_negotiation(t->b));
}

static void a_direction_set_before_the_answer_is_in_the_answer(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	taut_transceiver theirs = taut_pc_transceiver_at(t->b, 0)->id;
	assert_int_equal(taut_pc_set_direction(t->b, 1, theirs, TAUT_SENDRECV), TAUT_OK);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(taut_pc_transceiver_at(t->a, 0)->current_direction, TAUT_SENDRECV);
	assert_int_equal(taut_pc_transceiver_at(t->b, 0)->current_direction, TAUT_SENDRECV);
}

static void a_stream_can_be_named_before_the_answer_and_changed_later(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	taut_transceiver theirs = taut_pc_transceiver_at(t->b, 0)->id;
	assert_int_equal(taut_pc_set_direction(t->b, 1, theirs, TAUT_SENDRECV), TAUT_OK);
	assert_int_equal(taut_pc_set_stream(t->b, 1, theirs, "two words"), TAUT_E_INVAL);
	assert_int_equal(taut_pc_set_stream(t->b, 1, theirs + 9, "s"), TAUT_E_GONE);
	assert_int_equal(taut_pc_set_stream(t->b, 1, theirs, "living-room"), TAUT_OK);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_non_null(strstr(taut_pc_local_description(t->b, NULL), "a=msid:living-room "));
	assert_false(needs_negotiation(t->b));
	assert_int_equal(taut_pc_set_stream(t->b, 1, theirs, NULL), TAUT_OK);
	assert_true(needs_negotiation(t->b));
	negotiate(t->b, t->a);
	assert_non_null(strstr(taut_pc_local_description(t->b, NULL), "a=msid:- "));
	assert_false(needs_negotiation(t->b));
}

static void lines_keep_their_order_when_more_are_added(void **state)
{
	struct two *t = *state;

	add_channel(t->a);
	negotiate(t->a, t->b);
	add(t->b, TAUT_VIDEO, 0);
	assert_true(needs_negotiation(t->b));
	negotiate(t->b, t->a);
	add(t->a, TAUT_AUDIO, TAUT_SENDONLY);
	negotiate(t->a, t->b);
	const char *sdp = taut_pc_local_description(t->a, NULL);
	const char *data = strstr(sdp, "m=application 9"), *video = strstr(sdp, "m=video 9");
	const char *audio = strstr(sdp, "m=audio");
	assert_true(data && video && audio && data < video && video < audio);
	assert_int_equal(taut_pc_transceiver_at(t->b, 1)->current_direction, TAUT_RECVONLY);
	assert_false(needs_negotiation(t->a));
}

static void a_rollback_is_as_if_the_offer_had_never_been(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	local(t->a);
	assert_string_equal(taut_pc_transceiver_at(t->a, 0)->mid, "0");
	assert_int_equal(taut_pc_set_local_description(t->a, 1, TAUT_SDP_ROLLBACK, NULL, 0),
			 TAUT_OK);
	assert_null(taut_pc_transceiver_at(t->a, 0)->mid);
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_STABLE);
	assert_null(taut_pc_local_description(t->a, NULL));
	assert_true(needs_negotiation(t->a));

	add(t->b, TAUT_VIDEO, 0);
	take(t->a, TAUT_SDP_OFFER, local(t->b));
	assert_non_null(taut_pc_transceiver_at(t->a, 1));
	assert_int_equal(taut_pc_set_remote_description(t->a, 1, TAUT_SDP_ROLLBACK, NULL, 0),
			 TAUT_OK);
	assert_null(taut_pc_transceiver_at(t->a, 1));
}

static void an_offer_that_meets_ours_rolls_ours_back(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	add(t->b, TAUT_VIDEO, 0);
	local(t->a);
	take(t->a, TAUT_SDP_OFFER, local(t->b));
	take(t->b, TAUT_SDP_ANSWER, local(t->a));
	assert_true(needs_negotiation(t->a)); /* its own audio is still to be offered */
	negotiate(t->a, t->b);
	const char *sdp = taut_pc_local_description(t->a, NULL);
	assert_true(strstr(sdp, "m=video") < strstr(sdp, "m=audio"));
}

struct change {
	const char *from, *to;
	int code;
	const char *message; /* part of it */
};

static char *changed(const char *sdp, const struct change *c)
{
	char *out = calloc(1, strlen(sdp) * 2 + 4096), *end = out;
	const char *at = sdp, *hit;

	while ((hit = strstr(at, c->from)) != NULL) {
		memcpy(end, at, (size_t)(hit - at));
		end += hit - at;
		memcpy(end, c->to, strlen(c->to));
		end += strlen(c->to);
		at = hit + strlen(c->from);
	}
	memcpy(end, at, strlen(at));
	return out;
}

static void refused_offers_change_nothing(void **state)
{
	static const struct change changes[] = {
		{ "v=0", "v=1", TAUT_E_SYNTAX, "" },
		{ "a=setup:actpass\r\n", "", TAUT_E_INVAL, "no a=setup" },
		{ "a=setup:actpass", "a=setup:holdconn", TAUT_E_INVAL, "holdconn" },
		{ "a=fingerprint:sha-256", "a=fingerprint:sha-1", TAUT_E_SYNTAX, "" },
		{ "a=ice-pwd:", "a=x-nothing:", TAUT_E_INVAL, "a=ice-pwd" },
		{ "BUNDLE 0 1", "BUNDLE 0 7", TAUT_E_SYNTAX, "no section has this mid" },
		{ "a=mid:0", "a=mid:12345678901234567", TAUT_E_SYNTAX, "" },
	};
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	add(t->a, TAUT_VIDEO, 0);
	const char *sdp = local(t->a);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		char *bad = changed(sdp, &changes[i]);
		assert_string_not_equal(bad, sdp);
		int err = remote(t->b, TAUT_SDP_OFFER, bad);
		if (err != changes[i].code)
			print_error("case %zu: %d %s\n", i, err, taut_pc_error(t->b)->message);
		assert_int_equal(err, changes[i].code);
		assert_non_null(strstr(taut_pc_error(t->b)->message, changes[i].message));
		assert_non_null(taut_pc_error(t->b)->dom_name);
		assert_int_equal(taut_pc_signaling_state(t->b), TAUT_SIGNALING_STABLE);
		assert_null(taut_pc_transceiver_at(t->b, 0));
		free(bad);
	}
	take(t->b, TAUT_SDP_OFFER, sdp);
}

static void refused_answers_change_nothing(void **state)
{
	static const struct change changes[] = {
		{ "a=setup:active", "a=setup:actpass", TAUT_E_INVAL, "active or passive" },
		{ "a=rtcp-mux\r\n", "", TAUT_E_INVAL, "rtcp-mux" },
		{ " 0 1\r\n", " 5 1\r\n", TAUT_E_SYNTAX, "no section has this mid" },
		{ "a=group:BUNDLE 0 1\r\n", "a=group:BUNDLE 0\r\n", TAUT_E_INVAL,
		  "not in the bundle" },
		{ "m=video", "m=audio", TAUT_E_INVAL, "kind of media" },
		{ "a=group:BUNDLE 0 1\r\n", "", TAUT_E_INVAL, "bundle" },
	};
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, 0);
	add(t->a, TAUT_VIDEO, 0);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *sdp = local(t->b);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		char *bad = changed(sdp, &changes[i]);
		int err = remote(t->a, TAUT_SDP_ANSWER, bad);
		if (err != changes[i].code)
			print_error("case %zu: %d %s\n", i, err, taut_pc_error(t->a)->message);
		assert_int_equal(err, changes[i].code);
		assert_non_null(strstr(taut_pc_error(t->a)->message, changes[i].message));
		assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_HAVE_LOCAL_OFFER);
		free(bad);
	}
	take(t->a, TAUT_SDP_ANSWER, sdp);
}

static void calls_in_the_wrong_state_are_errors(void **state)
{
	struct two *t = *state;
	const char *sdp;

	assert_int_equal(taut_pc_create_answer(t->a, 1, &sdp), TAUT_E_STATE);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "InvalidStateError");
	assert_int_equal(taut_pc_set_local_description(t->a, 1, TAUT_SDP_ANSWER, NULL, 0),
			 TAUT_E_STATE);
	assert_int_equal(remote(t->a, TAUT_SDP_ANSWER, "v=0"), TAUT_E_STATE);
	assert_int_equal(taut_pc_add_ice_candidate(t->a, 1, "candidate:x", 11, "0", -1),
			 TAUT_E_STATE);
	assert_int_equal(taut_pc_set_local_description(t->a, 1, TAUT_SDP_OFFER, "v=0", 3),
			 TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "InvalidModificationError");
	assert_int_equal(taut_pc_close(t->a, 1), TAUT_OK);
	assert_int_equal(taut_pc_close(t->a, 1), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_E_STATE);
	assert_int_equal(taut_pc_connection_state(t->a), TAUT_STATE_CLOSED);
}

static void candidates_are_checked(void **state)
{
	static const char good[] = "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host";
	struct two *t = *state;

	add_channel(t->a);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(taut_pc_add_ice_candidate(t->b, 1, good, strlen(good), "0", -1), TAUT_OK);
	assert_int_equal(taut_pc_add_ice_candidate(t->b, 1, good, strlen(good), NULL, 0), TAUT_OK);
	assert_int_equal(taut_pc_add_ice_candidate(t->b, 1, good, strlen(good), "9", -1),
			 TAUT_E_INVAL);
	assert_int_equal(taut_pc_add_ice_candidate(t->b, 1, good, strlen(good), NULL, 5),
			 TAUT_E_INVAL);
	assert_int_equal(taut_pc_add_ice_candidate(t->b, 1, good, 20, "0", -1), TAUT_E_SYNTAX);
	assert_int_equal(taut_pc_add_ice_candidate(t->b, 1, NULL, 0, NULL, -1), TAUT_OK);
}

/* ---- what browsers say: each of their offers gets an answer ---- */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 300000);

	assert_non_null(f);
	size_t n = fread(text, 1, 299999, f);
	assert_true(n > 0);
	fclose(f);
	return text;
}

/* A later offer of a session is judged as a first one here; that is fine for all but its order. */
static void answer_file(taut_env *env, const char *dir, const char *name)
{
	char path[1024];
	taut_pc *pc = new_pc(env);

	snprintf(path, sizeof path, "%s/%s", dir, name);
	char *sdp = read_file(path);
	int err = remote(pc, TAUT_SDP_OFFER, sdp);
	if (err)
		print_error("%s: %s\n", name, taut_pc_error(pc)->message);
	assert_int_equal(err, TAUT_OK);
	assert_int_equal(taut_pc_set_local_description(pc, 1, 0, NULL, 0), TAUT_OK);
	const char *answer = taut_pc_local_description(pc, NULL);
	assert_int_equal(count(answer, "\r\nm="), count(sdp, "\nm="));
	taut_pc_free(pc);
	free(sdp);
}

static void every_offer_of_a_browser_is_answered(void **state)
{
	static const char dir[] = TAUT_SOURCE_DIR "/tests/vectors/browser-sdp";
	struct two *t = *state;
	DIR *d = opendir(dir);
	const struct dirent *e;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (!strstr(e->d_name, "_offer"))
			continue;
		answer_file(t->env, dir, e->d_name);
		n++;
	}
	closedir(d);
	assert_in_range(n, 100, 400);
}

/* Answers what the connection asks of the outside: sockets, up to so many. */
static void open_sockets(taut_pc *pc, int most)
{
	const struct taut_io *io;

	while (most-- > 0 && (io = taut_pc_poll_io(pc)) != NULL) {
		struct taut_addr bound = io->local;
		bound.port = 5000;
		assert_int_equal(io->kind, TAUT_IO_UDP);
		assert_int_equal(taut_pc_io_result(pc, 1, io->flow, 0, &bound, 1), TAUT_OK);
	}
}

/* One of two sockets is there when a restart is offered and rolled back, and the other comes then. */
static void a_restart_that_is_rolled_back_ends_no_gathering(void **state)
{
	struct two *t = *state;
	const struct taut_interface faces[] = {
		{ .size = sizeof faces[0], .addr = { .family = 4, .ip = { 10, 0, 0, 1 } } },
		{ .size = sizeof faces[0], .addr = { .family = 4, .ip = { 10, 0, 0, 2 } } },
	};

	add_channel(t->a);
	assert_int_equal(taut_pc_set_interfaces(t->a, 1, faces, 2), TAUT_OK);
	negotiate(t->a, t->b);
	open_sockets(t->a, 1);
	assert_int_equal(count(taut_pc_local_description(t->a, NULL), "a=candidate:"), 1);
	assert_int_equal(taut_pc_restart_ice(t->a, 1), TAUT_OK);
	assert_non_null(local(t->a));
	assert_int_equal(taut_pc_gathering_state(t->a), TAUT_GATHERING_GATHERING);
	assert_int_equal(taut_pc_set_local_description(t->a, 1, TAUT_SDP_ROLLBACK, NULL, 0),
			 TAUT_OK);
	open_sockets(t->a, 2);
	assert_int_equal(taut_pc_gathering_state(t->a), TAUT_GATHERING_COMPLETE);
	const char *said = taut_pc_local_description(t->a, NULL);
	assert_int_equal(count(said, "a=candidate:"), 2);
	assert_int_equal(count(said, " 10.0.0.1 5000 "), 1);
	assert_int_equal(count(said, " 10.0.0.2 5000 "), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		cmocka_unit_test(extended_reports_are_offered_and_answered_in_kind),
		T(what_the_session_says_of_extended_reports_holds_for_all),
		T(an_offer_says_what_browsers_need),
		T(an_answer_takes_up_every_line),
		T(a_direction_set_before_the_answer_is_in_the_answer),
		T(a_stream_can_be_named_before_the_answer_and_changed_later),
		T(lines_keep_their_order_when_more_are_added),
		T(a_rollback_is_as_if_the_offer_had_never_been),
		T(an_offer_that_meets_ours_rolls_ours_back),
		T(a_restart_that_is_rolled_back_ends_no_gathering),
		T(refused_offers_change_nothing),
		T(refused_answers_change_nothing),
		T(calls_in_the_wrong_state_are_errors),
		T(candidates_are_checked),
		T(every_offer_of_a_browser_is_answered),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
