/* A socket on loopback that is connected to whoever it sends most to, and hears everybody all the same. */
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
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "io/io_clock.h"
#include "io/io_sockaddr.h"
#include "io/io_udp.h"

enum { DEADLINE_MS = 5000, VOTES = 256 };

struct three {
	struct tt_udp a, b, c;
	struct tt_udp_batch in;
};

static int open_three(struct three *t, const char *ip)
{
	struct taut_addr local;

	*t = (struct three){ .a = { .fd = -1 }, .b = { .fd = -1 }, .c = { .fd = -1 } };
	assert_true(tt_addr_parse_ip(&local, ip, strlen(ip)));
	t->in.room = malloc((size_t)TT_UDP_BATCH * TT_UDP_BUF);
	int err = tt_udp_open(&t->a, &local, true);
	if (err == 0)
		err = tt_udp_open(&t->b, &local, true);
	if (err == 0)
		err = tt_udp_open(&t->c, &local, true);
	return err;
}

static void close_three(struct three *t)
{
	tt_udp_close(&t->a);
	tt_udp_close(&t->b);
	tt_udp_close(&t->c);
	free(t->in.room);
}

static void connect_a_to(struct three *t, const struct taut_addr *to)
{
	size_t packets = 1;

	while (packets < 3 * VOTES && !tt_udp_vote(&t->a, to, 1))
		packets++;
	assert_true(packets <= 2 * VOTES);
	if (!t->a.split)
		assert_int_equal(tt_udp_split(&t->a), 0);
	assert_int_equal(tt_udp_connect(&t->a), 0);
	assert_true(tt_udp_is_peer(&t->a, to));
}

static struct taut_datagram packet(const struct taut_addr *to, const char *text)
{
	return (struct taut_datagram){
		.size = sizeof(struct taut_datagram), .remote = *to, .buf = (uint8_t *)(uintptr_t)text, .len = strlen(text)
	};
}

static void say(struct tt_udp *from, const struct tt_udp *to, const char *text)
{
	struct taut_datagram d = packet(&to->local, text);
	struct tt_udp_cursor c = { 0, 0 };

	assert_int_equal(tt_udp_send(from, &d, 1, &c), 0);
}

/* Of two sockets that are not connected the kernel may give it to either. */
static bool comes_by_rest(const struct tt_udp *u, const struct tt_udp *from)
{
	struct pollfd ready[2] = { { .fd = u->fd, .events = POLLIN },
		                   { .fd = u->split ? u->rest : -1, .events = POLLIN } };

	assert_int_equal(poll(ready, 2, DEADLINE_MS), 1);
	if (u->connected)
		assert_int_equal(ready[1].revents != 0, !tt_addr_eq(&u->peer, &from->local));
	return ready[1].revents != 0;
}

