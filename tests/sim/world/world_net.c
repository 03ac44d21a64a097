/* world_net.c - the way of a packet: out over a wire, through NATs, in over a wire.
 *
 * A packet crosses the sender's wire, then stands in the sender's network at
 * once, passes NATs upward and downward without delay, and crosses the
 * receiver's wire. */
#include "world/world_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "base/rd.h"
#include "world/world_dns.h"
#include "world/world_servers.h"
#include "world/world_tcp_int.h"

enum { HOPS = 12 };

static struct world_packet *make_packet(const struct taut_addr *from, const struct taut_addr *to,
					const void *data, size_t len)
{
	struct world_packet *p = malloc(sizeof *p + len);

	if (!p)
		abort();
	*p = (struct world_packet){ .from = *from, .to = *to, .refs = 1, .ttl = HOPS, .len = len };
	memcpy(p->data, data, len);
	return p;
}

void world_packet_drop(struct world_packet *p)
{
	if (p && --p->refs == 0)
		free(p);
}

void world_iface_flush(struct world_iface *f)
{
	for (size_t i = 0; i < TT_COUNT(f->held); i++) {
		world_packet_drop(f->held[i]);
		f->held[i] = NULL;
	}
}

/* ---- over a wire ---- */

static bool is_dns(const struct world_packet *p)
{
	return p->to.port == WORLD_DNS_PORT || p->from.port == WORLD_DNS_PORT ||
	       p->to.port == WORLD_MDNS_PORT;
}

/* Not TCP, which has a checksum of its own, nor DNS, nor a DTLS record of epoch 0, which is in
 * the clear (RFC 6347 section 4.1). */
static bool shows_damage(const struct world_packet *p)
{
	struct rd r = rd_make(p->data, p->len);
	const uint8_t type = rd_u8(&r);
	const bool dtls = type >= 20 && type <= 63;

	rd_take(&r, 2); /* the version */
	return !p->tcp && !is_dns(p) && (!dtls || rd_u16(&r) != 0);
}

static void flip_bits(struct world_random *r, struct world_packet *p)
{
	for (int64_t n = world_between(r, 1, 3); n > 0; n--) {
		const uint8_t bit = (uint8_t)(1u << world_draw(r) % 8);
		p->data[world_draw(r) % p->len] ^= bit;
	}
}

/* Others have passed: what waited for them may follow. */
static void release_held(struct world *w, struct world_iface *f, bool out)
{
	const struct world_link *l = out ? &f->out : &f->in;

	for (size_t i = 0; i < TT_COUNT(f->held); i++) {
		if (!f->held[i] || f->held_out[i] != out || --f->held_for[i] > 0)
			continue;
		world_push(w,
			   &(struct world_event){ .at = tt_max64(w->now + l->cfg.delay, l->last_at),
						  .packet = f->held[i],
						  .arrived = !out });
		f->held[i] = NULL;
	}
}

static void hold(struct world_iface *f, struct world_packet *p, bool out, unsigned behind)
{
	for (size_t i = 0; i < TT_COUNT(f->held); i++) {
		if (f->held[i])
			continue;
		f->held[i] = p;
		f->held_for[i] = behind;
		f->held_out[i] = out;
		p->refs++;
		return;
	}
}

static void cross(struct world *w, int iface, bool out, const struct world_packet *p)
{
	struct world_iface *f = &w->ifaces[iface];
	struct world_link *l = out ? &f->out : &f->in;
	struct world_link_copy copies[WORLD_LINK_COPIES];
	size_t n = world_link_offer(l, &w->random, w->now, p->len, shows_damage(p), copies);

	for (size_t i = 0; i < n; i++) {
		struct world_packet *q = make_packet(&p->from, &p->to, p->data, copies[i].len);
		q->ttl = p->ttl;
		q->tcp = p->tcp;
		q->iface = iface;
		if (copies[i].flip)
			flip_bits(&w->random, q);
		if (copies[i].behind > 0)
			hold(f, q, out, copies[i].behind + 1); /* itself does not count */
		world_push(w, &(struct world_event){ .at = copies[i].at + (copies[i].behind > 0
										   ? WORLD_LINK_HOLD
										   : 0),
						     .packet = q,
						     .arrived = !out });
	}
	release_held(w, f, out);
}

/* ---- through the networks ---- */

static int iface_in(const struct world *w, int net, const struct taut_addr *ip)
{
	for (int i = 0; i < w->iface_count; i++)
		if (w->ifaces[i].net == net && w->ifaces[i].up &&
		    tt_addr_eq_ip(&w->ifaces[i].addr, ip))
			return i;
	return -1;
}

/* IPv6 is routed as it stands: is the address somewhere below net? */
static bool lives_below(const struct world *w, int net, const struct taut_addr *ip)
{
	if (iface_in(w, net, ip) >= 0)
		return true;
	for (int c = 0; c < w->net_count; c++)
		if (w->nets[c].parent == net && lives_below(w, c, ip))
			return true;
	return false;
}

