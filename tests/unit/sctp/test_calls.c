/* Calls that make no sense or come too late, and associations without random numbers. */
#include "sctp_pair.h"

#include "base/num.h"
#include "support/refuse.h"

static uint8_t next_octet;

static int refusing_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = ++next_octet;
	return refuse_now() ? -1 : 0;
}

static void an_association_that_makes_no_sense_is_none(void **state)
{
	static const uint16_t bad[] = { 1, 575, 65535 };
	struct sim sim;
	struct tt_sctp *s;
	(void)state;

	sim_init(&sim, 1, NULL);
	for (size_t i = 0; i < TT_COUNT(bad); i++) {
		const struct tt_sctp_config cfg = { .max_packet = bad[i] };
		assert_int_equal(tt_sctp_new(&s, &sim.env[0], &cfg, 0), TAUT_E_INVAL);
		assert_null(s);
	}
	tt_sctp_free(NULL);
	assert_int_equal(sim.env[0].memory, 0);
	sim_free(&sim);
}

static void what_is_configured_is_kept(void **state)
{
	static const struct tt_sctp_config cfg = { .local_port = 6000,
						   .remote_port = 6000,
						   .max_packet = 576,
						   .max_streams = 3,
						   .max_message_in = 5000,
						   .recv_window = 1,
						   .send_buffer = 20000 };
	struct pair p;
	(void)state;

	pair_init(&p, 1, NULL, &cfg);
	assert_int_equal(tt_sctp_out_streams(p.s[0]), 3);
	pair_connect(&p);
	assert_int_equal(pair_number(&p, 0, 3, 1, 10, NULL), TAUT_E_INVAL);
	assert_int_equal(pair_number(&p, 0, 2, 1, 0, NULL), TAUT_E_INVAL);
	assert_int_equal(pair_number(&p, 0, 2, 1, 5001, NULL), TAUT_OK);
	assert_int_equal(pair_number(&p, 0, 2, 2, 5000, NULL), TAUT_OK);
	assert_int_equal(pair_number(&p, 0, 2, 3, 15000, NULL), TAUT_E_AGAIN);
	pair_run(&p, 5 * SECOND);
	assert_int_equal(p.too_large[1], 1);
	assert_int_equal(p.count[1], 1);
	assert_int_equal(p.log[1][0].len, 5000);
	assert_int_equal(tt_sctp_reset_stream(p.s[0], p.sim.now, 3), TAUT_E_INVAL);
	assert_int_equal(tt_sctp_buffered(p.s[0], 99), 0);
	pair_free(&p);
}

static void ports_change_only_before_it_begins(void **state)
{
	struct pair p;
	(void)state;

	pair_init(&p, 2, NULL, NULL);
	assert_int_equal(tt_sctp_set_ports(p.s[0], 0, 5001), TAUT_E_INVAL);
	assert_int_equal(tt_sctp_set_ports(p.s[0], 5001, 0), TAUT_E_INVAL);
	assert_int_equal(tt_sctp_set_ports(p.s[0], 5001, 5002), TAUT_OK);
	assert_int_equal(tt_sctp_set_ports(p.s[1], 5002, 5001), TAUT_OK);
	pair_connect(&p);
	assert_int_equal(tt_sctp_set_ports(p.s[0], 5001, 5002), TAUT_E_STATE);
	pair_free(&p);
}

static void an_association_that_has_ended_refuses_every_call(void **state)
{
	struct pair p;
	uint8_t packet[20] = { 0 };
	(void)state;

	pair_init(&p, 3, NULL, NULL);
	pair_connect(&p);
	assert_int_equal(tt_sctp_connect(p.s[0], p.sim.now), TAUT_OK); /* it has begun: nothing */
	assert_int_equal(tt_sctp_abort(p.s[0], p.sim.now), TAUT_OK);
	pair_run(&p, SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p.closed[i], 1);
		assert_int_equal(tt_sctp_connect(p.s[i], p.sim.now), TAUT_E_STATE);
		assert_int_equal(pair_number(&p, i, 0, 1, 10, NULL), TAUT_E_STATE);
		assert_int_equal(tt_sctp_reset_stream(p.s[i], p.sim.now, 0), TAUT_E_STATE);
		assert_int_equal(tt_sctp_shutdown(p.s[i], p.sim.now), TAUT_E_STATE);
		assert_int_equal(tt_sctp_abort(p.s[i], p.sim.now), TAUT_E_STATE);
		assert_int_equal(pair_recv(&p, i, packet, sizeof packet), 1);
		assert_true(tt_sctp_deadline(p.s[i], NULL) == INT64_MAX);
	}
	pair_free(&p);
}

