/* io_ring.c - see io_ring.h. */
#include "io/io_ring.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

bool tt_ring_put(struct tt_ring *r, const uint8_t *data, size_t len)
{
	if (len > tt_ring_room(r))
		return false;
	if (len == 0)
		return true;
	const size_t end = r->at + r->len < r->cap ? r->at + r->len : r->at + r->len - r->cap;
	const size_t first = tt_min(len, r->cap - end);
	memcpy(r->buf + end, data, first);
	memcpy(r->buf, data + first, len - first);
	r->len += len;
	return true;
}

const uint8_t *tt_ring_front(const struct tt_ring *r, size_t *len)
{
	*len = tt_min(r->len, r->cap - r->at);
	return *len > 0 ? r->buf + r->at : NULL;
}

void tt_ring_drop(struct tt_ring *r, size_t len)
{
	assert(len <= r->len && len <= r->cap - r->at);
	r->len -= len;
	r->at += len;
	if (r->at == r->cap || r->len == 0) /* an empty one starts anew, in memory just used */
		r->at = 0;
}
