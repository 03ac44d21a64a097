/* io_timers.c - a binary heap of slots; see io_timers.h. */
#include "io/io_timers.h"

#include "base/num.h"

void tt_timers_init(struct tt_timers *t, struct tt_env *env)
{
	*t = (struct tt_timers){ .env = env };
}

void tt_timers_free(struct tt_timers *t)
{
	tt_free(t->env, t->slots);
	tt_free(t->env, t->heap);
	*t = (struct tt_timers){ .env = t->env };
}

static bool earlier(const struct tt_timers *t, uint16_t a, uint16_t b)
{
	const struct tt_timer *x = &t->slots[a], *y = &t->slots[b];

	return x->due != y->due ? x->due < y->due : x->order < y->order;
}

static void put(struct tt_timers *t, size_t at, uint16_t slot)
{
	t->heap[at] = slot;
	t->slots[slot].at = tt_u16(at);
}

static void sift_up(struct tt_timers *t, size_t at)
{
	const uint16_t slot = t->heap[at];

	for (; at > 0 && earlier(t, slot, t->heap[(at - 1) / 2]); at = (at - 1) / 2)
		put(t, at, t->heap[(at - 1) / 2]);
	put(t, at, slot);
}

static void sift_down(struct tt_timers *t, size_t at)
{
	const uint16_t slot = t->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= t->count)
			break;
		if (child + 1 < t->count && earlier(t, t->heap[child + 1], t->heap[child]))
			child++;
		if (!earlier(t, t->heap[child], slot))
			break;
		put(t, at, t->heap[child]);
		at = child;
	}
	put(t, at, slot);
}

static bool grow(struct tt_timers *t)
{
	const size_t cap = tt_min(t->cap ? t->cap * 2 : 16, TT_TIMERS_MAX);
	struct tt_timer *slots;
	uint16_t *heap;

	if (t->cap == TT_TIMERS_MAX)
		return false;
	slots = tt_resize(t->env, t->slots, cap * sizeof *slots);
	if (!slots)
		return false;
	t->slots = slots;
	heap = tt_resize(t->env, t->heap, cap * sizeof *heap);
	if (!heap)
		return false;
	t->heap = heap;
	for (size_t i = cap; i-- > t->cap;) {
		t->slots[i] = (struct tt_timer){ .generation = 1, .next_free = t->free_slot };
		t->free_slot = tt_u16(i + 1);
	}
	t->cap = cap;
	return true;
}

taut_timer tt_timers_add(struct tt_timers *t, taut_time due, taut_task task, void *arg)
{
	if (t->free_slot == 0 && !grow(t))
		return 0;

	const uint16_t slot = (uint16_t)(t->free_slot - 1);
	struct tt_timer *timer = &t->slots[slot];

	t->free_slot = timer->next_free;
	timer->used = true;
	timer->due = due;
	timer->order = t->made++;
	timer->task = task;
	timer->arg = arg;
	put(t, t->count, slot);
	sift_up(t, t->count++);
	return (uint32_t)timer->generation << 16 | slot;
}

static void remove_slot(struct tt_timers *t, uint16_t slot)
{
	struct tt_timer *timer = &t->slots[slot];
	const size_t at = timer->at;

	timer->used = false;
	timer->generation = timer->generation == UINT16_MAX ? 1 : (uint16_t)(timer->generation + 1);
	timer->next_free = t->free_slot;
	t->free_slot = (uint16_t)(slot + 1);
	if (at != --t->count) {
		put(t, at, t->heap[t->count]);
		sift_up(t, at);
		sift_down(t, t->slots[t->heap[at]].at);
	}
}

void tt_timers_cancel(struct tt_timers *t, taut_timer timer)
{
	const uint16_t slot = (uint16_t)timer;

	if (slot < t->cap && t->slots[slot].used && t->slots[slot].generation == timer >> 16)
		remove_slot(t, slot);
}

taut_time tt_timers_deadline(const struct tt_timers *t)
{
	return t->count > 0 ? t->slots[t->heap[0]].due : INT64_MAX;
}

bool tt_timers_take(struct tt_timers *t, taut_time now, taut_task *task, void **arg)
{
	if (tt_timers_deadline(t) > now)
		return false;

	const struct tt_timer *first = &t->slots[t->heap[0]];

	*task = first->task;
	*arg = first->arg;
	remove_slot(t, t->heap[0]);
	return true;
}
