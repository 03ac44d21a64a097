/* test_turn_hostile.c - whole calls through a TURN server, and what others may not do with it: HOSTILE
 * A18 (peers that lead the relay somewhere), A22 (data that nobody asked for) and A23 (a server
 * that never comes to an end). tests/hostile/rows.txt names these tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "hostile/state.h"
#include "sim_duo.h"
#include "stun/turn_client.h"
#include "taut/drop.h"
#include "taut/trace.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static const struct duo_config hidden = { .side = { { .turn = true, .relay_only = true },
						    { .turn = true, .relay_only = true } } };

static void begin(struct duo *d)
{
	duo_begin(d, &hidden);
	assert_true(duo_meet(d, 20));
	duo_wait(d, 3 * SECOND);
}

static uint64_t dropped(const struct duo *d, uint32_t reason)
{
	return taut_pc_drop_count(d->side[0].peer.pc, reason);
}

static void they_still_talk(struct duo *d)
{
	const unsigned heard = d->side[1].heard;

	duo_say(d, 0, 1000);
	duo_wait(d, SECOND);
	assert_int_equal(d->side[1].heard, heard + 1);
}

/* ---- A18 ---- */

static unsigned permissions_asked(const struct duo_side *s)
{
	unsigned n = 0;

	for (int i = 0; i < s->peer.watch.grant_count; i++)
		n += s->peer.watch.grants[i].number == 0;
	return n;
}

static void a18_candidates_that_would_lead_the_relay_home_are_not_asked_for(void **state)
{
	static const char *const bad[] = {
		"0.0.0.0",
		"127.0.0.1",
		"127.8.8.8",
		"169.254.169.254",
		"192.0.0.1",
		"224.0.0.5",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:169.254.169.254",
		"fe80::1",
		"fec0::1",
		"ff02::1",
		"2002:7f00:1::1",
		"2002:a9fe:a9fe::1",
		"64:ff9b::127.0.0.1",
		"64:ff9b::169.254.169.254",
		"64:ff9b:1::7f00:1",
		"2001:0:1:1::80ff:fffe",
	};
	struct duo d;

	(void)state;
	begin(&d);
	const unsigned asked = permissions_asked(&d.side[0]);
	const uint64_t before =
		dropped(&d, TAUT_DROP_TURN_FORBIDDEN) + dropped(&d, TAUT_DROP_ICE_CANDIDATE);
	for (size_t i = 0; i < TT_COUNT(bad); i++) {
		char line[200];
		const int n =
			snprintf(line, sizeof line, "candidate:%zu 1 udp 2130706431 %s 80 typ host",
				 i + 50, bad[i]);
		assert_int_equal(taut_pc_add_ice_candidate(d.side[0].peer.pc, d.world->now, line,
							   (size_t)n, "0", -1),
				 TAUT_OK);
	}
	world_peer_pump(&d.side[0].peer);
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(permissions_asked(&d.side[0]), asked);
	/* Those of no family that we relay from form no pair; all others are counted. */
	assert_true(dropped(&d, TAUT_DROP_TURN_FORBIDDEN) + dropped(&d, TAUT_DROP_ICE_CANDIDATE) -
			    before >=
		    TT_COUNT(bad) - 4);
	they_still_talk(&d);
	duo_end(&d);
}

/* So many addresses cost no more checks than any others: the watch looks inside (world_watch.h). */
static void a18_a_flood_of_candidates_has_its_ceilings_behind_a_relay_too(void **state)
{
	struct duo d;

	(void)state;
	begin(&d);
	for (unsigned i = 0; i < 200; i++) {
		char line[200];
		const int n = snprintf(line, sizeof line,
				       "candidate:%u 1 udp 2130706431 192.0.2.%u %u typ host",
				       i + 50, 1 + i % 100, 1000 + i);
		taut_pc_add_ice_candidate(d.side[0].peer.pc, d.world->now, line, (size_t)n, "0",
					  -1);
	}
	world_peer_pump(&d.side[0].peer);
	duo_wait(&d, MINUTE);
	assert_true(permissions_asked(&d.side[0]) <= TT_TURN_MAX_PERMISSIONS);
	they_still_talk(&d);
	duo_end(&d);
}

/* ---- A22 ---- */

/* As if the server had said it. */
static void server_says(struct duo *d, const uint8_t *data, size_t len)
{
	const struct taut_addr server = world_addr(DUO_TURN, WORLD_TURN_PORT);

	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		if (d->side[0].peer.flows[i].flow != 0)
			world_send(d->world, d->turn.host, &server, &d->side[0].peer.flows[i].addr,
				   data, len);
}

