/* layers: rtp base */
/* fuzz_rtp_rings.c - the rings and lists of an RTP stream against naive models: what waits to be
 * put in order, what was sent, what is missing, and which number a packet has.
 *
 * The first byte chooses one of the four. Each model is an array that is walked. */
#include <string.h>

#include "fuzz_env.h"
#include "rtp/rtp_history.h"
#include "rtp/rtp_nack.h"
#include "rtp/rtp_reorder.h"
#include "rtp/rtp_source.h"

enum { OPERATIONS = 400, RING = 16, MANY = 2048 };

/* ---- received packets, put in order: rtp_reorder.h ---- */

struct arrived {
	int64_t seq;
	size_t len;
	bool key;
};

struct order {
	struct tt_rtp_reorder r;
	struct arrived all[RING];
	size_t count, held;
	int64_t next, newest;
	bool started;
};

static const struct arrived *arrived(const struct order *o, int64_t seq)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->all[i].seq == seq)
			return &o->all[i];
	return NULL;
}

static void forget_before(struct order *o, int64_t seq)
{
	for (size_t i = 0; i < o->count;)
		if (o->all[i].seq < seq)
			o->all[i] = o->all[--o->count];
		else
			i++;
}

static void check_order(const struct order *o)
{
	int64_t run = o->next;
	size_t keys = 0, buffers = o->r.spare_count;

	while (arrived(o, run))
		run++;
	FUZZ_CHECK(o->r.started == o->started, "started");
	if (o->started)
		FUZZ_CHECK(o->r.next == o->next && o->r.run == run && o->r.newest == o->newest,
			   "next, run and newest");
	FUZZ_CHECK(tt_rtp_reorder_has_gap(&o->r) == (o->started && run <= o->newest), "a gap");
	for (int64_t seq = o->next - 2; seq < o->next + RING + 2; seq++) {
		const struct arrived *a = o->started ? arrived(o, seq) : NULL;
		const struct tt_rtp_slot *s = tt_rtp_reorder_at(&o->r, seq);
		FUZZ_CHECK(!a == !s, "what arrived is there, and nothing else");
		if (!a)
			continue;
		FUZZ_CHECK(s->seq == seq && s->len == a->len && s->key == a->key, "as it came");
		for (size_t k = 0; k < a->len; k++)
			FUZZ_CHECK(s->data[k] == (uint8_t)(seq + (int64_t)k), "byte for byte");
		keys += a->key;
		buffers += a->len > 0;
	}
	FUZZ_CHECK(o->r.keys == keys && o->held == buffers, "keys and buffers are counted");
}

static void put(struct order *o, uint8_t how, size_t len)
{
	const int64_t seq = (o->started ? o->next : 65000) + how % 24 - 3;
	const struct tt_rtp_slot meta = { .seq = seq, .key = how & 128 };
	uint8_t bytes[256];

	for (size_t k = 0; k < len; k++)
		bytes[k] = (uint8_t)(seq + (int64_t)k);
	if (tt_rtp_reorder_overflows(&o->r, seq))
		return;
	const enum tt_rtp_put naive = o->started && seq < o->next ? TT_RTP_PUT_LATE
				      : arrived(o, seq)           ? TT_RTP_PUT_DUPLICATE
								  : TT_RTP_PUT_OK;
	FUZZ_CHECK(tt_rtp_reorder_put(&o->r, &meta, bytes, len) == naive, "taken, late or twice");
	if (naive != TT_RTP_PUT_OK)
		return;
	if (!o->started) {
		o->started = true;
		o->next = seq;
		o->newest = seq;
	}
	o->newest = tt_max64(o->newest, seq);
	o->all[o->count++] = (struct arrived){ seq, len, meta.key };
}

static void skip_to(struct order *o, int64_t seq)
{
	tt_rtp_reorder_skip_to(&o->r, seq);
	if (!o->started)
		return;
	forget_before(o, seq);
	o->next = tt_max64(o->next, seq);
	o->newest = tt_max64(o->newest, o->next - 1);
}

