/* sctp_reassembly.c - see sctp_reassembly.h: from fragments to messages.
 *
 * RFC 9260 section 6.9. A message is a chain of runs without a gap between its
 * B fragment and its E fragment. With DATA and with I-DATA the chains are the same; what
 * is different is which number makes them, and how they lie in the array. */
#include "sctp/rx/sctp_reassembly.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "sctp/rx/sctp_run.h"

#define RESERVE_MORE 65536 /* beside a whole message: overhead of its fragments */
#define MAX_RUNS SCTP_TSN_AHEAD /* a place among more would take long to make */

void tt_sctp_reassembly_init(struct sctp_reassembly *r, struct tt_env *env, size_t limit,
                             size_t max_message, size_t max_streams)
{
	*r = (struct sctp_reassembly){
		.env = env, .limit = limit, .max_message = max_message, .max_streams = max_streams,
		.reserve = tt_min(max_message + RESERVE_MORE, limit / 2),
	};
	r->ready_tail = &r->ready;
}

size_t tt_sctp_reassembly_room(const struct sctp_reassembly *r)
{
	size_t open = r->limit - r->reserve;

	return r->held < open ? open - r->held : 0;
}

/* The place of a message among others. DATA: all share the one row of TSNs. */
static uint64_t message_key(uint16_t stream, bool unordered, uint32_t mid)
{
	return (uint64_t)stream << 33 | (uint64_t)unordered << 32 | mid;
}

static uint64_t key_of(const struct sctp_run *run)
{
	return message_key(run->stream, run->unordered, run->mid.v);
}

static bool begins_by(const struct sctp_reassembly *r, const struct sctp_run *run, uint64_t key,
                      struct serial32 number)
{
	if (!r->interleaved)
		return s32_before_eq(run->first, number);
	return key_of(run) < key || (key_of(run) == key && run->first.v <= number.v);
}

/* The number of runs that begin at or before that fragment. */
static size_t place(const struct sctp_reassembly *r, uint64_t key, struct serial32 number)
{
	size_t lo = 0, hi = r->count;

	if (hi > 0 && begins_by(r, r->runs[hi - 1], key, number))
		return hi;
	while (lo < hi) {
		size_t half = lo + (hi - lo) / 2;
		if (begins_by(r, r->runs[half], key, number))
			lo = half + 1;
		else
			hi = half;
	}
	return lo;
}

static bool follows(const struct sctp_reassembly *r, const struct sctp_run *a,
                    const struct sctp_run *b)
{
	return s32_eq(s32_add(a->last, 1), b->first) && (!r->interleaved || key_of(a) == key_of(b));
}

static bool same_message(const struct sctp_run *run, const struct sctp_data *d)
{
	return key_of(run) == message_key(d->stream, d->unordered, d->mid.v);
}

/* The run that ends right before the chunk, or the one that begins right behind it. */
struct neighbours {
	struct sctp_run *before, *behind;
};

static struct neighbours neighbours_of(const struct sctp_reassembly *r, size_t at,
                                       const struct sctp_data *d)
{
	struct serial32 number = tt_sctp_run_number(r, d);
	struct sctp_run *before = at > 0 ? r->runs[at - 1] : NULL;
	struct sctp_run *behind = at < r->count ? r->runs[at] : NULL;
	struct neighbours n = { 0 };

	if (before && s32_eq(s32_add(before->last, 1), number) &&
	    (!r->interleaved || same_message(before, d)))
		n.before = before;
	if (behind && s32_eq(s32_add(number, 1), behind->first))
		n.behind = behind;
	return n;
}

/* RFC 8260 section 2.1: FSNs count from 0 at B up to E, each once. */
static bool is_misnumbered(const struct sctp_reassembly *r, size_t at, const struct sctp_data *d)
{
	const struct sctp_run *before = at > 0 ? r->runs[at - 1] : NULL;
	const struct sctp_run *behind = at < r->count ? r->runs[at] : NULL;

	if (!d->begin && d->fsn == 0)
		return true;
	if (before && same_message(before, d) && (before->end || before->last.v >= d->fsn))
		return true;
	return d->end && behind && same_message(behind, d);
}

/* 6.9: between B and E there is nothing but the middle of one message. A neighbour that arrived
 * and is in no run was a whole message, or its end, or beginning. */
