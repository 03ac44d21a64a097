/* rtp_session_event.c - what happened, one at a time, and when a frame was captured. */
#include "rtcp/rtp_session_int.h"

#include "base/num.h"
#include "rtp/payload/payload_opus.h"

static const struct tt_rtp_event *tell(struct tt_rtp_session *s, uint32_t type,
				       const struct tt_rtp_receiver *r, uint32_t ssrc)
{
	s->event = (struct tt_rtp_event){
		.type = type,
		.stream = r->cfg.stream,
		.ssrc = ssrc,
		.kind = r->cfg.kind,
		.rid = tt_rtp_copy_name(s->event_rid, r->rid),
	};
	return &s->event;
}

static uint64_t since(taut_time at, taut_time first)
{
	return (uint64_t)tt_max64(at - first, 0);
}

/* It leaves the buffer now. Of audio each sample has waited. */
static void count_wait(struct tt_rtp_session *s, struct tt_rtp_receiver *r)
{
	const uint32_t n =
		r->cfg.kind == TAUT_AUDIO ? tt_opus_duration(s->frame.data, s->frame.len) : 1;
	struct tt_rtp_buffer_stats *b = &r->stats.buffer;

	b->emitted += n;
	b->delay += n * since(s->now, r->first_at);
	b->minimum += n * since(r->ready_at, r->first_at);
	b->target += n * since(tt_max64(r->ready_at, r->due_at), r->first_at);
}

/* estimatedPlayoutTimestamp: whoever takes a frame plays it now. */
static void note_playout(struct tt_rtp_session *s, struct tt_rtp_receiver *r)
{
	const int64_t after = tt_rtp_receiver_since_report(r, s->frame.rtp_timestamp);

	if (!r->has_report)
		return;
	r->stats.playout_ntp = r->report_ntp + (uint64_t)tt_rtcp_ntp_span(after);
	r->stats.playout_at = s->now;
}

static const struct tt_rtp_event *tell_frame(struct tt_rtp_session *s, struct tt_rtp_receiver *r)
{
	const struct tt_rtp_payload *map = tt_rtp_receiver_payload(r, s->frame.payload_type);

	if (r->has_report && s->has_clock)
		s->frame.captured = s->clock + tt_rtcp_ntp_us(r->report_ntp) +
				    tt_rtp_receiver_since_report(r, s->frame.rtp_timestamp);
	count_wait(s, r);
	note_playout(s, r);
	s->counters.frames_received++;
	*(r->cfg.kind == TAUT_VIDEO ? &s->counters.video_frames_received
				    : &s->counters.audio_frames_received) += 1;
	tell(s, TT_RTP_EV_FRAME, r, r->ssrc);
	s->event.codec = map ? map->codec : TT_RTP_CODEC_NONE;
	s->event.frame = &s->frame;
	s->event.csrcs = &r->csrcs;
	return &s->event;
}

static const struct tt_rtp_event *of_receiver(struct tt_rtp_session *s, struct tt_rtp_receiver *r)
{
	if (r->tell_started && r->source.started) {
		r->tell_started = false;
		return tell(s, TT_RTP_EV_TRACK_STARTED, r, r->ssrc);
	}
	const int key = tt_rtp_heard_tell(&r->heard);
	if (key >= 0) {
		tell(s, TT_RTP_EV_TONE, r, r->ssrc);
		s->event.tone = (uint8_t)key;
		return &s->event;
	}
	/* behind what was just taken there may be a hole that is overdue */
	tt_rtp_receiver_advance(r, s->now, tt_rtp_session_rtt(s));
	if (!tt_rtp_receiver_holds(r, s->now) &&
	    tt_rtp_receiver_take(r, &s->frame, &s->frame_buf, &s->frame_cap))
		return tell_frame(s, r);
	if (r->tell_bye) {
		r->tell_bye = false;
		return tell(s, TT_RTP_EV_BYE, r, r->bye_ssrc);
	}
	return NULL;
}

void tt_rtp_session_set_target(struct tt_rtp_session *s, uint32_t stream, taut_time target)
{
	struct tt_rtp_receiver *r = tt_rtp_session_receiver(s, stream);

	if (!r)
		return;
	r->cfg.target = target;
	r->hold.begun &= target > 0; /* nothing is learned meanwhile */
}

static const struct tt_rtp_event *of_sender(struct tt_rtp_session *s, struct tt_rtp_sender *tx)
{
	if (!tx->key_wanted || tx->key_wanted_at > s->now)
		return NULL;
	tx->key_wanted = false;
	tx->key_told_at = s->now;
	s->event = (struct tt_rtp_event){ .type = TT_RTP_EV_KEY_FRAME_WANTED,
					  .stream = tx->cfg.stream,
					  .ssrc = tx->cfg.ssrc,
					  .kind = tx->cfg.kind,
					  .rid = tt_rtp_copy_name(s->event_rid, tx->rid) };
	return &s->event;
}

const struct tt_rtp_event *tt_rtp_session_poll_event(struct tt_rtp_session *s)
{
	const struct tt_rtp_event *e = NULL;

	for (size_t i = 0; !e && i < s->receiver_count; i++)
		e = of_receiver(s, s->receivers[i]);
	for (size_t i = 0; !e && i < s->sender_count; i++)
		e = of_sender(s, s->senders[i]);
	return e;
}
