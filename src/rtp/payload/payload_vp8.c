/* payload_vp8.c - the VP8 payload descriptor and header, RFC 7741 sections 4.2 and 4.3.
 *
 *   |X|R|N|S|R| PID |   required
 *   |I|L|T|K|  RSV  |   if X
 *   |M| PictureID   |   if I; 15 bits in two bytes if M
 *   |   TL0PICIDX   |   if L
 *   |TID|Y| KEYIDX  |   if T or K
 *
 * Fragments are cut by rtp_sender.c. The frame itself is opaque but for the
 * three bytes that tell a key frame and its size. */
#include "rtp/payload/payload_vp8.h"

#include "base/num.h"
#include "base/rd.h"

/* 4.3 and RFC 6386 section 9.1: P is 0 in a key frame, then 9d 01 2a, width and height. */
bool tt_vp8_is_key_frame(const uint8_t *frame, size_t len)
{
	tt_work(tt_min(len, 4));
	return len >= 10 && !(frame[0] & 1) && frame[3] == 0x9d && frame[4] == 0x01 &&
	       frame[5] == 0x2a;
}

static void read_extension(struct rd *r, struct tt_vp8_descriptor *out)
{
	uint8_t flags = rd_u8(r);

	if (flags & 0x80) {
		uint8_t b = rd_u8(r);

		out->picture_id = b & 0x7f;
		if (b & 0x80)
			out->picture_id = out->picture_id << 8 | rd_u8(r);
	}
	if (flags & 0x40)
		out->tl0_picture_index = rd_u8(r);
	if (flags & 0x30) {
		uint8_t b = rd_u8(r);

		if (flags & 0x20) {
			out->temporal_index = b >> 6;
			out->layer_sync = b & 0x20;
		}
		if (flags & 0x10)
			out->key_index = b & 31;
	}
}

bool tt_vp8_read(struct tt_vp8_descriptor *out, const uint8_t *data, size_t len)
{
	struct rd r = rd_make(data, len);
	uint8_t b = rd_u8(&r);

	*out = (struct tt_vp8_descriptor){
		.non_reference = b & 0x20, .start = (b & 0x10) && (b & 7) == 0, .partition = b & 7,
		.picture_id = TT_VP8_NO_VALUE, .tl0_picture_index = TT_VP8_NO_VALUE,
		.temporal_index = TT_VP8_NO_VALUE, .key_index = TT_VP8_NO_VALUE,
	};
	if (b & 0x80)
		read_extension(&r, out);
	out->payload.len = rd_left(&r);
	if (out->payload.len == 0)
		return false;
	out->payload.p = rd_take(&r, out->payload.len);
	if (out->start && tt_vp8_is_key_frame(out->payload.p, out->payload.len)) {
		const uint8_t *p = out->payload.p;

		tt_work(4);
		out->key = true;
		out->width = tt_u16(((unsigned)p[7] << 8 | p[6]) & 0x3fff);
		out->height = tt_u16(((unsigned)p[9] << 8 | p[8]) & 0x3fff);
	}
	return true;
}

void tt_vp8_write(struct wr *w, bool start, uint16_t picture_id)
{
	wr_u8(w, start ? 0x90 : 0x80);
	wr_u8(w, 0x80);
	wr_u16(w, tt_u16(0x8000u | (picture_id & 0x7fffu)));
}
