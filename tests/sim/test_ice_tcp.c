/* test_ice_tcp.c - candidates over TCP, RFC 6544: who connects, who is connected to, and what is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static bool meet(struct duo *d)
{
	const bool met = duo_meet(d, 30);

	duo_wait(d, 3 * SECOND);
	return met;
}

static void they_still_talk(struct duo *d)
{
	const unsigned heard[2] = { d->side[0].heard, d->side[1].heard };

	for (int i = 0; i < 2; i++)
		duo_say(d, i, 1000);
	duo_wait(d, 3 * SECOND);
	assert_int_equal(d->side[0].heard, heard[0] + 1);
	assert_int_equal(d->side[1].heard, heard[1] + 1);
}

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
		assert_true(meet(&d));
		assert_non_null(strstr(d.side[1 - who].path, "prflx 198.51.100."));
		they_still_talk(&d);
		duo_end(&d);
	}
}

static void one_of_the_two_connections_is_nominated_where_both_connect_and_listen(void **state)
{
	static const struct duo_config cfg = {
		.side = { { .no_stun = true, .tcp = BOTH }, { .no_stun = true, .tcp = BOTH } }
	};
	struct duo d;
	(void)state;

	duo_begin(&d, &cfg);
	for (int i = 0; i < 2; i++) /* of UDP nothing gets through, whoever asks */
		d.side[i].peer.cfg.lets = NULL;
	assert_true(meet(&d));
	/* UDP is better, and the connections that were not needed are closed. */
	assert_null(strstr(d.side[0].path, "tcp"));
	duo_wait(&d, 20 * SECOND);
	unsigned streams = 0;
	for (struct world_stream *s = d.world->streams; s; s = s->next)
		streams++;
	print_message("%u streams are left\n", streams);
	they_still_talk(&d);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_no_udp_connects_to_who_listens),
		cmocka_unit_test(
			one_of_the_two_connections_is_nominated_where_both_connect_and_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
