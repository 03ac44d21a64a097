/* test_world_tcp.c - streams of the simulated world: what their users may count on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/num.h"
#include "world/world_tcp.h"

enum { MS = 1000, SECOND = 1000 * MS, CLIENT = 0, SERVER = 1, PORT = 443 };

/* One end, and what it saw. */
struct end {
	struct world *world;
	struct world_stream *stream; /* NULL: none, or gone */
	bool opened, ended, closed;
	enum world_stream_end why;
	size_t received, chunks, writable;
	bool wrong; /* a byte that is not the next one */
	taut_time opened_at, last_at, closed_at;
	size_t to_send, sent;
};

struct pair {
	struct world *world;
	int hosts[2], ifaces[2];
	struct end ends[2];
};

static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static void send_more(struct end *e)
{
	uint8_t chunk[4096];

	while (e->stream && e->sent < e->to_send) {
		size_t n = tt_min(sizeof chunk, e->to_send - e->sent);
		for (size_t i = 0; i < n; i++)
			chunk[i] = byte_at(e->sent + i);
		size_t took = world_stream_write(e->stream, chunk, n);
		e->sent += took;
		if (took < n)
			return;
	}
}

static void on_opened(struct world_stream *s)
{
	struct end *e = world_stream_user(s);

	e->opened = true;
	e->opened_at = e->world->now;
	send_more(e);
}

static void on_data(struct world_stream *s, const uint8_t *data, size_t len)
{
	struct end *e = world_stream_user(s);

	assert_true(len > 0);
	for (size_t i = 0; i < len; i++)
		e->wrong |= data[i] != byte_at(e->received + i);
	e->received += len;
	e->chunks++;
	e->last_at = e->world->now;
}

static void on_writable(struct world_stream *s)
{
	struct end *e = world_stream_user(s);

	e->writable++;
	send_more(e);
}

static void on_ended(struct world_stream *s)
{
	struct end *e = world_stream_user(s);

	e->ended = true;
}

static void on_closed(struct world_stream *s, enum world_stream_end why)
{
	struct end *e = world_stream_user(s);

	e->closed = true;
	e->closed_at = e->world->now;
	e->why = why;
	e->stream = NULL;
}

static const struct world_stream_ops ops = { .opened = on_opened,
					     .data = on_data,
					     .writable = on_writable,
					     .ended = on_ended,
					     .closed = on_closed };

static void accepted(void *user, struct world_stream *s)
{
	struct end *e = user;

	e->stream = s;
	world_stream_use(s, &ops, e);
}

static const struct world_host_ops silent;

static void make(struct pair *p, uint64_t seed, const struct world_link_config *wire)
{
	const struct taut_addr addrs[2] = { world_addr("192.0.2.1", 0),
					    world_addr("192.0.2.2", 0) };

	*p = (struct pair){ .world = world_new(seed) };
	for (int i = 0; i < 2; i++) {
		p->ends[i].world = p->world;
		p->hosts[i] = world_add_host(p->world, i ? "server" : "client", &silent, NULL);
		p->ifaces[i] = world_add_iface(p->world, p->hosts[i], WORLD_INTERNET, &addrs[i],
					       i == 0 ? wire : NULL, i == 0 ? wire : NULL);
	}
}

static void listen_on(struct pair *p, const struct world_certificate *tls)
{
	world_listen(p->world, &(struct world_listen_config){ .host = p->hosts[SERVER],
							      .port = PORT,
							      .tls = tls,
							      .accepted = accepted,
							      .user = &p->ends[SERVER] });
}

static void connect_to(struct pair *p, const char *ip, const char *tls)
{
	const struct taut_addr from = world_addr("192.0.2.1", 0), to = world_addr(ip, PORT);

	p->ends[CLIENT].stream =
		world_connect(p->world, p->hosts[CLIENT], &from, &to, tls, &ops, &p->ends[CLIENT]);
	assert_non_null(p->ends[CLIENT].stream);
}

static void begin(struct pair *p, uint64_t seed, const struct world_link_config *wire)
{
	make(p, seed, wire);
	listen_on(p, NULL);
	connect_to(p, "192.0.2.2", NULL);
}

static void run(struct pair *p, taut_time duration)
{
	world_run(p->world, p->world->now + duration, NULL, NULL);
}

static void finish(struct pair *p)
{
	assert_int_equal(p->world->failures, 0);
	for (int i = 0; i < 2; i++)
		assert_false(p->ends[i].wrong);
	world_free(p->world);
}

static taut_time since_start(const struct pair *p, taut_time at)
{
	return at - p->world->start;
}

/* ---- opening ---- */

