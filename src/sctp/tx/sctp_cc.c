/* sctp_cc.c - what all controllers have, and the one of RFC 9260 section 7.2; see sctp_cc.h. */
#include "sctp/tx/sctp_cc.h"

#include "base/num.h"

void tt_sctp_cc_init(struct sctp_cc *c, const struct sctp_cc_kind *kind, size_t pmdcs)
{
	*c = (struct sctp_cc){
		.kind = kind,
		.pmdcs = pmdcs,
		.cwnd = tt_min(4 * pmdcs, tt_max(2 * pmdcs, 4404)), /* 7.2.1 */
		.ssthresh = SCTP_NO_SSTHRESH,
	};
	kind->begin(c);
}

void tt_sctp_cc_idle(struct sctp_cc *c, taut_time idle, taut_time rto)
{
	if (idle < rto || c->cwnd <= 4 * c->pmdcs)
		return;
	c->ssthresh = c->cwnd;
	for (; idle >= rto && c->cwnd > 4 * c->pmdcs; idle -= rto)
		c->cwnd = tt_max(c->cwnd / 2, 4 * c->pmdcs);
}

/* ---- RFC 9260 section 7.2 ---- */

static void begin(struct sctp_cc *c)
{
	c->partial_bytes_acked = 0;
}

static void slow_start(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	/* 7.2.1: only when the window was used; L is 1. The cumulative point must move, or
	 * splitting acknowledgements of gaps would pay. */
	if (a->advanced && a->filled)
		c->cwnd += tt_min(a->bytes, c->pmdcs);
}

static void avoid_congestion(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	c->partial_bytes_acked += a->bytes; /* 7.2.2 */
	if (c->partial_bytes_acked < c->cwnd)
		return;
	if (a->filled) {
		c->partial_bytes_acked -= c->cwnd;
		c->cwnd += c->pmdcs;
	} else {
		c->partial_bytes_acked = c->cwnd;
	}
}

static void acked(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	if (!a->recovering && a->bytes > 0) {
		if (c->cwnd <= c->ssthresh)
			slow_start(c, a);
		else
			avoid_congestion(c, a);
	}
	if (a->flight == 0)
		c->partial_bytes_acked = 0; /* 7.2.2 */
}

static void halve(struct sctp_cc *c)
{
	c->ssthresh = tt_max(c->cwnd / 2, 4 * c->pmdcs);
	c->partial_bytes_acked = 0;
}

static void lost(struct sctp_cc *c, const struct sctp_cc_ack *a)
{
	(void)a;
	halve(c);
	c->cwnd = c->ssthresh;
}

static void timed_out(struct sctp_cc *c)
{
	halve(c);
	c->cwnd = c->pmdcs;
}

const struct sctp_cc_kind tt_sctp_cc_rfc = { "RFC 9260", begin, acked, lost, timed_out };
