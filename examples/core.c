/* core.c - two connections of one process meet, without a socket, a clock or a loop.
 *
 *     example_core
 *
 * What one wants to send the other receives, from addresses that are made up, and time is a
 * number: all that a driver of your own has to do. */
#include <string.h>

#include "expect.h"
#include "taut/taut.h"

struct peer {
	const char *name;
	taut_pc *pc;
	taut_channel channel;
	char heard[32];
	uint32_t ended; /* TAUT_REASON_ */
};

static taut_env *env;
static taut_time now = 1;
static struct peer peers[2] = { { .name = "Ada" }, { .name = "Bob" } };

static struct peer *other(const struct peer *p)
{
	return &peers[p == peers];
}

static void say(struct peer *p, const char *text)
{
	expect(taut_pc_send_message(p->pc, now, p->channel, 0, text, strlen(text)) == TAUT_OK,
	       "there is room for a message");
}

static void on_event(struct peer *p, const struct taut_event *ev)
{
	if (ev->type == TAUT_EV_ICE_CANDIDATE)
		expect(taut_pc_add_ice_candidate(other(p)->pc, now, ev->text,
						 ev->text ? strlen(ev->text) : 0, ev->label,
						 -1) == TAUT_OK,
		       "a candidate is taken");
	if (ev->type == TAUT_EV_OPEN || ev->type == TAUT_EV_DATA_CHANNEL)
		p->channel = ev->channel;
	if (ev->type == TAUT_EV_OPEN)
		say(p, "hello");
	if (ev->type == TAUT_EV_MESSAGE)
		snprintf(p->heard, sizeof p->heard, "%.*s", (int)ev->len, (const char *)ev->data);
	if (ev->type == TAUT_EV_CONNECTION_STATE && ev->number == TAUT_STATE_CLOSED)
		p->ended = ev->reason;
}

static void take_events(struct peer *p)
{
	const struct taut_event *ev;

	while ((ev = taut_pc_poll_event(p->pc)) != NULL)
		on_event(p, ev);
}

/* A run of packets becomes packets. The buffer is lent until there are no more events. */
static void carry(struct peer *to, const struct taut_datagram *sent)
{
	const size_t each = sent->segment ? sent->segment : sent->len;

	for (size_t at = 0; at < sent->len; at += each) {
		struct taut_datagram in = *sent;
		in.flow = (taut_flow)(sent->remote.port - 40000);
		in.local = sent->remote, in.remote = sent->local;
		in.buf = sent->buf + at;
		in.cap = in.len = sent->len - at < each ? sent->len - at : each;
		in.segment = 0;
		expect(taut_pc_recv(to->pc, now, &in) == TAUT_OK, "a datagram is taken");
		take_events(to);
	}
}

/* Whatever a connection has to do now: sockets, events, packets, timers. */
static void serve(struct peer *p)
{
	static uint8_t room[65536];
	struct taut_datagram out = { .size = sizeof out, .buf = room, .cap = sizeof room };
	const struct taut_io *io;

	while ((io = taut_pc_poll_io(p->pc)) != NULL) {
		struct taut_addr bound = io->local;
		bound.port = (uint16_t)(40000 + io->flow);
		if (io->kind == TAUT_IO_UDP)
			expect(taut_pc_io_result(p->pc, now, io->flow, 0, &bound, 1) == TAUT_OK,
			       "a socket is open");
	}
	take_events(p);
	while (taut_pc_poll_send(p->pc, now, &out) == 1)
		carry(other(p), &out);
	taut_pc_tick(p->pc, now);
}

/* Until both are at rest; then it is the moment at which the next timer is due. */
static void run_until(int (*done)(void))
{
	const char *why = NULL;

	while (!done()) {
		taut_pc *pc = taut_env_ready(env, now);
		if (pc) {
			serve(&peers[pc == peers[1].pc]);
			continue;
		}
		taut_time next = taut_env_deadline(env, &why);
		expect(next < 60000000, "a minute is enough");
		now = next > now ? next : now + 1;
	}
}

