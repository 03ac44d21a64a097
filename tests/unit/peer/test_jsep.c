/* test_jsep.c - RFC 9429 and RFC 9143 in detail: bundles, recycled lines, rollbacks, and the
 * examples of RFC 9429 section 7, taken by a connection that plays the other part. */
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

static taut_pc *new_pc_with(taut_env *env, size_t codec_count)
{
	const struct taut_config cfg = { .size = sizeof cfg,
					 .codecs = codecs,
					 .codec_count = codec_count };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static taut_pc *new_pc(taut_env *env)
{
	return new_pc_with(env, 2);
}

static void add(taut_pc *pc, uint32_t kind)
{
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = kind };
	taut_transceiver t;

	assert_int_equal(taut_pc_add_transceiver(pc, 1, &init, &t), TAUT_OK);
}

static unsigned events(taut_pc *pc, uint32_t type)
{
	const struct taut_event *ev;
	unsigned n = 0;

	while ((ev = taut_pc_poll_event(pc)) != NULL)
		n += ev->type == type;
	return n;
}

static unsigned transceivers(taut_pc *pc)
{
	unsigned n = 0;

	while (taut_pc_transceiver_at(pc, n))
		n++;
	return n;
}

/* ---- offers made by hand ---- */

#define SESSION "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define PRINT                                                                                      \
	"a=fingerprint:sha-256 "                                                                   \
	"19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:"  \
	"70:88:A2\r\n"
#define ICE     "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
#define CARRIES ICE PRINT "a=setup:actpass\r\na=rtcp-mux\r\n"
#define AUDIO(port)                                                                                \
	"m=audio " port " UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:96 "                \
	"opus/48000/2\r\n"
#define VIDEO(port)                                                                                \
	"m=video " port " UDP/TLS/RTP/SAVPF 100\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:100 VP8/90000\r\n"
#define H264(port)                                                                                 \
	"m=video " port " UDP/TLS/RTP/SAVPF 101\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:101 "              \
	"H264/90000\r\n"
#define DATA(port)                                                                                 \
	"m=application " port                                                                      \
	" UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=sctp-port:5000\r\n"

static void bundled_lines_need_not_repeat_the_transport(void **state)
{
	struct two *t = *state;

	take(t->b, TAUT_SDP_OFFER,
	     SESSION "a=group:BUNDLE a v d\r\n" AUDIO("9") "a=mid:a\r\n" CARRIES VIDEO(
		     "0") "a=mid:v\r\na=bundle-only\r\n" DATA("0") "a=mid:d\r\na=bundle-only\r\n");
	const char *answer = local(t->b);
	assert_int_equal(count(answer, " 9 UDP/"), 3);
	assert_non_null(strstr(answer, "a=group:BUNDLE a v d\r\n"));
}

static void an_answer_may_say_the_transport_once(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	local(t->a);
	take(t->a, TAUT_SDP_ANSWER,
	     SESSION "a=group:BUNDLE 0 1\r\n" AUDIO("9") "a=mid:0\r\n" ICE PRINT
							 "a=setup:active\r\na=rtcp-mux\r\n" VIDEO(
								 "9") "a=mid:1\r\n");
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_STABLE);
	assert_int_equal(taut_pc_transceiver_at(t->a, 1)->current_direction, TAUT_SENDRECV);
}

static void without_mids_only_one_line_is_taken(void **state)
{
	struct two *t = *state;

	take(t->b, TAUT_SDP_OFFER, SESSION AUDIO("9") CARRIES VIDEO("9") CARRIES);
	const char *answer = local(t->b);
	assert_non_null(strstr(answer, "m=audio 9 "));
	assert_non_null(strstr(answer, "m=video 0 "));
	assert_int_equal(transceivers(t->b), 1);
	assert_int_equal(events(t->b, TAUT_EV_TRACK), 1);
	/* our next offer gives it a mid */
	add_channel(t->b);
	const char *offer = local(t->b);
	assert_int_equal(count(offer, "a=mid:"), 2);
}

