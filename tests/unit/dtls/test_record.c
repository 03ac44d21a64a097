/* What may reach OpenSSL, record by record: RFC 6347 sections 4.1 and 4.2, HOSTILE rows B. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/wr.h"
#include "dtls/dtls_state.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA };

static const uint8_t zeros[20000];

static uint32_t refused(struct tt_dtls *d, uint8_t type, uint16_t epoch, const uint8_t *body,
			size_t len)
{
	const struct tt_dtls_record rec = {
		.type = type, .version = 0xfefd, .epoch = epoch, .body = body, .len = tt_u16(len)
	};

	return tt_dtls_record_refuse(d, &rec);
}

static bool passes(struct tt_dtls *d, uint8_t type, uint16_t epoch, const uint8_t *body, size_t len)
{
	return !refused(d, type, epoch, body, len);
}

/* A handshake message, or a part of one, alone in its record. */
static bool message_passes(struct tt_dtls *d, uint8_t type, uint32_t len, uint16_t seq,
			   uint32_t offset, uint32_t part)
{
	static uint8_t buf[20000];
	struct wr w = wr_make(buf, sizeof buf);

	wr_u8(&w, type), wr_u24(&w, len), wr_u16(&w, seq), wr_u24(&w, offset), wr_u24(&w, part);
	wr_zeros(&w, part);
	assert_true(wr_len(&w) > 0);
	return passes(d, HANDSHAKE, 0, buf, wr_len(&w));
}

static void a_datagram_is_walked_record_by_record(void **state)
{
	static const uint8_t pkt[] = { 22, 0xfe, 0xff, 0,    0, 0, 0, 0, 0, 0, 1, 0, 2, 8,
				       9,  23,   0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0 };
	struct tt_dtls_record rec;

	(void)state;
	for (size_t n = 0; n <= sizeof pkt; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		struct rd r = rd_make(exact, n);

		memcpy(exact, pkt, n);
		const bool first = tt_dtls_record_next(&r, &rec);
		assert_int_equal(first, n >= 15);
		if (first)
			assert_true(rec.type == 22 && rec.version == 0xfeff && rec.epoch == 0 &&
				    rec.len == 2 && rec.body[1] == 9 && rec.whole == exact &&
				    rec.whole_len == 15);
		if (first && tt_dtls_record_next(&r, &rec)) {
			assert_int_equal(n, sizeof pkt);
			assert_true(rec.type == 23 && rec.epoch == 1 && rec.len == 0 &&
				    rec.whole == exact + 15 && rec.whole_len == 13);
		}
		assert_false(tt_dtls_record_next(&r, &rec));
		free(exact);
	}
}

static void a_client_hello_is_known_by_its_first_byte(void **state)
{
	static const uint8_t hello[13] = { 1 }, other[13] = { 2 };
	static const struct {
		struct tt_dtls_record rec;
		bool is;
	} rows[] = {
		{ { .type = HANDSHAKE, .len = 13, .body = hello }, true },
		{ { .type = HANDSHAKE, .len = 12, .body = hello }, false },
		{ { .type = HANDSHAKE, .len = 13, .body = other }, false },
		{ { .type = HANDSHAKE, .len = 13, .epoch = 1, .body = hello }, false },
		{ { .type = ALERT, .len = 13, .body = hello }, false },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		assert_int_equal(tt_dtls_record_is_hello(&rows[i].rec), rows[i].is);
}

static void types_versions_and_epochs_have_their_range(void **state)
{
	struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE, .early_records = 9 };

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		assert_int_equal(passes(&d, (uint8_t)type, 1, zeros, 24), type >= 20 && type <= 23);
	for (unsigned epoch = 1; epoch < 4; epoch++)
		assert_int_equal(passes(&d, APPLICATION_DATA, (uint16_t)epoch, zeros, 24),
				 epoch == 1);
	for (uint8_t type = CHANGE_CIPHER_SPEC; type <= APPLICATION_DATA; type++) {
		struct tt_dtls up = { .state = TT_DTLS_CONNECTED };

		assert_int_equal(refused(&d, type, 2, zeros, 1), TAUT_DROP_DTLS_EPOCH);
		assert_int_equal(refused(&up, type, 2, zeros, 1), TAUT_DROP_DTLS_EPOCH);
		assert_int_equal(refused(&up, type, 0, zeros, 1), TAUT_DROP_DTLS_CLEAR_TEXT);
	}
	for (unsigned major = 0; major < 256; major++) {
		const struct tt_dtls_record rec = { .type = APPLICATION_DATA,
						    .version = tt_u16(major << 8 | 0xfd),
						    .epoch = 1,
						    .body = zeros,
						    .len = 24 };

		assert_int_equal(!tt_dtls_record_refuse(&d, &rec), major == 0xfe);
	}
	for (size_t len = 0; len < 24; len++) /* anybody can send that, and it cannot be opened */
		assert_int_equal(refused(&d, ALERT, 1, zeros, len), TAUT_DROP_DTLS_TOO_SHORT);
	assert_true(passes(&d, APPLICATION_DATA, 1, zeros, 16384 + 2048));
	assert_false(passes(&d, APPLICATION_DATA, 1, zeros, 16384 + 2049));
}

