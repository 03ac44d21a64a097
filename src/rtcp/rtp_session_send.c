/* rtp_session_send.c - frames in, packets out: who may send next, and when.
 *
 * RTCP goes first, then audio, then what is sent again, then video. Video and
 * retransmissions leave in bursts with a pause between them, so that a large key
 * frame does not fill the queue of a bottleneck at once; audio never waits.
 * This is no congestion control: the rate is the encoder's. */
#include "rtcp/rtp_session_int.h"

#include "base/num.h"

enum { FIRST_REPORT = 100000 };

int tt_rtp_session_send_frame(struct tt_rtp_session *s, taut_time now, uint32_t stream,
			      const struct taut_frame *frame)
{
	struct tt_rtp_sender *tx = tt_rtp_session_sender(s, stream);

	tt_rtp_session_saw(s, now);
	if (!tx)
		return TAUT_E_GONE;
	if (tx->tone.next > 0)
		return TAUT_OK; /* the tone has its place */
	bool first = !tx->started;
	tt_rtp_sender_forget(tx, now, tt_rtp_session_rtt(s));
	int r = tt_rtp_sender_frame(tx, now, frame, s->max_packet);

	if (r == TAUT_E_LIMIT || r == TAUT_E_NOMEM)
		s->counters.frames_dropped++;
	if (r != TAUT_OK)
		return r;
	s->counters.frames_sent++;
	*(tx->cfg.kind == TAUT_VIDEO ? &s->counters.video_frames_sent
				     : &s->counters.audio_frames_sent) += 1;
	if (first ||
	    s->report_at == INT64_MAX) /* the receiver cannot match sound and picture before it */
		tt_rtp_session_reports_by(s, now + FIRST_REPORT);
	return TAUT_OK;
}

int tt_rtp_session_send_tone(struct tt_rtp_session *s, taut_time now, uint32_t stream,
			     uint8_t event, taut_time duration)
{
	struct tt_rtp_sender *tx = tt_rtp_session_sender(s, stream);

	tt_rtp_session_saw(s, now);
	if (!tx)
		return TAUT_E_GONE;
	const int err = tt_rtp_sender_tone(tx, now, event, duration);

	if (!err && s->report_at == INT64_MAX)
		tt_rtp_session_reports_by(s, now + FIRST_REPORT);
	return err;
}

void tt_rtp_session_stop_tone(struct tt_rtp_session *s, uint32_t stream)
{
	struct tt_rtp_sender *tx = tt_rtp_session_sender(s, stream);

	if (tx)
		tx->tone = (struct tt_rtp_tone){ 0 };
}

int tt_rtp_session_request_key_frame(struct tt_rtp_session *s, taut_time now, uint32_t stream)
{
	struct tt_rtp_receiver *r = tt_rtp_session_receiver(s, stream);

	tt_rtp_session_saw(s, now);
	if (!r)
		return TAUT_E_GONE;
	r->ask_key = r->has_ssrc && r->cfg.kind == TAUT_VIDEO && (r->cfg.pli || r->cfg.fir);
	return TAUT_OK;
}

/* 24 bits of abs_send_time, 18 of them after the point: the middle of NTP time. */
static struct tt_rtp_stamp stamp_of(const struct tt_rtp_session *s, taut_time now)
{
	return (struct tt_rtp_stamp){
		.transport_seq = s->transport_seq,
		.abs_send_time = (uint32_t)(tt_rtp_session_ntp(s, now) >> 14) & 0xffffff,
	};
}

/* What leaves first comes first. */
enum turn { AUDIO, RESENDS, VIDEO, NOTHING };

static enum turn wants(const struct tt_rtp_sender *tx)
{
	const bool waits = tt_rtp_history_waiting(&tx->history) > 0;

	if (waits && tx->cfg.kind == TAUT_AUDIO)
		return AUDIO;
	if (tx->resend_count > 0)
		return RESENDS;
	return waits ? VIDEO : NOTHING;
}

/* One sender after another, among those that have the most urgent to send. */
static enum turn whose(const struct tt_rtp_session *s, size_t *sender)
{
	enum turn first = NOTHING;
	size_t at = s->turn;

	for (size_t i = 0; i < s->sender_count && first != AUDIO; i++, at++) {
		if (at >= s->sender_count)
			at = 0;
		const enum turn turn = wants(s->senders[at]);

		if (turn < first) {
			first = turn;
			*sender = at;
		}
	}
	return first;
}

