/* test_ice_tcp.c - candidates over TCP, RFC 6544: who connects, who is connected to, and what is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ice/ice.h"
#include "sim_duo.h"
#include "taut/drop.h"
#include "taut/stats.h"
#include "world/world_tcp_int.h"

#define SECOND INT64_C(1000000)

enum { CONNECT = TAUT_ICE_TCP_CONNECT, LISTEN = TAUT_ICE_TCP_LISTEN, BOTH = CONNECT | LISTEN };

static const struct world_nat_config blocked = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						 .blocked = true };

/* The first has no UDP, stands behind a NAT, and connects; the other listens. Either offers. */
static void who_has_no_udp_connects_to_who_listens(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct duo_config cfg = { .side[0].no_stun = true, .side[1].no_stun = true };
		struct duo d;
		cfg.side[who].nat = &blocked;
		cfg.side[who].tcp = CONNECT;
		cfg.side[1 - who].tcp = LISTEN;
		duo_begin(&d, &cfg);
		assert_true(duo_meet_for_good(&d));
		assert_non_null(strstr(d.side[1 - who].path, "prflx 198.51.100."));
		duo_talk(&d, 3 * SECOND);
		duo_end(&d);
	}
}

static const struct duo_config by_tcp = {
	.side = { { .no_stun = true, .nat = &blocked, .tcp = CONNECT },
		  { .no_stun = true, .tcp = LISTEN } }
};

/* The stream of that side which is no listener. */
static struct world_stream *stream_of(const struct duo_side *s)
{
	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (s->peer.flows[i].flow != 0 && s->peer.flows[i].stream)
			return s->peer.flows[i].stream;
	return NULL;
}

static unsigned streams_of(const struct duo_side *s)
{
	unsigned n = 0;

	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		n += s->peer.flows[i].flow != 0 && s->peer.flows[i].stream;
	return n;
}

static void udp_is_nominated_where_it_works_and_connections_are_closed(void **state)
{
	static const struct duo_config cfg = { .side = { { .no_stun = true, .tcp = BOTH },
							 { .no_stun = true, .tcp = BOTH } } };
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 30));
	const struct taut_config *said = taut_pc_get_configuration(d.side[0].peer.pc);
	assert_int_equal(said->ice_tcp, BOTH);
	duo_wait(&d, 20 * SECOND);
	assert_int_equal(streams_of(&d.side[0]) + streams_of(&d.side[1]), 0);
	duo_talk(&d, 3 * SECOND);
	duo_end(&d);
}

static void with_the_policy_relay_there_are_no_candidates_over_tcp(void **state)
{
	static const struct duo_config cfg = {
		.side = { { .turn = true, .relay_only = true, .tcp = BOTH },
			  { .turn = true, .relay_only = true, .tcp = BOTH } }
	};
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 2; i++)
		assert_int_equal(d.side[i].candidates[TT_ICE_HOST], 0);
	duo_end(&d);
}

static void over_ipv6_too(void **state)
{
	static const struct duo_config cfg = {
		.side = { { .no_stun = true, .ipv6 = true, .tcp = CONNECT },
			  { .no_stun = true, .ipv6 = true, .tcp = LISTEN } }
	};
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	duo_start(&d);
	duo_wait(&d, SECOND / 2);
	assert_true(streams_of(&d.side[0]) <= 1);
	assert_true(duo_meet_for_good(&d));
	duo_end(&d);
}

static void the_reports_name_the_transport(void **state)
{
	struct duo d;
	(void)state;

	duo_begin(&d, &by_tcp);
	assert_true(duo_meet_for_good(&d));
	static const char *const types[2] = { "active", "passive" };
	for (int i = 0; i < 2; i++) {
		const struct taut_stats *all;
		size_t count;
		unsigned found = 0;
		assert_int_equal(taut_pc_get_stats(d.side[i].peer.pc, d.world->now, &all, &count),
				 TAUT_OK);
		for (size_t k = 0; k < count; k++) {
			const struct taut_stat *m = taut_stats_member(&all[k], "tcpType");
			if (m && strcmp(all[k].type, "local-candidate") == 0) {
				assert_string_equal(m->text, types[i]);
				m = taut_stats_member(&all[k], "protocol");
				assert_string_equal(m->text, "tcp");
				m = taut_stats_member(&all[k], "priority");
				assert_true(m->number > 1e9); /* that of the candidate */
				found++;
			}
		}
		assert_true(found > 0);
	}
	duo_end(&d);
}

