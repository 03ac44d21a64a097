/* srtp_taut.c - the backend of our own: indices, windows and ceilings around the transforms. */
#include <string.h>

#include <openssl/crypto.h>

#include "base/num.h"
#include "base/rd.h"
#include "base/window.h"
#include "srtp/srtp_index.h"
#include "srtp/srtp_state.h"

/* RFC 3711 section 9.2: no more packets than that under one key, and each index once. */
#define RTP_INDEX_MAX  ((UINT64_C(1) << 48) - 1)
#define RTCP_INDEX_MAX ((UINT64_C(1) << 31) - 1)

static void side_free(struct tt_srtp_side *s)
{
	tt_srtp_streams_free(&s->streams);
	tt_srtp_transform_free(&s->rtp);
	tt_srtp_transform_free(&s->rtcp);
}

static int side_init(struct tt_srtp_side *s, struct tt_env *env, uint16_t profile,
		     const struct tt_srtp_key *key, size_t max, bool seal)
{
	return tt_srtp_streams_init(&s->streams, env, max) &&
			       tt_srtp_transform_init(&s->rtp, profile, key, false, seal) &&
			       tt_srtp_transform_init(&s->rtcp, profile, key, true, seal)
		       ? TAUT_OK
		       : TAUT_E_CRYPTO;
}

static void own_free(void *me)
{
	struct tt_srtp_own *o = me;

	if (!o)
		return;
	side_free(&o->out);
	side_free(&o->in);
	tt_free(o->env, o);
}

static int own_make(void **out, struct tt_env *env, const struct tt_srtp_keys *keys,
		    const struct tt_srtp_config *cfg)
{
	struct tt_srtp_own *o = tt_alloc(env, sizeof *o);

	*out = NULL;
	if (!o)
		return TAUT_E_NOMEM;
	o->env = env;
	o->out.streams.env = o->in.streams.env = env;
	int r = side_init(&o->out, env, keys->profile, &keys->local, cfg->sent_max, true);
	if (r == TAUT_OK)
		r = side_init(&o->in, env, keys->profile, &keys->remote, cfg->received_max, false);
	if (r != TAUT_OK) {
		own_free(o);
		return r;
	}
	*out = o;
	return TAUT_OK;
}

static uint64_t own_evicted(const void *me)
{
	return ((const struct tt_srtp_own *)me)->in.streams.evicted;
}

static uint16_t seq_of(const struct tt_srtp_packet *p)
{
	tt_work(2);
	return (uint16_t)(p->buf[2] << 8 | p->buf[3]);
}

static struct tt_srtp_sealed sealed(const struct tt_srtp_packet *p, size_t len, uint64_t index)
{
	return (struct tt_srtp_sealed){ p->buf, len, p->header, p->ssrc, index };
}

/* What we send from is never forgotten, or its ROC would start anew and with it the indices. */
static struct tt_srtp_stream *sender(struct tt_srtp_own *o, uint32_t ssrc)
{
	struct tt_srtp_stream *x = tt_srtp_streams_find(&o->out.streams, ssrc);

	if (!x)
		return tt_srtp_streams_put(&o->out.streams, ssrc, false);
	tt_srtp_streams_use(&o->out.streams, x);
	return x;
}

static int protect_rtp(void *me, const struct tt_srtp_packet *p)
{
	struct tt_srtp_own *o = me;
	struct tt_srtp_stream *x = sender(o, p->ssrc);

	if (!x)
		return TT_SRTP_E_REFUSED;
	const uint64_t index = tt_srtp_index(x->top, seq_of(p));
	const struct tt_srtp_sealed s = sealed(p, p->len, index);

	if (index > RTP_INDEX_MAX)
		return TT_SRTP_E_REFUSED;
	/* 9.1: one index never protects two packets. */
	if (tt_window_refuses(x->bits, TT_SRTP_WINDOW, x->top, index))
		return TT_SRTP_E_REPLAY;
	/* Taken first: an index that OpenSSL failed on may have left a key stream behind. */
	tt_window_take(x->bits, TT_SRTP_WINDOW, &x->top, index);
	return o->out.rtp.seal_rtp(&o->out.rtp, &s) ? (int)(p->len + o->out.rtp.tag)
						    : TT_SRTP_E_REFUSED;
}

