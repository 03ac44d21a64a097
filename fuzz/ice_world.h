/* ice_world.h - two ICE agents for a target, the link and the connections between them, and what must hold.
 *
 * Packets pass with a delay, or are lost as a byte says; a TURN server may stand aside (turn_server.h). After
 * each step settle() takes what both want to send, and check() asks: polls end, deadlines lie ahead, a request
 * is sent at most 7 times (RFC 8489 section 6.2.1), nobody sends without an answer of the last 30 s (RFC 7675
 * section 5.1); give() that what is refused changes nothing. */
#ifndef TAUT_FUZZ_ICE_WORLD_H
#define TAUT_FUZZ_ICE_WORLD_H

#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "fuzz_env.h"
#include "ice/ice_agent.h"
#include "turn_server.h"

enum {
	SOCKETS = 16,
	LINK = 64, /* packets under way */
	SEEN = 8,  /* packets that can be given again, of each agent */
	TIDS = 64,
	PACKET = 600,
	WRAPPED = 100, /* what a TURN server or a stream puts around one, at most */
	CONNECTIONS = 32,
	LISTENERS = 8,
	REFUSED = 111,
	RESET = 104,
	DELAY = 20 * FUZZ_MS,
};

/* What there is beside UDP. */
enum kind { PLAIN, TURN, TURN_TCP, TURN_TLS_SRV, TCP, LITE, RELAY_ONLY, TURN_AND_TCP, KINDS };

struct packet {
	taut_time at; /* 0: none */
	int to;
	taut_flow flow;                 /* 0: that of its local address */
	struct taut_addr local, remote; /* as the receiver sees them */
	size_t len;
	uint8_t data[PACKET + WRAPPED];
};

/* Over TCP between the two; flow 0: that end is a stranger's. */
struct connection {
	bool used;
	taut_flow flow[2];
	struct taut_addr addr[2];
};

struct host {
	struct fuzz_env env;
	struct tt_ice *ice;
	taut_flow next_flow, flow[SOCKETS];
	struct taut_addr addr[SOCKETS];
	size_t sockets;
	taut_time answered; /* the last time a success answer was given to it */
	uint8_t tids[TIDS][TT_STUN_TID_LEN];
	unsigned tid_sent[TIDS], tid_count, tid_at;
	struct packet seen[SEEN];
	size_t seen_at;
	struct tt_ice_candidate told; /* the last of its candidates */
	bool lite, closed;
	struct {
		taut_flow flow;
		struct taut_addr addr;
	} listener[LISTENERS];
};

struct world {
	struct host h[2];
	taut_time now;
	struct packet link[LINK];
	uint8_t loss; /* how, see lost() */
	unsigned sent;
	enum kind kind;
	struct turn_server turn;
	struct connection connection[CONNECTIONS];
	uint8_t refuses; /* the next connections, a bit each */
};

static const struct taut_interface faces[2][3] = {
	{ { .size = sizeof faces[0][0],
	    .name = "a",
	    .addr = { .family = 4, .ip = { 10, 0, 0, 1 } } },
	  { .size = sizeof faces[0][0],
	    .name = "b",
	    .addr = { .family = 6, .ip = { 0x20, 1, 1 } } },
	  { .size = sizeof faces[0][0],
	    .name = "c",
	    .addr = { .family = 4, .ip = { 10, 0, 1, 1 } } } },
	{ { .size = sizeof faces[0][0],
	    .name = "a",
	    .addr = { .family = 4, .ip = { 10, 0, 0, 2 } } },
	  { .size = sizeof faces[0][0],
	    .name = "b",
	    .addr = { .family = 6, .ip = { 0x20, 1, 2 } } },
	  { .size = sizeof faces[0][0],
	    .name = "c",
	    .addr = { .family = 4, .ip = { 10, 0, 1, 2 } } } },
};
static const struct taut_addr stranger = { .family = 4, .port = 9, .ip = { 203, 0, 113, 5 } };

/* ---- connections ---- */

static inline struct connection *connection_of(struct world *w, int i, taut_flow flow)
{
	for (size_t k = 0; k < CONNECTIONS; k++)
		if (w->connection[k].used && w->connection[k].flow[i] == flow)
			return &w->connection[k];
	return NULL;
}

