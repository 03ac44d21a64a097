/* rtp_sender.h - one outgoing stream: frames in, RTP packets out.
 *
 * RFC 3550 section 5, RFC 4588 for what is sent again. When a packet may leave
 * is decided by the session (pacing). */
#ifndef TAUT_RTP_RTP_SENDER_H
#define TAUT_RTP_RTP_SENDER_H

#include "rtp/rtp_tone.h"
#include "rtp/rtp_types.h"

struct tt_rtp_sender {
	struct tt_rtp_sender_config cfg; /* mid and rid point to the texts below */
	char mid[TT_RTP_MAX_MID + 1], rid[TT_RTP_MAX_MID + 1];
	struct tt_env *env;
	struct tt_rtp_history history;
	uint16_t first_seq, rtx_seq, picture_id;
	uint32_t ts_offset;
	struct tt_rtp_sender_stats stats;
	uint32_t last_ts;        /* on the wire, of the newest frame ... */
	taut_time last_captured; /* ... taken then */
	uint32_t next_ts;        /* audio: where the newest packet ends */
	bool started;            /* a frame was sent */
	bool began_with_tone;    /* a key before any: the first frame goes on from there */
	bool acknowledged;       /* the peer knows this ssrc: no more names */
	uint64_t named_from;     /* the packet that was next when a description was applied */
	unsigned rtx_names;      /* retransmissions that still carry mid and repaired rid */
	uint64_t *resend;        /* a ring of numbers, as long as the history */
	size_t resend_at, resend_count;
	int64_t resend_credit;   /* bytes */
	bool key_wanted;         /* the application is to be told ... */
	taut_time key_wanted_at; /* ... not before this */
	taut_time key_told_at;   /* 0: never */
	uint8_t fir_seq;
	bool fir_seen;
	size_t overhead; /* what a packet may have beside its payload */
	struct tt_rtp_tone tone;
};

/* What is written into a packet as it leaves. */
struct tt_rtp_stamp {
	uint16_t transport_seq;
	uint32_t abs_send_time; /* 24 bits */
};

/* first_seq: TAUT_E_CRYPTO without random numbers. */
int tt_rtp_sender_init(struct tt_rtp_sender *s, struct tt_env *env,
		       const struct tt_rtp_sender_config *cfg, uint32_t first_seq);
void tt_rtp_sender_free(struct tt_rtp_sender *s);
/* The same ssrc goes on with other parameters. */
void tt_rtp_sender_configure(struct tt_rtp_sender *s, const struct tt_rtp_sender_config *cfg);
/* Errors as tt_rtp_session_send_frame; after one nothing is queued. */
int tt_rtp_sender_frame(struct tt_rtp_sender *s, taut_time now, const struct taut_frame *frame,
			size_t max_packet);
/* A key of a telephone, for so many microseconds from now on; one under way ends. TAUT_E_STATE: no
 * payload type was agreed on. Meanwhile frames of sound have no place in the stream. RFC 4733 2.5.1. */
int tt_rtp_sender_tone(struct tt_rtp_sender *s, taut_time now, uint8_t event, taut_time duration);
/* The next waiting packet, complete; 0: none. */
size_t tt_rtp_sender_next(struct tt_rtp_sender *s, taut_time now, const struct tt_rtp_stamp *stamp,
			  uint8_t *buf, size_t cap);
/* Gives back packets that nobody will ask for any more. */
void tt_rtp_sender_forget(struct tt_rtp_sender *s, taut_time now, taut_time rtt);
/* A report of the peer says how far it has come: sequence number, of which the lower half counts. */
void tt_rtp_sender_reported(struct tt_rtp_sender *s, uint32_t highest);
/* A sequence number of a NACK. Repeats within a round trip and what is no longer kept are ignored. */
void tt_rtp_sender_nack(struct tt_rtp_sender *s, taut_time now, taut_time rtt, uint16_t seq);
/* The next retransmission, complete, RFC 4588 section 4; 0: none. */
size_t tt_rtp_sender_resend(struct tt_rtp_sender *s, taut_time now,
			    const struct tt_rtp_stamp *stamp, uint8_t *buf, size_t cap);
/* The RTP timestamp of the moment now, for sender reports: RFC 3550 section 6.4.1. */
uint32_t tt_rtp_sender_timestamp(const struct tt_rtp_sender *s, taut_time now);

#endif
