/* layers: stun base; corpus: stun */
/* fuzz_channeldata.c - TURN's ChannelData is read back as written; a byte stream is cut into messages. */
#include <string.h>

#include "base/num.h"
#include "fuzz.h"
#include "stun/turn.h"

static void channel(const uint8_t *data, size_t size)
{
	uint8_t head[TT_TURN_CHANNEL_HEAD];
	const uint64_t before = tt_work_total;
	struct tt_turn_channel c;
	const bool good = tt_turn_channel_read(&c, data, size);

	fuzz_check_work(before, size, 1);
	if (!good)
		return;
	FUZZ_CHECK(c.number >= TT_TURN_CHANNEL_FIRST && c.number <= TT_TURN_CHANNEL_LAST,
		   "a channel's number");
	FUZZ_CHECK(c.data.len + TT_TURN_CHANNEL_HEAD <= size, "the data lies in the datagram");
	tt_turn_channel_head(head, c.number, c.data.len);
	FUZZ_CHECK(memcmp(head, data, sizeof head) == 0, "the same head");
}

/* Whatever came so far, more of it never changes how long the first message is. */
static void stream(const uint8_t *data, size_t size)
{
	size_t at = 0;

	for (int n = 0; n < 64 && at < size; n++) {
		const uint64_t before = tt_work_total;
		const size_t whole = tt_turn_frame(data + at, size - at);
		FUZZ_CHECK(tt_work_total - before <= 4, "the head says how long it is");
		for (size_t some = 0; some < tt_min(size - at, 24); some++) {
			const size_t early = tt_turn_frame(data + at, some);
			FUZZ_CHECK(early == 0 || early == whole, "known early, and otherwise");
		}
		if (whole == 0 || whole == TT_TURN_NO_FRAME || whole > size - at)
			break;
		FUZZ_CHECK(whole % 4 == 0 && whole >= 4, "a message and its padding");
		at += whole;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	channel(data, size);
	stream(data, size);
	return 0;
}
