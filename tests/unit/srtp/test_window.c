/* Replay windows, indices and the table of SSRCs, each against a naive model. RFC 3711 sections
 * 3.3.1 and 3.3.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "srtp/srtp_streams.h"
#include "base/window.h"
#include "srtp/srtp_index.h"
#include "support/sim.h"

enum { SIZE = 128, SPAN = 2000 };

static void a_window_agrees_with_a_set_of_all_that_was_taken(void **state)
{
	struct sim sim;

	(void)state;
	sim_init(&sim, 7, NULL);
	for (int round = 0; round < 50; round++) {
		static bool taken[4 * SPAN];
		uint64_t bits[SIZE / 64] = { 0 }, top = 0, at = 0;

		memset(taken, 0, sizeof taken);
		for (int i = 0; i < SPAN; i++) {
			const uint64_t r = sim_random(&sim);
			/* near the front, a little back, or a leap */
			at = r % 40 == 0 ? top + r / 64 % 300
			     : r % 3     ? top + r / 64 % 4
					 : top - (r / 64 % (top + 1) % 200);
			if (at >= 4 * SPAN)
				break;
			const bool refused = tt_window_refuses(bits, SIZE, top, at);
			const bool want = taken[at] || (at < top && top - at >= SIZE);
			assert_int_equal(refused, want);
			if (refused)
				continue;
			tt_window_take(bits, SIZE, &top, at);
			taken[at] = true;
		}
	}
	sim_free(&sim);
}

static void the_index_is_the_one_closest_to_the_highest(void **state)
{
	static const struct {
		uint64_t top;
		uint16_t seq;
		uint64_t want;
	} cases[] = {
		{ 0, 0, 0 },
		{ 0, 0xffff, 0xffff }, /* a late joiner near the wrap; nothing lies before ROC 0 */
		{ 0x7fff, 0xffff, 0xffff },
		{ 0x8000, 0, 0x0000 },
		{ 0x8001, 0, 0x10000 },
		{ 0xffff, 0, 0x10000 },
		{ 0xffff, 0x7fff, 0x7fff },
		{ 0x10000, 0xffff, 0xffff },
		{ 0x10000, 0x8001, 0x8001 },
		{ 0x10000, 0x8000, 0x18000 },
		{ 0x17fff, 0xffff, 0x1ffff },
		{ 0x17ffe, 0xffff, 0xffff },
		{ 0xffffffffffff, 0, 0x1000000000000 }, /* the end of the key */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(tt_srtp_index(cases[i].top, cases[i].seq), cases[i].want);
	/* RFC 3711 appendix A, for all: no other ROC brings it closer. */
	for (uint64_t top = 0x20000; top < 0x40000; top += 977)
		for (uint32_t seq = 0; seq < 0x10000; seq += 331) {
			const uint64_t index = tt_srtp_index(top, (uint16_t)seq);
			const int64_t off = (int64_t)index - (int64_t)top;

			assert_int_equal(index & 0xffff, seq);
			assert_true(off <= 0x8000 && off >= -0x8000);
		}
}

/* The order of use as an array, newest last. */
struct model {
	uint32_t ssrc[64];
	size_t count;
};

static size_t model_find(const struct model *m, uint32_t ssrc)
{
	size_t i = 0;

	while (i < m->count && m->ssrc[i] != ssrc)
		i++;
	return i;
}

static void model_remove(struct model *m, size_t at)
{
	memmove(&m->ssrc[at], &m->ssrc[at + 1], (m->count - at - 1) * sizeof m->ssrc[0]);
	m->count--;
}

static void streams_agree_with_a_list_in_order_of_use(void **state)
{
	struct tt_srtp_streams s;
	struct model m = { .count = 0 };
	struct sim sim;
	uint64_t evicted = 0;

	(void)state;
	sim_init(&sim, 3, NULL);
	assert_true(tt_srtp_streams_init(&s, &sim.env[0], 50));
	for (int i = 0; i < 20000; i++) {
		const uint64_t r = sim_random(&sim);
		const uint32_t ssrc = (uint32_t)(r % 70) * 0x10001u;
		struct tt_srtp_stream *x = tt_srtp_streams_find(&s, ssrc);
		const size_t at = model_find(&m, ssrc);

		assert_int_equal(x != NULL, at < m.count);
		if (x) {
			assert_int_equal(x->ssrc, ssrc);
			assert_int_equal(x->top, ssrc); /* its own state, not another's */
			if (r >> 40 & 1) {
				tt_srtp_streams_use(&s, x);
				model_remove(&m, at);
				m.ssrc[m.count++] = ssrc;
			}
			continue;
		}
		const bool forget = r >> 41 & 1;
		x = tt_srtp_streams_put(&s, ssrc, forget);
		assert_int_equal(x != NULL, forget || m.count < 50);
		if (!x)
			continue;
		x->top = ssrc;
		if (m.count == 50) {
			model_remove(&m, 0);
			evicted++;
		}
		m.ssrc[m.count++] = ssrc;
	}
	assert_int_equal(s.count, 50);
	assert_int_equal(s.evicted, evicted);
	assert_true(evicted > 100);
	tt_srtp_streams_free(&s);
	assert_int_equal(sim.env[0].memory, 0);
	sim_free(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_agrees_with_a_set_of_all_that_was_taken),
		cmocka_unit_test(the_index_is_the_one_closest_to_the_highest),
		cmocka_unit_test(streams_agree_with_a_list_in_order_of_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
