/* pc_simulcast.c - several encodings of one source in one m-section: RFC 8851, 8852, 8853.
 *
 * What is sent stands in the transceiver's encodings, each with a stream of its own (its slot), and
 * narrows with each answer (webrtc-pc sections 4.4.1.5 and 5.4.1). What is received follows the
 * descriptions alone: a browser never asks for it, a forwarder does. */
#include <string.h>

#include "base/config.h"
#include "base/num.h"
#include "peer/pc.h"

uint32_t pc_stream(taut_transceiver id, size_t slot)
{
	return (uint32_t)slot << PC_STREAM_SHIFT | id;
}

taut_transceiver pc_stream_transceiver(uint32_t stream)
{
	return stream & ((1u << PC_STREAM_SHIFT) - 1);
}

/* RFC 8851 section 10: alphanumeric, "-" and "_". Longer than 16 octets it does not fit the one-byte
 * form of an extension (RFC 8285 section 4.2). */
static bool is_rid(const char *s)
{
	const size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'A' && s[i] <= 'Z') &&
		    !(s[i] >= 'a' && s[i] <= 'z') && s[i] != '-' && s[i] != '_')
			return false;
	return n >= 1 && n <= PC_RID;
}

struct pc_encoding *pc_find_encoding(struct pc_transceiver *t, const char *rid)
{
	if (!rid || !rid[0])
		return &t->encodings[0];
	for (size_t i = 0; i < t->encoding_count; i++)
		if (strcmp(t->encodings[i].rid, rid) == 0)
			return &t->encodings[i];
	return NULL;
}

static int slot_of(char heard[PC_MAX_ENCODINGS][PC_RID + 1], const char *rid)
{
	for (int i = 0; i < PC_MAX_ENCODINGS; i++)
		if (strcmp(heard[i], rid) == 0)
			return i;
	return -1;
}

/* ---- addTransceiver's sendEncodings, webrtc-pc section 5.1 ---- */

static int refuse(struct taut_pc *pc, const char *dom_name, const char *what)
{
	return pc_fail(pc, TAUT_E_INVAL, dom_name, "webrtc-pc section 5.1", "%s", what);
}

/* What a NaN says is refused as well. */
int pc_check_limits(struct taut_pc *pc, uint32_t kind, const struct taut_rtp_encoding *e)
{
	if (kind == TAUT_VIDEO &&
	    (!(e->scale_resolution_down_by == 0 || e->scale_resolution_down_by >= 1) ||
	     !(e->max_framerate >= 0)))
		return pc_fail(pc, TAUT_E_INVAL, "RangeError", "webrtc-pc section 5.2",
			       "scale_resolution_down_by is at least 1, max_framerate at least 0");
	return TAUT_OK;
}

void pc_take_limits(struct pc_encoding *to, uint32_t kind, const struct taut_rtp_encoding *e)
{
	to->inactive = !e->active;
	to->max_bitrate = e->max_bitrate;
	if (kind == TAUT_VIDEO) {
		to->max_framerate = e->max_framerate;
		to->scale = e->scale_resolution_down_by;
	}
}

static int read_encodings(struct taut_pc *pc, const struct taut_transceiver_init *init,
			  struct taut_rtp_encoding *all)
{
	const char *at = (const char *)init->send_encodings;

	for (size_t i = 0; i < init->send_encoding_count; i++) {
		const int err = tt_config_take(&all[i], sizeof all[i],
					       at + i * init->send_encodings[0].size);
		if (err)
			return pc_fail(pc, err, "TypeError", "webrtc-pc section 5.1",
				       "an encoding has another size than this library knows");
		if ((all[i].rid ? !is_rid(all[i].rid) : init->send_encoding_count > 1))
			return refuse(pc, "TypeError",
				      "of several encodings each has a rid, of 1 to 16 letters, "
				      "digits, - and _");
		for (size_t k = 0; k < i; k++)
			if (strcmp(all[k].rid, all[i].rid) == 0)
				return refuse(pc, "TypeError", "two encodings have one rid");
		const int wrong = pc_check_limits(pc, init->kind, &all[i]);
		if (wrong)
			return wrong;
	}
	return TAUT_OK;
}

/* Where nobody says how large they are: each half as wide and high as the one behind it. */
static void halve(struct pc_encoding *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].scale > 0)
			return;
	for (size_t i = 0; i < count; i++)
		all[i].scale = (double)(1u << (count - 1 - i));
}

