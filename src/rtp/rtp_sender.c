/* rtp_sender.c - see rtp_sender.h. */
#include "rtp/rtp_sender.h"

#include <string.h>

#include "base/num.h"
#include "rtp/payload/payload_opus.h"
#include "rtp/payload/payload_vp8.h"
#include "rtp/rtp_packet.h"

enum {
	VIDEO_HISTORY = 1024,
	AUDIO_HISTORY = 64,
	RTX_OSN = 2, /* RFC 4588 section 4: the original sequence number */
	RTX_NAMES = 100,
	NAMES = 30, /* packets, at least, with their names after a description was applied */
	MAX_CREDIT =
		128 * 1024, /* bytes of retransmissions in a burst; then half of what is sent */
	MIN_RESEND = 20000, /* microseconds, while the round trip is unknown or shorter */
	MAX_EXT = 6,
	/* How long a packet can be sent again, in microseconds: a receiver asks for up to a second
	 * (rtp_playout.c), and what it asks for travels both ways, through queues that may have grown
	 * since the round trip was measured. */
	KEEP_LEAST = 1500000,
	KEEP_RTTS = 4,          /* beside that */
	KEEP_UNKNOWN = 3000000, /* while the round trip is */
};

/* Which stream a packet belongs to, until the peer knows its SSRC: RFC 9143 section 15, RFC 8852 section
 * 3. rid: the id of that extension for this packet. */
static size_t list_names(const struct tt_rtp_sender *s, uint8_t rid, struct tt_rtp_ext *ext)
{
	size_t n = 0;

	if (s->cfg.ext.mid && s->mid[0])
		ext[n++] = (struct tt_rtp_ext){ s->cfg.ext.mid, span_of(s->mid) };
	if (rid && s->rid[0])
		ext[n++] = (struct tt_rtp_ext){ rid, span_of(s->rid) };
	return n;
}

/* The other extensions of a packet that leaves now. values: room for what they point to. */
static size_t list_ext(const struct tt_rtp_sender *s, const struct tt_rtp_sent *p,
		       const struct tt_rtp_stamp *stamp, struct tt_rtp_ext *ext, uint8_t *values)
{
	const struct tt_rtp_ext_ids *id = &s->cfg.ext;
	struct wr w = wr_make(values, 8);
	size_t n = 0;

	if (id->transport_cc) {
		ext[n++] = (struct tt_rtp_ext){ id->transport_cc, { values + w.off, 2 } };
		wr_u16(&w, stamp->transport_seq);
	}
	if (id->abs_send_time) {
		ext[n++] = (struct tt_rtp_ext){ id->abs_send_time, { values + w.off, 3 } };
		wr_u24(&w, stamp->abs_send_time & 0xffffff);
	}
	if (id->audio_level && p->has_level) { /* RFC 6464 section 3: V and level */
		ext[n++] = (struct tt_rtp_ext){ id->audio_level, { values + w.off, 1 } };
		wr_u8(&w, tt_u8((p->voice ? 0x80u : 0) | (p->level & 0x7fu)));
	}
	return n;
}

/* What a packet may have beside its payload, with all the extensions it might get. */
static size_t overhead(const struct tt_rtp_sender *s)
{
	const struct tt_rtp_sent all = { .has_level = true };
	struct tt_rtp_ext ext[MAX_EXT];
	uint8_t values[8];
	size_t n = list_ext(s, &all, &(struct tt_rtp_stamp){ 0 }, ext, values);

	n += list_names(s, s->cfg.ext.rid ? s->cfg.ext.rid : s->cfg.ext.repaired_rid, ext + n);
	return TT_RTP_HEADER + tt_rtp_ext_room(ext, n) + RTX_OSN;
}

