/* wraps: socket bind getsockname setsockopt sendmsg sendmmsg recvmsg recvmmsg getifaddrs freeifaddrs if_nametoindex epoll_create1 epoll_ctl epoll_wait timerfd_create eventfd recv read clock_gettime pthread_mutex_init */
/* A loop whose kernel refuses: what it cannot do it says, what it can wait for it holds. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "io/io_loop.h"
#include "unit/io/fake_pc.h"
#include "unit/io/kernel.h"
#include "until.h"

enum { DEADLINE = 5000000 };

/* ---- more of the kernel ---- */

#define REFUSABLE(ret, name, declared, passed)                                                     \
	ret __real_##name declared;                                                                \
	ret __wrap_##name declared;                                                                \
	ret __wrap_##name declared                                                                 \
	{                                                                                          \
		return kernel_rules(#name, 0) ? -1 : __real_##name passed;                         \
	}

REFUSABLE(int, epoll_create1, (int flags), (flags))
REFUSABLE(int, epoll_ctl, (int set, int op, int fd, struct epoll_event *e), (set, op, fd, e))
REFUSABLE(int, epoll_wait, (int set, struct epoll_event *e, int n, int ms), (set, e, n, ms))
REFUSABLE(int, timerfd_create, (clockid_t clock, int flags), (clock, flags))
REFUSABLE(int, eventfd, (unsigned n, int flags), (n, flags))
REFUSABLE(ssize_t, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags))
REFUSABLE(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len))

int __real_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr)
{
	return kernel_rules("pthread_mutex_init", 0) ? kernel.error
						     : __real_pthread_mutex_init(lock, attr);
}

static time_t clock_ahead; /* seconds */

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	const int rc = __real_clock_gettime(id, ts);

	ts->tv_sec += clock_ahead;
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

static size_t notes; /* of what, from the io layer */
static const char *noted;

static void count_notes(void *ctx, const struct taut_trace_record *r)
{
	(void)ctx;
	notes += noted && strcmp(r->name, noted) == 0;
}

static const struct taut_trace_sink sink = { .size = sizeof sink, .record = count_notes };

struct world {
	taut_loop *loop;
	taut_pc *a, *b;
	size_t messages, tasks;
};

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	(void)pc;
	((struct world *)user)->messages += ev->type == TAUT_EV_MESSAGE;
}

static void forget_all(void)
{
	kernel_obey();
	memory.until = -1;
	memory.live = 0;
	clock_ahead = 0;
	fake_env_fails = false;
	notes = 0;
	noted = NULL;
}

static int new_loop(taut_loop **out, uint32_t flags)
{
	const struct taut_env_config env = { .size = sizeof env,
					     .realloc = count_memory,
					     .trace = &sink };
	const struct taut_loop_config cfg = { .size = sizeof cfg, .flags = flags, .env = &env };

	return taut_loop_new(out, &cfg);
}

static taut_pc *add_pc(struct world *w)
{
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, pc, on_event, w), TAUT_OK);
	return pc;
}

static void open_world(struct world *w)
{
	*w = (struct world){ 0 };
	assert_int_equal(new_loop(&w->loop, 0), TAUT_OK);
	w->a = add_pc(w);
	w->b = add_pc(w);
}

static void close_world(struct world *w)
{
	taut_loop_free(w->loop);
	assert_int_equal(memory.live, 0);
}

static void ask(struct world *w, taut_pc *pc, uint32_t kind, taut_flow flow)
{
	pc->ask = (struct taut_io){ .kind = kind,
				    .flow = flow,
				    .local = { .family = 4, .ip = { 127, 0, 0, 1 } } };
	pc->asking = true;
	pc->io_answered = false;
	assert_int_equal(taut_loop_step(w->loop, 0), TAUT_OK);
}

