/* pc_offer.c - createOffer: RFC 9429 section 5.2.
 *
 * m-lines keep their order for ever: first those of the description in force, of
 * which new transceivers take over the rejected ones, then one for each further
 * transceiver, then one for data channels. All
 * are bundled; a new one that is not the first is bundle-only, since there is
 * only one transport (RFC 9143 section 7.2.2). */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"

static void offer_codecs(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
			 const struct pc_transceiver *t)
{
	uint8_t order[PC_MAX_CODECS];
	const uint32_t kind = t->kind;
	const size_t n = pc_codec_order(pc, t, kind, order);

	for (size_t i = 0; i < n; i++) {
		const struct pc_codec *ours = &pc->codecs[order[i]];
		struct tt_sdp_codec *c = tt_sdp_add_codec(sdp, m, ours->pt, ours->codec.mime + 6,
							  ours->codec.clock_rate,
							  ours->codec.channels, ours->codec.fmtp);
		if (pc_carries(ours))
			pc_put_feedback(sdp, c, kind);
		if (ours->rtx_pt && pc_repairs(t))
			tt_sdp_add_codec(sdp, m, ours->rtx_pt, "rtx", ours->codec.clock_rate, 0,
					 tt_sdp_text(sdp, "apt=%u", (unsigned)ours->pt));
	}
	for (int e = 0; e < PC_EXT_COUNT; e++)
		if (pc->ext_ids[e] && pc_ext_is_for((enum pc_ext)e, kind))
			tt_sdp_add_extmap(sdp, &m->common, pc->ext_ids[e], 0,
					  pc_ext_uri((enum pc_ext)e));
}

/* A mid that neither side has used: counted upwards, as browsers do. */
static const char *new_mid(struct taut_pc *pc, struct tt_sdp *sdp)
{
	for (;;) {
		const char *mid = tt_sdp_text(sdp, "%u", pc->next_mid++);
		const struct tt_sdp *l = pc->local.sdp, *r = pc->remote.sdp;
		if ((!l || !tt_sdp_media_by_mid(l, mid, NULL)) &&
		    (!r || !tt_sdp_media_by_mid(r, mid, NULL)))
			return mid;
	}
}

static void offer_transceiver(struct taut_pc *pc, struct tt_sdp *sdp,
			      const struct pc_transceiver *t, const char *mid, uint16_t port)
{
	struct tt_sdp_media *m =
		tt_sdp_add_media(sdp, (enum tt_sdp_kind)t->kind, port, TT_SDP_UDP_TLS_RTP_SAVPF);

	m->bundle_only = port == 0;
	m->mid = tt_sdp_copy(sdp, mid);
	m->common.direction = (uint8_t)t->direction;
	offer_codecs(pc, sdp, m, t);
	pc_put_transport(pc, sdp, m, TT_SDP_ACTPASS);
	pc_offer_reports(sdp, m);
	pc_put_track(pc, sdp, m, t, NULL);
}

static void offer_data(struct taut_pc *pc, struct tt_sdp *sdp, const char *mid, uint16_t port)
{
	struct tt_sdp_media *m =
		tt_sdp_add_media(sdp, TT_SDP_APPLICATION, port, TT_SDP_UDP_DTLS_SCTP);

	m->bundle_only = port == 0;
	m->mid = tt_sdp_copy(sdp, mid);
	pc_put_data(pc, sdp, m);
	if (pc->sctp_snap || pc->snap)
		m->sctp_init = pc_snap_text(pc, sdp);
	pc_put_transport(pc, sdp, m, TT_SDP_ACTPASS);
}

/* RFC 9429 section 5.2.2: a rejected m-line keeps its place, with port 0. */
static void offer_rejected(struct tt_sdp *sdp, const struct tt_sdp_media *was)
{
	struct tt_sdp_media *m = tt_sdp_add_media(sdp, (enum tt_sdp_kind)was->kind, 0,
						  (enum tt_sdp_proto)was->proto);

	m->common.connection = tt_sdp_address(sdp, "IP4", "0.0.0.0");
	m->mid = tt_sdp_copy(sdp, was->mid);
	m->kind_text = tt_sdp_copy(sdp, was->kind_text);
	m->proto_text = tt_sdp_copy(sdp, was->proto_text);
	if (!tt_sdp_is_rtp(was)) {
		tt_sdp_add_format(sdp, m, "webrtc-datachannel");
		return;
	}
	m->common.direction = TAUT_INACTIVE;
	if (was->codec_count == 0)
		tt_sdp_add_codec(sdp, m, 0, NULL, 0, 0, NULL);
	else
		tt_sdp_add_codec(sdp, m, was->codecs[0].payload_type, was->codecs[0].name,
				 was->codecs[0].clock_rate, was->codecs[0].channels, NULL);
}

