/* test_dcep.c - the messages that open a channel, as bytes: RFC 8832 section 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "datachannel/datachannel.h"
#include "datachannel/dcs_dcep.h"

static bool read_exact(struct dcep_open *o, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, data, len);
	const bool ok = tt_dcs_read_open(o, exact, len);
	free(exact);
	return ok;
}

static void every_truncation_and_every_byte_more_is_refused(void **state)
{
	static const uint8_t whole[] = { 3, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 1, 'a', 'b', 'p', 0 };
	struct dcep_open o;

	(void)state;
	for (size_t n = 0; n <= sizeof whole; n++)
		assert_int_equal(read_exact(&o, whole, n), n == sizeof whole - 1);
	assert_true(tt_dcs_read_open(&o, whole, sizeof whole - 1));
	assert_true(span_eq(o.label, span_of("ab")) && span_eq(o.protocol, span_of("p")));
	assert_int_equal(o.priority, 256);
}

static void only_an_open_message_opens(void **state)
{
	struct dcep_open o;

	(void)state;
	for (unsigned message = 0; message < 256; message++) {
		const uint8_t data[12] = { (uint8_t)message };

		assert_int_equal(read_exact(&o, data, 12), message == DCEP_OPEN);
	}
}

/* 5.1: reliable, or limited by retransmissions or time; each ordered or not. */
static void six_channel_types_are_known(void **state)
{
	struct dcep_open o;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		const uint8_t data[12] = { DCEP_OPEN, (uint8_t)type, 0, 0, 0, 0, 1, 2 };
		const bool known = (type & 0x7f) <= 2;

		assert_int_equal(read_exact(&o, data, 12), known);
		if (!known)
			continue;
		assert_int_equal(o.unordered, type >= 0x80);
		assert_int_equal(o.limit_retransmits, (type & 0x7f) == 1);
		assert_int_equal(o.limit_lifetime, (type & 0x7f) == 2);
		assert_int_equal(o.reliability, 258);
		uint8_t back[12];
		struct wr w = wr_make(back, sizeof back);
		tt_dcs_write_open(&w, &o);
		assert_int_equal(wr_len(&w), 12);
		assert_memory_equal(back, data, 12);
	}
}

static void label_and_protocol_have_at_most_1024_bytes(void **state)
{
	static const struct {
		size_t label, protocol;
		bool good;
	} rows[] = {
		{ 0, 0, true },
		{ TT_DCS_MAX_TEXT, 0, true },
		{ TT_DCS_MAX_TEXT + 1, 0, false },
		{ 0, TT_DCS_MAX_TEXT, true },
		{ 0, TT_DCS_MAX_TEXT + 1, false },
		{ TT_DCS_MAX_TEXT, TT_DCS_MAX_TEXT, true },
	};
	static uint8_t data[12 + 2 * (TT_DCS_MAX_TEXT + 1)];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct wr w = wr_make(data, sizeof data);
		struct dcep_open o;

		wr_u8(&w, DCEP_OPEN), wr_u24(&w, 0), wr_u32(&w, 0);
		wr_u16(&w, tt_u16(rows[i].label)), wr_u16(&w, tt_u16(rows[i].protocol));
		wr_zeros(&w, rows[i].label + rows[i].protocol);
		assert_int_equal(read_exact(&o, data, wr_len(&w)), rows[i].good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_and_every_byte_more_is_refused),
		cmocka_unit_test(only_an_open_message_opens),
		cmocka_unit_test(six_channel_types_are_known),
		cmocka_unit_test(label_and_protocol_have_at_most_1024_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
