/* layers: sctp base */
/* fuzz_sctp_rx.c - the receiving half of SCTP against a naive model of it.
 *
 * The input chooses DATA chunks, or I-DATA (RFC 8260), FORWARD-TSN, stream resets and polls, and
 * what memory there is for messages to lie in: heap blocks of their exact size, freed as soon as they
 * are the lender's. The model keeps every chunk that was taken in one list and looks for everything by walking it: which
 * TSNs arrived, what a SACK reports, what fits beside its neighbours (RFC 9260 section 6.9), which message is
 * whole, and what comes out, in which order and with which bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "fuzz_env.h"
#include "sctp/rx/sctp_reassembly.h"

enum { CHUNKS = 96, OPERATIONS = 160, STREAMS = 3, MAX_MESSAGE = 100, BYTES = 128, LOANS = 6 };

struct chunk {
	struct serial32 tsn;
	struct sctp_data d;
	uint8_t bytes[BYTES];
	bool gone; /* skipped, or part of a message that was whole */
};

struct out {
	enum sctp_ready_kind kind;
	uint16_t stream;
	struct serial32 mid;
	uint32_t ppid;
	bool unordered, abandoned;
	size_t len;
	uint8_t bytes[MAX_MESSAGE];
};

struct model {
	struct serial32 cum, skipped;
	bool has_skipped;
	struct chunk chunks[CHUNKS];
	size_t count;
	struct serial32 next[STREAMS];
	bool interleaved;
	struct serial32 unordered_skipped[STREAMS];
	bool has_unordered_skipped[STREAMS];
	struct out waiting[CHUNKS], ready[CHUNKS + OPERATIONS];
	size_t waiting_count, first_ready, ready_count;
};

struct loan {
	uint8_t *memory; /* NULL: none */
	size_t size;
	uint16_t stream;
	bool taken;
};

struct world {
	struct fuzz_env env;
	struct sctp_tracker tracker;
	struct sctp_reassembly rx;
	size_t limit;
	bool lends;
	struct loan loans[LOANS];
};

static struct chunk *find(struct model *m, struct serial32 tsn)
{
	for (size_t i = 0; i < m->count; i++)
		if (s32_eq(m->chunks[i].tsn, tsn))
			return &m->chunks[i];
	return NULL;
}

static bool arrived(struct model *m, struct serial32 tsn)
{
	return s32_before_eq(tsn, m->cum) || find(m, tsn);
}

/* ---- the order of streams ---- */

static void deliver(struct model *m, const struct out *o)
{
	if (!o->abandoned)
		m->ready[m->ready_count++] = *o;
}

static void deliver_turns(struct model *m, uint16_t stream)
{
	for (size_t i = 0; i < m->waiting_count;) {
		if (m->waiting[i].stream != stream || !s32_eq(m->waiting[i].mid, m->next[stream])) {
			i++;
			continue;
		}
		deliver(m, &m->waiting[i]);
		m->waiting[i] = m->waiting[--m->waiting_count];
		m->next[stream] = s32_add(m->next[stream], 1);
		i = 0;
	}
}

static void message(struct model *m, const struct out *o)
{
	if (o->unordered) {
		deliver(m, o);
		return;
	}
	for (size_t i = 0; i < m->waiting_count; i++)
		if (m->waiting[i].stream == o->stream && s32_eq(m->waiting[i].mid, o->mid))
			return; /* a number used twice: the first wins */
	if (s32_before(o->mid, m->next[o->stream]))
		return;
	m->waiting[m->waiting_count++] = *o;
	deliver_turns(m, o->stream);
}

/* ---- fragments ---- */

static bool same(const struct sctp_data *a, const struct sctp_data *b)
{
	return a->stream == b->stream && a->unordered == b->unordered &&
	       ((a->unordered && !a->interleaved) || s32_eq(a->mid, b->mid));
}

/* Between B and E is nothing but the middle of one message. What was skipped says nothing. */
static bool fits(struct model *m, const struct sctp_data *d)
{
	struct serial32 before = s32_add(d->tsn, UINT32_MAX);
	const struct chunk *a = find(m, before), *b = find(m, s32_add(d->tsn, 1));
	bool skipped = m->has_skipped && s32_eq(before, m->skipped);

	if (!skipped && a && (a->d.end ? !d->begin : d->begin || !same(&a->d, d)))
		return false;
	if (!skipped && !a && arrived(m, before) && !d->begin)
		return false;
	return !b || (b->d.begin ? d->end : !d->end && same(&b->d, d));
}

