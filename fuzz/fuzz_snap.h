/* fuzz_snap.h - damage to a=sctp-init (draft-hancke-tsvwg-snap) in a description: it stays base64 mostly, and what it
 * says is another INIT chunk. Needs _GNU_SOURCE. */
#ifndef TAUT_FUZZ_SNAP_H
#define TAUT_FUZZ_SNAP_H

#include <string.h>

#include "base/num.h"

/* Its value; NULL: there is none. */
static inline char *fuzz_snap_in(char *text, size_t len)
{
	static const char name[] = "a=sctp-init:";
	char *at = len > 0 ? memmem(text, len, name, sizeof name - 1) : NULL;

	return at ? at + sizeof name - 1 : NULL;
}

/* One character is another, so that six bits of the chunk are; or some are missing at its end, or too many there, if
 * text has room for them. The new length. */
static inline size_t fuzz_snap_damage(char *text, size_t len, size_t cap, uint16_t where,
				      uint8_t what)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = fuzz_snap_in(text, len);
	size_t n = 0;

	while (at && at + n < text + len && at[n] != '\r' && at[n] != '\n')
		n++;
	if (n == 0)
		return len;
	if (what < 192) {
		at[where % n] = digits[what % 64];
		return len;
	}
	if (what >= 240) {
		const size_t more = tt_min(4 * (size_t)(where % 600), cap - len);
		memmove(at + more, at, (size_t)(text + len - at));
		memset(at, 'A', more);
		return len + more;
	}
	const size_t cut = tt_min(n, what & 1 ? 4 * (size_t)(1 + where % 16) : 1 + where % 4u);
	memmove(at + n - cut, at + n, (size_t)(text + len - (at + n)));
	return len - cut;
}

#endif
