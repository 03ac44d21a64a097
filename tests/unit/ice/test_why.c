/* What an agent says of itself, state by state: ice_why.c and ice_why_agent.c. States are put together by hand
 * here; that they come about tests/sim/test_why.c and test_hostile.c show. */
#include "unit/ice/world.h"

#include "ice/ice_agent.h"
#include "taut/why.h"

struct lone {
	struct sim sim;
	struct tt_ice *ice;
	taut_flow flow;
};

enum { STUN, OTHER_STUN, TURN, SERVERS };
static const struct tt_ice_server servers[] = {
	[STUN] = { .host = "stun.example", .port = 3478 },
	[OTHER_STUN] = { .host = "two.example", .port = 3478 },
	[TURN] = { .host = "turn.example", .port = 3478, .user = "ada", .password = "lovelace" }
};

/* An agent with one socket, which knows its peer; with so many of the servers. errors: of its sockets;
 * -1: nobody has answered yet. */
static void begin_with(struct lone *l, const char *address, size_t server_count, bool relay_only,
		       int errors)
{
	static const char pwd[] = "0123456789012345678901";
	const struct tt_ice_config cfg = { .controlling = true,
					   .next_flow = &l->flow,
					   .servers = servers,
					   .server_count = server_count,
					   .relay_only = relay_only,
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
		if (errors >= 0 && io->kind == TAUT_IO_UDP)
			tt_ice_io_result(l->ice, 0, io->flow, errors, &bound, 1);
	}
	assert_int_equal(tt_ice_set_remote(l->ice, 0, "abcd", pwd, false), TAUT_OK);
}

static void begin(struct lone *l, const char *address)
{
	begin_with(l, address, 0, false, 0);
}

static void says(const struct lone *l, uint32_t code, const char *text)
{
	struct tt_ice_why w;

	assert_true(tt_ice_why(l->ice, 0, &w));
	assert_string_equal(w.text, text);
	assert_int_equal(w.code, code);
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
	says(&l, TAUT_WHY_NO_ADDRESS, "no network interface here has an address that can be used");
	assert_false(tt_ice_why(l.ice, 1, &w));
	end(&l);
	begin_with(&l, "192.0.2.1", 0, false, 98);
	says(&l, TAUT_WHY_NO_ADDRESS, "no socket could be opened on 1 address of ours");
	end(&l);
	begin_with(&l, "192.0.2.1", 0, false, -1);
	says(&l, TAUT_WHY_WAITING, "no socket is open yet");
	end(&l);
}

/* ---- all was tried ---- */

#define TRIED    "14 requests on 2 pairs and no answer, and no check of the peer came"
#define SESSIONS ": the descriptions may be of two sessions"

