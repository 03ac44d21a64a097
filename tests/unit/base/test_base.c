/* test_base.c - the reader, the writer, serial numbers, CRCs, memory and config structs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/crc32.h"
#include "base/crc32c.h"
#include "base/env.h"
#include "base/rd.h"
#include "base/serial.h"
#include "base/unchecked.h"
#include "base/wr.h"

static void reading_past_the_end_sticks(void **state)
{
	uint8_t *two = malloc(2);
	struct rd r;

	(void)state;
	memcpy(two, (uint8_t[]){ 0x12, 0x34 }, 2);
	r = rd_make(two, 2);
	assert_int_equal(rd_u16(&r), 0x1234);
	assert_int_equal(rd_left(&r), 0);
	assert_false(r.bad);
	assert_int_equal(rd_u8(&r), 0);
	assert_true(r.bad);
	r = rd_make(two, 2);
	assert_int_equal(rd_u32(&r), 0); /* half a number is none */
	assert_true(r.bad);
	r = rd_make(two, 2);
	struct rd sub = rd_sub(&r, 1);
	assert_int_equal(rd_u8(&sub), 0x12);
	assert_int_equal(rd_u8(&sub), 0);
	assert_true(sub.bad && !r.bad);
	assert_null(rd_take(&r, SIZE_MAX));
	r = rd_make(NULL, 7);
	assert_int_equal(rd_left(&r), 0);
	free(two);
}

static void writing_past_the_end_writes_nothing(void **state)
{
	uint8_t *five = calloc(1, 5);
	struct wr w = wr_make(five, 5);

	(void)state;
	wr_u16(&w, 0);
	wr_u24(&w, 0xabcdef);
	wr_patch_u16(&w, 0, 0x1234);
	assert_int_equal(wr_len(&w), 5);
	assert_memory_equal(five, ((uint8_t[]){ 0x12, 0x34, 0xab, 0xcd, 0xef }), 5);
	wr_u8(&w, 1);
	assert_true(w.bad);
	assert_int_equal(wr_len(&w), 0);
	w = wr_make(five, 5);
	wr_u32(&w, 1);
	wr_bytes(&w, "ab", 2);
	assert_true(w.bad);
	assert_int_equal(five[4], 0xef);
	w = wr_make(five, 5);
	wr_u24(&w, 1);
	wr_u24(&w, 2);
	assert_true(w.bad);
	assert_memory_equal(five, ((uint8_t[]){ 0, 0, 1, 1, 0xef }), 5);
	w = wr_make(five, 5);
	wr_patch_u16(&w, 0, 1); /* nothing is there yet */
	assert_true(w.bad);
	free(five);
}

static void nothing_is_read_from_a_bad_cursor(void **state)
{
	static const uint8_t four[4] = { 0x12, 0x34, 0x56, 0x78 };
	struct rd r = rd_make(four, 4);

	(void)state;
	assert_null(rd_take(&r, 5));
	assert_true(r.bad);
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_u16(&r), 0);
	assert_int_equal(rd_u32(&r), 0);
	assert_int_equal(rd_be(&r, 1), 0);
	assert_null(rd_take(&r, 1));
	assert_true(rd_sub(&r, 1).bad);
	assert_int_equal(r.off, 0);
	r = rd_make(four, 4);
	assert_ptr_equal(rd_take(&r, 4), four);
	assert_non_null(rd_take(&r, 0)); /* nothing, at the end, is there */
	assert_false(r.bad);
	assert_int_equal(rd_u64(&r), 0);
	assert_true(r.bad);
}

