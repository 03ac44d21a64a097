/* io_listen.c - TCP connections that come (TAUT_IO_LISTEN): each is a stream of its own, if it is wanted. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "io/io_stream.h"
#include "io/io_tcp.h"

enum { MOST = 16 }; /* connections taken before others get their turn */

int tt_io_listen(struct tt_io_flow *flow, const struct taut_io *io)
{
	struct tt_io_stream *s =
		tt_io_stream_new(flow, TT_STREAM_LISTENING, &io->local, &io->remote);

	if (!s)
		return ENOMEM;
	int err = tt_tcp_listen(&s->fd, &s->local);
	if (err == 0)
		err = tt_io_stream_watch(s);
	if (err != 0)
		tt_io_stream_discard(s, err);
	else
		flow->stream = s;
	return err;
}

/* The core has said under which number it wants the connection. 0; otherwise errno, and it is closed. */
static int take(struct tt_io_conn *conn, taut_flow number, int fd, const struct taut_addr *local,
		const struct taut_addr *remote)
{
	struct tt_io_flow *flow = tt_io_flow_new(conn, number);

	if (!flow) {
		tt_tcp_close(fd);
		return ENOMEM;
	}
	const int err = tt_io_stream_take(flow, fd, local, remote);
	if (err == 0)
		tt_io_flow_keep(flow);
	else
		tt_free(&conn->loop->env, flow);
	return err;
}

static void came(struct tt_io_stream *s, int fd, const struct taut_addr *local,
		 const struct taut_addr *remote)
{
	struct tt_io_conn *conn = s->flow->conn;
	taut_loop *loop = conn->loop;
	const taut_time now = tt_io_fresh(loop);
	const taut_flow number = taut_pc_accept(conn->pc, now, s->flow->number, local, remote);

	tt_note(&loop->env, now, TAUT_LAYER_IO, number ? "stream came" : "stream not wanted",
		TT_INT("flow", number), TT_ADDR("local", local), TT_ADDR("remote", remote));
	if (number == 0) {
		tt_tcp_close(fd);
		return;
	}
	const int err = take(conn, number, fd, local, remote);
	if (err != 0)
		taut_pc_io_result(conn->pc, now, number, err, NULL, 0);
}

/* accept(2): what happened to a connection that nobody has yet is told as if it were ours. */
static bool is_of_the_network(int err)
{
	return err == ECONNABORTED || err == ENETDOWN || err == EPROTO || err == ENOPROTOOPT ||
	       err == EHOSTDOWN || err == ENONET || err == EHOSTUNREACH || err == ENETUNREACH ||
	       err == EPERM;
}

void tt_io_listen_event(taut_loop *loop, struct tt_io_stream *s)
{
	struct taut_addr local, remote;

	for (int i = 0; i < MOST && s->fd >= 0; i++) {
		int fd;
		const int err = tt_tcp_accept(s->fd, &fd, &local, &remote);

		if (err == EAGAIN)
			return;
		if (is_of_the_network(err))
			continue;
		loop->worked = true;
		if (err != 0) { /* no descriptor is left, say: it would be told without end */
			tt_io_stream_end(s, err);
			return;
		}
		came(s, fd, &local, &remote);
	}
}
