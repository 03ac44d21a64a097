/* forward.c - ties two rooms together: who is in one sees and hears who came first to the other.
 *
 *     example_forward http://localhost:8080/ lobby stage
 *
 * Frames go through as they are, neither decoded nor encoded: the heart of a forwarding unit. */
#include <stdio.h>

#include "taut/loop.h"
#include "taut/signal.h"

static const struct taut_codec codecs[] = {
	{ .size = sizeof codecs[0], .mime = "audio/opus", .clock_rate = 48000, .channels = 2 },
	{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
};

static taut_loop *loop;
static taut_room *rooms[2];

/* A connection's transceiver of that kind; 0: none. */
static taut_transceiver of_kind(taut_pc *pc, uint32_t kind)
{
	const struct taut_transceiver_info *t;

	for (size_t i = 0; (t = taut_pc_transceiver_at(pc, i)) != NULL; i++)
		if (t->kind == kind && t->direction != TAUT_STOPPED)
			return t->id;
	return 0;
}

static uint32_t kind_of(taut_pc *pc, taut_transceiver id)
{
	return of_kind(pc, TAUT_VIDEO) == id ? TAUT_VIDEO : TAUT_AUDIO;
}

/* Whom the other room sees. */
static taut_pc *first_of(taut_room *room)
{
	taut_pc *pc = NULL;

	taut_room_peer_at(room, 0, &pc);
	return pc;
}

static void want_key_frame(taut_pc *pc)
{
	if (pc)
		taut_pc_request_key_frame(pc, taut_loop_now(loop), of_kind(pc, TAUT_VIDEO));
}

static void forward(taut_room *to, taut_pc *from, const struct taut_event *ev)
{
	const uint32_t kind = kind_of(from, ev->transceiver);
	struct taut_frame frame = *ev->frame;
	taut_pc *pc;

	frame.captured = 0; /* it leaves here now */
	for (size_t i = 0; taut_room_peer_at(to, i, &pc); i++)
		if (taut_pc_send_frame(pc, taut_loop_now(loop), of_kind(pc, kind), &frame) ==
		    TAUT_E_LIMIT)
			want_key_frame(from); /* it was dropped, and what follows refers to it */
}

static void on_peer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	struct taut_transceiver_init init = { .size = sizeof init, .stream_id = "forward" };
	taut_transceiver t;

	(void)user, (void)room;
	printf("%s is here\n", peer->name);
	for (init.kind = TAUT_AUDIO; peer->starts && init.kind <= TAUT_VIDEO; init.kind++)
		taut_pc_add_transceiver(pc, taut_loop_now(loop), &init, &t);
}

static void on_offer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	const struct taut_transceiver_info *t;

	(void)user, (void)room, (void)peer;
	for (size_t i = 0; (t = taut_pc_transceiver_at(pc, i)) != NULL; i++)
		if (t->direction == TAUT_RECVONLY)
			taut_pc_set_direction(pc, taut_loop_now(loop), t->id, TAUT_SENDRECV);
}

static void on_event(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *ev)
{
	taut_room *other = rooms[room == rooms[0]];

	(void)user, (void)peer;
	if (ev->type == TAUT_EV_FRAME && pc == first_of(room))
		forward(other, pc, ev);
	if (ev->type == TAUT_EV_KEY_FRAME_WANTED ||
	    (ev->type == TAUT_EV_CONNECTION_STATE && ev->number == TAUT_STATE_CONNECTED))
		want_key_frame(first_of(other));
}

int main(int argc, char **argv)
{
	const struct taut_config pc = { .size = sizeof pc, .codecs = codecs, .codec_count = 2 };
	struct taut_loop_config loop_config = { .size = sizeof loop_config };
	int err = TAUT_OK;

	if (argc != 4) {
		fprintf(stderr, "usage: example_forward URL ROOM ROOM\n");
		return 2;
	}
	if (taut_loop_new(&loop, &loop_config))
		return 1;
	for (int i = 0; !err && i < 2; i++) {
		const struct taut_room_config config = {
			.size = sizeof config,
			.url = argv[1],
			.room = argv[2 + i],
			.name = "forward",
			.pc = &pc,
			.on_peer = on_peer,
			.on_offer = on_offer,
			.on_event = on_event,
		};
		err = taut_room_join(&rooms[i], loop, &config);
	}
	if (!err)
		err = taut_loop_run(loop);
	for (int i = 0; i < 2; i++)
		taut_room_leave(rooms[i]);
	taut_loop_free(loop);
	return err ? 1 : 0;
}