static void nothing_is_written_by_a_bad_cursor(void **state)
{
	uint8_t *four = calloc(1, 4);
	struct wr w = wr_make(four, 4);

	(void)state;
	wr_u8(&w, 0xaa);
	wr_zeros(&w, 4);
	assert_true(w.bad);
	assert_int_equal(wr_left(&w), 0);
	assert_null(wr_room(&w, 0));
	wr_u8(&w, 0xbb);
	wr_bytes(&w, "c", 1);
	wr_patch_u16(&w, 0, 0xdddd);
	assert_memory_equal(four, "\xaa\0\0\0", 4);

	memset(four, 0xff, 4);
	w = wr_make(four, 4);
	wr_zeros(&w, 1);
	wr_bytes(&w, "e", 1);
	wr_bytes(&w, NULL, 0);
	wr_zeros(&w, 0);
	assert_int_equal(wr_len(&w), 2);
	wr_patch_u16(&w, 1, 0); /* half of it was written */
	assert_true(w.bad);
	assert_memory_equal(four, "\0e\xff\xff", 4);
	memset(four, 0xff, 4);
	w = wr_make(four, 4);
	wr_u16(&w, 0x0102);
	wr_zeros(&w, 3);
	wr_patch_u16(&w, 0, 0);
	assert_memory_equal(four, "\1\2\xff\xff", 4);
	w = wr_make(NULL, 4);
	assert_int_equal(wr_left(&w), 0);
	wr_u8(&w, 1);
	assert_true(w.bad);
	free(four);
}

static void serial_numbers_wrap(void **state)
{
	(void)state;
	assert_true(s16_before(s16(65535), s16(0)));
	assert_true(s16_before(s16(0), s16(32767)));
	assert_false(s16_before(s16(0), s16(32768)));
	assert_false(s16_before(s16(32768), s16(0))); /* RFC 1982 3.2: in no order */
	assert_false(s16_before(s16(5), s16(5)));
	assert_true(s16_before_eq(s16(5), s16(5)));
	assert_true(s32_before(s32(UINT32_MAX - 2), s32(3)));
	assert_int_equal(s32_diff(s32(UINT32_MAX), s32(4)), 5);
	assert_int_equal(s16_add(s16(65530), 10).v, 4);
}

static void checksums_have_their_known_values(void **state)
{
	(void)state;
	assert_int_equal(tt_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(tt_crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(tt_crc32c("", 0), 0);
	/* RFC 3720 appendix B.4 */
	static const uint8_t zeros[32];
	assert_int_equal(tt_crc32c(zeros, 32), 0x8a9136aa);
}

static int failing_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0xaa, len);
	return -1;
}

static void memory_is_counted_and_has_a_ceiling(void **state)
{
	struct tt_env env;

	(void)state;
	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						     .random = failing_random,
						     .max_memory = 1000 });
	uint8_t *p = tt_alloc(&env, 600);
	assert_non_null(p);
	assert_int_equal(p[599], 0);
	assert_null(tt_alloc(&env, 500));
	uint8_t *more = tt_resize(&env, p, 1000);
	assert_non_null(more);
	assert_int_equal(env.memory, 1000);
	assert_null(tt_alloc(&env, 1));
	assert_null(tt_alloc(&env, SIZE_MAX));
	tt_free(&env, more);
	assert_int_equal(env.memory, 0);
	char *text = tt_copy_text(&env, "abc", 2);
	assert_string_equal(text, "ab");
	tt_free(&env, text);
	uint32_t n = 7;
	assert_false(tt_random_u32(&env, &n)); /* a source that fails is never used */
	assert_int_equal(n, 0);
}

static void what_a_child_takes_is_taken_from_its_parent(void **state)
{
	struct tt_env env, one, two;

	(void)state;
	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						     .max_memory = 1000 });
	env.wall_now = 5;
	env.wall_unix_us = 100;
	tt_env_init_child(&one, &env, 700);
	tt_env_init_child(&two, &env, 700);
	uint8_t *volatile a = tt_alloc(&one, 600), *volatile b = tt_alloc(&two, 300);
	assert_true(a && b);
	assert_null(tt_alloc(&one, 101)); /* its own ceiling */
	assert_null(tt_alloc(&two, 101)); /* what all of them have */
	assert_null(tt_resize(&one, a, 701));
	uint8_t *volatile longer = tt_resize(&two, b, 400);
	assert_non_null(longer);
	b = longer;
	assert_int_equal(one.memory, 600);
	assert_int_equal(two.memory, 400);
	assert_int_equal(env.memory, 1000);
	tt_free(&one, a);
	tt_free(&two, b);
	assert_int_equal(env.memory + one.memory + two.memory, 0);
	env.wall_unix_us = 200; /* a jump reaches the children */
	assert_int_equal(tt_wall_clock(&one, 6), 201);
}