static void connect_world(struct world *w)
{
	open_world(w);
	ask(w, w->a, TAUT_IO_UDP, 7);
	ask(w, w->b, TAUT_IO_UDP, 7);
	assert_true(w->a->bound.port && w->b->bound.port);
	w->a->peer = w->b->bound;
	w->b->peer = w->a->bound;
}

/* ---- making a loop ---- */

static void a_loop_that_cannot_be_made_leaves_nothing_open(void **state)
{
	static const struct {
		const char *call;
		int skip;
	} refused[] = {
		{ "eventfd", 0 },        { "pthread_mutex_init", 0 }, { "epoll_create1", 0 },
		{ "timerfd_create", 0 }, { "epoll_ctl", 0 },          { "epoll_ctl", 1 },
		{ "epoll_ctl", 2 },
	};
	taut_loop *loop;
	(void)state;

	forget_all();
	const size_t before = open_descriptors();
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		kernel_refuse(refused[i].call, 1, EMFILE);
		kernel.skip = refused[i].skip;
		assert_int_equal(new_loop(&loop, 0), TAUT_E_IO);
		assert_int_equal(kernel.times, 0);
		assert_null(loop);
		assert_int_equal(open_descriptors(), before);
		assert_int_equal(memory.live, 0);
	}
	kernel_obey();
	fake_env_fails = true;
	assert_int_equal(new_loop(&loop, 0), TAUT_E_NOMEM);
	fake_env_fails = false;
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(memory.live, 0);
}

static void a_loop_without_memory_is_not_made(void **state)
{
	taut_loop *loop;
	int rc = TAUT_E_NOMEM;
	(void)state;

	forget_all();
	for (long n = 0; rc != TAUT_OK; n++) {
		memory.until = n;
		rc = new_loop(&loop, 0);
		assert_true(n < 20);
		if (rc == TAUT_OK)
			break;
		assert_int_equal(rc, TAUT_E_NOMEM);
		assert_null(loop);
		assert_int_equal(memory.live, 0);
	}
	taut_loop_free(loop);
	assert_int_equal(memory.live, 0);
}

static void a_loop_needs_no_configuration(void **state)
{
	taut_loop *loop;
	(void)state;

	forget_all();
	assert_int_equal(taut_loop_new(&loop, NULL), TAUT_OK);
	assert_int_equal(taut_loop_step(loop, 0), TAUT_OK);
	taut_loop_free(loop);
}

/* ---- interfaces ---- */

static void addresses_are_read_once_where_the_kernel_tells_of_changes(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	kernel_add_iface("x1", IFF_UP, AF_INET);
	open_world(&w);
	kernel_add_iface("x2", IFF_UP, AF_INET);
	assert_int_equal(add_pc(&w)->interface_count, 1);
	close_world(&w);
}

static void addresses_are_read_each_time_where_it_does_not(void **state)
{
	static const char *const calls[] = { "socket", "bind" };
	struct world w;
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		forget_all();
		const size_t before = open_descriptors();
		kernel_refuse(calls[i], 1, EPERM);
		kernel.option = AF_NETLINK;
		kernel_add_iface("x1", IFF_UP, AF_INET);
		open_world(&w);
		assert_int_equal(kernel.times, 0);
		kernel_add_iface("x2", IFF_UP, AF_INET);
		assert_int_equal(add_pc(&w)->interface_count, 2);
		close_world(&w);
		assert_int_equal(open_descriptors(), before);
	}
}

