/* fuzz.h - what every fuzz target has: the entry, and a way to say what must hold.
 *
 * A target gets any bytes and must neither crash nor break a promise. The same bytes must do the
 * same thing: no clock, no randomness but what is derived from the input. */
#ifndef TAUT_FUZZ_H
#define TAUT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition, what)                                                                \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* What was done since `before`: at most so many times what was given, and some for the start; and something, if it
 * was looked at, or nobody counts there and the bound says nothing. tools/check_fuzz.py reads the last argument. */
static inline void fuzz_check_work_if(bool looked_at, uint64_t before, size_t size, unsigned times)
{
	FUZZ_CHECK(tt_work_total - before <= (uint64_t)times * (size + 64),
		   "more work than the input is worth");
	FUZZ_CHECK(!looked_at || tt_work_total > before, "what is looked at is counted");
}

/* Of what is always looked at. */
static inline void fuzz_check_work(uint64_t before, size_t size, unsigned times)
{
	fuzz_check_work_if(size > 0, before, size, times);
}

#endif
