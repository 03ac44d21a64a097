/* test_world_turn_data.c - the TURN server of the simulated world: permissions, channels, data, streams. RFC 8656. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "sim_turn.h"
#include "world/world_turn.h"

#define SECOND  INT64_C(1000000)
#define SERVER  "203.0.113.1"
#define SERVER6 "2001:db8::1"

struct peer {
	int host;
	struct taut_addr addr, from;
	unsigned count;
	uint8_t data[2048];
	size_t len;
};

struct net {
	struct world *world;
	struct world_turn turn;
	struct turn_client client;
	struct peer four, other, six; /* other: the address of four, another port */
	struct taut_addr relayed;
};

static const struct world_certificate certificate = { .name = "turn.example" };
static const struct world_turn_config usual = { .realm = "example.org",
						.users = { { "ada", "lovelace" } },
						.tls = &certificate };

static void hears(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		  uint8_t *data, size_t len)
{
	struct net *n = user;
	struct peer *all[] = { &n->four, &n->other, &n->six };

	for (size_t i = 0; i < TT_COUNT(all); i++) {
		if (!tt_addr_eq(&all[i]->addr, local))
			continue;
		all[i]->from = *remote;
		all[i]->count++;
		all[i]->len = len;
		memcpy(all[i]->data, data, len);
	}
}

static void wait(struct net *n, taut_time duration)
{
	world_run(n->world, n->world->now + duration, NULL, NULL);
}

static struct net *fresh(enum turn_transport transport)
{
	static const struct world_host_ops ops = { .recv = hears };
	static struct net n;
	const struct taut_addr four = world_addr(SERVER, 0), six = world_addr(SERVER6, 0);

	n = (struct net){ .world = world_new(1) };
	world_turn_add(n.world, &n.turn, &usual);
	world_add_iface(n.world, n.turn.host, WORLD_INTERNET, &four, NULL, NULL);
	world_add_iface(n.world, n.turn.host, WORLD_INTERNET, &six, NULL, NULL);
	int host = world_add_host(n.world, "peer", &ops, &n);
	n.four = (struct peer){ .host = host, .addr = world_addr("198.51.100.9", 7000) };
	n.other = (struct peer){ .host = host, .addr = world_addr("198.51.100.9", 7001) };
	n.six = (struct peer){ .host = host, .addr = world_addr("2001:db8::9", 7000) };
	world_add_iface(n.world, host, WORLD_INTERNET, &n.four.addr, NULL, NULL);
	world_add_iface(n.world, host, WORLD_INTERNET, &n.six.addr, NULL, NULL);
	turn_client_open(&n.client, n.world, "192.0.2.1", SERVER, transport);
	assert_int_equal(turn_allocate_udp(&n.client), TURN_OK);
	n.relayed = n.client.m.relayed[0];
	return &n;
}

static void finish(struct net *n)
{
	assert_int_equal(n->world->failures, 0);
	world_turn_free(&n->turn);
	world_free(n->world);
}

static void answer_from(struct net *n, const struct peer *p, const char *text)
{
	world_send(n->world, p->host, &p->addr, &n->relayed, text, strlen(text));
	wait(n, SECOND);
}

/* A dual allocation in place of the one there is. */
static void take_both(struct net *n)
{
	assert_int_equal(turn_refresh_for(&n->client, 0), TURN_OK);
	turn_begin(&n->client, TT_TURN_ALLOCATE);
	tt_stun_put_u32(&n->client.w, TT_STUN_REQUESTED_TRANSPORT, (uint32_t)TT_TURN_UDP << 24);
	tt_stun_put_u32(&n->client.w, TT_STUN_ADDITIONAL_ADDRESS_FAMILY,
			(uint32_t)TT_TURN_IPV6 << 24);
	assert_int_equal(turn_ask(&n->client), TURN_OK);
}

/* ---- permissions, sections 9 to 11 ---- */

static void nothing_passes_without_a_permission(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	turn_say(&n->client, &n->four.addr, "hello", 5);
	answer_from(n, &n->four, "hello");
	assert_int_equal(n->four.count, 0);
	assert_int_equal(n->client.datas, 0);
	assert_int_equal(n->turn.refused, 2);
	finish(n);
}

