/* media_vp8.h - what a VP8 frame says of itself before it is decoded, RFC 6386 section 9.1. */
#ifndef TAUT_MEDIA_VP8_H
#define TAUT_MEDIA_VP8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rd.h"

struct tt_vp8_head {
	bool key;
	uint32_t width, height; /* of a key frame, else 0 */
};

/* False: too short, or a key frame without its start code or of no size. */
bool tt_vp8_head(const void *data, size_t len, struct tt_vp8_head *out);

#endif
