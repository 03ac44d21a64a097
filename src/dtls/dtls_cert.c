/* dtls_cert.c - the certificate of an environment: RFC 8827 section 6.5, RFC 8122 section 5.
 *
 * ECDSA on P-256, self-signed, with nothing in it that tells who we are: the fingerprint in
 * the description is what binds it, not its names and dates. It does not keep certificates. */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "dtls/dtls_state.h"

#define DAY  (24 * 60 * 60)
#define LIFE (30 * DAY)

static bool set_serial(X509 *cert, struct tt_env *env)
{
	uint8_t octets[16];

	if (!tt_random(env, octets, sizeof octets))
		return false;
	octets[0] = (octets[0] & 0x3f) | 0x40; /* RFC 5280 section 4.1.2.2: positive, never zero */
	BIGNUM *n = BN_bin2bn(octets, sizeof octets, NULL);
	const bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

static bool fill(X509 *cert, struct tt_env *env, EVP_PKEY *key, time_t wall)
{
	static const unsigned char name[] = "WebRTC";
	X509_NAME *subject = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) && set_serial(cert, env) &&
	       ASN1_TIME_set(X509_getm_notBefore(cert), wall - DAY) && /* clocks differ */
	       ASN1_TIME_set(X509_getm_notAfter(cert), wall + LIFE) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, sizeof name - 1, -1,
					  0) &&
	       X509_set_issuer_name(cert, subject) && X509_set_pubkey(cert, key);
}

/* X509_sign would take SHA-256 from OpenSSL's default context, not from ours. */
static bool sign(OSSL_LIB_CTX *lib, X509 *cert, EVP_PKEY *key)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const bool ok = md &&
			EVP_DigestSignInit_ex(md, NULL, "SHA2-256", lib, NULL, key, NULL) == 1 &&
			X509_sign_ctx(cert, md) > 0;

	EVP_MD_CTX_free(md);
	return ok;
}

bool tt_dtls_cert_make(struct tt_dtls_shared *s, int64_t unix_us)
{
	const time_t wall = (time_t)(unix_us / 1000000);

	s->expires = ((int64_t)wall + LIFE) * 1000000;
	s->key = EVP_PKEY_Q_keygen(s->lib, NULL, "EC", "P-256");
	s->cert = X509_new_ex(s->lib, NULL);
	return s->key && s->cert && fill(s->cert, s->env, s->key, wall) &&
	       sign(s->lib, s->cert, s->key) &&
	       tt_dtls_fingerprint_text(s->lib, s->cert, 0, s->fingerprint);
}

const char *tt_dtls_shared_fingerprint(const struct tt_dtls_shared *s)
{
	return s->fingerprint;
}

bool tt_dtls_shared_fingerprint_by(const struct tt_dtls_shared *s, size_t hash, char *out)
{
	return tt_dtls_fingerprint_text(s->lib, s->cert, hash, out);
}

int64_t tt_dtls_shared_expires(const struct tt_dtls_shared *s)
{
	return s->expires;
}

bool tt_dtls_certificate(const struct tt_dtls *d, bool remote, struct tt_dtls_certificate *out)
{
	X509 *cert = remote ? SSL_get0_peer_certificate(d->ssl) : d->shared->cert;
	const int len = cert ? i2d_X509(cert, NULL) : 0;

	*out = (struct tt_dtls_certificate){ 0 };
	if (len <= 0 || !tt_dtls_fingerprint_text(d->shared->lib, cert, 0, out->fingerprint))
		return false;
	out->der = tt_alloc(d->env, (size_t)len);
	if (!out->der)
		return false;
	unsigned char *end = out->der;

	out->len = (size_t)i2d_X509(cert, &end);
	return true;
}

/* A server's OpenSSL keeps the peer's own certificate out of the chain, a client's does not. */
static X509 *remote_at(const struct tt_dtls *d, size_t index)
{
	const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(d->ssl);

	if (index == 0)
		return SSL_get0_peer_certificate(d->ssl);
	index -= !d->client;
	return index < TT_DTLS_CERTIFICATE_MAX ? sk_X509_value(chain, (int)index) : NULL;
}

int tt_dtls_remote_certificate(const struct tt_dtls *d, size_t index, void *der, size_t cap)
{
	const X509 *cert = d->proven ? remote_at(d, index) : NULL;
	const int len = cert ? i2d_X509(cert, NULL) : 0;
	unsigned char *end = der;

	if (len < 0)
		return TAUT_E_NOMEM;
	return (size_t)len > cap || len == 0 ? len : i2d_X509(cert, &end);
}
