/* world_tcp.c - the life of a stream: listening, connecting, ending; see world_tcp.h. */
#include "world/world_tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "base/rd.h"
#include "world/world_net.h"
#include "world/world_tcp_int.h"

enum { FIRST_PORT = 40000, PORTS = 20000, INITIAL_WINDOW = 10 /* RFC 6928 */ };
#define FIRST_TIMEOUT 1000000 /* RFC 6298 section 2.1 */

void world_listen(struct world *w, const struct world_listen_config *cfg)
{
	struct world_listener *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	*l = (struct world_listener){ .next = w->listeners, .cfg = *cfg };
	w->listeners = l;
}

void world_unlisten(struct world *w, int host, uint16_t port)
{
	for (struct world_listener *l = w->listeners; l; l = l->next)
		l->closed |= l->cfg.host == host && l->cfg.port == port;
}

static struct world_stream *make(struct world *w, int host, const struct taut_addr *local,
				 const struct taut_addr *remote)
{
	struct world_stream *s = calloc(1, sizeof *s);

	if (!s || !(s->buf = malloc(WORLD_STREAM_BUFFER)))
		abort();
	s->next = w->streams;
	w->streams = s;
	s->world = w;
	s->id = ++w->stream_count;
	s->host = host;
	s->local = *local;
	s->remote = *remote;
	s->base = 1;
	s->expected = 1;
	s->segment = WORLD_SEGMENT;
	s->window = INITIAL_WINDOW * WORLD_SEGMENT;
	s->threshold = SIZE_MAX;
	s->timeout = FIRST_TIMEOUT;
	s->progress_at = w->now;
	return s;
}

struct world_stream *world_connect(struct world *w, int host, const struct taut_addr *from,
				   const struct taut_addr *to, const char *tls,
				   const struct world_stream_ops *ops, void *user)
{
	struct taut_addr local = *from;
	bool has = false;

	for (int i = 0; i < w->iface_count; i++)
		has |= w->ifaces[i].host == host && w->ifaces[i].up &&
		       tt_addr_eq_ip(&w->ifaces[i].addr, from);
	if (!has || from->family != to->family)
		return NULL;
	if (local.port == 0)
		local.port = tt_u16(FIRST_PORT + w->stream_count % PORTS);
	struct world_stream *s = make(w, host, &local, to);
	if (tls) {
		s->tls = TLS_HELLO;
		snprintf(s->tls_name, sizeof s->tls_name, "%s", tls);
	}
	world_stream_use(s, ops, user);
	world_tcp_output(s);
	return s;
}

void world_stream_use(struct world_stream *s, const struct world_stream_ops *ops, void *user)
{
	s->ops = ops;
	s->user = user;
}

void *world_stream_user(const struct world_stream *s)
{
	return s->user;
}

const struct taut_addr *world_stream_local(const struct world_stream *s)
{
	return &s->local;
}

const struct taut_addr *world_stream_remote(const struct world_stream *s)
{
	return &s->remote;
}

void world_stream_segment(struct world_stream *s, size_t len)
{
	s->segment = tt_max(len, 1);
}

/* ---- ending ---- */

static void destroy(struct world_stream *s)
{
	struct world_stream **at = &s->world->streams;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	world_tcp_forget(s);
	free(s->buf);
	free(s);
}

void world_stream_enter(struct world_stream *s)
{
	s->busy++;
}

void world_stream_leave(struct world_stream *s)
{
	if (--s->busy == 0 && s->dead)
		destroy(s);
}

void world_stream_end(struct world_stream *s, enum world_stream_end why)
{
	if (s->dead)
		return;
	s->dead = true;
	world_stream_enter(s);
	if (s->ops && s->ops->closed && !s->abandoned)
		s->ops->closed(s, why);
	world_stream_leave(s);
}

void world_stream_reset(struct world_stream *s)
{
	if (!s->dead)
		world_tcp_put(s, s->nxt, TCP_RST, NULL, 0);
	s->abandoned = true;
	world_stream_end(s, WORLD_STREAM_RESET);
}

void world_stream_shutdown(struct world_stream *s)
{
	if (s->dead || s->fin)
		return;
	if (s->nxt == s->una)
		s->progress_at = s->world->now;
	s->fin = true;
	world_tcp_output(s);
}

void world_stream_abandon(struct world_stream *s)
{
	s->abandoned = true;
	world_stream_shutdown(s);
}

void world_tcp_free(struct world *w)
{
	while (w->streams)
		destroy(w->streams);
	for (struct world_listener *l; (l = w->listeners) != NULL;) {
		w->listeners = l->next;
		free(l);
	}
}

/* ---- opening ---- */

