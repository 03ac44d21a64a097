/* world_watch_turn.c - what a connection asks of TURN servers, and what it has relayed. */
#include <string.h>

#include "base/addr.h"
#include "stun/turn.h"
#include "world/world_watch.h"

#define RELAYED 0x80000000u /* a flow of its own for what goes through a server */

static bool same_server(const struct world_watch_grant *g, taut_flow flow,
			const struct taut_addr *server)
{
	return g->flow == flow && tt_addr_eq(&g->server, server);
}

static void asked(struct world_watch *w, taut_flow flow, const struct taut_addr *server,
		  const struct tt_stun_msg *m)
{
	const uint16_t number = m->method == TT_TURN_CHANNEL_BIND ? m->channel : 0;
	struct world_watch_grant *g = NULL;

	for (int i = 0; i < w->grant_count; i++)
		if (same_server(&w->grants[i], flow, server) && w->grants[i].number == number &&
		    tt_addr_eq(&w->grants[i].peer, &m->peers[0]))
			g = &w->grants[i];
	if (!g && w->grant_count == WORLD_WATCH_GRANTS) {
		world_fail(w->world, "%s: asks for more than %d permissions", w->name,
			   WORLD_WATCH_GRANTS);
		return;
	}
	if (!g) {
		g = &w->grants[w->grant_count++];
		*g = (struct world_watch_grant){
			.flow = flow, .server = *server, .peer = m->peers[0], .number = number
		};
	}
	memcpy(g->tid, m->tid, sizeof g->tid);
}

static bool permitted(const struct world_watch *w, taut_flow flow, const struct taut_addr *server,
		      const struct taut_addr *peer)
{
	for (int i = 0; i < w->grant_count; i++)
		if (same_server(&w->grants[i], flow, server) && w->grants[i].granted &&
		    tt_addr_eq_ip(&w->grants[i].peer, peer))
			return true;
	return false;
}

static const struct world_watch_grant *channel(const struct world_watch *w, taut_flow flow,
					       const struct taut_addr *server, uint16_t number)
{
	for (int i = 0; i < w->grant_count; i++)
		if (same_server(&w->grants[i], flow, server) && w->grants[i].number == number)
			return &w->grants[i];
	return NULL;
}

/* False: it is none, or of a channel that nobody asked for. */
static bool in_channel(const struct world_watch *w, taut_flow flow, const struct taut_addr *server,
		       const uint8_t *data, size_t len, struct world_watch_relayed *inside,
		       const struct world_watch_grant **g)
{
	struct tt_turn_channel c;

	if (!tt_turn_channel_read(&c, data, len))
		return false;
	*g = channel(w, flow, server, c.number);
	if (*g)
		*inside = (struct world_watch_relayed){ flow | RELAYED, (*g)->peer, c.data.p,
							c.data.len };
	return *g != NULL;
}

static bool in_indication(taut_flow flow, const struct tt_stun_msg *m,
			  struct world_watch_relayed *inside)
{
	if (m->peer_count == 0 || !(m->has & TT_STUN_HAS_DATA))
		return false;
	*inside =
		(struct world_watch_relayed){ flow | RELAYED, m->peers[0], m->data.p, m->data.len };
	return true;
}

bool world_watch_turn_out(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
			  const uint8_t *data, size_t len, struct world_watch_relayed *inside)
{
	const struct world_watch_grant *g = NULL;
	struct tt_stun_msg m;
	bool relayed = false;

	if (data[0] >> 6 == 1) {
		relayed = in_channel(w, flow, remote, data, len, inside, &g);
		if (!relayed || !g->granted)
			world_fail(w->world, "%s: sends in a channel that is not bound", w->name);
	} else if (tt_stun_is(data, len) && tt_stun_read(&m, data, len) == TT_STUN_OK) {
		if (m.cls == TT_STUN_REQUEST && m.peer_count > 0)
			asked(w, flow, remote, &m);
		relayed = m.cls == TT_STUN_INDICATION && m.method == TT_TURN_SEND &&
			  in_indication(flow, &m, inside);
	}
	if (relayed && !permitted(w, flow, remote, &inside->peer))
		world_fail(w->world, "%s: has something relayed without a permission", w->name);
	return relayed && inside->len > 0;
}

bool world_watch_turn_in(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
			 const uint8_t *data, size_t len, struct world_watch_relayed *inside)
{
	const struct world_watch_grant *g = NULL;
	struct tt_stun_msg m;

	if (len == 0)
		return false;
	if (data[0] >> 6 == 1)
		return in_channel(w, flow, remote, data, len, inside, &g);
	if (!tt_stun_is(data, len) || tt_stun_read(&m, data, len) != TT_STUN_OK)
		return false;
	for (int i = 0; m.cls == TT_STUN_SUCCESS && i < w->grant_count; i++)
		if (memcmp(w->grants[i].tid, m.tid, sizeof w->grants[i].tid) == 0)
			w->grants[i].granted = true;
	return m.cls == TT_STUN_INDICATION && m.method == TT_TURN_DATA &&
	       in_indication(flow, &m, inside);
}
