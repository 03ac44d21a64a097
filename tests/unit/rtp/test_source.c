/* Sequence numbers, statistics of RFC 3550 appendix A, and the NACK list's ceilings. */
#include "unit/rtp/rtp_support.h"

#include "base/num.h"
#include "rtp/rtp_nack.h"
#include "rtp/rtp_source.h"

static void sequence_numbers_go_on_over_the_wrap(void **state)
{
	struct tt_rtp_source s = { 0 };
	int64_t ext, first;

	(void)state;
	assert_int_equal(tt_rtp_source_seq(&s, 65534, &first), TT_RTP_SEQ_OK);
	for (int i = 1; i < 200000; i++) {
		assert_int_equal(tt_rtp_source_seq(&s, (uint16_t)(65534 + i), &ext), TT_RTP_SEQ_OK);
		assert_int_equal(ext, first + i);
	}
	assert_int_equal(tt_rtp_source_seq(&s, (uint16_t)(65534 + 199990), &ext), TT_RTP_SEQ_OK);
	assert_int_equal(ext, first + 199990);
}

static void one_stray_packet_changes_nothing_and_two_restart(void **state)
{
	struct tt_rtp_source s = { 0 };
	int64_t ext;

	(void)state;
	tt_rtp_source_seq(&s, 100, &ext);
	tt_rtp_source_seq(&s, 101, &ext);
	assert_int_equal(tt_rtp_source_seq(&s, 40000, &ext), TT_RTP_SEQ_JUMPED);
	assert_int_equal(tt_rtp_source_seq(&s, 102, &ext), TT_RTP_SEQ_OK);
	assert_int_equal(tt_rtp_source_seq(&s, 40001, &ext), TT_RTP_SEQ_JUMPED); /* not in sequence any more */
	assert_int_equal(tt_rtp_source_seq(&s, 50000, &ext), TT_RTP_SEQ_JUMPED);
	int64_t before = s.newest;

	assert_int_equal(tt_rtp_source_seq(&s, 50001, &ext), TT_RTP_SEQ_RESTART);
	assert_true(ext > before && (uint16_t)ext == 50001);
	assert_int_equal(tt_rtp_source_seq(&s, 50002, &ext), TT_RTP_SEQ_OK);
}

/* The queue of a path that was left empties, a second late and in order. */
static void packets_from_far_back_are_late_and_no_restart(void **state)
{
	struct tt_rtp_source s = { 0 };
	int64_t ext, newest = 0;

	(void)state;
	for (uint16_t i = 0; i < 2000; i++)
		tt_rtp_source_seq(&s, i, &newest);
	for (uint16_t i = 1100; i < 1200; i++) {
		assert_int_equal(tt_rtp_source_seq(&s, i, &ext), TT_RTP_SEQ_OK);
		assert_int_equal(ext, newest - 1999 + i);
	}
	assert_int_equal(s.newest, newest);
}

static void losses_are_counted_and_the_fraction_is_of_the_interval(void **state)
{
	struct tt_rtp_source s = { 0 };
	int64_t ext;

	(void)state;
	for (uint16_t i = 0; i < 200; i++) {
		if (i % 4 == 1)
			continue;
		tt_rtp_source_seq(&s, (uint16_t)(65500 + i), &ext);
		tt_rtp_source_arrived(&s, i * 960u, i * 20000, 48000);
	}
	assert_int_equal(tt_rtp_source_lost(&s), 50);
	assert_int_equal(tt_rtp_source_fraction(&s), 64);
	assert_int_equal(tt_rtp_source_fraction(&s), 0);
	assert_true(tt_rtp_source_jitter_us(&s, 48000) < 100);
}

static void jitter_follows_the_arrivals(void **state)
{
	struct tt_rtp_source s = { 0 };
	int64_t ext;

	(void)state;
	for (uint16_t i = 0; i < 1000; i++) {
		tt_rtp_source_seq(&s, i, &ext);
		tt_rtp_source_arrived(&s, 0xffffff00u + i * 960u, i * 20000 + (i & 1 ? 8000 : 0), 48000);
	}
	assert_in_range(tt_rtp_source_jitter_us(&s, 48000), 7500, 8100);
}

