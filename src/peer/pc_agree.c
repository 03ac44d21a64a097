/* pc_agree.c - offer and answer are there: the streams follow from both.
 *
 * RFC 9429 sections 5.9 to 5.11. What is sent is numbered as the peer's
 * description numbers it, what is received as ours does. */
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"

struct pair {
	const struct tt_sdp *ls, *rs;
	const struct tt_sdp_media *l, *r; /* the same m-line on both sides */
};

static const struct tt_sdp_codec *by_codec(const struct taut_pc *pc, const struct tt_sdp_media *m,
					   const struct pc_codec *codec)
{
	for (size_t i = 0; i < m->codec_count; i++)
		if (pc_match_codec(pc, m->kind, &m->codecs[i]) == codec)
			return &m->codecs[i];
	return NULL;
}

/* RFC 3264 section 7: the first format of the peer's that we know is what it likes best. */
static const struct tt_sdp_codec *choose(struct taut_pc *pc, const struct pair *p,
					 const struct pc_codec **codec)
{
	for (size_t i = 0; i < p->r->codec_count; i++) {
		*codec = pc_match_codec(pc, p->r->kind, &p->r->codecs[i]);
		if (*codec && by_codec(pc, p->l, *codec) &&
		    pc_rtp_codec(*codec) != TT_RTP_CODEC_NONE)
			return &p->r->codecs[i];
	}
	*codec = NULL;
	return NULL;
}

static int set_sender(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
		      const struct pair *p)
{
	const struct tt_sdp_codec *theirs = choose(pc, p, &t->send_codec);

	if (!theirs)
		return TAUT_E_UNSUPPORTED;
	const struct tt_rtp_sender_config cfg = {
		.stream = t->id,
		.kind = t->kind,
		.codec = pc_rtp_codec(t->send_codec),
		.clock_rate = theirs->clock_rate,
		.mid = t->bound.mid[0] ? t->bound.mid : NULL,
		.ssrc = t->ssrc,
		.rtx_ssrc = t->rtx_ssrc,
		.payload_type = theirs->payload_type,
		.rtx_payload_type = pc_rtx_of(p->r, theirs->payload_type),
		.nack = tt_sdp_codec_has_fb(p->r, theirs, "nack"),
		.ext = pc_common_ext_ids(p->ls, p->l, p->rs, p->r),
	};
	return tt_rtp_session_set_sender(pc->rtp, now, &cfg);
}

static size_t payload_map(struct taut_pc *pc, const struct tt_sdp_media *l,
			  struct tt_rtp_payload *map)
{
	size_t n = 0;

	for (size_t i = 0; i < l->codec_count && n < TT_RTP_MAX_PAYLOADS; i++) {
		const struct tt_sdp_codec *c = &l->codecs[i];
		const struct pc_codec *ours = pc_match_codec(pc, l->kind, c);
		if (!ours)
			continue;
		map[n++] = (struct tt_rtp_payload){ .pt = c->payload_type,
						    .codec = pc_rtp_codec(ours),
						    .clock_rate = c->clock_rate };
		uint8_t rtx = pc_rtx_of(l, c->payload_type);
		if (rtx && n < TT_RTP_MAX_PAYLOADS)
			map[n++] = (struct tt_rtp_payload){ .pt = rtx,
							    .clock_rate = c->clock_rate,
							    .apt = c->payload_type };
	}
	return n;
}

static void signalled_ssrcs(const struct tt_sdp_media *r, uint32_t *ssrc, uint32_t *rtx)
{
	*ssrc = *rtx = 0;
	for (size_t i = 0; i < r->ssrc_group_count; i++) {
		const struct tt_sdp_ssrc_group *g = &r->ssrc_groups[i];
		if (strcmp(g->semantics, "FID") == 0 && g->id_count == 2) {
			*ssrc = g->ids[0];
			*rtx = g->ids[1];
			return;
		}
	}
	if (r->ssrc_count > 0)
		*ssrc = r->ssrcs[0].id;
}

static int set_receiver(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			const struct pair *p)
{
	struct tt_rtp_payload map[TT_RTP_MAX_PAYLOADS];
	const struct tt_sdp_codec *first = p->l->codec_count ? &p->l->codecs[0] : NULL;
	struct tt_rtp_receiver_config cfg = {
		.stream = t->id,
		.kind = t->kind,
		.mid = t->bound.mid[0] ? t->bound.mid : NULL,
		.payloads = map,
		.payload_count = payload_map(pc, p->l, map),
		.ext = pc_common_ext_ids(p->ls, p->l, p->rs, p->r),
	};
	const struct pc_codec *ours = first ? pc_match_codec(pc, t->kind, first) : NULL;
	const struct tt_sdp_codec *theirs = ours ? by_codec(pc, p->r, ours) : NULL;

	if (theirs) {
		cfg.nack = tt_sdp_codec_has_fb(p->r, theirs, "nack") &&
			   tt_sdp_codec_has_fb(p->l, first, "nack");
		cfg.pli = tt_sdp_codec_has_fb(p->r, theirs, "nack pli");
		cfg.fir = tt_sdp_codec_has_fb(p->r, theirs, "ccm fir");
		cfg.transport_cc = tt_sdp_codec_has_fb(p->r, theirs, "transport-cc");
	}
	signalled_ssrcs(p->r, &cfg.ssrc, &cfg.rtx_ssrc);
	return tt_rtp_session_set_receiver(pc->rtp, now, &cfg);
}

