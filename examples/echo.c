/* echo.c - sends back every message of every data channel in a room.
 *
 *     example_echo http://localhost:8080/ lobby
 *
 * Open the page in a browser, join the same room, and chat with yourself. */
#include <stdio.h>
#include <stdlib.h>

#include "taut/loop.h"
#include "taut/signal.h"

static void on_peer(void *loop, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };
	taut_channel channel;

	(void)room;
	printf("%s is here\n", peer->name);
	/* Who was there first makes the offer, and an offer needs something to offer. */
	if (peer->starts)
		taut_pc_create_data_channel(pc, taut_loop_now(loop), &chat, &channel);
}

static void on_event(void *loop, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *ev)
{
	(void)room;
	if (ev->type == TAUT_EV_CONNECTION_STATE && ev->text)
		printf("%s: %s\n", peer->name, ev->text);
	if (ev->type != TAUT_EV_MESSAGE)
		return;
	/* What the event lent may be sent as it is: it lives until the handler returns. */
	if (taut_pc_send_message(pc, taut_loop_now(loop), ev->channel, (int)ev->number, ev->data,
				 ev->len))
		printf("not sent back: %s\n", taut_pc_error(pc)->message);
}

static void on_peer_left(void *loop, taut_room *room, const struct taut_room_peer *peer,
			 taut_pc *pc, const char *why)
{
	(void)loop, (void)room, (void)pc;
	printf("%s left: %s\n", peer->name, why);
}

static void on_error(void *loop, taut_room *room, const char *code, const char *text)
{
	(void)loop, (void)room;
	fprintf(stderr, "%s: %s\n", code, text);
}

int main(int argc, char **argv)
{
	struct taut_loop_config loop_config = { .size = sizeof loop_config };
	taut_loop *loop;
	taut_room *room;

	if (argc != 3) {
		fprintf(stderr, "usage: example_echo URL ROOM\n");
		return 2;
	}
	if (taut_loop_new(&loop, &loop_config) != TAUT_OK)
		return 1;
	const struct taut_room_config config = {
		.size = sizeof config,
		.url = argv[1],
		.room = argv[2],
		.name = "echo",
		.user = loop,
		.on_peer = on_peer,
		.on_event = on_event,
		.on_peer_left = on_peer_left,
		.on_error = on_error,
	};
	int err = taut_room_join(&room, loop, &config);
	if (err == TAUT_OK) {
		err = taut_loop_run(loop);
		taut_room_leave(room);
	}
	taut_loop_free(loop);
	return err ? 1 : 0;
}
