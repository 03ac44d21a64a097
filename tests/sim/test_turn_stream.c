/* test_turn_stream.c - TURN over TCP and TLS: RFC 8656 section 3.1, RFC 8489 sections 6.2.2 and 6.2.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/ice.h"
#include "sim_duo.h"
#include "taut/drop.h"
#include "world/world_tcp_int.h"

#define SECOND INT64_C(1000000)

static const struct world_nat_config blocked = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						 .blocked = true };
static const struct world_certificate good = { .name = DUO_TURN };

#define TCP "turn:" DUO_TURN "?transport=tcp"
#define TLS "turns:" DUO_TURN

/* No UDP at all for either, a server over this URL for both. */
static struct duo_config without_udp(const char *url)
{
	return (struct duo_config){ .side = { { .nat = &blocked, .turn = true, .url = url },
					      { .nat = &blocked, .turn = true, .url = url } },
				    .turn.tls = &good };
}

static void where_udp_is_blocked_a_relay_over_a_stream_connects(void **state)
{
	static const struct {
		const char *url;
		unsigned by;
	} rows[] = { { TCP, TAUT_TURN_TCP }, { TLS, TAUT_TURN_TLS } };
	(void)state;

	for (size_t k = 0; k < 2; k++) {
		const struct duo_config cfg = without_udp(rows[k].url);
		struct duo d;

		duo_begin(&d, &cfg);
		assert_true(duo_meet_for_good(&d));
		for (int i = 0; i < 2; i++) {
			const struct duo_side *s = &d.side[i];
			assert_non_null(strstr(s->path, "relay " DUO_TURN));
			assert_string_equal(s->server[TT_ICE_RELAY], rows[k].url);
			assert_int_equal(s->reached_by[TT_ICE_RELAY], rows[k].by);
			assert_int_equal(s->candidates[TT_ICE_SRFLX], 0); /* TCP's is of no use */
		}
		duo_end(&d);
	}
}

/* The streams of a side that are open. */
static int streams_of(const struct duo_side *s, struct world_stream *out[4])
{
	int n = 0;

	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (s->peer.flows[i].flow != 0 && s->peer.flows[i].stream && n < 4)
			out[n++] = s->peer.flows[i].stream;
	return n;
}

static void udp_is_preferred_where_both_work(void **state)
{
	static const struct duo_config cfg = {
		.side = { { .turn = true, .url = TLS, .relay_only = true },
			  { .turn = true, .relay_only = true } },
		.turn.tls = &good
	};
	unsigned long priority[2];
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 2; i++) {
		const char *line = d.side[i].candidate[TT_ICE_RELAY];
		const char *udp = strstr(line, " udp ");
		assert_non_null(udp);
		priority[i] = strtoul(udp + 5, NULL, 10);
	}
	assert_true(priority[0] < priority[1]);
	duo_talk(&d, 3 * SECOND);
	duo_end(&d);
}

static void segments_of_any_length_are_put_together(void **state)
{
	struct world_stream *streams[4];
	(void)state;

	for (size_t segment = 1; segment < 40; segment = segment * 3 + 1) {
		const struct duo_config cfg = without_udp(TCP);
		struct duo d;
		duo_begin(&d, &cfg);
		assert_true(duo_meet_for_good(&d));
		for (int i = 0; i < 2; i++) {
			const int n = streams_of(&d.side[i], streams);
			assert_int_equal(n, 1);
			world_stream_segment(streams[0], segment);
		}
		for (struct world_stream *s = d.world->streams; s; s = s->next)
			world_stream_segment(s, segment);
		duo_talk(&d, 3 * SECOND);
		duo_end(&d);
	}
}

static void a_name_is_resolved_and_is_that_of_the_certificate(void **state)
{
	static const struct world_certificate theirs = { .name = "turn.example" };
	const struct taut_addr at = world_addr(DUO_TURN, 0);
	struct duo_config cfg = without_udp("turns:turn.example");
	struct duo d;
	(void)state;

	cfg.turn.tls = &theirs;
	duo_begin(&d, &cfg);
	for (int i = 0; i < 2; i++)
		world_peer_knows(&d.side[i].peer, "turn.example", &at, 1);
	assert_true(duo_meet_for_good(&d));
	duo_end(&d);
}

static void a_server_of_no_help_is_called_as_it_was_given(void **state)
{
	static const struct world_certificate another = { .name = "turn.elsewhere" };
	static const char url[] = "turns:turn.example?transport=tcp";
	const struct taut_addr at = world_addr(DUO_TURN, 0);
	struct duo_config cfg = without_udp(url);
	struct duo d;
	(void)state;

	cfg.turn.tls = &another;
	duo_begin(&d, &cfg);
	for (int i = 0; i < 2; i++)
		world_peer_knows(&d.side[i].peer, "turn.example", &at, 1);
	d.stun.silent = true;
	duo_start(&d);
	duo_wait(&d, 5 * SECOND); /* the STUN server is given up after 8 */
	assert_int_equal(d.side[0].errors, 1);
	assert_int_equal(d.side[0].error_code, 701);
	assert_string_equal(d.side[0].error_url, url);
	duo_end(&d);
}

