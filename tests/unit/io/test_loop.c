/* The loop with stand-ins for connections: real sockets and clocks, waits on conditions only. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#include "base/addr.h"
#include "io/io_loop.h"
#include "stun/stun.h"
#include "unit/io/fake_pc.h"
#include "until.h"

enum { DEADLINE = 5000000 };

struct world {
	taut_loop *loop;
	taut_pc *a, *b;
	size_t messages, milestones, tasks;
	taut_pc *free_on_event;
	bool timed_out;
};

static void give_up(void *arg)
{
	((struct world *)arg)->timed_out = true;
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct world *w = user;

	if (ev->type == TAUT_EV_MESSAGE)
		w->messages++;
	else
		w->milestones++;
	assert_int_equal(taut_loop_step(w->loop, 0), TAUT_E_STATE); /* not from inside */
	if (w->free_on_event) {
		taut_pc *victim = w->free_on_event;
		w->free_on_event = NULL;
		taut_loop_free_pc(w->loop, victim);
		(void)pc;
	}
}

static void ask_for_socket(taut_pc *pc, const char *ip)
{
	pc->ask = (struct taut_io){ .kind = TAUT_IO_UDP, .flow = 7 };
	assert_true(tt_addr_parse_ip(&pc->ask.local, ip, strlen(ip)));
	pc->asking = true;
}

static void open_world(struct world *w, uint32_t flags)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .flags = flags };

	*w = (struct world){ 0 };
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w->a, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_pc_new(&w->b, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->a, on_event, w), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->b, on_event, w), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->b, on_event, w), TAUT_E_STATE);
}

static void connect_world(struct world *w, uint32_t flags)
{
	open_world(w, flags);
	ask_for_socket(w->a, "127.0.0.1");
	ask_for_socket(w->b, "127.0.0.1");
	until(w, w->a->bound.port && w->b->bound.port);
	w->a->peer = w->b->bound;
	w->b->peer = w->a->bound;
}

static void expect_bytes(uint32_t flags, uint16_t run)
{
	struct world w;

	connect_world(&w, flags);
	w.a->to_send = 100;
	w.a->run = run;
	until(&w, w.messages == 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(w.b->received[i], 100 - i);
	assert_int_equal(w.b->received_bytes, 100 * 1000);
	taut_loop_free(w.loop);
}

static void what_one_connection_sends_another_hears(void **state)
{
	(void)state;
	expect_bytes(0, 0);
	expect_bytes(0, 30);
	expect_bytes(TAUT_LOOP_NO_GSO, 0);
	expect_bytes(TAUT_LOOP_NO_GSO, 30);
}

static const struct tt_udp *udp_of(const struct world *w, const taut_pc *pc)
{
	return &tt_io_conn_find(&w->loop->conns, pc)->flows->socket->udp;
}

static void a_long_talk_connects_and_strangers_are_heard(void **state)
{
	struct tt_udp stranger;
	struct taut_datagram d = { .size = sizeof d, .buf = (uint8_t[]){ 77 }, .len = 1 };
	struct tt_udp_cursor c = { 0, 0 };
	struct world w;
	(void)state;

	connect_world(&w, 0);
	w.a->to_send = 1000;
	until(&w, w.messages == 1000);
	assert_true(tt_udp_is_peer(udp_of(&w, w.a), &w.b->bound));
	assert_false(udp_of(&w, w.b)->split);
	d.remote = w.a->bound;
	assert_int_equal(tt_udp_open(&stranger, &(struct taut_addr){ .family = 4, .ip = { 127, 0, 0, 1 } }, false), 0);
	assert_int_equal(tt_udp_send(&stranger, &d, 1, &c), 0);
	until(&w, w.a->received_count == 1);
	assert_int_equal(w.a->received[0], 77);
	assert_true(tt_addr_eq(&w.a->heard_from, &stranger.local));
	w.b->to_send = 1;
	until(&w, w.a->received_count == 2);
	tt_udp_close(&stranger);
	taut_loop_free(w.loop);
}

/* Of a batch each packet counts for its own address, and each of a run. */
static void who_begins_a_batch_does_not_win_it(void **state)
{
	struct world w;
	struct taut_datagram d[2] = { { .len = 10 }, { .len = 255, .segment = 1 } };
	(void)state;

	connect_world(&w, 0);
	struct tt_io_socket *s = tt_io_conn_find(&w.loop->conns, w.a)->flows->socket;
	d[0].remote = w.a->bound;
	d[1].remote = w.b->bound;
	tt_io_socket_sent(w.loop, s, d, 2); /* one for the first, then one of 255 against it */
	tt_io_socket_sent(w.loop, s, d, 2);
	assert_false(s->udp.split);
	tt_io_socket_sent(w.loop, s, d + 1, 1);
	tt_io_socket_sent(w.loop, s, d + 1, 1);
	assert_true(tt_udp_is_peer(&s->udp, &w.b->bound));
	taut_loop_free(w.loop);
}

static void a_shared_socket_is_everybodys(void **state)
{
	struct world w;
	struct taut_datagram d = { .len = 600, .segment = 1 };
	(void)state;

	connect_world(&w, TAUT_LOOP_ONE_SOCKET);
	d.remote = w.b->bound;
	tt_io_socket_sent(w.loop, w.loop->shared, &d, 1);
	assert_false(w.loop->shared->udp.split);
	taut_loop_free(w.loop);
}

static void a_handler_may_free_its_own_connection(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, 0);
	w.a->to_send = 20;
	w.free_on_event = w.b;
	until(&w, w.messages == 1);
	assert_null(w.free_on_event);
	/* the loop goes on: what is still under way to the dead socket harms nobody */
	for (int i = 0; i < 10; i++)
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_int_equal(w.messages, 1);
	taut_loop_free(w.loop);
}

