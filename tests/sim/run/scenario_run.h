/* scenario_run.h - a scenario under way: what its files share. */
#ifndef TAUT_SIM_SCENARIO_RUN_H
#define TAUT_SIM_SCENARIO_RUN_H

#include "run/scenario.h"
#include "run/session_int.h"

enum { SCENARIO_KINDS = 5, SCENARIO_STATES = 8 };

struct scenario_run {
	const struct scenario *sc;
	struct session *s;
	bool up;
	taut_time up_at;
	struct {
		/* the first time; 0: never */
		taut_time state_at[SCENARIO_STATES], milestone_at[SCENARIO_STATES];
		unsigned sent[SCENARIO_KINDS]; /* datagrams, for the drops */
	} sides[2];
};

#define SCENARIO_FAIL(run, l, a, fmt, ...)                                                         \
	world_fail((run)->s->world, "%s:%u: %s " fmt, (run)->sc->path, (l)->line,                  \
		   (a)->peer.cfg.name, __VA_ARGS__)

taut_time scenario_moment_at(const struct scenario_run *run, const struct scenario_moment *m);
/* A side does, or suffers, what a line says; what the line claims of a side is judged. */
void scenario_act(struct scenario_run *run, const struct scenario_line *l, struct side *a);
void scenario_check(const struct scenario_run *run, const struct scenario_line *l,
		    const struct side *a);

#endif
