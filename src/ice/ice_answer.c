/* ice_answer.c - an answer to a check of ours came. RFC 8445 section 7.2.5.
 *
 * Nothing counts before the message is authenticated with the peer's password
 * and its 96-bit transaction id was found. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

static struct ice_tx *find_tx(struct ice_gen *g, const uint8_t *tid, int *pair)
{
	for (int i = 0; i < g->pairs; i++)
		for (int k = 0; tt_ice_pair_at(g, i)->used && k < TT_ICE_PAIR_TX; k++) {
			struct ice_tx *tx = &tt_ice_pair_at(g, i)->tx[k];
			if (tx->live && memcmp(tx->tid, tid, sizeof tx->tid) == 0) {
				*pair = i;
				return tx;
			}
		}
	return NULL;
}

/* 7.2.5.3.1: an address of ours that only the peer could tell us. */
static void learn_local(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *mapped)
{
	for (size_t i = 0; i < ice->local_count; i++)
		if (tt_addr_eq(&ice->local[i].c.addr, mapped))
			return;
	/* A peer on our link sees what no candidate and no statistics show: RFC 8828 section 5.2, mode 3. */
	if (tt_ice_hides(ice, mapped) && tt_addr_eq(&ice->base[base].addr, mapped))
		return;
	size_t prflx = 0;
	for (size_t i = 0; i < ice->local_count; i++)
		prflx += ice->local[i].c.type == TT_ICE_PRFLX;
	if (prflx < TT_ICE_MAX_PRFLX)
		tt_ice_add_local(ice, now, TT_ICE_PRFLX, base, 0, mapped);
}

static void select_pair(struct ice_gen *g, int pair, const struct ice_tx *tx)
{
	struct ice_pair *p = tt_ice_pair_at(g, pair);

	if (g->selected >= 0)
		tt_ice_pair_at(g, g->selected)->nominated = false; /* the peer leaves it as well */
	p->nominated = true;
	p->use_candidate = false;
	if (g->nominating == pair)
		g->nominating = -1;
	g->selected = pair;
	g->said_of_path = tx->nomination;
}

/* 7.2.5.3.2 to 7.2.5.3.4. */
static void succeeded(struct tt_ice *ice, taut_time now, int pair, const struct ice_tx *tx)
{
	struct ice_gen *g = ice->cur;
	struct ice_pair *p = tt_ice_pair_at(g, pair);
	bool was_valid = p->valid;

	p->valid = true;
	p->doubtful = 0;
	if (!tx->repeated)
		p->rtt = now - tx->sent; /* else unknown which one was answered */
	p->count.rtt_sum += p->rtt;
	p->consent_until = now + TT_ICE_CONSENT_LIFE; /* RFC 7675 section 5.1 */
	/* A newer check may be under way, to nominate: it stays so. */
	if (!(p->use_candidate && !tx->use_candidate)) {
		p->state = TT_ICE_PAIR_SUCCEEDED;
		p->triggered = 0;
	}
	if (ice->controlling && tx->use_candidate &&
	    (tx->nomination == 0 || tx->nomination >= g->said_of_path))
		select_pair(g, pair, tx);
	if (!ice->controlling && p->nominate) {
		p->nominated = true;
		p->nominate = false;
	}
	tt_ice_thaw_foundation(ice, p);
	if (!was_valid)
		tt_note(ice->env, now, TAUT_LAYER_ICE, "pair valid",
			TT_ADDR("local", &ice->base[p->base].addr),
			TT_ADDR("remote", &tt_ice_remote_at(g, p->remote)->addr),
			TT_INT("rtt_us", p->rtt));
}

/* 7.2.5.1. When roles have turned often enough, a pair that works goes on without agreement. */
static void role_conflict(struct tt_ice *ice, taut_time now, int pair, const struct ice_tx *tx)
{
	struct ice_pair *p = tt_ice_pair_at(ice->cur, pair);
	uint64_t fresh;

	/* Another answer may have turned us already. */
	if (ice->controlling == tx->controlling) {
		if (!tt_ice_switch_role(ice, now, !tx->controlling)) {
			if (p->valid)
				p->state = TT_ICE_PAIR_SUCCEEDED;
			else
				tt_ice_pair_failed(ice, now, pair, TAUT_WHY_ROLES);
			return;
		}
		if (tt_random(ice->env, &fresh, sizeof fresh))
			ice->tiebreaker = fresh;
	}
	tt_ice_trigger(ice->cur, p);
}

/* RFC 8489 section 9.1.3: who cannot check our signature answers 400 or 401, and signs nothing. */
static void hint(struct ice_gen *g, const struct tt_stun_msg *m)
{
	if (m->has & TT_STUN_HAS_INTEGRITY)
		g->hints.forged++;
	else if (m->error_code == 400 || m->error_code == 401)
		g->hints.hinted = m->error_code;
}

int tt_ice_on_response(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *from,
		       const struct tt_stun_msg *m, const uint8_t *pkt)
{
	struct ice_gen *g = ice->cur;
	int pair = -1;
	struct ice_tx *tx = find_tx(g, m->tid, &pair);

	if (!tx || !g->has_remote) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_UNMATCHED, from);
		return 1;
	}
	if (!tt_stun_verify(m, pkt, &g->remote_key)) {
		hint(g, m);
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_INTEGRITY, from);
		return 1;
	}
	const struct ice_tx done = *tx;
	struct ice_pair *p = tt_ice_pair_at(g, pair);
	bool newest = tx == &p->tx[(p->tx_at + TT_ICE_PAIR_TX - 1) % TT_ICE_PAIR_TX];
	if (m->cls == TT_STUN_SUCCESS && (m->unknown_count > 0 || !tt_stun_mapped(m))) {
		/* 8489 6.3.3: as if it had not come */
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_UNKNOWN_ATTR, from);
		return 1;
	}
	tx->live = false;
	ice->counters.responses_received++;
	if (p->base != base || !tt_addr_eq(&tt_ice_remote_at(g, p->remote)->addr, from)) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_ASYMMETRIC, from);
		if (newest && p->state == TT_ICE_PAIR_IN_PROGRESS)
			tt_ice_pair_failed(ice, now, pair, TAUT_WHY_ASYMMETRIC); /* 7.2.5.2.1 */
		return 0;
	}
	if (m->cls == TT_STUN_SUCCESS) {
		p->count.responses_received++;
		if (!ice->base[base].stream) /* of TCP a connection is all there is to know */
			learn_local(ice, now, base, tt_stun_mapped(m));
		succeeded(ice, now, pair, &done);
	} else if (m->error_code == 487) {
		role_conflict(ice, now, pair, &done);
	} else if (newest && p->state == TT_ICE_PAIR_IN_PROGRESS) {
		g->hints.refused = m->error_code ? m->error_code : 1;
		tt_ice_pair_failed(ice, now, pair, TAUT_WHY_REFUSED); /* 7.2.5.2.4 */
	}
	return 0;
}
