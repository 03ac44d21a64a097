/* pc_codec.c - payload types and extension ids: the numbers of one bundle.
 *
 * In a BUNDLE group a payload type means one codec and an extension id one URI
 * (RFC 9143 section 9.1.1, RFC 8285 section 6), so the connection keeps one
 * table of each. What the peer's offer numbers is taken over; what is ours alone
 * gets a number that is free. */
#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/num.h"
#include "peer/pc.h"

static uint32_t kind_of(const char *mime)
{
	if (mime && strncasecmp(mime, "audio/", 6) == 0 && mime[6])
		return TAUT_AUDIO;
	return mime && strncasecmp(mime, "video/", 6) == 0 && mime[6] ? TAUT_VIDEO : 0;
}

static bool taken(const struct taut_pc *pc, unsigned pt)
{
	for (size_t i = 0; i < pc->codec_count; i++)
		if (pc->codecs[i].pt == pt || pc->codecs[i].rtx_pt == pt)
			return true;
	return false;
}

/* RFC 5761 section 4: 64..95 look like RTCP; dynamic ones are 96..127, then 35..63 (RFC 9429 section 5.2.1). */
static uint8_t free_pt(const struct taut_pc *pc)
{
	for (unsigned pt = 96; pt < 128; pt++)
		if (!taken(pc, pt))
			return (uint8_t)pt;
	for (unsigned pt = 35; pt < 64; pt++)
		if (!taken(pc, pt))
			return (uint8_t)pt;
	return 0;
}

static bool valid_pt(unsigned pt)
{
	return (pt >= 96 && pt < 128) || (pt >= 35 && pt < 64);
}

static int take_codec(struct taut_pc *pc, const struct taut_codec *from)
{
	struct taut_codec c;
	struct pc_codec *to = &pc->codecs[pc->codec_count];
	int err = tt_config_take(&c, sizeof c, from);

	if (err)
		return err;
	to->kind = (uint8_t)kind_of(c.mime);
	if (to->kind == 0 || c.clock_rate == 0)
		return TAUT_E_INVAL;
	if (c.payload_type != 0 && (!valid_pt(c.payload_type) || taken(pc, c.payload_type)))
		return TAUT_E_INVAL;
	to->codec = c;
	if (pc_rtp_codec(to) == TT_RTP_CODEC_NONE)
		return TAUT_E_UNSUPPORTED; /* nothing here could packetize it */
	if (pc_rtp_codec(to) == TT_RTP_CODEC_EVENT && !c.fmtp)
		return TAUT_E_INVAL; /* RFC 4733 section 2.5.2.1: which events must be said */
	to->codec.mime = tt_copy_text(pc->env, c.mime, strlen(c.mime));
	to->codec.fmtp = c.fmtp ? tt_copy_text(pc->env, c.fmtp, strlen(c.fmtp)) : NULL;
	to->pt = c.payload_type; /* so that no other codec gets it */
	pc->codec_count++;
	return to->codec.mime && (to->codec.fmtp || !c.fmtp) ? TAUT_OK : TAUT_E_NOMEM;
}

int pc_take_codecs(struct taut_pc *pc, const struct taut_codec *codecs, size_t count)
{
	if (count > PC_MAX_CODECS)
		return TAUT_E_LIMIT;
	pc->codecs = count > 0 ? tt_alloc(pc->env, count * sizeof *pc->codecs) : NULL;
	if (count > 0 && !pc->codecs)
		return TAUT_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		/* The stride is the caller's: his struct may be shorter or longer than ours. */
		const char *at = (const char *)codecs + i * codecs[0].size;
		int err = take_codec(pc, (const struct taut_codec *)(const void *)at);
		if (err)
			return err;
	}
	for (size_t i = 0; i < pc->codec_count; i++) {
		struct pc_codec *c = &pc->codecs[i];
		if (c->pt == 0)
			c->pt = free_pt(pc);
		if (c->kind == TAUT_VIDEO)
			c->rtx_pt = free_pt(pc);
	}
	return TAUT_OK;
}

void pc_free_codecs(struct taut_pc *pc)
{
	for (size_t i = 0; i < pc->codec_count; i++) {
		tt_free(pc->env, (void *)(uintptr_t)pc->codecs[i].codec.mime);
		tt_free(pc->env, (void *)(uintptr_t)pc->codecs[i].codec.fmtp);
	}
	tt_free(pc->env, pc->codecs);
}

