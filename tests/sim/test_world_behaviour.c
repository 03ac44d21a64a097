/* test_world_behaviour.c - how a NAT maps and filters, found out by RFC 5780 in the simulated world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "stun/stun_nat.h"
#include "world/world_servers.h"

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)

enum { PORT = 4000 };

static const char *const servers[] = { "203.0.113.1", "203.0.113.2", "203.0.113.3" };

struct lab {
	struct world *world;
	struct world_stun stun, second; /* of two addresses, of one */
	struct tt_env env;
	struct tt_stun_nat nat;
	struct taut_addr local;
	int host, net;
};

static void send_due(struct lab *l)
{
	uint8_t buf[512];
	size_t len;

	while ((len = tt_stun_nat_poll_send(&l->nat, l->world->now, buf, sizeof buf)) > 0)
		world_send(l->world, l->host, &l->local, &l->nat.client.server, buf, len);
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct lab *l = user;

	if (local->port == PORT)
		tt_stun_nat_recv(&l->nat, l->world->now, remote, data, len);
	send_due(l);
}

static taut_time deadline(void *user)
{
	return tt_stun_nat_deadline(&((struct lab *)user)->nat);
}

static void tick(void *user)
{
	struct lab *l = user;

	tt_stun_nat_tick(&l->nat, l->world->now);
	send_due(l);
}

static int draw(void *ctx, void *out, size_t len)
{
	world_fill(ctx, out, len);
	return 0;
}

static struct world_random source;

/* nat NULL: the host is in the open. */
static struct lab *fresh(const struct world_nat_config *nat)
{
	static const struct world_host_ops ops = { .recv = on_packet,
						   .deadline = deadline,
						   .tick = tick };
	static const struct world_link_config wire = { .delay = 20 * MS };
	const struct taut_env_config env = { .size = sizeof env, .random = draw, .ctx = &source };
	const struct taut_addr outside = world_addr("198.51.100.1", 0);
	static struct lab l;

	source = world_stream(1, 1);
	l = (struct lab){ .world = world_new(1) };
	tt_env_init(&l.env, &env);
	world_stun_add(l.world, &l.stun);
	world_stun_add(l.world, &l.second);
	for (size_t i = 0; i < TT_COUNT(servers); i++) {
		const struct taut_addr a = world_addr(servers[i], 0);
		world_add_iface(l.world, i < 2 ? l.stun.host : l.second.host, WORLD_INTERNET, &a,
				NULL, NULL);
		if (i < 2)
			l.stun.both[i] = a;
	}
	l.net = nat ? world_add_net(l.world, WORLD_INTERNET) : WORLD_INTERNET;
	if (nat && nat->firewall)
		world_set_firewall(l.world, l.net, nat);
	else if (nat)
		world_set_nat(l.world, l.net, nat, &outside);
	l.host = world_add_host(l.world, "we", &ops, &l);
	l.local = world_addr(nat ? "192.168.1.2" : "192.0.2.2", 0);
	world_add_iface(l.world, l.host, l.net, &l.local, &wire, &wire);
	l.local.port = PORT;
	return &l;
}

static bool over(void *user)
{
	return tt_stun_nat_deadline(&((struct lab *)user)->nat) == INT64_MAX;
}

static void ask(struct lab *l, const char *primary, const char *second)
{
	const struct taut_addr a = world_addr(primary, WORLD_STUN_PORT),
			       b = world_addr(second ? second : primary, WORLD_STUN_PORT);

	tt_stun_nat_init(&l->nat, &l->env, l->world->now, &l->local, &a, second ? &b : NULL);
	send_due(l);
	assert_true(world_run(l->world, l->world->now + 30 * SECOND, over, l));
}

static void finish(struct lab *l)
{
	assert_int_equal(l->world->failures, 0);
	world_free(l->world);
}

/* The names of RFC 4787 are the same numbers in the world and here, but for an offset. */
static enum tt_stun_nat_rule rule_of(enum world_nat_rule rule)
{
	static const enum tt_stun_nat_rule rules[] = {
		[WORLD_NAT_ENDPOINT_INDEPENDENT] = TT_STUN_NAT_ENDPOINT_INDEPENDENT,
		[WORLD_NAT_ADDRESS_DEPENDENT] = TT_STUN_NAT_ADDRESS_DEPENDENT,
		[WORLD_NAT_ADDRESS_PORT_DEPENDENT] = TT_STUN_NAT_ADDRESS_PORT_DEPENDENT,
	};

	return rules[rule];
}

static void each_kind_of_nat_is_known_by_a_server_of_two_addresses(void **state)
{
	(void)state;
	for (int map = 0; map < 3; map++)
		for (int filter = 0; filter < 3; filter++) {
			const struct world_nat_config nat = { .mapping = (enum world_nat_rule)map,
							      .filtering =
								      (enum world_nat_rule)filter };
			struct lab *l = fresh(&nat);
			ask(l, servers[0], NULL);
			assert_int_equal(l->nat.mapping, rule_of(nat.mapping));
			assert_int_equal(l->nat.filtering, rule_of(nat.filtering));
			assert_null(l->nat.why);
			assert_string_equal(
				tt_stun_nat_rule_text(l->nat.mapping),
				((const char *[]){ "endpoint-independent", "address-dependent",
						   "address-and-port-dependent" })[map]);
			assert_non_null(tt_stun_nat_meaning(&l->nat));
			finish(l);
		}
}

