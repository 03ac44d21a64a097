/* sim_arena.h - memory that can be put back as it was: all of an environment's is one block, which
 * is copied away and back to its place, so that a state is left and entered again without being
 * walked to. One at a time. */
#ifndef TAUT_TEST_SIM_ARENA_H
#define TAUT_TEST_SIM_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Empties it; root bytes at its beginning are the caller's, and zero. */
void *arena_begin(size_t root);
/* For taut_env_config.realloc. */
void *arena_realloc(void *ctx, void *p, size_t size);
/* What is made of OpenSSL lies in it as well, while it is open to it. First thing in main. */
void arena_join_openssl(void);
void arena_open(bool open);
/* A copy of what is in use, in a buffer of the arena's own; `to` is one of two places. */
void arena_save(int to);
void arena_restore(int from);

#endif
