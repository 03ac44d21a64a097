/* One socket for many connections, over loopback: a loop that shares its socket serves clients that
 * have one each. What an attacker sends under an address not his own is put where the socket would
 * have it (spoof). */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/io_loop.h"
#include "stun/stun.h"

enum { DEADLINE = 20000000, PAIRS = 50, TEXT = 32, PACKET = 512 };

struct end {
	struct world *w;
	struct end *other;
	taut_loop *loop;
	taut_pc *pc;
	taut_channel channel;
	uint32_t state;
	bool open;
	size_t got;
	char last[TEXT];
	bool free_all; /* with its next message */
	bool mute;     /* tells the other no candidates */
};

struct world {
	taut_loop *server, *client;
	struct pair {
		struct end server, client;
	} pairs[PAIRS];
	size_t count;
};

static void free_everybody(struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		taut_loop_free_pc(w->server, w->pairs[i].server.pc);
		w->pairs[i].server.pc = NULL;
	}
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct end *e = user;
	(void)pc;

	if (ev->type == TAUT_EV_ICE_CANDIDATE && e->other->pc && !e->mute)
		assert_int_equal(
			taut_pc_add_ice_candidate(e->other->pc, taut_loop_now(e->loop), ev->text,
						  ev->text ? strlen(ev->text) : 0, ev->label, -1),
			TAUT_OK);
	else if (ev->type == TAUT_EV_CONNECTION_STATE)
		e->state = (uint32_t)ev->number;
	else if (ev->type == TAUT_EV_DATA_CHANNEL)
		e->channel = ev->channel;
	else if (ev->type == TAUT_EV_OPEN)
		e->open = true;
	else if (ev->type == TAUT_EV_MESSAGE) {
		assert_true(ev->len < TEXT);
		memcpy(e->last, ev->data, ev->len);
		e->last[ev->len] = '\0';
		e->got++;
		if (e->free_all)
			free_everybody(e->w);
	}
}

static void late(void *flag)
{
	*(bool *)flag = true;
}

static void step_both(struct world *w)
{
	assert_int_equal(taut_loop_step(w->server, 0), TAUT_OK);
	assert_int_equal(taut_loop_step(w->client, 0), TAUT_OK);
}

static void wait_for_both(struct world *w)
{
	struct pollfd fds[] = { { .fd = taut_loop_fd(w->server), .events = POLLIN },
				{ .fd = taut_loop_fd(w->client), .events = POLLIN } };

	assert_true(poll(fds, 2, -1) >= 0);
}

#define until_both(w, condition)                                                                   \
	do {                                                                                       \
		bool is_late = false;                                                              \
		const taut_timer limit = taut_loop_after((w)->server, DEADLINE, late, &is_late);   \
		for (;;) {                                                                         \
			step_both(w);                                                              \
			if ((condition) || is_late)                                                \
				break;                                                             \
			wait_for_both(w);                                                          \
		}                                                                                  \
		taut_loop_cancel((w)->server, limit);                                              \
		assert_true(condition);                                                            \
	} while (0)

/* ---- connections ---- */

static void open_end(struct world *w, struct end *e, struct end *other, taut_loop *loop)
{
	const struct taut_config cfg = { .size = sizeof cfg };

	*e = (struct end){ .w = w, .other = other, .loop = loop };
	assert_int_equal(taut_pc_new(&e->pc, taut_loop_env(loop), &cfg, taut_loop_now(loop)),
			 TAUT_OK);
	assert_int_equal(taut_loop_add(loop, e->pc, on_event, e), TAUT_OK);
}

static void describe(struct end *from, uint32_t type)
{
	const taut_time now = taut_loop_now(from->loop);
	uint32_t got;

	assert_int_equal(taut_pc_set_local_description(from->pc, now, type, NULL, 0), TAUT_OK);
	const char *sdp = taut_pc_local_description(from->pc, &got);
	assert_non_null(sdp);
	assert_int_equal(
		taut_pc_set_remote_description(from->other->pc, now, type, sdp, strlen(sdp)),
		TAUT_OK);
}

static void call(struct pair *p)
{
	struct world *w = p->server.w;
	const struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };

	assert_int_equal(taut_pc_create_data_channel(p->client.pc, taut_loop_now(w->client), &chat,
						     &p->client.channel),
			 TAUT_OK);
	describe(&p->client, TAUT_SDP_OFFER);
	describe(&p->server, TAUT_SDP_ANSWER);
}

