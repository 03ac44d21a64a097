/* pc_simulcast.c - several encodings of one source in one m-section: RFC 8851, 8852, 8853.
 *
 * What is sent stands in the transceiver's encodings and narrows with each answer (webrtc-pc sections
 * 4.4.1.5 and 5.4.1). What is received follows the descriptions alone: a browser never asks for
 * it, a forwarder does. */
#include <string.h>

#include "base/num.h"
#include "peer/pc_streams.h"

/* ---- what a description says ---- */

static bool has_line(const struct tt_sdp_media *m, const char *rid, bool recv)
{
	for (size_t i = 0; i < m->rid_count; i++)
		if (m->rids[i].recv == recv && strcmp(m->rids[i].id, rid) == 0)
			return true;
	return false;
}

/* Of alternatives the first one counts (webrtc-pc section 4.4.1.5), and pausing is not imitated: one that
 * is paused from the start is one that sends later. */
static size_t list(const struct tt_sdp_media *m, bool recv, const char *rids[PC_MAX_ENCODINGS])
{
	const struct tt_sdp_simulcast_rid *before = NULL;
	size_t n = 0;

	for (size_t i = 0; i < m->simulcast_count && n < PC_MAX_ENCODINGS; i++) {
		const struct tt_sdp_simulcast_rid *s = &m->simulcast[i];
		const bool alternative =
			before && before->recv == s->recv && before->stream == s->stream;
		before = s;
		if (!alternative && s->recv == recv && pc_is_rid(s->rid) && has_line(m, s->rid, recv))
			rids[n++] = s->rid;
	}
	return n;
}

static bool is_listed(const struct tt_sdp_media *m, bool recv, const char *rid)
{
	const char *rids[PC_MAX_ENCODINGS];
	const size_t n = list(m, recv, rids);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rids[i], rid) == 0)
			return true;
	return false;
}

/* Without the extension nobody could tell streams apart. */
static bool are_named(const struct pc_pair *p, bool sent)
{
	return pc_common_ext_id(p->ls, p->l, p->rs, p->r, PC_EXT_RID, sent) != 0;
}

unsigned pc_agreed_encodings(const struct pc_transceiver *t, const struct pc_pair *p)
{
	unsigned agreed = 0;

	for (size_t i = 0; i < t->encoding_count && are_named(p, true); i++)
		if (is_listed(p->l, false, t->encodings[i].rid) &&
		    is_listed(p->r, true, t->encodings[i].rid))
			agreed |= 1u << i;
	return agreed;
}

/* A rid that was received before keeps its slot, so that its stream goes on. */
unsigned pc_agreed_heard(const struct pc_transceiver *t, const struct pc_pair *p,
			 char out[PC_MAX_ENCODINGS][PC_RID + 1])
{
	const char *rids[PC_MAX_ENCODINGS];
	char was[PC_MAX_ENCODINGS][PC_RID + 1];
	const size_t n = are_named(p, false) ? list(p->l, true, rids) : 0;
	unsigned slots = 0;

	memcpy(was, t->heard_rids, sizeof was);
	memset(out, 0, sizeof was);
	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; i < n; i++) {
			const int before = pc_slot_of(was, rids[i]);
			if (!is_listed(p->r, false, rids[i]) || (before >= 0) != known)
				continue;
			const int slot = known ? before : pc_slot_of(out, "");
			memcpy(out[slot], rids[i], strlen(rids[i]));
			slots |= 1u << slot;
		}
	return slots ? slots : 1;
}

/* ---- into a description of ours ---- */

static void put(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *rid, bool recv,
		uint8_t stream)
{
	tt_sdp_add_rid(sdp, m, rid, recv, NULL);
	tt_sdp_add_simulcast(sdp, m, rid, recv, false, stream);
}

static bool is_sent(const struct pc_transceiver *t, const char *rid)
{
	for (size_t i = 0; i < t->encoding_count; i++)
		if (strcmp(t->encodings[i].rid, rid) == 0)
			return true;
	return false;
}

static bool is_heard(const struct pc_transceiver *t, const char *rid)
{
	for (size_t i = 0; i < PC_MAX_ENCODINGS; i++)
		if (strcmp(t->heard_rids[i], rid) == 0)
			return true;
	return false;
}

/* What an offer wants to receive. A name that is sent already would stand twice in it (RFC 8851 section
 * 4). */
