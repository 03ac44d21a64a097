/* io_flows.c - what connections ask for (TAUT_IO_). */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "io/io_stream.h"

static struct tt_io_flow *find_flow(const struct tt_io_conn *conn, taut_flow number)
{
	for (struct tt_io_flow *f = conn->flows; f; f = f->next)
		if (f->number == number)
			return f;
	return NULL;
}

struct tt_io_flow *tt_io_flow_new(struct tt_io_conn *conn, taut_flow number)
{
	struct tt_io_flow *flow = tt_alloc(&conn->loop->env, sizeof *flow);

	if (flow) {
		flow->conn = conn;
		flow->number = number;
	}
	return flow;
}

void tt_io_flow_keep(struct tt_io_flow *flow)
{
	flow->next = flow->conn->flows;
	flow->conn->flows = flow;
}

static int open_own(struct tt_io_flow *flow, const struct taut_io *io)
{
	int err = 0;

	flow->socket = tt_io_socket_open(flow->conn->loop, io->kind, &io->local, &err);
	if (flow->socket)
		flow->socket->flow = flow;
	return err;
}

/* With TAUT_LOOP_ONE_SOCKET the first socket on an address. Who wants a second one wants another port. */
static bool is_shared(const struct tt_io_conn *conn, const struct taut_io *io)
{
	if (!(conn->loop->flags & TAUT_LOOP_ONE_SOCKET) || io->kind != TAUT_IO_UDP)
		return false;
	for (const struct tt_io_flow *f = conn->flows; f; f = f->next)
		if (f->socket && f->socket->route &&
		    tt_addr_eq_ip(&f->socket->udp.local, &io->local))
			return false;
	return true;
}

static int open_flow(struct tt_io_conn *conn, const struct taut_io *io, struct taut_addr *bound)
{
	const bool shares = is_shared(conn, io);
	struct tt_io_flow *flow = tt_io_flow_new(conn, io->flow);

	if (!flow)
		return ENOMEM;
	const int err = shares ? tt_io_share_join(flow, &io->local) : open_own(flow, io);
	if (err != 0) {
		tt_free(&conn->loop->env, flow);
		return err;
	}
	tt_io_flow_keep(flow);
	*bound = flow->socket->udp.local;
	return 0;
}

static void serve_open(struct tt_io_conn *conn, const struct taut_io *io)
{
	taut_loop *loop = conn->loop;
	const taut_flow number = io->flow; /* the answer may make the request invalid */
	const struct taut_addr wanted = io->local;
	struct taut_addr bound = { 0 };
	const int err = open_flow(conn, io, &bound);
	const taut_time now = loop->now;

	if (err == 0)
		tt_note(&loop->env, now, TAUT_LAYER_IO, "socket open", TT_INT("flow", number),
			TT_ADDR("local", &bound));
	else
		tt_note(&loop->env, now, TAUT_LAYER_IO, "socket refused", TT_INT("flow", number),
			TT_ADDR("local", &wanted), TT_STR("error", strerrordesc_np(err)));
	taut_pc_io_result(conn->pc, now, number, err, err == 0 ? &bound : NULL, err == 0);
}

/* A stream is answered when it is open, or at once where it cannot even begin; what listens at once. */
static void serve_stream(struct tt_io_conn *conn, const struct taut_io *io)
{
	const taut_flow number = io->flow;
	const bool listens = io->kind == TAUT_IO_LISTEN;
	struct tt_io_flow *flow = tt_io_flow_new(conn, number);
	const int err = !flow     ? ENOMEM
			: listens ? tt_io_listen(flow, io)
				  : tt_io_stream_open(flow, io);

	if (err == 0)
		tt_io_flow_keep(flow);
	else
		tt_free(&conn->loop->env, flow);
	if (err != 0 || listens)
		taut_pc_io_result(conn->pc, conn->loop->now, number, err,
				  err == 0 ? &flow->stream->local : NULL, err == 0);
}

