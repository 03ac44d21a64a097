/* Whose datagram is it, on a socket that many share: names, addresses, answers, and who may not have
 * what. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/io_route.h"
#include "stun/stun.h"

enum { ENDS = 3, ROOM = 256, SECOND = 1000000 };

static struct {
	long live, left; /* left: so many more are given; below 0: any number */
} memory;

static void *counted(void *ctx, void *p, size_t size)
{
	(void)ctx;
	if (size == 0) {
		memory.live -= p != NULL;
		free(p);
		return NULL;
	}
	if (!p && memory.left == 0)
		return NULL;
	memory.left -= !p && memory.left > 0;
	memory.live += !p;
	return realloc(p, size);
}

struct world {
	struct tt_env env;
	struct tt_route route;
	struct tt_route_end end[ENDS];
	taut_time now;
};

static void open_world(struct world *w)
{
	static const char *const names[ENDS] = { "anna", "bert", "carl" };
	const struct taut_env_config cfg = { .size = sizeof cfg, .realloc = counted };

	*w = (struct world){ 0 };
	memory.live = 0;
	memory.left = -1;
	tt_env_init(&w->env, &cfg);
	tt_route_init(&w->route, &w->env, 42);
	for (int i = 0; i < ENDS; i++)
		assert_true(tt_route_name(&w->route, &w->end[i], names[i]));
}

/* Nothing is left of any end. */
static void close_world(struct world *w)
{
	for (int i = 0; i < ENDS; i++)
		tt_route_leave(&w->route, &w->end[i]);
	assert_int_equal(w->route.names.count + w->route.addrs.count + w->route.asked.count, 0);
	tt_route_free(&w->route);
	assert_int_equal(memory.live, 0);
}

static struct taut_addr at(unsigned host, uint16_t port)
{
	return (struct taut_addr){
		.family = 4,
		.port = port,
		.ip = { 192, 0, (uint8_t)(host >> 8), (uint8_t)host },
	};
}

struct packet {
	uint8_t buf[ROOM];
	size_t len;
};

static struct packet stun(enum tt_stun_class cls, unsigned tid, const char *username)
{
	uint8_t id[TT_STUN_TID_LEN] = { (uint8_t)(tid >> 8), (uint8_t)tid };
	struct packet p;
	struct wr w = wr_make(p.buf, sizeof p.buf);

	tt_stun_begin(&w, cls, TT_STUN_BINDING, id);
	if (username)
		tt_stun_put(&w, TT_STUN_USERNAME, username, strlen(username));
	tt_stun_put_fingerprint(&w);
	p.len = tt_stun_finish(&w);
	assert_true(p.len > 0);
	return p;
}

static struct packet media(void)
{
	return (struct packet){ .buf = { 0x80 }, .len = 50 };
}

static struct tt_route_found find(struct world *w, struct taut_addr from, struct packet p)
{
	uint8_t *exact = malloc(p.len + (p.len == 0));

	assert_non_null(exact);
	memcpy(exact, p.buf, p.len);
	/* of no octets not even the first may be read */
	const struct tt_route_found f =
		tt_route_find(&w->route, &from, p.len > 0 ? exact : exact + 1, p.len);
	free(exact);
	return f;
}

/* The packet came, and was authenticated. */
static void shows(struct world *w, int end, struct taut_addr from, struct packet p)
{
	const struct tt_route_found f = find(w, from, p);

	assert_ptr_equal(f.end, &w->end[end]);
	tt_route_shown(&w->route, w->now, &f, &from);
}

static void sends(struct world *w, int end, struct taut_addr to, struct packet p)
{
	tt_route_sent(&w->route, w->now, &w->end[end], &to, p.buf, p.len);
}

/* A check of ours goes there and is answered from there. */
static void proves(struct world *w, int end, struct taut_addr addr, unsigned tid)
{
	sends(w, end, addr, stun(TT_STUN_REQUEST, tid, "x:y"));
	shows(w, end, addr, stun(TT_STUN_SUCCESS, tid, NULL));
}

static void belongs_to(struct world *w, struct taut_addr from, int end)
{
	assert_ptr_equal(find(w, from, media()).end, &w->end[end]);
}

static void belongs_to_nobody(struct world *w, struct taut_addr from)
{
	const struct tt_route_found f = find(w, from, media());

	assert_null(f.end);
	assert_int_equal(f.why, TAUT_DROP_SHARED_ADDRESS);
}

