/* world_tcp_int.h - the inside of streams: world_tcp.c their life, world_tcp_flow.c sending and
 * retransmission, world_tcp_recv.c what comes, world_tls.c the handshake that pretends. */
#ifndef TAUT_WORLD_TCP_INT_H
#define TAUT_WORLD_TCP_INT_H

#include "world/world_tcp.h"

enum { TCP_SYN = 1, TCP_ACK = 2, TCP_FIN = 4, TCP_RST = 8, TCP_HEAD = 12 };

struct world_segment {
	uint32_t seq, ack;
	uint16_t flags;
	const uint8_t *data;
	size_t len;
};

/* What came too early. */
struct world_piece {
	struct world_piece *next; /* by seq */
	uint32_t seq;
	size_t len;
	bool fin;
	uint8_t data[];
};

enum world_tcp_state { TCP_CONNECTING, TCP_ACCEPTING, TCP_OPEN };
enum world_tls_state { TLS_NONE, TLS_HELLO, TLS_FINISH, TLS_DONE };

/* Numbers: the SYN is 0, data begins at 1, the FIN follows it. Sent and not acknowledged is
 * una to nxt; buf holds the bytes from base, which is una but for the SYN. */
struct world_stream {
	struct world_stream *next;
	struct world *world;
	uint64_t id;
	int host;
	struct taut_addr local, remote;
	const struct world_stream_ops *ops;
	void *user;
	struct world_listener *listener; /* has not accepted it yet */
	enum world_tcp_state state;
	bool dead, abandoned;
	unsigned busy; /* calls in it; freed when none is left */

	uint8_t *buf;
	size_t len;
	size_t segment;
	uint32_t base, una, nxt, most; /* most: nxt as it was at the highest */
	bool fin, fin_acked, wants_room;
	size_t window, threshold; /* congestion, in bytes */
	unsigned duplicates;
	bool recovering;
	uint32_t recover;
	taut_time timer_at, timeout, round_trip, variance, progress_at; /* timer_at 0: off */
	unsigned retries;
	uint32_t timed; /* this number's round trip is being measured, 0: none */
	taut_time timed_at;

	uint32_t expected;
	struct world_piece *pieces;
	bool fin_in;

	enum world_tls_state tls;
	bool is_server;
	char tls_name[WORLD_TLS_NAME];
	uint8_t tls_in[4096];
	size_t tls_have;
};

struct world_listener {
	struct world_listener *next;
	struct world_listen_config cfg;
	bool closed;
};

/* world_tcp.c */
void world_tcp_segment(struct world *w, int host, const struct world_packet *p);
void world_tcp_free(struct world *w);
void world_stream_enter(struct world_stream *s);
void world_stream_leave(struct world_stream *s); /* may free it */
void world_stream_end(struct world_stream *s, enum world_stream_end why);
void world_stream_established(struct world_stream *s); /* TCP is there */
void world_stream_opened(struct world_stream *s);      /* and TLS, if it has to be */
void world_stream_arrived(struct world_stream *s, const uint8_t *data, size_t len);
void world_stream_finished(struct world_stream *s); /* the other end sends no more */

/* world_tcp_flow.c */
void world_tcp_put(struct world_stream *s, uint32_t seq, uint16_t flags, const uint8_t *data,
		   size_t len);
void world_tcp_reply_reset(struct world *w, int host, const struct world_packet *p,
			   const struct world_segment *seg);
void world_tcp_output(struct world_stream *s);
void world_tcp_acked(struct world_stream *s, uint32_t ack, bool empty);

/* world_tcp_recv.c */
void world_tcp_data(struct world_stream *s, const struct world_segment *seg);
void world_tcp_forget(struct world_stream *s);

/* world_tls.c */
void world_tls_begin(struct world_stream *s);
/* What of the handshake's bytes is left over for the application; false: s has ended. */
void world_tls_data(struct world_stream *s, const uint8_t *data, size_t len);

#endif
