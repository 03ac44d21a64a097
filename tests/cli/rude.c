/* rude.c - joins a room and opens more channels than the taut command remembers, sends much by one
 * named "echo" and compares what comes back, and says things by "chat" that are too long or binary.
 * Status 0: all of it came back equal.
 *
 *     cli_rude URL ROOM */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "taut/loop.h"
#include "taut/signal.h"

enum { CHANNELS = 70, MESSAGES = 120, LARGE = 100000, DEADLINE = 60000000 };

static struct rude {
	taut_loop *loop;
	taut_channel channels[CHANNELS]; /* echo, chat, notes, and more of them */
	unsigned sent, received;
	bool ok;
	char buf[LARGE];
} rude;

static size_t size_of(unsigned index)
{
	return index == 0 ? 0 : index % 3 == 0 ? 7 : LARGE;
}

static const char *fill(unsigned index)
{
	memset(rude.buf, (int)('a' + index % 26), sizeof rude.buf);
	return rude.buf;
}

static int say(taut_pc *pc, size_t channel, int binary, const char *data, size_t len)
{
	return taut_pc_send_message(pc, taut_loop_now(rude.loop), rude.channels[channel], binary,
				    data, len);
}

static void end(bool ok)
{
	rude.ok = ok;
	taut_loop_stop(rude.loop);
}

static void send_more(taut_pc *pc)
{
	for (; rude.sent < MESSAGES; rude.sent++) {
		const int err = say(pc, 0, rude.sent % 2, fill(rude.sent), size_of(rude.sent));
		if (err == TAUT_E_AGAIN)
			return; /* again at BUFFERED_AMOUNT_LOW */
		if (err) {
			end(false);
			return;
		}
	}
}

static void compare(const struct taut_event *ev)
{
	const unsigned i = rude.received++;

	if (ev->len != size_of(i) || (ev->number != 0) != (i % 2 != 0) ||
	    (ev->len > 0 && memcmp(ev->data, fill(i), ev->len) != 0))
		end(false);
	else if (rude.received == MESSAGES)
		end(true);
}

/* Characters of two bytes, so that a cut at 8,192 bytes behind one letter would halve one. */
static void chat(taut_pc *pc)
{
	char text[9001];

	text[0] = 'x';
	for (size_t i = 1; i + 1 < sizeof text; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	say(pc, 1, 1, "binary words", 12);
	say(pc, 1, 0, text, sizeof text - 2);
	say(pc, 2, 0, "not for chat", 12);
	taut_pc_close_channel(pc, taut_loop_now(rude.loop), rude.channels[2]);
}

static void on_peer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	static const char *const labels[] = { "echo", "chat", "notes" };

	(void)user, (void)room, (void)peer;
	for (size_t i = 0; i < CHANNELS; i++) {
		struct taut_data_channel_init init = { .size = sizeof init,
						       .label = i < 3 ? labels[i] : "more" };
		if (taut_pc_create_data_channel(pc, taut_loop_now(rude.loop), &init,
						&rude.channels[i]) != TAUT_OK)
			end(false);
	}
}

static void on_event(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *ev)
{
	(void)user, (void)room, (void)peer;
	if (ev->type == TAUT_EV_OPEN && ev->channel == rude.channels[1])
		chat(pc);
	if (ev->channel != rude.channels[0])
		return;
	if (ev->type == TAUT_EV_OPEN || ev->type == TAUT_EV_BUFFERED_AMOUNT_LOW)
		send_more(pc);
	else if (ev->type == TAUT_EV_MESSAGE)
		compare(ev);
}

static void too_late(void *user)
{
	(void)user;
	end(false);
}

int main(int argc, char **argv)
{
	const struct taut_loop_config config = { .size = sizeof config,
						 .flags = TAUT_LOOP_LOOPBACK_ONLY };
	struct taut_room_config join = {
		.size = sizeof join, .name = "rude", .on_peer = on_peer, .on_event = on_event
	};
	taut_room *room;

	if (argc != 3 || taut_loop_new(&rude.loop, &config) != TAUT_OK)
		return 2;
	join.url = argv[1];
	join.room = argv[2];
	if (taut_room_join(&room, rude.loop, &join) != TAUT_OK)
		return 2;
	taut_loop_after(rude.loop, DEADLINE, too_late, NULL);
	taut_loop_run(rude.loop);
	taut_room_leave(room);
	taut_loop_free(rude.loop);
	printf("%u sent, %u came back\n", rude.sent, rude.received);
	return rude.ok ? 0 : 1;
}
