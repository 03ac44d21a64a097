/* session_fault.c - what goes wrong in the middle of a call. */
#include "base/num.h"
#include "run/session_int.h"

enum { TO = 1, FROM = 2 };

/* number: TO, FROM or both, or 0: healed; above them the side. */
static void hole(void *arg, uint64_t number)
{
	struct session *s = arg;
	const struct side *a = &s->sides[number >> 8];

	for (int i = 0; i < s->world->iface_count; i++) {
		struct world_iface *f = &s->world->ifaces[i];
		if (f->host != a->peer.host)
			continue;
		f->in.hole = number & TO;
		f->out.hole = number & FROM;
	}
}

static void hole_for(struct session *s, uint64_t side, unsigned ways, taut_time after,
		     taut_time duration)
{
	world_at(s->world, s->world->now + after, hole, s, side << 8 | ways);
	world_at(s->world, s->world->now + after + duration, hole, s, side << 8);
}

static void restart(void *arg, uint64_t number)
{
	(void)number;
	session_restart(arg);
}

/* The wall clock is set, by up to a day: no timer may notice. */
static void jump(void *arg, uint64_t number)
{
	struct session *s = arg;
	const struct world_peer *p = &s->sides[number & 1].peer;

	if (p->env)
		taut_env_set_wall_clock(p->env, s->world->now,
					1700000000000000 +
						world_between(&s->random, -86400, 86400) * SECOND);
}

static void rebind(void *arg, uint64_t number)
{
	struct session *s = arg;

	(void)number;
	for (int i = 0; i < s->world->net_count; i++)
		if (s->world->nets[i].nat)
			world_nat_rebind(s->world->nets[i].nat);
}

/* The interface goes and comes back under another address, as with DHCP in another Wi-Fi. */
static void roam(void *arg, uint64_t back)
{
	struct session *s = arg;
	const struct side *a = &s->sides[s->plan.victim];

	for (int i = 0; i < s->world->iface_count; i++) {
		struct world_iface *f = &s->world->ifaces[i];
		if (f->host != a->peer.host)
			continue;
		if (back)
			f->addr.ip[f->addr.family == 4 ? 3 : 15] ^= 0x40;
		world_iface_up(s->world, i, back != 0);
	}
}

static void stall(void *arg, uint64_t side)
{
	struct session *s = arg;

	world_peer_sleep(&s->sides[side].peer, s->world->now + s->plan.fault_time);
}

static void plan_fault(struct session *s)
{
	const struct plan *p = &s->plan;
	taut_time at = s->world->now + 2 * SECOND;

	switch (p->fault) {
	case FAULT_NONE:
		break;
	case FAULT_REBIND:
		world_at(s->world, at, rebind, s, 0);
		break;
	case FAULT_ROAM:
		world_at(s->world, at, roam, s, 0);
		world_at(s->world, at + p->fault_time / 4, roam, s, 1);
		break;
	case FAULT_ONE_WAY:
		hole_for(s, (uint64_t)p->victim, TO, 2 * SECOND, p->fault_time);
		break;
	case FAULT_STALL:
		world_at(s->world, at, stall, s, (uint64_t)p->victim);
		break;
	}
}

void session_plan_faults(struct session *s)
{
	taut_time now = s->world->now;

	plan_fault(s);
	if (s->plan.outage > 0)
		hole_for(s, 0, TO | FROM, 2 * SECOND, s->plan.outage);
	if (s->plan.restarts)
		world_at(s->world, now + world_between(&s->random, 0, 3000) * MS, restart,
			 &s->sides[s->plan.offerer], 0);
	for (uint64_t i = 0; s->plan.clock_jumps && i < 6; i++)
		world_at(s->world, now + world_between(&s->random, 0, 5000) * MS, jump, s, i);
}
