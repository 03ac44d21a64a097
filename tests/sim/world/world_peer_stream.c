/* world_peer_stream.c - the streams that a connection asks its host for: TAUT_IO_TCP, TAUT_IO_TLS, TAUT_IO_LISTEN. */
#include <stdlib.h>
#include <string.h>

#include "stun/turn.h"
#include "world/world_peer.h"
#include "world/world_peer_int.h"

/* Of Linux: EADDRNOTAVAIL, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EPROTO, EKEYREJECTED, EAGAIN */
enum { EADDR = 99, EREFUSED = 111, ERESET = 104, ELATE = 110, ENOTLS = 71, EKEY = 129, EFULL = 11 };
enum { LONGEST = 65540 }; /* of a message, with what frames it */

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

	if (f->accepted)
		return;
	f->addr = *world_stream_local(s);
	taut_pc_io_result(p->pc, p->world->now, f->flow, 0, &f->addr, 1);
	world_peer_pump(p);
}

/* With a peer each message has its length in front (RFC 4571); to a TURN server it is bare. What is said first over a
 * stream that we opened is a STUN request, whose magic cookie shows which. */
static bool has_length(const uint8_t *data, size_t len)
{
	static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };

	return len >= 10 && memcmp(data + 6, cookie, sizeof cookie) == 0;
}

static size_t frame_of(const struct world_peer_flow *f)
{
	if (!f->framed)
		return tt_turn_frame(f->in, f->have);
	return f->have < 2 ? 0 : 2 + ((size_t)f->in[0] << 8 | f->in[1]);
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
	while ((n = frame_of(f)) > 0 && n <= f->have) {
		const size_t head = f->framed ? 2 : 0;
		if (n > head)
			world_watch_in(&f->peer->watch, f->flow, world_stream_remote(f->stream),
				       f->in + head, n - head);
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

static const struct world_stream_ops ops = {
	.opened = on_opened, .data = on_data, .ended = on_ended, .closed = on_closed
};

static void on_accepted(void *user, struct world_stream *s)
{
	struct world_peer_flow *f = user;
	struct world_peer *p = f->peer;
	const int i = p->pc ? world_peer_free_flow(p) : -1;
	const taut_flow flow =
		i < 0 ? 0
		      : taut_pc_accept(p->pc, p->world->now, f->flow, world_stream_local(s),
				       world_stream_remote(s));

	if (flow == 0) {
		world_stream_reset(s);
		return;
	}
	p->flows[i] = (struct world_peer_flow){ .peer = p,
						.flow = flow,
						.addr = *world_stream_local(s),
						.is_stream = true,
						.accepted = true,
						.framed = true,
						.said = true,
						.stream = s };
	world_stream_use(s, &ops, &p->flows[i]);
	world_peer_pump(p);
}

void world_peer_listen(struct world_peer *p, struct world_peer_flow *f, const struct taut_io *io)
{
	*f = (struct world_peer_flow){
		.peer = p, .flow = io->flow, .addr = io->local, .is_stream = true, .listens = true
	};
	f->addr.port = p->next_port++;
	world_listen(p->world, &(struct world_listen_config){ .host = p->host,
							      .port = f->addr.port,
							      .accepted = on_accepted,
							      .user = f });
	taut_pc_io_result(p->pc, p->world->now, f->flow, 0, &f->addr, 1);
}

void world_peer_connect(struct world_peer *p, struct world_peer_flow *f, const struct taut_io *io)
{
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
	if (f->listens)
		world_unlisten(f->peer->world, f->peer->host, f->addr.port);
	free(f->in);
	*f = (struct world_peer_flow){ 0 };
}

size_t world_peer_head(struct world_peer_flow *f, const uint8_t *data, size_t len)
{
	if (!f->said)
		f->framed = has_length(data, len);
	f->said = true;
	return f->framed ? 2 : 0;
}

/* All of it, or nothing; and room is kept for what is short. */
void world_peer_write(struct world_peer_flow *f, const struct taut_datagram *d)
{
	struct world_peer *p = f->peer;

	if (!f->stream || world_stream_room(f->stream) < d->len + (d->len > 600 ? 4096 : 0))
		taut_pc_send_failed(p->pc, p->world->now, d, f->stream ? EFULL : ERESET);
	else
		world_stream_write(f->stream, d->buf, d->len);
}
