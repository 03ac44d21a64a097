/* work.h - how much the parsers do with what they are given.
 *
 * Builds with tests or fuzzers (TAUT_COUNT_WORK) count one for each byte that a parser looks at or
 * copies, and one for each step of a search through what it read before. So a test can say that the
 * work is a small multiple of the input's length, whatever the input. Elsewhere the calls are empty. */
#ifndef TAUT_BASE_WORK_H
#define TAUT_BASE_WORK_H

#include <stddef.h>
#include <stdint.h>

#ifdef TAUT_COUNT_WORK
extern _Thread_local uint64_t tt_work_total;

static inline void tt_work(size_t n)
{
	tt_work_total += n;
}
#else
static inline void tt_work(size_t n)
{
	(void)n;
}
#endif

#endif
