/* agent.c - taut as an agent of the ladder (ladder.h), by its public calls: a connection with a data channel. What it
 * costs therefore has DTLS and SCTP in it, which begin as soon as a pair is valid. */
#define _GNU_SOURCE
#include <unistd.h>

#include "ladder.h"
#include "taut/loop.h"

static struct agent {
	struct ladder ladder;
	taut_loop *loop;
	taut_pc *pc;
	struct taut_ice_server servers[2];
	size_t server_count;
	char urls[2][64];
} agent;

static void send_with(char kind, const char *text)
{
	static char message[LADDER_MESSAGE];

	(void)snprintf(message, sizeof message, "%c%s", kind, text);
	ladder_send(message);
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct ladder *l = user;

	(void)pc;
	switch (ev->type) {
	case TAUT_EV_ICE_CANDIDATE:
		if (ev->text)
			ladder_say_candidate(l, ev->text);
		send_with('c', ev->text ? ev->text : "");
		break;
	case TAUT_EV_GATHERING_STATE:
		if (ev->number == TAUT_GATHERING_COMPLETE)
			ladder_say(l, LADDER_GATHERED);
		break;
	case TAUT_EV_ICE_CONNECTION_STATE:
		if (ev->number == TAUT_ICE_STATE_CONNECTED ||
		    ev->number == TAUT_ICE_STATE_COMPLETED)
			ladder_say(l, LADDER_CONNECTED);
		if (ev->number == TAUT_ICE_STATE_FAILED)
			ladder_say(l, LADDER_FAILED);
		break;
	case TAUT_EV_MILESTONE:
		if (ev->number == TAUT_MS_NOMINATED)
			ladder_say(l, LADDER_NOMINATED);
		break;
	default:
		break;
	}
}

/* It exits: a ladder with a rung that broke is none. */
static void must(int err)
{
	if (err == TAUT_OK)
		return;
	(void)fprintf(stderr, "ladder: %s\n",
		      agent.pc ? taut_pc_error(agent.pc)->message : "no connection");
	exit(1);
}

static void describe(char kind, uint32_t type)
{
	uint32_t made;

	must(taut_pc_set_local_description(agent.pc, taut_loop_now(agent.loop), type, NULL, 0));
	send_with(kind, taut_pc_local_description(agent.pc, &made));
}

static void take(const char *message, size_t len)
{
	const taut_time now = taut_loop_now(agent.loop);

	if (message[0] == 'c') {
		must(taut_pc_add_ice_candidate(agent.pc, now, len > 1 ? message + 1 : NULL, len - 1,
					       "0", -1));
		return;
	}
	const bool offer = message[0] == 'o';
	if (offer)
		ladder_say(&agent.ladder, LADDER_BEGAN);
	must(taut_pc_set_remote_description(agent.pc, now, offer ? TAUT_SDP_OFFER : TAUT_SDP_ANSWER,
					    message + 1, len - 1));
	if (offer)
		describe('a', TAUT_SDP_ANSWER);
}

static void add_server(const char *scheme, const char *host, unsigned port)
{
	struct taut_ice_server *s = &agent.servers[agent.server_count];
	char *url = agent.urls[agent.server_count++];

	(void)snprintf(url, sizeof agent.urls[0], "%s:%s:%u", scheme, host, port);
	*s = (struct taut_ice_server){ .size = sizeof *s, .url = url };
}

static void open_agent(void)
{
	const struct ladder *l = &agent.ladder;
	const struct taut_loop_config loop = { .size = sizeof loop };

	must(taut_loop_new(&agent.loop, &loop));
	if (l->stun)
		add_server("stun", l->stun, l->stun_port);
	if (l->turn) {
		add_server("turn", l->turn, l->turn_port);
		agent.servers[agent.server_count - 1].username = l->user;
		agent.servers[agent.server_count - 1].credential = l->password;
	}
	const struct taut_config cfg = { .size = sizeof cfg,
					 .ice_servers = agent.servers,
					 .ice_server_count = agent.server_count,
					 .ice_transport_policy =
						 l->relay_only ? TAUT_ICE_RELAY : TAUT_ICE_ALL };
	must(taut_pc_new(&agent.pc, taut_loop_env(agent.loop), &cfg, taut_loop_now(agent.loop)));
	must(taut_loop_add(agent.loop, agent.pc, on_event, &agent.ladder));
}

static void offer(void)
{
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "ladder" };
	taut_channel channel;

	ladder_say(&agent.ladder, LADDER_BEGAN);
	must(taut_pc_create_data_channel(agent.pc, taut_loop_now(agent.loop), &init, &channel));
	describe('o', TAUT_SDP_OFFER);
}

int main(int argc, char **argv)
{
	static char message[LADDER_MESSAGE];

	ladder_options(&agent.ladder, argc, argv);
	open_agent();
	puts("ready");
	if (agent.ladder.offers) {
		if (!ladder_wait())
			return 1;
		offer();
	}
	for (;;) {
		struct pollfd f[3] = { { .fd = taut_loop_fd(agent.loop), .events = POLLIN },
				       { .fd = LADDER_PEER, .events = POLLIN },
				       { .fd = STDIN_FILENO, .events = POLLIN } };
		(void)taut_loop_step(agent.loop, 0);
		(void)poll(f, 3, -1);
		if (f[2].revents)
			break;
		const size_t len = f[1].revents ? ladder_receive(message) : 0;
		if (len > 0)
			take(message, len);
		else if (f[1].revents)
			break;
	}
	taut_loop_free_pc(agent.loop, agent.pc);
	taut_loop_free(agent.loop);
	return 0;
}
