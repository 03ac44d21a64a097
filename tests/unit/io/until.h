/* until.h - steps a loop until something holds, with a deadline that the loop's own timer keeps. */
#ifndef TAUT_TEST_IO_UNTIL_H
#define TAUT_TEST_IO_UNTIL_H

#include "taut/loop.h"

static inline void until_late(void *late)
{
	*(bool *)late = true;
}

/* w->loop, at most DEADLINE microseconds. */
#define until(w, condition)                                                                        \
	do {                                                                                       \
		bool late = false;                                                                 \
		const taut_timer limit = taut_loop_after((w)->loop, DEADLINE, until_late, &late);  \
		while (!(condition) && !late)                                                      \
			assert_int_equal(taut_loop_step((w)->loop, -1), TAUT_OK);                  \
		taut_loop_cancel((w)->loop, limit);                                                \
		assert_true(condition);                                                            \
	} while (0)

#endif
