/* rtp_receiver.c - packets of one stream into the reorder buffer: RFC 3550, RFC 4588.
 *
 * What comes out of it is in rtp_playout.c. */
#include "rtp/rtp_receiver.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "rtp/payload/payload_opus.h"
#include "rtp/payload/payload_vp8.h"

enum { ECT1 = 1, CE = 3 }; /* RFC 3168 section 5 */

enum {
	AUDIO_SLOTS = 256,
	VIDEO_SLOTS = 2048,
	BEFORE_FIRST = 32,  /* packets of a frame that may arrive after one of its later ones */
	AHEAD_BY_RTX = 100, /* newest packets lost, and sent again unasked as a probe */
	STRAGGLING =
		200000, /* microseconds after a BYE in which packets may still be of before it */
};

void tt_rtp_receiver_init(struct tt_rtp_receiver *r, struct tt_env *env,
			  struct tt_rtp_counters *counters,
			  const struct tt_rtp_receiver_config *cfg)
{
	*r = (struct tt_rtp_receiver){ .env = env, .counters = counters, .nack.env = env };
	tt_rtp_reorder_init(&r->reorder, env, cfg->kind == TAUT_VIDEO ? VIDEO_SLOTS : AUDIO_SLOTS);
	r->need_key = cfg->kind == TAUT_VIDEO;
	r->held_until = INT64_MAX;
	tt_rtp_receiver_configure(r, cfg);
}

void tt_rtp_receiver_configure(struct tt_rtp_receiver *r, const struct tt_rtp_receiver_config *cfg)
{
	size_t n = tt_min(cfg->payload_count, TT_RTP_MAX_PAYLOADS);

	r->cfg = *cfg;
	if (n > 0)
		memmove(r->payloads, cfg->payloads, n * sizeof *cfg->payloads);
	r->cfg.mid = tt_rtp_copy_name(r->mid, cfg->mid);
	r->cfg.rid = tt_rtp_copy_name(r->rid, cfg->rid);
	r->cfg.payloads = r->payloads;
	r->cfg.payload_count = n;
	if (!cfg->nack)
		tt_nack_clear(&r->nack);
}

void tt_rtp_receiver_free(struct tt_rtp_receiver *r)
{
	tt_rtp_reorder_free(&r->reorder);
	tt_nack_free(&r->nack);
}

const struct tt_rtp_payload *tt_rtp_receiver_payload(const struct tt_rtp_receiver *r, uint8_t pt)
{
	for (size_t i = 0; i < r->cfg.payload_count; i++)
		if (r->payloads[i].pt == pt)
			return &r->payloads[i];
	return NULL;
}

static void start_over(struct tt_rtp_receiver *r)
{
	tt_rtp_reorder_reset(&r->reorder);
	r->head = (struct tt_rtp_look){ 0 };
	r->hold.begun = false;
	r->held_until = INT64_MAX;
	tt_nack_clear(&r->nack);
	r->need_key = r->cfg.kind == TAUT_VIDEO;
	r->counted_lost = 0;
	r->recovered = 0;
	r->lost_count = 0;
}

void tt_rtp_receiver_follow(struct tt_rtp_receiver *r, uint32_t ssrc)
{
	r->lost = r->has_ssrc;
	start_over(r);
	r->source = (struct tt_rtp_source){ 0 };
	r->stats = (struct tt_rtp_receiver_stats){ 0 };
	r->heard = (struct tt_rtp_heard){ 0 };
	r->ssrc = ssrc;
	r->has_ssrc = true;
	r->ended = r->has_report = false;
	r->tell_started = true;
}

static void count_lost(struct tt_rtp_receiver *r)
{
	int64_t lost = tt_max64(0, tt_rtp_source_lost(&r->source) - (int64_t)r->recovered);

	r->counters->packets_lost += (uint64_t)(lost - r->counted_lost);
	r->counted_lost = lost;
}

/* The payload without its descriptor, and what the descriptor says. NULL, or why not. */
static uint32_t read_payload(struct tt_rtp_slot *meta, struct span *payload,
			     const struct tt_rtp_payload *map)
{
	struct tt_vp8_descriptor d;

	if (map->codec == TT_RTP_CODEC_NONE)
		payload->len = 0;
	if (payload->len == 0)
		return TT_TAKEN; /* padding fills its number */
	meta->pt = map->pt;
	if (map->codec == TT_RTP_CODEC_EVENT) {
		const bool whole = tt_rtp_heard_whole(*payload);
		payload->len = 0; /* no frame: what is said is heard at once */
		return whole ? TT_TAKEN : TAUT_DROP_RTP_EVENT;
	}
	if (map->codec == TT_RTP_CODEC_OPUS) {
		meta->start = meta->key = true;
		return tt_opus_duration(payload->p, payload->len) ? TT_TAKEN : TAUT_DROP_RTP_OPUS;
	}
	if (!tt_vp8_read(&d, payload->p, payload->len))
		return TAUT_DROP_RTP_VP8;
	meta->start = d.start;
	meta->key = d.key;
	*payload = d.payload;
	return TT_TAKEN;
}

