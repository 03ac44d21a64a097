/* RFC 5769's vectors, browsers' messages, and what must be refused: read and verified. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "base/rd.h"
#include "stun/stun.h"

static json_t *root;

static int load(void **state)
{
	(void)state;
	root = json_load_file(TAUT_SOURCE_DIR "/tests/vectors/stun.json", 0, NULL);
	return root ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(root);
	return 0;
}

static uint8_t nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* In a block of exactly its size, so that the sanitizer sees one byte too many. */
static uint8_t *unhex(const char *hex, size_t *len)
{
	*len = strlen(hex) / 2;
	uint8_t *p = malloc(*len ? *len : 1);

	assert_non_null(p);
	for (size_t i = 0; i < *len; i++)
		p[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	return p;
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_t *find(const char *name)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(root, "vectors"), i, v)
		if (strcmp(text(v, "name"), name) == 0)
			return v;
	fail_msg("no vector %s", name);
	return NULL;
}

static uint8_t *bytes_of(const char *name, size_t *len)
{
	return unhex(text(find(name), "bytes"), len);
}

static void keyed(struct tt_stun_key *k, const char *secret)
{
	assert_true(tt_stun_key_init(k, secret, strlen(secret)));
}

static const char rfc_password[] = "VOkJxbRl1RmTxUk/WvJxBt";

static void the_request_of_rfc_5769_is_read_and_verified(void **state)
{
	size_t len;
	uint8_t *p = bytes_of("rfc5769-2.1-request", &len);
	struct tt_stun_msg m;
	struct tt_stun_key k;

	(void)state;
	assert_true(tt_stun_is(p, len));
	assert_int_equal(tt_stun_read(&m, p, len), TT_STUN_OK);
	assert_int_equal(m.cls, TT_STUN_REQUEST);
	assert_int_equal(m.method, TT_STUN_BINDING);
	assert_true(span_eq(m.username, span_of("evtj:h6vY")));
	assert_true(span_eq(m.software, span_of("STUN test client")));
	assert_int_equal(m.priority, 0x6e0001ff);
	assert_true(m.has & TT_STUN_HAS_CONTROLLED);
	assert_true(m.tiebreaker == 0x932ff9b151263b36u);
	assert_true(tt_stun_fingerprint_ok(&m, p));
	keyed(&k, rfc_password);
	assert_true(tt_stun_verify(&m, p, &k));
	assert_true(tt_stun_verify(&m, p, &k)); /* a kept context serves more than once */
	tt_stun_key_free(&k);
	keyed(&k, "VOkJxbRl1RmTxUk/WvJxBu");
	assert_false(tt_stun_verify(&m, p, &k));
	tt_stun_key_free(&k);
	free(p);
}

static void the_responses_of_rfc_5769_give_the_mapped_address(void **state)
{
	static const struct {
		const char *name, *addr;
	} rows[] = {
		{ "rfc5769-2.2-ipv4-response", "192.0.2.1:32853" },
		{ "rfc5769-2.3-ipv6-response", "[2001:db8:1234:5678:11:2233:4455:6677]:32853" },
	};
	struct tt_stun_key k;

	(void)state;
	keyed(&k, rfc_password);
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		size_t len;
		uint8_t *p = bytes_of(rows[i].name, &len);
		struct tt_stun_msg m;
		char buf[TT_ADDR_TEXT];

		assert_int_equal(tt_stun_read(&m, p, len), TT_STUN_OK);
		assert_int_equal(m.cls, TT_STUN_SUCCESS);
		assert_non_null(tt_stun_mapped(&m));
		assert_string_equal(tt_addr_text(tt_stun_mapped(&m), buf), rows[i].addr);
		assert_true(tt_stun_verify(&m, p, &k));
		assert_true(tt_stun_fingerprint_ok(&m, p));
		free(p);
	}
	tt_stun_key_free(&k);
}

static void a_long_term_request_verifies_with_the_long_term_key(void **state)
{
	/* MD5 of username:realm:password after SASLprep, RFC 8489 section 9.2.2. */
	size_t len, klen;
	uint8_t *p = bytes_of("rfc5769-2.4-longterm-request", &len);
	const json_t *expected = json_object_get(find("rfc5769-2.4-longterm-request"), "expected");
	struct tt_stun_msg m;
	struct tt_stun_key k;

	(void)state;
	assert_int_equal(tt_stun_read(&m, p, len), TT_STUN_OK);
	assert_true(span_eq(m.realm, span_of("example.org")));
	assert_true(span_eq(m.nonce, span_of("f//499k954d6OL34oL9FSTvy64sA")));
	uint8_t *key = unhex(text(expected, "key_md5"), &klen);
	assert_true(tt_stun_key_init(&k, key, klen));
	assert_true(tt_stun_verify(&m, p, &k));
	tt_stun_key_free(&k);
	free(key);
	free(p);
}

