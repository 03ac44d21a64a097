/* rtp_tone.h - a key of a telephone that is being sent, and those that are heard: RFC 4733 section 2.5.
 *
 *     key down                      up
 *     |  report   report   report   end  end  end      every 20 ms, duration so far
 *
 * A tone takes the place of sound in the stream: numbers and timestamps go on. One that lasts longer
 * than a report can say (1.4 seconds of 48 kHz) goes on as another segment. */
#ifndef TAUT_RTP_RTP_TONE_H
#define TAUT_RTP_RTP_TONE_H

#include "base/span.h"
#include "rtp/rtp_history.h"

/* What leaves. Zeros: nothing does. */
struct tt_rtp_tone {
	taut_time next; /* when something is to be reported; 0: no tone */
	taut_time began, duration;
	uint32_t clock_rate;
	uint32_t ts;    /* of the segment ... */
	uint64_t units; /* ... and what was before it */
	uint16_t last;  /* the duration last reported */
	uint8_t event, pt;
	uint8_t ends; /* reports of the end still to be sent; 0: it lasts */
	bool marked;  /* the first report is out */
};

/* The end of one that is under way is reported at once. */
void tt_rtp_tone_start(struct tt_rtp_tone *t, struct tt_rtp_history *h, taut_time now,
		       const struct tt_rtp_tone *fresh);
/* Queues what is due. Where the history has no room for it, a report is left out. */
void tt_rtp_tone_tick(struct tt_rtp_tone *t, struct tt_rtp_history *h, taut_time now);

enum { TT_RTP_HEARD = 16 };

/* What came, each key once. */
struct tt_rtp_heard {
	bool any, ended;
	uint8_t event;
	uint16_t duration;
	uint32_t ts;
	uint8_t count, untold[TT_RTP_HEARD]; /* keys to be told, the oldest first */
};

/* Whether the payload is whole reports. */
bool tt_rtp_heard_whole(struct span payload);
/* False: there was no room for a key. */
bool tt_rtp_heard_take(struct tt_rtp_heard *h, uint32_t ts, struct span payload);
/* The next key to be told, as an event number; -1: none. */
int tt_rtp_heard_tell(struct tt_rtp_heard *h);

#endif
