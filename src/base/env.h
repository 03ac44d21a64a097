/* env.h - the only way out of the core: memory, random numbers, trace.
 *
 * Layers receive a struct tt_env and nothing else from the world. It belongs to
 * the public taut_env and lives longer than every layer that points to it.
 * Memory is counted, so that the ceiling of an environment is one comparison. */
#ifndef TAUT_BASE_ENV_H
#define TAUT_BASE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "taut/trace.h"

struct tt_env {
	void *(*realloc)(void *ctx, void *p, size_t size);
	int (*random)(void *ctx, void *out, size_t len);
	void *ctx;
	const struct taut_trace_sink *trace;
	size_t memory, max_memory; /* bytes handed out; 0: no ceiling */
	taut_time wall_now;        /* the monotonic moment at which ... */
	int64_t wall_unix_us;      /* ... the wall clock said this */
};

/* Defaults where cfg is NULL or a member is: the C library's realloc, and the random
 * source given (the core itself imports none). */
void tt_env_init(struct tt_env *env, const struct taut_env_config *cfg);

/* Zeroed; NULL when memory or the environment's share is used up. Freed by tt_free. */
void *tt_alloc(struct tt_env *env, size_t size);
/* Grows or shrinks; what is new is not zeroed. NULL: p is unchanged. */
void *tt_resize(struct tt_env *env, void *p, size_t size);
void tt_free(struct tt_env *env, void *p);
char *tt_copy_text(struct tt_env *env, const char *text, size_t len); /* with a NUL */

/* False: the source failed, out is zeroed and must not be used. */
bool tt_random(struct tt_env *env, void *out, size_t len);
bool tt_random_u32(struct tt_env *env, uint32_t *out);

/* Microseconds since 1970 at the monotonic moment now. */
int64_t tt_wall_clock(const struct tt_env *env, taut_time now);

/* ---- trace: the only log. Off, it costs one branch ---- */

#define TT_INT(k, x) { .key = (k), .number = (int64_t)(x) }
#define TT_STR(k, x) { .key = (k), .text = (x) }
#define TT_ADDR(k, x) { .key = (k), .addr = (x) }

/* tt_note(env, now, TAUT_LAYER_ICE, "pair nominated", TT_ADDR("local", &a), TT_INT("rtt_us", r)) */
#define tt_note(env, now, layer, name, ...)                                                  \
	do {                                                                                 \
		if ((env)->trace) {                                                          \
			const struct taut_trace_field tt_fields_[] = { __VA_ARGS__ };        \
			tt_trace_emit((env), (now), TAUT_TRACE_NOTE, (layer), (name),        \
			              tt_fields_, sizeof tt_fields_ / sizeof tt_fields_[0]); \
		}                                                                            \
	} while (0)

/* What the peer or the network did wrong: dropped, and why. */
#define tt_note_drop(env, now, layer, name, ...)                                             \
	do {                                                                                 \
		if ((env)->trace) {                                                          \
			const struct taut_trace_field tt_fields_[] = { __VA_ARGS__ };        \
			tt_trace_emit((env), (now), TAUT_TRACE_DROP, (layer), (name),        \
			              tt_fields_, sizeof tt_fields_ / sizeof tt_fields_[0]); \
		}                                                                            \
	} while (0)

void tt_trace_emit(struct tt_env *env, taut_time now, uint32_t kind, uint32_t layer,
                   const char *name, const struct taut_trace_field *fields, size_t n);
/* A packet as a layer understands it: before encryption, after decryption. */
void tt_trace_packet(struct tt_env *env, taut_time now, uint32_t layer, bool outgoing,
                     const void *data, size_t len, const struct taut_addr *local,
                     const struct taut_addr *remote);

#endif
