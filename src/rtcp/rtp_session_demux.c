/* rtp_session_demux.c - which stream a packet belongs to: RFC 9143 section 9.2.
 *
 * By its SSRC when that is bound; else by the MID extension; else by its payload
 * type when only one stream has it. Where streams of one MID are encodings of one
 * source, by the RID as well (RFC 8852 section 3). A MID or RID on a bound SSRC moves it. Bindings that
 * no description named are few, and the one silent for longest is forgotten. */
#include "rtcp/rtp_session_int.h"

#include <string.h>

enum ext_kind { EXT_NONE, EXT_MID, EXT_RID, EXT_REPAIRED_RID, EXT_TRANSPORT_CC, EXT_AUDIO_LEVEL };

void tt_rtp_session_learn_ext(struct tt_rtp_session *s)
{
	memset(s->ext_kind, EXT_NONE, sizeof s->ext_kind);
	for (size_t i = 0; i < s->receiver_count; i++) {
		const struct tt_rtp_ext_ids *e = &s->receivers[i]->cfg.ext;

		s->ext_kind[e->mid] = EXT_MID;
		s->ext_kind[e->rid] = EXT_RID;
		s->ext_kind[e->repaired_rid] = EXT_REPAIRED_RID;
		s->ext_kind[e->transport_cc] = EXT_TRANSPORT_CC;
		s->ext_kind[e->audio_level] = EXT_AUDIO_LEVEL;
		s->ext_kind[0] = EXT_NONE;
	}
}

void tt_rtp_session_read_ext(const struct tt_rtp_session *s, const struct tt_rtp_packet *p,
			     struct tt_rtp_ext_values *x)
{
	struct tt_rtp_ext_reader r = tt_rtp_ext_begin(p);
	struct tt_rtp_ext e;

	*x = (struct tt_rtp_ext_values){ 0 };
	while (tt_rtp_ext_next(&r, &e)) {
		struct rd v = rd_make(e.value.p, e.value.len);

		switch ((enum ext_kind)s->ext_kind[e.id]) {
		case EXT_MID:
			x->mid = e.value;
			break;
		case EXT_RID:
			x->rid = e.value;
			break;
		case EXT_REPAIRED_RID:
			x->repaired_rid = e.value;
			break;
		case EXT_TRANSPORT_CC:
			x->transport_cc = rd_u16(&v);
			x->has_transport_cc = !v.bad;
			break;
		case EXT_AUDIO_LEVEL: {
			uint8_t b = rd_u8(&v);

			x->has_level = !v.bad;
			x->voice = b >> 7;
			x->level = b & 0x7f;
			break;
		}
		default: /* EXT_NONE */
			break;
		}
	}
}

static struct tt_rtp_binding *find(struct tt_rtp_session *s, uint32_t ssrc)
{
	for (size_t i = 0; i < s->binding_count; i++)
		if (s->bindings[i].ssrc == ssrc)
			return &s->bindings[i];
	return NULL;
}

static void drop(struct tt_rtp_session *s, struct tt_rtp_binding *b)
{
	*b = s->bindings[--s->binding_count];
}

void tt_rtp_session_unbind(struct tt_rtp_session *s, const struct tt_rtp_receiver *r)
{
	for (size_t i = s->binding_count; i-- > 0;)
		if (s->bindings[i].receiver == r)
			drop(s, &s->bindings[i]);
}

/* There is always room: streams are fewer than slots, and probes have their own ceiling. */
static struct tt_rtp_binding *bind(struct tt_rtp_session *s, struct tt_rtp_receiver *r,
				   uint32_t ssrc, bool rtx, bool signalled)
{
	struct tt_rtp_binding *b = find(s, ssrc), *oldest = NULL;
	size_t probes = 0;

	if (!b && !signalled) {
		for (size_t i = 0; i < s->binding_count; i++) {
			struct tt_rtp_binding *o = &s->bindings[i];

			if (o->signalled)
				continue;
			probes++;
			if (!oldest || o->last < oldest->last)
				oldest = o;
		}
		if (probes == TT_RTP_MAX_PROBES)
			b = oldest;
	}
	if (!b)
		b = &s->bindings[s->binding_count++];
	*b = (struct tt_rtp_binding){
		.ssrc = ssrc, .rtx = rtx, .signalled = signalled, .last = s->now, .receiver = r
	};
	return b;
}

void tt_rtp_session_bind_signalled(struct tt_rtp_session *s, struct tt_rtp_receiver *r)
{
	for (size_t i = s->binding_count; i-- > 0;)
		if (s->bindings[i].receiver == r && s->bindings[i].signalled)
			drop(s, &s->bindings[i]);
	if (r->cfg.ssrc)
		bind(s, r, r->cfg.ssrc, false, true);
	if (r->cfg.rtx_ssrc)
		bind(s, r, r->cfg.rtx_ssrc, true, true);
}

