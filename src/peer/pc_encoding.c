/* pc_encoding.c - what of one source is sent and received at once: RTCRtpEncodingParameters, webrtc-pc
 * section 5.2, addTransceiver's sendEncodings, section 5.1, and the streams of the session that belong
 * to each. How they stand in descriptions says pc_simulcast.c. */
#include <string.h>

#include "base/config.h"
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
bool pc_is_rid(const char *s)
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

int pc_slot_of(char heard[PC_MAX_ENCODINGS][PC_RID + 1], const char *rid)
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
		if ((all[i].rid ? !pc_is_rid(all[i].rid) : init->send_encoding_count > 1))
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

void pc_halve(struct pc_encoding *all, size_t count)
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
		if (!rid || !pc_is_rid(rid) || pc_slot_of(to->heard_rids, rid) >= 0)
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
		if (pc_slot_of(to->heard_rids, all[i].rid) >= 0)
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
		pc_halve(to->encodings, count);
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

/* ---- their streams ---- */

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
