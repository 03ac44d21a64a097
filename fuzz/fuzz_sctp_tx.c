/* layers: sctp base */
/* fuzz_sctp_tx.c - the sending half of SCTP against a naive receiver.
 *
 * Messages are queued, cut into chunks, lost, acknowledged by what the receiver has (or by a liar),
 * marked, sent again, and given up, as DATA or as I-DATA (RFC 8260). The model copies each chunk
 * when it is cut. Messages of a stream are cut from front to back and one after another; a chunk
 * that is sent again is the same; what is acknowledged is counted once; and when all is
 * acknowledged nothing is held. Some messages are lent: each is given back once, and is nothing any more from then on. */
#include <stdlib.h>
#include <string.h>

#include "fuzz_env.h"
#include "sctp/tx/sctp_flight.h"

enum { CHUNKS = 512, MESSAGES = 128, OPERATIONS = 200, STREAMS = 3, CHUNK = 48, GAPS = 32 };

struct cut {
	struct serial32 tsn;
	struct sctp_data d;
	uint8_t bytes[CHUNK];
	bool here, acked;
};

struct said {
	uint16_t stream;
	bool unordered;
	taut_time expires; /* 0: never */
	size_t len, cut;
	uint32_t fsn;
};

struct world {
	struct fuzz_env env;
	struct sctp_queue q;
	struct sctp_flight f;
	taut_time now;
	struct cut cuts[CHUNKS];
	size_t count;
	struct said said[MESSAGES]; /* by ppid */
	uint8_t *loans[MESSAGES];   /* of those that are lent */
	size_t messages;
	struct serial32 next_mid[STREAMS], next_unordered[STREAMS];
	bool lied;
};

static uint8_t byte_of(uint32_t message, size_t at)
{
	return (uint8_t)(message * 31 + at);
}

static void give_back(void *ctx)
{
	uint8_t **loan = ctx;

	FUZZ_CHECK(*loan, "once");
	free(*loan);
	*loan = NULL;
}

/* The same message, lent: read later than it was given back, the sanitizer sees it. */
static struct tt_sctp_body lend(struct world *w, const struct taut_piece *piece)
{
	uint8_t *copy = malloc(piece->len);

	if (!copy)
		abort();
	memcpy(copy, piece->data, piece->len);
	w->loans[w->messages] = copy;
	return (struct tt_sctp_body){
		.count = 1, .len = piece->len, .done = give_back, .ctx = &w->loans[w->messages]
	};
}

static void say(struct world *w, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	struct said *s = &w->said[w->messages];
	const struct tt_sctp_send_options opt = { .unordered = how & 4,
						  .limit_retransmits = how & 8,
						  .max_retransmits = how >> 6,
						  .lifetime_ms = how & 16 ? 100 : 0,
						  .weight = how };
	uint8_t bytes[256];

	if (w->messages == MESSAGES)
		return;
	*s = (struct said){ .stream = how % STREAMS,
			    .unordered = how & 4,
			    .len = 1u + rd_u8(in),
			    .expires = how & 16 ? w->now + 100 * FUZZ_MS : 0 };
	w->loans[w->messages] = NULL;
	for (size_t k = 0; k < s->len; k++)
		bytes[k] = byte_of((uint32_t)w->messages, k);
	struct taut_piece piece = { bytes, s->len };
	struct tt_sctp_body body = { .count = 1, .len = s->len };
	if (how & 32) {
		body = lend(w, &piece);
		piece.data = w->loans[w->messages];
	}
	body.pieces = &piece;
	FUZZ_CHECK(tt_sctp_queue_add(&w->q, s->stream, (uint32_t)w->messages, &opt, w->now,
				     &body) == TAUT_OK,
		   "there is memory");
	w->messages++;
}

