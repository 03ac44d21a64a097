/* test_reassembly.c - the receiving half alone, in corners that the fuzzer of it found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sctp/rx/sctp_reassembly.h"
#include "sctp/rx/sctp_run.h"

static struct tt_env env;
static struct sctp_tracker tracker;
static struct sctp_reassembly rx;

static void begin(size_t max_message)
{
	tt_env_init(&env, NULL);
	tt_sctp_tracker_init(&tracker, s32(1));
	tt_sctp_reassembly_init(&rx, &env, 1 << 20, max_message, 16);
}

static void end(void)
{
	tt_sctp_reassembly_clear(&rx, true);
	tt_sctp_tracker_free(&tracker, &env);
	assert_int_equal(env.memory, 0);
}

static void give(uint32_t tsn, uint16_t ssn, const char *flags, size_t len)
{
	uint8_t bytes[256] = { 0 };
	const struct sctp_data d = { .tsn = { tsn }, .mid = { ssn }, .begin = strchr(flags, 'B'),
				     .end = strchr(flags, 'E'), .data = bytes, .len = len };

	assert_true(tt_sctp_tracker_room(&tracker, &env, d.tsn));
	assert_int_equal(tt_sctp_reassembly_add(&rx, &tracker, &d), SCTP_TAKEN);
	tt_sctp_tracker_add(&tracker, d.tsn);
}

/* It arrives before the beginning of its message, so nothing around it says how long that is. */
static void a_fragment_too_large_alone_takes_its_message_with_it(void **state)
{
	const struct sctp_run *run;

	(void)state;
	begin(100);
	give(2, 0, "", 128);
	give(1, 0, "B", 10);
	give(3, 0, "E", 10);
	run = tt_sctp_reassembly_poll(&rx);
	assert_non_null(run);
	assert_int_equal(run->kind, SCTP_READY_TOO_LARGE);
	assert_int_equal(run->len, 0);
	end();
}

/* The end of message 20 is there, and as many whole ones wait as their array has places. Then
 * FORWARD-TSN skips the beginning of 20, which makes it whole without a chunk of its own. */
static void what_forward_tsn_makes_whole_finds_a_place_to_wait(void **state)
{
	(void)state;
	begin(100);
	give(2, 20, "E", 10);
	for (uint16_t n = 0; n < 16; n++)
		give(3 + n, 1 + n, "BE", 10);
	assert_int_equal(rx.streams[0].count, rx.streams[0].cap);
	tt_sctp_tracker_skip(&tracker, s32(1));
	tt_sctp_reassembly_skip(&rx, s32(1));
	assert_true(rx.streams[0].count <= rx.streams[0].cap);
	assert_null(tt_sctp_reassembly_poll(&rx));
	tt_sctp_reassembly_skip_stream(&rx, &(struct sctp_skipped){ .stream = 0 });
	for (unsigned n = 0; n < 16; n++)
		assert_non_null(tt_sctp_reassembly_poll(&rx));
	assert_null(tt_sctp_reassembly_poll(&rx));
	end();
}

/* The same without memory for that place: the skipped message is dropped. */
static void what_forward_tsn_makes_whole_is_dropped_without_memory(void **state)
{
	(void)state;
	begin(100);
	give(2, 20, "E", 10);
	for (uint16_t n = 0; n < 16; n++)
		give(3 + n, 1 + n, "BE", 10);
	env.max_memory = env.memory;
	tt_sctp_tracker_skip(&tracker, s32(1));
	tt_sctp_reassembly_skip(&rx, s32(1));
	assert_int_equal(rx.streams[0].count, 16);
	env.max_memory = 0;
	end();
}

static enum sctp_taken give_fragment(uint32_t tsn, uint32_t fsn, const char *flags, size_t len)
{
	uint8_t bytes[256];
	const struct sctp_data d = { .tsn = { tsn }, .interleaved = true, .fsn = fsn,
				     .begin = strchr(flags, 'B'), .end = strchr(flags, 'E'),
				     .unordered = strchr(flags, 'U'), .data = bytes, .len = len };

	memset(bytes, (int)('a' + fsn), sizeof bytes);
	assert_true(tt_sctp_tracker_room(&tracker, &env, d.tsn));
	const enum sctp_taken taken = tt_sctp_reassembly_add(&rx, &tracker, &d);
	if (taken == SCTP_TAKEN)
		tt_sctp_tracker_add(&tracker, d.tsn);
	return taken;
}