int tt_rtp_sender_init(struct tt_rtp_sender *s, struct tt_env *env,
		       const struct tt_rtp_sender_config *cfg, uint32_t first_seq)
{
	struct {
		uint32_t ts;
		uint16_t seq, rtx_seq, picture;
	} start;

	*s = (struct tt_rtp_sender){ .env = env, .resend_credit = MAX_CREDIT };
	if (!tt_random(env, &start, sizeof start))
		return TAUT_E_CRYPTO;
	/* RFC 3711 section 3.3.1: a receiver guesses the rollover counter, so stay off the wrap */
	s->first_seq = first_seq ? tt_u16(first_seq & 0xffff) : start.seq & 0x7fff;
	s->rtx_seq = first_seq ? tt_u16(first_seq & 0xffff) : start.rtx_seq & 0x7fff;
	s->picture_id = start.picture & 0x7fff;
	s->ts_offset = start.ts;
	tt_rtp_history_init(&s->history, env,
			    cfg->kind == TAUT_VIDEO ? VIDEO_HISTORY : AUDIO_HISTORY);
	tt_rtp_sender_configure(s, cfg);
	return TAUT_OK;
}

void tt_rtp_sender_configure(struct tt_rtp_sender *s, const struct tt_rtp_sender_config *cfg)
{
	s->cfg = *cfg;
	s->cfg.mid = tt_rtp_copy_name(s->mid, cfg->mid);
	s->cfg.rid = tt_rtp_copy_name(s->rid, cfg->rid);
	s->acknowledged = false;
	s->named_from = s->history.head;
	s->rtx_names = RTX_NAMES;
	s->overhead = overhead(s);
	s->tone.pt = cfg->event_payload_type;
	if (s->tone.pt == 0)
		s->tone.next = 0; /* the peer takes no more of it */
}

void tt_rtp_sender_free(struct tt_rtp_sender *s)
{
	tt_rtp_history_free(&s->history);
	tt_free(s->env, s->resend);
	s->resend = NULL;
}

static size_t max_payload(const struct tt_rtp_sender *s, size_t max_packet)
{
	return max_packet > s->overhead + 64 ? max_packet - s->overhead : 64;
}

/* RFC 7587 section 4.2; the marker is that of RFC 3551 section 4.1: speech after silence. */
static int queue_opus(struct tt_rtp_sender *s, taut_time now, const struct taut_frame *f,
		      uint32_t ts, size_t room)
{
	uint32_t samples = tt_opus_duration(f->data, f->len);

	if (samples == 0)
		return TAUT_E_INVAL;
	if (f->len > room)
		return TAUT_E_LIMIT;
	int r = tt_rtp_history_reserve(&s->history, 1, f->len);

	if (r != TAUT_OK)
		return r;
	struct tt_rtp_sent *p = tt_rtp_history_add(&s->history);

	p->ts = ts;
	p->pt = s->cfg.payload_type;
	p->marker = !s->started || ts != s->next_ts;
	p->has_level = f->flags & TAUT_FRAME_AUDIO_LEVEL;
	p->voice = f->flags & TAUT_FRAME_VOICE;
	p->level = f->audio_level & 0x7f;
	p->sent_at = now;
	p->len = tt_u16(f->len);
	memcpy(p->data, f->data, f->len);
	s->next_ts = ts + samples;
	return TAUT_OK;
}

/* RFC 7741 section 4.4, cut into equal parts: the last one is not a crumb that costs a packet. */
static int queue_vp8(struct tt_rtp_sender *s, taut_time now, const struct taut_frame *f,
		     uint32_t ts, size_t room)
{
	size_t max = room - TT_VP8_DESCRIPTOR;
	size_t n = (f->len + max - 1) / max, at = 0;
	int r = tt_rtp_history_reserve(&s->history, n, (f->len + n - 1) / n + TT_VP8_DESCRIPTOR);

	if (r != TAUT_OK)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct tt_rtp_sent *p = tt_rtp_history_add(&s->history);
		size_t len = f->len / n + (i < f->len % n);
		struct wr w = wr_make(p->data, tt_room(p->data));

		tt_vp8_write(&w, i == 0, s->picture_id);
		wr_bytes(&w, (const uint8_t *)f->data + at, len);
		p->len = tt_u16(wr_len(&w));
		p->ts = ts;
		p->pt = s->cfg.payload_type;
		p->marker = i + 1 == n;
		p->sent_at = now;
		at += len;
	}
	s->picture_id = (s->picture_id + 1) & 0x7fff;
	return TAUT_OK;
}

