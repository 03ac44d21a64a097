/* Candidates over TCP of one agent, whose connections are made, taken and ended by hand: RFC 6544. Whole calls are
 * in tests/sim/test_ice_tcp.c. */
#include "stream_rig.h"

#include "ice/ice_agent.h"
#include "taut/drop.h"

enum { BOTH = TT_ICE_TCP_CONNECTS | TT_ICE_TCP_LISTENS };

static const char peer_ufrag[] = "abcd", peer_pwd[] = "0123456789abcdef0123456789";

static void begin(struct rig *r, uint8_t tcp)
{
	assert_true(begin_with(r, ALLOWED,
			       &(struct tt_ice_config){ .controlling = true,
							.tcp = tcp,
							.next_flow = &r->next_flow }));
	assert_int_equal(tt_ice_set_remote(r->ice, r->now, peer_ufrag, peer_pwd, false), TAUT_OK);
}

static void add(struct rig *r, enum tt_ice_tcp how, const char *at, uint16_t port)
{
	const struct tt_ice_candidate c = { .type = TT_ICE_HOST,
					    .tcp = true,
					    .tcptype = how,
					    .component = 1,
					    .foundation = "1",
					    .priority = 1000,
					    .addr = ip(at, port) };

	tt_ice_add_remote(r->ice, r->now, &c);
	answer_io(r);
}

/* The peer's check over a connection that came; it is answered. */
static void check_comes(struct rig *r, taut_flow flow, const struct taut_addr *from)
{
	const struct taut_addr here = ip("192.0.2.1", 5999);
	char name[80];
	uint8_t pkt[300], tid[TT_STUN_TID_LEN] = { 7 };
	struct wr w = wr_make(pkt, sizeof pkt);
	struct tt_stun_key k;

	(void)snprintf(name, sizeof name, "%s:%s", tt_ice_local_ufrag(r->ice), peer_ufrag);
	assert_true(
		tt_stun_key_init(&k, tt_ice_local_pwd(r->ice), strlen(tt_ice_local_pwd(r->ice))));
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put(&w, TT_STUN_USERNAME, name, strlen(name));
	tt_stun_put_u64(&w, TT_STUN_ICE_CONTROLLED, 1);
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 1);
	tt_stun_put_integrity(&w, &k);
	tt_stun_put_fingerprint(&w);
	tt_stun_key_free(&k);
	assert_int_equal(tt_ice_recv(r->ice, r->now, flow, &here, from, pkt, tt_stun_finish(&w)),
			 0);
}

static taut_flow knock(struct rig *r, const struct taut_addr *from)
{
	const struct taut_addr here = ip("192.0.2.1", 5999);

	return tt_ice_accept(r->ice, r->now, r->stream, &here, from);
}

static unsigned told(const struct rig *r, enum tt_ice_tcp how, uint16_t port)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->told_count; i++)
		n += r->told[i].tcp && r->told[i].tcptype == how && r->told[i].addr.port == port;
	return n;
}

static void an_address_connects_from_port_9_and_listens_where_it_was_answered(void **state)
{
	struct rig r;
	(void)state;

	begin(&r, BOTH);
	assert_int_equal(r.io.kind, TAUT_IO_LISTEN);
	assert_int_equal(r.io.local.port, 0);
	listen(&r);
	assert_int_equal(told(&r, TT_ICE_ACTIVE, 9), 1);
	assert_int_equal(r.told_count, 2); /* and that of UDP */
	assert_false(r.done);
	open_it(&r);
	listen(&r);
	assert_true(r.done);
	assert_int_equal(told(&r, TT_ICE_PASSIVE, 6000), 1);
	assert_int_equal(r.told_count, 3);
	/* Section 4.2: behind UDP, and who connects before who is connected to. */
	assert_true(r.told[0].priority > r.told[1].priority);
	assert_true(r.told[1].priority > r.told[2].priority);
	assert_int_equal(r.told[1].priority >> 24, 90);
	assert_string_not_equal(r.told[1].foundation, r.told[2].foundation);
	assert_string_not_equal(r.told[0].foundation, r.told[1].foundation);
	end(&r);
}

