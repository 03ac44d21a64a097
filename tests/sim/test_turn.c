/* test_turn.c - calls through a TURN server, over UDP: RFC 8656 and RFC 8445 section 5.1.1.2. */
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
#include "ice/ice.h"
#include "sim_duo.h"
#include "stun/turn.h"
#include "taut/drop.h"
#include "world/world_peer_int.h"
#include "world/world_turn_int.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static const struct world_nat_config symmetric = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						   .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

static const struct duo_config bridged = { .side = { { .nat = &symmetric, .turn = true },
						     { .nat = &symmetric, .turn = true } } };
static const struct duo_config hidden = { .side = { { .turn = true, .relay_only = true },
						    { .turn = true, .relay_only = true } } };

static bool goes_by(const struct duo_side *s, const char *local, const char *remote)
{
	const char *arrow = strstr(s->path, " -> ");

	return arrow && strncmp(s->path, local, strlen(local)) == 0 &&
	       strncmp(arrow + 4, remote, strlen(remote)) == 0;
}

/* Sockets and streams that it has open. */
static int open_flows(const struct world_peer *p)
{
	int n = 0;

	for (int i = 0; i < WORLD_PEER_FLOWS; i++)
		n += p->flows[i].flow != 0;
	return n;
}

/* ---- through the server ---- */

static void two_symmetric_nats_are_bridged(void **state)
{
	struct duo d;

	(void)state;
	duo_begin(&d, &bridged);
	assert_true(duo_meet_for_good(&d));
	/* One relay is enough, and with equal priorities it is that of who does not control. */
	assert_true(goes_by(&d.side[0], "host ", "relay " DUO_TURN));
	assert_true(goes_by(&d.side[1], "relay " DUO_TURN, "prflx 198.51.100.1"));
	duo_talk(&d, SECOND);
	duo_end(&d);
}

static void a_candidate_names_the_server_that_it_comes_from(void **state)
{
	static const struct duo_config cfg = { .side = { { .nat = &symmetric, .turn = true },
							 { .nat = &symmetric } } };
	/* What a symmetric NAT makes of the way to the TURN server is a candidate as well, the last. */
	static const char *const saw[2] = { "turn:" DUO_TURN, "stun:" DUO_STUN };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 2; i++) {
		const struct duo_side *s = &d.side[i];

		assert_string_equal(s->server[TT_ICE_HOST], "");
		assert_string_equal(s->server[TT_ICE_SRFLX], saw[i]);
		assert_string_equal(s->server[TT_ICE_RELAY], i == 0 ? "turn:" DUO_TURN : "");
		assert_int_equal(s->reached_by[TT_ICE_HOST] + s->reached_by[TT_ICE_SRFLX], 0);
		assert_int_equal(s->reached_by[TT_ICE_RELAY], i == 0 ? TAUT_TURN_UDP : 0);
	}
	duo_end(&d);
}

static bool all_goes_to(const struct world_peer *p, const char *server)
{
	const struct taut_addr a = world_addr(server, WORLD_TURN_PORT);

	for (int i = 0; i < p->watch.path_count; i++)
		if (p->watch.paths[i].flow < 0x80000000u &&
		    !tt_addr_eq(&p->watch.paths[i].remote, &a))
			return false;
	return true;
}

static void with_the_policy_relay_nothing_else_is_told_or_used(void **state)
{
	struct duo d;

	(void)state;
	duo_begin(&d, &hidden);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 2; i++) {
		const struct duo_side *s = &d.side[i];
		assert_true(goes_by(s, "relay ", "relay "));
		assert_int_equal(s->candidates[0] + s->candidates[1] + s->candidates[2], 0);
		assert_int_equal(s->candidates[3], 2); /* of both families */
		assert_non_null(strstr(s->candidate[3], " raddr 0.0.0.0 rport 9"));
		assert_true(all_goes_to(&s->peer, DUO_TURN));
	}
	assert_int_equal(d.stun.answered, 0);
	duo_talk(&d, SECOND);
	duo_end(&d);
}

