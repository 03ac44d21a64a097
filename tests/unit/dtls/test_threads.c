/* An environment and its associations belong to one thread at a time, and not always to the same.
 * Threads of POSIX: ThreadSanitizer (./dev threads) does not know those of C11 and crashes in one. */
#include <pthread.h>

#include "pair.h"

static void *finishes(void *arg)
{
	struct pair *p = arg;

	pair_run(p, p->sim.now + 1000 * MS);
	const bool done = p->connected[0] && p->connected[1];
	pair_free(p);
	return done ? arg : NULL;
}

static void *begins(void *arg)
{
	struct pair *p = arg;
	void *done = NULL;
	pthread_t other;

	pair_init(p, 4, NULL);
	pair_teach_both(p);
	pair_start(p);
	pair_run(p, p->sim.now + 15 * MS); /* the server has answered */
	if (pthread_create(&other, NULL, finishes, p) == 0)
		pthread_join(other, &done);
	return done; /* and here OpenSSL tidies up after this thread */
}

static void an_environment_may_move_to_another_thread_and_end_there(void **state)
{
	struct pair p;
	pthread_t first;
	void *done = NULL;

	(void)state;
	assert_int_equal(pthread_create(&first, NULL, begins, &p), 0);
	pthread_join(first, &done);
	assert_ptr_equal(done, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_environment_may_move_to_another_thread_and_end_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
