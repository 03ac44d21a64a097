/* pc_stats_media.c - codecs, streams, sources and data channels: webrtc-stats. */
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

/* RTCRtpStreamStats */
static void put_stream(struct pc_report *r, const struct pc_transceiver *t, uint32_t ssrc,
		       const struct pc_codec *codec)
{
	pc_stat_count(r, "ssrc", ssrc);
	pc_stat_text(r, "kind", kind_of(t));
	pc_stat_text(r, "transportId", "transport");
	if (!codec)
		return;
	pc_stat_reference(r, "codecId", "codec-%u", codec->pt);
}

/* What frames look like, and how much of what is heard. */
static void put_sizes(struct pc_report *r, const struct pc_transceiver *t,
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

static void put_loudness(struct pc_report *r, const struct taut_codec_stats *c)
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
		put_loudness(r, &c->what);
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

static void put_outbound(struct pc_report *r, const struct pc_transceiver *t, size_t index,
			 const struct tt_rtp_sender_stats *s)
{
	const struct pc_encoding *e = &t->encodings[index];
	const struct taut_codec_stats *c = e->encoder ? &e->encoder->what : NULL;
	pc_stat_begin(r, "outbound-rtp", "outbound-%u", e->ssrc);
	put_stream(r, t, e->ssrc, t->send_codec);
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
	if (e->max_bitrate)
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
		pc_stat_text(r, "qualityLimitationReason", "none");
	}
	if (c) {
		put_sizes(r, t, c);
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
	put_stream(r, t, e->ssrc, t->send_codec);
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

/* ---- what comes in ---- */

static void put_inbound(struct pc_report *r, const struct pc_transceiver *t, size_t slot,
			const struct tt_rtp_receiver_stats *s, const struct pc_codec *codec,
			const char *track)
{
	const struct taut_codec_stats *c = t->decoders[slot] ? &t->decoders[slot]->what : NULL;
	pc_stat_begin(r, "inbound-rtp", "inbound-%u", s->ssrc);
	put_stream(r, t, s->ssrc, codec);
	pc_stat_text(r, "trackIdentifier", track);
	pc_stat_text(r, "mid", t->bound.mid);
	if (s->reports > 0) {
		pc_stat_reference(r, "remoteId", "remote-outbound-%u", s->ssrc);
	}
	pc_stat_count(r, "packetsReceived", s->packets);
	pc_stat_count(r, "packetsReceivedWithEct1", s->ect1);
	pc_stat_count(r, "packetsReceivedWithCe", s->ce);
	pc_stat_number(r, "packetsLost", s->lost);
	pc_stat_number(r, "jitter", s->clock_rate ? (double)s->jitter / s->clock_rate : 0);
	pc_stat_count(r, "packetsDiscarded", s->late);
	pc_stat_count(r, "bytesReceived", s->octets);
	pc_stat_count(r, "headerBytesReceived", s->header_octets);
	pc_stat_count(r, "retransmittedPacketsReceived", s->resent_packets);
	pc_stat_count(r, "retransmittedBytesReceived", s->resent_octets);
	if (s->rtx_ssrc)
		pc_stat_count(r, "rtxSsrc", s->rtx_ssrc);
	pc_stat_moment(r, "lastPacketReceivedTimestamp", s->last_packet);
	pc_stat_count(r, "nackCount", s->nacks);
	if (t->kind == TAUT_VIDEO) {
		pc_stat_count(r, "pliCount", s->plis);
		pc_stat_count(r, "firCount", s->firs);
		pc_stat_count(r, "framesReceived", s->frames);
		pc_stat_count(r, "framesDropped", s->frames_dropped);
		pc_stat_count(r, "framesAssembledFromMultiplePackets", s->pieced);
		pc_stat_seconds(r, "totalAssemblyTime", s->assembly);
		pc_stat_seconds(r, "jitterBufferDelay", s->buffered);
		pc_stat_count(r, "jitterBufferEmittedCount", s->frames);
	} else {
		pc_stat_number(r, "jitterBufferDelay", (double)s->sample_buffered / 1e6);
		pc_stat_count(r, "jitterBufferEmittedCount", s->samples);
		pc_stat_count(r, "totalSamplesReceived", s->samples);
	}
	if (c) {
		if (t->kind == TAUT_VIDEO) {
			pc_stat_count(r, "framesDecoded", c->frames);
			pc_stat_count(r, "keyFramesDecoded", c->key_frames);
		} else {
			put_loudness(r, c);
		}
		put_sizes(r, t, c);
		if (c->time > 0)
			pc_stat_number(r, "totalDecodeTime", c->time);
		pc_stat_text(r, "decoderImplementation", c->implementation);
	}
	pc_stat_end(r);
}

/* As TAUT_EV_TRACK named it; where a description gave no name, the mid. */
static const char *track_of(const struct taut_pc *pc, const struct pc_transceiver *t)
{
	const struct tt_sdp *sdp = pc_agreed_remote(pc);
	const int line = t->bound.m_line;
	const struct tt_sdp_media *m =
		sdp && line >= 0 && (size_t)line < sdp->media_count ? sdp->media[line] : NULL;

	return m && m->msid_count > 0 && m->msids[0].track ? m->msids[0].track : t->bound.mid;
}

/* What the peer's reports say of it. */
static void put_remote_outbound(struct pc_report *r, const struct pc_transceiver *t,
				const struct tt_rtp_receiver_stats *s, const struct pc_codec *codec)
{
	/* RFC 3550 section 4: seconds since 1900 in the upper half, their fraction in the lower */
	const double seconds = (double)s->remote_ntp / 4294967296.0 - 2208988800.0;
	pc_stat_begin(r, "remote-outbound-rtp", "remote-outbound-%u", s->ssrc);
	put_stream(r, t, s->ssrc, codec);
	pc_stat_count(r, "packetsSent", s->remote_packets);
	pc_stat_count(r, "bytesSent", s->remote_octets);
	pc_stat_reference(r, "localId", "inbound-%u", s->ssrc);
	if (s->remote_ntp != 0)
		pc_stat_number(r, "remoteTimestamp", seconds * 1e3);
	pc_stat_count(r, "reportsSent", s->reports);
	pc_stat_end(r);
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
		put_inbound(r, t, i, &s, c, track_of(pc, t));
		if (s.reports > 0)
			put_remote_outbound(r, t, &s, c);
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
