/* bench_relay.c - the relay of src/signal: messages through rooms over loopback.
 *
 * The relay serves on its own thread; the clients are sockets of the bench that send frames made
 * beforehand and read no more of what comes than its length. Every client of a turn sends one message;
 * the next turn begins when all have arrived. The relay's own limit (docs/SIGNALING.md: 100
 * messages of a client at once, then 50 per second) is in force: a long round waits for it. */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "bench_forward.h"
#include "bench_line.h"
#include "signal/relay_server.h"

enum { CLIENTS = 256, EVENTS = 64, ROOM = 65536, PATIENCE = 10000 /* ms */ };

/* What is said. */
enum { CANDIDATE, OFFER, CHAT };

static json_t *candidate(void)
{
	return json_pack("{ss ss s{ss ss si ss}}", "type", "candidate", "call", "0123456789abcdef",
			 "candidate", "candidate",
			 "candidate:842163049 1 udp 1677729535 203.0.113.77 46154 typ srflx raddr "
			 "192.168.1.23 rport 46154 generation 0 ufrag EsAw network-cost 999",
			 "sdpMid", "0", "sdpMLineIndex", 0, "usernameFragment", "EsAw");
}

static json_t *offer(void)
{
	return json_pack("{ss ss s{ss ss}}", "type", "description", "call", "0123456789abcdef",
			 "description", "type", "offer", "sdp", bench_offer_text());
}

static json_t *chat(void)
{
	return json_pack("{ss ss}", "type", "chat", "text", "Are you there? I hear nothing.");
}

static const struct saying {
	json_t *(*make)(void);
	unsigned group; /* members of a room */
} sayings[] = {
	[CANDIDATE] = { candidate, 2 },
	[OFFER] = { offer, 2 },
	[CHAT] = { chat, 8 },
};

/* Clients of one server; fd -1: not there. expected: what each of them hears in a turn. */
struct party {
	const struct saying *what;
	taut_relay *relay;             /* one of these ... */
	struct bench_forward *forward; /* ... two */
	struct bench_line line[CLIENTS];
	uint8_t *frame[CLIENTS];
	size_t frame_len[CLIENTS];
	int epoll;
	uint8_t room[ROOM];
};

static unsigned senders(const struct party *p)
{
	/* One of a large room at a time, as people do; both of a small one. */
	return p->what->group > 2 ? CLIENTS / p->what->group : CLIENTS;
}

static unsigned sender(const struct party *p, unsigned i)
{
	return p->what->group > 2 ? i * p->what->group : i;
}

static void party_close(void *me)
{
	struct party *p = me;

	for (int i = 0; i < CLIENTS; i++) {
		if (p->line[i].fd >= 0)
			close(p->line[i].fd);
		free(p->frame[i]);
	}
	if (p->epoll >= 0)
		close(p->epoll);
	if (p->forward)
		bench_forward_free(p->forward);
	taut_relay_stop(p->relay);
	free(p);
}

static bool make_frame(struct party *p, unsigned i)
{
	char name[16];
	json_t *o = p->what->make();

	(void)snprintf(name, sizeof name, "room %u", i / p->what->group);
	json_object_set_new(o, "room", json_string(name));
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	const size_t len = text ? strlen(text) : 0;
	p->frame[i] = text ? malloc(BENCH_FRAME_HEAD + len) : NULL;
	if (p->frame[i])
		p->frame_len[i] = bench_line_frame(p->frame[i], text, len);
	free(text);
	return p->frame[i] != NULL;
}

/* In its room; what it hears of that is read before the first turn. */
static bool enter(struct party *p, unsigned i)
{
	const uint16_t port = p->relay ? taut_relay_port(p->relay) : bench_forward_port(p->forward);
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
	char text[128];
	uint8_t frame[BENCH_FRAME_HEAD + sizeof text];

	p->line[i].fd = bench_line_connect(port);
	if (p->line[i].fd < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->line[i].fd, &ev) < 0)
		return false;
	if (!p->relay)
		return true;
	const int n = snprintf(
		text, sizeof text,
		"{\"type\":\"ready\",\"name\":\"%u\",\"agent\":\"native\",\"rooms\":[\"room %u\"]}",
		i, i / p->what->group);
	return bench_line_upgrade(p->line[i].fd, port) &&
	       bench_line_send(p->line[i].fd, frame, bench_line_frame(frame, text, (size_t)n));
}