/* The other side knows no policy, and asks us where we are. */
/* Whatever a path of 1,500 octets carries to the server, and no more: its wrapping does not count. */
static void what_is_relayed_is_measured_without_its_wrapping(void **state)
{
	static const size_t lengths[] = { 1464, 1465, 1500, 1501 };
	static const uint8_t nonsense[1501] = { 77 };
	struct duo d;

	(void)state;
	duo_begin(&d, &bridged);
	assert_true(duo_meet_for_good(&d));
	/* Another port of the peer's: permitted, and without a channel. */
	const struct taut_addr from = world_addr("192.168.0.2", 9999);
	struct taut_pc *pc = NULL;
	const struct taut_addr *relay = NULL;
	for (const struct world_turn_allocation *a = d.turn.allocations; a; a = a->next)
		if (strstr(d.side[1].path,
			   tt_addr_text(&a->relays[0].addr, (char[TT_ADDR_TEXT]){ 0 }))) {
			relay = &a->relays[0].addr;
			pc = d.side[1].peer.pc;
		}
	assert_non_null(relay);
	for (size_t i = 0; i < TT_COUNT(lengths); i++) {
		const uint64_t longs = taut_pc_drop_count(pc, TAUT_DROP_LENGTH);
		const uint64_t strange = taut_pc_drop_count(pc, TAUT_DROP_NOT_VALIDATED);
		assert_int_equal(world_send(d.world, d.side[0].peer.host, &from, relay, nonsense,
					    lengths[i]),
				 0);
		duo_wait(&d, SECOND);
		const bool fits = lengths[i] <= 1500;
		assert_int_equal(taut_pc_drop_count(pc, TAUT_DROP_LENGTH) - longs, !fits);
		assert_int_equal(taut_pc_drop_count(pc, TAUT_DROP_NOT_VALIDATED) - strange, fits);
	}
	duo_end(&d);
}

static void with_the_policy_relay_checks_from_elsewhere_are_not_answered(void **state)
{
	struct duo_config cfg = hidden;
	struct duo d;

	(void)state;
	cfg.side[1] = (struct duo_side_config){ 0 };
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_true(goes_by(&d.side[0], "relay ", "host 192.0.2.2"));
	assert_true(goes_by(&d.side[1], "host ", "relay "));
	assert_true(all_goes_to(&d.side[0].peer, DUO_TURN));
	duo_end(&d);
}

static void the_answer_shows_the_reflexive_address_as_well(void **state)
{
	static const struct world_nat_config cone = { .filtering =
							      WORLD_NAT_ADDRESS_PORT_DEPENDENT };
	const struct duo_config cfg = { .side = {
						{ .nat = &cone, .no_stun = true, .turn = true },
						{ .nat = &cone, .no_stun = true, .turn = true } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].candidates[1], 1);
		assert_non_null(strstr(d.side[i].candidate[3], " raddr 198.51.100."));
		assert_true(goes_by(&d.side[i], "host ", "srflx 198.51.100.") ||
			    goes_by(&d.side[i], "host ", "prflx 198.51.100."));
	}
	assert_int_equal(d.stun.answered, 0);
	duo_end(&d);
}

static void a_relay_joins_ipv4_and_ipv6(void **state)
{
	struct duo_config cfg = { .side = { { .nat = &symmetric, .turn = true },
					    { .ipv6 = true } } };
	struct duo d;

	(void)state;
	for (int turned = 0; turned < 2; turned++) {
		duo_begin(&d, &cfg);
		assert_true(duo_meet_for_good(&d));
		assert_true(goes_by(&d.side[turned], "relay [" DUO_TURN6 "]", "host [2001:"));
		duo_end(&d);
		cfg.side[1] = cfg.side[0];
		cfg.side[0] = (struct duo_side_config){ .ipv6 = true };
	}
	/* And the server may be reached by IPv6. */
	cfg = (struct duo_config){ .side = { { .ipv6 = true, .turn = true, .relay_only = true },
					     { .nat = &symmetric } } };
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_true(goes_by(&d.side[0], "relay " DUO_TURN, "prflx 198.51.100.2"));
	duo_end(&d);
}

