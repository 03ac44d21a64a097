/* The attributes of RFC 8656, the long-term mechanism's of RFC 8489, ChannelData, and streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "stun/turn.h"

static const uint8_t tid[TT_STUN_TID_LEN] = "0123456789a";

static struct taut_addr addr(const char *ip, uint16_t port)
{
	struct taut_addr a;

	assert_true(tt_addr_parse_ip(&a, ip, strlen(ip)));
	a.port = port;
	return a;
}

static void begin(struct wr *w, uint8_t *buf, size_t cap)
{
	*w = wr_make(buf, cap);
	tt_stun_begin(w, TT_STUN_REQUEST, TT_TURN_ALLOCATE, tid);
}

static void the_attributes_of_turn_come_back_as_written(void **state)
{
	static const uint8_t even[] = { 0x80 }, channel[] = { 0x40, 0x01, 0xff, 0xff };
	static const uint8_t token[] = "12345678", userhash[32] = { 7 };
	static const uint8_t algorithms[] = { 0, 2, 0, 0, 0, 1, 0, 0 };
	const struct taut_addr peer = addr("192.0.2.7", 4000), other = addr("2001:db8::7", 4001);
	uint8_t buf[512];
	struct tt_stun_msg m;
	struct wr w;

	(void)state;
	begin(&w, buf, sizeof buf);
	tt_stun_put(&w, TT_STUN_CHANNEL_NUMBER, channel, 4);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 3600);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &peer);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &other);
	tt_stun_put(&w, TT_STUN_DATA, "xyz", 3);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &other);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &peer);
	tt_stun_put_u32(&w, TT_STUN_REQUESTED_ADDRESS_FAMILY, (uint32_t)TT_TURN_IPV6 << 24);
	tt_stun_put_u32(&w, TT_STUN_ADDITIONAL_ADDRESS_FAMILY, (uint32_t)TT_TURN_IPV4 << 24);
	tt_stun_put(&w, TT_STUN_EVEN_PORT, even, 1);
	tt_stun_put_u32(&w, TT_STUN_REQUESTED_TRANSPORT, (uint32_t)TT_TURN_UDP << 24);
	tt_stun_put(&w, TT_STUN_DONT_FRAGMENT, NULL, 0);
	tt_stun_put(&w, TT_STUN_RESERVATION_TOKEN, token, 8);
	tt_stun_put(&w, TT_STUN_USERHASH, userhash, 32);
	tt_stun_put_u32(&w, TT_STUN_PASSWORD_ALGORITHM, 2 << 16);
	tt_stun_put(&w, TT_STUN_PASSWORD_ALGORITHMS, algorithms, sizeof algorithms);
	tt_stun_put_addr(&w, TT_STUN_ALTERNATE_SERVER, &peer);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);

	assert_int_equal(m.unknown_count, 0);
	assert_int_equal(m.channel, 0x4001);
	assert_int_equal(m.lifetime, 3600);
	assert_int_equal(m.peer_count, 2);
	assert_true(tt_addr_eq(&m.peers[0], &peer) && tt_addr_eq(&m.peers[1], &other));
	assert_true(m.has & TT_STUN_HAS_DATA && span_eq(m.data, span_of("xyz")));
	assert_int_equal(m.relayed_count, 2);
	assert_true(tt_addr_eq(&m.relayed[0], &other) && tt_addr_eq(&m.relayed[1], &peer));
	assert_int_equal(m.family, TT_TURN_IPV6);
	assert_int_equal(m.more_family, TT_TURN_IPV4);
	assert_true(m.has & TT_STUN_HAS_EVEN_PORT && m.even_port_and_next);
	assert_int_equal(m.transport, TT_TURN_UDP);
	assert_true(m.has & TT_STUN_HAS_DONT_FRAGMENT);
	assert_memory_equal(m.token, token, 8);
	assert_memory_equal(m.userhash, userhash, 32);
	assert_int_equal(m.algorithm, TT_STUN_SHA256);
	assert_true(span_eq(m.algorithms, (struct span){ algorithms, sizeof algorithms }));
	assert_true(tt_addr_eq(&m.alternate, &peer));
}

/* RFC 8656 section 14 shows it: the same XOR as in XOR-MAPPED-ADDRESS. */
static void a_peer_address_does_not_stand_in_the_clear(void **state)
{
	const struct taut_addr peer = addr("33.18.164.66", 0x2112);
	static const uint8_t expected[] = { 0, 0x12, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0 };
	uint8_t buf[64];
	struct wr w;

	(void)state;
	begin(&w, buf, sizeof buf);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &peer);
	assert_memory_equal(buf + TT_STUN_HEADER_LEN, expected, sizeof expected);
}

