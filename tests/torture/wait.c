/* wait.c - a test that waits for what the failure has taken would do so until its deadline, twenty
 * seconds for each point. Where all other threads of the process sleep and nothing comes, nothing
 * will: the test is ended, like one whose assertion has seen it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"

#define EXPORT __attribute__((visibility("default")))

enum { SLICE_MS = 50, SLICES = 20 };

/* Asked of a thread that does nothing else; a name that is too long for the buffer is none. */
static bool sleeps(const char *tid)
{
	char path[64], text[128] = "";
	const int len = snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", tid);
	const int fd = len > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return true; /* it has ended */
	(void)!read(fd, text, sizeof text - 1);
	close(fd);
	const char *state = strrchr(text, ')');
	return state && strncmp(state, ") S", 3) == 0;
}

static bool others_sleep(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *e;
	bool all = tasks != NULL;

	while (all && (e = readdir(tasks)) != NULL)
		all = e->d_name[0] == '.' || strtol(e->d_name, NULL, 10) == gettid() ||
		      sleeps(e->d_name);
	if (tasks)
		closedir(tasks);
	return all;
}

/* A slice of time has passed in which nothing came. */
static int slept(int before)
{
	if (torture.phase != TORTURE_FAILED || torture_only_slowed())
		return 0;
	torture_busy++;
	const bool all = others_sleep();
	torture_busy--;
	if (all && before + 1 >= SLICES)
		torture_gave_up();
	return all ? before + 1 : 0;
}

/* What a test waits for may fail meanwhile, in another thread. */
static bool watched(void *frame, void *ret)
{
	struct torture_stack s;

	if ((torture.phase != TORTURE_FAILED && torture.phase != TORTURE_AWAIT) || torture_busy ||
	    torture_set.strict)
		return false;
	torture_busy++;
	torture_walk(&s, frame, ret);
	torture_busy--;
	return torture_library(&s)[0] == '\0' && !torture_is_ours(&s);
}

static int real_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	static int (*next)(struct pollfd *, nfds_t, int);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "poll");
	return next(fds, n, timeout);
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (!watched(__builtin_frame_address(0), __builtin_return_address(0)))
		return real_poll(fds, n, timeout);
	return torture_waited(real_poll(fds, n, torture_wait(timeout)));
}

void torture_await_input(int fd, void *frame, void *ret)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (!watched(frame, ret) || (fcntl(fd, F_GETFL) & O_NONBLOCK))
		return;
	for (int n = 0; real_poll(&p, 1, SLICE_MS) == 0;)
		n = slept(n);
}

EXPORT int accept(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	static int (*next)(int, __SOCKADDR_ARG, socklen_t *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "accept");
	torture_await_input(fd, __builtin_frame_address(0), __builtin_return_address(0));
	return next(fd, addr, len);
}

static bool before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
				  const struct timespec *until)
{
	static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	struct timespec t;
	int e, n = 0;

	if (!next)
		*(void **)&next = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
	if (!watched(__builtin_frame_address(0), __builtin_return_address(0)))
		return next(cond, lock, until);
	do {
		syscall(SYS_clock_gettime, CLOCK_REALTIME, &t); /* a test may have its own */
		if (!before(&t, until))
			return ETIMEDOUT;
		t.tv_nsec += SLICE_MS * 1000000L;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		e = next(cond, lock, before(&t, until) ? &t : until);
		n = e == ETIMEDOUT ? slept(n) : 0;
	} while (e == ETIMEDOUT);
	return e;
}
