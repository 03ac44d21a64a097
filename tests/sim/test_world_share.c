/* test_world_share.c - calls of a server that has one port for all of them, in the simulated world.
 *
 * Who they come from is told apart as by TAUT_LOOP_ONE_SOCKET (src/io/io_route.c): clients in
 * the open, two behind one NAT, behind a symmetric one, behind two in a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_peer.h"
#include "world/world_servers.h"
#include "world/world_share.h"
#include "world/world_turn.h"
#include "world/world_signal.h"

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)

enum { CALLS = 6, PORT = 5000, CLIENT = 0, SERVER = 1 };

struct call {
	struct hall *hall;
	struct world_peer peer[2];
	struct world_signal to[2]; /* to CLIENT, to SERVER */
	taut_channel channel;      /* the client's */
	unsigned said, heard, wrong;
	bool open;
};

struct hall {
	struct world *world;
	struct world_share *share;
	struct world_stun stun;
	struct world_turn turn; /* which the server's calls use where world is not NULL */
	struct call calls[CALLS];
	int home, street; /* the networks of two clients, and of the last */
};

static struct call *call_of(struct world_peer *p)
{
	return p->cfg.user;
}

static int end_of(const struct call *c, const struct world_peer *p)
{
	return p == &c->peer[SERVER] ? SERVER : CLIENT;
}

static void tell(struct call *c, int from, uint32_t type, const char *text, const char *mid)
{
	const struct world_note note = { .type = type, .text = text, .mid = mid };

	world_signal_send(&c->to[1 - from], &note);
}

static void describe(struct call *c, int i)
{
	taut_pc *pc = c->peer[i].pc;
	uint32_t type;

	assert_int_equal(taut_pc_set_local_description(pc, c->hall->world->now, 0, NULL, 0),
			 TAUT_OK);
	const char *text = taut_pc_local_description(pc, &type);
	tell(c, i, type, text, NULL);
}

static void hears(struct call *c, int i, const struct world_note *note)
{
	taut_pc *pc = c->peer[i].pc;
	const size_t len = note->text ? strlen(note->text) : 0;

	if (!pc)
		return;
	if (note->type == 0) {
		taut_pc_add_ice_candidate(pc, c->hall->world->now, note->text, len, note->mid, -1);
	} else {
		assert_int_equal(taut_pc_set_remote_description(pc, c->hall->world->now, note->type,
								note->text, len),
				 TAUT_OK);
		if (note->type == TAUT_SDP_OFFER)
			describe(c, i);
	}
	world_peer_pump(&c->peer[i]);
}

static void at_client(void *user, const struct world_note *note)
{
	hears(user, CLIENT, note);
}

static void at_server(void *user, const struct world_note *note)
{
	hears(user, SERVER, note);
}

/* The server says what it heard; a client counts what is its own, and what is not. */
static void on_message(struct call *c, int i, const struct taut_event *ev)
{
	char mine[32];

	if (i == SERVER) {
		assert_int_equal(taut_pc_send_message(c->peer[i].pc, c->hall->world->now,
						      ev->channel, 0, ev->data, ev->len),
				 TAUT_OK);
		return;
	}
	const int len = snprintf(mine, sizeof mine, "call %d says %u", (int)(c - c->hall->calls),
				 c->heard + 1);
	if (ev->len == (size_t)len && memcmp(ev->data, mine, ev->len) == 0)
		c->heard++;
	else
		c->wrong++;
}

static void on_event(struct world_peer *p, const struct taut_event *ev)
{
	struct call *c = call_of(p);
	const int i = end_of(c, p);

	switch (ev->type) {
	case TAUT_EV_NEGOTIATION_NEEDED:
		describe(c, i);
		break;
	case TAUT_EV_ICE_CANDIDATE:
		tell(c, i, 0, ev->text, ev->label);
		break;
	case TAUT_EV_CONNECTION_STATE: /* only the server's path is lost: it heals the call */
		if (ev->number == TAUT_STATE_DISCONNECTED && i == SERVER)
			taut_pc_restart_ice(p->pc, p->world->now);
		break;
	case TAUT_EV_OPEN:
		c->open |= i == CLIENT;
		break;
	case TAUT_EV_MESSAGE:
		on_message(c, i, ev);
		break;
	default:
		break;
	}
}

