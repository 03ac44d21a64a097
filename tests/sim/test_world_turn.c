/* test_world_turn.c - the TURN server of the simulated world: who may, and allocations. RFC 8656, RFC 8489. */
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

struct net {
	struct world *world;
	struct world_turn turn;
	int iface4, iface6;
	struct turn_client a, b;
};

static const struct world_turn_config usual = {
	.realm = "example.org",
	.users = { { "ada", "lovelace" }, { "bob", "builder" } },
};

/* With both families, and a client a; b is opened by those who need it. */
static void open_with(struct net *n, const struct world_turn_config *cfg)
{
	const struct taut_addr four = world_addr(SERVER, 0), six = world_addr(SERVER6, 0);

	n->world = world_new(1);
	world_turn_add(n->world, &n->turn, cfg);
	n->iface4 = world_add_iface(n->world, n->turn.host, WORLD_INTERNET, &four, NULL, NULL);
	n->iface6 = world_add_iface(n->world, n->turn.host, WORLD_INTERNET, &six, NULL, NULL);
	turn_client_open(&n->a, n->world, "192.0.2.1", SERVER, TURN_UDP);
}

static struct net *fresh(void)
{
	static struct net n;

	open_with(&n, &usual);
	return &n;
}

static void finish(struct net *n)
{
	assert_int_equal(n->world->failures, 0);
	world_turn_free(&n->turn);
	world_free(n->world);
}

static void wait(struct net *n, taut_time duration)
{
	world_run(n->world, n->world->now + duration, NULL, NULL);
}

static void begin_allocate(struct turn_client *c)
{
	turn_begin(c, TT_TURN_ALLOCATE);
	tt_stun_put_u32(&c->w, TT_STUN_REQUESTED_TRANSPORT, (uint32_t)TT_TURN_UDP << 24);
}

/* What the long-term mechanism wants to be told first. */
static void learn_nonce(struct turn_client *c)
{
	turn_begin(c, TT_TURN_REFRESH);
	assert_int_equal(turn_ask(c), 401);
}

/* ---- who may ---- */

static void a_request_without_credentials_is_told_what_to_show(void **state)
{
	static const uint8_t both[] = { 0, 2, 0, 0, 0, 1, 0, 0 };
	struct net *n = fresh();

	(void)state;
	begin_allocate(&n->a);
	assert_int_equal(turn_ask(&n->a), 401);
	assert_string_equal(n->a.realm, "example.org");
	assert_memory_equal(n->a.nonce, "obMatJos2gAAA", 13); /* bit 0: password algorithms */
	assert_int_equal(n->a.algorithms_len, sizeof both);
	assert_memory_equal(n->a.algorithms, both, sizeof both);
	assert_false(n->a.m.has & (TT_STUN_HAS_INTEGRITY | TT_STUN_HAS_INTEGRITY_SHA256));
	assert_int_equal(world_turn_count(&n->turn), 0);
	finish(n);
}

static void an_allocation_says_where_from_until_when_and_who_you_are(void **state)
{
	const struct taut_addr server = world_addr(SERVER, 0);
	struct net *n = fresh();

	(void)state;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	assert_true(n->a.verified && n->a.m.has & TT_STUN_HAS_INTEGRITY_SHA256);
	assert_int_equal(n->a.m.relayed_count, 1);
	assert_true(tt_addr_eq_ip(&n->a.m.relayed[0], &server));
	assert_true(n->a.m.relayed[0].port >= 49152);
	assert_int_equal(n->a.m.lifetime, 600);
	assert_true(tt_addr_eq(&n->a.m.xor_mapped, &n->a.local));
	assert_true(n->a.m.has & TT_STUN_HAS_SOFTWARE);
	assert_false(n->a.m.has & TT_STUN_HAS_TOKEN);
	assert_int_equal(world_turn_count(&n->turn), 1);
	finish(n);
}

static void md5_is_taken_when_nothing_is_said_and_answered_by_sha1(void **state)
{
	struct net *n = fresh();

	(void)state;
	n->a.old = true;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	assert_true(n->a.verified && n->a.m.has & TT_STUN_HAS_INTEGRITY);
	assert_false(n->a.m.has & TT_STUN_HAS_INTEGRITY_SHA256);
	finish(n);
}

static void md5_by_name_is_answered_by_sha256(void **state)
{
	struct net *n = fresh();

	(void)state;
	n->a.algorithm = TT_STUN_MD5;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	assert_true(n->a.verified && n->a.m.has & TT_STUN_HAS_INTEGRITY_SHA256);
	finish(n);
}

