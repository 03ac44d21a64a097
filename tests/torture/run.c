/* run.c - cmocka's runner, replaced by one that lets the points of each test fail.
 *
 * A test whose assertion sees the failure ends there: that is no finding, but no proof either
 * that its objects could have been freed. What it lost by then is seen all the same, since its
 * stack still holds what it has not lost. A strict program (tests/torture/scenario_*) asserts
 * only what must hold whatever fails, and so may not end that way. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

#define EXPORT __attribute__((visibility("default")))

extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* How a child ends. The sanitizers use others. */
enum { CLEAN = 0, REFUSED = 110, LEAKS, SPINS, BROKEN, SKIPPED, DEADLOCK, DIFFERS };
enum { CPU_SECONDS = 60, WALL_SECONDS = 300, COUNT_SECONDS = 900, TESTS = 256 };

struct group {
	const struct CMUnitTest *tests;
	CMFixtureFunction setup, teardown;
	void *state;
};

static struct torture_tally *tally; /* shared with children */
static long test_index;
static const char *test_name;
static size_t untracked_at_start; /* of the test */

/* ---- children ---- */

/* What the sanitizers' libraries keep for themselves, 11 MB, holds nothing of a test's: LeakSanitizer
 * is not shown it, else most of its time went there. That could only make it find more. */
static bool hides_sanitizers;

struct shown {
	int (*callback)(struct dl_phdr_info *info, size_t size, void *arg);
	void *arg;
};

static int show(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct shown *s = arg;

	if (hides_sanitizers &&
	    (strstr(info->dlpi_name, "/libasan.so") || strstr(info->dlpi_name, "/libubsan.so")))
		return 0;
	return s->callback(info, size, s->arg);
}

EXPORT int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *info, size_t size, void *arg),
			   void *arg)
{
	static int (*next)(int (*)(struct dl_phdr_info *, size_t, void *), void *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "dl_iterate_phdr");
	return next(show, &(struct shown){ callback, arg });
}

/* Of a program built for ./dev coverage: what this child took is counted too. Its exit() would wait
 * for the locks that OpenSSL keeps. */
static void write_counts(void)
{
	void (*gcov)(void) = torture_function("__gcov_exit");

	if (gcov)
		gcov();
}

static bool lsan_finds(void)
{
	return __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check();
}

static bool has_lost(void)
{
	if (torture_has_threads() || torture_untracked() != untracked_at_start)
		return lsan_finds();
	const bool lost = torture_lost() > 0;
	if (!torture_set.both)
		return lost;
	fprintf(stderr, "LeakSanitizer says:\n");
	fflush(stderr);
	if (lost != lsan_finds())
		_exit(DIFFERS);
	return lost;
}

static _Noreturn void end(int status)
{
	torture.phase = TORTURE_OFF;
	torture_busy++;
	hides_sanitizers = true;
	if ((status == CLEAN || status == REFUSED) && has_lost())
		status = LEAKS;
	write_counts();
	_exit(status);
}

/* The parent of children waits as long as they do. */
static void limit(rlim_t seconds, unsigned wall)
{
	setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds + 1 });
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	alarm(wall);
}

