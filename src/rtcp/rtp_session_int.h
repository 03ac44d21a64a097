/* rtp_session_int.h - the inside of a session, shared by the rtp_session_*.c files only. */
#ifndef TAUT_RTCP_RTP_SESSION_INT_H
#define TAUT_RTCP_RTP_SESSION_INT_H

#include "rtcp/rtcp_packet.h"
#include "rtcp/rtcp_twcc.h"
#include "rtcp/rtp_session.h"
#include "rtp/rtp_receiver.h"
#include "rtp/rtp_sender.h"

enum {
	TT_RTP_MAX_CNAME = 32,
	TT_RTP_MAX_ASKED = 4, /* of the peer; with one more the oldest is forgotten */
	TT_RTP_MAX_BYES = 2 * TT_RTP_MAX_STREAMS,
	TT_RTP_KEY_EVERY = 300000, /* between two PLIs, and between two key frames for them */
};

struct tt_rtp_binding {
	uint32_t ssrc;
	bool rtx, signalled;
	taut_time last;
	struct tt_rtp_receiver *receiver;
};

/* The last Receiver Reference Time of somebody, RFC 3611 section 4.4. */
struct tt_rtp_asked {
	uint32_t ssrc, last; /* last: the middle of its NTP timestamp */
	taut_time at;
};

struct tt_rtp_session {
	struct tt_env *env;
	char cname[TT_RTP_MAX_CNAME + 1];
	size_t max_packet;
	uint32_t first_sequence;
	bool reduced_size;
	enum tt_rtp_rtt receiver_rtt;
	taut_time now;       /* the latest a caller told */
	taut_time path_rtt;  /* as the caller knows it; 0: not */
	int64_t unix_offset; /* wall clock at the start, so that a jump of it moves no report */
	struct tt_rtp_counters counters;

	struct tt_rtp_sender *senders[TT_RTP_MAX_STREAMS];
	struct tt_rtp_receiver *receivers[TT_RTP_MAX_STREAMS];
	size_t sender_count, receiver_count;
	size_t held; /* packets that all receivers hold, see rtp_reorder.h */
	struct tt_rtp_binding bindings[TT_RTP_MAX_SSRCS + TT_RTP_MAX_PROBES];
	size_t binding_count;
	uint8_t ext_kind
		[256]; /* by id: enum ext_kind of rtp_session_recv.c; one space per transport, RFC 8285 */

	/* Pacing */
	unsigned burst_packets, burst_left;
	taut_time burst_every, burst_at;
	size_t turn;
	uint16_t transport_seq;

	/* Reports */
	uint32_t own_ssrc;   /* of reports while nothing is sent */
	taut_time report_at; /* INT64_MAX: nothing to report */
	bool in_cycle;       /* a round of reports is not finished: the next ones are ... */
	size_t next_sender, next_receiver;
	struct tt_twcc_arrivals arrivals;
	taut_time transport_cc_at; /* when the next feedback is due, if something is pending */
	uint32_t byes[TT_RTP_MAX_BYES];
	size_t bye_count;

	struct tt_rtp_asked asked[TT_RTP_MAX_ASKED];
	size_t asked_count;

	/* The peer's clock: local monotonic time minus its NTP time, in microseconds */
	bool has_clock;
	int64_t clock;

	struct tt_rtp_event event;
	char event_rid[TT_RTP_MAX_MID + 1]; /* outlives its stream */
	struct taut_frame frame;
	uint8_t *frame_buf;
	size_t frame_cap;
};

static inline void tt_rtp_session_saw(struct tt_rtp_session *s, taut_time now)
{
	if (now > s->now)
		s->now = now;
}

/* By reports; whoever sends nothing gets none of his own answered, and asks whom the caller asks. */
static inline taut_time tt_rtp_session_rtt(const struct tt_rtp_session *s)
{
	return s->counters.round_trip_time > 0 ? s->counters.round_trip_time : s->path_rtt;
}

uint64_t tt_rtp_session_ntp(const struct tt_rtp_session *s, taut_time now);
struct tt_rtp_sender *tt_rtp_session_sender(struct tt_rtp_session *s, uint32_t stream);
struct tt_rtp_sender *tt_rtp_session_sender_of(struct tt_rtp_session *s, uint32_t ssrc);
struct tt_rtp_receiver *tt_rtp_session_receiver(struct tt_rtp_session *s, uint32_t stream);
/* Reports start soon after the first packet, RFC 3550 section 6.2. */
void tt_rtp_session_reports_by(struct tt_rtp_session *s, taut_time at);

/* rtp_session_demux.c */
void tt_rtp_session_learn_ext(struct tt_rtp_session *s);
void tt_rtp_session_bind_signalled(struct tt_rtp_session *s, struct tt_rtp_receiver *r);
void tt_rtp_session_unbind(struct tt_rtp_session *s, const struct tt_rtp_receiver *r);
void tt_rtp_session_read_ext(const struct tt_rtp_session *s, const struct tt_rtp_packet *p,
			     struct tt_rtp_ext_values *x);
/* The SSRC of what is sent again for it: told by a description, or seen. 0: neither. */
uint32_t tt_rtp_session_rtx_of(const struct tt_rtp_session *s, const struct tt_rtp_receiver *r);
/* NULL: *why says why not. */
struct tt_rtp_binding *tt_rtp_session_demux(struct tt_rtp_session *s, const struct tt_rtp_packet *p,
					    const struct tt_rtp_ext_values *x, uint32_t *why);

/* rtp_session_xr.c: RFC 3611 */
/* What of an XR packet concerns us: who asks is noted. The round trip that it answers, or 0. */
taut_time tt_rtp_session_take_xr(struct tt_rtp_session *s, taut_time arrived,
				 const struct tt_rtcp *p);
/* A datagram of the peer is read: the streams whose sender reports were in it were answered so; 0: not. */
void tt_rtp_session_answered(struct tt_rtp_session *s, taut_time rtt);
/* Behind reports: our question, if asks, and answers of who sends, if answers. */
void tt_rtp_session_write_xr(struct tt_rtp_session *s, taut_time now, struct wr *w, uint32_t ssrc,
			     bool asks, bool answers);
/* RFC 3550 6.4.1: A - last - delay, in the middle 32 bits of NTP time; -1: that is no time. */
taut_time tt_rtp_session_span(const struct tt_rtp_session *s, taut_time arrived, uint32_t last,
			      uint32_t delay);

/* rtp_session_report.c */
size_t tt_rtp_session_write_rtcp(struct tt_rtp_session *s, taut_time now, uint8_t *buf, size_t cap);
taut_time tt_rtp_session_rtcp_deadline(const struct tt_rtp_session *s, const char **why);

#endif