static void what_listens_is_told_after_a_restart_however_late_it_is_answered(void **state)
{
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_LISTENS);
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	open_it(&r); /* between the restart and gathering */
	listen(&r);
	assert_int_equal(told(&r, TT_ICE_PASSIVE, 6000), 0);
	tt_ice_gather(r.ice, r.now);
	answer_io(&r);
	listen(&r);
	assert_int_equal(told(&r, TT_ICE_PASSIVE, 6000), 1);
	assert_int_equal(asked(&r, TAUT_IO_LISTEN), 1);
	end(&r);
}

static void one_that_stops_listening_is_not_told_again(void **state)
{
	const struct taut_addr bound = ip("192.0.2.1", 6001);
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_LISTENS);
	open_it(&r);
	listen(&r);
	tt_ice_io_result(r.ice, r.now, r.stream, EMFILE, NULL, 0);
	answer_io(&r);
	assert_int_equal(r.closed, 1);
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	tt_ice_gather(r.ice, r.now);
	answer_io(&r);
	assert_int_equal(asked(&r, TAUT_IO_LISTEN), 2);
	tt_ice_io_result(r.ice, r.now, r.stream, 0, &bound, 1);
	listen(&r);
	assert_int_equal(told(&r, TT_ICE_PASSIVE, 6000), 1);
	assert_int_equal(told(&r, TT_ICE_PASSIVE, 6001), 1);
	end(&r);
}

static void only_passive_candidates_of_our_family_are_connected_to(void **state)
{
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	add(&r, TT_ICE_PASSIVE, "2001:db8::9", 5000);
	add(&r, TT_ICE_PASSIVE, "127.0.0.1", 5000);
	add(&r, TT_ICE_ACTIVE, "203.0.113.9", 9);
	add(&r, TT_ICE_SO, "203.0.113.9", 5000);
	assert_int_equal(asked(&r, TAUT_IO_TCP), 0);
	assert_int_equal(r.env.drops[TAUT_DROP_ICE_CANDIDATE], 2);
	add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
	assert_int_equal(asked(&r, TAUT_IO_TCP), 1);
	assert_int_equal(r.io.local.port, 0);
	assert_int_equal(r.io.remote.port, 5000);
	end(&r);
	/* Who connects to us needs no candidate, and to name one is no mistake. */
	begin(&r, TT_ICE_TCP_LISTENS);
	add(&r, TT_ICE_ACTIVE, "203.0.113.9", 9);
	assert_int_equal(r.env.drops[TAUT_DROP_ICE_CANDIDATE], 0);
	end(&r);
}

static void a_check_waits_for_its_connection_and_has_its_length_before_it(void **state)
{
	uint8_t buf[1500];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
	r.now += SEC;
	assert_false(tt_ice_poll_send(r.ice, r.now, &out));
	open_it(&r);
	assert_true(tt_ice_poll_send(r.ice, r.now, &out));
	assert_int_equal(out.flow, r.stream);
	assert_int_equal(out.local.port, 6000);
	assert_int_equal((size_t)buf[0] << 8 | buf[1], out.len - 2);
	assert_int_equal(buf[3], TT_STUN_BINDING);
	/* Nothing is said twice. */
	for (int i = 0; i < 30; i++) {
		r.now += SEC;
		assert_false(tt_ice_poll_send(r.ice, r.now, &out));
	}
	end(&r);
}