static void of_several_bundles_one_is_taken(void **state)
{
	struct two *t = *state;

	take(t->b, TAUT_SDP_OFFER,
	     SESSION "a=group:BUNDLE a d\r\na=group:BUNDLE v w\r\n" AUDIO("9") "a=mid:a\r\n" CARRIES
		     VIDEO("9") "a=mid:v\r\n" CARRIES VIDEO("9") "a=mid:w\r\n" CARRIES DATA(
			     "9") "a=mid:d\r\n" CARRIES);
	const char *answer = local(t->b);
	assert_non_null(strstr(answer, "a=group:BUNDLE a d\r\n"));
	assert_int_equal(count(answer, "m=video 0 "), 2);
	assert_non_null(strstr(answer, "m=application 9 "));
}

static void the_first_line_that_is_understood_carries_the_transport(void **state)
{
	struct two *t = *state;

	take(t->b, TAUT_SDP_OFFER,
	     SESSION
	     "a=group:BUNDLE d a\r\nm=image 9 udptl t38\r\nc=IN IP4 0.0.0.0\r\na=mid:i\r\n" AUDIO(
		     "9") "a=mid:a\r\n" CARRIES DATA("9") "a=mid:d\r\n" CARRIES);
	const char *answer = local(t->b);
	assert_non_null(strstr(answer, "m=image 0 "));
	assert_non_null(strstr(answer, "m=audio 9 "));
	assert_non_null(strstr(answer, "m=application 9 "));
	assert_non_null(strstr(answer, "a=group:BUNDLE d a\r\n")); /* the tag stays the offer's */
}

static void a_lite_peer_is_answered(void **state)
{
	struct two *t = *state;

	take(t->b, TAUT_SDP_OFFER,
	     SESSION "a=ice-lite\r\n" AUDIO("5000") "a=mid:a\r\n" CARRIES
						    "a=candidate:1 1 udp 2130706431 192.0.2.9 5000 "
						    "typ host\r\na=end-of-candidates\r\n");
	assert_null(strstr(local(t->b), "ice-lite"));
}

static void what_is_rejected_leaves_no_transceiver_behind(void **state)
{
	struct two *t = *state;
	static const char offer[] = SESSION "a=group:BUNDLE a v\r\n" AUDIO(
		"9") "a=mid:a\r\n" CARRIES H264("9") "a=mid:v\r\n" CARRIES;

	for (int i = 0; i < 100; i++) {
		take(t->b, TAUT_SDP_OFFER, offer);
		assert_non_null(strstr(local(t->b), "m=video 0 "));
	}
	assert_int_equal(transceivers(t->b), 1);
	assert_int_equal(events(t->b, TAUT_EV_TRACK), 1);
	/* JSEP 5.2.2: since we rejected it, the peer may recycle the line */
	take(t->b, TAUT_SDP_OFFER,
	     SESSION "a=group:BUNDLE a n\r\n" AUDIO("9") "a=mid:a\r\n" CARRIES DATA(
		     "9") "a=mid:n\r\n" CARRIES);
	assert_non_null(strstr(local(t->b), "m=application 9 "));
}

static void a_peer_may_recycle_a_line_for_ever(void **state)
{
	struct two *t = *state;
	char offer[4096];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(offer, sizeof offer,
			       SESSION
			       "a=group:BUNDLE a v%d\r\n" AUDIO("9") "a=mid:a\r\n" CARRIES VIDEO(
				       "9") "a=mid:v%d\r\n" CARRIES,
			       i, i);
		take(t->b, TAUT_SDP_OFFER, offer);
		local(t->b);
		(void)snprintf(offer, sizeof offer,
			       SESSION "a=group:BUNDLE a\r\n" AUDIO(
				       "9") "a=mid:a\r\n" CARRIES VIDEO("0") "a=mid:v%d\r\n",
			       i);
		take(t->b, TAUT_SDP_OFFER, offer);
		local(t->b);
	}
	assert_in_range(transceivers(t->b), 2, 64);
}

