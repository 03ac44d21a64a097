/* sctp_transmit.c - DATA goes out: RFC 9260 sections 6.1 and 7.2, RFC 8985 section 7, RFC 9937.
 *
 * Chunks that are lost come before new ones. What lets them leave: the peer's window, the congestion window or, in a
 * recovery, a share of what arrives; and the pacer, or bursts. */
#include "base/num.h"
#include "sctp/sctp_assoc.h"

#define MIN_FRAGMENT 512 /* a smaller rest of a packet is left empty, or half of a small packet's */

/* Where a round trip is not longer than the pacer's bucket, bursts are the limit. */
static bool is_paced(const struct tt_sctp *s)
{
	return s->cc.pace > 0 && s->rtt.least > SCTP_PACE_BUCKET;
}

struct filling {
	struct wr *w;
	taut_time now;
	size_t end;        /* of the packet */
	size_t chunks;     /* of DATA written */
	size_t bytes;      /* of them, as they count in flight */
	bool first_resent; /* the earliest outstanding chunk is among them, 7.2.4 */
};

static size_t left(const struct filling *f)
{
	return f->end > f->w->off ? f->end - f->w->off : 0;
}

/* A chunk of when packets could be longer has one for itself. */
static bool has_room(const struct filling *f, size_t size)
{
	return size <= left(f) || (f->chunks == 0 && size <= wr_left(f->w));
}

static void write_chunk(struct tt_sctp *s, struct filling *f, struct serial32 tsn)
{
	struct sctp_data d = tt_sctp_flight_data(&s->flight, tsn);

	d.immediate = s->state == SCTP_SHUTDOWN_PENDING && s->queue.unsent == 0;
	tt_sctp_write_data(f->w, &d);
	tt_sctp_flight_at(&s->flight, tsn)->packet = 0;
	tt_sctp_flight_at(&s->flight, tsn)->full = false;
	f->chunks++;
	f->bytes += tt_sctp_sent_size(&s->flight, tt_sctp_flight_at(&s->flight, tsn));
	s->counters.chunks_sent++;
}

static bool fits_window(const struct tt_sctp *s, size_t len)
{
	size_t flight = s->flight.flight;

	return s->peer_window >= flight && s->peer_window - flight >= len;
}

/* What counts as in flight may be there long since, where a SACK had no room to say so: then what left behind it counts. */
static bool fits_again(const struct tt_sctp *s, size_t len)
{
	return fits_window(s, len) || (!s->flight.told_all && s->since_ack + len <= s->peer_window);
}

/* 6.1 C: before anything new. The earliest one always goes, a receiver with a full window waits
 * for it; the others would only be thrown away again. */
static void write_marked(struct tt_sctp *s, struct filling *f)
{
	struct serial32 tsn;

	while (tt_sctp_flight_marked(&s->flight, &tsn)) {
		const struct sctp_sent *c = tt_sctp_flight_at(&s->flight, tsn);
		bool first = s32_eq(tsn, s32_add(s->flight.cum, 1));
		if (!has_room(f, tt_sctp_sent_size(&s->flight, c)) ||
		    (!first && !fits_again(s, c->len)))
			return;
		tt_sctp_flight_resent(&s->flight, tsn, f->now);
		write_chunk(s, f, tsn);
		s->counters.chunks_resent++;
		f->first_resent = f->first_resent || first;
	}
}

/* How much of m goes into what is left of the packet; 0: not now. No chunk is longer than would go into the shortest
 * packet: a longer packet takes several. */
static size_t fragment_size(const struct tt_sctp *s, const struct filling *f,
			    const struct sctp_message *m)
{
	const size_t room = left(f) & ~(size_t)3, base = tt_sctp_base(s) - SCTP_COMMON_HEADER;
	size_t rest = m->len - m->cut;
	size_t header = tt_sctp_flight_header(&s->flight);

	if (room <= header)
		return 0;
	if (rest <= tt_min(room, base) - header)
		return rest;
	const size_t parts = (room + base - 1) / base;
	const size_t most = (room / parts & ~(size_t)3) - header;
	return most >= tt_min(MIN_FRAGMENT, s->cc.pmdcs / 2) ? most : 0;
}

