/* turn_answer.c - what the server answers, and what follows. RFC 8656 sections 7.3, 7.4, 8.3, 10.3
 * and 12.3; RFC 8489 sections 6.3 and 9.2.5; 300 by its section 10. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "stun/turn_client_int.h"

enum { DEFAULT_PORT = 3478 };

static enum tt_turn_came drop(struct tt_turn *t, taut_time now, uint32_t reason)
{
	tt_drop(t->env, now, reason, TT_ADDR("from", &t->server));
	return TT_TURN_DROPPED;
}

/* The request that is answered. *g: the grant it asks for; NULL: it is the allocation's. */
static struct turn_ask *find_ask(struct tt_turn *t, const struct tt_stun_msg *m,
				 struct turn_grant **g)
{
	struct turn_ask *a = &t->ask;

	*g = NULL;
	for (size_t i = 0;; i++) {
		if (a->live && a->retry.sent > 0 && m->method == tt_turn_method(t, *g) &&
		    memcmp(a->tid, m->tid, sizeof a->tid) == 0)
			return a;
		if (i == t->grant_count)
			return NULL;
		*g = &t->grants[i];
		a = &t->grants[i].ask;
	}
}

/* ---- errors ---- */

static void failed(struct tt_turn *t, taut_time now, struct turn_grant *g, uint16_t error,
		   const char *why)
{
	if (g && error != 437) /* which says that there is nothing to grant anything on */
		tt_turn_refused(t, now, g, error, why);
	else
		tt_turn_over(t, now, error, why);
}

/* Again with a key or a nonce; other requests that are under way find out by themselves. */
static void challenge(struct tt_turn *t, taut_time now, struct turn_ask *a, struct turn_grant *g,
		      const struct tt_stun_msg *m)
{
	const char *why = tt_turn_challenged(t, a, m);

	if (!why && !tt_turn_ask(t, now, a, (uint8_t)(a->challenges + 1)))
		why = "no transaction id could be drawn";
	if (why)
		failed(t, now, g, m->error_code, why);
}

static bool was_tried(const struct tt_turn *t, const struct taut_addr *a)
{
	for (size_t i = 0; i < t->tried_count; i++)
		if (tt_addr_eq(&t->tried[i], a))
			return true;
	return false;
}

/* From the same address, so of the same family; a server on this machine may stay on it. */
static const char *redirect(struct tt_turn *t, taut_time now, const struct tt_stun_msg *m)
{
	struct taut_addr to = m->alternate;

	if (!(m->has & TT_STUN_HAS_ALTERNATE) || to.family != t->server.family)
		return "it names no other server that can be reached from here";
	to.port = to.port ? to.port : DEFAULT_PORT;
	if (tt_turn_forbids(&to) && !(tt_addr_is_loopback(&to) && tt_addr_is_loopback(&t->server)))
		return "it names an address that no server has";
	if (was_tried(t, &to) || t->tried_count == TT_COUNT(t->tried))
		return "servers send from one to another";
	tt_note(t->env, now, TAUT_LAYER_STUN, "TURN server sends to another",
		TT_ADDR("from", &t->server), TT_ADDR("to", &to));
	t->tried[t->tried_count++] = t->server = to;
	tt_turn_forget_login(t);
	return tt_turn_ask(t, now, &t->ask, 0) ? NULL : "no transaction id could be drawn";
}

static const char *error_text(uint16_t code)
{
	static const struct {
		uint16_t code;
		const char *text;
	} rows[] = {
		{ 400, "the TURN server does not understand the request" },
		{ 403, "the TURN server forbids it" },
		{ 437, "the TURN server has no such allocation, or one that is not ours" },
		{ 440, "the TURN server does not relay from this address family" },
		{ 441, "the allocation belongs to other credentials" },
		{ 442, "the TURN server does not relay UDP" },
		{ 443, "the allocation is of another address family" },
		{ 486, "this user has as many allocations as the TURN server permits" },
		{ 508, "the TURN server has no capacity left" },
	};

	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (rows[i].code == code)
			return rows[i].text;
	return "the TURN server answers with an error";
}

