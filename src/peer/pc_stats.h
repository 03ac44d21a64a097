/* pc_stats.h - a report in the making: pc_stats.c holds it, pc_stats_path.c and pc_stats_media.c fill it.
 *
 *     pc_stat_begin(r, "transport", "transport");
 *     pc_stat_number(r, "bytesSent", n);
 *     pc_stat_end(r);
 *
 * What fails for want of memory is remembered, and the report as a whole fails. */
#ifndef TAUT_PEER_PC_STATS_H
#define TAUT_PEER_PC_STATS_H

#include "peer/pc.h"
#include "taut/stats.h"

enum { PC_STAT_MEMBERS = 72, PC_STAT_ID = 168 };

struct pc_report {
	struct tt_env *env;
	taut_time now;
	double wall;      /* of now, milliseconds since 1970 */
	double timestamp; /* of the object in the making: now, but for what a peer has reported */
	bool failed;
	struct taut_stats *all; /* each with its members and texts in a block of its own */
	size_t count, room;
	struct taut_stat members[PC_STAT_MEMBERS]; /* of the object in the making */
	size_t text_at[PC_STAT_MEMBERS];           /* and where in texts theirs begin */
	size_t member_count;
	char *texts;
	size_t texts_len, texts_room;
	char id[PC_STAT_ID];
	const char *type;
};

/* What was told about the encoder or decoder of a transceiver. */
struct pc_codec_stats {
	struct taut_codec_stats what;
	char implementation[32];
	/* Of an encoder: how long it was limited by each, without the present one, which began at limited_at */
	taut_time limited[4], limited_at;
	uint32_t resolution_changes; /* while it was limited, or no more */
};

/* type is a literal, as all names of members. */
void pc_stat_begin(struct pc_report *r, const char *type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void pc_stat_number(struct pc_report *r, const char *name, double n);
void pc_stat_count(struct pc_report *r, const char *name, uint64_t n);
void pc_stat_seconds(struct pc_report *r, const char *name, taut_time us);
void pc_stat_moment(struct pc_report *r, const char *name, taut_time at); /* 0: none */
/* What the object says came then: webrtc-stats has the arrival of a report for its timestamp. */
void pc_stat_reported(struct pc_report *r, taut_time at);
void pc_stat_flag(struct pc_report *r, const char *name, bool yes);
/* The text is copied. NULL: no member. */
void pc_stat_text(struct pc_report *r, const char *name, const char *text);
/* The id of another object, as pc_stat_begin makes it. */
void pc_stat_reference(struct pc_report *r, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void pc_stat_end(struct pc_report *r);

/* pc_stats_path.c */
void pc_stat_path(struct taut_pc *pc, struct pc_report *r);
/* RFC 3550 section 4: seconds since 1900 in the upper half, their fraction in the lower. Milliseconds since 1970 */
static inline double pc_stat_ntp(uint64_t ntp)
{
	return ((double)ntp / 4294967296.0 - 2208988800.0) * 1e3;
}

/* pc_stats_inbound.c */
void pc_put_inbound(struct pc_report *r, const struct pc_transceiver *t, size_t slot,
		    const struct tt_rtp_receiver_stats *s, const struct pc_codec *codec,
		    const char *track);
void pc_put_remote_outbound(struct pc_report *r, const struct pc_transceiver *t,
			    const struct tt_rtp_receiver_stats *s, const struct pc_codec *codec);

/* pc_stats_media.c */
/* RTCRtpStreamStats */
void pc_put_stream(struct pc_report *r, const struct pc_transceiver *t, uint32_t ssrc,
		   const struct pc_codec *codec);
/* What frames look like, and how much of what is heard. */
void pc_put_sizes(struct pc_report *r, const struct pc_transceiver *t,
		  const struct taut_codec_stats *c);
void pc_put_loudness(struct pc_report *r, const struct taut_codec_stats *c);
void pc_stat_media(struct taut_pc *pc, struct pc_report *r);
void pc_stat_channels(struct taut_pc *pc, struct pc_report *r);

#endif
