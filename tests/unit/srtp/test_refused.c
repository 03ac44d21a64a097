/* wraps: EVP_CIPHER_CTX_new EVP_CipherInit_ex EVP_EncryptInit_ex EVP_EncryptUpdate EVP_EncryptFinal_ex EVP_DecryptUpdate EVP_DecryptFinal_ex EVP_CipherUpdate EVP_CIPHER_CTX_set_params EVP_CIPHER_CTX_get_params srtp_create srtp_add_stream */
/* OpenSSL and libsrtp refuse, memory ends, calls make no sense: an error, and nothing half done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <srtp2/srtp.h>

#include "base/wr.h"
#include "srtp/srtp.h"
#include "srtp/srtp_transform.h"
#include "support/refuse.h"

typedef EVP_CIPHER_CTX ctx;
typedef unsigned char octet;

REFUSABLE(ctx *, EVP_CIPHER_CTX_new, (void), (), NULL)
REFUSABLE(int, EVP_CipherInit_ex,
	  (ctx * c, const EVP_CIPHER *t, ENGINE *e, const octet *k, const octet *iv, int enc),
	  (c, t, e, k, iv, enc), 0)
REFUSABLE(int, EVP_EncryptInit_ex,
	  (ctx * c, const EVP_CIPHER *t, ENGINE *e, const octet *k, const octet *iv),
	  (c, t, e, k, iv), 0)
REFUSABLE(int, EVP_EncryptUpdate, (ctx * c, octet *out, int *n, const octet *in, int len),
	  (c, out, n, in, len), 0)
REFUSABLE(int, EVP_DecryptUpdate, (ctx * c, octet *out, int *n, const octet *in, int len),
	  (c, out, n, in, len), 0)
REFUSABLE(int, EVP_CipherUpdate, (ctx * c, octet *out, int *n, const octet *in, int len),
	  (c, out, n, in, len), 0)
REFUSABLE(int, EVP_EncryptFinal_ex, (ctx * c, octet *out, int *n), (c, out, n), 0)
REFUSABLE(int, EVP_DecryptFinal_ex, (ctx * c, octet *out, int *n), (c, out, n), 0)
REFUSABLE(int, EVP_CIPHER_CTX_set_params, (ctx * c, const OSSL_PARAM p[]), (c, p), 0)
REFUSABLE(int, EVP_CIPHER_CTX_get_params, (ctx * c, OSSL_PARAM p[]), (c, p), 0)
REFUSABLE(srtp_err_status_t, srtp_create, (srtp_t * s, const srtp_policy_t *p), (s, p),
	  srtp_err_status_init_fail)
REFUSABLE(srtp_err_status_t, srtp_add_stream, (srtp_t s, const srtp_policy_t *p), (s, p),
	  srtp_err_status_alloc_fail)

static const uint16_t profiles[] = {
	TT_SRTP_PROFILE_AES128_CM_SHA1_80,
	TT_SRTP_PROFILE_AES128_CM_SHA1_32,
	TT_SRTP_PROFILE_AEAD_AES_128_GCM,
	TT_SRTP_PROFILE_AEAD_AES_256_GCM,
};
enum { PROFILES = 4 };
static const uint32_t backends[] = { TAUT_SRTP_TAUT, TAUT_SRTP_LIBSRTP };

static int refusing_random(void *unused, void *out, size_t len)
{
	(void)unused;
	memset(out, 7, len);
	return refuse_now() ? -1 : 0;
}

static void env_init(struct tt_env *env)
{
	static const struct taut_env_config cfg = { .size = sizeof cfg,
						    .realloc = refuse_memory,
						    .random = refusing_random };

	tt_env_init(env, &cfg);
}

static int make(struct tt_srtp **out, struct tt_env *env, uint32_t backend, uint16_t profile,
		bool other_side)
{
	const struct tt_srtp_config cfg = { .backend = backend };
	struct tt_srtp_keys k = { .profile = profile };

	memset(&k.local, other_side ? 2 : 1, sizeof k.local);
	memset(&k.remote, other_side ? 1 : 2, sizeof k.remote);
	return tt_srtp_new(out, env, &k, &cfg);
}

static void what_cannot_be_made_is_not_and_leaves_nothing(void **state)
{
	struct tt_env env;
	struct tt_srtp *s;
	(void)state;

	for (size_t b = 0; b < 2; b++) {
		assert_true(tt_srtp_ready(backends[b]));
		for (size_t i = 0; i < PROFILES; i++) {
			env_init(&env);
			REFUSE_EACH
			{
				const int rc = make(&s, &env, backends[b], profiles[i], false);
				assert_int_equal(rc != TAUT_OK, refuse_failed());
				if (rc == TAUT_OK)
					continue;
				assert_true(rc == TAUT_E_NOMEM || rc == TAUT_E_CRYPTO);
				assert_null(s);
				assert_int_equal(env.memory, 0);
			}
			tt_srtp_free(s);
			assert_int_equal(env.memory, 0);
		}
	}
	tt_srtp_free(NULL);
}

static void a_transform_of_which_a_part_fails_is_none(void **state)
{
	struct tt_srtp_transform t;
	struct tt_srtp_key master = { 0 };
	(void)state;

	for (size_t i = 0; i < PROFILES; i++) {
		REFUSE_EACH
		{
			const bool made =
				tt_srtp_transform_init(&t, profiles[i], &master, false, true);
			assert_int_equal(made, !refuse_failed());
			assert_int_equal(made, t.cipher != NULL);
		}
		tt_srtp_transform_free(&t);
	}
}

static size_t packet(uint8_t *buf, size_t cap, bool control, uint16_t seq)
{
	struct wr w = wr_make(buf, cap);

	if (control) {
		wr_u32(&w, 0x80c90001); /* an empty receiver report */
	} else {
		wr_u32(&w, 0x80600000u | seq);
		wr_u32(&w, 160);
	}
	wr_u32(&w, 42); /* the source */
	for (size_t i = 0; !control && i < 50; i++)
		wr_u8(&w, (uint8_t)i);
	return wr_len(&w);
}

