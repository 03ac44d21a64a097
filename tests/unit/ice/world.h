/* world.h - two ICE agents, their signaling, a NAT, a STUN server and an mDNS
 * responder, in the virtual time of support/sim.h. Used by the tests of this folder. */
#ifndef TAUT_TEST_ICE_WORLD_H
#define TAUT_TEST_ICE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice.h"
#include "ice/mdns.h"
#include "stun/stun.h"
#include "support/sim.h"

enum { MS = 1000, SEC = 1000000, SOCKETS = 24 };

struct host {
	struct tt_ice *ice;
	taut_flow next_flow, flow[SOCKETS];
	struct taut_addr addr[SOCKETS];
	size_t sockets;
	struct taut_interface iface[20];
	size_t ifaces;
	bool bind_fails, no_multicast, nat, mute; /* mute: what it sends is lost */
	taut_flow mdns;
	/* what it told */
	struct tt_ice_candidate candidate[TT_ICE_MAX_LOCAL];
	size_t candidates;
	bool gathering_done, first_check;
	int selected, states, errors;
	uint16_t error;
	enum tt_ice_state state;
	uint32_t reason;
	struct tt_ice_path path;
	enum tt_ice_type remote_type;
	taut_time connected_at, selected_at;
};

struct world {
	struct sim sim;
	taut_time start;
	struct host h[2];
	bool trickle;       /* candidates reach the other side at once */
	const char *name;   /* agent 1 hides its address behind this .local name */
	unsigned mdns_queries, server_requests, checks, packets;
	bool stun_server_down;
	/* Sees every packet before the network does; false: it is lost. */
	bool (*tap)(struct world *w, int from, struct tt_ice_out *out);
	int tap_state;
	uint8_t last[2][2048]; /* the newest packet each side sent, for replays */
	size_t last_len[2];
	struct tt_ice_out last_out[2];
};

static const struct taut_addr stun_server = { .family = 4, .port = 3478, .ip = { 192, 0, 2, 1 } };
static const struct taut_addr nat_outside = { .family = 4, .ip = { 203, 0, 113, 9 } };

static inline struct taut_addr ip(const char *text, uint16_t port)
{
	struct taut_addr a = { 0 };

	assert_true(tt_addr_parse_ip(&a, text, strlen(text)));
	a.port = port;
	return a;
}

static inline void world_iface(struct host *h, const char *text)
{
	struct taut_interface *f = &h->iface[h->ifaces++];

	*f = (struct taut_interface){ .size = sizeof *f, .name = "if", .addr = ip(text, 0) };
	f->flags = tt_addr_is_loopback(&f->addr) ? TAUT_IF_LOOPBACK : 0;
}

/* Agent 0 is controlling, unless told otherwise afterwards. */
static inline void world_init(struct world *w, uint64_t seed, const struct sim_link *link,
                              const struct tt_ice_server *servers, size_t n)
{
	static const struct sim_link calm = { .delay = 10 * MS };

	memset(w, 0, sizeof *w);
	sim_init(&w->sim, seed, link ? link : &calm);
	w->start = w->sim.now;
	w->trickle = true;
	for (int i = 0; i < 2; i++) {
		w->h[i].next_flow = 1;
		const struct tt_ice_config cfg = { .controlling = i == 0, .servers = servers,
			                           .server_count = n,
			                           .next_flow = &w->h[i].next_flow };
		assert_int_equal(tt_ice_new(&w->h[i].ice, &w->sim.env[i], &cfg, w->sim.now), 0);
	}
}

static inline void world_free(struct world *w)
{
	for (int i = 0; i < 2; i++)
		tt_ice_free(w->h[i].ice);
	sim_free(&w->sim);
	assert_int_equal(w->sim.env[0].memory, 0);
	assert_int_equal(w->sim.env[1].memory, 0);
}

static inline struct taut_addr outside(const struct taut_addr *inner)
{
	struct taut_addr a = nat_outside;

	a.port = (uint16_t)(inner->port + 10000);
	return a;
}

static inline void world_io(struct world *w, int i)
{
	struct host *h = &w->h[i];
	const struct taut_io *io;

	while ((io = tt_ice_poll_io(h->ice))) {
		struct taut_io copy = *io;
		if (copy.kind == TAUT_IO_UDP) {
			struct taut_addr found = copy.local;
			found.port = (uint16_t)(5000 + 100 * i + (int)copy.flow);
			assert_true(h->sockets < SOCKETS);
			if (!h->bind_fails) {
				h->flow[h->sockets] = copy.flow;
				h->addr[h->sockets++] = found;
			}
			assert_true(tt_ice_io_result(h->ice, w->sim.now, copy.flow,
			                             h->bind_fails ? 98 : 0, &found, 1));
		} else if (copy.kind == TAUT_IO_RESOLVE) {
			bool good = strcmp(copy.name, "stun.example") == 0;
			assert_true(tt_ice_io_result(h->ice, w->sim.now, copy.flow, good ? 0 : 2,
			                             &stun_server, good ? 1 : 0));
		} else if (copy.kind == TAUT_IO_MULTICAST) {
			h->mdns = copy.flow;
			assert_true(tt_ice_is_multicast(h->ice, copy.flow));
			tt_ice_io_result(h->ice, w->sim.now, copy.flow, h->no_multicast ? 19 : 0,
			                 NULL, 0);
		} else {
			for (size_t k = 0; k < h->sockets; k++)
				if (h->flow[k] == copy.flow)
					h->addr[k].family = 0;
		}
	}
}

