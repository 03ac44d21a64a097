/* test_path_mtu.c - packets of data channels become as long as the way between two peers takes: RFC 8899, RFC 8261
 * section 6.1. Lengths are those of IP packets, and of the path's UDP payload. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "datachannel/dcs_internal.h"
#include "peer/pc.h"
#include "sctp/sctp_assoc.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)

enum { IP4_UDP = 28, IP6_UDP = 48, MESSAGE = 60000 };

static uint64_t path_mtu(const struct duo *d, int side)
{
	struct taut_counters c = { .size = sizeof c };

	assert_int_equal(taut_pc_get_counters(d->side[side].peer.pc, &c), TAUT_OK);
	return c.path_mtu;
}

static struct tt_sctp *sctp_of(struct duo *d, int side)
{
	return d->side[side].peer.pc->channels->sctp;
}

/* From side 0, and all of it is heard. */
static void bulk(struct duo *d, unsigned messages)
{
	const size_t before = d->side[1].heard_bytes;

	for (unsigned n = 0; n < messages; n++)
		duo_say(d, 0, MESSAGE);
	for (int i = 0; i < 60 && d->side[1].heard_bytes < before + messages * (size_t)MESSAGE; i++)
		duo_wait(d, SECOND);
	assert_int_equal(d->side[1].heard_bytes, before + messages * (size_t)MESSAGE);
}

static void begin(struct duo *d, const struct duo_config *cfg)
{
	duo_begin(d, cfg);
	assert_true(duo_meet_for_good(d));
}

static void a_way_of_ethernet_is_filled(void **state)
{
	static const struct world_link_config wire = { .delay = 5000, .mtu = 1472 };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .wire = &wire });
	assert_in_range(path_mtu(&d, 0), 1197, 1200 + IP4_UDP);
	bulk(&d, 10);
	assert_in_range(path_mtu(&d, 0), 1496, 1500);
	assert_in_range(tt_sctp_count(sctp_of(&d, 0)).path_probes, 1, 2);
	assert_int_equal(d.side[0].peer.whole, tt_sctp_count(sctp_of(&d, 0)).path_probes);
	assert_in_range(path_mtu(&d, 1), 1197, 1200 + IP4_UDP); /* it had nothing to send */
	duo_end(&d);
}

static void one_of_ipv6_has_longer_headers(void **state)
{
	static const struct world_link_config wire = { .delay = 5000, .mtu = 1452 };
	const struct duo_side_config six = { .ipv6 = true };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .wire = &wire, .side = { six, six } });
	bulk(&d, 10);
	assert_in_range(path_mtu(&d, 0), 1496, 1500);
	assert_in_range(tt_sctp_count(sctp_of(&d, 0)).path_probes, 1, 2); /* the first one fitted */
	duo_end(&d);
}

static void a_tunnel_on_the_way_is_filled_too(void **state)
{
	static const struct world_link_config wire = { .delay = 5000, .mtu = 1392 }; /* of 1,420 */
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .wire = &wire });
	bulk(&d, 10);
	duo_wait(&d, 60 * SECOND);
	assert_in_range(path_mtu(&d, 0), 1420 - 20, 1420);
	assert_int_equal(tt_sctp_count(sctp_of(&d, 0)).timeouts, 0);
	duo_end(&d);
}

static void a_way_that_swallows_all_above_1200_loses_probes_alone(void **state)
{
	static const struct world_link_config wire = { .delay = 5000, .mtu = 1200 };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .wire = &wire });
	bulk(&d, 10);
	duo_wait(&d, 60 * SECOND);
	bulk(&d, 10);
	assert_int_equal(path_mtu(&d, 0), 1197 + IP4_UDP);
	assert_int_equal(tt_sctp_count(sctp_of(&d, 0)).chunks_resent, 0);
	duo_end(&d);
}

static void a_relayed_one_leaves_room_for_what_the_server_reads(void **state)
{
	static const struct world_link_config wire = { .delay = 5000, .mtu = 1472 };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .wire = &wire,
					.side = { { .turn = true, .relay_only = true },
						  { .turn = true, .relay_only = true } } });
	bulk(&d, 10);
	assert_in_range(path_mtu(&d, 0), 1490, 1500);
	assert_int_equal(tt_sctp_count(sctp_of(&d, 0)).timeouts, 0);
	duo_end(&d);
}

/* Though a server is there that could relay. */
static void a_direct_one_leaves_room_for_no_server(void **state)
{
	static const struct world_link_config wire = { .delay = 5000, .mtu = 1472 };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .wire = &wire, .side = { { .turn = true }, { .turn = true } } });
	bulk(&d, 10);
	assert_int_equal(tt_sctp_count(sctp_of(&d, 0)).packet, 1432); /* of 1,500 */
	assert_in_range(path_mtu(&d, 0), 1496, 1500);
	duo_end(&d);
}