static int protect(struct tt_srtp *s, bool control, uint8_t *buf, size_t len, size_t cap)
{
	return control ? tt_srtp_protect_rtcp(s, 0, buf, len, cap)
		       : tt_srtp_protect_rtp(s, 0, buf, len, cap);
}

static int unprotect(struct tt_srtp *s, bool control, uint8_t *buf, size_t len)
{
	return control ? tt_srtp_unprotect_rtcp(s, 0, buf, len)
		       : tt_srtp_unprotect_rtp(s, 0, buf, len);
}

/* With each packet one call fails more: it is refused, and the next one passes. */
static void expect_refusals(uint16_t profile, bool control)
{
	struct tt_env env[2];
	struct tt_srtp *a, *b;
	uint8_t plain[100], buf[200], again[200];
	uint16_t seq = 1;

	env_init(&env[0]);
	env_init(&env[1]);
	assert_int_equal(make(&a, &env[0], TAUT_SRTP_TAUT, profile, false), TAUT_OK);
	assert_int_equal(make(&b, &env[1], TAUT_SRTP_TAUT, profile, true), TAUT_OK);
	int n = -1;
	REFUSE_EACH
	{
		const size_t len = packet(buf, sizeof buf, control, seq++);
		n = protect(a, control, buf, len, sizeof buf);
		assert_int_equal(n < 0, refuse_failed());
		if (n < 0)
			assert_int_equal(n, TT_SRTP_E_REFUSED);
	}
	assert_true(tt_srtp_counters(a)->refused > 0);
	assert_int_equal(env[0].drops[TAUT_DROP_SRTP_NOT_PROTECTED], tt_srtp_counters(a)->refused);
	const size_t len = packet(plain, sizeof plain, control, (uint16_t)(seq - 1));
	REFUSE_EACH
	{
		memcpy(again, buf, (size_t)n);
		const int got = unprotect(b, control, again, (size_t)n);
		assert_int_equal(got < 0, refuse_failed());
	}
	assert_memory_equal(again, plain, len);
	assert_true(tt_srtp_counters(b)->auth_failed + tt_srtp_counters(b)->refused > 0);
	assert_int_equal(tt_srtp_counters(b)->unprotected_packets, 1);
	tt_srtp_free(a);
	tt_srtp_free(b);
	assert_int_equal(env[0].memory + env[1].memory, 0);
}