/* The next chunk: of the message that was begun, else of the oldest of a stream. */
static void cut(struct world *w, size_t max)
{
	uint64_t dropped = 0;
	struct sctp_message *m = tt_sctp_queue_next(&w->q, w->now, true, &dropped);
	struct cut *c = &w->cuts[w->count];

	if (!m || w->count >= CHUNKS - MESSAGES || !tt_sctp_flight_room(&w->f))
		return;
	c->tsn = tt_sctp_flight_cut(&w->f, m, max, w->now);
	c->d = tt_sctp_flight_data(&w->f, c->tsn);
	c->here = c->acked = false;
	FUZZ_CHECK(s32_eq(c->d.tsn, c->tsn) && c->d.len > 0 && c->d.len <= max,
		   "a chunk of some bytes");
	FUZZ_CHECK(w->count == 0 || s32_eq(c->tsn, s32_add(w->cuts[w->count - 1].tsn, 1)),
		   "TSNs in a row");
	struct said *s = &w->said[c->d.ppid];
	FUZZ_CHECK(c->d.stream == s->stream && c->d.unordered == s->unordered, "of its message");
	FUZZ_CHECK(c->d.begin == (s->cut == 0) && c->d.end == (s->cut + c->d.len == s->len),
		   "beginning and end");
	for (size_t k = 0; k < c->d.len; k++)
		FUZZ_CHECK(c->d.data[k] == byte_of(c->d.ppid, s->cut + k), "byte for byte");
	memcpy(c->bytes, c->d.data, c->d.len);
	if (c->d.begin && (w->q.interleaved || !s->unordered)) {
		struct serial32 *next = s->unordered ? w->next_unordered : w->next_mid;
		FUZZ_CHECK(s32_eq(c->d.mid, next[s->stream]), "number after number");
		next[s->stream] = s32_add(next[s->stream], 1);
	}
	FUZZ_CHECK(c->d.interleaved == w->q.interleaved && c->d.fsn == s->fsn, "FSN after FSN");
	s->fsn++;
	for (uint32_t k = 0; c->d.begin && k < c->d.ppid; k++)
		FUZZ_CHECK(w->said[k].stream != s->stream || w->said[k].cut > 0 ||
				   (w->said[k].expires && w->said[k].expires <= w->now),
			   "messages of a stream in order");
	s->cut += c->d.len;
	w->count++;
}

/* What is given up in its middle takes one more TSN, for an end that is never sent. */
static void note_placeholders(struct world *w)
{
	while (w->count > 0 && w->count < CHUNKS &&
	       s32_before(s32_add(w->cuts[w->count - 1].tsn, 1), w->f.next)) {
		struct cut *c = &w->cuts[w->count];
		c->tsn = s32_add(w->cuts[w->count - 1].tsn, 1);
		c->d = tt_sctp_flight_data(&w->f, c->tsn);
		c->here = false;
		FUZZ_CHECK(c->d.len == 0 && c->d.end &&
				   tt_sctp_flight_at(&w->f, c->tsn)->state == SCTP_ABANDONED,
			   "a TSN in place of the rest");
		w->count++;
	}
}

/* ---- acknowledgements ---- */

static struct cut *find(struct world *w, struct serial32 tsn)
{
	for (size_t i = 0; i < w->count; i++)
		if (s32_eq(w->cuts[i].tsn, tsn))
			return &w->cuts[i];
	return NULL;
}

static bool acknowledge(struct world *w, struct serial32 cum, const struct sctp_gap *gaps, size_t n,
			struct sctp_ack_result *out)
{
	uint8_t bytes[4 * GAPS];
	struct wr wr = wr_make(bytes, sizeof bytes);

	for (size_t i = 0; i < n; i++) {
		wr_u16(&wr, gaps[i].start);
		wr_u16(&wr, gaps[i].end);
	}
	const struct sctp_sack sack = {
		.cum = cum, .window = 100000, .gap_count = n, .gaps = rd_make(bytes, wr.off)
	};
	const struct sctp_ack_setting with = { w->now, true, 50 * FUZZ_MS, 20 * FUZZ_MS, 1148, 0 };
	taut_time again;
	return tt_sctp_flight_ack(&w->f, &sack, &with, out, &again);
}