static void a_check_finds_its_end_by_our_fragment(void **state)
{
	static const char *const nobodys[] = { "dora:x", "ann:x", "annaa:x", ":anna",
					       ":",      "anna",  "" };
	struct world w;
	(void)state;

	open_world(&w);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "anna:x")).end, &w.end[0]);
	assert_int_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "anna:x")).why, 0);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "carl:")).end, &w.end[2]);
	for (size_t i = 0; i < sizeof nobodys / sizeof nobodys[0]; i++) {
		const struct tt_route_found f =
			find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, nobodys[i]));
		assert_null(f.end);
		assert_int_equal(f.why, TAUT_DROP_SHARED_UFRAG);
	}
	close_world(&w);
}

static void a_check_that_is_not_authenticated_gives_no_address(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	(void)find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "anna:x"));
	belongs_to_nobody(&w, at(1, 1));
	close_world(&w);
}

static void an_authenticated_check_gives_an_address_that_nobody_has(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	shows(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 1, "anna:x"));
	belongs_to(&w, at(1, 1), 0);
	belongs_to_nobody(&w, at(1, 2));
	belongs_to_nobody(&w, at(2, 1));
	/* where neither is proven, the later one counts */
	shows(&w, 1, at(1, 1), stun(TT_STUN_REQUEST, 2, "bert:x"));
	belongs_to(&w, at(1, 1), 1);
	close_world(&w);
}

static void an_authenticated_check_takes_no_address_that_is_proven(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	proves(&w, 0, at(1, 1), 7);
	/* bert's peer knows its own password, and writes anna's peer's address on its check */
	for (unsigned i = 0; i < 10; i++)
		shows(&w, 1, at(1, 1), stun(TT_STUN_REQUEST, 8 + i, "bert:x"));
	belongs_to(&w, at(1, 1), 0);
	close_world(&w);
}

static void an_answer_from_there_takes_the_address(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	proves(&w, 0, at(1, 1), 7);
	proves(&w, 1, at(1, 1), 8); /* a page was loaded anew, and its NAT gave the same port */
	belongs_to(&w, at(1, 1), 1);
	assert_int_equal(w.end[0].addr_count, 0);
	close_world(&w);
}

static void an_answer_from_elsewhere_proves_nothing(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 7, "x:anna"));
	/* ICE hears of it (and calls it asymmetric), but neither address is shown */
	shows(&w, 0, at(2, 2), stun(TT_STUN_SUCCESS, 7, NULL));
	belongs_to_nobody(&w, at(1, 1));
	belongs_to_nobody(&w, at(2, 2));
	close_world(&w);
}

static void to_send_to_an_address_gives_nothing_of_it(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	proves(&w, 0, at(1, 1), 7);
	for (unsigned i = 0; i < 10; i++) /* anna's peer is a candidate of bert's peer */
		sends(&w, 1, at(1, 1), stun(TT_STUN_REQUEST, 100 + i, "x:bert"));
	sends(&w, 1, at(1, 1), media());
	sends(&w, 1, at(3, 3), stun(TT_STUN_REQUEST, 200, "x:bert"));
	belongs_to(&w, at(1, 1), 0);
	belongs_to_nobody(&w, at(3, 3));
	close_world(&w);
}

static void an_answer_finds_who_asked(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	for (unsigned i = 0; i < ENDS; i++) /* all ask the same STUN server */
		sends(&w, (int)i, at(9, 3478), stun(TT_STUN_REQUEST, 50 + i, NULL));
	for (unsigned i = 0; i < ENDS; i++)
		assert_ptr_equal(find(&w, at(9, 3478), stun(TT_STUN_SUCCESS, 50 + i, NULL)).end,
				 &w.end[i]);
	assert_ptr_equal(find(&w, at(9, 3478), stun(TT_STUN_ERROR, 51, NULL)).end, &w.end[1]);
	assert_null(find(&w, at(9, 3478), stun(TT_STUN_SUCCESS, 99, NULL)).end);
	close_world(&w);
}

static void what_is_no_request_is_not_remembered(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	sends(&w, 0, at(1, 1), stun(TT_STUN_SUCCESS, 1, NULL));
	sends(&w, 0, at(1, 1), stun(TT_STUN_ERROR, 2, NULL));
	sends(&w, 0, at(1, 1), stun(TT_STUN_INDICATION, 3, NULL));
	sends(&w, 0, at(1, 1), media());
	struct packet p = stun(TT_STUN_REQUEST, 4, NULL);
	p.buf[4] ^= 1; /* no cookie */
	sends(&w, 0, at(1, 1), p);
	p = stun(TT_STUN_REQUEST, 4, NULL);
	p.len = TT_STUN_HEADER_LEN - 1;
	sends(&w, 0, at(1, 1), p);
	p.len = TT_STUN_HEADER_LEN;
	for (unsigned first = 4; first < 256; first++) { /* the first bits of STUN are zero */
		p.buf[0] = (uint8_t)first;
		sends(&w, 0, at(1, 1), p);
	}
	assert_int_equal(w.end[0].asked_count, 0);
	p.buf[0] = 0; /* a header is enough */
	sends(&w, 0, at(1, 1), p);
	assert_int_equal(w.end[0].asked_count, 1);
	tt_route_leave(&w.route, &w.end[0]);
	sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 5, NULL));
	sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 5, NULL)); /* said again */
	assert_int_equal(w.end[0].asked_count, 1);
	close_world(&w);
}

