/* Relayed candidates of one agent, against a TURN server by hand: what is told, what waits for what, and
 * every allocation that may fail. Whole calls are in tests/sim/test_turn.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice.h"
#include "stun/turn.h"

enum { MS = 1000, SEC = 1000 * MS, ALLOWED = 1 << 20, CAP = 1500 };

static const char peer_pwd[] = "0123456789abcdef0123456789";

struct rig {
	struct tt_env env;
	long allowed;
	uint64_t seed;
	bool no_random, one_random; /* one_random: none after the next */
	taut_time now;
	taut_flow next_flow;
	struct tt_ice *ice;
	/* the server */
	bool poor;           /* it allocates, and relays from no address */
	bool silent, lost;   /* lost: it knows of no allocation, until the next one */
	taut_flow resolving; /* the question for a name that came last */
	taut_flow deaf;      /* whose requests it does not hear */
	unsigned elsewhere;  /* requests to other addresses than its own */
	uint16_t permission, channel, allocate; /* error codes; 0: granted */
	unsigned allocates, permissions, channels, refreshes, released, checks;
	uint16_t number; /* of the channel that was bound */
	/* what the agent told */
	unsigned candidates[4];
	uint32_t priorities[TT_ICE_MAX_LOCAL];
	size_t priority_count;
	struct tt_ice_candidate last[4];
	bool done;
	enum tt_ice_state state;
	enum tt_ice_type local_type;
};

static void *take(void *ctx, void *p, size_t size)
{
	struct rig *r = ctx;

	if (size == 0) {
		free(p);
		return NULL;
	}
	return r->allowed-- > 0 ? realloc(p, size) : NULL;
}

static int draw(void *ctx, void *out, size_t len)
{
	struct rig *r = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(r->seed >> 56);
	}
	const int result = r->no_random ? -1 : 0;
	r->no_random |= r->one_random;
	return result;
}

static struct taut_addr ip(const char *text, uint16_t port)
{
	struct taut_addr a;

	assert_true(tt_addr_parse_ip(&a, text, strlen(text)));
	a.port = port;
	return a;
}

static struct taut_addr server_addr(void)
{
	return ip("203.0.113.2", 3478);
}

/* False: there was no memory for it. */
static bool begin(struct rig *r, long allowed, bool relay_only)
{
	static const struct tt_ice_server server = { .host = "203.0.113.2",
						     .user = "ada",
						     .password = "lovelace" };
	const struct tt_ice_config cfg = { .controlling = true,
					   .servers = &server,
					   .server_count = 1,
					   .relay_only = relay_only,
					   .next_flow = &r->next_flow };

	*r = (struct rig){ .allowed = allowed, .now = SEC, .next_flow = 1 };
	tt_env_init(&r->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							.realloc = take,
							.random = draw,
							.ctx = r });
	return tt_ice_new(&r->ice, &r->env, &cfg, r->now) == TAUT_OK;
}

static void end(struct rig *r)
{
	tt_ice_free(r->ice);
	assert_int_equal(r->env.memory, 0);
}

/* ---- the outside ---- */

static void answer_io(struct rig *r)
{
	const struct taut_io *io;

	while ((io = tt_ice_poll_io(r->ice)) != NULL) {
		struct taut_addr bound = io->local;
		bound.port = (uint16_t)(5000 + io->flow);
		if (io->kind == TAUT_IO_UDP)
			tt_ice_io_result(r->ice, r->now, io->flow, 0, &bound, 1);
		if (io->kind == TAUT_IO_RESOLVE)
			r->resolving = io->flow;
	}
}

static void listen(struct rig *r)
{
	const struct tt_ice_event *e;

	while ((e = tt_ice_poll_event(r->ice)) != NULL) {
		if (e->type == TT_ICE_EV_CANDIDATE) {
			r->candidates[e->candidate.type]++;
			r->priorities[r->priority_count++] = e->candidate.priority;
			r->last[e->candidate.type] = e->candidate;
		}
		r->done |= e->type == TT_ICE_EV_GATHERING_DONE;
		if (e->type == TT_ICE_EV_STATE)
			r->state = e->state;
		if (e->type == TT_ICE_EV_SELECTED)
			r->local_type = e->local_type;
	}
}