/* ---- packets ---- */

struct seen {
	size_t longest, channel, indications;
};

static bool look(struct world_peer *p, const uint8_t *data, size_t len)
{
	const struct duo_side *s = p->cfg.user;
	struct seen *seen = s->duo->user;

	if (seen) {
		seen->longest = tt_max(seen->longest, len);
		seen->channel += data[0] >> 6 == 1;
		seen->indications += data[0] == 0 && data[1] == 0x16;
	}
	return true;
}

static void what_carries_data_has_four_octets_more(void **state)
{
	struct duo_config cfg = hidden;
	struct seen seen = { 0 };
	struct duo d;

	(void)state;
	cfg.side[0].max_path_mtu = 1280; /* longer ones: test_path_mtu.c */
	duo_begin(&d, &cfg);
	d.side[0].peer.cfg.lets = look;
	assert_true(duo_meet_for_good(&d));
	d.user = &seen;
	duo_say(&d, 0, 200000);
	duo_wait(&d, 20 * SECOND);
	assert_int_equal(d.side[1].heard_bytes, 5 + 200000);
	assert_true(seen.channel > 150);
	assert_int_equal(seen.indications, 0);
	assert_int_equal(seen.longest, 4 + 37 + 1156); /* not above 1,200 */
	duo_end(&d);
}

/* As one call for UDP_SEGMENT: all of one length, each with its head. */
static void equal_packets_leave_as_a_run(void **state)
{
	static uint8_t bytes[30000], buf[65536];
	struct taut_datagram out = { .size = sizeof out, .buf = buf, .cap = sizeof buf };
	struct tt_turn_channel c;
	struct duo_config cfg = hidden;
	size_t longest = 0;
	struct duo d;

	(void)state;
	cfg.side[0].congestion_control =
		TAUT_CC_RFC9260; /* the others pace: two packets, at this rate */
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	duo_wait(&d, SECOND);
	struct duo_side *s = &d.side[0];
	for (int i = 0; i < 20; i++) {
		assert_int_equal(taut_pc_send_message(s->peer.pc, d.world->now, s->channel, 1,
						      bytes, sizeof bytes),
				 TAUT_OK);
		while (taut_pc_poll_send(s->peer.pc, d.world->now, &out) == 1) {
			size_t step = out.segment ? out.segment : out.len;
			for (size_t at = 0; at < out.len; at += step)
				if (out.segment)
					assert_true(tt_turn_channel_read(
						&c, buf + at, tt_min(step, out.len - at)));
			longest = tt_max(longest, out.segment ? out.len / out.segment : 0);
			world_peer_send(&s->peer, &out);
		}
		duo_wait(&d, 500000);
	}
	assert_true(longest >= 4);
	assert_int_equal(d.side[1].heard, 1 + 20);
	duo_end(&d);
}

/* Whether by a channel or by an indication, of what no socket took data is told, without its wrapping; what is
 * said to the server is none. */
