/* Every attribute at the edges of its length, and every value at the edges of its range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "stun/stun.h"
#include "stun/turn.h"

static const uint8_t tid[TT_STUN_TID_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static uint8_t *block; /* what the last message points into */

static int forget(void **state)
{
	(void)state;
	free(block);
	block = NULL;
	return 0;
}

/* A message of one attribute, in a block of exactly its size. */
static enum tt_stun_err read_one(struct tt_stun_msg *m, uint16_t type, const void *value, size_t len)
{
	uint8_t buf[1024];
	struct wr w = wr_make(buf, sizeof buf);

	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
	tt_stun_put(&w, type, value, len);
	const size_t total = tt_stun_finish(&w);
	assert_true(total > 0);
	free(block);
	block = malloc(total);
	assert_non_null(block);
	memcpy(block, buf, total);
	return tt_stun_read(m, block, total);
}

static void every_attribute_has_a_shortest_and_a_longest_value(void **state)
{
	static const struct {
		uint16_t type;
		uint16_t min, max;
		uint8_t first[4]; /* of a value that counts at both lengths; the rest is zeros */
	} rows[] = {
		{ TT_STUN_USERNAME, 0, 763, { 0 } },
		{ TT_STUN_MESSAGE_INTEGRITY, 20, 20, { 0 } },
		{ TT_STUN_ERROR_CODE, 4, 767, { 0, 0, 4, 0 } },
		{ TT_STUN_UNKNOWN_ATTRIBUTES, 0, 512, { 0 } },
		{ TT_STUN_REALM, 0, 763, { 0 } },
		{ TT_STUN_NONCE, 0, 763, { 0 } },
		{ TT_STUN_MESSAGE_INTEGRITY_SHA256, 16, 32, { 0 } },
		{ TT_STUN_PRIORITY, 4, 4, { 0 } },
		{ TT_STUN_USE_CANDIDATE, 0, 0, { 0 } },
		{ TT_STUN_SOFTWARE, 0, 763, { 0 } },
		{ TT_STUN_FINGERPRINT, 4, 4, { 0 } },
		{ TT_STUN_ICE_CONTROLLED, 8, 8, { 0 } },
		{ TT_STUN_ICE_CONTROLLING, 8, 8, { 0 } },
		{ TT_STUN_GOOG_NETWORK_INFO, 4, 4, { 0 } },
		{ TT_STUN_NOMINATION, 4, 4, { 0 } },
		{ TT_STUN_PASSWORD_ALGORITHM, 4, 4, { 0 } },
		{ TT_STUN_PASSWORD_ALGORITHMS, 4, 512, { 0 } },
		{ TT_STUN_USERHASH, 32, 32, { 0 } },
		{ TT_STUN_CHANNEL_NUMBER, 4, 4, { 0 } },
		{ TT_STUN_LIFETIME, 4, 4, { 0 } },
		{ TT_STUN_REQUESTED_ADDRESS_FAMILY, 4, 4, { 0 } },
		{ TT_STUN_ADDITIONAL_ADDRESS_FAMILY, 4, 4, { 0 } },
		{ TT_STUN_EVEN_PORT, 1, 1, { 0 } },
		{ TT_STUN_REQUESTED_TRANSPORT, 4, 4, { 0 } },
		{ TT_STUN_DONT_FRAGMENT, 0, 0, { 0 } },
		{ TT_STUN_RESERVATION_TOKEN, 8, 8, { 0 } },
	};
	uint8_t value[800] = { 0 };
	struct tt_stun_msg m;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		memcpy(value, rows[i].first, 4);
		if (rows[i].min > 0)
			assert_int_equal(read_one(&m, rows[i].type, value, rows[i].min - 1u),
					 TT_STUN_E_LENGTH);
		assert_int_equal(read_one(&m, rows[i].type, value, rows[i].min), TT_STUN_OK);
		assert_int_equal(read_one(&m, rows[i].type, value, rows[i].max), TT_STUN_OK);
		assert_int_equal(read_one(&m, rows[i].type, value, rows[i].max + 1u),
				 TT_STUN_E_LENGTH);
	}
	assert_int_equal(read_one(&m, TT_STUN_DATA, value, 0), TT_STUN_OK); /* up to any length */
}

