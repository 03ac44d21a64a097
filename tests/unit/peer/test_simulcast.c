/* test_simulcast.c - encodings in descriptions and in the API: RFC 8851, RFC 8853, webrtc-pc sections 5.1,
 * 5.2 and 5.4.1. */
#include "two.h"

#include <math.h>
#include <stdio.h>

static const struct taut_codec codecs[] = {
	{ .size = sizeof codecs[0], .mime = "audio/opus", .clock_rate = 48000, .channels = 2 },
	{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
};

static taut_pc *new_taking(taut_env *env, uint32_t encodings)
{
	const struct taut_config cfg = { .size = sizeof cfg,
					 .codecs = codecs,
					 .codec_count = 2,
					 .max_receive_encodings = encodings };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static taut_pc *new_pc(taut_env *env)
{
	return new_taking(env, 4);
}

#define R(r) .size = sizeof(struct taut_rtp_encoding), .rid = (r), .active = 1
#define E(r) { R(r) }

static int try_kind(taut_pc *pc, uint32_t kind, const struct taut_rtp_encoding *all, size_t count,
		    taut_transceiver *out)
{
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = kind,
						    .direction = TAUT_SENDONLY,
						    .track_id = "camera",
						    .send_encodings = all,
						    .send_encoding_count = count };

	return taut_pc_add_transceiver(pc, 1, &init, out);
}

static int try(taut_pc *pc, const struct taut_rtp_encoding *all, size_t count)
{
	taut_transceiver t;

	return try_kind(pc, TAUT_VIDEO, all, count, &t);
}

static taut_transceiver add_three(taut_pc *pc)
{
	static const struct taut_rtp_encoding all[] = { E("l"), E("m"), E("h") };
	taut_transceiver t;

	assert_int_equal(try_kind(pc, TAUT_VIDEO, all, 3, &t), TAUT_OK);
	return t;
}

static struct taut_rtp_parameters parameters(taut_pc *pc, taut_transceiver t)
{
	struct taut_rtp_parameters p = { .size = sizeof p };

	assert_int_equal(taut_pc_get_sender_parameters(pc, t, &p), TAUT_OK);
	return p;
}

/* A description of a browser's; a string of its own. */
static char *browser(const char *name)
{
	char path[512], *text = calloc(1, 20000);

	(void)snprintf(path, sizeof path, "%s/tests/vectors/browser-sdp/%s.sdp", TAUT_SOURCE_DIR,
		       name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, 19999, f) > 0);
	(void)fclose(f);
	return text;
}

/* The same text with something put in the place of something else, once. */
static char *with(const char *text, const char *what, const char *instead)
{
	const char *at = strstr(text, what);
	const size_t size = strlen(text) + strlen(instead) + 1;
	char *out = calloc(1, size);

	assert_non_null(at);
	(void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, instead, at + strlen(what));
	return out;
}

static void encodings_are_checked(void **state)
{
	struct two *t = *state;
	static const struct taut_rtp_encoding none[] = { E("a"), E(NULL) }, twice[] = { E("a"), E("a") },
					      bad[] = { E("a"), E("b c") }, empty[] = { E("") },
					      longest[] = { E("a"), E("abcdefghijklmnop") },
					      longer[] = { E("a"), E("abcdefghijklmnopq") },
					      small[] = { E("a"), { R("b"), .scale_resolution_down_by = 0.5 } },
					      slow[] = { E("a"), { R("b"), .max_framerate = -1 } },
					      many[] = { E("a"), E("b"), E("c"), E("d"), E("e") },
					      signs[] = { E("-_0"), E("Az9") };
	taut_transceiver got;

	assert_int_equal(try(t->a, none, 2), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "TypeError");
	assert_int_equal(try(t->a, twice, 2), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "TypeError");
	assert_int_equal(try(t->a, bad, 2), TAUT_E_INVAL);
	assert_int_equal(try(t->a, empty, 1), TAUT_E_INVAL);
	assert_int_equal(try(t->a, longer, 2), TAUT_E_INVAL);
	assert_int_equal(try(t->a, small, 2), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "RangeError");
	assert_int_equal(try(t->a, slow, 2), TAUT_E_INVAL);
	assert_int_equal(try(t->a, many, 5), TAUT_E_LIMIT);
	assert_int_equal(try(t->a, NULL, 1), TAUT_E_INVAL);
	assert_int_equal(try_kind(t->a, TAUT_AUDIO, signs, 2, &got), TAUT_E_LIMIT);
	assert_null(taut_pc_transceiver_at(t->a, 0));
	assert_int_equal(try(t->a, longest, 2), TAUT_OK);
	assert_int_equal(try(t->a, signs, 2), TAUT_OK);
	assert_int_equal(try(t->a, many, 4), TAUT_OK);
	assert_int_equal(try_kind(t->a, TAUT_AUDIO, empty, 0, &got), TAUT_OK);
}