/* 6.1 A */
static bool window_takes(const struct tt_sctp *s, size_t len)
{
	return fits_window(s, len) || (s->probe_due && tt_sctp_flight_count(&s->flight) == 0);
}

/* 6.1 A: has it opened unnoticed? Looks after an RTO, then twice as long, and so on. */
static void wait_for_window(struct tt_sctp *s, taut_time now)
{
	if (tt_sctp_flight_count(&s->flight) > 0 || tt_sctp_runs(s, SCTP_T3))
		return;
	taut_time wait = s->rtt.rto << tt_min(s->probes, 6);
	tt_sctp_start(s, SCTP_T3, now + tt_min64(wait, SCTP_RTO_MAX));
}

static void write_new(struct tt_sctp *s, struct filling *f)
{
	struct sctp_message *m;

	while ((m = tt_sctp_queue_next(&s->queue, f->now, s->peer_forward_tsn,
				       &s->counters.abandoned)) != NULL) {
		size_t len = fragment_size(s, f, m);
		if (len == 0)
			return;
		if (!window_takes(s, len)) {
			wait_for_window(s, f->now);
			return;
		}
		if (!tt_sctp_flight_room(&s->flight))
			return;
		s->probes = s->probe_due ? s->probes + 1 : 0;
		s->probe_due = false;
		write_chunk(s, f, tt_sctp_flight_cut(&s->flight, m, len, f->now));
	}
}

/* RFC 9937 section 6 */
static bool has_share(const struct tt_sctp *s)
{
	return s->flight.recovering && s->flight.marked > 0 && s->share > 0;
}

static bool has_window(const struct tt_sctp *s)
{
	if (s->timed_out)
		return s->flight.flight == 0; /* 6.3.3 E3 */
	return s->flight.flight < s->cc.cwnd || has_share(s);
}

/* Is there leave to send, by the window, and by the pacer or 6.1 D? */
static bool has_leave(struct tt_sctp *s, taut_time now)
{
	if (!has_window(s))
		return false;
	return is_paced(s) ? tt_sctp_pace_ready(&s->pace, now, s->cc.pace, s->cc.pmdcs)
			   : s->burst > 0;
}

static bool has_something(const struct tt_sctp *s)
{
	return s->flight.marked > 0 || s->queue.unsent > 0;
}

/* The last that is out, if it may be sent again. */
static bool find_tail(const struct tt_sctp *s, taut_time now, struct serial32 *tsn)
{
	const struct sctp_flight *f = &s->flight;

	for (*tsn = s32_add(f->next, UINT32_MAX); s32_before(f->cum, *tsn);
	     *tsn = s32_add(*tsn, UINT32_MAX))
		if (tt_sctp_flight_at(f, *tsn)->state == SCTP_IN_FLIGHT)
			return tt_sctp_flight_may_resend(f, *tsn, now);
	return false;
}

/* RFC 8985 section 7.3: something new if there is something, else the last once more. What may be sent only so often, or no
 * longer, is not: T3 gives it up. */
static void write_tail(struct tt_sctp *s, struct filling *f)
{
	struct serial32 tsn;

	s->tail_due = false;
	write_new(s, f);
	s->tail_again = f->chunks == 0 && find_tail(s, f->now, &tsn);
	if (s->tail_again) {
		const struct sctp_sent *c = tt_sctp_flight_at(&s->flight, tsn);
		s->tail_due = !has_room(f, tt_sctp_sent_size(&s->flight, c)); /* in the next packet */
		if (s->tail_due)
			return;
		tt_sctp_flight_mark(&s->flight, tsn);
		tt_sctp_flight_resent(&s->flight, tsn, f->now);
		write_chunk(s, f, tsn);
		s->counters.chunks_resent++;
	}
	if (f->chunks == 0)
		return;
	s->tail_out = true;
	s->tail_open = s->tail_again;
	s->tail = s32_add(s->flight.next, UINT32_MAX);
	s->counters.tail_probes++;
	tt_sctp_start(s, SCTP_T3, f->now + s->rtt.rto); /* 7.3: from here */
}

