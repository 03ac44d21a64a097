/* io_clock.c - the only place that reads a clock for the stack. */
#define _GNU_SOURCE
#include "io/io_clock.h"

#include "base/num.h"

enum { STAMP_MAX_AGE = 1000000 };

static int64_t to_us(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000000 + ts->tv_nsec / 1000;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return to_us(&ts);
}

taut_time tt_io_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t tt_io_unix_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

taut_time tt_io_stamp(const struct timespec *stamp, taut_time now, int64_t unix_us)
{
	return now - tt_clamp64(unix_us - to_us(stamp), 0, STAMP_MAX_AGE);
}
