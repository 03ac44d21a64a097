/* ice_nominate.c - which pair carries data. RFC 8445 section 8.1.
 *
 * Controlling, we nominate once (regular nomination): the best valid pair, by what its networks
 * cost and then by priority, after at most one more round trip in which a better one may prove
 * itself, or two seconds if it goes through a TURN server, over TCP, or over a cellular network
 * that another would spare. A peer that can be told again is (ice_renominate.c). Controlled, we follow: libwebrtc
 * still sends USE-CANDIDATE with every check (RFC 5245's aggressive nomination),
 * so several pairs may be nominated and the best of them counts, unless the
 * peer's nominating checks have come over another one only. Before any nomination
 * data may use the best valid pair, section 12.1. */
#include "base/num.h"
#include "ice/ice_agent.h"

static bool better_is_busy(const struct tt_ice *ice, int pair)
{
	const struct ice_gen *g = ice->cur;

	for (int i = 0; i < g->pairs; i++)
		if (tt_ice_pair_busy(tt_ice_pair_at(g, i)) &&
		    tt_ice_better(ice, g, tt_ice_pair_at(g, i), tt_ice_pair_at(g, pair)))
			return true;
	return false;
}

/* A cellular network would be spared by one that is still tried. */
static bool saves_much(const struct tt_ice *ice, const struct ice_pair *p)
{
	const struct ice_gen *g = ice->cur;
	const unsigned cost = tt_ice_pair_cost(ice, g, p);

	for (int i = 0; i < g->pairs; i++)
		if (tt_ice_pair_busy(tt_ice_pair_at(g, i)) &&
		    tt_ice_pair_cost(ice, g, tt_ice_pair_at(g, i)) + TT_ICE_SAVING <= cost)
			return true;
	return false;
}

/* For a better pair to prove itself. Data need not wait for it, 12.1; and what is nominated stays. */
static taut_time patience(const struct tt_ice *ice, const struct ice_pair *p)
{
	return tt_ice_indirect(ice, p) || saves_much(ice, p) ? TT_ICE_RELAY_PATIENCE
							     : tt_clamp64(p->rtt, 20000, 200000);
}

/* The first one; -1: none yet. */
static int first_choice(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;
	const int best = tt_ice_best_valid(ice, g, now);

	if (best < 0)
		return -1;
	const taut_time at = now + patience(ice, tt_ice_pair_at(g, best));
	if (g->nominate_at == 0 || at < g->nominate_at)
		g->nominate_at = at;
	return now < g->nominate_at && better_is_busy(ice, best) ? -1 : best;
}

void tt_ice_nominate(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;

	if (!ice->controlling || !g->has_remote ||
	    (g->nominating >= 0 && !tt_ice_give_up_attempt(ice, now)))
		return;
	const int choice = g->selected < 0 ? first_choice(ice, now) : tt_ice_next_choice(ice, now);
	if (choice < 0)
		return;
	struct ice_pair *p = tt_ice_pair_at(g, choice);
	g->nominating = choice;
	p->use_candidate = true;
	tt_ice_begin_attempt(g, now, p);
	if (g->said < TT_ICE_NOMINATIONS)
		g->said++;
	tt_ice_trigger(g, p);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "nominating",
		TT_ADDR("local", &ice->base[p->base].addr),
		TT_ADDR("remote", &tt_ice_remote_at(g, p->remote)->addr));
}

static bool alive(const struct ice_pair *p, taut_time now)
{
	return p->used && p->valid && now < p->consent_until;
}

/* Controlled: the best of those that the peer nominated lately; when that is long ago, the one it
 * nominated last: a peer that nominates once has left the one before. One that says values means the
 * highest: draft-thatcher-ice-renomination-01 section 4. */
static int best_nominated(const struct tt_ice *ice, taut_time now)
{
	const struct ice_gen *g = ice->cur;
	int best = -1, fresh = -1, last = -1;

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (!alive(p, now) || !p->nominated)
			continue;
		if (p->nomination > (last < 0 ? 0 : tt_ice_pair_at(g, last)->nomination))
			last = i;
		if (best < 0 || p->nominated_at > tt_ice_pair_at(g, best)->nominated_at)
			best = i;
		if (now - p->nominated_at <= TT_ICE_FOLLOW &&
		    (fresh < 0 || tt_ice_better(ice, g, p, tt_ice_pair_at(g, fresh))))
			fresh = i;
	}
	return last >= 0 ? last : fresh >= 0 ? fresh : best;
}

