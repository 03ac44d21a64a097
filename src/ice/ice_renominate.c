/* ice_renominate.c - data moves to another pair, and nobody restarts ICE: draft-thatcher-ice-renomination-01.
 *
 * Who says "renomination" in a=ice-options follows each nomination of the controlling side that has a higher value than
 * those before (NOMINATION, a counter of 24 bits behind an octet of zero). USE-CANDIDATE is there as well, for a
 * peer that knows the option and another number of the attribute.
 *
 * Controlling, we nominate again
 *   - when the selected pair is gone;
 *   - when it is in doubt (a consent check is not answered for TT_ICE_QUIET, or the peer, unasked, checks a pair of
 *     another network) and then, asked each 300 ms or so, does not answer for more than two seconds;
 *   - when a pair works whose networks cost less, or that spares a relay or TCP, at most each TT_ICE_MOVE_GAP.
 *
 * Where another one is nominated in vain the pair in use is nominated again: the peer may have followed, and only its
 * answers be lost.
 *
 * Of the other pairs those that have answered since the doubt began are taken first, then those that have nothing in
 * common with the one that is left. A nomination that is not answered soon gives way to the next pair.
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

/* ---- spare pairs ---- */

static bool same_local(const struct tt_ice *ice, const struct ice_pair *p, const struct ice_pair *q)
{
	return ice->base[p->base].network == ice->base[q->base].network;
}

static bool same_remote(const struct tt_ice *ice, const struct ice_pair *p,
			const struct ice_pair *q)
{
	return tt_ice_remote_at(ice->cur, p->remote)->network_id ==
	       tt_ice_remote_at(ice->cur, q->remote)->network_id;
}

struct spares {
	int of[TT_ICE_SPARES];
	int count;
};

/* How many of its two networks none of those before has; -1: it is no spare pair, or one already. */
static int adds(const struct tt_ice *ice, const struct spares *s, int pair)
{
	const struct ice_gen *g = ice->cur;
	const struct ice_pair *p = tt_ice_pair_at(g, pair), *used = in_use(ice);

	if (!p->used || !p->valid || !elsewhere(ice, p, used))
		return -1;
	bool local = !same_local(ice, p, used), remote = !same_remote(ice, p, used);
	for (int i = 0; i < s->count; i++) {
		const struct ice_pair *q = tt_ice_pair_at(g, s->of[i]);
		if (q == p)
			return -1;
		local = local && !same_local(ice, p, q);
		remote = remote && !same_remote(ice, p, q);
	}
	return local + remote;
}

/* The first has both ends elsewhere, where there is such a pair: it outlives whichever network goes. Each of the
 * others is of as many networks as it can be that those before are not of. */
static struct spares spares_of(const struct tt_ice *ice)
{
	const struct ice_gen *g = ice->cur;
	struct spares s = { .count = 0 };

	while (s.count < TT_ICE_SPARES) {
		int best = -1, most = -1;
		for (int i = 0; i < g->pairs; i++) {
			const int n = adds(ice, &s, i);
			if (n < 0 || n < most ||
			    (n == most &&
			     !tt_ice_better(ice, g, tt_ice_pair_at(g, i), tt_ice_pair_at(g, best))))
				continue;
			best = i;
			most = n;
		}
		if (best < 0)
			break;
		s.of[s.count++] = best;
	}
	return s;
}

static taut_time answered_at(const struct ice_pair *p)
{
	return p->consent_until - TT_ICE_CONSENT_LIFE;
}

/* Those that have not answered since then. */
static void ask_spares(struct tt_ice *ice, taut_time since)
{
	const struct spares s = spares_of(ice);

	for (int i = 0; i < s.count; i++) {
		struct ice_pair *p = tt_ice_pair_at(ice->cur, s.of[i]);
		if (p->state == TT_ICE_PAIR_SUCCEEDED && answered_at(p) <= since)
			tt_ice_trigger(ice->cur, p);
	}
}

void tt_ice_keep_spares(struct tt_ice *ice, taut_time now)
{
	if (ice->controlling && ice->cur->renomination && in_use(ice))
		ask_spares(ice, now - TT_ICE_SPARE_AGE);
}

/* ---- doubt ---- */

