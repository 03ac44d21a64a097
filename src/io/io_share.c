/* io_share.c - sockets that many connections share (TAUT_LOOP_ONE_SOCKET): one for each local address,
 * from the first connection that wants it to the last. Whose a datagram is says io_route.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/random.h>

#include "base/addr.h"
#include "base/num.h"
#include "io/io_loop.h"

static struct tt_io_socket *find(const taut_loop *loop, const struct taut_addr *local)
{
	for (struct tt_io_socket *s = loop->shared; s; s = s->next)
		if (tt_addr_eq_ip(&s->udp.local, local))
			return s;
	return NULL;
}

static int open_shared(taut_loop *loop, const struct taut_addr *local, struct tt_io_socket **out)
{
	struct tt_route *route = tt_alloc(&loop->env, sizeof *route);
	struct taut_addr at = *local;
	struct tt_io_socket *s;
	uint64_t seed;
	int err = ENOMEM;

	if (!route)
		return err;
	if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		seed = (uint64_t)(uintptr_t)route; /* no secret, and only chains grow long */
	at.port = loop->port;
	s = tt_io_socket_open(loop, TAUT_IO_UDP, &at, &err);
	if (!s) {
		tt_free(&loop->env, route);
		return err;
	}
	tt_route_init(route, &loop->env, seed);
	s->route = route;
	s->next = loop->shared;
	loop->shared = s;
	*out = s;
	return 0;
}

static void close_shared(taut_loop *loop, struct tt_io_socket *s)
{
	struct tt_io_socket **at = &loop->shared;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	tt_route_free(s->route);
	tt_free(&loop->env, s->route);
	s->route = NULL;
	tt_io_socket_close(loop, s);
}

int tt_io_share_join(struct tt_io_flow *flow, const struct taut_addr *local)
{
	taut_loop *loop = flow->conn->loop;
	struct tt_io_socket *s = find(loop, local);
	const int err = s ? 0 : open_shared(loop, local, &s);

	if (err != 0)
		return err;
	s->flow_count++;
	flow->socket = s;
	if (tt_route_name(s->route, &flow->end, taut_pc_ice_ufrag(flow->conn->pc)))
		return 0;
	tt_io_share_leave(flow);
	return ENOMEM;
}

/* What it said last stays held, though nobody is told any more when it cannot go. */
void tt_io_share_leave(struct tt_io_flow *flow)
{
	struct tt_io_socket *s = flow->socket;

	for (struct tt_io_held *h = s->held; h; h = h->next)
		if (h->conn == flow->conn)
			h->conn = NULL;
	tt_route_leave(s->route, &flow->end);
	if (--s->flow_count == 0)
		close_shared(flow->conn->loop, s);
}

void tt_io_share_rename(struct tt_io_conn *conn)
{
	for (struct tt_io_flow *f = conn->flows; f; f = f->next)
		if (f->socket && f->socket->route) /* without memory it is tried again in the next turn */
			(void)tt_route_name(f->socket->route, &f->end, taut_pc_ice_ufrag(conn->pc));
}

void tt_io_share_sent(struct tt_io_flow *flow, const struct taut_datagram *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (d[i].segment == 0)
			tt_route_sent(flow->socket->route, flow->conn->loop->now, &flow->end,
				      &d[i].remote, d[i].buf, d[i].len);
}

static struct tt_io_flow *flow_of(struct tt_route_end *end)
{
	return (struct tt_io_flow *)(void *)((char *)end - offsetof(struct tt_io_flow, end));
}

/* d is of the owner that was found. */
static void hand_over(taut_loop *loop, struct tt_route *route, const struct tt_route_found *found,
		      struct taut_datagram *d)
{
	struct tt_io_flow *flow = flow_of(found->end);
	struct tt_io_conn *conn = flow->conn;
	const uint64_t before = taut_pc_ice_authenticated(conn->pc);
	const taut_time now = tt_io_fresh(loop);

	d->flow = flow->number;
	taut_pc_recv(conn->pc, now, d);
	if (found->proof != TT_ROUTE_NOTHING && taut_pc_ice_authenticated(conn->pc) != before)
		tt_route_shown(route, now, found, &d->remote);
	tt_io_events(conn); /* which may free it, and close the socket */
}

/* How much of a run goes the way of its packet at `at`: STUN packets alone, the others together. */
static size_t stretch(const struct taut_datagram *d, size_t at)
{
	const size_t step = d->segment > 0 ? d->segment : d->len;
	size_t end = tt_min(at + step, d->len);

	if (end > at && d->buf[at] <= 3)
		return end - at;
	while (end < d->len && d->buf[end] > 3)
		end = tt_min(end + step, d->len);
	return end - at;
}

void tt_io_share_recv(taut_loop *loop, struct tt_io_socket *s, const struct taut_datagram *d)
{
	size_t at = 0;

	do { /* one of no bytes is one as well */
		struct taut_datagram part = *d;
		part.buf = d->buf + at;
		part.len = stretch(d, at);
		part.cap = d->cap - at;
		at += part.len;
		const size_t first = d->segment > 0 ? tt_min(d->segment, part.len) : part.len;
		const struct tt_route_found found =
			tt_route_find(s->route, &d->remote, part.buf, first);
		if (part.len <= d->segment)
			part.segment = 0;
		if (found.end)
			hand_over(loop, s->route, &found, &part);
		else
			tt_drop(&loop->env, loop->now, found.why, TT_ADDR("from", &d->remote),
				TT_INT("bytes", part.len));
	} while (at < d->len && s->route);
}