/* Interleaved: the other fragments of its message, RFC 8260 section 2.1. */
static bool fits_interleaved(const struct model *m, const struct sctp_data *d)
{
	if (!d->begin && d->fsn == 0)
		return false;
	for (size_t i = 0; i < m->count; i++) {
		const struct sctp_data *o = &m->chunks[i].d;
		if (m->chunks[i].gone || !same(o, d))
			continue;
		if (o->fsn == d->fsn || (o->end && o->fsn < d->fsn) || (d->end && o->fsn > d->fsn))
			return false;
	}
	return true;
}

/* Nobody waits for it: skipped, delivered, or complete and waiting. */
static bool is_over(struct model *m, const struct sctp_data *d)
{
	const uint16_t stream = d->stream;

	if (d->unordered) {
		const uint32_t before = m->unordered_skipped[stream].v - d->mid.v;
		const uint32_t ahead = 0 - before;
		if (ahead >= SCTP_TSN_AHEAD && ahead < 1u << 31)
			m->has_unordered_skipped[stream] = false;
		return m->has_unordered_skipped[stream] && before < SCTP_TSN_AHEAD;
	}
	for (size_t i = 0; i < m->waiting_count; i++)
		if (m->waiting[i].stream == stream && s32_eq(m->waiting[i].mid, d->mid))
			return true;
	return s32_before(d->mid, m->next[stream]);
}

static void whole_interleaved(struct model *m, const struct sctp_data *d)
{
	struct chunk *parts[CHUNKS] = { 0 };
	size_t n = 0, end = CHUNKS, len = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct chunk *c = &m->chunks[i];
		if (c->gone || !same(&c->d, d) || c->d.fsn >= CHUNKS)
			continue;
		parts[c->d.fsn] = c;
		n++;
		end = c->d.end ? c->d.fsn : end;
	}
	if (n != end + 1)
		return;
	struct out o = { .stream = d->stream,
			 .mid = d->mid,
			 .ppid = parts[0]->d.ppid,
			 .unordered = d->unordered };
	for (size_t i = 0; i < n; i++) {
		if (len + parts[i]->d.len <= MAX_MESSAGE)
			memcpy(o.bytes + len, parts[i]->bytes, parts[i]->d.len);
		len += parts[i]->d.len;
		parts[i]->gone = true;
	}
	o.kind = len > MAX_MESSAGE ? SCTP_READY_TOO_LARGE : SCTP_READY_MESSAGE;
	o.len = len > MAX_MESSAGE ? 0 : len;
	message(m, &o);
}

/* Is the message around that chunk whole now? Then it goes its way. */
static void whole(struct model *m, struct serial32 tsn)
{
	struct chunk *c = find(m, tsn), *first, *last;
	bool orphan = false;
	size_t len = 0;

	for (first = c; !first->d.begin && !orphan;) {
		struct chunk *a = find(m, s32_add(first->tsn, UINT32_MAX));
		orphan = m->has_skipped && s32_eq(s32_add(first->tsn, UINT32_MAX), m->skipped);
		if (!a && !orphan)
			return;
		first = orphan ? first : a;
	}
	for (last = c; !last->d.end; last = find(m, s32_add(last->tsn, 1)))
		if (!find(m, s32_add(last->tsn, 1)))
			return;
	struct out o = { .stream = first->d.stream,
			 .mid = first->d.mid,
			 .ppid = first->d.ppid,
			 .unordered = first->d.unordered,
			 .abandoned = orphan };
	for (c = first;; c = find(m, s32_add(c->tsn, 1))) {
		if (len + c->d.len <= MAX_MESSAGE)
			memcpy(o.bytes + len, c->bytes, c->d.len);
		len += c->d.len;
		c->gone = true;
		if (c == last)
			break;
	}
	o.kind = len > MAX_MESSAGE ? SCTP_READY_TOO_LARGE : SCTP_READY_MESSAGE;
	o.len = len > MAX_MESSAGE ? 0 : len;
	message(m, &o);
}

static void advance(struct model *m)
{
	while (find(m, s32_add(m->cum, 1)))
		m->cum = s32_add(m->cum, 1);
}

/* ---- what the input may do ---- */

