/* pc_tick.c - time passed, and when it will matter next. */
#include "peer/pc.h"

void taut_pc_tick(taut_pc *pc, taut_time now)
{
	pc_touch(pc, now);
	if (pc->closed)
		return;
	tt_ice_tick(pc->ice, now);
	if (pc->dtls_started)
		tt_dtls_tick(pc->dtls, now);
	if (pc->channels)
		tt_dcs_tick(pc->channels, now);
	if (pc->dtmf_at <= now)
		pc_dtmf_tick(pc, now);
	if (pc->rtp)
		tt_rtp_session_tick(pc->rtp, now);
	pc_pump(pc, now);
}

static void earlier(taut_time *first, const char **why, taut_time at, const char *reason)
{
	if (at >= *first)
		return;
	*first = at;
	*why = reason;
}

taut_time taut_pc_deadline(const taut_pc *pc, const char **why)
{
	taut_time first = INT64_MAX, at;
	const char *reason = NULL, *layer = NULL;

	if (pc->closed)
		return first;
	first = tt_ice_deadline(pc->ice, &reason);
	if (pc->dtls_started) {
		at = tt_dtls_deadline(pc->dtls, &layer);
		earlier(&first, &reason, at, layer);
	}
	if (pc->channels && pc->dtls_state == TAUT_STATE_CONNECTED) {
		at = tt_dcs_deadline(pc->channels, &layer);
		earlier(&first, &reason, at, layer);
	}
	/* Without a path, or after DTLS has failed, nothing of the session is sent (pc_send.c), so that
	 * waiting for it would spin. */
	if (pc->rtp && pc->srtp && pc->dtls_state == TAUT_STATE_CONNECTED &&
	    tt_ice_has_path(pc->ice, pc->now)) {
		at = tt_rtp_session_deadline(pc->rtp, &layer);
		earlier(&first, &reason, at, layer);
	}
	earlier(&first, &reason, pc->dtmf_at, "the next DTMF tone");
	if (why)
		*why = reason;
	return first;
}