/* Too much is missing: what is buffered gives way, and video needs a key frame. */
static void give_way(struct tt_rtp_receiver *r, int64_t seq)
{
	r->lost = true;
	if (r->cfg.kind == TAUT_VIDEO) {
		r->need_key = r->want_key = true;
		r->counters->frames_dropped++;
		r->stats.frames_dropped++;
	} else {
		r->lost_count += (uint32_t)tt_clamp64(seq - r->reorder.next, 0, 0xffff);
	}
	tt_rtp_reorder_skip_to(&r->reorder, seq);
}

static void track_missing(struct tt_rtp_receiver *r, taut_time now, int64_t newest_before,
			  int64_t seq)
{
	if (!r->cfg.nack)
		return;
	tt_nack_arrived(&r->nack, seq);
	if (seq > newest_before && !tt_nack_missing(&r->nack, now, newest_before + 1, seq))
		give_way(r, seq);
}

/* There is room for what comes in one datagram. */
static void keep_csrcs(struct tt_rtp_receiver *r, int64_t seq, struct span csrcs)
{
	struct tt_rtp_slot *s = tt_rtp_reorder_at(&r->reorder, seq);

	if (s->len == 0 || s->len + csrcs.len > TT_RTP_BUFFER)
		return;
	tt_work(csrcs.len);
	memcpy(s->data + s->len, csrcs.p, csrcs.len);
	s->csrcs = tt_u8(csrcs.len / 4);
}

static enum tt_rtp_put insert(struct tt_rtp_receiver *r, const struct tt_rtp_slot *meta,
			      struct span payload, struct span csrcs)
{
	if (!r->reorder.started && r->cfg.kind == TAUT_VIDEO && !meta->start)
		tt_rtp_reorder_start(&r->reorder, meta->seq - BEFORE_FIRST);
	if (tt_rtp_reorder_overflows(&r->reorder, meta->seq))
		give_way(r, meta->seq - (int64_t)r->reorder.size + 1);

	enum tt_rtp_put put = tt_rtp_reorder_put(&r->reorder, meta, payload.p, payload.len);

	if (put == TT_RTP_PUT_OK && csrcs.len > 0)
		keep_csrcs(r, meta->seq, csrcs);
	if (put == TT_RTP_PUT_DUPLICATE)
		r->counters->packets_duplicate++;
	if (put == TT_RTP_PUT_LATE) {
		r->counters->packets_late++;
		r->stats.late++;
	}
	return put;
}

static struct tt_rtp_slot meta_of(const struct tt_rtp_packet *p, const struct tt_rtp_ext_values *x,
				  taut_time now, taut_time arrived)
{
	return (struct tt_rtp_slot){ .marker = p->marker,
				     .ts = p->ts,
				     .at = arrived,
				     .seen = now,
				     .has_level = x->has_level,
				     .voice = x->voice,
				     .level = x->level };
}

static void hear(struct tt_rtp_receiver *r, taut_time now, const struct tt_rtp_payload *map,
		 uint32_t ts, struct span payload)
{
	if (map->codec == TT_RTP_CODEC_EVENT && !tt_rtp_heard_take(&r->heard, ts, payload))
		tt_drop(r->env, now, TAUT_DROP_EVENT_LOST, TT_INT("stream", r->cfg.stream));
}

/* A BYE is not for ever: Firefox says it when a direction stops to send, and goes on with the same
 * SSRC when that changes back. */
static void start_again(struct tt_rtp_receiver *r, taut_time now)
{
	if (!r->ended || now - r->ended_at < STRAGGLING)
		return;
	r->ended = false;
	r->tell_started = !r->tell_bye;
	r->tell_bye = false;
}

static void count_packet(struct tt_rtp_receiver *r, const struct tt_rtp_packet *p,
			 taut_time arrived)
{
	r->stats.packets++;
	r->stats.octets += p->payload.len;
	r->stats.header_octets += p->header_len + p->padding;
	r->stats.ect1 += p->ecn == ECT1;
	r->stats.ce += p->ecn == CE;
	r->stats.last_packet = arrived;
}

