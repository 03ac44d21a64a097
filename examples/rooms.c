/* rooms.c - a relay in your own program, and two in a room of it who chat and leave.
 *
 *     example_rooms
 *
 * The relay serves the page as well: whoever opens its URL may join. */
#include <string.h>

#include "expect.h"
#include "taut/loop.h"
#include "taut/signal.h"

static taut_loop *loop;
static taut_relay *relay;
static taut_room *ada, *bob;

static void on_log(void *user, const char *line)
{
	(void)user;
	printf("relay: %s\n", line); /* on a thread of the relay's */
}

static void on_peer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "chat" };
	taut_channel channel;

	(void)room;
	printf("%s meets %s\n", (char *)user, peer->name);
	if (peer->starts)
		taut_pc_create_data_channel(pc, taut_loop_now(loop), &init, &channel);
}

/* Chat goes by the relay, also to those with whom there is no connection. */
static void on_event(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *ev)
{
	(void)user, (void)peer, (void)pc;
	if (room == ada && ev->type == TAUT_EV_OPEN)
		expect(taut_room_chat(room, "see you") == TAUT_OK, "it is said to all");
}

static void on_chat(void *user, taut_room *room, const struct taut_room_peer *peer,
		    const char *text)
{
	taut_pc *pc;

	(void)user;
	printf("%s says: %s\n", peer->name, text);
	if (room != bob)
		return;
	const struct taut_room_peer *first = taut_room_peer_at(room, 0, &pc);
	expect(first != NULL && strcmp(first->id, taut_room_id(ada)) == 0, "it is Ada");
	bob = NULL;
	taut_room_leave(room);
}

static void on_peer_left(void *user, taut_room *room, const struct taut_room_peer *peer,
			 taut_pc *pc, const char *why)
{
	(void)user, (void)room, (void)pc;
	printf("%s has left: %s\n", peer->name, why);
	taut_loop_stop(loop);
}

static void on_error(void *user, taut_room *room, const char *code, const char *text)
{
	(void)room;
	fprintf(stderr, "%s: %s: %s\n", (char *)user, code, text);
	exit(1);
}

static taut_room *join(char *name)
{
	const char *url = taut_relay_url(relay); /* as a browser would open it */
	const struct taut_room_config config = {
		.size = sizeof config,
		.url = url,
		.room = "lobby",
		.name = name,
		.user = name,
		.on_peer = on_peer,
		.on_event = on_event,
		.on_chat = on_chat,
		.on_peer_left = on_peer_left,
		.on_error = on_error,
	};
	taut_room *room;

	expect(taut_room_join(&room, loop, &config) == TAUT_OK, "the room is entered");
	return room;
}

static void too_late(void *arg)
{
	(void)arg;
	expect(0, "a minute is enough");
}

int main(void)
{
	static char names[2][4] = { "Ada", "Bob" };
	const struct taut_relay_config relay_config = { .size = sizeof relay_config,
							.log = on_log };
	const struct taut_loop_config loop_config = { .size = sizeof loop_config,
						      .flags = TAUT_LOOP_LOOPBACK_ONLY };

	expect(taut_relay_start(&relay, &relay_config) == TAUT_OK, "a relay is started");
	printf("a relay on port %u\n", (unsigned)taut_relay_port(relay));
	expect(taut_loop_new(&loop, &loop_config) == TAUT_OK, "a loop is made");
	ada = join(names[0]);
	bob = join(names[1]);
	taut_loop_after(loop, 60000000, too_late, NULL);
	expect(taut_loop_run(loop) == TAUT_OK, "the loop runs until somebody has left");
	taut_room_leave(ada);
	taut_room_leave(bob); /* who has left already: NULL is fine */
	taut_loop_free(loop);
	taut_relay_stop(relay);
	return 0;
}
