/* rtp_types.h - what a stream is told about itself: the negotiated facts, and the counts.
 *
 * Filled by the peer layer from a description that was applied. Nothing here
 * does anything; rtcp/rtp_session.h takes it. */
#ifndef TAUT_RTP_RTP_TYPES_H
#define TAUT_RTP_RTP_TYPES_H

#include "base/env.h"

enum tt_rtp_codec {
	TT_RTP_CODEC_NONE, /* understood to exist, never sent or delivered */
	TT_RTP_CODEC_OPUS, /* RFC 7587 */
	TT_RTP_CODEC_VP8,  /* RFC 7741 */
	TT_RTP_CODEC_EVENT, /* the keys of a telephone, RFC 4733; beside a codec for sound */
};

enum {
	TT_RTP_MAX_STREAMS = 64,   /* senders, and as many receivers */
	TT_RTP_MAX_PAYLOADS = 64,  /* of one receiver */
	TT_RTP_MAX_SSRCS = 256,    /* signalled, of all receivers */
	TT_RTP_MAX_PROBES = 32,    /* not signalled; past it the oldest is forgotten */
	TT_RTP_MAX_CSRCS = 32,     /* told of one frame */
	TT_RTP_MAX_MID = 32,       /* longest mid or rid */
	TT_RTP_PACKET_ROOM = 1500, /* what poll_send may need of cap */
};

/* Header extension ids as negotiated, 0: not. RFC 8285: 1..14, or to 255 (not 15) when mixed is allowed. */
struct tt_rtp_ext_ids {
	uint8_t mid;           /* RFC 9143 section 15 */
	uint8_t rid;           /* RFC 8852 */
	uint8_t repaired_rid;  /* RFC 8852 */
	uint8_t transport_cc;  /* draft-holmer-rmcat-transport-wide-cc-extensions-01 */
	uint8_t audio_level;   /* RFC 6464 */
	uint8_t abs_send_time; /* http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time */
};

struct tt_rtp_sender_config {
	uint32_t stream; /* not 0 */
	uint32_t kind;   /* TAUT_AUDIO or TAUT_VIDEO */
	enum tt_rtp_codec codec;
	uint32_t clock_rate;
	const char *mid;   /* copied; NULL: none */
	const char *rid;   /* copied; NULL: there is no simulcast */
	uint32_t ssrc;     /* not 0; unique in this session */
	uint32_t rtx_ssrc; /* 0: no retransmission */
	uint8_t payload_type;
	uint8_t rtx_payload_type;   /* 0: no retransmission */
	uint8_t event_payload_type; /* of telephone events; 0: none can be sent */
	bool nack;                /* the peer may send NACK for this payload type */
	struct tt_rtp_ext_ids ext;
};

/* A line of the payload map: what the peer may send with this payload type. */
struct tt_rtp_payload {
	uint8_t pt;
	enum tt_rtp_codec codec; /* NONE when apt is set, or when it cannot be received */
	uint32_t clock_rate;     /* 0 is refused, but for apt and NONE */
	uint8_t apt;             /* not 0: this is RTX for payload type apt, RFC 4588 section 8.6 */
};

struct tt_rtp_receiver_config {
	uint32_t stream;
	uint32_t kind;
	const char *mid;         /* copied; NULL: none */
	const char *rid;         /* copied; NULL: all of this mid, whatever its rid */
	uint32_t ssrc, rtx_ssrc; /* from a=ssrc and a=ssrc-group:FID; 0: not signalled */
	const struct tt_rtp_payload *payloads;
	size_t payload_count;
	bool nack, pli, fir, transport_cc; /* feedback agreed on (a=rtcp-fb) */
	taut_time target;                  /* of the jitter buffer; 0: frames do not wait */
	struct tt_rtp_ext_ids ext;
};

/* Whom a mixer has put into the packets of a frame, each once: RFC 3550 section 7.1. */
struct tt_rtp_csrcs {
	size_t count;
	uint32_t ids[TT_RTP_MAX_CSRCS];
};