static void a_stream_opens_after_one_round_trip(void **state)
{
	const struct world_link_config wire = { .delay = 20 * MS };
	struct pair p;

	(void)state;
	begin(&p, 1, &wire);
	run(&p, SECOND);
	assert_int_equal(since_start(&p, p.ends[CLIENT].opened_at), 40 * MS);
	assert_int_equal(since_start(&p, p.ends[SERVER].opened_at), 60 * MS);
	finish(&p);
}

static void tls_takes_one_round_trip_more(void **state)
{
	const struct world_link_config wire = { .delay = 20 * MS };
	const struct world_certificate certificate = { .name = "turn.example" };
	struct pair p;

	(void)state;
	make(&p, 1, &wire);
	listen_on(&p, &certificate);
	connect_to(&p, "192.0.2.2", "turn.example");
	p.ends[CLIENT].to_send = p.ends[SERVER].to_send = 5000;
	run(&p, SECOND);
	assert_int_equal(since_start(&p, p.ends[CLIENT].opened_at), 80 * MS);
	assert_int_equal(since_start(&p, p.ends[SERVER].opened_at), 100 * MS);
	assert_int_equal(p.ends[CLIENT].received, 5000);
	assert_int_equal(p.ends[SERVER].received, 5000);
	finish(&p);
}

static void a_port_where_nobody_listens_refuses(void **state)
{
	const struct world_link_config wire = { .delay = 20 * MS };
	struct pair p;

	(void)state;
	make(&p, 1, &wire);
	connect_to(&p, "192.0.2.2", NULL);
	run(&p, SECOND);
	assert_true(p.ends[CLIENT].closed);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_REFUSED);
	assert_int_equal(since_start(&p, p.ends[CLIENT].closed_at), 40 * MS);
	finish(&p);
}

static void a_port_that_is_closed_again_refuses_and_keeps_what_is_open(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, 1, NULL);
	run(&p, SECOND);
	struct world_stream *first = p.ends[CLIENT].stream;
	world_unlisten(p.world, p.hosts[SERVER], PORT);
	connect_to(&p, "192.0.2.2", NULL);
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_REFUSED);
	assert_int_equal(world_stream_write(first, "\0", 1), 1);
	run(&p, SECOND);
	assert_int_equal(p.ends[SERVER].received, 1);
	finish(&p);
}

static void where_nobody_is_a_stream_times_out(void **state)
{
	struct pair p;

	(void)state;
	make(&p, 1, NULL);
	connect_to(&p, "192.0.2.99", NULL);
	run(&p, 300 * (taut_time)SECOND);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_TIMEOUT);
	/* seven SYNs, the pauses doubling up to a minute */
	assert_int_equal(since_start(&p, p.ends[CLIENT].closed_at),
			 (1 + 2 + 4 + 8 + 16 + 32 + 60) * SECOND);
	finish(&p);
}

static void a_host_connects_only_from_an_address_it_has(void **state)
{
	const struct taut_addr from = world_addr("192.0.2.1", 0),
			       to = world_addr("192.0.2.2", PORT);
	struct pair p;

	(void)state;
	make(&p, 1, NULL);
	world_iface_up(p.world, p.ifaces[CLIENT], false);
	assert_null(world_connect(p.world, p.hosts[CLIENT], &from, &to, NULL, &ops, NULL));
	finish(&p);
}

/* ---- carrying ---- */

static void whatever_a_wire_does_the_bytes_come_once_and_in_order(void **state)
{
	static const struct world_link_config wires[] = {
		{ .delay = 30 * MS, .loss = 50000 },
		{ .delay = 30 * MS, .jitter = 20 * MS, .duplicate = 200000 },
		{ .delay = 30 * MS, .reorder = 200000, .reorder_depth = 32 },
		{ .delay = 30 * MS, .corrupt = 50000, .truncate = 20000 },
		{ .delay = 100 * MS, .to_bad = 25000, .to_good = 50000, .loss_bad = 240000 },
		{ .delay = 20 * MS, .rate = 1000000, .queue = 200 * MS, .loss = 10000 },
	};

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++)
		for (size_t i = 0; i < TT_COUNT(wires); i++) {
			struct pair p;
			make(&p, seed, &wires[i]);
			listen_on(&p, NULL);
			connect_to(&p, "192.0.2.2", NULL);
			p.ends[CLIENT].to_send = p.ends[SERVER].to_send = 150000;
			run(&p, 120 * (taut_time)SECOND);
			assert_int_equal(p.ends[CLIENT].received, 150000);
			assert_int_equal(p.ends[SERVER].received, 150000);
			assert_true(p.ends[CLIENT].writable > 0);
			finish(&p);
		}
}