/* RFC 8489 appendix B.1 as printed has a length that disagrees with its bytes. */
static void the_sha256_request_of_rfc_8489_verifies_once_its_length_is_right(void **state)
{
	const json_t *v = find("ours-rfc8489-B.1-corrected");
	size_t len, klen;
	uint8_t *p = bytes_of("rfc8489-B.1-userhash-sha256", &len);
	struct tt_stun_msg m;
	struct tt_stun_key k;

	(void)state;
	assert_int_equal(tt_stun_read(&m, p, len), TT_STUN_E_LENGTH);
	free(p);
	p = bytes_of("ours-rfc8489-B.1-corrected", &len);
	uint8_t *key = unhex(text(json_object_get(v, "expected"), "key_sha256"), &klen);
	assert_int_equal(tt_stun_read(&m, p, len), TT_STUN_OK);
	assert_int_equal(m.unknown_count, 0);
	assert_true(m.has & TT_STUN_HAS_USERHASH);
	assert_true(tt_stun_key_init(&k, key, klen));
	assert_true(tt_stun_verify(&m, p, &k));
	p[len - 1] ^= 1;
	assert_false(tt_stun_verify(&m, p, &k));
	tt_stun_key_free(&k);
	free(key);
	free(p);
}

static void messages_of_browsers_and_other_stacks_are_read(void **state)
{
	size_t i;
	json_t *v;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		const char *name = text(v, "name");
		if (strncmp(name, "browser-", 8) != 0 && strncmp(name, "werift-", 7) != 0)
			continue;
		size_t len;
		uint8_t *p = unhex(text(v, "bytes"), &len);
		struct tt_stun_msg m;
		assert_true(tt_stun_is(p, len));
		assert_int_equal(tt_stun_read(&m, p, len), TT_STUN_OK);
		assert_int_equal(m.unknown_count, 0);
		if (m.has & TT_STUN_HAS_FINGERPRINT)
			assert_true(tt_stun_fingerprint_ok(&m, p));
		free(p);
	}
}

static void what_rfc_8489_forbids_is_refused(void **state)
{
	size_t i;
	json_t *v;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		const char *name = text(v, "name");
		if (strncmp(name, "neg-", 4) != 0)
			continue;
		const char *parse = text(json_object_get(v, "expected"), "parse");
		size_t len;
		uint8_t *p = unhex(text(v, "bytes"), &len);
		struct tt_stun_msg m;
		struct tt_stun_key k;
		enum tt_stun_err err = tt_stun_read(&m, p, len);
		keyed(&k, rfc_password);
		assert_true(err != TT_STUN_OK || !parse);
		if (!err)
			assert_false(tt_stun_verify(&m, p, &k) && tt_stun_fingerprint_ok(&m, p));
		tt_stun_key_free(&k);
		free(p);
	}
}

static void every_truncation_of_every_vector_is_refused(void **state)
{
	size_t i;
	json_t *v;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		const char *name = text(v, "name");
		size_t len;
		uint8_t *whole = unhex(text(v, "bytes"), &len);
		for (size_t n = 0; n < len && strncmp(name, "neg-", 4) != 0; n++) {
			uint8_t *p = malloc(n ? n : 1);
			struct tt_stun_msg m;
			assert_non_null(p);
			memcpy(p, whole, n);
			if (n < 20)
				assert_false(tt_stun_is(p, n));
			assert_int_not_equal(tt_stun_read(&m, p, n), TT_STUN_OK);
			free(p);
		}
		free(whole);
	}
}

static void a_flipped_byte_never_passes_both_checks(void **state)
{
	struct tt_stun_key k;
	size_t len;
	uint8_t *p = bytes_of("rfc5769-2.1-request", &len);

	(void)state;
	keyed(&k, rfc_password);
	for (size_t at = 0; at < len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct tt_stun_msg m;
			p[at] ^= (uint8_t)(1u << bit);
			if (tt_stun_read(&m, p, len) == TT_STUN_OK)
				assert_false(tt_stun_verify(&m, p, &k) &&
				             tt_stun_fingerprint_ok(&m, p));
			p[at] ^= (uint8_t)(1u << bit);
		}
	tt_stun_key_free(&k);
	free(p);
}

