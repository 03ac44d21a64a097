/* spares.c - buffers of packets that connections of one environment hand to each other; see env.h.
 *
 * A list for each size: the multiples of TT_SPARE_STEP that packets have, and for messages eight
 * sizes between a power of two and the next, so that at most an eighth is too much. A buffer
 * that waits has the next one in its first bytes, and nobody may touch the rest. */
#include <assert.h>

#include "base/env.h"
#include "base/env_header.h"
#include "base/num.h"
#include "base/poison.h"

enum {
	SMALL = TT_SPARE_PACKET / TT_SPARE_STEP, /* sizes of packets */
	LEAST_POWER = 1024,
	POWERS = 7, /* from there to TT_SPARE_MESSAGE */
	CLASSES = SMALL + 1 + 8 * POWERS,
};
static_assert((int)TT_SPARE_MESSAGE == LEAST_POWER << POWERS, "each size has its list");

struct spare {
	struct spare *next;
};

/* bytes is the sum of what waits, at most `most`. */
struct tt_spares {
	struct spare *first[CLASSES];
	size_t bytes, most;
};

struct class {
	size_t at, size;
};

/* size 0 for one of which none wait. */
static struct class class_of(size_t size)
{
	size_t step = LEAST_POWER / 8, first = SMALL + 1;

	if (size > TT_SPARE_MESSAGE)
		return (struct class){ 0 };
	if (size <= TT_SPARE_PACKET) {
		const size_t steps = (size + TT_SPARE_STEP - 1) / TT_SPARE_STEP;
		return (struct class){ steps, steps * TT_SPARE_STEP };
	}
	for (; size > 16 * step; step *= 2)
		first += 8;
	const size_t steps = (size + step - 1) / step; /* 9 to 16 */
	return (struct class){ first + steps - 9, steps * step };
}

bool tt_spares_init(struct tt_env *env)
{
	env->spares = tt_alloc(env, sizeof *env->spares);
	if (!env->spares)
		return false;
	/* Of a small share, what waits must not take the place of what is needed. */
	env->spares->most =
		env->max_memory ? tt_min(TT_SPARE_BYTES, env->max_memory / 16) : TT_SPARE_BYTES;
	return true;
}

static struct spare *pop(struct tt_spares *all, size_t class)
{
	struct spare *s = all->first[class];
	const size_t size = tt_header_of(s)->size;

	all->first[class] = s->next;
	all->bytes -= size;
	tt_unpoison(s, size);
	return s;
}

void tt_spares_free(struct tt_env *env)
{
	for (size_t i = 0; env->spares && i < CLASSES; i++)
		while (env->spares->first[i])
			tt_free(env, pop(env->spares, i));
	tt_free(env, env->spares);
	env->spares = NULL;
}

/* What waits is counted by the environment at the top already: below it, whoever takes it. */
static bool may_take(const struct tt_env *env, size_t size)
{
	for (; env->parent; env = env->parent)
		if (env->max_memory != 0 && size > env->max_memory - env->memory)
			return false;
	return true;
}

static void count(struct tt_env *env, size_t had, size_t size)
{
	for (; env->parent; env = env->parent)
		env->memory = env->memory - had + size;
}

void *tt_take(struct tt_env *env, size_t size)
{
	const struct class c = class_of(size);

	if (c.size == 0)
		return tt_resize(env, NULL, size);
	if (env->spares && env->spares->first[c.at] && may_take(env, c.size)) {
		count(env, 0, c.size);
		return pop(env->spares, c.at);
	}
	void *p = tt_resize(env, NULL, c.size);
	return p || c.size == size ? p : tt_resize(env, NULL, size); /* at a ceiling */
}

/* A few messages must not take the place of all packets. */
static bool has_room(const struct tt_spares *all, size_t size)
{
	const size_t most = size > TT_SPARE_PACKET ? all->most / 2 : all->most;

	return all->bytes <= most && size <= most - all->bytes;
}

void tt_give(struct tt_env *env, void *p)
{
	const size_t size = p ? tt_header_of(p)->size : 0;
	const struct class c = class_of(size);
	struct tt_spares *all = env->spares;
	struct spare *s = p;

	if (!all || size == 0 || c.size != size || !has_room(all, size)) {
		tt_free(env, p);
		return;
	}
	s->next = all->first[c.at];
	all->first[c.at] = s;
	all->bytes += size;
	count(env, size, 0);
	tt_poison(s + 1, size - sizeof *s);
}

size_t tt_spares_waiting(const struct tt_env *env)
{
	return env->spares ? env->spares->bytes : 0;
}
