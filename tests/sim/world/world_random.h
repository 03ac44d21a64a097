/* world_random.h - numbers that one seed decides: splitmix64, the same on every machine.
 *
 * Each part of a world draws from a stream of its own, so that one packet more
 * on a link does not change what a NAT or a peer draws. */
#ifndef TAUT_WORLD_RANDOM_H
#define TAUT_WORLD_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world_random {
	uint64_t state;
};

static inline uint64_t world_draw(struct world_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline struct world_random world_stream(uint64_t seed, uint64_t which)
{
	struct world_random r = { seed * 0xd1342543de82ef95u + which * 0xaf251af3b0f025b5u };

	world_draw(&r);
	return r;
}

/* From low to high, both included. */
static inline int64_t world_between(struct world_random *r, int64_t low, int64_t high)
{
	return low + (int64_t)(world_draw(r) % (uint64_t)(high - low + 1));
}

/* Nothing is drawn when it cannot happen. */
static inline bool world_chance(struct world_random *r, uint32_t per_million)
{
	return per_million > 0 && world_draw(r) % 1000000 < per_million;
}

static inline bool world_one_in(struct world_random *r, unsigned n)
{
	return world_draw(r) % n == 0;
}

static inline void world_fill(struct world_random *r, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)world_draw(r);
}

#endif
