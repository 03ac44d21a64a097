/* sim_options.h - what the command line of sim says, and the things it can do. */
#ifndef TAUT_SIM_OPTIONS_H
#define TAUT_SIM_OPTIONS_H

#include "run/sim_table.h"

struct sim_options {
	uint64_t seeds, first, replay;
	unsigned jobs;
	int profile; /* -1: all in turn */
	const char *scenario, *pcap;
	uint32_t srtp; /* TAUT_SRTP_ */
	const char
		*srtp_option; /* that says so, for the command that shows a failure again, or "" */
	bool json, quiet, trace, replaying, has_seeds, has_first;
};

/* Each answers the status of the process: 1 when something did not hold. */
int sim_many(const struct sim_options *o);     /* sim_many.c */
int sim_replay(const struct sim_options *o);   /* sim_one.c */
int sim_scenario(const struct sim_options *o); /* sim_one.c */

int sim_profile_of(const struct sim_options *o, uint64_t seed);
/* What is said when an assertion or a sanitizer ends the process: how to see it again. */
void sim_running(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
