/* sdp_meanings.c - see sdp_meanings.h. One row for each word. */
#include "sdp/sdp_meanings.h"

#include <string.h>

#include "base/num.h"

#define IETF   "urn:ietf:params:rtp-hdrext:"
#define WEBRTC "http://www.webrtc.org/experiments/rtp-hdrext/"

/* Extensions of libwebrtc have a page each there, no RFC. */
static const char hdrext[] = "libwebrtc, docs/native-code/rtp-hdrext";
static const char twcc[] = "draft-holmer-rmcat-transport-wide-cc-extensions-01";
static const char av1_spec[] = "RTP Payload Format For AV1, appendix A";

static const struct tt_sdp_meaning rows[] = {
	{ TT_SDP_OF_PROTO, "UDP/TLS/RTP/SAVPF",
	  "RTP with early feedback, encrypted with keys that DTLS agrees on, over UDP",
	  "RFC 5764 section 8" },
	{ TT_SDP_OF_PROTO, "UDP/TLS/RTP/SAVP", "RTP, encrypted with keys from DTLS, over UDP",
	  "RFC 5764 section 8" },
	{ TT_SDP_OF_PROTO, "TCP/DTLS/RTP/SAVPF",
	  "RTP with early feedback, encrypted with keys from DTLS, over TCP",
	  "RFC 7850 section 3.4" },
	{ TT_SDP_OF_PROTO, "TCP/DTLS/RTP/SAVP", "RTP, encrypted with keys from DTLS, over TCP",
	  "RFC 7850 section 3.4" },
	{ TT_SDP_OF_PROTO, "RTP/SAVPF", "RTP with early feedback, encrypted", "RFC 5124" },
	{ TT_SDP_OF_PROTO, "RTP/SAVP", "RTP, encrypted", "RFC 3711 section 12" },
	{ TT_SDP_OF_PROTO, "RTP/AVPF", "RTP with early feedback, not encrypted", "RFC 4585" },
	{ TT_SDP_OF_PROTO, "RTP/AVP", "RTP, not encrypted", "RFC 3551" },
	{ TT_SDP_OF_PROTO, "UDP/DTLS/SCTP", "data channels: SCTP inside DTLS, over UDP",
	  "RFC 8841 section 4.3" },
	{ TT_SDP_OF_PROTO, "TCP/DTLS/SCTP", "data channels: SCTP inside DTLS, over TCP",
	  "RFC 8841 section 4.3" },
	{ TT_SDP_OF_PROTO, "DTLS/SCTP", "data channels, as they were written before RFC 8841",
	  "draft-ietf-mmusic-sctp-sdp-06" },

	{ TT_SDP_OF_BANDWIDTH, "AS",
	  "kbit/s for this description or section, with the headers of IP",
	  "RFC 8866 section 5.8" },
	{ TT_SDP_OF_BANDWIDTH, "CT", "kbit/s for the whole session", "RFC 8866 section 5.8" },
	{ TT_SDP_OF_BANDWIDTH, "TIAS", "bit/s without the headers of lower layers", "RFC 3890" },
	{ TT_SDP_OF_BANDWIDTH, "RS", "bit/s of RTCP for senders", "RFC 3556 section 2" },
	{ TT_SDP_OF_BANDWIDTH, "RR", "bit/s of RTCP for receivers", "RFC 3556 section 2" },

	{ TT_SDP_OF_CODEC, "opus", "speech and music at 6 to 510 kbit/s", "RFC 7587" },
	{ TT_SDP_OF_CODEC, "PCMU", "telephone audio, 64 kbit/s, mu-law (G.711)", "RFC 3551" },
	{ TT_SDP_OF_CODEC, "PCMA", "telephone audio, 64 kbit/s, A-law (G.711)", "RFC 3551" },
	{ TT_SDP_OF_CODEC, "G722", "wideband speech; 8000 stands here by an old mistake",
	  "RFC 3551" },
	{ TT_SDP_OF_CODEC, "CN", "comfort noise for the pauses of a speaker", "RFC 3389" },
	{ TT_SDP_OF_CODEC, "telephone-event", "keys of a telephone (DTMF)", "RFC 4733" },
	{ TT_SDP_OF_CODEC, "VP8", "video", "RFC 7741" },
	{ TT_SDP_OF_CODEC, "VP9", "video", "RFC 9628" },
	{ TT_SDP_OF_CODEC, "H264", "video (AVC)", "RFC 6184" },
	{ TT_SDP_OF_CODEC, "H265", "video (HEVC)", "RFC 7798" },
	{ TT_SDP_OF_CODEC, "AV1", "video", "RTP Payload Format For AV1" },
	{ TT_SDP_OF_CODEC, "rtx", "packets of another payload type, sent again", "RFC 4588" },
	{ TT_SDP_OF_CODEC, "red", "copies of earlier packets beside new ones", "RFC 2198" },
	{ TT_SDP_OF_CODEC, "ulpfec", "parity packets that repair lost ones", "RFC 5109" },
	{ TT_SDP_OF_CODEC, "flexfec", "parity packets that repair lost ones", "RFC 8627" },
	{ TT_SDP_OF_CODEC, "flexfec-03", "parity packets that repair lost ones, as in a draft",
	  "draft-ietf-payload-flexible-fec-scheme-03" },

	{ TT_SDP_OF_FEEDBACK, "nack", "the receiver names lost packets", "RFC 4585 section 6.2.1" },
	{ TT_SDP_OF_FEEDBACK, "nack pli", "the receiver says that it lost a picture (PLI)",
	  "RFC 4585 section 6.3.1" },
	{ TT_SDP_OF_FEEDBACK, "nack sli", "the receiver says which part of a picture it lost",
	  "RFC 4585 section 6.3.2" },
	{ TT_SDP_OF_FEEDBACK, "nack rpsi", "the receiver says which picture to refer to",
	  "RFC 4585 section 6.3.3" },
	{ TT_SDP_OF_FEEDBACK, "ack rpsi", "the receiver says which picture it has",
	  "RFC 4585 section 6.3.3" },
	{ TT_SDP_OF_FEEDBACK, "trr-int ", "the shortest time between two regular reports, in ms",
	  "RFC 4585 section 4.2" },
	{ TT_SDP_OF_FEEDBACK, "ccm fir", "the receiver asks for a key frame (FIR)",
	  "RFC 5104 section 4.3.1" },
	{ TT_SDP_OF_FEEDBACK, "ccm tmmbr", "the receiver limits the bit rate (TMMBR)",
	  "RFC 5104 section 4.2.1" },
	{ TT_SDP_OF_FEEDBACK, "ccm tmmbr ", "the receiver limits the bit rate (TMMBR)",
	  "RFC 5104 section 4.2.1" },
	{ TT_SDP_OF_FEEDBACK, "ccm tstr",
	  "the receiver asks for sharper pictures or for more of them", "RFC 5104 section 4.3.2" },
	{ TT_SDP_OF_FEEDBACK, "goog-remb",
	  "the receiver tells its estimate of the bandwidth (REMB)",
	  "draft-alvestrand-rmcat-remb-03" },
	{ TT_SDP_OF_FEEDBACK, "transport-cc",
	  "the receiver tells when each packet of the transport came", twcc },
	{ TT_SDP_OF_FEEDBACK, "ack ccfb", "the receiver tells when each packet came",
	  "RFC 8888 section 6" },
	{ TT_SDP_OF_FEEDBACK, "goog-lntf", "the receiver tells what it lost of which frame",
	  "libwebrtc" },

	{ TT_SDP_OF_EXTENSION, IETF "ssrc-audio-level", "how loud the packet is",
	  "RFC 6464 section 4" },
	{ TT_SDP_OF_EXTENSION, IETF "csrc-audio-level", "how loud each speaker of a mix is",
	  "RFC 6465" },
	{ TT_SDP_OF_EXTENSION, IETF "toffset",
	  "how much later than its timestamp a packet was sent", "RFC 5450" },
	{ TT_SDP_OF_EXTENSION, IETF "sdes:mid", "the mid of the packet's section",
	  "RFC 9143 section 15" },
	{ TT_SDP_OF_EXTENSION, IETF "sdes:rtp-stream-id", "the rid of the packet's encoding",
	  "RFC 8852 section 3.3" },
	{ TT_SDP_OF_EXTENSION, IETF "sdes:repaired-rtp-stream-id",
	  "the rid of the encoding that the packet repairs", "RFC 8852 section 3.3" },
	{ TT_SDP_OF_EXTENSION, IETF "encrypt", "an extension that is encrypted",
	  "RFC 6904 section 4" },
	{ TT_SDP_OF_EXTENSION, IETF "framemarking", "where in its frame a packet is",
	  "draft-ietf-avtext-framemarking" },
	{ TT_SDP_OF_EXTENSION, "urn:3gpp:video-orientation", "how the camera is turned",
	  "3GPP TS 26.114 section 7.4.5" },
	{ TT_SDP_OF_EXTENSION,
	  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	  "a number that counts all packets of the transport", twcc },
	{ TT_SDP_OF_EXTENSION, WEBRTC "transport-wide-cc-02",
	  "a number that counts all packets of the transport, and a request for feedback", hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "abs-send-time", "when the packet was sent", hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "abs-capture-time", "when the frame was captured", hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "playout-delay", "how long a frame may wait to be shown",
	  hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "video-content-type", "a camera's picture or a screen's",
	  hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "video-timing", "when a frame was captured, encoded and sent",
	  hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "color-space", "the colours of the video", hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "video-layers-allocation00",
	  "which layers of the video are sent, and how large they are", hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "generic-frame-descriptor-00",
	  "which frames a frame is built on, as it was before the dependency descriptor", hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "corruption-detection",
	  "samples of the picture, to find out whether the decoder shows the same", hdrext },
	{ TT_SDP_OF_EXTENSION, WEBRTC "inband-cn", "whether the packet has comfort noise", hdrext },
	{ TT_SDP_OF_EXTENSION,
	  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
	  "which frames and layers a frame is built on", av1_spec },

	{ TT_SDP_OF_GROUP, "BUNDLE", "one transport for all of them, the first one's",
	  "RFC 9143 section 7" },
	{ TT_SDP_OF_GROUP, "LS", "to be played in step (lip synchronization)", "RFC 5888" },
	{ TT_SDP_OF_GROUP, "FID", "one flow, sent in different ways", "RFC 5888" },
	{ TT_SDP_OF_GROUP, "FEC-FR", "sources and what repairs them", "RFC 5956" },
	{ TT_SDP_OF_GROUP, "DUP", "the same flow twice", "RFC 7104" },
	{ TT_SDP_OF_GROUP, "ANAT", "one of them is to be chosen by its address", "RFC 4091" },

	{ TT_SDP_OF_SSRC, "cname", "the name that all sources of one clock share",
	  "RFC 5576 section 6.1" },
	{ TT_SDP_OF_SSRC, "previous-ssrc", "the source's number before it changed",
	  "RFC 5576 section 6.2" },
	{ TT_SDP_OF_SSRC, "fmtp", "parameters of a format for this source",
	  "RFC 5576 section 6.3" },
	{ TT_SDP_OF_SSRC, "msid", "its stream and track, as they were written before RFC 8830",
	  "draft-ietf-mmusic-msid" },
	{ TT_SDP_OF_SSRC, "mslabel", "its stream, as it was written before a=msid", "libwebrtc" },
	{ TT_SDP_OF_SSRC, "label", "its track, as it was written before a=msid", "libwebrtc" },

	{ TT_SDP_OF_SSRC_GROUP, "FID", "the second sends packets of the first again (RTX)",
	  "RFC 5576 section 4.2" },
	{ TT_SDP_OF_SSRC_GROUP, "FEC", "the second repairs the first", "RFC 5576 section 4.2" },
	{ TT_SDP_OF_SSRC_GROUP, "FEC-FR", "the second repairs the first", "RFC 5956" },
	{ TT_SDP_OF_SSRC_GROUP, "SIM",
	  "encodings of one picture, as it was written before RFC 8853", "libwebrtc" },

	{ TT_SDP_OF_ICE_OPTION, "trickle", "candidates may come later, one by one",
	  "RFC 8840 section 4.1.1" },
	{ TT_SDP_OF_ICE_OPTION, "ice2", "ICE as of RFC 8445", "RFC 8445 section 10" },
	{ TT_SDP_OF_ICE_OPTION, "renomination", "the chosen pair may change later",
	  "draft-thatcher-ice-renomination-01" },
	{ TT_SDP_OF_ICE_OPTION, "sped", "the DTLS handshake may travel inside STUN",
	  "draft-hancke-webrtc-sped" },
	{ TT_SDP_OF_ICE_OPTION, "googspedv1", "the same, as Chromium tries it",
	  "draft-hancke-webrtc-sped" },
	{ TT_SDP_OF_ICE_OPTION, "google-ice", "ICE as it was in Google Talk", "libwebrtc" },
	{ TT_SDP_OF_ICE_OPTION, "rtp+ecn", "whether ECN works on a path is tried", "RFC 6679" },

	{ TT_SDP_OF_CANDIDATE, "host", "an address of the host itself", "RFC 8839 section 5.1" },
	{ TT_SDP_OF_CANDIDATE, "srflx", "the address that a STUN server saw: that of a NAT",
	  "RFC 8839 section 5.1" },
	{ TT_SDP_OF_CANDIDATE, "prflx", "an address that came up in a check",
	  "RFC 8839 section 5.1" },
	{ TT_SDP_OF_CANDIDATE, "relay", "an address on a TURN server, which passes packets on",
	  "RFC 8839 section 5.1" },

	{ TT_SDP_OF_SETUP, "actpass", "either; the answer decides", "RFC 8842 section 5.2" },
	{ TT_SDP_OF_SETUP, "active", "this side does: it is the client", "RFC 8842 section 5.3" },
	{ TT_SDP_OF_SETUP, "passive", "the other side does: this one is the server",
	  "RFC 8842 section 5.3" },
	{ TT_SDP_OF_SETUP, "holdconn", "nobody, for now", "RFC 4145 section 4" },
};

static bool means(const struct tt_sdp_meaning *row, struct tt_sdp_word w)
{
	const size_t n = strlen(row->text);

	if (row->text[n - 1] == ' ')
		return w.len > n && memcmp(w.p, row->text, n) == 0;
	return tt_sdp_word_is_any(w, row->text);
}

const struct tt_sdp_meaning *tt_sdp_meaning(enum tt_sdp_topic topic, struct tt_sdp_word w)
{
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (rows[i].topic == topic && means(&rows[i], w))
			return &rows[i];
	return NULL;
}
