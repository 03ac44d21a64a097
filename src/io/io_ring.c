/* io_ring.c - see io_ring.h. */
#include "io/io_ring.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

uint8_t *tt_ring_tail(const struct tt_ring *r, size_t *len)
{
	const bool wraps = r->at + r->len >= r->cap;
	const size_t end = r->at + r->len - (wraps ? r->cap : 0);

	*len = wraps ? r->at - end : r->cap - end;
	return *len > 0 ? r->buf + end : NULL;
}

void tt_ring_added(struct tt_ring *r, size_t len)
{
	assert(len <= tt_ring_room(r));
	r->len += len;
}

bool tt_ring_put(struct tt_ring *r, const uint8_t *data, size_t len)
{
	uint8_t *tail;
	size_t piece;

	if (len > tt_ring_room(r))
		return false;
	for (; len > 0; data += piece, len -= piece) { /* twice at most */
		tail = tt_ring_tail(r, &piece);
		piece = tt_min(piece, len);
		memcpy(tail, data, piece);
		tt_ring_added(r, piece);
	}
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