static int protect_rtcp(void *me, const struct tt_srtp_packet *p)
{
	struct tt_srtp_own *o = me;
	struct tt_srtp_stream *x = sender(o, p->ssrc);

	if (!x || x->rtcp_top > RTCP_INDEX_MAX)
		return TT_SRTP_E_REFUSED;
	/* 3.4: zero before the first packet, one more with each. */
	const struct tt_srtp_sealed s = sealed(p, p->len, x->rtcp_top++);

	return o->out.rtcp.seal_rtcp(&o->out.rtcp, &s)
		       ? (int)(p->len + TT_SRTCP_INDEX_LEN + o->out.rtcp.tag)
		       : TT_SRTP_E_REFUSED;
}

/* Only what has authenticated may cost memory, push another one out or keep its place. */
static struct tt_srtp_stream *heard(struct tt_srtp_own *o, struct tt_srtp_stream *x, uint32_t ssrc)
{
	if (!x)
		return tt_srtp_streams_put(&o->in.streams, ssrc, true);
	tt_srtp_streams_use(&o->in.streams, x);
	return x;
}

static int unprotect_rtp(void *me, const struct tt_srtp_packet *p)
{
	static const struct tt_srtp_stream unknown;
	struct tt_srtp_own *o = me;
	struct tt_srtp_stream *x = tt_srtp_streams_find(&o->in.streams, p->ssrc);
	const struct tt_srtp_stream *seen = x ? x : &unknown;
	const uint64_t index = tt_srtp_index(seen->top, seq_of(p));
	const struct tt_srtp_sealed s = sealed(p, p->len - o->in.rtp.tag, index);

	if (index > RTP_INDEX_MAX)
		return TT_SRTP_E_REFUSED;
	/* 3.3: the window is asked before the tag, which costs more, and moved after it. */
	if (tt_window_refuses(seen->bits, TT_SRTP_WINDOW, seen->top, index))
		return TT_SRTP_E_REPLAY;
	if (!o->in.rtp.open_rtp(&o->in.rtp, &s))
		return TT_SRTP_E_AUTH;
	x = heard(o, x, p->ssrc);
	if (!x)
		return TT_SRTP_E_REFUSED;
	tt_window_take(x->bits, TT_SRTP_WINDOW, &x->top, index);
	return (int)s.len;
}

static int unprotect_rtcp(void *me, const struct tt_srtp_packet *p)
{
	static const struct tt_srtp_stream unknown;
	struct tt_srtp_own *o = me;
	struct tt_srtp_stream *x = tt_srtp_streams_find(&o->in.streams, p->ssrc);
	const struct tt_srtp_stream *seen = x ? x : &unknown;
	const bool gcm = o->in.rtcp.tag == TT_SRTP_GCM_TAG;
	struct rd r = rd_make(p->buf + p->len - TT_SRTCP_INDEX_LEN - (gcm ? 0 : o->in.rtcp.tag),
			      TT_SRTCP_INDEX_LEN);
	const uint32_t word = rd_u32(&r);
	const uint64_t index = word & RTCP_INDEX_MAX;
	const struct tt_srtp_sealed s =
		sealed(p, p->len - o->in.rtcp.tag - TT_SRTCP_INDEX_LEN, index);

	if (tt_window_refuses(seen->rtcp_bits, TT_SRTCP_WINDOW, seen->rtcp_top, index))
		return TT_SRTP_E_REPLAY;
	if (!o->in.rtcp.open_rtcp(&o->in.rtcp, &s))
		return TT_SRTP_E_AUTH;
	/* What came in the clear, though it is authentic, is not taken here. */
	if (!(word & TT_SRTCP_E))
		return TT_SRTP_E_REFUSED;
	x = heard(o, x, p->ssrc);
	if (!x)
		return TT_SRTP_E_REFUSED;
	tt_window_take(x->rtcp_bits, TT_SRTCP_WINDOW, &x->rtcp_top, index);
	return (int)s.len;
}

const struct tt_srtp_backend tt_srtp_taut = {
	.name = "taut (OpenSSL)",
	.make = own_make,
	.free = own_free,
	.protect_rtp = protect_rtp,
	.protect_rtcp = protect_rtcp,
	.unprotect_rtp = unprotect_rtp,
	.unprotect_rtcp = unprotect_rtcp,
	.evicted = own_evicted,
};