static inline void world_signal(struct world *w, int from, const struct tt_ice_candidate *c)
{
	struct tt_ice_candidate copy = *c;

	if (from == 1 && w->name) {
		copy.name = w->name;
		copy.addr = (struct taut_addr){ .port = c->addr.port };
	}
	tt_ice_add_remote(w->h[1 - from].ice, w->sim.now, &copy);
}

static inline void world_events(struct world *w, int i)
{
	struct host *h = &w->h[i];
	const struct tt_ice_event *e;

	while ((e = tt_ice_poll_event(h->ice))) {
		switch (e->type) {
		case TT_ICE_EV_CANDIDATE:
			assert_true(h->candidates < TT_ICE_MAX_LOCAL);
			h->candidate[h->candidates] = e->candidate;
			h->candidate[h->candidates].ufrag = NULL;
			h->candidates++;
			if (w->trickle)
				world_signal(w, i, &e->candidate);
			break;
		case TT_ICE_EV_GATHERING_DONE:
			h->gathering_done = true;
			if (w->trickle)
				tt_ice_remote_end(w->h[1 - i].ice, w->sim.now);
			break;
		case TT_ICE_EV_FIRST_CHECK:
			h->first_check = true;
			break;
		case TT_ICE_EV_SERVER_ERROR:
			assert_non_null(e->why);
			h->errors++;
			h->error = e->code;
			break;
		case TT_ICE_EV_SELECTED:
			h->selected++;
			h->path = e->path;
			h->remote_type = e->remote_type;
			if (h->selected_at == 0)
				h->selected_at = w->sim.now;
			break;
		case TT_ICE_EV_STATE:
			h->states++;
			h->state = e->state;
			h->reason = e->reason;
			assert_non_null(e->why);
			if (e->state == TT_ICE_CONNECTED && h->connected_at == 0)
				h->connected_at = w->sim.now;
			break;
		}
	}
}

static inline void world_answer_server(struct world *w, int i, const struct tt_ice_out *out)
{
	struct tt_stun_msg m;
	uint8_t buf[128];
	struct wr wr = wr_make(buf, sizeof buf);
	struct taut_addr seen = w->h[i].nat ? outside(&out->local) : out->local;

	w->server_requests++;
	if (w->stun_server_down)
		return;
	assert_int_equal(tt_stun_read(&m, out->buf, out->len), TT_STUN_OK);
	tt_stun_begin(&wr, TT_STUN_SUCCESS, TT_STUN_BINDING, m.tid);
	tt_stun_put_addr(&wr, TT_STUN_XOR_MAPPED_ADDRESS, &seen);
	sim_send(&w->sim, i, buf, tt_stun_finish(&wr), &stun_server, &out->local);
}

/* Agent 1's own answer for its name, as Chromium sends it. */
static inline void world_answer_mdns(struct world *w, int i, const struct tt_ice_out *out)
{
	static const struct taut_addr from = { .family = 4, .port = 5353, .ip = { 10, 0, 0, 9 } };
	uint8_t buf[512];
	struct wr wr = wr_make(buf, sizeof buf);
	const struct taut_addr *a = &w->h[1].addr[0];
	uint16_t type = (uint16_t)(out->buf[out->len - 4] << 8 | out->buf[out->len - 3]);

	w->mdns_queries++;
	if (!w->name || type != (a->family == 4 ? TT_MDNS_A : TT_MDNS_AAAA))
		return;
	wr_u16(&wr, 0);
	wr_u16(&wr, 0x8400);
	wr_u16(&wr, 0);
	wr_u16(&wr, 1);
	wr_u32(&wr, 0);
	wr_bytes(&wr, out->buf + 12, out->len - 12 - 4); /* the name */
	wr_u16(&wr, type);
	wr_u16(&wr, 0x8001);
	wr_u32(&wr, 120);
	wr_u16(&wr, a->family == 4 ? 4 : 16);
	wr_bytes(&wr, a->ip, a->family == 4 ? 4 : 16);
	tt_ice_recv(w->h[i].ice, w->sim.now, out->flow, NULL, &from, buf, wr_len(&wr));
}

