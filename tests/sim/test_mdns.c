/* test_mdns.c - calls whose peers hide their host addresses behind .local names, and answer for them:
 * draft-ietf-mmusic-mdns-ice-candidates, RFC 6762. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "ice/mdns.h"
#include "sim_duo.h"
#include "taut/stats.h"
#include "taut/why.h"

#define SECOND INT64_C(1000000)

static const struct world_nat_config port_restricted = { .filtering =
								 WORLD_NAT_ADDRESS_PORT_DEPENDENT };
static const struct world_nat_config symmetric = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						   .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

/* ---- somebody else on the network, who hears what is multicast ---- */

struct ear {
	struct world *world;
	int host;
	struct taut_addr at;
	unsigned answers, goodbyes, queries;
	taut_time first, last;
	struct tt_mdns_record record, gone; /* of the last answer, and the last goodbye */
};

static void hear(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		 uint8_t *data, size_t len)
{
	struct ear *e = user;
	struct tt_mdns_reader r;

	(void)local;
	if (remote->port != TT_MDNS_PORT)
		return;
	if (!tt_mdns_begin(&r, data, len)) {
		e->queries++;
		return;
	}
	assert_int_equal(tt_mdns_next(&r, &e->record), 1);
	if (e->record.ttl == 0) {
		e->goodbyes++;
		e->gone = e->record;
		return;
	}
	assert_int_equal(e->record.ttl, 120);
	if (e->answers > 0) /* RFC 6762 section 6; there is one name on this network */
		assert_true(e->world->now - e->last >= SECOND);
	else
		e->first = e->world->now;
	e->last = e->world->now;
	e->answers++;
}

static void add_ear(struct ear *e, struct world *w, int net, const char *at)
{
	static const struct world_host_ops ops = { .recv = hear };

	*e = (struct ear){ .world = w, .at = world_addr(at, TT_MDNS_PORT) };
	e->host = world_add_host(w, "ear", &ops, e);
	w->hosts[e->host].multicast = true;
	world_add_iface(w, e->host, net, &e->at, NULL, NULL);
}

static void cry(struct ear *e, const char *name, uint16_t type)
{
	const struct taut_addr group = world_addr("224.0.0.251", TT_MDNS_PORT);
	uint8_t buf[512];
	const size_t len = tt_mdns_write_query(buf, sizeof buf, name, type);

	world_send(e->world, e->host, &e->at, &group, buf, len);
}

/* The address of the last host candidate: its fifth field. */
static const char *name_of(const struct duo_side *s, char out[80])
{
	const char *at = s->candidate[0];

	for (int field = 0; field < 4; field++) {
		at = strchr(at, ' ');
		assert_non_null(at);
		at++;
	}
	(void)snprintf(out, 80, "%.*s", (int)strcspn(at, " "), at);
	return out;
}

/* RFC 9562 section 5.4, and the draft: a UUID of version 4, and ".local". */
static void assert_is_a_name(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx.local";

	assert_int_equal(strlen(text), sizeof form - 1);
	for (size_t i = 0; form[i]; i++) {
		const char *one_of = form[i] == 'x'   ? "0123456789abcdef"
				     : form[i] == 'y' ? "89ab"
						      : "";
		if (*one_of ? !strchr(one_of, text[i]) : text[i] != form[i])
			fail_msg("%s", text);
	}
}

/* ---- calls ---- */

static void two_hidden_peers_on_one_network_meet_at_once(void **state)
{
	const struct duo_config cfg = { .side = { { .mdns = true, .no_stun = true },
						  { .mdns = true, .no_stun = true } } };
	struct duo d;
	char name[2][80];

	(void)state;
	duo_begin(&d, &cfg);
	const taut_time start = d.world->now;
	assert_true(duo_meet(&d, 5));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].candidates[0], 1);
		assert_is_a_name(name_of(&d.side[i], name[i]));
		assert_null(strstr(d.side[i].said, "192.0.2."));
		assert_non_null(strstr(d.side[i].path, "host 192.0.2."));
		/* nobody waited for an announcement */
		assert_true(d.side[i].connected_at - start < SECOND / 2);
	}
	assert_string_not_equal(name[0], name[1]);
	duo_end(&d);
}

