/* bench_veth.h - two network namespaces with a veth pair between them: what crosses it passes the
 * device layer of the kernel, its queues and its GSO, which loopback cuts short.
 *
 * A socket belongs to the namespace in which it was made, whoever uses it later. So a thread enters
 * one to open sockets, and measures at home. */
#ifndef TAUT_BENCH_BENCH_VETH_H
#define TAUT_BENCH_BENCH_VETH_H

#include <stdbool.h>

struct bench_veth {
	int home, end[2]; /* namespaces */
};

extern const char *const bench_veth_address[2];
/* NULL: *why says what the kernel refused. */
struct bench_veth *bench_veth_new(const char **why);
void bench_veth_free(struct bench_veth *v); /* NULL is fine; sockets that are left go on */
/* Of the calling thread, until it goes home. NULL: loopback, where it is at home already. */
void bench_veth_enter(const struct bench_veth *v, int end);
void bench_veth_home(const struct bench_veth *v);

#endif
