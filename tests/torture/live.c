/* live.c - what is allocated, and whether all of it can still be reached.
 *
 * LeakSanitizer finds what was lost too, but it writes to each chunk that there is, in a child that
 * shares them with its parent, and stops the process for it: two thirds of a child's time, and after
 * half of all failures OpenSSL has lost something. So it is asked only where this file cannot tell:
 * where there are threads, or memory that did not come through our malloc (the sanitizer's strdup,
 * memalign), which its count of octets shows. TORTURE_BOTH asks both and takes a difference for a
 * finding. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "torture.h"

extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
extern void *__asan_region_is_poisoned(void *p, size_t size) __attribute__((weak));
extern size_t __asan_get_alloc_stack(void *p, void **frames, size_t size, int *thread)
	__attribute__((weak));
extern void *__libc_stack_end;

struct block {
	uintptr_t at;
	size_t size;
};

/* Open addressing, at most half full, in pages of its own: a table of constant size would be more
 * pages for a child to copy. */
static struct {
	struct block *blocks;
	size_t mask, count, bytes;
	bool taken; /* by one thread */
} live;

/* ---- the table ---- */

static void lock(void)
{
	while (__atomic_test_and_set(&live.taken, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(void)
{
	__atomic_clear(&live.taken, __ATOMIC_RELEASE);
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_Exit(127); /* abort() is ours too, and asks who called it */
	return p;
}

static size_t home(uintptr_t at)
{
	return (at >> 4) * 0x9e3779b97f4a7c15u >> 24 & live.mask;
}

static void put(struct block b)
{
	size_t i = home(b.at);

	while (live.blocks[i].at != 0 && live.blocks[i].at != b.at)
		i = (i + 1) & live.mask;
	live.count += live.blocks[i].at == 0;
	live.blocks[i] = b;
}

static void grow(void)
{
	struct block *old = live.blocks;
	const size_t had = old ? live.mask + 1 : 0, has = had > 0 ? 2 * had : 256;

	live.blocks = map(has * sizeof *old);
	live.mask = has - 1;
	live.count = 0;
	for (size_t i = 0; i < had; i++)
		if (old[i].at != 0)
			put(old[i]);
	if (old)
		munmap(old, had * sizeof *old);
}

/* Whoever stands behind the gap and may stand in it moves there. */
static void close_gap(size_t gap)
{
	for (size_t i = (gap + 1) & live.mask; live.blocks[i].at != 0; i = (i + 1) & live.mask)
		if (((i - home(live.blocks[i].at)) & live.mask) >= ((i - gap) & live.mask)) {
			live.blocks[gap] = live.blocks[i];
			gap = i;
		}
	live.blocks[gap] = (struct block){ 0 };
}

void *torture_given(void *p, size_t size)
{
	if (!torture_set.on || !p)
		return p;
	size += size == 0; /* as the sanitizer has it */
	lock();
	if (2 * (live.count + 1) > live.mask)
		grow();
	put((struct block){ (uintptr_t)p, size });
	live.bytes += size;
	unlock();
	return p;
}

size_t torture_taken(void *p)
{
	size_t size = 0;

	if (!torture_set.on || !p || !live.blocks)
		return 0;
	lock();
	size_t i = home((uintptr_t)p);
	while (live.blocks[i].at != 0 && live.blocks[i].at != (uintptr_t)p)
		i = (i + 1) & live.mask;
	if (live.blocks[i].at != 0) { /* else it was there before us */
		size = live.blocks[i].size;
		live.bytes -= size;
		live.count--;
		close_gap(i);
	}
	unlock();
	return size;
}

size_t torture_untracked(void)
{
	return __sanitizer_get_current_allocated_bytes
		       ? __sanitizer_get_current_allocated_bytes() - live.bytes
		       : 0;
}

/* ---- what can be reached ---- */

static struct {
	struct block *blocks; /* by address */
	bool *marked;
	size_t *queue; /* marked, their content not looked at */
	size_t count, queued, done;
	int pagemap;
} reach;

/* Shell's. qsort takes memory, and so do the pages that it writes to. */
static void sort(struct block *b, size_t count)
{
	size_t gap = 1;

	while (gap < count / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (size_t i = gap; i < count; i++) {
			const struct block moves = b[i];
			size_t to = i;
			for (; to >= gap && b[to - gap].at > moves.at; to -= gap)
				b[to] = b[to - gap];
			b[to] = moves;
		}
}

/* A pointer anywhere into a block holds it. */
static void hold(uintptr_t word, const uintptr_t *from)
{
	size_t low = 0, high = reach.count;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		if (reach.blocks[mid].at <= word)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || reach.marked[low - 1] ||
	    word - reach.blocks[low - 1].at >= reach.blocks[low - 1].size)
		return;
	if (__asan_region_is_poisoned && __asan_region_is_poisoned((void *)from, sizeof *from))
		return; /* a variable that is out of scope, a gap between two */
	reach.marked[low - 1] = true;
	reach.queue[reach.queued++] = low - 1;
}

static void look(uintptr_t from, uintptr_t end)
{
	const uintptr_t low = reach.blocks[0].at;
	const struct block *last = &reach.blocks[reach.count - 1];
	const size_t span = last->at + last->size - low;

	for (from = (from + 7) & ~(uintptr_t)7; from + 8 <= end; from += 8) {
		const uintptr_t *word = (const uintptr_t *)from;
		if (*word - low < span)
			hold(*word, word);
	}
}

/* A page of variables that nobody has written to since it was read from its file holds no pointer to a
 * block, and a child that looks at it must fetch it first. */
static void look_at_written(uintptr_t from, uintptr_t end)
{
	enum { PAGE = 4096, MOST = 512 };
	static const uint64_t here = 3ull << 62, file = 1ull << 61; /* proc(5), pagemap */
	uint64_t pages[MOST];

	for (uintptr_t at = from & ~(uintptr_t)(PAGE - 1); at < end;) {
		const size_t left = (end - at + PAGE - 1) / PAGE, n = left < MOST ? left : MOST;
		const bool known =
			pread(reach.pagemap, pages, n * sizeof *pages,
			      (off_t)(at / PAGE * sizeof *pages)) == (ssize_t)(n * sizeof *pages);
		for (size_t i = 0; i < n; i++, at += PAGE)
			if (!known || ((pages[i] & here) && !(pages[i] & file)))
				look(at > from ? at : from, at + PAGE < end ? at + PAGE : end);
	}
}

/* The variables of the program and of all libraries, and of this thread. */
static int look_at_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type == PT_LOAD && (h->p_flags & PF_W))
			look_at_written(info->dlpi_addr + h->p_vaddr,
					info->dlpi_addr + h->p_vaddr + h->p_memsz);
		if (h->p_type == PT_TLS && info->dlpi_tls_data)
			look((uintptr_t)info->dlpi_tls_data,
			     (uintptr_t)info->dlpi_tls_data + h->p_memsz);
	}
	return 0;
}

