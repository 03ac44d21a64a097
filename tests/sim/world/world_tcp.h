/* world_tcp.h - streams between hosts of the world: what TCP, and TLS above it, are to their users.
 *
 * A stream is reliable and in order; loss, delay and rate of the wires it crosses
 * show as time. Below it is a small TCP whose segments are packets of the world:
 * they share wires and queues with datagrams and pass NATs by the rules that
 * world_nat.h has (RFC 5382 asks for the same ones). Retransmission follows RFC
 * 6298 and RFC 5681, with NewReno's partial acknowledgments (RFC 6582).
 *
 * TLS is its outside only: a flight each way more before opened, a certificate
 * with a name, and that checking it can fail. Data is not encrypted and has no
 * record overhead. Not here: simultaneous open, urgent data, SACK, a receive
 * window, path MTU discovery, more than 4 GiB in one direction. */
#ifndef TAUT_WORLD_TCP_H
#define TAUT_WORLD_TCP_H

#include "world/world.h"

enum {
	WORLD_SEGMENT = 1180, /* bytes, so that a wire for 1,200 lets it pass */
	WORLD_STREAM_BUFFER = 65536,
	WORLD_TLS_NAME = 256,
};

struct world_stream;

enum world_stream_end {
	WORLD_STREAM_CLOSED,    /* both directions were shut down */
	WORLD_STREAM_REFUSED,   /* nobody listens there */
	WORLD_STREAM_RESET,     /* by the other end */
	WORLD_STREAM_TIMEOUT,   /* no answer */
	WORLD_STREAM_NOT_TLS,   /* the other end speaks something else */
	WORLD_STREAM_TLS_NAME,  /* the certificate is somebody else's */
	WORLD_STREAM_UNTRUSTED, /* nobody we know has signed it */
};

/* Any of them may be NULL, and may call anything, world_stream_reset included. */
struct world_stream_ops {
	void (*opened)(struct world_stream *s); /* TLS included */
	void (*data)(struct world_stream *s, const uint8_t *data, size_t len);
	void (*writable)(struct world_stream *s); /* once after a write that was cut short */
	void (*ended)(struct world_stream *s);    /* the other end sends no more */
	/* The last word: s is gone when this returns. Not called after reset and abandon. */
	void (*closed)(struct world_stream *s, enum world_stream_end why);
};

struct world_certificate {
	const char *name; /* "turn.example", or "*.example" */
	bool untrusted;
};

/* accepted hears of streams that are open; it gives each its ops by world_stream_use, or resets
 * it. The certificate stays the caller's. */
struct world_listen_config {
	int host;
	uint16_t port;                       /* on each of the host's addresses */
	const struct world_certificate *tls; /* NULL: plain */
	void (*accepted)(void *user, struct world_stream *s);
	void *user;
};
void world_listen(struct world *w, const struct world_listen_config *cfg);
void world_unlisten(struct world *w, int host, uint16_t port); /* what is open stays */

/* From one of host's addresses; port 0: any. tls: the name the certificate has to have; NULL:
 * plain. NULL: the host has no such address now. */
struct world_stream *world_connect(struct world *w, int host, const struct taut_addr *from,
				   const struct taut_addr *to, const char *tls,
				   const struct world_stream_ops *ops, void *user);
void world_stream_use(struct world_stream *s, const struct world_stream_ops *ops, void *user);
void *world_stream_user(const struct world_stream *s);
const struct taut_addr *world_stream_local(const struct world_stream *s);
const struct taut_addr *world_stream_remote(const struct world_stream *s);
/* Longest segment from now on, 1 at the least. */
void world_stream_segment(struct world_stream *s, size_t len);
/* How much a write would take now. */
size_t world_stream_room(const struct world_stream *s);
/* How much of it was taken; if not all, writable follows. With TLS, not before opened. */
size_t world_stream_write(struct world_stream *s, const void *data, size_t len);
/* No more is sent after what was written; the other direction goes on (half close). */
void world_stream_shutdown(struct world_stream *s);
/* At once, for the other end too; s is gone. */
void world_stream_reset(struct world_stream *s);
/* Shuts down and forgets: what was written still goes out, what comes is thrown away. */
void world_stream_abandon(struct world_stream *s);

#endif
