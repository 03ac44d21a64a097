/* sctp_ack.c - what an acknowledgement, its absence or time do to the chunks in flight.
 *
 * RFC 9260 sections 6.2.1 and 7.2.4 (miss indications by the highest TSN newly
 * acknowledged), 6.3.3 (T3-rtx), and RFC 3758 section 3.5 (giving up). */
#include <assert.h>

#include "base/num.h"
#include "sctp/tx/sctp_flight.h"

#define MISSES 3 /* 7.2.4 */

bool tt_sctp_flight_adds_up(const struct sctp_flight *f)
{
	size_t flight = 0, marked = 0;

	for (struct serial32 t = s32_add(f->cum, 1); s32_before(t, f->next); t = s32_add(t, 1)) {
		const struct sctp_sent *c = tt_sctp_flight_at(f, t);
		flight += c->state == SCTP_IN_FLIGHT ? tt_sctp_sent_size(f, c) : 0;
		marked += c->state == SCTP_MARKED;
	}
	return flight == f->flight && marked == f->marked;
}

/* Out of the state it is in, with what was counted for it. */
static void leave_state(struct sctp_flight *f, struct sctp_sent *c)
{
	if (c->state == SCTP_IN_FLIGHT)
		f->flight -= tt_sctp_sent_size(f, c);
	if (c->state == SCTP_MARKED)
		f->marked--;
}

static void mark(struct sctp_flight *f, struct serial32 tsn, struct sctp_sent *c)
{
	leave_state(f, c);
	c->state = SCTP_MARKED;
	if (f->marked++ == 0 || s32_before(tsn, f->mark_hint))
		f->mark_hint = tsn;
}

/* Ahead of the cumulative point, so that it must be skipped although nothing was sent with it:
 * without it a receiver that holds all fragments sent so far would wait for the rest. */
static void add_placeholder(struct sctp_flight *f, struct sctp_message *m)
{
	struct serial32 tsn = f->next;

	f->next = s32_add(f->next, 1);
	*tt_sctp_flight_at(f, tsn) = (struct sctp_sent){
		.m = m, .at = m->len, .state = SCTP_ABANDONED, .end = true,
	};
	m->chunks++;
}

/* RFC 3758 section 3.5 A3: all of a message or nothing. Without room for the placeholder it is
 * sent on, and given up later. */
static void abandon(struct sctp_flight *f, struct sctp_message *m)
{
	if (m->cut < m->len && !tt_sctp_flight_room(f))
		return;
	struct serial32 t = s32_before_eq(m->first, f->cum) ? s32_add(f->cum, 1) : m->first;
	for (size_t left = m->chunks; left > 0; t = s32_add(t, 1)) { /* others lie between them */
		struct sctp_sent *c = tt_sctp_flight_at(f, t);
		if (c->m != m)
			continue;
		leave_state(f, c);
		c->state = SCTP_ABANDONED;
		left--;
	}
	if (m->cut < m->len) {
		add_placeholder(f, m);
		tt_sctp_queue_give_up(f->queue, m);
	}
	m->abandoned = true;
	f->abandoned++;
}

static bool is_hopeless(const struct sctp_sent *c, taut_time now)
{
	return c->m->expires <= now ||
	       (c->m->limit_retransmits && c->resent >= c->m->max_retransmits);
}

void tt_sctp_flight_expire(struct sctp_flight *f, taut_time now, bool may_abandon)
{
	if (s32_before(f->advanced, f->cum))
		f->advanced = f->cum;
	if (!may_abandon)
		return;
	for (struct serial32 t = f->mark_hint; f->marked > 0 && s32_before(t, f->next);
	     t = s32_add(t, 1)) {
		const struct sctp_sent *c = tt_sctp_flight_at(f, t);
		if (c->state == SCTP_MARKED && is_hopeless(c, now))
			abandon(f, c->m);
	}
	/* 3.5 C2: over what is abandoned */
	struct serial32 next = s32_add(f->advanced, 1);
	while (s32_before(next, f->next) && tt_sctp_flight_at(f, next)->state == SCTP_ABANDONED) {
		f->advanced = next;
		next = s32_add(next, 1);
	}
	assert(tt_sctp_flight_adds_up(f));
}

/* Newly acknowledged, cumulatively or by a gap block. */
static void count_ack(struct sctp_flight *f, struct serial32 tsn, const struct sctp_sent *c,
                      taut_time now, struct sctp_ack_result *out)
{
	if (c->state == SCTP_IN_FLIGHT || c->state == SCTP_MARKED)
		out->bytes += tt_sctp_sent_size(f, c);
	if (f->timing && s32_eq(f->timed, tsn)) {
		f->timing = false;
		out->rtt = c->state == SCTP_ABANDONED ? -1 : now - f->timed_at;
	}
}

static void ack_cumulative(struct sctp_flight *f, struct serial32 cum, taut_time now,
                           struct sctp_ack_result *out)
{
	while (s32_before(f->cum, cum)) {
		struct serial32 tsn = s32_add(f->cum, 1);
		struct sctp_sent *c = tt_sctp_flight_at(f, tsn);
		count_ack(f, tsn, c, now, out);
		leave_state(f, c);
		c->m->chunks--;
		tt_sctp_queue_release(f->queue, c->m);
		f->cum = tsn;
		out->advanced = true;
	}
	if (s32_before(f->highest_gap, f->cum))
		f->highest_gap = f->cum;
	if (s32_before_eq(f->mark_hint, f->cum))
		f->mark_hint = s32_add(f->cum, 1);
}