/* 3.1.2.2: an address that a server sees as well is no secret, and its candidate is not redundant. */
static void a_public_address_is_told_as_the_server_sees_it(void **state)
{
	const struct duo_config cfg = { .side = { { .mdns = true }, { .no_stun = true } } };
	struct duo d;
	char name[80];

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 5));
	assert_int_equal(d.side[0].candidates[0], 1);
	assert_is_a_name(name_of(&d.side[0], name));
	assert_int_equal(d.side[0].candidates[1], 1);
	assert_non_null(strstr(d.side[0].candidate[1], " 192.0.2.1 "));
	assert_non_null(strstr(d.side[0].candidate[1], " raddr 0.0.0.0 rport 9"));
	duo_end(&d);
}

static void behind_one_nat_the_names_lead_past_it(void **state)
{
	const struct duo_config cfg = { .same_home = true,
					.side = { { .nat = &symmetric, .mdns = true },
						  { .nat = &symmetric, .mdns = true } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 10));
	for (int i = 0; i < 2; i++) {
		assert_non_null(strstr(d.side[i].path, "host 192.168.0."));
		assert_null(strstr(d.side[i].said, "192.168."));
		/* 3.1.2.2 */
		assert_non_null(strstr(d.side[i].candidate[1], " raddr 0.0.0.0 rport 9"));
	}
	duo_end(&d);
}

/* Whoever can resolve the other's name, or was told its address, checks; the other one learns of it. */
static void it_takes_one_side_that_hides_or_knows(void **state)
{
	static const struct duo_side_config rows[][2] = {
		{ { .mdns = true, .no_stun = true }, { .no_stun = true } },
		{ { .no_stun = true }, { .mdns = true, .no_stun = true } },
		{ { .mdns = true, .no_stun = true, .no_multicast = true }, { .no_stun = true } },
		{ { .mdns = true, .no_stun = true }, { .no_stun = true, .no_multicast = true } },
		{ { .mdns = true, .ipv6 = true, .no_stun = true },
		  { .ipv6 = true, .no_stun = true } },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct duo_config cfg = { .seed = i + 1, .side = { rows[i][0], rows[i][1] } };
		struct duo d;
		duo_begin(&d, &cfg);
		if (!duo_meet(&d, 10))
			fail_msg("row %zu", i);
		for (int k = 0; k < 2; k++)
			if (rows[i][k].mdns) {
				char name[80];
				assert_is_a_name(name_of(&d.side[k], name));
				assert_null(strstr(d.side[k].said, "192.0.2."));
				assert_null(strstr(d.side[k].said, "2001:db8:3:"));
			}
		duo_end(&d);
	}
}

static void behind_two_nats_nobody_resolves_and_the_call_comes_about(void **state)
{
	const struct duo_config cfg = { .side = { { .nat = &port_restricted, .mdns = true },
						  { .nat = &port_restricted, .mdns = true } } };
	struct duo d;
	bool told = false;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 10));
	duo_wait(&d, 20 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].state, TAUT_STATE_CONNECTED);
		assert_null(strstr(d.side[i].said, "192.168."));
		assert_non_null(strstr(d.side[i].path, "198.51.100."));
	}
	const struct taut_why *w;
	for (size_t i = 0; (w = taut_pc_why_at(d.side[0].peer.pc, i)) != NULL; i++)
		told |= w->about == TAUT_WHY_CANDIDATE && w->code == TAUT_WHY_NAME;
	assert_true(told);
	duo_end(&d);
}

static void a_relay_carries_what_names_and_nats_keep_apart(void **state)
{
	const struct duo_config cfg = {
		.side = { { .nat = &symmetric, .turn = true, .mdns = true },
			  { .nat = &symmetric, .turn = true, .mdns = true } }
	};
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 20));
	duo_wait(&d, 5 * SECOND); /* a better pair is hoped for, for two seconds */
	for (int i = 0; i < 2; i++) {
		assert_non_null(strstr(d.side[i].path, "relay "));
		assert_null(strstr(d.side[i].said, "192.168."));
		assert_non_null(strstr(d.side[i].candidate[3], " raddr 0.0.0.0 rport 9"));
	}
	duo_end(&d);
}

