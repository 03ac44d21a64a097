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

/* The one that this section of our offer was made for, which may have been stopped since. */
static struct pc_transceiver *offered_as(struct taut_pc *pc, const char *mid)
{
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];
		if (t->bound.m_line < 0 && mid && strcmp(t->offered_mid, mid) == 0)
			return t;
	}
	return NULL;
}

void pc_bind_local_offer(struct taut_pc *pc, const struct tt_sdp *sdp)
{
	for (size_t i = 0; i < sdp->media_count; i++) {
		const struct tt_sdp_media *m = sdp->media[i];
		struct pc_transceiver *known = pc_transceiver_at_line(pc, (int)i);
		if (known && !known->bound.mid[0] && m->mid) /* the peer's offer had none */
			snprintf(known->bound.mid, sizeof known->bound.mid, "%s", m->mid);
		if (!pc_section_lives(m) || known || pc->data_m_line == (int)i)
			continue;
		struct pc_transceiver *t = tt_sdp_is_rtp(m) ? offered_as(pc, m->mid) : NULL;
		if (t)
			bind_line(t, i, m->mid);
		else if (tt_sdp_is_sctp(m) && pc->data_m_line < 0)
			pc->data_m_line = (int)i;
	}
}

/* 5.10: what add_track has added goes where the peer would receive it. */
static struct pc_transceiver *waiting_track(struct taut_pc *pc, const struct tt_sdp *sdp,
					    const struct tt_sdp_media *m)
{
	if (!pc_direction_receives(tt_sdp_direction(sdp, m)))
		return NULL;
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];
		if (t->by_add_track && t->kind == m->kind && t->bound.m_line < 0 &&
		    t->direction != TAUT_STOPPED)
			return t;
	}
	return NULL;
}

static int bind_remote_rtp(struct taut_pc *pc, size_t i, const struct tt_sdp *sdp)
{
	const struct tt_sdp_media *m = sdp->media[i];

	struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);
	if (t)
		return pc_take_proposal(pc, t, sdp, m);
	t = waiting_track(pc, sdp, m);
	if (!t) { /* a new transceiver receives, until the application says more */
		int err = pc_new_transceiver(pc, m->kind, TAUT_RECVONLY, NULL, false, NULL, &t);
		if (err)
			return err;
		t->made_by_offer = true;
	}
	bind_line(t, i, m->mid);
	return pc_take_proposal(pc, t, sdp, m);
}

