/* wraps: EVP_CIPHER_fetch OSSL_PROVIDER_query_operation tt_cipher_init EVP_CIPHER_CTX_new EVP_EncryptInit_ex EVP_EncryptUpdate srtp_create srtp_add_stream */
/* OpenSSL and libsrtp refuse, memory ends, calls make no sense: an error, and nothing half done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <srtp2/srtp.h>

#include "base/wr.h"
#include "srtp/srtp.h"
#include "srtp/srtp_transform.h"
#include "support/refuse.h"

REFUSABLE(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL)
REFUSABLE(int, EVP_EncryptInit_ex,
	  (EVP_CIPHER_CTX * c, const EVP_CIPHER *t, ENGINE *e, const unsigned char *k,
	   const unsigned char *iv),
	  (c, t, e, k, iv), 0)
REFUSABLE(int, EVP_EncryptUpdate,
	  (EVP_CIPHER_CTX * c, unsigned char *out, int *n, const unsigned char *in, int len),
	  (c, out, n, in, len), 0)
REFUSABLE(EVP_CIPHER *, EVP_CIPHER_fetch,
	  (OSSL_LIB_CTX * where, const char *name, const char *properties),
	  (where, name, properties), NULL)
REFUSABLE(const OSSL_ALGORITHM *, OSSL_PROVIDER_query_operation,
	  (const OSSL_PROVIDER *p, int operation, int *no_cache), (p, operation, no_cache), NULL)
REFUSABLE(srtp_err_status_t, srtp_create, (srtp_t * s, const srtp_policy_t *p), (s, p),
	  srtp_err_status_init_fail)
REFUSABLE(srtp_err_status_t, srtp_add_stream, (srtp_t s, const srtp_policy_t *p), (s, p),
	  srtp_err_status_alloc_fail)

/* The functions of a cipher's provider: all contexts of one profile have the same, but for start. */
static struct tt_cipher real[2];

static int start_open(void *c, const unsigned char *key, size_t key_len, const unsigned char *iv,
		      size_t iv_len, const OSSL_PARAM params[])
{
	return refuse_now() ? 0 : real[0].start(c, key, key_len, iv, iv_len, params);
}

static int start_seal(void *c, const unsigned char *key, size_t key_len, const unsigned char *iv,
		      size_t iv_len, const OSSL_PARAM params[])
{
	return refuse_now() ? 0 : real[1].start(c, key, key_len, iv, iv_len, params);
}

static int update(void *c, unsigned char *out, size_t *n, size_t room, const unsigned char *in,
		  size_t len)
{
	return refuse_now() ? 0 : real[0].update(c, out, n, room, in, len);
}

static int finish(void *c, unsigned char *out, size_t *n, size_t room)
{
	return refuse_now() ? 0 : real[0].finish(c, out, n, room);
}

static int set(void *c, const OSSL_PARAM params[])
{
	return refuse_now() ? 0 : real[0].set(c, params);
}

static int get(void *c, OSSL_PARAM params[])
{
	return refuse_now() ? 0 : real[0].get(c, params);
}

bool __real_tt_cipher_init(struct tt_cipher *c, OSSL_LIB_CTX *lib, const char *name,
			   const uint8_t *key, size_t key_len, bool seal);
bool __wrap_tt_cipher_init(struct tt_cipher *c, OSSL_LIB_CTX *lib, const char *name,
			   const uint8_t *key, size_t key_len, bool seal);
bool __wrap_tt_cipher_init(struct tt_cipher *c, OSSL_LIB_CTX *lib, const char *name,
			   const uint8_t *key, size_t key_len, bool seal)
{
	if (!__real_tt_cipher_init(c, lib, name, key, key_len, seal))
		return false;
	real[0].update = c->update;
	real[0].finish = c->finish;
	real[0].set = c->set;
	real[0].get = c->get;
	real[seal].start = c->start;
	c->start = seal ? start_seal : start_open;
	c->update = update;
	c->finish = finish;
	c->set = set;
	c->get = get;
	return true;
}

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
			assert_int_equal(made, t.cipher.context != NULL);
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
