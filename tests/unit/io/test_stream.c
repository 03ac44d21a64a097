/* wraps: send recv */
/* Streams with a stand-in for the connection: real sockets of loopback, waits on conditions only. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/epoll.h>

#include "base/addr.h"
#include "io/io_stream.h"
#include "unit/io/fake_pc.h"
#include "until.h"
#include "far.h"

enum { DEADLINE = 20000000, FLOW = 7, MESSAGES = 3000, MESSAGE = 1000 };

/* ---- the kernel ---- */

static size_t takes;     /* bytes of each send and recv of the loop's; 0: all */
static bool full;        /* each recv of the loop's says that more may wait */
static size_t first_len; /* of the first send: what it was given */
static bool no_room;     /* said by a send: the kernel has none */

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	if (first_len == 0)
		first_len = len;
	assert_true(flags & MSG_NOSIGNAL);
	const ssize_t n = __real_send(fd, buf, takes > 0 && takes < len ? takes : len, flags);
	no_room = no_room || (n < 0 && errno == EAGAIN);
	return n;
}

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	const ssize_t n = __real_recv(fd, buf, takes > 0 && takes < len ? takes : len, flags);

	if (n <= 0 || !full || !buf)
		return n;
	memset((uint8_t *)buf + n, 0, len - (size_t)n);
	return (ssize_t)len;
}

/* ---- one connection, one other end ---- */

struct world {
	taut_loop *loop;
	taut_pc *pc, *other;
	struct far far;
	size_t messages;
	bool free_on_event;
	bool free_other; /* on the first event: whichever was not heard */
};

static uint8_t text[MESSAGES * MESSAGE];
static bool refused[MESSAGES];
static size_t refusals;

/* Each message begins with its number. */
static void write_text(void)
{
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 31 + i / 256);
	for (uint32_t n = 0; n < MESSAGES; n++)
		memcpy(text + n * MESSAGE, &n, sizeof n);
	memset(refused, 0, sizeof refused);
	refusals = 0;
}

static void on_refused(const struct taut_datagram *what)
{
	uint32_t n;

	assert_int_equal(what->len, MESSAGE);
	memcpy(&n, what->buf, sizeof n);
	assert_true(n < MESSAGES);
	assert_memory_equal(what->buf, text + n * MESSAGE, MESSAGE);
	refused[n] = true;
	refusals++;
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct world *w = user;

	w->messages += ev->type == TAUT_EV_MESSAGE;
	if (w->free_on_event) {
		w->free_on_event = false;
		w->pc = NULL;
		taut_loop_free_pc(w->loop, pc);
	}
	if (w->free_other) {
		w->free_other = false;
		taut_loop_free_pc(w->loop, pc == w->pc ? w->other : w->pc);
		if (pc != w->pc)
			w->pc = w->other;
		w->other = NULL;
	}
}

static void open_world(struct world *w, int family, bool small_window)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg };

	*w = (struct world){ 0 };
	takes = first_len = 0;
	full = no_room = false;
	write_text();
	far_open(&w->far, family, small_window);
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w->pc, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->pc, on_event, w), TAUT_OK);
	w->pc->on_refused = on_refused;
	w->pc->send_len = MESSAGE;
	w->pc->heard_cap = sizeof text;
	w->pc->heard = malloc(sizeof text);
	assert_non_null(w->pc->heard);
}

static void close_world(struct world *w)
{
	if (w->pc)
		free(w->pc->heard);
	taut_loop_free(w->loop);
	far_close(&w->far);
	assert_int_equal(fake_behind, 0);
}

static void ask(struct world *w)
{
	struct taut_addr local = w->far.at;

	local.port = 0;
	w->pc->ask = (struct taut_io){
		.kind = TAUT_IO_TCP, .flow = FLOW, .local = local, .remote = w->far.at
	};
	w->pc->asking = true;
}

static struct tt_io_stream *stream_of(struct world *w)
{
	const struct tt_io_flow *flow = tt_io_conn_find(&w->loop->conns, w->pc)->flows;

	return flow ? flow->stream : NULL;
}

