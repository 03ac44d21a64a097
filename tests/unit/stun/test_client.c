/* The Binding transaction of RFC 8489 section 6.2.1, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/num.h"
#include "base/rd.h"
#include "stun/stun_client.h"
#include "stun/turn.h"
#include "support/sim.h"

static const struct taut_addr server = { .family = 4, .port = 3478, .ip = { 192, 0, 2, 1 } };
static const struct taut_addr us = { .family = 4, .port = 40000, .ip = { 198, 51, 100, 7 } };

static size_t answer(const struct tt_stun_client *c, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);

	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, c->tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &us);
	return tt_stun_finish(&w);
}

static void requests_leave_at_0_500_1500_3500_7500_15500_31500_ms(void **state)
{
	static const taut_time at[] = { 0, 500, 1500, 3500, 7500, 15500, 31500 };
	struct sim s;
	struct tt_stun_client c;
	uint8_t buf[256];
	size_t sent = 0;

	(void)state;
	sim_init(&s, 1, NULL);
	taut_time start = s.now;
	tt_stun_client_init(&c, &s.env[0], s.now, &server, 0);
	while (tt_stun_client_deadline(&c) != INT64_MAX) {
		s.now = tt_stun_client_deadline(&c);
		tt_stun_client_tick(&c, s.now);
		while (tt_stun_client_poll_send(&c, s.now, buf, sizeof buf) > 0) {
			assert_true(sent < TT_COUNT(at));
			assert_int_equal((s.now - start) / 1000, at[sent]);
			sent++;
		}
	}
	assert_int_equal(sent, 7);
	assert_int_equal((s.now - start) / 1000, 39500);
	assert_int_equal(c.state, TT_STUN_CLIENT_NO_ANSWER);
	assert_non_null(c.why);
	sim_free(&s);
}

static void an_answer_gives_the_address_and_the_round_trip(void **state)
{
	struct sim s;
	struct tt_stun_client c;
	uint8_t buf[256];

	(void)state;
	sim_init(&s, 2, NULL);
	tt_stun_client_init(&c, &s.env[0], s.now, &server, 8000000);
	assert_true(tt_stun_client_poll_send(&c, s.now, buf, sizeof buf) > 0);
	assert_true(tt_stun_is(buf, 20));
	size_t len = answer(&c, buf, sizeof buf);
	assert_true(tt_stun_client_recv(&c, s.now + 23000, &server, buf, len));
	assert_int_equal(c.state, TT_STUN_CLIENT_DONE);
	assert_int_equal(c.rtt, 23000);
	assert_memory_equal(&c.mapped, &us, sizeof us);
	assert_true(tt_stun_client_deadline(&c) == INT64_MAX);
	assert_false(tt_stun_client_recv(&c, s.now + 24000, &server, buf, len));
	sim_free(&s);
}

static void an_answer_from_elsewhere_or_with_another_id_changes_nothing(void **state)
{
	struct sim s;
	struct tt_stun_client c, before;
	struct taut_addr other = server;
	uint8_t buf[256];

	(void)state;
	sim_init(&s, 3, NULL);
	other.port++;
	tt_stun_client_init(&c, &s.env[0], s.now, &server, 8000000);
	tt_stun_client_poll_send(&c, s.now, buf, sizeof buf);
	size_t len = answer(&c, buf, sizeof buf);
	before = c;
	assert_false(tt_stun_client_recv(&c, s.now, &other, buf, len));
	buf[19] ^= 1;
	assert_false(tt_stun_client_recv(&c, s.now, &server, buf, len));
	for (size_t n = 0; n < len; n++)
		assert_false(tt_stun_client_recv(&c, s.now, &server, buf, n));
	assert_memory_equal(&before, &c, sizeof c);
	sim_free(&s);
}

static void it_gives_up_when_told_to(void **state)
{
	struct sim s;
	struct tt_stun_client c;
	uint8_t buf[256];

	(void)state;
	sim_init(&s, 4, NULL);
	tt_stun_client_init(&c, &s.env[0], s.now, &server, 8000000);
	taut_time start = s.now;
	while (tt_stun_client_deadline(&c) != INT64_MAX) {
		s.now = tt_stun_client_deadline(&c);
		tt_stun_client_tick(&c, s.now);
		tt_stun_client_poll_send(&c, s.now, buf, sizeof buf);
	}
	assert_int_equal(s.now - start, 8000000);
	assert_int_equal(c.state, TT_STUN_CLIENT_NO_ANSWER);
	sim_free(&s);
}

static void a_refusal_and_an_answer_without_address_say_so(void **state)
{
	struct sim s;
	struct tt_stun_client c;
	uint8_t buf[256];

	(void)state;
	sim_init(&s, 5, NULL);
	for (int refuse = 0; refuse < 2; refuse++) {
		tt_stun_client_init(&c, &s.env[0], s.now, &server, 0);
		tt_stun_client_poll_send(&c, s.now, buf, sizeof buf);
		struct wr w = wr_make(buf, sizeof buf);
		tt_stun_begin(&w, refuse ? TT_STUN_ERROR : TT_STUN_SUCCESS, TT_STUN_BINDING, c.tid);
		if (refuse)
			tt_stun_put_error(&w, 500, "Server Error");
		assert_true(tt_stun_client_recv(&c, s.now, &server, buf, tt_stun_finish(&w)));
		assert_int_equal(c.state,
		                 refuse ? TT_STUN_CLIENT_REFUSED : TT_STUN_CLIENT_NO_ADDRESS);
		assert_int_equal(c.error_code, refuse ? 500 : 0);
		assert_non_null(c.why);
	}
	sim_free(&s);
}

static void what_is_no_answer_to_what_was_asked_is_dropped(void **state)
{
	static const struct {
		enum tt_stun_class cls;
		uint16_t method;
	} others[] = { { TT_STUN_REQUEST, TT_STUN_BINDING },
		       { TT_STUN_INDICATION, TT_STUN_BINDING },
		       { TT_STUN_SUCCESS, TT_TURN_ALLOCATE } };
	struct sim s;
	struct tt_stun_client c;
	uint8_t buf[256], request[256];
	uint64_t *const dropped = &s.env[0].drops[TAUT_DROP_STUN_NOT_OURS];

	(void)state;
	sim_init(&s, 6, NULL);
	tt_stun_client_init(&c, &s.env[0], s.now, &server, 0);
	size_t len = answer(&c, buf, sizeof buf);
	assert_false(tt_stun_client_recv(&c, s.now, &server, buf, len)); /* nothing was sent yet */
	assert_int_equal(*dropped, 1);
	assert_int_not_equal(tt_stun_client_poll_send(&c, s.now, request, sizeof request), 0);
	assert_int_equal(tt_stun_client_poll_send(&c, s.now, request, sizeof request), 0);
	for (size_t i = 0; i < TT_COUNT(others); i++) {
		struct wr w = wr_make(buf, sizeof buf);
		tt_stun_begin(&w, others[i].cls, others[i].method, c.tid);
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &us);
		assert_false(tt_stun_client_recv(&c, s.now, &server, buf, tt_stun_finish(&w)));
		assert_int_equal(*dropped, 2 + i);
	}
	struct wr w = wr_make(buf, sizeof buf);
	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, c.tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &us);
	tt_stun_put_fingerprint(&w);
	len = tt_stun_finish(&w);
	buf[len - 1] ^= 1;
	assert_false(tt_stun_client_recv(&c, s.now, &server, buf, len));
	assert_int_equal(*dropped, 5);
	assert_int_equal(c.state, TT_STUN_CLIENT_WAITING);
	buf[len - 1] ^= 1;
	assert_true(tt_stun_client_recv(&c, s.now, &server, buf, len));
	assert_int_equal(c.state, TT_STUN_CLIENT_DONE);
	sim_free(&s);
}