static void an_address_has_the_length_of_its_family(void **state)
{
	static const uint16_t types[] = {
		TT_STUN_MAPPED_ADDRESS,	  TT_STUN_XOR_MAPPED_ADDRESS,  TT_STUN_ALTERNATE_SERVER,
		TT_STUN_XOR_PEER_ADDRESS, TT_STUN_XOR_RELAYED_ADDRESS,
	};
	struct tt_stun_msg m;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(types); i++)
		for (unsigned family = 0; family < 4; family++)
			for (size_t len = 0; len < 24; len++) {
				uint8_t value[24] = { 0xff, (uint8_t)family, 0, 9 };
				const bool good = (family == 1 && len == 8) ||
						  (family == 2 && len == 20);

				/* shorter than any is of the length, what no family has of the value */
				assert_int_equal(read_one(&m, types[i], value, len),
						 good			    ? TT_STUN_OK
						 : len < 8 || len > 20 ? TT_STUN_E_LENGTH
								       : TT_STUN_E_VALUE);
			}
}

static void addresses_come_out_of_their_disguise(void **state)
{
	/* 192.0.2.1:32853 and 2001:db8::1 under the transaction id above, RFC 8489 section 14.2 */
	static const uint8_t v4[] = { 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43 };
	static const uint8_t v6[] = { 0,    2,	  0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 1,  2,
				      3,    4,	  5,	6,    7,    8,	  9,	10,   11, 12 ^ 1 };
	struct tt_stun_msg m;

	(void)state;
	assert_int_equal(read_one(&m, TT_STUN_XOR_MAPPED_ADDRESS, v4, 8), TT_STUN_OK);
	assert_true(m.xor_mapped.family == 4 && m.xor_mapped.port == 0x8055);
	assert_memory_equal(m.xor_mapped.ip, ((uint8_t[16]){ 192, 0, 2, 1 }), 16);
	assert_ptr_equal(tt_stun_mapped(&m), &m.xor_mapped);
	assert_int_equal(read_one(&m, TT_STUN_XOR_MAPPED_ADDRESS, v6, 20), TT_STUN_OK);
	assert_int_equal(m.xor_mapped.family, 6);
	assert_memory_equal(m.xor_mapped.ip, ((uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 1 }), 16);
	assert_int_equal(read_one(&m, TT_STUN_MAPPED_ADDRESS, v4, 8), TT_STUN_OK);
	assert_int_equal(m.mapped.port, 0xa147);
	assert_ptr_equal(tt_stun_mapped(&m), &m.mapped);
	assert_int_equal(read_one(&m, TT_STUN_SOFTWARE, "x", 1), TT_STUN_OK);
	assert_null(tt_stun_mapped(&m));
}

static void error_codes_are_300_to_699(void **state)
{
	struct tt_stun_msg m;

	(void)state;
	for (unsigned hundreds = 0; hundreds < 8; hundreds++)
		for (unsigned tens = 0; tens < 256; tens++) {
			const uint8_t value[5] = { 0xff, 0xff, (uint8_t)(0xf8 | hundreds),
						   (uint8_t)tens, 'R' };
			const bool good = hundreds >= 3 && hundreds <= 6 && tens <= 99;

			assert_int_equal(read_one(&m, TT_STUN_ERROR_CODE, value, 5),
					 good ? TT_STUN_OK : TT_STUN_E_VALUE);
			if (good) {
				assert_int_equal(m.error_code, 100 * hundreds + tens);
				assert_true(span_eq(m.error_reason, span_of("R")));
			}
		}
}

static void a_list_of_refused_types_is_kept_up_to_its_limit(void **state)
{
	uint8_t value[2 * (TT_STUN_MAX_UNKNOWN + 1)];
	struct tt_stun_msg m;

	(void)state;
	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (uint8_t)(i % 2 ? i / 2 : 0x70);
	for (size_t n = 0; n <= sizeof value; n++) {
		const enum tt_stun_err err = read_one(&m, TT_STUN_UNKNOWN_ATTRIBUTES, value, n);

		assert_int_equal(err, n % 2 ? TT_STUN_E_LENGTH : TT_STUN_OK);
		if (!err)
			assert_int_equal(m.refused_count, tt_min(n / 2, TT_STUN_MAX_UNKNOWN));
	}
	assert_int_equal(m.refused[1], 0x7001);
}

