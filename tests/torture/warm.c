/* warm.c - what a process does once is done before its tests.
 *
 * OpenSSL reads its configuration and enters all its algorithms into tables with the first call
 * that needs one: thousands of allocations, the same in each program. One part sweeps them
 * (TORTURE_COLD); everywhere else they would hide what the program is about. Its functions are
 * looked up, since not every program has them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stddef.h>

#include "torture.h"

static void digests(void)
{
	static const char *const names[] = { "MD5", "SHA1", "SHA256" };
	unsigned char *(*mac)(OSSL_LIB_CTX *, const char *, const char *, const char *,
			      const OSSL_PARAM *, const void *, size_t, const unsigned char *,
			      size_t, unsigned char *, size_t, size_t *);
	unsigned char out[64];
	size_t len;

	*(void **)&mac = dlsym(RTLD_DEFAULT, "EVP_Q_mac");
	for (size_t i = 0; mac && i < sizeof names / sizeof names[0]; i++)
		mac(NULL, "HMAC", NULL, names[i], NULL, "key", 3, (const void *)"", 0, out,
		    sizeof out, &len);
}

static void ciphers(void)
{
	static const char *const names[] = { "AES-128-CTR", "AES-256-CTR", "AES-128-GCM",
					     "AES-256-GCM" };
	EVP_CIPHER *(*fetch)(OSSL_LIB_CTX *, const char *, const char *);
	void (*drop)(EVP_CIPHER *);

	*(void **)&fetch = dlsym(RTLD_DEFAULT, "EVP_CIPHER_fetch");
	*(void **)&drop = dlsym(RTLD_DEFAULT, "EVP_CIPHER_free");
	for (size_t i = 0; fetch && drop && i < sizeof names / sizeof names[0]; i++)
		drop(fetch(NULL, names[i], NULL));
}

void torture_warm(void)
{
	int (*crypto)(uint64_t, const OPENSSL_INIT_SETTINGS *);
	int (*ssl)(uint64_t, const OPENSSL_INIT_SETTINGS *);
	int (*random)(unsigned char *, int);
	unsigned char byte;

	torture_busy++;
	*(void **)&crypto = dlsym(RTLD_DEFAULT, "OPENSSL_init_crypto");
	*(void **)&ssl = dlsym(RTLD_DEFAULT, "OPENSSL_init_ssl");
	*(void **)&random = dlsym(RTLD_NEXT, "RAND_bytes");
	if (crypto)
		crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_CIPHERS |
			       OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
		       NULL);
	if (ssl)
		ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
	if (random)
		random(&byte, 1);
	digests();
	ciphers();
	torture_busy--;
}