void world_stream_opened(struct world_stream *s)
{
	struct world_listener *l = s->listener;

	s->listener = NULL;
	if (l)
		l->cfg.accepted(l->cfg.user, s);
	if (!s->dead && !s->abandoned && s->ops && s->ops->opened)
		s->ops->opened(s);
}

void world_stream_established(struct world_stream *s)
{
	s->state = TCP_OPEN;
	s->progress_at = s->world->now;
	if (s->tls == TLS_NONE)
		world_stream_opened(s);
	else
		world_tls_begin(s);
}

void world_stream_arrived(struct world_stream *s, const uint8_t *data, size_t len)
{
	if (s->tls == TLS_HELLO || s->tls == TLS_FINISH)
		world_tls_data(s, data, len);
	else if (!s->abandoned && s->ops && s->ops->data)
		s->ops->data(s, data, len);
}

static void close_if_done(struct world_stream *s)
{
	if (s->fin_acked && s->fin_in)
		world_stream_end(s, WORLD_STREAM_CLOSED);
}

/* An end that nobody looks at any more, or that is in its handshake, has no use for half a stream. */
void world_stream_finished(struct world_stream *s)
{
	bool half = s->tls == TLS_NONE || s->tls == TLS_DONE;

	if (!half)
		world_stream_end(s, WORLD_STREAM_NOT_TLS);
	else if (!s->abandoned && s->ops && s->ops->ended)
		s->ops->ended(s);
	else
		world_stream_shutdown(s);
}

/* ---- what comes ---- */

static struct world_stream *find(const struct world *w, int host, const struct world_packet *p)
{
	for (struct world_stream *s = w->streams; s; s = s->next)
		if (s->host == host && !s->dead && tt_addr_eq(&s->local, &p->to) &&
		    tt_addr_eq(&s->remote, &p->from))
			return s;
	return NULL;
}

static struct world_stream *accept_from(struct world *w, int host, const struct world_packet *p)
{
	for (struct world_listener *l = w->listeners; l; l = l->next) {
		if (l->closed || l->cfg.host != host || l->cfg.port != p->to.port)
			continue;
		struct world_stream *s = make(w, host, &p->to, &p->from);
		s->state = TCP_ACCEPTING;
		s->is_server = true;
		s->listener = l;
		s->tls = l->cfg.tls ? TLS_HELLO : TLS_NONE;
		return s;
	}
	return NULL;
}

static void take_reset(struct world_stream *s)
{
	/* The last word may have been lost on its way: our FIN is all that is not acknowledged. */
	bool over = s->fin && s->fin_in && s->len == 0;

	world_stream_end(s, s->state == TCP_CONNECTING ? WORLD_STREAM_REFUSED
			    : over                     ? WORLD_STREAM_CLOSED
						       : WORLD_STREAM_RESET);
}

static void take(struct world_stream *s, const struct world_segment *seg)
{
	if (seg->flags & TCP_RST) {
		take_reset(s);
		return;
	}
	bool waits = s->state != TCP_OPEN && seg->ack >= 1;
	if (seg->flags & TCP_ACK) {
		world_tcp_acked(s, seg->ack, seg->len == 0 && !(seg->flags & TCP_FIN));
		if (waits) {
			if (s->state == TCP_CONNECTING)
				world_tcp_put(s, s->nxt, TCP_ACK, NULL, 0);
			world_stream_established(s);
		}
	}
	if (s->dead || (waits && seg->flags & TCP_SYN))
		return;
	if (seg->flags & TCP_SYN) /* again: what we said was lost */
		world_tcp_put(s, s->state == TCP_OPEN ? s->nxt : 0,
			      s->state == TCP_ACCEPTING ? TCP_SYN | TCP_ACK : TCP_ACK, NULL, 0);
	else if (s->state == TCP_OPEN && (seg->len > 0 || seg->flags & TCP_FIN))
		world_tcp_data(s, seg);
	if (!s->dead)
		close_if_done(s);
}

static struct world_segment read_segment(const struct world_packet *p)
{
	struct rd r = rd_make(p->data, p->len);
	struct world_segment seg = { .seq = rd_u32(&r), .ack = rd_u32(&r), .flags = rd_u16(&r) };

	rd_u16(&r);
	seg.len = rd_left(&r);
	seg.data = rd_take(&r, seg.len);
	return seg;
}

void world_tcp_segment(struct world *w, int host, const struct world_packet *p)
{
	const struct world_segment seg = read_segment(p);
	struct world_stream *s = find(w, host, p);

	if (!s && seg.flags == TCP_SYN && (s = accept_from(w, host, p)) != NULL) {
		world_tcp_output(s);
		return;
	}
	if (!s) {
		if (!(seg.flags & TCP_RST))
			world_tcp_reply_reset(w, host, p, &seg);
		return;
	}
	world_stream_enter(s);
	take(s, &seg);
	world_stream_leave(s);
}
