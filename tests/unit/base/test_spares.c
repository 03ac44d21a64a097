/* Buffers that connections of one environment hand to each other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/num.h"

static size_t calls; /* of the system's memory: taken anew */

static void *counted(void *ctx, void *p, size_t size)
{
	(void)ctx;
	calls += !p;
	if (size > 0)
		return realloc(p, size);
	free(p);
	return NULL;
}

struct world {
	struct tt_env env, one, two;
	size_t empty; /* what the environment has before anything is taken */
};

static void open_world(struct world *w, size_t most, size_t most_of_one)
{
	const struct taut_env_config cfg = { .size = sizeof cfg,
					     .realloc = counted,
					     .max_memory = most };

	tt_env_init(&w->env, &cfg);
	assert_true(tt_spares_init(&w->env));
	tt_env_init_child(&w->one, &w->env, most_of_one);
	tt_env_init_child(&w->two, &w->env, most_of_one);
	w->empty = w->env.memory;
	calls = 0;
}

static void close_world(struct world *w)
{
	assert_int_equal(w->one.memory, 0);
	assert_int_equal(w->two.memory, 0);
	tt_spares_free(&w->env);
	assert_int_equal(w->env.memory, 0);
}

static void what_one_gives_back_the_other_takes(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0, 0);
	void *a = tt_take(&w.one, 1200), *b = tt_take(&w.one, 1200);
	assert_int_equal(tt_room(a), 1280);
	assert_int_equal(w.one.memory, 2 * 1280);
	assert_int_equal(w.env.memory, w.empty + 2 * 1280);
	tt_give(&w.one, a);
	tt_give(&w.one, b);
	assert_int_equal(w.one.memory, 0); /* it counts for the environment now */
	assert_int_equal(w.env.memory, w.empty + 2 * 1280);
	assert_ptr_equal(tt_take(&w.two, 1100), b); /* the latest first */
	assert_ptr_equal(tt_take(&w.two, 1280), a);
	assert_int_equal(w.two.memory, 2 * 1280);
	assert_int_equal(w.env.memory, w.empty + 2 * 1280);
	assert_int_equal(calls, 2);
	memset(a, 1, 1280);
	memset(b, 1, 1280);
	tt_give(&w.two, a);
	tt_give(&w.two, b);
	close_world(&w);
}

static void each_size_has_its_own(void **state)
{
	static const size_t sizes[] = { 1, 255, 256, 257, 1536 };
	static const size_t rooms[] = { 256, 256, 256, 512, 1536 };
	struct world w;
	void *p[5];
	(void)state;

	open_world(&w, 0, 0);
	for (int i = 0; i < 5; i++) {
		p[i] = tt_take(&w.one, sizes[i]);
		assert_int_equal(tt_room(p[i]), rooms[i]);
	}
	for (int i = 0; i < 5; i++)
		tt_give(&w.one, p[i]);
	assert_ptr_equal(tt_take(&w.one, 1500), p[4]);
	assert_ptr_equal(tt_take(&w.one, 300), p[3]);
	assert_ptr_equal(tt_take(&w.one, 80), p[2]);
	for (int i = 2; i < 5; i++)
		tt_give(&w.one, p[i]);
	/* what was never taken here comes and goes alone */
	void *odd = tt_alloc(&w.one, 300);
	const size_t before = w.env.memory;
	tt_give(&w.one, odd);
	tt_give(&w.one, NULL);
	assert_int_equal(w.env.memory, before - 300);
	close_world(&w);
}

static void messages_of_all_sizes_wait_too(void **state)
{
	struct world w;
	size_t last = TT_SPARE_PACKET;
	(void)state;

	for (size_t size = TT_SPARE_PACKET + 1; size <= TT_SPARE_MESSAGE; size++) {
		open_world(&w, 0, 0);
		void *p = tt_take(&w.one, size);
		const size_t room = tt_room(p);
		assert_in_range(room, tt_max(size, last), size + size / 8);
		memset(p, 1, room);
		tt_give(&w.one, p);
		assert_int_equal(tt_spares_waiting(&w.env), room);
		assert_ptr_equal(tt_take(&w.two, room), p);
		tt_give(&w.two, p);
		last = room;
		close_world(&w);
	}
	assert_int_equal(last, TT_SPARE_MESSAGE);
	open_world(&w, 0, 0);
	tt_give(&w.one, tt_take(&w.one, TT_SPARE_MESSAGE + 1)); /* of these none */
	assert_int_equal(tt_spares_waiting(&w.env), 0);
	close_world(&w);
}

