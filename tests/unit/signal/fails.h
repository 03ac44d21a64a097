/* fails.h - one call of a test's enum call fails, once, in whatever thread it comes.
 *
 * The test declares the enum before it includes this, with NONE, CALLOC, MALLOC and REALLOC, and
 * stands in for each call of its first line (wraps: ...) with WRAP. */
#ifndef TAUT_TEST_SIGNAL_FAILS_H
#define TAUT_TEST_SIGNAL_FAILS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static atomic_int failing, countdown; /* the call, and how many of its kind pass before */
static atomic_size_t of_size;         /* 0: of any */

/* The call after so many of its kind, of one size (0: of any). */
static void fail_at(enum call call, int after, size_t size)
{
	atomic_store(&of_size, size);
	atomic_store(&countdown, after);
	atomic_store(&failing, (int)call);
}

/* Once, so that others of its kind succeed again. */
static bool fails(enum call call, size_t size)
{
	const size_t want = atomic_load(&of_size);

	if (atomic_load(&failing) != (int)call || (want && want != size) ||
	    atomic_fetch_sub(&countdown, 1) != 0)
		return false;
	atomic_store(&failing, NONE);
	return true;
}

static inline bool has_failed(void)
{
	return atomic_load(&failing) == NONE;
}

#define WRAP(type, name, call, size, bad, parameters, arguments)                                   \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails(call, size) ? (bad) : __real_##name arguments;                        \
	}

WRAP(void *, calloc, CALLOC, n *size, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, malloc, MALLOC, size, NULL, (size_t size), (size))
WRAP(void *, realloc, REALLOC, size, NULL, (void *p, size_t size), (p, size))

#endif
