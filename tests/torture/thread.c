/* thread.c - threads are noted, and a lock that nobody can give back is seen at once.
 *
 * Behind a failure in a process of one thread, a lock that is taken stays taken: who waits for it
 * waits for ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <threads.h>

#include "torture.h"

#define EXPORT __attribute__((visibility("default")))

static bool threads; /* in this process */

bool torture_has_threads(void)
{
	return threads;
}

static void thread_made(void)
{
	threads = true;
	if (torture.phase == TORTURE_COUNT)
		torture_points->outside = true;
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
	int (*next)(thrd_t *, thrd_start_t, void *);

	*(void **)&next = dlsym(RTLD_NEXT, "thrd_create");
	thread_made();
	return next(thread, start, arg);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *arg)
{
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	const int error =
		torture_no_thread(__builtin_frame_address(0), __builtin_return_address(0));

	if (error != 0)
		return error;
	*(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
	thread_made();
	return next(thread, attr, start, arg);
}

/* A thread of src blocks all signals; one that falls would go without the sanitizer's word. */
EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	static int (*next)(int, const sigset_t *, sigset_t *);
	sigset_t some;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_sigmask");
	if (!torture_set.on || !set || how == SIG_UNBLOCK)
		return next(how, set, old);
	some = *set;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		sigdelset(&some, faults[i]);
	return next(how, &some, old);
}

static void check(int tried, void *frame, void *ret)
{
	struct torture_stack s;

	if (tried != EBUSY || torture.phase != TORTURE_FAILED || threads || torture_busy)
		return;
	torture_busy++;
	torture_walk(&s, frame, ret);
	torture_deadlock(&s);
}

#define CHECK(tried) check(tried, __builtin_frame_address(0), __builtin_return_address(0))

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	static int (*next)(pthread_rwlock_t *);
	const int tried = pthread_rwlock_trywrlock(lock);

	if (tried == 0)
		return 0;
	CHECK(tried);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_rwlock_wrlock");
	return next(lock);
}

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	static int (*next)(pthread_rwlock_t *);
	const int tried = pthread_rwlock_tryrdlock(lock);

	if (tried == 0)
		return 0;
	CHECK(tried);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pthread_rwlock_rdlock");
	return next(lock);
}