static void take_log(void)
{
	const int fd = torture_report_log();

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

bool torture_only_slowed(void)
{
	return torture.call && strcmp(torture.call, "send") == 0;
}

static const char *finding(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGALRM ? "hang"
										  : "crash";
	switch (WEXITSTATUS(status)) {
	case CLEAN:
	case SKIPPED:
		return NULL;
	case REFUSED:
		return torture_set.strict || torture_only_slowed() ? "assertion" : NULL;
	case LEAKS:
		return "leak";
	case SPINS:
		return "spin";
	case DEADLOCK:
		return "deadlock";
	case DIFFERS:
		return "the judges differ";
	case BROKEN:
		return "broken";
	default:
		return "crash";
	}
}

void torture_spin(const char *where)
{
	fprintf(stderr, "the loop spins: %s\n", where);
	fflush(NULL);
	end(SPINS);
}

void torture_gave_up(void)
{
	end(REFUSED);
}

void torture_deadlock(const struct torture_stack *s)
{
	torture_print(s);
	end(DEADLOCK);
}

static void judge(int status, long n)
{
	const char *kind = finding(status);

	tally->injected++;
	if (kind) {
		tally->findings++;
		torture_report_finding(kind, test_index, test_name, n, status);
	} else if (WEXITSTATUS(status) == REFUSED) {
		tally->refused++;
	} else {
		tally->clean++;
	}
}

static bool wanted(long n, unsigned variant, enum torture_mode mode)
{
	return (torture_points->chosen[n] & 1 << mode) != 0 &&
	       (torture_set.only_variant < 0 || torture_set.only_variant == (long)variant) &&
	       (torture_set.only_mode < 0 || torture_set.only_mode == (long)mode);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	if (pid < 0)
		abort();
	while (waitpid(pid, &status, 0) < 0)
		;
	return status;
}

bool torture_fork(long n, const char *call, const int *errors, const struct torture_stack *s)
{
	torture.call = call;
	torture.stack = *s;
	for (unsigned v = 0; errors[v] != 0; v++)
		for (unsigned mode = 0; mode < TORTURE_MODES; mode++) {
			if (!wanted(n, v, mode))
				continue;
			torture.variant = v;
			torture.mode = mode;
			torture.error = errors[v];
			torture_report_log();
			fflush(NULL);
			const pid_t pid = fork();
			if (pid == 0) {
				limit(CPU_SECONDS, WALL_SECONDS);
				torture.phase = TORTURE_FAILED;
				return true;
			}
			judge(wait_for(pid), n);
		}
	return false;
}

/* ---- a test in a process of its own ---- */

static _Noreturn void play(const struct group *g, long i, enum torture_phase phase)
{
	const struct CMUnitTest *t = &g->tests[i];
	void *state = t->initial_state ? t->initial_state : g->state;

	/* A sample leaves out what takes long. */
	limit(phase == TORTURE_AWAIT                             ? CPU_SECONDS
	      : phase == TORTURE_COUNT && torture_set.sample > 0 ? 1
								 : COUNT_SECONDS,
	      phase == TORTURE_AWAIT ? WALL_SECONDS : 0);
	take_log();
	untracked_at_start = torture_untracked();
	torture_pass_begins();
	torture.n = torture.calls = 0;
	torture.phase = phase;
	if (t->setup_func && t->setup_func(&state) != 0)
		_fail(t->name, 0);
	t->test_func(&state);
	if (t->teardown_func && t->teardown_func(&state) != 0)
		_fail(t->name, 0);
	end(CLEAN);
}

static int in_child(const struct group *g, long i, enum torture_phase phase)
{
	fflush(NULL);
	const pid_t pid = fork();

	if (pid == 0)
		play(g, i, phase);
	return wait_for(pid);
}

/* Another run may come there sooner than the one that was counted, or not at all. */
static void rerun_point(const struct group *g, long i, long n)
{
	int status;

	tally->reran++;
	torture.from = torture_points->call_no[n];
	torture_points->met = false;
	torture_points->stack.count = 0;
	torture_points->call = NULL;
	torture_points->error = 0;
	status = in_child(g, i, TORTURE_AWAIT);
	if (!torture_points->met && !finding(status) && torture.from > 0) {
		torture.from = 0;
		status = in_child(g, i, TORTURE_AWAIT);
	}
	torture.stack = torture_points->stack;
	torture.call = torture_points->call;
	torture.error = torture_points->error;
	if (torture_points->met || finding(status))
		judge(status, n);
	else
		tally->missed++;
}

/* Each point, but for those that the pass that forks has come to, from the start of the test. */
static void rerun(const struct group *g, long i)
{
	for (long n = 0; n < torture_points->count; n++)
		for (unsigned v = 0; torture_points->chosen[n] != 0 &&
				     !torture_points->reached[n] && v < torture_points->variants[n];
		     v++)
			for (unsigned mode = 0; mode < TORTURE_MODES; mode++) {
				if (!wanted(n, v, mode))
					continue;
				torture.target = n;
				torture.variant = v;
				torture.mode = mode;
				rerun_point(g, i, n);
			}
}

static bool sound(int status, long i)
{
	if (WIFEXITED(status) && (WEXITSTATUS(status) == CLEAN || WEXITSTATUS(status) == SKIPPED))
		return true;
	torture.call = NULL;
	torture.error = 0;
	torture.stack.count = 0;
	tally->findings++;
	torture_report_finding("baseline", i, test_name, -1, status);
	return false;
}

static bool count_points(const struct group *g, long i)
{
	torture_points->count = 0;
	torture_points->outside = false;
	test_index = i;
	test_name = g->tests[i].name;
	*tally = (struct torture_tally){ 0 };
	const int status = in_child(g, i, TORTURE_COUNT);
	if (torture_set.sample > 0 && finding(status) && strcmp(finding(status), "hang") == 0)
		torture_points->count = 0;
	else if (!sound(status, i))
		torture_points->count = 0;
	return tally->findings == 0;
}

static void sweep(const struct group *g, long i, long total)
{
	const bool reruns = torture_points->outside || torture_set.system;

	torture_choose(i, total, reruns);
	tally->points = torture_points->count;
	for (long n = 0; n < torture_points->count; n++) {
		tally->chosen += torture_points->chosen[n] != 0;
		tally->own += !torture_points->library[n];
	}
	if (torture_set.dry)
		;
	else if (tally->chosen > 0 && (reruns || sound(in_child(g, i, TORTURE_FORK), i)))
		rerun(g, i);
	torture_report_test(i, test_name, tally, reruns);
}

static bool skipped(long i)
{
	return torture_set.only_test >= 0 && torture_set.only_test != i;
}

/* ---- in place of cmocka's ---- */

/* A sample is drawn from all tests together, so that they are counted first, and those alone run
 * again of which a point was drawn. */
static long count_all(const struct group *g, size_t count, long *counts)
{
	long total = 0;

	for (size_t i = 0; i < count; i++) {
		count_points(g, (long)i);
		counts[i] = torture_points->count;
		total += counts[i];
	}
	return total;
}

static int run_group(struct group *g, size_t count)
{
	long counts[TESTS] = { 0 }, total = 0, findings = 0;

	if (count > TESTS)
		abort();
	if (!torture_set.cold)
		torture_warm();
	if (g->setup && g->setup(&g->state) != 0)
		return 1;
	if (torture_set.sample > 0)
		total = count_all(g, count, counts);
	for (size_t i = 0; i < count; i++) {
		if (skipped((long)i))
			continue;
		if (torture_set.sample == 0 || torture_draws((long)i, counts[i], total))
			count_points(g, (long)i);
		else
			torture_points->count = 0, *tally = (struct torture_tally){ 0 };
		test_name = g->tests[i].name;
		sweep(g, (long)i, total);
		findings += tally->findings;
	}
	if (g->teardown)
		g->teardown(&g->state);
	return findings > 0;
}

EXPORT int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *const tests,
				   const size_t count, CMFixtureFunction setup,
				   CMFixtureFunction teardown)
{
	typedef int runner(const char *, const struct CMUnitTest *, size_t, CMFixtureFunction,
			   CMFixtureFunction);
	struct group g = { .tests = tests, .setup = setup, .teardown = teardown };

	if (!torture_set.on) {
		runner *next;
		*(void **)&next = dlsym(RTLD_NEXT, "_cmocka_run_group_tests");
		return next(name, tests, count, setup, teardown);
	}
	_exit(run_group(&g, count));
}