/* The check is whole, and the two octets before it are not. */
static void what_does_not_fit_with_its_length_is_not_sent(void **state)
{
	uint8_t whole[1500];
	struct tt_ice_out out = { .buf = whole, .cap = sizeof whole };
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
	open_it(&r);
	assert_true(tt_ice_poll_send(r.ice, r.now, &out));
	const size_t len = out.len;
	end(&r);
	for (size_t cap = len - 2; cap <= len; cap++) {
		uint8_t *tight = malloc(cap);
		assert_non_null(tight);
		out = (struct tt_ice_out){ .buf = tight, .cap = cap };
		begin(&r, TT_ICE_TCP_CONNECTS);
		add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
		open_it(&r);
		assert_int_equal(tt_ice_poll_send(r.ice, r.now, &out), cap == len);
		end(&r);
		free(tight);
	}
}

static void what_is_not_connected_in_ten_seconds_is_given_up(void **state)
{
	struct tt_ice_why w;
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
	pass(&r, 9 * SEC);
	assert_int_equal(r.closed, 0);
	pass(&r, 2 * SEC);
	assert_int_equal(r.closed, 1);
	assert_true(tt_ice_why(r.ice, 0, &w));
	assert_int_equal(w.code, TAUT_WHY_UNANSWERED);
	assert_string_equal(w.text, "1 TCP connection to the peer came to nothing");
	tt_ice_remote_end(r.ice, r.now);
	pass(&r, 30 * SEC);
	assert_int_equal(tt_ice_state(r.ice), TT_ICE_FAILED);
	end(&r);
}

static void one_whose_check_nobody_answers_is_closed(void **state)
{
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
	open_it(&r);
	pass(&r, 38 * SEC);
	assert_int_equal(r.closed, 0);
	pass(&r, 4 * SEC);
	assert_int_equal(r.closed, 1);
	end(&r);
}

static void only_what_listens_takes_connections_and_nothing_that_is_closed(void **state)
{
	const struct taut_addr from = ip("203.0.113.9", 40000);
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_LISTENS);
	assert_int_equal(knock(&r, &from), 0); /* it does not listen yet */
	open_it(&r);
	const taut_flow flow = knock(&r, &from), listener = r.stream;
	assert_true(flow != 0);
	r.stream = flow;
	assert_int_equal(knock(&r, &from), 0);
	r.stream = listener;
	tt_ice_close(r.ice, r.now);
	assert_int_equal(knock(&r, &from), 0);
	end(&r);
}

/* Whom a check showed is not called back: his address is one that only connects. */
static void who_connected_is_not_connected_to(void **state)
{
	const struct taut_addr from = ip("203.0.113.9", 40000);
	struct taut_interface two[2] = { { .size = sizeof two[0] }, { .size = sizeof two[0] } };
	struct rig r;
	(void)state;

	begin(&r, BOTH);
	open_it(&r);
	const taut_flow flow = knock(&r, &from);
	check_comes(&r, flow, &from);
	assert_int_equal(r.ice->cur->remote_count, 1);
	two[0].addr = ip("192.0.2.1", 0);
	two[1].addr = ip("192.0.2.7", 0);
	tt_ice_set_interfaces(r.ice, r.now, two, 2);
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	assert_int_equal(tt_ice_set_remote(r.ice, r.now, peer_ufrag, peer_pwd, false), TAUT_OK);
	check_comes(&r, flow, &from);
	tt_ice_gather(r.ice, r.now);
	pass(&r, SEC);
	assert_int_equal(asked(&r, TAUT_IO_TCP), 0);
	assert_int_equal(asked(&r, TAUT_IO_LISTEN), 2);
	end(&r);
}

static void a_candidate_over_tcp_is_none_over_udp(void **state)
{
	const struct tt_ice_candidate udp = { .type = TT_ICE_HOST,
					      .component = 1,
					      .foundation = "2",
					      .priority = 2000,
					      .addr = ip("203.0.113.9", 5000) };
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
	tt_ice_add_remote(r.ice, r.now, &udp);
	assert_int_equal(r.ice->cur->remote_count, 2);
	unsigned pairs = 0;
	for (int i = 0; i < r.ice->cur->pairs; i++)
		pairs += tt_ice_pair_at(r.ice->cur, i)->used;
	assert_int_equal(pairs, 2);
	end(&r);
}

