/* sim_known.h - a set of hashes: which states have been seen. Zero is an empty one. */
#ifndef TAUT_TEST_SIM_KNOWN_H
#define TAUT_TEST_SIM_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known {
	uint64_t *hash; /* open addressing, 0: free; the caller frees it */
	size_t room, count;
};

bool known_add(struct known *k, uint64_t h); /* false: it was there */

#endif
