/* sctp_bits.c - see sctp_bits.h. */
#include "sctp/sctp_bits.h"

#include <string.h>

bool tt_sctp_bits_grow(struct sctp_bits *b, struct tt_env *env, uint32_t n, struct serial32 first,
		       uint32_t count)
{
	uint32_t cap = b->cap ? b->cap : 64;

	while (cap < n)
		cap *= 2;
	if (cap == b->cap)
		return true;
	struct sctp_bits grown = { tt_resize(env, NULL, cap / 8), cap };
	if (!grown.words)
		return false;
	memset(grown.words, 0, cap / 8);
	for (uint32_t i = 0; i < count; i++)
		tt_sctp_set_bit(&grown, s32_add(first, i), tt_sctp_bit(b, s32_add(first, i)));
	tt_free(env, b->words);
	*b = grown;
	return true;
}

void tt_sctp_bits_free(struct sctp_bits *b, struct tt_env *env)
{
	tt_free(env, b->words);
	*b = (struct sctp_bits){ 0 };
}

void tt_sctp_bits_clear(struct sctp_bits *b)
{
	if (b->cap > 0)
		memset(b->words, 0, b->cap / 8);
}

struct serial32 tt_sctp_find_bit(const struct sctp_bits *b, struct serial32 from,
				 struct serial32 end, bool wanted)
{
	while (s32_before_eq(from, end)) {
		const uint32_t at = from.v & (b->cap - 1);
		const uint64_t word = (wanted ? b->words[at / 64] : ~b->words[at / 64]) >> at % 64;
		if (word != 0) {
			struct serial32 found = s32_add(from, (uint32_t)__builtin_ctzll(word));
			return s32_before(end, found) ? s32_add(end, 1) : found;
		}
		from = s32_add(from, 64 - at % 64);
	}
	return s32_add(end, 1);
}