/* For strict programs: whether less than everything may work. */
EXPORT bool torture_has_failed(void);
EXPORT bool torture_has_failed(void)
{
	return torture.phase == TORTURE_FAILED;
}

/* It was not one failure alone: what is asked for may never come. */
EXPORT bool torture_keeps_failing(void);
EXPORT bool torture_keeps_failing(void)
{
	return torture_has_failed() && torture.mode == TORTURE_GOOD;
}

EXPORT void _fail(const char *const file, const int line)
{
	fprintf(stderr, "%s:%d: assertion\n", file, line);
	fflush(NULL);
	if (torture_set.on)
		end(torture.phase == TORTURE_FAILED ? REFUSED : BROKEN);
	abort();
}

/* A test, or the world that it runs in, that has no memory for itself ends the process: as good as an
 * assertion. What src or a library ends so is a finding. */
EXPORT _Noreturn void abort(void)
{
	void (*next)(void) = NULL;
	struct torture_stack s;

	if (torture_set.on && torture.phase == TORTURE_FAILED && !torture_busy) {
		torture_busy++;
		torture_walk(&s, __builtin_frame_address(0), __builtin_return_address(0));
		if (!torture_is_ours(&s) && torture_library(&s)[0] == '\0')
			torture_gave_up();
		torture_busy--;
	}
	*(void **)&next = dlsym(RTLD_NEXT, "abort");
	if (next)
		next();
	_exit(127);
}

EXPORT void _skip(const char *const file, const int line)
{
	(void)file, (void)line;
	end(torture.phase == TORTURE_FAILED ? REFUSED : SKIPPED);
}

/* ---- at the start ---- */

static long number(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
	const char *out = getenv("TORTURE_OUT");

	if (!out)
		return;
	torture_set = (struct torture_settings){
		.on = true,
		.strict = number("TORTURE_STRICT", 0) != 0,
		.memory = number("TORTURE_MEMORY", 1) != 0,
		.system = number("TORTURE_SYSTEM", 0) != 0,
		.both = number("TORTURE_BOTH", 0) != 0,
		.cold = number("TORTURE_COLD", 0) != 0,
		.dry = number("TORTURE_DRY", 0) != 0,
		.sample = number("TORTURE_SAMPLE", 0),
		.seed = (uint64_t)number("TORTURE_SEED", 1),
		.most = number("TORTURE_MOST", 1000),
		.each = number("TORTURE_EACH", 2),
		.drawn = number("TORTURE_DRAWN", 30),
		.share = number("TORTURE_SHARE", 0),
		.shares = number("TORTURE_SHARES", 1),
		.depth = number("TORTURE_DEPTH", 0),
		.only_test = number("TORTURE_TEST", -1),
		.only_n = number("TORTURE_N", -1),
		.only_mode = number("TORTURE_MODE", -1),
		.only_variant = number("TORTURE_VARIANT", -1),
	};
	torture_who_init();
	torture_point_init(getenv("TORTURE_SEEN"), getenv("TORTURE_TOOK"));
	torture_report_init(out);
	tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (tally == MAP_FAILED)
		abort();
}