static void messages_leave_half_to_packets(void **state)
{
	enum { MANY = TT_SPARE_BYTES / 65536, PACKETS = TT_SPARE_BYTES / 2 / 1024 };
	static void *p[MANY], *packets[PACKETS];
	struct world w;
	(void)state;

	open_world(&w, 0, 0);
	for (size_t i = 0; i < MANY; i++)
		p[i] = tt_take(&w.one, 65536);
	for (size_t i = 0; i < PACKETS; i++)
		packets[i] = tt_take(&w.one, 1024);
	for (size_t i = 0; i < MANY; i++)
		tt_give(&w.one, p[i]);
	assert_int_equal(tt_spares_waiting(&w.env), TT_SPARE_BYTES / 2);
	for (size_t i = 0; i < PACKETS; i++)
		tt_give(&w.one, packets[i]);
	assert_int_equal(tt_spares_waiting(&w.env), TT_SPARE_BYTES);
	close_world(&w);
}

static void so_much_waits_and_no_more(void **state)
{
	enum { MANY = TT_SPARE_BYTES / 1536 + 10 };
	static void *p[MANY];
	struct world w;
	(void)state;

	open_world(&w, 0, 0);
	for (size_t i = 0; i < MANY; i++)
		p[i] = tt_take(&w.one, 1536);
	for (size_t i = 0; i < MANY; i++)
		tt_give(&w.one, p[i]);
	assert_in_range(w.env.memory - w.empty, TT_SPARE_BYTES - 1536, TT_SPARE_BYTES);
	close_world(&w);
	open_world(&w, 160000, 0); /* of a small share, a sixteenth */
	for (size_t i = 0; i < 20; i++)
		p[i] = tt_take(&w.one, 1024);
	for (size_t i = 0; i < 20; i++)
		tt_give(&w.one, p[i]);
	assert_int_equal(w.env.memory - w.empty, 9 * 1024);
	close_world(&w);
}

static void a_connection_keeps_to_its_ceiling(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0, 2000);
	void *volatile a = tt_take(&w.one, 1024), *volatile b = tt_take(&w.two, 1024);
	assert_null(tt_take(&w.one, 1024));
	tt_give(&w.two, b);
	assert_null(tt_take(&w.one, 1024)); /* though one waits */
	assert_ptr_equal(tt_take(&w.two, 1024), b);
	tt_give(&w.one, a);
	tt_give(&w.two, b);
	close_world(&w);
	open_world(&w, 0, 2000); /* what has no room with what is too much of it has it without */
	for (int round = 0; round < 2; round++) {
		a = tt_take(&w.one, 1900);
		assert_int_equal(tt_room(a), 1920);
		b = tt_take(&w.two, 1921);
		assert_int_equal(tt_room(b), 1921);
		tt_give(&w.one, a);
		tt_give(&w.two, b);
		assert_null(tt_take(&w.one, 2001));
	}
	void *c = tt_take(&w.env, 2000); /* one of that size waits */
	tt_give(&w.env, c);
	b = tt_take(&w.two, 1921);
	assert_int_equal(tt_room(b), 1921);
	tt_give(&w.two, b);
	close_world(&w);
}

static void without_spares_it_is_memory_like_any_other(void **state)
{
	struct tt_env env;
	(void)state;

	tt_env_init(&env, NULL);
	void *p = tt_take(&env, 100);
	assert_int_equal(env.memory, 256);
	tt_give(&env, p);
	assert_int_equal(env.memory, 0);
	tt_spares_free(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_gives_back_the_other_takes),
		cmocka_unit_test(each_size_has_its_own),
		cmocka_unit_test(messages_of_all_sizes_wait_too),
		cmocka_unit_test(so_much_waits_and_no_more),
		cmocka_unit_test(messages_leave_half_to_packets),
		cmocka_unit_test(a_connection_keeps_to_its_ceiling),
		cmocka_unit_test(without_spares_it_is_memory_like_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
