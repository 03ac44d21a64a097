/* No call into a connection comes with a time before one that the application has seen.
 *
 * Nothing is timed: who sees the time waits until the clock shows another one, so that whatever was
 * read before is earlier, by however little. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "io/io_loop.h"
#include "stun/stun.h"
#include "unit/io/fake_pc.h"
#include "until.h"

enum { DEADLINE = 5000000 };

struct world {
	taut_loop *loop;
	taut_pc *a, *b;
	size_t messages;
	bool handler_looks, handler_frees, done;
};

static void look_at_clock(void)
{
	const taut_time before = taut_loop_now(NULL);

	while (taut_loop_now(NULL) == before)
		;
	fake_seen = taut_loop_now(NULL);
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct world *w = user;

	(void)ev;
	w->messages++;
	if (w->handler_looks)
		look_at_clock();
	if (w->handler_frees)
		taut_loop_free_pc(w->loop, pc);
}

static void open_world(struct world *w, uint32_t flags)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .flags = flags };

	*w = (struct world){ 0 };
	fake_seen = 0;
	fake_behind = 0;
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	for (int i = 0; i < 2; i++) {
		taut_pc **pc = i == 0 ? &w->a : &w->b;
		assert_int_equal(taut_pc_new(pc, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
		(*pc)->ask = (struct taut_io){ .kind = TAUT_IO_UDP, .flow = 7 };
		assert_true(tt_addr_parse_ip(&(*pc)->ask.local, "127.0.0.1", 9));
		(*pc)->asking = true;
		(*pc)->send_len = 100;
		assert_int_equal(taut_loop_add(w->loop, *pc, on_event, w), TAUT_OK);
	}
	until(w, w->a->bound.port && w->b->bound.port);
	w->a->peer = w->b->bound;
	w->b->peer = w->a->bound;
}

/* Ends the world, where every call kept up with what was seen. */
static void expect_no_call_behind(struct world *w)
{
	assert_true(fake_seen > 0);
	assert_int_equal(fake_behind, 0);
	taut_loop_free(w->loop);
}

static void what_the_application_saw_before_a_step(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	for (int i = 0; i < 100; i++) {
		w.a->to_send = 1;
		look_at_clock();
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	}
	expect_no_call_behind(&w);
}

static void what_a_handler_saw(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, TAUT_LOOP_NO_GSO | TAUT_LOOP_NO_GRO);
	w.handler_looks = true;
	w.a->to_send = w.b->to_send = 500;
	until(&w, w.messages >= 500);
	expect_no_call_behind(&w);
}

/* Which then sends nothing any more. */
static void what_the_handler_of_one_that_ends_saw(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	w.handler_looks = w.handler_frees = true;
	w.a->timer = w.b->timer = taut_loop_now(w.loop);
	until(&w, w.messages == 2);
	expect_no_call_behind(&w);
}

static void three_checks_arrive(void *arg)
{
	static const uint8_t tid[TT_STUN_TID_LEN];
	const struct world *w = arg;
	uint8_t run[300];
	struct wr check = wr_make(run, 100);

	tt_stun_begin(&check, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put(&check, TT_STUN_USERNAME, "anna:x", 6);
	const size_t len = tt_stun_finish(&check);
	memcpy(run + len, run, len);
	memcpy(run + 2 * len, run, len);
	const struct taut_datagram d = { .size = sizeof d,
					 .remote = { .family = 4, .port = 9, .ip = { 192, 0, 2, 1 } },
					 .buf = run,
					 .cap = sizeof run,
					 .len = 3 * len,
					 .segment = (uint16_t)len };
	tt_io_share_recv(w->loop, w->loop->shared, &d);
}

/* Each check of a run goes to a connection of its own, before the next one. */
static void what_a_handler_of_a_shared_socket_saw(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, TAUT_LOOP_ONE_SOCKET);
	(void)snprintf(w.a->ufrag, sizeof w.a->ufrag, "anna");
	w.handler_looks = true;
	w.a->asking = true; /* served anew, which the loop takes as the chance to hear of its name */
	until(&w, !w.a->asking);
	assert_int_equal(taut_loop_post(w.loop, three_checks_arrive, &w), TAUT_OK);
	until(&w, w.messages == 3);
	expect_no_call_behind(&w);
}

static void task(void *arg)
{
	struct world *w = arg;

	w->a->to_send = 1;
	w->done = true;
	look_at_clock();
}

static void what_a_timer_saw(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	taut_loop_after(w.loop, 0, task, &w);
	until(&w, w.done && w.a->to_send == 0);
	expect_no_call_behind(&w);
}

static void what_a_posted_task_saw(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	assert_int_equal(taut_loop_post(w.loop, task, &w), TAUT_OK);
	until(&w, w.done && w.a->to_send == 0);
	expect_no_call_behind(&w);
}

/* Sending takes time, which the next datagrams are told. */
static void the_end_of_what_was_sent_before(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	w.a->to_send = 3 * TT_LOOP_SENDS;
	w.a->reads_clock_at = 2 * TT_LOOP_SENDS;
	until(&w, w.a->to_send == 0);
	expect_no_call_behind(&w);
}

/* So does receiving. */
static void the_end_of_what_was_received_before(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, TAUT_LOOP_NO_GSO | TAUT_LOOP_NO_GRO);
	w.b->deaf = true;
	w.a->to_send = 4 * TT_UDP_BATCH;
	until(&w, w.b->received_count == 4 * TT_UDP_BATCH);
	expect_no_call_behind(&w);
}

struct letter {
	struct sockaddr_in to;
	_Atomic taut_time sent_at;
};

/* Long after the loop began to wait, mostly. */
static void *send_later(void *arg)
{
	struct letter *l = arg;
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	usleep(30000);
	l->sent_at = taut_loop_now(NULL);
	const bool sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&l->to, sizeof l->to) == 1;
	close(fd);
	return sent ? NULL : arg;
}

static void what_others_saw_while_the_loop_waited(void **state)
{
	struct world w;
	struct letter l = { .to = { .sin_family = AF_INET } };
	pthread_t thread;
	void *failed;
	(void)state;

	open_world(&w, 0);
	l.to.sin_port = htons(w.b->bound.port);
	l.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK); /* nothing is left to do */
	assert_int_equal(pthread_create(&thread, NULL, send_later, &l), 0);
	until(&w, w.messages == 1);
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_true(w.b->heard_at >= l.sent_at);
	taut_loop_free(w.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_application_saw_before_a_step),
		cmocka_unit_test(what_a_handler_saw),
		cmocka_unit_test(what_the_handler_of_one_that_ends_saw),
		cmocka_unit_test(what_a_handler_of_a_shared_socket_saw),
		cmocka_unit_test(what_a_timer_saw),
		cmocka_unit_test(what_a_posted_task_saw),
		cmocka_unit_test(the_end_of_what_was_sent_before),
		cmocka_unit_test(the_end_of_what_was_received_before),
		cmocka_unit_test(what_others_saw_while_the_loop_waited),
	};

	return cmocka_run_group_tests_name("loop_time", tests, NULL, NULL);
}