static bool is_up(const struct pair *p)
{
	return p->client.open && p->client.state == TAUT_STATE_CONNECTED &&
	       p->server.state == TAUT_STATE_CONNECTED && p->server.channel;
}

static bool all_up(const struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (!is_up(&w->pairs[i]))
			return false;
	return true;
}

static struct pair *add_pair(struct world *w)
{
	struct pair *p = &w->pairs[w->count++];

	open_end(w, &p->server, &p->client, w->server);
	open_end(w, &p->client, &p->server, w->client);
	call(p);
	return p;
}

static struct world *open_world(size_t pairs, uint32_t more)
{
	const struct taut_loop_config server = {
		.size = sizeof server,
		.flags = TAUT_LOOP_ONE_SOCKET | TAUT_LOOP_LOOPBACK_ONLY | TAUT_LOOP_NO_IPV6 | more,
	};
	const struct taut_loop_config client = {
		.size = sizeof client,
		.flags = TAUT_LOOP_LOOPBACK_ONLY | TAUT_LOOP_NO_IPV6 | more,
	};
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_int_equal(taut_loop_new(&w->server, &server), TAUT_OK);
	assert_int_equal(taut_loop_new(&w->client, &client), TAUT_OK);
	for (size_t i = 0; i < pairs; i++)
		add_pair(w);
	until_both(w, all_up(w));
	return w;
}

static void close_world(struct world *w)
{
	taut_loop_free(w->client);
	taut_loop_free(w->server);
	free(w);
}

static void say(struct end *e, const char *text)
{
	assert_int_equal(taut_pc_send_message(e->pc, taut_loop_now(e->loop), e->channel, 0, text,
					      strlen(text)),
			 TAUT_OK);
}

static void says_and_is_heard(struct end *e, const char *text)
{
	const size_t before = e->other->got;

	say(e, text);
	until_both(e->w, e->other->got > before);
	assert_string_equal(e->other->last, text);
}

static const struct tt_io_socket *the_socket(const struct world *w)
{
	assert_non_null(w->server->shared);
	assert_null(w->server->shared->next);
	return w->server->shared;
}

/* Where the client is, as its server sees it. */
static struct taut_addr address_of(const struct pair *p)
{
	struct taut_counters c = { .size = sizeof c };

	assert_int_equal(taut_pc_get_counters(p->server.pc, &c), TAUT_OK);
	assert_true(c.remote.port != 0);
	return c.remote;
}

static uint64_t dropped(const struct world *w, uint32_t reason)
{
	return taut_loop_drop_count(w->server, reason);
}

/* ---- what it is for ---- */

static void fifty_connections_share_one_socket(uint32_t flags)
{
	struct world *w = open_world(PAIRS, flags);
	char text[TEXT];

	assert_int_equal(the_socket(w)->flow_count, PAIRS);
	for (size_t i = 0; i < PAIRS; i++) {
		(void)snprintf(text, sizeof text, "from client %zu", i);
		say(&w->pairs[i].client, text);
		(void)snprintf(text, sizeof text, "from server %zu", i);
		say(&w->pairs[i].server, text);
	}
	for (size_t i = 0; i < PAIRS; i++) {
		struct pair *p = &w->pairs[i];
		until_both(w, p->server.got == 1 && p->client.got == 1);
		(void)snprintf(text, sizeof text, "from client %zu", i);
		assert_string_equal(p->server.last, text);
		(void)snprintf(text, sizeof text, "from server %zu", i);
		assert_string_equal(p->client.last, text);
	}
	assert_int_equal(dropped(w, TAUT_DROP_SHARED_ADDRESS), 0);
	assert_int_equal(dropped(w, TAUT_DROP_SHARED_UFRAG), 0);
	close_world(w);
}

static void each_of_fifty_hears_its_own_peer(void **state)
{
	(void)state;
	fifty_connections_share_one_socket(0);
	fifty_connections_share_one_socket(TAUT_LOOP_NO_GSO | TAUT_LOOP_NO_GRO);
}