/* True: ICE has something to take, as pc_recv.c would give it. */
static void comes(struct rig *r, taut_flow flow, const struct taut_addr *from, uint8_t *buf,
		  size_t len)
{
	struct tt_ice_in in = { .flow = flow, .remote = *from, .buf = buf, .len = len };

	if (tt_ice_unwrap(r->ice, r->now, &in) && in.len > 0 && in.buf[0] <= 3)
		tt_ice_recv(r->ice, r->now, in.flow, &in.local, &in.remote, in.buf, in.len);
}

static void sign(struct wr *w)
{
	struct tt_stun_key k;

	assert_true(tt_stun_key_long_term(&k, TT_STUN_MD5, span_of("ada"), span_of("example"),
					  span_of("lovelace")));
	tt_stun_put_integrity(w, &k);
	tt_stun_key_free(&k);
}

static void put_grant(struct wr *w, taut_flow flow, bool poor)
{
	const struct taut_addr relayed = ip("203.0.113.2", (uint16_t)(50000 + flow)),
			       mapped = ip("198.51.100.1", (uint16_t)(6000 + flow));

	if (!poor)
		tt_stun_put_addr(w, TT_STUN_XOR_RELAYED_ADDRESS, &relayed);
	tt_stun_put_addr(w, TT_STUN_XOR_MAPPED_ADDRESS, &mapped);
	tt_stun_put_u32(w, TT_STUN_LIFETIME, 600);
}

static uint16_t verdict(struct rig *r, const struct tt_stun_msg *m)
{
	switch (m->method) {
	case TT_TURN_ALLOCATE:
		r->allocates++;
		r->lost = false;
		return r->allocate;
	case TT_TURN_CREATE_PERMISSION:
		r->permissions++;
		return r->lost ? 437 : r->permission;
	case TT_TURN_CHANNEL_BIND:
		r->channels++;
		r->number = m->channel;
		return r->channel;
	default:
		r->refreshes++;
		r->released += m->has & TT_STUN_HAS_LIFETIME && m->lifetime == 0;
		return r->lost ? 437 : 0;
	}
}

static void serve(struct rig *r, taut_flow flow, const struct tt_stun_msg *m)
{
	const struct taut_addr server = server_addr();
	const bool known = m->has & TT_STUN_HAS_INTEGRITY;
	const uint16_t code = known ? verdict(r, m) : 401;
	uint8_t buf[CAP];
	struct wr w = wr_make(buf, sizeof buf);

	tt_stun_begin(&w, code ? TT_STUN_ERROR : TT_STUN_SUCCESS, m->method, m->tid);
	if (code)
		tt_stun_put_error(&w, code, "");
	else if (m->method == TT_TURN_ALLOCATE || m->method == TT_TURN_REFRESH)
		put_grant(&w, flow, r->poor);
	if (known) {
		sign(&w);
	} else {
		tt_stun_put(&w, TT_STUN_REALM, "example", 7);
		tt_stun_put(&w, TT_STUN_NONCE, "n", 1);
	}
	comes(r, flow, &server, buf, tt_stun_finish(&w));
}

/* A check that the server has relayed, and the peer's answer. */
static void relay_check(struct rig *r, taut_flow flow, const struct taut_addr *peer,
			struct span data)
{
	const struct taut_addr server = server_addr(),
			       seen = ip("203.0.113.2", (uint16_t)(50000 + flow));
	uint8_t inner[CAP], outer[CAP];
	struct wr w = wr_make(inner, sizeof inner), o = wr_make(outer, sizeof outer);
	struct tt_stun_key k;
	struct tt_stun_msg m;

