/* turn.h - TURN, RFC 8656: its methods, and ChannelData, which is no STUN message.
 *
 * All else that TURN says is STUN: stun.h. A client is turn_client.h. */
#ifndef TAUT_STUN_TURN_H
#define TAUT_STUN_TURN_H

#include "stun/stun.h"

/* Section 17. */
enum tt_turn_method {
	TT_TURN_ALLOCATE = 0x003,
	TT_TURN_REFRESH = 0x004,
	TT_TURN_SEND = 0x006,
	TT_TURN_DATA = 0x007,
	TT_TURN_CREATE_PERMISSION = 0x008,
	TT_TURN_CHANNEL_BIND = 0x009,
};

enum {
	TT_TURN_CHANNEL_FIRST = 0x4000, /* section 12 */
	TT_TURN_CHANNEL_LAST = 0x4FFF,
	TT_TURN_CHANNEL_HEAD = 4,
	TT_TURN_UDP = 17, /* REQUESTED-TRANSPORT, section 18.8 */
	TT_TURN_IPV4 = 1, /* families, section 18.6 */
	TT_TURN_IPV6 = 2,
};

struct tt_turn_channel {
	uint16_t number;
	struct span data; /* lies in the datagram */
};

/* Section 12.6. Bytes behind the data may be padding. False: not ChannelData, or cut short. */
bool tt_turn_channel_read(struct tt_turn_channel *c, const uint8_t *pkt, size_t len);
/* Section 12.4: what goes before len bytes of data. */
void tt_turn_channel_head(uint8_t out[TT_TURN_CHANNEL_HEAD], uint16_t number, size_t len);

#define TT_TURN_NO_FRAME SIZE_MAX
/* Over TCP and TLS: how many bytes the message at p has, padding included (section 12.5, RFC 8489
 * section 6.2.2). 0: more of it must come before that is known. TT_TURN_NO_FRAME: it is neither
 * STUN nor ChannelData, and the stream is of no use any more. */
size_t tt_turn_frame(const uint8_t *p, size_t len);

#endif
