/* env.h - the only way out of the core: memory, random numbers, trace, and the count of what was
 * dropped.
 *
 * Layers receive a struct tt_env and nothing else from the world. It belongs to a connection, or to
 * the taut_env that all of them share, and lives longer than every layer that points to it.
 * Memory is counted, so that a ceiling is one comparison; what a connection takes is counted for
 * its taut_env as well. */
#ifndef TAUT_BASE_ENV_H
#define TAUT_BASE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/drop.h"
#include "taut/trace.h"

struct tt_spares; /* buffers that wait to be used again */

struct tt_env {
	void *(*realloc)(void *ctx, void *p, size_t size);
	int (*random)(void *ctx, void *out, size_t len);
	void *ctx;
	const struct taut_trace_sink *trace;
	struct tt_env *parent;     /* what is taken here is taken from it; NULL: none */
	struct tt_spares *spares;  /* of the environment at the top; NULL: none are kept */
	size_t memory, max_memory; /* bytes handed out; 0: no ceiling */
	taut_time wall_now;        /* the monotonic moment at which ... */
	int64_t wall_unix_us;      /* ... the wall clock said this; that of a child is its parent's */
	uint64_t drops[TAUT_DROPS];
};

/* Defaults where cfg is NULL or a member is: the C library's realloc, and the random
 * source given (the core itself imports none). */
void tt_env_init(struct tt_env *env, const struct taut_env_config *cfg);
/* The part of one connection, with a ceiling of its own beside the parent's. */
void tt_env_init_child(struct tt_env *env, struct tt_env *parent, size_t max_memory);

/* Zeroed; NULL when memory or the environment's share is used up. Freed by tt_free. */
void *tt_alloc(struct tt_env *env, size_t size);
/* Grows or shrinks; what is new is not zeroed. NULL: p is unchanged. */
void *tt_resize(struct tt_env *env, void *p, size_t size);
void tt_free(struct tt_env *env, void *p);
char *tt_copy_text(struct tt_env *env, const char *text, size_t len); /* with a NUL */

/* Buffers that come and go with packets and messages. What one connection gives back the next one
 * takes, the latest first: it is still in the processor's cache, and no stream keeps what only its
 * largest frame needed. Large ones wait too, because the C library gives them back to the kernel,
 * which clears the pages anew each time. Those that wait count for the environment, not for a
 * connection, and have a ceiling. */
enum {
	TT_SPARE_STEP = 256,
	TT_SPARE_PACKET = 1536,
	TT_SPARE_MESSAGE = 128 * 1024, /* of larger ones none wait */
	TT_SPARE_BYTES = 2 * 1024 * 1024,
};
/* Of an environment that has no connections yet. False: no memory. */
bool tt_spares_init(struct tt_env *env);
void tt_spares_free(struct tt_env *env);
size_t tt_spares_waiting(const struct tt_env *env); /* bytes, headers left out */
/* At least size bytes, not zeroed; at a ceiling no more than that, which will not wait. NULL: as tt_resize. */
void *tt_take(struct tt_env *env, size_t size);
/* The same for a queue that may be long: what is small it gets as exactly as from tt_resize. */
static inline void *tt_take_large(struct tt_env *env, size_t size)
{
	return size > 2 * TT_SPARE_STEP ? tt_take(env, size) : tt_resize(env, NULL, size);
}
size_t tt_room(const void *p);             /* how many bytes it got; those of tt_resize too */
void tt_give(struct tt_env *env, void *p); /* frees it where none are kept, or enough */

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

/* tt_drop(env, now, TAUT_DROP_RTP_MALFORMED, TT_INT("length", len)): counted, and traced. */
#define tt_drop(env, now, reason, ...)                                                       \
	do {                                                                                 \
		struct tt_env *const tt_env_ = (env);                                        \
		const uint32_t tt_reason_ = (reason);                                        \
		tt_env_->drops[tt_reason_]++;                                                \
		if (tt_env_->trace) {                                                        \
			const struct taut_trace_field tt_fields_[] = { __VA_ARGS__ };        \
			tt_trace_drop(tt_env_, (now), tt_reason_, tt_fields_,                \
			              sizeof tt_fields_ / sizeof tt_fields_[0]);             \
		}                                                                            \
	} while (0)

void tt_trace_emit(struct tt_env *env, taut_time now, uint32_t kind, uint32_t layer,
                   const char *name, const struct taut_trace_field *fields, size_t n);
void tt_trace_drop(struct tt_env *env, taut_time now, uint32_t reason,
                   const struct taut_trace_field *fields, size_t n);
void tt_trace_packet_on(struct tt_env *env, taut_time now, uint32_t layer, bool outgoing,
                        const void *data, size_t len, const struct taut_addr *local,
                        const struct taut_addr *remote);

/* A packet as a layer understands it: before encryption, after decryption. */
static inline void tt_trace_packet(struct tt_env *env, taut_time now, uint32_t layer, bool outgoing,
                                   const void *data, size_t len, const struct taut_addr *local,
                                   const struct taut_addr *remote)
{
	if (env->trace)
		tt_trace_packet_on(env, now, layer, outgoing, data, len, local, remote);
}

#endif
