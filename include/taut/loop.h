/* loop.h - a driver for peer connections: epoll, UDP sockets, streams, names, interfaces.
 *
 * One loop is one thread; two loops share nothing. taut_loop_post is the only
 * call from another thread. Events come as calls of your handler, from the top
 * of the loop, so that every taut call is legal inside it, taut_pc_close and
 * taut_pc_free of the same connection included.
 *
 * A connection has a descriptor for each of its sockets, and a second one for a socket that carries much,
 * while less than a quarter of RLIMIT_NOFILE is in use. */
#ifndef TAUT_LOOP_H
#define TAUT_LOOP_H

#include "taut/taut.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* begin: bindings parse from here to the end mark */

typedef struct taut_loop taut_loop;
typedef uint32_t taut_timer;

#define TAUT_LOOP_NO_IPV6 1
#define TAUT_LOOP_LOOPBACK_ONLY 2 /* interfaces other than loopback are not told to connections */
#define TAUT_LOOP_NO_GSO 4        /* sendmmsg instead of UDP_SEGMENT */
#define TAUT_LOOP_NO_GRO 8        /* recvmmsg alone, without UDP_GRO */
/* The connections share one UDP socket for each local address, instead of having one each: for a
 * server with many peers, and one port in its firewall. What comes is told apart by the fragment in
 * the USERNAME of checks, then by the peer's address once a check of ours was answered from there; what
 * belongs to nobody is dropped and counted (taut_loop_drop_count). Two peers behind one and the same
 * address and port cannot be told apart, so two loops that both share a socket can have one
 * connection between them, and two connections of one such loop none with each other. */
#define TAUT_LOOP_ONE_SOCKET 16
struct taut_loop_config {
	size_t size;
	uint32_t flags;
	/* Environment of the connections: the loop makes its own taut_env from this (random
	 * source, clocks and all); ctx, realloc, trace and max_memory are taken over. */
	const struct taut_env_config *env;
	uint16_t port; /* of the sockets of TAUT_LOOP_ONE_SOCKET; 0: any */
	/* A PEM file of certificates that streams of TLS trust, be it an authority's or a server's own,
	 * beside those of the system (or of SSL_CERT_FILE); NULL: none. Read with the first such stream: one that
	 * cannot be read ends each of them. */
	const char *tls_trust;
};

/* A loop, and the environment of its connections; it belongs to the thread that steps it.
 * TAUT_E_IO: epoll or eventfd refused; TAUT_E_INVAL, TAUT_E_UNSUPPORTED: cfg->size; TAUT_E_NOMEM,
 * and what taut_env_new returns. */
int taut_loop_new(taut_loop **out, const struct taut_loop_config *cfg);
/* Ends a loop: runs what was posted before, then frees what is left of its connections, sockets and
 * timers. */
void taut_loop_free(taut_loop *loop);
/* The environment to give to taut_pc_new. The loop's, and freed with it. */
taut_env *taut_loop_env(taut_loop *loop);
/* The time to give to each call that wants one: CLOCK_MONOTONIC in microseconds, read anew. */
taut_time taut_loop_now(taut_loop *loop);
/* What the loop itself dropped, before a connection had it: TAUT_DROP_DATAGRAM_TOO_LONG,
 * TAUT_DROP_SHARED_. 0 for a number that is none. */
uint64_t taut_loop_drop_count(const taut_loop *loop, uint32_t reason);

/* A descriptor that is readable when taut_loop_step(loop, 0) has something to do: for GLib, libuv,
 * Qt. The loop's. */
int taut_loop_fd(taut_loop *loop);
/* One round of the loop; waits at most timeout microseconds (-1: until something happens). 0, or
 * TAUT_E_IO. */
int taut_loop_step(taut_loop *loop, taut_time timeout);
/* Drives its connections until taut_loop_stop. 0, or TAUT_E_IO. */
int taut_loop_run(taut_loop *loop);
/* Ends taut_loop_run, which returns after this round. Called from a handler or a task, so by the
 * loop's thread. */
void taut_loop_stop(taut_loop *loop);

typedef void (*taut_event_handler)(void *user, taut_pc *pc, const struct taut_event *event);
/* Drives pc (made with taut_loop_env) from now on; its events go to handler. TAUT_E_STATE: it does
 * already; TAUT_E_INVAL: pc is NULL; TAUT_E_NOMEM. */
int taut_loop_add(taut_loop *loop, taut_pc *pc, taut_event_handler handler, void *user);
/* Frees pc and its sockets; legal inside its own handler. Use it instead of taut_pc_free. */
void taut_loop_free_pc(taut_loop *loop, taut_pc *pc);

typedef void (*taut_task)(void *arg);
/* Runs task on the loop's thread soon. From any thread. TAUT_E_NOMEM. */
int taut_loop_post(taut_loop *loop, taut_task task, void *arg);
/* Calls task once, delay microseconds from now. 0: no memory. */
taut_timer taut_loop_after(taut_loop *loop, taut_time delay, taut_task task, void *arg);
/* Takes a timer back. One that has come, or 0: nothing happens. */
void taut_loop_cancel(taut_loop *loop, taut_timer timer);

/* end */

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
