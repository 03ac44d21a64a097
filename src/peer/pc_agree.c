/* pc_agree.c - offer and answer are there: the streams follow from both.
 *
 * RFC 9429 sections 5.9 to 5.11. What streams are like says pc_streams.c; here they
 * begin, change and end, all of them or none. */
#include <string.h>

#include "base/num.h"
#include "peer/pc_streams.h"

static int make_session(struct taut_pc *pc, taut_time now)
{
	const struct tt_rtp_session_config cfg = { .cname = pc->cname,
						   .max_packet = PC_RTP_PACKET,
						   .burst_packets = pc->pacing_burst,
						   .burst_every = pc->pacing_interval };

	return pc->rtp ? TAUT_OK : tt_rtp_session_new(&pc->rtp, pc->env, &cfg, now);
}

/* A source that falls silent is kept: when it speaks again its sequence numbers go on, since SRTP
 * never sends two packets with one index (RFC 3711 section 3.3.1). It says BYE when its line is
 * rejected. */
static void stop_streams(struct taut_pc *pc, taut_time now, struct pc_transceiver *t, bool sends,
			 bool receives, bool lives)
{
	if (!sends) {
		t->sends = false;
		t->send_codec = NULL;
		if (t->encodings[0].has_sender)
			tt_rtp_session_stop_tone(pc->rtp, t->id);
	}
	if (!lives)
		pc_remove_senders(pc, now, t);
	if (!receives) {
		pc_remove_receivers(pc, now, t, t->heard_slots);
		t->heard_slots = 0;
		t->receives = false;
	}
}

static bool line_lives(const struct pc_pair *p)
{
	return pc_section_lives(p->l) && pc_section_lives(p->r);
}

/* We answer nothing that was not offered: RFC 3264 section 6.1. A rejected line does neither. */
static uint32_t agreed_direction(const struct pc_pair *p)
{
	uint32_t theirs = tt_sdp_direction(p->rs, p->r), ours = tt_sdp_direction(p->ls, p->l);
	bool lives = line_lives(p);

	return pc_direction(lives && pc_direction_sends(ours) && pc_direction_receives(theirs),
			    lives && pc_direction_receives(ours) && pc_direction_sends(theirs));
}

/* What it does then: one that is stopping takes no part in what is agreed on. */
static void streams_of(const struct pc_transceiver *t, const struct pc_pair *p, bool *sends,
		       bool *receives)
{
	const uint32_t direction = agreed_direction(p);

	*sends = t->direction != TAUT_STOPPED && pc_direction_sends(direction);
	*receives = t->direction != TAUT_STOPPED && pc_direction_receives(direction);
}

/* All that can fail. What had streams before keeps them, with the new numbers. */
static int set_up_media(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			const struct pc_pair *p)
{
	bool sends, receives;
	int err = TAUT_OK;

	streams_of(t, p, &sends, &receives);
	if (sends || receives)
		err = make_session(pc, now);
	if (!err && sends)
		err = pc_set_senders(pc, now, t, p);
	if (!err && receives)
		err = pc_set_receivers(pc, now, t, p);
	if (err == TAUT_E_NOMEM)
		return pc_fail_nomem(pc);
	return err ? pc_fail(pc, err, "OperationError", "RFC 9429 section 5.11",
			     "m-line %d cannot be used", t->bound.m_line)
		   : TAUT_OK;
}

static struct pc_pair pair_at(const struct tt_sdp *ls, const struct tt_sdp *rs, size_t i)
{
	return (struct pc_pair){ ls, rs, ls->media[i], rs->media[i] };
}

