/* rtp_session.h - all RTP and RTCP of one transport, in clear text: the face of src/rtp and src/rtcp.
 *
 * RFC 3550, 4585, 8834. SRTP lies outside: the peer layer unprotects before
 * recv_rtp and recv_rtcp and protects what poll_send gives. A stream is named by
 * a number the caller chooses (of a transceiver, or of one of its encodings, RFC 8853), the same for both directions.
 *
 * Driven like every layer:
 *
 *     new; set_sender / set_receiver whenever a description is applied
 *     recv_rtp, recv_rtcp      a packet came in, decrypted
 *     send_frame               an encoded frame to send
 *     poll_send                until 0: RTP or RTCP to protect and send
 *     poll_event               until NULL
 *     tick at deadline, then poll_send and poll_event again
 *
 * Not here: congestion control, FEC, RED (answers must refuse it). */
#ifndef TAUT_RTCP_RTP_SESSION_H
#define TAUT_RTCP_RTP_SESSION_H

#include "rtp/rtp_types.h"

struct tt_rtp_session;

/* Zero means the default everywhere. */
struct tt_rtp_session_config {
	const char *cname; /* RFC 7022; NULL: 16 random characters */
	size_t max_packet; /* bytes of a plain RTP packet; 0: 1,168 (then 1,184 with a GCM tag) */
	unsigned burst_packets; /* video packets sent at once; 0: 10 */
	taut_time burst_every;  /* a new burst each so many microseconds; 0: 5,000 */
	uint32_t
		first_sequence; /* 0: random below 2^15; else exactly this, for tests of the wrap */
};

/* What an encoded frame or a change of a stream comes as. */
#define TT_RTP_EV_FRAME            1 /* frame: whole and in order; codec stays NULL, payload_type is set */
#define TT_RTP_EV_KEY_FRAME_WANTED 2 /* PLI or FIR for a sender, at most one per 300 ms */
#define TT_RTP_EV_TRACK_STARTED    3 /* first packet of a receiver; ssrc */
#define TT_RTP_EV_BYE              4 /* the peer ended the stream's ssrc; it may start again */
#define TT_RTP_EV_TONE             5 /* the peer pressed a key of a telephone: tone */
struct tt_rtp_event {
	uint32_t type;
	uint32_t stream;
	uint32_t ssrc;
	uint32_t kind;
	const char *rid;                /* of a frame, or of the sender; "": there is no simulcast */
	enum tt_rtp_codec codec;        /* of a frame */
	uint8_t tone;                   /* 0 to 9, 10 *, 11 #, 12 to 15 A to D: RFC 4733 section 3.2 */
	const struct taut_frame *frame; /* data lives as long as the event */
	const struct tt_rtp_csrcs *csrcs; /* of a frame */
};

/* TAUT_E_NOMEM, TAUT_E_CRYPTO (random), TAUT_E_INVAL (config). cfg may be NULL. */
int tt_rtp_session_new(struct tt_rtp_session **out, struct tt_env *env,
		       const struct tt_rtp_session_config *cfg, taut_time now);
void tt_rtp_session_free(struct tt_rtp_session *s); /* NULL is fine */
/* a=rtcp-rsize was agreed on: feedback may travel alone, RFC 5506. */
void tt_rtp_session_set_reduced_size(struct tt_rtp_session *s, bool allowed);
/* a=rtcp-xr:rcvr-rtt was agreed on: who receives reports his time (RRTR), and who sends answers (DLRR), RFC 3611
 * sections 4.4, 4.5 and 5.1. Who is asked answers in any case. */
enum tt_rtp_rtt {
	TT_RTP_RTT_NONE,
	TT_RTP_RTT_SENDER, /* only who sends asks */
	TT_RTP_RTT_ALL,
};
void tt_rtp_session_set_receiver_rtt(struct tt_rtp_session *s, enum tt_rtp_rtt who);
/* The round trip of the transport, which counts until reports measure one; 0: unknown. */
void tt_rtp_session_set_path_rtt(struct tt_rtp_session *s, taut_time rtt);

/* Adds a sender, or changes the one of this stream: with the same ssrc its
 * numbers and history go on. TAUT_E_INVAL: ids, ssrc, payload type or clock out
 * of range or in use; TAUT_E_UNSUPPORTED: codec; TAUT_E_LIMIT; TAUT_E_NOMEM.
 * After an error nothing has changed. */