static void addresses_of_no_use_are_left_out(void **state)
{
	static const struct {
		uint32_t flags;
		size_t count;
	} loops[] = {
		{ 0, 4 },
		{ TAUT_LOOP_NO_IPV6, 2 },
		{ TAUT_LOOP_LOOPBACK_ONLY, 2 },
		{ TAUT_LOOP_NO_IPV6 | TAUT_LOOP_LOOPBACK_ONLY, 1 },
	};
	struct world w = { 0 };
	(void)state;

	for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
		forget_all();
		kernel_add_iface("x1", IFF_UP, AF_INET);
		kernel_add_iface("x1", IFF_UP, AF_INET6);
		kernel_add_iface("x2", IFF_UP | IFF_LOOPBACK, AF_INET);
		kernel_add_iface("x2", IFF_UP | IFF_LOOPBACK, AF_INET6);
		kernel_add_iface("x3", 0, AF_INET); /* down */
		kernel_add_iface("x4", IFF_UP, 0);  /* without an address */
		kernel_add_iface("x5", IFF_UP, AF_PACKET);
		((struct sockaddr_in *)kernel_add_iface("x6", IFF_UP, AF_INET)->ifa_addr)
			->sin_addr.s_addr = 0;
		assert_int_equal(new_loop(&w.loop, loops[i].flags), TAUT_OK);
		assert_int_equal(add_pc(&w)->interface_count, loops[i].count);
		close_world(&w);
	}
}

static void there_is_a_ceiling_of_addresses(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	for (int i = 0; i < TT_IFACES_MAX + 3; i++)
		kernel_add_iface("x1", IFF_UP, AF_INET);
	open_world(&w);
	assert_int_equal(w.a->interface_count, TT_IFACES_MAX);
	close_world(&w);
}

/* A loop that hears of changes by the other end of a pipe. */
static void open_watched(struct world *w, int *tell)
{
	int ends[2];

	forget_all();
	kernel_add_iface("x1", IFF_UP, AF_INET);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	kernel.netlink = ends[0];
	*tell = ends[1];
	open_world(w);
	assert_int_equal(w->a->interface_count, 1);
}

static void tell_of_change(struct world *w, int tell)
{
	const size_t before = kernel.looked;

	for (int i = 0; i < 3; i++)
		assert_int_equal(write(tell, "x", 1), 1);
	until(w, kernel.looked > before);
	assert_int_equal(kernel.looked, before + 1); /* changes come in flocks */
}

static void a_change_of_addresses_is_told_and_no_change_is_not(void **state)
{
	struct world w;
	int tell;
	(void)state;

	open_watched(&w, &tell);
	kernel_add_iface("x2", IFF_UP, AF_INET);
	tell_of_change(&w, tell);
	assert_int_equal(w.a->interface_count, 2);
	assert_int_equal(w.a->interfaces_told, 2);
	tell_of_change(&w, tell);
	assert_int_equal(w.a->interfaces_told, 2);
	static const struct {
		size_t i;
		const char *name;
		unsigned flags;
	} changes[] = {
		{ 0, "x7", IFF_UP },                 /* another index and name */
		{ 1, "x2", IFF_UP | IFF_LOOPBACK },  /* another kind */
		{ 1, "x02", IFF_UP | IFF_LOOPBACK }, /* only the name */
	};
	for (size_t i = 0; i < 3; i++) {
		snprintf(kernel.names[changes[i].i], IFNAMSIZ, "%s", changes[i].name);
		kernel.ifaces[changes[i].i].ifa_flags = changes[i].flags;
		tell_of_change(&w, tell);
		assert_int_equal(w.a->interfaces_told, 3 + i);
	}
	((struct sockaddr_in *)kernel.ifaces[1].ifa_addr)->sin_addr.s_addr = htonl(0x0a000077);
	tell_of_change(&w, tell);
	assert_int_equal(w.b->interfaces_told, 6);
	close(tell);
	close_world(&w);
}

static void news_that_were_lost_or_interrupted_are_news_too(void **state)
{
	static const int errors[] = { ENOBUFS, EINTR };
	struct world w;
	int tell;
	(void)state;

	open_watched(&w, &tell);
	for (size_t i = 0; i < 2; i++) {
		kernel_refuse("recv", 2, errors[i]);
		kernel_add_iface("x2", IFF_UP, AF_INET);
		tell_of_change(&w, tell);
		assert_int_equal(kernel.times, 0);
		assert_int_equal(w.a->interface_count, 2 + i);
	}
	close(tell);
	close_world(&w);
}

