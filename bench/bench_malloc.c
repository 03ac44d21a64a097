/* bench_malloc.c - counts allocations by standing in for the C library's functions.
 *
 * A program's own malloc is taken by every library in the process, OpenSSL and NSS included; this one
 * counts and hands on. Sanitizers stand in for malloc themselves, so a sanitized build leaves this
 * file empty. */
#include "bench.h"

#include <stdatomic.h>
#include <stdlib.h>

static _Atomic uint64_t calls;

uint64_t bench_allocations(void)
{
	return atomic_load_explicit(&calls, memory_order_relaxed);
}

#ifdef BENCH_COUNTS_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static void count(void)
{
	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	count();
	return __libc_realloc(p, size);
}
#endif