static void who_has_no_nat_is_told_what_filters(void **state)
{
	(void)state;
	struct lab *l = fresh(NULL);
	ask(l, servers[1], NULL); /* either address of the server will do */
	assert_int_equal(l->nat.mapping, TT_STUN_NAT_NONE);
	assert_int_equal(l->nat.filtering, TT_STUN_NAT_ENDPOINT_INDEPENDENT);
	finish(l);
}

static void two_servers_of_one_address_tell_the_mapping(void **state)
{
	(void)state;
	for (int map = 0; map < 3; map++) {
		const struct world_nat_config nat = { .mapping = (enum world_nat_rule)map };
		struct lab *l = fresh(&nat);
		l->stun.both[0].family = 0;
		ask(l, servers[2], servers[0]);
		assert_int_equal(l->nat.mapping, map == WORLD_NAT_ENDPOINT_INDEPENDENT
							 ? TT_STUN_NAT_ENDPOINT_INDEPENDENT
							 : TT_STUN_NAT_DEPENDENT);
		assert_int_equal(l->nat.filtering, TT_STUN_NAT_UNKNOWN);
		assert_string_equal(l->nat.why,
				    "two servers of one address each cannot tell who may answer");
		finish(l);
	}
}

static void one_server_of_one_address_tells_neither(void **state)
{
	const struct world_nat_config nat = { 0 };

	(void)state;
	struct lab *l = fresh(&nat);
	ask(l, servers[2], NULL);
	assert_int_equal(l->nat.mapping, TT_STUN_NAT_UNKNOWN);
	assert_int_equal(l->nat.filtering, TT_STUN_NAT_UNKNOWN);
	assert_string_equal(l->nat.why, "the server has no second address (RFC 5780 section 7.4)");
	assert_int_equal(l->nat.mapped.port, l->nat.client.mapped.port);
	finish(l);
	l = fresh(NULL); /* and that there is no NAT, it does */
	ask(l, servers[2], servers[0]);
	assert_int_equal(l->nat.mapping, TT_STUN_NAT_NONE);
	assert_int_equal(l->nat.filtering, TT_STUN_NAT_UNKNOWN);
	finish(l);
}

static void goes_silent(void *arg, uint64_t number)
{
	(void)number;
	((struct world_stun *)arg)->silent = true;
}

static void a_server_that_falls_silent_ends_it_with_a_reason(void **state)
{
	const struct world_nat_config nat = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

	(void)state;
	struct lab *l = fresh(&nat);
	l->stun.silent = true;
	ask(l, servers[0], NULL);
	assert_int_equal(l->nat.mapping, TT_STUN_NAT_UNKNOWN);
	assert_non_null(l->nat.why);
	finish(l);
	l = fresh(&nat); /* after two answers: what is known stays */
	world_at(l->world, l->world->now + 90 * MS, goes_silent, &l->stun, 0);
	ask(l, servers[0], NULL);
	assert_int_equal(l->nat.filtering, TT_STUN_NAT_ENDPOINT_INDEPENDENT);
	assert_int_equal(l->nat.mapping, TT_STUN_NAT_UNKNOWN);
	assert_non_null(l->nat.why);
	finish(l);
}

static void loss_costs_time_and_no_truth(void **state)
{
	const struct world_nat_config nat = { .mapping = WORLD_NAT_ADDRESS_DEPENDENT,
					      .filtering = WORLD_NAT_ADDRESS_DEPENDENT };

	(void)state;
	struct lab *l = fresh(&nat);
	for (int i = 0; i < l->world->iface_count; i++)
		if (l->world->ifaces[i].host == l->host) { /* the first of each kind is lost */
			world_outage(l->world, i, WORLD_OUT, l->world->now, 200 * MS);
			world_outage(l->world, i, WORLD_IN, l->world->now + 500 * MS, 200 * MS);
		}
	ask(l, servers[0], NULL);
	assert_int_equal(l->nat.mapping, TT_STUN_NAT_ADDRESS_DEPENDENT);
	assert_int_equal(l->nat.filtering, TT_STUN_NAT_ADDRESS_DEPENDENT);
	finish(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_nat_is_known_by_a_server_of_two_addresses),
		cmocka_unit_test(who_has_no_nat_is_told_what_filters),
		cmocka_unit_test(two_servers_of_one_address_tell_the_mapping),
		cmocka_unit_test(one_server_of_one_address_tells_neither),
		cmocka_unit_test(a_server_that_falls_silent_ends_it_with_a_reason),
		cmocka_unit_test(loss_costs_time_and_no_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