struct tt_rtp_counters {
	uint64_t packets_sent, bytes_sent; /* RTP with its header, retransmissions included */
	uint64_t packets_received, bytes_received;
	uint64_t
		packets_lost; /* of all receivers, never recovered so far; RFC 3550 6.4.1, not below 0 */
	uint64_t packets_resent;    /* by RTX */
	uint64_t packets_recovered; /* received by RTX and used */
	uint64_t packets_duplicate, packets_late;
	uint64_t packets_refused; /* RTP that was malformed or of no known stream */
	uint64_t rtcp_sent, rtcp_received, rtcp_refused;
	uint64_t nacks_sent, nacks_received; /* messages */
	uint64_t plis_sent, plis_received, firs_received;
	uint64_t remb_received, twcc_sent, twcc_received;
	uint64_t frames_sent, frames_received,
		frames_dropped; /* dropped: incomplete or undecodable */
	uint64_t audio_frames_sent, audio_frames_received;
	uint64_t video_frames_sent, video_frames_received;
	uint64_t remote_packets_lost; /* what the peer reports of our streams */
	taut_time round_trip_time;    /* by the last LSR and DLSR; 0: none yet */
};

/* Of one stream that is sent, since its sender was made. Octets are of payload alone. */
struct tt_rtp_sender_stats {
	uint64_t packets, octets; /* as sender reports count: without what was sent again */
	uint64_t resent_packets, resent_octets;
	uint64_t header_octets; /* of all packets */
	uint64_t frames, key_frames;
	uint64_t nacks, plis, firs; /* of the peer */
	taut_time queued; /* from frame to wire, of all packets together; not of those sent again */
	/* The peer's report blocks, RFC 3550 section 6.4.1 */
	uint64_t reports, rtts;
	taut_time reported_at;  /* when the last one came */
	taut_time rtt, rtt_sum; /* of rtts measurements; 0: none yet */
	int32_t remote_lost;
	uint8_t remote_fraction; /* of 256 */
	uint32_t remote_highest; /* extended sequence number; the first one was first_seq */
	uint32_t remote_jitter;  /* timestamp units */
	uint16_t first_seq;
	uint32_t clock_rate;
};

/* Of frames that were handed out, or of the samples in those of sound: microseconds from the first packet on,
 * of all of them together. */
struct tt_rtp_buffer_stats {
	uint64_t emitted;
	uint64_t delay;   /* until it was handed out */
	uint64_t target;  /* until it was due */
	uint64_t minimum; /* until it was whole, and so was all before it: due, if the application had no target */
};

/* Of the source that a receiver follows: another one begins at 0. */
struct tt_rtp_receiver_stats {
	uint32_t ssrc, clock_rate;
	uint32_t rtx_ssrc;        /* 0: not known, or none */
	uint8_t payload_type;     /* of the last frame */
	uint64_t packets, octets; /* with what was sent again */
	uint64_t resent_packets, resent_octets;
	uint64_t header_octets;
	uint64_t ect1, ce; /* packets, by the ECN field of their datagrams */
	uint64_t late; /* came when nobody waited for them any more */
	uint64_t frames, key_frames, frames_dropped;
	uint64_t pieced;    /* frames of more than one packet ... */
	taut_time assembly; /* ... from their first to their last, together */
	struct tt_rtp_buffer_stats buffer;
	uint64_t playout_ntp; /* of the frame handed out last, by the peer's clock; 0: no report yet */
	taut_time playout_at; /* and when that was */
	uint64_t nacks, plis, firs; /* to the peer */
	taut_time last_packet;      /* 0: none */
	int32_t lost;               /* RFC 3550 section 6.4.1 */
	uint32_t jitter;            /* timestamp units */
	/* The peer's sender reports */
	uint64_t reports;
	uint32_t remote_packets, remote_octets;
	uint64_t remote_ntp;
	taut_time reported_at; /* when the last one came */
	/* What the reports said of our questions, RFC 3611 section 4.5; rtt 0: the last one said nothing */
	uint64_t rtts;
	taut_time rtt, rtt_sum;
};

#endif
