/* drop.h - why something was dropped.
 *
 * A function that judges what came in answers with a reason of taut/drop.h, or with TT_TAKEN; who
 * called it says tt_drop (base/env.h), once for each thing dropped. */
#ifndef TAUT_BASE_DROP_H
#define TAUT_BASE_DROP_H

#include "taut/drop.h"

enum { TT_TAKEN = 0 };

const struct taut_drop_info *tt_drop_info(uint32_t reason); /* NULL: no such reason */
const char *tt_drop_text(uint32_t reason);                  /* never NULL */

#endif
