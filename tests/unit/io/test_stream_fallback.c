/* wraps: socket bind getsockname setsockopt sendmsg sendmmsg recvmsg recvmmsg getifaddrs freeifaddrs if_nametoindex connect getsockopt send recv epoll_ctl */
/* Streams whose kernel refuses: what cannot be done is told once, and nothing is left open. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "base/addr.h"
#include "io/io_stream.h"
#include "unit/io/fake_pc.h"
#include "unit/io/kernel.h"
#include "until.h"
#include "far.h"

enum { DEADLINE = 20000000, MESSAGE = 1000 };

/* ---- more of the kernel; the other end's calls are spared, it uses read and accept4 ---- */

#define REFUSABLE(ret, name, rule, declared, passed)                                               \
	ret __real_##name declared;                                                                \
	ret __wrap_##name declared;                                                                \
	ret __wrap_##name declared                                                                 \
	{                                                                                          \
		return kernel_rules(rule, 0) ? -1 : __real_##name passed;                          \
	}

REFUSABLE(int, connect, "connect", (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
REFUSABLE(ssize_t, send, "stream send", (int fd, const void *p, size_t n, int f), (fd, p, n, f))
REFUSABLE(ssize_t, recv, "stream recv", (int fd, void *p, size_t n, int f), (fd, p, n, f))
REFUSABLE(int, epoll_ctl, "epoll_ctl", (int set, int op, int fd, struct epoll_event *e),
	  (set, op, fd, e))

static int socket_error; /* that a socket has pending, 0: what is true */

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	if (kernel_rules("getsockopt", 0))
		return -1;
	const int rc = __real_getsockopt(fd, level, name, value, len);
	if (socket_error != 0)
		memcpy(value, &socket_error, sizeof socket_error);
	return rc;
}

/* ---- memory and descriptors ---- */

static struct {
	size_t live; /* blocks */
	long until;  /* so many more are given; -1: no end */
} memory;

static void *count_memory(void *ctx, void *p, size_t size)
{
	(void)ctx;
	if (size == 0) {
		memory.live -= p != NULL;
		free(p);
		return NULL;
	}
	if (memory.until == 0)
		return NULL;
	if (memory.until > 0)
		memory.until--;
	memory.live += p == NULL;
	return realloc(p, size);
}

static size_t open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- one connection, one other end ---- */

struct world {
	taut_loop *loop;
	taut_pc *pc;
	struct far far;
	size_t descriptors;
};

static void open_world(struct world *w, int family)
{
	const struct taut_env_config env = { .size = sizeof env, .realloc = count_memory };
	const struct taut_loop_config cfg = { .size = sizeof cfg, .env = &env };

	*w = (struct world){ 0 };
	kernel_obey();
	socket_error = 0;
	memory.until = -1;
	memory.live = 0;
	w->descriptors = open_descriptors();
	far_open(&w->far, family, false);
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w->pc, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->pc, NULL, NULL), TAUT_OK);
}

static void close_world(struct world *w)
{
	kernel_obey();
	taut_loop_free(w->loop);
	far_close(&w->far);
	assert_int_equal(memory.live, 0);
	assert_int_equal(open_descriptors(), w->descriptors);
}

static void ask(struct world *w)
{
	w->pc->ask =
		(struct taut_io){ .kind = TAUT_IO_TCP, .local = w->far.at, .remote = w->far.at };
	w->pc->asking = true;
	w->pc->io_answered = false;
}

static struct tt_io_stream *stream_of(struct world *w)
{
	const struct tt_io_flow *flow = tt_io_conn_find(&w->loop->conns, w->pc)->flows;

	return flow ? flow->stream : NULL;
}

static void connect_world(struct world *w)
{
	open_world(w, 4);
	ask(w);
	until_both(w, w->pc->io_answered && w->far.fd >= 0);
	assert_int_equal(w->pc->io_errno, 0);
}

static void talk(struct world *w)
{
	const size_t got = w->far.got_len, heard = w->pc->received_bytes;
	static const uint8_t text[100];

	w->pc->to_send = 3;
	w->far.say = text;
	w->far.say_len = sizeof text;
	until_both(w, w->far.got_len == got + 3 * MESSAGE &&
			      w->pc->received_bytes == heard + sizeof text);
	assert_int_equal(w->pc->io_answers, 1);
	assert_int_equal(w->pc->send_failures, 0);
}

/* ---- beginning ---- */

static void a_stream_that_cannot_begin_is_told_at_once(void **state)
{
	static const struct {
		const char *call;
		int option, error;
	} all[] = {
		{ "socket", AF_INET6, EMFILE },      { "setsockopt", IPV6_V6ONLY, ENOMEM },
		{ "bind", AF_INET6, EADDRNOTAVAIL }, { "connect", 0, ENETUNREACH },
		{ "connect", 0, EADDRINUSE },        { "epoll_ctl", 0, ENOSPC },
	};
	struct world w;
	(void)state;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		open_world(&w, 6);
		const size_t blocks = memory.live, open = open_descriptors();
		kernel_refuse(all[i].call, 1, all[i].error);
		kernel.option = all[i].option;
		ask(&w);
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
		assert_int_equal(kernel.times, 0);
		assert_int_equal(w.pc->io_answers, 1);
		assert_int_equal(w.pc->io_errno, all[i].error);
		assert_null(stream_of(&w));
		assert_int_equal(memory.live, blocks);
		assert_int_equal(open_descriptors(), open);
		close_world(&w);
	}
}