static void a_permission_is_for_an_address_with_all_its_ports(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	assert_true(n->client.verified);
	turn_say(&n->client, &n->four.addr, "hello", 5);
	assert_int_equal(n->four.count, 1);
	assert_true(tt_addr_eq(&n->four.from, &n->relayed));
	assert_memory_equal(n->four.data, "hello", 5);
	answer_from(n, &n->other, "hi");
	assert_int_equal(n->client.datas, 1);
	assert_int_equal(n->client.channel, 0);
	assert_true(tt_addr_eq(&n->client.peer, &n->other.addr));
	assert_int_equal(n->client.data_len, 2);
	finish(n);
}

static void data_may_be_empty(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	turn_say(&n->client, &n->four.addr, "", 0);
	assert_int_equal(n->four.count, 1);
	assert_int_equal(n->four.len, 0);
	answer_from(n, &n->four, "");
	assert_int_equal(n->client.datas, 1);
	assert_int_equal(n->client.data_len, 0);
	finish(n);
}

static void a_permission_lasts_five_minutes_and_data_does_not_prolong_it(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	wait(n, 298 * SECOND);
	turn_say(&n->client, &n->four.addr, "a", 1); /* takes a second */
	answer_from(n, &n->four, "a");
	assert_int_equal(n->four.count, 1);
	assert_int_equal(n->client.datas, 1);
	turn_say(&n->client, &n->four.addr, "b", 1);
	answer_from(n, &n->four, "b");
	assert_int_equal(n->four.count, 1);
	assert_int_equal(n->client.datas, 1);
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	answer_from(n, &n->four, "c");
	assert_int_equal(n->client.datas, 2);
	finish(n);
}

static void permissions_come_all_together_or_not_at_all(void **state)
{
	const struct taut_addr loopback = world_addr("127.0.0.1", 1);
	struct net *n = fresh(TURN_UDP);

	(void)state;
	turn_begin(&n->client, TT_TURN_CREATE_PERMISSION);
	tt_stun_put_addr(&n->client.w, TT_STUN_XOR_PEER_ADDRESS, &n->four.addr);
	tt_stun_put_addr(&n->client.w, TT_STUN_XOR_PEER_ADDRESS, &loopback);
	assert_int_equal(turn_ask(&n->client), 403);
	turn_say(&n->client, &n->four.addr, "x", 1);
	assert_int_equal(n->four.count, 0);
	finish(n);
}

