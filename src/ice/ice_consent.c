/* ice_consent.c - may we still send? RFC 7675.
 *
 * A Binding request every 4 to 6 s on the path that carries data, each with an id
 * of its own, sent once. Thirty seconds without an authenticated answer from that
 * very address end it, whatever else arrives meanwhile. That consent goes
 * unanswered is told earlier, as a state from which the agent may come back. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

/* 5.1: between 4 and 6 seconds, at random; and where the clock shows whole fifths of a second, so
 * that the many idle connections of a process wake it together: each time that it has to sleep
 * anew costs as much as two checks. */
static void schedule(struct tt_ice *ice, taut_time now)
{
	enum { GRID = 200000 };
	uint32_t r = 0;

	tt_random_u32(ice->env, &r); /* 0 if that fails: 4 s is allowed as well */
	const taut_time at = now + TT_ICE_CONSENT_BASIC * 4 / 5 +
			     (taut_time)(r % (TT_ICE_CONSENT_BASIC * 2 / 5 - GRID + 1));
	ice->next_consent = (at + GRID - 1) / GRID * GRID;
}

/* A new path: its own check has just been answered. */
void tt_ice_consent_start(struct tt_ice *ice, taut_time now)
{
	memset(ice->consent, 0, sizeof ice->consent);
	ice->unanswered_since = ice->doubt_until = 0;
	ice->urgent_until = now + TT_ICE_URGENT_LIFE;
	schedule(ice, now);
	if (tt_ice_urgency(ice, now) > 0)
		ice->next_consent = now; /* the peer learns by it where we are now */
}

size_t tt_ice_consent_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	struct ice_tx *tx = &ice->consent[ice->consent_at];

	if (!ice->path_gen || ice->lite || now < ice->next_consent)
		return 0;
	schedule(ice, now);
	if (tt_ice_urgency(ice, now) > 0)
		ice->next_consent = now + tt_ice_urgency(ice, now);
	tx->live = false;
	if (!tt_random(ice->env, tx->tid, sizeof tx->tid))
		return 0;
	tx->live = true;
	tx->pair = tt_u8((uint64_t)ice->path);
	tx->sent = now;
	ice->consent_at = (uint8_t)((ice->consent_at + 1) % TT_ICE_CONSENT_TX);
	if (ice->unanswered_since == 0)
		ice->unanswered_since = now;
	if (ice->doubt_until > 0 && ice->doubt_asked < 2)
		ice->doubt_asked++;
	tt_ice_keep_spares(ice, now);
	if (tt_ice_request_write(ice, ice->path_gen, tt_ice_pair_at(ice->path_gen, ice->path), tx,
				 out) == 0)
		return 0;
	ice->counters.consent_sent++;
	ice->counters.checks_sent++;
	tt_ice_pair_at(ice->path_gen, ice->path)->count.consents_sent++;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "consent check sent",
		TT_ADDR("remote", &out->remote));
	return out->len;
}

static void revoked(struct tt_ice *ice, taut_time now)
{
	struct ice_pair *p = tt_ice_pair_at(ice->path_gen, ice->path);

	/* 5.2: an authenticated 403 ends consent at once. */
	p->consent_until = now;
	ice->path_gen->hints.lost = TAUT_WHY_REFUSED;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "consent revoked by the peer",
		TT_ADDR("remote", &tt_ice_remote_at(ice->path_gen, p->remote)->addr));
}

/* False: not an answer to a consent check. */
bool tt_ice_consent_answer(struct tt_ice *ice, taut_time now, int base,
			   const struct taut_addr *from, const struct tt_stun_msg *m,
			   const uint8_t *pkt)
{
	struct ice_tx *tx = NULL;

	for (int i = 0; i < TT_ICE_CONSENT_TX; i++)
		if (ice->consent[i].live &&
		    memcmp(ice->consent[i].tid, m->tid, TT_STUN_TID_LEN) == 0)
			tx = &ice->consent[i];
	if (!tx || !ice->path_gen || tx->pair != ice->path)
		return false;
	struct ice_pair *p = tt_ice_pair_at(ice->path_gen, ice->path);
	if (!tt_stun_verify(m, pkt, &ice->path_gen->remote_key)) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_INTEGRITY, from);
		return true;
	}
	if (p->base != base ||
	    !tt_addr_eq(&tt_ice_remote_at(ice->path_gen, p->remote)->addr, from)) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_ASYMMETRIC, from);
		return true;
	}
	ice->counters.responses_received++;
	tx->live = false;
	if (m->cls == TT_STUN_ERROR) {
		if (m->error_code == 403)
			revoked(ice, now);
		return true;
	}
	p->rtt = now - tx->sent;
	p->count.rtt_sum += p->rtt;
	p->count.responses_received++;
	p->consent_until = now + TT_ICE_CONSENT_LIFE;
	ice->unanswered_since = 0;
	p->doubtful = 0;
	if (ice->doubt_until > 0) {
		ice->doubt_until = 0;
		schedule(ice, now);
	}
	return true;
}

/* 5.1: consent that ran out is gone for these credentials. */
void tt_ice_consent_tick(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->path_gen;

	if (!g || now < tt_ice_pair_at(g, ice->path)->consent_until)
		return;
	struct ice_pair *p = tt_ice_pair_at(g, ice->path);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "consent expired",
		TT_ADDR("local", &ice->base[p->base].addr),
		TT_ADDR("remote", &tt_ice_remote_at(g, p->remote)->addr));
	p->valid = p->nominated = false;
	p->state = TT_ICE_PAIR_FAILED;
	p->why = TAUT_WHY_CONSENT;
	if (g->hints.lost == 0)
		g->hints.lost = TAUT_WHY_CONSENT;
	p->triggered = 0;
	if (g->selected == ice->path)
		g->selected = -1;
	ice->path_gen = NULL;
	memset(ice->consent, 0, sizeof ice->consent);
}

/* One lost check is no silence while the peer's own checks arrive. */
static taut_time silent_at(const struct tt_ice *ice)
{
	const struct ice_pair *p = tt_ice_pair_at(ice->path_gen, ice->path);
	taut_time both = tt_max64(ice->unanswered_since, p->heard) + TT_ICE_SILENT;

	if (ice->lite) /* three of the peer's are missing */
		return p->heard + TT_ICE_SILENT_ONE_WAY;
	return tt_min64(both, ice->unanswered_since + TT_ICE_SILENT_ONE_WAY);
}

bool tt_ice_is_silent(const struct tt_ice *ice, taut_time now)
{
	return ice->path_gen && (ice->unanswered_since > 0 || ice->lite) && now >= silent_at(ice);
}

taut_time tt_ice_consent_deadline(const struct tt_ice *ice, taut_time now)
{
	if (!ice->path_gen)
		return INT64_MAX;
	taut_time at = tt_min64(ice->lite ? INT64_MAX : ice->next_consent,
				tt_ice_pair_at(ice->path_gen, ice->path)->consent_until);
	if ((ice->unanswered_since > 0 || ice->lite) && silent_at(ice) > now)
		at = tt_min64(at, silent_at(ice));
	return tt_min64(at, tt_ice_doubt_deadline(ice, now));
}