static void give_data(struct world *w, struct model *m, struct rd *in)
{
	const uint8_t flags = rd_u8(in), where = rd_u8(in);
	struct sctp_data d = {
		.tsn = s32_add(m->cum, (uint32_t)(where % 24 + (where >= 240 ? 16370 : 0))),
		.begin = flags & 1,
		.end = flags & 2,
		.unordered = flags & 4,
		.stream = (uint16_t)(flags >> 3) % STREAMS,
		.ppid = where,
		.mid = s32((uint32_t)(m->next[(flags >> 3) % STREAMS].v + (flags >> 5) - 1)),
		.len = 1 + fuzz_pick(in, BYTES),
		.interleaved = m->interleaved,
	};
	struct chunk *c = &m->chunks[m->count];

	if (m->interleaved)
		d.fsn = d.begin                 ? 0
			: fuzz_pick(in, 5) == 4 ? UINT32_MAX - rd_u8(in)
						: rd_u8(in) % 4;
	if (d.interleaved && !d.begin)
		d.ppid = 0; /* says nothing there */
	for (size_t i = 0; i < d.len; i++)
		c->bytes[i] = (uint8_t)(d.tsn.v + i);
	d.data = c->bytes;
	const enum sctp_arrival look = tt_sctp_tracker_look(&w->tracker, d.tsn);
	const enum sctp_arrival naive = arrived(m, d.tsn)                          ? SCTP_DUPLICATE
					: s32_diff(m->cum, d.tsn) > SCTP_TSN_AHEAD ? SCTP_TOO_FAR
										   : SCTP_NEW;
	FUZZ_CHECK(look == naive, "the tracker says otherwise whether a TSN is new");
	if (look == SCTP_DUPLICATE)
		tt_sctp_tracker_duplicate(&w->tracker, d.tsn);
	if (look != SCTP_NEW)
		return;
	const bool over = m->interleaved && is_over(m, &d);
	const bool good = over || (m->interleaved ? fits_interleaved(m, &d) : fits(m, &d));
	FUZZ_CHECK(tt_sctp_tracker_room(&w->tracker, &w->env.env, d.tsn), "there is room");
	const enum sctp_taken taken = tt_sctp_reassembly_add(&w->rx, &w->tracker, &d);
	FUZZ_CHECK((taken == SCTP_VIOLATION) == !good, "fits beside its neighbours, or not");
	FUZZ_CHECK(taken != SCTP_NO_MEMORY, "there is memory");
	if (taken != SCTP_TAKEN)
		return;
	tt_sctp_tracker_add(&w->tracker, d.tsn);
	c->d = d;
	c->tsn = d.tsn;
	c->gone = over;
	m->count++;
	if (m->interleaved && !over)
		whole_interleaved(m, &d);
	else if (!m->interleaved)
		whole(m, d.tsn);
	advance(m);
}

/* RFC 8260 section 2.3.1: what was begun of messages up to that one is gone. */
static void skip_interleaved(struct model *m, const struct sctp_skipped *s)
{
	for (size_t i = 0; i < m->count; i++) {
		struct chunk *c = &m->chunks[i];
		c->gone = c->gone || (c->d.stream == s->stream && c->d.unordered == s->unordered &&
				      s32_before_eq(c->d.mid, s->mid));
	}
	if (!s->unordered)
		return;
	struct serial32 *last = &m->unordered_skipped[s->stream];
	if (!m->has_unordered_skipped[s->stream] || s32_before(*last, s->mid))
		*last = s->mid;
	m->has_unordered_skipped[s->stream] = true;
}

/* RFC 3758 section 3.6. */
static void give_forward(struct world *w, struct model *m, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	const struct serial32 cum = s32_add(m->cum, 1 + how % 16);

	tt_sctp_tracker_skip(&w->tracker, cum);
	tt_sctp_reassembly_skip(&w->rx, cum);
	m->skipped = cum;
	m->has_skipped = true;
	m->cum = cum;
	struct chunk *behind = find(m, s32_add(cum, 1));
	if (!m->interleaved && behind && !behind->d.begin && !behind->gone)
		whole(m, behind->tsn);
	advance(m);
	if (!(how & 16))
		return;
	const uint16_t stream = (uint16_t)(how >> 5) % STREAMS;
	const struct serial32 mid = s32_add(m->next[stream], (uint16_t)(how >> 6));
	const struct sctp_skipped skip = { stream, m->interleaved && rd_u8(in) & 1, mid };
	tt_sctp_reassembly_skip_stream(&w->rx, &skip);
	if (m->interleaved)
		skip_interleaved(m, &skip);
	if (skip.unordered)
		return;
	for (struct serial32 n = m->next[stream]; s32_before_eq(n, mid); n = s32_add(n, 1)) {
		if (s32_before(n, m->next[stream]))
			continue;
		m->next[stream] = n;
		deliver_turns(m, stream);
		m->next[stream] = s32_eq(m->next[stream], n) ? s32_add(n, 1) : m->next[stream];
	}
	deliver_turns(m, stream);
}

