/* bench_two.h - two connections with a data channel between them, each in a process of its own. */
#ifndef TAUT_BENCH_BENCH_TWO_H
#define TAUT_BENCH_BENCH_TWO_H

#include "bench.h"

/* Messages of so many octets go from this process to the other one. NULL: *why says what was awaited. */
void *bench_two_new(size_t size, uint32_t loop_flags, const char **why);
void bench_two_free(void *me);
/* As many messages as fill so many packets of 1,200 octets. CPU and memory are those of both processes. */
void bench_two_run(void *me, uint64_t packets, struct bench_sample *out);

#endif
