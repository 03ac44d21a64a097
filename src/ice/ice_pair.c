/* ice_pair.c - the checklist: pairs, their priorities and states.
 * RFC 8445 sections 6.1.2 and 6.1.4, RFC 8838 section 12 for candidates that
 * come later. Slots are never moved, so that an index stays what it was. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

/* 6.1.2.3. G is the controlling agent's candidate, D the controlled one's. */
uint64_t tt_ice_pair_priority(bool controlling, uint32_t local, uint32_t remote)
{
	uint64_t g = controlling ? local : remote, d = controlling ? remote : local;

	return ((g < d ? g : d) << 32) + 2 * (g > d ? g : d) + (g > d);
}

static uint64_t priority_of(const struct tt_ice *ice, int base, int remote)
{
	const struct ice_base *b = &ice->base[base];
	const enum tt_ice_type type = b->relay ? TT_ICE_RELAY : TT_ICE_HOST;

	return tt_ice_pair_priority(ice->controlling, tt_ice_base_priority(b, type),
				    tt_ice_remote_at(ice->cur, remote)->priority);
}

int tt_ice_find_pair(const struct ice_gen *g, int base, int remote)
{
	for (int i = 0; i < g->pairs; i++)
		if (tt_ice_pair_at(g, i)->used && tt_ice_pair_at(g, i)->base == base &&
		    tt_ice_pair_at(g, i)->remote == remote)
			return i;
	return -1;
}

bool tt_ice_pair_busy(const struct ice_pair *p)
{
	return p->used && p->state != TT_ICE_PAIR_SUCCEEDED && p->state != TT_ICE_PAIR_FAILED;
}

static bool same_foundation(const struct tt_ice *ice, const struct ice_pair *a,
			    const struct ice_pair *b)
{
	return ice->base[a->base].foundation == ice->base[b->base].foundation &&
	       strcmp(tt_ice_remote_at(ice->cur, a->remote)->foundation,
		      tt_ice_remote_at(ice->cur, b->remote)->foundation) == 0;
}

/* 6.1.2.6 for a list that grows: a pair waits if its foundation has proved itself or has nobody
 * waiting. One that is in progress does not hold the others back as in 6.1.4.2: with a single
 * component they would wait for its time-out, and a peer that gives all its candidates one
 * foundation would need half an hour. */
static enum tt_ice_pair_state first_state(const struct tt_ice *ice, const struct ice_pair *p)
{
	bool busy = false;

	for (int i = 0; i < ice->cur->pairs; i++) {
		const struct ice_pair *q = tt_ice_pair_at(ice->cur, i);
		if (!q->used || q == p || !same_foundation(ice, p, q))
			continue;
		if (q->state == TT_ICE_PAIR_SUCCEEDED)
			return TT_ICE_PAIR_WAITING;
		busy |= q->state == TT_ICE_PAIR_WAITING;
	}
	return busy ? TT_ICE_PAIR_FROZEN : TT_ICE_PAIR_WAITING;
}

/* 6.1.2.5: a full list gives up its worst pair that has not begun, if the new one is better. */
static int free_slot(const struct ice_gen *g, uint64_t priority)
{
	int worst = -1;

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (!p->used)
			return i;
		if (p->state == TT_ICE_PAIR_FAILED && !p->valid && p->triggered == 0)
			return i;
		if ((p->state == TT_ICE_PAIR_FROZEN || p->state == TT_ICE_PAIR_WAITING) &&
		    !p->valid && p->triggered == 0 && p->priority < priority &&
		    (worst < 0 || p->priority < tt_ice_pair_at(g, worst)->priority))
			worst = i;
	}
	return g->pairs < TT_ICE_MAX_PAIRS ? g->pairs : worst;
}

/* 6.1.2.2: the same family; and a loopback address talks to nobody but another. */
bool tt_ice_can_pair(const struct taut_addr *local, const struct taut_addr *remote)
{
	return local->family == remote->family &&
	       tt_addr_is_loopback(local) == tt_addr_is_loopback(remote) &&
	       !(remote->family == 6 && tt_addr_is_link_local(remote));
}

