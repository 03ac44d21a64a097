/* ice_request.c - a check of the peer came. RFC 8445 section 7.3.
 *
 * Who cannot prove to know our password hears nothing at all: no 400, no 401
 * (8489 section 9.1.3 allows silence, and silence cannot be aimed at a third
 * party). A check may come before the peer's description: our own password
 * authenticates it, it is answered and its source remembered. */
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "ice/ice_agent.h"

/* "ours:theirs", 7.2.2 from the other side. */
static bool names(const struct ice_gen *g, struct span username)
{
	size_t n = strlen(g->ufrag);

	tt_work(username.len);
	if (username.len < n + 1 || memcmp(username.p, g->ufrag, n) != 0 || username.p[n] != ':')
		return false;
	return !g->has_remote || span_eq((struct span){ username.p + n + 1, username.len - n - 1 },
					 span_of(g->remote_ufrag));
}

/* Most have one to answer at a time. */
static bool room_to_respond(struct tt_ice *ice)
{
	if (ice->response_count < ice->response_room)
		return true;
	const size_t room = ice->response_room ? 2 * ice->response_room : 2;
	struct ice_response *all =
		room <= TT_ICE_MAX_RESPONSES ? tt_resize(ice->env, NULL, room * sizeof *all) : NULL;
	if (!all)
		return false;
	for (size_t i = 0; i < ice->response_count; i++)
		all[i] = *tt_ice_response_at(ice, i);
	tt_free(ice->env, ice->response);
	ice->response = all;
	ice->response_room = room;
	ice->response_head = 0;
	return true;
}

static bool respond(struct tt_ice *ice, taut_time now, int base, bool prev,
		    const struct taut_addr *local, const struct taut_addr *from,
		    const struct tt_stun_msg *m, uint16_t error)
{
	if (!room_to_respond(ice)) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_TOO_MANY_ANSWERS, from);
		return false;
	}
	struct ice_response *r = tt_ice_response_at(ice, ice->response_count++);
	*r = (struct ice_response){ .flow = ice->base[base].flow,
				    .remote = *from,
				    .local = local && local->family ? *local : ice->base[base].addr,
				    .error = error,
				    .prev = prev };
	memcpy(r->tid, m->tid, sizeof r->tid);
	if (error == 420) {
		memcpy(r->unknown, m->unknown, sizeof r->unknown);
		r->unknown_count = tt_u8(m->unknown_count);
	}
	return true;
}

/* 7.3.1.1. False: the peer was told to turn, and the request has no other effect. */
static bool roles_agree(struct tt_ice *ice, taut_time now, const struct tt_stun_msg *m)
{
	bool both_control = ice->controlling && (m->has & TT_STUN_HAS_CONTROLLING);
	bool none_controls = !ice->controlling && (m->has & TT_STUN_HAS_CONTROLLED);

	if (both_control) {
		if (ice->tiebreaker >= m->tiebreaker)
			return false;
		return tt_ice_switch_role(ice, now, false);
	}
	if (none_controls) {
		if (ice->lite || ice->tiebreaker < m->tiebreaker)
			return false;
		return tt_ice_switch_role(ice, now, true);
	}
	return true;
}

/* Before the description only one peer is remembered: the first who proved to know us. */
static bool same_early_peer(struct ice_gen *g, struct span username)
{
	size_t n = strlen(g->ufrag) + 1, len = username.len - n;

	if (g->has_remote)
		return true;
	tt_work(len);
	if (len == 0 || len >= sizeof g->remote_ufrag || memchr(username.p + n, 0, len))
		return false;
	if (g->remote_ufrag[0] == '\0')
		memcpy(g->remote_ufrag, username.p + n, len); /* the rest is zero */
	return span_eq(span_of(g->remote_ufrag), (struct span){ username.p + n, len });
}

/* 7.3.1.5 */
static void nominated_by_peer(struct ice_pair *p, taut_time now)
{
	p->nominated_at = now;
	if (p->valid)
		p->nominated = true;
	else
		p->nominate = true;
}

