/* rtp_playout.c - from the reorder buffer to frames: what is whole, decodable, or given up.
 *
 * A video frame is all packets of one timestamp from a start of partition 0 to
 * the marker (RFC 7741 section 4.4), all of one payload type. While a key frame
 * is needed, nothing else passes. Waiting is bounded by the arrival of the first
 * packet behind the hole, so that a hole costs the same whenever it is looked at. */
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "rtp/rtp_receiver.h"

enum {
	AUDIO_MIN_WAIT = 60000,
	AUDIO_MAX_WAIT = 100000,
	VIDEO_REORDER_WAIT = 100000, /* nothing will be sent again */
	VIDEO_MIN_WAIT = 500000,
	VIDEO_MAX_WAIT = 1000000,  /* where half a second is one or two attempts, ... */
	VIDEO_MOST_WAIT = 3000000, /* ... and where not even one comes back by then */
	MAX_FRAME = 4 << 20,
};

enum head {
	HEAD_NONE,   /* nothing there, or a hole */
	HEAD_OPEN,   /* a frame that is not whole yet */
	HEAD_FRAME,  /* a whole frame, up to *end */
	HEAD_BROKEN, /* packets up to *end that belong to no whole frame */
};

/* The frame that starts at l->seq, among the packets before run; *end is where the looking ended. */
static enum head look_on(const struct tt_rtp_receiver *r, struct tt_rtp_look *l, int64_t run,
			 int64_t *end)
{
	const struct tt_rtp_slot *first = tt_rtp_reorder_at(&r->reorder, l->seq);

	*end = l->seq;
	if (!first)
		return HEAD_NONE;
	for (; l->to < run; l->to++) {
		const struct tt_rtp_slot *s = tt_rtp_reorder_at(&r->reorder, l->to);

		*end = l->to;
		if (!s)
			return HEAD_OPEN;
		if (s->len == 0)
			continue;
		if (s->ts != first->ts || (!first->start && s->start))
			return first->start && !l->mixed ? HEAD_FRAME : HEAD_BROKEN;
		l->mixed |= s->pt != first->pt;
		*end = l->to + 1;
		if (s->marker)
			return first->start && !l->mixed ? HEAD_FRAME : HEAD_BROKEN;
	}
	*end = run;
	return first->start ? HEAD_OPEN : HEAD_BROKEN;
}

static enum head look_at(const struct tt_rtp_receiver *r, int64_t seq, int64_t run, int64_t *end)
{
	struct tt_rtp_look l = { .seq = seq, .to = seq };

	return look_on(r, &l, run, end);
}

static enum head look(struct tt_rtp_receiver *r, int64_t *end)
{
	struct tt_rtp_slot *s;

	while ((s = tt_rtp_reorder_at(&r->reorder, r->reorder.next)) && s->len == 0)
		tt_rtp_reorder_skip_to(&r->reorder, r->reorder.next + 1);
	if (r->head.seq != r->reorder.next || r->head.to < r->reorder.next)
		r->head = (struct tt_rtp_look){ .seq = r->reorder.next, .to = r->reorder.next };
	return look_on(r, &r->head, r->reorder.run, end);
}

/* A whole key frame behind a hole makes all before it superfluous. */
static bool jump_to_key(struct tt_rtp_receiver *r)
{
	int64_t end;

	if (r->reorder.keys == 0)
		return false;
	for (int64_t seq = r->reorder.next + 1; seq <= r->reorder.newest; seq++) {
		const struct tt_rtp_slot *s = tt_rtp_reorder_at(&r->reorder, seq);

		if (!s || !s->key)
			continue;
		if (look_at(r, seq, r->reorder.newest + 1, &end) == HEAD_FRAME) {
			r->lost |= !r->need_key;
			tt_rtp_reorder_skip_to(&r->reorder, seq);
			return true;
		}
		seq = tt_max64(seq, end - 1); /* no packet is looked at twice */
	}
	return false;
}

static void drop_to(struct tt_rtp_receiver *r, int64_t seq)
{
	tt_rtp_reorder_skip_to(&r->reorder, seq);
	r->counters->frames_dropped++;
	r->stats.frames_dropped++;
	r->want_key = true;
}

/* Leaves at the head a frame to deliver, up to *end, or one that may yet become whole: false. */
static bool settle_video(struct tt_rtp_receiver *r, int64_t *end)
{
	for (;;) {
		enum head head = look(r, end);

		if (head == HEAD_FRAME) {
			if (!r->need_key || tt_rtp_reorder_at(&r->reorder, r->reorder.next)->key)
				return true;
			drop_to(r, *end);
		} else if (head == HEAD_BROKEN) {
			r->need_key = r->lost = true;
			drop_to(r, *end);
		} else if (!(r->need_key || !r->cfg.nack) || !jump_to_key(r)) {
			return false;
		}
	}
}

