/* wraps: socket bind getsockname setsockopt sendmsg sendmmsg recvmsg recvmmsg getifaddrs freeifaddrs if_nametoindex */
/* Kernels that refuse: every packet arrives by the next best way, or its error is told. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/addr.h"
#include "io/io_clock.h"
#include "io/io_udp.h"
#include "unit/io/kernel.h"

enum { DEADLINE_MS = 5000, OUT = 70000 };

struct pair {
	struct tt_udp a, b;
	struct tt_udp_batch in;
	uint8_t *out;
	size_t got; /* bytes of out that b has received */
};

static void open_pair(struct pair *p, const char *ip)
{
	struct taut_addr local;

	kernel_obey();
	*p = (struct pair){ .a = { .fd = -1 }, .b = { .fd = -1 } };
	assert_true(tt_addr_parse_ip(&local, ip, strlen(ip)));
	assert_int_equal(tt_udp_open(&p->a, &local, true), 0);
	assert_int_equal(tt_udp_open(&p->b, &local, true), 0);
	p->in.room = malloc((size_t)TT_UDP_BATCH * TT_UDP_BUF);
	p->out = malloc(OUT);
	for (size_t i = 0; i < OUT; i++)
		p->out[i] = (uint8_t)(i * 7 + i / 256);
}

static void close_pair(struct pair *p)
{
	kernel_obey();
	tt_udp_close(&p->a);
	tt_udp_close(&p->b);
	free(p->in.room);
	free(p->out);
}

static void wait_for_datagram(struct pair *p)
{
	struct pollfd ready = { .fd = p->b.fd, .events = POLLIN };

	assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
}

/* What b hears is out from where it last stood, up to len; how many packets it was. */
static size_t expect(struct pair *p, size_t len)
{
	size_t packets = 0;

	while (p->got < len) {
		wait_for_datagram(p);
		assert_int_equal(tt_udp_recv(&p->b, &p->in, tt_io_now(), tt_io_unix_us()), 0);
		for (size_t i = 0; i < p->in.count; i++) {
			const struct taut_datagram *d = &p->in.in[i];
			assert_true(p->got + d->len <= len);
			assert_memory_equal(d->buf, p->out + p->got, d->len);
			packets += d->segment ? (d->len + d->segment - 1u) / d->segment : 1;
			p->got += d->len;
		}
	}
	return packets;
}

static struct taut_datagram run_of(const struct pair *p, size_t len, uint16_t segment)
{
	return (struct taut_datagram){ .size = sizeof(struct taut_datagram),
				       .remote = p->b.local,
				       .buf = p->out + p->got,
				       .len = len,
				       .segment = segment };
}

/* n datagrams of len bytes, one behind another. */
static void neighbours(const struct pair *p, struct taut_datagram *d, size_t n, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		d[i] = run_of(p, len, 0);
		d[i].buf = p->out + p->got + i * len;
	}
}

static int send_all(struct pair *p, const struct taut_datagram *d, size_t n)
{
	struct tt_udp_cursor c = { 0, 0 };
	const int err = tt_udp_send(&p->a, d, n, &c);

	if (err == 0)
		assert_int_equal(c.at, n);
	return err;
}

/* ---- segmentation ---- */

static void whatever_a_kernel_says_against_segmentation_single_packets_follow(void **state)
{
	static const int refusals[] = { EIO, EINVAL, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP };
	(void)state;

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct taut_datagram d[20];
		struct pair p;
		open_pair(&p, "127.0.0.1");
		assert_true(p.a.gso);
		d[0] = run_of(&p, 30 * 1000 + 77, 1000);
		kernel_refuse("send", 1, refusals[i]);
		assert_int_equal(send_all(&p, d, 1), 0);
		assert_int_equal(expect(&p, 30077), 31);
		assert_false(p.a.gso); /* and it is not asked again */
		neighbours(&p, d, 20, 800);
		assert_int_equal(send_all(&p, d, 20), 0);
		assert_int_equal(expect(&p, 30077 + 16000), 20);
		assert_int_equal(kernel.runs, 0);
		close_pair(&p);
	}
}