/* As from the connection, which tells an agent that it has closed nothing more. */
static inline void io_result(struct world *w, int i, taut_flow flow, int os_errno,
			     const struct taut_addr *found, size_t n)
{
	if (!w->h[i].closed)
		tt_ice_io_result(w->h[i].ice, w->now, flow, os_errno, found, n);
}

/* The other end hears of it. */
static inline void disconnect(struct world *w, int i, taut_flow flow)
{
	struct connection *c = connection_of(w, i, flow);

	if (!c)
		return;
	c->used = false;
	if (c->flow[1 - i])
		io_result(w, 1 - i, c->flow[1 - i], RESET, NULL, 0);
}

static inline void keep_connection(struct world *w, const struct connection *c)
{
	for (size_t k = 0; k < CONNECTIONS; k++)
		if (!w->connection[k].used) {
			w->connection[k] = *c;
			return;
		}
}

/* From i, whose own flow may be 0, to what listens at the other agent. False: nobody takes it. */
static inline bool knock(struct world *w, int i, taut_flow own, const struct taut_addr *from,
			 const struct taut_addr *to)
{
	struct host *h = &w->h[1 - i];
	struct connection c = { .used = true };

	for (size_t k = 0; k < LISTENERS; k++) {
		if (!h->listener[k].flow || !tt_addr_eq(&h->listener[k].addr, to))
			continue;
		c.flow[i] = own;
		c.flow[1 - i] = tt_ice_accept(h->ice, w->now, h->listener[k].flow, to, from);
		c.addr[i] = *from;
		c.addr[1 - i] = *to;
		if (c.flow[1 - i])
			keep_connection(w, &c);
		return c.flow[1 - i] != 0;
	}
	return false;
}

static inline void connect_it(struct world *w, int i, const struct taut_io *io)
{
	struct taut_addr bound = io->local;
	const bool refused = w->refuses & 1;
	bool there = turn_is_server(&io->remote);

	w->refuses >>= 1;
	bound.port = (uint16_t)(6000 + 100 * i + (int)io->flow);
	if (!refused && !there)
		there = knock(w, i, io->flow, &bound, &io->remote);
	io_result(w, i, io->flow, refused || !there ? REFUSED : 0, &bound,
		  refused || !there ? 0 : 1);
}

static inline void listen_at(struct world *w, int i, const struct taut_io *io)
{
	struct host *h = &w->h[i];
	struct taut_addr bound = io->local;

	bound.port = (uint16_t)(7000 + 100 * i + (int)io->flow);
	for (size_t k = 0; k < LISTENERS; k++)
		if (!h->listener[k].flow) {
			h->listener[k].flow = io->flow;
			h->listener[k].addr = bound;
			io_result(w, i, io->flow, 0, &bound, 1);
			return;
		}
	io_result(w, i, io->flow, REFUSED, NULL, 0);
}

static inline void closed(struct world *w, int i, taut_flow flow)
{
	disconnect(w, i, flow);
	for (size_t k = 0; k < LISTENERS; k++)
		if (w->h[i].listener[k].flow == flow)
			w->h[i].listener[k].flow = 0;
}

/* ---- the agents and what they ask for ---- */

static inline void answer_io(struct world *w, int i)
{
	static const struct taut_srv records[] = { { 1, 1, TURN_PORT, "one.example" },
						   { 2, 0, 5, "two.example" } };
	struct host *h = &w->h[i];
	const struct taut_io *io;
	int n = 0;

	while ((io = tt_ice_poll_io(h->ice)) != NULL) {
		const struct taut_io copy = *io;
		struct taut_addr found = copy.local;
		FUZZ_CHECK(n++ < 200, "poll_io ends");
		switch (copy.kind) {
		case TAUT_IO_CLOSE:
			closed(w, i, copy.flow);
			continue;
		case TAUT_IO_TCP:
		case TAUT_IO_TLS:
			connect_it(w, i, &copy);
			continue;
		case TAUT_IO_LISTEN:
			listen_at(w, i, &copy);
			continue;
		case TAUT_IO_RESOLVE_SRV:
			if (!h->closed)
				tt_ice_srv_result(h->ice, w->now, copy.flow, 0, records,
						  w->refuses >> 7 ? 0 : 2);
			continue;
		case TAUT_IO_UDP:
			found.port = (uint16_t)(5000 + 100 * i + (int)copy.flow);
			h->flow[h->sockets % SOCKETS] = copy.flow;
			h->addr[h->sockets++ % SOCKETS] = found;
			break;
		case TAUT_IO_RESOLVE:
			found = turn_addr;
			break;
		default:
			break;
		}
		io_result(w, i, copy.flow, 0, &found, 1);
	}
}