static void a_restart_goes_on_over_the_same_socket(void **state)
{
	struct world *w = open_world(2, 0);
	struct pair *p = &w->pairs[0];
	char before[TEXT];
	(void)state;

	(void)snprintf(before, sizeof before, "%s", taut_pc_ice_ufrag(p->server.pc));
	assert_int_equal(taut_pc_restart_ice(p->client.pc, taut_loop_now(w->client)), TAUT_OK);
	describe(&p->client, TAUT_SDP_OFFER);
	describe(&p->server, TAUT_SDP_ANSWER);
	assert_string_not_equal(before, taut_pc_ice_ufrag(p->server.pc));
	const uint64_t checks = taut_pc_ice_authenticated(p->server.pc);
	until_both(w, taut_pc_ice_authenticated(p->server.pc) >= checks + 2);
	says_and_is_heard(&p->client, "after the restart");
	says_and_is_heard(&w->pairs[1].client, "the other one");
	assert_int_equal(dropped(w, TAUT_DROP_SHARED_UFRAG), 0);
	close_world(w);
}

static void the_socket_lives_as_long_as_its_last_connection(void **state)
{
	struct world *w = open_world(2, 0);
	const uint16_t port = the_socket(w)->udp.local.port;
	(void)state;

	taut_loop_free_pc(w->server, w->pairs[0].server.pc);
	w->pairs[0].server.pc = NULL;
	assert_int_equal(the_socket(w)->flow_count, 1);
	says_and_is_heard(&w->pairs[1].client, "still here");
	assert_int_equal(the_socket(w)->udp.local.port, port);
	taut_loop_free_pc(w->server, w->pairs[1].server.pc);
	w->pairs[1].server.pc = NULL;
	assert_null(w->server->shared);
	close_world(w);
}

static void the_port_may_be_chosen(void **state)
{
	struct world *w = open_world(1, 0);
	const struct taut_loop_config chosen = {
		.size = sizeof chosen,
		.flags = TAUT_LOOP_ONE_SOCKET | TAUT_LOOP_LOOPBACK_ONLY | TAUT_LOOP_NO_IPV6,
		.port = the_socket(w)->udp.local.port,
	};
	const struct taut_loop_config client = {
		.size = sizeof client,
		.flags = TAUT_LOOP_LOOPBACK_ONLY | TAUT_LOOP_NO_IPV6,
	};
	const uint16_t port = chosen.port;
	(void)state;

	close_world(w);
	w = calloc(1, sizeof *w);
	assert_non_null(w);
	assert_int_equal(taut_loop_new(&w->server, &chosen), TAUT_OK);
	assert_int_equal(taut_loop_new(&w->client, &client), TAUT_OK);
	add_pair(w);
	until_both(w, all_up(w));
	assert_int_equal(the_socket(w)->udp.local.port, port);
	close_world(w);
}

static void a_handler_may_free_all_connections_of_the_socket(void **state)
{
	struct world *w = open_world(5, 0);
	(void)state;

	w->pairs[2].server.free_all = true;
	for (size_t i = 0; i < 5; i++)
		for (int k = 0; k < 10; k++)
			say(&w->pairs[i].client, "one of many");
	until_both(w, !w->pairs[2].server.pc);
	assert_null(w->server->shared);
	close_world(w);
}

/* ---- attackers ---- */

/* As if it had come from there. */
static void spoof(struct world *w, struct taut_addr from, uint8_t *buf, size_t len)
{
	const struct taut_datagram d = { .size = sizeof d,
					 .local = w->server->shared->udp.local,
					 .remote = from,
					 .buf = buf,
					 .cap = len,
					 .len = len };

	tt_io_share_recv(w->server, w->server->shared, &d);
}

/* Who gets what comes from there and is no check. */
static taut_pc *owner_of(struct world *w, struct taut_addr from)
{
	static const uint8_t media[50] = { 0x80 };
	const struct tt_route_found f =
		tt_route_find(w->server->shared->route, &from, media, sizeof media);

	if (!f.end)
		return NULL;
	return ((struct tt_io_flow *)(void *)((char *)f.end - offsetof(struct tt_io_flow, end)))
		->conn->pc;
}

static void value_of(const char *sdp, const char *key, char *out, size_t cap)
{
	const char *at = strstr(sdp, key);

	assert_non_null(at);
	at += strlen(key);
	const size_t n = strcspn(at, "\r\n");
	assert_true(n < cap);
	memcpy(out, at, n);
	out[n] = '\0';
}

