/* refuse.h - calls of a library that fail, one after the other.
 *
 * A test program names the calls in its first line (wraps: ...), stands in for each with
 * REFUSABLE, and does the same thing again and again: REFUSE_EACH lets the first of them fail,
 * then the second, until a round meets no more of them. Only calls from src and from the
 * test itself are met, not those that a library makes by itself. */
#ifndef TAUT_TEST_REFUSE_H
#define TAUT_TEST_REFUSE_H

#include <stdbool.h>
#include <stdlib.h>

static struct {
	long at;    /* the number of the one that fails; -1: none */
	long calls; /* so far in this round */
} refuse = { .at = -1 };

static inline bool refuse_now(void)
{
	return refuse.at >= 0 && refuse.calls++ == refuse.at;
}

/* For taut_env_config.realloc: memory that fails like the calls. */
static inline void *refuse_memory(void *unused, void *p, size_t size)
{
	(void)unused;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return refuse_now() ? NULL : realloc(p, size);
}

/* failed: what it returns when it fails. */
#define REFUSABLE(type, name, declared, passed, failed)                        \
	type __real_##name declared;                                           \
	type __wrap_##name declared;                                           \
	type __wrap_##name declared                                            \
	{                                                                      \
		return refuse_now() ? (failed) : __real_##name passed;         \
	}

/* A block that runs once for each call that it makes, which fails; and then not any more. The
 * round in which all went well is the block's last: refuse_failed() is false there. */
#define REFUSE_EACH                                                            \
	for (refuse.at = 0, refuse.calls = 0; refuse.at >= 0;                  \
	     refuse.at = refuse_failed() ? refuse.at + 1 : -1, refuse.calls = 0)

/* Whether a call has failed in this round so far. */
static inline bool refuse_failed(void)
{
	return refuse.calls > refuse.at;
}

#endif