static void sizes_that_nobody_gave_are_halves(void **state)
{
	struct two *t = *state;
	static const struct taut_rtp_encoding given[] = { { R("a"), .scale_resolution_down_by = 3 }, E("b") };
	const taut_transceiver three = add_three(t->a);
	taut_transceiver two;

	for (int i = 0; i < 3; i++)
		assert_int_equal(parameters(t->a, three).encodings[i].scale_resolution_down_by, 4 >> i);
	assert_int_equal(try_kind(t->a, TAUT_VIDEO, given, 2, &two), TAUT_OK);
	assert_int_equal(parameters(t->a, two).encodings[0].scale_resolution_down_by, 3);
	assert_int_equal(parameters(t->a, two).encodings[1].scale_resolution_down_by, 1);
}

static void a_single_encoding_has_its_limits_and_no_rid(void **state)
{
	struct two *t = *state;
	static const struct taut_rtp_encoding one[] = { { R("x"), .max_bitrate = 9000 } };
	taut_transceiver got;

	assert_int_equal(try_kind(t->a, TAUT_VIDEO, one, 1, &got), TAUT_OK);
	assert_null(parameters(t->a, got).encodings[0].rid);
	assert_int_equal(parameters(t->a, got).encodings[0].max_bitrate, 9000);
	assert_null(strstr(local(t->a), "a=rid"));
}

static void an_offer_names_its_encodings_and_no_ssrc(void **state)
{
	struct two *t = *state;

	add_three(t->a);
	const char *offer = local(t->a);
	assert_non_null(strstr(offer, "a=rid:l send\r\n"));
	assert_non_null(strstr(offer, "a=rid:m send\r\n"));
	assert_non_null(strstr(offer, "a=rid:h send\r\n"));
	assert_non_null(strstr(offer, "a=simulcast:send l;m;h\r\n"));
	assert_null(strstr(offer, "a=ssrc"));
}

static void one_that_does_not_send_offers_no_encodings(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = add_three(t->a);

	assert_int_equal(taut_pc_set_direction(t->a, 1, got, TAUT_RECVONLY), TAUT_OK);
	assert_null(strstr(local(t->a), "a=rid"));
	take(t->b, TAUT_SDP_OFFER, taut_pc_local_description(t->a, NULL));
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	/* which takes none away */
	assert_int_equal(parameters(t->a, got).encoding_count, 3);
}

static void encodings_are_set_all_together(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = add_three(t->a);
	struct taut_rtp_parameters p = parameters(t->a, got);
	struct taut_rtp_encoding all[3];

	memcpy(all, p.encodings, sizeof all);
	p.encodings = all;
	all[0].max_bitrate = 1000;
	all[2].max_framerate = NAN;
	assert_int_equal(taut_pc_set_sender_parameters(t->a, 1, got, &p), TAUT_E_INVAL);
	all[2].max_framerate = 15;
	all[1].rid = "x";
	assert_int_equal(taut_pc_set_sender_parameters(t->a, 1, got, &p), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "InvalidModificationError");
	all[1].rid = "h";
	all[2].rid = "m";
	assert_int_equal(taut_pc_set_sender_parameters(t->a, 1, got, &p), TAUT_E_INVAL);
	all[1].rid = NULL;
	assert_int_equal(taut_pc_set_sender_parameters(t->a, 1, got, &p), TAUT_E_INVAL);
	assert_int_equal(parameters(t->a, got).encodings[0].max_bitrate, 0);
	all[1].rid = "m";
	all[2].rid = "h";
	p.encoding_count = 2;
	assert_int_equal(taut_pc_set_sender_parameters(t->a, 1, got, &p), TAUT_E_INVAL);
	p.encoding_count = 3;
	assert_int_equal(taut_pc_set_sender_parameters(t->a, 1, got, &p), TAUT_OK);
	assert_int_equal(parameters(t->a, got).encodings[0].max_bitrate, 1000);
	assert_int_equal(parameters(t->a, got).encodings[2].max_framerate, 15);
}

