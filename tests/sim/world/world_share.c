/* world_share.c - see world_share.h. */
#include "world/world_share.h"

#include <stdlib.h>

#include "base/addr.h"
#include "base/num.h"
#include "io/io_route.h"
#include "world/world_peer_int.h"

struct world_share {
	struct world *world;
	int host;
	uint16_t port;
	struct tt_env env;
	struct tt_route route;
	struct world_peer *peers[WORLD_SHARE_PEERS];
	struct tt_route_end ends[WORLD_SHARE_PEERS][WORLD_PEER_FLOWS];
	size_t count;
	uint64_t nobodys;
};

/* To a socket that one of them has to itself. */
static bool is_own(struct world_share *s, const struct taut_addr *local,
		   const struct taut_addr *remote, uint8_t *data, size_t len)
{
	for (size_t k = 0; k < s->count && local->port != s->port; k++)
		for (int i = 0; i < WORLD_PEER_FLOWS; i++) {
			struct world_peer *p = s->peers[k];
			if (!p->pc || p->flows[i].flow == 0 || p->flows[i].is_stream ||
			    !tt_addr_eq(&p->flows[i].addr, local))
				continue;
			world_peer_recv(p, i, local, remote, data, len);
			world_peer_pump(p);
			return true;
		}
	return false;
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct world_share *s = user;

	if (is_own(s, local, remote, data, len))
		return;
	const struct tt_route_found found = tt_route_find(&s->route, remote, data, len);

	if (!found.end || local->port != s->port) {
		s->nobodys++;
		return;
	}
	const size_t at = (size_t)(found.end - s->ends[0]);
	struct world_peer *p = s->peers[at / WORLD_PEER_FLOWS];
	const uint64_t before = taut_pc_ice_authenticated(p->pc);
	world_peer_recv(p, (int)(at % WORLD_PEER_FLOWS), local, remote, data, len);
	if (found.proof != TT_ROUTE_NOTHING && taut_pc_ice_authenticated(p->pc) != before)
		tt_route_shown(&s->route, s->world->now, &found, remote);
	world_peer_pump(p);
}

static taut_time deadline(void *user)
{
	const struct world_share *s = user;
	taut_time first = INT64_MAX;

	for (size_t i = 0; i < s->count; i++)
		first = tt_min64(first, world_peer_deadline(s->peers[i]));
	return first;
}

static void tick(void *user)
{
	struct world_share *s = user;

	for (size_t i = 0; i < s->count; i++)
		if (world_peer_deadline(s->peers[i]) <= s->world->now)
			world_peer_tick(s->peers[i]);
}

static void ifaces_changed(void *user)
{
	struct world_share *s = user;

	for (size_t i = 0; i < s->count; i++)
		world_peer_ifaces(s->peers[i]);
}

struct world_share *world_share_new(struct world *w, const char *name, uint16_t port)
{
	static const struct world_host_ops ops = { .recv = on_packet,
						   .deadline = deadline,
						   .tick = tick,
						   .ifaces_changed = ifaces_changed };
	struct world_share *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->world = w;
	s->port = port;
	tt_env_init(&s->env, NULL);
	tt_route_init(&s->route, &s->env, w->seed);
	s->host = world_add_host(w, name, &ops, s);
	return s;
}

int world_share_host(const struct world_share *s)
{
	return s->host;
}

uint64_t world_share_nobodys(const struct world_share *s)
{
	return s->nobodys;
}

void world_share_free(struct world_share *s)
{
	tt_route_free(&s->route);
	if (s->env.memory != 0)
		world_fail(s->world, "%s: %zu bytes of its routes are still held",
			   s->world->hosts[s->host].name, s->env.memory);
	free(s);
}

uint16_t world_share_port(const struct world_share *s)
{
	return s->port;
}

size_t world_share_enter(struct world_share *s, struct world_peer *p)
{
	if (s->count == WORLD_SHARE_PEERS)
		abort();
	s->peers[s->count] = p;
	return s->count++;
}

static struct tt_route_end *end_of(struct world_share *s, const struct world_peer *p, int flow)
{
	size_t i = 0;

	while (s->peers[i] != p)
		i++;
	return &s->ends[i][flow];
}

void world_share_join(struct world_share *s, struct world_peer *p, int flow)
{
	if (!tt_route_name(&s->route, end_of(s, p, flow), taut_pc_ice_ufrag(p->pc)))
		abort();
}

void world_share_leave(struct world_share *s, struct world_peer *p, int flow)
{
	tt_route_leave(&s->route, end_of(s, p, flow));
}

void world_share_sent(struct world_share *s, struct world_peer *p, int flow,
		      const struct taut_addr *to, const uint8_t *data, size_t len)
{
	tt_route_sent(&s->route, s->world->now, end_of(s, p, flow), to, data, len);
}