	assert_int_equal(tt_stun_read(&m, data.p, data.len), TT_STUN_OK);
	if (m.cls != TT_STUN_REQUEST || r->lost)
		return;
	r->checks++;
	assert_true(tt_stun_key_init(&k, peer_pwd, strlen(peer_pwd)));
	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, m.tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &seen);
	tt_stun_put_integrity(&w, &k);
	tt_stun_put_fingerprint(&w);
	tt_stun_key_free(&k);
	tt_stun_begin(&o, TT_STUN_INDICATION, TT_TURN_DATA, m.tid);
	tt_stun_put_addr(&o, TT_STUN_XOR_PEER_ADDRESS, peer);
	tt_stun_put(&o, TT_STUN_DATA, inner, tt_stun_finish(&w));
	comes(r, flow, &server, outer, tt_stun_finish(&o));
}

static void send_all(struct rig *r)
{
	uint8_t buf[CAP];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	const struct taut_addr server = server_addr();

	for (int n = 0; tt_ice_poll_send(r->ice, r->now, &out); n++) {
		struct tt_turn_channel c;
		struct tt_stun_msg m;
		assert_true(n < 50);
		r->elsewhere += !tt_addr_eq(&out.remote, &server);
		if (!tt_addr_eq(&out.remote, &server) || r->silent || out.flow == r->deaf)
			continue;
		if (tt_turn_channel_read(&c, buf, out.len)) {
			const struct taut_addr peer = ip("192.0.2.7", 4000);
			relay_check(r, out.flow, &peer, c.data);
			continue;
		}
		assert_int_equal(tt_stun_read(&m, buf, out.len), TT_STUN_OK);
		if (m.method == TT_TURN_SEND)
			relay_check(r, out.flow, &m.peers[0], m.data);
		else
			serve(r, out.flow, &m);
	}
}

static void run(struct rig *r, taut_time duration)
{
	const taut_time until = r->now + duration;

	for (int n = 0; r->now < until; n++) {
		assert_true(n < 20000);
		answer_io(r);
		listen(r);
		send_all(r);
		answer_io(r);
		listen(r);
		r->now = tt_max64(r->now + 1, tt_min64(tt_ice_deadline(r->ice, NULL), until));
		tt_ice_tick(r->ice, r->now);
	}
}

static void interfaces(struct rig *r, int count)
{
	struct taut_interface all[12];

	for (int i = 0; i < count; i++) {
		all[i] = (struct taut_interface){ .size = sizeof all[i], .name = "if" };
		all[i].addr = ip("10.0.0.0", 0);
		all[i].addr.ip[3] = (uint8_t)(i + 1);
	}
	(void)tt_ice_set_interfaces(r->ice, r->now, all, (size_t)count);
}

static void gather(struct rig *r, int count)
{
	interfaces(r, count);
	tt_ice_gather(r->ice, r->now);
}

static void meet_peer(struct rig *r)
{
	const struct tt_ice_candidate c = { .type = TT_ICE_HOST,
					    .component = 1,
					    .foundation = "1",
					    .priority = 2130706431,
					    .addr = ip("192.0.2.7", 4000) };

	(void)tt_ice_set_remote(r->ice, r->now, "peer", peer_pwd, false);
	(void)tt_ice_add_remote(r->ice, r->now, &c);
	tt_ice_remote_end(r->ice, r->now);
}

/* ---- candidates ---- */

static void an_allocation_makes_a_relayed_and_a_reflexive_candidate(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, false));
	gather(&r, 1);
	run(&r, 5 * SEC);
	assert_true(r.done);
	assert_int_equal(r.candidates[TT_ICE_HOST], 1);
	assert_int_equal(r.candidates[TT_ICE_SRFLX], 1);
	assert_int_equal(r.candidates[TT_ICE_RELAY], 1);
	const struct tt_ice_candidate *c = &r.last[TT_ICE_RELAY];
	const struct taut_addr mapped = ip("198.51.100.1", 6001);
	assert_int_equal(c->priority >> 24, 0); /* RFC 8445 section 5.1.2.2 */
	assert_true(tt_addr_eq(&c->related, &mapped));
	assert_string_not_equal(c->foundation, r.last[TT_ICE_SRFLX].foundation);
	end(&r);
}

