/* path.c - see path.h. */
#include "sim/path/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "support/sim.h"

enum {
	HEADERS = 20 + 8 + 13 + 8 +
		  16, /* IPv4, UDP, and DTLS 1.2 with AES-GCM, around a packet of SCTP */
	MESSAGE = 65536,
	MOST = 262144, /* bytes of a message */
	BULK = 1,
	PING = 2, /* streams */
	PINGS = 4096,
	PACKET = 2048,
	MAX_PROBED = 1500 - 20 - 8 - 37, /* as peer connections have it by default, pc_channel.c */
};

struct packet {
	struct packet *next;
	taut_time leaves, at; /* the queue; and it is there */
	taut_time late;       /* its jitter */
	int to; /* an end: 2 * flow, and one more on the right */
	size_t len;
	uint8_t data[];
};

struct link {
	struct packet *first, **last; /* in order: what leaves later arrives later */
	taut_time free_at;            /* it has sent everything then */
	taut_time last_at;            /* the last arrives */
};

struct flow {
	struct tt_sctp *end[2];
	const struct path_flow *what;
	bool begun;
	taut_time next_ping, ping_sent;
	taut_time pings[PINGS];
	size_t ping_count;
	uint64_t bytes;
};

struct path {
	const struct path_setting *set;
	struct sim sim; /* random numbers and memory */
	taut_time now;
	uint64_t rate;
	bool rate_changed;
	struct link links[2]; /* to the left, to the right */
	struct flow *flows;
	uint64_t dropped;
	double queue_area; /* bytes times microseconds */
	taut_time area_at;
	bool failed;
};

/* ---- the link ---- */

static size_t in_queue(const struct path *p, int side)
{
	const taut_time left = p->links[side].free_at - p->now;

	return left > 0 ? (size_t)((uint64_t)left * p->rate / 1000000) : 0;
}

/* The queue empties at the link's rate between two arrivals: a trapezium each, cut off at nothing. */
static void measure_queue(struct path *p)
{
	const taut_time left = p->links[1].free_at - p->area_at, passed = p->now - p->area_at;

	if (left > 0 && p->area_at >= p->set->from) {
		const double over = (double)tt_min64(left, passed);
		p->queue_area += ((double)left - over / 2) * over * (double)p->rate / 1e6;
	}
	p->area_at = p->now;
}

static taut_time jitter(struct path *p)
{
	return p->set->jitter > 0
		       ? (taut_time)(sim_random(&p->sim) % ((uint64_t)p->set->jitter + 1))
		       : 0;
}

static taut_time arrival(const struct path *p, const struct packet *k, taut_time before)
{
	return tt_max64(before, k->leaves + p->set->rtt / 2 + k->late);
}

static taut_time at_rate(taut_time at, taut_time now, uint64_t old, uint64_t rate)
{
	return at > now ? now + (taut_time)((uint64_t)(at - now) * old / rate) : at;
}

static bool rate_changes(const struct path *p)
{
	return p->set->later_rate > 0 && !p->rate_changed;
}

/* What waits then leaves at the new rate. */
static void change_rate(struct path *p)
{
	const uint64_t old = p->rate;

	measure_queue(p);
	p->rate = p->set->later_rate;
	p->rate_changed = true;
	for (int side = 0; side < 2; side++) {
		struct link *l = &p->links[side];
		taut_time at = 0;
		l->free_at = at_rate(l->free_at, p->now, old, p->rate);
		for (struct packet *k = l->first; k; k = k->next) {
			k->leaves = at_rate(k->leaves, p->now, old, p->rate);
			at = k->at = arrival(p, k, at);
		}
		l->last_at = tt_max64(at, p->now);
	}
}