/* Answers the highest TSN newly acknowledged, or cum. */
static struct serial32 ack_gaps(struct sctp_flight *f, const struct sctp_sack *s, taut_time now,
                                struct sctp_ack_result *out)
{
	struct serial32 newest = s->cum;
	struct rd gaps = s->gaps;

	for (size_t n = 0; n < s->gap_count; n++) {
		struct sctp_gap g = tt_sctp_next_gap(&gaps);
		struct serial32 t = s32_add(s->cum, g.start), end = s32_add(s->cum, g.end);
		for (; s32_before_eq(t, end); t = s32_add(t, 1)) {
			struct sctp_sent *c = tt_sctp_flight_at(f, t);
			if (c->state != SCTP_IN_FLIGHT && c->state != SCTP_MARKED)
				continue;
			count_ack(f, t, c, now, out);
			leave_state(f, c);
			c->state = SCTP_ACKED;
			newest = t;
		}
		if (s32_before(f->highest_gap, end))
			f->highest_gap = end;
	}
	return newest;
}

/* 7.2.4 allows one fast retransmission. One more is sound when chunks that left after it are
 * acknowledged and it is not; waiting for T3 instead costs seconds where loss is high. */
static void miss(struct sctp_flight *f, struct serial32 tsn, struct sctp_sent *c,
                 struct serial32 newest, struct sctp_ack_result *out)
{
	if (c->state != SCTP_IN_FLIGHT || (c->fast && s32_before(newest, c->barrier)) ||
	    ++c->misses < MISSES)
		return;
	c->fast = true;
	mark(f, tsn, c);
	out->lost = true;
}

/* Every TSN that this SACK reports missing. newest: HTNA; all in recovery, 7.2.4. */
static void count_misses(struct sctp_flight *f, const struct sctp_sack *s, struct serial32 newest,
                         struct sctp_ack_result *out)
{
	struct rd gaps = s->gaps;
	struct sctp_gap g = { 0 };
	struct serial32 t = s32_add(s->cum, 1);
	size_t n = 0;
	bool all = f->recovering && out->advanced;

	for (; s32_before_eq(t, f->highest_gap); t = s32_add(t, 1)) {
		while (n < s->gap_count && g.end < s32_diff(s->cum, t)) {
			g = tt_sctp_next_gap(&gaps);
			n++;
		}
		struct sctp_sent *c = tt_sctp_flight_at(f, t);
		uint32_t offset = s32_diff(s->cum, t);
		if (offset >= g.start && offset <= g.end)
			continue;
		if (c->state == SCTP_ACKED) { /* 6.2.1 iii: the peer threw it away after all */
			c->state = SCTP_IN_FLIGHT;
			f->flight += tt_sctp_sent_size(f, c);
			out->reneged = true;
			miss(f, t, c, newest, out);
		} else if (all || s32_before(t, newest)) {
			miss(f, t, c, newest, out);
		}
	}
}

/* Does it lie within what was sent, and not before what is known? */
static bool is_plausible(const struct sctp_flight *f, const struct sctp_sack *s)
{
	struct rd gaps = s->gaps;
	struct sctp_gap last = { 0 };

	if (s32_before(s->cum, f->cum))
		return false;
	for (size_t n = 0; n < s->gap_count; n++)
		last = tt_sctp_next_gap(&gaps);
	return s32_before(s32_add(s->cum, last.end), f->next);
}

bool tt_sctp_flight_ack(struct sctp_flight *f, const struct sctp_sack *s, taut_time now,
                        bool may_abandon, struct sctp_ack_result *out)
{
	*out = (struct sctp_ack_result){ .rtt = -1 };
	if (!is_plausible(f, s))
		return false;
	ack_cumulative(f, s->cum, now, out);
	struct serial32 newest = ack_gaps(f, s, now, out);
	if (!s->cum_only)
		count_misses(f, s, newest, out);
	if (f->recovering && s32_before_eq(f->exit, f->cum))
		f->recovering = false;
	if (out->lost && !f->recovering) {
		out->enter_recovery = true;
		f->recovering = true;
		f->exit = s32_add(f->next, UINT32_MAX); /* the highest outstanding TSN */
	}
	tt_sctp_flight_expire(f, now, may_abandon);
	return true;
}

void tt_sctp_flight_timeout(struct sctp_flight *f, taut_time now, bool may_abandon)
{
	for (struct serial32 t = s32_add(f->cum, 1); s32_before(t, f->next); t = s32_add(t, 1)) {
		struct sctp_sent *c = tt_sctp_flight_at(f, t);
		if (c->state == SCTP_IN_FLIGHT) {
			mark(f, t, c);
			c->fast = false; /* it may be found missing anew after this */
		}
	}
	f->recovering = false;
	tt_sctp_flight_expire(f, now, may_abandon);
}