static void add_client(struct hall *h, int n, int net, const char *ip)
{
	static const struct taut_ice_server stun = { .size = sizeof stun,
						     .url = "stun:203.0.113.1" };
	static const struct taut_config pc = { .size = sizeof pc,
					       .ice_servers = &stun,
					       .ice_server_count = 1 };
	static const struct taut_config plain = { .size = sizeof plain };
	static const struct taut_ice_server turn = { .size = sizeof turn,
						     .url = "turn:203.0.113.2",
						     .username = "ada",
						     .credential = "lovelace" };
	static const struct taut_config relayed = { .size = sizeof relayed,
						    .ice_servers = &turn,
						    .ice_server_count = 1 };
	static const struct world_link_config wire = { .delay = 10 * MS };
	const struct taut_addr addr = world_addr(ip, 0);
	struct call *c = &h->calls[n];
	struct world_peer_config cfg = {
		.name = "client", .pc = &pc, .handler = on_event, .user = c
	};

	c->hall = h;
	world_peer_add(h->world, &c->peer[CLIENT], &cfg);
	world_add_iface(h->world, c->peer[CLIENT].host, net, &addr, &wire, &wire);
	cfg.name = "server";
	cfg.pc = h->turn.world ? &relayed : &plain;
	cfg.share = h->share;
	world_peer_add(h->world, &c->peer[SERVER], &cfg);
	world_signal_init(&c->to[CLIENT], h->world, (unsigned)(2 * n), 30 * MS, 0, at_client, c);
	world_signal_init(&c->to[SERVER], h->world, (unsigned)(2 * n) + 1, 30 * MS, 0, at_server,
			  c);
}

static int add_net(struct hall *h, int parent, enum world_nat_rule mapping, const char *outside)
{
	const struct world_nat_config nat = { .mapping = mapping,
					      .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };
	const struct taut_addr addr = world_addr(outside, 0);
	const int net = world_add_net(h->world, parent);

	world_set_nat(h->world, net, &nat, &addr);
	return net;
}

static void add_turn(struct hall *h)
{
	static const struct world_turn_config cfg = { .users = { { "ada", "lovelace" } } };
	const struct taut_addr at = world_addr("203.0.113.2", 0);

	world_turn_add(h->world, &h->turn, &cfg);
	world_add_iface(h->world, h->turn.host, WORLD_INTERNET, &at, NULL, NULL);
}

static void build(struct hall *h, uint64_t seed, bool with_turn)
{
	static const struct world_link_config wire = { .delay = 5 * MS };
	const struct taut_addr server = world_addr("203.0.113.10", 0),
			       stun = world_addr("203.0.113.1", 0);

	*h = (struct hall){ .world = world_new(seed) };
	world_stun_add(h->world, &h->stun);
	world_add_iface(h->world, h->stun.host, WORLD_INTERNET, &stun, NULL, NULL);
	if (with_turn)
		add_turn(h);
	h->share = world_share_new(h->world, "server", PORT);
	world_add_iface(h->world, world_share_host(h->share), WORLD_INTERNET, &server, &wire,
			&wire);
	h->home = add_net(h, WORLD_INTERNET, WORLD_NAT_ENDPOINT_INDEPENDENT, "198.51.100.1");
	h->street = add_net(h, WORLD_INTERNET, WORLD_NAT_ADDRESS_PORT_DEPENDENT, "198.51.100.2");
	const int outer = add_net(h, WORLD_INTERNET, WORLD_NAT_ADDRESS_DEPENDENT, "198.51.100.3");
	const int inner = add_net(h, outer, WORLD_NAT_ENDPOINT_INDEPENDENT, "10.0.0.2");
	add_client(h, 0, WORLD_INTERNET, "192.0.2.1");
	add_client(h, 1, h->home, "192.168.1.2");
	add_client(h, 2, h->home, "192.168.1.3");
	add_client(h, 3, h->street, "192.168.1.2"); /* as client 1 has it */
	add_client(h, 4, inner, "192.168.1.2");
	add_client(h, 5, WORLD_INTERNET, "192.0.2.2");
}