/* HOSTILE A01 to A05: a value too short for its attribute, or past the end. */
static void an_attribute_of_impossible_length_is_refused(void **state)
{
	static const struct {
		uint16_t type, len;
	} rows[] = {
		{ TT_STUN_ERROR_CODE, 0 }, { TT_STUN_ERROR_CODE, 3 }, { TT_STUN_PRIORITY, 0 },
		{ TT_STUN_PRIORITY, 3 }, { TT_STUN_PRIORITY, 5 }, { TT_STUN_XOR_MAPPED_ADDRESS, 0 },
		{ TT_STUN_XOR_MAPPED_ADDRESS, 7 }, { TT_STUN_XOR_MAPPED_ADDRESS, 9 },
		{ TT_STUN_XOR_MAPPED_ADDRESS, 19 }, { TT_STUN_MAPPED_ADDRESS, 4 },
		{ TT_STUN_MESSAGE_INTEGRITY, 19 }, { TT_STUN_MESSAGE_INTEGRITY, 21 },
		{ TT_STUN_MESSAGE_INTEGRITY_SHA256, 12 }, { TT_STUN_MESSAGE_INTEGRITY_SHA256, 18 },
		{ TT_STUN_MESSAGE_INTEGRITY_SHA256, 36 }, { TT_STUN_FINGERPRINT, 3 },
		{ TT_STUN_USE_CANDIDATE, 1 }, { TT_STUN_ICE_CONTROLLED, 7 },
		{ TT_STUN_USERNAME, 764 }, { TT_STUN_UNKNOWN_ATTRIBUTES, 3 },
	};
	static const uint8_t tid[TT_STUN_TID_LEN], value[800];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		uint8_t buf[1024];
		struct wr w = wr_make(buf, sizeof buf);
		struct tt_stun_msg m;
		tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
		tt_stun_put(&w, rows[i].type, value, rows[i].len);
		size_t len = tt_stun_finish(&w);
		assert_true(len > 0);
		assert_int_not_equal(tt_stun_read(&m, buf, len), TT_STUN_OK);
	}
}

static void sixty_four_attributes_are_read_and_one_more_is_refused(void **state)
{
	static const uint8_t tid[TT_STUN_TID_LEN];
	uint8_t buf[1024];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_stun_msg m;

	(void)state;
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	for (uint16_t i = 0; i < TT_STUN_MAX_ATTRS; i++)
		tt_stun_put(&w, (uint16_t)(0x7000 + i), NULL, 0);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	assert_int_equal(m.unknown_count, TT_STUN_MAX_UNKNOWN);
	tt_stun_put(&w, 0x9000, NULL, 0);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_E_MANY);
}

/* A08: what stands behind the HMAC is nobody's word. */
static void an_attribute_after_the_integrity_is_ignored(void **state)
{
	static const uint8_t tid[TT_STUN_TID_LEN];
	uint8_t buf[256];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_stun_key k;
	struct tt_stun_msg m;

	(void)state;
	keyed(&k, "secret");
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put_integrity(&w, &k);
	tt_stun_put(&w, TT_STUN_USE_CANDIDATE, NULL, 0);
	tt_stun_put_integrity_sha256(&w, &k);
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 7);
	tt_stun_put_fingerprint(&w);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	assert_false(m.has & (TT_STUN_HAS_USE_CANDIDATE | TT_STUN_HAS_PRIORITY));
	assert_true(m.has & TT_STUN_HAS_INTEGRITY_SHA256);
	assert_true(tt_stun_verify(&m, buf, &k));
	tt_stun_put(&w, TT_STUN_SOFTWARE, NULL, 0);
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_E_ORDER);
	tt_stun_key_free(&k);
}

/* Reads with its own eyes: writes each attribute of a vector again, padding included. */
static void a_vector_written_again_is_the_same(void **state)
{
	static const char *const names[] = { "rfc5769-2.2-ipv4-response",
		                             "rfc5769-2.3-ipv6-response" };
	struct tt_stun_key k;

	(void)state;
	keyed(&k, rfc_password);
	for (size_t i = 0; i < TT_COUNT(names); i++) {
		size_t len;
		uint8_t *p = bytes_of(names[i], &len), buf[256];
		struct wr w = wr_make(buf, sizeof buf);
		struct tt_stun_msg m, again;
		assert_int_equal(tt_stun_read(&m, p, len), TT_STUN_OK);
		tt_stun_begin(&w, m.cls, m.method, m.tid);
		tt_stun_put(&w, TT_STUN_SOFTWARE, m.software.p, m.software.len);
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &m.xor_mapped);
		tt_stun_put_integrity(&w, &k);
		tt_stun_put_fingerprint(&w);
		assert_int_equal(tt_stun_finish(&w), len);
		/* The RFC pads SOFTWARE with a blank, we with zero: the HMACs differ. */
		assert_memory_equal(buf, p, 20 + 4 + 11);
		assert_memory_equal(buf + 36, p + 36, 12);
		assert_int_equal(tt_stun_read(&again, buf, len), TT_STUN_OK);
		assert_true(tt_stun_verify(&again, buf, &k));
		assert_true(tt_stun_fingerprint_ok(&again, buf));
		assert_true(tt_addr_eq(&m.xor_mapped, &again.xor_mapped));
		free(p);
	}
	tt_stun_key_free(&k);
}