/* To be nominated in place of that one; -1: there is none that was not tried in vain. */
static int best_other(const struct tt_ice *ice, taut_time now, int than)
{
	const struct ice_gen *g = ice->cur;
	int best = -1;

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (p->used && p->valid && i != than && now < p->consent_until &&
		    p->doubtful < TT_ICE_DEAD &&
		    (best < 0 || tt_ice_better(ice, g, p, tt_ice_pair_at(g, best))))
			best = i;
	}
	return best;
}

/* Controlling, of a pair that may be exchanged for another and is not already. */
static bool may_doubt(const struct tt_ice *ice)
{
	const struct ice_gen *g = ice->cur;
	const struct ice_pair *used = in_use(ice);

	return ice->controlling && g->renomination && used && g->selected == ice->path &&
	       g->nominating < 0 && ice->doubt_until == 0 && used->doubtful < TT_ICE_DEAD &&
	       best_other(ice, ice->last_now, ice->path) >= 0;
}

static taut_time ask_each(const struct ice_pair *used)
{
	return tt_clamp64(used->rtt, TT_ICE_DOUBT_ASK, TT_ICE_URGENT);
}

/* A path that answers within two seconds keeps its data: so does one that is silent for two seconds and then answers
 * the next check. */
static taut_time doubt_lasts(const struct ice_pair *used)
{
	return TT_ICE_DOUBT + ask_each(used) + tt_clamp64(2 * used->rtt, TT_ICE_DOUBT_ASK, 2000000);
}

static void begin_doubt(struct tt_ice *ice, taut_time now)
{
	ice->doubt_since = now;
	ice->doubt_until = now + doubt_lasts(in_use(ice));
	ice->doubt_asked = 0;
	ice->next_consent = now;
	ask_spares(ice, now);
}

/* One lost check is no silence while the peer's own checks arrive. */
static taut_time quiet_at(const struct tt_ice *ice)
{
	const taut_time since = ice->unanswered_since;

	return tt_min64(tt_max64(since, in_use(ice)->heard) + TT_ICE_QUIET,
			since + TT_ICE_QUIET_ONE_WAY);
}

void tt_ice_doubt_tick(struct tt_ice *ice, taut_time now)
{
	if (ice->doubt_until > 0 && now >= ice->doubt_until && ice->doubt_asked < 2 &&
	    in_use(ice)) /* it was we who stood still */
		ice->doubt_until = now + doubt_lasts(in_use(ice));
	else if (ice->unanswered_since > 0 && may_doubt(ice) && now >= quiet_at(ice))
		begin_doubt(ice, now);
}

taut_time tt_ice_doubt_deadline(const struct tt_ice *ice, taut_time now)
{
	if (ice->doubt_until > 0)
		return ice->doubt_until;
	if (ice->unanswered_since == 0 || !may_doubt(ice))
		return INT64_MAX;
	return tt_max64(quiet_at(ice), now);
}

/* Who is controlled uses the pair that was nominated, or has lost it and knows it first. Its answer to a check of ours
 * is a check as well (RFC 8445 section 7.3.1.4), and says nothing of its path. */
void tt_ice_heard_elsewhere(struct tt_ice *ice, taut_time now, const struct ice_pair *p)
{
	const struct ice_tx *ours = &p->tx[(p->tx_at + TT_ICE_PAIR_TX - 1) % TT_ICE_PAIR_TX];
	const struct ice_pair *used = in_use(ice);

	if (p->valid && used && p != used && elsewhere(ice, p, used) &&
	    now - ours->sent >= TT_ICE_ECHO && may_doubt(ice))
		begin_doubt(ice, now);
}

/* ---- controlling ---- */

static bool is_bad(const struct tt_ice *ice, const struct ice_pair *used, taut_time now)
{
	return used->doubtful == TT_ICE_DEAD || (ice->doubt_until > 0 && now >= ice->doubt_until);
}

/* What has not answered since the doubt began may be as dead, all the more if it has an end in common. */
static bool related(const struct tt_ice *ice, const struct ice_pair *p, const struct ice_pair *q)
{
	const struct tt_ice_candidate *r = tt_ice_remote_at(ice->cur, q->remote);

	return same_local(ice, p, q) || p->remote == q->remote ||
	       (r->network_id > 0 && same_remote(ice, p, q));
}