/* Of a peer who is connected to EMSGSIZE comes by ICMP and speaks of packets that left before. */
static void what_the_path_says_of_a_peer_does_not_end_segmentation(void **state)
{
	struct taut_datagram d;
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	assert_true(tt_udp_vote(&p.a, &p.b.local, 256));
	assert_int_equal(tt_udp_split(&p.a), 0);
	assert_int_equal(tt_udp_connect(&p.a), 0);
	d = run_of(&p, 30 * 1000 + 77, 1000);
	kernel_refuse("send", 3, EMSGSIZE);
	assert_int_equal(send_all(&p, &d, 1), 0);
	assert_int_equal(expect(&p, 30077), 31);
	assert_true(p.a.gso);
	assert_true(kernel.runs > 0);
	kernel_refuse("send", -1, EMSGSIZE); /* nor does it go on for ever */
	assert_int_equal(send_all(&p, &d, 1), EMSGSIZE);
	assert_true(p.a.gso);
	kernel_refuse("send", 1, EMSGSIZE);
	d = run_of(&p, 1000, 0);
	d.dont_fragment = 1;
	assert_int_equal(send_all(&p, &d, 1), 0);
	close_pair(&p);
}

static void a_refusal_in_the_middle_repeats_nothing(void **state)
{
	struct taut_datagram d[3];
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	d[0] = run_of(&p, 2000, 1000);
	d[1] = run_of(&p, 3000, 1000);
	d[1].buf += 2000;
	d[2] = run_of(&p, 10, 0);
	d[2].buf += 5000;
	kernel_refuse("send", 1, KERNEL_SHORT); /* the first run goes, ... */
	struct tt_udp_cursor c = { 0, 0 };
	assert_int_equal(tt_udp_send(&p.a, d, 1, &c), 0);
	kernel_refuse("send", 1, EIO); /* ... the second is refused */
	assert_int_equal(tt_udp_send(&p.a, d, 3, &c), 0);
	assert_int_equal(expect(&p, 5010), 6);
	assert_int_equal(kernel.runs, 1);
	close_pair(&p);
}

static void expect_whole(const char *ip)
{
	struct taut_datagram d[3];
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };

	open_pair(&p, ip);
	neighbours(&p, d, 3, 1400);
	d[1].dont_fragment = 1;
	assert_int_equal(tt_udp_send(&p.a, &d[1], 1, &c), 0);
	assert_int_equal(kernel.discover, IP_PMTUDISC_PROBE); /* in IPv6 it is the same number */
	c = (struct tt_udp_cursor){ 0, 0 };
	assert_int_equal(tt_udp_send(&p.a, &d[0], 1, &c), 0);
	assert_int_equal(kernel.discover, IP_PMTUDISC_WANT); /* as it was */
	c = (struct tt_udp_cursor){ 0, 0 };
	kernel.runs = 0;
	assert_int_equal(tt_udp_send(&p.a, d, 3, &c), 0);
	assert_int_equal(c.at, 3);
	assert_int_equal(kernel.runs, 0);
	close_pair(&p);
}

static void what_must_not_be_fragmented_leaves_alone_with_df(void **state)
{
	(void)state;
	expect_whole("127.0.0.1");
	expect_whole("::1");
}

static void without_df_what_must_not_be_fragmented_does_not_leave(void **state)
{
	struct taut_datagram d;
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };

	(void)state;
	open_pair(&p, "127.0.0.1");
	neighbours(&p, &d, 1, 1400);
	d.dont_fragment = 1;
	kernel_refuse("setsockopt", 1, ENOPROTOOPT);
	kernel.discover = -1;
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), EMSGSIZE);
	assert_int_equal(c.at, 0);
	assert_int_equal(kernel.discover, -1);
	close_pair(&p);
}

