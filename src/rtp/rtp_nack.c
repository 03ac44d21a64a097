/* rtp_nack.c - see rtp_nack.h. */
#include "rtp/rtp_nack.h"

#include <string.h>

#include "base/num.h"

enum {
	REORDER = 5,          /* newer packets that make a hole a loss ... */
	REORDER_TIME = 10000, /* ... or so many microseconds */
	UNKNOWN_RTT = 90000,
	MIN_RETRY = 20000,
};

void tt_nack_free(struct tt_nack *n)
{
	tt_free(n->env, n->list);
	n->list = NULL;
	n->count = n->cap = 0;
}

void tt_nack_clear(struct tt_nack *n)
{
	n->count = 0;
}

/* The first entry that is not before seq. */
static size_t find(const struct tt_nack *n, int64_t seq)
{
	size_t lo = 0, hi = n->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (n->list[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void remove_range(struct tt_nack *n, size_t at, size_t count)
{
	memmove(n->list + at, n->list + at + count, (n->count - at - count) * sizeof *n->list);
	n->count -= count;
}

static bool grow(struct tt_nack *n, size_t count)
{
	if (count <= n->cap)
		return true;
	size_t cap = tt_min(TT_NACK_MAX, tt_max(count, n->cap ? n->cap * 2 : 32));
	struct tt_nack_entry *list = tt_resize(n->env, n->list, cap * sizeof *list);

	if (!list)
		return false;
	n->list = list;
	n->cap = cap;
	return true;
}

bool tt_nack_missing(struct tt_nack *n, taut_time now, int64_t from, int64_t newest)
{
	n->newest = newest;
	tt_nack_forget_before(n, newest - TT_NACK_AGE);
	if (from >= newest)
		return true;
	size_t count = (size_t)(newest - from);

	if (count > TT_NACK_MAX - n->count || !grow(n, n->count + count)) {
		tt_nack_clear(n);
		return false;
	}
	for (int64_t seq = from; seq < newest; seq++)
		n->list[n->count++] = (struct tt_nack_entry){ .seq = seq, .found = now };
	return true;
}

void tt_nack_arrived(struct tt_nack *n, int64_t seq)
{
	size_t i = find(n, seq);

	if (i < n->count && n->list[i].seq == seq)
		remove_range(n, i, 1);
}

void tt_nack_resent(struct tt_nack *n, taut_time now, int64_t seq)
{
	size_t i = find(n, seq);

	/* after a second request nobody knows which one was answered */
	if (i == n->count || n->list[i].seq != seq || n->list[i].tries != 1)
		return;
	taut_time took = now - n->list[i].sent;

	n->rtt = n->rtt > 0 ? (7 * n->rtt + took) / 8 : took;
}

void tt_nack_forget_before(struct tt_nack *n, int64_t seq)
{
	size_t count = find(n, seq);

	if (count > 0)
		remove_range(n, 0, count);
}

bool tt_nack_expects(const struct tt_nack *n, int64_t seq)
{
	size_t i = find(n, seq);

	return i < n->count && n->list[i].seq == seq;
}

static taut_time due(const struct tt_nack *n, const struct tt_nack_entry *e, taut_time rtt)
{
	if (e->tries == 0)
		return e->found + (n->newest - e->seq >= REORDER ? 0 : REORDER_TIME);
	if (rtt == 0)
		rtt = n->rtt > 0 ? n->rtt : UNKNOWN_RTT;
	return e->sent + tt_max64(MIN_RETRY, rtt + 10000);
}

static bool hopeless(const struct tt_nack_entry *e)
{
	return e->tries >= TT_NACK_TRIES;
}

void tt_nack_give_up(struct tt_nack *n, taut_time now, taut_time rtt)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->count; i++) {
		const struct tt_nack_entry e = n->list[i];

		if (!hopeless(&e) || due(n, &e, rtt) > now)
			n->list[kept++] = e;
	}
	n->count = kept;
}

size_t tt_nack_collect(struct tt_nack *n, taut_time now, taut_time rtt, int64_t *out, size_t max)
{
	size_t found = 0;

	for (size_t i = 0; i < n->count && found < max; i++) {
		struct tt_nack_entry *e = &n->list[i];

		if (hopeless(e) || due(n, e, rtt) > now)
			continue;
		out[found++] = e->seq;
		e->tries++;
		e->sent = now;
	}
	return found;
}

taut_time tt_nack_deadline(const struct tt_nack *n, taut_time rtt)
{
	taut_time first = INT64_MAX;

	for (size_t i = 0; i < n->count; i++)
		first = tt_min64(first, due(n, &n->list[i], rtt));
	return first;
}
