/* layers: media rtp base; corpus: vp8 */
/* fuzz_vp8.c - a VP8 payload descriptor is read or refused, and its values keep their ranges; the head of a frame
 * says what libvpx reads in the same bytes. */
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

#include "fuzz.h"
#include "media/media_vp8.h"
#include "rtp/payload/payload_vp8.h"

static void ours(bool start, uint16_t picture_id)
{
	uint8_t buf[TT_VP8_DESCRIPTOR + 1];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_vp8_descriptor d;

	tt_vp8_write(&w, start, picture_id);
	wr_u8(&w, 1);
	FUZZ_CHECK(wr_len(&w) == sizeof buf && tt_vp8_read(&d, buf, sizeof buf), "ours is read");
	FUZZ_CHECK(d.start == start && d.picture_id == picture_id && d.payload.len == 1,
		   "the same");
}

static void head(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct tt_vp8_head h;
	const bool ok = tt_vp8_head(data, size, &h);
	vpx_codec_stream_info_t theirs = { .sz = sizeof theirs };

	fuzz_check_work(before, size, 1);
	if (size < 10 || data[0] & 1) { /* libvpx wants to see a key frame */
		FUZZ_CHECK(ok == (size >= 3 && data[0] & 1) && (!ok || !h.key),
			   "RFC 6386 section 9.1: a tag, and the header of a key frame");
		return;
	}
	const bool good = vpx_codec_peek_stream_info(vpx_codec_vp8_dx(), data, (unsigned)size,
						     &theirs) == VPX_CODEC_OK;
	FUZZ_CHECK(good == ok, "libvpx takes what we take");
	FUZZ_CHECK(!ok || (h.key == (theirs.is_kf != 0) && h.width == theirs.w &&
			   h.height == theirs.h),
		   "libvpx says the same of it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_vp8_descriptor d;

	head(data, size);
	const uint64_t before = tt_work_total;
	(void)tt_vp8_is_key_frame(data, size);
	const bool ok = tt_vp8_read(&d, data, size);
	fuzz_check_work(before, size, 1);
	if (!ok)
		return 0;
	FUZZ_CHECK(d.payload.len > 0 && d.payload.p + d.payload.len == data + size,
		   "the payload is the end of the packet");
	FUZZ_CHECK(size - d.payload.len >= 1 && size - d.payload.len <= 6, "behind 1 to 6 bytes");
	FUZZ_CHECK(d.picture_id >= -1 && d.picture_id <= 0x7fff && d.tl0_picture_index <= 255 &&
			   d.temporal_index <= 3 && d.key_index <= 31 && d.partition <= 7,
		   "values in their ranges");
	FUZZ_CHECK(!d.key || (d.start && d.payload.len >= 10), "a key frame has its header");
	if (d.picture_id >= 0)
		ours(d.start, (uint16_t)d.picture_id);
	return 0;
}
