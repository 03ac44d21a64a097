/* turn_client.c - an allocation's life: Allocate, Refresh, and the clock of every request.
 * RFC 8656 sections 7, 8 and, for retransmissions, RFC 8489 section 6.2.1. */
#include "stun/turn_client_int.h"

#include <string.h>

#include "base/num.h"

int tt_turn_new(struct tt_turn **out, struct tt_env *env, const struct tt_turn_config *cfg,
		taut_time now)
{
	if (!cfg->user || !cfg->password || !(cfg->ipv4 || cfg->ipv6))
		return TAUT_E_INVAL;
	struct tt_turn *t = tt_alloc(env, sizeof *t);
	if (!t)
		return TAUT_E_NOMEM;
	t->env = env;
	t->user = cfg->user;
	t->password = cfg->password;
	t->stream = cfg->stream;
	t->ipv4 = cfg->ipv4;
	t->ipv6 = cfg->ipv6;
	t->server = t->tried[0] = cfg->server;
	t->tried_count = 1;
	t->why = "";
	t->give_up = cfg->give_up_after > 0 ? now + cfg->give_up_after : INT64_MAX;
	t->until = t->renew_at = INT64_MAX;
	if (!tt_turn_ask(t, now, &t->ask, 0)) {
		tt_turn_free(t);
		return TAUT_E_CRYPTO;
	}
	*out = t;
	return TAUT_OK;
}

void tt_turn_free(struct tt_turn *t)
{
	if (!t)
		return;
	tt_turn_forget_login(t);
	tt_free(t->env, t->grants);
	tt_free(t->env, t);
}

enum tt_turn_state tt_turn_state(const struct tt_turn *t)
{
	return t->state;
}

const char *tt_turn_why(const struct tt_turn *t)
{
	return t->why;
}

uint16_t tt_turn_error(const struct tt_turn *t)
{
	return t->error;
}

const struct taut_addr *tt_turn_server(const struct tt_turn *t)
{
	return &t->server;
}

const struct taut_addr *tt_turn_relayed(const struct tt_turn *t, uint8_t family)
{
	const struct taut_addr *a = &t->relayed[family == 6];

	return t->state == TT_TURN_ALLOCATED && a->family == family ? a : NULL;
}

const struct taut_addr *tt_turn_mapped(const struct tt_turn *t)
{
	return t->state == TT_TURN_ALLOCATED && t->mapped.family ? &t->mapped : NULL;
}

void tt_turn_over(struct tt_turn *t, taut_time now, uint16_t error, const char *why)
{
	t->state = TT_TURN_OVER;
	t->error = error;
	t->why = why;
	t->ask.live = false;
	tt_free(t->env, t->grants);
	t->grants = NULL;
	t->grant_count = t->grant_room = t->permissions = t->channels = 0;
	tt_note(t->env, now, TAUT_LAYER_STUN, "TURN allocation over", TT_STR("why", why),
		TT_INT("code", error), TT_ADDR("server", &t->server));
}

void tt_turn_cut(struct tt_turn *t, taut_time now, const char *why)
{
	if (t->state != TT_TURN_OVER)
		tt_turn_over(t, now, 0, why);
}

/* ---- requests ---- */

/* False: no random number, so no request. */
bool tt_turn_ask(struct tt_turn *t, taut_time now, struct turn_ask *a, uint8_t challenges)
{
	*a = (struct turn_ask){ .challenges = challenges, .authenticated = t->login.known };
	a->live = tt_random(t->env, a->tid, sizeof a->tid);
	tt_stun_retry_start(&a->retry, now, t->stream ? TT_STUN_TI / TT_STUN_RM : TT_STUN_RTO,
			    t->releasing || t->stream ? 1 : TT_STUN_RC);
	return a->live;
}

uint16_t tt_turn_method(const struct tt_turn *t, const struct turn_grant *g)
{
	if (g)
		return g->number ? TT_TURN_CHANNEL_BIND : TT_TURN_CREATE_PERMISSION;
	return t->state == TT_TURN_ALLOCATED || t->releasing ? TT_TURN_REFRESH : TT_TURN_ALLOCATE;
}

/* 7.1. IPv4 is what a server gives to who asks for nothing. */
static void put_families(const struct tt_turn *t, struct wr *w)
{
	tt_stun_put_u32(w, TT_STUN_REQUESTED_TRANSPORT, (uint32_t)TT_TURN_UDP << 24);
	if (t->ipv6)
		tt_stun_put_u32(w,
				t->ipv4 ? TT_STUN_ADDITIONAL_ADDRESS_FAMILY
					: TT_STUN_REQUESTED_ADDRESS_FAMILY,
				(uint32_t)TT_TURN_IPV6 << 24);
}

static size_t write_request(struct tt_turn *t, const struct turn_ask *a, const struct turn_grant *g,
			    uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);
	const uint16_t method = tt_turn_method(t, g);

	tt_stun_begin(&w, TT_STUN_REQUEST, method, a->tid);
	if (g)
		tt_turn_put_peer(g, &w);
	else if (method == TT_TURN_ALLOCATE)
		put_families(t, &w);
	else if (t->releasing)
		tt_stun_put_u32(&w, TT_STUN_LIFETIME, 0);
	if (a->authenticated)
		tt_turn_put_login(t, &w);
	return tt_stun_finish(&w);
}

