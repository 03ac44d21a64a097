/* media.h - what the tests of media share. */
#ifndef TAUT_TEST_HOSTILE_MEDIA_H
#define TAUT_TEST_HOSTILE_MEDIA_H

#include <stdlib.h>

#include "hostile/craft.h"

enum { FRESH = 0x5eed0000 }; /* SSRCs that nobody named */

static inline const struct tt_rtp_counters *rtp(const struct hostile *h)
{
	return &h->pc->rtp->counters;
}

/* So long that another SSRC may take a stream over. */
static inline void fall_silent(struct hostile *h)
{
	hostile_run(h, SECOND / 2);
}

static inline uint64_t dropped_by(const struct hostile *h)
{
	struct taut_counters c = { .size = sizeof c };

	assert_int_equal(taut_pc_get_counters(h->pc, &c), TAUT_OK);
	return c.packets_dropped;
}

static inline size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (; hex[0] && hex[1] && n < cap; hex += 2) {
		char two[3] = { hex[0], hex[1], 0 };
		out[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

#endif
