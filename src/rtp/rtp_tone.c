/* rtp_tone.c - see rtp_tone.h. */
#include "rtp/rtp_tone.h"

#include <string.h>

#include "base/num.h"
#include "rtp/payload/payload_event.h"

enum {
	EVERY = 20000, /* microseconds between reports, as between packets of sound */
	ENDS = 3,      /* section 2.5.1.4 */
	SHORTEST = 1000, /* none lasts no time: section 2.3.5 */
	VOLUME = 10,   /* -dBm0 */
};

static void report(struct tt_rtp_tone *t, struct tt_rtp_history *h, taut_time now, uint16_t duration,
		   bool end)
{
	const struct tt_event_report r = {
		.event = t->event, .end = end, .volume = VOLUME, .duration = duration
	};

	t->last = duration;
	if (tt_rtp_history_reserve(h, 1, TT_EVENT_REPORT) != TAUT_OK)
		return;
	struct tt_rtp_sent *p = tt_rtp_history_add(h);
	struct wr w = wr_make(p->data, TT_EVENT_REPORT);

	tt_event_write(&w, &r);
	p->len = TT_EVENT_REPORT;
	p->ts = t->ts;
	p->pt = t->pt;
	p->marker = !t->marked;
	p->sent_at = now;
	t->marked = true;
}

/* Section 2.5.1.3: what is longer than a report can say is full, three times, and goes on. */
static uint64_t fill_segments(struct tt_rtp_tone *t, struct tt_rtp_history *h, taut_time now,
			      uint64_t lasted)
{
	while (lasted - t->units > TT_EVENT_LONGEST) {
		for (int i = 0; i < ENDS; i++)
			report(t, h, now, TT_EVENT_LONGEST, false);
		t->units += TT_EVENT_LONGEST;
		t->ts += TT_EVENT_LONGEST;
	}
	return lasted - t->units;
}

static void report_end(struct tt_rtp_tone *t, struct tt_rtp_history *h, taut_time now)
{
	report(t, h, now, t->last, true);
	t->ends--;
	t->next = t->ends > 0 ? now + EVERY : 0;
}

void tt_rtp_tone_tick(struct tt_rtp_tone *t, struct tt_rtp_history *h, taut_time now)
{
	if (t->next == 0 || now < t->next)
		return;
	if (t->ends == 0) {
		const taut_time lasted = tt_min64(now - t->began, t->duration);
		const uint64_t units = (uint64_t)lasted * t->clock_rate / 1000000;

		t->last = tt_u16(fill_segments(t, h, now, units));
		if (lasted < t->duration) {
			report(t, h, now, t->last, false);
			t->next = tt_min64(now + EVERY, t->began + t->duration);
			return;
		}
		t->ends = ENDS;
	}
	report_end(t, h, now);
}

void tt_rtp_tone_start(struct tt_rtp_tone *t, struct tt_rtp_history *h, taut_time now,
		       const struct tt_rtp_tone *fresh)
{
	if (t->next > 0 && t->ends == 0) {
		t->began = tt_min64(t->began, now - SHORTEST);
		t->duration = now - t->began;
		t->next = now;
		tt_rtp_tone_tick(t, h, now);
	}
	while (t->next > 0)
		report_end(t, h, now);
	*t = *fresh;
	t->began = now;
	t->next = now + tt_min64(EVERY, t->duration);
}

/* ---- what is heard ---- */

bool tt_rtp_heard_whole(struct span payload)
{
	return payload.len > 0 && payload.len % TT_EVENT_REPORT == 0;
}

/* Section 2.5.2.3: another segment of the same key begins where the full one ended. */
static bool goes_on(const struct tt_rtp_heard *h, const struct tt_event_report *r, uint32_t ts)
{
	return h->any && !h->ended && h->event == r->event && h->duration == TT_EVENT_LONGEST &&
	       ts == h->ts + TT_EVENT_LONGEST;
}

static bool hear(struct tt_rtp_heard *h, const struct tt_event_report *r, uint32_t ts)
{
	const int32_t ahead = h->any ? (int32_t)(ts - h->ts) : 1;

	if (ahead < 0)
		return true; /* late: its key was told, or lost with all its reports */
	if (ahead == 0) {
		h->duration = tt_u16(tt_max(h->duration, r->duration));
		h->ended |= r->end;
		return true;
	}
	const bool same = goes_on(h, r, ts);

	h->any = true;
	h->ended = r->end;
	h->event = r->event;
	h->duration = r->duration;
	h->ts = ts;
	if (same)
		return true;
	if (h->count == TT_RTP_HEARD)
		return false;
	h->untold[h->count++] = r->event;
	return true;
}

bool tt_rtp_heard_take(struct tt_rtp_heard *h, uint32_t ts, struct span payload)
{
	struct rd rd = rd_make(payload.p, payload.len);
	struct tt_event_report r;
	bool room = true;

	/* Section 2.3.5: no length means a state, which no key is. */
	for (; tt_event_read(&rd, &r); ts += r.duration)
		if (r.duration > 0)
			room &= hear(h, &r, ts);
	return room;
}

int tt_rtp_heard_tell(struct tt_rtp_heard *h)
{
	if (h->count == 0)
		return -1;
	const int event = h->untold[0];

	memmove(h->untold, h->untold + 1, --h->count);
	return event;
}
