/* layers: ice stun base */
/* fuzz_ice.c - two ICE agents, the link between them, and somebody who meddles.
 *
 * The input says how time passes and which packets the link loses, calls both agents as signaling
 * does (and as it should not), and gives them packets of its own: checks and answers with the
 * right credentials, what was seen before, once more or damaged, and any bytes. After each:
 * polls end, deadlines lie ahead, a request is sent at most 7 times (RFC 8489 section 6.2.1),
 * nobody sends without an answer of the last 30 s (RFC 7675 section 5.1), and what is refused
 * changes nothing.
 *
 * The first byte says as well what there is beside UDP between the two: a TURN server (turn_server.h), reached
 * over UDP, TCP or TLS, found by SRV records, or alone allowed; connections over TCP; or one of the agents
 * is lite. Then the input may have the server refuse or be silent, end connections, knock at what listens,
 * give octets to a stream, and have data sent. */
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
	OPERATIONS = 48,
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

static struct connection *connection_of(struct world *w, int i, taut_flow flow)
{
	for (size_t k = 0; k < CONNECTIONS; k++)
		if (w->connection[k].used && w->connection[k].flow[i] == flow)
			return &w->connection[k];
	return NULL;
}

/* As from the connection, which tells an agent that it has closed nothing more. */
static void io_result(struct world *w, int i, taut_flow flow, int os_errno,
		      const struct taut_addr *found, size_t n)
{
	if (!w->h[i].closed)
		tt_ice_io_result(w->h[i].ice, w->now, flow, os_errno, found, n);
}

/* The other end hears of it. */
static void disconnect(struct world *w, int i, taut_flow flow)
{
	struct connection *c = connection_of(w, i, flow);

	if (!c)
		return;
	c->used = false;
	if (c->flow[1 - i])
		io_result(w, 1 - i, c->flow[1 - i], RESET, NULL, 0);
}

static void keep_connection(struct world *w, const struct connection *c)
{
	for (size_t k = 0; k < CONNECTIONS; k++)
		if (!w->connection[k].used) {
			w->connection[k] = *c;
			return;
		}
}