static void why_says_that_nobody_asked_for_our_names(void **state)
{
	struct duo_config cfg = { .side = { { .nat = &symmetric, .mdns = true },
					    { .nat = &symmetric } } };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct duo d;
		cfg.side[0].no_multicast = i == 1;
		duo_begin(&d, &cfg);
		assert_false(duo_meet(&d, 60));
		assert_int_equal(d.side[0].state, TAUT_STATE_FAILED);
		const char *text = taut_pc_why_at(d.side[0].peer.pc, 0)->text;
		const char *end =
			i ? "; our address is behind 1 .local name, and there is no multicast here"
			  : "; our address is behind 1 .local name, and nobody asked for any";
		if (!strstr(text, end))
			fail_msg("%s", text);
		duo_end(&d);
	}
}

/* 3.3.2: a server that is asked for permissions learns what the peer hides. */
static void no_server_hears_of_an_address_behind_a_name(void **state)
{
	const struct duo_config cfg = {
		.side = { { .turn = true, .relay_only = true, .no_stun = true },
			  { .mdns = true, .no_stun = true } }
	};
	struct duo d;
	struct taut_why kept = { 0 };
	const struct taut_why *w;

	(void)state;
	duo_begin(&d, &cfg);
	/* The other way works: its host candidate checks our relayed one. */
	(void)duo_meet(&d, 10);
	for (size_t i = 0; (w = taut_pc_why_at(d.side[0].peer.pc, i)) != NULL; i++)
		if (w->about == TAUT_WHY_PAIR)
			kept = *w;
	assert_int_equal(kept.about, 0);
	duo_end(&d);
}

static void without_multicast_a_name_is_told_all_the_same(void **state)
{
	const struct duo_config cfg = {
		.side = { { .mdns = true, .no_multicast = true, .nat = &port_restricted },
			  { .mdns = true, .no_multicast = true, .nat = &port_restricted } }
	};
	struct duo d;
	char name[80];

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 10));
	for (int i = 0; i < 2; i++) {
		assert_is_a_name(name_of(&d.side[i], name));
		assert_null(strstr(d.side[i].said, "192.168."));
	}
	duo_end(&d);
}

static void a_restart_keeps_the_name(void **state)
{
	const struct duo_config cfg = { .side = { { .mdns = true, .no_stun = true },
						  { .mdns = true, .no_stun = true } } };
	struct duo d;
	char before[80], after[80];

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 5));
	name_of(&d.side[0], before);
	d.side[0].nominated_at = 0;
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.side[0].candidates[0], 2);
	assert_true(d.side[0].nominated_at > 0);
	assert_string_equal(name_of(&d.side[0], after), before);
	assert_null(strstr(d.side[0].said, "192.0.2."));
	assert_int_equal(d.side[1].state, TAUT_STATE_CONNECTED);
	duo_end(&d);
}

/* ---- what the network hears ---- */

static void begin_with_ear(struct duo *d, struct ear *e)
{
	const struct duo_config cfg = { .side = { { .mdns = true, .no_stun = true },
						  { .no_stun = true } } };

	duo_begin(d, &cfg);
	add_ear(e, d->world, WORLD_INTERNET, "192.0.2.9");
}

static void a_name_is_announced_twice_and_said_goodbye_to(void **state)
{
	struct duo d;
	struct ear e;
	char name[80];

	(void)state;
	begin_with_ear(&d, &e);
	d.side[1].alter = NULL;
	duo_start(&d);
	duo_wait(&d, 30 * SECOND);
	assert_true(e.answers >= 2 && e.answers <= 3); /* one may have been an answer */
	assert_int_equal(e.goodbyes, 0);
	assert_string_equal(e.record.name, name_of(&d.side[0], name));
	assert_true(tt_addr_eq_ip(&e.record.addr, &d.world->ifaces[d.side[0].iface].addr));
	duo_close(&d, 0);
	duo_wait(&d, SECOND);
	assert_int_equal(e.goodbyes, 1);
	assert_string_equal(e.record.name, name);
	const unsigned before = e.answers;
	cry(&e, name, TT_MDNS_A);
	duo_wait(&d, 5 * SECOND);
	assert_int_equal(e.answers, before); /* there is nobody left to answer */
	duo_end(&d);
}

