/* sctp_run.c - the bytes of fragments in a row, counted against the window. */
#include "sctp/rx/sctp_run.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"

enum { MAX_EXPECTED = 4 };

size_t tt_sctp_run_cost(size_t cap)
{
	return sizeof(struct sctp_run) + cap;
}

struct serial32 tt_sctp_run_number(const struct sctp_reassembly *r, const struct sctp_data *d)
{
	return r->interleaved ? s32(d->fsn) : d->tsn;
}

/* Messages of a channel are often of about one size: the first fragment makes room for as much as the
 * last one had that came in fragments, so that the others are not copied again. What is made and not
 * filled counts against the window: about an eighth of what is left of it, and only while there are
 * few runs, so that messages that begin never take more than a part from those that go on. */
static size_t expected(const struct sctp_reassembly *r, const struct sctp_data *d)
{
	if (!d->begin || d->end || r->count >= MAX_EXPECTED ||
	    r->last_len > tt_sctp_reassembly_room(r) / 8)
		return d->len;
	return tt_max(d->len, r->last_len);
}

static struct sctp_run *take_block(struct sctp_reassembly *r, const struct sctp_data *d, size_t *cap)
{
	*cap = expected(r, d);
	struct sctp_run *run = tt_take_large(r->env, tt_sctp_run_cost(*cap));

	if (!run && *cap > d->len) {
		*cap = d->len;
		run = tt_take_large(r->env, tt_sctp_run_cost(*cap));
	}
	if (run && *cap > d->len)
		*cap = tt_room(run) - tt_sctp_run_cost(0); /* for one that is a little longer */
	return run;
}

/* As long as an end waits to be polled, a message may be of a stream's next life, and who lends would know the stream
 * by the one before: that takes its loans back, and the message with them. */
static struct tt_sctp_loan borrow(const struct sctp_reassembly *r, const struct sctp_data *d)
{
	const struct tt_sctp_lender *l = &r->lender;
	const bool end_waits = r->restarted || r->resets > 0;

	return d->begin && l->lend && !end_waits ? l->lend(l->ctx, d->stream, d->ppid, d->len)
						 : (struct tt_sctp_loan){ 0 };
}

struct sctp_run *tt_sctp_run_new(struct sctp_reassembly *r, const struct sctp_data *d)
{
	const struct tt_sctp_loan loan = borrow(r, d);
	size_t cap = d->len; /* of a loan only what is used counts */
	struct sctp_run *run = loan.size > 0 ? tt_resize(r->env, NULL, tt_sctp_run_cost(0))
					     : take_block(r, d, &cap);
	struct serial32 number = tt_sctp_run_number(r, d);

	if (!run && loan.size > 0)
		r->lender.back(r->lender.ctx, d->stream, loan.memory);
	if (!run)
		return NULL;
	*run = (struct sctp_run){
		.first = number, .last = number,
		.stream = d->stream, .mid = d->mid, .ppid = d->ppid,
		.begin = d->begin, .end = d->end, .unordered = d->unordered,
		.len = d->len, .cap = cap,
		.data = loan.size > 0 ? loan.memory : run->own, .loan = loan.size,
	};
	tt_work(d->len);
	if (d->len > 0)
		memcpy(run->data, d->data, d->len);
	r->held += tt_sctp_run_cost(run->cap);
	return run;
}

void tt_sctp_run_free(struct sctp_reassembly *r, struct sctp_run *run)
{
	if (!run)
		return;
	assert(r->held >= tt_sctp_run_cost(run->cap));
	r->held -= tt_sctp_run_cost(run->cap);
	tt_sctp_run_give_back(r, run);
	tt_give(r->env, run);
}

void tt_sctp_run_give_back(struct sctp_reassembly *r, struct sctp_run *run)
{
	if (run->loan > 0)
		r->lender.back(r->lender.ctx, run->stream, run->data);
	run->loan = 0;
	run->data = run->own;
}

void tt_sctp_run_bring_home(struct sctp_reassembly *r, struct sctp_run *run)
{
	if (run->loan > 0)
		memcpy(run->own, run->data, run->len);
	tt_sctp_run_give_back(r, run);
}

/* What shrinks is moved, so that the large block is there for the next message. */
static struct sctp_run *shrink(struct sctp_reassembly *r, struct sctp_run *run, size_t cap)
{
	struct sctp_run *moved = tt_take_large(r->env, tt_sctp_run_cost(cap));

	if (!moved)
		return tt_resize(r->env, run, tt_sctp_run_cost(cap));
	memcpy(moved, run, tt_sctp_run_cost(cap));
	tt_give(r->env, run);
	return moved;
}

static bool resize(struct sctp_reassembly *r, struct sctp_run **run, size_t cap)
{
	struct sctp_run *moved = cap < (*run)->cap
					 ? shrink(r, *run, cap)
					 : tt_resize(r->env, *run, tt_sctp_run_cost(cap));

	if (!moved)
		return false;
	r->held = r->held - tt_sctp_run_cost(moved->cap) + tt_sctp_run_cost(cap);
	moved->cap = cap;
	if (moved->loan == 0)
		moved->data = moved->own;
	*run = moved;
	return true;
}

/* In a loan there is room already, and what is used of it counts. */
static bool use_loan(struct sctp_reassembly *r, struct sctp_run *run, size_t need)
{
	if (need > run->loan)
		return false;
	r->held += need - run->cap;
	run->cap = need;
	return true;
}

/* Doubling, so that a message of n fragments is copied about twice and not n times, but never
 * above the largest message nor, with room that nothing fills yet, above the window. */
bool tt_sctp_run_grow(struct sctp_reassembly *r, struct sctp_run **run, size_t more)
{
	size_t need = (*run)->len + more;

	if (need <= (*run)->cap || use_loan(r, *run, need))
		return true;
	size_t spare = tt_sctp_reassembly_room(r);
	size_t want = tt_min(tt_min(2 * need, r->max_message), (*run)->cap + spare);
	if (!resize(r, run, tt_max(need, want)))
		return false;
	tt_sctp_run_bring_home(r, *run);
	return true;
}

void tt_sctp_run_trim(struct sctp_reassembly *r, struct sctp_run **run)
{
	const size_t full = tt_sctp_run_cost((*run)->len);

	if ((*run)->loan == 0 && tt_sctp_run_cost((*run)->cap) > full + full / 8) {
		resize(r, run, (*run)->len);
		return;
	}
	/* The peer counts octets of messages, so that is what counts against its window. */
	r->held -= (*run)->cap - (*run)->len;
	(*run)->cap = (*run)->len;
}

void tt_sctp_run_discard(struct sctp_reassembly *r, struct sctp_run **run)
{
	(*run)->discard = true;
	(*run)->len = 0;
	tt_sctp_run_give_back(r, *run);
	resize(r, run, 0); /* should that fail, it only stays counted */
}