static void make(struct peer *p, uint8_t host)
{
	const struct taut_config config = { .size = sizeof config, .user = p };
	const struct taut_interface face = { .size = sizeof face,
					     .index = 1,
					     .addr = { .family = 4, .ip = { 192, 0, 2, host } } };

	expect(taut_pc_new(&p->pc, env, &config, now) == TAUT_OK, "a connection is made");
	expect(taut_pc_set_interfaces(p->pc, now, &face, 1) == TAUT_OK, "it has an address");
}

static void take(taut_pc *pc, uint32_t type, const char *sdp)
{
	if (taut_pc_set_remote_description(pc, now, type, sdp, strlen(sdp)) == TAUT_OK)
		return;
	fprintf(stderr, "%s\n", taut_pc_error(pc)->message);
	exit(1);
}

/* Signaling: the two texts reach the other side in whatever way you like. */
static void negotiate(taut_pc *caller, taut_pc *callee)
{
	const char *offer, *answer;

	expect(taut_pc_create_offer(caller, now, &offer) == TAUT_OK, "an offer is made");
	expect(taut_pc_set_local_description(caller, now, TAUT_SDP_OFFER, offer, strlen(offer)) ==
		       TAUT_OK,
	       "and set");
	take(callee, TAUT_SDP_OFFER, offer);
	expect(taut_pc_create_answer(callee, now, &answer) == TAUT_OK, "an answer is made");
	expect(taut_pc_set_local_description(callee, now, TAUT_SDP_ANSWER, answer,
					     strlen(answer)) == TAUT_OK,
	       "and set");
	take(caller, TAUT_SDP_ANSWER, answer);
}

static int both_heard(void)
{
	return peers[0].heard[0] && peers[1].heard[0];
}

static int bob_has_ended(void)
{
	return peers[1].ended != TAUT_REASON_NONE;
}

static void show_states(taut_pc *pc)
{
	uint8_t der[16384];

	expect(taut_pc_connection_state(pc) == TAUT_STATE_CONNECTED, "all of it is connected");
	expect(taut_pc_ice_connection_state(pc) == TAUT_ICE_STATE_CONNECTED ||
		       taut_pc_ice_connection_state(pc) == TAUT_ICE_STATE_COMPLETED,
	       "so is ICE");
	expect(taut_pc_gathering_state(pc) == TAUT_GATHERING_COMPLETE, "all addresses were told");
	expect(taut_pc_ice_role(pc) == TAUT_ICE_ROLE_CONTROLLING, "who offered controls");
	expect(taut_pc_dtls_state(pc) == TAUT_STATE_CONNECTED, "DTLS is connected");
	expect(taut_pc_remote_certificate(pc, 0, der, sizeof der) > 0,
	       "the peer showed a certificate");
	expect(taut_pc_sctp_state(pc) == TAUT_STATE_CONNECTED, "SCTP is connected");
	printf("messages of up to %lld octets, up to %u channels\n",
	       (long long)taut_pc_max_message_size(pc), (unsigned)taut_pc_max_channels(pc));
}

int main(void)
{
	const struct taut_env_config config = {
		.size = sizeof config, .now = now, .unix_us = INT64_C(1767225600000000)
	}; /* 2026-01-01 */
	taut_channel channel;

	expect(taut_env_new(&env, &config) == TAUT_OK, "an environment is made");
	taut_env_set_wall_clock(env, now, config.unix_us + 1000000); /* somebody set the clock */
	printf("our fingerprint: %s\n", taut_env_certificate(env)->fingerprints[0].value);
	make(&peers[0], 1);
	make(&peers[1], 2);
	const struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };
	expect(taut_pc_create_data_channel(peers[0].pc, now, &chat, &channel) == TAUT_OK,
	       "a channel is made");
	negotiate(peers[0].pc, peers[1].pc);
	run_until(both_heard);
	show_states(peers[0].pc);
	expect(taut_pc_close(peers[0].pc, now) == TAUT_OK, "it says goodbye");
	run_until(bob_has_ended);
	printf("Bob has heard %s; then: %s\n", peers[1].heard, taut_reason_text(peers[1].ended));
	for (int i = 0; i < 2; i++)
		taut_pc_free(peers[i].pc);
	expect(taut_env_free(env) == TAUT_OK, "no connection is left");
	return 0;
}
