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
int tt_io_stream_watch(struct tt_io_stream *s)
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
	tt_tls_close(&s->tls);
	tt_free(env, s->out.buf);
	s->out = (struct tt_ring){ 0 };
}

/* What TLS has to say goes behind what waits. 0 or errno. */
static int encrypted(struct tt_io_stream *s)
{
	uint8_t *tail;
	size_t room;

	while (tt_tls_has_out(&s->tls)) {
		tail = tt_ring_tail(&s->out, &room);
		const size_t took = tail ? tt_tls_out(&s->tls, tail, room) : 0;
		if (took == 0)
			return ENOBUFS; /* answers to one who asks and does not read */
		tt_ring_added(&s->out, took);
	}
	return 0;
}

/* A socket that takes a part may have room for the rest: it says itself when it has none. 0 or errno. */
static int push(struct tt_io_stream *s)
{
	const uint8_t *piece;
	size_t len, sent = 0;
	int err = s->tls.ssl ? encrypted(s) : 0;

	while (err == 0 && (piece = tt_ring_front(&s->out, &len)) != NULL) {
		err = tt_tcp_send(s->fd, piece, len, &sent);
		tt_ring_drop(&s->out, sent);
	}
	return err == 0 || err == EAGAIN ? tt_io_stream_watch(s) : err;
}

/* ---- its course ---- */

static void note_end(const struct tt_io_stream *s, int err)
{
	taut_loop *loop = loop_of(s);
	const char *what = s->state == TT_STREAM_OPEN ? "stream ended" : "stream refused";

	if (s->tls.why)
		tt_note(&loop->env, loop->now, TAUT_LAYER_IO, what, TT_INT("flow", s->flow->number),
			TT_ADDR("remote", &s->remote), TT_STR("error", strerrordesc_np(err)),
			TT_STR("tls", s->tls.why));
	else
		tt_note(&loop->env, loop->now, TAUT_LAYER_IO, what, TT_INT("flow", s->flow->number),
			TT_ADDR("remote", &s->remote), TT_STR("error", strerrordesc_np(err)));
}

void tt_io_stream_end(struct tt_io_stream *s, int err)
{
	taut_loop *loop = loop_of(s);

	note_end(s, err);
	if (s->tls.ssl)
		(void)push(s); /* an alert, perhaps */
	let_go(&loop->env, s);
	s->state = TT_STREAM_ENDED;
	taut_pc_io_result(s->flow->conn->pc, loop->now, s->flow->number, err, NULL, 0);
}

static void is_open(struct tt_io_stream *s)
{
	taut_loop *loop = loop_of(s);

	s->state = TT_STREAM_OPEN;
	const int err = tt_io_stream_watch(s);
	if (err != 0) {
		tt_io_stream_end(s, err);
		return;
	}
	tt_note(&loop->env, loop->now, TAUT_LAYER_IO, "stream open",
		TT_INT("flow", s->flow->number), TT_ADDR("local", &s->local),
		TT_ADDR("remote", &s->remote));
	taut_pc_io_result(s->flow->conn->pc, loop->now, s->flow->number, 0, &s->local, 1);
}

/* OpenSSL that got no memory may have made less of what all streams share, and not said so: the next
 * one gets a new one. */
static void doubt_shared(taut_loop *loop, int err)
{
	if (err != EPROTO && err != ENOMEM)
		return;
	tt_tls_shared_free(loop->tls); /* streams that have it keep it */
	loop->tls = NULL;
}

static void shake(struct tt_io_stream *s)
{
	const int shaken = tt_tls_handshake(&s->tls);
	const int err = shaken == 0 || shaken == EAGAIN ? push(s) : shaken;

	doubt_shared(loop_of(s), err);
	if (err != 0)
		tt_io_stream_end(s, err);
	else if (shaken == 0)
		is_open(s);
}

static void connected(struct tt_io_stream *s)
{
	const int err = tt_tcp_connected(s->fd, &s->local);

	if (err != 0) {
		tt_io_stream_end(s, err);
	} else if (s->tls.ssl) {
		s->state = TT_STREAM_SHAKING;
		shake(s);
	} else {
		is_open(s);
	}
}

/* What the connections of TLS have in common is made with the first one. 0 or errno. */
static int begin_tls(struct tt_io_stream *s, const char *name)
{
	taut_loop *loop = loop_of(s);
	int err = 0;

	if (!loop->tls)
		err = tt_tls_shared_new(&loop->tls, loop->tls_trust, &s->tls.why);
	return err != 0 ? err : tt_tls_open(&s->tls, loop->tls, name);
}

static int make_queue(struct tt_io_stream *s)
{
	s->out.buf = tt_resize(&loop_of(s)->env, NULL, TT_LOOP_HELD);
	s->out.cap = s->out.buf ? TT_LOOP_HELD : 0;
	return s->out.buf ? 0 : ENOMEM;
}

static int begin(struct tt_io_stream *s, const struct taut_io *io)
{
	int err = make_queue(s);

	if (err == 0 && io->kind == TAUT_IO_TLS)
		err = begin_tls(s, io->name);
	if (err == 0)
		err = tt_tcp_connect(&s->fd, &s->local, &s->remote);
	return err != 0 ? err : tt_io_stream_watch(s);
}