static void what_no_socket_takes_is_told_without_its_wrapping(void **state)
{
	static uint8_t bytes[1000], buf[65536];
	struct taut_datagram out = { .size = sizeof out, .buf = buf, .cap = sizeof buf };
	struct duo d;

	(void)state;
	duo_begin(&d, &hidden);
	assert_true(duo_meet_for_good(&d));
	duo_wait(&d, SECOND);
	struct duo_side *s = &d.side[0];
	const taut_time now = d.world->now;
	const double packets = duo_path_stat(s, "packetsSent"),
		     sent = duo_path_stat(s, "bytesSent");
	assert_int_equal(taut_pc_send_message(s->peer.pc, now, s->channel, 1, bytes, sizeof bytes),
			 TAUT_OK);
	assert_int_equal(taut_pc_poll_send(s->peer.pc, now, &out), 1);
	assert_int_equal(buf[0] >> 6, 1); /* ChannelData */
	const double more = (double)out.len - TT_TURN_CHANNEL_HEAD;
	assert_true(more > 1000);
	taut_pc_send_failed(s->peer.pc, now, &out, 105);
	assert_true(duo_path_stat(s, "packetsDiscardedOnSend") == 1);
	assert_true(duo_path_stat(s, "bytesDiscardedOnSend") == more);
	assert_true(duo_path_stat(s, "packetsSent") == packets);
	assert_true(duo_path_stat(s, "bytesSent") == sent);

	uint8_t indication[36 + 8] = { 0, 0x16, [35] = 8, [36] = 20 };
	out.buf = indication;
	out.len = sizeof indication;
	taut_pc_send_failed(s->peer.pc, now, &out, 105);
	assert_true(duo_path_stat(s, "bytesDiscardedOnSend") == more + 8);
	indication[36] = 1; /* a check */
	taut_pc_send_failed(s->peer.pc, now, &out, 105);
	indication[34] = 1; /* longer than it is */
	taut_pc_send_failed(s->peer.pc, now, &out, 105);
	indication[1] = 4; /* a Refresh */
	indication[34] = 0;
	indication[36] = 20;
	taut_pc_send_failed(s->peer.pc, now, &out, 105);
	assert_true(duo_path_stat(s, "packetsDiscardedOnSend") == 2);
	duo_end(&d);
}

/* ---- time ---- */

static void a_call_of_an_hour_keeps_what_it_needs(void **state)
{
	struct duo_config cfg = hidden;
	struct duo d;

	(void)state;
	cfg.turn.nonce_life = 7 * MINUTE;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 13; i++) {
		duo_talk(&d, SECOND);
		duo_wait(&d, 5 * MINUTE);
	}
	assert_int_equal(world_turn_count(&d.turn), 2);
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	duo_end(&d);
}

static void closing_gives_the_allocation_back(void **state)
{
	struct duo d;

	(void)state;
	duo_begin(&d, &hidden);
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(world_turn_count(&d.turn), 2);
	duo_close(&d, 0);
	duo_wait(&d, SECOND); /* the other hears it through the server, and gives its own back */
	assert_int_equal(d.side[1].state, TAUT_STATE_CLOSED);
	assert_int_equal(world_turn_count(&d.turn), 0);
	duo_end(&d);
}

/* HOSTILE E18: at each datagram of the way up. */
static void closing_or_freeing_while_an_allocation_is_pending_is_safe(void **state)
{
	(void)state;
	for (int frees = 0; frees < 2; frees++)
		for (int ms = 0; ms < 400; ms += 7) {
			struct duo d;
			duo_begin(&d, &hidden);
			duo_start(&d);
			duo_wait(&d, ms * 1000);
			if (frees) {
				taut_pc_free(d.side[0].peer.pc);
				d.side[0].peer.pc = NULL;
			} else {
				duo_close(&d, 0);
			}
			duo_wait(&d, 2 * SECOND);
			if (!frees) /* the other's alone: nothing is forgotten on the server */
				assert_true(world_turn_count(&d.turn) <= 1);
			duo_end(&d);
		}
}

/* ---- restarts ---- */

static void a_restart_keeps_the_allocation(void **state)
{
	struct duo d;

	(void)state;
	duo_begin(&d, &hidden);
	assert_true(duo_meet_for_good(&d));
	for (int i = 0; i < 2; i++) {
		const taut_time before = d.side[i].nominated_at;
		duo_restart(&d, i);
		duo_talk(&d, SECOND);
		duo_wait(&d, 5 * SECOND);
		assert_true(d.side[i].nominated_at > before);
		assert_true(goes_by(&d.side[i], "relay ", "relay "));
		duo_talk(&d, SECOND);
	}
	assert_int_equal(world_turn_count(&d.turn), 2);
	duo_end(&d);
}

