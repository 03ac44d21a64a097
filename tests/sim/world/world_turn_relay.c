/* world_turn_relay.c - permissions, channels, and what passes by them: RFC 8656 sections 9 to 12. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_turn_int.h"

#define PERMISSION INT64_C(300000000) /* section 9: MUST be 5 minutes */
#define CHANNEL    INT64_C(600000000) /* section 12 */
enum { HEAD = 64, LONGEST = 65507 };

/* ---- permissions ---- */

static bool alive(const struct turn_permission *p, taut_time now)
{
	return p->ip.family != 0 && p->until > now;
}

static bool permitted(const struct world_turn *t, const struct turn_relay *r,
		      const struct taut_addr *peer)
{
	for (size_t i = 0; i < WORLD_TURN_PERMISSIONS; i++)
		if (alive(&r->permissions[i], t->world->now) &&
		    tt_addr_eq_ip(&r->permissions[i].ip, peer))
			return true;
	return false;
}

/* Where the address' permission is or could be; NULL: full. */
static struct turn_permission *permission_for(const struct world_turn *t, struct turn_relay *r,
					      const struct taut_addr *ip)
{
	struct turn_permission *room = NULL;

	for (size_t i = 0; i < WORLD_TURN_PERMISSIONS; i++) {
		struct turn_permission *p = &r->permissions[i];
		if (alive(p, t->world->now) && tt_addr_eq_ip(&p->ip, ip))
			return p;
		if (!alive(p, t->world->now) && !room)
			room = p;
	}
	return room;
}

static bool permit(const struct world_turn *t, struct turn_relay *r, const struct taut_addr *ip)
{
	struct turn_permission *p = permission_for(t, r, ip);

	if (p)
		*p = (struct turn_permission){ *ip, t->world->now + PERMISSION };
	return p != NULL;
}

/* 0, or why this one is no peer for the allocation. */
static uint16_t check_peer(const struct turn_call *c, struct world_turn_allocation *a,
			   const struct taut_addr *peer)
{
	if (!turn_relay_of(a, peer->family))
		return 443;
	return world_turn_forbids(&c->t->cfg, peer) ? 403 : 0;
}

/* 10.2. All of them or none: a copy takes them first. */
void turn_create_permission(struct turn_call *c, struct world_turn_allocation *a)
{
	uint16_t code = c->m.peer_count == 0 ? 400 : 0;
	struct turn_relay copies[2] = { a->relays[0], a->relays[1] };

	for (size_t i = 0; i < c->m.peer_count && code == 0; i++)
		code = check_peer(c, a, &c->m.peers[i]);
	if (code == 0 && c->m.more_peers)
		code = 508;
	for (size_t i = 0; i < c->m.peer_count && code == 0; i++) {
		const struct turn_relay *r = turn_relay_of(a, c->m.peers[i].family);
		if (!permit(c->t, &copies[r - a->relays], &c->m.peers[i]))
			code = 508;
	}
	if (code != 0) {
		turn_error(c, code);
		return;
	}
	memcpy(a->relays, copies, sizeof copies);
	turn_success(c);
}

/* ---- channels ---- */

static struct turn_channel *channel_by(const struct world_turn *t, struct world_turn_allocation *a,
				       uint16_t number, const struct taut_addr *peer)
{
	for (size_t k = 0; k < TT_COUNT(a->relays); k++)
		for (size_t i = 0; i < WORLD_TURN_CHANNELS; i++) {
			struct turn_channel *ch = &a->relays[k].channels[i];
			if (ch->number == 0 || ch->until <= t->world->now)
				continue;
			if (peer ? tt_addr_eq(&ch->peer, peer) : ch->number == number)
				return ch;
		}
	return NULL;
}

static struct turn_channel *free_channel(const struct world_turn *t, struct turn_relay *r)
{
	for (size_t i = 0; i < WORLD_TURN_CHANNELS; i++)
		if (r->channels[i].number == 0 || r->channels[i].until <= t->world->now)
			return &r->channels[i];
	return NULL;
}

/* The checks of 12.2. */
static uint16_t check_channel(const struct turn_call *c, struct world_turn_allocation *a)
{
	const struct taut_addr *peer = &c->m.peers[0];

	if (!(c->m.has & TT_STUN_HAS_CHANNEL) || c->m.peer_count == 0 ||
	    c->m.channel < TT_TURN_CHANNEL_FIRST || c->m.channel > TT_TURN_CHANNEL_LAST)
		return 400;
	const struct turn_channel *by_number = channel_by(c->t, a, c->m.channel, NULL);
	const struct turn_channel *by_peer = channel_by(c->t, a, 0, peer);
	if (by_number != by_peer)
		return 400;
	return check_peer(c, a, peer);
}

