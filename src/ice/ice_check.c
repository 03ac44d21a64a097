/* ice_check.c - our own connectivity checks: whose turn it is, and the request.
 * RFC 8445 sections 6.1.4.2, 7.1, 7.2.2 to 7.2.4 and 14.
 *
 * Whatever leaves here is paced by Ta, retransmissions included, so that no candidate list makes an agent send
 * more than fifty checks a second, or twenty where the peer proposes no Ta. Requests to servers are paced by
 * 50 ms of their own: a check is not to wait because gathering goes on, nor the other way round, and the first
 * of each leaves at once. Between any two of them are the 5 ms of 14.2, and a few wait for no more than that:
 * the nominating check, the first ones that checks of the peer have triggered, the first of the other address
 * family, and what an allocation is still asked for after its server has answered. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

static bool checks_run(const struct tt_ice *ice)
{
	return ice->cur->has_remote && ice->state != TT_ICE_FAILED && !ice->pooled;
}

/* 6.1.4.2: the triggered-check queue in its order, then what is due again, then the best of those that wait.
 * -1: none now; *again_at: when one will be due. */
static int next_pair(const struct tt_ice *ice, taut_time now, taut_time *again_at)
{
	const struct ice_gen *g = ice->cur;
	int triggered = -1, again = -1, waiting = -1;

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (!p->used || !tt_ice_pair_ready(ice, g, p))
			continue;
		if (p->triggered > 0) {
			if (triggered < 0 || p->triggered < tt_ice_pair_at(g, triggered)->triggered)
				triggered = i;
		} else if (p->state == TT_ICE_PAIR_IN_PROGRESS && p->retry.sent < p->retry.rc) {
			*again_at = tt_min64(*again_at, p->retry.next);
			if (tt_stun_retry_due(&p->retry, now) &&
			    (again < 0 || p->retry.next < tt_ice_pair_at(g, again)->retry.next))
				again = i;
		} else if (p->state == TT_ICE_PAIR_WAITING) {
			if (waiting < 0 || p->priority > tt_ice_pair_at(g, waiting)->priority)
				waiting = i;
		}
	}
	return triggered >= 0 ? triggered : again >= 0 ? again : waiting;
}

/* When the pace lets it go that is wanted from then on; INT64_MAX: never. */
static taut_time paced(const struct tt_ice *ice, taut_time wanted, taut_time next)
{
	if (wanted == INT64_MAX)
		return INT64_MAX;
	return tt_max64(tt_max64(wanted, next), ice->last_check + TT_ICE_TA_MIN);
}

static bool is_ipv6(const struct tt_ice *ice, const struct ice_pair *p)
{
	return ice->base[p->base].addr.family == 6;
}

/* Whether 5 ms are enough. Behind two NATs one of the first two checks is often lost, and the other has opened the
 * way; and an IPv6 that leads nowhere is to cost nothing. */
static bool hurries(const struct tt_ice *ice, const struct ice_pair *p)
{
	const struct ice_gen *g = ice->cur;

	if (p->triggered > 0)
		return p->use_candidate || g->hurried < TT_ICE_HURRIED;
	return p->state == TT_ICE_PAIR_WAITING && !g->checked[is_ipv6(ice, p)] &&
	       g->checked[!is_ipv6(ice, p)];
}

/* The pair in *t, and when it may be checked. */
static taut_time turn_of_pairs(const struct tt_ice *ice, taut_time now, struct ice_turn *t)
{
	taut_time at = INT64_MAX;

	if (checks_run(ice))
		t->pair = next_pair(ice, now, &at);
	if (t->pair < 0)
		return paced(ice, at, ice->next_check);
	const struct ice_pair *p = tt_ice_pair_at(ice->cur, t->pair);
	return paced(ice, ice->last_check, hurries(ice, p) ? ice->last_check : ice->next_check);
}

static taut_time turn_of_servers(const struct tt_ice *ice, taut_time now, struct ice_turn *t)
{
	taut_time at = INT64_MAX;

	t->probe = tt_ice_probe_due(ice, now, &at);
	if (t->probe < 0)
		t->relay = tt_ice_relay_due(ice, now, &at);
	return paced(ice, t->probe >= 0 || t->relay >= 0 ? ice->last_check : at, ice->next_ask);
}

