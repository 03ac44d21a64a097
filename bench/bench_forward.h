/* bench_forward.h - the limit of a relay: a thread that passes on what comes in, over loopback.
 *
 * No WebSocket, no JSON, no rooms but one rule: clients come in groups, in the order in which they
 * connect, and each gets what the others of its group say. */
#ifndef TAUT_BENCH_BENCH_FORWARD_H
#define TAUT_BENCH_BENCH_FORWARD_H

#include <pthread.h>
#include <stdint.h>

struct bench_forward;
/* For so many clients, in groups of that size. NULL: no port, no thread. */
struct bench_forward *bench_forward_new(unsigned clients, unsigned group);
uint16_t bench_forward_port(const struct bench_forward *f);
pthread_t bench_forward_thread(const struct bench_forward *f);
void bench_forward_free(struct bench_forward *f);

#endif