static bool deliverable(struct tt_rtp_receiver *r, int64_t *end)
{
	if (tt_rtp_reorder_empty(&r->reorder))
		return false;
	if (r->cfg.kind == TAUT_VIDEO)
		return settle_video(r, end);
	struct tt_rtp_slot *s;

	while ((s = tt_rtp_reorder_at(&r->reorder, r->reorder.next)) && s->len == 0)
		tt_rtp_reorder_skip_to(&r->reorder, r->reorder.next + 1);
	*end = r->reorder.next + 1;
	return s != NULL;
}

static taut_time due(const struct tt_rtp_receiver *r, const struct tt_rtp_slot *s)
{
	return tt_rtp_hold_due(&r->hold, s->ts, r->clock_rate, s->at, r->cfg.target);
}

/* The buffer has room for so many, whatever the target is; the rest is for what comes out of order. */
static bool crowded(const struct tt_rtp_reorder *o)
{
	return o->newest - o->next >= (int64_t)(o->size - o->size / 8) ||
	       (o->held && *o->held >= TT_RTP_MAX_HELD / 4 * 3);
}

bool tt_rtp_receiver_holds(struct tt_rtp_receiver *r, taut_time now)
{
	int64_t end;

	r->held_until = INT64_MAX;
	if (r->cfg.target == 0 || !deliverable(r, &end) || crowded(&r->reorder))
		return false;
	const taut_time at = due(r, tt_rtp_reorder_at(&r->reorder, r->reorder.next));
	if (at <= now)
		return false;
	r->held_until = at;
	return true;
}

static taut_time wait_for(const struct tt_rtp_receiver *r, taut_time rtt)
{
	if (r->cfg.kind == TAUT_AUDIO) {
		taut_time jitter = tt_rtp_source_jitter_us(&r->source, r->clock_rate);

		return tt_clamp64(20000 + 4 * jitter, AUDIO_MIN_WAIT, AUDIO_MAX_WAIT);
	}
	/* a key frame that is needed may lie in the hole, so that makes no difference */
	if (!r->cfg.nack || !tt_nack_expects(&r->nack, r->reorder.run))
		return VIDEO_REORDER_WAIT;
	/* One attempt is waited for whatever the path: a key frame instead costs another round trip. */
	taut_time most = tt_clamp64(rtt + rtt / 4 + 100000, VIDEO_MAX_WAIT, VIDEO_MOST_WAIT);
	return tt_clamp64(4 * rtt + 100000, VIDEO_MIN_WAIT, most);
}

/* When the hole before that packet is given up, if nothing is held. */
static taut_time hole_until(const struct tt_rtp_receiver *r, taut_time rtt,
			    const struct tt_rtp_slot *after)
{
	/* What can be asked for is waited for from the moment that could be done: a process that was
	 * kept from running for a while finds everything old. */
	bool asked = r->cfg.nack && tt_nack_expects(&r->nack, r->reorder.run);

	return (asked ? after->seen : after->at) + wait_for(r, rtt);
}

taut_time tt_rtp_receiver_deadline(const struct tt_rtp_receiver *r, taut_time rtt)
{
	if (!tt_rtp_reorder_has_gap(&r->reorder))
		return INT64_MAX;
	/* a frame before the hole is held, and somebody comes for that */
	if (r->held_until != INT64_MAX)
		return INT64_MAX;
	/* packets before the hole that are not fetched are no reason to be called */
	if (r->cfg.kind == TAUT_AUDIO && r->reorder.next < r->reorder.run)
		return INT64_MAX;
	const struct tt_rtp_slot *after = tt_rtp_reorder_first(&r->reorder, r->reorder.run);

	if (!after)
		return INT64_MAX;
	taut_time until = hole_until(r, rtt, after);

	/* what is held behind the hole loses nothing by it */
	return r->cfg.target > 0 && !crowded(&r->reorder) ? tt_max64(until, due(r, after)) : until;
}

static void give_up_hole(struct tt_rtp_receiver *r, taut_time now, taut_time rtt)
{
	const struct tt_rtp_slot *after = tt_rtp_reorder_first(&r->reorder, r->reorder.run);

	r->lost = true;
	r->ready_at = tt_max64(r->ready_at, tt_min64(now, hole_until(r, rtt, after)));
	if (r->cfg.kind == TAUT_VIDEO) {
		r->need_key = true;
		drop_to(r, after->seq);
	} else {
		r->lost_count += (uint32_t)tt_clamp64(after->seq - r->reorder.next, 0, 0xffff);
		tt_rtp_reorder_skip_to(&r->reorder, after->seq);
	}
}

