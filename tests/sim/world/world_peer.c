/* world_peer.c - see world_peer.h: memory, time and the contract of the polls. */
#include "world/world_peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_peer_int.h"

enum { MANY = 20000, HEAD = 16, FIRST_PORT = 32768 };

/* ---- the environment ---- */

/* Every block knows its size, so that all of it can be accounted for. */
static void *take_memory(void *ctx, void *old, size_t size)
{
	struct world_peer *p = ctx;
	uint8_t *base = old ? (uint8_t *)old - HEAD : NULL;
	size_t had = 0;

	if (base)
		memcpy(&had, base, sizeof had);
	uint8_t *now = NULL;
	if (size == 0)
		free(base);
	else if (!(now = realloc(base, size + HEAD)))
		return NULL;
	p->memory = p->memory - had + size;
	p->memory_peak = tt_max(p->memory_peak, p->memory);
	if (!now)
		return NULL;
	memcpy(now, &size, sizeof size);
	return now + HEAD;
}

static int take_random(void *ctx, void *out, size_t len)
{
	struct world_peer *p = ctx;
	const uint8_t *b = out;

	world_fill(&p->random, out, len);
	/* TSNs and the like start where a few packets wrap them. The last 16 are all different, and
	 * not those of a host beside this one: SSRCs are among them. */
	if (p->cfg.near_wrap && len == 4) {
		uint32_t turn = 2 * (p->short_draws++ % 16) + (uint32_t)p->host % 2;
		uint32_t v = UINT32_MAX - 16 * turn - b[0] % 16;
		memcpy(out, &v, sizeof v);
	}
	return 0;
}

/* ---- the contract ---- */

static bool tell_event(struct world_peer *p)
{
	const struct taut_event *ev = p->pc ? taut_pc_poll_event(p->pc) : NULL;

	if (!ev)
		return false;
	world_absorb(p->world, &ev->type, sizeof ev->type);
	p->cfg.handler(p, ev);
	return true;
}

static bool poll_all(struct world_peer *p)
{
	uint8_t buf[65536];
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };
	const struct taut_io *io;
	unsigned n = 0;

	while (p->pc && n < MANY && (io = taut_pc_poll_io(p->pc)) != NULL) {
		world_peer_answer(p, io);
		n++;
	}
	while (n < MANY && tell_event(p))
		n++;
	while (p->pc && n < MANY && taut_pc_poll_send(p->pc, p->world->now, &d)) {
		world_peer_send(p, &d);
		n++;
	}
	if (n == MANY) {
		world_fail(p->world, "%s: a poll does not end", p->cfg.name);
		p->asleep_until = INT64_MAX; /* nor would anything else */
	}
	p->yielded += n;
	return n > 0 && n < MANY;
}

/* A packet that was taken and could not leave may have led to an event: no poll says so, the environment does. */
static bool wants_to_tell(struct world_peer *p)
{
	if (!p->pc || !taut_env_ready(p->env, p->world->now) || !tell_event(p))
		return false;
	p->yielded++;
	return true;
}

void world_peer_pump(struct world_peer *p)
{
	if (p->pumping || !p->pc) /* a handler's call: the pump that called it goes on */
		return;
	p->pumping = true;
	while (poll_all(p) || wants_to_tell(p))
		;
	p->pumping = false;
	for (int i = 0; p->cfg.share && p->pc && i < WORLD_PEER_FLOWS; i++)
		if (p->flows[i].flow != 0 && world_peer_shares(p, i))
			world_share_join(p->cfg.share, p, i);
	if (p->cfg.memory > 0 && p->memory_peak > p->cfg.memory)
		world_fail(p->world, "%s: holds %zu bytes of memory", p->cfg.name, p->memory_peak);
	if (p->cfg.after_step)
		p->cfg.after_step(p);
}

taut_time world_peer_deadline(const struct world_peer *p)
{
	taut_time at = p->pc ? taut_pc_deadline(p->pc, NULL) : INT64_MAX;

	return at == INT64_MAX ? at : tt_max64(at, p->asleep_until);
}

static taut_time deadline(void *user)
{
	return world_peer_deadline(user);
}

/* After a tick the deadline lies ahead, or a poll yields; and not for ever. */
void world_peer_tick(struct world_peer *p)
{
	const uint64_t start = p->yielded;
	const char *why = NULL;

	while (p->pc && taut_pc_deadline(p->pc, &why) <= p->world->now) {
		const uint64_t before = p->yielded;
		taut_pc_tick(p->pc, p->world->now);
		world_peer_pump(p);
		if (!p->pc || taut_pc_deadline(p->pc, NULL) > p->world->now)
			return;
		if (p->yielded == before || p->yielded - start > MANY) {
			world_fail(p->world, "%s: the timer \"%s\" spins", p->cfg.name, why ? why : "?");
			p->asleep_until = INT64_MAX; /* nor would time go on */
			return;
		}
	}
}

static void tick(void *user)
{
	world_peer_tick(user);
}

struct world_waiting {
	struct world_waiting *next;
	struct taut_addr local, remote;
	size_t len;
	uint8_t data[];
};

static void let_wait(struct world_peer *p, const struct taut_addr *local,
		     const struct taut_addr *remote, const uint8_t *data, size_t len)
{
	struct world_waiting *k = malloc(sizeof *k + len), **at = &p->waiting;

	if (!k)
		abort();
	*k = (struct world_waiting){ .local = *local, .remote = *remote, .len = len };
	memcpy(k->data, data, len);
	while (*at)
		at = &(*at)->next;
	*at = k;
}