static void route(struct world *w, int net, struct world_packet *p);

static struct world_nat *gate_of(const struct world_net *n, const struct world_packet *p)
{
	if (p->to.family == 6)
		return p->tcp ? n->firewall_tcp : n->firewall;
	return p->tcp ? n->nat_tcp : n->nat;
}

static void go_down(struct world *w, int child, struct world_packet *p)
{
	struct world_nat *gate = gate_of(&w->nets[child], p);

	if (!gate || world_nat_inbound(gate, w->now, &p->from, &p->to))
		route(w, child, p);
}

static int child_for(const struct world *w, int net, const struct taut_addr *to)
{
	for (int c = 0; c < w->net_count; c++) {
		if (w->nets[c].parent != net)
			continue;
		if (to->family == 4 && w->nets[c].nat ? tt_addr_eq_ip(&w->nets[c].nat->outside, to)
						      : lives_below(w, c, to))
			return c;
	}
	return -1;
}

static void go_up(struct world *w, int net, struct world_packet *p)
{
	struct world_nat *gate = gate_of(&w->nets[net], p);
	bool hairpin = p->to.family == 4 && gate && tt_addr_eq_ip(&gate->outside, &p->to);

	if (hairpin && !gate->cfg.hairpin)
		return;
	if (gate && !world_nat_outbound(gate, w->now, &p->from, &p->to))
		return;
	if (!hairpin)
		route(w, w->nets[net].parent, p);
	else if (world_nat_inbound(gate, w->now, &p->from, &p->to))
		route(w, net, p);
}

static void route(struct world *w, int net, struct world_packet *p)
{
	int to = iface_in(w, net, &p->to), child = child_for(w, net, &p->to);

	if (p->ttl-- == 0)
		return;
	if (to >= 0)
		cross(w, to, false, p);
	else if (child >= 0)
		go_down(w, child, p);
	else if (w->nets[net].parent >= 0)
		go_up(w, net, p);
	else
		w->unroutable++;
}

static bool is_multicast(const struct taut_addr *a)
{
	return a->family == 4 && a->ip[0] >= 224 && a->ip[0] < 240;
}

static void spread(struct world *w, int net, const struct world_packet *p)
{
	for (int i = 0; i < w->iface_count; i++)
		if (w->ifaces[i].net == net && w->ifaces[i].up && i != p->iface &&
		    w->ifaces[i].addr.family == 4 && w->hosts[w->ifaces[i].host].multicast)
			cross(w, i, false, p);
}

static void deliver(struct world *w, struct world_packet *p)
{
	const struct world_iface *f = &w->ifaces[p->iface];
	const struct world_host *h = &w->hosts[f->host];

	if (!f->up || (!p->tcp && !h->ops->recv))
		return;
	w->delivered++;
	world_absorb(w, &w->now, sizeof w->now);
	world_absorb(w, &f->host, sizeof f->host);
	world_absorb(w, p->data, p->len);
	if (p->tcp)
		world_tcp_segment(w, f->host, p);
	else
		h->ops->recv(h->user, &p->to, &p->from, p->data, p->len);
}

void world_packet_moves(struct world *w, const struct world_event *e)
{
	struct world_packet *p = e->packet;

	if (!p->delivered) { /* one that was held is in the queue twice */
		int net = w->ifaces[p->iface].net;
		p->delivered = true;
		if (e->arrived)
			deliver(w, p);
		else if (is_multicast(&p->to))
			spread(w, net, p);
		else
			route(w, net, p);
	}
	world_packet_drop(p);
}

static int own_iface(const struct world *w, int host, const struct taut_addr *from)
{
	for (int i = 0; i < w->iface_count; i++)
		if (w->ifaces[i].host == host && w->ifaces[i].up &&
		    tt_addr_eq_ip(&w->ifaces[i].addr, from))
			return i;
	return -1;
}

int world_send(struct world *w, int host, const struct taut_addr *from, const struct taut_addr *to,
	       const void *data, size_t len)
{
	return world_send_packet(w, host, from, to, data, len, false);
}

int world_send_packet(struct world *w, int host, const struct taut_addr *from,
		      const struct taut_addr *to, const void *data, size_t len, bool tcp)
{
	int iface = own_iface(w, host, from), self = own_iface(w, host, to);

	if (iface < 0 || from->family != to->family)
		return -1;
	struct world_packet *p = make_packet(from, to, data, len);
	p->tcp = tcp;
	p->iface = self >= 0 ? self : iface;
	if (self >= 0) { /* over the loopback: no wire */
		world_push(w, &(struct world_event){ .at = w->now, .packet = p, .arrived = true });
		return 0;
	}
	cross(w, iface, true, p);
	world_packet_drop(p);
	return 0;
}