static void what_became_of_the_pairs_decides(void **state)
{
	static const struct {
		uint8_t why; /* of the first of two pairs; the other is not answered */
		bool heard, under_way;
		struct ice_hints hints;
		uint32_t code;
		const char *text;
	} rows[] = {
		{ TAUT_WHY_UNANSWERED, .code = TAUT_WHY_UNANSWERED,
		  .text = TRIED "; a TURN server would help if NATs are in the way" },
		{ TAUT_WHY_UNANSWERED, true, .code = TAUT_WHY_ONE_WAY,
		  .text = "the peer's checks come, but none of ours is answered: it goes one way "
			  "only" },
		{ TAUT_WHY_ASYMMETRIC, .code = TAUT_WHY_ASYMMETRIC,
		  .text = "checks were answered from other addresses than they went to" },
		{ TAUT_WHY_ROLES, .code = TAUT_WHY_ROLES,
		  .text = "both sides insist on the same role" },
		{ TAUT_WHY_REFUSED, .hints = { .refused = 400 }, .code = TAUT_WHY_REFUSED,
		  .text = "the peer refuses our checks with an error, 400" },
		{ TAUT_WHY_REFUSED, .hints = { .refused = 1 }, .code = TAUT_WHY_REFUSED,
		  .text = "the peer refuses our checks with an error" },
		/* It was refused before, and tried again. */
		{ TAUT_WHY_REFUSED, .under_way = true, .hints = { .refused = 400 },
		  .code = TAUT_WHY_UNANSWERED,
		  .text = TRIED "; a TURN server would help if NATs are in the way" },
		{ TAUT_WHY_UNANSWERED, .hints = { .forged = 1, .strange = 2, .hinted = 401 },
		  .code = TAUT_WHY_PASSWORD,
		  .text = "1 message came that was signed with another password" SESSIONS },
		{ TAUT_WHY_UNANSWERED, .hints = { .strange = 2, .hinted = 401 },
		  .code = TAUT_WHY_PASSWORD,
		  .text = "2 checks came for another user name than ours" SESSIONS },
		{ TAUT_WHY_UNANSWERED, .hints = { .hinted = 401 }, .code = TAUT_WHY_PASSWORD,
		  .text = "our checks are answered with 401, unsigned" SESSIONS },
		/* Who signs checks for us knows our password. */
		{ TAUT_WHY_UNANSWERED, true, .hints = { .forged = 9 }, .code = TAUT_WHY_ONE_WAY,
		  .text = "the peer's checks come, but none of ours is answered: it goes one way "
			  "only" },
	};
	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct lone l;

		begin(&l, "192.0.2.1");
		offer(&l, "192.0.2.2");
		offer(&l, "192.0.2.3");
		struct ice_gen *g = l.ice->cur;
		for (int k = 0; k < 2; k++) {
			tt_ice_pair_at(g, k)->state = TT_ICE_PAIR_FAILED;
			tt_ice_pair_at(g, k)->why = k ? TAUT_WHY_UNANSWERED : rows[i].why;
		}
		if (rows[i].under_way)
			tt_ice_pair_at(g, 0)->state = TT_ICE_PAIR_WAITING;
		tt_ice_pair_at(g, 0)->heard_from = rows[i].heard;
		assert_int_equal(g->hints.formed, 2);
		g->hints = rows[i].hints;
		g->hints.requests = 14;
		g->hints.formed = 2;
		l.ice->state = TT_ICE_FAILED;
		says(&l, rows[i].code, rows[i].text);
		end(&l);
	}
}

/* Two pairs of which no check was answered, and all servers. */
static void begin_unanswered(struct lone *l)
{
	begin_with(l, "192.0.2.1", SERVERS, false, 0);
	offer(l, "192.0.2.2");
	offer(l, "192.0.2.3");
	for (int k = 0; k < 2; k++) {
		tt_ice_pair_at(l->ice->cur, k)->state = TT_ICE_PAIR_FAILED;
		tt_ice_pair_at(l->ice->cur, k)->why = TAUT_WHY_UNANSWERED;
	}
	l->ice->cur->hints.requests = 14;
	l->ice->state = TT_ICE_FAILED;
}

