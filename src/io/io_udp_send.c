/* io_udp_send.c - datagrams out, as few system calls as the kernel allows.
 *
 * What goes out in one message is a unit. With UDP_SEGMENT a unit is a run, or
 * neighbours of equal length to one address that lie one behind another in
 * memory; without, it is one packet. Up to TT_UDP_SEGMENTS units go in one
 * sendmmsg. What must not be fragmented goes alone: DF is the socket's. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/num.h"
#include "io/io_sockaddr.h"
#include "io/io_udp.h"

enum {
	UNITS = 64,
	PEER_TRIES = 3,
	CONTROL = 96,
	ALWAYS_FIT = 1232 /* of UDP in IPv6's 1,280 octets */
};

struct unit {
	struct tt_udp_cursor from, next; /* the datagrams it covers */
	uint8_t *buf;
	size_t len;
	uint16_t segment; /* 0: a single packet */
};

struct slots {
	struct mmsghdr msgs[UNITS];
	struct iovec iov[UNITS];
	_Alignas(struct cmsghdr) char control[UNITS][CONTROL];
};

/* Whether b can follow a in one run whose packets have the length of first. */
static bool continues(const struct taut_datagram *first, const struct taut_datagram *a,
		      const struct taut_datagram *b)
{
	return b->segment == 0 && !b->dont_fragment && b->buf == a->buf + a->len &&
	       a->len == first->len && b->len > 0 && b->len <= first->len &&
	       b->dscp == first->dscp && b->ecn == first->ecn &&
	       tt_addr_eq(&b->remote, &first->remote);
}

static struct unit joined_unit(const struct taut_datagram *d, size_t n, size_t at)
{
	const struct taut_datagram *first = &d[at];
	struct unit u = { .from = { at, 0 }, .buf = first->buf, .len = first->len };
	size_t end = at + 1;

	if (first->segment == 0 && first->len > 0 && first->len <= UINT16_MAX &&
	    !first->dont_fragment) {
		while (end < n && end - at < TT_UDP_SEGMENTS &&
		       u.len + d[end].len <= TT_UDP_PAYLOAD &&
		       continues(first, &d[end - 1], &d[end]))
			u.len += d[end++].len;
		u.segment = end - at > 1 ? (uint16_t)first->len : 0;
	}
	u.next = (struct tt_udp_cursor){ end, 0 };
	return u;
}

/* At most TT_UDP_SEGMENTS packets of a run, or the one at the cursor when runs may not be sent. */
static struct unit run_unit(const struct taut_datagram *d, struct tt_udp_cursor c, bool gso)
{
	const size_t segment = d->segment ? d->segment : d->len;
	const size_t packets = gso ? tt_min(TT_UDP_SEGMENTS, TT_UDP_PAYLOAD / segment) : 1;
	struct unit u = { .from = c, .buf = d->buf + c.offset };

	u.len = tt_min(tt_max(packets, 1) * segment, d->len - c.offset);
	u.segment = u.len > segment ? d->segment : 0;
	u.next.at = c.offset + u.len < d->len ? c.at : c.at + 1;
	u.next.offset = c.offset + u.len < d->len ? c.offset + u.len : 0;
	return u;
}

static struct unit next_unit(const struct tt_udp *s, const struct taut_datagram *d, size_t n,
			     struct tt_udp_cursor c)
{
	if (d[c.at].len > 0 && (d[c.at].segment != 0 || !s->gso))
		return run_unit(&d[c.at], c, s->gso);
	return joined_unit(d, n, c.at);
}

static void put_control(struct msghdr *m, size_t *used, int level, int type, const void *data,
			size_t len)
{
	/* CMSG_NXTHDR wants the space to be claimed first; the offsets are ours to count. */
	struct cmsghdr *c = (struct cmsghdr *)(void *)((char *)m->msg_control + *used);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	*used += CMSG_SPACE(len);
	m->msg_controllen = *used;
}

/* iface: the interface a multicast packet leaves by; 0: the routing table decides. */
static void fill(struct slots *s, size_t i, const struct unit *u, const struct taut_datagram *d,
		 union tt_sockaddr *to, socklen_t to_len, uint32_t iface)
{
	struct msghdr *m = &s->msgs[i].msg_hdr;
	const int tos = d->dscp << 2 | d->ecn;
	const bool ip6 = d->remote.family == 6;
	size_t used = 0;