static void only_types_below_0x8000_must_be_understood(void **state)
{
	struct tt_stun_msg m;

	(void)state;
	assert_int_equal(read_one(&m, 0x7fff, "", 0), TT_STUN_OK);
	assert_true(m.unknown_count == 1 && m.unknown[0] == 0x7fff);
	assert_int_equal(read_one(&m, 0x8001, "", 0), TT_STUN_OK);
	assert_int_equal(m.unknown_count, 0);
}

static void of_two_attributes_of_a_kind_the_first_counts(void **state)
{
	uint8_t buf[256];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_stun_msg m;

	(void)state;
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 1);
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 2);
	tt_stun_put(&w, TT_STUN_USERNAME, "a", 1);
	tt_stun_put(&w, TT_STUN_USERNAME, "b", 1);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	assert_int_equal(m.priority, 1);
	assert_true(span_eq(m.username, span_of("a")));
}

/* Section 14.5 to 14.7: what may still stand behind each of the three. */
static void what_stands_behind_an_integrity_is_not_heard(void **state)
{
	static const struct {
		uint16_t types[3];
		enum tt_stun_err err;
		uint32_t has;
	} rows[] = {
		{ { TT_STUN_MESSAGE_INTEGRITY, TT_STUN_USE_CANDIDATE }, TT_STUN_OK, TT_STUN_HAS_INTEGRITY },
		{ { TT_STUN_MESSAGE_INTEGRITY, TT_STUN_MESSAGE_INTEGRITY_SHA256, TT_STUN_USE_CANDIDATE },
		  TT_STUN_OK,
		  TT_STUN_HAS_INTEGRITY | TT_STUN_HAS_INTEGRITY_SHA256 },
		{ { TT_STUN_MESSAGE_INTEGRITY_SHA256, TT_STUN_MESSAGE_INTEGRITY, TT_STUN_USE_CANDIDATE },
		  TT_STUN_OK,
		  TT_STUN_HAS_INTEGRITY_SHA256 },
		{ { TT_STUN_MESSAGE_INTEGRITY_SHA256, TT_STUN_FINGERPRINT },
		  TT_STUN_OK,
		  TT_STUN_HAS_INTEGRITY_SHA256 | TT_STUN_HAS_FINGERPRINT },
		{ { TT_STUN_MESSAGE_INTEGRITY, 0x7000 }, TT_STUN_OK, TT_STUN_HAS_INTEGRITY },
		{ { TT_STUN_FINGERPRINT, TT_STUN_USE_CANDIDATE }, TT_STUN_E_ORDER, TT_STUN_HAS_FINGERPRINT },
		{ { TT_STUN_FINGERPRINT, TT_STUN_FINGERPRINT }, TT_STUN_E_ORDER, TT_STUN_HAS_FINGERPRINT },
	};
	static const uint8_t zeros[32];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		uint8_t buf[256];
		struct wr w = wr_make(buf, sizeof buf);
		struct tt_stun_msg m;

		tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
		for (size_t k = 0; k < 3 && rows[i].types[k]; k++)
			tt_stun_put(&w, rows[i].types[k], zeros,
				    rows[i].types[k] == TT_STUN_MESSAGE_INTEGRITY	   ? 20
				    : rows[i].types[k] == TT_STUN_MESSAGE_INTEGRITY_SHA256 ? 32
				    : rows[i].types[k] == TT_STUN_FINGERPRINT		   ? 4
											   : 0);
		assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), rows[i].err);
		assert_int_equal(m.has, rows[i].has);
		assert_int_equal(m.unknown_count, 0);
	}
}

