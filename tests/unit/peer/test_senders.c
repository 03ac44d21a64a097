/* test_senders.c - tracks, streams, codec preferences and parameters: webrtc-pc sections 5.1 to 5.4. */
#include "two.h"

#include <math.h>
#include <stdbool.h>

#define CODEC(m, rate, ch, f)                                                                      \
	{                                                                                          \
		.size = sizeof(struct taut_codec), .mime = (m), .clock_rate = (rate),              \
		.channels = (ch), .fmtp = (f)                                                      \
	}
static const struct taut_codec codecs[] = {
	CODEC("audio/opus", 48000, 2, "useinbandfec=1"),
	CODEC("audio/opus", 48000, 1, NULL),
	CODEC("video/VP8", 90000, 0, NULL),
};
static const struct taut_codec rtx = CODEC("video/rtx", 90000, 0, NULL);

static taut_pc *new_pc(taut_env *env)
{
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = codecs, .codec_count = 3 };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static taut_transceiver add(taut_pc *pc, uint32_t kind, const char *track)
{
	const struct taut_transceiver_init init = {
		.size = sizeof init, .kind = kind, .track_id = track, .stream_id = "s"
	};
	taut_transceiver t;

	assert_int_equal(taut_pc_add_transceiver(pc, 1, &init, &t), TAUT_OK);
	return t;
}

static int try_track(taut_pc *pc, const char *track, taut_transceiver *out)
{
	static const char *const streams[] = { "one", "two", "one" };
	const struct taut_track_init init = { .size = sizeof init,
					      .kind = TAUT_AUDIO,
					      .track_id = track,
					      .stream_ids = streams,
					      .stream_count = 3 };

	return taut_pc_add_track(pc, 1, &init, out);
}

static taut_transceiver add_track(taut_pc *pc, const char *track)
{
	taut_transceiver t;

	assert_int_equal(try_track(pc, track, &t), TAUT_OK);
	return t;
}

static bool needed(taut_pc *pc)
{
	const struct taut_event *ev;
	bool n = false;

	while ((ev = taut_pc_poll_event(pc)) != NULL)
		n |= ev->type == TAUT_EV_NEGOTIATION_NEEDED;
	return n;
}

static void assert_refused(taut_pc *pc, int err, int code, const char *dom_name)
{
	assert_int_equal(err, code);
	assert_string_equal(taut_pc_error(pc)->dom_name, dom_name);
}

static const struct taut_transceiver_info *at(taut_pc *pc, size_t i)
{
	const struct taut_transceiver_info *t = taut_pc_transceiver_at(pc, i);

	assert_non_null(t);
	return t;
}

/* ---- tracks ---- */

static void a_track_takes_a_sender_that_was_never_used(void **state)
{
	struct two *t = *state;
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = TAUT_AUDIO,
						    .direction = TAUT_RECVONLY };
	taut_transceiver first;

	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &init, &first), TAUT_OK);
	assert_null(at(t->a, 0)->track_id);
	assert_int_equal(add_track(t->a, "voice"), first);
	assert_int_equal(at(t->a, 0)->direction, TAUT_SENDRECV);
	assert_string_equal(at(t->a, 0)->track_id, "voice");
	assert_int_equal(at(t->a, 0)->stream_count, 2);
	assert_memory_equal(at(t->a, 0)->stream_ids, "one\0two", 8);
	/* the next one, and one of another kind, have to make their own */
	assert_int_not_equal(add_track(t->a, NULL), first);
	assert_non_null(at(t->a, 1)->track_id);
	assert_int_equal(at(t->a, 1)->direction, TAUT_SENDRECV);
}