static void our_offer_recycles_a_rejected_line(void **state)
{
	struct two *t = *state;
	taut_pc *deaf = new_pc_with(t->env, 1); /* Opus only */

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	negotiate(t->a, deaf);
	assert_int_equal(taut_pc_transceiver_at(t->a, 1)->current_direction, TAUT_STOPPED);
	add(t->a, TAUT_AUDIO);
	negotiate(t->a, deaf);
	const char *offer = taut_pc_local_description(t->a, NULL);
	assert_int_equal(count(offer, "\r\nm="), 2);
	assert_non_null(strstr(offer, "a=mid:2\r\n"));
	assert_null(strstr(offer, "a=mid:1\r\n"));
	assert_int_equal(taut_pc_transceiver_at(t->a, 2)->current_direction, TAUT_SENDONLY);
	assert_int_equal(transceivers(deaf), 2);
	taut_pc_free(deaf);
}

static void rejected_data_is_not_offered_again_and_again(void **state)
{
	struct two *t = *state;

	add_channel(t->a);
	add(t->a, TAUT_AUDIO);
	local(t->a);
	take(t->a, TAUT_SDP_ANSWER,
	     SESSION
	     "a=group:BUNDLE 0\r\n" AUDIO("9") "a=mid:0\r\n" ICE PRINT
					       "a=setup:active\r\na=rtcp-mux\r\nm=application 0 "
					       "UDP/DTLS/SCTP webrtc-datachannel\r\n"
					       "c=IN IP4 0.0.0.0\r\na=mid:1\r\n");
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
	/* the peer may come to want it on the same line */
	take(t->a, TAUT_SDP_OFFER,
	     SESSION "a=group:BUNDLE 0 d\r\n" AUDIO("9") "a=mid:0\r\n" CARRIES DATA(
		     "9") "a=mid:d\r\n" CARRIES);
	assert_non_null(strstr(local(t->a), "m=application 9 "));
}

/* ---- the state of negotiation ---- */

static void what_is_added_while_an_offer_is_out_is_asked_for_later(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 1);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	add(t->a, TAUT_VIDEO);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 1);
	negotiate(t->a, t->b);
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 0);
	/* and when nobody polled in between, once */
	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	add(t->a, TAUT_AUDIO);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(events(t->a, TAUT_EV_NEGOTIATION_NEEDED), 1);
}

static void a_rolled_back_offer_of_the_peer_leaves_nothing(void **state)
{
	struct two *t = *state;

	add_channel(t->a);
	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	events(t->b, 0);
	assert_int_equal(remote(t->b, TAUT_SDP_ROLLBACK, ""), TAUT_OK);
	assert_int_equal(events(t->b, TAUT_EV_NEGOTIATION_NEEDED), 0);
	assert_int_equal(transceivers(t->b), 0);
	/* another peer's answer, with other credentials, finds a connection that knows none */
	add(t->b, TAUT_AUDIO);
	taut_pc *c = new_pc_with(t->env, 2);
	negotiate(t->b, c);
	taut_pc_free(c);
}

/* Payload types and extensions of the offer are forgotten with it: the next one may name others. */
static void the_numbers_of_a_rolled_back_offer_are_forgotten(void **state)
{
	static const struct taut_codec opus = { .size = sizeof opus,
						.mime = "audio/opus",
						.clock_rate = 48000,
						.channels = 2,
						.payload_type = 99 };
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = &opus, .codec_count = 1 };
	struct two *t = *state;
	const char *sdp;

	taut_pc_free(t->b);
	assert_int_equal(taut_pc_new(&t->b, t->env, &cfg, 1), TAUT_OK);
	add(t->a, TAUT_AUDIO);
	add(t->b, TAUT_AUDIO);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	assert_null(strstr(sdp, "a=rtpmap:99 opus"));
	take(t->a, TAUT_SDP_OFFER, local(t->b));
	assert_int_equal(remote(t->a, TAUT_SDP_ROLLBACK, ""), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	assert_null(strstr(sdp, "a=rtpmap:99 opus"));
}

