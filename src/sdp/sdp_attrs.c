/* sdp_attrs.c - see sdp_attrs.h. The most frequent come first, and those without a reader last. */
#include "sdp/sdp_attrs.h"

#include <string.h>

#include "base/work.h"
#include "sdp/sdp_tale.h"

enum {
	SESSION = TT_SDP_IN_SESSION,
	MEDIA = TT_SDP_IN_MEDIA,
	BOTH = TT_SDP_IN_SESSION | TT_SDP_IN_MEDIA,
	RTP = TT_SDP_IN_RTP,
	OLD_DATA = TT_SDP_IN_OLD_DATA,
};

static const struct tt_sdp_attribute rows[] = {
	{ "rtcp-fb", RTP, tt_sdp_read_rtcp_fb, tt_sdp_tell_rtcp_fb, "RFC 4585 section 4.2",
	  "what a receiver may report of a payload type", false },
	{ "rtpmap", RTP, tt_sdp_read_rtpmap, tt_sdp_tell_rtpmap, "RFC 8866 section 6.6",
	  "which codec a payload type stands for", false },
	{ "fmtp", RTP, tt_sdp_read_fmtp, tt_sdp_tell_fmtp, "RFC 8866 section 6.15",
	  "parameters of a payload type, as its codec defines them", false },
	{ "extmap", BOTH, tt_sdp_read_extmap, tt_sdp_tell_extmap, "RFC 8285 section 5",
	  "a header extension, and the number it has in packets", false },
	{ "candidate", MEDIA, tt_sdp_read_candidate, tt_sdp_tell_candidate, "RFC 8839 section 5.1",
	  "an address where this side may be reached", false },
	{ "ssrc", MEDIA, tt_sdp_read_ssrc, tt_sdp_tell_ssrc, "RFC 5576 section 4.1",
	  "something about an RTP source of this side", false },
	{ "ssrc-group", MEDIA, tt_sdp_read_ssrc_group, tt_sdp_tell_ssrc_group,
	  "RFC 5576 section 4.2", "RTP sources of this side that belong together", false },
	{ "group", SESSION, tt_sdp_read_group, tt_sdp_tell_group, "RFC 5888 section 5",
	  "sections that belong together", false },
	{ "mid", MEDIA, tt_sdp_read_mid, NULL, "RFC 5888 section 4", "the name of this section",
	  false },
	{ "setup", BOTH, tt_sdp_read_setup, tt_sdp_tell_setup, "RFC 4145 section 4",
	  "who opens the DTLS connection", false },
	{ "connection", MEDIA, tt_sdp_read_connection, NULL, "RFC 4145 section 5",
	  "whether the connection is new or one that is there", false },
	{ "ice-ufrag", BOTH, tt_sdp_read_ufrag, NULL, "RFC 8839 section 5.4",
	  "the user name of ICE checks to this side", false },
	{ "ice-pwd", BOTH, tt_sdp_read_pwd, tt_sdp_tell_length, "RFC 8839 section 5.4",
	  "the password of ICE checks to this side", true },
	{ "ice-options", BOTH, tt_sdp_read_ice_options, tt_sdp_tell_ice_options,
	  "RFC 8839 section 5.6", "what this side's ICE can do", false },
	{ "fingerprint", BOTH, tt_sdp_read_fingerprint, NULL, "RFC 8122 section 5",
	  "the digest of the certificate that this side shows in DTLS", false },
	{ "tls-id", BOTH, tt_sdp_read_tls_id, NULL, "RFC 8842 section 4",
	  "the name of the DTLS association; a new one opens a new one", false },
	{ "rtcp", MEDIA, tt_sdp_read_rtcp, NULL, "RFC 3605 section 2.1",
	  "where RTCP goes, if not to the port of RTP", false },
	{ "msid", MEDIA, tt_sdp_read_msid, tt_sdp_tell_msid, "RFC 8830 section 2",
	  "the MediaStream and the track that are sent here", false },
	{ "msid-semantic", SESSION, tt_sdp_read_msid_semantic, NULL, "draft-ietf-mmusic-msid",
	  "what a=msid means: streams of WebRTC", false },
	{ "rid", MEDIA, tt_sdp_read_rid, tt_sdp_tell_rid, "RFC 8851 section 4",
	  "the name of an encoding, and its limits", false },
	{ "simulcast", MEDIA, tt_sdp_read_simulcast, tt_sdp_tell_simulcast, "RFC 8853 section 5.1",
	  "encodings of one source that are sent at once", false },
	{ "sctp-port", MEDIA, tt_sdp_read_sctp_port, NULL, "RFC 8841 section 5",
	  "the port of SCTP inside of DTLS", false },
	{ "max-message-size", MEDIA, tt_sdp_read_max_message_size, tt_sdp_tell_message_size,
	  "RFC 8841 section 6", "the largest message that this side takes", false },
	{ "sctp-init", MEDIA, tt_sdp_read_sctp_init, NULL, "draft-hancke-tsvwg-snap",
	  "the INIT of this side, so that SCTP need not shake hands", false },
	{ "sctpmap", OLD_DATA, tt_sdp_read_sctpmap, NULL, "draft-ietf-mmusic-sctp-sdp-06",
	  "the port of SCTP and its use, as it was before RFC 8841", false },
	{ "sendrecv", BOTH, tt_sdp_read_direction, NULL, "RFC 8866 section 6.7",
	  "this side sends and receives", false },
	{ "sendonly", BOTH, tt_sdp_read_direction, NULL, "RFC 8866 section 6.7",
	  "this side sends, and receives nothing", false },
	{ "recvonly", BOTH, tt_sdp_read_direction, NULL, "RFC 8866 section 6.7",
	  "this side receives, and sends nothing", false },
	{ "inactive", BOTH, tt_sdp_read_direction, NULL, "RFC 8866 section 6.7",
	  "this side neither sends nor receives", false },
	{ "rtcp-mux", MEDIA, tt_sdp_read_rtcp_mux, NULL, "RFC 5761 section 5.1.1",
	  "RTP and RTCP may share a port", false },
	{ "rtcp-mux-only", MEDIA, tt_sdp_read_rtcp_mux_only, NULL, "RFC 8858 section 3",
	  "RTP and RTCP must share a port", false },
	{ "rtcp-rsize", MEDIA, tt_sdp_read_rtcp_rsize, NULL, "RFC 5506 section 5",
	  "RTCP may be shorter than a whole report", false },
	{ "bundle-only", MEDIA, tt_sdp_read_bundle_only, NULL, "RFC 9143 section 6",
	  "this section is wanted only if it is bundled", false },
	{ "extmap-allow-mixed", BOTH, tt_sdp_read_allow_mixed, NULL, "RFC 8285 section 6",
	  "header extensions of one and of two bytes may be mixed", false },
	{ "end-of-candidates", BOTH, tt_sdp_read_end_of_candidates, NULL, "RFC 8840 section 8.2",
	  "no candidate comes after these", false },
	{ "ice-lite", SESSION, tt_sdp_read_ice_lite, NULL, "RFC 8839 section 5.3",
	  "this side answers ICE checks and makes none", false },
	{ "ice-pacing", SESSION, tt_sdp_read_ice_pacing, NULL, "RFC 8839 section 5.5",
	  "milliseconds between two ICE checks", false },
	{ "rtcp-xr", BOTH, NULL, NULL, "RFC 3611 section 5.1", "extended reports that are wanted",
	  false },
	{ "ptime", MEDIA, NULL, NULL, "RFC 8866 section 6.4",
	  "milliseconds of media that a packet should hold", false },
	{ "maxptime", MEDIA, NULL, NULL, "RFC 8866 section 6.5",
	  "milliseconds of media that a packet may hold at most", false },
	{ "framerate", MEDIA, NULL, NULL, "RFC 8866 section 6.13", "the most frames a second",
	  false },
	{ "quality", MEDIA, NULL, NULL, "RFC 8866 section 6.14",
	  "how good the picture is, from 0 to 10", false },
	{ "orient", MEDIA, NULL, NULL, "RFC 8866 section 6.8",
	  "how a whiteboard or slide is turned", false },
	{ "imageattr", MEDIA, NULL, NULL, "RFC 6236 section 3.1",
	  "sizes of pictures that are sent or taken", false },
	{ "x-google-flag", MEDIA, NULL, NULL, "libwebrtc", "a switch of old Chromiums", false },
	{ "framesize", MEDIA, NULL, NULL, "RFC 6064", "the size of the picture", false },
	{ "cat", SESSION, NULL, NULL, "RFC 8866 section 6.1",
	  "the kind of session, for those who sort them", false },
	{ "keywds", SESSION, NULL, NULL, "RFC 8866 section 6.2", "words to find the session by",
	  false },
	{ "tool", SESSION, NULL, NULL, "RFC 8866 section 6.3", "the program that wrote this",
	  false },
	{ "type", SESSION, NULL, NULL, "RFC 8866 section 6.9", "the type of conference", false },
	{ "charset", SESSION, NULL, NULL, "RFC 8866 section 6.10", "the character set of names",
	  false },
	{ "sdplang", BOTH, NULL, NULL, "RFC 8866 section 6.11", "the language of this description",
	  false },
	{ "lang", BOTH, NULL, NULL, "RFC 8866 section 6.12", "the language of the session", false },
	{ "ice-mismatch", MEDIA, NULL, NULL, "RFC 8839 section 5.3",
	  "ICE is not used: an address was changed on the way", false },
	{ "remote-candidates", MEDIA, NULL, NULL, "RFC 8839 section 5.2",
	  "the candidates of the other side that were chosen", false },
	{ "crypto", MEDIA, NULL, NULL, "RFC 4568 section 4",
	  "keys of SRTP in plain sight, which WebRTC forbids", true },
	{ "key-mgmt", BOTH, NULL, NULL, "RFC 4567", "a message that agrees on keys", true },
	{ "zrtp-hash", MEDIA, NULL, NULL, "RFC 6189", "the digest of the first message of ZRTP",
	  false },
	{ "identity", SESSION, NULL, NULL, "RFC 8827 section 5",
	  "who this is, signed by an identity provider", false },
	{ "dtls-id", BOTH, NULL, NULL, "draft-ietf-mmusic-dtls-sdp",
	  "a=tls-id, as it was called before RFC 8842", false },
	{ "dcmap", MEDIA, NULL, NULL, "RFC 8864", "a data channel, agreed on here", false },
	{ "dcsa", MEDIA, NULL, NULL, "RFC 8864", "an attribute of a data channel", false },
	{ "label", MEDIA, NULL, NULL, "RFC 4574 section 4",
	  "a name of this section for other documents", false },
	{ "content", MEDIA, NULL, NULL, "RFC 4796", "what the media show: slides, a speaker",
	  false },
	{ "floorctrl", MEDIA, NULL, NULL, "RFC 8856", "who rules who may speak (BFCP)", false },
	{ "confid", MEDIA, NULL, NULL, "RFC 8856", "the conference of BFCP", false },
	{ "userid", MEDIA, NULL, NULL, "RFC 8856", "the user of BFCP", false },
	{ "floorid", MEDIA, NULL, NULL, "RFC 8856", "the floor of BFCP, and its media", false },
	{ "ts-refclk", BOTH, NULL, NULL, "RFC 7273 section 4", "the clock that timestamps go by",
	  false },
	{ "mediaclk", BOTH, NULL, NULL, "RFC 7273 section 5", "how timestamps follow the clock",
	  false },
	{ "source-filter", BOTH, NULL, NULL, "RFC 4570 section 3",
	  "the senders that are listened to, in multicast", false },
	{ "rtcp-unicast", MEDIA, NULL, NULL, "RFC 5760", "where reports of a multicast group go",
	  false },
	{ "control", BOTH, NULL, NULL, "RFC 7826", "the address of RTSP for this", false },
	{ "range", BOTH, NULL, NULL, "RFC 7826", "the time that RTSP can play", false },
	{ "etag", BOTH, NULL, NULL, "RFC 7826", "the version of what RTSP plays", false },
	{ "packetization", RTP, NULL, NULL, "libwebrtc",
	  "raw: video that is cut into packets as it is", false },
	{ "maxprate", BOTH, NULL, NULL, "RFC 3890", "the most packets a second", false },
	{ NULL, 0, NULL, NULL, NULL, NULL, false },
};

struct tt_sdp_word tt_sdp_attribute_name(struct tt_sdp_lex *x, const char **value)
{
	const char *colon = memchr(x->at, ':', (size_t)(x->end - x->at));
	struct tt_sdp_word name = { x->at, (size_t)((colon ? colon : x->end) - x->at) };

	tt_work((size_t)(x->end - x->at));
	while (!colon && name.len > 0 &&
	       (name.p[name.len - 1] == ' ' || name.p[name.len - 1] == '\t'))
		name.len--;
	*value = colon ? colon + 1 : NULL;
	x->at = colon ? colon + 1 : name.p + name.len;
	return name;
}

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
	for (const struct tt_sdp_attribute *row = rows; row->read; row++)
		if ((row->levels & levels) && tt_sdp_word_is(name, row->name))
			return row;
	return NULL;
}

const struct tt_sdp_attribute *tt_sdp_attribute(struct tt_sdp_word name)
{
	for (const struct tt_sdp_attribute *row = rows; row->name; row++)
		if (tt_sdp_word_is(name, row->name))
			return row;
	return NULL;
}