/* What a full stream could not take, without its frames (RFC 4571 section 2), and no more than was sent. */
static void what_no_stream_takes_is_told_without_its_frame(void **state)
{
	static uint8_t bytes[1000], buf[65536];
	struct taut_datagram out = { .size = sizeof out, .buf = buf, .cap = sizeof buf };
	struct duo d;
	(void)state;

	duo_begin(&d, &by_tcp);
	assert_true(duo_meet_for_good(&d));
	duo_wait(&d, SECOND);
	struct duo_side *s = &d.side[0];
	const taut_time now = d.world->now;
	const double sent = duo_path_stat(s, "bytesSent");
	assert_int_equal(taut_pc_send_message(s->peer.pc, now, s->channel, 1, bytes, sizeof bytes),
			 TAUT_OK);
	assert_int_equal(taut_pc_poll_send(s->peer.pc, now, &out), 1);
	taut_pc_send_failed(s->peer.pc, now, &out, 105);
	assert_true(duo_path_stat(s, "bytesSent") == sent);
	assert_true(duo_path_stat(s, "packetsDiscardedOnSend") == 1);
	assert_true(duo_path_stat(s, "bytesDiscardedOnSend") == (double)out.len - 2);
	for (int i = 0; i < 100; i++)
		taut_pc_send_failed(s->peer.pc, now, &out, 105);
	assert_true(duo_path_stat(s, "bytesSent") == sent); /* what was told stays */
	assert_true(duo_path_stat(s, "packetsDiscardedOnSend") == 101);
	duo_end(&d);
}

static void a_connection_that_ends_ends_the_path_and_a_restart_makes_another(void **state)
{
	struct duo d;
	(void)state;

	duo_begin(&d, &by_tcp);
	assert_true(duo_meet_for_good(&d));
	/* That of the other side hears of it. */
	for (int i = 0; i < WORLD_PEER_FLOWS; i++) {
		struct world_peer_flow *f = &d.side[1].peer.flows[i];
		if (f->flow != 0 && f->stream) {
			world_stream_reset(f->stream);
			f->stream = NULL;
			taut_pc_io_result(d.side[1].peer.pc, d.world->now, f->flow, 104, NULL, 0);
			world_peer_pump(&d.side[1].peer);
			break;
		}
	}
	duo_wait(&d, 2 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].state, TAUT_STATE_FAILED);
		assert_non_null(strstr(d.side[i].why, "the TCP connection in use has ended"));
	}
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(d.side[i].state, TAUT_STATE_CONNECTED);
	duo_talk(&d, 3 * SECOND);
	duo_end(&d);
}

static void a_restart_keeps_the_connection(void **state)
{
	struct duo d;
	(void)state;

	duo_begin(&d, &by_tcp);
	assert_true(duo_meet_for_good(&d));
	const struct world_stream *before = stream_of(&d.side[0]);
	duo_restart(&d, 1);
	duo_wait(&d, 10 * SECOND);
	assert_ptr_equal(stream_of(&d.side[0]), before);
	duo_talk(&d, 3 * SECOND);
	duo_end(&d);
}

static void segments_of_any_length_are_put_together(void **state)
{
	(void)state;
	for (size_t segment = 1; segment < 40; segment = segment * 3 + 1) {
		struct duo d;
		duo_begin(&d, &by_tcp);
		assert_true(duo_meet_for_good(&d));
		for (struct world_stream *s = d.world->streams; s; s = s->next)
			world_stream_segment(s, segment);
		duo_talk(&d, 3 * SECOND);
		duo_end(&d);
	}
}

static void it_may_be_closed_at_any_moment(void **state)
{
	(void)state;
	for (taut_time at = 0; at < 500000; at += 10000) {
		struct duo d;
		duo_begin(&d, &by_tcp);
		duo_start(&d);
		duo_wait(&d, at);
		duo_close(&d, at > 100000 && at % 20000 ? 1 : 0); /* it has answered by then */
		duo_wait(&d, SECOND);
		duo_end(&d);
	}
}

/* ---- strangers ---- */

struct stranger {
	struct world_stream *stream;
	bool opened, closed;
};

static void on_opened(struct world_stream *s)
{
	((struct stranger *)world_stream_user(s))->opened = true;
}

static void on_closed(struct world_stream *s, enum world_stream_end why)
{
	struct stranger *x = world_stream_user(s);

	(void)why;
	x->closed = true;
	x->stream = NULL;
}