static void offers_of_browsers_are_taken_as_far_as_wanted(void **state)
{
	struct two *t = *state;
	static const char *const names[] = { "chrome156_simulcast3_rids_offer",
					     "firefox153_simulcast3_rids_offer" };

	for (size_t i = 0; i < 2; i++)
		for (uint32_t taken = 0; taken <= 4; taken++) {
			taut_pc *pc = new_taking(t->env, taken);
			char *offer = browser(names[i]);
			take(pc, TAUT_SDP_OFFER, offer);
			const char *answer = local(pc);
			const unsigned n = taken > 3 ? 3 : taken;
			assert_int_equal(count(answer, "a=rid:"), n);
			assert_int_equal(count(answer, "a=simulcast:recv "), n > 0);
			assert_int_equal(count(answer, "a=simulcast:recv h;m;l\r\n"), n == 3);
			assert_int_equal(count(answer, "a=rid:h recv\r\n"), n > 0);
			taut_pc_free(pc);
			free(offer);
		}
}

/* Firefox only sends its rids; the answer says that they are received. */
static void an_extension_that_goes_one_way_is_answered_the_other_way(void **state)
{
	struct two *t = *state;
	char *offer = browser("firefox153_simulcast3_rids_offer");

	take(t->a, TAUT_SDP_OFFER, offer);
	assert_non_null(strstr(local(t->a),
			       "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"));
	free(offer);
	taut_pc *other = new_pc(t->env);
	offer = browser("firefox153_simulcast3_rids_offer");
	char *turned = with(offer, "a=extmap:9/sendonly", "a=extmap:9/recvonly");
	take(other, TAUT_SDP_OFFER, turned);
	const char *answer = local(other);
	assert_non_null(strstr(answer, "a=extmap:9/sendonly urn:"));
	assert_null(strstr(answer, "simulcast")); /* nobody could tell them apart */
	free(turned);
	turned = with(offer, "a=extmap:9/sendonly", "a=extmap:9/inactive");
	taut_pc_free(other);
	other = new_pc(t->env);
	take(other, TAUT_SDP_OFFER, turned);
	assert_null(strstr(local(other), "a=extmap:9"));
	taut_pc_free(other);
	free(turned);
	free(offer);
}

/* What an offer of ours becomes when the answer says this of simulcast. */
static taut_transceiver answered(struct two *t, const char *simulcast)
{
	const taut_transceiver got = add_three(t->a);

	take(t->b, TAUT_SDP_OFFER, local(t->a));
	char *answer = with(local(t->b), "a=simulcast:recv l;m;h\r\n", simulcast);
	take(t->a, TAUT_SDP_ANSWER, answer);
	free(answer);
	return got;
}

static void an_answer_narrows(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = answered(t, "a=simulcast:recv h;l\r\n");
	const struct taut_rtp_parameters p = parameters(t->a, got);

	assert_int_equal(p.encoding_count, 2);
	assert_string_equal(p.encodings[0].rid, "l");
	assert_string_equal(p.encodings[1].rid, "h");
	assert_int_equal(p.encodings[1].scale_resolution_down_by, 1);
	/* for good */
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_non_null(strstr(taut_pc_local_description(t->a, NULL), "a=simulcast:send l;h\r\n"));
}

static void an_answer_without_simulcast_leaves_the_first(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = answered(t, "");

	assert_int_equal(parameters(t->a, got).encoding_count, 1);
	assert_string_equal(parameters(t->a, got).encodings[0].rid, "l");
	assert_null(strstr(local(t->a), "simulcast"));
}

static void of_alternatives_the_first_counts(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = answered(t, "a=simulcast:recv l,m;~h\r\n");
	const struct taut_rtp_parameters p = parameters(t->a, got);

	assert_int_equal(p.encoding_count, 2);
	assert_string_equal(p.encodings[0].rid, "l");
	assert_string_equal(p.encodings[1].rid, "h");
}

