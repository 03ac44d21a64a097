/* save_call.c - joins a room, says nothing, and records what the first peer sends.
 *
 *     example_save_call http://localhost:8080/ lobby recording 30
 *
 * Thirty seconds later recording/ holds video.ivf, audio.ogg and snapshot.png. */
#include <stdio.h>
#include <stdlib.h>

#include "taut/loop.h"
#include "taut/media.h"
#include "taut/signal.h"

struct recorder {
	taut_loop *loop;
	taut_sink *sink;
	taut_pc *pc; /* whom it records */
};

static void on_peer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	struct recorder *r = user;
	struct taut_transceiver_init init = { .size = sizeof init, .direction = TAUT_RECVONLY };
	taut_transceiver t;

	(void)room;
	if (!r->pc)
		r->pc = pc;
	for (init.kind = TAUT_AUDIO; peer->starts && init.kind <= TAUT_VIDEO; init.kind++)
		taut_pc_add_transceiver(pc, taut_loop_now(r->loop), &init, &t);
}

static uint32_t kind_of(taut_pc *pc, taut_transceiver id)
{
	const struct taut_transceiver_info *t;

	for (size_t i = 0; (t = taut_pc_transceiver_at(pc, i)) != NULL; i++)
		if (t->id == id)
			return t->kind;
	return 0;
}

static void on_event(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *ev)
{
	struct recorder *r = user;
	taut_time now = taut_loop_now(r->loop);

	(void)room, (void)peer;
	if (ev->type != TAUT_EV_FRAME || pc != r->pc)
		return;
	taut_sink_frame(r->sink, now, kind_of(pc, ev->transceiver), ev->frame);
	if (taut_sink_wants_key_frame(r->sink, now))
		taut_pc_request_key_frame(pc, now, ev->transceiver);
}

static void stop(void *loop)
{
	taut_loop_stop(loop);
}

int main(int argc, char **argv)
{
	struct taut_loop_config loop_config = { .size = sizeof loop_config };
	struct taut_sink_config sink_config = { .size = sizeof sink_config };
	struct taut_config pc_config = { .size = sizeof pc_config };
	struct taut_media_error error = { 0 };
	struct recorder r = { 0 };
	taut_room *room;

	if (argc != 5) {
		fprintf(stderr, "usage: example_save_call URL ROOM DIRECTORY SECONDS\n");
		return 2;
	}
	sink_config.dir = argv[3];
	pc_config.codecs = taut_media_codecs(&pc_config.codec_count);
	if (taut_loop_new(&r.loop, &loop_config) || taut_sink_new(&r.sink, &sink_config, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	const struct taut_room_config config = {
		.size = sizeof config,
		.url = argv[1],
		.room = argv[2],
		.name = "recorder",
		.user = &r,
		.pc = &pc_config,
		.on_peer = on_peer,
		.on_event = on_event,
	};
	if (taut_room_join(&room, r.loop, &config) != TAUT_OK)
		return 1;
	taut_loop_after(r.loop, strtol(argv[4], NULL, 10) * 1000000, stop, r.loop);
	taut_loop_run(r.loop);
	printf("%llu pictures, %llu sounds\n",
	       (unsigned long long)taut_sink_stats(r.sink)->video_frames,
	       (unsigned long long)taut_sink_stats(r.sink)->audio_frames);
	taut_room_leave(room);
	taut_loop_free(r.loop);
	return taut_sink_close(r.sink, &error) ? 1 : 0;
}