static size_t list_wanted(const struct pc_transceiver *t, bool sends,
			  const char *rids[PC_MAX_ENCODINGS])
{
	size_t n = 0;

	for (size_t i = 0; i < PC_MAX_ENCODINGS; i++)
		if (t->heard_rids[i][0] && !(sends && is_sent(t, t->heard_rids[i])))
			rids[n++] = t->heard_rids[i];
	return n;
}

/* What an answer takes of an offer: what was received before, and others up to the limit. */
static size_t list_taken(const struct taut_pc *pc, const struct pc_transceiver *t,
			 const struct tt_sdp_media *offer, const char *rids[PC_MAX_ENCODINGS])
{
	const char *sent[PC_MAX_ENCODINGS];
	const size_t count = list(offer, false, sent);
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (n < pc->max_receive_encodings || is_heard(t, sent[i]))
			rids[n++] = sent[i];
	return n;
}

/* The extension is in the description that is being made, in this direction. */
static bool may_name(const struct taut_pc *pc, const struct tt_sdp_media *offer, bool sent)
{
	if (!offer)
		return pc->ext_ids[PC_EXT_RID] != 0;
	const uint8_t id = pc_ext_id(pc->pending_remote.sdp, offer, PC_EXT_RID, !sent);
	return id >= 1 && id <= 14;
}

bool pc_put_simulcast(const struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
		      const struct pc_transceiver *t, const struct tt_sdp_media *offer)
{
	const char *rids[PC_MAX_ENCODINGS];
	uint8_t sent = 0;

	const bool sends =
		pc_direction_sends(m->common.direction) && may_name(pc, offer, true);
	const bool hears =
		pc_direction_receives(m->common.direction) && may_name(pc, offer, false);

	for (size_t i = 0; sends && i < t->encoding_count; i++) {
		const char *rid = t->encodings[i].rid;
		if (offer ? is_listed(offer, true, rid) : t->encoding_count > 1)
			put(sdp, m, rid, false, sent++);
	}
	const size_t n = !hears ? 0
			 : offer ? list_taken(pc, t, offer, rids)
				 : list_wanted(t, sent > 0, rids);
	for (size_t i = 0; i < n; i++)
		put(sdp, m, rids[i], true, (uint8_t)i);
	return sent > 0;
}

/* ---- an offer to receive simulcast, webrtc-pc section 4.4.1.5 ---- */

int pc_take_proposal(struct taut_pc *pc, struct pc_transceiver *t, const struct tt_sdp *offer,
		     const struct tt_sdp_media *m)
{
	const char *rids[PC_MAX_ENCODINGS];
	const size_t n = pc_ext_id(offer, m, PC_EXT_RID, false) ? list(m, true, rids) : 0;

	if (n == 0 || t->kind != TAUT_VIDEO || t->encoding_count != 1 || t->encodings[0].rid[0])
		return TAUT_OK;
	t->ridless = t->encodings[0];
	t->was_ridless = true;
	for (size_t i = 0; i < n; i++) {
		struct pc_encoding *e = &t->encodings[i];
		if (i > 0)
			*e = (struct pc_encoding){ .slot = (uint8_t)i };
		e->scale = 0;
		memcpy(e->rid, rids[i], strlen(rids[i]) + 1);
	}
	t->encoding_count = n;
	pc_halve(t->encodings, n);
	return pc_draw_ssrcs(pc, t) ? TAUT_OK : pc_fail_nomem(pc);
}

static void forget_encoding(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			    struct pc_encoding *e)
{
	if (e->has_sender)
		tt_rtp_session_remove_sender(pc->rtp, now, pc_stream(t->id, e->slot));
	tt_free(pc->env, e->encoder);
}

void pc_undo_proposal(struct taut_pc *pc, struct pc_transceiver *t)
{
	if (!t->was_ridless)
		return;
	for (size_t i = 1; i < t->encoding_count; i++)
		forget_encoding(pc, pc->now, t, &t->encodings[i]);
	struct pc_codec_stats *encoder = t->encodings[0].encoder;
	t->encodings[0] = t->ridless;
	t->encodings[0].encoder = encoder;
	t->encoding_count = 1;
	t->was_ridless = false;
}

void pc_narrow_encodings(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			 unsigned agreed)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->encoding_count; i++) {
		if (agreed & 1u << i)
			t->encodings[kept++] = t->encodings[i];
		else
			forget_encoding(pc, now, t, &t->encodings[i]);
	}
	t->encoding_count = kept;
}