static bool is_impossible(const struct sctp_reassembly *r, const struct sctp_tracker *t,
                          const struct neighbours *n, const struct sctp_data *d)
{
	struct serial32 before = s32_add(d->tsn, UINT32_MAX);

	if (n->before) {
		if (n->before->end ? !d->begin : d->begin || !same_message(n->before, d))
			return true;
	} else if (!d->begin && tt_sctp_tracker_has(t, before) &&
	           !(r->has_skipped && s32_eq(before, r->skipped))) {
		return true;
	}
	if (n->behind)
		return n->behind->begin ? !d->end : d->end || !same_message(n->behind, d);
	return !d->end && tt_sctp_tracker_has(t, s32_add(d->tsn, 1));
}

static bool insert_run(struct sctp_reassembly *r, size_t at, struct sctp_run *run)
{
	if (r->count == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 16;
		struct sctp_run **all = tt_resize(r->env, r->runs, cap * sizeof *all);
		if (!all)
			return false;
		r->runs = all;
		r->cap = cap;
	}
	memmove(r->runs + at + 1, r->runs + at, (r->count - at) * sizeof *r->runs);
	r->runs[at] = run;
	r->count++;
	return true;
}

static void remove_runs(struct sctp_reassembly *r, size_t at, size_t n)
{
	r->count -= n;
	memmove(r->runs + at, r->runs + at + n, (r->count - at) * sizeof *r->runs);
}

/* The runs from lo to hi are the whole message: one run with all its bytes. False: no memory,
 * nothing changed. */
static bool join(struct sctp_reassembly *r, size_t lo, size_t hi)
{
	struct sctp_run **head = &r->runs[lo];
	size_t more = 0;

	for (size_t i = lo + 1; i <= hi; i++)
		more += r->runs[i]->len;
	if (more > 0 && !tt_sctp_run_grow(r, head, more))
		return false;
	for (size_t i = lo + 1; i <= hi; i++) {
		struct sctp_run *run = r->runs[i];
		memcpy((*head)->data + (*head)->len, run->data, run->len);
		(*head)->len += run->len;
		(*head)->last = run->last;
		(*head)->abandoned = (*head)->abandoned || run->abandoned;
		tt_sctp_run_free(r, run);
	}
	(*head)->end = true;
	remove_runs(r, lo + 1, hi - lo);
	return true;
}

/* After runs[at] grew: is its message whole now, or too large? Walks left first, because without
 * a beginning there is nothing to decide. */
static bool settle(struct sctp_reassembly *r, size_t at)
{
	size_t lo = at, hi = at, len = 0;

	while (!r->runs[lo]->begin && lo > 0 && follows(r, r->runs[lo - 1], r->runs[lo]))
		lo--;
	if (!r->runs[lo]->begin)
		return true;
	while (!r->runs[hi]->end && hi + 1 < r->count && follows(r, r->runs[hi], r->runs[hi + 1]))
		hi++;
	bool discard = r->runs[lo]->abandoned;
	for (size_t i = lo; i <= hi; i++) {
		discard = discard || r->runs[i]->discard; /* one fragment alone was too large */
		len += r->runs[i]->len;
	}
	if (discard || len > r->max_message)
		for (size_t i = lo; i <= hi; i++)
			tt_sctp_run_discard(r, &r->runs[i]);
	if (!r->runs[hi]->end)
		return true;
	if (!join(r, lo, hi))
		return false;
	tt_sctp_run_trim(r, &r->runs[lo]);
	struct sctp_run *whole = r->runs[lo];
	r->last_len = whole->len;
	remove_runs(r, lo, 1);
	tt_sctp_order_add(r, whole);
	return true;
}

static enum sctp_taken append(struct sctp_reassembly *r, size_t at, const struct sctp_data *d)
{
	struct sctp_run **run = &r->runs[at];

	if (!(*run)->discard) {
		if (!tt_sctp_run_grow(r, run, d->len))
			return SCTP_NO_MEMORY;
		tt_work(d->len);
		memcpy((*run)->data + (*run)->len, d->data, d->len);
		(*run)->len += d->len;
	}
	(*run)->last = s32_add((*run)->last, 1);
	(*run)->end = d->end;
	if (settle(r, at))
		return SCTP_TAKEN;
	/* undone, so that the chunk can come again */
	(*run)->last = s32_add((*run)->last, UINT32_MAX);
	(*run)->end = false;
	if (!(*run)->discard)
		(*run)->len -= d->len;
	return SCTP_NO_MEMORY;
}