static void connect_world(struct world *w, bool small_window)
{
	open_world(w, 4, small_window);
	ask(w);
	until_both(w, w->pc->io_answered && w->far.fd >= 0);
	assert_int_equal(w->pc->io_errno, 0);
}

static void say(struct world *w, size_t messages)
{
	w->pc->script = text;
	w->pc->to_send = messages;
}

/* ---- beginning ---- */

static void connects_and_tells_the_address_it_got(void **state)
{
	struct world w;
	(void)state;

	for (int family = 4; family <= 6; family += 2) {
		union tt_sockaddr sa;
		socklen_t len = sizeof sa;
		open_world(&w, family, false);
		ask(&w);
		until_both(&w, w.pc->io_answered && w.far.fd >= 0);
		assert_int_equal(w.pc->io_errno, 0);
		assert_int_equal(w.pc->io_answers, 1);
		assert_int_equal(getpeername(w.far.fd, &sa.any, &len), 0);
		const struct taut_addr seen = tt_sockaddr_to(&sa);
		assert_true(tt_addr_eq(&seen, &w.pc->bound));
		close_world(&w);
	}
}

static void a_port_where_nobody_listens_refuses(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 4, false);
	shutdown(w.far.listener, SHUT_RDWR);
	ask(&w);
	until(&w, w.pc->io_answered);
	assert_int_equal(w.pc->io_errno, ECONNREFUSED);
	assert_int_equal(w.pc->bound.family, 0);
	assert_int_equal(w.pc->io_answers, 1);
	close_world(&w);
}

static void an_address_that_is_not_ours_or_out_of_reach_is_told_at_once(void **state)
{
	static const struct taut_addr here = { .family = 4, .ip = { 127, 0, 0, 1 } },
				      far_away = { .family = 4, .port = 9, .ip = { 192, 0, 2, 1 } },
				      other = { .family = 6, .port = 9, .ip = { 0x20, 0x01 } },
				      none = { 0 };
	static const struct {
		const struct taut_addr *local, *remote;
		int err;
	} all[] = {
		{ &far_away, &far_away, EADDRNOTAVAIL },
		{ &here, &far_away, 0 }, /* EINVAL or ENETUNREACH */
		{ &here, &other, EAFNOSUPPORT },
		{ &none, &none, EAFNOSUPPORT },
	};
	struct world w;
	(void)state;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		open_world(&w, 4, false);
		ask(&w);
		w.pc->ask.local = *all[i].local;
		w.pc->ask.remote = *all[i].remote;
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
		assert_true(w.pc->io_answered);
		assert_int_not_equal(w.pc->io_errno, 0);
		if (all[i].err != 0)
			assert_int_equal(w.pc->io_errno, all[i].err);
		assert_null(stream_of(&w));
		close_world(&w);
	}
}

static void nothing_is_sent_before_it_is_open(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 4, false);
	ask(&w);
	w.pc->bound.family = 4; /* it thinks that it may */
	say(&w, 1);
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_int_equal(w.pc->send_failures, 1);
	assert_int_equal(w.pc->send_errno, ENOTCONN);
	close_world(&w);
}

/* ---- both ways ---- */

static void what_one_says_the_other_hears(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	say(&w, 30);
	until_both(&w, w.far.got_len == 30 * MESSAGE);
	assert_memory_equal(w.far.got, text, 30 * MESSAGE);
	w.far.say = text;
	w.far.say_len = 500 * MESSAGE;
	until_both(&w, w.pc->heard_len == 500 * MESSAGE);
	assert_memory_equal(w.pc->heard, text, 500 * MESSAGE);
	assert_true(tt_addr_eq(&w.pc->heard_from, &w.far.at));
	assert_true(tt_addr_eq(&w.pc->heard_on, &w.pc->bound));
	assert_int_equal(w.pc->send_failures, 0);
	close_world(&w);
}

static void messages_of_one_turn_go_in_one_call(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	say(&w, 30);
	until_both(&w, w.far.got_len == 30 * MESSAGE);
	assert_int_equal(first_len, 30 * MESSAGE);
	close_world(&w);
}

