/* test_loans.c - messages that are put together in memory of the application's.
 *
 * Each loan is a heap block of its exact size, which is freed as soon as it is the lender's again: the sanitizer sees who
 * writes beyond it, or too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "sctp/rx/sctp_reassembly.h"
#include "sctp/rx/sctp_run.h"

enum { STREAM = 3, LOANS = 8, MAX_MESSAGE = 1000, LIMIT = 1 << 16 };

static struct tt_env env;
static struct sctp_tracker tracker;
static struct sctp_reassembly rx;

struct loan {
	uint8_t *memory; /* NULL: there is none */
	size_t size;
	bool taken;
};
static struct loan loans[LOANS];
static size_t backs;

static struct tt_sctp_loan lend(void *ctx, uint16_t stream, uint32_t ppid, size_t len)
{
	(void)ctx, (void)ppid;
	for (size_t i = 0; stream == STREAM && i < LOANS; i++) {
		struct loan *l = &loans[i];
		if (!l->memory || l->taken)
			continue;
		if (len > l->size)
			break;
		l->taken = true;
		return (struct tt_sctp_loan){ l->memory, l->size };
	}
	return (struct tt_sctp_loan){ 0 };
}

static void back(void *ctx, uint16_t stream, const uint8_t *memory)
{
	(void)ctx;
	assert_int_equal(stream, STREAM);
	for (size_t i = 0; i < LOANS; i++) {
		if (loans[i].memory != memory)
			continue;
		assert_true(loans[i].taken);
		loans[i].taken = false;
		backs++;
		return;
	}
	fail_msg("what was given back was not lent");
}

static void begin(bool interleaved)
{
	tt_env_init(&env, NULL);
	tt_sctp_tracker_init(&tracker, s32(1));
	tt_sctp_reassembly_init(&rx, &env, LIMIT, MAX_MESSAGE, 16);
	rx.interleaved = interleaved;
	rx.lender = (struct tt_sctp_lender){ lend, back, NULL };
	memset(loans, 0, sizeof loans);
	backs = 0;
}

static void have(size_t n, size_t size)
{
	loans[n] = (struct loan){ .memory = malloc(size), .size = size };
	assert_non_null(loans[n].memory);
}

static void forget(size_t n)
{
	assert_false(loans[n].taken);
	free(loans[n].memory);
	loans[n].memory = NULL;
}

static void end(void)
{
	tt_sctp_reassembly_clear(&rx, true);
	tt_sctp_tracker_free(&tracker, &env);
	assert_int_equal(env.memory, 0);
	for (size_t i = 0; i < LOANS; i++)
		free(loans[i].memory);
}

static uint8_t byte_of(uint32_t mid, size_t at)
{
	return (uint8_t)(mid * 31 + at * 7 + at / 256);
}

struct fragment {
	uint32_t tsn, mid, fsn;
	const char *flags; /* B, E, U */
	size_t at, len;
	uint16_t stream; /* 0: STREAM */
};

static enum sctp_taken try(struct fragment f)
{
	static uint8_t bytes[2 * MAX_MESSAGE];
	const struct sctp_data d = { .tsn = s32(f.tsn), .mid = s32(f.mid), .fsn = f.fsn,
				     .stream = f.stream ? f.stream : STREAM,
				     .begin = strchr(f.flags, 'B'), .end = strchr(f.flags, 'E'),
				     .unordered = strchr(f.flags, 'U'), .data = bytes, .len = f.len,
				     .interleaved = rx.interleaved };

	for (size_t k = 0; k < f.len; k++)
		bytes[k] = byte_of(f.mid, f.at + k);
	assert_true(tt_sctp_tracker_room(&tracker, &env, d.tsn));
	const enum sctp_taken taken = tt_sctp_reassembly_add(&rx, &tracker, &d);
	if (taken == SCTP_TAKEN)
		tt_sctp_tracker_add(&tracker, d.tsn);
	return taken;
}

static void give(struct fragment f)
{
	assert_int_equal(try(f), SCTP_TAKEN);
}

static void whole(uint32_t tsn, uint32_t mid, size_t len)
{
	give((struct fragment){ tsn, mid, 0, "BE", 0, len, 0 });
}

/* Fragment i of three of 100 octets, of message `mid` whose first TSN is that. */
static void third(uint32_t tsn, uint32_t mid, uint32_t i)
{
	static const char *const flags[] = { "B", "", "E" };

	give((struct fragment){ tsn + i, mid, i, flags[i], 100 * i, 100, 0 });
}

static void expect_at(uint32_t mid, size_t len, const uint8_t *where)
{
	const struct sctp_run *run = tt_sctp_reassembly_poll(&rx);

	assert_non_null(run);
	assert_int_equal(run->kind, SCTP_READY_MESSAGE);
	assert_int_equal(run->len, len);
	assert_ptr_equal(run->data, where ? where : run->own);
	for (size_t k = 0; k < len; k++)
		assert_int_equal(run->data[k], byte_of(mid, k));
}

