/* pc_drop.c - what was dropped and why, for the application. */
#include "peer/pc.h"
#include "taut/drop.h"

const struct taut_drop_info *taut_drop_info(uint32_t reason)
{
	return tt_drop_info(reason);
}

const char *taut_drop_text(uint32_t reason)
{
	return tt_drop_text(reason);
}

uint64_t taut_pc_drop_count(const taut_pc *pc, uint32_t reason)
{
	return tt_drop_info(reason) ? pc->base.drops[reason] : 0;
}

uint64_t pc_packets_dropped(const struct taut_pc *pc)
{
	uint64_t n = 0;

	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		if (tt_drop_info(r)->what == TAUT_DROP_IN)
			n += pc->base.drops[r];
	return n;
}