static void in_the_clear_only_the_handshake_passes(void **state)
{
	struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE };
	static const uint8_t fatal[2] = { 2, 40 };

	(void)state;
	assert_true(passes(&d, CHANGE_CIPHER_SPEC, 0, zeros, 1));
	assert_false(passes(&d, APPLICATION_DATA, 0, zeros, 1));
	assert_false(passes(&d, HANDSHAKE, 0, zeros, 0));
	assert_false(passes(&d, ALERT, 0, fatal, 1));
	assert_null(d.hint); /* too short to say why */
	assert_false(passes(&d, ALERT, 0, fatal, 2));
	assert_non_null(d.hint);
	assert_int_equal(d.counters.alerts_ignored, 2);
	d.state = TT_DTLS_CONNECTED;
	for (uint8_t type = CHANGE_CIPHER_SPEC; type <= APPLICATION_DATA; type++) {
		assert_false(passes(&d, type, 0, fatal, 2));
		assert_true(passes(&d, type, 1, zeros, 24));
	}
}

static void a_few_encrypted_records_may_be_early(void **state)
{
	struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE, .early_records = 2 };

	(void)state;
	assert_true(passes(&d, HANDSHAKE, 1, zeros, 40));
	assert_true(passes(&d, APPLICATION_DATA, 1, zeros, 40)); /* held elsewhere */
	assert_true(passes(&d, ALERT, 1, zeros, 40));
	assert_int_equal(d.early_records, 0);
	assert_false(passes(&d, HANDSHAKE, 1, zeros, 40));
	assert_int_equal(d.early_records, 0);
}

static void each_side_sends_its_own_messages(void **state)
{
	static const uint8_t server[] = { 2, 3, 4, 11, 12, 13, 14, 22 },
			     client[] = { 1, 11, 15, 16 };

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE, .client = true };

		assert_int_equal(message_passes(&d, (uint8_t)type, 1, 0, 0, 1),
				 memchr(server, (int)type, sizeof server) != NULL);
		d = (struct tt_dtls){ .state = TT_DTLS_HANDSHAKE };
		assert_int_equal(message_passes(&d, (uint8_t)type, 1, 0, 0, 1),
				 memchr(client, (int)type, sizeof client) != NULL);
	}
}

static void fragments_lie_inside_their_message(void **state)
{
	static const struct {
		uint32_t len, offset, part;
		bool good;
	} rows[] = {
		{ 10, 0, 10, true },  { 10, 0, 11, false },       { 10, 9, 1, true },
		{ 10, 10, 1, false }, { 10, 9, 2, false },        { 10, 0, 0, false },
		{ 10, 10, 0, false }, { 0, 0, 0, true },          { 0, 1, 0, false },
		{ 10, 11, 0, false }, { 10, 0xffffff, 1, false }, { 10, 0, 1, true },
		{ 1, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE };

		assert_int_equal(
			message_passes(&d, 1, rows[i].len, 0, rows[i].offset, rows[i].part),
			rows[i].good);
	}
}

