/* point.c - which points fail. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "torture.h"

struct torture_settings torture_set;
struct torture_state torture;
struct torture_points *torture_points;
_Thread_local int torture_busy;

enum { SEEN = 1 << 20 };

/* How often each stack came by. Not static tables: the sanitizer would look through all of them for pointers,
 * in each child. */
struct seen {
	uint64_t hash;
	long count;
};
static struct seen *seen;   /* in all tests so far, for each mode */
static struct seen *passed; /* in this pass of a test */

/* Of a test, the points that will fail, by their stack and how often that came by before. */
static struct {
	struct chosen {
		uint64_t hash;
		long n;
	} * all;
	size_t mask;
} by_stack;

static FILE *took;

static long add(struct seen *all, uint64_t hash)
{
	for (size_t i = 0; i < SEEN; i++) {
		struct seen *s = &all[(hash + i) % SEEN];
		if (s->count == 0 || s->hash == hash) {
			s->hash = hash;
			return s->count++;
		}
	}
	return 0; /* a full table counts no more: each is the first of its kind */
}

static long times_seen(uint64_t hash, unsigned mode)
{
	return add(seen, hash ^ mode * 0x9e3779b97f4a7c15u);
}

static void read_seen(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint64_t hash;

	while (f && fread(&hash, sizeof hash, 1, f) == 1)
		for (unsigned mode = 0; mode < TORTURE_MODES; mode++)
			times_seen(hash, mode);
	if (f)
		fclose(f);
}

static void *map(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void torture_point_init(const char *seen_path, const char *took_path)
{
	torture_points = map(sizeof *torture_points, MAP_SHARED);
	seen = map(SEEN * sizeof *seen, MAP_PRIVATE);
	torture_busy++;
	if (seen_path)
		read_seen(seen_path);
	if (took_path)
		took = fopen(took_path, "wbe");
	torture_busy--;
	/* Only the parent chooses; each page of it would be one more for fork() to copy. */
	madvise(seen, SEEN * sizeof *seen, MADV_DONTFORK);
}

void torture_pass_begins(void)
{
	passed = map(SEEN * sizeof *passed, MAP_PRIVATE);
	madvise(passed, SEEN * sizeof *passed, MADV_DONTFORK); /* children count no more */
}

/* The same for a seed, a test and a point, whatever else is drawn. */
static bool drawn(long index, long n, long share, long of)
{
	uint64_t z = torture_set.seed + (uint64_t)index * 0x9e3779b97f4a7c15u + (uint64_t)n;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % (uint64_t)of < (uint64_t)share;
}

bool torture_draws(long index, long count, long total)
{
	for (long n = 0; n < count; n++)
		if (drawn(index, n, torture_set.sample, total))
			return true;
	return false;
}

/* A stack of a library's is taken once, by the first program that meets it. */
static bool takes(uint64_t hash, unsigned mode)
{
	if (torture_set.most < 1L << 40 && times_seen(hash, mode) > 0)
		return false;
	if (took && mode == 0) {
		fwrite(&hash, sizeof hash, 1, took);
		fflush(took);
	}
	return true;
}

static bool choose(long index, long n, unsigned mode, long count, long total)
{
	if (torture_set.only_n >= 0)
		return n == torture_set.only_n;
	if (torture_set.sample > 0)
		return drawn(index, n, torture_set.sample, total);
	if (torture_points->library[n])
		return takes(torture_points->hash[n], mode);
	if (count <= torture_set.most)
		return true;
	return times_seen(torture_points->hash[n], mode) < torture_set.each ||
	       drawn(index, n, torture_set.drawn, count);
}

/* Other processes have the other shares. They may count another number of points: stacks are the same. */
static bool has_share(long n)
{
	return torture_set.only_n >= 0 || torture_points->hash[n] % (uint64_t)torture_set.shares ==
						  (uint64_t)torture_set.share;
}

static uint64_t key_of(uint64_t hash, uint64_t before)
{
	return hash ^ (before + 1) * 0xd6e8feb86659fd93u;
}

static struct chosen *place_of(uint64_t key)
{
	size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 16) & by_stack.mask;

	while (by_stack.all[at].n != 0 && by_stack.all[at].hash != key)
		at = (at + 1) & by_stack.mask;
	return &by_stack.all[at];
}

static void remember_chosen(void)
{
	size_t count = 0, room = 64;

	for (long n = 0; n < torture_points->count; n++)
		count += torture_points->chosen[n] != 0;
	while (room < 2 * count)
		room *= 2;
	if (by_stack.all)
		munmap(by_stack.all, (by_stack.mask + 1) * sizeof *by_stack.all);
	by_stack.all = map(room * sizeof *by_stack.all, MAP_PRIVATE);
	by_stack.mask = room - 1;
	for (long n = 0; n < torture_points->count; n++) {
		if (torture_points->chosen[n] == 0)
			continue;
		const uint64_t key = key_of(torture_points->hash[n], torture_points->before[n]);
		*place_of(key) = (struct chosen){ key, n + 1 };
	}
}

