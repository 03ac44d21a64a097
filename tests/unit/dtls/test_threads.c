/* An environment and its associations belong to one thread at a time, and not always to the same. */
#include <threads.h>

#include "pair.h"

static int finishes(void *arg)
{
	struct pair *p = arg;

	pair_run(p, p->sim.now + 1000 * MS);
	const int done = p->connected[0] && p->connected[1];
	pair_free(p);
	return done;
}

static int begins(void *arg)
{
	struct pair *p = arg;
	int done = 0;
	thrd_t other;

	pair_init(p, 4, NULL);
	pair_teach_both(p);
	pair_start(p);
	pair_run(p, p->sim.now + 15 * MS); /* the server has answered */
	if (thrd_create(&other, finishes, p) == thrd_success)
		thrd_join(other, &done);
	return done; /* and here OpenSSL tidies up after this thread */
}

static void an_environment_may_move_to_another_thread_and_end_there(void **state)
{
	struct pair p;
	thrd_t first;
	int done = 0;

	(void)state;
	assert_int_equal(thrd_create(&first, begins, &p), thrd_success);
	thrd_join(first, &done);
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_environment_may_move_to_another_thread_and_end_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
