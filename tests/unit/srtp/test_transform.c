/* The published vectors: key derivation, key streams, whole packets. RFC 3711 appendix B, RFC 6188
 * section 7, RFC 7714 sections 16 and 17. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "srtp/srtp_backend.h"
#include "srtp/srtp_transform.h"

static json_t *file;

static json_t *vector(const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		if (strcmp(json_string_value(json_object_get(v, "name")), name) == 0)
			return v;
	}
	fail_msg("no vector %s", name);
	return NULL;
}

static size_t unhex(const json_t *v, const char *key, uint8_t *out, size_t cap)
{
	const char *text = json_string_value(json_object_get(v, key));
	size_t n = 0;

	assert_non_null(text);
	for (; text[0] && text[1]; text += 2) {
		assert_true(n < cap);
		out[n++] = (uint8_t)strtoul((const char[]){ text[0], text[1], 0 }, NULL, 16);
	}
	return n;
}

static void expect(const json_t *v, const char *key, const uint8_t *got)
{
	uint8_t want[200];
	const size_t n = unhex(json_object_get(v, "expected"), key, want, sizeof want);

	assert_memory_equal(got, want, n);
}

/* Keys of RTP, or of RTCP, from the vector's master key of so many octets. */
static struct tt_srtp_session_keys derived(const json_t *v, size_t key_len, bool rtcp)
{
	struct tt_srtp_session_keys k = { 0 };
	struct tt_srtp_key master = { 0 };

	unhex(v, "master_key", master.key, sizeof master.key);
	unhex(v, "master_salt", master.salt, sizeof master.salt);
	assert_true(tt_srtp_derive(&k, &master, key_len, 14, rtcp));
	return k;
}

static void derivation_gives_the_keys_of_rfc_3711_b_3(void **state)
{
	const json_t *v = vector("rfc3711-B.3-kdf-128");
	struct tt_srtp_session_keys k = derived(v, 16, false);

	(void)state;
	expect(v, "srtp_cipher_key", k.cipher);
	expect(v, "srtp_auth_key_20", k.auth);
	expect(v, "srtp_salt", k.salt);
	k = derived(v, 16, true);
	expect(v, "srtcp_cipher_key", k.cipher);
	expect(v, "srtcp_auth_key_20", k.auth);
	expect(v, "srtcp_salt", k.salt);
}

static void derivation_with_aes_256_gives_the_keys_of_rfc_6188_7_4(void **state)
{
	const json_t *v = vector("rfc6188-7.4-kdf-256");
	const struct tt_srtp_session_keys k = derived(v, 32, false);

	(void)state;
	expect(v, "srtp_cipher_key", k.cipher);
	expect(v, "srtp_auth_key_20", k.auth);
	expect(v, "srtp_salt", k.salt);
}

static void the_key_stream_is_that_of_rfc_3711_b_2(void **state)
{
	const json_t *v = vector("rfc3711-B.2-aes128cm-keystream");
	struct tt_srtp_session_keys k = { 0 };
	struct tt_srtp_transform t;
	uint8_t buf[48 + TT_SRTP_TAG_MAX] = { 0 };
	const struct tt_srtp_sealed p = { .buf = buf, .len = 48 };

	(void)state;
	unhex(v, "key", k.cipher, sizeof k.cipher);
	unhex(v, "salt", k.salt, sizeof k.salt);
	assert_true(tt_srtp_transform_set(&t, TT_SRTP_PROFILE_AES128_CM_SHA1_80, &k, false, true));
	assert_true(t.seal_rtp(&t, &p));
	expect(v, "keystream_first48", buf);
	tt_srtp_transform_free(&t);
}

struct gcm_case {
	const char *name;
	uint16_t profile;
	bool rtcp;
};