/* A route that takes less than its interface: the run is refused, and segmentation is not to blame. */
static void a_run_too_long_for_the_route_is_told_and_runs_go_on(void **state)
{
	static const int says[] = { EINVAL, EMSGSIZE };
	struct taut_datagram d[3];
	struct pair p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tt_udp_cursor c = { 0, 0 };
		open_pair(&p, "127.0.0.1");
		neighbours(&p, d, 3, 1400);
		kernel_refuse("send", 1, says[i]);
		assert_int_equal(tt_udp_send(&p.a, d, 3, &c), EMSGSIZE);
		assert_true(p.a.gso);
		close_pair(&p);
	}
}

static void one_packet_that_is_refused_says_nothing_of_segmentation(void **state)
{
	struct taut_datagram d[2];
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	(void)state;

	open_pair(&p, "127.0.0.1");
	neighbours(&p, d, 2, 100);
	d[1].buf++; /* not behind the first: no run */
	kernel_refuse("send", 1, EMSGSIZE);
	assert_int_equal(tt_udp_send(&p.a, d, 2, &c), EMSGSIZE);
	assert_int_equal(c.at, 0);
	assert_true(p.a.gso);
	close_pair(&p);
}

static void a_kernel_without_the_option_gets_single_packets_from_the_start(void **state)
{
	struct taut_addr local = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	tt_udp_close(&p.a);
	kernel_refuse("setsockopt", 1, ENOPROTOOPT);
	kernel.option = UDP_SEGMENT;
	assert_int_equal(tt_udp_open(&p.a, &local, true), 0);
	assert_false(p.a.gso);
	const struct taut_datagram d = run_of(&p, 5500, 1000);
	assert_int_equal(send_all(&p, &d, 1), 0);
	assert_int_equal(expect(&p, 5500), 6);
	assert_int_equal(kernel.runs, 0);
	close_pair(&p);
}

static void without_joining_on_receipt_each_packet_comes_alone(void **state)
{
	struct taut_addr local = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	tt_udp_close(&p.b);
	kernel_refuse("setsockopt", 1, ENOPROTOOPT);
	kernel.option = UDP_GRO;
	assert_int_equal(tt_udp_open(&p.b, &local, true), 0);
	assert_false(p.b.gro);
	const struct taut_datagram d = run_of(&p, 5500, 1000);
	assert_int_equal(send_all(&p, &d, 1), 0);
	wait_for_datagram(&p);
	assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(p.in.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(p.in.in[i].segment, 0);
		assert_int_equal(p.in.in[i].len, i < 5 ? 1000 : 500);
	}
	close_pair(&p);
}

static void buffers_that_may_not_be_forced_are_asked_for(void **state)
{
	struct taut_addr local = { .family = 4, .ip = { 127, 0, 0, 1 } };
	static const int forced[] = { SO_RCVBUFFORCE, SO_SNDBUFFORCE };
	static const int plain[] = { SO_RCVBUF, SO_SNDBUF };
	struct tt_udp u;
	int before, after;
	socklen_t len = sizeof before;
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		kernel_obey();
		const int fresh = socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(getsockopt(fresh, SOL_SOCKET, plain[i], &before, &len), 0);
		close(fresh);
		kernel_refuse("setsockopt", 1, EPERM);
		kernel.option = forced[i];
		assert_int_equal(tt_udp_open(&u, &local, false), 0);
		assert_int_equal(kernel.times, 0);
		assert_int_equal(getsockopt(u.fd, SOL_SOCKET, plain[i], &after, &len), 0);
		assert_true(after >= before);
		tt_udp_close(&u);
	}
}