static void an_address_that_goes_takes_its_name_along(void **state)
{
	struct duo d;
	struct ear e;
	char name[80], other[80];
	const struct taut_addr second = world_addr("192.0.2.77", 0);

	(void)state;
	begin_with_ear(&d, &e);
	duo_start(&d);
	duo_wait(&d, 5 * SECOND);
	name_of(&d.side[0], name);
	/* By another one the goodbye can leave. */
	world_add_iface(d.world, d.side[0].peer.host, WORLD_INTERNET, &second, NULL, NULL);
	for (int i = 0; i < 2; i++)
		d.side[i].peer.watch.generations++; /* it restarts by itself */
	world_iface_up(d.world, d.side[0].iface, false);
	duo_wait(&d, SECOND);
	assert_int_equal(e.goodbyes, 1);
	assert_string_equal(e.gone.name, name);
	duo_wait(&d, 10 * SECOND);
	assert_string_not_equal(name_of(&d.side[0], other), name);
	assert_string_equal(e.record.name, other);
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	duo_end(&d);
}

static void a_storm_of_questions_is_answered_once_a_second(void **state)
{
	struct duo d;
	struct ear e;
	char name[80];

	(void)state;
	begin_with_ear(&d, &e);
	duo_start(&d);
	duo_wait(&d, 5 * SECOND);
	name_of(&d.side[0], name);
	const unsigned before = e.answers;
	for (int i = 0; i < 5000; i++) { /* 1 ms apart; the ear itself checks the distance */
		cry(&e, name, i % 2 ? TT_MDNS_A : TT_MDNS_AAAA);
		duo_wait(&d, 1000);
	}
	duo_wait(&d, 3 * SECOND);
	assert_true(e.answers - before >= 5 && e.answers - before <= 6);
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	duo_end(&d);
}

/* ---- what an application sees ---- */

static void statistics_and_errors_show_names_and_no_addresses(void **state)
{
	const struct duo_config cfg = { .same_home = true,
					.side = { { .nat = &port_restricted,
						    .mdns = true,
						    .turn = true,
						    .password = "byron" },
						  { .nat = &port_restricted, .mdns = true } } };
	struct duo d;
	char name[80];
	bool seen = false;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 10));
	duo_wait(&d, 10 * SECOND);
	name_of(&d.side[0], name);
	assert_true(d.side[0].errors > 0);
	assert_int_equal(d.side[0].errors_with_address, 0);
	assert_null(strstr(d.side[0].error_text, "192.168."));
	const struct taut_stats *all = NULL;
	size_t count = 0;
	assert_int_equal(taut_pc_get_stats(d.side[0].peer.pc, d.world->now, &all, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_null(strstr(all[i].id, "192.168.0.2"));
		for (size_t k = 0; k < all[i].member_count; k++) {
			const struct taut_stat *m = &all[i].members[k];
			assert_null(m->text ? strstr(m->text, "192.168.0.2") : NULL);
			seen |= strcmp(m->name, "address") == 0 && strcmp(m->text, name) == 0;
		}
	}
	assert_true(seen);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hidden_peers_on_one_network_meet_at_once),
		cmocka_unit_test(a_public_address_is_told_as_the_server_sees_it),
		cmocka_unit_test(behind_one_nat_the_names_lead_past_it),
		cmocka_unit_test(it_takes_one_side_that_hides_or_knows),
		cmocka_unit_test(behind_two_nats_nobody_resolves_and_the_call_comes_about),
		cmocka_unit_test(a_relay_carries_what_names_and_nats_keep_apart),
		cmocka_unit_test(why_says_that_nobody_asked_for_our_names),
		cmocka_unit_test(no_server_hears_of_an_address_behind_a_name),
		cmocka_unit_test(without_multicast_a_name_is_told_all_the_same),
		cmocka_unit_test(a_restart_keeps_the_name),
		cmocka_unit_test(a_name_is_announced_twice_and_said_goodbye_to),
		cmocka_unit_test(an_address_that_goes_takes_its_name_along),
		cmocka_unit_test(a_storm_of_questions_is_answered_once_a_second),
		cmocka_unit_test(statistics_and_errors_show_names_and_no_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
