/* sctp_rack.c - see sctp_rack.h. */
#include "sctp/tx/sctp_rack.h"

#include "base/num.h"
#include "sctp/tx/sctp_flight.h"

enum {
	DUP_THRESH = 3,
	PATIENCE_KEPT = 16,
	PATIENCE_MOST = 15,
	SILENT_MOST = 1024 /* looked past, of which the peer had no room to tell */
};

void tt_sctp_rack_init(struct sctp_rack *r, struct serial32 cum)
{
	*r = (struct sctp_rack){ .highest = cum, .until = cum };
}

/* RACK_sent_after: of two that left together the later TSN. */
static bool left_after(taut_time at, struct serial32 tsn, taut_time than, struct serial32 than_tsn)
{
	return at > than || (at == than && s32_before(than_tsn, tsn));
}

void tt_sctp_rack_acked(struct sctp_rack *r, const struct sctp_sent *c, struct serial32 tsn,
			taut_time now, taut_time least_rtt)
{
	const taut_time rtt = now - c->sent;

	if (s32_before(r->highest, tsn))
		r->highest = tsn;
	else if (c->resent == 0)
		r->reordered = true;
	if (c->resent > 0 && rtt < least_rtt)
		return; /* it is the one before that came: 6.2 step 2 */
	if (r->any && !left_after(c->sent, tsn, r->sent, r->tsn))
		return;
	r->any = true;
	r->sent = c->sent;
	r->tsn = tsn;
	r->rtt = rtt;
}

void tt_sctp_rack_twice(struct sctp_rack *r, struct serial32 cum, struct serial32 next)
{
	if (s32_before(cum, r->until))
		return;
	r->until = next;
	r->patience = (unsigned)tt_min(r->patience + 1, PATIENCE_MOST);
	r->kept = PATIENCE_KEPT;
}

void tt_sctp_rack_recovered(struct sctp_rack *r)
{
	if (r->kept > 0 && --r->kept == 0)
		r->patience = 0;
}

/* How long what was overtaken is waited for, beyond a round trip. */
static taut_time reordering_window(const struct sctp_flight *f, taut_time srtt, taut_time least_rtt)
{
	const struct sctp_rack *r = &f->rack;

	if (!r->reordered && (f->recovering || f->told >= DUP_THRESH))
		return 0;
	return tt_min64((taut_time)(r->patience + 1) * least_rtt / 4, srtt);
}

taut_time tt_sctp_rack_detect(struct sctp_flight *f, taut_time now, taut_time srtt,
			      taut_time least_rtt, struct sctp_ack_result *out)
{
	const struct sctp_rack *r = &f->rack;
	const taut_time wait = r->rtt + reordering_window(f, srtt, least_rtt);
	taut_time again = INT64_MAX;
	struct serial32 next = f->oldest;
	unsigned silent = 0;

	for (uint32_t left = r->any ? f->listed : 0; left > 0; left--) {
		const struct serial32 tsn = next;
		struct sctp_sent *c = tt_sctp_flight_at(f, tsn);
		next = c->newer;
		if (!left_after(r->sent, r->tsn, c->sent, tsn)) {
			if (!c->reneged) /* those stand in front, in no order */
				break;
			continue;
		}
		if (!f->told_all && s32_before(f->told_up_to, tsn)) {
			if (++silent > SILENT_MOST)
				break;
			continue;
		}
		if (c->sent + wait > now) {
			again = tt_min64(again, c->sent + wait);
			if (!c->reneged)
				break;
			continue;
		}
		out->lost_bytes += tt_sctp_sent_size(f, c);
		out->lost = true;
		tt_sctp_signs_lost(&out->signs, c);
		tt_sctp_flight_mark(f, tsn);
	}
	return again;
}
