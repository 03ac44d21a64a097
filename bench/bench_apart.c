/* bench_apart.c - a case in a process of its own, which is told how many packets and tells what they took. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { WHY = 256 };

/* Told instead of a number of packets. An end of the socket is held by others who were forked since, so
 * that closing it says nothing. */
static const uint64_t over = UINT64_MAX;

struct told {
	bool ok;
	char why[WHY]; /* it could not be set up, or gave up */
	struct bench_sample sample;
};

struct apart {
	pid_t pid;
	int fd;
	char why[WHY];
};

static void hear(int fd, void *out, size_t size)
{
	if (recv(fd, out, size, 0) != (ssize_t)size)
		_exit(1); /* who asked is gone */
}

static void say(int fd, const struct told *t)
{
	if (send(fd, t, sizeof *t, MSG_NOSIGNAL) != (ssize_t)sizeof *t)
		_exit(1);
}

static _Noreturn void live(const struct bench_case *c, int fd)
{
	const char *why = "it could not be set up";
	struct told t = { 0 };
	uint64_t packets = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	void *me = c->open(c, &why);
	t.ok = me != NULL;
	(void)snprintf(t.why, sizeof t.why, "%s", why);
	say(fd, &t);
	while (me) {
		hear(fd, &packets, sizeof packets);
		if (packets == over)
			break;
		t = (struct told){ 0 };
		c->run(me, packets, &t.sample);
		t.ok = !t.sample.gave_up;
		if (!t.ok)
			(void)snprintf(t.why, sizeof t.why, "%s", t.sample.gave_up);
		if (t.sample.rss_kb == 0)
			t.sample.rss_kb = bench_peak_rss_kb();
		say(fd, &t);
	}
	if (me)
		c->close(me);
	_exit(0);
}

/* False: it is gone. */
static bool answer(const struct apart *a, struct told *t)
{
	return recv(a->fd, t, sizeof *t, 0) == (ssize_t)sizeof *t;
}

void *bench_apart_open(const struct bench_case *c, const char **why)
{
	static char reason[WHY];
	struct apart *a = calloc(1, sizeof *a);
	struct told t;
	int fd[2];

	if (!a || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		abort();
	(void)fflush(NULL); /* what waits to be written is not written twice */
	a->pid = fork();
	if (a->pid == 0) {
		close(fd[0]);
		live(c, fd[1]);
	}
	a->fd = fd[0];
	close(fd[1]);
	const bool heard = a->pid > 0 && answer(a, &t);
	if (heard && t.ok)
		return a;
	(void)snprintf(reason, sizeof reason, "%s", heard ? t.why : "its process ended");
	*why = reason;
	bench_apart_close(a);
	return NULL;
}

void bench_apart_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct apart *a = me;
	struct told t;

	const bool heard = send(a->fd, &packets, sizeof packets, MSG_NOSIGNAL) > 0 && answer(a, &t);
	if (heard)
		*out = t.sample;
	if (heard && t.ok)
		return;
	(void)snprintf(a->why, sizeof a->why, "%s", heard ? t.why : "its process ended");
	*out = (struct bench_sample){ .gave_up = a->why };
}

void bench_apart_close(void *me)
{
	struct apart *a = me;

	(void)send(a->fd, &over, sizeof over, MSG_NOSIGNAL);
	close(a->fd);
	if (a->pid > 0)
		(void)waitpid(a->pid, NULL, 0);
	free(a);
}