/* The next message lies in that loan, which is the lender's with that. */
static void expect_in(size_t n, uint32_t mid, size_t len)
{
	assert_true(loans[n].taken);
	expect_at(mid, len, loans[n].memory);
	loans[n].taken = false;
	forget(n);
}

static void expect_ours(uint32_t mid, size_t len)
{
	expect_at(mid, len, NULL);
}

static void expect_nothing(void)
{
	assert_null(tt_sctp_reassembly_poll(&rx));
	assert_int_equal(rx.held, 0);
}

static void a_message_that_fits_lies_in_what_was_lent(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		begin(interleaved);
		have(0, 100);
		have(1, 300);
		whole(1, 0, 100);
		assert_int_equal(rx.held, tt_sctp_run_cost(100));
		for (uint32_t i = 0; i < 3; i++)
			third(2, 1, i);
		assert_int_equal(rx.held, tt_sctp_run_cost(100) + tt_sctp_run_cost(300));
		assert_in_range(env.memory, 0, rx.held - 1); /* but it is not there */
		expect_in(0, 0, 100);
		expect_in(1, 1, 300);
		expect_nothing();
		assert_int_equal(backs, 0); /* what was given out is not given back as well */
		end();
	}
}

static void one_octet_too_long_is_ours_and_leaves_the_loan_to_the_next(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		begin(interleaved);
		have(0, 99);
		whole(1, 0, 100);
		assert_int_equal(backs, 0); /* it was not even asked for */
		forget(0);
		have(0, 299);
		for (uint32_t i = 0; i < 3; i++) {
			third(2, 1, i);
			assert_int_equal(loans[0].taken, i < 2);
		}
		assert_int_equal(backs, 1);
		whole(5, 2, 299);
		expect_ours(0, 100);
		expect_ours(1, 300);
		expect_in(0, 2, 299);
		expect_nothing();
		end();
	}
}

static const uint8_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
				     { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

static void fragments_in_any_order_lie_in_what_was_lent(void **state)
{
	(void)state;
	for (size_t n = 0; n < 2 * TT_COUNT(orders); n++) {
		begin(n & 1);
		have(0, 300);
		for (int k = 0; k < 3; k++)
			third(1, 0, orders[n / 2][k]);
		expect_in(0, 0, 300);
		expect_nothing();
		end();
	}
}

static void fragments_in_any_order_that_are_too_long_are_ours(void **state)
{
	(void)state;
	for (size_t n = 0; n < 2 * TT_COUNT(orders); n++) {
		begin(n & 1);
		have(0, 299);
		for (int k = 0; k < 3; k++)
			third(1, 0, orders[n / 2][k]);
		forget(0);
		expect_ours(0, 300);
		expect_nothing();
		end();
	}
}

static void two_messages_of_a_stream_at_once_have_a_loan_each(void **state)
{
	(void)state;
	begin(true);
	have(0, 300);
	have(1, 300);
	for (uint32_t i = 0; i < 3; i++) {
		give((struct fragment){ 1 + 2 * i, 0, i, i ? i == 2 ? "E" : "" : "B", 100 * i, 100, 0 });
		give((struct fragment){ 2 + 2 * i, 1, i, i ? i == 2 ? "E" : "" : "B", 100 * i, 100, 0 });
	}
	expect_in(0, 0, 300);
	expect_in(1, 1, 300);
	expect_nothing();
	end();
}

static void loans_are_used_in_their_order_and_then_there_are_none(void **state)
{
	(void)state;
	begin(false);
	for (size_t n = 0; n < 3; n++)
		have(n, 100 + n);
	whole(1, 0, 50);
	give((struct fragment){ 2, 0, 0, "BE", 0, 50, STREAM + 1 }); /* which has lent nothing */
	whole(3, 1, 101);
	whole(4, 2, 103); /* too long for the next one, which stays that */
	whole(5, 3, 1);
	whole(6, 4, 50);
	expect_in(0, 0, 50);
	expect_ours(0, 50);
	expect_in(1, 1, 101);
	expect_ours(2, 103);
	expect_in(2, 3, 1);
	expect_ours(4, 50);
	expect_nothing();
	end();
}

/* ---- taken back ---- */

/* Messages 0 and 1 are ready, 3 waits for 2 and the first half of 4 is there. */
static void fill(void)
{
	for (size_t n = 0; n < 4; n++)
		have(n, 300);
	whole(1, 0, 200);
	whole(2, 1, 300);
	whole(6, 3, 300);
	third(7, 4, 0);
	third(7, 4, 1);
	for (size_t n = 0; n < 4; n++)
		assert_true(loans[n].taken);
}

static void complete(void)
{
	whole(10, 5, 10);
	for (uint32_t i = 0; i < 3; i++)
		third(3, 2, i);
	third(7, 4, 2);
}

static void what_has_come_into_a_loan_that_is_taken_back_is_ours(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		begin(interleaved);
		fill();
		const size_t held = rx.held;
		assert_true(tt_sctp_reassembly_give_back(&rx, STREAM + 1, false));
		assert_int_equal(backs, 0);
		assert_true(tt_sctp_reassembly_give_back(&rx, STREAM, false));
		assert_int_equal(rx.held, held);
		for (size_t n = 0; n < 4; n++)
			forget(n);
		complete();
		expect_ours(0, 200);
		for (uint32_t mid = 1; mid < 5; mid++)
			expect_ours(mid, 300);
		expect_ours(5, 10);
		expect_nothing();
		end();
	}
}