static void orders(struct rd *in)
{
	struct fuzz_env e;
	struct order o = { .next = 0 };

	fuzz_env_begin(&e, 1);
	FUZZ_CHECK(tt_spares_init(&e.env), "memory");
	tt_rtp_reorder_init(&o.r, &e.env, RING);
	o.r.held = &o.held;
	for (int n = 0; n < OPERATIONS && rd_left(in) > 0; n++) {
		const uint8_t what = rd_u8(in), how = rd_u8(in);
		if (what % 8 == 0) {
			skip_to(&o, o.next + how % 20);
		} else if (what == 1) {
			tt_rtp_reorder_reset(&o.r);
			o.started = false;
			o.count = 0;
		} else if (what == 2 && !o.started) {
			tt_rtp_reorder_start(&o.r, 65000);
			o.started = true;
			o.next = 65000;
			o.newest = 64999;
		} else {
			put(&o, how, what & 1 ? what : 0);
		}
		check_order(&o);
	}
	tt_rtp_reorder_free(&o.r);
	FUZZ_CHECK(o.held == 0, "all buffers are back");
	tt_spares_free(&e.env);
	fuzz_env_end(&e);
}

/* ---- sent packets: rtp_history.h ---- */

static void check_history(struct tt_rtp_history *h, const uint16_t *lens, uint64_t forgotten)
{
	FUZZ_CHECK(tt_rtp_history_waiting(h) <= RING, "never more than the ring");
	for (uint64_t n = h->next > RING + 3 ? h->next - RING - 3 : 0; n < h->next + 2; n++) {
		const struct tt_rtp_sent *p = tt_rtp_history_find(h, n);
		const bool kept =
			n >= forgotten && n < h->head && n + RING >= h->next && lens[n % MANY] > 0;
		FUZZ_CHECK(!p == !kept, "what was sent is kept until its place is needed");
		if (!p)
			continue;
		FUZZ_CHECK(p->number == n && p->len == lens[n % MANY] && tt_room(p->data) >= p->len,
			   "its length");
		for (size_t k = 0; k < p->len; k++)
			FUZZ_CHECK(p->data[k] == (uint8_t)(n + k), "byte for byte");
	}
}

static void histories(struct rd *in)
{
	struct fuzz_env e;
	struct tt_rtp_history h;
	static uint16_t lens[MANY];
	static taut_time sent[MANY];
	uint64_t forgotten = 0;
	taut_time now = 0;

	fuzz_env_begin(&e, 1);
	FUZZ_CHECK(tt_spares_init(&e.env), "memory");
	tt_rtp_history_init(&h, &e.env, RING);
	for (int n = 0; n < OPERATIONS && rd_left(in) > 0; n++) {
		const uint8_t what = rd_u8(in);
		const size_t count = 1 + what % 5, len = 1 + fuzz_pick(in, 200);
		if (what & 128) {
			struct tt_rtp_sent *p = tt_rtp_history_head(&h);
			if (p) { /* as the sender does */
				p->sent_at = sent[h.head % MANY] = ++now;
				h.head++;
			}
		} else if (what & 64) {
			const taut_time before = now - what % 16;
			tt_rtp_history_forget(&h, before);
			while (forgotten < h.head && sent[forgotten % MANY] < before)
				forgotten++;
		} else {
			const int r = tt_rtp_history_reserve(&h, count, len);
			FUZZ_CHECK((r == TAUT_OK) == (tt_rtp_history_waiting(&h) + count <= RING),
				   "room for so many");
			for (size_t k = 0; r == TAUT_OK && k < count; k++) {
				struct tt_rtp_sent *p = tt_rtp_history_add(&h);
				p->len = lens[p->number % MANY] = (uint16_t)len;
				for (size_t b = 0; b < len; b++)
					p->data[b] = (uint8_t)(p->number + b);
			}
		}
		check_history(&h, lens, forgotten);
	}
	tt_rtp_history_free(&h);
	tt_spares_free(&e.env);
	fuzz_env_end(&e);
}

/* ---- missing packets: rtp_nack.h ---- */

struct missing {
	int64_t seq;
	unsigned tries;
};

struct hunt {
	struct tt_nack n;
	struct missing all[MANY];
	size_t count;
	int64_t newest;
};

static void strike(struct hunt *h, size_t at)
{
	memmove(&h->all[at], &h->all[at + 1], (--h->count - at) * sizeof h->all[0]);
}

static void newer(struct hunt *h, taut_time now, uint16_t by)
{
	const int64_t from = h->newest + 1, newest = h->newest + 1 + by;

	h->newest = newest;
	while (h->count > 0 && h->all[0].seq < newest - TT_NACK_AGE)
		strike(h, 0);
	const bool fits = h->count + by <= TT_NACK_MAX;
	FUZZ_CHECK(tt_nack_missing(&h->n, now, from, newest) == (fits || by == 0), "few enough");
	if (!fits && by > 0)
		h->count = 0;
	for (int64_t seq = from; fits && seq < newest; seq++)
		h->all[h->count++] = (struct missing){ seq, 0 };
}

