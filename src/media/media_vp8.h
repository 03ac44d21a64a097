/* media_vp8.h - what a VP8 frame says of itself before it is decoded, RFC 6386 section 9.1, and what codecs have done. */
#ifndef TAUT_MEDIA_VP8_H
#define TAUT_MEDIA_VP8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rd.h"
#include "taut/media.h"
#include "taut/stats.h"

struct tt_vp8_head {
	bool key;
	uint32_t width, height; /* of a key frame, else 0 */
};

/* False: too short, or a key frame without its start code or of no size. */
bool tt_vp8_head(const void *data, size_t len, struct tt_vp8_head *out);

/* y_ac_qi of the frame that was decoded last, 0 to 127: RFC 6386 section 9.6. */
uint64_t tt_vp8_decoder_qp(taut_vp8_decoder *dec);
/* The size of its frames, and what TAUT_TELLS_QP and TAUT_TELLS_TARGET mean, since it was made. */
void tt_vp8_encoder_tell(const taut_vp8_encoder *enc, struct taut_codec_stats *to);

#endif
