/* test_refusals.c - descriptions of a peer that keeps all the rules but one: which one is
 * named, and nothing changes, so that the same description without the fault is taken. */
#define _GNU_SOURCE
#include "two.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/num.h"

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

static void add(taut_pc *pc, uint32_t kind)
{
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = kind };
	taut_transceiver t;

	assert_int_equal(taut_pc_add_transceiver(pc, 1, &init, &t), TAUT_OK);
}

static char text[32768];

/* sdp with the first line that begins with from replaced: to; NULL: the line is gone. With all,
 * every such line. */
static const char *edit(const char *sdp, const char *from, const char *to, bool all)
{
	size_t used = 0;
	bool done = false;

	for (const char *line = sdp; *line;) {
		const char *end = strstr(line, "\r\n") + 2;
		const bool hit = strncmp(line, from, strlen(from)) == 0 && (all || !done);
		const char *put = hit ? to : line;
		const size_t len = hit ? (to ? strlen(to) : 0) : (size_t)(end - line);

		done = done || hit;
		assert_true(used + len + 3 < sizeof text);
		if (put)
			memcpy(text + used, put, len);
		used += len;
		if (hit && to) {
			memcpy(text + used, "\r\n", 2);
			used += 2;
		}
		line = end;
	}
	text[used] = '\0';
	assert_true(done); /* the fault was planted */
	return text;
}

struct fault {
	const char *from, *to;
	bool all;
	int code;
	const char *spec;        /* the rule that is named */
	const char *from2, *to2; /* another line that changes with it */
};

/* Each fault is refused and leaves the signaling state; then the good one is taken. */
static void expect_refusals(taut_pc *pc, uint32_t type, const char *good, const struct fault *f,
			    size_t n)
{
	char *copy = strdup(good);
	const uint32_t before = taut_pc_signaling_state(pc);

	for (size_t i = 0; i < n; i++) {
		const char *bad = edit(copy, f[i].from, f[i].to, f[i].all);
		char *first = strdup(bad);
		if (f[i].from2)
			bad = edit(first, f[i].from2, f[i].to2, false);
		free(first);
		const int rc = remote(pc, type, bad);
		if (rc != f[i].code)
			print_error("fault %zu: %s\n", i, taut_pc_error(pc)->message);
		assert_int_equal(rc, f[i].code);
		assert_non_null(taut_pc_error(pc)->spec);
		if (strcmp(taut_pc_error(pc)->spec, f[i].spec) != 0)
			print_error("fault %zu: %s\n", i, taut_pc_error(pc)->message);
		assert_string_equal(taut_pc_error(pc)->spec, f[i].spec);
		assert_int_equal(taut_pc_signaling_state(pc), before);
	}
	take(pc, type, copy);
	free(copy);
}

#define OTHER_PRINT                                                                                \
	"a=fingerprint:sha-256 "                                                                   \
	"19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:"  \
	"70:88:A2"
#define SHA_1_PRINT                                                                                \
	"a=fingerprint:sha-1 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70"

static void an_offer_with_one_fault_is_refused_by_its_rule(void **state)
{
	static const struct fault faults[] = {
		{ "a=fingerprint:", NULL, true, TAUT_E_INVAL, "RFC 8122 section 5", NULL, NULL },
		{ "a=fingerprint:", SHA_1_PRINT, true, TAUT_E_INVAL, "RFC 8122 section 5", NULL,
		  NULL },
		{ "a=setup:", NULL, true, TAUT_E_INVAL, "RFC 8842 section 5.2", NULL, NULL },
		{ "a=setup:", "a=setup:holdconn", true, TAUT_E_INVAL, "RFC 8842 section 5.1", NULL,
		  NULL },
		{ "a=ice-ufrag:", NULL, true, TAUT_E_INVAL, "RFC 8839 section 5.4", NULL, NULL },
		{ "a=ice-pwd:", NULL, true, TAUT_E_INVAL, "RFC 8839 section 5.4", NULL, NULL },
	};
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	add_channel(t->a);
	expect_refusals(t->b, TAUT_SDP_OFFER, local(t->a), faults, TT_COUNT(faults));
	local(t->b);
}

static void an_answer_with_one_fault_is_refused_by_its_rule(void **state)
{
	static const struct fault faults[] = {
		{ "a=fingerprint:", NULL, true, TAUT_E_INVAL, "RFC 8122 section 5", NULL, NULL },
		{ "a=setup:", NULL, true, TAUT_E_INVAL, "RFC 8842 section 5.3", NULL, NULL },
		{ "a=setup:", "a=setup:actpass", true, TAUT_E_INVAL, "RFC 8842 section 5.3", NULL,
		  NULL },
		{ "a=rtcp-mux", NULL, true, TAUT_E_INVAL, "RFC 9429 section 5.11", NULL, NULL },
		{ "a=group:BUNDLE", NULL, false, TAUT_E_INVAL, "RFC 9429 section 4.1.1", NULL,
		  NULL },
		{ "a=group:BUNDLE", "a=group:BUNDLE 0 1", false, TAUT_E_INVAL,
		  "RFC 9429 section 4.1.1", NULL, NULL },
		{ "a=mid:0", NULL, false, TAUT_E_INVAL, "RFC 9429 section 5.8",
		  "a=group:", "a=group:BUNDLE 1 2" },
		{ "a=mid:1", "a=mid:7", false, TAUT_E_INVAL, "RFC 9429 section 5.8",
		  "a=group:", "a=group:BUNDLE 0 7 2" },
		{ "m=audio", "m=video 9 UDP/TLS/RTP/SAVPF 96", false, TAUT_E_INVAL,
		  "RFC 3264 section 8", NULL, NULL },
		{ "m=application",
		  "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nm=application 9 UDP/DTLS/SCTP "
		  "webrtc-datachannel",
		  false, TAUT_E_INVAL, "RFC 3264 section 6", NULL, NULL },
	};
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	add_channel(t->a);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	expect_refusals(t->a, TAUT_SDP_ANSWER, local(t->b), faults, TT_COUNT(faults));
	assert_int_equal(taut_pc_signaling_state(t->a), TAUT_SIGNALING_STABLE);
}

