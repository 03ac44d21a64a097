/* io_flows.c - what connections ask for (TAUT_IO_), and datagrams in. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "io/io_loop.h"

static struct tt_io_flow *find_flow(const struct tt_io_conn *conn, taut_flow number)
{
	for (struct tt_io_flow *f = conn->flows; f; f = f->next)
		if (f->number == number)
			return f;
	return NULL;
}

static int watch(taut_loop *loop, struct tt_io_flow *flow, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = flow } };

	return epoll_ctl(loop->epoll, op, flow->udp.fd, &ev) == 0 ? 0 : errno;
}

static int open_flow(struct tt_io_conn *conn, const struct taut_io *io, struct taut_addr *bound)
{
	taut_loop *loop = conn->loop;
	struct tt_io_flow *flow = tt_alloc(&loop->env, sizeof *flow);
	int err;

	if (!flow)
		return ENOMEM;
	if (io->kind == TAUT_IO_MULTICAST)
		err = tt_udp_open_group(&flow->udp, &io->local);
	else
		err = tt_udp_open(&flow->udp, &io->local, !(loop->flags & TAUT_LOOP_NO_GSO));
	if (err == 0 && (loop->flags & TAUT_LOOP_NO_GRO))
		tt_udp_no_gro(&flow->udp);
	if (err == 0) {
		flow->source = TT_IO_FLOW;
		flow->number = io->flow;
		flow->conn = conn;
		flow->held_last = &flow->held;
		err = watch(loop, flow, EPOLLIN, EPOLL_CTL_ADD);
		if (err != 0)
			tt_udp_close(&flow->udp);
	}
	if (err != 0) {
		tt_free(&loop->env, flow);
		return err;
	}
	flow->next = conn->flows;
	conn->flows = flow;
	*bound = flow->udp.local;
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

static void drop_held(struct tt_env *env, struct tt_io_flow *flow)
{
	for (struct tt_io_held *h = flow->held, *next; h; h = next) {
		next = h->next;
		tt_free(env, h);
	}
	flow->held = NULL;
	flow->held_last = &flow->held;
	flow->held_bytes = 0;
}

static void close_flow(struct tt_io_conn *conn, struct tt_io_flow *flow)
{
	struct tt_io_flow **at = &conn->flows;

	while (*at != flow)
		at = &(*at)->next;
	*at = flow->next;
	tt_udp_close(&flow->udp); /* which takes it out of the epoll set as well */
	drop_held(&conn->loop->env, flow);
	flow->conn = NULL;
	flow->next = conn->loop->dead_flows;
	conn->loop->dead_flows = flow;
}

void tt_io_close_flows(struct tt_io_conn *conn)
{
	while (conn->flows)
		close_flow(conn, conn->flows);
}

void tt_io_bury(taut_loop *loop)
{
	for (struct tt_io_flow *f = loop->dead_flows, *next; f; f = next) {
		next = f->next;
		tt_free(&loop->env, f);
	}
	loop->dead_flows = NULL;
	for (struct tt_io_conn *c = loop->dead_conns, *next; c; c = next) {
		next = c->next;
		tt_free(&loop->env, c);
	}
	loop->dead_conns = NULL;
}

/* The connection may be long gone: its key names it, and is never used again. */
static void resolved(struct tt_resolved *r)
{
	taut_loop *loop = r->user;
	struct tt_io_conn *conn = tt_io_conn_by_key(&loop->conns, r->key);

	if (conn)
		taut_pc_io_result(conn->pc, loop->now, r->flow, r->os_errno, r->found, r->count);
}

static void serve_resolve(struct tt_io_conn *conn, const struct taut_io *io)
{
	taut_loop *loop = conn->loop;
	const taut_flow number = io->flow;
	int err = ENOMEM;

	if (!loop->resolver)
		loop->resolver = tt_resolver_new(&loop->post, resolved, loop);
	if (loop->resolver)
		err = tt_resolver_ask(loop->resolver, conn->key, number, io->name);
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
	case TAUT_IO_CLOSE:
		flow = find_flow(conn, io->flow);
		if (flow)
			close_flow(conn, flow);
		break;
	case TAUT_IO_RESOLVE:
		serve_resolve(conn, io);
		break;
	default: /* of a newer core than this loop */
		taut_pc_io_result(conn->pc, conn->loop->now, io->flow, ENOSYS, NULL, 0);
	}
}

/* Events are taken out after each batch: until then its buffers are lent. */
void tt_io_flow_readable(taut_loop *loop, struct tt_io_flow *flow)
{
	for (int round = 0; round < TT_LOOP_RECV_BATCHES && flow->conn; round++) {
		struct tt_io_conn *conn = flow->conn;
		const taut_time now = round == 0 ? loop->now : tt_io_clock(loop);
		const int err = tt_udp_recv(&flow->udp, &loop->in, now,
					    loop->wall_unix_us + (now - loop->wall_read));

		if (err == EAGAIN)
			return;
		if (err != 0) {
			tt_note(&loop->env, now, TAUT_LAYER_IO, "socket error cleared",
				TT_INT("flow", flow->number),
				TT_STR("error", strerrordesc_np(err)));
			continue;
		}
		for (size_t i = 0; i < loop->in.truncated; i++)
			tt_drop(&loop->env, now, TAUT_DROP_DATAGRAM_TOO_LONG,
				TT_INT("flow", flow->number));
		for (size_t i = 0; i < loop->in.count; i++) {
			loop->in.in[i].flow = flow->number;
			taut_pc_recv(conn->pc, now, &loop->in.in[i]);
		}
		loop->worked = true;
		tt_io_events(conn);
		if (loop->in.count + loop->in.truncated < TT_UDP_BATCH)
			return;
	}
}

/* The kernel has room again for what was held back. */
void tt_io_flow_writable(taut_loop *loop, struct tt_io_flow *flow)
{
	while (flow->held) {
		struct tt_io_held *h = flow->held;
		struct tt_udp_cursor c = { 0, 0 };
		const int err = tt_udp_send(&flow->udp, &h->d, 1, &c);

		if (err == EAGAIN)
			return;
		if (err != 0 && flow->conn)
			taut_pc_send_failed(flow->conn->pc, loop->now, &h->d, err);
		flow->held = h->next;
		flow->held_bytes -= h->d.len;
		if (!flow->held)
			flow->held_last = &flow->held;
		tt_free(&loop->env, h);
	}
	watch(loop, flow, EPOLLIN, EPOLL_CTL_MOD);
}