static int read_received(struct taut_pc *pc, const struct taut_transceiver_init *init,
			 struct pc_transceiver *to)
{
	if (init->receive_rid_count > 0 && (init->kind != TAUT_VIDEO || !init->receive_rids))
		return refuse(pc, "TypeError", "rids are of video, and there are none");
	if (init->receive_rid_count > PC_MAX_ENCODINGS)
		return pc_fail(pc, TAUT_E_LIMIT, "OperationError", "RFC 8853 section 5.3",
			       "at most %d encodings are received", PC_MAX_ENCODINGS);
	for (size_t i = 0; i < init->receive_rid_count; i++) {
		const char *rid = init->receive_rids[i];
		if (!rid || !is_rid(rid) || slot_of(to->heard_rids, rid) >= 0)
			return refuse(pc, "TypeError",
				      "a rid has 1 to 16 letters, digits, - and _, and comes once");
		memcpy(to->heard_rids[i], rid, strlen(rid));
	}
	return TAUT_OK;
}

int pc_read_encodings(struct taut_pc *pc, const struct taut_transceiver_init *init,
		      struct pc_transceiver *to)
{
	struct taut_rtp_encoding all[PC_MAX_ENCODINGS];
	const size_t count = init->send_encoding_count;
	int err = read_received(pc, init, to);

	if (err || count == 0)
		return err;
	if (!init->send_encodings)
		return refuse(pc, "TypeError", "there are no encodings");
	if (count > (init->kind == TAUT_VIDEO ? PC_MAX_ENCODINGS : 1))
		return pc_fail(pc, TAUT_E_LIMIT, "OperationError", "webrtc-pc section 5.1",
			       "at most %d encodings of video, and one of audio", PC_MAX_ENCODINGS);
	err = read_encodings(pc, init, all);
	if (err)
		return err;
	for (size_t i = 0; count > 1 && i < count; i++)
		if (slot_of(to->heard_rids, all[i].rid) >= 0)
			return refuse(pc, "TypeError",
				      "a rid is one that is sent or one that is received");
	to->encoding_count = count;
	for (size_t i = 0; i < count; i++) {
		struct pc_encoding *e = &to->encodings[i];
		e->slot = (uint8_t)i;
		if (count > 1)
			memcpy(e->rid, all[i].rid, strlen(all[i].rid));
		pc_take_limits(e, init->kind, &all[i]);
	}
	if (init->kind == TAUT_VIDEO)
		halve(to->encodings, count);
	return TAUT_OK;
}

/* SSRCs are drawn early, so that the first offer can name them; 0 means none. */
bool pc_draw_ssrcs(struct taut_pc *pc, struct pc_transceiver *t)
{
	for (size_t i = 0; i < t->encoding_count; i++) {
		struct pc_encoding *e = &t->encodings[i];
		while (e->ssrc == 0)
			if (!tt_random_u32(pc->env, &e->ssrc))
				return false;
		while (t->kind == TAUT_VIDEO && (e->rtx_ssrc == 0 || e->rtx_ssrc == e->ssrc))
			if (!tt_random_u32(pc->env, &e->rtx_ssrc))
				return false;
	}
	return true;
}

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
		if (!alternative && s->recv == recv && is_rid(s->rid) && has_line(m, s->rid, recv))
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

unsigned pc_agreed_encodings(const struct pc_transceiver *t, const struct tt_sdp_media *l,
			     const struct tt_sdp_media *r)
{
	unsigned agreed = 0;

	for (size_t i = 0; i < t->encoding_count; i++)
		if (t->encodings[i].rid[0] && is_listed(l, false, t->encodings[i].rid) &&
		    is_listed(r, true, t->encodings[i].rid))
			agreed |= 1u << i;
	return agreed;
}

/* A rid that was received before keeps its slot, so that its stream goes on. */
unsigned pc_agreed_heard(const struct pc_transceiver *t, const struct tt_sdp_media *l,
			 const struct tt_sdp_media *r, char out[PC_MAX_ENCODINGS][PC_RID + 1])
{
	const char *rids[PC_MAX_ENCODINGS];
	char was[PC_MAX_ENCODINGS][PC_RID + 1];
	const size_t n = list(l, true, rids);
	unsigned slots = 0;

	memcpy(was, t->heard_rids, sizeof was);
	memset(out, 0, sizeof was);
	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; i < n; i++) {
			const int before = slot_of(was, rids[i]);
			if (!is_listed(r, false, rids[i]) || (before >= 0) != known)
				continue;
			const int slot = known ? before : slot_of(out, "");
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
	halve(t->encodings, n);
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

void pc_remove_senders(struct taut_pc *pc, taut_time now, struct pc_transceiver *t)
{
	for (size_t i = 0; i < t->encoding_count; i++) {
		if (t->encodings[i].has_sender)
			tt_rtp_session_remove_sender(pc->rtp, now,
						     pc_stream(t->id, t->encodings[i].slot));
		t->encodings[i].has_sender = false;
	}
}

void pc_remove_receivers(struct taut_pc *pc, taut_time now, struct pc_transceiver *t, unsigned slots)
{
	for (size_t i = 0; i < PC_MAX_ENCODINGS; i++)
		if (pc->rtp && slots & 1u << i)
			tt_rtp_session_remove_receiver(pc->rtp, now, pc_stream(t->id, i));
}