/* Streams that were there before go on as the descriptions in force say; the others go. */
static void undo_media(struct taut_pc *pc, taut_time now, struct pc_transceiver *t)
{
	for (size_t i = 0; pc->rtp && i < t->encoding_count; i++)
		if (!t->encodings[i].has_sender)
			tt_rtp_session_remove_sender(pc->rtp, now,
						     pc_stream(t->id, t->encodings[i].slot));
	pc_remove_receivers(pc, now, t, ~t->heard_slots);
	if (!t->sends)
		t->send_codec = NULL;
	const struct tt_sdp *ls = pc_agreed_local(pc);
	if (!ls || t->bound.m_line < 0 || (size_t)t->bound.m_line >= ls->media_count)
		return;
	const struct pc_pair was = pair_at(ls, pc_agreed_remote(pc), (size_t)t->bound.m_line);
	if (t->sends)
		pc_set_senders(pc, now, t, &was);
	if (t->receives)
		pc_set_receivers(pc, now, t, &was);
}

static int set_up_streams(struct taut_pc *pc, taut_time now, const struct tt_sdp *ls,
			  const struct tt_sdp *rs, bool we_offered)
{
	int err = TAUT_OK;

	for (size_t i = 0; !err && i < ls->media_count; i++) {
		const struct pc_pair p = pair_at(ls, rs, i);
		struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);
		if (t)
			err = set_up_media(pc, now, t, &p);
	}
	if (!err && we_offered)
		err = pc_take_transport(pc, now, TAUT_SDP_ANSWER, rs);
	for (size_t i = 0; err && i < pc->transceiver_count; i++)
		undo_media(pc, now, pc->transceivers[i]);
	return err;
}

/* webrtc-pc 4.4.1.5: what an answer does not take of several encodings is there no more. */
static void agree_encodings(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			    const struct pc_pair *p)
{
	const unsigned agreed = pc_agreed_encodings(t, p);

	pc_narrow_encodings(pc, now, t, agreed ? agreed : 1);
	for (size_t i = 0; i < t->encoding_count; i++) {
		t->encodings[i].has_sender = true;
		if (t->encodings[i].began == 0)
			t->encodings[i].began = now;
	}
}

static void agree_heard(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			const struct pc_pair *p)
{
	char rids[PC_MAX_ENCODINGS][PC_RID + 1];
	const unsigned slots = pc_agreed_heard(t, p, rids);

	pc_remove_receivers(pc, now, t, t->heard_slots & ~slots);
	memcpy(t->heard_rids, rids, sizeof rids);
	t->heard_slots = slots;
}

static void agree_media(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			const struct pc_pair *p, bool final)
{
	bool sends, receives;

	streams_of(t, p, &sends, &receives);
	stop_streams(pc, now, t, sends, receives, line_lives(p));
	if (!line_lives(p)) { /* RFC 9429 section 4.2.2 */
		t->current_direction = t->direction = TAUT_STOPPED;
		if (final)
			t->bound = (struct pc_binding){ .m_line = -1 };
		return;
	}
	t->sends = sends;
	if (sends)
		agree_encodings(pc, now, t, p);
	if (receives)
		agree_heard(pc, now, t, p);
	t->has_sent |= pc_direction_sends(agreed_direction(p));
	t->transaction = 0; /* webrtc-pc 5.2: what was handed out before may not be set any more */
	t->receives = receives;
	if (t->current_direction != TAUT_STOPPED)
		t->current_direction = agreed_direction(p);
	/* webrtc-pc 4.4.1.5, [[FiredDirection]]: what we answer ends a track as well. */
	t->bound.announced &= receives;
	if (pc->rtp && (!pc_rtcp_rsize(p->ls, p->l) || !pc_rtcp_rsize(p->rs, p->r)))
		tt_rtp_session_set_reduced_size(pc->rtp, false);
}

static void agree_data(struct taut_pc *pc, taut_time now, const struct pc_pair *p, bool final)
{
	if (line_lives(p)) {
		tt_dcs_set_remote(pc->channels, tt_sdp_sctp_port(p->r),
				  tt_sdp_max_message_size(p->r));
		tt_dcs_set_role(pc->channels, now, pc->dtls_client);
		pc_snap_agree(pc, now, p->l, p->r);
		pc->data_agreed = true;
		if (pc->dtls_state == TAUT_STATE_FAILED) /* its channels have nothing to wait for */
			tt_dcs_fail(pc->channels, now, TAUT_REASON_TRANSPORT_GONE, "DTLS has failed");
		return;
	}
	if (!final)
		return;
	/* Rejected: the line may be recycled, and only a new channel asks for another. */
	pc->data_m_line = -1;
	pc->channels_wanted = false;
}

