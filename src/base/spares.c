/* spares.c - buffers of packets that connections of one environment hand to each other; see env.h.
 *
 * A list for each multiple of TT_SPARE_STEP; a buffer that waits has the next one in its first
 * bytes, and nobody may touch the rest. */
#include "base/env.h"
#include "base/env_header.h"
#include "base/num.h"
#include "base/poison.h"

enum { CLASSES = TT_SPARE_MOST / TT_SPARE_STEP + 1 };

struct spare {
	struct spare *next;
};

/* bytes is the sum of what waits, at most `most`. */
struct tt_spares {
	struct spare *first[CLASSES];
	size_t bytes, most;
};

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

void tt_spares_free(struct tt_env *env)
{
	for (size_t i = 0; env->spares && i < CLASSES; i++)
		for (struct spare *s = env->spares->first[i], *next; s; s = next) {
			next = s->next;
			tt_unpoison(s, i * TT_SPARE_STEP);
			tt_free(env, s);
		}
	tt_free(env, env->spares);
	env->spares = NULL;
}

static struct spare *pop(struct tt_spares *all, size_t class)
{
	struct spare *s = all->first[class];

	all->first[class] = s->next;
	all->bytes -= class * TT_SPARE_STEP;
	tt_unpoison(s, class * TT_SPARE_STEP);
	return s;
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
	const size_t class = (size + TT_SPARE_STEP - 1) / TT_SPARE_STEP;

	if (size == 0 || class >= CLASSES)
		return tt_resize(env, NULL, size);
	if (!env->spares || !env->spares->first[class])
		return tt_resize(env, NULL, class * TT_SPARE_STEP);
	if (!may_take(env, class * TT_SPARE_STEP))
		return NULL;
	count(env, 0, class * TT_SPARE_STEP);
	return pop(env->spares, class);
}

void tt_give(struct tt_env *env, void *p)
{
	const size_t size = p ? tt_header_of(p)->size : 0, class = size / TT_SPARE_STEP;
	struct tt_spares *all = env->spares;
	struct spare *s = p;

	if (!all || class == 0 || class >= CLASSES || size % TT_SPARE_STEP != 0 ||
	    size > all->most - all->bytes) {
		tt_free(env, p);
		return;
	}
	s->next = all->first[class];
	all->first[class] = s;
	all->bytes += size;
	count(env, size, 0);
	tt_poison(s + 1, size - sizeof *s);
}

size_t tt_spares_waiting(const struct tt_env *env)
{
	return env->spares ? env->spares->bytes : 0;
}