void world_peer_recv(struct world_peer *p, int flow, const struct taut_addr *local,
		     const struct taut_addr *remote, uint8_t *data, size_t len)
{
	struct taut_datagram d = { .size = sizeof d,
				   .flow = p->flows[flow].flow,
				   .local = *local,
				   .remote = *remote,
				   .buf = data,
				   .cap = len,
				   .len = len };

	p->datagrams_in++;
	if (!p->flows[flow].multicast)
		world_watch_in(&p->watch, d.flow, remote, data, len);
	if (p->cfg.before_packet)
		p->cfg.before_packet(p, data, len);
	taut_pc_recv(p->pc, p->world->now, &d);
	if (p->cfg.after_packet)
		p->cfg.after_packet(p);
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct world_peer *p = user;

	if (p->world->now < p->asleep_until) {
		let_wait(p, local, remote, data, len);
		return;
	}
	if (p->cfg.dns.family != 0 && world_resolver_takes(&p->resolver, local, remote, data, len))
		return;
	for (int i = 0; i < WORLD_PEER_FLOWS && p->pc; i++) {
		bool group = p->flows[i].multicast && local->port == p->flows[i].addr.port;
		if (p->flows[i].flow == 0 || p->flows[i].is_stream ||
		    !(group || tt_addr_eq(&p->flows[i].addr, local)))
			continue;
		world_peer_recv(p, i, local, remote, data, len);
		world_peer_pump(p);
		return;
	}
}

static void wake(void *arg, uint64_t number)
{
	struct world_peer *p = arg;
	struct world_waiting *k;

	(void)number;
	while (p->world->now >= p->asleep_until && (k = p->waiting) != NULL) {
		p->waiting = k->next;
		on_packet(p, &k->local, &k->remote, k->data, k->len);
		free(k);
	}
}

void world_peer_sleep(struct world_peer *p, taut_time until)
{
	p->asleep_until = until;
	world_at(p->world, until, wake, p, 0);
}

/* One interface has an address of each family; a second one of a family is another interface of the host on the
 * same network. */
static uint32_t index_of(const struct world *w, int iface)
{
	const struct world_iface *f = &w->ifaces[iface];
	uint32_t before = 0;

	for (int i = 0; i < iface; i++)
		before += w->ifaces[i].host == f->host && w->ifaces[i].net == f->net &&
			  w->ifaces[i].addr.family == f->addr.family;
	return (uint32_t)f->net + 1 + WORLD_NETS * before;
}

void world_peer_ifaces(struct world_peer *p)
{
	struct taut_interface all[WORLD_IFACES];
	bool routed[2] = { false }; /* the first of a family has the default route */
	size_t n = 0;

	for (int i = 0; i < p->world->iface_count; i++) {
		const struct world_iface *f = &p->world->ifaces[i];
		bool *known = &routed[f->addr.family == 6];
		if (f->host != p->host || !f->up)
			continue;
		all[n++] = (struct taut_interface){ .size = sizeof all[0],
						    .index = index_of(p->world, i),
						    .flags = *known ? 0 : TAUT_IF_DEFAULT_ROUTE,
						    .name = "eth",
						    .addr = f->addr,
						    .network = f->network };
		*known = true;
	}
	if (p->pc)
		taut_pc_set_interfaces(p->pc, p->world->now, all, n);
	world_peer_pump(p);
}

static void tell_interfaces(void *user)
{
	world_peer_ifaces(user);
}

/* ---- life ---- */

void world_peer_add(struct world *w, struct world_peer *p, const struct world_peer_config *cfg)
{
	static const struct world_host_ops ops = { .recv = on_packet,
						   .deadline = deadline,
						   .tick = tick,
						   .ifaces_changed = tell_interfaces };

	memset(p, 0, sizeof *p);
	p->world = w;
	p->cfg = *cfg;
	p->host = cfg->share ? world_share_host(cfg->share) : world_add_host(w, cfg->name, &ops, p);
	const size_t turn = cfg->share ? world_share_enter(cfg->share, p) : 0;
	p->random = world_stream(w->seed, 1000 + (uint64_t)p->host + WORLD_HOSTS * turn);
	p->next_port = tt_u16(FIRST_PORT + world_draw(&p->random) % 20000);
	world_resolver_init(&p->resolver, w, p->host, &cfg->dns, world_peer_resolved, p);
	world_watch_init(&p->watch, w, cfg->name);
	p->watch.lite = cfg->pc && cfg->pc->ice_lite;
}

void world_peer_start(struct world_peer *p)
{
	const struct taut_env_config env = { .size = sizeof env,
					     .realloc = take_memory,
					     .random = take_random,
					     .ctx = p,
					     .trace = p->cfg.trace,
					     .now = p->world->now,
					     .unix_us = 1700000000000000 };

	if (taut_env_new(&p->env, &env) != TAUT_OK ||
	    taut_pc_new(&p->pc, p->env, p->cfg.pc, p->world->now) != TAUT_OK) {
		world_fail(p->world, "%s: cannot be made", p->cfg.name);
		return;
	}
	world_peer_ifaces(p);
}

void world_peer_free(struct world_peer *p)
{
	for (struct world_waiting *k; (k = p->waiting) != NULL;) {
		p->waiting = k->next;
		free(k);
	}
	world_resolver_stop(&p->resolver);
	for (int i = 0; p->cfg.share && i < WORLD_PEER_FLOWS; i++)
		world_share_leave(p->cfg.share, p, i);
	taut_pc_free(p->pc);
	p->pc = NULL;
	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (p->flows[i].is_stream)
			world_peer_disconnect(&p->flows[i]);
	if (taut_env_free(p->env) != TAUT_OK)
		world_fail(p->world, "%s: its environment is not free", p->cfg.name);
	p->env = NULL;
	if (p->memory != 0)
		world_fail(p->world, "%s: %zu bytes are still held after free", p->cfg.name,
			   p->memory);
}
