/* sctp_cubic.c - CUBIC (RFC 9438) in bytes, with HyStart++ (RFC 9406); see sctp_cc.h.
 *
 * In whole numbers, so that a run is exact everywhere. C is 0.4, beta 0.7. */
#include "base/num.h"
#include "sctp/tx/sctp_cc.h"

enum {
	AT_ONCE = 2,          /* L: packets that an acknowledgement, of every second one, may add in slow start */
	ENOUGH_SAMPLES = 8,   /* N_RTT_SAMPLE */
	CSS_DIVISOR = 4,
	CSS_ROUNDS = 5,
	THRESH_LEAST = 4000,  /* MIN_RTT_THRESH, microseconds */
	THRESH_MOST = 16000,
	FARTHEST = 100000,    /* milliseconds from K: the cube still fits */
};

static void begin_round(struct sctp_cubic *q, uint64_t delivered)
{
	q->round_end = delivered;
	q->last_least = q->round_least;
	q->round_least = INT64_MAX;
	q->samples = 0;
}

static void begin(struct sctp_cc *c)
{
	c->cubic = (struct sctp_cubic){ .epoch = -1,
					.round_least = INT64_MAX,
					.last_least = INT64_MAX,
					.css_least = INT64_MAX };
}

/* The greatest whole number whose cube is at most x. */
static uint64_t cube_root(uint64_t x)
{
	uint64_t root = 0;

	for (int bit = 20; bit >= 0; bit--) { /* 2^63 < (2^21)^3 */
		const uint64_t more = root | (uint64_t)1 << bit;
		if (more * more * more <= x)
			root = more;
	}
	return root;
}

/* ---- slow start ---- */

/* RFC 9406 section 4.2: has the round trip grown, so that a queue is there? In the first slow start alone: later ones have
 * ssthresh, which knows better. */
static void watch_delay(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_cubic *q = &c->cubic;

	if (a->rtt >= 0) {
		q->round_least = tt_min64(q->round_least, a->rtt);
		q->samples++;
	}
	if (q->samples < ENOUGH_SAMPLES || q->last_least == INT64_MAX)
		return;
	if (q->css) {
		if (q->round_least < q->css_least) { /* it was nothing */
			q->css = false;
			q->css_least = INT64_MAX;
		}
		return;
	}
	const taut_time thresh = tt_clamp64(q->last_least / 8, THRESH_LEAST, THRESH_MOST);
	if (q->round_least >= q->last_least + thresh) {
		q->css = true;
		q->css_least = q->round_least;
		q->css_rounds = 0;
	}
}

static void slow_start(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_cubic *q = &c->cubic;
	const size_t most = tt_min(a->bytes, AT_ONCE * c->pmdcs);

	if (c->ssthresh == SCTP_NO_SSTHRESH)
		watch_delay(c, a);
	if (a->filled && a->advanced) /* or splitting acknowledgements of gaps would pay, 7.2.1 */
		c->cwnd += q->css ? most / CSS_DIVISOR : most;
	if (a->rate.any && a->rate.prior >= q->round_end) {
		if (q->css && ++q->css_rounds >= CSS_ROUNDS)
			c->ssthresh = c->cwnd;
		begin_round(q, a->delivered);
	}
}

/* ---- congestion avoidance ---- */

static void begin_epoch(struct sctp_cc *c, taut_time now)
{
	struct sctp_cubic *q = &c->cubic;

	q->epoch = now;
	q->carry = q->friendly_carry = 0;
	q->friendly = c->cwnd;
	if (q->most <= c->cwnd) {
		q->most = c->cwnd;
		q->k = 0;
		return;
	}
	/* figure 2: K = cubic root of (W_max - cwnd) / C; in milliseconds, of packets */
	const uint64_t packets_milli = (uint64_t)(q->most - c->cwnd) * 1000 / c->pmdcs;
	q->k = (taut_time)cube_root(packets_milli * 2500000) * 1000;
}

/* Figure 1: C (t - K)^3 + W_max. */
static size_t window_at(const struct sctp_cc *c, taut_time t)
{
	const struct sctp_cubic *q = &c->cubic;
	const int64_t d = tt_clamp64((t - q->k) / 1000, -FARTHEST, FARTHEST);
	const int64_t off = d * d * d / 1000000 * 4 * (int64_t)c->pmdcs / 10000;

	return off < 0 && (size_t)-off >= q->most ? 0 : (size_t)((int64_t)q->most + off);
}

/* Section 4.3: what the RFC's own controller would have. */
static void grow_friendly(struct sctp_cc *c, size_t bytes)
{
	struct sctp_cubic *q = &c->cubic;
	const uint64_t alpha = q->friendly < q->prior ? 529 : 1000; /* 3 (1 - beta) / (1 + beta) */

	q->friendly_carry += (uint64_t)bytes * c->pmdcs * alpha / 1000;
	q->friendly += (size_t)(q->friendly_carry / c->cwnd);
	q->friendly_carry %= c->cwnd;
}

static void avoid_congestion(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_cubic *q = &c->cubic;

	if (q->epoch < 0)
		begin_epoch(c, a->now);
	else if (!a->filled || a->now - q->seen > 2 * a->srtt) /* 4.2: the window was not used */
		q->epoch += a->now - q->seen;
	q->seen = a->now;
	if (!a->filled)
		return;
	const size_t target = tt_min(window_at(c, a->now - q->epoch + a->srtt), c->cwnd / 2 * 3);
	if (target > c->cwnd) {
		q->carry += (uint64_t)(target - c->cwnd) * a->bytes;
		const size_t more = (size_t)(q->carry / c->cwnd);
		q->carry %= c->cwnd;
		c->cwnd += more;
	}
	grow_friendly(c, a->bytes);
	c->cwnd = tt_max(c->cwnd, q->friendly);
}

static void set_pace(struct sctp_cc *c, taut_time srtt)
{
	if (srtt <= 0)
		return;
	const uint64_t rate = (uint64_t)c->cwnd * 1000000 / (uint64_t)srtt;
	c->pace = (c->cwnd < c->ssthresh ? rate * 2 : rate * 5 / 4) + 1;
}

static void acked(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	if (!a->recovering && a->bytes > 0) {
		if (c->cwnd < c->ssthresh)
			slow_start(c, a);
		else
			avoid_congestion(c, a);
	}
	set_pace(c, a->srtt);
}

/* 4.6 and 4.7 */
static void reduce(struct sctp_cc *c)
{
	struct sctp_cubic *q = &c->cubic;

	q->prior = c->cwnd;
	q->most = c->cwnd < q->most ? c->cwnd / 20 * 17 : c->cwnd;
	q->epoch = -1;
	q->css = false;
	c->ssthresh = tt_max(c->cwnd / 10 * 7, 4 * c->pmdcs);
}

static void lost(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	reduce(c);
	c->cwnd = c->ssthresh;
	set_pace(c, a->srtt);
}

static void timed_out(struct sctp_cc *c)
{
	reduce(c);
	c->cwnd = c->pmdcs;
}

const struct sctp_cc_kind tt_sctp_cc_cubic = { "CUBIC", begin, acked, lost, timed_out };
