/* world.c - building a world, its clock and its queue of things to come. */
#include "world/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_net.h"
#include "world/world_tcp_int.h"

enum { SPINS = 64 }; /* rounds without time passing before a host counts as stuck */

struct world *world_new(uint64_t seed)
{
	struct world *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->seed = seed;
	w->hash = 0xcbf29ce484222325u;
	w->now = w->start = 1000000;
	w->random = world_stream(seed, 1);
	world_add_net(w, -1);
	return w;
}

void world_free(struct world *w)
{
	for (size_t i = 0; i < w->event_count; i++)
		world_packet_drop(w->events[i].packet);
	for (int i = 0; i < w->iface_count; i++)
		world_iface_flush(&w->ifaces[i]);
	world_tcp_free(w);
	for (int i = 0; i < w->net_count; i++) {
		free(w->nets[i].nat);
		free(w->nets[i].nat_tcp);
		free(w->nets[i].firewall);
		free(w->nets[i].firewall_tcp);
	}
	free(w->events);
	free(w);
}

static void within(int count, int ceiling)
{
	if (count >= ceiling)
		abort(); /* a mistake of whoever builds the world */
}

int world_add_net(struct world *w, int parent)
{
	within(w->net_count, WORLD_NETS);
	w->nets[w->net_count] = (struct world_net){ .parent = parent };
	return w->net_count++;
}

enum { OF_UDP = 100, OF_TCP = 150 };          /* streams of random numbers, and a net each */
#define TCP_TIMEOUT (7440 * INT64_C(1000000)) /* RFC 5382 REQ-5: 2 hours and 4 minutes */

static void make_nat(struct world *w, struct world_nat **out, int which,
		     const struct world_nat_config *cfg, const struct taut_addr *outside)
{
	free(*out);
	*out = malloc(sizeof **out);
	if (!*out)
		abort();
	world_nat_init(*out, cfg, outside, world_stream(w->seed, (uint64_t)which));
}

static struct world_nat_config for_tcp(const struct world_nat_config *cfg)
{
	struct world_nat_config c = *cfg;

	c.blocked = false;
	c.timeout = TCP_TIMEOUT;
	return c;
}

void world_set_nat(struct world *w, int net, const struct world_nat_config *cfg,
		   const struct taut_addr *outside)
{
	const struct world_nat_config tcp = for_tcp(cfg);

	make_nat(w, &w->nets[net].nat, OF_UDP + net, cfg, outside);
	make_nat(w, &w->nets[net].nat_tcp, OF_TCP + net, &tcp, outside);
}

void world_set_firewall(struct world *w, int net, const struct world_nat_config *cfg)
{
	struct world_nat_config c = *cfg;

	c.firewall = true;
	const struct world_nat_config tcp = for_tcp(&c);
	make_nat(w, &w->nets[net].firewall, OF_UDP + net, &c, NULL);
	make_nat(w, &w->nets[net].firewall_tcp, OF_TCP + net, &tcp, NULL);
}

void world_rebind(struct world *w, int net)
{
	struct world_nat *boxes[] = { w->nets[net].nat, w->nets[net].nat_tcp, w->nets[net].firewall,
				      w->nets[net].firewall_tcp };

	for (size_t i = 0; i < TT_COUNT(boxes); i++)
		if (boxes[i])
			world_nat_rebind(boxes[i]);
}

int world_add_host(struct world *w, const char *name, const struct world_host_ops *ops, void *user)
{
	within(w->host_count, WORLD_HOSTS);
	w->hosts[w->host_count] = (struct world_host){ .name = name, .ops = ops, .user = user };
	return w->host_count++;
}

int world_add_iface(struct world *w, int host, int net, const struct taut_addr *addr,
		    const struct world_link_config *out, const struct world_link_config *in)
{
	within(w->iface_count, WORLD_IFACES);
	const struct world_host *h = &w->hosts[host];
	struct world_iface *f = &w->ifaces[w->iface_count];
	*f = (struct world_iface){ .host = host, .net = net, .up = true, .addr = *addr };
	f->addr.port = 0;
	if (out)
		f->out.cfg = *out;
	if (in)
		f->in.cfg = *in;
	int number = w->iface_count++;
	if (h->ops->ifaces_changed)
		h->ops->ifaces_changed(h->user);
	return number;
}

void world_iface_up(struct world *w, int iface, bool up)
{
	struct world_iface *f = &w->ifaces[iface];
	const struct world_host *h = &w->hosts[f->host];

	if (f->up == up)
		return;
	f->up = up;
	if (h->ops->ifaces_changed)
		h->ops->ifaces_changed(h->user);
}

void world_iface_network(struct world *w, int iface, uint32_t network)
{
	w->ifaces[iface].network = network;
}

void world_iface_becomes(struct world *w, int iface, uint32_t network)
{
	const struct world_host *h = &w->hosts[w->ifaces[iface].host];

	world_iface_network(w, iface, network);
	if (h->ops->ifaces_changed)
		h->ops->ifaces_changed(h->user);
}

