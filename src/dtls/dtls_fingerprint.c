/* dtls_fingerprint.c - what binds a certificate to a description: RFC 8122 section 5.
 *
 * "sha-256 4A:AD:B9:...": the name of a hash and the hash of the certificate's DER in
 * hexadecimal, octets separated by colons. Either case is read, upper case is written. Hashes
 * weaker than SHA-256 are never evidence. Of several hashes the strongest decides, so that
 * nobody who breaks a weaker one gains by it. */
#include <string.h>

#include <openssl/evp.h>

#include "base/num.h"
#include "dtls/dtls_state.h"

struct hash {
	const char *name, *openssl;
	uint8_t len;
};

/* From weak to strong. */
static const struct hash hashes[] = {
	{ "sha-256", "SHA2-256", 32 },
	{ "sha-384", "SHA2-384", 48 },
	{ "sha-512", "SHA2-512", 64 },
};

/* Known and worthless, RFC 8122 section 5. */
static const struct hash weak[] = {
	{ "md2", NULL, 16 },
	{ "md5", NULL, 16 },
	{ "sha-1", NULL, 20 },
	{ "sha-224", NULL, 28 },
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *name, const char *text, size_t len)
{
	if (strlen(name) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(text[i]) != name[i])
			return false;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly n octets, "AA:BB:CC". */
static bool read_hex(const char *text, size_t len, uint8_t *out, size_t n)
{
	if (len != 3 * n - 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		const int hi = hex(text[3 * i]), lo = hex(text[3 * i + 1]);

		if (hi < 0 || lo < 0 || (i + 1 < n && text[3 * i + 2] != ':'))
			return false;
		out[i] = tt_u8((unsigned)hi << 4 | (unsigned)lo);
	}
	return true;
}

int tt_dtls_fingerprint_read(const struct tt_dtls_fingerprint *in, struct tt_dtls_print *out)
{
	uint8_t scrap[64];

	*out = (struct tt_dtls_print){ 0 };
	for (size_t i = 0; i < TT_COUNT(hashes); i++)
		if (same_name(hashes[i].name, in->algo, in->algo_len)) {
			out->hash = tt_u8(i);
			return read_hex(in->value, in->value_len, out->value, hashes[i].len)
				       ? TAUT_OK
				       : TAUT_E_SYNTAX;
		}
	for (size_t i = 0; i < TT_COUNT(weak); i++)
		if (same_name(weak[i].name, in->algo, in->algo_len) &&
		    !read_hex(in->value, in->value_len, scrap, weak[i].len))
			return TAUT_E_SYNTAX;
	return TAUT_E_UNSUPPORTED;
}

static bool digest(OSSL_LIB_CTX *lib, const X509 *cert, const char *name,
		   uint8_t out[EVP_MAX_MD_SIZE])
{
	EVP_MD *md = EVP_MD_fetch(lib, name, NULL);
	unsigned len = 0;
	const bool ok = md && X509_digest(cert, md, out, &len) == 1;

	EVP_MD_free(md);
	return ok;
}

bool tt_dtls_fingerprint_match(OSSL_LIB_CTX *lib, const X509 *cert, const struct tt_dtls_print *all,
			       size_t n)
{
	uint8_t value[EVP_MAX_MD_SIZE];
	uint8_t best = 0;

	for (size_t i = 0; i < n; i++)
		best = tt_u8(tt_max(best, all[i].hash));
	if (!digest(lib, cert, hashes[best].openssl, value))
		return false;
	for (size_t i = 0; i < n; i++)
		if (all[i].hash == best && memcmp(all[i].value, value, hashes[best].len) == 0)
			return true;
	return false;
}

bool tt_dtls_fingerprint_text(OSSL_LIB_CTX *lib, const X509 *cert, size_t hash, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const struct hash *h = &hashes[hash];
	uint8_t value[EVP_MAX_MD_SIZE];
	char *p = out;

	if (!digest(lib, cert, h->openssl, value))
		return false;
	memcpy(p, h->name, strlen(h->name));
	p += strlen(h->name);
	for (size_t i = 0; i < h->len; i++) {
		*p++ = i == 0 ? ' ' : ':';
		*p++ = digits[value[i] >> 4];
		*p++ = digits[value[i] & 15];
	}
	*p = '\0';
	return true;
}