uint32_t tt_rtp_receiver_media(struct tt_rtp_receiver *r, taut_time now, taut_time arrived,
			       const struct tt_rtp_packet *p, const struct tt_rtp_ext_values *x)
{
	const struct tt_rtp_payload *map = tt_rtp_receiver_payload(r, p->pt);
	struct tt_rtp_slot meta = meta_of(p, x, now, arrived);
	struct span payload = p->payload;

	if (!map)
		return TAUT_DROP_RTP_PAYLOAD_TYPE;
	if (map->apt)
		return TAUT_DROP_RTP_RTX_ON_MEDIA;
	uint32_t why = read_payload(&meta, &payload, map);

	if (why)
		return why;
	int64_t newest = r->source.newest;
	bool first = !r->source.started;

	switch (tt_rtp_source_seq(&r->source, p->seq, &meta.seq)) {
	case TT_RTP_SEQ_JUMPED:
		return TAUT_DROP_RTP_JUMPED;
	case TT_RTP_SEQ_RESTART:
		start_over(r);
		r->lost = first = true;
		break;
	case TT_RTP_SEQ_OK:
		break;
	}
	count_packet(r, p, arrived);
	if (!first)
		track_missing(r, now, newest, meta.seq);
	enum tt_rtp_put put = insert(r, &meta, payload, p->csrcs);

	if (put == TT_RTP_PUT_DUPLICATE)
		return TT_TAKEN;
	hear(r, now, map, p->ts, p->payload);
	if (map->codec != TT_RTP_CODEC_NONE && map->codec != TT_RTP_CODEC_EVENT)
		r->clock_rate = map->clock_rate;
	if (r->cfg.target > 0 && meta.start)
		tt_rtp_hold_learn(&r->hold, p->ts, map->clock_rate, arrived, r->cfg.target);
	start_again(r, now);
	r->last_at = now;
	tt_rtp_source_arrived(&r->source, p->ts, arrived, payload.len > 0 ? map->clock_rate : 0);
	count_lost(r);
	return put == TT_RTP_PUT_NOMEM ? TAUT_DROP_RTP_NO_MEMORY : TT_TAKEN;
}

uint32_t tt_rtp_receiver_rtx(struct tt_rtp_receiver *r, taut_time now, taut_time arrived,
			     const struct tt_rtp_packet *p, const struct tt_rtp_ext_values *x)
{
	const struct tt_rtp_payload *rtx = tt_rtp_receiver_payload(r, p->pt);
	const struct tt_rtp_payload *map =
		rtx && rtx->apt ? tt_rtp_receiver_payload(r, rtx->apt) : NULL;
	struct tt_rtp_slot meta = meta_of(p, x, now, arrived);

	if (!map || map->apt)
		return TAUT_DROP_RTP_RTX_PAYLOAD_TYPE;
	if (p->payload.len == 0)
		return TT_TAKEN; /* a probe: padding alone */
	if (p->payload.len < 2)
		return TAUT_DROP_RTP_RTX_SHORT;
	if (!r->source.started)
		return TAUT_DROP_RTP_RTX_UNKNOWN;
	struct span payload = { p->payload.p + 2, p->payload.len - 2 };
	uint32_t why = read_payload(&meta, &payload, map);

	if (why)
		return why;
	int64_t newest = r->source.newest;

	tt_work(2);
	meta.seq = tt_rtp_source_nearest(&r->source,
					 tt_u16((unsigned)p->payload.p[0] << 8 | p->payload.p[1]));
	if (meta.seq > newest + AHEAD_BY_RTX || meta.seq < newest - TT_NACK_AGE)
		return TAUT_DROP_RTP_RTX_FAR;
	count_packet(r, p, arrived);
	r->stats.resent_packets++;
	r->stats.resent_octets += p->payload.len;
	tt_nack_resent(&r->nack, now, meta.seq);
	track_missing(r, now, newest, meta.seq);
	enum tt_rtp_put put = insert(r, &meta, payload, p->csrcs);

	if (put == TT_RTP_PUT_OK) {
		hear(r, now, map, p->ts, (struct span){ p->payload.p + 2, p->payload.len - 2 });
		r->source.newest = tt_max64(newest, meta.seq);
		r->recovered++;
		r->counters->packets_recovered++;
		count_lost(r);
	}
	return put == TT_RTP_PUT_NOMEM ? TAUT_DROP_RTP_NO_MEMORY : TT_TAKEN;
}

int32_t tt_rtp_receiver_lost(const struct tt_rtp_receiver *r)
{
	return (int32_t)tt_clamp64(tt_rtp_source_lost(&r->source), -0x800000, 0x7fffff);
}

int64_t tt_rtp_receiver_since_report(const struct tt_rtp_receiver *r, uint32_t ts)
{
	if (r->clock_rate == 0)
		return 0;
	return (int64_t)(int32_t)(ts - r->report_ts) * 1000000 / (int64_t)r->clock_rate;
}