static void a_simulcast_of_rids_without_lines_takes_none(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = add_three(t->a);

	take(t->b, TAUT_SDP_OFFER, local(t->a));
	char *answer = with(local(t->b), "a=rid:m recv\r\n", "");
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(parameters(t->a, got).encoding_count, 2);
	free(answer);
}

static void a_rid_that_is_sent_is_none_that_is_received(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = add_three(t->a);

	take(t->b, TAUT_SDP_OFFER, local(t->a));
	char *answer = with(local(t->b), "a=rid:m recv\r\n", "a=rid:m send\r\n");
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(parameters(t->a, got).encoding_count, 2);
	free(answer);
}

static void without_the_extension_there_is_no_simulcast(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = add_three(t->a);

	take(t->b, TAUT_SDP_OFFER, local(t->a));
	char *answer = with(local(t->b), "sdes:rtp-stream-id", "sdes:something-else");
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(parameters(t->a, got).encoding_count, 1);
	free(answer);
}

/* ---- an offer to receive ---- */

static const char *const wanted[] = { "x", "y" };

static taut_transceiver add_receiver(taut_pc *pc, const char *const *rids, size_t count)
{
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = TAUT_VIDEO,
						    .direction = TAUT_RECVONLY,
						    .receive_rids = rids,
						    .receive_rid_count = count };
	taut_transceiver t;

	return taut_pc_add_transceiver(pc, 1, &init, &t) == TAUT_OK ? t : 0;
}

static taut_transceiver add_track(taut_pc *pc)
{
	const struct taut_track_init init = { .size = sizeof init, .kind = TAUT_VIDEO };
	taut_transceiver t;

	assert_int_equal(taut_pc_add_track(pc, 1, &init, &t), TAUT_OK);
	return t;
}

static void rids_to_receive_are_checked(void **state)
{
	struct two *t = *state;
	static const char *const twice[] = { "a", "a" }, *const bad[] = { "a b" }, *const none[] = { NULL },
		   *const many[] = { "a", "b", "c", "d", "e" };
	const struct taut_transceiver_init sound = { .size = sizeof sound,
						     .kind = TAUT_AUDIO,
						     .receive_rids = wanted,
						     .receive_rid_count = 2 };
	taut_transceiver got;

	assert_int_equal(add_receiver(t->a, twice, 2), 0);
	assert_int_equal(add_receiver(t->a, bad, 1), 0);
	assert_int_equal(add_receiver(t->a, none, 1), 0);
	assert_int_equal(add_receiver(t->a, NULL, 1), 0);
	assert_int_equal(add_receiver(t->a, many, 5), 0);
	assert_int_equal(taut_pc_error(t->a)->code, TAUT_E_LIMIT);
	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &sound, &got), TAUT_E_INVAL);
	assert_int_not_equal(add_receiver(t->a, many, 4), 0);
	const struct taut_rtp_encoding sent[] = { E("q"), E("y") };
	struct taut_transceiver_init both = { .size = sizeof both,
					      .kind = TAUT_VIDEO,
					      .send_encodings = sent,
					      .send_encoding_count = 2,
					      .receive_rids = wanted,
					      .receive_rid_count = 2 };
	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &both, &got), TAUT_E_INVAL);
	both.receive_rid_count = 1;
	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &both, &got), TAUT_OK);
}

static void an_offer_to_receive_is_answered_with_encodings(void **state)
{
	struct two *t = *state;

	assert_int_not_equal(add_receiver(t->a, wanted, 2), 0);
	const taut_transceiver got = add_track(t->b);
	const char *offer = local(t->a);
	assert_non_null(strstr(offer, "a=rid:x recv\r\na=rid:y recv\r\na=simulcast:recv x;y\r\n"));
	take(t->b, TAUT_SDP_OFFER, offer);
	const struct taut_rtp_parameters p = parameters(t->b, got);
	assert_int_equal(p.encoding_count, 2);
	assert_string_equal(p.encodings[0].rid, "x");
	assert_int_equal(p.encodings[0].scale_resolution_down_by, 2);
	assert_int_equal(p.encodings[1].scale_resolution_down_by, 1);
	const char *answer = local(t->b);
	assert_non_null(strstr(answer, "a=simulcast:send x;y\r\n"));
	assert_null(strstr(answer, "a=ssrc"));
	take(t->a, TAUT_SDP_ANSWER, answer);
	/* and again */
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_non_null(strstr(local(t->b), "a=simulcast:send x;y\r\n"));
}