static int make_session(struct taut_pc *pc, taut_time now)
{
	const struct tt_rtp_session_config cfg = { .cname = pc->cname,
						   .max_packet = PC_RTP_PACKET };

	return pc->rtp ? TAUT_OK : tt_rtp_session_new(&pc->rtp, pc->env, &cfg, now);
}

static void stop_streams(struct taut_pc *pc, taut_time now, struct pc_transceiver *t, bool sender,
			 bool receiver)
{
	if (sender && t->sends) {
		tt_rtp_session_remove_sender(pc->rtp, now, t->id);
		t->sends = false;
		t->send_codec = NULL;
	}
	if (receiver && t->receives) {
		tt_rtp_session_remove_receiver(pc->rtp, now, t->id);
		t->receives = false;
	}
}

static int agree_media(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
		       const struct pair *p, bool we_offered)
{
	uint32_t theirs = tt_sdp_direction(p->rs, p->r), ours = tt_sdp_direction(p->ls, p->l);
	bool sends = we_offered ? pc_direction_receives(theirs) : pc_direction_sends(ours);
	bool receives = we_offered ? pc_direction_sends(theirs) : pc_direction_receives(ours);

	if (!pc_section_lives(p->l) || !pc_section_lives(p->r)) {
		stop_streams(pc, now, t, true, true);
		t->current_direction = t->direction = TAUT_STOPPED;
		t->bound = t->stable = (struct pc_binding){ .m_line = -1 };
		return TAUT_OK;
	}
	/* We answer nothing that we did not offer: 3264 6.1. */
	sends = sends && pc_direction_sends(ours);
	receives = receives && pc_direction_receives(ours);
	int err = make_session(pc, now);
	if (!err && sends)
		err = set_sender(pc, now, t, p);
	if (!err && receives)
		err = set_receiver(pc, now, t, p);
	if (err)
		return pc_fail(pc, err, "OperationError", "RFC 9429 section 5.11",
			       "m-line %d cannot be used", t->bound.m_line);
	stop_streams(pc, now, t, !sends, !receives);
	t->sends = sends;
	t->receives = receives;
	t->current_direction = pc_direction(sends, receives);
	if (!p->l->rtcp_rsize || !p->r->rtcp_rsize)
		tt_rtp_session_set_reduced_size(pc->rtp, false);
	return TAUT_OK;
}

static void agree_data(struct taut_pc *pc, taut_time now, const struct pair *p)
{
	if (pc_section_lives(p->l) && pc_section_lives(p->r)) {
		tt_dcs_set_remote(pc->channels, tt_sdp_sctp_port(p->r),
				  tt_sdp_max_message_size(p->r));
		tt_dcs_set_role(pc->channels, now, pc->dtls_client);
		pc->data_agreed = true;
	}
}

/* The role comes from the answer: RFC 8842 section 5.4. */
static void agree_role(struct taut_pc *pc, bool we_offered)
{
	const struct tt_sdp *answer = we_offered ? pc->remote.sdp : pc->local.sdp;

	for (size_t i = 0; !pc->agreed && i < answer->media_count; i++) {
		if (!pc_section_lives(answer->media[i]))
			continue;
		bool active = tt_sdp_setup(answer, answer->media[i]) == TT_SDP_ACTIVE;
		pc->dtls_client = active != we_offered;
		pc->agreed = true;
	}
}

/* Payload types that both sides have named stay as they are in later offers of ours. */
static void settle_numbers(struct taut_pc *pc)
{
	for (size_t i = 0; i < pc->remote.sdp->media_count; i++) {
		const struct tt_sdp_media *r = pc->remote.sdp->media[i];
		for (size_t k = 0; pc_section_lives(r) && k < r->codec_count; k++) {
			const struct pc_codec *c = pc_match_codec(pc, r->kind, &r->codecs[k]);
			if (c)
				pc->codecs[c - pc->codecs].agreed = true;
		}
	}
}

int pc_agree(struct taut_pc *pc, taut_time now, bool we_offered)
{
	int err = TAUT_OK;

	pc_free_description(&pc->local);
	pc_free_description(&pc->remote);
	pc->local = pc->pending_local;
	pc->remote = pc->pending_remote;
	pc->pending_local = pc->pending_remote = (struct pc_description){ 0 };
	pc->signaling_state = TAUT_SIGNALING_STABLE;
	agree_role(pc, we_offered);
	if (pc->restarted_here || pc->restarted_there)
		pc->restart_wanted = false;
	pc->restarted_here = pc->restarted_there = false;
	for (size_t i = 0; i < pc->local.sdp->media_count; i++) {
		const struct pair p = { pc->local.sdp, pc->remote.sdp, pc->local.sdp->media[i],
					pc->remote.sdp->media[i] };
		struct pc_transceiver *t = pc_transceiver_at_line(pc, (int)i);
		if (t && !err)
			err = agree_media(pc, now, t, &p, we_offered);
		else if (pc->data_m_line == (int)i)
			agree_data(pc, now, &p);
	}
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		pc->transceivers[i]->stable = pc->transceivers[i]->bound;
		pc->transceivers[i]->made_by_offer = false;
	}
	pc->stable_data_m_line = pc->data_m_line;
	settle_numbers(pc);
	return err;
}
