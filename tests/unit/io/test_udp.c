/* Sockets on loopback: what goes in comes out, in runs or one by one. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "io/io_clock.h"
#include "io/io_udp.h"

enum { DEADLINE_MS = 5000 };

struct pair {
	struct tt_udp a, b;
	struct tt_udp_batch in;
	uint8_t *out;
};

static int open_pair(struct pair *p, const char *ip, bool gso)
{
	struct taut_addr local;

	*p = (struct pair){ .a = { .fd = -1 }, .b = { .fd = -1 } };
	assert_true(tt_addr_parse_ip(&local, ip, strlen(ip)));
	int err = tt_udp_open(&p->a, &local, gso);
	if (err == 0)
		err = tt_udp_open(&p->b, &local, gso);
	p->in.room = malloc((size_t)TT_UDP_BATCH * TT_UDP_BUF);
	p->out = malloc(65536);
	for (size_t i = 0; i < 65536; i++)
		p->out[i] = (uint8_t)(i * 7 + i / 256);
	return err;
}

static void close_pair(struct pair *p)
{
	tt_udp_close(&p->a);
	tt_udp_close(&p->b);
	free(p->in.room);
	free(p->out);
}

/* Receives packets on b until len bytes came, checks them against out, counts the packets. */
static size_t receive(struct pair *p, size_t len, size_t packet)
{
	size_t got = 0, packets = 0;

	while (got < len) {
		struct pollfd ready = { .fd = p->b.fd, .events = POLLIN };
		assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
		assert_int_equal(tt_udp_recv(&p->b, &p->in, tt_io_now(), tt_io_unix_us()), 0);
		for (size_t i = 0; i < p->in.count; i++) {
			const struct taut_datagram *d = &p->in.in[i];
			assert_true(tt_addr_eq(&d->remote, &p->a.local));
			assert_true(got + d->len <= len);
			assert_memory_equal(d->buf, p->out + got, d->len);
			if (d->segment)
				assert_int_equal(d->segment, packet);
			packets += d->len == 0 ? 0 : d->segment ? (d->len + d->segment - 1u) / d->segment : 1;
			got += d->len;
			assert_true(tt_io_now() - d->received < 1000000);
		}
	}
	return packets;
}

static void expect_run(const char *ip, bool gso)
{
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };

	if (open_pair(&p, ip, gso) != 0) {
		print_message("no %s here\n", ip);
		close_pair(&p);
		return;
	}
	assert_true(gso || !p.a.gso);
	struct taut_datagram d = { .size = sizeof d, .remote = p.b.local, .buf = p.out,
		                   .len = 30 * 1000 + 77, .segment = 1000 };
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), 0);
	assert_int_equal(c.at, 1);
	assert_int_equal(receive(&p, d.len, 1000), 31);
	close_pair(&p);
}

static void a_run_arrives_whole_by_segmentation_and_without(void **state)
{
	(void)state;
	expect_run("127.0.0.1", true);
	expect_run("127.0.0.1", false);
	expect_run("::1", true);
	expect_run("::1", false);
}

static void expect_neighbours(bool gso)
{
	struct taut_datagram d[40];
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	size_t used = 0;

	assert_int_equal(open_pair(&p, "127.0.0.1", gso), 0);
	for (size_t i = 0; i < 40; i++) {
		const size_t len = i == 20 ? 500 : i == 39 ? 0 : 1200; /* a shorter one ends a run */
		d[i] = (struct taut_datagram){ .size = sizeof d[i], .remote = p.b.local,
			                       .buf = p.out + used, .len = len };
		used += len;
	}
	assert_int_equal(tt_udp_send(&p.a, d, 40, &c), 0);
	assert_int_equal(c.at, 40);
	assert_int_equal(receive(&p, used, 1200), 39);
	close_pair(&p);
}

static void equal_neighbours_are_joined_and_arrive_as_they_were(void **state)
{
	(void)state;
	expect_neighbours(true);
	expect_neighbours(false);
}

static void a_socket_that_refuses_segmentation_is_served_one_by_one(void **state)
{
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	(void)state;

	/* A segment larger than the loopback MTU less its headers is what the kernel refuses. */
	assert_int_equal(open_pair(&p, "127.0.0.1", true), 0);
	struct taut_datagram d = { .size = sizeof d, .remote = p.b.local, .buf = p.out,
		                   .len = 3000, .segment = 1 };
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), 0); /* more than 64 packets: several units */
	assert_int_equal(receive(&p, 3000, 1), 3000);
	close_pair(&p);
}

