/* Calls that make no sense, answers that help nobody, and agents without random numbers. */
#include "unit/ice/world.h"

#include "support/refuse.h"

static int refusing_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)(i * 7 + (size_t)refuse.calls);
	return refuse_now() ? -1 : 0;
}

static void an_agent_that_makes_no_sense_is_none(void **state)
{
	taut_flow flow = 1;
	const struct tt_ice_config no_counter = { .controlling = true };
	const struct tt_ice_config no_servers = { .server_count = 1, .next_flow = &flow };
	struct tt_ice *ice;
	struct sim sim;
	(void)state;

	sim_init(&sim, 1, NULL);
	assert_int_equal(tt_ice_new(&ice, &sim.env[0], &no_counter, 0), TAUT_E_INVAL);
	assert_int_equal(tt_ice_new(&ice, &sim.env[0], &no_servers, 0), TAUT_E_INVAL);
	tt_ice_free(NULL);
	assert_int_equal(sim.env[0].memory, 0);
	assert_string_equal(tt_ice_state_text(TT_ICE_FAILED), "failed");
	assert_string_equal(tt_ice_state_text((enum tt_ice_state)99), "unknown");
	sim_free(&sim);
}

static void an_agent_without_random_numbers_is_none(void **state)
{
	taut_flow flow = 1;
	const struct tt_ice_config cfg = { .next_flow = &flow };
	struct tt_ice *ice;
	struct sim sim;
	(void)state;

	sim_init(&sim, 1, NULL);
	sim.env[0].random = refusing_random;
	REFUSE_EACH
	{
		const int rc = tt_ice_new(&ice, &sim.env[0], &cfg, 0);
		assert_int_equal(rc, refuse_failed() ? TAUT_E_CRYPTO : TAUT_OK);
		if (rc != TAUT_OK)
			assert_int_equal(sim.env[0].memory, 0);
	}
	char before[32];
	snprintf(before, sizeof before, "%s", tt_ice_local_ufrag(ice));
	REFUSE_EACH
	{
		const int rc = tt_ice_restart(ice, 1);
		assert_int_equal(rc, refuse_failed() ? TAUT_E_CRYPTO : TAUT_OK);
		if (rc != TAUT_OK)
			assert_string_equal(tt_ice_local_ufrag(ice), before);
	}
	tt_ice_free(ice);
	assert_int_equal(sim.env[0].memory, 0);
	sim_free(&sim);
}

static void a_candidate_that_no_memory_is_left_for_is_refused_as_that(void **state)
{
	taut_flow flow = 1;
	const struct tt_ice_config cfg = { .next_flow = &flow };
	struct tt_ice_candidate c = { .component = 1, .priority = 1, .foundation = "1" };
	struct tt_ice *ice;
	struct sim sim;
	(void)state;

	sim_init(&sim, 1, NULL);
	c.addr = (struct taut_addr){ .family = 4, .port = 9, .ip = { 192, 0, 2, 7 } };
	assert_int_equal(tt_ice_new(&ice, &sim.env[0], &cfg, 0), TAUT_OK);
	sim.env[0].max_memory = sim.env[0].memory;
	assert_int_equal(tt_ice_add_remote(ice, 0, &c), TAUT_E_NOMEM);
	assert_int_equal(sim.env[0].drops[TAUT_DROP_ICE_CANDIDATE], 1);
	sim.env[0].max_memory = 0;
	assert_int_equal(tt_ice_add_remote(ice, 0, &c), TAUT_OK);
	assert_int_equal(sim.env[0].drops[TAUT_DROP_ICE_CANDIDATE], 1);
	tt_ice_free(ice);
	sim_free(&sim);
}

/* Every random number of a call fails once: the tiebreaker apart, each is drawn again. */
static void a_failure_to_draw_only_delays_a_call(void **state)
{
	bool more = true;
	(void)state;

	for (long n = 0; more; n++) {
		struct world w;
		world_init(&w, 3, NULL, NULL, 0);
		world_iface(&w.h[0], "192.0.2.10");
		world_iface(&w.h[1], "192.0.2.20");
		refuse.at = n;
		refuse.calls = 0;
		w.sim.env[0].random = w.sim.env[1].random = refusing_random;
		world_begin(&w);
		world_run(&w, 8 * SEC);
		more = refuse_failed();
		refuse.at = -1;
		assert_true(world_both_selected(&w));
		world_free(&w);
		assert_true(n < 40);
	}
}

/* ---- sockets and servers ---- */

static const struct taut_io *next_io(struct world *w, uint32_t kind)
{
	const struct taut_io *io;

	while ((io = tt_ice_poll_io(w->h[0].ice)) && io->kind != kind)
		;
	return io;
}

