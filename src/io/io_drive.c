/* io_drive.c - one connection's turn: time, requests, events, datagrams out.
 *
 *     tick, if it is due -> poll_io -> poll_event (the handler) -> poll_send until 0
 *
 * Whether anything came of it that needs another turn, the environment knows. The
 * handler may free the connection; conn->pc is NULL from then on. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "io/io_stream.h"

static void serve_requests(struct tt_io_conn *conn)
{
	const struct taut_io *io;

	while ((io = taut_pc_poll_io(conn->pc)) != NULL)
		tt_io_serve(conn, io);
}

void tt_io_events(struct tt_io_conn *conn)
{
	const struct taut_event *ev;
	bool any = false;

	while (conn->pc && (ev = taut_pc_poll_event(conn->pc)) != NULL) {
		any = true;
		if (conn->handler)
			conn->handler(conn->user, conn->pc, ev);
	}
	if (any)
		conn->loop->now_old = true; /* a handler may decode a frame */
}

static struct tt_io_flow *flow_of(const struct tt_io_conn *conn, taut_flow number)
{
	for (struct tt_io_flow *f = conn->flows; f; f = f->next)
		if (f->number == number)
			return f;
	return NULL;
}

static void failed(struct tt_io_conn *conn, const struct taut_datagram *d, int err)
{
	const taut_time now = conn->loop->now;

	tt_note(&conn->loop->env, now, TAUT_LAYER_IO, "socket refuses a datagram",
		TT_ADDR("to", &d->remote), TT_STR("error", strerrordesc_np(err)));
	taut_pc_send_failed(conn->pc, now, d, err);
}

/* n messages of one stream. Those there is no room for do not go at all. */
static void send_stream(struct tt_io_conn *conn, struct tt_io_stream *s,
			const struct taut_datagram *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int err = tt_io_stream_put(s, d[i].buf, d[i].len);
		if (err != 0)
			failed(conn, &d[i], err);
	}
	tt_io_stream_flush(s);
}

/* n datagrams of one flow. */
static void send_flow(struct tt_io_conn *conn, const struct taut_datagram *d, size_t n)
{
	struct tt_io_flow *flow = flow_of(conn, d->flow);
	struct tt_io_socket *socket = flow ? flow->socket : NULL;
	struct tt_udp_cursor c = { 0, 0 };

	if (!socket && flow) {
		send_stream(conn, flow->stream, d, n);
		return;
	}
	if (socket && socket->route)
		tt_io_share_sent(flow, d, n);
	while (c.at < n) {
		int err = EBADF;
		if (socket)
			err = socket->held ? EAGAIN : tt_udp_send(&socket->udp, d, n, &c);
		if (err == 0) {
			tt_io_socket_sent(conn->loop, socket, d, n);
			return;
		}
		if (err != EAGAIN || !tt_io_socket_hold(conn, socket, &d[c.at], c.offset))
			failed(conn, &d[c.at], err);
		c = (struct tt_udp_cursor){ c.at + 1, 0 };
	}
}

/* Fills the arena; datagrams lie one behind another in it, so that equal ones form a run. How many;
 * *all: the connection has no more for now. */
static size_t gather(struct tt_io_conn *conn, bool *all)
{
	taut_loop *loop = conn->loop;
	size_t n = 0, used = 0;

	*all = false;
	while (n < TT_LOOP_SENDS && TT_LOOP_ARENA - used >= TT_UDP_PAYLOAD) {
		struct taut_datagram *d = &loop->out[n];
		*d = (struct taut_datagram){ .size = sizeof *d,
					     .buf = loop->arena + used,
					     .cap = TT_UDP_PAYLOAD };
		*all = taut_pc_poll_send(conn->pc, loop->now, d) == 0;
		if (*all)
			break;
		used += d->len;
		n++;
	}
	return n;
}

void tt_io_send_all(struct tt_io_conn *conn)
{
	taut_loop *loop = conn->loop;
	bool all = false;

	for (int round = 0; round < TT_LOOP_SEND_ROUNDS && !all; round++) {
		tt_io_fresh(loop);
		const size_t n = gather(conn, &all);
		for (size_t at = 0, end; at < n; at = end) {
			for (end = at + 1; end < n && loop->out[end].flow == loop->out[at].flow;)
				end++;
			send_flow(conn, &loop->out[at], end - at);
		}
		if (n > 0)
			loop->now_old = true;
	}
}

void tt_io_drive(struct tt_io_conn *conn)
{
	taut_loop *loop = conn->loop;

	if (!conn->pc)
		return; /* freed by another one's handler in the same round */
	loop->worked = true;
	if (taut_pc_deadline(conn->pc, NULL) <= loop->now)
		taut_pc_tick(conn->pc, loop->now);
	serve_requests(conn);
	if (loop->shared)
		tt_io_share_rename(conn);
	tt_io_events(conn);
	if (conn->pc)
		tt_io_send_all(conn);
}