static void a_server_of_rfc_5389_offers_no_algorithms(void **state)
{
	struct world_turn_config cfg = usual;
	static struct net n;

	(void)state;
	cfg.old = true;
	open_with(&n, &cfg);
	learn_nonce(&n.a);
	assert_int_not_equal(strncmp(n.a.nonce, "obMatJos2", 9), 0);
	assert_int_equal(n.a.algorithms_len, 0);
	n.a.old = true;
	assert_int_equal(turn_allocate_udp(&n.a), TURN_OK);
	assert_true(n.a.verified && n.a.m.has & TT_STUN_HAS_INTEGRITY);
	finish(&n);
}

static void a_userhash_stands_for_the_name_where_it_is_offered(void **state)
{
	struct world_turn_config cfg = usual;
	static struct net n;

	(void)state;
	cfg.anonymous = true;
	open_with(&n, &cfg);
	n.a.hides_name = true;
	assert_int_equal(turn_allocate_udp(&n.a), TURN_OK);
	assert_memory_equal(n.a.nonce, "obMatJos2wAAA", 13); /* bits 0 and 1 */
	assert_true(n.a.verified);
	finish(&n);

	open_with(&n, &usual); /* elsewhere it is nobody */
	n.a.hides_name = true;
	assert_int_equal(turn_allocate_udp(&n.a), 401);
	finish(&n);
}

static void a_wrong_name_or_password_gets_401_and_a_new_nonce(void **state)
{
	struct net *n = fresh();

	(void)state;
	n->a.password = "byron";
	assert_int_equal(turn_allocate_udp(&n->a), 401);
	assert_true(n->a.m.has & TT_STUN_HAS_NONCE && n->a.m.has & TT_STUN_HAS_ALGORITHMS);
	n->a.user = "nobody";
	assert_int_equal(turn_allocate_udp(&n->a), 401);
	n->a.user = "ada";
	n->a.password = "lovelace";
	memcpy(n->a.realm, "example.com", sizeof "example.com");
	begin_allocate(&n->a);
	assert_int_equal(turn_ask(&n->a), 401);
	assert_int_equal(world_turn_count(&n->turn), 0);
	finish(n);
}

static void credentials_that_lack_a_part_get_400(void **state)
{
	static const uint32_t parts[] = { TT_STUN_HAS_USERNAME, TT_STUN_HAS_REALM,
					  TT_STUN_HAS_NONCE, TT_STUN_HAS_ALGORITHM,
					  TT_STUN_HAS_ALGORITHMS };
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	for (size_t i = 0; i < TT_COUNT(parts); i++) {
		n->a.omits = parts[i];
		begin_allocate(&n->a);
		assert_int_equal(turn_ask(&n->a), 400);
		assert_false(n->a.m.has & (TT_STUN_HAS_NONCE | TT_STUN_HAS_REALM));
	}
	n->a.omits = 0; /* 9.2.4: an algorithm that was not offered, a list that was not sent */
	n->a.algorithm = 3;
	begin_allocate(&n->a);
	assert_int_equal(turn_ask(&n->a), 400);
	n->a.algorithm = 0;
	n->a.algorithms[1] = 7;
	begin_allocate(&n->a);
	assert_int_equal(turn_ask(&n->a), 400);
	assert_int_equal(world_turn_count(&n->turn), 0);
	finish(n);
}

static void a_nonce_lives_as_long_as_it_may_and_then_438_brings_a_new_one(void **state)
{
	struct world_turn_config cfg = usual;
	static struct net n;

	(void)state;
	cfg.nonce_life = 60 * SECOND;
	open_with(&n, &cfg);
	assert_int_equal(turn_allocate_udp(&n.a), TURN_OK);
	wait(&n, 58 * SECOND);
	assert_int_equal(turn_refresh_for(&n.a, 600), TURN_OK);
	wait(&n, 2 * SECOND);
	assert_int_equal(turn_refresh_for(&n.a, 600), 438);
	assert_true(n.a.m.has & TT_STUN_HAS_NONCE && n.a.m.has & TT_STUN_HAS_REALM &&
		    n.a.m.has & TT_STUN_HAS_ALGORITHMS);
	assert_int_equal(turn_refresh_for(&n.a, 600), TURN_OK); /* with the new one */
	world_turn_expire_nonces(&n.turn);
	assert_int_equal(turn_refresh_for(&n.a, 600), 438);
	assert_int_equal(turn_refresh_for(&n.a, 600), TURN_OK);
	finish(&n);
}

