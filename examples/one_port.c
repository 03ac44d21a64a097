/* one_port.c - a server whose connections share one UDP port, and what a driver has to know for it.
 *
 *     example_one_port
 *
 * Checks name the connection that they are for; whoever has proved that it knows the password is known by its
 * address from then on. A client checks from several addresses, and may go on from another one at any time.
 * (taut/loop.h does all this with TAUT_LOOP_ONE_SOCKET.) */
#include <string.h>

#include "expect.h"
#include "taut/taut.h"

#define CLIENTS 2
#define PORT    9000
#define KNOWN   4 /* as many addresses of a client are remembered */

struct call {
	taut_pc *client, *server;
	struct taut_addr proven[KNOWN]; /* where the client is, from the latest on; family 0: none */
	taut_flow client_flow[2], server_flow;
	taut_channel channel;
	int greetings;
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

	if (len < 20 || packet[0] > 3) /* it is not STUN: RFC 7983 section 7 */
		return 0;
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

static int knows(const struct call *c, const struct taut_addr *addr)
{
	for (int i = 0; i < KNOWN; i++)
		if (same(&c->proven[i], addr))
			return 1;
	return 0;
}

/* Whoever had it before: the latest to prove it has it alone. */
static void forget(const struct taut_addr *addr)
{
	for (struct call *c = calls; c < calls + CLIENTS; c++)
		for (int i = 0; i < KNOWN; i++)
			if (same(&c->proven[i], addr))
				c->proven[i].family = 0;
}

/* In front: the first free place, or what is the oldest, makes room for it. */
static void remember(struct call *c, const struct taut_addr *addr)
{
	int i = 0;

	forget(addr);
	while (i < KNOWN - 1 && c->proven[i].family)
		i++;
	memmove(c->proven + 1, c->proven, (size_t)i * sizeof *addr);
	c->proven[0] = *addr;
}

/* A check goes to whom it names, wherever it comes from; all else to whom its address is known. */
static struct call *find_call(const struct taut_datagram *in)
{
	for (struct call *c = calls; c < calls + CLIENTS; c++)
		if (is_for(c->server, in->buf, in->len))
			return c;
	for (struct call *c = calls; c < calls + CLIENTS; c++)
		if (knows(c, &in->remote))
			return c;
	return NULL;
}

static void on_event(struct call *c, taut_pc *pc, const struct taut_event *ev)
{
	if (ev->type == TAUT_EV_OPEN && pc == c->client)
		expect(taut_pc_send_message(pc, now, ev->channel, 0, "hello", 5) == TAUT_OK,
		       "there is room for a message");
	if (ev->type == TAUT_EV_MESSAGE && pc == c->server)
		c->greetings++;
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
	struct call *c = find_call(in);

	if (!c)
		return;
	const uint64_t before = taut_pc_ice_authenticated(c->server);
	in->flow = c->server_flow;
	expect(taut_pc_recv(c->server, now, in) == TAUT_OK, "a datagram is taken");
	if (taut_pc_ice_authenticated(c->server) > before)
		remember(c, &in->remote);
	take_events(c, c->server);
}

/* The clients' first addresses end in 10 and 11, their second ones in 20 and 21. */
static int is_second(const struct taut_addr *addr)
{
	return addr->ip[3] >= 20;
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
		in.flow = c->client_flow[is_second(&in.local)];
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
		*(pc == c->client ? &c->client_flow[is_second(&bound)] : &c->server_flow) = io->flow;
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

static void give_address(taut_pc *pc, uint8_t first, uint8_t second)
{
	const struct taut_interface faces[] = {
		{ .size = sizeof faces[0],
		  .index = 1,
		  .addr = { .family = 4, .ip = { 192, 0, 2, first } } },
		{ .size = sizeof faces[0],
		  .index = 2,
		  .addr = { .family = 4, .ip = { 192, 0, 2, second } } },
	};

	expect(taut_pc_set_interfaces(pc, now, first ? faces : faces + 1,
				      (size_t)!!first + (size_t)!!second) == TAUT_OK,
	       "it has an address");
}

static taut_pc *connection(uint8_t first, uint8_t second)
{
	const struct taut_config config = { .size = sizeof config };
	taut_pc *pc;

	expect(taut_pc_new(&pc, env, &config, now) == TAUT_OK, "a connection is made");
	give_address(pc, first, second);
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

/* Until every server has been greeted so many times. */
static void run_until(int greetings)
{
	const taut_time end = now + 60000000;

	for (int done = 0; done < CLIENTS; now += 5000) {
		expect(now < end, "a minute is enough");
		done = 0;
		for (struct call *c = calls; c < calls + CLIENTS; c++) {
			serve(c, c->client);
			serve(c, c->server);
			done += c->greetings >= greetings;
		}
	}
}

int main(void)
{
	const struct taut_env_config config = { .size = sizeof config };
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "hello" };

	expect(taut_env_new(&env, &config) == TAUT_OK, "an environment is made");
	for (uint8_t i = 0; i < CLIENTS; i++) {
		struct call *c = &calls[i];
		c->client = connection(10 + i, 20 + i);
		c->server = connection(1, 0);
		expect(taut_pc_create_data_channel(c->client, now, &init, &c->channel) == TAUT_OK,
		       "a channel is made");
		describe(c->client, c->server);
		describe(c->server, c->client);
	}
	run_until(1);
	printf("%d clients have said hello to port %d\n", CLIENTS, PORT);
	for (uint8_t i = 0; i < CLIENTS; i++) {
		give_address(calls[i].client, 0, 20 + i);
		expect(taut_pc_send_message(calls[i].client, now, calls[i].channel, 0, "again", 5) ==
			       TAUT_OK,
		       "there is room for another");
	}
	run_until(2);
	printf("and again, from other addresses\n");
	for (int i = 0; i < CLIENTS; i++) {
		taut_pc_free(calls[i].client);
		taut_pc_free(calls[i].server);
	}
	return taut_env_free(env) ? 1 : 0;
}