static void close_flow(struct tt_io_conn *conn, struct tt_io_flow *flow)
{
	struct tt_io_flow **at = &conn->flows;

	while (*at != flow)
		at = &(*at)->next;
	*at = flow->next;
	if (flow->stream)
		tt_io_stream_close(conn->loop, flow->stream);
	else if (flow->socket->route)
		tt_io_share_leave(flow);
	else
		tt_io_socket_close(conn->loop, flow->socket);
	tt_free(&conn->loop->env, flow);
}

void tt_io_close_flows(struct tt_io_conn *conn)
{
	while (conn->flows)
		close_flow(conn, conn->flows);
}

void tt_io_bury(taut_loop *loop)
{
	for (struct tt_io_socket *s = loop->dead_sockets, *next; s; s = next) {
		next = s->next;
		tt_free(&loop->env, s);
	}
	loop->dead_sockets = NULL;
	for (struct tt_io_stream *s = loop->dead_streams, *next; s; s = next) {
		next = s->next;
		tt_free(&loop->env, s);
	}
	loop->dead_streams = NULL;
	for (struct tt_io_conn *c = loop->dead_conns, *next; c; c = next) {
		next = c->next;
		tt_free(&loop->env, c);
	}
	loop->dead_conns = NULL;
}

static void resolved_srv(struct tt_io_conn *conn, const struct tt_resolved *r)
{
	struct taut_srv all[TT_SRV_MAX];

	for (size_t i = 0; i < r->srv_count; i++)
		all[i] = (struct taut_srv){ .priority = r->srv[i].priority,
					    .weight = r->srv[i].weight,
					    .port = r->srv[i].port,
					    .target = r->srv[i].target };
	taut_pc_srv_result(conn->pc, tt_io_fresh(conn->loop), r->flow, r->os_errno, all,
			   r->srv_count);
}

/* The connection may be long gone: its key names it, and is never used again. */
static void resolved(struct tt_resolved *r)
{
	taut_loop *loop = r->user;
	struct tt_io_conn *conn = tt_io_conn_by_key(&loop->conns, r->key);

	if (conn && r->is_srv)
		resolved_srv(conn, r);
	else if (conn)
		taut_pc_io_result(conn->pc, tt_io_fresh(loop), r->flow, r->os_errno, r->found,
				  r->count);
}

static void serve_resolve(struct tt_io_conn *conn, const struct taut_io *io)
{
	taut_loop *loop = conn->loop;
	const taut_flow number = io->flow;
	int err = ENOMEM;

	if (!loop->resolver)
		loop->resolver = tt_resolver_new(&loop->post, resolved, loop);
	if (loop->resolver)
		err = (io->kind == TAUT_IO_RESOLVE_SRV ? tt_resolver_ask_srv : tt_resolver_ask)(
			loop->resolver, conn->key, number, io->name);
	if (err != 0)
		taut_pc_io_result(conn->pc, loop->now, number, err, NULL, 0);
}

void tt_io_serve(struct tt_io_conn *conn, const struct taut_io *io)
{
	struct tt_io_flow *flow;

	switch (io->kind) {
	case TAUT_IO_UDP:
	case TAUT_IO_MULTICAST:
		serve_open(conn, io);
		break;
	case TAUT_IO_TCP:
	case TAUT_IO_TLS:
	case TAUT_IO_LISTEN:
		serve_stream(conn, io);
		break;
	case TAUT_IO_CLOSE:
		flow = find_flow(conn, io->flow);
		if (flow)
			close_flow(conn, flow);
		break;
	case TAUT_IO_RESOLVE:
	case TAUT_IO_RESOLVE_SRV:
		serve_resolve(conn, io);
		break;
	default: /* of a newer core than this loop */
		taut_pc_io_result(conn->pc, conn->loop->now, io->flow, ENOSYS, NULL, 0);
	}
}