static void a_nonce_of_another_client_is_stale(void **state)
{
	struct net *n = fresh();

	(void)state;
	turn_client_open(&n->b, n->world, "192.0.2.2", SERVER, TURN_UDP);
	learn_nonce(&n->a);
	learn_nonce(&n->b);
	assert_string_not_equal(n->a.nonce, n->b.nonce);
	memcpy(n->b.nonce, n->a.nonce, sizeof n->a.nonce);
	assert_int_equal(turn_allocate_udp(&n->b), 438);
	memset(n->b.nonce, 'x', 37);
	n->b.omits = TT_STUN_HAS_ALGORITHM | TT_STUN_HAS_ALGORITHMS; /* no cookie, no algorithms */
	assert_int_equal(turn_allocate_udp(&n->b), 438);
	finish(n);
}

static void an_allocation_is_only_for_who_made_it(void **state)
{
	struct net *n = fresh();

	(void)state;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	n->a.user = "bob";
	n->a.password = "builder";
	assert_int_equal(turn_refresh_for(&n->a, 0), 441);
	assert_true(n->a.verified);
	assert_int_equal(world_turn_count(&n->turn), 1);
	finish(n);
}

/* HOSTILE A19. */
static void a_flood_of_strangers_leaves_nothing_behind_and_is_answered_slowly(void **state)
{
	struct net *n = fresh();
	const struct taut_addr to = world_addr(SERVER, WORLD_TURN_PORT);

	(void)state;
	begin_allocate(&n->a);
	size_t len = tt_stun_finish(&n->a.w);
	for (uint32_t i = 0; i < 10000; i++) { /* in a second, each from another place */
		struct taut_addr from = n->a.local;
		from.port = (uint16_t)(1024 + i);
		world_send(n->world, n->a.host, &from, &to, n->a.out, len);
		wait(n, SECOND / 10000);
	}
	wait(n, SECOND);
	assert_int_equal(n->turn.strangers, 10000);
	assert_in_range(n->turn.strangers - n->turn.unanswered, 100,
			151); /* 50 a second, 100 at once */
	assert_null(n->turn.allocations);
	assert_null(n->turn.streams);
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK); /* and then somebody is served */
	finish(n);
}

static void what_is_malformed_gets_400_and_what_is_unknown_420(void **state)
{
	struct net *n = fresh();

	(void)state;
	turn_begin(&n->a, TT_TURN_ALLOCATE);
	tt_stun_put(&n->a.w, TT_STUN_REQUESTED_TRANSPORT, "\x11", 1);
	assert_int_equal(turn_ask(&n->a), 400);
	learn_nonce(&n->a);
	begin_allocate(&n->a);
	tt_stun_put(&n->a.w, 0x7abc, NULL, 0);
	assert_int_equal(turn_ask(&n->a), 420);
	assert_int_equal(n->a.m.refused_count, 1);
	assert_int_equal(n->a.m.refused[0], 0x7abc);
	assert_true(n->a.verified);
	turn_begin(&n->a, 0x00a); /* a method of nobody: no answer */
	assert_int_equal(turn_ask(&n->a), TURN_SILENCE);
	finish(n);
}

static void it_is_a_stun_server_too(void **state)
{
	struct net *n = fresh();

	(void)state;
	turn_begin(&n->a, TT_STUN_BINDING);
	assert_int_equal(turn_ask(&n->a), TURN_OK);
	assert_true(tt_addr_eq(tt_stun_mapped(&n->a.m), &n->a.local));
	turn_begin(&n->a, TT_STUN_BINDING);
	tt_stun_put(&n->a.w, 0x7abc, NULL, 0);
	assert_int_equal(turn_ask(&n->a), 420);
	finish(n);
}

/* ---- Allocate, section 7.2 ---- */

static void the_same_request_again_gets_the_same_allocation(void **state)
{
	struct net *n = fresh();

	(void)state;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	const struct taut_addr first = n->a.m.relayed[0];
	assert_int_equal(turn_ask_again(&n->a), TURN_OK);
	assert_true(tt_addr_eq(&n->a.m.relayed[0], &first));
	assert_int_equal(world_turn_count(&n->turn), 1);
	assert_int_equal(turn_allocate_udp(&n->a), 437); /* another one */
	finish(n);
}

