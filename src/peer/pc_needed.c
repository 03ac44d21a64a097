/* pc_needed.c - is a new offer needed? webrtc-pc section 4.7.3. */
#include "peer/pc.h"

#include <string.h>

static bool is_in(const struct tt_sdp_media *l, const char *stream)
{
	for (size_t i = 0; i < l->msid_count; i++)
		if (strcmp(l->msids[i].stream, stream) == 0)
			return true;
	return false;
}

static bool streams_differ(const struct pc_transceiver *t, const struct tt_sdp_media *l)
{
	if (t->stream_count == 0)
		return l->msid_count != 1 || !is_in(l, "-");
	for (size_t i = 0; i < t->stream_count; i++)
		if (!is_in(l, pc_stream_at(t, i)))
			return true;
	return l->msid_count != t->stream_count;
}

static bool transceiver_needs(const struct taut_pc *pc, const struct pc_transceiver *t)
{
	if (t->direction == TAUT_STOPPED)
		return t->bound.m_line >= 0;
	if (t->bound.m_line < 0 || (size_t)t->bound.m_line >= pc->local.sdp->media_count)
		return true;
	const struct tt_sdp_media *l = pc->local.sdp->media[t->bound.m_line];
	const struct tt_sdp_media *r = pc->remote.sdp->media[t->bound.m_line];
	uint32_t ours = tt_sdp_direction(pc->local.sdp, l);
	uint32_t theirs = tt_sdp_direction(pc->remote.sdp, r);
	if (pc_direction_sends(ours) && streams_differ(t, l))
		return true;
	if (pc->local.type == TAUT_SDP_OFFER)
		return t->direction != ours &&
		       t->direction != pc_direction(pc_direction_receives(theirs),
						    pc_direction_sends(theirs));
	/* We answered: what we want, within the offer's reverse, is what we said. */
	return ours !=
	       pc_direction(pc_direction_sends(t->direction) && pc_direction_receives(theirs),
			    pc_direction_receives(t->direction) && pc_direction_sends(theirs));
}

bool pc_check_negotiation_needed(const struct taut_pc *pc)
{
	if (pc->restart_wanted)
		return true;
	if (pc->channels_wanted && pc->data_m_line < 0)
		return true;
	for (size_t i = 0; i < pc->transceiver_count; i++)
		if (!pc->local.sdp ? pc->transceivers[i]->direction != TAUT_STOPPED
				   : transceiver_needs(pc, pc->transceivers[i]))
			return true;
	return false;
}

void pc_update_negotiation_needed(struct taut_pc *pc)
{
	if (pc->closed || pc->signaling_state != TAUT_SIGNALING_STABLE)
		return;
	if (!pc_check_negotiation_needed(pc)) {
		pc->negotiation_needed = false;
		return;
	}
	if (pc->negotiation_needed)
		return;
	pc->negotiation_needed = true;
	/* One that waits already will be looked at when it is taken. */
	if (!pc->needed_queued)
		pc->needed_queued = pc_queue(pc, TAUT_EV_NEGOTIATION_NEEDED, NULL, NULL) != NULL;
	if (!pc->needed_queued)
		pc->negotiation_needed = false;
}