static void on_ended(struct world_stream *s)
{
	((struct stranger *)world_stream_user(s))->closed = true;
}

/* Connects to where the second side listens. */
static void knock(struct duo *d, int host, struct stranger *x)
{
	static const struct world_stream_ops ops = { .opened = on_opened,
						     .ended = on_ended,
						     .closed = on_closed };
	const struct taut_addr from = world_addr("203.0.113.77", 0);

	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (d->side[1].peer.flows[i].listens) {
			*x = (struct stranger){ 0 };
			x->stream = world_connect(d->world, host, &from,
						  &d->side[1].peer.flows[i].addr, NULL, &ops, x);
			assert_non_null(x->stream);
			return;
		}
	fail_msg("nothing listens");
}

static int stranger_host(struct duo *d)
{
	static const struct world_host_ops silent;
	const struct taut_addr at = world_addr("203.0.113.77", 0);
	const int host = world_add_host(d->world, "stranger", &silent, NULL);

	world_add_iface(d->world, host, WORLD_INTERNET, &at, NULL, NULL);
	return host;
}

/* Ten seconds are given to whoever connects; what it says meanwhile changes nothing. */
static void who_proves_nothing_is_cut_off(void **state)
{
	static const uint8_t junk[] = "\x00\x05hello\x00\x00\xff\xffGET / HTTP/1.1";
	struct stranger x[2];
	struct duo d;
	(void)state;

	duo_begin(&d, &by_tcp);
	assert_true(duo_meet_for_good(&d));
	const int host = stranger_host(&d);
	knock(&d, host, &x[0]);
	knock(&d, host, &x[1]);
	duo_wait(&d, SECOND);
	assert_true(x[0].opened && x[1].opened);
	world_stream_write(x[1].stream, junk, sizeof junk - 1);
	duo_wait(&d, 8 * SECOND);
	assert_false(x[0].closed || x[1].closed);
	duo_wait(&d, 4 * SECOND);
	assert_true(x[0].closed && x[1].closed);
	duo_talk(&d, 3 * SECOND);
	assert_int_equal(d.side[1].state, TAUT_STATE_CONNECTED);
	duo_end(&d);
}

/* Who comes and goes is nobody: what we asked the peer meanwhile is still answered. */
static void strangers_that_come_and_go_cost_no_consent(void **state)
{
	static const struct duo_config cfg = { .side = { { .no_stun = true },
							 { .no_stun = true, .tcp = LISTEN } } };
	struct stranger x;
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	const int host = stranger_host(&d);
	for (int i = 0; i < 2000; i++) { /* 40 s */
		knock(&d, host, &x);
		duo_wait(&d, SECOND / 50);
		if (x.stream)
			world_stream_reset(x.stream);
	}
	assert_int_equal(d.side[1].state, TAUT_STATE_CONNECTED);
	duo_talk(&d, 3 * SECOND);
	duo_end(&d);
}

/* A SYN into a hole: the connection is given up in ten seconds, ICE when its patience ends, with the reason. */
static void what_does_not_connect_is_given_up_in_time(void **state)
{
	struct duo_config cfg = by_tcp;
	struct duo d;
	(void)state;

	cfg.side[1].nat = &blocked;
	duo_begin(&d, &cfg);
	duo_start(&d);
	duo_wait(&d, 45 * SECOND);
	assert_int_equal(streams_of(&d.side[0]), 0);
	assert_int_equal(d.side[0].state, TAUT_STATE_FAILED);
	duo_end(&d);
}

static void names_hide_addresses_of_connections_too(void **state)
{
	struct duo_config cfg = by_tcp;
	const struct taut_stats *all;
	size_t count;
	struct duo d;
	(void)state;

	cfg.side[0].mdns = true;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(taut_pc_get_stats(d.side[0].peer.pc, d.world->now, &all, &count), TAUT_OK);
	for (size_t k = 0; k < count; k++) {
		assert_null(strstr(all[k].id, "192.168.0.2"));
		for (size_t m = 0; m < all[k].member_count; m++)
			if (all[k].members[m].text)
				assert_null(strstr(all[k].members[m].text, "192.168.0.2"));
	}
	duo_end(&d);
}