static taut_time time_for(size_t bytes, const struct world_link_config *wire)
{
	struct pair p;

	make(&p, 3, wire);
	listen_on(&p, NULL);
	connect_to(&p, "192.0.2.2", NULL);
	p.ends[CLIENT].to_send = bytes;
	run(&p, 300 * (taut_time)SECOND);
	assert_int_equal(p.ends[SERVER].received, bytes);
	taut_time took = since_start(&p, p.ends[SERVER].last_at);
	finish(&p);
	return took;
}

static void a_stream_is_as_fast_as_its_wire(void **state)
{
	/* 250,000 bytes at 1 Mbit/s: 2 s, and 40 of 1,220 for headers */
	const struct world_link_config wire = { .delay = 10 * MS,
						.rate = 1000000,
						.queue = SECOND };
	taut_time took = time_for(250000, &wire);

	(void)state;
	assert_in_range(took, 2067 * MS, 2250 * MS);
}

static void loss_shows_as_time(void **state)
{
	const struct world_link_config clean = { .delay = 30 * MS };
	const struct world_link_config bad = { .delay = 30 * MS, .loss = 30000 };

	(void)state;
	assert_true(time_for(500000, &bad) > 2 * time_for(500000, &clean));
}

static void segments_can_be_as_short_as_a_byte(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, 1, NULL);
	world_stream_segment(p.ends[CLIENT].stream, 1);
	p.ends[CLIENT].to_send = 1000;
	run(&p, SECOND);
	assert_int_equal(p.ends[SERVER].received, 1000);
	assert_int_equal(p.ends[SERVER].chunks, 1000);
	finish(&p);
}

static void a_write_beyond_the_buffer_is_cut_short(void **state)
{
	static const uint8_t zeros[WORLD_STREAM_BUFFER + 100];
	struct pair p;

	(void)state;
	begin(&p, 1, NULL);
	assert_int_equal(world_stream_write(p.ends[CLIENT].stream, zeros, sizeof zeros),
			 WORLD_STREAM_BUFFER);
	assert_int_equal(world_stream_write(p.ends[CLIENT].stream, zeros, 1), 0);
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].writable, 1);
	p.ends[SERVER].wrong = false; /* zeros are not the bytes that on_data looks for */
	finish(&p);
}

/* ---- ending ---- */

static void after_a_half_close_the_other_direction_goes_on(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, 1, NULL);
	p.ends[CLIENT].to_send = 3000;
	run(&p, SECOND);
	world_stream_shutdown(p.ends[CLIENT].stream);
	run(&p, SECOND);
	assert_true(p.ends[SERVER].ended);
	assert_false(p.ends[SERVER].closed || p.ends[CLIENT].closed);
	assert_int_equal(world_stream_write(p.ends[CLIENT].stream, "x", 1), 0);
	p.ends[SERVER].to_send = 4000;
	send_more(&p.ends[SERVER]);
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].received, 4000);
	world_stream_shutdown(p.ends[SERVER].stream);
	run(&p, SECOND);
	assert_true(p.ends[SERVER].closed && p.ends[CLIENT].closed);
	assert_int_equal(p.ends[SERVER].why, WORLD_STREAM_CLOSED);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_CLOSED);
	finish(&p);
}

static void a_reset_ends_the_other_end(void **state)
{
	const struct world_link_config wire = { .delay = 20 * MS };
	struct pair p;

	(void)state;
	begin(&p, 1, &wire);
	run(&p, SECOND);
	world_stream_reset(p.ends[SERVER].stream);
	p.ends[SERVER].stream = NULL;
	taut_time at = p.world->now;
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_RESET);
	assert_int_equal(p.ends[CLIENT].closed_at - at, 20 * MS);
	assert_false(p.ends[SERVER].closed);
	finish(&p);
}

static void what_was_written_before_the_end_arrives_over_a_bad_wire(void **state)
{
	const struct world_link_config wire = { .delay = 20 * MS, .loss = 200000 };

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct pair p;
		make(&p, seed, &wire);
		listen_on(&p, NULL);
		connect_to(&p, "192.0.2.2", NULL);
		run(&p, 60 * (taut_time)SECOND);
		assert_true(p.ends[CLIENT].opened);
		p.ends[CLIENT].to_send = 20000;
		send_more(&p.ends[CLIENT]);
		world_stream_abandon(p.ends[CLIENT].stream);
		run(&p, 60 * (taut_time)SECOND);
		assert_int_equal(p.ends[SERVER].received, 20000);
		assert_true(p.ends[SERVER].ended);
		world_stream_shutdown(p.ends[SERVER].stream);
		run(&p, 120 * (taut_time)SECOND);
		assert_true(p.ends[SERVER].closed);
		assert_int_equal(p.ends[SERVER].why, WORLD_STREAM_CLOSED);
		assert_null(p.world->streams);
		finish(&p);
	}
}