static void a_second_offer_keeps_lines_certificate_and_role(void **state)
{
	static const struct fault faults[] = {
		{ "a=fingerprint:", OTHER_PRINT, true, TAUT_E_UNSUPPORTED, "RFC 8842 section 5.5",
		  NULL, NULL },
		{ "a=setup:", "a=setup:passive", true, TAUT_E_INVAL, "RFC 8842 section 5.5", NULL,
		  NULL },
		{ "a=mid:0", NULL, false, TAUT_E_INVAL, "RFC 9429 section 5.8",
		  "a=group:", "a=group:BUNDLE 1" },
		{ "m=audio", "m=video 9 UDP/TLS/RTP/SAVPF 96", false, TAUT_E_INVAL,
		  "RFC 3264 section 8", NULL, NULL },
	};
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	negotiate(t->a, t->b);
	/* b answered as the client: a is passive and says so if it must; b may not become it */
	struct fault now[TT_COUNT(faults)];
	memcpy(now, faults, sizeof now);
	add(t->a, TAUT_VIDEO);
	const char *offer = local(t->a);
	if (strstr(taut_pc_local_description(t->b, NULL), "a=setup:passive"))
		now[1].to = "a=setup:passive";
	else
		now[1].to = "a=setup:active";
	char *kept = strdup(offer);
	expect_refusals(t->b, TAUT_SDP_OFFER, kept, now, TT_COUNT(now));
	free(kept);
	local(t->b);
}

static void an_answer_to_nothing_and_a_second_one_are_too_late(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	char *answer = strdup(local(t->b));
	assert_int_equal(remote(t->b, TAUT_SDP_ANSWER, answer), TAUT_E_STATE);
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(remote(t->a, TAUT_SDP_ANSWER, answer), TAUT_E_STATE);
	assert_int_equal(remote(t->a, 0, answer), TAUT_E_INVAL);
	assert_int_equal(remote(t->a, 9, answer), TAUT_E_INVAL);
	free(answer);
}

/* ---- what is not accepted, without being a fault ---- */

static void a_line_without_rtcp_mux_or_common_codec_is_rejected(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	char *offer = strdup(local(t->a));
	take(t->b, TAUT_SDP_OFFER, edit(offer, "a=rtcp-mux", NULL, true));
	const char *answer = local(t->b);
	assert_int_equal(count(answer, "m=audio 0 "), 1);
	assert_int_equal(count(answer, "m=video 0 "), 1);
	free(offer);
}

static void one_line_of_a_bundle_may_speak_of_rtcp_mux_for_all(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	char *offer = strdup(local(t->a));
	take(t->b, TAUT_SDP_OFFER, edit(offer, "a=rtcp-mux", NULL, false)); /* of the first only */
	assert_int_equal(count(local(t->b), " 9 UDP/"), 2);
	free(offer);
}

/* ---- candidates ---- */

#define CANDIDATE "candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host"

static int candidate(taut_pc *pc, const char *line, const char *mid, int index)
{
	return taut_pc_add_ice_candidate(pc, 1, line, line ? strlen(line) : 0, mid, index);
}

static void a_candidate_names_a_line_that_is_there(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO);
	add(t->a, TAUT_VIDEO);
	assert_int_equal(candidate(t->b, CANDIDATE, "0", -1), TAUT_E_STATE); /* of no description */
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(candidate(t->b, CANDIDATE, "0", -1), TAUT_OK);
	assert_int_equal(candidate(t->b, CANDIDATE, "1", -1), TAUT_OK); /* bundled with it */
	assert_int_equal(candidate(t->b, CANDIDATE, "", 1), TAUT_OK);
	assert_int_equal(candidate(t->b, CANDIDATE, NULL, 0), TAUT_OK);
	assert_int_equal(candidate(t->b, CANDIDATE, NULL, -1), TAUT_OK);
	assert_int_not_equal(candidate(t->b, CANDIDATE, "7", -1), TAUT_OK);
	assert_int_not_equal(candidate(t->b, CANDIDATE, NULL, 2), TAUT_OK);
	assert_int_equal(candidate(t->b, "candidate:nonsense", "0", -1), TAUT_E_SYNTAX);
	assert_int_equal(
		candidate(t->b, "candidate:1 1 tcp 1 192.0.2.7 9 typ host tcptype active", "0", -1),
		TAUT_OK); /* of no use here, and no error */
	assert_int_equal(candidate(t->b, NULL, "0", -1), TAUT_OK);
	assert_int_equal(candidate(t->b, "", "1", -1), TAUT_OK);
	assert_int_equal(candidate(t->b, NULL, NULL, -1), TAUT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_offer_with_one_fault_is_refused_by_its_rule,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_with_one_fault_is_refused_by_its_rule,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_offer_keeps_lines_certificate_and_role,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_to_nothing_and_a_second_one_are_too_late,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_line_without_rtcp_mux_or_common_codec_is_rejected,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_line_of_a_bundle_may_speak_of_rtcp_mux_for_all,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_candidate_names_a_line_that_is_there, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