static void what_cannot_be_one_run_goes_as_several(void **state)
{
	struct pair p;
	struct taut_datagram d[TT_UDP_SEGMENTS + 6];
	(void)state;

	open_pair(&p, "127.0.0.1");
	neighbours(&p, d, TT_UDP_SEGMENTS + 6, 10); /* more packets than the kernel takes */
	assert_int_equal(send_all(&p, d, TT_UDP_SEGMENTS + 6), 0);
	assert_int_equal(expect(&p, 700), 70);
	assert_int_equal(kernel.runs, 2);
	kernel.runs = 0;
	neighbours(&p, d, 57, 1200); /* more bytes than it takes */
	assert_int_equal(send_all(&p, d, 57), 0);
	assert_int_equal(expect(&p, 700 + 57 * 1200), 57);
	assert_int_equal(kernel.runs, 2);
	close_pair(&p);
}

static void only_packets_that_are_alike_are_joined(void **state)
{
	struct pair p;
	struct taut_datagram d[7];
	(void)state;

	open_pair(&p, "127.0.0.1");
	neighbours(&p, d, 7, 100);
	d[1].dscp = 46;
	d[3].ecn = 1;
	d[5].remote = p.a.local; /* to somebody else, who is here the sender itself */
	assert_int_equal(send_all(&p, d, 7), 0);
	assert_int_equal(kernel.runs, 0);
	neighbours(&p, d, 3, 100);
	d[0].len = 0; /* nothing can follow an empty one */
	d[1].len = 50;
	d[1].buf = d[0].buf;
	d[2].buf = d[1].buf + 50; /* and the longer cannot follow the shorter */
	assert_int_equal(send_all(&p, d, 3), 0);
	assert_int_equal(kernel.runs, 0);
	neighbours(&p, d, 4, 100); /* but these two, and the two after */
	d[2].remote.port = p.a.local.port;
	d[3].remote.port = p.a.local.port;
	assert_int_equal(send_all(&p, d, 4), 0);
	assert_int_equal(kernel.runs, 2);
	close_pair(&p);
}

static void a_datagram_longer_than_udp_carries_is_refused(void **state)
{
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	(void)state;

	open_pair(&p, "127.0.0.1");
	const struct taut_datagram d = run_of(&p, 66000, 0);
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), EMSGSIZE);
	assert_int_equal(c.at, 0);
	p.a.gso = false;
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), EMSGSIZE);
	assert_int_equal(c.at, 0);
	close_pair(&p);
}

/* ---- calls that end early ---- */

static void an_interrupted_call_is_made_again(void **state)
{
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	const struct taut_datagram d = run_of(&p, 40, 0);
	kernel_refuse("send", 2, EINTR);
	assert_int_equal(send_all(&p, &d, 1), 0);
	assert_int_equal(kernel.times, 0);
	wait_for_datagram(&p);
	kernel_refuse("receive", 2, EINTR);
	assert_int_equal(expect(&p, 40), 1);
	assert_int_equal(kernel.times, 0);
	close_pair(&p);
}

static void a_call_that_sends_less_is_continued(void **state)
{
	struct taut_datagram d[40];
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	p.a.gso = false;
	neighbours(&p, d, 40, 300);
	kernel_refuse("send", -1, KERNEL_SHORT);
	assert_int_equal(send_all(&p, d, 40), 0);
	kernel_obey();
	assert_int_equal(expect(&p, 40 * 300), 40);
	close_pair(&p);
}

static void what_the_kernel_has_no_room_for_stays_at_the_cursor(void **state)
{
	static const int refusals[] = { EAGAIN, ENOBUFS, KERNEL_NONE };
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		struct tt_udp_cursor c = { 0, 0 };
		struct pair p;
		open_pair(&p, "127.0.0.1");
		p.a.gso = false;
		const struct taut_datagram d = run_of(&p, 100 * 500, 500);
		kernel_refuse("send", 1, refusals[i]);
		kernel.skip = 1; /* the first 64 packets go */
		assert_int_equal(tt_udp_send(&p.a, &d, 1, &c),
				 refusals[i] == KERNEL_NONE ? EAGAIN : refusals[i]);
		assert_int_equal(c.at, 0);
		assert_int_equal(c.offset, 64 * 500);
		assert_int_equal(expect(&p, 64 * 500), 64);
		assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), 0);
		assert_int_equal(c.at, 1);
		assert_int_equal(expect(&p, 100 * 500), 36);
		close_pair(&p);
	}
}