/* For the first, for some, and for all but the last. */
static void without_memory_nothing_is_taken_back(void **state)
{
	(void)state;
	for (size_t more = 0; more < 1000; more += 333) {
		begin(true);
		fill();
		const size_t held = rx.held;
		env.max_memory = env.memory + more;
		assert_false(tt_sctp_reassembly_give_back(&rx, STREAM, false));
		assert_int_equal(backs, 0);
		assert_int_equal(rx.held, held);
		env.max_memory = 0;
		complete();
		expect_in(0, 0, 200);
		expect_in(1, 1, 300);
		expect_ours(2, 300);
		expect_in(2, 3, 300);
		expect_in(3, 4, 300);
		expect_ours(5, 10);
		expect_nothing();
		end();
	}
}

static void without_memory_what_must_be_given_back_is_never_delivered(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		begin(interleaved);
		fill();
		env.max_memory = env.memory + 400;
		assert_true(tt_sctp_reassembly_give_back(&rx, STREAM, true));
		assert_int_equal(backs, 4);
		for (size_t n = 0; n < 4; n++)
			forget(n);
		env.max_memory = 0;
		complete();
		expect_ours(2, 300);
		expect_ours(5, 10);
		expect_nothing();
		end();
	}
}

/* ---- messages that come to nothing ---- */

static void forward(uint32_t tsn, uint32_t mid)
{
	tt_sctp_tracker_skip(&tracker, s32(tsn));
	tt_sctp_reassembly_skip(&rx, s32(tsn));
	tt_sctp_reassembly_skip_stream(&rx, &(struct sctp_skipped){ STREAM, false, s32(mid) });
}

static void a_message_that_is_skipped_leaves_its_loan(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		begin(interleaved);
		have(0, 300);
		third(1, 0, 0);
		third(1, 0, 1);
		forward(3, 0);
		assert_false(loans[0].taken);
		whole(4, 1, 300);
		expect_in(0, 1, 300);
		expect_nothing();
		end();
	}
}

/* DATA: its rest may still come, and is thrown away. */
static void a_message_that_is_skipped_in_part_leaves_its_loan(void **state)
{
	(void)state;
	begin(false);
	have(0, 300);
	third(1, 0, 0);
	third(1, 0, 1);
	forward(1, 0);
	forget(0);
	third(1, 0, 2);
	whole(4, 1, 10);
	expect_ours(1, 10);
	expect_nothing();
	end();
}

static void a_reset_leaves_the_loans_of_what_waited(void **state)
{
	(void)state;
	begin(true);
	have(0, 300);
	have(1, 300);
	whole(2, 1, 300);
	give((struct fragment){ 3, 2, 0, "B", 0, 100, 0 });
	assert_true(loans[0].taken && loans[1].taken);
	assert_true(tt_sctp_reassembly_reset(&rx, STREAM));
	forget(0);
	whole(4, 0, 300); /* of its next life, of which nobody has heard */
	assert_false(loans[1].taken);
	assert_int_equal(tt_sctp_reassembly_poll(&rx)->kind, SCTP_READY_RESET);
	expect_ours(0, 300);
	whole(5, 1, 300);
	expect_in(1, 1, 300);
	expect_nothing();
	end();
}

static void a_message_too_large_leaves_its_loan(void **state)
{
	(void)state;
	begin(false);
	have(0, 2 * MAX_MESSAGE);
	give((struct fragment){ 1, 0, 0, "BE", 0, MAX_MESSAGE + 1, 0 });
	assert_false(loans[0].taken);
	give((struct fragment){ 2, 1, 0, "B", 0, 100, 0 });
	assert_true(loans[0].taken);
	give((struct fragment){ 3, 1, 1, "", 100, MAX_MESSAGE, 0 });
	forget(0);
	give((struct fragment){ 4, 1, 2, "E", 0, 100, 0 });
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_sctp_reassembly_poll(&rx)->kind, SCTP_READY_TOO_LARGE);
	expect_nothing();
	end();
}