struct tt_io_stream *tt_io_stream_new(struct tt_io_flow *flow, enum tt_stream_state state,
				      const struct taut_addr *local, const struct taut_addr *remote)
{
	struct tt_io_stream *s = tt_alloc(&flow->conn->loop->env, sizeof *s);

	if (s)
		*s = (struct tt_io_stream){ .source = TT_IO_STREAM,
					    .flow = flow,
					    .state = state,
					    .fd = -1,
					    .local = *local,
					    .remote = *remote };
	return s;
}

void tt_io_stream_discard(struct tt_io_stream *s, int err)
{
	struct tt_env *env = &loop_of(s)->env;

	note_end(s, err);
	let_go(env, s);
	tt_free(env, s);
}

int tt_io_stream_open(struct tt_io_flow *flow, const struct taut_io *io)
{
	struct tt_io_stream *s =
		tt_io_stream_new(flow, TT_STREAM_CONNECTING, &io->local, &io->remote);

	if (!s)
		return ENOMEM;
	const int err = begin(s, io);
	if (err != 0)
		tt_io_stream_discard(s, err);
	else
		flow->stream = s;
	return err;
}

int tt_io_stream_take(struct tt_io_flow *flow, int fd, const struct taut_addr *local,
		      const struct taut_addr *remote)
{
	struct tt_io_stream *s = tt_io_stream_new(flow, TT_STREAM_OPEN, local, remote);

	if (!s) {
		tt_tcp_close(fd);
		return ENOMEM;
	}
	s->fd = fd;
	int err = make_queue(s);
	if (err == 0)
		err = tt_io_stream_watch(s);
	if (err == 0) {
		flow->stream = s;
		return 0;
	}
	tt_io_stream_discard(s, err);
	return err;
}

/* ---- out ---- */

void tt_io_stream_flush(struct tt_io_stream *s)
{
	const int err = s->fd >= 0 && s->state != TT_STREAM_CONNECTING ? push(s) : 0;

	if (err != 0)
		tt_io_stream_end(s, err);
}

int tt_io_stream_put(struct tt_io_stream *s, const uint8_t *data, size_t len)
{
	const size_t most = s->tls.ssl ? tt_tls_bound(len) : len;
	const size_t kept = len > TT_STREAM_SHORT ? TT_STREAM_KEPT : 0;

	if (tt_ring_room(&s->out) < most + kept)
		tt_io_stream_flush(s);
	if (s->state != TT_STREAM_OPEN)
		return s->state == TT_STREAM_ENDED ? EPIPE : ENOTCONN;
	if (tt_ring_room(&s->out) < most + kept)
		return EAGAIN;
	if (!s->tls.ssl)
		return tt_ring_put(&s->out, data, len) ? 0 : EAGAIN;
	int err = tt_tls_write(&s->tls, data, len);
	if (err == 0)
		err = encrypted(s);
	if (err != 0)
		tt_io_stream_end(s, err);
	return err;
}

void tt_io_stream_close(taut_loop *loop, struct tt_io_stream *s)
{
	if (s->state == TT_STREAM_OPEN && s->tls.ssl)
		tt_tls_goodbye(&s->tls);
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

/* What TLS makes of data, record by record; buf is for that. */
static void decrypt(struct tt_io_stream *s, const uint8_t *data, size_t len, uint8_t *buf)
{
	int err = tt_tls_take(&s->tls, data, len);

	if (err == 0 && s->state == TT_STREAM_SHAKING)
		shake(s);
	while (err == 0 && s->state == TT_STREAM_OPEN && s->fd >= 0) {
		size_t plain;
		err = tt_tls_read(&s->tls, buf, TT_UDP_BUF, &plain);
		if (err == 0)
			deliver(s, buf, plain);
	}
	if (err == EAGAIN) /* what asked to agree anew is answered */
		err = push(s);
	if (err != 0)
		tt_io_stream_end(s, err);
}

static void readable(taut_loop *loop, struct tt_io_stream *s)
{
	uint8_t *plain = loop->in.room, *room = plain + (s->tls.ssl ? TT_UDP_BUF : 0);

	for (int round = 0; round < TT_LOOP_RECV_BATCHES && s->fd >= 0; round++) {
		size_t len;
		const int err = tt_tcp_recv(s->fd, room, TT_UDP_BUF, &len);

		if (err == EAGAIN)
			return;
		if (err != 0) {
			tt_io_stream_end(s, err);
			return;
		}
		loop->worked = true;
		if (s->tls.ssl)
			decrypt(s, room, len, plain);
		else
			deliver(s, room, len);
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
	if (s->state == TT_STREAM_LISTENING) {
		tt_io_listen_event(loop, s);
		return;
	}
	if (events & EPOLLOUT)
		tt_io_stream_flush(s);
	if (s->fd >= 0 && (events & ~(uint32_t)EPOLLOUT))
		readable(loop, s);
}