/* FORWARD-TSN arrives as well: what the sender gave up counts as there. */
static void acknowledge_truly(struct world *w)
{
	struct serial32 cum = w->f.advanced;
	struct sctp_gap gaps[GAPS];
	struct sctp_ack_result r;
	size_t n = 0, bytes = 0;
	struct cut *c;

	while ((c = find(w, s32_add(cum, 1))) != NULL && c->here)
		cum = s32_add(cum, 1);
	for (struct serial32 t = s32_add(cum, 1); s32_before(t, w->f.next) && n < GAPS;
	     t = s32_add(t, 1)) {
		const uint16_t at = (uint16_t)s32_diff(cum, t);
		if (!find(w, t)->here)
			continue;
		if (n > 0 && gaps[n - 1].end + 1 == at)
			gaps[n - 1].end = at;
		else
			gaps[n++] = (struct sctp_gap){ at, at };
	}
	for (struct serial32 t = s32_add(w->f.cum, 1); s32_before(t, w->f.next);
	     t = s32_add(t, 1)) {
		const struct sctp_sent *s = tt_sctp_flight_at(&w->f, t);
		bool told = s32_before_eq(t, cum);
		for (size_t k = 0; k < n; k++)
			told |= s32_diff(cum, t) >= gaps[k].start &&
				s32_diff(cum, t) <= gaps[k].end;
		if (told && (s->state == SCTP_IN_FLIGHT || s->state == SCTP_MARKED))
			bytes += tt_sctp_sent_size(&w->f, s);
	}
	FUZZ_CHECK(acknowledge(w, cum, gaps, n, &r), "the truth is taken");
	note_placeholders(w);
	FUZZ_CHECK(r.bytes == bytes, "what is acknowledged counts once");
	FUZZ_CHECK(w->lied || !r.reneged, "an honest receiver takes nothing back");
	FUZZ_CHECK(s32_eq(w->f.cum, cum), "the cumulative TSN");
}

static void acknowledge_falsely(struct world *w, struct rd *in)
{
	struct sctp_gap gaps[4];
	struct sctp_ack_result r;
	const size_t n = rd_u8(in) % 4;
	uint16_t at = 0;

	for (size_t k = 0; k < n; k++) {
		gaps[k].start = (uint16_t)(at + 2 + rd_u8(in) % 8);
		at = gaps[k].end = (uint16_t)(gaps[k].start + rd_u8(in) % 8);
	}
	const struct serial32 cum = s32(w->f.cum.v + rd_u8(in) % 16 - 4), before = w->f.cum;
	if (acknowledge(w, cum, gaps, n, &r))
		w->lied = true; /* what the receiver has is no longer what the sender thinks */
	else
		FUZZ_CHECK(s32_eq(before, w->f.cum), "what is refused changes nothing");
}

static void check(struct world *w)
{
	size_t unsent = 0, held = 0, begun = 0;
	bool counted[MESSAGES] = { false };

	note_placeholders(w);
	FUZZ_CHECK(tt_sctp_flight_adds_up(&w->f), "the flight adds up");
	for (size_t i = 0; i < w->q.count; i++) {
		unsent += w->q.streams[i].buffered;
		for (const struct sctp_message *m = w->q.streams[i].head; m; m = m->next) {
			held += m->chunks == 0 ? tt_sctp_queue_cost(m->len) : 0;
			begun += m->cut > 0 ? m->len : 0;
		}
	}
	FUZZ_CHECK(unsent == w->q.unsent, "what is unsent adds up");
	FUZZ_CHECK(begun == w->q.begun, "what is begun adds up");
	for (struct serial32 t = s32_add(w->f.cum, 1); s32_before(t, w->f.next);
	     t = s32_add(t, 1)) {
		const struct sctp_sent *s = tt_sctp_flight_at(&w->f, t);
		const struct cut *c = &w->cuts[s32_diff(w->cuts[0].tsn, t)];
		const struct sctp_data d = tt_sctp_flight_data(&w->f, t);
		held += counted[s->m->ppid] ? 0 : tt_sctp_queue_cost(s->m->len);
		counted[s->m->ppid] = true; /* interleaved, other messages lie between its chunks */
		FUZZ_CHECK(d.len == c->d.len && memcmp(d.data, c->bytes, d.len) == 0 &&
				   s32_eq(d.mid, c->d.mid) && d.fsn == c->d.fsn &&
				   d.begin == c->d.begin && d.end == c->d.end,
			   "sent again, it is the same");
	}
	FUZZ_CHECK(held == w->q.held, "what is held adds up");
	FUZZ_CHECK(s32_before_eq(w->f.cum, w->f.advanced) && s32_before(w->f.advanced, w->f.next),
		   "the advanced point lies in between");
}

