/* sctp_model.c - congestion control by a model of the path, in the manner of BBR (draft-ietf-ccwg-bbr); see sctp_cc.h.
 *
 * The model: bw, the most that was delivered a second lately; least, the shortest round trip. Their product is what the
 * path holds without a queue. Sent is at the rate of bw, a little more now and then to see whether there is more (UP),
 * and less behind that, so that a queue which it made goes (DOWN).
 *
 * What differs from BBR: how much is lost while sending at bw and below is taken for the path's own (a radio link's); only what
 * UP loses beyond that says that there is no more room, and what is lost beyond it otherwise that others are there. And cycles
 * are counted in rounds, eight or so: a round ends when what was in flight at its beginning, and as much again, is
 * delivered, which takes two round trips. */
#include "base/num.h"
#include "sctp/tx/sctp_cc.h"

enum {
	CRUISE_ROUNDS = 6,
	STARTUP_ROUNDS = 3,    /* without growth by a quarter: that is all there is */
	FULL_UPS = 3,          /* where round trips vary, UP is a whole one every so often */
	LEAST_LIFE = 10000000, /* the shortest round trip is looked for anew after so long ... */
	LOOK_TIME = 200000,    /* ... for so long */
	TOLERATED = 20000,     /* lost beyond the path's own, of a million: too much was sent */
	STARTUP_GAIN = 200,    /* percent: BBR's 277 loses more than SACKs have room to tell */
	LUMP_TIME = 10000000,  /* lumps are of so long at most */
	MARGIN = 99,           /* percent of bw, so that no queue stays */
};

#define FASTEST 100000000000u /* bytes a second: what is multiplied with times still fits */

static const unsigned pace_gain[] = { /* percent */
	[SCTP_STARTUP] = STARTUP_GAIN,
	[SCTP_DRAIN] = 50,
	[SCTP_CRUISE] = 100,
	[SCTP_UP] = 125,
	[SCTP_DOWN] = 85,
	[SCTP_LOOK] = 100,
};

static void begin(struct sctp_cc *c)
{
	c->model = (struct sctp_model){ .ceiling = SIZE_MAX, .round_least = INT64_MAX };
}

static uint64_t bandwidth(const struct sctp_model *m)
{
	return m->bw[0] > m->bw[1] ? m->bw[0] : m->bw[1];
}

/* What the path holds, and so many percent of it. */
static size_t holds(const struct sctp_model *m, unsigned percent)
{
	return (size_t)(bandwidth(m) * (uint64_t)m->least / 1000000 * percent / 100);
}

static void enter(struct sctp_model *m, enum sctp_model_phase phase)
{
	m->phase = phase;
	m->rounds = 0;
}

/* ---- what the path does ---- */

static void learn_bandwidth(struct sctp_model *m, const struct sctp_rate_sample *s)
{
	if (!s->any || s->interval <= 0)
		return;
	const uint64_t bw = tt_min(s->bytes * 1000000 / (uint64_t)s->interval, FASTEST);
	m->round_bw = bw > m->round_bw ? bw : m->round_bw;
	m->told = m->told || !s->limited;
	if (!s->limited || bw >= bandwidth(m))
		m->bw[0] = bw > m->bw[0] ? bw : m->bw[0];
}

/* Acknowledgements come in lumps: so much more than bw makes of the time must be in flight for it to last. */
static void learn_lumps(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_model *m = &c->model;
	const uint64_t passed = (uint64_t)tt_min64(a->now - m->extra_at, LUMP_TIME);
	const uint64_t expected = bandwidth(m) * passed / 1000000;

	if (!a->rate.any || a->rate.interval == 0)
		return;
	if (m->extra_bytes <= expected) {
		m->extra_bytes = 0;
		m->extra_at = a->now;
	}
	m->extra_bytes += a->bytes;
	const uint64_t over = m->extra_at == a->now
				      ? m->extra_bytes
				      : m->extra_bytes - tt_min(expected, m->extra_bytes);
	m->extra[0] = tt_max(m->extra[0], tt_min(over, c->cwnd));
}

/* Of a round that ended: how much of it was lost, per million. */
static uint32_t lost_share(const struct sctp_model *m, uint64_t delivered)
{
	const uint64_t all = delivered - m->round_delivered + m->round_lost;

	return all > 0 ? (uint32_t)(m->round_lost * (uint64_t)1000000 / all) : 0;
}