/* The same without a way to go: no time passes. */
static void server_says_now(struct duo *d, const uint8_t *data, size_t len)
{
	const struct world_peer *p = &d->side[0].peer;
	uint8_t copy[256];

	for (int i = 0; i < WORLD_PEER_FLOWS; i++) {
		struct taut_datagram in = { .size = sizeof in,
					    .flow = p->flows[i].flow,
					    .local = p->flows[i].addr,
					    .remote = world_addr(DUO_TURN, WORLD_TURN_PORT),
					    .buf = copy,
					    .cap = sizeof copy,
					    .len = len };
		if (in.flow == 0)
			continue;
		memcpy(copy, data, len);
		assert_int_equal(taut_pc_recv(p->pc, d->world->now, &in), TAUT_OK);
	}
}

static size_t data_indication(uint8_t *buf, size_t cap, const char *ip, const void *data, size_t len)
{
	static const uint8_t tid[TT_STUN_TID_LEN] = "abcdefghijk";
	const struct taut_addr peer = world_addr(ip, 4000);
	struct wr w = wr_make(buf, cap);

	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_DATA, tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &peer);
	tt_stun_put(&w, TT_STUN_DATA, data, len);
	return tt_stun_finish(&w);
}

static void assert_unchanged_since(const struct duo *d, const struct state *before)
{
	struct state after;

	state_take(&after, d->side[0].peer.pc);
	const char *part = state_differs(before, &after);
	if (part || state_records_differ(before, &after))
		fail_msg("the state of %s has changed", part ? part : "DTLS records");
}

static void a22_data_of_unbound_channels_and_strangers_is_dropped(void **state)
{
	static const uint8_t dtls[] = { 22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0 };
	uint8_t channel[4 + sizeof dtls], stranger[256];
	struct state before;
	struct duo d;

	(void)state;
	begin(&d);
	const uint64_t clear = dropped(&d, TAUT_DROP_DTLS_CLEAR_TEXT),
		       strangers = dropped(&d, TAUT_DROP_NOT_VALIDATED);
	memcpy(channel + 4, dtls, sizeof dtls);
	state_take(&before, d.side[0].peer.pc);
	for (unsigned i = 0; i < 20; i++) {
		tt_turn_channel_head(channel, (uint16_t)(0x4008 + i), sizeof dtls);
		const size_t len = data_indication(stranger, sizeof stranger,
						   i % 2 ? "192.0.2.77" : "2001:db8::77", dtls,
						   sizeof dtls);
		void (*const say)(struct duo *, const uint8_t *, size_t) =
			i < 10 ? server_says_now : server_says;
		say(&d, channel, sizeof channel);
		say(&d, stranger, len);
		if (i == 9)
			assert_unchanged_since(&d, &before);
	}
	duo_wait(&d, SECOND);
	assert_int_equal(dropped(&d, TAUT_DROP_TURN_CHANNEL), 20);
	assert_int_equal(dropped(&d, TAUT_DROP_TURN_PEER), 20);
	/* None of them went further. */
	assert_int_equal(dropped(&d, TAUT_DROP_DTLS_CLEAR_TEXT), clear);
	assert_int_equal(dropped(&d, TAUT_DROP_NOT_VALIDATED), strangers);
	they_still_talk(&d);
	duo_end(&d);
}

/* The peer's address is permitted, the port is nobody's: what ICE has not validated goes no further. */
static void a22_another_port_of_a_permitted_address_is_still_a_stranger(void **state)
{
	static const uint8_t dtls[] = { 22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0 };
	uint8_t said[256];
	struct state known;
	struct duo d;

	(void)state;
	begin(&d);
	const size_t len = data_indication(said, sizeof said, DUO_TURN, dtls, sizeof dtls);
	const uint64_t before = dropped(&d, TAUT_DROP_NOT_VALIDATED);
	state_take(&known, d.side[0].peer.pc);
	server_says_now(&d, said, len);
	assert_unchanged_since(&d, &known);
	server_says(&d, said, len);
	duo_wait(&d, SECOND);
	assert_int_equal(dropped(&d, TAUT_DROP_NOT_VALIDATED), before + 2);
	assert_int_equal(dropped(&d, TAUT_DROP_TURN_PEER), 0);
	they_still_talk(&d);
	duo_end(&d);
}

/* ---- what the trace says ---- */

struct said {
	unsigned secrets, lines;
	bool allocated, bound;
};

static void remember(void *ctx, const char *text, size_t len)
{
	struct said *s = ctx;
	char line[4096];

	(void)snprintf(line, sizeof line, "%.*s", (int)len, text);
	s->lines++;
	s->secrets += strstr(line, DUO_PASSWORD) != NULL;
	s->allocated |= strstr(line, "TURN allocation") != NULL;
	s->bound |= strstr(line, "TURN channel") != NULL;
}