static void both_ways(const struct gcm_case *c, uint64_t index)
{
	const json_t *v = vector(c->name);
	struct tt_srtp_session_keys k = { 0 };
	struct tt_srtp_transform t;
	uint8_t plain[200], buf[200], want[200];
	const size_t len = unhex(v, "plain", plain, sizeof plain);
	struct tt_srtp_sealed p = { .buf = buf, .len = len, .index = index };

	p.header = c->rtcp ? 8 : 12;
	memcpy(buf, plain, len);
	for (size_t i = 0; i < 4; i++)
		p.ssrc = p.ssrc << 8 | plain[(c->rtcp ? 4 : 8) + i];
	unhex(v, "session_key", k.cipher, sizeof k.cipher);
	unhex(v, "session_salt", k.salt, sizeof k.salt);
	const size_t n = unhex(json_object_get(v, "expected"), "protected", want, sizeof want);
	assert_true(tt_srtp_transform_set(&t, c->profile, &k, c->rtcp, true));
	assert_true((c->rtcp ? t.seal_rtcp : t.seal_rtp)(&t, &p));
	assert_int_equal(n, len + 16 + (c->rtcp ? 4 : 0));
	assert_memory_equal(buf, want, n);
	tt_srtp_transform_free(&t);

	assert_true(tt_srtp_transform_set(&t, c->profile, &k, c->rtcp, false));
	assert_true((c->rtcp ? t.open_rtcp : t.open_rtp)(&t, &p));
	assert_memory_equal(buf, plain, len);
	memcpy(buf, want, n);
	buf[n - 1] ^= 1; /* of RTCP, the index: authenticated as well */
	assert_false((c->rtcp ? t.open_rtcp : t.open_rtp)(&t, &p));
	tt_srtp_transform_free(&t);
}

static void packets_of_rfc_7714_come_out_octet_for_octet(void **state)
{
	static const struct gcm_case cases[] = {
		{ "rfc7714-16.1-srtp-128", TT_SRTP_PROFILE_AEAD_AES_128_GCM, false },
		{ "rfc7714-16.2-srtp-256", TT_SRTP_PROFILE_AEAD_AES_256_GCM, false },
		{ "rfc7714-17.1-srtcp-128", TT_SRTP_PROFILE_AEAD_AES_128_GCM, true },
		{ "rfc7714-17.2-srtcp-256", TT_SRTP_PROFILE_AEAD_AES_256_GCM, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		both_ways(&cases[i], cases[i].rtcp ? 0x5d4 : 0xf17b);
}

/* Both tags, at every ROC the vectors have. */
static void packets_under_hmac_sha1_come_out_octet_for_octet(void **state)
{
	json_t *v;
	size_t i, tried = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		const char *name = json_string_value(json_object_get(v, "name"));
		struct tt_srtp_key master = { 0 };
		struct tt_srtp_transform t;
		uint8_t buf[100];

		if (strncmp(name, "ours-aescm128", 13) != 0 &&
		    strcmp(name, "libsrtp-ref-aescm128-hmac80") != 0)
			continue;
		const uint64_t roc = (uint64_t)json_integer_value(json_object_get(v, "roc"));
		unhex(v, "master_key", master.key, sizeof master.key);
		unhex(v, "master_salt", master.salt, sizeof master.salt);
		for (int short_tag = 0; short_tag < 2; short_tag++) {
			const char *key = short_tag ? "protected_tag32" : "protected";
			if (!json_object_get(json_object_get(v, "expected"), key))
				continue;
			const size_t len = unhex(v, "plain", buf, sizeof buf);
			const struct tt_srtp_sealed p = { buf, len, 12, 0xcafebabe,
							  roc << 16 | (uint64_t)(buf[2] << 8 |
										 buf[3]) };
			assert_true(tt_srtp_transform_init(
				&t,
				short_tag ? TT_SRTP_PROFILE_AES128_CM_SHA1_32
					  : TT_SRTP_PROFILE_AES128_CM_SHA1_80,
				&master, false, true));
			assert_true(t.seal_rtp(&t, &p));
			assert_int_equal(t.tag, short_tag ? 4 : 10);
			expect(v, key, buf);
			tt_srtp_transform_free(&t);
			tried++;
		}
	}
	assert_int_equal(tried, 9);
}

static int load(void **state)
{
	(void)state;
	file = json_load_file(TAUT_SOURCE_DIR "/tests/vectors/srtp.json", 0, NULL);
	return file ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derivation_gives_the_keys_of_rfc_3711_b_3),
		cmocka_unit_test(derivation_with_aes_256_gives_the_keys_of_rfc_6188_7_4),
		cmocka_unit_test(the_key_stream_is_that_of_rfc_3711_b_2),
		cmocka_unit_test(packets_of_rfc_7714_come_out_octet_for_octet),
		cmocka_unit_test(packets_under_hmac_sha1_come_out_octet_for_octet),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