/* Frames of all so far. The limit has none: it passes the octets on, whole messages of one length. */
static uint64_t heard(const struct party *p)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < CLIENTS; i++)
		n += p->line[i].frames;
	return n;
}

static bool listen_once(struct party *p)
{
	struct epoll_event ready[EVENTS];
	const int n = epoll_wait(p->epoll, ready, EVENTS, PATIENCE);

	for (int i = 0; i < n; i++) {
		struct bench_line *l = &p->line[ready[i].data.u32];
		const ssize_t got = recv(l->fd, p->room, sizeof p->room, MSG_DONTWAIT);
		if (got <= 0)
			return false;
		if (p->relay)
			bench_line_count(l, p->room, (size_t)got);
		else {
			const size_t each = p->frame_len[ready[i].data.u32];
			l->left += (uint64_t)got;
			l->frames += l->left / each;
			l->left %= each;
		}
	}
	return n > 0;
}

/* Each hears "joined", and those before it in its room hear of it. */
static bool settle(struct party *p)
{
	const uint64_t news = p->relay ? CLIENTS * (p->what->group + 1) / 2 : 0;

	while (heard(p) < news)
		if (!listen_once(p))
			return false;
	return true;
}

static void *party_open(const struct bench_case *c, const char **why, bool bare)
{
	const struct taut_relay_config cfg = { .size = sizeof cfg };
	struct party *p = calloc(1, sizeof *p);
	bool ok;

	*why = "no relay could be started";
	if (!p)
		return NULL;
	p->what = &sayings[c->arg];
	for (int i = 0; i < CLIENTS; i++)
		p->line[i].fd = -1;
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (bare)
		p->forward = bench_forward_new(CLIENTS, p->what->group);
	else
		(void)taut_relay_start(&p->relay, &cfg);
	ok = p->epoll >= 0 && (p->relay || p->forward);
	for (unsigned i = 0; ok && i < CLIENTS; i++) {
		*why = "not all clients got in";
		ok = make_frame(p, i) && enter(p, i);
	}
	if (ok && settle(p))
		return p;
	party_close(p);
	return NULL;
}

static void *relay_open(const struct bench_case *c, const char **why)
{
	return party_open(c, why, false);
}

static void *bare_open(const struct bench_case *c, const char **why)
{
	return party_open(c, why, true);
}

static double server_cpu_us(const struct party *p)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (pthread_getcpuclockid(p->relay ? p->relay->thread : bench_forward_thread(p->forward),
				  &clock) == 0)
		(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static const char *turn(struct party *p)
{
	const uint64_t want = heard(p) + senders(p) * (p->what->group - 1);

	for (unsigned i = 0; i < senders(p); i++) {
		const unsigned who = sender(p, i);
		if (!bench_line_send(p->line[who].fd, p->frame[who], p->frame_len[who]))
			return "the relay hung up";
	}
	while (heard(p) < want)
		if (!listen_once(p))
			return "a message did not arrive";
	return NULL;
}

static void party_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct party *p = me;
	const double from = bench_cpu_us(), wall = bench_wall_us(), server = server_cpu_us(p);
	const uint64_t mallocs = bench_allocations(), before = heard(p);
	const char *gave_up = NULL;

	while (!gave_up && heard(p) - before < packets)
		gave_up = turn(p);
	const uint64_t got = heard(p) - before;
	*out = (struct bench_sample){
		.packets = got,
		.bytes = got * p->frame_len[0],
		.cpu_us = bench_cpu_us() - from,
		.wall_us = bench_wall_us() - wall,
		.allocations = bench_allocations() - mallocs,
		.gave_up = gave_up,
		.more = { { "server_us", got ? (server_cpu_us(p) - server) / (double)got : 0 } },
	};
}

#define ROWS(profile, what)                                                                        \
	{ "limit",   "relay",   profile,     0,   "WebSocket, JSON, rooms",                        \
	  bare_open, party_run, party_close, what },                                               \
	{                                                                                          \
		"taut", "relay", profile, 0, "the clients' JSON", relay_open, party_run,           \
			party_close, what                                                          \
	}

static const struct bench_case cases[] = {
	ROWS("a candidate, 2 in a room", CANDIDATE),
	ROWS("Chromium's offer, 2 in a room", OFFER),
	ROWS("a line of chat, 8 in a room", CHAT),
};

const struct bench bench_relay = {
	.name = "relay",
	.summary = "messages of 256 clients over loopback",
	.unit = "a message that reached one of those it is for",
	.cases = cases,
	.count = sizeof cases / sizeof cases[0],
};
