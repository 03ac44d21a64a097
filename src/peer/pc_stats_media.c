/* pc_stats_media.c - codecs, sources, what is sent, and data channels: webrtc-stats. What comes in is in
 * pc_stats_inbound.c. */
#include "base/num.h"
#include "peer/pc_stats.h"

static const char *kind_of(const struct pc_transceiver *t)
{
	return t->kind == TAUT_VIDEO ? "video" : "audio";
}

static const struct pc_codec *codec_of(const struct taut_pc *pc, uint32_t kind, uint8_t pt)
{
	for (size_t i = 0; i < pc->codec_count; i++)
		if (pc->codecs[i].kind == kind && pc->codecs[i].pt == pt)
			return &pc->codecs[i];
	return NULL;
}

/* Of those that a stream here uses. Payload types are one space in a bundle. */
static void put_codecs(struct taut_pc *pc, struct pc_report *r, const bool *used)
{
	for (size_t i = 0; i < pc->codec_count; i++) {
		const struct pc_codec *c = &pc->codecs[i];

		if (!used[i])
			continue;
		pc_stat_begin(r, "codec", "codec-%u", c->pt);
		pc_stat_count(r, "payloadType", c->pt);
		pc_stat_text(r, "transportId", "transport");
		pc_stat_text(r, "mimeType", c->codec.mime);
		pc_stat_count(r, "clockRate", c->codec.clock_rate);
		if (c->codec.channels)
			pc_stat_count(r, "channels", c->codec.channels);
		pc_stat_text(r, "sdpFmtpLine", c->codec.fmtp);
		pc_stat_end(r);
	}
}

void pc_put_stream(struct pc_report *r, const struct pc_transceiver *t, uint32_t ssrc,
		   const struct pc_codec *codec)
{
	pc_stat_count(r, "ssrc", ssrc);
	pc_stat_text(r, "kind", kind_of(t));
	pc_stat_text(r, "transportId", "transport");
	if (!codec)
		return;
	pc_stat_reference(r, "codecId", "codec-%u", codec->pt);
}

void pc_put_sizes(struct pc_report *r, const struct pc_transceiver *t,
		  const struct taut_codec_stats *c)
{
	if (t->kind == TAUT_AUDIO)
		return;
	if (c->width) {
		pc_stat_count(r, "frameWidth", c->width);
		pc_stat_count(r, "frameHeight", c->height);
	}
	if (c->frames_per_second > 0)
		pc_stat_number(r, "framesPerSecond", c->frames_per_second);
}

void pc_put_loudness(struct pc_report *r, const struct taut_codec_stats *c)
{
	if (c->total_samples_duration <= 0)
		return; /* of silence the rest is 0 as well */
	pc_stat_number(r, "audioLevel", c->audio_level);
	pc_stat_number(r, "totalAudioEnergy", c->total_audio_energy);
	pc_stat_number(r, "totalSamplesDuration", c->total_samples_duration);
}

/* ---- what is sent ---- */

/* What the source is like is told by its largest encoding. */
static const struct pc_codec_stats *largest(const struct pc_transceiver *t)
{
	const struct pc_codec_stats *found = NULL;

	for (size_t i = 0; i < t->encoding_count; i++) {
		const struct pc_codec_stats *c = t->encodings[i].encoder;
		if (c && (!found || c->what.width > found->what.width))
			found = c;
	}
	return found;
}

static void put_source(struct pc_report *r, const struct pc_transceiver *t)
{
	const struct pc_codec_stats *c = largest(t);

	pc_stat_begin(r, "media-source", "source-%u", t->id);
	pc_stat_text(r, "trackIdentifier", t->track ? t->track : t->sender_id);
	pc_stat_text(r, "kind", kind_of(t));
	if (c && t->kind == TAUT_AUDIO)
		pc_put_loudness(r, &c->what);
	if (c && t->kind == TAUT_VIDEO) {
		if (c->what.width) {
			pc_stat_count(r, "width", c->what.width);
			pc_stat_count(r, "height", c->what.height);
		}
		pc_stat_count(r, "frames", c->what.frames);
		if (c->what.frames_per_second > 0)
			pc_stat_number(r, "framesPerSecond", c->what.frames_per_second);
	}
	pc_stat_end(r);
}