/* The fragment that makes a message whole finds no memory to join it: as if it had not come. */
static void a_fragment_without_memory_for_its_message_can_come_again(void **state)
{
	(void)state;
	begin(1000);
	rx.interleaved = true;
	for (int unordered = 0; unordered < 2; unordered++) {
		const uint32_t tsn = tracker.cum.v + 1;
		rx.last_len = 0; /* so that joining needs memory */
		assert_int_equal(give_fragment(tsn, 0, unordered ? "BU" : "B", 10), SCTP_TAKEN);
		assert_int_equal(give_fragment(tsn + 1, 1, unordered ? "U" : "", 10), SCTP_TAKEN);
		assert_int_equal(give_fragment(tsn + 3, 3, unordered ? "EU" : "E", 30), SCTP_TAKEN);
		const size_t held = rx.held;
		env.max_memory = env.memory;
		assert_int_equal(give_fragment(tsn + 2, 2, unordered ? "U" : "", 10), SCTP_NO_MEMORY);
		assert_int_equal(rx.held, held);
		assert_int_equal(rx.count, 2);
		env.max_memory = 0;
		assert_int_equal(give_fragment(tsn + 2, 2, unordered ? "U" : "", 10), SCTP_TAKEN);
		const struct sctp_run *run = tt_sctp_reassembly_poll(&rx);
		assert_non_null(run);
		assert_int_equal(run->len, 60);
		assert_memory_equal(run->data, "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd", 40);
		assert_int_equal(rx.count, 0);
	}
	end();
}

/* The next message gets the room of the last one with its first fragment: nothing is copied. */
static void room_is_made_for_a_message_like_the_last_one(void **state)
{
	const struct sctp_run *run;

	(void)state;
	begin(2000);
	give(1, 0, "B", 200);
	assert_int_equal(rx.held, tt_sctp_run_cost(200));
	give(2, 0, "E", 200);
	assert_int_equal(tt_sctp_reassembly_poll(&rx)->len, 400);
	give(3, 1, "BE", 10); /* one that is whole needs none, and says nothing */
	assert_int_equal(tt_sctp_reassembly_poll(&rx)->len, 10);
	assert_null(tt_sctp_reassembly_poll(&rx));
	assert_int_equal(rx.held, 0);
	give(4, 2, "B", 10);
	assert_int_equal(rx.held, tt_sctp_run_cost(400));
	run = rx.runs[0];
	give(5, 2, "", 200);
	give(6, 2, "E", 190);
	assert_ptr_equal(tt_sctp_reassembly_poll(&rx), run);
	assert_int_equal(run->len, 400);
	rx.reserve = 0;
	rx.limit = rx.held + 8 * 400 - 1; /* an eighth of what the window has left is too little */
	give(7, 3, "B", 10);
	assert_int_equal(rx.held, tt_sctp_run_cost(400) + tt_sctp_run_cost(10));
	end();
}

/* Begin fragments of 3-KiB messages on many channels, after one message of 64 KiB. */
static enum sctp_taken give_idata(uint32_t tsn, uint32_t mid, uint32_t fsn, const char *flags,
				  size_t len)
{
	static uint8_t bytes[65536];
	const struct sctp_data d = { .tsn = { tsn }, .interleaved = true, .fsn = fsn, .mid = { mid },
				     .unordered = true, .begin = strchr(flags, 'B'),
				     .end = strchr(flags, 'E'), .data = bytes, .len = len };

	assert_true(tt_sctp_tracker_room(&tracker, &env, d.tsn));
	const enum sctp_taken taken = tt_sctp_reassembly_add(&rx, &tracker, &d);
	if (taken == SCTP_TAKEN)
		tt_sctp_tracker_add(&tracker, d.tsn);
	return taken;
}

static void many_that_begin(unsigned last, unsigned many)
{
	tt_env_init(&env, NULL);
	tt_sctp_tracker_init(&tracker, s32(1));
	tt_sctp_reassembly_init(&rx, &env, 5 << 20, 262144, 16); /* the defaults, interleaved */
	rx.interleaved = true;
	uint32_t tsn = 1;
	assert_int_equal(give_idata(tsn++, 0, 0, "B", 1000), SCTP_TAKEN);
	assert_int_equal(give_idata(tsn++, 0, 1, "E", last - 1000), SCTP_TAKEN);
	assert_non_null(tt_sctp_reassembly_poll(&rx));
	assert_null(tt_sctp_reassembly_poll(&rx));
	for (uint32_t mid = 1; mid <= many; mid++)
		assert_int_equal(give_idata(tsn++, mid, 0, "B", 1140), SCTP_TAKEN);
	assert_true(tt_sctp_reassembly_room(&rx) > rx.limit / 2);
	end();
}

static void beginnings_do_not_close_the_window(void **state)
{
	(void)state;
	many_that_begin(65536, 80);
}

static void beginnings_do_not_end_the_association(void **state)
{
	(void)state;
	many_that_begin(65536, 300);
}