static void a_socket_without_an_address_is_no_base(void **state)
{
	const struct taut_addr no_port = ip("192.0.2.10", 0);
	struct world w;
	(void)state;

	for (int i = 0; i < 3; i++) {
		world_init(&w, 4, NULL, NULL, 0);
		world_iface(&w.h[0], "192.0.2.10");
		assert_int_equal(tt_ice_set_interfaces(w.h[0].ice, w.sim.now, w.h[0].iface, 1), 0);
		tt_ice_gather(w.h[0].ice, w.sim.now);
		const struct taut_io *io = next_io(&w, TAUT_IO_UDP);
		assert_non_null(io);
		const taut_flow flow = io->flow;
		assert_true(tt_ice_owns(w.h[0].ice, flow));
		assert_false(tt_ice_owns(w.h[0].ice, flow + 7));
		assert_false(tt_ice_owns(w.h[0].ice, 0));
		assert_false(tt_ice_io_result(w.h[0].ice, w.sim.now, flow + 7, 0, &no_port, 1));
		/* refused; bound to nothing; bound to no port */
		assert_true(tt_ice_io_result(w.h[0].ice, w.sim.now, flow, i == 0 ? 99 : 0, &no_port,
					     i == 1 ? 0 : 1));
		const struct tt_ice_event *ev;
		while ((ev = tt_ice_poll_event(w.h[0].ice)))
			assert_int_not_equal(ev->type, TT_ICE_EV_CANDIDATE);
		world_free(&w);
	}
}

static void addresses_that_nobody_can_use_are_not_asked_for(void **state)
{
	static const char *const useless[] = { "0.0.0.0", "::", "fe80::1", "169.254.1.1" };
	struct world w;
	(void)state;

	world_init(&w, 5, NULL, NULL, 0);
	for (size_t i = 0; i < TT_COUNT(useless); i++)
		world_iface(&w.h[0], useless[i]);
	struct taut_interface *odd = &w.h[0].iface[w.h[0].ifaces++];
	*odd = (struct taut_interface){ .size = sizeof *odd, .addr = { .family = 9 } };
	assert_int_equal(tt_ice_set_interfaces(w.h[0].ice, w.sim.now, w.h[0].iface, w.h[0].ifaces),
			 0);
	tt_ice_gather(w.h[0].ice, w.sim.now);
	assert_null(next_io(&w, TAUT_IO_UDP));
	world_free(&w);
}

static void more_addresses_than_there_are_bases_take_turns_by_family(void **state)
{
	struct world w;
	char text[32];
	size_t v4 = 0, v6 = 0;
	(void)state;

	world_init(&w, 6, NULL, NULL, 0);
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof text, "10.0.0.%d", i + 1);
		world_iface(&w.h[0], text);
		snprintf(text, sizeof text, "2001:db8::%d", i + 1);
		world_iface(&w.h[0], text);
	}
	assert_int_equal(tt_ice_set_interfaces(w.h[0].ice, w.sim.now, w.h[0].iface, 20), 0);
	tt_ice_gather(w.h[0].ice, w.sim.now);
	for (const struct taut_io *io; (io = next_io(&w, TAUT_IO_UDP));) {
		v4 += io->local.family == 4;
		v6 += io->local.family == 6;
	}
	assert_int_equal(v4 + v6, TT_ICE_MAX_BASES);
	assert_in_range(v6 - v4, 0, 1);
	world_free(&w);
}

/* A server by name, asked for; its flow. */
static taut_flow begin_named(struct world *w)
{
	static const struct tt_ice_server named = { .host = "stun.example", .port = 3478 };

	world_init(w, 7, NULL, &named, 1);
	world_iface(&w->h[0], "192.0.2.10");
	assert_int_equal(tt_ice_set_interfaces(w->h[0].ice, w->sim.now, w->h[0].iface, 1), 0);
	tt_ice_gather(w->h[0].ice, w->sim.now);
	const struct taut_addr here = ip("192.0.2.10", 4000);
	taut_flow name = 0;
	for (const struct taut_io *io; (io = tt_ice_poll_io(w->h[0].ice));) {
		if (io->kind == TAUT_IO_RESOLVE)
			name = io->flow;
		else
			tt_ice_io_result(w->h[0].ice, w->sim.now, io->flow, 0, &here, 1);
	}
	assert_true(name != 0 && tt_ice_owns(w->h[0].ice, name));
	return name;
}

static bool asks(struct world *w, struct tt_ice_out *out, uint8_t *buf, size_t cap)
{
	*out = (struct tt_ice_out){ .buf = buf, .cap = cap };
	return tt_ice_poll_send(w->h[0].ice, w->sim.now, out);
}

static void a_server_has_the_first_address_of_each_family(void **state)
{
	struct taut_addr found[4] = {
		{ .family = 9 }, ip("192.0.2.1", 0), ip("192.0.2.2", 0), ip("2001:db8::1", 0)
	};
	struct tt_ice_out out;
	uint8_t buf[1500];
	struct world w;
	(void)state;

	const taut_flow name = begin_named(&w);
	assert_true(tt_ice_io_result(w.h[0].ice, w.sim.now, name, 0, found, 4));
	assert_true(asks(&w, &out, buf, sizeof buf));
	assert_int_equal(out.remote.ip[3], 1);
	assert_int_equal(out.remote.port, 3478);
	world_free(&w);
}