static void a_stream_that_ends_ends_its_relay_and_a_restart_opens_another(void **state)
{
	const struct duo_config cfg = without_udp(TCP);
	struct world_stream *streams[4];
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	world_turn_restart(&d.turn);
	duo_wait(&d, 2 * SECOND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(streams_of(&d.side[i], streams), 0);
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(streams_of(&d.side[i], streams), 1);
		assert_int_equal(d.side[i].state, TAUT_STATE_CONNECTED);
	}
	duo_talk(&d, 3 * SECOND);
	duo_end(&d);
}

static void another_server_is_reached_by_another_stream(void **state)
{
	struct duo_config cfg = without_udp(TCP);
	const struct taut_addr at = world_addr("203.0.113.3", 0);
	struct world_turn other;
	struct duo d;
	(void)state;

	cfg.turn.alternate[0] = world_addr("203.0.113.3", WORLD_TURN_PORT);
	duo_begin(&d, &cfg);
	cfg.turn.users[0] = (struct world_turn_user){ DUO_USER, DUO_PASSWORD };
	world_turn_add(d.world, &other, &cfg.turn);
	world_add_iface(d.world, other.host, WORLD_INTERNET, &at, NULL, NULL);
	d.turn.fault = WORLD_TURN_ALWAYS_300;
	assert_true(duo_meet_for_good(&d));
	assert_non_null(strstr(d.side[0].path, "relay 203.0.113.3"));
	assert_int_equal(world_turn_count(&other), 2);
	struct world_stream *streams[4]; /* the first ones are closed */
	for (int i = 0; i < 2; i++)
		assert_int_equal(streams_of(&d.side[i], streams), 1);
	duo_talk(&d, 3 * SECOND);
	world_turn_free(&other);
	duo_end(&d);
}

static void at_the_end_the_allocation_is_given_back(void **state)
{
	const struct duo_config cfg = without_udp(TLS);
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(world_turn_count(&d.turn), 2);
	duo_close(&d, 0);
	duo_wait(&d, SECOND); /* the other one has heard the goodbye */
	assert_int_equal(world_turn_count(&d.turn), 0);
	duo_end(&d);
}

/* A server that writes what is no message: the stream goes, and with it all that came behind. */
static void what_is_no_message_ends_the_stream_and_is_counted(void **state)
{
	static const uint8_t junk[] = { 0x16, 3, 3, 0, 1, 0, 0, 0 };
	const struct duo_config cfg = without_udp(TCP);
	struct world_stream *mine[4];
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(streams_of(&d.side[0], mine), 1);
	for (struct world_stream *s = d.world->streams; s; s = s->next)
		if (tt_addr_eq_ip(world_stream_remote(s), world_stream_local(mine[0])) ||
		    world_stream_remote(s)->port == WORLD_TURN_PORT)
			continue;
		else {
			world_stream_write(s, junk, sizeof junk);
			break;
		}
	duo_wait(&d, SECOND);
	const uint64_t dropped = taut_pc_drop_count(d.side[0].peer.pc, TAUT_DROP_TURN_STREAM) +
				 taut_pc_drop_count(d.side[1].peer.pc, TAUT_DROP_TURN_STREAM);
	assert_int_equal(dropped, 1);
	duo_end(&d);
}

/* E18: at whatever moment the connection ends, what it had asked for is over. */
static void it_may_be_closed_at_any_moment(void **state)
{
	(void)state;
	for (taut_time at = 0; at < 700000; at += 10000) {
		const struct duo_config cfg = without_udp(TLS);
		struct duo d;
		duo_begin(&d, &cfg);
		duo_start(&d);
		duo_wait(&d, at);
		duo_close(&d, 0);
		duo_wait(&d, SECOND);
		duo_end(&d);
	}
}

/* What the stream has no room for is refused whole, and SCTP sends it again. */
static void a_stream_that_is_full_loses_whole_messages_only(void **state)
{
	static const struct world_link_config slow = { .delay = 10000, .rate = 500000 };
	struct duo_config cfg = without_udp(TCP);
	struct duo d;
	(void)state;

	cfg.wire = &slow;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	const size_t before = d.side[1].heard_bytes;
	duo_say(&d, 0, 200000);
	duo_wait(&d, 60 * SECOND);
	assert_int_equal(d.side[1].heard_bytes, before + 200000);
	assert_int_equal(taut_pc_drop_count(d.side[1].peer.pc, TAUT_DROP_TURN_STREAM), 0);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_udp_is_blocked_a_relay_over_a_stream_connects),
		cmocka_unit_test(udp_is_preferred_where_both_work),
		cmocka_unit_test(segments_of_any_length_are_put_together),
		cmocka_unit_test(a_name_is_resolved_and_is_that_of_the_certificate),
		cmocka_unit_test(a_server_of_no_help_is_called_as_it_was_given),
		cmocka_unit_test(a_stream_that_ends_ends_its_relay_and_a_restart_opens_another),
		cmocka_unit_test(another_server_is_reached_by_another_stream),
		cmocka_unit_test(at_the_end_the_allocation_is_given_back),
		cmocka_unit_test(what_is_no_message_ends_the_stream_and_is_counted),
		cmocka_unit_test(it_may_be_closed_at_any_moment),
		cmocka_unit_test(a_stream_that_is_full_loses_whole_messages_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
