/* test_srv.c - TURN servers that a domain names by SRV records: RFC 2782, RFC 8489 section 8, RFC 8656 section 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "ice/ice.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)

static const struct world_certificate its = { .name = "example.net" };

static struct duo_config with(const char *url)
{
	return (struct duo_config){ .side = { { .turn = true,
						.no_stun = true,
						.relay_only = true,
						.srv = true,
						.url = url },
					      { .no_stun = true } },
				    .dns = true,
				    .turn.tls = &its };
}

static void has(struct duo *d, const char *name, uint16_t priority, uint16_t port,
		const char *target)
{
	struct world_srv srv = { .priority = priority, .weight = 1, .port = port };

	(void)snprintf(srv.target, sizeof srv.target, "%s", target);
	world_dns_has_srv(&d->dns, name, &srv);
}

static void is_at(struct duo *d, const char *name, const char *ip)
{
	const struct taut_addr addr = world_addr(ip, 0);

	world_dns_has(&d->dns, name, &addr);
}

/* Connected through the relay, within a second. */
static void meets(struct duo *d, taut_time within)
{
	assert_true(duo_meet(d, (int)(within / SECOND)));
	duo_wait(d, 3 * SECOND);
	assert_int_equal(strncmp(d->side[0].path, "relay " DUO_TURN, 6 + strlen(DUO_TURN)), 0);
	assert_int_equal(d->side[0].errors, 0);
	duo_talk(d, SECOND);
}

static void each_scheme_has_a_service(void **state)
{
	static const struct {
		const char *url, *name;
		uint16_t port;
	} rows[] = {
		{ "turn:example.net", "_turn._udp.example.net", 3478 },
		{ "turn:example.net?transport=tcp", "_turn._tcp.example.net", 3478 },
		{ "turns:example.net", "_turns._tcp.example.net", 5349 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct duo_config cfg = with(rows[i].url);
		struct duo d;
		duo_begin(&d, &cfg);
		has(&d, rows[i].name, 1, rows[i].port, "a.example.net");
		is_at(&d, "a.example.net", DUO_TURN);
		/* Over TLS: the certificate is of example.net, not of what DNS made of it. */
		meets(&d, SECOND);
		assert_string_equal(d.side[0].server[TT_ICE_RELAY], rows[i].url);
		duo_end(&d);
	}
}

static void the_next_target_follows_a_dead_one(void **state)
{
	static const char *const urls[] = { "turn:example.net", "turn:example.net?transport=tcp" };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(urls); i++) {
		const struct duo_config cfg = with(urls[i]);
		const char *name = i ? "_turn._tcp.example.net" : "_turn._udp.example.net";
		struct duo d;
		duo_begin(&d, &cfg);
		has(&d, name, 30, 3478, "good.example.net");
		has(&d, name, 10, 3478, "unknown.example.net"); /* no such name */
		has(&d, name, 20, 3478, "dead.example.net");    /* nobody there: 4 s, or 6 */
		is_at(&d, "dead.example.net", "203.0.113.77");
		is_at(&d, "good.example.net", DUO_TURN);
		meets(&d, 10 * SECOND);
		assert_in_range(d.side[0].connected_at - d.world->start,
				(i ? 6 : 4) * SECOND - SECOND / 2, (i ? 6 : 4) * SECOND + SECOND);
		/* A restart stays where there was an answer. */
		const uint64_t asked = d.dns.asked;
		duo_restart(&d, 0);
		duo_wait(&d, 3 * SECOND);
		assert_int_equal(d.dns.asked, asked);
		duo_talk(&d, SECOND);
		duo_end(&d);
	}
}

static void a_target_of_the_other_family_is_passed_over(void **state)
{
	const struct duo_config cfg = with("turn:example.net");
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	has(&d, "_turn._udp.example.net", 1, 3478, "six.example.net");
	has(&d, "_turn._udp.example.net", 2, 3478, "four.example.net");
	is_at(&d, "six.example.net", DUO_TURN6);
	is_at(&d, "four.example.net", DUO_TURN);
	meets(&d, SECOND);
	duo_end(&d);
}

static void a_target_that_refuses_us_is_the_last(void **state)
{
	struct duo_config cfg = with("turn:example.net");
	struct duo d;

	(void)state;
	cfg.side[0].password = "byron";
	cfg.side[0].relay_only = false;
	duo_begin(&d, &cfg);
	has(&d, "_turn._udp.example.net", 1, 3478, "a.example.net");
	has(&d, "_turn._udp.example.net", 2, 3478, "b.example.net");
	is_at(&d, "a.example.net", DUO_TURN);
	is_at(&d, "b.example.net", DUO_TURN);
	assert_true(duo_meet(&d, 5));
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.turn.requests, 2); /* without credentials, and with them */
	assert_int_equal(d.side[0].errors, 1);
	assert_int_equal(d.side[0].error_code, 401);
	duo_end(&d);
}

