/* pc_bind.c - which transceiver belongs to which m-line: RFC 9429 sections 5.9 to 5.11. */
#include <stdio.h>
#include <string.h>

#include "peer/pc.h"

static void bind_line(struct pc_transceiver *t, size_t line, const char *mid)
{
	t->bound.m_line = (int)line;
	t->bound.announced = false;
	snprintf(t->bound.mid, sizeof t->bound.mid, "%s", mid ? mid : "");
}

static struct pc_transceiver *next_unbound(struct taut_pc *pc, uint32_t kind)
{
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];
		if (t->kind == kind && t->bound.m_line < 0 && t->direction != TAUT_STOPPED)
			return t;
	}
	return NULL;
}

/* Our offer lists unbound transceivers in their order, so they bind in that order. */
void pc_bind_local_offer(struct taut_pc *pc, const struct tt_sdp *sdp)
{
	for (size_t i = 0; i < sdp->media_count; i++) {
		const struct tt_sdp_media *m = sdp->media[i];
		struct pc_transceiver *known = pc_transceiver_at_line(pc, (int)i);
		if (known && !known->bound.mid[0] && m->mid) /* the peer's offer had none */
			snprintf(known->bound.mid, sizeof known->bound.mid, "%s", m->mid);
		if (!pc_section_lives(m) || known || pc->data_m_line == (int)i)
			continue;
		struct pc_transceiver *t = tt_sdp_is_rtp(m) ? next_unbound(pc, m->kind) : NULL;
		if (t)
			bind_line(t, i, m->mid);
		else if (tt_sdp_is_sctp(m) && pc->data_m_line < 0)
			pc->data_m_line = (int)i;
	}
}

static int bind_remote_rtp(struct taut_pc *pc, size_t i, const struct tt_sdp_media *m)
{
	if (pc_transceiver_at_line(pc, (int)i))
		return TAUT_OK;
	pc_make_room(pc);
	if (pc->transceiver_count == PC_MAX_TRANSCEIVERS)
		return pc_fail(pc, TAUT_E_LIMIT, "OperationError", "webrtc-pc section 5.1",
			       "at most %d transceivers", PC_MAX_TRANSCEIVERS);
	/* 5.10: a new transceiver receives, until the application says more. */
	struct pc_transceiver *t = pc_new_transceiver(pc, m->kind, TAUT_RECVONLY, NULL, NULL);
	if (!t)
		return pc_fail_nomem(pc);
	t->made_by_offer = true;
	bind_line(t, i, m->mid);
	return TAUT_OK;
}

/* What the answer will reject gets no transceiver, and so no track. */
int pc_bind_remote_offer(struct taut_pc *pc, const struct tt_sdp *sdp)
{
	for (size_t i = 0; i < sdp->media_count; i++) {
		const struct tt_sdp_media *m = sdp->media[i];
		if (!pc_accepts(pc, sdp, i))
			continue;
		if (tt_sdp_is_rtp(m)) {
			int err = bind_remote_rtp(pc, i, m);
			if (err)
				return err;
		} else if (pc->data_m_line < 0) {
			if (!pc_make_channels(pc, pc->now))
				return pc_fail_nomem(pc);
			pc->data_m_line = (int)i;
		}
	}
	return TAUT_OK;
}

/* As if the restart had never been; what an offer said first of all is forgotten by another one. */
static void roll_back_ice(struct taut_pc *pc)
{
	if (pc->restarted_here || pc->restarted_there) {
		tt_ice_restart_undo(pc->ice, pc->now);
		pc_old_generation(pc);
		pc->restarted_here = pc->restarted_there = false;
	} else if (pc->pending_remote.sdp && !pc->agreed &&
		   tt_ice_restart(pc->ice, pc->now) == TAUT_OK) {
		pc_new_generation(pc);
		pc_forget_candidates(pc, true);
	}
}

/* webrtc-pc 4.4.1.6 and RFC 9429 section 4.1.10.2: as if the offer had never been. */
void pc_rollback(struct taut_pc *pc)
{
	size_t kept = 0;

	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];
		if (t->made_by_offer) {
			pc_free_transceiver(pc, t);
			continue;
		}
		t->bound = t->stable;
		pc->transceivers[kept++] = t;
	}
	pc->transceiver_count = kept;
	pc->data_m_line = pc->stable_data_m_line;
	pc_restore_numbers(pc);
	roll_back_ice(pc);
	pc->made_type = 0;
	pc->negotiation_needed = false; /* asked anew in stable */
	pc_free_description(&pc->pending_local);
	pc_free_description(&pc->pending_remote);
	pc->signaling_state = TAUT_SIGNALING_STABLE;
}

/* An answer says nothing that our offer did not allow. */
static bool may_receive(const struct taut_pc *pc, size_t line)
{
	return pc->remote.type != TAUT_SDP_ANSWER || pc->pending_remote.sdp ||
	       pc_direction_receives(tt_sdp_direction(pc->local.sdp, pc->local.sdp->media[line]));
}

/* A track is there when the peer's description sends and ours may receive: webrtc-pc 5.1. */
void pc_announce_tracks(struct taut_pc *pc, const struct tt_sdp *remote)
{
	for (size_t i = 0; i < remote->media_count; i++) {
		struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);
		const struct tt_sdp_media *m = remote->media[i];
		if (!t)
			continue;
		bool sends = pc_section_lives(m) &&
			     pc_direction_sends(tt_sdp_direction(remote, m)) && may_receive(pc, i);
		if (sends && !t->bound.announced) {
			struct pc_event *e =
				pc_queue(pc, TAUT_EV_TRACK, m->msid_count ? m->msids[0].stream : "",
					 m->msid_count ? m->msids[0].track : NULL);
			if (e) {
				e->ev.transceiver = t->id;
				e->ev.number = t->kind;
			}
		}
		t->bound.announced = sends;
	}
}
