/* sctp_order.c - messages in the order of their streams: RFC 9260 sections 6.5 and 6.6.
 *
 * A stream delivers the message whose turn it is; later ones wait in an array sorted
 * by their numbers. In practice they arrive in order and are appended. SSNs have 16 bits;
 * here they are counted on past them, so that there is one kind of number. */
#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "sctp/rx/sctp_run.h"

#define HALF 0x80000000u /* of all numbers: those that lie before one */

bool tt_sctp_order_has_stream(struct sctp_reassembly *r, uint16_t stream)
{
	if (stream < r->stream_count)
		return true;
	size_t want = tt_min(tt_max((size_t)stream + 1, 2 * r->stream_count), r->max_streams);
	struct sctp_rx_stream *all = tt_resize(r->env, r->streams, want * sizeof *all);

	if (!all)
		return false;
	for (size_t i = r->stream_count; i < want; i++)
		all[i] = (struct sctp_rx_stream){ .next = r->first };
	r->streams = all;
	r->stream_count = want;
	return stream < want;
}

static void make_ready(struct sctp_reassembly *r, struct sctp_run *run)
{
	run->next = NULL;
	*r->ready_tail = run;
	r->ready_tail = &run->next;
	r->ready_bytes += tt_sctp_run_cost(run->cap);
}

static void deliver(struct sctp_reassembly *r, struct sctp_run *run)
{
	if (run->abandoned)
		tt_sctp_run_free(r, run);
	else
		make_ready(r, run);
}

/* 16 bits name the number next to the one whose turn it is. */
struct serial32 tt_sctp_order_widen(const struct sctp_reassembly *r, uint16_t stream, uint16_t ssn)
{
	struct serial32 next = stream < r->stream_count ? r->streams[stream].next : r->first;
	uint16_t ahead = (uint16_t)(ssn - (uint16_t)next.v);

	return s32_add(next, ahead < 0x8000 ? ahead : ahead - 0x10000u);
}

/* Delivers what waits as long as it is its turn. */
static void drain(struct sctp_reassembly *r, struct sctp_rx_stream *s)
{
	size_t n = 0;

	while (n < s->count && s32_eq(s->waiting[n]->mid, s->next)) {
		deliver(r, s->waiting[n++]);
		s->next = s32_add(s->next, 1);
	}
	s->count -= n;
	if (n > 0)
		memmove(s->waiting, s->waiting + n, s->count * sizeof s->waiting[0]);
}

/* The first place whose MID is not before mid; from the end, where it nearly always is. */
static size_t place(const struct sctp_rx_stream *s, struct serial32 mid)
{
	size_t lo = 0, hi = s->count;

	if (hi > 0 && s32_before(s->waiting[hi - 1]->mid, mid))
		return hi;
	while (lo < hi) {
		size_t half = lo + (hi - lo) / 2;
		if (s32_before(s->waiting[half]->mid, mid))
			lo = half + 1;
		else
			hi = half;
	}
	return lo;
}

static bool has_place(struct sctp_reassembly *r, struct sctp_rx_stream *s)
{
	if (s->count < s->cap)
		return true;
	size_t cap = s->cap ? 2 * s->cap : 16;
	struct sctp_run **all = tt_resize(r->env, s->waiting, cap * sizeof *all);
	if (!all)
		return false;
	s->waiting = all;
	s->cap = cap;
	return true;
}

bool tt_sctp_order_prepare(struct sctp_reassembly *r, const struct sctp_data *d)
{
	if (!tt_sctp_order_has_stream(r, d->stream))
		return false;
	struct sctp_rx_stream *s = &r->streams[d->stream];
	return d->unordered || s32_eq(d->mid, s->next) || has_place(r, s);
}

static void wait_for_turn(struct sctp_reassembly *r, struct sctp_rx_stream *s, struct sctp_run *run)
{
	size_t at = place(s, run->mid);

	assert(s->count < s->cap);
	if (at < s->count && s32_eq(s->waiting[at]->mid, run->mid)) {
		tt_sctp_run_free(r, run); /* a number used twice: the first wins */
		return;
	}
	memmove(s->waiting + at + 1, s->waiting + at, (s->count - at) * sizeof *s->waiting);
	s->waiting[at] = run;
	s->count++;
}

/* Of an unordered message only what FORWARD-TSN named is known. Its fragments have TSNs that the
 * tracker takes, so they are few, and a number far ahead of it says that none is under way. */
static bool was_skipped(struct sctp_rx_stream *s, struct serial32 mid)
{
	if (!s->has_skipped)
		return false;
	if (s32_before(s->skipped, mid)) {
		s->has_skipped = s32_diff(s->skipped, mid) < SCTP_TSN_AHEAD;
		return false;
	}
	return s32_diff(mid, s->skipped) < SCTP_TSN_AHEAD;
}

bool tt_sctp_order_is_over(struct sctp_reassembly *r, const struct sctp_data *d)
{
	if (d->stream >= r->stream_count) /* as it will be */
		return !d->unordered && s32_before(d->mid, r->first);
	struct sctp_rx_stream *s = &r->streams[d->stream];
	if (d->unordered)
		return was_skipped(s, d->mid);
	if (s32_before(d->mid, s->next))
		return true;
	size_t at = place(s, d->mid);
	return at < s->count && s32_eq(s->waiting[at]->mid, d->mid);
}

