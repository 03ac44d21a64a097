/* sim_known.c - see sim_known.h. */
#include "sim/sim_known.h"

#include <stdlib.h>

static void grow(struct known *k)
{
	const struct known old = *k;

	*k = (struct known){ .room = old.room ? 2 * old.room : 1024 };
	k->hash = calloc(k->room, sizeof *k->hash);
	for (size_t n = 0; n < old.room; n++)
		if (old.hash[n])
			known_add(k, old.hash[n]);
	free(old.hash);
}

bool known_add(struct known *k, uint64_t h)
{
	h += h == 0;
	if (2 * k->count >= k->room)
		grow(k);
	size_t at = h & (k->room - 1);
	while (k->hash[at] && k->hash[at] != h)
		at = (at + 1) & (k->room - 1);
	if (k->hash[at])
		return false;
	k->hash[at] = h;
	k->count++;
	return true;
}
