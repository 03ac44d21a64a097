/* payload_opus.c - what an Opus packet says about itself, RFC 6716 section 3.
 *
 *   | config  |s| c |   the TOC byte: mode and frame size, stereo, frame count code
 *
 * Only the framing is checked (requirements R1 to R7 of section 3.4), so that a
 * decoder never meets a packet whose frames do not add up. */
#include "rtp/payload/payload_opus.h"

#include "base/rd.h"

enum { MAX_FRAME = 1275, MAX_SAMPLES = 5760 /* R5: 120 ms */ };

/* Table 2: samples of one frame at 48 kHz by configuration. */
static uint32_t frame_samples(uint8_t config)
{
	static const uint16_t silk[4] = { 480, 960, 1920, 2880 };
	static const uint16_t hybrid[2] = { 480, 960 };
	static const uint16_t celt[4] = { 120, 240, 480, 960 };

	if (config < 12)
		return silk[config & 3];
	return config < 16 ? hybrid[config & 1] : celt[config & 3];
}

/* 3.2.1: one byte to 251, else two. */
static size_t read_length(struct rd *r)
{
	size_t n = rd_u8(r);

	return n < 252 ? n : n + 4u * rd_u8(r);
}

/* 3.2.5: any number of frames, with padding and lengths of their own if they differ. */
static uint32_t code3_frames(struct rd *r)
{
	uint8_t b = rd_u8(r);
	uint32_t frames = b & 63;

	if (b & 0x40) {
		uint8_t n;

		do {
			n = rd_u8(r);
			size_t pad = n == 255 ? 254 : n;

			if (rd_left(r) < pad)
				return 0;
			r->len -= pad;
		} while (n == 255); /* a bad cursor reads 0 */
	}
	if (r->bad || frames == 0)
		return 0;
	if (!(b & 0x80))
		return rd_left(r) % frames == 0 && rd_left(r) / frames <= MAX_FRAME ? frames : 0;
	size_t sum = 0;
	for (uint32_t i = 1; i < frames; i++)
		sum += read_length(r);
	if (r->bad || sum > rd_left(r) || rd_left(r) - sum > MAX_FRAME)
		return 0;
	return frames;
}

uint32_t tt_opus_duration(const uint8_t *data, size_t len)
{
	struct rd r = rd_make(data, len);
	uint8_t toc = rd_u8(&r);
	uint32_t frames = 0;

	if (r.bad)
		return 0; /* R1 */
	size_t left = rd_left(&r);
	switch (toc & 3) {
	case 0:
		frames = left <= MAX_FRAME ? 1 : 0;
		break;
	case 1:
		frames = left % 2 == 0 && left / 2 <= MAX_FRAME ? 2 : 0;
		break;
	case 2: {
		size_t first = read_length(&r);

		frames = !r.bad && first <= rd_left(&r) && rd_left(&r) - first <= MAX_FRAME ? 2 : 0;
		break;
	}
	default:
		frames = code3_frames(&r);
	}
	uint32_t samples = frames * frame_samples(toc >> 3);

	return samples <= MAX_SAMPLES ? samples : 0;
}
