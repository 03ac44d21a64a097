/* turn.c - ChannelData, RFC 8656 section 12, and messages one after another in a stream.
 *
 *   |        Channel Number         |            Length             |
 *   |                       Application Data                        |
 *
 * The length does not count the padding to four bytes, which only streams demand. */
#include "stun/turn.h"

#include "base/num.h"
#include "base/rd.h"

bool tt_turn_channel_read(struct tt_turn_channel *c, const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	uint16_t number = rd_u16(&r), n = rd_u16(&r);
	const uint8_t *data = rd_take(&r, n);

	if (r.bad || number < TT_TURN_CHANNEL_FIRST || number > TT_TURN_CHANNEL_LAST)
		return false;
	*c = (struct tt_turn_channel){ .number = number, .data = { data, n } };
	return true;
}

void tt_turn_channel_head(uint8_t out[TT_TURN_CHANNEL_HEAD], uint16_t number, size_t len)
{
	struct wr w = wr_make(out, TT_TURN_CHANNEL_HEAD);

	wr_u16(&w, number);
	wr_u16(&w, tt_u16(len));
}

size_t tt_turn_frame(const uint8_t *p, size_t len)
{
	struct rd r = rd_make(p, len);
	uint16_t first = rd_u16(&r), n = rd_u16(&r);

	if (len > 0 && p[0] > 3 && (p[0] < 0x40 || p[0] > 0x4f))
		return TT_TURN_NO_FRAME; /* Table 3 of section 12 */
	if (r.bad)
		return 0;
	if (first >= TT_TURN_CHANNEL_FIRST)
		return (size_t)TT_TURN_CHANNEL_HEAD + n + (-(size_t)n & 3);
	return n % 4 == 0 ? (size_t)TT_STUN_HEADER_LEN + n : TT_TURN_NO_FRAME;
}
