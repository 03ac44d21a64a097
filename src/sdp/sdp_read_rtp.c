/* sdp_read_rtp.c - the attributes of RTP sections: payload types, header extensions, streams.
 *
 * RFC 8866 section 6.6 and 6.15, RFC 4585 section 4.2, RFC 8285 section 5, RFC 8830, RFC 5576,
 * RFC 8851, RFC 8853. Browsers themselves leave fmtp and rtcp-fb lines of payload types behind
 * that the m-line no longer has (Firefox after setCodecPreferences): those are left out. */
#include "sdp/sdp_reader.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "sdp/sdp_names.h"

/* The codec of the payload type that comes next. False: refused, or it is not on the m-line. */
static bool read_payload_type(struct tt_sdp_reader *r, struct tt_sdp_codec **c)
{
	uint64_t pt;

	*c = NULL;
	if (!tt_sdp_number(&r->x, 0, 127, &pt, "", "a payload type"))
		return false;
	if (r->codec_of[pt] == 0) {
		tt_sdp_warn(r, "left out: its payload type is not on the m-line");
		return false;
	}
	*c = &r->m->codecs[r->codec_of[pt] - 1];
	return true;
}

/* a=rtpmap:111 opus/48000/2 */
bool tt_sdp_read_rtpmap(struct tt_sdp_reader *r)
{
	struct tt_sdp_codec *c;
	struct tt_sdp_word name;
	uint64_t rate, channels = 0;

	if (!read_payload_type(r, &c))
		return r->x.code == 0;
	if (!tt_sdp_word(&r->x, &name, "/", "an encoding name"))
		return false;
	if (!tt_sdp_skip(&r->x, '/'))
		return tt_sdp_bad(&r->x, r->x.at, "no clock rate", "/ and a clock rate");
	if (!tt_sdp_number(&r->x, 1, UINT32_MAX, &rate, "/", "a clock rate"))
		return false;
	if (tt_sdp_skip(&r->x, '/') &&
	    !tt_sdp_number(&r->x, 1, UINT8_MAX, &channels, "/", "a number of channels"))
		return false;
	if (!tt_sdp_done(&r->x))
		return false;
	if (c->name && !c->is_static) {
		if (tt_sdp_word_is_any(name, c->name) && c->clock_rate == rate &&
		    c->channels == channels)
			return true;
		return tt_sdp_bad(&r->x, name.p, "a second codec for this payload type",
				  "one a=rtpmap for each");
	}
	c->name = tt_sdp_hold(r, name);
	c->is_static = false;
	c->clock_rate = tt_u32(rate);
	c->channels = tt_u8(channels);
	return true;
}

/* a=fmtp:111 minptime=10;useinbandfec=1. Old browsers spread the parameters over several lines. */
bool tt_sdp_read_fmtp(struct tt_sdp_reader *r)
{
	struct tt_sdp_codec *c;

	if (!read_payload_type(r, &c))
		return r->x.code == 0;
	const struct tt_sdp_word w = tt_sdp_rest(&r->x);
	if (w.len == 0)
		return tt_sdp_bad(&r->x, w.p, "something is missing", "parameters");
	if (c->fmtp && tt_sdp_word_is(w, c->fmtp))
		return true;
	if (!c->fmtp) {
		c->fmtp = tt_sdp_hold(r, w);
		return true;
	}
	/* what came before is copied with each of them */
	if (r->fmtp_lines++ >= TT_SDP_MAX_FMTP_LINES)
		return tt_sdp_full(r, "at most 16 a=fmtp lines that go on with another");
	if (strlen(c->fmtp) + w.len > TT_SDP_MAX_LINE - 64)
		return tt_sdp_full(r, "parameters that fit one line");
	c->fmtp = tt_sdp_text(r->sdp, "%s;%.*s", c->fmtp, (int)w.len, w.p);
	return true;
}

/* a=rtcp-fb:96 nack pli; a=rtcp-fb:* nack */
bool tt_sdp_read_rtcp_fb(struct tt_sdp_reader *r)
{
	struct tt_sdp_codec *c;
	const char ***list;
	size_t *count;

	if (tt_sdp_skip(&r->x, '*')) {
		list = &r->m->rtcp_fb_all;
		count = &r->m->rtcp_fb_all_count;
	} else {
		if (!read_payload_type(r, &c))
			return r->x.code == 0;
		list = &c->rtcp_fb;
		count = &c->rtcp_fb_count;
	}
	const struct tt_sdp_word w = tt_sdp_rest(&r->x);
	if (w.len == 0)
		return tt_sdp_bad(&r->x, w.p, "something is missing", "a kind of feedback");
	tt_sdp_hold_list(r, list, count, w);
	return true;
}