static void put(struct path *p, int to, const uint8_t *data, size_t len)
{
	const int side = to & 1;
	struct link *l = &p->links[side];
	const size_t size = len + HEADERS;

	if (side == 1)
		measure_queue(p);
	if (in_queue(p, side) + size > p->set->queue) {
		p->dropped++;
		return;
	}
	l->free_at = tt_max64(l->free_at, p->now) +
		     (taut_time)((size * (uint64_t)1000000 + p->rate - 1) / p->rate);
	if (side == 1 && sim_random(&p->sim) % 1000000 < p->set->loss)
		return;
	struct packet *k = malloc(sizeof *k + len);
	if (!k) {
		p->failed = true;
		return;
	}
	*k = (struct packet){ .leaves = l->free_at, .late = jitter(p), .to = to, .len = len };
	memcpy(k->data, data, len);
	l->last_at = k->at = arrival(p, k, l->last_at);
	*l->last = k;
	l->last = &k->next;
}

static struct packet *take(struct path *p, int side)
{
	struct link *l = &p->links[side];
	struct packet *k = l->first;

	if (!k || k->at > p->now)
		return NULL;
	l->first = k->next;
	if (!l->first)
		l->last = &l->first;
	return k;
}

/* ---- the ends ---- */

static const uint8_t zeros[MOST];

static void fill(struct path *p, struct flow *f)
{
	const size_t len = f->what->message ? f->what->message : MESSAGE;
	const size_t waiting = f->what->waiting ? f->what->waiting : 4;

	while (!f->what->no_bulk && tt_sctp_buffered(f->end[0], BULK) < waiting * len &&
	       tt_sctp_send(f->end[0], p->now, BULK, 53, NULL, zeros, len) == TAUT_OK)
		;
}

static void ping(struct path *p, struct flow *f)
{
	if (f->what->pings == 0 || p->now < f->next_ping || f->ping_sent >= 0)
		return;
	f->next_ping = p->now + f->what->pings;
	f->ping_sent = p->now;
	if (tt_sctp_send(f->end[0], p->now, PING, 51, NULL, zeros, f->what->ping ? f->what->ping : 4) !=
	    TAUT_OK)
		p->failed = true;
}

static void on_message(struct path *p, struct flow *f, int side, const struct tt_sctp_event *e)
{
	if (e->stream == BULK && p->now >= p->set->from)
		f->bytes += e->len;
	if (e->stream != PING)
		return;
	if (side == 1) {
		(void)tt_sctp_send(f->end[1], p->now, PING, 51, NULL, e->data, 4);
		return;
	}
	if (p->now >= p->set->from && f->ping_count < PINGS)
		f->pings[f->ping_count++] = p->now - f->ping_sent;
	f->ping_sent = -1;
}

static void settle(struct path *p, struct flow *f, int side)
{
	const int number = (int)(f - p->flows);
	const struct tt_sctp_event *e;
	uint8_t buf[PACKET];
	size_t len;

	while ((e = tt_sctp_poll_event(f->end[side])) != NULL)
		if (e->type == TT_SCTP_MESSAGE)
			on_message(p, f, side, e);
	if (side == 0 && tt_sctp_is_connected(f->end[0])) {
		fill(p, f);
		ping(p, f);
	}
	while ((len = tt_sctp_poll_send(f->end[side], p->now, buf, sizeof buf)) > 0)
		put(p, 2 * number + !side, buf, len);
}

static void begin(struct path *p, struct flow *f)
{
	if (f->begun || p->now < f->what->begins)
		return;
	f->begun = true;
	for (int side = 0; side < 2; side++)
		(void)tt_sctp_connect(f->end[side], p->now);
	settle(p, f, 0);
	settle(p, f, 1);
}

/* ---- time ---- */

static taut_time next_of_flow(const struct path *p, const struct flow *f)
{
	taut_time next = f->begun ? INT64_MAX : f->what->begins;

	for (int side = 0; f->begun && side < 2; side++)
		next = tt_min64(next, tt_sctp_deadline(f->end[side], NULL));
	if (f->begun && f->what->pings > 0 && f->ping_sent < 0)
		next = tt_min64(next, tt_max64(f->next_ping, p->now + 1));
	return next;
}

static taut_time next_event(const struct path *p)
{
	taut_time next = rate_changes(p) ? p->set->later : INT64_MAX;

	for (int side = 0; side < 2; side++)
		if (p->links[side].first)
			next = tt_min64(next, p->links[side].first->at);
	for (size_t i = 0; i < p->set->flow_count; i++)
		next = tt_min64(next, next_of_flow(p, &p->flows[i]));
	return next;
}

