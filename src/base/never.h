/* never.h - a branch that cannot be taken, and why.
 *
 *     if (TT_NEVER(n < 0, "snprintf fails on no format of ours"))
 *             return false;
 *
 * An assert, and with asserts off still a check. ./dev coverage counts such branches apart from
 * those that a test should take, so a mark is a whole condition, and evaluated twice. */
#ifndef TAUT_BASE_NEVER_H
#define TAUT_BASE_NEVER_H

#include <assert.h>
#include <stdbool.h>

#ifdef NDEBUG
#define TT_NEVER(condition, why) (condition)
#else
#define TT_NEVER(condition, why) (assert(!(condition) && (why)), (condition))
#endif

#endif