/* 0: there was nothing to send again after all. */
static size_t send_of(struct tt_rtp_session *s, taut_time now, size_t at, enum turn turn,
		      uint8_t *buf, size_t cap)
{
	struct tt_rtp_sender *tx = s->senders[at];
	const struct tt_rtp_stamp stamp = stamp_of(s, now);
	size_t len = turn == RESENDS ? tt_rtp_sender_resend(tx, now, &stamp, buf, cap)
				     : tt_rtp_sender_next(tx, now, &stamp, buf, cap);

	if (len == 0)
		return 0;
	if (tx->cfg.ext.transport_cc)
		s->transport_seq++;
	s->turn = at + 1;
	s->burst_left -= turn != AUDIO;
	s->counters.packets_resent += turn == RESENDS;
	s->counters.packets_sent++;
	s->counters.bytes_sent += len;
	tt_trace_packet(s->env, now, TAUT_LAYER_RTP, true, buf, len, NULL, NULL);
	return len;
}

static bool paced_waits(const struct tt_rtp_session *s)
{
	for (size_t i = 0; i < s->sender_count; i++) {
		const struct tt_rtp_sender *tx = s->senders[i];

		if (tx->resend_count > 0 ||
		    (tx->cfg.kind == TAUT_VIDEO && tt_rtp_history_waiting(&tx->history) > 0))
			return true;
	}
	return false;
}

static bool may_burst(struct tt_rtp_session *s, taut_time now)
{
	if (now >= s->burst_at + s->burst_every) {
		s->burst_at = now;
		s->burst_left = s->burst_packets;
	}
	return s->burst_left > 0;
}

static size_t send_media(struct tt_rtp_session *s, taut_time now, uint8_t *buf, size_t cap)
{
	enum turn turn;
	size_t at, len = 0;

	while (len == 0 && (turn = whose(s, &at)) != NOTHING) {
		if (turn != AUDIO && !may_burst(s, now))
			return 0;
		len = send_of(s, now, at, turn, buf, cap);
	}
	return len;
}

size_t tt_rtp_session_poll_send(struct tt_rtp_session *s, taut_time now, uint8_t *buf, size_t cap,
				bool *is_rtcp)
{
	tt_rtp_session_saw(s, now);
	*is_rtcp = true;
	if (cap < TT_RTP_PACKET_ROOM)
		return 0;
	size_t len = tt_rtp_session_write_rtcp(s, now, buf, cap);

	if (len > 0)
		return len;
	*is_rtcp = false;
	return send_media(s, now, buf, cap);
}

void tt_rtp_session_tick(struct tt_rtp_session *s, taut_time now)
{
	tt_rtp_session_saw(s, now);
	for (size_t i = 0; i < s->receiver_count; i++)
		tt_rtp_receiver_advance(s->receivers[i], now, tt_rtp_session_rtt(s));
	for (size_t i = 0; i < s->sender_count; i++)
		tt_rtp_tone_tick(&s->senders[i]->tone, &s->senders[i]->history, now);
}

static void sooner(taut_time *first, const char **why, taut_time at, const char *reason)
{
	if (at < *first) {
		*first = at;
		*why = reason;
	}
}

taut_time tt_rtp_session_deadline(const struct tt_rtp_session *s, const char **why)
{
	const char *reason = "nothing";
	taut_time first = tt_rtp_session_rtcp_deadline(s, &reason);

	for (size_t i = 0; i < s->receiver_count; i++) {
		sooner(&first, &reason,
		       tt_rtp_receiver_deadline(s->receivers[i], tt_rtp_session_rtt(s)),
		       "a missing packet is given up");
		sooner(&first, &reason, s->receivers[i]->held_until, "a frame has waited enough");
	}
	for (size_t i = 0; i < s->sender_count; i++) {
		const struct tt_rtp_sender *tx = s->senders[i];

		if (tx->key_wanted)
			sooner(&first, &reason, tx->key_wanted_at, "a key frame may be asked for");
		if (tx->tone.next > 0)
			sooner(&first, &reason, tx->tone.next, "a tone is reported");
	}
	if (paced_waits(s))
		sooner(&first, &reason, s->burst_left > 0 ? s->now : s->burst_at + s->burst_every,
		       "the next burst");
	if (why)
		*why = reason;
	return first;
}
