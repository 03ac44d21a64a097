/* srtp_index.h - from sequence numbers to indices. */
#ifndef TAUT_SRTP_SRTP_INDEX_H
#define TAUT_SRTP_SRTP_INDEX_H

#include <stdint.h>

/* RFC 3711 section 3.3.1: the index of a sequence number, by the ROC that brings it closest to the
 * highest one seen. Before the first wrap there is no ROC to go back to. */
static inline uint64_t tt_srtp_index(uint64_t top, uint16_t seq)
{
	const uint64_t roc = top >> 16;
	const uint16_t last = (uint16_t)top;

	if (last < 0x8000)
		return (seq - last > 0x8000 && roc > 0 ? roc - 1 : roc) << 16 | seq;
	return (seq < last - 0x8000 ? roc + 1 : roc) << 16 | seq;
}

#endif
