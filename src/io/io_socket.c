/* io_socket.c - a socket in the epoll set: datagrams in, and those held until it takes more. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>

#include "io/io_loop.h"

static int watch(const taut_loop *loop, struct tt_io_socket *s, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = s } };

	return epoll_ctl(loop->epoll, op, s->udp.fd, &ev) == 0 ? 0 : errno;
}

struct tt_io_socket *tt_io_socket_open(taut_loop *loop, uint32_t kind,
				       const struct taut_addr *local, int *err)
{
	struct tt_io_socket *s = tt_alloc(&loop->env, sizeof *s);

	*err = ENOMEM;
	if (!s)
		return NULL;
	if (kind == TAUT_IO_MULTICAST)
		*err = tt_udp_open_group(&s->udp, local);
	else
		*err = tt_udp_open(&s->udp, local, !(loop->flags & TAUT_LOOP_NO_GSO));
	if (*err == 0 && (loop->flags & TAUT_LOOP_NO_GRO))
		tt_udp_no_gro(&s->udp);
	if (*err == 0) {
		s->source = TT_IO_SOCKET;
		s->held_last = &s->held;
		*err = watch(loop, s, EPOLLIN, EPOLL_CTL_ADD);
		if (*err != 0)
			tt_udp_close(&s->udp);
	}
	if (*err == 0)
		return s;
	tt_free(&loop->env, s);
	return NULL;
}

static void drop_held(struct tt_env *env, struct tt_io_socket *s)
{
	for (struct tt_io_held *h = s->held, *next; h; h = next) {
		next = h->next;
		tt_free(env, h);
	}
	s->held = NULL;
	s->held_last = &s->held;
	s->held_bytes = 0;
}

void tt_io_socket_close(taut_loop *loop, struct tt_io_socket *s)
{
	tt_udp_close(&s->udp); /* which takes it out of the epoll set as well */
	drop_held(&loop->env, s);
	s->flow = NULL;
	s->next = loop->dead_sockets;
	loop->dead_sockets = s;
}

/* ---- in ---- */

/* Events are taken out after each batch: until then its buffers are lent. */
static void recv_own(taut_loop *loop, struct tt_io_flow *flow, taut_time now)
{
	struct tt_io_conn *conn = flow->conn;

	for (size_t i = 0; i < loop->in.count; i++) {
		loop->in.in[i].flow = flow->number;
		taut_pc_recv(conn->pc, now, &loop->in.in[i]);
	}
	tt_io_events(conn);
}

static void recv_shared(taut_loop *loop, struct tt_io_socket *s)
{
	for (size_t i = 0; i < loop->in.count && s->route; i++)
		tt_io_share_recv(loop, s, &loop->in.in[i]);
}

typedef int receiver(struct tt_udp *u, struct tt_udp_batch *b, taut_time now, int64_t unix_us);

static void read_batches(taut_loop *loop, struct tt_io_socket *s, receiver *recv)
{
	for (int round = 0; round < TT_LOOP_RECV_BATCHES && (s->flow || s->route); round++) {
		const taut_time now = tt_io_fresh(loop);
		const int err =
			recv(&s->udp, &loop->in, now, loop->wall_unix_us + (now - loop->wall_read));

		if (err == EAGAIN)
			return;
		if (err != 0) {
			tt_note(&loop->env, now, TAUT_LAYER_IO, "socket error cleared",
				TT_ADDR("local", &s->udp.local),
				TT_STR("error", strerrordesc_np(err)));
			continue;
		}
		for (size_t i = 0; i < loop->in.truncated; i++)
			tt_drop(&loop->env, now, TAUT_DROP_DATAGRAM_TOO_LONG,
				TT_ADDR("local", &s->udp.local));
		loop->worked = true;
		if (s->flow)
			recv_own(loop, s->flow, now);
		else
			recv_shared(loop, s);
		loop->now_old = true;
		if (loop->in.count + loop->in.truncated < TT_UDP_BATCH)
			return;
	}
}

void tt_io_socket_readable(taut_loop *loop, struct tt_io_socket *s)
{
	read_batches(loop, s, tt_udp_recv);
}

void tt_io_socket_rest_event(taut_loop *loop, enum tt_io_source *rest_source, uint32_t events)
{
	struct tt_io_socket *s =
		(void *)((char *)rest_source - offsetof(struct tt_io_socket, rest_source));

	if (s->udp.split && (events & EPOLLOUT))
		tt_io_socket_writable(loop, s);
	if (s->udp.split && (events & ~(uint32_t)EPOLLOUT))
		read_batches(loop, s, tt_udp_recv_rest);
}

