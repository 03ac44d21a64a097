/* pc_streams.c - what an m-line's two descriptions make of its streams: RFC 9429 sections 5.9 to 5.11.
 *
 * What is sent is numbered as the peer's description numbers it, what is received
 * as ours does. Nothing here decides that a stream begins or ends: pc_agree does. */
#include <string.h>

#include "base/num.h"
#include "peer/pc_streams.h"
#include "rtp/payload/payload_event.h"

static const struct tt_sdp_codec *by_codec(const struct taut_pc *pc, const struct tt_sdp_media *m,
					   const struct pc_codec *codec)
{
	for (size_t i = 0; i < m->codec_count; i++)
		if (pc_match_codec(pc, m->kind, &m->codecs[i]) == codec)
			return &m->codecs[i];
	return NULL;
}

/* RFC 3264 section 7: the first format of the peer's that we know is what it likes best. */
static const struct tt_sdp_codec *choose(struct taut_pc *pc, const struct pc_pair *p,
					 const struct pc_codec **codec)
{
	for (size_t i = 0; i < p->r->codec_count; i++) {
		*codec = pc_match_codec(pc, p->r->kind, &p->r->codecs[i]);
		if (*codec && pc_carries(*codec) && by_codec(pc, p->l, *codec))
			return &p->r->codecs[i];
	}
	*codec = NULL;
	return NULL;
}

/* Both descriptions must have it. */
static uint8_t agreed_rtx(const struct taut_pc *pc, const struct pc_pair *p,
			  const struct tt_sdp_codec *theirs, const struct pc_codec *codec)
{
	const struct tt_sdp_codec *ours = by_codec(pc, p->l, codec);

	return ours && pc_rtx_of(p->l, ours->payload_type) ? pc_rtx_of(p->r, theirs->payload_type)
							   : 0;
}

/* RFC 4733 section 2.5.1: the payload type of telephone events, which share the clock of the sound that
 * they stand beside, and which keys the peer takes. 0: none are sent. */
static uint8_t agreed_events(const struct taut_pc *pc, const struct pc_pair *p, uint32_t clock_rate,
			     uint16_t *keys)
{
	*keys = 0;
	for (size_t i = 0; i < p->r->codec_count; i++) {
		const struct tt_sdp_codec *theirs = &p->r->codecs[i];
		const struct pc_codec *ours = pc_match_codec(pc, p->r->kind, theirs);

		if (!ours || pc_rtp_codec(ours) != TT_RTP_CODEC_EVENT ||
		    theirs->clock_rate != clock_rate || !by_codec(pc, p->l, ours))
			continue;
		for (unsigned key = 0; key < TT_EVENT_KEYS; key++)
			*keys |= tt_u16(tt_event_listed(theirs->fmtp, key) ? 1u << key : 0);
		return theirs->payload_type;
	}
	return 0;
}

/* One for each encoding that was agreed on, else for the first. */
int pc_set_senders(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
		   const struct pc_pair *p)
{
	const struct tt_sdp_codec *theirs = choose(pc, p, &t->send_codec);
	const unsigned agreed = pc_agreed_encodings(t, p);
	int err = TAUT_OK;

	if (!theirs)
		return TAUT_E_UNSUPPORTED;
	struct tt_rtp_sender_config cfg = {
		.kind = t->kind,
		.codec = pc_rtp_codec(t->send_codec),
		.clock_rate = theirs->clock_rate,
		.mid = t->bound.mid[0] ? t->bound.mid : NULL,
		.payload_type = theirs->payload_type,
		.rtx_payload_type = agreed_rtx(pc, p, theirs, t->send_codec),
		.event_payload_type =
			agreed_events(pc, p, theirs->clock_rate, &t->tone_keys),
		.nack = tt_sdp_codec_has_fb(p->r, theirs, "nack"),
		.ext = pc_common_ext_ids(p->ls, p->l, p->rs, p->r, true),
	};
	for (size_t i = 0; !err && i < t->encoding_count; i++) {
		const struct pc_encoding *e = &t->encodings[i];
		if (!((agreed ? agreed : 1) & 1u << i))
			continue;
		cfg.stream = pc_stream(t->id, e->slot);
		cfg.rid = agreed ? e->rid : NULL;
		cfg.ssrc = e->ssrc;
		cfg.rtx_ssrc = e->rtx_ssrc;
		err = tt_rtp_session_set_sender(pc->rtp, now, &cfg);
	}
	return err;
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

static const struct tt_sdp_codec *first_carrier(const struct taut_pc *pc,
						const struct tt_sdp_media *m)
{
	for (size_t i = 0; i < m->codec_count; i++) {
		const struct pc_codec *c = pc_match_codec(pc, m->kind, &m->codecs[i]);

		if (c && pc_carries(c))
			return &m->codecs[i];
	}
	return NULL;
}

int pc_set_receivers(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
		     const struct pc_pair *p)
{
	struct tt_rtp_payload map[TT_RTP_MAX_PAYLOADS];
	char rids[PC_MAX_ENCODINGS][PC_RID + 1];
	const unsigned slots = pc_agreed_heard(t, p, rids);
	int err = TAUT_OK;
	const struct tt_sdp_codec *first = first_carrier(pc, p->l);
	struct tt_rtp_receiver_config cfg = {
		.kind = t->kind,
		.mid = t->bound.mid[0] ? t->bound.mid : NULL,
		.payloads = map,
		.payload_count = payload_map(pc, p->l, map),
		.ext = pc_common_ext_ids(p->ls, p->l, p->rs, p->r, false),
		.target = tt_max64(t->jitter_target, 0),
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
	if (slots == 1 && !rids[0][0])
		signalled_ssrcs(p->r, &cfg.ssrc, &cfg.rtx_ssrc);
	for (size_t i = 0; !err && i < PC_MAX_ENCODINGS; i++) {
		cfg.stream = pc_stream(t->id, i);
		cfg.rid = rids[i];
		if (slots & 1u << i)
			err = tt_rtp_session_set_receiver(pc->rtp, now, &cfg);
	}
	return err;
}
