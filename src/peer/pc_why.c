/* pc_why.c - why there is a path to the peer, or none: taut/why.h. The sentences are ice_why.c's. */
#include "taut/why.h"

#include "peer/pc.h"

struct pc_why {
	struct tt_ice_why ice;
	struct taut_why lent;
};

const struct taut_why *taut_pc_why_at(taut_pc *pc, size_t index)
{
	if (!pc->why)
		pc->why = tt_alloc(pc->env, sizeof *pc->why);
	if (!pc->why || !tt_ice_why(pc->ice, index, &pc->why->ice))
		return NULL;
	const struct tt_ice_why *w = &pc->why->ice;
	pc->why->lent = (struct taut_why){ .about = w->about,
					   .code = w->code,
					   .text = w->text,
					   .spec = w->spec,
					   .local = w->local,
					   .remote = w->remote };
	return &pc->why->lent;
}
