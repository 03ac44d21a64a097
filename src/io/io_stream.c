/* io_stream.c - see io_stream.h. */
#define _GNU_SOURCE
#include "io/io_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "io/io_tcp.h"

static taut_loop *loop_of(const struct tt_io_stream *s)
{
	return s->flow->conn->loop;
}

/* Writable is watched for only while something waits for it. 0 or errno. */
static int watch(struct tt_io_stream *s)
{
	const bool connecting = s->state == TT_STREAM_CONNECTING;
	const uint32_t in = connecting ? 0u : (uint32_t)EPOLLIN;
	const uint32_t out = connecting || s->out.len > 0 ? (uint32_t)EPOLLOUT : 0u;
	struct epoll_event ev = { .events = in | out, .data = { .ptr = s } };
	const int op = s->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (s->events == ev.events)
		return 0;
	if (epoll_ctl(loop_of(s)->epoll, op, s->fd, &ev) != 0)
		return errno;
	s->events = ev.events;
	return 0;
}

/* Gives back all but the struct itself. */
static void let_go(struct tt_env *env, struct tt_io_stream *s)
{
	if (s->fd >= 0)
		tt_tcp_close(s->fd); /* which takes it out of the epoll set as well */
	s->fd = -1;
	tt_free(env, s->out.buf);
	s->out = (struct tt_ring){ 0 };
}

/* ---- its course ---- */

static void end(struct tt_io_stream *s, int err)
{
	taut_loop *loop = loop_of(s);

	tt_note(&loop->env, loop->now, TAUT_LAYER_IO,
		s->state == TT_STREAM_OPEN ? "stream ended" : "stream refused",
		TT_INT("flow", s->flow->number), TT_ADDR("remote", &s->remote),
		TT_STR("error", strerrordesc_np(err)));
	let_go(&loop->env, s);
	s->state = TT_STREAM_ENDED;
	taut_pc_io_result(s->flow->conn->pc, loop->now, s->flow->number, err, NULL, 0);
}

static void is_open(struct tt_io_stream *s)
{
	taut_loop *loop = loop_of(s);

	s->state = TT_STREAM_OPEN;
	const int err = watch(s);
	if (err != 0) {
		end(s, err);
		return;
	}
	tt_note(&loop->env, loop->now, TAUT_LAYER_IO, "stream open",
		TT_INT("flow", s->flow->number), TT_ADDR("local", &s->local),
		TT_ADDR("remote", &s->remote));
	taut_pc_io_result(s->flow->conn->pc, loop->now, s->flow->number, 0, &s->local, 1);
}

static void connected(struct tt_io_stream *s)
{
	const int err = tt_tcp_connected(s->fd, &s->local);

	if (err != 0)
		end(s, err);
	else
		is_open(s);
}

static int begin(struct tt_io_stream *s)
{
	s->out.buf = tt_resize(&loop_of(s)->env, NULL, TT_LOOP_HELD);
	if (!s->out.buf)
		return ENOMEM;
	s->out.cap = TT_LOOP_HELD;
	const int err = tt_tcp_connect(&s->fd, &s->local, &s->remote);
	return err != 0 ? err : watch(s);
}

int tt_io_stream_open(struct tt_io_flow *flow, const struct taut_io *io)
{
	struct tt_env *env = &flow->conn->loop->env;
	struct tt_io_stream *s = tt_alloc(env, sizeof *s);

	if (!s)
		return ENOMEM;
	s->source = TT_IO_STREAM;
	s->flow = flow;
	s->fd = -1;
	s->local = io->local;
	s->remote = io->remote;
	const int err = begin(s);
	if (err != 0) {
		let_go(env, s);
		tt_free(env, s);
		return err;
	}
	flow->stream = s;
	return 0;
}

/* ---- out ---- */

/* A socket that takes a part has no room for the rest. 0 or errno. */
static int push(struct tt_io_stream *s)
{
	const uint8_t *piece;
	size_t len, sent = 0;

	while ((piece = tt_ring_front(&s->out, &len)) != NULL) {
		const int err = tt_tcp_send(s->fd, piece, len, &sent);
		if (err != 0 && err != EAGAIN)
			return err;
		tt_ring_drop(&s->out, sent);
		if (sent < len)
			break;
	}
	return watch(s);
}

void tt_io_stream_flush(struct tt_io_stream *s)
{
	const int err = s->state == TT_STREAM_OPEN ? push(s) : 0;

	if (err != 0)
		end(s, err);
}

int tt_io_stream_put(struct tt_io_stream *s, const uint8_t *data, size_t len)
{
	if (tt_ring_room(&s->out) < len)
		tt_io_stream_flush(s);
	if (s->state != TT_STREAM_OPEN)
		return s->state == TT_STREAM_ENDED ? EPIPE : ENOTCONN;
	return tt_ring_put(&s->out, data, len) ? 0 : EAGAIN;
}

void tt_io_stream_close(taut_loop *loop, struct tt_io_stream *s)
{
	if (s->state == TT_STREAM_OPEN)
		(void)push(s);
	let_go(&loop->env, s);
	s->flow = NULL;
	s->next = loop->dead_streams;
	loop->dead_streams = s;
}

/* ---- in ---- */

/* Events are taken out after each piece: until then its buffer is lent. The handler may close the
 * stream. */
static void deliver(struct tt_io_stream *s, uint8_t *data, size_t len)
{
	struct tt_io_conn *conn = s->flow->conn;
	const taut_time now = tt_io_fresh(conn->loop);
	struct taut_datagram d = { .size = sizeof d,
				   .flow = s->flow->number,
				   .local = s->local,
				   .remote = s->remote,
				   .buf = data,
				   .cap = len,
				   .len = len,
				   .received = now };

	taut_pc_recv(conn->pc, now, &d);
	tt_io_events(conn);
	conn->loop->now_old = true;
}

static void readable(taut_loop *loop, struct tt_io_stream *s)
{
	for (int round = 0; round < TT_LOOP_RECV_BATCHES && s->fd >= 0; round++) {
		size_t len;
		const int err = tt_tcp_recv(s->fd, loop->in.room, TT_UDP_BUF, &len);

		if (err == EAGAIN)
			return;
		if (err != 0) {
			end(s, err);
			return;
		}
		loop->worked = true;
		deliver(s, loop->in.room, len);
		if (len < TT_UDP_BUF)
			return;
	}
}

void tt_io_stream_event(taut_loop *loop, struct tt_io_stream *s, uint32_t events)
{
	if (s->fd < 0)
		return;
	if (s->state == TT_STREAM_CONNECTING) {
		connected(s);
		return;
	}
	if (events & EPOLLOUT)
		tt_io_stream_flush(s);
	if (s->fd >= 0 && (events & ~(uint32_t)EPOLLOUT))
		readable(loop, s);
}