/* The pass that forks draws other random numbers than the one that counted, so that a call more or less comes
 * between: a point is the same if its stack has come by as often. Below 0: it is none that was chosen. */
static long same_point(const struct torture_stack *s)
{
	const uint64_t hash = torture_hash(s);
	const uint64_t before = (uint64_t)add(passed, hash);

	return place_of(key_of(hash, before))->n - 1;
}

/* Of the points with one stack a fork takes the last for what fails once, from where there is least left
 * to do, and the first for what fails for good, behind which most can. Who runs the test from its start
 * takes the first. */
void torture_choose(long index, long total, bool reruns)
{
	const long count = torture_points->count;
	long own = 0;

	for (long n = 0; n < count; n++) {
		own += !torture_points->library[n];
		torture_points->chosen[n] = 0;
		torture_points->reached[n] = false;
	}
	torture_busy++;
	for (unsigned mode = 0; mode < TORTURE_MODES; mode++)
		for (long i = 0; i < count; i++) {
			const long n = reruns || mode == TORTURE_GOOD ? i : count - 1 - i;
			if (choose(index, n, mode, own, total) && has_share(n))
				torture_points->chosen[n] |= (uint8_t)(1 << mode);
		}
	remember_chosen();
	torture_busy--;
}

static void count(long n, long call_no, const int *errors, const struct torture_stack *s)
{
	uint8_t variants = 0;

	while (errors[variants] != 0)
		variants++;
	torture_points->hash[n] = torture_hash(s);
	torture_points->before[n] = (uint32_t)add(passed, torture_points->hash[n]);
	torture_points->call_no[n] = (uint32_t)call_no;
	torture_points->variants[n] = variants;
	torture_points->library[n] = torture_set.memory && torture_library(s)[0] != '\0';
	torture_points->count = n + 1;
}

/* Where threads take turns the numbers are not the same in each run, the places are. */
static bool await(const char *call, const int *errors, const struct torture_stack *s)
{
	if (torture_hash(s) != torture_points->hash[torture.target] ||
	    __atomic_exchange_n(&torture_points->met, true, __ATOMIC_RELAXED))
		return false;
	unsigned v = 0;
	while (v < torture.variant && errors[v + 1] != 0)
		v++;
	torture.error = torture_points->error = errors[v];
	if (errors[v] == EINTR) /* no signal comes for good */
		torture.mode = TORTURE_ONCE;
	torture.call = torture_points->call = call;
	torture_points->stack = *s;
	torture.phase = TORTURE_FAILED;
	return true;
}

static bool point(const char *call, long call_no, const int *errors, const struct torture_stack *s)
{
	if (torture.phase == TORTURE_AWAIT)
		return await(call, errors, s);
	const long n = __atomic_fetch_add(&torture.n, 1, __ATOMIC_RELAXED);
	if (n >= TORTURE_POINTS)
		return false;
	if (torture.phase == TORTURE_COUNT)
		count(n, call_no, errors, s);
	if (torture.phase != TORTURE_FORK)
		return false;
	const long chosen = same_point(s);
	if (chosen < 0 || torture_points->reached[chosen])
		return false;
	torture_points->reached[chosen] = true;
	return torture_fork(chosen, call, errors, s);
}

/* A library gets no memory, but its system calls are its own affair: except send(), which does not
 * fail but does less, and carries our messages. */
static bool may_fail(const char *call, const struct torture_stack *s)
{
	const char *library = torture_library(s);

	if (!torture_is_ours(s))
		return false;
	if (torture_set.memory)
		return !torture_is_nss(s);
	return library[0] == '\0' ||
	       (strcmp(call, "send") == 0 && strncmp(library, "libwebsockets.", 14) == 0);
}

bool torture_point(const char *call, const int *errors, int *error, void *frame, void *ret)
{
	struct torture_stack s;
	bool fails;

	if (torture.phase == TORTURE_FAILED &&
	    (torture.mode == TORTURE_ONCE || strcmp(call, torture.call) != 0))
		return false;
	const long call_no = __atomic_fetch_add(&torture.calls, 1, __ATOMIC_RELAXED);
	if (torture.phase == TORTURE_AWAIT && call_no < torture.from)
		return false; /* and spared the walk, which costs most */
	torture_busy++;
	torture_walk(&s, frame, ret);
	fails = may_fail(call, &s);
	if (fails && torture.phase != TORTURE_FAILED)
		fails = point(call, call_no, errors, &s);
	torture_busy--;
	*error = torture.error;
	return fails;
}
