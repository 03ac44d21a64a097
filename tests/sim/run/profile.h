/* profile.h - the twelve kinds of network a session may find: the table of docs/TESTING.md. */
#ifndef TAUT_SIM_PROFILE_H
#define TAUT_SIM_PROFILE_H

#include "world/world_link.h"

struct profile {
	const char *name;
	struct world_link_config path; /* from end to end, one way; half of it lies at each end */
	taut_time outage;              /* in the middle of the call; 0: none */
	bool drawn;                    /* chaos: path and outage come from the seed */
	unsigned video_bytes;          /* of one frame, 15 a second */
	unsigned least_audio;          /* per cent of the frames sent that must arrive */
	unsigned least_video;
};

enum { PROFILES = 12 };
extern const struct profile profiles[PROFILES];

/* -1: there is none of that name. */
int profile_by_name(const char *name);
/* One end's share of the path: delay, jitter and shares of loss halved, limits as they are. */
struct world_link_config profile_half(const struct world_link_config *path);
/* For the profile whose path the seed draws. */
struct world_link_config profile_draw(struct world_random *r);

#endif
