/* rtp_receiver.h - one incoming stream: RTP packets in, frames in order out.
 *
 * A receiver follows one SSRC at a time. Audio waits up to 100 ms for a missing
 * packet and then goes on; video waits for retransmissions up to 500 ms (longer on long paths), and
 * after a loss gives nothing until the next key frame, for which it asks. */
#ifndef TAUT_RTP_RTP_RECEIVER_H
#define TAUT_RTP_RTP_RECEIVER_H

#include "rtp/rtp_hold.h"
#include "rtp/rtp_nack.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_reorder.h"
#include "rtp/rtp_source.h"
#include "rtp/rtp_tone.h"
#include "rtp/rtp_types.h"

/* What the extensions of one packet said. */
struct tt_rtp_ext_values {
	struct span mid, rid, repaired_rid;
	bool has_transport_cc, has_level, voice;
	uint16_t transport_cc;
	uint8_t level;
};

/* How far the frame that starts at seq was looked through: packets from `to` on are new. */
struct tt_rtp_look {
	int64_t seq, to;
	bool mixed; /* payload types */
};

struct tt_rtp_receiver {
	struct tt_rtp_receiver_config cfg; /* mid, rid and payloads point below */
	char mid[TT_RTP_MAX_MID + 1], rid[TT_RTP_MAX_MID + 1];
	struct tt_rtp_payload payloads[TT_RTP_MAX_PAYLOADS];
	struct tt_env *env;
	struct tt_rtp_counters *counters; /* of the session */
	struct tt_rtp_receiver_stats stats;
	taut_time first_at;   /* of the packets of the frame taken last */
	taut_time ready_at;   /* when it could be taken, whatever the target is; of all before it as well */
	taut_time due_at;     /* when it was due */
	struct tt_rtp_csrcs csrcs;
	struct tt_rtp_hold hold;
	taut_time held_until; /* the frame at the head; INT64_MAX: it is not held */
	uint32_t ssrc;        /* followed; counts only when has_ssrc */
	bool has_ssrc, ended; /* ended: BYE came */
	taut_time last_at, ended_at;
	struct tt_rtp_source source;
	uint64_t recovered;
	int64_t counted_lost; /* what of the losses is in the counters */
	struct tt_rtp_reorder reorder;
	struct tt_nack nack;
	uint32_t clock_rate;     /* of the last payload type */
	bool lost;               /* before the next frame something is missing */
	uint32_t lost_count;     /* audio: packets */
	bool need_key, want_key; /* video: only a key frame can follow; and it is to be asked for */
	struct tt_rtp_look head; /* of the frame at the head: each of its packets asks again */
	bool ask_key;            /* the application wants one */
	taut_time key_asked_at;  /* 0: never */
	uint8_t fir_seq;
	/* The last sender report, RFC 3550 section 6.4.1 */
	bool has_report;
	uint64_t report_ntp;
	uint32_t report_ts;
	taut_time report_at;
	bool reported; /* ... was in the datagram that is being read */
	/* Events not told yet */
	bool tell_started, tell_bye;
	uint32_t bye_ssrc;
	struct tt_rtp_heard heard; /* keys of a telephone */
};

void tt_rtp_receiver_init(struct tt_rtp_receiver *r, struct tt_env *env,
			  struct tt_rtp_counters *counters,
			  const struct tt_rtp_receiver_config *cfg);
void tt_rtp_receiver_free(struct tt_rtp_receiver *r);
void tt_rtp_receiver_configure(struct tt_rtp_receiver *r, const struct tt_rtp_receiver_config *cfg);
/* NULL: not in the map. */
const struct tt_rtp_payload *tt_rtp_receiver_payload(const struct tt_rtp_receiver *r, uint8_t pt);
/* Follows another SSRC from now on: everything about the old one is forgotten. */
void tt_rtp_receiver_follow(struct tt_rtp_receiver *r, uint32_t ssrc);
/* A packet of the stream's own SSRC. NULL, or why it was refused. */
uint32_t tt_rtp_receiver_media(struct tt_rtp_receiver *r, taut_time now, taut_time arrived,
			       const struct tt_rtp_packet *p, const struct tt_rtp_ext_values *x);
/* A packet of its RTX SSRC, RFC 4588 section 4. */
uint32_t tt_rtp_receiver_rtx(struct tt_rtp_receiver *r, taut_time now, taut_time arrived,
			     const struct tt_rtp_packet *p, const struct tt_rtp_ext_values *x);
/* Gives up what was waited for long enough. */
void tt_rtp_receiver_advance(struct tt_rtp_receiver *r, taut_time now, taut_time rtt);
taut_time tt_rtp_receiver_deadline(const struct tt_rtp_receiver *r,
				   taut_time rtt); /* INT64_MAX: never */
/* The next frame is whole, and its time has not come. */
bool tt_rtp_receiver_holds(struct tt_rtp_receiver *r, taut_time now);
/* The next frame, copied into *buf (grown in env up to 4 MiB). False: none. captured is left 0. */
bool tt_rtp_receiver_take(struct tt_rtp_receiver *r, struct taut_frame *out, uint8_t **buf,
			  size_t *cap);
/* RFC 3550 section 6.4.1, as signed 24 bits can say it. */
int32_t tt_rtp_receiver_lost(const struct tt_rtp_receiver *r);
/* How many microseconds after its last sender report the moment ts lies. */
int64_t tt_rtp_receiver_since_report(const struct tt_rtp_receiver *r, uint32_t ts);

#endif