static void deliver(struct path *p)
{
	struct packet *k;

	for (int side = 0; side < 2; side++)
		while ((k = take(p, side)) != NULL) {
			struct flow *f = &p->flows[k->to / 2];
			(void)tt_sctp_recv(f->end[side], p->now, k->data, k->len);
			settle(p, f, side);
			free(k);
		}
}

static void step(struct path *p)
{
	if (rate_changes(p) && p->now >= p->set->later)
		change_rate(p);
	deliver(p);
	for (size_t i = 0; i < p->set->flow_count; i++) {
		struct flow *f = &p->flows[i];
		begin(p, f);
		for (int side = 0; f->begun && side < 2; side++) {
			if (tt_sctp_deadline(f->end[side], NULL) <= p->now)
				tt_sctp_tick(f->end[side], p->now);
			settle(p, f, side);
		}
	}
}

/* ---- beginning and end ---- */

static bool open_flow(struct path *p, struct flow *f, const struct path_flow *what)
{
	const struct tt_sctp_config cfg = {
		.max_probed = p->set->short_packets ? 0 : MAX_PROBED,
		.recv_window = p->set->window,
		.send_buffer = p->set->window > 0 ? 2 * p->set->window : 64u << 20,
		.congestion_control = what->control,
		.no_interleaving = p->set->whole_messages,
	};

	*f = (struct flow){ .what = what, .ping_sent = -1 };
	for (int side = 0; side < 2; side++)
		if (tt_sctp_new(&f->end[side], &p->sim.env[side], &cfg, 0) != TAUT_OK)
			return false;
	return true;
}

static int by_time(const void *a, const void *b)
{
	const taut_time x = *(const taut_time *)a, y = *(const taut_time *)b;

	return (x > y) - (x < y);
}

static void tell(const struct path *p, struct flow *f, struct path_result *out)
{
	const double seconds = (double)(p->set->lasts - p->set->from) / 1e6;

	qsort(f->pings, f->ping_count, sizeof f->pings[0], by_time);
	*out = (struct path_result){
		.bytes = f->bytes,
		.goodput = (double)f->bytes / seconds,
		.queued = p->queue_area / (double)(p->set->lasts - p->set->from),
		.dropped = p->dropped,
		.counters = tt_sctp_count(f->end[0]),
		.pings = f->ping_count,
		.ping_median = f->ping_count ? f->pings[f->ping_count / 2] : -1,
		.ping_most = f->ping_count ? f->pings[f->ping_count - 1] : -1,
	};
}

static void close_path(struct path *p)
{
	for (int side = 0; side < 2; side++)
		while (p->links[side].first) {
			struct packet *k = p->links[side].first;
			p->links[side].first = k->next;
			free(k);
		}
	for (size_t i = 0; p->flows && i < p->set->flow_count; i++)
		for (int side = 0; side < 2; side++)
			tt_sctp_free(p->flows[i].end[side]);
	free(p->flows);
	sim_free(&p->sim);
}

bool path_run(const struct path_setting *s, struct path_result *out)
{
	struct path p = { .set = s, .rate = s->rate };
	const struct sim_link none = { 0 };

	sim_init(&p.sim, s->seed, &none);
	for (int side = 0; side < 2; side++)
		p.links[side].last = &p.links[side].first;
	p.flows = calloc(s->flow_count, sizeof *p.flows);
	for (size_t i = 0; i < s->flow_count; i++)
		p.failed = p.failed || !p.flows || !open_flow(&p, &p.flows[i], &s->flows[i]);
	while (!p.failed) {
		step(&p);
		const taut_time next = next_event(&p);
		if (next >= s->lasts)
			break;
		p.now = next;
	}
	p.now = s->lasts;
	measure_queue(&p);
	for (size_t i = 0; !p.failed && i < s->flow_count; i++)
		tell(&p, &p.flows[i], &out[i]);
	close_path(&p);
	return !p.failed;
}
