/* io_stream.h - streams of connections: TCP, and TLS on it (TAUT_IO_TCP, TAUT_IO_TLS), and what listens for
 * them (TAUT_IO_LISTEN).
 *
 *     connecting -> (shaking hands, with TLS) -> open -> ended
 *     listening -> ended
 *
 * Each answers its request once when it is open or has ended before, and once more when it ends after
 * that. One that has ended holds no descriptor and takes nothing, until its connection
 * closes it. */
#ifndef TAUT_IO_STREAM_H
#define TAUT_IO_STREAM_H

#include "io/io_loop.h"
#include "io/io_ring.h"
#include "io/io_tls.h"

enum tt_stream_state {
	TT_STREAM_CONNECTING,
	TT_STREAM_SHAKING,
	TT_STREAM_OPEN,
	TT_STREAM_LISTENING,
	TT_STREAM_ENDED,
};

/* Requests are not repeated over a stream (RFC 8489 section 6.2.2): room is kept for what is short. */
enum { TT_STREAM_SHORT = 600, TT_STREAM_KEPT = 4096 };

/* A closed one has no flow and lives in the loop's graveyard until the step ends, because events of
 * the same epoll_wait may still point to it. */
struct tt_io_stream {
	enum tt_io_source source;
	struct tt_io_stream *next; /* of the graveyard */
	struct tt_io_flow *flow;   /* whose it is; NULL: closed */
	enum tt_stream_state state;
	int fd;          /* -1: ended, or closed */
	uint32_t events; /* that epoll watches for */
	struct taut_addr local, remote;
	struct tt_tls tls;  /* tls.ssl NULL: TCP alone, or ended, or closed */
	struct tt_ring out; /* what the kernel has not taken */
};

/* 0: it will answer by itself. Otherwise errno. */
int tt_io_stream_open(struct tt_io_flow *flow, const struct taut_io *io);
/* What waits is given to the kernel as far as that takes it. */
void tt_io_stream_close(taut_loop *loop, struct tt_io_stream *s);
void tt_io_stream_event(taut_loop *loop, struct tt_io_stream *s, uint32_t events);
/* 0: the whole message goes behind what went before; EAGAIN: there is no room. Any other errno: the
 * stream is not open. */
int tt_io_stream_put(struct tt_io_stream *s, const uint8_t *data, size_t len);
void tt_io_stream_flush(struct tt_io_stream *s); /* after a number of puts */
/* A connection that came, on fd, which is the stream's from now on. 0; otherwise errno, and it is closed. */
int tt_io_stream_take(struct tt_io_flow *flow, int fd, const struct taut_addr *local,
		      const struct taut_addr *remote);

/* For the files of streams. new: NULL is no memory. discard: one that has not begun. */
struct tt_io_stream *tt_io_stream_new(struct tt_io_flow *flow, enum tt_stream_state state,
				      const struct taut_addr *local,
				      const struct taut_addr *remote);
void tt_io_stream_discard(struct tt_io_stream *s, int err);
int tt_io_stream_watch(struct tt_io_stream *s); /* 0 or errno */
void tt_io_stream_end(struct tt_io_stream *s, int err);

/* io_listen.c. 0: flow->stream->local is the address; otherwise errno. */
int tt_io_listen(struct tt_io_flow *flow, const struct taut_io *io);
void tt_io_listen_event(taut_loop *loop, struct tt_io_stream *s);

#endif
