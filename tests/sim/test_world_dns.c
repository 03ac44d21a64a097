/* test_world_dns.c - names in the simulated world: the server, the resolver, and a peer connection that asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_peer.h"
#include "world/world_servers.h"

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)

struct net {
	struct world *world;
	struct world_dns dns;
	struct world_resolver resolver;
	int host, iface;
	unsigned answers;
	uint64_t number;
	struct world_answer answer;
	taut_time answered_at;
};

static void done(void *user, uint64_t number, const struct world_answer *answer)
{
	struct net *n = user;

	n->answers++;
	n->number = number;
	n->answer = *answer;
	n->answered_at = n->world->now;
}

static void hears(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		  uint8_t *data, size_t len)
{
	struct net *n = user;

	assert_true(world_resolver_takes(&n->resolver, local, remote, data, len));
}

static struct net *fresh(uint64_t seed)
{
	static const struct world_host_ops ops = { .recv = hears };
	static struct net n;
	const struct world_link_config wire = { .delay = 10 * MS };
	const struct taut_addr server = world_addr("203.0.113.53", 0);
	const struct taut_addr me = world_addr("192.0.2.1", 0);

	n = (struct net){ .world = world_new(seed) };
	world_dns_add(n.world, &n.dns);
	world_add_iface(n.world, n.dns.host, WORLD_INTERNET, &server, NULL, NULL);
	n.host = world_add_host(n.world, "me", &ops, &n);
	n.iface = world_add_iface(n.world, n.host, WORLD_INTERNET, &me, &wire, &wire);
	world_resolver_init(&n.resolver, n.world, n.host, &server, done, &n);
	return &n;
}

static void knows(struct net *n)
{
	static const char *const ips[] = { "203.0.113.1", "203.0.113.2", "2001:db8::1" };

	for (size_t i = 0; i < TT_COUNT(ips); i++) {
		const struct taut_addr a = world_addr(ips[i], 0);
		world_dns_has(&n->dns, "stun.example", &a);
	}
}

static void finish(struct net *n)
{
	assert_int_equal(n->world->failures, 0);
	world_dns_free(&n->dns);
	world_free(n->world);
}

static void resolve(struct net *n, const char *name)
{
	assert_true(world_resolve(&n->resolver, name, 7));
	world_run(n->world, n->world->now + 30 * SECOND, NULL, NULL);
	assert_int_equal(n->answers, 1);
	assert_int_equal(n->number, 7);
}

static void a_name_has_its_addresses_of_both_families(void **state)
{
	const struct taut_addr six = world_addr("2001:db8::1", 0),
			       four = world_addr("203.0.113.1", 0);
	struct net *n = fresh(1);

	(void)state;
	knows(n);
	resolve(n, "STUN.example"); /* case does not count */
	assert_int_equal(n->answer.result, WORLD_FOUND);
	assert_int_equal(n->answer.addr_count, 3);
	assert_true(tt_addr_eq(&n->answer.addrs[0], &six));
	assert_true(tt_addr_eq(&n->answer.addrs[1], &four));
	assert_true(n->answered_at - n->world->start == 20 * MS);
	assert_int_equal(n->dns.asked, 2);
	finish(n);
}

static void a_name_of_one_family_is_found(void **state)
{
	const struct taut_addr six = world_addr("2001:db8::1", 0);
	struct net *n = fresh(1);

	(void)state;
	world_dns_has(&n->dns, "six.example", &six);
	resolve(n, "six.example");
	assert_int_equal(n->answer.result, WORLD_FOUND);
	assert_int_equal(n->answer.addr_count, 1);
	assert_int_equal(n->answer.rcode, 0); /* there is no A, and the name is there */
	finish(n);
}

static void an_unknown_name_is_said_to_be_unknown(void **state)
{
	struct net *n = fresh(1);

	(void)state;
	knows(n);
	resolve(n, "turn.example");
	assert_int_equal(n->answer.result, WORLD_NO_NAME);
	assert_int_equal(n->answer.addr_count, 0);
	assert_int_equal(n->answer.rcode, 3); /* NXDOMAIN */
	finish(n);
}

static void a_service_has_a_target_and_a_port(void **state)
{
	const struct world_srv srv = {
		.priority = 1, .weight = 2, .port = 3478, .target = "t.example"
	};
	struct net *n = fresh(1);

	(void)state;
	world_dns_has_srv(&n->dns, "_turn._udp.example", &srv);
	assert_true(world_resolve_srv(&n->resolver, "_turn._udp.example", 9));
	world_run(n->world, n->world->now + SECOND, NULL, NULL);
	assert_int_equal(n->number, 9);
	assert_int_equal(n->answer.srv_count, 1);
	assert_int_equal(n->answer.srvs[0].priority, 1);
	assert_int_equal(n->answer.srvs[0].weight, 2);
	assert_int_equal(n->answer.srvs[0].port, 3478);
	assert_string_equal(n->answer.srvs[0].target, "t.example");
	finish(n);
}

