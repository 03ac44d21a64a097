/* sctp_pmtu.c - how long packets may be on this path: RFC 8899 (DPLPMTUD), for SCTP in DTLS by RFC 8261 section 6.1.
 *
 *     DISABLED --data fills packets--> BASE --probe answered--> SEARCHING --nothing more to try--> COMPLETE
 *                                       |  ^                                                      |     |
 *                    no probe answered  |  +------------- long packets vanish --------------------+     |
 *                                       v                        SEARCHING again <--after 600 s---------+
 *                                     ERROR, smaller packets, until a base probe is answered
 *
 * A probe is a HEARTBEAT with a PAD chunk (RFC 4820) behind it, never DATA: what it costs when it is lost is nothing. A
 * HEARTBEAT ACK is the only thing that raises the size. The first of a search has the size of the ceiling,
 * which is what most paths take; behind a failed one the interval is halved.
 *
 * A chunk has its number for good, and cannot be cut again when packets become smaller (RFC 9260 section 6.9). So no
 * chunk is ever longer than the base has room for (sctp_transmit.c): a long packet has two, and what was lost
 * in it leaves in two packets. Control chunks stay within the base as well.
 *
 * Not here: PTB messages, which cannot be told to belong to an association inside DTLS (RFC 8261 section 6.1). */
#include "base/num.h"
#include "sctp/sctp_assoc.h"

#define MAX_PROBES        3         /* RFC 8899 section 5.1.2 */
#define PROBE_TIMER_LEAST 1000000   /* 5.1.1: not smaller */
#define PROBE_TIMER       15000000  /* 5.1.1: of ERROR, in which nothing is known of the path */
#define PMTU_RAISE_TIMER  600000000 /* 5.1.1 */
#define MIN_PACKET        508 /* 5.1.2: IPv4 without options in 576, UDP and DTLS taken off, and 3 spare */
#define GRAIN             16 /* an interval that is not worth a probe any more */
#define WANTED 16 /* packets filled by data before a search */

size_t tt_sctp_base(const struct tt_sctp *s)
{
	return (size_t)s->cfg.max_packet & ~(size_t)3;
}

static size_t ceiling(const struct tt_sctp *s)
{
	return (size_t)s->cfg.max_probed & ~(size_t)3;
}

static void set_size(struct tt_sctp *s, taut_time now, size_t size)
{
	s->pmtu.size = tt_u16(size);
	s->cc.pmdcs = size - SCTP_COMMON_HEADER;
	tt_note(s->env, now, TAUT_LAYER_SCTP, "packets have another size", TT_INT("bytes", size),
		TT_INT("state", s->pmtu.state));
}

void tt_sctp_pmtu_begin(struct tt_sctp *s)
{
	s->pmtu = (struct sctp_pmtu){ .size = tt_u16(tt_sctp_base(s)), .high = tt_u16(ceiling(s)) };
	s->cc.pmdcs = tt_sctp_base(s) - SCTP_COMMON_HEADER;
	tt_sctp_stop(s, SCTP_T_PMTU);
}

/* A size that was not tried yet. Without a random number it is tried later. */
static void probe(struct tt_sctp *s, taut_time now, size_t size)
{
	struct sctp_pmtu *p = &s->pmtu;

	p->due = tt_random(s->env, &p->nonce, sizeof p->nonce);
	p->probed = tt_u16(size);
	p->count = 0;
	p->idle = false;
	if (!p->due)
		tt_sctp_start(s, SCTP_T_PMTU, now + PROBE_TIMER);
}

static void complete(struct tt_sctp *s, taut_time now)
{
	s->pmtu.state = SCTP_PMTU_COMPLETE;
	s->pmtu.probed = 0;
	if (s->pmtu.size < ceiling(s))
		tt_sctp_start(s, SCTP_T_PMTU, now + PMTU_RAISE_TIMER);
}

/* 5.3.2: the ceiling, and then the middle of what is left. */
static void search(struct tt_sctp *s, taut_time now)
{
	struct sctp_pmtu *p = &s->pmtu;

	if (p->high < p->size + GRAIN)
		complete(s, now);
	else if (p->high == ceiling(s))
		probe(s, now, p->high);
	else
		probe(s, now, (p->size + (size_t)(p->high - p->size + 1) / 2 + 3) & ~(size_t)3);
}

static void begin_base(struct tt_sctp *s, taut_time now)
{
	s->pmtu.state = SCTP_PMTU_BASE;
	probe(s, now, tt_sctp_base(s));
}

/* Who sends little has nothing from longer packets, and is spared the probes. At a raise the size that is used is known to get
 * through: no need to ask for the base, and to fall below it where HEARTBEATs are not answered. */
void tt_sctp_pmtu_data(struct tt_sctp *s, taut_time now, size_t packet)
{
	struct sctp_pmtu *p = &s->pmtu;
	const bool filled = packet + s->cc.pmdcs / 8 > p->size;

	if (p->idle)
		probe(s, now, p->probed);
	if (!filled || p->state != SCTP_PMTU_DISABLED || ceiling(s) < tt_sctp_base(s) + GRAIN)
		return;
	if (++p->full < WANTED)
		return;
	if (p->size > tt_sctp_base(s)) {
		p->state = SCTP_PMTU_SEARCHING;
		search(s, now);
	} else {
		begin_base(s, now);
	}
}

/* Smaller packets, and later: does the base get through now? */
static void give_up_base(struct tt_sctp *s, taut_time now)
{
	s->pmtu.state = SCTP_PMTU_ERROR;
	set_size(s, now, tt_min(tt_sctp_base(s), MIN_PACKET));
}