static void a_track_of_a_rolled_back_offer_is_announced_again(void **state)
{
	struct two *t = *state;
	struct taut_transceiver_init init = { .size = sizeof init,
					      .kind = TAUT_AUDIO,
					      .direction = TAUT_RECVONLY };
	taut_transceiver id, theirs;

	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &init, &id), TAUT_OK);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	theirs = taut_pc_transceiver_at(t->b, 0)->id;
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	events(t->a, 0);
	taut_pc_set_direction(t->b, 1, theirs, TAUT_SENDRECV);
	const char *offer = local(t->b);
	take(t->a, TAUT_SDP_OFFER, offer);
	assert_int_equal(events(t->a, TAUT_EV_TRACK), 1);
	assert_int_equal(remote(t->a, TAUT_SDP_ROLLBACK, ""), TAUT_OK);
	take(t->a, TAUT_SDP_OFFER, offer);
	assert_int_equal(events(t->a, TAUT_EV_TRACK), 1);
}

static void a_description_that_does_not_fit_any_more_cannot_be_set(void **state)
{
	struct two *t = *state;
	const char *made;
	char *old;

	add(t->a, TAUT_AUDIO);
	add(t->b, TAUT_AUDIO);
	assert_int_equal(taut_pc_create_offer(t->b, 1, &made), TAUT_OK);
	take(t->b, TAUT_SDP_OFFER, local(t->a)); /* overtakes it */
	assert_int_equal(taut_pc_create_answer(t->b, 1, &made), TAUT_OK);
	old = calloc(1, strlen(made) + 1);
	memcpy(old, made, strlen(made));
	assert_int_equal(taut_pc_set_local_description(t->b, 1, TAUT_SDP_ANSWER, old, strlen(old)),
			 TAUT_OK);
	assert_int_equal(taut_pc_set_local_description(t->b, 1, TAUT_SDP_OFFER, old, strlen(old)),
			 TAUT_E_INVAL);
	assert_int_equal(taut_pc_signaling_state(t->b), TAUT_SIGNALING_STABLE);
	free(old);
}

static void an_offer_overtakes_a_restart_that_was_only_made(void **state)
{
	struct two *t = *state;
	const char *made;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	char ufrag[64];
	const char *at = strstr(taut_pc_local_description(t->b, NULL), "a=ice-ufrag:");
	memcpy(ufrag, at, 20);
	ufrag[16] = '\0';
	assert_int_equal(taut_pc_restart_ice(t->b, 1), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->b, 1, &made), TAUT_OK);
	assert_null(strstr(made, ufrag));
	/* An offer without a restart is answered without one. */
	add(t->a, TAUT_VIDEO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *answer = local(t->b);
	assert_non_null(strstr(answer, ufrag));
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(events(t->b, TAUT_EV_NEGOTIATION_NEEDED), 1); /* it is still wanted */
	negotiate(t->b, t->a);
	assert_null(strstr(taut_pc_local_description(t->b, NULL), ufrag));
}

static char *replaced(const char *sdp, const char *from, const char *to)
{
	char *out = calloc(1, strlen(sdp) * 2 + 64), *end = out;
	const char *at = sdp, *hit;

	while ((hit = strstr(at, from)) != NULL) {
		memcpy(end, at, (size_t)(hit - at));
		end += hit - at;
		memcpy(end, to, strlen(to));
		end += strlen(to);
		at = hit + strlen(from);
	}
	memcpy(end, at, strlen(at));
	return out;
}

/* RFC 4145 section 4.1, RFC 8842 section 5: first offers, answers, and later offers. */
static void setup_is_answered_as_the_table_says(void **state)
{
	static const struct {
		const char *offer, *answer; /* answer NULL: the offer is refused */
	} rows[] = {
		{ "actpass", "active" },
		{ "active", "passive" },
		{ "passive", "active" },
		{ "holdconn", NULL },
	};
	struct two *t = *state;
	char from[] = "a=setup:actpass", to[32];

	add(t->a, TAUT_AUDIO);
	const char *offer = local(t->a);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		taut_pc *pc = new_pc_with(t->env, 2);
		(void)snprintf(to, sizeof to, "a=setup:%s", rows[i].offer);
		char *text = replaced(offer, from, to);
		assert_int_equal(remote(pc, TAUT_SDP_OFFER, text),
				 rows[i].answer ? TAUT_OK : TAUT_E_INVAL);
		if (rows[i].answer) {
			(void)snprintf(to, sizeof to, "a=setup:%s\r\n", rows[i].answer);
			assert_int_equal(count(local(pc), to), 1);
		}
		free(text);
		taut_pc_free(pc);
	}
}