/* What limits its quality now, and for how long each reason did: who does not tell has none. */
static void put_limitation(struct pc_report *r, const struct pc_encoding *e)
{
	static const char *const reasons[] = { "none", "cpu", "bandwidth", "other" };
	const struct pc_codec_stats *c = e->encoder;
	const uint64_t now = c ? c->what.quality_limitation : TAUT_LIMITED_BY_NOTHING;
	taut_time limited[4] = { 0 };

	for (size_t i = TAUT_LIMITED_BY_CPU; c && i < 4; i++)
		limited[i] = c->limited[i];
	if (now != TAUT_LIMITED_BY_NOTHING) /* of what has not come yet nothing */
		limited[now] += tt_max64(r->now - tt_max64(c->limited_at, e->began), 0);
	limited[0] = (e->began ? r->now - e->began : 0) - limited[1] - limited[2] - limited[3];
	pc_stat_text(r, "qualityLimitationReason", reasons[now]);
	pc_stat_seconds(r, "qualityLimitationDurations.none", tt_max64(limited[0], 0));
	pc_stat_seconds(r, "qualityLimitationDurations.cpu", limited[1]);
	pc_stat_seconds(r, "qualityLimitationDurations.bandwidth", limited[2]);
	pc_stat_seconds(r, "qualityLimitationDurations.other", limited[3]);
	pc_stat_count(r, "qualityLimitationResolutionChanges", c ? c->resolution_changes : 0);
}

static void put_encoded(struct pc_report *r, const struct taut_codec_stats *c)
{
	if (c->tells & TAUT_TELLS_QP)
		pc_stat_count(r, "qpSum", c->qp_sum);
	if (!(c->tells & TAUT_TELLS_TARGET))
		return;
	pc_stat_count(r, "totalEncodedBytesTarget", c->total_encoded_bytes_target);
	pc_stat_count(r, "hugeFramesSent", c->huge_frames);
}

static void put_outbound(struct pc_report *r, const struct pc_transceiver *t, size_t index,
			 const struct tt_rtp_sender_stats *s)
{
	const struct pc_encoding *e = &t->encodings[index];
	const struct taut_codec_stats *c = e->encoder ? &e->encoder->what : NULL;
	pc_stat_begin(r, "outbound-rtp", "outbound-%u", e->ssrc);
	pc_put_stream(r, t, e->ssrc, t->send_codec);
	pc_stat_count(r, "packetsSent", s->packets + s->resent_packets);
	pc_stat_count(r, "bytesSent", s->octets + s->resent_octets);
	pc_stat_text(r, "mid", t->bound.mid);
	if (!t->muted) {
		pc_stat_reference(r, "mediaSourceId", "source-%u", t->id);
	}
	if (s->reports > 0) {
		pc_stat_reference(r, "remoteId", "remote-inbound-%u", e->ssrc);
	}
	pc_stat_count(r, "encodingIndex", index);
	if (e->rid[0])
		pc_stat_text(r, "rid", e->rid);
	pc_stat_count(r, "headerBytesSent", s->header_octets);
	pc_stat_count(r, "retransmittedPacketsSent", s->resent_packets);
	pc_stat_count(r, "retransmittedBytesSent", s->resent_octets);
	if (e->rtx_ssrc)
		pc_stat_count(r, "rtxSsrc", e->rtx_ssrc);
	pc_stat_count(r, "packetsSentWithEct1", 0); /* pc_send.c marks nothing */
	if (c && c->tells & TAUT_TELLS_TARGET)
		pc_stat_number(r, "targetBitrate", c->target_bitrate);
	else if (e->max_bitrate)
		pc_stat_count(r, "targetBitrate", e->max_bitrate);
	pc_stat_seconds(r, "totalPacketSendDelay", s->queued);
	pc_stat_count(r, "nackCount", s->nacks);
	pc_stat_flag(r, "active", t->sends && !e->inactive && !t->muted);
	if (t->kind == TAUT_VIDEO) {
		pc_stat_count(r, "framesSent", s->frames);
		/* what is sent was encoded, here or elsewhere */
		pc_stat_count(r, "framesEncoded", c ? c->frames : s->frames);
		pc_stat_count(r, "keyFramesEncoded", c ? c->key_frames : s->key_frames);
		pc_stat_count(r, "firCount", s->firs);
		pc_stat_count(r, "pliCount", s->plis);
		put_limitation(r, e);
	}
	if (c && t->kind == TAUT_VIDEO)
		put_encoded(r, c);
	if (c) {
		pc_put_sizes(r, t, c);
		if (c->time > 0)
			pc_stat_number(r, "totalEncodeTime", c->time);
		pc_stat_text(r, "encoderImplementation", c->implementation);
	}
	pc_stat_end(r);
}