static void a_name_without_an_address_of_use_is_no_server(void **state)
{
	const struct taut_addr odd = { .family = 9 };
	struct tt_ice_out out;
	uint8_t buf[1500];
	(void)state;

	for (int i = 0; i < 3; i++) {
		struct world w;
		const taut_flow name = begin_named(&w);
		assert_true(tt_ice_io_result(w.h[0].ice, w.sim.now, name, i == 0 ? 2 : 0, &odd,
					     i == 1 ? 0 : 1));
		assert_false(asks(&w, &out, buf, sizeof buf));
		world_free(&w);
	}
}

/* What the server says, instead of our address. */
static size_t answer(uint8_t *out, size_t cap, const uint8_t *request, enum tt_stun_class cls,
		     const char *mapped, uint16_t port)
{
	struct wr w = wr_make(out, cap);

	tt_stun_begin(&w, cls, TT_STUN_BINDING, request + 8);
	if (cls == TT_STUN_ERROR)
		tt_stun_put_error(&w, 500, "Server Error");
	if (mapped) {
		const struct taut_addr a = ip(mapped, port);
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &a);
	}
	tt_stun_put_fingerprint(&w);
	return tt_stun_finish(&w);
}

static unsigned reflexive(struct world *w)
{
	const struct tt_ice_event *ev;
	unsigned n = 0;

	while ((ev = tt_ice_poll_event(w->h[0].ice)))
		n += ev->type == TT_ICE_EV_CANDIDATE && ev->candidate.type == TT_ICE_SRFLX;
	return n;
}

static void an_answer_that_gives_no_address_makes_no_candidate(void **state)
{
	static const struct {
		enum tt_stun_class cls;
		const char *mapped;
		uint16_t port;
		unsigned candidates;
	} all[] = {
		{ TT_STUN_SUCCESS, "203.0.113.9", 999, 1 }, { TT_STUN_SUCCESS, NULL, 0, 0 },
		{ TT_STUN_SUCCESS, "203.0.113.9", 0, 0 },   { TT_STUN_SUCCESS, "0.0.0.0", 999, 0 },
		{ TT_STUN_SUCCESS, "2001:db8::9", 999, 0 }, { TT_STUN_ERROR, NULL, 0, 0 },
		{ TT_STUN_ERROR, "203.0.113.9", 999, 0 },
	};
	(void)state;

	for (size_t i = 0; i < TT_COUNT(all); i++) {
		struct tt_ice_out out;
		uint8_t buf[1500], reply[200];
		struct world w;
		const taut_flow name = begin_named(&w);
		tt_ice_io_result(w.h[0].ice, w.sim.now, name, 0, &stun_server, 1);
		assert_true(asks(&w, &out, buf, sizeof buf));
		const size_t len =
			answer(reply, sizeof reply, buf, all[i].cls, all[i].mapped, all[i].port);
		tt_ice_recv(w.h[0].ice, w.sim.now, out.flow, &out.local, &stun_server, reply, len);
		assert_int_equal(reflexive(&w), all[i].candidates);
		world_free(&w);
	}
}

static void an_answer_from_elsewhere_or_forged_is_none(void **state)
{
	struct taut_addr other = stun_server;
	struct tt_ice_out out;
	uint8_t buf[1500], reply[200];
	struct world w;
	(void)state;

	other.port++;
	const taut_flow name = begin_named(&w);
	tt_ice_io_result(w.h[0].ice, w.sim.now, name, 0, &stun_server, 1);
	assert_true(asks(&w, &out, buf, sizeof buf));
	const size_t len = answer(reply, sizeof reply, buf, TT_STUN_SUCCESS, "203.0.113.9", 999);
	tt_ice_recv(w.h[0].ice, w.sim.now, out.flow, &out.local, &other, reply, len);
	assert_int_equal(reflexive(&w), 0);
	reply[len - 1] ^= 1;
	tt_ice_recv(w.h[0].ice, w.sim.now, out.flow, &out.local, &stun_server, reply, len);
	assert_int_equal(reflexive(&w), 0);
	reply[len - 1] ^= 1;
	tt_ice_recv(w.h[0].ice, w.sim.now, out.flow, &out.local, &stun_server, reply, len);
	assert_int_equal(reflexive(&w), 1);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_that_makes_no_sense_is_none),
		cmocka_unit_test(an_agent_without_random_numbers_is_none),
		cmocka_unit_test(a_candidate_that_no_memory_is_left_for_is_refused_as_that),
		cmocka_unit_test(a_failure_to_draw_only_delays_a_call),
		cmocka_unit_test(a_socket_without_an_address_is_no_base),
		cmocka_unit_test(addresses_that_nobody_can_use_are_not_asked_for),
		cmocka_unit_test(more_addresses_than_there_are_bases_take_turns_by_family),
		cmocka_unit_test(a_server_has_the_first_address_of_each_family),
		cmocka_unit_test(a_name_without_an_address_of_use_is_no_server),
		cmocka_unit_test(an_answer_that_gives_no_address_makes_no_candidate),
		cmocka_unit_test(an_answer_from_elsewhere_or_forged_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
