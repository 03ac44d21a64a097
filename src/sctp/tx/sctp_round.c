/* sctp_round.c - see sctp_round.h. */
#include "sctp/tx/sctp_round.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

#define SCALE 65536 /* of a byte at weight 1, so that at the greatest weight it is still one */

bool tt_sctp_round_grow(struct sctp_round *r, struct tt_env *env, size_t had, size_t streams)
{
	struct sctp_turn *all = tt_resize(env, r->turns, streams * sizeof *all);

	if (!all)
		return false;
	memset(all + had, 0, (streams - had) * sizeof *all);
	r->turns = all;
	return true;
}

void tt_sctp_round_free(struct sctp_round *r, struct tt_env *env)
{
	tt_free(env, r->turns);
	*r = (struct sctp_round){ 0 };
}

static bool is_before(const struct sctp_round *r, uint16_t a, uint16_t b)
{
	const struct sctp_turn *x = &r->turns[a], *y = &r->turns[b];

	if (x->tag != y->tag)
		return y->tag - x->tag < UINT64_MAX / 2;
	if (x->is_new != y->is_new)
		return x->is_new;
	return y->since - x->since < UINT32_MAX / 2;
}

/* ---- a heap: no entry is before the one above it, at half its number ---- */

static void put(struct sctp_round *r, unsigned h, size_t at, uint16_t stream)
{
	r->turns[at].heap[h] = stream;
	r->turns[stream].place = tt_u16(at);
}

static void rise(struct sctp_round *r, unsigned h, size_t at, uint16_t stream)
{
	while (at > 0) {
		const uint16_t above = r->turns[(at - 1) / 2].heap[h];
		if (!is_before(r, stream, above))
			break;
		put(r, h, at, above);
		at = (at - 1) / 2;
	}
	put(r, h, at, stream);
}

static void sink(struct sctp_round *r, unsigned h, size_t at, uint16_t stream)
{
	for (size_t below; (below = 2 * at + 1) < r->count[h]; at = below) {
		if (below + 1 < r->count[h] &&
		    is_before(r, r->turns[below + 1].heap[h], r->turns[below].heap[h]))
			below++;
		if (!is_before(r, r->turns[below].heap[h], stream))
			break;
		put(r, h, at, r->turns[below].heap[h]);
	}
	put(r, h, at, stream);
}

static void insert(struct sctp_round *r, uint16_t stream, enum sctp_standing standing)
{
	const unsigned h = standing - SCTP_READY;

	r->turns[stream].standing = tt_u8(standing);
	rise(r, h, r->count[h]++, stream);
}

static void take_out(struct sctp_round *r, uint16_t stream)
{
	struct sctp_turn *t = &r->turns[stream];
	const unsigned h = t->standing - SCTP_READY;
	const size_t at = t->place;

	t->standing = SCTP_OUT;
	const uint16_t last = r->turns[--r->count[h]].heap[h];
	if (last == stream)
		return;
	if (is_before(r, last, stream))
		rise(r, h, at, last);
	else
		sink(r, h, at, last);
}

/* ---- */

/* When nobody has anything left, all begin alike: what one has sent alone is owed to nobody. */
static void settle(struct sctp_round *r)
{
	if (r->count[0] + r->count[1] == 0)
		r->now = r->last = r->latest;
}

/* Whether a tag is later than now. No tag of a stream is later than the latest, so that one that lies outside of
 * what is between is of the past, however long ago: a stream that comes back after the clock went round has at worst
 * the latest tag. */
static bool is_ahead(const struct sctp_round *r, uint64_t tag)
{
	return tag != r->now && tag - r->now <= r->latest - r->now;
}

void tt_sctp_round_join(struct sctp_round *r, uint16_t stream)
{
	struct sctp_turn *t = &r->turns[stream];

	if (t->standing == SCTP_READY)
		return;
	if (t->standing == SCTP_HELD_BACK) { /* its tag is its due */
		take_out(r, stream);
	} else {
		if (!is_ahead(r, t->tag)) {
			t->tag = r->last;
			t->lead = r->now - r->last;
		}
		t->since = r->came++;
		t->is_new = true;
	}
	insert(r, stream, SCTP_READY);
}

void tt_sctp_round_hold_back(struct sctp_round *r, uint16_t stream)
{
	assert(r->turns[stream].standing == SCTP_READY);
	take_out(r, stream);
	insert(r, stream, SCTP_HELD_BACK);
}

void tt_sctp_round_leave(struct sctp_round *r, uint16_t stream)
{
	if (r->turns[stream].standing == SCTP_OUT)
		return;
	take_out(r, stream);
	settle(r);
}

void tt_sctp_round_forget(struct sctp_round *r, uint16_t stream)
{
	struct sctp_turn *t = &r->turns[stream];

	if (t->standing != SCTP_OUT) /* a heap is in the order of its tags */
		return;
	t->tag = r->now;
	t->lead = 0;
}

uint32_t tt_sctp_round_first(const struct sctp_round *r, enum sctp_standing heap)
{
	const unsigned h = heap - SCTP_READY;

	return r->count[h] > 0 ? r->turns[0].heap[h] : SCTP_NO_STREAM;
}

void tt_sctp_round_charge(struct sctp_round *r, uint16_t stream, size_t bytes, bool begins)
{
	struct sctp_turn *t = &r->turns[stream];

	assert(t->standing == SCTP_READY);
	if (begins)
		r->last = t->tag;
	if (begins && is_ahead(r, t->tag)) /* not who was held back */
		r->now = t->tag;
	t->tag += t->lead + (uint64_t)bytes * SCALE / (t->weight ? t->weight : SCTP_WEIGHT_NORMAL);
	t->lead = 0;
	t->since = r->came++;
	t->is_new = false;
	if (t->tag - r->latest < UINT64_MAX / 2)
		r->latest = t->tag;
	sink(r, 0, t->place, stream);
}
