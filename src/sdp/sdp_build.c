/* sdp_build.c - descriptions put together by hand; see "build" in sdp.h. */
#include "sdp/sdp.h"

#include <string.h>

#include "base/num.h"
#include "sdp/sdp_arena.h"
#include "sdp/sdp_names.h"

#define OR_SCRAP(sdp, element, kind) ((element) ? (element) : &(sdp)->scrap->kind)

struct tt_sdp_media *tt_sdp_add_media(struct tt_sdp *sdp, enum tt_sdp_kind kind, uint16_t port,
				      enum tt_sdp_proto proto)
{
	struct tt_sdp_media *m = tt_sdp_arena(sdp, sizeof *m);
	struct tt_sdp_media **slot = TT_SDP_PUSH(sdp, sdp->media, sdp->media_count);

	if (slot)
		*slot = m;
	else
		m = &sdp->scrap->media;
	m->kind = (uint8_t)kind;
	m->kind_text = tt_sdp_kind_text(kind);
	m->port = port;
	m->proto = (uint8_t)proto;
	m->proto_text = tt_sdp_proto_text(proto);
	m->common.connection = (struct tt_sdp_address){ "IN", "IP4", "0.0.0.0" };
	return m;
}

static void add_text(struct tt_sdp *sdp, const char ***list, size_t *count, const char *text)
{
	const char **slot = TT_SDP_PUSH(sdp, *list, *count);

	if (slot)
		*slot = tt_sdp_copy(sdp, text);
}

void tt_sdp_add_format(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *format)
{
	add_text(sdp, &m->formats, &m->format_count, format);
}

struct tt_sdp_codec *tt_sdp_add_codec(struct tt_sdp *sdp, struct tt_sdp_media *m,
				      uint8_t payload_type, const char *name, uint32_t clock_rate,
				      uint8_t channels, const char *fmtp)
{
	struct tt_sdp_codec *c = TT_SDP_PUSH(sdp, m->codecs, m->codec_count);

	c = OR_SCRAP(sdp, c, codec);
	c->payload_type = payload_type;
	c->name = tt_sdp_copy(sdp, name);
	c->clock_rate = clock_rate;
	c->channels = channels;
	c->fmtp = fmtp && fmtp[0] ? tt_sdp_copy(sdp, fmtp) : NULL;
	return c;
}

void tt_sdp_add_rtcp_fb(struct tt_sdp *sdp, struct tt_sdp_codec *c, const char *fb)
{
	add_text(sdp, &c->rtcp_fb, &c->rtcp_fb_count, fb);
}

void tt_sdp_add_candidate(struct tt_sdp *sdp, struct tt_sdp_media *m,
			  const struct tt_sdp_candidate *from)
{
	struct tt_sdp_candidate *c = TT_SDP_PUSH(sdp, m->candidates, m->candidate_count);

	if (c)
		*c = *from;
}

struct tt_sdp_extmap *tt_sdp_add_extmap(struct tt_sdp *sdp, struct tt_sdp_common *at, uint16_t id,
					uint8_t direction, const char *uri)
{
	struct tt_sdp_extmap *e = TT_SDP_PUSH(sdp, at->extmaps, at->extmap_count);

	e = OR_SCRAP(sdp, e, extmap);
	e->id = id;
	e->direction = direction;
	e->uri = tt_sdp_copy(sdp, uri);
	return e;
}

void tt_sdp_add_msid(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *stream,
		     const char *track)
{
	struct tt_sdp_msid *id = TT_SDP_PUSH(sdp, m->msids, m->msid_count);

	if (id)
		*id = (struct tt_sdp_msid){ tt_sdp_copy(sdp, stream), tt_sdp_copy(sdp, track) };
}

void tt_sdp_add_ssrc(struct tt_sdp *sdp, struct tt_sdp_media *m, uint32_t id, const char *attribute,
		     const char *value)
{
	struct tt_sdp_ssrc *s = TT_SDP_PUSH(sdp, m->ssrcs, m->ssrc_count);

	if (s)
		*s = (struct tt_sdp_ssrc){ id, tt_sdp_copy(sdp, attribute),
					   tt_sdp_copy(sdp, value) };
}

void tt_sdp_add_ssrc_group(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *semantics,
			   const uint32_t *ids, size_t count)
{
	struct tt_sdp_ssrc_group *g = TT_SDP_PUSH(sdp, m->ssrc_groups, m->ssrc_group_count);

	if (!g)
		return;
	g->semantics = tt_sdp_copy(sdp, semantics);
	for (size_t i = 0; i < count; i++) {
		uint32_t *slot = TT_SDP_PUSH(sdp, g->ids, g->id_count);
		if (slot)
			*slot = ids[i];
	}
}

void tt_sdp_add_rid(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *id, bool recv,
		    const char *params)
{
	struct tt_sdp_rid *r = TT_SDP_PUSH(sdp, m->rids, m->rid_count);

	if (r)
		*r = (struct tt_sdp_rid){ tt_sdp_copy(sdp, id), recv, tt_sdp_copy(sdp, params) };
}

void tt_sdp_add_simulcast(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *rid, bool recv,
			  bool paused, uint8_t stream)
{
	struct tt_sdp_simulcast_rid *s = TT_SDP_PUSH(sdp, m->simulcast, m->simulcast_count);

	if (s)
		*s = (struct tt_sdp_simulcast_rid){ tt_sdp_copy(sdp, rid), recv, paused, stream };
}

struct tt_sdp_group *tt_sdp_add_group(struct tt_sdp *sdp, const char *semantics)
{
	struct tt_sdp_group *g = TT_SDP_PUSH(sdp, sdp->groups, sdp->group_count);

	g = OR_SCRAP(sdp, g, group);
	g->semantics = tt_sdp_copy(sdp, semantics);
	return g;
}

void tt_sdp_group_add(struct tt_sdp *sdp, struct tt_sdp_group *g, const char *mid)
{
	add_text(sdp, &g->mids, &g->mid_count, mid);
}

void tt_sdp_add_fingerprint(struct tt_sdp *sdp, struct tt_sdp_common *at, const char *hash,
			    const uint8_t *value, size_t len)
{
	struct tt_sdp_fingerprint *f = TT_SDP_PUSH(sdp, at->fingerprints, at->fingerprint_count);

	if (!f)
		return;
	const size_t n = tt_min(strlen(hash), sizeof f->hash - 1);
	memcpy(f->hash, hash, n);
	f->len = tt_u8(tt_min(len, sizeof f->value));
	memcpy(f->value, value, f->len);
}

void tt_sdp_add_attr(struct tt_sdp *sdp, struct tt_sdp_common *at, const char *name,
		     const char *value)
{
	struct tt_sdp_attr *a = TT_SDP_PUSH(sdp, at->attrs, at->attr_count);

	if (a)
		*a = (struct tt_sdp_attr){ tt_sdp_copy(sdp, name), tt_sdp_copy(sdp, value) };
}

void tt_sdp_add_bandwidth(struct tt_sdp *sdp, struct tt_sdp_common *at, const char *type,
			  uint64_t value)
{
	struct tt_sdp_bandwidth *b = TT_SDP_PUSH(sdp, at->bandwidths, at->bandwidth_count);

	if (b)
		*b = (struct tt_sdp_bandwidth){ tt_sdp_copy(sdp, type), value };
}

struct tt_sdp_address tt_sdp_address(struct tt_sdp *sdp, const char *addrtype, const char *address)
{
	return (struct tt_sdp_address){ "IN", tt_sdp_copy(sdp, addrtype),
					tt_sdp_copy(sdp, address) };
}