static void an_allocate_without_transport_gets_400_and_with_tcp_442(void **state)
{
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	turn_begin(&n->a, TT_TURN_ALLOCATE);
	assert_int_equal(turn_ask(&n->a), 400);
	turn_begin(&n->a, TT_TURN_ALLOCATE);
	tt_stun_put_u32(&n->a.w, TT_STUN_REQUESTED_TRANSPORT, (uint32_t)6 << 24);
	assert_int_equal(turn_ask(&n->a), 442);
	finish(n);
}

static int ask_for_family(struct turn_client *c, uint16_t type, uint8_t family)
{
	begin_allocate(c);
	tt_stun_put_u32(&c->w, type, (uint32_t)family << 24);
	return turn_ask(c);
}

static void the_family_is_the_one_asked_for_and_ipv4_otherwise(void **state)
{
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_REQUESTED_ADDRESS_FAMILY, TT_TURN_IPV6),
			 TURN_OK);
	assert_int_equal(n->a.m.relayed_count, 1);
	assert_int_equal(n->a.m.relayed[0].family, 6);
	assert_int_equal(turn_refresh_for(&n->a, 0), TURN_OK);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_REQUESTED_ADDRESS_FAMILY, 9), 440);
	world_iface_up(n->world, n->iface6, false);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_REQUESTED_ADDRESS_FAMILY, TT_TURN_IPV6),
			 440);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_REQUESTED_ADDRESS_FAMILY, TT_TURN_IPV4),
			 TURN_OK);
	finish(n);
}

static void an_additional_family_gives_both(void **state)
{
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_ADDITIONAL_ADDRESS_FAMILY, TT_TURN_IPV6),
			 TURN_OK);
	assert_int_equal(n->a.m.relayed_count, 2);
	assert_int_equal(n->a.m.relayed[0].family, 4);
	assert_int_equal(n->a.m.relayed[1].family, 6);
	assert_int_equal(world_turn_count(&n->turn), 1);
	finish(n);
}

/* 18.12 as it stands in the bytes: our reader leaves ADDRESS-ERROR-CODE alone. */
static const uint8_t *address_error(const struct turn_client *c)
{
	for (size_t at = TT_STUN_HEADER_LEN; at + 8 <= c->len; at += 4)
		if (c->pkt[at] == 0x80 && c->pkt[at + 1] == 0x01)
			return c->pkt + at + 4;
	return NULL;
}

static void of_two_families_one_is_enough_and_the_other_is_explained(void **state)
{
	static const uint8_t no_ipv6[] = { TT_TURN_IPV6, 0, 4, 40 };
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	world_iface_up(n->world, n->iface6, false);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_ADDITIONAL_ADDRESS_FAMILY, TT_TURN_IPV6),
			 TURN_OK);
	assert_int_equal(n->a.m.relayed_count, 1);
	assert_non_null(address_error(&n->a));
	assert_memory_equal(address_error(&n->a), no_ipv6, 4);
	finish(n);
}

static void families_that_contradict_get_400(void **state)
{
	static const uint8_t reserve[] = { 0x80 };
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_ADDITIONAL_ADDRESS_FAMILY, TT_TURN_IPV4),
			 400);
	begin_allocate(&n->a);
	tt_stun_put_u32(&n->a.w, TT_STUN_ADDITIONAL_ADDRESS_FAMILY, (uint32_t)TT_TURN_IPV6 << 24);
	tt_stun_put_u32(&n->a.w, TT_STUN_REQUESTED_ADDRESS_FAMILY, (uint32_t)TT_TURN_IPV6 << 24);
	assert_int_equal(turn_ask(&n->a), 400);
	begin_allocate(&n->a);
	tt_stun_put_u32(&n->a.w, TT_STUN_ADDITIONAL_ADDRESS_FAMILY, (uint32_t)TT_TURN_IPV6 << 24);
	tt_stun_put(&n->a.w, TT_STUN_EVEN_PORT, reserve, 1);
	assert_int_equal(turn_ask(&n->a), 400);
	assert_int_equal(world_turn_count(&n->turn), 0);
	finish(n);
}