static void addresses_that_cannot_be_read_stay_what_they_were(void **state)
{
	struct world w;
	int tell;
	(void)state;

	open_watched(&w, &tell);
	noted = "interfaces not read";
	kernel_refuse("getifaddrs", 1, EMFILE);
	tell_of_change(&w, tell);
	assert_int_equal(notes, 1);
	assert_int_equal(w.a->interfaces_told, 1);
	assert_int_equal(add_pc(&w)->interface_count, 1);
	tell_of_change(&w, tell); /* and now they can, and are the same */
	assert_int_equal(w.a->interfaces_told, 1);
	close(tell);
	close_world(&w);
}

/* ---- sockets ---- */

static void a_socket_that_cannot_be_watched_is_closed_again(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	open_world(&w);
	const size_t before = open_descriptors();
	kernel_refuse("epoll_ctl", 1, ENOSPC);
	ask(&w, w.a, TAUT_IO_UDP, 7);
	assert_true(w.a->io_answered);
	assert_int_equal(w.a->io_errno, ENOSPC);
	assert_int_equal(open_descriptors(), before);
	memory.until = 0;
	ask(&w, w.a, TAUT_IO_UDP, 7);
	memory.until = -1;
	assert_int_equal(w.a->io_errno, ENOMEM);
	assert_int_equal(open_descriptors(), before);
	close_world(&w);
}

static void sockets_are_closed_when_asked_and_only_those(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	open_world(&w);
	const size_t before = open_descriptors();
	for (taut_flow flow = 1; flow <= 3; flow++)
		ask(&w, w.a, TAUT_IO_UDP, flow);
	assert_int_equal(open_descriptors(), before + 3);
	ask(&w, w.a, TAUT_IO_CLOSE, 9); /* there is none */
	assert_int_equal(open_descriptors(), before + 3);
	ask(&w, w.a, TAUT_IO_CLOSE, 1);
	ask(&w, w.a, TAUT_IO_CLOSE, 1);
	assert_int_equal(open_descriptors(), before + 2);
	ask(&w, w.a, TAUT_IO_CLOSE, 3);
	assert_int_equal(open_descriptors(), before + 1);
	close_world(&w);
}

static void a_packet_for_no_socket_is_reported(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	w.a->ask.flow = 8; /* what it sends is for that one */
	w.a->to_send = 2;
	until(&w, w.a->send_failures == 2);
	assert_int_equal(w.a->send_errno, EBADF);
	close_world(&w);
}

static void a_multicast_socket_is_opened_like_others(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	open_world(&w);
	kernel_add_iface("lo", IFF_UP | IFF_LOOPBACK, AF_INET);
	w.a->ask = (struct taut_io){
		.kind = TAUT_IO_MULTICAST,
		.flow = 3,
		.local = { .family = 4, .ip = { 239, 255, 77, 79 }, .port = 45356 }
	};
	w.a->asking = true;
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_int_equal(w.a->io_errno, 0);
	assert_int_equal(w.a->bound.port, 45356);
	close_world(&w);
}

static void an_error_of_a_socket_is_noted_and_what_came_is_read(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	noted = "socket error cleared";
	w.a->to_send = 4;
	kernel_refuse("receive", 1, ENETDOWN);
	until(&w, w.messages == 4);
	assert_int_equal(notes, 1);
	close_world(&w);
}

static void a_datagram_that_was_cut_counts_as_dropped(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	w.a->to_send = 1;
	kernel_refuse("receive", 1, KERNEL_CUT);
	until(&w, kernel.times == 0);
	w.a->to_send = 1;
	until(&w, w.messages == 1);
	assert_int_equal(w.loop->env.drops[TAUT_DROP_DATAGRAM_TOO_LONG], 1);
	close_world(&w);
}