static void a_server_is_named_as_far_as_it_would_have_helped(void **state)
{
	struct lone l;

	(void)state;
	begin_unanswered(&l);
	says(&l, TAUT_WHY_UNANSWERED, TRIED);
	tt_ice_pair_at(l.ice->cur, 0)->why = TAUT_WHY_FORBIDDEN;
	says(&l, TAUT_WHY_UNANSWERED,
	     TRIED "; the TURN server gave no permission for 1 of the peer's addresses");
	tt_ice_pair_at(l.ice->cur, 1)->why = TAUT_WHY_FORBIDDEN;
	says(&l, TAUT_WHY_FORBIDDEN,
	     "the TURN server has given no permission for any of the peer's addresses");
	end(&l);

	begin_unanswered(&l);
	l.ice->server[STUN].why = "it does not answer";
	l.ice->server[STUN].code = TT_ICE_UNREACHED;
	says(&l, TAUT_WHY_UNANSWERED, TRIED "; stun:stun.example:3478: it does not answer");
	l.ice->server[TURN].why = "the TURN server does not answer";
	l.ice->server[TURN].code = TT_ICE_UNREACHED;
	l.ice->server[STUN].state = l.ice->server[TURN].state = SERVER_KNOWN;
	says(&l, TAUT_WHY_UNANSWERED,
	     TRIED
	     "; no server answers over UDP, which may be blocked here: a TURN server over TCP "
	     "or TLS would help; turn:turn.example:3478: the TURN server does not answer");
	/* Another socket has heard from one: RFC 8445 section 5.1.1.2. */
	assert_true(l.ice->local_count > 0);
	l.ice->local[0].server = STUN + 1;
	says(&l, TAUT_WHY_UNANSWERED,
	     TRIED "; turn:turn.example:3478: the TURN server does not answer");
	l.ice->local[0].server = 0;
	l.ice->server[TURN].why = "it does not accept the username and password";
	l.ice->server[TURN].code = 401;
	says(&l, TAUT_WHY_UNANSWERED,
	     TRIED "; turn:turn.example:3478: it does not accept the username and password (401)");
	end(&l);
}

static void a_relay_did_not_help_if_it_was_tried(void **state)
{
	struct lone l;

	(void)state;
	begin_unanswered(&l);
	struct ice_pair *p = tt_ice_pair_at(l.ice->cur, 1);
	p->tries = 7;
	says(&l, TAUT_WHY_UNANSWERED, TRIED);
	p->base = TT_ICE_MAX_BASES;
	l.ice->base[p->base].relay = 1;
	says(&l, TAUT_WHY_UNANSWERED,
	     TRIED "; a relay did not help: the peer is gone, or nothing reaches it");
	p->tries = 0;
	says(&l, TAUT_WHY_UNANSWERED, TRIED);
	end(&l);
}

static void a_nat_maps_per_destination_if_two_servers_see_two_ports(void **state)
{
	static const struct {
		const char *address[2];
		int server[2];
		bool of_relay, maps;
	} rows[] = {
		{ { "198.51.100.1", "198.51.100.1" }, { STUN, OTHER_STUN }, false, true },
		{ { "198.51.100.1", "198.51.100.1" }, { STUN, TURN }, true, true },
		/* Rebound; beyond two NATs; and what an allocation that is over once showed. */
		{ { "198.51.100.1", "198.51.100.1" }, { STUN, STUN }, false, false },
		{ { "198.51.100.1", "198.51.100.2" }, { STUN, OTHER_STUN }, false, false },
		{ { "198.51.100.1", "198.51.100.1" }, { STUN, TURN }, false, false },
	};
	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct lone l;

		begin_unanswered(&l);
		for (int k = 0; k < 2; k++) {
			const int at =
				tt_ice_add_local(l.ice, 0, TT_ICE_SRFLX, 0, rows[i].server[k] + 1,
						 &(struct taut_addr){ 0 });
			assert_true(at >= 0);
			struct taut_addr *a = &l.ice->local[at].c.addr;
			assert_true(tt_addr_parse_ip(a, rows[i].address[k], 12));
			a->port = (uint16_t)(7000 + k);
			l.ice->local[at].of_relay = rows[i].of_relay && k;
		}
		says(&l, TAUT_WHY_UNANSWERED,
		     rows[i].maps ? TRIED "; the NAT here maps each destination to another port"
				  : TRIED);
		end(&l);
	}
}