/* From i, whose own flow may be 0, to what listens at the other agent. False: nobody takes it. */
static bool knock(struct world *w, int i, taut_flow own, const struct taut_addr *from,
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

static void connect_it(struct world *w, int i, const struct taut_io *io)
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

static void listen_at(struct world *w, int i, const struct taut_io *io)
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

static void closed(struct world *w, int i, taut_flow flow)
{
	disconnect(w, i, flow);
	for (size_t k = 0; k < LISTENERS; k++)
		if (w->h[i].listener[k].flow == flow)
			w->h[i].listener[k].flow = 0;
}

/* ---- the agents and what they ask for ---- */

static void answer_io(struct world *w, int i)
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

static void take_events(struct world *w, int i)
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
static void count_request(struct host *h, const struct packet *p)
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

static bool lost(struct world *w, int to)
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

static void carry(struct world *w, const struct packet *p)
{
	for (int k = 0; k < LINK; k++)
		if (w->link[k].at == 0) {
			w->link[k] = *p;
			return;
		}
}

static void leave(struct world *w, struct packet *p)
{
	p->at = w->now + DELAY;
	if (p->len > 0 && p->len <= sizeof p->data && !lost(w, p->to))
		carry(w, p);
}

/* The server hands on what was relayed, from there. */
static void relayed(struct world *w, int from, const struct taut_addr *seen,
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

static void serve(struct world *w, int i, const struct tt_ice_out *o)
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
static void route(struct world *w, int i, const struct tt_ice_out *o)
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

static void take_packets(struct world *w, int i)
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

static void settle(struct world *w)
{
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 2; i++) {
			answer_io(w, i);
			take_events(w, i);
			take_packets(w, i);
		}
}

static void check(const struct world *w)
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
static struct tt_ice remembered(const struct tt_ice *ice)
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

static uint64_t absorb(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static uint64_t digest(const struct ice_gen *g)
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
static void give_one(struct world *w, const struct packet *p, taut_flow flow, const uint8_t *data,
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
static void give_stream(struct world *w, const struct packet *p, taut_flow flow)
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

static void give(struct world *w, const struct packet *p)
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

static void deliver(struct world *w)
{
	for (int k = 0; k < LINK; k++)
		if (w->link[k].at != 0 && w->link[k].at <= w->now) {
			const struct packet p = w->link[k];
			w->link[k].at = 0;
			give(w, &p);
			settle(w);
		}
}

static void run(struct world *w, taut_time how_long)
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

/* ---- what the input may do ---- */

static void call_exchange(struct world *w, int i)
{
	struct tt_ice *other = w->h[1 - i].ice;

	tt_ice_set_remote(w->h[i].ice, w->now, tt_ice_local_ufrag(other), tt_ice_local_pwd(other),
			  w->h[1 - i].lite);
	tt_ice_gather(w->h[i].ice, w->now);
	tt_ice_add_remote(w->h[i].ice, w->now, &w->h[1 - i].told);
}

/* The server is silent, or refuses the next request. */
static void set_turn(struct world *w, uint8_t how)
{
	static const uint16_t codes[] = { 300, 400, 401, 403, 437, 438, 442, 443, 486, 508, 500 };

	w->turn.silent = how & 128;
	w->turn.error = codes[how % TT_COUNT(codes)];
}

static void end_connection(struct world *w, int i, uint8_t how)
{
	struct connection *c = &w->connection[how % CONNECTIONS];
	const taut_flow flow = c->flow[i];

	if (how & 128) { /* that to the TURN server */
		if (tt_ice_is_stream(w->h[i].ice, how & 127u) && !connection_of(w, i, how & 127u))
			io_result(w, i, how & 127u, RESET, NULL, 0);
	} else if (c->used) {
		disconnect(w, i, flow);
		if (flow)
			io_result(w, i, flow, RESET, NULL, 0);
	}
}

static void send_data(struct world *w, int i, uint8_t len)
{
	static const uint8_t data[256] = { 23 };
	struct tt_ice *ice = w->h[i].ice;
	struct tt_ice_path path;
	uint8_t buf[512];

	if (!tt_ice_selected(ice, w->now, &path))
		return;
	memcpy(buf + path.head, data, len);
	const size_t n = tt_ice_wrap(ice, &path, buf, len, sizeof buf);
	FUZZ_CHECK(n <= path.head + len + 4u && (n == 0 || n >= len), "and a head, and padding");
	if (n == 0)
		return;
	tt_ice_sent_data(ice, w->now, 1, len);
	route(w, i, &(struct tt_ice_out){ path.flow, path.local, path.remote, buf, sizeof buf, n });
}

static void call_more(struct world *w, int i, uint8_t what, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	const struct host *other = &w->h[1 - i];

	switch (what) {
	case 10:
		set_turn(w, how);
		break;
	case 11:
		end_connection(w, i, how);
		break;
	case 12:
		(void)knock(w, i, 0, &stranger, &other->listener[how % LISTENERS].addr);
		break;
	case 13:
		w->refuses = how;
		break;
	case 14:
		send_data(w, i, how);
		break;
	default:
		if (how >= 250) {
			tt_ice_close(w->h[i].ice, w->now);
			take_packets(w, i); /* a last word to each server */
			w->h[i].closed = true;
		}
	}
}

static void call(struct world *w, int i, struct rd *in)
{
	struct tt_ice *ice = w->h[i].ice;
	const uint8_t how = rd_u8(in);
	struct tt_ice_candidate c = { .component = 1,
				      .foundation = "1",
				      .priority = how,
				      .addr = {
					      .family = 4, .port = how, .ip = { 10, 0, 0, how } } };

	if (w->kind && how % 16 >= 10) {
		call_more(w, i, how % 16, in);
		return;
	}
	switch (w->kind ? how % 16 : how % 10) {
	case 0:
		tt_ice_restart(ice, w->now);
		break;
	case 1:
		tt_ice_restart_undo(ice, w->now);
		break;
	case 2:
		for (int k = 0; k < 2; k++)
			call_exchange(w, k);
		break;
	case 3:
		call_exchange(w, i);
		break;
	case 4:
		tt_ice_remote_end(ice, w->now);
		break;
	case 5:
		tt_ice_set_interfaces(ice, w->now, faces[i] + how / 10 % 2, 1 + how / 20 % 2);
		tt_ice_gather(ice, w->now);
		break;
	case 6:
		tt_ice_set_role(ice, w->now, how & 16);
		break;
	case 7:
		c.addr = how & 16 ? w->h[1 - i].addr[how / 32] : c.addr;
		tt_ice_add_remote(ice, w->now, &c);
		break;
	case 8:
		c.name = how & 16 ? "1f4712db-ea17-4bcf-a596-105139dfd8bf.local" : NULL;
		c.addr.family = how & 16 ? 0 : 6;
		tt_ice_add_remote(ice, w->now, &c);
		break;
	default:
		tt_ice_set_remote(ice, w->now, "abcd", "0123456789012345678901", how & 16);
	}
}

/* A Binding message as the other agent might write it, with the right key or without any. */
static void forge(struct world *w, struct packet *p, struct rd *in)
{
	const struct host *h = &w->h[p->to];
	const struct ice_gen *g = rd_u8(in) % 4 || !h->ice->prev ? h->ice->cur : h->ice->prev;
	const uint8_t what = rd_u8(in), how = rd_u8(in);
	const enum tt_stun_class cls = what & 3;
	const bool answer = cls == TT_STUN_SUCCESS || cls == TT_STUN_ERROR;
	const struct tt_stun_key *key = answer ? &g->remote_key : &g->local_key;
	uint8_t tid[TT_STUN_TID_LEN] = { what, how };
	char user[2 * TT_ICE_UFRAG_CAP];
	struct wr out = wr_make(p->data, sizeof p->data);

	if (answer && h->tid_count)
		memcpy(tid, h->tids[(h->tid_at - 1 - how % 4) % TIDS % h->tid_count], sizeof tid);
	tt_stun_begin(&out, cls, TT_STUN_BINDING, tid);
	const int n = snprintf(user, sizeof user, "%s:%s", g->ufrag,
			       g->has_remote ? g->remote_ufrag : "abcd");
	if (!answer && !(what & 4))
		tt_stun_put(&out, TT_STUN_USERNAME, user, (size_t)n);
	if (!answer && !(what & 8))
		tt_stun_put_u32(&out, TT_STUN_PRIORITY, how * 0x1010101u);
	if (!answer && how & 1)
		tt_stun_put(&out, TT_STUN_USE_CANDIDATE, NULL, 0);
	if (!answer && how & 6)
		tt_stun_put_u64(&out, how & 2 ? TT_STUN_ICE_CONTROLLED : TT_STUN_ICE_CONTROLLING,
				how & 8 ? UINT64_MAX : 0);
	if (cls == TT_STUN_SUCCESS && !(what & 16))
		tt_stun_put_addr(&out, TT_STUN_XOR_MAPPED_ADDRESS,
				 how & 16 ? &stranger : &p->local);
	if (cls == TT_STUN_ERROR)
		tt_stun_put_error(&out, how & 16 ? 487 : how & 32 ? 403 : 400, "no");
	if (what & 32)
		tt_stun_put(&out, how, user, what >> 6);
	if (key->strong && !(what & 64))
		tt_stun_put_integrity(&out, key);
	if (!(what & 128))
		tt_stun_put_fingerprint(&out);
	p->len = tt_stun_finish(&out);
}

/* To a stream: whole, as a frame of the peer, or any octets; or relayed, from wherever it likes. */
static void to_stream(struct world *w, struct packet *p, struct rd *in)
{
	const uint8_t how = rd_u8(in), flow = rd_u8(in);
	const struct connection *c = &w->connection[flow % CONNECTIONS];
	struct packet inner = { .to = p->to };
	struct wr out = wr_make(p->data, sizeof p->data);

	p->flow = how & 1 ? flow : c->used && c->flow[p->to] ? c->flow[p->to] : flow;
	if (how & 2) {
		forge(w, &inner, in);
	} else {
		inner.len = fuzz_bytes(in, rd_u8(in), inner.data);
	}
	if (how & 4) {
		p->remote = turn_addr;
		p->len = turn_wrap(&w->turn, (struct turn_who){ p->to, p->flow },
				   how & 8 ? &stranger : &w->h[1 - p->to].addr[0],
				   (struct span){ inner.data, inner.len }, p->data, sizeof p->data);
		return;
	}
	if (how & 16)
		wr_u16(&out, (uint16_t)(inner.len + (how >> 5)));
	wr_bytes(&out, inner.data, inner.len);
	p->len = wr_len(&out);
}

static void inject(struct world *w, int i, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	struct packet p = { .to = i };
	const struct host *h = &w->h[i], *other = &w->h[1 - i];

	p.local = h->addr[how % SOCKETS % (h->sockets ? h->sockets : 1) % SOCKETS];
	p.remote = how & 16 ? stranger : other->addr[(how >> 5) % SOCKETS];
	if (p.local.family == 0)
		p.local = h->addr[0];
	switch (rd_u8(in) % (w->kind ? 6 : 4)) {
	case 0:
		forge(w, &p, in);
		break;
	case 1: /* again, perhaps from elsewhere, perhaps its own back */
		p = w->h[how & 1].seen[rd_u8(in) % SEEN];
		p.to = i;
		break;
	case 2:
		p = w->h[1 - i].seen[rd_u8(in) % SEEN];
		p.to = i;
		if (p.len > 0)
			p.data[rd_u8(in) % p.len] ^= rd_u8(in);
		p.remote = how & 16 ? stranger : p.remote;
		break;
	case 3:
		p.len = fuzz_bytes(in, fuzz_pick(in, PACKET), p.data);
		break;
	default:
		to_stream(w, &p, in);
	}
	if (!tt_ice_is_multicast(h->ice, h->flow[0]))
		give(w, &p);
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const int i = what >> 7;
	static const taut_time spans[8] = { 50 * FUZZ_MS,     500 * FUZZ_MS,   FUZZ_SECOND,
					    2 * FUZZ_SECOND,  6 * FUZZ_SECOND, 12 * FUZZ_SECOND,
					    31 * FUZZ_SECOND, 70 * FUZZ_SECOND };

	switch (what & 7) {
	case 0:
	case 1:
		w->loss = rd_u8(in);
		run(w, spans[(what >> 3) & 7]);
		return;
	case 2: /* a process that was not run for a while */
		w->now += spans[(what >> 3) & 7];
		break;
	case 3:
	case 4:
		if (!w->h[0].closed && !w->h[1].closed)
			call(w, i, in);
		break;
	default:
		inject(w, i, in);
	}
	/* Whatever was done, time is told before the deadline is asked for. */
	for (int k = 0; k < 2; k++)
		if (!w->h[k].closed)
			tt_ice_tick(w->h[k].ice, w->now);
	settle(w);
	check(w);
}

static size_t servers_of(enum kind kind, bool stun, struct tt_ice_server out[2])
{
	const enum tt_ice_transport transport = kind == TURN_TCP       ? TT_ICE_TCP
						: kind == TURN_TLS_SRV ? TT_ICE_TLS
								       : TT_ICE_UDP;
	size_t n = 0;

	if (kind != PLAIN && kind != TCP && kind != LITE)
		out[n++] = (struct tt_ice_server){ .host = "turn.example",
						   .port = TURN_PORT,
						   .transport = transport,
						   .user = "u",
						   .password = "p",
						   .srv = kind == TURN_TLS_SRV };
	if (stun)
		out[n++] = (struct tt_ice_server){ .host = "stun.example" };
	return n;
}

static void begin(struct world *w, uint8_t how)
{
	struct tt_ice_server servers[2];

	w->now = FUZZ_SECOND;
	w->kind = how >> 5;
	const size_t count = servers_of(w->kind, how & 2, servers);
	for (int i = 0; i < 2; i++) {
		struct host *h = &w->h[i];
		h->lite = w->kind == LITE && i == 1;
		const struct tt_ice_config cfg = {
			.controlling = i == 0 || how & 1,
			.relay_only = w->kind == RELAY_ONLY && i == 0,
			.lite = h->lite,
			.tcp = w->kind == TCP || w->kind == TURN_AND_TCP
				       ? TT_ICE_TCP_CONNECTS | TT_ICE_TCP_LISTENS
				       : 0,
			.servers = servers,
			.server_count = h->lite ? 0 : count,
			.next_flow = &h->next_flow,
		};
		h->next_flow = 1;
		h->answered = -60 * (taut_time)FUZZ_SECOND;
		fuzz_env_begin(&h->env, (uint64_t)i + 1);
		if (tt_ice_new(&h->ice, &h->env.env, &cfg, w->now) != TAUT_OK)
			abort();
		tt_ice_set_interfaces(h->ice, w->now, faces[i], 1 + (how >> 2 & 1));
		if (how & 8)
			tt_ice_gather(h->ice, w->now);
	}
	if (!(how & 16))
		return;
	for (int i = 0; i < 2; i++)
		call_exchange(w, i);
	run(w, FUZZ_SECOND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);

	memset(&w, 0, sizeof w);
	begin(&w, rd_u8(&in) ^ 24); /* mostly two that know each other and have met */
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	for (int i = 0; i < 2; i++) {
		struct tt_ice_why why;

		for (size_t k = 0; tt_ice_why(w.h[i].ice, k, &why); k++)
			FUZZ_CHECK(why.about && why.code && why.text[0], "there is a reason");
		tt_ice_free(w.h[i].ice);
		fuzz_env_end(&w.h[i].env);
	}
	return 0;
}