static void the_head_of_a_message_decides_whether_it_is_stun(void **state)
{
	uint8_t head[21] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	struct tt_stun_msg m;

	(void)state;
	for (size_t n = 0; n <= 20; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, head, n);
		assert_int_equal(tt_stun_is(exact, n), n == 20);
		assert_int_equal(tt_stun_read(&m, exact, n), n == 20 ? TT_STUN_OK : TT_STUN_E_SHORT);
		free(exact);
	}
	assert_true(tt_stun_is(head, 21)); /* how long it says to be is for the reader */
	assert_int_equal(tt_stun_read(&m, head, 21), TT_STUN_E_LENGTH);
	for (unsigned first = 0; first < 256; first++) {
		head[0] = (uint8_t)first;
		assert_int_equal(tt_stun_is(head, 20), first <= 3);
		assert_int_equal(tt_stun_read(&m, head, 20),
				 first < 0x40 ? TT_STUN_OK : TT_STUN_E_NOT_STUN);
	}
	head[0] = 0;
	for (size_t i = 4; i < 8; i++) {
		head[i] ^= 1;
		assert_false(tt_stun_is(head, 20));
		assert_int_equal(tt_stun_read(&m, head, 20), TT_STUN_E_NOT_STUN);
		head[i] ^= 1;
	}
	for (unsigned len = 1; len < 8; len++) {
		uint8_t more[28] = { 0, 1, 0, (uint8_t)len, 0x21, 0x12, 0xa4, 0x42, [20] = 0x8f };

		/* exactly its length, and a length of words */
		assert_int_equal(tt_stun_read(&m, more, 20 + len),
				 len == 4 ? TT_STUN_OK : TT_STUN_E_LENGTH);
		assert_int_equal(tt_stun_read(&m, more, 20), TT_STUN_E_LENGTH);
		assert_int_equal(tt_stun_read(&m, more, 28), TT_STUN_E_LENGTH);
	}
}

static void an_attribute_past_the_end_is_refused_at_every_length(void **state)
{
	(void)state;
	for (unsigned len = 0; len < 12; len++) {
		uint8_t *pkt = calloc(1, 28);
		struct tt_stun_msg m;

		memcpy(pkt, ((uint8_t[]){ 0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42 }), 8);
		memcpy(pkt + 20, ((uint8_t[]){ 0x80, 0x22, 0, (uint8_t)len }), 4);
		/* with none of the four bytes they are an attribute of type 0 */
		assert_int_equal(tt_stun_read(&m, pkt, 28), len <= 4 ? TT_STUN_OK : TT_STUN_E_SHORT);
		free(pkt);
	}
}

static void every_refusal_has_a_text(void **state)
{
	(void)state;
	for (int err = TT_STUN_OK; strcmp(tt_stun_err_text((enum tt_stun_err)err), "unknown") != 0; err++)
		assert_true(err < 20 && strlen(tt_stun_err_text((enum tt_stun_err)err)) > 1);
	assert_string_not_equal(tt_stun_err_text(TT_STUN_E_MANY), "unknown");
	assert_string_equal(tt_stun_err_text((enum tt_stun_err)99), "unknown");
}

static void a_stream_s_next_message_is_measured_by_its_head(void **state)
{
	static const struct {
		uint8_t head[4];
		size_t len, want;
	} rows[] = {
		{ { 0, 1, 0, 8 }, 4, 28 },
		{ { 3, 1, 0, 0 }, 4, 20 },
		{ { 4, 1, 0, 0 }, 1, TT_TURN_NO_FRAME },
		{ { 0x3f, 1 }, 1, TT_TURN_NO_FRAME },
		{ { 0x40, 0, 0, 1 }, 4, 8 },
		{ { 0x40, 0, 0, 4 }, 4, 8 },
		{ { 0x4f, 0xff, 0, 5 }, 4, 12 },
		{ { 0x50, 0 }, 1, TT_TURN_NO_FRAME },
		{ { 0xff, 0 }, 1, TT_TURN_NO_FRAME },
		{ { 0, 1, 0, 6 }, 4, TT_TURN_NO_FRAME },
		{ { 0x40, 0, 0, 1 }, 3, 0 },
		{ { 0 }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		uint8_t *exact = malloc(rows[i].len ? rows[i].len : 1);

		memcpy(exact, rows[i].head, rows[i].len);
		assert_int_equal(tt_turn_frame(exact, rows[i].len), rows[i].want);
		free(exact);
	}
}

static void channel_data_is_refused_when_cut_short(void **state)
{
	static const uint8_t whole[] = { 0x40, 0, 0, 3, 'a', 'b', 'c', 0 };
	struct tt_turn_channel c;

	(void)state;
	for (size_t n = 0; n <= sizeof whole; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, whole, n);
		assert_int_equal(tt_turn_channel_read(&c, exact, n), n >= 7);
		if (n >= 7)
			assert_true(span_eq(c.data, span_of("abc")));
		free(exact);
	}
}

