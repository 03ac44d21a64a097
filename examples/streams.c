/* streams.c - what a driver is asked for beside UDP sockets: names, their SRV records, TCP.
 *
 *     example_streams
 *
 * Ada listens on TCP and asks a STUN server that is out of reach; no UDP leaves their network, so
 * that the two meet over TCP (RFC 6544). Sockets, names and time are made up here. */
#include <errno.h>
#include <string.h>

#include "expect.h"
#include "taut/taut.h"

enum { ADA, BOB, PEERS };

static taut_env *env;
static taut_time now = 1;
static taut_pc *pcs[PEERS];
static int unsent, opened, server_is_useless;

/* The one stream: a flow at each end, and whom the ends are told to belong to. */
static taut_flow listener, ends[PEERS];
static struct taut_addr at[PEERS];

static void resolve_services(int who, const struct taut_io *io)
{
	const struct taut_srv found = { .priority = 10, .port = 3479, .target = "one.example" };

	printf("which servers has %s?\n", io->name);
	expect(taut_pc_srv_result(pcs[who], now, io->flow, 0, &found, 1) == TAUT_OK,
	       "an answer of DNS is taken");
}

static void resolve(int who, const struct taut_io *io)
{
	const struct taut_addr found = { .family = 4, .ip = { 198, 51, 100, 7 } };

	printf("where is %s?\n", io->name);
	expect(taut_pc_io_result(pcs[who], now, io->flow, 0, &found, 1) == TAUT_OK,
	       "an address is taken");
}

/* connect() at Bob's and accept() at Ada's. */
static void connect_stream(const struct taut_io *io)
{
	at[BOB] = io->local, at[BOB].port = 50001;
	at[ADA] = io->remote;
	ends[BOB] = io->flow;
	ends[ADA] = taut_pc_accept(pcs[ADA], now, listener, &at[ADA], &at[BOB]);
	expect(ends[ADA] != 0, "a connection is wanted");
	expect(taut_pc_io_result(pcs[BOB], now, io->flow, 0, &at[BOB], 1) == TAUT_OK,
	       "a stream is open");
}

static void answer_io(int who, const struct taut_io *io)
{
	struct taut_addr bound = io->local;

	bound.port = (uint16_t)(40000 + io->flow);
	if (io->kind == TAUT_IO_UDP || io->kind == TAUT_IO_LISTEN)
		expect(taut_pc_io_result(pcs[who], now, io->flow, 0, &bound, 1) == TAUT_OK,
		       "a socket is open");
	if (io->kind == TAUT_IO_RESOLVE_SRV)
		resolve_services(who, io);
	if (io->kind == TAUT_IO_RESOLVE)
		resolve(who, io);
	if (io->kind == TAUT_IO_LISTEN)
		listener = io->flow;
	if (io->kind == TAUT_IO_TCP)
		connect_stream(io);
}

static void take_events(int who)
{
	const struct taut_event *ev;

	while ((ev = taut_pc_poll_event(pcs[who])) != NULL) {
		if (ev->type == TAUT_EV_ICE_CANDIDATE && ev->text)
			taut_pc_add_ice_candidate(pcs[!who], now, ev->text, strlen(ev->text),
						  ev->label, -1);
		if (ev->type == TAUT_EV_ICE_CANDIDATE_ERROR) {
			printf("%s: %s\n", ev->label, ev->text);
			server_is_useless = 1;
		}
		opened += ev->type == TAUT_EV_OPEN;
	}
}

/* A stream carries octets in pieces of any length; UDP is not let out. */
static void carry(int who, struct taut_datagram *out)
{
	if (out->flow != ends[who]) {
		taut_pc_send_failed(pcs[who], now, out, EPERM);
		unsent++;
		return;
	}
	struct taut_datagram in = { .size = sizeof in,
				    .flow = ends[!who],
				    .local = at[!who],
				    .remote = at[who],
				    .buf = out->buf,
				    .cap = out->cap,
				    .len = out->len };
	expect(taut_pc_recv(pcs[!who], now, &in) == TAUT_OK, "octets are taken");
	take_events(!who);
}

static void serve(int who)
{
	static uint8_t room[65536];
	struct taut_datagram out = { .size = sizeof out, .buf = room, .cap = sizeof room };
	const struct taut_io *io;

	while ((io = taut_pc_poll_io(pcs[who])) != NULL)
		answer_io(who, io);
	take_events(who);
	while (taut_pc_poll_send(pcs[who], now, &out) == 1)
		carry(who, &out);
	taut_pc_tick(pcs[who], now);
}

static void make(int who)
{
	const struct taut_ice_server server = { .size = sizeof server, .url = "stun:stun.example" };
	const struct taut_interface face = { .size = sizeof face,
					     .index = 1,
					     .addr = { .family = 4,
						       .ip = { 192, 0, 2, (uint8_t)(who + 1) } } };
	struct taut_config config = { .size = sizeof config };

	config.ice_tcp = who == ADA ? TAUT_ICE_TCP_LISTEN : TAUT_ICE_TCP_CONNECT;
	if (who == ADA) {
		config.ice_servers = &server;
		config.ice_server_count = 1;
		config.ice_srv_servers = 1; /* the first server's name is one of services */
	}
	expect(taut_pc_new(&pcs[who], env, &config, now) == TAUT_OK, "a connection is made");
	expect(taut_pc_set_interfaces(pcs[who], now, &face, 1) == TAUT_OK, "it has an address");
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
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "files" };
	taut_channel channel;

	expect(taut_env_new(&env, &config) == TAUT_OK, "an environment is made");
	make(ADA);
	make(BOB);
	expect(taut_pc_create_data_channel(pcs[ADA], now, &init, &channel) == TAUT_OK,
	       "a channel is made");
	describe(pcs[ADA], pcs[BOB]);
	describe(pcs[BOB], pcs[ADA]);
	for (; !opened || !server_is_useless; now += 5000) {
		expect(now < 60000000, "a minute is enough");
		serve(ADA);
		serve(BOB);
	}
	expect(unsent > 0, "what could not be sent was told");
	printf("a channel is open, over TCP\n");
	taut_pc_free(pcs[ADA]);
	taut_pc_free(pcs[BOB]);
	return taut_env_free(env) ? 1 : 0;
}
