/* media_meter.h - what a receiver hears and sees: loudness, pitch, the card's counter, and how
 * far its flash and its beep are apart. */
#ifndef TAUT_MEDIA_METER_H
#define TAUT_MEDIA_METER_H

#include <stdbool.h>

#include "taut/media.h"

#define TT_METER_WINDOW 240 /* 5 ms at 48 kHz: five periods of the beep */
#define TT_METER_BLOCK  4800

/* The same moment by two clocks; captured 0: not known. */
struct tt_moment {
	taut_time seen, captured;
};

/* Flash or beep: a beginning counts only after the thing was seen to be off. */
struct tt_signal {
	bool known, on, paired;
	uint32_t quiet; /* windows in a row without it */
	struct tt_moment began;
};

struct tt_meter {
	struct taut_sink_stats *stats;
	struct tt_signal flash, beep;
	int16_t window[TT_METER_WINDOW], block[TT_METER_BLOCK];
	uint32_t in_window, in_block;
	struct tt_moment window_at; /* of its first sample */
};

/* 48 kHz, mono or stereo; at is the moment of the first sample. */
void tt_meter_sound(struct tt_meter *m, const struct taut_pcm *pcm, struct tt_moment at);
void tt_meter_picture(struct tt_meter *m, const struct taut_image *image, struct tt_moment at);

#endif