static inline void take_events(struct world *w, int i)
{
	const struct tt_ice_event *e;
	int n = 0;

	while ((e = tt_ice_poll_event(w->h[i].ice)) != NULL) {
		FUZZ_CHECK(n++ < 200, "poll_event ends");
		FUZZ_CHECK(e->type != TT_ICE_EV_STATE || e->why, "a state says why");
		if (e->type != TT_ICE_EV_CANDIDATE)
			continue;
		w->h[i].told = e->candidate;
		w->h[i].told.ufrag = NULL;
		if (!w->h[1 - i].closed)
			tt_ice_add_remote(w->h[1 - i].ice, w->now, &w->h[i].told);
	}
}

/* RFC 8489 section 6.2.1: seven times, and consent checks once. */
static inline void count_request(struct host *h, const struct packet *p)
{
	unsigned k = 0;

	while (k < h->tid_count && memcmp(h->tids[k], p->data + 8, TT_STUN_TID_LEN) != 0)
		k++;
	if (k == h->tid_count) {
		k = h->tid_at++ % TIDS;
		h->tid_count = h->tid_count < TIDS ? h->tid_count + 1 : TIDS;
		memcpy(h->tids[k], p->data + 8, TT_STUN_TID_LEN);
		h->tid_sent[k] = 0;
	}
	FUZZ_CHECK(++h->tid_sent[k] <= 7, "a request is sent seven times at most");
}

static inline bool lost(struct world *w, int to)
{
	const uint8_t how = w->loss;

	w->sent++;
	switch (how & 7) {
	case 0:
	case 1:
	case 2:
		return false;
	case 3:
		return true;
	case 4:
		return to == 0;
	case 5:
		return to == 1;
	case 6:
		return w->sent % 2;
	default:
		return w->sent * 0x9e3779b1u >> 29 < (unsigned)(how >> 5);
	}
}

static inline void carry(struct world *w, const struct packet *p)
{
	for (int k = 0; k < LINK; k++)
		if (w->link[k].at == 0) {
			w->link[k] = *p;
			return;
		}
}

static inline void leave(struct world *w, struct packet *p)
{
	p->at = w->now + DELAY;
	if (p->len > 0 && p->len <= sizeof p->data && !lost(w, p->to))
		carry(w, p);
}

/* The server hands on what was relayed, from there. */
static inline void relayed(struct world *w, int from, const struct taut_addr *seen,
			   const struct taut_addr *to, struct span data)
{
	struct packet p = { .to = 1 - from, .local = *to, .remote = *seen };
	struct turn_who whose;

	if (turn_owner(to, &whose)) {
		p.to = whose.host;
		p.flow = whose.flow;
		p.remote = turn_addr;
		p.len = turn_wrap(&w->turn, whose, seen, data, p.data, sizeof p.data);
	} else {
		struct wr out = wr_make(p.data, sizeof p.data);
		wr_bytes(&out, data.p, data.len);
		p.len = wr_len(&out);
	}
	leave(w, &p);
}

static inline void serve(struct world *w, int i, const struct tt_ice_out *o)
{
	const struct turn_who who = { i, o->flow };
	const struct taut_addr own = turn_relayed(who);
	struct packet p = { .to = i, .flow = o->flow, .local = o->local, .remote = turn_addr };
	struct tt_stun_msg m;
	struct span data;
	struct taut_addr to;

	if (turn_data(&w->turn, who, o->buf, o->len, &data, &to)) {
		relayed(w, i, &own, &to, data);
	} else if (tt_stun_read(&m, o->buf, o->len) == TT_STUN_OK && m.cls == TT_STUN_REQUEST) {
		p.len = turn_answer(&w->turn, who, &o->local, &m, p.data, sizeof p.data);
		leave(w, &p);
	}
}