/* A connection has one other end, and nobody else has it. */
static bool same_transport(const struct tt_ice *ice, int base, const struct tt_ice_candidate *r)
{
	const uint8_t stream = ice->base[base].stream;

	return stream ? r->tcp && tt_addr_eq(&ice->stream[stream - 1].remote, &r->addr) : !r->tcp;
}

int tt_ice_add_pair(struct tt_ice *ice, taut_time now, int base, int remote)
{
	struct ice_gen *g = ice->cur;
	int at = tt_ice_find_pair(g, base, remote);

	if (at >= 0)
		return at;
	if (ice->base[base].state != BASE_OPEN || (ice->relay_only && !ice->base[base].relay) ||
	    !same_transport(ice, base, tt_ice_remote_at(g, remote)) ||
	    !tt_ice_can_pair(&ice->base[base].addr, &tt_ice_remote_at(g, remote)->addr))
		return -1;
	/* draft-ietf-mmusic-mdns-ice-candidates section 3.3.2: no server learns what the peer hides. */
	if (ice->base[base].relay && tt_ice_remote_at(g, remote)->name)
		return -1;
	if (ice->base[base].relay &&
	    tt_ice_permit(ice, now, base, &tt_ice_remote_at(g, remote)->addr) == TT_TURN_REFUSED)
		return -1;
	uint64_t priority = priority_of(ice, base, remote);
	at = free_slot(g, priority);
	if (at < 0) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_TOO_MANY_PAIRS,
			TT_ADDR("remote", &tt_ice_remote_at(g, remote)->addr));
		return -1;
	}
	struct ice_pair **block = &g->pair_blocks[at / TT_ICE_BLOCK];
	if (!*block)
		*block = tt_alloc(ice->env, TT_ICE_BLOCK * sizeof **block);
	if (!*block) { /* as if the peer had never told of it; a check of his brings it back */
		tt_note(ice->env, now, TAUT_LAYER_ICE, "no memory for a pair",
			TT_ADDR("remote", &tt_ice_remote_at(g, remote)->addr));
		return -1;
	}
	g->pairs = at < g->pairs ? g->pairs : at + 1;
	struct ice_pair *p = tt_ice_pair_at(g, at);
	*p = (struct ice_pair){ .used = true,
				.base = tt_u8((uint64_t)base),
				.remote = tt_u8((uint64_t)remote),
				.priority = priority };
	p->state = first_state(ice, p);
	g->hints.formed++;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "pair formed",
		TT_ADDR("local", &ice->base[base].addr),
		TT_ADDR("remote", &tt_ice_remote_at(g, remote)->addr));
	return at;
}

void tt_ice_pair_base(struct tt_ice *ice, taut_time now, int base)
{
	if (ice->lite) /* 6.2 */
		return;
	for (size_t i = 0; i < ice->cur->remote_count; i++)
		if (tt_ice_remote_at(ice->cur, (int)i)->tcp)
			tt_ice_tcp_connect(ice, now, base, (int)i);
		else
			tt_ice_add_pair(ice, now, base, (int)i);
}

void tt_ice_pair_remote(struct tt_ice *ice, taut_time now, int remote)
{
	const bool tcp = tt_ice_remote_at(ice->cur, remote)->tcp;

	if (ice->lite) /* 6.2 */
		return;
	for (int i = 0; i < (tcp ? TT_ICE_MAX_BASES : ice->base_count); i++)
		if (tcp)
			tt_ice_tcp_connect(ice, now, i, remote);
		else
			tt_ice_add_pair(ice, now, i, remote);
}

static void drop_base_in(struct tt_ice *ice, struct ice_gen *g, int base)
{
	for (int i = 0; g && i < g->pairs; i++) {
		if (!tt_ice_pair_at(g, i)->used || tt_ice_pair_at(g, i)->base != base)
			continue;
		if (ice->path_gen == g && ice->path == i) {
			ice->path_gen = NULL;
			g->hints.lost = TAUT_WHY_GONE;
			ice->path_gone =
				ice->base[base].relay    ? "the TURN allocation in use is gone"
				: ice->base[base].stream ? "the TCP connection in use has ended"
							 : "the network interface in use is gone";
		}
		if (g->nominating == i)
			g->nominating = -1;
		if (g->selected == i)
			g->selected = -1;
		*tt_ice_pair_at(g, i) = (struct ice_pair){ 0 };
	}
}