static void without_random_numbers_there_is_no_association(void **state)
{
	struct sim sim;
	struct tt_sctp *s;
	const struct tt_sctp_config cfg = { 0 };
	long rounds = 0;
	(void)state;

	sim_init(&sim, 1, NULL);
	sim.env[0].random = refusing_random;
	REFUSE_EACH
	{
		const int rc = tt_sctp_new(&s, &sim.env[0], &cfg, 0);
		assert_int_equal(rc, refuse_failed() ? TAUT_E_CRYPTO : TAUT_OK);
		if (rc != TAUT_OK) {
			assert_null(s);
			assert_int_equal(sim.env[0].memory, 0);
		}
		rounds++;
	}
	assert_int_equal(rounds, 4); /* a tag, a TSN, the secret of cookies, and none of them */
	tt_sctp_free(s);
	sim_free(&sim);
}

/* Each random number that both ends draw on their way up, or for an INIT in the middle, fails. */
static void a_failure_to_draw_delays_and_breaks_nothing(void **state)
{
	bool more = true;
	(void)state;

	for (long n = 0; more; n++) {
		struct pair p;
		pair_init(&p, 4, NULL, NULL);
		refuse.at = n;
		refuse.calls = 0;
		p.sim.env[0].random = p.sim.env[1].random = refusing_random;
		for (int i = 0; i < 2; i++)
			assert_int_equal(tt_sctp_connect(p.s[i], p.sim.now), TAUT_OK);
		pair_run(&p, 60 * SECOND);
		more = refuse_failed();
		refuse.at = -1;
		assert_int_equal(p.connected[0], 1);
		assert_int_equal(p.connected[1], 1);
		assert_int_equal(p.closed[0] + p.closed[1], 0);
		assert_int_equal(pair_number(&p, 0, 0, 7, 100, NULL), TAUT_OK);
		pair_run(&p, 5 * SECOND);
		assert_int_equal(p.count[1], 1);
		pair_free(&p);
		assert_true(n < 30);
	}
}

static uint8_t first_init[2048];
static size_t first_init_len;

static void keep_init(struct pair *p, int to, uint8_t *data, size_t *len)
{
	(void)p;
	if (to == 1 && first_init_len == 0 && *len > 12 && data[12] == 1) {
		memcpy(first_init, data, *len);
		first_init_len = *len;
	}
}

/* 5.2.2: an INIT to an association that is up is answered with fresh tags and tie-tags. */
static void an_init_that_cannot_be_answered_is_dropped(void **state)
{
	struct pair p;
	(void)state;

	pair_init(&p, 5, NULL, NULL);
	first_init_len = 0;
	p.on_packet = keep_init;
	pair_connect(&p);
	assert_true(first_init_len > 0);
	const uint64_t *dropped = &p.sim.env[1].drops[TAUT_DROP_SCTP_NO_RANDOM];
	p.sim.env[1].random = refusing_random;
	long rounds = 0;
	REFUSE_EACH
	{
		pair_recv(&p, 1, first_init, first_init_len);
		if (refuse_failed())
			assert_int_equal(*dropped, rounds + 1);
		rounds++;
	}
	assert_int_equal(*dropped, rounds - 1);
	assert_in_range(rounds, 3, 6);
	assert_int_equal(pair_number(&p, 0, 0, 7, 100, NULL), TAUT_OK);
	pair_run(&p, 5 * SECOND);
	assert_int_equal(p.count[1], 1); /* the association that is there goes on */
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_association_that_makes_no_sense_is_none),
		cmocka_unit_test(what_is_configured_is_kept),
		cmocka_unit_test(ports_change_only_before_it_begins),
		cmocka_unit_test(an_association_that_has_ended_refuses_every_call),
		cmocka_unit_test(without_random_numbers_there_is_no_association),
		cmocka_unit_test(a_failure_to_draw_delays_and_breaks_nothing),
		cmocka_unit_test(an_init_that_cannot_be_answered_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