static void give_reset(struct world *w, struct model *m, struct rd *in)
{
	const uint16_t stream = (uint16_t)fuzz_pick(in, STREAMS);
	const struct out o = { .kind = SCTP_READY_RESET, .stream = stream };

	FUZZ_CHECK(tt_sctp_reassembly_reset(&w->rx, stream), "there is memory for a reset");
	for (size_t i = 0; i < m->waiting_count;)
		if (m->waiting[i].stream == stream)
			m->waiting[i] = m->waiting[--m->waiting_count];
		else
			i++;
	m->next[stream] = s32(0);
	m->has_unordered_skipped[stream] = false;
	for (size_t i = 0; m->interleaved && i < m->count; i++)
		m->chunks[i].gone = m->chunks[i].gone || m->chunks[i].d.stream == stream;
	m->ready[m->ready_count++] = o;
}

/* ---- memory that is lent ---- */

static struct tt_sctp_loan lend(void *ctx, uint16_t stream, uint32_t ppid, size_t len)
{
	struct world *w = ctx;

	for (size_t i = 0; i < LOANS; i++) {
		struct loan *l = &w->loans[i];
		if (!l->memory || l->taken || l->stream != stream || len > l->size)
			continue;
		if (ppid % 4 == 3) /* some take none */
			break;
		l->taken = true;
		return (struct tt_sctp_loan){ l->memory, l->size };
	}
	return (struct tt_sctp_loan){ 0 };
}

static struct loan *taken_loan(struct world *w, const uint8_t *memory)
{
	for (size_t i = 0; i < LOANS; i++)
		if (w->loans[i].taken && w->loans[i].memory == memory)
			return &w->loans[i];
	return NULL;
}

static void back(void *ctx, uint16_t stream, const uint8_t *memory)
{
	struct loan *l = taken_loan(ctx, memory);

	FUZZ_CHECK(l && l->stream == stream, "what is given back was lent for that stream");
	l->taken = false;
}

static void forget(struct loan *l)
{
	free(l->memory);
	*l = (struct loan){ 0 };
}

static void take_back(struct world *w, uint16_t stream, bool surely)
{
	FUZZ_CHECK(tt_sctp_reassembly_give_back(&w->rx, stream, surely), "there is memory for it");
	for (size_t i = 0; i < LOANS; i++) {
		struct loan *l = &w->loans[i];
		FUZZ_CHECK(l->stream != stream || !l->taken, "all of a stream is given back");
		if (l->stream == stream)
			forget(l);
	}
}

static void give_loan(struct world *w, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	const uint16_t stream = how % STREAMS;

	if (how >= 224) {
		take_back(w, stream, how & 1);
		return;
	}
	for (size_t i = 0; i < LOANS; i++) {
		struct loan *l = &w->loans[i];
		if (l->memory)
			continue;
		l->size = 1 + fuzz_pick(in, 2 * MAX_MESSAGE);
		l->stream = stream;
		l->memory = malloc(l->size);
		if (!l->memory)
			abort();
		return;
	}
}

static void poll(struct world *w, struct model *m)
{
	const struct sctp_run *run = tt_sctp_reassembly_poll(&w->rx);

	FUZZ_CHECK(!run == (m->first_ready == m->ready_count), "as much comes out as should");
	if (!run)
		return;
	const struct out *o = &m->ready[m->first_ready++];
	FUZZ_CHECK(run->kind == o->kind && run->stream == o->stream, "what comes out, in order");
	if (run->kind == SCTP_READY_RESET)
		return;
	FUZZ_CHECK(run->ppid == o->ppid && run->unordered == o->unordered, "of the same kind");
	FUZZ_CHECK(run->len == o->len && memcmp(run->data, o->bytes, o->len) == 0,
		   "the bytes of a message, in order");
	struct loan *l = taken_loan(w, run->data);
	FUZZ_CHECK(l || run->data == run->own, "it lies in a block or where one was lent");
	if (l)
		forget(l);
}

/* ---- what must hold after each ---- */

