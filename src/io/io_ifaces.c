/* io_ifaces.c - getifaddrs for the state, the routing table for which is the default, netlink (rtnetlink(7)) for its changes. */
#define _GNU_SOURCE
#include "io/io_ifaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/num.h"
#include "io/io_sockaddr.h"
#include "taut/loop.h"

enum { DRAINED = 256 }; /* messages of one look */

static struct taut_addr addr_of(const struct ifaddrs *i)
{
	union tt_sockaddr sa;

	memset(&sa, 0, sizeof sa);
	if (!i->ifa_addr)
		return (struct taut_addr){ 0 };
	if (i->ifa_addr->sa_family == AF_INET)
		memcpy(&sa, i->ifa_addr, sizeof sa.in4);
	else if (i->ifa_addr->sa_family == AF_INET6)
		memcpy(&sa, i->ifa_addr, sizeof sa.in6);
	return tt_sockaddr_to(&sa);
}

/* A process may see addresses of a family that it may not use: a filter of system calls refuses the sockets. */
static bool refused(int family)
{
	const int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT;
	close(fd);
	return false;
}

static bool wanted(const struct ifaddrs *i, const struct taut_addr *a, uint32_t flags)
{
	if (a->family == 0 || !(i->ifa_flags & IFF_UP) || tt_addr_is_any(a))
		return false;
	if (a->family == 6 && (flags & TAUT_LOOP_NO_IPV6))
		return false;
	return (i->ifa_flags & IFF_LOOPBACK) || !(flags & TAUT_LOOP_LOOPBACK_ONLY);
}

/* An address may have a label (eth0:1), which getifaddrs takes for the interface's name. */
static uint32_t network_of(const struct ifaddrs *i, uint32_t index)
{
	char name[IF_NAMESIZE];

	if (i->ifa_flags & IFF_LOOPBACK)
		return TAUT_NETWORK_LOOPBACK;
	return if_indextoname(index, name) ? tt_iface_network(TT_IFACES_SYS, name, index)
					   : TAUT_NETWORK_UNKNOWN;
}

/* False: no socket can have it yet. */
static bool add(struct tt_ifaces *out, const struct ifaddrs *i, const struct taut_addr *a)
{
	const uint32_t index = if_nametoindex(i->ifa_name);
	const uint32_t flags =
		a->family == 6 ? tt_iface_address_flags(TT_IFACES_PROC, a, index) : 0;

	if (flags & TT_IFACE_UNREADY)
		return false;
	const size_t at = out->count++;
	const size_t len = strnlen(i->ifa_name, TT_IFACE_NAME - 1);

	memcpy(out->names[at], i->ifa_name, len);
	out->names[at][len] = '\0';
	out->all[at] = (struct taut_interface){
		.size = sizeof out->all[at],
		.index = index,
		.flags = (i->ifa_flags & IFF_LOOPBACK ? TAUT_IF_LOOPBACK : 0) | flags,
		.name = out->names[at],
		.addr = *a,
	};
	out->all[at].network = network_of(i, index);
	return true;
}

/* The address from which the kernel would send to that one; family 0: there is no way. No packet leaves:
 * RFC 8828 section 6.2. */
static struct taut_addr source_for(const struct taut_addr *to)
{
	union tt_sockaddr sa;
	struct taut_addr from = { 0 };
	socklen_t len = tt_sockaddr_from(&sa, to);
	const int fd = socket(sa.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return from;
	if (connect(fd, &sa.any, len) == 0) {
		len = sizeof sa;
		memset(&sa, 0, sizeof sa);
		if (getsockname(fd, &sa.any, &len) == 0)
			from = tt_sockaddr_to(&sa);
	}
	close(fd);
	return from;
}

/* Root name servers: addresses that stay, and that no network has for itself. */
static void mark_default_route(struct tt_ifaces *all)
{
	static const struct taut_addr far[] = {
		{ .family = 4, .port = 53, .ip = { 198, 41, 0, 4 } },
		{ .family = 6,
		  .port = 53,
		  .ip = { 0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, [11] = 2, [13] = 0x30 } },
	};

	for (size_t k = 0; k < TT_COUNT(far); k++) {
		const struct taut_addr from = source_for(&far[k]);
		for (size_t i = 0; from.family && i < all->count; i++)
			if (tt_addr_eq_ip(&all->all[i].addr, &from)) {
				all->all[i].flags |= TAUT_IF_DEFAULT_ROUTE;
				break;
			}
	}
}

/* What one address takes away from it. Multicast is that of IPv4, which carries .local names. */
static uint32_t lacks_beside(const struct ifaddrs *i, const struct taut_addr *a)
{
	if ((i->ifa_flags & IFF_LOOPBACK) || tt_addr_is_loopback(a) || tt_addr_is_link_local(a))
		return 0;
	if (a->family == 6)
		return TT_LACKS_NETWORK | TT_LACKS_IPV6;
	return TT_LACKS_NETWORK | TT_LACKS_IPV4 |
	       (i->ifa_flags & IFF_MULTICAST ? TT_LACKS_MULTICAST : 0);
}

/* One thing is said of a machine: what follows from it goes without saying, and so does what was asked for. */
static uint32_t lacks_worth_saying(uint32_t lacks, uint32_t flags)
{
	if (flags & TAUT_LOOP_LOOPBACK_ONLY)
		return 0;
	if (lacks & TT_LACKS_NETWORK)
		return TT_LACKS_NETWORK;
	if (lacks & TT_LACKS_IPV4)
		lacks &= ~(uint32_t)TT_LACKS_MULTICAST;
	if (flags & TAUT_LOOP_NO_IPV6)
		lacks &= ~(uint32_t)TT_LACKS_IPV6;
	return lacks;
}

int tt_ifaces_read(struct tt_ifaces *out, uint32_t flags)
{
	const bool refused4 = refused(AF_INET), refused6 = refused(AF_INET6);
	struct ifaddrs *all;
	uint32_t lacks = TT_LACKS_NETWORK | TT_LACKS_IPV4 | TT_LACKS_IPV6 | TT_LACKS_MULTICAST;

	out->count = 0;
	if (getifaddrs(&all) != 0)
		return errno;
	for (const struct ifaddrs *i = all; i && out->count < TT_IFACES_MAX; i = i->ifa_next) {
		const struct taut_addr a = addr_of(i);
		if (!wanted(i, &a, flags) || (a.family == 6 ? refused6 : refused4))
			continue;
		if (add(out, i, &a))
			lacks &= ~lacks_beside(i, &a);
	}
	freeifaddrs(all);
	out->lacks = lacks_worth_saying(lacks, flags);
	mark_default_route(out);
	return 0;
}

bool tt_ifaces_equal(const struct tt_ifaces *a, const struct tt_ifaces *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct taut_interface *x = &a->all[i], *y = &b->all[i];
		if (x->index != y->index || x->flags != y->flags || x->network != y->network ||
		    x->addr.scope != y->addr.scope || !tt_addr_eq(&x->addr, &y->addr) ||
		    strcmp(x->name, y->name) != 0)
			return false;
	}
	return true;
}

int tt_ifaces_watch(void)
{
	const struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool tt_ifaces_drain(int fd)
{
	char buf[8192];
	bool any = false;

	/* That something changed is all we want to know; ENOBUFS says that messages were lost. What is
	 * left makes the socket readable again: a flood does not hold the loop. */
	for (int i = 0; i < DRAINED; i++) {
		const ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
		any = any || n > 0 || (n < 0 && errno == ENOBUFS);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
	}
	return any;
}