void tt_sctp_order_add(struct sctp_reassembly *r, struct sctp_run *run)
{
	if (run->discard)
		run->kind = SCTP_READY_TOO_LARGE;
	if (run->unordered) {
		deliver(r, run);
		return;
	}
	assert(run->stream < r->stream_count);
	struct sctp_rx_stream *s = &r->streams[run->stream];
	if (s32_before(run->mid, s->next)) {
		tt_sctp_run_free(r, run); /* its turn is over: skipped, or a number used twice */
	} else if (s32_eq(run->mid, s->next)) {
		deliver(r, run);
		s->next = s32_add(s->next, 1);
		drain(r, s);
	} else if (has_place(r, s)) {
		wait_for_turn(r, s, run);
	} else {
		/* Made whole by FORWARD-TSN, not by a chunk that order_prepare was asked for; it
		 * would only pass its turn on, and the FORWARD-TSN names that as well. */
		assert(run->abandoned);
		tt_sctp_run_free(r, run);
	}
}

/* The fragments of messages up to that one. */
static void drop_fragments(struct sctp_reassembly *r, const struct sctp_skipped *skip)
{
	const uint32_t to = skip->mid.v;

	if (to < HALF - 1) { /* what lies before it is past the wrap */
		tt_sctp_reassembly_drop(r, skip->stream, skip->unordered, to + HALF + 1,
		                        UINT32_MAX);
		tt_sctp_reassembly_drop(r, skip->stream, skip->unordered, 0, to);
	} else {
		tt_sctp_reassembly_drop(r, skip->stream, skip->unordered, to - (HALF - 1), to);
	}
}

static void skip_unordered(struct sctp_rx_stream *s, struct serial32 mid)
{
	if (!s->has_skipped || s32_before(s->skipped, mid))
		s->skipped = mid;
	s->has_skipped = true;
}

/* RFC 3758 section 3.6: what is complete up to the message is delivered, what is missing is not
 * waited for any more. */
static void skip_ordered(struct sctp_reassembly *r, struct sctp_rx_stream *s, struct serial32 mid)
{
	if (s32_before(mid, s->next))
		return;
	while (s->count > 0 && s32_before_eq(s->waiting[0]->mid, mid)) {
		s->next = s->waiting[0]->mid;
		drain(r, s);
	}
	if (s32_before_eq(s->next, mid))
		s->next = s32_add(mid, 1);
	drain(r, s);
}

void tt_sctp_reassembly_skip_stream(struct sctp_reassembly *r, const struct sctp_skipped *skip)
{
	struct serial32 mid = skip->mid;

	if (skip->stream >= r->max_streams || !tt_sctp_order_has_stream(r, skip->stream))
		return;
	if (r->interleaved)
		drop_fragments(r, skip);
	else
		mid = tt_sctp_order_widen(r, skip->stream, (uint16_t)mid.v);
	struct sctp_rx_stream *s = &r->streams[skip->stream];
	if (skip->unordered)
		skip_unordered(s, mid);
	else
		skip_ordered(r, s, mid);
}

bool tt_sctp_reassembly_reset(struct sctp_reassembly *r, uint16_t stream)
{
	const struct sctp_data nothing = { .stream = stream };

	if (!tt_sctp_order_has_stream(r, stream))
		return false;
	struct sctp_run *mark = tt_sctp_run_new(r, &nothing);
	if (!mark)
		return false;
	struct sctp_rx_stream *s = &r->streams[stream];
	for (size_t i = 0; i < s->count; i++) /* no honest sender leaves out SSNs before them */
		tt_sctp_run_free(r, s->waiting[i]);
	s->count = 0;
	s->next = s32(0); /* RFC 8260 section 2.3.2: of both kinds */
	s->has_skipped = false;
	for (int unordered = 0; r->interleaved && unordered < 2; unordered++)
		tt_sctp_reassembly_drop(r, stream, unordered, 0, UINT32_MAX);
	mark->kind = SCTP_READY_RESET;
	make_ready(r, mark);
	r->resets++;
	return true;
}

static void free_lent(struct sctp_reassembly *r)
{
	if (r->lent)
		r->ready_bytes -= tt_sctp_run_cost(r->lent->cap);
	tt_sctp_run_free(r, r->lent);
	r->lent = NULL;
}

static struct sctp_run *take_ready(struct sctp_reassembly *r)
{
	struct sctp_run *run = r->ready;

	if (!run)
		return NULL;
	r->ready = run->next;
	if (!r->ready)
		r->ready_tail = &r->ready;
	if (run->kind == SCTP_READY_RESET)
		r->resets--;
	return run;
}

const struct sctp_run *tt_sctp_reassembly_poll(struct sctp_reassembly *r)
{
	r->restarted = false;
	do {
		free_lent(r);
		r->lent = take_ready(r);
	} while (r->lent && r->lent->abandoned);
	if (r->lent)
		r->lent->loan = 0;
	return r->lent;
}

void tt_sctp_reassembly_restart(struct sctp_reassembly *r)
{
	struct sctp_run *run;

	tt_sctp_reassembly_clear(r, false);
	r->restarted = true;
	while ((run = take_ready(r)) != NULL) {
		r->ready_bytes -= tt_sctp_run_cost(run->cap);
		tt_sctp_run_free(r, run);
	}
}

static void clear_streams(struct sctp_reassembly *r)
{
	for (size_t i = 0; i < r->stream_count; i++) {
		struct sctp_rx_stream *s = &r->streams[i];
		for (size_t n = 0; n < s->count; n++)
			tt_sctp_run_free(r, s->waiting[n]);
		tt_free(r->env, s->waiting);
	}
	tt_free(r->env, r->streams);
	r->streams = NULL;
	r->stream_count = 0;
}

void tt_sctp_reassembly_clear(struct sctp_reassembly *r, bool all)
{
	for (size_t i = 0; i < r->count; i++)
		tt_sctp_run_free(r, r->runs[i]);
	tt_free(r->env, r->runs);
	r->runs = NULL;
	r->count = r->cap = 0;
	r->has_skipped = false;
	clear_streams(r);
	while (all && tt_sctp_reassembly_poll(r))
		;
	assert(!all || r->held == 0);
}