void tt_ice_drop_pairs_of_base(struct tt_ice *ice, int base)
{
	drop_base_in(ice, ice->cur, base);
	drop_base_in(ice, ice->prev, base);
}

/* After a role switch (7.2.5.1, note) or when a learned candidate got its real priority. */
void tt_ice_reprioritize(struct tt_ice *ice)
{
	for (int i = 0; i < ice->cur->pairs; i++)
		if (tt_ice_pair_at(ice->cur, i)->used)
			tt_ice_pair_at(ice->cur, i)->priority =
				priority_of(ice, tt_ice_pair_at(ice->cur, i)->base,
					    tt_ice_pair_at(ice->cur, i)->remote);
}

/* 6.1.4.2 step 2: when nobody waits, one pair of each frozen foundation does. */
void tt_ice_thaw(struct tt_ice *ice)
{
	struct ice_gen *g = ice->cur;

	for (int i = 0; i < g->pairs; i++)
		if (tt_ice_pair_at(g, i)->used &&
		    tt_ice_pair_at(g, i)->state == TT_ICE_PAIR_WAITING &&
		    tt_ice_pair_ready(ice, g, tt_ice_pair_at(g, i)))
			return;
	for (int i = 0; i < g->pairs; i++)
		if (tt_ice_pair_at(g, i)->used && tt_ice_pair_at(g, i)->state == TT_ICE_PAIR_FROZEN)
			tt_ice_pair_at(g, i)->state = first_state(ice, tt_ice_pair_at(g, i));
}

/* 7.2.5.3.3: what one pair proved, its foundation need not wait for. */
void tt_ice_thaw_foundation(struct tt_ice *ice, const struct ice_pair *like)
{
	for (int i = 0; i < ice->cur->pairs; i++) {
		struct ice_pair *p = tt_ice_pair_at(ice->cur, i);
		if (p->used && p->state == TT_ICE_PAIR_FROZEN && same_foundation(ice, p, like))
			p->state = TT_ICE_PAIR_WAITING;
	}
}

/* 6.1.4.1. A transaction under way is not repeated any more, its answer still counts. */
void tt_ice_trigger(struct ice_gen *g, struct ice_pair *p)
{
	if (p->triggered == 0)
		p->triggered = ++g->triggers;
	p->state = TT_ICE_PAIR_WAITING;
}

void tt_ice_pair_failed(struct tt_ice *ice, taut_time now, int pair, uint8_t why)
{
	struct ice_gen *g = ice->cur;
	struct ice_pair *p = tt_ice_pair_at(g, pair);

	if (ice->path_gen == g && ice->path == pair)
		g->hints.lost = why;
	p->state = TT_ICE_PAIR_FAILED;
	p->why = why;
	p->triggered = 0;
	p->valid = p->nominated = p->nominate = p->use_candidate = false;
	if (g->nominating == pair)
		g->nominating = -1;
	if (g->selected == pair)
		g->selected = -1;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "pair failed", TT_INT("why", why),
		TT_ADDR("local", &ice->base[p->base].addr),
		TT_ADDR("remote", &tt_ice_remote_at(g, p->remote)->addr));
}

int tt_ice_best_valid(const struct tt_ice *ice, const struct ice_gen *g, taut_time now)
{
	int best = -1;

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (p->used && p->valid && now < p->consent_until &&
		    (best < 0 || tt_ice_better(ice, g, p, tt_ice_pair_at(g, best))))
			best = i;
	}
	return best;
}

struct tt_ice_path tt_ice_pair_path(const struct tt_ice *ice, const struct ice_gen *g, int pair)
{
	const struct ice_pair *p = tt_ice_pair_at(g, pair);

	return (struct tt_ice_path){ .flow = ice->base[p->base].flow,
				     .local = ice->base[p->base].addr,
				     .remote = tt_ice_remote_at(g, p->remote)->addr,
				     .head = tt_ice_path_head(
					     ice, p->base, &tt_ice_remote_at(g, p->remote)->addr) };
}