static void messages_have_a_number_and_a_longest_form(void **state)
{
	struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE };

	(void)state;
	assert_true(message_passes(&d, 1, 1, TT_DTLS_MESSAGES - 1, 0, 1));
	assert_false(message_passes(&d, 1, 1, TT_DTLS_MESSAGES, 0, 1));
	assert_true(message_passes(&d, 1, 8192, 0, 0, 1));
	assert_false(message_passes(&d, 1, 8193, 1, 0, 1));
	assert_true(message_passes(&d, 11, TT_DTLS_CERTIFICATE_MAX, 2, 0, 1));
	assert_false(message_passes(&d, 11, TT_DTLS_CERTIFICATE_MAX + 1, 3, 0, 1));
}

static void all_messages_together_have_a_ceiling(void **state)
{
	struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE };

	(void)state;
	for (uint16_t seq = 0; seq < 4; seq++)
		assert_true(message_passes(&d, 11, TT_DTLS_CERTIFICATE_MAX, seq, 0, 1));
	assert_false(message_passes(&d, 1, 1, 4, 0, 1));
	assert_true(message_passes(&d, 11, TT_DTLS_CERTIFICATE_MAX, 0, 5, 7)); /* of one counted */
	d.message_len[3] = TT_DTLS_CERTIFICATE_MAX - 8;
	assert_true(message_passes(&d, 1, 8, 4, 0, 1));
	assert_false(message_passes(&d, 1, 9, 4, 0, 1));
	assert_true(message_passes(&d, 1, 7, 4, 0, 1)); /* a smaller claim frees nothing */
	assert_int_equal(d.message_len[4], 8);
	assert_true(message_passes(&d, 1, 0, 5, 0, 0));
	/* the last number counts as well */
	d = (struct tt_dtls){ .state = TT_DTLS_HANDSHAKE };
	for (uint16_t seq = TT_DTLS_MESSAGES - 4; seq < TT_DTLS_MESSAGES; seq++)
		assert_true(message_passes(&d, 11, TT_DTLS_CERTIFICATE_MAX, seq, 0, 1));
	assert_false(message_passes(&d, 1, 1, 0, 0, 1));
}

/* A record may hold several messages; one that is cut off or forbidden refuses the record. */
static void every_message_of_a_record_is_looked_at(void **state)
{
	static const uint8_t two[] = { 1,  0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7,
				       16, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 8 };

	(void)state;
	for (size_t n = 1; n <= sizeof two; n++) {
		struct tt_dtls d = { .state = TT_DTLS_HANDSHAKE };
		uint8_t *exact = malloc(n);

		memcpy(exact, two, n);
		assert_int_equal(passes(&d, HANDSHAKE, 0, exact, n), n == 13 || n == sizeof two);
		if (n == sizeof two) {
			exact[13] = 2; /* a ServerHello, from a client */
			assert_false(passes(&d, HANDSHAKE, 0, exact, n));
			exact[0] = 2;
			exact[13] = 16;
			assert_false(passes(&d, HANDSHAKE, 0, exact, n));
		}
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_is_walked_record_by_record),
		cmocka_unit_test(a_client_hello_is_known_by_its_first_byte),
		cmocka_unit_test(types_versions_and_epochs_have_their_range),
		cmocka_unit_test(in_the_clear_only_the_handshake_passes),
		cmocka_unit_test(a_few_encrypted_records_may_be_early),
		cmocka_unit_test(each_side_sends_its_own_messages),
		cmocka_unit_test(fragments_lie_inside_their_message),
		cmocka_unit_test(messages_have_a_number_and_a_longest_form),
		cmocka_unit_test(all_messages_together_have_a_ceiling),
		cmocka_unit_test(every_message_of_a_record_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
