/* bench_forward.c - see bench_forward.h. */
#define _GNU_SOURCE
#include "bench_forward.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench_line.h"

enum { EVENTS = 64, ROOM = 65536, END = INT32_MAX };

struct bench_forward {
	pthread_t thread;
	int listener, epoll, stop;
	uint16_t port;
	unsigned clients, group;
	uint8_t room[ROOM];
	int fds[];
};

/* One client after another: the order says who is whose. */
static void take_clients(struct bench_forward *f)
{
	const int one = 1;

	for (unsigned i = 0; i < f->clients; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		const int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return;
		f->fds[i] = fd;
		if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0 ||
		    epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
			abort();
	}
}

static void pass_on(struct bench_forward *f, unsigned from)
{
	const unsigned first = from - from % f->group;
	const ssize_t n = recv(f->fds[from], f->room, sizeof f->room, MSG_DONTWAIT);

	if (n == 0) /* its client is gone */
		epoll_ctl(f->epoll, EPOLL_CTL_DEL, f->fds[from], NULL);
	for (unsigned i = first; n > 0 && i < first + f->group; i++)
		if (i != from)
			(void)bench_line_send(f->fds[i], f->room, (size_t)n);
}

static void *forward(void *me)
{
	struct bench_forward *f = me;
	struct epoll_event ready[EVENTS];

	take_clients(f);
	for (;;) {
		const int n = epoll_wait(f->epoll, ready, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (ready[i].data.u32 == END)
				return NULL;
			pass_on(f, ready[i].data.u32);
		}
	}
}

static bool listen_on_loopback(struct bench_forward *f)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;

	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->listener < 0 || bind(f->listener, (const struct sockaddr *)&at, sizeof at) < 0 ||
	    listen(f->listener, SOMAXCONN) < 0 ||
	    getsockname(f->listener, (struct sockaddr *)&at, &len) < 0)
		return false;
	f->port = ntohs(at.sin_port);
	return true;
}

static void discard(struct bench_forward *f)
{
	for (unsigned i = 0; i < f->clients; i++)
		if (f->fds[i] >= 0)
			close(f->fds[i]);
	for (int i = 0; i < 3; i++) {
		const int fd = i == 0 ? f->listener : i == 1 ? f->epoll : f->stop;
		if (fd >= 0)
			close(fd);
	}
	free(f);
}

struct bench_forward *bench_forward_new(unsigned clients, unsigned group)
{
	struct bench_forward *f = calloc(1, sizeof *f + clients * sizeof f->fds[0]);
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = END };

	if (!f)
		return NULL;
	f->clients = clients;
	f->group = group;
	for (unsigned i = 0; i < clients; i++)
		f->fds[i] = -1;
	f->listener = -1;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->stop = eventfd(0, EFD_CLOEXEC);
	if (f->epoll >= 0 && f->stop >= 0 && listen_on_loopback(f) &&
	    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->stop, &ev) == 0 &&
	    pthread_create(&f->thread, NULL, forward, f) == 0)
		return f;
	discard(f);
	return NULL;
}

uint16_t bench_forward_port(const struct bench_forward *f)
{
	return f->port;
}

pthread_t bench_forward_thread(const struct bench_forward *f)
{
	return f->thread;
}

void bench_forward_free(struct bench_forward *f)
{
	(void)eventfd_write(f->stop, 1);
	(void)shutdown(f->listener, SHUT_RD); /* it may still wait for clients */
	pthread_join(f->thread, NULL);
	discard(f);
}
