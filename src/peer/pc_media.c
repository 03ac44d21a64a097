/* pc_media.c - frames out, key frames asked for, and the counters of it all. */
#include <string.h>

#include "base/config.h"
#include "base/num.h"
#include "peer/pc.h"

enum { MAX_JITTER_TARGET = 4000000 };

int taut_pc_send_frame(taut_pc *pc, taut_time now, taut_transceiver id,
		       const struct taut_frame *frame)
{
	struct pc_transceiver *t = pc_find_transceiver(pc, id);
	struct taut_frame f;
	int err = tt_config_take(&f, sizeof f, frame);

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (!t)
		return pc_fail(pc, TAUT_E_GONE, "InvalidStateError", "webrtc-pc section 5.2",
			       "no such transceiver");
	if (err)
		return pc_fail(pc, err, "OperationError", "webrtc-pc section 5.2",
			       "the frame has another size than this library knows");
	const struct pc_encoding *e = pc_find_encoding(t, f.rid);
	if (!e)
		return pc_fail(pc, TAUT_E_GONE, "InvalidStateError", "webrtc-pc section 5.4.1",
			       "there is no encoding of this rid, or no more");
	if (t->muted || e->inactive)
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 5.2",
			       t->muted ? "its sender has no track" : "its encoding is not active");
	if (!t->sends || !pc->srtp)
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 5.2",
			       t->sends ? "not connected yet" : "its direction does not send");
	err = tt_rtp_session_send_frame(pc->rtp, now, pc_stream(id, e->slot), &f);
	if (err)
		return pc_fail(pc, err, "OperationError", "webrtc-pc section 5.2",
			       "the frame was not sent");
	return TAUT_OK;
}

/* rid NULL: of all there are. */
static int request_of(struct taut_pc *pc, taut_time now, const struct pc_transceiver *t, const char *rid)
{
	int err = TAUT_E_GONE;

	for (size_t i = 0; i < PC_MAX_ENCODINGS; i++)
		if (t->heard_slots & 1u << i && (!rid || strcmp(t->heard_rids[i], rid) == 0))
			err = tt_rtp_session_request_key_frame(pc->rtp, now, pc_stream(t->id, i));
	return err;
}

int taut_pc_request_key_frame(taut_pc *pc, taut_time now, taut_transceiver id)
{
	return taut_pc_request_key_frame_of(pc, now, id, NULL);
}

int taut_pc_request_key_frame_of(taut_pc *pc, taut_time now, taut_transceiver id, const char *rid)
{
	struct pc_transceiver *t = pc_find_transceiver(pc, id);

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (!t || !t->receives)
		return pc_fail(pc, t ? TAUT_E_STATE : TAUT_E_GONE, "InvalidStateError",
			       "RFC 4585 section 6.3.1",
			       t ? "it does not receive" : "no such transceiver");
	int err = request_of(pc, now, t, rid);
	return err ? pc_fail(pc, err, "OperationError", "RFC 4585 section 6.3.1",
			     "it was not asked for")
		   : TAUT_OK;
}

int taut_pc_set_jitter_buffer_target(taut_pc *pc, taut_time now, taut_transceiver id,
				     taut_time target)
{
	struct pc_transceiver *t;
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (target < -1 || target > MAX_JITTER_TARGET)
		return pc_fail(pc, TAUT_E_INVAL, "RangeError", "webrtc-pc section 5.3",
			       "a target for the jitter buffer is of 0 to 4 seconds, or none");
	t->jitter_target = target;
	for (size_t i = 0; pc->rtp && i < PC_MAX_ENCODINGS; i++)
		tt_rtp_session_set_target(pc->rtp, pc_stream(id, i), tt_max64(target, 0));
	return TAUT_OK;
}

taut_time taut_pc_jitter_buffer_target(taut_pc *pc, taut_transceiver id)
{
	const struct pc_transceiver *t = pc_find_transceiver(pc, id);

	return t ? t->jitter_target : TAUT_E_GONE;
}

static void count_media(struct taut_counters *c, const struct tt_rtp_counters *r)
{
	c->frames_sent = r->frames_sent;
	c->frames_received = r->frames_received;
	c->audio_frames_sent = r->audio_frames_sent;
	c->audio_frames_received = r->audio_frames_received;
	c->video_frames_sent = r->video_frames_sent;
	c->video_frames_received = r->video_frames_received;
	c->rtp_packets_sent = r->packets_sent;
	c->rtp_packets_received = r->packets_received;
	c->rtp_packets_lost = r->packets_lost;
	c->rtp_packets_resent = r->packets_resent;
	c->nacks_sent = r->nacks_sent;
	c->nacks_received = r->nacks_received;
	c->plis_sent = r->plis_sent;
	c->plis_received = r->plis_received;
}

int taut_pc_get_counters(const taut_pc *pc, struct taut_counters *out)
{
	struct taut_counters c = pc->counters;
	struct tt_ice_path path;
	size_t size = out->size;

	if (size < sizeof size)
		return TAUT_E_INVAL;
	if (pc->rtp)
		count_media(&c, tt_rtp_session_counters(pc->rtp));
	c.packets_dropped = pc_packets_dropped(pc);
	c.round_trip_time = tt_ice_rtt(pc->ice);
	if (tt_ice_selected(pc->ice, pc->now, &path)) {
		c.local = path.local;
		c.remote = path.remote;
	}
	c.dtls_cipher = tt_dtls_cipher_name(pc->dtls);
	if (pc->channels && !pc->path_stream) /* TCP cuts as it likes */
		c.path_mtu = tt_dcs_count(pc->channels).packet + pc_around_sctp(pc);
	c.size = size;
	memset(out, 0, size);
	memcpy(out, &c, tt_min(size, sizeof c));
	return TAUT_OK;
}
