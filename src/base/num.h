/* num.h - narrowing that says what it assumes.
 *
 * A value that our own logic keeps in range is narrowed by tt_u8 and tt_u16,
 * which assert it; what a peer sent is checked before it comes here. */
#ifndef TAUT_BASE_NUM_H
#define TAUT_BASE_NUM_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define TT_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline uint8_t tt_u8(uint64_t x)
{
	assert(x <= UINT8_MAX);
	return (uint8_t)x;
}

static inline uint16_t tt_u16(uint64_t x)
{
	assert(x <= UINT16_MAX);
	return (uint16_t)x;
}

static inline uint32_t tt_u32(uint64_t x)
{
	assert(x <= UINT32_MAX);
	return (uint32_t)x;
}

static inline size_t tt_min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t tt_max(size_t a, size_t b) { return a > b ? a : b; }
static inline int64_t tt_min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t tt_max64(int64_t a, int64_t b) { return a > b ? a : b; }

static inline int64_t tt_clamp64(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

#endif