/* More than waits at most: the kernel has the first ones before the last is put behind them. */
static void a_turn_may_have_more_than_the_queue_holds(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	say(&w, 3);
	w.pc->send_len = 60000;
	w.pc->on_refused = NULL;
	until_both(&w, w.far.got_len == 3 * 60000 || w.pc->send_failures > 0);
	/* One that takes an octet at a time keeps few of them, and says so. */
	assert_true(w.pc->send_failures == 0 || no_room);
	assert_memory_equal(w.far.got, text, w.far.got_len);
	close_world(&w);
}

/* A part says nothing of the rest: what says that there is no room is EAGAIN. */
static void what_is_taken_in_parts_goes_out_in_one_turn(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	takes = 500;
	w.pc->script = text;
	w.pc->send_len = 20000;
	w.pc->to_send = 1;
	until_both(&w, w.pc->to_send == 0);
	assert_true(stream_of(&w)->out.len == 0 || no_room);
	until_both(&w, w.far.got_len == 20000);
	assert_memory_equal(w.far.got, text, 20000);
	close_world(&w);
}

/* The kernel takes and gives a byte at a time, and so does the other end. */
static void byte_by_byte_all_come_in_order(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	takes = w.far.bite = 1;
	say(&w, 5);
	w.far.say = text;
	w.far.say_len = 2000; /* each is an event */
	until_both(&w, w.far.got_len == 5 * MESSAGE && w.pc->heard_len == 2000);
	assert_memory_equal(w.far.got, text, 5 * MESSAGE);
	assert_memory_equal(w.pc->heard, text, 2000);
	assert_int_equal(w.pc->send_failures, 0);
	close_world(&w);
}

static void set_small_buffer(struct world *w)
{
	const int small = 1;

	assert_int_equal(setsockopt(stream_of(w)->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small),
			 0);
}

/* Those that were not refused, one behind another. */
static void expect_the_rest(struct world *w)
{
	const uint8_t *got = w->far.got;

	for (size_t n = 0; n < MESSAGES - w->pc->to_send; n++) {
		if (refused[n])
			continue;
		assert_memory_equal(got, text + n * MESSAGE, MESSAGE);
		got += MESSAGE;
	}
	assert_int_equal(got - w->far.got, w->far.got_len);
}

static void a_slow_reader_gets_every_byte_in_order(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, true);
	set_small_buffer(&w);
	w.far.bite = 777;
	for (size_t said = 0; said < 500; said += 100) {
		w.pc->script = text + said * MESSAGE;
		w.pc->to_send = 100;
		until_both(&w, w.pc->to_send == 0 && w.far.got_len > said * MESSAGE);
		until_both(&w, stream_of(&w)->out.len < 20000);
	}
	until_both(&w, w.far.got_len == 500 * MESSAGE);
	assert_int_equal(refusals, 0);
	assert_memory_equal(w.far.got, text, 500 * MESSAGE);
	close_world(&w);
}

static void a_message_beyond_the_ceiling_is_refused_whole(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, true);
	set_small_buffer(&w);
	w.far.deaf = true;
	say(&w, MESSAGES);
	until_both(&w, w.pc->to_send == 0);
	assert_int_equal(w.pc->send_errno, EAGAIN);
	assert_int_equal(w.pc->send_failures, refusals);
	assert_in_range(refusals, 1, MESSAGES - TT_LOOP_HELD / MESSAGE);
	const size_t most = TT_LOOP_HELD - TT_STREAM_KEPT;
	assert_in_range(stream_of(&w)->out.len, most - MESSAGE + 1, most);
	/* Room is kept for what is short: requests are not repeated over a stream. */
	const uint8_t request[TT_STREAM_SHORT + 1] = { 0 };
	assert_int_equal(tt_io_stream_put(stream_of(&w), request, sizeof request), EAGAIN);
	assert_int_equal(tt_io_stream_put(stream_of(&w), request, TT_STREAM_SHORT), 0);
	w.far.deaf = false;
	until_both(&w, w.far.got_len == (MESSAGES - refusals) * MESSAGE + TT_STREAM_SHORT);
	w.far.got_len -= TT_STREAM_SHORT;
	expect_the_rest(&w);
	close_world(&w);
}