static void with_a_relay_alone_its_permissions_count(void **state)
{
	struct lone l;

	(void)state;
	begin_with(&l, "192.0.2.1", SERVERS, true, 0);
	offer(&l, "169.254.1.1"); /* IPv4 of a link is paired, but no server relays to it */
	says(&l, TAUT_WHY_NO_RELAY,
	     "only a relay is allowed, and there is none: no TURN server has given one");
	struct ice_base *b = &l.ice->base[TT_ICE_MAX_BASES];
	*b = (struct ice_base){ .state = BASE_OPEN, .relay = 1, .addr = { .family = 4 } };
	says(&l, TAUT_WHY_FORBIDDEN,
	     "the TURN server has given no permission for any of the peer's addresses");
	*b = (struct ice_base){ 0 };
	end(&l);
}

/* ---- there was a path ---- */

static void how_a_path_was_lost_is_told(void **state)
{
	static const struct {
		uint8_t lost;
		uint32_t code;
		const char *text;
	} rows[] = {
		{ TAUT_WHY_GONE, TAUT_WHY_GONE, "what was under the path is gone" },
		{ TAUT_WHY_REFUSED, TAUT_WHY_REFUSED,
		  "the peer refuses us on the pair that was in use" },
		{ TAUT_WHY_CONSENT, TAUT_WHY_CONSENT,
		  "the peer has answered no consent check for 30 s" },
		{ 0, TAUT_WHY_CONSENT, "the peer has answered no consent check for 30 s" },
		{ TAUT_WHY_ROLES, TAUT_WHY_ROLES,
		  "the pair that was in use has failed: both sides insist on the same role" },
	};
	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct lone l;

		begin(&l, "192.0.2.1");
		l.ice->cur->had_path = true;
		l.ice->cur->hints.lost = rows[i].lost;
		says(&l, rows[i].code, rows[i].text);
		end(&l);
	}
}

static void a_closed_agent_says_only_that(void **state)
{
	struct lone l;

	(void)state;
	begin(&l, "192.0.2.1");
	offer(&l, "192.0.2.2");
	assert_int_equal(l.ice->cur->pairs, 1);
	l.ice->path_gen = l.ice->cur;
	says(&l, TAUT_WHY_CONNECTED, "data goes over 192.0.2.1:4000 -> 192.0.2.2:5000");
	tt_ice_close(l.ice, 0);
	l.ice->path_gen = l.ice->cur;
	says(&l, TAUT_WHY_CLOSED, "the connection is closed");
	end(&l);
}

static void a_restart_of_what_never_had_a_path_waits_for_its_description(void **state)
{
	struct lone l;

	(void)state;
	begin(&l, "192.0.2.1");
	assert_int_equal(tt_ice_restart(l.ice, 0), TAUT_OK);
	says(&l, TAUT_WHY_NO_DESCRIPTION,
	     "there is no description of the peer yet since ICE was restarted");
	end(&l);
}

/* ---- candidates and pairs ---- */

static void candidates_of_no_use_are_not_none(void **state)
{
	struct tt_ice_candidate c = { .component = 1, .priority = 1, .foundation = "1" };
	struct lone l;

	(void)state;
	begin(&l, "192.0.2.1");
	c.addr = ip("192.0.2.2", 0);
	assert_int_equal(tt_ice_add_remote(l.ice, 0, &c), TAUT_OK);
	says(&l, TAUT_WHY_NO_CANDIDATE,
	     "the peer has given no candidate that can be used, and no check of it came");
	c.addr.port = 5000;
	c.tcp = true;
	assert_int_equal(tt_ice_add_remote(l.ice, 0, &c), TAUT_OK);
	says(&l, TAUT_WHY_TCP, "the peer offers TCP alone, or candidates of an unknown type");
	end(&l);
}