/* What becomes of its chunks, which are the last in the list, tells of long packets. */
static void note_large(struct tt_sctp *s, size_t chunks, size_t packet)
{
	const size_t base = tt_sctp_base(s);
	struct serial32 tsn = s->flight.newest;

	for (; chunks > 0; chunks--) {
		struct sctp_sent *c = tt_sctp_flight_at(&s->flight, tsn);
		c->packet = packet > base ? tt_u16(packet) : 0;
		c->full = true;
		tsn = c->older;
	}
}

/* Behind a timeout, as long as always gets through: that may be why. */
static size_t packet_end(const struct tt_sctp *s, const struct wr *w)
{
	const size_t most = s->timed_out ? tt_min(tt_sctp_base(s), s->pmtu.size) : s->pmtu.size;

	return tt_min(most, w->cap);
}

void tt_sctp_write_data_chunks(struct tt_sctp *s, taut_time now, struct wr *w)
{
	struct filling filling = { .w = w, .now = now, .end = packet_end(s, w) }, *f = &filling;

	s->fast_due = s->fast_due && s->flight.marked > 0; /* it may have been given up since */
	if (s->fast_due) { /* 7.2.4: one packet, whatever cwnd says */
		write_marked(s, f);
		s->fast_due = f->chunks == 0 && s->flight.marked > 0;
	} else if (s->tail_due) {
		write_tail(s, f);
	} else if (has_leave(s, f->now)) {
		write_marked(s, f);
		if (s->flight.marked == 0)
			write_new(s, f);
		s->burst -= tt_min(s->burst, f->bytes);
	}
	if (f->chunks == 0)
		return;
	if (w->off >= tt_sctp_base(s))
		note_large(s, f->chunks, w->off);
	tt_sctp_pmtu_data(s, f->now, w->off);
	if (is_paced(s))
		tt_sctp_pace_sent(&s->pace, f->bytes);
	s->since_ack += f->bytes;
	s->share -= tt_min(s->share, f->bytes);
	s->last_data_sent = f->now;
	if (!tt_sctp_runs(s, SCTP_T3) || f->first_resent) /* 6.3.2 R1; 7.2.4 */
		tt_sctp_start(s, SCTP_T3, f->now + s->rtt.rto);
	tt_sctp_arm_probe(s, f->now);
}

void tt_sctp_write_early_data(struct tt_sctp *s, taut_time now, struct wr *w)
{
	tt_sctp_cut_streams(s, now);
	s->burst = SCTP_MAX_BURST * s->cc.pmdcs; /* 6.1 D: one packet each time is no burst */
	tt_sctp_write_data_chunks(s, now, w);
	/* T1 decides when it leaves again */
	tt_sctp_stop(s, SCTP_T3);
	tt_sctp_stop(s, SCTP_T_PROBE);
}

bool tt_sctp_has_data(struct tt_sctp *s, taut_time now)
{
	return tt_sctp_can_send_data(s) &&
	       ((s->fast_due && s->flight.marked > 0) || s->tail_due ||
		(has_something(s) && has_leave(s, now)));
}

void tt_sctp_pause(struct tt_sctp *s, taut_time now)
{
	const bool held = has_something(s) && has_window(s) && is_paced(s) && !has_leave(s, now);

	s->burst_open = false;
	s->filled = held || s->flight.flight + s->cc.pmdcs > s->cc.cwnd;
	if (held)
		tt_sctp_start(s, SCTP_T_PACE,
			      tt_sctp_pace_next(&s->pace, s->cc.pace, s->cc.pmdcs));
	if (!s->filled)
		tt_sctp_rate_limited(&s->flight.rate, s->flight.flight);
}