int tt_rtp_session_set_sender(struct tt_rtp_session *s, taut_time now,
			      const struct tt_rtp_sender_config *cfg);
/* Sends BYE for its ssrc. Unknown streams are ignored. */
void tt_rtp_session_remove_sender(struct tt_rtp_session *s, taut_time now, uint32_t stream);
/* Adds a receiver, or changes the one of this stream; with another rid it is a new one, and frames begin with
 * a key frame. Errors as above. */
int tt_rtp_session_set_receiver(struct tt_rtp_session *s, taut_time now,
				const struct tt_rtp_receiver_config *cfg);
void tt_rtp_session_remove_receiver(struct tt_rtp_session *s, taut_time now, uint32_t stream);
/* Removes all senders: the next poll_send yields a BYE for every ssrc. */
void tt_rtp_session_close(struct tt_rtp_session *s, taut_time now);

/* Packetizes and queues; data is copied. Reads data, len, rtp_timestamp (a random
 * offset is added), captured (0: now), flags (KEY, AUDIO_LEVEL, VOICE),
 * audio_level. TAUT_E_GONE: no such sender; TAUT_E_INVAL: empty, or no frame of
 * this codec; TAUT_E_LIMIT: too large or the queue is full, the frame is dropped
 * whole (video: make a key frame next); TAUT_E_NOMEM. */
int tt_rtp_session_send_frame(struct tt_rtp_session *s, taut_time now, uint32_t stream,
			      const struct taut_frame *frame);
/* A key of a telephone for so many microseconds, RFC 4733; one that is being sent ends. Frames of sound
 * that are given meanwhile are taken and not sent. TAUT_E_GONE: no such sender; TAUT_E_STATE: telephone
 * events were not agreed on. */
int tt_rtp_session_send_tone(struct tt_rtp_session *s, taut_time now, uint32_t stream,
			     uint8_t event, taut_time duration);
/* Nothing more of a tone is reported: the stream may not be sent any more. */
void tt_rtp_session_stop_tone(struct tt_rtp_session *s, uint32_t stream);
/* Sends PLI (or FIR, if only that was agreed on), at most one per 300 ms and stream; asked
 * for earlier it goes out then. TAUT_E_GONE: no such receiver. No ssrc known yet: nothing. */
int tt_rtp_session_request_key_frame(struct tt_rtp_session *s, taut_time now, uint32_t stream);

/* How long frames of a receiver are kept, so that they leave evenly; 0: not at all. As in its
 * configuration, for the time until that is set again. */
void tt_rtp_session_set_target(struct tt_rtp_session *s, uint32_t stream, taut_time target);

/* One decrypted packet, lent for the call. arrived: by the kernel's clock, 0: now. ecn: of its datagram. */
void tt_rtp_session_recv_rtp(struct tt_rtp_session *s, taut_time now, taut_time arrived, uint8_t ecn,
			     const uint8_t *pkt, size_t len);
void tt_rtp_session_recv_rtcp(struct tt_rtp_session *s, taut_time now, taut_time arrived,
			      const uint8_t *pkt, size_t len);
void tt_rtp_session_tick(struct tt_rtp_session *s, taut_time now);
taut_time tt_rtp_session_deadline(const struct tt_rtp_session *s,
				  const char **why); /* INT64_MAX: never */

/* Length of the next packet, written to buf; 0: nothing now. cap is at least TT_RTP_PACKET_ROOM. */
size_t tt_rtp_session_poll_send(struct tt_rtp_session *s, taut_time now, uint8_t *buf, size_t cap,
				bool *is_rtcp);
/* NULL: nothing more. Valid until the next poll_event or free. */
const struct tt_rtp_event *tt_rtp_session_poll_event(struct tt_rtp_session *s);

const struct tt_rtp_counters *tt_rtp_session_counters(const struct tt_rtp_session *s);
/* Of one stream. False: there is none. */
bool tt_rtp_session_sender_stats(struct tt_rtp_session *s, uint32_t stream,
				 struct tt_rtp_sender_stats *out);
/* The same; also false before its first packet. */
bool tt_rtp_session_receiver_stats(struct tt_rtp_session *s, uint32_t stream,
				   struct tt_rtp_receiver_stats *out);

#endif
