/* pc_bundle.c - one transport for all: which m-section speaks for it, and which may share it.
 *
 * RFC 9143 sections 7.1.3 and 7.3. What belongs to the transport (ICE, DTLS,
 * rtcp-mux) stands in the tagged section of a bundle and need not be said again
 * in the others; a peer that does not know yet whether its bundle is accepted
 * says it in each, differently. */
#include <string.h>

#include "peer/pc.h"

static const struct tt_sdp_group *bundle_of(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return m->mid ? tt_sdp_group_of(sdp, "BUNDLE", m->mid) : NULL;
}

static const struct tt_sdp_media *tagged(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	const struct tt_sdp_group *g = bundle_of(sdp, m);

	for (size_t i = 0; g && i < g->mid_count; i++) {
		const struct tt_sdp_media *t = tt_sdp_media_by_mid(sdp, g->mids[i], NULL);
		if (t && pc_section_lives(t) && !t->bundle_only)
			return t;
	}
	return m;
}

const struct tt_sdp_media *pc_carrier(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return tt_sdp_ufrag(sdp, m) ? m : tagged(sdp, m);
}

const struct tt_sdp_media *pc_transport_section(const struct tt_sdp *sdp)
{
	for (size_t i = 0; i < sdp->media_count; i++)
		if (pc_section_lives(sdp->media[i]))
			return tagged(sdp, sdp->media[i]);
	return NULL;
}

/* Both are IDENTICAL in RFC 8859's terms: one section of the bundle speaks for all. */
static bool one_of_bundle(const struct tt_sdp *sdp, const struct tt_sdp_media *m, bool rsize)
{
	const struct tt_sdp_group *g = bundle_of(sdp, m);

	if (rsize ? m->rtcp_rsize : m->rtcp_mux)
		return true;
	for (size_t i = 0; g && i < g->mid_count; i++) {
		const struct tt_sdp_media *o = tt_sdp_media_by_mid(sdp, g->mids[i], NULL);
		if (o && pc_section_lives(o) && (rsize ? o->rtcp_rsize : o->rtcp_mux))
			return true;
	}
	return false;
}

bool pc_rtcp_mux(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return one_of_bundle(sdp, m, false);
}

bool pc_rtcp_rsize(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return one_of_bundle(sdp, m, true);
}

/* ---- what of an offer is answered ---- */

static bool shares_codec(const struct taut_pc *pc, const struct tt_sdp_media *o,
			 const struct pc_transceiver *t)
{
	for (size_t i = 0; i < o->codec_count; i++) {
		const struct pc_codec *ours = pc_match_codec(pc, o->kind, &o->codecs[i]);
		if (ours && pc_carries(ours) && pc_prefers(pc, t, ours))
			return true;
	}
	return false;
}

static bool answerable(const struct taut_pc *pc, const struct tt_sdp *offer, size_t i)
{
	const struct tt_sdp_media *o = offer->media[i];
	const struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);

	if (!pc_section_lives(o) || (t && t->current_direction == TAUT_STOPPED))
		return false;
	if (tt_sdp_is_sctp(o))
		return pc->data_m_line < 0 || pc->data_m_line == (int)i;
	return tt_sdp_is_rtp(o) && (o->kind == TT_SDP_AUDIO || o->kind == TT_SDP_VIDEO) &&
	       pc_rtcp_mux(offer, o) && shares_codec(pc, o, t);
}

/* 7.3.1: the first of the bundle that is not rejected carries the transport. */
int pc_offer_tag(const struct taut_pc *pc, const struct tt_sdp *offer)
{
	size_t first = 0, at = 0;

	while (first < offer->media_count && !answerable(pc, offer, first))
		first++;
	if (first == offer->media_count)
		return -1;
	const struct tt_sdp_group *g = bundle_of(offer, offer->media[first]);
	for (size_t i = 0; g && i < g->mid_count; i++)
		if (tt_sdp_media_by_mid(offer, g->mids[i], &at) && answerable(pc, offer, at))
			return (int)at;
	return (int)first;
}

bool pc_accepts(const struct taut_pc *pc, const struct tt_sdp *offer, size_t i)
{
	int tag = pc_offer_tag(pc, offer);

	if (tag < 0 || !answerable(pc, offer, i))
		return false;
	const struct tt_sdp_group *g = bundle_of(offer, offer->media[tag]);
	return (int)i == tag || (g && bundle_of(offer, offer->media[i]) == g);
}