static enum sctp_taken add_alone(struct sctp_reassembly *r, size_t at, const struct sctp_data *d,
                                 bool orphan)
{
	struct sctp_run *run = tt_sctp_run_new(r, d);

	if (!run)
		return SCTP_NO_MEMORY;
	run->abandoned = orphan;
	run->begin = run->begin || orphan;
	if (d->len > r->max_message)
		tt_sctp_run_discard(r, &run);
	if (run->begin && run->end) {
		tt_sctp_order_add(r, run);
		return SCTP_TAKEN;
	}
	if (!insert_run(r, at, run)) {
		tt_sctp_run_free(r, run);
		return SCTP_NO_MEMORY;
	}
	if (settle(r, at))
		return SCTP_TAKEN;
	tt_sctp_run_free(r, r->runs[at]);
	remove_runs(r, at, 1);
	return SCTP_NO_MEMORY;
}

/* What arrives in order may use the reserve: it alone can make room. Room that a message has made, and
 * that counts already, is there for its fragments in any case. */
static enum sctp_taken room_for(const struct sctp_reassembly *r, const struct sctp_tracker *t,
                                const struct neighbours *n, const struct sctp_data *d)
{
	const struct sctp_run *run = n->before && !n->before->end ? n->before : NULL;
	bool made = run && (run->discard || d->len <= run->cap - run->len);
	size_t need = tt_sctp_run_cost(d->len);
	bool next = s32_eq(s32_add(t->cum, 1), d->tsn);
	size_t limit = next ? r->limit : r->limit - r->reserve;

	if (made || (r->count < MAX_RUNS && r->held <= limit && need <= limit - r->held))
		return SCTP_TAKEN;
	return next && r->ready_bytes == 0 ? SCTP_STUCK : SCTP_NO_ROOM;
}

static enum sctp_taken add(struct sctp_reassembly *r, const struct sctp_tracker *t,
                           const struct sctp_data *d)
{
	size_t at = place(r, message_key(d->stream, d->unordered, d->mid.v),
	                  tt_sctp_run_number(r, d));
	struct neighbours n = neighbours_of(r, at, d);
	enum sctp_taken room = room_for(r, t, &n, d);

	assert(d->stream < r->max_streams);
	if (r->interleaved ? is_misnumbered(r, at, d) : is_impossible(r, t, &n, d))
		return SCTP_VIOLATION;
	if (room != SCTP_TAKEN)
		return room;
	if (!tt_sctp_order_prepare(r, d))
		return SCTP_NO_MEMORY;
	if (n.before && !n.before->end)
		return append(r, at - 1, d);
	/* the middle of a message whose beginning FORWARD-TSN skipped */
	bool orphan = !d->begin && r->has_skipped &&
	              s32_eq(s32_add(d->tsn, UINT32_MAX), r->skipped);
	return add_alone(r, at, d, orphan);
}

enum sctp_taken tt_sctp_reassembly_add(struct sctp_reassembly *r, const struct sctp_tracker *t,
                                       const struct sctp_data *d)
{
	struct sctp_data wide = *d;

	assert(d->interleaved == r->interleaved);
	if (r->interleaved)
		return tt_sctp_order_is_over(r, d) ? SCTP_TAKEN : add(r, t, d);
	wide.mid = d->unordered ? s32(0) : tt_sctp_order_widen(r, d->stream, (uint16_t)d->mid.v);
	return add(r, t, &wide);
}

void tt_sctp_reassembly_drop(struct sctp_reassembly *r, uint16_t stream, bool unordered,
                             uint32_t from, uint32_t to)
{
	const uint64_t first = message_key(stream, unordered, from);
	size_t lo = first ? place(r, first - 1, s32(UINT32_MAX)) : 0;
	size_t hi = place(r, message_key(stream, unordered, to), s32(UINT32_MAX));

	assert(r->interleaved && from <= to);
	if (lo == hi)
		return;
	for (size_t i = lo; i < hi; i++)
		tt_sctp_run_free(r, r->runs[i]);
	remove_runs(r, lo, hi - lo);
}

void tt_sctp_reassembly_skip(struct sctp_reassembly *r, struct serial32 cum)
{
	size_t kept = 0;

	if (r->interleaved)
		return; /* the list names every message, RFC 8260 section 2.3.1 */
	for (size_t i = 0; i < r->count; i++) {
		struct sctp_run *run = r->runs[i];
		if (s32_before_eq(run->last, cum)) {
			tt_sctp_run_free(r, run);
			continue;
		}
		r->runs[kept] = run;
		/* its beginning is gone, or going: the rest is never delivered */
		if (s32_before_eq(run->first, cum) ||
		    (s32_eq(run->first, s32_add(cum, 1)) && !run->begin)) {
			run->begin = run->abandoned = true;
			tt_sctp_run_discard(r, &r->runs[kept]);
		}
		kept++;
	}
	r->count = kept;
	r->skipped = cum;
	r->has_skipped = true;
	if (kept > 0 && r->runs[0]->abandoned)
		settle(r, 0);
}