static void no_line_of_the_trace_holds_the_password(void **state)
{
	(void)state;
	for (int json = 0; json < 2; json++) {
		struct duo_config cfg = hidden;
		struct taut_trace_sink *sink;
		struct said said = { 0 };
		struct duo d;
		assert_int_equal(
			(json ? taut_trace_json_new : taut_trace_text_new)(&sink, remember, &said),
			TAUT_OK);
		cfg.trace = sink;
		duo_begin(&d, &cfg);
		assert_true(duo_meet(&d, 20));
		duo_wait(&d, SECOND);
		duo_end(&d);
		taut_trace_free(sink);
		assert_true(said.lines > 50);
		assert_true(said.allocated);
		assert_true(said.bound);
		assert_int_equal(said.secrets, 0);
	}
}

/* ---- A23 ---- */

static void a23_a_server_that_answers_without_end_is_given_up(void **state)
{
	static const struct {
		enum world_turn_fault fault;
		unsigned most; /* requests */
	} rows[] = { { WORLD_TURN_ALWAYS_401, 2 },
		     { WORLD_TURN_ALWAYS_438, 4 },
		     { WORLD_TURN_ALWAYS_300, 1 } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct duo_config cfg = { .side = { { .turn = true }, { 0 } } };
		struct duo d;
		cfg.turn.alternate[0] = world_addr(DUO_TURN, WORLD_TURN_PORT); /* itself */
		duo_begin(&d, &cfg);
		d.turn.fault = rows[i].fault;
		assert_true(duo_meet(&d, 2)); /* others are not held up */
		duo_wait(&d, MINUTE);
		assert_int_equal(d.turn.requests, rows[i].most);
		assert_int_equal(d.side[0].candidates[3], 0);
		assert_true(d.side[0].gathered_at > 0);
		duo_end(&d);
	}
}

/* The same once the allocation is there, for what keeps it. */
static void a23_an_allocation_ends_when_its_server_answers_without_end(void **state)
{
	static const enum world_turn_fault faults[] = { WORLD_TURN_ALWAYS_401,
							WORLD_TURN_ALWAYS_438 };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(faults); i++) {
		struct duo d;
		begin(&d);
		const uint64_t before = d.turn.requests;
		d.turn.fault = faults[i];
		duo_wait(&d, 4 * MINUTE);
		assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
		assert_int_equal(dropped(&d, TAUT_DROP_NO_PATH), 0);
		duo_say(&d, 0, 1000); /* the permission is gone: nothing leaves, which is counted */
		assert_true(dropped(&d, TAUT_DROP_NO_PATH) > 0);
		duo_wait(&d, 7 * MINUTE); /* permissions, channels and the allocation had their turn */
		/* At most four for each of a permission, a channel and the allocation, of both. */
		assert_true(d.turn.requests > before && d.turn.requests - before <= 2 * 3 * 4);
		for (int k = 0; k < 2; k++)
			assert_int_equal(d.side[k].state, TAUT_STATE_FAILED);
		duo_end(&d);
	}
}

static void a23_two_servers_do_not_send_us_to_and_fro(void **state)
{
	const struct taut_addr at = world_addr("203.0.113.3", 0);
	struct duo_config cfg = { .side = { { .turn = true }, { 0 } } };
	struct world_turn_config back = { .users = { { DUO_USER, DUO_PASSWORD } } };
	struct world_turn other;
	struct duo d;

	(void)state;
	cfg.turn.alternate[0] = world_addr("203.0.113.3", WORLD_TURN_PORT);
	back.alternate[0] = world_addr(DUO_TURN, WORLD_TURN_PORT);
	duo_begin(&d, &cfg);
	world_turn_add(d.world, &other, &back);
	world_add_iface(d.world, other.host, WORLD_INTERNET, &at, NULL, NULL);
	d.turn.fault = other.fault = WORLD_TURN_ALWAYS_300;
	assert_true(duo_meet(&d, 2));
	duo_wait(&d, MINUTE);
	assert_int_equal(d.turn.requests, 1);
	assert_int_equal(other.requests, 1);
	world_turn_free(&other);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a18_candidates_that_would_lead_the_relay_home_are_not_asked_for),
		cmocka_unit_test(a18_a_flood_of_candidates_has_its_ceilings_behind_a_relay_too),
		cmocka_unit_test(a22_data_of_unbound_channels_and_strangers_is_dropped),
		cmocka_unit_test(a22_another_port_of_a_permitted_address_is_still_a_stranger),
		cmocka_unit_test(no_line_of_the_trace_holds_the_password),
		cmocka_unit_test(a23_a_server_that_answers_without_end_is_given_up),
		cmocka_unit_test(a23_an_allocation_ends_when_its_server_answers_without_end),
		cmocka_unit_test(a23_two_servers_do_not_send_us_to_and_fro),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
