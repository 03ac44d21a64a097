/* What an agent says of addresses that cannot be paired: ice_why.c. Whole failures: tests/sim/test_why.c. */
#include "unit/ice/world.h"

#include "taut/why.h"

struct lone {
	struct sim sim;
	struct tt_ice *ice;
	taut_flow flow;
};

/* An agent with one socket, which knows its peer. */
static void begin(struct lone *l, const char *address)
{
	static const char pwd[] = "0123456789012345678901";
	const struct tt_ice_config cfg = { .controlling = true,
					   .next_flow = &l->flow,
					   .loopback = true };
	struct taut_interface face = { .size = sizeof face, .index = 1, .name = "eth0" };
	const struct taut_io *io;

	sim_init(&l->sim, 1, NULL);
	l->flow = 1;
	assert_true(tt_addr_parse_ip(&face.addr, address, strlen(address)));
	assert_int_equal(tt_ice_new(&l->ice, &l->sim.env[0], &cfg, 0), TAUT_OK);
	assert_int_equal(tt_ice_set_interfaces(l->ice, 0, &face, 1), TAUT_OK);
	tt_ice_gather(l->ice, 0);
	while ((io = tt_ice_poll_io(l->ice))) {
		struct taut_addr bound = io->local;
		bound.port = 4000;
		tt_ice_io_result(l->ice, 0, io->flow, 0, &bound, 1);
	}
	assert_int_equal(tt_ice_set_remote(l->ice, 0, "abcd", pwd, false), TAUT_OK);
}

static void offer(struct lone *l, const char *address)
{
	struct tt_ice_candidate c = { .component = 1, .priority = 1, .foundation = "1" };

	assert_true(tt_addr_parse_ip(&c.addr, address, strlen(address)));
	c.addr.port = 5000;
	assert_int_equal(tt_ice_add_remote(l->ice, 0, &c), TAUT_OK);
}

static void end(struct lone *l)
{
	tt_ice_free(l->ice);
	assert_int_equal(l->sim.env[0].memory, 0);
	sim_free(&l->sim);
}

static void addresses_that_cannot_meet_are_named(void **state)
{
	static const struct {
		const char *here, *there[2];
		uint32_t code;
		const char *text;
	} rows[] = {
		{ "192.0.2.1",
		  { "2001:db8::1" },
		  TAUT_WHY_FAMILY,
		  "there is only IPv4 here, and the peer has only IPv6" },
		{ "2001:db8::1",
		  { "192.0.2.1" },
		  TAUT_WHY_FAMILY,
		  "there is only IPv6 here, and the peer has only IPv4" },
		{ "192.0.2.1",
		  { "127.0.0.1" },
		  TAUT_WHY_LOOPBACK,
		  "the peer's addresses are those of its host alone, 127.0.0.1 or ::1" },
		{ "127.0.0.1",
		  { "192.0.2.1" },
		  TAUT_WHY_LOOPBACK,
		  "our addresses are those of its host alone, 127.0.0.1 or ::1" },
		{ "192.0.2.1",
		  { "127.0.0.1", "2001:db8::1" },
		  TAUT_WHY_LOOPBACK,
		  "the peer's addresses are those of its host alone, 127.0.0.1 or ::1" },
		{ "2001:db8::1",
		  { "fe80::1" },
		  TAUT_WHY_LINK_LOCAL,
		  "the peer's addresses are those of its link alone, fe80::/10" },
		{ "2001:db8::1",
		  { "fe80::1", "2001:db8::2" },
		  TAUT_WHY_WAITING,
		  "0 requests on 1 pair so far, and no answer yet" },
		{ "192.0.2.1",
		  { NULL },
		  TAUT_WHY_NO_CANDIDATE,
		  "the peer has given no candidate, and no check of it came" },
	};
	struct tt_ice_why w;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct lone l;

		begin(&l, rows[i].here);
		for (int k = 0; k < 2 && rows[i].there[k]; k++)
			offer(&l, rows[i].there[k]);
		assert_true(tt_ice_why(l.ice, 0, &w));
		assert_string_equal(w.text, rows[i].text);
		assert_int_equal(w.code, rows[i].code);
		assert_int_equal(w.about, TAUT_WHY_AGENT);
		end(&l);
	}
}

static void without_memory_for_a_pair_that_is_what_is_said(void **state)
{
	struct tt_ice_why w;
	struct lone l;

	(void)state;
	begin(&l, "192.0.2.1");
	offer(&l, "2001:db8::1"); /* the first of a block: from now on there is room for it */
	l.sim.env[0].max_memory = l.sim.env[0].memory;
	offer(&l, "192.0.2.2");
	assert_true(tt_ice_why(l.ice, 0, &w));
	assert_int_equal(w.code, TAUT_WHY_NO_MEMORY);
	assert_null(w.spec);
	l.sim.env[0].max_memory = 0;
	end(&l);
}

static void an_agent_without_an_address_says_so(void **state)
{
	const struct taut_interface none = { 0 };
	struct tt_ice_why w;
	struct lone l;

	(void)state;
	begin(&l, "192.0.2.1");
	assert_int_equal(tt_ice_set_interfaces(l.ice, 0, &none, 0), TAUT_OK);
	assert_true(tt_ice_why(l.ice, 0, &w));
	assert_int_equal(w.code, TAUT_WHY_NO_ADDRESS);
	assert_false(tt_ice_why(l.ice, 1, &w));
	end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_cannot_meet_are_named),
		cmocka_unit_test(without_memory_for_a_pair_that_is_what_is_said),
		cmocka_unit_test(an_agent_without_an_address_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