static void a_number_used_twice_leaves_its_loan(void **state)
{
	(void)state;
	begin(false);
	have(0, 300);
	have(1, 300);
	whole(2, 1, 200);
	whole(3, 1, 300);
	forget(1);
	whole(1, 0, 10);
	expect_ours(0, 10);
	expect_in(0, 1, 200);
	expect_nothing();
	end();
}

static void a_restart_leaves_all_loans(void **state)
{
	(void)state;
	begin(true);
	fill();
	tt_sctp_reassembly_restart(&rx);
	assert_int_equal(rx.held, 0);
	for (size_t n = 0; n < 4; n++)
		forget(n);
	have(0, 300);
	whole(20, 0, 300); /* of the next life */
	assert_false(loans[0].taken);
	expect_ours(0, 300);
	whole(21, 1, 300);
	expect_in(0, 1, 300);
	expect_nothing();
	end();
}

/* ---- too little ---- */

static void a_loan_without_memory_for_what_is_beside_it_is_free(void **state)
{
	(void)state;
	begin(false);
	have(0, 300);
	whole(1, 0, 1);
	loans[0].taken = false;
	expect_at(0, 1, loans[0].memory);
	assert_null(tt_sctp_reassembly_poll(&rx));
	env.max_memory = env.memory;
	assert_int_equal(try((struct fragment){ 2, 1, 0, "BE", 0, 100, 0 }), SCTP_NO_MEMORY);
	assert_false(loans[0].taken);
	env.max_memory = 0;
	whole(2, 1, 100);
	expect_in(0, 1, 100);
	end();
}

static void a_message_that_finds_no_memory_outside_its_loan_stays_there(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		begin(interleaved);
		have(0, 299);
		third(1, 0, 0);
		third(1, 0, 1);
		const size_t held = rx.held;
		env.max_memory = env.memory;
		assert_int_equal(try((struct fragment){ 3, 0, 2, "E", 200, 100, 0 }), SCTP_NO_MEMORY);
		assert_int_equal(rx.held, held);
		assert_true(loans[0].taken);
		env.max_memory = 0;
		third(1, 0, 2);
		forget(0);
		expect_ours(0, 300);
		expect_nothing();
		end();
	}
}

/* How many messages of three fragments a window takes that nobody polls. */
static size_t until_full(bool lent)
{
	size_t taken = 0;

	begin(true);
	for (uint32_t mid = 0;; mid++, taken++) {
		if (lent && mid < LOANS)
			have(mid, 300);
		rx.last_len = 0; /* no room is made that is not filled */
		for (uint32_t i = 0; i < 3; i++) {
			const struct fragment f = { 2 + 3 * mid + i, mid, i,
						    i ? i == 2 ? "E" : "" : "B", 100 * i, 100, 0 };
			if (try(f) != SCTP_TAKEN) {
				assert_int_equal(rx.held / tt_sctp_run_cost(300), taken);
				end();
				return taken;
			}
		}
	}
}

static void a_window_is_full_with_as_much_in_loans(void **state)
{
	(void)state;
	const size_t ours = until_full(false);
	assert_true(ours > LOANS);
	assert_int_equal(until_full(true), ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_that_fits_lies_in_what_was_lent),
		cmocka_unit_test(one_octet_too_long_is_ours_and_leaves_the_loan_to_the_next),
		cmocka_unit_test(fragments_in_any_order_lie_in_what_was_lent),
		cmocka_unit_test(fragments_in_any_order_that_are_too_long_are_ours),
		cmocka_unit_test(two_messages_of_a_stream_at_once_have_a_loan_each),
		cmocka_unit_test(loans_are_used_in_their_order_and_then_there_are_none),
		cmocka_unit_test(what_has_come_into_a_loan_that_is_taken_back_is_ours),
		cmocka_unit_test(without_memory_nothing_is_taken_back),
		cmocka_unit_test(without_memory_what_must_be_given_back_is_never_delivered),
		cmocka_unit_test(a_message_that_is_skipped_leaves_its_loan),
		cmocka_unit_test(a_message_that_is_skipped_in_part_leaves_its_loan),
		cmocka_unit_test(a_reset_leaves_the_loans_of_what_waited),
		cmocka_unit_test(a_message_too_large_leaves_its_loan),
		cmocka_unit_test(a_number_used_twice_leaves_its_loan),
		cmocka_unit_test(a_restart_leaves_all_loans),
		cmocka_unit_test(a_loan_without_memory_for_what_is_beside_it_is_free),
		cmocka_unit_test(a_message_that_finds_no_memory_outside_its_loan_stays_there),
		cmocka_unit_test(a_window_is_full_with_as_much_in_loans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