static bool due(const struct turn_ask *a, taut_time now)
{
	return a->live && tt_stun_retry_due(&a->retry, now);
}

static size_t send(struct tt_turn *t, taut_time now, struct turn_ask *a, struct turn_grant *g,
		   uint8_t *buf, size_t cap)
{
	const size_t len = write_request(t, a, g, buf, cap);

	tt_stun_retry_sent(&a->retry, now);
	if (len > 0) {
		tt_trace_packet(t->env, now, TAUT_LAYER_STUN, true, buf, len, NULL, &t->server);
		return len;
	}
	if (g)
		tt_turn_refused(t, now, g, 0, "the request could not be written");
	else
		tt_turn_over(t, now, 0, "the request could not be written");
	return 0;
}

/* By whoever has it, or by itself as it is of no use. */
static const char *why_released(const struct tt_turn *t)
{
	return t->state == TT_TURN_ALLOCATED && t->relayed[0].family == 0 &&
			       t->relayed[1].family == 0
		       ? "the TURN server relays from no address that was asked for"
		       : "released";
}

size_t tt_turn_poll_send(struct tt_turn *t, taut_time now, uint8_t *buf, size_t cap)
{
	if (due(&t->ask, now)) {
		const size_t len = send(t, now, &t->ask, NULL, buf, cap);
		if (t->releasing && t->state != TT_TURN_OVER)
			tt_turn_over(t, now, 0, why_released(t));
		return len;
	}
	for (size_t i = 0; i < t->grant_count; i++)
		if (due(&t->grants[i].ask, now))
			return send(t, now, &t->grants[i].ask, &t->grants[i], buf, cap);
	return 0;
}

static taut_time ask_due(const struct turn_ask *a)
{
	return a->live && a->retry.sent < a->retry.rc ? a->retry.next : INT64_MAX;
}

taut_time tt_turn_due(const struct tt_turn *t)
{
	taut_time at = ask_due(&t->ask);

	for (size_t i = 0; i < t->grant_count; i++)
		at = tt_min64(at, ask_due(&t->grants[i].ask));
	return at;
}

/* ---- time ---- */

static const char *unanswered(const struct turn_ask *a)
{
	return a->forged ? "its answers were not signed with the password"
			 : "the TURN server does not answer";
}

void tt_turn_tick(struct tt_turn *t, taut_time now)
{
	if (t->state == TT_TURN_OVER)
		return;
	if ((t->ask.live && tt_stun_retry_over(&t->ask.retry, now)) ||
	    (t->state == TT_TURN_ALLOCATING && now >= t->give_up) || now >= t->until) {
		tt_turn_over(t, now, 0, unanswered(&t->ask));
		return;
	}
	if (now >= t->renew_at) {
		t->renew_at = INT64_MAX; /* the answer sets it */
		if (!tt_turn_ask(t, now, &t->ask, 0))
			t->renew_at = now + TURN_SHORTEST;
	}
	tt_turn_grant_tick(t, now);
}

static taut_time ask_over(const struct turn_ask *a)
{
	return a->live && a->retry.sent >= a->retry.rc ? a->retry.next : INT64_MAX;
}

taut_time tt_turn_deadline(const struct tt_turn *t)
{
	taut_time at = tt_min64(tt_min64(t->renew_at, t->until), ask_over(&t->ask));

	if (t->state == TT_TURN_OVER)
		return INT64_MAX;
	if (t->state == TT_TURN_ALLOCATING)
		at = tt_min64(at, t->give_up);
	for (size_t i = 0; i < t->grant_count; i++) {
		const struct turn_grant *g = &t->grants[i];
		at = tt_min64(at, ask_over(&g->ask));
		if (g->state == TT_TURN_GRANTED)
			at = tt_min64(at, tt_min64(g->renew_at, g->until));
	}
	return at;
}

void tt_turn_confirm(struct tt_turn *t, taut_time now)
{
	if (t->state == TT_TURN_ALLOCATED && !t->ask.live && !t->releasing)
		tt_turn_ask(t, now, &t->ask, 0);
}

bool tt_turn_asking(const struct tt_turn *t)
{
	return t->ask.live;
}

/* An Allocate under way may have been granted: only who has not asked with credentials has nothing. */
void tt_turn_release(struct tt_turn *t, taut_time now)
{
	const bool nothing = t->state == TT_TURN_ALLOCATING && !t->ask.authenticated;

	if (t->state == TT_TURN_OVER || t->releasing)
		return;
	t->releasing = true;
	for (size_t i = 0; i < t->grant_count; i++)
		t->grants[i].ask.live = false;
	if (nothing || !tt_turn_ask(t, now, &t->ask, 0))
		tt_turn_over(t, now, 0, "released");
}