static void a_rollback_restores_the_only_encoding(void **state)
{
	struct two *t = *state;

	add_receiver(t->a, wanted, 2);
	const taut_transceiver got = add_track(t->b);
	struct taut_rtp_parameters p = parameters(t->b, got);
	struct taut_rtp_encoding mine = p.encodings[0];
	mine.max_bitrate = 777;
	p.encodings = &mine;
	assert_int_equal(taut_pc_set_sender_parameters(t->b, 1, got, &p), TAUT_OK);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	p = parameters(t->b, got);
	assert_int_equal(p.encoding_count, 2);
	assert_int_equal(p.encodings[0].scale_resolution_down_by, 2); /* whatever there was before */
	assert_int_equal(taut_pc_set_remote_description(t->b, 1, TAUT_SDP_ROLLBACK, NULL, 0), TAUT_OK);
	p = parameters(t->b, got);
	assert_int_equal(p.encoding_count, 1);
	assert_null(p.encodings[0].rid);
	assert_int_equal(p.encodings[0].max_bitrate, 777);
	assert_int_equal(p.encodings[0].scale_resolution_down_by, 1);
	assert_null(strstr(local(t->b), "simulcast"));
}

/* What was agreed on is not undone by the rollback of another offer. */
static void a_later_rollback_leaves_them(void **state)
{
	struct two *t = *state;

	add_receiver(t->a, wanted, 2);
	const taut_transceiver got = add_track(t->b);
	negotiate(t->a, t->b);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(taut_pc_set_remote_description(t->b, 1, TAUT_SDP_ROLLBACK, NULL, 0), TAUT_OK);
	assert_int_equal(parameters(t->b, got).encoding_count, 2);
}

/* The answer sends none of them, or nobody could tell them apart. */
static void rids_that_are_not_sent_are_wanted_no_more(void **state)
{
	struct two *t = *state;
	static const char *const cut[][2] = { { "a=simulcast:send x;y\r\n", "" },
					      { "sdes:rtp-stream-id", "sdes:something-else" } };

	for (size_t i = 0; i < 2; i++) {
		taut_pc *a = new_pc(t->env), *b = new_pc(t->env);
		add_receiver(a, wanted, 2);
		add_track(b);
		take(b, TAUT_SDP_OFFER, local(a));
		char *answer = with(local(b), cut[i][0], cut[i][1]);
		take(a, TAUT_SDP_ANSWER, answer);
		assert_null(strstr(local(a), "simulcast"));
		free(answer);
		taut_pc_free(a);
		taut_pc_free(b);
	}
}

/* Each list has its own order: the first that is sent is no alternative to the last that is received. */
static void both_directions_are_read_apart(void **state)
{
	struct two *t = *state;
	static const struct taut_rtp_encoding two[] = { E("l"), E("m") };
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = TAUT_VIDEO,
						    .send_encodings = two,
						    .send_encoding_count = 2,
						    .receive_rids = wanted,
						    .receive_rid_count = 2 };
	taut_transceiver got;

	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &init, &got), TAUT_OK);
	add_track(t->b);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	char *answer = with(local(t->b), "a=simulcast:send x;y recv l;m\r\n",
			    "a=simulcast:recv l send x\r\n");
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(parameters(t->a, got).encoding_count, 1);
	assert_non_null(strstr(local(t->a), "a=simulcast:recv x\r\n"));
	free(answer);
}

/* What goes on keeps its stream, whatever comes before it in a later offer. */
static void a_rid_that_stays_keeps_its_place(void **state)
{
	struct two *t = *state;
	char *offer = browser("chrome156_simulcast3_rids_offer");
	char *named = with(offer, "a=rid:m send", "a=rid:n send");
	char *other = with(named, "a=simulcast:send h;m;~l", "a=simulcast:send n;h");

	take(t->a, TAUT_SDP_OFFER, offer);
	local(t->a);
	take(t->a, TAUT_SDP_OFFER, other);
	assert_non_null(strstr(local(t->a), "a=simulcast:recv n;h\r\n"));
	assert_int_equal(taut_pc_restart_ice(t->a, 1), TAUT_OK);
	assert_non_null(strstr(local(t->a), "a=simulcast:recv h;n\r\n"));
	free(offer);
	free(named);
	free(other);
}