static void a_handler_may_free_another_connection(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, 0);
	w.a->to_send = w.b->to_send = 20;
	w.free_on_event = w.a;
	until(&w, w.messages >= 1);
	assert_null(w.free_on_event);
	for (int i = 0; i < 10; i++)
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	taut_loop_free(w.loop);
}

struct arrival {
	struct world *w;
	struct taut_datagram d;
};

/* A connection that asks for a second one on the same address wants another port (RFC 8656 section 7.4). */
static void a_second_socket_on_an_address_is_not_shared(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, TAUT_LOOP_ONE_SOCKET);
	ask_for_socket(w.a, "127.0.0.1");
	until(&w, w.a->bound.port);
	const struct taut_addr first = w.a->bound;
	for (taut_flow more = 1; more <= 2; more++) {
		w.a->ask.flow += more;
		w.a->bound.port = 0;
		w.a->asking = true;
		until(&w, w.a->bound.port);
		assert_true(tt_addr_eq_ip(&w.a->bound, &first));
		assert_int_not_equal(w.a->bound.port, first.port);
	}
	ask_for_socket(w.b, "127.0.0.1");
	until(&w, w.b->bound.port);
	assert_int_equal(w.b->bound.port, first.port);
	taut_loop_free(w.loop);
}

static void arrives(void *arg)
{
	const struct arrival *a = arg;

	tt_io_share_recv(a->w->loop, a->w->loop->shared, &a->d);
}

/* The handler of the first packet's event frees the last connection of a shared socket. */
static void a_run_may_lose_its_socket_on_the_way(void **state)
{
	static const uint8_t tid[TT_STUN_TID_LEN];
	uint8_t run[300] = { 0 };
	struct wr check = wr_make(run, 100);
	struct world w;
	(void)state;

	open_world(&w, TAUT_LOOP_ONE_SOCKET);
	(void)snprintf(w.a->ufrag, sizeof w.a->ufrag, "anna");
	ask_for_socket(w.a, "127.0.0.1");
	until(&w, w.a->bound.port);
	tt_stun_begin(&check, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put(&check, TT_STUN_USERNAME, "anna:x", 6);
	const size_t len = tt_stun_finish(&check);
	memset(run + len, 0x80, 2 * len);
	w.a->knows_all = true;
	w.free_on_event = w.a;
	struct arrival a = { .w = &w,
		             .d = { .size = sizeof a.d,
		                    .remote = { .family = 4, .port = 9, .ip = { 192, 0, 2, 1 } },
		                    .buf = run,
		                    .cap = sizeof run,
		                    .len = 3 * len,
		                    .segment = (uint16_t)len } };
	assert_int_equal(taut_loop_post(w.loop, arrives, &a), TAUT_OK);
	until(&w, w.messages == 1);
	assert_null(w.loop->shared);
	taut_loop_free(w.loop);
}

static void what_is_left_to_say_goes_out_before_the_end(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, 0);
	w.a->to_send = 3;
	taut_loop_free_pc(w.loop, w.a);
	until(&w, w.messages == 3);
	taut_loop_free(w.loop);
}