static void where_an_address_is_proven_nothing_is_remembered(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 1, NULL));
	sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 2, NULL));
	sends(&w, 0, at(2, 2), stun(TT_STUN_REQUEST, 3, NULL));
	shows(&w, 0, at(1, 1), stun(TT_STUN_SUCCESS, 1, NULL));
	assert_int_equal(w.end[0].asked_count, 1); /* of 2, 2 */
	for (unsigned i = 0; i < 100; i++)
		sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 10 + i, NULL));
	assert_int_equal(w.end[0].asked_count, 1);
	belongs_to(&w, at(1, 1), 0);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_SUCCESS, 10, NULL)).end, &w.end[0]);
	close_world(&w);
}

static void an_end_remembers_so_many_questions_and_so_long(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	for (unsigned i = 0; i < TT_ROUTE_ASKED + 10; i++)
		sends(&w, 0, at(i, 1), stun(TT_STUN_REQUEST, i, NULL));
	assert_int_equal(w.end[0].asked_count, TT_ROUTE_ASKED);
	assert_null(find(&w, at(1, 1), stun(TT_STUN_SUCCESS, 9, NULL)).end);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_SUCCESS, 10, NULL)).end, &w.end[0]);
	w.now += TT_ROUTE_PATIENCE + 1;
	sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 999, NULL));
	assert_int_equal(w.end[0].asked_count, 1);
	close_world(&w);
}

/* A peer that knows its password can write as many addresses as it likes. */
static void an_end_has_so_many_addresses_and_keeps_the_proven_ones(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	proves(&w, 0, at(1, 1), 7);
	proves(&w, 1, at(1, 2), 8);
	for (unsigned i = 0; i < 10 * TT_ROUTE_ADDRS; i++)
		shows(&w, 0, at(i, 5000), stun(TT_STUN_REQUEST, i, "anna:x"));
	assert_int_equal(w.end[0].addr_count, TT_ROUTE_ADDRS);
	assert_int_equal(w.route.addrs.count, TT_ROUTE_ADDRS + 1);
	belongs_to(&w, at(1, 1), 0);
	belongs_to(&w, at(1, 2), 1);
	for (unsigned i = 0; i < 2 * TT_ROUTE_ADDRS; i++)
		proves(&w, 0, at(i, 6000), 1000 + i);
	assert_int_equal(w.end[0].addr_count, TT_ROUTE_ADDRS);
	belongs_to_nobody(&w, at(1, 1)); /* the oldest */
	belongs_to(&w, at(2 * TT_ROUTE_ADDRS - 1, 6000), 0);
	close_world(&w);
}

static void a_restart_has_both_fragments_and_a_rollback_the_first(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	assert_true(tt_route_name(&w.route, &w.end[0], "again"));
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "anna:x")).end, &w.end[0]);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "again:x")).end, &w.end[0]);
	assert_true(tt_route_name(&w.route, &w.end[0], "anna"));
	assert_true(tt_route_name(&w.route, &w.end[0], "anna"));
	assert_true(tt_route_name(&w.route, &w.end[0], "third"));
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "anna:x")).end, &w.end[0]);
	assert_null(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "again:x")).end);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "third:x")).end, &w.end[0]);
	close_world(&w);
}

static void who_leaves_leaves_nothing(void **state)
{
	struct world w;
	(void)state;

	open_world(&w);
	proves(&w, 0, at(1, 1), 7);
	proves(&w, 1, at(2, 2), 8);
	sends(&w, 0, at(9, 3478), stun(TT_STUN_REQUEST, 9, NULL));
	tt_route_leave(&w.route, &w.end[0]);
	belongs_to_nobody(&w, at(1, 1));
	assert_null(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, "anna:x")).end);
	assert_null(find(&w, at(9, 3478), stun(TT_STUN_SUCCESS, 9, NULL)).end);
	belongs_to(&w, at(2, 2), 1);
	close_world(&w);
}

