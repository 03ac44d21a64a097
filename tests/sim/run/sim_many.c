/* sim_many.c - many sessions, over several processes: each takes its share of the seeds and writes a
 * result of fixed size, whole, into one pipe. What is printed does not depend on who ran what. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/sim_options.h"

enum {
	SEES = 120,        /* sessions, in which something must have been refused */
	REPEAT = 10,       /* one in so many is run twice, and not traced the second time */
	PIPE_WHOLE = 4096, /* pipe(7): PIPE_BUF */
};

struct judged {
	uint64_t seed;
	int profile;
	bool repeated;
	struct session_result result;
};
_Static_assert(sizeof(struct judged) <= PIPE_WHOLE, "results are written whole");

static void judge(const struct sim_options *o, uint64_t seed, struct judged *j)
{
	const struct session_options traced = { .srtp = o->srtp };
	const struct session_options untraced = { .srtp = o->srtp, .untraced = true };
	struct session_result again;

	memset(j, 0, sizeof *j);
	j->seed = seed;
	j->profile = sim_profile_of(o, seed);
	j->repeated = seed / PROFILES % REPEAT == 0;
	sim_running("--profile %s --replay %" PRIu64 "%s", profiles[j->profile].name, seed,
		    o->srtp_option);
	session_run(seed, &profiles[j->profile], &traced, &j->result);
	if (!j->repeated)
		return;
	session_run(seed, &profiles[j->profile], &untraced, &again);
	if (again.hash != j->result.hash && j->result.failures++ == 0)
		snprintf(j->result.failure, sizeof j->result.failure,
			 "the same seed, another hash");
}

/* Neighbours go to one process, so that each gets of every profile. */
static bool is_mine(const struct sim_options *o, uint64_t i, unsigned job)
{
	return i / PROFILES % o->jobs == job;
}

static int work(const struct sim_options *o, unsigned job, int out)
{
	struct judged j;

	for (uint64_t i = 0; i < o->seeds; i++) {
		if (!is_mine(o, i, job))
			continue;
		judge(o, o->first + i, &j);
		if (write(out, &j, sizeof j) != (ssize_t)sizeof j)
			return 2;
	}
	return 0;
}

static void progress(const struct sim_options *o, const struct sim_table *t, uint64_t done)
{
	if (o->quiet || (!isatty(2) && done % 100 != 0))
		return;
	fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " sessions, %u failed%s", isatty(2) ? "\r" : "",
		done, o->seeds, t->failure_count, isatty(2) ? "" : "\n");
}

/* Of what taut's own memory does not have: OpenSSL's, libsrtp2's. Where there is a sanitizer. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static bool leaks(void)
{
	return __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check();
}

static bool start(const struct sim_options *o, int ends[2])
{
	fflush(NULL);
	for (unsigned job = 0; job < o->jobs; job++) {
		pid_t child = fork();
		if (child < 0)
			return false;
		if (child == 0) {
			close(ends[0]);
			int status = work(o, job, ends[1]);
			if (status == 0 && leaks())
				status = 3;
			fflush(NULL);
			_exit(status);
		}
	}
	close(ends[1]);
	return true;
}

/* A process that ended before its work has said itself which session it was; one that has lost memory, where
 * it took it. */
static bool all_ended_well(void)
{
	bool well = true;
	int status;

	while (wait(&status) > 0)
		well &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return well;
}

static uint64_t collect(const struct sim_options *o, struct sim_table *t, int in)
{
	struct judged j;
	uint64_t done = 0;
	size_t have = 0;
	ssize_t n;

	while ((n = read(in, (char *)&j + have, sizeof j - have)) > 0) {
		have += (size_t)n;
		if (have < sizeof j)
			continue;
		have = 0;
		sim_table_add(t, j.seed, j.profile, &j.result);
		t->rows[j.profile].repeated += j.repeated;
		progress(o, t, ++done);
	}
	return done;
}

static double seconds_of_children(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int sim_many(const struct sim_options *o)
{
	struct sim_table *t = calloc(1, sizeof *t);
	double began = wall_clock();
	int ends[2];

	if (t)
		t->option = o->srtp_option;
	if (!t || pipe(ends) != 0 || !start(o, ends)) {
		perror("sim");
		return 2;
	}
	uint64_t done = collect(o, t, ends[0]);
	bool well = all_ended_well() && done == o->seeds;
	t->cpu_seconds = seconds_of_children();
	t->wall_seconds = wall_clock() - began;
	if (!o->quiet && isatty(2))
		fputc('\n', stderr);
	if (o->json)
		sim_table_print_json(t);
	else
		sim_table_print(t);
	if (!well)
		fprintf(stderr, "sim: %" PRIu64 " of %" PRIu64 " sessions ran\n", done, o->seeds);
	const bool blind = t->refused == 0 && done >= SEES;
	if (blind)
		fprintf(stderr, "sim: of no packet was it seen that it was refused\n");
	bool failed = t->failure_count > 0 || !well || blind;
	sim_table_free(t);
	free(t);
	return failed;
}
