/* sctp_order.c - messages in the order of their streams: RFC 9260 sections 6.5 and 6.6.
 *
 * A stream delivers the SSN whose turn it is; later ones wait in an array sorted
 * by SSN. In practice they arrive in order and are appended. */
#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "sctp/rx/sctp_run.h"

bool tt_sctp_order_has_stream(struct sctp_reassembly *r, uint16_t stream)
{
	if (stream < r->stream_count)
		return true;
	size_t want = tt_min(tt_max((size_t)stream + 1, 2 * r->stream_count), r->max_streams);
	struct sctp_rx_stream *all = tt_resize(r->env, r->streams, want * sizeof *all);

	if (!all)
		return false;
	memset(all + r->stream_count, 0, (want - r->stream_count) * sizeof *all);
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

/* Delivers what waits as long as it is its turn. */
static void drain(struct sctp_reassembly *r, struct sctp_rx_stream *s)
{
	size_t n = 0;

	while (n < s->count && s16_eq(s->waiting[n]->ssn, s->next)) {
		deliver(r, s->waiting[n++]);
		s->next = s16_add(s->next, 1);
	}
	s->count -= n;
	if (n > 0)
		memmove(s->waiting, s->waiting + n, s->count * sizeof s->waiting[0]);
}

/* The first place whose SSN is not before ssn; from the end, where it nearly always is. */
static size_t place(const struct sctp_rx_stream *s, struct serial16 ssn)
{
	size_t lo = 0, hi = s->count;

	if (hi > 0 && s16_before(s->waiting[hi - 1]->ssn, ssn))
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s16_before(s->waiting[mid]->ssn, ssn))
			lo = mid + 1;
		else
			hi = mid;
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
	return d->unordered || s16_eq(d->ssn, s->next) || has_place(r, s);
}

static void wait_for_turn(struct sctp_reassembly *r, struct sctp_rx_stream *s, struct sctp_run *run)
{
	size_t at = place(s, run->ssn);

	assert(s->count < s->cap);
	if (at < s->count && s16_eq(s->waiting[at]->ssn, run->ssn)) {
		tt_sctp_run_free(r, run); /* an SSN used twice: the first wins */
		return;
	}
	memmove(s->waiting + at + 1, s->waiting + at, (s->count - at) * sizeof *s->waiting);
	s->waiting[at] = run;
	s->count++;
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
	if (s16_before(run->ssn, s->next)) {
		tt_sctp_run_free(r, run); /* its turn is over: skipped, or a number used twice */
	} else if (s16_eq(run->ssn, s->next)) {
		deliver(r, run);
		s->next = s16_add(s->next, 1);
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

/* RFC 3758 section 3.6: what is complete up to the SSN is delivered, what is missing is not
 * waited for any more. */
void tt_sctp_reassembly_skip_stream(struct sctp_reassembly *r, uint16_t stream, struct serial16 ssn)
{
	if (stream >= r->max_streams || !tt_sctp_order_has_stream(r, stream))
		return;
	struct sctp_rx_stream *s = &r->streams[stream];
	if (s16_before(ssn, s->next))
		return;
	while (s->count > 0 && s16_before_eq(s->waiting[0]->ssn, ssn)) {
		s->next = s->waiting[0]->ssn;
		drain(r, s);
	}
	if (s16_before_eq(s->next, ssn))
		s->next = s16_add(ssn, 1);
	drain(r, s);
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
	s->next = s16(0);
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
	free_lent(r);
	return r->lent = take_ready(r);
}

void tt_sctp_reassembly_restart(struct sctp_reassembly *r)
{
	struct sctp_run *run;

	tt_sctp_reassembly_clear(r, false);
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