static void record_reason(void *ctx, const struct taut_trace_record *r)
{
	*(struct taut_trace_record *)ctx = *r;
}

static void a_drop_is_counted_and_traced_under_its_number(void **state)
{
	struct taut_trace_record last = { 0 };
	const struct taut_trace_sink sink = { .size = sizeof sink,
					      .ctx = &last,
					      .record = record_reason };
	struct tt_env env, child;

	(void)state;
	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						     .trace = &sink });
	tt_env_init_child(&child, &env, 0);
	tt_drop(&child, 7, TAUT_DROP_SCTP_CHECKSUM, TT_INT("len", 3));
	tt_drop(&child, 8, TAUT_DROP_SCTP_CHECKSUM, TT_INT("len", 3));
	assert_int_equal(child.drops[TAUT_DROP_SCTP_CHECKSUM], 2);
	assert_int_equal(env.drops[TAUT_DROP_SCTP_CHECKSUM], 0);
	assert_int_equal(last.kind, TAUT_TRACE_DROP);
	assert_int_equal(last.reason, TAUT_DROP_SCTP_CHECKSUM);
	assert_int_equal(last.layer, TAUT_LAYER_SCTP);
	assert_string_equal(last.name, "checksum");
}

static void every_reason_says_what_it_is(void **state)
{
	(void)state;
	for (uint32_t r = 1; r < TAUT_DROPS; r++) {
		const struct taut_drop_info *info = tt_drop_info(r);
		assert_non_null(info);
		assert_non_null(info->text); /* a number without an entry in the list */
		assert_in_range(info->what, TAUT_DROP_IN, TAUT_DROP_OTHER);
		for (uint32_t k = 1; k < r; k++)
			if (tt_drop_info(k)->layer == info->layer)
				assert_string_not_equal(tt_drop_info(k)->text, info->text);
	}
	assert_null(tt_drop_info(0));
	assert_null(tt_drop_info(TAUT_DROPS));
	assert_string_equal(tt_drop_text(TAUT_DROPS), "an unknown reason");
}

struct newer {
	size_t size;
	uint32_t a, b;
};

static void config_structs_may_be_older_or_newer(void **state)
{
	struct {
		size_t size;
		uint32_t a;
	} older = { 12, 5 };
	struct {
		struct newer n;
		uint64_t unknown;
	} newest = { { sizeof newest, 1, 2 }, 0 };
	struct newer out;

	(void)state;
	assert_int_equal(tt_config_take(&out, sizeof out, &older), TAUT_OK);
	assert_int_equal(out.a, 5);
	assert_int_equal(out.b, 0);
	assert_int_equal(tt_config_take(&out, sizeof out, &newest), TAUT_OK);
	assert_int_equal(out.b, 2);
	assert_int_equal(out.size, sizeof out);
	newest.unknown = 1;
	assert_int_equal(tt_config_take(&out, sizeof out, &newest), TAUT_E_UNSUPPORTED);
	older.size = 0;
	assert_int_equal(tt_config_take(&out, sizeof out, &older), TAUT_E_INVAL);
	assert_int_equal(tt_config_take(&out, sizeof out, NULL), TAUT_OK);
}

static void only_a_fuzzing_build_takes_what_anybody_can_forge(void **state)
{
	(void)state;
	assert_int_equal(TT_UNCHECKED, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_past_the_end_sticks),
		cmocka_unit_test(writing_past_the_end_writes_nothing),
		cmocka_unit_test(nothing_is_read_from_a_bad_cursor),
		cmocka_unit_test(nothing_is_written_by_a_bad_cursor),
		cmocka_unit_test(serial_numbers_wrap),
		cmocka_unit_test(checksums_have_their_known_values),
		cmocka_unit_test(memory_is_counted_and_has_a_ceiling),
		cmocka_unit_test(what_a_child_takes_is_taken_from_its_parent),
		cmocka_unit_test(a_drop_is_counted_and_traced_under_its_number),
		cmocka_unit_test(every_reason_says_what_it_is),
		cmocka_unit_test(config_structs_may_be_older_or_newer),
		cmocka_unit_test(only_a_fuzzing_build_takes_what_anybody_can_forge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