static void refused(struct tt_turn *t, taut_time now, struct turn_ask *a, struct turn_grant *g,
		    const struct tt_stun_msg *m)
{
	const char *why = NULL;

	if (m->error_code == 401 || m->error_code == 438)
		challenge(t, now, a, g, m);
	else if (m->error_code == 300 && m->method == TT_TURN_ALLOCATE)
		why = redirect(t, now, m);
	else
		why = error_text(m->error_code);
	if (why)
		failed(t, now, g, m->error_code, why);
}

/* ---- success ---- */

static bool usable(const struct tt_turn *t, const struct taut_addr *a)
{
	return (a->family == 6 ? t->ipv6 : t->ipv4) && a->port != 0 && !tt_addr_is_any(a);
}

static void set_lifetime(struct tt_turn *t, taut_time now, uint32_t seconds)
{
	const taut_time life = (taut_time)seconds * TURN_SECOND;

	t->until = now + life;
	t->renew_at = now + tt_max64(life - tt_min64(TURN_EARLY, life / 2), TURN_SHORTEST);
}

/* 7.3. */
static void allocated(struct tt_turn *t, taut_time now, const struct tt_stun_msg *m)
{
	const struct taut_addr *mapped = tt_stun_mapped(m);

	for (size_t i = 0; i < m->relayed_count; i++)
		if (usable(t, &m->relayed[i]))
			t->relayed[m->relayed[i].family == 6] = m->relayed[i];
	if (mapped && mapped->port != 0 && !tt_addr_is_any(mapped))
		t->mapped = *mapped;
	t->state = TT_TURN_ALLOCATED;
	set_lifetime(t, now, m->lifetime);
	tt_note(t->env, now, TAUT_LAYER_STUN, "TURN allocation", TT_ADDR("server", &t->server),
		TT_INT("lifetime", m->lifetime));
	if (t->relayed[0].family == 0 && t->relayed[1].family == 0)
		tt_turn_release(t, now);
}

static void succeeded(struct tt_turn *t, taut_time now, struct turn_grant *g,
		      const struct tt_stun_msg *m)
{
	const bool lasts = m->has & TT_STUN_HAS_LIFETIME && m->lifetime > 0;

	if (g)
		tt_turn_granted(t, now, g);
	else if (!lasts)
		tt_turn_over(t, now, 0, "the TURN server grants no lifetime");
	else if (m->method == TT_TURN_ALLOCATE)
		allocated(t, now, m);
	else
		set_lifetime(t, now, m->lifetime);
}

/* 9.2.5: anybody may ask who we are; what else is said has to be signed. 300 may come from a
 * server that asks nobody, so before credentials were shown. */
static bool counts(const struct tt_turn *t, const struct turn_ask *a, const struct tt_stun_msg *m,
		   const uint8_t *pkt)
{
	if (m->cls == TT_STUN_ERROR && (m->error_code == 401 || m->error_code == 438))
		return true;
	if (tt_turn_bid_down(m))
		return false;
	return a->authenticated ? tt_turn_verified(t, m, pkt)
				: m->cls == TT_STUN_ERROR && m->error_code != 400;
}

enum tt_turn_came tt_turn_answer(struct tt_turn *t, taut_time now, const struct tt_stun_msg *m,
				 const uint8_t *pkt)
{
	struct turn_grant *g;
	struct turn_ask *a = find_ask(t, m, &g);

	if (!a)
		return drop(t, now, TAUT_DROP_TURN_NOT_ASKED);
	if (m->cls == TT_STUN_ERROR && !(m->has & TT_STUN_HAS_ERROR))
		return drop(t, now, TAUT_DROP_TURN_MALFORMED);
	if (!counts(t, a, m, pkt)) {
		a->forged = true;
		return drop(t, now, TAUT_DROP_TURN_INTEGRITY);
	}
	a->live = false;
	if (m->cls == TT_STUN_ERROR)
		refused(t, now, a, g, m);
	else if (m->unknown_count > 0) /* 6.3.3 */
		failed(t, now, g, 0, "the answer needs an attribute we do not know");
	else
		succeeded(t, now, g, m);
	return TT_TURN_TAKEN;
}