static void without_gro_packets_come_one_by_one(void **state)
{
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	size_t pieces = 0;

	(void)state;
	assert_int_equal(open_pair(&p, "127.0.0.1", true), 0);
	tt_udp_no_gro(&p.b);
	struct taut_datagram d = { .size = sizeof d, .remote = p.b.local, .buf = p.out,
		                   .len = 4800, .segment = 1200 };
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), 0);
	while (pieces < 4) {
		struct pollfd ready = { .fd = p.b.fd, .events = POLLIN };
		assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
		assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
		for (size_t i = 0; i < p.in.count; i++) {
			assert_int_equal(p.in.in[i].len, 1200);
			assert_int_equal(p.in.in[i].segment, 0);
		}
		pieces += p.in.count;
	}
	assert_int_equal(pieces, 4);
	close_pair(&p);
}

/* After lone packets one is asked for at a time, for a while; none is left lying. */
static void several_that_follow_lone_ones_all_arrive(void **state)
{
	struct pair p;
	size_t at = 0;

	(void)state;
	assert_int_equal(open_pair(&p, "127.0.0.1", false), 0);
	static const size_t counts[] = { 1, 1, 1, 1, 1, 1, 1, 39 };
	for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
		const size_t together = counts[k];
		struct tt_udp_cursor c = { 0, 0 };
		struct taut_datagram d[40];
		for (size_t i = 0; i < together; i++)
			d[i] = (struct taut_datagram){ .size = sizeof d[i],
						       .remote = p.b.local,
						       .buf = p.out + 100 * i,
						       .len = 100 + i % 3 };
		assert_int_equal(tt_udp_send(&p.a, d, together, &c), 0);
		for (at = 0; at < together; at += p.in.count) {
			struct pollfd ready = { .fd = p.b.fd, .events = POLLIN };
			assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
			assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
			for (size_t i = 0; i < p.in.count; i++) {
				assert_int_equal(p.in.in[i].len, d[at + i].len);
				assert_memory_equal(p.in.in[i].buf, d[at + i].buf, d[at + i].len);
			}
		}
		assert_int_equal(at, together);
	}
	assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), EAGAIN);
	close_pair(&p);
}

static void a_dead_port_does_not_stop_the_others(void **state)
{
	struct taut_datagram d[4];
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	(void)state;

	assert_int_equal(open_pair(&p, "127.0.0.1", true), 0);
	struct taut_addr dead = p.b.local;
	dead.port = 1; /* tcpmux: nobody has it */
	for (size_t i = 0; i < 4; i++)
		d[i] = (struct taut_datagram){ .size = sizeof d[i], .buf = p.out,
			                       .remote = i % 2 ? p.b.local : dead,
			                       .len = i % 2 ? 100 : 50 };
	assert_int_equal(tt_udp_send(&p.a, d, 4, &c), 0);
	for (int i = 0; i < 2; i++) {
		struct pollfd ready = { .fd = p.b.fd, .events = POLLIN };
		assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
		p.b.gro = false;
		assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
		i += (int)p.in.count - 1;
	}
	close_pair(&p);
}

static void an_address_that_cannot_be_reached_is_refused_and_named(void **state)
{
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	(void)state;

	assert_int_equal(open_pair(&p, "127.0.0.1", true), 0);
	struct taut_datagram d[3];
	for (size_t i = 0; i < 3; i++)
		d[i] = (struct taut_datagram){ .size = sizeof d[i], .remote = p.b.local,
			                       .buf = p.out, .len = 10 + i };
	memcpy(d[1].remote.ip, (const uint8_t[]){ 192, 0, 2, 1 }, 4); /* not from 127.0.0.1 */
	const int err = tt_udp_send(&p.a, d, 3, &c);
	assert_int_not_equal(err, 0);
	assert_int_not_equal(err, EAGAIN);
	assert_int_equal(c.at, 1);
	c.at = 2;
	assert_int_equal(tt_udp_send(&p.a, d, 3, &c), 0);
	close_pair(&p);
}