static void a_slow_server_answers_late(void **state)
{
	struct net *n = fresh(1);

	(void)state;
	knows(n);
	n->dns.delay = 3 * SECOND;
	resolve(n, "stun.example");
	assert_int_equal(n->answer.result, WORLD_FOUND);
	assert_true(n->answered_at - n->world->start == 3 * SECOND + 20 * MS);
	finish(n);
}

static void a_silent_server_is_given_up_after_two_tries_of_five_seconds(void **state)
{
	struct net *n = fresh(1);

	(void)state;
	n->dns.fault = WORLD_DNS_SILENT;
	resolve(n, "stun.example");
	assert_int_equal(n->answer.result, WORLD_NO_ANSWER);
	assert_true(n->answered_at - n->world->start == 10 * SECOND);
	assert_int_equal(n->dns.asked, 4);
	finish(n);
}

static void a_lost_question_is_asked_again(void **state)
{
	const unsigned first[] = { 0, 1 };
	struct net *n = fresh(1);

	(void)state;
	knows(n);
	n->world->ifaces[n->iface].out.cfg.drop = first;
	n->world->ifaces[n->iface].out.cfg.drop_count = 2;
	resolve(n, "stun.example");
	assert_int_equal(n->answer.addr_count, 3);
	assert_true(n->answered_at - n->world->start == 5 * SECOND + 20 * MS);
	finish(n);
}

static void a_broken_server_finds_nothing_and_a_liar_something_else(void **state)
{
	struct net *n = fresh(1);

	(void)state;
	knows(n);
	n->dns.fault = WORLD_DNS_BROKEN;
	resolve(n, "stun.example");
	assert_int_equal(n->answer.result, WORLD_NO_NAME);
	assert_int_equal(n->answer.rcode, 2); /* SERVFAIL */
	finish(n);

	n = fresh(1);
	knows(n);
	n->dns.fault = WORLD_DNS_LIES;
	n->dns.lie[0] = world_addr("127.0.0.1", 0);
	resolve(n, "stun.example");
	assert_int_equal(n->answer.addr_count, 1);
	assert_true(tt_addr_is_loopback(&n->answer.addrs[0]));
	finish(n);
}

static void a_forged_answer_with_a_wrong_number_is_not_believed(void **state)
{
	struct net *n = fresh(1);

	(void)state;
	knows(n);
	n->dns.fault = WORLD_DNS_FORGED;
	resolve(n, "stun.example");
	const struct taut_addr six = world_addr("2001:db8::1", 0);
	assert_int_equal(n->answer.addr_count, 3);
	assert_true(tt_addr_eq(&n->answer.addrs[0], &six));
	finish(n);
}

static void a_resolver_takes_eight_names_at_once(void **state)
{
	struct net *n = fresh(1);

	(void)state;
	for (int i = 0; i < WORLD_DNS_QUESTIONS / 2; i++)
		assert_true(world_resolve(&n->resolver, "stun.example", 1));
	assert_false(world_resolve(&n->resolver, "stun.example", 1));
	world_run(n->world, n->world->now + SECOND, NULL, NULL);
	assert_int_equal(n->answers, WORLD_DNS_QUESTIONS / 2);
	finish(n);
}

/* ---- a peer connection ---- */

struct gathered {
	unsigned reflexive;
	bool complete;
};

static void on_event(struct world_peer *p, const struct taut_event *ev)
{
	struct gathered *g = p->cfg.user;

	if (ev->type == TAUT_EV_NEGOTIATION_NEEDED)
		taut_pc_set_local_description(p->pc, p->world->now, 0, NULL, 0);
	if (ev->type == TAUT_EV_ICE_CANDIDATE && ev->text && strstr(ev->text, " typ srflx"))
		g->reflexive++;
	if (ev->type == TAUT_EV_GATHERING_STATE)
		g->complete = ev->number == TAUT_GATHERING_COMPLETE;
}

enum leaving { STAYS, CLOSES, IS_FREED };

