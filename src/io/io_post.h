/* io_post.h - tasks from other threads, in order.
 *
 * The one structure of a loop that is locked. Its nodes come from the C
 * library, because the environment's allocator belongs to the loop's thread. */
#ifndef TAUT_IO_POST_H
#define TAUT_IO_POST_H

#include <pthread.h>
#include <stdbool.h>

#include "taut/loop.h"

struct tt_post_node;
struct tt_post {
	pthread_mutex_t lock;
	struct tt_post_node *first, **last; /* under lock */
	int wake;                           /* an eventfd: readable while something waits */
};

int tt_post_init(struct tt_post *p); /* 0 or errno */
/* Tasks not yet run are dropped. */
void tt_post_free(struct tt_post *p);
bool tt_post_add(struct tt_post *p, taut_task task, void *arg); /* any thread; false: no memory */
/* Runs what was posted before the call; how many tasks. */
size_t tt_post_run(struct tt_post *p);
/* Makes the eventfd readable with no task. Any thread, and signal handlers. */
void tt_post_wake(struct tt_post *p);

#endif