static void check_gaps(const struct world *w, struct model *m)
{
	struct sctp_gap gaps[SCTP_MAX_GAPS];
	const size_t n = tt_sctp_tracker_gaps(&w->tracker, gaps, SCTP_MAX_GAPS);
	struct serial32 end = m->cum;
	size_t at = 0;

	for (size_t i = 0; i < m->count; i++)
		if (s32_before(end, m->chunks[i].tsn))
			end = m->chunks[i].tsn;
	for (struct serial32 t = s32_add(m->cum, 1); at < n; at++) {
		struct serial32 first = s32_add(m->cum, gaps[at].start);
		struct serial32 last = s32_add(m->cum, gaps[at].end);
		for (size_t i = 0; i < m->count; i++)
			FUZZ_CHECK(!(s32_before_eq(t, m->chunks[i].tsn) &&
				     s32_before(m->chunks[i].tsn, first)),
				   "what arrived is reported");
		for (t = first; s32_before_eq(t, last); t = s32_add(t, 1))
			FUZZ_CHECK(find(m, t), "what is reported arrived");
	}
	FUZZ_CHECK(n == SCTP_MAX_GAPS || s32_eq(end, n ? s32_add(m->cum, gaps[n - 1].end) : m->cum),
		   "the report reaches the highest TSN");
}

/* Of one run that waits for something. */
static size_t check_run(const struct sctp_run *run, size_t *lent)
{
	FUZZ_CHECK(run->len <= run->cap, "there is room for what is there");
	FUZZ_CHECK(run->loan ? run->cap <= run->loan : run->data == run->own,
		   "and it is where it should be");
	*lent += run->loan > 0;
	return sizeof *run + run->cap;
}

static void check(const struct world *w, struct model *m)
{
	const struct sctp_reassembly *rx = &w->rx;
	size_t held = 0, lent = 0;

	FUZZ_CHECK(s32_eq(w->tracker.cum, m->cum), "the cumulative TSN");
	check_gaps(w, m);
	for (size_t i = 0; i < rx->count; i++) {
		held += check_run(rx->runs[i], &lent);
		FUZZ_CHECK(i == 0 || m->interleaved ||
				   s32_before(rx->runs[i - 1]->last, rx->runs[i]->first),
			   "runs are in order and apart");
	}
	for (size_t i = 0; i < rx->stream_count; i++)
		for (size_t k = 0; k < rx->streams[i].count; k++)
			held += check_run(rx->streams[i].waiting[k], &lent);
	for (const struct sctp_run *r = rx->ready; r; r = r->next)
		held += check_run(r, &lent);
	for (size_t i = 0; i < LOANS; i++)
		lent -= w->loans[i].taken;
	FUZZ_CHECK(lent == 0, "each loan that is taken has its message");
	held += rx->lent ? sizeof(struct sctp_run) + rx->lent->cap : 0;
	FUZZ_CHECK(held == rx->held, "what is held adds up");
	FUZZ_CHECK(held <= rx->limit + rx->resets * sizeof(struct sctp_run),
		   "never more than the window");
}

static void operate(struct world *w, struct model *m, struct rd *in)
{
	const size_t what = fuzz_pick(in, 8);

	switch (what) {
	case 0:
	case 1:
		if (what == 1 && w->lends)
			give_loan(w, in);
		else
			poll(w, m);
		break;
	case 2:
		give_forward(w, m, in);
		break;
	case 3:
		give_reset(w, m, in);
		break;
	default:
		give_data(w, m, in);
	}
	check(w, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	struct world w = { 0 };
	struct rd in = rd_make(data, size);
	const uint8_t how = rd_u8(&in);
	const struct serial32 first = s32(how % 2 ? 0 - (uint32_t)rd_u8(&in) : rd_u8(&in));

	w.limit = rd_u8(&in) % 2 ? 4096 : 1 << 20; /* a window that fills, or not */
	m.cum = s32_add(first, UINT32_MAX);
	m.has_skipped = false;
	m.count = m.waiting_count = m.first_ready = m.ready_count = 0;
	memset(m.next, 0, sizeof m.next);
	memset(m.has_unordered_skipped, 0, sizeof m.has_unordered_skipped);
	m.interleaved = how & 2;
	fuzz_env_begin(&w.env, 1);
	tt_sctp_tracker_init(&w.tracker, first);
	tt_sctp_reassembly_init(&w.rx, &w.env.env, w.limit, MAX_MESSAGE, STREAMS);
	w.rx.interleaved = m.interleaved;
	w.lends = how & 4;
	w.rx.lender = (struct tt_sctp_lender){ lend, back, &w };
	for (int n = 0; n < OPERATIONS && m.count < CHUNKS && rd_left(&in) > 0; n++)
		operate(&w, &m, &in);
	while (m.first_ready < m.ready_count)
		poll(&w, &m);
	poll(&w, &m);
	tt_sctp_reassembly_clear(&w.rx, true);
	for (size_t i = 0; i < LOANS; i++)
		forget(&w.loans[i]);
	tt_sctp_tracker_free(&w.tracker, &w.env.env);
	fuzz_env_end(&w.env);
	return 0;
}