/* ---- a full socket buffer ---- */

static void what_finds_no_room_is_held_and_goes_in_order(void **state)
{
	static const uint16_t runs[] = { 0, 10 };
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct world w;
		forget_all();
		connect_world(&w);
		w.a->to_send = 100;
		w.a->run = runs[i];
		kernel_refuse("send", 3, EAGAIN); /* at first, and when it should be writable */
		until(&w, w.messages == 100);
		for (size_t k = 0; k < 100; k++)
			assert_int_equal(w.b->received[k], 100 - k);
		assert_int_equal(w.a->send_failures, 0);
		close_world(&w);
	}
}

/* What epoll waits for on a descriptor. */
static unsigned awaited(const struct world *w, int fd)
{
	char line[128];
	unsigned long found = 0;

	(void)snprintf(line, sizeof line, "/proc/self/fdinfo/%d", w->loop->epoll);
	FILE *f = fopen(line, "re");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) { /* "tfd: 7 events: 19 data: ...", the second in hex */
		const char *events = strstr(line, "events:");
		if (events && strncmp(line, "tfd:", 4) == 0 && strtol(line + 4, NULL, 10) == fd)
			found = strtoul(events + 7, NULL, 16);
	}
	(void)fclose(f);
	return (unsigned)found & (EPOLLIN | EPOLLOUT);
}

