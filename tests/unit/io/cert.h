/* cert.h - certificates made in a test. */
#ifndef TAUT_TEST_CERT_H
#define TAUT_TEST_CERT_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct cert {
	X509 *x;
	EVP_PKEY *key;
};

static inline void cert_extend(X509 *x, int what, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, what, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* alt: "DNS:turn.example", NULL: none. signer NULL: itself. It ends so many seconds from now, and has
 * begun an hour before that or now. */
static inline struct cert cert_make(const char *cn, const char *alt, const struct cert *signer,
				    long ends)
{
	static long serial = 1;
	struct cert c = { X509_new(), EVP_EC_gen("P-256") };

	assert_non_null(c.x);
	assert_non_null(c.key);
	X509_set_version(c.x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c.x), (ends < 0 ? ends : 0) - 3600);
	X509_gmtime_adj(X509_getm_notAfter(c.x), ends);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c.x), "CN", MBSTRING_ASC,
				   (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(c.x, X509_get_subject_name(signer ? signer->x : c.x));
	X509_set_pubkey(c.x, c.key);
	cert_extend(c.x, NID_basic_constraints, alt || signer ? "CA:FALSE" : "critical,CA:TRUE");
	if (alt)
		cert_extend(c.x, NID_subject_alt_name, alt);
	assert_true(X509_sign(c.x, signer ? signer->key : c.key, EVP_sha256()) > 0);
	return c;
}

static inline void cert_free(struct cert *c)
{
	X509_free(c->x);
	EVP_PKEY_free(c->key);
	*c = (struct cert){ 0 };
}

enum { CERT_PATH = 64 };

/* A file of memory alone, until the descriptor is closed; path is its name, of CERT_PATH bytes. Without a
 * certificate where c is NULL. */
static inline int cert_file(const struct cert *c, char *path)
{
	const int fd = memfd_create("trust", MFD_CLOEXEC);
	BIO *to = BIO_new_fd(fd, BIO_NOCLOSE);

	assert_non_null(to);
	if (c)
		assert_int_equal(PEM_write_bio_X509(to, c->x), 1);
	BIO_free(to);
	(void)snprintf(path, CERT_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
