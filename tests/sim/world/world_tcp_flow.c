/* world_tcp_flow.c - sending in a stream: windows, timers and what was lost.
 *
 * RFC 6298 for the timer (with Linux's least value, 200 ms), RFC 5681 for the
 * window, RFC 6582 for several losses in one window. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/wr.h"
#include "world/world_net.h"
#include "world/world_tcp_int.h"

enum { LONGEST = 65507 - TCP_HEAD, FAST = 3, SYN_RETRIES = 6 };
#define LEAST    INT64_C(200000)
#define MOST     INT64_C(60000000)
#define PATIENCE INT64_C(120000000) /* data without an acknowledgment */

static void send_raw(struct world *w, int host, const struct taut_addr *from,
		     const struct taut_addr *to, const struct world_segment *seg)
{
	uint8_t out[65507];
	struct wr b = wr_make(out, sizeof out);

	wr_u32(&b, seg->seq);
	wr_u32(&b, seg->ack);
	wr_u16(&b, seg->flags);
	wr_u16(&b, 0);
	wr_bytes(&b, seg->data, seg->len);
	world_send_packet(w, host, from, to, out, wr_len(&b), true);
}

void world_tcp_put(struct world_stream *s, uint32_t seq, uint16_t flags, const uint8_t *data,
		   size_t len)
{
	uint32_t ack = s->expected + (s->fin_in ? 1 : 0);

	send_raw(s->world, s->host, &s->local, &s->remote,
		 &(struct world_segment){ seq, ack, flags, data, len });
}

void world_tcp_reply_reset(struct world *w, int host, const struct world_packet *p,
			   const struct world_segment *seg)
{
	send_raw(w, host, &p->to, &p->from,
		 &(struct world_segment){ .seq = seg->ack, .flags = TCP_RST | TCP_ACK });
}

/* ---- the timer ---- */

static struct world_stream *by_id(struct world *w, uint64_t id)
{
	for (struct world_stream *s = w->streams; s; s = s->next)
		if (s->id == id)
			return s;
	return NULL;
}

static void timed_out(struct world_stream *s)
{
	bool syn = s->state != TCP_OPEN;

	if (syn ? s->retries == SYN_RETRIES : s->world->now - s->progress_at > PATIENCE) {
		world_stream_end(s, WORLD_STREAM_TIMEOUT);
		return;
	}
	s->retries++;
	s->timeout = tt_min64(2 * s->timeout, MOST);
	s->threshold = tt_max(s->window / 2, 2 * s->segment);
	s->window = s->segment;
	s->recovering = false;
	s->duplicates = 0;
	s->timed = 0; /* Karn: what is sent twice is not measured */
	s->nxt = s->una;
	s->timer_at = 0;
	world_tcp_output(s);
}

static void on_timer(void *arg, uint64_t id)
{
	struct world *w = arg;
	struct world_stream *s = by_id(w, id);

	if (!s || s->dead || s->timer_at != w->now)
		return;
	world_stream_enter(s);
	timed_out(s);
	world_stream_leave(s);
}

static void start_timer(struct world_stream *s)
{
	s->timer_at = s->world->now + s->timeout;
	world_at(s->world, s->timer_at, on_timer, s->world, s->id);
}

static void measure(struct world_stream *s)
{
	taut_time r = s->world->now - s->timed_at;

	if (s->round_trip == 0) {
		s->round_trip = r;
		s->variance = r / 2;
	} else {
		taut_time off = r > s->round_trip ? r - s->round_trip : s->round_trip - r;
		s->variance += (off - s->variance) / 4;
		s->round_trip += (r - s->round_trip) / 8;
	}
	s->timed = 0;
}

/* ---- out ---- */

static uint32_t end_of(const struct world_stream *s)
{
	return s->base + (uint32_t)s->len + (s->fin ? 1 : 0);
}

/* One segment at nxt, the FIN with the last byte. */
static void send_next(struct world_stream *s)
{
	size_t at = s->nxt - s->base, left = s->len - at;
	size_t n = tt_min(left, tt_min(s->segment, LONGEST));
	bool last = n == left && s->fin;

	if (s->timed == 0 && s->nxt == s->most) {
		s->timed = s->nxt + 1;
		s->timed_at = s->world->now;
	}
	world_tcp_put(s, s->nxt, (uint16_t)(TCP_ACK | (last ? TCP_FIN : 0)), s->buf + at, n);
	s->nxt += (uint32_t)n + (last ? 1 : 0);
	s->most = s->nxt > s->most ? s->nxt : s->most;
}