static void while_nothing_waits_nobody_asks_whether_there_is_room(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, true);
	set_small_buffer(&w);
	assert_int_equal(stream_of(&w)->events, EPOLLIN);
	w.far.deaf = true;
	say(&w, 100);
	until_both(&w, w.pc->to_send == 0);
	assert_int_equal(stream_of(&w)->events, EPOLLIN | EPOLLOUT);
	w.far.deaf = false;
	until_both(&w, w.far.got_len == 100 * MESSAGE);
	until_both(&w, stream_of(&w)->events == EPOLLIN);
	close_world(&w);
}

/* ---- ends ---- */

static void expect_the_end(struct world *w, int err)
{
	until_both(w, w->pc->io_answers == 2);
	assert_int_equal(w->pc->io_errno, err);
	assert_int_equal(stream_of(w)->fd, -1);
	say(w, 1); /* and nothing goes any more */
	until_both(w, w->pc->send_failures == 1);
	assert_int_equal(w->pc->send_errno, EPIPE);
	for (int i = 0; i < 20; i++)
		assert_int_equal(taut_loop_step(w->loop, 0), TAUT_OK);
	assert_int_equal(w->pc->io_answers, 2);
	w->pc->closes = true;
	until(w, !stream_of(w));
	assert_int_equal(w->pc->io_answers, 2);
}

static void an_end_by_the_other_side_is_told_once(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	w.far.say = text;
	w.far.say_len = 100;
	until_both(&w, w.far.say_len == 0);
	far_hang_up(&w.far);
	expect_the_end(&w, ECONNRESET);
	assert_int_equal(w.pc->heard_len, 100); /* what came before it counts */
	close_world(&w);
}

static void a_reset_is_told_once(void **state)
{
	const struct linger at_once = { .l_onoff = 1 };
	struct world w;
	(void)state;

	connect_world(&w, false);
	setsockopt(w.far.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	far_hang_up(&w.far);
	expect_the_end(&w, ECONNRESET);
	close_world(&w);
}

static void the_core_may_close_it_at_any_time(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 4, false); /* while it is connecting */
	ask(&w);
	w.pc->closes = true;
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_null(stream_of(&w));
	assert_false(w.pc->io_answered);
	close_world(&w);

	connect_world(&w, true); /* with something to say */
	set_small_buffer(&w);
	w.far.deaf = true;
	say(&w, 120);
	until_both(&w, w.pc->to_send == 0);
	assert_true(stream_of(&w)->out.len > 0);
	w.pc->closes = true;
	until(&w, !stream_of(&w));
	assert_int_equal(w.pc->io_answers, 1);
	w.far.deaf = false;
	until_both(&w, w.far.ended);
	assert_int_equal(w.far.error, 0);
	assert_memory_equal(w.far.got, text, w.far.got_len);
	close_world(&w);
}

static void a_handler_may_free_its_connection(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	free(w.pc->heard);
	w.pc->heard = NULL;
	takes = 10;
	w.free_on_event = true;
	w.far.say = text;
	w.far.say_len = 1000;
	until_both(&w, !w.pc);
	assert_int_equal(w.messages, 1);
	until_both(&w, w.far.ended);
	close_world(&w);
}

static void so_it_may_while_more_waits(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	free(w.pc->heard);
	w.pc->heard = NULL;
	full = w.free_on_event = true;
	w.far.say = text;
	w.far.say_len = 1000;
	until_both(&w, !w.pc);
	assert_int_equal(w.messages, 1);
	close_world(&w);
}

