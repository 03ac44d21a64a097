/* relay_tls.c - a self-made certificate, so that a page from another machine is a secure
 * context. Browsers warn about it once; it is new at every start and never stored. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "signal/relay_server.h"

static char *text_of(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = len > 0 ? malloc((size_t)len + 1) : NULL;

	if (text) {
		memcpy(text, data, (size_t)len);
		text[len] = '\0';
	}
	return text;
}

static bool add_names(X509 *x, const char *host)
{
	struct taut_addr a;
	char names[160];
	bool ip = tt_addr_parse_ip(&a, host, strlen(host)) && !tt_addr_is_any(&a);

	snprintf(names, sizeof names, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", ip ? ",IP:" : "",
		 ip ? host : "");
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	bool ok = e && X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	return ok;
}

static bool fill(X509 *x, EVP_PKEY *key, const char *host)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_set_version(x, X509_VERSION_3) &&
	       ASN1_INTEGER_set_int64(X509_get_serialNumber(x), (int64_t)tt_relay_clock()) &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -24 * 3600L) &&
	       X509_gmtime_adj(X509_getm_notAfter(x), 30 * 24 * 3600L) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"taut relay", -1, -1, 0) &&
	       X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) && add_names(x, host) &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

bool tt_relay_make_certificate(const char *host, char **certificate, char **key)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *xbio = BIO_new(BIO_s_mem()), *kbio = BIO_new(BIO_s_mem());

	*certificate = *key = NULL;
	if (pkey && x && xbio && kbio && fill(x, pkey, host) && PEM_write_bio_X509(xbio, x) &&
	    PEM_write_bio_PrivateKey(kbio, pkey, NULL, NULL, 0, NULL, NULL)) {
		*certificate = text_of(xbio);
		*key = text_of(kbio);
	}
	BIO_free(xbio);
	BIO_free(kbio);
	X509_free(x);
	EVP_PKEY_free(pkey);
	return *certificate && *key;
}