const struct pc_codec *pc_match_codec(const struct taut_pc *pc, uint32_t kind,
				      const struct tt_sdp_codec *c)
{
	for (size_t i = 0; c->name && i < pc->codec_count; i++) {
		const struct pc_codec *ours = &pc->codecs[i];
		/* RFC 8866 section 6.6: no channels means one. */
		unsigned theirs = c->channels ? c->channels : 1;
		unsigned channels = ours->codec.channels ? ours->codec.channels : 1;
		if (ours->kind == kind && strcasecmp(ours->codec.mime + 6, c->name) == 0 &&
		    ours->codec.clock_rate == c->clock_rate && channels == theirs)
			return ours;
	}
	return NULL;
}

uint8_t pc_rtx_of(const struct tt_sdp_media *m, uint8_t pt)
{
	char apt[8], want[8] = { 0 };

	if (pt >= 100)
		want[0] = (char)('0' + pt / 100);
	want[strlen(want)] = (char)('0' + pt / 10 % 10);
	want[strlen(want)] = (char)('0' + pt % 10);
	for (size_t i = 0; i < m->codec_count; i++)
		if (tt_sdp_codec_is(&m->codecs[i], "rtx") &&
		    tt_sdp_fmtp_get(m->codecs[i].fmtp, "apt", apt, sizeof apt) > 0 &&
		    strcmp(apt, want) == 0)
			return m->codecs[i].payload_type;
	return 0;
}

/* A codec of ours has the number pt now; whoever had it before gets another. */
static void renumber_others(struct taut_pc *pc, const struct pc_codec *but)
{
	for (size_t i = 0; i < pc->codec_count; i++) {
		struct pc_codec *c = &pc->codecs[i];
		if (c == but)
			continue;
		if (c->pt == but->pt || (but->rtx_pt && c->pt == but->rtx_pt)) {
			c->pt = 0;
			c->pt = free_pt(pc);
		}
		if (c->rtx_pt && (c->rtx_pt == but->pt || c->rtx_pt == but->rtx_pt)) {
			c->rtx_pt = 0;
			c->rtx_pt = free_pt(pc);
		}
	}
}

static void adopt_codecs(struct taut_pc *pc, const struct tt_sdp_media *m)
{
	for (size_t i = 0; i < m->codec_count; i++) {
		const struct tt_sdp_codec *theirs = &m->codecs[i];
		const struct pc_codec *match = pc_match_codec(pc, m->kind, theirs);
		if (!match || match->agreed)
			continue;
		struct pc_codec *ours = &pc->codecs[match - pc->codecs];
		ours->pt = theirs->payload_type;
		uint8_t rtx = pc_rtx_of(m, theirs->payload_type);
		if (rtx)
			ours->rtx_pt = rtx;
		else if (ours->rtx_pt == ours->pt)
			ours->rtx_pt = free_pt(pc);
		ours->agreed = true;
		renumber_others(pc, ours);
	}
}

