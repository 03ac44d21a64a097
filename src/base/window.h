/* window.h - which packets have been there: RFC 3711 section 3.3.2, RFC 6347 section 4.1.2.6.
 *
 * A ring of bits, one for each of the last `size` indices up to the highest one seen. Bit i % size
 * stands for index i; those of indices that nobody has reached yet are zero. Size is a power of
 * two, at least 64. */
#ifndef TAUT_BASE_WINDOW_H
#define TAUT_BASE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seen before, or older than the window. */
static inline bool tt_window_refuses(const uint64_t *bits, size_t size, uint64_t top,
				     uint64_t index)
{
	if (index > top)
		return false;
	if (top - index >= size)
		return true;
	return bits[index % size / 64] >> index % 64 & 1;
}

/* Takes an index that is not refused; *top is the highest one after it. */
static inline void tt_window_take(uint64_t *bits, size_t size, uint64_t *top, uint64_t index)
{
	if (index > *top) {
		const uint64_t step = index - *top;

		if (step >= size)
			for (size_t i = 0; i < size / 64; i++)
				bits[i] = 0;
		else
			for (uint64_t i = *top + 1; i < index; i++)
				bits[i % size / 64] &= ~(UINT64_C(1) << i % 64);
		*top = index;
	}
	bits[index % size / 64] |= UINT64_C(1) << index % 64;
}

#endif