/* number: the direction, above it the interface, above that the duration. */
static void go_dead(void *arg, uint64_t number)
{
	struct world *w = arg;
	struct world_iface *f = &w->ifaces[number >> 2 & 0xff];
	taut_time until = w->now + (taut_time)(number >> 10);

	if (number & WORLD_OUT)
		f->out.dead_until = tt_max64(f->out.dead_until, until);
	if (number & WORLD_IN)
		f->in.dead_until = tt_max64(f->in.dead_until, until);
}

void world_outage(struct world *w, int iface, unsigned ways, taut_time at, taut_time duration)
{
	world_at(w, at, go_dead, w, (uint64_t)duration << 10 | (unsigned)iface << 2 | ways);
}

struct taut_addr world_addr(const char *ip, uint16_t port)
{
	struct taut_addr a;

	if (!tt_addr_parse_ip(&a, ip, strlen(ip)))
		abort();
	a.port = port;
	return a;
}

/* ---- the queue ---- */

static bool before(const struct world_event *a, const struct world_event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void world_push(struct world *w, const struct world_event *event)
{
	if (w->event_count == w->event_cap) {
		w->event_cap = w->event_cap ? 2 * w->event_cap : 256;
		w->events = realloc(w->events, w->event_cap * sizeof *w->events);
		if (!w->events)
			abort();
	}
	size_t i = w->event_count++;
	w->events[i] = *event;
	w->events[i].order = w->order++;
	for (; i > 0 && before(&w->events[i], &w->events[(i - 1) / 2]); i = (i - 1) / 2) {
		struct world_event up = w->events[(i - 1) / 2];
		w->events[(i - 1) / 2] = w->events[i];
		w->events[i] = up;
	}
}

static struct world_event pop(struct world *w)
{
	struct world_event top = w->events[0];
	size_t i = 0;

	w->events[0] = w->events[--w->event_count];
	for (;;) {
		size_t child = 2 * i + 1;
		if (child + 1 < w->event_count && before(&w->events[child + 1], &w->events[child]))
			child++;
		if (child >= w->event_count || !before(&w->events[child], &w->events[i]))
			return top;
		struct world_event down = w->events[i];
		w->events[i] = w->events[child];
		w->events[child] = down;
		i = child;
	}
}

void world_at(struct world *w, taut_time at, world_action action, void *arg, uint64_t number)
{
	world_push(w, &(struct world_event){ .at = at > w->now ? at : w->now,
					     .action = action,
					     .arg = arg,
					     .number = number });
}

/* ---- time ---- */

static taut_time deadline_of(const struct world_host *h)
{
	return h->ops->deadline ? h->ops->deadline(h->user) : INT64_MAX;
}

static taut_time next_moment(const struct world *w)
{
	taut_time next = w->event_count ? w->events[0].at : INT64_MAX;

	for (int i = 0; i < w->host_count; i++) {
		taut_time at = deadline_of(&w->hosts[i]);
		next = at < next ? at : next;
	}
	return next;
}

/* All that is due now, once each. */
static void happen(struct world *w)
{
	while (w->event_count && w->events[0].at <= w->now) {
		struct world_event e = pop(w);
		if (e.action)
			e.action(e.arg, e.number);
		else
			world_packet_moves(w, &e);
	}
	for (int i = 0; i < w->host_count; i++)
		if (deadline_of(&w->hosts[i]) <= w->now)
			w->hosts[i].ops->tick(w->hosts[i].user);
}

static void link_back(struct world_link *l, taut_time by)
{
	l->dead_until -= by;
	l->free_at -= by;
	l->last_at -= by;
}

static void nat_back(struct world_nat *n, taut_time by)
{
	for (size_t i = 0; n && i < WORLD_NAT_BINDINGS; i++)
		n->bindings[i].used_at -= by;
	for (size_t i = 0; n && i < WORLD_NAT_PERMITS; i++)
		n->permits[i].used_at -= by;
}

void world_turn_back(struct world *w, taut_time by)
{
	w->now -= by;
	for (size_t i = 0; i < w->event_count; i++) /* their order stays */
		w->events[i].at -= by;
	for (int i = 0; i < w->iface_count; i++) {
		link_back(&w->ifaces[i].in, by);
		link_back(&w->ifaces[i].out, by);
	}
	for (int i = 0; i < w->net_count; i++) {
		nat_back(w->nets[i].nat, by);
		nat_back(w->nets[i].firewall, by);
	}
}

bool world_run(struct world *w, taut_time until, bool (*condition)(void *user), void *user)
{
	for (unsigned still = 0;;) {
		happen(w);
		if (condition && condition(user))
			return true;
		taut_time next = next_moment(w);
		still = next <= w->now ? still + 1 : 0;
		if (still > SPINS) {
			world_fail(w, "a host has something to do again and again at one moment");
			return false;
		}
		if (next > until) {
			w->now = until;
			return false;
		}
		w->now = next > w->now ? next : w->now;
	}
}

/* FNV-1a. */
void world_absorb(struct world *w, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		w->hash = (w->hash ^ p[i]) * 0x100000001b3u;
}

void world_fail(struct world *w, const char *fmt, ...)
{
	va_list args;

	if (w->failures++ > 0)
		return;
	int n = snprintf(w->failure, sizeof w->failure,
			 "at %.3f s: ", (double)(w->now - w->start) / 1e6);
	va_start(args, fmt);
	vsnprintf(w->failure + n, sizeof w->failure - (size_t)n, fmt, args);
	va_end(args);
}