static void an_even_port_reserves_the_next_one_for_who_has_the_token(void **state)
{
	static const uint8_t reserve[] = { 0x80 };
	struct net *n = fresh();
	uint8_t token[8];

	(void)state;
	turn_client_open(&n->b, n->world, "192.0.2.2", SERVER, TURN_UDP);
	learn_nonce(&n->a);
	learn_nonce(&n->b);
	begin_allocate(&n->a);
	tt_stun_put(&n->a.w, TT_STUN_EVEN_PORT, reserve, 1);
	assert_int_equal(turn_ask(&n->a), TURN_OK);
	assert_int_equal(n->a.m.relayed[0].port % 2, 0);
	assert_true(n->a.m.has & TT_STUN_HAS_TOKEN);
	memcpy(token, n->a.m.token, sizeof token);

	begin_allocate(&n->b); /* not with it: step 5 */
	tt_stun_put(&n->b.w, TT_STUN_RESERVATION_TOKEN, token, 8);
	tt_stun_put(&n->b.w, TT_STUN_EVEN_PORT, reserve, 1);
	assert_int_equal(turn_ask(&n->b), 400);
	begin_allocate(&n->b);
	tt_stun_put(&n->b.w, TT_STUN_RESERVATION_TOKEN, token, 8);
	assert_int_equal(turn_ask(&n->b), TURN_OK);
	assert_int_equal(n->b.m.relayed[0].port, n->a.m.relayed[0].port + 1);
	assert_int_equal(turn_refresh_for(&n->b, 0), TURN_OK);
	begin_allocate(&n->b); /* it was good for once */
	tt_stun_put(&n->b.w, TT_STUN_RESERVATION_TOKEN, token, 8);
	assert_int_equal(turn_ask(&n->b), 508);
	finish(n);
}

static void a_reservation_is_held_for_thirty_seconds(void **state)
{
	static const uint8_t reserve[] = { 0x80 };

	(void)state;
	for (int late = 0; late < 2; late++) {
		struct net *n = fresh();
		uint8_t token[8];
		turn_client_open(&n->b, n->world, "192.0.2.2", SERVER, TURN_UDP);
		learn_nonce(&n->a);
		learn_nonce(&n->b);
		begin_allocate(&n->a);
		tt_stun_put(&n->a.w, TT_STUN_EVEN_PORT, reserve, 1);
		assert_int_equal(turn_ask(&n->a), TURN_OK);
		memcpy(token, n->a.m.token, sizeof token);
		wait(n, (late ? 30 : 29) * SECOND);
		begin_allocate(&n->b);
		tt_stun_put(&n->b.w, TT_STUN_RESERVATION_TOKEN, token, 8);
		assert_int_equal(turn_ask(&n->b), late ? 508 : TURN_OK);
		finish(n);
	}
}

static void ports_end_and_then_it_is_508(void **state)
{
	static const uint8_t even[] = { 0 }, reserve[] = { 0x80 };
	struct world_turn_config cfg = usual;
	static struct net n;

	(void)state;
	cfg.first_port = 50000;
	cfg.last_port = 50001;
	open_with(&n, &cfg);
	turn_client_open(&n.b, n.world, "192.0.2.2", SERVER, TURN_UDP);
	learn_nonce(&n.a);
	begin_allocate(&n.a);
	tt_stun_put(&n.a.w, TT_STUN_EVEN_PORT, even, 1);
	assert_int_equal(turn_ask(&n.a), TURN_OK);
	assert_int_equal(n.a.m.relayed[0].port, 50000);
	assert_false(n.a.m.has & TT_STUN_HAS_TOKEN);
	learn_nonce(&n.b);
	begin_allocate(&n.b); /* one is left, and it is odd */
	tt_stun_put(&n.b.w, TT_STUN_EVEN_PORT, reserve, 1);
	assert_int_equal(turn_ask(&n.b), 508);
	assert_int_equal(turn_allocate_udp(&n.b), TURN_OK);
	assert_int_equal(n.b.m.relayed[0].port, 50001);
	static struct turn_client third;
	turn_client_open(&third, n.world, "192.0.2.3", SERVER, TURN_UDP);
	assert_int_equal(turn_allocate_udp(&third), 508);
	finish(&n);
}

static void a_pair_of_ports_lies_within_the_range(void **state)
{
	static const uint8_t reserve[] = { 0x80 };
	struct world_turn_config cfg = usual;
	static struct net n;

	(void)state;
	cfg.first_port = cfg.last_port = 50000;
	open_with(&n, &cfg);
	learn_nonce(&n.a);
	begin_allocate(&n.a);
	tt_stun_put(&n.a.w, TT_STUN_EVEN_PORT, reserve, 1);
	assert_int_equal(turn_ask(&n.a), 508);
	finish(&n);
}

