/* pc_answer.c - createAnswer: RFC 9429 section 5.3, RFC 3264 section 6.
 *
 * One m-line for each of the offer, in its order. Rejected (port 0) are those
 * that are no RTP or SCTP over DTLS, that share no codec with us, that do not
 * multiplex RTCP, or that would need a second transport. */
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"

static void answer_codec(struct tt_sdp *sdp, struct tt_sdp_media *m, const struct tt_sdp_media *o,
			 const struct tt_sdp_codec *theirs, const struct pc_codec *ours,
			 bool repairs)
{
	static const char *const feedback[] = { "transport-cc", "ccm fir", "nack", "nack pli" };
	struct tt_sdp_codec *c =
		tt_sdp_add_codec(sdp, m, theirs->payload_type, theirs->name, theirs->clock_rate,
				 theirs->channels, ours->codec.fmtp);

	for (size_t f = 0; f < TT_COUNT(feedback); f++)
		if ((f == 0 || o->kind == TT_SDP_VIDEO) &&
		    tt_sdp_codec_has_fb(o, theirs, feedback[f]))
			tt_sdp_add_rtcp_fb(sdp, c, feedback[f]);
	uint8_t rtx = repairs ? pc_rtx_of(o, theirs->payload_type) : 0;
	if (rtx && o->kind == TT_SDP_VIDEO)
		tt_sdp_add_codec(sdp, m, rtx, "rtx", theirs->clock_rate, 0,
				 tt_sdp_text(sdp, "apt=%u", (unsigned)theirs->payload_type));
}

/* In the order of the offer, RFC 3264 section 6.1, unless the application has another. */
static void answer_codecs(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
			  const struct tt_sdp_media *o, const struct pc_transceiver *t)
{
	const size_t wishes = t->preferred_count ? t->preferred_count : 1;

	for (size_t w = 0; w < wishes; w++)
		for (size_t i = 0; i < o->codec_count; i++) {
			const struct pc_codec *ours = pc_match_codec(pc, o->kind, &o->codecs[i]);
			if (ours &&
			    (t->preferred_count == 0 || ours == &pc->codecs[t->preferred[w]]))
				answer_codec(sdp, m, o, &o->codecs[i], ours, pc_repairs(t));
		}
}

/* RFC 8285 section 7: what the offer only sends the answer only receives. */
static uint8_t turned(uint8_t direction)
{
	return direction == TAUT_SENDONLY ? TAUT_RECVONLY
	       : direction == TAUT_RECVONLY ? TAUT_SENDONLY
					    : 0;
}

static void answer_extensions(struct tt_sdp *sdp, struct tt_sdp_media *m,
			      const struct tt_sdp *offer, const struct tt_sdp_media *o)
{
	for (int e = 0; e < PC_EXT_COUNT; e++) {
		const struct tt_sdp_extmap *x =
			tt_sdp_extmap_by_uri(offer, o, pc_ext_uri((enum pc_ext)e));
		if (x && x->id <= 14 && pc_ext_is_for((enum pc_ext)e, o->kind) &&
		    x->direction != TAUT_INACTIVE)
			tt_sdp_add_extmap(sdp, &m->common, x->id, turned(x->direction), x->uri);
	}
}

/* RFC 4145 section 4.1 and RFC 8842 section 5.3: actpass is answered with active, and a role
 * that a handshake has settled stays. */
static enum tt_sdp_setup answer_setup(const struct taut_pc *pc, const struct tt_sdp *offer,
				      const struct tt_sdp_media *o)
{
	uint8_t theirs = tt_sdp_setup(offer, pc_carrier(offer, o));

	if (pc->agreed)
		return pc->dtls_client ? TT_SDP_ACTIVE : TT_SDP_PASSIVE;
	return theirs == TT_SDP_ACTIVE ? TT_SDP_PASSIVE : TT_SDP_ACTIVE;
}

static void answer_rejected(struct tt_sdp *sdp, struct tt_sdp_media *m,
			    const struct tt_sdp_media *o)
{
	m->port = 0;
	m->common.connection = tt_sdp_address(sdp, "IP4", "0.0.0.0");
	for (size_t i = 0; i < o->format_count; i++)
		tt_sdp_add_format(sdp, m, o->formats[i]);
	if (!tt_sdp_is_rtp(o))
		return;
	/* RFC 3264 section 6: a rejected line still lists a format, which means nothing. */
	m->common.direction = TAUT_INACTIVE;
	if (o->codec_count > 0)
		tt_sdp_add_codec(sdp, m, o->codecs[0].payload_type, o->codecs[0].name,
				 o->codecs[0].clock_rate, o->codecs[0].channels, NULL);
}

