/* world_peer_io.c - what a connection asks its host for: sockets, names, multicast, and sending. */
#include "world/world_peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_peer_int.h"

enum { EADDR = 99, ENAME = 2, ELATE = 110 }; /* of Linux: EADDRNOTAVAIL, ENOENT, ETIMEDOUT */

void world_peer_knows(struct world_peer *p, const char *name, const struct taut_addr *addrs,
		      size_t n)
{
	if (p->name_count == WORLD_PEER_NAMES || n > TT_COUNT(p->names[0].addrs))
		abort();
	p->names[p->name_count].name = name;
	p->names[p->name_count].count = n;
	memcpy(p->names[p->name_count++].addrs, addrs, n * sizeof *addrs);
}

/* ---- what it asks for ---- */

int world_peer_free_flow(struct world_peer *p)
{
	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (p->flows[i].flow == 0)
			return i;
	world_fail(p->world, "%s: wants more than %d sockets", p->cfg.name, WORLD_PEER_FLOWS);
	return -1;
}

static bool has_address(const struct world_peer *p, const struct taut_addr *ip)
{
	for (int i = 0; i < p->world->iface_count; i++)
		if (p->world->ifaces[i].host == p->host && p->world->ifaces[i].up &&
		    tt_addr_eq_ip(&p->world->ifaces[i].addr, ip))
			return true;
	return false;
}

bool world_peer_shares(const struct world_peer *p, int flow)
{
	const struct world_peer_flow *f = &p->flows[flow];

	return p->cfg.share && !f->multicast && !f->is_stream &&
	       f->addr.port == world_share_port(p->cfg.share);
}

static bool has_socket(const struct world_peer *p, const struct taut_addr *ip)
{
	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (p->flows[i].flow && !p->flows[i].is_stream && !p->flows[i].multicast &&
		    tt_addr_eq_ip(&p->flows[i].addr, ip))
			return true;
	return false;
}

static void open_socket(struct world_peer *p, const struct taut_io *io)
{
	struct taut_addr bound = io->local;
	taut_flow flow = io->flow;
	bool multicast = io->kind == TAUT_IO_MULTICAST;
	int i = world_peer_free_flow(p);

	p->sockets_asked++;
	if (i < 0 || (p->cfg.sockets > 0 && p->sockets_asked > p->cfg.sockets) ||
	    (multicast ? p->cfg.no_multicast : !has_address(p, &bound))) {
		taut_pc_io_result(p->pc, p->world->now, flow, EADDR, NULL, 0);
		return;
	}
	if (!multicast && bound.port == 0)
		bound.port = p->cfg.share && !has_socket(p, &bound) ? world_share_port(p->cfg.share)
								    : p->next_port++;
	p->flows[i] =
		(struct world_peer_flow){ .flow = flow, .addr = bound, .multicast = multicast };
	p->world->hosts[p->host].multicast |= multicast;
	taut_pc_io_result(p->pc, p->world->now, flow, 0, &bound, 1);
}

static void open_stream(struct world_peer *p, const struct taut_io *io)
{
	const int i = world_peer_free_flow(p);

	if (i >= 0 && io->kind == TAUT_IO_LISTEN)
		world_peer_listen(p, &p->flows[i], io);
	else if (i >= 0)
		world_peer_connect(p, &p->flows[i], io);
	else
		taut_pc_io_result(p->pc, p->world->now, io->flow, EADDR, NULL, 0);
}

static void close_socket(struct world_peer *p, taut_flow flow)
{
	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (p->flows[i].flow == flow) {
			if (world_peer_shares(p, i))
				world_share_leave(p->cfg.share, p, i);
			world_peer_disconnect(&p->flows[i]);
		}
}

/* number: the flow, and above it which name; WORLD_PEER_NAMES: one that nobody knows. */
static void name_resolved(void *arg, uint64_t number)
{
	struct world_peer *p = arg;
	size_t name = (size_t)(number >> 32);

	if (!p->pc)
		return;
	if (name == WORLD_PEER_NAMES)
		taut_pc_io_result(p->pc, p->world->now, (taut_flow)number, ENAME, NULL, 0);
	else
		taut_pc_io_result(p->pc, p->world->now, (taut_flow)number, 0, p->names[name].addrs,
				  p->names[name].count);
	world_peer_pump(p);
}

/* Above the flow of a question for SRV records. */
#define ASKED_SRV (UINT64_C(1) << 63)

static void srv_resolved(struct world_peer *p, taut_flow flow, int os_errno,
			 const struct world_answer *answer)
{
	struct taut_srv all[WORLD_DNS_ANSWERS];

	for (size_t i = 0; i < answer->srv_count; i++)
		all[i] = (struct taut_srv){ .priority = answer->srvs[i].priority,
					    .weight = answer->srvs[i].weight,
					    .port = answer->srvs[i].port,
					    .target = answer->srvs[i].target };
	taut_pc_srv_result(p->pc, p->world->now, flow, os_errno, all, answer->srv_count);
	world_peer_pump(p);
}

void world_peer_resolved(void *user, uint64_t flow, const struct world_answer *answer)
{
	static const int errors[] = {
		[WORLD_FOUND] = 0, [WORLD_NO_NAME] = ENAME, [WORLD_NO_ANSWER] = ELATE
	};
	struct world_peer *p = user;

	if (!p->pc)
		return;
	if (flow & ASKED_SRV) {
		srv_resolved(p, (taut_flow)flow, errors[answer->result], answer);
		return;
	}
	taut_pc_io_result(p->pc, p->world->now, (taut_flow)flow, errors[answer->result],
			  answer->addrs, answer->addr_count);
	world_peer_pump(p);
}

