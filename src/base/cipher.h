/* cipher.h - a cipher of OpenSSL with its key, called at the functions of its provider.
 *
 * EVP tells a provider the nonce of a packet, and asks it for the tag, by parameters: each time their
 * names are compared with all those that the provider knows. (m) Of the instructions of a packet of
 * 1,200 octets, AES-GCM, sealed and opened, that is a tenth. The functions beneath, which
 * provider-cipher(7) describes and whose numbers stay the same from release to release, take a nonce as
 * it is. They check no order of calls: key, then for each packet nonce, data, end. */
#ifndef TAUT_BASE_CIPHER_H
#define TAUT_BASE_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>

/* Secret. All zero: none. */
struct tt_cipher {
	EVP_CIPHER *algorithm; /* as long as it is held, its functions are there */
	void *context;
	OSSL_FUNC_cipher_encrypt_init_fn *start; /* or decrypt */
	OSSL_FUNC_cipher_update_fn *update;
	OSSL_FUNC_cipher_final_fn *finish;
	OSSL_FUNC_cipher_set_ctx_params_fn *set;
	OSSL_FUNC_cipher_get_ctx_params_fn *get;
	OSSL_FUNC_cipher_freectx_fn *free;
};

/* name: as EVP_CIPHER_fetch takes it, "AES-128-GCM"; lib: where it looks, NULL for the one that all
 * share. seal: to encrypt. False: OpenSSL refused or has no such cipher, c is as freed. */
bool tt_cipher_init(struct tt_cipher *c, OSSL_LIB_CTX *lib, const char *name, const uint8_t *key,
		    size_t key_len, bool seal);
void tt_cipher_free(struct tt_cipher *c);

/* A packet begins, with its nonce or initial counter. */
static inline bool tt_cipher_start(struct tt_cipher *c, const uint8_t *nonce, size_t len)
{
	return c->start(c->context, NULL, 0, nonce, len, NULL) == 1;
}

/* Data that is authenticated, not encrypted. */
static inline bool tt_cipher_associate(struct tt_cipher *c, const uint8_t *data, size_t len)
{
	size_t n;

	return c->update(c->context, NULL, &n, len, data, len) == 1;
}

/* Encrypts or decrypts; to may be from. */
static inline bool tt_cipher_crypt(struct tt_cipher *c, uint8_t *to, const uint8_t *from,
				   size_t len)
{
	size_t n;

	return c->update(c->context, to, &n, len, from, len) == 1;
}

/* The packet ends, all of it said. For one that is opened false: the tag is wrong. */
static inline bool tt_cipher_finish(struct tt_cipher *c)
{
	uint8_t none[16];
	size_t n;

	return c->finish(c->context, none, &n, sizeof none) == 1;
}

/* The tag that the data must have, before the end; the tag of what was sealed, after it. */
bool tt_cipher_set_tag(struct tt_cipher *c, uint8_t *tag, size_t len);
bool tt_cipher_get_tag(struct tt_cipher *c, uint8_t *tag, size_t len);

#endif
