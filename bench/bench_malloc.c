/* bench_malloc.c - counts allocations by standing in for the C library's functions.
 *
 * A program's own malloc is taken by every library in the process, OpenSSL and NSS included, if it is
 * visible to them; this one counts and hands on. Sanitizers stand in for malloc themselves, so
 * a sanitized build counts nothing. */
#include "bench.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/crypto.h>

static _Atomic uint64_t calls;

uint64_t bench_allocations(void)
{
	return atomic_load_explicit(&calls, memory_order_relaxed);
}

#ifdef BENCH_COUNTS_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

#define FOR_ALL __attribute__((visibility("default")))

static void count(void)
{
	atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

FOR_ALL void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

FOR_ALL void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

FOR_ALL void *realloc(void *p, size_t size)
{
	count();
	return __libc_realloc(p, size);
}

bool bench_counts_libraries(void)
{
	const uint64_t before = bench_allocations();

	OPENSSL_free(OPENSSL_malloc(1));
	return bench_allocations() > before;
}
#else
bool bench_counts_libraries(void)
{
	return true;
}
#endif
