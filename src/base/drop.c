/* drop.c - the one list of reasons, taut/drop.h: what was dropped, what is said of it, which rule
 * it broke. */
#include "base/drop.h"

#include "base/num.h"
#include "taut/trace.h"

#define IN(l, ...) INFO(TAUT_DROP_IN, l, __VA_ARGS__)
#define OUT(l, ...) INFO(TAUT_DROP_OUT, l, __VA_ARGS__)
#define OTHER(l, ...) INFO(TAUT_DROP_OTHER, l, __VA_ARGS__)
#define INFO(what, layer, ...) { what, TAUT_LAYER_##layer, __VA_ARGS__ }
#define OURS NULL

/* clang-format off */
static const struct taut_drop_info infos[TAUT_DROPS] = {
	[TAUT_DROP_LENGTH] = IN(PEER, "a length that no packet has", OURS),
	[TAUT_DROP_CLOSED] = IN(PEER, "the connection is closed", OURS),
	[TAUT_DROP_NOT_VALIDATED] = IN(PEER, "from an address that ICE has not validated", OURS),
	[TAUT_DROP_NO_PROTOCOL] = IN(PEER, "neither STUN, DTLS nor RTP", "RFC 7983 section 7"),
	[TAUT_DROP_TOO_SHORT_FOR_RTP] = IN(PEER, "too short for RTP", "RFC 3550 section 5.1"),
	[TAUT_DROP_MEDIA_WITHOUT_KEYS] = IN(PEER, "media without keys", OURS),
	[TAUT_DROP_DATA_NOT_AGREED] = IN(PEER, "data that nobody agreed on", OURS),
	[TAUT_DROP_CANDIDATE_NAME] = OTHER(PEER, "candidate with a name that is not .local", OURS),
	[TAUT_DROP_MEDIA_FAILS_CLOSED] = OTHER(PEER, "media fails closed", OURS),
	[TAUT_DROP_NO_PATH] = OUT(PEER, "not sent: no path any more", "RFC 7675 section 5.1"),
	[TAUT_DROP_EVENT_LOST] = OTHER(PEER, "event lost", OURS),

	[TAUT_DROP_NOT_SENT] = OUT(IO, "not sent", OURS),
	[TAUT_DROP_DATAGRAM_TOO_LONG] = IN(IO, "datagram too long", OURS),

	[TAUT_DROP_ICE_NOT_STUN] =
		IN(ICE, "malformed, or its FINGERPRINT is missing or wrong",
			"RFC 8445 section 7.1"),
	[TAUT_DROP_ICE_USERNAME] = IN(ICE, "its USERNAME is not for us", "RFC 8489 section 9.1.3"),
	[TAUT_DROP_ICE_INTEGRITY] = IN(ICE, "not authenticated", "RFC 8489 section 9.1"),
	[TAUT_DROP_ICE_UNMATCHED] = IN(ICE, "answers nothing we asked", "RFC 8489 section 6.3.3"),
	[TAUT_DROP_ICE_ASYMMETRIC] =
		IN(ICE, "answered from another address than was asked",
			"RFC 8445 section 7.2.5.2.1"),
	[TAUT_DROP_ICE_UNKNOWN_ATTR] =
		IN(ICE, "an answer that cannot be understood", "RFC 8489 section 6.3.3"),
	[TAUT_DROP_ICE_INCOMPLETE] =
		IN(ICE, "a check without PRIORITY or role", "RFC 8445 section 7.1"),
	[TAUT_DROP_ICE_TOO_MANY_ANSWERS] = IN(ICE, "too many answers wait", OURS),
	[TAUT_DROP_ICE_MDNS] = IN(ICE, "not an mDNS answer", "RFC 6762 section 6"),
	[TAUT_DROP_ICE_STATE] = IN(ICE, "nothing here takes it now", OURS),
	[TAUT_DROP_ICE_CANDIDATE] = OTHER(ICE, "remote candidate of no use here", OURS),
	[TAUT_DROP_ICE_NAME] = OTHER(ICE, "remote candidate's name of no use here", OURS),
	[TAUT_DROP_ICE_OTHER_GENERATION] =
		OTHER(ICE, "remote candidate of another generation", "RFC 8838 section 4.3"),
	[TAUT_DROP_ICE_TOO_MANY_REMOTE] = OTHER(ICE, "too many remote candidates", OURS),
	[TAUT_DROP_ICE_TOO_MANY_NAMES] = OTHER(ICE, "too many names of remote candidates", OURS),
	[TAUT_DROP_ICE_TOO_MANY_PRFLX] = OTHER(ICE, "too many peer-reflexive candidates", OURS),
	[TAUT_DROP_ICE_TOO_MANY_PAIRS] = OTHER(ICE, "too many pairs", "RFC 8445 section 6.1.2.5"),

	[TAUT_DROP_ICE_TOO_MANY_TCP] = OTHER(ICE, "too many TCP connections", OURS),
	[TAUT_DROP_ICE_NOMINATION] = OTHER(ICE, "nomination without a value, or overtaken", OURS),
	[TAUT_DROP_ICE_NETWORK_COST] = OTHER(ICE, "network cost above 999", OURS),

	[TAUT_DROP_STUN_NOT_OURS] = IN(STUN, "not our answer", "RFC 8489 section 6.3.3"),

	[TAUT_DROP_TURN_MALFORMED] =
		IN(STUN, "not a message of a TURN server", "RFC 8656 section 5"),
	[TAUT_DROP_TURN_NOT_ASKED] =
		IN(STUN, "the TURN server answers nothing we asked", "RFC 8489 section 6.3.3"),
	[TAUT_DROP_TURN_INTEGRITY] =
		IN(STUN, "not signed by the TURN server", "RFC 8489 section 9.2.5"),
	[TAUT_DROP_TURN_PEER] =
		IN(STUN, "relayed from a peer without a permission", "RFC 8656 section 11.4"),
	[TAUT_DROP_TURN_CHANNEL] =
		IN(STUN, "of a channel that is not bound", "RFC 8656 section 12.6"),
	[TAUT_DROP_TURN_STREAM] =
		IN(STUN, "neither STUN nor ChannelData, so that the stream is closed",
		   "RFC 8656 section 12.5"),
	[TAUT_DROP_TURN_FORBIDDEN] =
		OTHER(ICE, "remote candidate that no relay is asked to reach", OURS),
	[TAUT_DROP_ICE_POLICY] =
		IN(ICE, "not by a relay, as the policy demands", OURS),

	[TAUT_DROP_DTLS_ENDED] = IN(DTLS, "DTLS has ended", OURS),
	[TAUT_DROP_DTLS_LENGTH] = IN(DTLS, "empty, or longer than any datagram of a path", OURS),
	[TAUT_DROP_DTLS_NOT_HELLO] = IN(DTLS, "not a ClientHello, and nothing has begun", OURS),
	[TAUT_DROP_DTLS_FRAMING] = IN(DTLS, "cut off, or not a record", "RFC 6347 section 4.1"),
	[TAUT_DROP_DTLS_TYPE] = IN(DTLS, "unknown record type", "RFC 6347 section 4.1"),
	[TAUT_DROP_DTLS_VERSION] = IN(DTLS, "record of another protocol", "RFC 6347 section 4.1"),
	[TAUT_DROP_DTLS_TOO_LONG] = IN(DTLS, "record too long", "RFC 5246 section 6.2.3"),
	[TAUT_DROP_DTLS_EPOCH] = IN(DTLS, "epoch that never began", "RFC 6347 section 4.1"),
	[TAUT_DROP_DTLS_CLEAR_TEXT] = IN(DTLS, "clear text after the handshake", OURS),
	[TAUT_DROP_DTLS_ALERT_IN_CLEAR] = IN(DTLS, "alert that anyone could have sent", OURS),
	[TAUT_DROP_DTLS_DATA_IN_CLEAR] = IN(DTLS, "application data in the clear", OURS),
	[TAUT_DROP_DTLS_EMPTY_HANDSHAKE] =
		IN(DTLS, "empty handshake record", "RFC 5246 section 6.2.1"),
	[TAUT_DROP_DTLS_MESSAGE_CUT_OFF] =
		IN(DTLS, "handshake message is cut off", "RFC 6347 section 4.2.2"),
	[TAUT_DROP_DTLS_FRAGMENT_BEYOND] =
		IN(DTLS, "handshake fragment beyond its message", "RFC 6347 section 4.2.2"),
	[TAUT_DROP_DTLS_FRAGMENT_EMPTY] = IN(DTLS, "handshake fragment of nothing", OURS),
	[TAUT_DROP_DTLS_MESSAGE_TYPE] =
		IN(DTLS, "handshake message that this side never sends in the clear",
			"RFC 5246 section 7.4"),
	[TAUT_DROP_DTLS_TOO_MANY_MESSAGES] =
		IN(DTLS, "more handshake messages than there are", OURS),
	[TAUT_DROP_DTLS_MESSAGE_TOO_LONG] = IN(DTLS, "handshake message too long", OURS),
	[TAUT_DROP_DTLS_MESSAGES_TOO_LONG] = IN(DTLS, "handshake messages too long together", OURS),
	[TAUT_DROP_DTLS_TOO_EARLY] = IN(DTLS, "too much came too early", OURS),
	[TAUT_DROP_DTLS_ENCRYPTED_EARLY] =
		IN(DTLS, "too many encrypted records before the handshake is done", OURS),
	[TAUT_DROP_DTLS_NO_ROOM] = IN(DTLS, "too much plaintext waits to be taken", OURS),
	[TAUT_DROP_DTLS_NOT_OPENED] =
		IN(DTLS, "forged, damaged or seen before", "RFC 6347 section 4.1.2"),
	[TAUT_DROP_DTLS_TOO_SHORT] =
		IN(DTLS, "encrypted record without room for its tag", "RFC 5288 section 3"),
	[TAUT_DROP_DTLS_BUFFER_SMALL] = OUT(DTLS, "flight larger than the caller's buffer", OURS),
	[TAUT_DROP_DTLS_QUEUE_FULL] = OUT(DTLS, "outgoing queue full", OURS),

	[TAUT_DROP_SRTP_MALFORMED] = IN(SRTP, "not a whole packet", "RFC 3711 section 3.1"),
	[TAUT_DROP_SRTP_AUTH] = IN(SRTP, "authentication failed", "RFC 3711 section 3.3"),
	[TAUT_DROP_SRTP_REPLAY] = IN(SRTP, "seen before, or too old", "RFC 3711 section 3.3.2"),
	[TAUT_DROP_SRTP_REFUSED] = IN(SRTP, "refused: too many sources, or the key is used up", OURS),
	[TAUT_DROP_SRTP_NOT_PROTECTED] = OUT(SRTP, "not protected", "RFC 3711 section 9.2"),

	[TAUT_DROP_SCTP_TOO_SHORT] =
		IN(SCTP, "shorter than a header and a chunk", "RFC 9260 section 3"),
	[TAUT_DROP_SCTP_TOO_LONG] = IN(SCTP, "longer than any packet", OURS),
	[TAUT_DROP_SCTP_CHECKSUM] = IN(SCTP, "checksum", "RFC 9260 section 6.8"),
	[TAUT_DROP_SCTP_CHUNK_LENGTHS] = IN(SCTP, "chunk lengths", "RFC 9260 section 3.2"),
	[TAUT_DROP_SCTP_PORT] = IN(SCTP, "port", OURS),
	[TAUT_DROP_SCTP_NO_CHUNK] = IN(SCTP, "no chunk", "RFC 9260 section 3"),
	[TAUT_DROP_SCTP_AFTER_END] = IN(SCTP, "after the end", "RFC 9260 section 8.4"),
	[TAUT_DROP_SCTP_TAG] = IN(SCTP, "tag", "RFC 9260 section 8.5"),
	[TAUT_DROP_SCTP_TAG_0] = IN(SCTP, "tag 0", "RFC 9260 section 8.5.1"),
	[TAUT_DROP_SCTP_TAG_REFLECTED] = IN(SCTP, "reflected tag", "RFC 9260 section 8.5.1"),
	[TAUT_DROP_SCTP_CHUNK_UNKNOWN] = IN(SCTP, "chunk type unknown", "RFC 9260 section 3.2"),
	[TAUT_DROP_SCTP_CHUNK_STATE] = IN(SCTP, "chunk not in this state", OURS),
	[TAUT_DROP_SCTP_INIT_TAG] = IN(SCTP, "INIT with a tag", "RFC 9260 section 8.5.1"),
	[TAUT_DROP_SCTP_INIT_NOT_ALONE] = IN(SCTP, "INIT not alone", "RFC 9260 section 6.10"),
	[TAUT_DROP_SCTP_INIT_MALFORMED] = IN(SCTP, "INIT malformed", "RFC 9260 section 3.3.2"),
	[TAUT_DROP_SCTP_INIT_TAG_0] =
		IN(SCTP, "INIT with initiate tag 0", "RFC 9260 section 3.3.2"),
	[TAUT_DROP_SCTP_INIT_ACK_NOT_ALONE] =
		IN(SCTP, "INIT ACK not alone", "RFC 9260 section 6.10"),
	[TAUT_DROP_SCTP_INIT_ACK_MALFORMED] =
		IN(SCTP, "INIT ACK malformed", "RFC 9260 section 3.3.3"),
	[TAUT_DROP_SCTP_INIT_ACK_TAG_0] =
		IN(SCTP, "INIT ACK with initiate tag 0", "RFC 9260 section 3.3.3"),
	[TAUT_DROP_SCTP_INIT_ACK_NO_COOKIE] =
		IN(SCTP, "INIT ACK without a cookie", "RFC 9260 section 3.3.3"),
	[TAUT_DROP_SCTP_NO_STREAMS] = IN(SCTP, "no streams", "RFC 9260 section 3.3.2"),
	[TAUT_DROP_SCTP_WINDOW_SMALL] = IN(SCTP, "window below 1500", "RFC 9260 section 3.3.2"),
	[TAUT_DROP_SCTP_NO_RANDOM] = IN(SCTP, "no random numbers", OURS),
	[TAUT_DROP_SCTP_NO_MEMORY] = IN(SCTP, "no memory", OURS),
	[TAUT_DROP_SCTP_COOKIE_TOO_LARGE] = IN(SCTP, "cookie larger than a packet", OURS),
	[TAUT_DROP_SCTP_COOKIE_NOT_FIRST] =
		IN(SCTP, "COOKIE ECHO not first", "RFC 9260 section 5.1"),
	[TAUT_DROP_SCTP_COOKIE_NOT_OURS] = IN(SCTP, "cookie not ours", "RFC 9260 section 5.1.5"),
	[TAUT_DROP_SCTP_COOKIE_TAG] = IN(SCTP, "tag is not the cookie's", "RFC 9260 section 5.1.5"),
	[TAUT_DROP_SCTP_COOKIE_STALE] = IN(SCTP, "cookie stale", "RFC 9260 section 5.1.5"),
	[TAUT_DROP_SCTP_COOKIE_OTHER] =
		IN(SCTP, "cookie of another association", "RFC 9260 section 5.2.4"),
	[TAUT_DROP_SCTP_RESTART_LATE] =
		IN(SCTP, "restart while shutting down", "RFC 9260 section 5.2.4"),
	[TAUT_DROP_SCTP_DATA_MALFORMED] = IN(SCTP, "DATA malformed", "RFC 9260 section 3.3.1"),
	[TAUT_DROP_SCTP_DATA_EMPTY] = IN(SCTP, "DATA without user data", "RFC 9260 section 6.2"),
	[TAUT_DROP_SCTP_DUPLICATE] = IN(SCTP, "duplicate TSN", "RFC 9260 section 6.2"),
	[TAUT_DROP_SCTP_TSN_TOO_FAR] = IN(SCTP, "TSN too far ahead", OURS),
	[TAUT_DROP_SCTP_NO_STREAM] = IN(SCTP, "no such stream", "RFC 9260 section 6.5"),
	[TAUT_DROP_SCTP_FRAGMENTS] = IN(SCTP, "fragments do not fit together", OURS),
	[TAUT_DROP_SCTP_INTERLEAVING] =
		IN(SCTP, "DATA where I-DATA was agreed on, or the other way round",
		   "RFC 8260 section 2.2.1"),
	[TAUT_DROP_SCTP_STUCK] = IN(SCTP, "window full of fragments", OURS),
	[TAUT_DROP_SCTP_WINDOW_FULL] = IN(SCTP, "window full", "RFC 9260 section 6.2"),
	[TAUT_DROP_SCTP_SACK_MALFORMED] = IN(SCTP, "SACK malformed", "RFC 9260 section 3.3.4"),
	[TAUT_DROP_SCTP_SACK_WRONG] =
		IN(SCTP, "SACK of what was not sent, or old", "RFC 9260 section 6.2.1"),
	[TAUT_DROP_SCTP_FORWARD_MALFORMED] =
		IN(SCTP, "FORWARD-TSN malformed", "RFC 3758 section 3.2"),
	[TAUT_DROP_SCTP_FORWARD_NOT_AGREED] =
		IN(SCTP, "FORWARD-TSN not agreed", "RFC 3758 section 3.3.1"),
	[TAUT_DROP_SCTP_FORWARD_OLD] = IN(SCTP, "FORWARD-TSN old", "RFC 3758 section 3.6"),
	[TAUT_DROP_SCTP_FORWARD_TOO_FAR] = IN(SCTP, "FORWARD-TSN too far ahead", OURS),
	[TAUT_DROP_SCTP_HEARTBEAT_TOO_LARGE] = IN(SCTP, "HEARTBEAT larger than a packet", OURS),
	[TAUT_DROP_SCTP_HEARTBEAT_MALFORMED] =
		IN(SCTP, "HEARTBEAT ACK malformed", "RFC 9260 section 3.3.6"),
	[TAUT_DROP_SCTP_ERROR_MALFORMED] = IN(SCTP, "error causes malformed", "RFC 9260 section 3.3.10"),
	[TAUT_DROP_SHARED_UFRAG] =
		IN(IO, "check for no connection of the socket", "RFC 8445 section 7.2.2"),
	[TAUT_DROP_SHARED_ADDRESS] = IN(IO, "from no peer of the socket", OURS),
	[TAUT_DROP_SCTP_HEARTBEAT_NOT_OURS] =
		IN(SCTP, "HEARTBEAT ACK of none of ours", "RFC 9260 section 8.3"),
	[TAUT_DROP_SCTP_ABORT_TAG] = IN(SCTP, "ABORT with the wrong tag", "RFC 9260 section 8.5.1"),
	[TAUT_DROP_SCTP_SHUTDOWN_MALFORMED] =
		IN(SCTP, "SHUTDOWN malformed", "RFC 9260 section 3.3.8"),
	[TAUT_DROP_SCTP_SHUTDOWN_WRONG] =
		IN(SCTP, "SHUTDOWN acknowledges what was not sent", "RFC 9260 section 9.2"),
	[TAUT_DROP_SCTP_SHUTDOWN_ACK_BLUE] =
		IN(SCTP, "SHUTDOWN ACK out of the blue", "RFC 9260 section 8.5.1"),
	[TAUT_DROP_SCTP_SHUTDOWN_ACK_ALONE] =
		IN(SCTP, "SHUTDOWN ACK without SHUTDOWN", "RFC 9260 section 9.2"),
	[TAUT_DROP_SCTP_COMPLETE_TAG] =
		IN(SCTP, "SHUTDOWN COMPLETE with the wrong tag", "RFC 9260 section 8.5.1"),
	[TAUT_DROP_SCTP_RECONFIG_NOT_AGREED] =
		IN(SCTP, "RE-CONFIG not agreed", "RFC 6525 section 5.1.1"),
	[TAUT_DROP_SCTP_RECONFIG_MALFORMED] =
		IN(SCTP, "RE-CONFIG malformed", "RFC 6525 section 3.1"),
	[TAUT_DROP_SCTP_RECONFIG_UNKNOWN] =
		IN(SCTP, "RE-CONFIG parameter unknown", "RFC 6525 section 4"),
	[TAUT_DROP_SCTP_REQUEST_MALFORMED] =
		IN(SCTP, "RE-CONFIG request malformed", "RFC 6525 section 4.1"),
	[TAUT_DROP_SCTP_REQUEST_SEQUENCE] =
		IN(SCTP, "RE-CONFIG sequence number", "RFC 6525 section 5.2.1"),
	[TAUT_DROP_SCTP_RESPONSE_MALFORMED] =
		IN(SCTP, "RE-CONFIG response malformed", "RFC 6525 section 4.4"),
	[TAUT_DROP_SCTP_RESPONSE_TO_NOTHING] =
		IN(SCTP, "RE-CONFIG response to nothing", "RFC 6525 section 4.4"),

	[TAUT_DROP_DATA_NO_WAY_BACK] =
		IN(DATA, "OPEN on a stream that has no way back", "RFC 8832 section 6"),
	[TAUT_DROP_DATA_STREAM_IN_USE] = IN(DATA, "OPEN on a stream in use", "RFC 8832 section 6"),
	[TAUT_DROP_DATA_STREAM_OURS] =
		IN(DATA, "OPEN on a stream of our side", "RFC 8832 section 6"),
	[TAUT_DROP_DATA_TOO_MANY] = IN(DATA, "OPEN of one channel too many", OURS),
	[TAUT_DROP_DATA_OPEN_MALFORMED] = IN(DATA, "OPEN malformed", "RFC 8832 section 5.1"),
	[TAUT_DROP_DATA_DCEP] = IN(DATA, "DCEP message not understood", "RFC 8832 section 5"),
	[TAUT_DROP_DATA_NO_CHANNEL] = IN(DATA, "message without an open channel", OURS),
	[TAUT_DROP_DATA_PROTOCOL] =
		IN(DATA, "payload protocol not understood", "RFC 8831 section 6.6"),
	[TAUT_DROP_DATA_TOO_LARGE] = IN(DATA, "message too large", "RFC 8841 section 6"),

	[TAUT_DROP_RTP_MALFORMED] = IN(RTP, "not an RTP packet", "RFC 3550 section 5.1"),
	[TAUT_DROP_RTP_NO_MID] = IN(RTP, "no stream with this mid", "RFC 9143 section 9.2"),
	[TAUT_DROP_RTP_NO_RID] = IN(RTP, "no encoding with this rid", "RFC 8852 section 3"),
	[TAUT_DROP_RTP_NO_STREAM] = IN(RTP, "no stream for this ssrc", "RFC 9143 section 9.2"),
	[TAUT_DROP_RTP_PAYLOAD_TYPE] =
		IN(RTP, "payload type not negotiated", "RFC 9143 section 9.2"),
	[TAUT_DROP_RTP_SECOND_SSRC] = IN(RTP, "a second ssrc for the same stream", OURS),
	[TAUT_DROP_RTP_OUR_SSRC] = IN(RTP, "one of our own ssrcs", "RFC 3550 section 8.2"),
	[TAUT_DROP_RTP_JUMPED] = IN(RTP, "sequence number jumped", "RFC 3550 section A.1"),
	[TAUT_DROP_RTP_OPUS] = IN(RTP, "not an Opus packet", "RFC 6716 section 3.4"),
	[TAUT_DROP_RTP_VP8] = IN(RTP, "not a VP8 payload", "RFC 7741 section 4.2"),
	[TAUT_DROP_RTP_EVENT] =
		IN(RTP, "not whole reports of telephone events", "RFC 4733 section 2.3"),
	[TAUT_DROP_RTP_RTX_ON_MEDIA] =
		IN(RTP, "retransmission on a media ssrc", OURS),
	[TAUT_DROP_RTP_RTX_PAYLOAD_TYPE] =
		IN(RTP, "no such retransmission payload type", OURS),
	[TAUT_DROP_RTP_RTX_SHORT] =
		IN(RTP, "retransmission without sequence number", "RFC 4588 section 4"),
	[TAUT_DROP_RTP_RTX_UNKNOWN] = IN(RTP, "retransmission of an unknown stream", OURS),
	[TAUT_DROP_RTP_RTX_FAR] = IN(RTP, "retransmission from far away", OURS),
	[TAUT_DROP_RTP_NO_MEMORY] = IN(RTP, "no memory", OURS),

	[TAUT_DROP_RTCP_SHORT] = IN(RTCP, "shorter than a header", "RFC 3550 section 6.4"),
	[TAUT_DROP_RTCP_FRAMING] = IN(RTCP, "framing", "RFC 3550 section A.2"),
	[TAUT_DROP_RTCP_TYPE] = IN(RTCP, "not an RTCP packet type", "RFC 5761 section 4"),
	[TAUT_DROP_RTCP_SR] = IN(RTCP, "SR cut off", "RFC 3550 section 6.4.1"),
	[TAUT_DROP_RTCP_RR] = IN(RTCP, "RR cut off", "RFC 3550 section 6.4.2"),
	[TAUT_DROP_RTCP_SDES] = IN(RTCP, "SDES chunk cut off", "RFC 3550 section 6.5"),
	[TAUT_DROP_RTCP_BYE_SOURCES] =
		IN(RTCP, "BYE with fewer sources than counted", "RFC 3550 section 6.6"),
	[TAUT_DROP_RTCP_BYE_REASON] = IN(RTCP, "BYE reason cut off", "RFC 3550 section 6.6"),
	[TAUT_DROP_RTCP_APP] = IN(RTCP, "APP cut off", "RFC 3550 section 6.7"),
	[TAUT_DROP_RTCP_FEEDBACK] =
		IN(RTCP, "feedback without its two sources", "RFC 4585 section 6.1"),
	[TAUT_DROP_RTCP_NACK] = IN(RTCP, "NACK list cut off", "RFC 4585 section 6.2.1"),
	[TAUT_DROP_RTCP_FIR] = IN(RTCP, "FIR list cut off", "RFC 5104 section 4.3.1.1"),
	[TAUT_DROP_RTCP_RPSI] =
		IN(RTCP, "RPSI padding beyond its string", "RFC 4585 section 6.3.3.2"),
	[TAUT_DROP_RTCP_REMB_SOURCES] = IN(RTCP, "REMB source count does not match", OURS),
	[TAUT_DROP_RTCP_REMB_RATE] = IN(RTCP, "REMB rate too large", OURS),
	[TAUT_DROP_RTCP_XR_LENGTH] = IN(RTCP, "XR block of the wrong length", "RFC 3611 section 4"),
	[TAUT_DROP_RTCP_XR] = IN(RTCP, "XR block cut off", "RFC 3611 section 3"),
	[TAUT_DROP_RTCP_TWCC] = IN(RTCP, "transport feedback cut off", OURS),
	[TAUT_DROP_RTCP_TWCC_EMPTY] = IN(RTCP, "transport feedback about nothing", OURS),
	[TAUT_DROP_RTCP_TWCC_CHUNKS] = IN(RTCP, "transport feedback chunks cut off", OURS),
	[TAUT_DROP_RTCP_TWCC_SYMBOL] = IN(RTCP, "transport feedback with a reserved symbol", OURS),
	[TAUT_DROP_RTCP_TWCC_DELTAS] = IN(RTCP, "transport feedback deltas cut off", OURS),
};
/* clang-format on */

const struct taut_drop_info *tt_drop_info(uint32_t reason)
{
	return reason > 0 && reason < TT_COUNT(infos) ? &infos[reason] : NULL;
}

const char *tt_drop_text(uint32_t reason)
{
	const struct taut_drop_info *info = tt_drop_info(reason);

	return info ? info->text : "an unknown reason";
}