/* Leaves at a moment after the start, if it does; then a minute passes. */
static struct gathered gather_and_leave(enum world_dns_fault fault, const char *name,
					enum leaving how, taut_time at)
{
	static const struct taut_ice_server server = { .size = sizeof server,
						       .url = "stun:stun.example" };
	static const struct taut_config config = { .size = sizeof config,
						   .ice_servers = &server,
						   .ice_server_count = 1 };
	static const struct taut_data_channel_init channel = { .size = sizeof channel };
	const struct world_nat_config nat = { .mapping = WORLD_NAT_ENDPOINT_INDEPENDENT };
	const struct taut_addr outside = world_addr("198.51.100.1", 0);
	const struct taut_addr me = world_addr("192.168.0.2", 0);
	const struct taut_addr stun_ip = world_addr("203.0.113.1", 0);
	const struct taut_addr dns_ip = world_addr("203.0.113.53", 0);
	static struct world_stun stun;
	static struct world_dns dns;
	static struct world_peer peer;
	struct gathered g = { 0 };
	const struct world_peer_config cfg = {
		.name = "me", .pc = &config, .handler = on_event, .user = &g, .dns = dns_ip
	};
	struct world *w = world_new(1);
	int home = world_add_net(w, WORLD_INTERNET);
	taut_channel made;

	world_set_nat(w, home, &nat, &outside);
	world_stun_add(w, &stun);
	world_add_iface(w, stun.host, WORLD_INTERNET, &stun_ip, NULL, NULL);
	world_dns_add(w, &dns);
	world_add_iface(w, dns.host, WORLD_INTERNET, &dns_ip, NULL, NULL);
	world_dns_has(&dns, name, &stun_ip);
	dns.fault = fault;
	dns.lie[0] = world_addr("203.0.113.99", 0);
	world_peer_add(w, &peer, &cfg);
	world_add_iface(w, peer.host, home, &me, NULL, NULL);
	world_peer_start(&peer);
	assert_non_null(peer.pc);
	taut_pc_create_data_channel(peer.pc, w->now, &channel, &made);
	world_peer_pump(&peer);
	world_run(w, w->now + at, NULL, NULL);
	if (how == CLOSES)
		taut_pc_close(peer.pc, w->now);
	if (how == IS_FREED)
		world_peer_free(&peer);
	else
		world_peer_pump(&peer);
	world_run(w, w->now + 60 * SECOND, NULL, NULL);
	if (how != IS_FREED)
		world_peer_free(&peer);
	if (w->failures)
		fail_msg("%s", w->failure);
	world_dns_free(&dns);
	world_free(w);
	return g;
}

static struct gathered gather(enum world_dns_fault fault, const char *name)
{
	return gather_and_leave(fault, name, STAYS, 0);
}

static void a_peer_finds_its_stun_server_by_name(void **state)
{
	struct gathered g = gather(WORLD_DNS_FAIR, "stun.example");

	(void)state;
	assert_int_equal(g.reflexive, 1);
	assert_true(g.complete);
}

static void a_peer_whose_names_do_not_resolve_gathers_without(void **state)
{
	static const enum world_dns_fault faults[] = { WORLD_DNS_SILENT, WORLD_DNS_BROKEN,
						       WORLD_DNS_LIES };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(faults); i++) {
		struct gathered g = gather(faults[i], "stun.example");
		assert_int_equal(g.reflexive, 0);
		assert_true(g.complete);
	}
	struct gathered g = gather(WORLD_DNS_FAIR, "other.example");
	assert_int_equal(g.reflexive, 0);
	assert_true(g.complete);
}

/* The name is asked of a server that takes its time, or never answers; then STUN is asked. */
static void closing_or_freeing_while_a_name_is_asked_is_safe(void **state)
{
	(void)state;
	for (taut_time at = 0; at < 12 * SECOND; at += at < 100 * MS ? 2 * MS : 500 * MS)
		for (int how = CLOSES; how <= IS_FREED; how++) {
			gather_and_leave(WORLD_DNS_FAIR, "stun.example", (enum leaving)how, at);
			gather_and_leave(WORLD_DNS_SILENT, "stun.example", (enum leaving)how, at);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_its_addresses_of_both_families),
		cmocka_unit_test(a_name_of_one_family_is_found),
		cmocka_unit_test(an_unknown_name_is_said_to_be_unknown),
		cmocka_unit_test(a_service_has_a_target_and_a_port),
		cmocka_unit_test(a_slow_server_answers_late),
		cmocka_unit_test(a_silent_server_is_given_up_after_two_tries_of_five_seconds),
		cmocka_unit_test(a_lost_question_is_asked_again),
		cmocka_unit_test(a_broken_server_finds_nothing_and_a_liar_something_else),
		cmocka_unit_test(a_forged_answer_with_a_wrong_number_is_not_believed),
		cmocka_unit_test(a_resolver_takes_eight_names_at_once),
		cmocka_unit_test(a_peer_finds_its_stun_server_by_name),
		cmocka_unit_test(a_peer_whose_names_do_not_resolve_gathers_without),
		cmocka_unit_test(closing_or_freeing_while_a_name_is_asked_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