/* 7.3.1.4: whether a check of ours must go out over the pair. */
static bool wants_check(const struct tt_ice *ice, const struct ice_pair *p, taut_time now,
			bool nominates)
{
	const bool again = ice->cur->renomination;
	const taut_time left = p->consent_until - now;

	if (ice->controlling && ice->cur->selected >= 0 && !again)
		return false; /* concluded: nothing could come of it */
	if (p->state != TT_ICE_PAIR_SUCCEEDED)
		return true;
	/* A spare pair whose consent nobody keeps up is asked again when it is meant seriously. */
	return (nominates && left < TT_ICE_CONSENT_LIFE / 3) ||
	       (again && left < TT_ICE_CONSENT_LIFE - TT_ICE_SPARE_AGE);
}

/* 7.3.1.4 begins the check under way anew, because the first one may have found the peer's NAT
 * closed. But each new one makes the peer begin anew as well, and where the round trip is longer
 * than what is begun meanwhile, the answers come to transactions long forgotten. So the second
 * time waits for an RTO, the next for two, four, eight. */
static bool begins_anew(struct ice_pair *p, taut_time now, bool heard_before)
{
	enum { MOST = 5 };
	const struct ice_tx *tx = &p->tx[(p->tx_at + TT_ICE_PAIR_TX - 1) % TT_ICE_PAIR_TX];

	if (p->state != TT_ICE_PAIR_IN_PROGRESS || !heard_before)
		return true;
	if (now - tx->sent < (taut_time)TT_STUN_RTO << p->again)
		return false;
	if (p->again < MOST)
		p->again++;
	return true;
}

/* 7.3.1.3 to 7.3.1.5. False: there is no room for it. */
static bool learn(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *from,
		  const struct tt_stun_msg *m)
{
	struct ice_gen *g = ice->cur;
	const bool tcp = ice->base[base].stream != 0;
	int remote = tt_ice_find_remote(g, tcp, from);

	if (remote < 0)
		remote = tt_ice_put_prflx(ice, now, tcp, from, m->priority);
	if (remote < 0)
		return false;
	if (m->has & TT_STUN_HAS_NETWORK_INFO)
		tt_ice_take_network(ice, now, tt_ice_remote_at(g, remote), m->network_info);
	int pair = tt_ice_add_pair(ice, now, base, remote);
	if (pair < 0)
		return false;
	struct ice_pair *p = tt_ice_pair_at(g, pair);
	bool heard_before = p->heard_from;
	p->heard = now;
	p->heard_from = true;
	p->count.requests_received++;
	const bool nominates = !ice->controlling && tt_ice_take_nomination(ice, now, p, m);
	if (nominates)
		nominated_by_peer(p, now);
	tt_ice_heard_elsewhere(ice, now, p);
	if (ice->lite)
		tt_ice_lite_heard(ice, p);
	else if (wants_check(ice, p, now, nominates)) {
		p->nominate = nominates || p->nominate;
		if (begins_anew(p, now, heard_before))
			tt_ice_trigger(g, p);
	}
	return true;
}

static void heard_on_old_pair(struct tt_ice *ice, taut_time now, int base,
			      const struct taut_addr *from)
{
	struct ice_gen *g = ice->prev;
	int remote = tt_ice_find_remote(g, ice->base[base].stream != 0, from);
	int pair = remote < 0 ? -1 : tt_ice_find_pair(g, base, remote);

	if (pair < 0)
		return;
	struct ice_pair *p = tt_ice_pair_at(g, pair);
	p->heard = now;
	p->count.requests_received++;
	if (ice->lite)
		tt_ice_lite_heard(ice, p);
}

static int refuse(struct tt_ice *ice, taut_time now, uint32_t why, const struct taut_addr *from)
{
	tt_ice_drop_packet(ice, now, why, from);
	return 1;
}

