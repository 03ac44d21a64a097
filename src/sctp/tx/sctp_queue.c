/* sctp_queue.c - see sctp_queue.h. */
#include "sctp/tx/sctp_queue.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

#define SMALL 1024 /* never waits for a share */

void tt_sctp_queue_init(struct sctp_queue *q, struct tt_env *env, size_t max_streams, size_t limit)
{
	*q = (struct sctp_queue){ .env = env, .max = max_streams, .limit = limit };
}

size_t tt_sctp_queue_cost(size_t len)
{
	return sizeof(struct sctp_message) + len;
}

struct sctp_tx_stream *tt_sctp_queue_stream(struct sctp_queue *q, uint16_t stream)
{
	if (stream < q->count)
		return &q->streams[stream];
	if (stream >= q->max)
		return NULL;
	size_t want = tt_min(tt_max((size_t)stream + 1, 2 * q->count), q->max);
	if (!tt_sctp_round_grow(&q->round, q->env, q->count, want))
		return NULL;
	struct sctp_tx_stream *all = tt_resize(q->env, q->streams, want * sizeof *all);
	if (!all)
		return NULL;
	for (size_t i = q->count; i < want; i++)
		all[i] = (struct sctp_tx_stream){ .next_mid = q->first };
	q->streams = all;
	q->count = want;
	return &q->streams[stream];
}

/* Into the round, if it has something that may be sent, and else out of it. */
static void see_round(struct sctp_queue *q, uint16_t stream)
{
	const struct sctp_tx_stream *s = &q->streams[stream];

	if (s->head && !s->sealed)
		tt_sctp_round_join(&q->round, stream);
	else
		tt_sctp_round_leave(&q->round, stream);
}

struct lender {
	void (*done)(void *ctx);
	void *ctx;
};

static void fill(struct sctp_message *m, const struct tt_sctp_body *body)
{
	const struct lender lender = { body->done, body->ctx };
	size_t at = 0;

	m->bytes = body->done ? body->pieces[0].data : m->data;
	if (body->done) {
		assert(body->count == 1 && body->pieces[0].len == body->len);
		memcpy(m->data, &lender, sizeof lender);
		return;
	}
	for (size_t i = 0; i < body->count; i++) {
		const struct taut_piece *p = &body->pieces[i];
		assert(p->len <= m->len - at);
		if (p->len > 0)
			memcpy(m->data + at, p->data, p->len);
		at += p->len;
	}
	assert(at == m->len);
}

static void give_back(const struct sctp_message *m)
{
	struct lender lender;

	if (m->bytes == m->data)
		return;
	memcpy(&lender, m->data, sizeof lender);
	lender.done(lender.ctx);
}

int tt_sctp_queue_add(struct sctp_queue *q, uint16_t stream, uint32_t ppid,
		      const struct tt_sctp_send_options *opt, taut_time now,
		      const struct tt_sctp_body *body)
{
	static const struct tt_sctp_send_options reliable;
	const size_t len = body->len, behind = body->done ? sizeof(struct lender) : len;
	struct sctp_tx_stream *s = tt_sctp_queue_stream(q, stream);
	struct sctp_message *m = s ? tt_take_large(q->env, sizeof *m + behind) : NULL;

	if (!m)
		return TAUT_E_NOMEM;
	opt = opt ? opt : &reliable;
	*m = (struct sctp_message){
		.ppid = ppid, .stream = stream, .len = len, .unordered = opt->unordered,
		.limit_retransmits = opt->limit_retransmits,
		.max_retransmits = opt->max_retransmits,
		.expires = opt->lifetime_ms ? now + (taut_time)opt->lifetime_ms * 1000 : INT64_MAX,
	};
	fill(m, body);
	if (s->tail)
		s->tail->next = m;
	else
		s->head = m;
	s->tail = m;
	s->buffered += len;
	q->unsent += len;
	q->held += tt_sctp_queue_cost(len);
	if (opt->weight)
		q->round.turns[stream].weight = opt->weight;
	if (s->head == m)
		see_round(q, stream);
	return TAUT_OK;
}

/* Takes m, the head of its stream, off it. */
static void unlink_head(struct sctp_queue *q, struct sctp_message *m)
{
	struct sctp_tx_stream *s = &q->streams[m->stream];

	assert(s->head == m);
	s->head = m->next;
	if (!s->head)
		s->tail = NULL;
	m->next = NULL;
	if (q->current == m)
		q->current = NULL;
}

void tt_sctp_queue_release(struct sctp_queue *q, struct sctp_message *m)
{
	if (m->chunks > 0 || m->cut < m->len)
		return;
	assert(q->held >= tt_sctp_queue_cost(m->len));
	q->held -= tt_sctp_queue_cost(m->len);
	give_back(m);
	tt_give(q->env, m);
}

static void uncount(struct sctp_queue *q, struct sctp_message *m, size_t bytes)
{
	m->cut += bytes;
	q->streams[m->stream].buffered -= bytes;
	q->unsent -= bytes;
}