static void a_permission_needs_an_address_of_the_family_that_relays(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	turn_begin(&n->client, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(turn_ask(&n->client), 400);
	assert_int_equal(turn_permit(&n->client, &n->six.addr), 443);
	assert_int_equal(turn_bind(&n->client, 0x4000, &n->six.addr), 443);
	take_both(n);
	assert_int_equal(turn_permit(&n->client, &n->six.addr), TURN_OK);
	turn_say(&n->client, &n->six.addr, "six", 3);
	assert_int_equal(n->six.count, 1);
	assert_int_equal(n->six.from.family, 6);
	finish(n);
}

static void permissions_have_a_ceiling(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	for (uint8_t i = 0; i <= WORLD_TURN_PERMISSIONS; i++) {
		struct taut_addr a = world_addr("198.51.100.0", 1);
		a.ip[3] = i;
		assert_int_equal(turn_permit(&n->client, &a),
				 i < WORLD_TURN_PERMISSIONS ? TURN_OK : 508);
	}
	wait(n, 300 * SECOND);
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	turn_begin(&n->client, TT_TURN_CREATE_PERMISSION);
	for (int i = 0; i < TT_STUN_MAX_PEERS + 1; i++)
		tt_stun_put_addr(&n->client.w, TT_STUN_XOR_PEER_ADDRESS, &n->four.addr);
	assert_int_equal(turn_ask(&n->client), 508);
	finish(n);
}

/* HOSTILE A18: loopback, link-local and the cloud's metadata address, however they are spelled. */
static void a_peer_inside_the_relays_own_house_is_forbidden(void **state)
{
	static const char *const forbidden[] = {
		"0.0.0.0",
		"0.1.2.3",
		"127.0.0.1",
		"127.255.255.254",
		"169.254.169.254",
		"224.0.0.251",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:169.254.169.254",
		"::ffff:198.51.100.9",
		"2002:7f00:1::",
		"2002:a9fe:a9fe::1",
		"64:ff9b::127.0.0.1",
		"64:ff9b::169.254.169.254",
		"64:ff9b:1::1",
		"2001:0:4136:e378:8000:63bf:80ff:fffe", /* Teredo of 127.0.0.1 */
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::fb",
	};
	static const char *const allowed[] = {
		"198.51.100.9", "126.255.255.255", "128.0.0.1",        "169.253.0.1",
		"10.0.0.1",     "2001:db8::9",     "2002:c633:6409::", "64:ff9b::198.51.100.9",
		"fd00::1",      "fe00::1",
	};
	struct net *n = fresh(TURN_UDP);

	(void)state;
	take_both(n);
	for (size_t i = 0; i < TT_COUNT(forbidden); i++) {
		const struct taut_addr peer = world_addr(forbidden[i], 80);
		uint64_t refused = n->turn.refused;
		assert_int_equal(turn_permit(&n->client, &peer), 403);
		assert_int_equal(turn_bind(&n->client, 0x4000, &peer), 403);
		turn_say(&n->client, &peer, "x", 1);
		assert_int_equal(n->turn.refused, refused + 1);
	}
	for (size_t i = 0; i < TT_COUNT(allowed); i++) {
		const struct taut_addr peer = world_addr(allowed[i], 80);
		assert_int_equal(turn_permit(&n->client, &peer), TURN_OK);
	}
	assert_int_equal(n->turn.to_peers, 0);
	finish(n);
}

static void private_peers_are_forbidden_where_that_is_wanted(void **state)
{
	static const char *const private[] = { "10.0.0.1",   "172.31.255.1", "192.168.1.1",
					       "100.64.0.1", "fd00::1",      "2002:a00:1::" };
	const struct world_turn_config cfg = { .forbids_private = true };
	const struct taut_addr public = world_addr("172.32.0.1", 1);

	(void)state;
	for (size_t i = 0; i < TT_COUNT(private); i++) {
		const struct taut_addr a = world_addr(private[i], 1);
		assert_true(world_turn_forbids(&cfg, &a));
		assert_false(world_turn_forbids(&usual, &a));
	}
	assert_false(world_turn_forbids(&cfg, &public));
}

/* ---- channels, section 12 ---- */

static void a_channel_carries_data_both_ways_with_four_bytes_of_head(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_bind(&n->client, 0x4001, &n->four.addr), TURN_OK);
	turn_say_channel(&n->client, 0x4001, "hello", 5);
	assert_int_equal(n->four.count, 1);
	assert_int_equal(n->four.len, 5);
	assert_true(tt_addr_eq(&n->four.from, &n->relayed));
	answer_from(n, &n->four, "hi");
	assert_int_equal(n->client.channel, 0x4001);
	assert_memory_equal(n->client.data, "hi", 2);
	answer_from(n, &n->other, "hi"); /* the same permission, and no channel */
	assert_int_equal(n->client.channel, 0);
	turn_say_channel(&n->client, 0x4002, "x", 1); /* bound to nobody */
	assert_int_equal(n->four.count, 1);
	finish(n);
}

static void a_channel_is_bound_to_one_peer_and_a_peer_to_one_channel(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_bind(&n->client, 0x4001, &n->four.addr), TURN_OK);
	assert_int_equal(turn_bind(&n->client, 0x4001, &n->four.addr), TURN_OK);
	assert_int_equal(turn_bind(&n->client, 0x4001, &n->other.addr), 400);
	assert_int_equal(turn_bind(&n->client, 0x4002, &n->four.addr), 400);
	assert_int_equal(turn_bind(&n->client, 0x4002, &n->other.addr), TURN_OK);
	finish(n);
}

static void a_channel_bind_lacking_something_or_out_of_range_gets_400(void **state)
{
	static const uint16_t numbers[] = { 0, 0x3fff, 0x5000, 0xffff };
	struct net *n = fresh(TURN_UDP);

	(void)state;
	for (size_t i = 0; i < TT_COUNT(numbers); i++)
		assert_int_equal(turn_bind(&n->client, numbers[i], &n->four.addr), 400);
	assert_int_equal(turn_bind(&n->client, 0x4fff, &n->four.addr), TURN_OK);
	turn_begin(&n->client, TT_TURN_CHANNEL_BIND);
	tt_stun_put_u32(&n->client.w, TT_STUN_CHANNEL_NUMBER, 0x4002u << 16);
	assert_int_equal(turn_ask(&n->client), 400);
	turn_begin(&n->client, TT_TURN_CHANNEL_BIND);
	tt_stun_put_addr(&n->client.w, TT_STUN_XOR_PEER_ADDRESS, &n->other.addr);
	assert_int_equal(turn_ask(&n->client), 400);
	finish(n);
}