static void an_attribute_is_found_by_its_type(void **state)
{
	static const uint8_t odd[] = { 1, 2, 3, 4, 5 };
	const struct taut_addr a = { .family = 4, .port = 3479, .ip = { 203, 0, 113, 2 } };
	struct taut_addr found = { .family = 9 };
	struct span v;
	uint8_t buf[256];
	struct wr w = wr_make(buf, sizeof buf);

	(void)state;
	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
	tt_stun_put(&w, 0x8055, odd, sizeof odd);
	tt_stun_put_addr(&w, TT_STUN_OTHER_ADDRESS, &a);
	tt_stun_put(&w, 0x8055, odd, 1);
	const size_t len = tt_stun_finish(&w);
	uint8_t *exact = malloc(len);
	memcpy(exact, buf, len);
	assert_true(tt_stun_find(exact, len, 0x8055, &v));
	assert_int_equal(v.len, 5); /* the first of them */
	assert_memory_equal(v.p, odd, 5);
	assert_false(tt_stun_find(exact, len, 0x8056, &v));
	assert_false(tt_stun_find(exact, TT_STUN_HEADER_LEN, 0x8055, &v));
	assert_false(tt_stun_find(exact, TT_STUN_HEADER_LEN - 1, 0x8055, &v));
	assert_false(tt_stun_find(exact, TT_STUN_HEADER_LEN + 8, 0x8055, &v)); /* it is cut off */
	assert_true(tt_stun_find_addr(exact, len, TT_STUN_OTHER_ADDRESS, &found));
	assert_int_equal(found.port, 3479);
	assert_int_equal(found.family, 4);
	assert_memory_equal(found.ip, a.ip, 4);
	found.family = 9;
	assert_false(tt_stun_find_addr(exact, len, TT_STUN_ALTERNATE_SERVER, &found));
	assert_false(tt_stun_find_addr(exact, len, 0x8055, &found));
	assert_int_equal(found.family, 9);
	free(exact);
	w = wr_make(buf, sizeof buf); /* of a family that does not fit its length */
	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
	tt_stun_put(&w, TT_STUN_OTHER_ADDRESS, "\0\2\0\1\1\2\3\4", 8);
	assert_false(tt_stun_find_addr(buf, tt_stun_finish(&w), TT_STUN_OTHER_ADDRESS, &found));
	assert_int_equal(found.family, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attribute_is_found_by_its_type),
		cmocka_unit_test(every_attribute_has_a_shortest_and_a_longest_value),
		cmocka_unit_test(an_address_has_the_length_of_its_family),
		cmocka_unit_test(addresses_come_out_of_their_disguise),
		cmocka_unit_test(error_codes_are_300_to_699),
		cmocka_unit_test(a_list_of_refused_types_is_kept_up_to_its_limit),
		cmocka_unit_test(only_types_below_0x8000_must_be_understood),
		cmocka_unit_test(of_two_attributes_of_a_kind_the_first_counts),
		cmocka_unit_test(what_stands_behind_an_integrity_is_not_heard),
		cmocka_unit_test(the_head_of_a_message_decides_whether_it_is_stun),
		cmocka_unit_test(an_attribute_past_the_end_is_refused_at_every_length),
		cmocka_unit_test(every_refusal_has_a_text),
		cmocka_unit_test(a_stream_s_next_message_is_measured_by_its_head),
		cmocka_unit_test(channel_data_is_refused_when_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