/* Allocate, with the credentials, permission, check: each as soon as the one before is answered and 5 ms
 * are over (RFC 8445 section 14.2), not 50. */
static void a_relay_is_there_as_soon_as_its_server_has_answered(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	meet_peer(&r);
	gather(&r, 1);
	run(&r, 5 * MS);
	assert_int_equal(r.candidates[TT_ICE_RELAY], 0);
	run(&r, MS);
	assert_int_equal(r.candidates[TT_ICE_RELAY], 1);
	run(&r, 11 * MS);
	assert_int_equal(r.checks, 1);
	assert_int_equal(r.state, TT_ICE_CONNECTED);
	end(&r);
}

static void with_the_policy_relay_there_is_one_and_it_says_nothing_of_us(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	gather(&r, 1);
	run(&r, 5 * SEC);
	assert_true(r.done);
	assert_int_equal(r.candidates[TT_ICE_HOST] + r.candidates[TT_ICE_SRFLX], 0);
	assert_int_equal(r.candidates[TT_ICE_RELAY], 1);
	assert_true(tt_addr_is_any(&r.last[TT_ICE_RELAY].related));
	assert_int_equal(r.last[TT_ICE_RELAY].related.port, 9);
	end(&r);
}

static void so_many_allocations_and_no_more(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, false));
	gather(&r, 12);
	run(&r, 10 * SEC);
	assert_true(r.done);
	assert_int_equal(r.allocates, TT_ICE_MAX_RELAYS);
	assert_int_equal(r.candidates[TT_ICE_RELAY], TT_ICE_MAX_RELAYS);
	for (size_t i = 0; i < r.priority_count; i++) /* RFC 8445 section 5.1.2 */
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(r.priorities[i], r.priorities[k]);
	tt_ice_gather(r.ice, r.now); /* again is harmless */
	run(&r, SEC);
	assert_int_equal(r.allocates, TT_ICE_MAX_RELAYS);
	end(&r);
}

static void a_refusal_or_silence_ends_gathering_without_one(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig r;
		assert_true(begin(&r, ALLOWED, false));
		r.allocate = i == 0 ? 486 : 0;
		r.silent = i == 1;
		gather(&r, 1);
		if (i == 2) { /* no random number, no request */
			answer_io(&r);
			r.no_random = true;
			struct taut_interface two[2] = { { .size = sizeof two[0], .name = "a" },
							 { .size = sizeof two[0], .name = "b" } };
			two[0].addr = ip("10.0.0.1", 0);
			two[1].addr = ip("10.0.0.2", 0);
			(void)tt_ice_set_interfaces(r.ice, r.now, two, 2);
			r.no_random = false;
		}
		run(&r, 7 * SEC);
		assert_int_equal(r.done, i != 1);
		run(&r, 3 * SEC);
		assert_true(r.done);
		assert_int_equal(r.candidates[TT_ICE_RELAY], i == 2 ? 2 : 0);
		end(&r);
	}
}

/* RFC 8656 section 7.3: nothing can be done with it, so it is given back, and nobody waits for more. */
static void an_allocation_that_relays_from_nowhere_ends_gathering_too(void **state)
{
	struct rig r;
	(void)state;

	assert_true(begin(&r, ALLOWED, false));
	r.poor = true;
	gather(&r, 1);
	run(&r, 2 * SEC);
	assert_int_equal(r.released, 1);
	assert_int_equal(r.candidates[TT_ICE_RELAY], 0);
	assert_true(r.done);
	end(&r);
}

static void without_a_random_number_there_is_no_allocation(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	r.no_random = true;
	gather(&r, 1);
	answer_io(&r);
	r.no_random = false;
	run(&r, SEC);
	assert_true(r.done);
	assert_int_equal(r.allocates, 0);
	end(&r);
}

