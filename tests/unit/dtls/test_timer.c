/* Retransmission when OpenSSL keeps its timer to itself (3.2 and later): it then reads a clock
 * of its own, which this program supplies, so that the two can be made to disagree. */
#include "pair.h"

#include <sys/time.h>

#include "dtls/dtls_state.h"

static taut_time openssl_clock;
static unsigned asked;

/* Visible, so that libcrypto finds this one. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict zone);

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	(void)zone;
	asked++;
	tv->tv_sec = openssl_clock / 1000000;
	tv->tv_usec = openssl_clock % 1000000;
	return 0;
}

/* The client's datagrams until now + span, OpenSSL's clock running at num/den of ours. */
static unsigned hellos(struct pair *p, taut_time span, int64_t num, int64_t den)
{
	const taut_time begun = p->sim.now, clock = openssl_clock;
	uint8_t buf[2048];
	unsigned sent = 0, rounds = 0;

	while (p->sim.now < begun + span) {
		while (tt_dtls_poll_send(p->d[0], p->sim.now, buf, sizeof buf) > 0)
			sent++;
		const taut_time next = tt_dtls_deadline(p->d[0], NULL);
		if (next == INT64_MAX)
			break;
		assert_true(next > p->sim.now);
		assert_true(++rounds < 2000);
		p->sim.now = next;
		openssl_clock = clock + (next - begun) * num / den;
		tt_dtls_tick(p->d[0], next);
	}
	return sent;
}

static struct pair *make(void)
{
	static struct pair p;

	openssl_clock = 1700000000 * (taut_time)1000000;
	pair_init(&p, 1, NULL);
	p.d[0]->timer_lent = false;
	asked = 0;
	tt_dtls_start(p.d[0], p.sim.now, true, 50 * MS);
	assert_true(asked > 0); /* or this program tests nothing */
	return &p;
}

static void clocks_that_agree_retransmit_on_time(void **state)
{
	struct pair *p = make();

	(void)state;
	assert_int_equal(hellos(p, 1000 * MS, 1, 1), 5); /* at 0, 50, 150, 350, 750 ms */
	pair_free(p);
}

static void a_slow_clock_only_delays(void **state)
{
	struct pair *p = make();

	(void)state;
	const unsigned n = hellos(p, 1000 * MS, 1, 2);
	assert_true(n == 4 || n == 5);
	pair_free(p);
}

static void a_clock_that_stands_still_spins_nothing_and_ends(void **state)
{
	struct pair *p = make();

	(void)state;
	assert_int_equal(hellos(p, 2000 * MS, 0, 1), 1);
	tt_dtls_tick(p->d[0], p->sim.now + 30000 * MS);
	assert_int_equal(tt_dtls_state(p->d[0]), TT_DTLS_FAILED);
	pair_free(p);
}

static void the_lent_timer_needs_no_clock_at_all(void **state)
{
	struct pair p;

	(void)state;
	if (!tt_dtls_timer_is_lent())
		skip();
	openssl_clock = 1700000000 * (taut_time)1000000;
	pair_init(&p, 2, NULL);
	tt_dtls_start(p.d[0], p.sim.now, true, 50 * MS);
	assert_int_equal(hellos(&p, 1000 * MS, 0, 1), 5);
	pair_free(&p);
	pair_init(&p, 2, NULL);
	tt_dtls_start(p.d[0], p.sim.now, true, 50 * MS);
	assert_int_equal(hellos(&p, 1000 * MS, 600, 1), 5);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_that_agree_retransmit_on_time),
		cmocka_unit_test(a_slow_clock_only_delays),
		cmocka_unit_test(a_clock_that_stands_still_spins_nothing_and_ends),
		cmocka_unit_test(the_lent_timer_needs_no_clock_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