/* Whose stream has something to tell in the same turn: bytes, or that it is connected. */
static void frees_another(bool connected)
{
	struct far second;
	struct world w;

	connect_world(&w, false);
	free(w.pc->heard);
	w.pc->heard = NULL;
	far_open(&second, 4, false);
	assert_int_equal(taut_pc_new(&w.other, taut_loop_env(w.loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w.loop, w.other, on_event, &w), TAUT_OK);
	w.other->ask = (struct taut_io){
		.kind = TAUT_IO_TCP, .flow = FLOW, .local = second.at, .remote = second.at
	};
	w.other->asking = true;
	if (connected) {
		until(&w, w.other->io_answered);
		far_act(&second);
		assert_true(second.fd >= 0);
		assert_int_equal(write(second.fd, text, 100), 100);
	}
	w.free_other = true;
	assert_int_equal(write(w.far.fd, text, 100), 100);
	until_both(&w, !w.other);
	for (int i = 0; i < 10; i++)
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_int_equal(w.messages, 1);
	assert_int_equal(w.pc->io_answers, 1);
	far_close(&second);
	close_world(&w);
}

static void a_handler_may_free_another_connection(void **state)
{
	(void)state;
	frees_another(true);
	frees_another(false);
}

/* Even over bytes that nobody has read: the kernel would send a reset behind it. */
static void what_is_left_to_say_goes_out_before_the_end(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w, false);
	const ssize_t n = write(w.far.fd, text, 100);
	assert_int_equal(n, 100);
	say(&w, 3);
	free(w.pc->heard);
	taut_loop_free_pc(w.loop, w.pc);
	w.pc = NULL;
	until_both(&w, w.far.ended);
	assert_int_equal(w.far.error, 0);
	assert_int_equal(w.far.got_len, 3 * MESSAGE);
	assert_memory_equal(w.far.got, text, 3 * MESSAGE);
	close_world(&w);
}

static void a_stream_is_never_shared(void **state)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .flags = TAUT_LOOP_ONE_SOCKET };
	taut_pc *other;
	struct world w;
	(void)state;

	open_world(&w, 4, false);
	free(w.pc->heard);
	taut_loop_free(w.loop);
	assert_int_equal(taut_loop_new(&w.loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w.pc, taut_loop_env(w.loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w.loop, w.pc, on_event, &w), TAUT_OK);
	assert_int_equal(taut_pc_new(&other, taut_loop_env(w.loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w.loop, other, on_event, &w), TAUT_OK);
	other->ask = (struct taut_io){ .kind = TAUT_IO_UDP, .local = w.far.at };
	other->asking = true; /* so that there is a shared socket */
	ask(&w);
	until_both(&w, w.pc->io_answered && w.far.fd >= 0 && other->io_answered);
	assert_non_null(w.loop->shared);
	assert_non_null(stream_of(&w));
	w.pc->script = text;
	w.pc->to_send = 3;
	until_both(&w, w.far.got_len == 3 * MESSAGE);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects_and_tells_the_address_it_got),
		cmocka_unit_test(a_port_where_nobody_listens_refuses),
		cmocka_unit_test(an_address_that_is_not_ours_or_out_of_reach_is_told_at_once),
		cmocka_unit_test(nothing_is_sent_before_it_is_open),
		cmocka_unit_test(what_one_says_the_other_hears),
		cmocka_unit_test(messages_of_one_turn_go_in_one_call),
		cmocka_unit_test(a_turn_may_have_more_than_the_queue_holds),
		cmocka_unit_test(what_is_taken_in_parts_goes_out_in_one_turn),
		cmocka_unit_test(byte_by_byte_all_come_in_order),
		cmocka_unit_test(a_slow_reader_gets_every_byte_in_order),
		cmocka_unit_test(a_message_beyond_the_ceiling_is_refused_whole),
		cmocka_unit_test(while_nothing_waits_nobody_asks_whether_there_is_room),
		cmocka_unit_test(an_end_by_the_other_side_is_told_once),
		cmocka_unit_test(a_reset_is_told_once),
		cmocka_unit_test(the_core_may_close_it_at_any_time),
		cmocka_unit_test(a_handler_may_free_its_connection),
		cmocka_unit_test(so_it_may_while_more_waits),
		cmocka_unit_test(a_handler_may_free_another_connection),
		cmocka_unit_test(what_is_left_to_say_goes_out_before_the_end),
		cmocka_unit_test(a_stream_is_never_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
