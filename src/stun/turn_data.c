/* turn_data.c - what is relayed: Send and Data indications (RFC 8656 section 11) and ChannelData
 * (section 12). The data stays where it lies; what goes before it is written in place. */
#include "stun/turn_client_int.h"

#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "base/rd.h"

enum { SEND_INDICATION = 0x0016 }; /* class and method, RFC 8489 section 5 */

static enum tt_turn_came drop(struct tt_turn *t, taut_time now, uint32_t reason)
{
	tt_drop(t->env, now, reason, TT_ADDR("from", &t->server));
	return TT_TURN_DROPPED;
}

/* ---- in ---- */

/* 12.6. Over UDP data may come as soon as the channel was asked for. */
static enum tt_turn_came from_channel(struct tt_turn *t, taut_time now, const uint8_t *buf,
				      size_t len, struct tt_turn_data *data)
{
	struct tt_turn_channel c;

	if (!tt_turn_channel_read(&c, buf, len))
		return drop(t, now, TAUT_DROP_TURN_MALFORMED);
	const struct turn_grant *g = tt_turn_channel_of(t, c.number);
	if (!g || g->state == TT_TURN_REFUSED)
		return drop(t, now, TAUT_DROP_TURN_CHANNEL);
	if (tt_turn_permission(t, &g->peer) != TT_TURN_GRANTED)
		return drop(t, now, TAUT_DROP_TURN_PEER);
	*data = (struct tt_turn_data){ g->peer, (size_t)(c.data.p - buf), c.data.len };
	return TT_TURN_DATA_CAME;
}

/* 11.4 */
static enum tt_turn_came from_indication(struct tt_turn *t, taut_time now,
					 const struct tt_stun_msg *m, const uint8_t *buf,
					 struct tt_turn_data *data)
{
	const uint32_t both = TT_STUN_HAS_PEER | TT_STUN_HAS_DATA;

	if ((m->has & both) != both || m->unknown_count > 0)
		return drop(t, now, TAUT_DROP_TURN_MALFORMED);
	/* One that was asked for may count on the server before its answer is here. */
	if (tt_turn_permission(t, &m->peers[0]) == TT_TURN_REFUSED)
		return drop(t, now, TAUT_DROP_TURN_PEER);
	*data = (struct tt_turn_data){ m->peers[0], (size_t)(m->data.p - buf), m->data.len };
	return TT_TURN_DATA_CAME;
}

enum tt_turn_came tt_turn_recv(struct tt_turn *t, taut_time now, const struct taut_addr *from,
			       const uint8_t *buf, size_t len, struct tt_turn_data *data)
{
	struct tt_stun_msg m;

	if (len == 0 || !tt_addr_eq(from, &t->server))
		return TT_TURN_NOT_OURS;
	tt_work(1);
	if (buf[0] >> 6 == 1) /* Table 3 of section 12 */
		return from_channel(t, now, buf, len, data);
	if (buf[0] >> 6 != 0)
		return TT_TURN_NOT_OURS;
	if (tt_stun_read(&m, buf, len) != TT_STUN_OK)
		return drop(t, now, TAUT_DROP_TURN_MALFORMED);
	if (m.method == TT_STUN_BINDING)
		return TT_TURN_NOT_OURS;
	if (m.cls == TT_STUN_INDICATION && m.method == TT_TURN_DATA)
		return from_indication(t, now, &m, buf, data);
	if (m.cls != TT_STUN_SUCCESS && m.cls != TT_STUN_ERROR)
		return drop(t, now, TAUT_DROP_TURN_NOT_ASKED);
	tt_trace_packet(t->env, now, TAUT_LAYER_STUN, false, buf, len, NULL, from);
	return tt_turn_answer(t, now, &m, buf);
}

/* ---- out ---- */

static const struct turn_grant *bound(const struct tt_turn *t, const struct taut_addr *peer)
{
	const struct turn_grant *g = tt_turn_channel_to(t, peer);

	return g && g->state == TT_TURN_GRANTED ? g : NULL;
}

static size_t indication_head(const struct taut_addr *peer)
{
	return peer->family == 6 ? TT_TURN_HEAD : TT_TURN_HEAD - 12;
}

size_t tt_turn_head(const struct tt_turn *t, const struct taut_addr *peer)
{
	return bound(t, peer) ? (size_t)TT_TURN_CHANNEL_HEAD : indication_head(peer);
}

/* 11.1: header, XOR-PEER-ADDRESS, and DATA of which the value lies there already. */
static size_t send_indication(struct tt_turn *t, const struct taut_addr *peer, uint8_t *buf,
			      size_t head, size_t len, size_t cap)
{
	const size_t padding = -len & 3, whole = head + len + padding;
	uint8_t tid[TT_STUN_TID_LEN];
	struct wr w = wr_make(buf, head);

	if (head != indication_head(peer) || whole > cap || whole > UINT16_MAX ||
	    !tt_random(t->env, tid, sizeof tid))
		return 0;
	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_SEND, tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, peer);
	wr_u16(&w, TT_STUN_DATA);
	wr_u16(&w, tt_u16(len));
	wr_patch_u16(&w, 2, tt_u16(whole - TT_STUN_HEADER_LEN));
	memset(buf + head + len, 0, padding);
	return whole;
}

size_t tt_turn_wrapped_head(const struct taut_addr *peer, const uint8_t *buf, size_t len)
{
	const size_t head = indication_head(peer);
	struct rd r = rd_make(buf, len);
	const uint16_t first = rd_u16(&r);

	if (len >= TT_TURN_CHANNEL_HEAD && first >= TT_TURN_CHANNEL_FIRST)
		return TT_TURN_CHANNEL_HEAD;
	return len >= head && first == SEND_INDICATION ? head : 0;
}

size_t tt_turn_wrap(struct tt_turn *t, const struct taut_addr *peer, uint8_t *buf, size_t head,
		    size_t len, size_t cap)
{
	const struct turn_grant *g = bound(t, peer);

	if (t->state != TT_TURN_ALLOCATED || tt_turn_permission(t, peer) != TT_TURN_GRANTED)
		return 0;
	if (!g || head != TT_TURN_CHANNEL_HEAD)
		return send_indication(t, peer, buf, head, len, cap);
	const size_t padding = t->stream ? -len & 3 : 0; /* 12.5 */
	if (head + len + padding > cap || len > UINT16_MAX)
		return 0;
	tt_turn_channel_head(buf, g->number, len);
	memset(buf + head + len, 0, padding);
	return head + len + padding;
}