/* RFC 8656 section 7.4. */
static void an_allocation_of_somebody_else_is_asked_for_on_three_ports(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, false));
	r.allocate = 437;
	gather(&r, 1);
	run(&r, 5 * SEC);
	assert_true(r.done);
	assert_int_equal(r.allocates, 3);
	end(&r);
}

/* The address goes while a socket on another port of it is asked for, is open, and has an allocation. */
static void another_port_goes_with_its_address(void **state)
{
	(void)state;
	for (int stage = 0; stage < 3; stage++) {
		struct rig r;
		assert_true(begin(&r, ALLOWED, false));
		r.allocate = 437;
		gather(&r, 1);
		for (int n = 0; r.allocates == 0; n++) {
			assert_true(n < 100);
			answer_io(&r);
			send_all(&r);
			r.now += 50000;
		}
		const struct taut_io *io = tt_ice_poll_io(r.ice);
		assert_non_null(io);
		assert_int_equal(io->kind, TAUT_IO_UDP);
		struct taut_addr bound = io->local;
		const taut_flow flow = io->flow;
		assert_int_equal(bound.port, 0);
		bound.port = 7000;
		assert_true(tt_ice_owns(r.ice, flow));
		if (stage > 0)
			assert_true(tt_ice_io_result(r.ice, r.now, flow, 0, &bound, 1));
		r.allocate = 0;
		if (stage > 1)
			run(&r, 5 * SEC);
		assert_int_equal(r.candidates[TT_ICE_RELAY], stage > 1);
		assert_int_equal(tt_ice_set_interfaces(r.ice, r.now, NULL, 0), TAUT_OK);
		bool closed = false;
		while ((io = tt_ice_poll_io(r.ice)) != NULL)
			closed |= io->kind == TAUT_IO_CLOSE && io->flow == flow;
		assert_true(closed);
		assert_false(tt_ice_owns(r.ice, flow));
		assert_false(tt_ice_io_result(r.ice, r.now, flow, 0, &bound, 1)); /* late */
		end(&r);
	}
}

/* Other servers for a pool, while a socket on another port is asked for, is open, and has an allocation. */
static void another_port_is_closed_though_its_server_is_no_more(void **state)
{
	static const struct tt_ice_server others[2] = {
		{ .host = "203.0.113.3" },
		{ .host = "203.0.113.4", .user = "ada", .password = "lovelace" },
	};

	(void)state;
	for (int row = 0; row < 6; row++) {
		struct rig r;
		assert_true(begin(&r, ALLOWED, false));
		r.allocate = 437;
		tt_ice_pool(r.ice, r.now);
		interfaces(&r, 1);
		while (r.allocates == 0) {
			answer_io(&r);
			send_all(&r);
			r.now += 50000;
		}
		const struct taut_io *io = tt_ice_poll_io(r.ice);
		struct taut_addr bound = io->local;
		const taut_flow flow = io->flow;
		bound.port = 7000;
		if (row / 2 > 0)
			assert_true(tt_ice_io_result(r.ice, r.now, flow, 0, &bound, 1));
		r.allocate = 0;
		if (row / 2 > 1)
			run(&r, 5 * SEC);
		assert_int_equal(tt_ice_set_servers(r.ice, r.now, &others[row % 2], 1), TAUT_OK);
		if (row / 2 == 0)
			assert_true(tt_ice_io_result(r.ice, r.now, flow, 0, &bound, 1));
		int closed = 0;
		while ((io = tt_ice_poll_io(r.ice)) != NULL)
			closed += io->kind == TAUT_IO_CLOSE && io->flow == flow;
		assert_int_equal(closed, 1);
		assert_false(tt_ice_owns(r.ice, flow));
		run(&r, SEC);
		end(&r);
	}
}

/* The request of kind that comes next. */
static struct taut_io next_io(struct rig *r, uint32_t kind)
{
	const struct taut_io *io = tt_ice_poll_io(r->ice);

	assert_non_null(io);
	assert_int_equal(io->kind, kind);
	return *io;
}

