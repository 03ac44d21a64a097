/* alloc.c - malloc and its kin, in front of the sanitizer's.
 *
 * All addresses that were given out, less all that were given back: where that and the octets that
 * the sanitizer counts are as they were, nothing was lost, and it need not look for it. What it
 * gives out itself (strdup) is in its octets alone, which is enough. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "torture.h"

#define EXPORT __attribute__((visibility("default")))

/* The sanitizer's where there is one, else the C library's. */
extern void *__interceptor_malloc(size_t size) __attribute__((weak));
extern void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *p, size_t size) __attribute__((weak));
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void __interceptor_free(void *p) __attribute__((weak));
extern void __libc_free(void *p);
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static uintptr_t addresses; /* the sum, which may wrap */

static const int no_memory[] = { ENOMEM, 0 };

static inline bool fails(void *frame, void *ret)
{
	int error;

	if (torture.phase == TORTURE_OFF || torture_busy || !torture_set.memory)
		return false;
	if (!torture_point("malloc", no_memory, &error, frame, ret))
		return false;
	errno = ENOMEM;
	return true;
}

#define FAILS() fails(__builtin_frame_address(0), __builtin_return_address(0))

static void *given(void *p)
{
	__atomic_fetch_add(&addresses, (uintptr_t)p, __ATOMIC_RELAXED);
	return p;
}

static void taken(uintptr_t p)
{
	__atomic_fetch_sub(&addresses, p, __ATOMIC_RELAXED);
}

struct torture_live torture_live(void)
{
	return (struct torture_live){
		.addresses = __atomic_load_n(&addresses, __ATOMIC_RELAXED),
		.bytes = __sanitizer_get_current_allocated_bytes
				 ? __sanitizer_get_current_allocated_bytes()
				 : 0,
	};
}

EXPORT void *malloc(size_t size)
{
	if (FAILS())
		return NULL;
	return given(__interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size));
}

EXPORT void *calloc(size_t n, size_t size)
{
	if (FAILS())
		return NULL;
	return given(__interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size));
}

EXPORT void *realloc(void *p, size_t size)
{
	const uintptr_t old = (uintptr_t)p;

	if (size > 0 && FAILS())
		return NULL;
	p = __interceptor_realloc ? __interceptor_realloc(p, size) : __libc_realloc(p, size);
	if (p || size == 0)
		taken(old);
	return given(p);
}

EXPORT void free(void *p)
{
	taken((uintptr_t)p);
	if (__interceptor_free)
		__interceptor_free(p);
	else
		__libc_free(p);
}
