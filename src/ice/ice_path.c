/* ice_path.c - what goes over a pair, and when: by a TURN server in its wrapping (RFC 8656 sections 11 and 12), over TCP
 * in a frame (RFC 4571 section 2), over UDP as it is.
 *
 * A pair of a relayed address waits until the server permits the peer's address, one over TCP until it is
 * connected. A relayed one that carries data gets a channel. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "base/rd.h"
#include "ice/ice_agent.h"

static struct tt_turn *turn_of(const struct tt_ice *ice, int base)
{
	const uint8_t relay = ice->base[base].relay;

	return relay ? ice->relay[relay - 1].turn : NULL;
}

/* ---- pairs ---- */

enum tt_turn_grant tt_ice_permit(struct tt_ice *ice, taut_time now, int base,
				 const struct taut_addr *remote)
{
	struct tt_turn *t = turn_of(ice, base);
	const enum tt_turn_grant g = tt_turn_permit(t, now, remote);

	if (g == TT_TURN_REFUSED)
		tt_drop(ice->env, now, TAUT_DROP_TURN_FORBIDDEN, TT_ADDR("address", remote));
	return g;
}

bool tt_ice_pair_ready(const struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p)
{
	const struct tt_turn *t = turn_of(ice, p->base);
	const uint8_t stream = ice->base[p->base].stream;

	if (stream)
		return ice->stream[stream - 1].state == STREAM_OPEN;
	return !t ||
	       tt_turn_permission(t, &tt_ice_remote_at(g, p->remote)->addr) == TT_TURN_GRANTED;
}

void tt_ice_bind_channel(struct tt_ice *ice, taut_time now, const struct ice_gen *g, int pair)
{
	const struct ice_pair *p = tt_ice_pair_at(g, pair);
	struct tt_turn *t = turn_of(ice, p->base);

	if (t)
		tt_turn_bind(t, now, &tt_ice_remote_at(g, p->remote)->addr);
}

/* ---- packets ---- */

uint8_t tt_ice_path_head(const struct tt_ice *ice, int base, const struct taut_addr *remote)
{
	const struct tt_turn *t = turn_of(ice, base);

	if (ice->base[base].stream)
		return TT_ICE_TCP_HEAD;
	return t ? tt_u8(tt_turn_head(t, remote)) : 0;
}

struct span tt_ice_path_data(const struct tt_ice *ice, const struct tt_ice_path *path,
			     const struct tt_ice_out *out)
{
	const int base = path->head > 0 ? tt_ice_base_of_flow(ice, path->flow) : -1;
	const bool wrapped = base >= TT_ICE_MAX_BASES, framed = wrapped && ice->base[base].stream;
	struct tt_ice_path outer = *path;
	struct rd r = rd_make(out->buf, out->len);
	size_t head = framed ? TT_ICE_TCP_HEAD : 0;

	if (wrapped && !framed) {
		outer = tt_ice_server_path(ice, &ice->relay[ice->base[base].relay - 1]);
		head = tt_turn_wrapped_head(&path->remote, out->buf, out->len);
	}
	if (outer.flow != out->flow || !tt_addr_eq(&outer.remote, &out->remote) ||
	    (wrapped && head < 2))
		return (struct span){ 0 };
	if (!wrapped)
		return (struct span){ out->buf, out->len };
	rd_take(&r, head - 2); /* behind which all three wrappings say how long it is */
	const uint16_t len = rd_u16(&r);
	const uint8_t *data = rd_take(&r, len);
	return (struct span){ data, r.bad ? 0 : len };
}

bool tt_ice_path_out(struct tt_ice *ice, struct tt_ice_out *out)
{
	const int base = tt_ice_base_of_flow(ice, out->flow);
	struct tt_ice_path path = { .flow = out->flow, .local = out->local, .remote = out->remote };

	if (base < TT_ICE_MAX_BASES)
		return true;
	path.head = tt_ice_path_head(ice, base, &out->remote);
	if (path.head + out->len > out->cap)
		return false;
	memmove(out->buf + path.head, out->buf, out->len); /* a check: a hundred octets */
	out->len = tt_ice_wrap(ice, &path, out->buf, out->len, out->cap);
	out->flow = path.flow;
	out->local = path.local;
	out->remote = path.remote;
	return out->len > 0;
}

size_t tt_ice_wrap(struct tt_ice *ice, struct tt_ice_path *path, uint8_t *buf, size_t len,
		   size_t cap)
{
	const int base = path->head > 0 ? tt_ice_base_of_flow(ice, path->flow) : -1;

	if (base < TT_ICE_MAX_BASES) /* with a head: it is gone since */
		return path->head > 0 ? 0 : len;
	if (ice->base[base].stream) { /* RFC 4571 section 2 */
		struct wr w = wr_make(buf, TT_ICE_TCP_HEAD);
		wr_u16(&w, tt_u16(len));
		return TT_ICE_TCP_HEAD + len;
	}
	const struct ice_relay *r = &ice->relay[ice->base[base].relay - 1];
	const size_t whole = tt_turn_wrap(r->turn, &path->remote, buf, path->head, len, cap);

	*path = tt_ice_server_path(ice, r);
	return whole;
}
