/* kernel.h - system calls that refuse, play dead or do less, on demand.
 *
 * Included once by a test program whose first line has what is wrapped here:
 *     wraps: socket bind getsockname setsockopt sendmsg sendmmsg recvmsg recvmmsg getifaddrs
 *            freeifaddrs if_nametoindex
 * One rule holds at a time; without one, all calls go through. */
#ifndef TAUT_TEST_KERNEL_H
#define TAUT_TEST_KERNEL_H

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	KERNEL_SHORT = -1, /* one message instead of many */
	KERNEL_NONE = -2,  /* success, and nothing done */
	KERNEL_CUT = -3,   /* what comes is longer than the buffer */
	KERNEL_IFACES = 70,
	KERNEL_FIRST_INDEX = 1000, /* of interfaces that only this file knows */
};

static struct {
	const char *call;
	int option; /* of setsockopt; 0: any */
	int skip, times;
	int error;   /* errno, or one of the above */
	int at_last; /* errno of the last refusal, when it is another one; 0: it is not */
	/* What comes beside the next datagram, instead of what the kernel says. */
	const void *control;
	size_t control_len;
	/* What getifaddrs finds; 0: the true ones. */
	struct ifaddrs ifaces[KERNEL_IFACES];
	char names[KERNEL_IFACES][IFNAMSIZ];
	struct sockaddr_storage addrs[KERNEL_IFACES];
	size_t iface_count;
	size_t runs;      /* messages that went out as runs */
	int discover;     /* IP_MTU_DISCOVER or IPV6_MTU_DISCOVER at the latest sendmsg */
	int last_fd;      /* of the latest socket */
	unsigned left_by; /* the interface that the latest sendmsg named */
	int netlink;      /* what a socket of netlink is, instead of one; 0: a true one */
	size_t looked;    /* how often getifaddrs was called */
} kernel;

static void kernel_refuse(const char *call, int times, int error)
{
	kernel.call = call;
	kernel.option = kernel.skip = kernel.at_last = 0;
	kernel.times = times;
	kernel.error = error;
}

static void kernel_obey(void)
{
	memset(&kernel, 0, sizeof kernel);
}

/* Whether the rule holds for this call; errno is set. */
static bool kernel_rules(const char *call, int option)
{
	if (!kernel.call || strcmp(kernel.call, call) != 0 ||
	    (kernel.option && kernel.option != option) || kernel.times == 0)
		return false;
	if (kernel.skip > 0) {
		kernel.skip--;
		return false;
	}
	if (--kernel.times == 0 && kernel.at_last)
		kernel.error = kernel.at_last;
	if (kernel.error > 0)
		errno = kernel.error;
	return true;
}

static inline struct ifaddrs *kernel_add_iface(const char *name, unsigned flags, int family)
{
	const size_t i = kernel.iface_count++;
	struct ifaddrs *out = &kernel.ifaces[i];

	snprintf(kernel.names[i], IFNAMSIZ, "%s", name);
	if (family == AF_INET6)
		((struct sockaddr_in6 *)&kernel.addrs[i])->sin6_addr.s6_addr[15] = (uint8_t)(i + 1);
	else
		((struct sockaddr_in *)&kernel.addrs[i])->sin_addr.s_addr =
			htonl(0x0a000001 + (uint32_t)i);
	kernel.addrs[i].ss_family = (sa_family_t)family;
	*out = (struct ifaddrs){ .ifa_name = kernel.names[i], .ifa_flags = flags };
	if (family)
		out->ifa_addr = (struct sockaddr *)&kernel.addrs[i];
	if (i > 0)
		kernel.ifaces[i - 1].ifa_next = out;
	return out;
}

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	if (kernel_rules("socket", domain))
		return -1;
	if (domain == AF_NETLINK && kernel.netlink)
		return kernel.netlink;
	return kernel.last_fd = __real_socket(domain, type, protocol);
}

int __real_bind(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	if (kernel_rules("bind", addr->sa_family))
		return -1;
	if (fd == kernel.netlink)
		return 0;
	return __real_bind(fd, addr, len);
}