static void an_extension_that_is_only_received_names_what_we_send(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = add_three(t->a);

	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *answer = local(t->b), *uri = " urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
	char line[100];
	const char *at = strstr(answer, uri);
	(void)snprintf(line, sizeof line, "%.1s%s", at - 1, uri);
	char turned[120];
	(void)snprintf(turned, sizeof turned, "%.1s/recvonly%s", at - 1, uri);
	char *other = with(answer, line, turned);
	take(t->a, TAUT_SDP_ANSWER, other);
	assert_int_equal(parameters(t->a, got).encoding_count, 3);
	free(other);
}

/* So many sections of four encodings each: up to 64 streams there is room. */
static char *many_sections(const char *offer, unsigned count)
{
	const char *section = strstr(offer, "m=video");
	char *out = calloc(1, strlen(offer) * (count + 1)), group[400] = "a=group:BUNDLE";

	for (unsigned i = 0; i < count; i++)
		(void)snprintf(group + strlen(group), sizeof group - strlen(group), " %u", i);
	char *head = with(offer, "a=group:BUNDLE 0", group);
	const size_t head_len = (size_t)(strstr(head, "m=video") - head);
	memcpy(out, head, head_len);
	size_t len = head_len;
	for (unsigned i = 0; i < count; i++) {
		char mid[20];
		(void)snprintf(mid, sizeof mid, "a=mid:%u\r\n", i);
		char *one = with(section, "a=mid:0\r\n", mid);
		memcpy(out + len, one, strlen(one));
		len += strlen(one);
		free(one);
	}
	free(head);
	return out;
}

/* What cannot be set up whole leaves nothing behind. */
static void too_many_streams_are_refused_and_undone(void **state)
{
	struct two *t = *state;
	static const char *const four[] = { "a", "b", "c", "d" };

	add_receiver(t->b, four, 4);
	char *offer = with(local(t->b), "a=rid:a recv\r\na=rid:b recv\r\na=rid:c recv\r\na=rid:d recv\r\n",
			   "a=rid:a send\r\na=rid:b send\r\na=rid:c send\r\na=rid:d send\r\n");
	char *sent = with(offer, "a=simulcast:recv", "a=simulcast:send");
	char *turned = with(sent, "a=recvonly", "a=sendonly");
	char *many = many_sections(turned, 17), *fewer = many_sections(turned, 16);

	take(t->a, TAUT_SDP_OFFER, many);
	assert_int_equal(taut_pc_set_local_description(t->a, 1, 0, NULL, 0), TAUT_E_LIMIT);
	assert_int_equal(taut_pc_set_remote_description(t->a, 1, TAUT_SDP_ROLLBACK, NULL, 0), TAUT_OK);
	take(t->a, TAUT_SDP_OFFER, fewer);
	assert_int_equal(count(local(t->a), "a=simulcast:recv a;b;c;d\r\n"), 16);
	free(offer);
	free(sent);
	free(turned);
	free(many);
	free(fewer);
}

/* An offer that comes again with other wishes takes the place of the earlier one. */
static void the_last_offer_says_which_encodings_there_are(void **state)
{
	struct two *t = *state;

	add_receiver(t->a, wanted, 2);
	const taut_transceiver got = add_track(t->b);
	const char *offer = local(t->a);
	take(t->b, TAUT_SDP_OFFER, offer);
	char *other = with(offer, "a=simulcast:recv x;y\r\n", "a=simulcast:recv y\r\n");
	take(t->b, TAUT_SDP_OFFER, other);
	assert_int_equal(parameters(t->b, got).encoding_count, 1);
	assert_string_equal(parameters(t->b, got).encodings[0].rid, "y");
	free(other);
	/* once answered, an offer changes no rid any more */
	local(t->b);
	take(t->b, TAUT_SDP_OFFER, offer);
	assert_int_equal(parameters(t->b, got).encoding_count, 1);
}

