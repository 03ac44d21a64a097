/* ice_network.c - which network a candidate is in, and what that costs.
 *
 * RFC 8445 section 5.1.2.1 leaves to the agent which of its interfaces it prefers. libwebrtc has its peers know, too:
 * "network-id" and "network-cost" of a candidate, and in each check the attribute GOOG-NETWORK-INFO, which holds
 * both. There is no specification of them but its code; the costs are its own. Of pairs that work it takes
 * the one whose two ends cost less, and so do we: a phone that talks to us saves its volume without asking.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |          network id           |         network cost          |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ */
#include "base/num.h"
#include "ice/ice_agent.h"

/* What a VPN goes over is not known. */
enum { UNKNOWN = 50, VPN = 1 };

static const struct network {
	uint16_t cost;
	uint8_t rank; /* of our own candidates, by their local preference */
} networks[] = {
	[TAUT_NETWORK_UNKNOWN] = { UNKNOWN, 2 },   [TAUT_NETWORK_ETHERNET] = { 0, 0 },
	[TAUT_NETWORK_WIFI] = { 10, 1 },           [TAUT_NETWORK_CELLULAR] = { 900, 3 },
	[TAUT_NETWORK_VPN] = { UNKNOWN + VPN, 4 }, [TAUT_NETWORK_LOOPBACK] = { 0, 0 },
	[TAUT_NETWORK_CELLULAR_2G] = { 980, 3 },   [TAUT_NETWORK_CELLULAR_3G] = { 910, 3 },
	[TAUT_NETWORK_CELLULAR_4G] = { 500, 3 },   [TAUT_NETWORK_CELLULAR_5G] = { 250, 3 },
};

static const struct network *network_of(uint32_t type)
{
	return &networks[type < TT_COUNT(networks) ? type : TAUT_NETWORK_UNKNOWN];
}

unsigned tt_ice_network_rank(uint32_t type)
{
	return network_of(type)->rank;
}

uint16_t tt_ice_network_id(struct tt_ice *ice, uint32_t index)
{
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (ice->base[i].state != BASE_NONE && ice->base[i].network > 0 &&
		    ice->base[i].index == index)
			return ice->base[i].network;
	if (ice->networks == UINT16_MAX)
		ice->networks = 0; /* they have come and gone: the first is long forgotten */
	return ++ice->networks;
}

/* Not of a host that hides its addresses: how many networks it has, and of what kind, says what those would. */
bool tt_ice_tells_network(const struct tt_ice *ice)
{
	return !ice->own && ice->addresses < TT_ICE_ADDRESS_PUBLIC;
}

uint32_t tt_ice_network_info(const struct ice_base *b)
{
	return (uint32_t)b->network << 16 | network_of(b->type)->cost;
}

void tt_ice_show_network(const struct tt_ice *ice, struct ice_local *l)
{
	const struct ice_base *b = &ice->base[l->base];

	if (!tt_ice_tells_network(ice))
		return;
	l->c.network_id = b->network;
	l->c.network_cost = tt_ice_network_info(b) & 0xffff;
}

/* The socket that a base is of; -1: none. */
static int socket_of(const struct tt_ice *ice, int base)
{
	const struct ice_base *b = &ice->base[base];

	if (b->state == BASE_NONE || b->state == BASE_CLOSING)
		return -1;
	return b->relay ? ice->relay[b->relay - 1].base : b->stream ? b->home : base;
}

void tt_ice_change_network(struct tt_ice *ice, taut_time now, int base, uint32_t index,
			   uint8_t type)
{
	const struct ice_base *changed = &ice->base[base];

	if (changed->index == index && changed->type == type)
		return;
	const uint16_t id = tt_ice_network_id(ice, index);
	for (int i = 0; i < ice->base_count; i++) {
		struct ice_base *b = &ice->base[i];
		if (socket_of(ice, i) != base)
			continue;
		b->index = index;
		b->network = id;
		b->type = type;
	}
	for (size_t i = 0; i < ice->local_count; i++)
		tt_ice_show_network(ice, &ice->local[i]);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "network of a local address",
		TT_ADDR("address", &changed->addr), TT_INT("id", id),
		TT_INT("cost", tt_ice_network_info(changed) & 0xffff));
}

void tt_ice_take_network(struct tt_ice *ice, taut_time now, struct tt_ice_candidate *r,
			 uint32_t info)
{
	const uint16_t id = (uint16_t)(info >> 16), cost = info & 0xffff;

	if (cost > TT_ICE_MAX_COST) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_NETWORK_COST, TT_INT("cost", cost),
			TT_ADDR("address", &r->addr));
		return;
	}
	if (r->network_id == id && r->network_cost == cost)
		return;
	r->network_id = id;
	r->network_cost = cost;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "network of a remote candidate",
		TT_ADDR("address", &r->addr), TT_INT("id", id), TT_INT("cost", cost));
}

unsigned tt_ice_pair_cost(const struct tt_ice *ice, const struct ice_gen *g,
			  const struct ice_pair *p)
{
	const struct tt_ice_candidate *r = tt_ice_remote_at(g, p->remote);
	const bool detour =
		ice->base[p->base].relay || ice->base[p->base].stream || r->type == TT_ICE_RELAY;

	return network_of(ice->base[p->base].type)->cost + (unsigned)r->network_cost +
	       (detour ? TT_ICE_SAVING : 0);
}

bool tt_ice_better(const struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p,
		   const struct ice_pair *than)
{
	const unsigned a = tt_ice_pair_cost(ice, g, p), b = tt_ice_pair_cost(ice, g, than);

	if (p->doubtful != than->doubtful)
		return p->doubtful < than->doubtful;
	return a != b ? a < b : p->priority > than->priority;
}