void tt_rtp_receiver_advance(struct tt_rtp_receiver *r, taut_time now, taut_time rtt)
{
	int64_t end;

	if (tt_rtp_reorder_empty(&r->reorder) && r->nack.count == 0)
		return; /* nearly always */
	tt_nack_give_up(&r->nack, now, rtt);
	for (;;) {
		if (deliverable(r, &end) || tt_rtp_receiver_deadline(r, rtt) > now)
			break;
		give_up_hole(r, now, rtt);
	}
	if (r->reorder.started)
		tt_nack_forget_before(&r->nack, r->reorder.next);
}

static bool make_room(struct tt_rtp_receiver *r, uint8_t **buf, size_t *cap, size_t len)
{
	if (len <= *cap)
		return true;
	size_t want = tt_min(MAX_FRAME, tt_max(len, 2 * *cap));

	if (len > want)
		return false;
	uint8_t *grown = tt_resize(r->env, *buf, want);

	if (!grown)
		return false;
	*buf = grown;
	*cap = want;
	return true;
}

static void describe(struct tt_rtp_receiver *r, const struct tt_rtp_slot *s, struct taut_frame *out)
{
	*out = (struct taut_frame){ .size = sizeof *out,
				    .rtp_timestamp = s->ts,
				    .received = s->at,
				    .payload_type = s->pt };
	if (s->key)
		out->flags |= TAUT_FRAME_KEY;
	if (s->has_level)
		out->flags |= TAUT_FRAME_AUDIO_LEVEL | (s->voice ? TAUT_FRAME_VOICE : 0);
	out->audio_level = s->level;
	if (r->lost)
		out->flags |= TAUT_FRAME_AFTER_LOSS;
	out->frame_count_lost = tt_u16(tt_min(r->lost_count, 0xffff));
}

/* A frame is out, of so many packets; received says when its last one came. */
static void count_frame(struct tt_rtp_receiver *r, const struct taut_frame *f, int64_t packets)
{
	r->stats.payload_type = f->payload_type;
	r->stats.frames++;
	r->stats.key_frames += r->cfg.kind == TAUT_VIDEO && (f->flags & TAUT_FRAME_KEY);
	if (packets > 1) {
		r->stats.pieced++;
		r->stats.assembly += f->received - r->first_at;
	}
}

static void add_csrc(struct tt_rtp_csrcs *all, uint32_t id)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->ids[i] == id)
			return;
	if (all->count < TT_RTP_MAX_CSRCS)
		all->ids[all->count++] = id;
}

static void add_csrcs(struct tt_rtp_csrcs *all, const struct tt_rtp_slot *s)
{
	struct rd r = rd_make(s->data + s->len, 4u * s->csrcs);

	for (unsigned i = 0; i < s->csrcs; i++)
		add_csrc(all, rd_u32(&r));
}

bool tt_rtp_receiver_take(struct tt_rtp_receiver *r, struct taut_frame *out, uint8_t **buf,
			  size_t *cap)
{
	int64_t end;

	while (deliverable(r, &end)) {
		size_t len = 0;

		const struct tt_rtp_slot *head = tt_rtp_reorder_at(&r->reorder, r->reorder.next);

		describe(r, head, out);
		r->first_at = out->received;
		r->due_at = r->cfg.target > 0 ? due(r, head) : 0;
		r->csrcs.count = 0;
		for (int64_t i = r->reorder.next; i < end; i++)
			len += tt_rtp_reorder_at(&r->reorder, i)->len;
		if (!make_room(r, buf, cap, len)) {
			r->lost = true;
			r->need_key = r->cfg.kind == TAUT_VIDEO;
			drop_to(r, end);
			continue;
		}
		for (int64_t i = r->reorder.next; i < end; i++) {
			const struct tt_rtp_slot *s = tt_rtp_reorder_at(&r->reorder, i);

			if (s->len == 0)
				continue;
			tt_work(s->len);
			memcpy(*buf + out->len, s->data, s->len);
			out->len += s->len;
			out->received = tt_max64(out->received, s->at);
			r->first_at = tt_min64(r->first_at, s->at);
			r->ready_at = tt_max64(r->ready_at, s->seen);
			if (s->csrcs > 0)
				add_csrcs(&r->csrcs, s);
		}
		out->data = *buf;
		out->first_received = r->first_at;
		count_frame(r, out, end - r->reorder.next);
		tt_rtp_reorder_skip_to(&r->reorder, end);
		r->lost = r->need_key = r->want_key = false;
		r->lost_count = 0;
		return true;
	}
	return false;
}
