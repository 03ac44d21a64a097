/* wraps: accept4 */
/* TCP connections that come, with a stand-in for the connection: real sockets of loopback. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "io/io_sockaddr.h"
#include "io/io_stream.h"
#include "unit/io/fake_pc.h"
#include "until.h"

enum { DEADLINE = 20000000, LISTENER = 7, FIRST = 20, MANY = 40 };

static int accept_error; /* of the next accept4; 0: none */

int __real_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	if (accept_error == 0)
		return __real_accept4(fd, sa, len, flags);
	errno = accept_error;
	accept_error = 0;
	return -1;
}

static bool no_memory; /* for the loop, from now on */

static void *take(void *ctx, void *p, size_t size)
{
	(void)ctx;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return no_memory ? NULL : realloc(p, size);
}

struct world {
	taut_loop *loop;
	taut_pc *pc;
	int fds[MANY];
	size_t count;
};

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	(void)user, (void)pc, (void)ev;
}

static void begin(struct world *w, int family)
{
	const struct taut_env_config env = { .size = sizeof env, .realloc = take };
	const struct taut_loop_config cfg = { .size = sizeof cfg, .env = &env };

	*w = (struct world){ 0 };
	accept_error = 0;
	no_memory = false;
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w->pc, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->pc, on_event, w), TAUT_OK);
	struct taut_addr local = { .family = (uint8_t)family, .ip = { 127, 0, 0, 1 } };
	if (family == 6)
		memcpy(local.ip, &in6addr_loopback, 16);
	w->pc->ask = (struct taut_io){ .kind = TAUT_IO_LISTEN, .flow = LISTENER, .local = local };
	w->pc->asking = true;
	until(w, w->pc->io_answered);
	assert_int_equal(w->pc->io_errno, 0);
	assert_true(tt_addr_eq_ip(&w->pc->bound, &local));
	assert_true(w->pc->bound.port != 0);
	w->pc->accepts = FIRST;
}

static void end(struct world *w)
{
	taut_loop_free(w->loop);
	for (size_t i = 0; i < w->count; i++)
		close(w->fds[i]);
}

static int knock(struct world *w)
{
	union tt_sockaddr sa;
	const socklen_t len = tt_sockaddr_from(&sa, &w->pc->bound);
	const int fd = socket(sa.any.sa_family, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &sa.any, len), 0);
	w->fds[w->count++] = fd;
	return fd;
}

/* Nothing more is to be read: the other side has closed it. */
static bool is_closed(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) <= 0;
}

static void a_connection_is_a_stream_of_its_own(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct world w;
		union tt_sockaddr sa;
		socklen_t len = sizeof sa;
		begin(&w, family);
		const int fd = knock(&w);
		until(&w, w.pc->came == w.count);
		assert_int_equal(getsockname(fd, &sa.any, &len), 0);
		const struct taut_addr theirs = tt_sockaddr_to(&sa);
		assert_true(tt_addr_eq(&w.pc->came_from, &theirs));
		assert_true(tt_addr_eq(&w.pc->came_to, &w.pc->bound));
		assert_int_equal(send(fd, "hello", 5, 0), 5);
		until(&w, w.pc->received_bytes == 5);
		assert_int_equal(w.pc->io_answers, 1); /* nothing is told of its being open */
		close(fd);
		w.count = 0;
		until(&w, w.pc->io_answers == 2);
		assert_int_equal(w.pc->io_errno, ECONNRESET);
		end(&w);
	}
}

static void what_is_not_wanted_is_closed(void **state)
{
	struct world w;
	(void)state;

	begin(&w, 4);
	w.pc->accepts = 0;
	const int fd = knock(&w);
	until(&w, w.pc->came == w.count);
	assert_true(is_closed(fd));
	assert_int_equal(w.pc->io_answers, 1);
	end(&w);
}

/* The core has given it a number by then, and hears that nothing comes of it. */
static void without_memory_one_is_closed_and_told(void **state)
{
	struct world w;
	(void)state;

	begin(&w, 4);
	const int fd = knock(&w);
	no_memory = true;
	until(&w, w.pc->io_answers == 2);
	no_memory = false;
	assert_int_equal(w.pc->io_errno, ENOMEM);
	assert_true(is_closed(fd));
	end(&w);
}

static void many_come_at_once(void **state)
{
	struct world w;
	(void)state;

	begin(&w, 4);
	for (int i = 0; i < MANY; i++) {
		knock(&w);
		taut_loop_step(w.loop, 0);
	}
	until(&w, w.pc->came == w.count);
	assert_int_equal(w.pc->accepts, FIRST + MANY);
	end(&w);
}

static void one_that_is_gone_again_keeps_nobody_waiting(void **state)
{
	struct world w;
	(void)state;

	begin(&w, 4);
	accept_error = ECONNABORTED;
	knock(&w);
	until(&w, w.pc->came == w.count);
	assert_int_equal(w.pc->io_answers, 1);
	end(&w);
}

static void where_no_descriptor_is_left_listening_ends_and_does_not_spin(void **state)
{
	struct world w;
	(void)state;

	begin(&w, 4);
	accept_error = EMFILE;
	knock(&w);
	until(&w, w.pc->io_answers == 2);
	assert_int_equal(w.pc->io_errno, EMFILE);
	w.pc->closes = true;
	taut_loop_step(w.loop, 0);
	end(&w);
}

static void a_port_of_nobody_here_is_refused(void **state)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg };
	struct world w = { 0 };
	(void)state;

	assert_int_equal(taut_loop_new(&w.loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w.pc, taut_loop_env(w.loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w.loop, w.pc, on_event, &w), TAUT_OK);
	w.pc->ask = (struct taut_io){ .kind = TAUT_IO_LISTEN,
				      .flow = LISTENER,
				      .local = { .family = 4, .ip = { 192, 0, 2, 1 } } };
	w.pc->asking = true;
	until(&w, w.pc->io_answered);
	assert_int_equal(w.pc->io_errno, EADDRNOTAVAIL);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_a_stream_of_its_own),
		cmocka_unit_test(what_is_not_wanted_is_closed),
		cmocka_unit_test(without_memory_one_is_closed_and_told),
		cmocka_unit_test(many_come_at_once),
		cmocka_unit_test(one_that_is_gone_again_keeps_nobody_waiting),
		cmocka_unit_test(where_no_descriptor_is_left_listening_ends_and_does_not_spin),
		cmocka_unit_test(a_port_of_nobody_here_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
