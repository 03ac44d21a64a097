/* bulk.c - joins a room, sends 1 MiB in messages of 16 KiB and one of 262,144 bytes by a channel
 * named "echo", and compares what comes back, byte by byte. Status 0: all of it was equal.
 *
 *     interop_lossy_bulk URL ROOM SECONDS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "taut/loop.h"
#include "taut/signal.h"

enum { MESSAGES = 65, SMALL = 16384, LARGE = 262144 };

struct bulk {
	taut_loop *loop;
	taut_channel channel;
	unsigned sent, received;
	taut_time began, ended;
	const char *failure;
	uint8_t buf[LARGE];
};

static size_t size_of(unsigned index)
{
	return index == MESSAGES - 1 ? LARGE : SMALL;
}

/* The index-th message: bytes that differ from place to place and message to message. */
static const uint8_t *fill(struct bulk *b, unsigned index)
{
	uint32_t x = 2463534242u + index;

	for (size_t i = 0; i < size_of(index); i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		b->buf[i] = (uint8_t)x;
	}
	return b->buf;
}

static void end(struct bulk *b, const char *failure)
{
	b->failure = failure;
	b->ended = taut_loop_now(b->loop);
	taut_loop_stop(b->loop);
}

static void send_more(struct bulk *b, taut_pc *pc)
{
	for (; b->sent < MESSAGES; b->sent++) {
		int err = taut_pc_send_message(pc, taut_loop_now(b->loop), b->channel, 1,
					       fill(b, b->sent), size_of(b->sent));
		if (err == TAUT_E_AGAIN)
			return; /* again at BUFFERED_AMOUNT_LOW */
		if (err) {
			end(b, "a message was refused");
			return;
		}
	}
}

static void compare(struct bulk *b, const struct taut_event *ev)
{
	if (b->received == MESSAGES || ev->len != size_of(b->received) ||
	    memcmp(ev->data, fill(b, b->received), ev->len) != 0)
		end(b, "what came back differs");
	else if (++b->received == MESSAGES)
		end(b, NULL);
}

static void on_peer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	struct bulk *b = user;
	struct taut_data_channel_init init = { .size = sizeof init, .label = "echo" };
	taut_time now = taut_loop_now(b->loop);

	(void)room, (void)peer;
	if (taut_pc_create_data_channel(pc, now, &init, &b->channel) != TAUT_OK)
		end(b, "no channel");
}

static void on_event(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *ev)
{
	struct bulk *b = user;

	(void)room, (void)peer;
	if (ev->channel != b->channel)
		return;
	if (ev->type == TAUT_EV_OPEN)
		b->began = taut_loop_now(b->loop);
	if (ev->type == TAUT_EV_OPEN || ev->type == TAUT_EV_BUFFERED_AMOUNT_LOW)
		send_more(b, pc);
	else if (ev->type == TAUT_EV_MESSAGE)
		compare(b, ev);
	else if (ev->type == TAUT_EV_CLOSE)
		end(b, "the channel closed");
}

static void on_peer_left(void *user, taut_room *room, const struct taut_room_peer *peer,
			 taut_pc *pc, const char *why)
{
	(void)room, (void)peer, (void)pc, (void)why;
	end(user, "the peer left");
}

static void too_late(void *user)
{
	end(user, "not in time");
}

static int join(struct bulk *b, const char *url, const char *room_name)
{
	const struct taut_room_config config = {
		.size = sizeof config,
		.url = url,
		.room = room_name,
		.name = "bulk",
		.user = b,
		.on_peer = on_peer,
		.on_event = on_event,
		.on_peer_left = on_peer_left,
	};
	taut_room *room;

	if (taut_room_join(&room, b->loop, &config) != TAUT_OK)
		return 1;
	taut_loop_run(b->loop);
	taut_room_leave(room);
	printf("%u messages sent, %u back in %.0f ms: %s\n", b->sent, b->received,
	       (double)(b->ended - b->began) / 1000, b->failure ? b->failure : "equal");
	return b->failure ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct taut_loop_config config = { .size = sizeof config };
	static struct bulk b = { .failure = "never connected" };

	if (argc != 4 || taut_loop_new(&b.loop, &config) != TAUT_OK)
		return 2;
	taut_loop_after(b.loop, strtol(argv[3], NULL, 10) * 1000000, too_late, &b);
	int status = join(&b, argv[1], argv[2]);
	taut_loop_free(b.loop);
	return status;
}