static void a_restart_replaces_an_allocation_that_the_server_has_lost(void **state)
{
	struct duo d;

	(void)state;
	duo_begin(&d, &hidden);
	assert_true(duo_meet_for_good(&d));
	world_turn_restart(&d.turn);
	duo_wait(&d, 13 * SECOND);
	assert_int_equal(d.side[0].state, TAUT_STATE_DISCONNECTED);
	duo_restart(&d, 0);
	duo_wait(&d, 8 * SECOND);
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	assert_int_equal(world_turn_count(&d.turn), 2);
	duo_talk(&d, SECOND);
	duo_end(&d);
}

static void an_allocation_that_is_lost_ends_the_path(void **state)
{
	struct duo d;

	(void)state;
	duo_begin(&d, &hidden);
	assert_true(duo_meet_for_good(&d));
	duo_wait(&d, 225 * SECOND);
	world_turn_restart(&d.turn);
	duo_wait(&d, 20 * SECOND); /* the permission's turn comes before consent expires */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d.side[i].state, TAUT_STATE_FAILED);
		assert_int_equal(d.side[i].reason, TAUT_REASON_ICE_NO_PAIR);
		assert_string_equal(d.side[i].why, "the TURN allocation in use is gone");
	}
	duo_end(&d);
}

static void an_interface_that_goes_takes_its_allocation_along(void **state)
{
	struct duo d;

	(void)state;
	duo_begin(&d, &hidden);
	assert_true(duo_meet_for_good(&d));
	world_iface_up(d.world, d.side[0].iface, false);
	duo_wait(&d, SECOND);
	assert_int_equal(d.side[0].state, TAUT_STATE_FAILED);
	world_iface_up(d.world, d.side[0].iface, true);
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.side[0].state, TAUT_STATE_CONNECTED);
	duo_talk(&d, SECOND);
	duo_end(&d);
}

/* ---- servers that are of no help ---- */

