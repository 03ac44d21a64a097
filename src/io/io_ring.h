/* io_ring.h - bytes in the order they came, up to a ceiling. */
#ifndef TAUT_IO_RING_H
#define TAUT_IO_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Invariants: at < cap, or both are 0; len <= cap. */
struct tt_ring {
	uint8_t *buf; /* the caller's, of cap bytes */
	size_t cap, at, len;
};

/* All of data, or nothing where there is no room. */
bool tt_ring_put(struct tt_ring *r, const uint8_t *data, size_t len);
/* The first of the bytes, as many as lie together; *len 0: there are none. */
const uint8_t *tt_ring_front(const struct tt_ring *r, size_t *len);
void tt_ring_drop(struct tt_ring *r, size_t len); /* the first ones, at most those of front */

static inline size_t tt_ring_room(const struct tt_ring *r)
{
	return r->cap - r->len;
}

#endif