/* They all call at once, in the order of their numbers. */
static void start(struct hall *h)
{
	const struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };

	for (int n = 0; n < CALLS; n++) {
		struct call *c = &h->calls[n];

		world_peer_start(&c->peer[SERVER]);
		world_peer_start(&c->peer[CLIENT]);
		assert_true(c->peer[SERVER].pc && c->peer[CLIENT].pc);
		taut_pc_create_data_channel(c->peer[CLIENT].pc, h->world->now, &chat, &c->channel);
		world_peer_pump(&c->peer[CLIENT]);
	}
}

static void say(struct call *c)
{
	char text[32];
	const int len = snprintf(text, sizeof text, "call %d says %u", (int)(c - c->hall->calls),
				 ++c->said);

	assert_int_equal(taut_pc_send_message(c->peer[CLIENT].pc, c->hall->world->now, c->channel,
					      0, text, (size_t)len),
			 TAUT_OK);
	world_peer_pump(&c->peer[CLIENT]);
}

static bool all_open(void *user)
{
	const struct hall *h = user;

	for (int n = 0; n < CALLS; n++)
		if (!h->calls[n].open)
			return false;
	return true;
}

static bool answered(void *user)
{
	const struct hall *h = user;

	for (int n = 0; n < CALLS; n++)
		if (h->calls[n].peer[CLIENT].pc && h->calls[n].heard != h->calls[n].said)
			return false;
	return true;
}

static void everybody_hears_their_own(struct hall *h, taut_time within)
{
	for (int n = 0; n < CALLS; n++)
		if (h->calls[n].peer[CLIENT].pc)
			say(&h->calls[n]);
	assert_true(world_run(h->world, h->world->now + within, answered, h));
	for (int n = 0; n < CALLS; n++)
		assert_int_equal(h->calls[n].wrong, 0);
}

static void hang_up(struct hall *h, int n)
{
	struct call *c = &h->calls[n];

	for (int i = 0; i < 2; i++)
		if (c->peer[i].pc)
			world_peer_free(&c->peer[i]);
}

static uint64_t finish(struct hall *h)
{
	for (int n = 0; n < CALLS; n++) {
		hang_up(h, n);
		world_signal_free(&h->calls[n].to[0]);
		world_signal_free(&h->calls[n].to[1]);
	}
	world_share_free(h->share);
	if (h->turn.world)
		world_turn_free(&h->turn);
	if (h->world->failures > 0)
		fail_msg("%s", h->world->failure);
	const uint64_t hash = h->world->hash;
	world_free(h->world);
	return hash;
}

static struct hall hall;

static struct hall *fresh(uint64_t seed)
{
	build(&hall, seed, false);
	start(&hall);
	assert_true(world_run(hall.world, hall.world->now + 5 * SECOND, all_open, &hall));
	everybody_hears_their_own(&hall, SECOND);
	return &hall;
}

static void six_calls_over_one_port_are_told_apart(void **state)
{
	struct hall *h = fresh(1);

	(void)state;
	for (int i = 0; i < 20; i++) {
		everybody_hears_their_own(h, SECOND);
		world_run(h->world, h->world->now + 3 * SECOND, NULL, NULL);
	}
	assert_int_equal(world_share_nobodys(h->share), 0);
	finish(h);
}

static void the_same_seed_is_the_same_world(void **state)
{
	(void)state;
	const uint64_t once = finish(fresh(7));
	assert_true(once == finish(fresh(7)));
	assert_true(once != finish(fresh(8)));
}

/* Two clients behind one NAT are, after its power came back, where the server never heard of. */
static void a_nat_that_forgets_is_followed(void **state)
{
	struct hall *h = fresh(2);

	(void)state;
	for (int i = 0; i < 3; i++) {
		world_rebind(h->world, h->home);
		world_rebind(h->world, h->street);
		everybody_hears_their_own(h, 40 * SECOND);
	}
	finish(h);
}