static void classes_and_methods_survive_the_interleaving(void **state)
{
	static const uint8_t tid[TT_STUN_TID_LEN];

	(void)state;
	for (unsigned method = 0; method < 0x1000; method += 7)
		for (unsigned cls = 0; cls < 4; cls++) {
			uint8_t buf[20];
			struct wr w = wr_make(buf, sizeof buf);
			struct tt_stun_msg m;
			tt_stun_begin(&w, (enum tt_stun_class)cls, (uint16_t)method, tid);
			assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
			assert_int_equal(m.cls, cls);
			assert_int_equal(m.method, method);
		}
}

static void errors_and_unknown_lists_come_back_as_written(void **state)
{
	static const uint8_t tid[TT_STUN_TID_LEN] = { 1, 2, 3 };
	static const uint16_t types[] = { 0x7001, 0x7002 };
	uint8_t buf[128];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_stun_msg m;

	(void)state;
	tt_stun_begin(&w, TT_STUN_ERROR, TT_STUN_BINDING, tid);
	tt_stun_put_error(&w, 420, "Unknown Attribute");
	tt_stun_put_unknown(&w, types, TT_COUNT(types));
	assert_int_equal(tt_stun_read(&m, buf, tt_stun_finish(&w)), TT_STUN_OK);
	assert_int_equal(m.error_code, 420);
	assert_true(span_eq(m.error_reason, span_of("Unknown Attribute")));
	assert_int_equal(m.refused_count, 2);
	assert_int_equal(m.refused[1], 0x7002);
}

static void a_buffer_too_short_gives_no_message(void **state)
{
	static const uint8_t tid[TT_STUN_TID_LEN];
	static const struct taut_addr a = { .family = 6, .port = 9 };
	struct tt_stun_key k;

	(void)state;
	keyed(&k, "secret");
	for (size_t cap = 0; cap < 20 + 24 + 24 + 36 + 8; cap++) {
		uint8_t *buf = malloc(cap ? cap : 1);
		struct wr w = wr_make(buf, cap);
		assert_non_null(buf);
		tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &a);
		tt_stun_put_integrity(&w, &k);
		tt_stun_put_integrity_sha256(&w, &k);
		tt_stun_put_fingerprint(&w);
		assert_int_equal(tt_stun_finish(&w), 0);
		free(buf);
	}
	tt_stun_key_free(&k);
}

/* A06: 20 + length must not wrap. */
static void a_message_cannot_outgrow_its_length_field(void **state)
{
	static const uint8_t tid[TT_STUN_TID_LEN];
	uint8_t *big = calloc(1, 70000), *buf = malloc(70000);
	struct tt_stun_msg m;

	(void)state;
	assert_non_null(big);
	assert_non_null(buf);
	struct wr w = wr_make(buf, 70000);
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	tt_stun_put(&w, TT_STUN_SOFTWARE, big, 40000);
	tt_stun_put(&w, TT_STUN_SOFTWARE, big, 25536);
	assert_int_equal(tt_stun_finish(&w), 0);

	for (unsigned body = 0xFFEC; body <= 0xFFFF; body++) {
		big[2] = (uint8_t)(body >> 8), big[3] = (uint8_t)body;
		memcpy(big + 4, "\x21\x12\xa4\x42", 4);
		assert_int_not_equal(tt_stun_read(&m, big, (uint16_t)(body + 20)), TT_STUN_OK);
	}
	free(big);
	free(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_of_rfc_5769_is_read_and_verified),
		cmocka_unit_test(the_responses_of_rfc_5769_give_the_mapped_address),
		cmocka_unit_test(a_long_term_request_verifies_with_the_long_term_key),
		cmocka_unit_test(the_sha256_request_of_rfc_8489_verifies_once_its_length_is_right),
		cmocka_unit_test(messages_of_browsers_and_other_stacks_are_read),
		cmocka_unit_test(what_rfc_8489_forbids_is_refused),
		cmocka_unit_test(every_truncation_of_every_vector_is_refused),
		cmocka_unit_test(a_flipped_byte_never_passes_both_checks),
		cmocka_unit_test(an_attribute_of_impossible_length_is_refused),
		cmocka_unit_test(sixty_four_attributes_are_read_and_one_more_is_refused),
		cmocka_unit_test(an_attribute_after_the_integrity_is_ignored),
		cmocka_unit_test(a_vector_written_again_is_the_same),
		cmocka_unit_test(classes_and_methods_survive_the_interleaving),
		cmocka_unit_test(errors_and_unknown_lists_come_back_as_written),
		cmocka_unit_test(a_buffer_too_short_gives_no_message),
		cmocka_unit_test(a_message_cannot_outgrow_its_length_field),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