void turn_channel_bind(struct turn_call *c, struct world_turn_allocation *a)
{
	uint16_t code = check_channel(c, a);
	const struct taut_addr *peer = &c->m.peers[0];
	struct turn_relay *r = code == 0 ? turn_relay_of(a, peer->family) : NULL;
	struct turn_channel *ch = code == 0 ? channel_by(c->t, a, c->m.channel, NULL) : NULL;

	if (r && !ch)
		ch = free_channel(c->t, r);
	if (r && (!ch || !permit(c->t, r, peer)))
		code = 508;
	if (code != 0) {
		turn_error(c, code);
		return;
	}
	*ch = (struct turn_channel){ c->m.channel, *peer, c->t->world->now + CHANNEL };
	turn_success(c);
}

/* ---- data ---- */

static void to_peer(struct world_turn *t, struct world_turn_allocation *a,
		    const struct taut_addr *peer, struct span data)
{
	const struct turn_relay *r = turn_relay_of(a, peer->family);

	if (!r || !permitted(t, r, peer) || world_turn_forbids(&t->cfg, peer)) {
		t->refused++;
		return;
	}
	if (t->fault == WORLD_TURN_BLACK_HOLE)
		return;
	t->to_peers++;
	world_send(t->world, t->host, &r->addr, peer, data.p, data.len);
}

void turn_from_client(struct world_turn *t, struct world_turn_allocation *a,
		      const struct tt_stun_msg *m)
{
	/* 11.2: what is not understood, or not all there, is discarded. */
	if (a && m->peer_count > 0 && m->has & TT_STUN_HAS_DATA && m->unknown_count == 0)
		to_peer(t, a, &m->peers[0], m->data);
}

void turn_from_channel(struct world_turn *t, struct world_turn_allocation *a,
		       const struct tt_turn_channel *ch)
{
	const struct turn_channel *bound = a ? channel_by(t, a, ch->number, NULL) : NULL;

	if (bound)
		to_peer(t, a, &bound->peer, ch->data);
}

static size_t channel_data(uint8_t *out, const struct turn_path *path, uint16_t number,
			   const uint8_t *data, size_t len)
{
	size_t padding = path->stream ? -len & 3 : 0; /* 12.5 */

	tt_turn_channel_head(out, number, len);
	memcpy(out + TT_TURN_CHANNEL_HEAD, data, len);
	memset(out + TT_TURN_CHANNEL_HEAD + len, 0, padding);
	return TT_TURN_CHANNEL_HEAD + len + padding;
}

static size_t data_indication(struct world_turn *t, uint8_t *out, size_t cap,
			      const struct taut_addr *peer, const uint8_t *data, size_t len)
{
	uint8_t tid[TT_STUN_TID_LEN];
	struct wr w = wr_make(out, cap);

	world_fill(&t->random, tid, sizeof tid);
	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_DATA, tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, peer);
	tt_stun_put(&w, TT_STUN_DATA, data, len);
	return tt_stun_finish(&w);
}

static struct turn_relay *relay_at(struct world_turn *t, const struct taut_addr *local,
				   struct world_turn_allocation **out)
{
	for (struct world_turn_allocation *a = t->allocations; a; a = a->next)
		for (size_t i = 0; i < TT_COUNT(a->relays); i++)
			if (tt_addr_eq(&a->relays[i].addr, local)) {
				*out = a;
				return &a->relays[i];
			}
	return NULL;
}

/* 11.3, 12.7 */
void turn_from_peer(struct world_turn *t, const struct taut_addr *local,
		    const struct taut_addr *remote, const uint8_t *data, size_t len)
{
	struct world_turn_allocation *a = NULL;
	const struct turn_relay *r = relay_at(t, local, &a);
	uint8_t out[LONGEST + HEAD];

	if (!r)
		return;
	if (!permitted(t, r, remote)) {
		t->refused++;
		return;
	}
	const struct turn_channel *ch = channel_by(t, a, 0, remote);
	size_t n = ch ? channel_data(out, &a->path, ch->number, data, len)
		      : data_indication(t, out, sizeof out, remote, data, len);
	t->to_clients++;
	turn_send(t, &a->path, out, n);
}