static void a_sender_that_has_sent_is_not_taken(void **state)
{
	struct two *t = *state;

	taut_transceiver first = add_track(t->a, "voice");
	negotiate(t->a, t->b);
	assert_int_equal(taut_pc_remove_track(t->a, 1, first), TAUT_OK);
	assert_int_not_equal(add_track(t->a, "voice"), first);
	/* nor one that stops */
	taut_transceiver idle = add(t->a, TAUT_AUDIO, NULL);
	assert_int_equal(taut_pc_stop_transceiver(t->a, 1, idle), TAUT_OK);
	assert_int_not_equal(add_track(t->a, "other"), idle);
}

static void a_track_is_added_once(void **state)
{
	struct two *t = *state;
	taut_transceiver got = 7;

	taut_transceiver first = add_track(t->a, "voice");
	assert_refused(t->a, try_track(t->a, "voice", &got), TAUT_E_INVAL, "InvalidAccessError");
	assert_refused(t->a, try_track(t->a, "two words", &got), TAUT_E_INVAL, "TypeError");
	assert_refused(t->a, taut_pc_add_track(t->a, 1, NULL, &got), TAUT_E_INVAL, "TypeError");
	struct taut_track_init init = { .size = sizeof init, .kind = 3 };
	assert_refused(t->a, taut_pc_add_track(t->a, 1, &init, &got), TAUT_E_INVAL, "TypeError");
	init.kind = TAUT_VIDEO;
	init.stream_count = 1;
	assert_refused(t->a, taut_pc_add_track(t->a, 1, &init, &got), TAUT_E_INVAL, "TypeError");
	assert_int_equal(got, 7);
	assert_null(taut_pc_transceiver_at(t->a, 1));
	/* but for one that is stopped */
	assert_int_equal(taut_pc_stop_transceiver(t->a, 1, first), TAUT_OK);
	assert_int_not_equal(add_track(t->a, "voice"), first);
	taut_pc_close(t->a, 1);
	assert_refused(t->a, try_track(t->a, "x", &got), TAUT_E_STATE, "InvalidStateError");
}

static void an_offer_finds_the_track_that_waits_for_it(void **state)
{
	struct two *t = *state;
	const struct taut_transceiver_init sendonly = { .size = sizeof sendonly,
							.kind = TAUT_AUDIO,
							.direction = TAUT_SENDONLY };
	taut_transceiver id;

	assert_int_equal(taut_pc_add_transceiver(t->a, 1, &sendonly, &id), TAUT_OK);
	add(t->a, TAUT_AUDIO, NULL);
	taut_transceiver track = add_track(t->b, "voice");
	taut_transceiver plain = add(t->b, TAUT_AUDIO, NULL);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	/* the first m-line wants nothing; the second one is for the track, not for the other */
	assert_int_equal(at(t->b, 2)->direction, TAUT_RECVONLY);
	assert_string_equal(at(t->b, 2)->mid, "0");
	assert_int_equal(at(t->b, 0)->id, track);
	assert_string_equal(at(t->b, 0)->mid, "1");
	assert_int_equal(at(t->b, 1)->id, plain);
	assert_null(at(t->b, 1)->mid);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_int_equal(at(t->a, 1)->current_direction, TAUT_SENDRECV);
}

/* RFC 9429 section 5.7. */
static void a_track_saves_a_transceiver_from_a_rollback(void **state)
{
	struct two *t = *state;

	add(t->a, TAUT_AUDIO, NULL);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	taut_transceiver made = at(t->b, 0)->id;
	assert_int_equal(add_track(t->b, "voice"), made);
	assert_int_equal(remote(t->b, TAUT_SDP_ROLLBACK, ""), TAUT_OK);
	assert_int_equal(at(t->b, 0)->id, made);
	assert_null(at(t->b, 0)->mid);
	assert_int_equal(count(local(t->b), "m=audio"), 1);
}