/* a=extmap:4/recvonly urn:ietf:params:rtp-hdrext:sdes:mid */
bool tt_sdp_read_extmap(struct tt_sdp_reader *r)
{
	struct tt_sdp_word uri, direction;
	uint64_t id;
	uint8_t dir = 0;
	const char *where = r->x.at;

	if (!tt_sdp_number(&r->x, 1, 4351, &id, "/", "an extension id"))
		return false;
	/* RFC 8285 section 5: 256 and up only as placeholders, from 4096 on */
	if (id > 255 && id < 4096)
		return tt_sdp_bad(&r->x, where, "not an extension id", "1 to 255, or 4096 to 4351");
	if (tt_sdp_skip(&r->x, '/')) {
		if (!tt_sdp_word(&r->x, &direction, "", "a direction"))
			return false;
		dir = tt_sdp_direction_of(direction);
		if (dir == 0)
			return tt_sdp_bad(&r->x, direction.p, "not a direction",
					  "sendrecv, sendonly, recvonly or inactive");
	}
	if (!tt_sdp_word(&r->x, &uri, "", "the URI of an extension"))
		return false;
	tt_work(r->at->extmap_count);
	for (size_t i = 0; i < r->at->extmap_count; i++)
		if (r->at->extmaps[i].id == id)
			return tt_sdp_bad(&r->x, where, "a second extension with this id",
					  "an id of its own for each");
	if (r->at->extmap_count >= TT_SDP_MAX_EXTMAPS)
		return tt_sdp_full(r, "at most 32 header extensions");
	struct tt_sdp_extmap *e = TT_SDP_PUSH(r->sdp, r->at->extmaps, r->at->extmap_count);
	if (!e)
		return true;
	e->id = tt_u16(id);
	e->direction = dir;
	e->uri = tt_sdp_hold(r, uri);
	const struct tt_sdp_word params = tt_sdp_rest(&r->x);
	e->params = params.len > 0 ? tt_sdp_hold(r, params) : NULL;
	return true;
}

/* a=msid:stream track */
bool tt_sdp_read_msid(struct tt_sdp_reader *r)
{
	struct tt_sdp_word stream, track = { NULL, 0 };

	if (!tt_sdp_word(&r->x, &stream, "", "a stream id"))
		return false;
	if (!tt_sdp_at_end(&r->x))
		(void)tt_sdp_word(&r->x, &track, "", "");
	tt_work(r->m->msid_count);
	for (size_t i = 0; i < r->m->msid_count; i++) {
		const struct tt_sdp_msid *had = &r->m->msids[i];
		if (tt_sdp_word_is(stream, had->stream) &&
		    (had->track ? tt_sdp_word_is(track, had->track) : track.len == 0)) {
			tt_sdp_warn(r, "left out: said before");
			return true;
		}
	}
	struct tt_sdp_msid *id = TT_SDP_PUSH(r->sdp, r->m->msids, r->m->msid_count);
	if (!id)
		return true;
	id->stream = tt_sdp_hold(r, stream);
	id->track = track.len > 0 ? tt_sdp_hold(r, track) : NULL;
	return tt_sdp_done(&r->x);
}

/* a=ssrc:314 cname:user@example.com */
bool tt_sdp_read_ssrc(struct tt_sdp_reader *r)
{
	struct tt_sdp_word attribute;
	uint64_t id;

	if (!tt_sdp_number(&r->x, 0, UINT32_MAX, &id, "", "an SSRC") ||
	    !tt_sdp_word(&r->x, &attribute, ":", "an attribute of the source"))
		return false;
	if (r->m->ssrc_count >= TT_SDP_MAX_SSRCS)
		return tt_sdp_full(r, "at most 64 a=ssrc lines");
	struct tt_sdp_ssrc *s = TT_SDP_PUSH(r->sdp, r->m->ssrcs, r->m->ssrc_count);
	if (!s)
		return true;
	s->id = tt_u32(id);
	s->attribute = tt_sdp_hold(r, attribute);
	if (tt_sdp_skip(&r->x, ':'))
		s->value = tt_sdp_hold(r, tt_sdp_rest(&r->x));
	return tt_sdp_done(&r->x);
}

/* a=ssrc-group:FID 314 315 */
bool tt_sdp_read_ssrc_group(struct tt_sdp_reader *r)
{
	struct tt_sdp_word semantics;

	if (!tt_sdp_word(&r->x, &semantics, "", "what the group means"))
		return false;
	struct tt_sdp_ssrc_group *g =
		TT_SDP_PUSH(r->sdp, r->m->ssrc_groups, r->m->ssrc_group_count);
	if (!g)
		return true;
	g->semantics = tt_sdp_hold(r, semantics);
	while (!tt_sdp_at_end(&r->x)) {
		uint64_t id;
		if (!tt_sdp_number(&r->x, 0, UINT32_MAX, &id, "", "an SSRC"))
			return false;
		uint32_t *slot = TT_SDP_PUSH(r->sdp, g->ids, g->id_count);
		if (!slot)
			return true;
		*slot = tt_u32(id);
	}
	return true;
}

