/* pc_source.c - who is heard: the sources of RTCRtpReceiver, webrtc-pc section 5.3.
 *
 * They are of frames that the application was given, not of packets that came. A
 * mixer may name other contributors in each packet, and a peer send with one SSRC
 * after another: of too many the one that was heard longest ago is forgotten. */
#include "base/num.h"
#include "peer/pc.h"

enum {
	MAX_SSRCS = 8, /* a receiver follows one at a time */
	MAX_CSRCS = 32,
	KEPT = 10000000,
	SILENCE = 127, /* RFC 6464 section 3, in -dBov */
	NOT_TOLD = 255,
};

struct source {
	uint32_t id, rtp_timestamp;
	taut_time at;
	uint8_t level;
};

struct pc_sources {
	size_t ssrc_count, csrc_count;
	struct source ssrcs[MAX_SSRCS], csrcs[MAX_CSRCS];
};

static void note(struct source *all, size_t *count, size_t most, const struct source *heard)
{
	struct source *at = all;

	for (size_t i = 0; i < *count; i++) {
		if (all[i].id == heard->id) {
			all[i] = *heard;
			return;
		}
		if (all[i].at < at->at)
			at = &all[i];
	}
	if (*count < most)
		at = &all[(*count)++];
	*at = *heard;
}

void pc_hear(struct taut_pc *pc, struct pc_transceiver *t, uint32_t ssrc,
	     const struct tt_rtp_csrcs *csrcs, const struct taut_frame *frame)
{
	const bool told = t->kind == TAUT_AUDIO && (frame->flags & TAUT_FRAME_AUDIO_LEVEL);
	struct source heard = { ssrc, frame->rtp_timestamp, pc->now,
				told ? frame->audio_level : NOT_TOLD };

	if (!t->sources)
		t->sources = tt_alloc(pc->env, sizeof *t->sources);
	struct pc_sources *s = t->sources;
	if (!s)
		return; /* the next frame is as good */
	note(s->ssrcs, &s->ssrc_count, MAX_SSRCS, &heard);
	heard.level = NOT_TOLD; /* which RFC 6465 would, and it is not negotiated */
	for (size_t i = 0; i < csrcs->count; i++) {
		heard.id = csrcs->ids[i];
		note(s->csrcs, &s->csrc_count, MAX_CSRCS, &heard);
	}
}

/* 10^(-level/20) */
static double linear(uint8_t level)
{
	double v = 1;

	if (level >= SILENCE)
		return level == SILENCE ? 0 : -1;
	for (; level > 0; level--)
		v *= 0.89125093813374552995;
	return v;
}

static size_t later(const struct source *all, size_t count, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < count; k++)
		n += all[k].at > all[i].at || (all[k].at == all[i].at && k < i);
	return n;
}

/* There are few, and they are asked for less often than they are noted: they stand in no order. */
static const struct taut_rtp_source *source_at(struct taut_pc *pc, taut_time now,
					       const struct source *all, size_t count, size_t index)
{
	for (size_t i = 0; i < count; i++) {
		if (now - all[i].at > KEPT || later(all, count, i) != index)
			continue;
		pc->source = (struct taut_rtp_source){ all[i].at, all[i].id, all[i].rtp_timestamp,
						       linear(all[i].level) };
		return &pc->source;
	}
	return NULL;
}

const struct taut_rtp_source *taut_pc_synchronization_source_at(taut_pc *pc, taut_time now,
								taut_transceiver id, size_t index)
{
	const struct pc_transceiver *t = pc_find_transceiver(pc, id);
	const struct pc_sources *s = t ? t->sources : NULL;

	return s ? source_at(pc, now, s->ssrcs, s->ssrc_count, index) : NULL;
}

const struct taut_rtp_source *taut_pc_contributing_source_at(taut_pc *pc, taut_time now,
							     taut_transceiver id, size_t index)
{
	const struct pc_transceiver *t = pc_find_transceiver(pc, id);
	const struct pc_sources *s = t ? t->sources : NULL;

	return s ? source_at(pc, now, s->csrcs, s->csrc_count, index) : NULL;
}
