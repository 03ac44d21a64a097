/* io_loop.h - what the files of the loop share: the loop, its connections, their sockets. */
#ifndef TAUT_IO_LOOP_H
#define TAUT_IO_LOOP_H

#include <stdatomic.h>

#include "io/io_ifaces.h"
#include "io/io_post.h"
#include "io/io_resolve.h"
#include "io/io_route.h"
#include "io/io_timers.h"
#include "io/io_udp.h"

enum {
	TT_LOOP_EVENTS = 64,      /* of one epoll_wait */
	TT_LOOP_RECV_BATCHES = 4, /* of one socket before the next gets its turn */
	TT_LOOP_SEND_ROUNDS = 32, /* of one connection before the next gets its turn */
	TT_LOOP_SENDS = 64,       /* datagrams gathered before they go out */
	TT_LOOP_ARENA = 262144,   /* their bytes */
	TT_LOOP_HELD = 131072,    /* bytes kept for a socket, or a stream, whose buffer is full */
};

/* What an epoll event points to; the first member of each. */
enum tt_io_source { TT_IO_WAKE, TT_IO_ALARM, TT_IO_NETLINK, TT_IO_SOCKET, TT_IO_SOCKET_REST, TT_IO_STREAM };

/* A datagram that the kernel had no room for. */
struct tt_io_held {
	struct tt_io_held *next;
	struct tt_io_conn *conn; /* whose it was; NULL: gone meanwhile */
	struct taut_datagram d;  /* d.buf points behind this struct */
};

/* A UDP socket in the epoll set, of one connection or of many. A closed one has fd -1 and lives in
 * the loop's graveyard until the step ends, because events of the same epoll_wait may still point to
 * it. */
struct tt_io_socket {
	enum tt_io_source source, rest_source; /* rest_source: of udp.rest */
	struct tt_io_socket *next; /* of the loop's shared ones, or of the graveyard */
	struct tt_udp udp;
	struct tt_io_flow *flow; /* whose it is; NULL: shared, or closed */
	struct tt_route *route;  /* says whose a datagram is; NULL: not shared, or closed */
	size_t flow_count;       /* of a shared one */
	struct tt_io_held *held, **held_last;
	size_t held_bytes;
};

struct tt_io_stream; /* io_stream.h */

/* What a connection sees of a socket or a stream, one of which it has. */
struct tt_io_flow {
	struct tt_io_flow *next;
	struct tt_io_conn *conn;
	taut_flow number;
	struct tt_io_socket *socket;
	struct tt_io_stream *stream;
	struct tt_route_end end; /* on a shared one */
};

/* A connection. pc is NULL when it was freed; the rest lives until the step ends. */
struct tt_io_conn {
	struct tt_io_conn *next; /* of its hash chain, or of the graveyard */
	uint64_t key;            /* never used twice: what answers of other threads name */
	taut_loop *loop;
	taut_pc *pc;
	taut_event_handler handler;
	void *user;
	struct tt_io_flow *flows;
};

/* Connections by pointer. Invariant: bucket_count is 0 or a power of two. */
struct tt_io_conns {
	struct tt_io_conn **buckets;
	size_t bucket_count, count;
	uint64_t keys;
};