static void one_of_tcp_has_no_packets_of_ours(void **state)
{
	static const struct world_nat_config blocked = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
							 .blocked = true };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){
			  .seed = 6,
			  .side = { { .no_stun = true, .nat = &blocked, .tcp = TAUT_ICE_TCP_CONNECT },
				    { .no_stun = true, .tcp = TAUT_ICE_TCP_LISTEN } } });
	bulk(&d, 2);
	assert_int_equal(path_mtu(&d, 0), 0);
	duo_end(&d);
}

static void another_way_is_tried_from_the_beginning(void **state)
{
	static const struct world_link_config wire = { .delay = 5000, .mtu = 1472 },
					      narrow = { .delay = 5000, .mtu = 1300 };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .wire = &wire,
					.side = { { .second = true, .second_wire = &narrow } } });
	bulk(&d, 10);
	assert_in_range(path_mtu(&d, 0), 1496, 1500);
	world_iface_up(d.world, d.side[0].iface, false);
	duo_talk(&d, 20 * SECOND);
	assert_int_equal(path_mtu(&d, 0), 1197 + IP4_UDP);
	bulk(&d, 10);
	duo_wait(&d, 60 * SECOND);
	assert_in_range(path_mtu(&d, 0), 1300, 1300 + IP4_UDP);
	duo_end(&d);
}

static void who_wants_no_longer_packets_tries_none(void **state)
{
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .seed = 3, .side = { { .max_path_mtu = 1280 } } });
	assert_int_equal(taut_pc_get_configuration(d.side[0].peer.pc)->max_path_mtu, 1280);
	assert_int_equal(taut_pc_get_configuration(d.side[1].peer.pc)->max_path_mtu, 1500);
	bulk(&d, 10);
	assert_int_equal(tt_sctp_count(sctp_of(&d, 0)).path_probes, 0);
	duo_end(&d);
	begin(&d, &(struct duo_config){ .seed = 3, .side = { { .max_path_mtu = 1400 } } });
	bulk(&d, 10);
	assert_in_range(path_mtu(&d, 0), 1396, 1400);
	duo_end(&d);
}

/* A driver of version 0.1 cannot be told what must not be fragmented. */
static void a_driver_of_version_0_1_is_given_no_probe(void **state)
{
	uint8_t buf[2048];
	struct taut_datagram d = { .size = offsetof(struct taut_datagram, dont_fragment),
				   .buf = buf,
				   .cap = sizeof buf,
				   .dont_fragment = 77 };
	struct duo duo;

	(void)state;
	begin(&duo, &(struct duo_config){ .seed = 4 });
	assert_int_equal(taut_pc_poll_send(duo.side[0].peer.pc, duo.world->now, &d), 0);
	assert_int_equal(d.dont_fragment, 77); /* is not his */
	bulk(&duo, 10);
	assert_int_equal(tt_sctp_count(sctp_of(&duo, 0)).path_probes, 0);
	duo_end(&duo);
}

/* What the host says of a long packet counts; of one that always fits it says something else. */
static void a_packet_that_the_host_refuses_is_a_hint(void **state)
{
	uint8_t bytes[1472] = { 0 };
	struct taut_datagram long_one = { .size = sizeof long_one, .buf = bytes, .len = 1472 },
			     short_one = { .size = sizeof short_one, .buf = bytes, .len = 1197 };
	struct duo d;

	(void)state;
	begin(&d, &(struct duo_config){ .seed = 5 });
	bulk(&d, 10);
	taut_pc *pc = d.side[0].peer.pc;
	assert_in_range(path_mtu(&d, 0), 1496, 1500);
	taut_pc_send_failed(pc, d.world->now, &short_one, EMSGSIZE);
	taut_pc_send_failed(pc, d.world->now, &long_one, EPERM);
	assert_in_range(path_mtu(&d, 0), 1496, 1500);
	taut_pc_send_failed(pc, d.world->now, &long_one, EMSGSIZE);
	assert_int_equal(path_mtu(&d, 0), 1197 + IP4_UDP);
	bulk(&d, 10);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_of_ethernet_is_filled),
		cmocka_unit_test(one_of_ipv6_has_longer_headers),
		cmocka_unit_test(a_tunnel_on_the_way_is_filled_too),
		cmocka_unit_test(a_way_that_swallows_all_above_1200_loses_probes_alone),
		cmocka_unit_test(a_relayed_one_leaves_room_for_what_the_server_reads),
		cmocka_unit_test(a_direct_one_leaves_room_for_no_server),
		cmocka_unit_test(one_of_tcp_has_no_packets_of_ours),
		cmocka_unit_test(another_way_is_tried_from_the_beginning),
		cmocka_unit_test(who_wants_no_longer_packets_tries_none),
		cmocka_unit_test(a_driver_of_version_0_1_is_given_no_probe),
		cmocka_unit_test(a_packet_that_the_host_refuses_is_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