int __real_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return kernel_rules("getsockname", 0) ? -1 : __real_getsockname(fd, addr, len);
}

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (kernel_rules("setsockopt", name))
		return kernel.error == KERNEL_NONE ? 0 : -1;
	return __real_setsockopt(fd, level, name, value, len);
}

static void kernel_count_run(const struct msghdr *m)
{
	for (const struct cmsghdr *c = CMSG_FIRSTHDR(m); c;
	     c = CMSG_NXTHDR((struct msghdr *)(uintptr_t)m, (struct cmsghdr *)(uintptr_t)c))
		kernel.runs += c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT;
}

static void kernel_note_iface(const struct msghdr *m)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
		kernel.left_by = (unsigned)((const struct in_pktinfo *)(const void *)CMSG_DATA(c))
					 ->ipi_ifindex;
	if (c && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
		kernel.left_by =
			((const struct in6_pktinfo *)(const void *)CMSG_DATA(c))->ipi6_ifindex;
}

static void kernel_note_discover(int fd, const struct msghdr *m)
{
	const bool ip6 = m->msg_namelen == sizeof(struct sockaddr_in6);
	socklen_t len = sizeof kernel.discover;

	getsockopt(fd, ip6 ? IPPROTO_IPV6 : IPPROTO_IP,
		   ip6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &kernel.discover, &len);
}

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	kernel_note_iface(msg);
	kernel_note_discover(fd, msg);
	if (kernel_rules("send", 0) && kernel.error != KERNEL_SHORT)
		return kernel.error == KERNEL_NONE ? 0 : -1;
	kernel_count_run(msg);
	return __real_sendmsg(fd, msg, flags);
}

int __real_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	if (kernel_rules("send", 0) && kernel.error != KERNEL_SHORT)
		return kernel.error == KERNEL_NONE ? 0 : -1;
	const int n = __real_sendmmsg(fd, msgs, kernel.error == KERNEL_SHORT ? 1 : count, flags);
	for (int i = 0; i < n; i++)
		kernel_count_run(&msgs[i].msg_hdr);
	return n;
}

static void kernel_alter(struct msghdr *m, bool cut)
{
	if (cut)
		m->msg_flags |= MSG_TRUNC;
	if (kernel.control) {
		memcpy(m->msg_control, kernel.control, kernel.control_len);
		m->msg_controllen = kernel.control_len;
	}
}

int __real_recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *t);
int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *t);
int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags, struct timespec *t)
{
	const bool rules = kernel_rules("receive", 0);

	if (rules && kernel.error != KERNEL_CUT)
		return kernel.error == KERNEL_NONE ? 0 : -1;
	const int n = __real_recvmmsg(fd, msgs, count, flags, t);
	if (n > 0)
		kernel_alter(&msgs[0].msg_hdr, rules);
	return n;
}

ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	const bool rules = kernel_rules("receive", 0);

	if (rules && kernel.error != KERNEL_CUT) {
		if (kernel.error == KERNEL_NONE)
			errno = EAGAIN;
		return -1;
	}
	const ssize_t len = __real_recvmsg(fd, msg, flags);
	if (len >= 0)
		kernel_alter(msg, rules);
	return len;
}

int __real_getifaddrs(struct ifaddrs **out);
int __wrap_getifaddrs(struct ifaddrs **out);
int __wrap_getifaddrs(struct ifaddrs **out)
{
	kernel.looked++;
	if (kernel_rules("getifaddrs", 0))
		return -1;
	if (kernel.iface_count == 0)
		return __real_getifaddrs(out);
	*out = kernel.ifaces;
	return 0;
}

void __real_freeifaddrs(struct ifaddrs *all);
void __wrap_freeifaddrs(struct ifaddrs *all);
void __wrap_freeifaddrs(struct ifaddrs *all)
{
	if (all != kernel.ifaces)
		__real_freeifaddrs(all);
}

/* "x7" is the seventh of those that only this file knows. */
unsigned __real_if_nametoindex(const char *name);
unsigned __wrap_if_nametoindex(const char *name);
unsigned __wrap_if_nametoindex(const char *name)
{
	if (name[0] == 'x')
		return KERNEL_FIRST_INDEX + (unsigned)strtoul(name + 1, NULL, 10);
	return __real_if_nametoindex(name);
}

#endif