static void an_old_icmp_error_costs_one_try_and_a_second_one_is_told(void **state)
{
	static const int stale[] = { ECONNREFUSED, ECONNRESET };
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct tt_udp_cursor c = { 0, 0 };
		struct pair p;
		open_pair(&p, "127.0.0.1");
		const struct taut_datagram d = run_of(&p, 60, 0);
		kernel_refuse("send", 1, stale[i]);
		assert_int_equal(send_all(&p, &d, 1), 0);
		assert_int_equal(expect(&p, 60), 1);
		kernel_refuse("send", 2, stale[i]);
		assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), stale[i]);
		assert_int_equal(c.at, 0);
		close_pair(&p);
	}
}

/* ---- receipt ---- */

static void a_pending_error_is_told_and_nothing_read_is_no_datagram(void **state)
{
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	assert_int_equal(tt_udp_recv(&p.b, &p.in, 0, 0), EAGAIN);
	kernel_refuse("receive", 1, ENETDOWN);
	assert_int_equal(tt_udp_recv(&p.b, &p.in, 0, 0), ENETDOWN);
	kernel_refuse("receive", 1, KERNEL_NONE);
	assert_int_equal(tt_udp_recv(&p.b, &p.in, 0, 0), EAGAIN);
	assert_int_equal(p.in.count, 0);
	close_pair(&p);
}

static void a_datagram_that_was_cut_is_counted_and_not_handed_on(void **state)
{
	struct taut_datagram d[2];
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	neighbours(&p, d, 2, 100);
	d[1].len = 70;
	d[1].buf = p.out + 500; /* no run */
	assert_int_equal(send_all(&p, d, 2), 0);
	wait_for_datagram(&p);
	kernel_refuse("receive", 1, KERNEL_CUT);
	assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(p.in.truncated, 1);
	assert_int_equal(p.in.count, 1);
	assert_int_equal(p.in.in[0].len, 70);
	assert_memory_equal(p.in.in[0].buf, p.out + 500, 70);
	close_pair(&p);
}

/* One control message beside a datagram of 100 bytes. */
static struct taut_datagram received_with(struct pair *p, int level, int type, const void *data,
					  size_t len)
{
	_Alignas(struct cmsghdr) char control[64] = { 0 };
	struct cmsghdr *c = (struct cmsghdr *)control;

	*c = (struct cmsghdr){ .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len) };
	memcpy(CMSG_DATA(c), data, len);
	const struct taut_datagram d = run_of(p, 100, 0);
	assert_int_equal(send_all(p, &d, 1), 0);
	wait_for_datagram(p);
	kernel.control = control;
	kernel.control_len = CMSG_SPACE(len);
	assert_int_equal(tt_udp_recv(&p->b, &p->in, 5000000, 0), 0);
	kernel.control = NULL;
	assert_int_equal(p->in.count, 1);
	return p->in.in[0];
}