static void a_channel_lasts_ten_minutes_and_its_permission_five(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_refresh_for(&n->client, 3600), TURN_OK);
	assert_int_equal(turn_bind(&n->client, 0x4001, &n->four.addr), TURN_OK);
	wait(n, 300 * SECOND);
	turn_say_channel(&n->client, 0x4001, "a", 1);
	assert_int_equal(n->four.count, 0); /* bound, and not permitted */
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	wait(n, 297 * SECOND);
	turn_say_channel(&n->client, 0x4001, "b", 1);
	assert_int_equal(n->four.count, 1);
	wait(n, SECOND);
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	turn_say_channel(&n->client, 0x4001, "c", 1);
	assert_int_equal(n->four.count, 1);
	answer_from(n, &n->four, "d");
	assert_int_equal(n->client.channel, 0); /* as a Data indication */
	assert_int_equal(turn_bind(&n->client, 0x4001, &n->other.addr), TURN_OK);
	finish(n);
}

static void channels_have_a_ceiling(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	for (uint16_t i = 0; i <= WORLD_TURN_CHANNELS; i++) {
		struct taut_addr a = n->four.addr;
		a.port = (uint16_t)(8000 + i);
		assert_int_equal(turn_bind(&n->client, (uint16_t)(0x4000 + i), &a),
				 i < WORLD_TURN_CHANNELS ? TURN_OK : 508);
	}
	finish(n);
}

static void what_is_not_understood_in_an_indication_is_not_relayed(void **state)
{
	uint8_t out[256];
	struct wr w = wr_make(out, sizeof out);
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_SEND, n->client.tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &n->four.addr);
	turn_send_raw(&n->client, out, tt_stun_finish(&w)); /* no DATA */
	tt_stun_put(&w, TT_STUN_DATA, "x", 1);
	tt_stun_put(&w, 0x7abc, NULL, 0);
	turn_send_raw(&n->client, out, tt_stun_finish(&w));
	wait(n, SECOND);
	assert_int_equal(n->four.count, 0);
	finish(n);
}

static void an_allocation_that_is_gone_relays_nothing(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	assert_int_equal(turn_bind(&n->client, 0x4001, &n->four.addr), TURN_OK);
	assert_int_equal(turn_refresh_for(&n->client, 0), TURN_OK);
	turn_say(&n->client, &n->four.addr, "a", 1);
	turn_say_channel(&n->client, 0x4001, "b", 1);
	answer_from(n, &n->four, "c");
	assert_int_equal(n->four.count, 0);
	assert_int_equal(n->client.datas, 0);
	assert_int_equal(turn_permit(&n->client, &n->four.addr), 437);
	finish(n);
}

static void two_clients_meet_by_their_relayed_addresses(void **state)
{
	struct net *n = fresh(TURN_UDP);
	static struct turn_client b;

	(void)state;
	turn_client_open(&b, n->world, "192.0.2.2", SERVER, TURN_UDP);
	assert_int_equal(turn_allocate_udp(&b), TURN_OK);
	const struct taut_addr relayed = b.m.relayed[0];
	assert_int_equal(turn_permit(&n->client, &relayed), TURN_OK);
	assert_int_equal(turn_permit(&b, &n->relayed), TURN_OK);
	turn_say(&n->client, &relayed, "hello", 5);
	assert_int_equal(b.datas, 1);
	assert_true(tt_addr_eq(&b.peer, &n->relayed));
	finish(n);
}

static void a_black_hole_grants_everything_and_relays_nothing(void **state)
{
	struct net *n = fresh(TURN_UDP);

	(void)state;
	n->turn.fault = WORLD_TURN_BLACK_HOLE;
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	turn_say(&n->client, &n->four.addr, "a", 1);
	answer_from(n, &n->four, "b");
	assert_int_equal(n->four.count, 0);
	assert_int_equal(n->client.datas, 0);
	finish(n);
}

/* ---- over TCP and TLS ---- */

static void streams_carry_the_same_with_padded_channel_data(void **state)
{
	(void)state;
	for (enum turn_transport t = TURN_TCP; t <= TURN_TLS; t++) {
		struct net *n = fresh(t);
		assert_true(tt_addr_eq(&n->client.m.xor_mapped, &n->client.local));
		assert_int_equal(turn_bind(&n->client, 0x4001, &n->four.addr), TURN_OK);
		for (size_t len = 0; len < 6; len++) { /* each padding, one after another */
			turn_say_channel(&n->client, 0x4001, "abcdef", len);
			assert_int_equal(n->four.len, len);
			answer_from(n, &n->four, "abcdef" + len);
			assert_int_equal(n->client.data_len, 6 - len);
		}
		assert_int_equal(n->client.datas, 6);
		turn_say(&n->client, &n->other.addr, "x", 1);
		assert_int_equal(n->other.count, 1);
		answer_from(n, &n->other, "y");
		assert_int_equal(n->client.channel, 0);
		finish(n);
	}
}

