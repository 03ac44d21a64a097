/* sctp_ack.c - what an acknowledgement, its absence or time do to the chunks in flight.
 *
 * RFC 9260 sections 6.2.1 and 6.3.3 (T3-rtx), RFC 3758 section 3.5 (giving up); what is lost sctp_rack.c says. */
#include <assert.h>

#include "base/num.h"
#include "sctp/tx/sctp_flight.h"

bool tt_sctp_flight_adds_up(const struct sctp_flight *f)
{
	size_t flight = 0, marked = 0, listed = 0;

	for (struct serial32 t = s32_add(f->cum, 1); s32_before(t, f->next); t = s32_add(t, 1)) {
		const struct sctp_sent *c = tt_sctp_flight_at(f, t);
		flight += c->state == SCTP_IN_FLIGHT ? tt_sctp_sent_size(f, c) : 0;
		marked += c->state == SCTP_MARKED;
		listed += c->state == SCTP_IN_FLIGHT;
	}
	return flight == f->flight && marked == f->marked && listed == f->listed;
}

/* Out of the state it is in, with what was counted for it. */
static void leave_state(struct sctp_flight *f, struct serial32 tsn, struct sctp_sent *c)
{
	if (c->state == SCTP_IN_FLIGHT) {
		f->flight -= tt_sctp_sent_size(f, c);
		tt_sctp_list_remove(f, tsn);
	}
	if (c->state == SCTP_MARKED)
		f->marked--;
}