static const char *const ext_uris[PC_EXT_COUNT] = {
	[PC_EXT_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
	[PC_EXT_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
	[PC_EXT_REPAIRED_RID] = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
	[PC_EXT_TRANSPORT_CC] =
		"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	[PC_EXT_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
};

const char *pc_ext_uri(enum pc_ext e)
{
	return ext_uris[e];
}

bool pc_ext_is_for(enum pc_ext e, uint32_t kind)
{
	if (e == PC_EXT_AUDIO_LEVEL)
		return kind == TAUT_AUDIO;
	if (e == PC_EXT_RID || e == PC_EXT_REPAIRED_RID)
		return kind == TAUT_VIDEO;
	return true;
}

static bool ext_id_taken(const struct taut_pc *pc, unsigned id)
{
	for (int e = 0; e < PC_EXT_COUNT; e++)
		if (pc->ext_ids[e] == id)
			return true;
	return false;
}

void pc_adopt_numbers(struct taut_pc *pc, const struct tt_sdp *offer)
{
	for (size_t i = 0; i < offer->media_count; i++) {
		const struct tt_sdp_media *m = offer->media[i];
		if (!tt_sdp_is_rtp(m))
			continue;
		adopt_codecs(pc, m);
		for (int e = 0; e < PC_EXT_COUNT; e++) {
			const struct tt_sdp_extmap *x = tt_sdp_extmap_by_uri(offer, m, ext_uris[e]);
			if (!x || x->id > 14)
				continue;
			for (int other = 0; other < PC_EXT_COUNT; other++)
				if (other != e && pc->ext_ids[other] == x->id)
					pc->ext_ids[other] = 0;
			pc->ext_ids[e] = (uint8_t)x->id;
		}
	}
	for (int e = 0; e < PC_EXT_COUNT; e++)
		for (uint8_t id = 1; pc->ext_ids[e] == 0 && id <= 14; id++)
			if (!ext_id_taken(pc, id))
				pc->ext_ids[e] = id;
}

void pc_keep_numbers(struct taut_pc *pc)
{
	for (size_t i = 0; i < pc->codec_count; i++) {
		struct pc_codec *c = &pc->codecs[i];
		c->stable.pt = c->pt;
		c->stable.rtx_pt = c->rtx_pt;
		c->stable.agreed = c->agreed;
	}
	memcpy(pc->stable_ext_ids, pc->ext_ids, sizeof pc->ext_ids);
}

void pc_restore_numbers(struct taut_pc *pc)
{
	for (size_t i = 0; i < pc->codec_count; i++) {
		struct pc_codec *c = &pc->codecs[i];
		c->pt = c->stable.pt;
		c->rtx_pt = c->stable.rtx_pt;
		c->agreed = c->stable.agreed;
	}
	memcpy(pc->ext_ids, pc->stable_ext_ids, sizeof pc->ext_ids);
}

enum tt_rtp_codec pc_rtp_codec(const struct pc_codec *c)
{
	if (strcasecmp(c->codec.mime, "audio/opus") == 0)
		return TT_RTP_CODEC_OPUS;
	if (strcasecmp(c->codec.mime, "audio/telephone-event") == 0)
		return TT_RTP_CODEC_EVENT;
	return strcasecmp(c->codec.mime, "video/VP8") == 0 ? TT_RTP_CODEC_VP8 : TT_RTP_CODEC_NONE;
}

bool pc_carries(const struct pc_codec *c)
{
	const enum tt_rtp_codec codec = pc_rtp_codec(c);

	return codec != TT_RTP_CODEC_NONE && codec != TT_RTP_CODEC_EVENT;
}

/* RFC 8285 section 5: without a direction it goes both ways. */
static bool goes(const struct tt_sdp_extmap *x, bool sent)
{
	return x && (x->direction == 0 || (sent ? pc_direction_sends(x->direction)
						: pc_direction_receives(x->direction)));
}

uint8_t pc_ext_id(const struct tt_sdp *sdp, const struct tt_sdp_media *m, enum pc_ext e, bool sent)
{
	const struct tt_sdp_extmap *x = tt_sdp_extmap_by_uri(sdp, m, ext_uris[e]);

	return goes(x, sent) && x->id <= 255 ? (uint8_t)x->id : 0;
}

uint8_t pc_common_ext_id(const struct tt_sdp *ls, const struct tt_sdp_media *l,
			 const struct tt_sdp *rs, const struct tt_sdp_media *r, enum pc_ext e,
			 bool sent)
{
	const uint8_t ours = pc_ext_id(ls, l, e, sent);

	return ours == pc_ext_id(rs, r, e, !sent) ? ours : 0;
}

struct tt_rtp_ext_ids pc_common_ext_ids(const struct tt_sdp *local, const struct tt_sdp_media *l,
					const struct tt_sdp *remote, const struct tt_sdp_media *r,
					bool sent)
{
	return (struct tt_rtp_ext_ids){
		.mid = pc_common_ext_id(local, l, remote, r, PC_EXT_MID, sent),
		.rid = pc_common_ext_id(local, l, remote, r, PC_EXT_RID, sent),
		.repaired_rid = pc_common_ext_id(local, l, remote, r, PC_EXT_REPAIRED_RID, sent),
		.transport_cc = pc_common_ext_id(local, l, remote, r, PC_EXT_TRANSPORT_CC, sent),
		.audio_level = pc_common_ext_id(local, l, remote, r, PC_EXT_AUDIO_LEVEL, sent),
	};
}
