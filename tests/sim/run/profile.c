/* profile.c - see profile.h. */
#include "run/profile.h"

#include <string.h>

enum { MS = 1000, KBIT = 1000, MBIT = 1000000, PERCENT = 10000, PERMILLE = 1000 };

/* least_audio and least_video: docs/TESTING.md has what 3,600 sessions showed at the least; these are lower by 5 and by
 * 10 in a hundred (chaos, of which no two are alike: 12 and 24). Where nothing is lost, by none. */
const struct profile profiles[PROFILES] = {
	{ .name = "lan",
	  .path = { .delay = MS / 2 },
	  .video_bytes = 4000,
	  .least_audio = 100,
	  .least_video = 100 },
	{ .name = "home",
	  .path = { .delay = 20 * MS, .loss = PERMILLE },
	  .video_bytes = 4000,
	  .least_audio = 97,
	  .least_video = 90 },
	{ .name = "mobile",
	  .path = { .delay = 60 * MS, .jitter = 30 * MS, .loss = PERCENT, .rate = 2 * MBIT },
	  .video_bytes = 3000,
	  .least_audio = 90,
	  .least_video = 84 }, /* one lost again and again costs a second, its PLI another half */
	/* In the bad state (a third of the time) a quarter is lost: 8 % in all. */
	{ .name = "bad-mobile",
	  .path = { .delay = 150 * MS,
		    .rate = 500 * KBIT,
		    .queue = 1000 * MS,
		    .to_bad = 25 * PERMILLE,
		    .to_good = 50 * PERMILLE,
		    .loss_bad = 24 * PERCENT },
	  .video_bytes = 800,
	  .least_audio = 83,
	  .least_video = 45 },
	{ .name = "satellite",
	  .path = { .delay = 600 * MS, .loss = 5 * PERMILLE },
	  .video_bytes = 2000,
	  .least_audio = 95,
	  .least_video = 72 }, /* one lost twice costs round trips of 1.2 s and a key frame */
	{ .name = "bufferbloat",
	  .path = { .delay = 20 * MS, .rate = MBIT, .queue = 2000 * MS },
	  .video_bytes = 1500,
	  .least_audio = 95,
	  .least_video = 90 },
	{ .name = "reorder",
	  .path = { .delay = 20 * MS, .reorder = 20 * PERCENT, .reorder_depth = 32 },
	  .video_bytes = 3000,
	  .least_audio = 91,
	  .least_video = 84 },
	{ .name = "duplicate",
	  .path = { .delay = 20 * MS, .duplicate = 20 * PERCENT },
	  .video_bytes = 3000,
	  .least_audio = 100,
	  .least_video = 100 },
	{ .name = "corrupt",
	  .path = { .delay = 20 * MS, .corrupt = 15 * PERMILLE, .truncate = 5 * PERMILLE },
	  .video_bytes = 3000,
	  .least_audio = 90,
	  .least_video = 86 },
	{ .name = "small-mtu",
	  .path = { .delay = 20 * MS, .mtu = 1200 },
	  .video_bytes = 4000,
	  .least_audio = 100,
	  .least_video = 100 },
	{ .name = "outage",
	  .path = { .delay = 20 * MS, .loss = PERMILLE },
	  .outage = 10000 * MS,
	  .video_bytes = 3000,
	  .least_audio = 97,
	  .least_video = 90 },
	{ .name = "chaos",
	  .drawn = true,
	  .video_bytes = 1500,
	  .least_audio = 80,
	  .least_video = 40 },
};

int profile_by_name(const char *name)
{
	for (int i = 0; i < PROFILES; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return i;
	return -1;
}

struct world_link_config profile_half(const struct world_link_config *path)
{
	struct world_link_config h = *path;

	h.delay /= 2;
	h.jitter /= 2;
	h.loss /= 2;
	h.duplicate /= 2;
	h.corrupt /= 2;
	h.truncate /= 2;
	h.reorder /= 2;
	h.loss_bad /= 2;
	return h;
}

struct world_link_config profile_draw(struct world_random *r)
{
	struct world_link_config c = { .delay = world_between(r, 0, 300) * MS };

	c.jitter = world_one_in(r, 2) ? world_between(r, 1, 60) * MS : 0;
	c.rate = world_one_in(r, 2) ? (uint64_t)world_between(r, 400, 5000) * KBIT : 0;
	c.queue = world_between(r, 100, 1500) * MS;
	c.loss = world_one_in(r, 2) ? (uint32_t)world_between(r, 0, 4 * PERCENT) : 0;
	if (world_one_in(r, 4)) {
		c.to_bad = (uint32_t)world_between(r, 1, 20) * PERMILLE;
		c.to_good = (uint32_t)world_between(r, 50, 200) * PERMILLE;
		c.loss_bad = (uint32_t)world_between(r, 5, 40) * PERCENT;
	}
	c.duplicate = world_one_in(r, 3) ? (uint32_t)world_between(r, 0, 10 * PERCENT) : 0;
	c.corrupt = world_one_in(r, 3) ? (uint32_t)world_between(r, 0, PERCENT) : 0;
	c.truncate = world_one_in(r, 3) ? (uint32_t)world_between(r, 0, PERCENT) : 0;
	if (world_one_in(r, 3)) {
		c.reorder = (uint32_t)world_between(r, 0, 20 * PERCENT);
		c.reorder_depth = (unsigned)world_between(r, 1, 32);
	}
	c.mtu = world_one_in(r, 4) ? (uint32_t)world_between(r, 1200, 1472) : 0;
	return c;
}
