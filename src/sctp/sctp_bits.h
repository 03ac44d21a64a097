/* sctp_bits.h - one bit for each TSN of a window, in a ring: which have arrived, which are acknowledged.
 *
 * TSNs are looked at 64 at a time. Who owns the ring sees that no two of its TSNs share a bit. */
#ifndef TAUT_SCTP_BITS_H
#define TAUT_SCTP_BITS_H

#include "base/env.h"
#include "base/serial.h"

struct sctp_bits {
	uint64_t *words;
	uint32_t cap; /* bits: 0, or a power of two and at least 64 */
};

/* Room for n bits, at most 65,536; those of the TSNs from first on, of which there are count, stay as they are, and
 * all others are clear. False: no memory, and nothing changed. */
bool tt_sctp_bits_grow(struct sctp_bits *b, struct tt_env *env, uint32_t n, struct serial32 first,
		       uint32_t count);
void tt_sctp_bits_free(struct sctp_bits *b, struct tt_env *env);
void tt_sctp_bits_clear(struct sctp_bits *b); /* all */

static inline bool tt_sctp_bit(const struct sctp_bits *b, struct serial32 tsn)
{
	const uint32_t at = tsn.v & (b->cap - 1);

	return b->words[at / 64] >> at % 64 & 1;
}

static inline void tt_sctp_set_bit(struct sctp_bits *b, struct serial32 tsn, bool on)
{
	const uint32_t at = tsn.v & (b->cap - 1);
	const uint64_t mask = (uint64_t)1 << at % 64;

	b->words[at / 64] = on ? b->words[at / 64] | mask : b->words[at / 64] & ~mask;
}

/* The first TSN from `from` to end, both included, whose bit is as wanted; the one behind end, if there is none. */
struct serial32 tt_sctp_find_bit(const struct sctp_bits *b, struct serial32 from,
				 struct serial32 end, bool wanted);

#endif
