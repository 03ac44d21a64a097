/* senders.c - tracks, streams, codecs and parameters of what is sent, agreed with no network.
 *
 *     example_senders
 *
 * Ada sends her voice and her screen, changes her mind twice, and stops. */
#include <string.h>

#include "expect.h"
#include "taut/taut.h"

static const struct taut_codec codecs[] = {
	{ .size = sizeof codecs[0], .mime = "audio/opus", .clock_rate = 48000, .channels = 2 },
	{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
};
static const taut_time now = 1; /* nothing here waits for a timer */
static taut_env *env;
static taut_pc *ada, *bob;

static taut_pc *connection(void)
{
	const struct taut_config config = { .size = sizeof config,
					    .codecs = codecs,
					    .codec_count = 2,
					    .max_receive_encodings = 2 };
	taut_pc *pc;

	expect(taut_pc_new(&pc, env, &config, now) == TAUT_OK, "a connection is made");
	return pc;
}

static const struct taut_transceiver_info *info_of(taut_pc *pc, taut_transceiver id)
{
	const struct taut_transceiver_info *t;

	for (size_t i = 0; (t = taut_pc_transceiver_at(pc, i)) != NULL; i++)
		if (t->id == id)
			return t;
	return NULL;
}

static void describe(taut_pc *from, taut_pc *to)
{
	uint32_t type;

	expect(taut_pc_set_local_description(from, now, 0, NULL, 0) == TAUT_OK, "it is described");
	const char *sdp = taut_pc_local_description(from, &type);
	expect(taut_pc_set_remote_description(to, now, type, sdp, strlen(sdp)) == TAUT_OK,
	       "and understood");
}

/* What the peer's offer brought is received only, until somebody says otherwise. */
static void answer_with_sound_too(void)
{
	const struct taut_transceiver_info *t;

	for (size_t i = 0; (t = taut_pc_transceiver_at(bob, i)) != NULL; i++)
		if (t->kind == TAUT_AUDIO && t->direction == TAUT_RECVONLY)
			expect(taut_pc_set_direction(bob, now, t->id, TAUT_SENDRECV) == TAUT_OK,
			       "Bob speaks as well");
}

static void negotiate(void)
{
	const struct taut_event *ev;

	describe(ada, bob);
	answer_with_sound_too();
	describe(bob, ada);
	while ((ev = taut_pc_poll_event(bob)) != NULL)
		if (ev->type == TAUT_EV_TRACK)
			printf("Bob is given %s, of the stream %s\n",
			       ev->number == TAUT_AUDIO ? "sound" : "a picture", ev->label);
}

static taut_transceiver add_voice(void)
{
	static const char *const streams[] = { "talk" };
	const struct taut_track_init voice = { .size = sizeof voice,
					       .kind = TAUT_AUDIO,
					       .track_id = "microphone",
					       .stream_ids = streams,
					       .stream_count = 1 };
	taut_transceiver t;

	expect(taut_pc_add_track(ada, now, &voice, &t) == TAUT_OK, "her voice is sent");
	return t;
}

/* Simulcast: the screen at half of its size and whole. Lost packets of it are sent again. */
static taut_transceiver add_screen(void)
{
	static const struct taut_codec preferred[] = {
		{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
		{ .size = sizeof codecs[0], .mime = "video/rtx", .clock_rate = 90000 },
	};
	static const char *const streams[] = { "talk", "screen" };
	const struct taut_rtp_encoding sizes[] = {
		{ .size = sizeof sizes[0],
		  .rid = "half",
		  .active = 1,
		  .scale_resolution_down_by = 2 },
		{ .size = sizeof sizes[0], .rid = "whole", .active = 1 },
	};
	const struct taut_transceiver_init screen = { .size = sizeof screen,
						      .kind = TAUT_VIDEO,
						      .direction = TAUT_SENDONLY,
						      .track_id = "screen",
						      .send_encodings = sizes,
						      .send_encoding_count = 2 };
	taut_transceiver t;

	expect(taut_pc_add_transceiver(ada, now, &screen, &t) == TAUT_OK, "her screen is sent");
	expect(taut_pc_set_streams(ada, now, t, streams, 2) == TAUT_OK, "in step with her voice");
	expect(taut_pc_set_codec_preferences(ada, now, t, preferred, 2) == TAUT_OK, "as VP8");
	return t;
}

/* A transaction: parameters are got, changed and set, before anything else happens. */
static void send_less(taut_transceiver screen)
{
	struct taut_rtp_parameters p = { .size = sizeof p };
	struct taut_rtp_encoding changed[4];

	expect(taut_pc_get_sender_parameters(ada, screen, &p) == TAUT_OK, "parameters are got");
	memcpy(changed, p.encodings, p.encoding_count * sizeof changed[0]);
	changed[p.encoding_count - 1].active = 0;
	changed[0].max_bitrate = 300000;
	p.encodings = changed;
	expect(taut_pc_set_sender_parameters(ada, now, screen, &p) == TAUT_OK, "and set");
	printf("of %zu sizes the smallest is sent, at 300 kbit/s\n", p.encoding_count);
}

static void show_what_bob_receives(void)
{
	const struct taut_transceiver_info *t = taut_pc_transceiver_at(bob, 0);
	struct taut_rtp_parameters p = { .size = sizeof p };

	expect(taut_pc_get_receiver_parameters(bob, t->id, &p) == TAUT_OK, "parameters are got");
	printf("Bob receives %s as payload type %d\n", p.codecs[0].mime, p.codecs[0].payload_type);
}

int main(void)
{
	const struct taut_env_config config = { .size = sizeof config };

	expect(taut_env_new(&env, &config) == TAUT_OK, "an environment is made");
	ada = connection(), bob = connection();
	const taut_transceiver voice = add_voice(), screen = add_screen();
	negotiate();
	show_what_bob_receives();
	send_less(screen);
	/* Another microphone: nothing has to be negotiated. In another stream: that has. */
	expect(taut_pc_replace_track(ada, now, voice, "headset") == TAUT_OK, "it is replaced");
	expect(taut_pc_set_stream(ada, now, voice, "headset") == TAUT_OK, "its stream is another");
	/* Enough shown. The transceiver could send something else later. */
	expect(taut_pc_remove_track(ada, now, screen) == TAUT_OK, "the screen is not sent");
	negotiate();
	expect(info_of(ada, screen)->current_direction == TAUT_INACTIVE, "as both know");
	/* Or for good. */
	expect(taut_pc_stop_transceiver(ada, now, screen) == TAUT_OK, "it is stopped");
	negotiate();
	expect(info_of(ada, screen)->current_direction == TAUT_STOPPED, "its m-line is rejected");
	expect(strcmp(info_of(ada, voice)->track_id, "headset") == 0, "her voice is still sent");
	taut_pc_free(ada);
	taut_pc_free(bob);
	return taut_env_free(env) ? 1 : 0;
}