/* When another pair may come to be the best nominated one because time has passed. */
taut_time tt_ice_follow_deadline(const struct tt_ice *ice)
{
	const struct ice_gen *g = ice->cur;
	taut_time at = INT64_MAX;
	int nominated = 0;

	for (int i = 0; i < g->pairs && !ice->controlling; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		const taut_time over = p->nominated_at + TT_ICE_FOLLOW + 1;
		if (!alive(p, ice->last_now) || !p->nominated)
			continue;
		nominated++;
		if (over > ice->last_now)
			at = tt_min64(at, over);
	}
	return nominated > 1 ? at : INT64_MAX;
}

/* 8.1.2: checks that can change nothing any more are not sent. */
static void stop_checks(struct tt_ice *ice)
{
	struct ice_gen *g = ice->cur;

	for (int i = 0; i < g->pairs; i++) {
		struct ice_pair *p = tt_ice_pair_at(g, i);
		if (!tt_ice_pair_busy(p) || i == ice->path || tt_ice_worth_checking(ice, p))
			continue;
		if (!ice->controlling &&
		    (tt_ice_better(ice, g, p, tt_ice_pair_at(g, ice->path)) || p->nominate))
			continue; /* the peer may come to prefer it */
		p->state = p->valid ? TT_ICE_PAIR_SUCCEEDED : TT_ICE_PAIR_FAILED;
		p->why = TAUT_WHY_SPARED;
		p->triggered = 0;
	}
}

/* RFC 8445 9: from now on data takes the new pair, the peer's as soon as it has nominated too. What it
 * sent before that is still on its way, and welcome. */
static void outdate_prev(struct tt_ice *ice, taut_time now)
{
	if (ice->prev && ice->prev_until == 0)
		ice->prev_until = now + TT_ICE_LINGER;
}

void tt_ice_drop_prev(struct tt_ice *ice, taut_time now)
{
	if (!ice->prev || ice->prev_until == 0 || now < ice->prev_until)
		return;
	tt_ice_gen_free(ice, ice->prev);
	ice->prev = NULL;
	ice->prev_until = 0;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "old generation dropped",
		TT_STR("why", "a pair of the new one is nominated"));
}

static void set_path(struct tt_ice *ice, taut_time now, struct ice_gen *g, int pair)
{
	bool same = ice->path_gen == g && ice->path == pair;
	const struct ice_pair *p = tt_ice_pair_at(g, pair);

	ice->path_gen = g;
	ice->path = pair;
	g->had_path = true;
	g->hints.lost = 0;
	ice->path_gone = NULL;
	if (!same) {
		tt_ice_bind_channel(ice, now, g, pair);
		ice->counters.path_changes++;
		ice->selected_known = ice->selected_due = false;
		tt_ice_consent_start(ice, now);
	}
	if (g != ice->cur || !p->nominated)
		return;
	if (!ice->selected_known) {
		ice->selected_known = ice->selected_due = true;
		ice->decided_at = now;
		tt_note(ice->env, now, TAUT_LAYER_ICE, "pair nominated",
			TT_ADDR("local", &ice->base[p->base].addr),
			TT_ADDR("remote", &tt_ice_remote_at(g, p->remote)->addr),
			TT_INT("rtt_us", p->rtt));
	}
	outdate_prev(ice, now);
	stop_checks(ice);
}

void tt_ice_choose_path(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;
	int pair = ice->controlling ? g->selected : best_nominated(ice, now);

	if (pair >= 0 && alive(tt_ice_pair_at(g, pair), now)) {
		set_path(ice, now, g, pair);
		return;
	}
	if (ice->path_gen && ice->path_gen == ice->prev &&
	    alive(tt_ice_pair_at(ice->prev, ice->path), now))
		return; /* RFC 8445 9: data stays until the restart is concluded */
	pair = tt_ice_best_valid(ice, g, now);
	if (pair >= 0)
		set_path(ice, now, g, pair);
	else
		ice->path_gen = NULL;
}