uint32_t tt_rtp_session_rtx_of(const struct tt_rtp_session *s, const struct tt_rtp_receiver *r)
{
	const struct tt_rtp_binding *latest = NULL;

	for (size_t i = 0; i < s->binding_count; i++) {
		const struct tt_rtp_binding *b = &s->bindings[i];
		if (b->receiver == r && b->rtx && (!latest || b->last > latest->last))
			latest = b;
	}
	return latest ? latest->ssrc : 0;
}

/* What is sent again names what it repairs, RFC 8852 section 3.3. */
static struct span rid_of(const struct tt_rtp_ext_values *x)
{
	return x->repaired_rid.len > 0 ? x->repaired_rid : x->rid;
}

static bool is_encoding(const struct tt_rtp_receiver *r, const struct tt_rtp_ext_values *x)
{
	return r->rid[0] == '\0' || span_eq(rid_of(x), span_of(r->rid));
}

static struct tt_rtp_receiver *by_mid(struct tt_rtp_session *s, const struct tt_rtp_ext_values *x,
				      uint32_t *why)
{
	*why = TAUT_DROP_RTP_NO_MID;
	for (size_t i = 0; i < s->receiver_count; i++) {
		if (!span_eq(x->mid, span_of(s->receivers[i]->mid)))
			continue;
		if (is_encoding(s->receivers[i], x))
			return s->receivers[i];
		*why = TAUT_DROP_RTP_NO_RID;
	}
	return NULL;
}

static struct tt_rtp_receiver *by_payload_type(struct tt_rtp_session *s, uint8_t pt,
					       const struct tt_rtp_ext_values *x, uint32_t *why)
{
	struct tt_rtp_receiver *found = NULL;

	*why = TAUT_DROP_RTP_NO_STREAM;
	for (size_t i = 0; i < s->receiver_count; i++) {
		if (!tt_rtp_receiver_payload(s->receivers[i], pt) ||
		    !is_encoding(s->receivers[i], x))
			continue;
		if (found)
			return NULL;
		found = s->receivers[i];
	}
	return found;
}

static bool is_ours(struct tt_rtp_session *s, uint32_t ssrc)
{
	for (size_t i = 0; i < s->sender_count; i++)
		if (s->senders[i]->cfg.ssrc == ssrc ||
		    (ssrc && s->senders[i]->cfg.rtx_ssrc == ssrc))
			return true;
	return false;
}

/* One SSRC at a time: another one takes over when it was named by the description, or when the
 * one before has ended or fallen silent. */
static bool may_follow(const struct tt_rtp_session *s, const struct tt_rtp_receiver *r,
		       uint32_t ssrc)
{
	return !r->has_ssrc || r->ssrc == ssrc || r->ended || ssrc == r->cfg.ssrc ||
	       s->now - r->last_at > 200000;
}

static struct tt_rtp_binding *bind_new(struct tt_rtp_session *s, const struct tt_rtp_packet *p,
				       const struct tt_rtp_ext_values *x, uint32_t *why)
{
	struct tt_rtp_receiver *r =
		x->mid.len > 0 ? by_mid(s, x, why) : by_payload_type(s, p->pt, x, why);

	if (!r)
		return NULL;
	const struct tt_rtp_payload *map = tt_rtp_receiver_payload(r, p->pt);

	if (!map) {
		*why = TAUT_DROP_RTP_PAYLOAD_TYPE;
		return NULL;
	}
	if (!map->apt && !may_follow(s, r, p->ssrc)) {
		*why = TAUT_DROP_RTP_SECOND_SSRC;
		return NULL;
	}
	return bind(s, r, p->ssrc, map->apt != 0, false);
}

/* The packet names another stream, and there is one. */
static bool moves(struct tt_rtp_session *s, const struct tt_rtp_binding *b,
		  const struct tt_rtp_ext_values *x)
{
	const struct tt_rtp_receiver *r = b->receiver;
	uint32_t why;

	if (x->mid.len == 0 ||
	    (span_eq(x->mid, span_of(r->mid)) && (rid_of(x).len == 0 || is_encoding(r, x))))
		return false;
	return by_mid(s, x, &why) != NULL;
}

struct tt_rtp_binding *tt_rtp_session_demux(struct tt_rtp_session *s, const struct tt_rtp_packet *p,
					    const struct tt_rtp_ext_values *x, uint32_t *why)
{
	struct tt_rtp_binding *b = find(s, p->ssrc);

	if (is_ours(s, p->ssrc)) {
		*why = TAUT_DROP_RTP_OUR_SSRC; /* a loop or a collision, RFC 3550 section 8.2 */
		return NULL;
	}
	if (b && moves(s, b, x)) {
		drop(s, b);
		b = NULL;
	}
	if (!b)
		b = bind_new(s, p, x, why);
	if (!b)
		return NULL;
	if (!b->rtx && !may_follow(s, b->receiver, p->ssrc)) {
		*why = TAUT_DROP_RTP_SECOND_SSRC;
		return NULL;
	}
	b->last = s->now;
	return b;
}