static void a_server_that_is_of_no_help_holds_nobody_up(void **state)
{
	static const struct {
		enum world_turn_fault fault;
		const char *password;
		int seconds; /* until gathering is done */
		unsigned code;
		const char *why;
	} rows[] = {
		{ WORLD_TURN_SILENT, NULL, 9, 701, "the TURN server does not answer" },
		{ WORLD_TURN_ALWAYS_401, NULL, 1, 401, "it does not accept the username" },
		{ WORLD_TURN_ALWAYS_438, NULL, 1, 438, "again and again" },
		{ WORLD_TURN_ALWAYS_300, NULL, 1, 300, "it names no other server" },
		{ WORLD_TURN_WRONG_MAC, NULL, 9, 701, "not signed with the password" },
		{ WORLD_TURN_FAIR, "wrong", 1, 401, "it does not accept the username" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct duo_config cfg = {
			.side = { { .turn = true, .password = rows[i].password }, { 0 } }
		};
		struct duo d;
		duo_begin(&d, &cfg);
		d.turn.fault = rows[i].fault;
		assert_true(duo_meet(&d, 2));
		duo_wait(&d, 20 * SECOND);
		assert_int_equal(d.side[0].candidates[3], 0);
		assert_true(d.side[0].gathered_at > 0 &&
			    d.side[0].gathered_at - d.world->start < rows[i].seconds * SECOND);
		assert_true(d.turn.requests < 12);
		assert_int_equal(d.side[0].errors, 1);
		assert_int_equal(d.side[0].error_code, rows[i].code);
		assert_string_equal(d.side[0].error_url, "turn:" DUO_TURN);
		assert_non_null(strstr(d.side[0].error_text, rows[i].why));
		assert_non_null(strstr(d.side[0].error_text, "(asked from 192.0.2.1:"));
		assert_int_equal(d.side[1].errors, 0);
		duo_end(&d);
	}
}

/* Once for each and generation, whatever it is. */
static void what_a_server_does_not_do_is_told(void **state)
{
	struct duo_config cfg = { .side = { { .turn = true, .url = "turn:nobody.example:5" },
					    { .ipv6 = true, .turn = true } } };
	struct duo d;

	(void)state;
	cfg.turn.quota = 1;
	duo_begin(&d, &cfg);
	d.stun.silent = true;
	d.turn.fault = WORLD_TURN_SILENT;
	duo_start(&d);
	duo_wait(&d, 20 * SECOND);
	/* A name that nobody knows, and a silent STUN server. */
	assert_int_equal(d.side[0].errors, 2);
	assert_int_equal(d.side[0].errors_with_address, 1); /* who had no address was not asked */
	assert_int_equal(d.side[0].error_code, 701);
	assert_string_equal(d.side[0].error_url, "stun:" DUO_STUN);
	assert_non_null(strstr(d.side[0].error_text, "it does not answer"));
	assert_non_null(strstr(d.side[0].error_text, d.side[0].error_from));
	assert_true(strchr(d.side[0].error_from, ':') != NULL);
	assert_int_equal(d.side[1].errors, 1);
	assert_string_equal(d.side[1].error_url, "turn:[" DUO_TURN6 "]");
	duo_restart(&d, 0);
	duo_wait(&d, 20 * SECOND);
	assert_int_equal(d.side[0].errors, 4);
	duo_end(&d);
}

static void another_server_takes_over(void **state)
{
	struct world_turn other;
	const struct taut_addr at = world_addr("203.0.113.3", 0);
	struct duo_config cfg = hidden;
	struct duo d;

	(void)state;
	cfg.turn.alternate[0] = world_addr("203.0.113.3", WORLD_TURN_PORT);
	duo_begin(&d, &cfg);
	cfg.turn.users[0] = (struct world_turn_user){ DUO_USER, DUO_PASSWORD };
	world_turn_add(d.world, &other, &cfg.turn);
	world_add_iface(d.world, other.host, WORLD_INTERNET, &at, NULL, NULL);
	d.turn.fault = WORLD_TURN_ALWAYS_300;
	assert_true(duo_meet_for_good(&d));
	assert_true(goes_by(&d.side[0], "relay 203.0.113.3", "relay 203.0.113.3"));
	assert_int_equal(world_turn_count(&other), 2);
	world_turn_free(&other);
	duo_end(&d);
}

static void old_and_anonymous_servers_are_understood(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct duo_config cfg = hidden;
		struct duo d;
		cfg.turn.old = i == 0;
		cfg.turn.anonymous = i == 1;
		duo_begin(&d, &cfg);
		assert_true(duo_meet_for_good(&d));
		duo_end(&d);
	}
}

/* Permissions are refused one by one: the address that is forbidden costs only itself. */
static void a_peer_that_the_server_forbids_is_not_reached(void **state)
{
	struct duo_config cfg = { .side = { { .nat = &symmetric, .turn = true },
					    { .nat = &symmetric } } };
	struct duo d;

	(void)state;
	cfg.turn.forbids_private = true; /* the peer's host candidate */
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_true(goes_by(&d.side[0], "relay ", "prflx 198.51.100.2"));
	duo_end(&d);
}

static void without_a_relay_the_policy_relay_fails_and_says_so(void **state)
{
	struct duo_config cfg = hidden;
	struct duo d;

	(void)state;
	cfg.side[0].password = "wrong";
	duo_begin(&d, &cfg);
	assert_false(duo_meet(&d, 60));
	assert_int_equal(d.side[0].state, TAUT_STATE_FAILED);
	assert_int_equal(d.side[0].reason, TAUT_REASON_ICE_NO_PAIR);
	duo_end(&d);
}