static void a_ninth_peer_address_is_told_and_not_kept(void **state)
{
	uint8_t buf[512];
	struct tt_stun_msg m;
	struct wr w;

	(void)state;
	begin(&w, buf, sizeof buf);
	for (uint16_t i = 0; i < TT_STUN_MAX_PEERS; i++) {
		const struct taut_addr a = addr("192.0.2.1", i);
		tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &a);
	}
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	assert_false(m.more_peers);
	const struct taut_addr one_more = addr("192.0.2.1", 9);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &one_more);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	assert_true(m.more_peers);
	assert_int_equal(m.peer_count, TT_STUN_MAX_PEERS);
}

static void a_third_relayed_address_is_not_kept(void **state)
{
	uint8_t buf[512];
	struct tt_stun_msg m;
	struct wr w;

	(void)state;
	begin(&w, buf, sizeof buf);
	for (uint16_t i = 0; i < 3; i++) {
		const struct taut_addr a = addr("192.0.2.1", i);
		tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &a);
	}
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	assert_int_equal(m.relayed_count, 2);
	assert_int_equal(m.relayed[1].port, 1);
}

static void turn_attributes_of_a_wrong_length_are_refused(void **state)
{
	static const struct {
		uint16_t type, len;
	} rows[] = {
		{ TT_STUN_CHANNEL_NUMBER, 2 },    { TT_STUN_LIFETIME, 3 },
		{ TT_STUN_LIFETIME, 5 },          { TT_STUN_XOR_PEER_ADDRESS, 7 },
		{ TT_STUN_XOR_PEER_ADDRESS, 9 },  { TT_STUN_XOR_RELAYED_ADDRESS, 19 },
		{ TT_STUN_EVEN_PORT, 0 },         { TT_STUN_EVEN_PORT, 2 },
		{ TT_STUN_USERHASH, 31 },         { TT_STUN_REQUESTED_ADDRESS_FAMILY, 1 },
		{ TT_STUN_DONT_FRAGMENT, 1 },     { TT_STUN_ADDITIONAL_ADDRESS_FAMILY, 1 },
		{ TT_STUN_USERHASH, 33 },         { TT_STUN_REQUESTED_TRANSPORT, 1 },
		{ TT_STUN_ALTERNATE_SERVER, 4 },  { TT_STUN_PASSWORD_ALGORITHM, 3 },
		{ TT_STUN_RESERVATION_TOKEN, 7 }, { TT_STUN_PASSWORD_ALGORITHMS, 0 },
	};
	static const uint8_t value[64];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		uint8_t buf[128];
		struct tt_stun_msg m;
		struct wr w;
		begin(&w, buf, sizeof buf);
		tt_stun_put(&w, rows[i].type, value, rows[i].len);
		assert_int_not_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	}
}

/* 18.5.1 of RFC 8489: neither MD5 nor SHA-256 has any. */
static void an_algorithm_with_parameters_is_refused(void **state)
{
	uint8_t buf[64];
	struct tt_stun_msg m;
	struct wr w;

	(void)state;
	begin(&w, buf, sizeof buf);
	tt_stun_put_u32(&w, TT_STUN_PASSWORD_ALGORITHM, 2 << 16 | 4);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_E_VALUE);
}

/* ---- keys ---- */

static size_t signed_with(uint8_t *buf, size_t cap, const struct tt_stun_key *k)
{
	struct wr w;

	begin(&w, buf, cap);
	tt_stun_put_integrity(&w, k);
	return tt_stun_finish(&w);
}

static void the_long_term_key_is_the_hash_of_section_9_2_2(void **state)
{
	/* its own example: MD5 of user:realm:pass */
	static const uint8_t md5[] = { 0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
				       0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb };
	uint8_t buf[128];
	struct tt_stun_key raw, made;
	struct tt_stun_msg m;

	(void)state;
	assert_true(tt_stun_key_init(&raw, md5, sizeof md5));
	assert_true(tt_stun_key_long_term(&made, TT_STUN_MD5, span_of("user"), span_of("realm"),
					  span_of("pass")));
	size_t len = signed_with(buf, sizeof buf, &made);
	assert_int_equal(tt_stun_read(&m, buf, len), TT_STUN_OK);
	assert_true(tt_stun_verify(&m, buf, &raw));
	tt_stun_key_free(&made);
	assert_true(tt_stun_key_long_term(&made, TT_STUN_SHA256, span_of("user"), span_of("realm"),
					  span_of("pass")));
	assert_false(tt_stun_verify(&m, buf, &made));
	tt_stun_key_free(&raw);
	tt_stun_key_free(&made);
}

