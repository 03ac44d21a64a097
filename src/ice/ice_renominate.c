/* ice_renominate.c - data moves to another pair, and nobody restarts ICE: draft-thatcher-ice-renomination-01.
 *
 * Who says "renomination" in a=ice-options follows each nomination of the controlling side that has a higher value than
 * those before (NOMINATION, a counter of 24 bits behind an octet of zero). USE-CANDIDATE is there as well, for a
 * peer that knows the option and another number of the attribute.
 *
 * Controlling, we nominate again
 *   - when the selected pair is gone, or does not answer: for 5 s, or as soon as the peer is heard over another
 *     network and the selected pair, asked at once, stays silent;
 *   - when a pair works whose networks cost less, or that spares a relay or TCP, at most each TT_ICE_MOVE_GAP.
 *
 * So that there is something to move to, valid pairs of other networks than that in use are checked again each
 * TT_ICE_SPARE_AGE or somewhat later, TT_ICE_SPARES at most, along with consent checks: an idle connection wakes no
 * more often. A peer that answers checks its own end of them in turn. */
#include "base/num.h"
#include "ice/ice_agent.h"

bool tt_ice_indirect(const struct tt_ice *ice, const struct ice_pair *p)
{
	return ice->base[p->base].relay || ice->base[p->base].stream ||
	       tt_ice_remote_at(ice->cur, p->remote)->type == TT_ICE_RELAY;
}

/* The pair in use; NULL: none of the current generation. */
static struct ice_pair *in_use(const struct tt_ice *ice)
{
	return ice->path_gen == ice->cur ? tt_ice_pair_at(ice->cur, ice->path) : NULL;
}

/* Over another network at either end. */
static bool elsewhere(const struct tt_ice *ice, const struct ice_pair *p, const struct ice_pair *q)
{
	return ice->base[p->base].network != ice->base[q->base].network ||
	       tt_ice_remote_at(ice->cur, p->remote)->network_id !=
		       tt_ice_remote_at(ice->cur, q->remote)->network_id;
}

/* Priorities alone are no reason: what works is left for something that it costs. */
static bool worth_a_move(const struct tt_ice *ice, const struct ice_pair *p,
			 const struct ice_pair *from)
{
	const unsigned a = tt_ice_pair_cost(ice, ice->cur, p),
		       b = tt_ice_pair_cost(ice, ice->cur, from);

	return !p->doubtful &&
	       (a < b || (a == b && tt_ice_indirect(ice, from) && !tt_ice_indirect(ice, p)));
}

bool tt_ice_worth_checking(const struct tt_ice *ice, const struct ice_pair *p)
{
	const struct ice_pair *used = in_use(ice);

	return ice->cur->renomination && used &&
	       (elsewhere(ice, p, used) || worth_a_move(ice, p, used));
}

/* ---- controlling ---- */

static bool is_bad(const struct tt_ice *ice, taut_time now)
{
	return tt_ice_is_silent(ice, now) || (ice->doubt_until > 0 && now >= ice->doubt_until);
}

/* False: there is nothing else, or nothing better known of. */
static bool leave(struct tt_ice *ice, taut_time now, struct ice_pair *used)
{
	const bool was = used->doubtful;

	used->doubtful = true;
	ice->doubt_until = 0;
	const int best = tt_ice_best_valid(ice, ice->cur, now);
	if (best >= 0 && best != ice->path)
		return true;
	used->doubtful = was;
	return false;
}

int tt_ice_next_choice(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;
	struct ice_pair *used = in_use(ice);

	/* After the last value there is none that the peer would follow. */
	if (!g->renomination || !used || g->selected != ice->path ||
	    g->said == TT_ICE_NOMINATIONS || now >= used->consent_until)
		return -1;
	if (is_bad(ice, now))
		return leave(ice, now, used) ? tt_ice_best_valid(ice, g, now) : -1;
	const int best = tt_ice_best_valid(ice, g, now);
	if (best < 0 || now < g->move_after || !worth_a_move(ice, tt_ice_pair_at(g, best), used))
		return -1;
	g->move_after = now + TT_ICE_MOVE_GAP;
	return best;
}

taut_time tt_ice_move_deadline(const struct tt_ice *ice)
{
	const struct ice_gen *g = ice->cur;
	const struct ice_pair *used = in_use(ice);

	if (!ice->controlling || !g->renomination || !used || g->selected != ice->path ||
	    g->nominating >= 0 || g->move_after <= ice->last_now)
		return INT64_MAX;
	const int best = tt_ice_best_valid(ice, g, ice->last_now);
	return best >= 0 && worth_a_move(ice, tt_ice_pair_at(g, best), used) ? g->move_after
									     : INT64_MAX;
}

/* Who is controlled uses the pair that was nominated, or has lost it and knows it first. */
void tt_ice_heard_elsewhere(struct tt_ice *ice, taut_time now, const struct ice_pair *p)
{
	const struct ice_pair *used = in_use(ice);

	if (!ice->controlling || !ice->cur->renomination || !used || p == used || !p->valid ||
	    ice->cur->selected != ice->path || ice->doubt_until > 0 || !elsewhere(ice, p, used))
		return;
	ice->doubt_until = now + tt_clamp64(4 * used->rtt, TT_ICE_DOUBT_MIN, TT_ICE_DOUBT_MAX);
	ice->next_consent = now;
}

void tt_ice_keep_spares(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;
	const struct ice_pair *used = in_use(ice);
	int kept = 0;

	if (!ice->controlling || !g->renomination || !used)
		return;
	for (int i = 0; i < g->pairs && kept < TT_ICE_SPARES; i++) {
		struct ice_pair *p = tt_ice_pair_at(g, i);
		if (!p->used || !p->valid || !elsewhere(ice, p, used))
			continue;
		kept++;
		if (p->state == TT_ICE_PAIR_SUCCEEDED &&
		    p->consent_until - now <= TT_ICE_CONSENT_LIFE - TT_ICE_SPARE_AGE)
			tt_ice_trigger(g, p);
	}
}

/* ---- either side ---- */

taut_time tt_ice_urgency(const struct tt_ice *ice)
{
	const struct ice_pair *used = in_use(ice);

	if (!used || !ice->cur->renomination)
		return 0;
	if (ice->doubt_until > 0)
		return tt_clamp64(used->rtt, TT_ICE_DOUBT_ASK, TT_ICE_DOUBT_MIN);
	/* Controlled: what was nominated is gone. The peer hears of it by checks over what is left. */
	return !ice->controlling && ice->cur->heard > 0 && !used->nominated ? TT_ICE_DOUBT_MIN : 0;
}

/* ---- controlled ---- */

bool tt_ice_take_nomination(struct tt_ice *ice, taut_time now, struct ice_pair *p,
			    const struct tt_stun_msg *m)
{
	struct ice_gen *g = ice->cur;

	if (!(m->has & TT_STUN_HAS_NOMINATION))
		return m->has & TT_STUN_HAS_USE_CANDIDATE;
	/* The same again is the same request, sent again. */
	if (m->nomination == 0 || m->nomination < g->heard ||
	    (m->nomination == g->heard && p->nomination != g->heard)) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_NOMINATION, TT_INT("value", m->nomination),
			TT_INT("highest", g->heard));
		return false;
	}
	p->nomination = g->heard = m->nomination;
	return true;
}