static void an_address_of_nobody_is_answered_with_an_error(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	ask_for_socket(w.a, "192.0.2.1");
	until(&w, w.a->io_answered);
	assert_int_not_equal(w.a->io_errno, 0);
	assert_int_equal(w.a->bound.family, 0);
	taut_loop_free(w.loop);
}

static void an_unknown_request_is_answered_with_an_error(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	w.a->ask = (struct taut_io){ .kind = 77, .flow = 1 };
	w.a->asking = true;
	until(&w, w.a->io_answered);
	assert_int_not_equal(w.a->io_errno, 0);
	taut_loop_free(w.loop);
}

static void a_packet_to_nowhere_is_reported(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, 0);
	memcpy(w.a->peer.ip, (const uint8_t[]){ 192, 0, 2, 1 }, 4); /* not from 127.0.0.1 */
	w.a->to_send = 5;
	until(&w, w.a->send_failures == 5);
	taut_loop_free(w.loop);
}

static void names_are_resolved_beside_the_loop(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	w.a->ask = (struct taut_io){ .kind = TAUT_IO_RESOLVE, .flow = 9, .name = "localhost" };
	w.a->asking = true;
	until(&w, w.a->io_answered);
	assert_int_equal(w.a->io_errno, 0);
	assert_true(w.a->resolved_count >= 1);
	assert_true(tt_addr_is_loopback(&w.a->resolved[0]));
	taut_loop_free(w.loop);
}

static void an_answer_for_a_connection_that_is_gone_is_dropped(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	for (int i = 0; i < 2; i++) {
		taut_pc *pc = i == 0 ? w.a : w.b;
		pc->ask = (struct taut_io){ .kind = TAUT_IO_RESOLVE, .flow = 9, .name = "localhost" };
		pc->asking = true;
	}
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK); /* both names are asked for */
	taut_loop_free_pc(w.loop, w.a);
	until(&w, w.b->io_answered);
	taut_loop_free(w.loop);
}

static void a_loop_may_end_while_a_name_is_looked_up(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	w.a->ask = (struct taut_io){ .kind = TAUT_IO_RESOLVE, .flow = 9, .name = "localhost" };
	w.a->asking = true;
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	taut_loop_free(w.loop);
}

static void a_name_too_long_is_refused_at_once(void **state)
{
	struct world w;
	static char name[1000];
	(void)state;

	open_world(&w, 0);
	memset(name, 'a', sizeof name - 1);
	w.a->ask = (struct taut_io){ .kind = TAUT_IO_RESOLVE, .flow = 9, .name = name };
	w.a->asking = true;
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_true(w.a->io_answered);
	assert_int_not_equal(w.a->io_errno, 0);
	taut_loop_free(w.loop);
}

static void the_deadline_of_a_connection_wakes_the_loop(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	const taut_time due = taut_loop_now(w.loop) + 20000;
	w.a->timer = due;
	until(&w, w.milestones == 1);
	assert_true(taut_loop_now(w.loop) >= due);
	taut_loop_free(w.loop);
}

static void count_task(void *arg)
{
	((struct world *)arg)->tasks++;
}

static void the_descriptor_tells_when_a_step_is_due(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	for (int n = 0; w.a->interface_count == 0; n++) {
		assert_true(n < 10000);
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	}
	struct pollfd fd = { .fd = taut_loop_fd(w.loop), .events = POLLIN };
	taut_loop_after(w.loop, 30000, count_task, &w);
	while (w.tasks == 0) {
		assert_int_equal(poll(&fd, 1, 5000), 1);
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	}
	taut_loop_free(w.loop);
}

/* To set the timer costs as much as to send a packet. */
static void a_step_that_does_not_wait_sets_no_timer(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	taut_loop_after(w.loop, 3600 * 1000000ll, count_task, &w);
	for (int i = 0; i < 20; i++)
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_true(w.loop->alarm_at == INT64_MAX);
	(void)taut_loop_fd(w.loop); /* from now on somebody else may wait */
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_true(w.loop->alarm_at < INT64_MAX);
	taut_loop_free(w.loop);
}

static void *post_many(void *arg)
{
	struct world *w = arg;

	for (int i = 0; i < 10000; i++)
		if (taut_loop_post(w->loop, count_task, w) != TAUT_OK)
			return arg;
	return NULL;
}

