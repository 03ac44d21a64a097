/* sctp_flight.c - the ring of chunks on their way; see sctp_flight.h. */
#include "sctp/tx/sctp_flight.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

void tt_sctp_flight_init(struct sctp_flight *f, struct tt_env *env, struct sctp_queue *q,
                         struct serial32 first)
{
	struct serial32 before = s32_add(first, UINT32_MAX);

	*f = (struct sctp_flight){ .env = env, .queue = q, .cum = before, .next = first,
	                           .advanced = before, .highest_gap = before, .told_all = true, .mark_hint = first };
	tt_sctp_rack_init(&f->rack, before);
}

uint32_t tt_sctp_flight_count(const struct sctp_flight *f)
{
	return s32_diff(f->cum, f->next) - 1;
}

struct sctp_sent *tt_sctp_flight_at(const struct sctp_flight *f, struct serial32 tsn)
{
	assert(s32_before(f->cum, tsn) && s32_before(tsn, f->next));
	return &f->ring[tsn.v & (f->cap - 1)];
}

size_t tt_sctp_flight_header(const struct sctp_flight *f)
{
	return f->queue->interleaved ? SCTP_I_DATA_HEADER : SCTP_DATA_HEADER;
}

size_t tt_sctp_sent_size(const struct sctp_flight *f, const struct sctp_sent *c)
{
	return tt_sctp_flight_header(f) + (((size_t)c->len + 3) & ~(size_t)3);
}

bool tt_sctp_flight_room(struct sctp_flight *f)
{
	uint32_t n = tt_sctp_flight_count(f);

	if (n >= SCTP_MAX_OUTSTANDING)
		return false;
	if (n < f->cap)
		return true;
	uint32_t cap = f->cap ? 2 * f->cap : 4;
	if (!tt_sctp_bits_grow(&f->bits, f->env, cap, s32_add(f->cum, 1), f->bits.cap ? n : 0))
		return false;
	struct sctp_sent *ring = tt_resize(f->env, NULL, cap * sizeof *ring);
	if (!ring)
		return false;
	for (struct serial32 t = s32_add(f->cum, 1); s32_before(t, f->next); t = s32_add(t, 1))
		ring[t.v & (cap - 1)] = f->ring[t.v & (f->cap - 1)];
	tt_free(f->env, f->ring);
	f->ring = ring;
	f->cap = cap;
	return true;
}

struct serial32 tt_sctp_flight_cut(struct sctp_flight *f, struct sctp_message *m, size_t max,
                                   taut_time now)
{
	struct serial32 tsn = f->next;
	size_t len = tt_min(max, m->len - m->cut);

	assert(tt_sctp_flight_count(f) < f->cap);
	f->next = s32_add(f->next, 1);
	struct sctp_sent *c = tt_sctp_flight_at(f, tsn);
	*c = (struct sctp_sent){ .m = m, .at = m->cut, .fsn = m->fsn, .sent = now,
	                         .stamp = tt_sctp_rate_stamp(&f->rate, now, f->flight == 0),
	                         .len = tt_u16(len), .state = SCTP_IN_FLIGHT,
	                         .begin = m->cut == 0, .end = m->cut + len == m->len };
	if (c->begin)
		m->first = tsn;
	m->chunks++;
	tt_sctp_queue_cut(f->queue, m, len);
	f->flight += tt_sctp_sent_size(f, c);
	tt_sctp_list_append(f, tsn);
	if (!f->timing) { /* 6.3.1 C4: one measurement per round trip */
		f->timing = true;
		f->timed = tsn;
		f->timed_at = now;
	}
	return tsn;
}

/* ---- the list ---- */

void tt_sctp_list_append(struct sctp_flight *f, struct serial32 tsn)
{
	struct sctp_sent *c = tt_sctp_flight_at(f, tsn);

	c->older = f->newest;
	if (f->listed++ == 0)
		f->oldest = tsn;
	else
		tt_sctp_flight_at(f, f->newest)->newer = tsn;
	f->newest = tsn;
}

void tt_sctp_list_prepend(struct sctp_flight *f, struct serial32 tsn)
{
	struct sctp_sent *c = tt_sctp_flight_at(f, tsn);

	c->newer = f->oldest;
	if (f->listed++ == 0)
		f->newest = tsn;
	else
		tt_sctp_flight_at(f, f->oldest)->older = tsn;
	f->oldest = tsn;
}

/* The outer neighbours of its ends mean nothing. */
void tt_sctp_list_remove(struct sctp_flight *f, struct serial32 tsn)
{
	const struct sctp_sent *c = tt_sctp_flight_at(f, tsn);
	const bool first = s32_eq(f->oldest, tsn), last = s32_eq(f->newest, tsn);

	assert(f->listed > 0);
	f->listed--;
	if (first)
		f->oldest = c->newer;
	else
		tt_sctp_flight_at(f, c->older)->newer = c->newer;
	if (last)
		f->newest = c->older;
	else
		tt_sctp_flight_at(f, c->newer)->older = c->older;
}

/* ---- what is sent again ---- */

bool tt_sctp_flight_marked(struct sctp_flight *f, struct serial32 *tsn)
{
	if (f->marked == 0)
		return false;
	while (tt_sctp_flight_at(f, f->mark_hint)->state != SCTP_MARKED)
		f->mark_hint = s32_add(f->mark_hint, 1);
	*tsn = f->mark_hint;
	return true;
}

void tt_sctp_flight_resent(struct sctp_flight *f, struct serial32 tsn, taut_time now)
{
	struct sctp_sent *c = tt_sctp_flight_at(f, tsn);

	assert(c->state == SCTP_MARKED);
	c->state = SCTP_IN_FLIGHT;
	c->sent = now;
	c->stamp = tt_sctp_rate_stamp(&f->rate, now, f->flight == 0);
	if (c->resent < UINT16_MAX)
		c->resent++;
	f->marked--;
	f->flight += tt_sctp_sent_size(f, c);
	tt_sctp_list_append(f, tsn);
	if (f->timing && s32_eq(f->timed, tsn))
		f->timing = false; /* 6.3.1 C5, Karn: which of the two was acknowledged? */
}

struct sctp_data tt_sctp_flight_data(const struct sctp_flight *f, struct serial32 tsn)
{
	const struct sctp_sent *c = tt_sctp_flight_at(f, tsn);

	return (struct sctp_data){
		.tsn = tsn,
		.stream = c->m->stream,
		.interleaved = f->queue->interleaved,
		.mid = c->m->mid,
		.fsn = c->fsn,
		.ppid = c->m->ppid,
		.begin = c->begin,
		.end = c->end,
		.unordered = c->m->unordered,
		.data = c->m->bytes + c->at,
		.len = c->len,
	};
}

void tt_sctp_flight_clear(struct sctp_flight *f)
{
	for (struct serial32 t = s32_add(f->cum, 1); s32_before(t, f->next); t = s32_add(t, 1)) {
		struct sctp_message *m = tt_sctp_flight_at(f, t)->m;
		tt_sctp_queue_give_up(f->queue, m);
		m->chunks--;
		tt_sctp_queue_release(f->queue, m);
	}
	tt_free(f->env, f->ring);
	tt_sctp_bits_free(&f->bits, f->env);
	*f = (struct sctp_flight){ .env = f->env, .queue = f->queue };
	f->next = s32_add(f->cum, 1);
}