void tt_sctp_queue_give_up(struct sctp_queue *q, struct sctp_message *m)
{
	if (m->cut == m->len)
		return;
	if (m->cut > 0)
		q->begun -= m->len;
	uncount(q, m, m->len - m->cut);
	unlink_head(q, m);
	see_round(q, m->stream); /* what comes next may not have to be held back */
}

static bool has_share(const struct sctp_queue *q, const struct sctp_message *m)
{
	return !q->interleaved || m->cut > 0 || m->len <= SMALL || q->begun == 0 ||
	       (q->begun < q->share && m->len <= q->share - q->begun);
}

/* Whoever has no share waits, and whoever needs one waits behind those, so that the largest message gets one at
 * last. */
static bool must_wait(const struct sctp_queue *q, const struct sctp_message *m)
{
	if (!q->interleaved || m->cut > 0 || m->len <= SMALL)
		return false;
	return !has_share(q, m) || tt_sctp_round_first(&q->round, SCTP_HELD_BACK) != SCTP_NO_STREAM;
}

static struct sctp_message *first_of(const struct sctp_queue *q, enum sctp_standing heap)
{
	const uint32_t stream = tt_sctp_round_first(&q->round, heap);

	return stream == SCTP_NO_STREAM ? NULL : q->streams[stream].head;
}

struct sctp_message *tt_sctp_queue_next(struct sctp_queue *q, taut_time now, bool may_drop,
                                        uint64_t *dropped)
{
	while (!q->current) {
		struct sctp_message *held = first_of(q, SCTP_HELD_BACK);
		const bool may_begin = held && has_share(q, held);
		struct sctp_message *m = may_begin ? held : first_of(q, SCTP_READY);
		if (!m)
			return NULL;
		if (may_drop && m->cut == 0 && m->expires <= now) {
			tt_sctp_queue_give_up(q, m);
			tt_sctp_queue_release(q, m);
			++*dropped;
		} else if (m != held && must_wait(q, m)) {
			tt_sctp_round_hold_back(&q->round, m->stream);
		} else {
			return m;
		}
	}
	return q->current;
}

/* 6.5: a message has its number when it is first sent. RFC 8260 section 2.1: unordered ones are
 * counted apart. */
static void number(const struct sctp_queue *q, struct sctp_tx_stream *s, struct sctp_message *m)
{
	struct serial32 *next = m->unordered ? &s->next_unordered : &s->next_mid;

	if (m->unordered && !q->interleaved)
		return;
	m->mid = *next;
	*next = s32_add(*next, 1);
}

/* What a chunk takes of the path, but for its share of a packet's headers. */
static size_t chunk_size(const struct sctp_queue *q, size_t len)
{
	return (q->interleaved ? 20 : 16) + (len + 3) / 4 * 4;
}

void tt_sctp_queue_cut(struct sctp_queue *q, struct sctp_message *m, size_t len)
{
	struct sctp_tx_stream *s = &q->streams[m->stream];

	assert(s->head == m && len <= m->len - m->cut && (!q->current || q->current == m));
	tt_sctp_round_join(&q->round, m->stream); /* if it was held back */
	tt_sctp_round_charge(&q->round, m->stream, chunk_size(q, len), !q->current);
	if (m->cut == 0) {
		number(q, s, m);
		q->begun += m->len;
		q->current = q->interleaved ? NULL : m;
	}
	m->fsn++;
	uncount(q, m, len);
	if (m->cut < m->len)
		return;
	q->begun -= m->len;
	unlink_head(q, m);
	see_round(q, m->stream);
}

void tt_sctp_queue_unseal(struct sctp_queue *q, uint16_t stream, bool restart)
{
	struct sctp_tx_stream *s = &q->streams[stream];

	s->resetting = s->sealed = false;
	if (restart) {
		s->next_mid = s->next_unordered = s32(0); /* RFC 8260 section 2.3.2: both */
		tt_sctp_round_forget(&q->round, stream);
		if (!s->head) /* else what waits has said its own */
			q->round.turns[stream].weight = 0;
	}
	see_round(q, stream);
}

size_t tt_sctp_queue_cut_streams(struct sctp_queue *q, size_t first)
{
	size_t cut = 0;

	for (size_t i = first; i < q->count; i++) {
		struct sctp_tx_stream *s = &q->streams[i];
		while (s->head) {
			struct sctp_message *m = s->head;
			tt_sctp_queue_give_up(q, m);
			tt_sctp_queue_release(q, m);
			cut++;
		}
	}
	return cut;
}

void tt_sctp_queue_clear(struct sctp_queue *q)
{
	(void)tt_sctp_queue_cut_streams(q, 0);
	tt_free(q->env, q->streams);
	q->streams = NULL;
	q->count = 0;
	tt_sctp_round_free(&q->round, q->env);
}