	memset(s->control[i], 0, CONTROL);
	s->iov[i] = (struct iovec){ u->buf, u->len };
	*m = (struct msghdr){ .msg_name = to,
			      .msg_namelen = to_len,
			      .msg_iov = &s->iov[i],
			      .msg_iovlen = 1,
			      .msg_control = s->control[i] };
	if (u->segment)
		put_control(m, &used, IPPROTO_UDP, UDP_SEGMENT, &u->segment, sizeof u->segment);
	if (tos)
		put_control(m, &used, ip6 ? IPPROTO_IPV6 : IPPROTO_IP, ip6 ? IPV6_TCLASS : IP_TOS,
			    &tos, sizeof tos);
	if (iface && ip6) {
		const struct in6_pktinfo info = { .ipi6_ifindex = iface };
		put_control(m, &used, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
	} else if (iface) {
		const struct in_pktinfo info = { .ipi_ifindex = (int)iface };
		put_control(m, &used, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
	}
	if (used == 0)
		m->msg_control = NULL;
}

static int transmit(int fd, struct mmsghdr *msgs, unsigned count)
{
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (count > 1)
		return sendmmsg(fd, msgs, count, flags);
	return sendmsg(fd, &msgs[0].msg_hdr, flags) < 0 ? -1 : 1;
}

static int fd_to(const struct tt_udp *s, const struct taut_addr *to)
{
	return tt_udp_goes_by_rest(s, to) ? s->rest : s->fd;
}

/* Sends the units, all of one way, or up to an error; how many went. *err: why not more. */
static size_t send_units(struct tt_udp *s, const struct taut_datagram *d, const struct unit *units,
			 size_t count, int *err)
{
	struct slots slots;
	union tt_sockaddr to[UNITS];
	const struct taut_addr *first = &d[units[0].from.at].remote;
	const bool named = !tt_udp_is_peer(s, first);
	const int fd = fd_to(s, first);
	size_t done = 0;

	for (size_t i = 0; i < count; i++) {
		const struct taut_datagram *of = &d[units[i].from.at];
		const socklen_t len = named ? tt_sockaddr_from(&to[i], &of->remote) : 0;
		fill(&slots, i, &units[i], of, named ? &to[i] : NULL, len, 0);
	}
	while (done < count) {
		const int n = transmit(fd, slots.msgs + done, (unsigned)(count - done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*err = n < 0 ? errno : EAGAIN;
			return done;
		}
		done += (size_t)n;
	}
	*err = 0;
	return done;
}

/* Sent by each interface of a multicast socket, and not where the routing table thinks. */
static bool goes_to_group(const struct tt_udp *s, const struct taut_addr *a)
{
	return s->group_count > 0 && (a->family == 4 ? a->ip[0] >> 4 == 14 : a->ip[0] == 0xff);
}

/* Once per joined interface; gone if it left by any of them. */
static int send_one_to_group(struct tt_udp *s, const struct taut_datagram *d, const struct unit *u)
{
	struct slots slots;
	union tt_sockaddr to;
	const socklen_t len = tt_sockaddr_from(&to, &d->remote);
	int err = ENODEV;
	bool sent = false;

	for (size_t i = 0; i < s->group_count; i++) {
		fill(&slots, 0, u, d, &to, len, s->groups[i]);
		if (sendmsg(s->fd, &slots.msgs[0].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			sent = true;
		else
			err = errno;
	}
	return sent ? 0 : err;
}

/* A run goes packet by packet: there are few of them. */
static int send_to_group(struct tt_udp *s, const struct taut_datagram *d)
{
	const size_t step = d->segment ? d->segment : d->len;
	int err = 0;

	for (size_t at = 0; at < d->len && err == 0; at += step) {
		const struct unit u = { .buf = d->buf + at, .len = tt_min(step, d->len - at) };
		err = send_one_to_group(s, d, &u);
	}
	return err;
}

/* An ICMP error is reported by the next call, whatever that sends and to whom: it says nothing
 * about this packet. ICE learns of dead addresses by its timers. */
static bool is_stale_error(int err)
{
	return err == ECONNREFUSED || err == ECONNRESET;
}

/* A run of packets that are longer than every interface takes: that it is refused says nothing of segmentation. */
static bool is_too_long(const struct unit *u, int err)
{
	return u->segment > ALWAYS_FIT && (err == EINVAL || err == EMSGSIZE);
}

/* What kernels and drivers without segmentation answer: no such option, no checksum offload. */
static bool is_gso_refusal(int err)
{
	return err == EIO || err == EINVAL || err == EMSGSIZE || err == ENOPROTOOPT ||
	       err == EOPNOTSUPP;
}

/* A socket that is connected is told of ICMP errors as well that say nothing of the packet, of the length too. The one
 * that waits is taken away. */
static bool may_be_stale(const struct tt_udp *s, const struct taut_datagram *d, int err)
{
	const bool peer = tt_udp_is_peer(s, &d->remote);
	int waits;
	socklen_t len = sizeof waits;

	if (peer && err != 0)
		getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &waits, &len);
	return is_stale_error(err) || (peer && err != 0 && err != EAGAIN);
}

/* In one piece with DF, whatever the kernel thinks of the path: RFC 8899 section 3. Where that cannot be had it does not leave. */
static int send_whole(struct tt_udp *s, const struct taut_datagram *d)
{
	const bool ip6 = s->local.family == 6;
	const int level = ip6 ? IPPROTO_IPV6 : IPPROTO_IP;
	const int name = ip6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;
	const int probe = ip6 ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE;
	const struct unit u = { .buf = d->buf, .len = d->len };
	const int fd = fd_to(s, &d->remote);
	socklen_t len = sizeof(int);
	int before, err;

	if (getsockopt(fd, level, name, &before, &len) != 0 ||
	    setsockopt(fd, level, name, &probe, sizeof probe) != 0)
		return EMSGSIZE;
	(void)send_units(s, d, &u, 1, &err);
	if (may_be_stale(s, d, err))
		(void)send_units(s, d, &u, 1, &err);
	setsockopt(fd, level, name, &before, sizeof before);
	return is_stale_error(err) ? 0 : err; /* a probe may be lost */
}

static bool goes_alone(const struct tt_udp *s, const struct taut_datagram *d)
{
	return d->dont_fragment || goes_to_group(s, &d->remote);
}

static int send_alone(struct tt_udp *s, const struct taut_datagram *d)
{
	return goes_to_group(s, &d->remote) ? send_to_group(s, d) : send_whole(s, d);
}

/* To whoever is connected to, or to others. */
static bool goes_with(const struct tt_udp *s, const struct taut_addr *first,
		      const struct taut_addr *to)
{
	return !s->connected || tt_udp_is_peer(s, first) == tt_udp_is_peer(s, to);
}

int tt_udp_send(struct tt_udp *s, const struct taut_datagram *d, size_t n, struct tt_udp_cursor *c)
{
	int stale = 0;

	while (c->at < n) {
		struct unit units[UNITS];
		struct tt_udp_cursor to = *c;
		size_t count = 0;
		int err;

		if (goes_alone(s, &d[c->at])) {
			err = send_alone(s, &d[c->at]);
			if (err != 0)
				return err;
			*c = (struct tt_udp_cursor){ c->at + 1, 0 };
			continue;
		}
		do {
			units[count] = next_unit(s, d, n, to);
			to = units[count++].next;
		} while (count < UNITS && to.at < n && !goes_alone(s, &d[to.at]) &&
			 goes_with(s, &d[c->at].remote, &d[to.at].remote));
		const size_t gone = send_units(s, d, units, count, &err);
		if (gone > 0) {
			*c = units[gone - 1].next;
			stale = 0;
		}
		if (gone == count)
			continue;
		if (may_be_stale(s, &d[c->at], err) &&
		    stale++ < (tt_udp_is_peer(s, &d[c->at].remote) ? PEER_TRIES : 1))
			continue;
		if (is_too_long(&units[gone], err))
			return EMSGSIZE;
		/* With a peer EMSGSIZE is the path's, and runs went to him before he was one. */
		if (!units[gone].segment || !is_gso_refusal(err) ||
		    (err == EMSGSIZE && tt_udp_is_peer(s, &d[c->at].remote)))
			return err;
		s->gso = false;
	}
	return 0;
}
