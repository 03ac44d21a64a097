/* env_ready.c - which connection has something to do, and when the next one will.
 *
 * Whoever calls a connection makes it ready: it stands in a list. Found there with
 * nothing more to say it goes to sleep, in a heap by its deadline, until that has
 * come or somebody calls it again. So nobody asks all connections. */
#include "base/num.h"
#include "peer/pc.h"

/* ---- the heap; places count from 1 ---- */

static void put(struct taut_env *env, size_t at, struct taut_pc *pc)
{
	env->asleep[at - 1] = pc;
	pc->asleep_at = at;
}

static void sift_up(struct taut_env *env, size_t at)
{
	struct taut_pc *pc = env->asleep[at - 1];

	for (; at > 1 && pc->wakes_at < env->asleep[at / 2 - 1]->wakes_at; at /= 2)
		put(env, at, env->asleep[at / 2 - 1]);
	put(env, at, pc);
}

static void sift_down(struct taut_env *env, size_t at)
{
	struct taut_pc *pc = env->asleep[at - 1];

	for (size_t child; (child = 2 * at) <= env->asleep_count; at = child) {
		if (child < env->asleep_count &&
		    env->asleep[child]->wakes_at < env->asleep[child - 1]->wakes_at)
			child++;
		if (pc->wakes_at <= env->asleep[child - 1]->wakes_at)
			break;
		put(env, at, env->asleep[child - 1]);
	}
	put(env, at, pc);
}

static void leave_heap(struct taut_pc *pc)
{
	struct taut_env *env = pc->owner;
	const size_t at = pc->asleep_at;
	struct taut_pc *last = env->asleep[--env->asleep_count];

	pc->asleep_at = 0;
	if (last == pc)
		return;
	put(env, at, last);
	sift_up(env, at);
	sift_down(env, last->asleep_at);
}

/* ---- the list ---- */

static void join_list(struct taut_pc *pc)
{
	struct taut_env *env = pc->owner;

	pc->before_ready = env->ready_last;
	pc->next_ready = NULL;
	if (env->ready_last)
		env->ready_last->next_ready = pc;
	else
		env->ready = pc;
	env->ready_last = pc;
}

static void leave_list(struct taut_pc *pc)
{
	struct taut_env *env = pc->owner;

	if (pc->before_ready)
		pc->before_ready->next_ready = pc->next_ready;
	else
		env->ready = pc->next_ready;
	if (pc->next_ready)
		pc->next_ready->before_ready = pc->before_ready;
	else
		env->ready_last = pc->before_ready;
}

static void sleep_until(struct taut_pc *pc, taut_time at)
{
	struct taut_env *env = pc->owner;

	leave_list(pc);
	pc->wakes_at = at;
	put(env, ++env->asleep_count, pc);
	sift_up(env, pc->asleep_at);
}

void pc_wake(struct taut_pc *pc)
{
	if (pc->asleep_at == 0)
		return;
	leave_heap(pc);
	join_list(pc);
}

/* ---- connections come and go ---- */

int pc_enlist(struct taut_pc *pc)
{
	struct taut_env *env = pc->owner;

	if (env->count == env->room) {
		const size_t room = env->room ? 2 * env->room : 8;
		struct taut_pc **heap = tt_resize(&env->base, env->asleep, room * sizeof *heap);
		if (!heap)
			return TAUT_E_NOMEM;
		env->asleep = heap;
		env->room = room;
	}
	env->count++;
	join_list(pc);
	return TAUT_OK;
}

void pc_delist(struct taut_pc *pc)
{
	struct taut_env *env = pc->owner;

	if (pc->asleep_at > 0)
		leave_heap(pc);
	else
		leave_list(pc);
	if (--env->count > 0)
		return;
	tt_free(&env->base, env->asleep);
	env->asleep = NULL;
	env->room = 0;
}

/* ---- questions ---- */

static void wake_due(struct taut_env *env, taut_time now)
{
	while (env->asleep_count > 0 && env->asleep[0]->wakes_at <= now)
		pc_wake(env->asleep[0]);
}

/* The one found goes to the end of the list, so that a busy connection starves no other. */
taut_pc *taut_env_ready(taut_env *env, taut_time now)
{
	wake_due(env, now);
	for (struct taut_pc *pc; (pc = env->ready) != NULL;) {
		const bool wants = pc->wants_send || pc->wants_io || pc->wants_event;
		const taut_time at = wants ? now : taut_pc_deadline(pc, NULL);
		if (at <= now) {
			leave_list(pc);
			join_list(pc);
			return pc;
		}
		sleep_until(pc, at);
	}
	return NULL;
}

static void earlier(const struct taut_pc *pc, taut_time *first, const char **why)
{
	const char *reason = NULL;
	const taut_time at = taut_pc_deadline(pc, &reason);

	if (at >= *first)
		return;
	*first = at;
	if (why)
		*why = reason;
}

taut_time taut_env_deadline(const taut_env *env, const char **why)
{
	taut_time first = INT64_MAX;

	for (const struct taut_pc *pc = env->ready; pc; pc = pc->next_ready)
		earlier(pc, &first, why);
	if (env->asleep_count > 0 && why)
		earlier(env->asleep[0], &first, why);
	else if (env->asleep_count > 0) /* as it was when it fell asleep */
		first = tt_min64(first, env->asleep[0]->wakes_at);
	return first;
}
