/* io_tls.c - see io_tls.h. OpenSSL reads from and writes to memory, so that no call of its touches a
 * socket. */
#define _GNU_SOURCE
#include "io/io_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"

enum {
	NAME = 256, /* with its NUL; a name of the DNS has 253 octets at most */
	RECORD = 16384,
	OVERHEAD =
		128, /* of a record: header, nonce, padding, tag of any cipher of TLS 1.2 and 1.3 */
	ERRORS = 32, /* OpenSSL's queue holds 16 */
};

/* ---- what OpenSSL found ---- */

/* Empties its queue. What is told of the first error is the cause; that memory failed stands
 * anywhere. */
static int judge(const char **why)
{
	unsigned long e;
	int err = EPROTO;

	*why = NULL;
	for (int i = 0; i < ERRORS && (e = ERR_get_error()) != 0; i++) {
		if (!*why)
			*why = ERR_reason_error_string(e);
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			err = ENOMEM;
		else if (ERR_SYSTEM_ERROR(e) && err == EPROTO)
			err = ERR_GET_REASON(e);
		else if (ERR_GET_LIB(e) == ERR_LIB_SSL && err == EPROTO &&
			 ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED)
			err = EKEYREJECTED;
	}
	if (!*why)
		*why = strerrordesc_np(err);
	return err;
}

/* Of a call that did not do what it was asked for. */
static int outcome(struct tt_tls *t, int rc)
{
	const int what = SSL_get_error(t->ssl, rc);

	if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE)
		return EAGAIN;
	if (what == SSL_ERROR_ZERO_RETURN) {
		t->why = "the other end said goodbye";
		return ECONNRESET;
	}
	const int err = judge(&t->why);
	if (err != EKEYREJECTED)
		return err;
	const long found = SSL_get_verify_result(t->ssl);
	t->why = X509_verify_cert_error_string(found);
	return found == X509_V_ERR_OUT_OF_MEM ? ENOMEM : EKEYREJECTED;
}

/* ---- in common ---- */

static bool trust_all(SSL_CTX *c, const char *trust)
{
	if (!SSL_CTX_set_default_verify_paths(c))
		return false;
	/* One that is named may be that of the server itself, and need not be an authority's. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c), X509_V_FLAG_PARTIAL_CHAIN);
	return !trust || SSL_CTX_load_verify_file(c, trust);
}

/* Whether the key of a certificate that came without one can be read now. */
static bool has_key(const X509 *x)
{
	uint8_t *der = NULL;
	const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	const uint8_t *at = der;
	EVP_PKEY *key = len > 0 ? d2i_PUBKEY(NULL, &at, len) : NULL;

	EVP_PKEY_free(key);
	OPENSSL_free(der);
	return key != NULL;
}

/* Of a certificate whose key cannot be read OpenSSL keeps the rest, because there are kinds of keys that it does not know. So it
 * does where only memory was missing, and would trust nobody by it for as long as it is kept. */
static bool keys_were_read(SSL_CTX *c)
{
	const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(c));

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		const X509 *x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (x && !X509_get0_pubkey(x) && has_key(x))
			return false;
	}
	return true;
}

int tt_tls_shared_new(struct ssl_ctx_st **out, const char *trust, const char **why)
{
	SSL_CTX *c;

	ERR_clear_error();
	c = SSL_CTX_new(TLS_client_method());
	if (!c || !SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) || !trust_all(c, trust)) {
		const int err = judge(why);
		SSL_CTX_free(c);
		if (err != EPROTO)
			return err;
		return c ? EINVAL : ENOMEM;
	}
	if (!keys_were_read(c)) {
		SSL_CTX_free(c);
		*why = strerrordesc_np(ENOMEM);
		return ENOMEM;
	}
	/* Nothing is resumed, and keys are made once. */
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	*out = c;
	return 0;
}

void tt_tls_shared_free(struct ssl_ctx_st *shared)
{
	SSL_CTX_free(shared);
}

/* ---- one connection ---- */

/* The certificate has to be for that name, and the server is told which one we mean; an address is
 * never said. */
static bool expect(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
	struct taut_addr addr;

	if (tt_addr_parse_ip(&addr, name, strlen(name)))
		return X509_VERIFY_PARAM_set1_ip_asc(p, name);
	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						   X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(p, name, 0) && SSL_set_tlsext_host_name(ssl, name);
}

/* BIOs that belong to ssl from here on. */
static bool give_memory(struct tt_tls *t)
{
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		return false;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	return true;
}

int tt_tls_open(struct tt_tls *t, struct ssl_ctx_st *shared, const char *name)
{
	char plain[NAME];
	size_t len = name ? strlen(name) : 0;

	*t = (struct tt_tls){ .why = "no name to expect in a certificate" };
	if (len > 0 && name[len - 1] == '.') /* the root's, which certificates leave out */
		len--;
	if (len == 0 || len >= NAME)
		return EINVAL; /* without one, a certificate for anybody would do */
	memcpy(plain, name, len);
	plain[len] = '\0';
	ERR_clear_error();
	t->ssl = SSL_new(shared);
	if (t->ssl && give_memory(t) && expect(t->ssl, plain)) {
		SSL_set_connect_state(t->ssl);
		return 0;
	}
	(void)judge(&t->why);
	tt_tls_close(t);
	return ENOMEM;
}

void tt_tls_close(struct tt_tls *t)
{
	SSL_free(t->ssl);
	t->ssl = NULL;
	t->in = t->out = NULL;
}

int tt_tls_take(struct tt_tls *t, const uint8_t *data, size_t len)
{
	size_t took = 0;

	ERR_clear_error();
	if (BIO_write_ex(t->in, data, len, &took) && took == len)
		return 0;
	(void)judge(&t->why);
	return ENOMEM;
}

int tt_tls_handshake(struct tt_tls *t)
{
	ERR_clear_error();
	const int rc = SSL_do_handshake(t->ssl);

	return rc == 1 ? 0 : outcome(t, rc);
}

int tt_tls_read(struct tt_tls *t, uint8_t *buf, size_t cap, size_t *len)
{
	*len = 0;
	ERR_clear_error();
	const int rc = SSL_read_ex(t->ssl, buf, cap, len);

	return rc == 1 ? 0 : outcome(t, rc);
}

int tt_tls_write(struct tt_tls *t, const uint8_t *data, size_t len)
{
	size_t took = 0;

	if (len == 0)
		return 0;
	ERR_clear_error();
	const int rc = SSL_write_ex(t->ssl, data, len, &took);
	if (rc == 1)
		return 0;
	const int err = outcome(t, rc);
	return err == EAGAIN ? EPROTO
			     : err; /* there is always room, and nothing to be agreed anew */
}

void tt_tls_goodbye(struct tt_tls *t)
{
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
}

size_t tt_tls_out(struct tt_tls *t, uint8_t *buf, size_t cap)
{
	size_t len = 0;

	return BIO_read_ex(t->out, buf, cap, &len) ? len : 0;
}

bool tt_tls_has_out(const struct tt_tls *t)
{
	return BIO_ctrl_pending(t->out) > 0;
}

size_t tt_tls_bound(size_t len)
{
	return len + (len / RECORD + 1) * OVERHEAD;
}