static void more_connections_than_there_is_room_for_are_refused_and_counted(void **state)
{
	enum { MANY = 24 };
	struct stranger x[MANY];
	unsigned closed = 0;
	struct duo d;
	(void)state;

	duo_begin(&d, &by_tcp);
	assert_true(duo_meet_for_good(&d));
	const int host = stranger_host(&d);
	for (int i = 0; i < MANY; i++)
		knock(&d, host, &x[i]);
	duo_wait(&d, SECOND);
	for (int i = 0; i < MANY; i++)
		closed += x[i].closed;
	assert_int_equal(closed, MANY - (TT_ICE_MAX_TCP / 2 - 1));
	assert_int_equal(taut_pc_drop_count(d.side[1].peer.pc, TAUT_DROP_ICE_TOO_MANY_TCP), closed);
	duo_talk(&d, 3 * SECOND);
	duo_end(&d);
}

/* A description is no way to have us knock at services. */
static void ports_of_other_services_are_not_connected_to(void **state)
{
	static const struct {
		const char *port;
		bool usable;
	} rows[] = { { "22", false }, { "1023", false }, { "1024", true },
		     { "443", true }, { "80", true },    { "25", false } };
	struct duo d;
	(void)state;

	duo_begin(&d, &by_tcp);
	assert_true(duo_meet_for_good(&d));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct taut_pc *pc = d.side[0].peer.pc;
		const uint64_t before = taut_pc_drop_count(pc, TAUT_DROP_ICE_CANDIDATE);
		char line[200];
		(void)snprintf(line, sizeof line,
			       "candidate:9 1 tcp 1000 203.0.113.9 %s typ host tcptype passive",
			       rows[i].port);
		taut_pc_add_ice_candidate(pc, d.world->now, line, strlen(line), NULL, 0);
		assert_int_equal(taut_pc_drop_count(pc, TAUT_DROP_ICE_CANDIDATE) - before,
				 !rows[i].usable);
	}
	world_peer_pump(&d.side[0].peer);
	duo_end(&d);
}

/* 64 candidates: a connection each 50 ms, and no more than there is room for. */
static void many_candidates_are_connected_to_one_by_one(void **state)
{
	struct duo_config cfg = by_tcp;
	struct duo d;
	(void)state;

	cfg.side[1].nat = &blocked; /* so that nothing comes of it */
	duo_begin(&d, &cfg);
	duo_start(&d);
	duo_wait(&d, SECOND / 10);
	unsigned before = streams_of(&d.side[0]);
	for (int i = 0; i < 60; i++) {
		char line[200];
		(void)snprintf(line, sizeof line,
			       "candidate:%d 1 tcp 1000 203.0.113.%d 5000 typ host tcptype passive",
			       i, 100 + i);
		taut_pc_add_ice_candidate(d.side[0].peer.pc, d.world->now, line, strlen(line), NULL,
					  0);
	}
	world_peer_pump(&d.side[0].peer);
	for (int i = 0; i < 40; i++) {
		const unsigned now = streams_of(&d.side[0]);
		assert_true(now <= before + 1);
		assert_true(now <= TT_ICE_MAX_TCP);
		before = now;
		duo_wait(&d, SECOND / 20);
	}
	assert_int_equal(taut_pc_drop_count(d.side[0].peer.pc, TAUT_DROP_ICE_TOO_MANY_TCP), 0);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_no_udp_connects_to_who_listens),
		cmocka_unit_test(udp_is_nominated_where_it_works_and_connections_are_closed),
		cmocka_unit_test(with_the_policy_relay_there_are_no_candidates_over_tcp),
		cmocka_unit_test(over_ipv6_too),
		cmocka_unit_test(the_reports_name_the_transport),
		cmocka_unit_test(what_no_stream_takes_is_told_without_its_frame),
		cmocka_unit_test(a_connection_that_ends_ends_the_path_and_a_restart_makes_another),
		cmocka_unit_test(a_restart_keeps_the_connection),
		cmocka_unit_test(segments_of_any_length_are_put_together),
		cmocka_unit_test(it_may_be_closed_at_any_moment),
		cmocka_unit_test(who_proves_nothing_is_cut_off),
		cmocka_unit_test(strangers_that_come_and_go_cost_no_consent),
		cmocka_unit_test(what_does_not_connect_is_given_up_in_time),
		cmocka_unit_test(names_hide_addresses_of_connections_too),
		cmocka_unit_test(more_connections_than_there_is_room_for_are_refused_and_counted),
		cmocka_unit_test(ports_of_other_services_are_not_connected_to),
		cmocka_unit_test(many_candidates_are_connected_to_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
