/* stats.h - how a connection goes: the RTCStatsReport of webrtc-pc section 8, in the words of webrtc-stats.
 *
 * A report is a list of objects; each has members under the names that webrtc-stats gives them, so that what
 * it says of them holds here as well. Numbers are doubles, as in a page: exact up to 2^53. Times between are
 * seconds, moments are milliseconds since 1970 by the environment's wall clock. A record has a member for
 * each of its keys: "qualityLimitationDurations.none". A member that nobody
 * knows is not there: what an encoder or a decoder does is known when it was told by
 * taut_pc_set_encoder_stats or taut_pc_set_decoder_stats; libtaut-media tells of its own
 * (taut_source_encoder_stats, taut_sink_decoder_stats). */
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
	double timestamp; /* of now; of what the peer reported, when that came */
	const struct taut_stat *members;
	size_t member_count;
};

/* A report of all there is. It is lent until the next report of this connection. TAUT_E_NOMEM.
 * webrtc-pc 8.2. */
int taut_pc_get_stats(taut_pc *pc, taut_time now, const struct taut_stats **out, size_t *count);
/* A report of what a transceiver sends, and all that this refers to. Lent as by taut_pc_get_stats.
 * TAUT_E_GONE: there is no such transceiver; TAUT_E_NOMEM. webrtc-pc 5.2 getStats. */
int taut_pc_get_sender_stats(taut_pc *pc, taut_time now, taut_transceiver t,
			     const struct taut_stats **out, size_t *count);
/* A report of what a transceiver receives. Lent and refused as there. webrtc-pc 5.3 getStats. */
int taut_pc_get_receiver_stats(taut_pc *pc, taut_time now, taut_transceiver t,
			       const struct taut_stats **out, size_t *count);
/* A member by its name. NULL: there is none. */
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
	/* TAUT_TELLS_: which of the members below are known, where 0 may be what they are. */
	uint64_t tells;
	uint64_t qp_sum; /* of all frames; for VP8 of y_ac_qi, RFC 6386 section 9.6 */
	/* Of video that is encoded */
	double target_bitrate;                /* bit/s, now */
	uint64_t total_encoded_bytes_target;  /* of each frame what it was to take */
	uint64_t huge_frames;                 /* that took 2.5 times as much, or more */
	uint64_t quality_limitation;          /* TAUT_LIMITED_BY_, since */
	taut_time limited_at;                 /* this moment, or since the encoding began if that was later; 0: the latest that the connection was told */
	/* Of video that is decoded: pictures that were shown, and the times between them in seconds */
	uint64_t frames_rendered;
	double total_inter_frame_delay, total_squared_inter_frame_delay;
	uint64_t freeze_count, pause_count;
	double total_freezes_duration, total_pauses_duration;
	/* From the first packet of a frame (taut_frame.first_received) until it was decoded, seconds; of sound for each
	 * sample. */
	double total_processing_delay;
	/* Of sound that is played: samples, of one channel */
	uint64_t concealed_samples, silent_concealed_samples, concealment_events;
	uint64_t inserted_samples_for_deceleration, removed_samples_for_acceleration;
};
#define TAUT_TELLS_QP 1
#define TAUT_TELLS_TARGET 2      /* target_bitrate to huge_frames */
#define TAUT_TELLS_LIMITATION 4  /* of quality; who does not tell has none */
#define TAUT_TELLS_RENDERED 8    /* frames_rendered to total_pauses_duration */
#define TAUT_TELLS_PROCESSING 16 /* total_processing_delay */
#define TAUT_TELLS_PLAYOUT 32    /* concealed_samples and all after it */
/* RTCQualityLimitationReason */
#define TAUT_LIMITED_BY_NOTHING 0
#define TAUT_LIMITED_BY_CPU 1
#define TAUT_LIMITED_BY_BANDWIDTH 2
#define TAUT_LIMITED_BY_OTHER 3
/* What the encoder of a transceiver has done, for the reports to come; copied. TAUT_E_GONE: no such
 * transceiver, or none of its encodings has this rid; TAUT_E_INVAL: no size, or a limitation that
 * is none; TAUT_E_NOMEM. How long each limitation lasts is counted from one that is told to the
 * next. */
int taut_pc_set_encoder_stats(taut_pc *pc, taut_transceiver t,
			      const struct taut_codec_stats *stats);
/* What the decoder of a transceiver has done. Errors as there. */
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
