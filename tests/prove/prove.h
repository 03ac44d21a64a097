/* prove.h - what every proof begins with: any bytes, of any length up to N.
 *
 * The packet ends where the array ends, so a read one byte behind it is a read outside of
 * the array. "split" makes Eva look at each length by itself.
 *
 * The same programs are read by Frama-C Eva and by CBMC, which take "any" at its word, and are
 * compiled for the tests, where plain.c says what it is this time. PROVE is for CBMC and the
 * tests: Eva does not relate a pointer to a length. */
#ifndef TAUT_PROVE_H
#define TAUT_PROVE_H

#include <stddef.h>
#include <stdint.h>

#if defined(TAUT_PROVE_CBMC)

uint8_t any_octet(void);
size_t any_size(void);

#define PROVE(condition) __CPROVER_assert(condition, #condition)

static inline size_t any_of(size_t most)
{
	const size_t n = any_size();

	__CPROVER_assume(n <= most);
	return n;
}

static inline void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = any_octet();
}

#elif defined(TAUT_PROVE_PLAIN)

#include <assert.h>

#define PROVE(condition) assert(condition)

size_t any_of(size_t most);
void fill(uint8_t *p, size_t n);

#else

#include "__fc_builtin.h"

#define PROVE(condition) ((void)0)

static inline size_t any_of(size_t most)
{
	return (size_t)Frama_C_interval(0, (int)most);
}

static inline void fill(uint8_t *p, size_t n)
{
	Frama_C_make_unknown((char *)p, n);
}

#endif

static uint8_t room[N];

static inline size_t any_length(void)
{
	fill(room, N);
	return any_of(N);
}

#endif