static void what_is_no_stun_goes_by_its_address(void **state)
{
	struct packet p = stun(TT_STUN_REQUEST, 1, "bert:x");
	struct world w;
	(void)state;

	open_world(&w);
	proves(&w, 0, at(1, 1), 7);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_INDICATION, 1, "bert:x")).end, &w.end[0]);
	assert_ptr_equal(find(&w, at(1, 1), stun(TT_STUN_REQUEST, 1, NULL)).end, &w.end[0]);
	for (size_t len = 0; len < p.len; len++) { /* cut off anywhere */
		struct packet cut = p;
		cut.len = len;
		assert_ptr_equal(find(&w, at(1, 1), cut).end, &w.end[0]);
		assert_null(find(&w, at(2, 2), cut).end);
	}
	/* RFC 7983 section 7: 0 to 3 begin STUN, whatever the method */
	for (unsigned first = 0; first < 256; first += 2) { /* of requests */
		p.buf[0] = (uint8_t)first;
		assert_ptr_equal(find(&w, at(1, 1), p).end, &w.end[first <= 3 ? 1 : 0]);
	}
	sends(&w, 1, at(9, 9), stun(TT_STUN_REQUEST, 3, NULL));
	p = stun(TT_STUN_SUCCESS, 3, NULL);
	for (unsigned first = 1; first < 256; first += 2) {
		p.buf[0] = (uint8_t)first;
		assert_ptr_equal(find(&w, at(1, 1), p).end, &w.end[first <= 3 ? 1 : 0]);
	}
	close_world(&w);
}

static void a_thousand_ends_are_told_apart(void **state)
{
	enum { MANY = 1000 };
	struct tt_route_end *ends = calloc(MANY, sizeof *ends);
	char name[32];
	struct world w;
	(void)state;

	assert_non_null(ends);
	open_world(&w);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "n%u", i);
		assert_true(tt_route_name(&w.route, &ends[i], name));
		const struct taut_addr a = at(i, 1);
		const struct packet p = stun(TT_STUN_REQUEST, i, "x:y");
		tt_route_sent(&w.route, 0, &ends[i], &a, p.buf, p.len);
		const struct tt_route_found f = find(&w, a, stun(TT_STUN_SUCCESS, i, NULL));
		assert_ptr_equal(f.end, &ends[i]);
		tt_route_shown(&w.route, 0, &f, &a);
	}
	for (unsigned i = 0; i < MANY; i++) {
		assert_ptr_equal(find(&w, at(i, 1), media()).end, &ends[i]);
		(void)snprintf(name, sizeof name, "n%u:x", i);
		assert_ptr_equal(find(&w, at(0, 9), stun(TT_STUN_REQUEST, 1, name)).end, &ends[i]);
	}
	for (unsigned i = 0; i < MANY; i++)
		tt_route_leave(&w.route, &ends[i]);
	close_world(&w);
	free(ends);
}

static void without_memory_it_knows_less_and_says_so(void **state)
{
	struct world w;
	(void)state;

	for (long n = 0; n < 8; n++) {
		open_world(&w);
		memory.left = n;
		(void)tt_route_name(&w.route, &w.end[0], "other");
		sends(&w, 0, at(1, 1), stun(TT_STUN_REQUEST, 1, NULL));
		const struct tt_route_found f = find(&w, at(1, 1), stun(TT_STUN_SUCCESS, 1, NULL));
		const struct taut_addr from = at(1, 1);
		if (f.end)
			tt_route_shown(&w.route, 0, &f, &from);
		if (n == 0) {
			assert_false(tt_route_name(&w.route, &w.end[1], "another"));
			assert_ptr_equal(find(&w, at(5, 5), stun(TT_STUN_REQUEST, 1, "bert:x")).end,
					 &w.end[1]); /* as before */
			belongs_to_nobody(&w, at(1, 1));
		}
		memory.left = -1;
		close_world(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_finds_its_end_by_our_fragment),
		cmocka_unit_test(a_check_that_is_not_authenticated_gives_no_address),
		cmocka_unit_test(an_authenticated_check_gives_an_address_that_nobody_has),
		cmocka_unit_test(an_authenticated_check_takes_no_address_that_is_proven),
		cmocka_unit_test(an_answer_from_there_takes_the_address),
		cmocka_unit_test(an_answer_from_elsewhere_proves_nothing),
		cmocka_unit_test(to_send_to_an_address_gives_nothing_of_it),
		cmocka_unit_test(an_answer_finds_who_asked),
		cmocka_unit_test(what_is_no_request_is_not_remembered),
		cmocka_unit_test(where_an_address_is_proven_nothing_is_remembered),
		cmocka_unit_test(an_end_remembers_so_many_questions_and_so_long),
		cmocka_unit_test(an_end_has_so_many_addresses_and_keeps_the_proven_ones),
		cmocka_unit_test(a_restart_has_both_fragments_and_a_rollback_the_first),
		cmocka_unit_test(who_leaves_leaves_nothing),
		cmocka_unit_test(what_is_no_stun_goes_by_its_address),
		cmocka_unit_test(a_thousand_ends_are_told_apart),
		cmocka_unit_test(without_memory_it_knows_less_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