int tt_rtp_sender_frame(struct tt_rtp_sender *s, taut_time now, const struct taut_frame *frame,
			size_t max_packet)
{
	const taut_time captured = frame->captured ? frame->captured : now;
	const size_t room = max_payload(s, max_packet);

	if (!frame->data || frame->len == 0)
		return TAUT_E_INVAL;
	if (s->began_with_tone && !s->started)
		s->ts_offset = tt_rtp_sender_timestamp(s, captured) - frame->rtp_timestamp;
	const uint32_t ts = frame->rtp_timestamp + s->ts_offset;
	int r = s->cfg.codec == TT_RTP_CODEC_OPUS ? queue_opus(s, now, frame, ts, room)
						  : queue_vp8(s, now, frame, ts, room);

	if (r != TAUT_OK)
		return r;
	s->started = true;
	s->stats.frames++;
	s->stats.key_frames += s->cfg.kind == TAUT_VIDEO && (frame->flags & TAUT_FRAME_KEY);
	s->last_ts = ts;
	s->last_captured = captured;
	return TAUT_OK;
}

/* Where sound would go on by now, but not before it ended. */
static uint32_t tone_timestamp(const struct tt_rtp_sender *s, taut_time now)
{
	const uint32_t ts = tt_rtp_sender_timestamp(s, now);

	return s->started && (int32_t)(ts - s->next_ts) < 0 ? s->next_ts : ts;
}

int tt_rtp_sender_tone(struct tt_rtp_sender *s, taut_time now, uint8_t event, taut_time duration)
{
	if (s->cfg.event_payload_type == 0)
		return TAUT_E_STATE;
	if (!s->started && !s->began_with_tone) {
		s->began_with_tone = true;
		s->last_ts = s->ts_offset;
		s->last_captured = now;
	}
	const struct tt_rtp_tone tone = { .duration = duration,
					  .clock_rate = s->cfg.clock_rate,
					  .ts = tone_timestamp(s, now),
					  .event = event,
					  .pt = s->cfg.event_payload_type };

	tt_rtp_tone_start(&s->tone, &s->history, now, &tone);
	return TAUT_OK;
}

static uint16_t seq_of(const struct tt_rtp_sender *s, uint64_t number)
{
	return (uint16_t)(s->first_seq + (uint16_t)number);
}

size_t tt_rtp_sender_next(struct tt_rtp_sender *s, taut_time now, const struct tt_rtp_stamp *stamp,
			  uint8_t *buf, size_t cap)
{
	struct tt_rtp_sent *p = tt_rtp_history_head(&s->history);

	if (!p)
		return 0;
	struct tt_rtp_ext ext[MAX_EXT];
	uint8_t values[8];
	size_t n = list_ext(s, p, stamp, ext, values);
	struct wr w = wr_make(buf, cap);
	const struct tt_rtp_packet h = { .marker = p->marker,
					 .pt = p->pt,
					 .seq = seq_of(s, p->number),
					 .ts = p->ts,
					 .ssrc = s->cfg.ssrc };

	if (!s->acknowledged)
		n += list_names(s, s->cfg.ext.rid, ext + n);
	tt_rtp_write_header(&w, &h, ext, n);
	wr_bytes(&w, p->data, p->len);
	s->stats.queued += now - p->sent_at;
	p->sent_at = now;
	s->history.head++;
	s->stats.packets++;
	s->stats.octets += p->len;
	s->stats.header_octets += wr_len(&w) - p->len;
	s->resend_credit = tt_min64(MAX_CREDIT, s->resend_credit + p->len / 2);
	return wr_len(&w);
}

static bool resends(const struct tt_rtp_sender *s)
{
	return s->cfg.nack && s->cfg.rtx_ssrc && s->cfg.rtx_payload_type;
}