static void setup_of_an_answer_is_active_or_passive(void **state)
{
	static const struct {
		const char *answer;
		int code;
	} rows[] = { { "actpass", TAUT_E_INVAL },
		     { "holdconn", TAUT_E_INVAL },
		     { "active", TAUT_OK },
		     { "passive", TAUT_OK } };
	struct two *t = *state;
	char to[32];

	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *answer = local(t->b);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		taut_pc *pc = new_pc_with(t->env, 2);
		add(pc, TAUT_AUDIO);
		local(pc);
		(void)snprintf(to, sizeof to, "a=setup:%s", rows[i].answer);
		char *text = replaced(answer, "a=setup:active", to);
		assert_int_equal(remote(pc, TAUT_SDP_ANSWER, text), rows[i].code);
		assert_int_equal(taut_pc_signaling_state(pc),
				 rows[i].code ? TAUT_SIGNALING_HAVE_LOCAL_OFFER
					      : TAUT_SIGNALING_STABLE);
		free(text);
		taut_pc_free(pc);
	}
}

/* Firefox answers with active when ICE restarts, whatever it is; the other way round nobody does. */
static void an_answer_that_would_turn_the_role_turns_nothing(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b); /* b is the client */
	take(t->a, TAUT_SDP_OFFER, local(t->b));
	const char *answer = local(t->a);
	assert_int_equal(count(answer, "a=setup:passive\r\n"), 1);
	char *flip = replaced(answer, "a=setup:passive", "a=setup:active");
	take(t->b, TAUT_SDP_ANSWER, flip);
	free(flip);
	/* it is the client as before */
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	answer = local(t->b);
	assert_int_equal(count(answer, "a=setup:active\r\n"), 1);
	flip = replaced(answer, "a=setup:active", "a=setup:passive");
	assert_int_equal(remote(t->a, TAUT_SDP_ANSWER, flip), TAUT_E_INVAL);
	take(t->a, TAUT_SDP_ANSWER, answer);
	free(flip);
}

/* RFC 9143 section 7.1.3: of a bundle one section says what the transport is. */
static void the_role_is_that_of_the_section_that_speaks(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	add(t->a, TAUT_VIDEO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *answer = local(t->b), *second = strstr(answer, "m=video");
	assert_non_null(second);
	char *flip = replaced(second, "a=setup:active", "a=setup:passive");
	char *both = malloc(strlen(answer) + 100);
	(void)snprintf(both, strlen(answer) + 100, "%.*s%s", (int)(second - answer), answer, flip);
	take(t->a, TAUT_SDP_ANSWER, both);
	free(flip);
	free(both);
}

static void the_role_does_not_flip_later(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b); /* b is the client */
	const char *offer = local(t->a);
	char *flip = replaced(offer, "a=setup:actpass", "a=setup:active");
	char *same = replaced(offer, "a=setup:actpass", "a=setup:passive");
	assert_int_equal(remote(t->b, TAUT_SDP_OFFER, flip), TAUT_E_INVAL);
	assert_int_equal(taut_pc_signaling_state(t->b), TAUT_SIGNALING_STABLE);
	take(t->b, TAUT_SDP_OFFER, same);
	assert_int_equal(count(local(t->b), "a=setup:active\r\n"), 1);
	free(flip);
	free(same);
}

static void an_answer_does_not_restart_what_was_not_restarted(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	add(t->a, TAUT_VIDEO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *answer = local(t->b);
	char *other = replaced(answer, "a=ice-ufrag:", "a=ice-ufrag:other");
	assert_int_equal(remote(t->a, TAUT_SDP_ANSWER, other), TAUT_E_INVAL);
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_HAVE_LOCAL_OFFER);
	assert_null(taut_pc_transceiver_at(t->a, 1)->send_codec);
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_non_null(taut_pc_transceiver_at(t->a, 1)->send_codec);
	free(other);
}