static void when_all_targets_are_dead_that_is_told_once(void **state)
{
	static const struct {
		const char *url, *name;
		int targets, seconds;
	} rows[] = {
		{ "turn:example.net", "_turn._udp.example.net", 1, 8 },
		{ "turn:example.net", "_turn._udp.example.net", 3, 4 + 4 + 8 },
		{ "turn:example.net", "_turn._udp.example.net", 12,
		  4 * 4 }, /* others are not tried */
		{ "turn:example.net?transport=tcp", "_turn._tcp.example.net", 12, 3 * 6 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct duo_config cfg = with(rows[i].url);
		struct duo d;
		cfg.side[0].relay_only = false;
		duo_begin(&d, &cfg);
		for (int k = 0; k < rows[i].targets; k++)
			has(&d, rows[i].name, 1, 3478, "dead.example.net");
		is_at(&d, "dead.example.net", "203.0.113.77");
		assert_true(duo_meet(&d, 5)); /* nobody waits for it */
		duo_wait(&d, 60 * SECOND);
		assert_int_equal(d.side[0].errors, 1);
		assert_int_equal(d.side[0].error_code, 701);
		assert_string_equal(d.side[0].error_url, rows[i].url);
		assert_in_range(d.side[0].gathered_at - d.world->start, rows[i].seconds * SECOND,
				(rows[i].seconds + 1) * SECOND);
		/* A restart begins anew, and has the same time. */
		const uint64_t asked = d.dns.asked;
		duo_restart(&d, 0);
		duo_wait(&d, 60 * SECOND);
		assert_int_equal(d.side[0].errors, 2);
		assert_int_equal(d.dns.asked, 2 * asked);
		duo_end(&d);
	}
}

static void without_records_the_name_is_the_server(void **state)
{
	static const enum world_dns_fault faults[] = { WORLD_DNS_FAIR, WORLD_DNS_FORGED };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(faults) + 1; i++) {
		struct duo_config cfg = with(i == 2 ? "turn:example.net:3478" : "turn:example.net");
		struct duo d;
		duo_begin(&d, &cfg);
		d.dns.fault = i == 2 ? WORLD_DNS_FAIR : faults[i];
		/* A port in the URL asks for no records, or this one would lead astray. */
		if (i == 2)
			has(&d, "_turn._udp.example.net", 1, 9, "dead.example.net");
		is_at(&d, "example.net", DUO_TURN);
		meets(&d, 2 * SECOND);
		duo_end(&d);
	}
}

static void a_domain_can_say_that_it_has_none(void **state)
{
	struct duo_config cfg = with("turn:example.net");
	struct duo d;

	(void)state;
	cfg.side[0].relay_only = false;
	duo_begin(&d, &cfg);
	has(&d, "_turn._udp.example.net", 0, 0, "");
	is_at(&d, "example.net", DUO_TURN);
	assert_true(duo_meet(&d, 5));
	assert_int_equal(d.turn.requests, 0);
	assert_int_equal(d.side[0].errors, 1);
	assert_string_equal(d.side[0].error_text, "its domain says that it has no such server");
	duo_end(&d);
}

static void a_silent_name_server_leaves_the_call_alone(void **state)
{
	struct duo_config cfg = with("turn:example.net");
	struct duo d;

	(void)state;
	cfg.side[0].relay_only = false;
	duo_begin(&d, &cfg);
	d.dns.fault = WORLD_DNS_SILENT;
	assert_true(duo_meet(&d, 2));
	duo_wait(&d, 30 * SECOND);
	assert_int_equal(d.side[0].errors, 1);
	assert_string_equal(d.side[0].error_text, "its name was not found");
	assert_true(d.side[0].gathered_at > 0);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_scheme_has_a_service),
		cmocka_unit_test(the_next_target_follows_a_dead_one),
		cmocka_unit_test(a_target_of_the_other_family_is_passed_over),
		cmocka_unit_test(a_target_that_refuses_us_is_the_last),
		cmocka_unit_test(when_all_targets_are_dead_that_is_told_once),
		cmocka_unit_test(without_records_the_name_is_the_server),
		cmocka_unit_test(a_domain_can_say_that_it_has_none),
		cmocka_unit_test(a_silent_name_server_leaves_the_call_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
