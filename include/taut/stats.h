/* stats.h - how a connection goes: the RTCStatsReport of webrtc-pc section 8, in the words of webrtc-stats.
 *
 * A report is a list of objects; each has members under the names that webrtc-stats gives them, so that what
 * it says of them holds here as well. Numbers are doubles, as in a page: exact up to 2^53. Times between are
 * seconds, moments are milliseconds since 1970 by the environment's wall clock. A member that nobody
 * knows is not there: what an encoder or a decoder does is known when it was told by
 * taut_pc_set_encoder_stats or taut_pc_set_decoder_stats. */
#ifndef TAUT_STATS_H
#define TAUT_STATS_H

#include "taut/taut.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* begin: bindings parse from here, as in taut.h. */

#define TAUT_STAT_NUMBER 1
#define TAUT_STAT_TEXT 2
#define TAUT_STAT_BOOLEAN 3 /* number is 0 or 1 */
struct taut_stat {
	const char *name; /* "packetsSent" */
	uint32_t kind;    /* TAUT_STAT_ */
	double number;
	const char *text;
};

/* RTCStats: an id stays that of the same thing from report to report. Members whose names end in Id are
 * ids of others in the report. */
struct taut_stats {
	const char *id, *type; /* type: "outbound-rtp" and the like, of RTCStatsType */
	double timestamp;
	const struct taut_stat *members;
	size_t member_count;
};

/* All there is. It is lent until the next report of this connection. TAUT_E_NOMEM. webrtc-pc 8.2. */
int taut_pc_get_stats(taut_pc *pc, taut_time now, const struct taut_stats **out, size_t *count);
/* Of what a transceiver sends, or receives, and all that this refers to. TAUT_E_GONE: there is no such
 * transceiver. webrtc-pc 5.2, 5.3 getStats. */
int taut_pc_get_sender_stats(taut_pc *pc, taut_time now, taut_transceiver t,
			     const struct taut_stats **out, size_t *count);
int taut_pc_get_receiver_stats(taut_pc *pc, taut_time now, taut_transceiver t,
			       const struct taut_stats **out, size_t *count);
/* NULL: there is none of that name. */
const struct taut_stat *taut_stats_member(const struct taut_stats *of, const char *name);

/* What an encoder or a decoder has done since it began. 0 and NULL: not known. */
struct taut_codec_stats {
	size_t size;
	uint64_t frames, key_frames; /* encoded, or decoded */
	uint32_t width, height;      /* of video, of the last frame */
	double frames_per_second;
	double time;                   /* spent on it, seconds */
	double audio_level;            /* 0 to 1, of the last */
	double total_audio_energy;     /* RTCAudioSourceStats says how it is summed */
	double total_samples_duration; /* seconds */
	const char *implementation;    /* "libvpx"; copied, at most 31 octets */
	const char *rid;               /* of which encoding; NULL: the only one, or the first */
};
/* TAUT_E_GONE: no such transceiver, or none of its encodings has this rid; TAUT_E_INVAL: no size;
 * TAUT_E_NOMEM. */
int taut_pc_set_encoder_stats(taut_pc *pc, taut_transceiver t,
			      const struct taut_codec_stats *stats);
int taut_pc_set_decoder_stats(taut_pc *pc, taut_transceiver t,
			      const struct taut_codec_stats *stats);

/* end */

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