static void connections_go_with_their_address(void **state)
{
	const struct taut_addr from = ip("203.0.113.9", 40000);
	struct rig r;
	(void)state;

	begin(&r, BOTH);
	open_it(&r);
	const taut_flow listener = r.stream, came = knock(&r, &from);
	add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
	const taut_flow made = r.stream;
	assert_true(came != 0 && made != listener);
	tt_ice_set_interfaces(r.ice, r.now, NULL, 0);
	answer_io(&r);
	unsigned closed = 0;
	for (size_t i = 0; i < r.asked_count; i++)
		closed += r.asked[i].kind == TAUT_IO_CLOSE &&
			  (r.asked[i].flow == listener || r.asked[i].flow == came ||
			   r.asked[i].flow == made);
	assert_int_equal(closed, 3);
	assert_false(tt_ice_is_stream(r.ice, came));
	end(&r);
}

/* Strangers have half of the places: the others are for whom we connect to. */
static void strangers_leave_room_for_our_own(void **state)
{
	struct rig r;
	(void)state;

	begin(&r, BOTH);
	open_it(&r);
	const taut_flow listener = r.stream;
	for (uint16_t i = 0; i < TT_ICE_MAX_TCP; i++) {
		const struct taut_addr from = ip("203.0.113.77", (uint16_t)(40000 + i));
		r.stream = listener;
		assert_int_equal(knock(&r, &from) != 0, i < TT_ICE_MAX_TCP / 2);
	}
	for (uint16_t i = 0; i < TT_ICE_MAX_TCP; i++)
		add(&r, TT_ICE_PASSIVE, "203.0.113.9", (uint16_t)(5000 + i));
	pass(&r, 2 * SEC);
	assert_int_equal(asked(&r, TAUT_IO_TCP), TT_ICE_MAX_TCP / 2);
	assert_int_equal(r.env.drops[TAUT_DROP_ICE_TOO_MANY_TCP], TT_ICE_MAX_TCP / 2);
	pass(&r, 12 * SEC); /* strangers are given up, and so are the first of ours */
	assert_int_equal(asked(&r, TAUT_IO_TCP), TT_ICE_MAX_TCP);
	end(&r);
}

/* All that was asked for and not refused yet is, until nothing is asked for any more. */
static void refuse_all(struct rig *r, size_t *seen)
{
	for (; *seen < r->asked_count; (*seen)++)
		if (r->asked[*seen].kind == TAUT_IO_TCP)
			tt_ice_io_result(r->ice, r->now, r->asked[*seen].flow, ECONNREFUSED, NULL,
					 0);
}

static void who_is_one_too_many_waits_until_another_is_refused(void **state)
{
	size_t seen = 0;
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	for (uint16_t i = 0; i < TT_ICE_MAX_TCP + 3; i++)
		add(&r, TT_ICE_PASSIVE, "203.0.113.9", (uint16_t)(5000 + i));
	pass(&r, 2 * SEC);
	assert_int_equal(asked(&r, TAUT_IO_TCP), TT_ICE_MAX_TCP);
	tt_ice_io_result(r.ice, r.now, r.asked[4].flow, ECONNREFUSED, NULL, 0);
	pass(&r, SEC);
	assert_int_equal(asked(&r, TAUT_IO_TCP), TT_ICE_MAX_TCP + 1);
	assert_int_equal(r.io.remote.port, 5000 + TT_ICE_MAX_TCP);
	for (int i = 0; i < 10; i++) {
		refuse_all(&r, &seen);
		pass(&r, SEC);
	}
	assert_int_equal(asked(&r, TAUT_IO_TCP), TT_ICE_MAX_TCP + 3); /* each once */
	assert_int_equal(r.env.drops[TAUT_DROP_ICE_TOO_MANY_TCP], 0);
	end(&r);
}