static void a_track_that_is_removed_is_not_sent_any_more(void **state)
{
	struct two *t = *state;

	taut_transceiver voice = add_track(t->a, "voice");
	negotiate(t->a, t->b);
	assert_false(needed(t->a));
	assert_int_equal(taut_pc_remove_track(t->a, 1, voice), TAUT_OK);
	assert_int_equal(at(t->a, 0)->direction, TAUT_RECVONLY);
	assert_null(at(t->a, 0)->track_id);
	assert_true(needed(t->a));
	assert_int_equal(taut_pc_remove_track(t->a, 1, voice), TAUT_OK);
	assert_false(needed(t->a));
	negotiate(t->a, t->b);
	assert_int_equal(at(t->a, 0)->current_direction, TAUT_INACTIVE);
	assert_refused(t->a, taut_pc_remove_track(t->a, 1, 99), TAUT_E_GONE, "InvalidStateError");
	taut_pc_close(t->a, 1);
	assert_refused(t->a, taut_pc_remove_track(t->a, 1, voice), TAUT_E_STATE,
		       "InvalidStateError");
}

static void a_track_is_replaced_without_negotiation(void **state)
{
	struct two *t = *state;
	const struct taut_frame frame = { .size = sizeof frame, .data = "x", .len = 1 };

	taut_transceiver voice = add_track(t->a, "voice");
	negotiate(t->a, t->b);
	needed(t->a);
	assert_int_equal(taut_pc_replace_track(t->a, 1, voice, "music"), TAUT_OK);
	assert_string_equal(at(t->a, 0)->track_id, "music");
	assert_int_equal(taut_pc_replace_track(t->a, 1, voice, NULL), TAUT_OK);
	assert_null(at(t->a, 0)->track_id);
	assert_refused(t->a, taut_pc_send_frame(t->a, 1, voice, &frame), TAUT_E_STATE,
		       "InvalidStateError");
	assert_non_null(strstr(taut_pc_error(t->a)->message, "no track"));
	assert_int_equal(taut_pc_replace_track(t->a, 1, voice, "music"), TAUT_OK);
	assert_int_equal(taut_pc_send_frame(t->a, 1, voice, &frame), TAUT_E_STATE);
	assert_non_null(strstr(taut_pc_error(t->a)->message, "not connected"));
	assert_false(needed(t->a));
	assert_refused(t->a, taut_pc_replace_track(t->a, 1, voice, ""), TAUT_E_INVAL, "TypeError");
	assert_refused(t->a, taut_pc_replace_track(t->a, 1, 99, NULL), TAUT_E_GONE,
		       "InvalidStateError");
	taut_pc_stop_transceiver(t->a, 1, voice);
	assert_refused(t->a, taut_pc_replace_track(t->a, 1, voice, "a"), TAUT_E_STATE,
		       "InvalidStateError");
	taut_pc_close(t->a, 1);
	assert_refused(t->a, taut_pc_replace_track(t->a, 1, voice, "a"), TAUT_E_STATE,
		       "InvalidStateError");
}

/* ---- streams ---- */

static void a_track_may_be_of_several_streams(void **state)
{
	static const char *const two[] = { "one", "three" };
	struct two *t = *state;
	const struct taut_event *ev;
	bool seen = false;

	taut_transceiver voice = add_track(t->a, "voice");
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	while ((ev = taut_pc_poll_event(t->b)) != NULL)
		if (ev->type == TAUT_EV_TRACK) {
			assert_string_equal(ev->label, "one");
			assert_string_equal(ev->text, "voice");
			assert_int_equal(ev->len, 8);
			assert_memory_equal(ev->data, "one\0two", 8);
			seen = true;
		}
	assert_true(seen);
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	assert_false(needed(t->a));
	/* as many, but others */
	assert_int_equal(taut_pc_set_streams(t->a, 1, voice, two, 2), TAUT_OK);
	assert_true(needed(t->a));
	negotiate(t->a, t->b);
	assert_false(needed(t->a));
	/* fewer, and those among them */
	assert_int_equal(taut_pc_set_streams(t->a, 1, voice, two, 1), TAUT_OK);
	assert_true(needed(t->a));
	negotiate(t->a, t->b);
	assert_int_equal(taut_pc_set_streams(t->a, 1, voice, NULL, 0), TAUT_OK);
	assert_true(needed(t->a));
	negotiate(t->a, t->b);
	assert_non_null(strstr(taut_pc_local_description(t->a, NULL), "a=msid:- voice\r\n"));
}

