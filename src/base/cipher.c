/* cipher.c - see cipher.h. */
#include "base/cipher.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/provider.h>

/* An algorithm's names have colons between them, its main one comes first. */
static const OSSL_DISPATCH *find(const OSSL_ALGORITHM *a, const char *name)
{
	const size_t n = strlen(name);

	for (; a && a->algorithm_names; a++)
		if (strncmp(a->algorithm_names, name, n) == 0 &&
		    (a->algorithm_names[n] == ':' || a->algorithm_names[n] == '\0'))
			return a->implementation;
	return NULL;
}

/* What makes a context; the rest goes to c. */
static OSSL_FUNC_cipher_newctx_fn *take(struct tt_cipher *c, const OSSL_DISPATCH *calls, bool seal)
{
	const int start = seal ? OSSL_FUNC_CIPHER_ENCRYPT_INIT : OSSL_FUNC_CIPHER_DECRYPT_INIT;
	OSSL_FUNC_cipher_newctx_fn *make = NULL;

	for (; calls && calls->function_id != 0; calls++) {
		if (calls->function_id == start)
			c->start = OSSL_FUNC_cipher_encrypt_init(calls);
		else if (calls->function_id == OSSL_FUNC_CIPHER_NEWCTX)
			make = OSSL_FUNC_cipher_newctx(calls);
		else if (calls->function_id == OSSL_FUNC_CIPHER_UPDATE)
			c->update = OSSL_FUNC_cipher_update(calls);
		else if (calls->function_id == OSSL_FUNC_CIPHER_FINAL)
			c->finish = OSSL_FUNC_cipher_final(calls);
		else if (calls->function_id == OSSL_FUNC_CIPHER_SET_CTX_PARAMS)
			c->set = OSSL_FUNC_cipher_set_ctx_params(calls);
		else if (calls->function_id == OSSL_FUNC_CIPHER_GET_CTX_PARAMS)
			c->get = OSSL_FUNC_cipher_get_ctx_params(calls);
		else if (calls->function_id == OSSL_FUNC_CIPHER_FREECTX)
			c->free = OSSL_FUNC_cipher_freectx(calls);
	}
	return c->start && c->update && c->finish && c->set && c->get && c->free ? make : NULL;
}

static bool open_algorithm(struct tt_cipher *c, OSSL_LIB_CTX *lib, const char *name, bool seal)
{
	c->algorithm = EVP_CIPHER_fetch(lib, name, NULL);
	if (!c->algorithm)
		return false;
	const OSSL_PROVIDER *provider = EVP_CIPHER_get0_provider(c->algorithm);
	int no_cache = 0;
	const OSSL_ALGORITHM *all =
		OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &no_cache);
	OSSL_FUNC_cipher_newctx_fn *make = take(c, find(all, name), seal);

	if (make)
		c->context = make(OSSL_PROVIDER_get0_provider_ctx(provider));
	OSSL_PROVIDER_unquery_operation(provider, OSSL_OP_CIPHER, all);
	return c->context != NULL;
}

bool tt_cipher_init(struct tt_cipher *c, OSSL_LIB_CTX *lib, const char *name, const uint8_t *key,
		    size_t key_len, bool seal)
{
	*c = (struct tt_cipher){ 0 };
	if (open_algorithm(c, lib, name, seal) &&
	    c->start(c->context, key, key_len, NULL, 0, NULL) == 1)
		return true;
	tt_cipher_free(c);
	return false;
}

void tt_cipher_free(struct tt_cipher *c)
{
	if (c->context)
		c->free(c->context);
	EVP_CIPHER_free(c->algorithm);
	*c = (struct tt_cipher){ 0 };
}

bool tt_cipher_set_tag(struct tt_cipher *c, uint8_t *tag, size_t len)
{
	const OSSL_PARAM what[] = { OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
								      tag, len),
				    OSSL_PARAM_END };

	return c->set(c->context, what) == 1;
}

bool tt_cipher_get_tag(struct tt_cipher *c, uint8_t *tag, size_t len)
{
	OSSL_PARAM what[] = { OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag,
								len),
			      OSSL_PARAM_END };

	return c->get(c->context, what) == 1;
}