static void answer_rtp(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
		       const struct tt_sdp *offer, const struct tt_sdp_media *o,
		       const struct pc_transceiver *t)
{
	uint32_t theirs = tt_sdp_direction(offer, o);

	/* 5.3.1: what we want, within what the reversed offer allows. */
	m->common.direction = (uint8_t)pc_direction(
		pc_direction_sends(t->direction) && pc_direction_receives(theirs),
		pc_direction_receives(t->direction) && pc_direction_sends(theirs));
	answer_codecs(pc, sdp, m, o, t);
	answer_extensions(sdp, m, offer, o);
	pc_put_transport(pc, sdp, m, answer_setup(pc, offer, o));
	m->rtcp_rsize = pc_rtcp_rsize(offer, o);
	pc_answer_reports(sdp, m, offer, o);
	pc_put_track(pc, sdp, m, t, o);
}

static void answer_data(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
			const struct tt_sdp *offer, const struct tt_sdp_media *o)
{
	if (o->proto == TT_SDP_DTLS_SCTP && o->format_count > 0) { /* before RFC 8841: in kind */
		tt_sdp_add_format(sdp, m, o->formats[0]);
		m->sctpmap = tt_sdp_copy(sdp, o->sctpmap);
	} else {
		pc_put_data(pc, sdp, m);
		m->sctp_init = pc_snap_answer(pc, sdp, o);
	}
	pc_put_transport(pc, sdp, m, answer_setup(pc, offer, o));
}

static void answer_section(struct taut_pc *pc, struct tt_sdp *sdp, const struct tt_sdp *offer,
			   size_t index)
{
	const struct tt_sdp_media *o = offer->media[index];
	const struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)index);
	struct tt_sdp_media *m =
		tt_sdp_add_media(sdp, (enum tt_sdp_kind)o->kind, 9, (enum tt_sdp_proto)o->proto);
	bool ours = pc_accepts(pc, offer, index);

	m->kind_text = tt_sdp_copy(sdp, o->kind_text);
	m->proto_text = tt_sdp_copy(sdp, o->proto_text);
	m->mid = tt_sdp_copy(sdp, o->mid);
	if (ours && t && tt_sdp_is_rtp(o))
		answer_rtp(pc, sdp, m, offer, o, t);
	else if (ours && tt_sdp_is_sctp(o) && pc->data_m_line == (int)index)
		answer_data(pc, sdp, m, offer, o);
	else
		answer_rejected(sdp, m, o);
}

/* RFC 9143 section 7.3: what stays in the group, the tagged section first, as offered. */
static void answer_bundle(struct taut_pc *pc, struct tt_sdp *sdp, const struct tt_sdp *offer)
{
	int tag = pc_offer_tag(pc, offer);
	const char *mid = tag >= 0 ? offer->media[tag]->mid : NULL;
	const struct tt_sdp_group *o = mid ? tt_sdp_group_of(offer, "BUNDLE", mid) : NULL;
	struct tt_sdp_group *g = NULL;

	for (size_t i = 0; o && i < o->mid_count; i++) {
		const struct tt_sdp_media *m = tt_sdp_media_by_mid(sdp, o->mids[i], NULL);
		if (!m || !pc_section_lives(m))
			continue;
		if (!g)
			g = tt_sdp_add_group(sdp, "BUNDLE");
		tt_sdp_group_add(sdp, g, m->mid);
	}
}

int pc_build_answer(struct taut_pc *pc, struct tt_sdp **out)
{
	const struct tt_sdp *offer = pc->pending_remote.sdp;
	struct tt_sdp *sdp = tt_sdp_new(pc->env);

	if (!sdp)
		return pc_fail_nomem(pc);
	pc_put_session(pc, sdp);
	sdp->common.extmap_allow_mixed = offer->common.extmap_allow_mixed;
	for (size_t i = 0; i < offer->media_count; i++)
		answer_section(pc, sdp, offer, i);
	answer_bundle(pc, sdp, offer);
	pc_put_candidates(pc, sdp);
	*out = sdp;
	return TAUT_OK;
}
