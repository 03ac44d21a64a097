/* solo.h - inside a call, an association of the good one whose other end is written by hand, chunk by chunk.
 *
 * It costs a hundredth of a call, so that a sweep can begin anew whenever one has ended. The bad one's stack takes no
 * part but by its DTLS: the link is cut, and no time may pass. */
#ifndef TAUT_TEST_HOSTILE_SOLO_H
#define TAUT_TEST_HOSTILE_SOLO_H

#include "hostile/chunks.h"

/* In COOKIE-WAIT, COOKIE-ECHOED or ESTABLISHED, with the channel "chat" of the good one; interleaved: messages are,
 * RFC 8260. What it was before, or how it ended, is forgotten at the good end. */
void solo_begin(struct hostile *h, enum sctp_state state, bool interleaved);
/* Both ends set one up again, over the link, and the channel is open: as after hostile_begin. */
void solo_end(struct hostile *h);
/* The number that comes next in order on the stream: its SSN or MID. */
uint32_t solo_next_mid(const struct hostile *h, uint16_t stream);
/* A whole message in one chunk, the next in order. */
void solo_send_message(struct hostile *h, uint16_t stream, uint32_t ppid, const void *data,
		       size_t len);
/* A packet with a chunk of that type, right in itself and with the numbers of this moment; zeros behind. Its length. */
size_t solo_sample(struct hostile *h, uint8_t type, uint8_t *buf, size_t cap);

#endif