void world_tcp_output(struct world_stream *s)
{
	if (s->dead)
		return;
	if (s->una == 0) {
		uint16_t flags = s->state == TCP_ACCEPTING ? TCP_SYN | TCP_ACK : TCP_SYN;
		if (s->nxt == 0) {
			world_tcp_put(s, 0, flags, NULL, 0);
			s->timed = s->most == 0;
			s->timed_at = s->world->now;
			s->nxt = s->most = 1;
			start_timer(s);
		}
		return;
	}
	while (s->nxt < end_of(s) && s->nxt - s->una < s->window)
		send_next(s);
	if (s->nxt > s->una && s->timer_at == 0)
		start_timer(s);
}

static void send_again(struct world_stream *s)
{
	uint32_t nxt = s->nxt;

	s->nxt = s->una;
	s->timed = 0;
	send_next(s);
	s->timed = 0;
	s->nxt = nxt > s->nxt ? nxt : s->nxt;
}

/* ---- acknowledgments ---- */

static void grow(struct world_stream *s, uint32_t acked)
{
	if (s->window < s->threshold)
		s->window += tt_min(acked, s->segment);
	else
		s->window += tt_max(s->segment * s->segment / s->window, 1);
}

static void duplicate(struct world_stream *s)
{
	if (s->recovering) {
		s->window += s->segment;
	} else if (++s->duplicates == FAST) {
		s->threshold = tt_max((s->nxt - s->una) / 2, 2 * s->segment);
		s->window = s->threshold + FAST * s->segment;
		s->recovering = true;
		s->recover = s->nxt;
		send_again(s);
	}
	world_tcp_output(s);
}

/* Bytes up to una are the other end's now. */
static void release(struct world_stream *s)
{
	size_t gone = tt_min(s->una - s->base, s->len);

	memmove(s->buf, s->buf + gone, s->len - gone);
	s->len -= gone;
	s->base += (uint32_t)gone;
	s->fin_acked = s->fin && s->una > s->base + s->len;
}

static void advance(struct world_stream *s, uint32_t ack)
{
	uint32_t acked = ack - s->una;

	if (s->timed > 0 && ack >= s->timed) {
		measure(s);
		s->timeout = tt_clamp64(s->round_trip + 4 * s->variance, LEAST, MOST);
	}
	s->una = ack;
	s->nxt = s->nxt > ack ? s->nxt : ack;
	s->duplicates = s->retries = 0;
	s->progress_at = s->world->now;
	if (ack > 1)
		release(s);
	if (!s->recovering) {
		grow(s, acked);
	} else if (ack >= s->recover) {
		s->recovering = false;
		s->window = s->threshold;
	} else { /* RFC 6582: the next hole */
		send_again(s);
	}
	s->timer_at = 0;
	world_tcp_output(s);
}

void world_tcp_acked(struct world_stream *s, uint32_t ack, bool empty)
{
	if (ack > s->most)
		return;
	if (ack > s->una)
		advance(s, ack);
	else if (ack == s->una && empty && s->nxt > s->una && s->una > 0)
		duplicate(s);
	if (s->wants_room && s->len < WORLD_STREAM_BUFFER && !s->abandoned) {
		s->wants_room = false;
		if (s->ops && s->ops->writable)
			s->ops->writable(s);
	}
}

size_t world_stream_room(const struct world_stream *s)
{
	return s->dead || s->fin ? 0 : WORLD_STREAM_BUFFER - s->len;
}

size_t world_stream_write(struct world_stream *s, const void *data, size_t len)
{
	size_t n = tt_min(len, WORLD_STREAM_BUFFER - s->len);

	if (s->dead || s->fin)
		return 0;
	if (s->nxt == s->una)
		s->progress_at = s->world->now;
	s->wants_room = n < len;
	memcpy(s->buf + s->len, data, n);
	s->len += n;
	world_tcp_output(s);
	return n;
}