static void a_name_is_asked_for_first(void **state)
{
	struct tt_ice_candidate c = { .component = 1,
				      .priority = 1,
				      .foundation = "1",
				      .name = "6f2a8c1e-5b7d-4e3f-9a10-2b3c4d5e6f70.local" };
	const struct taut_io *io;
	struct tt_ice_why w;
	struct lone l;

	(void)state;
	begin(&l, "192.0.2.1");
	c.addr.port = 5000;
	assert_int_equal(tt_ice_add_remote(l.ice, 0, &c), TAUT_OK);
	says(&l, TAUT_WHY_WAITING,
	     "the peer hides its address behind 1 .local name, not resolved yet");
	assert_true(tt_ice_why(l.ice, 1, &w) && w.code == TAUT_WHY_WAITING);
	assert_non_null(strstr(w.text, ".local: not asked yet"));
	io = tt_ice_poll_io(l.ice);
	assert_int_equal(io->kind, TAUT_IO_MULTICAST);
	tt_ice_io_result(l.ice, 0, io->flow, 19, NULL, 0);
	assert_true(tt_ice_why(l.ice, 1, &w) && w.code == TAUT_WHY_NAME);
	assert_non_null(strstr(w.text, ".local: there is no multicast here"));
	l.ice->cur->name[0].resolved = true;
	assert_false(tt_ice_why(l.ice, 1, &w));
	end(&l);
}

static void pair_says(const struct lone *l, uint32_t code, const char *text)
{
	struct tt_ice_why w;

	assert_true(tt_ice_why(l->ice, 1, &w));
	assert_string_equal(w.text, text);
	assert_int_equal(w.code, code);
	assert_int_equal(w.about, TAUT_WHY_PAIR);
}

#define PAIR "192.0.2.1:4000 -> 192.0.2.2:5000"

static void a_pair_says_where_it_stands(void **state)
{
	struct lone l;

	(void)state;
	begin(&l, "192.0.2.1");
	offer(&l, "192.0.2.2");
	struct ice_pair *p = tt_ice_pair_at(l.ice->cur, 0);
	pair_says(&l, TAUT_WHY_WAITING, PAIR ": not tried yet, 0 requests sent, 0 came");
	p->state = TT_ICE_PAIR_IN_PROGRESS;
	p->tries = 1;
	pair_says(&l, TAUT_WHY_WAITING, PAIR ": no answer yet, 1 request sent, 0 came");
	l.ice->state = TT_ICE_FAILED;
	pair_says(&l, TAUT_WHY_SPARED,
		  PAIR ": not tried out before all was given up, 1 request sent, 0 came");
	p->state = TT_ICE_PAIR_SUCCEEDED;
	p->valid = true;
	p->consent_until = 1000;
	l.ice->last_now = 999;
	pair_says(&l, TAUT_WHY_CONSENT, PAIR ": it was answered, and consent has expired since");
	l.ice->path_gen = l.ice->cur;
	pair_says(&l, TAUT_WHY_CONNECTED, PAIR ": data goes here");
	l.ice->path = 1;
	pair_says(&l, TAUT_WHY_VALID, PAIR ": it works, and another one carries data");
	l.ice->last_now = 1000;
	pair_says(&l, TAUT_WHY_CONSENT, PAIR ": it was answered, and consent has expired since");
	l.ice->path_gen = NULL;
	end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_cannot_meet_are_named),
		cmocka_unit_test(without_memory_for_a_pair_that_is_what_is_said),
		cmocka_unit_test(an_agent_without_an_address_says_so),
		cmocka_unit_test(what_became_of_the_pairs_decides),
		cmocka_unit_test(a_server_is_named_as_far_as_it_would_have_helped),
		cmocka_unit_test(a_relay_did_not_help_if_it_was_tried),
		cmocka_unit_test(a_nat_maps_per_destination_if_two_servers_see_two_ports),
		cmocka_unit_test(with_a_relay_alone_its_permissions_count),
		cmocka_unit_test(how_a_path_was_lost_is_told),
		cmocka_unit_test(a_closed_agent_says_only_that),
		cmocka_unit_test(a_restart_of_what_never_had_a_path_waits_for_its_description),
		cmocka_unit_test(candidates_of_no_use_are_not_none),
		cmocka_unit_test(a_name_is_asked_for_first),
		cmocka_unit_test(a_pair_says_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