static void an_answer_that_asks_for_the_unknown_or_gives_no_code_is_a_refusal(void **state)
{
	struct sim s;
	struct tt_stun_client c;
	uint8_t buf[256];

	(void)state;
	sim_init(&s, 7, NULL);
	for (int error = 0; error < 2; error++) {
		tt_stun_client_init(&c, &s.env[0], s.now, &server, 0);
		tt_stun_client_poll_send(&c, s.now, buf, sizeof buf);
		struct wr w = wr_make(buf, sizeof buf);
		tt_stun_begin(&w, error ? TT_STUN_ERROR : TT_STUN_SUCCESS, TT_STUN_BINDING, c.tid);
		if (!error) {
			tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &us);
			tt_stun_put(&w, 0x7ffe, "what", 4); /* nobody has this one */
		}
		assert_true(tt_stun_client_recv(&c, s.now, &server, buf, tt_stun_finish(&w)));
		assert_int_equal(c.state, TT_STUN_CLIENT_REFUSED);
		assert_int_equal(c.error_code, 0);
		assert_int_equal(c.mapped.family, 0);
	}
	sim_free(&s);
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx, (void)out, (void)len;
	return -1;
}

static void without_random_numbers_nothing_is_asked(void **state)
{
	struct taut_env_config cfg = { .size = sizeof cfg, .random = no_random };
	struct tt_env env;
	struct tt_stun_client c;
	uint8_t buf[256];

	(void)state;
	tt_env_init(&env, &cfg);
	tt_stun_client_init(&c, &env, 0, &server, 0);
	assert_int_equal(c.state, TT_STUN_CLIENT_NO_RANDOM);
	assert_non_null(c.why);
	assert_int_equal(tt_stun_client_poll_send(&c, 0, buf, sizeof buf), 0);
	tt_stun_client_tick(&c, 100000000);
	assert_int_equal(c.state, TT_STUN_CLIENT_NO_RANDOM);
	assert_true(tt_stun_client_deadline(&c) == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_leave_at_0_500_1500_3500_7500_15500_31500_ms),
		cmocka_unit_test(an_answer_gives_the_address_and_the_round_trip),
		cmocka_unit_test(an_answer_from_elsewhere_or_with_another_id_changes_nothing),
		cmocka_unit_test(it_gives_up_when_told_to),
		cmocka_unit_test(a_refusal_and_an_answer_without_address_say_so),
		cmocka_unit_test(what_is_no_answer_to_what_was_asked_is_dropped),
		cmocka_unit_test(an_answer_that_asks_for_the_unknown_or_gives_no_code_is_a_refusal),
		cmocka_unit_test(without_random_numbers_nothing_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