void tt_rtp_sender_forget(struct tt_rtp_sender *s, taut_time now, taut_time rtt)
{
	taut_time keep = rtt > 0 ? KEEP_LEAST + KEEP_RTTS * rtt : KEEP_UNKNOWN;

	if (!resends(s))
		keep = -1;
	tt_rtp_history_forget(&s->history, now - keep);
}

/* Whoever begins to receive has forgotten what it knew, and a report that is under way is of before that: so
 * the peer must have seen a few packets since the description. */
void tt_rtp_sender_reported(struct tt_rtp_sender *s, uint32_t highest)
{
	const uint16_t since = (uint16_t)(highest - seq_of(s, s->named_from));

	s->acknowledged |= since >= NAMES && since < 0x8000;
}

void tt_rtp_sender_nack(struct tt_rtp_sender *s, taut_time now, taut_time rtt, uint16_t seq)
{
	if (!resends(s) || s->history.head == 0)
		return;
	uint16_t back = (uint16_t)(seq_of(s, s->history.head - 1) - seq);

	if (back >= s->history.head)
		return;
	struct tt_rtp_sent *p = tt_rtp_history_find(&s->history, s->history.head - 1 - back);

	if (!p || p->resend)
		return;
	if (p->resent_at && now < p->resent_at + tt_max64(rtt, MIN_RESEND))
		return;
	if (!s->resend && !(s->resend = tt_alloc(s->env, s->history.size * sizeof *s->resend)))
		return;
	if (s->resend_count == s->history.size)
		return;
	p->resend = true;
	s->resend[(s->resend_at + s->resend_count++) & (s->history.size - 1)] = p->number;
}

static struct tt_rtp_sent *take_resend(struct tt_rtp_sender *s)
{
	while (s->resend_count > 0) {
		uint64_t number = s->resend[s->resend_at];
		struct tt_rtp_sent *p = tt_rtp_history_find(&s->history, number);

		s->resend_at = (s->resend_at + 1) & (s->history.size - 1);
		s->resend_count--;
		if (!p || !p->resend)
			continue;
		p->resend = false;
		if (s->resend_credit >= p->len && s->cfg.rtx_ssrc && s->cfg.rtx_payload_type)
			return p;
	}
	return NULL;
}

size_t tt_rtp_sender_resend(struct tt_rtp_sender *s, taut_time now,
			    const struct tt_rtp_stamp *stamp, uint8_t *buf, size_t cap)
{
	struct tt_rtp_sent *p = take_resend(s);

	if (!p)
		return 0;
	struct tt_rtp_ext ext[MAX_EXT];
	uint8_t values[8];
	const bool named = s->rtx_names > 0;
	size_t n = list_ext(s, p, stamp, ext, values);
	struct wr w = wr_make(buf, cap);
	const struct tt_rtp_packet h = { .marker = p->marker,
					 .pt = s->cfg.rtx_payload_type,
					 .seq = s->rtx_seq++,
					 .ts = p->ts,
					 .ssrc = s->cfg.rtx_ssrc };

	if (named)
		n += list_names(s, s->cfg.ext.repaired_rid, ext + n);
	tt_rtp_write_header(&w, &h, ext, n);
	wr_u16(&w, seq_of(s, p->number)); /* RFC 4588 section 4 */
	wr_bytes(&w, p->data, p->len);
	s->rtx_names -= named;
	s->resend_credit -= p->len;
	s->stats.resent_packets++;
	s->stats.resent_octets += RTX_OSN + p->len;
	s->stats.header_octets += wr_len(&w) - RTX_OSN - p->len;
	p->resent_at = now;
	return wr_len(&w);
}

uint32_t tt_rtp_sender_timestamp(const struct tt_rtp_sender *s, taut_time now)
{
	int64_t since = tt_clamp64(now - s->last_captured, -60000000, INT64_C(86400000000));

	return s->last_ts + (uint32_t)(since * (int64_t)s->cfg.clock_rate / 1000000);
}
