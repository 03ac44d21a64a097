/* bench_many.h - many calls between two loops: a packet of sound or a frame of video in each, and
 * again. */
#ifndef TAUT_BENCH_BENCH_MANY_H
#define TAUT_BENCH_BENCH_MANY_H

#include "bench.h"

/* The case's burst says how many packets go in a turn, 50 of sound or 16 in each of 50 frames; its arg
 * the TAUT_LOOP_ of the side that hears. */
enum { BENCH_MANY_CALLS = 50, BENCH_MANY_FRAME = 16 };
void *bench_many_open(const struct bench_case *c, const char **why);
void bench_many_run(void *me, uint64_t packets, struct bench_sample *out);
void bench_many_close(void *me);

#endif
