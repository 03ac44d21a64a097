/* scenario_run.c - lets a scenario happen; see scenario.h. */
#include <stdlib.h>

#include "run/scenario_run.h"

#define UP_MOST (120 * (taut_time)SECOND) /* no longer is waited for "up" */

taut_time scenario_moment_at(const struct scenario_run *run, const struct scenario_moment *m)
{
	return (m->after_up ? run->up_at : run->s->world->start) + m->at;
}

static void happens(void *arg, uint64_t number)
{
	struct scenario_run *run = arg;
	const struct scenario_line *l = &run->sc->lines[number];

	for (int i = 0; i < 2; i++) {
		struct side *a = &run->s->sides[i];
		if (!(l->who & 1u << i))
			continue;
		if (l->what >= IS_STATE)
			scenario_check(run, l, a);
		else if (!a->peer.pc)
			SCENARIO_FAIL(run, l, a, "%s", "is gone and can do nothing");
		else
			scenario_act(run, l, a);
	}
	/* After all of it: what both do at one moment crosses on the way. */
	for (int i = 0; i < 2; i++)
		world_peer_pump(&run->s->sides[i].peer);
}

static void plan_lines(struct scenario_run *run, bool after_up)
{
	for (size_t i = 0; i < run->sc->line_count; i++) {
		const struct scenario_line *l = &run->sc->lines[i];
		if (!l->at_end && l->when.after_up == after_up)
			world_at(run->s->world, scenario_moment_at(run, &l->when), happens, run, i);
	}
}

void scenario_event(struct side *a, const struct taut_event *ev)
{
	struct scenario_run *run = a->s->scenario;
	bool state = ev->type == TAUT_EV_CONNECTION_STATE;

	if ((!state && ev->type != TAUT_EV_MILESTONE) || ev->number >= SCENARIO_STATES)
		return;
	taut_time *first = state ? &run->sides[a->index].state_at[ev->number]
				 : &run->sides[a->index].milestone_at[ev->number];
	if (*first == 0)
		*first = a->s->world->now;
	if (run->up || run->sides[0].state_at[TAUT_STATE_CONNECTED] == 0 ||
	    run->sides[1].state_at[TAUT_STATE_CONNECTED] == 0)
		return;
	run->up = true;
	run->up_at = a->s->world->now;
	plan_lines(run, true);
}

static unsigned kind_of(const uint8_t *data)
{
	enum { STUN = 1, DTLS, DATA, MEDIA };

	if (data[0] <= 3)
		return STUN;
	if (data[0] >= 128)
		return MEDIA;
	return data[0] == 23 ? DATA : DTLS; /* RFC 6347 section 4.1: application_data */
}

bool scenario_lets(struct world_peer *p, const uint8_t *data, size_t len)
{
	const struct side *a = p->cfg.user;
	struct scenario_run *run = a->s->scenario;
	unsigned *sent = run->sides[a->index].sent, kind = kind_of(data);
	bool lets = true;

	(void)len;
	for (size_t i = 0; i < run->sc->drop_count; i++) {
		const struct scenario_drop *d = &run->sc->drops[i];
		bool meant = d->who & 1u << a->index && (d->kind == 0 || d->kind == kind);
		lets &= !(meant && sent[d->kind] >= d->from && sent[d->kind] <= d->to);
	}
	sent[0]++;
	sent[kind]++;
	return lets;
}

static bool is_up(void *user)
{
	return ((struct scenario_run *)user)->up;
}

static void run_to_the_end(struct scenario_run *run)
{
	struct world *w = run->s->world;

	plan_lines(run, false);
	if (run->sc->end.after_up && !world_run(w, w->start + UP_MOST, is_up, run)) {
		world_fail(w, "%s:%u: both are never connected", run->sc->path, run->sc->end_line);
		return;
	}
	world_run(w, scenario_moment_at(run, &run->sc->end), NULL, NULL);
}

static void judge(const struct scenario_run *run)
{
	for (size_t i = 0; i < run->sc->line_count; i++)
		for (int k = 0; k < 2; k++) {
			const struct scenario_line *l = &run->sc->lines[i];
			if (l->at_end && l->who & 1u << k)
				scenario_check(run, l, &run->s->sides[k]);
		}
	for (int k = 0; k < 2; k++)
		if (run->s->sides[k].broken > 0)
			world_fail(run->s->world, "%s: %u video frames are broken",
				   run->s->sides[k].peer.cfg.name, run->s->sides[k].broken);
}

void scenario_run(const struct scenario *sc, uint64_t seed, const struct session_options *options,
		  struct session_result *out)
{
	struct session *s = calloc(1, sizeof *s);
	struct scenario_run run = { .sc = sc, .s = s };

	if (!s)
		abort();
	*out = (struct session_result){ 0 };
	s->options = options;
	s->plan = sc->plan;
	s->plan.seed = seed;
	s->scenario = &run;
	session_open(s);
	run_to_the_end(&run);
	judge(&run);
	out->connected = run.up;
	out->connect_time = run.up ? run.up_at - s->world->start : 0;
	session_close(s, out);
	free(s);
}