static const struct taut_srv targets[] = { { .priority = 1, .port = 3478, .target = "a.example" },
					   { .priority = 2, .port = 3478, .target = "b.example" } };

/* Two sockets, of which the second is not bound yet, and a domain whose first target is the server. */
static struct taut_io begin_with_a_domain(struct rig *r)
{
	static const struct tt_ice_server domain = {
		.host = "example.net", .user = "ada", .password = "lovelace", .srv = true
	};
	const struct taut_addr server = server_addr();

	assert_true(begin(r, ALLOWED, false));
	assert_int_equal(tt_ice_set_servers(r->ice, r->now, &domain, 1), TAUT_OK);
	interfaces(r, 2);
	tt_ice_pool(r->ice, r->now);
	struct taut_io first = next_io(r, TAUT_IO_UDP), second = next_io(r, TAUT_IO_UDP);
	first.local.port = 5001;
	second.local.port = 5002;
	(void)tt_ice_io_result(r->ice, r->now, first.flow, 0, &first.local, 1);
	assert_true(tt_ice_srv_result(r->ice, r->now, next_io(r, TAUT_IO_RESOLVE_SRV).flow, 0,
				      targets, 2));
	(void)tt_ice_io_result(r->ice, r->now, next_io(r, TAUT_IO_RESOLVE).flow, 0, &server, 1);
	r->deaf = first.flow;
	return second;
}

/* The first target has failed one of two sockets when the pool is thrown away: what was held back is forgotten, and the
 * domain is asked anew. */
static void a_target_held_back_is_forgotten_with_the_pool(void **state)
{
	struct rig r;

	(void)state;
	const struct taut_io second = begin_with_a_domain(&r);
	r.silent = true;
	run(&r, 2 * SEC);
	(void)tt_ice_io_result(r.ice, r.now, second.flow, 0, &second.local, 1);
	run(&r, 3 * SEC); /* 4 s for the first socket, and one less for the second */
	tt_ice_unpool(r.ice, r.now);
	tt_ice_gather(r.ice, r.now);
	bool asked = false;
	for (const struct taut_io *io; (io = tt_ice_poll_io(r.ice)) != NULL;)
		asked |= io->kind == TAUT_IO_RESOLVE_SRV;
	assert_true(asked);
	end(&r);
}

/* The first target is silent to one socket, and has no port for the other: it is shunned, the next target is not. */
static void a_target_without_ports_is_no_reason_to_shun_the_next(void **state)
{
	const struct taut_addr next = ip("203.0.113.3", 0);
	struct rig r;

	(void)state;
	const struct taut_io second = begin_with_a_domain(&r);
	r.allocate = 437;
	run(&r, 3 * SEC);
	r.silent = true;
	(void)tt_ice_io_result(r.ice, r.now, second.flow, 0, &second.local, 1);
	run(&r, 2 * SEC); /* 4 s for the first */
	assert_int_equal(r.allocates, 0);
	r.silent = false;
	run(&r, 3 * SEC);
	assert_int_equal(r.allocates, 3);
	assert_int_equal(r.elsewhere, 0);
	(void)tt_ice_io_result(r.ice, r.now, r.resolving, 0, &next, 1);
	run(&r, SEC);
	assert_true(r.elsewhere > 0);
	end(&r);
}

/* A restart without a random number for the question whether it is still there. */
static void an_allocation_that_cannot_be_confirmed_is_told_all_the_same(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, false));
	gather(&r, 1);
	run(&r, 5 * SEC);
	r.done = false;
	r.one_random = true;
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	r.one_random = r.no_random = false;
	tt_ice_gather(r.ice, r.now);
	run(&r, 5 * SEC);
	assert_true(r.done);
	assert_int_equal(r.candidates[TT_ICE_RELAY], 2);
	assert_int_equal(r.refreshes, 0);
	end(&r);
}

/* ---- pairs ---- */

