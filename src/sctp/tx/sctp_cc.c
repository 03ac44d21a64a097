/* sctp_cc.c - see sctp_cc.h. */
#include "sctp/tx/sctp_cc.h"

#include "base/num.h"

void tt_sctp_cc_init(struct sctp_cc *c, size_t pmdcs)
{
	*c = (struct sctp_cc){
		.pmdcs = pmdcs,
		.cwnd = tt_min(4 * pmdcs, tt_max(2 * pmdcs, 4404)), /* 7.2.1 */
		.ssthresh = SIZE_MAX / 2,
		.rto = SCTP_RTO_INITIAL,
	};
}

void tt_sctp_cc_round_trip(struct sctp_cc *c, taut_time rtt)
{
	rtt = tt_max64(rtt, 1);
	if (c->srtt == 0) { /* 6.3.1 C2 */
		c->srtt = rtt;
		c->rttvar = rtt / 2;
	} else { /* C3, alpha 1/8 and beta 1/4 */
		taut_time off = c->srtt > rtt ? c->srtt - rtt : rtt - c->srtt;
		c->rttvar += (off - c->rttvar) / 4;
		c->srtt += (rtt - c->srtt) / 8;
	}
	c->backed_off = false;
	c->rto = tt_clamp64(c->srtt + 4 * c->rttvar, SCTP_RTO_MIN, SCTP_RTO_MAX); /* C6, C7 */
}

void tt_sctp_cc_back_off(struct sctp_cc *c)
{
	c->backed_off = true;
	c->rto = tt_min64(2 * c->rto, SCTP_RTO_MAX);
}

static void slow_start(struct sctp_cc *c, size_t bytes, bool filled, bool cum_advanced)
{
	/* 7.2.1: only when the window was used; L is 1. The cumulative point must move, or
	 * splitting acknowledgements of gaps would pay. */
	if (cum_advanced && filled)
		c->cwnd += tt_min(bytes, c->pmdcs);
}

static void avoid_congestion(struct sctp_cc *c, size_t bytes, bool filled)
{
	c->partial_bytes_acked += bytes; /* 7.2.2 */
	if (c->partial_bytes_acked < c->cwnd)
		return;
	if (filled) {
		c->partial_bytes_acked -= c->cwnd;
		c->cwnd += c->pmdcs;
	} else {
		c->partial_bytes_acked = c->cwnd;
	}
}

void tt_sctp_cc_acked(struct sctp_cc *c, size_t bytes, bool filled, bool cum_advanced,
                      bool recovering)
{
	if (recovering || bytes == 0)
		return;
	if (c->cwnd <= c->ssthresh)
		slow_start(c, bytes, filled, cum_advanced);
	else
		avoid_congestion(c, bytes, filled);
}

void tt_sctp_cc_all_acked(struct sctp_cc *c)
{
	c->partial_bytes_acked = 0; /* 7.2.2 */
}

void tt_sctp_cc_lost(struct sctp_cc *c)
{
	c->ssthresh = tt_max(c->cwnd / 2, 4 * c->pmdcs);
	c->cwnd = c->ssthresh;
	c->partial_bytes_acked = 0;
}

void tt_sctp_cc_timed_out(struct sctp_cc *c)
{
	c->ssthresh = tt_max(c->cwnd / 2, 4 * c->pmdcs);
	c->cwnd = c->pmdcs;
	c->partial_bytes_acked = 0;
}

void tt_sctp_cc_idle(struct sctp_cc *c, taut_time idle)
{
	if (idle < c->rto || c->cwnd <= 4 * c->pmdcs)
		return;
	c->ssthresh = c->cwnd;
	for (; idle >= c->rto && c->cwnd > 4 * c->pmdcs; idle -= c->rto)
		c->cwnd = tt_max(c->cwnd / 2, 4 * c->pmdcs);
}
