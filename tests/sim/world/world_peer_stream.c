/* world_peer_stream.c - the streams that a connection asks its host for (TAUT_IO_TCP, TAUT_IO_TLS). */
#include <stdlib.h>
#include <string.h>

#include "stun/turn.h"
#include "world/world_peer.h"
#include "world/world_peer_int.h"

/* Of Linux: EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EPROTO, EKEYREJECTED, EAGAIN */
enum { EADDR = 99, EREFUSED = 111, ERESET = 104, ELATE = 110, ENOTLS = 71, EKEY = 129, EFULL = 11 };
enum { LONGEST = 65536 }; /* of a message: what is longer is no frame of TURN */

/* Once for each: it is not open, or not any more. */
static void over(struct world_peer_flow *f, int err)
{
	struct world_peer *p = f->peer;

	if (f->told || !p->pc)
		return;
	f->told = true;
	taut_pc_io_result(p->pc, p->world->now, f->flow, err, NULL, 0);
	world_peer_pump(p);
}

static void on_opened(struct world_stream *s)
{
	struct world_peer_flow *f = world_stream_user(s);
	struct world_peer *p = f->peer;

	f->addr = *world_stream_local(s);
	taut_pc_io_result(p->pc, p->world->now, f->flow, 0, &f->addr, 1);
	world_peer_pump(p);
}

/* The watch sees messages, whole ones; what is none ends the looking. */
static void watch(struct world_peer_flow *f, const uint8_t *data, size_t len)
{
	size_t n;

	if (!f->in && !(f->in = malloc(2 * (size_t)LONGEST)))
		abort();
	if (f->have + len > 2 * (size_t)LONGEST)
		return;
	memcpy(f->in + f->have, data, len);
	f->have += len;
	while ((n = tt_turn_frame(f->in, f->have)) > 0 && n <= f->have) {
		world_watch_in(&f->peer->watch, f->flow, world_stream_remote(f->stream), f->in, n);
		memmove(f->in, f->in + n, f->have - n);
		f->have -= n;
	}
}

static void on_data(struct world_stream *s, const uint8_t *data, size_t len)
{
	struct world_peer_flow *f = world_stream_user(s);
	struct world_peer *p = f->peer;
	const taut_flow flow = f->flow;
	struct taut_datagram d = { .size = sizeof d,
				   .flow = flow,
				   .local = *world_stream_local(s),
				   .remote = *world_stream_remote(s),
				   .cap = len,
				   .len = len };

	if (!p->pc)
		return;
	watch(f, data, len);
	p->datagrams_in++;
	d.buf = malloc(len); /* of that size, so that a step beyond it shows */
	if (!d.buf)
		abort();
	memcpy(d.buf, data, len);
	taut_pc_recv(p->pc, p->world->now, &d);
	world_peer_pump(p);
	free(d.buf);
}

static void on_ended(struct world_stream *s)
{
	over(world_stream_user(s), ERESET);
}

static void on_closed(struct world_stream *s, enum world_stream_end why)
{
	static const int errors[] = {
		[WORLD_STREAM_CLOSED] = ERESET,  [WORLD_STREAM_REFUSED] = EREFUSED,
		[WORLD_STREAM_RESET] = ERESET,   [WORLD_STREAM_TIMEOUT] = ELATE,
		[WORLD_STREAM_NOT_TLS] = ENOTLS, [WORLD_STREAM_TLS_NAME] = EKEY,
		[WORLD_STREAM_UNTRUSTED] = EKEY,
	};
	struct world_peer_flow *f = world_stream_user(s);

	f->stream = NULL;
	over(f, errors[why]);
}

void world_peer_connect(struct world_peer *p, struct world_peer_flow *f, const struct taut_io *io)
{
	static const struct world_stream_ops ops = {
		.opened = on_opened, .data = on_data, .ended = on_ended, .closed = on_closed
	};

	*f = (struct world_peer_flow){
		.peer = p, .flow = io->flow, .addr = io->local, .is_stream = true
	};
	f->stream = world_connect(p->world, p->host, &io->local, &io->remote,
				  io->kind == TAUT_IO_TLS ? io->name : NULL, &ops, f);
	if (!f->stream)
		over(f, EADDR);
}

void world_peer_disconnect(struct world_peer_flow *f)
{
	if (f->stream)
		world_stream_abandon(f->stream);
	free(f->in);
	*f = (struct world_peer_flow){ 0 };
}

/* All of it, or nothing. */
void world_peer_write(struct world_peer_flow *f, const struct taut_datagram *d)
{
	struct world_peer *p = f->peer;

	if (!f->stream || world_stream_room(f->stream) < d->len)
		taut_pc_send_failed(p->pc, p->world->now, d, f->stream ? EFULL : ERESET);
	else
		world_stream_write(f->stream, d->buf, d->len);
}