static void our_own_offers_have_a_ceiling(void **state)
{
	struct two *t = *state;
	const char *sdp;

	for (int i = 0; i < 64; i++)
		add(t->a, TAUT_AUDIO);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	add_channel(t->a);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_E_LIMIT);
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	taut_transceiver id;
	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &init, &id), TAUT_E_LIMIT);
}

static void datagrams_without_size_or_room_are_refused(void **state)
{
	struct two *t = *state;
	uint8_t buf[2048];
	struct taut_datagram d = { .buf = buf, .cap = sizeof buf };

	assert_int_equal(taut_pc_poll_send(t->a, 1, &d), TAUT_E_INVAL);
	assert_int_equal(taut_pc_recv(t->a, 1, &d), TAUT_E_INVAL);
	d.size = sizeof d;
	assert_int_equal(taut_pc_poll_send(t->a, 1, &d), 0);
	assert_int_equal(taut_pc_recv(t->a, 1, &d), TAUT_OK);
	d.len = 2049;
	assert_int_equal(taut_pc_recv(t->a, 1, &d), TAUT_E_INVAL);
	d.cap = 2047;
	assert_int_equal(taut_pc_poll_send(t->a, 1, &d), TAUT_E_INVAL);
}

/* ---- RFC 9429 section 7 ---- */

/* Gives the lines of an example the mids that our own description has: "a1" becomes "0". */
static void rename_mid(char **sdp, const char *from, const char *to)
{
	static const char *const places[][2] = { { "a=mid:", "\r\n" },
						 { " ", " " },
						 { " ", "\r\n" } };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char was[32], is[32];
		(void)snprintf(was, sizeof was, "%s%s%s", places[i][0], from, places[i][1]);
		(void)snprintf(is, sizeof is, "%s%s%s", places[i][0], to, places[i][1]);
		char *text = replaced(*sdp, was, is);
		free(*sdp);
		*sdp = text;
	}
}

/* Lines end in LF in the files of some checkouts: both are read. */
static char *example(const char *name)
{
	const char *root = getenv("TAUT_CORPUS");
	char path[1024], *text;

	(void)snprintf(path, sizeof path, "%s/../vectors/jsep/%s.sdp",
		       root ? root : TAUT_SOURCE_DIR "/../shared/corpus", name);
	FILE *f = fopen(path, "rb");
	if (!f) {
		print_message("not there: %s\n", path);
		return NULL;
	}
	text = calloc(1, 65536);
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	char *bare = replaced(text, "\r\n", "\n"), *crlf = replaced(bare, "\n", "\r\n");
	free(text);
	free(bare);
	return crlf;
}

static bool take_example(taut_pc *pc, uint32_t type, const char *name, const char *const mids[][2])
{
	char *text = example(name);

	if (!text)
		return false;
	for (size_t i = 0; mids && mids[i][0]; i++)
		rename_mid(&text, mids[i][0], mids[i][1]);
	take(pc, type, text);
	free(text);
	return true;
}

static void bob_of_the_simple_example(void **state)
{
	struct two *t = *state;

	if (!take_example(t->b, TAUT_SDP_OFFER, "offer-A1", NULL))
		skip();
	const char *answer = local(t->b);
	assert_non_null(strstr(answer, "a=group:BUNDLE a1 v1\r\n"));
	assert_int_equal(events(t->b, TAUT_EV_TRACK), 2);
}

static void alice_of_the_simple_example(void **state)
{
	static const char *const mids[][2] = { { "a1", "0" }, { "v1", "1" }, { NULL, NULL } };
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	local(t->a);
	if (!take_example(t->a, TAUT_SDP_ANSWER, "answer-A1", mids))
		skip();
	assert_int_equal(taut_pc_transceiver_at(t->a, 1)->current_direction, TAUT_SENDRECV);
}