struct taut_loop {
	struct tt_env env; /* memory and trace of the loop itself */
	taut_env *core;    /* that of its connections */
	uint32_t flags;
	uint16_t port;          /* of shared sockets; 0: any */
	char *tls_trust;        /* a PEM file; NULL: none */
	struct ssl_ctx_st *tls; /* of all streams; made with the first one that needs it */
	int epoll, alarm, netlink;
	enum tt_io_source wake_source, alarm_source, netlink_source;
	struct tt_post post;
	struct tt_resolver *resolver; /* made with the first name */
	struct tt_timers timers;
	struct tt_io_conns conns;
	struct tt_ifaces ifaces;
	bool ifaces_known;
	uint32_t lacks_told; /* TT_LACKS_ */
	struct tt_udp probe;
	taut_timer ifaces_timer;     /* a change is being waited out; 0: no */
	struct tt_io_socket *shared; /* one for each local address */
	struct tt_io_conn *dead_conns;
	struct tt_io_socket *dead_sockets;
	struct tt_io_stream *dead_streams;
	taut_time now;         /* as last read */
	bool now_old;          /* something that takes time has been done since */
	taut_time alarm_at;    /* INT64_MAX: not set */
	taut_time wall_read;   /* when the wall clock was told to the environment ... */
	int64_t wall_unix_us;  /* ... and what it showed */
	bool stepping, worked; /* worked: something happened in this step */
	bool polled;           /* the descriptor was handed out */
	atomic_bool stopped;   /* signal handlers and other threads may set it */
	struct tt_udp_batch in;
	struct taut_datagram out[TT_LOOP_SENDS];
	uint8_t *arena;
};

/* io_loop.c */
taut_time tt_io_clock(taut_loop *loop); /* reads it */
taut_time tt_io_fresh(taut_loop *loop); /* reads it if what was read last is old */

/* io_conns.c */
struct tt_io_conn *tt_io_conn_find(const struct tt_io_conns *c, const taut_pc *pc);
struct tt_io_conn *tt_io_conn_by_key(const struct tt_io_conns *c, uint64_t key);
struct tt_io_conn *tt_io_conn_add(struct tt_env *env, struct tt_io_conns *c, taut_pc *pc);
void tt_io_conn_remove(struct tt_io_conns *c, struct tt_io_conn *conn); /* not freed */
void tt_io_conn_each(const struct tt_io_conns *c, void (*call)(struct tt_io_conn *));

/* io_flows.c */
void tt_io_serve(struct tt_io_conn *conn, const struct taut_io *io);
/* It is the caller's until it is kept; then the connection's. NULL: no memory. */
struct tt_io_flow *tt_io_flow_new(struct tt_io_conn *conn, taut_flow number);
void tt_io_flow_keep(struct tt_io_flow *flow);
void tt_io_close_flows(struct tt_io_conn *conn);
void tt_io_bury(taut_loop *loop);

/* io_socket.c */
/* kind: TAUT_IO_UDP or TAUT_IO_MULTICAST. NULL: *err is an errno. */
struct tt_io_socket *tt_io_socket_open(taut_loop *loop, uint32_t kind,
				       const struct taut_addr *local, int *err);
void tt_io_socket_close(taut_loop *loop, struct tt_io_socket *s);
void tt_io_socket_readable(taut_loop *loop, struct tt_io_socket *s);
/* What epoll says of the second socket. */
void tt_io_socket_rest_event(taut_loop *loop, enum tt_io_source *rest_source, uint32_t events);
/* What has left, some of whom may be worth a connection. */
void tt_io_socket_sent(taut_loop *loop, struct tt_io_socket *s, const struct taut_datagram *d, size_t n);
void tt_io_socket_writable(taut_loop *loop, struct tt_io_socket *s);
/* Copies d from offset on, for when the socket is writable again. False: no room, or nobody to say
 * so. */
bool tt_io_socket_hold(struct tt_io_conn *conn, struct tt_io_socket *s,
		       const struct taut_datagram *d, size_t offset);

/* io_share.c: sockets of many connections */
int tt_io_share_join(struct tt_io_flow *flow, const struct taut_addr *local); /* 0 or errno */
void tt_io_share_leave(struct tt_io_flow *flow);
/* Its fragment may be another one than before. */
void tt_io_share_rename(struct tt_io_conn *conn);
void tt_io_share_sent(struct tt_io_flow *flow, const struct taut_datagram *d, size_t n);
/* To whoever it belongs, whose events come at once. */
void tt_io_share_recv(taut_loop *loop, struct tt_io_socket *s, const struct taut_datagram *d);

/* io_drive.c */
void tt_io_drive(struct tt_io_conn *conn);
void tt_io_events(struct tt_io_conn *conn); /* to the handler, which may free the connection */
void tt_io_send_all(struct tt_io_conn *conn);

#endif