/* a=rid:1 send pt=97;max-width=1280 */
bool tt_sdp_read_rid(struct tt_sdp_reader *r)
{
	struct tt_sdp_word id, direction;

	if (!tt_sdp_word(&r->x, &id, "", "a restriction id"))
		return false;
	if (id.len > TT_SDP_MID_LEN)
		return tt_sdp_bad(&r->x, id.p, "the restriction id is too long",
				  "at most 16 characters");
	if (!tt_sdp_word(&r->x, &direction, "", "send or recv"))
		return false;
	const bool recv = tt_sdp_word_is(direction, "recv");
	if (!recv && !tt_sdp_word_is(direction, "send"))
		return tt_sdp_bad(&r->x, direction.p, "not a direction", "send or recv");
	for (size_t i = 0; i < r->m->rid_count; i++)
		if (tt_sdp_word_is(id, r->m->rids[i].id))
			return tt_sdp_bad(&r->x, id.p, "a second a=rid with this id",
					  "one for each");
	if (r->m->rid_count >= TT_SDP_MAX_RIDS)
		return tt_sdp_full(r, "at most 16 a=rid lines");
	struct tt_sdp_rid *rid = TT_SDP_PUSH(r->sdp, r->m->rids, r->m->rid_count);
	if (!rid)
		return true;
	rid->id = tt_sdp_hold(r, id);
	rid->recv = recv;
	const struct tt_sdp_word params = tt_sdp_rest(&r->x);
	rid->params = params.len > 0 ? tt_sdp_hold(r, params) : NULL;
	return true;
}

/* One direction's list: "h;m,~n;l", where ";" parts streams and "," their alternatives. */
static bool read_simulcast_list(struct tt_sdp_reader *r, bool recv)
{
	uint8_t stream = 0;
	const size_t first = r->m->simulcast_count;

	(void)tt_sdp_at_end(&r->x);
	do {
		struct tt_sdp_word rid;
		const bool paused = tt_sdp_skip(&r->x, '~');
		if (!tt_sdp_word(&r->x, &rid, ";,", "a restriction id"))
			return false;
		if (r->m->simulcast_count - first >= TT_SDP_MAX_RIDS)
			return tt_sdp_full(r, "at most 16 simulcast streams");
		struct tt_sdp_simulcast_rid *s =
			TT_SDP_PUSH(r->sdp, r->m->simulcast, r->m->simulcast_count);
		if (!s) /* the rest of the list must not be taken for a direction */
			return tt_sdp_refuse(&r->x, TAUT_E_NOMEM, r->x.line, "out of memory",
					     "more of it");
		*s = (struct tt_sdp_simulcast_rid){ tt_sdp_hold(r, rid), recv, paused, stream };
		if (tt_sdp_next_is(&r->x, ';'))
			stream++;
	} while (tt_sdp_skip(&r->x, ';') || tt_sdp_skip(&r->x, ','));
	return true;
}

/* a=simulcast:send 1,~4;2;3 recv c */
bool tt_sdp_read_simulcast(struct tt_sdp_reader *r)
{
	bool seen[2] = { false, false };

	if (r->m->simulcast_count > 0)
		return tt_sdp_bad(&r->x, r->x.at, "a second a=simulcast", "one for each section");
	do {
		struct tt_sdp_word direction;
		if (!tt_sdp_word(&r->x, &direction, "", "send or recv"))
			return false;
		const bool recv = tt_sdp_word_is(direction, "recv");
		if ((!recv && !tt_sdp_word_is(direction, "send")) || seen[recv])
			return tt_sdp_bad(&r->x, direction.p, "not a direction",
					  "send or recv, each at most once");
		seen[recv] = true;
		if (!read_simulcast_list(r, recv))
			return false;
	} while (!tt_sdp_at_end(&r->x));
	return true;
}

/* Attributes that are their name alone: what follows a colon is left out. */
bool tt_sdp_read_allow_mixed(struct tt_sdp_reader *r)
{
	return r->at->extmap_allow_mixed = true;
}

bool tt_sdp_read_rtcp_mux(struct tt_sdp_reader *r)
{
	return r->m->rtcp_mux = true;
}

bool tt_sdp_read_rtcp_mux_only(struct tt_sdp_reader *r)
{
	return r->m->rtcp_mux_only = true;
}

bool tt_sdp_read_rtcp_rsize(struct tt_sdp_reader *r)
{
	return r->m->rtcp_rsize = true;
}

bool tt_sdp_read_bundle_only(struct tt_sdp_reader *r)
{
	return r->m->bundle_only = true;
}