static void a_stream_outlives_a_short_outage_and_not_a_long_one(void **state)
{
	(void)state;
	for (int longer = 0; longer < 2; longer++) {
		struct pair p;
		begin(&p, 1, NULL);
		run(&p, SECOND);
		p.world->ifaces[p.ifaces[CLIENT]].out.hole = true;
		p.ends[CLIENT].to_send = 100;
		send_more(&p.ends[CLIENT]);
		run(&p, (longer ? 300 : 30) * (taut_time)SECOND);
		p.world->ifaces[p.ifaces[CLIENT]].out.hole = false;
		run(&p, 60 * (taut_time)SECOND);
		assert_int_equal(p.ends[CLIENT].closed, longer);
		assert_int_equal(p.ends[SERVER].received, longer ? 0 : 100);
		if (longer)
			assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_TIMEOUT);
		finish(&p);
	}
}

/* ---- TLS ---- */

static enum world_stream_end refused_by(const char *name, bool untrusted, const char *wanted)
{
	const struct world_certificate certificate = { .name = name, .untrusted = untrusted };
	struct pair p;

	make(&p, 1, NULL);
	listen_on(&p, &certificate);
	connect_to(&p, "192.0.2.2", wanted);
	run(&p, SECOND);
	enum world_stream_end why =
		p.ends[CLIENT].closed ? p.ends[CLIENT].why : WORLD_STREAM_CLOSED;
	assert_int_equal(p.ends[CLIENT].opened, why == WORLD_STREAM_CLOSED);
	assert_int_equal(p.ends[SERVER].opened,
			 why == WORLD_STREAM_CLOSED); /* else never accepted */
	finish(&p);
	return why;
}

static void a_certificate_must_have_the_name_and_be_trusted(void **state)
{
	(void)state;
	assert_int_equal(refused_by("turn.example", false, "TURN.example"), WORLD_STREAM_CLOSED);
	assert_int_equal(refused_by("*.example", false, "turn.example"), WORLD_STREAM_CLOSED);
	assert_int_equal(refused_by("*.example", false, "a.turn.example"), WORLD_STREAM_TLS_NAME);
	assert_int_equal(refused_by("*.example", false, ".example"), WORLD_STREAM_TLS_NAME);
	assert_int_equal(refused_by("turn.example", false, "turn.example.org"),
			 WORLD_STREAM_TLS_NAME);
	assert_int_equal(refused_by("turn.example", true, "turn.example"), WORLD_STREAM_UNTRUSTED);
}

static void tls_with_an_end_that_speaks_none_fails(void **state)
{
	const struct world_certificate certificate = { .name = "turn.example" };
	struct pair p;

	(void)state;
	make(&p, 1, NULL); /* a plain server sees a record and answers with data */
	listen_on(&p, NULL);
	connect_to(&p, "192.0.2.2", "turn.example");
	p.ends[SERVER].to_send = 100;
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_NOT_TLS);
	assert_true(p.ends[SERVER].received > 0);
	assert_int_equal(p.ends[SERVER].why, WORLD_STREAM_RESET);
	p.ends[SERVER].wrong = false;
	finish(&p);

	make(&p, 1, NULL); /* a plain client is reset by a server of TLS */
	listen_on(&p, &certificate);
	connect_to(&p, "192.0.2.2", NULL);
	p.ends[CLIENT].to_send = 100;
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_RESET);
	assert_false(p.ends[SERVER].opened);
	finish(&p);
}

/* ---- networks ---- */

static void behind_nats(struct pair *p, bool listens_inside)
{
	const struct world_nat_config blocked = { .blocked = true };
	const struct taut_addr outside = world_addr("198.51.100.1", 0);
	const struct taut_addr in = world_addr("192.0.2.1", 0), out = world_addr("192.0.2.2", 0);
	int home;

	*p = (struct pair){ .world = world_new(1) };
	home = world_add_net(p->world, WORLD_INTERNET);
	world_set_nat(p->world, home, &blocked, &outside);
	for (int i = 0; i < 2; i++) {
		bool inside = listens_inside == (i == SERVER);
		p->ends[i].world = p->world;
		p->hosts[i] = world_add_host(p->world, "h", &silent, NULL);
		world_add_iface(p->world, p->hosts[i], inside ? home : WORLD_INTERNET,
				i == CLIENT ? &in : &out, NULL, NULL);
	}
	listen_on(p, NULL);
}