static void a_check_waits_for_its_permission_and_data_gets_a_channel(void **state)
{
	struct tt_ice_path path;
	uint8_t buf[64] = { 0 };
	struct tt_turn_channel c;
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	gather(&r, 1);
	run(&r, 2 * SEC);
	r.silent = true;
	meet_peer(&r);
	run(&r, SEC);
	assert_int_equal(r.checks, 0);
	assert_int_equal(r.permissions, 0);
	r.silent = false;
	run(&r, 5 * SEC);
	assert_int_equal(r.permissions, 1);
	assert_true(r.checks > 0);
	assert_int_equal(r.state, TT_ICE_COMPLETED);
	assert_int_equal(r.local_type, TT_ICE_RELAY);
	assert_int_equal(r.channels, 1);
	assert_true(tt_ice_selected(r.ice, r.now, &path));
	assert_int_equal(path.head, TT_TURN_CHANNEL_HEAD);
	assert_true(tt_ice_may_recv(r.ice, path.flow, &path.remote));
	/* Out: the head before the data, and to the server. */
	const struct tt_ice_path data = path;
	assert_int_equal(tt_ice_wrap(r.ice, &path, buf, 10, sizeof buf), 14);
	assert_true(tt_turn_channel_read(&c, buf, 14));
	assert_int_equal(c.number, r.number);
	const struct taut_addr server = server_addr();
	assert_true(tt_addr_eq(&path.remote, &server));
	assert_int_not_equal(path.flow, data.flow);
	/* In: the same comes from the peer, on the flow that no socket has. */
	struct tt_ice_in in = { .flow = path.flow, .remote = server, .buf = buf, .len = 14 };
	assert_true(tt_ice_unwrap(r.ice, r.now, &in));
	assert_true(in.flow == data.flow && tt_addr_eq(&in.remote, &data.remote));
	assert_true(in.buf == buf + 4 && in.len == 10);
	/* What is not the server's passes as it is. */
	in = (struct tt_ice_in){ .flow = path.flow, .remote = data.remote, .buf = buf, .len = 14 };
	assert_true(tt_ice_unwrap(r.ice, r.now, &in));
	assert_int_equal(in.len, 14);
	end(&r);
}

static void a_path_that_is_gone_takes_no_data(void **state)
{
	struct tt_ice_path path;
	uint8_t buf[64] = { 0 };
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	gather(&r, 1);
	meet_peer(&r);
	run(&r, 5 * SEC);
	assert_true(tt_ice_selected(r.ice, r.now, &path));
	(void)tt_ice_set_interfaces(r.ice, r.now, NULL, 0);
	assert_int_equal(tt_ice_wrap(r.ice, &path, buf, 10, sizeof buf), 0);
	path.head = 0;
	assert_int_equal(tt_ice_wrap(r.ice, &path, buf, 10, sizeof buf), 10);
	end(&r);
}

static void a_refused_permission_fails_the_pair(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	r.permission = 403;
	gather(&r, 1);
	meet_peer(&r);
	run(&r, 5 * SEC);
	assert_int_equal(r.permissions, 1);
	assert_int_equal(r.checks, 0);
	assert_int_equal(r.state, TT_ICE_CHECKING); /* RFC 8863 */
	run(&r, 40 * SEC);
	assert_int_equal(r.state, TT_ICE_FAILED);
	end(&r);
}

/* RFC 8656 section 12.3: data goes on in indications. */
static void without_a_channel_data_goes_in_indications(void **state)
{
	struct tt_ice_path path;
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	r.channel = 508;
	gather(&r, 1);
	meet_peer(&r);
	run(&r, 20 * SEC);
	assert_int_equal(r.channels, 1);
	assert_true(tt_ice_selected(r.ice, r.now, &path));
	assert_int_equal(path.head, 36);
	assert_int_equal(r.state, TT_ICE_COMPLETED);
	end(&r);
}