static void what_comes_beside_a_datagram_is_believed_only_where_it_makes_sense(void **state)
{
	static const struct {
		int size;
		uint16_t segment;
	} gro[] = {
		{ 40, 40 }, { 99, 99 }, { 100, 0 }, { 70000, 0 }, { 0, 0 }, { -40, 0 },
	};
	const uint8_t tos = 46 << 2 | 3;
	const int tclass = 34 << 2 | 2;
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	for (size_t i = 0; i < sizeof gro / sizeof gro[0]; i++)
		assert_int_equal(
			received_with(&p, IPPROTO_UDP, UDP_GRO, &gro[i].size, sizeof(int)).segment,
			gro[i].segment);
	assert_int_equal(received_with(&p, IPPROTO_IP, IP_TOS, &tos, 1).dscp, 46);
	assert_int_equal(received_with(&p, IPPROTO_IP, IP_TOS, &tos, 1).ecn, 3);
	assert_int_equal(received_with(&p, IPPROTO_IP, IP_TOS, &tos, 0).dscp, 0);
	assert_int_equal(received_with(&p, IPPROTO_IPV6, IPV6_TCLASS, &tclass, 4).dscp, 34);
	assert_int_equal(received_with(&p, IPPROTO_IPV6, IPV6_TCLASS, &tclass, 4).ecn, 2);
	/* the same numbers at other levels, and others at these */
	assert_int_equal(received_with(&p, IPPROTO_IPV6, IP_TOS, &tos, 1).dscp, 0);
	assert_int_equal(received_with(&p, IPPROTO_IP, IPV6_TCLASS, &tclass, 4).dscp, 0);
	assert_int_equal(received_with(&p, IPPROTO_UDP, UDP_SEGMENT, &gro[0].size, 4).segment, 0);
	assert_int_equal(received_with(&p, SOL_SOCKET, SCM_RIGHTS, &tclass, 4).received, 5000000);
	close_pair(&p);
}

static void classes_and_congestion_marks_cross_ipv6(void **state)
{
	struct pair p;
	(void)state;

	open_pair(&p, "::1");
	struct taut_datagram d = run_of(&p, 10, 0);
	d.dscp = 46;
	d.ecn = 1;
	assert_int_equal(send_all(&p, &d, 1), 0);
	wait_for_datagram(&p);
	assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(p.in.in[0].dscp, 46);
	assert_int_equal(p.in.in[0].ecn, 1);
	close_pair(&p);
}

/* ---- opening ---- */