static void suspect_others(struct tt_ice *ice, struct ice_pair *used)
{
	used->doubtful = TT_ICE_DEAD;
	for (int i = 0; i < ice->cur->pairs; i++) {
		struct ice_pair *p = tt_ice_pair_at(ice->cur, i);
		if (!p->used || !p->valid || answered_at(p) >= ice->doubt_since)
			continue;
		const uint8_t doubt = related(ice, p, used) ? TT_ICE_LIKE_DEAD : TT_ICE_UNHEARD;
		if (p->doubtful < doubt)
			p->doubtful = doubt;
	}
}

int tt_ice_next_choice(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;
	struct ice_pair *used = in_use(ice);

	/* After the last value there is none that the peer would follow. */
	if (!g->renomination || !used || g->selected != ice->path ||
	    g->said == TT_ICE_NOMINATIONS || now >= used->consent_until)
		return -1;
	if (is_bad(ice, used, now)) {
		if (used->doubtful != TT_ICE_DEAD)
			suspect_others(ice, used);
		return best_other(ice, now, ice->path);
	}
	/* the other was nominated in vain, but its request may have come */
	if (g->said_of_path < g->said)
		return ice->path;
	const int best = tt_ice_best_valid(ice, g, now);
	if (best < 0 || now < g->move_after || !worth_a_move(ice, tt_ice_pair_at(g, best), used))
		return -1;
	return best;
}

void tt_ice_begin_attempt(struct ice_gen *g, taut_time now, const struct ice_pair *p)
{
	g->attempt_until = now + tt_clamp64(4 * p->rtt, TT_ICE_ATTEMPT_MIN, TT_ICE_ATTEMPT_MAX);
	if (g->said > 0)
		g->move_after = now + TT_ICE_MOVE_GAP;
}

/* Is there another pair, or does the one in use still do? The first nomination has no end: no other would do better. */
static bool may_give_up(const struct tt_ice *ice, taut_time now)
{
	const struct ice_gen *g = ice->cur;
	const struct ice_pair *used = in_use(ice);

	if (!g->renomination || g->said < 2 || g->said == TT_ICE_NOMINATIONS)
		return false;
	if (used && g->selected == ice->path && g->nominating != ice->path && !used->doubtful)
		return true;
	const int other = best_other(ice, now, g->nominating);
	return other >= 0 && other != ice->path;
}

bool tt_ice_give_up_attempt(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;

	if (now < g->attempt_until || !may_give_up(ice, now))
		return false;
	struct ice_pair *p = tt_ice_pair_at(g, g->nominating);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "nomination given up",
		TT_ADDR("local", &ice->base[p->base].addr),
		TT_ADDR("remote", &tt_ice_remote_at(g, p->remote)->addr));
	p->doubtful = TT_ICE_DEAD;
	p->use_candidate = false;
	g->nominating = -1;
	tt_ice_trigger(g, p); /* its answer shows that it is not */
	return true;
}

taut_time tt_ice_move_deadline(const struct tt_ice *ice)
{
	const struct ice_gen *g = ice->cur;
	const struct ice_pair *used = in_use(ice);
	const taut_time now = ice->last_now;

	if (!ice->controlling)
		return INT64_MAX;
	if (g->nominating >= 0)
		return g->attempt_until > now && may_give_up(ice, now) ? g->attempt_until
								       : INT64_MAX;
	if (!g->renomination || !used || g->selected != ice->path || g->move_after <= now)
		return INT64_MAX;
	const int best = tt_ice_best_valid(ice, g, now);
	return best >= 0 && worth_a_move(ice, tt_ice_pair_at(g, best), used) ? g->move_after
									     : INT64_MAX;
}

/* ---- either side ---- */

taut_time tt_ice_urgency(const struct tt_ice *ice, taut_time now)
{
	const struct ice_pair *used = in_use(ice);

	if (!used || !ice->cur->renomination)
		return 0;
	if (ice->doubt_until > 0)
		return ask_each(used);
	/* Controlled: what was nominated is gone. The peer hears of it by checks over what is left. */
	return !ice->controlling && ice->cur->heard > 0 && !used->nominated &&
			       now < ice->urgent_until
		       ? TT_ICE_URGENT
		       : 0;
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
