/* dtls_random.c - OpenSSL's random numbers, drawn from the environment.
 *
 * Each environment has an OSSL_LIB_CTX of its own. Into it goes a provider with one
 * generator, which is made the default for everything: keys, nonces of signatures, hello
 * randoms. So the same seed gives the same handshake, octet for octet, and an embedder's own
 * source is the only one in use. The three generators that OpenSSL makes of it (primary,
 * public, private) hold nothing but a pointer to the provider's state.
 *
 * The file also holds the way back: OpenSSL's own generator as an environment's source. */
#include <string.h>

#include <limits.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/num.h"
#include "dtls/dtls_state.h"

#define SOURCE_NAME "TAUT-RANDOM"
#define PARAM_ENV   "taut-env" /* the pointer to the environment, as octets */

struct source {
	struct tt_env *env; /* NULL: not told yet, generates nothing */
};

int tt_dtls_system_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	uint8_t *p = out;

	while (len > 0) { /* RAND_bytes counts in int */
		const int n = (int)tt_min(len, INT_MAX);

		if (RAND_bytes(p, n) != 1)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* ---- the generator: its context is the provider's ---- */

static void *rand_newctx(void *source, void *parent, const OSSL_DISPATCH *parent_calls)
{
	(void)parent, (void)parent_calls;
	return source;
}

static void rand_freectx(void *source)
{
	(void)source;
}

static int rand_instantiate(void *source, unsigned strength, int prediction_resistance,
			    const unsigned char *pstr, size_t pstr_len, const OSSL_PARAM params[])
{
	(void)source, (void)strength, (void)prediction_resistance;
	(void)pstr, (void)pstr_len, (void)params;
	return 1;
}

static int rand_uninstantiate(void *source)
{
	(void)source;
	return 1;
}

static int rand_generate(void *ctx, unsigned char *out, size_t len, unsigned strength,
			 int prediction_resistance, const unsigned char *add, size_t add_len)
{
	const struct source *s = ctx;

	(void)strength, (void)prediction_resistance, (void)add, (void)add_len;
	return s->env && tt_random(s->env, out, len);
}

/* OpenSSL locks its primary generator; an environment belongs to one thread at a time. */
static int rand_enable_locking(void *source)
{
	(void)source;
	return 1;
}

static int rand_lock(void *source)
{
	(void)source;
	return 1;
}

static void rand_unlock(void *source)
{
	(void)source;
}

static int rand_set_params(void *ctx, const OSSL_PARAM params[])
{
	struct source *s = ctx;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, PARAM_ENV);

	if (p && p->data_type == OSSL_PARAM_OCTET_STRING && p->data_size == sizeof s->env)
		memcpy(&s->env, p->data, sizeof s->env);
	return 1;
}

static int rand_get_params(void *ctx, OSSL_PARAM params[])
{
	(void)ctx;
	OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);

	if (p && !OSSL_PARAM_set_int(p, EVP_RAND_STATE_READY))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
	if (p && !OSSL_PARAM_set_uint(p, 256))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
	return !p || OSSL_PARAM_set_size_t(p, 65536);
}

typedef void (*call)(void); /* what OSSL_DISPATCH holds */

static const OSSL_DISPATCH rand_calls[] = {
	{ OSSL_FUNC_RAND_NEWCTX, (call)rand_newctx },
	{ OSSL_FUNC_RAND_FREECTX, (call)rand_freectx },
	{ OSSL_FUNC_RAND_INSTANTIATE, (call)rand_instantiate },
	{ OSSL_FUNC_RAND_UNINSTANTIATE, (call)rand_uninstantiate },
	{ OSSL_FUNC_RAND_GENERATE, (call)rand_generate },
	{ OSSL_FUNC_RAND_ENABLE_LOCKING, (call)rand_enable_locking },
	{ OSSL_FUNC_RAND_LOCK, (call)rand_lock },
	{ OSSL_FUNC_RAND_UNLOCK, (call)rand_unlock },
	{ OSSL_FUNC_RAND_SET_CTX_PARAMS, (call)rand_set_params },
	{ OSSL_FUNC_RAND_GET_CTX_PARAMS, (call)rand_get_params },
	{ 0, NULL },
};

/* ---- the provider ---- */

static const OSSL_ALGORITHM *provider_query(void *source, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM generators[] = {
		{ SOURCE_NAME, "provider=taut", rand_calls, "the environment's random source" },
		{ NULL, NULL, NULL, NULL },
	};

	(void)source;
	*no_cache = 0;
	return operation == OSSL_OP_RAND ? generators : NULL;
}

static void provider_teardown(void *source)
{
	OPENSSL_free(source);
}

static int provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
			 const OSSL_DISPATCH **out, void **source)
{
	static const OSSL_DISPATCH calls[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (call)provider_query },
		{ OSSL_FUNC_PROVIDER_TEARDOWN, (call)provider_teardown },
		{ 0, NULL },
	};

	(void)core, (void)in;
	*out = calls;
	*source = OPENSSL_zalloc(sizeof(struct source));
	return *source != NULL;
}

OSSL_PROVIDER *tt_dtls_random_install(OSSL_LIB_CTX *lib, struct tt_env *env)
{
	if (OSSL_PROVIDER_add_builtin(lib, "taut", provider_init) != 1)
		return NULL;
	OSSL_PROVIDER *provider = OSSL_PROVIDER_load(lib, "taut");
	if (!provider)
		return NULL;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(PARAM_ENV, &env, sizeof env),
		OSSL_PARAM_construct_end(),
	};
	EVP_RAND_CTX *primary = NULL;
	if (RAND_set_DRBG_type(lib, SOURCE_NAME, NULL, NULL, NULL) == 1)
		primary = RAND_get0_primary(lib);
	if (!primary || EVP_RAND_CTX_set_params(primary, params) != 1) {
		OSSL_PROVIDER_unload(provider);
		return NULL;
	}
	return provider;
}