static void where_no_udp_passes_tcp_does(void **state)
{
	const struct taut_addr seen = world_addr("198.51.100.1", 0);
	struct pair p;

	(void)state;
	behind_nats(&p, false);
	connect_to(&p, "192.0.2.2", NULL);
	p.ends[CLIENT].to_send = p.ends[SERVER].to_send = 10000;
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].received, 10000);
	assert_int_equal(p.ends[SERVER].received, 10000);
	assert_memory_equal(world_stream_remote(p.ends[SERVER].stream)->ip, seen.ip, 4);
	/* and a NAT that was switched off and on knows the stream no more */
	world_rebind(p.world, 1);
	p.ends[SERVER].to_send += 1000;
	send_more(&p.ends[SERVER]);
	run(&p, SECOND);
	assert_int_equal(p.ends[CLIENT].received, 10000);
	finish(&p);
}

static void a_nat_lets_no_stream_in_that_nobody_inside_asked_for(void **state)
{
	struct pair p;

	(void)state;
	behind_nats(&p, true);
	connect_to(&p, "198.51.100.1", NULL);
	run(&p, 300 * (taut_time)SECOND);
	assert_int_equal(p.ends[CLIENT].why, WORLD_STREAM_TIMEOUT);
	finish(&p);
}

static void a_host_has_streams_with_itself_and_over_ipv6(void **state)
{
	const struct taut_addr six = world_addr("2001:db8::1", 0);
	const struct taut_addr to = world_addr("2001:db8::1", PORT);
	struct pair p;

	(void)state;
	make(&p, 1, NULL);
	world_add_iface(p.world, p.hosts[SERVER], WORLD_INTERNET, &six, NULL, NULL);
	listen_on(&p, NULL);
	p.ends[CLIENT].stream =
		world_connect(p.world, p.hosts[SERVER], &six, &to, NULL, &ops, &p.ends[CLIENT]);
	p.ends[CLIENT].to_send = 10000;
	run(&p, SECOND);
	assert_int_equal(p.ends[SERVER].received, 10000);
	finish(&p);
}

static uint64_t hash_of(uint64_t seed)
{
	const struct world_link_config wire = { .delay = 30 * MS, .loss = 50000, .jitter = 3 * MS };
	struct pair p;

	make(&p, seed, &wire);
	listen_on(&p, NULL);
	connect_to(&p, "192.0.2.2", NULL);
	p.ends[CLIENT].to_send = 50000;
	run(&p, 60 * (taut_time)SECOND);
	uint64_t hash = p.world->hash;
	finish(&p);
	return hash;
}

static void one_seed_decides_all_of_a_stream(void **state)
{
	(void)state;
	assert_true(hash_of(1) == hash_of(1));
	assert_true(hash_of(1) != hash_of(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_opens_after_one_round_trip),
		cmocka_unit_test(tls_takes_one_round_trip_more),
		cmocka_unit_test(a_port_where_nobody_listens_refuses),
		cmocka_unit_test(a_port_that_is_closed_again_refuses_and_keeps_what_is_open),
		cmocka_unit_test(where_nobody_is_a_stream_times_out),
		cmocka_unit_test(a_host_connects_only_from_an_address_it_has),
		cmocka_unit_test(whatever_a_wire_does_the_bytes_come_once_and_in_order),
		cmocka_unit_test(a_stream_is_as_fast_as_its_wire),
		cmocka_unit_test(loss_shows_as_time),
		cmocka_unit_test(segments_can_be_as_short_as_a_byte),
		cmocka_unit_test(a_write_beyond_the_buffer_is_cut_short),
		cmocka_unit_test(after_a_half_close_the_other_direction_goes_on),
		cmocka_unit_test(a_reset_ends_the_other_end),
		cmocka_unit_test(what_was_written_before_the_end_arrives_over_a_bad_wire),
		cmocka_unit_test(a_stream_outlives_a_short_outage_and_not_a_long_one),
		cmocka_unit_test(a_certificate_must_have_the_name_and_be_trusted),
		cmocka_unit_test(tls_with_an_end_that_speaks_none_fails),
		cmocka_unit_test(where_no_udp_passes_tcp_does),
		cmocka_unit_test(a_nat_lets_no_stream_in_that_nobody_inside_asked_for),
		cmocka_unit_test(a_host_has_streams_with_itself_and_over_ipv6),
		cmocka_unit_test(one_seed_decides_all_of_a_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