static void streams_have_a_ceiling_and_names(void **state)
{
	static const char *const bad[] = { "good", NULL };
	const char *many[17];
	char names[17][4];
	struct two *t = *state;

	taut_transceiver voice = add_track(t->a, "voice");
	for (int i = 0; i < 17; i++) {
		names[i][0] = 's', names[i][1] = (char)('a' + i), names[i][2] = '\0';
		many[i] = names[i];
	}
	assert_int_equal(taut_pc_set_streams(t->a, 1, voice, many, 16), TAUT_OK);
	assert_int_equal(count(local(t->a), "a=msid:s"), 16);
	assert_refused(t->a, taut_pc_set_streams(t->a, 1, voice, many, 17), TAUT_E_LIMIT,
		       "OperationError");
	assert_refused(t->a, taut_pc_set_streams(t->a, 1, voice, bad, 2), TAUT_E_INVAL,
		       "TypeError");
	assert_refused(t->a, taut_pc_set_streams(t->a, 1, voice, NULL, 1), TAUT_E_INVAL,
		       "TypeError");
	assert_refused(t->a, taut_pc_set_streams(t->a, 1, 99, many, 1), TAUT_E_GONE,
		       "InvalidStateError");
	assert_int_equal(at(t->a, 0)->stream_count, 16);
	taut_pc_close(t->a, 1);
	assert_refused(t->a, taut_pc_set_streams(t->a, 1, voice, many, 1), TAUT_E_STATE,
		       "InvalidStateError");
}

/* ---- codec preferences ---- */

static int prefer(taut_pc *pc, taut_transceiver t, const struct taut_codec *list, size_t n)
{
	return taut_pc_set_codec_preferences(pc, 1, t, list, n);
}