enum { LARGE = 1 << 16 }; /* a block of which much may never have been touched */
enum { PTHREAD = 0x900 }; /* struct pthread of glibc 2.36, with the thread's first keys */

/* Not within its caller, whose frame has the registers' content below its address. */
static __attribute__((noinline)) void reach_all(void)
{
	look((uintptr_t)__builtin_frame_address(0), (uintptr_t)__libc_stack_end);
	look((uintptr_t)__builtin_thread_pointer(),
	     (uintptr_t)__builtin_thread_pointer() + PTHREAD);
	reach.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	dl_iterate_phdr(look_at_object, NULL);
	for (; reach.done < reach.queued; reach.done++) {
		const struct block *b = &reach.blocks[reach.queue[reach.done]];
		(b->size < LARGE ? look : look_at_written)(b->at, b->at + b->size);
	}
}

/* ---- what cannot, in the sanitizer's words ---- */

enum { TOLD = 12, TOLD_OF_LIBRARY = 3 }; /* frames, where the program or a library took it */

struct lost {
	void *frames[TOLD];
	size_t depth, objects, bytes;
};

static struct lost *find_lost(struct lost *of, size_t *count, const struct lost *is)
{
	for (size_t i = 0; i < *count; i++)
		if (of[i].depth == is->depth &&
		    memcmp(of[i].frames, is->frames, is->depth * sizeof is->frames[0]) == 0)
			return &of[i];
	of[*count] = *is;
	return &of[(*count)++];
}

/* Frames that are told from where our malloc was called. */
static void shorten(struct lost *l)
{
	size_t skip = 0;

	while (skip < l->depth && torture_is_shim((uintptr_t)l->frames[skip]))
		skip++;
	l->depth -= skip;
	memmove(l->frames, l->frames + skip, l->depth * sizeof l->frames[0]);
	const struct torture_stack s = { .pc = { (uintptr_t)l->frames[0] }, .count = 1 };
	if (l->depth > TOLD_OF_LIBRARY && torture_library(&s)[0] != '\0')
		l->depth = TOLD_OF_LIBRARY;
}

static void tell_lost(const struct lost *l)
{
	char place[4096];

	fprintf(stderr, "Leak of %zu byte(s) in %zu object(s) allocated from:\n", l->bytes,
		l->objects);
	for (size_t i = 0; i < l->depth; i++) {
		torture_place((uintptr_t)l->frames[i] - 1, place, sizeof place);
		fprintf(stderr, "    #%zu 0x%zx  (%s)\n", i, (uintptr_t)l->frames[i] - 1, place);
	}
	fputc('\n', stderr);
}

static void tell(size_t most)
{
	struct lost *lost = map(most * sizeof *lost);
	size_t count = 0;

	for (size_t i = 0; i < reach.count; i++) {
		struct lost is = { 0 };
		int thread;
		if (reach.marked[i])
			continue;
		is.depth = __asan_get_alloc_stack((void *)reach.blocks[i].at, is.frames, TOLD,
						  &thread);
		shorten(&is);
		struct lost *l = find_lost(lost, &count, &is);
		l->objects++;
		l->bytes += reach.blocks[i].size;
	}
	for (size_t i = 0; i < count; i++)
		tell_lost(&lost[i]);
	fflush(stderr);
}

size_t torture_lost(void)
{
	const size_t room = live.count + 1;
	char *place = map(room * (sizeof *reach.blocks + sizeof *reach.queue + 1));

	if (live.count == 0)
		return 0;
	__builtin_unwind_init(); /* what registers hold is on the stack now */
	reach.blocks = (struct block *)place;
	reach.queue = (size_t *)(reach.blocks + room);
	reach.marked = (bool *)(reach.queue + room);
	for (size_t i = 0; i <= live.mask; i++)
		if (live.blocks[i].at != 0)
			reach.blocks[reach.count++] = live.blocks[i];
	sort(reach.blocks, reach.count);
	reach_all();
	if (reach.queued < reach.count && __asan_get_alloc_stack)
		tell(reach.count - reach.queued);
	return reach.count - reach.queued;
}