static void no_more_wait_than_there_are_places_for(void **state)
{
	enum { ALL = 2 * TT_ICE_MAX_REMOTE, KEPT = TT_ICE_MAX_TCP + TT_ICE_TCP_WAITING };
	struct taut_interface two[2] = { { .size = sizeof two[0] }, { .size = sizeof two[0] } };
	size_t tried = 0;
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_CONNECTS);
	two[0].addr = ip("192.0.2.1", 0);
	two[1].addr = ip("192.0.2.7", 0);
	tt_ice_set_interfaces(r.ice, r.now, two, 2);
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	assert_int_equal(tt_ice_set_remote(r.ice, r.now, peer_ufrag, peer_pwd, false), TAUT_OK);
	tt_ice_gather(r.ice, r.now);
	answer_io(&r);
	for (uint16_t i = 0; i < TT_ICE_MAX_REMOTE; i++)
		add(&r, TT_ICE_PASSIVE, "203.0.113.9", (uint16_t)(5000 + i));
	assert_int_equal(r.env.drops[TAUT_DROP_ICE_TOO_MANY_TCP], ALL - KEPT);
	for (int i = 0; i < 400; i++) {
		for (size_t k = 0; k < r.asked_count; k++)
			if (r.asked[k].kind == TAUT_IO_TCP) {
				tt_ice_io_result(r.ice, r.now, r.asked[k].flow, ECONNREFUSED, NULL,
						 0);
				tried++;
			}
		r.asked_count = 0;
		pass(&r, SEC / 20);
	}
	assert_int_equal(tried, KEPT);
	end(&r);
}

/* ---- one that works, and is not needed ---- */

/* The peer answers a check of ours. */
static void answered(struct rig *r, const struct tt_ice_out *out)
{
	const uint8_t *request = out->flow == r->stream ? out->buf + 2 : out->buf;
	uint8_t pkt[300];
	struct wr w = wr_make(pkt, sizeof pkt);
	struct tt_stun_key k;

	assert_true(tt_stun_key_init(&k, peer_pwd, strlen(peer_pwd)));
	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, request + 8);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &out->local);
	tt_stun_put_integrity(&w, &k);
	tt_stun_put_fingerprint(&w);
	tt_stun_key_free(&k);
	assert_int_equal(tt_ice_recv(r->ice, r->now, out->flow, &out->local, &out->remote, pkt,
				     tt_stun_finish(&w)),
			 0);
}

/* For so long checks are answered: of UDP only if it may. The last one over UDP in *last. */
static void meet(struct rig *r, taut_time duration, bool udp, struct tt_ice_out *last)
{
	const taut_time until = r->now + duration;
	uint8_t buf[1500];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };

	while (r->now < until) {
		answer_io(r);
		while (tt_ice_poll_send(r->ice, r->now, &out)) {
			if (udp || out.flow == r->stream)
				answered(r, &out);
			if (out.flow != r->stream)
				*last = out;
		}
		listen(r);
		r->now = tt_max64(r->now + 1, tt_min64(tt_ice_deadline(r->ice, NULL), until));
		tt_ice_tick(r->ice, r->now);
	}
}

