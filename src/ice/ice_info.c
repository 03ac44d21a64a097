/* ice_info.c - pairs and candidates, for statistics. */
#include "ice/ice_agent.h"

#include "base/addr.h"

/* Pairs have bases on our side (RFC 8445 section 6.1.2.4): host candidates and relayed ones. */
static struct tt_ice_candidate of_base(const struct tt_ice *ice, const struct ice_base *b)
{
	/* The candidate of a connection over TCP is that of the socket whose address it has. */
	const struct ice_base *home = b->stream ? &ice->base[b->home] : b;

	for (size_t i = 0; i < ice->local_count; i++)
		if (&ice->base[ice->local[i].base] == home && ice->local[i].c.tcptype == b->tcp &&
		    (b->stream || tt_addr_eq(&ice->local[i].c.addr, &b->addr)))
			return tt_ice_shown(&ice->local[i].c);
	/* Not to be told to the peer: policy relay, or it is gone. */
	return (struct tt_ice_candidate){ .type = b->relay ? TT_ICE_RELAY : TT_ICE_HOST,
					  .tcp = b->stream != 0,
					  .tcptype = b->tcp,
					  .addr = tt_ice_related(ice, &b->addr) };
}

static struct ice_pair *pair_at(const struct tt_ice *ice, size_t i, const struct ice_gen **g)
{
	const struct ice_gen *const both[] = { ice->cur, ice->prev };

	for (size_t k = 0; k < 2 && both[k]; k++)
		for (int n = 0; n < both[k]->pairs; n++) {
			struct ice_pair *p = tt_ice_pair_at(both[k], n);
			if (p->used && i-- == 0) {
				*g = both[k];
				return p;
			}
		}
	return NULL;
}

static uint64_t tell(uint64_t sent, int32_t *untold)
{
	const int32_t failed = *untold < 0 ? -*untold : 0;

	*untold = -failed;
	return sent + (uint32_t)failed;
}

void tt_ice_tell_sent(struct tt_ice *ice, uint64_t *packets, uint64_t *bytes)
{
	struct tt_ice_counters *c = &ice->counters;

	*packets = tell(c->data_packets_sent, &c->untold.packets);
	*bytes = tell(c->data_bytes_sent, &c->untold.bytes);
}

bool tt_ice_pair_info(struct tt_ice *ice, size_t i, struct tt_ice_pair_info *out)
{
	const struct ice_gen *g = NULL;
	struct ice_pair *p = pair_at(ice, i, &g);

	if (!p)
		return false;
	*out = (struct tt_ice_pair_info){
		.local = of_base(ice, &ice->base[p->base]),
		.remote = tt_ice_shown(tt_ice_remote_at(g, p->remote)),
		.state = p->state,
		.nominated = p->nominated,
		.selected = ice->path_gen && p == tt_ice_pair_at(ice->path_gen, ice->path),
		.priority = p->priority,
		.rtt = p->rtt,
		.count = p->count,
	};
	out->count.packets_sent = tell(p->count.packets_sent, &p->count.untold.packets);
	out->count.bytes_sent = tell(p->count.bytes_sent, &p->count.untold.bytes);
	return true;
}

bool tt_ice_local_info(const struct tt_ice *ice, size_t i, struct tt_ice_candidate *out,
		       size_t *server)
{
	if (i >= ice->local_count)
		return false;
	*out = tt_ice_shown(&ice->local[i].c);
	*server = ice->local[i].server;
	return true;
}

bool tt_ice_remote_info(const struct tt_ice *ice, size_t i, struct tt_ice_candidate *out)
{
	const struct ice_gen *g = ice->cur;

	if (i >= g->remote_count) {
		i -= g->remote_count;
		g = ice->prev;
	}
	if (!g || i >= g->remote_count)
		return false;
	*out = tt_ice_shown(tt_ice_remote_at(g, (int)i));
	return true;
}

const char *tt_ice_remote_ufrag(const struct tt_ice *ice)
{
	return ice->cur->has_remote ? ice->cur->remote_ufrag : "";
}
