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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition, what)                                                     \
	do {                                                                            \
		if (!(condition)) {                                                     \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what); \
			abort();                                                        \
		}                                                                       \
	} while (0)

#endif
