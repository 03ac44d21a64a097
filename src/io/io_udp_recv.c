/* io_udp_recv.c - many datagrams, and runs of them, in one system call. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/num.h"
#include "io/io_clock.h"
#include "io/io_sockaddr.h"
#include "io/io_udp.h"

/* What comes beside a datagram: a time stamp, the segment size, the traffic class. */
enum { CONTROL = 128, SINGLES = 4 };

struct slots {
	struct mmsghdr msgs[TT_UDP_BATCH];
	struct iovec iov[TT_UDP_BATCH];
	union tt_sockaddr from[TT_UDP_BATCH];
	_Alignas(struct cmsghdr) char control[TT_UDP_BATCH][CONTROL];
};

static void prepare(struct slots *s, const struct tt_udp_batch *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->iov[i] = (struct iovec){ b->room + i * TT_UDP_BUF, TT_UDP_BUF };
		s->msgs[i] = (struct mmsghdr){ .msg_hdr = {
						       .msg_name = &s->from[i],
						       .msg_namelen = sizeof s->from[i],
						       .msg_iov = &s->iov[i],
						       .msg_iovlen = 1,
						       .msg_control = s->control[i],
						       .msg_controllen = CONTROL,
					       } };
	}
}

static int control_int(const struct cmsghdr *c)
{
	int value = 0;

	/* IP_TOS comes as one byte, the others as an int. */
	if (c->cmsg_len >= CMSG_LEN(sizeof value))
		memcpy(&value, CMSG_DATA(c), sizeof value);
	else if (c->cmsg_len > CMSG_LEN(0))
		value = *CMSG_DATA(c);
	return value;
}

static void read_control(struct msghdr *m, struct taut_datagram *d, taut_time now, int64_t unix_us)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec stamp;
			memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
			d->received = tt_io_stamp(&stamp, now, unix_us);
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			const int size = control_int(c);
			if (size > 0 && (size_t)size < d->len && size <= UINT16_MAX)
				d->segment = (uint16_t)size;
		} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) ||
			   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)) {
			const int tos = control_int(c);
			d->dscp = (uint8_t)(tos >> 2 & 0x3f);
			d->ecn = (uint8_t)(tos & 3);
		}
	}
}

static int receive_single(int fd, struct slots *s)
{
	const ssize_t len = recvmsg(fd, &s->msgs[0].msg_hdr, MSG_DONTWAIT);

	if (len < 0)
		return -1;
	s->msgs[0].msg_len = (unsigned)len;
	return 1;
}

/* recvmmsg that finds one datagram has looked for another one in vain, a twentieth of what a lone
 * packet costs. With UDP_GRO a burst mostly comes as one, so where one came the next calls take one. */
static int receive(struct tt_udp *u, int fd, struct slots *s, const struct tt_udp_batch *b)
{
	int n;

	if (u->singles > 0) {
		u->singles--;
		prepare(s, b, 1);
		return receive_single(fd, s);
	}
	prepare(s, b, TT_UDP_BATCH);
	n = recvmmsg(fd, s->msgs, TT_UDP_BATCH, MSG_DONTWAIT, NULL);
	if (n == 1 && u->gro)
		u->singles = SINGLES;
	return n;
}

static int receive_from(struct tt_udp *u, int fd, struct tt_udp_batch *b, taut_time now,
			int64_t unix_us)
{
	struct slots s;
	int n;

	b->count = b->truncated = 0;
	do
		n = receive(u, fd, &s, b);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n == 0 ? EAGAIN : errno;
	for (size_t i = 0; i < (size_t)n; i++) {
		if (s.msgs[i].msg_hdr.msg_flags & MSG_TRUNC) {
			b->truncated++;
			continue;
		}
		struct taut_datagram *d = &b->in[b->count++];
		*d = (struct taut_datagram){
			.size = sizeof *d,
			.local = u->local,
			.remote = tt_sockaddr_to(&s.from[i]),
			.buf = b->room + i * TT_UDP_BUF,
			.cap = TT_UDP_BUF,
			.len = s.msgs[i].msg_len,
			.received = now,
		};
		read_control(&s.msgs[i].msg_hdr, d, now, unix_us);
	}
	return 0;
}

int tt_udp_recv(struct tt_udp *u, struct tt_udp_batch *b, taut_time now, int64_t unix_us)
{
	return receive_from(u, u->fd, b, now, unix_us);
}

int tt_udp_recv_rest(struct tt_udp *u, struct tt_udp_batch *b, taut_time now, int64_t unix_us)
{
	return receive_from(u, u->rest, b, now, unix_us);
}