/* ---- out ---- */

static int watch_rest(const taut_loop *loop, struct tt_io_socket *s, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = &s->rest_source } };

	return epoll_ctl(loop->epoll, op, s->udp.rest, &ev) == 0 ? 0 : errno;
}

static int split(const taut_loop *loop, struct tt_io_socket *s)
{
	int err = tt_udp_split(&s->udp);

	if (err != 0)
		return err;
	s->rest_source = TT_IO_SOCKET_REST;
	err = watch_rest(loop, s, EPOLLIN, EPOLL_CTL_ADD);
	if (err != 0)
		tt_udp_join(&s->udp);
	return err;
}

/* The second socket is heard before the first one stops to hear all, and stays even if that cannot be
 * connected: what has come to it would be lost. */
static void connect_to_most(taut_loop *loop, struct tt_io_socket *s, const struct taut_addr *to)
{
	int err = s->udp.split ? 0 : split(loop, s);

	if (err == 0)
		err = tt_udp_connect(&s->udp);
	if (err == 0)
		tt_note(&loop->env, loop->now, TAUT_LAYER_IO, "socket connected",
			TT_ADDR("local", &s->udp.local), TT_ADDR("to", to));
	else
		tt_note(&loop->env, loop->now, TAUT_LAYER_IO, "socket cannot be connected",
			TT_ADDR("local", &s->udp.local), TT_ADDR("to", to),
			TT_STR("error", strerrordesc_np(err)));
}

static size_t packets_of(const struct taut_datagram *d)
{
	return d->segment ? (d->len + d->segment - 1) / d->segment : 1;
}

void tt_io_socket_sent(taut_loop *loop, struct tt_io_socket *s, const struct taut_datagram *d,
		       size_t n)
{
	if (s->route || s->udp.group_count > 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (tt_udp_vote(&s->udp, &d[i].remote, packets_of(&d[i])))
			connect_to_most(loop, s, &d[i].remote);
}

/* ---- out, later ---- */

/* Of the two sockets the one by which the first that waits goes says when there is room. NULL: nobody waits. */
static int await_room(const taut_loop *loop, struct tt_io_socket *s, const struct taut_addr *to)
{
	const bool rest = to && tt_udp_goes_by_rest(&s->udp, to);
	const int err = watch(loop, s, to && !rest ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);

	if (err != 0 || !s->udp.split)
		return err;
	return watch_rest(loop, s, rest ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

bool tt_io_socket_hold(struct tt_io_conn *conn, struct tt_io_socket *s,
		       const struct taut_datagram *d, size_t offset)
{
	const size_t len = d->len - offset;
	taut_loop *loop = conn->loop;
	struct tt_io_held *h;

	if (s->held_bytes + len > TT_LOOP_HELD)
		return false;
	h = tt_resize(&loop->env, NULL, sizeof *h + len);
	if (!h)
		return false;
	if (!s->held && await_room(loop, s, &d->remote) != 0) {
		tt_free(&loop->env, h); /* nobody would say that there is room again */
		return false;
	}
	h->next = NULL;
	h->conn = conn;
	h->d = *d;
	h->d.buf = (uint8_t *)(h + 1);
	h->d.len = h->d.cap = len;
	memcpy(h->d.buf, d->buf + offset, len);
	*s->held_last = h;
	s->held_last = &h->next;
	s->held_bytes += len;
	return true;
}

/* The kernel has room again for what was held back. */
void tt_io_socket_writable(taut_loop *loop, struct tt_io_socket *s)
{
	while (s->held) {
		struct tt_io_held *h = s->held;
		struct tt_udp_cursor c = { 0, 0 };
		const int err = tt_udp_send(&s->udp, &h->d, 1, &c);

		if (err == EAGAIN) {
			if (s->udp.split)
				await_room(loop, s,
					   &h->d.remote); /* which may be the other one now */
			return;
		}
		if (err != 0 && h->conn)
			taut_pc_send_failed(h->conn->pc, loop->now, &h->d, err);
		s->held = h->next;
		s->held_bytes -= h->d.len;
		if (!s->held)
			s->held_last = &s->held;
		tt_free(&loop->env, h);
	}
	await_room(loop, s, NULL);
}