static void restarts_lead_to_the_same_calls(void **state)
{
	struct hall *h = fresh(3);

	(void)state;
	for (int n = 0; n < CALLS; n++) {
		const int i = n % 2 ? CLIENT : SERVER;
		taut_pc_restart_ice(h->calls[n].peer[i].pc, h->world->now);
		world_peer_pump(&h->calls[n].peer[i]);
	}
	everybody_hears_their_own(h, 5 * SECOND);
	world_run(h->world, h->world->now + 10 * SECOND, NULL, NULL);
	everybody_hears_their_own(h, SECOND);
	finish(h);
}

static void who_hangs_up_leaves_no_route(void **state)
{
	struct hall *h = fresh(4);

	(void)state;
	for (int n = 0; n < CALLS; n += 2)
		hang_up(h, n);
	everybody_hears_their_own(h, SECOND);
	world_run(h->world, h->world->now + 60 * SECOND, NULL, NULL);
	everybody_hears_their_own(h, SECOND);
	finish(h);
}

/* A stranger who knows the fragments (they stand in the offers of a room) but no password. */
static void a_stranger_s_checks_move_no_call(void **state)
{
	struct hall *h = fresh(5);
	uint8_t check[64] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	const struct taut_addr to = world_addr("203.0.113.10", PORT),
			       ip = world_addr("192.0.2.66", 0),
			       from = world_addr("192.0.2.66", 4000);
	static const struct world_host_ops deaf = { 0 };
	const int host = world_add_host(h->world, "stranger", &deaf, NULL);

	(void)state;
	world_add_iface(h->world, host, WORLD_INTERNET, &ip, NULL, NULL);
	for (int n = 0; n < CALLS; n++) {
		const char *ufrag = taut_pc_ice_ufrag(h->calls[n].peer[SERVER].pc);
		const size_t len = strlen(ufrag) + 2, room = (len + 3) / 4 * 4;
		memset(check + 20, 0, sizeof check - 20);
		check[3] = (uint8_t)(4 + room);
		check[21] = 6; /* USERNAME */
		check[23] = (uint8_t)len;
		assert_true(24 + room <= sizeof check);
		snprintf((char *)check + 24, sizeof check - 24, "%s:x", ufrag);
		for (uint8_t k = 0; k < 200; k++) {
			check[8] = k;
			world_send(h->world, host, &from, &to, check, 24 + room);
			check[19] ^= 0x80; /* and what no check is, from there */
			world_send(h->world, host, &from, &to, "\x80none", 5);
		}
	}
	world_run(h->world, h->world->now + SECOND, NULL, NULL);
	assert_int_equal(world_share_nobodys(h->share), CALLS * 200);
	everybody_hears_their_own(h, SECOND);
	finish(h);
}

/* RFC 8656 section 7.4: five of them are told that there is an allocation on that port, and take another. */
static void each_call_over_one_port_has_an_allocation_of_its_own(void **state)
{
	(void)state;
	build(&hall, 7, true);
	start(&hall);
	assert_true(world_run(hall.world, hall.world->now + 5 * SECOND, all_open, &hall));
	everybody_hears_their_own(&hall, SECOND);
	assert_int_equal(world_turn_count(&hall.turn), CALLS);
	hang_up(&hall, 2);
	everybody_hears_their_own(&hall, SECOND);
	(void)finish(&hall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_over_one_port_has_an_allocation_of_its_own),
		cmocka_unit_test(six_calls_over_one_port_are_told_apart),
		cmocka_unit_test(the_same_seed_is_the_same_world),
		cmocka_unit_test(a_nat_that_forgets_is_followed),
		cmocka_unit_test(restarts_lead_to_the_same_calls),
		cmocka_unit_test(who_hangs_up_leaves_no_route),
		cmocka_unit_test(a_stranger_s_checks_move_no_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