/* RFC 8489 appendix B.1. */
static void the_userhash_is_that_of_the_example_of_rfc_8489(void **state)
{
	static const uint8_t expected[] = {
		0x4a, 0x3c, 0xf3, 0x8f, 0xef, 0x69, 0x92, 0xbd, 0xa9, 0x52, 0xc6,
		0x78, 0x04, 0x17, 0xda, 0x0f, 0x24, 0x81, 0x94, 0x15, 0x56, 0x9e,
		0x60, 0xb2, 0x05, 0xc4, 0x6e, 0x41, 0x40, 0x7f, 0x17, 0x04,
	};
	static const char user[] =
		"\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9";
	uint8_t hash[TT_STUN_USERHASH_LEN];

	(void)state;
	assert_true(tt_stun_userhash(hash, span_of(user), span_of("example.org")));
	assert_memory_equal(hash, expected, sizeof expected);
}

/* ---- ChannelData ---- */

static void channel_data_comes_back_as_written(void **state)
{
	uint8_t buf[] = { 0, 0, 0, 0, 'a', 'b', 'c', 0 };
	struct tt_turn_channel c;

	(void)state;
	tt_turn_channel_head(buf, 0x4fff, 3);
	for (size_t len = 0; len <= sizeof buf; len++) {
		uint8_t *p = malloc(len ? len : 1);
		assert_non_null(p);
		memcpy(p, buf, len);
		assert_int_equal(tt_turn_channel_read(&c, p, len), len >= 7); /* 8: padded */
		if (len >= 7)
			assert_true(c.number == 0x4fff && span_eq(c.data, span_of("abc")));
		free(p);
	}
	tt_turn_channel_head(buf, 0x4000, 0);
	assert_true(tt_turn_channel_read(&c, buf, 4)); /* "0 is a valid length" */
}

static void a_number_outside_of_0x4000_to_0x4fff_is_no_channel(void **state)
{
	static const uint16_t numbers[] = { 0, 0x3fff, 0x5000, 0xffff };
	uint8_t buf[4];
	struct tt_turn_channel c;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(numbers); i++) {
		tt_turn_channel_head(buf, numbers[i], 0);
		assert_false(tt_turn_channel_read(&c, buf, sizeof buf));
	}
}

static void a_stream_is_cut_into_messages_and_padded_channel_data(void **state)
{
	uint8_t buf[128];
	struct wr w;

	(void)state;
	begin(&w, buf, sizeof buf);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 1);
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(tt_turn_frame(buf, n), 0);
	for (size_t n = 4; n < 30; n++)
		assert_int_equal(tt_turn_frame(buf, n), 28);
	for (size_t n = 0; n < 9; n++) {
		tt_turn_channel_head(buf, 0x4000, n);
		assert_int_equal(tt_turn_frame(buf, 4), 4 + (n + 3) / 4 * 4);
	}
}

static void a_stream_of_something_else_is_noticed_at_once(void **state)
{
	static const uint8_t tls[] = { 22 }, rtp[] = { 0x80 }, reserved[] = { 0x50 };
	static const uint8_t odd[] = { 0, 1, 0, 3 };

	(void)state;
	assert_true(tt_turn_frame(tls, 1) == TT_TURN_NO_FRAME);
	assert_true(tt_turn_frame(rtp, 1) == TT_TURN_NO_FRAME);
	assert_true(tt_turn_frame(reserved, 1) == TT_TURN_NO_FRAME);
	assert_true(tt_turn_frame(odd, 4) == TT_TURN_NO_FRAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_attributes_of_turn_come_back_as_written),
		cmocka_unit_test(a_peer_address_does_not_stand_in_the_clear),
		cmocka_unit_test(a_ninth_peer_address_is_told_and_not_kept),
		cmocka_unit_test(a_third_relayed_address_is_not_kept),
		cmocka_unit_test(turn_attributes_of_a_wrong_length_are_refused),
		cmocka_unit_test(an_algorithm_with_parameters_is_refused),
		cmocka_unit_test(the_long_term_key_is_the_hash_of_section_9_2_2),
		cmocka_unit_test(the_userhash_is_that_of_the_example_of_rfc_8489),
		cmocka_unit_test(channel_data_comes_back_as_written),
		cmocka_unit_test(a_number_outside_of_0x4000_to_0x4fff_is_no_channel),
		cmocka_unit_test(a_stream_is_cut_into_messages_and_padded_channel_data),
		cmocka_unit_test(a_stream_of_something_else_is_noticed_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