/* The role comes from the answer: RFC 8842 section 5.4. */
static void agree_role(struct taut_pc *pc, const struct tt_sdp *answer, bool we_offered)
{
	for (size_t i = 0; !pc->agreed && i < answer->media_count; i++) {
		if (!pc_section_lives(answer->media[i]))
			continue;
		const struct tt_sdp_media *m = pc_carrier(answer, answer->media[i]);
		bool active = tt_sdp_setup(answer, m) == TT_SDP_ACTIVE;
		pc->dtls_client = active != we_offered;
		pc->agreed = true;
	}
}

/* Payload types that both sides have named stay as they are in later offers of ours. */
static void settle_numbers(struct taut_pc *pc, const struct tt_sdp *rs)
{
	for (size_t i = 0; i < rs->media_count; i++) {
		const struct tt_sdp_media *r = rs->media[i];
		for (size_t k = 0; pc_section_lives(r) && k < r->codec_count; k++) {
			const struct pc_codec *c = pc_match_codec(pc, r->kind, &r->codecs[k]);
			if (c)
				pc->codecs[c - pc->codecs].agreed = true;
		}
	}
}

static void take_over(struct pc_description *current, struct pc_description *pending)
{
	pc_free_description(current);
	*current = *pending;
	*pending = (struct pc_description){ 0 };
}

/* The transaction is over: nothing of it can be rolled back any more. */
static void finish(struct taut_pc *pc)
{
	take_over(&pc->local, &pc->pending_local);
	take_over(&pc->remote, &pc->pending_remote);
	pc->made_type = 0;
	pc->negotiation_needed = false; /* asked anew, webrtc-pc section 4.4.1.5 */
	if (!pc_transport_section(pc->local.sdp) || pc->local.generation > pc->replaced)
		pc->restart_wanted = false;
	pc->restarted_here = pc->restarted_there = false;
	pc_forget_candidates(pc, false);
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		pc->transceivers[i]->stable = pc->transceivers[i]->bound;
		pc->transceivers[i]->made_by_offer = false;
		pc->transceivers[i]->was_ridless = false;
	}
	pc->stable_data_m_line = pc->data_m_line;
	pc_keep_numbers(pc);
}

static uint32_t state_after(const struct pc_description *answer, bool we_offered)
{
	if (answer->type == TAUT_SDP_ANSWER)
		return TAUT_SIGNALING_STABLE;
	return we_offered ? TAUT_SIGNALING_HAVE_REMOTE_PRANSWER
			  : TAUT_SIGNALING_HAVE_LOCAL_PRANSWER;
}

int pc_agree(struct taut_pc *pc, taut_time now, const struct pc_description *answer,
	     bool we_offered)
{
	const struct tt_sdp *ls = we_offered ? pc->pending_local.sdp : answer->sdp;
	const struct tt_sdp *rs = we_offered ? answer->sdp : pc->pending_remote.sdp;
	struct pc_description *place = we_offered ? &pc->pending_remote : &pc->pending_local;
	const bool final = answer->type == TAUT_SDP_ANSWER;
	int err = set_up_streams(pc, now, ls, rs, we_offered);

	if (err)
		return err;
	pc_free_description(place);
	*place = *answer;
	pc->signaling_state = state_after(answer, we_offered);
	agree_role(pc, answer->sdp, we_offered);
	for (size_t i = 0; i < ls->media_count; i++) {
		const struct pc_pair p = pair_at(ls, rs, i);
		struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);
		if (t)
			agree_media(pc, now, t, &p, final);
		else if (pc->data_m_line == (int)i)
			agree_data(pc, now, &p, final);
	}
	for (size_t i = 0; i < pc->transceiver_count; i++)
		pc->transceivers[i]->heard_codec = NULL;
	pc_agree_reports(pc, ls, rs);
	settle_numbers(pc, rs);
	if (final)
		finish(pc);
	return TAUT_OK;
}