struct ice_turn tt_ice_turn(const struct tt_ice *ice, taut_time now)
{
	struct ice_turn t = { .pair = -1, .probe = -1, .relay = -1 };
	const taut_time pair_at = turn_of_pairs(ice, now, &t);
	const taut_time server_at = turn_of_servers(ice, now, &t);

	t.at = tt_min64(pair_at, server_at);
	if (pair_at > now)
		t.pair = -1;
	if (t.pair >= 0 || server_at > now)
		t.probe = t.relay = -1;
	return t;
}

static void put_username(struct wr *w, const struct ice_gen *g)
{
	char name[TT_ICE_UFRAG_CAP + TT_ICE_UFRAG_LEN + 2];
	size_t theirs = strlen(g->remote_ufrag), ours = strlen(g->ufrag);

	memcpy(name, g->remote_ufrag, theirs); /* 7.2.2: the peer's first */
	name[theirs] = ':';
	memcpy(name + theirs + 1, g->ufrag, ours);
	tt_stun_put(w, TT_STUN_USERNAME, name, theirs + 1 + ours);
}

size_t tt_ice_request_write(struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p,
			    const struct ice_tx *tx, struct tt_ice_out *out)
{
	const struct ice_base *b = &ice->base[p->base];
	struct wr w = wr_make(out->buf, out->cap);

	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tx->tid);
	put_username(&w, g);
	tt_stun_put_u64(&w, ice->controlling ? TT_STUN_ICE_CONTROLLING : TT_STUN_ICE_CONTROLLED,
			ice->tiebreaker);
	if (tx->use_candidate)
		tt_stun_put(&w, TT_STUN_USE_CANDIDATE, NULL, 0);
	if (tx->nomination)
		tt_stun_put_u32(&w, TT_STUN_NOMINATION, tx->nomination);
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, tt_ice_base_priority(b, TT_ICE_PRFLX));
	if (tt_ice_tells_network(ice))
		tt_stun_put_u32(&w, TT_STUN_GOOG_NETWORK_INFO, tt_ice_network_info(b));
	tt_stun_put_integrity(&w, &g->remote_key);
	tt_stun_put_fingerprint(&w);
	out->flow = b->flow;
	out->local = b->addr;
	out->remote = tt_ice_remote_at(g, p->remote)->addr;
	out->len = tt_stun_finish(&w);
	return out->len;
}

/* 14.3, so that the sum of all retransmissions stays below the pace as well. It makes them fewer, and the attempt no
 * longer. */
static taut_time rto_of(const struct ice_gen *g)
{
	int busy = 0;

	for (int i = 0; i < g->pairs; i++)
		busy += tt_ice_pair_at(g, i)->used &&
			(tt_ice_pair_at(g, i)->state == TT_ICE_PAIR_WAITING ||
			 tt_ice_pair_at(g, i)->state == TT_ICE_PAIR_IN_PROGRESS);
	return tt_max64(TT_STUN_RTO, g->ta * busy);
}

/* False: no random number, so no check; it is tried again with the next Ta. */
static bool begin_transaction(struct tt_ice *ice, taut_time now, struct ice_pair *p)
{
	struct ice_tx *tx = &p->tx[p->tx_at];
	const taut_time rto = rto_of(ice->cur);

	tx->live = false;
	if (!tt_random(ice->env, tx->tid, sizeof tx->tid))
		return false;
	tx->live = true;
	tx->repeated = false;
	tx->controlling = ice->controlling;
	tx->use_candidate = ice->controlling && p->use_candidate;
	tx->nomination = tx->use_candidate && ice->cur->renomination ? ice->cur->said : 0;
	p->tx_at = (uint8_t)((p->tx_at + 1) % TT_ICE_PAIR_TX);
	p->triggered = 0;
	p->state = TT_ICE_PAIR_IN_PROGRESS;
	if (ice->base[p->base].stream) /* nothing is said twice: RFC 8489 section 6.2.2 */
		tt_stun_retry_start(&p->retry, now, TT_STUN_TI / TT_STUN_RM, 1);
	else
		tt_stun_retry_start(&p->retry, now, rto, tt_stun_retry_count(rto));
	return true;
}

