/* wire.c - a cable that is long: two TAP devices, and each frame waits on its way from one to the other.
 *
 *     wire DELAY-US NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B
 *
 * Says "ready" when both devices are there, and ends with standard input. No kernel module is needed beside TUN, and
 * nobody below it sees more than latency: frames keep their order and none is lost while there is room. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 2048, ROOM = 1024 };

/* One direction. Frames leave in the order in which they came, so that the oldest is due first. */
static struct way {
	int from, to;
	size_t head, count;
	struct {
		int64_t due;
		size_t len;
		uint8_t octets[FRAME];
	} frame[ROOM];
} ways[2];

static int64_t clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int open_tap(const char *space, const char *device)
{
	struct ifreq r = { 0 };
	const int ns = open(space, O_RDONLY | O_CLOEXEC);

	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0) {
		perror(space);
		exit(1);
	}
	close(ns);
	const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	(void)snprintf(r.ifr_name, sizeof r.ifr_name, "%s", device);
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0) {
		perror(device);
		exit(1);
	}
	return fd;
}

static void take(struct way *w, int64_t delay)
{
	while (w->count < ROOM) {
		const size_t at = (w->head + w->count) % ROOM;
		const ssize_t n = read(w->from, w->frame[at].octets, FRAME);
		if (n <= 0)
			return;
		w->frame[at].len = (size_t)n;
		w->frame[at].due = clock_ns() + delay;
		w->count++;
	}
}

static void give(struct way *w)
{
	while (w->count > 0 && w->frame[w->head].due <= clock_ns()) {
		/* What a device that is down refuses is lost, as on any cable. */
		if (write(w->to, w->frame[w->head].octets, w->frame[w->head].len) < 0)
			errno = 0;
		w->head = (w->head + 1) % ROOM;
		w->count--;
	}
}

static void wait_for(struct pollfd f[3])
{
	int64_t next = INT64_MAX;

	for (int i = 0; i < 2; i++)
		if (ways[i].count > 0 && ways[i].frame[ways[i].head].due < next)
			next = ways[i].frame[ways[i].head].due;
	const int64_t left = next == INT64_MAX ? 0 : next - clock_ns();
	const struct timespec t = { .tv_sec = left > 0 ? left / 1000000000 : 0,
				    .tv_nsec = left > 0 ? left % 1000000000 : 0 };
	(void)ppoll(f, 3, next == INT64_MAX ? NULL : &t, NULL);
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		(void)fputs("usage: wire DELAY-US NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B\n",
			    stderr);
		return 2;
	}
	const int64_t delay = strtoll(argv[1], NULL, 10) * 1000;
	const int a = open_tap(argv[2], argv[3]), b = open_tap(argv[4], argv[5]);
	ways[0].from = ways[1].to = a;
	ways[0].to = ways[1].from = b;
	(void)prctl(PR_SET_TIMERSLACK, 1UL); /* else a wait takes 50 us more than it says */
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		struct pollfd f[3] = { { .fd = a, .events = POLLIN },
				       { .fd = b, .events = POLLIN },
				       { .fd = STDIN_FILENO, .events = POLLIN } };
		wait_for(f);
		if (f[2].revents)
			return 0;
		for (int i = 0; i < 2; i++) {
			take(&ways[i], delay);
			give(&ways[i]);
		}
	}
}
