/* io_resolve.c - a list of names, and a detached thread that works it off.
 *
 * Memory here is the C library's: it is passed between threads. */
#define _GNU_SOURCE
#include "io/io_resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "io/io_sockaddr.h"

struct job {
	struct job *next;
	char name[TT_RESOLVE_NAME];
	struct tt_resolved r;
};

/* Invariant: freed when post is NULL and no thread runs. */
struct tt_resolver {
	pthread_mutex_t lock;
	struct job *first, **last; /* all that follows is under lock */
	struct job *answered;      /* by the thread; the loop has not heard of it yet */
	size_t waiting;
	bool running;
	struct tt_post *post; /* NULL: the loop is gone */
	tt_resolve_done done;
	void *user;
};

struct tt_resolver *tt_resolver_new(struct tt_post *post, tt_resolve_done done, void *user)
{
	struct tt_resolver *rs = calloc(1, sizeof *rs);

	if (!rs)
		return NULL;
	if (pthread_mutex_init(&rs->lock, NULL) != 0) {
		free(rs);
		return NULL;
	}
	rs->last = &rs->first;
	rs->post = post;
	rs->done = done;
	rs->user = user;
	return rs;
}

static void free_jobs(struct job *j)
{
	for (struct job *next; j; j = next) {
		next = j->next;
		free(j);
	}
}

static void destroy(struct tt_resolver *rs)
{
	free_jobs(rs->first);
	free_jobs(rs->answered);
	pthread_mutex_destroy(&rs->lock);
	free(rs);
}

void tt_resolver_free(struct tt_resolver *rs)
{
	if (!rs)
		return;
	pthread_mutex_lock(&rs->lock);
	rs->post = NULL;
	const bool last = !rs->running;
	pthread_mutex_unlock(&rs->lock);
	if (last)
		destroy(rs);
}

static int errno_of(int eai)
{
	switch (eai) {
	case 0:
		return 0;
	case EAI_SYSTEM:
		return errno ? errno : EIO;
	case EAI_AGAIN:
		return EAGAIN;
	case EAI_MEMORY:
		return ENOMEM;
	default:
		return ENOENT;
	}
}

static void look_up(struct job *j)
{
	if (j->r.is_srv) {
		j->r.os_errno = tt_srv_look_up(j->name, j->r.srv, &j->r.srv_count);
		return;
	}
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *all = NULL;

	j->r.os_errno = errno_of(getaddrinfo(j->name, NULL, &hints, &all));
	if (j->r.os_errno != 0)
		return;
	for (const struct addrinfo *i = all; i && j->r.count < TT_RESOLVE_ADDRS; i = i->ai_next) {
		union tt_sockaddr sa;
		if (i->ai_addrlen > sizeof sa)
			continue;
		memset(&sa, 0, sizeof sa);
		memcpy(&sa, i->ai_addr, i->ai_addrlen);
		const struct taut_addr a = tt_sockaddr_to(&sa);
		if (a.family != 0)
			j->r.found[j->r.count++] = a;
	}
	freeaddrinfo(all);
	if (j->r.count == 0)
		j->r.os_errno = ENOENT;
}

bool tt_resolver_deliver(struct tt_resolver *rs)
{
	pthread_mutex_lock(&rs->lock);
	struct job *all = rs->answered;
	rs->answered = NULL;
	pthread_mutex_unlock(&rs->lock);
	const bool any = all != NULL;
	for (struct job *j = all; j; j = j->next)
		rs->done(&j->r);
	free_jobs(all);
	return any;
}

/* Takes no memory: an answer that could not be given would be waited for without end. */
static void answer(struct tt_resolver *rs, struct job *j)
{
	if (!rs->post) {
		free(j);
		return;
	}
	j->next = rs->answered;
	rs->answered = j;
	tt_post_wake(rs->post);
}

/* Answers one job and takes the next. *last: the loop is gone, and nobody but us is left. */
static struct job *next_job(struct tt_resolver *rs, struct job *finished, bool *last)
{
	pthread_mutex_lock(&rs->lock);
	if (finished)
		answer(rs, finished);
	struct job *j = rs->post ? rs->first : NULL;
	if (j) {
		rs->first = j->next;
		rs->waiting--;
		if (!rs->first)
			rs->last = &rs->first;
	} else {
		rs->running = false;
	}
	*last = rs->post == NULL;
	pthread_mutex_unlock(&rs->lock);
	return j;
}

static void *work(void *arg)
{
	struct tt_resolver *rs = arg;
	struct job *j = NULL;
	bool last;

	while ((j = next_job(rs, j, &last)) != NULL)
		look_up(j);
	if (last)
		destroy(rs);
	return NULL;
}

/* Signals are for the threads of the application. */
static int start_thread(struct tt_resolver *rs)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int err = pthread_attr_init(&attr);

	if (err != 0)
		return err;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, &attr, work, rs);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

static int ask(struct tt_resolver *rs, uint64_t key, taut_flow flow, const char *name, bool srv)
{
	const size_t len = strnlen(name, TT_RESOLVE_NAME);
	struct job *j;
	int err = 0;

	if (len >= TT_RESOLVE_NAME)
		return ENAMETOOLONG;
	j = calloc(1, sizeof *j);
	if (!j)
		return ENOMEM;
	memcpy(j->name, name, len);
	j->r.key = key;
	j->r.flow = flow;
	j->r.user = rs->user;
	j->r.is_srv = srv;

	pthread_mutex_lock(&rs->lock);
	if (rs->waiting >= TT_RESOLVE_MAX)
		err = EBUSY;
	else if (!rs->running)
		err = start_thread(rs); /* it waits for the lock */
	if (err == 0) {
		rs->running = true;
		*rs->last = j;
		rs->last = &j->next;
		rs->waiting++;
	}
	pthread_mutex_unlock(&rs->lock);
	if (err != 0)
		free(j);
	return err;
}

int tt_resolver_ask(struct tt_resolver *rs, uint64_t key, taut_flow flow, const char *name)
{
	return ask(rs, key, flow, name, false);
}

int tt_resolver_ask_srv(struct tt_resolver *rs, uint64_t key, taut_flow flow, const char *name)
{
	return ask(rs, key, flow, name, true);
}
