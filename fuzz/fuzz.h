/* fuzz.h - what every fuzz target has: the entry, and a way to say what must hold.
 *
 * A target gets any bytes and must neither crash nor break a promise. The same bytes must do the
 * same thing: no clock, no randomness but what is derived from the input. */
#ifndef TAUT_FUZZ_H
#define TAUT_FUZZ_H

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

/* What was done since `before` is at most so many times what was given, and some for the start. */
static inline void fuzz_check_work(uint64_t before, size_t size, unsigned times)
{
	FUZZ_CHECK(tt_work_total - before <= (uint64_t)times * (size + 64),
		   "more work than the input is worth");
}

#endif