static void one_that_works_is_closed_when_a_better_one_carries_data(void **state)
{
	const struct tt_ice_candidate udp = { .type = TT_ICE_HOST,
					      .component = 1,
					      .foundation = "2",
					      .priority = 2130706431,
					      .addr = ip("203.0.113.9", 5001) };
	(void)state;

	for (int data = 0; data < 2; data++) {
		struct tt_ice_out last = { .len = 0 };
		struct rig r;
		begin(&r, TT_ICE_TCP_CONNECTS);
		add(&r, TT_ICE_PASSIVE, "203.0.113.9", 5000);
		open_it(&r);
		tt_ice_add_remote(r.ice, r.now, &udp);
		tt_ice_remote_end(r.ice, r.now);
		meet(&r, SEC, false, &last);
		assert_int_equal(tt_ice_state(r.ice), TT_ICE_CONNECTED); /* over TCP */
		meet(&r, SEC, true, &last);
		assert_int_equal(tt_ice_state(r.ice), TT_ICE_COMPLETED);
		assert_int_equal(r.closed, 0);
		if (data) {
			tt_ice_sent_data(r.ice, r.now, 1, 100);
			tt_ice_received_data(r.ice, r.now, last.flow, &udp.addr, 100);
			tt_ice_remote_end(r.ice, r.now); /* it looks again now, not in five seconds */
		}
		meet(&r, SEC, true, &last); /* three seconds are not over yet */
		assert_int_equal(r.closed, 0);
		meet(&r, 10 * SEC, true, &last);
		assert_int_equal(r.closed, data);
		assert_int_equal(tt_ice_state(r.ice), TT_ICE_COMPLETED);
		assert_int_equal(r.ice->cur->hints.cut, 0);
		end(&r);
	}
}

/* Consent over it is all that it is kept for: it goes in the same tick, and no deadline stays behind. */
static void one_that_came_is_closed_as_soon_as_consent_over_it_ends(void **state)
{
	const struct taut_addr from = ip("203.0.113.9", 40000);
	uint8_t buf[1500];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	struct rig r;
	(void)state;

	begin(&r, TT_ICE_TCP_LISTENS);
	open_it(&r);
	r.stream = knock(&r, &from);
	check_comes(&r, r.stream, &from);
	assert_true(tt_ice_poll_send(r.ice, r.now, &out)); /* the answer */
	meet(&r, 2 * SEC, false, &out);
	assert_int_equal(tt_ice_state(r.ice), TT_ICE_CONNECTED);
	while (r.closed == 0 && r.now < 60 * SEC) {
		out = (struct tt_ice_out){ .buf = buf, .cap = sizeof buf };
		while (tt_ice_poll_send(r.ice, r.now, &out))
			;
		answer_io(&r);
		assert_true(tt_ice_deadline(r.ice, NULL) > r.now);
		r.now = tt_ice_deadline(r.ice, NULL);
		tt_ice_tick(r.ice, r.now);
	}
	assert_int_equal(r.closed, 1);
	assert_int_equal(r.ice->cur->hints.lost, TAUT_WHY_CONSENT);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_connects_from_port_9_and_listens_where_it_was_answered),
		cmocka_unit_test(what_listens_is_told_after_a_restart_however_late_it_is_answered),
		cmocka_unit_test(one_that_stops_listening_is_not_told_again),
		cmocka_unit_test(only_passive_candidates_of_our_family_are_connected_to),
		cmocka_unit_test(a_check_waits_for_its_connection_and_has_its_length_before_it),
		cmocka_unit_test(what_does_not_fit_with_its_length_is_not_sent),
		cmocka_unit_test(what_is_not_connected_in_ten_seconds_is_given_up),
		cmocka_unit_test(one_whose_check_nobody_answers_is_closed),
		cmocka_unit_test(only_what_listens_takes_connections_and_nothing_that_is_closed),
		cmocka_unit_test(who_connected_is_not_connected_to),
		cmocka_unit_test(a_candidate_over_tcp_is_none_over_udp),
		cmocka_unit_test(connections_go_with_their_address),
		cmocka_unit_test(strangers_leave_room_for_our_own),
		cmocka_unit_test(who_is_one_too_many_waits_until_another_is_refused),
		cmocka_unit_test(no_more_wait_than_there_are_places_for),
		cmocka_unit_test(one_that_works_is_closed_when_a_better_one_carries_data),
		cmocka_unit_test(one_that_came_is_closed_as_soon_as_consent_over_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