static void a_user_has_a_quota_and_another_one_his_own(void **state)
{
	struct world_turn_config cfg = usual;
	static struct net n;

	(void)state;
	cfg.quota = 1;
	open_with(&n, &cfg);
	turn_client_open(&n.b, n.world, "192.0.2.2", SERVER, TURN_UDP);
	assert_int_equal(turn_allocate_udp(&n.a), TURN_OK);
	assert_int_equal(turn_allocate_udp(&n.b), 486);
	n.b.user = "bob";
	n.b.password = "builder";
	assert_int_equal(turn_allocate_udp(&n.b), TURN_OK);
	finish(&n);
}

static void dont_fragment_is_promised_where_nothing_fragments(void **state)
{
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	begin_allocate(&n->a);
	tt_stun_put(&n->a.w, TT_STUN_DONT_FRAGMENT, NULL, 0);
	assert_int_equal(turn_ask(&n->a), TURN_OK);
	finish(n);
}

/* ---- lifetimes, sections 7.2 and 8.2 ---- */

static uint32_t lifetime_of(struct turn_client *c, uint32_t wanted)
{
	assert_int_equal(turn_refresh_for(c, wanted), TURN_OK);
	return c->m.lifetime;
}

static void a_lifetime_is_ten_minutes_at_the_least_and_an_hour_at_the_most(void **state)
{
	struct net *n = fresh();

	(void)state;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	assert_int_equal(lifetime_of(&n->a, 1), 600);
	assert_int_equal(lifetime_of(&n->a, 601), 601);
	assert_int_equal(lifetime_of(&n->a, 4000), 3600);
	assert_int_equal(lifetime_of(&n->a, UINT32_MAX), 3600);
	finish(n);
}

static void an_allocation_ends_with_its_lifetime_unless_it_is_refreshed(void **state)
{
	struct net *n = fresh();

	(void)state;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	wait(n, 599 * SECOND);
	assert_int_equal(turn_refresh_for(&n->a, 600), TURN_OK);
	wait(n, 599 * SECOND);
	assert_int_equal(world_turn_count(&n->turn), 1);
	wait(n, SECOND);
	assert_int_equal(world_turn_count(&n->turn), 0);
	assert_int_equal(turn_refresh_for(&n->a, 600), 437);
	finish(n);
}

static void a_refresh_to_zero_deletes_and_the_second_one_finds_nothing(void **state)
{
	struct net *n = fresh();

	(void)state;
	assert_int_equal(turn_allocate_udp(&n->a), TURN_OK);
	assert_int_equal(turn_refresh_for(&n->a, 0), TURN_OK);
	assert_int_equal(n->a.m.lifetime, 0);
	assert_int_equal(world_turn_count(&n->turn), 0);
	assert_int_equal(turn_refresh_for(&n->a, 0), 437);
	finish(n);
}

static int refresh_family(struct turn_client *c, uint8_t family, uint32_t seconds)
{
	turn_begin(c, TT_TURN_REFRESH);
	tt_stun_put_u32(&c->w, TT_STUN_LIFETIME, seconds);
	tt_stun_put_u32(&c->w, TT_STUN_REQUESTED_ADDRESS_FAMILY, (uint32_t)family << 24);
	return turn_ask(c);
}

static void half_of_a_dual_allocation_can_be_deleted(void **state)
{
	struct net *n = fresh();

	(void)state;
	learn_nonce(&n->a);
	assert_int_equal(ask_for_family(&n->a, TT_STUN_ADDITIONAL_ADDRESS_FAMILY, TT_TURN_IPV6),
			 TURN_OK);
	assert_int_equal(refresh_family(&n->a, TT_TURN_IPV6, 0), TURN_OK);
	assert_int_equal(world_turn_count(&n->turn), 1);
	assert_int_equal(refresh_family(&n->a, TT_TURN_IPV6, 600), 443);
	assert_int_equal(refresh_family(&n->a, TT_TURN_IPV4, 0), TURN_OK);
	assert_int_equal(world_turn_count(&n->turn), 0);
	finish(n);
}

/* ---- misbehaviour, to order ---- */

