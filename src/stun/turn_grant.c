/* turn_grant.c - permissions and channels, asked for one by one and again before they expire.
 * RFC 8656 sections 9, 10 and 12. */
#include "stun/turn_client_int.h"

#include "base/addr.h"
#include "base/num.h"

static struct turn_grant *permission_of(const struct tt_turn *t, const struct taut_addr *peer)
{
	for (size_t i = 0; i < t->grant_count; i++)
		if (t->grants[i].number == 0 && tt_addr_eq_ip(&t->grants[i].peer, peer))
			return &t->grants[i];
	return NULL;
}

struct turn_grant *tt_turn_channel_to(const struct tt_turn *t, const struct taut_addr *peer)
{
	for (size_t i = 0; i < t->grant_count; i++)
		if (t->grants[i].number != 0 && tt_addr_eq(&t->grants[i].peer, peer))
			return &t->grants[i];
	return NULL;
}

struct turn_grant *tt_turn_channel_of(const struct tt_turn *t, uint16_t number)
{
	for (size_t i = 0; number != 0 && i < t->grant_count; i++)
		if (t->grants[i].number == number)
			return &t->grants[i];
	return NULL;
}

/* Both share what is done for most: a few permissions and a channel. NULL: no memory. */
static struct turn_grant *new_grant(struct tt_turn *t)
{
	const size_t most = TT_TURN_MAX_PERMISSIONS + TT_TURN_MAX_CHANNELS;

	if (t->grant_count == t->grant_room) {
		const size_t room = t->grant_room ? tt_min(2 * t->grant_room, most) : 4;
		struct turn_grant *all = tt_resize(t->env, t->grants, room * sizeof *all);
		if (!all)
			return NULL;
		t->grants = all;
		t->grant_room = room;
	}
	return &t->grants[t->grant_count++];
}

static bool may_be_peer(const struct tt_turn *t, const struct taut_addr *peer)
{
	const struct taut_addr *own = tt_turn_relayed(t, peer->family);

	if (!own || t->releasing)
		return false;
	/* A server on this machine, whose peers are as well: as with loopback candidates in ICE. */
	return !tt_turn_forbids(peer) || (tt_addr_is_loopback(peer) && tt_addr_is_loopback(own));
}

enum tt_turn_grant tt_turn_permission(const struct tt_turn *t, const struct taut_addr *peer)
{
	const struct turn_grant *g = permission_of(t, peer);

	return g ? g->state : TT_TURN_REFUSED;
}

enum tt_turn_grant tt_turn_permit(struct tt_turn *t, taut_time now, const struct taut_addr *peer)
{
	struct turn_grant *g = permission_of(t, peer);

	if (g)
		return g->state;
	if (!may_be_peer(t, peer) || t->permissions == TT_TURN_MAX_PERMISSIONS ||
	    !(g = new_grant(t)))
		return TT_TURN_REFUSED;
	t->permissions++;
	*g = (struct turn_grant){ .peer = *peer };
	g->state = tt_turn_ask(t, now, &g->ask, 0) ? TT_TURN_ASKED : TT_TURN_REFUSED;
	return g->state;
}

void tt_turn_forget_refusals(struct tt_turn *t)
{
	for (size_t i = 0; i < t->grant_count;) {
		if (t->grants[i].number != 0 || t->grants[i].state != TT_TURN_REFUSED) {
			i++;
			continue;
		}
		t->grants[i] = t->grants[--t->grant_count];
		t->permissions--;
	}
}

/* A number stays with its peer: section 12 forbids another one for five minutes. */
void tt_turn_bind(struct tt_turn *t, taut_time now, const struct taut_addr *peer)
{
	struct turn_grant *g;

	if (tt_turn_channel_to(t, peer) || t->channels == TT_TURN_MAX_CHANNELS ||
	    !may_be_peer(t, peer) || !(g = new_grant(t)))
		return;
	*g = (struct turn_grant){ .peer = *peer,
				  .number = tt_u16(TT_TURN_CHANNEL_FIRST + t->channels++) };
	g->state = tt_turn_ask(t, now, &g->ask, 0) ? TT_TURN_ASKED : TT_TURN_REFUSED;
}

void tt_turn_put_peer(const struct turn_grant *g, struct wr *w)
{
	if (g->number)
		tt_stun_put_u32(w, TT_STUN_CHANNEL_NUMBER, (uint32_t)g->number << 16);
	tt_stun_put_addr(w, TT_STUN_XOR_PEER_ADDRESS, &g->peer);
}

/* 10.3, 12.3 */
void tt_turn_granted(struct tt_turn *t, taut_time now, struct turn_grant *g)
{
	const taut_time life = g->number ? TURN_CHANNEL : TURN_PERMISSION;

	g->state = TT_TURN_GRANTED;
	g->until = now + life;
	g->renew_at = g->until - TURN_EARLY;
	tt_note(t->env, now, TAUT_LAYER_STUN, g->number ? "TURN channel" : "TURN permission",
		TT_ADDR("peer", &g->peer), TT_INT("number", g->number));
}

void tt_turn_refused(struct tt_turn *t, taut_time now, struct turn_grant *g, uint16_t error,
		     const char *why)
{
	g->state = TT_TURN_REFUSED;
	g->ask.live = false;
	tt_note(t->env, now, TAUT_LAYER_STUN, g->number ? "no TURN channel" : "no TURN permission",
		TT_ADDR("peer", &g->peer), TT_STR("why", why), TT_INT("code", error));
}

static void tick_one(struct tt_turn *t, taut_time now, struct turn_grant *g)
{
	if (g->ask.live && tt_stun_retry_over(&g->ask.retry, now)) {
		tt_turn_refused(t, now, g, 0, "the TURN server does not answer");
		return;
	}
	if (g->state != TT_TURN_GRANTED)
		return;
	if (now >= g->until) {
		tt_turn_refused(t, now, g, 0, "it has expired");
	} else if (now >= g->renew_at) {
		g->renew_at = INT64_MAX;
		if (!tt_turn_ask(t, now, &g->ask, 0))
			g->renew_at = now + TURN_SHORTEST;
	}
}

void tt_turn_grant_tick(struct tt_turn *t, taut_time now)
{
	for (size_t i = 0; i < t->grant_count; i++)
		tick_one(t, now, &t->grants[i]);
}
