/* turn_server.h - a TURN and STUN server for targets: RFC 8656 as far as an agent makes use of it, without time.
 *
 * It grants what is asked, or answers with the error that the input chose; every allocation has a relayed
 * address that says whose it is. Who asks is a host and the flow that its request came over; a stream
 * has no framing of its own, since STUN and ChannelData over UDP are padded alike. */
#ifndef TAUT_FUZZ_TURN_SERVER_H
#define TAUT_FUZZ_TURN_SERVER_H

#include <string.h>

#include "base/addr.h"
#include "base/wr.h"
#include "fuzz.h"
#include "stun/turn.h"

enum { TURN_CHANNELS = 32, TURN_PORT = 3478, TURN_RELAYED = 50000, TURN_FLOWS = 1000 };

static const struct taut_addr turn_addr = { .family = 4,
					    .port = TURN_PORT,
					    .ip = { 192, 0, 2, 1 } };

struct turn_who {
	int host;
	taut_flow flow;
};

struct turn_server {
	uint16_t error; /* to the next request that is signed; 0: granted */
	bool silent;
	struct {
		struct turn_who of;
		uint16_t number;
		struct taut_addr peer;
	} channel[TURN_CHANNELS];
	size_t channels;
};

static inline bool turn_is_server(const struct taut_addr *a)
{
	return a->family == 4 && a->port == TURN_PORT &&
	       memcmp(a->ip, turn_addr.ip, sizeof turn_addr.ip) == 0;
}

static inline struct taut_addr turn_relayed(struct turn_who w)
{
	struct taut_addr a = turn_addr;

	a.port = (uint16_t)(TURN_RELAYED + TURN_FLOWS * w.host + (int)(w.flow % TURN_FLOWS));
	return a;
}

/* Whose address it is. False: none that is relayed. */
static inline bool turn_owner(const struct taut_addr *a, struct turn_who *w)
{
	if (a->family != 4 || a->port < TURN_RELAYED || a->port >= TURN_RELAYED + 2 * TURN_FLOWS ||
	    memcmp(a->ip, turn_addr.ip, sizeof turn_addr.ip) != 0)
		return false;
	w->host = (a->port - TURN_RELAYED) / TURN_FLOWS;
	w->flow = (taut_flow)((a->port - TURN_RELAYED) % TURN_FLOWS);
	return true;
}

static inline void turn_sign(struct wr *out)
{
	struct tt_stun_key k;

	FUZZ_CHECK(tt_stun_key_long_term(&k, TT_STUN_MD5, span_of("u"), span_of("r"), span_of("p")),
		   "a key");
	tt_stun_put_integrity(out, &k);
	tt_stun_key_free(&k);
}

static inline void turn_bind(struct turn_server *s, struct turn_who w, const struct tt_stun_msg *m)
{
	for (size_t i = 0; i < TURN_CHANNELS; i++)
		if (s->channel[i].of.host == w.host && s->channel[i].of.flow == w.flow &&
		    s->channel[i].number == m->channel)
			return;
	const size_t at = s->channels++ % TURN_CHANNELS;
	s->channel[at].of = w;
	s->channel[at].number = m->channel;
	s->channel[at].peer = m->peers[0];
}

/* The answer to a request of w, who is seen at from: its length, 0: none. */
static inline size_t turn_answer(struct turn_server *s, struct turn_who w,
				 const struct taut_addr *from, const struct tt_stun_msg *m,
				 uint8_t *buf, size_t cap)
{
	const bool turn = m->method != TT_STUN_BINDING, known = m->has & TT_STUN_HAS_INTEGRITY;
	const uint16_t code = turn && !known ? 401 : s->error;
	const struct taut_addr relayed = turn_relayed(w);
	struct wr out = wr_make(buf, cap);

	if (s->silent)
		return 0;
	tt_stun_begin(&out, code ? TT_STUN_ERROR : TT_STUN_SUCCESS, m->method, m->tid);
	if (code)
		tt_stun_put_error(&out, code, "");
	if (code == 401 || code == 438) {
		tt_stun_put(&out, TT_STUN_REALM, "r", 1);
		tt_stun_put(&out, TT_STUN_NONCE, "n", 1);
	}
	if (code == 300)
		tt_stun_put_addr(&out, TT_STUN_ALTERNATE_SERVER, from);
	if (!code && m->method == TT_TURN_ALLOCATE)
		tt_stun_put_addr(&out, TT_STUN_XOR_RELAYED_ADDRESS, &relayed);
	if (!code && (m->method == TT_TURN_ALLOCATE || !turn))
		tt_stun_put_addr(&out, TT_STUN_XOR_MAPPED_ADDRESS, from);
	if (!code && (m->method == TT_TURN_ALLOCATE || m->method == TT_TURN_REFRESH))
		tt_stun_put_u32(&out, TT_STUN_LIFETIME, 600);
	if (!code && m->method == TT_TURN_CHANNEL_BIND && m->peer_count > 0)
		turn_bind(s, w, m);
	if (known)
		turn_sign(&out);
	s->error = known ? 0 : s->error;
	return tt_stun_finish(&out);
}

/* What w has relayed, and to whom. False: nothing. */
static inline bool turn_data(const struct turn_server *s, struct turn_who w, const uint8_t *p,
			     size_t len, struct span *data, struct taut_addr *to)
{
	struct tt_turn_channel c;
	struct tt_stun_msg m;

	if (s->silent)
		return false;
	if (tt_turn_channel_read(&c, p, len)) {
		for (size_t i = 0; i < TURN_CHANNELS; i++)
			if (s->channel[i].of.host == w.host && s->channel[i].of.flow == w.flow &&
			    s->channel[i].number == c.number) {
				*data = c.data;
				*to = s->channel[i].peer;
				return true;
			}
		return false;
	}
	if (tt_stun_read(&m, p, len) != TT_STUN_OK || m.cls != TT_STUN_INDICATION ||
	    m.method != TT_TURN_SEND || m.peer_count != 1)
		return false;
	*data = m.data;
	*to = m.peers[0];
	return true;
}

/* Data that came from there for who has allocated, as a Data indication or ChannelData. */
static inline size_t turn_wrap(const struct turn_server *s, struct turn_who to,
			       const struct taut_addr *from, struct span data, uint8_t *buf,
			       size_t cap)
{
	static const uint8_t tid[TT_STUN_TID_LEN] = "turn server";
	struct wr out = wr_make(buf, cap);

	for (size_t i = 0; i < TURN_CHANNELS; i++)
		if (s->channel[i].of.host == to.host && s->channel[i].of.flow == to.flow &&
		    s->channel[i].number && tt_addr_eq(&s->channel[i].peer, from)) {
			uint8_t head[TT_TURN_CHANNEL_HEAD];
			tt_turn_channel_head(head, s->channel[i].number, data.len);
			wr_bytes(&out, head, sizeof head);
			wr_bytes(&out, data.p, data.len);
			wr_bytes(&out, (const uint8_t[3]){ 0 }, -data.len & 3);
			return out.bad ? 0 : wr_len(&out);
		}
	tt_stun_begin(&out, TT_STUN_INDICATION, TT_TURN_DATA, tid);
	tt_stun_put_addr(&out, TT_STUN_XOR_PEER_ADDRESS, from);
	tt_stun_put(&out, TT_STUN_DATA, data.p, data.len);
	return tt_stun_finish(&out);
}

#endif
