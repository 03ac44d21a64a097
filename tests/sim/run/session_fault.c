/* session_fault.c - what goes wrong in the middle of a call. */
#include "base/num.h"
#include "run/session_int.h"

void session_hole(struct session *s, int side, unsigned ways)
{
	for (int i = 0; i < s->world->iface_count; i++) {
		struct world_iface *f = &s->world->ifaces[i];
		if (f->host != s->sides[side].peer.host)
			continue;
		f->in.hole = ways & SESSION_TO;
		f->out.hole = ways & SESSION_FROM;
	}
}

/* number: the ways; above them the side. */
static void hole(void *arg, uint64_t number)
{
	session_hole(arg, (int)(number >> 8), number & 0xff);
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

void session_wall_jump(struct side *a, int64_t seconds)
{
	int64_t wall = a->s->plan.wall > 0 ? a->s->plan.wall : 1700000000000000;

	if (a->peer.env)
		taut_env_set_wall_clock(a->peer.env, a->s->world->now, wall + seconds * SECOND);
}

/* The wall clock is set, by up to a day: no timer may notice. */
static void jump(void *arg, uint64_t number)
{
	struct session *s = arg;

	session_wall_jump(&s->sides[number & 1], world_between(&s->random, -86400, 86400));
}

static void rebind(void *arg, uint64_t number)
{
	struct session *s = arg;

	(void)number;
	for (int i = 0; i < s->world->net_count; i++)
		if (s->world->nets[i].nat)
			world_nat_rebind(s->world->nets[i].nat);
}

void session_interface(struct session *s, int side, int number, bool up, bool moved)
{
	for (int i = 0; i < s->world->iface_count; i++) {
		struct world_iface *f = &s->world->ifaces[i];
		if (f->host != s->sides[side].peer.host || number-- != 0)
			continue;
		if (moved)
			f->addr.ip[f->addr.family == 4 ? 3 : 15] ^= 0x40;
		world_iface_up(s->world, i, up);
	}
}

/* All interfaces go and come back under other addresses, as with DHCP in another Wi-Fi. */
static void roam(void *arg, uint64_t back)
{
	struct session *s = arg;

	for (int i = 0; i < WORLD_IFACES; i++)
		session_interface(s, s->plan.victim, i, back != 0, back != 0);
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
		hole_for(s, (uint64_t)p->victim, p->hole_out ? SESSION_FROM : SESSION_TO, 2 * SECOND, p->fault_time);
		break;
	case FAULT_STALL:
		world_at(s->world, at, stall, s, (uint64_t)p->victim);
		break;
	case FAULT_NAP:
		for (uint64_t i = 0; i < 2; i++)
			world_at(s->world, at, stall, s, i);
		break;
	}
}

void session_plan_faults(struct session *s)
{
	taut_time now = s->world->now;

	plan_fault(s);
	if (s->plan.outage > 0)
		hole_for(s, 0, SESSION_TO | SESSION_FROM, 2 * SECOND, s->plan.outage);
	if (s->plan.restarts)
		world_at(s->world, now + world_between(&s->random, 0, 3000) * MS, restart,
			 &s->sides[s->plan.offerer], 0);
	for (uint64_t i = 0; s->plan.clock_jumps && i < 6; i++)
		world_at(s->world, now + world_between(&s->random, 0, 5000) * MS, jump, s, i);
}
