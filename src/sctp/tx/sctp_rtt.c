/* sctp_rtt.c - see sctp_rtt.h. */
#include "sctp/tx/sctp_rtt.h"

#include "base/num.h"

void tt_sctp_rtt_init(struct sctp_rtt *r)
{
	*r = (struct sctp_rtt){ .rto = SCTP_RTO_INITIAL };
}

void tt_sctp_rtt_measured(struct sctp_rtt *r, taut_time rtt)
{
	rtt = tt_max64(rtt, 1);
	if (r->srtt == 0) { /* 6.3.1 C2 */
		r->srtt = rtt;
		r->rttvar = rtt / 2;
	} else { /* C3, alpha 1/8 and beta 1/4 */
		taut_time off = r->srtt > rtt ? r->srtt - rtt : rtt - r->srtt;
		r->rttvar += (off - r->rttvar) / 4;
		r->srtt += (rtt - r->srtt) / 8;
	}
	r->backed_off = false;
	r->rto = tt_clamp64(r->srtt + 4 * r->rttvar, SCTP_RTO_MIN, SCTP_RTO_MAX); /* C6, C7 */
	tt_sctp_rtt_followed(r, rtt);
}

void tt_sctp_rtt_followed(struct sctp_rtt *r, taut_time rtt)
{
	r->rto = tt_max64(r->rto, tt_min64(rtt + rtt / 4, SCTP_RTO_MAX));
}

void tt_sctp_rtt_back_off(struct sctp_rtt *r)
{
	r->backed_off = true;
	r->rto = tt_min64(2 * r->rto, SCTP_RTO_MAX);
}

void tt_sctp_rtt_seen(struct sctp_rtt *r, taut_time now, taut_time rtt)
{
	if (r->least > 0 && rtt > r->least && now - r->least_at <= SCTP_MIN_RTT_LIFE)
		return;
	r->least = tt_max64(rtt, 1);
	r->least_at = now;
}