static void bob_of_the_detailed_example(void **state)
{
	static const char *const mids[][2] = { { "v1", "0" }, { "v2", "1" }, { NULL, NULL } };
	struct two *t = *state;

	if (!take_example(t->b, TAUT_SDP_OFFER, "offer-B1", NULL))
		skip();
	local(t->b);
	add(t->b, TAUT_VIDEO);
	add(t->b, TAUT_VIDEO);
	local(t->b);
	assert_true(take_example(t->b, TAUT_SDP_ANSWER, "answer-B2", mids));
	assert_int_equal(taut_pc_transceiver_at(t->b, 1)->current_direction, TAUT_SENDONLY);
	assert_int_equal(taut_pc_transceiver_at(t->b, 2)->current_direction, TAUT_SENDONLY);
}

static void alice_of_the_detailed_example(void **state)
{
	static const char *const mids[][2] = { { "a1", "0" }, { "d1", "1" }, { NULL, NULL } };
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add_channel(t->a);
	local(t->a);
	if (!take_example(t->a, TAUT_SDP_ANSWER, "answer-B1", mids))
		skip();
	assert_true(take_example(t->a, TAUT_SDP_OFFER, "offer-B2", mids));
	const char *answer = local(t->a);
	assert_non_null(strstr(answer, "a=group:BUNDLE 0 1 v1 v2\r\n"));
}

static void bob_of_the_early_transport_example(void **state)
{
	struct two *t = *state;

	if (!take_example(t->b, TAUT_SDP_OFFER, "offer-C1", NULL))
		skip();
	local(t->b);
	taut_pc_set_direction(t->b, 1, taut_pc_transceiver_at(t->b, 0)->id, TAUT_SENDRECV);
	local(t->b);
	assert_true(take_example(t->b, TAUT_SDP_ANSWER, "answer-C2", NULL));
}

static void alice_of_the_early_transport_example(void **state)
{
	static const char *const mids[][2] = { { "a1", "0" }, { "v1", "1" }, { NULL, NULL } };
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	local(t->a);
	if (!take_example(t->a, TAUT_SDP_ANSWER, "answer-C1", mids))
		skip();
	assert_true(take_example(t->a, TAUT_SDP_OFFER, "offer-C2", mids));
	local(t->a);
	assert_int_equal(taut_pc_transceiver_at(t->a, 0)->current_direction, TAUT_SENDRECV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(bundled_lines_need_not_repeat_the_transport),
		T(an_answer_may_say_the_transport_once),
		T(without_mids_only_one_line_is_taken),
		T(of_several_bundles_one_is_taken),
		T(the_first_line_that_is_understood_carries_the_transport),
		T(a_lite_peer_is_answered),
		T(what_is_rejected_leaves_no_transceiver_behind),
		T(a_peer_may_recycle_a_line_for_ever),
		T(our_offer_recycles_a_rejected_line),
		T(rejected_data_is_not_offered_again_and_again),
		T(what_is_added_while_an_offer_is_out_is_asked_for_later),
		T(a_rolled_back_offer_of_the_peer_leaves_nothing),
		T(the_numbers_of_a_rolled_back_offer_are_forgotten),
		T(a_track_of_a_rolled_back_offer_is_announced_again),
		T(a_description_that_does_not_fit_any_more_cannot_be_set),
		T(an_offer_overtakes_a_restart_that_was_only_made),
		T(setup_is_answered_as_the_table_says),
		T(setup_of_an_answer_is_active_or_passive),
		T(an_answer_that_would_turn_the_role_turns_nothing),
		T(the_role_is_that_of_the_section_that_speaks),
		T(the_role_does_not_flip_later),
		T(an_answer_does_not_restart_what_was_not_restarted),
		T(our_own_offers_have_a_ceiling),
		T(datagrams_without_size_or_room_are_refused),
		T(bob_of_the_simple_example),
		T(alice_of_the_simple_example),
		T(bob_of_the_detailed_example),
		T(alice_of_the_detailed_example),
		T(bob_of_the_early_transport_example),
		T(alice_of_the_early_transport_example),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