/* What the peer's reports say of it: RFC 3550 section 6.4.1. */
static void put_remote_inbound(struct pc_report *r, const struct pc_transceiver *t,
			       const struct pc_encoding *e, const struct tt_rtp_sender_stats *s)
{
	const uint32_t expected = s->remote_highest - s->first_seq + 1;
	pc_stat_begin(r, "remote-inbound-rtp", "remote-inbound-%u", e->ssrc);
	pc_stat_reported(r, s->reported_at);
	pc_put_stream(r, t, e->ssrc, t->send_codec);
	pc_stat_count(r, "packetsReceived",
		      (uint64_t)tt_max64((int64_t)expected - s->remote_lost, 0));
	pc_stat_number(r, "packetsLost", s->remote_lost);
	if (s->clock_rate)
		pc_stat_number(r, "jitter", (double)s->remote_jitter / s->clock_rate);
	pc_stat_reference(r, "localId", "outbound-%u", e->ssrc);
	if (s->rtts > 0)
		pc_stat_seconds(r, "roundTripTime", s->rtt);
	pc_stat_seconds(r, "totalRoundTripTime", s->rtt_sum);
	pc_stat_count(r, "roundTripTimeMeasurements", s->rtts);
	pc_stat_number(r, "fractionLost", s->remote_fraction / 256.0);
	pc_stat_end(r);
}

/* ---- all of it ---- */

/* As TAUT_EV_TRACK named it; where a description gave no name, the mid. */
static const char *track_of(const struct taut_pc *pc, const struct pc_transceiver *t)
{
	const struct tt_sdp *sdp = pc_agreed_remote(pc);
	const int line = t->bound.m_line;
	const struct tt_sdp_media *m =
		sdp && line >= 0 && (size_t)line < sdp->media_count ? sdp->media[line] : NULL;

	return m && m->msid_count > 0 && m->msids[0].track ? m->msids[0].track : t->bound.mid;
}

static void use(const struct taut_pc *pc, bool *used, const struct pc_codec *c)
{
	if (c)
		used[c - pc->codecs] = true;
}

static void put_sent(struct taut_pc *pc, struct pc_report *r, const struct pc_transceiver *t,
		     bool *used)
{
	struct tt_rtp_sender_stats s;
	bool sourced = t->muted;

	for (size_t i = 0; i < t->encoding_count; i++) {
		const struct pc_encoding *e = &t->encodings[i];
		if (!tt_rtp_session_sender_stats(pc->rtp, pc_stream(t->id, e->slot), &s))
			continue;
		use(pc, used, t->send_codec);
		if (!sourced)
			put_source(r, t);
		sourced = true;
		put_outbound(r, t, i, &s);
		if (s.reports > 0)
			put_remote_inbound(r, t, e, &s);
	}
}

static void put_received(struct taut_pc *pc, struct pc_report *r, const struct pc_transceiver *t,
			 bool *used)
{
	struct tt_rtp_receiver_stats s;

	for (size_t i = 0; i < PC_MAX_ENCODINGS; i++) {
		if (!tt_rtp_session_receiver_stats(pc->rtp, pc_stream(t->id, i), &s))
			continue;
		const struct pc_codec *c = codec_of(pc, t->kind, s.payload_type);
		use(pc, used, c);
		pc_put_inbound(r, t, i, &s, c, track_of(pc, t));
		if (s.reports > 0)
			pc_put_remote_outbound(r, t, &s, c);
	}
}

void pc_stat_media(struct taut_pc *pc, struct pc_report *r)
{
	bool used[PC_MAX_CODECS] = { false };

	for (size_t i = 0; pc->rtp && i < pc->transceiver_count; i++) {
		put_sent(pc, r, pc->transceivers[i], used);
		put_received(pc, r, pc->transceivers[i], used);
	}
	put_codecs(pc, r, used);
}

void pc_stat_channels(struct taut_pc *pc, struct pc_report *r)
{
	static const char *const states[] = { [TT_DCS_STATE_CONNECTING] = "connecting",
					      [TT_DCS_STATE_OPEN] = "open",
					      [TT_DCS_STATE_CLOSING] = "closing" };
	taut_channel ch;

	for (size_t i = 0; pc->channels && (ch = tt_dcs_at(pc->channels, i)) != 0; i++) {
		const struct tt_dcs_info *c = tt_dcs_info(pc->channels, ch);

		pc_stat_begin(r, "data-channel", "channel-%u", ch);
		pc_stat_text(r, "label", c->label);
		pc_stat_text(r, "protocol", c->protocol);
		if (c->id >= 0)
			pc_stat_number(r, "dataChannelIdentifier", c->id);
		pc_stat_text(r, "state", states[c->state]);
		pc_stat_count(r, "messagesSent", c->messages_sent);
		pc_stat_count(r, "bytesSent", c->bytes_sent);
		pc_stat_count(r, "messagesReceived", c->messages_received);
		pc_stat_count(r, "bytesReceived", c->bytes_received);
		pc_stat_end(r);
	}
}
