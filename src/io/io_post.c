/* io_post.c - a locked list and an eventfd; see io_post.h. */
#define _GNU_SOURCE
#include "io/io_post.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct tt_post_node {
	struct tt_post_node *next;
	taut_task task;
	void *arg;
};

int tt_post_init(struct tt_post *p)
{
	*p = (struct tt_post){ .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	p->last = &p->first;
	if (p->wake < 0)
		return errno;
	const int err = pthread_mutex_init(&p->lock, NULL);
	if (err != 0)
		close(p->wake);
	return err;
}

static struct tt_post_node *take_all(struct tt_post *p)
{
	pthread_mutex_lock(&p->lock);
	struct tt_post_node *all = p->first;
	p->first = NULL;
	p->last = &p->first;
	pthread_mutex_unlock(&p->lock);
	return all;
}

void tt_post_free(struct tt_post *p)
{
	for (struct tt_post_node *n = take_all(p), *next; n; n = next) {
		next = n->next;
		free(n);
	}
	pthread_mutex_destroy(&p->lock);
	close(p->wake);
}

void tt_post_wake(struct tt_post *p)
{
	const uint64_t one = 1;
	/* A counter that is full is readable already: EAGAIN needs no care. */
	while (write(p->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

bool tt_post_add(struct tt_post *p, taut_task task, void *arg)
{
	struct tt_post_node *n = malloc(sizeof *n);

	if (!n)
		return false;
	*n = (struct tt_post_node){ .task = task, .arg = arg };
	pthread_mutex_lock(&p->lock);
	const bool was_empty = p->first == NULL;
	*p->last = n;
	p->last = &n->next;
	pthread_mutex_unlock(&p->lock);
	if (was_empty)
		tt_post_wake(p);
	return true;
}

size_t tt_post_run(struct tt_post *p)
{
	uint64_t times;
	size_t count = 0;
	/* Cleared before the list is taken: what is added in between wakes anew. */
	const ssize_t n = read(p->wake, &times, sizeof times);

	(void)n;
	for (struct tt_post_node *t = take_all(p), *next; t; t = next) {
		next = t->next;
		const taut_task task = t->task;
		void *const arg = t->arg;
		free(t);
		task(arg);
		count++;
	}
	return count;
}