static void note_first(struct tt_ice *ice, taut_time now, const struct tt_ice_out *out)
{
	if (ice->cur->first_check)
		return;
	ice->cur->first_check = true;
	ice->cur->first_path = (struct tt_ice_path){ .flow = out->flow,
						     .local = out->local,
						     .remote = out->remote };
	tt_note(ice->env, now, TAUT_LAYER_ICE, "first check", TT_ADDR("local", &out->local),
		TT_ADDR("remote", &out->remote));
}

size_t tt_ice_check_write(struct tt_ice *ice, taut_time now, int pair, struct tt_ice_out *out)
{
	struct ice_pair *p = tt_ice_pair_at(ice->cur, pair);

	if (p->triggered > 0 && !p->use_candidate && now < ice->next_check)
		ice->cur->hurried++;
	ice->cur->checked[is_ipv6(ice, p)] = true;
	ice->last_check = now;
	ice->next_check = now + ice->cur->ta;
	if (p->state != TT_ICE_PAIR_IN_PROGRESS && !begin_transaction(ice, now, p))
		return 0;
	struct ice_tx *tx = &p->tx[(p->tx_at + TT_ICE_PAIR_TX - 1) % TT_ICE_PAIR_TX];
	tx->repeated = p->retry.sent > 0;
	tx->sent = now;
	tt_stun_retry_sent(&p->retry, now);
	if (tt_ice_request_write(ice, ice->cur, p, tx, out) == 0)
		return 0;
	ice->counters.checks_sent++;
	p->tries++;
	ice->cur->hints.requests++;
	p->count.requests_sent += !tx->repeated;
	note_first(ice, now, out);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "check sent", TT_ADDR("local", &out->local),
		TT_ADDR("remote", &out->remote), TT_INT("nominating", tx->use_candidate),
		TT_INT("try", p->retry.sent));
	return out->len;
}

/* False: the peer and we have turned often enough (HOSTILE A09). */
bool tt_ice_switch_role(struct tt_ice *ice, taut_time now, bool controlling)
{
	struct ice_gen *g = ice->cur;

	ice->counters.role_conflicts++;
	if (g->role_switches == TT_ICE_MAX_ROLE_SWITCHES)
		return false;
	g->role_switches++;
	ice->controlling = controlling;
	g->nominating = -1;
	g->nominate_at = 0;
	for (int i = 0; i < g->pairs; i++)
		tt_ice_pair_at(g, i)->use_candidate = tt_ice_pair_at(g, i)->nominate = false;
	tt_ice_reprioritize(ice);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "role conflict: role switched",
		TT_STR("role", controlling ? "controlling" : "controlled"));
	return true;
}

/* What it was asked beside has been answered; a nomination that was not is tried anew. */
static void keep(struct ice_gen *g, int pair)
{
	struct ice_pair *p = tt_ice_pair_at(g, pair);

	p->state = TT_ICE_PAIR_SUCCEEDED;
	p->use_candidate = false;
	if (g->nominating == pair)
		g->nominating = -1;
}

/* 7.2.5.2.3: nobody answered. */
void tt_ice_check_tick(struct tt_ice *ice, taut_time now)
{
	for (int i = 0; i < ice->cur->pairs; i++) {
		struct ice_pair *p = tt_ice_pair_at(ice->cur, i);
		if (!p->used || p->triggered > 0 || p->state != TT_ICE_PAIR_IN_PROGRESS ||
		    !tt_stun_retry_over(&p->retry, now))
			continue;
		if (p->valid && now < p->consent_until)
			keep(ice->cur, i);
		else
			tt_ice_pair_failed(ice, now, i, TAUT_WHY_UNANSWERED);
	}
}

taut_time tt_ice_check_deadline(const struct tt_ice *ice)
{
	taut_time at = INT64_MAX;

	for (int i = 0; i < ice->cur->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(ice->cur, i);
		if (p->used && p->state == TT_ICE_PAIR_IN_PROGRESS && p->retry.sent >= p->retry.rc)
			at = tt_min64(at, p->retry.next);
	}
	return at;
}
