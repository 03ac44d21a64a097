/* pc_stats_inbound.c - what comes in, and what the peer's reports say of it: webrtc-stats. */
#include "base/num.h"
#include "peer/pc_stats.h"

/* What the jitter buffer did. Of sound each sample counts. The buffer's own target is that a frame is whole and
 * behind all before it: so much is the least delay, and what jitterBufferTarget asks for comes on top. */
static void put_buffer(struct pc_report *r, const struct tt_rtp_buffer_stats *b)
{
	pc_stat_number(r, "jitterBufferDelay", (double)b->delay / 1e6);
	pc_stat_number(r, "jitterBufferTargetDelay", (double)b->target / 1e6);
	pc_stat_number(r, "jitterBufferMinimumDelay", (double)b->minimum / 1e6);
	pc_stat_count(r, "jitterBufferEmittedCount", b->emitted);
}

static void put_rendered(struct pc_report *r, const struct taut_codec_stats *c)
{
	pc_stat_count(r, "framesRendered", c->frames_rendered);
	pc_stat_number(r, "totalInterFrameDelay", c->total_inter_frame_delay);
	pc_stat_number(r, "totalSquaredInterFrameDelay", c->total_squared_inter_frame_delay);
	pc_stat_count(r, "pauseCount", c->pause_count);
	pc_stat_number(r, "totalPausesDuration", c->total_pauses_duration);
	pc_stat_count(r, "freezeCount", c->freeze_count);
	pc_stat_number(r, "totalFreezesDuration", c->total_freezes_duration);
}

static void put_played(struct pc_report *r, const struct taut_codec_stats *c)
{
	pc_stat_count(r, "concealedSamples", c->concealed_samples);
	pc_stat_count(r, "silentConcealedSamples", c->silent_concealed_samples);
	pc_stat_count(r, "concealmentEvents", c->concealment_events);
	pc_stat_count(r, "insertedSamplesForDeceleration", c->inserted_samples_for_deceleration);
	pc_stat_count(r, "removedSamplesForAcceleration", c->removed_samples_for_acceleration);
}

static void put_decoded(struct pc_report *r, const struct pc_transceiver *t,
			const struct taut_codec_stats *c)
{
	if (t->kind == TAUT_VIDEO) {
		pc_stat_count(r, "framesDecoded", c->frames);
		pc_stat_count(r, "keyFramesDecoded", c->key_frames);
		if (c->tells & TAUT_TELLS_QP)
			pc_stat_count(r, "qpSum", c->qp_sum);
		if (c->tells & TAUT_TELLS_RENDERED)
			put_rendered(r, c);
	} else {
		pc_put_loudness(r, c);
		if (c->tells & TAUT_TELLS_PLAYOUT)
			put_played(r, c);
	}
	pc_put_sizes(r, t, c);
	if (c->time > 0)
		pc_stat_number(r, "totalDecodeTime", c->time);
	if (c->tells & TAUT_TELLS_PROCESSING)
		pc_stat_number(r, "totalProcessingDelay", c->total_processing_delay);
	pc_stat_text(r, "decoderImplementation", c->implementation);
}

/* Of RTP alone. */
static void put_packets(struct pc_report *r, const struct tt_rtp_receiver_stats *s)
{
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
}

void pc_put_inbound(struct pc_report *r, const struct pc_transceiver *t, size_t slot,
		    const struct tt_rtp_receiver_stats *s, const struct pc_codec *codec,
		    const char *track)
{
	const struct taut_codec_stats *c = t->decoders[slot] ? &t->decoders[slot]->what : NULL;
	pc_stat_begin(r, "inbound-rtp", "inbound-%u", s->ssrc);
	pc_put_stream(r, t, s->ssrc, codec);
	pc_stat_text(r, "trackIdentifier", track);
	pc_stat_text(r, "mid", t->bound.mid);
	if (s->reports > 0) {
		pc_stat_reference(r, "remoteId", "remote-outbound-%u", s->ssrc);
	}
	put_packets(r, s);
	put_buffer(r, &s->buffer);
	if (s->playout_ntp != 0) /* as far as time has gone on since */
		pc_stat_number(r, "estimatedPlayoutTimestamp",
			       pc_stat_ntp(s->playout_ntp) +
				       (double)(r->now - s->playout_at) / 1e3);
	if (t->kind == TAUT_VIDEO) {
		pc_stat_count(r, "pliCount", s->plis);
		pc_stat_count(r, "firCount", s->firs);
		pc_stat_count(r, "framesReceived", s->frames);
		pc_stat_count(r, "framesDropped", s->frames_dropped);
		pc_stat_count(r, "framesAssembledFromMultiplePackets", s->pieced);
		pc_stat_seconds(r, "totalAssemblyTime", s->assembly);
	} else { /* what was concealed as well */
		pc_stat_count(r, "totalSamplesReceived",
			      s->buffer.emitted + (c ? c->concealed_samples : 0));
	}
	if (c)
		put_decoded(r, t, c);
	pc_stat_end(r);
}

void pc_put_remote_outbound(struct pc_report *r, const struct pc_transceiver *t,
			    const struct tt_rtp_receiver_stats *s, const struct pc_codec *codec)
{
	pc_stat_begin(r, "remote-outbound-rtp", "remote-outbound-%u", s->ssrc);
	pc_stat_reported(r, s->reported_at);
	pc_put_stream(r, t, s->ssrc, codec);
	pc_stat_count(r, "packetsSent", s->remote_packets);
	pc_stat_count(r, "bytesSent", s->remote_octets);
	pc_stat_reference(r, "localId", "inbound-%u", s->ssrc);
	if (s->remote_ntp != 0)
		pc_stat_number(r, "remoteTimestamp", pc_stat_ntp(s->remote_ntp));
	pc_stat_count(r, "reportsSent", s->reports);
	if (s->rtt > 0)
		pc_stat_seconds(r, "roundTripTime", s->rtt);
	pc_stat_seconds(r, "totalRoundTripTime", s->rtt_sum);
	pc_stat_count(r, "roundTripTimeMeasurements", s->rtts);
	pc_stat_end(r);
}
