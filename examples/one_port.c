/* one_port.c - a server whose connections share one UDP port, and what a driver has to know for it.
 *
 *     example_one_port
 *
 * Checks name the connection that they are for; whoever has proved that it knows the password is
 * known by its address from then on. (taut/loop.h does all this with TAUT_LOOP_ONE_SOCKET.) */
#include <string.h>

#include "expect.h"
#include "taut/taut.h"

#define CLIENTS 2
#define PORT    9000

struct call {
	taut_pc *client, *server;
	struct taut_addr proven; /* where the client is; family 0: not known yet */
	taut_flow client_flow, server_flow;
	int greeted;
};

static taut_env *env;
static taut_time now = 1;
static struct call calls[CLIENTS];
static const struct taut_addr server_addr = { .family = 4, .port = PORT, .ip = { 192, 0, 2, 1 } };

static int same(const struct taut_addr *a, const struct taut_addr *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

/* The USERNAME of a check is OURS:THEIRS, RFC 8445 section 7.2.2; attributes begin at byte 20. */
static int is_for(const taut_pc *pc, const uint8_t *packet, size_t len)
{
	const char *ours = taut_pc_ice_ufrag(pc);
	const size_t n = strlen(ours);

	for (size_t at = 20; at + 4 <= len;) {
		const size_t type = (size_t)(packet[at] << 8 | packet[at + 1]);
		const size_t size = (size_t)(packet[at + 2] << 8 | packet[at + 3]);
		if (type == 6)
			return size > n && at + 4 + n < len && packet[at + 4 + n] == ':' &&
			       memcmp(packet + at + 4, ours, n) == 0;
		at += 4 + (size + 3) / 4 * 4;
	}
	return 0;
}

static void on_event(struct call *c, taut_pc *pc, const struct taut_event *ev)
{
	if (ev->type == TAUT_EV_OPEN && pc == c->client)
		expect(taut_pc_send_message(pc, now, ev->channel, 0, "hello", 5) == TAUT_OK,
		       "there is room for a message");
	if (ev->type == TAUT_EV_MESSAGE && pc == c->server)
		c->greeted = 1;
	if (ev->type == TAUT_EV_ICE_CANDIDATE && ev->text)
		expect(taut_pc_add_ice_candidate(pc == c->client ? c->server : c->client, now,
						 ev->text, strlen(ev->text), ev->label,
						 -1) == TAUT_OK,
		       "a candidate is taken");
}

static void take_events(struct call *c, taut_pc *pc)
{
	const struct taut_event *ev;

	while ((ev = taut_pc_poll_event(pc)) != NULL)
		on_event(c, pc, ev);
}

static void to_server(struct taut_datagram *in)
{
	for (struct call *c = calls; c < calls + CLIENTS; c++) {
		if (c->proven.family ? !same(&c->proven, &in->remote)
				     : !is_for(c->server, in->buf, in->len))
			continue;
		const uint64_t before = taut_pc_ice_authenticated(c->server);
		in->flow = c->server_flow;
		expect(taut_pc_recv(c->server, now, in) == TAUT_OK, "a datagram is taken");
		if (taut_pc_ice_authenticated(c->server) > before)
			c->proven = in->remote;
		take_events(c, c->server);
		return;
	}
}

static void carry(struct call *c, const struct taut_datagram *sent)
{
	const size_t each = sent->segment ? sent->segment : sent->len;

	for (size_t at = 0; at < sent->len; at += each) {
		struct taut_datagram in = *sent;
		in.local = sent->remote, in.remote = sent->local;
		in.buf = sent->buf + at;
		in.cap = in.len = sent->len - at < each ? sent->len - at : each;
		in.segment = 0;
		if (same(&sent->remote, &server_addr)) {
			to_server(&in);
			continue;
		}
		in.flow = c->client_flow;
		expect(taut_pc_recv(c->client, now, &in) == TAUT_OK, "a datagram is taken");
		take_events(c, c->client);
	}
}

static void serve(struct call *c, taut_pc *pc)
{
	static uint8_t room[65536];
	struct taut_datagram out = { .size = sizeof out, .buf = room, .cap = sizeof room };
	const struct taut_io *io;

	while ((io = taut_pc_poll_io(pc)) != NULL) {
		struct taut_addr bound = io->local;
		if (io->kind != TAUT_IO_UDP)
			continue;
		*(pc == c->client ? &c->client_flow : &c->server_flow) = io->flow;
		bound.port = PORT; /* the same socket for all of the server's */
		expect(taut_pc_io_result(pc, now, io->flow, 0, &bound, 1) == TAUT_OK,
		       "a socket is taken");
	}
	take_events(c, pc);
	while (taut_pc_poll_send(pc, now, &out) == 1)
		carry(c, &out);
	if (taut_pc_deadline(pc, NULL) <= now)
		taut_pc_tick(pc, now);
}

static taut_pc *connection(uint8_t host)
{
	const struct taut_config config = { .size = sizeof config };
	const struct taut_interface face = { .size = sizeof face,
					     .index = 1,
					     .addr = { .family = 4, .ip = { 192, 0, 2, host } } };
	taut_pc *pc;

	expect(taut_pc_new(&pc, env, &config, now) == TAUT_OK, "a connection is made");
	expect(taut_pc_set_interfaces(pc, now, &face, 1) == TAUT_OK, "it has an address");
	return pc;
}

static void describe(taut_pc *from, taut_pc *to)
{
	uint32_t type;

	expect(taut_pc_set_local_description(from, now, 0, NULL, 0) == TAUT_OK, "it is described");
	const char *sdp = taut_pc_local_description(from, &type);
	expect(taut_pc_set_remote_description(to, now, type, sdp, strlen(sdp)) == TAUT_OK,
	       "and understood");
}

int main(void)
{
	const struct taut_env_config config = { .size = sizeof config };
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "hello" };
	taut_channel channel;
	int greeted = 0;

	expect(taut_env_new(&env, &config) == TAUT_OK, "an environment is made");
	for (int i = 0; i < CLIENTS; i++) {
		calls[i].client = connection((uint8_t)(10 + i));
		calls[i].server = connection(1);
		expect(taut_pc_create_data_channel(calls[i].client, now, &init, &channel) ==
			       TAUT_OK,
		       "a channel is made");
		describe(calls[i].client, calls[i].server);
		describe(calls[i].server, calls[i].client);
	}
	for (; greeted < CLIENTS; now += 5000) {
		expect(now < 60000000, "a minute is enough");
		greeted = 0;
		for (struct call *c = calls; c < calls + CLIENTS; c++) {
			serve(c, c->client);
			serve(c, c->server);
			greeted += c->greeted;
		}
	}
	printf("%d clients have said hello to port %d\n", greeted, PORT);
	for (int i = 0; i < CLIENTS; i++) {
		taut_pc_free(calls[i].client);
		taut_pc_free(calls[i].server);
	}
	return taut_env_free(env) ? 1 : 0;
}