/* Without a DNS server as with a driver that does not know of such records. */
static void resolve_srv(struct world_peer *p, const struct taut_io *io)
{
	if (p->cfg.dns.family == 0 ||
	    !world_resolve_srv(&p->resolver, io->name, ASKED_SRV | io->flow))
		taut_pc_io_result(p->pc, p->world->now, io->flow, ENAME, NULL, 0);
}

static void resolve(struct world_peer *p, const struct taut_io *io)
{
	uint64_t name = WORLD_PEER_NAMES;

	if (p->cfg.dns.family != 0) {
		if (!world_resolve(&p->resolver, io->name, io->flow))
			taut_pc_io_result(p->pc, p->world->now, io->flow, ENAME, NULL, 0);
		return;
	}
	for (size_t i = 0; i < p->name_count; i++)
		if (strcmp(p->names[i].name, io->name) == 0)
			name = i;
	world_at(p->world, p->world->now + p->cfg.dns_delay, name_resolved, p,
		 name << 32 | io->flow);
}

void world_peer_answer(struct world_peer *p, const struct taut_io *io)
{
	if (io->kind == TAUT_IO_UDP || io->kind == TAUT_IO_MULTICAST)
		open_socket(p, io);
	else if (io->kind == TAUT_IO_TCP || io->kind == TAUT_IO_TLS || io->kind == TAUT_IO_LISTEN)
		open_stream(p, io);
	else if (io->kind == TAUT_IO_CLOSE)
		close_socket(p, io->flow);
	else if (io->kind == TAUT_IO_RESOLVE_SRV)
		resolve_srv(p, io);
	else
		resolve(p, io);
}

/* ---- packets ---- */

static int flow_at(const struct world_peer *p, taut_flow flow)
{
	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (flow != 0 && p->flows[i].flow == flow)
			return i;
	return -1;
}

static void send_multicast(struct world_peer *p, const struct taut_addr *to, const uint8_t *data,
			   size_t len)
{
	for (int i = 0; i < p->world->iface_count; i++) {
		const struct world_iface *f = &p->world->ifaces[i];
		struct taut_addr from = f->addr;
		from.port = to->port;
		if (f->host == p->host && f->up && from.family == to->family)
			world_send(p->world, p->host, &from, to, data, len);
	}
}

/* From a multicast socket to one host: the routing table says which address it comes from. */
static void send_from_group(struct world_peer *p, const struct taut_datagram *d, int flow,
			    const uint8_t *data, size_t len)
{
	for (int i = 0; i < p->world->iface_count; i++) {
		struct taut_addr from = p->world->ifaces[i].addr;
		from.port = p->flows[flow].addr.port;
		if (p->world->ifaces[i].host == p->host && p->world->ifaces[i].up &&
		    world_send(p->world, p->host, &from, &d->remote, data, len) == 0)
			return;
	}
}

static bool uses_gcm(const struct world_peer *p)
{
	struct taut_counters c = { .size = sizeof c };

	taut_pc_get_counters(p->pc, &c);
	return c.srtp_profile && strstr(c.srtp_profile, "GCM");
}

static void send_one(struct world_peer *p, const struct taut_datagram *d, int flow,
		     const uint8_t *data, size_t len)
{
	p->datagrams_out++;
	p->bytes_out += len;
	if (p->flows[flow].multicast && !tt_addr_eq(&d->remote, &p->flows[flow].addr)) {
		send_from_group(p, d, flow, data, len);
		return;
	}
	if (p->flows[flow].multicast) {
		send_multicast(p, &d->remote, data, len);
		return;
	}
	const size_t head =
		p->flows[flow].is_stream ? world_peer_head(&p->flows[flow], data, len) : 0;
	world_watch_out(&p->watch, d->flow, &d->remote, data + head, len - head,
			data[head] >= 128 && uses_gcm(p));
	if (world_peer_shares(p, flow))
		world_share_sent(p->cfg.share, p, flow, &d->remote, data, len);
	if (p->cfg.lets && !p->cfg.lets(p, data, len))
		return;
	if (p->flows[flow].is_stream) {
		struct taut_datagram one = *d;
		one.buf = (uint8_t *)(uintptr_t)data;
		one.len = len;
		world_peer_write(&p->flows[flow], &one);
		return;
	}
	if (world_send(p->world, p->host, &p->flows[flow].addr, &d->remote, data, len) != 0)
		taut_pc_send_failed(p->pc, p->world->now, d, EADDR);
}

void world_peer_send(struct world_peer *p, const struct taut_datagram *d)
{
	size_t step = d->segment ? d->segment : d->len;
	int flow = flow_at(p, d->flow);

	if (d->len == 0 || flow < 0) {
		world_fail(p->world, "%s: sends %zu bytes over a socket it %s", p->cfg.name, d->len,
			   flow < 0 ? "has not" : "has");
		return;
	}
	if (d->dont_fragment && d->segment)
		world_fail(p->world, "%s: a run that must not be fragmented", p->cfg.name);
	p->whole += d->dont_fragment != 0;
	for (size_t at = 0; at < d->len; at += step)
		send_one(p, d, flow, d->buf + at, d->len - at < step ? d->len - at : step);
}