/* That size does not get through. */
static void failed(struct tt_sctp *s, taut_time now)
{
	struct sctp_pmtu *p = &s->pmtu;

	tt_sctp_stop(s, SCTP_T_PMTU);
	if (p->state == SCTP_PMTU_SEARCHING) {
		p->high = tt_u16(tt_max(p->probed - 4u, p->size));
		search(s, now);
		return;
	}
	/* where nothing at all is answered it says nothing about sizes */
	if (p->state == SCTP_PMTU_BASE && s->errors == 0)
		give_up_base(s, now);
	p->probed = tt_u16(tt_sctp_base(s)); /* later */
	p->count = 0;
	p->waits_from = now;
	tt_sctp_start(s, SCTP_T_PMTU, now + PROBE_TIMER);
}

/* Since PROBE_TIMER began. */
static bool in_use(const struct tt_sctp *s)
{
	return tt_sctp_flight_count(&s->flight) > 0 || s->last_data_sent >= s->pmtu.waits_from;
}

void tt_sctp_pmtu_timeout(struct tt_sctp *s, taut_time now)
{
	struct sctp_pmtu *p = &s->pmtu;

	if (!tt_sctp_can_send_data(s))
		return;
	if (p->probed == 0) { /* PMTU_RAISE_TIMER: once there is data again */
		p->state = SCTP_PMTU_DISABLED;
		p->full = 0;
		p->high = tt_u16(ceiling(s));
	} else if (p->count >= MAX_PROBES) {
		failed(s, now);
	} else if (p->count == 0 && p->state != SCTP_PMTU_SEARCHING && !in_use(s)) {
		p->idle = true;
	} else if (p->count == 0) {
		probe(s, now, p->probed);
	} else {
		p->due = true;
	}
}

/* That size gets through. */
static void confirmed(struct tt_sctp *s, taut_time now, size_t size)
{
	struct sctp_pmtu *p = &s->pmtu;

	p->due = false;
	p->probed = 0;
	p->lost = 0;
	tt_sctp_stop(s, SCTP_T_PMTU);
	p->state = SCTP_PMTU_SEARCHING;
	if (size > p->size)
		set_size(s, now, size);
	search(s, now);
}

bool tt_sctp_pmtu_acked(struct tt_sctp *s, taut_time now, uint64_t nonce)
{
	struct sctp_pmtu *p = &s->pmtu;

	if (p->probed == 0 || p->count == 0 || nonce != p->nonce)
		return false;
	s->errors = 0; /* 6.2: as any heartbeat */
	confirmed(s, now, p->probed);
	return true;
}

static void black_hole(struct tt_sctp *s, taut_time now)
{
	struct sctp_pmtu *p = &s->pmtu;

	s->counters.path_black_holes++;
	p->high = tt_u16(tt_max(p->size - 4u, tt_sctp_base(s)));
	p->lost = 0;
	tt_sctp_stop(s, SCTP_T_PMTU);
	begin_base(s, now);
	set_size(s, now, tt_sctp_base(s));
}

/* RFC 8899 section 4.3. Where a queue is full not all long packets of three round trips are lost. A packet that is shorter than
 * what is lost says nothing: it may go where that does not. The base is confirmed by data as well as by a probe. */
void tt_sctp_pmtu_judge(struct tt_sctp *s, taut_time now, const struct sctp_pmtu_signs *seen)
{
	struct sctp_pmtu *p = &s->pmtu;
	const taut_time lost = seen->lost;

	if ((p->state == SCTP_PMTU_BASE || p->state == SCTP_PMTU_ERROR) && seen->full)
		confirmed(s, now, tt_sctp_base(s));
	if (seen->acked >= p->lost_packet)
		p->lost = 0;
	if (lost < 0 || seen->acked >= seen->lost_packet || lost < p->lost_up_to ||
	    p->size <= tt_sctp_base(s))
		return;
	p->lost_up_to = lost + tt_max64(s->rtt.srtt, 1);
	if (p->lost == 0 || seen->lost_packet < p->lost_packet)
		p->lost_packet = seen->lost_packet;
	if (++p->lost >= MAX_PROBES)
		black_hole(s, now);
}

void tt_sctp_too_long(struct tt_sctp *s, taut_time now, bool probe)
{
	struct sctp_pmtu *p = &s->pmtu;

	if (!probe && p->size > tt_sctp_base(s))
		black_hole(s, now);
	else if (probe && p->probed > tt_sctp_base(s) && p->count > 0)
		failed(s, now);
}

bool tt_sctp_sent_probe(const struct tt_sctp *s)
{
	return s->pmtu.sent;
}

/* 6.2: and it is no data, so that neither window counts it. */
size_t tt_sctp_pmtu_write(struct tt_sctp *s, taut_time now, uint8_t *buf, size_t cap)
{
	struct sctp_pmtu *p = &s->pmtu;
	const struct sctp_header h = { s->cfg.local_port, s->cfg.remote_port, s->peer_tag };

	if (!p->due || cap < p->probed || !tt_sctp_can_send_data(s))
		return 0;
	p->due = false;
	p->count++;
	s->counters.path_probes++;
	/* 5.1.1: from what is known of the round trip */
	tt_sctp_start(s, SCTP_T_PMTU, now + tt_max64(s->rtt.rto, PROBE_TIMER_LEAST));
	struct wr w = wr_make(buf, p->probed);
	tt_sctp_write_header(&w, &h);
	tt_sctp_heartbeat_put(&w, p->nonce);
	const size_t pad = tt_sctp_begin(&w, SCTP_PAD, 0);
	wr_zeros(&w, wr_left(&w));
	tt_sctp_end(&w, pad);
	return s->peer_zero_checksum ? wr_len(&w) : tt_sctp_seal(&w);
}
