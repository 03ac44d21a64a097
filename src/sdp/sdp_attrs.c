/* sdp_attrs.c - see sdp_attrs.h. The most frequent come first. */
#include "sdp/sdp_attrs.h"

enum {
	SESSION = TT_SDP_IN_SESSION,
	MEDIA = TT_SDP_IN_MEDIA,
	BOTH = TT_SDP_IN_SESSION | TT_SDP_IN_MEDIA,
	RTP = TT_SDP_IN_RTP,
	OLD_DATA = TT_SDP_IN_OLD_DATA,
};

static const struct tt_sdp_attribute rows[] = {
	{ "rtcp-fb", RTP, tt_sdp_read_rtcp_fb, "RFC 4585 section 4.2" },
	{ "rtpmap", RTP, tt_sdp_read_rtpmap, "RFC 8866 section 6.6" },
	{ "fmtp", RTP, tt_sdp_read_fmtp, "RFC 8866 section 6.15" },
	{ "extmap", BOTH, tt_sdp_read_extmap, "RFC 8285 section 5" },
	{ "candidate", MEDIA, tt_sdp_read_candidate, "RFC 8839 section 5.1" },
	{ "ssrc", MEDIA, tt_sdp_read_ssrc, "RFC 5576 section 4.1" },
	{ "ssrc-group", MEDIA, tt_sdp_read_ssrc_group, "RFC 5576 section 4.2" },
	{ "group", SESSION, tt_sdp_read_group, "RFC 5888 section 5" },
	{ "mid", MEDIA, tt_sdp_read_mid, "RFC 5888 section 4" },
	{ "setup", BOTH, tt_sdp_read_setup, "RFC 4145 section 4" },
	{ "connection", MEDIA, tt_sdp_read_connection, "RFC 4145 section 5" },
	{ "ice-ufrag", BOTH, tt_sdp_read_ufrag, "RFC 8839 section 5.4" },
	{ "ice-pwd", BOTH, tt_sdp_read_pwd, "RFC 8839 section 5.4" },
	{ "ice-options", BOTH, tt_sdp_read_ice_options, "RFC 8839 section 5.6" },
	{ "fingerprint", BOTH, tt_sdp_read_fingerprint, "RFC 8122 section 5" },
	{ "tls-id", BOTH, tt_sdp_read_tls_id, "RFC 8842 section 4" },
	{ "rtcp", MEDIA, tt_sdp_read_rtcp, "RFC 3605 section 2.1" },
	{ "msid", MEDIA, tt_sdp_read_msid, "RFC 8830 section 2" },
	{ "msid-semantic", SESSION, tt_sdp_read_msid_semantic, "RFC 8830" },
	{ "rid", MEDIA, tt_sdp_read_rid, "RFC 8851 section 4" },
	{ "simulcast", MEDIA, tt_sdp_read_simulcast, "RFC 8853 section 5.1" },
	{ "sctp-port", MEDIA, tt_sdp_read_sctp_port, "RFC 8841 section 5" },
	{ "max-message-size", MEDIA, tt_sdp_read_max_message_size, "RFC 8841 section 6" },
	{ "sctpmap", OLD_DATA, tt_sdp_read_sctpmap, "draft-ietf-mmusic-sctp-sdp-06" },
	{ "sendrecv", BOTH, tt_sdp_read_direction, "RFC 8866 section 6.7" },
	{ "sendonly", BOTH, tt_sdp_read_direction, "RFC 8866 section 6.7" },
	{ "recvonly", BOTH, tt_sdp_read_direction, "RFC 8866 section 6.7" },
	{ "inactive", BOTH, tt_sdp_read_direction, "RFC 8866 section 6.7" },
	{ "rtcp-mux", MEDIA, tt_sdp_read_rtcp_mux, "RFC 5761 section 5.1.1" },
	{ "rtcp-mux-only", MEDIA, tt_sdp_read_rtcp_mux_only, "RFC 8858 section 3" },
	{ "rtcp-rsize", MEDIA, tt_sdp_read_rtcp_rsize, "RFC 5506 section 5" },
	{ "bundle-only", MEDIA, tt_sdp_read_bundle_only, "RFC 9143 section 6" },
	{ "extmap-allow-mixed", BOTH, tt_sdp_read_allow_mixed, "RFC 8285 section 6" },
	{ "end-of-candidates", BOTH, tt_sdp_read_end_of_candidates, "RFC 8840 section 8.2" },
	{ "ice-lite", SESSION, tt_sdp_read_ice_lite, "RFC 8839 section 5.3" },
	{ NULL, 0, NULL, NULL },
};

uint8_t tt_sdp_levels(const struct tt_sdp_media *m)
{
	if (!m)
		return SESSION;
	if (tt_sdp_is_rtp(m))
		return MEDIA | RTP;
	return m->proto == TT_SDP_DTLS_SCTP ? MEDIA | OLD_DATA : MEDIA;
}

const struct tt_sdp_attribute *tt_sdp_attribute_read(struct tt_sdp_word name, uint8_t levels)
{
	for (const struct tt_sdp_attribute *row = rows; row->name; row++)
		if ((row->levels & levels) && tt_sdp_word_is(name, row->name))
			return row;
	return NULL;
}