static void collect(struct hunt *h, taut_time now)
{
	int64_t out[64];
	tt_nack_give_up(&h->n, now, 0);
	const size_t n = tt_nack_collect(&h->n, now, 0, out, TT_COUNT(out));

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < h->count && h->all[k].seq != out[i])
			k++;
		FUZZ_CHECK(k < h->count, "only what is missing is asked for");
		FUZZ_CHECK(++h->all[k].tries <= TT_NACK_TRIES, "ten times at most");
		FUZZ_CHECK(i == 0 || out[i - 1] < out[i], "in order, none twice");
	}
	/* those that are due once more after the last try are given up */
	for (size_t k = 0; k < h->count;)
		if (h->all[k].tries == TT_NACK_TRIES && !tt_nack_expects(&h->n, h->all[k].seq))
			strike(h, k);
		else
			k++;
}

static void hunts(struct rd *in)
{
	struct fuzz_env e;
	static struct hunt h;
	taut_time now = FUZZ_SECOND;

	fuzz_env_begin(&e, 1);
	memset(&h.n, 0, sizeof h.n);
	h.n.env = &e.env;
	h.count = 0;
	h.newest = 70000;
	for (int n = 0; n < OPERATIONS && rd_left(in) > 0; n++) {
		const uint8_t what = rd_u8(in), how = rd_u8(in);
		const int64_t seq = h.count ? h.all[how % h.count].seq : how;
		switch (what % 6) {
		case 0:
			newer(&h, now, what >= 248 ? 600 : how % 16);
			break;
		case 1:
			tt_nack_resent(&h.n, now, seq);
			tt_nack_arrived(&h.n, seq);
			if (h.count)
				strike(&h, how % h.count);
			break;
		case 2:
			tt_nack_forget_before(&h.n, h.newest - how);
			while (h.count > 0 && h.all[0].seq < h.newest - how)
				strike(&h, 0);
			break;
		case 3:
			now += how * FUZZ_MS;
			break;
		default:
			collect(&h, now);
		}
		FUZZ_CHECK(h.n.count == h.count, "as many are missing");
		for (size_t k = 0; k < h.count; k++)
			FUZZ_CHECK(h.n.list[k].seq == h.all[k].seq, "the same, in order");
		FUZZ_CHECK((tt_nack_deadline(&h.n, 0) == INT64_MAX) == (h.count == 0),
			   "who misses something has a deadline");
	}
	tt_nack_free(&h.n);
	fuzz_env_end(&e);
}

/* ---- sequence numbers without their wrap: rtp_source.h ---- */

static void numbers(struct rd *in)
{
	struct tt_rtp_source s = { 0 };
	int64_t newest = 65536 + rd_u16(in), ext = 0, first = newest;

	tt_rtp_source_seq(&s, (uint16_t)newest, &ext);
	const int64_t shift = ext - newest; /* the model counts from elsewhere, for ever */
	tt_rtp_source_arrived(&s, 0, 0, 90000);
	uint64_t received = 1;
	for (int n = 0; n < OPERATIONS && rd_left(in) > 0; n++) {
		const uint8_t how = rd_u8(in);
		const int ahead = how < 128   ? how % 32 - 8
				  : how < 224 ? (int)rd_u16(in) % 3000
					      : -(int)(rd_u16(in) % 1024);
		const int64_t seq = newest + ahead;
		FUZZ_CHECK(tt_rtp_source_seq(&s, (uint16_t)seq, &ext) == TT_RTP_SEQ_OK,
			   "near enough is taken");
		FUZZ_CHECK(ext == seq + shift, "the number that was sent");
		FUZZ_CHECK(tt_rtp_source_nearest(&s, (uint16_t)seq) == ext,
			   "from elsewhere as well");
		newest = tt_max64(newest, seq);
		tt_rtp_source_arrived(&s, (uint32_t)seq * 3000u, n * FUZZ_MS, 90000);
		received++;
		FUZZ_CHECK(tt_rtp_source_lost(&s) == newest - first + 1 - (int64_t)received,
			   "expected less received");
		if (how % 16 == 0)
			tt_rtp_source_fraction(&s);
		FUZZ_CHECK(tt_rtp_source_jitter_us(&s, 90000) >= 0, "jitter is no debt");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct rd *) = { orders, histories, hunts, numbers };
	struct rd in = rd_make(data, size);

	parts[fuzz_pick(&in, TT_COUNT(parts))](&in);
	return 0;
}
