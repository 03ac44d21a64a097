/* alloc.c - malloc and its kin, in front of the sanitizer's. */
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

EXPORT void *malloc(size_t size)
{
	if (FAILS())
		return NULL;
	return torture_given(
		__interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size), size);
}

EXPORT void *calloc(size_t n, size_t size)
{
	if (FAILS())
		return NULL;
	return torture_given(__interceptor_calloc ? __interceptor_calloc(n, size)
						  : __libc_calloc(n, size),
			     n * size);
}

EXPORT void *realloc(void *p, size_t size)
{
	if (size > 0 && FAILS())
		return NULL;
	/* Before another thread may be given the same place. */
	const size_t had = torture_taken(p);
	void *got =
		__interceptor_realloc ? __interceptor_realloc(p, size) : __libc_realloc(p, size);

	if (!got && size > 0 && had > 0)
		torture_given(p, had);
	return torture_given(got, size);
}

EXPORT void free(void *p)
{
	torture_taken(p);
	if (__interceptor_free)
		__interceptor_free(p);
	else
		__libc_free(p);
}