/* What is lost where no queue is stands for the path itself. */
static void learn_loss(struct sctp_model *m, uint64_t delivered)
{
	if ((m->phase == SCTP_CRUISE || m->phase == SCTP_DOWN) &&
	    m->round_least <= m->least + m->least / 8)
		m->loss += (uint32_t)(((int64_t)lost_share(m, delivered) - m->loss) / 8);
}

/* ---- phases ---- */

static void next_cycle(struct sctp_model *m)
{
	if (m->bw[0] == 0)
		return; /* nothing could be told in this one */
	m->grew = m->bw[0] > m->bw[1] + m->bw[1] / 8;
	m->bw[1] = m->bw[0];
	m->bw[0] = 0;
	m->extra[1] = m->extra[0];
	m->extra[0] = 0;
}

static void end_startup_round(struct sctp_model *m, bool too_much)
{
	if (m->round_limited)
		return;
	if (bandwidth(m) >= m->full + m->full / 4) {
		m->full = bandwidth(m);
		m->full_rounds = 0;
	} else if (++m->full_rounds >= STARTUP_ROUNDS || too_much) {
		m->full_reached = true;
		enter(m, SCTP_DRAIN);
	}
}

static void go_up(struct sctp_model *m, size_t flight)
{
	enter(m, SCTP_UP);
	m->up_from = flight;
	m->ups++;
}

static void end_up_round(struct sctp_cc *c, const struct sctp_cc_ack *a, bool too_much)
{
	struct sctp_model *m = &c->model;

	if (too_much) {
		m->ceiling = tt_max(tt_max(a->before, holds(m, 100)), 4 * c->pmdcs);
		enter(m, SCTP_DOWN);
	} else if (m->ceiling != SIZE_MAX && a->filled) {
		m->ceiling += m->ceiling / 4;
	}
}

/* Others are there, and the queue is full: what is delivered counts, not what was before. */
static void give_way(struct sctp_model *m)
{
	const uint64_t less = bandwidth(m) / 20 * 17;

	m->bw[0] = m->bw[1] = m->round_bw > less ? tt_min(m->round_bw, bandwidth(m)) : less;
}

static void end_round(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_model *m = &c->model;
	const bool too_much = lost_share(m, a->delivered) > m->loss + TOLERATED;

	m->rounds++;
	learn_loss(m, a->delivered);
	if (m->phase == SCTP_STARTUP)
		end_startup_round(m, too_much);
	else if (m->phase == SCTP_UP)
		end_up_round(c, a, too_much);
	else if (too_much && m->phase == SCTP_CRUISE)
		give_way(m);
	else if (m->phase == SCTP_CRUISE && m->rounds >= CRUISE_ROUNDS)
		go_up(m, a->flight);
	m->last_least = m->round_least;
	m->round_end = a->delivered + a->flight;
	m->round_delivered = a->delivered;
	m->round_lost = 0;
	m->round_bw = 0;
	m->round_least = INT64_MAX;
	m->round_limited = false;
}

static void move_on(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_model *m = &c->model;

	switch (m->phase) {
	case SCTP_DRAIN:
		if (a->flight <= holds(m, 100) || m->rounds >= CRUISE_ROUNDS)
			enter(m, SCTP_CRUISE);
		break;
	case SCTP_UP:
		if (m->rounds >= 1 &&
		    (a->flight >= holds(m, 125) || !a->filled || m->rounds >= 3)) {
			next_cycle(m);
			enter(m, SCTP_DOWN);
		}
		break;
	case SCTP_DOWN:
		if (a->flight <= holds(m, 100) || m->rounds >= 2)
			enter(m, SCTP_CRUISE);
		break;
	default:
		break;
	}
}

/* ---- the shortest round trip ---- */

/* A queue of ours would hide it: so little is in flight for a moment that there is none. */
static void look(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_model *m = &c->model;

	if (m->look_until == 0 && a->flight <= tt_max(holds(m, 50), 4 * c->pmdcs))
		m->look_until = a->now + tt_max64(LOOK_TIME, m->least);
	if (m->look_until == 0 || a->now < m->look_until)
		return;
	m->least_at = a->now;
	c->cwnd = tt_max(c->cwnd, m->kept);
	enter(m, m->full_reached ? SCTP_CRUISE : SCTP_STARTUP);
}