static void tasks_of_other_threads_run_on_the_loop(void **state)
{
	struct world w;
	pthread_t threads[3];
	(void)state;

	open_world(&w, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, &w), 0);
	until(&w, w.tasks == 30000);
	for (int i = 0; i < 3; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	taut_loop_free(w.loop);
}

static void stop_task(void *arg)
{
	taut_loop_stop(((struct world *)arg)->loop);
}

static void run_ends_when_it_is_stopped(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	taut_loop_after(w.loop, 1000, stop_task, &w);
	assert_int_equal(taut_loop_run(w.loop), TAUT_OK);
	taut_loop_post(w.loop, stop_task, &w);
	assert_int_equal(taut_loop_run(w.loop), TAUT_OK);
	taut_loop_free(w.loop);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	const taut_timer t = taut_loop_after(w.loop, 0, give_up, &w);
	taut_loop_cancel(w.loop, t);
	taut_loop_after(w.loop, 0, count_task, &w);
	until(&w, w.tasks == 1);
	assert_false(w.timed_out);
	taut_loop_free(w.loop);
}

static void a_connection_learns_of_the_interfaces_when_it_is_added(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, TAUT_LOOP_LOOPBACK_ONLY);
	assert_true(w.a->interface_count >= 1);
	assert_int_equal(w.a->loopback_count, w.a->interface_count);
	taut_loop_free(w.loop);
	open_world(&w, 0);
	assert_true(w.a->loopback_count >= 1);
	taut_loop_free(w.loop);
}

static void a_connection_that_is_not_added_stands_in_nobodys_way(void **state)
{
	struct world w;
	taut_pc *stray;
	(void)state;

	connect_world(&w, 0);
	taut_loop_free_pc(w.loop, w.a); /* its place, the first one, is the stray's */
	assert_int_equal(taut_pc_new(&stray, taut_loop_env(w.loop), NULL, 0), TAUT_OK);
	stray->timer = 1;
	stray->timer_event = true;
	w.b->timer = taut_loop_now(w.loop) + 1000;
	until(&w, w.milestones == 1);
	taut_pc_free(stray);
	taut_loop_free(w.loop);
}

static void tasks_posted_before_the_end_run_and_timers_are_dropped(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 0);
	taut_loop_post(w.loop, count_task, &w);
	taut_loop_after(w.loop, 0, give_up, &w);
	taut_loop_free(w.loop);
	assert_int_equal(w.tasks, 1);
	assert_false(w.timed_out);
	taut_loop_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_connection_sends_another_hears),
		cmocka_unit_test(a_long_talk_connects_and_strangers_are_heard),
		cmocka_unit_test(who_begins_a_batch_does_not_win_it),
		cmocka_unit_test(a_shared_socket_is_everybodys),
		cmocka_unit_test(a_handler_may_free_its_own_connection),
		cmocka_unit_test(a_handler_may_free_another_connection),
		cmocka_unit_test(a_second_socket_on_an_address_is_not_shared),
		cmocka_unit_test(a_run_may_lose_its_socket_on_the_way),
		cmocka_unit_test(what_is_left_to_say_goes_out_before_the_end),
		cmocka_unit_test(an_address_of_nobody_is_answered_with_an_error),
		cmocka_unit_test(an_unknown_request_is_answered_with_an_error),
		cmocka_unit_test(a_packet_to_nowhere_is_reported),
		cmocka_unit_test(names_are_resolved_beside_the_loop),
		cmocka_unit_test(an_answer_for_a_connection_that_is_gone_is_dropped),
		cmocka_unit_test(a_loop_may_end_while_a_name_is_looked_up),
		cmocka_unit_test(a_name_too_long_is_refused_at_once),
		cmocka_unit_test(the_deadline_of_a_connection_wakes_the_loop),
		cmocka_unit_test(the_descriptor_tells_when_a_step_is_due),
		cmocka_unit_test(a_step_that_does_not_wait_sets_no_timer),
		cmocka_unit_test(tasks_of_other_threads_run_on_the_loop),
		cmocka_unit_test(run_ends_when_it_is_stopped),
		cmocka_unit_test(a_cancelled_timer_does_not_fire),
		cmocka_unit_test(a_connection_learns_of_the_interfaces_when_it_is_added),
		cmocka_unit_test(a_connection_that_is_not_added_stands_in_nobodys_way),
		cmocka_unit_test(tasks_posted_before_the_end_run_and_timers_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