/* A check of `client` for its server, with the right password or another one. */
static size_t check_of(const struct pair *p, bool knows_password, unsigned tid, uint8_t *out)
{
	uint8_t id[TT_STUN_TID_LEN] = { 0xab, (uint8_t)tid };
	char ours[64], theirs[64], password[64], username[160];
	struct tt_stun_key key;
	struct wr w = wr_make(out, PACKET);
	uint32_t type;

	const char *sdp = taut_pc_local_description(p->server.pc, &type);
	value_of(sdp, "a=ice-ufrag:", ours, sizeof ours);
	value_of(sdp, "a=ice-pwd:", password, sizeof password);
	sdp = taut_pc_local_description(p->client.pc, &type);
	value_of(sdp, "a=ice-ufrag:", theirs, sizeof theirs);
	(void)snprintf(username, sizeof username, "%s:%s", ours, theirs);
	if (!knows_password)
		password[0] ^= 1;
	assert_true(tt_stun_key_init(&key, password, strlen(password)));
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, id);
	tt_stun_put(&w, TT_STUN_USERNAME, username, strlen(username));
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 1);
	tt_stun_put_u64(&w, TT_STUN_ICE_CONTROLLING, UINT64_MAX);
	tt_stun_put_integrity(&w, &key);
	tt_stun_put_fingerprint(&w);
	tt_stun_key_free(&key);
	return tt_stun_finish(&w);
}

static void a_forged_check_takes_no_traffic(bool knows_password)
{
	struct world *w = open_world(2, 0);
	struct pair *victim = &w->pairs[0], *attacker = &w->pairs[1];
	const struct taut_addr at = address_of(victim);
	const uint64_t before = taut_pc_ice_authenticated(attacker->server.pc);
	uint8_t packet[PACKET];

	for (unsigned i = 0; i < 20; i++)
		spoof(w, at, packet, check_of(attacker, knows_password, i, packet));
	/* it was meant for the attacker's own connection and got there */
	assert_int_equal(taut_pc_ice_authenticated(attacker->server.pc) - before,
			 knows_password ? 20 : 0);
	assert_ptr_equal(owner_of(w, at), victim->server.pc);
	says_and_is_heard(&victim->client, "is it still you?");
	says_and_is_heard(&victim->server, "it is");
	says_and_is_heard(&attacker->client, "no harm done to me");
	close_world(w);
}

static void a_spoofed_address_does_not_take_traffic_without_the_password(void **state)
{
	(void)state;
	a_forged_check_takes_no_traffic(false);
}

static void nor_with_the_password_of_another_connection(void **state)
{
	(void)state;
	a_forged_check_takes_no_traffic(true);
}

static void a_candidate_at_the_victims_address_takes_no_traffic(void **state)
{
	struct world *w = open_world(1, 0);
	struct pair *victim = &w->pairs[0], *attacker = &w->pairs[w->count++];
	char line[128];
	(void)state;

	open_end(w, &attacker->server, &attacker->client, w->server);
	open_end(w, &attacker->client, &attacker->server, w->client);
	attacker->client.mute = attacker->server.mute = true;
	(void)snprintf(line, sizeof line,
		       "candidate:1 1 udp 2130706431 127.0.0.1 %u typ host generation 0",
		       address_of(victim).port);
	call(attacker);
	assert_int_equal(taut_pc_add_ice_candidate(attacker->server.pc, taut_loop_now(w->server),
						   line, strlen(line), "0", -1),
			 TAUT_OK);
	until_both(w, taut_pc_drop_count(victim->client.pc, TAUT_DROP_ICE_USERNAME) > 0);
	assert_ptr_equal(owner_of(w, address_of(victim)), victim->server.pc);
	says_and_is_heard(&victim->client, "I hear strange checks");
	says_and_is_heard(&victim->server, "go on");
	close_world(w);
}

static void what_is_nobodys_is_counted_and_not_answered(void **state)
{
	struct world *w = open_world(1, 0);
	const struct taut_addr stranger = { .family = 4, .port = 9, .ip = { 192, 0, 2, 1 } };
	uint8_t packet[PACKET] = { 0 };
	struct taut_counters c = { .size = sizeof c }, after = { .size = sizeof after };
	(void)state;

	spoof(w, stranger, packet, check_of(&w->pairs[0], false, 1, packet)); /* shows nothing */
	assert_int_equal(taut_pc_get_counters(w->pairs[0].server.pc, &c), TAUT_OK);
	size_t len = check_of(&w->pairs[0], true, 1, packet);
	packet[TT_STUN_HEADER_LEN + 4] ^= 0x20; /* of our fragment */
	spoof(w, stranger, packet, len);
	assert_int_equal(dropped(w, TAUT_DROP_SHARED_UFRAG), 1);
	static const uint8_t firsts[] = { 0, 22, 64, 127, 128, 200, 255 };
	for (size_t i = 0; i < sizeof firsts; i++) {
		packet[0] = firsts[i];
		spoof(w, stranger, packet, firsts[i] ? len : 5);
	}
	spoof(w, stranger, packet, 0);
	assert_int_equal(dropped(w, TAUT_DROP_SHARED_ADDRESS), sizeof firsts + 1);
	assert_int_equal(dropped(w, TAUT_DROP_SHARED_UFRAG), 1);
	assert_int_equal(taut_pc_get_counters(w->pairs[0].server.pc, &after), TAUT_OK);
	assert_int_equal(c.packets_received, after.packets_received);
	close_world(w);
}

