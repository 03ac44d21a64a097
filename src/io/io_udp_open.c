/* io_udp_open.c - opening, binding and joining; see io_udp.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "io/io_sockaddr.h"
#include "io/io_udp.h"

enum { SOCKET_BUFFER = 1 << 20 };

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

/* A burst of a key frame must fit. The FORCE variants need CAP_NET_ADMIN and pass the
 * system's ceiling; without them that ceiling is what we get. */
static void raise_buffers(int fd)
{
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER) != 0)
		set_int(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	if (set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER) != 0)
		set_int(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
}

/* What the kernel does not know it refuses, and the socket works without. */
static void set_options(struct tt_udp *u, uint8_t family, bool gso)
{
	raise_buffers(u->fd);
	set_int(u->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (family == 6)
		set_int(u->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	else
		set_int(u->fd, IPPROTO_IP, IP_RECVTOS, 1);
	u->gso = gso && set_int(u->fd, IPPROTO_UDP, UDP_SEGMENT, 0) == 0;
	u->gro = set_int(u->fd, IPPROTO_UDP, UDP_GRO, 1) == 0;
}

static int fail(struct tt_udp *u)
{
	const int err = errno;

	tt_udp_close(u);
	return err;
}

static int make_socket(struct tt_udp *u, uint8_t family)
{
	*u = (struct tt_udp){ .fd = -1 };
	if (family != 4 && family != 6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	u->fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       IPPROTO_UDP);
	if (u->fd < 0)
		return -1;
	return family == 6 ? set_int(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
}

int tt_udp_bind(struct tt_udp *u, const struct taut_addr *local)
{
	union tt_sockaddr sa;
	socklen_t len = tt_sockaddr_from(&sa, local);

	if (bind(u->fd, &sa.any, len) != 0)
		return -1;
	len = sizeof sa;
	if (getsockname(u->fd, &sa.any, &len) != 0)
		return -1;
	u->local = tt_sockaddr_to(&sa);
	return 0;
}

int tt_udp_make(struct tt_udp *u, uint8_t family, bool gso)
{
	if (make_socket(u, family) != 0)
		return fail(u);
	set_options(u, family, gso);
	return 0;
}

int tt_udp_open(struct tt_udp *u, const struct taut_addr *local, bool gso)
{
	const int err = tt_udp_make(u, local->family, gso);

	if (err != 0)
		return err;
	return tt_udp_bind(u, local) == 0 ? 0 : fail(u);
}

int tt_udp_open_probe(struct tt_udp *u)
{
	return tt_udp_make(u, 4, true);
}

void tt_udp_no_gro(struct tt_udp *u)
{
	if (u->gro && set_int(u->fd, IPPROTO_UDP, UDP_GRO, 0) == 0)
		u->gro = false;
}

void tt_udp_close(struct tt_udp *u)
{
	if (u->fd >= 0)
		close(u->fd);
	if (u->split)
		close(u->rest);
	u->fd = -1;
	u->split = u->connected = false;
}

static int join_on(int fd, const struct taut_addr *group, unsigned index)
{
	if (group->family == 6) {
		struct ipv6_mreq m = { .ipv6mr_interface = index };
		memcpy(&m.ipv6mr_multiaddr, group->ip, 16);
		return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m);
	}
	struct ip_mreqn m = { .imr_ifindex = (int)index };
	memcpy(&m.imr_multiaddr, group->ip, 4);
	return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m);
}

static bool joined(const struct tt_udp *u, unsigned index)
{
	for (size_t i = 0; i < u->group_count; i++)
		if (u->groups[i] == index)
			return true;
	return false;
}

/* Loopback has no IFF_MULTICAST on Linux and yet delivers multicast to sockets of this host:
 * it is what a container without a network has. */
static bool may_join(const struct ifaddrs *i, uint8_t family)
{
	const int af = family == 6 ? AF_INET6 : AF_INET;

	return i->ifa_addr && i->ifa_addr->sa_family == af && (i->ifa_flags & IFF_UP) &&
	       (i->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK));
}

static int join_all(struct tt_udp *u, const struct taut_addr *group)
{
	struct ifaddrs *all;
	int err = ENODEV;

	if (getifaddrs(&all) != 0)
		return -1;
	for (const struct ifaddrs *i = all; i && u->group_count < TT_UDP_GROUPS; i = i->ifa_next) {
		const unsigned index = may_join(i, group->family) ? if_nametoindex(i->ifa_name) : 0;
		if (index == 0 || joined(u, index))
			continue;
		if (join_on(u->fd, group, index) == 0)
			u->groups[u->group_count++] = index;
		else
			err = errno;
	}
	freeifaddrs(all);
	errno = err;
	return u->group_count > 0 ? 0 : -1;
}

int tt_udp_open_group(struct tt_udp *u, const struct taut_addr *group)
{
	/* Bound to the group it hears nothing else: not what comes to the port of this host, which may be for
	 * another responder here (RFC 6762 section 15.1) or from afar (11). IPv6 wants an interface for that. */
	const struct taut_addr any = { .family = 6, .port = group->port };

	if (make_socket(u, group->family) != 0)
		return fail(u);
	set_options(u, group->family, false);
	if (set_int(u->fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
	    set_int(u->fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		return fail(u);
	/* Multicast DNS is sent with a TTL of 255: RFC 6762 section 11. */
	if (group->family == 6)
		set_int(u->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
	else
		set_int(u->fd, IPPROTO_IP, IP_MULTICAST_TTL, 255);
	if (tt_udp_bind(u, group->family == 4 ? group : &any) != 0 || join_all(u, group) != 0)
		return fail(u);
	return 0;
}