static void extreme_times_and_timestamps_do_not_overflow(void **state)
{
	static const taut_time at[] = { 0, 1, INT64_MAX / 2, 1, INT64_MAX - 1 };
	struct tt_rtp_source s = { 0 };
	int64_t ext;

	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		tt_rtp_source_seq(&s, i, &ext);
		tt_rtp_source_arrived(&s, i & 1 ? 0xffffffffu : i, at[i % 5], 192000);
	}
	assert_true(tt_rtp_source_jitter_us(&s, 192000) < 20000000);
}

static struct tt_env env;

static void a_hole_is_asked_for_after_five_newer_packets_or_10_ms(void **state)
{
	struct tt_nack n = { .env = &env };
	int64_t out[8];

	(void)state;
	assert_true(tt_nack_missing(&n, 1000, 10, 11));
	assert_int_equal(tt_nack_collect(&n, 1000, 0, out, 8), 0);
	assert_int_equal(tt_nack_deadline(&n, 0), 11000);
	assert_int_equal(tt_nack_collect(&n, 11000, 0, out, 8), 1);
	assert_int_equal(out[0], 10);
	assert_true(tt_nack_missing(&n, 12000, 12, 13));
	assert_true(tt_nack_missing(&n, 12100, 17, 17));
	assert_int_equal(tt_nack_collect(&n, 12100, 0, out, 8), 1);
	assert_int_equal(out[0], 12);
	tt_nack_arrived(&n, 10);
	tt_nack_arrived(&n, 12);
	assert_int_equal(tt_nack_deadline(&n, 0), INT64_MAX);
	tt_nack_free(&n);
}

static void a_packet_is_asked_for_at_most_ten_times(void **state)
{
	struct tt_nack n = { .env = &env };
	taut_time now = 0;
	int64_t out[8];
	unsigned asked = 0;

	(void)state;
	assert_true(tt_nack_missing(&n, now, 5, 9));
	while (tt_nack_deadline(&n, 50000) != INT64_MAX) {
		now = tt_nack_deadline(&n, 50000);
		const size_t now_asked = tt_nack_collect(&n, now, 50000, out, 8);
		asked += (unsigned)now_asked;
		assert_true(tt_nack_expects(&n, 5)); /* asking gives nothing up ... */
		tt_nack_give_up(&n, now, 50000);     /* ... this does, once the last answer is late */
		assert_int_equal(tt_nack_expects(&n, 5), now_asked > 0);
		assert_true(tt_nack_deadline(&n, 50000) > now);
	}
	assert_int_equal(asked, 40);
	assert_false(tt_nack_expects(&n, 5));
	tt_nack_free(&n);
}

static void too_many_holes_empty_the_list(void **state)
{
	struct tt_nack n = { .env = &env };

	(void)state;
	assert_true(tt_nack_missing(&n, 0, 1, 901));
	assert_false(tt_nack_missing(&n, 0, 902, 1100));
	assert_int_equal(n.count, 0);
	assert_true(n.cap <= TT_NACK_MAX);
	assert_true(tt_nack_missing(&n, 0, 2000, 2500));
	assert_true(tt_nack_missing(&n, 0, 20000, 20001)); /* and what is too old is forgotten */
	assert_int_equal(n.count, 1);
	tt_nack_free(&n);
}

static int make_env(void **state)
{
	(void)state;
	tt_env_init(&env, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_numbers_go_on_over_the_wrap),
		cmocka_unit_test(one_stray_packet_changes_nothing_and_two_restart),
		cmocka_unit_test(packets_from_far_back_are_late_and_no_restart),
		cmocka_unit_test(losses_are_counted_and_the_fraction_is_of_the_interval),
		cmocka_unit_test(jitter_follows_the_arrivals),
		cmocka_unit_test(extreme_times_and_timestamps_do_not_overflow),
		cmocka_unit_test(a_hole_is_asked_for_after_five_newer_packets_or_10_ms),
		cmocka_unit_test(a_packet_is_asked_for_at_most_ten_times),
		cmocka_unit_test(too_many_holes_empty_the_list),
	};
	return cmocka_run_group_tests(tests, make_env, NULL);
}