/* What UDP_GRO joins comes from one address, and need not be for one connection. */
static void the_packets_of_a_run_go_each_their_own_way(void **state)
{
	struct world *w = open_world(2, 0);
	struct pair *a = &w->pairs[0], *b = &w->pairs[1];
	const struct taut_addr at = address_of(a);
	uint8_t packet[PACKET], run[4 * PACKET];
	struct taut_counters ca = { .size = sizeof ca }, cb = { .size = sizeof cb }, ca2, cb2;
	(void)state;

	const size_t len = check_of(b, false, 1, packet);
	memset(run, 200, sizeof run);
	memcpy(run + 2 * len, packet, len);
	assert_int_equal(taut_pc_get_counters(a->server.pc, &ca), TAUT_OK);
	assert_int_equal(taut_pc_get_counters(b->server.pc, &cb), TAUT_OK);
	const struct taut_datagram d = { .size = sizeof d,
					 .local = w->server->shared->udp.local,
					 .remote = at,
					 .buf = run,
					 .cap = sizeof run,
					 .len = 3 * len + 7,
					 .segment = (uint16_t)len };
	tt_io_share_recv(w->server, w->server->shared, &d);
	ca2 = cb2 = (struct taut_counters){ .size = sizeof ca2 };
	assert_int_equal(taut_pc_get_counters(a->server.pc, &ca2), TAUT_OK);
	assert_int_equal(taut_pc_get_counters(b->server.pc, &cb2), TAUT_OK);
	assert_int_equal(ca2.packets_received - ca.packets_received, 3); /* 2, and the short one */
	assert_int_equal(cb2.packets_received - cb.packets_received, 1);
	assert_int_equal(ca2.bytes_received - ca.bytes_received, 2 * len + 7);
	close_world(w);
}

/* A page that is loaded anew may get the port it had: the old connection hears nothing more. */
static void who_comes_back_at_the_same_address_has_it(void **state)
{
	const struct taut_loop_config one = {
		.size = sizeof one,
		.flags = TAUT_LOOP_ONE_SOCKET | TAUT_LOOP_LOOPBACK_ONLY | TAUT_LOOP_NO_IPV6,
	};
	struct world *w = calloc(1, sizeof *w);
	(void)state;

	assert_non_null(w);
	assert_int_equal(taut_loop_new(&w->server, &one), TAUT_OK);
	assert_int_equal(taut_loop_new(&w->client, &one), TAUT_OK); /* all at one address */
	struct pair *old = add_pair(w);
	until_both(w, is_up(old));
	const struct taut_addr at = address_of(old);
	struct pair *fresh = add_pair(w);
	until_both(w, w->client->shared->flow_count == 2); /* so that the socket stays */
	taut_loop_free_pc(w->client, old->client.pc);      /* without a word */
	old->client.pc = NULL;
	until_both(w, is_up(fresh));
	const struct taut_addr again = address_of(fresh);
	assert_int_equal(at.port, again.port);
	assert_ptr_equal(owner_of(w, at), fresh->server.pc);
	says_and_is_heard(&fresh->client, "here I am again");
	says_and_is_heard(&fresh->server, "welcome back");
	close_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_fifty_hears_its_own_peer),
		cmocka_unit_test(a_restart_goes_on_over_the_same_socket),
		cmocka_unit_test(the_socket_lives_as_long_as_its_last_connection),
		cmocka_unit_test(the_port_may_be_chosen),
		cmocka_unit_test(a_handler_may_free_all_connections_of_the_socket),
		cmocka_unit_test(a_spoofed_address_does_not_take_traffic_without_the_password),
		cmocka_unit_test(nor_with_the_password_of_another_connection),
		cmocka_unit_test(a_candidate_at_the_victims_address_takes_no_traffic),
		cmocka_unit_test(what_is_nobodys_is_counted_and_not_answered),
		cmocka_unit_test(the_packets_of_a_run_go_each_their_own_way),
		cmocka_unit_test(who_comes_back_at_the_same_address_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