static void a_packet_that_openssl_refuses_is_refused_and_the_next_one_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROFILES; i++) {
		expect_refusals(profiles[i], false);
		expect_refusals(profiles[i], true);
	}
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct tt_env env;
	struct tt_srtp *s;
	(void)state;

	env_init(&env);
	assert_int_equal(make(&s, &env, 99, profiles[0], false), TAUT_E_INVAL);
	assert_int_equal(make(&s, &env, TAUT_SRTP_TAUT, TT_SRTP_PROFILE_NONE, false), TAUT_E_INVAL);
	assert_null(tt_srtp_backend_name(99));
	assert_false(tt_srtp_ready(99));
	assert_true(tt_srtp_ready(TAUT_SRTP_TAUT));
	assert_true(tt_srtp_ready(TAUT_SRTP_DEFAULT));
	for (size_t i = 0; i < PROFILES; i++)
		assert_non_null(tt_srtp_profile_name(profiles[i]));
	assert_null(tt_srtp_profile_name(77));
	assert_int_equal(env.memory, 0);
}

static void a_packet_of_impossible_length_is_malformed(void **state)
{
	static uint8_t big[70000];
	struct tt_env env;
	struct tt_srtp *s;
	(void)state;

	env_init(&env);
	assert_int_equal(make(&s, &env, TAUT_SRTP_TAUT, profiles[0], false), TAUT_OK);
	for (int control = 0; control < 2; control++) {
		packet(big, sizeof big, control, 1);
		assert_int_equal(protect(s, control, big, 66000, sizeof big), TT_SRTP_E_MALFORMED);
		assert_int_equal(unprotect(s, control, big, 66000), TT_SRTP_E_MALFORMED);
		assert_int_equal(protect(s, control, big, 7, sizeof big), TT_SRTP_E_MALFORMED);
		assert_int_equal(protect(s, control, big, 20, 20), TT_SRTP_E_ROOM);
	}
	assert_int_equal(tt_srtp_counters(s)->malformed, 6);
	tt_srtp_free(s);
}

static void a_ceiling_of_sources_that_is_given_is_kept(void **state)
{
	const struct tt_srtp_config cfg = { .backend = TAUT_SRTP_TAUT,
					    .sent_max = 1,
					    .received_max = 1 };
	struct tt_srtp_keys k = { .profile = profiles[0] };
	struct tt_env env;
	struct tt_srtp *s;
	uint8_t buf[200];
	(void)state;

	env_init(&env);
	assert_int_equal(tt_srtp_new(&s, &env, &k, &cfg), TAUT_OK);
	for (int control = 0; control < 2; control++) {
		size_t len = packet(buf, sizeof buf, control, 1);
		assert_true(protect(s, control, buf, len, sizeof buf) > 0);
		len = packet(buf, sizeof buf, control, 2);
		buf[control ? 7 : 11] = 43; /* another source, one too many */
		assert_int_equal(protect(s, control, buf, len, sizeof buf), TT_SRTP_E_REFUSED);
	}
	tt_srtp_free(s);
	assert_int_equal(env.memory, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_made_is_not_and_leaves_nothing),
		cmocka_unit_test(a_transform_of_which_a_part_fails_is_none),
		cmocka_unit_test(a_packet_that_openssl_refuses_is_refused_and_the_next_one_passes),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_packet_of_impossible_length_is_malformed),
		cmocka_unit_test(a_ceiling_of_sources_that_is_given_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