static void offer_known_section(struct taut_pc *pc, struct tt_sdp *sdp,
				const struct tt_sdp_media *was, int index)
{
	const struct pc_transceiver *t = pc_transceiver_at_line(pc, index);
	/* Once answered, it is in the bundle; before, this is the first offer said again. */
	uint16_t port = was->bundle_only && pc->pending_local.sdp ? 0 : 9;

	if (pc_section_lives(was) && t && t->direction != TAUT_STOPPED)
		offer_transceiver(pc, sdp, t, was->mid ? was->mid : new_mid(pc, sdp), port);
	else if (pc_section_lives(was) && pc->data_m_line == index)
		offer_data(pc, sdp, was->mid ? was->mid : new_mid(pc, sdp), port);
	else
		offer_rejected(sdp, was);
}

static uint16_t new_port(const struct tt_sdp *sdp)
{
	for (size_t i = 0; i < sdp->media_count; i++)
		if (pc_section_lives(sdp->media[i]))
			return 0;
	return 9;
}

static void put_bundle(struct tt_sdp *sdp)
{
	struct tt_sdp_group *g = NULL;

	for (size_t i = 0; i < sdp->media_count; i++) {
		if (!pc_section_lives(sdp->media[i]))
			continue;
		if (!g)
			g = tt_sdp_add_group(sdp, "BUNDLE");
		tt_sdp_group_add(sdp, g, sdp->media[i]->mid);
	}
}

static struct pc_transceiver *next_new(const struct taut_pc *pc, size_t *at)
{
	while (*at < pc->transceiver_count) {
		struct pc_transceiver *t = pc->transceivers[(*at)++];
		t->offered_mid[0] = '\0';
		if (t->bound.m_line < 0 && t->direction != TAUT_STOPPED)
			return t;
	}
	return NULL;
}

static void offer_new(struct taut_pc *pc, struct tt_sdp *sdp, struct pc_transceiver *t)
{
	const char *mid = new_mid(pc, sdp);

	snprintf(t->offered_mid, sizeof t->offered_mid, "%s", mid);
	offer_transceiver(pc, sdp, t, mid, new_port(sdp));
}

/* RFC 9429 section 5.2.2: a line that either side rejected is recycled for a new transceiver. */
static bool recyclable(const struct taut_pc *pc, size_t i)
{
	return pc->local.sdp && i < pc->local.sdp->media_count &&
	       !pc_transceiver_at_line(pc, (int)i) && pc->data_m_line != (int)i &&
	       !(pc_section_lives(pc->local.sdp->media[i]) &&
		 pc_section_lives(pc->remote.sdp->media[i]));
}

static bool offers_a_transport(const struct taut_pc *pc)
{
	for (size_t i = 0; i < pc->transceiver_count; i++)
		if (pc->transceivers[i]->direction != TAUT_STOPPED)
			return true;
	return pc->data_m_line >= 0 || pc->channels_wanted;
}

/* With an offer out already, its answer still speaks to the credentials in it. Where no m-line would
 * tell the peer of new ones, there are none: an answer of ours would come with them, unasked for. */
static int restart_if_wanted(struct taut_pc *pc, taut_time now)
{
	if (pc->pending_local.sdp && pc_transport_section(pc->pending_local.sdp))
		return TAUT_OK;
	if (!offers_a_transport(pc)) {
		pc_undo_restart(pc);
		return TAUT_OK;
	}
	if (!pc->restart_wanted || pc->restarted_here)
		return TAUT_OK;
	int err = tt_ice_restart(pc->ice, now);
	if (err)
		return pc_fail(pc, err, "OperationError", "RFC 8445 section 9",
			       "no new ICE credentials");
	pc->restarted_here = true;
	pc_new_generation(pc);
	return TAUT_OK;
}

int pc_build_offer(struct taut_pc *pc, taut_time now, struct tt_sdp **out)
{
	struct pc_transceiver *t;
	size_t next = 0;
	int err = restart_if_wanted(pc, now);

	if (err)
		return err;
	struct tt_sdp *sdp = tt_sdp_new(pc->env);
	if (!sdp)
		return pc_fail_nomem(pc);
	pc_put_session(pc, sdp);
	/* With an offer of ours out already, its m-lines come again in the same order. */
	const struct tt_sdp *was = pc_local_sdp(pc);
	for (size_t i = 0; was && i < was->media_count; i++) {
		t = recyclable(pc, i) ? next_new(pc, &next) : NULL;
		if (t)
			offer_new(pc, sdp, t);
		else
			offer_known_section(pc, sdp, was->media[i], (int)i);
	}
	while ((t = next_new(pc, &next)) != NULL)
		offer_new(pc, sdp, t);
	if (pc->channels_wanted && pc->data_m_line < 0)
		offer_data(pc, sdp, new_mid(pc, sdp), new_port(sdp));
	if (sdp->media_count > PC_MAX_M_LINES) {
		tt_sdp_free(sdp);
		return pc_fail(pc, TAUT_E_LIMIT, "OperationError", "RFC 9429 section 5.2.2",
			       "more than %d m-lines", PC_MAX_M_LINES);
	}
	put_bundle(sdp);
	pc_put_candidates(pc, sdp);
	*out = sdp;
	return TAUT_OK;
}