static void one_that_cannot_go_on_is_told_once(void **state)
{
	static const struct {
		const char *call; /* NULL: the connection itself fails */
		int skip, error;
	} all[] = {
		{ NULL, 0, EHOSTUNREACH },    { NULL, 0, ETIMEDOUT },
		{ "getsockopt", 0, ENOBUFS }, { "getsockname", 0, ENOBUFS },
		{ "epoll_ctl", 1, ENOMEM },
	};
	struct world w;
	(void)state;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		open_world(&w, 4);
		if (all[i].call)
			kernel_refuse(all[i].call, 1, all[i].error);
		else
			socket_error = all[i].error;
		kernel.skip = all[i].skip;
		ask(&w);
		until_both(&w, w.pc->io_answered);
		assert_int_equal(w.pc->io_errno, all[i].error);
		assert_int_equal(w.pc->bound.family, 0);
		assert_int_equal(stream_of(&w)->fd, -1);
		w.pc->closes = true;
		until(&w, !stream_of(&w));
		assert_int_equal(w.pc->io_answers, 1);
		close_world(&w);
	}
}

static void a_signal_does_not_stop_a_connection(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, 4);
	kernel_refuse("setsockopt", 2, ENOPROTOOPT); /* and it works without these */
	ask(&w);
	until_both(&w, w.pc->io_answered && w.far.fd >= 0);
	assert_int_equal(w.pc->io_errno, 0);
	assert_int_equal(kernel.times, 0);
	kernel_refuse("stream send", 2, EINTR);
	talk(&w);
	assert_int_equal(kernel.times, 0);
	kernel_refuse("stream recv", 2, EINTR);
	talk(&w);
	assert_int_equal(kernel.times, 0);
	close_world(&w);
}

static void without_memory_it_is_told_at_once(void **state)
{
	struct world w;
	long n = 0;
	(void)state;

	open_world(&w, 4);
	until_both(&w, true); /* the loop has its first timer */
	do {
		const size_t blocks = memory.live;
		memory.until = n++;
		ask(&w);
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
		memory.until = -1;
		until_both(&w, w.pc->io_answered);
		if (w.pc->io_errno != 0) {
			assert_int_equal(w.pc->io_errno, ENOMEM);
			assert_int_equal(memory.live, blocks);
		}
		assert_true(n < 20);
	} while (w.pc->io_errno != 0);
	assert_int_equal(n, 4); /* flow, stream, what waits; then it worked */
	close_world(&w);
}

static void nor_is_a_loop_made_without_memory_for_whom_to_trust(void **state)
{
	const struct taut_env_config env = { .size = sizeof env, .realloc = count_memory };
	const struct taut_loop_config cfg = { .size = sizeof cfg,
					      .env = &env,
					      .tls_trust = "a.pem" };
	taut_loop *loop;
	int rc = TAUT_E_NOMEM;
	(void)state;

	kernel_obey();
	memory.live = 0;
	for (long n = 0; rc != TAUT_OK; n++) {
		memory.until = n;
		rc = taut_loop_new(&loop, &cfg);
		assert_true(n < 20 && (rc == TAUT_OK || rc == TAUT_E_NOMEM));
		assert_true(rc == TAUT_OK || memory.live == 0);
	}
	memory.until = -1;
	assert_string_equal(loop->tls_trust, "a.pem");
	taut_loop_free(loop);
	assert_int_equal(memory.live, 0);
}

/* ---- under way ---- */

static void what_finds_no_room_waits_and_goes_in_order(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w);
	kernel_refuse("stream send", 3, EAGAIN);
	w.pc->to_send = 3;
	until_both(&w, kernel.times == 0 && w.far.got_len == 3 * MESSAGE);
	for (uint8_t i = 0; i < 3; i++)
		assert_int_equal(w.far.got[i * MESSAGE], 3 - i);
	talk(&w);
	close_world(&w);
}

static void an_error_on_the_way_ends_it(void **state)
{
	static const struct {
		const char *call;
		int error;
	} all[] = {
		{ "stream send", EPIPE },      { "stream send", ENOBUFS },
		{ "stream recv", ETIMEDOUT },  { "stream recv", EHOSTUNREACH },
		{ "stream recv", ECONNRESET },
	};
	static const uint8_t text[100];
	struct world w;
	(void)state;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		connect_world(&w);
		kernel_refuse(all[i].call, 1, all[i].error);
		w.pc->to_send = 1;
		w.far.say = text;
		w.far.say_len = sizeof text;
		until_both(&w, w.pc->io_answers == 2);
		assert_int_equal(w.pc->io_errno, all[i].error);
		assert_int_equal(stream_of(&w)->fd, -1);
		until_both(&w, w.far.ended);
		assert_int_equal(w.pc->io_answers, 2);
		close_world(&w);
	}
}

static void nobody_waits_for_room_that_is_never_told(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w);
	kernel_refuse("stream send", -1, EAGAIN);
	w.pc->to_send = 1;
	until_both(&w, w.pc->to_send == 0);
	assert_int_equal(stream_of(&w)->events, EPOLLIN | EPOLLOUT);
	kernel_refuse("epoll_ctl", 1, ENOMEM);
	until_both(&w, w.pc->io_answers == 2); /* it cannot say that it waits no more */
	assert_int_equal(w.pc->io_errno, ENOMEM);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_that_cannot_begin_is_told_at_once),
		cmocka_unit_test(one_that_cannot_go_on_is_told_once),
		cmocka_unit_test(a_signal_does_not_stop_a_connection),
		cmocka_unit_test(without_memory_it_is_told_at_once),
		cmocka_unit_test(nor_is_a_loop_made_without_memory_for_whom_to_trust),
		cmocka_unit_test(what_finds_no_room_waits_and_goes_in_order),
		cmocka_unit_test(an_error_on_the_way_ends_it),
		cmocka_unit_test(nobody_waits_for_room_that_is_never_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