/* RFC 8445 section 11: a NAT that forgets what is silent for 30 s would give the socket another mapping, and the
 * server would not know the allocation by it. */
static void a_relay_in_reserve_is_kept_reachable(void **state)
{
	const struct world_nat_config forgetful = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						    .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						    .timeout = 30 * SECOND };
	const struct duo_config cfg = { .side = { { .nat = &forgetful, .turn = true } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	assert_null(strstr(d.side[0].path, "relay"));
	const unsigned before = d.side[0].candidates[3];
	char relay[200];
	assert_true(before > 0);
	(void)snprintf(relay, sizeof relay, "%s", strchr(d.side[0].candidate[3], ' '));
	*strstr(relay, " raddr") = '\0';
	duo_wait(&d, 100 * SECOND);
	duo_restart(&d, 0);
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.side[0].candidates[3], 2 * before);  /* told again */
	assert_non_null(strstr(d.side[0].candidate[3], relay)); /* and it is the same */
	assert_int_equal(world_turn_count(&d.turn), 1);
	duo_end(&d);
}

/* ---- 437: RFC 8656 section 7.4 ---- */

static void another_port_is_tried_where_the_first_one_is_taken(void **state)
{
	static const char *const urls[] = { "turn:" DUO_TURN, "turn:" DUO_TURN "?transport=tcp" };

	(void)state;
	for (size_t u = 0; u < TT_COUNT(urls); u++)
		for (unsigned taken = 1; taken <= 2; taken++) {
			struct duo_config cfg = hidden;
			struct duo d;
			cfg.side[0].url = urls[u];
			cfg.side[1].turn = false;
			cfg.side[1].relay_only = false;
			duo_begin(&d, &cfg);
			d.turn.mismatches = taken;
			assert_true(duo_meet_for_good(&d));
			assert_int_equal(d.side[0].errors, 0);
			assert_int_equal(d.side[0].candidates[3], 2);
			assert_true(goes_by(&d.side[0], "relay ", "host "));
			/* The ports that were of no use are closed again. */
			assert_int_equal(open_flows(&d.side[0].peer), 2);
			duo_talk(&d, SECOND);
			duo_restart(&d, 0); /* asks whether it is still there, and no other port */
			duo_wait(&d, 3 * SECOND);
			assert_int_equal(world_turn_count(&d.turn), 1);
			duo_talk(&d, SECOND);
			duo_end(&d);
		}
}