/* That text comes from there, and nothing else. */
static void hear(struct three *t, struct tt_udp *u, const char *text, const struct tt_udp *from)
{
	int (*const recv)(struct tt_udp *, struct tt_udp_batch *, taut_time, int64_t) =
		comes_by_rest(u, from) ? tt_udp_recv_rest : tt_udp_recv;

	assert_int_equal(recv(u, &t->in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(t->in.count, 1);
	assert_int_equal(t->in.in[0].len, strlen(text));
	assert_memory_equal(t->in.in[0].buf, text, strlen(text));
	assert_true(tt_addr_eq(&t->in.in[0].remote, &from->local));
	assert_true(tt_addr_eq(&t->in.in[0].local, &u->local));
	assert_int_equal(recv(u, &t->in, tt_io_now(), tt_io_unix_us()), EAGAIN);
}

static void everybody_is_heard(struct three *t)
{
	say(&t->b, &t->a, "from b");
	hear(t, &t->a, "from b", &t->b);
	say(&t->c, &t->a, "from c");
	hear(t, &t->a, "from c", &t->c);
	say(&t->a, &t->b, "to b");
	say(&t->a, &t->c, "to c");
	hear(t, &t->b, "to b", &t->a);
	hear(t, &t->c, "to c", &t->a);
}

static void who_most_goes_to_is_connected_to_and_all_are_heard(void **state)
{
	static const char *const ips[] = { "127.0.0.1", "::1" };
	struct three t;
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		if (open_three(&t, ips[i]) == 0) {
			connect_a_to(&t, &t.b.local);
			everybody_is_heard(&t);
		}
		close_three(&t);
	}
}

static void who_gets_most_may_change(void **state)
{
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	connect_a_to(&t, &t.b.local);
	const int rest = t.a.rest;
	connect_a_to(&t, &t.c.local);
	assert_int_equal(t.a.rest, rest);
	everybody_is_heard(&t);
	close_three(&t);
}

static void a_majority_is_what_counts(void **state)
{
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	for (int i = 0; i < 10 * VOTES; i++) { /* half and half */
		assert_false(tt_udp_vote(&t.a, &t.b.local, 1));
		assert_false(tt_udp_vote(&t.a, &t.c.local, 1));
	}
	assert_false(tt_udp_vote(&t.a, &t.b.local, VOTES - 1));
	assert_true(tt_udp_vote(&t.a, &t.b.local, 1));
	assert_int_equal(tt_udp_split(&t.a), 0);
	assert_int_equal(tt_udp_connect(&t.a), 0);
	assert_false(tt_udp_vote(&t.a, &t.b.local, VOTES)); /* it is already */
	assert_false(tt_udp_vote(&t.a, &t.c.local, VOTES));
	assert_false(tt_udp_vote(&t.a, &t.c.local, VOTES - 1));
	assert_true(tt_udp_vote(&t.a, &t.c.local, 1));
	close_three(&t);
}

/* Those to whom it is connected and others, in one call. */
static void a_batch_of_both_kinds_arrives(void **state)
{
	static const char *const text[] = { "0", "1", "2", "3", "4", "5" };
	struct taut_datagram d[6];
	struct tt_udp_cursor c = { 0, 0 };
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	connect_a_to(&t, &t.b.local);
	tt_udp_no_gro(&t.b);
	tt_udp_no_gro(&t.c);
	for (size_t i = 0; i < 6; i++)
		d[i] = packet(i % 3 == 1 ? &t.c.local : &t.b.local, text[i]);
	assert_int_equal(tt_udp_send(&t.a, d, 6, &c), 0);
	assert_int_equal(tt_udp_recv(&t.b, &t.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(t.in.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(t.in.in[i].buf[0], "0235"[i]);
	assert_int_equal(tt_udp_recv(&t.c, &t.in, tt_io_now(), tt_io_unix_us()), 0);
	assert_int_equal(t.in.count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(t.in.in[i].buf[0], "14"[i]);
	close_three(&t);
}

/* A port of two sockets is lent to no third one, as it was not before. */
static void nobody_else_gets_the_port(void **state)
{
	const int on = 1;
	union tt_sockaddr sa;
	struct three t;
	struct tt_udp other;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	connect_a_to(&t, &t.b.local);
	assert_int_equal(tt_udp_make(&other, 4, true), 0);
	assert_int_equal(setsockopt(other.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
	const socklen_t len = tt_sockaddr_from(&sa, &t.a.local);
	assert_int_equal(bind(other.fd, &sa.any, len), -1);
	assert_int_equal(errno, EADDRINUSE);
	tt_udp_close(&other);
	close_three(&t);
}

/* A second descriptor is a luxury, which the last half of them is kept from. */
static void few_descriptors_are_left_to_those_that_need_them(void **state)
{
	struct rlimit before;
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	const struct rlimit few = { 4 * (rlim_t)(t.c.fd + 1), before.rlim_max };
	assert_true(tt_udp_vote(&t.a, &t.b.local, VOTES));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	const int err = tt_udp_split(&t.a);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(err, EMFILE);
	assert_false(t.a.split);
	assert_false(tt_udp_vote(&t.a, &t.b.local, VOTES)); /* and it is not tried again */
	everybody_is_heard(&t);
	close_three(&t);
}

static void without_a_descriptor_nobody_asks_twice(void **state)
{
	struct rlimit before;
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	const struct rlimit none = { 3, before.rlim_max };
	assert_true(tt_udp_vote(&t.a, &t.b.local, VOTES));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	const int err = tt_udp_split(&t.a);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(err, EMFILE);
	assert_false(tt_udp_vote(&t.a, &t.b.local, VOTES));
	everybody_is_heard(&t);
	close_three(&t);
}

static const struct taut_addr far = { .family = 4, .port = 9, .ip = { 192, 0, 2, 1 } }; /* not from 127.0.0.1 */

/* Whoever it was connected to stays so, and the next one may try again. */
static void a_connection_that_fails_leaves_the_one_before(void **state)
{
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	connect_a_to(&t, &t.b.local);
	assert_false(tt_udp_vote(&t.a, &far, VOTES)); /* those of b are gone */
	for (int i = 0; i < 2; i++) {
		assert_true(tt_udp_vote(&t.a, &far, VOTES));
		assert_int_not_equal(tt_udp_connect(&t.a), 0);
		assert_true(tt_udp_is_peer(&t.a, &t.b.local));
	}
	everybody_is_heard(&t);
	close_three(&t);
}

/* connect() to one of them would bind the socket to his interface, and to no other peer after him. */
static void a_link_local_peer_is_for_link_local_sockets(void **state)
{
	const struct taut_addr to = { .family = 6, .port = 9, .ip = { 0xfe, 0x80, [15] = 1 } };
	struct tt_udp u = { .local = { .family = 6, .port = 9, .ip = { [15] = 1 } } };
	(void)state;

	assert_false(tt_udp_vote(&u, &to, VOTES));
	u.votes = 0;
	u.local = to;
	assert_true(tt_udp_vote(&u, &to, VOTES));
}

static void without_a_connection_all_goes_on(void **state)
{
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	assert_true(tt_udp_vote(&t.a, &far, VOTES));
	assert_int_equal(tt_udp_split(&t.a), 0);
	say(&t.b, &t.a, "before");
	assert_int_not_equal(tt_udp_connect(&t.a), 0);
	assert_false(t.a.connected);
	hear(&t, &t.a, "before", &t.b);
	everybody_is_heard(&t);
	assert_false(tt_udp_vote(&t.a, &far, VOTES));
	close_three(&t);
}

static void a_socket_on_any_address_stays_as_it_is(void **state)
{
	struct tt_udp u;
	const struct taut_addr any = { .family = 4 }, to = { .family = 4, .port = 9, .ip = { 127, 0, 0, 1 } };
	(void)state;

	assert_int_equal(tt_udp_open(&u, &any, true), 0);
	assert_false(tt_udp_vote(&u, &to, VOTES));
	tt_udp_close(&u);
}

/* An ICMP error, which only a socket that is connected is told, comes with the next packet, whoever that is for. */
static void the_death_of_the_peer_hurts_no_other(void **state)
{
	struct three t;
	(void)state;

	assert_int_equal(open_three(&t, "127.0.0.1"), 0);
	connect_a_to(&t, &t.b.local);
	struct tt_udp dead = t.b;
	tt_udp_close(&t.b);
	say(&t.a, &dead, "to nobody");
	say(&t.a, &dead, "and again");
	say(&t.a, &t.c, "to c");
	hear(&t, &t.c, "to c", &t.a);
	assert_int_equal(tt_udp_recv(&t.a, &t.in, tt_io_now(), tt_io_unix_us()), ECONNREFUSED);
	assert_int_equal(tt_udp_recv(&t.a, &t.in, tt_io_now(), tt_io_unix_us()), EAGAIN);
	close_three(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_most_goes_to_is_connected_to_and_all_are_heard),
		cmocka_unit_test(who_gets_most_may_change),
		cmocka_unit_test(a_majority_is_what_counts),
		cmocka_unit_test(a_batch_of_both_kinds_arrives),
		cmocka_unit_test(nobody_else_gets_the_port),
		cmocka_unit_test(few_descriptors_are_left_to_those_that_need_them),
		cmocka_unit_test(without_a_descriptor_nobody_asks_twice),
		cmocka_unit_test(a_connection_that_fails_leaves_the_one_before),
		cmocka_unit_test(a_link_local_peer_is_for_link_local_sockets),
		cmocka_unit_test(without_a_connection_all_goes_on),
		cmocka_unit_test(a_socket_on_any_address_stays_as_it_is),
		cmocka_unit_test(the_death_of_the_peer_hurts_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