/* One who has no track, or wants other names than ours, is answered with what there is. */
static void rids_that_are_not_ours_are_not_answered(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = answered(t, "a=simulcast:recv l;m;h\r\n");

	take(t->a, TAUT_SDP_OFFER, local(t->b));
	const char *answer = local(t->a);
	assert_non_null(strstr(answer, "a=simulcast:send l;m;h\r\n"));
	take(t->b, TAUT_SDP_ANSWER, answer);
	char *other = with(local(t->b), "a=rid:m recv\r\n", "a=rid:q recv\r\n");
	char *renamed = with(other, "a=simulcast:recv l;m;h\r\n", "a=simulcast:recv l;q;h\r\n");
	take(t->a, TAUT_SDP_OFFER, renamed);
	assert_non_null(strstr(local(t->a), "a=simulcast:send l;h\r\n"));
	assert_int_equal(parameters(t->a, got).encoding_count, 2);
	free(other);
	free(renamed);
}

/* A peer may send under the names that are ours; an offer has each once, or it could not be set. */
static void a_name_that_both_use_is_offered_once(void **state)
{
	struct two *t = *state;
	const taut_transceiver got = add_three(t->a);

	take(t->b, TAUT_SDP_OFFER, local(t->a));
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	const char *offer = local(t->b);
	char *names = with(offer, "a=rid:l recv\r\na=rid:m recv\r\na=rid:h recv\r\n",
			   "a=rid:l send\r\na=rid:m send\r\na=rid:h send\r\n");
	char *lists = with(names, "a=simulcast:recv", "a=simulcast:send");
	char *turned = with(lists, "a=recvonly", "a=sendonly");
	take(t->a, TAUT_SDP_OFFER, turned);
	assert_int_equal(taut_pc_set_direction(t->a, 1, got, TAUT_SENDRECV), TAUT_OK);
	assert_non_null(strstr(local(t->a), "a=simulcast:recv l;m;h\r\n"));
	const char *receiving = NULL;
	assert_int_equal(taut_pc_set_direction(t->a, 1, got, TAUT_RECVONLY), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &receiving), TAUT_OK);
	assert_non_null(strstr(receiving, "a=simulcast:recv l;m;h\r\n"));
	assert_int_equal(taut_pc_set_direction(t->a, 1, got, TAUT_SENDRECV), TAUT_OK);
	const char *ours = local(t->a);
	assert_int_equal(count(ours, "a=rid:l "), 1);
	assert_non_null(strstr(ours, "a=simulcast:send l;m;h\r\n"));
	free(names);
	free(lists);
	free(turned);
}

static void more_than_four_are_not_configured(void **state)
{
	struct two *t = *state;
	struct taut_config cfg = { .size = sizeof cfg, .max_receive_encodings = 5 };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, t->env, &cfg, 1), TAUT_E_LIMIT);
	assert_int_equal(taut_pc_get_configuration(t->a)->max_receive_encodings, 4);
	cfg = *taut_pc_get_configuration(t->a);
	cfg.max_receive_encodings = 3;
	assert_int_equal(taut_pc_set_configuration(t->a, 1, &cfg), TAUT_E_INVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(encodings_are_checked),
		TEST(sizes_that_nobody_gave_are_halves),
		TEST(a_single_encoding_has_its_limits_and_no_rid),
		TEST(an_offer_names_its_encodings_and_no_ssrc),
		TEST(one_that_does_not_send_offers_no_encodings),
		TEST(encodings_are_set_all_together),
		TEST(offers_of_browsers_are_taken_as_far_as_wanted),
		TEST(an_extension_that_goes_one_way_is_answered_the_other_way),
		TEST(an_answer_narrows),
		TEST(an_answer_without_simulcast_leaves_the_first),
		TEST(of_alternatives_the_first_counts),
		TEST(a_simulcast_of_rids_without_lines_takes_none),
		TEST(a_rid_that_is_sent_is_none_that_is_received),
		TEST(without_the_extension_there_is_no_simulcast),
		TEST(rids_to_receive_are_checked),
		TEST(an_offer_to_receive_is_answered_with_encodings),
		TEST(a_rollback_restores_the_only_encoding),
		TEST(a_later_rollback_leaves_them),
		TEST(rids_that_are_not_sent_are_wanted_no_more),
		TEST(both_directions_are_read_apart),
		TEST(a_rid_that_stays_keeps_its_place),
		TEST(an_extension_that_is_only_received_names_what_we_send),
		TEST(too_many_streams_are_refused_and_undone),
		TEST(the_last_offer_says_which_encodings_there_are),
		TEST(rids_that_are_not_ours_are_not_answered),
		TEST(a_name_that_both_use_is_offered_once),
		TEST(more_than_four_are_not_configured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