void tt_sctp_flight_mark(struct sctp_flight *f, struct serial32 tsn)
{
	struct sctp_sent *c = tt_sctp_flight_at(f, tsn);

	leave_state(f, tsn, c);
	c->state = SCTP_MARKED;
	c->reneged = false;
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
		leave_state(f, t, c);
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

bool tt_sctp_flight_may_resend(const struct sctp_flight *f, struct serial32 tsn, taut_time now)
{
	return !is_hopeless(tt_sctp_flight_at(f, tsn), now);
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

void tt_sctp_signs_lost(struct sctp_pmtu_signs *signs, const struct sctp_sent *c)
{
	if (c->packet == 0)
		return;
	if (signs->lost_packet == 0 || c->packet < signs->lost_packet)
		signs->lost_packet = c->packet;
	signs->lost = tt_max64(signs->lost, c->sent);
}

/* ---- acknowledgements ---- */

/* Receivers name no more gaps than a packet has room for (ours, usrsctp), or than 20 (dcSCTP, which is Chromium's). */
enum { DCSCTP_GAPS = 20 };

static bool tells_all(size_t gaps, size_t packet)
{
	return gaps != DCSCTP_GAPS && 4 * gaps < packet / 4 * 3;
}

struct ack {
	const struct sctp_ack_setting *with;
	struct sctp_ack_result *out;
};

/* Newly acknowledged, cumulatively or by a gap block. */
static void count_ack(struct sctp_flight *f, struct serial32 tsn, const struct sctp_sent *c,
                      const struct ack *a)
{
	const taut_time now = a->with->now;
	const bool news = c->state == SCTP_IN_FLIGHT || c->state == SCTP_MARKED;
	const bool awake = c->sent >= a->with->awake_since;

	if (news) {
		const size_t size = tt_sctp_sent_size(f, c);
		a->out->bytes += size;
		tt_sctp_rate_acked(&f->rate, &c->stamp, c->sent, now, size, awake ? &a->out->rate : NULL);
		if (awake)
			tt_sctp_rack_acked(&f->rack, c, tsn, now, a->with->least_rtt);
		a->out->signs.acked = tt_u16(tt_max(a->out->signs.acked, c->packet));
		a->out->signs.full = a->out->signs.full || c->full;
	}
	if (news && awake && c->resent == 0) /* the last one: it was under way the shortest */
		a->out->shortest = now - c->sent;
	if (f->timing && s32_eq(f->timed, tsn)) {
		f->timing = false;
		a->out->rtt = c->state == SCTP_ABANDONED || !awake ? -1 : now - f->timed_at;
	}
}

static void forget_bit(struct sctp_flight *f, struct serial32 tsn)
{
	f->told -= tt_sctp_bit(&f->bits, tsn);
	tt_sctp_set_bit(&f->bits, tsn, false);
}

static void ack_cumulative(struct sctp_flight *f, struct serial32 cum, const struct ack *a)
{
	while (s32_before(f->cum, cum)) {
		struct serial32 tsn = s32_add(f->cum, 1);
		struct sctp_sent *c = tt_sctp_flight_at(f, tsn);
		count_ack(f, tsn, c, a);
		leave_state(f, tsn, c);
		forget_bit(f, tsn);
		c->m->chunks--;
		tt_sctp_queue_release(f->queue, c->m);
		f->cum = tsn;
		a->out->advanced = true;
	}
	if (s32_before(f->highest_gap, f->cum))
		f->highest_gap = f->cum;
	if (s32_before_eq(f->mark_hint, f->cum))
		f->mark_hint = s32_add(f->cum, 1);
}

/* Named by this SACK and not by the one before. */
static void tell(struct sctp_flight *f, struct serial32 start, struct serial32 end, const struct ack *a)
{
	struct serial32 t = tt_sctp_find_bit(&f->bits, start, end, false);

	for (; s32_before_eq(t, end); t = tt_sctp_find_bit(&f->bits, t, end, false)) {
		struct sctp_sent *c = tt_sctp_flight_at(f, t);
		tt_sctp_set_bit(&f->bits, t, true);
		f->told++;
		if (c->state != SCTP_IN_FLIGHT && c->state != SCTP_MARKED)
			continue;
		count_ack(f, t, c, a);
		leave_state(f, t, c);
		c->state = SCTP_ACKED;
	}
}

/* The other way round, 6.2.1 iii: the peer threw it away after all, or the SACKs came in another order. */
static void take_back(struct sctp_flight *f, struct serial32 start, struct serial32 end,
                      const struct ack *a)
{
	struct serial32 t = tt_sctp_find_bit(&f->bits, start, end, true);

	for (; s32_before_eq(t, end); t = tt_sctp_find_bit(&f->bits, t, end, true)) {
		struct sctp_sent *c = tt_sctp_flight_at(f, t);
		forget_bit(f, t);
		if (c->state != SCTP_ACKED)
			continue;
		c->state = SCTP_IN_FLIGHT;
		c->reneged = true;
		f->flight += tt_sctp_sent_size(f, c);
		tt_sctp_list_prepend(f, t);
		a->out->reneged = true;
	}
}

static void ack_gaps(struct sctp_flight *f, const struct sctp_sack *s, const struct ack *a)
{
	struct serial32 at = s32_add(s->cum, 1), last = s->cum;
	struct rd gaps = s->gaps;

	for (size_t n = 0; n < s->gap_count; n++) {
		struct sctp_gap g = tt_sctp_next_gap(&gaps);
		struct serial32 start = s32_add(s->cum, g.start);
		take_back(f, at, s32_add(start, UINT32_MAX), a);
		last = s32_add(s->cum, g.end);
		tell(f, start, last, a);
		at = s32_add(last, 1);
	}
	const bool all = tells_all(s->gap_count, a->with->packet);
	if (!all || !f->told_all)
		f->rate.blind = f->rate.delivered;
	f->told_all = all;
	f->told_up_to = last;
	if (!all && s32_before(last, f->highest_gap))
		return;
	take_back(f, at, f->highest_gap, a);
	f->highest_gap = last;
}

bool tt_sctp_flight_was_sent(const struct sctp_flight *f, const struct sctp_sack *s)
{
	struct rd gaps = s->gaps;
	struct sctp_gap last = { 0 };

	if (s32_before(s->cum, f->cum))
		return true; /* an old one: it was all within what has been acknowledged since, or may be */
	for (size_t n = 0; n < s->gap_count; n++)
		last = tt_sctp_next_gap(&gaps);
	return s32_before(s32_add(s->cum, last.end), f->next);
}

/* A connection that is idle should not keep the ring of its largest burst. */
static void shrink(struct sctp_flight *f)
{
	enum { KEPT = 32 };

	if (f->cap <= KEPT || tt_sctp_flight_count(f) > 0)
		return;
	tt_free(f->env, f->ring);
	tt_sctp_bits_free(&f->bits, f->env);
	f->ring = NULL;
	f->cap = 0;
}

/* What was found lost begins a recovery, or belongs to the one under way. */
static void finish(struct sctp_flight *f, const struct sctp_ack_setting *with,
                   struct sctp_ack_result *out)
{
	if (out->lost && !f->recovering) {
		out->enter_recovery = true;
		f->recovering = true;
		f->exit = s32_add(f->next, UINT32_MAX); /* the highest outstanding TSN */
	}
	tt_sctp_flight_expire(f, with->now, with->may_abandon);
}

bool tt_sctp_flight_ack(struct sctp_flight *f, const struct sctp_sack *s,
                        const struct sctp_ack_setting *with, struct sctp_ack_result *out,
                        taut_time *look_again)
{
	const struct ack a = { with, out };

	*out = (struct sctp_ack_result){ .rtt = -1, .shortest = -1,
	                                 .signs = SCTP_NO_SIGNS };
	if (s32_before(s->cum, f->cum) || !tt_sctp_flight_was_sent(f, s))
		return false;
	if (s->dup_count > 0)
		tt_sctp_rack_twice(&f->rack, s->cum, f->next);
	ack_cumulative(f, s->cum, &a);
	if (!s->cum_only && f->bits.cap > 0)
		ack_gaps(f, s, &a);
	tt_sctp_rate_finish(&f->rate, &out->rate, with->least_rtt);
	if (f->recovering && s32_before_eq(f->exit, f->cum)) {
		f->recovering = false;
		tt_sctp_rack_recovered(&f->rack);
	}
	const taut_time least = with->least_rtt == 0 ? tt_max64(out->shortest, 0) : with->least_rtt;
	*look_again = tt_sctp_rack_detect(f, with->now, tt_max64(with->srtt, least), least, out);
	finish(f, with, out);
	shrink(f);
	return true;
}

taut_time tt_sctp_flight_look(struct sctp_flight *f, const struct sctp_ack_setting *with,
                              struct sctp_ack_result *out)
{
	*out = (struct sctp_ack_result){ .rtt = -1, .shortest = -1,
	                                 .signs = SCTP_NO_SIGNS };
	const taut_time again = tt_sctp_rack_detect(f, with->now, with->srtt, with->least_rtt, out);
	finish(f, with, out);
	return again;
}

struct sctp_pmtu_signs tt_sctp_flight_timeout(struct sctp_flight *f, taut_time now, bool may_abandon)
{
	struct sctp_pmtu_signs signs = SCTP_NO_SIGNS;

	for (struct serial32 t = s32_add(f->cum, 1); s32_before(t, f->next); t = s32_add(t, 1)) {
		const struct sctp_sent *c = tt_sctp_flight_at(f, t);
		if (c->state != SCTP_IN_FLIGHT)
			continue;
		tt_sctp_signs_lost(&signs, c);
		tt_sctp_flight_mark(f, t);
	}
	f->recovering = false;
	tt_sctp_flight_expire(f, now, may_abandon);
	return signs;
}