int tt_ice_on_request(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *local,
		      const struct taut_addr *from, const struct tt_stun_msg *m, const uint8_t *pkt)
{
	struct ice_gen *g = ice->cur;

	if (!(m->has & TT_STUN_HAS_USERNAME))
		return refuse(ice, now, TAUT_DROP_ICE_USERNAME, from);
	if (!names(g, m->username))
		g = ice->prev && ice->prev_until == 0 && names(ice->prev, m->username) ? ice->prev
										       : NULL;
	if (!g) {
		ice->cur->hints.strange++;
		return refuse(ice, now, TAUT_DROP_ICE_USERNAME, from);
	}
	if (!tt_stun_verify(m, pkt, &g->local_key)) {
		g->hints.forged += (m->has & TT_STUN_HAS_INTEGRITY) != 0;
		return refuse(ice, now, TAUT_DROP_ICE_INTEGRITY, from);
	}
	/* RFC 7675 5.1: these credentials are spent */
	if (ice->state == TT_ICE_FAILED || (g == ice->prev && ice->path_gen != g))
		return refuse(ice, now, TAUT_DROP_ICE_STATE, from);

	ice->counters.checks_received++;
	bool prev = g == ice->prev;
	if (m->unknown_count > 0) {
		respond(ice, now, base, prev, local, from, m, 420); /* 8489 6.3.1 */
		return 0;
	}
	if (!(m->has & TT_STUN_HAS_PRIORITY) ||
	    !(m->has & (TT_STUN_HAS_CONTROLLED | TT_STUN_HAS_CONTROLLING)))
		return refuse(ice, now, TAUT_DROP_ICE_INCOMPLETE, from);
	if (prev) { /* the pair that still carries data wants the peer's consent checks answered */
		respond(ice, now, base, true, local, from, m, 0);
		heard_on_old_pair(ice, now, base, from);
		return 0;
	}
	if (!roles_agree(ice, now, m)) {
		respond(ice, now, base, false, local, from, m, 487);
		return 0;
	}
	const bool same = same_early_peer(g, m->username);
	if (!same && ice->lite)
		return refuse(ice, now, TAUT_DROP_ICE_STATE, from);
	/* A lite agent is told once, and has no check by which it would learn more: who is not answered says it again. */
	if (same && !learn(ice, now, base, from, m) && ice->lite)
		return 0;
	respond(ice, now, base, false, local, from, m, 0);
	return 0;
}

size_t tt_ice_response_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	struct ice_response *r = tt_ice_response_at(ice, 0);
	struct wr w = wr_make(out->buf, out->cap);
	const struct ice_gen *g = r->prev ? ice->prev : ice->cur;

	ice->response_head = (ice->response_head + 1) % ice->response_room;
	ice->response_count--;
	if (!g || r->flow == 0)
		return 0; /* its generation or socket is gone */
	tt_stun_begin(&w, r->error ? TT_STUN_ERROR : TT_STUN_SUCCESS, TT_STUN_BINDING, r->tid);
	if (r->error == 487)
		tt_stun_put_error(&w, 487, "Role Conflict");
	else if (r->error == 420)
		tt_stun_put_error(&w, 420, "Unknown Attribute");
	if (r->error == 420)
		tt_stun_put_unknown(&w, r->unknown, r->unknown_count);
	if (r->error == 0)
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &r->remote);
	tt_stun_put_integrity(&w, &g->local_key);
	tt_stun_put_fingerprint(&w);
	out->flow = r->flow;
	out->local = r->local;
	out->remote = r->remote;
	out->len = tt_stun_finish(&w);
	ice->counters.responses_sent += out->len > 0;
	struct ice_pair *p = tt_ice_pair_from(ice, g, r->flow, &r->remote);
	if (p)
		p->count.responses_sent += out->len > 0;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "check answered", TT_ADDR("remote", &r->remote),
		TT_INT("error", r->error));
	return out->len;
}