static void after_three_ports_the_server_has_two_minutes_of_peace(void **state)
{
	struct duo_config cfg = { .side = { { .turn = true }, { 0 } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	d.turn.mismatches = 1000;
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(d.turn.mismatches, 1000 - 3);
	assert_int_equal(d.side[0].errors, 1);
	assert_int_equal(d.side[0].error_code, 437);
	assert_non_null(strstr(d.side[0].error_text, "each of three ports"));
	assert_int_equal(open_flows(&d.side[0].peer), 1);
	duo_restart(&d, 0);
	duo_wait(&d, 3 * SECOND);
	assert_int_equal(d.turn.mismatches, 1000 - 3);
	assert_int_equal(d.side[0].errors, 2);
	assert_int_equal(d.side[0].error_code, 437);
	assert_non_null(strstr(d.side[0].error_text, "two minutes ago"));
	duo_wait(&d, 2 * MINUTE);
	d.turn.mismatches = 0;
	duo_restart(&d, 0);
	duo_wait(&d, 3 * SECOND);
	assert_int_equal(d.side[0].errors, 2);
	assert_int_equal(d.side[0].candidates[3], 2);
	duo_end(&d);
}

/* Two ports are taken, and of the third nobody knows: that is silence, after which a restart asks again. */
static void a_third_port_without_an_answer_is_not_taken(void **state)
{
	static const char *const urls[] = { "turn:" DUO_TURN, "turn:" DUO_TURN "?transport=tcp" };

	(void)state;
	for (size_t u = 0; u < TT_COUNT(urls); u++) {
		const struct duo_config cfg = { .side = { { .turn = true, .url = urls[u] },
							  { 0 } } };
		struct duo d;
		duo_begin(&d, &cfg);
		d.turn.mismatches = 2;
		duo_start(&d);
		while (d.turn.mismatches > 0)
			duo_wait(&d, 1000);
		world_outage(d.world, d.turn_iface, WORLD_OUT | WORLD_IN, d.world->now,
			     20 * SECOND);
		duo_wait(&d, 30 * SECOND);
		assert_int_equal(d.side[0].errors, 1);
		assert_int_equal(d.side[0].error_code, 701);
		assert_null(strstr(d.side[0].error_text, "three ports"));
		duo_restart(&d, 0);
		duo_wait(&d, 3 * SECOND);
		assert_int_equal(d.side[0].errors, 1);
		assert_int_equal(d.side[0].candidates[3], 2); /* of either family */
		duo_end(&d);
	}
}

static void without_another_socket_the_first_437_counts(void **state)
{
	struct duo_config cfg = { .side = { { .turn = true }, { 0 } } };
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	d.turn.mismatches = 1000;
	d.side[0].peer.cfg.sockets = 1;
	assert_true(duo_meet_for_good(&d));
	assert_int_equal(d.turn.mismatches, 1000 - 1);
	assert_int_equal(d.side[0].errors, 1);
	assert_int_equal(d.side[0].error_code, 437);
	assert_true(d.side[0].gathered_at > 0);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_symmetric_nats_are_bridged),
		cmocka_unit_test(a_candidate_names_the_server_that_it_comes_from),
		cmocka_unit_test(with_the_policy_relay_nothing_else_is_told_or_used),
		cmocka_unit_test(what_is_relayed_is_measured_without_its_wrapping),
		cmocka_unit_test(with_the_policy_relay_checks_from_elsewhere_are_not_answered),
		cmocka_unit_test(the_answer_shows_the_reflexive_address_as_well),
		cmocka_unit_test(a_relay_joins_ipv4_and_ipv6),
		cmocka_unit_test(what_carries_data_has_four_octets_more),
		cmocka_unit_test(equal_packets_leave_as_a_run),
		cmocka_unit_test(what_no_socket_takes_is_told_without_its_wrapping),
		cmocka_unit_test(a_call_of_an_hour_keeps_what_it_needs),
		cmocka_unit_test(closing_gives_the_allocation_back),
		cmocka_unit_test(closing_or_freeing_while_an_allocation_is_pending_is_safe),
		cmocka_unit_test(another_port_is_tried_where_the_first_one_is_taken),
		cmocka_unit_test(after_three_ports_the_server_has_two_minutes_of_peace),
		cmocka_unit_test(a_third_port_without_an_answer_is_not_taken),
		cmocka_unit_test(without_another_socket_the_first_437_counts),
		cmocka_unit_test(a_restart_keeps_the_allocation),
		cmocka_unit_test(a_relay_in_reserve_is_kept_reachable),
		cmocka_unit_test(a_restart_replaces_an_allocation_that_the_server_has_lost),
		cmocka_unit_test(an_allocation_that_is_lost_ends_the_path),
		cmocka_unit_test(an_interface_that_goes_takes_its_allocation_along),
		cmocka_unit_test(a_server_that_is_of_no_help_holds_nobody_up),
		cmocka_unit_test(what_a_server_does_not_do_is_told),
		cmocka_unit_test(another_server_takes_over),
		cmocka_unit_test(old_and_anonymous_servers_are_understood),
		cmocka_unit_test(a_peer_that_the_server_forbids_is_not_reached),
		cmocka_unit_test(without_a_relay_the_policy_relay_fails_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
