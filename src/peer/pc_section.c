/* pc_section.c - what every description of ours says, offer and answer alike.
 *
 * RFC 9429 sections 5.2.1 and 5.3.1. Written so that Chromium and Firefox take
 * it: no fmtp or rtcp-fb of a payload type that is not on its m-line, one URI
 * for an extension id in the whole bundle. */
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"

bool pc_section_lives(const struct tt_sdp_media *m)
{
	return m->port != 0 || m->bundle_only;
}

void pc_put_session(struct taut_pc *pc, struct tt_sdp *sdp)
{
	sdp->sess_id = pc->session_id;
	sdp->sess_version = ++pc->session_version;
	sdp->common.extmap_allow_mixed = true;
	sdp->msid_semantic = "WMS *";
	sdp->ice_lite = pc->ice_lite;
	sdp->has_ice_pacing = !pc->ice_lite; /* it sends no checks */
	sdp->ice_pacing = TT_ICE_TA_OURS / 1000;
}

static unsigned hex_value(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A' + 10);
}

/* The environment's certificate is known as "sha-256 AB:CD:..."; a description holds bytes. */
static void put_fingerprint(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	const char *hex = tt_dtls_shared_fingerprint(pc->owner->dtls) + strlen("sha-256 ");
	uint8_t value[32];

	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)(hex_value(hex[3 * i]) << 4 | hex_value(hex[3 * i + 1]));
	tt_sdp_add_fingerprint(sdp, &m->common, "sha-256", value, sizeof value);
}

void pc_put_transport(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
		      enum tt_sdp_setup setup)
{
	m->common.connection = tt_sdp_address(sdp, "IP4", "0.0.0.0");
	m->common.ice_ufrag = tt_sdp_copy(sdp, tt_ice_local_ufrag(pc->ice));
	m->common.ice_pwd = tt_sdp_copy(sdp, tt_ice_local_pwd(pc->ice));
	/* RFC 8840 section 4.1.1, RFC 8445 section 10, draft-thatcher-ice-renomination-01 section 3 */
	m->common.ice_options = pc->ice_lite ? "trickle ice2" : "trickle ice2 renomination";
	put_fingerprint(pc, sdp, m);
	m->common.setup = (uint8_t)setup;
	if (!tt_sdp_is_rtp(m))
		return;
	m->rtcp_mux = m->rtcp_rsize = true;
	m->has_rtcp = true;
	m->rtcp_port = 9; /* trickle's "not known yet", RFC 8840 section 4.1.1 */
	m->rtcp_address = tt_sdp_address(sdp, "IP4", "0.0.0.0");
}

void pc_put_track(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
		  const struct pc_transceiver *t, const struct tt_sdp_media *offer)
{
	const struct pc_encoding *e = &t->encodings[0];
	const uint32_t fid[] = { e->ssrc, e->rtx_ssrc };
	const bool simulcast = pc_put_simulcast(pc, sdp, m, t, offer);

	if (!pc_direction_sends(m->common.direction))
		return;
	if (t->stream_count == 0)
		tt_sdp_add_msid(sdp, m, "-", t->sender_id);
	for (size_t i = 0; i < t->stream_count; i++)
		tt_sdp_add_msid(sdp, m, pc_stream_at(t, i), t->sender_id);
	if (simulcast)
		return; /* its streams are told by their rids, RFC 9429 section 5.2.1 */
	bool rtx = false;
	for (size_t i = 0; i < m->codec_count; i++)
		rtx |= tt_sdp_codec_is(&m->codecs[i], "rtx");
	if (rtx && e->rtx_ssrc)
		tt_sdp_add_ssrc_group(sdp, m, "FID", fid, TT_COUNT(fid));
	tt_sdp_add_ssrc(sdp, m, e->ssrc, "cname", pc->cname);
	if (rtx && e->rtx_ssrc)
		tt_sdp_add_ssrc(sdp, m, e->rtx_ssrc, "cname", pc->cname);
}

void pc_put_feedback(struct tt_sdp *sdp, struct tt_sdp_codec *c, uint32_t kind)
{
	tt_sdp_add_rtcp_fb(sdp, c, "transport-cc");
	if (kind != TAUT_VIDEO)
		return;
	tt_sdp_add_rtcp_fb(sdp, c, "ccm fir");
	tt_sdp_add_rtcp_fb(sdp, c, "nack");
	tt_sdp_add_rtcp_fb(sdp, c, "nack pli");
}

void pc_put_data(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_format(sdp, m, "webrtc-datachannel");
	m->has_sctp_port = true;
	m->sctp_port = 5000;
	m->has_max_message_size = true;
	m->max_message_size = pc->max_message_size;
}

/* Candidates stand in the section that carries the transport. */
void pc_put_candidates(struct taut_pc *pc, struct tt_sdp *sdp)
{
	struct tt_sdp_media *m = NULL;
	const struct tt_sdp_media *carrier = pc_transport_section(sdp);
	struct tt_sdp_candidate c;

	for (size_t i = 0; i < sdp->media_count; i++)
		if (sdp->media[i] == carrier)
			m = sdp->media[i];
	for (size_t k = m ? m->candidate_count : 0; m && k < pc->candidates.count; k++)
		if (tt_sdp_candidate_read(&c, pc->candidates.lines[k],
					  strlen(pc->candidates.lines[k]), NULL) == 0)
			tt_sdp_add_candidate(sdp, m, &c);
	if (m)
		m->common.end_of_candidates = pc->candidates.done;
}