static void send_marked(struct world *w, int most)
{
	struct serial32 tsn;

	while (most-- > 0 && tt_sctp_flight_marked(&w->f, &tsn)) {
		for (struct serial32 t = s32_add(w->f.cum, 1); s32_before(t, tsn);
		     t = s32_add(t, 1))
			FUZZ_CHECK(tt_sctp_flight_at(&w->f, t)->state != SCTP_MARKED,
				   "the earliest");
		tt_sctp_flight_resent(&w->f, tsn, w->now);
	}
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const uint32_t out = tt_sctp_flight_count(&w->f);
	struct cut *c = out ? find(w, s32_add(w->f.cum, 1 + (what >> 3) % out)) : NULL;

	switch (what & 7) {
	case 0:
		say(w, in);
		break;
	case 1:
	case 2:
		for (int n = what >> 5; n >= 0; n--)
			cut(w, 1 + (what >> 3) % CHUNK);
		break;
	case 3:
		if (c)
			c->here = true;
		break;
	case 4:
		acknowledge_truly(w);
		break;
	case 5:
		send_marked(w, what >> 4);
		break;
	case 6:
		w->now += (what >> 3) * 10 * FUZZ_MS;
		if (what & 128)
			tt_sctp_flight_timeout(&w->f, w->now, true);
		else
			tt_sctp_flight_expire(&w->f, w->now, true);
		break;
	default:
		if (what & 128)
			acknowledge_falsely(w, in);
	}
	check(w);
}

/* All is sent and arrives: then nothing is held. */
static void finish(struct world *w)
{
	for (int n = 0; n < 1000 && w->q.held > 0 && w->count < CHUNKS - MESSAGES; n++) {
		cut(w, CHUNK);
		send_marked(w, CHUNKS);
		for (size_t k = 0; k < w->count; k++)
			w->cuts[k].here = true;
		acknowledge_truly(w);
	}
	FUZZ_CHECK(w->count >= CHUNKS - MESSAGES ||
			   (w->q.held == 0 && tt_sctp_flight_count(&w->f) == 0),
		   "all is acknowledged, and nothing is held");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);
	const uint8_t how = rd_u8(&in);
	const struct serial32 first = s32(how & 1 ? 0u - 20 : 1000);

	w.count = w.messages = 0;
	w.lied = false;
	w.now = FUZZ_SECOND;
	memset(w.next_mid, 0, sizeof w.next_mid);
	memset(w.next_unordered, 0, sizeof w.next_unordered);
	fuzz_env_begin(&w.env, 1);
	tt_sctp_queue_init(&w.q, &w.env.env, STREAMS, 1 << 20);
	w.q.interleaved = how & 2;
	w.q.share = how & 4 ? 1 << 20 : 300;
	tt_sctp_flight_init(&w.f, &w.env.env, &w.q, first);
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	finish(&w);
	tt_sctp_flight_clear(&w.f);
	tt_sctp_queue_clear(&w.q);
	for (size_t i = 0; i < w.messages; i++)
		FUZZ_CHECK(!w.loans[i], "all is given back");
	fuzz_env_end(&w.env);
	return 0;
}
