/* dtls_cert.c - the certificate of an environment: RFC 8827 section 6.5, RFC 8122 section 5.
 *
 * ECDSA on P-256, self-signed, with nothing in it that tells who we are: the fingerprint in
 * the description is what binds it, not its names and dates. It does not keep certificates. */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "dtls/dtls_state.h"

#define DAY (24 * 60 * 60)

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
	       ASN1_TIME_set(X509_getm_notAfter(cert), wall + 30 * DAY) &&
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

bool tt_dtls_cert_make(OSSL_LIB_CTX *lib, struct tt_env *env, int64_t unix_us, EVP_PKEY **key,
		       X509 **cert)
{
	*key = EVP_PKEY_Q_keygen(lib, NULL, "EC", "P-256");
	*cert = X509_new_ex(lib, NULL);
	return *key && *cert && fill(*cert, env, *key, (time_t)(unix_us / 1000000)) &&
	       sign(lib, *cert, *key);
}

bool tt_dtls_certificate(const struct tt_dtls *d, bool remote, struct tt_dtls_certificate *out)
{
	X509 *cert = remote ? SSL_get0_peer_certificate(d->ssl) : d->shared->cert;
	const int len = cert ? i2d_X509(cert, NULL) : 0;

	*out = (struct tt_dtls_certificate){ 0 };
	if (len <= 0 || !tt_dtls_fingerprint_text(d->shared->lib, cert, out->fingerprint))
		return false;
	out->der = tt_alloc(d->env, (size_t)len);
	if (!out->der)
		return false;
	unsigned char *end = out->der;

	out->len = (size_t)i2d_X509(cert, &end);
	return true;
}
