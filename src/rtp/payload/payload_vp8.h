/* payload_vp8.h - VP8 in RTP, RFC 7741 section 4. */
#ifndef TAUT_RTP_PAYLOAD_VP8_H
#define TAUT_RTP_PAYLOAD_VP8_H

#include "base/span.h"
#include "base/wr.h"

enum {
	TT_VP8_DESCRIPTOR = 4, /* what ours takes: X and I, a 15-bit picture id */
	TT_VP8_NO_VALUE = -1,
};

struct tt_vp8_descriptor {
	bool non_reference, start; /* N, S */
	bool key;                  /* this is the first packet of a key frame */
	uint8_t partition;         /* PID */
	int32_t picture_id, tl0_picture_index, temporal_index, key_index; /* -1: not there */
	bool layer_sync;
	struct span payload; /* not empty */
	uint16_t width, height; /* of a key frame */
};

/* False: cut off, or without payload. Points into data. */
bool tt_vp8_read(struct tt_vp8_descriptor *out, const uint8_t *data, size_t len);
/* The first byte of a frame's first partition says what it is, section 4.3. */
bool tt_vp8_is_key_frame(const uint8_t *frame, size_t len);
void tt_vp8_write(struct wr *w, bool start, uint16_t picture_id);

#endif
