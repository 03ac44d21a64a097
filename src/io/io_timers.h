/* io_timers.h - a heap of one-shot timers with numbers that go stale safely.
 *
 * A number is a slot and the slot's generation: the number of a timer that has
 * fired or was cancelled names nothing any more, whoever uses the slot next. */
#ifndef TAUT_IO_TIMERS_H
#define TAUT_IO_TIMERS_H

#include <stdbool.h>

#include "base/env.h"
#include "taut/loop.h"

enum { TT_TIMERS_MAX = 0xffff };

struct tt_timer {
	taut_time due;
	uint64_t order; /* equal times fire in the order of their making */
	taut_task task;
	void *arg;
	uint16_t at; /* place in the heap, when it is used */
	uint16_t generation;
	uint16_t next_free; /* slot + 1 */
	bool used;
};

/* Invariants: heap[0..count) are slots of used timers, each not later than its children;
 * slots not in the heap are on the free list. */
struct tt_timers {
	struct tt_env *env;
	struct tt_timer *slots;
	uint16_t *heap;
	size_t count, cap;
	uint16_t free_slot; /* slot + 1; 0: none */
	uint64_t made;
};

void tt_timers_init(struct tt_timers *t, struct tt_env *env);
void tt_timers_free(struct tt_timers *t);
/* 0: no memory, or TT_TIMERS_MAX are pending. */
taut_timer tt_timers_add(struct tt_timers *t, taut_time due, taut_task task, void *arg);
void tt_timers_cancel(struct tt_timers *t, taut_timer timer);
taut_time tt_timers_deadline(const struct tt_timers *t); /* INT64_MAX: none */
/* Takes the first timer due by now out of the heap; its task is not called here. */
bool tt_timers_take(struct tt_timers *t, taut_time now, taut_task *task, void **arg);

#endif
