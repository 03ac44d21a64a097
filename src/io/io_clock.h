/* io_clock.h - the two clocks of the system, and the way from one to the other. */
#ifndef TAUT_IO_CLOCK_H
#define TAUT_IO_CLOCK_H

#include <time.h>

#include "taut/taut.h"

taut_time tt_io_now(void);   /* CLOCK_MONOTONIC, microseconds */
int64_t tt_io_unix_us(void); /* CLOCK_REALTIME, microseconds since 1970 */

/* The monotonic moment of a wall clock stamp that the kernel gave a packet, when the wall
 * clock reads unix_us at the moment now. Never after now, and at most a second before it:
 * the wall clock may have jumped between the stamp and now. */
taut_time tt_io_stamp(const struct timespec *stamp, taut_time now, int64_t unix_us);

#endif