static inline void world_send(struct world *w, int i)
{
	struct host *h = &w->h[i];
	uint8_t buf[2048];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };

	for (int n = 0; tt_ice_poll_send(h->ice, w->sim.now, &out); n++) {
		assert_true(n < 200); /* polls end */
		assert_true(out.len > 0 && out.len <= 548);
		w->packets++;
		memcpy(w->last[i], buf, out.len);
		w->last_len[i] = out.len;
		w->last_out[i] = out;
		if (h->mute || (w->tap && !w->tap(w, i, &out)))
			continue;
		if (out.remote.family == 4 && out.remote.ip[0] == 224) {
			world_answer_mdns(w, i, &out);
			continue;
		}
		if (tt_addr_eq(&out.remote, &stun_server)) {
			world_answer_server(w, i, &out);
			continue;
		}
		w->checks += (buf[0] == 0 && buf[1] == 1);
		struct taut_addr seen = h->nat ? outside(&out.local) : out.local;
		sim_send(&w->sim, 1 - i, buf, out.len, &seen, &out.remote);
	}
}

static inline void world_deliver(struct world *w)
{
	struct sim_packet *p;

	while ((p = sim_take(&w->sim))) {
		struct host *h = &w->h[p->to];
		struct taut_addr to = p->local;
		if (h->nat && tt_addr_eq_ip(&to, &nat_outside)) /* the server's answers go direct */
			for (size_t k = 0; k < h->sockets; k++)
				if (outside(&h->addr[k]).port == to.port)
					to = h->addr[k];
		for (size_t k = 0; k < h->sockets; k++)
			if (tt_addr_eq(&h->addr[k], &to)) {
				tt_ice_recv(h->ice, w->sim.now, h->flow[k], &to, &p->remote,
				            p->data, p->len);
				break;
			}
		free(p);
	}
}

static inline void world_settle(struct world *w)
{
	for (int round = 0; round < 6; round++)
		for (int i = 0; i < 2; i++) {
			world_io(w, i);
			world_events(w, i);
			world_send(w, i);
		}
}

/* Until virtual time end, or until done says so. */
static inline void world_run_until(struct world *w, taut_time end, bool (*done)(struct world *))
{
	unsigned steps = 0, same = 0;
	taut_time before = w->sim.now;

	world_settle(w);
	while (!(done && done(w))) {
		taut_time at = sim_next(&w->sim);
		for (int i = 0; i < 2; i++)
			at = tt_min64(at, tt_ice_deadline(w->h[i].ice, NULL));
		if (at > end) {
			w->sim.now = end;
			break;
		}
		w->sim.now = tt_max64(at, w->sim.now);
		same = w->sim.now == before ? same + 1 : 0;
		before = w->sim.now;
		assert_true(same < 50); /* no timer spins */
		assert_true(++steps < 200000);
		world_deliver(w);
		for (int i = 0; i < 2; i++)
			tt_ice_tick(w->h[i].ice, w->sim.now);
		world_settle(w);
	}
}

static inline void world_run(struct world *w, taut_time us)
{
	world_run_until(w, w->sim.now + us, NULL);
}

static inline bool world_both_selected(struct world *w)
{
	return w->h[0].selected && w->h[1].selected;
}

static inline void world_credentials(struct world *w, int to)
{
	struct tt_ice *other = w->h[1 - to].ice;

	assert_int_equal(tt_ice_set_remote(w->h[to].ice, w->sim.now, tt_ice_local_ufrag(other),
	                                   tt_ice_local_pwd(other), false),
	                 TAUT_OK);
}

static inline void world_gather(struct world *w, int i)
{
	tt_ice_set_interfaces(w->h[i].ice, w->sim.now, w->h[i].iface, w->h[i].ifaces);
	tt_ice_gather(w->h[i].ice, w->sim.now);
}

/* Both know each other and gather. */
static inline void world_begin(struct world *w)
{
	for (int i = 0; i < 2; i++)
		world_credentials(w, i);
	for (int i = 0; i < 2; i++)
		world_gather(w, i);
}

static inline bool world_can_send(struct world *w, int i)
{
	struct tt_ice_path p;

	return tt_ice_selected(w->h[i].ice, w->sim.now, &p);
}

static inline void assert_paths_meet(struct world *w)
{
	struct tt_ice_path a, b;

	assert_true(tt_ice_selected(w->h[0].ice, w->sim.now, &a));
	assert_true(tt_ice_selected(w->h[1].ice, w->sim.now, &b));
	assert_true(tt_addr_eq(&a.local, &b.remote));
	assert_true(tt_addr_eq(&a.remote, &b.local));
	assert_true(tt_ice_may_recv(w->h[0].ice, a.flow, &a.remote));
	assert_true(tt_ice_may_recv(w->h[1].ice, b.flow, &b.remote));
}

#endif