static void an_allocation_that_is_lost_takes_its_path_along(void **state)
{
	struct tt_ice_path path;
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, true));
	gather(&r, 1);
	meet_peer(&r);
	run(&r, 20 * SEC);
	run(&r, 200 * SEC);
	r.lost = true;
	run(&r, 25 * SEC); /* before consent expires a permission is asked for again */
	assert_false(tt_ice_selected(r.ice, r.now, &path));
	assert_int_equal(r.state, TT_ICE_FAILED);
	assert_int_equal(r.allocates, 1); /* no other: its candidate could not be told any more */
	/* With a restart it can. */
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	tt_ice_gather(r.ice, r.now);
	meet_peer(&r);
	run(&r, 10 * SEC);
	assert_int_equal(r.allocates, 2);
	assert_true(tt_ice_selected(r.ice, r.now, &path));
	end(&r);
}

static void a_restart_that_finds_it_lost_asks_once_more(void **state)
{
	struct rig r;

	(void)state;
	for (int again = 0; again < 2; again++) {
		assert_true(begin(&r, ALLOWED, true));
		gather(&r, 1);
		meet_peer(&r);
		run(&r, 5 * SEC);
		r.lost = true;
		r.permission = again ? 437 : 0; /* the new one is lost as well */
		assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
		tt_ice_gather(r.ice, r.now);
		meet_peer(&r);
		run(&r, 20 * SEC);
		assert_int_equal(r.allocates, 2);
		assert_int_equal(r.state == TT_ICE_COMPLETED, !again);
		end(&r);
	}
}

static void closing_tells_each_server_once(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, false));
	gather(&r, 3);
	run(&r, 5 * SEC);
	tt_ice_close(r.ice, r.now);
	send_all(&r);
	assert_int_equal(r.released, 3);
	send_all(&r);
	assert_int_equal(r.released, 3);
	end(&r);
	assert_true(begin(&r, ALLOWED, false));
	tt_ice_close(r.ice, r.now); /* nothing was asked */
	send_all(&r);
	end(&r);
}

/* ---- memory ---- */

static void memory_may_end_anywhere(void **state)
{
	(void)state;
	bool complete = false;
	for (long n = 0; !complete; n++) {
		struct rig r;
		assert_true(n < 500);
		if (begin(&r, n, false)) {
			gather(&r, 2);
			meet_peer(&r);
			run(&r, 12 * SEC);
			complete = r.allowed > 0;
			tt_ice_close(r.ice, r.now);
			send_all(&r);
		}
		end(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_relay_is_there_as_soon_as_its_server_has_answered),
		cmocka_unit_test(an_allocation_makes_a_relayed_and_a_reflexive_candidate),
		cmocka_unit_test(with_the_policy_relay_there_is_one_and_it_says_nothing_of_us),
		cmocka_unit_test(so_many_allocations_and_no_more),
		cmocka_unit_test(a_refusal_or_silence_ends_gathering_without_one),
		cmocka_unit_test(an_allocation_that_relays_from_nowhere_ends_gathering_too),
		cmocka_unit_test(without_a_random_number_there_is_no_allocation),
		cmocka_unit_test(an_allocation_of_somebody_else_is_asked_for_on_three_ports),
		cmocka_unit_test(another_port_goes_with_its_address),
		cmocka_unit_test(another_port_is_closed_though_its_server_is_no_more),
		cmocka_unit_test(a_target_held_back_is_forgotten_with_the_pool),
		cmocka_unit_test(a_target_without_ports_is_no_reason_to_shun_the_next),
		cmocka_unit_test(an_allocation_that_cannot_be_confirmed_is_told_all_the_same),
		cmocka_unit_test(a_check_waits_for_its_permission_and_data_gets_a_channel),
		cmocka_unit_test(a_path_that_is_gone_takes_no_data),
		cmocka_unit_test(a_refused_permission_fails_the_pair),
		cmocka_unit_test(without_a_channel_data_goes_in_indications),
		cmocka_unit_test(an_allocation_that_is_lost_takes_its_path_along),
		cmocka_unit_test(a_restart_that_finds_it_lost_asks_once_more),
		cmocka_unit_test(closing_tells_each_server_once),
		cmocka_unit_test(memory_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
