/* fuzz_env.h - the world of targets that drive state: memory that must come back, and random
 * numbers of one seed, so that the input alone decides.
 *
 * Such a target reads its input with base/rd.h: past the end everything is 0, and rd_left says
 * when to stop. An operation that is 0 must therefore do something harmless. */
#ifndef TAUT_FUZZ_ENV_H
#define TAUT_FUZZ_ENV_H

#include "base/env.h"
#include "base/num.h"
#include "base/rd.h"
#include "base/wr.h"
#include "fuzz.h"

enum { FUZZ_MS = 1000, FUZZ_SECOND = 1000000 };

struct fuzz_env {
	struct tt_env env;
	uint64_t seed;
};

static inline int fuzz_draw(void *ctx, void *out, size_t len)
{
	uint64_t *seed = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(*seed >> 56);
	}
	return 0;
}

static inline void fuzz_env_begin(struct fuzz_env *e, uint64_t seed)
{
	e->seed = seed;
	tt_env_init(&e->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							.random = fuzz_draw,
							.ctx = &e->seed });
}

static inline void fuzz_env_end(const struct fuzz_env *e)
{
	FUZZ_CHECK(e->env.memory == 0, "memory is left");
}

/* 0 .. n - 1 */
static inline size_t fuzz_pick(struct rd *in, size_t n)
{
	return n <= 256 ? rd_u8(in) % n : rd_u16(in) % n;
}

/* Bytes of the input, at most so many as are asked for. */
static inline void fuzz_copy(struct wr *out, struct rd *in, size_t len)
{
	const size_t n = tt_min(len, rd_left(in));

	wr_bytes(out, rd_take(in, n), n);
}

/* So many bytes as the input has left, at most n: how many. */
static inline size_t fuzz_bytes(struct rd *in, size_t n, uint8_t *out)
{
	struct wr w = wr_make(out, n);

	fuzz_copy(&w, in, n);
	return wr_len(&w);
}

#endif