static void marks_of_congestion_and_class_cross(void **state)
{
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	(void)state;

	assert_int_equal(open_pair(&p, "127.0.0.1", true), 0);
	struct taut_datagram d = { .size = sizeof d, .remote = p.b.local, .buf = p.out, .len = 10,
		                   .dscp = 46, .ecn = 1 };
	struct pollfd ready = { .fd = p.b.fd, .events = POLLIN };
	assert_int_equal(tt_udp_send(&p.a, &d, 1, &c), 0);
	assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
	assert_int_equal(tt_udp_recv(&p.b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(p.in.in[0].dscp, 46);
	assert_int_equal(p.in.in[0].ecn, 1);
	close_pair(&p);
}

static void an_address_of_nobody_is_not_bound(void **state)
{
	struct tt_udp u;
	struct taut_addr a;
	(void)state;

	assert_true(tt_addr_parse_ip(&a, "192.0.2.1", 9));
	assert_int_equal(tt_udp_open(&u, &a, true), EADDRNOTAVAIL);
	assert_int_equal(u.fd, -1);
	a.family = 0;
	assert_int_equal(tt_udp_open(&u, &a, true), EAFNOSUPPORT);
}

static void two_sockets_share_a_multicast_group(void **state)
{
	struct tt_udp a, b;
	struct taut_addr group;
	struct pair p;
	struct tt_udp_cursor c = { 0, 0 };
	(void)state;

	/* Not 224.0.0.251:5353: a test does not speak to the neighbours' mDNS responders. */
	assert_true(tt_addr_parse_ip(&group, "239.255.77.77", 13));
	group.port = 45353;
	const int err = tt_udp_open_group(&a, &group);
	if (err != 0) {
		print_message("no multicast here: %s\n", strerror(err));
		return;
	}
	assert_int_equal(tt_udp_open_group(&b, &group), 0);
	assert_int_equal(open_pair(&p, "127.0.0.1", true), 0);
	struct taut_datagram d = { .size = sizeof d, .remote = group, .buf = p.out, .len = 33 };
	struct pollfd ready = { .fd = b.fd, .events = POLLIN };
	/* What comes to the port alone is not for them: RFC 6762 section 11. */
	struct taut_datagram alone = { .size = sizeof alone, .buf = p.out, .len = 44 };
	assert_true(tt_addr_parse_ip(&alone.remote, "127.0.0.1", 9));
	alone.remote.port = group.port;
	assert_int_equal(tt_udp_send(&p.a, &alone, 1, &c), 0);
	c = (struct tt_udp_cursor){ 0, 0 };
	assert_int_equal(tt_udp_send(&a, &d, 1, &c), 0);
	assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
	assert_int_equal(tt_udp_recv(&b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(p.in.in[0].len, 33);
	assert_true(tt_addr_eq(&p.in.in[0].local, &group));
	/* A run is as many packets there as elsewhere. Each may come by more than one interface. */
	d.segment = 33;
	d.len = 33 + 33 + 20;
	c = (struct tt_udp_cursor){ 0, 0 };
	assert_int_equal(tt_udp_send(&a, &d, 1, &c), 0);
	unsigned whole = 0, rest = 0;
	while (rest == 0) {
		assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
		assert_int_equal(tt_udp_recv(&b, &p.in, tt_io_now(), tt_io_unix_us()), 0);
		for (size_t i = 0; i < p.in.count; i++) {
			whole += p.in.in[i].len == 33;
			rest += p.in.in[i].len == 20;
			assert_true(p.in.in[i].len == 33 || p.in.in[i].len == 20);
		}
	}
	assert_true(whole >= 2);
	tt_udp_close(&a);
	tt_udp_close(&b);
	close_pair(&p);
}

static void a_stamp_of_the_wall_clock_becomes_a_moment_of_the_loop(void **state)
{
	const struct timespec stamp = { .tv_sec = 1000, .tv_nsec = 250000000 };
	(void)state;

	assert_int_equal(tt_io_stamp(&stamp, 5000000, 1000300000), 4950000);
	assert_int_equal(tt_io_stamp(&stamp, 5000000, 1000200000), 5000000); /* from the future */
	assert_int_equal(tt_io_stamp(&stamp, 5000000, 9000000000), 4000000); /* the clock jumped */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_arrives_whole_by_segmentation_and_without),
		cmocka_unit_test(equal_neighbours_are_joined_and_arrive_as_they_were),
		cmocka_unit_test(a_socket_that_refuses_segmentation_is_served_one_by_one),
		cmocka_unit_test(without_gro_packets_come_one_by_one),
		cmocka_unit_test(several_that_follow_lone_ones_all_arrive),
		cmocka_unit_test(a_dead_port_does_not_stop_the_others),
		cmocka_unit_test(an_address_that_cannot_be_reached_is_refused_and_named),
		cmocka_unit_test(marks_of_congestion_and_class_cross),
		cmocka_unit_test(an_address_of_nobody_is_not_bound),
		cmocka_unit_test(two_sockets_share_a_multicast_group),
		cmocka_unit_test(a_stamp_of_the_wall_clock_becomes_a_moment_of_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
