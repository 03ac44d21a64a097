/* bench_bare.h - the bare limit of packets, over loopback or veth: what no stack can leave out.
 *
 * A header, AES-128-GCM both ways, one system call for a burst out and one in, on sockets that are
 * connected, with UDP_SEGMENT and UDP_GRO, and nobody who waits for them. */
#ifndef TAUT_BENCH_BENCH_BARE_H
#define TAUT_BENCH_BENCH_BARE_H

#include "bench.h"
#include "bench_veth.h"

enum { BENCH_BARE_BURST = 64 };

struct bench_bare_config {
	unsigned burst;
	size_t payload;
	size_t reply; /* octets of one packet that comes back after each burst; 0: none */
	struct bench_veth *veth; /* taken over; NULL: loopback */
	bool crc32c;             /* over the payload as well, both ways */
	bool no_gso;             /* a burst is as many packets for the kernel too: sendmmsg, recvmmsg */
	bool two;                /* a process each, and two bursts under way; with a reply */
};
void *bench_bare_new(const struct bench_bare_config *cfg);
void bench_bare_free(void *me);
void bench_bare_run(void *me, uint64_t packets, struct bench_sample *out);

#endif