static void preferred_codecs_are_offered_in_their_order(void **state)
{
	const struct taut_codec list[] = { codecs[1], codecs[0], codecs[1] };
	struct two *t = *state;
	const char *sdp;

	taut_transceiver audio = add(t->a, TAUT_AUDIO, NULL);
	assert_int_equal(prefer(t->a, audio, list, 3), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	assert_true(strstr(sdp, "opus/48000/1\r\n") < strstr(sdp, "opus/48000/2\r\n"));
	assert_int_equal(prefer(t->a, audio, list, 1), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	assert_null(strstr(sdp, "opus/48000/2\r\n"));
	assert_int_equal(prefer(t->a, audio, NULL, 0), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	assert_true(strstr(sdp, "opus/48000/1\r\n") > strstr(sdp, "opus/48000/2\r\n"));
}

static void preferred_codecs_are_answered_with_if_they_are_offered(void **state)
{
	const struct taut_codec list[] = { codecs[1], codecs[0] };
	struct two *t = *state;

	taut_transceiver theirs = add(t->a, TAUT_AUDIO, NULL);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(prefer(t->b, at(t->b, 0)->id, list, 2), TAUT_OK);
	const char *answer = local(t->b);
	assert_true(strstr(answer, "opus/48000/1\r\n") < strstr(answer, "opus/48000/2\r\n"));
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(at(t->a, 0)->send_codec->channels, 1);
	/* what shares none is rejected */
	assert_int_equal(prefer(t->a, theirs, &codecs[0], 1), TAUT_OK);
	assert_int_equal(prefer(t->b, at(t->b, 0)->id, &codecs[1], 1), TAUT_OK);
	negotiate(t->a, t->b);
	assert_int_equal(at(t->a, 0)->current_direction, TAUT_STOPPED);
}

static void without_rtx_among_the_preferences_nothing_is_sent_again(void **state)
{
	const struct taut_codec both[] = { rtx, codecs[2] };
	struct two *t = *state;
	const char *sdp;

	taut_transceiver video = add(t->a, TAUT_VIDEO, NULL);
	assert_int_equal(prefer(t->a, video, both, 2), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	assert_non_null(strstr(sdp, " rtx/90000\r\n"));
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	assert_int_equal(prefer(t->b, at(t->b, 0)->id, both + 1, 1), TAUT_OK);
	const char *answer = local(t->b);
	assert_null(strstr(answer, " rtx/90000\r\n"));
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(prefer(t->a, video, both + 1, 1), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(t->a, 1, &sdp), TAUT_OK);
	assert_null(strstr(sdp, "rtx"));
	assert_null(strstr(sdp, "a=ssrc-group"));
}

static void preferences_are_of_what_is_configured(void **state)
{
	struct taut_codec other = codecs[0];
	struct two *t = *state;

	taut_transceiver audio = add(t->a, TAUT_AUDIO, NULL);
	taut_transceiver video = add(t->a, TAUT_VIDEO, NULL);
	const char *const mod = "InvalidModificationError";
	assert_refused(t->a, prefer(t->a, audio, &codecs[2], 1), TAUT_E_INVAL, mod);
	assert_refused(t->a, prefer(t->a, audio, &rtx, 1), TAUT_E_INVAL, mod);
	assert_refused(t->a, prefer(t->a, video, &rtx, 1), TAUT_E_INVAL, mod);
	other.fmtp = "useinbandfec=0";
	assert_refused(t->a, prefer(t->a, audio, &other, 1), TAUT_E_INVAL, mod);
	other.fmtp = NULL;
	assert_refused(t->a, prefer(t->a, audio, &other, 1), TAUT_E_INVAL, mod);
	other.clock_rate = 1;
	assert_refused(t->a, prefer(t->a, audio, &other, 1), TAUT_E_INVAL, mod);
	other.mime = NULL;
	assert_refused(t->a, prefer(t->a, audio, &other, 1), TAUT_E_INVAL, mod);
	other.size = 1;
	assert_refused(t->a, prefer(t->a, audio, &other, 1), TAUT_E_INVAL, "TypeError");
	assert_refused(t->a, prefer(t->a, audio, NULL, 1), TAUT_E_INVAL, "TypeError");
	assert_refused(t->a, prefer(t->a, 99, codecs, 1), TAUT_E_GONE, "InvalidStateError");
	taut_pc_close(t->a, 1);
	assert_refused(t->a, prefer(t->a, audio, codecs, 1), TAUT_E_STATE, "InvalidStateError");
}

/* ---- parameters ---- */

static struct taut_rtp_parameters got(taut_pc *pc, taut_transceiver t)
{
	struct taut_rtp_parameters p = { .size = sizeof p };

	assert_int_equal(taut_pc_get_sender_parameters(pc, t, &p), TAUT_OK);
	assert_int_equal(p.encoding_count, 1);
	assert_non_null(p.cname);
	return p;
}

static int set(taut_pc *pc, taut_transceiver t, const struct taut_rtp_parameters *p)
{
	return taut_pc_set_sender_parameters(pc, 1, t, p);
}

static void parameters_say_what_was_negotiated(void **state)
{
	struct two *t = *state;
	struct taut_rtp_parameters r = { .size = sizeof r };

	taut_transceiver video = add(t->a, TAUT_VIDEO, NULL);
	struct taut_rtp_parameters p = got(t->a, video);
	assert_int_equal(p.codec_count, 0);
	assert_int_equal(p.header_extension_count, 0);
	negotiate(t->a, t->b);
	p = got(t->a, video);
	assert_int_equal(p.codec_count, 1);
	assert_string_equal(p.codecs[0].mime, "video/VP8");
	assert_in_range(p.codecs[0].payload_type, 96, 127);
	assert_int_equal(p.header_extension_count, 4);
	assert_string_equal(p.header_extensions[0].uri, "urn:ietf:params:rtp-hdrext:sdes:mid");
	assert_int_equal(p.header_extensions[0].id, 4);
	assert_int_equal(p.reduced_size, 1);
	assert_true(p.encodings[0].active && p.encodings[0].scale_resolution_down_by == 1);
	assert_int_equal(taut_pc_get_receiver_parameters(t->b, at(t->b, 0)->id, &r), TAUT_OK);
	assert_int_equal(r.codec_count, 1);
	assert_int_equal(r.encoding_count, 0);
	assert_null(r.cname);
	assert_int_equal(r.transaction_id, 0);
	assert_refused(t->b, taut_pc_get_receiver_parameters(t->b, 99, &r), TAUT_E_GONE,
		       "InvalidStateError");
	r.size = 1;
	assert_refused(t->b, taut_pc_get_receiver_parameters(t->b, 1, &r), TAUT_E_INVAL,
		       "TypeError");
}

static void an_encoding_is_changed_in_a_transaction(void **state)
{
	struct two *t = *state;
	const struct taut_frame frame = { .size = sizeof frame, .data = "x", .len = 1 };

	taut_transceiver video = add(t->a, TAUT_VIDEO, NULL);
	negotiate(t->a, t->b);
	struct taut_rtp_parameters p = got(t->a, video);
	assert_int_equal(got(t->a, video).transaction_id, p.transaction_id);
	struct taut_rtp_encoding e = p.encodings[0];
	p.encodings = &e;
	e.active = 0;
	e.max_bitrate = 500000;
	e.max_framerate = 12.5;
	e.scale_resolution_down_by = 2;
	assert_int_equal(set(t->a, video, &p), TAUT_OK);
	assert_refused(t->a, set(t->a, video, &p), TAUT_E_STATE, "InvalidStateError");
	struct taut_rtp_parameters is = got(t->a, video);
	assert_int_not_equal(is.transaction_id, p.transaction_id);
	assert_int_equal(is.encodings[0].active, 0);
	assert_int_equal(is.encodings[0].max_bitrate, 500000);
	assert_true(is.encodings[0].max_framerate == 12.5);
	assert_true(is.encodings[0].scale_resolution_down_by == 2);
	assert_refused(t->a, taut_pc_send_frame(t->a, 1, video, &frame), TAUT_E_STATE,
		       "InvalidStateError");
	assert_non_null(strstr(taut_pc_error(t->a)->message, "not active"));
	/* an answer ends the transaction */
	negotiate(t->a, t->b);
	assert_refused(t->a, set(t->a, video, &is), TAUT_E_STATE, "InvalidStateError");
}

static void nothing_but_the_encoding_may_change(void **state)
{
	const char *const mod = "InvalidModificationError";
	struct two *t = *state;

	taut_transceiver video = add(t->a, TAUT_VIDEO, NULL);
	negotiate(t->a, t->b);
	const struct taut_rtp_parameters good = got(t->a, video);
	struct taut_rtp_encoding e = good.encodings[0];
	struct taut_codec c = good.codecs[0];
	struct taut_rtp_header_extension x[8];
	memcpy(x, good.header_extensions, good.header_extension_count * sizeof x[0]);
	struct taut_rtp_parameters p = good;
#define BAD(change)                                                                                \
	p = good;                                                                                  \
	change;                                                                                    \
	assert_refused(t->a, set(t->a, video, &p), TAUT_E_INVAL, mod)
	BAD(p.transaction_id++);
	BAD(p.encoding_count = 2);
	BAD(p.encodings = NULL);
	BAD(p.cname = "other");
	BAD(p.cname = NULL);
	BAD(p.reduced_size = 0);
	BAD(p.codec_count = 0);
	BAD(p.codecs = NULL);
	BAD(p.header_extension_count--);
	BAD(p.header_extensions = NULL);
	BAD((c.payload_type++, p.codecs = &c));
	BAD((c = good.codecs[0], c.mime = "video/VP9", p.codecs = &c));
	BAD((c.mime = NULL, p.codecs = &c));
	BAD((c.size = 1, p.codecs = &c));
	BAD((x[0].id++, p.header_extensions = x));
	BAD((x[0].id--, x[0].uri = "urn:x", p.header_extensions = x));
	BAD((x[0].uri = NULL, p.header_extensions = x));
	BAD((e.rid = "h", p.encodings = &e));
#undef BAD
	assert_int_equal(set(t->a, video, &good), TAUT_OK);
}

static void numbers_out_of_range_are_refused(void **state)
{
	struct two *t = *state;

	taut_transceiver video = add(t->a, TAUT_VIDEO, NULL);
	taut_transceiver audio = add(t->a, TAUT_AUDIO, NULL);
	struct taut_rtp_parameters p = got(t->a, video);
	struct taut_rtp_encoding e = p.encodings[0];
	p.encodings = &e;
	e.scale_resolution_down_by = 0.5;
	assert_refused(t->a, set(t->a, video, &p), TAUT_E_INVAL, "RangeError");
	e.scale_resolution_down_by = (double)NAN;
	assert_refused(t->a, set(t->a, video, &p), TAUT_E_INVAL, "RangeError");
	e.scale_resolution_down_by = 0;
	e.max_framerate = -1;
	assert_refused(t->a, set(t->a, video, &p), TAUT_E_INVAL, "RangeError");
	e.max_framerate = 0;
	e.size = 1;
	assert_refused(t->a, set(t->a, video, &p), TAUT_E_INVAL, "TypeError");
	e.size = sizeof e;
	assert_int_equal(set(t->a, video, &p), TAUT_OK);
	assert_true(got(t->a, video).encodings[0].scale_resolution_down_by == 1);
	/* of audio they mean nothing */
	p = got(t->a, audio);
	e = p.encodings[0];
	p.encodings = &e;
	e.max_framerate = -1;
	e.scale_resolution_down_by = 0.5;
	assert_int_equal(set(t->a, audio, &p), TAUT_OK);
	assert_true(got(t->a, audio).encodings[0].max_framerate == 0);
	/* what can have none */
	assert_refused(t->a, set(t->a, audio, NULL), TAUT_E_INVAL, "TypeError");
	assert_refused(t->a, set(t->a, 99, &p), TAUT_E_GONE, "InvalidStateError");
	taut_pc_stop_transceiver(t->a, 1, audio);
	assert_refused(t->a, set(t->a, audio, &p), TAUT_E_STATE, "InvalidStateError");
	taut_pc_close(t->a, 1);
	assert_refused(t->a, set(t->a, audio, &p), TAUT_E_STATE, "InvalidStateError");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_track_takes_a_sender_that_was_never_used),
		T(a_sender_that_has_sent_is_not_taken),
		T(a_track_is_added_once),
		T(an_offer_finds_the_track_that_waits_for_it),
		T(a_track_saves_a_transceiver_from_a_rollback),
		T(a_track_that_is_removed_is_not_sent_any_more),
		T(a_track_is_replaced_without_negotiation),
		T(a_track_may_be_of_several_streams),
		T(streams_have_a_ceiling_and_names),
		T(preferred_codecs_are_offered_in_their_order),
		T(preferred_codecs_are_answered_with_if_they_are_offered),
		T(without_rtx_among_the_preferences_nothing_is_sent_again),
		T(preferences_are_of_what_is_configured),
		T(parameters_say_what_was_negotiated),
		T(an_encoding_is_changed_in_a_transaction),
		T(nothing_but_the_encoding_may_change),
		T(numbers_out_of_range_are_refused),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