static void expect_closed(const struct tt_udp *u)
{
	assert_int_equal(u->fd, -1);
	assert_int_equal(fcntl(kernel.last_fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static void a_socket_that_cannot_be_opened_leaves_nothing_open(void **state)
{
	static const struct {
		const char *call;
		int option, error;
	} refused[] = {
		{ "bind", 0, EADDRINUSE },
		{ "getsockname", 0, ENOBUFS },
		{ "setsockopt", IPV6_V6ONLY, ENOPROTOOPT },
	};
	struct taut_addr local = { .family = 6, .ip = { [15] = 1 } };
	struct tt_udp u;
	(void)state;

	kernel_obey();
	kernel_refuse("socket", 1, EMFILE);
	assert_int_equal(tt_udp_open(&u, &local, true), EMFILE);
	assert_int_equal(u.fd, -1);
	for (size_t i = 0; i < 3; i++) {
		kernel_refuse(refused[i].call, 1, refused[i].error);
		kernel.option = refused[i].option;
		assert_int_equal(tt_udp_open(&u, &local, true), refused[i].error);
		expect_closed(&u);
	}
}

static const struct taut_addr group4 = { .family = 4, .ip = { 239, 255, 77, 78 }, .port = 45354 };
static const struct taut_addr group6 = { .family = 6,
					 .ip = { 0xff, 0x15, [14] = 0x77, [15] = 0x78 },
					 .port = 45355 };

static void a_group_that_cannot_be_joined_leaves_nothing_open(void **state)
{
	static const struct {
		const char *call;
		int option, error;
	} refused[] = {
		{ "setsockopt", SO_REUSEADDR, ENOPROTOOPT },
		{ "setsockopt", SO_REUSEPORT, EINVAL },
		{ "bind", 0, EADDRINUSE },
		{ "getifaddrs", 0, ENOMEM },
	};
	struct taut_addr nobody = { 0 };
	struct tt_udp u;
	(void)state;

	kernel_obey();
	assert_int_equal(tt_udp_open_group(&u, &nobody), EAFNOSUPPORT);
	for (size_t i = 0; i < 4; i++) {
		kernel_refuse(refused[i].call, 1, refused[i].error);
		kernel.option = refused[i].option;
		assert_int_equal(tt_udp_open_group(&u, &group4), refused[i].error);
		expect_closed(&u);
	}
	kernel_refuse("setsockopt", -1, ENODEV);
	kernel.option = IP_ADD_MEMBERSHIP;
	kernel_add_iface("lo", IFF_UP | IFF_LOOPBACK, AF_INET);
	assert_int_equal(tt_udp_open_group(&u, &group4), ENODEV);
	expect_closed(&u);
	kernel_obey();
}

static void only_interfaces_that_can_carry_a_group_are_joined_each_once(void **state)
{
	struct tt_udp u;
	(void)state;

	kernel_obey();
	kernel_refuse("setsockopt", -1, KERNEL_NONE);
	kernel.option = IP_ADD_MEMBERSHIP;
	kernel_add_iface("x1", IFF_UP | IFF_MULTICAST, 0); /* without an address */
	kernel_add_iface("x2", IFF_UP | IFF_MULTICAST, AF_INET6);
	kernel_add_iface("x3", IFF_MULTICAST, AF_INET); /* down */
	kernel_add_iface("x4", IFF_UP | IFF_POINTOPOINT, AF_INET);
	kernel_add_iface("nobody", IFF_UP | IFF_MULTICAST, AF_INET); /* gone since */
	assert_int_equal(tt_udp_open_group(&u, &group4), ENODEV);
	kernel_add_iface("x6", IFF_UP | IFF_MULTICAST, AF_INET);
	kernel_add_iface("x6", IFF_UP | IFF_MULTICAST, AF_INET); /* its second address */
	kernel_add_iface("x7", IFF_UP | IFF_LOOPBACK, AF_INET);
	assert_int_equal(tt_udp_open_group(&u, &group4), 0);
	assert_int_equal(u.group_count, 2);
	assert_int_equal(u.groups[0], KERNEL_FIRST_INDEX + 6);
	assert_int_equal(u.groups[1], KERNEL_FIRST_INDEX + 7);
	tt_udp_close(&u);
	kernel_obey();
}

static void a_group_has_a_ceiling_of_interfaces(void **state)
{
	struct tt_udp u;
	char name[16];
	(void)state;

	kernel_obey();
	kernel_refuse("setsockopt", -1, KERNEL_NONE);
	kernel.option = IPV6_JOIN_GROUP;
	for (int i = 0; i < TT_UDP_GROUPS + 3; i++) {
		snprintf(name, sizeof name, "x%d", i);
		kernel_add_iface(name, IFF_UP | IFF_MULTICAST, AF_INET6);
	}
	assert_int_equal(tt_udp_open_group(&u, &group6), 0);
	assert_int_equal(u.group_count, TT_UDP_GROUPS);
	tt_udp_close(&u);
	kernel_obey();
}

/* ---- groups ---- */

/* A group joined on loopback alone, so that no neighbour hears of this test. */
static void open_group(struct tt_udp *u, const struct taut_addr *group)
{
	kernel_obey();
	kernel_add_iface("lo", IFF_UP | IFF_LOOPBACK, group->family == 6 ? AF_INET6 : AF_INET);
	assert_int_equal(tt_udp_open_group(u, group), 0);
	assert_int_equal(u->group_count, 1);
}

static void a_group_and_its_members_are_reached_by_one_socket(void **state)
{
	struct taut_datagram d[3];
	struct tt_udp member;
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	tt_udp_close(&p.a);
	open_group(&p.a, &group4);
	open_group(&member, &group4);
	neighbours(&p, d, 3, 50);
	d[1].remote = group4;
	assert_int_equal(send_all(&p, d, 3), 0);
	assert_int_equal(kernel.left_by, if_nametoindex("lo"));
	struct pollfd ready = { .fd = member.fd, .events = POLLIN };
	assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
	assert_int_equal(tt_udp_recv(&member, &p.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(p.in.count, 1);
	assert_memory_equal(p.in.in[0].buf, p.out + 50, 50);
	tt_udp_close(&member);
	close_pair(&p);
}

/* Loopback carries no IPv6 groups: what leaves is only looked at. */
static void a_packet_to_a_group_of_ipv6_names_its_interface(void **state)
{
	struct taut_datagram d[2];
	struct pair p;
	(void)state;

	open_pair(&p, "::1");
	tt_udp_close(&p.a);
	open_group(&p.a, &group6);
	neighbours(&p, d, 2, 50);
	d[0].remote = group6;
	kernel_refuse("send", 1, KERNEL_NONE);
	assert_int_equal(send_all(&p, d, 2), 0);
	assert_int_equal(kernel.times, 0);
	assert_int_equal(kernel.left_by, if_nametoindex("lo"));
	close_pair(&p);
}

static void a_packet_to_a_group_is_gone_if_one_interface_took_it(void **state)
{
	struct tt_udp_cursor c = { 0, 0 };
	struct pair p;
	(void)state;

	open_pair(&p, "127.0.0.1");
	tt_udp_close(&p.a);
	open_group(&p.a, &group4);
	p.a.groups[p.a.group_count++] = p.a.groups[0];
	struct taut_datagram d = run_of(&p, 50, 0);
	d.remote = group4;
	kernel_refuse("send", 1, ENETUNREACH);
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), 0);
	assert_int_equal(c.at, 1);
	c.at = 0;
	kernel_refuse("send", 2, ENETUNREACH);
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), ENETUNREACH);
	assert_int_equal(c.at, 0);
	close_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_kernel_says_against_segmentation_single_packets_follow),
		cmocka_unit_test(what_the_path_says_of_a_peer_does_not_end_segmentation),
		cmocka_unit_test(a_refusal_in_the_middle_repeats_nothing),
		cmocka_unit_test(what_must_not_be_fragmented_leaves_alone_with_df),
		cmocka_unit_test(without_df_what_must_not_be_fragmented_does_not_leave),
		cmocka_unit_test(a_run_too_long_for_the_route_is_told_and_runs_go_on),
		cmocka_unit_test(one_packet_that_is_refused_says_nothing_of_segmentation),
		cmocka_unit_test(a_kernel_without_the_option_gets_single_packets_from_the_start),
		cmocka_unit_test(without_joining_on_receipt_each_packet_comes_alone),
		cmocka_unit_test(buffers_that_may_not_be_forced_are_asked_for),
		cmocka_unit_test(what_cannot_be_one_run_goes_as_several),
		cmocka_unit_test(only_packets_that_are_alike_are_joined),
		cmocka_unit_test(a_datagram_longer_than_udp_carries_is_refused),
		cmocka_unit_test(an_interrupted_call_is_made_again),
		cmocka_unit_test(a_call_that_sends_less_is_continued),
		cmocka_unit_test(what_the_kernel_has_no_room_for_stays_at_the_cursor),
		cmocka_unit_test(an_old_icmp_error_costs_one_try_and_a_second_one_is_told),
		cmocka_unit_test(a_pending_error_is_told_and_nothing_read_is_no_datagram),
		cmocka_unit_test(a_datagram_that_was_cut_is_counted_and_not_handed_on),
		cmocka_unit_test(
			what_comes_beside_a_datagram_is_believed_only_where_it_makes_sense),
		cmocka_unit_test(classes_and_congestion_marks_cross_ipv6),
		cmocka_unit_test(a_socket_that_cannot_be_opened_leaves_nothing_open),
		cmocka_unit_test(a_group_that_cannot_be_joined_leaves_nothing_open),
		cmocka_unit_test(only_interfaces_that_can_carry_a_group_are_joined_each_once),
		cmocka_unit_test(a_group_has_a_ceiling_of_interfaces),
		cmocka_unit_test(a_group_and_its_members_are_reached_by_one_socket),
		cmocka_unit_test(a_packet_to_a_group_of_ipv6_names_its_interface),
		cmocka_unit_test(a_packet_to_a_group_is_gone_if_one_interface_took_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