/* What the answer will reject gets no transceiver, and so no track. */
int pc_bind_remote_offer(struct taut_pc *pc, const struct tt_sdp *sdp)
{
	for (size_t i = 0; i < sdp->media_count; i++) {
		const struct tt_sdp_media *m = sdp->media[i];
		if (!pc_accepts(pc, sdp, i))
			continue;
		if (tt_sdp_is_rtp(m)) {
			int err = bind_remote_rtp(pc, i, sdp);
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

void pc_undo_restart(struct taut_pc *pc)
{
	if (!pc->restarted_here && !pc->restarted_there)
		return;
	tt_ice_restart_undo(pc->ice, pc->now);
	pc_old_generation(pc);
	pc->restarted_here = pc->restarted_there = false;
}

/* As if the restart had never been; what an offer said first of all is forgotten by another one. */
static void roll_back_ice(struct taut_pc *pc)
{
	if (pc->restarted_here || pc->restarted_there) {
		pc_undo_restart(pc);
	} else if (pc->pending_remote.sdp && !pc->agreed &&
		   tt_ice_restart(pc->ice, pc->now) == TAUT_OK) {
		pc_new_generation(pc);
		pc_forget_candidates(pc, true);
	}
}

static bool keeps(const struct tt_sdp *next, const struct pc_transceiver *t)
{
	const size_t line = (size_t)t->bound.m_line;

	if (!next || t->bound.m_line < 0 || line >= next->media_count)
		return false;
	const struct tt_sdp_media *m = next->media[line];
	return pc_section_lives(m) && m->kind == t->kind &&
	       strcmp(m->mid ? m->mid : "", t->bound.mid) == 0;
}

/* Those that the offer bound or made are as before, but for what the next one (or NULL) keeps. */
static void release_transceivers(struct taut_pc *pc, const struct tt_sdp *next)
{
	size_t kept = 0;

	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];
		pc_undo_proposal(pc, t);
		if (keeps(next, t)) {
			pc->transceivers[kept++] = t;
			continue;
		}
		if (t->made_by_offer) {
			pc_free_transceiver(pc, t);
			continue;
		}
		t->bound = t->stable;
		pc->transceivers[kept++] = t;
	}
	pc->transceiver_count = kept;
}

static void retract_offer(struct taut_pc *pc)
{
	pc->data_m_line = pc->stable_data_m_line;
	pc_restore_numbers(pc);
	roll_back_ice(pc);
	pc->made_type = 0;
	pc_free_description(&pc->pending_local);
	pc_free_description(&pc->pending_remote);
}

/* webrtc-pc 4.4.1.5 and RFC 9429 section 5.7: as if the offer had never been. */
void pc_rollback(struct taut_pc *pc)
{
	release_transceivers(pc, NULL);
	retract_offer(pc);
	pc->negotiation_needed = false; /* asked anew in stable */
	pc->signaling_state = TAUT_SIGNALING_STABLE;
}

void pc_replace_offer(struct taut_pc *pc, const struct tt_sdp *next)
{
	release_transceivers(pc, next);
	retract_offer(pc);
}

/* webrtc-pc 4.4.1.5: a line that the peer rejects, even by an offer, ends its transceiver. */
void pc_stop_rejected(struct taut_pc *pc, const struct tt_sdp *remote)
{
	for (size_t i = 0; i < remote->media_count; i++) {
		struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);
		if (!t || pc_section_lives(remote->media[i]))
			continue;
		pc_stop(pc, t);
		t->current_direction = TAUT_STOPPED;
	}
}

/* An answer says nothing that our offer did not allow. */
static bool may_receive(const struct taut_pc *pc, uint32_t type, size_t line)
{
	const struct tt_sdp *local = pc_agreed_local(pc);

	return type == TAUT_SDP_OFFER ||
	       pc_direction_receives(tt_sdp_direction(local, local->media[line]));
}

/* Its streams are as many as the lines say; "-" is none. */
static void announce(struct taut_pc *pc, const struct pc_transceiver *t,
		     const struct tt_sdp_media *m)
{
	char streams[PC_MAX_STREAMS * 65];
	size_t len = 0;

	for (size_t i = 0; i < m->msid_count; i++) {
		const size_t size = strlen(m->msids[i].stream) + 1;
		if (strcmp(m->msids[i].stream, "-") == 0 || len + size > sizeof streams)
			continue;
		memcpy(streams + len, m->msids[i].stream, size);
		len += size;
	}
	struct pc_event *e =
		pc_queue_data(pc, TAUT_EV_TRACK, m->msid_count ? m->msids[0].stream : "",
			      m->msid_count ? m->msids[0].track : NULL, streams, len);
	if (e) {
		e->ev.transceiver = t->id;
		e->ev.number = t->kind;
	}
}

/* A track is there when the peer's description sends and ours may receive: webrtc-pc 5.1. */
void pc_announce_tracks(struct taut_pc *pc, uint32_t type, const struct tt_sdp *remote)
{
	for (size_t i = 0; i < remote->media_count; i++) {
		struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);
		const struct tt_sdp_media *m = remote->media[i];
		if (!t || t->direction == TAUT_STOPPED)
			continue;
		bool sends = pc_section_lives(m) &&
			     pc_direction_sends(tt_sdp_direction(remote, m)) &&
			     may_receive(pc, type, i);
		if (sends && !t->bound.announced)
			announce(pc, t, m);
		t->bound.announced = sends;
	}
}