static void a_stream_cut_into_single_bytes_is_understood(void **state)
{
	struct net *n = fresh(TURN_TCP);

	(void)state;
	world_stream_segment(n->client.stream, 1);
	assert_int_equal(turn_permit(&n->client, &n->four.addr), TURN_OK);
	turn_say(&n->client, &n->four.addr, "hello", 5);
	assert_int_equal(n->four.count, 1);
	finish(n);
}

static void the_end_of_a_stream_is_the_end_of_its_allocation(void **state)
{
	struct net *n = fresh(TURN_TCP);

	(void)state;
	assert_int_equal(world_turn_count(&n->turn), 1);
	world_stream_shutdown(n->client.stream);
	wait(n, SECOND);
	assert_true(n->client.closed);
	assert_int_equal(world_turn_count(&n->turn), 0);
	assert_null(n->turn.streams);
	finish(n);
}

static void a_stream_of_something_else_is_reset(void **state)
{
	struct net *n = fresh(TURN_TCP);

	(void)state;
	turn_send_raw(&n->client, (const uint8_t *)"POST / HTTP/1.1\r\n\r\n", 19);
	wait(n, SECOND);
	assert_true(n->client.closed);
	assert_int_equal(n->client.why, WORLD_STREAM_RESET);
	assert_int_equal(world_turn_count(&n->turn), 0);
	finish(n);
}

static void a_certificate_of_somebody_else_opens_nothing(void **state)
{
	static const struct world_certificate wrong = { .name = "evil.example" };
	static struct world_turn t;
	static struct turn_client c;
	const struct taut_addr addr = world_addr(SERVER, 0);
	struct world_turn_config cfg = usual;
	struct world *w = world_new(1);

	(void)state;
	cfg.tls = &wrong;
	world_turn_add(w, &t, &cfg);
	world_add_iface(w, t.host, WORLD_INTERNET, &addr, NULL, NULL);
	turn_client_open(&c, w, "192.0.2.1", SERVER, TURN_TLS);
	assert_true(c.closed);
	assert_int_equal(c.why, WORLD_STREAM_TLS_NAME);
	assert_null(t.streams);
	world_turn_free(&t);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_passes_without_a_permission),
		cmocka_unit_test(a_permission_is_for_an_address_with_all_its_ports),
		cmocka_unit_test(data_may_be_empty),
		cmocka_unit_test(a_permission_lasts_five_minutes_and_data_does_not_prolong_it),
		cmocka_unit_test(permissions_come_all_together_or_not_at_all),
		cmocka_unit_test(a_permission_needs_an_address_of_the_family_that_relays),
		cmocka_unit_test(permissions_have_a_ceiling),
		cmocka_unit_test(a_peer_inside_the_relays_own_house_is_forbidden),
		cmocka_unit_test(private_peers_are_forbidden_where_that_is_wanted),
		cmocka_unit_test(a_channel_carries_data_both_ways_with_four_bytes_of_head),
		cmocka_unit_test(a_channel_is_bound_to_one_peer_and_a_peer_to_one_channel),
		cmocka_unit_test(a_channel_bind_lacking_something_or_out_of_range_gets_400),
		cmocka_unit_test(a_channel_lasts_ten_minutes_and_its_permission_five),
		cmocka_unit_test(channels_have_a_ceiling),
		cmocka_unit_test(what_is_not_understood_in_an_indication_is_not_relayed),
		cmocka_unit_test(an_allocation_that_is_gone_relays_nothing),
		cmocka_unit_test(two_clients_meet_by_their_relayed_addresses),
		cmocka_unit_test(a_black_hole_grants_everything_and_relays_nothing),
		cmocka_unit_test(streams_carry_the_same_with_padded_channel_data),
		cmocka_unit_test(a_stream_cut_into_single_bytes_is_understood),
		cmocka_unit_test(the_end_of_a_stream_is_the_end_of_its_allocation),
		cmocka_unit_test(a_stream_of_something_else_is_reset),
		cmocka_unit_test(a_certificate_of_somebody_else_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