/* Where that is more than the other agent's sockets. */
static inline void route(struct world *w, int i, const struct tt_ice_out *o)
{
	const struct connection *c = connection_of(w, i, o->flow);
	struct packet p = { .to = 1 - i, .local = o->remote, .remote = o->local };
	const struct turn_who nobody = { 0 };
	struct turn_who whose = nobody;

	if (turn_is_server(&o->remote)) {
		serve(w, i, o);
	} else if (turn_owner(&o->remote, &whose)) {
		relayed(w, i, &o->local, &o->remote, (struct span){ o->buf, o->len });
	} else if (!tt_ice_is_stream(w->h[i].ice, o->flow) || (c && c->flow[1 - i])) {
		p.flow = c ? c->flow[1 - i] : 0;
		p.len = tt_min(o->len, sizeof p.data);
		memcpy(p.data, o->buf, p.len);
		leave(w, &p);
	}
}

static inline void take_packets(struct world *w, int i)
{
	struct packet p = { .to = 1 - i, .at = w->now + DELAY };
	struct host *h = &w->h[i];
	uint8_t buf[1280];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	int n = 0;

	while (tt_ice_poll_send(h->ice, w->now, &out)) {
		FUZZ_CHECK(n++ < 300 && !h->closed, "poll_send ends, and nothing follows the end");
		FUZZ_CHECK(out.len > 0 && out.len <= 548u + (w->kind ? WRAPPED : 0),
			   "a request has at most 548 bytes");
		p.len = out.len;
		p.local = out.remote;
		p.remote = out.local;
		memcpy(p.data, buf, out.len);
		if (tt_stun_is(buf, out.len) && buf[0] == 0 && !(buf[1] & 0x10))
			count_request(h, &p);
		h->seen[h->seen_at++ % SEEN] = p;
		if (w->kind)
			route(w, i, &out);
		else if (!lost(w, 1 - i))
			carry(w, &p);
	}
}

static inline void settle(struct world *w)
{
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 2; i++) {
			answer_io(w, i);
			take_events(w, i);
			take_packets(w, i);
		}
}

static inline void check(const struct world *w)
{
	struct tt_ice_path path;

	for (int i = 0; i < 2; i++) {
		const struct host *h = &w->h[i];
		const char *why = "";
		if (h->closed) /* the connection asks it for nothing more */
			continue;
		if (tt_ice_deadline(h->ice, &why) <= w->now)
			(void)fprintf(stderr, "%c: %s, at %lld of %lld\n", 'a' + i, why,
				      (long long)tt_ice_deadline(h->ice, NULL), (long long)w->now);
		FUZZ_CHECK(tt_ice_deadline(h->ice, NULL) > w->now, "the deadline lies ahead");
		if (tt_ice_selected(h->ice, w->now, &path))
			FUZZ_CHECK(w->now - h->answered < 30 * FUZZ_SECOND,
				   "no answer for 30 s and it still sends");
		FUZZ_CHECK(h->env.env.memory < 1 << 20, "memory has a ceiling");
	}
}

/* ---- packets and time ---- */

/* What must be the same after a refusal: all but the counters, what was lent, the moment, and
 * whether to look again. */
static inline struct tt_ice remembered(const struct tt_ice *ice)
{
	struct tt_ice copy = *ice;

	memset(&copy.counters, 0, sizeof copy.counters);
	memset(&copy.event, 0, sizeof copy.event);
	memset(&copy.io, 0, sizeof copy.io);
	copy.idle_until = 0;
	copy.idle_why = NULL;
	copy.all_told = false;
	return copy;
}