/* What is expected cannot be had, what came can. */
static void a_small_message_finds_memory_after_a_large_one(void **state)
{
	(void)state;
	begin(1 << 18);
	rx.last_len = 80000;
	give(1, 0, "BE", 10); /* the arrays are there */
	assert_non_null(tt_sctp_reassembly_poll(&rx));
	assert_null(tt_sctp_reassembly_poll(&rx));
	env.max_memory = env.memory + 50000;
	give(2, 1, "B", 200);
	give(3, 1, "E", 200);
	assert_int_equal(tt_sctp_reassembly_poll(&rx)->len, 400);
	env.max_memory = 0;
	end();
}

/* What one message gave back the next one takes, also when it is a little shorter or longer. */
static size_t waiting_after(size_t step)
{
	begin(1 << 18);
	assert_true(tt_spares_init(&env));
	rx.interleaved = true;
	uint32_t tsn = 1;
	for (uint32_t mid = 0; mid < 20; mid++) {
		assert_int_equal(give_idata(tsn++, mid, 0, "B", 1000), SCTP_TAKEN);
		assert_int_equal(give_idata(tsn++, mid, 1, "E", 59000 - mid % 3 * step), SCTP_TAKEN);
		assert_non_null(tt_sctp_reassembly_poll(&rx));
		assert_null(tt_sctp_reassembly_poll(&rx));
	}
	const size_t waiting = tt_spares_waiting(&env);
	tt_sctp_reassembly_clear(&rx, true);
	tt_sctp_tracker_free(&tracker, &env);
	tt_spares_free(&env);
	return waiting;
}

static void messages_of_nearly_one_size_wait(void **state)
{
	(void)state;
	const size_t same = waiting_after(0), nearly = waiting_after(1);
	assert_true(same > 50000);
	assert_true(nearly > 50000);
}

/* Room that was made for a message, and is counted, is there for its fragments. */
static void a_fragment_goes_into_the_room_made_for_it_when_the_window_is_full(void **state)
{
	(void)state;
	begin(262144);
	rx.interleaved = true;
	assert_int_equal(give_idata(1, 0, 0, "B", 1000), SCTP_TAKEN);
	assert_int_equal(give_idata(2, 0, 1, "E", 64000), SCTP_TAKEN);
	assert_non_null(tt_sctp_reassembly_poll(&rx));
	assert_null(tt_sctp_reassembly_poll(&rx));
	assert_int_equal(give_idata(3, 1, 0, "B", 1140), SCTP_TAKEN);
	assert_true(rx.held > 65000);
	uint32_t tsn = 5, mid = 2; /* 4 is lost */
	while (give_idata(tsn, mid, 0, "BE", 1140) == SCTP_TAKEN)
		tsn++, mid++;
	assert_int_equal(give_idata(tsn, 1, 1, "", 1140), SCTP_TAKEN);
	end();
}

/* 20 messages at once, one fragment of each in turn, less than the window that was advertised. */
static void many_messages_that_grow_within_the_window_are_no_end(void **state)
{
	(void)state;
	tt_env_init(&env, NULL);
	tt_sctp_tracker_init(&tracker, s32(1));
	tt_sctp_reassembly_init(&rx, &env, 5 << 20, 262144, 16);
	rx.interleaved = true;
	const size_t window = tt_sctp_reassembly_room(&rx);
	uint32_t tsn = 1;
	size_t sent = 0;
	for (uint32_t fsn = 0; fsn < 200; fsn++)
		for (uint32_t mid = 0; mid < 20; mid++, sent += 1140)
			assert_int_equal(give_idata(tsn++, mid, fsn, fsn ? "" : "B", 1140),
					 SCTP_TAKEN);
	assert_true(sent < window);
	/* what they grew by left the reserve to whatever comes next */
	assert_int_equal(give_idata(tsn, 20, 0, "BE", 1140), SCTP_TAKEN);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fragment_too_large_alone_takes_its_message_with_it),
		cmocka_unit_test(what_forward_tsn_makes_whole_finds_a_place_to_wait),
		cmocka_unit_test(what_forward_tsn_makes_whole_is_dropped_without_memory),
		cmocka_unit_test(a_fragment_without_memory_for_its_message_can_come_again),
		cmocka_unit_test(room_is_made_for_a_message_like_the_last_one),
		cmocka_unit_test(beginnings_do_not_close_the_window),
		cmocka_unit_test(beginnings_do_not_end_the_association),
		cmocka_unit_test(messages_of_nearly_one_size_wait),
		cmocka_unit_test(a_fragment_goes_into_the_room_made_for_it_when_the_window_is_full),
		cmocka_unit_test(many_messages_that_grow_within_the_window_are_no_end),
		cmocka_unit_test(a_small_message_finds_memory_after_a_large_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