static void expect_awaited(const struct world *w, const struct tt_udp *u, bool fd, bool rest)
{
	assert_int_equal(awaited(w, u->fd), fd ? EPOLLIN | EPOLLOUT : EPOLLIN);
	assert_int_equal(awaited(w, u->rest), rest ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void one_to(struct world *w, const struct taut_addr *peer)
{
	w->a->peer = *peer;
	w->a->to_send = 1;
	assert_int_equal(taut_loop_step(w->loop, 0), TAUT_OK);
}

/* Else the other one would say so all the time, and nothing could go. */
static void of_two_sockets_the_full_one_says_when_there_is_room(void **state)
{
	const struct taut_addr local = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct tt_udp stranger;
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	assert_int_equal(tt_udp_open(&stranger, &local, false), 0);
	w.a->to_send = 600;
	until(&w, w.messages == 600);
	const struct tt_udp *u = &tt_io_conn_find(&w.loop->conns, w.a)->flows->socket->udp;
	assert_true(tt_udp_is_peer(u, &w.b->bound));
	expect_awaited(&w, u, false, false);
	kernel_refuse("send", -1, EAGAIN);
	one_to(&w, &stranger.local);
	expect_awaited(&w, u, false, true);
	one_to(&w, &w.b->bound); /* behind it */
	expect_awaited(&w, u, false, true);
	kernel_refuse("send", 1, EAGAIN);
	kernel.skip = 1; /* the stranger's goes, and then the other socket is the full one */
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	expect_awaited(&w, u, true, false);
	until(&w, w.messages == 601);
	expect_awaited(&w, u, false, false);
	assert_int_equal(w.a->send_failures, 0);
	tt_udp_close(&stranger);
	close_world(&w);
}

static void what_is_too_much_to_hold_is_reported(void **state)
{
	enum { PACKETS = 200, ROOM = TT_LOOP_HELD / 1000 };
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	w.a->to_send = PACKETS;
	kernel_refuse("send", 1, EAGAIN);
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	until(&w, w.messages == ROOM);
	assert_int_equal(w.a->send_failures, PACKETS - ROOM);
	assert_int_equal(w.a->send_errno, EAGAIN);
	close_world(&w);
}

static void what_there_is_no_memory_to_hold_is_reported(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	w.a->to_send = 5;
	kernel_refuse("send", 1, EAGAIN);
	memory.until = 2;
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	memory.until = -1;
	assert_int_equal(w.a->send_failures, 3);
	until(&w, w.messages == 2);
	close_world(&w);
}

static void what_was_held_may_still_be_refused(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	w.a->to_send = 1;
	kernel_refuse("send", 2, EAGAIN);
	kernel.at_last = ENETUNREACH;
	until(&w, w.a->send_failures == 1);
	assert_int_equal(w.a->send_errno, ENETUNREACH);
	assert_int_equal(w.messages, 0);
	w.a->to_send = 1;
	until(&w, w.messages == 1); /* and the socket goes on */
	close_world(&w);
}

static void what_is_held_goes_with_its_connection(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	w.a->to_send = 9;
	kernel_refuse("send", -1, EAGAIN);
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	taut_loop_free_pc(w.loop, w.a);
	kernel_obey();
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_int_equal(w.messages, 0);
	close_world(&w);
}

/* ---- the step ---- */

static void a_wait_that_is_interrupted_is_no_error(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	open_world(&w);
	kernel_refuse("epoll_wait", 1, EINTR);
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	kernel_refuse("epoll_wait", 1, EBADF);
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_E_IO);
	kernel_refuse("epoll_wait", 1, EBADF);
	assert_int_equal(taut_loop_run(w.loop), TAUT_E_IO);
	close_world(&w);
}

static void count_task(void *arg)
{
	((struct world *)arg)->tasks++;
}

static void a_restless_connection_does_not_keep_others_waiting(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	connect_world(&w);
	w.b->restless = true;
	taut_loop_post(w.loop, count_task, &w);
	taut_loop_after(w.loop, 0, count_task, &w);
	w.a->to_send = 3;
	for (int i = 0; i < 3; i++)
		assert_int_equal(taut_loop_step(w.loop, -1), TAUT_OK);
	assert_int_equal(w.tasks, 2);
	until(&w, w.messages == 3);
	close_world(&w);
}

static void a_deadline_that_brings_nothing_does_not_spin(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	open_world(&w);
	w.a->due = 1;
	(void)taut_loop_fd(w.loop);
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_true(w.loop->alarm_at > 1);
	assert_true(w.loop->alarm_at <= taut_loop_now(w.loop) + 1000);
	close_world(&w);
}

static void the_wall_clock_is_read_once_a_second(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	open_world(&w);
	const size_t *told = &taut_loop_env(w.loop)->wall_clock_set;
	const size_t before = *told;
	clock_ahead = 2;
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_int_equal(*told, before + 1);
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_int_equal(*told, before + 1);
	close_world(&w);
}

static void an_alarm_that_somebody_has_read_is_no_event(void **state)
{
	struct world w;
	(void)state;

	forget_all();
	open_world(&w);
	kernel_refuse("read", -1, EAGAIN);
	taut_loop_after(w.loop, 1000, count_task, &w);
	until(&w, w.tasks == 1);
	close_world(&w);
}

/* ---- connections ---- */

static void what_is_no_connection_of_the_loop_is_refused_or_ignored(void **state)
{
	struct world w;
	taut_pc *stray;
	(void)state;

	forget_all();
	open_world(&w);
	assert_int_equal(taut_loop_add(w.loop, NULL, on_event, &w), TAUT_E_INVAL);
	assert_int_equal(taut_pc_new(&stray, taut_loop_env(w.loop), NULL, 0), TAUT_OK);
	taut_loop_free_pc(w.loop, NULL);
	taut_loop_free_pc(w.loop, stray);
	assert_ptr_equal(stray->env->pcs[2], stray); /* still there */
	memory.until = 0;
	assert_int_equal(taut_loop_add(w.loop, stray, on_event, &w), TAUT_E_NOMEM);
	memory.until = -1;
	assert_int_equal(taut_loop_add(w.loop, stray, NULL, NULL), TAUT_OK); /* no handler */
	stray->timer = 1;
	for (int n = 0; stray->timer || stray->timer_event; n++) {
		assert_true(n < 10000);
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	}
	close_world(&w);
}

static void a_first_connection_without_memory_is_not_added(void **state)
{
	struct world w = { 0 };
	taut_pc *pc;
	(void)state;

	forget_all();
	assert_int_equal(new_loop(&w.loop, 0), TAUT_OK);
	assert_int_equal(taut_pc_new(&pc, taut_loop_env(w.loop), NULL, 0), TAUT_OK);
	for (long n = 0; n < 2; n++) { /* the table, then the entry */
		memory.until = n;
		assert_int_equal(taut_loop_add(w.loop, pc, on_event, &w), TAUT_E_NOMEM);
	}
	memory.until = -1;
	assert_int_equal(taut_loop_add(w.loop, pc, on_event, &w), TAUT_OK);
	close_world(&w);
}

static void many_connections_are_found_and_freed_in_any_order(void **state)
{
	struct world w;
	taut_pc *all[FAKE_PCS - 2];
	const size_t n = FAKE_PCS - 2;
	(void)state;

	forget_all();
	open_world(&w);
	for (size_t i = 0; i < n; i++)
		all[i] = add_pc(&w);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(taut_loop_add(w.loop, all[i], on_event, &w), TAUT_E_STATE);
	for (size_t i = 0; i < n; i++)
		taut_loop_free_pc(w.loop, all[i * 7 % n]);
	assert_int_equal(w.loop->conns.count, 2);
	assert_int_equal(taut_loop_add(w.loop, w.a, on_event, &w), TAUT_E_STATE);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_that_cannot_be_made_leaves_nothing_open),
		cmocka_unit_test(a_loop_without_memory_is_not_made),
		cmocka_unit_test(a_loop_needs_no_configuration),
		cmocka_unit_test(addresses_are_read_once_where_the_kernel_tells_of_changes),
		cmocka_unit_test(addresses_are_read_each_time_where_it_does_not),
		cmocka_unit_test(addresses_of_no_use_are_left_out),
		cmocka_unit_test(there_is_a_ceiling_of_addresses),
		cmocka_unit_test(a_change_of_addresses_is_told_and_no_change_is_not),
		cmocka_unit_test(news_that_were_lost_or_interrupted_are_news_too),
		cmocka_unit_test(addresses_that_cannot_be_read_stay_what_they_were),
		cmocka_unit_test(a_socket_that_cannot_be_watched_is_closed_again),
		cmocka_unit_test(sockets_are_closed_when_asked_and_only_those),
		cmocka_unit_test(a_packet_for_no_socket_is_reported),
		cmocka_unit_test(a_multicast_socket_is_opened_like_others),
		cmocka_unit_test(an_error_of_a_socket_is_noted_and_what_came_is_read),
		cmocka_unit_test(a_datagram_that_was_cut_counts_as_dropped),
		cmocka_unit_test(what_finds_no_room_is_held_and_goes_in_order),
		cmocka_unit_test(of_two_sockets_the_full_one_says_when_there_is_room),
		cmocka_unit_test(what_is_too_much_to_hold_is_reported),
		cmocka_unit_test(what_there_is_no_memory_to_hold_is_reported),
		cmocka_unit_test(what_was_held_may_still_be_refused),
		cmocka_unit_test(what_is_held_goes_with_its_connection),
		cmocka_unit_test(a_wait_that_is_interrupted_is_no_error),
		cmocka_unit_test(a_restless_connection_does_not_keep_others_waiting),
		cmocka_unit_test(a_deadline_that_brings_nothing_does_not_spin),
		cmocka_unit_test(the_wall_clock_is_read_once_a_second),
		cmocka_unit_test(an_alarm_that_somebody_has_read_is_no_event),
		cmocka_unit_test(what_is_no_connection_of_the_loop_is_refused_or_ignored),
		cmocka_unit_test(a_first_connection_without_memory_is_not_added),
		cmocka_unit_test(many_connections_are_found_and_freed_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
