/* call.c - sound, a picture and the keys of a telephone, from one connection to another.
 *
 *     example_call
 *
 * Ada sends a test card and presses 1, 2 and #; Bob asks for key frames, keeps frames for a moment
 * so that late ones still fit in, and sees who is heard. */
#include <string.h>

#include "pair.h"
#include "taut/media.h"

static taut_source *card;
static taut_transceiver sound, picture; /* Ada's */
static char keys[8];                    /* that Bob has heard */
static int started, all_keys, heard, key_frames, pictures_came;

static void send_frames(void *arg)
{
	struct taut_frame frame = { .size = sizeof frame };
	int kind;

	(void)arg;
	while ((kind = taut_source_poll(card, pair_now(), &frame)) > 0)
		if (taut_pc_send_frame(pair.pc[ADA], pair_now(),
				       kind == TAUT_AUDIO ? sound : picture,
				       &frame) == TAUT_E_LIMIT)
			taut_source_request_key_frame(card); /* it was dropped */
	if (taut_source_ended(card)) /* a file would; the test card never does */
		return;
	const taut_time wait = taut_source_deadline(card) - pair_now();
	taut_loop_after(pair.loop, wait > 0 ? wait : 0, send_frames, NULL);
}

static void press_keys(taut_pc *pc)
{
	expect(taut_pc_can_insert_dtmf(pc, sound) == 1, "the peer takes keys");
	expect(taut_pc_insert_dtmf(pc, pair_now(), sound, "12#", 100000, 70000) == TAUT_OK,
	       "three keys are pressed");
	printf("to be sent: %s\n", taut_pc_dtmf_tone_buffer(pc, sound));
}

static void on_event_of_ada(const struct taut_event *ev)
{
	/* it may come again, after a while without a connection or a restart */
	if (ev->type == TAUT_EV_CONNECTION_STATE && ev->number == TAUT_STATE_CONNECTED && !started) {
		started = 1;
		taut_source_start(card, pair_now());
		send_frames(NULL);
	}
	if (ev->type == TAUT_EV_KEY_FRAME_WANTED)
		taut_source_request_key_frame(card);
}

/* Frames may wait for 50 ms: what comes later than that, or was lost and came again, fits in. */
static void on_track(taut_pc *pc, taut_transceiver t)
{
	expect(taut_pc_set_jitter_buffer_target(pc, pair_now(), t, 50000) == TAUT_OK,
	       "frames wait");
	expect(taut_pc_jitter_buffer_target(pc, t) == 50000, "so long");
}

static void on_sound(taut_pc *pc, taut_transceiver t)
{
	const struct taut_rtp_source *source;

	if (heard++)
		return;
	source = taut_pc_synchronization_source_at(pc, pair_now(), t, 0);
	expect(source != NULL && source->audio_level > 0, "somebody is heard");
	printf("Bob hears %08x at %.2f of full scale\n", (unsigned)source->source,
	       source->audio_level);
	source = taut_pc_contributing_source_at(pc, pair_now(), t, 0);
	expect(source == NULL, "nobody has mixed others into it");
}

/* The first picture, and one that is asked for; of several encodings each may be asked for. */
static void on_picture(taut_pc *pc, taut_transceiver t, const struct taut_frame *frame)
{
	if (frame->flags & TAUT_FRAME_AFTER_LOSS)
		taut_pc_request_key_frame(pc, pair_now(), t);
	if (!(frame->flags & TAUT_FRAME_KEY))
		return;
	pictures_came = ++key_frames >= 2;
	if (key_frames > 1)
		return;
	expect(taut_pc_request_key_frame_of(pc, pair_now(), t, frame->rid) == TAUT_OK,
	       "another key frame is asked for");
}

static void on_event_of_bob(taut_pc *pc, const struct taut_event *ev)
{
	if (ev->type == TAUT_EV_TRACK)
		on_track(pc, ev->transceiver);
	if (ev->type == TAUT_EV_FRAME && strcmp(ev->frame->codec->mime, "audio/opus") == 0)
		on_sound(pc, ev->transceiver);
	else if (ev->type == TAUT_EV_FRAME)
		on_picture(pc, ev->transceiver, ev->frame);
	if (ev->type == TAUT_EV_TONE && strlen(keys) + strlen(ev->text) < sizeof keys)
		memcpy(keys + strlen(keys), ev->text, strlen(ev->text));
	all_keys = strcmp(keys, "12#") == 0;
}

static void on_event(int who, const struct taut_event *ev)
{
	if (who == ADA)
		on_event_of_ada(ev);
	else
		on_event_of_bob(pair.pc[BOB], ev);
}

int main(void)
{
	const struct taut_source_config config = {
		.size = sizeof config, .name = "test", .width = 160, .height = 120, .fps = 15
	};
	struct taut_media_error error = { 0 };
	struct taut_track_init track = { .size = sizeof track, .kind = TAUT_AUDIO };

	if (taut_source_open(&card, &config, &error) != TAUT_OK) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	pair_open(NULL, on_event);
	taut_pc *ada = pair.pc[ADA];
	expect(taut_pc_add_track(ada, pair_now(), &track, &sound) == TAUT_OK, "sound is sent");
	track.kind = TAUT_VIDEO;
	expect(taut_pc_add_track(ada, pair_now(), &track, &picture) == TAUT_OK,
	       "a picture is sent");
	pair_negotiate();
	pair_run_until(&heard);
	press_keys(ada);
	pair_run_until(&all_keys);
	pair_run_until(&pictures_came);
	printf("Bob has heard the keys %s, and seen a key frame when he asked for it\n", keys);
	pair_close();
	taut_source_free(card);
	return 0;
}
