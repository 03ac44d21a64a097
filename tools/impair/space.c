/* space.c - namespaces(7), and the TUN device and its addresses by ioctl.
 *
 * A thread unshares the network, opens the device there, and ends: its
 * descriptors stay with the process, which never leaves its own network. */
#define _GNU_SOURCE
#include "link.h"
#include "space.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const size_t len = strlen(text);

	if (fd < 0)
		return false;
	const bool ok = write(fd, text, len) == (ssize_t)len;
	close(fd);
	return ok;
}

bool space_become_root(void)
{
	const unsigned uid = geteuid(), gid = getegid();
	char map[64];

	if (uid == 0)
		return true;
	if (unshare(CLONE_NEWUSER) != 0)
		return false;
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %u 1", gid);
	if (!write_file("/proc/self/gid_map", map))
		return false;
	snprintf(map, sizeof map, "0 %u 1", uid);
	return write_file("/proc/self/uid_map", map);
}

static struct ifreq request(const char *name)
{
	struct ifreq r;

	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, name, strlen(name));
	return r;
}

static bool set_up(int sock, const char *name)
{
	struct ifreq r = request(name);

	if (ioctl(sock, SIOCGIFFLAGS, &r) != 0)
		return false;
	r.ifr_flags = (short)(r.ifr_flags | IFF_UP | IFF_MULTICAST);
	return ioctl(sock, SIOCSIFFLAGS, &r) == 0;
}

/* What the link is to lose it says itself: the kernel's 500 packets are less than a burst while this
 * program is not scheduled. */
static bool set_queue(int sock, const char *name)
{
	struct ifreq r = request(name);

	r.ifr_qlen = LINK_QUEUE;
	return ioctl(sock, SIOCSIFTXQLEN, &r) == 0;
}

static void put_ip4(struct sockaddr *out, const char *ip)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };

	inet_pton(AF_INET, ip, &sa.sin_addr);
	memcpy(out, &sa, sizeof sa);
}

static bool set_ip4(int sock, const char *ip)
{
	struct ifreq r = request("eth0");
	struct rtentry route;
	char dev[] = "eth0";

	put_ip4(&r.ifr_addr, ip);
	if (ioctl(sock, SIOCSIFADDR, &r) != 0)
		return false;
	put_ip4(&r.ifr_netmask, "255.255.255.0");
	if (ioctl(sock, SIOCSIFNETMASK, &r) != 0)
		return false;
	/* Browsers gather nothing on a machine without a default route. */
	memset(&route, 0, sizeof route);
	put_ip4(&route.rt_dst, "0.0.0.0");
	put_ip4(&route.rt_genmask, "0.0.0.0");
	route.rt_flags = RTF_UP;
	route.rt_dev = dev;
	return ioctl(sock, SIOCADDRT, &route) == 0;
}

/* As in linux/ipv6.h, which does not go together with netinet/in.h. */
struct ip6_request {
	struct in6_addr addr;
	uint32_t prefix_len;
	int index;
};

/* A kernel without IPv6 is no reason to stop. */
static void set_ip6(const char *ip)
{
	const int sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ip6_request r = { .prefix_len = 64, .index = (int)if_nametoindex("eth0") };
	struct in6_rtmsg route;

	if (sock < 0)
		return;
	inet_pton(AF_INET6, ip, &r.addr);
	memset(&route, 0, sizeof route);
	route.rtmsg_flags = RTF_UP;
	route.rtmsg_metric = 1;
	route.rtmsg_ifindex = r.index;
	if (ioctl(sock, SIOCSIFADDR, &r) == 0)
		ioctl(sock, SIOCADDRT, &route);
	close(sock);
}

static int open_tun(void)
{
	struct ifreq r = request("eth0");
	const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	r.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &r) == 0)
		return fd;
	close(fd);
	return -1;
}

struct making {
	struct space *s;
	const char *step;
	int error;
};

/* The name of the step that failed, or NULL. */
static const char *make(struct space *s)
{
	const char *failed = NULL;

	if (unshare(CLONE_NEWNET) != 0)
		return "a network namespace (needs root or user namespaces)";
	s->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	s->tun = open_tun();
	if (s->ns < 0 || s->tun < 0)
		return "a TUN device (/dev/net/tun)";
	const int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return "a socket";
	if (!set_up(sock, "lo") || !set_queue(sock, "eth0") || !set_up(sock, "eth0") || !set_ip4(sock, s->ip4))
		failed = "addresses";
	else
		set_ip6(s->ip6);
	const int error = errno;
	close(sock);
	errno = error;
	return failed;
}

static void *make_in_thread(void *arg)
{
	struct making *m = arg;

	m->step = make(m->s);
	m->error = errno;
	return NULL;
}

bool space_open(struct space *s, const char *ip4, const char *ip6, const char **step)
{
	struct making m = { .s = s };
	pthread_t thread;

	*s = (struct space){ .tun = -1, .ns = -1, .ip4 = ip4, .ip6 = ip6 };
	*step = "a thread";
	errno = pthread_create(&thread, NULL, make_in_thread, &m);
	if (errno != 0)
		return false;
	pthread_join(thread, NULL);
	*step = m.step;
	errno = m.error;
	return m.step == NULL;
}
