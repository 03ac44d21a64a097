/* Bytes come out as they went in, wherever in the ring they lie. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "io/io_ring.h"

enum { CAP = 13, ROUNDS = 20000 };

static uint8_t room[CAP];

static struct tt_ring empty_ring(void)
{
	memset(room, 0xee, CAP);
	return (struct tt_ring){ .buf = room, .cap = CAP };
}

static void what_does_not_fit_is_not_taken_at_all(void **state)
{
	static const uint8_t text[CAP + 1] = "abcdefghijklm";
	struct tt_ring r = empty_ring();
	size_t len;
	(void)state;

	assert_false(tt_ring_put(&r, text, CAP + 1));
	assert_null(tt_ring_front(&r, &len));
	assert_int_equal(len, 0);
	assert_true(tt_ring_put(&r, text, CAP));
	assert_int_equal(tt_ring_room(&r), 0);
	assert_null(tt_ring_tail(&r, &len));
	assert_int_equal(len, 0);
	assert_false(tt_ring_put(&r, text, 1));
	assert_true(tt_ring_put(&r, text, 0));
	assert_memory_equal(tt_ring_front(&r, &len), text, CAP);
	assert_int_equal(len, CAP);
}

static void one_without_room_takes_nothing(void **state)
{
	struct tt_ring none = { 0 };
	size_t len;
	(void)state;

	assert_false(tt_ring_put(&none, (const uint8_t *)"a", 1));
	assert_true(tt_ring_put(&none, NULL, 0));
	assert_null(tt_ring_front(&none, &len));
	assert_null(tt_ring_tail(&none, &len));
}

/* Pieces of every length, put and taken in every place; bytes are numbered. */
static void all_come_out_in_order(void **state)
{
	struct tt_ring r = empty_ring();
	uint8_t in = 0, out = 0;
	size_t held = 0, piece;
	uint32_t dice = 1;
	(void)state;

	for (int i = 0; i < ROUNDS; i++) {
		uint8_t text[CAP];
		dice = dice * 1664525 + 1013904223;
		const size_t len = dice >> 16 & 15, way = dice >> 24 & 3;
		for (size_t n = 0; n < CAP; n++)
			text[n] = (uint8_t)(in + n);
		uint8_t *tail = tt_ring_tail(&r, &piece);
		assert_true(piece <= CAP - held && (piece > 0) == (held < CAP));
		if (way == 0 && len <= piece && tail) {
			memcpy(tail, text, len);
			tt_ring_added(&r, len);
			in = (uint8_t)(in + len);
			held += len;
		} else if (way == 1 && len <= CAP) {
			const bool fits = len <= CAP - held;
			assert_true(tt_ring_put(&r, text, len) == fits);
			in = (uint8_t)(in + (fits ? len : 0));
			held += fits ? len : 0;
		} else {
			const uint8_t *front = tt_ring_front(&r, &piece);
			assert_true((piece > 0) == (held > 0));
			for (size_t n = 0; n < piece; n++)
				assert_int_equal(front[n], (uint8_t)(out + n));
			const size_t gone = len < piece ? len : piece;
			tt_ring_drop(&r, gone);
			out = (uint8_t)(out + gone);
			held -= gone;
		}
		assert_int_equal(r.len, held);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_not_taken_at_all),
		cmocka_unit_test(one_without_room_takes_nothing),
		cmocka_unit_test(all_come_out_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
