/* bench_many.h - many calls between two loops: a packet of sound in each, and again. */
#ifndef TAUT_BENCH_BENCH_MANY_H
#define TAUT_BENCH_BENCH_MANY_H

#include "bench.h"

/* The case's burst says how many calls, its arg the TAUT_LOOP_ of the side that hears. */
void *bench_many_open(const struct bench_case *c, const char **why);
void bench_many_run(void *me, uint64_t packets, struct bench_sample *out);
void bench_many_close(void *me);

#endif