static inline uint64_t absorb(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static inline uint64_t digest(const struct ice_gen *g)
{
	struct ice_gen plain = *g; /* without what is counted for ice_why.c */
	memset(&plain.hints, 0, sizeof plain.hints);
	uint64_t h = absorb(17, &plain, sizeof plain);

	for (int i = 0; i < g->pairs; i++)
		h = absorb(h, tt_ice_pair_at(g, i), sizeof(struct ice_pair));
	for (size_t i = 0; i < g->remote_count; i++)
		h = absorb(h, tt_ice_remote_at(g, (int)i), sizeof(struct tt_ice_candidate));
	return g->name ? absorb(h, g->name, TT_ICE_MAX_NAMES * sizeof *g->name) : h;
}

/* What is refused changes nothing; what was relayed is taken out of its wrapping first. */
static inline void give_one(struct world *w, const struct packet *p, taut_flow flow, const uint8_t *data,
			    size_t len)
{
	struct host *h = &w->h[p->to];
	uint8_t *exact = malloc(len ? len : 1);
	struct tt_ice_in in = {
		.flow = flow, .local = p->local, .remote = p->remote, .buf = exact, .len = len
	};

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, data, len);
	if (!tt_ice_unwrap(h->ice, w->now, &in)) {
		free(exact);
		return;
	}
	FUZZ_CHECK(in.len <= len && in.buf >= exact && in.buf + in.len <= exact + len,
		   "what was relayed lies in what came");
	if (tt_ice_may_recv(h->ice, in.flow, &in.remote))
		tt_ice_received_data(h->ice, w->now, in.flow, &in.remote, in.len);
	const struct tt_ice before = remembered(h->ice);
	const uint64_t cur = digest(h->ice->cur);
	const int refused =
		tt_ice_recv(h->ice, w->now, in.flow, &in.local, &in.remote, in.buf, in.len);
	const bool is_answer = in.len > 1 && in.buf[0] == 1 && in.buf[1] == 1,
		   is_check = in.len > 1 && in.buf[0] == 0 && in.buf[1] == 1;
	free(exact);
	if (!refused && !(w->kind && turn_is_server(&in.remote)) &&
	    (is_answer || (h->lite && is_check)))
		h->answered = w->now; /* a lite agent does not ask, ice_lite.c */
	if (!refused)
		return;
	const struct tt_ice after = remembered(h->ice);
	FUZZ_CHECK(memcmp(&before, &after, sizeof before) == 0 && cur == digest(h->ice->cur),
		   "what is refused changes nothing");
}

/* In two pieces. */
static inline void give_stream(struct world *w, const struct packet *p, taut_flow flow)
{
	struct tt_ice *ice = w->h[p->to].ice;
	const size_t half = w->loss & 1 ? p->len / 2 : p->len;
	const size_t cut[] = { half, p->len - half };
	const uint8_t *from = p->data;

	for (size_t k = 0; k < 2; from += cut[k], k++) {
		uint8_t *exact = malloc(cut[k] ? cut[k] : 1), *at = exact, *msg = NULL;
		size_t left = cut[k], len;

		if (!exact)
			abort();
		memcpy(exact, from, cut[k]);
		while ((len = tt_ice_stream_next(ice, w->now, flow, &at, &left, &msg)) > 0)
			give_one(w, p, flow, msg, len);
		free(exact);
	}
}

static inline void give(struct world *w, const struct packet *p)
{
	const struct host *h = &w->h[p->to];
	taut_flow flow = p->flow;

	for (size_t k = 0; k < SOCKETS && !p->flow; k++)
		if (h->flow[k] && tt_addr_eq(&h->addr[k], &p->local))
			flow = h->flow[k];
	if (h->closed)
		return;
	tt_ice_tick(h->ice, w->now);
	if (tt_ice_is_stream(h->ice, flow))
		give_stream(w, p, flow);
	else
		give_one(w, p, flow, p->data, p->len);
}

static inline void deliver(struct world *w)
{
	for (int k = 0; k < LINK; k++)
		if (w->link[k].at != 0 && w->link[k].at <= w->now) {
			const struct packet p = w->link[k];
			w->link[k].at = 0;
			give(w, &p);
			settle(w);
		}
}

static inline void run(struct world *w, taut_time how_long)
{
	const taut_time end = w->now + how_long;

	settle(w);
	for (int steps = 0; steps < 600; steps++) {
		taut_time next = end;
		for (int k = 0; k < LINK; k++)
			next = w->link[k].at ? tt_min64(next, w->link[k].at) : next;
		for (int i = 0; i < 2; i++)
			if (!w->h[i].closed)
				next = tt_min64(next, tt_ice_deadline(w->h[i].ice, NULL));
		w->now = tt_max64(w->now, next);
		deliver(w);
		for (int i = 0; i < 2; i++)
			if (!w->h[i].closed)
				tt_ice_tick(w->h[i].ice, w->now);
		settle(w);
		check(w);
		if (w->now >= end)
			return;
	}
}

#endif