static void learn_round_trip(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_model *m = &c->model;
	const bool old = m->least > 0 && a->now - m->least_at > LEAST_LIFE;

	if (a->rtt >= 0 && (m->least == 0 || a->rtt <= m->least || old)) {
		m->least = tt_max64(a->rtt, 1);
		m->least_at = a->now;
	}
	if (a->rtt >= 0)
		m->round_least = tt_min64(m->round_least, a->rtt);
	if (m->phase == SCTP_LOOK) {
		look(c, a);
	} else if (old && a->filled && a->rtt > 0) {
		m->kept = c->cwnd;
		m->look_until = 0;
		enter(m, SCTP_LOOK);
	}
}

/* ---- what follows ---- */

static size_t target(const struct sctp_cc *c)
{
	const struct sctp_model *m = &c->model;
	const size_t lumps = tt_max(m->extra[0], m->extra[1]);
	size_t most = holds(m, 200) + lumps + 4 * c->pmdcs;

	if (m->phase == SCTP_LOOK)
		most = holds(m, 50);
	if (m->ceiling != SIZE_MAX && m->phase != SCTP_UP)
		most = tt_min(most, m->ceiling / 100 * 85 + lumps);
	else
		most = tt_min(most, m->ceiling);
	return tt_max(most, 4 * c->pmdcs);
}

/* Half of what arrives leaves until no more than most is in flight: nobody waits for half a round trip. */
static void let_out(struct sctp_cc *c, const struct sctp_cc_ack *a, size_t most)
{
	const size_t in_flight = tt_min(c->cwnd, a->before);

	c->cwnd = tt_min(c->cwnd + a->bytes,
			 tt_max(most, in_flight - tt_min(a->bytes / 2, in_flight)));
}

static void set_window(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	const struct sctp_model *m = &c->model;
	const size_t most = target(c);

	if (m->phase == SCTP_LOOK)
		let_out(c, a, most);
	else if (m->full_reached)
		c->cwnd = tt_min(c->cwnd + a->bytes, most);
	else if (a->filled && c->cwnd < tt_max(holds(m, STARTUP_GAIN), 64 * c->pmdcs))
		c->cwnd += a->bytes; /* not known yet what there is */
	c->cwnd = tt_max(c->cwnd, 4 * c->pmdcs);
}

/* So much in flight shows whether there is more, with a queue of a quarter round trip where there is not. Where round trips
 * vary, or others have a queue, as much is in flight already: then it takes a quarter more, but not each time, for
 * else others' queues would grow without end. */
static size_t enough(const struct sctp_model *m)
{
	const bool varies = m->last_least > m->least + m->least / 4;
	const bool whole = !varies || m->grew || m->ups % FULL_UPS == 0;
	const size_t more = m->up_from + (varies ? m->up_from : holds(m, 100)) / 4;

	return whole ? tt_max(holds(m, 125), more) : holds(m, 125);
}

static unsigned gain(const struct sctp_model *m, size_t flight)
{
	return m->phase == SCTP_UP && flight >= enough(m) ? 100 : pace_gain[m->phase];
}

static void set_pace(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	const struct sctp_model *m = &c->model;
	uint64_t bw = bandwidth(m);

	if (!m->told && a->srtt > 0) { /* a few small messages say nothing of the path */
		const uint64_t first = (uint64_t)c->cwnd * 1000000 / (uint64_t)a->srtt;
		bw = first > bw ? first : bw;
	}
	const uint64_t rate = bw * gain(m, a->flight) / 100 * MARGIN / 100;
	if (m->full_reached || rate > c->pace)
		c->pace = rate > 0 ? rate : c->pace;
}

static void acked(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	struct sctp_model *m = &c->model;

	learn_bandwidth(m, &a->rate);
	learn_lumps(c, a);
	m->round_lost += a->lost;
	m->round_limited = m->round_limited || (a->rate.any && a->rate.limited);
	learn_round_trip(c, a);
	if (a->rate.any && a->rate.prior >= m->round_end)
		end_round(c, a);
	move_on(c, a);
	set_window(c, a);
	set_pace(c, a);
}

static void lost(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	(void)c, (void)a; /* that comes with acked */
}

/* All that was in flight is taken for lost: it begins with one packet, and doubles up to what the path holds. */
static void timed_out(struct sctp_cc *c)
{
	c->cwnd = c->pmdcs;
	c->model.round_limited = true;
}

const struct sctp_cc_kind tt_sctp_cc_model = { "model", begin, acked, lost, timed_out };
