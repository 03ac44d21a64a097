/* bench_veth.c - see bench_veth.h. rtnetlink by hand: there may be no ip program. */
#define _GNU_SOURCE
#include "bench_veth.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 2544 appendix C.2.2: for benchmarks. */
const char *const bench_veth_address[2] = { "198.18.0.1", "198.18.0.2" };
static const char *const device[2] = { "bench0", "bench1" };

enum { ROOM = 512, PREFIX = 24 };

/* A request of rtnetlink while it is written. */
struct request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	uint8_t attributes[ROOM];
};

static struct rtattr *add(struct request *r, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len > 0)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + (unsigned)RTA_ALIGN(a->rta_len);
	return a;
}

/* Everything since a was added is inside it. */
static void close_nest(struct request *r, struct rtattr *a)
{
	a->rta_len = (unsigned short)((char *)r + r->head.nlmsg_len - (char *)a);
}

static bool ask(struct request *r)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		uint8_t rest[ROOM];
	} answer;
	const bool ok = fd >= 0 && send(fd, r, r->head.nlmsg_len, 0) >= 0 &&
			recv(fd, &answer, sizeof answer, 0) > 0 &&
			answer.head.nlmsg_type == NLMSG_ERROR && answer.error.error == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The first device here, the second in that namespace: device > kind, data > peer > device. */
static bool make_devices(int other)
{
	struct request r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof r.link),
				       .nlmsg_type = RTM_NEWLINK,
				       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
						      NLM_F_EXCL } };
	const struct ifinfomsg peer = { 0 };

	add(&r, IFLA_IFNAME, device[0], strlen(device[0]) + 1);
	struct rtattr *info = add(&r, IFLA_LINKINFO, NULL, 0);
	add(&r, IFLA_INFO_KIND, "veth", strlen("veth"));
	struct rtattr *data = add(&r, IFLA_INFO_DATA, NULL, 0);
	struct rtattr *second = add(&r, VETH_INFO_PEER, &peer, sizeof peer);
	add(&r, IFLA_IFNAME, device[1], strlen(device[1]) + 1);
	add(&r, IFLA_NET_NS_FD, &other, sizeof other);
	close_nest(&r, second);
	close_nest(&r, data);
	close_nest(&r, info);
	return ask(&r);
}

static bool device_up(int end)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct ifreq r = { 0 };
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = false;

	if (fd < 0)
		return false;
	memcpy(r.ifr_name, device[end], strlen(device[end]) + 1);
	inet_pton(AF_INET, bench_veth_address[end], &a.sin_addr);
	memcpy(&r.ifr_addr, &a, sizeof a);
	if (ioctl(fd, SIOCSIFADDR, &r) == 0) {
		a.sin_addr.s_addr = htonl(UINT32_MAX << (32 - PREFIX));
		memcpy(&r.ifr_netmask, &a, sizeof a);
		up = ioctl(fd, SIOCSIFNETMASK, &r) == 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0;
		r.ifr_flags = (short)(r.ifr_flags | IFF_UP);
		up = up && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
	}
	close(fd);
	return up;
}

static int this_namespace(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static void go(int ns)
{
	if (setns(ns, CLONE_NEWNET) < 0)
		abort(); /* it is ours, and we were there before */
}

void bench_veth_enter(const struct bench_veth *v, int end)
{
	if (v)
		go(v->end[end]);
}

void bench_veth_home(const struct bench_veth *v)
{
	if (v)
		go(v->home);
}

void bench_veth_free(struct bench_veth *v)
{
	if (!v)
		return;
	for (int i = 0; i < 2; i++)
		if (v->end[i] >= 0)
			close(v->end[i]);
	if (v->home >= 0)
		close(v->home);
	free(v);
}

static bool make_namespaces(struct bench_veth *v)
{
	for (int i = 0; i < 2; i++) {
		if (unshare(CLONE_NEWNET) < 0)
			return false;
		v->end[i] = this_namespace();
		go(v->home);
		if (v->end[i] < 0)
			return false;
	}
	return true;
}

static const char *set_up(struct bench_veth *v)
{
	bool up = true;

	if (v->home < 0 || !make_namespaces(v))
		return "no network namespaces: neither root nor allowed to";
	bench_veth_enter(v, 0);
	const bool made = make_devices(v->end[1]);
	bench_veth_home(v);
	if (!made)
		return "the kernel makes no veth pair";
	for (int i = 0; i < 2; i++) {
		bench_veth_enter(v, i);
		up = device_up(i) && up;
		bench_veth_home(v);
	}
	return up ? NULL : "the veth pair did not come up";
}

struct bench_veth *bench_veth_new(const char **why)
{
	struct bench_veth *v = calloc(1, sizeof *v);

	if (!v)
		return NULL;
	v->end[0] = v->end[1] = -1;
	v->home = this_namespace();
	const char *refused = set_up(v);
	if (!refused)
		return v;
	*why = refused;
	bench_veth_free(v);
	return NULL;
}
