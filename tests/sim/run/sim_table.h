/* sim_table.h - results of many sessions, by profile. */
#ifndef TAUT_SIM_TABLE_H
#define TAUT_SIM_TABLE_H

#include "run/session.h"

struct sim_row {
	unsigned sessions, expected, connected, failed, repeated;
	double *times, *goodputs; /* of those that connected, in seconds and bytes a second */
	unsigned count;
	double virtual_seconds;
	uint64_t datagrams;
	size_t memory_peak;
	/* of undisturbed sessions */
	unsigned audio_sent, audio_received, video_sent, video_received;
};

struct sim_failure {
	uint64_t seed;
	int profile;
	char text[WORLD_FAILURE_TEXT];
};

enum { SIM_FAILURES_SHOWN = 64 };

struct sim_table {
	struct sim_row rows[PROFILES];
	struct sim_failure failures[SIM_FAILURES_SHOWN]; /* those of the lowest seeds, in order */
	unsigned failure_count;
	unsigned wraps[SESSION_WRAPS]; /* sessions that saw one */
	uint64_t refused; /* packets, and nothing changed */
	unsigned asked_dns;            /* sessions */
	unsigned one_net, carriers[2]; /* likewise: whose NAT does not hairpin, and does */
	uint64_t hash;                 /* of all sessions, whatever their order */
	const char *option;            /* beside seed and profile, to run one of them again */
	double cpu_seconds, wall_seconds;
};

void sim_table_add(struct sim_table *t, uint64_t seed, int profile, const struct session_result *r);
void sim_table_print(struct sim_table *t);
void sim_table_print_json(struct sim_table *t); /* one object a line */
void sim_table_free(struct sim_table *t);
void sim_print_text(const char *text); /* as JSON, with its quotes */

#endif