static void a_server_can_be_told_to_misbehave(void **state)
{
	struct world_turn_config cfg = usual;
	static struct net n;

	(void)state;
	cfg.alternate[0] = world_addr("203.0.113.2", 3478);
	cfg.alternate[1] = world_addr("2001:db8::2", 3478);
	open_with(&n, &cfg);
	assert_int_equal(turn_allocate_udp(&n.a), TURN_OK);
	n.turn.fault = WORLD_TURN_ALWAYS_401;
	assert_int_equal(turn_refresh_for(&n.a, 600), 401);
	n.turn.fault = WORLD_TURN_ALWAYS_438;
	for (int i = 0; i < 3; i++)
		assert_int_equal(turn_refresh_for(&n.a, 600), 438);
	n.turn.fault = WORLD_TURN_ALWAYS_300;
	assert_int_equal(turn_refresh_for(&n.a, 600), 300);
	assert_true(
		tt_addr_eq(&n.a.m.alternate, &cfg.alternate[0])); /* the client's family first */
	n.turn.fault = WORLD_TURN_WRONG_MAC;
	assert_int_equal(turn_refresh_for(&n.a, 600), TURN_OK);
	assert_false(n.a.verified);
	n.turn.fault = WORLD_TURN_FORGETFUL;
	assert_int_equal(turn_refresh_for(&n.a, 600), 437);
	assert_true(n.a.verified);
	n.turn.fault = WORLD_TURN_SILENT;
	assert_int_equal(turn_refresh_for(&n.a, 600), TURN_SILENCE);
	n.turn.fault = WORLD_TURN_FAIR;
	assert_int_equal(turn_refresh_for(&n.a, 600), TURN_OK);
	world_turn_restart(&n.turn);
	assert_int_equal(turn_refresh_for(&n.a, 600), 438);
	assert_int_equal(turn_refresh_for(&n.a, 600), 437);
	finish(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_without_credentials_is_told_what_to_show),
		cmocka_unit_test(an_allocation_says_where_from_until_when_and_who_you_are),
		cmocka_unit_test(md5_is_taken_when_nothing_is_said_and_answered_by_sha1),
		cmocka_unit_test(md5_by_name_is_answered_by_sha256),
		cmocka_unit_test(a_server_of_rfc_5389_offers_no_algorithms),
		cmocka_unit_test(a_userhash_stands_for_the_name_where_it_is_offered),
		cmocka_unit_test(a_wrong_name_or_password_gets_401_and_a_new_nonce),
		cmocka_unit_test(credentials_that_lack_a_part_get_400),
		cmocka_unit_test(a_nonce_lives_as_long_as_it_may_and_then_438_brings_a_new_one),
		cmocka_unit_test(a_nonce_of_another_client_is_stale),
		cmocka_unit_test(an_allocation_is_only_for_who_made_it),
		cmocka_unit_test(a_flood_of_strangers_leaves_nothing_behind_and_is_answered_slowly),
		cmocka_unit_test(what_is_malformed_gets_400_and_what_is_unknown_420),
		cmocka_unit_test(it_is_a_stun_server_too),
		cmocka_unit_test(the_same_request_again_gets_the_same_allocation),
		cmocka_unit_test(an_allocate_without_transport_gets_400_and_with_tcp_442),
		cmocka_unit_test(the_family_is_the_one_asked_for_and_ipv4_otherwise),
		cmocka_unit_test(an_additional_family_gives_both),
		cmocka_unit_test(of_two_families_one_is_enough_and_the_other_is_explained),
		cmocka_unit_test(families_that_contradict_get_400),
		cmocka_unit_test(an_even_port_reserves_the_next_one_for_who_has_the_token),
		cmocka_unit_test(a_reservation_is_held_for_thirty_seconds),
		cmocka_unit_test(ports_end_and_then_it_is_508),
		cmocka_unit_test(a_pair_of_ports_lies_within_the_range),
		cmocka_unit_test(a_user_has_a_quota_and_another_one_his_own),
		cmocka_unit_test(dont_fragment_is_promised_where_nothing_fragments),
		cmocka_unit_test(a_lifetime_is_ten_minutes_at_the_least_and_an_hour_at_the_most),
		cmocka_unit_test(an_allocation_ends_with_its_lifetime_unless_it_is_refreshed),
		cmocka_unit_test(a_refresh_to_zero_deletes_and_the_second_one_finds_nothing),
		cmocka_unit_test(half_of_a_dual_allocation_can_be_deleted),
		cmocka_unit_test(a_server_can_be_told_to_misbehave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
